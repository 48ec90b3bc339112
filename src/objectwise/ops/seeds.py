"""Seeds: one place in each object, from which a watershed or a growth starts.

Where a mask is given, each of its connected pieces is looked at alone, as the flood does that follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Le

from objectwise.core.locality import Objects as EachObject
from objectwise.core.operation import Computed, Image, Intensity, Labels, Length, Level, Mask, operation
from objectwise.core.parameter import Unit
from objectwise.core.statistics import Histogram
from objectwise.ops.histogram import of_block
from objectwise.ops.levels import of_share
from objectwise.ops.pieces import Connectivity, of_mask, structure
from objectwise.ops.watershed import in_order


def _by_connectivity(mask: np.ndarray, *, connectivity: str = "full", **_: Any) -> Any:
    return of_mask(mask, connectivity=connectivity)


def depth(mask: np.ndarray, spacing: Sequence[float] | None) -> np.ndarray:
    """Return the distance of each pixel of a mask to the nearest that is not in it; infinite where all are."""
    from objectwise.kernels.distance import squared_distances

    if mask.all():
        return np.full(mask.shape, np.inf, np.float32)
    squared = squared_distances(mask, spacing)
    return np.sqrt(squared, out=squared) * np.float32(min(spacing or (1.0,)))


@operation(locality=EachObject("mask", of_mask))
def distance_map(mask: Mask, *, spacing: tuple[float, ...] | None = None) -> Annotated[Image, Unit("length")]:
    """Measure the distance of each pixel of a mask to the background.

    The relief whose hills are the middles of round objects, and whose passes are the necks between them.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array
        In the unit of the pixel size, from the centre of a pixel to that of the nearest one that is not in the mask; 0
        outside the mask. Infinite everywhere in a mask that leaves nothing out.

    Notes
    -----
    Exact in any pixel size, O(n). Objects are taken to continue beyond the border of the image.

    References
    ----------
    .. [1] P. F. Felzenszwalb and D. P. Huttenlocher, "Distance transforms of sampled functions", Theory of Computing
       8 (2012).

    Examples
    --------
    >>> import numpy as np
    >>> distance_map(np.array([[0, 1, 1, 1, 1, 1, 0]], bool))
    array([[0., 1., 2., 3., 2., 1., 0.]], dtype=float32)
    """
    return depth(mask, spacing)


def _height(image: np.ndarray, objects: str) -> np.ndarray:
    """Return floats that are high where the objects are."""
    exact = np.float32 if image.dtype.itemsize <= 2 or image.dtype == np.float32 else np.float64
    height = image.astype(exact)
    return np.negative(height) if objects == "dark" else height


def _tenth(counts: np.ndarray, values: np.ndarray) -> float:
    """Return a tenth of the range of brightness, but for the darkest and brightest hundredth."""
    if len(counts) == 0:
        return 0.0
    span = of_share(counts, values, 0.99) - of_share(counts, values, 0.01)
    return float(f"{0.1 * span:.6g}")


_TENTH = Histogram(_tenth)


@operation(locality=EachObject("mask", _by_connectivity), tiny={"h": 10.0})
def find_h_maxima(
    image: Image,
    mask: Mask | None = None,
    *,
    h: Annotated[Computed[Intensity], _TENTH, Ge(0)] = None,
    objects: Literal["bright", "dark"] = "bright",
    connectivity: Connectivity = "full",
) -> Labels:
    """Find the hills of an image that rise by more than h above their surroundings, and give each an id.

    Fiji calls h the prominence, MorphoLibJ the tolerance, and what is found the extended maxima.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel; or a distance map, in which ``h`` is a length.
    mask : (Y, X) or (Z, Y, X) bool array, optional
        Where hills are looked for; each of its pieces has one at least. Left out, everywhere.
    h : float, optional
        How far a hill must rise above the highest pass that leads to a higher one. A larger value finds fewer. 0
        finds every maximum. Left out, a tenth of the range of brightness (from the 1st to the 99th percentile).
    objects : {'bright', 'dark'}
        Whether hills are looked for, or hollows: the h-minima.
    connectivity : {'full', 'face'}
        Whether pixels join through edges and corners too, or through faces alone.

    Returns
    -------
    int32 array
        The tops of the hills, all that is less than ``h`` below the summit; 0 elsewhere. The ids are 1, 2, 3 ... in
        reading order of the first pixels.

    Notes
    -----
    The regional maxima of the image rebuilt by dilation from itself less ``h``. The highest hill counts if it
    rises by more than ``h`` above the darkest pixel: an even image has none, and neither has one that is all NaN. A
    plateau is one hill; NaN pixels belong to none. About 0.7 s for 2048 x 2048 pixels.

    References
    ----------
    .. [1] P. Soille, "Morphological Image Analysis", Springer (1999), section 6.3.
    .. [2] L. Vincent, "Morphological grayscale reconstruction in image analysis", IEEE Trans. Image Processing 2
       (1993).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 9, 8, 9, 2, 6, 5, 7]])
    >>> find_h_maxima(image, h=3)
    array([[0, 1, 1, 1, 0, 2, 2, 2]], dtype=int32)
    """
    from objectwise.kernels.extrema import summits

    if h is None:
        h = of_block(_tenth, image)
    height = _height(image, objects)
    inside = np.ones(image.shape, bool) if mask is None else mask
    found = summits(height, inside, structure(image.ndim, connectivity), h, alone=True)
    return np.zeros(image.shape, np.int32) if mask is None and _is_even(found, height) else found


def _is_even(found: np.ndarray, height: np.ndarray) -> bool:
    """Whether what was found is all there is: one hill that stands above nothing."""
    return np.array_equal(found > 0, ~np.isnan(height))


@operation(locality=EachObject("mask", _by_connectivity), tiny={"min_distance": 2.0})
def find_local_maxima(
    image: Image,
    mask: Mask | None = None,
    *,
    min_distance: Annotated[Length, Ge(0)] = 3.0,
    threshold: Level | None = None,
    objects: Literal["bright", "dark"] = "bright",
    connectivity: Connectivity = "full",
    spacing: tuple[float, ...] | None = None,
) -> Labels:
    """Find the pixels that are brighter than all around them, and give each an id.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel, smoothed so that what is left has one maximum for each object; or a distance map.
    mask : (Y, X) or (Z, Y, X) bool array, optional
        Where maxima are looked for. Left out, everywhere.
    min_distance : float
        No pixel that is closer than this may be brighter, in the unit of the pixel size. A larger value finds fewer; 0
        finds all.
    threshold : float, optional
        How bright a maximum must be at least; of dark objects, how dark. Left out, any.
    objects : {'bright', 'dark'}
        Whether maxima are looked for, or minima.
    connectivity : {'full', 'face'}
        Whether a pixel is compared with the neighbours at edges and corners too, or at faces alone.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    int32 array
        An id at each maximum, 0 elsewhere. The ids are 1, 2, 3 ... in reading order of the first pixels.

    Notes
    -----
    Pixels of equal brightness that touch are one maximum. Of two that are equally bright and closer than
    ``min_distance`` the first in reading order stays. The border of the image counts too. An even image has none. In a
    mask, pixels of other pieces are not looked at, but a pixel that has a brighter neighbour outside is none; a piece
    of even brightness is one, if all around it is not brighter. NaN pixels count as darker than all others. About
    0.4 s for 2048 x 2048 pixels.

    Examples
    --------
    >>> import numpy as np
    >>> find_local_maxima(np.array([[3, 5, 5, 4, 6, 0, 0, 0, 2]]), min_distance=2)
    array([[0, 1, 1, 0, 2, 0, 0, 0, 3]], dtype=int32)
    """
    from objectwise.kernels.extrema import far_apart, overtopped, summits

    spacing = spacing or (1.0,) * image.ndim
    height = _height(image, objects)
    inside = np.ones(image.shape, bool) if mask is None else mask
    found = summits(height, inside, structure(image.ndim, connectivity))
    n = int(found.max(initial=0))
    if n == 0 or (mask is None and _is_even(found, height)):
        return np.zeros(image.shape, np.int32)
    pieces = None if mask is None else _by_connectivity(mask, connectivity=connectivity).parts
    keep = ~overtopped(height, found, pieces, spacing, min_distance)[1:]
    # the place of each maximum, the mean of its pixels
    pixels = np.flatnonzero(found)
    number = found.ravel()[pixels] - 1
    places = np.unravel_index(pixels, image.shape)
    size = np.bincount(number)
    position = np.stack([np.bincount(number, place) / size for place in places], axis=1)
    first = np.zeros(n, np.int64)
    first[number[::-1]] = pixels[::-1]
    level = height.ravel()[first]
    if threshold is not None:
        keep &= level >= (-threshold if objects == "dark" else threshold)
    group = np.zeros(n, np.int64) if pieces is None else pieces.ravel()[first]
    chosen = np.flatnonzero(keep)
    keep[chosen] = far_apart(position[chosen], level[chosen], group[chosen], spacing, min_distance)
    ids = np.zeros(n + 1, np.int32)
    ids[1:][keep] = np.arange(1, int(keep.sum()) + 1)
    return ids[found]


def _full(mask: np.ndarray, **_: Any) -> Any:
    return of_mask(mask)


@operation(locality=EachObject("mask", _full))
def find_sure_foreground(
    mask: Mask,
    *,
    fraction: Annotated[float, Ge(0), Le(1)] = 0.7,
    spacing: tuple[float, ...] | None = None,
) -> Labels:
    """Find the parts of a mask that are farthest from its outline, and give each an id.

    The sure foreground of OpenCV's recipe for touching objects, there of the image as a whole.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects, which may touch.
    fraction : float
        How far from the background, as a fraction of the largest distance within the same connected piece, 0 to
        1. A larger value leaves smaller parts, in general more of them, until the smaller objects of a group have
        none.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    int32 array
        The parts, 0 elsewhere; the ids are 1, 2, 3 ... in reading order of the first pixels.

    Notes
    -----
    Each piece of the mask has one part at least. Objects join through edges and corners. A mask that leaves nothing
    out is one part.

    References
    ----------
    .. [1] OpenCV, "Image Segmentation with Watershed Algorithm", tutorial of imgproc.

    Examples
    --------
    >>> import numpy as np
    >>> find_sure_foreground(np.array([[0, 1, 1, 1, 1, 1, 0, 1, 0]], bool))
    array([[0, 0, 0, 1, 0, 0, 0, 2, 0]], dtype=int32)
    """
    from scipy import ndimage

    away = depth(mask, spacing)
    pieces = of_mask(mask)
    largest = np.zeros(pieces.n + 1)
    np.maximum.at(largest, pieces.parts[mask], away[mask])
    # with the fraction 1 the farthest pixels stay
    limit = np.nextafter(
        np.minimum(fraction, 1 - 1e-7) * np.minimum(largest, np.finfo(np.float32).max), np.inf
    )
    return in_order(ndimage.label(mask & (away >= limit[pieces.parts]), structure(mask.ndim, "full"))[0])
