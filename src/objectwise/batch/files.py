"""The files of one input of one image: opened as one array, and known again by what is in them.

A microscope that writes a file for each channel, or each frame, has written one image; so an input is a stack of
files more often than a file. Whether files have changed is told by their sizes and times, which costs nothing, and
only where these differ by what they hold: a copied or renamed folder is the same work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from math import prod
from pathlib import Path
from typing import Any

from objectwise.core.grid import Grid
from objectwise.core.results import Result
from objectwise.io.opening import Reading, open_input


@dataclass(frozen=True)
class Files:
    """The files of one input of one image.

    Parameters
    ----------
    paths : tuple of str
        One, or as many as `sizes` say, the last axis fastest.
    axes : str, optional
        The axes that the files are stacked along: some of ``t c z``.
    sizes : tuple of int, optional
        How many there are along each.
    channels : tuple of str, optional
        Names of the files along ``c``.
    channel : str, optional
        The one channel that is wanted, by its name or its number from 0.
    """

    paths: tuple[str, ...]
    axes: str = ""
    sizes: tuple[int, ...] = ()
    channels: tuple[str, ...] = ()
    channel: str | None = None

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Files:
        """Return what `dataclasses.asdict` and JSON have made of it."""
        listed: dict[str, Any] = {
            key: tuple(item) if isinstance(item, list) else item for key, item in data.items()
        }
        return cls(**listed)

    def __str__(self) -> str:
        """Return it as a person names it."""
        more = f" and {len(self.paths) - 1} more" if len(self.paths) > 1 else ""
        return self.paths[0] + more + (f"[{self.channel}]" if self.channel is not None else "")

    @property
    def size(self) -> int:
        """Bytes on the disk; what is not there has none."""
        return sum(item.stat().st_size for item in _parts(self.paths) if item.exists())

    def same_place(self, other: Files) -> bool:
        """Tell whether these are files of the same names in the same folders."""
        return [Path(path).resolve() for path in self.paths] == [
            Path(path).resolve() for path in other.paths
        ] and self.channel == other.channel

    def fingerprint(self) -> str:
        """Return what tells cheaply that files have changed; empty where one is missing."""
        digest = blake2b(digest_size=16)
        try:
            for item in _parts(self.paths):
                found = item.stat()
                digest.update(f"{found.st_size} {found.st_mtime_ns};".encode())
        except OSError:
            return ""
        return digest.hexdigest()


def content_hash(paths: Sequence[str | Path]) -> str:
    """Return a hash of what files hold, in their order; of a folder, of all files in it by their names.

    Raises
    ------
    OSError
        If one of them cannot be read.
    """
    digest = blake2b(digest_size=16)
    for path in paths:
        for item in _parts([path]):
            name = item.relative_to(path).as_posix() if item != Path(path) else ""
            digest.update(f"{name} {item.stat().st_size};".encode())
            with item.open("rb") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
    return digest.hexdigest()


def _parts(paths: Sequence[str | Path]) -> list[Path]:
    found: list[Path] = []
    for path in map(Path, paths):
        found += sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
    return found


def open_files(
    files: Files, kind: str | None = None, reading: Reading | None = None
) -> tuple[Result, tuple[str, ...]]:
    """Open the files of an input as one array, without reading its pixels where that can be.

    Returns
    -------
    result : Result
        Array, grid and kind.
    notes : tuple of str
        What a person should know about how the files were understood.

    Raises
    ------
    ValueError
        If a file is missing, damaged or no image, if they do not fit each other, or have no such channel.
    """
    reading = reading or Reading()
    if not files.axes:
        result, notes = open_input(files.paths[0], kind, reading)
    else:
        result, notes = _stacked(files, kind, reading)
    if files.channel is not None:
        result = replace(result, **_channel(files, result))
    return result, notes


def _stacked(files: Files, kind: str | None, reading: Reading) -> tuple[Result, tuple[str, ...]]:
    import dask.array as da

    spacing = reading.spacing
    deep = "z" in files.axes and isinstance(spacing, tuple) and len(spacing) == 3
    if deep:
        # the distance between the files of a stack is said of the stack, not of a file
        reading = replace(reading, spacing=spacing[1:])  # type: ignore[index]
    opened = [open_input(path, kind, reading) for path in files.paths]
    first = opened[0][0]
    for path, (other, _) in zip(files.paths, opened, strict=True):
        if other.grid != first.grid or other.array.shape != first.array.shape:
            raise ValueError(
                f"{Path(path).name} does not fit {Path(files.paths[0]).name}, with which it makes one image: "
                f"{other.grid.describe(other.array.shape)}, and {first.grid.describe(first.array.shape)}"
            )
    if own := set(files.axes) & set(first.grid.axes):
        raise ValueError(
            f"{Path(files.paths[0]).name} has the axis {min(own)} itself; it is no part of a stack"
        )
    array = da.stack([item.array for item, _ in opened]).reshape((*files.sizes, *first.array.shape))
    notes = opened[0][1]
    grid = first.grid
    sizes, unit = grid.spacing, grid.unit
    if "z" in files.axes:
        sizes, unit = (spacing, unit) if deep else ((), "pixel")  # type: ignore[assignment]
        if not deep and grid.calibrated:
            notes += ("the distance between the planes is not known; give spacing= with three numbers",)
    whole = Grid(
        files.axes + grid.axes,
        sizes,
        unit,
        interval=grid.interval,
        interval_unit=grid.interval_unit,
        channels=files.channels if "c" in files.axes else grid.channels,
    )
    return Result(array, whole, first.kind), notes


def _channel(files: Files, result: Result) -> dict[str, Any]:
    name, wanted = Path(files.paths[0]).name, str(files.channel)
    if "c" not in result.grid.axes:
        raise ValueError(f"{name} has no channels; found [{wanted}]")
    n, names = result.grid.size("c", result.array.shape), result.grid.channels
    if wanted in names:
        number = names.index(wanted)
    elif wanted.isdigit() and int(wanted) < n:
        number = int(wanted)
    else:
        known = ", ".join(names) or f"0 to {n - 1}"
        raise ValueError(f"{name} has no channel {wanted!r}; it has {known}")
    where = tuple(number if axis == "c" else slice(None) for axis in result.grid.axes)
    return {"array": result.array[where], "grid": result.grid.without("c")}


def stacked(places: Mapping[tuple[str, ...], str], axes: str, title: str) -> Files:
    """Return files as a stack, by where each of them lies along the axes.

    Raises
    ------
    ValueError
        If there is not one file for each place.
    """
    from objectwise.batch.names import natural

    along = [sorted({place[n] for place in places}, key=natural) for n in range(len(axes))]
    if prod(map(len, along)) != len(places):
        words = {"c": "channel", "z": "plane", "t": "frame"}
        counts = " and ".join(f"{len(item)} {words[axis]}s" for axis, item in zip(axes, along, strict=True))
        raise ValueError(f"{title}: {len(places)} files are not one for each of {counts}; some are missing")
    kept = [n for n in range(len(axes)) if len(along[n]) > 1]
    ordered = sorted(places, key=lambda place: [natural(place[n]) for n in range(len(axes))])
    channels = tuple(along[axes.index("c")]) if "c" in axes and axes.index("c") in kept else ()
    return Files(
        tuple(places[place] for place in ordered),
        "".join(axes[n] for n in kept),
        tuple(len(along[n]) for n in kept),
        channels,
    )
