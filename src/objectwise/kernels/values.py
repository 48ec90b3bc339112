"""What the pixels of each object hold: sums, extremes and medians, from values put together object by object."""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled
from objectwise.kernels.runs import LABEL, LINE, START, STOP

# columns of the statistics of an object's values
MINIMUM, MAXIMUM, MEAN, DEVIATION, MEDIAN, SUM = 0, 1, 2, 3, 4, 5
N_STATISTICS = 6


@compiled
def gather_values(runs, lines, ends, values):
    """Put the finite values of each object next to each other.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        With the row of the object in place of its label.
    lines : ndarray, shape (Z * Y, X)
        The lines of an image that `prepare_image` returned.
    ends : ndarray of int64, shape (n,)
        Where the values of each object begin; written: where they end.
    values : ndarray of the type of the image, shape (number of pixels in all objects,)
        Written, in raster order.
    """
    for index in range(runs.shape[0]):
        line = lines[runs[index, LINE]]
        end = ends[runs[index, LABEL]]
        for x in range(runs[index, START], runs[index, STOP]):
            value = line[x]
            # false for NaN as well as for infinity; always true for integers
            if np.isfinite(value):
                values[end] = value
                end += 1
        ends[runs[index, LABEL]] = end


@compiled
def _select(values, low, high, k):
    """Move the k-th smallest of a stretch of values to position k, smaller ones before it.

    References
    ----------
    Hoare CAR (1961) Algorithm 65: Find. Communications of the ACM 4(7):321-322.
    """
    while low < high:
        pivot = values[k]
        i = low
        j = high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while pivot < values[j]:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if j < k:
            low = i
        if k < i:
            high = j


@compiled
def describe_values(values, starts, ends, statistics):
    """Describe the values of each object by five numbers; the median is left to others.

    Parameters
    ----------
    values : ndarray, shape (number of pixels in all objects,)
        What `gather_values` wrote.
    starts, ends : ndarray of int64, shape (n,)
        The stretch of each object.
    statistics : ndarray of float64, shape (n, 6)
        Written; a row stays as it is where an object has no values.

    Notes
    -----
    All arithmetic is in float64. The deviation is that of the population, in two passes: the second one
    adds up squares about the mean, and takes off what the rounding of the mean left.
    """
    for index in range(starts.size):
        start = starts[index]
        end = ends[index]
        n = end - start
        if n == 0:
            continue
        smallest = values[start]
        largest = smallest
        total = 0.0
        position = start
        while position < end:
            # partial sums keep the rounding error of a large object small
            stop = min(position + 512, end)
            part = 0.0
            for inner in range(position, stop):
                smallest = min(smallest, values[inner])
                largest = max(largest, values[inner])
                part += values[inner]
            total += part
            position = stop
        mean = total / n
        squares = 0.0
        rest = 0.0
        position = start
        while position < end:
            stop = min(position + 512, end)
            part = 0.0
            for inner in range(position, stop):
                difference = values[inner] - mean
                part += difference * difference
                rest += difference
            squares += part
            position = stop
        entry = statistics[index]
        entry[MINIMUM] = smallest
        entry[MAXIMUM] = largest
        entry[MEAN] = mean
        entry[DEVIATION] = np.sqrt(max(0.0, (squares - rest * rest / n) / n))
        entry[SUM] = total


@compiled
def describe_counts(values, starts, ends, statistics):
    """Describe whole numbers as `describe_values` does, with exact sums.

    Parameters
    ----------
    values : ndarray of uint8 or uint16, shape (number of pixels in all objects,)
        What `gather_values` wrote.
    starts, ends : ndarray of int64, shape (n,)
        The stretch of each object.
    statistics : ndarray of float64, shape (n, 6)
        Written; a row stays as it is where an object has no values.
    """
    for index in range(starts.size):
        start = starts[index]
        end = ends[index]
        n = end - start
        if n == 0:
            continue
        smallest = values[start]
        largest = smallest
        total = np.int64(0)
        for inner in range(start, end):
            smallest = min(smallest, values[inner])
            largest = max(largest, values[inner])
            total += np.int64(values[inner])
        near = (2 * total + n) // (2 * n)
        squares = np.int64(0)
        for inner in range(start, end):
            difference = np.int64(values[inner]) - near
            squares += difference * difference
        rest = np.float64(total - n * near)
        entry = statistics[index]
        entry[MINIMUM] = smallest
        entry[MAXIMUM] = largest
        entry[MEAN] = total / n
        entry[DEVIATION] = np.sqrt(max(0.0, (squares - rest * rest / n) / n))
        entry[SUM] = total


