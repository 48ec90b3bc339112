"""Size, shape and position of objects.

Definitions are those of scikit-image wherever it has the same quantity; the description of each column in
`COLUMNS` says where one deliberately goes further. Every function takes the `Scan` of a
block and returns an array with a value for each object. All of them scale exactly: with twice the pixel
size, a length is twice as large to the last bit, because every rounding happens in the same place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.kernels.threads import in_threads
from objectwise.measure.family import Block, Family, Found
from objectwise.measure.scan import Scan

_2D, _3D = (2,), (3,)
_LEGLAND = (
    "Legland D, Kiêu K, Devaux M-F (2007) Computation of Minkowski measures on 2D and 3D binary images. Image Analysis "
    "& Stereology 26(2):83-92."
)

COLUMNS = (
    Column(
        "n_pixels", "pixel", "Number of pixels, or voxels in 3-D.", group="size", kind="integer",
        scikit_image="num_pixels",
    ),
    Column(
        "area", "length^n", "Number of pixels times the area of one.", _2D, "size",
        scikit_image="area", cellprofiler="AreaShape_Area",
    ),
    Column(
        "volume", "length^n", "Number of voxels times the volume of one.", _3D, "size",
        scikit_image="area", cellprofiler="AreaShape_Volume",
    ),
    Column(
        "equivalent_diameter", "length", "Diameter of the disc of the same area, or ball of the same volume.",
        group="size", scikit_image="equivalent_diameter_area", cellprofiler="AreaShape_EquivalentDiameter",
    ),
    Column(
        "axis_major_length", "length",
        "Longest axis of the ellipse or ellipsoid with the same second moments; of pixel centres, so that "
        "one pixel has 0.",
        group="size", scikit_image="axis_major_length", cellprofiler="AreaShape_MajorAxisLength",
    ),
    Column(
        "axis_middle_length", "length", "Second axis of the ellipsoid with the same second moments.",
        _3D, "size",
    ),
    Column(
        "axis_minor_length", "length",
        "Shortest axis of the ellipse or ellipsoid with the same second moments; 0 for a straight line of "
        "pixels, in 3-D also for a flat object.",
        group="size", scikit_image="axis_minor_length", cellprofiler="AreaShape_MinorAxisLength",
    ),
    Column(
        "feret_diameter_max", "length",
        "Largest distance between two points of the convex hull, a pixel of the filled hull standing for "
        "the middles of its edges (faces in 3-D). As in scikit-image; also defined for flat objects in 3-D, "
        "where scikit-image fails.",
        group="size", scikit_image="feret_diameter_max",
    ),
    Column(
        "perimeter", "length",
        "Length of all borders, holes included, by Crofton's formula with four directions: without bias on "
        "round objects, off by up to 6 percent on straight edges, and by more where pixels are far from "
        "square. As perimeter_crofton in scikit-image, which has it for square pixels only.",
        _2D, "size", reference=_LEGLAND, scikit_image="perimeter_crofton",
    ),
    Column(
        "area_convex", "length^n",
        "Area of the pixels whose centre is in the convex hull, a pixel standing for the middles of its "
        "edges.",
        _2D, "size", scikit_image="area_convex", cellprofiler="AreaShape_ConvexArea",
    ),
    Column(
        "volume_convex", "length^n",
        "Volume of the voxels whose centre is in the convex hull, a voxel standing for the middles of its "
        "faces. As area_convex in scikit-image; also defined for flat objects, where scikit-image gives 0.",
        _3D, "size", scikit_image="area_convex",
    ),
    Column(
        "eccentricity", "1",
        "Distance of the foci over the major axis of the ellipse with the same second moments: 0 for a "
        "circle, 1 for a line. Not defined for one pixel, where scikit-image gives 0.",
        _2D, scikit_image="eccentricity", cellprofiler="AreaShape_Eccentricity",
    ),
    Column(
        "orientation", "angle",
        "Angle from the y axis (down the rows) to the major axis, counter-clockwise as displayed, from -pi/2 "
        "to pi/2, as in scikit-image. Not defined where no axis is longer than the other; scikit-image gives "
        "-pi/4 there.",
        _2D, scikit_image="orientation",
    ),
    Column(
        "circularity", "1",
        "4 pi area / perimeter^2 with the Crofton perimeter: 1 for a disc. Not clipped: it exceeds 1 by up "
        "to 6 percent on discs of 3 to 5 pixels radius, and by more on a few pixels.",
        _2D,
    ),
    Column(
        "solidity", "1", "Area over convex area, or volume over convex volume.",
        scikit_image="solidity", cellprofiler="AreaShape_Solidity",
    ),
    *(
        Column(
            f"centroid_{axis}", "length",
            f"Mean {axis} of the pixel centres; the centre of the first pixel of the image is 0.",
            dimensions, "position", scikit_image="centroid", cellprofiler=f"AreaShape_Center_{axis.upper()}",
        )
        for axis, dimensions in (("z", _3D), ("y", (2, 3)), ("x", (2, 3)))
    ),
    *(
        Column(
            f"bbox_min_{axis}", "pixel", f"First pixel of the bounding box along {axis}, counted from 0.",
            dimensions, "position", "integer", scikit_image="bbox",
            cellprofiler=f"AreaShape_BoundingBoxMinimum_{axis.upper()}",
        )
        for axis, dimensions in (("z", _3D), ("y", (2, 3)), ("x", (2, 3)))
    ),
    *(
        Column(
            f"bbox_max_{axis}", "pixel", f"One past the last pixel of the bounding box along {axis}.",
            dimensions, "position", "integer", scikit_image="bbox",
            cellprofiler=f"AreaShape_BoundingBoxMaximum_{axis.upper()}",
        )
        for axis, dimensions in (("z", _3D), ("y", (2, 3)), ("x", (2, 3)))
    ),
    Column(
        "touches_border", "1", "Whether the object has a pixel at the border of the image.",
        group="position", kind="boolean",
    ),
)  # fmt: skip

MOMENTS = {"axis_major_length", "axis_middle_length", "axis_minor_length", "eccentricity", "orientation"}

# an axis shorter than this part of the longest one, squared, is rounding error
NEGLIGIBLE = 1e-14

# lines along x that a thread holds in memory at one time
MAX_LINES = 1 << 22

# above this number of points, finding their hull is faster than comparing all pairs
MANY_POINTS = 500


def measure_shape(block: Block, wanted: set[str]) -> Found:
    """Measure the size, shape and position of all objects."""
    scan, spacing = block.scan, block.spacing
    values: dict[str, np.ndarray] = {}
    reasons: Reasons = {}
    size = "area" if scan.ndim == 2 else "volume"
    values["n_pixels"] = scan.n_pixels.copy()
    values[size] = scan.n_pixels * math.prod(spacing)
    values["equivalent_diameter"] = equivalent_diameter(scan.n_pixels, spacing)

    for axis, name in enumerate("zyx"[3 - scan.ndim :]):
        values[f"bbox_min_{name}"] = scan.box_min[:, axis].copy()
        values[f"bbox_max_{name}"] = scan.box_max[:, axis].copy()
        values[f"centroid_{name}"] = scan.centroid[:, axis] * spacing[axis]
    values["touches_border"] = ((scan.box_min == 0) | (scan.box_max == scan.shape)).any(axis=1)

    if wanted & MOMENTS:
        if scan.ndim == 2:
            _measure_ellipse(scan, spacing, values, reasons)
        else:
            lengths = ellipsoid_axes(scan.covariance, spacing)
            for axis, name in enumerate(("major", "middle", "minor")):
                values[f"axis_{name}_length"] = lengths[:, axis]
    if wanted & {"perimeter", "circularity"}:
        values["perimeter"] = crofton_perimeter(scan, spacing)
        values["circularity"] = 4 * math.pi * values["area"] / values["perimeter"] ** 2
    if wanted & {f"{size}_convex", "solidity", "feret_diameter_max"}:
        n_convex, diameter = convex_hulls(scan, spacing, with_diameter="feret_diameter_max" in wanted)
        values[f"{size}_convex"] = n_convex * math.prod(spacing)
        values["solidity"] = scan.n_pixels / n_convex
        values["feret_diameter_max"] = diameter
    return (
        {name: values[name] for name in values if name in wanted},
        {name: entries for name, entries in reasons.items() if name in wanted},
    )


def equivalent_diameter(n_pixels: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Return the diameter of the disc or ball that has as many pixels.

    Parameters
    ----------
    n_pixels : ndarray of int, shape (n,)
    spacing : tuple of float

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    if len(spacing) == 2:
        return np.sqrt(4 * (n_pixels * math.prod(spacing)) / math.pi)
    # a cube root does not scale exactly, so it is taken of a ratio
    ratio = (spacing[0] / spacing[2]) * (spacing[1] / spacing[2])
    return np.cbrt(6 * n_pixels * ratio / math.pi) * spacing[2]


def _measure_ellipse(
    scan: Scan, spacing: tuple[float, ...], values: dict[str, np.ndarray], reasons: Reasons
) -> None:
    """Measure the ellipse that has the second moments of the pixel centres."""
    along_y = scan.covariance[:, 0, 0] * spacing[0] ** 2
    along_x = scan.covariance[:, 1, 1] * spacing[1] ** 2
    # adding 0 turns -0 into 0, which the angle would take for the other side
    mixed = scan.covariance[:, 0, 1] * (spacing[0] * spacing[1]) + 0.0
    mean = (along_y + along_x) / 2
    half = np.sqrt(((along_y - along_x) / 2) ** 2 + mixed**2)
    largest = mean + half
    smallest = np.where(mean - half > NEGLIGIBLE * largest, mean - half, 0.0)
    values["axis_major_length"] = 4 * np.sqrt(largest)
    values["axis_minor_length"] = 4 * np.sqrt(smallest)

    point = largest == 0
    with np.errstate(invalid="ignore", divide="ignore"):
        values["eccentricity"] = np.sqrt(np.minimum(2 * half / largest, 1.0))
    round_ = half <= 1e-12 * largest
    values["orientation"] = np.where(round_, np.nan, np.arctan2(2 * mixed, along_y - along_x) / 2)
    if point.any():
        reasons["eccentricity"] = dict.fromkeys(
            scan.ids[point].tolist(), "eccentricity: one pixel has no axes"
        )
    if round_.any():
        reasons["orientation"] = dict.fromkeys(
            scan.ids[round_].tolist(), "orientation: no axis of the object is longer than the other"
        )


def ellipsoid_axes(covariance: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Return the axes of the ellipsoids that have given second moments.

    Parameters
    ----------
    covariance : ndarray of float64, shape (n, 3, 3)
        In pixels.
    spacing : tuple of float
        Pixel size.

    Returns
    -------
    ndarray of float64, shape (n, 3)
        Full lengths, the longest first. An ellipsoid with half axis a has the variance a^2 / 5 along it.
    """
    # the eigenvalue solver does not scale exactly, so it is given ratios
    relative = np.asarray(spacing) / spacing[2]
    variances = np.linalg.eigvalsh(covariance * relative[:, None] * relative)[:, ::-1]
    variances = np.where(variances > NEGLIGIBLE * variances[:, :1], variances, 0.0)
    return np.sqrt(20 * variances) * spacing[2]


