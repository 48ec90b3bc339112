"""Window filters against SciPy and scikit-image; NaN, even numbers and pixel sizes by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

import objectwise as ow
from objectwise.ops.balls import ball_pixels
from objectwise.ops.filters import local_deviation, local_entropy, smooth_median


def footprint(radius: float, spacing: tuple[float, ...]) -> np.ndarray:
    reach = [int(radius / step + 1e-9) for step in spacing]
    grid = np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij")
    return sum((g * step) ** 2 for g, step in zip(grid, spacing, strict=True)) <= radius**2 + 1e-9


@pytest.mark.parametrize(
    ("shape", "spacing", "radius"),
    [
        ((40, 51), (1.0, 1.0), 3.0),
        ((30, 41), (0.5, 0.2), 1.0),
        ((9, 20, 21), (2.0, 1.0, 1.0), 2.0),
        ((9, 20, 21), (2.0, 1.0, 1.0), 4.5),
    ],
)
def test_ball_holds_the_pixels_within_its_radius(shape, spacing, radius) -> None:
    element = footprint(radius, spacing)
    found = ball_pixels(radius, spacing)
    centre = np.array(element.shape) // 2
    np.testing.assert_array_equal(found, np.argwhere(element) - centre)
    random = np.random.default_rng(0)
    image = random.random(shape)
    expected = ndimage.median_filter(image, footprint=element, mode="nearest")
    np.testing.assert_array_equal(smooth_median(image, radius=radius, spacing=spacing), expected)
    for dtype in (np.uint8, np.int16, np.int32):
        values = random.integers(0, 100, shape).astype(dtype)
        expected = ndimage.median_filter(values, footprint=element, mode="nearest")
        result = smooth_median(values, radius=radius, spacing=spacing)
        np.testing.assert_array_equal(result, expected)
        assert result.dtype == dtype


def test_median_leaves_nan_out() -> None:
    image = np.array([[1.0, 2, np.nan, 4, 5], [9, 8, 7, 6, np.nan], [0, 3, 2, 1, 4]])
    result = smooth_median(image, radius=1)
    assert np.isnan(result[0, 2])
    assert np.isnan(result[1, 4])
    # around (1, 2): 8, 7, 6, 2 and the missing one
    assert result[1, 2] == 6.5
    assert np.isnan(result).sum() == 2


def test_sliding_median_leaves_nan_out() -> None:
    image = np.random.default_rng(6).random((30, 200))
    image[np.random.default_rng(7).random(image.shape) < 0.3] = np.nan
    element = footprint(4.0, (1.0, 1.0))
    expected = ndimage.generic_filter(image, np.nanmedian, footprint=element, mode="nearest")
    expected[np.isnan(image)] = np.nan
    np.testing.assert_array_equal(smooth_median(image, radius=4), expected)


def test_deviation_is_that_of_the_window() -> None:
    random = np.random.default_rng(1)
    image = random.normal(1e6, 1.0, (12, 30, 28))
    element = footprint(2.0, (2.0, 1.0, 1.0))
    expected = ndimage.generic_filter(image, np.std, footprint=element, mode="nearest")
    result = local_deviation(image, radius=2, spacing=(2.0, 1.0, 1.0))
    np.testing.assert_allclose(result, expected, rtol=1e-8)
    # a bright offset takes nothing away from precision
    assert local_deviation(np.full((8, 9), 65535, np.uint16), radius=3).max() == 0


def test_deviation_leaves_nan_out() -> None:
    image = np.arange(25.0).reshape(5, 5)
    image[2, 3] = np.nan
    result = local_deviation(image, radius=1)
    assert result[2, 2] == pytest.approx(np.std([12, 7, 17, 11]))
    assert np.isnan(result).sum() == 1


def test_entropy_agrees_with_scikit_image() -> None:
    from skimage.filters.rank import entropy
    from skimage.morphology import disk

    image = np.random.default_rng(2).integers(0, 40, (50, 60)).astype(np.uint8)
    expected = entropy(image, disk(4))
    # 256 levels from 0 to 256 are the levels of 8 bits
    result = local_entropy(image, radius=4, n_levels=256, low=0, high=256)
    np.testing.assert_allclose(result[4:-4, 4:-4], expected[4:-4, 4:-4], atol=1e-5)


def test_entropy_of_a_volume_by_hand() -> None:
    image = np.zeros((5, 6, 7))
    image[:, :, 3:] = 1
    result = local_entropy(image, radius=1, n_levels=2, low=0, high=1)
    # six of seven pixels of the ball are on one side
    expected = -(1 / 7 * np.log2(1 / 7) + 6 / 7 * np.log2(6 / 7))
    np.testing.assert_allclose(result[:, :, 2:4], expected, atol=1e-6)
    assert result[:, :, :2].max() == 0


def test_entropy_leaves_nan_out() -> None:
    image = np.tile([0.0, 1.0], (9, 6))
    image[4, 4] = np.nan
    result = local_entropy(image, radius=1, n_levels=2)
    # beside the missing pixel: itself and two of its kind against one
    assert result[4, 5] == pytest.approx(-(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25)), abs=1e-6)
    assert np.isnan(result).sum() == 1


def test_windows_are_round_in_physical_space() -> None:
    image = np.zeros((21, 41))
    image[10, 20] = 1
    result = ow.apply("local_deviation", image, grid=ow.Grid("yx", (0.4, 0.2)), radius=2.0)
    found = np.argwhere(result > 0)
    assert (np.ptp(found, axis=0) == [10, 20]).all()


def test_low_above_high_is_refused() -> None:
    with pytest.raises(ValueError, match="low must be at most high; found 5 and 2"):
        local_entropy(np.zeros((3, 3)), low=5, high=2)
