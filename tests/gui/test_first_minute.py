"""A person with an image and no manual: what has to be done, counted, in a real window.

One action is a drop of a file, a menu entry, a click, a typed value, a choice in a list, or the name of a file.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
import tifffile
from napari.layers import Labels, Layer
from qtpy.QtCore import Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog, QLineEdit

import objectwise as ow
from objectwise.gui.find.find_panel import FindPanel
from objectwise.gui.layers import samples as menu
from objectwise.gui.layers.calibration import is_preview
from objectwise.gui.table.table_dock import TableDock
from objectwise.samples import nuclei_2d, nuclei_timelapse


class Person:
    """Someone with a mouse and a keyboard, who counts what they do."""

    def __init__(self, viewer, qtbot, folder):
        self.viewer, self.qtbot, self.folder = viewer, qtbot, folder
        self.actions = self.typed = 0
        self.panel = None

    def drop(self, path):
        self.actions += 1
        self.viewer.open(path, plugin="napari")

    def open_sample(self, name):
        self.actions += 1
        for data in getattr(menu, name)():
            self.viewer.add_layer(Layer.create(*data))

    def open_panel(self):
        self.actions += 1
        self.panel = FindPanel(self.viewer)
        self.viewer.window.add_dock_widget(self.panel, name="Find and measure objects (Objectwise)")
        self.qtbot.waitUntil(self.panel.isVisible)
        return self.panel

    def look(self):
        """Wait for the outlines, and read what is said of them."""
        self.qtbot.waitUntil(lambda: not self.panel.preview.busy, timeout=120000)
        return self.panel.found.text()

    def click(self, widget):
        self.actions += 1
        assert widget.isVisible()
        assert widget.isEnabled()
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    def type(self, box, text):
        self.actions += 1
        self.typed += 1
        box.selectAll()
        QTest.keyClicks(box, text)

    def choose(self, box, text):
        self.actions += 1
        assert box.isVisible()
        QTest.keyClicks(box, text)
        assert box.currentText() == text

    def find(self):
        self.click(self.panel.button)
        self.qtbot.waitUntil(lambda: self.panel.worker is None, timeout=120000)
        return self.panel.status.text()

    def save(self, button):
        """Take the name that is proposed, in a folder of one's own."""

        def answer():
            dialog = QApplication.activeModalWidget()
            assert isinstance(dialog, QFileDialog)
            line = dialog.findChild(QLineEdit)
            proposed.append(line.text())
            line.setText(str(self.folder / line.text()))
            QTest.keyClick(line, Qt.Key.Key_Return)

        proposed = []
        QTimer.singleShot(300, answer)
        self.click(button)
        self.actions += 1
        self.qtbot.waitUntil(lambda: not self.panel.save.busy, timeout=60000)
        assert self.panel.status.text() == f"Saved {proposed[0]}"
        return self.folder / proposed[0]


@pytest.fixture
def person(make_napari_viewer, qtbot, tmp_path):
    viewer = make_napari_viewer(show=True)
    someone = Person(viewer, qtbot, tmp_path)
    yield someone
    for dock in list(viewer.window.dock_widgets.values()):
        if hasattr(dock, "shut_down"):
            dock.shut_down()
    if someone.panel is not None:
        qtbot.waitUntil(lambda: not someone.panel.preview.busy, timeout=60000)


def added(viewer, before=1):
    """Return the layers that came after the first ones; a preview is none."""
    return [layer for layer in viewer.layers[before:] if not is_preview(layer)]


def test_one_image(person):
    """T1: at most seven actions, and nothing typed but the pixel size."""
    sample = nuclei_2d()
    path = person.folder / "nuclei.tif"
    tifffile.imwrite(path, sample.image)
    person.drop(path)
    panel = person.open_panel()
    assert "pixels" in person.look()
    person.type(panel.pixel_size.plane, str(sample.grid.spacing_along("y")))
    person.click(panel.pixel_size.button)
    assert "µm²" in person.look()
    assert person.find().startswith(f"{panel.result.data.max()} objects, median")
    table = person.save(panel.save.table)
    assert person.actions <= 7
    assert person.typed == 1
    assert [type(layer) for layer in added(person.viewer)] == [Labels]
    assert table.name == "nuclei_objects.csv"
    frame = pd.read_csv(table)
    labels = panel.result.data
    score = ow.match(sample.truth, labels, iou=0.5)
    assert score.f1 > 0.9
    np.testing.assert_array_equal(frame["label"], np.arange(1, labels.max() + 1))
    pixels = np.bincount(labels.ravel())[1:]
    np.testing.assert_allclose(frame["area"], pixels * np.prod(sample.grid.spacing), rtol=1e-6)
    assert "intensity_mean_nuclei" in frame
    assert person.viewer.layers.extent.units is not None
    tables = [dock for dock in person.viewer.window.dock_widgets.values() if isinstance(dock, TableDock)]
    assert len(tables) == 1
    assert tables[0].layer is panel.result


