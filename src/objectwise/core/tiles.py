"""Run one operation on one block that is cut into tiles, with the result it has untiled.

A block is read through ``read[name](box)`` and written through a `Target`, so that neither the inputs nor
the result need fit in memory. The generators yield after every tile that they have read or
written; each input pixel is read once for `Halo` (apart from the halo), twice for `Components` (facts first,
then the result), and for `Objects` twice plus the boxes of pieces that cross tiles. `Parts` reads each input once, one
after the other, and returns a table.

Joining across tiles: every tile is read with one extra row, column or plane of its neighbours beyond its
high end. Two pieces that meet on such shared pixels are one piece. That covers diagonal contact too,
because the shared corner pixel belongs to the reading tile's own neighbourhood.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Protocol

import numpy as np

from objectwise.core.locality import (
    Components,
    Facts,
    Halo,
    Objects,
    Parts,
    Pieces,
    gather,
)
from objectwise.core.operation import Operation
from objectwise.core.table import Table

Box = tuple[slice, ...]
Read = Mapping[str, Callable[[Box], np.ndarray]]


class Target(Protocol):
    """Where the result of a block goes; it can be read again."""

    def write(self, box: Box, result: np.ndarray) -> None:
        """Store the result of one box."""

    def read(self, box: Box) -> np.ndarray:
        """Return what has been stored."""


def boxes(shape: Sequence[int], tile: Sequence[int]) -> list[Box]:
    """Return the boxes that cut a block into tiles, in raster order.

    Examples
    --------
    >>> boxes((5, 4), (3, 4))
    [(slice(0, 3, None), slice(0, 4, None)), (slice(3, 5, None), slice(0, 4, None))]
    """
    steps = [
        [slice(start, min(start + step, size)) for start in range(0, size, step)]
        for size, step in zip(shape, tile, strict=True)
    ]
    return list(product(*steps))


def grow(box: Box, low: Sequence[int], high: Sequence[int], shape: Sequence[int]) -> tuple[Box, Box]:
    """Return a box made larger within a block, and where the old box lies in the new one."""
    outer = tuple(
        slice(max(0, part.start - before), min(size, part.stop + after))
        for part, before, after, size in zip(box, low, high, shape, strict=True)
    )
    inner = tuple(
        slice(part.start - out.start, part.stop - out.start) for part, out in zip(box, outer, strict=True)
    )
    return outer, inner


def run_tiles(
    operation: Operation,
    call: Callable[..., np.ndarray],
    read: Read,
    target: Target,
    values: Mapping[str, Any],
    given: Mapping[str, Any],
    shape: tuple[int, ...],
    spacing: tuple[float, ...],
    tile: Sequence[int],
) -> Generator[Box, None, Table | None]:
    """Run an operation on one block, tile by tile.

    Parameters
    ----------
    operation : Operation
        Its locality says how.
    call : callable
        The function of the operation, or one that does the same.
    read : mapping of callables
        ``read[name](box)`` returns a box of an input.
    target : Target
        Where the result goes.
    values, given : mapping
        The parameters, and what the function asks for by name.
    shape, spacing : tuple
        Shape and pixel size of the block.
    tile : sequence of int
        Shape of a tile.

    Yields
    ------
    tuple of slice
        The box that has just been read or written.

    Returns
    -------
    Table or None
        What an operation of the locality `Parts` makes; all others write to the target.

    Raises
    ------
    ValueError
        If one object is larger than the budget of the operation.
    """
    locality = operation.locality
    cut = boxes(shape, tile)
    arguments = {**values, **given}
    if isinstance(locality, Halo):
        yield from _halo(call, read, target, arguments, locality.pixels(spacing, values), shape, cut)
    elif isinstance(locality, Components):
        yield from _components(locality, read[operation.inputs[0].name], target, arguments, shape, cut)
    elif isinstance(locality, Objects):
        yield from _objects(operation, locality, call, read, target, arguments, shape, cut)
    elif isinstance(locality, Parts):
        return (yield from locality.measure(read, cut, shape, **arguments))
    return None


def _halo(
    call: Callable[..., np.ndarray],
    read: Read,
    target: Target,
    arguments: Mapping[str, Any],
    reach: tuple[int, ...],
    shape: tuple[int, ...],
    cut: list[Box],
) -> Iterator[Box]:
    for box in cut:
        outer, inner = grow(box, reach, reach, shape)
        if "start" in arguments:
            arguments = {**arguments, "start": tuple(part.start for part in outer)}
        result = call(**{name: get(outer) for name, get in read.items()}, **arguments)
        # channels, where the result has them, stand before the axes of space
        of_tile: Any = (..., *inner)
        target.write(box, result[of_tile])
        yield box


class Union:
    """A forest of numbers that are joined into sets, each set known by its smallest number."""

    def __init__(self, n: int) -> None:
        self.parent = np.arange(n)

    def root(self, item: int) -> int:
        """Return the smallest number of the set."""
        parent = self.parent
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return int(item)

    def join(self, pairs: np.ndarray) -> None:
        """Join the two numbers of every row."""
        for first, second in pairs.tolist():
            first, second = self.root(first), self.root(second)
            self.parent[max(first, second)] = min(first, second)

    def roots(self) -> np.ndarray:
        """Return the root of every number."""
        parent = self.parent
        while True:
            above = parent[parent]
            if np.array_equal(above, parent):
                return parent
            parent = self.parent = above


class _Joined:
    """The pieces of all tiles, joined: ``whole[offset[tile] + part]`` numbers the piece of a tile's part."""

    def __init__(self, offsets: list[int], whole: np.ndarray, facts: Facts, corners: np.ndarray) -> None:
        self.offsets, self.whole, self.facts, self.corners = offsets, whole, facts, corners

    def of_tile(self, tile: int, n: int) -> np.ndarray:
        """Return the number of the joined piece for each part of a tile, 0 for 0."""
        return np.concatenate([[0], self.whole[self.offsets[tile] + np.arange(n)]])


