"""Thresholds: an image in, a mask out.

An automatic threshold is a number that is found in the histogram of a plane, a frame or the whole series and
then used like one that was typed. The function that uses it is the same for all of them, and so is the choice
between bright and dark objects.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Gt

from objectwise.core.locality import Halo
from objectwise.core.operation import Computed, Image, Intensity, Length, Mask, operation
from objectwise.core.statistics import Histogram
from objectwise.ops import histogram
from objectwise.ops.windows import box_mean, box_size, gaussian_reach, gaussian_smooth

Brightness = Literal["bright", "dark"]


def above(image: np.ndarray, threshold: float) -> np.ndarray:
    """Return where an image is above a threshold; nowhere where either is NaN."""
    if np.isnan(threshold):
        return np.zeros(image.shape, bool)
    if image.dtype.kind in "iu":
        limits = np.iinfo(image.dtype)
        if threshold < limits.min:
            return np.ones(image.shape, bool)
        if threshold >= limits.max:
            return np.zeros(image.shape, bool)
        return image > image.dtype.type(np.floor(threshold))
    return image > threshold


def at_most(image: np.ndarray, threshold: float) -> np.ndarray:
    """Return where an image is at or below a threshold; nowhere where either is NaN."""
    if np.isnan(threshold):
        return np.zeros(image.shape, bool)
    result = ~above(image, threshold)
    if image.dtype.kind == "f":
        result &= ~np.isnan(image)
    return result


@operation(locality=Halo(), tiny={"lower": 80.0})
def threshold_manual(image: Image, *, lower: Intensity | None = None, upper: Intensity | None = None) -> Mask:
    """Keep the pixels within a range of brightness that is chosen by hand.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    lower : float, optional
        Pixels must be brighter than this. A larger value keeps less. Left out, there is no lower limit.
    upper : float, optional
        Pixels must be at most this bright. Left out, there is no upper limit; given alone, it keeps dark
        objects.

    Returns
    -------
    bool array
        True where ``lower < image <= upper``.

    Notes
    -----
    NaN pixels are never kept.

    Examples
    --------
    >>> import numpy as np
    >>> threshold_manual(np.array([[1, 2, 3, 4]]), lower=1, upper=3)
    array([[False,  True,  True, False]])
    """
    mask = np.ones(image.shape, bool) if lower is None else above(image, lower)
    if upper is not None:
        mask &= at_most(image, upper)
    elif lower is None and image.dtype.kind == "f":
        mask &= ~np.isnan(image)
    return mask


@operation(locality=Halo())
def threshold_auto(
    image: Image,
    *,
    method: Literal["otsu", "li", "triangle", "yen", "isodata", "minimum", "mean"] = "otsu",
    objects: Brightness = "bright",
    threshold: Annotated[Computed[Intensity], Histogram(histogram.find_threshold)] = None,
) -> Mask:
    """Separate objects from background at a brightness found in the histogram.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    method : {'otsu', 'li', 'triangle', 'yen', 'isodata', 'minimum', 'mean'}
        How the threshold is found. ``otsu`` makes both sides as uniform as can be; ``li`` follows dim
        objects further down; ``triangle`` suits few objects on a large background; ``yen`` is strict;
        ``isodata`` lies midway between the means of both sides; ``minimum`` lies in the valley between two
        peaks; ``mean`` is the mean brightness.
    objects : {'bright', 'dark'}
        Which side is kept: pixels above the threshold, or those at or below it.
    threshold : float, optional
        The threshold itself. Left out, it is found; given, it is used as it is.

    Returns
    -------
    bool array
        True inside the objects.

    Notes
    -----
    8- and 16-bit images are counted level by level, so that the threshold is exact; floats are counted in
    65,536 bins. An image of one single brightness has no threshold, and its mask is empty. NaN and infinite
    pixels are not counted, and NaN pixels are never kept.

    References
    ----------
    .. [1] N. Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. SMC 9 (1979).
    .. [2] C. H. Li and P. K. S. Tam, "An iterative algorithm for minimum cross entropy thresholding",
       Pattern Recognition Letters 19 (1998).
    .. [3] G. W. Zack, W. E. Rogers, S. A. Latt, "Automatic measurement of sister chromatid exchange
       frequency", J. Histochem. Cytochem. 25 (1977).
    .. [4] J.-C. Yen, F.-J. Chang, S. Chang, "A new criterion for automatic multilevel thresholding",
       IEEE Trans. Image Processing 4 (1995).
    .. [5] T. W. Ridler and S. Calvard, "Picture thresholding using an iterative selection method", IEEE
       Trans. SMC 8 (1978).
    .. [6] J. M. S. Prewitt and M. L. Mendelsohn, "The analysis of cell images", Ann. N.Y. Acad. Sci. 128 (1966).

    Examples
    --------
    >>> import numpy as np
    >>> threshold_auto(np.array([[1, 2, 9, 8]]), threshold=5)
    array([[False, False,  True,  True]])
    """
    if threshold is None:
        # called as a plain function: the block is all there is
        threshold = histogram.of_block(histogram.find_threshold, image, method=method)
    return above(image, threshold) if objects == "bright" else at_most(image, threshold)


def _local_reach(spacing: tuple[float, ...], method: str, diameter: float, **_: Any) -> tuple[int, ...]:
    if method == "gaussian":
        return gaussian_reach(spacing, _sigma(diameter))
    return tuple(n // 2 for n in box_size(diameter, spacing))


def _sigma(diameter: float) -> float:
    # a Gaussian of which a box of this diameter has the same spread, as scikit-image takes it
    return diameter / 6


@operation(locality=Halo(_local_reach), tiny={"diameter": 9.0})
def threshold_local(
    image: Image,
    *,
    diameter: Annotated[Length, Gt(0)] = 51.0,
    method: Literal["gaussian", "mean"] = "gaussian",
    offset: Intensity = 0.0,
    objects: Brightness = "bright",
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Keep the pixels that are brighter, or darker, than their surroundings.

    Finds objects on an uneven background, where no single threshold does.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    diameter : float
        Diameter of the surroundings, in the unit of the pixel size. It should be two to three times that of
        the objects; with a smaller one large objects become hollow, with a larger one it acts more like a
        single threshold.
    method : {'gaussian', 'mean'}
        Whether near pixels count more, or all within a box alike.
    offset : float
        By how much an object differs from its surroundings at least. A larger value keeps less.
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
    ``image > average + offset`` for bright objects, ``image < average - offset`` for dark ones. The Gaussian
    has a standard deviation of a sixth of the diameter. Beyond the border the image continues with its last
    pixels. NaN pixels are left out of the averages and never kept.

    Examples
    --------
    >>> import numpy as np
    >>> threshold_local(np.array([[10, 10, 13, 20, 20]]), diameter=3, method="mean", offset=1)
    array([[False, False, False,  True, False]])
    """
    spacing = spacing or (1.0,) * image.ndim
    if method == "gaussian":
        average = gaussian_smooth(image, _sigma(diameter), spacing)
    else:
        average = box_mean(image, diameter, spacing)
    return image > average + offset if objects == "bright" else image < average - offset
