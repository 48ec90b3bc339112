"""Weighted averages over a window, the same in a tile as in the whole image, and blind to NaN.

Running sums of floats depend on where a line starts, so that a tile would differ from the whole image in the
last bits. Averages here are either exact sums of integers or sums in a fixed order around each pixel. NaN pixels
have no weight; where none is in reach the plain average is taken, so that a NaN elsewhere changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

TRUNCATE = 4.0


def in_pixels(length: float, spacing: Sequence[float]) -> tuple[float, ...]:
    """Return a length in pixels along each axis."""
    return tuple(length / step for step in spacing)


def gaussian_reach(spacing: Sequence[float], sigma: float, **_: Any) -> tuple[int, ...]:
    """Return how far a Gaussian looks along each axis, in pixels."""
    return tuple(int(TRUNCATE * s + 0.5) for s in in_pixels(sigma, spacing))


def gaussian_smooth(image: np.ndarray, sigma: float, spacing: Sequence[float] | None) -> np.ndarray:
    """Return the image averaged with a Gaussian; float32, or float64 for a float64 image."""
    from objectwise.kernels.separable import weighted

    spacing = spacing or (1.0,) * image.ndim
    dtype = np.float64 if image.dtype == np.float64 else np.float32
    reach = gaussian_reach(spacing, sigma)
    weights = [_bell(s, n) for s, n in zip(in_pixels(sigma, spacing), reach, strict=True)]

    def smooth(values: np.ndarray) -> np.ndarray:
        return weighted(values, weights, dtype)

    return smooth(image) if image.dtype.kind != "f" else blind_to_nan(smooth, as_float(image), reach)


def _bell(sigma: float, reach: int) -> np.ndarray:
    """Return the weights of a Gaussian at 0, 1, 2 ... pixels."""
    if reach == 0:
        return np.ones(1)
    steps = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 / (sigma * sigma) * steps**2)
    return (weights / weights.sum())[reach:]


def box_size(diameter: float, spacing: Sequence[float]) -> tuple[int, ...]:
    """Return the odd number of pixels along each axis that is nearest to a diameter."""
    return tuple(2 * round((d - 1) / 2) + 1 if d > 1 else 1 for d in in_pixels(diameter, spacing))


def box_mean(image: np.ndarray, diameter: float, spacing: Sequence[float]) -> np.ndarray:
    """Return the mean over a box around each pixel; float32, or float64 for a float64 image."""
    size = box_size(diameter, spacing)
    if image.dtype.kind in "iu" and image.dtype.itemsize <= 4:
        total = image.astype(np.int64)
        for axis, n in enumerate(size):
            total = _box_sum(total, n, axis)
        return (total / np.prod(size)).astype(np.float32)

    def smooth(values: np.ndarray) -> np.ndarray:
        from scipy import ndimage

        for axis, n in enumerate(size):
            values = ndimage.correlate1d(values, np.full(n, 1 / n), axis, mode="nearest")
        return values

    return blind_to_nan(smooth, as_float(image), tuple(n // 2 for n in size))


def box_median(image: np.ndarray, diameter: float, spacing: Sequence[float]) -> np.ndarray:
    """Return the median over a box around each pixel, of the same dtype."""
    from objectwise.kernels.windows import window_median

    size = box_size(diameter, spacing)
    offsets = np.argwhere(np.ones(size, bool)) - np.array(size) // 2
    return window_median(image, offsets)


def as_float(image: np.ndarray) -> np.ndarray:
    """Return an image in float32, or as it is where it is float64."""
    return image if image.dtype == np.float64 else image.astype(np.float32, copy=False)


def _box_sum(values: np.ndarray, n: int, axis: int) -> np.ndarray:
    """Return exact sums of integers over ``n`` pixels along an axis, the border pixels repeated."""
    if n == 1:
        return values
    width = [(0, 0)] * values.ndim
    width[axis] = (n // 2 + 1, n // 2)
    sums = np.cumsum(np.pad(values, width, mode="edge"), axis=axis)
    length = values.shape[axis]
    return np.take(sums, np.arange(n, n + length), axis) - np.take(sums, np.arange(length), axis)


def in_place_of_nan(
    apply: Callable[[np.ndarray], np.ndarray], image: np.ndarray, average: Callable[[], np.ndarray]
) -> np.ndarray:
    """Return what a linear filter gives where each NaN pixel holds the average around the pixel looked from.

    Parameters
    ----------
    apply : callable
        The filter, linear in the image.
    image : ndarray of float
    average : callable
        Returns the image with which NaN pixels are replaced, NaN where the result shall be; asked for only
        if there are any.

    Notes
    -----
    ``filter(f) + average * filter(missing)``: what is missing adds nothing to a contrast, and the filter looks
    no farther than it does without it.
    """
    missing = np.isnan(image)
    if not missing.any():
        return apply(image)
    filled = apply(np.where(missing, 0, image))
    result = filled + average() * apply(missing.astype(image.dtype))
    result[missing] = np.nan
    return result


def blind_to_nan(
    smooth: Callable[[np.ndarray], np.ndarray], image: np.ndarray, reach: Sequence[int]
) -> np.ndarray:
    """Return a smoothed image in which NaN pixels have no weight and stay NaN."""
    from scipy import ndimage

    missing = np.isnan(image)
    if not missing.any():
        return smooth(image)
    filled = np.where(missing, 0, image)
    plain = smooth(filled)
    near = ndimage.maximum_filter(missing, size=tuple(2 * n + 1 for n in reach), mode="nearest")
    weight = smooth((~missing).astype(image.dtype))
    result = np.where(near, plain / np.maximum(weight, np.finfo(image.dtype).tiny), plain)
    result[missing] = np.nan
    return result


def box_reach(spacing: Sequence[float], diameter: float, **_: Any) -> tuple[int, ...]:
    """Return how far a box looks along each axis, in pixels."""
    return tuple(n // 2 for n in box_size(diameter, spacing))


def box_moments(
    image: np.ndarray, diameter: float, spacing: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the standard deviation over a box around each pixel, float64."""
    size = box_size(diameter, spacing)
    if image.dtype.kind in "iu" and image.dtype.itemsize <= 2:
        # sums of squares of 16 bits stay exact in boxes of up to 2 ** 31 pixels
        total = image.astype(np.int64)
        squares = total**2
        for axis, n in enumerate(size):
            total, squares = _box_sum(total, n, axis), _box_sum(squares, n, axis)
        mean, square = total / np.prod(size), squares / np.prod(size)
    else:
        from scipy import ndimage

        def smooth(values: np.ndarray) -> np.ndarray:
            for axis, n in enumerate(size):
                values = ndimage.correlate1d(values, np.full(n, 1 / n), axis, mode="nearest")
            return values

        values = image.astype(np.float64)
        reach = box_reach(spacing, diameter)
        mean, square = blind_to_nan(smooth, values, reach), blind_to_nan(smooth, values**2, reach)
    return mean, np.sqrt(np.maximum(square - mean**2, 0))
