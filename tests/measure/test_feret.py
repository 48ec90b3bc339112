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
    values, _ = measure_block(labels, spacing=spacing, features=["feret_diameter_min", "n_pixels"])
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
        width = min(np.ptp(part @ corners.T, axis=1).min() for part in np.array_split(normals, 50))
        assert values["feret_diameter_min"][index] == pytest.approx(width, rel=1e-9)


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
