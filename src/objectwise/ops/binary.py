"""Masks shaped: grown, shrunken, rebuilt, smoothed, thinned to lines, made convex."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Ge

from objectwise.core.locality import Halo, Whole
from objectwise.core.locality import Objects as EachObject
from objectwise.core.operation import Length, Mask, Objects, operation
from objectwise.kernels import prepared
from objectwise.ops.elements import Shape, near, reach_of_one
from objectwise.ops.labels import majority, reach_of_radius
from objectwise.ops.pieces import Connectivity, of_mask, of_objects


@operation(locality=Halo(reach_of_one), tiny={"radius": 2.0}, also=({"shape": "box"}, {"shape": "cross"}))
def erode(
    mask: Mask,
    *,
    radius: Annotated[Length, Ge(0)] = 1.0,
    shape: Shape = "ball",
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Shrink a mask by a radius.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.
    radius : float
        Radius of the element, in the unit of the pixel size. A larger value takes more away; what is
        narrower than twice this value vanishes. 0 changes nothing.
    shape : {'ball', 'box', 'cross'}
        A disc or ball, round in physical space; a square or box with this half-width; or lines of this
        half-length along the axes.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        The pixels around which the element lies within the mask.

    Notes
    -----
    The element holds the pixels whose centre is at most ``radius`` from its own. Objects are taken to
    continue beyond the border of the image. The cost does not depend on the radius.

    Examples
    --------
    >>> import numpy as np
    >>> erode(np.array([[0, 1, 1, 1, 1, 0, 1]], bool), radius=1).astype(int)
    array([[0, 0, 1, 1, 0, 0, 0]])
    """
    return ~near(~mask, radius, shape, spacing or (1.0,) * mask.ndim)


