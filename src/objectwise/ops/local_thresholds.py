"""Local thresholds: each pixel compared with what lies around it.

The formulas of Sauvola and Phansalkar were written for dark ink on bright paper, and depend on where black and white
are. Here they are taken as the distance from the brightness of a perfect object: the darkest value of the image for
dark objects, the brightest for bright ones. For dark objects on an image that spans its range this is the published
formula; for bright ones it is that of the inverted image.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt

from objectwise.core.locality import Halo
from objectwise.core.operation import Computed, Image, Intensity, Length, Level, Mask, operation
from objectwise.core.statistics import Histogram
from objectwise.ops import histogram
from objectwise.ops.threshold import Brightness, Method
from objectwise.ops.windows import box_moments, box_reach, gaussian_reach, gaussian_smooth


@operation(locality=Halo(box_reach), tiny={"diameter": 9.0})
def threshold_niblack(
    image: Image,
    *,
    diameter: Annotated[Length, Gt(0)] = 51.0,
    k: float = 0.2,
    offset: Intensity = 0.0,
    objects: Brightness = "bright",
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Keep the pixels that differ from their surroundings by some of the deviations there (Niblack).

    Finds objects of any contrast on an uneven background. Where there is no object it finds the noise: remove small
    objects afterwards, or raise the offset.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    diameter : float
        Width of the box around each pixel, in the unit of the pixel size; about twice that of the objects. A
        larger value acts more like a single threshold.
    k : float
        By how many standard deviations of the surroundings an object differs from their mean. A larger value
        keeps less.
    offset : float
        By how much brightness it differs beside that. A larger value keeps less.
    objects : {'bright', 'dark'}
        Which side is kept.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        True inside the objects.

    Notes
    -----
    ``image > mean + k * deviation + offset`` for bright objects, ``image < mean - k * deviation - offset`` for dark
    ones. Beyond the border the image continues with its last pixels. NaN pixels are left out and never kept. The
    cost does not depend on the diameter for 8- and 16-bit images, and is linear in it for others.

    References
    ----------
    .. [1] W. Niblack, "An Introduction to Digital Image Processing", Prentice-Hall (1986).

    Examples
    --------
    >>> import numpy as np
    >>> threshold_niblack(np.array([[1, 1, 1, 5, 1, 1, 1]]), diameter=3, k=1.0).astype(int)
    array([[0, 0, 0, 1, 0, 0, 0]])
    """
    mean, deviation = box_moments(image, diameter, spacing or (1.0,) * image.ndim)
    # exact sums leave a deviation of zero where all pixels are equal, floats one of the last bits
    margin = k * deviation + offset
    return image > mean + margin if objects == "bright" else image < mean - margin


def _beyond(
    image: np.ndarray, darkest: float | None, brightest: float | None, objects: str
) -> tuple[float, float]:
    """Return the brightness of a perfect object, and how far that of a perfect background is from it."""
    # called as a plain function: the block is all there is
    darkest = histogram.of_block(histogram.find_darkest, image) if darkest is None else darkest
    brightest = histogram.of_block(histogram.find_brightest, image) if brightest is None else brightest
    return (brightest if objects == "bright" else darkest), brightest - darkest


