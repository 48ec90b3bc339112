"""Results of a run as files: each kind in the format that other programs open."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from objectwise.core.run import Result
from objectwise.io.images import write_image

_ENDINGS = {"table": ".csv", "value": ".csv"}


def ending(kind: str | None) -> str:
    """Return how the name of a file that holds a result of this kind ends."""
    return _ENDINGS.get(kind or "", ".ome.tif")


def write_result(path: str | Path, result: Result, *, overwrite: bool = False) -> Path:
    """Write a result to a file.

    Parameters
    ----------
    path : path
        For a table ``.csv``; for pixels what `objectwise.io.images.write_image` takes: ``.ome.tif``,
        ``.tif``, ``.png`` or ``.npy``.
    result : Result
        With its grid, so that pixel size and unit are written too.
    overwrite : bool, optional
        Whether a file that is there may be replaced.

    Raises
    ------
    FileExistsError
        If the file is there and may not be replaced.
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} is there already; choose another name, or allow it to be overwritten")
    if result.kind == "table":
        if path.suffix.lower() != ".csv":
            raise ValueError(f"{path.name}: a table is written as .csv")
        result.array.to_csv(path)
        return path
    if result.kind == "value":
        rows = "".join(f"{frame},{value:.17g}\n" for frame, value in enumerate(np.atleast_1d(result.array)))
        path.write_text("frame,value\n" + rows, encoding="utf-8")
        return path
    kind = {"objects": "labels", "channels": "image"}.get(result.kind or "image", result.kind or "image")
    return write_image(path, result.array, result.grid, kind=kind, overwrite=overwrite)  # type: ignore[arg-type]
