"""How often grey levels lie beside each other in each object, and what Haralick made of it."""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled

N_FEATURES = 13
CORRELATION, INFORMATION_1 = 2, 11


@compiled
def describe_neighbours(levels, places, starts, steps, directions, n_levels, low, high, features):
    """Describe how often pairs of grey levels lie a step apart, in the mean over the directions.

    Parameters
    ----------
    levels : ndarray of int64, shape (n_pixels,)
        The grey levels 1 to n_levels, object after object; 0 for a pixel without a value.
    places : ndarray of int64, shape (n_pixels,)
        Where each lies in the box of its object as one line.
    starts : ndarray of int64, shape (n + 1,)
        The stretch of each object.
    steps : ndarray of int64, shape (n, 4)
        The steps along z, y and x in the line of each box, and its length.
    directions : ndarray of int64, shape (n_directions, 3)
        Steps along z, y and x; none is the opposite of another.
    n_levels : int
    low, high : int
        The objects to look at, half-open.
    features : ndarray of float64, shape (n, 13)
        Written, in the order of Haralick. NaN where no direction defines it.

    Notes
    -----
    A pair counts both ways round, so the table of pairs is symmetric: half of it is kept, and both of its margins
    are one. The entropy of the product of the margins is then twice the entropy of one.
    """
    counts = np.zeros((n_levels + 1, n_levels + 1), np.int64)
    margin = np.zeros(n_levels + 1)
    sums = np.zeros(2 * n_levels + 1)
    differences = np.zeros(n_levels + 1)
    found = np.zeros(N_FEATURES)
    times = np.zeros(N_FEATURES, np.int64)
    for index in range(low, high):
        box = np.zeros(steps[index, 3], np.int64)
        for pixel in range(starts[index], starts[index + 1]):
            box[places[pixel]] = levels[pixel]
        total = features[index]
        total[:] = 0
        times[:] = 0
        for d in range(directions.shape[0]):
            step = 0
            for axis in range(3):
                step += directions[d, axis] * steps[index, axis]
            n_pairs = 0
            for pixel in range(starts[index], starts[index + 1]):
                a = levels[pixel]
                b = box[places[pixel] + step]
                if a > 0 and b > 0:
                    if a > b:
                        a, b = b, a
                    counts[a, b] += 1
                    n_pairs += 1
            if n_pairs == 0:
                continue
            margin[:] = 0
            sums[:] = 0
            differences[:] = 0
            found[:] = 0
            for a in range(1, n_levels + 1):
                for b in range(a, n_levels + 1):
                    if counts[a, b] == 0:
                        continue
                    both = counts[a, b] / n_pairs
                    counts[a, b] = 0
                    # the frequency of one way round
                    p = both if a == b else both / 2
                    margin[a] += both / 2
                    margin[b] += both / 2
                    sums[a + b] += both
                    differences[b - a] += both
                    square = np.float64((b - a) * (b - a))
                    found[0] += both * p
                    found[1] += both * square
                    found[4] += both / (1 + square)
                    found[8] -= both * np.log2(p)
            mean = 0.0
            of_margin = 0.0
            apart = 0.0
            for level in range(n_levels + 1):
                mean += level * margin[level]
                apart += level * differences[level]
                if margin[level] > 0:
                    of_margin -= margin[level] * np.log2(margin[level])
                if differences[level] > 0:
                    found[10] -= differences[level] * np.log2(differences[level])
            for level in range(n_levels + 1):
                found[3] += (level - mean) * (level - mean) * margin[level]
                found[9] += (level - apart) * (level - apart) * differences[level]
            found[5] = 2 * mean
            for level in range(2 * n_levels + 1):
                if sums[level] > 0:
                    found[6] += (level - 2 * mean) * (level - 2 * mean) * sums[level]
                    found[7] -= sums[level] * np.log2(sums[level])
            shared = max(0.0, 2 * of_margin - found[8])
            found[12] = np.sqrt(1 - np.exp(-2 * np.log(2.0) * shared))
            varied = of_margin > 0
            if varied:
                found[CORRELATION] = 1 - found[1] / (2 * found[3])
                found[INFORMATION_1] = -shared / of_margin
            for feature in range(N_FEATURES):
                if varied or (feature != CORRELATION and feature != INFORMATION_1):
                    total[feature] += found[feature]
                    times[feature] += 1
        for feature in range(N_FEATURES):
            total[feature] = total[feature] / times[feature] if times[feature] > 0 else np.nan
