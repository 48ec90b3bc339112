"""Grey erosion and dilation with balls: the steps of grey morphology, and of background that is estimated.

A ball is a stack of rows, and the minimum over a row of any length is the smaller of two minima over rows of a
power of two. So a flat ball costs two comparisons for each of its rows, not one for each of its pixels, and
these run over whole arrays. Results are comparisons of pixels and nothing else: exact for any dtype, and the
same in a tile.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from objectwise.ops.windows import in_pixels

# a pixel whose centre lies on the rim belongs to the element, whatever the last bit of its distance says
SLACK = 1 + 1e-6


def ball_reach(spacing: Sequence[float], radius: float, **_: Any) -> tuple[int, ...]:
    """Return how many pixels a ball reaches along each axis."""
    return tuple(int(r * SLACK) for r in in_pixels(radius, spacing))


def opening_reach(spacing: Sequence[float], radius: float, **_: Any) -> tuple[int, ...]:
    """Return how far an erosion and a dilation look together."""
    return tuple(2 * n for n in ball_reach(spacing, radius))


def ball_rows(
    radius: float, spacing: Sequence[float], shape: Sequence[int] | None = None
) -> list[tuple[tuple[int, ...], int]]:
    """Return the rows that a ball is made of: where each stands on the leading axes, and its half-length.

    No farther away than an image of a shape is wide, where one is given.

    Examples
    --------
    >>> ball_rows(1.5, (1.0, 1.0))
    [((-1,), 1), ((0,), 1), ((1,), 1)]
    """
    reach = ball_reach(spacing, radius)
    if shape is not None:
        reach = tuple(min(n, max(0, size - 1)) for n, size in zip(reach, shape, strict=True))
    limit = (radius * SLACK) ** 2
    rows = []
    for place in product(*(range(-n, n + 1) for n in reach[:-1])):
        left = limit - sum((p * step) ** 2 for p, step in zip(place, spacing, strict=False))
        if left >= 0:
            rows.append((place, min(int(np.sqrt(left) / spacing[-1]), reach[-1])))
    return rows


def ball_pixels(radius: float, spacing: Sequence[float]) -> np.ndarray:
    """Return the offsets of the pixels of a ball, (n, ndim), in reading order."""
    rows = ball_rows(radius, spacing)
    return np.array([(*place, x) for place, half in rows for x in range(-half, half + 1)], np.int64)


def eroded(values: np.ndarray, radius: float, spacing: Sequence[float]) -> np.ndarray:
    """Return the minimum over a ball around each pixel; what lies outside the image has no part in it.

    Notes
    -----
    NaN must have been replaced. Two comparisons for each row of the ball, on whole arrays.
    """
    return _reduced(values, radius, spacing, np.minimum, highest(values.dtype))


def dilated(values: np.ndarray, radius: float, spacing: Sequence[float]) -> np.ndarray:
    """Return the maximum over a ball around each pixel; see `eroded`."""
    return _reduced(values, radius, spacing, np.maximum, lowest(values.dtype))


def highest(dtype: Any) -> Any:
    """Return a value that never wins a minimum."""
    return np.inf if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max


def lowest(dtype: Any) -> Any:
    """Return a value that never wins a maximum."""
    return -np.inf if np.dtype(dtype).kind == "f" else np.iinfo(dtype).min


def _reduced(
    values: np.ndarray, radius: float, spacing: Sequence[float], better: np.ufunc, outside: Any
) -> np.ndarray:
    rows = ball_rows(radius, spacing, values.shape)
    half = max(half for _, half in rows)
    pad = [(0, 0)] * (values.ndim - 1) + [(half, half)]
    table = np.pad(values, pad, constant_values=outside)
    result = np.full(values.shape, outside, values.dtype)
    n, span = values.shape[-1], 1
    while rows:
        # table[..., x] is the best of the pixels x to x + span - 1
        for place, length in [row for row in rows if span <= 2 * row[1] + 1 < 2 * span]:
            to = tuple(slice(max(0, -p), m - max(0, p)) for p, m in zip(place, values.shape, strict=False))
            of = tuple(slice(max(0, p), m - max(0, -p)) for p, m in zip(place, values.shape, strict=False))
            target = result[to]
            for start in {half - length, half + length - span + 1}:
                better(target, table[(*of, slice(start, start + n))], out=target)
        rows = [row for row in rows if 2 * row[1] + 1 >= 2 * span]
        if rows:
            table = better(table[..., :-span], table[..., span:])
            span *= 2
    return result


def mirrored(values: np.ndarray) -> np.ndarray:
    """Return values with bright and dark exchanged, exactly and in the same dtype: an opening is then a closing.

    Examples
    --------
    >>> mirrored(np.array([0, 255, 7], np.uint8)), mirrored(np.array([-128, 127], np.int8))
    (array([255,   0, 248], dtype=uint8), array([ 127, -128], dtype=int8))
    """
    return -values if values.dtype.kind == "f" else ~values


def difference(higher: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Return what is above 0 of a difference; of integers in the unsigned dtype that holds it.

    Examples
    --------
    >>> difference(np.array([100], np.int8), np.array([-100], np.int8))
    array([200], dtype=uint8)
    """
    if higher.dtype.kind == "f":
        return np.maximum(higher - lower, 0)
    unsigned = np.dtype(f"u{higher.dtype.itemsize}")
    # the bits of a difference that wraps around are those of the unsigned difference
    return np.where(higher > lower, higher.view(unsigned) - lower.view(unsigned), unsigned.type(0))
