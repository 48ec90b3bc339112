"""Grey morphology against SciPy with elements drawn pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from objectwise.ops import grey
from tests.contract import cases
from tests.ops.shapes import footprint

SCIPY = {
    "erode_grey": ndimage.grey_erosion,
    "dilate_grey": ndimage.grey_dilation,
    "gradient_grey": ndimage.morphological_gradient,
}


@pytest.mark.parametrize(("ndim", "spacing"), [(2, (1.0, 1.0)), (2, (1.0, 0.4)), (3, (2.0, 1.0, 1.0))])
@pytest.mark.parametrize("shape", ["ball", "box", "cross"])
@pytest.mark.parametrize("radius", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("name", SCIPY)
def test_one_step_is_that_of_scipy(name, ndim, spacing, shape, radius):
    image = cases.image(ndim)
    near = footprint(radius, shape, spacing)
    # SciPy mirrors the image at the border, which for these elements changes neither extreme
    truth = SCIPY[name](image, footprint=near, mode="reflect")
    found = getattr(grey, name)(image, radius=radius, shape=shape, spacing=spacing)
    inside = tuple(slice(n, size - n) for n, size in zip((3,) * ndim, image.shape, strict=True))
    np.testing.assert_array_equal(found[inside], truth[inside])


@pytest.mark.parametrize("shape", ["ball", "box", "cross"])
def test_two_steps_are_those_of_scipy(shape):
    image = cases.image(2, dtype=np.uint8)
    near = footprint(2, shape, (1.0, 1.0))
    inside = (slice(5, -5),) * 2
    for name, truth in (
        ("open_grey", ndimage.grey_opening(image, footprint=near)),
        ("close_grey", ndimage.grey_closing(image, footprint=near)),
        ("tophat_grey", ndimage.white_tophat(image, footprint=near)),
        ("bottomhat_grey", ndimage.black_tophat(image, footprint=near)),
    ):
        found = getattr(grey, name)(image, radius=2, shape=shape)
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found[inside], truth[inside])


def test_borders_have_no_part():
    image = np.array([[3, 9, 9, 9, 1]])
    np.testing.assert_array_equal(grey.erode_grey(image, radius=1), [[3, 3, 9, 1, 1]])
    np.testing.assert_array_equal(grey.dilate_grey(-image, radius=1), [[-3, -3, -9, -1, -1]])
    corner = np.zeros((9, 9))
    corner[0, 0] = 1
    y, x = np.mgrid[:9, :9]
    np.testing.assert_array_equal(grey.dilate_grey(corner, radius=5) > 0, y**2 + x**2 <= 25)


def test_opening_keeps_what_the_element_fits_into():
    y, x = np.mgrid[:60, :60]
    large = ((y - 30) ** 2 + (x - 25) ** 2 <= 100) * 50.0
    spots = np.zeros((60, 60))
    spots[5:8, 50:53] = spots[50:52, 10:30] = 20
    np.testing.assert_array_equal(grey.open_grey(large + spots, radius=5)[spots > 0], 0)
    np.testing.assert_array_equal(grey.tophat_grey(large + spots, radius=5)[spots > 0], 20)
    np.testing.assert_array_equal(grey.bottomhat_grey(-large - spots, radius=5)[spots > 0], 20)
    assert (grey.open_grey(large, radius=5) != large).mean() < 0.01


def test_missing_pixels_are_left_out_and_stay():
    image = cases.image(2).astype(np.float64)
    image[10:13, 10:14] = np.nan
    near = footprint(2, "ball", (1.0, 1.0))
    least = ndimage.grey_erosion(np.where(np.isnan(image), np.inf, image), footprint=near)
    found = grey.erode_grey(image, radius=2)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(image))
    np.testing.assert_array_equal(found[~np.isnan(image)], least[~np.isnan(image)])
    for name in ("open_grey", "close_grey", "tophat_grey", "bottomhat_grey", "gradient_grey"):
        found = getattr(grey, name)(image, radius=2)
        np.testing.assert_array_equal(np.isfinite(found), np.isfinite(image))


def test_differences_of_signed_integers_do_not_wrap():
    image = np.array([[-128, 127, -128, -128]], np.int8)
    np.testing.assert_array_equal(grey.gradient_grey(image, radius=1), [[255, 255, 255, 0]])
    np.testing.assert_array_equal(grey.tophat_grey(image, radius=1), [[0, 255, 0, 0]])


@pytest.mark.parametrize("shape", ["ball", "box"])
def test_huge_elements_do_not_hang(shape):
    image = cases.image(3)
    assert (grey.erode_grey(image, radius=1e6, shape=shape) == image.min()).all()
    assert (grey.dilate_grey(image, radius=1e6, shape=shape) == image.max()).all()
