"""Docks remember values, keep them under names, obey preferences and keys, and say what is wrong in one sentence."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QInputDialog, QRadioButton

from objectwise.gui.dock import OperationDock
from objectwise.gui.docks import ClusteringDock, FiltersDock, LabelsDock, MorphologyDock, ThresholdDock
from objectwise.gui.find.find_panel import FindPanel
from objectwise.gui.forms import preferences as preferred
from objectwise.gui.forms import remembered
from objectwise.gui.forms.preferences import Preferences
from objectwise.gui.runs.jobs import work

DOCKS = OperationDock.__subclasses__()
UM = {"scale": (0.5, 0.5), "units": "um"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Let values be kept in a folder of the test."""
    monkeypatch.setattr(remembered, "folder", lambda: tmp_path / "config")
    return tmp_path / "config"


@pytest.fixture
def prefer(monkeypatch):
    """Set preferences."""

    def set_preferences(**values):
        for module in ("dock",):
            monkeypatch.setattr(f"objectwise.gui.{module}.preferences", lambda: Preferences(**values))

    return set_preferences


def actions(button):
    """Open the menu of presets, and return its entries by their text."""
    button.fill()
    return {action.text(): action for action in button.menu().actions() if action.text()}


def outcome_of(job):
    """Do a job here and now."""
    *_, outcome = work([job])
    return outcome


# --- values used last ----------------------------------------------------------------------------------


def test_a_dock_starts_with_the_values_used_last(folder, model, open_dock, finish, blobs):
    model.add_image(blobs, name="nuclei", **UM)
    first = open_dock(ThresholdDock, model)
    first.preview_box.setChecked(False)
    first.choose("threshold_local")
    default = first.values()
    first.form.show_values({"diameter": 12.345678901234, "method": "median"})
    assert not folder.exists()
    finish(first)
    again = open_dock(ThresholdDock, model)
    again.choose("threshold_local")
    assert again.values() == default | {"diameter": 12.345678901234, "method": "median"}
    text = (folder / remembered.NAME).read_text()
    assert "[threshold_local." in text
    assert 'unit = "um"' in text
    assert "nuclei" not in text
    assert "offset" not in text


def test_what_is_found_from_the_image_stays_automatic(folder, model, open_dock, finish, blobs):
    model.add_image(blobs, **UM)
    dock = open_dock(ThresholdDock, model)
    dock.preview_box.setChecked(False)
    dock.form.show_values({"threshold": 300.0, "method": "li"})
    finish(dock)
    again = open_dock(ThresholdDock, model)
    assert again.values()["method"] == "li"
    assert again.values()["threshold"] is None
    dock.choose("threshold_manual")
    dock.form.show_values({"lower": 300.0, "upper": 4000.0})
    finish(dock)
    # a brightness belongs to one image
    assert remembered.used_last("threshold_manual") == {}


@pytest.mark.parametrize(
    ("where", "radius"),
    [
        ({"scale": (100, 100), "units": "nm"}, 2500),
        ({"scale": (0.5, 0.5), "units": "um"}, 2.5),
        ({}, 1),
    ],
)
def test_a_length_comes_back_in_the_unit_of_the_layer(where, radius, folder, model, open_dock, blobs):
    remembered.note_used("open_grey", {"radius": {"value": 2.5, "unit": "um"}})
    dock = open_dock(MorphologyDock, model)
    dock.choose("open_grey")
    model.add_image(blobs, **where)
    assert dock.values()["radius"] == pytest.approx(radius)
    # and once there is a layer that it can be given in
    model.layers.clear()
    model.add_image(blobs, scale=(0.2, 0.2), units="um")
    assert dock.values()["radius"] == pytest.approx(2.5)
    dock.form.reset()
    assert dock.values()["radius"] == pytest.approx(0.2)


def test_an_area_is_no_volume(folder, model, open_dock, blobs):
    remembered.note_used("remove_small", {"min_size": {"value": 7.0, "unit": "um^2"}})
    model.add_labels(np.stack([blobs > 500] * 2).astype(int), units="um", axis_labels=("z", "y", "x"))
    dock = open_dock(MorphologyDock, model)
    assert dock.values()["min_size"] == 64
    model.layers.clear()
    model.add_labels((blobs > 500).astype(int), scale=(1000, 1000), units="nm")
    assert dock.values()["min_size"] == pytest.approx(7e6)


def test_the_panel_and_the_full_dock_share_what_both_show(folder, model, open_dock, finish, blobs):
    remembered.note_used("find_objects", {"keep_border": False, "sigma": {"value": 3.0, "unit": "um"}})
    model.add_image(blobs, **UM)
    panel = open_dock(FindPanel, model)
    panel.preview_box.setChecked(False)
    assert not panel.values()["keep_border"]
    # what is not shown has its default, and what was noted for the full dock is not lost
    assert panel.values()["sigma"] is None or panel.values()["sigma"] != 3
    panel.remember()
    assert remembered.used_last("find_objects")["sigma"] == {"value": 3.0, "unit": "um"}


