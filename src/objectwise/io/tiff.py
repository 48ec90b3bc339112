"""TIFF in: pixels by tifffile, and an honest reading of what the file says about them.

Three dialects state the pixel size, and they are asked in this order.

- OME-XML: ``PhysicalSizeX`` with its unit, micrometre where none is written, as the OME schema says.
- ImageJ, and the same keys in files that tifffile itself wrote: ``unit``, with pixels per unit in the
  resolution tags. ImageJ leaves ``spacing`` out where it is 1, so that is what a missing one means.
- The resolution tags of a plain TIFF, in pixels per inch or centimetre. Most such numbers are print
  resolutions (72, 96, 300 dpi) that a program put there because the field must not be empty. They are
  taken as a pixel size only where the pixel is smaller than `PRINTED`, which is finer than any printer
  or scanner, and otherwise left with a note. A low magnification is lost that way, and said; the other
  mistake would be a table in micrometres that is wrong by a factor of a thousand.

tifffile fills what is missing in a file with zeros, or stops at the last page it finds. A copy that broke
off would so be measured as a shorter movie or a darker plane. Hence `check_complete`: the chain of pages
is walked before tifffile sees it, and every strip and tile must lie within the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from objectwise.core.grid import LENGTHS, TIMES, unit_factor, unit_name
from objectwise.io.files import SAMPLE_NAMES, Found, ImageFileError, drop_opaque_alpha

# micrometres: 5080 dots per inch
PRINTED = 5.0

_ALPHA = (1, 2)

# RGB, and YCbCr, which is decoded to RGB
_COLOURED = (2, 6)

# Hamamatsu keeps the high half of an address elsewhere, so its chain of pages is not the standard's
_OWN_ADDRESSES = (".ndpi",)


def read_tiff(path: Path, *, lazy: bool | int, scene: int | None) -> Found:
    """Read the pixels of a TIFF file, and what it says about them."""
    import tifffile

    if path.suffix.lower() not in _OWN_ADDRESSES:
        check_pages(path)
    try:
        with tifffile.TiffFile(path) as file:
            series = _scenes(file)
            number = _choose(path, series, scene)
            chosen = series[number]
            check_complete(path, chosen)
            found = _described(file, chosen, file.series.index(chosen))
            found.scene, found.n_scenes = number, len(series)
            if np.dtype(chosen.dtype).kind not in "buif":
                raise ImageFileError(f"{path.name}: pixels of type {chosen.dtype} cannot be worked on")
            small = lazy is not True and np.dtype(chosen.dtype).itemsize * chosen.size < lazy
            found.array = _lazy(path, file, chosen) if lazy and not small else _pixels(path, chosen)
            extra, photometric = chosen.keyframe.extrasamples, int(chosen.keyframe.photometric)
    except (ImageFileError, OSError):
        raise
    except MemoryError as error:
        text = f"{path.name}: larger than the memory that is free; open it with lazy=True"
        raise ImageFileError(text) from error
    except Exception as error:
        # a damaged tag reaches any line of tifffile, which answers with whatever error that line has
        text = (
            f"{path.name}: damaged, or a TIFF of a kind that cannot be read ({error or type(error).__name__})"
        )
        raise ImageFileError(" ".join(text.split())) from error

    axis = found.axes.find("s")
    if axis >= 0:
        has_alpha = bool(extra) and extra[-1] in _ALPHA
        if has_alpha and not lazy:
            found.array, dropped = drop_opaque_alpha(found.array, axis, found.notes)
            has_alpha = not dropped
        n = found.array.shape[axis]
        if len(found.channels) != n and (has_alpha or (n == 3 and photometric in _COLOURED)):
            found.channels = SAMPLE_NAMES.get(n, ())
    return found


def check_pages(path: Path) -> None:
    """Refuse a TIFF file whose chain of pages, or what a page needs, leads out of the file.

    Raises
    ------
    ImageFileError
        If a page, its description or its list of strips is announced and is not there.
    """
    size = path.stat().st_size
    broken = ImageFileError(
        f"{path.name}: the file is cut off; it ends at byte {size}, before the image does"
    )
    with path.open("rb") as file:
        start = file.read(16)
        byteorder: Literal["little", "big"] = "little" if start[:2] == b"II" else "big"
        order = "<" if byteorder == "little" else ">"
        big = start[2:4] in (b"+\x00", b"\x00+")
        word = "u8" if big else "u4"
        count_width, width = (8, 8) if big else (2, 4)
        entry = np.dtype([(name, order + kind) for name, kind in _entry_fields(word)])
        offset = int.from_bytes(start[width : 2 * width], byteorder)
        if len(start) < 2 * width or offset == 0:
            raise broken
        seen = set()
        # a chain that comes back to an earlier page is damaged in another way, which tifffile reports
        while offset and offset not in seen:
            seen.add(offset)
            if offset >= size:
                raise broken
            file.seek(offset)
            count = int.from_bytes(file.read(count_width), byteorder)
            end = offset + count_width + count * entry.itemsize
            if end + width > size:
                raise broken
            tags = np.frombuffer(file.read(count * entry.itemsize), entry)
            if _end_of_values(tags, width) > size:
                raise broken
            offset = int.from_bytes(file.read(width), byteorder)


# bytes of one value of each type of tag; 0 for a type that is not defined
_TYPE_WIDTHS = np.array([0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8], dtype=np.int64)

# description, strips, palette and tiles: private tags use their count for other things
_NEEDED = (270, 273, 279, 320, 324, 325)


def _entry_fields(word: str) -> tuple[tuple[str, str], ...]:
    return (("code", "u2"), ("type", "u2"), ("count", word), ("value", word))


def _end_of_values(tags: np.ndarray, width: int) -> int:
    known = (tags["type"] < len(_TYPE_WIDTHS)) & np.isin(tags["code"], _NEEDED)
    tags = tags[known]
    sizes = tags["count"].astype(np.int64) * _TYPE_WIDTHS[tags["type"]]
    # what fits into the tag itself is not elsewhere in the file
    ends = np.where(sizes > width, tags["value"].astype(np.int64) + sizes, 0)
    return int(ends.max(initial=0))


def check_complete(path: Path, series: Any) -> None:
    """Refuse a series of pages whose pixels do not all lie within the file.

    Raises
    ------
    ImageFileError
        If pixels are missing, in this file or in another one that belongs to it.
    """
    start = series.dataoffset
    if start is not None:
        _check_end(path, int(start) + int(series.nbytes), path.stat().st_size)
        return
    sizes: dict[int, int] = {}
    for page in series.pages:
        if page is None:
            raise ImageFileError(
                f"{path.name}: planes of this image are missing; other files that belong to it are not here"
            )
        parent = page.parent
        if id(parent) not in sizes:
            sizes[id(parent)] = Path(parent.filehandle.path).stat().st_size
        offsets, counts = page.dataoffsets, page.databytecounts
        end = max(
            (int(offset) + int(count) for offset, count in zip(offsets, counts, strict=False)), default=0
        )
        _check_end(path, end, sizes[id(parent)])


def _check_end(path: Path, end: int, size: int) -> None:
    if end > size:
        raise ImageFileError(
            f"{path.name}: the file is cut off; its pixels reach to byte {end}, but it ends at byte {size}"
        )


def _scenes(file: Any) -> list[Any]:
    # a thumbnail is a page with its own shape, and so a series with its own; it is no second image
    whole = [
        series
        for series in file.series
        if not series.keyframe.is_reduced and series.keyframe.dtype is not None
    ]
    return whole or list(file.series)


def _choose(path: Path, series: list[Any], scene: int | None) -> int:
    if not series:
        raise ImageFileError(f"{path.name}: holds no image")
    if scene is None and len(series) > 1:
        raise ImageFileError(
            f"{path.name}: holds {len(series)} images; say which one with scene=0 to scene={len(series) - 1}"
        )
    if scene is not None and not 0 <= scene < len(series):
        raise ImageFileError(f"{path.name}: scene must be 0 to {len(series) - 1}; found {scene}")
    return scene or 0


def _pixels(path: Path, series: Any) -> np.ndarray:
    try:
        array = series.asarray()
    except MemoryError:
        raise
    except Exception as error:
        raise _undecodable(path, error) from error
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _undecodable(path: Path, error: Exception) -> ImageFileError:
    # each codec has an exception class of its own, and none of them is public
    if "requires the 'imagecodecs' package" in str(error):
        return ImageFileError(f"{path.name}: compressed in a way that needs the package 'imagecodecs'")
    return ImageFileError(f"{path.name}: the pixels cannot be decoded ({error})")


class TiffPixels:
    """The pixels of one series, read from the file as they are asked for.

    The file is opened at the first read, and again after the object has travelled to another process:
    an open file cannot be sent to a worker.

    Parameters
    ----------
    path : Path
        The file.
    index : int
        Number of the series in the file.
    shape, dtype
        What the series holds.
    by_page : bool
        Whether a read takes whole pages. Strips of a few rows would make a graph of a million tasks.
    """

    def __init__(
        self, path: Path, index: int, shape: tuple[int, ...], dtype: np.dtype, by_page: bool
    ) -> None:
        self.path, self.index, self.by_page = path, index, by_page
        self.shape, self.dtype, self.ndim = shape, dtype, len(shape)
        self._zarr: Any = None

    def __getitem__(self, where: Any) -> np.ndarray:
        try:
            return np.asarray(self.open()[where], dtype=self.dtype)
        except (MemoryError, IndexError):
            raise
        except Exception as error:
            raise _undecodable(self.path, error) from error

    def open(self) -> Any:
        """Return the series as a Zarr array."""
        if self._zarr is None:
            import weakref

            import tifffile
            import zarr

            file = tifffile.TiffFile(self.path)
            mode = {"chunkmode": tifffile.CHUNKMODE.PAGE} if self.by_page else {}
            store = file.series[self.index].aszarr(level=0, **mode)
            weakref.finalize(self, _close, store, file)
            self._zarr = zarr.open(store, mode="r")
        return self._zarr

    def __getstate__(self) -> dict[str, Any]:
        """Leave the open file behind."""
        return {**self.__dict__, "_zarr": None}


def _close(store: Any, file: Any) -> None:
    store.close()
    file.close()


def _lazy(path: Path, file: Any, series: Any) -> Any:
    import dask.array

    source = TiffPixels(
        path.resolve(),
        file.series.index(series),
        tuple(series.shape),
        np.dtype(series.dtype).newbyteorder("="),
        by_page=not series.keyframe.is_tiled,
    )
    chunks = source.open().chunks
    stat = path.stat()
    name = f"tiff-{dask.base.tokenize(str(source.path), stat.st_mtime_ns, stat.st_size, source.index)}"
    return dask.array.from_array(
        source, chunks=chunks, name=name, asarray=False, meta=np.empty((0,) * source.ndim, source.dtype)
    )


def _described(file: Any, series: Any, index: int) -> Found:
    axes = series.axes.lower()
    if file.is_ome:
        found = Found(None, axes, axes_known=True)
        _from_ome(found, file.ome_metadata, index)
    elif file.is_imagej:
        found = Found(None, axes, axes_known=True)
        _from_imagej(found, file.imagej_metadata or {}, series)
    else:
        found = Found(None, axes)
        # a list with one entry for each series
        shaped = file.shaped_metadata if file.is_shaped else None
        metadata = shaped[index] if shaped and index < len(shaped) else {}
        if "unit" in metadata:
            _from_imagej(found, metadata, series, missing_depth=False)
        else:
            _from_resolution(found, series.keyframe)
    return found


def _from_ome(found: Found, text: str, index: int) -> None:
    from xml.etree import ElementTree as ET

    try:
        pixels = [image.find("{*}Pixels") for image in ET.fromstring(text).iterfind("{*}Image")]
    except ET.ParseError as error:
        found.notes.append(f"the OME-XML in this file cannot be read ({error}); the pixel size is not known")
        return
    element = pixels[index] if index < len(pixels) else None
    if element is None:
        return
    sizes, units = {}, {}
    for axis in "zyx":
        size = _number(element.get(f"PhysicalSize{axis.upper()}"))
        if size:
            sizes[axis] = size
            units[axis] = unit_name(element.get(f"PhysicalSize{axis.upper()}Unit", "µm"))
    unit = units.get("x", "um")
    if unit in ("pixel", "reference frame"):
        found.spacing = {axis: size for axis, size in sizes.items() if units[axis] == units["x"]}
    elif unit in LENGTHS:
        found.unit = unit
        found.spacing = {
            axis: _tidy(size * unit_factor(units[axis], unit))
            for axis, size in sizes.items()
            if units[axis] in LENGTHS
        }
    elif sizes:
        found.notes.append(f"the pixel size in this file is in {unit!r}, which is no known unit of length")
    interval = _number(element.get("TimeIncrement"))
    interval_unit = unit_name(element.get("TimeIncrementUnit", "s"))
    interval_unit = "us" if interval_unit in ("µs", "μs") else interval_unit
    if interval and interval_unit in TIMES:
        found.interval, found.interval_unit = interval, interval_unit
    names = [channel.get("Name", "") for channel in element.iterfind("{*}Channel")]
    if all(names):
        found.channels = tuple(names)


def _from_imagej(found: Found, metadata: dict[str, Any], series: Any, *, missing_depth: bool = True) -> None:
    unit = unit_name(metadata.get("unit", "pixel"))
    sizes = _pixel_sizes(series.keyframe)
    if unit in LENGTHS and sizes:
        micrometres = max(sizes.values()) * unit_factor(unit, "um")
        if unit in ("in", "cm") and micrometres >= PRINTED:
            found.notes.append(_print_note(1 / sizes["x"], unit))
        else:
            y_unit = unit_name(metadata.get("yunit", unit))
            z_unit = unit_name(metadata.get("zunit", unit))
            depth = _number(metadata.get("spacing"))
            if depth or missing_depth:
                sizes["z"] = abs(depth or 1.0) * unit_factor(z_unit, unit)
            sizes["y"] *= unit_factor(y_unit, unit)
            found.unit, found.spacing = unit, {axis: _tidy(size) for axis, size in sizes.items()}
    elif unit not in LENGTHS and unit != "pixel":
        found.notes.append(f"the pixel size in this file is in {unit!r}, which is no known unit of length")
    interval = _number(metadata.get("finterval"))
    interval_unit = unit_name(metadata.get("tunit", "s"))
    if interval and interval_unit in TIMES:
        found.interval, found.interval_unit = interval, interval_unit
    found.channels = _channels_of_planes(metadata.get("Labels"), series)


def _channels_of_planes(names: Any, series: Any) -> tuple[str, ...]:
    # ImageJ names planes, not channels: they are channel names only where all planes of a channel agree
    axes = series.axes.lower()
    planes = [axis for axis in axes if axis not in "yxs"]
    shape = [n for axis, n in zip(axes, series.shape, strict=True) if axis in planes]
    if not isinstance(names, list) or "c" not in planes or len(names) != int(np.prod(shape)):
        return ()
    by_channel = np.moveaxis(np.array(names).reshape(shape), planes.index("c"), 0).reshape(
        shape[planes.index("c")], -1
    )
    groups = [set(group) for group in by_channel]
    first = tuple(str(next(iter(group))) for group in groups)
    same = all(len(group) == 1 for group in groups)
    return first if same and all(first) and len(set(first)) == len(first) else ()


def _from_resolution(found: Found, page: Any) -> None:
    tag = page.tags.get("ResolutionUnit")
    unit = {2: "in", 3: "cm"}.get(int(tag.value) if tag is not None else 0)
    sizes = _pixel_sizes(page)
    if unit is None or not sizes:
        return
    factor = unit_factor(unit, "um")
    if max(sizes.values()) * factor >= PRINTED:
        found.notes.append(_print_note(1 / sizes["x"], unit))
        return
    found.unit, found.spacing = "um", {axis: _tidy(size * factor) for axis, size in sizes.items()}


def _print_note(resolution: float, unit: str) -> str:
    words = {"in": "inch", "cm": "centimetre"}[unit]
    return f"{resolution:g} pixels per {words} were taken for a print resolution, not for a pixel size"


def _pixel_sizes(page: Any) -> dict[str, float]:
    """Return what the resolution tags say of x and y, or nothing where one of them is missing."""
    x, y = _per_pixel(page, "XResolution"), _per_pixel(page, "YResolution")
    return {"x": x, "y": y} if x and y else {}


def _per_pixel(page: Any, name: str) -> float | None:
    tag = page.tags.get(name)
    try:
        above, below = tag.value
        return below / above if above and below else None
    except (AttributeError, TypeError, ValueError):
        return None


def _number(value: Any) -> float | None:
    # what a program writes for "not known": nothing, 0, nan, or a word
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) and number != 0 else None


def _tidy(size: float) -> float:
    # a quotient of two integers in a tag is not written to more digits than these
    return float(f"{abs(size):.9g}")
