"""Weighted averages whose weights are a product of one set along each axis, as a Gaussian's are.

SciPy goes through the whole image once for each axis, on one thread, and float images alone. Here all axes are done
for a band of rows that stays in the cache, several pixels at a time. The sums have the order and precision of
SciPy's, from the farthest pair of pixels to the nearest, so that values are the same, and a tile's are those
of the whole image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from objectwise.kernels import compiled, prepared
from objectwise.kernels.threads import in_threads, strips

_AS_THEY_ARE = ("uint8", "uint16", "float32", "float64")


def weighted(image: np.ndarray, weights: Sequence[np.ndarray], dtype: Any) -> np.ndarray:
    """Return an image averaged along each axis in turn.

    Parameters
    ----------
    image : ndarray of real numbers
        2-D or 3-D; beyond the border it continues with its last pixels.
    weights : sequence of ndarray of float
        For each axis the weights of a pixel and of its neighbours at 1, 2, 3 ... pixels on either side.
    dtype
        float32 or float64, that of the result.
    """
    if image.size == 0:
        return np.empty(image.shape, dtype)
    own = image.dtype if image.dtype.name in _AS_THEY_ARE else dtype
    block = prepared(image, own).reshape((-1, *image.shape[-2:]))
    z, y, x = [np.ones(1)] * (3 - image.ndim) + [np.asarray(part, np.float64) for part in weights]
    result = np.empty(block.shape, dtype)
    in_threads(_average, [(block, z, y, x, result, *cut) for cut in strips(block.shape[1], least=32)])
    return result.reshape(image.shape)


@compiled
def _add(total, one, other, weight):
    for x in range(total.size):
        total[x] += (np.float64(one[x]) + np.float64(other[x])) * weight


@compiled
def _start(total, own, weight):
    for x in range(total.size):
        total[x] = np.float64(own[x]) * weight


@compiled
def _average(block, along_z, along_y, along_x, result, low, high):
    depth, height, width = block.shape
    reach_z, reach_y, reach_x = along_z.size - 1, along_y.size - 1, along_x.size - 1
    deep = max(32, 4 * reach_y)
    total = np.empty(width, np.float64)
    line = np.empty(width + 2 * reach_x, result.dtype)
    band = np.empty((deep + 2 * reach_y, width), result.dtype)
    for top in range(low, high, deep):
        bottom = min(high, top + deep)
        first = max(0, top - reach_y)
        last = min(height, bottom + reach_y)
        for z in range(depth):
            for y in range(first, last):
                _start(total, block[z, y], along_z[0])
                for step in range(reach_z, 0, -1):
                    _add(total, block[max(0, z - step), y], block[min(depth - 1, z + step), y], along_z[step])
                band[y - first] = total
            for y in range(top, bottom):
                _start(total, band[y - first], along_y[0])
                for step in range(reach_y, 0, -1):
                    above = max(0, y - step) - first
                    below = min(height - 1, y + step) - first
                    _add(total, band[above], band[below], along_y[step])
                line[:reach_x] = total[0]
                line[reach_x : reach_x + width] = total
                line[reach_x + width :] = total[width - 1]
                _start(total, line[reach_x : reach_x + width], along_x[0])
                for step in range(reach_x, 0, -1):
                    left = line[reach_x - step : reach_x - step + width]
                    right = line[reach_x + step : reach_x + step + width]
                    _add(total, left, right, along_x[step])
                result[z, y] = total
