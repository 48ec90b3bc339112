"""How the objects of two labels layers belong together: spots in cells, nuclei and their cytoplasm.

An object belongs to the one that it shares most pixels with, so that a nucleus that sticks out a little still has
its cell. What is told of a parent is told of the objects that belong to it, each of which belongs to one at most.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from objectwise.core.grid import Grid
from objectwise.core.locality import Whole
from objectwise.core.operation import Images, Labels, Table, operation
from objectwise.core.table import Column, Rows
from objectwise.measure.derived import amounts, block_of, place_of, ratio, totals, why_not
from objectwise.measure.family import Block

_WHOLE = Whole("objects that belong together may lie in different tiles")

RELATIONS = Rows(
    columns=(
        Column(
            "parent", "1", "Label of the object that it shares most pixels with, the smaller label of several; 0 for "
            "none.", group="relations", kind="integer", cellprofiler="Parent",
        ),
        Column(
            "parent_overlap", "1", "Number of pixels that it shares with its parent, over its own number.",
            group="relations",
        ),
        Column(
            "parent_centre_distance", "length", "Distance of its centroid from the centroid of its parent.",
            group="relations", cellprofiler="Distance_Centroid",
        ),
        Column(
            "parent_boundary_distance", "length", "Distance of its centroid from the boundary of its parent, which "
            "runs along the faces of pixels and along the border of the image; negative where the centroid lies "
            "outside the parent.", group="relations",
        ),
    )
)  # fmt: skip

CHILDREN = Rows(
    columns=(
        Column(
            "n_children", "1", "Number of objects that belong to it.", group="relations", kind="integer",
            cellprofiler="Children_Count",
        ),
        Column(
            "children_ids", "1", "Labels of the objects that belong to it, with spaces between.", group="relations",
            kind="text",
        ),
        Column(
            "children_density", "length^-n", "Number of objects that belong to it, over its area or volume.",
            group="relations",
        ),
        Column(
            "children_fraction", "1", "Part of its pixels that lie in objects of the other labels, whosever they are.",
            group="relations",
        ),
    )
)  # fmt: skip


def largest_overlap(children: Block, parents: Block) -> tuple[np.ndarray, np.ndarray]:
    """Return the row of the parent of each child, -1 for none, and the number of pixels that they share."""
    from scipy import sparse

    child, parent = children.clean.ravel(), parents.clean.ravel()
    both = np.flatnonzero((child > 0) & (parent > 0))
    shape = (children.ids.size, parents.ids.size)
    ones = np.ones(both.size, np.int64)
    # equal pairs are added up
    shared = sparse.csr_array((ones, (child[both] - 1, parent[both] - 1)), shape=shape).tocoo()
    shared.sum_duplicates()
    row, column = shared.coords
    order = np.lexsort((column, -shared.data, row))
    best = order[np.unique(row[order], return_index=True)[1]]
    rows, n_shared = np.full(shape[0], -1), np.zeros(shape[0], np.int64)
    rows[row[best]], n_shared[row[best]] = column[best], shared.data[best]
    return rows, n_shared


@operation(locality=_WHOLE, rows=RELATIONS)
def relate_objects(children: Labels, parents: Labels, *, grid: Grid | None = None) -> Table:
    """Find the parent of every object in other labels, and where in it the object lies.

    Parameters
    ----------
    children : (Y, X) or (Z, Y, X) array of int
        Ids of the objects that are looked at, such as spots or nuclei, 0 is background.
    parents : (Y, X) or (Z, Y, X) array of int
        Ids of the objects that they may belong to, such as cells, 0 is background.
    grid : Grid, optional
        Pixel size and unit; pixels where it is left out.

    Returns
    -------
    Table
        One row for each child. Where it has no parent, ``parent`` is 0 and the distances are NaN.

    Notes
    -----
    The parent is the object that shares most pixels; of several that share as many it is the smaller label. The
    distance from the boundary is exact for the outline that the pixels have, not from pixel centre to pixel centre.

    Examples
    --------
    >>> import numpy as np
    >>> table = relate_objects(np.array([[0, 7, 7, 0, 9]]), np.array([[4, 4, 4, 4, 0]]))
    >>> table.frame[["label", "parent", "parent_boundary_distance"]].values.tolist()
    [[7.0, 4.0, 0.5], [9.0, 0.0, nan]]
    """
    from objectwise.kernels.faces import distances_to_surface

    place = place_of(grid, children.ndim)
    own, other = block_of(children, place), block_of(parents, place)
    rows, n_shared = largest_overlap(own, other)
    has = np.flatnonzero(rows >= 0)
    of = rows[has]
    centre, boundary = np.full((2, own.ids.size), np.nan)
    if has.size:
        points = own.scan.centroid[has]
        away = (points - other.scan.centroid[of]) * place.spacing
        centre[has] = np.sqrt((away**2).sum(axis=1))
        pixels = tuple(np.floor(points + 0.5).astype(np.intp).T)
        inside = other.clean[pixels] == of + 1
        distance = distances_to_surface(other.clean, points, of + 1, place.spacing)
        boundary[has] = np.where(inside, distance, -distance)
    values = {
        "label": own.ids,
        "parent": np.append(other.ids, 0)[rows],
        "parent_overlap": n_shared / own.scan.n_pixels,
        "parent_centre_distance": centre,
        "parent_boundary_distance": boundary,
    }
    why = "the object lies in no parent"
    reasons = why_not(own.ids, values, {"parent_centre_distance": why, "parent_boundary_distance": why})
    return RELATIONS.table(values, unit=place.unit, ndim=children.ndim, reasons=reasons)


@operation(locality=_WHOLE, rows=CHILDREN)
def measure_parents(
    parents: Labels,
    children: Labels,
    images: Images | None = None,
    *,
    features: tuple[str, ...] | None = None,
    grid: Grid | None = None,
) -> Table:
    """Count the objects in every object of other labels, and sum up what is measured of them.

    Parameters
    ----------
    parents : (Y, X) or (Z, Y, X) array of int
        Ids of the objects that get a row, such as cells or regions of a tissue, 0 is background.
    children : (Y, X) or (Z, Y, X) array of int
        Ids of the objects that may belong to them, such as spots or nuclei, 0 is background.
    images : mapping of str to (Y, X) or (Z, Y, X) array, optional
        Channels whose brightness in the children is measured, by the names that their columns get.
    features : tuple of str, optional
        What to measure of the children: groups (``size``, ``shape``, ``intensity``) or columns (``area``,
        ``intensity_mean_DAPI``). Left out, everything that measure gives by itself.
    grid : Grid, optional
        Pixel size and unit; pixels where it is left out.

    Returns
    -------
    Table
        One row for each parent, those without children too. Beside its own columns it has for each measured
        column, such as ``area``, the mean over the children ``children_area_mean``, and where the column has a
        unit their sum ``children_area_sum``.

    Notes
    -----
    A child belongs to the parent that relate_objects names. Angles and positions are not averaged. What is not
    defined for a child is passed over; a mean of nothing is NaN, a sum of nothing 0.

    Examples
    --------
    >>> import numpy as np
    >>> parents, children = np.array([[4, 4, 4, 4, 8]]), np.array([[7, 7, 0, 9, 0]])
    >>> table = measure_parents(parents, children, features=("area",))
    >>> table.frame[["label", "n_children", "children_ids", "children_area_sum"]].values.tolist()
    [[4, 2, '7 9', 3.0], [8, 0, '', 0.0]]
    """
    place = place_of(grid, parents.ndim)
    block, inner = block_of(parents, place), block_of(children, place)
    rows, _ = largest_overlap(inner, block)
    n = block.ids.size
    number = np.bincount(rows[rows >= 0], minlength=n)
    order = np.argsort(rows, kind="stable")[np.count_nonzero(rows < 0) :]
    names = np.split(inner.ids[order], np.cumsum(number)[:-1]) if n else []
    covered = np.bincount(block.clean[inner.clean > 0], minlength=n + 1)[1:]
    values = {
        "label": block.ids,
        "n_children": number,
        "children_ids": np.array([" ".join(map(str, part)) for part in names], dtype=object),
        "children_density": number / (block.scan.n_pixels * place.pixel),
        "children_fraction": covered / block.scan.n_pixels,
    }
    measured, columns = amounts(children, images, place, features)
    more, why = [], {}
    for column in columns:
        total, counted = totals(measured[column.name], rows, n)
        mean = f"children_{column.name}_mean"
        values[mean] = ratio(total, counted)
        why[mean] = "there is no child that it is defined for"
        more.append(_of_children(column, "mean"))
        if column.unit != "1":
            values[f"children_{column.name}_sum"] = total
            more.append(_of_children(column, "sum"))
    reasons = why_not(block.ids, values, why)
    return CHILDREN.table(values, more, unit=place.unit, ndim=parents.ndim, reasons=reasons)


def _of_children(column: Column, what: str) -> Column:
    return replace(
        column,
        name=f"children_{column.name}_{what}",
        description=f"{what.capitalize()} over the objects that belong to it. {column.description}",
        kind="float",
    )


@operation(locality=_WHOLE)
def compare_compartments(
    labels: Labels,
    others: Labels,
    images: Images | None = None,
    *,
    features: tuple[str, ...] | None = None,
    grid: Grid | None = None,
) -> Table:
    """Divide what is measured of every object by the same of its partner, such as nucleus by cytoplasm.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of one compartment, such as nuclei, 0 is background.
    others : (Y, X) or (Z, Y, X) array of int
        Another compartment with the same ids, such as the cytoplasms, 0 is background.
    images : mapping of str to (Y, X) or (Z, Y, X) array, optional
        Channels whose brightness is compared, by the names that their columns get.
    features : tuple of str, optional
        What to compare: groups (``size``, ``shape``, ``intensity``) or columns (``intensity_mean_DAPI``). Left
        out, everything that measure gives by itself.
    grid : Grid, optional
        Pixel size and unit; pixels where it is left out.

    Returns
    -------
    Table
        One row for each object of the first labels. For each measured column, such as ``area``, it has the
        ratio ``area_ratio`` of the object and of that with the same id in the other labels.

    Notes
    -----
    The ratio is NaN where there is no such object in the other labels, where its value is 0, and where the column
    is not defined for one of the two. Of angles and positions there are no ratios. To make a cytoplasm with the ids
    of the nuclei, use make_rings, or subtract_objects where cells have their nuclei's ids.

    Examples
    --------
    >>> import numpy as np
    >>> nuclei, cytoplasms = np.array([[5, 0, 0, 6]]), np.array([[0, 5, 5, 0]])
    >>> table = compare_compartments(nuclei, cytoplasms, features=("area",))
    >>> table.frame["area_ratio"].tolist(), table.reason(6, "area_ratio")
    ([0.5, nan], 'area_ratio: the other labels have no object of this id')
    """
    place = place_of(grid, labels.ndim)
    ids, partners = block_of(labels, place).ids, block_of(others, place).ids
    one, columns = amounts(labels, images, place, features)
    other, _ = amounts(others, images, place, features)
    there = np.isin(ids, partners)
    found: dict[str, np.ndarray] = {}
    why = {}
    for column in columns:
        name = f"{column.name}_ratio"
        found[name] = np.full(ids.size, np.nan)
        found[name][there] = ratio(
            one[column.name][there], other[column.name][np.searchsorted(partners, ids[there])]
        )
        why[name] = "it is 0 in the other compartment, or not defined in one of the two"
    reasons = why_not(ids, found, why)
    for name, entries in reasons.items():
        entries |= dict.fromkeys(ids[~there].tolist(), f"{name}: the other labels have no object of this id")
    more = [
        replace(
            column,
            name=f"{column.name}_ratio",
            unit="1",
            description=f"Of the object over that of its partner. {column.description}",
            kind="float",
        )
        for column in columns
    ]
    return Rows().table({"label": ids} | found, more, unit=place.unit, ndim=labels.ndim, reasons=reasons)
