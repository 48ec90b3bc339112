"""Grey openings with balls: what background is estimated from.

Results are comparisons of pixels and nothing else: exact for any dtype, and the same in a tile. NaN pixels have no
part in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from objectwise.ops.elements import extreme, half_widths
from objectwise.ops.elements import offsets_within as ball_pixels

__all__ = [
    "ball_pixels",
    "ball_reach",
    "difference",
    "dilated",
    "eroded",
    "mirrored",
    "opened",
    "opening_reach",
]


def ball_reach(spacing: Sequence[float], radius: float, **_: Any) -> tuple[int, ...]:
    """Return how many pixels a ball reaches along each axis."""
    return half_widths(radius, spacing)


def opening_reach(spacing: Sequence[float], radius: float, **_: Any) -> tuple[int, ...]:
    """Return how far an erosion and a dilation look together."""
    return tuple(2 * n for n in ball_reach(spacing, radius))


def eroded(values: np.ndarray, radius: float, spacing: Sequence[float]) -> np.ndarray:
    """Return the minimum over a ball around each pixel; what lies outside the image has no part in it."""
    return extreme(values, radius, "ball", spacing, "lowest")


def dilated(values: np.ndarray, radius: float, spacing: Sequence[float]) -> np.ndarray:
    """Return the maximum over a ball around each pixel; see `eroded`."""
    return extreme(values, radius, "ball", spacing, "highest")


def opened(values: np.ndarray, radius: float, spacing: Sequence[float]) -> np.ndarray:
    """Return the grey opening with a ball; NaN pixels have no part in it, and hold any value in the result."""
    return dilated(_hidden(eroded(_hidden(values, np.inf), radius, spacing)), radius, spacing)


def _hidden(values: np.ndarray, fill: float = -np.inf) -> np.ndarray:
    """Return values in which what is missing, or beyond the reach of any pixel, loses every comparison."""
    if values.dtype.kind != "f":
        return values
    return np.where(np.isnan(values) if fill > 0 else values == np.inf, fill, values).astype(values.dtype)


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
