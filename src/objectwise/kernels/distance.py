"""How far each pixel of a mask is from the nearest pixel that is not in it.

Squared distances add up axis by axis. Along x they follow from the ends of each run. Along the other axes every
pixel looks up and down, no further than the best that it has found: while objects are small that is a few steps,
taken for many columns at once. Where it would be many, the lower envelope of parabolas takes their place, which takes
as long however large the object is. Both give the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from objectwise.kernels import compiled, prepared
from objectwise.kernels.threads import in_threads, strips

BLOCK = 128  # columns worked on at once
FAR = 64  # steps after which the envelope is faster


def squared_distances(mask: np.ndarray, spacing: Sequence[float] | None = None) -> np.ndarray:
    """Return the squared distance of each pixel of a mask to the nearest that is not in it.

    Parameters
    ----------
    mask : ndarray of bool
        2-D or 3-D. What lies beyond the border does not count, unless all pixels are in the mask.
    spacing : sequence of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    ndarray of float32
        From pixel centre to pixel centre, in units of the smallest pixel size; 0 outside the mask.

    Notes
    -----
    Exact while squares are whole numbers below 2 ** 24, as they are up to a distance of 4096 square pixels.
    Linear in the number of pixels where pixel sizes are multiples of each other; else, times the distances.

    References
    ----------
    .. [1] P. Felzenszwalb and D. Huttenlocher, "Distance transforms of sampled functions", Theory of
       Computing 8 (2012).
    """
    steps = tuple(map(float, spacing)) if spacing else (1.0,) * mask.ndim
    weights = [np.float32((step / min(steps)) ** 2) for step in steps]
    # whether the squares along an axis and those after it are whole numbers
    whole = [all(weight == np.rint(weight) for weight in weights[axis:]) for axis in range(mask.ndim)]
    border = bool(mask.all())
    planes, rows, columns = (1, *mask.shape)[-3:]
    volume = prepared(mask, bool).reshape(planes, rows, columns)
    squared = np.empty(volume.shape, np.float32)
    if squared.size:
        lines = volume.reshape(-1, columns), squared.reshape(-1, columns)
        in_threads(_along, [(*lines, weights[-1], border, *strip) for strip in strips(planes * rows, 64)])
        cuts = strips(columns, BLOCK) if planes == 1 else [(0, columns)]
        down = (weights[-2], border, whole[-2])
        in_threads(_down, [(plane, *down, *cut) for plane in squared for cut in cuts])
        if mask.ndim == 3:
            down = (weights[0], border, whole[0])
            in_threads(
                _down, [(squared.reshape(planes, -1), *down, *cut) for cut in strips(rows * columns, BLOCK)]
            )
    return squared.reshape(mask.shape)


@compiled
def _along(mask, squared, weight, border, start, stop):
    """Give each pixel of the lines from start to stop its squared distance along its own line."""
    columns = mask.shape[1]
    for line in range(start, stop):
        inside, out = mask[line], squared[line]
        x = 0
        while x < columns:
            if not inside[x]:
                out[x] = 0
                x += 1
                continue
            begin = x
            while x < columns and inside[x]:
                x += 1
            run = out[begin:x]
            left = begin > 0 or border
            right = x < columns or border
            n = x - begin
            for here in range(n):
                near = np.float32(np.inf)
                if left and right:
                    near = np.float32(min(here + 1, n - here))
                elif left:
                    near = np.float32(here + 1)
                elif right:
                    near = np.float32(n - here)
                run[here] = near * near * weight


@compiled
def _down(squared, weight, border, whole, start, stop):
    """Look up and down from each pixel of the columns from start to stop, in place."""
    rows = squared.shape[0]
    block = np.zeros((rows + 2, BLOCK), np.float32)  # with a row beyond either end
    for column in range(BLOCK):
        block[0, column] = block[rows + 1, column] = 0 if border else np.inf
    best = np.zeros(BLOCK, np.float32)
    for x in range(start, stop, BLOCK):
        n = min(BLOCK, stop - x)
        for y in range(rows):
            for column in range(n):
                block[y + 1, column] = squared[y, x + column]
        for y in range(rows):
            if not _look(block, y + 1, best, weight, whole):
                for column in range(n):
                    _envelope(block[:, column], squared[:, x + column], weight)
                break
            for column in range(n):
                squared[y, x + column] = best[column]


@compiled
def _look(block, y, best, weight, whole):
    """Find the best of each pixel of one row of a block; False where some of it is too far away."""
    last = block.shape[0] - 1
    row = block[y]
    for x in range(BLOCK):
        best[x] = row[x]
    step = 0
    while True:
        step += 1
        away = np.float32(step * step) * weight
        farther = 0
        for x in range(BLOCK):
            farther += best[x] > away
        if farther == 0 or (y - step < 0 and y + step > last):
            return True
        if whole and step > FAR:
            return False
        for there in (y - step, y + step):
            if 0 <= there <= last:
                row = block[there]
                for x in range(BLOCK):
                    found = row[x] + away
                    best[x] = found if found < best[x] else best[x]


@compiled
def _envelope(column, out, weight):
    """Find the best of each pixel of a column, which has one more at either end."""
    last = column.size - 1
    centre = np.empty(last + 1, np.int64)  # of each parabola of the envelope
    begins = np.empty(last + 1)  # where each is lower than the one before
    here = 1
    while here < last:
        if column[here] == 0:
            out[here - 1] = 0
            here += 1
            continue
        start = here
        while here < last and column[here] > 0:
            here += 1
        # from the pixel before the run to the one after it
        n = 0
        for y in range(start - 1, here + 1):
            if column[y] == np.inf:
                continue
            begin = -np.inf
            while n > 0:
                other = centre[n - 1]
                rise = (np.float64(column[y]) - np.float64(column[other])) / weight
                begin = (rise + y * y - other * other) / (2 * (y - other))
                if begin > begins[n - 1]:
                    break
                n -= 1
                begin = -np.inf
            centre[n], begins[n] = y, begin
            n += 1
        lowest = 0
        for y in range(start, here):
            while lowest + 1 < n and begins[lowest + 1] < y:
                lowest += 1
            away = y - centre[lowest]
            out[y - 1] = column[centre[lowest]] + np.float32(away * away) * weight if n else np.inf
