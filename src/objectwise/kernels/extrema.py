"""The summits of an image: which there are, how far they rise, and which of them are too close to another.

scikit-image rebuilds an image below itself over a sorted list of all its pixels. Two scans and a queue of the pixels
that are still to change do the same in a few passes, and the plateaus of the result are then walked once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from objectwise.kernels import compiled, prepared


def summits(
    height: np.ndarray, inside: np.ndarray, structure: np.ndarray, rise: float = 0.0, alone: bool = False
) -> np.ndarray:
    """Return the regional maxima of an image, numbered in raster order.

    Parameters
    ----------
    height : ndarray of float32 or float64
        2-D or 3-D.
    inside : ndarray of bool
        Where maxima are looked for. NaN pixels are never inside.
    structure : ndarray of bool
        3 x 3 (x 3): which pixels are neighbours.
    rise : float
        How far a maximum must rise above the highest pass to a higher one. Its pixels are then all those of its
        hill that are higher than its top less this value.
    alone : bool
        Whether the pixels that are not inside are left out altogether; else a maximum must not have a higher
        neighbour among them.

    Returns
    -------
    ndarray of int32

    Notes
    -----
    With a rise, the maxima are those of the image rebuilt by dilation from itself less that value [1]_. Linear in
    the number of pixels but for what has to be corrected after the two scans.

    References
    ----------
    .. [1] L. Vincent, "Morphological grayscale reconstruction in image analysis", IEEE Trans. Image Processing 2
       (1993).
    """
    shape = tuple(n + 2 for n in height.shape)
    core = (slice(1, -1),) * height.ndim
    values = np.full(shape, -np.inf, height.dtype)
    known = ~np.isnan(height)
    values[core] = np.where(known & inside if alone else known, height, -np.inf)
    labels = np.full(shape, -1, np.int32)
    labels[core] = np.where(inside & (values[core] > -np.inf), 0, -1)
    steps = np.argwhere(structure) - 1
    offsets = steps @ np.array([int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))])
    before, after = offsets[offsets < 0], offsets[offsets > 0]
    if rise > 0:
        values = _rebuilt(values.ravel(), prepared(before, np.int64), prepared(after, np.int64), rise)
    _summits(values.ravel(), labels.ravel(), prepared(offsets[offsets != 0], np.int64))
    found = labels[core]
    return np.where(found > 0, found, 0).astype(np.int32)


@compiled
def _rebuilt(values, before, after, rise):
    """Return the image less the rise, grown under the image for as long as it grows."""
    low = values.copy()
    n = values.size
    for index in range(n):
        low[index] -= rise
    margin = 0
    for offset in after:
        margin = max(margin, offset)
    for index in range(margin, n - margin):
        if values[index] == -np.inf:
            continue
        most = low[index]
        for offset in before:
            most = max(most, low[index + offset])
        low[index] = min(most, values[index])
    queue = np.empty(1024, np.int64)
    head = 0
    count = 0
    for index in range(n - margin - 1, margin - 1, -1):
        if values[index] == -np.inf:
            continue
        most = low[index]
        for offset in after:
            most = max(most, low[index + offset])
        here = min(most, values[index])
        low[index] = here
        for offset in after:
            other = index + offset
            if low[other] < here and low[other] < values[other]:
                if count == queue.size:
                    queue, head = _unrolled(queue, head), 0
                queue[(head + count) % queue.size] = index
                count += 1
                break
    while count > 0:
        index = queue[head]
        head = (head + 1) % queue.size
        count -= 1
        here = low[index]
        for side in (before, after):
            for offset in side:
                other = index + offset
                if low[other] < here and low[other] < values[other]:
                    low[other] = min(here, values[other])
                    if count == queue.size:
                        queue, head = _unrolled(queue, head), 0
                    queue[(head + count) % queue.size] = other
                    count += 1
    return low


@compiled
def _unrolled(queue, head):
    """Return a full ring twice as long, starting at 0."""
    larger = np.empty(2 * queue.size, queue.dtype)
    larger[: queue.size - head] = queue[head:]
    larger[queue.size - head : queue.size] = queue[:head]
    return larger


@compiled
def _summits(values, labels, offsets):
    """Give each plateau without a higher neighbour a number, in place; -1 is outside, -2 what is no summit."""
    for index in range(labels.size):
        if labels[index] == 0:
            level = values[index]
            for offset in offsets:
                if values[index + offset] > level:
                    labels[index] = -2
                    break
    plateau = np.empty(1024, np.int64)
    n = 0
    for start in range(labels.size):
        if labels[start] != 0:
            continue
        level = values[start]
        labels[start] = n + 1
        plateau[0] = start
        size = 1
        place = 0
        highest = True
        while place < size:
            index = plateau[place]
            place += 1
            for offset in offsets:
                other = index + offset
                if values[other] != level:
                    continue
                if labels[other] == -2:
                    highest = False
                elif labels[other] == 0:
                    labels[other] = n + 1
                    if size == plateau.size:
                        larger = np.empty(2 * size, plateau.dtype)
                        larger[:size] = plateau
                        plateau = larger
                    plateau[size] = other
                    size += 1
        if highest:
            n += 1
        else:
            for place in range(size):
                labels[plateau[place]] = -2


def overtopped(
    height: np.ndarray,
    found: np.ndarray,
    pieces: np.ndarray | None,
    spacing: Sequence[float],
    distance: float,
) -> np.ndarray:
    """Return which of some maxima have a higher pixel closer than a distance.

    Parameters
    ----------
    height : ndarray of float32 or float64
        2-D or 3-D.
    found : ndarray of int32
        The ids 1 .. n at the maxima, 0 elsewhere.
    pieces : ndarray of int32, optional
        Only pixels of the piece that the maximum lies in are looked at.
    spacing : sequence of float
        Pixel size along each axis.
    distance : float
        From pixel centre to pixel centre.

    Returns
    -------
    ndarray of bool
        For 0 .. n; that for 0 is False.
    """
    result = np.zeros(int(found.max(initial=0)) + 1, bool)
    reach = [min(int(distance / step), size) for step, size in zip(spacing, height.shape, strict=True)]
    axes = np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij")
    steps = np.stack([axis.ravel() for axis in axes], axis=1)
    away = ((steps * np.asarray(spacing, float)) ** 2).sum(axis=1)
    near = np.flatnonzero((away > 0) & (away < distance**2 * (1 - 1e-9)))
    if near.size == 0:
        return result
    # what is near is likely to be higher, so that few pixels are looked at
    steps = steps[near[np.argsort(away[near], kind="stable")]]
    moves = np.zeros((len(steps), 3), np.int64)
    moves[:, 3 - height.ndim :] = steps
    shape = (1,) * (3 - height.ndim) + height.shape
    of_all = np.zeros(shape, np.int32) if pieces is None else prepared(pieces, np.int32).reshape(shape)
    _overtop(
        prepared(height, height.dtype).reshape(shape),
        prepared(found, np.int32).reshape(shape),
        of_all,
        moves,
        result,
    )
    return result


@compiled
def _overtop(height, found, pieces, moves, result):
    planes, rows, columns = height.shape
    for z in range(planes):
        for y in range(rows):
            for x in range(columns):
                label = found[z, y, x]
                if label == 0 or result[label]:
                    continue
                level = height[z, y, x]
                piece = pieces[z, y, x]
                for move in range(len(moves)):
                    k, j, i = z + moves[move, 0], y + moves[move, 1], x + moves[move, 2]
                    if k < 0 or k >= planes or j < 0 or j >= rows or i < 0 or i >= columns:
                        continue
                    if height[k, j, i] > level and pieces[k, j, i] == piece:
                        result[label] = True
                        break


def far_apart(
    position: np.ndarray, height: np.ndarray, group: np.ndarray, spacing: Sequence[float], distance: float
) -> np.ndarray:
    """Return which points stay where of two that are too close the higher one does.

    Parameters
    ----------
    position : ndarray of float
        ``(n, 2)`` or ``(n, 3)``, in pixels.
    height : ndarray of float
        ``(n,)``; of two that are equally high the first stays.
    group : ndarray of int
        ``(n,)``; only points of one group are compared.
    spacing : sequence of float
        Pixel size along each axis.
    distance : float
        Two points of a group that both stay are at least this far apart.

    Returns
    -------
    ndarray of bool

    Notes
    -----
    From the highest to the lowest, each point is compared with those that stay in the cells around its own. As few
    points so far apart have room in a cell, O(n log n).
    """
    keep = np.ones(len(height), bool)
    if distance <= 0 or len(height) < 2:
        return keep
    place = np.zeros((len(height), 3))
    place[:, 3 - position.shape[1] :] = position * np.asarray(spacing, float)
    # no finer than the pixels, so that a tiny distance makes no more cells than there are pixels
    cell = np.floor(place / max(distance, min(spacing))).astype(np.int64) + 1
    size = cell.max(axis=0) + 2
    strides = np.array([size[1] * size[2], size[2], 1])
    key = cell @ strides
    keys = np.unique(key)
    order = np.lexsort((np.arange(len(height)), -height))
    _keep_far(
        order.astype(np.int64),
        prepared(place, np.float64),
        prepared(key, np.int64),
        prepared(keys, np.int64),
        prepared(group, np.int64),
        prepared(strides, np.int64),
        distance * distance * (1 - 1e-9),
        keep,
    )
    return keep


@compiled
def _keep_far(order, place, key, keys, group, strides, least, keep):
    first = np.full(keys.size, -1, np.int64)  # the last point kept in each cell
    following = np.full(order.size, -1, np.int64)
    for item in order:
        for dz in range(-1, 2):
            for dy in range(-1, 2):
                # cells that are neighbours along x follow each other
                low = key[item] + dz * strides[0] + dy * strides[1] - 1
                slot = np.searchsorted(keys, low)
                while slot < keys.size and keys[slot] <= low + 2 and keep[item]:
                    other = first[slot]
                    while other >= 0:
                        if group[other] == group[item]:
                            away = 0.0
                            for axis in range(3):
                                away += (place[item, axis] - place[other, axis]) ** 2
                            if away < least:
                                keep[item] = False
                                break
                        other = following[other]
                    slot += 1
        if keep[item]:
            slot = np.searchsorted(keys, key[item])
            following[item] = first[slot]
            first[slot] = item
