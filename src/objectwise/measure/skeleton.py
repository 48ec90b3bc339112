"""The skeletons of objects: their length, branches and ends, through skan.

Each object is thinned by itself, so that objects that touch have skeletons of their own. To call skan once for many
objects rather than for each, their skeletons are laid side by side on a sheet, an empty column between them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from objectwise.core.table import Column
from objectwise.measure.family import Block, Family, Found, undefined
from objectwise.measure.scan import Scan

SHEET = 1 << 24  # pixels of a sheet, unless one object needs more

COLUMNS = (
    Column(
        "skeleton_length", "length",
        "Length of all branches of the skeleton together, from pixel centre to pixel centre; 0 where it is one "
        "pixel. Thinned by Zhang and Suen's method, in 3-D by Lee's, both of which leave a mirrored object a "
        "slightly different skeleton.",
        group="skeleton",
    ),
    Column(
        "skeleton_n_branches", "1",
        "Number of stretches of the skeleton between ends and junctions; a ring is one.",
        group="skeleton", kind="integer",
    ),
    Column(
        "skeleton_n_ends", "1", "Number of pixels in which a branch of the skeleton ends.",
        group="skeleton", kind="integer",
    ),
    Column(
        "skeleton_n_junctions", "1",
        "Number of places where three branches of the skeleton or more meet; pixels next to each other are one.",
        group="skeleton", kind="integer",
    ),
    Column(
        "skeleton_branch_length_mean", "length",
        "Mean length of the branches of the skeleton; not defined where there is none.",
        group="skeleton",
    ),
    Column(
        "skeleton_branch_length_max", "length",
        "Length of the longest branch of the skeleton; not defined where there is none.",
        group="skeleton",
    ),
)  # fmt: skip


def measure_skeleton(block: Block, wanted: set[str]) -> Found:
    """Measure the skeletons of all objects."""
    n = block.ids.size
    length, total, longest = np.zeros(n), np.zeros(n), np.zeros(n)
    n_branches, n_ends, n_junctions = (np.zeros(n, np.int64) for _ in range(3))
    for owner, paths, ends, junctions in _skeletons(block):
        path_owner, lengths, between = paths
        np.add.at(length, owner[path_owner], lengths)
        # what joins two pixels of one junction is no branch
        own = owner[path_owner[~between]]
        np.add.at(total, own, lengths[~between])
        np.maximum.at(longest, own, lengths[~between])
        np.add.at(n_branches, own, 1)
        np.add.at(n_ends, owner[ends], 1)
        np.add.at(n_junctions, owner[junctions], 1)
    none = n_branches == 0
    mean = np.where(none, np.nan, total / np.maximum(n_branches, 1))
    why = {
        name: undefined(block, name, none, "the skeleton is a point and has no branch")
        for name in ("skeleton_branch_length_mean", "skeleton_branch_length_max")
    }
    values = (length, n_branches, n_ends, n_junctions, mean, np.where(none, np.nan, longest))
    found = dict(zip([column.name for column in COLUMNS], values, strict=True))
    return {name: found[name] for name in wanted}, why


def _skeletons(
    block: Block,
) -> Iterator[tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray, np.ndarray]]:
    """Thin and follow some objects at a time.

    Yields
    ------
    owner : ndarray of int64
        The row of the object that each column of the sheet belongs to.
    paths : (column, length, between) of each stretch
        ``between`` says whether it joins two neighbouring pixels of one junction.
    ends, junctions : ndarray of int64
        The column of each.
    """
    from scipy import ndimage
    from scipy.sparse.csgraph import connected_components
    from skan import Skeleton

    for sheet, owner in _sheets(block):
        # skan fails where no two pixels touch
        if ndimage.label(sheet, np.ones((3,) * block.ndim))[1] == sheet.sum():
            continue
        skeleton = Skeleton(sheet, spacing=block.spacing, keep_images=False)
        columns = np.asarray(skeleton.coordinates)[:, -1].astype(np.int64)
        degrees = np.asarray(skeleton.degrees)
        steps = np.diff(skeleton.paths.indptr)
        first = skeleton.paths.indices[skeleton.paths.indptr[:-1]]
        last = skeleton.paths.indices[skeleton.paths.indptr[1:] - 1]
        between = (steps == 2) & (degrees[first] > 2) & (degrees[last] > 2)
        crossing = np.flatnonzero(degrees > 2)
        _, number = connected_components(skeleton.graph[crossing][:, crossing], directed=False)
        _, one_each = np.unique(number, return_index=True)
        paths = columns[first], np.asarray(skeleton.path_lengths()), between
        yield owner, paths, columns[degrees == 1], columns[crossing[one_each]]


def _sheets(block: Block) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Lay the skeletons of objects of about the same height side by side."""
    from skimage.morphology import skeletonize

    low, high = block.scan.box_min, block.scan.box_max
    extent = high - low
    order = np.lexsort((np.arange(len(extent)), *extent[:, :-1].T))
    start = 0
    while start < order.size:
        widths = np.cumsum(extent[order[start:], -1] + 1)
        tallest = np.maximum.accumulate(extent[order[start:], :-1], axis=0).prod(axis=1)
        stop = start + max(1, int(np.searchsorted(tallest * widths, SHEET)))
        part = order[start:stop]
        sheet = np.zeros((*extent[part, :-1].max(axis=0), int(widths[part.size - 1])), bool)
        ends = widths[: part.size]
        for index, end in zip(part, ends, strict=True):
            # a pixel around it, as a mask that fills its box would stay as it is
            inside = np.pad(_mask_of(block.scan, index), 1)
            thin = skeletonize(inside)[(slice(1, -1),) * block.ndim]
            place = tuple(slice(size) for size in thin.shape[:-1])
            sheet[(*place, slice(end - 1 - thin.shape[-1], end - 1))] = thin
        yield sheet, np.repeat(part, extent[part, -1] + 1)
        start = stop


def _mask_of(scan: Scan, index: int) -> np.ndarray:
    """Return one object in its box."""
    from objectwise.kernels.runs import LINE, MAX_Z, MIN_Z, START

    mask = np.zeros(scan.box_max[index] - scan.box_min[index], bool)
    lines = mask.reshape(-1, mask.shape[-1])
    z, y = np.divmod(scan.runs_of(index, index + 1)[:, LINE], scan.shape[-2])
    corner = scan.record[index, MIN_Z:MAX_Z]
    line = (z - corner[0]) * mask.shape[-2] + y - corner[1]
    columns = scan.runs_of(index, index + 1)[:, START:] - corner[2]
    for row, (start, stop) in zip(line, columns, strict=True):
        lines[row, start:stop] = True
    return mask


FAMILY = Family(COLUMNS, measure_skeleton, on_request=True, needs="skan", by_runs=True)
