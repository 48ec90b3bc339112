"""Brightness: percentiles against NumPy, CLAHE against a slow twin, inversion by hand."""

from __future__ import annotations

import numpy as np
import pytest

import objectwise as ow
from objectwise.ops.intensity import equalise_clahe, invert_image, normalise_percentile


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32, np.float32, np.float64])
def test_percentiles_are_those_of_numpy(dtype) -> None:
    image = (np.random.default_rng(0).gamma(2, 30, (80, 90))).astype(dtype)
    low, high = np.percentile(image, [1, 99.8], method="inverted_cdf")
    result = normalise_percentile(image)
    expected = (image.astype(float) - low) / (high - low)
    # floats are counted in 65,536 bins
    np.testing.assert_allclose(result, expected, atol=1e-6 if np.dtype(dtype).kind in "iu" else 1e-4)
    clipped = normalise_percentile(image, clip=True)
    np.testing.assert_allclose(clipped, np.clip(result, 0, 1), atol=1e-6)


def test_percentiles_leave_nan_out_and_may_be_of_a_series() -> None:
    image = np.array([[np.nan, 1, 2, 3, 5]])
    result = normalise_percentile(image, low_percent=0, high_percent=100)
    np.testing.assert_allclose(result, [[np.nan, 0, 0.25, 0.5, 1]], atol=1e-4)
    series = np.stack([np.full((4, 4), 10), np.full((4, 4), 30)]).astype(np.uint8)
    grid = ow.Grid("tyx")
    each = ow.apply("normalise_percentile", series, grid=grid)
    assert each.max() == 0
    together = ow.apply("normalise_percentile", series, grid=grid, scope="series")
    np.testing.assert_array_equal(np.unique(together), [0, 1])


def test_limits_that_contradict_are_refused() -> None:
    image = np.arange(12).reshape(3, 4)
    with pytest.raises(ValueError, match="low_percent must be at most high_percent; found 60, 40"):
        normalise_percentile(image, low_percent=60, high_percent=40)
    with pytest.raises(ValueError, match="low must be at most high; found 8 and 2"):
        normalise_percentile(image, low=8, high=2)


def slow_clahe(image: np.ndarray, reach: int, max_slope: float, n_levels: int) -> np.ndarray:
    low, high = np.nanmin(image), np.nanmax(image)
    position = (image - low) * n_levels / (high - low)
    result = np.full(image.shape, np.nan)
    for place in np.ndindex(image.shape):
        box = tuple(slice(max(0, p - reach), p + reach + 1) for p in place)
        near = position[box]
        near = near[~np.isnan(near)]
        if np.isnan(position[place]):
            continue
        counts = np.bincount(np.minimum(near, n_levels - 1).astype(int), minlength=n_levels)
        limit = max(
            t
            for t in range(near.size + 1)
            if n_levels * t + np.maximum(counts - t, 0).sum() <= max_slope * near.size
        )
        clipped = np.minimum(counts, limit) + (near.size - np.minimum(counts, limit).sum()) / n_levels
        ranks = np.concatenate([[0], np.cumsum(clipped)]) / near.size
        result[place] = np.interp(position[place], np.arange(n_levels + 1), ranks)
    return result


@pytest.mark.parametrize("shape", [(20, 23), (5, 8, 9)])
@pytest.mark.parametrize("max_slope", [1.0, 2.5, 100.0])
@pytest.mark.parametrize("holes", [False, True])
def test_clahe_agrees_with_its_slow_twin(shape, max_slope, holes) -> None:
    image = np.random.default_rng(1).gamma(2, 30, shape)
    if holes:
        image.ravel()[::7] = np.nan
    result = equalise_clahe(image, diameter=7, max_slope=max_slope, n_levels=32)
    expected = slow_clahe(image, 4, max_slope, 32)
    np.testing.assert_allclose(result, expected, atol=1e-12)
    if max_slope == 1:
        span = np.nanmax(image) - np.nanmin(image)
        np.testing.assert_allclose(result, (image - np.nanmin(image)) / span, atol=1e-12)


def test_clahe_evens_out_contrast() -> None:
    x = np.arange(200)
    faint = np.tile(np.where(x < 100, 5.0, 60.0) * np.sin(x) + np.where(x < 100, 50, 150), (60, 1))
    result = equalise_clahe(faint, diameter=41, max_slope=8)
    before = faint[:, 40:60].std() / faint[:, 140:160].std()
    after = result[:, 40:60].std() / result[:, 140:160].std()
    assert before < 0.1
    assert after > 0.35
    assert result.min() >= 0
    assert result.max() <= 1


def test_slopes_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match="max_slope must be at least 1"):
        ow.apply("equalise_clahe", np.zeros((4, 4)), max_slope=0.5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32, np.float32])
def test_inversion_exchanges_bright_and_dark(dtype) -> None:
    image = np.random.default_rng(2).integers(0, 120, (9, 11)).astype(dtype)
    result = invert_image(image)
    np.testing.assert_array_equal(result, image.max() - image)
    np.testing.assert_array_equal(invert_image(result, maximum=float(image.max())), image)
    np.testing.assert_array_equal(invert_image(image, maximum=50), np.maximum(50.0 - image, 0))


def test_inversion_of_the_whole_range_does_not_overflow() -> None:
    image = np.array([[-32768, 0, 32767]], np.int16)
    np.testing.assert_array_equal(invert_image(image), [[65535, 32767, 0]])
    with pytest.raises(ValueError, match="whole number from 0 to 255 for uint8; found 300"):
        invert_image(np.zeros((2, 2), np.uint8), maximum=300)
    np.testing.assert_array_equal(invert_image(np.array([[np.nan, 1.0, 4.0]])), [[np.nan, 3, 0]])
