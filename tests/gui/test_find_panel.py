"""The panel from an image to a table: what it does, what it says, and that nothing is lost when it is used again."""

from __future__ import annotations

import inspect
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QApplication, QComboBox, QDoubleSpinBox, QFileDialog, QSlider

import objectwise as ow
from objectwise.gui.docks import FindDock
from objectwise.gui.find import finding
from objectwise.gui.find.find_panel import FindPanel
from objectwise.gui.layers.conversion import kind_of
from objectwise.gui.preview.glance import Glance
from objectwise.gui.preview.memory import Memory
from objectwise.gui.table.noted_table import table_of
from objectwise.io import read_image
from objectwise.ops.compositions import find_objects

UM = {"scale": (0.5, 0.5), "units": "um", "axis_labels": ("y", "x")}


@pytest.fixture
def panel(model, open_dock, blobs):
    model.add_image(blobs, name="nuclei", **UM)
    return open_dock(FindPanel, model)


@pytest.fixture
def shown(qtbot):
    """Wait until the outlines are those of what is set."""

    def wait(panel):
        qtbot.waitUntil(lambda: not panel.preview.busy, timeout=60000)
        return panel.found.text()

    return wait


def look(panel, **index):
    work = finding.look_for_objects(Glance(panel.job(), index), Memory())
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def labels_in(viewer):
    return [layer for layer in viewer.layers if kind_of(layer) in ("labels", "mask")]


# --- what is set -----------------------------------------------------------------------------------------


def test_it_starts_with_the_defaults_of_the_composition(panel):
    signature = inspect.signature(find_objects).parameters
    for name, value in panel.values().items():
        assert value == signature[name].default, name
    assert not any(arrow.isVisible() for arrow in panel.form.arrows.values())


def test_the_arrow_leads_back(panel):
    form = panel.form
    form.fields["objects"].value = "dark"
    form.fields["min_neck"].value = 0.3
    form.fields["diameter"].value = 7.0
    form.cut_off.setCurrentText("li, whole image")
    form.cut_off.activated.emit(form.cut_off.currentIndex())
    assert panel.values()["threshold"] == "global"
    assert panel.values()["method"] == "li"
    changed = {name for name, arrow in form.arrows.items() if not arrow.isHidden()}
    assert changed == {"objects", "min_neck", "diameter", "cutoff"}
    for name in changed:
        form.arrows[name].click()
    test_it_starts_with_the_defaults_of_the_composition(panel)


def test_less_and_more(panel):
    field = panel.form.fields["min_neck"]
    field.widget.value = 0
    assert field.value == 1.0
    field.widget.value = 100
    assert field.value == 0.0
    field.value = 0.1234
    assert field.value == 0.1234


def test_what_is_found_is_shown_while_it_is_automatic(panel, shown):
    shown(panel)
    diameter = panel.form.fields["diameter"]
    assert diameter.value is None
    assert diameter.widget.value == pytest.approx(9, abs=1.5)
    assert panel.form.fields["min_diameter"].widget.value == pytest.approx(
        0.4 * diameter.widget.value, rel=0.01
    )
    assert diameter.title.value == "Diameter (µm)"


def test_the_line_in_the_histogram_is_the_cut_off(panel, shown):
    shown(panel)
    line = panel.levels.histogram.lines["cutoff"]
    assert 105 < line.value() < 980
    panel.levels.histogram.moved.emit("cutoff", 300.0)
    assert panel.values()["cutoff"] == 300
    assert panel.form.cut_off.currentText() == "by hand"
    assert shown(panel).startswith("3 objects")


def test_a_line_across_an_object_gives_the_diameter(panel, shown):
    viewer, nuclei = panel.viewer, panel.main_layer
    panel.draw.click()
    drawing = viewer.layers.selection.active
    assert drawing.mode == "add_line"
    event = SimpleNamespace(type="mouse_press", position=(10.0, 10.0))
    drag = panel.line._on_drag(drawing, event, nuclei)
    next(drag)
    event.type, event.position = "mouse_move", (13.0, 12.0)
    next(drag)
    event.type, event.position = "mouse_release", (13.0, 14.0)
    assert list(drag) == []
    assert panel.values()["diameter"] == 5.0
    assert drawing not in viewer.layers
    assert viewer.layers.selection.active is nuclei
    assert not panel.draw.isChecked()
    panel.draw.click()
    panel.draw.click()
    assert drawing not in viewer.layers


