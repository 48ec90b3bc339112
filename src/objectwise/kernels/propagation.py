"""Seeds grown along the cheapest paths: the propagation of Jones, Carpenter and Golland.

A path is the dearer the more the image changes along it and the longer it is. Every pixel goes to the seed
with the cheapest path, and to the smaller id where two cost the same. That is a property of the image alone:
unlike in a queue that takes what comes first, nothing depends on the order of the work.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from objectwise.kernels import compiled, prepared


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
    Dijkstra's algorithm over pixels that share a face, edge or corner, O(n log n). The change of a step is
    the sum of the differences over the 9 pixels around its two ends; in 3-D, 9 times their mean.
    """
    padded = tuple(n + 2 for n in image.shape)
    inner = (slice(1, -1),) * image.ndim
    values = np.pad(image.astype(np.float64), 1, mode="edge")
    values[~np.isfinite(values)] = np.nan
    labels = np.full(padded, -1, np.int32)
    dry = np.where(seeds > 0, seeds, 0)
    labels[inner] = dry if mask is None else np.where(mask, dry, -1)
    strides = np.array([int(np.prod(padded[axis + 1 :])) for axis in range(len(padded))])
    steps = np.argwhere(np.ones((3,) * image.ndim)) - 1
    around = prepared(steps @ strides, np.int64)
    length = ((steps * (np.array(spacing) / min(spacing))) ** 2).sum(axis=1)
    moves = np.flatnonzero(around)
    _propagate(
        values.ravel(),
        labels.ravel(),
        around[moves],
        prepared(regularization**2 * length[moves], np.float64),
        around,
        9 / (len(around) * contrast),
    )
    result = labels[inner]
    return np.where(result > 0, result, 0).astype(np.int32)


@compiled
def _propagate(values, labels, moves, evens, around, scale):
    """Grow in place; -1 is outside."""
    cost = np.full(labels.size, np.inf)
    done = np.zeros(labels.size, np.bool_)
    fixed = labels > 0
    keys = np.empty(1024, np.float64)
    pixels = np.empty(1024, np.int64)
    ids = np.empty(1024, np.int32)
    n = 0
    for index in range(labels.size):
        if labels[index] > 0:
            cost[index] = 0.0
            if n == keys.size:
                keys, pixels, ids = _more(keys), _more(pixels), _more(ids)
            _push(keys, pixels, ids, n, 0.0, index, labels[index])
            n += 1
    while n > 0:
        index = pixels[0]
        label = ids[0]
        n -= 1
        _pop(keys, pixels, ids, n)
        if done[index] or labels[index] != label:
            continue
        done[index] = True
        for move in range(moves.size):
            neighbour = index + moves[move]
            if labels[neighbour] < 0 or done[neighbour] or fixed[neighbour]:
                continue
            change = 0.0
            for step in around:
                difference = abs(values[index + step] - values[neighbour + step])
                if difference == difference:
                    change += difference
            change *= scale
            total = cost[index] + np.sqrt(change * change + evens[move])
            if total < cost[neighbour] or (total == cost[neighbour] and label < labels[neighbour]):
                cost[neighbour] = total
                labels[neighbour] = label
                if n == keys.size:
                    keys, pixels, ids = _more(keys), _more(pixels), _more(ids)
                _push(keys, pixels, ids, n, total, neighbour, label)
                n += 1


@compiled
def _push(keys, pixels, ids, n, key, pixel, label):
    """Put an entry into a heap of n; the cheaper comes first, then the smaller id."""
    item = n
    while item > 0:
        above = (item - 1) >> 1
        if keys[above] < key or (keys[above] == key and ids[above] <= label):
            break
        keys[item], pixels[item], ids[item] = keys[above], pixels[above], ids[above]
        item = above
    keys[item], pixels[item], ids[item] = key, pixel, label


@compiled
def _pop(keys, pixels, ids, n):
    """Take the first entry out of a heap that has n left."""
    key, pixel, label = keys[n], pixels[n], ids[n]
    item = 0
    while True:
        child = 2 * item + 1
        if child >= n:
            break
        other = child + 1
        if other < n and (
            keys[other] < keys[child] or (keys[other] == keys[child] and ids[other] < ids[child])
        ):
            child = other
        if keys[child] > key or (keys[child] == key and ids[child] >= label):
            break
        keys[item], pixels[item], ids[item] = keys[child], pixels[child], ids[child]
        item = child
    keys[item], pixels[item], ids[item] = key, pixel, label


@compiled
def _more(array):
    larger = np.empty(2 * array.size, array.dtype)
    larger[: array.size] = array
    return larger