@pytest.mark.parametrize(
    "text", ["not TOML [", '[threshold_auto."used last"]\nmethod = "gone"\nwhat = 3', "threshold_auto = 1"]
)
def test_a_file_that_somebody_has_edited(text, folder, model, open_dock):
    folder.mkdir()
    path = folder / remembered.NAME
    path.write_text(text)
    dock = open_dock(ThresholdDock, model)
    assert dock.values()["method"] == "otsu"
    remembered.note_used("threshold_auto", {"method": "li"})
    assert remembered.used_last("threshold_auto") == {"method": "li"}
    if "not" in text:
        assert path.with_suffix(".unreadable.toml").read_text() == text


def test_nothing_is_remembered_without_a_folder_or_where_nobody_wants_it(
    folder, prefer, model, open_dock, finish, blobs, monkeypatch
):
    model.add_image(blobs)
    prefer(remember=False)
    dock = open_dock(FiltersDock, model)
    dock.form.show_values({"sigma": 3.0})
    finish(dock)
    assert not folder.exists()
    monkeypatch.setattr(remembered, "folder", lambda: None)
    remembered.note_used("threshold_auto", {"method": "li"})
    assert remembered.used_last("threshold_auto") == {}


def test_a_test_never_writes_into_the_folder_of_whoever_runs_it():
    assert preferred.folder() is None


# --- presets -------------------------------------------------------------------------------------------


def test_values_get_a_name(folder, model, open_dock, blobs, monkeypatch):
    model.add_image(blobs, **UM)
    dock = open_dock(ThresholdDock, model)
    dock.preview_box.setChecked(False)
    dock.choose("threshold_manual")
    dock.form.show_values({"lower": 321.5, "upper": 4000.0})
    monkeypatch.setattr(QInputDialog, "getItem", lambda *_: ("bright & large", True))
    assert set(actions(dock.presets)) == {
        "Reset to defaults",
        "Keep these values as ...",
        "Lengths in pixels",
    }
    actions(dock.presets)["Keep these values as ..."].trigger()
    actions(dock.presets)["Reset to defaults"].trigger()
    assert dock.values()["upper"] is None
    other = open_dock(ThresholdDock, model)
    other.preview_box.setChecked(False)
    other.choose("threshold_manual")
    other.form.show_values({"lower": 5.0})
    heard = []
    other.form.edited.connect(lambda: heard.append(1))
    actions(other.presets)["bright && large"].trigger()
    assert other.values() == {"lower": 321.5, "upper": 4000.0}
    assert len(heard) == 1
    # they belong to this operation
    other.choose("threshold_auto")
    assert "bright && large" not in actions(other.presets)
    other.choose("threshold_manual")
    menu = actions(other.presets)["Delete"].menu()
    menu.actions()[0].trigger()
    assert remembered.named("threshold_manual") == {}


def test_lengths_in_pixels_are_the_same_lengths(model, open_dock, blobs):
    model.add_image(blobs, **UM)
    dock = open_dock(FiltersDock, model)
    field = dock.form.fields["sigma"]
    dock.form.show_values({"sigma": 1.2345678})
    actions(dock.presets)["Lengths in pixels"].trigger()
    assert field.title.value == "Sigma (pixels)"
    assert field.widget.value == pytest.approx(2.47)
    assert dock.values()["sigma"] == 1.2345678
    assert "A pixel is 0.5 um" in field.widget.tooltip
    field.widget.value = 4
    assert dock.values()["sigma"] == 2
    assert dock.job().recipe.steps[0].parameters["sigma"] == 2
    dock.choose("denoise_tv")
    assert not [field.title.value for field in dock.form.fields.values() if "()" in field.title.value]
    dock.choose("smooth_median")
    assert "(pixels)" in dock.form.fields["radius"].title.value
    actions(dock.presets)["Lengths in pixels"].trigger()
    assert field.title.value == "Sigma (um)"
    assert field.widget.value == 2


# --- preferences ---------------------------------------------------------------------------------------


def test_preferences_are_those_of_the_manifest():
    from dataclasses import asdict
    from pathlib import Path

    import yaml

    import objectwise

    manifest = yaml.safe_load((Path(objectwise.__file__).parent / "napari.yaml").read_text())
    declared = manifest["contributions"]["configurations"]["docks"]["properties"]
    assert {name: item["default"] for name, item in declared.items()} == asdict(Preferences())


def test_preferences_are_read_from_napari(monkeypatch):
    from types import SimpleNamespace

    from napari import settings

    set_by_hand = {"napari-objectwise": SimpleNamespace(docks=SimpleNamespace(preview="never"))}
    monkeypatch.setattr(settings, "get_plugin_settings", set_by_hand.__getitem__, raising=False)
    assert preferred.preferences() == Preferences(preview="never")
    # older than the page of preferences
    monkeypatch.delattr(settings, "get_plugin_settings")
    assert preferred.preferences() == Preferences()


@pytest.mark.parametrize(
    ("preview", "threshold", "filters"),
    [("usual", True, False), ("always", True, True), ("never", False, False)],
)
def test_the_preview_at_the_start(preview, threshold, filters, prefer, model, open_dock):
    prefer(preview=preview, lengths="pixels")
    assert open_dock(ThresholdDock, model).preview_box.isChecked() is threshold
    dock = open_dock(FiltersDock, model)
    assert dock.preview_box.isChecked() is filters
    assert dock.form.fields["sigma"].title.value == "Sigma (pixels)"


