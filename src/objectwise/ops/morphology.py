"""Morphology: masks and labels cleaned by shape, size and position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge

from objectwise.core.locality import Components, Facts, Halo
from objectwise.core.operation import Length, Mask, Objects, Size, operation
from objectwise.ops.elements import Shape, near, reach_of_one, reach_of_two
from objectwise.ops.pieces import Connectivity, of_background, of_objects, pixel_size, staying


@operation(locality=Halo(reach_of_two), tiny={"radius": 2.0}, also=({"shape": "box"}, {"shape": "cross"}))
def open(
    mask: Mask,
    *,
    radius: Annotated[Length, Ge(0)] = 1.0,
    shape: Shape = "ball",
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Remove specks and thin bridges, and keep what an element of this radius fits into.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.
    radius : float
        Radius of the element, in the unit of the pixel size. A larger value removes larger specks and
        rounds corners more. 0 changes nothing.
    shape : {'ball', 'box', 'cross'}
        A disc or ball, round in physical space; a square or box with this half-width; or lines of this
        half-length along the axes.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        The opened mask.

    Notes
    -----
    Erosion, then dilation. The element holds the pixels whose centre is at most ``radius`` from its own, so
    a box of radius 2 pixels is 5 x 5. Objects are taken to continue beyond the border of the image. The
    cost does not depend on the radius.

    Examples
    --------
    >>> import numpy as np
    >>> open(np.array([[0, 1, 0, 1, 1, 1, 0]], bool), radius=1, shape="box").astype(int)
    array([[0, 0, 0, 1, 1, 1, 0]])
    """
    spacing = spacing or (1.0,) * mask.ndim
    eroded = ~near(~mask, radius, shape, spacing)
    return near(eroded, radius, shape, spacing)


