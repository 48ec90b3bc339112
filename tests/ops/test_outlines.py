"""Each object has the outline that its own brightness gives it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

import objectwise as ow
from objectwise.ops.outlines import threshold_each_object
from tests.ops.shapes import ball


def two_discs(bright: float, dim: float) -> tuple[np.ndarray, np.ndarray]:
    """Return two blurred discs of unlike brightness on a level of 50, and the discs."""
    truth = np.zeros((60, 100), np.int32)
    truth[ball(truth.shape, (30, 25), 12)] = 1
    truth[ball(truth.shape, (30, 75), 12)] = 2
    light = np.array([0.0, bright, dim])[truth]
    return 50 + ndimage.gaussian_filter(light, 2.0), truth


def test_bright_and_dim_discs_have_the_same_outline() -> None:
    image, truth = two_discs(1000.0, 60.0)
    around = ow.apply("expand_labels", ndimage.grey_erosion(truth, 5), distance=8.0)
    found = ow.apply("threshold_each_object", image, around, fraction=0.5, inner=0.9, outer=0.1)
    for label in (1, 2):
        # half of the maximum lies on the edge of a blurred disc, but for its curvature
        assert (found == label).sum() == pytest.approx((truth == label).sum(), rel=0.06)
    # one threshold for both has to be wrong about one
    one = ow.apply("threshold_auto", image)
    assert not one[truth == 2].any()


@pytest.mark.parametrize("fraction", [0.3, 0.5, 0.7])
def test_the_level_is_the_one_that_was_asked_for(fraction: float) -> None:
    random = np.random.default_rng(0)
    image, truth = two_discs(300.0, 80.0)
    image += random.normal(0, 0.01, image.shape)
    around = ow.apply("expand_labels", truth, distance=5.0)
    found = ow.apply("threshold_each_object", image, around, truth, fraction=fraction, inner=1.0, outer=0.0)
    for label in (1, 2):
        low, high = image[around == label].min(), image[truth == label].max()
        beyond = (around == label) & (image > low + fraction * (high - low))
        np.testing.assert_array_equal(found == label, ndimage.binary_fill_holes(beyond))


def test_dark_objects_are_those_of_the_inverted_image() -> None:
    image, truth = two_discs(300.0, 80.0)
    around = ow.apply("expand_labels", truth, distance=5.0)
    bright = ow.apply("threshold_each_object", image, around)
    dark = ow.apply("threshold_each_object", 1000 - image, around, objects="dark")
    np.testing.assert_array_equal(bright, dark)


def test_one_piece_stays_and_its_holes_are_filled() -> None:
    image = np.zeros((20, 30))
    image[4:12, 4:12] = 10
    image[7:9, 7:9] = 0
    image[15:17, 20:22] = 10
    labels = np.full(image.shape, 7, np.int32)
    found = ow.apply("threshold_each_object", image, labels, fraction=0.5, inner=1.0)
    expected = np.zeros(image.shape, np.int32)
    expected[4:12, 4:12] = 7
    np.testing.assert_array_equal(found, expected)
    # the mask says which piece is meant
    core = np.zeros(image.shape, bool)
    core[15:17, 20:22] = True
    found = ow.apply("threshold_each_object", image, labels, core, fraction=0.5)
    assert found[15, 20] == 7
    assert found[5, 5] == 0


def test_an_object_without_contrast_stays_as_it_is() -> None:
    labels = np.zeros((8, 8), np.int32)
    labels[2:5, 2:5] = 3
    np.testing.assert_array_equal(ow.apply("threshold_each_object", np.ones((8, 8)), labels), labels)


def test_the_pixel_size_is_a_number_that_lengths_can_be_set_by() -> None:
    image = np.zeros((4, 6, 8))
    assert ow.apply("find_pixel_size", image, grid=ow.Grid("zyx", (4.0, 0.5, 0.5), "um")) == 1.0


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_diameter_is_that_of_the_ball_of_the_same_size(ndim: int) -> None:
    shape = (40,) * ndim
    labels = np.zeros(shape, np.int32)
    labels[ball(shape, (12,) * ndim, 4)] = 5
    labels[ball(shape, (28,) * ndim, 8)] = 9
    for mask in (False, True):
        objects = labels > 0 if mask else labels
        grid = ow.Grid("zyx"[-ndim:])
        for low, high, stays in ((12.0, None, 9), (None, 12.0, 5), (6.0, 20.0, None), (20.0, None, 0)):
            limits = {"min_diameter": low, "max_diameter": high}
            found = ow.apply("filter_objects_by_diameter", objects, grid=grid, **limits)
            expected = labels if stays is None else np.where(labels == stays, labels, 0)
            np.testing.assert_array_equal(found, expected > 0 if mask else expected)


def test_limits_counted_from_the_background_do_not_see_a_camera_offset() -> None:
    image, _ = two_discs(300.0, 80.0)
    limits = {"counted_from": "background", "lowest": 0.5, "highest": 3.0, "diameter": 30.0, "method": "otsu"}
    expected = ow.apply("threshold_adaptive", image, **limits)
    assert expected.any()
    np.testing.assert_array_equal(expected, ow.apply("threshold_adaptive", image + 4096, **limits))
    dark = ow.apply("threshold_adaptive", 4096 - image, objects="dark", **limits)
    assert (dark != expected).mean() < 0.03
    level = ow.apply("threshold_adaptive", image, **{**limits, "lowest": 1.0, "highest": 1.0})
    np.testing.assert_array_equal(level, ow.apply("threshold_auto", image, method="otsu"))


def test_what_hardly_differs_from_the_noise_is_left_out() -> None:
    random = np.random.default_rng(0)
    image = random.normal(100, 2, (60, 90))
    labels = np.zeros(image.shape, np.int32)
    labels[10:30, 10:30], labels[10:30, 50:70] = 4, 9
    core = np.zeros(image.shape, bool)
    core[14:26, 14:26] = core[14:26, 54:66] = True
    image[14:26, 14:26] += 100
    both = threshold_each_object(image, labels, core)
    assert set(np.unique(both)) == {0, 4, 9}
    some = threshold_each_object(image, labels, core, min_contrast=10)
    np.testing.assert_array_equal(some, np.where(both == 4, 4, 0))
    assert not threshold_each_object(image, labels, core, min_contrast=10, noise=50.0).any()
    dark = threshold_each_object(-image, labels, core, min_contrast=10, objects="dark")
    np.testing.assert_array_equal(dark, some)
