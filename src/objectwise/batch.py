"""Run a recipe on many files: each file for itself, and a file that fails is a row, not the end.

A folder of results holds the recipe, a manifest (what was done with which file, and what was found), the results
of each file, and one table over all files. What is finished is written at once; the same command started again
goes on where it stopped. A folder that holds anything else is not touched.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from objectwise.core.recipe import Recipe
from objectwise.core.run import Result, run

MANIFEST = "objectwise.json"
RECIPE = "recipe.toml"

Open = Callable[[Path], Result]


@dataclass
class Row:
    """What became of one set of input files."""

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


def plan(recipe: Recipe, files: Mapping[str, Sequence[Path]], folder: Path, overwrite: bool = False) -> list[Row]:
    """Return what will be done: one row for each set of files; refuse what would lose something.

    Parameters
    ----------
    recipe : Recipe
        What is done with every file.
    files : mapping of str to sequence of path
        For each input of the recipe its files; the n-th of each belong together.
    folder : path
        Where the results go.
    overwrite : bool, optional
        Whether a folder that is not ours, or holds another recipe, may be written to.

    Raises
    ------
    ValueError
        If inputs are missing or have different numbers of files, if two files would have results of the
        same name, or if the folder holds something else.
    """
    for name in recipe.inputs:
        if not files.get(name):
            raise ValueError(f"the recipe needs files for {name!r}; found none")
    counts = {name: len(files[name]) for name in recipe.inputs}
    if len(set(counts.values())) > 1:
        raise ValueError("each input needs as many files as the others; found " + ", ".join(f"{n} for {k!r}" for k, n in counts.items()))
    rows = []
    for group in zip(*(files[name] for name in recipe.inputs), strict=True):
        paths = dict(zip(recipe.inputs, group, strict=True))
        rows.append(
            Row(
                _stem(group[0]),
                {name: str(path) for name, path in paths.items()},
                {name: _fingerprint(path) for name, path in paths.items()},
            )
        )
    names = [row.name for row in rows]
    for name in names:
        if names.count(name) > 1:
            same = [next(iter(row.files.values())) for row in rows if row.name == name]
            raise ValueError(f"the results of {' and '.join(same)} would have the same names; rename one or run them apart")
    return _resume(recipe, rows, folder, overwrite)


def _resume(recipe: Recipe, rows: list[Row], folder: Path, overwrite: bool) -> list[Row]:
    if not folder.exists() or not any(folder.iterdir()):
        return rows
    manifest = folder / MANIFEST
    if not manifest.exists():
        if overwrite:
            return rows
        raise ValueError(f"{folder} is not empty and holds no results of ours: choose another folder, or add --overwrite")
    try:
        before = json.loads(manifest.read_text(encoding="utf-8"))
        earlier = Recipe.from_toml(before["recipe"])
        known = {item["name"]: Row(**item) for item in before["files"]}
    except (ValueError, KeyError, TypeError):
        if overwrite:
            return rows
        raise ValueError(f"{manifest} cannot be read: choose another folder, or add --overwrite") from None
    if earlier != recipe:
        if overwrite:
            return rows
        raise ValueError(
            f"{folder} holds the results of another recipe ({'; '.join(earlier.diff(recipe)[:6])}): "
            "choose another folder, or add --overwrite"
        )
    if overwrite:
        return rows
    merged = []
    for row in rows:
        old = known.get(row.name)
        same = old is not None and old.done and old.fingerprint == row.fingerprint
        merged.append(old if old and same and all((folder / item).exists() for item in old.outputs.values()) else row)
    # what was done earlier with other files stays in the manifest and in the joint table
    return merged + [old for name, old in known.items() if name not in {row.name for row in rows} and old.done]


def run_batch(recipe: Recipe, rows: Sequence[Row], folder: Path, open_file: Open) -> Iterator[Row]:
    """Work through the rows, yielding each when it is done or has failed.

    Parameters
    ----------
    recipe : Recipe
        What is done with every file.
    rows : sequence of Row
        From `plan`.
    folder : path
        Where the results go.
    open_file : callable
        Returns the `Result` for a path; raises ValueError where the file is not what it should be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    recipe.write(folder / RECIPE)
    for row in rows:
        if row.done:
            continue
        start = time.perf_counter()
        try:
            _work(recipe, row, folder, open_file)
            row.status, row.error = "done", ""
        except (ValueError, OSError, MemoryError) as error:
            row.status, row.error = "failed", " ".join(str(error).split()) or type(error).__name__
        row.seconds = round(time.perf_counter() - start, 3)
        _write_manifest(recipe, rows, folder)
        yield row
    _write_manifest(recipe, rows, folder)
    join_tables(recipe, rows, folder)


def _work(recipe: Recipe, row: Row, folder: Path, open_file: Open) -> None:
    from objectwise.io.results import ending, write_result

    inputs = {name: open_file(Path(path)) for name, path in row.files.items()}
    *_, last = run(recipe, inputs)
    row.outputs, row.values = {}, []
    for name, result in last.results.items():
        path = folder / f"{row.name}_{name}{ending(result.kind)}"
        write_result(path, result, overwrite=True)
        row.outputs[name] = path.name
        row.values += [item for item in result.values if item not in row.values]


def join_tables(recipe: Recipe, rows: Sequence[Row], folder: Path) -> list[Path]:
    """Write one table over all files for each table of the recipe, with a column that names the file."""
    import pandas as pd

    written = []
    for name in recipe.outputs:
        if recipe.step(name).operation.output != "table":
            continue
        parts = [pd.read_csv(folder / row.outputs[name]).assign(file=row.name) for row in rows if row.done]
        if parts:
            # pandas gives columns without any row the wrong type; they say nothing about the others
            joined = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
            path = folder / f"all_{name}.csv"
            joined[["file", *(column for column in joined if column != "file")]].to_csv(path, index=False)
            written.append(path)
    return written


def _write_manifest(recipe: Recipe, rows: Sequence[Row], folder: Path) -> None:
    from objectwise import __version__

    data = {"objectwise": __version__, "recipe": recipe.to_toml(), "files": [asdict(row) for row in rows]}
    draft = folder / f".{MANIFEST}.part"
    draft.write_text(json.dumps(data, indent=1), encoding="utf-8")
    draft.replace(folder / MANIFEST)


def _fingerprint(path: Path) -> list[float]:
    if not path.exists():
        return []
    found = path.stat()
    return [found.st_size, found.st_mtime]


def _stem(path: Path) -> str:
    name = path.name
    for end in (".ome.tiff", ".ome.tif"):
        if name.lower().endswith(end):
            return name[: -len(end)]
    return path.stem
