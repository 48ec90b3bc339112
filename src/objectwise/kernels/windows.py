"""Median, spread and entropy of the pixels in a window of any shape around each pixel.

SciPy's rank filters let NaN spread and slow down with the size of the window; scikit-image's take 8 and 16 bits
alone. Here NaN pixels are left out, and every sum is taken in the order of the window or is a whole number, so
that a tile gives what the whole image gives.

The middle of a small window is selected for many pixels at a time. A larger one slides along the row: what enters
and leaves is counted by its rank in the image, so that floats cost no more than integers and the result is one of
the pixels, exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log2
from typing import Any

import numpy as np

from objectwise.kernels import compiled, prepared
from objectwise.kernels.threads import in_threads, strips

# sums of c log2(c) are kept as whole numbers of this fraction, so that adding and taking away leaves no trace
_UNIT = 1 << 24


def _padded(values: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a 3-D array with repeated border pixels, the steps to a window's pixels in it, and the border."""
    reach = np.abs(offsets).max(axis=0)
    padded = np.pad(values, [(n, n) for n in reach], mode="edge")
    if values.ndim == 2:
        padded, reach = padded[np.newaxis], np.concatenate([[0], reach])
        offsets = np.concatenate([np.zeros((len(offsets), 1), np.int64), offsets], axis=1)
    steps = offsets @ np.array([padded.shape[1] * padded.shape[2], padded.shape[2], 1])
    return padded, steps.astype(np.int64), reach.astype(np.int64)


# pixels in a window, of few and of many levels, up to which its middle is selected; beyond, and beside NaN, it slides
_SELECT = (60, 110)


def _in_strips(
    loop: Callable[..., None], padded: np.ndarray, given: tuple[Any, ...], *results: np.ndarray
) -> None:
    """Run a loop on threads, each on some planes of a volume or some rows of an image."""
    flat = tuple(result.reshape((-1, *result.shape[-2:])) for result in results)
    # what is cut must not change the steps from pixel to pixel
    axis = 1 if len(padded) == 1 else 0
    rim = padded.shape[axis] - flat[0].shape[axis]

    def part(array: np.ndarray, low: int, high: int) -> np.ndarray:
        return array[:, low:high] if axis else array[low:high]

    cut = strips(flat[0].shape[axis], least=4)
    in_threads(
        loop,
        [
            (part(padded, low, high + rim), *given, *(part(array, low, high) for array in flat))
            for low, high in cut
        ],
    )


