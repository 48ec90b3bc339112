"""Images named in a CSV file, as people keep them: one row for each, with its treatment beside it.

Such a file may come from somebody else. The files that it names must lie in one folder, its own unless another is
given on the command line, so that a list cannot make a run read what it has no business with.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

from objectwise.batch.files import Files
from objectwise.batch.names import readable
from objectwise.io.files import stem

# how people call the column of the files, where there is but one input
_FILE = ("file", "image", "path", "filename", "file_name")
_OWN = ("frame", "label")


def read_list(
    path: Path, inputs: Sequence[str], root: str | Path | None = None
) -> list[tuple[str, dict[str, Files], dict[str, str]]]:
    """Return the name, the files of each input, and what is known, for every row of a CSV file.

    Parameters
    ----------
    path : path
        With commas, semicolons or tabs between, the first row naming the columns.
    inputs : sequence of str
        The inputs of the recipe. Each has a column of its name; the first one may be called ``file``.
    root : path, optional
        The folder that all files lie in, and that their paths start from.

    Raises
    ------
    ValueError
        If a column is missing, or a file lies outside of the folder.
    """
    folder = Path(os.path.abspath(path.parent if root is None else root))  # noqa: PTH100
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is not UTF-8 text; save it as CSV (UTF-8)") from None
    head = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=max(",;\t", key=head.count))
    names = [name.strip() for name in next(reader, [])]
    columns = {}
    for number, name in enumerate(inputs):
        called = [name, *(_FILE if number == 0 else ())]
        found = [names.index(item) for item in called if item in names]
        if not found:
            raise ValueError(
                f"{path.name} has no column {name!r} for the files of this input; it has {', '.join(names) or 'none'}"
            )
        columns[name] = found[0]
    others = {name: n for n, name in enumerate(names) if name and n not in columns.values()}
    for name in (*_OWN, "file"):
        if name in others:
            raise ValueError(
                f"{path.name}: {name!r} is a column of every table of results; give that column another name"
            )
    rows = []
    for line, cells in enumerate(reader, 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            raise ValueError(f"{path.name}, line {line}: {len(cells)} cells for {len(names)} columns")
        files = {
            name: _file(cells[n].strip(), folder, f"{path.name}, line {line}") for name, n in columns.items()
        }
        first = next(iter(files.values()))
        inside = Path(first.paths[0]).relative_to(folder)
        title = readable("_".join([*inside.parent.parts, stem(inside)]))
        rows.append((title, files, {name: cells[n].strip() for name, n in others.items()}))
    if not rows:
        raise ValueError(f"{path.name} names no image")
    return rows


def _file(text: str, folder: Path, where: str) -> Files:
    """Return the files that a cell names; refuse those outside of the folder."""
    if not text:
        raise ValueError(f"{where}: the name of the file is missing")
    name, channel = text, None
    if text.endswith("]") and not (folder / text).exists():
        name, _, rest = text[:-1].partition("[")
        channel = rest or None
    # links in the folder are the business of whoever made them; a name must not climb out
    path = Path(os.path.normpath(folder / name))
    if not path.is_relative_to(folder):
        raise ValueError(
            f"{where}: {text} lies outside of {folder}; if that is meant, name the folder of the images with --root"
        )
    return Files((str(path),), channel=channel)
