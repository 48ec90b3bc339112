"""The width of objects between parallel lines or planes, and the directions of the largest and smallest diameter.

The largest diameter itself, `feret_diameter_max`, is in `shape`: as in scikit-image it is that of the hull of all
pixels in the hull, and so up to a pixel longer than that of the hull itself, which is looked at here.
"""

from __future__ import annotations

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.measure.family import Block, Family, Found, undefined
from objectwise.measure.pieces import runs_by_object
from objectwise.measure.scan import Scan
from objectwise.measure.shape import _parts as parts_of_lines

COLUMNS = (
    Column(
        "feret_diameter_min", "length",
        "Smallest distance between two parallel lines (planes in 3-D) that hold the convex hull between them, a "
        "pixel standing for the middles of its edges (faces). CellProfiler has pixels stand for their centres, which "
        "gives about a pixel less.",
        group="size",
        reference="Houle ME, Toussaint GT (1988) Computing the width of a set. IEEE Transactions on Pattern Analysis "
        "and Machine Intelligence 10(5):761-765.",
    ),
    *(
        Column(
            f"feret_angle_{name}", "angle",
            f"Direction of the {size} diameter of the convex hull: angle from the y axis (down the rows), "
            "counter-clockwise as displayed, from -pi/2 to pi/2. Not defined where several directions are equally "
            "good.",
            (2,),
        )
        for name, size in (("max", "largest"), ("min", "smallest"))
    ),
)  # fmt: skip


def measure_feret(block: Block, wanted: set[str]) -> Found:
    """Measure the smallest diameter of all objects, and directions."""
    if block.ndim == 3:
        return {"feret_diameter_min": least_widths(block.scan, block.spacing)}, {}
    found = calipers(block.scan, block.spacing)
    values = dict(
        zip(("feret_diameter_min", "feret_angle_min", "feret_angle_max"), found.T.copy(), strict=True)
    )
    reasons: Reasons = {}
    for name in wanted & {"feret_angle_min", "feret_angle_max"}:
        vague = np.isnan(values[name])
        if vague.any():
            size = "smallest" if name.endswith("min") else "largest"
            reasons[name] = undefined(block, name, vague, f"several directions share the {size} diameter")
    return {name: values[name] for name in values if name in wanted}, reasons


def calipers(scan: Scan, spacing: tuple[float, ...]) -> np.ndarray:
    """Return the smallest diameter, its angle, and the angle of the largest one: float64, shape (n, 3)."""
    from objectwise.kernels import calipers as kernels
    from objectwise.kernels.threads import in_threads, strips

    runs, starts = runs_by_object(scan)
    found = np.empty((scan.ids.size, kernels.N_FOUND))

    def work(low: int, high: int) -> None:
        kernels.measure_calipers(runs, starts, low, high, scan.record, *spacing, found)

    in_threads(work, strips(scan.ids.size))
    return found


def least_widths(scan: Scan, spacing: tuple[float, ...]) -> np.ndarray:
    """Return the smallest distance of two planes that hold each object between them, in 3-D.

    Parameters
    ----------
    scan : Scan
    spacing : tuple of float

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    from objectwise.kernels import runs as lines
    from objectwise.kernels import solids

    n, record = scan.ids.size, scan.record
    found = np.empty(n)
    # a hull does not scale exactly, so it is that of ratios
    relative = np.asarray(spacing) / spacing[-1]
    sizes = (record[:, lines.MAX_Z :] - record[:, lines.MIN_Z : lines.MAX_Z])[:, :2]
    for part in parts_of_lines(scan):
        n_lines = sizes[part].prod(axis=1)
        offsets = np.cumsum(n_lines) - n_lines
        first, last = np.empty((2, n_lines.sum()), dtype=np.int32)
        runs = scan.runs_of(part.start, part.stop)
        lines.find_line_ends(runs, scan.shape[-2], record, part.start, offsets, first, last)
        for index, start, (n_planes, height) in zip(
            range(part.start, part.stop), offsets, sizes[part], strict=True
        ):
            corners = solids.list_corners(first, last, start, n_planes, height, 0)
            found[index] = _width_of_hull(corners[:, :3], relative)
    return found * spacing[-1]


def _width_of_hull(corners: np.ndarray, spacing: np.ndarray) -> float:
    """Return the width of the hull of the middles of the faces of some voxels."""
    from scipy.spatial import ConvexHull

    from objectwise.kernels import calipers as kernels

    steps = np.concatenate([np.eye(3, dtype=np.int64), -np.eye(3, dtype=np.int64)])
    points = (2 * (corners - corners[0])[:, None, :] + steps).reshape(-1, 3)
    hull = ConvexHull(points)
    # a face of many corners comes as triangles that share a plane; edges between these are none
    triangles = points[hull.simplices]
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    normals[np.einsum("ij,ij->i", normals, hull.equations[:, :3]) < 0] *= -1
    normals //= np.maximum(np.gcd.reduce(normals, axis=1), 1)[:, None]
    face, side = np.nonzero(hull.neighbors > np.arange(len(normals))[:, None])
    other = hull.neighbors[face, side]
    keep = (normals[face] != normals[other]).any(axis=1)
    face, side, other = face[keep], side[keep], other[keep]
    # the neighbour is across from the corner of the same number
    corner = hull.simplices
    edges = np.column_stack([corner[face, side - 2], corner[face, side - 1], face, other]).astype(np.int64)
    # normals turn with the reciprocal of what stretches space
    stretched = normals / spacing
    stretched /= np.linalg.norm(stretched, axis=1)[:, None]
    return kernels.least_width(points * (spacing / 2), stretched, edges)


FAMILY = Family(COLUMNS, measure_feret, by_runs=True)
