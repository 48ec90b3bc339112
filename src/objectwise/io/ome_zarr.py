"""OME-Zarr in: an image of any version from 0.1 to 0.5, read chunk by chunk, and the fields of a plate.

What is read is the level of full resolution. The metadata name its axes and give its pixel size, as a scale of the
level and one of all levels together; a translation is the position of the stage, which is not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from objectwise.core.grid import LENGTHS, TIMES, unit_name
from objectwise.io.files import Found, ImageFileError, stem


def is_zarr(path: Path) -> bool:
    """Tell whether a folder is a Zarr group or array."""
    return path.is_dir() and any(
        (path / name).is_file() for name in (".zgroup", ".zattrs", ".zarray", "zarr.json")
    )


def fields_of(path: Path) -> Iterator[tuple[str, Path, dict[str, str]]]:
    """Give the name, the folder and the place of every image in an OME-Zarr folder: one, or the fields of a plate.

    Raises
    ------
    ImageFileError
        If its metadata cannot be read, or name a folder outside of it.
    """
    said = _attributes(path)
    name = stem(path)
    if "plate" in said:
        for well in said["plate"].get("wells", ()):
            inside = _inside(path, str(well["path"]))
            title = "".join(Path(str(well["path"])).parts)
            for item in _attributes(inside).get("well", {}).get("images", ()):
                number = str(item["path"])
                known = {"plate": name, "well": title, "field": number}
                yield f"{name}_{title}_{number}", _inside(inside, number), known
    elif "bioformats2raw.layout" in said:
        numbers = sorted((item.name for item in path.iterdir() if item.name.isdecimal()), key=int)
        for number in numbers:
            known = {"position": number} if len(numbers) > 1 else {}
            yield f"{name}_{number}" if len(numbers) > 1 else name, path / number, known
    else:
        yield name, path, {}


def read_zarr(path: Path, *, lazy: bool) -> Found:
    """Return the image in an OME-Zarr folder, and what it says about itself."""
    import dask.array as da
    import numpy as np
    import zarr

    said = _attributes(path)
    try:
        if "multiscales" not in said:
            found = (
                "a plate, whose images are named by PLATE/WELL/FIELD"
                if "plate" in said
                else "no image of OME-Zarr"
            )
            raise ImageFileError(f"{path.name}: {found}")
        scales = said["multiscales"][0]
        level = scales["datasets"][0]
        array = zarr.open_array(str(_inside(path, str(level["path"]))), mode="r")
        axes = scales.get("axes") or list("tczyx"[-array.ndim :])
        axes = [item if isinstance(item, Mapping) else {"name": item} for item in axes]
        letters = "".join(str(item["name"])[0].lower() for item in axes)
        if len(letters) != array.ndim:
            raise ImageFileError(f"{path.name}: {len(letters)} axes are named for an array of {array.ndim}")
        steps = [1.0] * array.ndim
        for transformations in (level, scales):
            for item in transformations.get("coordinateTransformations", ()):
                if item.get("type") == "scale":
                    steps = [step * float(factor) for step, factor in zip(steps, item["scale"], strict=True)]
        units = {
            letter: unit_name(str(item.get("unit", ""))) for letter, item in zip(letters, axes, strict=True)
        }
        channels = said.get("omero", {}).get("channels", ())
        if array.dtype.kind not in "buif":
            raise ImageFileError(f"{path.name}: pixels of type {array.dtype} cannot be worked on")
        image = Found(
            da.from_array(array, chunks=array.chunks, name=False) if lazy else np.asarray(array[...]),
            letters,
            True,
            channels=tuple(str(item.get("label", number)) for number, item in enumerate(channels)),
        )
    except ImageFileError:
        raise
    except Exception as error:
        # damaged metadata reach any line of this, and of zarr
        raise ImageFileError(
            f"{path.name}: damaged, or an OME-Zarr of a kind that cannot be read ({' '.join(str(error).split())})"
        ) from error
    by_axis = dict(zip(letters, steps, strict=True))
    if units.get("x") in LENGTHS:
        image.unit = units["x"]
        image.spacing = {axis: by_axis[axis] for axis in "zyx" if units.get(axis) == image.unit}
    if units.get("t") in TIMES:
        image.interval, image.interval_unit = by_axis["t"], units["t"]
    return image


def _attributes(path: Path) -> dict[str, Any]:
    """Return the metadata of a group; those of version 0.5 lie one level deeper."""
    for name in ("zarr.json", ".zattrs"):
        if (path / name).is_file():
            try:
                data = json.loads((path / name).read_text(encoding="utf-8"))
                if name == "zarr.json":
                    data = data.get("attributes", {})
                return {**data, **data.get("ome", {})}
            except (ValueError, AttributeError, TypeError) as error:
                raise ImageFileError(
                    f"{path.name}: the metadata in {name} cannot be read ({error})"
                ) from error
    return {}


def _inside(folder: Path, name: str) -> Path:
    """Return a folder within another; metadata from elsewhere may name anything."""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ImageFileError(f"{folder.name}: names {name}, which lies outside of it")
    return folder / name
