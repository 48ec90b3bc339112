"""In a real window: objects are selected, cut and deleted, and keys and buttons undo it all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from objectwise.gui.curate.curate_dock import CurateDock
from objectwise.gui.table.freshness import freshness_of
from objectwise.gui.table.noted_table import table_of
from objectwise.gui.table.table_dock import TableDock
from tests.gui.test_freshness import measured, squares


@pytest.fixture
def window(make_napari_viewer, qtbot):
    """Open a window with measured objects, their table and the dock."""
    viewer = make_napari_viewer(show=True)
    layer = viewer.add_labels(squares(), name="cells")
    measured(viewer, layer)
    docks = [TableDock(viewer), CurateDock(viewer)]
    for dock, area in zip(docks, ("bottom", "right"), strict=True):
        viewer.window.add_dock_widget(dock, name=type(dock).__name__, area=area)
    QApplication.processEvents()
    qtbot.waitUntil(lambda: not freshness_of(layer).busy, timeout=30000)
    yield viewer, layer, *docks
    for dock in docks:
        dock.shut_down()
    QApplication.processEvents()


def settle(qtbot, layer, dock):
    qtbot.waitUntil(lambda: dock.worker is None, timeout=30000)
    qtbot.wait(30)
    qtbot.waitUntil(lambda: not freshness_of(layer).busy, timeout=30000)


def test_a_person_curates_and_undoes_it(window, qtbot):
    _, layer, table, dock = window
    pixels, frame = layer.data.copy(), table_of(layer).table.frame
    # as a line that is drawn from above the first object to below it
    dock.splitting.cut(np.array([[-1.0, 9.0], [17.0, 9.0]]))
    qtbot.waitUntil(lambda: len(np.unique(layer.data)) == 38, timeout=20000)
    settle(qtbot, layer, dock)
    assert np.array_equal(layer.data > 0, pixels > 0)
    assert len(table_of(layer).table) == 37
    assert "2 rows measured again" in table.age.text.text()
    table.view.setCurrentIndex(table.model.index(4, 0))
    qtbot.mouseClick(dock.edits.erase, Qt.MouseButton.LeftButton)
    settle(qtbot, layer, dock)
    assert len(table_of(layer).table) == 36
    assert dock.undoing.undo_button.text() == "Undo: delete 1 object"

    dock.edits.keep.setFocus()
    qtbot.keyClick(dock.edits.keep, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, layer, dock)
    assert len(table_of(layer).table) == 37
    qtbot.mouseClick(dock.undoing.undo_button, Qt.MouseButton.LeftButton)
    settle(qtbot, layer, dock)
    assert np.array_equal(layer.data, pixels)
    pd.testing.assert_frame_equal(table_of(layer).table.frame, frame, check_exact=True)
    assert dock.width() <= 360
    assert dock.inner.minimumSizeHint().width() <= 330
