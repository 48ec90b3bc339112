"""Blobs and corners made bright: images whose maxima are what is looked for.

Every blob filter answers strongest to a blob of its own diameter, and with a part of the blob's height over its
surroundings, so that a threshold on the result is one on contrast and means the same at any diameter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Gt

from objectwise.core.locality import Halo
from objectwise.core.operation import Image, Length, operation
from objectwise.ops.derivatives import (
    Derivatives,
    bright,
    curvatures,
    derivative_reach,
    gaussian_kernel,
    like,
    separably,
)
from objectwise.ops.windows import in_pixels, in_place_of_nan

Brightness = Literal["bright", "dark"]


def _sigma(diameter: float, ndim: int) -> float:
    """Return the scale at which a disc or ball of a diameter answers strongest."""
    return diameter / 2 / math.sqrt(ndim)


def _blob_reach(spacing: Sequence[float], diameter: float, **_: Any) -> tuple[int, ...]:
    return derivative_reach(spacing, _sigma(diameter, len(spacing)))


@operation(locality=Halo(_blob_reach), title="Enhance blobs LoG", tiny={"diameter": 5.0})
def enhance_blobs_log(
    image: Image,
    *,
    diameter: Annotated[Length, Gt(0)] = 10.0,
    objects: Brightness = "bright",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Make blobs of a diameter bright with the Laplacian of a Gaussian.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    diameter : float
        Diameter of the blobs, in the unit of the pixel size. Larger and smaller ones answer too, but less.
    objects : {'bright', 'dark'}
        Whether the blobs are brighter or darker than their surroundings.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        In the unit of the image, with a maximum in each blob: 0.74 of its height for a disc of this
        diameter, 0.93 for a ball. Below 0 around blobs.

    Notes
    -----
    The Laplacian, turned over, at the scale ``sigma = diameter / 2 / sqrt(n)`` in n dimensions, times
    ``sigma**2``. Beyond the border the image continues with its last pixels. NaN pixels stay NaN and count as
    the average around them. Linear in the number of pixels times the diameter.

    References
    ----------
    .. [1] D. Marr and E. Hildreth, "Theory of edge detection", Proc. R. Soc. Lond. B 207 (1980).
    .. [2] T. Lindeberg, "Feature detection with automatic scale selection", Int. J. Computer Vision 30 (1998).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((9, 9))
    >>> image[3:6, 3:6] = 10
    >>> enhance_blobs_log(image, diameter=3)[4].round(1)
    array([-0.4, -1.5, -0.2,  5. ,  7.4,  5. , -0.2, -1.5, -0.4])
    """
    spacing = spacing or (1.0,) * image.ndim
    derivatives = Derivatives(bright(image, objects), _sigma(diameter, image.ndim), spacing)
    result = derivatives(0, 0)
    for axis in range(1, image.ndim):
        result += derivatives(axis, axis)
    return like(image, -result)


# the wider of both Gaussians over the narrower one, as Marr and Hildreth chose it
_RATIO = 1.6


def _both_sigmas(diameter: float, ndim: int) -> tuple[float, float]:
    """Return two scales whose difference answers strongest where the Laplacian does."""
    narrow = _sigma(diameter, ndim) * math.sqrt((1 - 1 / _RATIO**2) / (2 * math.log(_RATIO)))
    return narrow, narrow * _RATIO


def _difference_reach(spacing: Sequence[float], diameter: float, **_: Any) -> tuple[int, ...]:
    return derivative_reach(spacing, _both_sigmas(diameter, len(spacing))[1])


