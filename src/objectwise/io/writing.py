"""Image files out: what is written can be read again, by this package and by others, with its calibration.

Three formats have three uses, and the suffix chooses.

- ``.ome.tif`` keeps everything: int32 labels, any order of axes, units, interval, channel names. It is
  compressed, and tiled where planes are large.
- ``.tif`` is for ImageJ, which knows 8 and 16 bit integers and 32 bit floats only. What does not fit is
  refused with the way out: labels cut to 16 bits would silently merge objects.
- ``.png`` and ``.npy`` are for looking and for scripts; they cannot hold a pixel size.

A mask is written as 0 and 255 into TIFF and PNG, because that is what ImageJ takes for a mask and what is
seen when the file is opened. A file is written under another name beside its place and renamed at the end,
so that a run which is stopped leaves the old file or none, but never half a one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from objectwise.core.grid import LENGTHS, TIMES, Grid, plain_grid, unit_factor
from objectwise.io.files import ImageFileError, stem

KINDS = ("image", "labels", "mask", "classes")
WRITTEN = (".ome.tif", ".tif", ".png", ".npy")

_OME_TYPES = ("uint8", "uint16", "uint32", "int8", "int16", "int32", "float32", "float64")
_IMAGEJ_TYPES = ("uint8", "uint16", "float32")
_OME_UNITS = {"um": "µm", "us": "µs"}
_LARGE, _TILE = 2048, 512


def write_image(
    path: str | Path,
    array: Any,
    grid: Grid | None = None,
    *,
    kind: str = "image",
    channels: Sequence[str] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write an image, labels, a mask or classes into a file.

    Parameters
    ----------
    path : str or Path
        Ends in ``.ome.tif`` (or ``.ome.tiff``), ``.tif`` (ImageJ), ``.png`` or ``.npy``.
    array : array
        NumPy, dask or zarr array whose axes ``grid`` names. For ``.ome.tif`` it is read plane by plane,
        or tile by tile.
    grid : Grid, optional
        Axes, pixel size, unit, interval. It may be left out for an array with two axes.
    kind : {'image', 'labels', 'mask', 'classes'}, optional
        ``"labels"`` are written as int32 (uint16 for ImageJ and PNG), ``"mask"`` as 0 and 255,
        ``"classes"`` as uint8, an ``"image"`` as it is.
    channels : sequence of str, optional
        Names of the channels, in place of those of the grid.
    overwrite : bool, optional
        Whether a file that is there already may be replaced.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    FileExistsError
        If the file is there already and ``overwrite`` is False.
    ImageFileError
        If the format cannot hold this array, its unit or its labels.

    Notes
    -----
    TIFF files are written in the order T C Z Y X (T Z C Y X for ImageJ, which reads no other); RGB of
    8 or 16 bits whose channel axis comes last stays as it is. The ``origin`` of the grid is not written.
    """
    path = Path(path)
    suffix = _suffix(path)
    if kind not in KINDS:
        raise ImageFileError(f"{path.name}: kind must be one of {', '.join(KINDS)}; found {kind!r}")
    array = array if hasattr(array, "shape") and hasattr(array, "dtype") else np.asarray(array)
    try:
        grid = grid if grid is not None else plain_grid(array.shape, path.name)
        grid.check(array, path.name)
    except ValueError as error:
        raise ImageFileError(str(error)) from error
    if 0 in array.shape:
        raise ImageFileError(f"{path.name}: there are no pixels to write (shape {tuple(array.shape)})")
    names = tuple(str(name) for name in (grid.channels if channels is None else channels))
    n_channels = grid.size("c", array.shape)
    if names and len(names) != n_channels:
        raise ImageFileError(f"{path.name}: {len(names)} channel names were given for {n_channels} channels")
    if path.is_dir():
        raise ImageFileError(f"{path.name}: a folder has this name")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} is there already; allow it to be replaced with overwrite=True")
    if not path.parent.is_dir():
        raise ImageFileError(f"{path}: there is no folder {path.parent}")

    convert = _conversion(path, suffix, array, kind)
    if suffix == ".npy":
        _atomically(path, lambda file: np.save(file, convert(np.asarray(array)), allow_pickle=False))
    elif suffix == ".png":
        _atomically(path, _png_writer(path, array, grid, convert))
    elif suffix == ".tif":
        _atomically(path, _imagej_writer(path, array, grid, convert, kind, names))
    else:
        _atomically(path, _ome_writer(path, array, grid, convert, names))
    return path


def _suffix(path: Path) -> str:
    name = path.name.lower()
    for ending, suffix in ((".ome.tif", ".ome.tif"), (".ome.tiff", ".ome.tif"), (".tiff", ".tif")):
        if name.endswith(ending):
            return suffix
    if path.suffix.lower() in WRITTEN:
        return path.suffix.lower()
    raise ImageFileError(f"{path.name}: the name must end in {', '.join(WRITTEN)}")


