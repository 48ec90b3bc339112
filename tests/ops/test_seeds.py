"""Seeds and distance maps, against scikit-image, SciPy, and shapes of which the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import feature, measure, morphology

import objectwise as ow
from objectwise.kernels.extrema import far_apart
from objectwise.ops.seeds import distance_map, find_h_maxima, find_local_maxima, find_sure_foreground
from tests.ops.shapes import ball, is_in_reading_order

small = hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=7)
masks = hnp.arrays(bool, small, elements=st.booleans())


def landscape(n: int, seed: int, sigma: float = 1.5) -> np.ndarray:
    shape = (44, 50) if n == 2 else (12, 17, 19)
    return ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), sigma) * 400


# --- distance ------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(mask=masks, step=st.sampled_from([1.0, 0.5, 3.0]))
def test_distances_are_those_of_scipy(mask: np.ndarray, step: float) -> None:
    spacing = (step, 1.0, 0.25)[-mask.ndim :]
    found = ow.apply("distance_map", mask, grid=ow.Grid("zyx"[-mask.ndim :], spacing))
    if mask.all():
        assert np.isinf(found).all()
    else:
        expected = ndimage.distance_transform_edt(mask, sampling=spacing)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_middle_of_a_ball_is_as_far_as_its_radius() -> None:
    spacing = (2.0, 0.5, 0.5)
    mask = ball((15, 60, 60), (14, 14, 14), 10, spacing)
    found = ow.apply("distance_map", mask, grid=ow.Grid("zyx", spacing, "um"))
    assert found[7, 28, 28] == found.max() == pytest.approx(10, abs=0.5)


# --- h-maxima ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("h", [0.5, 8.0, 40.0])
@pytest.mark.parametrize("connectivity", ["full", "face"])
@pytest.mark.parametrize("n", [2, 3])
def test_h_maxima_are_the_maxima_of_the_rebuilt_image(n: int, connectivity: str, h: float, seed: int) -> None:
    rank = n if connectivity == "full" else 1
    image = np.round(landscape(n, seed) * 4) / 4  # whole quarters, so that no rounding differs
    structure = ndimage.generate_binary_structure(n, rank)
    rebuilt = morphology.reconstruction(image - h, image, footprint=structure)
    expected = measure.label(morphology.local_maxima(rebuilt, footprint=structure), connectivity=rank)
    found = find_h_maxima(image, h=h, connectivity=connectivity)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(
        find_h_maxima(-image, h=h, connectivity=connectivity, objects="dark"), expected
    )
    assert is_in_reading_order(found)


@pytest.mark.parametrize("seed", range(3))
def test_each_top_holds_one_h_maximum_of_scikit_image(seed: int) -> None:
    """scikit-image marks only the highest pixels of each hill, and a hill of exactly h too."""
    image = landscape(2, seed)
    found = find_h_maxima(image, h=12.3)
    summits = measure.label(morphology.h_maxima(image, 12.3))
    assert found.max() == summits.max() > 5
    assert len(np.unique(found[summits > 0])) == found.max()


def test_a_larger_h_never_finds_more() -> None:
    counts = [int(find_h_maxima(landscape(2, 3), h=h).max()) for h in (0, 1, 3, 10, 30, 100)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 20
    assert counts[-1] <= 1


def test_a_hill_of_known_height() -> None:
    image = np.array([[0.0, 50, 20, 40, 0, 30, 10]])
    # 50 stands alone; 40 rises by 20 over the pass at 20, 30 by 30 over that at 0
    for h, expected in ((9, 3), (19, 3), (21, 2), (29, 2), (31, 1), (49, 1), (51, 0)):
        assert find_h_maxima(image, h=h).max() == expected


def test_every_piece_of_a_mask_has_a_hill_at_least() -> None:
    mask = landscape(2, 5) > 200
    found = find_h_maxima(landscape(2, 6), mask, h=1e6)
    pieces = measure.label(mask, connectivity=2)
    assert len(np.unique(found)) - 1 == pieces.max() > 3
    np.testing.assert_array_equal(found > 0, mask)


def test_hills_in_a_mask_do_not_see_beyond_it() -> None:
    image = np.array([[9.0, 5, 7, 5, 9]])
    mask = np.array([[0, 1, 1, 1, 0]], bool)
    assert find_h_maxima(image, h=1).tolist() == [[1, 0, 0, 0, 2]] or find_h_maxima(image, h=1).max() == 3
    assert find_h_maxima(image, mask, h=1).tolist() == [[0, 0, 1, 0, 0]]


def test_missing_pixels_part_hills() -> None:
    image = np.array([[5.0, 9, np.nan, 9, 5]])
    assert find_h_maxima(image, h=1).tolist() == [[0, 1, 0, 2, 0]]


def test_the_default_h_is_a_tenth_of_the_range() -> None:
    image = np.tile(np.arange(101.0), (5, 1))
    image[2, 50] += 9.5
    # 98 levels lie between the 1st and the 99th percentile
    assert find_h_maxima(image).max() == 1
    image[2, 50] += 2
    assert find_h_maxima(image).max() == 2


# --- local maxima --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("connectivity", ["full", "face"])
@pytest.mark.parametrize("n", [2, 3])
def test_local_maxima_are_those_of_scikit_image(n: int, connectivity: str, seed: int) -> None:
    rank = n if connectivity == "full" else 1
    for image in (landscape(n, seed), np.round(landscape(n, seed) / 9).astype(np.uint8)):
        expected = measure.label(morphology.local_maxima(image, connectivity=rank), connectivity=rank)
        found = find_local_maxima(image, min_distance=0, connectivity=connectivity)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("seed", range(3))
def test_peaks_above_a_threshold_are_those_of_scikit_image(seed: int) -> None:
    image = landscape(2, seed)
    level = float(np.quantile(image, 0.8))
    expected = feature.peak_local_max(image, min_distance=1, threshold_abs=level, exclude_border=False)
    found = find_local_maxima(image, min_distance=1, threshold=level)
    assert {tuple(place) for place in np.argwhere(found)} == {tuple(place) for place in expected}
    dark = find_local_maxima(-image, min_distance=1, threshold=-level, objects="dark")
    np.testing.assert_array_equal(dark, found)


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("distance", [2.0, 5.0, 9.5])
def test_no_pixel_nearby_is_brighter(n: int, distance: float) -> None:
    image = landscape(n, 7, 0.8)
    spacing = (2.0, 1.0, 0.5)[-n:]
    places = np.moveaxis(np.indices(image.shape), 0, -1)
    kept = []
    for place in np.argwhere(find_local_maxima(image, min_distance=0)):
        near = np.linalg.norm((places - place) * spacing, axis=-1) < distance
        if image[near].max() == image[tuple(place)]:
            kept.append(tuple(place))
    found = ow.apply("find_local_maxima", image, grid=ow.Grid("zyx"[-n:], spacing), min_distance=distance)
    assert {tuple(place) for place in np.argwhere(found)} == set(kept)
    assert is_in_reading_order(found)


def test_of_two_equal_maxima_that_are_close_one_stays() -> None:
    image = np.zeros((5, 20))
    image[2, [3, 7, 15]] = 9
    assert find_local_maxima(image, min_distance=4).max() == 3
    found = find_local_maxima(image, min_distance=4.5)
    assert np.argwhere(found).tolist() == [[2, 3], [2, 15]]


def test_a_plateau_is_one_maximum() -> None:
    image = np.zeros((7, 9), np.uint8)
    image[2:5, 2:6] = 9
    image[0, 8] = 5
    found = find_local_maxima(image, min_distance=0)
    np.testing.assert_array_equal(found, np.where(image == 9, 2, image == 5))


def test_maxima_of_different_pieces_are_not_compared() -> None:
    image = np.array([[0.0, 8, 0, 9, 0]])
    mask = image > 0
    assert find_local_maxima(image, min_distance=5).tolist() == [[0, 0, 0, 1, 0]]
    assert find_local_maxima(image, mask, min_distance=5).tolist() == [[0, 1, 0, 2, 0]]
    # a slope that goes on outside has no maximum
    assert find_local_maxima(np.array([[1.0, 2, 3]]), np.array([[True, True, False]])).max() == 0


@settings(max_examples=60, deadline=None)
@given(
    points=hnp.arrays(float, st.tuples(st.integers(0, 40), st.just(2)), elements=st.floats(0, 20)),
    distance=st.floats(0.001, 12),
)
def test_points_that_stay_are_far_apart_and_none_goes_without_reason(
    points: np.ndarray, distance: float
) -> None:
    height = np.arange(len(points), dtype=float)[::-1] // 2
    group = np.arange(len(points)) % 2
    keep = far_apart(points, height, group, (1.0, 1.0), distance)
    away = np.linalg.norm(points[:, None] - points[None], axis=2)
    close = (away < distance * (1 - 1e-6)) & (group[:, None] == group)
    np.fill_diagonal(close, False)
    assert not close[np.ix_(keep, keep)].any()
    for lost in np.flatnonzero(~keep):
        near = keep & (away[lost] <= distance) & (group == group[lost])
        assert (height[near] >= height[lost]).any()


# --- sure foreground -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fraction", [0.0, 0.4, 0.7, 1.0])
def test_the_sure_foreground_of_one_piece_is_that_of_opencv(fraction: float) -> None:
    mask = ball((60, 90), (30, 30), 20) | ball((60, 90), (30, 60), 18)
    distance = ndimage.distance_transform_edt(mask)
    expected = distance > fraction * distance.max() if fraction < 1 else distance == distance.max()
    found = find_sure_foreground(mask, fraction=fraction)
    np.testing.assert_array_equal(found, measure.label(expected, connectivity=2))


def test_a_larger_fraction_parts_two_discs_and_then_loses_the_smaller() -> None:
    mask = ball((60, 90), (30, 30), 20) | ball((60, 90), (30, 60), 16)
    assert [find_sure_foreground(mask, fraction=share).max() for share in (0.3, 0.7, 0.9)] == [1, 2, 1]


@settings(max_examples=60, deadline=None)
@given(mask=masks, fraction=st.floats(0, 1))
def test_every_piece_has_sure_foreground(mask: np.ndarray, fraction: float) -> None:
    found = find_sure_foreground(mask, fraction=fraction)
    pieces = measure.label(mask, connectivity=mask.ndim)
    assert not found[~mask].any()
    assert len(np.unique(pieces[found > 0])) == pieces.max()
    assert is_in_reading_order(found)


# --- nothing to find -----------------------------------------------------------------------------------


@pytest.mark.parametrize("image", [np.zeros((9, 9)), np.full((9, 9), np.nan), np.full((4, 9, 9), 7.0)])
def test_an_even_image_has_no_seeds(image: np.ndarray) -> None:
    assert not find_h_maxima(image).any()
    assert not find_local_maxima(image).any()
    assert not find_h_maxima(image, h=0.0, objects="dark").any()


def test_an_empty_mask_has_no_seeds() -> None:
    empty = np.zeros((9, 9), bool)
    assert not find_sure_foreground(empty).any()
    assert not find_h_maxima(landscape(2, 0)[:9, :9], empty).any()
    assert not distance_map(empty).any()


def test_seeds_of_another_size_are_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="seeds"):
        ow.apply("watershed_seeded", np.zeros((9, 9)), np.zeros((9, 8), int))