@operation(locality=Halo(_difference_reach), title="Enhance blobs DoG", tiny={"diameter": 5.0})
def enhance_blobs_dog(
    image: Image,
    *,
    diameter: Annotated[Length, Gt(0)] = 10.0,
    objects: Brightness = "bright",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Make blobs of a diameter bright with a difference of two Gaussians.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    diameter : float
        Diameter of the blobs, in the unit of the pixel size. Larger and smaller ones answer too, but less.
    objects : {'bright', 'dark'}
        Whether the blobs are brighter or darker than their surroundings.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        In the unit of the image, with a maximum in each blob: about what the Laplacian of a Gaussian gives.

    Notes
    -----
    A narrow Gaussian minus one 1.6 times as wide, divided by the logarithm of 1.6, at scales that answer
    strongest to the same blobs as ``enhance_blobs_log``: a little less selective, and faster. Beyond the border
    the image continues with its last pixels. NaN pixels stay NaN and count as the average around them. Linear
    in the number of pixels times the diameter.

    References
    ----------
    .. [1] D. Marr and E. Hildreth, "Theory of edge detection", Proc. R. Soc. Lond. B 207 (1980).
    .. [2] D. G. Lowe, "Distinctive image features from scale-invariant keypoints", Int. J. Computer Vision 60
       (2004).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((9, 9))
    >>> image[3:6, 3:6] = 10
    >>> enhance_blobs_dog(image, diameter=3)[4].round(1)
    array([-0.5, -1.4, -0.2,  4.9,  7.1,  4.9, -0.2, -1.4, -0.5])
    """
    spacing = spacing or (1.0,) * image.ndim
    values = bright(image, objects).astype(np.float64, copy=False)

    def smooth(which: int) -> np.ndarray:
        widths = in_pixels(_both_sigmas(diameter, image.ndim)[which], spacing)
        kernels = [gaussian_kernel(width, 0) for width in widths]

        def average(filled: np.ndarray) -> np.ndarray:
            return separably(filled, kernels)

        return in_place_of_nan(average, values, lambda: surroundings(values, average))

    return like(image, (smooth(0) - smooth(1)) / math.log(_RATIO))


def surroundings(values: np.ndarray, average: Any) -> np.ndarray:
    """Return the average of the pixels around each that are not NaN."""
    missing = np.isnan(values)
    filled = average(np.where(missing, 0, values))
    weight = average((~missing).astype(values.dtype))
    return np.where(missing, np.nan, filled / np.maximum(weight, np.finfo(values.dtype).tiny))


@operation(locality=Halo(_blob_reach), title="Enhance blobs Hessian", tiny={"diameter": 5.0})
def enhance_blobs_hessian(
    image: Image,
    *,
    diameter: Annotated[Length, Gt(0)] = 10.0,
    objects: Brightness = "bright",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Make blobs of a diameter bright with the determinant of the Hessian.

    Answers to what is curved in all directions, and so less to ridges and edges than a Laplacian.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    diameter : float
        Diameter of the blobs, in the unit of the pixel size. Larger and smaller ones answer too, but less.
    objects : {'bright', 'dark'}
        Whether the blobs are brighter or darker than their surroundings.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        In the unit of the image, with a maximum in each blob: 0.37 of its height for a disc of this diameter,
        0.31 for a ball. 0 where the image is not curved towards the blob in all directions.

    Notes
    -----
    The n-th root of the determinant of the second derivatives, turned over, in n dimensions, at the scale
    ``sigma = diameter / 2 / sqrt(n)`` and times ``sigma**2``. Beyond the border the image continues with its
    last pixels. NaN pixels stay NaN and count as the average around them. Linear in the number of pixels times
    the diameter.

    References
    ----------
    .. [1] T. Lindeberg, "Feature detection with automatic scale selection", Int. J. Computer Vision 30 (1998).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((9, 9))
    >>> image[3:6, 3:6] = 10
    >>> enhance_blobs_hessian(image, diameter=3)[4].round(1)
    array([0. , 0. , 0. , 2.5, 3.7, 2.5, 0. , 0. , 0. ])
    """
    spacing = spacing or (1.0,) * image.ndim
    found = curvatures(bright(image, objects), _sigma(diameter, image.ndim), spacing)
    product = np.maximum(-found, 0).prod(axis=0)
    return like(image, np.sqrt(product) if image.ndim == 2 else np.cbrt(product))


# slopes are taken at half the scale over which they are gathered
_INNER = 0.5


def _corner_reach(spacing: Sequence[float], sigma: float, **_: Any) -> tuple[int, ...]:
    inner, outer = derivative_reach(spacing, _INNER * sigma), derivative_reach(spacing, sigma)
    return tuple(a + b for a, b in zip(inner, outer, strict=True))


@operation(locality=Halo(_corner_reach), tiny={"sigma": 1.5})
def enhance_corners(
    image: Image,
    *,
    sigma: Annotated[Length, Gt(0)] = 2.0,
    method: Literal["shi_tomasi", "harris"] = "shi_tomasi",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Make corners bright: where the image changes in all directions at once.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    sigma : float
        Size of the surroundings of a corner, as the standard deviation of a Gaussian in the unit of the pixel
        size. A larger value finds corners of larger things, and smooths more noise.
    method : {'shi_tomasi', 'harris'}
        ``shi_tomasi`` is the change in the direction of least change; ``harris`` is large and positive at
        corners, negative along edges.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        With maxima at corners. Of ``shi_tomasi`` in the squared unit of the image, of ``harris`` in its
        fourth power in 2-D, its sixth in 3-D.

    Notes
    -----
    From the slopes at the scale ``sigma / 2``, times that scale, their products averaged with a Gaussian of
    ``sigma``. ``harris`` is the determinant minus ``k`` times the trace to the power of the number of
    dimensions, with ``k`` 0.05 in 2-D and 0.005 in 3-D. Beyond the border the image continues with its last
    pixels. NaN pixels stay NaN and count as the average around them.

    References
    ----------
    .. [1] C. Harris and M. Stephens, "A combined corner and edge detector", Alvey Vision Conference (1988).
    .. [2] J. Shi and C. Tomasi, "Good features to track", CVPR (1994).
    .. [3] I. Laptev, "On space-time interest points", Int. J. Computer Vision 64 (2005).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((12, 12))
    >>> image[4:, 4:] = 10
    >>> np.unravel_index(enhance_corners(image, sigma=1).argmax(), image.shape)
    (np.int64(4), np.int64(4))
    """
    from objectwise.kernels.eigenvalues import eigenvalues

    spacing = spacing or (1.0,) * image.ndim
    derivatives = Derivatives(image, _INNER * sigma, spacing)
    slopes = [derivatives(axis) for axis in range(image.ndim)]
    kernels = [gaussian_kernel(width, 0) for width in in_pixels(sigma, spacing)]

    def gathered(product: np.ndarray) -> np.ndarray:
        average = surroundings if np.isnan(product).any() else _plain
        return average(product, lambda values: separably(values, kernels))

    tensor = [gathered(slopes[a] * slopes[b]) for a in range(image.ndim) for b in range(a, image.ndim)]
    found = np.maximum(eigenvalues(tensor), 0)
    if method == "shi_tomasi":
        return like(image, found[0])
    k = 0.05 if image.ndim == 2 else 0.005
    return like(image, found.prod(axis=0) - k * found.sum(axis=0) ** image.ndim)


def _plain(values: np.ndarray, average: Any) -> np.ndarray:
    return average(values)
