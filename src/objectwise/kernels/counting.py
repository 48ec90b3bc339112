"""One pass over many pixels: how often each level occurs, and which pixels belong to a sample.

NumPy widens 8 and 16 bits to 64 before it counts, and computes a key for every pixel in memory before it picks
the few that are wanted.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared


def count_levels(values: np.ndarray) -> np.ndarray:
    """Return how often each value of an unsigned integer dtype of at most 16 bits occurs."""
    flat = prepared(values, values.dtype).ravel()
    if flat.size >= 2**32:
        return np.bincount(flat, minlength=1 << (8 * values.dtype.itemsize))
    return _count(flat, 1 << (8 * values.dtype.itemsize))


@compiled
def _count(flat, size):
    # neighbours are often equal, and counting one after the other in different places does not wait
    counts = np.zeros((4, size), np.uint32)
    n = flat.size - flat.size % 4
    for index in range(0, n, 4):
        counts[0, flat[index]] += 1
        counts[1, flat[index + 1]] += 1
        counts[2, flat[index + 2]] += 1
        counts[3, flat[index + 3]] += 1
    for index in range(n, flat.size):
        counts[0, flat[index]] += 1
    total = np.zeros(size, np.int64)
    for row in range(4):
        for level in range(size):
            total[level] += counts[row, level]
    return total


def positions_below(
    shape: tuple[int, ...], start: tuple[int, ...], whole: tuple[int, ...], before: int, bound: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the index in a box, and the key, of the pixels with a key below a bound.

    Parameters
    ----------
    shape, start : tuple of int
        The box.
    whole : tuple of int
        Shape of the block that the box is part of.
    before : int
        Number of pixels in the frames before.
    bound : int
        Below 2 ** 64.

    Returns
    -------
    index : ndarray of int64
        Raster index within the box.
    keys : ndarray of uint64
        The keys of `objectwise.core.statistics.Sample`: the finaliser of SplitMix64 of the raster index within
        the block.
    """
    flat = [(1,) * (3 - len(each)) + each for each in (shape, whole)]
    first = (0,) * (3 - len(start)) + tuple(start)
    return _below(
        np.array(flat[0], np.int64),
        np.array(first, np.int64),
        np.array(flat[1], np.int64),
        before,
        np.uint64(bound),
    )


@compiled
def _below(shape, start, whole, before, bound):
    size = 1024
    found = np.empty(size, np.int64)
    keys = np.empty(size, np.uint64)
    n = 0
    index = 0
    for z in range(shape[0]):
        for y in range(shape[1]):
            line = before + ((start[0] + z) * whole[1] + start[1] + y) * whole[2] + start[2]
            for x in range(shape[2]):
                key = np.uint64(line + x) + np.uint64(0x9E3779B97F4A7C15)
                key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
                key = key ^ (key >> np.uint64(31))
                if key < bound:
                    if n == size:
                        size *= 2
                        larger = np.empty(size, np.int64)
                        larger[:n] = found
                        found = larger
                        longer = np.empty(size, np.uint64)
                        longer[:n] = keys
                        keys = longer
                    found[n] = index
                    keys[n] = key
                    n += 1
                index += 1
    return found[:n].copy(), keys[:n].copy()
