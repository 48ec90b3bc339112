"""Reconstruction and what is made of it, against scikit-image, SimpleITK, SciPy and images made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage import data, morphology

import objectwise as ow
from objectwise.ops.grey import erode_grey
from objectwise.ops.reconstruction import (
    close_grey_by_reconstruction,
    fill_holes_grey,
    hdome_grey,
    open_grey_by_reconstruction,
    reconstruct_grey,
)
from tests.contract import cases

DTYPES = [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64]


def footprint(ndim: int, connectivity: str) -> np.ndarray:
    return ndimage.generate_binary_structure(ndim, ndim if connectivity == "full" else 1)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("connectivity", ["full", "face"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_reconstruction_is_that_of_scikit_image(ndim: int, connectivity: str, dtype: type) -> None:
    image, other = cases.image(ndim, dtype=dtype), cases.image(ndim, 9, dtype=dtype)
    near = footprint(ndim, connectivity)
    for method, marker in (("dilation", np.minimum(image, other)), ("erosion", np.maximum(image, other))):
        found = reconstruct_grey(image, other, method=method, connectivity=connectivity)
        assert found.dtype == dtype
        np.testing.assert_array_equal(
            found, morphology.reconstruction(marker, image, method=method, footprint=near)
        )


def test_reconstruction_follows_a_maze() -> None:
    """A path so long and winding that scans alone do not follow it."""
    image = np.zeros((61, 61), np.uint8)
    image[::2] = 200
    for row in range(1, 61, 2):
        image[row, 0 if row % 4 == 1 else 60] = 200
    marker = np.zeros_like(image)
    marker[60, 30] = 150
    found = reconstruct_grey(image, marker, connectivity="face")
    np.testing.assert_array_equal(found, np.minimum(image, 150))
    turned = reconstruct_grey(image.T, marker.T, connectivity="face")
    np.testing.assert_array_equal(turned, found.T)


def test_a_marker_of_another_dtype_is_not_cut_off() -> None:
    image, marker = np.array([[1, 9, 1]], np.uint8), np.array([[0, 4.5, 0]], np.float32)
    assert reconstruct_grey(image, marker).tolist() == [[1.0, 4.5, 1.0]]
    marker = np.array([[-5, -3, -9]], np.int16)
    assert reconstruct_grey(image, marker).tolist() == [[-3, -3, -3]]


def test_nothing_grows_through_what_is_missing() -> None:
    image = np.full((5, 9), 7.0)
    image[:, 4] = np.nan
    marker = np.where(np.arange(9) == 0, 3.0, np.nan) + np.zeros((5, 1))
    found = reconstruct_grey(image, marker)
    assert (found[:, :4] == 3).all()
    assert np.isnan(found[:, 4]).all()
    # there is no marker on this side
    assert (found[:, 5:] == -np.inf).all()


@pytest.mark.parametrize("shape", ["box", "cross", "ball"])
def test_opening_by_reconstruction_is_that_of_the_library(shape: str) -> None:
    image = data.coins()[:120, :150]
    element = {"box": np.ones((7, 7)), "cross": np.zeros((7, 7)), "ball": morphology.disk(3)}[shape]
    if shape == "cross":
        element[3], element[:, 3] = 1, 1
    border = np.pad(image.astype(float), 3, constant_values=np.inf)
    eroded = ndimage.grey_erosion(border, footprint=element)[3:-3, 3:-3]
    expected = morphology.reconstruction(eroded, image, footprint=np.ones((3, 3)))
    np.testing.assert_array_equal(open_grey_by_reconstruction(image, radius=3, shape=shape), expected)
    # the closing is the opening of the inverted image
    closed = close_grey_by_reconstruction(255 - image, radius=3, shape=shape)
    np.testing.assert_array_equal(closed, 255 - expected)


@pytest.mark.parametrize(("name", "connectivity"), [("open", "full"), ("close", "face")])
def test_of_a_mask_it_is_the_binary_one(name: str, connectivity: str) -> None:
    mask = cases.mask(2)
    values = {"radius": 2, "connectivity": connectivity}
    grey = ow.apply(f"{name}_grey_by_reconstruction", mask.astype(np.uint8), **values)
    np.testing.assert_array_equal(grey.astype(bool), ow.apply(f"{name}_by_reconstruction", mask, **values))


def test_outlines_stay_where_they_are() -> None:
    image = np.full((40, 40), 10, np.uint8)
    image[5:20, 5:20] = 90
    image[30, 5:35] = 200  # thin: goes
    np.testing.assert_array_equal(
        open_grey_by_reconstruction(image, radius=3), np.where(image == 200, 10, image)
    )


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("connectivity", ["full", "face"])
def test_filled_holes_are_those_of_simpleitk(ndim: int, connectivity: str) -> None:
    import SimpleITK

    image = cases.image(ndim, dtype=np.uint8)
    fill = SimpleITK.GrayscaleFillholeImageFilter()
    fill.SetFullyConnected(connectivity == "full")
    expected = SimpleITK.GetArrayFromImage(fill.Execute(SimpleITK.GetImageFromArray(image)))
    np.testing.assert_array_equal(fill_holes_grey(image, connectivity=connectivity), expected)
    assert (expected != image).any()


@pytest.mark.parametrize("ndim", [2, 3])
def test_filled_holes_of_a_mask_are_those_of_scipy(ndim: int) -> None:
    mask = cases.mask(ndim)
    filled = fill_holes_grey(mask.astype(np.uint8)).astype(bool)
    np.testing.assert_array_equal(filled, ndimage.binary_fill_holes(mask))


@pytest.mark.parametrize("dtype", DTYPES)
def test_holes_fill_to_the_lowest_point_of_their_rim(dtype: type) -> None:
    y, x = np.indices((31, 31)) - 15
    ring = np.abs(np.hypot(y, x) - 10) < 1.5
    image = np.where(ring, 100 + y, 20).astype(dtype)
    inside = (np.hypot(y, x) < 10) & ~ring
    lowest = min(
        level for level in np.unique(image[ring]) if not ndimage.binary_fill_holes(image > level)[15, 15]
    )
    found = fill_holes_grey(image)
    assert (found[inside] == lowest).all()
    np.testing.assert_array_equal(found[~ring & ~inside], image[~ring & ~inside])


def test_water_runs_off_where_pixels_are_missing() -> None:
    image = np.full((7, 7), 9.0)
    image[2:5, 2:5] = 2
    assert (fill_holes_grey(image) == 9).all()
    image[3, 3] = np.nan
    np.testing.assert_array_equal(fill_holes_grey(image), image)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("height", [5, 30.5])
def test_hdomes_are_those_of_simpleitk(ndim: int, height: float) -> None:
    import SimpleITK

    image = cases.image(ndim)
    maxima = SimpleITK.HMaximaImageFilter()
    maxima.SetHeight(height)
    lowered = SimpleITK.GetArrayFromImage(maxima.Execute(SimpleITK.GetImageFromArray(image)))
    # ITK joins through faces alone
    found = hdome_grey(image, height=height, connectivity="face")
    np.testing.assert_allclose(found, image - lowered, atol=1e-4)
    dark = hdome_grey(-image, height=height, connectivity="face", objects="dark")
    np.testing.assert_array_equal(dark, found)


def test_hdomes_reach_their_height_at_the_maxima_of_scikit_image() -> None:
    image = cases.image(2, dtype=np.uint8)
    # of integers scikit-image wants a maximum that is higher by h than the pass
    maxima = morphology.h_maxima(image, 20)
    found = hdome_grey(image, height=20.0) >= 20
    label, n = ndimage.label(found, np.ones((3, 3)))
    assert n == ndimage.label(maxima, np.ones((3, 3)))[1]
    assert len(np.unique(label[maxima > 0])) == n


def test_an_eroded_image_grows_back_no_further_than_it_was() -> None:
    image = cases.image(2)
    found = reconstruct_grey(image, erode_grey(image, radius=2))
    assert (found <= image).all()
    np.testing.assert_array_equal(found, open_grey_by_reconstruction(image, radius=2))
