"""The commonest id around every pixel.

Counts are whole numbers, so that what wins does not depend on the order in which pixels are looked at, nor on
where a tile begins.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared


def commonest(labels: np.ndarray, pixels: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the labels with some pixels replaced by the commonest id around them.

    Parameters
    ----------
    labels : ndarray of int32
        2-D or 3-D; 0 counts as an id too.
    pixels : ndarray of int64
        Raster index of the pixels to be replaced.
    offsets : ndarray of int64, shape (n, ndim)
        What is around a pixel, as steps from it. Steps out of the image do not count.

    Returns
    -------
    ndarray of int32
        Where several ids are equally common, a pixel keeps its own or else takes the smallest.
    """
    shape = (1, *labels.shape) if labels.ndim == 2 else labels.shape
    steps = np.zeros((len(offsets), 3), np.int64)
    steps[:, 3 - labels.ndim :] = offsets
    given = prepared(labels, np.int32).reshape(shape)
    result = given.copy()
    _commonest(given, result.ravel(), prepared(pixels, np.int64), steps)
    return result.reshape(labels.shape)


@compiled
def _commonest(labels, result, pixels, steps):
    planes, rows, columns = labels.shape
    ids = np.empty(len(steps), np.int32)
    counts = np.empty(len(steps), np.int64)
    for index in pixels:
        x = index % columns
        y = (index // columns) % rows
        z = index // (columns * rows)
        n = 0
        for step in range(len(steps)):
            k, j, i = z + steps[step, 0], y + steps[step, 1], x + steps[step, 2]
            if k < 0 or k >= planes or j < 0 or j >= rows or i < 0 or i >= columns:
                continue
            label = labels[k, j, i]
            place = 0
            while place < n and ids[place] != label:
                place += 1
            if place == n:
                ids[n] = label
                counts[n] = 0
                n += 1
            counts[place] += 1
        own = labels[z, y, x]
        most = 0
        best = own
        for place in range(n):
            label = ids[place]
            if counts[place] > most or (
                counts[place] == most and best != own and (label == own or label < best)
            ):
                most = counts[place]
                best = label
        result[index] = best
