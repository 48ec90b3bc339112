"""What the pixels of each object hold: sums, extremes and medians, from values put together object by object."""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled
from objectwise.kernels.runs import LABEL, LINE, START, STOP

# columns of the statistics of an object's values
MINIMUM, MAXIMUM, MEAN, DEVIATION, MEDIAN, SUM = 0, 1, 2, 3, 4, 5
N_STATISTICS = 6

# columns of the shape of their distribution
MODE, ENTROPY, SKEWNESS, KURTOSIS = 0, 1, 2, 3
N_SHAPE = 4

# columns of the sums over an object's positions: how many finite values, and their sums, by themselves and weighted
# by the values; and the largest value with its position
COUNT, PLAIN_Z, WEIGHT, WEIGHTED_Z, PEAK, PEAK_Z = 0, 1, 4, 5, 8, 9
N_WEIGHED = 12

# into which the values between the smallest and the largest of an object are counted
N_BINS = 256


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


@compiled
def _bin_of(value, smallest, scale):
    """Return which of equally wide bins between an object's smallest and largest value holds a value.

    The scale is the number of bins over the range. Where values are whole numbers and the range is below the number of
    bins, no two of them share one.
    """
    number = (np.float64(value) - smallest) * scale
    # false for the largest value, and for NaN, where range or scale are beyond what a float holds
    return int(number) if number < N_BINS else N_BINS - 1


@compiled
def _at_rank(ordered, begins, rank):
    """Return the value of a rank from values that lie bin after bin; those of its own bin are reordered."""
    low = 0
    high = N_BINS
    while high - low > 1:
        middle = (low + high) // 2
        if begins[middle] <= rank:
            low = middle
        else:
            high = middle
    _select(ordered, begins[low], begins[low + 1] - 1, rank)
    return np.float64(ordered[rank])


@compiled
def find_percentiles(values, starts, ends, fractions, found):
    """Find percentiles of each object, linear between the two nearest values.

    Parameters
    ----------
    values : ndarray, shape (number of pixels in all objects,)
        What `gather_values` wrote.
    starts, ends : ndarray of int64, shape (n,)
        The stretch of each object.
    fractions : ndarray of float64, shape (m,)
        From 0 to 1; 0.5 for the median.
    found : ndarray of float64, shape (n, m)
        Written; a row stays as it is where an object has no values.

    Notes
    -----
    Values are counted into bins and put down bin after bin, without a comparison of two of them. What is left is
    the search in one bin, where the values of an image of 8 bits are all the same.
    """
    most = 0
    for index in range(starts.size):
        most = max(most, ends[index] - starts[index])
    ordered = np.empty(most, values.dtype)
    bins = np.empty(most, np.uint8)
    begins = np.empty(N_BINS + 1, np.int64)
    places = np.empty(N_BINS, np.int64)
    for index in range(starts.size):
        start = starts[index]
        n = ends[index] - start
        if n == 0:
            continue
        smallest = values[start]
        largest = smallest
        for inner in range(start, start + n):
            smallest = min(smallest, values[inner])
            largest = max(largest, values[inner])
        if smallest == largest:
            found[index, :] = smallest
            continue
        low = np.float64(smallest)
        scale = N_BINS / (np.float64(largest) - low)
        begins[:] = 0
        for inner in range(n):
            number = _bin_of(values[start + inner], low, scale)
            bins[inner] = number
            begins[number + 1] += 1
        for number in range(N_BINS):
            begins[number + 1] += begins[number]
            places[number] = begins[number]
        for inner in range(n):
            number = bins[inner]
            ordered[places[number]] = values[start + inner]
            places[number] += 1
        for column in range(fractions.size):
            position = fractions[column] * (n - 1)
            rank = int(position)
            share = position - rank
            value = _at_rank(ordered, begins, rank)
            if share > 0:
                upper = _at_rank(ordered, begins, rank + 1)
                if upper > value:
                    value = (1 - share) * value + share * upper
            found[index, column] = value


@compiled
def describe_distributions(values, starts, ends, shapes):
    """Find the mode, the entropy, the skewness and the kurtosis of each object.

    Parameters
    ----------
    values : ndarray, shape (number of pixels in all objects,)
        What `gather_values` wrote.
    starts, ends : ndarray of int64, shape (n,)
        The stretch of each object.
    shapes : ndarray of float64, shape (n, 4)
        Written; a row stays as it is where an object has no values, and the last two columns where all its values
        are the same.

    Notes
    -----
    Mode and entropy are those of the values counted into bins. Moments are taken of the values brought to 0 .. 1,
    about their mean, in two passes, the second of which takes off what the rounding of the mean left: neither a
    large offset nor very large or small values cost digits.
    """
    counts = np.empty(N_BINS, np.int64)
    origins = np.empty(N_BINS)
    excess = np.empty(N_BINS)
    for index in range(starts.size):
        start = starts[index]
        end = ends[index]
        n = end - start
        if n == 0:
            continue
        entry = shapes[index]
        smallest = values[start]
        largest = smallest
        for inner in range(start, end):
            smallest = min(smallest, values[inner])
            largest = max(largest, values[inner])
        if smallest == largest:
            entry[MODE] = smallest
            entry[ENTROPY] = 0.0
            continue
        low = np.float64(smallest)
        span = np.float64(largest) - low
        counts[:] = 0
        total = 0.0
        for inner in range(start, end):
            value = np.float64(values[inner])
            number = _bin_of(values[inner], low, N_BINS / span)
            if counts[number] == 0:
                origins[number] = value
                excess[number] = 0.0
            counts[number] += 1
            # about a value of the bin: exact where all are the same
            excess[number] += value - origins[number]
            total += (value - low) / span
        fullest = 0
        entropy = 0.0
        for number in range(N_BINS):
            if counts[number] > counts[fullest]:
                fullest = number
            if counts[number] > 0:
                entropy -= counts[number] / n * np.log2(counts[number] / n)
        entry[MODE] = origins[fullest] + excess[fullest] / counts[fullest]
        entry[ENTROPY] = entropy
        mean = total / n
        rest = 0.0
        for inner in range(start, end):
            rest += (np.float64(values[inner]) - low) / span - mean
        rest /= n
        second = 0.0
        third = 0.0
        fourth = 0.0
        for inner in range(start, end):
            difference = (np.float64(values[inner]) - low) / span - mean - rest
            square = difference * difference
            second += square
            third += square * difference
            fourth += square * square
        second /= n
        entry[SKEWNESS] = third / n / second**1.5
        entry[KURTOSIS] = fourth / n / second**2 - 3