@operation(locality=Halo(reach_of_two), tiny={"radius": 2.0})
def close(
    mask: Mask,
    *,
    radius: Annotated[Length, Ge(0)] = 1.0,
    shape: Shape = "ball",
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Close gaps, cracks and small holes that an element of this radius does not fit into.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.
    radius : float
        Radius of the element, in the unit of the pixel size. A larger value closes wider gaps, and joins
        objects nearer than twice the radius. 0 changes nothing.
    shape : {'ball', 'box', 'cross'}
        A disc or ball, round in physical space; a square or box with this half-width; or lines of this
        half-length along the axes.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        The closed mask.

    Notes
    -----
    Dilation, then erosion. The element holds the pixels whose centre is at most ``radius`` from its own, so
    a box of radius 2 pixels is 5 x 5. Beyond the border of the image nothing is grown and nothing eaten
    away. The cost does not depend on the radius.

    Examples
    --------
    >>> import numpy as np
    >>> close(np.array([[0, 1, 0, 1, 0, 0, 0]], bool), radius=1, shape="box").astype(int)
    array([[1, 1, 1, 1, 0, 0, 0]])
    """
    spacing = spacing or (1.0,) * mask.ndim
    grown = near(mask, radius, shape, spacing)
    return ~near(~grown, radius, shape, spacing)


@operation(locality=Halo(reach_of_two), tiny={"radius": 2.0})
def tophat(
    mask: Mask,
    *,
    radius: Annotated[Length, Ge(0)] = 3.0,
    shape: Shape = "ball",
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Keep specks, thin lines and the tips of corners: what opening takes away.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.
    radius : float
        Radius of the element, in the unit of the pixel size. A larger value keeps wider ones. 0 leaves nothing.
    shape : {'ball', 'box', 'cross'}
        A disc or ball, round in physical space; a square or box with this half-width; or lines of this
        half-length along the axes.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        The pixels that the element does not reach within the mask.

    Notes
    -----
    The mask less its opening; element and borders as in `open`.

    Examples
    --------
    >>> import numpy as np
    >>> tophat(np.array([[0, 1, 0, 1, 1, 1, 0]], bool), radius=1, shape="box").astype(int)
    array([[0, 1, 0, 0, 0, 0, 0]])
    """
    return mask & ~open(mask, radius=radius, shape=shape, spacing=spacing)


@operation(locality=Halo(reach_of_two), tiny={"radius": 2.0})
def bottomhat(
    mask: Mask,
    *,
    radius: Annotated[Length, Ge(0)] = 3.0,
    shape: Shape = "ball",
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Keep gaps, cracks and small holes between objects: what closing adds.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.
    radius : float
        Radius of the element, in the unit of the pixel size. A larger value keeps wider ones. 0 leaves nothing.
    shape : {'ball', 'box', 'cross'}
        A disc or ball, round in physical space; a square or box with this half-width; or lines of this
        half-length along the axes.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        The background that the element does not reach.

    Notes
    -----
    The closing of the mask less the mask; element and borders as in `close`.

    Examples
    --------
    >>> import numpy as np
    >>> bottomhat(np.array([[0, 1, 0, 1, 0, 0, 0]], bool), radius=1, shape="box").astype(int)
    array([[1, 0, 1, 0, 0, 0, 0]])
    """
    return close(mask, radius=radius, shape=shape, spacing=spacing) & ~mask


@operation(locality=Halo(reach_of_one), tiny={"radius": 1.0})
def gradient(
    mask: Mask,
    *,
    radius: Annotated[Length, Ge(0)] = 1.0,
    shape: Shape = "ball",
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Mark a band along the outlines of a mask, inside and outside.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.
    radius : float
        Radius of the element, in the unit of the pixel size. A larger value makes a wider band. 0 leaves nothing.
    shape : {'ball', 'box', 'cross'}
        A disc or ball, round in physical space; a square or box with this half-width; or lines of this
        half-length along the axes.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        True in the band.

    Notes
    -----
    Dilation less erosion. Objects are taken to continue beyond the border of the image; for the outlines of each
    object of a labels image, one pixel wide, use label_boundaries.

    Examples
    --------
    >>> import numpy as np
    >>> gradient(np.array([[0, 0, 0, 1, 1, 1, 1]], bool), radius=1).astype(int)
    array([[0, 0, 1, 1, 0, 0, 0]])
    """
    spacing = spacing or (1.0,) * mask.ndim
    return near(mask, radius, shape, spacing) & near(~mask, radius, shape, spacing)


def _inner(facts: Facts, *, max_size: float | None, spacing: Sequence[float] | None, **_: Any) -> np.ndarray:
    fill = facts.faces == 0
    if max_size is not None:
        fill &= facts.size * pixel_size(spacing) <= max_size * (1 + 1e-9)
    # what is in no piece of the background is in the mask
    fill[0] = True
    return fill


_holes = Components(of_background, _inner)


@operation(locality=_holes)
def fill_holes(
    mask: Mask,
    *,
    max_size: Annotated[Size, Ge(0)] | None = None,
    connectivity: Connectivity = "face",
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Fill the holes inside objects.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) bool array
        True inside the objects.
    max_size : float, optional
        Largest area (2-D) or volume (3-D) of a hole that is filled, in the unit of the pixel size. Left
        out, holes of any size are filled.
    connectivity : {'face', 'full'}
        Whether background joins through the faces of pixels alone, or through edges and corners too; with
        ``full`` a hole that leaks out through a corner is none.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        The mask without its holes.

    Notes
    -----
    A hole is background that does not reach the border of the image. In 3-D it has to be closed on all
    sides; to fill rings plane by plane, run the step by plane.

    Examples
    --------
    >>> import numpy as np
    >>> fill_holes(np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)).sum()
    np.int64(9)
    """
    return _holes.whole(mask, max_size=max_size, connectivity=connectivity, spacing=spacing)


def _large(facts: Facts, *, min_size: float, spacing: Sequence[float] | None, **_: Any) -> np.ndarray:
    return staying(facts.size * pixel_size(spacing) >= min_size * (1 - 1e-9), facts)


_small = Components(of_objects, _large)


@operation(locality=_small, tiny={"min_size": 40.0})
def remove_small(
    objects: Objects,
    *,
    min_size: Annotated[Size, Ge(0)] = 64.0,
    connectivity: Connectivity = "full",
    spacing: tuple[float, ...] | None = None,
) -> Objects:
    """Remove objects below a size.

    Parameters
    ----------
    objects : (Y, X) or (Z, Y, X) array of bool or int
        A mask, whose connected pieces are the objects; or labels.
    min_size : float
        Smallest area (2-D) or volume (3-D) of an object that stays, in the unit of the pixel size.
    connectivity : {'full', 'face'}
        Whether the pixels of an object in a mask join through edges and corners too, or through faces
        alone. Has no part in labels.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array of bool or int
        A mask from a mask, labels from labels; the ids stay as they are.

    Examples
    --------
    >>> import numpy as np
    >>> remove_small(np.array([[3, 3, 0, 5, 5, 5]]), min_size=3)
    array([[0, 0, 0, 5, 5, 5]])
    """
    return _small.whole(objects, min_size=min_size, connectivity=connectivity, spacing=spacing)


def _away_from_border(facts: Facts, **_: Any) -> np.ndarray:
    return staying(facts.faces == 0, facts)


_inside = Components(of_objects, _away_from_border)


@operation(locality=_inside)
def clear_border(objects: Objects, *, connectivity: Connectivity = "full") -> Objects:
    """Remove objects that touch the border of the image.

    Such objects are cut off, so that their size and shape are not known.

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
        A mask from a mask, labels from labels; the ids stay as they are.

    Notes
    -----
    In 3-D the first and the last plane are borders too; run the step by plane to look at the sides alone.

    Examples
    --------
    >>> import numpy as np
    >>> clear_border(np.array([[0, 0, 0, 0], [0, 7, 0, 2], [0, 0, 0, 0]]))
    array([[0, 0, 0, 0],
           [0, 7, 0, 0],
           [0, 0, 0, 0]])
    """
    return _inside.whole(objects, connectivity=connectivity)
