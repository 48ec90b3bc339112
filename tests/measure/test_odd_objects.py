"""Objects that have no shape to speak of: one row for each, never an exception, and a reason for each NaN."""

from __future__ import annotations

import math

import numpy as np
import pytest

from objectwise.measure.families import columns_for
from objectwise.measure.objects import measure_block
from objectwise.measure.shape import COLUMNS
from tests.measure.truths import truth


def measure(pixels, shape=(9, 11), spacing=None, label=7):
    labels = np.zeros(shape, np.int32)
    labels[tuple(np.transpose(pixels))] = label
    values, reasons = measure_block(labels, {"a": np.ones(shape)}, spacing)
    assert all(column.shape == (1,) for column in values.values())
    return {name: column[0] for name, column in values.items()}, reasons


def check_reasons(values, reasons):
    """Hold every NaN to a reason, and return the reasons for the columns of `shape`."""
    undefined = {name for name, value in values.items() if isinstance(value, float) and math.isnan(value)}
    assert undefined == set(reasons)
    for name, entries in reasons.items():
        assert list(entries) == [7]
        assert entries[7].startswith(f"{name}: ")
    own = {column.name for column in COLUMNS}
    return {name: entries for name, entries in reasons.items() if name in own}


def test_one_pixel():
    values, reasons = measure([(3, 4)])
    own = check_reasons(values, reasons)
    assert set(own) == {"eccentricity", "orientation"}
    assert values["n_pixels"] == values["area"] == values["area_convex"] == values["solidity"] == 1
    assert values["axis_major_length"] == values["axis_minor_length"] == 0
    assert values["feret_diameter_max"] == 1
    assert values["intensity_std_a"] == 0


def test_one_voxel():
    values, reasons = measure([(3, 4, 2)], (6, 7, 8), (2.0, 1.0, 1.0))
    own = check_reasons(values, reasons)
    assert own == {}
    assert values["volume"] == values["volume_convex"] == 2
    assert values["solidity"] == 1
    assert values["axis_major_length"] == values["axis_minor_length"] == 0
    assert values["feret_diameter_max"] == 2


@pytest.mark.parametrize(
    ("pixels", "orientation", "feret"),
    [
        ([(4, x) for x in range(2, 9)], math.pi / 2, 7),
        ([(y, 4) for y in range(1, 8)], 0, 7),
        ([(i, i) for i in range(1, 8)], math.pi / 4, math.hypot(7, 6)),
        ([(i, 9 - i) for i in range(1, 8)], -math.pi / 4, math.hypot(7, 6)),
    ],
)
def test_line(pixels, orientation, feret):
    values, reasons = measure(pixels)
    own = check_reasons(values, reasons)
    assert own == {}
    assert values["axis_minor_length"] == 0
    assert values["eccentricity"] == 1
    assert values["orientation"] == orientation
    assert values["feret_diameter_max"] == pytest.approx(feret, rel=1e-12)
    assert values["solidity"] == 1


def test_two_pixels_far_apart():
    values, reasons = measure([(1, 1), (7, 9)])
    check_reasons(values, reasons)
    assert values["n_pixels"] == 2
    assert (values["centroid_y"], values["centroid_x"]) == (4, 5)
    # the segment between them passes through the centres (4, 5) alone, the diamonds reach some more
    assert 3 <= values["area_convex"] <= 17


def test_round_object_has_no_direction():
    values, reasons = measure([(y, x) for y in range(3, 6) for x in range(3, 6)])
    own = check_reasons(values, reasons)
    assert set(own) == {"orientation"}
    assert values["eccentricity"] == 0


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_flat_object(axis):
    pixels = [tuple(np.insert([i, j], axis, 2)) for i in range(1, 5) for j in range(1, 6)]
    values, reasons = measure(pixels, (7, 7, 7))
    own = check_reasons(values, reasons)
    assert own == {}
    assert values["volume_convex"] == 20
    assert values["solidity"] == 1
    assert values["axis_minor_length"] == 0
    assert values["axis_middle_length"] == pytest.approx(math.sqrt(20 * 15 / 12), rel=1e-12)
    assert values["feret_diameter_max"] == pytest.approx(math.hypot(5, 3), rel=1e-12)


def test_flat_oblique_object():
    pixels = [(i, i, j) for i in range(1, 6) for j in range(1, 6)]
    values, reasons = measure(pixels, (7, 7, 7))
    check_reasons(values, reasons)
    assert values["volume_convex"] == 25
    assert values["axis_minor_length"] == 0


