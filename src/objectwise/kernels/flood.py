"""Flooding a relief from seeds: the watershed.

scikit-image floods in the same way, but leaves the order of pixels that are equally high and equally old to
the shape of its queue, so that what one object becomes depends on others far away, and a tile differs from
the whole image. Here the order is told completely: lower first, then older, and seeds are of an age in
raster order. Height and age are packed into one integer, so that the queue compares and moves one number.
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
    relief : ndarray of real numbers
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

    Raises
    ------
    ValueError
        If the block has more than 2,147,483,647 pixels.

    Notes
    -----
    A priority queue of ``(height, age)``, O(n log n). Connected pieces of the mask do not influence each
    other.
    """
    if relief.size >= 2**31:
        raise ValueError(f"a block to be flooded has at most {2**31 - 1} pixels; found {relief.size}")
    padded = tuple(n + 2 for n in relief.shape)
    inner = (slice(1, -1),) * relief.ndim
    # a rim that is not flooded spares the loops every check for the border
    labels = np.full(padded, -1, np.int32)
    dry = np.where(seeds > 0, seeds, 0)
    labels[inner] = dry if mask is None else np.where(mask, dry, -1)
    heights = np.zeros(padded, np.uint32)
    heights[inner] = ordered(relief)
    steps = np.argwhere(structure) - 1
    offsets = steps @ np.array([int(np.prod(padded[axis + 1 :])) for axis in range(len(padded))])
    _flood(heights.ravel(), labels.ravel(), prepared(offsets[offsets != 0], np.int64), lines)
    result = labels[inner]
    return np.where(result > 0, result, 0).astype(np.int32)


def ordered(values: np.ndarray) -> np.ndarray:
    """Return 32-bit whole numbers in the order of some values, equal where these are equal.

    Examples
    --------
    >>> ordered(np.array([0.5, -1.0, 0.5, np.inf])).argsort(kind="stable").tolist()
    [1, 0, 2, 3]
    """
    kind, size = values.dtype.kind, values.dtype.itemsize
    if kind == "b" or (kind == "u" and size <= 4):
        return values.astype(np.uint32)
    if kind == "i" and size <= 4:
        return (values.astype(np.int64) + 2**31).astype(np.uint32)
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    if kind == "f" and (size <= 4 or np.array_equal(single, values)):
        # the bits of floats of one sign are in their order; adding 0 makes -0 the same as 0
        bits = (single + np.float32(0)).view(np.uint32)
        return np.where(bits >> 31, ~bits, bits | np.uint32(2**31))
    ranks = np.unique(values, return_inverse=True)[1]
    return ranks.reshape(values.shape).astype(np.uint32)


@compiled
def _flood(heights, labels, offsets, lines):
    """Flood in place; -1 is outside, 0 is dry, -2 is a line between objects."""
    n_inside = 0
    n_seeds = 0
    for index in range(labels.size):
        n_inside += labels[index] >= 0
        n_seeds += labels[index] > 0
    # without lines every pixel enters once; with lines once from each neighbour, so that it may have to grow
    size = max(16, n_inside)
    heap = np.empty(size, np.int64)
    pixel = np.empty(size, np.int64)  # by age
    source = np.empty(size, np.int32)  # by age
    n = 0
    age = 0
    for index in range(labels.size):
        if labels[index] > 0:
            pixel[age] = index
            source[age] = labels[index]
            key = (np.int64(heights[index]) << 31) | age
            item = n
            while item > 0:
                above = (item - 1) >> 1
                if heap[above] <= key:
                    break
                heap[item] = heap[above]
                item = above
            heap[item] = key
            n += 1
            age += 1
    while n > 0:
        oldest = heap[0] & 0x7FFFFFFF
        n -= 1
        key = heap[n]
        item = 0
        while True:
            child = 2 * item + 1
            if child >= n:
                break
            if child + 1 < n and heap[child + 1] < heap[child]:
                child += 1
            if heap[child] >= key:
                break
            heap[item] = heap[child]
            item = child
        heap[item] = key
        index = pixel[oldest]
        label = source[oldest]
        if lines and oldest >= n_seeds:
            # seeds have their labels from the start, so that a line runs along one not yet flooded from
            if labels[index] != 0:
                continue
            meets = False
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
            if age == size:
                size *= 2
                heap = _grown(heap, size)
                pixel = _grown(pixel, size)
                source = _grown(source, size)
            pixel[age] = neighbour
            source[age] = label
            key = (np.int64(heights[neighbour]) << 31) | age
            item = n
            while item > 0:
                above = (item - 1) >> 1
                if heap[above] <= key:
                    break
                heap[item] = heap[above]
                item = above
            heap[item] = key
            n += 1
            age += 1


@compiled
def _grown(array, size):
    larger = np.empty(size, array.dtype)
    larger[: array.size] = array
    return larger
