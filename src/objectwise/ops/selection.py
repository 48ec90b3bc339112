"""Objects chosen: by size, by what is measured of them, by where they lie. The rest is taken away.

What stays keeps its id and its pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le

from objectwise.core.locality import Components, Facts, Whole
from objectwise.core.locality import Objects as EachObject
from objectwise.core.operation import Images, Labels, Length, Mask, Objects, Size, operation
from objectwise.core.parameter import Unit, as_unit
from objectwise.ops.pieces import Connectivity, kept, of_objects, pixel_size, staying


def _within(
    facts: Facts, *, min_size: float | None, max_size: float | None, spacing: Sequence[float] | None, **_: Any
) -> np.ndarray:
    size = facts.size * pixel_size(spacing)
    stays = np.ones(size.shape, bool)
    if min_size is not None:
        stays &= size >= min_size * (1 - 1e-9)
    if max_size is not None:
        stays &= size <= max_size * (1 + 1e-9)
    return staying(stays, facts)


_sized = Components(of_objects, _within)


@operation(locality=_sized, tiny={"min_size": 40.0, "max_size": 2000.0})
def filter_labels_by_size(
    labels: Labels,
    *,
    min_size: Annotated[Size, Ge(0)] | None = 64.0,
    max_size: Annotated[Size, Ge(0)] | None = None,
    spacing: tuple[float, ...] | None = None,
) -> Labels:
    """Keep the objects within a range of sizes.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.
    min_size : float, optional
        Smallest area (2-D) or volume (3-D) of an object that stays, in the unit of the pixel size.
    max_size : float, optional
        Largest area or volume of an object that stays.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array of int
        The objects that stay, with their ids.

    Notes
    -----
    Both limits belong to the range. An object in several pieces has the size of all of them.

    Examples
    --------
    >>> import numpy as np
    >>> filter_labels_by_size(np.array([[3, 0, 5, 5, 0, 7, 7, 7]]), min_size=2, max_size=2)
    array([[0, 0, 5, 5, 0, 0, 0, 0]])
    """
    return _sized.whole(labels, min_size=min_size, max_size=max_size, spacing=spacing)


def _of_diameter(
    facts: Facts,
    *,
    min_diameter: float | None,
    max_diameter: float | None,
    spacing: Sequence[float] | None,
    **_: Any,
) -> np.ndarray:
    ndim = len(spacing) if spacing else 2
    limits = [
        None if item is None else as_unit(item, Unit("length"), Unit("size"), ndim)
        for item in (min_diameter, max_diameter)
    ]
    return _within(facts, min_size=limits[0], max_size=limits[1], spacing=spacing)


_of_a_width = Components(of_objects, _of_diameter)


@operation(locality=_of_a_width, tiny={"min_diameter": 7.5})
def filter_objects_by_diameter(
    objects: Objects,
    *,
    min_diameter: Annotated[Length, Ge(0)] | None = None,
    max_diameter: Annotated[Length, Ge(0)] | None = None,
    connectivity: Connectivity = "full",
    spacing: tuple[float, ...] | None = None,
) -> Objects:
    """Keep the objects within a range of diameters.

    Parameters
    ----------
    objects : (Y, X) or (Z, Y, X) array of bool or int
        A mask, whose connected pieces are the objects; or labels.
    min_diameter : float, optional
        Smallest diameter of an object that stays, in the unit of the pixel size: that of the disc of the same
        area, or of the ball of the same volume.
    max_diameter : float, optional
        Largest diameter of an object that stays.
    connectivity : {'full', 'face'}
        Whether the pixels of an object in a mask join through edges and corners too, or through faces
        alone. Has no part in labels.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array of bool or int
        A mask from a mask, labels from labels; the ids stay as they are.

    Notes
    -----
    Both limits belong to the range. An object in several pieces has the size of all of them. One limit serves plane
    images and volumes, where an area or a volume serves one of them.

    Examples
    --------
    >>> import numpy as np
    >>> filter_objects_by_diameter(np.array([[3, 0, 5, 5, 0, 7, 7, 7]]), min_diameter=1.5, max_diameter=1.8)
    array([[0, 0, 5, 5, 0, 0, 0, 0]])
    """
    return _of_a_width.whole(
        objects,
        min_diameter=min_diameter,
        max_diameter=max_diameter,
        connectivity=connectivity,
        spacing=spacing or (1.0,) * objects.ndim,
    )


def _not_large(facts: Facts, *, max_size: float, spacing: Sequence[float] | None, **_: Any) -> np.ndarray:
    return _within(facts, min_size=None, max_size=max_size, spacing=spacing)


_not_too_large = Components(of_objects, _not_large)


@operation(locality=_not_too_large, tiny={"max_size": 100.0})
def remove_large(
    objects: Objects,
    *,
    max_size: Annotated[Size, Ge(0)] = 4096.0,
    connectivity: Connectivity = "full",
    spacing: tuple[float, ...] | None = None,
) -> Objects:
    """Remove objects above a size.

    Parameters
    ----------
    objects : (Y, X) or (Z, Y, X) array of bool or int
        A mask, whose connected pieces are the objects; or labels.
    max_size : float
        Largest area (2-D) or volume (3-D) of an object that stays, in the unit of the pixel size.
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
    >>> remove_large(np.array([[3, 3, 0, 5, 5, 5]]), max_size=2)
    array([[3, 3, 0, 0, 0, 0]])
    """
    return _not_too_large.whole(objects, max_size=max_size, connectivity=connectivity, spacing=spacing)


def _largest(facts: Facts, *, n_objects: int, **_: Any) -> np.ndarray:
    stays = np.zeros(facts.n + 1, bool)
    order = np.lexsort((facts.first[1:], facts.ids[1:], -facts.size[1:]))
    stays[1 + order[:n_objects]] = True
    return staying(stays, facts)


_the_largest = Components(of_objects, _largest)


@operation(locality=_the_largest, tiny={"n_objects": 2})
def keep_largest(
    objects: Objects, *, n_objects: Annotated[int, Ge(0)] = 1, connectivity: Connectivity = "full"
) -> Objects:
    """Keep the largest object, or the few largest.

    Parameters
    ----------
    objects : (Y, X) or (Z, Y, X) array of bool or int
        A mask, whose connected pieces are the objects; or labels.
    n_objects : int
        How many objects stay.
    connectivity : {'full', 'face'}
        Whether the pixels of an object in a mask join through edges and corners too, or through faces
        alone. Has no part in labels.

    Returns
    -------
    array of bool or int
        A mask from a mask, labels from labels; the ids stay as they are.

    Notes
    -----
    Of equally large objects the smaller id stays, and in a mask the one that comes first in reading order.

    Examples
    --------
    >>> import numpy as np
    >>> keep_largest(np.array([[3, 3, 0, 5, 5, 5]]))
    array([[0, 0, 0, 5, 5, 5]])
    """
    return _the_largest.whole(objects, n_objects=n_objects, connectivity=connectivity)


def _off_faces(facts: Facts, *, spacing: Sequence[float], **values: Any) -> np.ndarray:
    faces = ("first_plane", "last_plane", "top", "bottom", "left", "right")[6 - 2 * len(spacing) :]
    bits = sum(1 << bit for bit, face in enumerate(faces) if values[face])
    return staying((facts.faces & np.uint8(bits)) == 0, facts)


_off_chosen_faces = Components(of_objects, _off_faces)


@operation(locality=_off_chosen_faces)
def clear_faces(
    objects: Objects,
    *,
    top: bool = True,
    bottom: bool = True,
    left: bool = True,
    right: bool = True,
    first_plane: bool = False,
    last_plane: bool = False,
    connectivity: Connectivity = "full",
    spacing: tuple[float, ...] | None = None,
) -> Objects:
    """Remove objects that touch chosen sides of the image, in 3-D by default all but the end planes.

    Parameters
    ----------
    objects : (Y, X) or (Z, Y, X) array of bool or int
        A mask, whose connected pieces are the objects; or labels.
    top, bottom : bool
        Whether objects go that touch the first row; the last row.
    left, right : bool
        Whether objects go that touch the first column; the last column.
    first_plane, last_plane : bool
        Whether objects go that touch the first plane of a volume; the last one. Has no part in 2-D.
    connectivity : {'full', 'face'}
        Whether the pixels of an object in a mask join through edges and corners too, or through faces
        alone. Has no part in labels.
    spacing : tuple of float, optional
        Pixel size along each axis; only their number counts here.

    Returns
    -------
    array of bool or int
        A mask from a mask, labels from labels; the ids stay as they are.

    Notes
    -----
    To count objects without bias in fields that lie side by side, remove those at two sides that meet, such
    as top and left, and keep those at the others. To remove those at all sides, use clear_border.

    References
    ----------
    .. [1] H. J. G. Gundersen, "Notes on the estimation of the numerical density of arbitrary profiles: the
       edge effect", Journal of Microscopy 111 (1977).

    Examples
    --------
    >>> import numpy as np
    >>> clear_faces(np.array([[0, 0, 0, 0], [3, 0, 7, 2], [0, 0, 0, 0]]), right=False)
    array([[0, 0, 0, 0],
           [0, 0, 7, 2],
           [0, 0, 0, 0]])
    """
    return _off_chosen_faces.whole(
        objects,
        top=top,
        bottom=bottom,
        left=left,
        right=right,
        first_plane=first_plane,
        last_plane=last_plane,
        connectivity=connectivity,
        spacing=spacing or (1.0,) * objects.ndim,
    )


@operation(locality=Whole("an object is measured as a whole"), tiny={"column": "solidity", "lower": 0.85})
def filter_labels_by_column(
    labels: Labels,
    images: Images | None = None,
    *,
    column: str = "equivalent_diameter",
    lower: float | None = None,
    upper: float | None = None,
    spacing: tuple[float, ...] | None = None,
) -> Labels:
    """Keep the objects for which a measurement lies within limits.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.
    images : mapping of str to (Y, X) or (Z, Y, X) array, optional
        Channels, where the column is of their brightness.
    column : str
        The measurement, by the name of its column in a table: ``area``, ``circularity``, ``solidity``,
        ``intensity_mean_DAPI``.
    lower : float, optional
        Smallest value of an object that stays, in the unit of the column.
    upper : float, optional
        Largest value of an object that stays.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array of int
        The objects that stay, with their ids.

    Notes
    -----
    Both limits belong to the range. An object for which the measurement is not defined stays only if there
    are no limits. The values are those that measure gives.

    Examples
    --------
    >>> import numpy as np
    >>> filter_labels_by_column(np.array([[3, 0, 5, 5, 0, 7, 7, 7]]), column="area", lower=2)
    array([[0, 0, 5, 5, 0, 7, 7, 7]])
    """
    from objectwise.measure.families import groups
    from objectwise.measure.objects import measure_block

    if column in groups():
        raise ValueError(
            f"column must be one measurement, such as area or solidity; found the group {column!r}"
        )
    values, _ = measure_block(labels, images, spacing, [column])
    # of a brightness named without its channel there is one column for each image
    names = [name for name in values if name == column or name.startswith(f"{column}_")]
    names = [column] if column in values else names
    if len(names) != 1:
        raise ValueError(f"column must name one image, as one of {', '.join(names)}; found {column!r}")
    found = values[names[0]].astype(np.float64)
    stays = np.ones(found.shape, bool)
    if lower is not None:
        stays &= found >= lower
    if upper is not None:
        stays &= found <= upper
    keep = np.zeros(int(labels.max(initial=0)) + 1, bool)
    keep[values["label"][stays]] = True
    return kept(labels, keep[labels])


@operation(locality=EachObject("labels", of_objects))
def filter_labels_by_overlap(
    labels: Labels,
    mask: Mask,
    *,
    min_fraction: Annotated[float, Ge(0), Le(1)] = 0.5,
    max_fraction: Annotated[float, Ge(0), Le(1)] = 1.0,
) -> Labels:
    """Keep the objects that lie in a region, as a whole.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.
    mask : (Y, X) or (Z, Y, X) bool array
        The region, such as a tissue, or cells that are positive for a marker.
    min_fraction : float
        Smallest part of an object that lies in the region if it stays, 0 to 1. With 1 only objects that
        lie in it with all their pixels stay.
    max_fraction : float
        Largest part of an object that lies in the region if it stays. With 0 for both only objects that
        do not touch it stay.

    Returns
    -------
    array of int
        The objects that stay, with their ids.

    Examples
    --------
    >>> import numpy as np
    >>> filter_labels_by_overlap(np.array([[4, 4, 9, 9, 9]]), np.array([[False, True, True, False, False]]))
    array([[4, 4, 0, 0, 0]])
    """
    size = np.bincount(labels.ravel())
    inside = np.bincount(labels[mask], minlength=size.size)
    stays = (inside >= min_fraction * size * (1 - 1e-9)) & (inside <= max_fraction * size * (1 + 1e-9))
    return kept(labels, stays[labels])
