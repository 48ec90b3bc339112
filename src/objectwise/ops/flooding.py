"""Watersheds with a rule of their own: objects kept compact, and objects grown against the background."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge

from objectwise.core.locality import Objects as EachObject
from objectwise.core.operation import Image, Labels, Mask, operation
from objectwise.ops.pieces import Connectivity, structure
from objectwise.ops.watershed import full_pieces, steepness

Relief = Literal["image", "inverted", "gradient"]


def surface(image: np.ndarray, relief: Relief) -> np.ndarray:
    """Return what is flooded, as floats; NaN pixels are highest."""
    height = steepness(image) if relief == "gradient" else image
    height = height if height.dtype.kind == "f" else height.astype(np.float64)
    height = -height if relief == "inverted" else height
    return np.where(np.isnan(height), np.inf, height)


@operation(locality=EachObject("mask", full_pieces), tiny={"compactness": 5.0})
def watershed_compact(
    image: Image,
    seeds: Labels,
    mask: Mask | None = None,
    *,
    compactness: Annotated[float, Ge(0)] = 1.0,
    relief: Relief = "image",
    connectivity: Connectivity = "face",
    spacing: tuple[float, ...] | None = None,
) -> Labels:
    """Grow seeds until they meet, along the valleys of an image but in compact shapes.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        The relief that is flooded from the seeds.
    seeds : (Y, X) or (Z, Y, X) array of int
        One id for each object, somewhere inside it; 0 elsewhere.
    mask : (Y, X) or (Z, Y, X) bool array, optional
        Where objects may grow. Left out, they fill the whole image.
    compactness : float
        How much brightness a distance of one pixel from the seed counts as. With 0 this is the plain watershed; a
        larger value makes rounder objects of more equal size, in the end the regions that are nearest to each seed.
    relief : {'image', 'inverted', 'gradient'}
        Where objects meet: ``image`` at bright ridges, ``inverted`` at dark valleys, ``gradient`` at edges, found by
        a Sobel filter.
    connectivity : {'face', 'full'}
        Whether objects grow through the faces of pixels alone, or through edges and corners too.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array of int
        The grown objects, with the ids of their seeds.

    Notes
    -----
    What comes first is the pixel with the lowest sum of its brightness and ``compactness`` times the distance, in
    units of the smallest pixel size, to the pixel of the seed that it is reached from. Seeds outside the mask are
    left out, and a piece of the mask without a seed stays background. NaN pixels are flooded last. O(n log n):
    about 4 s for 2048 x 2048 pixels without a mask.

    References
    ----------
    .. [1] P. Neubert and P. Protzel, "Compact watershed and preemptive SLIC: on improving trade-offs of superpixel
       segmentation algorithms", ICPR (2014).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 5, 0, 0, 0, 0, 0]])
    >>> seeds = np.array([[4, 0, 0, 0, 0, 0, 2]])
    >>> watershed_compact(image, seeds, compactness=0)
    array([[4, 4, 2, 2, 2, 2, 2]], dtype=int32)
    >>> watershed_compact(image, seeds, compactness=9)
    array([[4, 4, 4, 2, 2, 2, 2]], dtype=int32)
    """
    from objectwise.kernels.compact import flood_compactly

    around = structure(image.ndim, connectivity)
    return flood_compactly(
        surface(image, relief), seeds, mask, around, compactness, spacing or (1.0,) * image.ndim
    )


@operation(locality=EachObject("mask", full_pieces))
def grow_against_background(
    image: Image,
    seeds: Labels,
    mask: Mask,
    *,
    relief: Relief = "gradient",
    connectivity: Connectivity = "face",
) -> Labels:
    """Grow seeds into an unknown zone until they meet each other, or the background that grows into it too.

    The last step of OpenCV's recipe and of scikit-image's coins: the outline is found at the strongest edge between
    what is surely an object and what is surely background, without a threshold.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        The relief that is flooded from the seeds and from the background.
    seeds : (Y, X) or (Z, Y, X) array of int
        One id for each object, what is surely a part of it; 0 elsewhere.
    mask : (Y, X) or (Z, Y, X) bool array
        What may belong to objects; all outside of it is surely background. Make it generous.
    relief : {'image', 'inverted', 'gradient'}
        Where the regions meet: ``gradient`` at edges, found by a Sobel filter; ``image`` at bright ridges;
        ``inverted`` at dark valleys.
    connectivity : {'face', 'full'}
        Whether regions grow through the faces of pixels alone, or through edges and corners too.

    Returns
    -------
    array of int
        The grown objects, with the ids of their seeds; 0 where the background has come.

    Notes
    -----
    The background starts first, so that what touches it is background but for the seeds. Seeds outside the mask are
    left out, and a piece of the mask without a seed becomes background. NaN pixels are flooded last.

    References
    ----------
    .. [1] F. Meyer, "Topographic distance and watershed lines", Signal Processing 38 (1994).
    .. [2] S. van der Walt et al., "scikit-image: image processing in Python", PeerJ 2:e453 (2014).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[2, 2, 2, 2, 9, 9, 9, 9]])
    >>> mask = np.array([[0, 1, 1, 1, 1, 1, 1, 1]], bool)
    >>> grow_against_background(image, np.array([[0, 0, 0, 0, 0, 0, 3, 0]]), mask)
    array([[0, 0, 0, 0, 3, 3, 3, 3]], dtype=int32)
    """
    from scipy import ndimage

    from objectwise.kernels.flood import flood

    around = structure(image.ndim, connectivity)
    rim = ndimage.binary_dilation(mask, around) & ~mask
    background = int(seeds.max(initial=0)) + 1
    heights = np.where(rim, -np.inf, surface(image, relief))
    marks = np.where(mask, seeds, np.where(rim, background, 0)).astype(np.int32)
    grown = flood(heights, marks, mask | rim, full=connectivity == "full", lines=False)
    return np.where(grown == background, 0, grown)
