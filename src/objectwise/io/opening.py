"""Files as a person means them: what a run is given of each.

A run knows arrays, grids and kinds. A person says in an option what a file does not tell itself, and takes a picture
of black and white for a mask. What lies between is here, for the command line and the batch alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from objectwise.core.grid import Grid
from objectwise.core.results import Result
from objectwise.io.files import ImageFileError
from objectwise.io.images import read_image

# bytes of pixels that are read at once: to open them lazily takes longer, and half a second for the first
LARGE = 64_000_000


@dataclass(frozen=True)
class Reading:
    """What a person says about files that do not tell it themselves; None for what is left to the file.

    Parameters
    ----------
    axes : str, optional
        A letter for each axis.
    spacing : float or tuple of float, optional
        Pixel size.
    unit : str, optional
        Unit of the pixel size.
    scene : int, optional
        Which image of a file that holds several.
    """

    axes: str | None = None
    spacing: float | tuple[float, ...] | None = None
    unit: str | None = None
    scene: int | None = None


def open_input(
    path: str | Path,
    kind: str | None = None,
    reading: Reading | None = None,
    *,
    as_mask: bool = False,
    beside: bool = False,
) -> tuple[Result, tuple[str, ...]]:
    """Open a file as the input of a run, without reading its pixels where that can be.

    Parameters
    ----------
    path : path
        A file that `objectwise.io.images.read_image` reads.
    kind : str, optional
        What the input is asked to be: image, mask, labels, objects ...
    reading : Reading, optional
        What the file does not tell itself.
    as_mask : bool, optional
        Whether everything that is not 0 is an object, whatever numbers there are.
    beside : bool, optional
        Whether the file stands beside the one that ``reading`` was said of: where the axes do not fit it, it may
        name its own, as an image with channels does beside labels without.

    Returns
    -------
    result : Result
        Array, grid and kind.
    notes : tuple of str
        What a person should know about how the file was understood.

    Raises
    ------
    ImageFileError
        If the file is missing, cut off or no image, or what its axes mean cannot be told.
    """
    reading = reading or Reading()
    said = {"spacing": reading.spacing, "unit": reading.unit, "scene": reading.scene}
    try:
        found = read_image(path, axes=reading.axes, lazy=LARGE, **said)  # type: ignore[arg-type]
    except ImageFileError:
        if not beside or reading.axes is None:
            raise
        found = read_image(path, lazy=LARGE, **said)  # type: ignore[arg-type]
    array, notes = found.array, list(found.notes)
    if reading.spacing is not None and not found.grid.calibrated:
        notes.append(
            "the pixel size has no unit, so that lengths are in 'pixel'; give unit= as well, such as unit='um'"
        )
    if kind in ("objects", "labels") and (as_mask or _shows_mask(array)):
        array = array != 0
    return Result(array, found.grid, kind if kind in ("image", "labels", "classes") else None), tuple(notes)


def _shows_mask(array: Any) -> bool:
    # as ImageJ and this package write a mask: 8 bits, nothing but 0 and 255
    if array.dtype != np.uint8:
        return False
    pixels = np.asarray(array)
    return bool(((pixels == 0) | (pixels == 255)).all() and (pixels == 255).any())


def with_pixel_size_of(grid: Grid, known: Grid) -> Grid:
    """Return a grid with the pixel size and unit of another one of the same spatial axes."""
    order = [axis for axis in grid.axes if axis in grid.spatial]
    return replace(grid, spacing=tuple(known.spacing_along(axis) for axis in order), unit=known.unit)
