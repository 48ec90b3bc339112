"""Flooding in which a long way counts: the compact watershed.

The queue holds fractions, as heights and distances are added up, so that it is one of its own beside that of
the plain flood, which packs whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from objectwise.kernels import compiled, prepared


def flood_compactly(
    relief: np.ndarray,
    seeds: np.ndarray,
    mask: np.ndarray | None,
    structure: np.ndarray,
    compactness: float,
    spacing: Sequence[float],
) -> np.ndarray:
    """Return the seeds grown over a relief to which the distance from them is added.

    Parameters
    ----------
    relief : ndarray of real numbers
        2-D or 3-D; low pixels are flooded first. No NaN.
    seeds : ndarray of int32
        An id for each seed, 0 elsewhere.
    mask : ndarray of bool, optional
        Where objects may grow.
    structure : ndarray of bool
        3 x 3 (x 3): which neighbours a pixel floods.
    compactness : float
        Height of the relief that a distance of the smallest pixel size counts as.
    spacing : sequence of float
        Pixel size along each axis.

    Returns
    -------
    ndarray of int32

    Notes
    -----
    A pixel waits with its height plus the distance to the seed's pixel from which the flood has come; of equal sums
    the one that has waited longer comes first, and seeds are of an age in raster order. A pixel is put into the queue
    again only where a later flood reaches it with a lower sum.
    """
    shape = tuple(n + 2 for n in relief.shape)
    core = (slice(1, -1),) * relief.ndim
    heights = np.zeros(shape)
    heights[core] = relief
    labels = np.full(shape, -1, np.int32)
    dry = np.maximum(seeds, 0)
    labels[core] = dry if mask is None else np.where(mask, dry, -1)
    steps = np.argwhere(structure) - 1
    strides = np.array([int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))])
    offsets = steps @ strides
    sizes = np.ones(3)
    sizes[3 - relief.ndim :] = np.array(spacing) / min(spacing)
    _flood(
        heights.ravel(),
        labels.ravel(),
        prepared(offsets[offsets != 0], np.int64),
        np.array([*([labels.size] * (3 - relief.ndim)), *strides], np.int64),
        sizes,
        float(compactness),
    )
    result = labels[core]
    return np.where(result > 0, result, 0).astype(np.int32)


@compiled
def _flood(heights, labels, offsets, strides, sizes, compactness):
    """Flood in place; -1 is outside, 0 is dry."""
    keys = np.empty(1024)
    ages = np.empty(1024, np.int64)
    pixels = np.empty(1024, np.int64)
    sources = np.empty(1024, np.int64)
    least = np.full(labels.size, np.inf)
    n = 0
    age = 0
    for index in range(labels.size):
        if labels[index] > 0:
            if n == keys.size:
                keys, ages, pixels, sources = _more(keys), _more(ages), _more(pixels), _more(sources)
            _push(keys, ages, pixels, sources, n, heights[index], age, index, index)
            n += 1
            age += 1
    while n > 0:
        index = pixels[0]
        source = sources[0]
        n -= 1
        _pop(keys, ages, pixels, sources, n)
        if labels[index] > 0 and index != source:
            continue
        labels[index] = labels[source]
        for offset in offsets:
            other = index + offset
            if labels[other] != 0:
                continue
            away = 0.0
            first = other
            second = source
            for axis in range(3):
                step = (first // strides[axis] - second // strides[axis]) * sizes[axis]
                away += step * step
                first %= strides[axis]
                second %= strides[axis]
            key = heights[other] + compactness * np.sqrt(away)
            if key >= least[other] and least[other] < np.inf:
                continue
            least[other] = key
            if n == keys.size:
                keys, ages, pixels, sources = _more(keys), _more(ages), _more(pixels), _more(sources)
            _push(keys, ages, pixels, sources, n, key, age, other, source)
            n += 1
            age += 1


@compiled
def _push(keys, ages, pixels, sources, n, key, age, pixel, source):
    """Put an entry into a heap of n; the lower comes first, then the older."""
    item = n
    while item > 0:
        above = (item - 1) >> 1
        if keys[above] < key or (keys[above] == key and ages[above] < age):
            break
        keys[item], ages[item] = keys[above], ages[above]
        pixels[item], sources[item] = pixels[above], sources[above]
        item = above
    keys[item], ages[item], pixels[item], sources[item] = key, age, pixel, source


@compiled
def _pop(keys, ages, pixels, sources, n):
    """Take the first entry out of a heap that has n left."""
    key, age, pixel, source = keys[n], ages[n], pixels[n], sources[n]
    item = 0
    while True:
        child = 2 * item + 1
        if child >= n:
            break
        other = child + 1
        if other < n and (
            keys[other] < keys[child] or (keys[other] == keys[child] and ages[other] < ages[child])
        ):
            child = other
        if keys[child] > key or (keys[child] == key and ages[child] > age):
            break
        keys[item], ages[item] = keys[child], ages[child]
        pixels[item], sources[item] = pixels[child], sources[child]
        item = child
    keys[item], ages[item], pixels[item], sources[item] = key, age, pixel, source


@compiled
def _more(array):
    larger = np.empty(2 * array.size, array.dtype)
    larger[: array.size] = array
    return larger
