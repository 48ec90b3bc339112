"""What lies around objects: drawn by hand, in lattices, and against slow twins and other tools."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import KDTree

from objectwise.measure.objects import measure_block
from tests.measure.truths import truth

CENTROIDS = ("neighbours_centroid_label_1", "neighbours_centroid_label_2")
CENTROID_DISTANCES = ("neighbours_centroid_distance_1", "neighbours_centroid_distance_2")
EDGES = ("neighbours_edge_label_1", "neighbours_edge_label_2")
EDGE_DISTANCES = ("neighbours_edge_distance_1", "neighbours_edge_distance_2")


def measured(labels, spacing=None, **settings):
    return measure_block(labels, spacing=spacing, features="neighbours", **settings)


def lattice(shape, pitch, size):
    """Return labels of squares or cubes of one size at the points of a lattice, numbered in raster order."""
    places = np.indices(np.multiply(shape, pitch)).reshape(len(shape), -1)
    inside = (places % pitch < size).all(axis=0)
    numbers = np.ravel_multi_index(tuple(places // pitch), shape) + 1
    return np.where(inside, numbers, 0).reshape(np.multiply(shape, pitch))


@pytest.fixture(params=[2, 3])
def case(request, flat_blobs, solid_blobs):
    labels, _ = flat_blobs if request.param == 2 else solid_blobs
    return labels, ((0.5, 0.3) if request.param == 2 else (0.7, 0.5, 0.3))


@truth("neighbours_n_touching", "neighbours_touching_fraction", by="closed form", tolerance="exact")
@truth("neighbours_n_within", *EDGES, *EDGE_DISTANCES, by="closed form", tolerance="exact")
def test_by_hand():
    labels = np.array(
        [
            [7, 7, 3, 3, 0],
            [7, 7, 3, 3, 0],
            [0, 0, 0, 0, 5],
            [9, 0, 0, 0, 0],
        ]
    )
    values, reasons = measured(labels, (1.0, 2.0), neighbour_distance=2.0)
    assert values["label"].tolist() == [3, 5, 7, 9]
    # a corner is no face
    assert values["neighbours_n_touching"].tolist() == [1, 0, 1, 0]
    # 3: of a boundary of 4 vertical faces of length 1 and 4 horizontal ones of length 2, two vertical ones
    assert values["neighbours_touching_fraction"].tolist() == [2 / 12, 0, 2 / 12, 0]
    # 3 and 5 are 1 down and 1 (2 long) to the right
    assert values["neighbours_edge_label_1"].tolist() == [7, 3, 3, 7]
    assert values["neighbours_edge_distance_1"].tolist() == [2, math.sqrt(5), 2, 2]
    assert values["neighbours_edge_label_2"].tolist() == [5, 7, 9, 3]
    assert values["neighbours_edge_distance_2"][:3].tolist() == [math.sqrt(5), math.sqrt(37), 2]
    assert values["neighbours_edge_distance_2"][3] == math.sqrt(4 + 16)
    assert values["neighbours_n_within"].tolist() == [1, 0, 2, 1]
    assert reasons == {}


@truth(*CENTROIDS, *CENTROID_DISTANCES, *EDGE_DISTANCES, by="closed form", tolerance="exact; 1e-12 relative")
@truth("neighbours_density", "neighbours_angle", "neighbours_n_within", by="closed form", tolerance="1e-12")
@pytest.mark.parametrize("ndim", [2, 3])
def test_lattices(ndim):
    # the last axis is the shortest: neighbours are left and right
    spacing = (1.0, 1.0, 0.3)[-ndim:]
    labels = lattice((3, 4, 5)[-ndim:], 7, 4)
    values, _ = measured(labels, spacing, neighbour_distance=0.3 * 7)
    middle = np.arange(values["label"].size) % 5
    inner = (middle > 0) & (middle < 4)
    number = values["label"]
    np.testing.assert_array_equal(
        values["neighbours_centroid_label_1"], np.where(middle > 0, number - 1, number + 1)
    )
    np.testing.assert_array_equal(values["neighbours_centroid_label_2"][inner], number[inner] + 1)
    np.testing.assert_array_equal(values["neighbours_edge_label_1"], values["neighbours_centroid_label_1"])
    np.testing.assert_allclose(values["neighbours_centroid_distance_1"], 7 * 0.3, rtol=1e-12)
    np.testing.assert_allclose(values["neighbours_centroid_distance_2"][~inner], 14 * 0.3, rtol=1e-12)
    np.testing.assert_allclose(values["neighbours_edge_distance_1"], 4 * 0.3, rtol=1e-12)
    np.testing.assert_allclose(values["neighbours_angle"], np.where(inner, math.pi, 0), atol=1e-7)
    np.testing.assert_array_equal(values["neighbours_n_within"], np.where(inner, 2, 1))
    volume = math.pi * 2.1**2 if ndim == 2 else 4 / 3 * math.pi * 2.1**3
    np.testing.assert_allclose(values["neighbours_density"], np.where(inner, 2, 1) / volume, rtol=1e-12)
    assert values["neighbours_n_touching"].max() == 0


def test_a_right_angle():
    labels = np.zeros((20, 30), int)
    labels[2, 2], labels[12, 2], labels[2, 13] = 1, 2, 3
    values, _ = measured(labels)
    assert values["neighbours_angle"][0] == pytest.approx(math.pi / 2, abs=1e-12)
    assert values["neighbours_angle"][1] == pytest.approx(math.atan2(11, 10), abs=1e-12)


def test_of_equally_near_ones_the_smallest_label():
    labels = lattice((5, 5), 4, 2)
    values, _ = measured(labels, n_neighbours=3)
    middle = 12
    near = [values[f"neighbours_{way}_label_{k}"][middle] for way in ("centroid", "edge") for k in (1, 2, 3)]
    assert near == 2 * [8, 12, 14]


@pytest.mark.parametrize("seed", range(4))
@truth(*EDGES, *EDGE_DISTANCES, "neighbours_n_within", by="SciPy", tolerance="1e-12 relative")
@truth(*CENTROIDS, *CENTROID_DISTANCES, "neighbours_density", by="SciPy", tolerance="1e-12 relative")
def test_trees_of_all_pixels(case, seed):
    labels, spacing = case
    random = np.random.default_rng(seed)
    if seed:
        # few or many objects, large and small, in several pieces and nested
        ids = np.unique(labels[labels > 0])
        table = np.zeros(labels.max() + 1, int)
        table[ids] = random.integers(0 if seed > 1 else 1, (5, 40, 300)[seed - 1], ids.size)
        labels = table[labels]
    reach, k = 3.0, 3
    values, _ = measured(labels, spacing, neighbour_distance=reach, n_neighbours=k)
    ids = values["label"]
    trees = [KDTree(np.argwhere(labels == i) * spacing) for i in ids]
    edges = np.array([[tree.query(other.data)[0].min() for other in trees] for tree in trees])
    points = np.array(ndimage.center_of_mass(np.ones_like(labels), labels, ids)) * spacing
    centroids = np.linalg.norm(points[:, None] - points, axis=2)
    for way, lengths in (("edge", edges), ("centroid", centroids)):
        np.fill_diagonal(lengths, np.inf)
        order = np.argsort(lengths, axis=1)
        for number in range(min(k, ids.size - 1)):
            sorted_lengths = np.take_along_axis(lengths, order, axis=1)
            found = values[f"neighbours_{way}_distance_{number + 1}"]
            np.testing.assert_allclose(found, sorted_lengths[:, number], rtol=1e-9)
            near = np.searchsorted(ids, values[f"neighbours_{way}_label_{number + 1}"])
            np.testing.assert_allclose(
                lengths[np.arange(ids.size), near], sorted_lengths[:, number], rtol=1e-9
            )
    np.testing.assert_array_equal(values["neighbours_n_within"], (edges <= reach * (1 + 1e-9)).sum(axis=1))
    volume = math.pi * reach**2 if labels.ndim == 2 else 4 / 3 * math.pi * reach**3
    expected = (centroids <= reach).sum(axis=1) / volume
    np.testing.assert_allclose(values["neighbours_density"], expected, rtol=1e-12)


@truth("neighbours_touching_fraction", "neighbours_n_touching", by="closed form", tolerance="1e-12")
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 0.5, 0.25)])
def test_touching_boxes(spacing):
    dz, dy, dx = spacing
    labels = np.zeros((8, 9, 10), int)
    labels[1:4, 1:5, 1:6] = 1
    labels[4:7, 1:5, 1:6] = 2
    labels[1:4, 5:7, 3:6] = 3
    # to the border of the image, on both sides of an object with a hole
    labels[:, :, 8:] = 4
    values, _ = measured(labels, spacing)
    assert values["neighbours_n_touching"].tolist() == [2, 1, 1, 0]
    whole = 2 * (4 * dy * 5 * dx + 3 * dz * 5 * dx + 3 * dz * 4 * dy)
    third = 2 * (2 * dy * 3 * dx + 3 * dz * 3 * dx + 3 * dz * 2 * dy)
    below, beside = 4 * dy * 5 * dx, 3 * dz * 3 * dx
    expected = [(below + beside) / whole, below / whole, beside / third, 0]
    np.testing.assert_allclose(values["neighbours_touching_fraction"], expected, rtol=1e-12)


def test_a_plane_of_a_volume_is_a_volume():
    flat = lattice((3, 3), 5, 5)
    assert measured(flat)[0]["neighbours_touching_fraction"].tolist()[4] == 1
    # the faces up and down are boundary too
    solid, _ = measured(flat[None], (0.5, 1.0, 1.0))
    assert solid["neighbours_touching_fraction"][4] == pytest.approx(10 / (10 + 50))
    assert solid["neighbours_n_touching"].tolist() == [2, 3, 2, 3, 4, 3, 2, 3, 2]


def test_the_hole_of_a_ring_is_boundary_and_what_lies_in_it_touches():
    labels = np.ones((7, 7), int)
    labels[2:5, 2:5] = 2
    values, reasons = measured(labels)
    assert values["neighbours_touching_fraction"].tolist() == [12 / 40, 1]
    assert values["neighbours_n_touching"].tolist() == [1, 1]
    # both centroids are one point
    assert values["neighbours_centroid_distance_1"].tolist() == [0, 0]
    assert np.isnan(values["neighbours_angle"]).all()
    assert reasons["neighbours_angle"][1] == "neighbours_angle: there are fewer than 2 other objects"
    labels = np.pad(labels, 2)
    labels[0, 0] = 3
    values, reasons = measured(labels, (0.3, 0.7))
    assert np.isnan(values["neighbours_angle"]).tolist() == [True, True, False]
    assert reasons["neighbours_angle"][1] == (
        "neighbours_angle: one of the two nearest objects has the same centroid"
    )


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_objects(n):
    labels = np.zeros((6, 9), int)
    labels[2, 2 : 2 + n] = np.arange(4, 4 + n)
    values, reasons = measured(labels, n_neighbours=3)
    assert values["label"].size == n
    for way in ("centroid", "edge"):
        for k in (1, 2, 3):
            there = n > k
            label = values[f"neighbours_{way}_label_{k}"]
            assert label.dtype == np.int64
            assert label.tolist() == ([5, 4] if there else [0] * n)
            name = f"neighbours_{way}_distance_{k}"
            assert values[name].tolist() == [1, 1] if there else np.isnan(values[name]).all()
            if n and not there:
                assert reasons[name][4].startswith(f"{name}: there ")


def test_edges_far_apart_and_boxes_that_overlap():
    labels = np.zeros((300, 400), int)
    # an L around a dot, a dot far off, and a frame around all
    labels[20:100, 20:24] = labels[96:100, 20:90] = 1
    labels[40, 60] = 2
    labels[290, 380] = 3
    labels[[0, -1]] = 4
    labels[:, [0, -1]] = 4
    values, _ = measured(labels, n_neighbours=3, neighbour_distance=5.0)
    assert values["neighbours_edge_label_1"].tolist() == [4, 1, 4, 3]
    assert values["neighbours_edge_distance_1"].tolist() == [20, 37, 9, 9]
    assert values["neighbours_edge_label_2"].tolist() == [2, 4, 1, 1]
    assert values["neighbours_edge_distance_2"][2] == pytest.approx(math.hypot(191, 291))
    assert values["neighbours_edge_label_3"].tolist() == [3, 3, 2, 2]
    assert values["neighbours_n_within"].tolist() == [0, 0, 0, 0]


@truth("neighbours_n_touching", *CENTROID_DISTANCES, by="cp_measure", tolerance="1e-12")
@truth("neighbours_angle", by="cp_measure", tolerance="1e-6")
def test_cellprofiler(flat_blobs):
    # the numbers of the closest objects there are those of the objects themselves, in cp_measure 0.3
    peer = pytest.importorskip("cp_measure.multimask.measureobjectneighbors")
    seeds = ndimage.label(flat_blobs[0] > 0)[0]
    near = ndimage.distance_transform_edt(seeds == 0, return_distances=False, return_indices=True)
    # all objects grown until they touch, with a lake left between them
    labels = np.where(ndimage.distance_transform_edt(seeds == 0) < 4, seeds[tuple(near)], 0)
    values, _ = measured(labels)
    expected = {
        name.split("_")[1]: column
        for name, column in peer.measureobjectneighbors(labels, labels, "Adjacent").items()
    }
    np.testing.assert_array_equal(values["neighbours_n_touching"], expected["NumberOfNeighbors"])
    for k, name in enumerate(("First", "Second"), start=1):
        np.testing.assert_allclose(
            values[f"neighbours_centroid_distance_{k}"],
            expected[f"{name}ClosestDistance"],
            rtol=1e-12,
        )
    angle = np.degrees(values["neighbours_angle"])
    np.testing.assert_allclose(angle, expected["AngleBetweenNeighbors"], atol=1e-4)


@pytest.mark.parametrize("factor", [2, 0.25, 1024])
def test_the_distance_scales_with_the_pixel_size(case, factor):
    from objectwise.measure.families import columns_for

    labels, spacing = case
    values, reasons = measured(labels, spacing, neighbour_distance=3.0)
    scaled, again = measured(labels, [factor * length for length in spacing], neighbour_distance=3.0 * factor)
    assert again == reasons
    for column in columns_for(labels.ndim, features="neighbours"):
        expected = values[column.name] * (float(factor) ** column.power(labels.ndim))
        np.testing.assert_array_equal(scaled[column.name], expected, err_msg=column.name)


def test_moved_mirrored_swapped_and_embedded(case):
    labels, spacing = case
    values, _ = measured(labels, spacing, neighbour_distance=3.0)
    order = tuple(range(labels.ndim))[::-1]
    for other, lengths in (
        (np.pad(labels, 5), spacing),
        (labels[::-1], spacing),
        (labels.transpose(order), spacing[::-1]),
    ):
        again, _ = measured(other, lengths, neighbour_distance=3.0)
        for name, column in values.items():
            if "label" not in name:
                np.testing.assert_allclose(again[name], column, rtol=1e-9, atol=1e-9, err_msg=name)


def test_relabelled_and_far_objects(case):
    labels, spacing = case
    values, _ = measured(labels, spacing, neighbour_distance=3.0)
    ids = values["label"]
    table = np.zeros(labels.max() + 1, np.int64)
    # the order stays, so that of equally near ones the same is taken
    table[ids] = 2**33 + 3 * ids
    renamed, _ = measured(table[labels], spacing, neighbour_distance=3.0)
    for name, column in values.items():
        expected = table[column] if "label" in name else column
        np.testing.assert_array_equal(renamed[name], expected, err_msg=name)
    far = np.pad(labels, [(0, 0)] * (labels.ndim - 1) + [(0, 400)])
    far[..., -1] = labels.max() + 1
    again, _ = measured(far, spacing, neighbour_distance=3.0)
    for name, column in values.items():
        np.testing.assert_array_equal(again[name][:-1], column, err_msg=name)


def test_one_thread_and_two(case, monkeypatch):
    labels, spacing = case
    found = []
    for n in ("1", "2"):
        monkeypatch.setenv("OBJECTWISE_THREADS", n)
        found.append(measured(lattice((20, 20), 5, 3) if labels.ndim == 2 else labels, spacing)[0])
    for name, column in found[0].items():
        np.testing.assert_array_equal(found[1][name], column, err_msg=name)


def test_one_column_alone_is_the_same(case):
    labels, spacing = case
    values, _ = measured(labels, spacing, neighbour_distance=3.0)
    for name in values.keys() - {"label"}:
        alone, _ = measure_block(labels, spacing=spacing, features=[name], neighbour_distance=3.0)
        assert list(alone) == ["label", name]
        np.testing.assert_array_equal(alone[name], values[name])
