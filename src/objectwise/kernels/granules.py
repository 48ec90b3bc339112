"""How much of the brightness of each object goes with bright spots of each size."""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled


@compiled
def spectrum(values, places, starts, steps, low, high, found):
    """Find how much brightness each opening by reconstruction takes away from each object.

    Parameters
    ----------
    values : ndarray of float64, shape (n_pixels,)
        Object after object; those that are NaN or infinite take no part.
    places : ndarray of int64, shape (n_pixels,)
        Where each lies in the box of its object as one line.
    starts : ndarray of int64, shape (n + 1,)
        The stretch of each object.
    steps : ndarray of int64, shape (n, 4)
        The steps along z, y and x in the line of each box, and its length.
    low, high : int
        The objects to look at, half-open.
    found : ndarray of float64, shape (n, n_steps)
        Written: the fractions of the sum above the smallest value of the object; NaN where that sum is 0.

    Notes
    -----
    Neighbours are pixels that share a face.
    """
    n_steps = found.shape[1]
    for index in range(low, high):
        smallest = np.inf
        n = 0
        for pixel in range(starts[index], starts[index + 1]):
            if np.isfinite(values[pixel]):
                smallest = min(smallest, values[pixel])
                n += 1
        # -1 is outside
        mask = np.full(steps[index, 3], -1.0)
        inside = np.empty(n, np.int64)
        before = 0.0
        n = 0
        for pixel in range(starts[index], starts[index + 1]):
            if np.isfinite(values[pixel]):
                mask[places[pixel]] = values[pixel] - smallest
                inside[n] = places[pixel]
                before += values[pixel] - smallest
                n += 1
        total = before
        if total == 0:
            found[index] = np.nan
            continue
        found[index] = 0
        # in 2-D the step along z is 0
        first_axis = 0 if steps[index, 0] > 0 else 1
        eroded = mask.copy()
        smaller = mask.copy()
        rebuilt = mask.copy()
        for k in range(n_steps):
            largest = 0.0
            for here in inside:
                least = eroded[here]
                for axis in range(first_axis, 3):
                    for there in (here - steps[index, axis], here + steps[index, axis]):
                        if mask[there] >= 0 and eroded[there] < least:
                            least = eroded[there]
                smaller[here] = least
                rebuilt[here] = least
                largest = max(largest, least)
            eroded, smaller = smaller, eroded
            # what is left spreads to and fro until nothing changes
            changed = largest > 0
            while changed:
                changed = False
                for turn in range(2 * n):
                    here = inside[turn if turn < n else 2 * n - 1 - turn]
                    best = rebuilt[here]
                    if best < mask[here]:
                        for axis in range(first_axis, 3):
                            for there in (here - steps[index, axis], here + steps[index, axis]):
                                best = max(best, rebuilt[there])
                        best = min(best, mask[here])
                        if best > rebuilt[here]:
                            rebuilt[here] = best
                            changed = True
            after = 0.0
            if largest > 0:
                for here in inside:
                    after += rebuilt[here]
            found[index, k] = (before - after) / total
            before = after
            if after == 0:
                break
