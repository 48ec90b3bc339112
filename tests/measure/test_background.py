"""Background of objects from the rings around them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

import objectwise as ow
from objectwise import operations
from objectwise.measure.objects import measure_block
from tests.measure.truths import truth

GROUP = "intensity_background"


def rings_of(labels, spacing, gap, width):
    """Return the ring of each object the slow way, from its own distance to every pixel."""
    ids = np.unique(labels[labels > 0])
    far = np.array([ndimage.distance_transform_edt(labels != label, spacing) for label in ids])
    nearest = far.min(axis=0)
    alone = (far <= nearest * (1 + 1e-9)).sum(axis=0) == 1
    taken = alone & (nearest > gap * (1 + 1e-6)) & (nearest <= (gap + width) * (1 + 1e-6))
    return [taken & (part == nearest) for part in far]


@truth("intensity_background_n_pixels", by="SciPy", tolerance="exact")
@truth(
    "intensity_background_median",
    "intensity_background_mean",
    "intensity_background_std",
    by="SciPy",
    tolerance="1e-12 relative",
)
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.2), (1.0, 1.0, 1.0), (0.7, 0.3, 0.3)])
@pytest.mark.parametrize(("gap", "width"), [(0.0, 1.0), (0.6, 2.1), (2.0, 1.0)])
def test_the_slow_way(spacing, gap, width):
    random = np.random.default_rng(3)
    shape = (40, 45) if len(spacing) == 2 else (9, 20, 22)
    labels = ndimage.grey_dilation(random.integers(1, 90, shape) * (random.random(shape) < 0.01), 3)
    image = random.normal(100, 10, shape)
    found, reasons = measure_block(labels, {"a": image}, spacing, GROUP, ring_gap=gap, ring_width=width)
    rings = rings_of(labels, spacing, gap, width)
    n_pixels = np.array([ring.sum() for ring in rings])
    assert found["intensity_background_n_pixels_a"].tolist() == n_pixels.tolist()
    empty = n_pixels == 0
    assert list(reasons.get("intensity_background_median_a", {})) == found["label"][empty].tolist()
    for name, function in (("_median", np.median), ("_mean", np.mean), ("_std", np.std)):
        values = found[f"intensity_background{name}_a"]
        assert (np.isnan(values) == empty).all()
        expected = [function(image[ring]) for ring in rings if ring.any()]
        np.testing.assert_allclose(values[~empty], expected, rtol=1e-12, atol=1e-12)


def test_the_ring_is_that_of_the_operation():
    labels = np.zeros((60, 60), int)
    labels[20:30, 20:34] = 4
    found, _ = measure_block(labels, {"a": labels * 1.0}, (0.5, 0.25), GROUP, ring_gap=1.0, ring_width=2.0)
    make_rings = operations["make_rings"].function
    ring = make_rings(labels.astype(np.int32), gap=1.0, width=2.0, spacing=(0.5, 0.25))
    assert found["intensity_background_n_pixels_a"].tolist() == [(ring == 4).sum()]


@truth("intensity_background_n_pixels", by="closed form", tolerance="3 % of the area of a ring")
@pytest.mark.parametrize("spacing", [(0.25, 0.25), (0.5, 0.2)])
def test_area_of_a_ring_around_a_disc(solid_shape, spacing):
    labels = solid_shape(lambda p: (p**2).sum(1) <= 64, (16, 16), spacing)
    found, _ = measure_block(labels, {"a": labels * 1.0}, spacing, GROUP, ring_gap=2.0, ring_width=4.0)
    area = found["intensity_background_n_pixels_a"][0] * math.prod(spacing)
    assert area == pytest.approx(math.pi * (14**2 - 10**2), rel=0.03)


@truth(
    "intensity_background_median",
    "intensity_background_mean",
    "intensity_background_std",
    "intensity_mean_corrected",
    "intensity_sum_corrected",
    "intensity_contrast",
    "intensity_signal_to_noise",
    by="closed form",
    tolerance="1e-12 relative",
)
@pytest.mark.parametrize("ndim", [2, 3])
def test_object_on_a_checkerboard(ndim):
    # a box with as many pixels of either kind around it: 30 and 50, on average 40, 10 off
    shape = (24,) * ndim
    image = np.where(np.indices(shape).sum(axis=0) % 2, 30, 50).astype(np.uint16)
    box = (slice(8, 16),) * ndim
    labels = np.zeros(shape, int)
    labels[box] = 1
    image[box] = 100
    found, reasons = measure_block(labels, {"a": image}, None, GROUP, ring_gap=1.0, ring_width=3.0)
    assert reasons == {}
    expected = {
        "intensity_background_median": 40,
        "intensity_background_mean": 40,
        "intensity_background_std": 10,
        "intensity_mean_corrected": 60,
        "intensity_sum_corrected": 60 * 8**ndim,
        "intensity_contrast": 60 / 140,
        "intensity_signal_to_noise": 6,
    }
    assert {name: found[f"{name}_a"][0] for name in expected} == pytest.approx(expected, rel=1e-12)


def test_a_slope_leaves_nothing():
    y, x = np.indices((41, 41))
    labels = ((y - 20) ** 2 + (x - 20) ** 2 <= 36).astype(int)
    found, _ = measure_block(labels, {"a": 1000 + 3.0 * x - 2.0 * y}, None, GROUP)
    assert found["intensity_mean_corrected_a"][0] == pytest.approx(0, abs=1e-9)


def test_other_objects_are_left_out_and_take_their_part():
    labels = np.array([[0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0]])
    image = np.array([[1.0, 2, 3, 90, 4, 5, 6, 7, 8, 80, 9, 10]])
    found, _ = measure_block(labels, {"a": image}, None, GROUP, ring_gap=1.0, ring_width=3.0)
    # the pixel in the middle is as near to one as to the other
    assert found["intensity_background_n_pixels_a"].tolist() == [3, 2]
    assert found["intensity_background_mean_a"].tolist() == [(1 + 2 + 5) / 3, (7 + 10) / 2]


def test_objects_far_away_make_no_difference():
    random = np.random.default_rng(1)
    labels = np.zeros((60, 60), int)
    labels[10:16, 10:17] = 5
    image = random.random(labels.shape)
    alone, _ = measure_block(labels, {"a": image}, None, GROUP)
    labels[40:50, 40:50], labels[50:55, 1:5] = 2, 9
    found, _ = measure_block(labels, {"a": image}, None, GROUP)
    for name, values in alone.items():
        assert found[name][1] == values[0]


def test_what_is_not_defined_says_why():
    labels = np.zeros((1, 30), int)
    labels[0, [5, 20]] = 1, 2
    image = np.arange(30.0)[None]
    image[0, 12:] = -1
    found, reasons = measure_block(labels, {"a": image}, None, GROUP)
    assert {name: list(entries) for name, entries in reasons.items()} == {
        "intensity_contrast_a": [2],
        "intensity_signal_to_noise_a": [2],
    }
    crowded, reasons = measure_block(np.array([[3, 3, 7]]), {"a": np.ones((1, 3))}, None, GROUP)
    assert crowded["intensity_background_n_pixels_a"].tolist() == [0, 0]
    assert reasons["intensity_mean_corrected_a"][7].endswith("the ring around the object has no pixel")
    assert found["intensity_background_n_pixels_a"].tolist() == [8, 10]


@pytest.mark.parametrize("missing", ["ignore", "propagate"])
def test_missing_pixels_in_the_ring(missing):
    labels = np.zeros((30, 30), int)
    labels[10:14, 10:14] = 1
    image = np.ones(labels.shape)
    full, _ = measure_block(labels, {"a": image}, None, GROUP)
    image[6, 10] = np.nan
    found, reasons = measure_block(labels, {"a": image}, None, GROUP, missing=missing)
    name = "intensity_background_n_pixels_a"
    assert found[name][0] == full[name][0] - 1
    assert "intensity_n_missing_a" not in found
    if missing == "ignore":
        assert found["intensity_background_median_a"].tolist() == [1]
    else:
        assert reasons["intensity_background_median_a"][1].endswith("a pixel of the ring is NaN or infinite")


@pytest.mark.parametrize("tile", [None, 32])
@pytest.mark.parametrize(("unit", "factor"), [("pixel", 2.0), ("nm", 1000.0)])
def test_lengths_are_in_the_unit_of_the_recipe(unit, factor, tile):
    labels, image = np.zeros((60, 70), np.int32), np.ones((60, 70))
    labels[20:35, 20:40] = 3
    labels[40:50, 45:60] = 7
    grid = ow.Grid("yx", (0.5, 0.5), "um")
    features = ("area", "intensity_mean") if tile else ("area", "intensity_background", "neighbours")

    def table(unit, factor):
        lengths = {"ring_gap": 1.0, "ring_width": 2.5, "neighbour_distance": 6.0}
        step = ow.Step(
            "table",
            "measure",
            {"labels": "cells", "images": {"a": "image"}},
            {"features": features} | {name: value * factor for name, value in lengths.items()},
        )
        recipe = ow.Recipe([step], inputs=("cells", "image"), unit=unit)
        *_, last = ow.run(recipe, {"cells": (labels, grid), "image": (image, grid)}, tile=tile)
        return last.results["table"].array

    found, expected = table(unit, factor), table("um", 1.0)
    pd.testing.assert_frame_equal(found.frame, expected.frame)
    assert found.units == expected.units
