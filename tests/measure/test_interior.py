"""The inside of objects: holes, pieces, depth, and the deepest pixel."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import regionprops_table

from objectwise.measure.objects import measure_block
from tests.measure.truths import truth

FULL = {2: np.ones((3, 3)), 3: np.ones((3, 3, 3))}
RADII = ["radius_inscribed", "radius_mean", "radius_median"]


def noise(shape, seed, share):
    random = np.random.default_rng(seed)
    return random.integers(1, 4, shape) * (random.random(shape) < share)


def cases(ndim, blobs):
    shape = (37, 41) if ndim == 2 else (9, 11, 13)
    return [blobs, *(noise(shape, seed, share) for seed, share in enumerate((0.1, 0.4, 0.7, 0.95, 1.0)))]


@truth(
    "area_filled", "volume_filled", "area_bbox", "volume_bbox", "extent", "euler_number", by="scikit-image",
    tolerance="1e-9 relative",
)  # fmt: skip
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.7, 0.2), (1.0, 1.0, 1.0), (0.7, 0.2, 0.3)])
def test_what_scikit_image_has(flat_blobs, solid_blobs, spacing):
    ndim = len(spacing)
    size = "area" if ndim == 2 else "volume"
    for labels in cases(ndim, (flat_blobs if ndim == 2 else solid_blobs)[0]):
        values, reasons = measure_block(labels, spacing=spacing, features=["size", "shape"])
        theirs = regionprops_table(
            labels, properties=["area_filled", "area_bbox", "extent", "euler_number"], spacing=spacing
        )
        np.testing.assert_array_equal(values["euler_number"], theirs["euler_number"])
        for name, column in (
            (f"{size}_filled", "area_filled"), (f"{size}_bbox", "area_bbox"), ("extent", "extent")
        ):  # fmt: skip
            np.testing.assert_allclose(values[name], theirs[column], rtol=1e-9)
            assert name not in reasons


@truth("area_filled", "euler_number", "n_pieces", by="closed form", tolerance="exact")
def test_holes_drawn_by_hand():
    rows = """
    .##########..######..
    .#........#..#....#..
    .#.##.##..#..#.##.#..
    .#.#.#.#..#..#....#..
    .#.##.##..#..######..
    .#........#.......#..
    .##########........##
    """
    labels = (np.array([list(row.strip()) for row in rows.split()]) == "#") * 1
    # both have an island; the tail of the right one hangs on a corner
    labels[:, 12:] *= 2
    values, _ = measure_block(labels, features=["area_filled", "euler_number", "n_pieces", "area"])
    assert values["n_pieces"].tolist() == [2, 2]
    assert values["area_filled"].tolist() == [70, 33]
    assert values["euler_number"].tolist() == [
        regionprops_table((labels == label) * 1, properties=["euler_number"])["euler_number"][0]
        for label in (1, 2)
    ]


@truth("volume_filled", "euler_number", by="closed form", tolerance="exact")
def test_a_tunnel_and_a_cavity():
    labels = np.zeros((12, 12, 30), np.int32)
    labels[1:11, 1:11, 1:11] = 1
    labels[4:7, 4:7, 4:7] = 0
    labels[1:11, 1:11, 15:25] = 2
    labels[:, 4:7, 18:21] = 0
    values, _ = measure_block(labels, features=["volume_filled", "volume", "euler_number", "n_pieces"])
    assert values["volume_filled"].tolist() == [1000, 1000 - 90]
    assert values["euler_number"].tolist() == [2, 0]
    # in one plane of a stack every hole is open
    plane, _ = measure_block(labels[5:6, :, :12], features=["volume_filled", "volume"])
    assert plane["volume_filled"][0] == plane["volume"][0] == 91


@truth("n_pieces", by="SciPy", tolerance="exact")
@pytest.mark.parametrize("ndim", [2, 3])
def test_pieces(flat_blobs, solid_blobs, ndim):
    for labels in cases(ndim, (flat_blobs if ndim == 2 else solid_blobs)[0]):
        values, _ = measure_block(labels, features="n_pieces")
        expected = [ndimage.label(labels == label, FULL[ndim])[1] for label in values["label"]]
        assert values["n_pieces"].tolist() == expected


@truth(
    *RADII, "inscribed_centre_z", "inscribed_centre_y", "inscribed_centre_x", by="SciPy",
    tolerance="1e-12 relative",
)  # fmt: skip
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.7, 0.2), (1.0, 1.0, 1.0), (0.7, 0.2, 0.3)])
def test_depths(flat_blobs, solid_blobs, spacing):
    ndim = len(spacing)
    names = [f"inscribed_centre_{axis}" for axis in "zyx"[3 - ndim :]]
    for labels in cases(ndim, (flat_blobs if ndim == 2 else solid_blobs)[0]):
        values, _ = measure_block(labels, spacing=spacing, features=["size", "position"])
        for index, label in enumerate(values["label"]):
            mask = np.pad(labels == label, 1)
            distance = ndimage.distance_transform_edt(mask, sampling=spacing)
            depths = distance[mask]
            expected = [depths.max(), depths.mean(), np.median(depths)]
            np.testing.assert_allclose([values[name][index] for name in RADII], expected, rtol=1e-12)
            # of the deepest pixels, none is nearer to the centroid
            found = np.array([values[name][index] for name in names])
            place = tuple(np.rint(found / spacing).astype(int) + 1)
            assert distance[place] == pytest.approx(depths.max(), rel=1e-12)
            points = np.argwhere(distance >= depths.max() * (1 - 1e-12)) - 1
            centroid = np.argwhere(mask).mean(axis=0) - 1
            away = np.linalg.norm((points - centroid) * spacing, axis=1)
            mine = np.linalg.norm(found - centroid * spacing)
            assert mine == pytest.approx(away.min(), rel=1e-6, abs=1e-9)


@truth(*RADII, by="closed form", tolerance="discs and balls: half a pixel; 2 % for mean and median")
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.25), (1.0, 1.0, 1.0), (0.5, 0.25, 0.25)])
def test_discs_and_balls(solid_shape, spacing):
    ndim, radius = len(spacing), (40 if len(spacing) == 2 else 20) * max(spacing)
    labels = solid_shape(lambda p: (p**2).sum(1) <= radius**2, (radius,) * ndim, spacing)
    values, _ = measure_block(labels, spacing=spacing, features=["size", "position"])
    assert values["radius_inscribed"][0] == pytest.approx(radius, abs=max(spacing))
    # a pixel is half a pixel deeper than its centre
    half = max(spacing) / 2
    assert values["radius_mean"][0] == pytest.approx(radius / (ndim + 1) + half, abs=half)
    assert values["radius_median"][0] == pytest.approx(radius * (1 - 0.5 ** (1 / ndim)) + half, abs=half)
    for axis, length, size in zip("zyx"[3 - ndim :], spacing, labels.shape, strict=True):
        assert values[f"inscribed_centre_{axis}"][0] == pytest.approx((size - 1) / 2 * length)


def test_the_centre_of_a_dumbbell_is_inside_and_that_of_a_rod_in_the_middle():
    labels = np.zeros((30, 60), np.int32)
    labels[5:16, 5:16] = 1
    labels[10, 16:40] = 1
    labels[7:14, 40:47] = 1
    labels[20:25, 3:56] = 2
    values, _ = measure_block(labels, features="position")
    assert (values["inscribed_centre_y"][0], values["inscribed_centre_x"][0]) == (10, 10)
    assert (values["inscribed_centre_y"][1], values["inscribed_centre_x"][1]) == (22, 29)


def test_a_large_box_with_little_in_it_is_quick():
    """Pieces far apart are looked at one by one; the box of the object has 36 million pixels."""
    labels = np.zeros((6000, 6000), np.uint8)
    labels[0, 0] = labels[5999, 5999] = labels[3000, 10] = 1
    values, _ = measure_block(labels, features=[*RADII, "n_pieces", "euler_number", "perimeter_4_neighbour"])
    assert [values[name][0] for name in (*RADII, "n_pieces", "euler_number")] == [1, 1, 1, 3, 3]


@pytest.mark.parametrize("threads", ["1", "2", "3"])
def test_threads_make_no_difference(flat_blobs, threads, monkeypatch):
    features = ["size", "shape", "position"]
    expected, _ = measure_block(flat_blobs[0], features=features)
    monkeypatch.setenv("OBJECTWISE_THREADS", threads)
    found, _ = measure_block(flat_blobs[0], features=features)
    for name, column in expected.items():
        np.testing.assert_array_equal(found[name], column, err_msg=name)


def test_a_diagonal_line_is_one_piece():
    values, _ = measure_block(np.eye(7, dtype=int), features=["n_pieces", "radius_inscribed", "shape"])
    assert (values["n_pieces"][0], values["radius_inscribed"][0]) == (1, 1)
    assert values["extent"][0] == 1 / 7
    assert math.isfinite(values["form_factor"][0])
