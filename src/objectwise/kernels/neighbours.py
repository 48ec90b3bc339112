"""Which objects are near which, from edge to edge: exactly, without looking at every pair.

An object is held as runs, of which there are far fewer than pixels on its boundary, and the distance between two
runs has a closed form. Which objects to look at comes from a grid of cells, about as many as there are objects, in
which each stands in all cells of its box: the search goes outwards from the box of an object, cell by cell, until
what has not been looked at lies farther than what is wanted.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled


@compiled
def count_faces(labels, shared, inner, pairs):
    """Count the faces between objects and inside of them, and find the pairs of objects that share one.

    Parameters
    ----------
    labels : ndarray of int32, shape (Z, Y, X)
        The ids 0 to n.
    shared, inner : ndarray of int64, shape (n + 1, 3)
        Zeros; written: faces across each axis between the object and another one, and those between two pixels of
        the object.

    pairs : ndarray of int32, shape (more than that, 2)
        Written: ids of two objects that touch; a pair may stand there several times.

    Returns
    -------
    int
        The number of pairs: at most one for each two runs that lie beside each other.
    """
    n_z, n_y, n_x = labels.shape
    n_pairs = 0
    last_one = last_two = 0
    for axis in range(3):
        step_z, step_y, step_x = int(axis == 0), int(axis == 1), int(axis == 2)
        for z in range(n_z - step_z):
            for y in range(n_y - step_y):
                for x in range(n_x - step_x):
                    one = labels[z, y, x]
                    two = labels[z + step_z, y + step_y, x + step_x]
                    if one == two:
                        inner[one, axis] += 1
                    elif one > 0 and two > 0:
                        shared[one, axis] += 1
                        shared[two, axis] += 1
                        # a long face is one pair after the other
                        if one != last_one or two != last_two:
                            pairs[n_pairs, 0] = one
                            pairs[n_pairs, 1] = two
                            n_pairs += 1
                            last_one = one
                            last_two = two
    return n_pairs


@compiled
def _gap(start, stop, other_start, other_stop):
    """Return how many steps lie between two stretches of pixels; 0 where they overlap."""
    return max(0, other_start - stop + 1, start - other_stop + 1)


@compiled
def _box_distance(low, high, box, spacing):
    total = 0.0
    for axis in range(3):
        length = _gap(low[axis], high[axis], box[axis], box[3 + axis]) * spacing[axis]
        total += length * length
    return total


@compiled
def _distance(runs, first, last, other, other_last, box, spacing, enough, limit):
    """Return the squared distance between two objects, or one that is small enough; infinity above the limit."""
    best = np.inf
    low = np.empty(3, np.int64)
    high = np.empty(3, np.int64)
    for one in range(first, last):
        low[0], low[1], low[2] = runs[one, 0], runs[one, 1], runs[one, 2]
        high[0], high[1], high[2] = low[0] + 1, low[1] + 1, runs[one, 3]
        bound = _box_distance(low, high, box, spacing)
        if bound > limit or bound >= best:
            continue
        if best <= enough:
            break
        for two in range(other, other_last):
            length_z = (runs[two, 0] - low[0]) * spacing[0]
            length_y = (runs[two, 1] - low[1]) * spacing[1]
            total = length_z * length_z + length_y * length_y
            if total < best:
                length_x = _gap(low[2], high[2], runs[two, 2], runs[two, 3]) * spacing[2]
                best = min(best, total + length_x * length_x)
    return best if best <= limit else np.inf


@compiled
def put_in_cells(boxes, lengths, counts, cell_starts, members):
    """Write which objects stand in each cell, in the order of the objects.

    Parameters
    ----------
    boxes : ndarray of int64, shape (n, 6)
        First pixel, and one past the last, along each axis.
    lengths, counts : ndarray of int64, shape (3,)
        Pixels of a cell and number of cells along each axis.
    cell_starts : ndarray of int64, shape (number of cells + 1,)
        Written in a call without members: where the objects of each cell begin.
    members : ndarray of int32
        Written, where it is not empty.
    """
    ends = cell_starts[:-1].copy()
    for index in range(boxes.shape[0]):
        box = boxes[index]
        for z in range(box[0] // lengths[0], (box[3] - 1) // lengths[0] + 1):
            for y in range(box[1] // lengths[1], (box[4] - 1) // lengths[1] + 1):
                for x in range(box[2] // lengths[2], (box[5] - 1) // lengths[2] + 1):
                    cell = (z * counts[1] + y) * counts[2] + x
                    if members.size:
                        members[ends[cell]] = index
                        ends[cell] += 1
                    else:
                        cell_starts[cell + 1] += 1
    if not members.size:
        for cell in range(1, cell_starts.size):
            cell_starts[cell] += cell_starts[cell - 1]


@compiled
def find_nearest(
    runs,
    run_starts,
    boxes,
    spacing,
    lengths,
    counts,
    cell_starts,
    members,
    reach,
    low,
    high,
    n_within,
    near,
    squared,
):
    """Find the nearest objects of each object and count those within reach, from edge to edge.

    Parameters
    ----------
    runs : ndarray of int64, shape (n_runs, 4)
        Plane, row, first column and one past the last, object after object.
    run_starts : ndarray of int64, shape (n + 1,)
        The first run of each object.
    boxes, lengths, counts, cell_starts, members
        See `put_in_cells`.
    spacing : ndarray of float64, shape (3,)
    reach : float
        The squared distance up to which objects are counted; negative where none is.
    low, high : int
        The objects to look at, half-open.
    n_within : ndarray of int64, shape (n,)
        Written.
    near : ndarray of int64, shape (n, k)
        -1; written: the nearest objects, the nearest first, and of equally near ones the first.
    squared : ndarray of float64, shape (n, k)
        Infinity; written: their squared distances.
    """
    k = near.shape[1]
    seen = np.full(boxes.shape[0], -1, np.int32)
    first = np.empty(3, np.int64)
    last = np.empty(3, np.int64)
    for index in range(low, high):
        box = boxes[index]
        seen[index] = index
        for axis in range(3):
            first[axis] = box[axis] // lengths[axis]
            last[axis] = (box[3 + axis] - 1) // lengths[axis]
        ring = 0
        beyond = 0.0
        # what has not been looked at is at least so far away
        while beyond * beyond <= max(reach, squared[index, k - 1] if k else -1.0):
            for z in range(max(0, first[0] - ring), min(counts[0], last[0] + ring + 1)):
                for y in range(max(0, first[1] - ring), min(counts[1], last[1] + ring + 1)):
                    end = (
                        z == first[0] - ring
                        or z == last[0] + ring
                        or y == first[1] - ring
                        or y == last[1] + ring
                    )
                    step = 1 if end or ring == 0 else last[2] - first[2] + 2 * ring
                    for x in range(first[2] - ring, last[2] + ring + 1, step):
                        if x < 0 or x >= counts[2]:
                            continue
                        cell = (z * counts[1] + y) * counts[2] + x
                        for place in range(cell_starts[cell], cell_starts[cell + 1]):
                            other = members[place]
                            if seen[other] == index:
                                continue
                            seen[other] = index
                            farthest = squared[index, k - 1] if k else -1.0
                            bound = _box_distance(box[:3], box[3:], boxes[other], spacing)
                            if bound > max(reach, farthest):
                                continue
                            # what is too far to be among the nearest is counted, and its distance not needed
                            enough = reach if bound > farthest else -1.0
                            found = _distance(
                                runs, run_starts[index], run_starts[index + 1], run_starts[other],
                                run_starts[other + 1], boxes[other], spacing, enough, max(reach, farthest),
                            )  # fmt: skip
                            n_within[index] += found <= reach
                            slot = k
                            while slot > 0 and (
                                found < squared[index, slot - 1]
                                or (found == squared[index, slot - 1] and other < near[index, slot - 1])
                            ):
                                slot -= 1
                                if slot + 1 < k:
                                    squared[index, slot + 1] = squared[index, slot]
                                    near[index, slot + 1] = near[index, slot]
                            if slot < k:
                                squared[index, slot] = found
                                near[index, slot] = other
            beyond = np.inf
            for axis in range(3):
                if first[axis] - ring > 0:
                    steps = box[axis] - (first[axis] - ring) * lengths[axis] + 1
                    beyond = min(beyond, steps * spacing[axis])
                if last[axis] + ring < counts[axis] - 1:
                    steps = (last[axis] + ring + 1) * lengths[axis] - box[3 + axis] + 1
                    beyond = min(beyond, steps * spacing[axis])
            if beyond == np.inf:
                break
            ring += 1
