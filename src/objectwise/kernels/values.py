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
def weigh_positions(runs, n_y, lines, corners, sums):
    """Add up the positions of the finite values of each object, weighted by them too, and find the largest.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        With the row of the object in place of its label.
    n_y : int
        Number of rows of a plane.
    lines : ndarray, shape (Z * Y, X)
        The lines of an image that `prepare_image` returned.
    corners : ndarray of int64, shape (n, 3)
        The pixel that positions of each object are counted from, which keeps the sums small.
    sums : ndarray of float64, shape (n, 12)
        Zeros; written. The first in raster order of several largest values counts.
    """
    for index in range(runs.shape[0]):
        label = runs[index, LABEL]
        row = runs[index, LINE]
        line = lines[row]
        z = row // n_y - corners[label, 0]
        y = row % n_y - corners[label, 1]
        entry = sums[label]
        count = 0
        weight = 0.0
        plain_x = 0
        weighted_x = 0.0
        for column in range(runs[index, START], runs[index, STOP]):
            value = np.float64(line[column])
            if not np.isfinite(value):
                continue
            x = column - corners[label, 2]
            if entry[COUNT] + count == 0 or value > entry[PEAK]:
                entry[PEAK] = value
                entry[PEAK_Z] = z
                entry[PEAK_Z + 1] = y
                entry[PEAK_Z + 2] = x
            count += 1
            plain_x += x
            weight += value
            weighted_x += value * x
        entry[COUNT] += count
        entry[PLAIN_Z] += count * z
        entry[PLAIN_Z + 1] += count * y
        entry[PLAIN_Z + 2] += plain_x
        entry[WEIGHT] += weight
        entry[WEIGHTED_Z] += weight * z
        entry[WEIGHTED_Z + 1] += weight * y
        entry[WEIGHTED_Z + 2] += weighted_x
