"""Numbers of a whole image that are the same under any tiling.

An automatic threshold or the centres of clusters depend on all pixels of a plane, a frame or a series. Such
a number is a parameter that was left out: it is computed from parts that merge exactly (counts, extrema, a
histogram, or a sample keyed by the position of each pixel), so that a preview, a tile and the final run
agree to the pixel. The three moves are ``collect`` (one block, or one tile), ``merge`` (two parts) and
``finish`` (the value). ``refine`` asks for another pass where the next part needs what the first one found,
as a histogram of floats needs their range.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

N_BINS = 65536


@dataclass(frozen=True)
class Place:
    """Where a piece of an image lies: in which frame, and at which pixel of which whole."""

    frame: int
    start: tuple[int, ...]
    shape: tuple[int, ...]


class Statistic:
    """How a parameter that was left out is computed; see `Histogram` and `Sample`."""

    source: str

    @property
    def passes(self) -> Any:
        """What the passes over an image depend on: statistics in which it is equal share them."""
        return self

    def collect(self, piece: np.ndarray, place: Place, known: Any) -> Any:
        """Return what one piece of the image contributes."""
        raise TypeError(f"{type(self).__name__} collects nothing")

    def merge(self, first: Any, second: Any) -> Any:
        """Return what two pieces contribute together, the same in any order."""
        raise TypeError(f"{type(self).__name__} merges nothing")

    def refine(self, part: Any, known: Any) -> Any:
        """Return what a further pass needs to know, or None when no pass is needed."""
        return None

    def finish(self, part: Any, values: Mapping[str, Any]) -> Any:
        """Return the value of the parameter."""
        raise TypeError(f"{type(self).__name__} finishes nothing")

    def compute(self, gather: Callable[[Any], Any], values: Mapping[str, Any]) -> Any:
        """Return the value of the parameter, passing over the image as often as needed.

        Parameters
        ----------
        gather : callable
            ``gather(known)`` passes once over the image and returns what all pieces contribute together.
        values : mapping
            The parameters of the step.
        """
        known = None
        while True:
            part = gather(known)
            known = self.refine(part, known)
            if known is None:
                return self.finish(part, values)

    def of_block(self, block: np.ndarray, ndim: int | None = None, /, **values: Any) -> Any:
        """Return what a plain call of an operation is given: the value for a single block.

        ``ndim`` is the number of spatial axes, where channels stand before them.
        """
        shape = block.shape[-(ndim or block.ndim) :]
        place = Place(0, (0,) * len(shape), shape)
        return self.compute(lambda known: self.collect(block, place, known), values)


def _call(function: Callable[..., Any], arguments: tuple[Any, ...], values: Mapping[str, Any]) -> Any:
    """Call a function with those of the step's values that it names."""
    names = inspect.signature(function).parameters
    return function(*arguments, **{name: values[name] for name in names if name in values})


@dataclass(frozen=True)
class Range:
    """Smallest and largest finite value, and whether all values are whole numbers of an integer dtype."""

    low: float
    high: float
    integer: bool

    @property
    def one_by_one(self) -> bool:
        """Whether every value has a bin of its own."""
        return self.integer and self.high - self.low < N_BINS


@dataclass(frozen=True)
class Counts:
    """A histogram: ``counts[i]`` pixels have the value ``values[i]`` (the centre of a bin)."""

    counts: np.ndarray
    low: float
    step: float

    @property
    def values(self) -> np.ndarray:
        """The value of each bin."""
        return self.low + self.step * np.arange(len(self.counts))


class Histogram(Statistic):
    """A value computed from the histogram of an image.

    8- and 16-bit images are counted as they are. Wider integers and floats take a first pass for their
    range: integers that span at most 65,536 values are then counted as they are too, anything else in
    65,536 equal bins. NaN and infinite pixels are left out.

    Parameters
    ----------
    function : callable
        ``function(counts, values, **parameters)`` returns the value; it is given those parameters of the
        step that it names. ``counts`` and ``values`` hold only bins between the extremes.
    source : str
        The input whose pixels are counted.
    """

    def __init__(self, function: Callable[..., Any], source: str = "image") -> None:
        self.function = function
        self.source = source

    @property
    def passes(self) -> Any:
        """The passes over the image are the same whatever is found in the counts."""
        return Histogram, self.source

    def collect(self, piece: np.ndarray, place: Place, known: Range | None) -> Range | Counts:
        """Return the counts of one piece, or its range where that has to be known first."""
        from objectwise.kernels.counting import count_bins, count_levels, extremes

        if piece.dtype == bool:
            piece = piece.view(np.uint8)
        kind = piece.dtype
        integer = kind.kind in "iu"
        if known is None and kind.itemsize <= 2 and integer:
            return Counts(count_levels(piece), float(np.iinfo(kind).min), 1.0)
        if known is None:
            return Range(*extremes(piece), integer)
        first, step, size = _bins(known)
        if known.one_by_one:
            return Counts(count_levels((piece - kind.type(first)).astype(np.uint16))[:size], first, step)
        return Counts(count_bins(piece, known.low, known.high, size), first, step)

    def merge(self, first: Range | Counts, second: Range | Counts) -> Range | Counts:
        """Add counts, or widen a range."""
        if isinstance(first, Range) and isinstance(second, Range):
            return Range(min(first.low, second.low), max(first.high, second.high), first.integer)
        if isinstance(first, Counts) and isinstance(second, Counts):
            return Counts(first.counts + second.counts, first.low, first.step)
        raise TypeError("a range and a histogram cannot be merged")

    def refine(self, part: Range | Counts, known: Range | None) -> Range | None:
        """Ask for the counts once the range is known."""
        return part if isinstance(part, Range) and part.low < part.high else None

    def finish(self, part: Range | Counts, values: Mapping[str, Any]) -> Any:
        """Return the value that the function finds in the histogram."""
        if isinstance(part, Range):
            empty = part.low > part.high
            counts, levels = (
                (np.zeros(0), np.zeros(0)) if empty else (np.ones(1), np.array([float(part.low)]))
            )
        else:
            used = np.flatnonzero(part.counts)
            span = slice(used[0], used[-1] + 1) if used.size else slice(0, 0)
            counts, levels = part.counts[span], part.values[span]
        return _call(self.function, (counts, levels), values)


