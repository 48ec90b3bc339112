"""Regions, superpixels and the random walker, against slow twins, scikit-image, SimpleITK and made images."""

from __future__ import annotations

import numpy as np
import pytest

import objectwise as ow
from tests.contract import cases


def discs(noise: float = 5.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return two touching discs of unlike brightness on a dark ground, their labels, and seeds for all three."""
    y, x = np.indices((60, 90))
    truth = np.zeros(y.shape, np.int32)
    truth[(y - 30) ** 2 + (x - 28) ** 2 < 300] = 1
    truth[(y - 30) ** 2 + (x - 60) ** 2 < 300] = 2
    image = np.array([20.0, 90, 160])[truth] + np.random.default_rng(0).normal(0, noise, y.shape)
    seeds = np.zeros(y.shape, np.int32)
    seeds[30, 28], seeds[30, 60], seeds[2, 2] = 1, 2, 3
    return image, np.where(truth == 0, 3, truth), seeds


def slow_growing(image: np.ndarray, seeds: np.ndarray, tolerance: float) -> np.ndarray:
    """Grow by looking at every waiting pixel in every step."""
    labels = seeds.copy()
    waiting: list[tuple[float, int, tuple[int, int], int]] = []
    age = 0

    def offer(at: tuple[int, int]) -> None:
        nonlocal age
        label = labels[at]
        mean = total[label] / number[label]
        for step in ((-1, 0), (0, -1), (0, 1), (1, 0)):
            near = (at[0] + step[0], at[1] + step[1])
            if 0 <= near[0] < image.shape[0] and 0 <= near[1] < image.shape[1] and labels[near] == 0:
                waiting.append((abs(image[near] - mean), age, near, label))
                age += 1

    total = {k: image[seeds == k].sum() for k in np.unique(seeds[seeds > 0])}
    number = {k: int((seeds == k).sum()) for k in total}
    for at in np.argwhere(seeds):
        offer(tuple(at))
    while waiting:
        best = min(waiting)
        waiting.remove(best)
        _, _, at, label = best
        if labels[at] == 0 and abs(image[at] - total[label] / number[label]) <= tolerance:
            labels[at] = label
            total[label] += image[at]
            number[label] += 1
            offer(at)
    return labels


@pytest.mark.parametrize("tolerance", [3.0, 20.0, None])
def test_growing_is_that_of_a_slow_twin(tolerance: float | None) -> None:
    random = np.random.default_rng(1)
    image = random.integers(0, 30, (14, 17)).astype(float)
    seeds = np.zeros(image.shape, np.int32)
    seeds[2, 3], seeds[9, 10:12], seeds[12, 1] = 1, 2, 3
    found = ow.apply("grow_regions", image, seeds, tolerance=tolerance)
    np.testing.assert_array_equal(
        found, slow_growing(image, seeds, np.inf if tolerance is None else tolerance)
    )


def test_regions_grow_to_their_borders() -> None:
    image, truth, seeds = discs()
    assert (ow.apply("grow_regions", image, seeds) == truth).mean() > 0.995
    near = ow.apply("grow_regions", image, seeds, tolerance=20.0)
    assert ((near == truth) | (near == 0)).all()
    assert (near > 0).mean() > 0.95
    inside = ow.apply("grow_regions", image, seeds, truth == 1)
    np.testing.assert_array_equal(inside, np.where(truth == 1, 1, 0))


def test_a_pixel_that_is_not_finite_belongs_to_no_region() -> None:
    image = np.array([[1.0, np.nan, 1, np.inf, 1, 1]])
    seeds = np.array([[4, 0, 0, 9, 0, 7]], np.int32)
    for name in ("grow_regions", "flood_similar"):
        assert ow.apply(name, image, seeds).tolist() == [[4, 0, 0, 0, 7, 7]]


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_flood_from_one_seed_is_that_of_scikit_image(ndim: int) -> None:
    from skimage.segmentation import flood

    image = cases.image(ndim).astype(np.float64)
    at = np.unravel_index(np.argmax(image), image.shape)
    seeds = np.zeros(image.shape, np.int32)
    seeds[at] = 5
    found = ow.apply("flood_similar", image, seeds, tolerance=60.0, grid=ow.Grid("zyx"[-ndim:]))
    np.testing.assert_array_equal(found == 5, flood(image, at, tolerance=60.0, connectivity=1))
    assert 20 < (found == 5).sum() < image.size / 2


def test_floods_that_meet_share_by_distance_and_then_by_id() -> None:
    image = np.zeros((1, 8))
    seeds = np.array([[9, 0, 0, 0, 0, 0, 4, 0]], np.int32)
    assert ow.apply("flood_similar", image, seeds).tolist() == [[9, 9, 9, 4, 4, 4, 4, 4]]


def test_region_growing_follows_simpleitk_within_limits() -> None:
    import SimpleITK

    image, _, seeds = discs(noise=2.0)
    itk = SimpleITK.ConnectedThreshold(
        SimpleITK.GetImageFromArray(image), [(28, 30)], lower=image[30, 28] - 30, upper=image[30, 28] + 30
    )
    found = ow.apply("flood_similar", image, np.where(seeds == 1, 1, 0), tolerance=30.0)
    np.testing.assert_array_equal(found, SimpleITK.GetArrayFromImage(itk))


def slow_blocks(image: np.ndarray, limit: float) -> list[tuple[slice, slice]]:
    found = []

    def cut(y: int, x: int, size: int) -> None:
        part = image[y : y + size, x : x + size]
        if part.size == 0:
            return
        if np.ptp(part) <= limit or size == 1:
            found.append((slice(y, y + size), slice(x, x + size)))
        else:
            for dy in (0, size // 2):
                for dx in (0, size // 2):
                    cut(y + dy, x + dx, size // 2)

    cut(0, 0, 1 << int(np.ceil(np.log2(max(image.shape)))))
    return found


def test_blocks_are_those_of_a_recursion() -> None:
    from objectwise.ops.regions import _uniform_blocks

    image = cases.image(2).round()
    blocks = _uniform_blocks(image, 50.0, "range", 1.0)
    wanted = slow_blocks(image, 50.0)
    assert len(np.unique(blocks)) == len(wanted)
    for box in wanted:
        assert len(np.unique(blocks[box])) == 1


@pytest.mark.parametrize("ndim", [2, 3])
def test_uniform_regions_are_found_whole(ndim: int) -> None:
    shape = (37, 50) if ndim == 2 else (9, 20, 30)
    where = np.indices(shape)
    ball = sum((axis - n / 2) ** 2 for axis, n in zip(where, shape, strict=True)) < 16
    image = np.where(ball, 150.0, 50.0) + np.random.default_rng(0).uniform(-2, 2, shape)
    found = ow.apply("split_and_merge", image, grid=ow.Grid("zyx"[-ndim:]))
    np.testing.assert_array_equal(found == 2, ball)
    assert found.max() == 2
    rough = ow.apply(
        "split_and_merge",
        image,
        grid=ow.Grid("zyx"[-ndim:]),
        spread="deviation",
        max_spread=3.0,
        min_width=4.0,
    )
    assert 1 <= rough.max() < 20


def test_regions_merge_while_they_are_alike() -> None:
    regions = np.array([[1, 1, 2, 2, 0, 5, 5, 9]], np.int32)
    image = np.array([[10, 10, 14, 14, 14, 15, 15, 40]])
    assert ow.apply("merge_similar_regions", regions, image, max_difference=5.0).tolist() == [
        [1, 1, 1, 1, 0, 5, 5, 9]
    ]
    # a staircase: after the first two have been joined their mean is too far from the third
    stairs = np.array([[1, 2, 3, 4]], np.int32)
    found = ow.apply("merge_similar_regions", stairs, np.array([[0.0, 4, 9, 14.5]]), max_difference=6.0)
    assert found.tolist() == [[1, 1, 3, 3]]


def test_merging_ends_where_no_pair_was_alike() -> None:
    image = cases.image(2)
    regions = cases.regions(2)
    found = ow.apply("merge_similar_regions", regions, image, max_difference=15.0)
    assert 1 < len(np.unique(found)) < len(np.unique(regions))
    assert ow.apply("merge_similar_regions", regions, image, max_difference=1e9).max() == 1
    np.testing.assert_array_equal(
        ow.apply("merge_similar_regions", regions, image, max_difference=0.0), regions
    )


def slow_walker(image: np.ndarray, seeds: np.ndarray, beta: float) -> np.ndarray:
    """Solve the walker's equations with dense matrices."""
    values = (image / np.ptp(image)).ravel()
    n = values.size
    number = np.arange(n).reshape(image.shape)
    weight = np.zeros((n, n))
    for one, other in ((number[1:], number[:-1]), (number[:, 1:], number[:, :-1])):
        near = np.exp(-beta * (values[one.ravel()] - values[other.ravel()]) ** 2) + 1e-8
        weight[one.ravel(), other.ravel()] = weight[other.ravel(), one.ravel()] = near
    laplacian = np.diag(weight.sum(axis=1)) - weight
    known = seeds.ravel() > 0
    ids = np.unique(seeds[seeds > 0])
    likely = np.linalg.solve(
        laplacian[~known][:, ~known],
        -laplacian[~known][:, known] @ (seeds.ravel()[known][:, np.newaxis] == ids),
    )
    result = seeds.ravel().copy()
    result[~known] = ids[np.argmax(likely, axis=1)]
    return result.reshape(image.shape)


def test_the_random_walker_solves_its_equations() -> None:
    image = cases.image(2)[:20, :22].astype(np.float64)
    seeds = np.zeros(image.shape, np.int32)
    seeds[2, 3], seeds[15, 5], seeds[10, 18] = 4, 2, 7
    found = ow.apply("segment_random_walker", image, seeds, beta=20.0)
    assert (found == slow_walker(image, seeds, 20.0)).mean() > 0.995


def test_the_random_walker_is_like_that_of_scikit_image_on_noise() -> None:
    from skimage.segmentation import random_walker

    image, truth, seeds = discs(noise=15.0)
    found = ow.apply("segment_random_walker", image, seeds)
    assert (found == truth).mean() > 0.98
    theirs = random_walker(image, seeds, beta=13, mode="bf")
    assert (theirs == truth).mean() < (found == truth).mean() + 0.02


def test_the_random_walker_stops_at_a_broken_edge() -> None:
    image = np.zeros((31, 31))
    image[:, 15] = 1
    image[14:17, 15] = 0  # a gap in the wall
    seeds = np.zeros(image.shape, np.int32)
    seeds[15, 2], seeds[15, 28] = 1, 2
    found = ow.apply("segment_random_walker", image, seeds)
    assert (found[:, :14] == 1).all()
    assert (found[:, 17:] == 2).all()


def test_a_walker_that_meets_one_seed_or_none_needs_no_equations() -> None:
    image = np.arange(10.0).reshape(1, 10)
    mask = np.array([[1, 1, 1, 0, 1, 1, 0, 1, 1, 1]], bool)
    seeds = np.array([[0, 3, 0, 0, 0, 0, 0, 5, 0, 8]], np.int32)
    found = ow.apply("segment_random_walker", image, seeds, mask)
    assert found[0, :7].tolist() == [3, 3, 3, 0, 0, 0, 0]
    assert set(found[0, 7:].tolist()) == {5, 8}


@pytest.mark.parametrize("name", ["superpixels_slic", "superpixels_felzenszwalb"])
def test_superpixels_follow_edges(name: str) -> None:
    image, truth, _ = discs()
    found = ow.apply(name, image)
    assert found.min() == 1
    # each superpixel lies in one region
    pairs = np.unique(np.stack([found.ravel(), truth.ravel()]), axis=1, return_counts=True)
    inside = sum(max(pairs[1][pairs[0][0] == k]) for k in np.unique(found))
    assert inside / found.size > 0.97
    joined = ow.apply("merge_similar_regions", found, image, max_difference=30.0)
    assert len(np.unique(joined)) <= 5


def test_the_number_and_the_size_of_superpixels_are_as_asked_for() -> None:
    image = cases.image(2)
    volume = np.random.default_rng(0).random((8, 40, 40))
    by_size = ow.apply("superpixels_slic", image, diameter=8.0)
    assert by_size.max() == pytest.approx(image.size / 64, rel=0.4)
    assert ow.apply("superpixels_slic", image, n_superpixels=12).max() == pytest.approx(12, abs=5)
    grid = ow.Grid("zyx", (4.0, 1.0, 1.0), "um")
    found = ow.apply("superpixels_slic", volume, grid=grid, diameter=10.0, compactness=10.0)
    assert found.max() == pytest.approx(8 * 40 * 40 * 4 / 1000, rel=0.5)
    smallest = np.bincount(ow.apply("superpixels_felzenszwalb", image, min_size=60.0).ravel())[1:].min()
    assert smallest >= 60


def test_superpixels_stay_in_the_mask_and_off_what_is_not_finite() -> None:
    image, truth, _ = discs()
    image[30, 30] = np.nan
    found = ow.apply("superpixels_slic", image, truth == 1, diameter=8.0)
    np.testing.assert_array_equal(found > 0, (truth == 1) & np.isfinite(image))
    assert ow.apply("superpixels_felzenszwalb", image)[30, 30] == 0


def test_colours_have_superpixels_too() -> None:
    colours = np.zeros((3, 20, 30))
    colours[0, :, :15] = 1
    colours[1, :, 15:] = 1
    for name in ("superpixels_slic", "superpixels_felzenszwalb"):
        found = ow.apply(name, colours, grid=ow.Grid("cyx"))
        assert not set(np.unique(found[:, :15])) & set(np.unique(found[:, 15:]))