def crofton_perimeter(scan: Scan, spacing: tuple[float, ...]) -> np.ndarray:
    """Return the length of the borders of the objects, by Crofton's formula.

    Parameters
    ----------
    scan : Scan
        A 2-D block.
    spacing : tuple of float
        Pixel size; the pixels need not be square.

    Returns
    -------
    ndarray of float64, shape (n,)

    Notes
    -----
    A curve is as long as half the integral, over all directions and all parallel lines of each, of the
    number of times that the line crosses it. Four directions of lines run through pixel centres: along x,
    along y, and along both diagonals. Lines of one direction lie ``sy * sx / step`` apart, with ``step`` the
    distance of neighbours on a line. Each direction stands for the angles that are nearest to it: with the
    diagonal at the angle ``a`` from x, these are ``a`` for x, ``pi / 2 - a`` for y and ``pi / 4`` for each
    diagonal. With square pixels all four stand for ``pi / 4``.

    The error has no bias for a border that takes all directions alike. A straight edge is off by up to 6
    percent, depending on its direction, and by up to 13 percent where pixels are four times as long as wide.

    References
    ----------
    Legland D, Kiêu K, Devaux M-F (2007) Computation of Minkowski measures on 2D and 3D binary images. Image
    Analysis & Stereology 26(2):83-92.
    """
    from objectwise.kernels import runs as lines

    spacing_y, spacing_x = spacing
    crossings = np.zeros((scan.ids.size, lines.N_CROSSINGS), dtype=np.int64)
    in_threads(lines.count_crossings, [(scan.runs_of(*part), crossings) for part in scan.ranges])
    angle = math.atan2(spacing_y, spacing_x)
    apart = spacing_y * spacing_x / math.sqrt(spacing_y**2 + spacing_x**2)
    return (
        crossings[:, lines.ALONG_X] * (spacing_y * angle)
        + crossings[:, lines.ALONG_Y] * (spacing_x * (math.pi / 2 - angle))
        + crossings[:, lines.DIAGONAL] * (apart * (math.pi / 4))
    ) / 2


