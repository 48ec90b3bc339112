"""What the pixels of each object hold: sums, extremes and medians, from values put together object by object."""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled
from objectwise.kernels.runs import LABEL, LINE, START, STOP

# columns of the statistics of an object's values
MINIMUM, MAXIMUM, MEAN, DEVIATION, MEDIAN, SUM = 0, 1, 2, 3, 4, 5
N_STATISTICS = 6


@compiled
def place_runs(runs, ends, places):
    """Say where the values of each run go, such that those of each object lie next to each other.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        With the row of the object in place of its label.
    ends : ndarray of int64, shape (n,)
        Where the values of each object begin; written: where they end.
    places : ndarray of int64, shape (n_runs,)
        Written.
    """
    for index in range(runs.shape[0]):
        places[index] = ends[runs[index, LABEL]]
        ends[runs[index, LABEL]] += runs[index, STOP] - runs[index, START]


@compiled
def gather_values(runs, places, lines, values):
    """Put the values of each object next to each other.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
    places : ndarray of int64, shape (n_runs,)
        What `place_runs` wrote for these runs.
    lines : ndarray, shape (Z * Y, X)
        The lines of an image that `prepare_image` returned.
    values : ndarray of the type of the image, shape (number of pixels in all objects,)
        Written.
    """
    for index in range(runs.shape[0]):
        pixels = lines[runs[index, LINE], runs[index, START] : runs[index, STOP]]
        own = values[places[index] : places[index] + pixels.size]
        for x in range(pixels.size):
            own[x] = pixels[x]


@compiled
def keep_finite(values, starts, ends):
    """Move the finite values of each object to the front, in their order.

    Parameters
    ----------
    values : ndarray of float32 or float64, shape (number of pixels in all objects,)
        What `gather_values` wrote.
    starts, ends : ndarray of int64, shape (n,)
        The stretch of each object; the ends are written.
    """
    for index in range(starts.size):
        end = starts[index]
        for inner in range(starts[index], ends[index]):
            if np.isfinite(values[inner]):
                values[end] = values[inner]
                end += 1
        ends[index] = end


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
        own = values[start:end]
        smallest = own[0]
        largest = smallest
        total = np.int64(0)
        for inner in range(n):
            smallest = min(smallest, own[inner])
            largest = max(largest, own[inner])
            total += np.int64(own[inner])
        near = (2 * total + n) // (2 * n)
        squares = np.int64(0)
        for inner in range(n):
            difference = np.int64(own[inner]) - near
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
def count_medians(values, starts, ends, statistics):
    """Find the median of whole numbers by halving their range.

    Parameters
    ----------
    values : ndarray of uint8 or uint16, shape (number of pixels in all objects,)
        What `gather_values` wrote.
    starts, ends : ndarray of int64, shape (n,)
        The stretch of each object.
    statistics : ndarray of float64, shape (n, 6)
        What `describe_counts` wrote; the column of the median is written.

    Notes
    -----
    Each step counts how many values are not above the middle of the range. The processor compares many at a time, so
    that up to 16 passes are faster than one that puts each value somewhere.
    """
    for index in range(starts.size):
        start = starts[index]
        end = ends[index]
        n = end - start
        if n == 0:
            continue
        own = values[start:end]
        low = np.int64(statistics[index, MINIMUM])
        high = np.int64(statistics[index, MAXIMUM])
        while low < high:
            middle = (low + high) // 2
            limit = values.dtype.type(middle)
            count = np.int32(0)
            for inner in range(n):
                count += np.int32(own[inner] <= limit)
            if count > (n - 1) // 2:
                high = middle
            else:
                low = middle + 1
        lower = values.dtype.type(low)
        below = np.int32(0)
        upper = values.dtype.type(statistics[index, MAXIMUM])
        for inner in range(n):
            below += np.int32(own[inner] <= lower)
        if n % 2 == 1 or below > n // 2:
            upper = lower
        else:
            for inner in range(n):
                if own[inner] > lower:
                    upper = min(upper, own[inner])
        statistics[index, MEDIAN] = (np.float64(lower) + np.float64(upper)) / 2
