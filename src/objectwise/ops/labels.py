"""The outlines of objects moved: grown, shrunken, smoothed, filled, cut off, drawn.

Objects of a labels image never overlap, and they keep their ids. Where two of them claim a pixel the nearer one
gets it, and the smaller id where both are equally near.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge

from objectwise.core.locality import Components, Facts, Halo, Pieces
from objectwise.core.operation import Labels, Length, Mask, Size, operation
from objectwise.ops.elements import SLACK, half_widths, offsets_within
from objectwise.ops.pieces import Connectivity, of_background, pixel_size


def reach_of_distance(spacing: Sequence[float], distance: float, **_: Any) -> tuple[int, ...]:
    """Return how many pixels a distance is along each axis."""
    return tuple(n + 1 for n in half_widths(distance, spacing))


@operation(locality=Halo(reach_of_distance), tiny={"distance": 3.0})
def expand_labels(
    labels: Labels,
    *,
    distance: Annotated[Length, Ge(0)] = 3.0,
    spacing: tuple[float, ...] | None = None,
) -> Labels:
    """Grow objects outward by a distance, without overlaps.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.
    distance : float
        How far objects grow, in the unit of the pixel size. A larger value makes them larger, until they
        meet. 0 changes nothing.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array of int
        The grown objects, with their ids.

    Notes
    -----
    A background pixel goes to the object with the nearest pixel, from centre to centre, if that is at most
    ``distance`` away; to the smaller id of several that are equally near. Exact in any pixel size. Linear in
    the number of pixels times ``distance`` at most.

    References
    ----------
    .. [1] T. Saito and J. Toriwaki, "New algorithms for Euclidean distance transformation of an
       n-dimensional digitized picture with applications", Pattern Recognition 27 (1994).

    Examples
    --------
    >>> import numpy as np
    >>> expand_labels(np.array([[0, 0, 0, 7, 0, 2, 0]]), distance=2)
    array([[0, 7, 7, 7, 2, 2, 2]], dtype=int32)
    """
    from objectwise.kernels.nearest import nearest_labels

    return nearest_labels(labels, spacing or (1.0,) * labels.ndim, distance * SLACK)[0]


@operation(locality=Halo(reach_of_distance), tiny={"distance": 1.0})
def shrink_labels(
    labels: Labels,
    *,
    distance: Annotated[Length, Ge(0)] = 1.0,
    spacing: tuple[float, ...] | None = None,
) -> Labels:
    """Shrink objects by a distance, away from the background and from each other.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.
    distance : float
        How much is taken away all around, in the unit of the pixel size. A larger value leaves less, and
        objects narrower than twice this value vanish. 0 changes nothing.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array of int
        The smaller objects, with their ids.

    Notes
    -----
    A pixel goes if a pixel that is not of its object lies at most ``distance`` away, from centre to centre.
    Objects are taken to continue beyond the border of the image. The cost does not depend on the distance.

    Examples
    --------
    >>> import numpy as np
    >>> shrink_labels(np.array([[0, 4, 4, 4, 9, 9, 9]]), distance=1)
    array([[0, 0, 4, 0, 0, 9, 9]])
    """
    import edt

    spacing = spacing or (1.0,) * labels.ndim
    depth = edt.edt(np.ascontiguousarray(labels), anisotropy=tuple(map(float, spacing)), parallel=1)
    return np.where(depth > distance * SLACK, labels, 0)


def majority(labels: np.ndarray, radius: float, spacing: Sequence[float]) -> np.ndarray:
    """Return the commonest id in a ball around each pixel; see `commonest`."""
    import edt

    from objectwise.kernels.majority import commonest

    clean = np.ascontiguousarray(labels, np.int32)
    offsets = offsets_within(radius, spacing)
    # only near a change from one id to another is there anything to count
    depth = edt.edt(clean + np.int32(1), anisotropy=tuple(map(float, spacing)), parallel=1)
    return commonest(clean, np.flatnonzero(depth <= radius * (1 + 1e-3)), offsets)


def reach_of_radius(spacing: Sequence[float], radius: float, **_: Any) -> tuple[int, ...]:
    """Return how many pixels a ball reaches along each axis."""
    return tuple(n + 1 for n in half_widths(radius, spacing))


@operation(locality=Halo(reach_of_radius), tiny={"radius": 2.0})
def smooth_labels(
    labels: Labels,
    *,
    radius: Annotated[Length, Ge(0)] = 2.0,
    spacing: tuple[float, ...] | None = None,
) -> Labels:
    """Smooth the outlines of objects, without overlaps or new gaps between them.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.
    radius : float
        Radius of the ball in which pixels are counted, in the unit of the pixel size. A larger value
        smooths more; what is narrower than about this value vanishes, and so do holes and cracks. 0 changes
        nothing.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array of int
        The smoothed objects, with their ids.

    Notes
    -----
    Every pixel takes the id, background included, that is the commonest in the ball around it. Of several
    that are equally common it keeps its own, or else takes the smallest. Pixels beyond the border of the
    image do not count. The cost is that of the length of the outlines times ``radius`` to the power of 3
    in 2-D, 4 in 3-D.

    Examples
    --------
    >>> import numpy as np
    >>> smooth_labels(np.array([[5, 5, 5, 0, 5, 5, 0, 8, 0]]), radius=1)
    array([[5, 5, 5, 5, 5, 5, 0, 0, 0]], dtype=int32)
    """
    return majority(labels, radius, spacing or (1.0,) * labels.ndim)


def _with_neighbours(labels: np.ndarray, *, connectivity: str, **_: Any) -> Pieces:
    """Return the pieces of the background, marked with the label that touches them, -1 where several do."""
    pieces = of_background(labels > 0, connectivity=connectivity)
    dtype: Any = np.int32 if labels.dtype.itemsize <= 4 and labels.dtype != np.uint32 else np.int64
    lowest = np.full(labels.shape, np.iinfo(dtype).max, dtype)
    highest = np.zeros(labels.shape, dtype)
    for step in _neighbours(labels.ndim, connectivity):
        for to, of in (_pair(step, labels.shape), _pair(step, labels.shape)[::-1]):
            label = labels[of].astype(dtype, copy=False)
            np.minimum(lowest[to], label, out=lowest[to], where=label > 0)
            np.maximum(highest[to], label, out=highest[to])
    highest[(highest > 0) & (lowest != highest)] = -1
    highest[labels > 0] = 0
    return Pieces(pieces.parts, pieces.n, marks=highest)


def _filling(
    facts: Facts, *, max_size: float | None, spacing: Sequence[float] | None, **_: Any
) -> np.ndarray:
    hole = (facts.faces == 0) & (facts.lowest == facts.highest) & (facts.highest > 0)
    if max_size is not None:
        hole &= facts.size * pixel_size(spacing) <= max_size * (1 + 1e-9)
    hole[0] = False
    return np.where(hole, facts.highest, 0)


def _filled(labels: np.ndarray, filling: np.ndarray) -> np.ndarray:
    return np.where(labels > 0, labels, filling).astype(labels.dtype)


_label_holes = Components(_with_neighbours, _filling, _filled)


@operation(locality=_label_holes, tiny={"max_size": 200.0})
def fill_label_holes(
    labels: Labels,
    *,
    max_size: Annotated[Size, Ge(0)] | None = None,
    connectivity: Connectivity = "face",
    spacing: tuple[float, ...] | None = None,
) -> Labels:
    """Fill the holes inside each object with its id.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.
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
    array of int
        The objects without their holes.

    Notes
    -----
    A hole is background that does not reach the border of the image and touches a single object. A gap
    between two objects is none, even where they enclose it together, nor is what surrounds an object that
    lies inside another.

    Examples
    --------
    >>> import numpy as np
    >>> fill_label_holes(np.array([[3, 3, 3], [3, 0, 3], [3, 3, 3]]))
    array([[3, 3, 3],
           [3, 3, 3],
           [3, 3, 3]])
    """
    return _label_holes.whole(labels, max_size=max_size, connectivity=connectivity, spacing=spacing)


def _neighbours(ndim: int, connectivity: str) -> list[tuple[int, ...]]:
    """Return one of the two directions to each neighbour."""
    steps = [step for step in product((-1, 0, 1), repeat=ndim) if step > (0,) * ndim]
    return [step for step in steps if connectivity == "full" or sum(map(abs, step)) == 1]


def _pair(step: Sequence[int], shape: Sequence[int]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return all pixels that have a neighbour in a direction, and these neighbours."""
    here = tuple(slice(max(0, -n), size - max(0, n)) for n, size in zip(step, shape, strict=True))
    there = tuple(slice(max(0, n), size - max(0, -n)) for n, size in zip(step, shape, strict=True))
    return here, there


