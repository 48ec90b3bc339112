"""Rows and objects find each other by id and frame; napari's own table and status bar are right too."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from objectwise.core.grid import Grid
from objectwise.core.run import Result
from objectwise.core.table import Table
from objectwise.gui.layers.conversion import fingerprint
from objectwise.gui.table.features import features_of
from objectwise.gui.table.freshness import freshness_of
from objectwise.gui.table.noted_table import note_table
from objectwise.gui.table.selection import selection_of
from objectwise.gui.table.table_dock import TableDock
from objectwise.gui.table.table_model import TableModel


@pytest.fixture
def sparse(model):
    """Add a movie of three frames with the ids 7, 12 and 5000, that live through some of the frames."""
    labels = np.zeros((3, 20, 30), np.int32)
    labels[0, 2:5, 2:5] = 7
    labels[1, 4:7, 2:5] = 7
    labels[1, 10:14, 20:24] = 5000
    labels[2, 15:18, 3:9] = 12
    labels[2, 10:14, 22:26] = 5000
    layer = model.add_labels(
        labels, name="cells", scale=(1, 0.5, 0.5), units=("s", "um", "um"), axis_labels=("t", "y", "x")
    )
    measured(layer, "tyx")
    return layer


def measured(layer, axes, mark=True):
    import objectwise as ow

    grid = Grid(axes, (0.5,) * sum(axis in "zyx" for axis in axes), "um")
    recipe = ow.Recipe([ow.Step("table", "measure", {"labels": "cells"})], unit="um")
    *_, last = ow.run(recipe, {"cells": (layer.data, grid)})
    result = last.results["table"]
    note_table(layer, Result(result.array, grid, "table"), fingerprint(layer.data) if mark else None)
    return result.array


def rows(dock):
    return [dock.model.object_at(row) for row in range(dock.model.rowCount())]


def click(dock, label, frame):
    dock.view.setCurrentIndex(dock.model.index(rows(dock).index((label, frame)), 0))


def test_a_row_leads_to_its_object(model, sparse, open_dock):
    dock = open_dock(TableDock, model)
    assert rows(dock) == [(7, 0), (7, 1), (5000, 1), (12, 2), (5000, 2)]
    for label, frame in rows(dock):
        click(dock, label, frame)
        assert sparse.selected_label == label
        assert model.dims.current_step[0] == frame
        where = np.argwhere(sparse.data[frame] == label).mean(axis=0) * 0.5
        np.testing.assert_allclose(model.scene.camera.center[-2:], where)


def test_sorting_changes_nothing_about_the_link(model, sparse, open_dock):
    dock = open_dock(TableDock, model)
    dock.view.sortByColumn(dock.model.names.index("area"), Qt.SortOrder.DescendingOrder)
    assert dock.model.value_at(0, "area") == max(dock.model.column("area"))
    for label, frame in rows(dock):
        click(dock, label, frame)
        assert (sparse.selected_label, model.dims.current_step[0]) == (label, frame)


def test_an_object_leads_to_its_row(model, sparse, open_dock):
    dock = open_dock(TableDock, model)
    dock.view.sortByColumn(dock.model.names.index("label"), Qt.SortOrder.DescendingOrder)
    for label, frame in ((7, 1), (5000, 2), (12, 2), (5000, 1)):
        model.dims.set_current_step(0, frame)
        sparse.selected_label = label
        assert dock.model.object_at(dock.view.currentIndex().row()) == (label, frame)
        assert selection_of(sparse).rows() == [(frame, label)]
    sparse.selected_label = 999
    assert not dock.view.selectionModel().hasSelection()


def test_another_frame_leaves_the_selection_as_it_is(model, sparse, open_dock):
    dock = open_dock(TableDock, model)
    click(dock, 5000, 1)
    model.dims.set_current_step(0, 2)
    assert dock.model.object_at(dock.view.currentIndex().row()) == (5000, 1)
    assert selection_of(sparse).rows() == [(1, 5000)]


def test_one_frame_only(model, sparse, open_dock):
    dock = open_dock(TableDock, model)
    model.dims.set_current_step(0, 1)
    dock.only_frame.setChecked(True)
    assert rows(dock) == [(7, 1), (5000, 1)]
    model.dims.set_current_step(0, 2)
    assert rows(dock) == [(12, 2), (5000, 2)]
    dock.only_frame.setChecked(False)
    assert len(rows(dock)) == 5


def test_the_table_of_the_selected_layer_is_shown(model, sparse, open_dock):
    dock = open_dock(TableDock, model)
    other = model.add_labels(np.eye(5, dtype=int) * 3, name="other")
    measured(other, "yx")
    model.layers.selection.active = sparse
    assert dock.layer is sparse
    model.layers.selection.active = other
    assert dock.layer is other
    assert rows(dock) == [(3, 0)]
    model.layers.remove(other)
    assert dock.model.rowCount() == 0
    assert not dock.save.isEnabled()


def test_volumes_go_to_the_plane_of_the_object(model, open_dock):
    labels = np.zeros((9, 20, 20), np.int32)
    labels[1:4, 2:6, 2:6] = 2
    labels[5:8, 10:14, 10:14] = 1
    layer = model.add_labels(labels, axis_labels=("z", "y", "x"), units="um", scale=(0.5, 0.5, 0.5))
    measured(layer, "zyx")
    dock = open_dock(TableDock, model)
    click(dock, 2, 0)
    assert model.dims.current_step[0] == 2
    click(dock, 1, 0)
    assert model.dims.current_step[0] == 6


# --- napari's own table --------------------------------------------------------------------------------


def test_features_have_a_row_for_each_id():
    frame = pd.DataFrame({"frame": 0, "label": [7, 3], "area": [1.0, 2.0]})
    features = features_of(frame)
    assert features["index"].tolist() == features["label"].tolist() == list(range(8))
    assert features["area"][3] == 2
    assert features["area"].isna().sum() == 6


def test_large_ids_are_not_filled_in():
    features = features_of(pd.DataFrame({"frame": 0, "label": [7, 50_000_000], "area": [1.0, 2.0]}))
    assert features["index"].tolist() == [7, 50_000_000]


def test_features_of_no_object():
    assert len(features_of(pd.DataFrame({"frame": [], "label": [], "area": []}))) == 1


def test_features_follow_the_frame(model, sparse, open_dock):
    open_dock(TableDock, model)
    for frame in range(3):
        model.dims.set_current_step(0, frame)
        table = sparse.metadata["objectwise"]["table"].table.frame
        expected = table[table["frame"] == frame].set_index("label")["area"]
        found = sparse.features.set_index("label")["area"].dropna()
        pd.testing.assert_series_equal(found, expected, check_index_type=False)
        for label in expected.index:
            y, x = np.argwhere(sparse.data[frame] == label)[0]
            status = sparse.get_status(
                (frame, y * 0.5, x * 0.5), view_direction=None, dims_displayed=[1, 2], world=True
            )
            assert f"label: {label}" in status["coordinates"] + status.get("value", "") + str(status)


# --- staleness -----------------------------------------------------------------------------------------


def test_an_edit_is_noticed_and_its_undo_too(model, sparse, open_dock, qtbot):
    dock = open_dock(TableDock, model)
    assert dock.age.isHidden()
    qtbot.waitUntil(lambda: not freshness_of(sparse).busy, timeout=20000)
    sparse.data_setitem((np.array([0]), np.array([0]), np.array([0])), 7)
    qtbot.waitUntil(lambda: not dock.age.isHidden(), timeout=5000)
    sparse.undo()
    qtbot.waitUntil(lambda: dock.age.isHidden(), timeout=5000)


# --- the model -----------------------------------------------------------------------------------------


@pytest.fixture
def table():
    frame = pd.DataFrame(
        {
            "frame": 0,
            "label": [4, 9, 2],
            "area": [2.0, np.nan, 1.0],
            "n": [5, 6, 7],
            "flag": [True, False, True],
        }
    )
    return Table(frame, {"area": "um^2"}, {"area": "What it covers."})


def test_headers_name_units(table, qapp):
    model = TableModel(table)
    titles = [model.headerData(n, Qt.Orientation.Horizontal) for n in range(model.columnCount())]
    assert titles == ["frame", "label", "area (µm²)", "n", "flag"]
    assert (
        model.headerData(2, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
        == "<p>What it covers.</p>"
    )


def test_cells_and_gaps(table, qapp):
    model = TableModel(table)
    assert [model.data(model.index(1, n)) for n in range(5)] == ["0", "9", "", "6", "no"]
    assert "not recorded" in model.data(model.index(1, 2), Qt.ItemDataRole.ToolTipRole)


@pytest.mark.parametrize(("order", "labels"), [("AscendingOrder", [2, 4, 9]), ("DescendingOrder", [4, 2, 9])])
def test_what_is_not_defined_is_sorted_last(table, qapp, order, labels):
    model = TableModel(table)
    model.sort(2, getattr(Qt.SortOrder, order))
    assert [model.object_at(row)[0] for row in range(3)] == labels


def test_the_model_keeps_qts_promises(table, qapp, qtmodeltester):
    qtmodeltester.check(TableModel(table))


def test_an_empty_table(model, open_dock):
    layer = model.add_labels(np.zeros((5, 6), int))
    measured(layer, "yx")
    dock = open_dock(TableDock, model)
    assert dock.model.rowCount() == 0
    dock.view.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    dock.copy_rows()


def saved(qtbot, dock, *arguments):
    dock.save.write(*arguments)
    qtbot.waitUntil(lambda: not dock.save.busy, timeout=20000)


def test_copy_and_save(model, sparse, open_dock, tmp_path, qtbot):
    dock = open_dock(TableDock, model)
    dock.copy_rows()
    lines = QApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:4] == ["frame", "label", "n_pixels", "area"]
    assert len(lines) == 6
    dock.view.selectAll()
    dock.copy_rows()
    assert len(QApplication.clipboard().text().splitlines()) == 6
    saved(qtbot, dock, str(tmp_path / "cells"))
    read = Table.read_csv(tmp_path / "cells.csv")
    pd.testing.assert_frame_equal(read.frame, dock.model.table.frame)
    assert read.units["area"] == "um^2"
    assert "Saved 5 rows to cells.csv" in dock.title.text()
    saved(qtbot, dock, str(tmp_path / "no" / "where.csv"))
    assert "Not saved: there is no folder" in dock.problem.text()


def test_a_closed_table_follows_no_event(model, sparse, open_dock):
    def count():
        groups = (model.layers.events, model.dims.events, model.layers.selection.events, sparse.events)
        return sum(len(emitter.callbacks) for group in groups for emitter in group.emitters.values())

    before = count()
    dock = open_dock(TableDock, model)
    assert count() > before
    dock.shut_down()
    assert count() == before


# --- filter, columns, summary --------------------------------------------------------------------------


def typed(qtbot, dock, text):
    dock.filter.setText(text)
    qtbot.waitUntil(lambda: not dock.filter._soon.isActive(), timeout=5000)


def test_a_filter_keeps_rows_and_tells_what_is_wrong(model, sparse, open_dock, qtbot):
    dock = open_dock(TableDock, model)
    typed(qtbot, dock, "label > 7 and frame == 2")
    assert rows(dock) == [(12, 2), (5000, 2)]
    assert "5 rows, 2 shown" in dock.title.text()
    typed(qtbot, dock, "lable > 7")
    assert "did you mean 'label'" in dock.problem.text()
    assert len(rows(dock)) == 2
    typed(qtbot, dock, "")
    assert len(rows(dock)) == 5
    assert dock.problem.isHidden()


def test_what_a_filter_hides_stays_selected_and_is_said(model, sparse, open_dock, qtbot):
    dock = open_dock(TableDock, model)
    dock.view.selectAll()
    assert len(selection_of(sparse)) == 5
    typed(qtbot, dock, "frame == 1")
    assert len(selection_of(sparse)) == 5
    assert "5 selected (3 of them not shown)" in dock.title.text()
    click(dock, 7, 1)
    assert selection_of(sparse).rows() == [(1, 7)]


def test_a_filter_stays_with_its_layer(model, sparse, open_dock, qtbot):
    dock = open_dock(TableDock, model)
    typed(qtbot, dock, "label == 7")
    other = model.add_labels(np.eye(5, dtype=int) * 3, name="other")
    measured(other, "yx")
    dock.show_layer(other)
    assert dock.filter.text() == ""
    assert rows(dock) == [(3, 0)]
    dock.show_layer(sparse)
    assert dock.filter.text() == "label == 7"
    assert rows(dock) == [(7, 0), (7, 1)]


def test_names_are_completed(model, sparse, open_dock, qtbot):
    dock = open_dock(TableDock, model)
    dock.filter.setFocus()
    qtbot.keyClicks(dock.filter, "label > 1 and solid")
    popup = dock.filter._completer.popup()
    assert popup.isVisible()
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert dock.filter.text() == "label > 1 and solidity"


def test_hidden_columns_are_remembered_and_left_out(model, sparse, open_dock):
    dock = open_dock(TableDock, model)
    keep = {"frame", "label", "area"}
    dock._hide(set(dock.model.names) - keep)
    dock.copy_rows()
    assert QApplication.clipboard().text().splitlines()[0] == "frame\tlabel\tarea"
    dock.shut_down()
    again = open_dock(TableDock, model)
    assert {name for n, name in enumerate(again.model.names) if not again.view.isColumnHidden(n)} == keep


def test_the_summary_is_of_what_is_selected_or_shown(model, sparse, open_dock):
    dock = open_dock(TableDock, model)
    dock.statistic.setCurrentText("all")
    areas = dock.model.column("area")
    column = dock.model.names.index("area")
    values = dock.summary.summary.values_of
    assert values(column)["mean"] == pytest.approx(areas.mean())
    assert values(column)["sd"] == pytest.approx(areas.std(ddof=1))
    selection_of(sparse).choose(dock.model.keys[:2])
    assert values(column)["median"] == pytest.approx(np.median(areas[:2]))
    selection_of(sparse).choose(dock.model.keys[:1])
    assert values(column)["n"] == 5
    shown = dock.summary.summary
    assert shown.data(shown.index(1, dock.model.names.index("label"))) == "mean"
    assert "median" in shown.data(shown.index(1, column), Qt.ItemDataRole.ToolTipRole)


def test_finding(model, sparse, open_dock):
    dock = open_dock(TableDock, model)
    dock.finder.setText("12")
    assert dock.find_next()
    assert selection_of(sparse).rows() == [(2, 12)]
    dock.finder.setText("solid")
    assert dock.find_next()
    assert dock.model.names[dock.view.currentIndex().column()] == "solidity"
    assert selection_of(sparse).rows() == [(2, 12)]
    dock.finder.setText("999")
    assert not dock.find_next()
    assert "999" in dock.problem.text()


def test_what_is_saved_is_chosen(model, sparse, open_dock, qtbot, tmp_path):
    dock = open_dock(TableDock, model)
    typed(qtbot, dock, "frame == 1")
    dock._hide({"n_pixels"})
    choices = list(dock.parts().items())
    assert [text.partition(":")[0] for text, _ in choices] == ["Everything", "What is shown"]
    saved(qtbot, dock, str(tmp_path / "part.tsv"), *choices[1][1])
    read = pd.read_csv(tmp_path / "part.tsv", sep="\t")
    assert read["label"].tolist() == [7, 5000]
    assert "n_pixels" not in read


def test_many_scattered_rows_are_shown_without_qt(model, open_dock):
    n = 3000
    labels = np.arange(n).reshape(50, 60).astype(np.int32) + 1
    layer = model.add_labels(labels)
    frame = pd.DataFrame({"frame": 0, "label": np.arange(n) + 1, "value": np.arange(n) % 7})
    note_table(layer, Result(Table(frame), Grid("yx", (1.0, 1.0)), "table"), None)
    dock = open_dock(TableDock, model)
    selection_of(layer).choose(dock.model.keys[::2])
    assert not dock.view.selectionModel().hasSelection()
    role = Qt.ItemDataRole.BackgroundRole
    assert [dock.model.data(dock.model.index(row, 0), role) is not None for row in range(4)] == [
        True,
        False,
    ] * 2
    dock.view.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    coloured = [dock.model.data(dock.model.index(row, 0), role) is not None for row in range(n)]
    expected = selection_of(layer).holds(dock.model.keys[dock.model.order])
    assert np.array_equal(coloured, expected)
    dock.view.selectRow(3)
    assert len(selection_of(layer)) == 1
    assert dock.model.data(dock.model.index(4, 0), role) is None


def test_the_features_of_a_movie_go_with_the_table(model, sparse, open_dock):
    dock = open_dock(TableDock, model)
    assert len(sparse.features)
    dock.shut_down()
    assert not len(sparse.features.columns)