def _rows(offsets: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the steps to the first and to the last pixel of each row of a window in reading order."""
    first = np.concatenate([[True], np.any(np.diff(offsets[:, :-1], axis=0) != 0, axis=1)])
    last = np.append(first[1:], True)
    return steps[first], steps[last]


def window_median(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the median of the window around each pixel; NaN stays and is left out.

    Parameters
    ----------
    values : ndarray of real numbers
    offsets : ndarray of int, (n, ndim)
        The pixels of the window relative to the one it stands around: rows along the last axis, in reading
        order.

    Returns
    -------
    ndarray
        Of the same dtype. Of an even number, as NaN may leave it, the mean of both middle ones.
    """
    small = values.dtype.kind in "iu" and values.dtype.itemsize <= 2
    exact = values.dtype.kind == "f" or values.dtype.itemsize < 8
    if len(offsets) <= _SELECT[not small] and exact and not np.isnan(values).any():
        own = values.dtype if values.dtype.name in ("uint8", "uint16", "float32") else np.float64
        padded, steps, _ = _padded(prepared(values, own), offsets)
        result = np.empty(values.shape, own)
        _in_strips(_select, padded, (steps,), result)
        return result.astype(values.dtype, copy=False)
    if small:
        low = int(values.min(initial=0))
        levels = np.arange(low, int(values.max(initial=0)) + 1).astype(values.dtype)
        ranks = values.astype(np.int32) - low
    else:
        order = np.argsort(values, axis=None)
        levels = values.ravel()[order]
        ranks = np.empty(values.size, np.int32)
        ranks[order] = np.arange(values.size, dtype=np.int32)
        ranks = ranks.reshape(values.shape)
        if values.dtype.kind == "f":
            ranks[np.isnan(values)] = -1
    padded, steps, reach = _padded(ranks, offsets)
    upper, lower = np.empty((2, *values.shape), np.int32)
    firsts, lasts = _rows(offsets, steps)
    _in_strips(_running_median, padded, (steps, firsts, lasts, reach, len(levels)), lower, upper)
    if (ranks >= 0).all():
        return levels[upper]
    result = np.where(lower == upper, levels[upper], (levels[lower] + levels[upper]) / 2)
    return np.where(ranks < 0, np.nan, result).astype(values.dtype)


def window_deviation(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the standard deviation (of all, not of a sample) in the window around each pixel."""
    padded, steps, reach = _padded(prepared(values, values.dtype), offsets)
    result = np.empty(values.shape, values.dtype)
    _deviation(padded, steps, reach, result.reshape((-1, *values.shape[-2:])))
    return result


def window_entropy(levels: np.ndarray, offsets: np.ndarray, n_levels: int) -> np.ndarray:
    """Return the entropy, in bits, of the levels in the window around each pixel.

    Parameters
    ----------
    levels : ndarray of int32
        0 .. n_levels - 1; -1 for a pixel that is left out.
    offsets : ndarray of int, (n, ndim)
        As rows along the last axis, in reading order.
    n_levels : int
    """
    padded, steps, reach = _padded(prepared(levels, np.int32), offsets)
    firsts, lasts = _rows(offsets, steps)
    counts = np.arange(len(offsets) + 1)
    terms = np.array([c * log2(c) if c else 0.0 for c in counts.tolist()])
    result = np.empty(levels.shape, np.float32)
    _entropy(
        padded,
        steps,
        lasts,
        firsts,
        np.round(terms * _UNIT).astype(np.int64),
        n_levels,
        reach,
        result.reshape((-1, *levels.shape[-2:])),
    )
    return result


@compiled
def _exchange(one, other):
    """Put the smaller of each two first."""
    for x in range(one.size):
        a = one[x]
        b = other[x]
        one[x] = a if a < b else b
        other[x] = b if a < b else a


@compiled
def _select(padded, steps, result):
    """Take one pixel of the window after the other, and forget the least and the greatest of those held.

    The middle of n is never the least or the greatest of more than half of them. All pixels of a stretch are
    treated alike, without a branch.
    """
    flat = padded.ravel()
    rim = np.array(padded.shape) - np.array(result.shape)
    held = steps.size // 2 + 2
    # what is held stays in the nearest cache
    length = min(1024, max(64, 24576 // (held * padded.itemsize)))
    values = np.empty((held, length), padded.dtype)
    for z in range(result.shape[0]):
        for y in range(result.shape[1]):
            line = ((z + rim[0] // 2) * padded.shape[1] + y + rim[1] // 2) * padded.shape[2] + rim[2] // 2
            for left in range(0, result.shape[2], length):
                n = min(length, result.shape[2] - left)
                start = line + left
                for i in range(held):
                    values[i, :n] = flat[start + steps[i] : start + steps[i] + n]
                size = held
                while True:
                    for i in range(size // 2):
                        _exchange(values[i, :n], values[size - 1 - i, :n])
                    for i in range(1, (size + 1) // 2):
                        _exchange(values[0, :n], values[i, :n])
                    for i in range(size // 2, size - 1):
                        _exchange(values[i, :n], values[size - 1, :n])
                    if size == 3:
                        break
                    # those that are out make room for the next one
                    following = steps[steps.size + 3 - size]
                    values[0, :n] = flat[start + following : start + following + n]
                    size -= 1
                result[z, y, left : left + n] = values[1, :n]


@compiled
def _running_median(padded, steps, firsts, lasts, reach, n_ranks, lower, upper):
    """Count ranks on three levels, of 1, 64 and 4096, so that the middle one is found in few steps."""
    flat = padded.ravel()
    fine = np.zeros(n_ranks + 64, np.int32)
    mid = np.zeros((n_ranks >> 6) + 64, np.int32)
    coarse = np.zeros((n_ranks >> 12) + 2, np.int32)
    for z in range(upper.shape[0]):
        for y in range(upper.shape[1]):
            start = ((z + reach[0]) * padded.shape[1] + y + reach[1]) * padded.shape[2] + reach[2]
            n = 0
            at = 0  # the coarse level that holds the middle
            below = 0  # how many are in lower ones
            for x in range(upper.shape[2]):
                centre = start + x
                if x == 0:
                    for step in steps:
                        rank = flat[centre + step]
                        if rank >= 0:
                            fine[rank] += 1
                            mid[rank >> 6] += 1
                            coarse[rank >> 12] += 1
                            n += 1
                else:
                    for row in range(firsts.size):
                        rank = flat[centre - 1 + firsts[row]]
                        if rank >= 0:
                            fine[rank] -= 1
                            mid[rank >> 6] -= 1
                            coarse[rank >> 12] -= 1
                            below -= (rank >> 12) < at
                            n -= 1
                        rank = flat[centre + lasts[row]]
                        if rank >= 0:
                            fine[rank] += 1
                            mid[rank >> 6] += 1
                            coarse[rank >> 12] += 1
                            below += (rank >> 12) < at
                            n += 1
                if flat[centre] < 0:
                    lower[z, y, x] = upper[z, y, x] = 0
                    continue
                wanted = n >> 1
                while below > wanted:
                    at -= 1
                    below -= coarse[at]
                while below + coarse[at] <= wanted:
                    below += coarse[at]
                    at += 1
                left = wanted - below
                place = at << 6
                while left >= mid[place]:
                    left -= mid[place]
                    place += 1
                place <<= 6
                while left >= fine[place]:
                    left -= fine[place]
                    place += 1
                upper[z, y, x] = place
                if n & 1 == 0 and left == 0:
                    # the lower middle is the next one down
                    place -= 1
                    while fine[place] == 0:
                        place -= 1
                lower[z, y, x] = place
            for step in steps:
                rank = flat[start + upper.shape[2] - 1 + step]
                if rank >= 0:
                    fine[rank] -= 1
                    mid[rank >> 6] -= 1
                    coarse[rank >> 12] -= 1


@compiled
def _deviation(padded, steps, reach, result):
    """Two rounds for each row, each adding the window's pixels one after another to all sums of the row."""
    flat = padded.ravel()
    width = result.shape[2]
    number = np.empty(width, np.float64)
    mean = np.empty(width, np.float64)
    total = np.empty(width, np.float64)
    for z in range(result.shape[0]):
        for y in range(result.shape[1]):
            start = ((z + reach[0]) * padded.shape[1] + y + reach[1]) * padded.shape[2] + reach[2]
            own = flat[start : start + width]
            number[:] = 0
            total[:] = 0
            for step in steps:
                near = flat[start + step : start + step + width]
                for x in range(width):
                    value = np.float64(near[x]) - own[x]
                    valid = value == value
                    total[x] += value if valid else 0.0
                    number[x] += 1.0 if valid else 0.0
            for x in range(width):
                mean[x] = own[x] + total[x] / max(number[x], 1.0)
            total[:] = 0
            for step in steps:
                near = flat[start + step : start + step + width]
                for x in range(width):
                    value = near[x] - mean[x]
                    total[x] += value * value if value == value else 0.0
            for x in range(width):
                missing = np.isnan(own[x])
                result[z, y, x] = np.nan if missing else np.sqrt(total[x] / max(number[x], 1.0))


@compiled
def _entropy(padded, steps, lasts, firsts, terms, n_levels, reach, result):
    """Slide along a row: what leaves stands before the first pixel of each row of the window."""
    flat = padded.ravel()
    counts = np.zeros(n_levels, np.int64)
    for z in range(result.shape[0]):
        for y in range(result.shape[1]):
            start = ((z + reach[0]) * padded.shape[1] + y + reach[1]) * padded.shape[2] + reach[2]
            counts[:] = 0
            n = 0
            total = 0
            for x in range(result.shape[2]):
                centre = start + x
                if x == 0:
                    for step in steps:
                        level = flat[centre + step]
                        if level >= 0:
                            total += terms[counts[level] + 1] - terms[counts[level]]
                            counts[level] += 1
                            n += 1
                else:
                    for row in range(firsts.size):
                        level = flat[centre - 1 + firsts[row]]
                        if level >= 0:
                            total += terms[counts[level] - 1] - terms[counts[level]]
                            counts[level] -= 1
                            n -= 1
                        level = flat[centre + lasts[row]]
                        if level >= 0:
                            total += terms[counts[level] + 1] - terms[counts[level]]
                            counts[level] += 1
                            n += 1
                if flat[centre] < 0:
                    result[z, y, x] = np.nan
                else:
                    result[z, y, x] = (terms[n] - total) / (n * 16777216.0)
