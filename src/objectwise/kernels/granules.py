"""How much of the brightness of each object goes with bright spots of each size."""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled
from objectwise.kernels.runs import MAX_X, MAX_Y, MAX_Z, MIN_X, MIN_Y, MIN_Z


@compiled
def _rebuild(marker, mask, first, last, steps):
    """Raise a marker as far as it spreads under a mask, in place."""
    changed = True
    while changed:
        changed = False
        for way in (1, -1):
            here = first if way == 1 else last - 1
            while first <= here < last:
                if mask[here] > marker[here]:
                    best = marker[here]
                    for step in steps:
                        best = max(best, marker[here + step], marker[here - step])
                    best = min(best, mask[here])
                    if best > marker[here]:
                        marker[here] = best
                        changed = True
                here += way


@compiled
def spectrum(labels, image, record, start, stop, found):
    """Find how much brightness each opening by reconstruction takes away from each object.

    Parameters
    ----------
    labels : ndarray of int32, shape (Z, Y, X)
        With the ids 1 to n.
    image : ndarray, shape (Z, Y, X)
        What `prepare_image` returned.
    record : ndarray of int64, shape (n, 16)
    start, stop : int
        The objects to look at, half-open.
    found : ndarray of float64, shape (n, n_steps)
        Written: the fractions of the sum above the smallest value of the object; NaN where that sum is 0.

    Notes
    -----
    Neighbours are pixels that share a face. Other pixels than the finite ones of the object take no part.
    """
    n_steps = found.shape[1]
    for index in range(start, stop):
        entry = record[index]
        # the box with a pixel around it, as one line
        row = entry[MAX_X] - entry[MIN_X] + 2
        plane = row * (entry[MAX_Y] - entry[MIN_Y] + 2)
        n = plane * (entry[MAX_Z] - entry[MIN_Z] + 2)
        steps = np.array([1, row, plane])
        smallest = np.inf
        # -1 is outside
        values = np.full(n, -1.0)
        for again in range(2):
            for z in range(entry[MIN_Z], entry[MAX_Z]):
                for y in range(entry[MIN_Y], entry[MAX_Y]):
                    there = (z - entry[MIN_Z] + 1) * plane + (y - entry[MIN_Y] + 1) * row + 1
                    for x in range(entry[MIN_X], entry[MAX_X]):
                        if labels[z, y, x] == index + 1 and np.isfinite(image[z, y, x]):
                            if again == 0:
                                smallest = min(smallest, np.float64(image[z, y, x]))
                            else:
                                values[there + x - entry[MIN_X]] = image[z, y, x] - smallest
        first, last = plane, n - plane
        total = 0.0
        for here in range(first, last):
            total += max(values[here], 0.0)
        if total == 0:
            found[index] = np.nan
            continue
        found[index] = 0
        eroded = values.copy()
        smaller = values.copy()
        before = total
        for k in range(n_steps):
            largest = 0.0
            for here in range(first, last):
                if values[here] >= 0:
                    least = eroded[here]
                    for step in steps:
                        if values[here + step] >= 0:
                            least = min(least, eroded[here + step])
                        if values[here - step] >= 0:
                            least = min(least, eroded[here - step])
                    smaller[here] = least
                    largest = max(largest, least)
            eroded, smaller = smaller, eroded
            rest = 0.0
            if largest > 0:
                rebuilt = eroded.copy()
                _rebuild(rebuilt, values, first, last, steps)
                for here in range(first, last):
                    rest += max(rebuilt[here], 0.0)
            found[index, k] = (before - rest) / total
            before = rest
            if rest == 0:
                break
