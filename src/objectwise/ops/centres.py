"""Where the classes of a clustering lie: found in the histogram of one channel, or in a sample of several.

A histogram holds all there is to know of one channel, so that its clusters are those of all pixels, and not of some
of them. Several channels have no such short form; there a sample that is the same under any tiling stands for the
image.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from objectwise.core.statistics import Drawn, Histogram, Place, Sample, Statistic

SAMPLE = 1 << 17

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
            colours, weights = distinct(self.sample.finish(part, {}))
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
    """Return the distinct rows in order, and how often each occurs."""
    n = pixels.shape[1]
    low, high = (pixels.min(), pixels.max()) if pixels.size else (0, 0)
    if n > 4 or low < 0 or high > 65535 or not np.array_equal(pixels, np.floor(pixels)):
        return np.unique(pixels, axis=0, return_counts=True)
    # whole numbers of 16 bits stand side by side in one of 64
    packed = np.zeros(len(pixels), np.uint64)
    for channel in pixels.T:
        packed = (packed << np.uint64(16)) | channel.astype(np.uint64)
    rows, counts = np.unique(packed, return_counts=True)
    shifts = np.arange(16 * (n - 1), -1, -16, dtype=np.uint64)
    return ((rows[:, np.newaxis] >> shifts) & np.uint64(65535)).astype(np.float64), counts


def find_scales(colours: np.ndarray, weights: np.ndarray, scaling: str) -> tuple[float, ...]:
    """Return by what each channel is divided before distances are taken."""
    n = colours.shape[1]
    if scaling == "none" or n == 1 or len(colours) == 0:
        return (1.0,) * n
    mean = np.average(colours, axis=0, weights=weights)
    deviation = np.sqrt(np.average((colours - mean) ** 2, axis=0, weights=weights))
    return tuple(float(value) for value in np.where(deviation > 0, deviation, 1.0))


def find_centres(
    colours: np.ndarray, weights: np.ndarray, n_classes: int, scaling: str, n_restarts: int, seed: int
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
        from sklearn.cluster import KMeans

        scales = np.asarray(find_scales(colours, weights, scaling))
        colours = colours / scales
        # where a start leads is seen in a part of the colours, every few of those in order of brightness
        few = slice(None, None, 1 + len(colours) // 16384)
        start = KMeans(n_classes, n_init=n_restarts, random_state=seed)
        start.fit(colours[few], sample_weight=weights[few])
        model = KMeans(n_classes, init=start.cluster_centers_, n_init=1)
        centres = model.fit(colours, sample_weight=weights).cluster_centers_ * scales
    return in_order_of_brightness(centres)


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
