"""From masks to objects: connected components, touching objects split, seeds grown.

Each connected piece of a mask is an island of its own: what happens in it does not depend on any other. That is
what lets a whole plate and a tile give the same objects.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Le

from objectwise.core.locality import Components, Whole
from objectwise.core.locality import Objects as EachObject
from objectwise.core.operation import Image, Labels, Length, Mask, Value, operation
from objectwise.core.parameter import Unit
from objectwise.ops.pieces import Connectivity, in_reading_order, of_mask

_numbered = Components(of_mask, in_reading_order)


@operation(locality=_numbered)
def label_components(mask: Mask, *, connectivity: Connectivity = "full") -> Labels:
    """Give each connected piece of a mask an id.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.
    connectivity : {'full', 'face'}
        Whether pixels join through edges and corners too (8 neighbours in 2-D, 26 in 3-D), or through
        faces alone (4 and 6).

    Returns
    -------
    int32 array
        0 is background; the ids are 1, 2, 3 ... in reading order of the first pixels.

    Examples
    --------
    >>> import numpy as np
    >>> label_components(np.array([[0, 1, 1, 0, 1]], bool))
    array([[0, 1, 1, 0, 2]], dtype=int32)
    """
    return _numbered.whole(mask, connectivity=connectivity)


@operation(
    locality=EachObject("mask", of_mask),
    tiny={"min_diameter": 4.0},
    exceptions={
        "mirrored_inputs_give_mirrored_results": "many pixels of a mask are equally far from the background, "
        "and where objects meet at such pixels the one that comes first in reading order gets them"
    },
)
def split_touching(
    mask: Mask,
    *,
    min_diameter: Annotated[Length, Ge(0)] = 10.0,
    min_neck: Annotated[float, Ge(0), Le(1)] = 0.15,
    spacing: tuple[float, ...] | None = None,
) -> Labels:
    """Split touching objects at their necks, and give each an id.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.
    min_diameter : float
        Smallest diameter of an object, in the unit of the pixel size: a bulge narrower than this is not
        split off. A larger value splits less.
    min_neck : float
        How much narrower than the object the neck must be, as a fraction of its width, 0 to 1. A larger
        value splits less; 0 splits at every bulge.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    int32 array
        0 is background; the ids are 1, 2, 3 ... in reading order of the first pixels.

    Notes
    -----
    Every pixel has a distance to the background. The hills of that distance are the middles of objects, and the
    pass between two hills is half the width of the neck. A hill stands for an object if it is at least
    ``min_diameter / 2`` high, and higher than the pass to a larger one by ``min_neck`` of its height. The mask
    is then flooded from these hills. Objects join through edges and corners. Linear in the number of pixels.

    References
    ----------
    .. [1] S. Beucher and C. Lantuéjoul, "Use of watersheds in contour detection", Int. Workshop on Image
       Processing, Rennes (1979).
    .. [2] L. Vincent and P. Soille, "Watersheds in digital spaces", IEEE Trans. PAMI 13 (1991).

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:11, :20]
    >>> mask = ((y - 5) ** 2 + (x - 5) ** 2 < 25) | ((y - 5) ** 2 + (x - 14) ** 2 < 25)
    >>> split_touching(mask, min_diameter=6).max()
    np.int32(2)
    """
    from objectwise.kernels.distance import squared_distances
    from objectwise.kernels.flood import flood_in_order
    from objectwise.kernels.hills import downhill, hill_tops
    from objectwise.kernels.islands import paint, renumber

    squared, unit = squared_distances(mask, spacing), min(spacing or (1.0,))
    order = downhill(squared, mask)
    del squared
    tops = hill_tops(order, min_diameter / 2 / unit, min_neck)
    owner = np.zeros(len(order.pixel), np.int32)
    owner[tops] = np.arange(1, len(tops) + 1)
    flood_in_order(order, owner, full=True)
    labels = np.zeros(mask.shape, np.int32)
    paint(order, owner, labels)
    renumber(labels, len(tops))
    return labels


def in_order(labels: np.ndarray) -> np.ndarray:
    """Return labels with the ids 1, 2, 3 ... in reading order of their first pixels."""
    from objectwise.kernels.islands import renumber

    labels = np.array(labels, np.int32, order="C")
    renumber(labels, int(labels.max(initial=0)))
    return labels


def steepness(image: np.ndarray) -> np.ndarray:
    """Return the size of the gradient of an image, by Sobel's filter."""
    from scipy import ndimage

    values = image if image.dtype.kind == "f" else image.astype(np.float64)
    return np.sqrt(sum(ndimage.sobel(values, axis, mode="nearest") ** 2 for axis in range(image.ndim)))