@compiled
def find_deviations(values, starts, ends, centres, deviations):
    """Write down how far each value is from the centre of its object.

    Parameters
    ----------
    values : ndarray, shape (number of pixels in all objects,)
        What `gather_values` wrote.
    starts, ends : ndarray of int64, shape (n,)
        The stretch of each object.
    centres : ndarray of float64, shape (n,)
    deviations : ndarray of float64, shape of the values
        Written.
    """
    for index in range(starts.size):
        for inner in range(starts[index], ends[index]):
            deviations[inner] = abs(values[inner] - centres[index])


@compiled
def _add_line(entry, z, y, count, plain_x, weight, weighted_x):
    """Add the sums over a line to those of its object."""
    entry[COUNT] += count
    entry[PLAIN_Z] += count * z
    entry[PLAIN_Z + 1] += count * y
    entry[PLAIN_Z + 2] += plain_x
    entry[WEIGHT] += weight
    entry[WEIGHTED_Z] += weight * z
    entry[WEIGHTED_Z + 1] += weight * y
    entry[WEIGHTED_Z + 2] += weighted_x


@compiled
def weigh_positions(runs, n_y, values, place, corners, sums):
    """Add up the positions of the finite values of each object, weighted by them too, and find the largest.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        Object after object, with the row of the object in place of its label.
    n_y : int
        Number of rows of a plane.
    values : ndarray of float32 or float64, shape (number of pixels in all objects,)
        What `gather_values` wrote.
    place : int
        Where the values of the first of the runs begin.
    corners : ndarray of int64, shape (n, 3)
        The pixel that positions of each object are counted from, which keeps the sums small.
    sums : ndarray of float64, shape (n, 12)
        Zeros; written. The first in raster order of several largest values counts.
    """
    for index in range(runs.shape[0]):
        label = runs[index, LABEL]
        row = runs[index, LINE]
        start = runs[index, START]
        own = values[place : place + runs[index, STOP] - start]
        place += own.size
        z = row // n_y - corners[label, 0]
        y = row % n_y - corners[label, 1]
        before = start - corners[label, 2]
        entry = sums[label]
        count = 0
        weight = 0.0
        plain_x = 0
        weighted_x = 0.0
        for column in range(own.size):
            value = np.float64(own[column])
            if not np.isfinite(value):
                continue
            x = before + column
            if entry[COUNT] + count == 0 or value > entry[PEAK]:
                entry[PEAK] = value
                entry[PEAK_Z] = z
                entry[PEAK_Z + 1] = y
                entry[PEAK_Z + 2] = x
            count += 1
            plain_x += x
            weight += value
            weighted_x += value * x
        _add_line(entry, z, y, count, plain_x, weight, weighted_x)


@compiled
def weigh_counted_positions(runs, n_y, values, place, corners, sums):
    """Do as `weigh_positions` does for whole numbers of 8 or 16 bits, with exact sums."""
    for index in range(runs.shape[0]):
        label = runs[index, LABEL]
        row = runs[index, LINE]
        start = runs[index, START]
        own = values[place : place + runs[index, STOP] - start]
        place += own.size
        z = row // n_y - corners[label, 0]
        y = row % n_y - corners[label, 1]
        before = start - corners[label, 2]
        entry = sums[label]
        # all of it loops that the processor takes many values at a time through
        peak = own[0]
        weight = np.int64(0)
        weighted_x = np.int64(0)
        for x in range(own.size):
            peak = max(peak, own[x])
            weight += np.int64(own[x])
            weighted_x += np.int64(own[x]) * x
        if entry[COUNT] == 0 or peak > entry[PEAK]:
            first = 0
            while own[first] < peak:
                first += 1
            entry[PEAK] = peak
            entry[PEAK_Z] = z
            entry[PEAK_Z + 1] = y
            entry[PEAK_Z + 2] = before + first
        plain_x = own.size * before + own.size * (own.size - 1) // 2
        _add_line(
            entry, z, y, own.size, plain_x, np.float64(weight), np.float64(weighted_x + before * weight)
        )
