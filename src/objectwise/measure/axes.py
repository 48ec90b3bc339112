"""The axes of objects, by the second moments of their pixels: ratios, directions in 3-D, and the box along the axes.

The lengths of the axes, the eccentricity and the orientation in 2-D are in `shape`.
"""

from __future__ import annotations

import math

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.measure.family import Block, Family, Found, undefined
from objectwise.measure.scan import Scan
from objectwise.measure.shape import NEGLIGIBLE

_2D, _3D = (2,), (3,)

COLUMNS = (
    *(
        Column(
            f"oriented_box_{name}", "length",
            f"{side} side of the smallest box along the axes of the ellipse or ellipsoid with the same second moments "
            "that holds all pixels wholly. Along the axes of the image where the object has no direction of its own.",
            dimensions, "size",
        )
        for name, side, dimensions in (
            ("length", "Longest", (2, 3)), ("width", "Second", (2, 3)), ("height", "Shortest", _3D)
        )
    ),
    Column("oriented_box_extent", "1", "Area over that of the oriented box, or volume over volume."),
    Column(
        "elongation", "1",
        "axis_major_length over axis_minor_length, in 3-D over axis_middle_length: 1 for a disc or ball, larger the "
        "longer the object. Not defined for a line of pixels.",
    ),
    Column(
        "flatness", "1",
        "axis_middle_length over axis_minor_length: 1 where the object is as thick as wide, larger the flatter it is. "
        "Not defined for an object of one plane.",
        _3D,
    ),
    *(
        Column(
            f"axis_{which}_direction_{axis}", "1",
            f"The {axis} of the unit vector along the {size} axis of the ellipsoid with the same second moments, in "
            "physical space; its first component that is not 0 is positive, in the order z, y, x.",
            _3D,
        )
        for which, size in (("major", "longest"), ("minor", "shortest"))
        for axis in "zyx"
    ),
)  # fmt: skip

# variances this near to each other, relative to the largest one, are the same
SAME = 1e-12


def measure_axes(block: Block, wanted: set[str]) -> Found:
    """Measure the proportions and directions of all objects."""
    scan, reasons = block.scan, Reasons()
    variances, directions, diagonal = principal_axes(scan, block.spacing)
    same = variances[:, :-1] - variances[:, 1:] <= SAME * variances[:, :1]
    values: dict[str, np.ndarray] = {}

    def define(name: str, value: np.ndarray, where: np.ndarray, why: str) -> None:
        values[name] = np.where(where, np.nan, value)
        if name in wanted and where.any():
            reasons[name] = undefined(block, name, where, why)

    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.sqrt(variances[:, :-1] / variances[:, 1:])
    define("elongation", ratios[:, 0], variances[:, 1] == 0, "a line of pixels has no width")
    if scan.ndim == 3:
        define("flatness", ratios[:, 1], variances[:, 2] == 0, "an object of one plane has no thickness")
        for number, which in ((0, "major"), (2, "minor")):
            for axis, name in enumerate("zyx"):
                define(
                    f"axis_{which}_direction_{name}", directions[:, number, axis], same[:, number // 2],
                    "another axis of the object is as long",
                )  # fmt: skip
    if any(name.startswith("oriented") for name in wanted):
        vague = same.any(axis=1) & ~diagonal
        sides = box_sides(scan, directions, block.spacing)
        why = "two axes of the object are equally long, and neither is along one of the image"
        for axis, name in enumerate(("length", "width", "height")[: scan.ndim]):
            define(f"oriented_box_{name}", sides[:, axis], vague, why)
        size = scan.n_pixels * math.prod(block.spacing)
        define("oriented_box_extent", size / sides.prod(axis=1), vague, why)
    return {name: values[name] for name in values if name in wanted}, reasons


def principal_axes(scan: Scan, spacing: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the axes of the ellipses or ellipsoids with the same second moments.

    Parameters
    ----------
    scan : Scan
    spacing : tuple of float

    Returns
    -------
    variances : ndarray of float64, shape (n, ndim)
        Along the axes, the largest first, relative to the squared pixel size along x.
    directions : ndarray of float64, shape (n, ndim, ndim)
        Unit vectors in physical space; ``directions[i, k]`` belongs to ``variances[i, k]``.
    diagonal : ndarray of bool, shape (n,)
        Whether the axes are those of the image.
    """
    relative = np.asarray(spacing) / spacing[-1]
    covariance = scan.covariance * relative[:, None] * relative
    variances, vectors = np.linalg.eigh(covariance)
    variances, directions = variances[:, ::-1], vectors[:, :, ::-1].transpose(0, 2, 1)
    own = np.diagonal(covariance, axis1=1, axis2=2)
    rest = np.abs(covariance * (1 - np.eye(scan.ndim))).max(axis=(1, 2), initial=0)
    diagonal = rest <= SAME * own.max(axis=1, initial=0)
    # rounding must not turn what has no direction
    order = np.argsort(-own, axis=1, kind="stable")
    directions = np.where(diagonal[:, None, None], np.eye(scan.ndim)[order], directions)
    variances = np.where(diagonal[:, None], np.take_along_axis(own, order, axis=1), variances)
    variances = np.where(variances > NEGLIGIBLE * variances[:, :1], variances, 0.0)
    # the first component that is not 0 is positive
    first = np.argmax(np.abs(directions) > 1e-9, axis=2)[:, :, None]
    directions = directions * np.sign(np.take_along_axis(directions, first, axis=2))
    return variances, directions, diagonal


def box_sides(scan: Scan, directions: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Return the sides of the boxes that hold objects, pixels being boxes themselves.

    Parameters
    ----------
    scan : Scan
    directions : ndarray of float64, shape (n, ndim, ndim)
        Unit vectors along the sides of each box.
    spacing : tuple of float

    Returns
    -------
    ndarray of float64, shape (n, ndim)
        The longest side first.
    """
    from objectwise.kernels import projections

    n, ndim = scan.ids.size, scan.ndim
    axes = np.zeros((n, 3, 3))
    axes[:, 3 - ndim :, 3 - ndim :] = directions * (np.asarray(spacing) / spacing[-1])
    lowest, highest = np.full((n, 3), np.inf), np.full((n, 3), -np.inf)
    projections.find_extents(scan.runs, scan.shape[-2], scan.reference[0], axes, lowest, highest)
    # half a pixel on both sides
    sides = (highest - lowest + np.abs(axes).sum(axis=2))[:, 3 - ndim :]
    return -np.sort(-sides, axis=1) * spacing[-1]


FAMILY = Family(COLUMNS, measure_axes, by_runs=True)
