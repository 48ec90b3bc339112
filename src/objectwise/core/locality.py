"""How far an operation looks: what decides whether an image can be worked on in tiles.

Each operation declares one of five localities. `Halo` looks a bounded way around each pixel. `Components`
decides about whole connected pieces from a few facts (size, first pixel, border contact) that add up
over tiles. `Objects` works on each connected piece alone, so that a piece that lies within a tile is worked
on there and a piece that crosses tiles is read in its own box. `Parts` makes a table of what it keeps of
each tile. `Whole` needs the image at once, with the reason why.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from objectwise.core.table import Table


class Locality:
    """One of `Halo`, `Components`, `Objects`, `Parts` and `Whole`."""

    tiles = True

    def why_whole(
        self,
        ndim: int,  # noqa: ARG002
        channels: Sequence[str],  # noqa: ARG002
        values: Mapping[str, Any],  # noqa: ARG002
    ) -> str:
        """Say why it cannot be run in tiles with so many axes, these named images and parameters; empty if it can."""
        return ""

    @property
    def name(self) -> str:
        """The name of this locality, as the design and the docs write it."""
        return type(self).__name__.lower()


@dataclass(frozen=True)
class Halo(Locality):
    """A result that depends on the pixels within a bounded reach.

    Parameters
    ----------
    reach : callable, optional
        ``reach(spacing, **values)`` returns how many pixels the operation looks along each axis; none
        (each pixel for itself) where it is left out.
    """

    reach: Callable[..., tuple[int, ...]] | None = None

    def pixels(self, spacing: tuple[float, ...], values: Mapping[str, Any]) -> tuple[int, ...]:
        """Return the reach in pixels along each axis of a block."""
        if self.reach is None:
            return (0,) * len(spacing)
        return tuple(int(n) for n in self.reach(spacing, **values))


@dataclass(frozen=True)
class Whole(Locality):
    """A result that needs the whole block at once."""

    reason: str
    tiles = False

    def why_whole(self, ndim: int, channels: Sequence[str], values: Mapping[str, Any]) -> str:  # noqa: ARG002
        """Return the reason."""
        return self.reason


@dataclass(frozen=True)
class Parts(Locality):
    """A table that is made of what is kept of each tile, such as the runs of objects and their values.

    Parameters
    ----------
    measure : callable
        ``measure(read, cut, shape, **values)`` makes the table of a block and yields after every tile that it has
        read. ``read`` has, for each input, what reads a box of it, and for named images what reads each of them.
    refuse : callable
        ``refuse(ndim, channels, **values)`` says what of it needs the whole block; empty for nothing.
    """

    measure: Callable[..., Generator[Any, None, Table]]
    refuse: Callable[..., str]

    def why_whole(self, ndim: int, channels: Sequence[str], values: Mapping[str, Any]) -> str:
        """Say what of it needs the whole block."""
        return self.refuse(ndim, channels, **values)


@dataclass
class Facts:
    """What is known of each connected piece; index 0 is what belongs to none.

    Attributes
    ----------
    size : ndarray of int64
        Number of pixels.
    first : ndarray of int64
        Raster index of the first pixel in the whole block.
    faces : ndarray of uint8
        One bit for each face of the block that the piece touches: bit ``2 * axis`` for the low side of an
        axis, the next one for the high side.
    ids : ndarray of the dtype of the block
        What the piece holds in the input; 0 for those of an image.
    lowest, highest : ndarray of int64
        The smallest and the largest mark of its pixels; 0 where the split has marked none.
    """

    size: np.ndarray
    first: np.ndarray
    faces: np.ndarray
    ids: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray

    def order(self) -> np.ndarray:
        """Return 1, 2, 3 ... for the pieces by the raster order of their first pixels, 0 for index 0."""
        number = np.zeros(len(self.first), np.int32)
        number[1 + np.argsort(self.first[1:], kind="stable")] = np.arange(1, len(self.first), dtype=np.int32)
        return number

    @cached_property
    def n(self) -> int:
        """Number of pieces."""
        return len(self.size) - 1


@dataclass
class Pieces:
    """The connected pieces of a block: ``parts`` numbers them 1 .. n, in any order.

    ``joined`` says what makes one piece of two across the border of a tile: that they ``"touch"``, or
    that they have the same ``"id"``, as the pieces of one object of a labels image have. ``marks``, where
    given, is a number, not 0, at the pixels that say something of the piece they lie in. A split that knows its
    pieces in another form than as an image may answer the first two questions below faster.
    """

    parts: np.ndarray
    n: int
    joined: str = "touch"
    marks: np.ndarray | None = None

    def facts(self, block: np.ndarray) -> Facts:
        """Return the facts of the pieces of a whole block."""
        return gather(block, self, (0,) * block.ndim, block.shape)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Return an image that holds, at each pixel, the value of its piece."""
        return values[self.parts]

    def ids_at(self, block: np.ndarray, first: np.ndarray) -> np.ndarray:
        """Return what a block holds at the first pixel of each piece; an image has no ids."""
        if block.size == 0 or block.dtype.kind == "f":
            return np.zeros(self.n + 1, np.int64)
        return block.ravel()[first]

    def extreme_marks(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the smallest and the largest mark of each piece; 0 where there is none."""
        lowest, highest = np.zeros((2, self.n + 1), np.int64)
        if self.marks is not None:
            marked = self.marks != 0
            part, mark = self.parts[marked], self.marks[marked].astype(np.int64)
            lowest[part], highest[part] = np.iinfo(np.int64).max, np.iinfo(np.int64).min
            np.minimum.at(lowest, part, mark)
            np.maximum.at(highest, part, mark)
        return lowest, highest


@dataclass(frozen=True)
class Components(Locality):
    """A decision about each connected piece, from facts that add up over tiles.

    The same two functions serve a whole block and its tiles; an operation of this locality is
    ``return rule.whole(block, **values)``.

    Parameters
    ----------
    split : callable
        ``split(block, **values)`` returns the `Pieces` of a block.
    decide : callable
        ``decide(facts, **values)`` returns what each piece holds in the result, index 0 for what belongs to
        none.
    paint : callable, optional
        ``paint(block, held)`` returns the result from the block and an image of what the pieces hold, where
        that is not the result itself.
    """

    split: Callable[..., Pieces]
    decide: Callable[..., np.ndarray]
    paint: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None

    def whole(self, block: np.ndarray, **values: Any) -> np.ndarray:
        """Return the result for a block that is not cut into tiles."""
        pieces = self.split(block, **values)
        return self.painted(block, pieces, self.decide(pieces.facts(block), **values))

    def painted(self, block: np.ndarray, pieces: Pieces, decided: np.ndarray) -> np.ndarray:
        """Return the result for a block, or a tile of it, whose pieces are decided."""
        held = pieces.spread(decided)
        return held if self.paint is None else self.paint(block, held)


def gather(block: np.ndarray, pieces: Pieces, start: tuple[int, ...], shape: tuple[int, ...]) -> Facts:
    """Return the facts of the pieces of a box that starts at a pixel of a block of this shape.

    Notes
    -----
    Linear in the number of pixels; all but the first pass look only at the pixels where a run of equal
    neighbours along the last axis begins.
    """
    parts, n = pieces.parts, pieces.n
    flat = parts.ravel()
    begins = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    begins = np.concatenate([np.zeros(min(flat.size, 1), begins.dtype), begins])
    part = flat[begins]
    size = np.bincount(part, np.diff(begins, append=flat.size), minlength=n + 1).astype(np.int64)
    first_here = np.zeros(n + 1, np.int64)
    # the last assignment of a repeated index stays, so the reversed order leaves the first pixel
    first_here[part[::-1]] = begins[::-1]
    ids = pieces.ids_at(block, first_here)
    first = first_here
    if parts.shape != tuple(shape):
        pixel = np.unravel_index(first_here, parts.shape)
        first = np.ravel_multi_index(tuple(p + s for p, s in zip(pixel, start, strict=True)), shape)
    faces = np.zeros(n + 1, np.uint8)
    for axis in range(parts.ndim):
        for side, edge in ((0, 0), (1, shape[axis] - 1)):
            here = edge - start[axis]
            if 0 <= here < parts.shape[axis]:
                faces[np.unique(np.take(parts, here, axis=axis))] |= np.uint8(1 << (2 * axis + side))
    return Facts(size, first.astype(np.int64), faces, ids, *pieces.extreme_marks())


@dataclass(frozen=True)
class Objects(Locality):
    """A result that each connected piece of a mask has for itself, whatever lies around it.

    The function is called on a block with any number of pieces and must treat each as if it were alone;
    tiling calls it on the pieces within one tile together, and on a piece that crosses tiles in its own
    box, with all other pieces left out of the mask.

    Parameters
    ----------
    domain : str
        The input that holds the mask; or labels, which keep their ids where they are not left out. Where it
        is optional and not given, the whole block is one piece.
    split : callable
        ``split(mask, **values)`` returns the `Pieces` of the mask.
    budget : int
        Largest number of pixels in the box of one piece; a larger one is refused.
    """

    domain: str
    split: Callable[..., Pieces]
    budget: int = field(default=1 << 27)
