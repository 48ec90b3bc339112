"""Results of a run as files: each kind in the format that other programs open.

What can be refused is refused before a run starts (`check_output`), and nothing is ever half written: the files of
a table are made in a hidden folder beside their place, and moved when they are whole.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import numpy as np

from objectwise.core.results import Result
from objectwise.core.table import dictionary_path
from objectwise.io.writing import WRITTEN, write_image

UNFINISHED = ".unfinished"
_PIXELS = (*WRITTEN, ".tiff")
_ENDINGS = {"table": (".csv",), "value": (".csv",)}


def ending(kind: str | None) -> str:
    """Return how the name of a file that holds a result of this kind ends, where nothing else is asked for.

    Examples
    --------
    >>> ending("labels"), ending("table")
    ('.ome.tif', '.csv')
    """
    return _ENDINGS.get(kind or "", _PIXELS)[0]


def check_output(path: str | Path, kind: str | None, *, overwrite: bool = False) -> Path:
    """Refuse a file that a result of this kind cannot be written to; what can be told before there is a result.

    Raises
    ------
    FileExistsError
        If the file, or the data dictionary of a table, is there and may not be replaced.
    ValueError
        If the name ends in something else, or the folder is not there.
    """
    path = Path(path)
    endings = _ENDINGS.get(kind or "", _PIXELS)
    if not path.name.lower().endswith(endings):
        what = f"a {kind}" if kind in _ENDINGS else "pixels"
        shown = ", ".join(_ENDINGS.get(kind or "", WRITTEN))
        raise ValueError(f"{path.name}: the name of a file for {what} must end in {shown}")
    if not path.parent.is_dir():
        raise ValueError(f"{path}: there is no folder {path.parent}")
    for file in (path, dictionary_path(path)) if kind == "table" else (path,):
        if file.is_dir():
            raise ValueError(f"{file} is a folder")
        if file.exists() and not overwrite:
            raise FileExistsError(
                f"{file} is there already; choose another name, or allow it with overwrite=True"
            )
    return path


def write_result(path: str | Path, result: Result, *, overwrite: bool = False) -> Path:
    """Write a result to a file.

    Parameters
    ----------
    path : path
        For a table or numbers ``.csv``; for pixels what `objectwise.io.images.write_image` takes:
        ``.ome.tif``, ``.tif``, ``.png`` or ``.npy``.
    result : Result
        With its grid, so that pixel size and unit are written too.
    overwrite : bool, optional
        Whether a file that is there may be replaced.

    Raises
    ------
    FileExistsError
        If the file is there and may not be replaced.
    ValueError
        If the format cannot hold this result.
    """
    path = check_output(path, result.kind, overwrite=overwrite)
    if result.kind == "table":
        with made_whole(path) as draft:
            result.array.to_csv(draft)
    elif result.kind == "value":
        rows = "".join(f"{frame},{value:.17g}\n" for frame, value in enumerate(np.atleast_1d(result.array)))
        with made_whole(path) as draft:
            draft.write_text("frame,value\n" + rows, encoding="utf-8")
    else:
        kind = {"labels": "labels", "objects": "labels", "mask": "mask", "classes": "classes"}.get(
            result.kind or "", "image"
        )
        write_image(path, result.array, result.grid, kind=kind, overwrite=overwrite)
    return path


@contextmanager
def made_whole(path: Path) -> Iterator[Path]:
    """Give a path to write to, and move what was written there into place once it is whole.

    Parameters
    ----------
    path : Path
        Where the file shall lie. Files that are written beside the given path are moved beside it.

    Yields
    ------
    Path
        A path of the same name in a hidden folder of the same file system.
    """
    folder = unfinished_folder(path.parent)
    try:
        yield folder / path.name
        # the file itself comes last: where it is, all that belongs to it is there
        for item in sorted(folder.iterdir(), key=lambda item: item.name == path.name):
            item.replace(path.with_name(item.name))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unfinished_folder(folder: Path) -> Path:
    """Make a hidden folder in another one, for what is not finished."""
    # a short name, as that of a result may be as long as a name can be
    inside = folder / f".{uuid4().hex[:12]}{UNFINISHED}"
    inside.mkdir()
    return inside


def on_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk and not only on their way to it."""
    if path.is_dir():
        # Windows has no such thing for folders
        if os.name != "nt":
            _synced(path, os.O_RDONLY)
    else:
        _synced(path, os.O_RDWR)


def _synced(path: Path, flags: int) -> None:
    opened = os.open(path, flags)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def remove_unfinished(folder: Path) -> None:
    """Remove what a run that was killed has left half written in a folder."""
    for item in folder.glob(f".*{UNFINISHED}"):
        if item.is_dir():
            shutil.rmtree(item, ignore_errors=True)
        else:
            item.unlink(missing_ok=True)