@pytest.mark.parametrize("step", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), (1, -1, 0)])
def test_line_in_3d(step):
    pixels = [tuple(3 + k * np.asarray(step)) for k in range(-2, 3)]
    values, reasons = measure(pixels, (7, 7, 7))
    check_reasons(values, reasons)
    assert values["volume_convex"] == 5
    assert values["axis_middle_length"] == values["axis_minor_length"] == 0


def test_volume_of_one_plane():
    labels = np.zeros((1, 8, 9), np.int32)
    labels[0, 2:6, 3:7] = 4
    values, _ = measure_block(labels)
    assert values["volume"].tolist() == [16]
    assert values["volume_convex"].tolist() == [16]
    assert values["touches_border"].tolist() == [True]


def test_object_in_pieces_is_one_row():
    labels = np.zeros((10, 10), np.int32)
    labels[1:3, 1:3] = labels[7:9, 7:9] = 3
    values, _ = measure_block(labels)
    assert values["label"].tolist() == [3]
    assert values["n_pixels"].tolist() == [8]
    single = np.zeros_like(labels)
    single[1:3, 1:3] = 1
    assert values["perimeter"][0] == pytest.approx(2 * measure_block(single)[0]["perimeter"][0], rel=1e-12)


@pytest.mark.parametrize("shape", [(5, 6), (3, 5, 6), (0, 5), (0, 4, 4)])
@pytest.mark.parametrize("dtype", [np.int32, np.uint8])
def test_no_objects(shape, dtype):
    values, reasons = measure_block(np.zeros(shape, dtype), {"a": np.zeros(shape)})
    expected = columns_for(len(shape), ["a"])
    assert list(values) == ["label", *(column.name for column in expected)]
    for column in expected:
        assert values[column.name].shape == (0,)
        assert values[column.name].dtype == column.dtype
    assert reasons == {}


def test_one_object_that_fills_the_image():
    values, _ = measure_block(np.full((4, 5), 2))
    assert values["n_pixels"].tolist() == [20]
    assert values["solidity"].tolist() == [1]
    assert values["touches_border"].tolist() == [True]


@truth("touches_border", by="closed form", tolerance="exact")
@pytest.mark.parametrize("corner", [(0, 3), (3, 0), (7, 3), (3, 8)])
def test_touches_border(corner):
    labels = np.zeros((8, 9), np.int32)
    labels[3, 3] = 1
    labels[corner] = 5
    assert measure_block(labels)[0]["touches_border"].tolist() == [False, True]


@pytest.mark.parametrize("planes", [0, 4])
def test_touches_border_above_and_below(planes):
    labels = np.zeros((5, 5, 5), np.int32)
    labels[2, 2, 2] = 1
    labels[planes, 2, 2] = 5
    assert measure_block(labels)[0]["touches_border"].tolist() == [False, True]


@pytest.mark.parametrize(
    ("dtype", "largest"),
    [(np.uint8, 255), (np.uint16, 65535), (np.int32, 2**31 - 1), (np.uint32, 2**32 - 1), (np.int64, 2**62)],
)
def test_large_ids(dtype, largest):
    labels = np.zeros((6, 7), dtype)
    labels[1:3, 1:4] = largest
    labels[4, 4] = 2
    values, reasons = measure_block(labels)
    assert values["label"].tolist() == [2, largest]
    assert values["n_pixels"].tolist() == [1, 6]
    assert list(reasons["eccentricity"]) == [2]


def test_large_ids_without_background():
    values, _ = measure_block(np.full((3, 3), 10**9))
    assert values["label"].tolist() == [10**9]
    assert values["n_pixels"].tolist() == [9]


def test_every_undefined_value_has_a_reason():
    random = np.random.default_rng(6)
    for shape in ((20, 20), (8, 9, 10)):
        labels = random.integers(0, 40, shape)
        image = np.where(random.random(shape) < 0.7, np.nan, random.random(shape))
        values, reasons = measure_block(labels, {"a": image})
        for name, column in values.items():
            undefined = values["label"][np.isnan(column.astype(float))].tolist()
            assert undefined == list(reasons.get(name, {}))


def test_column_names_are_unique_and_described():
    names = [column.name for column in COLUMNS]
    assert len(set(names)) == len(names)
    assert all(column.description.endswith(".") for column in COLUMNS)
