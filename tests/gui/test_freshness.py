"""A table knows which of its rows are older than the pixels, and only those are measured again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import objectwise as ow
from objectwise.gui.layers.conversion import fingerprint, source_of
from objectwise.gui.table.age_line import sentence
from objectwise.gui.table.freshness import freshness_of
from objectwise.gui.table.noted_table import give_classes, note_table, table_of
from objectwise.gui.table.remeasure import Origin, changed_boxes, look
from objectwise.gui.table.selection import keys_of
from objectwise.kernels.fingerprints import SIDE, block_fingerprints


def measured(viewer, layer, *images, **settings):
    """Measure a layer as the dock does, and wait until its blocks are known."""
    layers = {"cells": layer, **{f"image {number}": item for number, item in enumerate(images)}}
    named = {"images": {item.name: name for name, item in list(layers.items())[1:]}} if images else {}
    step = ow.Step("table", "measure", {"labels": "cells", **named}, settings)
    recipe = ow.Recipe([step], inputs=tuple(layers), unit=source_of(layer).grid.unit)
    *_, last = ow.run(recipe, {name: source_of(item) for name, item in layers.items()})
    result = last.results["table"]
    result.grid = source_of(layer).grid
    origin = Origin.of(viewer, recipe, "table", layers)
    note_table(layer, result, fingerprint(layer.data), origin)
    return recipe, layers


@pytest.fixture
def settle(qtbot):
    """Wait until the table of a layer is as fresh as it becomes."""

    def wait(layer):
        qtbot.waitUntil(lambda: not freshness_of(layer).busy, timeout=30000)

    return wait


def full(recipe, layers):
    *_, last = ow.run(recipe, {name: source_of(item) for name, item in layers.items()})
    return last.results["table"].array


def same(layer, recipe, layers):
    found, expected = table_of(layer).measured, full(recipe, layers)
    pd.testing.assert_frame_equal(found.frame, expected.frame, check_exact=True)


def squares(n=6, size=20, dtype=np.int32):
    """Return n x n squares with gaps in their ids, which go above 65,536."""
    labels = np.zeros((n * size, n * size), dtype)
    ids = 3 + 7 * np.arange(n * n) + 70_000 * (np.arange(n * n) % 5 == 4)
    for number, label in enumerate(ids):
        y, x = divmod(number, n)
        labels[y * size + 3 : y * size + 15, x * size + 4 : x * size + 14] = label
    return labels


SCENES = {
    "yx": (120, 120),
    "tyx": (3, 120, 120),
    "zyx": (5, 120, 120),
    "tzyx": (2, 4, 120, 120),
}


@pytest.fixture(params=list(SCENES))
def scene(request, model, settle):
    """Add squares that are the same ids in all planes and frames, an image upon them, and their table."""
    axes, shape = request.param, SCENES[request.param]
    labels = np.broadcast_to(squares(), shape).copy()
    random = np.random.default_rng(3)
    arguments = {"scale": (0.5,) * len(shape), "units": ["s" if a == "t" else "um" for a in axes]}
    arguments["axis_labels"] = tuple(axes)
    image = model.add_image(random.integers(0, 900, shape).astype(np.uint16), name="DNA", **arguments)
    layer = model.add_labels(labels, name="cells", **arguments)
    recipe, layers = measured(model, layer, image)
    settle(layer)
    return layer, recipe, layers


def test_all_kinds_of_edits_are_measured_again(scene, settle):
    layer, recipe, layers = scene
    before = table_of(layer).measured
    assert not freshness_of(layer).outdated
    last = (layer.ndim - 2) * (1,)
    edits = {
        "paint": lambda: layer.data_setitem(
            (*tuple(np.full(40, place) for place in (*last, 30)), np.arange(24, 64)), 3
        ),
        "undo": layer.undo,
        "redo": layer.redo,
        "again": layer.undo,
        "another plugin": lambda: (
            layer.data.__setitem__((*last, slice(0, 20), slice(0, 60)), 99),
            layer.refresh(),
        ),
        "a new object": lambda: (
            layer.data.__setitem__((*last, slice(100, 103), slice(0, 3)), 98),
            layer.refresh(),
        ),
    }
    for name, edit in edits.items():
        edit()
        settle(layer)
        same(layer, recipe, layers)
        assert not freshness_of(layer).outdated, name
        if name in ("undo", "again"):
            pd.testing.assert_frame_equal(table_of(layer).measured.frame, before.frame, check_exact=True)
    again = freshness_of(layer).again
    frame = 1 if "t" in source_of(layer).grid.axes else 0
    assert keys_of([frame], [98])[0] in again
    assert len(again) <= 8
    assert "measured again" in sentence(freshness_of(layer), 10)


def test_of_an_image_that_is_gone_nothing_is_measured(model, settle):
    image = model.add_image(np.zeros((120, 120)), name="DNA")
    layer = model.add_labels(squares(), name="cells")
    measured(model, layer, image)
    settle(layer)
    layer.metadata["objectwise features"] = (0, None)
    layer.features = {"index": [3], "area": [5.0]}
    model.layers.remove(image)
    layer.data[5, 5] = 0
    layer.refresh()
    settle(layer)
    state = freshness_of(layer)
    # the squares that share a block of pixels count as touched until they are measured
    assert 3 in state.stale % (1 << 40)
    assert len(state.stale) < 8
    text = sentence(state, 36)
    assert "from before an edit" in text
    assert "image 0 is no more here" in text
    # what napari shows has lost what is old
    features = layer.features.set_index("label")
    assert np.isnan(features.loc[3, "area"])
    assert features.loc[3 + 7 * 35, "area"] == 120
    layer.data[5, 5] = 3
    layer.refresh()
    settle(layer)
    assert not state.outdated
    assert layer.features.set_index("label").loc[3, "area"] == 120


def test_another_image_and_another_pixel_size_make_all_rows_old(model, settle):
    image = model.add_image(np.zeros((120, 120)), name="DNA")
    layer = model.add_labels(squares(), name="cells")
    measured(model, layer, image)
    settle(layer)
    image.data = np.full((120, 120), 4.0)
    layer.refresh()
    settle(layer)
    assert table_of(layer).measured["intensity_mean_DNA"].eq(4).all()
    layer.scale = (0.5, 0.5)
    layer.units = ("um", "um")
    settle(layer)
    assert table_of(layer).measured["area"].eq(30).all() or len(freshness_of(layer).stale) == 36


def test_what_takes_long_waits_for_the_button(model, settle, monkeypatch):
    monkeypatch.setattr("objectwise.gui.table.freshness._CHEAP", 10)
    layer = model.add_labels(squares(), name="cells")
    recipe, layers = measured(model, layer)
    settle(layer)
    layer.data[0:16, 0:16] = 0
    layer.refresh()
    settle(layer)
    state = freshness_of(layer)
    assert 3 in state.stale
    assert "1 row is from before an edit" in sentence(state, 36)
    state.measure_again()
    settle(layer)
    same(layer, recipe, layers)
    assert len(table_of(layer).table) == 35


def test_neighbours_make_all_rows_of_a_frame_old(model, settle, monkeypatch):
    monkeypatch.setattr("objectwise.gui.table.freshness._CHEAP", 10)
    layer = model.add_labels(np.stack([squares()] * 2), name="cells", axis_labels=("t", "y", "x"))
    recipe, layers = measured(model, layer, features=("area", "neighbours"))
    settle(layer)
    layer.data[1, 0:16, 0:16] = 0
    layer.refresh()
    settle(layer)
    assert len(freshness_of(layer).stale) == 36
    freshness_of(layer).measure_again()
    settle(layer)
    same(layer, recipe, layers)


def test_classes_outlast_a_new_measurement(model, settle):
    layer = model.add_labels(squares(), name="cells")
    measured(model, layer)
    settle(layer)
    give_classes(layer, {3: "mitotic", 10: "dead"})
    assert table_of(layer).table["class"].tolist()[:3] == ["mitotic", "dead", ""]
    layer.data[0:16, 0:16] = 0
    layer.refresh()
    settle(layer)
    assert table_of(layer).table["class"].tolist()[:2] == ["dead", ""]
    layer.data[5, 5] = 3
    layer.refresh()
    settle(layer)
    assert table_of(layer).table["class"].tolist()[:2] == ["mitotic", "dead"]
    assert "class" not in table_of(layer).measured.frame
    give_classes(layer, {})
    assert "class" not in table_of(layer).table.frame


def test_an_edit_during_the_first_look_makes_all_old(model, settle):
    layer = model.add_labels(squares(), name="cells")
    mark = fingerprint(layer.data)
    table = ow.measure(layer.data)
    layer.data[5, 5] = 0
    result = source_of(layer)
    result.array = table
    note_table(layer, result, mark)
    settle(layer)
    assert len(freshness_of(layer).stale) == 36
    assert "the dock that made the table" in sentence(freshness_of(layer), 36)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.int32, np.int64, np.uint64])
def test_every_single_pixel_counts(dtype):
    labels = (np.arange(70 * 45) % 2).reshape(70, 45).astype(dtype)
    before = block_fingerprints(labels)
    assert before.shape == (1, 9, 6)
    for y, x in ((0, 0), (69, 44), (7, 8), (8, 7)):
        labels[y, x] ^= True
        differs = np.argwhere(before != block_fingerprints(labels))
        assert differs.tolist() == [[0, y // SIDE, x // SIDE]]
        labels[y, x] ^= True


def test_boxes_hold_all_that_has_changed():
    random = np.random.default_rng(0)
    labels = random.integers(0, 9, (4, 300, 200))
    before = block_fingerprints(labels)
    changed = labels.copy()
    places = random.integers(0, (4, 300, 200), (6, 3))
    changed[tuple(places.T)] += 1
    boxes = changed_boxes(before, block_fingerprints(changed), labels.shape)
    inside = np.zeros(labels.shape, bool)
    for box in boxes:
        inside[box] = True
    assert inside[labels != changed].all()
    assert inside.mean() < 0.1


def test_a_lazy_array_is_not_measured_unasked(model, settle):
    import dask.array as da

    layer = model.add_labels(da.from_array(squares(), chunks=40), name="cells")
    numbers, boxes = look(source_of(layer), None)
    assert numbers[0].shape == (1, 15, 15)
    assert boxes == {}
