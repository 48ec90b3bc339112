"""Values of images in objects, missing pixels among them."""

from __future__ import annotations

import numpy as np
import pytest

from objectwise.measure.objects import measure_block
from tests.measure.truths import truth

STATISTICS = {
    "min": np.min,
    "max": np.max,
    "mean": np.mean,
    "std": np.std,
    "median": np.median,
    "sum": np.sum,
}


def twin(labels, image):
    """Measure the plain way, one object after the other."""
    ids = np.unique(labels[labels > 0])
    values = {name: [] for name in STATISTICS}
    for i in ids:
        inside = image[labels == i].astype(np.float64)
        inside = inside[np.isfinite(inside)]
        for name, function in STATISTICS.items():
            values[name].append(function(inside) if inside.size else np.nan)
    return values


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64, np.int64])
@pytest.mark.parametrize("shape", [(40, 50), (7, 20, 30)])
def test_the_plain_way(dtype, shape):
    random = np.random.default_rng(11)
    labels = random.integers(0, 60, shape)
    image = random.normal(100, 20, shape).astype(dtype)
    values, reasons = measure_block(labels, {"a": image}, features="intensity")
    for name, expected in twin(labels, image).items():
        np.testing.assert_allclose(values[f"intensity_{name}_a"], expected, rtol=1e-12, err_msg=name)
    assert reasons == {}
    assert "intensity_n_missing_a" not in values


def test_by_hand():
    labels = np.array([[5, 5, 0], [5, 5, 2]])
    image = np.array([[1, 2, 99], [4, 9, 7]], np.uint8)
    values, _ = measure_block(labels, {"a": image}, features="intensity")
    assert values["label"].tolist() == [2, 5]
    assert values["intensity_min_a"].tolist() == [7, 1]
    assert values["intensity_max_a"].tolist() == [7, 9]
    assert values["intensity_mean_a"].tolist() == [7, 4]
    assert values["intensity_median_a"].tolist() == [7, 3]
    assert values["intensity_sum_a"].tolist() == [7, 16]
    # the squares about the mean are 9, 4, 0 and 25; of the population, so over 4
    np.testing.assert_allclose(values["intensity_std_a"], [0, np.sqrt(38 / 4)], rtol=1e-14)


@truth("intensity_n_missing", by="closed form", tolerance="exact")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_missing_pixels_are_passed_over_and_counted(dtype):
    random = np.random.default_rng(12)
    labels = random.integers(0, 20, (30, 40))
    image = random.random((30, 40)).astype(dtype)
    image[random.random(image.shape) < 0.1] = np.nan
    image[3, 4], image[5, 6] = np.inf, -np.inf
    image[labels == 4] = np.nan
    image[labels == 9] = 0.5
    values, reasons = measure_block(labels, {"a": image}, features="intensity")
    for name, expected in twin(labels, image).items():
        np.testing.assert_allclose(values[f"intensity_{name}_a"], expected, rtol=1e-6, err_msg=name)
        assert reasons[f"intensity_{name}_a"] == {
            4: f"intensity_{name}_a: every pixel of the object is NaN or infinite"
        }
    missing = [int((~np.isfinite(image) & (labels == i)).sum()) for i in range(1, 20)]
    assert values["intensity_n_missing_a"].tolist() == missing
    assert values["intensity_n_missing_a"].dtype == np.int64


def test_a_missing_pixel_outside_of_objects_does_not_count():
    values, _ = measure_block(np.array([[1, 0]]), {"a": np.array([[2.0, np.nan]])}, features="intensity")
    assert "intensity_n_missing_a" not in values


def test_missing_pixels_can_be_counted_where_there_are_none():
    values, _ = measure_block(np.array([[1, 0]]), {"a": np.ones((1, 2))}, features="intensity_n_missing")
    assert values["intensity_n_missing_a"].tolist() == [0]


def test_a_large_offset_does_not_drown_the_deviation():
    random = np.random.default_rng(13)
    labels = np.ones((200, 200), np.int32)
    image = random.normal(size=labels.shape)
    values, _ = measure_block(labels, {"a": image + 1e6}, features="intensity_std")
    assert values["intensity_std_a"][0] == pytest.approx(np.std(image), rel=1e-8)


def test_a_constant_image_has_no_deviation():
    values, _ = measure_block(np.ones((99, 101), int), {"a": np.full((99, 101), 0.1)}, features="intensity")
    assert values["intensity_std_a"][0] == pytest.approx(0, abs=1e-15)
    assert values["intensity_median_a"].tolist() == [0.1]


@truth("intensity_sum", by="closed form", tolerance="exact")
def test_sums_of_integers_are_exact():
    labels = np.ones((300, 300), np.int32)
    image = np.full(labels.shape, 2**31 - 1, np.int64)
    values, _ = measure_block(labels, {"a": image}, features="intensity_sum")
    assert values["intensity_sum_a"][0] == (2**31 - 1) * 90000


def test_several_channels():
    labels = np.array([[1, 1, 2]])
    images = {"b_a": np.array([[1, 2, 3]]), "a": np.array([[4.0, np.nan, 6.0]])}
    values, _ = measure_block(labels, images, features=["intensity_sum"])
    assert list(values) == ["label", "intensity_sum_b_a", "intensity_sum_a", "intensity_n_missing_a"]
    assert values["intensity_sum_b_a"].tolist() == [3, 3]
    assert values["intensity_sum_a"].tolist() == [4, 6]
    values, _ = measure_block(labels, images, features=["intensity_sum_b_a"])
    assert list(values) == ["label", "intensity_sum_b_a"]


@truth("intensity_median", by="closed form", tolerance="exact")
@pytest.mark.parametrize("pattern", ["sorted", "reversed", "equal", "two values", "random"])
@pytest.mark.parametrize("n", [1, 2, 3, 100, 1001])
def test_median_of_any_order(pattern, n):
    values = {
        "sorted": np.arange(n),
        "reversed": np.arange(n)[::-1],
        "equal": np.full(n, 3),
        "two values": np.arange(n) % 2,
        "random": np.random.default_rng(n).integers(0, 50, n),
    }[pattern][None].astype(np.float64)
    found, _ = measure_block(np.ones((1, n), int), {"a": values}, features="intensity_median")
    assert found["intensity_median_a"][0] == np.median(values)
