"""What is inside of objects: holes, pieces, how deep their pixels lie, and where they are deepest."""

from __future__ import annotations

import math

import numpy as np

from objectwise.core.table import Column
from objectwise.measure.family import Block, Family, Found
from objectwise.measure.pieces import runs_by_object
from objectwise.measure.scan import Scan

_2D, _3D = (2,), (3,)
_DEPTH = (
    "the distance of a pixel to the nearest pixel outside of the object, centre to centre; what is beyond the border "
    "of the image is outside"
)

COLUMNS = (
    Column(
        "area_filled", "length^n", "Area with all holes filled; a hole has no way out, not even over a corner.",
        _2D, "size", scikit_image="area_filled",
    ),
    Column(
        "volume_filled", "length^n",
        "Volume with all holes filled; a hole has no way out, not even over an edge or a corner.",
        _3D, "size", scikit_image="area_filled",
    ),
    Column(
        "area_bbox", "length^n", "Area of the bounding box.", _2D, "size",
        scikit_image="area_bbox", cellprofiler="AreaShape_BoundingBoxArea",
    ),
    Column(
        "volume_bbox", "length^n", "Volume of the bounding box.", _3D, "size",
        scikit_image="area_bbox", cellprofiler="AreaShape_BoundingBoxVolume",
    ),
    Column(
        "radius_inscribed", "length", f"Largest depth of a pixel, where the depth is {_DEPTH}.", group="size",
        cellprofiler="AreaShape_MaximumRadius",
    ),
    Column(
        "radius_mean", "length", f"Mean depth of the pixels, where the depth is {_DEPTH}.", group="size",
        cellprofiler="AreaShape_MeanRadius",
    ),
    Column(
        "radius_median", "length", f"Median depth of the pixels, where the depth is {_DEPTH}.", group="size",
        cellprofiler="AreaShape_MedianRadius",
    ),
    Column(
        "extent", "1", "Area over that of the bounding box, or volume over volume.",
        scikit_image="extent", cellprofiler="AreaShape_Extent",
    ),
    Column(
        "euler_number", "1",
        "Number of pieces less number of holes; in 3-D, pieces less tunnels plus cavities. Pixels that touch at a "
        "corner are connected.",
        kind="integer", scikit_image="euler_number", cellprofiler="AreaShape_EulerNumber",
    ),
    Column(
        "n_pieces", "1",
        "Number of pieces that the object falls into. Pixels that touch at a corner are connected.",
        kind="integer",
    ),
    *(
        Column(
            f"inscribed_centre_{axis}", "length",
            f"The {axis} of the deepest pixel, the centre of the largest inscribed disc or ball; of several equally "
            "deep ones, of the pixel nearest to the centroid.",
            dimensions, "position",
        )
        for axis, dimensions in (("z", _3D), ("y", (2, 3)), ("x", (2, 3)))
    ),
)  # fmt: skip


def measure_interior(block: Block, wanted: set[str]) -> Found:
    """Measure holes, pieces and depths of all objects."""
    scan, spacing = block.scan, block.spacing
    size = "area" if scan.ndim == 2 else "volume"
    n_bbox = (scan.box_max - scan.box_min).prod(axis=1)
    values = {f"{size}_bbox": n_bbox * math.prod(spacing), "extent": scan.n_pixels / n_bbox}
    if f"{size}_filled" in wanted:
        values[f"{size}_filled"] = (scan.n_pixels + count_holes(scan)) * math.prod(spacing)
    if "n_pieces" in wanted:
        values["n_pieces"] = block.pieces.counts
    if "euler_number" in wanted:
        values["euler_number"] = euler_numbers(block)
    if any(name.startswith(("radius", "inscribed")) for name in wanted):
        largest, mean, median, centres = measure_depths(block)
        values |= {"radius_inscribed": largest, "radius_mean": mean, "radius_median": median}
        for axis, name in enumerate("zyx"[3 - scan.ndim :]):
            values[f"inscribed_centre_{name}"] = centres[:, axis] * spacing[axis]
    return {name: values[name] for name in values if name in wanted}, {}


