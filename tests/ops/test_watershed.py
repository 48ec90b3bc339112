"""Objects from masks: components, touching objects split at their necks, seeds grown."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import measure, segmentation

import objectwise as ow
from tests.ops.shapes import ball, distances, is_in_reading_order, same_objects

masks = hnp.arrays(
    bool, hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=8), elements=st.booleans()
)


def split(mask: np.ndarray, spacing: tuple[float, ...] = (), **values: float) -> np.ndarray:
    return ow.apply("split_touching", mask, grid=ow.Grid("zyx"[-mask.ndim :], spacing), **values)


def n_objects(mask: np.ndarray, **values: float) -> int:
    return int(split(mask, **values).max())


# --- components ----------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(mask=masks, connectivity=st.sampled_from(["full", "face"]))
def test_components_are_those_of_scikit_image(mask: np.ndarray, connectivity: str) -> None:
    labels = ow.apply("label_components", mask, grid=ow.Grid("zyx"[-mask.ndim :]), connectivity=connectivity)
    expected = measure.label(mask, connectivity=mask.ndim if connectivity == "full" else 1)
    assert same_objects(labels, expected)
    assert is_in_reading_order(labels)
    assert labels.dtype == np.int32


def test_more_components_than_fit_into_16_bits() -> None:
    mask = np.zeros((520, 520), bool)
    mask[::2, ::2] = True
    labels = ow.apply("label_components", mask)
    assert labels.max() == 260**2
    assert labels[-2, -2] == 260**2


# --- splitting -----------------------------------------------------------------------------------------


def chord(first: float, second: float, away: float) -> tuple[float, float]:
    """Return how far the common chord of two circles is from the centre of the first, and its half length."""
    to_chord = (away**2 + first**2 - second**2) / (2 * away)
    return to_chord, math.sqrt(first**2 - to_chord**2)


@pytest.mark.parametrize(
    ("first", "second", "away", "angle"),
    [(20, 20, 30, 0), (20, 20, 36, 0), (20, 20, 32, 30), (20, 20, 32, 45), (22, 12, 28, 0), (24, 12, 30, 60)],
)
def test_two_discs_are_split_at_their_chord(first: float, second: float, away: float, angle: float) -> None:
    direction = np.array([math.sin(math.radians(angle)), math.cos(math.radians(angle))])
    centre = np.array([45.0, 40.0])
    shape = (110, 110)
    mask = ball(shape, centre, first) | ball(shape, centre + away * direction, second)
    labels = split(mask)
    assert labels.max() == 2
    to_chord, half = chord(first, second, away)
    along = np.tensordot(direction, np.indices(shape) - centre[:, None, None], 1)
    near = labels == labels[45, 40]
    # wrong are only pixels about the chord: a strip of some pixels along it
    assert np.count_nonzero(near != (mask & (along <= to_chord))) <= 2 * half * 1.5
    area = math.pi * first**2 - (first**2 * math.acos(to_chord / first) - to_chord * half)
    assert near.sum() == pytest.approx(area, rel=0.05)


@pytest.mark.parametrize("away", [12, 18, 22, 26, 30, 34])
@pytest.mark.parametrize("min_neck", [0.02, 0.1, 0.15, 0.3, 0.5])
def test_a_neck_splits_when_it_is_narrower_by_the_fraction_asked_for(away: float, min_neck: float) -> None:
    radius = 20
    mask = ball((50, 90), (25, 25), radius) | ball((50, 90), (25, 25 + away), radius)
    narrower = 1 - chord(radius, radius, away)[1] / radius
    # half a pixel of 20 is what the grid does to both widths
    if abs(narrower - min_neck) > 0.04:
        assert n_objects(mask, min_neck=min_neck) == (2 if narrower > min_neck else 1)
    else:
        assert n_objects(mask, min_neck=min_neck) in (1, 2)


def test_a_chain_of_discs_is_split_into_its_links() -> None:
    mask = np.zeros((40, 160), bool)
    for column in range(20, 150, 17):
        mask |= ball(mask.shape, (20, column), 10)
    labels = split(mask)
    assert labels.max() == len(range(20, 150, 17))
    assert is_in_reading_order(labels)
    sizes = np.bincount(labels.ravel())[2:-1]
    # those in the middle are alike: discs that have lost two caps
    assert np.ptp(sizes) < 0.05 * sizes.mean()


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 0.5, 0.5)])
@pytest.mark.parametrize("direction", [(0, 0, 1), (1, 0, 0), (0, 1, 1)])
def test_balls_are_split_in_physical_space(spacing: tuple[float, ...], direction: tuple[int, ...]) -> None:
    radius, away = 7.0, 11.0
    unit = np.array(direction) / np.linalg.norm(direction)
    first, second = 14 - unit * away / 2, 14 + unit * away / 2
    shape = tuple(round(28 / step) + 1 for step in spacing)
    mask = ball(shape, first, radius, spacing) | ball(shape, second, radius, spacing)
    labels = split(mask, spacing)
    assert labels.max() == 2
    nearer = distances(shape, first, spacing) < distances(shape, second, spacing)
    one = labels == labels[tuple(round(c / s) for c, s in zip(first, spacing, strict=True))]
    assert np.count_nonzero(one != (mask & nearer)) < 0.06 * mask.sum()


@pytest.mark.parametrize("angle", [0, 10, 30, 45, 80])
def test_a_rod_is_one_object(angle: float) -> None:
    y, x = np.mgrid[-60:61, -60:61]
    turn = math.radians(angle)
    along, across = math.cos(turn) * x + math.sin(turn) * y, -math.sin(turn) * x + math.cos(turn) * y
    mask = (abs(along) <= 50) & (abs(across) <= 7)
    assert n_objects(mask) == 1


@pytest.mark.parametrize(("outer", "inner"), [(30, 18), (28, 20), (25, 10)])
def test_a_ring_is_one_object(outer: float, inner: float) -> None:
    away = distances((70, 70), (35, 35))
    assert n_objects((away <= outer) & (away >= inner)) == 1


@pytest.mark.parametrize("radius", [3, 8, 20.5])
def test_a_disc_or_square_is_one_object(radius: float) -> None:
    assert n_objects(ball((50, 50), (25, 25), radius), min_neck=0.05) == 1
    square = np.zeros((50, 50), bool)
    square[5 : 5 + int(2 * radius), 5 : 5 + int(2 * radius)] = True
    assert n_objects(square, min_neck=0.05) == 1


def test_a_bulge_below_the_smallest_diameter_stays() -> None:
    mask = ball((70, 90), (35, 35), 25) | ball((70, 90), (35, 66), 8)
    assert n_objects(mask, min_diameter=14) == 2
    assert n_objects(mask, min_diameter=18) == 1
    halves = ow.Grid("yx", (0.5, 0.5), "um")
    assert ow.apply("split_touching", mask, grid=halves, min_diameter=7).max() == 2
    assert ow.apply("split_touching", mask, grid=halves, min_diameter=9).max() == 1


def test_an_object_alone_is_kept_however_small() -> None:
    mask = np.zeros((9, 9), bool)
    mask[4, 4] = True
    assert n_objects(mask, min_diameter=100) == 1


def blobs(seed: int) -> np.ndarray:
    smooth = ndimage.gaussian_filter(np.random.default_rng(seed).random((90, 90)), 3)
    return smooth > np.quantile(smooth, 0.45)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("name", "values"), [("min_diameter", range(0, 24, 2)), ("min_neck", np.linspace(0, 1, 11))]
)
def test_a_larger_value_never_splits_more(name: str, values: list[float], seed: int) -> None:
    counts = [n_objects(blobs(seed), **{name: float(value)}) for value in values]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1] == ow.apply("label_components", blobs(seed)).max()


@settings(max_examples=60, deadline=None)
@given(mask=masks, min_neck=st.floats(0, 1), min_diameter=st.floats(0, 6))
def test_splitting_covers_the_mask_and_joins_nothing(
    mask: np.ndarray, min_neck: float, min_diameter: float
) -> None:
    labels = split(mask, min_neck=min_neck, min_diameter=min_diameter)
    np.testing.assert_array_equal(labels > 0, mask)
    assert is_in_reading_order(labels)
    pieces = measure.label(mask, connectivity=mask.ndim)
    pairs = np.unique(np.stack([labels[mask], pieces[mask]]), axis=1)
    assert len(np.unique(pairs[0])) == pairs.shape[1], "an object lies in two pieces"
    for label in range(1, int(labels.max()) + 1):
        assert measure.label(labels == label, connectivity=mask.ndim).max() == 1, "an object in two pieces"


# --- seeds ---------------------------------------------------------------------------------------------


def scene(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return an image without ties, seeds of several pixels with gaps in their ids, and a mask."""
    random = np.random.default_rng(seed)
    shape = (40, 46) if n == 2 else (10, 18, 20)
    image = ndimage.gaussian_filter(random.random(shape), 1.5) * 50 + random.random(shape) * 0.1
    seeds = np.zeros(shape, np.int32)
    where = random.choice(seeds.size, 15, replace=False)
    seeds.ravel()[where] = random.permutation(40)[:15] + 1
    mask = ndimage.gaussian_filter(random.random(shape), 2) > 0.48
    return image, seeds, mask


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("connectivity", ["face", "full"])
@pytest.mark.parametrize("relief", ["image", "inverted", "gradient"])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("n", [2, 3])
def test_grown_seeds_are_those_of_scikit_image(
    n: int, masked: bool, relief: str, connectivity: str, seed: int
) -> None:
    image, seeds, mask = scene(n, seed)
    surface = {
        "image": image,
        "inverted": -image,
        "gradient": np.sqrt(sum(ndimage.sobel(image, axis, mode="nearest") ** 2 for axis in range(n))),
    }[relief]
    assert len(np.unique(surface)) == surface.size
    expected = segmentation.watershed(
        surface, seeds, n if connectivity == "full" else 1, mask=mask if masked else None
    )
    ours = ow.apply(
        "watershed_seeded",
        image,
        seeds,
        mask if masked else None,
        grid=ow.Grid("zyx"[-n:]),
        relief=relief,
        connectivity=connectivity,
    )
    np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("connectivity", ["face", "full"])
