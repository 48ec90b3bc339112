"""Thresholds with two levels and thresholds of the surroundings, against scikit-image and made images."""

from __future__ import annotations

import numpy as np
import pytest

import objectwise as ow
from objectwise.core.locality import Pieces, gather
from tests.contract import cases


def spots(shape: tuple[int, int] = (120, 160)) -> tuple[np.ndarray, np.ndarray]:
    """Return discs on a steep slope with noise, and where they are."""
    y, x = np.indices(shape)
    mask = ((y % 40 - 20) ** 2 + (x % 40 - 20) ** 2) < 64
    noise = np.random.default_rng(0).normal(0, 2, shape)
    return (50 + x * 0.8 + 60 * mask + noise).astype(np.uint8), mask


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    return (first & second).sum() / (first | second).sum()


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("connectivity", ["full", "face"])
def test_hysteresis_is_that_of_scikit_image(ndim: int, connectivity: str) -> None:
    from scipy import ndimage
    from skimage.filters import apply_hysteresis_threshold

    image = cases.image(ndim)
    found = ow.apply(
        "threshold_hysteresis",
        image,
        low=100.0,
        high=150.0,
        connectivity=connectivity,
        grid=ow.Grid("zyx"[-ndim:]),
    )
    if connectivity == "face":
        # scikit-image joins through faces alone
        np.testing.assert_array_equal(found, apply_hysteresis_threshold(image, 100.0, 150.0))
    else:
        grown = ndimage.binary_propagation(image > 150, np.ones((3,) * ndim), image > 100)
        np.testing.assert_array_equal(found, grown)


def test_hysteresis_of_dark_objects_is_that_of_the_inverted_image() -> None:
    image = cases.image(2, dtype=np.uint8)
    dark = ow.apply("threshold_hysteresis", image, low=60.0, high=90.0, objects="dark")
    bright = ow.apply("threshold_hysteresis", 255 - image, low=164.0, high=194.0)
    np.testing.assert_array_equal(dark, bright)


def test_hysteresis_finds_its_thresholds() -> None:
    random = np.random.default_rng(0)
    image = np.full((60, 60), 20.0)
    image[10:30, 10:30] = 60
    image[15:20, 15:20] = 200
    image[40:50, 40:50] = 60  # dim, and nowhere bright
    image += random.normal(0, 3, image.shape)
    found = ow.apply("threshold_hysteresis", image.astype(np.uint8))
    assert found[10:30, 10:30].all()
    assert found.sum() == 400


def test_contradicting_thresholds_are_refused() -> None:
    with pytest.raises(ValueError, match="low must be at most high"):
        ow.apply("threshold_hysteresis", cases.image(2), low=9.0, high=8.0)


def test_a_piece_knows_the_extreme_marks_of_its_pixels() -> None:
    parts = np.array([[1, 1, 0, 2, 2, 0, 3, 3]])
    marks = np.array([[0, 1, 0, 0, 0, 1, 7, -3]])
    facts = gather(parts, Pieces(parts, 3, marks=marks), (0, 0), parts.shape)
    assert facts.lowest.tolist() == [1, 1, 0, -3]
    assert facts.highest.tolist() == [1, 1, 0, 7]
    assert not gather(parts, Pieces(parts, 3), (0, 0), parts.shape).highest.any()


def test_robust_background_leaves_the_noise_out() -> None:
    random = np.random.default_rng(0)
    image = random.normal(100, 5, (200, 200))
    image[50:60, 50:60] = 300
    found = ow.apply("threshold_robust_background", image, n_deviations=6.0)
    assert found.sum() == 100
    dark = ow.apply("threshold_robust_background", -image, n_deviations=6.0, objects="dark")
    np.testing.assert_array_equal(dark, found)


def inner(mask: np.ndarray, n: int) -> np.ndarray:
    return mask[n:-n, n:-n]


@pytest.mark.parametrize("diameter", [9, 25])
def test_niblack_and_sauvola_are_those_of_scikit_image(diameter: int) -> None:
    from skimage.filters import threshold_niblack, threshold_sauvola

    image, _ = spots()
    # scikit-image mirrors at the border
    found = ow.apply("threshold_niblack", image, diameter=diameter, k=0.2)
    wanted = image > threshold_niblack(image, diameter, k=-0.2)
    np.testing.assert_array_equal(inner(found, diameter), inner(wanted, diameter))
    values = {"diameter": diameter, "darkest": 0.0, "brightest": 255.0}
    found = ow.apply("threshold_sauvola", image, objects="dark", **values)
    wanted = image < threshold_sauvola(image, diameter, r=127.5)
    np.testing.assert_array_equal(inner(found, diameter), inner(wanted, diameter))
    found = ow.apply("threshold_sauvola", image, **values)
    wanted = 255 - image < threshold_sauvola(255 - image, diameter, r=127.5)
    np.testing.assert_array_equal(inner(found, diameter), inner(wanted, diameter))


def test_phansalkar_is_the_published_formula() -> None:
    from scipy.ndimage import generic_filter, uniform_filter

    image = cases.image(2) / 255
    mean = uniform_filter(image.astype(float), 9, mode="nearest")
    deviation = generic_filter(image.astype(float), np.std, 9, mode="nearest")
    wanted = image < mean * (1 + 2 * np.exp(-10 * mean) + 0.25 * (deviation / 0.5 - 1))
    found = ow.apply("threshold_phansalkar", image, diameter=9, darkest=0.0, brightest=1.0)
    np.testing.assert_array_equal(found, wanted)
    none = ow.apply("threshold_phansalkar", image, diameter=9, p=0.0, darkest=0.0, brightest=1.0)
    same = ow.apply(
        "threshold_sauvola", image, diameter=9, k=0.25, objects="dark", darkest=0.0, brightest=1.0
    )
    np.testing.assert_array_equal(none, same)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("threshold_sauvola", {"k": 0.15}),
        ("threshold_niblack", {"offset": 12.0}),
        ("threshold_adaptive", {"offset": 12.0, "lowest": 0.3, "highest": 2.0}),
    ],
)
def test_objects_on_a_slope_are_found_where_no_single_threshold_finds_them(name: str, values: dict) -> None:
    image, mask = spots()
    assert overlap(ow.apply("threshold_auto", image), mask) < 0.5
    assert overlap(ow.apply(name, image, diameter=41, **values), mask) > 0.85


def test_sauvola_of_dark_objects_is_that_of_the_inverted_image() -> None:
    image, _ = spots()
    bright = ow.apply("threshold_sauvola", image, diameter=31)
    np.testing.assert_array_equal(
        ow.apply("threshold_sauvola", 255 - image, diameter=31, objects="dark"), bright
    )


def test_adaptive_stays_near_its_guide() -> None:
    image, _ = spots()
    only = ow.apply("threshold_adaptive", image, lowest=1.0, highest=1.0, method="otsu")
    np.testing.assert_array_equal(only, ow.apply("threshold_auto", image, method="otsu"))
    free = ow.apply("threshold_adaptive", image, lowest=0.0, highest=1e6, offset=3.0)
    np.testing.assert_array_equal(free, ow.apply("threshold_local", image, offset=3.0))
    with pytest.raises(ValueError, match="lowest must be at most"):
        ow.apply("threshold_adaptive", image, lowest=2.0)
