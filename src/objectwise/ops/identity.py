"""Which pixels are one object, and what it is called: objects merged, split, renumbered, recognised.

Merging keeps the smallest of the ids. Splitting makes objects that were not there before, so that all are
numbered anew; `transfer_ids` gives those that have not changed their earlier ids back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le

from objectwise.core.locality import Components, Pieces, Whole
from objectwise.core.locality import Objects as EachObject
from objectwise.core.operation import Labels, Mask, Size, operation
from objectwise.ops.pieces import (
    Connectivity,
    in_reading_order,
    of_equal,
    of_mask,
    of_objects,
    pixel_size,
)
from objectwise.ops.watershed import in_order

_renumbered = Components(of_objects, in_reading_order)


@operation(locality=_renumbered, new_ids=True)
def relabel_sequential(labels: Labels) -> Labels:
    """Renumber the objects 1, 2, 3 ... in reading order.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.

    Returns
    -------
    int32 array
        The same objects with the ids 1, 2, 3 ... in reading order of their first pixels.

    Notes
    -----
    An object in several pieces stays one; see split_disconnected.

    Examples
    --------
    >>> import numpy as np
    >>> relabel_sequential(np.array([[0, 40, 40, 0, 7], [40, 40, 0, 3, 7]]))
    array([[0, 1, 1, 0, 2],
           [1, 1, 0, 3, 2]], dtype=int32)
    """
    return _renumbered.whole(labels)


_disconnected = Components(of_equal, in_reading_order)


@operation(locality=_disconnected, new_ids=True)
def split_disconnected(labels: Labels, *, connectivity: Connectivity = "full") -> Labels:
    """Give each connected piece of an object an id of its own.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.
    connectivity : {'full', 'face'}
        Whether pixels join through edges and corners too, or through faces alone.

    Returns
    -------
    int32 array
        The ids are 1, 2, 3 ... in reading order of the first pixels.

    Examples
    --------
    >>> import numpy as np
    >>> split_disconnected(np.array([[5, 5, 0, 5, 8, 8]]))
    array([[1, 1, 0, 2, 3, 3]], dtype=int32)
    """
    return _disconnected.whole(labels, connectivity=connectivity)


def _together(labels: np.ndarray, *, connectivity: str, **_: Any) -> Pieces:
    return of_mask(labels != 0, connectivity=connectivity)


@operation(locality=EachObject("labels", _together))
def merge_touching(labels: Labels, *, connectivity: Connectivity = "face") -> Labels:
    """Make one object of those that touch.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.
    connectivity : {'face', 'full'}
        Whether objects touch through the faces of pixels alone, or through edges and corners too.

    Returns
    -------
    array of int
        Each group of objects with the smallest of its ids.

    Notes
    -----
    Of an object in several pieces each is merged with what it touches itself.

    Examples
    --------
    >>> import numpy as np
    >>> merge_touching(np.array([[7, 7, 4, 0, 9]]))
    array([[4, 4, 4, 0, 9]])
    """
    pieces = _together(labels, connectivity=connectivity)
    smallest = np.full(pieces.n + 1, np.iinfo(labels.dtype).max, labels.dtype)
    np.minimum.at(smallest, pieces.parts.ravel(), labels.ravel())
    smallest[0] = 0
    return smallest[pieces.parts]


def _each_apart(
    labels: np.ndarray, chosen: np.ndarray, split: Callable[[np.ndarray, tuple[slice, ...]], np.ndarray]
) -> np.ndarray:
    """Return labels with some objects split, all numbered anew.

    ``split`` is given an object in a box with one pixel around it, and that box; it returns the parts, 1 and
    up, in the pixels of the object.
    """
    from scipy import ndimage

    result = labels.astype(np.int32)
    highest = int(labels.max(initial=0))
    boxes = ndimage.find_objects(result)
    for label in chosen[chosen > 0]:
        box = tuple(
            slice(max(0, part.start - 1), min(size, part.stop + 1))
            for part, size in zip(boxes[label - 1], labels.shape, strict=True)
        )
        inside = labels[box] == label
        parts = split(inside, box)
        result[box][inside] = parts[inside] + highest
        highest += int(parts.max())
    return in_order(result)


@operation(
    locality=EachObject("labels", of_objects),
    new_ids=True,
    exceptions={
        "mirrored_inputs_give_mirrored_results": "many pixels of an object are equally far from its outline, "
        "and where parts meet at such pixels the one that comes first in reading order gets them"
    },
)
def split_labels_by_points(
    labels: Labels, seeds: Labels, *, spacing: tuple[float, ...] | None = None
) -> Labels:
    """Split objects that hold several points at the necks between them.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.
    seeds : (Y, X) or (Z, Y, X) array of int
        An id for each point, of one pixel or many; 0 elsewhere. Points outside of objects have no effect.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    int32 array
        The ids are 1, 2, 3 ... in reading order of the first pixels.

    Notes
    -----
    An object with two or more points becomes as many objects. Each point climbs to the middle of its part, so
    that it may lie anywhere in it; then the object is flooded from the middles to the outline, so that parts
    meet where it is narrow. An object with one point or none stays as it is, and so does what no point can
    reach. Objects join through edges and corners.

    References
    ----------
    .. [1] F. Meyer, "Topographic distance and watershed lines", Signal Processing 38 (1994).

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([[0, 4, 4, 4, 4, 0, 9, 9]])
    >>> split_labels_by_points(labels, np.array([[0, 1, 0, 0, 2, 0, 3, 0]]))
    array([[0, 1, 1, 2, 2, 0, 3, 3]], dtype=int32)
    """
    import edt

    from objectwise.kernels import prepared
    from objectwise.kernels.flood import flood

    anisotropy = tuple(map(float, spacing or (1.0,) * labels.ndim))
    pairs = np.unique(np.stack([labels[seeds > 0], seeds[seeds > 0]]), axis=1)
    found, n_seeds = np.unique(pairs[0], return_counts=True)

    def split(inside: np.ndarray, box: tuple[slice, ...]) -> np.ndarray:
        border = bool(inside.all())
        depth = edt.edt(prepared(inside, bool), anisotropy=anisotropy, black_border=border, parallel=1)
        here = np.where(inside, seeds[box], 0)
        points = np.unique(here[here > 0])
        own = np.where(here > 0, 1 + np.searchsorted(points, here), 0).astype(np.int32)
        _climb(depth, own, len(points))
        # all points start before any of them has come to another's side
        relief = np.where(own > 0, -np.inf, -depth)
        parts = flood(relief, own, inside, full=True, lines=False)
        return np.where(inside & (parts == 0), len(points) + 1, parts)

    return _each_apart(labels, found[n_seeds > 1], split)


def _climb(depth: np.ndarray, seeds: np.ndarray, n: int) -> None:
    """Draw the way up from each of n seeds, in place, until it is at the top or meets that of another."""
    for seed in range(1, n + 1):
        pixels = np.argwhere(seeds == seed)
        here = tuple(pixels[np.argmax(depth[tuple(pixels.T)])])
        while seeds[here] in (0, seed):
            seeds[here] = seed
            around = tuple(slice(max(0, place - 1), place + 2) for place in here)
            step = np.unravel_index(np.argmax(depth[around]), depth[around].shape)
            there = tuple(int(part.start + n) for part, n in zip(around, step, strict=True))
            if depth[there] <= depth[here]:
                break
            here = there


@operation(locality=EachObject("labels", of_objects), new_ids=True, tiny={"min_size": 2.0})
def split_labels_by_lines(
    labels: Labels,
    lines: Mask,
    *,
    min_size: Annotated[Size, Ge(0)] = 4.0,
    spacing: tuple[float, ...] | None = None,
) -> Labels:
    """Cut objects apart along lines.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.
    lines : (Y, X) or (Z, Y, X) bool array
        True on the lines; a line one pixel wide is enough, also along a diagonal.
    min_size : float
        Smallest area (2-D) or volume (3-D) of a part, in the unit of the pixel size; what is smaller stays
        with the nearest part. A larger value splits less.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    int32 array
        The ids are 1, 2, 3 ... in reading order of the first pixels.

    Notes
    -----
    A line that ends inside an object does not split it. The pixels under a line go to the nearest part, and to
    the larger one of several that are equally near, so that nothing is lost.

    Examples
    --------
    >>> import numpy as np
    >>> lines = np.array([[False, False, True, False, False]])
    >>> split_labels_by_lines(np.array([[7, 7, 7, 7, 0]]), lines, min_size=1)
    array([[1, 1, 1, 2, 0]], dtype=int32)
    """
    from objectwise.kernels.nearest import nearest_labels

    spacing = spacing or (1.0,) * labels.ndim

    def split(inside: np.ndarray, box: tuple[slice, ...]) -> np.ndarray:
        pieces = of_mask(inside & ~lines[box], connectivity="face")
        size = np.bincount(pieces.parts.ravel(), minlength=pieces.n + 1)[1:]
        rank = np.zeros(pieces.n + 1, np.int32)
        order = np.argsort(-size, kind="stable")
        rank[1 + order] = np.arange(1, pieces.n + 1)
        rank[1:][size * pixel_size(spacing) < min_size * (1 - 1e-9)] = 0
        if rank.max() < 2:
            return inside.astype(np.int32)
        return nearest_labels(rank[pieces.parts], spacing)[0]

    return _each_apart(labels, np.unique(labels[lines]), split)


@operation(locality=Whole("an object and its partner may lie in several tiles"))
def transfer_ids(
    reference: Labels, labels: Labels, *, min_iou: Annotated[float, Ge(0), Le(1)] = 0.1
) -> Labels:
    """Give objects the ids of those in another labels image that they overlap most.

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) array of int
        Objects with the ids that are wanted, such as those of an earlier frame, or from before a split.
    labels : (Y, X) or (Z, Y, X) array of int
        The objects that get these ids.
    min_iou : float
        Smallest overlap (intersection over union) of an object and its partner, 0 to 1. With a larger value
        fewer objects find a partner. With 0 any common pixel is enough.

    Returns
    -------
    array of int
        The objects of ``labels``. Those without a partner have new ids, above the highest of ``reference``, in
        the order of their own ids.

    Notes
    -----
    Partners are found one to one, those with the largest overlap first; of equal overlaps that with the
    smaller id in the reference, then in the labels.

    Examples
    --------
    >>> import numpy as np
    >>> transfer_ids(np.array([[0, 7, 7, 0, 0, 0]]), np.array([[1, 1, 1, 0, 2, 2]]))
    array([[7, 7, 7, 0, 8, 8]])
    """
    n_reference, n_labels = int(reference.max(initial=0)), int(labels.max(initial=0))
    both = (reference > 0) & (labels > 0)
    pairs, common = np.unique(
        reference[both].astype(np.int64) * (n_labels + 1) + labels[both], return_counts=True
    )
    first, second = np.divmod(pairs, n_labels + 1)
    size_first, size_second = np.bincount(reference.ravel()), np.bincount(labels.ravel())
    iou = common / (size_first[first] + size_second[second] - common)
    given = np.zeros(n_labels + 1, labels.dtype)
    taken = np.zeros(n_reference + 1, bool)
    for pair in np.lexsort((second, first, -iou)):
        if iou[pair] >= min_iou * (1 - 1e-9) and not taken[first[pair]] and given[second[pair]] == 0:
            given[second[pair]] = first[pair]
            taken[first[pair]] = True
    present = size_second > 0
    new = np.flatnonzero(present[1:] & (given[1:] == 0)) + 1
    given[new] = n_reference + np.arange(1, len(new) + 1)
    given[0] = 0
    return given[labels]