def _join(
    split: Callable[..., Pieces],
    read: Callable[[Box], np.ndarray],
    arguments: Mapping[str, Any],
    shape: tuple[int, ...],
    cut: list[Box],
    found: list[_Joined],
) -> Iterator[Box]:
    """Find the pieces of every tile and join them; the answer is appended to ``found``."""
    ndim = len(shape)
    offsets: list[int] = []
    gathered: list[Facts] = []
    corners: list[np.ndarray] = []
    shared_pixels: list[np.ndarray] = []
    shared_parts: list[np.ndarray] = []
    total = 0
    joined = "touch"
    for box in cut:
        outer, inner = grow(box, (0,) * ndim, (1,) * ndim, shape)
        block = read(outer)
        pieces = split(block, **arguments)
        joined = pieces.joined
        own = Pieces(np.ascontiguousarray(pieces.parts[inner]), pieces.n)
        start = tuple(part.start for part in box)
        facts = gather(np.ascontiguousarray(block[inner]), own, start, shape)
        # a mark may come from a pixel beside it, which only one of two tiles has; one seen twice does no harm
        facts.lowest, facts.highest = pieces.extreme_marks()
        gathered.append(facts)
        corners.append(_corners(own, start))
        offsets.append(total)
        if joined == "touch":
            shared = np.zeros(pieces.parts.shape, bool)
            for axis, (out, part) in enumerate(zip(outer, box, strict=True)):
                planes = np.moveaxis(shared, axis, 0)
                planes[: int(part.start > 0)] = True
                planes[part.stop - out.start :] = True
            where = np.flatnonzero(shared & (pieces.parts > 0))
            position = np.unravel_index(where, pieces.parts.shape)
            absolute = np.ravel_multi_index(
                tuple(p + out.start for p, out in zip(position, outer, strict=True)), shape
            )
            shared_pixels.append(absolute)
            shared_parts.append(pieces.parts.ravel()[where].astype(np.int64) - 1 + total)
        total += pieces.n
        yield box
    union = Union(total)
    columns = [
        np.concatenate([getattr(item, name)[1:] for item in gathered])
        for name in ("size", "first", "faces", "ids", "lowest", "highest")
    ]
    low_high = np.concatenate(corners) if corners else np.zeros((0, 2, ndim), np.int64)
    if joined == "touch":
        pixels, parts = np.concatenate(shared_pixels), np.concatenate(shared_parts)
        order = np.argsort(pixels, kind="stable")
        pixels, parts = pixels[order], parts[order]
        same = pixels[1:] == pixels[:-1]
        pairs = np.stack([parts[:-1][same], parts[1:][same]], axis=1)
        union.join(np.unique(pairs, axis=0))
        roots = union.roots()
    else:
        _, roots = np.unique(columns[3], return_inverse=True)
        roots = roots.reshape(-1)
    # a part that lies only in the shared rim of a tile has no pixel of its own there
    _, whole = np.unique(roots, return_inverse=True)
    whole = whole.reshape(-1)
    n = int(whole.max()) + 1 if whole.size else 0
    size, first, faces, ids, lowest, highest = columns
    owned = size > 0
    merged = Facts(
        np.zeros(n + 1, np.int64),
        np.full(n + 1, np.iinfo(np.int64).max),
        np.zeros(n + 1, np.uint8),
        np.zeros(n + 1, ids.dtype),
        *np.zeros((2, n + 1), np.int64),
    )
    np.add.at(merged.size, whole + 1, size)
    np.minimum.at(merged.first, whole[owned] + 1, first[owned])
    np.bitwise_or.at(merged.faces, whole[owned] + 1, faces[owned])
    merged.ids[whole[owned] + 1] = ids[owned]
    for extreme, marks, better in (
        (merged.lowest, lowest, np.minimum),
        (merged.highest, highest, np.maximum),
    ):
        marked = marks != 0
        extreme[whole[marked] + 1] = marks[marked]
        better.at(extreme, whole[marked] + 1, marks[marked])
    extent = np.empty((n + 1, 2, ndim), np.int64)
    extent[:, 0], extent[:, 1] = np.iinfo(np.int64).max, -1
    np.minimum.at(extent[:, 0], whole[owned] + 1, low_high[owned, 0])
    np.maximum.at(extent[:, 1], whole[owned] + 1, low_high[owned, 1])
    found.append(_Joined(offsets, whole + 1, merged, extent))


