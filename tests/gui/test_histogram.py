"""The histogram shows exact counts, follows the form, and sets it when a line is dragged."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QColor, QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from objectwise.core.method import methods
from objectwise.gui.docks import ClusteringDock, FiltersDock, MorphologyDock, ThresholdDock, WatershedDock
from objectwise.gui.preview.brightness import levels_of, shows_brightness, starts
from objectwise.gui.preview.histogram import Histogram, percentiles, rebin


@pytest.fixture
def histogram(qtbot):
    widget = Histogram()
    qtbot.addWidget(widget)
    widget.resize(320, 110)
    widget.show()
    widget.set_histogram(np.array([5, 100, 40, 3, 0, 8]), np.arange(7) * 10.0)
    return widget


def test_bins_are_added_up_exactly():
    counts = np.random.default_rng(0).integers(0, 9, 65536)
    found, edges = rebin(counts, np.arange(65537) - 0.5, 1000, 60000)
    assert len(found) <= 256
    assert edges[0] == 999.5
    first, last = int(edges[0] + 0.5), int(edges[-1] + 0.5)
    assert found.sum() == counts[first:last].sum()
    for number in (0, 100, len(found) - 1):
        assert found[number] == counts[int(edges[number] + 0.5) : int(edges[number + 1] + 0.5)].sum()


def test_percentiles_leave_out_a_few_bright_pixels():
    counts = np.zeros(1001)
    counts[10:60], counts[1000] = 1000, 3
    assert percentiles(counts, np.arange(1002.0)) == (10, 60)
    assert percentiles(np.ones(1), np.array([0.0, 1.0])) == (0, 1)


def test_a_line_is_dragged_with_the_mouse(histogram, qtbot):
    histogram.set_lines({"lower": 20.0})
    moved = []
    histogram.moved.connect(lambda *arguments: moved.append(arguments))
    QApplication.processEvents()
    view, port = histogram.plot.getPlotItem().vb, histogram.plot.viewport()

    def at(value: float) -> QPoint:
        height = view.viewRange()[1][1] / 2
        return histogram.plot.mapFromScene(view.mapViewToScene(QPointF(value, height)))

    start, end = at(20.0), at(45.0)
    QTest.mouseMove(port, start)
    QTest.mousePress(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    for part in np.linspace(0.1, 1, 10):
        point = QPointF(start + (end - start) * part)
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            point,
            QPointF(port.mapToGlobal(point.toPoint())),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(port, event)
        qtbot.wait(20)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    assert moved[-1][0] == "lower"
    assert moved[-1][1] == pytest.approx(45, abs=1)
    before = len(moved)
    histogram.set_lines({"lower": 30.0, "upper": 50.0})
    assert len(moved) == before
    assert histogram.lines["lower"].value() == 30
    histogram.set_lines({})
    assert not histogram.lines


def test_the_whole_range_can_be_seen(histogram):
    counts = np.zeros(5000)
    counts[:100], counts[-1] = 1000, 1
    histogram.set_histogram(counts, np.arange(5001.0))
    assert histogram.range[1] < 200
    histogram.all.setChecked(True)
    assert histogram.range[1] > 4999
    histogram.all.setChecked(False)
    # a line that was set far out is in sight
    histogram.set_lines({"upper": 3000.0})
    assert histogram.range[1] > 3000
    tall = histogram.bars.yData.max()
    histogram.log.setChecked(False)
    assert histogram.bars.yData.max() > tall


def test_classes_are_shaded(histogram):
    histogram.set_classes((15.0, 35.0), [QColor("red"), QColor("green"), QColor("blue")])
    regions = [item.getRegion() for item in histogram._classes]
    assert regions[1] == (15.0, 35.0)
    assert regions[0][1] == 15.0
    assert regions[2][0] == 35.0
    histogram.set_classes((), ())
    assert not histogram._classes
    with pytest.raises(ValueError, match="2 counts need 3 edges; found 2"):
        histogram.set_histogram(np.zeros(2), np.zeros(2))


def test_levels_come_from_the_signature():
    assert [item.name for item in levels_of(methods["threshold_hysteresis"])] == ["low", "high"]
    assert starts(methods["threshold_manual"]) == "lower"
    assert starts(methods["threshold_auto"]) is None
    assert shows_brightness(methods["threshold_multi_otsu"])
    assert shows_brightness(methods["cluster_kmeans"])
    assert shows_brightness(methods["find_local_maxima"])
    # a difference of two brightnesses is no level
    assert not shows_brightness(methods["split_and_merge"])
    assert not shows_brightness(methods["smooth_gaussian"])


@pytest.mark.parametrize(
    ("kind", "name", "lines"),
    [
        (ThresholdDock, "threshold_auto", {"threshold"}),
        (ThresholdDock, "threshold_hysteresis", {"low", "high"}),
        (ThresholdDock, "threshold_manual", {"lower"}),
        (WatershedDock, "find_local_maxima", set()),
        (FiltersDock, "normalise_percentile", {"low", "high"}),
    ],
)
def test_every_dock_with_a_level_has_lines(kind, name, lines, model, open_dock, qtbot, blobs):
    model.add_image(blobs)
    dock = open_dock(kind, model)
    dock.choose(name)
    qtbot.waitUntil(lambda: dock.levels.isVisible() and not dock.preview.busy, timeout=20000)
    assert set(dock.levels.histogram.lines) == lines


def test_a_dragged_threshold_is_locked_until_auto_is_checked(model, open_dock, seen, blobs):
    model.add_image(blobs)
    dock = open_dock(ThresholdDock, model)
    seen(dock)
    line, field = dock.levels.histogram.lines["threshold"], dock.form.fields["threshold"]
    found = line.value()
    assert field.value is None
    assert 110 <= found < 900
    layer = seen(dock, lambda: dock.levels.histogram.moved.emit("threshold", 985.0))
    assert dock.job().recipe.steps[0].parameters["threshold"] == 985
    np.testing.assert_array_equal(layer.data, blobs > 985)
    seen(dock, lambda: setattr(field.left_out, "value", True))
    assert field.value is None
    assert line.value() == found
    # the number that was found, to the last bit
    seen(dock, lambda: setattr(field.left_out, "value", False))
    assert field.value == found


@pytest.mark.parametrize(
    ("kind", "name"), [(ThresholdDock, "threshold_multi_otsu"), (ClusteringDock, "cluster_kmeans")]
)
def test_classes_have_the_colours_of_the_preview(kind, name, model, open_dock, seen, blobs):
    model.add_image(blobs)
    dock = open_dock(kind, model)
    dock.choose(name)
    layer = seen(dock, lambda: (dock.preview_box.setChecked(True), dock._changed()))
    histogram = dock.levels.histogram
    n = int(layer.data.max())
    assert len(histogram._classes) == n >= 2
    shade = histogram._shades[1].getRgbF()[:3]
    np.testing.assert_allclose(shade, layer.get_color(2)[:3], atol=0.01)
    (limit,) = histogram._limits[:1]
    np.testing.assert_array_equal(layer.data == 1, blobs < limit)


def test_the_histogram_is_there_without_a_preview(model, open_dock, qtbot, blobs):
    model.add_image(blobs)
    dock = open_dock(ThresholdDock, model)
    dock.preview_box.setChecked(False)
    dock.choose("threshold_hysteresis")
    qtbot.waitUntil(lambda: dock.levels.isVisible() and not dock.preview.busy, timeout=20000)
    assert dock.preview.layer is None
    assert set(dock.levels.histogram.lines) == {"low", "high"}


def test_the_scope_decides_which_pixels_are_counted(model, open_dock, seen, blobs):
    model.add_image(np.stack([blobs, blobs // 2]), axis_labels=("t", "y", "x"))
    dock = open_dock(ThresholdDock, model)
    seen(dock)
    assert dock.levels._counts.sum() == blobs.size
    dock.rows.scope.setCurrentIndex(dock.rows.scope.findData("series"))
    seen(dock, lambda: dock.rows.scope.activated.emit(0))
    assert dock.levels._counts.sum() == 2 * blobs.size


def test_methods_without_a_level_have_no_histogram(model, open_dock, qtbot, blobs):
    model.add_labels((blobs > 500).astype(int))
    dock = open_dock(MorphologyDock, model)
    qtbot.wait(50)
    assert not dock.levels.isVisible()
    assert dock.levels.histogram is None


def test_two_hundred_previews_leave_nothing_behind(model, open_dock, seen, blobs):
    model.add_image(np.tile(blobs, (10, 10)))
    dock = open_dock(ThresholdDock, model)
    dock.choose("threshold_manual")
    seen(dock, dock._changed)

    def several(n: int) -> None:
        for value in np.linspace(120, 900, n):
            seen(dock, lambda value=value: dock.levels.histogram.moved.emit("lower", round(value)))

    several(20)
    gc.collect()
    tracemalloc.start()
    several(200)
    gc.collect()
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # one preview has half a megabyte; the events of widgets take a little
    assert left < 2_000_000
