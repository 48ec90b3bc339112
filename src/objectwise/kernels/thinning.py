"""The crests of a gradient: pixels no neighbour across the edge is steeper than.

scikit-image does this in 2-D and pixels only. Every number here is worked out from a pixel's own neighbourhood, so
that a tile has the crests of the whole image to the last bit.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared


def crests(slopes: np.ndarray, magnitude: np.ndarray) -> np.ndarray:
    """Return the magnitude where it is at its largest across the edge, and 0 elsewhere.

    Parameters
    ----------
    slopes : ndarray of float
        ``(ndim, ...)``: the direction across the edge, in pixels along each axis.
    magnitude : ndarray of float
        How steep the image is.

    Returns
    -------
    ndarray of float64

    Notes
    -----
    Both neighbours are read on the faces of the 3 x 3 (x 3) box around the pixel, interpolated between its pixels.
    Beyond the border the magnitude is 0. Of equally steep pixels side by side all stay.
    """
    shape = (1,) * (3 - magnitude.ndim) + magnitude.shape
    padded = np.pad(prepared(magnitude, np.float64).reshape(shape), 1)
    full = np.zeros((3, *shape))
    full[3 - magnitude.ndim :] = slopes.reshape(len(slopes), *shape)
    return _crests(full, padded).reshape(magnitude.shape)


@compiled
def _crests(slopes, magnitude):
    planes, rows, columns = slopes.shape[1:]
    result = np.zeros((planes, rows, columns))
    step = np.zeros(3)
    for z in range(planes):
        for y in range(rows):
            for x in range(columns):
                own = magnitude[z + 1, y + 1, x + 1]
                largest = 0.0
                for axis in range(3):
                    step[axis] = slopes[axis, z, y, x]
                    largest = max(largest, abs(step[axis]))
                if not (own > 0.0 and largest > 0.0):
                    continue
                crest = True
                for side in (-1.0, 1.0):
                    beyond = 0.0
                    for dz in range(-1, 2):
                        near_z = 1.0 - abs(side * step[0] / largest - dz)
                        if near_z <= 0.0:
                            continue
                        for dy in range(-1, 2):
                            near_y = 1.0 - abs(side * step[1] / largest - dy)
                            if near_y <= 0.0:
                                continue
                            for dx in range(-1, 2):
                                near_x = 1.0 - abs(side * step[2] / largest - dx)
                                if near_x <= 0.0:
                                    continue
                                weight = near_z * near_y * near_x
                                beyond += weight * magnitude[z + 1 + dz, y + 1 + dy, x + 1 + dx]
                    if beyond > own * (1 + 1e-9):
                        crest = False
                if crest:
                    result[z, y, x] = own
    return result
