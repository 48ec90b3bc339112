"""Touching objects split by what is bright in them, alone or together with their shape.

The hills that stand for objects are found in each piece of the mask by itself, in fractions of their height, so that
a dim group of objects is split as a bright one is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from objectwise.core.locality import Objects as EachObject
from objectwise.core.locality import Pieces
from objectwise.core.operation import Image, Labels, Length, Mask, operation
from objectwise.ops.pieces import of_mask
from objectwise.ops.seeds import depth
from objectwise.ops.watershed import in_order


def _share(image: np.ndarray, pieces: Pieces) -> np.ndarray:
    """Return how bright each pixel is, as a fraction of the way from the darkest to the brightest of its piece.

    Where a piece is even it is 1 everywhere, and outside of all pieces 0.
    """
    inside = np.flatnonzero(pieces.parts)
    piece = pieces.parts.ravel()[inside]
    values = image.ravel()[inside].astype(np.float64)
    known = np.isfinite(values)
    darkest, brightest = np.full(pieces.n + 1, np.inf), np.full(pieces.n + 1, -np.inf)
    np.minimum.at(darkest, piece[known], values[known])
    np.maximum.at(brightest, piece[known], values[known])
    even = ~(brightest > darkest)
    darkest[even], brightest[even] = 0.0, 1.0
    share = np.where(known, values - darkest[piece], 0.0) / (brightest - darkest)[piece]
    found = np.zeros(image.shape, np.float32)
    found.ravel()[inside] = np.where(even[piece], 1.0, share)
    return found


def _split(
    height: np.ndarray,
    mask: np.ndarray,
    pieces: Pieces,
    min_contrast: float,
    min_distance: float,
    spacing: Sequence[float] | None,
) -> np.ndarray:
    """Return a mask flooded from its hills."""
    from objectwise.kernels.extrema import far_apart
    from objectwise.kernels.flood import flood
    from objectwise.kernels.hills import downhill, hill_tops
    from objectwise.kernels.islands import paint

    # a plateau has no valley in it, not even one of no depth, nor has one at the darkest level
    height = np.maximum(height, 1e-6)
    order = downhill((height**2).astype(np.float32), mask)
    stands = np.zeros(len(order.pixel), np.uint8)
    stands[hill_tops(order, 0.0, max(min_contrast, 1e-6))] = 1
    here = np.zeros(mask.shape, np.uint8)
    paint(order, stands, here)
    tops = np.flatnonzero(here)
    position = np.stack(np.unravel_index(tops, mask.shape), axis=1)
    level, group = height.ravel()[tops], pieces.parts.ravel()[tops]
    tops = tops[far_apart(position, level, group, spacing or (1.0,) * mask.ndim, min_distance)]
    seeds = np.zeros(mask.shape, np.int32)
    seeds.ravel()[tops] = np.arange(1, len(tops) + 1)
    return in_order(flood(height, seeds, mask, full=True, lines=False, inverted=True))


@operation(locality=EachObject("mask", of_mask), tiny={"min_distance": 3.0})
def split_touching_by_intensity(
    image: Image,
    mask: Mask,
    *,
    min_contrast: Annotated[float, Ge(0), Le(1)] = 0.25,
    min_distance: Annotated[Length, Ge(0)] = 6.0,
    spacing: tuple[float, ...] | None = None,
) -> Labels:
    """Split touching objects at the dark valleys between them, and give each an id.

    For objects that are bright in the middle and darker where they meet. Smooth the image first, about as wide as
    half an object, so that texture within an object does not split it.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel; objects are bright. Invert it where they are dark.
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.
    min_contrast : float
        How much darker the valley must be than the less bright of two objects, as a fraction of its brightness above
        the darkest pixel of the piece of the mask, 0 to 1. A larger value splits less.
    min_distance : float
        Of two brightest places that are closer than this the less bright one is none, in the unit of the pixel
        size. A larger value splits less.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    int32 array
        0 is background; the ids are 1, 2, 3 ... in reading order of the first pixels.

    Notes
    -----
    The mask is flooded from its brightest places along the inverted image. Each piece of the mask becomes one object
    at least. NaN and infinite pixels count as the darkest. Objects join through edges and corners. O(n log n): some
    seconds for 2048 x 2048 pixels.

    References
    ----------
    .. [1] L. Vincent and P. Soille, "Watersheds in digital spaces", IEEE Trans. PAMI 13 (1991).
    .. [2] A. E. Carpenter et al., "CellProfiler: image analysis software for identifying and quantifying cell
       phenotypes", Genome Biology 7:R100 (2006).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[1, 5, 9, 5, 3, 5, 8, 4, 1]])
    >>> split_touching_by_intensity(image, image > 1, min_distance=2)
    array([[0, 1, 1, 1, 1, 2, 2, 2, 0]], dtype=int32)
    """
    pieces = of_mask(mask)
    return _split(_share(image, pieces), mask, pieces, min_contrast, min_distance, spacing)


@operation(
    locality=EachObject("mask", of_mask),
    tiny={"min_distance": 3.0},
    title="Split touching by distance and intensity",
)
def split_touching_combined(
    image: Image,
    mask: Mask,
    *,
    min_contrast: Annotated[float, Ge(0), Le(1)] = 0.2,
    min_distance: Annotated[Length, Ge(0)] = 6.0,
    spacing: tuple[float, ...] | None = None,
) -> Labels:
    """Split touching objects where they are narrow and dark, by distance and intensity combined.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel; objects are bright. Invert it where they are dark, and smooth it where it is noisy.
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.
    min_contrast : float
        How much lower the pass between two objects must be than the lower of the two, as a fraction of its height, 0
        to 1. A larger value splits less.
    min_distance : float
        Of two tops that are closer than this the lower one is none, in the unit of the pixel size. A larger value
        splits less.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    int32 array
        0 is background; the ids are 1, 2, 3 ... in reading order of the first pixels.

    Notes
    -----
    The relief is the distance to the background times the brightness above the darkest pixel of the piece, so that a
    pass which either of the two shows counts, and one that both show counts twice; combinations of distance and
    gradient are made in this way too [1]_. The mask is flooded from the tops of this relief. Each piece of the mask
    becomes one object at least. NaN and infinite pixels count as the darkest. Objects join through edges and
    corners. O(n log n): some seconds for 2048 x 2048 pixels.

    References
    ----------
    .. [1] G. Lin et al., "A hybrid 3D watershed algorithm guided by gradient cues and object models for automatic
       segmentation of nuclei in confocal image stacks", Cytometry A 56 (2003).
    .. [2] C. Wählby et al., "Combining intensity, edge and shape information for 2D and 3D segmentation of cell nuclei
       in tissue sections", J. Microscopy 215 (2004).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 7, 9, 8, 4, 7, 9, 6, 0]])
    >>> split_touching_combined(image, image > 0, min_distance=2)
    array([[0, 1, 1, 1, 1, 2, 2, 2, 0]], dtype=int32)
    """
    pieces = of_mask(mask)
    brightness = _share(image, pieces)
    away = depth(mask, spacing)
    height = brightness * np.where(np.isinf(away), 1.0, away)
    return _split(height, mask, pieces, min_contrast, min_distance, spacing)