def _atomically(path: Path, write: Callable[[Any], Any]) -> None:
    # a hidden name in the same folder, as renaming is atomic only within one file system; and a short one
    unfinished = path.with_name(f".{uuid4().hex[:12]}.unfinished")
    try:
        with unfinished.open("wb") as file:
            write(file)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _conversion(path: Path, suffix: str, array: Any, kind: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return what turns a part of the array into the dtype of the file, or refuse the array."""
    dtype = np.dtype(array.dtype)
    if dtype.kind not in "buif":
        raise ImageFileError(f"{path.name}: pixels of type {dtype} cannot be written")
    if kind == "mask" or (dtype.kind == "b" and kind == "image"):
        if suffix == ".npy":
            return lambda part: part.astype(bool)
        return lambda part: np.where(part, np.uint8(255), np.uint8(0))
    if kind in ("labels", "classes"):
        if dtype.kind == "f":
            raise ImageFileError(f"{path.name}: {kind} must be whole numbers; found {dtype}")
        narrow = "uint16" if suffix in (".tif", ".png") else "int32"
        wanted = np.dtype("uint8" if kind == "classes" else narrow)
        return lambda part: _within(path, suffix, part, wanted, kind)
    allowed = {".ome.tif": _OME_TYPES, ".tif": _IMAGEJ_TYPES, ".png": ("uint8", "uint16")}.get(suffix)
    if allowed and dtype.name not in allowed:
        if dtype == np.float16 and suffix != ".png":
            return lambda part: part.astype(np.float32)
        way_out = ".npy" if suffix == ".ome.tif" or dtype.name not in _OME_TYPES else ".ome.tif"
        raise ImageFileError(
            f"{path.name}: {dtype} cannot be written into {_format(suffix)} (it holds {', '.join(allowed)}); "
            f"write {stem(path)}{way_out} instead"
        )
    return lambda part: part


def _format(suffix: str) -> str:
    return {".tif": "an ImageJ TIFF", ".png": "a PNG", ".ome.tif": "an OME-TIFF", ".npy": "an NPY file"}[
        suffix
    ]


def _within(path: Path, suffix: str, part: np.ndarray, wanted: np.dtype, kind: str) -> np.ndarray:
    if part.dtype != bool:
        low, high, most = int(part.min()), int(part.max()), int(np.iinfo(wanted).max)
        if low < 0:
            raise ImageFileError(f"{path.name}: {kind} must be 0 or more; found {low}")
        if high > most:
            way_out = (
                f"; write {stem(path)}.ome.tif instead"
                if kind == "labels" and suffix in (".tif", ".png")
                else ""
            )
            raise ImageFileError(
                f"{path.name}: {kind} up to {high} do not fit into {_format(suffix)} "
                f"(at most {most}){way_out}"
            )
    return part.astype(wanted)


def _colour(array: Any, grid: Grid, names: tuple[str, ...]) -> bool:
    return (
        grid.axes.endswith("yxc")
        and array.shape[-1] == 3
        and np.dtype(array.dtype).name in ("uint8", "uint16")
        and tuple(name.lower() for name in names) in ((), ("red", "green", "blue"))
    )


def _png_writer(
    path: Path, array: Any, grid: Grid, convert: Callable[[np.ndarray], np.ndarray]
) -> Callable[[Any], None]:
    if grid.axes not in ("yx", "yxc") or (grid.axes == "yxc" and not _colour(array, grid, ())):
        raise ImageFileError(
            f"{path.name}: a PNG holds one plane or an RGB picture; found the axes {grid.axes!r} "
            f"with the shape {tuple(array.shape)}; write {stem(path)}.ome.tif instead"
        )
    pixels = np.ascontiguousarray(convert(np.asarray(array)))
    if grid.axes == "yxc" and pixels.dtype == np.uint16:
        raise ImageFileError(
            f"{path.name}: RGB of 16 bits cannot be written into a PNG; write {stem(path)}.ome.tif instead"
        )

    def write(file: Any) -> None:
        from PIL import Image

        Image.fromarray(pixels).save(file, format="PNG")

    return write


def _imagej_writer(
    path: Path,
    array: Any,
    grid: Grid,
    convert: Callable[[np.ndarray], np.ndarray],
    kind: str,
    names: tuple[str, ...],
) -> Callable[[Any], None]:
    _check_units(path, grid)
    if not grid.unit.isascii():
        # the description of an ImageJ file is ASCII
        grid = grid.to_unit("nm")
    pixels = convert(np.asarray(array))
    colour = kind == "image" and pixels.dtype == np.uint8 and _colour(array, grid, names)
    axes = "".join(axis for axis in ("tzyxc" if colour else "tzcyx") if axis in grid.axes)
    pixels = np.ascontiguousarray(pixels.transpose([grid.axes.index(axis) for axis in axes]))
    metadata: dict[str, Any] = {"axes": axes[:-1].upper() + "S" if colour else axes.upper()}
    if grid.unit in LENGTHS:
        metadata["unit"] = {"in": "inch"}.get(grid.unit, grid.unit)
        if "z" in grid.axes:
            metadata["spacing"] = grid.spacing_along("z")
    if "t" in grid.axes and grid.interval_unit in TIMES:
        metadata["finterval"] = grid.interval * unit_factor(grid.interval_unit, "s")
    if names and "c" in axes and not colour:
        # one name for each plane is all that ImageJ knows; this order is that of its planes
        sizes = [grid.size(axis, array.shape) for axis in "tz"]
        metadata["Labels"] = list(names) * (sizes[0] * sizes[1])
    if kind in ("labels", "classes") and pixels.max() > 0:
        metadata.update(min=0.0, max=float(pixels.max()))
    resolution = None
    if grid.unit in LENGTHS:
        resolution = (1 / grid.spacing_along("x"), 1 / grid.spacing_along("y"))

    def write(file: Any) -> None:
        import tifffile

        tifffile.imwrite(
            file,
            pixels,
            imagej=True,
            resolution=resolution,
            metadata=metadata,
            photometric="rgb" if colour else "minisblack",
        )

    return write


def _check_units(path: Path, grid: Grid) -> None:
    if grid.calibrated and grid.unit not in LENGTHS:
        raise ImageFileError(
            f"{path.name}: a pixel size in {grid.unit!r} cannot be written; use one of {', '.join(LENGTHS)}"
        )


def _ome_writer(
    path: Path, array: Any, grid: Grid, convert: Callable[[np.ndarray], np.ndarray], names: tuple[str, ...]
) -> Callable[[Any], None]:
    _check_units(path, grid)
    colour = _colour(array, grid, names)
    axes = "".join(axis for axis in ("tzyxc" if colour else "tczyx") if axis in grid.axes)
    shape = tuple(grid.size(axis, array.shape) for axis in axes)
    metadata: dict[str, Any] = {
        "axes": axes[:-1].upper() + "S" if colour else axes.upper(),
        "Name": stem(path),
    }
    for axis in grid.spatial:
        # a ratio of pixel sizes is worth keeping even where the size itself is not known
        if grid.calibrated or any(step != 1 for step in grid.spacing):
            metadata[f"PhysicalSize{axis.upper()}"] = grid.spacing_along(axis)
            metadata[f"PhysicalSize{axis.upper()}Unit"] = _OME_UNITS.get(grid.unit, grid.unit)
    if "t" in axes and grid.interval_unit in TIMES:
        metadata["TimeIncrement"] = grid.interval
        metadata["TimeIncrementUnit"] = _OME_UNITS.get(grid.interval_unit, grid.interval_unit)
    if names and "c" in axes and not colour:
        metadata["Channel"] = {"Name": list(names)}
    tiled = not colour and max(shape[-2:]) >= _LARGE
    tile = (_TILE, _TILE) if tiled else None
    dtype = convert(np.zeros(1, array.dtype)).dtype

    def write(file: Any) -> None:
        import tifffile

        tifffile.imwrite(
            file,
            _tiles(array, grid, convert, axes) if tiled else _planes(array, grid, convert, axes),
            shape=shape,
            dtype=dtype,
            ome=True,
            compression="zlib",
            tile=tile,
            photometric="rgb" if colour else "minisblack",
            metadata=metadata,
        )

    return write


def _planes(
    array: Any, grid: Grid, convert: Callable[[np.ndarray], np.ndarray], axes: str
) -> Iterator[np.ndarray]:
    outer = axes[: axes.index("y")]
    inner = axes[axes.index("y") :]
    order = [axis for axis in grid.axes if axis in inner]
    for index in grid.indices(array.shape, outer):
        where = tuple(index.get(axis, slice(None)) for axis in grid.axes)
        plane = convert(np.asarray(array[where]))
        yield np.ascontiguousarray(plane.transpose([order.index(axis) for axis in inner]))


def _tiles(
    array: Any, grid: Grid, convert: Callable[[np.ndarray], np.ndarray], axes: str
) -> Iterator[np.ndarray]:
    order = [axis for axis in grid.axes if axis in "yx"]
    height, width = (grid.size(axis, array.shape) for axis in "yx")
    for index in grid.indices(array.shape, axes[:-2]):
        for top in range(0, height, _TILE):
            for left in range(0, width, _TILE):
                box = {"y": slice(top, top + _TILE), "x": slice(left, left + _TILE)}
                where = tuple(index[axis] if axis in index else box[axis] for axis in grid.axes)
                yield np.ascontiguousarray(
                    convert(np.asarray(array[where])).transpose([order.index(axis) for axis in "yx"])
                )
