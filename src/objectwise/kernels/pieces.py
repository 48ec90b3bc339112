"""Which runs of an object hang together, and what follows from that: pieces, holes, the Euler number, neighbours.

All of it is found from runs (see `runs`), without a look at single pixels: two runs in adjacent lines touch where
they overlap, and pixels that are neighbours along a direction are the overlap of two runs, one of them moved.
Pixels of one object that touch at a corner hang together, so that a piece is a component by 8 or 26 neighbours.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled
from objectwise.kernels.runs import LINE, MAX_Y, MAX_Z, MIN_Y, MIN_Z, START, STOP

# steps to half of the 26 neighbours; `count_neighbours` counts in this order
DIRECTIONS = np.array(
    [(0, 0, 1)]
    + [(z, y, x) for z, y in ((0, 1), (1, -1), (1, 0), (1, 1)) for x in (-1, 0, 1)],
    dtype=np.int64,
)  # fmt: skip


@compiled
def _root(parent, index):
    while parent[index] != index:
        parent[index] = parent[parent[index]]
        index = parent[index]
    return index


@compiled
def _join(parent, a, b):
    """Put two trees together; the root is the first of all."""
    a = _root(parent, a)
    b = _root(parent, b)
    parent[max(a, b)] = min(a, b)


@compiled
def count_neighbours(runs, starts, low, high, n_y, solid, parent, neighbours, contacts):
    """Find the runs that hang together, and count the pairs of neighbours in each direction.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        The runs object after object, in raster order within each.
    starts : ndarray of int64, shape (n + 1,)
        Where those of each object begin.
    low, high : int
        The objects to look at, half-open.
    n_y : int
        Number of rows of a plane.
    solid : bool
        Whether there are several planes.
    parent : ndarray of int32, shape (n_runs,)
        Written: the first run of the piece that a run belongs to.
    neighbours : ndarray of int64, shape (n, 13), or (n, 4) where there is one plane
        Zeros; written: the pairs of pixels that are both in the object, in the order of `DIRECTIONS`.
    contacts : ndarray of int64, shape (n,)
        Zeros; written: the pairs of runs in adjacent rows of a plane that touch, if only at a corner.
    """
    for item in range(low, high):
        begin = starts[item]
        end = starts[item + 1]
        entry = neighbours[item]
        for index in range(begin, end):
            parent[index] = index
            entry[0] += runs[index, STOP] - runs[index, START] - 1
        for number in range(4 if solid else 1):
            step_y = DIRECTIONS[1 + 3 * number, 1]
            step = DIRECTIONS[1 + 3 * number, 0] * n_y + step_y
            before = 0
            same = 0
            behind = 0
            n_contacts = 0
            beside = begin
            for index in range(begin, end):
                if solid and step_y != 0:
                    y = runs[index, LINE] % n_y + step_y
                    if y < 0 or y == n_y:
                        continue
                line = runs[index, LINE] + step
                start = runs[index, START]
                stop = runs[index, STOP]
                while beside < end and (
                    runs[beside, LINE] < line or (runs[beside, LINE] == line and runs[beside, STOP] < start)
                ):
                    beside += 1
                other = beside
                while other < end and runs[other, LINE] == line and runs[other, START] <= stop:
                    if parent[other] != parent[index]:
                        _join(parent, index, other)
                    first = runs[other, START]
                    last = runs[other, STOP]
                    before += max(0, min(stop - 1, last) - max(start - 1, first))
                    same += max(0, min(stop, last) - max(start, first))
                    behind += max(0, min(stop + 1, last) - max(start + 1, first))
                    n_contacts += 1
                    other += 1
            entry[1 + 3 * number] = before
            entry[2 + 3 * number] = same
            entry[3 + 3 * number] = behind
            if number == 0:
                contacts[item] = n_contacts
        for index in range(begin, end):
            parent[index] = _root(parent, index)


@compiled
def _index_lines(runs, start, stop, n_y, entry, pointers):
    """Write where the runs of each line of a box begin; ``runs`` from ``start`` to ``stop`` are in raster order."""
    height = entry[MAX_Y] - entry[MIN_Y]
    line = 0
    for index in range(start, stop):
        z = runs[index, LINE] // n_y
        y = runs[index, LINE] - z * n_y
        mine = (z - entry[MIN_Z]) * height + y - entry[MIN_Y]
        while line <= mine:
            pointers[line] = index
            line += 1
    n_lines = (entry[MAX_Z] - entry[MIN_Z]) * height
    while line <= n_lines:
        pointers[line] = stop
        line += 1


@compiled
def _most_lines(record):
    most = 0
    for index in range(record.shape[0]):
        entry = record[index]
        most = max(most, (entry[MAX_Z] - entry[MIN_Z]) * (entry[MAX_Y] - entry[MIN_Y]))
    return most


@compiled
def _count_stretches(runs, begins, ends):
    """Count the stretches that are left when the runs of four lines are laid on each other; touching ones join."""
    n = 0
    reach = -1
    while True:
        chosen = -1
        for line in range(4):
            if begins[line] < ends[line] and (
                chosen < 0 or runs[begins[line], START] < runs[begins[chosen], START]
            ):
                chosen = line
        if chosen < 0:
            return n
        if runs[begins[chosen], START] > reach:
            n += 1
        reach = max(reach, runs[begins[chosen], STOP])
        begins[chosen] += 1


@compiled
def count_euler(runs, starts, low, high, n_y, record, euler):
    """Find the Euler number of each piece, in 3-D.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        The runs piece after piece, in raster order within each.
    starts : ndarray of int64, shape (n + 1,)
        Where those of each piece begin.
    low, high : int
        The pieces to look at, half-open.
    n_y : int
    record : ndarray of int64, shape (n, 16)
        The boxes of the pieces.
    euler : ndarray of int64, shape (n,)
        Written.

    Notes
    -----
    The pixels are closed boxes. Cut along all planes and all rows, the object falls into lines: those inside of
    a plane and a row are its runs; those on the border of two rows or two planes are the runs of both, laid on each
    other; those where two borders meet are the runs of four lines. The Euler number is the number of stretches on
    lines of the first and the last kind, less that on those of the second.
    """
    pointers = np.empty(_most_lines(record[low:high]) + 1, dtype=np.int64)
    begins = np.empty(4, dtype=np.int64)
    ends = np.empty(4, dtype=np.int64)
    for piece in range(low, high):
        entry = record[piece]
        _index_lines(runs, starts[piece], starts[piece + 1], n_y, entry, pointers)
        n_planes = entry[MAX_Z] - entry[MIN_Z]
        height = entry[MAX_Y] - entry[MIN_Y]
        total = starts[piece + 1] - starts[piece]
        for z in range(n_planes + 1):
            for y in range(height + 1):
                # rows, planes, and both
                for kind in range(1, 4):
                    if (kind == 1 and z == n_planes) or (kind == 2 and y == height):
                        continue
                    for number in range(4):
                        near_z = z - number // 2
                        near_y = y - number % 2
                        begins[number] = 0
                        ends[number] = 0
                        if (
                            (kind == 1 and number // 2)
                            or (kind == 2 and number % 2)
                            or not (0 <= near_z < n_planes and 0 <= near_y < height)
                        ):
                            continue
                        begins[number] = pointers[near_z * height + near_y]
                        ends[number] = pointers[near_z * height + near_y + 1]
                    found = _count_stretches(runs, begins, ends)
                    total += found if kind == 3 else -found
        euler[piece] = total


@compiled
def fill_holes(runs, starts, n_y, record, reach_z, filled):
    """Count the pixels in the holes of each object: what is not connected to its outside by 8 or 26 neighbours.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        The runs object after object, in raster order within each.
    starts : ndarray of int64, shape (n + 1,)
    n_y : int
    record : ndarray of int64, shape (n, 16)
        The boxes of the objects.
    reach_z : int
        1 in 3-D, 0 in 2-D, where nothing lies above or below a hole.
    filled : ndarray of int64, shape (n,)
        Written.

    Notes
    -----
    Holes are made of gaps between two runs of a line. A gap lies outside where a neighbour of one of its pixels is
    before the first or after the last run of the neighbour's line, or is in a gap that lies outside.
    """
    pointers = np.empty(_most_lines(record) + 1, dtype=np.int64)
    most = 0
    for index in range(record.shape[0]):
        most = max(most, starts[index + 1] - starts[index])
    parent = np.empty(most, dtype=np.int64)
    open_ = np.empty(most, dtype=np.bool_)
    for index in range(record.shape[0]):
        entry = record[index]
        base = starts[index]
        _index_lines(runs, base, starts[index + 1], n_y, entry, pointers)
        n_planes = entry[MAX_Z] - entry[MIN_Z]
        height = entry[MAX_Y] - entry[MIN_Y]
        n_runs = starts[index + 1] - base
        for gap in range(n_runs):
            parent[gap] = gap
            open_[gap] = False
        # a gap has the number of the run before it
        for z in range(n_planes):
            for y in range(height):
                line = z * height + y
                for gap in range(pointers[line], pointers[line + 1] - 1):
                    low = runs[gap, STOP]
                    high = runs[gap + 1, START]
                    for near_z in range(z - reach_z, z + reach_z + 1):
                        for near_y in range(y - 1, y + 2):
                            if near_z == z and near_y == y:
                                continue
                            if not (0 <= near_z < n_planes and 0 <= near_y < height):
                                open_[gap - base] = True
                                continue
                            begin = pointers[near_z * height + near_y]
                            end = pointers[near_z * height + near_y + 1]
                            if begin == end or low - 1 < runs[begin, START] or high >= runs[end - 1, STOP]:
                                open_[gap - base] = True
                            for other in range(begin, end - 1):
                                if runs[other + 1, START] >= low and runs[other, STOP] <= high:
                                    _join(parent, gap - base, other - base)
        for gap in range(n_runs):
            if open_[gap]:
                open_[_root(parent, gap)] = True
        total = 0
        for line in range(n_planes * height):
            for gap in range(pointers[line], pointers[line + 1] - 1):
                if not open_[_root(parent, gap - base)]:
                    total += runs[gap + 1, START] - runs[gap, STOP]
        filled[index] = total
