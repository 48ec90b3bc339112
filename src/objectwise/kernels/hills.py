"""The hills of a distance map: where touching objects have their middles.

scikit-image finds maxima that are higher than their surroundings by rebuilding the whole image, which takes
seconds. Walking once over the pixels from the highest to the lowest, and joining neighbours as they come up,
gives every hill with its height and the height of the pass over which it meets a higher one; whether a hill is
an object of its own is then a decision about two numbers.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared


def hill_tops(height: np.ndarray, mask: np.ndarray, min_height: float, min_drop: float) -> np.ndarray:
    """Return the raster index of the top of every hill that stands for itself.

    Parameters
    ----------
    height : ndarray of float
        2-D or 3-D, for example the distance to the background.
    mask : ndarray of bool
        Where there are hills.
    min_height : float
        A hill below this height belongs to the higher one that it meets.
    min_drop : float
        A hill belongs to the higher one that it meets unless the pass between them is lower than its top
        by at least this fraction of the top's height, 0 to 1.

    Returns
    -------
    ndarray of int64
        One for each connected piece of the mask at least, in raster order. Of equally high tops the first
        in raster order counts as the higher one.

    Notes
    -----
    Sorting the pixels of the mask takes most of the time, O(n log n). Neighbours are those that share a
    face, edge or corner.
    """
    where = np.flatnonzero(mask)
    if where.size == 0:
        return where
    levels = prepared(height.ravel()[where], np.float64)
    order = np.argsort(-levels, kind="stable")
    shape = (1, *height.shape) if height.ndim == 2 else height.shape
    rank = np.full(mask.size, -1, np.int64)
    rank[where[order]] = np.arange(where.size)
    tops = _walk(
        where[order].astype(np.int64), levels[order], rank, np.array(shape, np.int64), min_height, min_drop
    )
    return np.sort(tops)


@compiled
def _root(parent, item):
    while parent[item] != item:
        parent[item] = parent[parent[item]]
        item = parent[item]
    return item


@compiled
def _walk(pixel, level, rank, shape, min_height, min_drop):
    """Join the pixels from the highest down; ``rank`` gives the place of a pixel in that order."""
    n = pixel.size
    parent = np.arange(n)  # the root of a hill is the pixel of its top, which comes first in the order
    alone = np.zeros(n, np.bool_)
    planes, rows, columns = shape[0], shape[1], shape[2]
    for item in range(n):
        index = pixel[item]
        x = index % columns
        y = (index // columns) % rows
        z = index // (columns * rows)
        alone[item] = True
        for dz in range(-1, 2):
            if z + dz < 0 or z + dz >= planes:
                continue
            for dy in range(-1, 2):
                if y + dy < 0 or y + dy >= rows:
                    continue
                for dx in range(-1, 2):
                    if x + dx < 0 or x + dx >= columns:
                        continue
                    other = rank[index + (dz * rows + dy) * columns + dx]
                    if other < 0 or other >= item:
                        continue
                    first = _root(parent, item)
                    second = _root(parent, other)
                    if first == second:
                        continue
                    high, low = min(first, second), max(first, second)
                    top = level[low]
                    if not (top >= min_height and top - level[item] >= min_drop * top and low != item):
                        alone[low] = False
                    parent[low] = high
    count = 0
    for item in range(n):
        count += alone[item]
    tops = np.empty(count, np.int64)
    count = 0
    for item in range(n):
        if alone[item]:
            tops[count] = pixel[item]
            count += 1
    return tops
