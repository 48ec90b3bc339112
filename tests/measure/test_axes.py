"""Proportions and directions of objects, and the box along their axes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from objectwise.measure.objects import measure_block
from tests.measure.truths import truth

SIDES = ("length", "width", "height")
SPACINGS = [(1.0, 1.0), (0.5, 0.3), (1.0, 1.0, 1.0), (0.7, 0.5, 0.3)]


@truth(
    "oriented_box_length", "oriented_box_width", "oriented_box_height", "oriented_box_extent", "elongation",
    "flatness", by="SimpleITK", tolerance="1e-9 relative",
)  # fmt: skip
@pytest.mark.parametrize("spacing", SPACINGS)
def test_what_simpleitk_has(flat_blobs, solid_blobs, spacing):
    sitk = pytest.importorskip("SimpleITK")
    labels = (flat_blobs if len(spacing) == 2 else solid_blobs)[0]
    values, _ = measure_block(labels, spacing=spacing, features=["size", "shape"])
    theirs = sitk.LabelShapeStatisticsImageFilter()
    theirs.ComputeOrientedBoundingBoxOn()
    image = sitk.GetImageFromArray(labels.astype(np.uint32))
    image.SetSpacing(spacing[::-1])
    theirs.Execute(image)
    compared = 0
    for index, label in enumerate(values["label"].tolist()):
        if values["n_pixels"][index] < 4:
            continue
        compared += 1
        sides = [values[f"oriented_box_{name}"][index] for name in SIDES[: labels.ndim]]
        expected = sorted(theirs.GetOrientedBoundingBoxSize(label), reverse=True)
        if not np.isnan(sides[0]) and not np.isnan(values["elongation"][index]):
            assert sides == pytest.approx(expected, rel=1e-9)
            size = values["area" if labels.ndim == 2 else "volume"][index]
            assert values["oriented_box_extent"][index] == pytest.approx(size / math.prod(sides), rel=1e-12)
            # it takes the square root of a ratio that may be a rounding error
            assert values["elongation"][index] == pytest.approx(theirs.GetElongation(label), rel=1e-7)
            if labels.ndim == 3 and not np.isnan(values["flatness"][index]):
                assert values["flatness"][index] == pytest.approx(theirs.GetFlatness(label), rel=1e-7)
    assert compared > 15


@truth(
    *(f"axis_{which}_direction_{axis}" for which in ("major", "minor") for axis in "zyx"),
    "elongation", "flatness", "oriented_box_length", "oriented_box_width", "oriented_box_height",
    by="closed form", tolerance="turned boxes: 0.01 for a direction, 5 % for a ratio, 2 voxels for a side",
)  # fmt: skip
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 0.25, 0.25), (0.3, 0.4, 0.5)])
def test_a_turned_box(solid_shape, spacing):
    sides = np.array([50.0, 30.0, 14.0]) * max(spacing)
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
    labels = solid_shape(lambda p: (abs(p @ turn) < sides / 2).all(1), (sides[0] * 0.6,) * 3, spacing)
    values, reasons = measure_block(labels, spacing=spacing, features=["size", "shape"])
    assert reasons == {}
    for number, which in ((0, "major"), (2, "minor")):
        found = np.array([values[f"axis_{which}_direction_{axis}"][0] for axis in "zyx"])
        assert np.linalg.norm(found) == pytest.approx(1)
        assert abs(found @ turn[:, number]) == pytest.approx(1, abs=1e-4)
        assert found[0] > 0
    assert values["elongation"][0] == pytest.approx(50 / 30, rel=0.05)
    assert values["flatness"][0] == pytest.approx(30 / 14, rel=0.05)
    for name, side in zip(SIDES, sides, strict=True):
        assert values[f"oriented_box_{name}"][0] == pytest.approx(side, abs=2 * max(spacing))
    assert values["oriented_box_extent"][0] > 0.8


@truth("oriented_box_extent", "elongation", by="closed form", tolerance="exact, along the axes")
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.25)])
def test_a_rectangle(spacing):
    labels = np.zeros((20, 30), np.int32)
    labels[3:9, 5:25] = 1
    values, _ = measure_block(labels, spacing=spacing, features=["size", "shape"])
    assert values["oriented_box_length"][0] == 20 * spacing[1]
    assert values["oriented_box_width"][0] == 6 * spacing[0]
    assert values["oriented_box_extent"][0] == pytest.approx(1, rel=1e-12)
    ratio = math.sqrt((20**2 - 1) / (6**2 - 1)) * spacing[1] / spacing[0]
    assert values["elongation"][0] == pytest.approx(ratio, rel=1e-12)


def test_what_has_no_direction():
    labels = np.zeros((3, 20, 30), np.int32)
    labels[1, 1:4, 1:4] = 1  # a square in a plane: its minor axis alone has a direction
    labels[:, 5:8, 5:8] = 2  # a cube
    labels[1, 10, 1:9] = 3  # a line
    labels[range(3), range(12, 15), range(1, 4)] = 4  # a line over corners
    labels[1, 17, 1] = 5
    values, reasons = measure_block(labels, features=["size", "shape"])
    major, minor = (
        np.transpose([values[f"axis_{which}_direction_{axis}"] for axis in "zyx"])
        for which in ("major", "minor")
    )
    assert minor[0].tolist() == [1, 0, 0]
    assert major[2].tolist() == [0, 0, 1]
    np.testing.assert_allclose(major[3], 3**-0.5, rtol=1e-12)
    assert np.isnan(major[[0, 1, 4]]).all()
    assert np.isnan(minor[1:]).all()
    boxes = np.transpose([values[f"oriented_box_{name}"] for name in SIDES])
    assert boxes[[0, 1, 2, 4]].tolist() == [[3, 3, 1], [3, 3, 3], [8, 1, 1], [1, 1, 1]]
    assert np.isnan(boxes[3]).all()
    assert "equally long" in reasons["oriented_box_width"][4]
    assert values["elongation"].tolist()[:2] == [1, 1]
    assert np.isnan(values["elongation"][2:]).all()
    assert values["flatness"][1] == 1
    assert set(reasons["flatness"]) == {1, 3, 4, 5}
    for name, entries in reasons.items():
        assert sorted(entries) == values["label"][np.isnan(values[name])].tolist()
