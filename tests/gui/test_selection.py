"""One selection for table and canvas; selected objects are shown in the displayed plane, and nowhere else."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace

import dask.array as da
import numpy as np
import pandas as pd
import pytest
from napari.layers import Labels

from objectwise.core.grid import Grid
from objectwise.core.results import Result
from objectwise.core.table import Table
from objectwise.gui.table.canvas_link import CanvasLink, link_canvas
from objectwise.gui.table.highlight import NAME, Part, displayed_part, marked
from objectwise.gui.table.noted_table import note_table
from objectwise.gui.table.selection import Selection, keys_of, selection_of


def key(frame, label):
    return int(keys_of(frame, label))


# --- the selection -------------------------------------------------------------------------------------


def test_rows_are_chosen_added_and_turned_over():
    selection, told = Selection(), []
    selection.changed.connect(lambda: told.append(selection.rows()))
    selection.choose([key(0, 7)])
    selection.choose([key(2, 1)], "add")
    selection.choose([key(0, 7), key(1, 3)], "toggle")
    selection.choose([key(1, 3), key(2, 1)])
    selection.clear()
    assert told == [[(0, 7)], [(0, 7), (2, 1)], [(1, 3), (2, 1)], []]


def test_the_last_row_is_known():
    selection = Selection()
    selection.choose([key(0, 7)])
    assert selection.current == (0, 7)
    selection.choose([key(0, 7), key(1, 2)], current=(1, 2))
    assert selection.current == (1, 2)
    selection.choose([key(0, 7), key(1, 3)], current=(1, 2))
    assert selection.current is None


def test_labels_of_a_frame():
    selection = Selection()
    selection.choose(keys_of([0, 1, 1, 3], [70_000, 5, 2, 1]))
    assert [selection.labels_at(frame).tolist() for frame in range(4)] == [[70_000], [2, 5], [], [1]]
    assert selection.holds(keys_of([1, 1, 9], [2, 3, 9])).tolist() == [True, False, False]


def test_shown_rows():
    selection = Selection()
    table = Table(pd.DataFrame({"frame": [0, 0, 1], "label": [1, 2, 1], "area": [5.0, 9.0, 7.0]}))
    selection.show_where("area > 6")
    assert selection.shown(table, 0)[0].tolist() == [1, 2]
    selection.show_frame_only(True)
    assert selection.shown(table, 1)[0].tolist() == [2]
    selection.show_where("volume > 6")
    places, sentence = selection.shown(table, None)
    assert places.tolist() == [0, 1, 2]
    assert "no column 'volume'" in sentence


def test_a_selection_goes_with_its_layer():
    layer = Labels(np.eye(4, dtype=int))
    selection_of(layer).choose([key(0, 1)])
    assert selection_of(layer) is selection_of(layer)
    assert "selection" not in str(layer.metadata)
    reference = weakref.ref(selection_of(layer))
    del layer
    gc.collect()
    assert reference() is None


# --- the highlight -------------------------------------------------------------------------------------


def whole(shape):
    return Part(tuple(slice(0, n, 1) for n in shape), tuple(range(len(shape))))


def test_outlines_lie_inside_the_objects():
    labels = np.zeros((7, 8), np.int32)
    labels[1:6, 1:5] = 3
    labels[1:6, 5:7] = 90
    _, marks = marked(labels, whole(labels.shape), np.array([3]))
    expected = np.zeros((7, 8), int)
    expected[1:6, 1:5] = 2
    expected[2:5, 2:4] = 1
    assert np.array_equal(marks, expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.int64, np.uint64])
def test_outlines_of_any_dtype(dtype):
    labels = np.zeros((6, 6), dtype)
    labels[1:5, 1:5] = 200
    assert np.count_nonzero(marked(labels, whole((6, 6)), np.array([200]))[1]) == 16
    assert not marked(labels, whole((6, 6)), np.array([100]))[1].any()
    assert not marked(labels, whole((6, 6)), np.array([2**40]))[1].any()


@pytest.fixture
def linked(model, qtbot):
    """Link layers to the canvas, and wait for what they show."""
    links = []

    def link(layer) -> CanvasLink:
        links.append(link_canvas(model, layer))
        return links[-1]

    yield link
    for item in links:
        qtbot.waitUntil(lambda item=item: not item.highlight.busy, timeout=20000)
        item.release()


@pytest.fixture
def series(model):
    """Add two volumes of two planes with an id of its own in each, over a dask array."""
    labels = np.zeros((2, 2, 12, 14), np.uint16)
    for number in range(4):
        labels[number // 2, number % 2, 2:6, 2:7] = 10 + number
        labels[number // 2, number % 2, 7:11, 8:12] = 5
    layer = model.add_labels(
        da.from_array(labels, chunks=(1, 1, 12, 14)),
        name="series",
        axis_labels=("t", "z", "y", "x"),
        scale=(3, 2, 0.5, 0.5),
        translate=(0, 1, 4, 5),
        units=("s", "um", "um", "um"),
    )
    frame = pd.DataFrame(
        {"frame": [0, 0, 0, 1, 1, 1], "label": [5, 10, 11, 5, 12, 13], "area": np.arange(6.0)}
    )
    grid = Grid("tzyx", (2.0, 0.5, 0.5), "um")
    note_table(layer, Result(Table(frame), grid, "table"), None)
    return layer


def shown(model, layer):
    """Return the world positions of the pixels that are highlighted and displayed."""
    return {tuple(np.round(layer.data_to_world(place), 6)) for place in np.argwhere(np.asarray(layer.data))}


def test_the_highlight_lies_on_the_objects_of_the_displayed_plane(model, series, linked, qtbot):
    link = linked(series)
    selection_of(series).choose(keys_of([0, 0, 1], [5, 11, 12]))
    for t in range(2):
        for z in range(2):
            model.dims.set_point((0, 1), (3 * t, 2 * z + 1))
            qtbot.waitUntil(lambda: not link.highlight.busy, timeout=20000)
            wanted = [5, 11] if t == 0 else [12]
            plane = np.isin(np.asarray(series.data[t, z]), wanted)
            expected = {
                tuple(np.round(series.data_to_world((t, z, *place)), 6)) for place in np.argwhere(plane)
            }
            layer = link.highlight.layer
            assert (shown(model, layer) if layer is not None and layer.visible else set()) == expected
    assert model.layers.extent.units is not None
    assert model.layers.selection.active is series


def test_other_axes_displayed(model, series, linked, qtbot):
    link = linked(series)
    selection_of(series).choose(keys_of([0], [5]))
    model.dims.order = (0, 2, 1, 3)
    model.dims.set_point(2, 4 + 8 * 0.5)
    qtbot.waitUntil(lambda: not link.highlight.busy, timeout=20000)
    assert link.highlight.layer.data.shape == (1, 2, 1, 14)
    assert len(shown(model, link.highlight.layer)) == 8
    model.dims.ndisplay = 3
    assert not link.highlight.layer.visible


def test_the_highlight_follows_paint_and_goes_with_the_last_dock(model, qtbot):
    layer = model.add_labels(np.zeros((20, 20), int))
    first, second = link_canvas(model, layer), link_canvas(model, layer)
    assert first is second
    selection_of(layer).choose(keys_of([0], [4]))
    qtbot.waitUntil(lambda: not first.highlight.busy)
    layer.data_setitem((np.array([3, 3]), np.array([3, 4])), 4)
    qtbot.waitUntil(lambda: np.count_nonzero(first.highlight.layer.data) == 2)
    first.release()
    assert NAME in model.layers
    n = len(model.mouse_drag_callbacks)
    second.release()
    assert NAME not in model.layers
    assert len(model.mouse_drag_callbacks) == n - 1
    selection_of(layer).choose(keys_of([0], [5]))
    assert NAME not in model.layers


def test_of_a_large_plane_the_visible_part_is_looked_at(model):
    layer = model.add_labels(da.zeros((9000, 9000), dtype=np.uint8, chunks=1000))
    layer.corner_pixels = np.array([[100, 200], [8999, 8999]])
    part = displayed_part(model, layer)
    assert part.slices == (slice(100, 9000, 3), slice(200, 9000, 3))
    assert part.corner.tolist() == [101, 201]


# --- clicks --------------------------------------------------------------------------------------------


def click(link, layer, place, *modifiers, drag=0):
    event = SimpleNamespace(
        button=1,
        type="mouse_press",
        pos=(10, 10),
        position=layer.data_to_world(place),
        view_direction=None,
        dims_displayed=[layer.ndim - 2, layer.ndim - 1],
        modifiers=modifiers,
    )
    reaction = link._on_mouse(link.viewer, event)
    next(reaction, None)
    event.type, event.pos = "mouse_move", (10 + drag, 10)
    next(reaction, None)
    event.type = "mouse_release"
    next(reaction, None)


def test_clicks_select(model, series, linked):
    link, selection = linked(series), selection_of(series)
    model.dims.set_point((0, 1), (3, 1))
    click(link, series, (1, 0, 3, 3))
    assert selection.rows() == [(1, 12)]
    assert series.selected_label == 12
    click(link, series, (1, 0, 8, 9), "Shift")
    assert selection.rows() == [(1, 5), (1, 12)]
    click(link, series, (1, 0, 3, 3), "Control")
    assert selection.rows() == [(1, 5)]
    click(link, series, (1, 0, 3, 3), drag=30)
    assert selection.rows() == [(1, 5)]
    click(link, series, (1, 0, 0, 0), "Shift")
    assert selection.rows() == [(1, 5)]
    click(link, series, (1, 0, 0, 0))
    assert selection.rows() == []


def test_painting_selects_nothing(model, linked):
    layer = model.add_labels(np.full((20, 20), 3))
    link = linked(layer)
    for mode in ("paint", "erase", "fill", "polygon"):
        layer.mode = mode
        click(link, layer, (5, 5))
        assert not len(selection_of(layer))
    for mode in ("pan_zoom", "pick"):
        layer.mode = mode
        selection_of(layer).clear()
        click(link, layer, (5, 5))
        assert selection_of(layer).rows() == [(0, 3)]


def test_a_click_means_the_active_labels(model, linked):
    first = model.add_labels(np.full((20, 20), 3), name="first")
    second = model.add_labels(np.full((20, 20), 4), name="second")
    points = model.add_points([[1, 1]])
    link = linked(first)
    model.layers.selection.active = second
    click(link, first, (5, 5))
    assert not len(selection_of(first))
    model.layers.selection.active = points
    points.mode = "add"
    click(link, first, (5, 5))
    assert not len(selection_of(first))
    points.mode = "pan_zoom"
    click(link, first, (5, 5))
    assert selection_of(first).rows() == [(0, 3)]
    first.visible = False
    selection_of(first).clear()
    click(link, first, (5, 5))
    assert not len(selection_of(first))


def test_a_new_colormap_selects_nothing(model, linked):
    layer = model.add_labels(np.full((20, 20), 3))
    linked(layer)
    selection_of(layer).choose(keys_of([0, 0], [3, 4]))
    layer.new_colormap()
    assert len(selection_of(layer)) == 2


# --- going to an object --------------------------------------------------------------------------------


@pytest.mark.parametrize(("zoom", "kept"), [(0.001, False), (1000.0, False), (20.0, True)])
def test_zoom_is_kept_where_the_object_can_be_seen(model, linked, zoom, kept):
    labels = np.zeros((400, 400), int)
    labels[100:110, 200:220] = 2
    layer = model.add_labels(labels, scale=(0.5, 0.5))
    frame = pd.DataFrame({"frame": [0], "label": [2], "bbox_min_y": [100], "bbox_max_y": [110],
                          "bbox_min_x": [200], "bbox_max_x": [220]})  # fmt: skip
    note_table(layer, Result(Table(frame), Grid("yx", (0.5, 0.5), "um"), "table"), None)
    model.scene.camera.zoom = zoom
    linked(layer).go_to(0, 2)
    assert (model.scene.camera.zoom == zoom) == kept
    assert 12 <= 20 * 0.5 * model.scene.camera.zoom <= 0.9 * min(model.canvas.size)
    np.testing.assert_allclose(model.scene.camera.center[-2:], (104.5 / 2, 209.5 / 2))


def test_an_object_without_a_place_in_the_table_is_looked_for(model, series, linked, qtbot):
    linked(series).go_to(1, 13)
    qtbot.waitUntil(lambda: model.dims.current_step[:2] == (1, 1), timeout=20000)
    np.testing.assert_allclose(model.scene.camera.center[-2:], (4 + 3.5 * 0.5, 5 + 4 * 0.5))