# --- what is said ----------------------------------------------------------------------------------------


def test_one_line_says_what_was_understood(panel):
    assert panel.understood.text() == "60 x 80, 2-D, 0.5 µm/pixel"
    assert panel.uncalibrated.isHidden()


def test_a_missing_pixel_size_is_said_and_can_be_set(model, open_dock, blobs, shown):
    model.add_image(blobs, name="nuclei")
    other = model.add_image(blobs, name="other")
    panel = open_dock(FindPanel, model)
    assert "pixels" in shown(panel)
    assert not panel.uncalibrated.isHidden()
    panel.pixel_size.plane.setValue(0.25)
    panel.pixel_size.button.click()
    assert panel.uncalibrated.isHidden()
    assert str(other.units[0]) == "micrometer"
    assert "µm²" in shown(panel)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"cutoff": 5000.0}, "above all pixels - lower it"),
        ({"cutoff": 5.0, "objects": "dark"}, "below all pixels - raise it"),
        ({"min_diameter": 40.0}, "smallest object - lower it"),
        ({"min_contrast": 1e9}, "try another cut-off"),
        ({"cutoff": 5.0, "keep_border": False}, "touch the edge"),
    ],
)
def test_none_at_all_names_the_control_to_change(panel, values, words):
    panel.form.show_values(values)
    found = look(panel)
    assert (found.n, found.doubtful) == (0, True)
    assert words in found.sentence


def test_an_image_of_one_brightness_is_said_to_be_one(model, open_dock):
    model.add_image(np.full((40, 50), 7.0), **UM)
    assert "one single brightness" in look(open_dock(FindPanel, model)).sentence


def test_what_looks_wrong_is_doubted():
    grid = ow.Grid("yx", (0.5, 0.5), "um")
    assert finding.report(2, np.array([40, 60]), 1000, grid) == ("2 objects, median 12.5 µm²", False)
    for n, sizes, words in (
        (2, [450, 500], "Nearly everything"),
        (1, [600], "half of the image"),
        (400, [2] * 400, "specks"),
    ):
        text, doubtful = finding.report(n, np.array(sizes), 1000, grid)
        assert doubtful
        assert words in text


def test_the_outlines_are_those_of_the_result(panel, shown, finish):
    assert shown(panel).startswith("3 objects, median")
    outlines = panel.preview.layer.data == 1
    panel.preview_box.setChecked(True)
    assert finish(panel).startswith("3 objects, median")
    labels = panel.result.data
    assert not outlines[labels == 0].any()
    edge = ow.apply("label_boundaries", labels)
    # the circle of the diameter may lie upon them
    assert (edge & ~outlines).sum() < 0.2 * edge.sum()


def test_a_circle_has_the_diameter():
    plane = np.zeros((60, 80), np.uint8)
    finding.draw_circle(plane, (20, 20), (0, 0))
    rows, columns = (np.flatnonzero(np.any(plane == 2, axis=axis)) for axis in (1, 0))
    assert np.ptp(rows) + 1 == pytest.approx(20, abs=1)
    assert np.ptp(columns) + 1 == pytest.approx(20, abs=1)
    finding.draw_circle(plane[:10], (20, 20), (0, 0))


def test_it_is_narrow_and_every_control_is_explained(panel, shown):
    panel.viewer.layers[0].name = "a layer with a name that is longer than any panel could show in one line"
    shown(panel)
    panel.measured.more.click()
    assert panel.minimumSizeHint().width() <= 360
    assert panel.inner.minimumSizeHint().width() <= 345
    panel.measured.more.click()
    assert panel.sizeHint().height() <= 800
    kinds = (QAbstractButton, QComboBox, QDoubleSpinBox, QSlider)
    for kind in kinds:
        for widget in panel.findChildren(kind):
            # those inside of another are explained with it
            inside = [item for item in (widget.parent(), widget.parent().parent()) if item is not None]
            told = any(item.toolTip() for item in (widget, *inside))
            assert told or not widget.isVisible(), (widget, getattr(widget, "text", str)())


