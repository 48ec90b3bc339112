"""How often grey levels lie beside each other in each object, and what Haralick made of it."""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled
from objectwise.kernels.runs import LABEL, LINE, MAX_X, MAX_Y, MAX_Z, MIN_X, MIN_Y, MIN_Z, START, STOP

N_FEATURES = 13
CORRELATION, INFORMATION_1 = 2, 11


@compiled
def grade_values(runs, lines, low, high, n_levels, levels):
    """Give each pixel of an object one of the grey levels 1 to n_levels.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        With the row of the object in place of its label.
    lines : ndarray, shape (Z * Y, X)
        The lines of an image that `prepare_image` returned.
    low, high : ndarray of float64, shape (n,)
        The values of each object at which the levels begin and end.
    n_levels : int
    levels : ndarray of uint16, shape (Z * Y, X)
        Zeros; written. A pixel that is NaN or infinite stays 0.
    """
    for index in range(runs.shape[0]):
        label = runs[index, LABEL]
        line = runs[index, LINE]
        width = high[label] - low[label]
        for x in range(runs[index, START], runs[index, STOP]):
            value = np.float64(lines[line, x])
            if np.isfinite(value):
                level = 1.0
                if width > 0:
                    level = np.floor((value - low[label]) * n_levels / width) + 1
                levels[line, x] = max(1.0, min(level, n_levels))


@compiled
def describe_neighbours(labels, levels, record, directions, n_levels, start, stop, features):
    """Describe how often pairs of grey levels lie a step apart, in the mean over the directions.

    Parameters
    ----------
    labels : ndarray of int32, shape (Z, Y, X)
        With the ids 1 to n.
    levels : ndarray of uint16, shape (Z, Y, X)
        What `grade_values` wrote.
    record : ndarray of int64, shape (n, 16)
    directions : ndarray of int64, shape (n_directions, 3)
        Steps along z, y and x; none is the opposite of another.
    n_levels : int
    start, stop : int
        The objects to look at, half-open.
    features : ndarray of float64, shape (n, 13)
        Written, in the order of Haralick. NaN where no direction defines it.

    Notes
    -----
    A pair counts both ways round, so the table of pairs is symmetric: half of it is kept, and both of its margins
    are one. The entropy of the product of the margins is then twice the entropy of one.
    """
    n_z, n_y, n_x = labels.shape
    counts = np.zeros((n_levels + 1, n_levels + 1), np.int64)
    margin = np.zeros(n_levels + 1)
    sums = np.zeros(2 * n_levels + 1)
    differences = np.zeros(n_levels + 1)
    found = np.zeros(N_FEATURES)
    for index in range(start, stop):
        entry = record[index]
        total = features[index]
        total[:] = 0
        times = np.zeros(N_FEATURES, np.int64)
        for d in range(directions.shape[0]):
            dz, dy, dx = directions[d]
            n_pairs = 0
            for z in range(entry[MIN_Z], min(entry[MAX_Z], entry[MAX_Z] - dz)):
                for y in range(max(entry[MIN_Y], entry[MIN_Y] - dy), min(entry[MAX_Y], entry[MAX_Y] - dy)):
                    for x in range(
                        max(entry[MIN_X], entry[MIN_X] - dx), min(entry[MAX_X], entry[MAX_X] - dx)
                    ):
                        if labels[z, y, x] != index + 1 or labels[z + dz, y + dy, x + dx] != index + 1:
                            continue
                        a = levels[z, y, x]
                        b = levels[z + dz, y + dy, x + dx]
                        if a > 0 and b > 0:
                            counts[min(a, b), max(a, b)] += 1
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
                    # either way round
                    ways = 1 if a == b else 2
                    p = both / ways
                    margin[a] += both / 2
                    margin[b] += both / 2
                    sums[a + b] += both
                    differences[b - a] += both
                    found[0] += both * p
                    found[1] += both * (b - a) ** 2
                    found[4] += both / (1 + (b - a) ** 2)
                    found[8] -= both * np.log2(p)
            mean = 0.0
            of_margin = 0.0
            for a in range(1, n_levels + 1):
                mean += a * margin[a]
                if margin[a] > 0:
                    of_margin -= margin[a] * np.log2(margin[a])
            for a in range(1, n_levels + 1):
                found[3] += (a - mean) ** 2 * margin[a]
            difference = 0.0
            for step in range(n_levels):
                difference += step * differences[step]
                if differences[step] > 0:
                    found[10] -= differences[step] * np.log2(differences[step])
            for step in range(n_levels):
                found[9] += (step - difference) ** 2 * differences[step]
            found[5] = 2 * mean
            for pair in range(2, 2 * n_levels + 1):
                found[6] += (pair - 2 * mean) ** 2 * sums[pair]
                if sums[pair] > 0:
                    found[7] -= sums[pair] * np.log2(sums[pair])
            shared = max(0.0, 2 * of_margin - found[8])
            found[12] = np.sqrt(1 - np.exp(-2 * np.log(2.0) * shared))
            if found[1] > 0 or found[3] > 0:
                found[CORRELATION] = 1 - found[1] / (2 * found[3])
                found[INFORMATION_1] = -shared / of_margin
            for feature in range(N_FEATURES):
                if found[3] > 0 or (feature != CORRELATION and feature != INFORMATION_1):
                    total[feature] += found[feature]
                    times[feature] += 1
        for feature in range(N_FEATURES):
            total[feature] = total[feature] / times[feature] if times[feature] else np.nan
