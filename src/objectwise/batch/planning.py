"""What will be done with which images, found out before anything is done.

A plan reads the folder of results and changes nothing in it. It refuses what would lose something: results of
another recipe, files that are not ours, two images whose results would have one name. What was done before is taken
over where neither its files nor its results have changed since, as their contents tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from objectwise.batch.files import Files, content_hash
from objectwise.batch.finding import Found, LeftOut
from objectwise.batch.manifest import MANIFEST, Manifest, ManifestError, Row
from objectwise.batch.names import result_name
from objectwise.core.recipe import Recipe
from objectwise.io.opening import Reading
from objectwise.io.results import UNFINISHED, ending

RECIPE = "recipe.toml"
LOCK = ".objectwise.lock"
WAY_OUT = "choose another folder, or add --overwrite"


@dataclass
class Plan:
    """What will be done with which images, where the results go, and what is done already.

    Attributes
    ----------
    recipe : Recipe
    rows : list of Row
        One for each image.
    folder : path
        Where the results go.
    reading : Reading
        What the files do not tell themselves.
    left_out : list of LeftOut
        What lies among the images and is not read.
    others : int
        How many other images have results in the folder; they stay.
    stamp : str
        The state of the folder that the plan was made for.
    """

    recipe: Recipe
    rows: list[Row]
    folder: Path
    reading: Reading = field(default_factory=Reading)
    left_out: list[LeftOut] = field(default_factory=list)
    others: int = 0
    anew: bool = False
    stamp: str = ""

    @property
    def waiting(self) -> list[Row]:
        """The images that are to be worked on."""
        return [row for row in self.rows if not row.done]

    @property
    def tables(self) -> dict[str, Path]:
        """The table over all images for each output that is a table."""
        return tables_of(self.recipe, self.folder)

    def files_of(self, row: Row) -> dict[str, str]:
        """Return for each output the name of its file in the folder of results."""
        return {
            name: result_name(row.name, f"_{name}{ending(self.recipe.step(name).operation.output)}")
            for name in self.recipe.outputs
        }


def tables_of(recipe: Recipe, folder: Path) -> dict[str, Path]:
    """Return the table over all images for each output of a recipe that is a table."""
    names = [name for name in recipe.outputs if recipe.step(name).operation.output == "table"]
    return {name: folder / f"all_{name}.csv" for name in names}


def plan(
    recipe: Recipe,
    images: Iterable[Found],
    folder: str | Path,
    reading: Reading | None = None,
    *,
    left_out: Iterable[LeftOut] = (),
    overwrite: bool = False,
) -> Plan:
    """Find out what is to be done; refuse what would lose something.

    Parameters
    ----------
    recipe : Recipe
        What is done with every image.
    images : iterable of Found
        As `find_images` gives them.
    folder : path
        Where the results go.
    reading : Reading, optional
        What the files do not tell themselves. Part of what makes the results what they are.
    left_out : iterable of LeftOut, optional
        To be told with the plan.
    overwrite : bool, optional
        Whether a folder that is not ours, or holds another recipe, may be written to; everything is done anew.

    Returns
    -------
    Plan
        One row for each image; ``done`` are those whose results are there and still hold.

    Raises
    ------
    ValueError
        If an input is missing, if two results would have the same name, or if the folder holds something else.

    Examples
    --------
    >>> import objectwise as ow
    >>> recipe = ow.Recipe([ow.Step("mask", "threshold_auto", {"image": "cells"})])
    >>> planned = plan(recipe, [Found("a", {"cells": Files(("a.tif",))})], "no such folder yet")
    >>> [row.name for row in planned.waiting], planned.files_of(planned.rows[0])
    (['a'], {'mask': 'a_mask.ome.tif'})
    """
    rows = []
    for number, item in enumerate(images):
        for name in recipe.inputs:
            if name not in item.inputs:
                raise ValueError(f"the recipe needs files for {name!r}; found none")
        inputs = {name: item.inputs[name] for name in recipe.inputs}
        rows.append(Row(item.name, number, inputs, dict(item.metadata)))
    if not rows:
        raise ValueError("there is no image to run the recipe on")
    planned = Plan(recipe, rows, Path(folder), reading or Reading(), list(left_out), anew=overwrite)
    _refuse_same_names(planned)
    for row in rows:
        row.fingerprint = fingerprint(row.inputs)
    _resume(planned)
    return planned


def fingerprint(inputs: Mapping[str, Files]) -> str:
    """Return what tells cheaply that one of the inputs has changed; empty where a file is missing."""
    parts = [files.fingerprint() for files in inputs.values()]
    return " ".join(parts) if all(parts) else ""


def hash_of(inputs: Mapping[str, Files]) -> str:
    """Return a hash of what the inputs hold, and of which channel is taken of each."""
    return " ".join(
        content_hash(files.paths) + (f"[{files.channel}]" if files.channel is not None else "")
        for files in inputs.values()
    )


def _refuse_same_names(planned: Plan) -> None:
    """Refuse results that would replace each other, or one of the files that are read."""
    # some file systems know no capitals
    taken = {str(path.resolve()).casefold(): path.name for path in planned.tables.values()}
    for row in planned.rows:
        for files in row.inputs.values():
            taken |= {str(Path(path).resolve()).casefold(): path for path in files.paths}
    folder = planned.folder.resolve()
    for row in planned.rows:
        source = str(next(iter(row.inputs.values())))
        for name in planned.files_of(row).values():
            key = str(folder / name).casefold()
            if key in taken:
                raise ValueError(
                    f"a result of {source} and {taken[key]} would both be named {name}: rename one of the files, "
                    "or run them into different folders"
                )
            taken[key] = source


def _resume(planned: Plan) -> None:
    """Take over what was done in the folder before; refuse a folder that holds anything else."""
    folder, path = planned.folder, planned.folder / MANIFEST
    planned.stamp = stamp_of(folder)
    if planned.anew or not folder.exists():
        return
    if not path.exists():
        # a run that was stopped before its first line has left but its lock, or a hidden half file
        if foreign := [item for item in folder.iterdir() if item.name != LOCK and not is_unfinished(item)]:
            raise ValueError(
                f"{folder} is not empty and holds no results of ours ({foreign[0].name}): {WAY_OUT}"
            )
        return
    with Manifest(path) as manifest:
        settings, known = manifest.settings(), manifest.rows()
    if not any(row.done for row in known.values()):
        return
    try:
        earlier = Recipe.from_toml(settings["recipe"])
    except ValueError as error:
        raise ValueError(
            f"{folder} holds the results of objectwise {settings.get('version')}, whose recipe this version cannot "
            f"read ({error}): {WAY_OUT}"
        ) from None
    if earlier != planned.recipe:
        lines = earlier.diff(planned.recipe)
        shown = "; ".join(lines[:6] or ["other names or notes"]) + ("; ..." if len(lines) > 6 else "")
        raise ValueError(f"{folder} holds the results of another recipe ({shown}): {WAY_OUT}")
    reading = reading_of(settings["reading"])
    if reading != planned.reading:
        raise ValueError(
            f"{folder} holds the results of files read with {_said(reading)}, "
            f"not with {_said(planned.reading)}: {WAY_OUT}"
        )
    for row in planned.rows:
        old = known.pop(row.name, None)
        if old is not None and old.done:
            _take_over(folder, row, old)
    planned.others = sum(row.done for row in known.values())


def _take_over(folder: Path, row: Row, old: Row) -> None:
    """Take over the row of an image that was done before, where its files and its results are what they were."""
    same = bool(row.fingerprint) and row.fingerprint == old.fingerprint
    if not same and row.fingerprint:
        try:
            same = hash_of(row.inputs) == old.input_hash
        except OSError:
            same = False
    if not same and not all(files.same_place(old.inputs[name]) for name, files in row.inputs.items()):
        ours, theirs = (str(next(iter(item.inputs.values()))) for item in (row, old))
        raise ValueError(
            f"{folder} holds the results of {theirs}, and those of {ours} would replace them: {WAY_OUT}"
        )
    row.changed = [name for name, digest in old.written.items() if _differs(folder / name, digest)]
    if same and not row.changed and all((folder / name).is_file() for name in old.written):
        row.take(old)


def _differs(path: Path, digest: str) -> bool:
    """Tell whether a file of results is there and is not what we wrote."""
    try:
        return path.exists() and content_hash([path]) != digest
    except OSError:
        return True


def stamp_of(folder: Path) -> str:
    """Return what tells whether another run has written to the manifest of a folder."""
    try:
        found = (folder / MANIFEST).stat()
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns}"


def is_unfinished(path: Path) -> bool:
    """Tell whether a file or folder is what a run that was killed has left half written."""
    return path.name.startswith(".") and path.name.endswith(UNFINISHED)


def reading_of(data: Mapping[str, Any]) -> Reading:
    """Return what JSON has made of a reading."""
    spacing = data["spacing"]
    return Reading(**{**data, "spacing": tuple(spacing) if isinstance(spacing, list) else spacing})


def _said(reading: Reading) -> str:
    return (
        " and ".join(f"{name} {value}" for name, value in asdict(reading).items() if value is not None)
        or "nothing said"
    )


__all__ = ["ManifestError", "Plan", "Row", "plan"]
