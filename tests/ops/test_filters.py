"""Smoothing equals SciPy's Gaussian, and normalised convolution where pixels are missing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

import objectwise as ow

SPACINGS = [(1.0, 1.0), (0.5, 0.25), (2.0, 0.5, 1.0)]


def noise(n: int, dtype: type = np.float64) -> np.ndarray:
    shape = (40, 44) if n == 2 else (14, 30, 26)
    return (np.random.default_rng(n).random(shape) * 1000).astype(dtype)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32, np.float64])
def test_smoothing_is_that_of_scipy(spacing: tuple[float, ...], dtype: type) -> None:
    image = (
        noise(len(spacing)).astype(dtype) if dtype != np.uint8 else (noise(len(spacing)) / 4).astype(np.uint8)
    )
    widths = [1.2 / step for step in spacing]
    expected = ndimage.gaussian_filter(image.astype(float), widths, mode="nearest")
    ours = ow.apply("smooth_gaussian", image, grid=ow.Grid("zyx"[-len(spacing) :], spacing), sigma=1.2)
    assert ours.dtype == (np.float64 if dtype == np.float64 else np.float32)
    tolerance = 1e-12 if dtype == np.float64 else 1e-6
    np.testing.assert_allclose(ours, expected, rtol=tolerance, atol=tolerance * np.ptp(expected))


def test_a_point_becomes_a_gaussian() -> None:
    image = np.zeros((41, 41))
    image[20, 20] = 1
    ours = ow.apply("smooth_gaussian", image, grid=ow.Grid("yx", (0.5, 0.5), "um"), sigma=1.5)
    y, x = np.mgrid[-20:21, -20:21] * 0.5
    bell = np.exp(-(y**2 + x**2) / (2 * 1.5**2)) * 0.25 / (2 * np.pi * 1.5**2)
    np.testing.assert_allclose(ours, bell, atol=1e-4 * bell.max())
    assert ours.sum() == pytest.approx(1)


def test_zero_changes_nothing() -> None:
    image = noise(2)
    np.testing.assert_array_equal(ow.apply("smooth_gaussian", image, sigma=0), image)


def test_missing_pixels_have_no_weight() -> None:
    image = noise(2)
    missing = np.zeros(image.shape, bool)
    missing[5:9, 10:30] = missing[30, 30] = True
    image[missing] = np.nan
    weight = ndimage.gaussian_filter((~missing).astype(float), 2.0, mode="nearest")
    expected = ndimage.gaussian_filter(np.where(missing, 0, image), 2.0, mode="nearest") / weight
    ours = ow.apply("smooth_gaussian", image, sigma=2.0)
    assert np.isnan(ours[missing]).all()
    np.testing.assert_allclose(ours[~missing], expected[~missing], rtol=1e-12)


def test_a_flat_image_stays_flat_around_missing_pixels() -> None:
    image = np.full((30, 30), 7.0)
    image[10:20, 12] = np.nan
    ours = ow.apply("smooth_gaussian", image, sigma=3)
    np.testing.assert_allclose(ours[~np.isnan(image)], 7)
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(image))


def test_what_is_far_from_a_missing_pixel_does_not_see_it() -> None:
    whole = noise(2)
    holed = whole.copy()
    holed[0, 0] = np.nan
    first, second = (ow.apply("smooth_gaussian", image, sigma=1.5) for image in (whole, holed))
    # four standard deviations away along one of the axes
    np.testing.assert_array_equal(first[7:], second[7:])
    np.testing.assert_array_equal(first[:, 7:], second[:, 7:])
    assert (first[:6, :6] != second[:6, :6]).any()


def test_an_infinite_length_is_refused() -> None:
    with pytest.raises(ValueError, match="sigma must be a number; found inf"):
        ow.apply("smooth_gaussian", noise(2), sigma=np.inf)