def convex_hulls(
    scan: Scan, spacing: tuple[float, ...], *, with_diameter: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Count the pixels in the convex hulls of the objects, and find the largest diameters of the hulls.

    Parameters
    ----------
    scan : Scan
    spacing : tuple of float
    with_diameter : bool, optional
        Whether the diameters are needed; they take a while in 3-D.

    Returns
    -------
    n_convex : ndarray of int64, shape (n,)
    diameter : ndarray of float64, shape (n,)
        Zeros in 3-D where not asked for.
    """
    n_convex = np.zeros(scan.ids.size, dtype=np.int64)
    squared = np.zeros(scan.ids.size)
    in_threads(
        _fill_hulls,
        [(scan, part, spacing, n_convex, squared, with_diameter) for part in parts_of(scan)],
    )
    return n_convex, np.sqrt(squared)


def hull_boxes(labels: np.ndarray) -> Iterator[tuple[tuple[slice, ...], np.ndarray]]:
    """Fill the convex hull of each object.

    Parameters
    ----------
    labels : ndarray of int, shape ([Z,] Y, X)
        Ids of objects, 0 is background.

    Yields
    ------
    box : tuple of slice
        The box of an object, in the order of the ids.
    hull : ndarray of bool
        The pixels in the box whose centre is in the hull, those that `convex_hulls` counts.
    """
    from objectwise.measure.scan import scan_labels

    scan = scan_labels(labels)
    n = scan.ids.size
    for part in parts_of(scan):
        offsets, first, last = _fill_hulls(
            scan, part, (1.0,) * labels.ndim, np.zeros(n, np.int64), np.zeros(n), False
        )
        for index in range(part.start, part.stop):
            low, high = scan.box_min[index], scan.box_max[index]
            shape = tuple(int(size) for size in high - low)
            begin = offsets[index - part.start]
            rows = slice(begin, begin + math.prod(shape[:-1]))
            columns = np.arange(low[-1], high[-1])
            inside = (first[rows, None] <= columns) & (columns <= last[rows, None])
            box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
            yield box, inside.reshape(shape)


def _fill_hulls(
    scan: Scan,
    part: slice,
    spacing: tuple[float, ...],
    n_convex: np.ndarray,
    squared: np.ndarray,
    with_diameter: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fill the hulls of some objects: returns where their lines begin, and the first and last columns of these.

    The number of pixels and the squared diameter of each hull are written on the way.
    """
    from objectwise.kernels import hulls, solids

    offsets, first, last = line_ends(scan, part)
    given = (scan.record[part], offsets, first, last)
    if scan.ndim == 2:
        hulls.fill_hulls(*given, spacing[0], spacing[1], n_convex[part], squared[part])
    else:
        many = MANY_POINTS if with_diameter else -1
        solids.fill_solid_hulls(*given, spacing, many, n_convex[part], squared[part])
    return offsets, first, last


def line_ends(scan: Scan, part: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find where the lines of the boxes of some objects begin, and the first and last column of each."""
    from objectwise.kernels import runs as lines

    ends = np.cumsum(_n_lines(scan)[part])
    offsets = ends - _n_lines(scan)[part]
    first, last = np.empty((2, ends[-1]), dtype=np.int32)
    runs = scan.runs_of(part.start, part.stop)
    lines.find_line_ends(runs, scan.shape[-2], scan.record, part.start, offsets, first, last)
    return offsets, first, last


def _n_lines(scan: Scan) -> np.ndarray:
    """Return the number of lines along x of the box of each object."""
    from objectwise.kernels import runs as lines

    extent = scan.record[:, lines.MAX_Z :] - scan.record[:, lines.MIN_Z : lines.MAX_Z]
    return extent[:, 0] * extent[:, 1]


def parts_of(scan: Scan) -> Iterator[slice]:
    """Cut the objects into parts such that the lines of each fit into memory."""
    for low, high in scan.ranges:
        n_lines = _n_lines(scan)[low:high]
        start = 0
        while start < n_lines.size:
            total = np.cumsum(n_lines[start:])
            stop = start + max(1, int(np.searchsorted(total, MAX_LINES, side="right")))
            yield slice(low + start, low + stop)
            start = stop


FAMILY = Family(COLUMNS, measure_shape, by_runs=True)
