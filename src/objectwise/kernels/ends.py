"""The loose ends of thin lines, and what lies ahead of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from objectwise.kernels import compiled, prepared


def link_ends(edges: np.ndarray, spacing: Sequence[float], max_gap: float, max_turn: float) -> np.ndarray:
    """Return thin lines with their loose ends joined to the nearest line ahead.

    Parameters
    ----------
    edges : ndarray of bool
        2-D or 3-D.
    spacing : sequence of float
        Pixel size along each axis.
    max_gap : float
        How far a line may be away, in the unit of the pixel size.
    max_turn : float
        By how much a link may turn from the direction of its line, in radians.

    Returns
    -------
    ndarray of bool

    Notes
    -----
    Every end is decided from the lines as they were, so that their order leaves no trace; where two lines are equally
    near both are linked, and where a link passes midway between two pixels it holds both.
    """
    shape = (1, *edges.shape) if edges.ndim == 2 else edges.shape
    lines = prepared(edges, np.bool_).reshape(shape)
    size = np.array((1.0, *spacing) if edges.ndim == 2 else spacing, np.float64)
    reach = np.minimum((max_gap * (1 + 1e-6) / size).astype(np.int64), np.array(shape))
    result = lines.copy()
    _link(lines, np.flatnonzero(lines), size, reach, max_gap * (1 + 1e-6), np.cos(max_turn) - 1e-9, result)
    return result.reshape(edges.shape)


@compiled
def _link(lines, pixels, size, reach, max_gap, least, result):
    planes, rows, columns = lines.shape
    # what belongs to the line of an end nearby, by the number of the end
    own = np.zeros(lines.shape, np.int32)
    stack = np.empty((pixels.size, 3), np.int64)
    near = np.empty((max(3, pixels.size), 3), np.int64)
    for number in range(pixels.size):
        x = pixels[number] % columns
        y = (pixels[number] // columns) % rows
        z = pixels[number] // (columns * rows)
        # an end has one neighbour, or two that are neighbours of each other
        n = 0
        for dz in range(max(-1, -z), min(2, planes - z)):
            for dy in range(max(-1, -y), min(2, rows - y)):
                for dx in range(max(-1, -x), min(2, columns - x)):
                    if lines[z + dz, y + dy, x + dx] and (dz != 0 or dy != 0 or dx != 0):
                        if n < 3:
                            near[n, 0], near[n, 1], near[n, 2] = dz, dy, dx
                        n += 1
        if n == 0 or n > 2:
            continue
        if n == 2 and np.abs(near[0] - near[1]).max() > 1:
            continue
        # the line as far as it is joined to the end within the distance
        count, top = 1, 1
        stack[0, 0] = stack[0, 1] = stack[0, 2] = 0
        own[z, y, x] = number + 1
        behind = np.zeros(3)
        while top > 0:
            top -= 1
            az, ay, ax = stack[top, 0], stack[top, 1], stack[top, 2]
            behind[0] += az
            behind[1] += ay
            behind[2] += ax
            for dz in range(-1, 2):
                for dy in range(-1, 2):
                    for dx in range(-1, 2):
                        bz, by, bx = az + dz, ay + dy, ax + dx
                        if abs(bz) > reach[0] or abs(by) > reach[1] or abs(bx) > reach[2]:
                            continue
                        if not (0 <= z + bz < planes and 0 <= y + by < rows and 0 <= x + bx < columns):
                            continue
                        if not lines[z + bz, y + by, x + bx]:
                            continue
                        if own[z + bz, y + by, x + bx] == number + 1:
                            continue
                        if _length(bz * size[0], by * size[1], bx * size[2]) > max_gap:
                            continue
                        own[z + bz, y + by, x + bx] = number + 1
                        stack[top, 0], stack[top, 1], stack[top, 2] = bz, by, bx
                        top += 1
                        count += 1
        # whole numbers, so that the sum does not depend on its order
        behind = behind * size / count
        straight = _length(behind[0], behind[1], behind[2])
        nearest = max_gap
        n = 0
        for dz in range(max(-reach[0], -z), min(reach[0] + 1, planes - z)):
            for dy in range(max(-reach[1], -y), min(reach[1] + 1, rows - y)):
                for dx in range(max(-reach[2], -x), min(reach[2] + 1, columns - x)):
                    if not lines[z + dz, y + dy, x + dx]:
                        continue
                    if own[z + dz, y + dy, x + dx] == number + 1:
                        continue
                    away = _length(dz * size[0], dy * size[1], dx * size[2])
                    if away > nearest * (1 + 1e-9):
                        continue
                    ahead = -(dz * size[0] * behind[0] + dy * size[1] * behind[1] + dx * size[2] * behind[2])
                    if ahead < least * away * straight:
                        continue
                    if away < nearest * (1 - 1e-9):
                        nearest, n = away, 0
                    near[n, 0], near[n, 1], near[n, 2] = dz, dy, dx
                    n += 1
        for item in range(n):
            _draw(result, z, y, x, near[item])


@compiled
def _length(z, y, x):
    return np.sqrt(z * z + y * y + x * x)


@compiled
def _draw(result, z, y, x, step):
    """Draw a straight line; where it is midway between two pixels, both."""
    n = np.abs(step).max()
    for place in range(n + 1):
        for az in range(_low(step[0] * place, n), _high(step[0] * place, n) + 1):
            for ay in range(_low(step[1] * place, n), _high(step[1] * place, n) + 1):
                for ax in range(_low(step[2] * place, n), _high(step[2] * place, n) + 1):
                    result[z + az, y + ay, x + ax] = True


@compiled
def _low(part, n):
    """Return the whole number nearest to part / n, the lower of two."""
    return -((n - 2 * part) // (2 * n))


@compiled
def _high(part, n):
    """Return the whole number nearest to part / n, the higher of two."""
    return (2 * part + n) // (2 * n)
