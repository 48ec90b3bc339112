"""Touching objects split by brightness and by shape, on discs of which the overlap is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import feature, measure, segmentation

import objectwise as ow
from objectwise.ops.splitting import split_touching_by_intensity, split_touching_combined
from tests.ops.shapes import ball, distances, is_in_reading_order, same_objects

BOTH = ["split_touching_by_intensity", "split_touching_combined"]


def two_hills(away: float, valley: float, shape: tuple[int, ...] = (50, 90)) -> np.ndarray:
    """Return a ridge of brightness 100 with a valley down to a fraction of it in the middle, 0 outside."""
    y, x = np.indices(shape[-2:])
    along = np.clip(abs(x - shape[1] / 2) / (away / 2), 0, 1)
    across = 1 - ((y - shape[0] / 2) / 15) ** 2
    ends = np.clip(1.5 - abs(x - shape[1] / 2) / (away / 2 + 10), 0, 1)
    return 100 * np.clip(across, 0, 1) * (valley + (1 - valley) * along) * np.minimum(ends * 2, 1)


@pytest.mark.parametrize("valley", [0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("min_contrast", [0.2, 0.4, 0.6])
def test_a_valley_splits_when_it_is_darker_by_the_fraction_asked_for(
    valley: float, min_contrast: float
) -> None:
    image = two_hills(40, valley)
    labels = split_touching_by_intensity(image, image > 1, min_contrast=min_contrast)
    assert labels.max() == (2 if 1 - valley > min_contrast else 1)
    if labels.max() == 2:
        middle = image.shape[1] // 2
        assert (labels[:, : middle - 1] != 2).all()
        assert (labels[:, middle + 2 :] != 1).all()


@pytest.mark.parametrize("factor", [0.01, 1.0, 300.0])
@pytest.mark.parametrize("name", BOTH)
def test_neither_the_scale_of_brightness_nor_its_zero_counts(name: str, factor: float) -> None:
    image = ndimage.gaussian_filter(np.random.default_rng(0).random((70, 70)), 3)
    mask = image > np.quantile(image, 0.5)
    function = ow.operations[name].function
    assert function(image, mask).max() > 5
    np.testing.assert_array_equal(function(image, mask), function(factor * image + 50, mask))


def test_a_dim_pair_is_split_as_a_bright_one_is() -> None:
    image = np.concatenate([two_hills(40, 0.5), 0.05 * two_hills(40, 0.5)])
    assert split_touching_by_intensity(image, image > 0.5).max() == 4


@pytest.mark.parametrize("name", BOTH)
def test_close_tops_are_one_object(name: str) -> None:
    image = two_hills(16, 0.3)
    halves = ow.Grid("yx", (0.5, 0.5), "um")
    for grid, unit in ((ow.Grid("yx"), 1.0), (halves, 0.5)):
        counts = [
            ow.apply(name, image, image > 1, grid=grid, min_distance=distance * unit).max()
            for distance in (6, 40)
        ]
        assert counts == [2, 1]


def test_the_seeds_of_a_smooth_image_are_its_local_maxima() -> None:
    image = ndimage.gaussian_filter(np.random.default_rng(3).random((80, 80)), 3) * 1000
    mask = image > np.quantile(image, 0.4)
    labels = split_touching_by_intensity(image, mask, min_contrast=0.0, min_distance=0.0)
    inside = np.where(mask, image, -1.0)
    peaks = feature.peak_local_max(inside, min_distance=1, threshold_abs=0, exclude_border=False)
    markers = np.zeros(image.shape, int)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    expected = segmentation.watershed(-image, markers, 2, mask=mask)
    assert same_objects(labels, expected)


def test_even_discs_are_split_by_their_shape_and_even_ones_without_a_neck_by_brightness() -> None:
    """Each of the two ways is blind for what the other one sees; together they see both."""
    mask = ball((50, 90), (25, 28), 18) | ball((50, 90), (25, 60), 18)
    flat = np.where(mask, 100.0, 0.0)
    assert ow.apply("split_touching", mask).max() == 2
    assert split_touching_by_intensity(flat, mask).max() == 1
    assert split_touching_combined(flat, mask).max() == 2
    rod = np.zeros((50, 90), bool)
    rod[12:38, 10:80] = True
    image = np.where(rod, two_hills(40, 0.5) + 1, 0)
    assert ow.apply("split_touching", rod).max() == 1
    assert split_touching_by_intensity(image, rod).max() == 2
    assert split_touching_combined(image, rod).max() == 2


def test_noise_that_splits_by_brightness_alone_does_not_with_the_shape() -> None:
    mask = ball((50, 90), (25, 28), 18) | ball((50, 90), (25, 58), 18)
    random = np.random.default_rng(1)
    smooth = ndimage.gaussian_filter(random.normal(0, 1, mask.shape), 2)
    image = np.where(mask, 100 + 60 * smooth, 0)
    assert split_touching_by_intensity(image, mask).max() > 4
    assert split_touching_combined(image, mask).max() < split_touching_by_intensity(image, mask).max()


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 0.5, 0.5)])
def test_balls_are_split_in_three_dimensions(name: str, spacing: tuple[float, ...]) -> None:
    shape = tuple(round(28 / step) + 1 for step in spacing)
    first, second = distances(shape, (14, 14, 8.5), spacing), distances(shape, (14, 14, 19.5), spacing)
    image = np.maximum(np.exp(-((first / 5) ** 2)), np.exp(-((second / 5) ** 2)))
    mask = np.minimum(first, second) <= 7
    labels = ow.apply(name, image, mask, grid=ow.Grid("zyx", spacing))
    assert labels.max() == 2
    one = labels == labels[tuple(round(c / s) for c, s in zip((14, 14, 8.5), spacing, strict=True))]
    assert np.count_nonzero(one != (mask & (first < second))) < 0.06 * mask.sum()


masks = hnp.arrays(
    bool, hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=8), elements=st.booleans()
)


@pytest.mark.parametrize("name", BOTH)
@settings(max_examples=40, deadline=None)
@given(mask=masks, min_contrast=st.floats(0, 1), min_distance=st.floats(0, 5), seed=st.integers(0, 9))
def test_splitting_covers_the_mask_and_joins_nothing(
    name: str, mask: np.ndarray, min_contrast: float, min_distance: float, seed: int
) -> None:
    image = np.random.default_rng(seed).random(mask.shape)
    image[image < 0.1] = np.nan
    labels = ow.operations[name].function(image, mask, min_contrast=min_contrast, min_distance=min_distance)
    np.testing.assert_array_equal(labels > 0, mask)
    assert is_in_reading_order(labels)
    pieces = measure.label(mask, connectivity=mask.ndim)
    pairs = np.unique(np.stack([labels[mask], pieces[mask]]), axis=1)
    assert len(np.unique(pairs[0])) == pairs.shape[1], "an object lies in two pieces"


@pytest.mark.parametrize("min_contrast", [0.0, 0.25])
def test_a_plateau_is_one_top_wherever_it_lies(min_contrast: float) -> None:
    """Bright, in the middle, and as dark as the darkest pixel; in every direction of reading."""
    image = np.kron(np.array([[9, 9, 5, 9], [1, 9, 1, 1], [1, 1, 1, 1]]), np.ones((6, 6)))
    for turned in (image, image[::-1], image[:, ::-1], image.T):
        labels = split_touching_by_intensity(turned, turned > 0, min_contrast=min_contrast, min_distance=0.0)
        assert labels.max() == 2


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("image", [np.zeros((9, 9)), np.full((9, 9), np.nan)])
def test_a_blank_image_splits_nothing(name: str, image: np.ndarray) -> None:
    mask = np.zeros((9, 9), bool)
    mask[1:4, 1:4] = mask[5:8, 5:8] = True
    function = ow.operations[name].function
    np.testing.assert_array_equal(function(image, mask), measure.label(mask))
    assert not function(image, np.zeros((9, 9), bool)).any()