# --- keys ----------------------------------------------------------------------------------------------


def test_keys(model, open_dock, qtbot, blobs):
    model.add_image(blobs)
    dock = open_dock(FiltersDock, model)
    dock.activateWindow()
    box = dock.form.fields["sigma"].widget.native
    box.setFocus()
    qtbot.waitUntil(dock.isActiveWindow)
    on = dock.preview_box.isChecked()
    qtbot.keyClick(box, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert dock.preview_box.isChecked() is not on
    qtbot.keyClick(box, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert dock.worker is not None
    # once more does not cancel
    qtbot.keyClick(box, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: dock.worker is None, timeout=30000)
    assert len(model.layers) == 2
    dock.run()
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: dock.worker is None, timeout=30000)
    for widget, key in ((dock.button, "Ctrl+Return"), (dock.preview_box, "Ctrl+P"), (dock.help, "F1")):
        assert f"({key})" in widget.toolTip()


# --- typed lists ---------------------------------------------------------------------------------------


def test_weights_of_channels_are_typed(model, open_dock, blobs):
    dock = open_dock(ClusteringDock, model)
    dock.boxes["channels"].layers = [model.add_image(blobs), model.add_image(blobs[::-1])]
    field = dock.form.fields["channel_weights"]
    assert field.row.visible
    assert dock.values()["channel_weights"] is None
    for text in ("1, 0.5", "[1, 0.5]", "1,.5,"):
        field.widget.value = text
        assert dock.job().recipe.steps[0].parameters["channel_weights"] == (1, 0.5)
    field.widget.value = "1, two"
    with pytest.raises(ValueError, match="channel_weights must be a list of numbers; found 1, two"):
        dock.job()
    field.widget.value = ""
    assert dock.values()["channel_weights"] is None


def test_columns_are_offered_by_any_part_of_their_name(model, open_dock, blobs):
    image = model.add_image(blobs, name="my DAPI", **UM)
    model.add_labels((blobs > 500).astype(int), **UM)
    dock = open_dock(ClusteringDock, model)
    dock.choose("cluster_objects")
    dock.boxes["images"].layers = [image]
    field = dock.form.fields["columns"]
    assert field.value == ("equivalent_diameter",)
    edit = field.widget.native
    completer = edit.completer()
    completer.setCompletionPrefix("equivalent_diameter, mean_my")
    assert completer.completionModel().index(0, 0).data() == "intensity_mean_my_DAPI"
    edit.setText("equivalent_diameter, mean_my")
    completer.setCompletionPrefix(edit.text())
    edit.setText(completer.currentCompletion())
    assert field.value == ("equivalent_diameter", "intensity_mean_my_DAPI")
    labels = open_dock(LabelsDock, model)
    labels.choose("filter_labels_by_column")
    assert labels.values()["column"] == "equivalent_diameter"
    labels.form.show_values({"column": "no_such"})
    with pytest.raises(ValueError, match="no_such"):
        outcome_of(labels.job())


# --- errors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("step 'mask': the image is too small"), "The image is too small"),
        (KeyError("x\ny"), "This failed in a way that nobody has foreseen (KeyError: 'x\\ny'). Details tells where."),
        (OSError(28, "No space left"), "[Errno 28] No space left"),
    ],
)  # fmt: skip
def test_an_error_is_a_sentence_with_details_behind(
    error, sentence, model, open_dock, finish, qtbot, blobs, monkeypatch, capfd
):
    from objectwise.gui.runs import jobs

    def fail(*_, **__):
        raise error

    model.add_image(blobs)
    dock = open_dock(FiltersDock, model)
    assert dock.bar.details.isHidden()
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "run", fail)
        assert finish(dock) == sentence
    assert dock.bar.details.isVisible()
    dialog = dock.bar.details.open()
    text = dock.bar.details.text_shown
    assert "in fail" in text
    assert "napari 0" in text
    dialog.close()
    finish(dock)
    assert dock.bar.details.isHidden()
    assert capfd.readouterr() == ("", "")


# --- words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", DOCKS)
def test_every_control_says_what_it_does(kind, model, open_dock, blobs):
    model.add_image(np.stack([blobs] * 2), axis_labels=("z", "y", "x"), name="image")
    model.add_labels((np.stack([blobs] * 2) > 500).astype(int), axis_labels=("z", "y", "x"), name="labels")
    dock = open_dock(kind, model)
    dock.preview_box.setChecked(False)
    for record in dock.records:
        dock.choose(record.name)
        for control in dock.findChildren((QAbstractButton, QComboBox, QAbstractSpinBox)):
            # parts of a control of Qt have none of their own
            whole = control.parent() if isinstance(control, QRadioButton) else control
            if control.isVisible() and not control.objectName().startswith("qt_"):
                text = control.text() if hasattr(control, "text") else ""
                assert whole.toolTip(), f"{record.name}: {type(control).__name__} {text!r}"
