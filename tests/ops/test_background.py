"""Background against SciPy's grey openings, SimpleITK and scikit-image, and by geometry."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

import objectwise as ow
from objectwise.ops.background import (
    subtract_background_gaussian,
    subtract_background_reconstruction,
    subtract_background_rolling_ball,
    subtract_background_tophat,
)
from objectwise.ops.balls import dilated, eroded
from tests.ops.test_windows import footprint

CASES = [((40, 51), (1.0, 1.0), 5.0), ((30, 70), (0.5, 0.2), 1.7), ((9, 24, 25), (2.0, 1.0, 1.0), 4.0)]


def slope_and_discs(shape: tuple[int, int] = (120, 140)) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.indices(shape)
    background = 100 + 0.5 * x + 0.2 * y
    discs = sum(
        ((y - a) ** 2 + (x - b) ** 2 <= 36).astype(float) for a in (20, 60, 95) for b in (25, 70, 110)
    )
    return background, 50 * discs


@pytest.mark.parametrize(("shape", "spacing", "radius"), CASES)
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_erosion_and_dilation_agree_with_scipy(shape, spacing, radius, dtype) -> None:
    image = np.random.default_rng(0).integers(-100 if dtype != np.uint8 else 0, 120, shape).astype(dtype)
    element = footprint(radius, spacing)
    # a border that repeats pixels of a convex element adds nothing from outside but these
    high = np.iinfo(dtype).max if np.dtype(dtype).kind in "iu" else np.inf
    low = np.iinfo(dtype).min if np.dtype(dtype).kind in "iu" else -np.inf
    border = [(n, n) for n in element.shape]
    inner = tuple(slice(n, -n) for n in element.shape)
    for function, peer, outside in (
        (eroded, ndimage.grey_erosion, high),
        (dilated, ndimage.grey_dilation, low),
    ):
        expected = peer(np.pad(image, border, constant_values=outside), footprint=element)[inner]
        np.testing.assert_array_equal(function(image, radius, spacing), expected)


@pytest.mark.parametrize("radius", [0.3, 1.0, 6.5, 200.0])
def test_any_radius_does(radius) -> None:
    image = np.random.default_rng(1).random((12, 9))
    result = eroded(image, radius, (1.0, 1.0))
    if radius < 1:
        np.testing.assert_array_equal(result, image)
    if radius > 100:
        np.testing.assert_array_equal(result, np.full(image.shape, image.min()))


@pytest.mark.parametrize("objects", ["bright", "dark"])
def test_tophat_agrees_with_simpleitk(objects) -> None:
    import SimpleITK

    image = np.random.default_rng(2).integers(0, 255, (50, 60)).astype(np.uint8)
    filters = {"bright": SimpleITK.WhiteTopHatImageFilter(), "dark": SimpleITK.BlackTopHatImageFilter()}
    chosen = filters[objects]
    chosen.SetKernelType(SimpleITK.sitkBox)
    # the disc of radius 1.5 is the box of radius 1
    chosen.SetKernelRadius(1)
    chosen.SafeBorderOn()
    expected = SimpleITK.GetArrayFromImage(chosen.Execute(SimpleITK.GetImageFromArray(image)))
    result = subtract_background_tophat(image, radius=1.5, objects=objects)
    np.testing.assert_array_equal(result[2:-2, 2:-2], expected[2:-2, 2:-2])
    assert result.dtype == np.uint8


def test_tophat_keeps_discs_narrower_than_itself_and_no_slope() -> None:
    background, discs = slope_and_discs()
    result = subtract_background_tophat(background + discs, radius=10)
    # the opening of a slope is lower by what the slope rises over the disc's rim
    assert np.abs(result - discs).max() < 7
    assert np.abs(subtract_background_tophat(background + discs, radius=5) - 0)[55:66, 65:76].max() < 10
    dark = subtract_background_tophat(background - discs, radius=10, objects="dark")
    assert np.abs(dark - discs).max() < 7


def test_integers_keep_their_range() -> None:
    image = np.full((9, 9), -30000, np.int16)
    image[4, 4] = 32000
    for function in (subtract_background_tophat, subtract_background_reconstruction):
        result = function(image, radius=2)
        assert result.dtype == np.uint16
        assert result[4, 4] == 62000
        assert np.count_nonzero(result) == 1


@pytest.mark.parametrize(("shape", "spacing", "radius"), CASES)
def test_rolling_ball_is_the_opening_with_a_ball(shape, spacing, radius) -> None:
    image = np.random.default_rng(3).random(shape) * 100
    element = footprint(radius, spacing)
    centre = np.array(element.shape) // 2
    where = (np.indices(element.shape).reshape(len(shape), -1).T - centre) * spacing
    height = 30.0
    ball = height * np.sqrt(np.clip(1 - (where**2).sum(axis=1) / radius**2, 0, None)).reshape(element.shape)
    border = [(n, n) for n in element.shape]
    inner = tuple(slice(n, -n) for n in element.shape)
    lowered = ndimage.grey_erosion(
        np.pad(image, border, constant_values=1e9), footprint=element, structure=ball
    )[inner]
    opened = ndimage.grey_dilation(
        np.pad(lowered, border, constant_values=-1e9), footprint=element, structure=ball
    )[inner]
    result = subtract_background_rolling_ball(image, radius=radius, height=height, spacing=spacing)
    np.testing.assert_allclose(result, np.maximum(image - opened, 0), atol=1e-9)


def test_the_top_of_the_ball_is_where_scikit_image_has_it() -> None:
    from skimage.restoration import rolling_ball

    from objectwise.kernels.ball import lowered
    from objectwise.ops.elements import ball_rows

    image = np.random.default_rng(4).random((40, 41)) * 50
    rows = ball_rows(7.0, (1.0, 1.0))
    drops = [7 - np.sqrt(49 - place[0] ** 2 - np.arange(half + 1) ** 2) for place, half in rows]
    np.testing.assert_allclose(lowered(image, rows, drops), rolling_ball(image, radius=7), atol=1e-9)


def test_rolling_ball_without_height_is_a_tophat() -> None:
    image = np.random.default_rng(5).random((40, 41)).astype(np.float32)
    for objects in ("bright", "dark"):
        flat = subtract_background_rolling_ball(image, radius=4, height=0, objects=objects)
        np.testing.assert_array_equal(flat, subtract_background_tophat(image, radius=4, objects=objects))
    background, discs = slope_and_discs()
    result = subtract_background_rolling_ball(background + discs, radius=20, height=10)
    assert np.abs(result - discs)[20:-20, 20:-20].max() < 2


def test_gaussian_is_the_difference_to_an_average() -> None:
    background, discs = slope_and_discs()
    image = background + discs
    expected = image - ndimage.gaussian_filter(image, 15, mode="nearest")
    np.testing.assert_allclose(subtract_background_gaussian(image, sigma=15), expected, atol=1e-9)
    dark = subtract_background_gaussian(image, sigma=15, objects="dark")
    np.testing.assert_allclose(dark, -expected, atol=1e-9)


def test_reconstruction_agrees_with_simpleitk() -> None:
    import SimpleITK

    image = np.random.default_rng(6).integers(0, 255, (40, 45)).astype(np.uint8)
    opening = SimpleITK.OpeningByReconstructionImageFilter()
    opening.SetKernelType(SimpleITK.sitkBox)
    opening.SetKernelRadius(1)
    opening.FullyConnectedOn()
    opened = SimpleITK.GetArrayFromImage(opening.Execute(SimpleITK.GetImageFromArray(image)))
    result = subtract_background_reconstruction(image, radius=1.5)
    # at the border ITK erodes with what is not there
    np.testing.assert_array_equal(result[2:-2, 2:-2], (image - opened)[2:-2, 2:-2])


def test_reconstruction_leaves_no_corner_behind() -> None:
    image = np.full((60, 60), 10.0)
    image[10:30, 10:50] = 20  # wide: background
    image[40:44, 10:40] = 30  # narrow: an object
    result = subtract_background_reconstruction(image, radius=6)
    expected = np.zeros(image.shape)
    expected[40:44, 10:40] = 20
    np.testing.assert_array_equal(result, expected)
    # a flat ball eats the corners of what is wide
    assert subtract_background_tophat(image, radius=6)[10, 10] == 10


@pytest.mark.parametrize("name", ["tophat", "rolling_ball", "gaussian", "reconstruction"])
@pytest.mark.parametrize("objects", ["bright", "dark"])
def test_nan_does_not_spread(name, objects) -> None:
    background, discs = slope_and_discs()
    image = background + (discs if objects == "bright" else -discs)
    holed = image.copy()
    holed[57:63, 80:90] = np.nan
    holed[0, 0] = np.nan
    values = {"height": 10.0} if name == "rolling_ball" else {}
    length = {"gaussian": "sigma"}.get(name, "radius")
    result, plain = (
        ow.apply(f"subtract_background_{name}", each, objects=objects, **{length: 9}, **values)
        for each in (holed, image)
    )
    np.testing.assert_array_equal(np.isnan(result), np.isnan(holed))
    assert np.nanmax(np.abs(result - plain)) < 6
    assert not np.isinf(result).any()


def test_everything_missing_is_missing() -> None:
    image = np.full((6, 7), np.nan, np.float32)
    for name in ("tophat", "rolling_ball", "gaussian", "reconstruction"):
        assert np.isnan(ow.apply(f"subtract_background_{name}", image)).all()


def test_negative_height_is_refused() -> None:
    with pytest.raises(ValueError, match="height must be at least 0; found -1"):
        subtract_background_rolling_ball(np.zeros((4, 4)), height=-1)
