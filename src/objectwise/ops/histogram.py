"""Thresholds found in a histogram.

All methods work on counts and the brightness of each bin, never on pixels, so that a threshold costs the
same for a small image and a large series, and is exact for integers. scikit-image adds counts up in single
precision: over thousands of bins and millions of pixels Yen's threshold then depends on rounding, and like
isodata's it can end in a division by zero. Sums are double here; the definitions are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from objectwise.core.statistics import Histogram, Place


def of_block(function: Callable[..., Any], block: np.ndarray, **values: Any) -> Any:
    """Return what a function of the histogram finds in a single block."""
    statistic = Histogram(function)
    place = Place(0, (0,) * block.ndim, block.shape)
    known = None
    while True:
        part = statistic.collect(block, place, known)
        known = statistic.refine(part, known)
        if known is None:
            return statistic.finish(part, values)


def find_threshold(counts: np.ndarray, values: np.ndarray, method: str) -> float:
    """Return the threshold that a method finds; NaN where all pixels have one brightness.

    Parameters
    ----------
    counts : ndarray
        Number of pixels in each bin.
    values : ndarray
        Brightness of each bin, rising.
    method : str
        One of the methods of `objectwise.ops.threshold.threshold_auto`.

    Raises
    ------
    ValueError
        If the method finds none in this histogram.
    """
    if np.count_nonzero(counts) < 2:
        return float("nan")
    return float(_METHODS[method](counts, values))


def _sides(counts: np.ndarray, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the number of pixels and their mean, below and above a threshold at each level but the last."""
    number = np.cumsum(counts)
    weight = np.cumsum(counts * levels)
    below, above = number[:-1], number[-1] - number[:-1]
    return below, above, weight[:-1] / below, (weight[-1] - weight[:-1]) / above


def _otsu(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the threshold with the largest variance between both sides; of equals the lowest."""
    below, above, mean_below, mean_above = _sides(counts.astype(float), values - values[0])
    return values[np.argmax(below * above * (mean_above - mean_below) ** 2)]


def _yen(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the threshold with the largest correlation of both sides; of equals the lowest."""
    counts = counts.astype(float)
    below, above, _, _ = _sides(counts, values)
    squares_below = np.cumsum(counts**2)[:-1]
    squares_above = np.cumsum(counts[::-1] ** 2)[::-1][1:]
    return values[np.argmax(2 * np.log(below * above) - np.log(squares_below * squares_above))]


def _isodata(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the lowest level with the middle between the means of both sides before the next level."""
    levels = values - values[0]
    _, _, mean_below, mean_above = _sides(counts.astype(float), levels)
    return values[np.argmax((mean_below + mean_above) / 2 < levels[1:])]


def _minimum(counts: np.ndarray, values: np.ndarray) -> float:
    from skimage.filters import threshold_minimum

    # few levels make a smoother curve than thousands of sparse ones
    if len(counts) > 256:
        groups = np.arange(len(counts)) * 256 // len(counts)
        total = np.bincount(groups, counts)
        values = np.bincount(groups, values) / np.bincount(groups)
        counts = total
    try:
        return threshold_minimum(hist=(counts, values))
    except RuntimeError:
        raise ValueError(
            "method 'minimum' needs a histogram with two peaks, and this image has none; "
            "choose otsu, li, triangle, yen, isodata or mean"
        ) from None


def _mean(counts: np.ndarray, values: np.ndarray) -> float:
    return np.average(values, weights=counts)


def _li(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the minimum cross entropy threshold, by the iteration of Li and Tam from the mean."""
    shift = values[0]
    levels = values - shift
    number = np.cumsum(counts)
    weight = np.cumsum(counts * levels)
    step = np.min(np.diff(values)) if len(values) > 1 else 1.0
    guess = weight[-1] / number[-1]
    for _ in range(10_000):
        split = np.searchsorted(levels, guess, side="right") - 1
        below, above = number[split], number[-1] - number[split]
        if above == 0 or below == 0:
            break
        mean_below, mean_above = weight[split] / below, (weight[-1] - weight[split]) / above
        if mean_below <= 0:
            # the log of an empty dark side has no value; the limit of the formula is zero
            following = 0.0
        else:
            following = (mean_below - mean_above) / (np.log(mean_below) - np.log(mean_above))
        done = abs(following - guess) < step / 2
        guess = following
        if done:
            break
    return guess + shift


def _triangle(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the bin farthest from the line between the highest peak and the end of the longer tail."""
    peak = int(np.argmax(counts))
    flip = peak < len(counts) - 1 - peak
    if flip:
        counts = counts[::-1]
        peak = len(counts) - 1 - peak
    distance = counts[peak] * np.arange(peak) - peak * counts[:peak]
    level = int(np.argmax(distance))
    return values[len(counts) - 1 - level] if flip else values[level]


_METHODS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "otsu": _otsu,
    "li": _li,
    "triangle": _triangle,
    "yen": _yen,
    "isodata": _isodata,
    "minimum": _minimum,
    "mean": _mean,
}
