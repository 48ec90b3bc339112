"""How many pairs of points lie how far apart, each pair weighed by how much of a window could have shown it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from objectwise.kernels import compiled, prepared


def weigh_pairs(
    points: np.ndarray,
    reach: float,
    n_distances: int,
    covariance: np.ndarray | None = None,
    spacing: Sequence[float] = (),
    sides: Sequence[float] = (),
) -> np.ndarray:
    """Add up pairs of points by their distance, in rings of one width.

    Parameters
    ----------
    points : ndarray of float64, shape (n, ndim)
        2-D or 3-D.
    reach : float
        Distance up to which pairs count.
    n_distances : int
        Number of rings; one holds its outer distance and not its inner one.
    covariance : ndarray of float64, shape (2 m + 1, ...), optional
        The size that a window and its copy moved by so many pixels have in common, no move in the middle, and
        at least one move farther than the reach. In between it is linear along each axis, exactly so for a
        window that is made of pixels.
    spacing : sequence of float, optional
        Length of a move by one pixel along each axis.
    sides : sequence of float, optional
        Sides of a window that is a box, instead of a covariance.

    Returns
    -------
    ndarray of float64, shape (n_distances,)
        Of ordered pairs in each ring the sum of 1 over the size in common; the number of such pairs where there
        is no window.

    Notes
    -----
    Points are ordered along their longest axis, and only those within the reach along it are compared.
    """
    ndim = points.shape[1]
    pad = 3 - ndim
    axis = int(np.argmax(np.ptp(points, axis=0))) if len(points) else 0
    ordered = points[np.argsort(points[:, axis], kind="stable")]
    table = np.zeros((3,) * pad + (covariance.shape if covariance is not None else (0,) * ndim))
    if covariance is not None:
        table[(1,) * pad] = covariance
    rings = np.zeros(n_distances)
    _weigh(
        prepared(np.pad(ordered, ((0, 0), (pad, 0))), np.float64),
        axis + pad,
        float(reach),
        table,
        np.array([1.0] * pad + list(spacing or (1.0,) * ndim), np.float64),
        # a box without an axis has the side 1 there
        np.array([1.0] * pad + list(sides), np.float64) if sides else np.zeros(0),
        rings,
    )
    return rings


@compiled
def _weigh(points, first, reach, covariance, spacing, sides, rings):
    middle = np.array(covariance.shape) // 2
    move = np.empty(3)
    low = np.empty(3, np.int64)
    part = np.empty(3)
    for i in range(points.shape[0]):
        for j in range(i + 1, points.shape[0]):
            if points[j, first] - points[i, first] > reach * (1 + 1e-9):
                break
            squared = 0.0
            for axis in range(3):
                move[axis] = points[j, axis] - points[i, axis]
                squared += move[axis] * move[axis]
            # distances that differ by rounding alone are the same
            ring = int(np.ceil(np.sqrt(squared) / reach * rings.size - 1e-9)) - 1
            if ring >= rings.size:
                continue
            common = 1.0
            if sides.size:
                for axis in range(3):
                    common *= sides[axis] - abs(move[axis])
            elif covariance.size:
                for axis in range(3):
                    steps = move[axis] / spacing[axis] + middle[axis]
                    low[axis] = int(np.floor(steps))
                    part[axis] = steps - low[axis]
                common = 0.0
                for z in range(2):
                    # what has no part is not looked at: in 2-D half of the corners
                    along_z = part[0] if z else 1.0 - part[0]
                    if along_z > 0:
                        for y in range(2):
                            share = along_z * (part[1] if y else 1.0 - part[1])
                            line = covariance[low[0] + z, low[1] + y]
                            common += share * ((1.0 - part[2]) * line[low[2]] + part[2] * line[low[2] + 1])
            if common > 0:
                rings[max(ring, 0)] += 2 / common
