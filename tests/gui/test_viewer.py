"""In a real window: docks, tabs, runs that are cancelled, tables that are clicked, and nothing left behind."""

from __future__ import annotations

import gc
import time
import weakref
from types import SimpleNamespace

import dask.array as da
import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QTableView, QWidget

from objectwise.gui.dock import OperationDock
from objectwise.gui.docks import ClusteringDock, FiltersDock, ThresholdDock, WatershedDock
from objectwise.gui.find.find_panel import FindPanel
from objectwise.gui.history.history_dock import HistoryDock
from objectwise.gui.layers import calibration
from objectwise.gui.layers import conversion as convert
from objectwise.gui.measuring import MeasureDock
from objectwise.gui.places import holder_of
from objectwise.gui.table.colours import ColoursDock
from objectwise.gui.table.plots import PlotsDock
from objectwise.gui.table.table_dock import TITLE, TableDock


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


@pytest.fixture
def add_dock(viewer, qtbot):
    """Add docks to the window, and wait for their workers after the test."""
    docks = []

    def add(kind):
        dock = kind(viewer)
        viewer.window.add_dock_widget(dock, name=f"{kind.__name__} (Objectwise)")
        docks.append(dock)
        qtbot.waitUntil(dock.isVisible)
        QApplication.processEvents()
        return dock

    yield add
    for dock in docks:
        dock.shut_down()
        if isinstance(dock, OperationDock):
            qtbot.waitUntil(lambda dock=dock: dock.worker is None and not dock.preview.busy, timeout=20000)


def finish(qtbot, dock):
    dock.run()
    qtbot.waitUntil(lambda: dock.worker is None, timeout=30000)


def ours():
    """Return the widgets of this package that are alive."""
    return [
        widget for widget in QApplication.allWidgets() if type(widget).__module__.startswith("objectwise")
    ]


def test_a_lazy_movie_with_progress_and_cancel(viewer, add_dock, qtbot, blobs):
    def slow(block):
        time.sleep(0.02)
        return block

    movie = da.stack([da.from_array(blobs, chunks=blobs.shape).map_blocks(slow, dtype=blobs.dtype)] * 40)
    viewer.add_image(
        movie,
        axis_labels=("t", "y", "x"),
        scale=(1, 0.5, 0.5),
        units=("s", "um", "um"),
        name="movie",
        contrast_limits=(0, 1000),
    )
    dock = add_dock(ThresholdDock)
    steps = []
    dock.progress.valueChanged.connect(steps.append)
    finish(qtbot, dock)
    assert len(steps) > 10
    assert viewer.layers[-1].data.shape == (40, 60, 80)
    assert viewer.layers.extent.units is not None
    dock.run()
    qtbot.waitUntil(lambda: dock.progress.value() > 50, timeout=20000)
    dock.button.click()
    qtbot.waitUntil(lambda: dock.worker is None, timeout=20000)
    assert len(viewer.layers) == 2
    assert "Cancelled" in dock.status.text()


def test_docks_share_one_place(viewer, add_dock, qtbot, blobs):
    viewer.add_image(blobs)
    threshold = add_dock(ThresholdDock)
    qtbot.waitUntil(lambda: threshold.preview.shown > 0, timeout=20000)
    clustering = add_dock(ClusteringDock)
    holder = holder_of(threshold)
    window = holder.parent()
    qtbot.waitUntil(lambda: holder_of(clustering) in window.tabifiedDockWidgets(holder))
    # nobody sees the first dock now, so its preview has gone
    qtbot.waitUntil(lambda: threshold.preview.layer is None, timeout=20000)
    before = threshold.preview.shown
    holder.raise_()
    qtbot.waitUntil(
        lambda: threshold.preview.shown > before and threshold.preview.layer is not None, timeout=20000
    )


@pytest.mark.parametrize(
    "kind",
    [ThresholdDock, FiltersDock, FindPanel, MeasureDock, TableDock, PlotsDock, ColoursDock, HistoryDock],
)
def test_a_closed_dock_leaves_nothing(kind, viewer, qtbot, blobs):
    viewer.add_image(blobs)
    viewer.add_labels((blobs > 500).astype(int))
    dock = kind(viewer)
    before = len(viewer.layers)
    viewer.window.add_dock_widget(dock, name="dock")
    if kind is ThresholdDock:
        qtbot.waitUntil(lambda: dock.preview.shown > 0 and not dock.preview.busy, timeout=20000)
        assert len(viewer.layers) == before + 1
    reference = weakref.ref(dock)
    viewer.window.remove_dock_widget(holder_of(dock))
    dock = None
    qtbot.waitUntil(lambda: not ours(), timeout=20000)
    assert len(viewer.layers) == before
    gc.collect()
    qtbot.waitUntil(lambda: (gc.collect(), reference() is None)[1], timeout=5000)


