"""What is known of a file before its pixels are read, and the one error that every bad file becomes.

The kind of a file is told by its first bytes. Names lie: exported TIFF files end in ``.png``, and text
files end in ``.tif``. The suffix is asked only where there is nothing to read yet, or where opening
thousands of files to plan a folder would be too slow (`supported`).

A reader of one format returns a `Found`: the array as it lies in the file, the letters of its axes, and
what the file says about size, time and channels. It decides nothing. What becomes of singleton axes,
of a missing distance between planes or of values given by the user is decided once, in `images`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

TIFF_SUFFIXES = (".tif", ".tiff", ".btf", ".tf8", ".lsm", ".stk")
SUFFIXES = (*TIFF_SUFFIXES, ".png", ".jpg", ".jpeg", ".npy")

# what the samples of a pixel are called, by their number
SAMPLE_NAMES = {2: ("grey", "alpha"), 3: ("red", "green", "blue"), 4: ("red", "green", "blue", "alpha")}

_FIRST_BYTES = {
    b"II*\x00": "tiff",
    b"MM\x00*": "tiff",
    b"II+\x00": "tiff",
    b"MM\x00+": "tiff",
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"\x93NUMPY": "npy",
}


class ImageFileError(ValueError):
    """An image file that cannot be read or written, and why, in one sentence."""


@dataclass
class Found:
    """What one file holds and says, before anything is decided about it.

    Parameters
    ----------
    array : array
        NumPy or dask array, with the axes in the order of the file.
    axes : str
        One lower-case letter for each axis; ``s`` for colour samples, others for what has no name here.
    axes_known : bool, optional
        Whether the file itself names its axes, as OME-TIFF and ImageJ files do.
    spacing : dict, optional
        Pixel size along ``z``, ``y`` and ``x``, in ``unit``, where the file says it.
    unit : str, optional
        Unit of ``spacing``.
    interval, interval_unit : float and str, optional
        Time between two frames; None where it is not in the file.
    channels : tuple of str, optional
        Names of the channels.
    notes : list of str, optional
        What a person should know about how the file was understood.
    """

    array: Any
    axes: str
    axes_known: bool = False
    spacing: dict[str, float] = field(default_factory=dict)
    unit: str = "pixel"
    interval: float | None = None
    interval_unit: str = "s"
    channels: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    scene: int = 0
    n_scenes: int = 1


def supported(path: str | Path) -> bool:
    """Tell from its name alone whether a file is of a kind that can be read.

    Examples
    --------
    >>> supported("nuclei.ome.tif"), supported("Nuclei.PNG"), supported("notes.txt")
    (True, True, False)
    """
    return Path(path).suffix.lower() in SUFFIXES


def is_image(path: str | Path) -> bool:
    """Tell from its first bytes whether a file is of a kind that can be read.

    A missing file, a folder and a file that may not be opened are no images.
    """
    try:
        return file_kind(Path(path)) != ""
    except OSError:
        return False


def file_kind(path: Path) -> str:
    """Return ``"tiff"``, ``"png"``, ``"jpeg"``, ``"npy"``, or ``""`` for anything else."""
    with path.open("rb") as file:
        start = file.read(8)
    for first, kind in _FIRST_BYTES.items():
        if start.startswith(first):
            return kind
    return ""


def stem(path: Path) -> str:
    """Return the name of a file without its suffix, and without the ``.ome`` before it.

    Examples
    --------
    >>> stem(Path("a/nuclei.v2.ome.tif"))
    'nuclei.v2'
    """
    return path.stem[:-4] if path.stem.lower().endswith(".ome") else path.stem


def drop_opaque_alpha(array: Any, axis: int, notes: list[str]) -> tuple[Any, bool]:
    """Take the last sample off an image where it is an alpha that is the same everywhere.

    Returns
    -------
    array : array
        The image, without its alpha where that says nothing.
    dropped : bool
        Whether it was taken off. An alpha that varies is data: it stays as one more channel.
    """
    where = [slice(None)] * array.ndim
    where[axis] = slice(-1, None)
    alpha = array[tuple(where)]
    full = np.iinfo(array.dtype).max if array.dtype.kind in "iu" else 1
    if (alpha == full).all():
        where[axis] = slice(0, -1)
        return array[tuple(where)], True
    notes.append(
        "the transparency of this image is not the same everywhere; it is kept as the channel 'alpha'"
    )
    return array, False
