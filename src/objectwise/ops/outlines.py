"""Outlines of objects that are known already: where each one ends, judged by its own brightness.

One threshold for an image gives bright objects a rim of their blur and cuts dim ones down to a core. Once it is known
which object a pixel may belong to, each object can have a threshold of its own.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le

from objectwise.core.locality import Objects as EachObject
from objectwise.core.locality import Pieces
from objectwise.core.operation import Computed, Image, Intensity, Labels, Mask, operation
from objectwise.core.statistics import Histogram
from objectwise.ops import histogram
from objectwise.ops.pieces import of_objects
from objectwise.ops.threshold import Brightness


def _regions(labels: np.ndarray, **_: Any) -> Pieces:
    return of_objects(labels)


@operation(
    locality=EachObject("labels", _regions),
    tiny={"fraction": 0.8},
    exceptions={
        "mirrored_inputs_give_mirrored_results": "of several pieces of one size the first in reading order stays"
    },
)
def threshold_each_object(
    image: Image,
    labels: Labels,
    mask: Mask | None = None,
    *,
    fraction: Annotated[float, Ge(0), Le(1)] = 0.4,
    inner: Annotated[float, Ge(0), Le(1)] = 0.6,
    outer: Annotated[float, Ge(0), Le(1)] = 0.1,
    objects: Brightness = "bright",
    min_contrast: Annotated[float, Ge(0)] = 0.0,
    noise: Annotated[Computed[Intensity], Histogram(histogram.find_noise)] = None,
) -> Labels:
    """Threshold each object alone, between its own brightness and that of its surroundings.

    Gives bright and dim objects in one image their true outlines. Let the labels reach beyond the objects first, by
    expand_labels, so that each holds a rim of background.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    labels : (Y, X) or (Z, Y, X) array of int
        The region in which each object lies; 0 is background.
    mask : (Y, X) or (Z, Y, X) bool array, optional
        Where the objects are known to be, for example the labels before they were expanded. Left out, all of each
        region.
    fraction : float
        Where the threshold lies between surroundings and object, 0 to 1; 0.5 is half of the maximum. A larger value
        gives smaller objects.
    inner : float
        Which pixel of those in the mask, from the darkest 0 to the brightest 1, stands for the object. A larger value
        gives smaller objects.
    outer : float
        Which pixel of the whole region stands for the surroundings. A larger value gives smaller objects.
    objects : {'bright', 'dark'}
        Whether objects are brighter or darker than their surroundings. For dark ones 0 is the brightest pixel.
    min_contrast : float
        By how many times the noise an object must differ from its surroundings; others are left out. A larger value
        keeps fewer objects, and 0 all. What a threshold finds in pure noise seldom reaches 6.
    noise : float, optional
        Deviation of the background. Left out, it is found from the histogram.

    Returns
    -------
    array of int
        One piece of each region, with its id and its holes filled.

    Notes
    -----
    The noise is the root mean square distance of the pixels below the median of the background to it; the background
    is what Otsu's threshold leaves of the image.
    Of several pieces the one with most pixels in the mask stays. Pieces join through edges and corners, holes through
    faces; a hole that reaches the border of the region is none. A region without a pixel in the mask, or of a single
    brightness, stays as it is. NaN pixels have no part, and stay only where they fill a hole. Sorting takes most of
    the time.

    References
    ----------
    .. [1] J. Ollion et al., "TANGO: a generic tool for high-throughput 3D image analysis for studying nuclear
       organization", Bioinformatics 29 (2013).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 0, 5, 9, 9, 5, 0, 0, 1, 2, 2, 1, 0]])
    >>> labels = np.array([[0, 3, 3, 3, 3, 3, 3, 0, 6, 6, 6, 6, 6]])
    >>> threshold_each_object(image, labels, fraction=0.6)
    array([[0, 0, 3, 3, 3, 3, 0, 0, 6, 6, 6, 6, 0]])
    """
    if not labels.any():
        return labels.copy()
    values = np.where(np.isnan(image), -np.inf, image) if image.dtype.kind == "f" else image
    if objects == "dark":
        values = -values.astype(np.float64)
        if image.dtype.kind == "f":
            values[np.isnan(image)] = -np.inf
    number = int(labels.max()) + 1
    valid = labels > 0
    if image.dtype.kind == "f":
        valid &= np.isfinite(values)
    core = valid if mask is None else valid & mask
    low = _ranked(values, labels, valid, number, outer)
    high = _ranked(values, labels, core, number, inner)
    level = low + fraction * (high - low)
    # nothing known of the object, or no contrast: it is left alone
    alone = ~(high > low)
    if min_contrast > 0:
        # called as a plain function: the block is all there is
        noise = histogram.of_block(histogram.find_noise, image, objects=objects) if noise is None else noise
        faint = ~(high - low >= min_contrast * noise)
        labels = np.where(faint[labels], 0, labels)
    kept = np.where((valid & (values > level[labels])) | alone[labels], labels, 0)
    return _without_holes(_largest_pieces(kept, core), labels).astype(labels.dtype, copy=False)


def _ranked(
    values: np.ndarray, labels: np.ndarray, where: np.ndarray, number: int, share: float
) -> np.ndarray:
    """Return for each id the value that this share of its pixels does not exceed; NaN where it has none."""
    ids, found = labels[where], values[where].astype(np.float64)
    order = np.lexsort((found, ids))
    ids, found = ids[order], found[order]
    count = np.bincount(ids, minlength=number)
    begin = np.cumsum(count) - count
    result = np.full(number, np.nan)
    some = count > 0
    result[some] = found[(begin + np.floor(share * (count - 1) + 0.5).astype(np.int64))[some]]
    return result


def _largest_pieces(labels: np.ndarray, core: np.ndarray) -> np.ndarray:
    """Return of each id the piece with most pixels in the core; of equals the first."""
    from skimage.measure import label

    parts = label(labels, background=0, connectivity=labels.ndim)
    n = int(parts.max(initial=0))
    inside = np.bincount(parts[core], minlength=n + 1)
    ids = np.zeros(n + 1, labels.dtype)
    ids[parts] = labels
    order = np.lexsort((np.arange(n + 1), -inside, ids))
    first = order[np.flatnonzero(np.diff(ids[order], prepend=-1))]
    stays = np.zeros(n + 1, bool)
    stays[first] = True
    stays[0] = False
    return np.where(stays[parts], labels, 0)


def _without_holes(kept: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Return objects with those parts of their regions filled that the rim of the region does not reach."""
    from skimage.measure import label

    left = np.where(kept == 0, regions, 0)
    parts = label(left, background=0, connectivity=1)
    opened = np.zeros(int(parts.max(initial=0)) + 1, bool)
    for axis in range(regions.ndim):
        along, of = np.moveaxis(parts, axis, 0), np.moveaxis(regions, axis, 0)
        step = of[1:] != of[:-1]
        for edge in (along[1:][step], along[:-1][step], along[:1], along[-1:]):
            opened[np.unique(edge)] = True
    opened[0] = True
    return np.where(opened[parts], kept, regions)
