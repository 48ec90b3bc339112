"""Image files in: an array, and the grid that says what its axes are and how large a pixel is.

Everything here follows from one rule: nothing is guessed. Axes, pixel size, unit, interval and channel
names come from the file, or from the person who gives them; a shape says nothing. Where a file leaves
open what an axis means, reading stops with a sentence that says how to name it.

What is decided for every format alike, and only here:

- an axis of length 1 along time, channel or depth is dropped: one frame is no movie, one plane no volume;
- colour samples are the channel axis, and stay where they lie in the array; a grey picture that was saved
  in colour stays in colour;
- a pixel size is used whole or not at all: where the distance between the planes of a stack is not
  known, the stack is not calibrated, and a note says so;
- what the caller gives overrides the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from objectwise.core.grid import ROLES, SPATIAL, Grid
from objectwise.io.files import (
    SAMPLE_NAMES,
    Found,
    ImageFileError,
    drop_opaque_alpha,
    file_kind,
    is_image,
    stem,
    supported,
)
from objectwise.io.ome_zarr import is_zarr, read_zarr
from objectwise.io.writing import write_image

__all__ = ["ImageFile", "ImageFileError", "is_image", "read_image", "supported", "write_image"]


@dataclass(frozen=True)
class ImageFile:
    """An image as it was found in a file.

    Parameters
    ----------
    array : array
        The pixels: a NumPy array, or a dask array where the file was opened with ``lazy=True``.
    grid : Grid
        Axes, pixel size, unit, interval and channel names.
    name : str
        Name of the file without its suffix.
    scene : int, optional
        Which image of the file this is.
    n_scenes : int, optional
        How many images the file holds.
    notes : tuple of str, optional
        What a person should know about how the file was understood, one sentence each.
    """

    array: Any
    grid: Grid
    name: str
    scene: int = 0
    n_scenes: int = 1
    notes: tuple[str, ...] = ()


def read_image(
    path: str | Path,
    axes: str | None = None,
    spacing: float | Sequence[float] | None = None,
    unit: str | None = None,
    *,
    lazy: bool | int = False,
    scene: int | None = None,
) -> ImageFile:
    """Read an image file with its axes and pixel size.

    Parameters
    ----------
    path : str or Path
        A TIFF (OME-TIFF, ImageJ, plain), PNG, JPEG or NPY file, told by its content, or the folder of an
        OME-Zarr image.
    axes : str, optional
        One letter for each axis in the order of the file, out of ``t c z y x``, where the file does not
        say it or says it wrongly.
    spacing : float or sequence of float, optional
        Pixel size, in place of the one in the file: one number for each of ``(z,) y, x`` in the order of
        the axes, or a single one for all.
    unit : str, optional
        Unit of ``spacing``. Left out, it is the unit in the file, or ``"pixel"`` where there is none.
        Given alone, the pixel size of the file is converted to it.
    lazy : bool or int, optional
        Whether to open the file without reading it; a number for doing so from that many bytes of pixels on.
        OME-Zarr keeps its chunks, TIFF becomes a dask array with one chunk for each page or tile, and NPY is
        mapped into memory; PNG and JPEG are always read whole.
    scene : int, 0 or more, optional
        Which image to read, of a file that holds several.

    Returns
    -------
    ImageFile
        Array, grid, name and notes.

    Raises
    ------
    ImageFileError
        If the file is missing, empty, cut off or no image, or if what its axes mean cannot be told.

    Notes
    -----
    An axis of length 1 along ``t``, ``c`` or ``z`` is dropped. An alpha that is opaque everywhere is
    dropped; one that varies is kept as a channel (and always kept with ``lazy=True``, where it is not
    looked at). The position of the microscope's stage is not read.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> grid = Grid("zyx", (0.5, 0.2, 0.2), "um")
    >>> _ = write_image(folder / "nuclei.ome.tif", np.zeros((3, 32, 32), np.uint16), grid)
    >>> nuclei = read_image(folder / "nuclei.ome.tif")
    >>> nuclei.name, nuclei.array.shape, nuclei.grid == grid
    ('nuclei', (3, 32, 32), True)
    """
    path = Path(path)
    kind = _checked_kind(path)
    try:
        if kind == "tiff":
            from objectwise.io.tiff import read_tiff

            found = read_tiff(path, lazy=lazy, scene=scene)
        elif kind == "zarr":
            found = read_zarr(path, lazy=bool(lazy))
        else:
            if scene not in (None, 0):
                raise ImageFileError(f"{path.name}: holds one image; scene must be 0 and found was {scene}")
            found = _read_npy(path, bool(lazy)) if kind == "npy" else _read_picture(path, kind)
    except OSError as error:
        raise ImageFileError(f"{path.name}: cannot be read ({error.strerror or error})") from error
    return _assemble(path, found, axes, spacing, unit)


def _checked_kind(path: Path) -> str:
    if is_zarr(path):
        return "zarr"
    if path.is_dir():
        raise ImageFileError(f"{path.name}: a folder, not an image file")
    if not path.exists():
        raise ImageFileError(f"{path}: there is no such file")
    try:
        kind = file_kind(path)
        empty = path.stat().st_size == 0
    except OSError as error:
        raise ImageFileError(f"{path.name}: cannot be opened ({error.strerror or error})") from error
    if empty:
        raise ImageFileError(f"{path.name}: the file is empty")
    if not kind:
        raise ImageFileError(f"{path.name}: not an image that can be read (TIFF, PNG, JPEG, NPY)")
    return kind


def _read_npy(path: Path, lazy: bool) -> Found:
    try:
        # mapped first: the header alone tells what must not be read, and a file that is too short
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        if "object" in str(error).lower():
            raise ImageFileError(f"{path.name}: holds Python objects, not pixels") from error
        raise ImageFileError(f"{path.name}: cut off or damaged ({error})") from error
    if array.dtype.names is not None:
        raise ImageFileError(
            f"{path.name}: holds records with the fields {', '.join(array.dtype.names)}, not pixels"
        )
    if array.dtype.kind not in "buif":
        raise ImageFileError(f"{path.name}: pixels of type {array.dtype} cannot be worked on")
    if not lazy or not array.dtype.isnative:
        array = np.array(array, dtype=array.dtype.newbyteorder("="))
    return Found(array, "yx" if array.ndim == 2 else "?" * array.ndim)


def _read_picture(path: Path, kind: str) -> Found:
    from PIL import Image, UnidentifiedImageError

    notes: list[str] = []
    try:
        with Image.open(path) as opened:
            n_frames = getattr(opened, "n_frames", 1)
            if n_frames > 1 and kind == "png":
                raise ImageFileError(f"{path.name}: a film of {n_frames} pictures; save it as TIFF")
            if kind == "png" and _deep_colour(path):
                array = _read_deep_png(path)
            else:
                picture: Image.Image = opened
                if picture.mode in ("P", "PA"):
                    picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
                elif picture.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
                    notes.append(f"colours were converted from {picture.mode} to RGB")
                    picture = picture.convert("RGB")
                array = np.array(picture)
    except Image.DecompressionBombError as error:
        raise ImageFileError(
            f"{path.name}: more pixels than a {kind.upper()} may have here; save it as TIFF"
        ) from error
    except UnidentifiedImageError as error:
        raise ImageFileError(
            f"{path.name}: cut off or damaged, or no {kind.upper()} that can be read"
        ) from error
    except (OSError, SyntaxError, EOFError) as error:
        # Pillow raises SyntaxError for a broken PNG
        raise ImageFileError(f"{path.name}: cut off or damaged ({error})") from error
    if array.ndim == 3 and array.shape[-1] in (2, 4):
        array, _ = drop_opaque_alpha(array, 2, notes)
        array = array[..., 0] if array.shape[-1] == 1 else array
    if array.ndim == 2:
        return Found(array, "yx", notes=notes)
    return Found(array, "yxs", channels=SAMPLE_NAMES.get(array.shape[-1], ()), notes=notes)


def _deep_colour(path: Path) -> bool:
    # Pillow cuts 16-bit colour down to 8 bits without a word; the header tells before that happens
    with path.open("rb") as file:
        header = file.read(26)
    return len(header) == 26 and header[24] == 16 and header[25] in (2, 4, 6)


def _read_deep_png(path: Path) -> np.ndarray:
    try:
        import imagecodecs
    except ImportError as error:
        raise ImageFileError(f"{path.name}: 16-bit colour PNG needs the package 'imagecodecs'") from error
    try:
        return imagecodecs.png_decode(path.read_bytes())
    except imagecodecs.PngError as error:
        raise ImageFileError(f"{path.name}: cut off or damaged ({error})") from error


def _assemble(
    path: Path, found: Found, axes: str | None, spacing: float | Sequence[float] | None, unit: str | None
) -> ImageFile:
    array, letters = found.array, found.axes
    if 0 in array.shape:
        raise ImageFileError(f"{path.name}: holds no pixels (shape {tuple(array.shape)})")
    if axes is not None:
        array, letters = _named(path, found, axes)
    array, letters = _without_singletons(array, letters, "tc" + "".join(set(letters) - set(ROLES + "s")))
    if "s" in letters and "c" not in letters:
        letters = letters.replace("s", "c")
    unknown = [axis for axis in letters if axis not in ROLES]
    if unknown:
        sizes = tuple(array.shape)
        if "s" in unknown:
            raise ImageFileError(
                f"{path.name}: has both channels and colours (shape {sizes}); save the colours as channels"
            )
        raise ImageFileError(
            f"{path.name}: {_count(len(unknown), 'axis', 'axes')} of the shape {sizes} "
            f"{'has' if len(unknown) == 1 else 'have'} no name in the file; "
            f"name them with axes=, for example axes={_example(letters)!r}"
        )
    before = "".join(axis for axis in letters if axis in SPATIAL)
    array, letters = _without_singletons(array, letters, "z")
    grid, notes = _grid(path, found, letters, before, spacing, unit, array.shape)
    return ImageFile(array, grid, stem(path), found.scene, found.n_scenes, (*found.notes, *notes))


def _named(path: Path, found: Found, axes: str) -> tuple[Any, str]:
    named = axes.lower().replace("s", "c")
    shape = tuple(found.array.shape)
    wrong = [axis for axis in named if axis not in ROLES]
    if wrong or len(set(named)) != len(named) or "y" not in named or "x" not in named:
        raise ImageFileError(
            f"{path.name}: axes must be different letters out of {ROLES!r}, "
            f"y and x among them; found {axes!r}"
        )
    if len(named) == len(shape):
        return found.array, named
    if len(named) == sum(n > 1 for n in shape):
        return _without_singletons(found.array, "?" * len(shape), "?")[0], named
    # a series in which one file has a single frame: the axis is named, and rightly not there
    own = found.axes.replace("s", "c")
    if found.axes_known and "".join(axis for axis in named if axis in own) == own:
        return found.array, found.axes
    raise ImageFileError(
        f"{path.name}: axes {axes!r} name {len(named)} axes, but the image has {len(shape)} (shape {shape})"
    )


def _without_singletons(array: Any, letters: str, roles: str) -> tuple[Any, str]:
    dropped = [axis in roles and n == 1 for axis, n in zip(letters, array.shape, strict=True)]
    if not any(dropped):
        return array, letters
    array = array[tuple(0 if drop else slice(None) for drop in dropped)]
    return array, "".join(axis for axis, drop in zip(letters, dropped, strict=True) if not drop)


def _count(n: int, one: str, many: str) -> str:
    return f"one {one}" if n == 1 else f"{n} {many}"


def _example(letters: str) -> str:
    free = iter(
        axis for axis in {1: "z", 2: "tz", 3: "tcz"}.get(sum(axis not in ROLES for axis in letters), "tcz")
    )
    known = set(letters)
    if all(axis not in ROLES for axis in letters):
        return {3: "zyx", 4: "tzyx", 5: "tczyx"}.get(len(letters), "yx")
    return "".join(
        axis if axis in ROLES else next((role for role in free if role not in known), "t") for axis in letters
    )


def _grid(
    path: Path,
    found: Found,
    letters: str,
    before: str,
    spacing: float | Sequence[float] | None,
    unit: str | None,
    shape: Sequence[int],
) -> tuple[Grid, list[str]]:
    notes: list[str] = []
    spatial = [axis for axis in letters if axis in SPATIAL]
    convert_to = None
    if spacing is not None:
        sizes = _given(spacing, spatial, before)
        unit = unit or (found.unit if found.spacing else "pixel")
    elif all(axis in found.spacing for axis in spatial):
        sizes = tuple(found.spacing[axis] for axis in spatial)
        convert_to, unit = unit, found.unit
        if convert_to is not None and unit == "pixel":
            raise ImageFileError(
                f"{path.name}: has no pixel size that unit={convert_to!r} could be of; give spacing= as well"
            )
    else:
        if found.spacing:
            missing = " and ".join(axis for axis in spatial if axis not in found.spacing)
            notes.append(
                f"the pixel size along {missing} is not in the file, so none is used; give spacing= and unit="
            )
        if unit is not None:
            raise ImageFileError(
                f"{path.name}: has no pixel size that unit={unit!r} could be of; give spacing= as well"
            )
        sizes, unit = (), "pixel"
    interval = found.interval if "t" in letters else None
    n_channels = shape[letters.index("c")] if "c" in letters else 0
    try:
        grid = Grid(
            letters,
            sizes,
            unit,
            interval=1.0 if interval is None else interval,
            interval_unit="frame" if interval is None else found.interval_unit,
            channels=found.channels if len(found.channels) == n_channels else (),
        )
        return (grid.to_unit(convert_to) if convert_to else grid), notes
    except ValueError as error:
        raise ImageFileError(f"{path.name}: {error}") from error


def _given(spacing: float | Sequence[float], spatial: list[str], before: str) -> tuple[float, ...]:
    sizes = tuple(float(size) for size in np.atleast_1d(np.asarray(spacing, dtype=float)))
    if np.ndim(spacing) == 0:
        return sizes * len(spatial)
    if len(sizes) == len(before):
        return tuple(size for axis, size in zip(before, sizes, strict=True) if axis in spatial)
    return sizes