def full_pieces(mask: np.ndarray, **_: Any) -> Any:
    """Return the pieces of a mask that are worked on alone, however objects grow within them."""
    return of_mask(mask, connectivity="full")


@operation(locality=EachObject("mask", full_pieces))
def watershed_seeded(
    image: Image,
    seeds: Labels,
    mask: Mask | None = None,
    *,
    relief: Literal["image", "inverted", "gradient"] = "image",
    connectivity: Connectivity = "face",
    lines: bool = False,
) -> Labels:
    """Grow seeds until they meet, along the valleys of an image.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        The relief that is flooded from the seeds.
    seeds : (Y, X) or (Z, Y, X) array of int
        One id for each object, somewhere inside it; 0 elsewhere.
    mask : (Y, X) or (Z, Y, X) bool array, optional
        Where objects may grow. Left out, they fill the whole image.
    relief : {'image', 'inverted', 'gradient'}
        Where objects meet: ``image`` at bright ridges, as between cells with stained membranes;
        ``inverted`` at dark valleys, as between stained nuclei; ``gradient`` at edges, found by a Sobel
        filter.
    connectivity : {'face', 'full'}
        Whether objects grow through the faces of pixels alone, or through edges and corners too.
    lines : bool
        Whether a line of background, one pixel wide, is left between objects that meet.

    Returns
    -------
    array of int
        The grown objects, with the ids of their seeds.

    Notes
    -----
    The water rises from all seeds: a pixel is flooded when the water is as high as the pixel and as the way there,
    and what was reached first goes first. Without lines this is the order of scikit-image, but where seeds are
    equally high: here the first in reading order goes first. Seeds outside the mask are left out, and a piece of
    the mask without a seed stays background. NaN pixels are flooded last.

    References
    ----------
    .. [1] F. Meyer, "Topographic distance and watershed lines", Signal Processing 38 (1994).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[1, 1, 9, 1, 1]])
    >>> watershed_seeded(image, np.array([[4, 0, 0, 0, 2]]), lines=True)
    array([[4, 4, 0, 2, 2]], dtype=int32)
    """
    from objectwise.kernels.flood import flood

    full = connectivity == "full"
    if relief == "gradient":
        image = steepness(image)
    return flood(image, seeds, mask, full=full, lines=lines, inverted=relief == "inverted")


@operation(locality=Whole("the typical size is that of all objects of a frame"))
def estimate_diameter(
    mask: Mask, *, spacing: tuple[float, ...] | None = None
) -> Annotated[Value, Unit("length")]:
    """Estimate the typical diameter of the objects in a mask.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects; they may touch.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float
        In the unit of the pixel size; 0 where there is no object.

    Notes
    -----
    Twice the distance to the background at the hills of the distance map, the median over all hills, each
    counted by its area, so that specks have no say.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:21, :21]
    >>> round(estimate_diameter((y - 10) ** 2 + (x - 10) ** 2 <= 64), 1)
    15.1
    """
    from objectwise.kernels.distance import squared_distances
    from objectwise.kernels.hills import downhill, hill_tops

    if not mask.any():
        return 0.0
    order = downhill(squared_distances(mask, spacing), mask)
    unit = min(spacing or (1.0,))
    distance = np.sqrt(order.key.view(np.float32)[hill_tops(order, 0.0, 0.15)]).astype(float)
    # the nearest background pixel's centre lies half a pixel beyond the edge
    widths = np.sort((2 * distance - 1) * unit)
    area = np.cumsum(widths**mask.ndim)
    return float(widths[np.searchsorted(area, area[-1] / 2)])