def _bins(known: Range) -> tuple[float, float, int]:
    """Return the value of the first bin, the step between bins, and their number."""
    if known.one_by_one:
        return known.low, 1.0, int(known.high - known.low) + 1
    step = (known.high - known.low) / N_BINS
    return known.low + step / 2, step, N_BINS


@dataclass(frozen=True)
class Drawn:
    """Pixels of a sample: keys, raster indices over frames and values, and whether all pixels were looked at."""

    keys: np.ndarray
    positions: np.ndarray
    values: np.ndarray
    all_seen: bool


class Sample(Statistic):
    """A value computed from a sample of pixels, each with all its channels.

    Every pixel has a fixed random key that depends only on where the pixel lies; the sample is the pixels with the
    smallest keys. So any tiling draws the same sample, and an image with fewer pixels than the sample is used
    whole. Pixels that are NaN or infinite in any channel are left out. A first pass looks at keys below a bound
    that leaves enough of them, far beyond chance; where many pixels are left out, a second one looks at all.

    Parameters
    ----------
    function : callable
        ``function(pixels, **parameters)`` returns the value from a ``(n_pixels, n_channels)`` float array,
        ordered by position.
    source : str
        The input that is sampled: ``Channels`` or ``Image``.
    size : int
        Largest number of pixels in the sample.
    """

    def __init__(self, function: Callable[..., Any], source: str = "channels", size: int = 1 << 17) -> None:
        self.function = function
        self.source = source
        self.size = size

    @property
    def passes(self) -> Any:
        """The passes over the image depend on the size alone."""
        return Sample, self.source, self.size

    def collect(self, piece: np.ndarray, place: Place, known: Any) -> Drawn:
        """Return the pixels with the smallest keys in one piece; ``known`` is True where all are looked at."""
        from objectwise.kernels.counting import positions_below

        n_pixels = math.prod(place.shape)
        channels = piece if piece.ndim > len(place.shape) else piece[np.newaxis]
        shape, before = channels.shape[1:], place.frame * n_pixels
        all_seen = bool(known) or n_pixels <= 2 * self.size
        bound = 2**64 - 1 if all_seen else int(2**64 * (1.1 * self.size / n_pixels))
        index, keys = positions_below(shape, place.start, place.shape, before, bound)
        values = np.stack([channel.ravel()[index] for channel in channels], axis=1)
        if values.dtype.kind == "f":
            finite = np.isfinite(values).all(axis=1)
            if not finite.all():
                index, keys, values = index[finite], keys[finite], values[finite]
        inside = np.unravel_index(index, shape)
        whole = tuple(at + start for at, start in zip(inside, place.start, strict=True))
        positions = np.ravel_multi_index(whole, place.shape) + before if index.size else index
        return self._smallest(Drawn(keys, positions, values, all_seen))

    def merge(self, first: Drawn, second: Drawn) -> Drawn:
        """Keep the pixels with the smallest keys of both."""
        keys = np.concatenate([first.keys, second.keys])
        positions = np.concatenate([first.positions, second.positions])
        values = np.concatenate([first.values, second.values])
        return self._smallest(Drawn(keys, positions, values, first.all_seen and second.all_seen))

    def refine(self, part: Drawn, known: Any) -> Any:
        """Ask to look at all pixels where too few of those looked at are finite."""
        return True if len(part.keys) < self.size and not part.all_seen else None

    def finish(self, part: Drawn, values: Mapping[str, Any]) -> Any:
        """Return the value that the function finds in the sample."""
        pixels = part.values[np.argsort(part.positions)].astype(np.float64)
        return _call(self.function, (pixels,), values)

    def _smallest(self, drawn: Drawn) -> Drawn:
        if drawn.keys.size <= self.size:
            return drawn
        chosen = np.argpartition(drawn.keys, self.size)[: self.size]
        return Drawn(drawn.keys[chosen], drawn.positions[chosen], drawn.values[chosen], drawn.all_seen)
