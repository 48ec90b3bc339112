"""Ids through a run: kept, new beside those that are kept, or all new; in tiles of any size."""

from __future__ import annotations

import numpy as np
import pytest

import objectwise as ow


def test_new_ids_come_after_the_highest_whatever_the_dtype():
    reference = np.array([[255, 255, 0, 0, 0]], np.uint8)
    labels = np.array([[7, 7, 0, 3, 3]], np.uint8)
    found = ow.apply("transfer_ids", reference, labels)
    np.testing.assert_array_equal(found, [[255, 255, 0, 256, 256]])
    assert found.dtype == np.int32
    wide = ow.apply("transfer_ids", reference.astype(np.int64) * 10**12, labels)
    np.testing.assert_array_equal(wide, [[255 * 10**12] * 2 + [0] + [255 * 10**12 + 1] * 2])


def test_objects_numbered_anew_get_other_ids_in_every_plane():
    labels = np.array([[[9, 9, 0, 4]], [[9, 0, 4, 4]]])
    found = ow.apply("relabel_sequential", labels, grid=ow.Grid("zyx"), by_plane=True)
    np.testing.assert_array_equal(found, [[[1, 1, 0, 2]], [[3, 0, 4, 4]]])
    assert ow.operations["relabel_sequential"].creates_ids
    assert not ow.operations["expand_labels"].creates_ids


def test_an_object_of_far_pieces_is_one_in_tiles():
    labels = np.zeros((12, 40), np.uint16)
    labels[1, 1] = labels[10, 38] = 900
    labels[4:8, 3:30] = 70
    mask = np.zeros(labels.shape, bool)
    mask[:2, :2] = True
    found = in_tiles("filter_labels_by_overlap", (5, 5), labels=labels, mask=mask, min_fraction=0.5)
    np.testing.assert_array_equal(found, np.where(labels == 900, 900, 0))


def in_tiles(name, tile, **values):
    record = ow.operations[name]
    arrays = {item.name: values.pop(item.name) for item in record.inputs if item.name in values}
    step = ow.Step("result", name, {key: f"{key}_in" for key in arrays}, values)
    grid = ow.Grid("zyx"[-next(iter(arrays.values())).ndim :])
    sources = {f"{key}_in": (array, grid) for key, array in arrays.items()}
    *_, whole = ow.run(ow.Recipe([step]), sources)
    *_, tiled = ow.run(ow.Recipe([step]), sources, tile=tile)
    np.testing.assert_array_equal(whole.results["result"].array, tiled.results["result"].array)
    return tiled.results["result"].array


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("merge_touching", {}),
        ("merge_touching", {"connectivity": "full"}),
        ("split_disconnected", {}),
        ("split_labels_by_points", {}),
        ("split_labels_by_lines", {"min_size": 1}),
        ("filter_labels_by_overlap", {}),
        ("relabel_sequential", {}),
        ("keep_largest", {"n_objects": 2}),
        ("clear_faces", {"left": False}),
        ("expand_labels", {"distance": 2.5}),
        ("shrink_labels", {"distance": 1.0}),
        ("smooth_labels", {"radius": 1.5}),
        ("make_rings", {"gap": 1.0, "width": 2.0}),
        ("grow_by_distance", {"distance": 3.0}),
        ("grow_by_propagation", {}),
        ("open_by_reconstruction", {"radius": 1.0}),
        ("skeletonize", {}),
        ("thin", {"n_iterations": 1}),
        ("open_grey", {"radius": 1.5}),
    ],
)
@pytest.mark.parametrize("seed", range(8))
def test_random_objects_in_random_tiles(name, values, seed):
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(3, 15, 2))
    labels = np.kron(random.integers(0, 4, shape), np.ones((2, 2), int))[: shape[0], : shape[1]]
    labels = np.where(random.random(shape) < 0.15, 0, labels) * 1000
    made = {
        "labels": labels,
        "objects": labels,
        "seeds": np.where(random.random(shape) < 0.2, random.integers(1, 5, shape), 0),
        "mask": random.random(shape) < 0.6,
        "lines": random.random(shape) < 0.3,
        "image": random.integers(0, 9, shape),
    }
    inputs = {item.name: made[item.name] for item in ow.operations[name].inputs}
    in_tiles(name, tuple(random.integers(1, 7, 2).tolist()), **inputs, **values)
