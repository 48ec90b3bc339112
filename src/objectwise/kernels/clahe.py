"""Contrast-limited adaptive histogram equalisation with a window of its own for every pixel.

The usual way cuts the image into fields and blends between them; where the fields lie depends on the size of the
image, so that a tile, a crop and the whole all differ. A window that slides along each row has no fields, and
its counts are whole numbers. Each column of the window has a histogram, which loses a pixel and gains one from row to
row, so that the window moves by adding one histogram and taking one away, however large it is.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared
from objectwise.kernels.threads import in_threads, strips


def equalised(position: np.ndarray, reach: tuple[int, ...], n_levels: int, max_slope: float) -> np.ndarray:
    """Return each pixel's rank in the clipped histogram of the box around it, 0 to 1.

    Parameters
    ----------
    position : ndarray of float
        Brightness on a scale from 0 to ``n_levels``; NaN is left out and stays.
    reach : tuple of int
        Half-width of the box along each axis; it ends at the border of the image.
    n_levels : int
    max_slope : float
        At least 1: how much steeper than a straight line the mapping may be.

    Notes
    -----
    Counts above a limit are cut off and spread evenly over all levels; the limit is the highest whole number
    for which the largest count then is at most ``max_slope`` times the mean count.
    """
    block = prepared(position, np.float64).reshape((-1, *position.shape[-2:]))
    level = np.where(np.isnan(block), -1, np.minimum(block, n_levels - 1)).astype(np.int32)
    box = np.array((0,) * (3 - position.ndim) + reach, np.int64)
    result = np.empty(block.shape, np.float64)
    rows = strips(block.shape[0] * block.shape[1], least=16)
    in_threads(
        lambda start, stop: _slide(block, level, box, n_levels, float(max_slope), start, stop, result), rows
    )
    return result.reshape(position.shape)


@compiled
def _slide(position, level, box, n_levels, max_slope, start, stop, result):
    """Work on some rows, counted through all planes."""
    depth, height, width = position.shape
    columns = np.zeros((width, n_levels), np.int32)
    number = np.zeros(width, np.int64)
    counts = np.zeros(n_levels, np.int32)
    for row in range(start, stop):
        z = row // height
        y = row - z * height
        z0, z1 = max(0, z - box[0]), min(depth, z + box[0] + 1)
        if row == start or y == 0:
            columns[:] = 0
            number[:] = 0
            entering, last = max(0, y - box[1]), min(height, y + box[1] + 1)
        else:
            entering, last = min(height, y + box[1]), min(height, y + box[1] + 1)
            leaving = y - box[1] - 1
            if leaving >= 0:
                for k in range(z0, z1):
                    for x in range(width):
                        own = level[k, leaving, x]
                        if own >= 0:
                            columns[x, own] -= 1
                            number[x] -= 1
        for k in range(z0, z1):
            for j in range(entering, last):
                for x in range(width):
                    own = level[k, j, x]
                    if own >= 0:
                        columns[x, own] += 1
                        number[x] += 1
        counts[:] = 0
        n = 0
        for x in range(min(width, box[2])):
            n += number[x]
            for i in range(n_levels):
                counts[i] += columns[x, i]
        limit = 0
        for x in range(width):
            if x + box[2] < width:
                n += number[x + box[2]]
                new = columns[x + box[2]]
                for i in range(n_levels):
                    counts[i] += new[i]
            if x - box[2] > 0:
                n -= number[x - box[2] - 1]
                old = columns[x - box[2] - 1]
                for i in range(n_levels):
                    counts[i] -= old[i]
            own = level[z, y, x]
            if own < 0:
                result[z, y, x] = np.nan
                continue
            most = max_slope * n
            # the limit is unique, wherever the search starts, and hardly moves from pixel to pixel
            excess, higher = _above(counts, limit)
            while limit > 0 and n_levels * limit + excess > most:
                limit -= 1
                excess, higher = _above(counts, limit)
            # one more takes one from each count that is higher
            while limit < n and n_levels * (limit + 1) + excess - higher <= most:
                limit += 1
                excess, higher = _above(counts, limit)
            below = 0
            for i in range(own):
                below += min(counts[i], limit)
            rank = below + (position[z, y, x] - own) * min(counts[own], limit)
            result[z, y, x] = (rank + position[z, y, x] / n_levels * excess) / n


@compiled
def _above(counts, limit):
    """Return how much of the counts lies above a limit in all, and how many do."""
    bound = np.int32(limit)
    total = np.int32(0)
    higher = np.int32(0)
    for i in range(counts.size):
        over = max(np.int32(counts[i] - bound), np.int32(0))
        total += over
        higher += np.int32(over > 0)
    return np.int64(total), np.int64(higher)