@compiled
def find_medians(values, starts, ends, statistics):
    """Find the median of each object by selection.

    Parameters
    ----------
    values : ndarray of float32 or float64, shape (number of pixels in all objects,)
        What `gather_values` wrote.
    starts, ends : ndarray of int64, shape (n,)
        The stretch of each object.
    statistics : ndarray of float64, shape (n, 6)
        The column of the median is written, but for objects without values.
    """
    largest = 0
    for index in range(starts.size):
        largest = max(largest, ends[index] - starts[index])
    # the search orders the values, which others look at as they lie
    ordered = np.empty(largest, values.dtype)
    for index in range(starts.size):
        n = ends[index] - starts[index]
        if n == 0:
            continue
        for inner in range(n):
            ordered[inner] = values[starts[index] + inner]
        middle = n // 2
        _select(ordered, 0, n - 1, middle)
        upper = np.float64(ordered[middle])
        lower = upper
        if n % 2 == 0:
            lower = np.float64(ordered[0])
            for inner in range(middle):
                lower = max(lower, np.float64(ordered[inner]))
        statistics[index, MEDIAN] = 0.5 * lower + 0.5 * upper


@compiled
def _rank_in_counts(counts, rank):
    """Return the first value up to which more than a number of counts lie, and how many lie before it."""
    before = 0
    for value in range(counts.size):
        if before + counts[value] > rank:
            return value, before
        before += counts[value]
    return counts.size - 1, before


@compiled
def count_medians(values, starts, ends, statistics):
    """Find the median of each object by counting, for values of 8 or 16 bits.

    Parameters
    ----------
    values : ndarray of uint8 or uint16, shape (number of pixels in all objects,)
        What `gather_values` wrote.
    starts, ends : ndarray of int64, shape (n,)
        The stretch of each object.
    statistics : ndarray of float64, shape (n, 6)
        The column of the median is written.

    Notes
    -----
    The range of each object is cut into at most 256 bins. The bin of the median is found first, then the median among
    the values in that bin: passes without a comparison of values, whatever their order.
    """
    coarse = np.empty(256, dtype=np.int64)
    fine = np.empty(256, dtype=np.int64)
    for index in range(starts.size):
        start = starts[index]
        end = ends[index]
        n = end - start
        if n == 0:
            continue
        smallest = values[start]
        largest = smallest
        for inner in range(start, end):
            smallest = min(smallest, values[inner])
            largest = max(largest, values[inner])
        low = np.int64(smallest)
        shift = 0
        while (np.int64(largest) - low) >> shift > 255:
            shift += 1
        rest = (1 << shift) - 1
        coarse[:] = 0
        for inner in range(start, end):
            coarse[(np.int64(values[inner]) - low) >> shift] += 1
        total = 0
        chosen = -1
        for rank in ((n - 1) // 2, n // 2):
            bin, before = _rank_in_counts(coarse, rank)
            if bin != chosen:
                chosen = bin
                fine[: rest + 1] = 0
                if shift > 0:
                    for inner in range(start, end):
                        value = np.int64(values[inner]) - low
                        if value >> shift == bin:
                            fine[value & rest] += 1
                else:
                    fine[0] = coarse[bin]
            further, _ = _rank_in_counts(fine, rank - before)
            total += low + (bin << shift) + further
        statistics[index, MEDIAN] = total / 2
