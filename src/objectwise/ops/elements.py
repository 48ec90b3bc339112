"""Structuring elements of a physical size: balls, boxes and crosses, however large, in any pixel size.

A ball is taken apart into its rows along x, and the extreme of a row costs two comparisons, however long it is. Where
it has very many rows, a mask has a short cut that costs the same for any radius: a pixel is within a ball of the
mask when its distance to the mask is at most the radius.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any, Literal

import numpy as np

from objectwise.ops.windows import in_pixels

Shape = Literal["ball", "box", "cross"]

# a pixel whose centre lies on the rim belongs to the element, whatever the last bit of its distance says
SLACK = 1 + 1e-6

# rows of the box around a ball above which a mask is grown with distances
_MANY = 200


def half_widths(
    radius: float, spacing: Sequence[float], image: tuple[int, ...] | None = None
) -> tuple[int, ...]:
    """Return how many pixels an element reaches along each axis, no further than across an image."""
    widths = tuple(int(r * SLACK) for r in in_pixels(radius, spacing))
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
    if (
        shape == "ball"
        and math.prod(2 * n + 1 for n in half_widths(radius, spacing, mask.shape)[:-1]) > _MANY
    ):
        import edt

        from objectwise.kernels.threads import n_threads

        away = np.ascontiguousarray(~mask)
        distance = edt.edt(away, anisotropy=tuple(map(float, spacing)), parallel=n_threads())
        return distance <= radius * SLACK
    return extreme(mask.view(np.uint8), radius, shape, spacing, "highest").view(bool)


def ball_rows(
    radius: float, spacing: Sequence[float], image: tuple[int, ...] | None = None
) -> list[tuple[tuple[int, ...], int]]:
    """Return the rows that a ball is made of: where each stands on the leading axes, and its half-length.

    Those farther away than across an image are left out.

    Examples
    --------
    >>> ball_rows(1.5, (1.0, 1.0))
    [((-1,), 1), ((0,), 1), ((1,), 1)]
    """
    limit = (radius * SLACK) ** 2
    rows = []
    for place in product(*(range(-n, n + 1) for n in half_widths(radius, spacing, image)[:-1])):
        left = limit - sum((p * step) ** 2 for p, step in zip(place, spacing, strict=False))
        if left >= 0:
            rows.append((place, int(math.sqrt(left) / spacing[-1])))
    return rows


def offsets_within(radius: float, spacing: Sequence[float]) -> np.ndarray:
    """Return the pixels of a ball as steps from its centre, (n, ndim), in reading order.

    Examples
    --------
    >>> offsets_within(1.0, (1.0, 0.5)).tolist()
    [[-1, 0], [0, -2], [0, -1], [0, 0], [0, 1], [0, 2], [1, 0]]
    """
    rows = ball_rows(radius, spacing)
    return np.array([(*place, x) for place, half in rows for x in range(-half, half + 1)], np.int64)


def extreme(image: np.ndarray, radius: float, shape: str, spacing: Sequence[float], which: str) -> np.ndarray:
    """Return the ``"lowest"`` or ``"highest"`` value in an element around each pixel, within the image.

    Notes
    -----
    NaN must have been replaced. Two comparisons for each row of a ball, so 4 r for each pixel in 2-D and 6 r^2 in
    3-D; a box does not cost more the larger it is.
    """
    from objectwise.kernels.flat import extreme_in_box, extreme_in_rows

    if image.size == 0:
        return image.copy()
    if shape == "box":
        return extreme_in_box(image, half_widths(radius, spacing, image.shape), which == "highest")
    if shape == "cross":
        better = np.minimum if which == "lowest" else np.maximum
        arms = np.diag(half_widths(radius, spacing, image.shape))
        return better.reduce([extreme_in_box(image, tuple(arm), which == "highest") for arm in arms.tolist()])
    return extreme_in_rows(image, ball_rows(radius, spacing, image.shape), which == "highest")
