"""How the values of two channels go together in each object, from values put together object by object."""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled

# columns of the comparison of two channels
PEARSON, SPEARMAN, OVERLAP, K_1, K_2, MANDERS_1, MANDERS_2, QUOTIENT, WEIGHTED_1, WEIGHTED_2 = range(10)
N_COMPARISONS = 10


@compiled
def _sort(values, order, spare):
    """Write the order of the values, by merging stretches; NumPy's own sorting takes long to compile."""
    n = values.size
    for position in range(n):
        order[position] = position
    width = 1
    while width < n:
        for start in range(0, n, 2 * width):
            one = start
            middle = min(start + width, n)
            two = middle
            stop = min(start + 2 * width, n)
            for position in range(start, stop):
                if one < middle and (two >= stop or values[order[one]] <= values[order[two]]):
                    spare[position] = order[one]
                    one += 1
                else:
                    spare[position] = order[two]
                    two += 1
        for position in range(n):
            order[position] = spare[position]
        width *= 2


@compiled
def _rank(values, order, spare, average, dense):
    """Write the rank of each value, counted from 0: of equals the mean, and without gaps; return how many differ."""
    _sort(values, order, spare)
    n_different = 0
    start = 0
    while start < values.size:
        stop = start + 1
        while stop < values.size and values[order[stop]] == values[order[start]]:
            stop += 1
        for position in range(start, stop):
            average[order[position]] = (start + stop - 1) / 2
            dense[order[position]] = n_different
        n_different += 1
        start = stop
    return n_different


@compiled
def _correlate(first, second, mean_1, mean_2):
    """Return the correlation of values that are not all equal, about their means."""
    sum_11 = 0.0
    sum_22 = 0.0
    sum_12 = 0.0
    for index in range(first.size):
        one = first[index] - mean_1
        two = second[index] - mean_2
        sum_11 += one * one
        sum_22 += two * two
        sum_12 += one * two
    return min(1.0, max(-1.0, sum_12 / (np.sqrt(sum_11) * np.sqrt(sum_22))))


@compiled
def compare_values(all_first, all_second, starts, ends, threshold_1, threshold_2, ranked, table):
    """Compare the values of two channels in each object.

    Parameters
    ----------
    all_first, all_second : ndarray of float64, shape (number of pixels in all objects,)
        The values of the same pixels in both channels.
    starts, ends : ndarray of int64, shape (n,)
        The stretch of each object.
    threshold_1, threshold_2 : float
        Above these a value is signal; NaN where there is none.
    ranked : bool
        Whether the columns that need ranks are wanted.
    table : ndarray of float64, shape (n, 10)
        NaN; written where a comparison is defined.
    """
    longest = 0
    for index in range(starts.size):
        longest = max(longest, ends[index] - starts[index])
    order = np.empty((2, longest), np.int64)
    average = np.empty((2, longest))
    dense = np.empty((2, longest), np.int64)
    for index in range(starts.size):
        first = all_first[starts[index] : ends[index]]
        second = all_second[starts[index] : ends[index]]
        n = first.size
        if n == 0:
            continue
        entry = table[index]
        mean_1 = np.mean(first)
        mean_2 = np.mean(second)
        square_1 = 0.0
        square_2 = 0.0
        product = 0.0
        n_together = 0
        for pixel in range(n):
            one = first[pixel]
            two = second[pixel]
            square_1 += one * one
            square_2 += two * two
            product += one * two
            n_together += (one > mean_1 and two > mean_2) or (one < mean_1 and two < mean_2)
        if square_1 > 0:
            entry[K_1] = product / square_1
        if square_2 > 0:
            entry[K_2] = product / square_2
        if square_1 > 0 and square_2 > 0:
            entry[OVERLAP] = min(1.0, max(-1.0, product / (np.sqrt(square_1) * np.sqrt(square_2))))
        n_1 = n
        n_2 = n
        if ranked:
            n_1 = _rank(first, order[0], order[1], average[0], dense[0])
            n_2 = _rank(second, order[0], order[1], average[1], dense[1])
        if np.min(first) < np.max(first) and np.min(second) < np.max(second):
            entry[PEARSON] = _correlate(first, second, mean_1, mean_2)
            entry[QUOTIENT] = n_together / n - 0.5
            if ranked:
                entry[SPEARMAN] = _correlate(average[0, :n], average[1, :n], (n - 1) / 2, (n - 1) / 2)
        total_1 = 0.0
        total_2 = 0.0
        both_1 = 0.0
        both_2 = 0.0
        weighted_1 = 0.0
        weighted_2 = 0.0
        levels = max(n_1, n_2)
        for pixel in range(n):
            above_1 = first[pixel] > threshold_1
            above_2 = second[pixel] > threshold_2
            if above_1:
                total_1 += first[pixel]
            if above_2:
                total_2 += second[pixel]
            if above_1 and above_2:
                both_1 += first[pixel]
                both_2 += second[pixel]
                if ranked:
                    weight = (levels - abs(dense[0, pixel] - dense[1, pixel])) / levels
                    weighted_1 += weight * first[pixel]
                    weighted_2 += weight * second[pixel]
        if total_1 > 0:
            entry[MANDERS_1] = both_1 / total_1
            entry[WEIGHTED_1] = weighted_1 / total_1
        if total_2 > 0:
            entry[MANDERS_2] = both_2 / total_2
            entry[WEIGHTED_2] = weighted_2 / total_2