def count_holes(scan: Scan) -> np.ndarray:
    """Count the pixels in the holes of each object.

    Parameters
    ----------
    scan : Scan

    Returns
    -------
    ndarray of int64, shape (n,)
    """
    from objectwise.kernels import pieces as kernels
    from objectwise.kernels.runs import LABEL, LINE

    runs, starts = runs_by_object(scan)
    # only what has a gap in a line can have a hole
    gaps = (runs[1:, LABEL] == runs[:-1, LABEL]) & (runs[1:, LINE] == runs[:-1, LINE])
    some = np.unique(runs[1:, LABEL][gaps])
    n_holes = np.zeros(scan.ids.size, dtype=np.int64)
    if some.size:
        lengths = np.diff(starts)[some]
        mine = np.isin(runs[:, LABEL], some)
        filled = np.empty(some.size, dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        record = scan.record[some]
        kernels.fill_holes(runs[mine], starts, scan.shape[-2], record, scan.ndim - 2, filled)
        n_holes[some] = filled
    return n_holes


def euler_numbers(block: Block) -> np.ndarray:
    """Return the Euler number of each object: int64, shape (n,)."""
    from objectwise.kernels import pieces as kernels
    from objectwise.kernels.threads import in_threads

    scan, pieces = block.scan, block.pieces
    if scan.ndim == 2:
        # rows and the lines between them: each contact of two runs joins what else were two, or closes a hole
        return np.diff(scan.run_starts) - pieces.contacts
    euler = np.zeros(len(pieces.record), dtype=np.int64)
    if euler.size == 0:
        return euler
    given = (scan.shape[-2], pieces.record, euler)
    in_threads(
        kernels.count_euler,
        [(pieces.runs, pieces.starts, *pieces.first[[low, high]], *given) for low, high in scan.ranges],
    )
    return np.add.reduceat(euler, pieces.first[:-1])


def measure_depths(block: Block) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Measure how deep pixels lie in their objects.

    Parameters
    ----------
    block : Block

    Returns
    -------
    largest, mean, median : ndarray of float64, shape (n,)
    centres : ndarray of int64, shape (n, ndim)
        The deepest pixel of each object.

    """
    from objectwise.kernels import values
    from objectwise.kernels.threads import in_threads, strips

    ends = np.cumsum(block.scan.n_pixels)
    begins = ends - block.scan.n_pixels
    depths, centres = find_depths(block)
    statistics = np.empty((ends.size, values.N_STATISTICS))

    def work(low: int, high: int) -> None:
        mine = slice(low, high)
        values.describe_values(depths, begins[mine], ends[mine], statistics[mine])
        middle = statistics[mine, values.MEDIAN : values.MEDIAN + 1]
        values.find_percentiles(depths, begins[mine], ends[mine], np.array([0.5]), middle)

    in_threads(work, strips(ends.size, 64))
    largest, mean, median = (
        statistics[:, column] * block.spacing[-1] for column in (values.MAXIMUM, values.MEAN, values.MEDIAN)
    )
    return largest, mean, median, centres


def find_depths(block: Block) -> tuple[np.ndarray, np.ndarray]:
    """Find how deep each pixel lies in its object.

    Parameters
    ----------
    block : Block

    Returns
    -------
    depths : ndarray of float64, shape (number of pixels in all objects,)
        Distance to the nearest pixel outside, as a multiple of the pixel size along x; in the order of
        `Block.pieces`, in raster order within each piece.
    centres : ndarray of int64, shape (n, ndim)
        The deepest pixel of each object.

    Notes
    -----
    The memory needed is 8 bytes for each pixel of an object, and as much for each pixel of the largest box.
    """
    from objectwise.kernels import interior
    from objectwise.kernels.threads import in_threads, strips

    scan, pieces = block.scan, block.pieces
    begins = np.cumsum(scan.n_pixels) - scan.n_pixels
    depths = np.empty(scan.n_pixels.sum())
    centres = np.zeros((scan.ids.size, 3), dtype=np.int64)
    # relative to the pixel size along x, squared distances are whole numbers where pixels are square
    steps = np.ones(3)
    steps[3 - scan.ndim :] = np.asarray(block.spacing) / block.spacing[-1]
    reference, rest = scan.reference
    offset = rest / scan.n_pixels[:, None]

    def work(low: int, high: int) -> None:
        interior.measure_depths(
            pieces.runs, pieces.starts, pieces.first, low, high, scan.shape[-2], pieces.record, scan.ndim == 3,
            steps, reference, offset, begins, depths, centres,
        )  # fmt: skip

    in_threads(work, strips(scan.ids.size, 16))
    return depths, centres[:, 3 - scan.ndim :]


FAMILY = Family(COLUMNS, measure_interior, by_runs=True)
