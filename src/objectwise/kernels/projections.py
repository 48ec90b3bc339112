"""Sums and extremes of the positions of pixels about the centroid of their object: moments, and extents along axes."""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled
from objectwise.kernels.runs import LABEL, LINE, START, STOP

# powers of z, y and x of the central moments of second and third order
ORDERS = np.array(
    [(z, y, n - z - y) for n in (2, 3) for z in range(n, -1, -1) for y in range(n - z, -1, -1)],
    dtype=np.int64,
)


@compiled
def add_moments(runs, n_y, reference, offset, moments):
    """Add up the products of the positions of the pixels of each object about its centroid.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        With the row of the object in place of its label.
    n_y : int
        Number of rows of a plane.
    reference : ndarray of int64, shape (n, 3)
    offset : ndarray of float64, shape (n, 3)
        The centroid, as a whole number and what is left.
    moments : ndarray of float64, shape (n, 16)
        Zeros; written, in the order of `ORDERS`.
    """
    along = np.ones((3, 4), dtype=np.float64)
    for index in range(runs.shape[0]):
        item = runs[index, LABEL]
        z = runs[index, LINE] // n_y
        y = runs[index, LINE] - z * n_y
        away_z = (z - reference[item, 0]) - offset[item, 0]
        away_y = (y - reference[item, 1]) - offset[item, 1]
        for power in range(1, 4):
            along[0, power] = along[0, power - 1] * away_z
            along[1, power] = along[1, power - 1] * away_y
        along[2, 0] = runs[index, STOP] - runs[index, START]
        for power in range(1, 4):
            along[2, power] = 0
        for x in range(runs[index, START], runs[index, STOP]):
            away = (x - reference[item, 2]) - offset[item, 2]
            squared = away * away
            along[2, 1] += away
            along[2, 2] += squared
            along[2, 3] += squared * away
        for number in range(ORDERS.shape[0]):
            moments[item, number] += (
                along[0, ORDERS[number, 0]] * along[1, ORDERS[number, 1]] * along[2, ORDERS[number, 2]]
            )


@compiled
def find_extents(runs, n_y, reference, axes, lowest, highest):
    """Find how far the pixel centres of each object reach along three axes.

    Parameters
    ----------
    runs, n_y, reference
        As in `add_moments`.
    axes : ndarray of float64, shape (n, 3, 3)
        The directions of each object: ``axes[i, k]`` is multiplied with a position in pixels.
    lowest, highest : ndarray of float64, shape (n, 3)
        Infinity, and minus infinity; written.
    """
    for index in range(runs.shape[0]):
        item = runs[index, LABEL]
        z = runs[index, LINE] // n_y
        y = runs[index, LINE] - z * n_y
        for end in range(2):
            x = runs[index, STOP] - 1 if end else runs[index, START]
            for axis in range(3):
                position = (
                    axes[item, axis, 0] * (z - reference[item, 0])
                    + axes[item, axis, 1] * (y - reference[item, 1])
                    + axes[item, axis, 2] * (x - reference[item, 2])
                )
                lowest[item, axis] = min(lowest[item, axis], position)
                highest[item, axis] = max(highest[item, axis], position)
