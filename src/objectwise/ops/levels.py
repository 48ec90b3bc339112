"""Levels of brightness that filters are set by: the darkest and brightest pixel, percentiles, and white.

Each is a parameter that may be left out, and is then found from the whole plane, frame or series.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from objectwise.core.statistics import Histogram, Place, Range, Statistic

# what white is in pictures: in floats, in 8 bits, in 16 bits
WHITES = (1.0, 255.0, 65535.0)


class Extremes(Statistic):
    """A value computed from the smallest and the largest finite pixel.

    Parameters
    ----------
    function : callable
        ``function(extremes)`` returns the value from a pair of floats; both are NaN where no pixel is finite.
    source : str
        The input whose pixels are looked at.
    """

    def __init__(self, function: Callable[..., Any], source: str = "image") -> None:
        self.function = function
        self.source = source

    @property
    def passes(self) -> Any:
        """The passes over the image are the same whatever is found in the extremes."""
        return Extremes, self.source

    def collect(self, piece: np.ndarray, place: Place, known: Any) -> Range:
        """Return the range of one piece."""
        from objectwise.kernels.counting import extremes

        return Range(*extremes(piece), False)

    def merge(self, first: Range, second: Range) -> Range:
        """Widen a range."""
        return Range(min(first.low, second.low), max(first.high, second.high), False)

    def finish(self, part: Range, values: Any) -> Any:
        """Return the value that the function finds."""
        empty = part.low > part.high
        return self.function((np.nan, np.nan) if empty else (float(part.low), float(part.high)))


def of_share(counts: np.ndarray, values: np.ndarray, share: float) -> float:
    """Return the lowest level that this share of the pixels, 0 to 1, does not exceed.

    Examples
    --------
    >>> of_share(np.array([50, 49, 1]), np.array([10.0, 20.0, 30.0]), 0.99)
    20.0
    """
    if len(counts) == 0:
        return float("nan")
    number = np.cumsum(counts)
    # a share of a whole number of pixels is met by them, whatever its last bit says
    level = np.searchsorted(number, share * number[-1] * (1 - 1e-12))
    return float(values[min(level, len(values) - 1)])


def spread(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the range of brightness without the darkest and the brightest thousandth; 0 where there is none."""
    if len(counts) == 0:
        return 0.0
    return of_share(counts, values, 0.999) - of_share(counts, values, 0.001)


def a_part_of_spread(part: float) -> Histogram:
    """Return the statistic that finds a part of the range of brightness."""
    return Histogram(lambda counts, values: float(f"{part * spread(counts, values):.6g}"))


def darkest(extremes: tuple[float, float]) -> float:
    """Return the smallest of all pixels."""
    return extremes[0]


def brightest(extremes: tuple[float, float]) -> float:
    """Return the largest of all pixels."""
    return extremes[1]


def white_level(extremes: tuple[float, float]) -> float:
    """Return what white is for pixels up to a brightness: 1, 255 or 65535; the brightness itself beyond.

    Examples
    --------
    >>> white_level((0.0, 0.9)), white_level((3.0, 200.0)), white_level((0.0, 4000.0))
    (1.0, 255.0, 65535.0)
    """
    high = extremes[1]
    return 1.0 if np.isnan(high) else next((level for level in WHITES if high <= level), high)