@operation(locality=Halo(reach_of_one), tiny={"radius": 2.0})
def dilate(
    mask: Mask,
    *,
    radius: Annotated[Length, Ge(0)] = 1.0,
    shape: Shape = "ball",
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Grow a mask by a radius.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.
    radius : float
        Radius of the element, in the unit of the pixel size. A larger value adds more; gaps narrower than
        twice this value close. 0 changes nothing.
    shape : {'ball', 'box', 'cross'}
        A disc or ball, round in physical space; a square or box with this half-width; or lines of this
        half-length along the axes.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        The pixels within an element of the mask.

    Notes
    -----
    The element holds the pixels whose centre is at most ``radius`` from its own. Nothing grows in from beyond
    the border of the image. The cost does not depend on the radius. To grow objects without joining them,
    use expand_labels.

    Examples
    --------
    >>> import numpy as np
    >>> dilate(np.array([[0, 1, 0, 0, 0, 0, 1]], bool), radius=1).astype(int)
    array([[1, 1, 1, 0, 0, 1, 1]])
    """
    return near(mask, radius, shape, spacing or (1.0,) * mask.ndim)


@operation(locality=EachObject("mask", of_mask), tiny={"radius": 2.0})
def open_by_reconstruction(
    mask: Mask,
    *,
    radius: Annotated[Length, Ge(0)] = 1.0,
    shape: Shape = "ball",
    connectivity: Connectivity = "full",
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Remove objects that are nowhere as wide as an element, and leave all others as they are.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.
    radius : float
        Radius of the element, in the unit of the pixel size. A larger value removes wider objects. 0
        changes nothing.
    shape : {'ball', 'box', 'cross'}
        A disc or ball, round in physical space; a square or box with this half-width; or lines of this
        half-length along the axes.
    connectivity : {'full', 'face'}
        Whether the pixels of an object join through edges and corners too, or through faces alone.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        The objects that the element fits into somewhere, unchanged.

    Notes
    -----
    Erosion, then the whole of each object of which something is left. Unlike after open, outlines stay as they
    are. Objects are taken to continue beyond the border of the image. The cost does not depend on the
    radius.

    References
    ----------
    .. [1] L. Vincent, "Morphological grayscale reconstruction in image analysis: applications and efficient
       algorithms", IEEE Transactions on Image Processing 2 (1993).

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.array([[1, 0, 1, 1, 1], [1, 0, 1, 1, 1], [1, 0, 1, 1, 1]], bool)
    >>> open_by_reconstruction(mask, radius=1, shape="box").astype(int)
    array([[0, 0, 1, 1, 1],
           [0, 0, 1, 1, 1],
           [0, 0, 1, 1, 1]])
    """
    eroded = ~near(~mask, radius, shape, spacing or (1.0,) * mask.ndim)
    pieces = of_mask(mask, connectivity=connectivity)
    stays = np.zeros(pieces.n + 1, bool)
    stays[pieces.parts[eroded]] = True
    stays[0] = False
    return stays[pieces.parts]


@operation(locality=Whole("the background is a single piece that crosses all tiles"), tiny={"radius": 2.0})
def close_by_reconstruction(
    mask: Mask,
    *,
    radius: Annotated[Length, Ge(0)] = 1.0,
    shape: Shape = "ball",
    connectivity: Connectivity = "face",
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Fill holes that are nowhere as wide as an element, and leave outlines as they are.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.
    radius : float
        Radius of the element, in the unit of the pixel size. A larger value fills wider holes. 0 changes
        nothing.
    shape : {'ball', 'box', 'cross'}
        A disc or ball, round in physical space; a square or box with this half-width; or lines of this
        half-length along the axes.
    connectivity : {'face', 'full'}
        Whether background joins through the faces of pixels alone, or through edges and corners too.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        The mask with those pieces of the background filled that the element fits into nowhere.

    Notes
    -----
    Opening by reconstruction of the background. Background that reaches the border of the image is taken to
    continue beyond it.

    References
    ----------
    .. [1] L. Vincent, "Morphological grayscale reconstruction in image analysis: applications and efficient
       algorithms", IEEE Transactions on Image Processing 2 (1993).

    Examples
    --------
    >>> import numpy as np
    >>> close_by_reconstruction(np.array([[0, 0, 0, 1, 0, 1]], bool), radius=2).astype(int)
    array([[0, 0, 0, 1, 1, 1]])
    """
    return ~open_by_reconstruction(
        ~mask, radius=radius, shape=shape, connectivity=connectivity, spacing=spacing
    )


@operation(locality=Halo(reach_of_radius), tiny={"radius": 2.0})
def smooth_mask(
    mask: Mask, *, radius: Annotated[Length, Ge(0)] = 2.0, spacing: tuple[float, ...] | None = None
) -> Mask:
    """Smooth the outlines of a mask by the majority around each pixel.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.
    radius : float
        Radius of the ball in which pixels are counted, in the unit of the pixel size. A larger value
        smooths more; specks, holes and cracks narrower than about this value vanish. 0 changes nothing.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        True where more than half of the pixels in the ball are; where just half are, a pixel stays as it is.

    Notes
    -----
    Also known as a median filter of a mask. Straight edges stay in their place, unlike after open and close.
    Pixels beyond the border of the image do not count.

    Examples
    --------
    >>> import numpy as np
    >>> smooth_mask(np.array([[1, 1, 1, 0, 1, 1, 0, 1, 0, 0]], bool), radius=1).astype(int)
    array([[1, 1, 1, 1, 1, 1, 1, 0, 0, 0]])
    """
    return majority(mask.view(np.uint8), radius, spacing or (1.0,) * mask.ndim).astype(bool)


_ONE_SIDED = (
    "pixels are taken away from one side first, so that of a line two pixels wide either one may be left, and "
    "a mirrored image gives the other"
)


@operation(
    locality=EachObject("mask", of_mask),
    exceptions={"mirrored_inputs_give_mirrored_results": _ONE_SIDED},
)
def skeletonize(mask: Mask) -> Mask:
    """Thin objects to lines one pixel wide that run along their middles.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.

    Returns
    -------
    bool array
        The skeletons. The skeleton of an object has as many pieces and holes as the object.

    Notes
    -----
    Zhang's method in 2-D and Lee's in 3-D, as in scikit-image. Smooth the mask first, as each bump of an outline
    grows a branch. Pixel sizes have no part in it. A mask without any background stays as it is.

    References
    ----------
    .. [1] T. Y. Zhang and C. Y. Suen, "A fast parallel algorithm for thinning digital patterns",
       Communications of the ACM 27 (1984).
    .. [2] T. C. Lee, R. L. Kashyap and C. N. Chu, "Building skeleton models via 3-D medial surface/axis
       thinning algorithms", CVGIP: Graphical Models and Image Processing 56 (1994).

    Examples
    --------
    >>> import numpy as np
    >>> skeletonize(np.array([[0, 0, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1]], bool)).astype(int)
    array([[0, 0, 0, 0],
           [1, 1, 0, 0],
           [0, 0, 1, 1]])
    """
    from skimage.morphology import skeletonize as thinned

    if mask.all() or not mask.any():
        return mask.copy()
    return thinned(prepared(mask, bool)).astype(bool)


@operation(
    locality=EachObject("mask", of_mask),
    dimensions=(2,),
    tiny={"n_iterations": 2},
    exceptions={"mirrored_inputs_give_mirrored_results": _ONE_SIDED},
)
def thin(mask: Mask, *, n_iterations: Annotated[int, Ge(0)] | None = None) -> Mask:
    """Peel objects from outside, one layer after another, without breaking or piercing them.

    Parameters
    ----------
    mask : (Y, X) bool array
        True inside the objects.
    n_iterations : int, optional
        How many layers are peeled off. A larger value leaves thinner objects. Left out, all are, down to
        lines one pixel wide.

    Returns
    -------
    bool array
        The thinner objects, as many as before.

    Notes
    -----
    Pixel by pixel as in scikit-image. A mask without any background stays as it is. O(n).

    References
    ----------
    .. [1] Z. Guo and R. W. Hall, "Parallel thinning with two-subiteration algorithms", Communications of the
       ACM 32 (1989).

    Examples
    --------
    >>> import numpy as np
    >>> thin(np.array([[0, 0, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1]], bool), n_iterations=1).astype(int)
    array([[0, 0, 0, 0],
           [1, 0, 0, 0],
           [0, 1, 1, 1]])
    """
    from objectwise.kernels.peeling import peeled

    if mask.all():
        return mask.copy()
    return peeled(mask, n_iterations)


@operation(locality=Whole("the hull of an object reaches over pixels of other tiles"))
def fill_convex_hull(objects: Objects, *, connectivity: Connectivity = "full") -> Objects:
    """Fill the convex hull of each object.

    Parameters
    ----------
    objects : (Y, X) or (Z, Y, X) array of bool or int
        A mask, whose connected pieces are the objects; or labels.
    connectivity : {'full', 'face'}
        Whether the pixels of an object in a mask join through edges and corners too, or through faces
        alone. Has no part in labels.

    Returns
    -------
    array of bool or int
        A mask from a mask, labels from labels, with their ids.

    Notes
    -----
    A pixel is in the hull if its centre is, and a pixel of the object stands for the middles of its edges (its
    faces in 3-D), as in scikit-image; the column solidity is of the same hull. Only background is filled:
    other objects keep their pixels, and where two hulls overlap the smaller id gets the pixel. In 3-D about a
    millisecond for each object.

    References
    ----------
    .. [1] C. B. Barber, D. P. Dobkin and H. Huhdanpaa, "The quickhull algorithm for convex hulls", ACM
       Transactions on Mathematical Software 22 (1996).

    Examples
    --------
    >>> import numpy as np
    >>> fill_convex_hull(np.array([[4, 0, 0, 4], [4, 4, 4, 4]]))
    array([[4, 4, 4, 4],
           [4, 4, 4, 4]])
    """
    from objectwise.measure.shape import hull_boxes

    pieces = of_objects(objects, connectivity=connectivity)
    result = objects.copy()
    if pieces.n == 0:
        return result
    ids = np.zeros(pieces.n + 1, objects.dtype)
    ids[pieces.parts.ravel()] = objects.ravel()
    owner = np.full(objects.shape, pieces.n + 1, np.int32)
    for number, (box, hull) in enumerate(hull_boxes(pieces.parts), start=1):
        take = hull & (objects[box] == 0) & (owner[box] > number)
        owner[box][take] = number
        result[box][take] = ids[number]
    return result
