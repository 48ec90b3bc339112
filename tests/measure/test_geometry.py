"""Sizes and shapes that geometry knows in closed form.

A digital shape differs from the true one by its border pixels: errors fall with the number of pixels across.
Tolerances are for some 25 to 80 pixels across; that of the perimeter of straight edges is the error of the
estimator itself.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from objectwise.measure.objects import measure_block
from objectwise.measure.shape import COLUMNS
from tests.measure.truths import truth

FLAT_SPACINGS = [(1.0, 1.0), (0.25, 0.25), (0.5, 0.25), (0.2, 0.5)]
SOLID_SPACINGS = [(1.0, 1.0, 1.0), (0.5, 0.25, 0.25), (0.3, 0.4, 0.5)]


OWN = {column.name for column in COLUMNS}


def turned(position, angle):
    """Return coordinates along a direction at an angle from y towards x, and across it."""
    y, x = position.T
    return y * math.cos(angle) + x * math.sin(angle), -y * math.sin(angle) + x * math.cos(angle)


@truth(
    "area",
    "equivalent_diameter",
    "axis_major_length",
    "axis_minor_length",
    "centroid_y",
    "centroid_x",
    "feret_diameter_max",
    "solidity",
    "circularity",
    by="closed form",
    tolerance="discs; see the test",
)
@pytest.mark.parametrize("spacing", FLAT_SPACINGS)
@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.3, -0.2)])
def test_disc(solid_shape, spacing, shift):
    radius = 30 * max(spacing)
    labels = solid_shape(lambda p: (p**2).sum(1) <= radius**2, (radius, radius), spacing, shift)
    values, reasons = measure_block(labels, spacing=spacing)
    pixel = max(spacing)
    assert values["area"][0] == pytest.approx(math.pi * radius**2, rel=0.01)
    assert values["equivalent_diameter"][0] == pytest.approx(2 * radius, rel=0.005)
    assert values["perimeter"][0] == pytest.approx(2 * math.pi * radius, rel=0.02)
    assert values["circularity"][0] == pytest.approx(1, abs=0.03)
    assert values["axis_major_length"][0] == pytest.approx(2 * radius, rel=0.01)
    assert values["axis_minor_length"][0] == pytest.approx(2 * radius, rel=0.01)
    assert 2 * radius - pixel <= values["feret_diameter_max"][0] <= 2 * radius + 2 * pixel
    assert values["solidity"][0] > 0.97
    assert values["eccentricity"][0] < 0.2
    centre = (np.asarray(labels.shape) - 1) / 2 + shift
    assert values["centroid_y"][0] == pytest.approx(centre[0] * spacing[0], abs=0.1 * spacing[0])
    assert values["centroid_x"][0] == pytest.approx(centre[1] * spacing[1], abs=0.1 * spacing[1])
    assert OWN & set(reasons) <= {"orientation"}


@truth("perimeter", by="closed form", tolerance="1 % in the mean of discs")
@pytest.mark.parametrize("spacing", FLAT_SPACINGS)
def test_the_perimeter_of_discs_has_no_bias(solid_shape, spacing):
    random = np.random.default_rng(3)
    radius = 12 * max(spacing)
    found = []
    for _ in range(40):
        labels = solid_shape(
            lambda p: (p**2).sum(1) <= radius**2, (radius, radius), spacing, random.uniform(-0.5, 0.5, 2)
        )
        found.append(measure_block(labels, spacing=spacing, features="perimeter")[0]["perimeter"][0])
    assert np.mean(found) == pytest.approx(2 * math.pi * radius, rel=0.005)


@truth(
    "eccentricity",
    "orientation",
    "axis_major_length",
    "axis_minor_length",
    by="closed form",
    tolerance="ellipses; see the test",
)
@pytest.mark.parametrize("spacing", FLAT_SPACINGS)
@pytest.mark.parametrize("degrees", [-70, -30, 10, 45, 80])
def test_turned_ellipse(solid_shape, spacing, degrees):
    long, short = 40 * max(spacing), 16 * max(spacing)
    angle = math.radians(degrees)

    def inside(position):
        along, across = turned(position, angle)
        return (along / long) ** 2 + (across / short) ** 2 <= 1

    values, reasons = measure_block(solid_shape(inside, (long, long), spacing), spacing=spacing)
    assert values["area"][0] == pytest.approx(math.pi * long * short, rel=0.01)
    assert values["axis_major_length"][0] == pytest.approx(2 * long, rel=0.01)
    assert values["axis_minor_length"][0] == pytest.approx(2 * short, rel=0.01)
    assert values["eccentricity"][0] == pytest.approx(math.sqrt(1 - (short / long) ** 2), rel=0.01)
    assert values["orientation"][0] == pytest.approx(angle, abs=0.01)
    assert values["feret_diameter_max"][0] == pytest.approx(2 * long, abs=2 * max(spacing))
    # half the mean of an ellipse's width over all directions, times 2 pi (Ramanujan's formula)
    h = ((long - short) / (long + short)) ** 2
    perimeter = math.pi * (long + short) * (1 + 3 * h / (10 + math.sqrt(4 - 3 * h)))
    assert values["perimeter"][0] == pytest.approx(perimeter, rel=0.07)
    assert not OWN & set(reasons)


@pytest.mark.parametrize("degrees", [0, 20, 45, 65])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.5), (0.5, 0.25)])
def test_turned_rectangle(solid_shape, spacing, degrees):
    length, width = 61 * max(spacing), 25 * max(spacing)

    def inside(position):
        along, across = turned(position, math.radians(degrees))
        return (abs(along) < length / 2) & (abs(across) < width / 2)

    values, _ = measure_block(solid_shape(inside, (length * 0.6, length * 0.6), spacing), spacing=spacing)
    assert values["area"][0] == pytest.approx(length * width, rel=0.05)
    # a rectangle has the variance length^2 / 12, an ellipse axis^2 / 16
    assert values["axis_major_length"][0] == pytest.approx(length * math.sqrt(16 / 12), rel=0.04)
    assert values["axis_minor_length"][0] == pytest.approx(width * math.sqrt(16 / 12), rel=0.06)
    assert values["feret_diameter_max"][0] == pytest.approx(math.hypot(length, width), abs=2 * max(spacing))
    # straight edges are where four directions err most
    assert values["perimeter"][0] == pytest.approx(2 * (length + width), rel=0.1)
    assert values["solidity"][0] > 0.94


@truth(
    "n_pixels",
    "area",
    "area_convex",
    "solidity",
    "bbox_min_y",
    "bbox_min_x",
    "bbox_max_y",
    "bbox_max_x",
    by="closed form",
    tolerance="exact",
)
def test_square_along_the_axes_is_exact():
    labels = np.zeros((20, 20), np.int32)
    labels[4:14, 5:15] = 3
    values, reasons = measure_block(labels, spacing=(0.5, 0.5))
    assert values["label"].tolist() == [3]
    assert values["n_pixels"].tolist() == [100]
    assert values["area"][0] == 25
    assert values["area_convex"][0] == 25
    assert values["solidity"][0] == 1
    assert (values["centroid_y"][0], values["centroid_x"][0]) == (8.5 * 0.5, 9.5 * 0.5)
    box = [values[f"bbox_{name}"][0] for name in ("min_y", "min_x", "max_y", "max_x")]
    assert box == [4, 5, 14, 15]
    # ten pixels in a row: variance (10^2 - 1) / 12
    assert values["axis_major_length"][0] == pytest.approx(4 * math.sqrt(99 / 12) * 0.5, rel=1e-12)
    # from the middle of one edge to that of the opposite pixel: 10 by 9
    assert values["feret_diameter_max"][0] == pytest.approx(math.hypot(10, 9) * 0.5, rel=1e-12)
    # by hand: 20 crossings along each axis, and two for each of 19 diagonals in both directions
    crofton = math.pi / 8 * (20 + 20 + 2 * 2 * 19 / math.sqrt(2)) * 0.5
    assert values["perimeter"][0] == pytest.approx(crofton, rel=1e-12)
    assert not values["touches_border"][0]
    assert np.isnan(values["orientation"][0])
    assert OWN & set(reasons) == {"orientation"}


def test_rectangle_with_a_hole():
    labels = np.zeros((30, 30), np.int32)
    labels[5:25, 5:25] = 1
    labels[10:20, 10:20] = 0
    whole, hole = np.zeros_like(labels), np.zeros_like(labels)
    whole[5:25, 5:25] = 1
    hole[10:20, 10:20] = 1
    values, outer, inner = (measure_block(item)[0] for item in (labels, whole, hole))
    assert values["area"][0] == 300
    assert values["area_convex"][0] == 400
    assert values["perimeter"][0] == pytest.approx(outer["perimeter"][0] + inner["perimeter"][0], rel=1e-12)
    assert values["feret_diameter_max"][0] == outer["feret_diameter_max"][0]


@truth("volume", "equivalent_diameter", by="closed form", tolerance="balls; see the test")
@pytest.mark.parametrize("spacing", SOLID_SPACINGS)
def test_ball(solid_shape, spacing):
    radius = 15 * max(spacing)
    labels = solid_shape(lambda p: (p**2).sum(1) <= radius**2, (radius,) * 3, spacing)
    values, reasons = measure_block(labels, spacing=spacing)
    assert values["volume"][0] == pytest.approx(4 / 3 * math.pi * radius**3, rel=0.01)
    assert values["equivalent_diameter"][0] == pytest.approx(2 * radius, rel=0.005)
    for name in ("major", "middle", "minor"):
        assert values[f"axis_{name}_length"][0] == pytest.approx(2 * radius, rel=0.01)
    assert values["solidity"][0] > 0.93
    assert 2 * radius - max(spacing) <= values["feret_diameter_max"][0] <= 2 * radius + 2 * max(spacing)
    assert not OWN & set(reasons)


@truth(
    "axis_major_length",
    "axis_middle_length",
    "axis_minor_length",
    by="closed form",
    tolerance="ellipsoids; see the test",
)
@pytest.mark.parametrize("spacing", SOLID_SPACINGS)
def test_turned_ellipsoid(solid_shape, spacing):
    axes = np.array([24.0, 14.0, 8.0]) * max(spacing)
    random = np.random.default_rng(5)
    directions = np.linalg.qr(random.normal(size=(3, 3)))[0]

    def inside(position):
        return ((position @ directions / axes) ** 2).sum(1) <= 1

    values, _ = measure_block(solid_shape(inside, (axes[0],) * 3, spacing), spacing=spacing)
    assert values["volume"][0] == pytest.approx(4 / 3 * math.pi * axes.prod(), rel=0.01)
    for name, axis in zip(("major", "middle", "minor"), axes, strict=True):
        assert values[f"axis_{name}_length"][0] == pytest.approx(2 * axis, rel=0.015)
    assert values["feret_diameter_max"][0] == pytest.approx(2 * axes[0], abs=2 * max(spacing))


@truth(
    "volume", "volume_convex", "bbox_min_z", "bbox_max_z", "centroid_z", by="closed form", tolerance="exact"
)
def test_box_is_exact():
    labels = np.zeros((12, 14, 16), np.int32)
    labels[2:8, 3:11, 1:11] = 9
    spacing = (2.0, 0.5, 0.25)
    values, _ = measure_block(labels, spacing=spacing)
    assert values["n_pixels"][0] == 480
    assert values["volume"][0] == 480 * 0.25
    assert values["volume_convex"][0] == 480 * 0.25
    assert values["solidity"][0] == 1
    assert [values[f"centroid_{axis}"][0] for axis in "zyx"] == [4.5 * 2, 6.5 * 0.5, 5.5 * 0.25]
    box = [values[f"bbox_{side}_{axis}"][0] for side in ("min", "max") for axis in "zyx"]
    assert box == [2, 3, 1, 8, 11, 11]
    lengths = [math.sqrt(20 * (n**2 - 1) / 12) * s for n, s in zip((6, 8, 10), spacing, strict=True)]
    found = [values[f"axis_{name}_length"][0] for name in ("major", "middle", "minor")]
    assert found == pytest.approx(sorted(lengths, reverse=True), rel=1e-12)
    # the middles of opposite faces, one pixel farther along the coarsest axis
    assert values["feret_diameter_max"][0] == pytest.approx(math.sqrt(12**2 + 3.5**2 + 2.25**2), rel=1e-12)


def test_cylinder(solid_shape):
    radius, length, spacing = 12.0, 40.0, (1.0, 0.5, 0.5)
    labels = solid_shape(
        lambda p: (abs(p[:, 0]) < length / 2) & ((p[:, 1:] ** 2).sum(1) <= radius**2),
        (length / 2, radius, radius),
        spacing,
    )
    values, _ = measure_block(labels, spacing=spacing)
    # an odd number of planes: 39 of the 40 centres fit between the lids
    assert values["volume"][0] == pytest.approx(math.pi * radius**2 * 39, rel=0.01)
    # a disc has the variance radius^2 / 4, an ellipsoid axis^2 / 20
    assert values["axis_minor_length"][0] == pytest.approx(radius * math.sqrt(5), rel=0.01)
    assert values["axis_major_length"][0] == pytest.approx(math.sqrt(20 * (39**2 - 1) / 12), rel=1e-9)
    assert values["feret_diameter_max"][0] == pytest.approx(math.hypot(39, 2 * radius), abs=1.0)
