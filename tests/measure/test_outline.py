"""Borders of objects: the perimeter of scikit-image, Crofton's surface, and what is made of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.measure import regionprops_table

from objectwise.kernels.pieces import DIRECTIONS
from objectwise.measure.objects import measure_block
from objectwise.measure.outline import direction_weights
from objectwise.measure.pieces import find_pieces
from objectwise.measure.scan import scan_labels
from tests.measure.truths import truth

SOLID_SPACINGS = [(1.0, 1.0, 1.0), (0.5, 0.25, 0.25), (0.3, 0.4, 0.5)]


def noise(shape, seed, share=0.5):
    random = np.random.default_rng(seed)
    return random.integers(1, 4, shape) * (random.random(shape) < share)


@truth("perimeter_4_neighbour", by="scikit-image", tolerance="1e-9 relative")
@pytest.mark.parametrize("length", [1.0, 0.31])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_perimeter_of_scikit_image(flat_blobs, length, share):
    for labels in (flat_blobs[0], noise((40, 50), 3, share)):
        values, _ = measure_block(labels, spacing=(length, length), features="perimeter_4_neighbour")
        expected = regionprops_table(labels, properties=["perimeter"], spacing=(length, length))
        np.testing.assert_allclose(values["perimeter_4_neighbour"], expected["perimeter"], rtol=1e-9)


@truth("form_factor", "compactness", by="closed form", tolerance="exact, on a square")
def test_a_square():
    labels = np.zeros((20, 20), np.int32)
    labels[4:14, 5:15] = 3
    values, _ = measure_block(labels, spacing=(0.5, 0.5))
    # through the centres of the border pixels: nine steps along each side
    assert values["perimeter_4_neighbour"][0] == 36 * 0.5
    assert values["form_factor"][0] == pytest.approx(4 * math.pi * 100 / 36**2, rel=1e-12)
    assert values["compactness"][0] == pytest.approx(36**2 / (4 * math.pi * 100), rel=1e-12)


@pytest.mark.parametrize(
    ("radius", "factor", "circularity"), [(3, 1.245, 1.015), (10, 0.98, 1), (80, 0.91, 1)]
)
def test_the_form_factor_drifts_and_the_circularity_hardly(solid_shape, radius, factor, circularity):
    random = np.random.default_rng(4)
    found = []
    for _ in range(20):
        disc = solid_shape(
            lambda p: (p**2).sum(1) <= radius**2, (radius, radius), (1.0, 1.0), random.uniform(-0.5, 0.5, 2)
        )
        values, _ = measure_block(disc, features=["form_factor", "circularity"])
        found.append([values["form_factor"][0], values["circularity"][0]])
    assert np.mean(found, axis=0) == pytest.approx([factor, circularity], abs=0.02)


def test_pixels_that_are_not_square_have_no_such_perimeter(flat_blobs):
    values, reasons = measure_block(flat_blobs[0], spacing=(0.5, 0.3), features=["form_factor", "perimeter"])
    assert np.isnan(values["form_factor"]).all()
    assert "square pixels" in reasons["form_factor"][None]
    assert np.isfinite(values["perimeter"]).all()


def test_one_and_two_pixels():
    labels = np.zeros((5, 9), np.int32)
    labels[1, 1] = 1
    labels[1, 4:6] = 2
    labels[3, 1:4] = 3
    values, reasons = measure_block(labels, features=["perimeter_4_neighbour", "form_factor", "compactness"])
    assert values["perimeter_4_neighbour"].tolist() == [0, 0, 1]
    for name in ("form_factor", "compactness"):
        assert np.isnan(values[name]).tolist() == [True, True, False]
        assert set(reasons[name]) == {1, 2}


@pytest.mark.parametrize("shape", [(17, 23), (7, 9, 11)])
def test_pairs_of_neighbours_one_by_one(shape):
    """The slow twin: every pixel, every direction."""
    labels = noise(shape, 5)
    found = find_pieces(scan_labels(labels)).neighbours
    volume = labels.reshape((1,) * (3 - len(shape)) + shape)
    expected = np.zeros((3, 13), int)
    padded = np.pad(volume, 1)
    for place in np.argwhere(volume):
        label = volume[tuple(place)]
        for number, step in enumerate(DIRECTIONS):
            expected[label - 1, number] += padded[tuple(place + 1 + step)] == label
    np.testing.assert_array_equal(found, expected[:, : found.shape[1]])
    assert not expected[:, found.shape[1] :].any()


def test_directions_cover_the_sphere_evenly_in_cubes():
    weights = direction_weights((1.0, 1.0, 1.0))
    by_length = {n: weights[(DIRECTIONS**2).sum(axis=1) == n] for n in (1, 2, 3)}
    assert weights.sum() == pytest.approx(1)
    # Legland, Kiêu and Devaux (2007), table 2, for both senses of a direction
    for n, expected in ((1, 0.0457779), (2, 0.0369806), (3, 0.0351956)):
        np.testing.assert_allclose(by_length[n], 2 * expected, atol=1e-6)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 0.5, 1.0), (0.3, 0.3, 0.1)])
def test_parts_of_the_sphere_by_chance(spacing):
    random = np.random.default_rng(2)
    points = random.normal(size=(100_000, 3))
    steps = DIRECTIONS * spacing
    steps /= np.linalg.norm(steps, axis=1)[:, None]
    nearest = np.abs(points @ steps.T).argmax(axis=1)
    share = np.bincount(nearest, minlength=13) / nearest.size
    np.testing.assert_allclose(direction_weights(spacing), share, atol=0.005)


@truth("surface_area", "sphericity", "compactness", by="closed form", tolerance="balls, 2 %, 1 % in the mean")
@pytest.mark.parametrize("spacing", SOLID_SPACINGS)
def test_balls(solid_shape, spacing):
    random = np.random.default_rng(3)
    radius = 12 * max(spacing)
    found = []
    for _ in range(12):
        ball = solid_shape(
            lambda p: (p**2).sum(1) <= radius**2, (radius,) * 3, spacing, random.uniform(-0.5, 0.5, 3)
        )
        values, _ = measure_block(ball, spacing=spacing, features="shape")
        assert values["sphericity"][0] == pytest.approx(1, abs=0.02)
        assert values["compactness"][0] == pytest.approx(values["sphericity"][0] ** -3, rel=1e-12)
        found.append(measure_block(ball, spacing=spacing, features="surface_area")[0]["surface_area"][0])
    surface = 4 * math.pi * radius**2
    np.testing.assert_allclose(found, surface, rtol=0.02)
    assert np.mean(found) == pytest.approx(surface, rel=0.01)


def test_a_turned_ellipsoid_of_long_voxels(solid_shape):
    spacing, axes = (0.5, 0.2, 0.2), np.array([9.0, 6.0, 4.5])
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
    labels = solid_shape(lambda p: ((p @ turn / axes) ** 2).sum(1) <= 1, (9.0,) * 3, spacing)
    values, _ = measure_block(labels, spacing=spacing, features="surface_area")
    # Thomsen's formula, good to 1.1 percent
    a, b, c = axes**1.6075
    surface = 4 * math.pi * ((a * b + a * c + b * c) / 3) ** (1 / 1.6075)
    assert values["surface_area"][0] == pytest.approx(surface, rel=0.03)


@pytest.mark.parametrize(("spacing", "tolerance"), [((1.0, 1.0, 1.0), 0.1), ((2.0, 1.0, 0.5), 0.2)])
def test_a_cylinder_with_a_cavity(solid_shape, spacing, tolerance):
    def inside(p):
        across = (p[:, 1:] ** 2).sum(1)
        return (abs(p[:, 0]) < 20) & (across < 12**2) & ((p**2).sum(1) > 6**2)

    labels = solid_shape(inside, (20, 12, 12), spacing)
    values, _ = measure_block(labels, spacing=spacing, features="surface_area")
    surface = 2 * math.pi * 12**2 + 2 * math.pi * 12 * 40 + 4 * math.pi * 6**2
    assert values["surface_area"][0] == pytest.approx(surface, rel=tolerance)


@truth("surface_area", by="SimpleITK", tolerance="1e-9 relative, cubes")
def test_surface_of_simpleitk(solid_blobs):
    """It has the same 13 directions; for other voxels than cubes it weighs them otherwise."""
    sitk = pytest.importorskip("SimpleITK")
    # it does not count what is cut off by the image
    labels = np.pad(solid_blobs[0], 1)
    values, _ = measure_block(labels, spacing=(0.5,) * 3, features="surface_area")
    filter_ = sitk.LabelShapeStatisticsImageFilter()
    image = sitk.GetImageFromArray(labels.astype(np.uint32))
    image.SetSpacing((0.5,) * 3)
    filter_.Execute(image)
    expected = [filter_.GetPerimeter(label) for label in values["label"].tolist()]
    np.testing.assert_allclose(values["surface_area"], expected, rtol=1e-9)


@truth("surface_area", by="DIPlib", tolerance="4 %: its own is that of an isosurface")
def test_surface_of_diplib(solid_blobs):
    dip = pytest.importorskip("diplib")
    labels = np.pad(solid_blobs[0], 1)
    values, _ = measure_block(labels, features=["surface_area", "n_pixels"])
    clean = np.searchsorted(np.concatenate([[0], values["label"]]), labels).astype(np.uint32)
    measurement = dip.MeasurementTool.Measure(dip.Image(clean), None, ["SurfaceArea"])
    theirs = np.array(measurement["SurfaceArea"])
    large = values["n_pixels"] > 60
    assert large.sum() > 5
    np.testing.assert_allclose(values["surface_area"][large], theirs[large, 0], rtol=0.04)


@truth("border_fraction", by="closed form", tolerance="exact")
def test_what_lies_at_the_border():
    labels = np.zeros((6, 8), np.int32)
    labels[:2, :3] = 1  # a corner: 3 of 6 edges along x, 2 of 4 along y
    labels[2:6, 7] = 2  # the right side, down to the corner
    labels[3:5, 3:5] = 3
    values, _ = measure_block(labels, spacing=(0.5, 0.25), features="border_fraction")
    assert values["border_fraction"].tolist() == [0.5, (4 * 0.5 + 0.25) / (8 * 0.5 + 2 * 0.25), 0]
    whole, _ = measure_block(np.ones((3, 4, 5), int), features="border_fraction")
    assert whole["border_fraction"].tolist() == [1]
    slab, _ = measure_block(
        np.pad(np.ones((3, 4, 5), int), ((0, 2), (1, 1), (2, 0))), spacing=(1.0, 2.0, 4.0)
    )
    # the faces across z, y and x have 8, 4 and 2 units; 20, 15 and 12 on each side
    assert slab["border_fraction"][0] == pytest.approx((160 + 24) / (2 * (160 + 60 + 24)))
