"""Seeds grown along the cheapest paths: the propagation of Jones, Carpenter and Golland.

A path is the dearer the more the image changes along it and the longer it is. Every pixel goes to the seed
with the cheapest path, and to the smaller id where two cost the same. That is a property of the image alone:
unlike in a queue that takes what comes first, nothing depends on the order of the work.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from objectwise.kernels import compiled, prepared

_N_BUCKETS = 1 << 14


def propagate(
    image: np.ndarray,
    seeds: np.ndarray,
    mask: np.ndarray | None,
    spacing: Sequence[float],
    contrast: float,
    regularization: float,
) -> np.ndarray:
    """Return the seeds grown over an image until they meet.

    Parameters
    ----------
    image : ndarray of real numbers
        2-D or 3-D. A step between pixels does not see what is NaN or infinite.
    seeds : ndarray of int32
        An id for each seed, 0 elsewhere.
    mask : ndarray of bool, optional
        Where objects may grow.
    spacing : sequence of float
        Pixel size along each axis.
    contrast : float
        The difference in brightness that counts as 1.
    regularization : float
        What a step along the axis of the smallest pixel size costs where the image is even.

    Returns
    -------
    ndarray of int32

    Notes
    -----
    Dijkstra's algorithm over pixels that share a face, edge or corner, with buckets in place of a queue in full
    order: O(n). The change of a step is the sum of the differences over the 9 pixels around its two ends; in 3-D,
    9 times their mean.
    """
    padded = tuple(n + 2 for n in image.shape)
    inner = (slice(1, -1),) * image.ndim
    # numbers of 16 bits are whole in single precision too
    double = image.dtype.itemsize > (2 if image.dtype.kind in "iu" else 4)
    values = np.pad(image.astype(np.float64 if double else np.float32), 1, mode="edge")
    values[~np.isfinite(values)] = np.nan
    labels = np.zeros(padded, np.int32)
    labels[inner] = np.where(seeds > 0, seeds, 0) if mask is None else np.where(mask & (seeds > 0), seeds, 0)
    cost = np.full(padded, -1.0)
    cost[inner] = np.inf if mask is None else np.where(mask, np.inf, -1.0)
    cost[labels > 0] = -1.0
    strides = np.array([int(np.prod(padded[axis + 1 :])) for axis in range(len(padded))])
    steps = np.argwhere(np.ones((3,) * image.ndim)) - 1
    around = prepared(steps @ strides, np.int64)
    length = ((steps * (np.array(spacing) / min(spacing))) ** 2).sum(axis=1)
    moves = np.flatnonzero(around)
    evens = prepared(regularization**2 * length[moves], np.float64)
    scale = 9 / (len(around) * contrast)
    # what waits in all buckets together must cover the dearest step; one as wide as the cheapest step is left at once
    span = float(np.nanmax(values, initial=-np.inf) - np.nanmin(values, initial=np.inf))
    dearest = float(np.sqrt((scale * len(around) * max(span, 0.0)) ** 2 + evens.max()))
    width = max(float(np.sqrt(evens.min())), dearest / (_N_BUCKETS - 8), np.finfo(float).tiny)
    _propagate(
        values.ravel(), labels.ravel(), cost.ravel(), around[moves], evens, around[::3].copy(), scale, width
    )
    result = labels[inner]
    return np.where(result < 0, ~result, 0)


@compiled
def _propagate(values, labels, cost, moves, evens, around, scale, width):
    """Grow in place: labels of pixels that are done are inverted, and what cannot be grown into has a cost below 0."""
    least = np.sqrt(evens)
    # a bucket is a chain of entries; the buckets of what no step can reach yet are used again
    heads = np.full(_N_BUCKETS, -1, np.int32)
    pixel = np.empty(1024, np.int32)
    following = np.arange(1, 1025).astype(np.int32)
    free = 0
    n = 0
    for index in range(labels.size):
        if labels[index] > 0:
            if free == pixel.size:
                pixel, following = _more(pixel, following)
            entry = free
            free = following[entry]
            pixel[entry] = index
            following[entry] = heads[0]
            heads[0] = entry
            n += 1
    at = 0
    while n > 0:
        bucket = at % _N_BUCKETS
        entry = heads[bucket]
        if entry < 0:
            at += 1
            continue
        heads[bucket] = following[entry]
        index = pixel[entry]
        following[entry] = free
        free = entry
        n -= 1
        label = labels[index]
        if label < 0:
            continue
        labels[index] = ~label
        own = max(cost[index], 0.0)
        for move in range(moves.size):
            neighbour = index + moves[move]
            if own + least[move] > cost[neighbour]:
                continue
            change = 0.0
            for row in around:
                # unsigned numbers spare the check for places counted from the end
                here = np.uint64(index + row)
                there = np.uint64(neighbour + row)
                for _ in range(3):
                    difference = abs(np.float64(values[here]) - np.float64(values[there]))
                    change += difference if difference == difference else 0.0
                    here += np.uint64(1)
                    there += np.uint64(1)
            change *= scale
            total = own + np.sqrt(change * change + evens[move])
            before = labels[neighbour]
            if total < cost[neighbour] or (
                total == cost[neighbour] and label < (before if before >= 0 else ~before)
            ):
                # one that was done in the same bucket, and is reached at a lower cost after all, is done again
                cost[neighbour] = total
                labels[neighbour] = label
                if free == pixel.size:
                    pixel, following = _more(pixel, following)
                entry = free
                free = following[entry]
                pixel[entry] = neighbour
                bucket = int(total / width) % _N_BUCKETS
                following[entry] = heads[bucket]
                heads[bucket] = entry
                n += 1


@compiled
def _more(pixel, following):
    """Return longer arrays, in which the new entries are free."""
    size = pixel.size
    longer = np.empty(2 * size, np.int32)
    longer[:size] = pixel
    chain = np.arange(1, 2 * size + 1).astype(np.int32)
    chain[:size] = following
    return longer, chain