def _corners(pieces: Pieces, start: tuple[int, ...]) -> np.ndarray:
    """Return the lowest and highest pixel of each part along each axis, (n, 2, ndim)."""
    from scipy import ndimage

    corners = np.full((pieces.n, 2, pieces.parts.ndim), -1, np.int64)
    for number, box in enumerate(ndimage.find_objects(pieces.parts.astype(np.int32, copy=False), pieces.n)):
        if box is not None:
            corners[number, 0] = [part.start + s for part, s in zip(box, start, strict=True)]
            corners[number, 1] = [part.stop - 1 + s for part, s in zip(box, start, strict=True)]
    return corners


def _components(
    rule: Components,
    read: Callable[[Box], np.ndarray],
    target: Target,
    arguments: Mapping[str, Any],
    shape: tuple[int, ...],
    cut: list[Box],
) -> Iterator[Box]:
    found: list[_Joined] = []
    yield from _join(rule.split, read, arguments, shape, cut, found)
    joined = found[0]
    decided = rule.decide(joined.facts, **arguments)
    ndim = len(shape)
    for number, box in enumerate(cut):
        # read as for the facts, so that the parts have the same numbers
        outer, inner = grow(box, (0,) * ndim, (1,) * ndim, shape)
        block = read(outer)
        pieces = rule.split(block, **arguments)
        here = decided[joined.of_tile(number, pieces.n)]
        target.write(box, rule.painted(block, pieces, here)[inner])
        yield box


