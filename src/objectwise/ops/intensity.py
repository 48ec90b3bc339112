"""Brightness changed pixel by pixel, or by the histogram around each pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Le

from objectwise.core.locality import Halo
from objectwise.core.operation import Computed, Image, Length, Level, operation
from objectwise.core.statistics import Histogram
from objectwise.ops.balls import difference
from objectwise.ops.derivatives import like
from objectwise.ops.filters import in_levels, whole_reach
from objectwise.ops.levels import Extremes, brightest, darkest, of_share
from objectwise.ops.windows import in_pixels


def _low_level(counts: np.ndarray, values: np.ndarray, low_percent: float) -> float:
    return of_share(counts, values, low_percent / 100)


def _high_level(counts: np.ndarray, values: np.ndarray, high_percent: float) -> float:
    return of_share(counts, values, high_percent / 100)


@operation(locality=Halo())
def normalise_percentile(
    image: Image,
    *,
    low_percent: Annotated[float, Ge(0), Le(100)] = 1.0,
    high_percent: Annotated[float, Ge(0), Le(100)] = 99.8,
    clip: bool = False,
    low: Annotated[Computed[Level], Histogram(_low_level)] = None,
    high: Annotated[Computed[Level], Histogram(_high_level)] = None,
) -> Image:
    """Stretch brightness so that a low percentile becomes 0 and a high one 1.

    Makes images of different exposure comparable, and is what trained models expect.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    low_percent : float
        Percentage of the pixels that are to be 0 or less. A larger value makes the result darker.
    high_percent : float
        Percentage of the pixels that are to be 1 or less. A smaller value makes the result brighter.
    clip : bool
        Whether what is below 0 becomes 0, and what is above 1 becomes 1.
    low, high : float, optional
        The brightness that becomes 0, and the one that becomes 1. Left out, they are the percentiles; given,
        they are used as they are.

    Returns
    -------
    float32 array (float64 for a float64 image)
        ``(image - low) / (high - low)``; 0 everywhere where both are the same.

    Notes
    -----
    A percentile is the lowest brightness that the percentage of the pixels does not exceed. 8- and 16-bit images
    are counted level by level, so that it is exact; floats are counted in 65,536 bins. NaN and infinite pixels
    are not counted, and NaN pixels stay NaN.

    Examples
    --------
    >>> import numpy as np
    >>> normalise_percentile(np.array([[10, 20, 30, 110]]), low_percent=0, high_percent=100)
    array([[0. , 0.1, 0.2, 1. ]], dtype=float32)
    """
    if low_percent > high_percent:
        raise ValueError(f"low_percent must be at most high_percent; found {low_percent:g}, {high_percent:g}")
    if low is None:
        low = Histogram(_low_level).of_block(image, low_percent=low_percent)
    if high is None:
        high = Histogram(_high_level).of_block(image, high_percent=high_percent)
    if low > high:
        raise ValueError(f"low must be at most high; found {low:g} and {high:g}")
    if low == high:
        return like(image, np.where(np.isnan(image), np.nan, 0.0))
    result = (image.astype(np.float64) - low) / (high - low)
    return like(image, np.clip(result, 0, 1) if clip else result)


def _box_reach(spacing: Sequence[float], diameter: float, **_: Any) -> tuple[int, ...]:
    return whole_reach(in_pixels(diameter / 2, spacing))


@operation(locality=Halo(_box_reach), title="Equalise CLAHE", tiny={"diameter": 9.0, "n_levels": 64})
def equalise_clahe(
    image: Image,
    *,
    diameter: Annotated[Length, Gt(0)] = 63.0,
    max_slope: Annotated[float, Ge(1)] = 3.0,
    n_levels: Annotated[int, Ge(2), Le(4096)] = 256,
    low: Annotated[Computed[Level], Extremes(darkest)] = None,
    high: Annotated[Computed[Level], Extremes(brightest)] = None,
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Even out local contrast with limited adaptive histogram equalisation (CLAHE).

    Brings faint and bright objects to similar contrast, for the eye or before edges and ridges are found. The
    brightness that comes out is no measure of anything.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    diameter : float
        Width of the box around each pixel whose histogram is evened out, in the unit of the pixel size:
        somewhat more than the objects. A smaller value evens out more.
    max_slope : float
        How much contrast may grow at most. A larger value shows fainter structures, and more noise; 1 leaves
        the image as it is.
    n_levels : int
        Into how many levels the range of brightness is divided.
    low, high : float, optional
        The range that is divided; pixels beyond are taken as its ends. Left out, it is that of the image, from
        the darkest to the brightest pixel.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        0 to 1.

    Notes
    -----
    Every pixel has a box of its own, as in the slow version of Fiji's CLAHE, so that there are no seams: its
    result is its rank in the histogram of the box, whose counts are cut off where the slope would be too steep
    and spread evenly over all levels. The half-width of the box is rounded to whole pixels, and it ends at the
    border of the image. NaN pixels stay NaN and are not counted. 2048 x 2048 pixels take half
    a second, with more levels in proportion; the size of the box hardly matters.

    References
    ----------
    .. [1] S. M. Pizer et al., "Adaptive histogram equalization and its variations", Computer Vision, Graphics, and
       Image Processing 39 (1987).
    .. [2] K. Zuiderveld, "Contrast limited adaptive histogram equalization", in Graphics Gems IV (1994).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 1, 2, 3, 100]])
    >>> equalise_clahe(image, diameter=9, max_slope=100, n_levels=100).round(1)
    array([[0. , 0.2, 0.4, 0.6, 1. ]], dtype=float32)
    >>> equalise_clahe(image, diameter=9, max_slope=1, n_levels=100).round(2)
    array([[0.  , 0.01, 0.02, 0.03, 1.  ]], dtype=float32)
    """
    from objectwise.kernels.clahe import equalised

    low = Extremes(darkest).of_block(image) if low is None else low
    high = Extremes(brightest).of_block(image) if high is None else high
    position = in_levels(image, low, high, n_levels)
    if low == high:
        return like(image, position)
    reach = _box_reach(spacing or (1.0,) * image.ndim, diameter)
    return like(image, equalised(position, reach, n_levels, max_slope))


@operation(locality=Halo())
def invert_image(image: Image, *, maximum: Annotated[Computed[Level], Extremes(brightest)] = None) -> Image:
    """Exchange bright and dark: the brightest pixel becomes 0.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    maximum : float, optional
        The brightness that becomes 0. Left out, it is that of the brightest pixel. Give 255 or 65535 to have the
        same for all 8- or 16-bit images.

    Returns
    -------
    array
        ``maximum - image``, and 0 where the image is brighter than that. Floats stay as they are, integers become
        unsigned.

    Notes
    -----
    NaN pixels stay NaN.

    Examples
    --------
    >>> import numpy as np
    >>> invert_image(np.array([[0, 10, 200]], np.uint8), maximum=255)
    array([[255, 245,  55]], dtype=uint8)
    """
    maximum = Extremes(brightest).of_block(image) if maximum is None else maximum
    if image.dtype.kind == "f":
        return np.maximum(image.dtype.type(maximum) - image, image.dtype.type(0))
    limits = np.iinfo(image.dtype)
    if maximum != int(maximum) or not limits.min <= maximum <= limits.max:
        raise ValueError(
            f"maximum must be a whole number from {limits.min} to {limits.max} for {image.dtype}; "
            f"found {maximum:g}"
        )
    return difference(np.full(image.shape, int(maximum), image.dtype), np.minimum(image, int(maximum)))