def _one_pixel(spacing: Sequence[float], **_: Any) -> tuple[int, ...]:
    return (1,) * len(spacing)


@operation(locality=Halo(_one_pixel))
def label_boundaries(
    labels: Labels,
    *,
    side: Literal["inner", "outer", "both"] = "inner",
    connectivity: Connectivity = "face",
) -> Mask:
    """Mark the pixels along the outlines of objects.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.
    side : {'inner', 'outer', 'both'}
        The pixels of objects that have a neighbour of another object or the background; the background
        pixels that have a neighbour in an object; or both of them.
    connectivity : {'face', 'full'}
        Whether neighbours share a face, or an edge or corner too, which makes a thicker line.

    Returns
    -------
    bool array
        True along the outlines.

    Notes
    -----
    The border of the image is no outline.

    Examples
    --------
    >>> import numpy as np
    >>> label_boundaries(np.array([[0, 4, 4, 4, 9, 9]])).astype(int)
    array([[0, 1, 0, 1, 1, 0]])
    """
    edge = np.zeros(labels.shape, bool)
    for step in _neighbours(labels.ndim, connectivity):
        here, there = _pair(step, labels.shape)
        differs = labels[here] != labels[there]
        edge[here] |= differs
        edge[there] |= differs
    if side == "both":
        return edge
    return edge & ((labels > 0) if side == "inner" else (labels == 0))


@operation(locality=Halo())
def labels_to_mask(labels: Labels) -> Mask:
    """Make a mask of all objects together.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.

    Returns
    -------
    bool array
        True in every object.

    Notes
    -----
    Objects that touch are one piece of the mask; shrink them first to keep them apart.

    Examples
    --------
    >>> import numpy as np
    >>> labels_to_mask(np.array([[0, 4, 9]]))
    array([[False,  True,  True]])
    """
    return labels > 0


@operation(locality=Halo())
def mask_labels(labels: Labels, mask: Mask, *, keep: Literal["inside", "outside"] = "inside") -> Labels:
    """Cut objects off at the border of a region.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.
    mask : (Y, X) or (Z, Y, X) bool array
        The region.
    keep : {'inside', 'outside'}
        Whether what lies in the region stays, or what lies outside of it.

    Returns
    -------
    array of int
        What is left of the objects, with their ids.

    Notes
    -----
    To keep or remove objects as a whole, use filter_labels_by_overlap.

    Examples
    --------
    >>> import numpy as np
    >>> mask_labels(np.array([[4, 4, 9]]), np.array([[False, True, True]]))
    array([[0, 4, 9]])
    """
    return np.where(mask == (keep == "inside"), labels, 0).astype(labels.dtype)
