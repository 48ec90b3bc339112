"""The least distance of two parallel lines that hold an object between them, directions, and boxes, in 2-D."""

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
