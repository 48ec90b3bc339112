"""The least distance of two parallel lines or planes that hold an object between them, directions, and boxes."""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled
from objectwise.kernels.runs import LINE, MAX_Y, MIN_Y, NOWHERE, START, STOP

# what is found of each object in 2-D
WIDTH, ANGLE_OF_WIDTH, ANGLE_OF_DIAMETER = 0, 1, 2
N_FOUND = 3

# what is found of the smallest box
BOX_LENGTH, BOX_WIDTH, BOX_ANGLE = 0, 1, 2

# lengths that are the same but for rounding, and directions
SAME = 1e-12
PARALLEL = 1e-9


@compiled
def _append_corners(ends, n, side, corners, size):
    """Add the corners of one side of a convex hull; ``side`` is 1 for the left one, -1 for the right one."""
    begin = size
    for row in range(n):
        if ends[row] == NOWHERE:
            continue
        while size > begin + 1:
            drop = (corners[size - 1, 1] - corners[size - 2, 1]) * (row - corners[size - 2, 0])
            rise = (ends[row] - corners[size - 2, 1]) * (corners[size - 1, 0] - corners[size - 2, 0])
            if side * drop < side * rise:
                break
            size -= 1
        corners[size, 0] = row
        corners[size, 1] = ends[row]
        size += 1
    return size


@compiled
def _angle(y, x):
    """Return the angle of a direction from the y axis, in the half turn up to pi / 2."""
    angle = np.arctan2(x, y)
    if angle > np.pi / 2:
        return angle - np.pi
    if angle <= -np.pi / 2:
        return angle + np.pi
    return angle


@compiled
def measure_calipers(runs, starts, low, high, record, spacing_y, spacing_x, found):
    """Find the smallest width of objects, its direction, and that of the largest diameter, in 2-D.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        The runs object after object.
    starts : ndarray of int64, shape (n + 1,)
        Where those of each object begin.
    low, high : int
        The objects to look at, half-open.
    record : ndarray of int64, shape (n, 16)
        The boxes of the objects.
    spacing_y, spacing_x : float
    found : ndarray of float64, shape (n, 3)
        Written. An angle is NaN where several directions are equally good.

    Notes
    -----
    A pixel stands for the middles of its four edges. One of the two lines that are nearest to each other runs along
    an edge of the hull.
    """
    tallest = 0
    for index in range(low, high):
        tallest = max(tallest, record[index, MAX_Y] - record[index, MIN_Y])
    left = np.empty(2 * tallest + 1, dtype=np.int64)
    right = np.empty(2 * tallest + 1, dtype=np.int64)
    corners = np.empty((4 * tallest + 2, 2), dtype=np.int64)
    for index in range(low, high):
        height = record[index, MAX_Y] - record[index, MIN_Y]
        for row in range(2 * height + 1):
            left[row] = NOWHERE
            right[row] = NOWHERE
        # rows and columns in half pixels
        for run in range(starts[index], starts[index + 1]):
            line = 2 * (runs[run, LINE] - record[index, MIN_Y])
            for row in range(line, line + 3):
                out = row % 2
                first = 2 * np.int64(runs[run, START]) - out
                last = 2 * np.int64(runs[run, STOP]) - 2 + out
                if right[row] == NOWHERE or last > right[row]:
                    right[row] = last
                left[row] = min(left[row], first)
        n_left = _append_corners(left, 2 * height + 1, 1, corners, 0)
        size = _append_corners(right, 2 * height + 1, -1, corners, n_left)

        largest = 0.0
        along_y = 0.0
        along_x = 0.0
        unique = True
        for a in range(size):
            for b in range(a):
                y = (corners[a, 0] - corners[b, 0]) * spacing_y
                x = (corners[a, 1] - corners[b, 1]) * spacing_x
                squared = y * y + x * x
                if squared > largest * (1 + SAME):
                    largest = squared
                    along_y = y
                    along_x = x
                    unique = True
                elif squared >= largest * (1 - SAME) and abs(y * along_x - x * along_y) > PARALLEL * squared:
                    unique = False
        found[index, ANGLE_OF_DIAMETER] = _angle(along_y, along_x) if unique else np.nan

        smallest = np.inf
        for a in range(size):
            # around the hull: down the left side, and up the right one
            here = a if a < n_left else size - 1 - (a - n_left)
            following = (a + 1) % size
            following = following if following < n_left else size - 1 - (following - n_left)
            y = (corners[following, 0] - corners[here, 0]) * spacing_y
            x = (corners[following, 1] - corners[here, 1]) * spacing_x
            length = np.sqrt(y * y + x * x)
            if length == 0:
                continue
            width = 0.0
            for b in range(size):
                away_y = (corners[b, 0] - corners[here, 0]) * spacing_y
                away_x = (corners[b, 1] - corners[here, 1]) * spacing_x
                width = max(width, abs(away_y * x - away_x * y))
            width /= length
            if width < smallest * (1 - SAME):
                smallest = width
                along_y = y / length
                along_x = x / length
                unique = True
            elif width <= smallest * (1 + SAME) and abs(y * along_x - x * along_y) > PARALLEL * length:
                unique = False
        # across the edge; corners are in half pixels
        found[index, WIDTH] = smallest / 2
        found[index, ANGLE_OF_WIDTH] = _angle(-along_x, along_y) if unique else np.nan


