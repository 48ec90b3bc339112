"""Slopes and curvatures of an image at a scale: what blobs, corners and ridges are found from.

A Gaussian that is sampled and cut off does not give a flat image the curvature 0, nor a parabola its own; on a
bright camera offset that shows. The kernels here are corrected so that a derivative is exact for the polynomials
that define it, which also makes them the plain differences of neighbours where the scale is below a pixel, as it
is along z in many stacks.

All derivatives are multiplied by the scale to the power of their order. They are then in the unit of the image,
do not depend on the unit of length, and can be compared between scales.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from objectwise.ops.windows import TRUNCATE, as_float, gaussian_smooth, in_pixels, in_place_of_nan


def derivative_reach(spacing: Sequence[float], sigma: float, **_: Any) -> tuple[int, ...]:
    """Return how far a Gaussian derivative looks along each axis, in pixels."""
    return tuple(_radius(s) for s in in_pixels(sigma, spacing))


def _radius(sigma: float) -> int:
    return max(1, int(TRUNCATE * sigma + 0.5))


def gaussian_kernel(sigma: float, order: int) -> np.ndarray:
    """Return the weights of a Gaussian derivative, times ``sigma ** order``, to be correlated with.

    Parameters
    ----------
    sigma : float
        In pixels.
    order : {0, 1, 2}

    Examples
    --------
    >>> gaussian_kernel(0.1, 2).round(2).tolist(), (gaussian_kernel(3.0, 1) @ np.arange(-12, 13)).round(6)
    ([0.01, -0.02, 0.01], np.float64(3.0))
    """
    x = np.arange(-_radius(sigma), _radius(sigma) + 1.0)
    weights = np.exp(-0.5 * (x / max(sigma, 0.05)) ** 2)
    weights /= weights.sum()
    if order == 0:
        return weights
    # neighbours keep a say however small the scale is
    weights = np.maximum(weights, np.where(np.abs(x) == 1, 1e-9, 0.0))
    if order == 1:
        slope = weights * x
        return sigma * slope / (slope @ x)
    spread = weights * (x**2 - (weights @ x**2) / weights.sum())
    return sigma**2 * 2 * spread / (spread @ x**2)


class Derivatives:
    """The derivatives of one image at one scale.

    Parameters
    ----------
    image : ndarray
        NaN pixels are taken to be as bright as the average around the pixel looked from.
    sigma : float
        The scale, in the unit of ``spacing``.
    spacing : sequence of float
    """

    def __init__(self, image: np.ndarray, sigma: float, spacing: Sequence[float]) -> None:
        # neighbouring values are subtracted from each other twice: single precision would show
        self.image = image.astype(np.float64, copy=False)
        self.sigma, self.spacing = sigma, tuple(spacing)
        self.widths = in_pixels(sigma, spacing)
        self.ndim = image.ndim
        self._average: np.ndarray | None = None

    def __call__(self, *axes: int) -> np.ndarray:
        """Return the derivative along these axes; one that is named twice is derived along twice."""
        kernels = [gaussian_kernel(s, axes.count(axis)) for axis, s in enumerate(self.widths)]
        return in_place_of_nan(lambda values: separably(values, kernels), self.image, self._smoothed)

    def _smoothed(self) -> np.ndarray:
        if self._average is None:
            self._average = gaussian_smooth(self.image, self.sigma, self.spacing)
        return self._average

    def hessian(self) -> list[np.ndarray]:
        """Return the second derivatives: along (0, 0), (0, 1), ... (1, 1) ..."""
        return [self(first, second) for first in range(self.ndim) for second in range(first, self.ndim)]


def separably(values: np.ndarray, kernels: Sequence[np.ndarray]) -> np.ndarray:
    """Return an image correlated with a kernel along each axis, its border pixels repeated."""
    from scipy import ndimage

    for axis, kernel in enumerate(kernels):
        values = ndimage.correlate1d(values, kernel, axis, mode="nearest")
    return values


def curvatures(image: np.ndarray, sigma: float, spacing: Sequence[float]) -> np.ndarray:
    """Return the principal curvatures at a scale, the lowest first, ``(ndim, ...)`` in float64."""
    from objectwise.kernels.eigenvalues import eigenvalues

    return eigenvalues(Derivatives(image, sigma, spacing).hessian())


def like(image: np.ndarray, result: np.ndarray) -> np.ndarray:
    """Return a result in float64 for a float64 image, else in float32."""
    return result.astype(np.float64 if image.dtype == np.float64 else np.float32, copy=False)


def bright(image: np.ndarray, objects: str) -> np.ndarray:
    """Return an image in which what is looked for is bright."""
    return as_float(image) if objects == "bright" else -as_float(image)
