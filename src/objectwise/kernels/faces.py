"""How far points are from the surface of objects, exactly: to the nearest face between two pixels.

The surface of an object is made of the faces of its pixels that no other pixel of it shares. A distance to it has
no error of half a pixel, as one from pixel centre to pixel centre has, and does not depend on how far points lie.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from objectwise.kernels import compiled, prepared


def distances_to_surface(
    labels: np.ndarray, points: np.ndarray, owners: np.ndarray, spacing: Sequence[float]
) -> np.ndarray:
    """Return the distance of points from the surface of the object that each belongs to.

    Parameters
    ----------
    labels : ndarray of int32
        2-D or 3-D, with the ids 1 .. n; what lies beyond the image is outside.
    points : ndarray of float64, shape (k, ndim)
        In pixels.
    owners : ndarray of int, shape (k,)
        The id of the object of each; all of them are there.
    spacing : sequence of float
        Pixel size along each axis.

    Returns
    -------
    ndarray of float64, shape (k,)
        Not negative, whether a point lies inside or outside.
    """
    ids, positions, axes = _faces(labels)
    order = np.argsort(ids, kind="stable")
    starts = np.searchsorted(ids[order], np.arange(int(ids.max(initial=0)) + 2))
    flat = labels.ndim == 2
    result = np.empty(len(points))
    _nearest(
        prepared(np.pad(points, ((0, 0), (int(flat), 0))), np.float64),
        prepared(owners, np.int64),
        prepared(np.pad(positions[order], ((0, 0), (int(flat), 0))), np.float64),
        prepared(axes[order] + int(flat), np.int64),
        prepared(starts, np.int64),
        np.array([1.0] * flat + [float(step) for step in spacing]),
        result,
    )
    return result


def _faces(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the id, the centre in pixels and the axis of each face; one between two objects stands twice."""
    found = []
    for axis in range(labels.ndim):
        padded = np.pad(labels, [(int(other == axis),) * 2 for other in range(labels.ndim)])
        sides = [np.take(padded, range(n, labels.shape[axis] + 1 + n), axis) for n in (0, 1)]
        where = np.nonzero(sides[0] != sides[1])
        position = np.stack(where, axis=-1).astype(np.float64)
        position[:, axis] -= 0.5
        for side in sides:
            ids = side[where]
            found.append((ids[ids > 0], position[ids > 0], np.full(np.count_nonzero(ids), axis)))
    ids, positions, axes = (np.concatenate(part) for part in zip(*found, strict=True))
    return ids, positions, axes


@compiled
def _nearest(points, owners, positions, axes, starts, spacing, result):
    for k in range(points.shape[0]):
        best = np.inf
        for face in range(starts[owners[k]], starts[owners[k] + 1]):
            squared = 0.0
            for axis in range(3):
                away = abs(points[k, axis] - positions[face, axis])
                if axis != axes[face]:
                    # a face reaches half a pixel to both sides
                    away = max(away - 0.5, 0.0)
                squared += (away * spacing[axis]) ** 2
            best = min(best, squared)
        result[k] = np.sqrt(best)
