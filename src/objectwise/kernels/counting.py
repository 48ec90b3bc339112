"""One pass over many pixels: how often each level occurs, and which pixels belong to a sample.

NumPy widens 8 and 16 bits to 64 before it counts, copies what is finite before it looks for the extremes, and
computes a key for every pixel in memory before it picks the few that are wanted.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared
from objectwise.kernels.threads import in_threads, strips

# pixels below which a second thread is not worth its start
_LEAST = 1 << 18


def count_levels(values: np.ndarray) -> np.ndarray:
    """Return how often each value of an integer dtype of at most 16 bits occurs, the lowest first."""
    size = 1 << (8 * values.dtype.itemsize)
    unsigned = np.dtype(f"u{values.dtype.itemsize}")
    flat = prepared(values, values.dtype).view(unsigned).ravel()
    counts = _added(_count, flat, size)
    # the negative values are the upper half of the unsigned ones
    return np.roll(counts, size // 2) if values.dtype.kind == "i" else counts


def count_bins(values: np.ndarray, low: float, high: float, size: int) -> np.ndarray:
    """Return how many finite values lie in each of so many equal bins from the lowest to the highest of them."""
    kind = values.dtype if values.dtype in (np.float32, np.float64) else np.float64
    return _added(_count_bins, prepared(values, kind).ravel(), low, size / (high - low), size)


def extremes(values: np.ndarray) -> tuple[float, float]:
    """Return the smallest and the largest finite value; infinity and minus infinity where there is none."""
    if values.dtype.kind != "f":
        return (values.min().item(), values.max().item()) if values.size else (np.inf, -np.inf)
    kind = values.dtype if values.dtype in (np.float32, np.float64) else np.float64
    flat = prepared(values, kind).ravel()
    found = in_threads(_extremes, [(flat[start:stop],) for start, stop in strips(flat.size, _LEAST)])
    return float(min(low for low, _ in found)), float(max(high for _, high in found))


def _added(count, flat, *arguments):
    parts = in_threads(count, [(flat[start:stop], *arguments) for start, stop in strips(flat.size, _LEAST)])
    return np.sum(parts, axis=0) if len(parts) > 1 else parts[0]


@compiled
def _count(flat, size):
    # neighbours are often equal, and counting one after the other in different places does not wait
    counts = np.zeros((4, size), np.uint32)
    total = np.zeros(size, np.int64)
    length = 1 << 31
    for start in range(0, flat.size, length):
        # 32 bits hold the counts of a part
        counts[:] = 0
        stop = min(flat.size, start + length)
        n = stop - (stop - start) % 4
        for index in range(start, n, 4):
            counts[0, flat[index]] += 1
            counts[1, flat[index + 1]] += 1
            counts[2, flat[index + 2]] += 1
            counts[3, flat[index + 3]] += 1
        for index in range(n, stop):
            counts[0, flat[index]] += 1
        for row in range(4):
            for level in range(size):
                total[level] += counts[row, level]
    return total


@compiled
def _count_bins(flat, low, factor, size):
    counts = np.zeros(size, np.int64)
    for index in range(flat.size):
        value = np.float64(flat[index])
        if np.isfinite(value):
            counts[min(np.int64((value - low) * factor), size - 1)] += 1
    return counts


@compiled
def _extremes(flat):
    low, high = np.inf, -np.inf
    for index in range(flat.size):
        value = np.float64(flat[index])
        # comparisons with NaN are false
        if value < low and value > -np.inf:
            low = value
        if value > high and value < np.inf:
            high = value
    return low, high


def positions_below(
    shape: tuple[int, ...], start: tuple[int, ...], whole: tuple[int, ...], before: int, bound: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the index in a box, and the key, of the pixels with a key of at most a bound.

    The keys are fixed, look like random ones, and depend only on where a pixel lies: the finaliser of SplitMix64
    of the raster index within the block, one to one.

    Parameters
    ----------
    shape, start : tuple of int
        The box.
    whole : tuple of int
        Shape of the block that the box is part of.
    before : int
        Number of pixels in the frames before.
    bound : int
        Below 2 ** 64; the largest 64-bit number takes all pixels.

    Returns
    -------
    index : ndarray of int64
        Raster index within the box.
    keys : ndarray of uint64
        Their keys.
    """
    depth, height, width = (1,) * (3 - len(shape)) + tuple(shape)
    first = np.array((0,) * (3 - len(start)) + tuple(start), np.int64)
    inside = np.array((1,) * (3 - len(whole)) + tuple(whole), np.int64)
    lines = strips(depth * height, 1 + _LEAST // max(1, width))
    found = in_threads(
        _below, [(top, end, height, width, first, inside, before, np.uint64(bound)) for top, end in lines]
    )
    return np.concatenate([index for index, _ in found]), np.concatenate([keys for _, keys in found])


@compiled
def _below(top, end, height, width, first, whole, before, bound):
    length = 1024
    scrambled = np.empty(length, np.uint64)
    size = 4 * length
    found = np.empty(size, np.int64)
    keys = np.empty(size, np.uint64)
    n = 0
    for line in range(top, end):
        y = first[1] + line % height
        z = first[0] + line // height
        begin = before + (z * whole[1] + y) * whole[2] + first[2]
        for left in range(0, width, length):
            number = np.uint64(begin + left) + np.uint64(0x9E3779B97F4A7C15)
            # a plain loop, which a processor does for several pixels at a time
            for x in range(length):
                key = number + np.uint64(x)
                key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
                scrambled[x] = key ^ (key >> np.uint64(31))
            if n + length > size:
                size *= 2
                longer = np.empty(size, np.int64)
                longer[:n] = found[:n]
                found = longer
                more = np.empty(size, np.uint64)
                more[:n] = keys[:n]
                keys = more
            index = line * width + left
            for x in range(min(length, width - left)):
                found[n] = index + x
                keys[n] = scrambled[x]
                if scrambled[x] <= bound:
                    n += 1
    return found[:n].copy(), keys[:n].copy()
