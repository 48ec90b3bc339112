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
def find_medians(values, starts, ends, statistics):
    """Find the median of each object by selection.

    Parameters
    ----------
    values : ndarray of float32 or float64, shape (number of pixels in all objects,)
        What `gather_values` wrote; put into another order.
    starts, ends : ndarray of int64, shape (n,)
        The stretch of each object.
    statistics : ndarray of float64, shape (n, 6)
        The column of the median is written, but for objects without values.
    """
    for index in range(starts.size):
        start = starts[index]
        n = ends[index] - start
        if n == 0:
            continue
        middle = start + n // 2
        _select(values, start, ends[index] - 1, middle)
        upper = np.float64(values[middle])
        lower = upper
        if n % 2 == 0:
            lower = np.float64(values[start])
            for inner in range(start, middle):
                lower = max(lower, np.float64(values[inner]))
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
    The upper byte of the median is found first, then the lower byte among the values that share the upper
    one: two passes without a comparison of values, whatever their order.
    """
    upper_bytes = np.empty(256, dtype=np.int64)
    lower_bytes = np.empty(256, dtype=np.int64)
    for index in range(starts.size):
        start = starts[index]
        end = ends[index]
        n = end - start
        upper_bytes[:] = 0
        for inner in range(start, end):
            upper_bytes[values[inner] >> 8] += 1
        total = 0
        chosen = -1
        for rank in ((n - 1) // 2, n // 2):
            upper, before = _rank_in_counts(upper_bytes, rank)
            if upper != chosen:
                chosen = upper
                lower_bytes[:] = 0
                for inner in range(start, end):
                    if values[inner] >> 8 == upper:
                        lower_bytes[values[inner] & 255] += 1
            lower, _ = _rank_in_counts(lower_bytes, rank - before)
            total += 256 * upper + lower
        statistics[index, MEDIAN] = total / 2
