"""Objects are curated by the dock, and every edit is undone and done again, pixels and table alike."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pandas as pd
import pytest

import objectwise as ow
from objectwise.gui.curate import undo
from objectwise.gui.curate.curate_dock import CurateDock
from objectwise.gui.curate.drawing import LINE, POINTS
from objectwise.gui.curate.undo import bytes_of_edits, undo_stack
from objectwise.gui.docks import MorphologyDock
from objectwise.gui.measuring import MeasureDock
from objectwise.gui.table.freshness import freshness_of
from objectwise.gui.table.noted_table import table_of
from objectwise.gui.table.selection import keys_of, selection_of
from objectwise.gui.table.table_dock import TableDock
from tests.gui.test_freshness import measured, squares


@pytest.fixture
def ready(qtbot):
    """Wait until an edit is written and the table is fresh again."""

    def wait(dock):
        qtbot.waitUntil(lambda: dock.worker is None, timeout=30000)
        qtbot.wait(20)
        qtbot.waitUntil(lambda: dock.worker is None and not freshness_of(dock.layer).busy, timeout=30000)
        return dock.status.text()

    return wait


@pytest.fixture
def cells(model, open_dock, ready):
    """Add a movie of three frames in which all ids are reused, its table, and the dock."""
    labels = np.stack([squares()] * 3)
    labels[:, 68, 88] = 0
    arguments = {"axis_labels": ("t", "y", "x"), "scale": (1, 0.5, 0.5), "units": ("s", "um", "um")}
    image = model.add_image(np.random.default_rng(0).random(labels.shape), name="DNA", **arguments)
    layer = model.add_labels(labels, name="cells", **arguments)
    measured(model, layer, image)
    dock = open_dock(CurateDock, model)
    ready(dock)
    return layer, dock


def choose(layer, frames, labels):
    selection_of(layer).choose(keys_of(np.asarray(frames), np.asarray(labels)))


EDITS = {
    "delete": lambda dock: dock.edits.delete(),
    "keep only": lambda dock: dock.edits.keep_only(),
    "merge": lambda dock: dock.edits.merge(),
    "fill holes": lambda dock: dock.edits.fill_holes(),
    "smooth": lambda dock: dock.edits.smooth(),
    "swap": lambda dock: dock.swap(),
    "cut": lambda dock: dock.splitting.cut(np.array([[1.0, 65.0, -2.0], [1.0, 67.0, 130.0]])),
    "class": lambda dock: dock.give_class(1),
}


@pytest.mark.parametrize("name", list(EDITS))
def test_every_edit_is_undone_and_done_again(name, cells, ready, model):
    layer, dock = cells
    dock.classes.names.setText("dividing, dead")
    dock.classes._on_names()
    model.dims.set_current_step(0, 1)
    # the first of them has a hole, and both lie under the line
    choose(layer, [1, 1], [157, 164])
    pixels, table = layer.data.copy(), table_of(layer).table
    EDITS[name](dock)
    text = ready(dock)
    after, new = layer.data.copy(), table_of(layer).table
    assert ("class" in new.frame) if name == "class" else not np.array_equal(after, pixels), text
    assert np.array_equal(after[[0, 2]], pixels[[0, 2]])
    pd.testing.assert_frame_equal(
        table_of(layer).measured.frame[["frame", "label", "area"]],
        ow.measure(layer.data, grid=table_of(layer).grid, features=("area",)).frame,
        check_exact=True,
    )
    assert name in dock.undoing.undo_button.text().lower() or name == "class"
    dock.undoing.undo_button.click()
    ready(dock)
    assert np.array_equal(layer.data, pixels)
    pd.testing.assert_frame_equal(table_of(layer).table.frame, table.frame, check_exact=True)
    dock.undoing.redo_button.click()
    ready(dock)
    assert np.array_equal(layer.data, after)
    pd.testing.assert_frame_equal(table_of(layer).table.frame, new.frame, check_exact=True)


def test_edits_stay_in_their_frame_unless_all_are_meant(cells, ready):
    layer, dock = cells
    choose(layer, [1], [3])
    dock.edits.delete()
    ready(dock)
    assert [(layer.data[frame] == 3).any() for frame in range(3)] == [True, False, True]
    choose(layer, [2], [10])
    dock.chosen.everywhere.setChecked(True)
    dock.edits.delete()
    ready(dock)
    assert not (layer.data == 10).any()
    dock.undoing.undo()
    assert np.count_nonzero(layer.data == 10) == 3 * 120
    ready(dock)
    choose(layer, [0, 2], [3, 17])
    dock.edits.merge()
    ready(dock)
    assert not (layer.data == 17).any()
    assert np.count_nonzero(layer.data[0] == 3) == 240


def test_rows_of_the_filter(cells, ready, model, open_dock):
    layer, dock = cells
    table = open_dock(TableDock, model)
    assert not dock.chosen.target.model().item(1).isEnabled()
    selection_of(layer).show_where("label > 70000")
    n = len(table.model.order)
    assert dock.chosen.target.itemText(1) == f"{n} rows shown by the filter"
    dock.chosen.target.setCurrentIndex(1)
    dock.edits.delete()
    ready(dock)
    assert layer.data.max() < 70_000
    assert len(table_of(layer).table) == 108 - n
    dock.undoing.undo()
    ready(dock)
    dock.chosen.target.setCurrentIndex(1)
    dock.edits.keep_only()
    ready(dock)
    assert layer.data[layer.data > 0].min() > 70_000
    dock.undoing.undo()
    ready(dock)
    dock.chosen.target.setCurrentIndex(1)
    dock.to_new_layer()
    ready(dock)
    new = model.layers[-1]
    assert new.name == f"cells {n} objects"
    assert np.array_equal(new.data, np.where(layer.data > 70_000, layer.data, 0))
    assert [str(unit) for unit in new.units] == [str(unit) for unit in layer.units]
    assert not layer.visible
    dock.undoing.undo()
    assert new not in model.layers
    assert layer.visible
    dock.undoing.redo()
    assert new in model.layers
    assert model.layers.extent.units is not None


def test_new_ids(cells, ready):
    layer, dock = cells
    highest = int(layer.data.max())
    choose(layer, [0], [3])
    dock.relabel()
    ready(dock)
    assert np.count_nonzero(layer.data[0] == highest + 1) == 120
    choose(layer, [1], [3])
    dock.new_id.setValue(10)
    dock.relabel()
    assert "There is an object 10 already" in ready(dock)
    dock.new_id.setValue(5)
    dock.relabel()
    ready(dock)
    assert np.count_nonzero(layer.data[1] == 5) == 120


def test_a_line_that_is_drawn_cuts(cells, ready, model, qtbot):
    layer, dock = cells
    model.dims.set_current_step(0, 1)
    before = layer.data.copy()
    dock.splitting.line.setChecked(True)
    assert model.layers[-1].name == LINE
    assert dock.layer is layer
    drawing = dock.splitting.drawing.layer
    drawing.add(np.array([[1, 8, -2], [1, 9, 22.0]]), shape_type="line")
    qtbot.waitUntil(lambda: dock.splitting.drawing is not None and not len(drawing.data), timeout=5000)
    assert "done" in ready(dock)
    assert np.array_equal(layer.data > 0, before > 0)
    assert len(np.unique(layer.data[1, :20, :20])) == 3
    drawing.add(np.array([[1, 100, -2], [1, 100, 1.0]]), shape_type="line")
    qtbot.wait(50)
    assert "no object from side to side" in ready(dock)
    dock.splitting.line.setChecked(False)
    assert LINE not in model.layers
    assert model.layers.selection.active is layer


def test_points_split(cells, ready, model):
    layer, dock = cells
    model.dims.set_current_step(0, 2)
    dock.splitting.points.setChecked(True)
    points = dock.splitting.drawing.layer
    points.add([[2, 5, 8], [2, 13, 9], [2, 60, 60]])
    dock.splitting.split_at_points()
    ready(dock)
    assert len(np.unique(layer.data[2, :20, :20])) == 3
    assert len(np.unique(layer.data[1, :20, :20])) == 2
    # whoever takes the layer away has ended it
    model.layers.remove(points)
    assert not dock.splitting.points.isChecked()
    assert POINTS not in model.layers


def test_one_kind_of_drawing_ends_the_other(cells, model):
    _, dock = cells
    dock.splitting.points.setChecked(True)
    dock.splitting.line.setChecked(True)
    assert dock.splitting.line.isChecked()
    assert not dock.splitting.points.isChecked()
    assert not dock.splitting.split.isEnabled()
    assert [layer.name for layer in model.layers if layer.name in (LINE, POINTS)] == [LINE]


def test_a_key_without_a_selection_says_what_to_do(cells):
    _, dock = cells
    dock.classes.names.setText("dead")
    dock.classes.names.editingFinished.emit()
    dock.chosen.everywhere.setChecked(True)
    dock.give_class(1)
    assert "Select objects first" in dock.status.text()


def test_paint_of_a_person_is_undone_before_what_lies_below(cells, ready, model):
    layer, dock = cells
    choose(layer, [0], [3])
    pixels = layer.data.copy()
    dock.edits.delete()
    ready(dock)
    deleted = layer.data.copy()
    layer.data_setitem((np.array([0]), np.array([0]), np.array([0])), 9)
    assert dock.undoing.undo_button.text() == "Undo: painting in cells"
    dock.undoing.undo()
    assert np.array_equal(layer.data, deleted)
    dock.undoing.undo()
    assert np.array_equal(layer.data, pixels)
    dock.undoing.redo()
    assert np.array_equal(layer.data, deleted)
    # napari's own undo, behind our back
    layer.undo()
    assert undo_stack(model).next_undo() == ""
    assert undo_stack(model).next_redo() == "delete 1 object"
    dock.undoing.redo()
    assert np.array_equal(layer.data, deleted)


def test_operations_and_tables_are_undone(model, blobs, open_dock, finish, ready):
    layer = model.add_labels((blobs > 600).astype(np.int32), name="mask")
    shape = open_dock(MorphologyDock, model)
    finish(shape)
    new = model.layers[-1]
    assert not layer.visible
    history = undo_stack(model)
    assert history.undo()
    assert list(model.layers) == [layer]
    assert layer.visible
    assert history.redo()
    assert list(model.layers) == [layer, new]
    assert not layer.visible
    history.undo()
    measure = open_dock(MeasureDock, model)
    finish(measure)
    assert table_of(layer) is not None
    assert history.next_undo() == "measure"
    history.undo()
    assert table_of(layer) is None
    history.redo()
    assert len(table_of(layer).table) == 1
    # what a person has removed is forgotten
    model.layers.remove(layer)
    assert history.next_undo() == ""


def test_memory_is_bounded(cells, ready, monkeypatch):
    layer, dock = cells
    sizes = []
    for label in (3, 10, 17):
        choose(layer, [0, 1, 2], [label] * 3)
        dock.edits.delete()
        ready(dock)
        sizes.append(bytes_of_edits(layer))
    # two bytes for each of three places, four for the value before and after
    assert sizes[0] == 3 * 120 * 14
    monkeypatch.setattr(undo, "EDITS_LIMIT", sizes[0] * 2)
    choose(layer, [0, 1, 2], [24] * 3)
    dock.edits.delete()
    assert "2 oldest edits" in ready(dock)
    assert bytes_of_edits(layer) <= sizes[0] * 2
    monkeypatch.setattr("objectwise.gui.curate.curating.EDITS_LIMIT", 100)
    choose(layer, [0], [38])
    dock.edits.delete()
    assert "put objects into a new layer" in ready(dock)
    assert (layer.data[0] == 38).any()


def test_what_cannot_be_edited_is_copied(model, open_dock, ready):
    lazy = model.add_labels(da.from_array(squares(), chunks=60), name="lazy", scale=(0.5, 0.5), units="um")
    dock = open_dock(CurateDock, model)
    assert "part by part" in dock.problem.text()
    assert not dock.edits.erase.isEnabled()
    dock.make_copy()
    ready(dock)
    copy = model.layers[-1]
    assert isinstance(copy.data, np.ndarray)
    assert copy.data.dtype == np.int32
    assert np.array_equal(copy.data, squares())
    model.layers.selection.active = copy
    assert not dock.problem.isVisible()
    assert not lazy.visible


def test_ids_of_eight_bits_end(model, open_dock, ready):
    labels = np.zeros((40, 40), np.uint8)
    labels[5:25, 5:25] = 255
    layer = model.add_labels(labels, name="small")
    dock = open_dock(CurateDock, model)
    dock.splitting.cut(np.array([[-1.0, 12.0], [39.0, 12.0]]))
    assert "end at 255" in ready(dock)
    assert layer.data.max() == 255


def test_a_hidden_layer_is_shown_when_it_is_edited(model, open_dock, ready):
    layer = model.add_labels(squares(), name="hidden", visible=False)
    dock = open_dock(CurateDock, model)
    choose(layer, [0], [3])
    dock.edits.delete()
    assert "done" in ready(dock)
    assert layer.visible
    assert not (layer.data == 3).any()
    dock.undoing.undo()
    assert np.array_equal(layer.data, squares())


def test_classes_by_click_and_key(cells, ready, model):
    layer, dock = cells
    dock.classes.names.setText("dividing, dead")
    dock.classes.names.editingFinished.emit()
    dock.classes.by_click.setChecked(True)
    dock.classes.buttons[2].click()
    for label in (3, 10):
        choose(layer, [0], [label])
    dock.classes.buttons[2].click()
    choose(layer, [1], [3])
    next(bound for key, bound in layer.keymap.items() if str(key) == "1")(layer)
    frame = table_of(layer).table.frame
    assert frame.loc[frame["class"] != "", ["frame", "label", "class"]].values.tolist() == [
        [0, 3, "dead"],
        [0, 10, "dead"],
        [1, 3, "dividing"],
    ]
    dock.classes_to_layer()
    ready(dock)
    assert np.bincount(model.layers[-1].data.ravel())[1:].tolist() == [120, 240]
    dock.classes.by_click.setChecked(False)
    assert not layer.keymap


def test_a_closed_dock_leaves_nothing(model, open_dock):
    layer = model.add_labels(squares(), name="cells")
    freshness_of(layer)

    def count():
        groups = (model.layers.events, model.dims.events, model.layers.selection.events, layer.events)
        return sum(len(emitter.callbacks) for group in groups for emitter in group.emitters.values())

    before = count(), len(model.mouse_drag_callbacks), len(layer.keymap), list(model.layers)
    dock = open_dock(CurateDock, model)
    dock.classes.names.setText("a, b")
    dock.classes.names.editingFinished.emit()
    dock.classes.by_click.setChecked(True)
    dock.splitting.line.setChecked(True)
    dock.shut_down()
    assert (count(), len(model.mouse_drag_callbacks), len(layer.keymap), list(model.layers)) == before
    undo_stack(model).add_layers("something", [layer])