@compiled
def measure_boxes(runs, starts, low, high, record, spacing_y, spacing_x, found):
    """Find the rectangles of the smallest area that hold objects, in 2-D.

    Parameters
    ----------
    runs, starts, low, high, record, spacing_y, spacing_x
        As in `measure_calipers`.
    found : ndarray of float64, shape (n, 3)
        Written: the longer side, the shorter one, and the angle of the longer one, NaN where several directions are
        equally good. Of several rectangles of the same area it is the one with the shortest outline.

    Notes
    -----
    Pixels are rectangles themselves. One side of the rectangle runs along an edge of the hull.
    """
    tallest = 0
    for index in range(low, high):
        tallest = max(tallest, record[index, MAX_Y] - record[index, MIN_Y])
    left = np.empty(tallest + 1, dtype=np.int64)
    right = np.empty(tallest + 1, dtype=np.int64)
    corners = np.empty((2 * tallest + 2, 2), dtype=np.int64)
    for index in range(low, high):
        height = record[index, MAX_Y] - record[index, MIN_Y]
        for row in range(height + 1):
            left[row] = NOWHERE
            right[row] = NOWHERE
        for run in range(starts[index], starts[index + 1]):
            line = runs[run, LINE] - record[index, MIN_Y]
            for row in range(line, line + 2):
                left[row] = min(left[row], np.int64(runs[run, START]))
                if right[row] == NOWHERE or runs[run, STOP] > right[row]:
                    right[row] = runs[run, STOP]
        n_left = _append_corners(left, height + 1, 1, corners, 0)
        size = _append_corners(right, height + 1, -1, corners, n_left)
        least = np.inf
        longer = 0.0
        shorter = 0.0
        along_y = 0.0
        along_x = 0.0
        unique = True
        for a in range(size):
            here = a if a < n_left else size - 1 - (a - n_left)
            following = (a + 1) % size
            following = following if following < n_left else size - 1 - (following - n_left)
            y = (corners[following, 0] - corners[here, 0]) * spacing_y
            x = (corners[following, 1] - corners[here, 1]) * spacing_x
            length = np.sqrt(y * y + x * x)
            if length == 0:
                continue
            y /= length
            x /= length
            first = 0.0
            last = 0.0
            across = 0.0
            for b in range(size):
                away_y = (corners[b, 0] - corners[here, 0]) * spacing_y
                away_x = (corners[b, 1] - corners[here, 1]) * spacing_x
                along = away_y * y + away_x * x
                first = min(first, along)
                last = max(last, along)
                across = max(across, abs(away_y * x - away_x * y))
            long = max(last - first, across)
            short = min(last - first, across)
            if last - first < across:
                y, x = -x, y
            area = long * short
            if area > least * (1 + SAME):
                continue
            if area < least * (1 - SAME) or long + short < (longer + shorter) * (1 - SAME):
                least = area
                longer = long
                shorter = short
                along_y = y
                along_x = x
                unique = long > short * (1 + SAME)
            elif (
                long + short <= (longer + shorter) * (1 + SAME) and abs(y * along_x - x * along_y) > PARALLEL
            ):
                unique = False
        found[index, BOX_LENGTH] = longer
        found[index, BOX_WIDTH] = shorter
        found[index, BOX_ANGLE] = _angle(along_y, along_x) if unique else np.nan


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
def largest_diameter(points, direction):
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
def least_width(points, normals, edges, direction):
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
