"""Regions that grow from seeds by brightness: pixel by pixel in a told order, or all at once like a flood.

scikit-image has no seeded region growing, and floods from one seed at a time.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared


def _padded(
    image: np.ndarray, seeds: np.ndarray, mask: np.ndarray | None, structure: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[slice, ...]]:
    """Return flat values and labels with a rim that is not entered, the neighbours' offsets, and the inner box."""
    shape = tuple(n + 2 for n in image.shape)
    inner = (slice(1, -1),) * image.ndim
    values = np.zeros(shape, np.float64)
    values[inner] = image
    labels = np.full(shape, -1, np.int32)
    free = np.isfinite(values[inner])
    if mask is not None:
        free &= mask
    labels[inner] = np.where(free, np.maximum(seeds, 0), -1)
    steps = np.argwhere(structure) - 1
    offsets = steps @ np.array([int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))])
    return values, labels, prepared(offsets[offsets != 0], np.int64), inner


def grow(
    image: np.ndarray, seeds: np.ndarray, mask: np.ndarray | None, structure: np.ndarray, tolerance: float
) -> np.ndarray:
    """Return the seeds grown by the pixels that are most like their regions, the most alike first.

    Parameters
    ----------
    image : ndarray of real numbers
        2-D or 3-D; NaN and infinite pixels belong to no region.
    seeds : ndarray of int32
        The ids 1 .. n at the seeds, 0 elsewhere.
    mask : ndarray of bool, optional
        Where regions may grow.
    structure : ndarray of bool
        3 x 3 (x 3): which pixels are neighbours.
    tolerance : float
        Largest difference between a pixel and the mean of its region when it is added.

    Returns
    -------
    ndarray of int32

    Notes
    -----
    A pixel waits with its difference from the region's mean at the time when the region reached it. Of equal
    differences the one that has waited longer comes first; seeds are looked at in raster order. O(n log n).
    """
    values, labels, offsets, inner = _padded(image, seeds, mask, structure)
    _grow(values.ravel(), labels.ravel(), offsets, int(labels.max(initial=0)), float(tolerance))
    result = labels[inner]
    return np.where(result > 0, result, 0).astype(np.int32)


@compiled
def _grow(values, labels, offsets, n_regions, tolerance):
    total = np.zeros(n_regions + 1)
    number = np.zeros(n_regions + 1)
    for index in range(labels.size):
        if labels[index] > 0:
            total[labels[index]] += values[index]
            number[labels[index]] += 1
    size = 1024
    heap_key = np.empty(size)
    heap_age = np.empty(size, np.int64)
    pixel = np.empty(size, np.int64)  # by age
    source = np.empty(size, np.int32)  # by age
    n = 0
    age = 0
    # where nothing is refused, only the first of all that wait for a pixel can have it
    nearest = np.full(labels.size if tolerance == np.inf else 0, np.inf)
    # the seeds first, and then every pixel that is added, offer their neighbours
    cursor = 0
    while True:
        index = -1
        if cursor < labels.size:
            if labels[cursor] > 0:
                index = cursor
            cursor += 1
            if index < 0:
                continue
        elif n > 0:
            oldest = heap_age[0]
            n -= 1
            key = heap_key[n]
            last = heap_age[n]
            item = 0
            while True:
                child = 2 * item + 1
                if child >= n:
                    break
                if child + 1 < n and (
                    heap_key[child + 1] < heap_key[child]
                    or (heap_key[child + 1] == heap_key[child] and heap_age[child + 1] < heap_age[child])
                ):
                    child += 1
                if heap_key[child] > key or (heap_key[child] == key and heap_age[child] > last):
                    break
                heap_key[item] = heap_key[child]
                heap_age[item] = heap_age[child]
                item = child
            heap_key[item] = key
            heap_age[item] = last
            index = pixel[oldest]
            label = source[oldest]
            if labels[index] != 0 or abs(values[index] - total[label] / number[label]) > tolerance:
                continue
            labels[index] = label
            total[label] += values[index]
            number[label] += 1
        else:
            break
        label = labels[index]
        mean = total[label] / number[label]
        for offset in offsets:
            neighbour = index + offset
            if labels[neighbour] != 0:
                continue
            key = abs(values[neighbour] - mean)
            if nearest.size:
                if key >= nearest[neighbour]:
                    continue
                nearest[neighbour] = key
            if age == size:
                size *= 2
                heap_key = _longer(heap_key, size)
                heap_age = _longer(heap_age, size)
                pixel = _longer(pixel, size)
                source = _longer(source, size)
            pixel[age] = neighbour
            source[age] = label
            item = n
            while item > 0:
                above = (item - 1) >> 1
                if heap_key[above] <= key:
                    break
                heap_key[item] = heap_key[above]
                heap_age[item] = heap_age[above]
                item = above
            heap_key[item] = key
            heap_age[item] = age
            n += 1
            age += 1


@compiled
def _longer(array, size):
    larger = np.empty(size, array.dtype)
    larger[: array.size] = array
    return larger


def flood_similar(
    image: np.ndarray, seeds: np.ndarray, mask: np.ndarray | None, structure: np.ndarray, tolerance: float
) -> np.ndarray:
    """Return the seeds flooded over the connected pixels with about the brightness of their seed.

    Parameters are those of `grow`; the tolerance is measured from the mean of the seed's own pixels.

    Notes
    -----
    All floods advance by one pixel at a time; of floods that arrive together that with the lowest id has the
    pixel. O(n).
    """
    values, labels, offsets, inner = _padded(image, seeds, mask, structure)
    _flood_similar(values.ravel(), labels.ravel(), offsets, int(labels.max(initial=0)), float(tolerance))
    result = labels[inner]
    return np.where(result > 0, result, 0).astype(np.int32)


@compiled
def _flood_similar(values, labels, offsets, n_regions, tolerance):
    total = np.zeros(n_regions + 1)
    number = np.zeros(n_regions + 1)
    n_free = 0
    for index in range(labels.size):
        n_free += labels[index] >= 0
        if labels[index] > 0:
            total[labels[index]] += values[index]
            number[labels[index]] += 1
    queue = np.empty(n_free, np.int64)
    end = 0
    for index in range(labels.size):
        if labels[index] > 0:
            queue[end] = index
            end += 1
    start = 0
    round_of = np.zeros(labels.size, np.int32)
    turn = 0
    while start < end:
        turn += 1
        stop = end
        for item in range(start, stop):
            index = queue[item]
            label = labels[index]
            value = total[label] / number[label]
            for offset in offsets:
                neighbour = index + offset
                there = labels[neighbour]
                if there != 0 and not (round_of[neighbour] == turn and label < there):
                    continue
                if abs(values[neighbour] - value) > tolerance:
                    continue
                if there == 0:
                    queue[end] = neighbour
                    end += 1
                    round_of[neighbour] = turn
                labels[neighbour] = label
        start = stop
