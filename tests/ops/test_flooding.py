"""The compact watershed and the growth against the background, against scikit-image and geometry."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage import filters, segmentation

import objectwise as ow
from objectwise.ops.flooding import grow_against_background, watershed_compact
from tests.ops.shapes import ball, overlap
from tests.ops.test_watershed import scene


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("connectivity", ["face", "full"])
@pytest.mark.parametrize("compactness", [0.05, 1.0, 30.0])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("n", [2, 3])
def test_compact_objects_are_those_of_scikit_image(
    n: int, masked: bool, compactness: float, connectivity: str, seed: int
) -> None:
    image, seeds, mask = scene(n, seed)
    mask = mask if masked else None
    expected = segmentation.watershed(
        image, seeds, n if connectivity == "full" else 1, mask=mask, compactness=compactness
    )
    found = ow.apply(
        "watershed_compact",
        image,
        seeds,
        mask,
        grid=ow.Grid("zyx"[-n:]),
        compactness=compactness,
        connectivity=connectivity,
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("relief", ["image", "inverted", "gradient"])
@pytest.mark.parametrize("n", [2, 3])
def test_without_compactness_it_is_the_plain_watershed(n: int, relief: str) -> None:
    image, seeds, mask = scene(n, 8)
    grid = ow.Grid("zyx"[-n:])
    plain = ow.apply("watershed_seeded", image, seeds, mask, grid=grid, relief=relief)
    found = ow.apply("watershed_compact", image, seeds, mask, grid=grid, relief=relief, compactness=0)
    np.testing.assert_array_equal(found, plain)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (3.0, 1.0)])
def test_with_much_compactness_each_pixel_goes_to_the_nearest_seed(spacing: tuple[float, float]) -> None:
    image, seeds, _ = scene(2, 9)
    found = ow.apply("watershed_compact", image, seeds, grid=ow.Grid("yx", spacing), compactness=1e6)
    nearest = ndimage.distance_transform_edt(
        seeds == 0, sampling=spacing, return_distances=False, return_indices=True
    )
    # paths go from pixel to pixel, and ties are settled otherwise
    assert np.mean(found == seeds[tuple(nearest)]) > 0.98


def test_compact_objects_are_of_more_equal_size() -> None:
    random = np.random.default_rng(0)
    image = ndimage.gaussian_filter(random.random((90, 90)), 2) * 1000
    seeds = np.zeros((90, 90), int)
    seeds[5::10, 5::10] = np.arange(1, 82).reshape(9, 9)
    spread = [
        np.std(np.bincount(watershed_compact(image, seeds, compactness=weight).ravel())[1:])
        for weight in (0.0, 3.0, 100.0)
    ]
    assert spread == sorted(spread, reverse=True)
    assert spread[2] < 0.1 * spread[0]


def test_seeds_outside_the_mask_and_no_seeds_at_all() -> None:
    mask = np.array([[1, 1, 0, 1, 1, 0, 1]], bool)
    image = np.zeros((1, 7))
    outside = np.array([[9, 0, 4, 0, 0, 0, 2]])
    assert watershed_compact(image, outside, mask).tolist() == [[9, 9, 0, 0, 0, 0, 2]]
    assert not watershed_compact(image, np.zeros((1, 7), int)).any()
    # what touches the background is background but for the seed
    assert grow_against_background(image, outside, mask).tolist() == [[9, 0, 0, 0, 0, 0, 2]]
    assert not grow_against_background(image, np.zeros((1, 7), int), mask).any()


@pytest.mark.parametrize("n", [2, 3])
def test_the_outline_is_found_at_the_edge(n: int) -> None:
    shape = (40, 60) if n == 2 else (24, 30, 30)
    centre = tuple(size / 2 for size in shape)
    disc = ball(shape, centre, 9)
    random = np.random.default_rng(0)
    image = ndimage.gaussian_filter(np.where(disc, 100.0, 40.0), 1) + random.normal(0, 1, shape)
    seeds = ball(shape, centre, 3).astype(int) * 7
    for radius in (11, 13):
        found = ow.apply(
            "grow_against_background", image, seeds, ball(shape, centre, radius), grid=ow.Grid("zyx"[-n:])
        )
        assert set(np.unique(found)) == {0, 7}
        assert overlap(found == 7, disc) > 0.85


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("connectivity", ["face", "full"])
@pytest.mark.parametrize("n", [2, 3])
def test_it_is_the_watershed_of_scikit_image_with_a_marker_for_the_background(
    n: int, connectivity: str, seed: int
) -> None:
    image, seeds, mask = scene(n, seed)
    mask |= ndimage.binary_dilation(seeds > 0, iterations=2)
    found = ow.apply(
        "grow_against_background",
        image,
        seeds,
        mask,
        grid=ow.Grid("zyx"[-n:]),
        relief="image",
        connectivity=connectivity,
    )
    markers = np.where(mask, seeds, seeds.max() + 1)
    # the background comes first
    relief = np.where(mask, image, image.min() - 1)
    expected = segmentation.watershed(relief, markers, n if connectivity == "full" else 1)
    np.testing.assert_array_equal(found, np.where(expected > seeds.max(), 0, expected))


def test_the_gradient_is_the_elevation_map_of_the_coins() -> None:
    image, seeds, mask = scene(2, 5)
    found = grow_against_background(image, seeds, mask, relief="gradient")
    elevation = filters.sobel(image, mode="nearest")
    np.testing.assert_array_equal(found, grow_against_background(elevation, seeds, mask, relief="image"))
