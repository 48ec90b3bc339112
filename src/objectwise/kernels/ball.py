"""The rolling ball: a ball of brightness pressed against an image from below.

scikit-image has it for one half, the height that the ball's top reaches; the background under a ball also needs
the other half, what the ball covers. The loops run along rows, so that they are done several pixels at a time.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled


def lowered(values: np.ndarray, offsets: np.ndarray, drops: np.ndarray) -> np.ndarray:
    """Return how high a ball can stand under each pixel: the minimum of ``value + drop`` over its pixels.

    Parameters
    ----------
    values : ndarray of float32 or float64
        Without NaN; +inf where nothing is.
    offsets : ndarray of int, (n, ndim)
        The pixels of the ball.
    drops : ndarray of float, (n,)
        By how much the ball's surface is below its top at each of them.

    Notes
    -----
    One addition and comparison for each pixel and each pixel of the ball.
    """
    reach = np.abs(offsets).max(axis=0)
    padded = np.pad(values, [(n, n) for n in reach], constant_values=np.inf)
    shape = (1,) * (3 - values.ndim) + padded.shape
    # four at a time; the last one may come again
    order = np.minimum(np.arange(-(-len(offsets) // 4) * 4), len(offsets) - 1)
    places = np.zeros((len(order), 3), np.int64)
    places[:, 3 - values.ndim :] = (offsets + reach)[order]
    result = np.empty(values.shape, values.dtype)
    _lower(
        padded.reshape(shape),
        places,
        drops.astype(values.dtype)[order],
        result.reshape((-1, *values.shape[-2:])),
    )
    return result


@compiled
def _lower(padded, places, drops, result):
    depth, height, width = result.shape
    best = np.empty(width, result.dtype)
    for z in range(depth):
        for y in range(height):
            best[:] = np.inf
            for i in range(0, places.shape[0], 4):
                a = places[i]
                b = places[i + 1]
                c = places[i + 2]
                d = places[i + 3]
                row_a = padded[z + a[0], y + a[1], a[2] : a[2] + width]
                row_b = padded[z + b[0], y + b[1], b[2] : b[2] + width]
                row_c = padded[z + c[0], y + c[1], c[2] : c[2] + width]
                row_d = padded[z + d[0], y + d[1], d[2] : d[2] + width]
                drop_a = drops[i]
                drop_b = drops[i + 1]
                drop_c = drops[i + 2]
                drop_d = drops[i + 3]
                for x in range(width):
                    # always a store, never a branch: only then are several pixels done at once
                    first = row_a[x] + drop_a
                    second = row_b[x] + drop_b
                    third = row_c[x] + drop_c
                    fourth = row_d[x] + drop_d
                    first = first if first < second else second
                    third = third if third < fourth else fourth
                    first = first if first < third else third
                    before = best[x]
                    best[x] = first if first < before else before
            result[z, y] = best