def test_a_movie(person):
    """T2: at most eight actions, every frame in the table, each with a cut-off of its own."""
    sample = nuclei_timelapse()
    movie = (
        sample.image.take(0, axis=sample.grid.axes.index("c")) if "c" in sample.grid.axes else sample.image
    )
    movie = movie[:3].astype(float)
    # frames that fade, as dyes do
    movie = np.round(movie * np.array([1, 0.5, 0.25])[:, None, None]).astype(np.uint16)
    path = person.folder / "movie.tif"
    tifffile.imwrite(path, movie, photometric="minisblack")
    person.drop(path)
    panel = person.open_panel()
    assert "not known" in panel.understood.text()
    person.choose(panel.rows.axes, "tyx")
    assert "in this frame" in person.look()
    person.type(panel.pixel_size.plane, "0.5")
    person.click(panel.pixel_size.button)
    counts = [int(np.count_nonzero(np.unique(frame))) for frame in sample.truth[:3]]
    sentence = person.find()
    table = person.save(panel.save.table)
    assert person.actions <= 8
    frame = pd.read_csv(table)
    found = frame.groupby("frame").size()
    assert list(found.index) == [0, 1, 2]
    assert np.all(np.abs(found.to_numpy() - counts) <= 0.15 * np.array(counts)), (found, counts)
    assert f"({', '.join(map(str, found))})" in sentence


def test_two_channels(person):
    """T3: at most nine actions, one table with both."""
    sample = nuclei_2d()
    path = person.folder / "cells.tif"
    tifffile.imwrite(path, np.stack([sample.image // 2, sample.image]), photometric="minisblack")
    person.drop(path)
    panel = person.open_panel()
    person.choose(panel.rows.axes, "cyx")
    person.choose(panel.rows.channel, "1")
    person.find()
    frame = pd.read_csv(person.save(panel.save.table))
    assert person.actions <= 9
    assert person.typed == 0
    assert {"intensity_mean_cells_0", "intensity_mean_cells_1"} <= set(frame)
    np.testing.assert_allclose(frame["intensity_mean_cells_1"], 2 * frame["intensity_mean_cells_0"], atol=1.1)


def test_from_a_sample_to_a_table_and_a_recipe(person):
    start = time.perf_counter()
    person.open_sample("nuclei_2d")
    person.viewer.layers.selection.active = person.viewer.layers[0]
    panel = person.open_panel()
    person.find()
    table, recipe = person.save(panel.save.table), person.save(panel.save.recipe)
    assert person.actions <= 7
    # with all that is compiled at first this is most of it
    assert time.perf_counter() - start < 60
    image = person.viewer.layers[0].data
    *_, last = ow.run(ow.Recipe.read(recipe), {"nuclei 2d": (image, nuclei_2d().grid)})
    again = last.results["table"].array.frame
    pd.testing.assert_frame_equal(again, pd.read_csv(table)[list(again)], check_dtype=False)


def test_cancel_leaves_all_as_it_was(person):
    sample = nuclei_2d()
    layer = person.viewer.add_image(np.stack([sample.image] * 12), axis_labels=("t", "y", "x"), name="long")
    panel = person.open_panel()
    person.click(panel.button)
    assert panel.button.text() == "Cancel"
    person.qtbot.waitUntil(lambda: panel.status.text().startswith("Frame"), timeout=60000)
    assert " of 12" in panel.status.text()
    person.click(panel.button)
    person.qtbot.waitUntil(lambda: panel.worker is None, timeout=60000)
    assert added(person.viewer) == []
    assert panel.button.text() == "Find and measure"
    assert panel.status.text().startswith("Cancelled")
    assert layer.visible


@pytest.mark.parametrize("known", [True, False])
def test_nothing_is_cut_on_a_small_screen(person, known):
    person.viewer.window.resize(1366, 768)
    if known:
        person.open_sample("nuclei_timelapse")
    else:
        volumes = np.random.default_rng(0).poisson(3, (2, 4, 32, 32)).astype(np.uint16)
        person.viewer.add_image(volumes, name="volumes", axis_labels=("t", "z", "y", "x"))
    person.viewer.layers.selection.active = person.viewer.layers[0]
    panel = person.open_panel()
    person.look()
    QApplication.processEvents()
    assert panel.width() <= 360
    assert panel.height() <= 800
    # neither beyond the right edge, nor below what is seen without scrolling
    assert panel.inner.width() <= panel.area.viewport().width()
    assert panel.inner.height() <= panel.area.viewport().height()
    corner = panel.mapTo(person.viewer.window._qt_window, panel.rect().bottomRight())
    assert corner.x() <= 1366
    assert corner.y() <= 768
