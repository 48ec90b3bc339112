"""Loops that work in runs and bands: truths of SciPy and scikit-image, and the same on any number of threads."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import label
from skimage.morphology import ball, disk

from objectwise.kernels import connected
from objectwise.kernels.connected import describe_runs, find_runs, join_runs, number_values, paint_runs
from objectwise.kernels.flat import extreme_in_box, extreme_in_rows
from objectwise.kernels.separable import weighted
from objectwise.kernels.windows import window_median
from objectwise.ops.elements import ball_rows, offsets_within

SHAPES = [(300, 37), (70, 5, 19), (5, 200, 11), (1, 1), (1, 9, 1)]


@pytest.fixture(params=["1", "3"])
def threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBJECTWISE_THREADS", request.param)
    monkeypatch.setattr(connected, "_FEW", 1)


def values(shape: tuple[int, ...], top: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, top, shape).astype(np.uint8)


def in_reading_order(labels: np.ndarray) -> np.ndarray:
    ids, first = np.unique(labels, return_index=True)
    number = np.zeros(labels.max() + 1, np.int32)
    order = ids[np.argsort(first)]
    order = order[order > 0]
    number[order] = np.arange(1, len(order) + 1)
    return number[labels]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("corners", [True, False])
@pytest.mark.parametrize("top", [2, 3])
def test_pieces_are_those_of_scikit_image(
    threads: None, shape: tuple[int, ...], corners: bool, top: int
) -> None:
    block = values(shape, top)
    runs = find_runs(block)
    part, n = join_runs(runs, corners)
    found = paint_runs(runs, part, np.arange(n + 1, dtype=np.int32))
    expected = in_reading_order(label(block, connectivity=block.ndim if corners else 1))
    np.testing.assert_array_equal(found, expected)
    size, first, faces = describe_runs(runs, part, n)
    np.testing.assert_array_equal(size, np.bincount(found.ravel(), minlength=n + 1))
    for number in range(1, n + 1):
        where = np.argwhere(found == number)
        assert first[number] == np.ravel_multi_index(tuple(where[0]), shape)
        for axis, length in enumerate(shape):
            assert bool(faces[number] >> (2 * axis) & 1) == bool((where[:, axis] == 0).any())
            assert bool(faces[number] >> (2 * axis + 1) & 1) == bool((where[:, axis] == length - 1).any())


@pytest.mark.parametrize("highest", [200, 2**63 + 5])
def test_values_are_numbered_whatever_they_are(highest: int) -> None:
    labels = np.array([[0, 7, 7, highest], [highest, 0, 3, 3]], np.uint64)
    runs = find_runs(labels)
    part, n = number_values(runs)
    ids = np.zeros(n + 1, np.uint64)
    ids[part] = runs.value
    np.testing.assert_array_equal(paint_runs(runs, part, ids), labels)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_extremes_are_those_of_scipy(threads: None, shape: tuple[int, ...], dtype: str) -> None:
    image = values(shape, 250).astype(dtype)
    for radius in (1, 3):
        element = disk(radius) if len(shape) == 2 else ball(radius)
        rows = ball_rows(radius, (1.0,) * len(shape), shape)
        box = (radius, 2 * radius, radius)[-len(shape) :]
        size = tuple(2 * n + 1 for n in box)
        for greatest, peer in ((True, ndimage.maximum_filter), (False, ndimage.minimum_filter)):
            np.testing.assert_array_equal(
                extreme_in_rows(image, rows, greatest), peer(image, footprint=element, mode="nearest")
            )
            np.testing.assert_array_equal(
                extreme_in_box(image, box, greatest), peer(image, size=size, mode="nearest")
            )


@pytest.mark.parametrize("shape", SHAPES)
def test_averages_are_those_of_scipy_to_the_bit(threads: None, shape: tuple[int, ...]) -> None:
    image = values(shape, 250).astype(np.float32) / 7
    half = np.exp(-(np.arange(5) ** 2) / 4.0)
    half /= half[0] + 2 * half[1:].sum()
    expected = image
    for axis in range(image.ndim):
        whole = np.concatenate([half[:0:-1], half])
        expected = ndimage.correlate1d(expected, whole, axis, mode="nearest")
    np.testing.assert_array_equal(weighted(image, [half] * image.ndim, np.float32), expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32"])
def test_medians_are_those_of_scipy(threads: None, shape: tuple[int, ...], dtype: str) -> None:
    image = values(shape, 250).astype(dtype)
    radius = 2
    element = disk(radius) if len(shape) == 2 else ball(radius)
    found = window_median(image, offsets_within(radius, (1.0,) * len(shape)))
    np.testing.assert_array_equal(found, ndimage.median_filter(image, footprint=element, mode="nearest"))
