"""Structuring elements of a physical size: balls, boxes and crosses, however large, in any pixel size.

Masks are grown with distances: a pixel is within a ball of a mask when its distance to the mask is at most the
radius. That costs the same for any radius, and an anisotropic pixel size needs nothing more than being handed
on. Images have no such short cut; there a box and a cross are windows along the axes, whose cost does not depend on
their length, and a ball is taken apart into its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, Literal

import numpy as np

from objectwise.ops.balls import SLACK, ball_reach, dilated, eroded

Shape = Literal["ball", "box", "cross"]


def half_widths(
    radius: float, spacing: Sequence[float], image: tuple[int, ...] | None = None
) -> tuple[int, ...]:
    """Return how many pixels an element reaches along each axis, no further than across an image."""
    widths = ball_reach(spacing, radius)
    return widths if image is None else tuple(map(min, widths, image))


def reach_of_one(spacing: Sequence[float], radius: float, **_: Any) -> tuple[int, ...]:
    """Return how far an erosion or a dilation looks."""
    return tuple(n + 1 for n in half_widths(radius, spacing))


def reach_of_two(spacing: Sequence[float], radius: float, **_: Any) -> tuple[int, ...]:
    """Return how far an opening or a closing looks: two steps of one radius each."""
    return tuple(2 * n + 1 for n in half_widths(radius, spacing))


def near(mask: np.ndarray, radius: float, shape: str, spacing: Sequence[float]) -> np.ndarray:
    """Return the pixels within an element of the mask; outside the image nothing is in the mask."""
    if not mask.any():
        return mask.copy()
    if shape != "ball":
        return extreme(mask.view(np.uint8), radius, shape, spacing, "highest").astype(bool)
    import edt

    distance = edt.edt(np.ascontiguousarray(~mask), anisotropy=tuple(map(float, spacing)), parallel=1)
    return distance <= radius * SLACK


def offsets_within(radius: float, spacing: Sequence[float]) -> np.ndarray:
    """Return the pixels of a ball as steps from its centre, (n, ndim).

    Examples
    --------
    >>> offsets_within(1.0, (1.0, 0.5)).tolist()
    [[-1, 0], [0, -2], [0, -1], [0, 0], [0, 1], [0, 2], [1, 0]]
    """
    widths = half_widths(radius, spacing)
    steps = np.array(list(product(*(range(-n, n + 1) for n in widths))), np.int64)
    distance = sum((steps[:, axis] * step) ** 2 for axis, step in enumerate(spacing))
    return steps[np.sqrt(distance) <= radius * SLACK]


def extreme(image: np.ndarray, radius: float, shape: str, spacing: Sequence[float], which: str) -> np.ndarray:
    """Return the ``"lowest"`` or ``"highest"`` value in an element around each pixel, within the image.

    Notes
    -----
    NaN must have been replaced.
    """
    from scipy import ndimage

    filter1d = ndimage.minimum_filter1d if which == "lowest" else ndimage.maximum_filter1d
    better = np.minimum if which == "lowest" else np.maximum
    if shape == "box":
        near_by = image
        for axis, n in enumerate(half_widths(radius, spacing, image.shape)):
            # a window that is cut off by the border holds the border pixel, so repeating it changes nothing
            near_by = filter1d(near_by, 2 * n + 1, axis, mode="nearest")
        return near_by
    if shape == "cross":
        arms = enumerate(half_widths(radius, spacing, image.shape))
        return better.reduce([filter1d(image, 2 * n + 1, axis, mode="nearest") for axis, n in arms])
    return (eroded if which == "lowest" else dilated)(image, radius, spacing)
