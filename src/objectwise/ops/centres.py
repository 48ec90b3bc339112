"""Where the classes of a clustering lie: found in the histogram of one channel, or in a sample of several.

A histogram holds all there is to know of one channel, so that its clusters are those of all pixels, and not of some
of them. Several channels have no such short form; there a sample that is the same under any tiling stands for the
image.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from objectwise.core.statistics import Drawn, Histogram, Place, Sample, Statistic

SAMPLE = 1 << 20

Centres = tuple[tuple[float, ...], ...]


class Colours(Statistic):
    """A value computed from weighted colours: the levels of one channel, or the sampled pixels of several.

    Parameters
    ----------
    function : callable
        ``function(colours, weights, **parameters)`` returns the value; ``colours`` is ``(n, n_channels)`` float,
        without repeats, and ``weights`` says how many pixels have each.
    """

    source = "channels"

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.histogram = Histogram(_as_counted, self.source)
        self.sample = Sample(_as_drawn, self.source, SAMPLE)

    @property
    def passes(self) -> Any:
        """The passes over the image are the same whatever is found in the colours."""
        return Colours, self.source

    def collect(self, piece: np.ndarray, place: Place, known: Any) -> Any:
        """Return the counts of one channel, or the sampled pixels of several."""
        several = piece.ndim > len(place.shape) and len(piece) > 1
        return (self.sample if several else self.histogram).collect(piece, place, known)

    def merge(self, first: Any, second: Any) -> Any:
        """Return what two pieces contribute together."""
        return (self.sample if isinstance(first, Drawn) else self.histogram).merge(first, second)

    def refine(self, part: Any, known: Any) -> Any:
        """Ask for the counts of floats once their range is known, or for more pixels where many are missing."""
        return (self.sample if isinstance(part, Drawn) else self.histogram).refine(part, known)

    def finish(self, part: Any, values: Mapping[str, Any]) -> Any:
        """Return the value that the function finds in the colours."""
        if isinstance(part, Drawn):
            colours, weights = distinct(part.values)
        else:
            counts, levels = self.histogram.finish(part, {})
            used = counts > 0
            colours, weights = levels[used, np.newaxis], counts[used]
        names = inspect.signature(self.function).parameters
        known = {name: values[name] for name in names if name in values}
        return self.function(colours.astype(np.float64), weights.astype(np.float64), **known)


def _as_counted(counts: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return counts, values


def _as_drawn(pixels: np.ndarray) -> np.ndarray:
    return pixels


def distinct(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct rows, in an order that depends on them alone (one column: rising), and how often each."""
    n = pixels.shape[1]
    if n == 1:
        levels, counts = np.unique(pixels, return_counts=True)
        return levels[:, np.newaxis], counts
    low, high = (pixels.min(), pixels.max()) if pixels.size else (0, 0)
    keys = np.zeros(len(pixels), np.uint64)
    if pixels.dtype.kind in "iu" and n <= 4 and low >= 0 and high <= 65535:
        # whole numbers of 16 bits stand side by side in one of 64
        for channel in pixels.T:
            keys = (keys << np.uint64(16)) | channel.astype(np.uint64)
        keys, counts = np.unique(keys, return_counts=True)
        shifts = np.arange(16 * (n - 1), -1, -16, dtype=np.uint64)
        return (keys[:, np.newaxis] >> shifts) & np.uint64(65535), counts
    # sorting numbers that stand for rows takes a tenth of the time that sorting rows does
    for channel in pixels.T.astype(np.float64) + 0.0:
        keys = (keys ^ channel.view(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    return pixels[first], counts


def find_scales(
    colours: np.ndarray, weights: np.ndarray, scaling: str, channel_weights: Sequence[float] | None = None
) -> tuple[float, ...]:
    """Return by what each channel is divided before distances are taken."""
    n = colours.shape[1]
    importance = np.ones(n) if channel_weights is None else np.asarray(channel_weights, float)
    if importance.shape != (n,) or not (np.isfinite(importance) & (importance > 0)).all():
        raise ValueError(
            f"channel_weights needs {n} numbers above 0, one for each channel; found {channel_weights}"
        )
    if scaling == "none" or n == 1 or len(colours) == 0:
        return tuple(float(value) for value in 1 / importance)
    mean = np.average(colours, axis=0, weights=weights)
    deviation = np.sqrt(np.average((colours - mean) ** 2, axis=0, weights=weights))
    return tuple(float(value) for value in np.where(deviation > 0, deviation, 1.0) / importance)


def find_centres(
    colours: np.ndarray,
    weights: np.ndarray,
    n_classes: int,
    scaling: str,
    n_restarts: int,
    seed: int,
    channel_weights: Sequence[float] | None = None,
) -> Centres:
    """Return the centres of the clusters of k-means, the darkest first."""
    if len(colours) <= n_classes:
        centres = colours
    elif colours.shape[1] == 1:
        from objectwise.kernels.partition import best_partition

        starts = best_partition(weights, colours[:, 0], n_classes)
        centres = np.add.reduceat(weights * colours[:, 0], starts) / np.add.reduceat(weights, starts)
        centres = centres[:, np.newaxis]
    else:
        scales = np.asarray(find_scales(colours, weights, scaling, channel_weights))
        points = colours / scales
        centres = tightest(points, weights, n_classes, n_restarts, seed) * scales
    return in_order_of_brightness(centres)


def find_batch_centres(
    colours: np.ndarray,
    weights: np.ndarray,
    n_classes: int,
    scaling: str,
    batch_size: int,
    n_iterations: int,
    seed: int,
    channel_weights: Sequence[float] | None = None,
) -> Centres:
    """Return the centres that mini-batch k-means ends at, the darkest first."""
    from objectwise.kernels.clusters import hard_sums

    if len(colours) <= n_classes:
        return in_order_of_brightness(colours)
    scales = np.asarray(find_scales(colours, weights, scaling, channel_weights))
    random = np.random.default_rng(seed)
    below = np.cumsum(weights)

    def draw(number: int) -> np.ndarray:
        drawn = np.searchsorted(below, random.random(number) * below[-1], side="right")
        return colours[np.minimum(drawn, len(colours) - 1)] / scales

    start, times = distinct(draw(max(batch_size, 64 * n_classes)))
    if len(start) < n_classes:
        start, times = colours / scales, weights
    centres = _spread_out(start, times, n_classes, random)
    drawn, total = np.zeros(n_classes), np.zeros(centres.shape)
    for _ in range(n_iterations):
        number, added, _ = hard_sums(draw(batch_size), np.ones(batch_size), centres)
        drawn, total = drawn + number, total + added
        known = drawn > 0
        centres[known] = total[known] / drawn[known, np.newaxis]
    return in_order_of_brightness(centres * scales)


def tightest(points: np.ndarray, weights: np.ndarray, n: int, n_restarts: int, seed: int) -> np.ndarray:
    """Return the centres that Lloyd's algorithm ends at from the best of some starts of k-means++."""
    # where a start leads is seen in a part of the points, every few of those in order
    every = 1 + len(points) // 16384
    few, share = points[::every].copy(), weights[::every].copy()
    random = np.random.default_rng(seed)
    ends = [_settled(few, share, _spread_out(few, share, n, random)) for _ in range(n_restarts)]
    best, _ = min(ends, key=lambda end: end[1])
    return _settled(points, weights, best)[0]


def _spread_out(points: np.ndarray, weights: np.ndarray, n: int, random: np.random.Generator) -> np.ndarray:
    """Return points drawn one after another by their squared distances: of a few drawn the one that serves best."""

    def draw(chances: np.ndarray, number: int) -> np.ndarray:
        below = np.cumsum(chances)
        drawn = np.searchsorted(below, random.random(number) * below[-1], side="right")
        return np.minimum(drawn, len(points) - 1)

    def squares(at: int) -> np.ndarray:
        away = points - points[at]
        return np.einsum("ij,ij->i", away, away)

    chosen = draw(weights, 1).tolist()
    distance = squares(chosen[0])
    for _ in range(n - 1):
        drawn = draw(weights * distance, 2 + int(np.log(n)))
        left = [np.minimum(distance, squares(at)) for at in drawn]
        best = int(np.argmin([(weights * each).sum() for each in left]))
        chosen.append(drawn[best])
        distance = left[best]
    return points[chosen]


def _settled(points: np.ndarray, weights: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, float]:
    """Return where centres end that move to the means of their points, and the sum of squared distances before."""
    from objectwise.kernels.clusters import hard_sums

    small = 1e-10 * float(np.ptp(points, axis=0).max()) ** 2
    squares = np.inf
    for _ in range(300):
        weight, total, squares = hard_sums(points, weights, centres)
        # a centre that has lost all its points stays where it is
        following = np.where(
            weight[:, np.newaxis] > 0, total / np.maximum(weight, 1e-300)[:, np.newaxis], centres
        )
        moved = ((following - centres) ** 2).sum()
        centres = following
        if moved <= small:
            break
    return centres, squares


def in_order_of_brightness(centres: np.ndarray) -> Centres:
    """Return centres with the darkest mean over the channels first."""
    return tuple(tuple(float(value) for value in centre) for centre in centres[brightness_order(centres)])


def brightness_order(centres: np.ndarray) -> np.ndarray:
    """Return the order of centres from the darkest to the brightest."""
    mean = centres.mean(axis=1) if centres.size else np.zeros(len(centres))
    return np.lexsort([*centres.T[::-1], mean])


def condensed(colours: np.ndarray, weights: np.ndarray, n: int = 4096) -> tuple[np.ndarray, np.ndarray]:
    """Return the colours of one channel in at most ``n`` groups of near levels; several channels as they are.

    What is iterated over all levels many times needs no more than this, and the means of the groups are exact.
    """
    if colours.shape[1] > 1 or len(colours) <= n:
        return colours, weights
    low, high = colours[0, 0], colours[-1, 0]
    group = np.minimum(((colours[:, 0] - low) * (n / (high - low))).astype(np.int64), n - 1)
    total = np.bincount(group, weights)
    used = total > 0
    return (np.bincount(group, weights * colours[:, 0])[used] / total[used])[:, np.newaxis], total[used]


def thinned(colours: np.ndarray, n: int = 32768) -> list[slice]:
    """Return which colours a search looks at first, and at last: a part of them where there are many, then all.

    The search comes to the end in the part, and takes a few steps more in all of them.
    """
    every = 1 + len(colours) // n
    return [slice(None)] if every == 1 else [slice(None, None, every), slice(None)]
