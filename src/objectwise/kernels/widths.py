"""The least distance of two parallel planes that hold an object between them, and directions of diameters, in 3-D.

The hull is that of `solids`: its corners and the normals of its faces are whole numbers, so which triangles lie in one
face, and which edges there are, is told exactly.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled
from objectwise.kernels.calipers import PARALLEL, SAME
from objectwise.kernels.runs import MAX_Y, MAX_Z, MIN_X, MIN_Y, MIN_Z
from objectwise.kernels.solids import above, hull, list_corners, middles

# what is found of each object: the width, the direction of it, and that of the largest diameter
N_FOUND = 7


@compiled
def _keep_direction(z, y, x, size, best, direction):
    """Note the direction of a size that is the best so far; `best` is that size, and 1 where it has one direction."""
    length = np.sqrt(z * z + y * y + x * x)
    along = direction[0] * z + direction[1] * y + direction[2] * x
    if abs(size - best[0]) > SAME * size:
        best[1] = 1
    elif abs(along) < (1 - PARALLEL) * length:
        best[1] = 0
        return
    else:
        return
    best[0] = size
    direction[0] = z / length
    direction[1] = y / length
    direction[2] = x / length


@compiled
def _largest_diameter(points, direction):
    """Find the direction of the two points that are farthest from each other, in 3-D.

    Parameters
    ----------
    points : ndarray of float64, shape (n, 3)
        Two or more, all different.
    direction : ndarray of float64, shape (3,)
        Written: a vector of length 1.

    Returns
    -------
    bool
        Whether there is no other direction as good.
    """
    best = np.array([0.0, 1.0], dtype=np.float64)
    for a in range(points.shape[0]):
        for b in range(a):
            z = points[a, 0] - points[b, 0]
            y = points[a, 1] - points[b, 1]
            x = points[a, 2] - points[b, 2]
            squared = z * z + y * y + x * x
            if squared >= best[0] * (1 - SAME):
                _keep_direction(z, y, x, squared, best, direction)
    return best[1] == 1


@compiled
def _least_width(points, normals, edges, direction):
    """Find the smallest distance of two parallel planes that hold a convex polyhedron between them.

    Parameters
    ----------
    points : ndarray of float64, shape (n, 3)
        The corners.
    normals : ndarray of float64, shape (n_faces, 3)
        Outward, of length 1.
    edges : ndarray of int64, shape (n_edges, 4)
        The two corners and the two faces of each edge.
    direction : ndarray of float64, shape (3,)
        Written: a vector of length 1 from one plane straight to the other.

    Returns
    -------
    width : float
    unique : bool
        Whether there is no other direction as good.

    Notes
    -----
    Either one of the two planes holds a face, or both hold an edge. Edges come into question only where a direction
    between the normals of the faces of one is opposite to a direction between those of the other.

    References
    ----------
    Houle ME, Toussaint GT (1988) Computing the width of a set. IEEE Transactions on Pattern Analysis and Machine
    Intelligence 10(5):761-765.
    """
    best = np.array([np.inf, 1.0], dtype=np.float64)
    for face in range(normals.shape[0]):
        low = np.inf
        high = -np.inf
        for point in range(points.shape[0]):
            along = (
                normals[face, 0] * points[point, 0]
                + normals[face, 1] * points[point, 1]
                + normals[face, 2] * points[point, 2]
            )
            low = min(low, along)
            high = max(high, along)
        if high - low <= best[0] * (1 + SAME):
            _keep_direction(normals[face, 0], normals[face, 1], normals[face, 2], high - low, best, direction)
    n = edges.shape[0]
    along = np.empty((n, 3), dtype=np.float64)
    for a in range(n):
        for axis in range(3):
            along[a, axis] = points[edges[a, 1], axis] - points[edges[a, 0], axis]
    for a in range(n):
        a0 = edges[a, 2]
        a1 = edges[a, 3]
        for b in range(a):
            b0 = edges[b, 2]
            b1 = edges[b, 3]
            side_0 = (
                normals[b0, 0] * along[a, 0] + normals[b0, 1] * along[a, 1] + normals[b0, 2] * along[a, 2]
            )
            side_1 = (
                normals[b1, 0] * along[a, 0] + normals[b1, 1] * along[a, 1] + normals[b1, 2] * along[a, 2]
            )
            if side_0 * side_1 >= 0:
                continue
            other_0 = (
                normals[a0, 0] * along[b, 0] + normals[a0, 1] * along[b, 1] + normals[a0, 2] * along[b, 2]
            )
            other_1 = (
                normals[a1, 0] * along[b, 0] + normals[a1, 1] * along[b, 1] + normals[a1, 2] * along[b, 2]
            )
            if other_0 * other_1 >= 0:
                continue
            # across both edges
            z = along[a, 1] * along[b, 2] - along[a, 2] * along[b, 1]
            y = along[a, 2] * along[b, 0] - along[a, 0] * along[b, 2]
            x = along[a, 0] * along[b, 1] - along[a, 1] * along[b, 0]
            # towards the faces of one, away from those of the other
            towards = z * (normals[a0, 0] + normals[a1, 0]) + y * (normals[a0, 1] + normals[a1, 1])
            towards += x * (normals[a0, 2] + normals[a1, 2])
            away = z * (normals[b0, 0] + normals[b1, 0]) + y * (normals[b0, 1] + normals[b1, 1])
            away += x * (normals[b0, 2] + normals[b1, 2])
            if towards * away >= 0:
                continue
            width = abs(
                z * (points[edges[a, 0], 0] - points[edges[b, 0], 0])
                + y * (points[edges[a, 0], 1] - points[edges[b, 0], 1])
                + x * (points[edges[a, 0], 2] - points[edges[b, 0], 2])
            )
            width /= np.sqrt(z * z + y * y + x * x)
            if width <= best[0] * (1 + SAME):
                _keep_direction(z, y, x, width, best, direction)
    return best[0], best[1] == 1


@compiled
def _edges(points, planes, corners, near):
    """List the edges of a polyhedron: two corners, and the two faces; none between triangles of one face."""
    n = 0
    edges = np.empty((3 * corners.shape[0] // 2, 4), dtype=np.int64)
    for face in range(corners.shape[0]):
        for side in range(3):
            beyond = near[face, side]
            if beyond < face:
                continue
            a = corners[face, side]
            b = corners[face, (side + 1) % 3]
            flat = True
            for other in range(3):
                flat &= above(planes[face], points[corners[beyond, other]]) == 0
            if not flat:
                edges[n, 0] = a
                edges[n, 1] = b
                edges[n, 2] = face
                edges[n, 3] = beyond
                n += 1
    return edges[:n]


@compiled
def _orient(direction, unique):
    """Turn a vector so that its first component that is not 0 is positive; NaN where it is one of several."""
    sign = 0.0
    for axis in range(3):
        if sign == 0 and abs(direction[axis]) > PARALLEL:
            sign = np.sign(direction[axis])
    for axis in range(3):
        direction[axis] = direction[axis] * sign if unique else np.nan


@compiled
def measure_widths(record, offsets, first, last, spacing, found):
    """Find the width of each object, its direction, and that of the largest diameter.

    Parameters
    ----------
    record : ndarray of int64, shape (n, 16)
    offsets : ndarray of int64, shape (n,)
    first, last : ndarray of int32, shape (total number of lines,)
        What `find_line_ends` wrote.
    spacing : tuple of three float
    found : ndarray of float64, shape (n, 7)
        Written: the width and two vectors of length 1, NaN where there are several directions.
    """
    for index in range(record.shape[0]):
        n_planes = record[index, MAX_Z] - record[index, MIN_Z]
        height = record[index, MAX_Y] - record[index, MIN_Y]
        lines = (offsets[index], n_planes, height, record[index, MIN_X])
        points, _ = middles(list_corners(first, last, *lines), first, last, *lines)
        planes, corners, near = hull(points)
        edges = _edges(points, planes, corners, near)
        normals = np.empty((planes.shape[0], 3), dtype=np.float64)
        for face in range(planes.shape[0]):
            # triangles of one face get the same normal to the last bit, which turns with the reciprocal of what
            # stretches space
            whole = max(np.gcd(np.gcd(planes[face, 0], planes[face, 1]), planes[face, 2]), 1)
            squared = 0.0
            for axis in range(3):
                normals[face, axis] = (planes[face, axis] // whole) / spacing[axis]
                squared += normals[face, axis] ** 2
            for axis in range(3):
                normals[face, axis] /= np.sqrt(squared)
        number = np.full(points.shape[0], -1, dtype=np.int64)
        vertices = np.empty((points.shape[0], 3), dtype=np.float64)
        n = 0
        for face in range(corners.shape[0]):
            for side in range(3):
                point = corners[face, side]
                if number[point] < 0:
                    number[point] = n
                    for axis in range(3):
                        vertices[n, axis] = points[point, axis] * spacing[axis] / 2
                    n += 1
        for edge in range(edges.shape[0]):
            edges[edge, 0] = number[edges[edge, 0]]
            edges[edge, 1] = number[edges[edge, 1]]
        row = found[index]
        row[0], one = _least_width(vertices[:n], normals, edges, row[1:4])
        _orient(row[1:4], one)
        _orient(row[4:7], _largest_diameter(vertices[:n], row[4:7]))
