"""What lies around each object: what it touches, what is near, how far and how dense.

From edge to edge means between the centres of the two nearest pixels, so that objects that touch along an axis are
one pixel apart, and nothing is assumed about where an edge runs inside a pixel.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.measure.family import Block, Family, Found, undefined

_GROUP = "neighbours"
# distances that differ by less are equal, as those in a lattice are
_EQUAL = 1 + 1e-9


def columns(n_neighbours: int) -> tuple[Column, ...]:
    """Return the columns for a number of nearest neighbours."""
    found = [
        Column(
            "neighbours_n_touching", "1", "Number of objects that share a face of a pixel with the object.",
            group=_GROUP, kind="integer", cellprofiler="Neighbors_NumberOfNeighbors_Adjacent",
        ),
        Column(
            "neighbours_touching_fraction", "1",
            "Fraction of the boundary that is shared with other objects: length (in 3-D area) of the pixel faces "
            "between the object and others, over that of all faces between the object and what is not the object, "
            "holes and the border of the image included. CellProfiler counts pixels of the outline instead.",
            group=_GROUP,
        ),
        Column(
            "neighbours_n_within", "1",
            "Number of objects of which a pixel lies within the distance neighbour_distance of a pixel of the "
            "object, between their centres.",
            group=_GROUP, kind="integer",
        ),
        Column(
            "neighbours_density", "length^-n",
            "Number of other objects whose centroid lies within the distance neighbour_distance of the centroid, "
            "over the area (volume) of the disc (ball) of this radius. Near the border of the image it is too low, "
            "because what lies outside is not seen.",
            group=_GROUP,
        ),
        Column(
            "neighbours_angle", "angle",
            "Angle at the centroid between the directions to the two nearest centroids, from 0 to pi. NaN where "
            "there are fewer than two other objects, or where one of these has the same centroid. CellProfiler's "
            "AngleBetweenNeighbors is in degrees.",
            group=_GROUP,
        ),
    ]  # fmt: skip
    known = {1: "First", 2: "Second"}
    for k in range(1, n_neighbours + 1):
        which = {1: "nearest", 2: "second nearest", 3: "third nearest"}.get(k, f"{k}th nearest") + " object"
        alias = f"Neighbors_{known[k]}Closest{{}}_Adjacent" if k in known else ""
        found += [
            Column(
                f"neighbours_centroid_label_{k}", "1",
                f"Label of the {which}, from centroid to centroid; of equally near ones the smallest, and 0 where "
                "there is none.",
                group=_GROUP, kind="integer", cellprofiler=alias.format("ObjectNumber"),
            ),
            Column(
                f"neighbours_centroid_distance_{k}", "length",
                f"Distance to the {which}, from centroid to centroid. NaN where there is none.",
                group=_GROUP, cellprofiler=alias.format("Distance"),
            ),
            Column(
                f"neighbours_edge_label_{k}", "1",
                f"Label of the {which}, from edge to edge; of equally near ones the smallest, and 0 where there is "
                "none.",
                group=_GROUP, kind="integer",
            ),
            Column(
                f"neighbours_edge_distance_{k}", "length",
                f"Distance to the {which}, from edge to edge: between the centres of the two nearest pixels, so that "
                "objects that touch are a pixel apart. NaN where there is none.",
                group=_GROUP,
            ),
        ]  # fmt: skip
    return tuple(found)


def measure_neighbours(block: Block, wanted: set[str], neighbour_distance: float, n_neighbours: int) -> Found:
    """Measure what lies around each object.

    Notes
    -----
    The time grows with the number of objects and with how many of them lie within the distance; the memory needed
    is some 100 bytes for each run of the labels. No list of all pairs is made.
    """
    n = block.ids.size
    found: dict[str, np.ndarray] = {}
    reasons: Reasons = {}
    if {"neighbours_n_touching", "neighbours_touching_fraction"} & wanted:
        found |= _touching(block)
    if any("centroid" in name or name.endswith(("angle", "density")) for name in wanted):
        _add_centroids(block, neighbour_distance, n_neighbours, found)
    if any("edge" in name or name.endswith("within") for name in wanted):
        k = n_neighbours if any("edge" in name for name in wanted) else 0
        reach = neighbour_distance if "neighbours_n_within" in wanted else -1.0
        found["neighbours_n_within"], near, distance = _nearest_edges(block, reach, k)
        _add_nearest(block, "edge", near, distance, found)
    for name in wanted & found.keys():
        where = np.isnan(found[name])
        if where.any():
            k = 2 if name == "neighbours_angle" else int(name.rpartition("_")[2])
            why = (
                "one of the two nearest objects has the same centroid"
                if n > k
                else f"there {'is no other object' if k == 1 else f'are fewer than {k} other objects'}"
            )
            reasons[name] = undefined(block, name, where, why)
    return found, reasons


def _touching(block: Block) -> dict[str, np.ndarray]:
    from objectwise.kernels import prepared
    from objectwise.kernels.neighbours import count_faces

    n = block.ids.size
    shape = (1,) * (3 - block.ndim) + block.labels.shape
    shared, inner = np.zeros((2, n + 1, 3), np.int64)
    # a run lies beside one in its own line, and each two lines have at most as many pairs as runs
    pairs = np.empty((5 * len(block.scan.runs) + 1, 2), np.int32)
    n_pairs = count_faces(prepared(block.clean.reshape(shape), np.int32), shared, inner, pairs)
    # a face is as large as the pixel is along the other axes, of which a plane has two
    faces = np.zeros(3)
    faces[3 - block.ndim :] = math.prod(block.spacing) / np.array(block.spacing)
    boundary = 2 * (block.scan.n_pixels[:, None] - inner[1:])
    one, two = pairs[:n_pairs].T.astype(np.int64)
    pairs = np.unique(np.minimum(one, two) * (n + 1) + np.maximum(one, two))
    touching = np.bincount(np.concatenate([pairs // (n + 1), pairs % (n + 1)]), minlength=n + 1)
    return {
        "neighbours_n_touching": touching[1:],
        "neighbours_touching_fraction": (shared[1:] @ faces) / (boundary @ faces),
    }


def _add_centroids(block: Block, distance: float, n_neighbours: int, found: dict[str, np.ndarray]) -> None:
    from scipy.spatial import KDTree

    n, ndim = block.ids.size, block.ndim
    points = block.scan.centroid * block.spacing
    found["neighbours_density"] = np.zeros(n)
    near, far = np.full((n, max(2, n_neighbours)), -1), np.full((n, max(2, n_neighbours)), np.inf)
    if n > 1:
        tree = KDTree(points)
        within = tree.query_ball_point(points, distance * _EQUAL, return_length=True) - 1
        volume = {2: math.pi, 3: 4 / 3 * math.pi}[ndim] * distance**ndim
        found["neighbours_density"] = within / volume
        near, far = _nearest_points(tree, points, near.shape[1])
    _add_nearest(block, "centroid", near[:, :n_neighbours], far[:, :n_neighbours], found)
    first, second = (points[near[:, k]] - points for k in (0, 1))
    known = (near[:, 1] >= 0) & (far[:, 0] > 1e-9 * min(block.spacing))
    angle = np.full(n, np.nan)
    one, two = (way[known] / np.linalg.norm(way[known], axis=1)[:, None] for way in (first, second))
    # exact for small and for straight angles too, as an arc cosine is not
    angle[known] = 2 * np.arctan2(np.linalg.norm(one - two, axis=1), np.linalg.norm(one + two, axis=1))
    found["neighbours_angle"] = angle


def _nearest_points(tree: Any, points: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the k nearest other points of each, of equally near ones the first, and their distances."""
    n = len(points)
    far, near = tree.query(points, min(k + 2, n))
    # single precision, in which what differs by rounding is equal
    order = np.lexsort(
        (near, np.where(near == np.arange(n)[:, None], np.inf, far).astype(np.float32)), axis=1
    )
    found = np.full((n, k), -1)
    m = min(k, n - 1)
    found[:, :m] = np.take_along_axis(near, order, axis=1)[:, :m]
    if n > k + 1:
        # others may be as near as the last one
        for row in np.flatnonzero(far[:, k + 1] <= far[:, k] * _EQUAL):
            others = np.array(tree.query_ball_point(points[row], far[row, k] * _EQUAL))
            others = others[others != row]
            lengths = np.linalg.norm(points[others] - points[row], axis=1).astype(np.float32)
            found[row] = others[np.lexsort((others, lengths))][:k]
    distance = np.linalg.norm(points[found] - points[:, None], axis=2)
    return found, np.where(found >= 0, distance, np.inf)


