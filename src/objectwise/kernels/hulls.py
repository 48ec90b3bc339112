"""Convex hulls of objects in 2-D, from the ends of their lines: areas and largest diameters.

The corners of a hull are middles of the edges of pixels, so that everything up to the last
multiplication is an integer.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled
from objectwise.kernels.runs import MAX_Y, MIN_Y, NOWHERE


@compiled
def _lower_chain(position, value, n, chain):
    """Find the corners of the lower convex border of points with increasing positions.

    Parameters
    ----------
    position, value : ndarray of int64
    n : int
        Number of points.
    chain : ndarray of int64
        Written: the indices of the corners. Points on a straight line between two corners are left out.

    Returns
    -------
    int
        Number of corners.

    References
    ----------
    Andrew AM (1979) Another efficient algorithm for convex hulls in two dimensions. Information Processing
    Letters 9(5):216-219.
    """
    size = 0
    for index in range(n):
        while size > 1:
            a = chain[size - 2]
            b = chain[size - 1]
            left = (value[b] - value[a]) * (position[index] - position[a])
            if left < (value[index] - value[a]) * (position[b] - position[a]):
                break
            size -= 1
        chain[size] = index
        size += 1
    return size


@compiled
def _diamond_ends(first, last, start, height, position, lowest, highest):
    """List the corners of the diamonds of the pixels at line ends, in half pixels.

    A pixel at row r and column c stands for the four middles of its edges: (2r, 2c - 1), (2r, 2c + 1),
    (2r - 1, 2c) and (2r + 1, 2c), rows being counted from one half pixel above the box.

    Returns
    -------
    int
        Number of rows of half pixels that hold a corner; ``lowest`` has the smallest column of each and
        ``highest`` the largest one, negated, so that both are lower borders.
    """
    n = 0
    for t in range(2 * height + 1):
        if t % 2 == 1:
            line = start + t // 2
            if last[line] < 0:
                continue
            low = 2 * np.int64(first[line]) - 1
            high = 2 * np.int64(last[line]) + 1
        else:
            low = np.int64(4) * NOWHERE
            high = np.int64(-1)
            if t > 0 and last[start + t // 2 - 1] >= 0:
                low = 2 * np.int64(first[start + t // 2 - 1])
                high = 2 * np.int64(last[start + t // 2 - 1])
            if t < 2 * height and last[start + t // 2] >= 0:
                low = min(low, 2 * np.int64(first[start + t // 2]))
                high = max(high, 2 * np.int64(last[start + t // 2]))
            if high < 0:
                continue
        position[n] = t
        lowest[n] = low
        highest[n] = -high
        n += 1
    return n


@compiled
def _fill_side(position, value, chain, start, height, ends, negate):
    """Write for each row of pixels the first column at or after a convex border."""
    segment = 0
    for r in range(height):
        t = 2 * r + 1
        while position[chain[segment + 1]] < t:
            segment += 1
        a = chain[segment]
        b = chain[segment + 1]
        span = position[b] - position[a]
        # the border at t, times span; a column is two half pixels. The quotient of whole numbers below 2^53 is rounded
        # to a whole number only where it is one, and integers take longer to divide
        border = value[a] * span + (value[b] - value[a]) * (t - position[a])
        column = np.int64(np.ceil(np.float64(border) / np.float64(2 * span)))
        ends[start + r] = -column if negate else column


@compiled
def fill_hulls(record, offsets, first, last, spacing_y, spacing_x, n_convex, diameters):
    """Count the pixels in the convex hull of each object, and find its largest diameter, in 2-D.

    Parameters
    ----------
    record : ndarray of int64, shape (n, 16)
    offsets : ndarray of int64, shape (n,)
    first, last : ndarray of int32, shape (total number of lines,)
        What `find_line_ends` wrote; overwritten with the line ends of the filled hulls.
    spacing_y, spacing_x : float
    n_convex : ndarray of int64, shape (n,)
        Written: number of pixels whose centre is in the hull or on its border.
    diameters : ndarray of float64, shape (n,)
        Written: the largest distance between two middles of edges of these pixels, squared.

    Notes
    -----
    A pixel stands for the middles of its four edges, as in ``skimage.morphology.convex_hull_image``. These
    lie on whole half pixels, so that all tests are exact integer ones.
    """
    tallest = 0
    for index in range(record.shape[0]):
        tallest = max(tallest, record[index, MAX_Y] - record[index, MIN_Y])
    position = np.empty(2 * tallest + 1, dtype=np.int64)
    lowest = np.empty(2 * tallest + 1, dtype=np.int64)
    highest = np.empty(2 * tallest + 1, dtype=np.int64)
    low_chain = np.empty(2 * tallest + 1, dtype=np.int64)
    high_chain = np.empty(2 * tallest + 1, dtype=np.int64)
    corner_y = np.empty(4 * tallest + 2, dtype=np.int64)
    corner_x = np.empty(4 * tallest + 2, dtype=np.int64)
    for index in range(record.shape[0]):
        start = offsets[index]
        height = record[index, MAX_Y] - record[index, MIN_Y]
        n = _diamond_ends(first, last, start, height, position, lowest, highest)
        _lower_chain(position, lowest, n, low_chain)
        _lower_chain(position, highest, n, high_chain)
        _fill_side(position, lowest, low_chain, start, height, first, False)
        _fill_side(position, highest, high_chain, start, height, last, True)
        total = 0
        for line in range(start, start + height):
            if last[line] >= first[line]:
                total += last[line] - first[line] + 1
            else:
                first[line] = NOWHERE
                last[line] = -1
        n_convex[index] = total

        # the pixels that may be ends of a diameter
        n = np.int64(0)
        for row in range(height):
            if last[start + row] >= 0:
                position[n] = row
                lowest[n] = first[start + row]
                highest[n] = -np.int64(last[start + row])
                n += 1
        n_low = _lower_chain(position, lowest, n, low_chain)
        n_high = _lower_chain(position, highest, n, high_chain)
        for corner in range(n_low):
            corner_y[corner] = position[low_chain[corner]]
            corner_x[corner] = lowest[low_chain[corner]]
        for corner in range(n_high):
            corner_y[n_low + corner] = position[high_chain[corner]]
            corner_x[n_low + corner] = -highest[high_chain[corner]]
        # the middles of the edges of two pixels differ as the pixels do, and by at most one pixel more along one
        # axis; half a pixel along both is never farther than the better of the two
        largest = 0.0
        for a in range(n_low + n_high):
            for b in range(a + 1):
                y = abs(corner_y[a] - corner_y[b]) * spacing_y
                x = abs(corner_x[a] - corner_x[b]) * spacing_x
                more = max(spacing_y * (2 * y + spacing_y), spacing_x * (2 * x + spacing_x))
                largest = max(largest, y * y + x * x + more)
        diameters[index] = largest
