"""The steps behind a result: shown, done again with other values, and repeated with other images."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

import objectwise as ow
from objectwise.core.recipe import Recipe
from objectwise.gui.docks import FindDock, MorphologyDock, ThresholdDock, WatershedDock
from objectwise.gui.history.history_dock import HistoryDock
from objectwise.gui.history.retrace import entries, history_of, job_of, layers_for, with_shortcut
from objectwise.gui.measuring import MeasureDock
from objectwise.gui.table.noted_table import table_of
from objectwise.io import read_image, write_image


@pytest.fixture
def made(model, blobs, open_dock, finish):
    """Threshold, clean and split an image, and measure the objects."""
    model.add_image(blobs, name="nuclei", scale=(0.5, 0.5), units="um")
    for kind, name in (
        (ThresholdDock, ""),
        (MorphologyDock, "remove_small"),
        (WatershedDock, "split_touching"),
    ):
        dock = open_dock(kind, model)
        if name:
            dock.choose(name)
            model.layers.selection.active = model.layers[-1]
        finish(dock)
    measure = open_dock(MeasureDock, model)
    finish(measure)
    return model.layers[-1]


def lines(dock):
    return [dock.list.item(number).text() for number in range(dock.list.count())]


def choose(dock, step):
    dock.list.setCurrentRow([line.step for line in dock.list.lines].index(step))
    return dock.panel.form.fields


def test_the_steps_behind_a_layer_and_its_table(made, model, open_dock):
    dock = open_dock(HistoryDock, model)
    shown = lines(dock)
    assert shown[0] == "nuclei (image)"
    assert shown[1].startswith("Threshold auto\n    method otsu, threshold ")
    assert shown[2] == "Remove small\n    min size 16 µm²"
    assert shown[3] == "Split touching\n    min diameter 5 µm"
    assert shown[4] == "Measure"
    # an input is told apart from others by more than its name
    model.layers["nuclei"].name = "DAPI"
    assert dock.rows.boxes["nuclei"].layer is model.layers["DAPI"]
    model.layers.remove(model.layers["DAPI"])
    assert "Not open: choose a layer" in lines(dock)[0]
    dock.run()
    assert dock.status.text() == "Choose a layer for “nuclei”: image."
    model.layers.remove(made)
    assert not dock.button.isEnabled()


def test_another_value_gives_another_layer(made, model, open_dock, finish, blobs):
    dock = open_dock(HistoryDock, model)
    assert not choose(dock, "threshold_auto")["threshold"].value
    choose(dock, "threshold_auto")["correction"].widget.value = 1.9
    # the threshold that was found before is no longer true
    assert (
        lines(dock)[1]
        == "Threshold auto (changed)\n    method otsu, correction 1.9, threshold found from the image"
    )
    assert dock.button.text() == "Run with the changes"
    before = np.array(made.data)
    assert "objects" in finish(dock)
    new = model.layers[-1]
    assert new is not made
    np.testing.assert_array_equal(made.data, before)
    assert not made.visible
    recipe = dock.recipe()
    assert recipe.step("threshold_auto").parameters["correction"] == 1.9
    *_, last = ow.run(recipe, {"nuclei": (blobs, ow.Grid("yx", (0.5, 0.5), "um"))})
    np.testing.assert_array_equal(new.data, last.results["split_touching"].array)
    assert table_of(new).table.frame.equals(last.results["measure"].array.frame)
    assert table_of(made).table is not table_of(new).table
    # the same step is ready for another try
    assert dock.history.layer is new
    assert dock.panel.form.fields["correction"].value == 1.9
    model.layers.selection = {made, new}
    assert dock.difference.text().endswith(
        "differs from nuclei split touching in: threshold auto: correction 1 -> 1.9."
    )


def test_changes_are_taken_back_and_wrong_values_refused(made, model, open_dock):
    dock = open_dock(HistoryDock, model)
    choose(dock, "split_touching")["min_neck"].widget.value = 0.5
    assert dock.recipe().step("split_touching").parameters["min_neck"] == 0.5
    choose(dock, "remove_small")["min_size"].widget.value = 3
    assert set(dock.changes) == {"split_touching", "remove_small"}
    dock.undo.click()
    assert dock.recipe() == dock.history.recipe
    assert dock.panel.form.fields["min_size"].value == 16


def test_what_comes_before_a_change_is_not_done_again(made, model):
    history = history_of(made)
    changed = history.recipe.with_value("split_touching", "min_neck", 0.4)
    job = job_of(changed, layers_for(history, model.layers), history.origins)
    short = with_shortcut(job, ["split_touching"], model.layers).shortcut
    assert [step.op for step in short.recipe.steps] == ["split_touching", "measure"]
    assert not short.edited
    *_, quick = ow.run(short.recipe, short.inputs)
    *_, whole = ow.run(job.recipe, job.inputs)
    np.testing.assert_array_equal(
        quick.results["split_touching"].array, whole.results["split_touching"].array
    )
    assert not quick.results["split_touching"].recipe.diff(whole.results["split_touching"].recipe)
    assert quick.results["split_touching"].values == whole.results["split_touching"].values
    # an edit by hand of what would be used, or another image of that name, and all is done anew
    clean = model.layers["nuclei remove small"]
    clean.data_setitem((np.array([0]), np.array([0])), 1)
    assert with_shortcut(job, ["split_touching"], model.layers).shortcut.edited
    other = model.add_image(np.array(model.layers["nuclei"].data), name="other")
    elsewhere = job_of(changed, {"nuclei": [other]}, history.origins)
    assert with_shortcut(elsewhere, ["split_touching"], model.layers).shortcut is None


def test_an_edit_by_hand_is_a_line(made, model, open_dock, finish, qtbot):
    dock = open_dock(HistoryDock, model)
    assert "Edited by hand" not in lines(dock)[-1]
    made.data_setitem((np.array([0, 0]), np.array([0, 1])), 9)
    qtbot.waitUntil(lambda: lines(dock)[-1].startswith("Edited by hand"), timeout=5000)
    grow = open_dock(WatershedDock, model)
    grow.choose("make_rings")
    finish(grow)
    assert [text.partition("\n")[0] for text in lines(dock)] == [
        "Threshold auto (before the edit)",
        "Remove small (before the edit)",
        "Split touching (before the edit)",
        "nuclei split touching (edited by hand)",
        "Make rings",
    ]
    # what was before the edit cannot be chosen
    assert not dock.list.item(0).flags() & Qt.ItemFlag.ItemIsSelectable
    assert finish(dock).startswith("3 objects") or "object" in dock.status.text()
    assert history_of(model.layers[-1]).edits


def test_repeated_with_other_images(made, model, open_dock, finish, blobs):
    flat = model.add_image(np.full_like(blobs, 7), name="flat", scale=(0.5, 0.5), units="um")
    model.add_image(blobs[::-1].copy(), name="cells", scale=(0.5, 0.5), units="um")
    model.add_image(np.stack([blobs, blobs]), name="movie", axis_labels=("t", "y", "x"))
    model.layers.selection.active = made
    dock = open_dock(HistoryDock, model)
    choose(dock, "threshold_auto")["method"].widget.value = "minimum"
    dock.repeat.click()
    offered = [dock.others.item(number).text() for number in range(dock.others.count())]
    assert offered == ["flat", "cells"]
    dock.others.layers = [flat, model.layers["cells"]]
    assert dock.button.text() == "Run on 2 other images"
    n = len(model.layers)
    said = finish(dock)
    assert "1 of 2 done. flat: " in said or "2 of 2 done" in said
    found = [layer for layer in model.layers[n:] if layer.name.startswith("cells")]
    np.testing.assert_array_equal(found[0].data > 0, made.data[::-1] > 0)
    assert history_of(found[0]).recipe.inputs == ("cells",)
    assert made.visible


def test_saved_opened_and_run_on_another(made, model, open_dock, finish, tmp_path, blobs):
    dock = open_dock(HistoryDock, model)
    path = dock.files.save(str(tmp_path / "mine"))
    assert Recipe.read(path) == dock.history.recipe
    dock.files.save(str(tmp_path / "missing" / "mine"))
    assert dock.status.text().startswith("Not saved")
    dock.files.open(str(path))
    assert dock.title.text() == "Recipe mine.toml:"
    model.add_image(blobs.T.copy(), name="turned", scale=(0.5, 0.5), units="um")
    dock.rows.boxes["nuclei"].layer = model.layers["turned"]
    finish(dock)
    np.testing.assert_array_equal(model.layers[-1].data > 0, made.data.T > 0)
    assert table_of(model.layers[-1]) is not None
    (tmp_path / "no.toml").write_text("recipe = 2", encoding="utf-8")
    dock.files.open(str(tmp_path / "no.toml"))
    assert "not a recipe" in dock.status.text()


def test_a_copied_script_gives_the_same_labels(model, open_dock, finish, tmp_path, blobs):
    movie = np.stack([blobs, blobs[::-1]])
    grid = ow.Grid("tyx", (0.5, 0.5), "um", interval=2, interval_unit="s")
    path = write_image(tmp_path / "movie.ome.tif", movie, grid)
    model.add_image(
        movie, name="movie", axis_labels=("t", "y", "x"), scale=(2, 0.5, 0.5), units=("s", "um", "um")
    )
    find = open_dock(FindDock, model)
    finish(find)
    dock = open_dock(HistoryDock, model)
    dock.files.copy_script()
    text = QApplication.clipboard().text().replace('"movie.tif"', f'"{path.as_posix()}"')
    done = subprocess.run(
        [sys.executable, "-"], input=text, cwd=tmp_path, capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(read_image(tmp_path / "split.ome.tif").array, model.layers[-1].data)
    dock.files.copy_methods()
    text = QApplication.clipboard().text()
    assert "From “movie” we smoothed" in text
    assert "napari" in text


def test_a_number_that_an_earlier_step_finds_can_be_given(model, open_dock, finish, blobs):
    model.add_image(blobs, name="nuclei")
    finish(open_dock(FindDock, model))
    dock = open_dock(HistoryDock, model)
    choose(dock, "sized")
    link = dock.panel.links["min_diameter"]
    assert "Estimate diameter\n    gives “size”" in lines(dock)
    assert link.text() == "Min diameter (pixel): 0.4 x size"
    link.setChecked(False)
    dock.panel.form.fields["min_diameter"].value = 18
    assert dock.recipe().step("sized").parameters["min_diameter"] == 18
    assert "object" in finish(dock)
    assert history_of(model.layers[-1]).recipe.step("sized").parameters["min_diameter"] == 18


def test_an_image_without_history(model, open_dock, blobs):
    model.add_image(blobs)
    dock = open_dock(HistoryDock, model)
    assert dock.title.text().startswith("No steps are known")
    assert history_of(model.layers[0]) is None
    assert not dock.list.isVisible()


def test_entries_need_no_layers():
    recipe = Recipe([ow.Step("mask", "threshold_auto", {"image": "nuclei"})])
    from objectwise.gui.history.retrace import History

    found = entries(History("file", recipe), {})
    assert [(line.title, line.missing) for line in found] == [
        ("nuclei (image)", True),
        ("Threshold auto", False),
    ]
