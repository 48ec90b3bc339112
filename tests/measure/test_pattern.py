"""Spatial pattern: lattices, complete randomness with a fixed seed, SciPy's counts of pairs, and a slow twin."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import spatial

import objectwise as ow
from objectwise.kernels.point_pairs import weigh_pairs
from objectwise.measure.derived import Place
from objectwise.measure.pattern import _covariance, ball
from tests.measure.truths import truth


def dots(shape, n, seed):
    """Return labels of n single pixels at random, all places as likely."""
    random = np.random.default_rng(seed)
    labels = np.zeros(shape, np.int32)
    labels.ravel()[random.choice(labels.size, n, replace=False)] = np.arange(1, n + 1)
    return labels


def a_region(shape):
    """Return a region with a hole and a bay."""
    y, x = np.indices(shape[-2:])
    plane = (y - shape[-2] / 2) ** 2 + (x - shape[-1] / 2) ** 2 < (0.45 * min(shape[-2:])) ** 2
    plane[shape[-2] // 2 :, shape[-1] // 3 : shape[-1] // 2] = False
    return np.broadcast_to(plane, shape).copy()


def frame_of(name, *arrays, grid=None, **values):
    return ow.apply(name, *arrays, grid=grid, **values).frame


# --- Ripley ---------------------------------------------------------------------------------------------


@truth("distance", "ripley_k", by="SciPy", tolerance="1e-12")
@pytest.mark.parametrize("ndim", [2, 3])
def test_without_correction_it_counts_pairs_as_scipy(ndim):
    shape, spacing = ((60, 80), (0.5, 0.25)) if ndim == 2 else ((12, 30, 40), (2.0, 0.5, 0.25))
    labels = dots(shape, 150, 1)
    grid = ow.Grid("zyx"[-ndim:], spacing, "um")
    found = frame_of(
        "measure_pattern", labels, grid=grid, max_distance=6.0, n_distances=12, correction="none"
    )
    np.testing.assert_allclose(found["distance"], np.arange(1, 13) / 2)
    tree = spatial.cKDTree(np.argwhere(labels) * spacing)
    pairs = tree.count_neighbors(tree, found["distance"] * (1 + 1e-9)) - 150
    size = labels.size * np.prod(spacing)
    np.testing.assert_allclose(found["ripley_k"], size * pairs / (150 * 149), rtol=1e-12)


@truth("ripley_l", by="closed form", tolerance="1e-12")
@truth("pair_correlation", by="closed form", tolerance="1e-9")
@pytest.mark.parametrize("ndim", [2, 3])
def test_l_and_g_follow_from_k(ndim):
    labels = dots((40, 50) if ndim == 2 else (20, 25, 30), 80, 2)
    found = frame_of("measure_pattern", labels, grid=ow.Grid("zyx"[-ndim:]), max_distance=5, n_distances=10)
    disc = ball(ndim, found["distance"].to_numpy())
    np.testing.assert_allclose(ball(ndim, found["ripley_l"].to_numpy()), found["ripley_k"], rtol=1e-12)
    k = np.concatenate([[0], found["ripley_k"]])
    v = np.concatenate([[0], disc])
    np.testing.assert_allclose(found["pair_correlation"], np.diff(k) / np.diff(v), rtol=1e-9)


@truth("ripley_k", by="closed form", tolerance="1e-12")
def test_two_points_by_hand():
    labels = np.zeros((10, 20), int)
    labels[2, 3], labels[5, 7] = 1, 2
    found = frame_of("measure_pattern", labels, max_distance=10, n_distances=2)
    # 5 apart, moved by 3 and 4: of 10 x 20 there are 7 x 16 in common; 200^2 / (2 * 1) * 2 / 112
    np.testing.assert_allclose(found["ripley_k"], [200**2 / 112] * 2, rtol=1e-12)


@truth(
    "ripley_k", "pair_correlation", by="closed form", tolerance="60 random patterns: 4 standard errors, 2-4 %"
)
@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("within", ["frame", "region"])
def test_complete_randomness(ndim, within):
    shape, spacing = ((80, 120), (1.0, 0.5)) if ndim == 2 else ((24, 40, 50), (1.0, 0.5, 0.5))
    region = a_region(shape) if within == "region" else None
    grid = ow.Grid("zyx"[-ndim:], spacing, "um")
    found = []
    for seed in range(60):
        arrays = [dots(shape, 300, seed)] + ([] if region is None else [region])
        found.append(frame_of("measure_pattern", *arrays, grid=grid, max_distance=6.0, n_distances=3))
    # no two lie on one pixel: the pixels within r of another stand for the disc or ball
    distance = found[0]["distance"].to_numpy()
    n_pixels = np.prod(shape) if region is None else region.sum()
    ways = np.linalg.norm((np.indices((51,) * ndim).reshape(ndim, -1).T - 25) * spacing, axis=1)
    n_around = np.array([(ways <= r).sum() - 1 for r in distance])
    around = n_around * np.prod(spacing) * n_pixels / (n_pixels - 1)
    rings = np.diff(around, prepend=0) / np.diff(ball(ndim, distance), prepend=0)
    for column, expected in (("ripley_k", around), ("pair_correlation", rings)):
        values = np.array([frame[column] for frame in found])
        error = values.std(axis=0) / math.sqrt(len(found))
        assert (error < 0.04 * expected).all()
        assert (np.abs(values.mean(axis=0) - expected) < 4 * error).all()


def test_clusters_and_lattices():
    lattice = np.zeros((60, 60), int)
    lattice[2::6, 2::6] = np.arange(1, 101).reshape(10, 10)
    found = frame_of("measure_pattern", lattice, max_distance=12, n_distances=12)
    # nothing nearer than 6, then four neighbours at 6: K there is four over the density
    assert (found["ripley_k"][:5] == 0).all()
    assert found["ripley_k"][5] == pytest.approx(4 * 36, rel=0.03)
    assert found["pair_correlation"][5] > 3
    random = np.random.default_rng(0)
    clustered = np.zeros((200, 200), int)
    for centre in random.uniform(20, 180, (12, 2)):
        for y, x in random.normal(centre, 4, (15, 2)).astype(int):
            clustered[y, x] = clustered.max() + 1
    assert frame_of("measure_pattern", clustered, max_distance=10)["ripley_l"].iloc[-1] > 20


def slow_rings(points, reach, n, common):
    """Return the sum over ordered pairs of 1 over what the window has in common with its moved copy."""
    rings = np.zeros(n)
    for one, other in itertools.permutations(points, 2):
        ring = math.ceil(np.linalg.norm(one - other) / reach * n - 1e-9) - 1
        if ring < n:
            rings[ring] += 1 / common(other - one)
    return rings


def slow_common(region, move):
    """Return how much a set of pixels has in common with itself moved by a part of a pixel."""
    low = np.floor(move).astype(int)
    total = 0.0
    for corner in np.ndindex((2,) * region.ndim):
        shift = low + corner
        padded = np.pad(region, [(abs(s), abs(s)) for s in shift])
        share = np.prod(np.where(corner, move - low, 1 - (move - low)))
        total += share * (padded & np.roll(padded, shift, tuple(range(region.ndim)))).sum()
    return total


@pytest.mark.parametrize("ndim", [2, 3])
def test_pairs_equal_their_slow_twin(ndim):
    shape, spacing = ((14, 17), (0.5, 1.0)) if ndim == 2 else ((6, 9, 11), (2.0, 0.5, 1.0))
    region = a_region(shape)
    place = Place(spacing, "um")
    random = np.random.default_rng(3)
    inside = np.argwhere(region)
    pixels = random.choice(inside, 25, replace=False) + random.uniform(-0.4, 0.4, (25, ndim))
    points = pixels * spacing
    found = weigh_pairs(points, 6.0, 5, _covariance(region, 6.0, place), spacing)
    expected = slow_rings(points, 6.0, 5, lambda move: slow_common(region, move / spacing) * place.pixel)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    sides = tuple(np.array(shape) * spacing)
    found = weigh_pairs(points, 6.0, 5, sides=sides)
    expected = slow_rings(points, 6.0, 5, lambda move: np.prod(sides - np.abs(move)))
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    # a box given as a region is the same as the box
    whole = np.ones(shape, bool)
    again = weigh_pairs(points, 6.0, 5, _covariance(whole, 6.0, place), spacing)
    np.testing.assert_allclose(again, found, rtol=1e-9)


def test_objects_outside_the_region_do_not_count():
    labels = dots((50, 50), 60, 5)
    region = a_region((50, 50))
    inside = np.where(region, labels, 0)
    for name in ("measure_pattern", "measure_dispersion"):
        np.testing.assert_array_equal(frame_of(name, labels, region), frame_of(name, inside, region))


# --- the nearest other ----------------------------------------------------------------------------------


@truth("clark_evans_index", by="published", tolerance="1e-12; 2 for a square lattice (Clark & Evans 1954)")
@truth("nearest_distance_mean", "nearest_distance_expected", by="closed form", tolerance="1e-12")
def test_square_lattice():
    labels = np.zeros((40, 40), int)
    labels[2::4, 2::4] = np.arange(1, 101).reshape(10, 10)
    (row,) = frame_of("measure_dispersion", labels, correction="none").to_dict("records")
    assert (row["n_objects"], row["density"]) == (100, 1 / 16)
    assert (row["nearest_distance_mean"], row["nearest_distance_expected"]) == pytest.approx(
        (4, 2), rel=1e-12
    )
    assert row["clark_evans_index"] == pytest.approx(2, rel=1e-12)
    # 0.26136 is the number in the paper
    assert row["clark_evans_z"] == pytest.approx(2 / (0.26136 / math.sqrt(100 / 16)), rel=1e-4)


@truth("clark_evans_index", by="published", tolerance="2 %; 2.1491 for a hexagonal lattice")
def test_hexagonal_lattice_is_the_most_regular():
    labels = np.zeros((208, 240), int)
    # rows 13 apart and columns 15 apart, every other row moved by half: nearly equilateral, sqrt(3)/2 * 15 = 12.99
    for number, y in enumerate(range(6, 208, 13)):
        labels[y, (3 if number % 2 else 10) :: 15][:16] = np.arange(1, 17) + 16 * number
    (row,) = frame_of("measure_dispersion", labels, correction="none").to_dict("records")
    assert row["clark_evans_index"] == pytest.approx(2.1491, rel=0.02)


@truth(
    "clark_evans_z",
    "clark_evans_index",
    by="closed form",
    tolerance="random patterns: index 1 +- 0.015, mean z 0 +- 0.3, its deviation 1 +- 0.15",
)
@truth("nearest_distance_mean", "n_objects", "density", by="SciPy", tolerance="1e-12")
@pytest.mark.parametrize("within", ["frame", "region"])
def test_random_patterns(within):
    shape = (300, 400)
    region = a_region(shape) if within == "region" else None
    grid, rows = ow.Grid("yx", (0.5, 0.5), "um"), []
    for seed in range(150):
        labels = dots(shape, 80, seed)
        table = ow.apply("measure_dispersion", labels, *([] if region is None else [region]), grid=grid)
        rows.append(table.frame.iloc[0])
        points = np.argwhere(labels if region is None else labels * region) / 2
        nearest = spatial.cKDTree(points).query(points, k=2)[0][:, 1].mean()
        assert rows[-1]["nearest_distance_mean"] == pytest.approx(nearest, rel=1e-12)
        assert rows[-1]["n_objects"] == len(points)
        size = (labels.size if region is None else region.sum()) / 4
        assert rows[-1]["density"] == pytest.approx(len(points) / size)
    index, z = (np.array([row[f"clark_evans_{name}"] for row in rows]) for name in ("index", "z"))
    assert index.mean() == pytest.approx(1, abs=0.015)
    assert z.mean() == pytest.approx(0, abs=0.3)
    assert z.std() == pytest.approx(1, abs=0.15)


def test_expected_distance_in_3d():
    # 0.55396 over the cube root of the density
    found = frame_of("measure_dispersion", dots((40, 40, 40), 200, 1), grid=ow.Grid("zyx"))
    (row,) = found.to_dict("records")
    assert row["nearest_distance_expected"] == pytest.approx(0.55396 * (64000 / 200) ** (1 / 3), rel=1e-4)
    assert abs(row["clark_evans_z"]) < 3


# --- both -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("name", ["measure_pattern", "measure_dispersion"])
def test_pixel_size_scales_each_column_by_its_power(ndim, name):
    labels = dots((40, 50) if ndim == 2 else (14, 20, 20), 40, 3)
    region = a_region(labels.shape)
    tables = [
        ow.apply(
            name, labels, region, grid=ow.Grid("zyx"[-ndim:], (2.0 * k, 0.5 * k, 0.25 * k)[-ndim:], "um")
        )
        for k in (1, 4)
    ]
    for column, unit in tables[0].units.items():
        power = int(unit.removeprefix("um").removeprefix("^") or 1) if unit.startswith("um") else 0
        np.testing.assert_allclose(
            tables[1].frame[column], tables[0].frame[column] * 4.0**power, rtol=1e-13, err_msg=column
        )


@pytest.mark.parametrize("name", ["measure_pattern", "measure_dispersion"])
@pytest.mark.parametrize("n", [0, 1])
def test_too_few_objects(name, n):
    table = ow.apply(name, dots((20, 20), n, 0))
    column = "ripley_k" if name == "measure_pattern" else "clark_evans_index"
    assert table.frame[column].isna().all()
    assert "fewer than two" in table.reason(int(table.frame["label"][0]), column)
    # nor is there anything in a region without pixels
    assert len(ow.apply(name, dots((20, 20), 9, 0), np.zeros((20, 20), bool))) == len(table)


def test_a_recipe_gives_a_row_for_each_frame_and_distance():
    labels = np.stack([dots((30, 30), 20, seed) for seed in (1, 2)])
    table = ow.apply("measure_pattern", labels, grid=ow.Grid("tyx"), n_distances=3)
    assert table.frame[["frame", "label"]].to_numpy().tolist() == [[t, n] for t in (0, 1) for n in (1, 2, 3)]
    assert table.frame["distance"].tolist() == [2.5, 5, 7.5] * 2