@pytest.mark.parametrize("n", [2, 3])
def test_grown_seeds_are_those_of_simpleitk(n: int, connectivity: str) -> None:
    import SimpleITK

    image, seeds, _ = scene(n, 4)
    relief, marks = SimpleITK.GetImageFromArray(image), SimpleITK.GetImageFromArray(seeds)
    expected = SimpleITK.MorphologicalWatershedFromMarkers(relief, marks, False, connectivity == "full")
    ours = ow.apply("watershed_seeded", image, seeds, grid=ow.Grid("zyx"[-n:]), connectivity=connectivity)
    np.testing.assert_array_equal(ours, SimpleITK.GetArrayFromImage(expected))


def test_seeds_meet_on_the_ridge() -> None:
    y, x = np.mgrid[:21, :41]
    ridge = 100.0 - abs(x - 20) + 0.01 * y
    seeds = np.zeros(ridge.shape, int)
    seeds[10, 0], seeds[10, 40] = 7, 3
    labels = ow.apply("watershed_seeded", ridge, seeds)
    assert (labels[:, :20] == 7).all()
    assert (labels[:, 21:] == 3).all()
    lines = ow.apply("watershed_seeded", ridge, seeds, lines=True)
    np.testing.assert_array_equal(lines == 0, x == 20)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("connectivity", ["face", "full"])