def test_hiding_a_dock_takes_its_preview_away(viewer, add_dock, qtbot, blobs):
    viewer.add_image(blobs)
    dock = add_dock(ThresholdDock)
    qtbot.waitUntil(lambda: dock.preview.layer is not None, timeout=20000)
    holder_of(dock).hide()
    qtbot.waitUntil(lambda: dock.preview.layer is None, timeout=20000)
    holder_of(dock).show()
    qtbot.waitUntil(lambda: dock.preview.layer is not None, timeout=20000)


def test_switching_the_layer_while_it_runs(viewer, add_dock, qtbot, blobs):
    viewer.add_image(blobs, name="fine", scale=(0.2, 0.2), units="um")
    viewer.add_image(blobs, name="coarse", scale=(5, 5), units="um")
    dock = add_dock(ThresholdDock)
    dock.boxes["image"].layer = viewer.layers["fine"]
    dock.run()
    dock.boxes["image"].layer = viewer.layers["coarse"]
    qtbot.waitUntil(lambda: dock.worker is None, timeout=20000)
    result = next(layer for layer in viewer.layers if "threshold" in layer.name)
    np.testing.assert_allclose(result.scale, 0.2)
    assert result.name.startswith("fine")


def test_measure_opens_a_linked_table(viewer, add_dock, qtbot, blobs):
    viewer.add_image(blobs, name="nuclei", scale=(0.5, 0.5), units="um")
    threshold = add_dock(ThresholdDock)
    threshold.rows.output.setCurrentIndex(1)
    finish(qtbot, threshold)
    labels = viewer.layers[-1]
    measure = add_dock(MeasureDock)
    measure.boxes["images"].layers = [viewer.layers["nuclei"]]
    finish(qtbot, measure)
    table = viewer.window.dock_widgets[TITLE]
    assert isinstance(table, TableDock)
    table.view.selectRow(1)
    assert labels.selected_label == 2
    # a click on an object in PICK mode
    labels.mode = "pick"
    y, x = np.argwhere(labels.data == 3)[0] * 0.5
    event = SimpleNamespace(position=(y, x), view_direction=None, dims_displayed=[0, 1])
    next(iter([labels._drag_modes[labels.mode](labels, event)]), None)
    assert labels.selected_label == 3
    assert table.model.object_at(table.view.currentIndex().row()) == (3, 0)
    finish(qtbot, measure)
    assert [widget for widget in ours() if isinstance(widget, TableDock)] == [table]
    # all docks of the table show the same rows, and the highlight goes with the last of them
    table.plot("area")
    table.colour("area")
    plots = viewer.window.dock_widgets["Plots (Objectwise)"]
    colours = viewer.window.dock_widgets["Colours (Objectwise)"]
    assert plots.across.name == colours.by.name == "area"
    assert plots.link is table.link is colours.link
    qtbot.waitUntil(lambda: "selected objects" in viewer.layers, timeout=20000)
    plots.shut_down()
    colours.shut_down()
    assert "selected objects" in viewer.layers
    viewer.layers.remove(labels)
    assert "selected objects" not in viewer.layers
    assert table.model.rowCount() == 0
    table.shut_down()


def test_napari_finds_the_same_row(viewer, add_dock, qtbot, blobs):
    labels = np.zeros_like(blobs, np.int32)
    labels[blobs > 500] = 7
    labels[:, 50:][labels[:, 50:] > 0] = 12
    layer = viewer.add_labels(labels)
    finish(qtbot, add_dock(MeasureDock))
    assert layer.features["label"].tolist() == list(range(13))
    _, core = viewer.window.add_plugin_dock_widget("napari", "Features table widget")
    viewer.layers.selection.active = layer
    layer.selected_label = 12
    QApplication.processEvents()
    widget = core if isinstance(core, QWidget) else core.native
    (view,) = widget.findChildren(QTableView)
    rows = {index.row() for index in view.selectionModel().selectedIndexes()}
    titles = [
        view.model().headerData(n, Qt.Orientation.Horizontal) for n in range(view.model().columnCount())
    ]
    column = next(n for n, title in enumerate(titles) if str(title) == "label")
    assert {str(view.model().index(row, column).data()) for row in rows} == {"12"}


def test_watershed_on_the_displayed_frame(viewer, add_dock, qtbot, blobs):
    movie = np.stack([blobs, blobs[::-1]])
    viewer.add_labels(
        (movie > 500).astype(np.uint8), axis_labels=("t", "y", "x"), metadata={"objectwise": {"kind": "mask"}}
    )
    dock = add_dock(WatershedDock)
    dock.preview_box.setChecked(True)
    qtbot.waitUntil(lambda: dock.preview.shown > 0, timeout=20000)
    assert dock.preview.layer.data.shape == blobs.shape
    viewer.dims.set_current_step(0, 0)
    finish(qtbot, dock)
    assert convert.kind_of(viewer.layers[-1]) == "labels"
    assert not [layer for layer in viewer.layers if calibration.is_preview(layer)]
