"""The rolling ball: a ball of brightness pressed against an image from below.

scikit-image has it for one half, the height that the ball's top reaches; the background under a ball also needs
the other half, what the ball covers. The loops run along rows, so that they are done several pixels at a time.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared
from objectwise.kernels.threads import in_threads, strips

_CHUNK = 64


def lowered(
    values: np.ndarray, rows: list[tuple[tuple[int, ...], int]], drops: list[np.ndarray]
) -> np.ndarray:
    """Return how high a ball can stand under each pixel: the minimum of ``value + drop`` over its pixels.

    Parameters
    ----------
    values : ndarray of float32 or float64
        Without NaN; +inf where nothing is.
    rows : list of (tuple of int, int)
        The rows of the ball: where each stands on the leading axes, and its half-length.
    drops : list of ndarray of float
        By how much the ball's surface is below its top in each row, from the middle of the row to its end; it
        does not fall towards the end.

    Notes
    -----
    At most one addition and comparison for each pixel and each pixel of the ball. Rows of the ball that are too low to
    count, as the darkest pixel above them shows, are left out; on a noisy image most are.
    """
    reach = np.array([max(abs(place[axis]) for place, _ in rows) for axis in range(values.ndim - 1)] or [0])
    if values.ndim == 2:
        reach = np.concatenate([[0], reach])
    half = max(length for _, length in rows)
    block = prepared(values, values.dtype).reshape((-1, *values.shape[-2:]))
    width = -(-block.shape[2] // _CHUNK) * _CHUNK
    border = [(reach[0], reach[0]), (reach[1], reach[1]), (half, half + width - block.shape[2])]
    padded = np.pad(block, border, constant_values=np.inf)
    # the highest parts of the ball first, so that the others have something to be compared with
    order = sorted(range(len(rows)), key=lambda number: float(drops[number][0]))
    places = np.zeros((len(rows), 3), np.int64)
    table = np.full((len(rows), half + 1), np.inf, values.dtype)
    for number, (place, length) in enumerate(rows[item] for item in order):
        places[number, 2 - len(place) : 2] = place
        places[number, :2] += reach
        places[number, 2] = length
        table[number, : length + 1] = drops[order[number]]
    lowest = np.empty((*padded.shape[:2], width // _CHUNK), values.dtype)
    result = np.empty((*block.shape[:2], width), values.dtype)
    in_threads(
        lambda *part: _darkest(padded, half, *part, lowest), strips(padded.shape[0] * padded.shape[1], 64)
    )
    in_threads(
        lambda *part: _lower(padded, lowest, places, table, half, *part, result),
        strips(block.shape[0] * block.shape[1], 16),
    )
    return np.ascontiguousarray(result[..., : block.shape[2]]).reshape(values.shape)


@compiled
def _darkest(padded, half, start, stop, lowest):
    """Find the darkest pixel that each chunk of a row can reach."""
    for row in range(start, stop):
        z = row // padded.shape[1]
        y = row - z * padded.shape[1]
        for chunk in range(lowest.shape[2]):
            least = padded[z, y, chunk * _CHUNK]
            for value in padded[z, y, chunk * _CHUNK : (chunk + 1) * _CHUNK + 2 * half]:
                least = min(least, value)
            lowest[z, y, chunk] = least


@compiled
def _lower(padded, lowest, places, drops, half, start, stop, result):
    height = result.shape[1]
    for row in range(start, stop):
        z = row // height
        y = row - z * height
        for chunk in range(lowest.shape[2]):
            best = result[z, y, chunk * _CHUNK : (chunk + 1) * _CHUNK]
            best[:] = np.inf
            worst = drops.dtype.type(np.inf)
            for i in range(places.shape[0]):
                place = places[i]
                least = lowest[z + place[0], y + place[1], chunk]
                # the sum of the darkest and the highest is rounded as every other sum, and never above one
                if least + drops[i, 0] >= worst:
                    continue
                line = padded[z + place[0], y + place[1], chunk * _CHUNK : (chunk + 1) * _CHUNK + 2 * half]
                for k in range(place[2] + 1):
                    drop = drops[i, k]
                    if least + drop >= worst:
                        break
                    before = line[half - k : half - k + _CHUNK]
                    after = line[half + k : half + k + _CHUNK]
                    for x in range(_CHUNK):
                        # always a store, never a branch: only then are several pixels done at once
                        one = before[x] + drop
                        other = after[x] + drop
                        one = one if one < other else other
                        other = best[x]
                        best[x] = one if one < other else other
                worst = best[0]
                for x in range(1, _CHUNK):
                    worst = best[x] if best[x] > worst else worst
