"""Which measurements there are: one list, read by the measuring code, the tables and the documentation.

The order here is the order of the columns in a table. A measurement of an image is listed once and gets a
column for each channel, the name of the channel last: ``intensity_mean_DAPI``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from objectwise.core.parameter import nearest
from objectwise.core.table import Column

GROUPS = ("size", "shape", "position", "intensity")

_2D, _3D = (2,), (3,)

OBJECT_COLUMNS = (
    Column("n_pixels", "pixel", "Number of pixels, or voxels in 3-D.", group="size", kind="integer"),
    Column("area", "length^n", "Number of pixels times the area of one.", _2D, "size"),
    Column("volume", "length^n", "Number of voxels times the volume of one.", _3D, "size"),
    Column(
        "equivalent_diameter", "length", "Diameter of the disc of the same area, or ball of the same volume.",
        group="size",
    ),
    Column(
        "axis_major_length", "length",
        "Longest axis of the ellipse or ellipsoid with the same second moments; of pixel centres, so that "
        "one pixel has 0.",
        group="size",
    ),
    Column(
        "axis_middle_length", "length", "Second axis of the ellipsoid with the same second moments.",
        _3D, "size",
    ),
    Column(
        "axis_minor_length", "length",
        "Shortest axis of the ellipse or ellipsoid with the same second moments; 0 for a straight line of "
        "pixels, in 3-D also for a flat object.",
        group="size",
    ),
    Column(
        "feret_diameter_max", "length",
        "Largest distance between two points of the convex hull, a pixel of the filled hull standing for "
        "the middles of its edges (faces in 3-D). As in scikit-image; also defined for flat objects in 3-D, "
        "where scikit-image fails.",
        group="size",
    ),
    Column(
        "perimeter", "length",
        "Length of all borders, holes included, by Crofton's formula with four directions: without bias on "
        "round objects, off by up to 6 percent on straight edges, and by more where pixels are far from "
        "square. As perimeter_crofton in scikit-image, which has it for square pixels only.",
        _2D, "size",
    ),
    Column(
        "area_convex", "length^n",
        "Area of the pixels whose centre is in the convex hull, a pixel standing for the middles of its "
        "edges.",
        _2D, "size",
    ),
    Column(
        "volume_convex", "length^n",
        "Volume of the voxels whose centre is in the convex hull, a voxel standing for the middles of its "
        "faces. As area_convex in scikit-image; also defined for flat objects, where scikit-image gives 0.",
        _3D, "size",
    ),
    Column(
        "eccentricity", "1",
        "Distance of the foci over the major axis of the ellipse with the same second moments: 0 for a "
        "circle, 1 for a line. Not defined for one pixel, where scikit-image gives 0.",
        _2D,
    ),
    Column(
        "orientation", "angle",
        "Angle from the y axis (down the rows) to the major axis, counter-clockwise as displayed, from -pi/2 "
        "to pi/2, as in scikit-image. Not defined where no axis is longer than the other; scikit-image gives "
        "-pi/4 there.",
        _2D,
    ),
    Column(
        "circularity", "1",
        "4 pi area / perimeter^2 with the Crofton perimeter: 1 for a disc. Not clipped: it exceeds 1 by up "
        "to 6 percent on discs of 3 to 5 pixels radius, and by more on a few pixels.",
        _2D,
    ),
    Column("solidity", "1", "Area over convex area, or volume over convex volume.", group="shape"),
    *(
        Column(
            f"centroid_{axis}", "length",
            f"Mean {axis} of the pixel centres; the centre of the first pixel of the image is 0.",
            dimensions, "position",
        )
        for axis, dimensions in (("z", _3D), ("y", (2, 3)), ("x", (2, 3)))
    ),
    *(
        Column(
            f"bbox_min_{axis}", "pixel", f"First pixel of the bounding box along {axis}, counted from 0.",
            dimensions, "position", "integer",
        )
        for axis, dimensions in (("z", _3D), ("y", (2, 3)), ("x", (2, 3)))
    ),
    *(
        Column(
            f"bbox_max_{axis}", "pixel", f"One past the last pixel of the bounding box along {axis}.",
            dimensions, "position", "integer",
        )
        for axis, dimensions in (("z", _3D), ("y", (2, 3)), ("x", (2, 3)))
    ),
    Column(
        "touches_border", "1", "Whether the object has a pixel at the border of the image.",
        group="position", kind="boolean",
    ),
)  # fmt: skip

IMAGE_COLUMNS = (
    Column("intensity_min", "intensity", "Smallest value in the object.", group="intensity"),
    Column("intensity_max", "intensity", "Largest value in the object.", group="intensity"),
    Column("intensity_mean", "intensity", "Mean value in the object.", group="intensity"),
    Column(
        "intensity_std", "intensity",
        "Standard deviation of the values in the object, of the population (divided by n).",
        group="intensity",
    ),
    Column(
        "intensity_median", "intensity",
        "Median value in the object; the mean of the two middle ones where their number is even.",
        group="intensity",
    ),
    Column("intensity_sum", "intensity", "Sum of the values in the object.", group="intensity"),
)  # fmt: skip

MISSING = Column(
    "intensity_n_missing", "pixel",
    "Number of pixels of the object that are NaN or infinite; the other measurements of this channel pass "
    "over them.",
    group="intensity", kind="integer",
)  # fmt: skip


def for_channel(column: Column, channel: str) -> Column:
    """Return the column of one channel for a measurement of an image."""
    return replace(column, name=f"{column.name}_{channel}")


def columns_for(
    ndim: int, channels: Sequence[str] = (), features: Iterable[str] | str | None = None
) -> list[Column]:
    """Return the columns that measuring gives, without ``frame`` and ``label``.

    Parameters
    ----------
    ndim : {2, 3}
        Number of spatial axes.
    channels : sequence of str, optional
        Names of the images.
    features : iterable of str, optional
        What to measure: groups (``"size"``, ``"shape"``, ``"position"``, ``"intensity"``), columns
        (``"area"``), measurements of all images (``"intensity_mean"``) or of one
        (``"intensity_mean_DAPI"``). None for all that are defined.

    Returns
    -------
    list of Column
        In the order of a table, whatever the order asked for. A column asked for by name that is not
        defined for this number of axes is among them; its values are NaN.

    Raises
    ------
    ValueError
        If a feature is not known; the nearest known one is named.

    Examples
    --------
    >>> [column.name for column in columns_for(2, ["DAPI"], ["area", "intensity_mean"])]
    ['area', 'intensity_mean_DAPI']
    """
    channels = list(channels)
    per_channel = [
        (column, channel, for_channel(column, channel))
        for channel in channels
        for column in (*IMAGE_COLUMNS, MISSING)
    ]
    if features is None:
        objects = [column for column in OBJECT_COLUMNS if ndim in column.dimensions]
        return objects + [named for column, _, named in per_channel if column is not MISSING]
    wanted = [features] if isinstance(features, str) else list(features)
    known = [*GROUPS, *(column.name for column in (*OBJECT_COLUMNS, *IMAGE_COLUMNS, MISSING))]
    known += [named.name for *_, named in per_channel]
    for name in wanted:
        if name not in known:
            raise ValueError(
                f"features: there is no measurement {name!r}{nearest(name, known)}; "
                f"allowed are {', '.join(GROUPS)} and the names of columns"
            )
        if name.startswith("intensity") and not channels:
            raise ValueError(f"features: {name!r} needs an image; found labels alone")
    chosen = []
    for column in OBJECT_COLUMNS:
        if column.name in wanted:
            # what is not defined for this number of axes is NaN, which only floats can be
            chosen.append(column if ndim in column.dimensions else replace(column, kind="float"))
        elif column.group in wanted and ndim in column.dimensions:
            chosen.append(column)
    for column, _, named in per_channel:
        by_group = "intensity" in wanted and column is not MISSING
        if by_group or column.name in wanted or named.name in wanted:
            chosen.append(named)
    return chosen
