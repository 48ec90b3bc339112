"""Flooding a relief from seeds: the watershed.

scikit-image floods in the same way, but leaves the order of pixels that are equally high and equally old to
the shape of its queue, so that what one object becomes depends on others far away, and a tile differs from
the whole image. Here the order is told completely: lower first, then older, and seeds are of an age in
raster order.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared


def flood(
    relief: np.ndarray, seeds: np.ndarray, mask: np.ndarray | None, structure: np.ndarray, lines: bool
) -> np.ndarray:
    """Return the seeds grown over a relief until they meet.

    Parameters
    ----------
    relief : ndarray of float
        2-D or 3-D; low pixels are flooded first. No NaN.
    seeds : ndarray of int32
        An id for each seed, 0 elsewhere.
    mask : ndarray of bool, optional
        Where objects may grow.
    structure : ndarray of bool
        3 x 3 (x 3): which neighbours a pixel floods.
    lines : bool
        Whether pixels at which two objects meet stay 0.

    Returns
    -------
    ndarray of int32

    Notes
    -----
    A priority queue of ``(height, age)``, O(n log n). Connected pieces of the mask do not influence each
    other.
    """
    shape = relief.shape
    padded = tuple(n + 2 for n in shape)
    inner = (slice(1, -1),) * relief.ndim
    # a rim that is not flooded spares the loops every check for the border
    labels = np.full(padded, -1, np.int32)
    labels[inner] = (
        np.where(seeds > 0, seeds, 0) if mask is None else np.where(mask, np.where(seeds > 0, seeds, 0), -1)
    )
    heights = np.zeros(padded, np.float64)
    heights[inner] = relief
    steps = np.argwhere(structure) - 1
    offsets = steps @ np.array([int(np.prod(padded[axis + 1 :])) for axis in range(len(padded))])
    offsets = prepared(offsets[offsets != 0], np.int64)
    _flood(heights.ravel(), labels.ravel(), offsets, lines)
    result = labels[inner]
    return np.where(result > 0, result, 0).astype(np.int32)


@compiled
def _less(height, age, first, second):
    return height[first] < height[second] or (height[first] == height[second] and age[first] < age[second])


@compiled
def _flood(relief, labels, offsets, lines):
    """Flood in place; -1 is outside, 0 is dry, -2 is a line between objects."""
    n_inside = 0
    n_seeds = 0
    for index in range(labels.size):
        n_inside += labels[index] >= 0
        n_seeds += labels[index] > 0
    # without lines every pixel enters once; with lines once from each neighbour
    size = max(16, n_inside if not lines else 4 * n_inside)
    height = np.empty(size, np.float64)
    age = np.empty(size, np.int64)
    pixel = np.empty(size, np.int64)
    source = np.empty(size, np.int32)
    heap = np.empty(size, np.int64)
    free = np.empty(size, np.int64)
    n_free = 0
    used = 0
    n = 0
    clock = 0
    for index in range(labels.size):
        if labels[index] > 0:
            height[used], age[used], pixel[used], source[used] = relief[index], clock, index, labels[index]
            clock += 1
            heap[n] = used
            used += 1
            n += 1
            item = n - 1
            while item > 0:
                above = (item - 1) // 2
                if not _less(height, age, heap[item], heap[above]):
                    break
                heap[item], heap[above] = heap[above], heap[item]
                item = above
            if lines:
                # a seed counts as flooded only when its turn comes
                labels[index] = 0
    while n > 0:
        entry = heap[0]
        n -= 1
        heap[0] = heap[n]
        item = 0
        while True:
            child = 2 * item + 1
            if child >= n:
                break
            if child + 1 < n and _less(height, age, heap[child + 1], heap[child]):
                child += 1
            if not _less(height, age, heap[child], heap[item]):
                break
            heap[item], heap[child] = heap[child], heap[item]
            item = child
        index = pixel[entry]
        label = source[entry]
        free[n_free] = entry
        n_free += 1
        if lines:
            if labels[index] != 0:
                continue
            meets = False
            if age[entry] >= n_seeds:
                for offset in offsets:
                    other = labels[index + offset]
                    if other > 0 and other != label:
                        meets = True
            if meets:
                labels[index] = -2
                continue
            labels[index] = label
        for offset in offsets:
            neighbour = index + offset
            if labels[neighbour] != 0:
                continue
            if not lines:
                labels[neighbour] = label
            if n_free > 0:
                n_free -= 1
                slot = free[n_free]
            else:
                if used == size:
                    larger = 2 * size
                    height = _grown(height, larger)
                    age = _grown(age, larger)
                    pixel = _grown(pixel, larger)
                    source = _grown(source, larger)
                    heap = _grown(heap, larger)
                    free = _grown(free, larger)
                    size = larger
                slot = used
                used += 1
            height[slot], age[slot], pixel[slot], source[slot] = relief[neighbour], clock, neighbour, label
            clock += 1
            heap[n] = slot
            n += 1
            item = n - 1
            while item > 0:
                above = (item - 1) // 2
                if not _less(height, age, heap[item], heap[above]):
                    break
                heap[item], heap[above] = heap[above], heap[item]
                item = above


@compiled
def _grown(array, size):
    larger = np.empty(size, array.dtype)
    larger[: array.size] = array
    return larger
