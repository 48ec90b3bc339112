"""The width of objects between parallel lines or planes, and the directions of the largest and smallest diameter.

The largest diameter itself, `feret_diameter_max`, is in `shape`: as in scikit-image it is that of the hull of all
pixels in the hull, and so up to a pixel longer than that of the hull itself, which is looked at here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.measure.family import Block, Family, Found, undefined
from objectwise.measure.pieces import runs_by_object
from objectwise.measure.scan import Scan
from objectwise.measure.shape import line_ends, parts_of

_SMALLEST = (
    "Freeman H, Shapira R (1975) Determining the minimum-area encasing rectangle for an arbitrary closed curve. "
    "Communications of the ACM 18(7):409-413."
)

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
    *(
        Column(
            f"feret_direction_{name}_{axis}", "1",
            f"The {axis} of the unit vector along the {size} diameter of the convex hull, in physical space, which is "
            f"the cosine of its angle to the {axis} axis; its first component that is not 0 is positive, in the order "
            "z, y, x. Not defined where several directions are equally good.",
            (3,),
        )
        for name, size in (("max", "largest"), ("min", "smallest"))
        for axis in "zyx"
    ),
    *(
        Column(
            f"smallest_box_{name}", "length",
            f"{side} side of the rectangle of the smallest area that holds all pixels wholly, in any direction; of "
            "several, of the one with the shortest outline. In 3-D, oriented_box is the one to take.",
            (2,), "size", reference=_SMALLEST,
        )
        for name, side in (("length", "Longer"), ("width", "Shorter"))
    ),
    Column(
        "smallest_box_angle", "angle",
        "Direction of the longer side of the smallest rectangle that holds the object: angle from the y axis (down the "
        "rows), counter-clockwise as displayed, from -pi/2 to pi/2. Not defined for a square, and where several "
        "directions are equally good.",
        (2,), reference=_SMALLEST,
    ),
    Column(
        "smallest_box_extent", "1",
        "Area over that of the smallest rectangle that holds the object: 1 for a rectangle along the pixels, about "
        "0.785 for a disc.",
        (2,), reference=_SMALLEST,
    ),
)  # fmt: skip


def measure_feret(block: Block, wanted: set[str]) -> Found:
    """Measure the smallest diameter of all objects, directions, and the smallest box."""
    values: dict[str, np.ndarray] = {}
    vague: dict[str, str] = {}
    if block.ndim == 3:
        found = widths_in_space(block.scan, block.spacing)
        values["feret_diameter_min"] = found[:, 0].copy()
        for size, name, first in (("smallest", "min", 1), ("largest", "max", 4)):
            for axis in range(3):
                column = f"feret_direction_{name}_{'zyx'[axis]}"
                values[column] = found[:, first + axis].copy()
                vague[column] = f"several directions share the {size} diameter"
    else:
        names = ("feret_diameter_min", "feret_angle_min", "feret_angle_max")
        values |= zip(names, calipers(block.scan, block.spacing).T.copy(), strict=True)
        for size, column in zip(("smallest", "largest"), names[1:], strict=True):
            vague[column] = f"several directions share the {size} diameter"
        if any(name.startswith("smallest_box") for name in wanted):
            length, width, angle = smallest_boxes(block.scan, block.spacing).T.copy()
            area = block.scan.n_pixels * (block.spacing[0] * block.spacing[1])
            values |= {
                "smallest_box_length": length,
                "smallest_box_width": width,
                "smallest_box_angle": angle,
            }
            values["smallest_box_extent"] = area / (length * width)
            vague["smallest_box_angle"] = "several directions are equally good"
    reasons: Reasons = {
        name: undefined(block, name, np.isnan(values[name]), why)
        for name, why in vague.items()
        if name in wanted and np.isnan(values[name]).any()
    }
    return {name: values[name] for name in values if name in wanted}, reasons


def calipers(scan: Scan, spacing: tuple[float, ...]) -> np.ndarray:
    """Return the smallest diameter, its angle, and the angle of the largest one: float64, shape (n, 3)."""
    from objectwise.kernels.calipers import measure_calipers

    return _around_hulls(measure_calipers, scan, spacing)


def smallest_boxes(scan: Scan, spacing: tuple[float, ...]) -> np.ndarray:
    """Return the sides of the smallest rectangles, the longer first, and its angle: float64, shape (n, 3)."""
    from objectwise.kernels.calipers import measure_boxes

    return _around_hulls(measure_boxes, scan, spacing)


def _around_hulls(kernel: Callable[..., None], scan: Scan, spacing: tuple[float, ...]) -> np.ndarray:
    from objectwise.kernels.threads import in_threads, strips

    runs, starts = runs_by_object(scan)
    found = np.empty((scan.ids.size, 3))

    def work(low: int, high: int) -> None:
        kernel(runs, starts, low, high, scan.record, *spacing, found)

    in_threads(work, strips(scan.ids.size, 16))
    return found


def widths_in_space(scan: Scan, spacing: tuple[float, ...]) -> np.ndarray:
    """Find the smallest distance of two planes that hold each object between them, and directions of diameters.

    Parameters
    ----------
    scan : Scan
    spacing : tuple of float

    Returns
    -------
    ndarray of float64, shape (n, 7)
        That distance, the unit vector from plane to plane, and that along the largest diameter; NaN where there
        are several.
    """
    from objectwise.kernels.threads import in_threads
    from objectwise.kernels.widths import N_FOUND, measure_widths

    found = np.empty((scan.ids.size, N_FOUND))
    # a hull does not scale exactly, so it is that of ratios
    relative = tuple(length / spacing[-1] for length in spacing)

    def work(part: slice) -> None:
        measure_widths(scan.record[part], *line_ends(scan, part), relative, found[part])

    in_threads(work, [(part,) for part in parts_of(scan)])
    found[:, 0] *= spacing[-1]
    return found


FAMILY = Family(COLUMNS, measure_feret, by_runs=True)