def _nearest_edges(block: Block, reach: float, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how many objects lie within reach of each, the k nearest, and their distances, from edge to edge."""
    from objectwise.kernels.neighbours import find_nearest, put_in_cells
    from objectwise.kernels.threads import in_threads, strips

    scan, n, none = block.scan, block.ids.size, 3 - block.ndim
    n_within = np.zeros(n, np.int64)
    near, squared = np.full((n, k), -1), np.full((n, k), np.inf)
    if n == 0:
        return n_within, near, squared
    spacing = np.array((1.0,) * none + block.spacing)
    shape = np.array((1,) * none + block.labels.shape)
    boxes = np.ascontiguousarray(scan.record[:, 10:16])
    order = np.argsort(scan.runs[:, 0], kind="stable")
    runs = scan.runs[order].astype(np.int64)
    run_starts = np.searchsorted(runs[:, 0], np.arange(n + 1))
    runs[:, 0], runs[:, 1] = np.divmod(runs[:, 1], shape[1])
    # cells as long in all directions, about as many as there are objects
    length = (np.prod((shape * spacing)[none:]) / n) ** (1 / block.ndim)
    lengths = np.maximum(np.rint(length / spacing), 1).astype(np.int64)
    counts = -(-shape // lengths)
    cell_starts = np.zeros(np.prod(counts) + 1, np.int64)
    put_in_cells(boxes, lengths, counts, cell_starts, np.zeros(0, np.int32))
    members = np.empty(cell_starts[-1], np.int32)
    put_in_cells(boxes, lengths, counts, cell_starts, members)
    cells = lengths, counts, cell_starts, members
    squared_reach = (reach * _EQUAL) ** 2 if reach >= 0 else -1.0
    in_threads(
        find_nearest,
        [
            (runs, run_starts, boxes, spacing, *cells, squared_reach, low, high, n_within, near, squared)
            for low, high in strips(n, 64)
        ],
    )
    return n_within, near, np.sqrt(squared)


def _add_nearest(
    block: Block, way: str, near: np.ndarray, distance: np.ndarray, found: dict[str, np.ndarray]
) -> None:
    for k in range(near.shape[1]):
        there = near[:, k] >= 0
        found[f"neighbours_{way}_label_{k + 1}"] = np.where(there, block.ids[near[:, k]], 0)
        found[f"neighbours_{way}_distance_{k + 1}"] = np.where(there, distance[:, k], np.nan)


FAMILY = Family(columns, measure_neighbours, on_request=True)
