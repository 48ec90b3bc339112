"""Moments, against scikit-image, and what does not change when an object is turned."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.measure import regionprops_table

from objectwise.measure.families import columns_for
from objectwise.measure.moments import COLUMNS
from objectwise.measure.objects import measure_block
from tests.measure.truths import truth


@truth(*(column.name for column in COLUMNS), by="scikit-image", tolerance="1e-9 of the largest moment")
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.3, 0.3), (0.7, 0.2), (1.0, 1.0, 1.0), (0.7, 0.2, 0.3)])
def test_what_scikit_image_has(flat_blobs, solid_blobs, spacing):
    ndim = len(spacing)
    labels = (flat_blobs if ndim == 2 else solid_blobs)[0]
    values, reasons = measure_block(labels, spacing=spacing, features="moments")
    assert reasons == {}
    names = ["moments_central"]
    if len(set(spacing)) == 1:
        names.append("moments_normalized")
    if spacing == (1, 1):
        names.append("moments_hu")
    theirs = regionprops_table(labels, properties=names, spacing=spacing)
    columns = columns_for(ndim, features="moments")
    assert len(columns) == (21 if ndim == 2 else 32)
    for column in columns:
        if column.scikit_image.startswith(tuple(names)):
            expected = theirs[column.scikit_image]
            # a moment that is small by chance has the rounding error of its terms
            tolerance = 1e-9 * np.abs(expected).max()
            np.testing.assert_allclose(
                values[column.name], expected, rtol=1e-9, atol=tolerance, err_msg=column.name
            )


@truth(
    "moment_normalized_20",
    "moment_normalized_200",
    "moment_hu_1",
    by="closed form",
    tolerance="2 %, any pixels",
)
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.2), (1.0, 1.0, 1.0), (0.5, 0.2, 0.2)])
def test_discs_and_balls_of_any_pixels(solid_shape, spacing):
    ndim, radius = len(spacing), 15 * max(spacing)
    labels = solid_shape(lambda p: (p**2).sum(1) <= radius**2, (radius,) * ndim, spacing)
    values, _ = measure_block(labels, spacing=spacing, features="moments")
    if ndim == 2:
        assert values["moment_hu_1"][0] == pytest.approx(1 / (2 * math.pi), rel=0.02)
        assert values["moment_normalized_20"][0] == pytest.approx(1 / (4 * math.pi), rel=0.02)
    else:
        expected = 0.2 * (4 / 3 * math.pi) ** (-2 / 3)
        assert values["moment_normalized_200"][0] == pytest.approx(expected, rel=0.02)


def test_moments_are_measured_on_request_alone(flat_blobs):
    values, _ = measure_block(flat_blobs[0])
    assert not any(name.startswith("moment") for name in values)


@truth(
    "moment_central_20",
    "moment_central_02",
    "moment_central_11",
    by="closed form",
    tolerance="1e-12 relative",
)
def test_a_rectangle():
    labels = np.zeros((9, 12), int)
    labels[2:6, 3:10] = 1
    values, _ = measure_block(labels, spacing=(0.5, 0.25), features="moments")
    assert values["moment_central_20"][0] == pytest.approx(28 * (4**2 - 1) / 12 * 0.5**2, rel=1e-12)
    assert values["moment_central_02"][0] == pytest.approx(28 * (7**2 - 1) / 12 * 0.25**2, rel=1e-12)
    for name in ("11", "30", "21", "12", "03"):
        assert values[f"moment_central_{name}"][0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("ndim", [2, 3])
def test_place_and_number_and_others_make_no_difference(flat_blobs, solid_blobs, ndim):
    labels = np.pad((flat_blobs if ndim == 2 else solid_blobs)[0], 3)
    spacing = (0.7, 0.5, 0.3)[-ndim:]
    values, _ = measure_block(labels, spacing=spacing, features="moments")
    ids = values.pop("label")
    renamed = np.where(labels > 0, labels.max() + 1 - labels, 0)
    far = np.pad(labels, [(0, 0)] * (ndim - 2) + [(900, 0), (1700, 0)])
    others = np.where(np.isin(labels, ids[::2]), labels, 0)
    for changed, order in (
        (np.roll(labels, (2, -3), (-1, -2)), slice(None)),
        (renamed, slice(None, None, -1)),
        (far, slice(None)),
        (others, slice(None, None, 2)),
    ):
        again, _ = measure_block(changed, spacing=spacing, features="moments")
        for name, column in values.items():
            np.testing.assert_array_equal(again[name], column[order], err_msg=name)
    scaled, _ = measure_block(labels, spacing=[4 * length for length in spacing], features="moments")
    for column in columns_for(ndim, features="moments"):
        expected = values[column.name] * 4.0 ** column.power(ndim)
        np.testing.assert_array_equal(scaled[column.name], expected, err_msg=column.name)


def test_invariants_do_not_change_with_a_turn_or_the_size(flat_blobs):
    labels, _ = flat_blobs
    names = [f"moment_hu_{number}" for number in range(1, 8)]
    values, _ = measure_block(labels, features=names)
    turned, _ = measure_block(np.rot90(labels), features=names)
    mirrored, _ = measure_block(labels[::-1], spacing=(0.3, 0.3), features=names)
    for name in names:
        scale = 1e-12 * np.abs(values[name]).max()
        np.testing.assert_allclose(turned[name], values[name], rtol=1e-9, atol=scale)
        sign = -1 if name == "moment_hu_7" else 1
        np.testing.assert_allclose(mirrored[name], sign * values[name], rtol=1e-9, atol=scale)
    large, _ = measure_block(np.kron(labels, np.ones((4, 4), int)), features=names[:1])
    # but for what a pixel itself has of second moments
    np.testing.assert_allclose(large[names[0]], values[names[0]], atol=0.2)
