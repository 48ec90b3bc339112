"""What rings about the middle of each object hold."""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled
from objectwise.kernels.runs import (
    MAX_X,
    MAX_Y,
    MAX_Z,
    MIN_X,
    MIN_Y,
    MIN_Z,
    N_PIXELS,
    SUM_X,
    SUM_Y,
    SUM_Z,
)

# how far two lengths may differ by rounding, relative to them
CLOSE = 1e-6

# columns of what is found of a ring
N_IN_RING, SUM_IN_RING, DEVIATION_OF_WEDGES, MEAN_OF_WEDGES = 0, 1, 2, 3
N_OF_RING = 4


@compiled
def describe_rings(labels, depth, image, record, size, flat, n_rings, start, stop, found):
    """Add up an image in rings about the middle of each object.

    Parameters
    ----------
    labels : ndarray of int32, shape (Z, Y, X)
        With the ids 1 to n.
    depth : ndarray of float32, shape (Z, Y, X)
        How far each pixel is from the nearest that is not in its object.
    image : ndarray, shape (Z, Y, X)
        What `prepare_image` returned.
    record : ndarray of int64, shape (n, 16)
    size : ndarray of float64, shape (3,)
        Pixel size along each axis.
    flat : bool
        Whether the image is 2-D; the eight wedges are then sectors of 45 degrees, else octants.
    n_rings : int
    start, stop : int
        The objects to look at, half-open.
    found : ndarray of float64, shape (n, n_rings, 4)
        Zeros; written: number of finite pixels, their sum, and the standard deviation and the mean of the means of
        the wedges; NaN for both where a ring has no finite pixel.

    Notes
    -----
    A pixel on the border between wedges counts for all of them in equal parts, and where several pixels lie deepest
    and equally near to the centroid, all of them are the middle: a mirrored object has mirrored rings.
    """
    side = np.empty(3)
    for index in range(start, stop):
        entry = record[index]
        n = entry[N_PIXELS]
        corner = np.array([entry[MIN_Z], entry[MIN_Y], entry[MIN_X]])
        end = np.array([entry[MAX_Z], entry[MAX_Y], entry[MAX_X]])
        sums = np.array([entry[SUM_Z], entry[SUM_Y], entry[SUM_X]])
        centroid = (sums - n * corner) / n * size
        deepest = np.float32(0)
        for z in range(corner[0], end[0]):
            for y in range(corner[1], end[1]):
                for x in range(corner[2], end[2]):
                    if labels[z, y, x] == index + 1:
                        deepest = max(deepest, depth[z, y, x])
        # the deepest pixels, and of these the ones nearest to the centroid
        deep = np.empty((16, 3))
        n_deep = 0
        nearest = np.inf
        for z in range(corner[0], end[0]):
            for y in range(corner[1], end[1]):
                for x in range(corner[2], end[2]):
                    if labels[z, y, x] != index + 1 or depth[z, y, x] < deepest * (1 - CLOSE):
                        continue
                    if n_deep == deep.shape[0]:
                        larger = np.empty((2 * n_deep, 3))
                        larger[:n_deep] = deep
                        deep = larger
                    deep[n_deep, 0] = (z - corner[0]) * size[0]
                    deep[n_deep, 1] = (y - corner[1]) * size[1]
                    deep[n_deep, 2] = (x - corner[2]) * size[2]
                    nearest = min(nearest, ((deep[n_deep] - centroid) ** 2).sum())
                    n_deep += 1
        margin = (CLOSE * size.min()) ** 2
        n_middle = 0
        for number in range(n_deep):
            if ((deep[number] - centroid) ** 2).sum() <= nearest * (1 + CLOSE) + margin:
                deep[n_middle] = deep[number]
                n_middle += 1
        middle = np.zeros(3)
        for number in range(n_middle):
            middle += deep[number] / n_middle
        weights = np.zeros((n_rings, 8))
        values = np.zeros((n_rings, 8))
        for z in range(corner[0], end[0]):
            for y in range(corner[1], end[1]):
                for x in range(corner[2], end[2]):
                    if labels[z, y, x] != index + 1 or not np.isfinite(image[z, y, x]):
                        continue
                    value = np.float64(image[z, y, x])
                    pz = (z - corner[0]) * size[0]
                    py = (y - corner[1]) * size[1]
                    px = (x - corner[2]) * size[2]
                    squared = np.inf
                    for number in range(n_middle):
                        dz = pz - deep[number, 0]
                        dy = py - deep[number, 1]
                        dx = px - deep[number, 2]
                        squared = min(squared, dz * dz + dy * dy + dx * dx)
                    away = np.sqrt(squared)
                    # a pixel on the border of two rings belongs to the inner one
                    place = n_rings * away / (away + depth[z, y, x])
                    ring = min(max(int(np.ceil(place * (1 - CLOSE))) - 1, 0), n_rings - 1)
                    found[index, ring, N_IN_RING] += 1
                    found[index, ring, SUM_IN_RING] += value
                    side[0] = pz - middle[0]
                    side[1] = py - middle[1]
                    side[2] = px - middle[2]
                    if flat:
                        side[0] = abs(side[1]) - abs(side[2])
                    for axis in range(3):
                        if abs(side[axis]) < CLOSE * size.min():
                            side[axis] = 0.5
                        else:
                            side[axis] = 1.0 if side[axis] > 0 else 0.0
                    for wedge in range(8):
                        weight = 1.0
                        for axis in range(3):
                            weight *= side[axis] if (wedge >> axis) & 1 else 1 - side[axis]
                        weights[ring, wedge] += weight
                        values[ring, wedge] += weight * value
        for ring in range(n_rings):
            n_wedges = 0
            mean = 0.0
            for wedge in range(8):
                if weights[ring, wedge] > 0:
                    values[ring, wedge] /= weights[ring, wedge]
                    mean += values[ring, wedge]
                    n_wedges += 1
            if n_wedges == 0:
                found[index, ring, DEVIATION_OF_WEDGES] = found[index, ring, MEAN_OF_WEDGES] = np.nan
                continue
            mean /= n_wedges
            squares = 0.0
            for wedge in range(8):
                if weights[ring, wedge] > 0:
                    squares += (values[ring, wedge] - mean) ** 2
            found[index, ring, DEVIATION_OF_WEDGES] = np.sqrt(squares / n_wedges)
            found[index, ring, MEAN_OF_WEDGES] = mean