@operation(locality=Halo(box_reach), tiny={"diameter": 9.0})
def threshold_sauvola(
    image: Image,
    *,
    diameter: Annotated[Length, Gt(0)] = 51.0,
    k: float = 0.2,
    r: Annotated[float, Gt(0)] = 0.5,
    objects: Brightness = "bright",
    darkest: Annotated[Computed[Level], Histogram(histogram.find_darkest)] = None,
    brightest: Annotated[Computed[Level], Histogram(histogram.find_brightest)] = None,
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Keep the pixels beyond a local threshold that is strict where the surroundings are even (Sauvola).

    Finds objects on an uneven background, and finds nothing in the noise of an empty one.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    diameter : float
        Width of the box around each pixel, in the unit of the pixel size; about twice that of the objects. A
        larger value acts more like a single threshold.
    k : float
        How strict the threshold is where the surroundings are even. A larger value keeps less.
    r : float
        Standard deviation of surroundings that hold an object and background alike, as a fraction of the range
        from the darkest to the brightest value. A larger value keeps less.
    objects : {'bright', 'dark'}
        Which side is kept.
    darkest, brightest : float, optional
        The range of brightness. Left out, that of the image.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        True inside the objects.

    Notes
    -----
    For dark objects ``image < mean * (1 + k * (deviation / r - 1))``, all taken as fractions of the range; for
    bright ones the same of the inverted image. Beyond the border the image continues with its last pixels. NaN
    pixels are left out and never kept. The cost does not depend on the diameter for 8- and 16-bit images, and is
    linear in it for others.

    References
    ----------
    .. [1] J. Sauvola and M. Pietikäinen, "Adaptive document image binarization", Pattern Recognition 33 (2000).

    Examples
    --------
    >>> import numpy as np
    >>> threshold_sauvola(np.array([[1, 1, 2, 9, 1, 1, 1]]), diameter=3).astype(int)
    array([[0, 0, 0, 1, 0, 0, 0]])
    """
    level, extent = _beyond(image, darkest, brightest, objects)
    if not extent > 0:
        return np.zeros(image.shape, bool)
    mean, deviation = box_moments(image, diameter, spacing or (1.0,) * image.ndim)
    mean, deviation = np.abs(mean - level) / extent, deviation / extent
    return np.abs(image - level) / extent < mean * (1 + k * (deviation / r - 1))


@operation(locality=Halo(box_reach), tiny={"diameter": 9.0})
def threshold_phansalkar(
    image: Image,
    *,
    diameter: Annotated[Length, Gt(0)] = 51.0,
    k: float = 0.25,
    r: Annotated[float, Gt(0)] = 0.5,
    p: float = 2.0,
    q: Annotated[float, Ge(0)] = 10.0,
    objects: Brightness = "dark",
    darkest: Annotated[Computed[Level], Histogram(histogram.find_darkest)] = None,
    brightest: Annotated[Computed[Level], Histogram(histogram.find_brightest)] = None,
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Keep the pixels beyond a local threshold made for images of low contrast (Phansalkar).

    Made for stained nuclei in brightfield images of tissue: Sauvola's threshold, less strict where the surroundings
    are like the objects.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    diameter : float
        Width of the box around each pixel, in the unit of the pixel size; about twice that of the objects. A
        larger value acts more like a single threshold.
    k : float
        How strict the threshold is where the surroundings are even. A larger value keeps less.
    r : float
        Standard deviation of surroundings that hold an object and background alike, as a fraction of the range
        from the darkest to the brightest value. A larger value keeps less.
    p : float
        How much less strict it is among objects. A larger value keeps more there; 0 is Sauvola's threshold.
    q : float
        How fast that fades as the surroundings become like background. A larger value keeps less.
    objects : {'bright', 'dark'}
        Which side is kept.
    darkest, brightest : float, optional
        The range of brightness. Left out, that of the image.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        True inside the objects.

    Notes
    -----
    For dark objects ``image < mean * (1 + p * exp(-q * mean) + k * (deviation / r - 1))``, all taken as fractions
    of the range; for bright ones the same of the inverted image. Borders, NaN and cost as in `threshold_sauvola`.

    References
    ----------
    .. [1] N. Phansalkar et al., "Adaptive local thresholding for detection of nuclei in diversity stained cytology
       images", Int. Conf. Communications and Signal Processing (2011).

    Examples
    --------
    >>> import numpy as np
    >>> threshold_phansalkar(np.array([[9, 9, 8, 1, 9, 9, 9]]), diameter=3).astype(int)
    array([[0, 0, 0, 1, 0, 0, 0]])
    """
    level, extent = _beyond(image, darkest, brightest, objects)
    if not extent > 0:
        return np.zeros(image.shape, bool)
    mean, deviation = box_moments(image, diameter, spacing or (1.0,) * image.ndim)
    mean, deviation = np.abs(mean - level) / extent, deviation / extent
    limit = mean * (1 + p * np.exp(-q * mean) + k * (deviation / r - 1))
    return np.abs(image - level) / extent < limit


def _adaptive_reach(spacing: tuple[float, ...], diameter: float, **_: object) -> tuple[int, ...]:
    return gaussian_reach(spacing, diameter / 6)


@operation(locality=Halo(_adaptive_reach), tiny={"diameter": 9.0})
def threshold_adaptive(
    image: Image,
    *,
    diameter: Annotated[Length, Ge(0)] = 51.0,
    method: Method = "li",
    lowest: Annotated[float, Ge(0)] = 0.7,
    highest: Annotated[float, Ge(0)] = 1.5,
    counted_from: Literal["zero", "background"] = "zero",
    offset: Intensity = 0.0,
    objects: Brightness = "bright",
    guide: Annotated[Computed[Level], Histogram(histogram.find_threshold)] = None,
    background: Annotated[Computed[Level], Histogram(histogram.find_background_level)] = None,
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Keep the pixels beyond a local threshold that stays near one for the whole image.

    Follows an uneven background, and neither finds noise in empty regions nor hollows large objects.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    diameter : float
        Diameter of the surroundings, in the unit of the pixel size; two to three times that of the objects. A
        larger value acts more like a single threshold.
    method : {'otsu', 'li', 'triangle', 'yen', 'isodata', 'minimum', 'mean', ...}
        How the threshold for the whole image is found; see `threshold_auto`.
    lowest, highest : float
        How far the local threshold may go below and above the one for the whole image, as multiples of it. Both
        1 is that threshold itself.
    counted_from : {'zero', 'background'}
        What these are multiples of: the threshold as it is, as CellProfiler takes them, for images whose background
        is near zero; or its height above the brightness of the background, for any camera offset and for dark
        objects.
    offset : float
        By how much an object differs from its surroundings at least. A larger value keeps less.
    objects : {'bright', 'dark'}
        Which side is kept.
    guide : float, optional
        The threshold for the whole image. Left out, it is found; given, it is used as it is.
    background : float, optional
        The brightness of the background. Left out, it is the median of the pixels on the other side of the threshold
        that the method finds. Has no part in multiples that are counted from zero.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        True inside the objects.

    Notes
    -----
    The local threshold is the average of the surroundings, weighted by a Gaussian with a standard deviation of a
    sixth of the diameter, plus the offset (minus it for dark objects). The limits are those of CellProfiler's
    adaptive thresholds unless they are counted from the background. An image of one single
    brightness has an empty mask. NaN pixels are left out and never kept.

    References
    ----------
    .. [1] A. E. Carpenter et al., "CellProfiler: image analysis software for identifying and quantifying cell
       phenotypes", Genome Biology 7 (2006).

    Examples
    --------
    >>> import numpy as np
    >>> threshold_adaptive(np.array([[2, 2, 9, 9, 9, 9, 9, 3, 2, 2]]), diameter=6, guide=5.0).astype(int)
    array([[0, 0, 1, 1, 1, 1, 1, 0, 0, 0]])
    """
    if lowest > highest:
        raise ValueError(f"lowest must be at most highest; found {lowest:g} and {highest:g}")
    if guide is None:
        # called as a plain function: the block is all there is
        guide = histogram.of_block(histogram.find_threshold, image, method=method)
    if counted_from == "zero":
        background = 0.0
    elif background is None:
        background = histogram.of_block(
            histogram.find_background_level, image, method=method, objects=objects
        )
    if np.isnan(guide) or np.isnan(background):
        return np.zeros(image.shape, bool)
    average = gaussian_smooth(image, diameter / 6, spacing or (1.0,) * image.ndim)
    # of a negative guide, or one below the background, the larger multiple is the lower limit
    height = guide - background
    least, most = sorted((background + lowest * height, background + highest * height))
    if objects == "bright":
        return image > np.clip(average + offset, least, most)
    return image < np.clip(average - offset, least, most)
