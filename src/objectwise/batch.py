"""Run a recipe on many files: each file for itself, and a file that fails is a row, not the end.

A folder of results holds the recipe, a manifest (what was done with which file, and what was found), the results
of each file, and one table over all files. What is finished is written at once and whole; the same command
started again goes on where it stopped. A folder that holds anything else is not touched.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from objectwise.core.recipe import Recipe
from objectwise.core.results import Result
from objectwise.core.run import expectation, run
from objectwise.core.table import Table, dictionary_path
from objectwise.io.files import stem
from objectwise.io.opening import Reading
from objectwise.io.results import ending, made_whole, remove_unfinished, write_result

MANIFEST = "objectwise.json"
RECIPE = "recipe.toml"

Open = Callable[[Path, str], Result]


@dataclass
class Row:
    """What became of one set of input files.

    Attributes
    ----------
    name : str
        How the names of its results start.
    files : dict of str to str
        For each input of the recipe its file.
    fingerprint : dict of str to list of float
        Size and time of change of each file, by which a changed one is known.
    status : {'waiting', 'done', 'failed'}
        ``error`` says why it failed.
    seconds : float
        How long it took.
    outputs : dict of str to str
        For each output of the recipe the file in the folder of results.
    values : list of dict
        The numbers that were computed on the way.
    """

    name: str
    files: dict[str, str]
    fingerprint: dict[str, list[float]]
    status: str = "waiting"
    error: str = ""
    seconds: float = 0.0
    outputs: dict[str, str] = field(default_factory=dict)
    values: list[dict[str, Any]] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether the results of this row are written."""
        return self.status == "done"


@dataclass
class Plan:
    """What will be done with which files, where the results go, and what is done already."""

    recipe: Recipe
    rows: list[Row]
    folder: Path
    reading: Reading = field(default_factory=Reading)

    @property
    def tables(self) -> dict[str, Path]:
        """The table over all files for each output that is a table."""
        names = [name for name in self.recipe.outputs if self.recipe.step(name).operation.output == "table"]
        return {name: self.folder / f"all_{name}.csv" for name in names}


def plan(
    recipe: Recipe,
    files: Mapping[str, Sequence[Path]],
    folder: Path,
    reading: Reading | None = None,
    overwrite: bool = False,
) -> Plan:
    """Find out what is to be done; refuse what would lose something.

    Parameters
    ----------
    recipe : Recipe
        What is done with every file.
    files : mapping of str to sequence of path
        For each input of the recipe its files; the n-th of each belong together.
    folder : path
        Where the results go.
    reading : Reading, optional
        What the files do not tell themselves. Part of what makes the results what they are.
    overwrite : bool, optional
        Whether a folder that is not ours, or holds another recipe, may be written to; everything is done anew.

    Returns
    -------
    Plan
        One row for each set of files, and the rows that were done in this folder before.

    Raises
    ------
    ValueError
        If inputs are missing or have different numbers of files, if two results would have the same name, or
        if the folder holds something else.
    """
    for name in recipe.inputs:
        if not files.get(name):
            raise ValueError(f"the recipe needs files for {name!r}; found none")
    counts = {name: len(files[name]) for name in recipe.inputs}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{n} for {name!r}" for name, n in counts.items())
        raise ValueError(f"each input needs as many files as the others; found {found}")
    rows = []
    for group in zip(*(files[name] for name in recipe.inputs), strict=True):
        paths = dict(zip(recipe.inputs, group, strict=True))
        rows.append(
            Row(
                stem(group[0]),
                {name: str(path) for name, path in paths.items()},
                {name: _fingerprint(path) for name, path in paths.items()},
            )
        )
    planned = Plan(recipe, rows, folder, reading or Reading())
    _refuse_same_names(planned)
    if not overwrite:
        _resume(planned)
    return planned


def _refuse_same_names(planned: Plan) -> None:
    """Refuse results that would replace each other, or one of the files that are read."""
    taken = {path.resolve(): path.name for path in planned.tables.values()}
    for row in planned.rows:
        taken |= {Path(file).resolve(): file for file in row.files.values()}
    for row in planned.rows:
        source = next(iter(row.files.values()))
        for name in planned.recipe.outputs:
            path = (planned.folder / _file_name(planned.recipe, row, name)).resolve()
            if path in taken:
                raise ValueError(
                    f"a result of {source} and {taken[path]} would both be named {path.name}: rename one of the files, "
                    "or run them into different folders"
                )
            taken[path] = source


def _file_name(recipe: Recipe, row: Row, output: str) -> str:
    return f"{row.name}_{output}{ending(recipe.step(output).operation.output)}"


def _resume(planned: Plan) -> None:
    """Take over what was done in the folder before; refuse a folder that holds anything else."""
    folder, manifest = planned.folder, planned.folder / MANIFEST
    way_out = "choose another folder, or add --overwrite"
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not manifest.exists():
        raise ValueError(f"{folder} is not empty and holds no results of ours: {way_out}")
    try:
        before = json.loads(manifest.read_text(encoding="utf-8"))
        earlier = Recipe.from_toml(before["recipe"])
        reading = _reading(before["reading"])
        known = {item["name"]: Row(**item) for item in before["files"]}
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{manifest} cannot be read: {way_out}") from None
    if not any(row.done for row in known.values()):
        return
    if earlier != planned.recipe:
        lines = earlier.diff(planned.recipe)
        shown = "; ".join(lines[:6] or ["other names or notes"]) + ("; ..." if len(lines) > 6 else "")
        raise ValueError(f"{folder} holds the results of another recipe ({shown}): {way_out}")
    if reading != planned.reading:
        raise ValueError(
            f"{folder} holds the results of files read with {_said(reading)}, "
            f"not with {_said(planned.reading)}: {way_out}"
        )
    for number, row in enumerate(planned.rows):
        old = known.pop(row.name, None)
        if old is None or not old.done:
            continue
        if old.fingerprint == row.fingerprint:
            if all((folder / file).exists() for file in old.outputs.values()):
                planned.rows[number] = old
        elif not all(
            Path(old.files[name]).resolve() == Path(file).resolve() for name, file in row.files.items()
        ):
            ours, theirs = next(iter(row.files.values())), next(iter(old.files.values()))
            raise ValueError(
                f"{folder} holds the results of {theirs}, and those of {ours} would replace them: {way_out}"
            )
    # what was done earlier with other files stays in the manifest and in the tables over all files
    planned.rows += [old for old in known.values() if old.done]


