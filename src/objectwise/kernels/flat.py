"""The least or the greatest value in a flat element around each pixel: a ball, or a box.

SciPy looks at every pixel of a ball for every pixel of an image, or at one line after another of a box, on one
thread. The extreme of a stretch of any length is that of two stretches of a power of two, and these are found by
doubling; so a row of an element costs two comparisons, whatever its length, and they are done many pixels at a
time, in bands that stay in the cache. Comparisons are exact: tiles agree with the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from objectwise.kernels import compiled, prepared
from objectwise.kernels.threads import in_threads, strips

_AS_THEY_ARE = ("uint8", "uint16", "float32", "float64", "int64", "uint64")

# rows of a box up to which it is taken at once, and not one axis after the other
_FEW = 9

Rows = Sequence[tuple[tuple[int, ...], int]]


def extreme_in_rows(values: np.ndarray, rows: Rows, greatest: bool) -> np.ndarray:
    """Return the extreme in an element made of rows; what lies outside the image has no part in it.

    Parameters
    ----------
    values : ndarray of real numbers
        2-D or 3-D, without NaN.
    rows : sequence of tuple
        Where each row stands on the leading axes, and its half-length.
    greatest : bool
        Whether the greatest value is taken, or the least.
    """
    block = _block(values)
    # nothing farther away than the image is wide can be reached
    near = [
        ((0,) * (3 - values.ndim) + tuple(place), min(half, block.shape[2] - 1))
        for place, half in rows
        if all(abs(p) < n for p, n in zip(place, values.shape, strict=False))
    ]
    longest = max(half for _, half in near)
    # of each row: z, y, the level of its stretches of 2 ** level pixels, and where the two of them begin
    table = []
    for (z, y), half in near:
        level = (2 * half + 1).bit_length() - 1
        table.append((level, z, y, longest - half, longest + half + 1 - (1 << level)))
    result = np.empty(block.shape, block.dtype)
    outside = _never(block.dtype, greatest)
    given = (block, np.array(sorted(table), np.int64), longest, greatest, outside, result)
    in_threads(_reduce, [(*given, *cut) for cut in strips(block.shape[1], least=16)])
    return result.reshape(values.shape).astype(values.dtype, copy=False)


def extreme_in_box(values: np.ndarray, reach: Sequence[int], greatest: bool) -> np.ndarray:
    """Return the extreme in a box of ``2 * reach + 1`` pixels along each axis, within the image."""
    reach = [min(n, size - 1) for n, size in zip(reach, values.shape, strict=True)]
    rows = [(place, reach[-1]) for place in product(*(range(-n, n + 1) for n in reach[:-1]))]
    if len(rows) <= _FEW:
        return extreme_in_rows(values, rows, greatest)
    for axis, n in enumerate(reach):
        if n > 0 and axis == values.ndim - 1:
            values = extreme_in_rows(values, [((0,) * axis, n)], greatest)
        elif n > 0:
            values = _along(values, axis, n, greatest)
    return values


def _block(values: np.ndarray) -> np.ndarray:
    own = values.dtype if values.dtype.name in _AS_THEY_ARE else np.dtype(np.float64)
    return prepared(values, own).reshape((-1, *values.shape[-2:]))


def _never(dtype: np.dtype, greatest: bool) -> np.generic:
    """Return the value that wins no comparison."""
    if dtype.kind == "f":
        return dtype.type(-np.inf if greatest else np.inf)
    return dtype.type(np.iinfo(dtype).min if greatest else np.iinfo(dtype).max)


def _along(values: np.ndarray, axis: int, n: int, greatest: bool) -> np.ndarray:
    """Return the extreme of ``2 * n + 1`` pixels along an axis that is not the last."""
    block = prepared(values, values.dtype if values.dtype.name in _AS_THEY_ARE else np.float64)
    lines = block.reshape((-1, values.shape[axis], int(np.prod(values.shape[axis + 1 :]))))
    result = np.empty(lines.shape, block.dtype)
    given = (lines, n, greatest, _never(block.dtype, greatest), result)
    in_threads(_reduce_along, [(*given, *cut) for cut in strips(lines.shape[2], least=64)])
    return result.reshape(values.shape).astype(values.dtype, copy=False)


@compiled
def _take(best, one, two, greatest):
    if greatest:
        for x in range(best.size):
            a = one[x] if one[x] > two[x] else two[x]
            best[x] = a if a > best[x] else best[x]
    else:
        for x in range(best.size):
            a = one[x] if one[x] < two[x] else two[x]
            best[x] = a if a < best[x] else best[x]


@compiled
def _reduce(values, rows, longest, greatest, outside, result, low, high):
    depth, height, width = values.shape
    reach_z, reach_y = np.abs(rows[:, 1]).max(), np.abs(rows[:, 2]).max()
    thick = min(depth, max(8, 2 * reach_z))
    deep = max(16, 2 * reach_y)
    band = np.empty((thick + 2 * reach_z, deep + 2 * reach_y, width + 2 * longest), values.dtype)
    spare = np.empty(width + 2 * longest, values.dtype)
    for top in range(low, high, deep):
        bottom = min(high, top + deep)
        for front in range(0, depth, thick):
            back = min(depth, front + thick)
            for z in range(front - reach_z, back + reach_z):
                for y in range(top - reach_y, bottom + reach_y):
                    row = band[z - front + reach_z, y - top + reach_y]
                    row[:] = outside
                    if 0 <= z < depth and 0 <= y < height:
                        row[longest : longest + width] = values[z, y]
            result[front:back, top:bottom] = outside
            level = 0
            first = 0
            while first < rows.shape[0]:
                # row[x] is the extreme of x to x + 2 ** level - 1
                last = first
                while last < rows.shape[0] and rows[last, 0] == level:
                    last += 1
                if last > first:
                    for z in range(front, back):
                        for y in range(top, bottom):
                            best = result[z, y]
                            for index in range(first, last):
                                row = band[
                                    z - front + reach_z + rows[index, 1], y - top + reach_y + rows[index, 2]
                                ]
                                one = rows[index, 3]
                                two = rows[index, 4]
                                _take(best, row[one : one + width], row[two : two + width], greatest)
                first = last
                if first < rows.shape[0]:
                    span = 1 << level
                    for z in range(back - front + 2 * reach_z):
                        for y in range(bottom - top + 2 * reach_y):
                            row = band[z, y]
                            end = row.size - span
                            # apart from what is read, so that many pixels are done at a time
                            spare[:end] = row[:end]
                            _take(spare[:end], row[span:], row[span:], greatest)
                            row[:end] = spare[:end]
                    level += 1


@compiled
def _reduce_along(values, n, greatest, outside, result, low, high):
    """Double along the middle axis, for some columns and some lines at a time, which stay in the cache."""
    length = values.shape[1]
    deep = min(length, max(64, 4 * n))
    wide = min(high - low, max(128, 262144 // ((deep + 2 * n) * values.itemsize)))
    band = np.empty((deep + 2 * n, wide), values.dtype)
    for outer in range(values.shape[0]):
        for top in range(0, length, deep):
            bottom = min(length, top + deep)
            for left in range(low, high, wide):
                size = min(wide, high - left)
                for y in range(top - n, bottom + n):
                    if 0 <= y < length:
                        band[y - top + n, :size] = values[outer, y, left : left + size]
                    else:
                        band[y - top + n, :size] = outside
                span = 1
                while 2 * span <= 2 * n + 1:
                    for y in range(bottom - top + 2 * n - span):
                        _take(band[y, :size], band[y + span, :size], band[y + span, :size], greatest)
                    span *= 2
                for y in range(bottom - top):
                    best = result[outer, top + y, left : left + size]
                    best[:] = outside
                    _take(best, band[y, :size], band[y + 2 * n + 1 - span, :size], greatest)
