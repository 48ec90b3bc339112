"""Contrast-limited adaptive histogram equalisation with a window of its own for every pixel.

The usual way cuts the image into fields and blends between them; where the fields lie depends on the size of the
image, so that a tile, a crop and the whole all differ. A window that slides along each row has no fields, and
its counts are whole numbers.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared


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
    _slide(block, level, box, n_levels, max_slope, result)
    return result.reshape(position.shape)


@compiled
def _above(counts, limit):
    """Return how many counts lie above a limit in all."""
    total = 0
    for count in counts:
        total += max(count - limit, 0)
    return total


@compiled
def _slide(position, level, box, n_levels, max_slope, result):
    depth, height, width = position.shape
    counts = np.zeros(n_levels, np.int64)
    for z in range(depth):
        z0, z1 = max(0, z - box[0]), min(depth, z + box[0] + 1)
        for y in range(height):
            y0, y1 = max(0, y - box[1]), min(height, y + box[1] + 1)
            counts[:] = 0
            n = 0
            for column in range(min(width, box[2])):
                for k in range(z0, z1):
                    for j in range(y0, y1):
                        if level[k, j, column] >= 0:
                            counts[level[k, j, column]] += 1
                            n += 1
            limit = 0
            for x in range(width):
                if x + box[2] < width:
                    for k in range(z0, z1):
                        for j in range(y0, y1):
                            if level[k, j, x + box[2]] >= 0:
                                counts[level[k, j, x + box[2]]] += 1
                                n += 1
                if x - box[2] > 0:
                    for k in range(z0, z1):
                        for j in range(y0, y1):
                            if level[k, j, x - box[2] - 1] >= 0:
                                counts[level[k, j, x - box[2] - 1]] -= 1
                                n -= 1
                own = level[z, y, x]
                if own < 0:
                    result[z, y, x] = np.nan
                    continue
                most = max_slope * n
                # the limit is unique, wherever the search starts, and hardly moves from pixel to pixel
                excess = _above(counts, limit)
                while limit > 0 and n_levels * limit + excess > most:
                    limit -= 1
                    excess = _above(counts, limit)
                while limit < n:
                    following = _above(counts, limit + 1)
                    if n_levels * (limit + 1) + following > most:
                        break
                    limit += 1
                    excess = following
                below = 0
                for i in range(own):
                    below += min(counts[i], limit)
                rank = below + (position[z, y, x] - own) * min(counts[own], limit)
                result[z, y, x] = (rank + position[z, y, x] / n_levels * excess) / n