def run_batch(planned: Plan, open_file: Open, say: Callable[[str], None] | None = None) -> Iterator[Row]:
    """Work through a plan, yielding each row when it is done or has failed.

    Parameters
    ----------
    planned : Plan
        From `plan`.
    open_file : callable
        Returns the `Result` for a path and the name of the input; raises ValueError where the file is not what
        it should be.
    say : callable, optional
        Told, before a file is started, if it will take minutes.

    Raises
    ------
    ValueError
        At the end, if the tables of the files cannot be put into one.
    """
    planned.folder.mkdir(parents=True, exist_ok=True)
    remove_unfinished(planned.folder)
    # first of all, so that the folder is known as ours when the first file is stopped
    _write_manifest(planned)
    planned.recipe.write(planned.folder / RECIPE)
    for row in planned.rows:
        if row.done:
            continue
        start = time.perf_counter()
        try:
            _work(planned, row, open_file, say)
        except Exception as error:  # an error is a row, not the end
            row.status, row.error = "failed", _sentence(error)
        else:
            row.status, row.error = "done", ""
        row.seconds = round(time.perf_counter() - start, 3)
        _write_manifest(planned)
        yield row
    for name, path in planned.tables.items():
        _join_tables([row for row in planned.rows if row.done], name, path)


def _work(planned: Plan, row: Row, open_file: Open, say: Callable[[str], None] | None) -> None:
    inputs = {name: open_file(Path(path), name) for name, path in row.files.items()}
    if say is not None and (expected := expectation(planned.recipe, inputs)):
        say(f"{row.name} takes {expected}")
    *_, last = run(planned.recipe, inputs)
    row.outputs, row.values = {}, []
    for name, result in last.results.items():
        file = _file_name(planned.recipe, row, name)
        write_result(planned.folder / file, result, overwrite=True)
        row.outputs[name] = file
        row.values += [item for item in result.values if item not in row.values]


def _join_tables(rows: Sequence[Row], name: str, path: Path) -> None:
    """Write the tables of all files into one, with a first column that names the file."""
    import pandas as pd

    parts = {row.name: Table.read_csv(path.with_name(row.outputs[name])) for row in rows}
    if not parts:
        return
    units: dict[str, tuple[str, str]] = {}
    for file, part in parts.items():
        for column, unit in part.units.items():
            first, known = units.setdefault(column, (file, unit))
            if unit != known:
                raise ValueError(
                    f"{path.name} is not written, as {column} is in {known} in {first} and in {unit} in {file}: "
                    "give all files a pixel size in one unit, or run them into different folders"
                )
    descriptions = {column: text for part in parts.values() for column, text in part.descriptions.items()}
    references = {column: text for part in parts.values() for column, text in part.references.items()}
    # pandas gives columns without any row the wrong type; they say nothing about the others
    filled = {file: part for file, part in parts.items() if len(part)} or dict([next(iter(parts.items()))])
    joined = pd.concat([part.frame for part in filled.values()], ignore_index=True)
    for column in joined:
        own = [part.frame[column].dtype for part in filled.values() if column in part.frame]
        if len(own) < len(filled) and all(dtype.kind in "iu" for dtype in own):
            # a column that is there only where there is something to count
            joined[column] = joined[column].fillna(0).astype("int64")
    joined.insert(0, "file", [file for file, part in filled.items() for _ in range(len(part))])
    dictionary = pd.DataFrame(
        {
            "name": list(joined),
            "unit": [units.get(column, ("", ""))[1] for column in joined],
            "description": [
                descriptions.get(column, "Name of the file, without its ending.") for column in joined
            ],
            "reference": [references.get(column, "") for column in joined],
        }
    )
    with made_whole(path) as draft:
        joined.to_csv(draft, index=False)
        dictionary.to_csv(dictionary_path(draft), index=False)


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError):
        return "there is not enough memory for this file"
    return (
        text if text and isinstance(error, ValueError | OSError) else f"{type(error).__name__} {text}".strip()
    )


def _write_manifest(planned: Plan) -> None:
    from objectwise import __version__

    data = {
        "objectwise": __version__,
        "recipe": planned.recipe.to_toml(),
        "reading": asdict(planned.reading),
        "files": [asdict(row) for row in planned.rows],
    }
    with made_whole(planned.folder / MANIFEST) as draft:
        draft.write_text(json.dumps(_plain(data), indent=1), encoding="utf-8")


def _plain(value: Any) -> Any:
    """Return a value in what JSON knows; it has no word for what is not a number."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _reading(data: Mapping[str, Any]) -> Reading:
    spacing = data["spacing"]
    return Reading(**{**data, "spacing": tuple(spacing) if isinstance(spacing, list) else spacing})


def _said(reading: Reading) -> str:
    return (
        " and ".join(f"{name} {value}" for name, value in asdict(reading).items() if value is not None)
        or "nothing said"
    )


def _fingerprint(path: Path) -> list[float]:
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime]