# --- what comes of it ------------------------------------------------------------------------------------


def test_one_layer_with_its_history_and_its_table(panel, finish, blobs):
    assert "3 objects" in finish(panel)
    (layer,) = labels_in(panel.viewer)
    assert layer.name == "nuclei objects"
    assert layer.units == panel.main_layer.units
    noted = table_of(layer)
    recipe = noted.recipe
    assert [step.op for step in recipe.steps][-2:] == ["relabel_sequential", "measure"]
    *_, last = ow.run(recipe, {"nuclei": (blobs, ow.Grid("yx", (0.5, 0.5), "um"))})
    pd.testing.assert_frame_equal(last.results["table"].array.frame, noted.table.frame)
    np.testing.assert_allclose(noted.table.frame["area"], 0.25 * np.bincount(layer.data.ravel())[1:])
    assert "intensity_mean_nuclei" in noted.table.frame
    assert noted.mark == layer.metadata["objectwise"]["fingerprint"]


def test_again_adds_a_layer_only_if_something_else_comes_of_it(panel, finish):
    finish(panel)
    first = panel.result
    finish(panel)
    assert labels_in(panel.viewer) == [first]
    panel.form.fields["min_diameter"].value = 9.0
    finish(panel)
    second = panel.result
    assert second is not first
    assert len(table_of(second).table) < len(table_of(first).table)
    assert (first.visible, second.visible) == (False, True)


def test_work_by_hand_is_not_overwritten(panel, finish):
    finish(panel)
    first = panel.result
    first.data_setitem(tuple(np.indices((5, 5)).reshape(2, -1)), 9)
    finish(panel)
    assert panel.result is not first
    assert (first.data[:5, :5] == 9).all()
    assert not first.visible
    assert panel.result.data.max() == 3


def test_nothing_found_adds_nothing_and_says_why(panel, finish, shown):
    panel.form.show_values({"cutoff": 5000.0})
    assert finish(panel).startswith("No objects")
    assert not labels_in(panel.viewer)
    assert "lower it" in shown(panel)
    assert not panel.save.table.isEnabled()


def test_one_mask_has_one_row(panel, finish):
    panel.measured.output.setCurrentIndex(1)
    finish(panel)
    assert kind_of(panel.result) == "mask"
    table = table_of(panel.result).table
    assert len(table) == 1
    assert table.frame["area"][0] == 0.25 * np.count_nonzero(panel.result.data)