@pytest.mark.parametrize("n", [2, 3])
def test_a_line_parts_all_neighbours(n: int, connectivity: str, seed: int) -> None:
    image, seeds, _ = scene(n, seed)
    labels = ow.apply(
        "watershed_seeded", image, seeds, grid=ow.Grid("zyx"[-n:]), connectivity=connectivity, lines=True
    )
    structure = ndimage.generate_binary_structure(n, 1 if connectivity == "face" else n)
    high = ndimage.maximum_filter(labels, footprint=structure)
    low = ndimage.minimum_filter(np.where(labels == 0, 999, labels), footprint=structure)
    # seeds that touch stay as they are
    inside = (labels > 0) & (ndimage.maximum_filter(seeds, 3) == 0)
    np.testing.assert_array_equal(high[inside], labels[inside])
    np.testing.assert_array_equal(low[inside], labels[inside])
    assert set(np.unique(labels)) == set(np.unique(seeds))


def test_a_seed_that_is_flooded_late_has_a_line_around_it() -> None:
    image = np.array([[1.0, 2, 3, 4, 5, 99]])
    labels = ow.apply("watershed_seeded", image, np.array([[1, 0, 0, 0, 0, 2]]), lines=True)
    assert labels.tolist() == [[1, 1, 1, 1, 0, 2]]