def _objects(
    operation: Operation,
    locality: Objects,
    call: Callable[..., np.ndarray],
    read: Read,
    target: Target,
    arguments: Mapping[str, Any],
    shape: tuple[int, ...],
    cut: list[Box],
) -> Iterator[Box]:
    ndim = len(shape)

    def domain(box: Box) -> np.ndarray:
        if locality.domain in read:
            return read[locality.domain](box)
        return np.ones(tuple(part.stop - part.start for part in box), bool)

    found: list[_Joined] = []
    yield from _join(locality.split, domain, arguments, shape, cut, found)
    joined = found[0]
    low, high = joined.corners[:, 0], joined.corners[:, 1]
    tile_of_low = _tile_index(low, cut, shape)
    crossing = np.flatnonzero(tile_of_low != _tile_index(high, cut, shape))
    # a part that lies only in the shared rim of a tile may stand for no piece at all
    crossing = crossing[joined.facts.size[crossing] > 0]
    for piece in crossing:
        volume = int(np.prod(high[piece] - low[piece] + 1))
        if volume > locality.budget:
            raise ValueError(
                f"{operation.name} works on each object at once, and one spans {volume} pixels, above the "
                f"{locality.budget} that are allowed; separate it first or raise the threshold"
            )
    results = _Numbered() if operation.creates_ids else None

    def work(outer: Box, inside: np.ndarray) -> np.ndarray:
        arrays = {name: get(outer) for name, get in read.items()}
        given = arrays.get(locality.domain)
        if given is not None and given.dtype != bool:
            inside = np.where(inside, given, 0)
        arrays[locality.domain] = inside
        return call(**arrays, **arguments)

    # pieces within one tile, all together; one pixel around them is read, as their surroundings count
    for number, box in enumerate(cut):
        outer, inner = grow(box, (0,) * ndim, (1,) * ndim, shape)
        mask = domain(outer)
        pieces = locality.split(mask, **arguments)
        whole = joined.of_tile(number, pieces.n)
        stays = ~np.isin(whole, crossing) & (whole > 0)
        wide, middle = grow(box, (1,) * ndim, (1,) * ndim, shape)
        inside = np.zeros(tuple(part.stop - part.start for part in wide), bool)
        inside[middle] = stays[pieces.parts[inner]]
        result = work(wide, inside)[middle]
        if results is not None:
            result = results.add(result, tuple(part.start for part in box), shape)
        target.write(box, result)
        yield box
    # pieces that cross tiles, each in its own box
    for piece in crossing:
        box = tuple(slice(int(a), int(b) + 1) for a, b in zip(low[piece], high[piece], strict=True))
        wide, middle = grow(box, (1,) * ndim, (1,) * ndim, shape)
        mask = domain(wide)
        pieces = locality.split(mask, **arguments)
        # the pieces of this box: that of the joined piece's first pixel
        pixel = np.unravel_index(int(joined.facts.first[piece]), shape)
        here = pieces.parts[tuple(int(p) - part.start for p, part in zip(pixel, wide, strict=True))]
        inside = pieces.parts == here
        result = work(wide, inside)[middle]
        if results is not None:
            result = results.add(result, tuple(part.start for part in box), shape)
        target.write(box, np.where(inside[middle], result, target.read(box)))
        yield box
    if results is not None:
        final = results.numbers()
        for box in cut:
            target.write(box, final[target.read(box)])
            yield box


class _Numbered:
    """Gives new objects provisional ids, and at last those of the raster order of their first pixels."""

    def __init__(self) -> None:
        self.first: list[np.ndarray] = []
        self.n = 0

    def add(self, labels: np.ndarray, start: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
        """Return the labels of a box with ids that no other box has."""
        n = int(labels.max(initial=0))
        if n == 0:
            return labels
        facts = gather(labels, Pieces(labels, n), start, shape)
        self.first.append(np.where(facts.size > 0, facts.first, np.iinfo(np.int64).max)[1:])
        labels = np.where(labels > 0, labels + self.n, 0).astype(np.int32)
        self.n += n
        return labels

    def numbers(self) -> np.ndarray:
        """Return the final id for each provisional one."""
        first = np.concatenate([[-1], *self.first]).astype(np.int64)
        number = np.zeros(len(first), np.int32)
        number[np.argsort(first, kind="stable")] = np.arange(len(first), dtype=np.int32)
        return number


def _tile_index(pixel: np.ndarray, cut: list[Box], shape: tuple[int, ...]) -> np.ndarray:
    """Return the number of the tile that holds each pixel of an (n, ndim) array."""
    index = np.zeros(len(pixel), np.int64)
    for axis in range(len(shape)):
        starts = np.unique([box[axis].start for box in cut])
        index = index * len(starts) + np.searchsorted(starts, pixel[:, axis], side="right")
    return index
