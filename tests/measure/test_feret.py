"""The smallest width of objects, and the directions of the largest and smallest diameter."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from objectwise.measure.objects import measure_block
from tests.measure.truths import truth

FERET = ["feret_diameter_min", "feret_angle_min", "feret_angle_max"]


def same_direction(found, expected):
    """Return how far two angles of undirected lines are from each other."""
    apart = np.abs(found - expected) % math.pi
    return np.minimum(apart, math.pi - apart)


@truth(*FERET, by="DIPlib", tolerance="1e-9 on nine of ten blobs; the others see the test")
def test_what_diplib_has(flat_blobs):
    dip = pytest.importorskip("diplib")
    # its outlines are of objects in one piece
    labels = np.pad(flat_blobs[0], 1)
    values, _ = measure_block(labels, features=[*FERET, "n_pieces"])
    clean = np.searchsorted(np.concatenate([[0], values["label"]]), labels).astype(np.uint32)
    measurement = dip.MeasurementTool.Measure(dip.Image(clean), None, ["Feret"])
    theirs = np.array(measurement["Feret"])
    whole = values["n_pieces"] == 1
    assert whole.sum() > 40
    ratio = theirs[:, 1] / values["feret_diameter_min"]
    same = np.abs(ratio - 1) < 1e-9
    assert same[whole].mean() > 0.9
    # it passes over some edges; the slow twin below does not
    assert (ratio[whole & ~same] > 1).all()
    for name, column in (("feret_angle_max", 3), ("feret_angle_min", 4)):
        unique = whole & same & ~np.isnan(values[name])
        assert unique.sum() > 30
        # theirs is from the x axis towards y
        apart = same_direction(values[name][unique], math.pi / 2 - theirs[unique, column])
        np.testing.assert_allclose(apart, 0, atol=1e-9, err_msg=name)


def middles(mask):
    """Return the middles of the edges or faces of all pixels."""
    steps = np.concatenate([np.eye(mask.ndim), -np.eye(mask.ndim)]) / 2
    return (np.argwhere(mask)[:, None] + steps).reshape(-1, mask.ndim)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.3), (0.2, 1.0)])
def test_all_pairs_of_corners(flat_blobs, spacing):
    """The slow twin."""
    labels, _ = flat_blobs
    values, _ = measure_block(labels, spacing=spacing, features=FERET)
    for index, label in enumerate(values["label"]):
        points = middles(labels == label) * spacing
        points = points[ConvexHull(points).vertices]
        edges = np.roll(points, -1, axis=0) - points
        normals = np.column_stack([-edges[:, 1], edges[:, 0]]) / np.linalg.norm(edges, axis=1)[:, None]
        widths = np.ptp(points @ normals.T, axis=0)
        assert values["feret_diameter_min"][index] == pytest.approx(widths.min(), rel=1e-9)
        y, x = normals[widths.argmin()]
        if not np.isnan(values["feret_angle_min"][index]):
            assert same_direction(values["feret_angle_min"][index], math.atan2(x, y)) < 1e-9
        a, b = max(itertools.combinations(points, 2), key=lambda pair: np.linalg.norm(pair[0] - pair[1]))
        if not np.isnan(values["feret_angle_max"][index]):
            angle = math.atan2(b[1] - a[1], b[0] - a[0])
            assert same_direction(values["feret_angle_max"][index], angle) < 1e-9


@truth(*FERET, by="closed form", tolerance="turned rectangles: a pixel, 0.04")
@pytest.mark.parametrize("degrees", [-70, -20, 5, 33, 45])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.25)])
def test_a_turned_rectangle(solid_shape, spacing, degrees):
    length, width, angle = 81 * max(spacing), 25 * max(spacing), math.radians(degrees)
    along = np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-along[1], along[0]])

    def inside(p):
        # one corner farther out than the others, that there be one largest diameter
        return (abs(p @ along) < length / 2 + 0.1 * (p @ across) * (p @ along > 0)) & (
            abs(p @ across) < width / 2
        )

    values, _ = measure_block(solid_shape(inside, (length, length), spacing), spacing=spacing, features=FERET)
    assert values["feret_diameter_min"][0] == pytest.approx(width, abs=max(spacing))
    assert same_direction(values["feret_angle_min"][0], angle + math.pi / 2) < 0.04
    tilt = math.atan2(width, length + 0.05 * width)
    assert same_direction(values["feret_angle_max"][0], angle + tilt) < 0.04


def test_a_square_has_several_directions():
    labels = np.zeros((14, 14), int)
    labels[2:12, 2:12] = 1
    values, reasons = measure_block(labels, features=FERET)
    assert values["feret_diameter_min"][0] == 10
    assert np.isnan([values["feret_angle_min"][0], values["feret_angle_max"][0]]).all()
    assert "several directions share the smallest diameter" in reasons["feret_angle_min"][1]


def test_one_pixel_and_lines():
    labels = np.zeros((12, 12), int)
    labels[1, 1] = 1
    labels[3, 1:9] = 2
    labels[range(5, 11), range(3, 9)] = 3
    values, _ = measure_block(labels, features=FERET)
    # between the sides of a diamond
    assert values["feret_diameter_min"] == pytest.approx([0.5**0.5, 1, 0.5**0.5])
    assert values["feret_angle_max"][1] == math.pi / 2
    assert values["feret_angle_min"][1] == 0
    assert values["feret_angle_min"][2] == pytest.approx(-math.pi / 4)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.5, 0.3)])
def test_all_pairs_of_edges(solid_blobs, spacing):
    """The slow twin: the width across every pair of edges, and across every face."""
    labels, _ = solid_blobs
    values, _ = measure_block(labels, spacing=spacing, features=["size", "shape"])
    compared = 0
    for index in np.argsort(values["n_pixels"])[:12]:
        points = middles(labels == values["label"][index]) * spacing
        hull = ConvexHull(points)
        corners = points[hull.vertices]
        edges = np.unique(np.sort(hull.simplices[:, [[0, 1], [1, 2], [0, 2]]].reshape(-1, 2), axis=1), axis=0)
        along = points[edges[:, 1]] - points[edges[:, 0]]
        first, second = np.triu_indices(len(along), 1)
        normals = np.cross(along[first], along[second])
        length = np.linalg.norm(normals, axis=1)
        normals = normals[length > 1e-9] / length[length > 1e-9][:, None]
        normals = np.concatenate([normals, hull.equations[:, :3]])
        widths = np.concatenate([np.ptp(part @ corners.T, axis=1) for part in np.array_split(normals, 50)])
        assert values["feret_diameter_min"][index] == pytest.approx(widths.min(), rel=1e-9)
        a, b = max(itertools.combinations(corners, 2), key=lambda pair: np.linalg.norm(pair[0] - pair[1]))
        for name, expected in (("min", normals[widths.argmin()]), ("max", a - b)):
            direction = np.array([values[f"feret_direction_{name}_{axis}"][index] for axis in "zyx"])
            if not np.isnan(direction).any():
                compared += 1
                assert np.linalg.norm(direction) == pytest.approx(1)
                assert abs(direction @ expected) / np.linalg.norm(expected) == pytest.approx(1, abs=1e-9)
    assert compared > 12


DIRECTIONS = [f"feret_direction_{name}_{axis}" for name in ("min", "max") for axis in "zyx"]


@truth(*DIRECTIONS, by="closed form", tolerance="a turned box with one longest diagonal: 0.03 radian")
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 0.25, 0.25)])
def test_directions_of_a_turned_body(solid_shape, spacing):
    half = np.array([17.0, 11.0, 6.0]) * max(spacing)
    turn = np.linalg.qr(np.random.default_rng(6).normal(size=(3, 3)))[0]

    def inside(p):
        along = p @ turn
        # two opposite corners farther out than the others
        return (abs(along) < half).all(1) & (
            abs(along - along @ half[:, None] / (half @ half) * half) < half
        ).all(1)

    labels = solid_shape(inside, (1.3 * half[0],) * 3, spacing)
    values, reasons = measure_block(labels, spacing=spacing, features=["shape"])
    found = np.array([values[name][0] for name in DIRECTIONS]).reshape(2, 3)
    assert not set(reasons) & set(DIRECTIONS)
    assert abs(found[0] @ turn[:, 2]) > math.cos(0.03)
    assert abs(found[1] @ turn @ half) / np.linalg.norm(half) > math.cos(0.03)
    assert (found[:, 0] > 0).all()


def test_a_ball_and_a_cube_have_no_direction():
    labels = np.zeros((20, 30, 20), np.int32)
    z, y, x = np.indices((20, 15, 20))
    labels[:, :15][(z - 7) ** 2 + (y - 7) ** 2 + (x - 7) ** 2 < 40] = 1
    labels[3:9, 20:26, 4:10] = 2
    labels[2, 2, 1] = 3
    labels[15:17, 20:26, 1:9] = 4
    values, reasons = measure_block(labels, features=["shape"])
    least, largest = (
        np.transpose([values[f"feret_direction_{name}_{axis}"] for axis in "zyx"]) for name in ("min", "max")
    )
    assert np.isnan(least[:3]).all()
    assert least[3].tolist() == [1, 0, 0]
    assert np.isnan(largest).all()
    assert "several directions share the largest diameter" in reasons["feret_direction_max_z"][4]


BOX = ["smallest_box_length", "smallest_box_width", "smallest_box_angle", "smallest_box_extent"]


@truth(*BOX, by="SciPy", tolerance="1e-9: every edge of its convex hull")
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.3), (0.2, 1.0)])
def test_boxes_on_every_edge(flat_blobs, spacing):
    labels, _ = flat_blobs
    values, _ = measure_block(labels, spacing=spacing, features=["size", "shape"])
    steps = np.array([(y, x) for y in (-0.5, 0.5) for x in (-0.5, 0.5)])
    for index, label in enumerate(values["label"]):
        points = (np.argwhere(labels == label)[:, None] + steps).reshape(-1, 2) * spacing
        points = points[ConvexHull(points).vertices]
        edges = np.roll(points, -1, axis=0) - points
        along = edges / np.linalg.norm(edges, axis=1)[:, None]
        lengths, widths = (np.ptp(points @ axes.T, axis=0) for axes in (along, along[:, ::-1] * (-1, 1)))
        best = (lengths * widths).argmin()
        sides = values["smallest_box_length"][index], values["smallest_box_width"][index]
        assert sides[0] * sides[1] == pytest.approx(lengths[best] * widths[best], rel=1e-9)
        equal = np.flatnonzero(lengths * widths < lengths[best] * widths[best] * (1 + 1e-9))
        assert sum(sides) == pytest.approx((lengths + widths)[equal].min(), rel=1e-9)
        assert values["smallest_box_extent"][index] == pytest.approx(
            values["area"][index] / math.prod(sides), rel=1e-12
        )
        boxes = (
            values["area_bbox"][index],
            values["oriented_box_length"][index] * values["oriented_box_width"][index],
        )
        assert math.prod(sides) <= np.nanmin(boxes) * (1 + 1e-12)
        angle = values["smallest_box_angle"][index]
        if not np.isnan(angle):
            directions = np.where((lengths >= widths)[:, None], along, along[:, ::-1] * (-1, 1))[equal]
            assert min(same_direction(angle, math.atan2(x, y)) for y, x in directions) < 1e-9


@truth(*BOX, by="closed form", tolerance="turned rectangles: 1.5 pixels, 0.02; exact along the axes")
@pytest.mark.parametrize("degrees", [-70, -20, 5, 33, 45])
def test_the_box_of_a_turned_rectangle(solid_shape, degrees):
    length, width, angle = 81, 25, math.radians(degrees)
    along = np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-along[1], along[0]])
    labels = solid_shape(
        lambda p: (abs(p @ along) < length / 2) & (abs(p @ across) < width / 2), (60, 60), (1, 1)
    )
    values, _ = measure_block(labels, features=BOX)
    assert values["smallest_box_length"][0] == pytest.approx(length, abs=1.5)
    assert values["smallest_box_width"][0] == pytest.approx(width, abs=1.5)
    assert same_direction(values["smallest_box_angle"][0], angle) < 0.02
    assert 0.93 < values["smallest_box_extent"][0] <= 1


def test_boxes_of_small_things():
    labels = np.zeros((20, 30), int)
    labels[1, 1] = 1
    labels[3, 1:9] = 2
    labels[range(5, 11), range(3, 9)] = 3
    labels[12:18, 5:15] = 4
    labels[12:15, 20:23] = 5
    labels[14, 22] = 0
    values, reasons = measure_block(labels, features=BOX)
    sides = np.transpose([values[name] for name in BOX[:2]])
    np.testing.assert_allclose(sides[:4], [[1, 1], [8, 1], [6 * 2**0.5, 2**0.5], [10, 6]], rtol=1e-12)
    assert values["smallest_box_angle"][1:4] == pytest.approx([math.pi / 2, math.pi / 4, math.pi / 2])
    assert values["smallest_box_extent"][3] == 1
    assert set(reasons["smallest_box_angle"]) == {1, 5}
    assert "several directions" in reasons["smallest_box_angle"][1]


@truth("feret_diameter_min", by="closed form", tolerance="bodies: two voxels")
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 0.25, 0.25)])
def test_bodies(solid_shape, spacing):
    sides = np.array([30.0, 21.0, 15.0]) * max(spacing)
    turn = np.linalg.qr(np.random.default_rng(6).normal(size=(3, 3)))[0]
    box = solid_shape(lambda p: (abs(p @ turn) < sides / 2).all(1), (sides[0],) * 3, spacing)
    ball = solid_shape(lambda p: (p**2).sum(1) < (sides[2] / 2) ** 2, (sides[0],) * 3, spacing)
    for labels in (box, ball):
        values, _ = measure_block(
            labels, spacing=spacing, features=["feret_diameter_min", "feret_diameter_max"]
        )
        assert values["feret_diameter_min"][0] == pytest.approx(sides[2], abs=2 * max(spacing))
        assert values["feret_diameter_min"][0] <= values["feret_diameter_max"][0]


def test_a_tetrahedron_is_narrowest_across_two_edges():
    """Of its faces none is as near to the corner across as two opposite edges are to each other."""
    size = 40
    z, y, x = np.indices((size + 1,) * 3)
    # four corners of a cube
    labels = ((x + y + z >= size) & (x + y - z <= size) & (x - y + z <= size) & (-x + y + z <= size)) * 1
    values, _ = measure_block(labels, features="feret_diameter_min")
    assert values["feret_diameter_min"][0] == pytest.approx(size, abs=1.01)