def test_very_bright_floats_are_flooded_too() -> None:
    image = np.array([[1e300, 2e300, 9e300, 1e300]])
    assert ow.apply("watershed_seeded", image, np.array([[1, 0, 0, 2]])).tolist() == [[1, 1, 2, 2]]


def test_seeds_outside_the_mask_and_masks_without_a_seed_are_left_out() -> None:
    mask = np.array([[1, 1, 0, 1, 1, 0, 1]], bool)
    seeds = np.array([[9, 0, 4, 0, 0, 0, 2]])
    labels = ow.apply("watershed_seeded", np.zeros((1, 7)), seeds, mask)
    assert labels.tolist() == [[9, 9, 0, 0, 0, 0, 2]]


def test_missing_pixels_are_flooded_last() -> None:
    image = np.array([[0.0, 1, np.nan, 1, 0, 0, 0]])
    labels = ow.apply("watershed_seeded", image, np.array([[1, 0, 0, 0, 0, 0, 2]]))
    assert labels[0, 3] == 2
    assert labels[0, 1] == 1
    assert labels[0, 2] in (1, 2)


def test_seeds_keep_their_ids() -> None:
    labels = ow.apply("watershed_seeded", np.zeros((1, 4)), np.array([[0, 4_000_000_000, 0, 7]], np.uint64))
    assert np.unique(labels).tolist() == [7, 4_000_000_000]


# --- size ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("radius", [3.0, 5.0, 9.5, 16.0, 25.0])
@pytest.mark.parametrize("step", [1.0, 0.25])
def test_the_diameter_of_a_disc_is_estimated_to_a_pixel(radius: float, step: float) -> None:
    mask = ball((64, 64), (31.3, 32.4), radius)
    found = ow.apply("estimate_diameter", mask, grid=ow.Grid("yx", (step, step), "um"))
    assert found == pytest.approx(2 * radius * step, abs=2 * step)


def test_the_diameter_of_a_ball_with_flat_pixels() -> None:
    spacing = (2.0, 0.5, 0.5)
    mask = ball((21, 81, 81), (20, 20, 20), 14.0, spacing)
    assert ow.apply("estimate_diameter", mask, grid=ow.Grid("zyx", spacing, "um")) == pytest.approx(28, abs=2)


def test_specks_and_contacts_do_not_change_the_estimate() -> None:
    mask = np.zeros((120, 200), bool)
    for column in range(20, 190, 17):
        mask |= ball(mask.shape, (30, column), 10)
    clean = ow.apply("estimate_diameter", mask)
    mask[60::3, ::3] = True  # a thousand single pixels
    assert clean == pytest.approx(20, abs=1.5)
    assert ow.apply("estimate_diameter", mask) == clean


def test_the_estimate_is_that_of_the_larger_part_of_the_area() -> None:
    mask = ball((80, 160), (40, 40), 30) | ball((80, 160), (20, 100), 6) | ball((80, 160), (50, 120), 6)
    assert ow.apply("estimate_diameter", mask) == pytest.approx(60, abs=1.5)
