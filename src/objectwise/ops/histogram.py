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

from objectwise.core.statistics import Histogram
from objectwise.ops import histogram_entropy as entropy


def of_block(function: Callable[..., Any], block: np.ndarray, **values: Any) -> Any:
    """Return what a function of the histogram finds in a single block."""
    return Histogram(function).of_block(block, **values)


def find_threshold(
    counts: np.ndarray,
    values: np.ndarray,
    method: str,
    correction: float = 1.0,
    lower_bound: float | None = None,
    upper_bound: float | None = None,
) -> float:
    """Return the threshold that a method finds; NaN where all pixels have one brightness.

    Parameters
    ----------
    counts : ndarray
        Number of pixels in each bin.
    values : ndarray
        Brightness of each bin, rising.
    method : str
        One of the methods of `objectwise.ops.threshold.threshold_auto`.
    correction : float, optional
        The threshold is multiplied by this.
    lower_bound, upper_bound : float, optional
        A threshold beyond is moved to the bound.

    Raises
    ------
    ValueError
        If the method finds none in this histogram, or the bounds contradict each other.
    """
    if lower_bound is not None and upper_bound is not None and lower_bound > upper_bound:
        raise ValueError(
            f"lower_bound must be at most upper_bound; found {lower_bound:g} and {upper_bound:g}"
        )
    if np.count_nonzero(counts) < 2:
        return float("nan")
    found = float(_METHODS[method](counts, values)) * correction
    if lower_bound is not None:
        found = max(found, lower_bound)
    return found if upper_bound is None else min(found, upper_bound)


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

    if np.count_nonzero(counts) == 2:
        return _between_two(counts, values)
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
    level = len(counts) - 1 - level if flip else level
    # nothing is above the brightest, which is the farthest where there is no tail, as with two levels
    return values[min(level, len(counts) - 2)]