def test_all_channels_in_one_table(model, open_dock, finish, blobs):
    stack = np.stack([blobs, blobs[::-1]])
    model.add_image(
        stack, name="cells", axis_labels=("c", "y", "x"), scale=(1, 0.5, 0.5), units=("pixel", "um", "um")
    )
    model.add_image(blobs // 3, name="GFP", **UM)
    panel = open_dock(FindPanel, model)
    panel.boxes["image"].layer = model.layers["cells"]
    assert panel.rows.channel_name == "0"
    finish(panel)
    frame = table_of(panel.result).table.frame
    names = {name for name in frame if name.startswith("intensity_mean")}
    assert names == {"intensity_mean_cells_0", "intensity_mean_cells_1", "intensity_mean_GFP"}
    third = frame["intensity_mean_cells_0"] / 3
    np.testing.assert_allclose(frame["intensity_mean_GFP"], third, atol=0.5)


def test_each_frame_on_its_own(model, open_dock, finish, blobs):
    movie = np.stack([blobs, np.full_like(blobs, 100), 100 + (blobs[::-1] - 100) // 4])
    model.add_image(movie, name="movie", axis_labels=("t", "y", "x"))
    panel = open_dock(FindPanel, model)
    assert panel.understood.text().startswith("3 frames, each on its own")
    assert "3, 0, 3" in finish(panel)
    assert table_of(panel.result).table.frame.groupby("frame").size().to_dict() == {0: 3, 2: 3}


def test_nothing_checked_is_said(panel, finish):
    for box in panel.measured.groups.boxes.values():
        box.value = False
    assert finish(panel) == "Check what to measure."


def test_an_unknown_axis_is_asked_for(model, open_dock, finish, blobs):
    model.add_image(np.stack([blobs] * 3), name="what")
    panel = open_dock(FindPanel, model)
    assert "not known" in panel.understood.text()
    assert "Choose what" in finish(panel)
    panel.rows.axes.setCurrentText("tyx")
    panel.rows.axes.activated.emit(panel.rows.axes.currentIndex())
    assert "3, 3, 3" in finish(panel)


def test_outlines_rest_after_a_run_and_come_back_with_a_change(panel, finish, shown):
    shown(panel)
    finish(panel)
    assert panel.preview.layer is None
    panel.form.fields["min_neck"].value = 0.4
    assert shown(panel)
    assert panel.preview.layer is not None
    assert not panel.result.visible
    panel.preview_box.setChecked(False)
    assert panel.result.visible
    panel.form.fields["min_neck"].value = 0.5
    shown(panel)
    assert panel.preview.layer is None


def test_files(panel, finish, qtbot, tmp_path, monkeypatch):
    finish(panel)
    asked = []

    def choose(_parent, _title, start, _kinds):
        asked.append(start)
        return str(tmp_path / start.rpartition("/")[2]), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    for button in (panel.save.table, panel.save.labels, panel.save.recipe):
        button.click()
        qtbot.waitUntil(lambda: not panel.save.busy, timeout=20000)
    assert [name.rpartition("/")[2] for name in asked] == [
        "nuclei_objects.csv",
        "nuclei_objects.ome.tif",
        "nuclei_objects.toml",
    ]
    image = read_image(tmp_path / "nuclei_objects.ome.tif")
    np.testing.assert_array_equal(image.array, panel.result.data)
    assert image.grid.spacing == (0.5, 0.5)
    assert len(pd.read_csv(tmp_path / "nuclei_objects.csv")) == 3
    recipe = ow.Recipe.read(tmp_path / "nuclei_objects.toml")
    *_, last = ow.run(recipe, {"nuclei": (panel.main_layer.data, image.grid)})
    assert len(last.results) == 2
    np.testing.assert_array_equal(last.results[recipe.outputs[0]].array, panel.result.data)
    panel.save.python.click()
    assert "ow.run(recipe" in QApplication.clipboard().text()


def test_the_full_dock_opens_with_the_same_values(panel, qtbot, monkeypatch):
    opened = []
    window = SimpleNamespace(add_dock_widget=lambda dock, **_: opened.append(dock))
    monkeypatch.setattr(type(panel.viewer), "window", window, raising=False)
    panel.form.show_values({"diameter": 7.5, "cutoff": 400.0, "fill_holes": False})
    qtbot.mouseClick(panel.advanced, Qt.MouseButton.LeftButton)
    (dock,) = opened
    assert isinstance(dock, FindDock)
    assert dock.form.values() == panel.values()
    dock.shut_down()


def test_what_has_not_changed_is_not_done_again(panel, monkeypatch):
    memory = Memory()

    def seen():
        work = finding.look_for_objects(Glance(panel.job(), {}), memory)
        while True:
            try:
                next(work)
            except StopIteration as end:
                return end.value

    run, done = finding.run, []
    monkeypatch.setattr(finding, "run", lambda recipe, inputs: done.append(recipe) or run(recipe, inputs))
    seen()
    for values, first in (
        ({"min_neck": 0.4}, "parts"),
        ({"keep_border": False}, "inside"),
        ({"min_diameter": 9.0}, "clean"),
        ({"cutoff": 300.0}, "pixel"),
        ({"cutoff": 310.0}, "mask"),
    ):
        panel.form.show_values(values)
        found = seen()
        assert done[-1].steps[0].id == first
        anew = look(panel)
        np.testing.assert_array_equal(found.array, anew.array)
        assert found.sentence == anew.sentence
