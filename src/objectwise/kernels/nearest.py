"""The nearest object of every pixel, exactly.

SciPy finds the nearest pixel of an object too, but which one where several are equally near is left open, so
that a tile or a mirrored image would differ. Here the smaller id gets such a pixel. Squared distances are
compared in units of the smallest pixel size, in which they are whole numbers where pixels are square.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from objectwise.kernels import compiled, prepared


def nearest_labels(
    labels: np.ndarray, spacing: Sequence[float], limit: float = np.inf
) -> tuple[np.ndarray, np.ndarray]:
    """Return the id of the nearest object of every pixel, and how far it is.

    Parameters
    ----------
    labels : ndarray of int32
        2-D or 3-D; 0 is background.
    spacing : sequence of float
        Pixel size along each axis.
    limit : float
        Distance beyond which no object is looked for.

    Returns
    -------
    ids : ndarray of int32
        The nearest object, that with the smaller id of several; 0 where none is within the limit.
    distance : ndarray of float64
        From pixel centre to pixel centre, in the unit of the spacing; infinite where there is none.

    Notes
    -----
    Along one axis after the other, each pixel looking no further than the best that it has found, and at no
    line without an object: linear in the number of pixels times the distances at most.
    """
    smallest = min(spacing)
    weights = [(step / smallest) ** 2 for step in spacing]
    shape = (1, *labels.shape) if labels.ndim == 2 else labels.shape
    ids = prepared(labels, np.int32).reshape(shape).copy()
    squared = np.full(shape, np.inf)
    if labels.any():
        most = (limit / smallest) ** 2
        _along_lines(ids, squared, weights[-1], most)
        for axis in range(labels.ndim - 1):
            # rows first, then planes
            _across(ids, squared, weights[-2 - axis], most, axis)
    return ids.reshape(labels.shape), np.sqrt(squared).reshape(labels.shape) * smallest


@compiled
def _along_lines(ids, squared, weight, most):
    """Find the nearest object on the line along x of every pixel, in place."""
    planes, rows, columns = ids.shape
    line = np.empty(columns, np.int32)
    for z in range(planes):
        for y in range(rows):
            line[:] = ids[z, y]
            last = -1
            for x in range(columns):
                if line[x] > 0:
                    last = x
                    squared[z, y, x] = 0.0
                elif last >= 0:
                    away = (x - last) * (x - last) * weight
                    if away <= most:
                        squared[z, y, x] = away
                        ids[z, y, x] = line[last]
            last = -1
            for x in range(columns - 1, -1, -1):
                if line[x] > 0:
                    last = x
                elif last >= 0:
                    away = (last - x) * (last - x) * weight
                    if away <= most and (
                        away < squared[z, y, x] or (away == squared[z, y, x] and line[last] < ids[z, y, x])
                    ):
                        squared[z, y, x] = away
                        ids[z, y, x] = line[last]


@compiled
def _across(ids, squared, weight, most, axis):
    """Find the nearest object among those found on the lines before and after, in place."""
    before_ids = ids.copy()
    before = squared.copy()
    planes, rows, columns = ids.shape
    size = rows if axis == 0 else planes
    full = np.empty(size, np.bool_)
    lower = np.empty(size, np.int64)
    upper = np.empty(size, np.int64)
    for other in range(planes if axis == 0 else rows):
        # lines without any object are passed over
        for here in range(size):
            line = before[other, here] if axis == 0 else before[here, other]
            full[here] = line.min() < np.inf
        last = -1
        for here in range(size):
            lower[here] = last
            last = here if full[here] else last
        last = size
        for here in range(size - 1, -1, -1):
            upper[here] = last
            last = here if full[here] else last
        for here in range(size):
            z, y = (other, here) if axis == 0 else (here, other)
            for x in range(columns):
                best = before[z, y, x]
                label = before_ids[z, y, x]
                low = lower[here]
                high = upper[here]
                while low >= 0 or high < size:
                    if high >= size or (low >= 0 and here - low <= high - here):
                        there = low
                        low = lower[low]
                    else:
                        there = high
                        high = upper[high]
                    away = (here - there) * (here - there) * weight
                    if away > best or away > most:
                        break
                    if axis == 0:
                        total = before[z, there, x] + away
                        found = before_ids[z, there, x]
                    else:
                        total = before[there, y, x] + away
                        found = before_ids[there, y, x]
                    if total <= most and (total < best or (total == best and found < label)):
                        best = total
                        label = found
                squared[z, y, x] = best
                ids[z, y, x] = label