def _between_two(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the middle of two levels: two peaks, however near they are."""
    return values[counts > 0].mean()


def _intermodes(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the middle between the two peaks that are left when the histogram is smoothed to two."""
    if np.count_nonzero(counts) == 2:
        return _between_two(counts, values)
    counts, values = entropy.grouped(counts, values)
    smooth = counts.astype(float)
    for _ in range(10_000):
        inner = smooth[1:-1]
        peaks = 1 + np.flatnonzero((smooth[:-2] < inner) & (smooth[2:] < inner))
        if len(peaks) == 2:
            return values[peaks].mean()
        around = np.pad(smooth, 1)
        smooth = (around[:-2] + around[1:-1] + around[2:]) / 3
    raise ValueError(
        "method 'intermodes' needs a histogram with two peaks, and this image has none; "
        "choose otsu, li, triangle, yen, isodata or mean"
    )


def _percentile(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the level that has nearest to half of the pixels at or below it; of equals the lowest."""
    below = np.cumsum(counts) / np.sum(counts)
    return values[np.argmin(np.abs(below - 0.5))]


def _moments(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the level that leaves the fraction of dark pixels of the two-level image with equal moments."""
    share = counts / counts.sum()
    spread = values[-1] - values[0]
    levels = (values - values[0]) / spread
    first, second, third = (np.sum(share * levels**power) for power in (1, 2, 3))
    variance = second - first**2
    c0 = (first * third - second**2) / variance
    c1 = (first * second - third) / variance
    root = np.sqrt(max(c1**2 - 4 * c0, 0))
    dark, bright = (-c1 - root) / 2, (-c1 + root) / 2
    fraction = (bright - first) / (bright - dark)
    # the last bits of the fraction do not decide
    return values[min(np.searchsorted(np.cumsum(share), fraction - 1e-9), len(values) - 1)]


def _min_error(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the threshold at which two normal distributions fitted to both sides overlap least."""
    used = counts > 0
    counts, values = counts[used].astype(float), values[used]
    levels = values - np.average(values, weights=counts)
    # within its bin a level is spread evenly
    width = np.min(np.diff(values))
    below, above, mean_below, mean_above = _sides(counts, levels)
    squares = np.cumsum(counts * levels**2)
    floor = width**2 / 12
    var_below = np.maximum(squares[:-1] / below - mean_below**2, 0) + floor
    var_above = np.maximum((squares[-1] - squares[:-1]) / above - mean_above**2, 0) + floor
    total = below + above
    below, above = below / total, above / total
    overlap = below * np.log(var_below / below**2) + above * np.log(var_above / above**2)
    return values[np.argmin(overlap)]


_METHODS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "otsu": _otsu,
    "li": _li,
    "triangle": _triangle,
    "yen": _yen,
    "isodata": _isodata,
    "minimum": _minimum,
    "mean": _mean,
    "huang": entropy.huang,
    "intermodes": _intermodes,
    "max_entropy": entropy.max_entropy,
    "min_error": _min_error,
    "moments": _moments,
    "percentile": _percentile,
    "renyi_entropy": entropy.renyi_entropy,
    "shanbhag": entropy.shanbhag,
}


def find_thresholds(counts: np.ndarray, values: np.ndarray, n_classes: int) -> tuple[float, ...]:
    """Return the thresholds between classes that are as uniform as can be: Otsu's, for any number of classes.

    Each lies in the middle between two levels that occur. There are fewer where there are not so many levels.
    """
    from objectwise.kernels.partition import best_partition

    used = np.flatnonzero(counts > 0)
    starts = best_partition(counts[used], values[used], n_classes)
    levels = values[used]
    return tuple(float(level) for level in (levels[starts[1:] - 1] + levels[starts[1:]]) / 2)


def find_low(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the lower of Otsu's thresholds between three classes; NaN where there is one brightness."""
    return (*find_thresholds(counts, values, 3), float("nan"))[0]


def find_high(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the higher of Otsu's thresholds between three classes; NaN where there is one brightness."""
    return (float("nan"), *find_thresholds(counts, values, 3))[-1]


def find_darkest(counts: np.ndarray, values: np.ndarray) -> float:  # noqa: ARG001 - as all of them
    """Return the lowest brightness that occurs; NaN where there is none."""
    return float(values[0]) if len(values) else float("nan")


def find_brightest(counts: np.ndarray, values: np.ndarray) -> float:  # noqa: ARG001 - as all of them
    """Return the highest brightness that occurs; NaN where there is none."""
    return float(values[-1]) if len(values) else float("nan")


def find_background_level(
    counts: np.ndarray, values: np.ndarray, method: str, objects: str = "bright"
) -> float:
    """Return the median of the pixels that a threshold takes for background; NaN where there is no threshold."""
    threshold = find_threshold(counts, values, method)
    outside = values <= threshold if objects == "bright" else values > threshold
    return _median(np.where(outside, counts, 0), values) if counts[outside].sum() else float("nan")


def find_noise(counts: np.ndarray, values: np.ndarray, objects: str = "bright") -> float:
    """Return the deviation of the background away from the objects; NaN for an image of one brightness.

    The background is what Otsu's threshold leaves. On the side of the objects it has their blur, so that only pixels
    on the other side of its median count.
    """
    if objects == "dark":
        counts, values = counts[::-1], -values[::-1]
    level = find_background_level(counts, values, "otsu")
    away = np.where(values <= level, level - values, 0.0)
    below = np.where(values <= level, counts, 0)
    return float(np.sqrt((below * away**2).sum() / below.sum())) if below.sum() else float("nan")


def find_background(
    counts: np.ndarray,
    values: np.ndarray,
    lower_fraction: float,
    upper_fraction: float,
    average: str,
    deviation: str,
    n_deviations: float,
    objects: str = "bright",
) -> float:
    """Return the average of the pixels that are left after trimming, plus or minus some deviations of theirs."""
    total = int(np.sum(counts))
    if np.count_nonzero(counts) < 2:
        return float("nan")
    first, last = round(total * lower_fraction), total - round(total * upper_fraction)
    if first >= last:
        raise ValueError(
            "lower_fraction and upper_fraction must leave some pixels; found "
            f"{lower_fraction:g} and {upper_fraction:g}, which add up to 1 or more"
        )
    ends = np.clip(np.cumsum(counts), first, last)
    left = np.diff(ends, prepend=first)
    if average == "mean":
        middle = float(np.average(values, weights=left))
    elif average == "median":
        middle = _median(left, values)
    else:
        middle = float(values[np.argmax(left)])
    if deviation == "standard":
        mean = np.average(values, weights=left)
        spread = float(np.sqrt(np.average((values - mean) ** 2, weights=left)))
    else:
        away = np.abs(values - _median(left, values))
        order = np.argsort(away, kind="stable")
        spread = _median(left[order], away[order])
    return middle + (n_deviations if objects == "bright" else -n_deviations) * spread


def _median(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the median of a histogram, between two values where the pixels are even in number."""
    below = np.cumsum(counts)
    middle = (below[-1] - 1) / 2
    pair = np.searchsorted(below, [np.floor(middle), np.ceil(middle)], side="right")
    return float(values[pair].mean())
