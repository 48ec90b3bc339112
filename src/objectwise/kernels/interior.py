"""How deep pixels lie in their object, which are at its edge, and how long its outline is.

A piece is a component by 8 or 26 neighbours (see `pieces`). The nearest pixel outside of an object is a neighbour of
a pixel of the same piece, and so are the neighbours of its border pixels: each piece can be looked at alone, in a box
that fits into the cache of a processor.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled
from objectwise.kernels.runs import LABEL, LINE, MAX_X, MAX_Y, MAX_Z, MIN_X, MIN_Y, MIN_Z, START, STOP

# what counts as equally deep, and as equally near to the centroid
DEEP = 1e-12
NEAR = 1e-9


@compiled
def _nearest_along(line, n, step, corner, reach, result):
    """Add the squared distance along a line: the least of ``line[j] + (step * (i - j))**2`` over all j.

    Parameters
    ----------
    line : ndarray of float64
        Its first and last of ``n`` values are 0.
    n : int
    step : float
    corner : ndarray of int64
    reach : ndarray of float64
        Scratch: where each parabola of the lower envelope has its corner, and from where on it is the lowest.
    result : ndarray of float64

    References
    ----------
    Felzenszwalb PF, Huttenlocher DP (2012) Distance transforms of sampled functions. Theory of Computing 8:415-428.
    """
    squared = step * step
    size = 0
    corner[0] = 0
    reach[0] = -np.inf
    for index in range(1, n):
        while True:
            other = corner[size]
            apart = index - other
            crossing = (line[index] - line[other]) / (2 * squared * apart) + 0.5 * (index + other)
            if crossing > reach[size]:
                break
            size -= 1
        size += 1
        corner[size] = index
        reach[size] = crossing
    number = 0
    for index in range(n):
        while number < size and reach[number + 1] < index:
            number += 1
        apart = index - corner[number]
        result[index] = line[corner[number]] + squared * (apart * apart)


@compiled
def measure_depths(
    runs,
    starts,
    first_pieces,
    low,
    high,
    n_y,
    record,
    solid,
    steps,
    reference,
    offset,
    begins,
    depths,
    centres,
):
    """Find how far each pixel is from the nearest pixel outside of its object, and the deepest pixel.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        The runs piece after piece.
    starts : ndarray of int64, shape (n_pieces + 1,)
        Where those of each piece begin.
    first_pieces : ndarray of int64, shape (n + 1,)
        Where the pieces of each object begin.
    low, high : int
        The objects to look at, half-open.
    n_y : int
        Number of rows of a plane.
    record : ndarray of int64, shape (n_pieces, 16)
        The boxes of the pieces.
    solid : bool
        Whether there is an outside above and below.
    steps : ndarray of float64, shape (3,)
        Pixel size.
    reference : ndarray of int64, shape (n, 3)
    offset : ndarray of float64, shape (n, 3)
        The centroid of each object in pixels, as a whole number and what is left.
    begins : ndarray of int64, shape (n,)
        Where the pixels of each object begin.
    depths : ndarray of float64, shape (number of pixels in all objects,)
        Written: the distance of each pixel.
    centres : ndarray of int64, shape (n, 3)
        Written: the deepest pixel; of several, the one nearest to the centroid.
    """
    largest = 0
    longest = 0
    for piece in range(first_pieces[low], first_pieces[high]):
        entry = record[piece]
        n_planes = entry[MAX_Z] - entry[MIN_Z]
        height = entry[MAX_Y] - entry[MIN_Y]
        width = entry[MAX_X] - entry[MIN_X]
        largest = max(largest, n_planes * height * width)
        longest = max(longest, max(n_planes, height) + 2)
    box = np.empty(largest, dtype=np.float64)
    line = np.empty(longest, dtype=np.float64)
    result = np.empty(longest, dtype=np.float64)
    corner = np.empty(longest, dtype=np.int64)
    reach = np.empty(longest, dtype=np.float64)
    for item in range(low, high):
        end = begins[item]
        deepest = 0.0
        nearest = np.inf
        for piece in range(first_pieces[item], first_pieces[item + 1]):
            entry = record[piece]
            n_planes = entry[MAX_Z] - entry[MIN_Z]
            height = entry[MAX_Y] - entry[MIN_Y]
            width = entry[MAX_X] - entry[MIN_X]
            plane = height * width
            for index in range(n_planes * plane):
                box[index] = 0
            for index in range(starts[piece], starts[piece + 1]):
                z = runs[index, LINE] // n_y
                y = runs[index, LINE] - z * n_y
                start = (z - entry[MIN_Z]) * plane + (y - entry[MIN_Y]) * width - entry[MIN_X]
                for x in range(runs[index, START], runs[index, STOP]):
                    across = min(x - runs[index, START] + 1, runs[index, STOP] - x) * steps[2]
                    box[start + x] = across * across
            for z in range(n_planes):
                for x in range(width):
                    start = z * plane + x
                    line[0] = 0
                    line[height + 1] = 0
                    for y in range(height):
                        line[y + 1] = box[start + y * width]
                    _nearest_along(line, height + 2, steps[1], corner, reach, result)
                    for y in range(height):
                        box[start + y * width] = result[y + 1]
            if solid:
                for start in range(plane):
                    line[0] = 0
                    line[n_planes + 1] = 0
                    for z in range(n_planes):
                        line[z + 1] = box[start + z * plane]
                    _nearest_along(line, n_planes + 2, steps[0], corner, reach, result)
                    for z in range(n_planes):
                        box[start + z * plane] = result[z + 1]
            for index in range(starts[piece], starts[piece + 1]):
                z = runs[index, LINE] // n_y
                y = runs[index, LINE] - z * n_y
                start = (z - entry[MIN_Z]) * plane + (y - entry[MIN_Y]) * width - entry[MIN_X]
                for x in range(runs[index, START], runs[index, STOP]):
                    depth = box[start + x]
                    depths[end] = np.sqrt(depth)
                    end += 1
                    if depth < deepest * (1 - DEEP):
                        continue
                    away_z = ((z - reference[item, 0]) - offset[item, 0]) * steps[0]
                    away_y = ((y - reference[item, 1]) - offset[item, 1]) * steps[1]
                    away_x = ((x - reference[item, 2]) - offset[item, 2]) * steps[2]
                    away = away_z * away_z + away_y * away_y + away_x * away_x
                    if depth > deepest * (1 + DEEP) or away < nearest * (1 - NEAR):
                        deepest = max(depth, deepest)
                        nearest = away
                        centres[item, 0] = z
                        centres[item, 1] = y
                        centres[item, 2] = x


@compiled
def mark_edges(runs, line_starts, n_y, n_x, places, edge):
    """Mark the pixels of which a neighbour across a face is in the image and not in the object.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        In raster order, with the row of the object in place of its label.
    line_starts : ndarray of int64, shape (n_z * n_y + 1,)
    n_y, n_x : int
        Size of a plane.
    places : ndarray of int64, shape (n_runs,)
        Where the pixels of each run lie in the last argument.
    edge : ndarray of bool, shape (number of pixels in all objects,)
        False; written.
    """
    n_lines = line_starts.size - 1
    for line in range(n_lines):
        y = line % n_y
        for number in range(4):
            # before and behind along y, then along z
            step_y = 2 * number - 1 if number < 2 else 0
            other = line + step_y + (0 if number < 2 else (2 * number - 5) * n_y)
            if not (0 <= y + step_y < n_y and 0 <= other < n_lines):
                continue
            beside = line_starts[other]
            end = line_starts[other + 1]
            for index in range(line_starts[line], line_starts[line + 1]):
                start = runs[index, START]
                stop = runs[index, STOP]
                own = places[index] - start
                while beside < end and runs[beside, STOP] <= start:
                    beside += 1
                covered = start
                another = beside
                while another < end and runs[another, START] < stop:
                    if runs[another, LABEL] == runs[index, LABEL]:
                        for x in range(covered, runs[another, START]):
                            edge[own + x] = True
                        covered = runs[another, STOP]
                    another += 1
                for x in range(covered, stop):
                    edge[own + x] = True
        for index in range(line_starts[line], line_starts[line + 1]):
            if runs[index, START] > 0:
                edge[places[index]] = True
            if runs[index, STOP] < n_x:
                edge[places[index] + runs[index, STOP] - runs[index, START] - 1] = True


@compiled
def count_outlines(runs, starts, first_pieces, low, high, record, counts):
    """Count the steps of the line through the border pixels of each object, in 2-D.

    Parameters
    ----------
    runs, starts, first_pieces, low, high, record
        As in `measure_depths`.
    counts : ndarray of int64, shape (n, 3)
        Zeros; written: border pixels that stand for a step along an axis, for one along a diagonal, and for
        half of each.

    Notes
    -----
    A border pixel has one of its four neighbours outside of the object. Its kind follows from how many of its
    four neighbours and of its four diagonal ones are border pixels.

    References
    ----------
    Benkrid K, Crookes D, Benkrid A (2000) Design and FPGA implementation of a perimeter estimator. Proceedings of
    the Irish Machine Vision and Image Processing Conference, 51-57.
    """
    largest = 0
    for piece in range(first_pieces[low], first_pieces[high]):
        entry = record[piece]
        height = entry[MAX_Y] - entry[MIN_Y]
        largest = max(largest, (height + 2) * (entry[MAX_X] - entry[MIN_X] + 2))
    # one pixel more on each side, that nothing need be tested; boxes are walked through as one line of bytes, which
    # the processor works on many at a time
    inside = np.empty(largest, dtype=np.uint8)
    border = np.empty(largest, dtype=np.uint8)
    for item in range(low, high):
        axial = np.int32(0)
        oblique = np.int32(0)
        mixed = np.int32(0)
        for piece in range(first_pieces[item], first_pieces[item + 1]):
            entry = record[piece]
            width = entry[MAX_X] - entry[MIN_X] + 2
            size = (entry[MAX_Y] - entry[MIN_Y] + 2) * width
            shift = (1 - entry[MIN_Y]) * width + 1 - entry[MIN_X]
            inside[:size] = 0
            border[:size] = 0
            for index in range(starts[piece], starts[piece + 1]):
                start = shift + runs[index, LINE] * width
                inside[start + runs[index, START] : start + runs[index, STOP]] = 1
            first = width + 1
            n = size - 2 * first
            own = inside[first : first + n]
            left = inside[first - 1 : first - 1 + n]
            right = inside[first + 1 : first + 1 + n]
            above = inside[first - width : first - width + n]
            below = inside[first + width : first + width + n]
            edge = border[first : first + n]
            for here in range(n):
                around = left[here] & right[here] & above[here] & below[here]
                edge[here] = own[here] & (around ^ np.uint8(1))
            left = border[first - 1 : first - 1 + n]
            right = border[first + 1 : first + 1 + n]
            above = border[first - width : first - width + n]
            below = border[first + width : first + width + n]
            above_left = border[first - width - 1 : first - width - 1 + n]
            above_right = border[first - width + 1 : first - width + 1 + n]
            below_left = border[first + width - 1 : first + width - 1 + n]
            below_right = border[first + width + 1 : first + width + 1 + n]
            for here in range(n):
                straight = np.uint8(left[here] + right[here] + above[here] + below[here])
                diagonal = np.uint8(
                    above_left[here] + above_right[here] + below_left[here] + below_right[here]
                )
                one = (straight == 2) | (straight == 3)
                one &= diagonal <= 2
                # no pixel is of two kinds
                two = (diagonal == np.uint8(straight + 2)) & (straight <= 1)
                three = (straight == 1) & ((diagonal == 1) | (diagonal == 2))
                axial += np.int32(edge[here] & np.uint8(one))
                oblique += np.int32(edge[here] & np.uint8(two))
                mixed += np.int32(edge[here] & np.uint8(three))
        counts[item, 0] = axial
        counts[item, 1] = oblique
        counts[item, 2] = mixed
