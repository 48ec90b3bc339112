"""How images are spread in objects: rings and sectors that were drawn, and CellProfiler's definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from objectwise.measure.objects import measure_block
from objectwise.measure.radial import columns
from tests.measure.truths import truth

NAMES = [column.name for column in columns(4)]


def radial(labels, image, spacing=None, n_rings=4):
    values, _ = measure_block(labels, {"a": image}, spacing, ["radial"], n_rings=n_rings)
    return np.array([c for name, c in values.items() if name != "label"]).reshape(3, n_rings, -1)


def square(half, spacing=(1.0, 1.0)):
    """Return a box of odd sides, the offsets from its middle, and the ring of each pixel by the definition."""
    offset = [axis - half for axis in np.indices((2 * half + 1,) * len(spacing))]
    depth = np.min([(half + 1 - np.abs(axis)) * s for axis, s in zip(offset, spacing, strict=True)], axis=0)
    away = np.sqrt(sum((axis * s) ** 2 for axis, s in zip(offset, spacing, strict=True)))
    place = 4 * away / (away + depth)
    return np.ones(depth.shape, int), offset, np.clip(np.ceil(place - 1e-5) - 1, 0, 3).astype(int)


@truth(*NAMES[:8], by="closed form", tolerance="1e-12")
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.5), (2.0, 1.0), (2.0, 1.0, 1.0)])
def test_rings_of_a_box(spacing):
    labels, _, ring = square(9, spacing)
    levels = np.array([7.0, 5, 2, 1])
    counts = np.bincount(ring.ravel())
    found = radial(np.pad(labels, 2), np.pad(levels[ring], 2), spacing)[:2, :, 0]
    total = (levels * counts).sum()
    np.testing.assert_allclose(found[0], levels * counts / total, atol=1e-12)
    np.testing.assert_allclose(found[1], levels * counts.sum() / total, atol=1e-12)


@truth(*NAMES[8:], by="closed form", tolerance="1e-12")
def test_sides_of_a_disc():
    y, x = np.indices((41, 41)) - 20
    labels = (y**2 + x**2 < 380).astype(int)
    image = np.where(x > 0, 3.0, 1.0)
    # what lies between two sectors is left out, so that each sector is of one value
    image[(x == 0) | (y == 0) | (abs(x) == abs(y))] = np.nan
    image[20, 20] = np.nan
    np.testing.assert_allclose(radial(labels, image)[2, :, 0], 0.5, atol=1e-12)
    np.testing.assert_allclose(radial(labels, np.ones(labels.shape))[2, :, 0], 0, atol=1e-12)
    # in octants
    z, y, x = np.indices((17, 17, 17)) - 8
    image = np.where(z * y * x == 0, np.nan, np.where(z > 0, 3.0, 1.0))
    ball = (z**2 + y**2 + x**2 < 60).astype(int)
    np.testing.assert_allclose(radial(ball, image, n_rings=2)[2, :, 0], 0.5, atol=1e-12)


def test_a_constant_image_is_spread_evenly(flat_blobs, solid_blobs):
    for labels, _ in (flat_blobs, solid_blobs):
        fraction, mean, variation = radial(labels, np.full(labels.shape, 7, np.uint16), (0.5,) * labels.ndim)
        np.testing.assert_allclose(fraction.sum(axis=0), 1, rtol=1e-12)
        np.testing.assert_allclose(mean[~np.isnan(mean)], 1, rtol=1e-12)
        np.testing.assert_allclose(variation[~np.isnan(variation)], 0, atol=1e-12)


@truth(*NAMES, by="cp_measure", tolerance="0.06 on a disc and an ellipse; its paths take eight directions")
def test_cellprofiler():
    theirs = pytest.importorskip("cp_measure.core.measureobjectintensitydistribution").get_radial_distribution
    labels = np.zeros((90, 180), int)
    y, x = np.indices(labels.shape)
    labels[(y - 44) ** 2 + (x - 44) ** 2 < 1600] = 1
    labels[((y - 45) / 28) ** 2 + ((x - 130) / 41) ** 2 < 1] = 2
    image = ndimage.gaussian_filter(np.random.default_rng(3).random(labels.shape), 8)
    image = (image - image.min()) / np.ptp(image) + 0.1
    expected = theirs(labels, image)
    found = radial(labels, image)
    for row, name in enumerate(("FracAtD", "MeanFrac", "RadialCV")):
        for ring in range(4):
            column = expected[f"RadialDistribution_{name}_{ring + 1}of4"]
            np.testing.assert_allclose(found[row, ring], column, atol=0.06, err_msg=f"{name} {ring}")


def test_mirrored_objects_of_even_width_have_mirrored_rings():
    labels = np.zeros((9, 10), int)
    labels[1:7, 2:8] = 1
    image = np.random.default_rng(5).random(labels.shape)
    for axis in (0, 1):
        np.testing.assert_allclose(
            radial(np.flip(labels, axis), np.flip(image, axis)), radial(labels, image), rtol=1e-12
        )


def test_batches_make_no_difference(flat_blobs, monkeypatch):
    from objectwise.measure import pixels

    labels, image = flat_blobs
    features = ["radial", "texture", "granularity"]
    values, _ = measure_block(labels, {"a": image}, None, features)
    monkeypatch.setattr(pixels, "MAX_PIXELS", 50)
    again, _ = measure_block(labels, {"a": image}, None, features)
    for name, column in values.items():
        np.testing.assert_array_equal(again[name], column, err_msg=name)


def test_why_radial_spread_is_not_defined():
    labels = np.zeros((8, 8), int)
    labels[1, 1], labels[3:6, 3:6] = 2, 5
    image = np.where(labels == 5, -1.0, 1.0)
    values, reasons = measure_block(labels, {"a": image}, None, ["radial"])
    assert values["radial_fraction_1_a"][0] == 1
    assert values["radial_fraction_4_a"][0] == 0
    assert reasons["radial_cv_4_a"][2] == "radial_cv_4_a: the ring has no pixel"
    assert "do not add up to more than 0" in reasons["radial_fraction_1_a"][5]
