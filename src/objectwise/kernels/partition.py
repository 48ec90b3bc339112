"""Cut a rising list of weighted levels into parts that are as uniform as can be: exactly, and fast.

Otsu's thresholds and the k-means clusters of one channel are this one problem. Looking at every set of thresholds
takes the number of levels to the power of their number; cutting off the last part first, and knowing that its
best start never moves back as levels are added, takes a few steps for each level.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared


def best_partition(weights: np.ndarray, levels: np.ndarray, n_parts: int) -> np.ndarray:
    """Return where the parts start that have the least sum of squared deviations from their means.

    Parameters
    ----------
    weights : ndarray
        How much each level counts; a level without weight is in no part of its own.
    levels : ndarray of float
        Rising.
    n_parts : int
        Number of parts; fewer where there are fewer levels with weight.

    Returns
    -------
    ndarray of int64
        Index of the first level with weight of each part, rising.

    Notes
    -----
    O(n log n) for each part, by divide and conquer over the rows of a totally monotone matrix [1]_. Of equally
    good partitions that with the lowest starts of the later parts.

    References
    ----------
    .. [1] A. Grønlund et al., "Fast exact k-means, k-medians and Bregman divergence clustering in 1D",
       arXiv:1701.07204 (2017).

    Examples
    --------
    >>> best_partition(np.array([5, 5, 0, 1, 9]), np.array([1.0, 2, 3, 8, 9]), 2).tolist()
    [0, 3]
    """
    used = np.flatnonzero(weights > 0)
    if used.size <= n_parts:
        return used
    weight = prepared(weights[used], np.float64)
    level = prepared(levels[used], np.float64)
    # sums of numbers around zero lose the least
    level = level - np.average(level, weights=weight)
    number = np.concatenate([[0.0], np.cumsum(weight)])
    total = np.concatenate([[0.0], np.cumsum(weight * level)])
    return used[_partition(number, total, n_parts)]


@compiled
def _partition(number, total, n_parts):
    n = number.size - 1
    best = np.empty(n + 1)
    best[0] = 0.0
    for end in range(1, n + 1):
        best[end] = total[end] ** 2 / number[end]
    start = np.zeros((n_parts, n + 1), np.int32)
    following = np.empty(n + 1)
    # rows still to be done: first and last end, lowest and highest start
    stack = np.empty((128, 4), np.int64)
    for part in range(1, n_parts):
        stack[0, 0], stack[0, 1], stack[0, 2], stack[0, 3] = part + 1, n, part, n - 1
        height = 1
        while height > 0:
            height -= 1
            first, last, low, high = stack[height]
            middle = (first + last) // 2
            largest = -np.inf
            where = low
            for cut in range(low, min(middle - 1, high) + 1):
                gain = best[cut] + (total[middle] - total[cut]) ** 2 / (number[middle] - number[cut])
                if gain > largest:
                    largest = gain
                    where = cut
            following[middle] = largest
            start[part, middle] = where
            if middle > first:
                stack[height, 0], stack[height, 1], stack[height, 2], stack[height, 3] = (
                    first,
                    middle - 1,
                    low,
                    where,
                )
                height += 1
            if middle < last:
                stack[height, 0], stack[height, 1], stack[height, 2], stack[height, 3] = (
                    middle + 1,
                    last,
                    where,
                    high,
                )
                height += 1
        for end in range(part + 1, n + 1):
            best[end] = following[end]
    starts = np.zeros(n_parts, np.int64)
    end = n
    for part in range(n_parts - 1, 0, -1):
        end = start[part, end]
        starts[part] = end
    return starts
