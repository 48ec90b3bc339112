"""Several thresholds at once, and images drawn in the brightness of their classes."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from objectwise.core.locality import Halo, Whole
from objectwise.core.operation import Classes, Computed, Image, operation
from objectwise.core.statistics import Histogram
from objectwise.ops import histogram
from objectwise.ops.threshold import above


@operation(locality=Halo(), title="Threshold multi-Otsu")
def threshold_multi_otsu(
    image: Image,
    *,
    n_classes: Annotated[int, Ge(2), Le(255)] = 3,
    thresholds: Annotated[Computed[tuple[float, ...]], Histogram(histogram.find_thresholds)] = None,
) -> Classes:
    """Put pixels into classes between several thresholds found in the histogram (Otsu).

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    n_classes : int
        Number of classes, background included. An image with fewer levels gets fewer classes.
    thresholds : tuple of float, optional
        The thresholds themselves. Left out, they are found; given, they are used as they are.

    Returns
    -------
    uint8 array
        Classes 1, 2, 3 ... from the darkest to the brightest; 0 where a pixel is NaN. A pixel at a threshold belongs
        to the darker class.

    Notes
    -----
    The classes are as uniform as can be, over all choices of thresholds; the search takes a few milliseconds for
    each class, for any number of classes. 8- and 16-bit images are counted level by level, floats in 65,536 bins. A
    threshold lies in the middle between two levels that occur. For two classes the mask is that of `threshold_auto`
    with ``otsu``.

    References
    ----------
    .. [1] P.-S. Liao, T.-S. Chen, P.-C. Chung, "A fast algorithm for multilevel thresholding", J. Information
       Science and Engineering 17 (2001).

    Examples
    --------
    >>> import numpy as np
    >>> threshold_multi_otsu(np.array([[1, 2, 50, 52, 99, 98]]))
    array([[1, 1, 2, 2, 3, 3]], dtype=uint8)
    """
    from objectwise.kernels.classes import has_few_levels, levels_of, look_up

    if thresholds is None:
        # called as a plain function: the block is all there is
        thresholds = histogram.of_block(histogram.find_thresholds, image, n_classes=n_classes)
    if len(thresholds) > 254:
        raise ValueError(f"threshold_multi_otsu knows 254 thresholds at most; found {len(thresholds)}")
    if has_few_levels(image.dtype) and image.size > 1 << 16:
        classes = 1 + np.searchsorted(np.sort(thresholds), levels_of(image.dtype)).astype(np.uint8)
        return look_up(image, classes[np.newaxis])[0]
    classes = np.ones(image.shape, np.uint8)
    for threshold in thresholds:
        classes += above(image, threshold)
    if image.dtype.kind == "f":
        classes[np.isnan(image)] = 0
    return classes


@operation(locality=Whole("the mean brightness of a class is that of all its pixels"))
def recolour_by_class(image: Image, classes: Classes) -> Image:
    """Draw an image in the mean brightness of its classes.

    Shows what a clustering has kept of the image, and makes an image of few levels for what comes next.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    classes : (Y, X) or (Z, Y, X) array of int
        A class for each pixel, as a clustering gives them.

    Returns
    -------
    float32 array
        At each pixel the mean of its class; 0 where there is no class, or its pixels are all NaN.

    Examples
    --------
    >>> import numpy as np
    >>> recolour_by_class(np.array([[1, 3, 20, 30]]), np.array([[1, 1, 2, 2]], np.uint8))
    array([[ 2.,  2., 25., 25.]], dtype=float32)
    """
    from objectwise.kernels.classes import look_up, sums_by_class

    number, total = sums_by_class(image, classes)
    number[0] = 0
    mean = np.where(number > 0, total / np.maximum(number, 1), 0).astype(np.float32)
    return look_up(classes, mean[np.newaxis])[0]
