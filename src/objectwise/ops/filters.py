"""Filters that look at the pixels in a window: smoothing, and how much an image varies from place to place."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le

from objectwise.core.locality import Halo
from objectwise.core.operation import Computed, Image, Length, Level, operation
from objectwise.ops.balls import ball_pixels, ball_reach
from objectwise.ops.levels import Extremes, brightest, darkest
from objectwise.ops.windows import as_float, gaussian_reach, gaussian_smooth


@operation(locality=Halo(gaussian_reach), tiny={"sigma": 1.5})
def smooth_gaussian(
    image: Image, *, sigma: Annotated[Length, Ge(0)] = 1.0, spacing: tuple[float, ...] | None = None
) -> Image:
    """Smooth with a Gaussian.

    Averages each pixel with its surroundings, near ones with more weight. Takes away noise before a threshold.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    sigma : float
        Standard deviation of the Gaussian, in the unit of the pixel size and the same in all directions. A
        larger value smooths more; objects smaller than about twice this value fade. 0 changes nothing.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        The smoothed image, of the same shape.

    Notes
    -----
    The kernel ends at four standard deviations. Beyond the border the image continues with its last pixels.
    NaN pixels stay NaN and are left out of the averages around them. Linear in the number of pixels times
    ``sigma``.

    Examples
    --------
    >>> import numpy as np
    >>> smooth_gaussian(np.array([[0.0, 0, 1, 0, 0]]), sigma=0.5).round(2)
    array([[0.  , 0.11, 0.79, 0.11, 0.  ]])
    """
    return gaussian_smooth(image, sigma, spacing)


@operation(locality=Halo(ball_reach), tiny={"radius": 2.0})
def smooth_median(
    image: Image, *, radius: Annotated[Length, Ge(0)] = 2.0, spacing: tuple[float, ...] | None = None
) -> Image:
    """Smooth with a median: specks and hot pixels go, edges stay sharp.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    radius : float
        Radius of the disc or ball whose median is taken, in the unit of the pixel size. A larger value
        smooths more; what fills less than half of the disc vanishes, and corners are rounded. 0, or less
        than one pixel, changes nothing.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array
        The smoothed image, of the same shape and dtype.

    Notes
    -----
    The disc holds the pixels whose centre is at most ``radius`` from its own. Beyond the border the image
    continues with its last pixels. NaN pixels stay NaN and are left out; of an even number the mean of both
    middle ones is taken. 2048 x 2048 pixels take a tenth of a second with a radius of 2 pixels, and one or two
    seconds with one of 5 or 10. In 3-D the cost grows with the number of rows in the ball, the square of the radius.

    References
    ----------
    .. [1] J. W. Tukey, "Exploratory Data Analysis", Addison-Wesley (1977).

    Examples
    --------
    >>> import numpy as np
    >>> smooth_median(np.array([[1, 1, 1, 5, 5], [1, 9, 1, 5, 5], [1, 1, 1, 5, 5]]), radius=1)
    array([[1, 1, 1, 5, 5],
           [1, 1, 1, 5, 5],
           [1, 1, 1, 5, 5]])
    """
    from objectwise.kernels.windows import window_median

    offsets = ball_pixels(radius, spacing or (1.0,) * image.ndim)
    if len(offsets) == 1:
        return image.copy()
    return window_median(image, offsets)


@operation(locality=Halo(ball_reach), tiny={"radius": 2.0})
def local_deviation(
    image: Image, *, radius: Annotated[Length, Ge(0)] = 3.0, spacing: tuple[float, ...] | None = None
) -> Image:
    """Compute the standard deviation around each pixel.

    High at edges and in texture, low in what is flat: tells cells from background in phase contrast and
    brightfield images, where brightness does not.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    radius : float
        Radius of the disc or ball, in the unit of the pixel size. A larger value sees coarser texture, and
        blurs where it ends.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        In the unit of the image; of all pixels in the disc, not of a sample.

    Notes
    -----
    The disc holds the pixels whose centre is at most ``radius`` from its own. Beyond the border the image
    continues with its last pixels. NaN pixels stay NaN and are left out. The cost grows with the number of
    pixels in the disc or ball: half a second for 2048 x 2048 pixels and a radius of 10.

    Examples
    --------
    >>> import numpy as np
    >>> local_deviation(np.array([[4, 4, 4, 8, 8]]), radius=1)
    array([[0. , 0. , 1.6, 1.6, 0. ]], dtype=float32)
    """
    from objectwise.kernels.windows import window_deviation

    offsets = ball_pixels(radius, spacing or (1.0,) * image.ndim)
    return window_deviation(as_float(image), offsets)


def in_levels(image: np.ndarray, low: float, high: float, n_levels: int) -> np.ndarray:
    """Return brightness on a scale from 0 at ``low`` to ``n_levels`` at ``high``, what is beyond at the ends."""
    if not low <= high:
        if np.isnan(low) or np.isnan(high):
            return np.full(image.shape, np.nan)
        raise ValueError(f"low must be at most high; found {low:g} and {high:g}")
    if low == high:
        return np.where(np.isnan(image), np.nan, 0.0)
    return np.clip((image.astype(np.float64) - low) * (n_levels / (high - low)), 0, n_levels)


@operation(locality=Halo(ball_reach), tiny={"radius": 2.0})
def local_entropy(
    image: Image,
    *,
    radius: Annotated[Length, Ge(0)] = 5.0,
    n_levels: Annotated[int, Ge(2), Le(4096)] = 64,
    low: Annotated[Computed[Level], Extremes(darkest)] = None,
    high: Annotated[Computed[Level], Extremes(brightest)] = None,
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Compute the entropy around each pixel: how many different levels of brightness there are.

    Low in what is flat, high in texture, however faint it is.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    radius : float
        Radius of the disc or ball, in the unit of the pixel size. A larger value sees coarser texture, and
        blurs where it ends.
    n_levels : int
        Into how many levels the range of brightness is divided. A larger value lets fainter differences
        count, and noise too.
    low, high : float, optional
        The range that is divided; pixels beyond are taken as its ends. Left out, it is that of the image,
        from the darkest to the brightest pixel.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array
        In bits: 0 where all pixels in the disc have one level, at most the logarithm of their number.

    Notes
    -----
    The disc holds the pixels whose centre is at most ``radius`` from its own. Beyond the border the image
    continues with its last pixels. NaN pixels stay NaN and are left out. The cost grows with the number of
    rows in the disc or ball.

    References
    ----------
    .. [1] C. E. Shannon, "A mathematical theory of communication", Bell System Technical J. 27 (1948).

    Examples
    --------
    >>> import numpy as np
    >>> local_entropy(np.array([[0, 0, 0, 0, 9, 0, 9]]), radius=1, n_levels=2).round(2)
    array([[0.  , 0.  , 0.  , 0.72, 0.97, 0.97, 0.72]], dtype=float32)
    """
    from objectwise.kernels.windows import window_entropy

    low = Extremes(darkest).of_block(image) if low is None else low
    high = Extremes(brightest).of_block(image) if high is None else high
    position = in_levels(image, low, high, n_levels)
    level = np.where(np.isnan(position), -1, np.minimum(position, n_levels - 1)).astype(np.int32)
    return window_entropy(level, ball_pixels(radius, spacing or (1.0,) * image.ndim), n_levels)


def whole_reach(lengths: Any) -> tuple[int, ...]:
    """Return half-widths in whole pixels, the nearest to some lengths in pixels.

    Examples
    --------
    >>> whole_reach((0.4, 2.6))
    (0, 3)
    """
    return tuple(int(length + 0.5) for length in lengths)
