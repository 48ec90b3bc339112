"""Thresholds: an image in, a mask out.

An automatic threshold is a number that is found in the histogram of a plane, a frame or the whole series and
then used like one that was typed. The function that uses it is the same for all of them, and so is the choice
between bright and dark objects.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Gt, Lt

from objectwise.core.locality import Components, Facts, Halo, Pieces
from objectwise.core.operation import Computed, Image, Intensity, Length, Level, Mask, operation
from objectwise.core.statistics import Histogram
from objectwise.ops import histogram
from objectwise.ops.pieces import Connectivity, of_mask
from objectwise.ops.windows import box_mean, box_median, box_reach, gaussian_reach, gaussian_smooth

Brightness = Literal["bright", "dark"]
Method = Literal[
    "otsu",
    "li",
    "triangle",
    "yen",
    "isodata",
    "minimum",
    "mean",
    "huang",
    "intermodes",
    "max_entropy",
    "min_error",
    "moments",
    "percentile",
    "renyi_entropy",
    "shanbhag",
]


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
def threshold_manual(image: Image, *, lower: Level | None = None, upper: Level | None = None) -> Mask:
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
    method: Method = "otsu",
    objects: Brightness = "bright",
    correction: Annotated[float, Gt(0)] = 1.0,
    lower_bound: Level | None = None,
    upper_bound: Level | None = None,
    threshold: Annotated[Computed[Level], Histogram(histogram.find_threshold)] = None,
) -> Mask:
    """Separate objects from background at a brightness found in the histogram.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    method : {'otsu', 'li', 'triangle', 'yen', 'isodata', 'minimum', 'mean', ...}
        How the threshold is found. ``otsu`` makes both sides as uniform as can be; ``li``, also known as
        minimum cross-entropy, follows dim objects further down; ``triangle`` suits few objects on a large
        background; ``yen`` is strict; ``isodata``, ImageJ's default, lies midway between the means of both
        sides; ``minimum`` lies in the valley between two peaks, ``intermodes`` midway between them; ``mean`` is
        the mean brightness, ``percentile`` the median. ``huang`` takes the split that is least fuzzy,
        ``max_entropy`` the one that tells most, ``renyi_entropy`` a mean of three such, and ``shanbhag``, strict,
        the one that tells the same of both sides; ``min_error`` suits sides of unlike width, each taken to be
        normal; ``moments`` keeps the moments of the image.
    objects : {'bright', 'dark'}
        Which side is kept: pixels above the threshold, or those at or below it.
    correction : float
        The threshold that is found is multiplied by this. A larger value keeps fewer bright pixels.
    lower_bound, upper_bound : float, optional
        A threshold that is found beyond a bound, also after the correction, is moved to it. A lower bound keeps
        an image without objects empty.
    threshold : float, optional
        The threshold itself. Left out, it is found; given, it is used as it is.

    Returns
    -------
    bool array
        True inside the objects.

    Notes
    -----
    These are ImageJ's methods, and its names of them (``MaxEntropy``) are known too. 8- and 16-bit images are
    counted level by level, so that the threshold is exact; floats are counted in 65,536 bins. ``minimum``,
    ``intermodes``, ``huang`` and the entropies look at no more than 256 bins between the extremes; ``minimum`` and
    ``intermodes`` refuse a histogram without two peaks. An image of two levels is told apart by every method; one of
    a single brightness has no threshold, and its mask is empty. NaN and infinite pixels are not counted, and NaN
    pixels are never kept.

    References
    ----------
    .. [1] ``otsu``: N. Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. SMC 9
       (1979).
    .. [2] ``li``: C. H. Li and P. K. S. Tam, "An iterative algorithm for minimum cross entropy thresholding",
       Pattern Recognition Letters 19 (1998).
    .. [3] ``triangle``: G. W. Zack, W. E. Rogers, S. A. Latt, "Automatic measurement of sister chromatid
       exchange frequency", J. Histochem. Cytochem. 25 (1977).
    .. [4] ``yen``: J.-C. Yen, F.-J. Chang, S. Chang, "A new criterion for automatic multilevel thresholding",
       IEEE Trans. Image Processing 4 (1995).
    .. [5] ``isodata``: T. W. Ridler and S. Calvard, "Picture thresholding using an iterative selection
       method", IEEE Trans. SMC 8 (1978).
    .. [6] ``minimum``, ``intermodes``: J. M. S. Prewitt and M. L. Mendelsohn, "The analysis of cell images",
       Ann. N.Y. Acad. Sci. 128 (1966).
    .. [7] ``huang``: L.-K. Huang and M.-J. J. Wang, "Image thresholding by minimizing the measures of
       fuzziness", Pattern Recognition 28 (1995).
    .. [8] ``max_entropy``: J. N. Kapur, P. K. Sahoo, A. K. C. Wong, "A new method for gray-level picture
       thresholding using the entropy of the histogram", Comput. Vis. Graph. Image Process. 29 (1985).
    .. [9] ``renyi_entropy``: P. Sahoo, C. Wilkins, J. Yeager, "Threshold selection using Renyi's entropy",
       Pattern Recognition 30 (1997).
    .. [10] ``shanbhag``: A. G. Shanbhag, "Utilization of information measure as a means of image
       thresholding", CVGIP: Graphical Models and Image Processing 56 (1994).
    .. [11] ``min_error``: J. Kittler and J. Illingworth, "Minimum error thresholding", Pattern Recognition 19
       (1986).
    .. [12] ``moments``: W.-H. Tsai, "Moment-preserving thresholding: a new approach", Comput. Vis. Graph.
       Image Process. 29 (1985).
    .. [13] ``percentile``: W. Doyle, "Operations useful for similarity-invariant pattern recognition", J. ACM
       9 (1962).

    Examples
    --------
    >>> import numpy as np
    >>> threshold_auto(np.array([[1, 2, 9, 8]]), threshold=5)
    array([[False, False,  True,  True]])
    """
    if threshold is None:
        # called as a plain function: the block is all there is
        found = {"correction": correction, "lower_bound": lower_bound, "upper_bound": upper_bound}
        threshold = histogram.of_block(histogram.find_threshold, image, method=method, **found)
    return above(image, threshold) if objects == "bright" else at_most(image, threshold)


@operation(locality=Halo(), tiny={"upper_fraction": 0.4})
def threshold_robust_background(
    image: Image,
    *,
    lower_fraction: Annotated[float, Ge(0), Lt(1)] = 0.05,
    upper_fraction: Annotated[float, Ge(0), Lt(1)] = 0.05,
    average: Literal["mean", "median", "mode"] = "mean",
    deviation: Literal["standard", "median"] = "standard",
    n_deviations: float = 2.0,
    objects: Brightness = "bright",
    threshold: Annotated[Computed[Level], Histogram(histogram.find_background)] = None,
) -> Mask:
    """Keep the pixels that stand out from the background by some of its deviations.

    Suits images that are mostly background: the objects are trimmed away, and what is left is taken to be
    background with its noise.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    lower_fraction, upper_fraction : float
        Which fractions of the darkest and of the brightest pixels are left out first, 0 to 1. Raise the upper
        one where objects fill more of the image, and for dark objects the lower one.
    average : {'mean', 'median', 'mode'}
        What is taken as the brightness of the background.
    deviation : {'standard', 'median'}
        How its noise is measured: by the standard deviation, or by the median distance from the median.
    n_deviations : float
        How many deviations above the background the threshold lies, or below it for dark objects. A larger
        value keeps less.
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
    Found in the histogram, as `threshold_auto` does; CellProfiler's method of this name. An image of one single
    brightness has no threshold, and its mask is empty. NaN pixels are never kept.

    References
    ----------
    .. [1] A. E. Carpenter et al., "CellProfiler: image analysis software for identifying and quantifying cell
       phenotypes", Genome Biology 7 (2006).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[4, 5, 6, 5, 5, 4, 6, 5, 5, 40]])
    >>> threshold_robust_background(image, lower_fraction=0, upper_fraction=0.1).astype(int)
    array([[0, 0, 0, 0, 0, 0, 0, 0, 0, 1]])
    """
    if threshold is None:
        # called as a plain function: the block is all there is
        threshold = histogram.of_block(
            histogram.find_background,
            image,
            lower_fraction=lower_fraction,
            upper_fraction=upper_fraction,
            average=average,
            deviation=deviation,
            n_deviations=n_deviations,
            objects=objects,
        )
    return above(image, threshold) if objects == "bright" else at_most(image, threshold)


def _weak(image: np.ndarray, *, low: float, high: float, objects: str, connectivity: str, **_: Any) -> Pieces:
    """Return the pieces of what may be an object, with the pixels marked that surely are."""
    if low > high:
        raise ValueError(f"low must be at most high; found {low:g} and {high:g}")
    weak, strong = (
        (above(image, low), above(image, high))
        if objects == "bright"
        else (at_most(image, high), at_most(image, low))
    )
    pieces = of_mask(weak, connectivity=connectivity)
    pieces.marks = strong
    return pieces


def _sure(facts: Facts, **_: Any) -> np.ndarray:
    return (facts.highest > 0) & (np.arange(facts.n + 1) > 0)


_hysteresis = Components(_weak, _sure)


@operation(locality=_hysteresis, tiny={"low": 110.0, "high": 150.0})
def threshold_hysteresis(
    image: Image,
    *,
    objects: Brightness = "bright",
    connectivity: Connectivity = "full",
    low: Annotated[Computed[Level], Histogram(histogram.find_low)] = None,
    high: Annotated[Computed[Level], Histogram(histogram.find_high)] = None,
) -> Mask:
    """Keep objects down to a low threshold where they reach a high one somewhere.

    Finds the whole of an object and still leaves out dim noise.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    objects : {'bright', 'dark'}
        Whether objects are brighter than the low threshold and somewhere brighter than the high one; or at most
        as bright as the high one and somewhere at most as bright as the low one.
    connectivity : {'full', 'face'}
        Whether pixels join through edges and corners too, or through faces alone.
    low, high : float, optional
        The two thresholds, ``low`` at most ``high``. The nearer they are, the more it acts like a single
        threshold. One that is left out is found: Otsu's two thresholds between three classes.

    Returns
    -------
    bool array
        The connected pieces beyond the weaker threshold that hold a pixel beyond the stronger one.

    Notes
    -----
    The thresholds are exact for 8- and 16-bit images; floats are counted in 65,536 bins. An image of one single
    brightness has an empty mask. NaN pixels are never kept.

    References
    ----------
    .. [1] J. Canny, "A computational approach to edge detection", IEEE Trans. PAMI 8 (1986).

    Examples
    --------
    >>> import numpy as np
    >>> threshold_hysteresis(np.array([[1, 4, 9, 4, 1, 4, 4, 1]]), low=3, high=8).astype(int)
    array([[0, 1, 1, 1, 0, 0, 0, 0]])
    """
    # called as a plain function: the block is all there is
    low = histogram.of_block(histogram.find_low, image) if low is None else low
    high = histogram.of_block(histogram.find_high, image) if high is None else high
    return _hysteresis.whole(image, low=low, high=high, objects=objects, connectivity=connectivity)


def _local_reach(spacing: tuple[float, ...], method: str, diameter: float, **_: Any) -> tuple[int, ...]:
    if method == "gaussian":
        return gaussian_reach(spacing, _sigma(diameter))
    return box_reach(spacing, diameter)


def _sigma(diameter: float) -> float:
    # a Gaussian of which a box of this diameter has the same spread, as scikit-image takes it
    return diameter / 6


@operation(
    locality=Halo(_local_reach), tiny={"diameter": 9.0}, also=({"method": "mean"}, {"method": "median"})
)
def threshold_local(
    image: Image,
    *,
    diameter: Annotated[Length, Gt(0)] = 51.0,
    method: Literal["gaussian", "mean", "median"] = "gaussian",
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
    method : {'gaussian', 'mean', 'median'}
        What an object is compared with: an average in which near pixels count more, the average of a box, or
        its median, which a few very bright or dark pixels do not move.
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
    pixels. NaN pixels are left out of the averages and never kept. A median costs the most, and more the larger
    the diameter: with one of 51 pixels, 2048 x 2048 pixels of 16 bits take some 3 s, floats 15 s.

    Examples
    --------
    >>> import numpy as np
    >>> threshold_local(np.array([[10, 10, 13, 20, 20]]), diameter=3, method="mean", offset=1)
    array([[False, False, False,  True, False]])
    """
    spacing = spacing or (1.0,) * image.ndim
    if method == "gaussian":
        average = gaussian_smooth(image, _sigma(diameter), spacing)
    elif method == "mean":
        average = box_mean(image, diameter, spacing)
    else:
        average = box_median(image, diameter, spacing)
    return image > average + offset if objects == "bright" else image < average - offset
