"""Docks make the right job of what is chosen, keep histories, and say what is missing."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

import objectwise as ow
from objectwise.core.operation import operations
from objectwise.gui.dock import OperationDock
from objectwise.gui.docks import (
    BackgroundDock,
    ClusteringDock,
    EdgesDock,
    EnhanceDock,
    FiltersDock,
    LabelsDock,
    MorphologyDock,
    RegionsDock,
    ThresholdDock,
    WatershedDock,
)
from objectwise.gui.layers import calibration
from objectwise.gui.layers import conversion as convert
from objectwise.gui.measuring import MeasureDock
from objectwise.gui.runs.wiring import input_name
from objectwise.gui.table.noted_table import table_of

DOCKS = (
    FiltersDock,
    BackgroundDock,
    EnhanceDock,
    ThresholdDock,
    MorphologyDock,
    EdgesDock,
    RegionsDock,
    WatershedDock,
    LabelsDock,
    ClusteringDock,
    MeasureDock,
)
UM = {"scale": (0.5, 0.5), "units": "um"}


@pytest.fixture
def movie(blobs):
    return np.stack([blobs, blobs // 2, blobs[::-1]])


def notes(layer):
    return layer.metadata["objectwise"]


def choose(box, text):
    """Choose an entry as a person does."""
    box.setCurrentText(text)
    box.activated.emit(box.currentIndex())


def test_every_family_has_a_dock():
    assert {record.family for record in operations.values()} <= {
        family for dock in DOCKS for family in dock.families
    }


@pytest.mark.parametrize("kind", DOCKS)
def test_every_method_can_be_chosen_without_any_layer(kind, model, open_dock):
    dock = open_dock(kind, model)
    for record in dock.records:
        dock.choose(record.name)
        assert dock.record is record
        assert record.summary in dock.summary.text()
        with pytest.raises(ValueError, match="Choose a layer"):
            dock.job()
    assert "first" in dock.understood.text()


@pytest.mark.parametrize("kind", DOCKS)
def test_no_row_is_wider_than_a_dock(kind, model, open_dock, blobs):
    name = (
        "a layer with a name that is longer than any dock on any screen could ever hope to show in one line"
    )
    model.add_image(np.stack([blobs] * 3), name=name, axis_labels=("z", "y", "x"))
    model.add_labels((np.stack([blobs] * 3) > 500).astype(int), name=f"{name} labels")
    dock = open_dock(kind, model)
    for record in dock.records:
        dock.choose(record.name)
        assert dock.inner.minimumSizeHint().width() <= 345, record.name
        assert dock.minimumSizeHint().width() <= 360
        assert dock.sizeHint().height() < 700


def test_a_mask_and_its_history(model, open_dock, finish, blobs):
    source = model.add_image(blobs, name="nuclei", **UM)
    dock = open_dock(ThresholdDock, model)
    assert "y 60, x 80; 0.5 x 0.5 um per pixel" in dock.understood.text()
    text = finish(dock)
    layer = model.layers[-1]
    assert layer.name == "nuclei threshold auto"
    assert notes(layer)["kind"] == "mask"
    assert "threshold" in text
    assert "otsu" in text
    assert [step.op for step in notes(layer)["recipe"].steps] == ["threshold_auto"]
    assert notes(layer)["values"][0]["parameter"] == "threshold"
    np.testing.assert_array_equal(layer.data, ow.apply("threshold_auto", blobs))
    assert layer.units == source.units


def test_instances_are_a_further_step(model, open_dock, finish, blobs):
    model.add_image(blobs, name="nuclei", **UM)
    dock = open_dock(ThresholdDock, model)
    choose(dock.rows.output, "Instance (labels)")
    assert finish(dock).startswith("3 objects")
    layer = model.layers[-1]
    assert notes(layer)["kind"] == "labels"
    assert layer.data.dtype == np.int32
    assert [step.op for step in notes(layer)["recipe"].steps] == ["threshold_auto", "label_components"]


def test_histories_chain_and_run_again(model, open_dock, finish, blobs):
    model.add_image(blobs, name="nuclei", **UM)
    finish(open_dock(ThresholdDock, model))
    model.layers.selection.active = model.layers[-1]
    morphology = open_dock(MorphologyDock, model)
    morphology.choose("open")
    finish(morphology)
    finish(morphology)
    model.layers.selection.active = model.layers[-1]
    watershed = open_dock(WatershedDock, model)
    assert watershed.boxes["mask"].layer is model.layers[-1]
    finish(watershed)
    labels = model.layers[-1]
    recipe = notes(labels)["recipe"]
    assert recipe.inputs == ("nuclei",)
    assert [step.op for step in recipe.steps] == ["threshold_auto", "open", "split_touching"]
    again = ow.Recipe.from_toml(recipe.to_toml())
    *_, last = ow.run(again, {"nuclei": convert.source_of(model.layers["nuclei"])})
    np.testing.assert_array_equal(last.results[again.outputs[-1]].array, labels.data)


def test_a_hand_edit_ends_the_recipe(model, open_dock, finish, blobs):
    model.add_image(blobs, name="nuclei", **UM)
    finish(open_dock(ThresholdDock, model))
    mask = model.layers[-1]
    mask.data_setitem((np.array([0, 0]), np.array([0, 1])), 1)
    model.layers.selection.active = mask
    watershed = open_dock(WatershedDock, model)
    finish(watershed)
    recipe = notes(model.layers[-1])["recipe"]
    assert [step.op for step in recipe.steps] == ["split_touching"]
    assert recipe.inputs == ("nuclei threshold auto",)
    edited = recipe.notes["edited"]["nuclei threshold auto"]
    assert edited["fingerprint"] == convert.fingerprint(mask.data)
    assert "threshold_auto" in edited["before"]
    assert ow.Recipe.from_toml(recipe.to_toml()).notes == recipe.notes
    model.layers.selection.active = model.layers[-1]
    clean = open_dock(MorphologyDock, model)
    clean.choose("clear_border")
    finish(clean)
    later = notes(model.layers[-1])["recipe"]
    assert [step.op for step in later.steps] == ["split_touching", "clear_border"]
    assert "nuclei threshold auto" in later.notes["edited"]


def test_what_is_chosen_meanwhile_has_no_part(model, open_dock, qtbot, blobs):
    model.add_image(blobs, name="fine", scale=(0.2, 0.2), units="um")
    model.add_image(blobs, name="coarse", scale=(5, 5), units="um")
    model.layers.selection.active = model.layers["fine"]
    dock = open_dock(ThresholdDock, model)
    dock.run()
    dock.boxes["image"].layer = model.layers["coarse"]
    dock.choose("threshold_local")
    qtbot.waitUntil(lambda: dock.worker is None, timeout=20000)
    layer = next(layer for layer in model.layers if layer.name.startswith("fine thr"))
    np.testing.assert_allclose(layer.scale, 0.2)


def test_a_run_of_minutes_is_announced(model, open_dock):
    volume = np.broadcast_to(np.uint8(3), (64, 1024, 1024))
    model.add_image(volume, name="volume", axis_labels=("z", "y", "x"))
    dock = open_dock(FiltersDock, model)
    dock.choose("denoise_nlm")
    assert dock.bar.expected.text() == "This will take about 3 minutes."
    assert dock.bar.expected.isVisible()
    dock.choose("smooth_gaussian")
    assert not dock.bar.expected.isVisible()


def test_an_error_is_a_sentence_in_the_dock(model, open_dock, finish):
    model.add_labels(np.zeros((5, 6), int), name="empty", metadata={"objectwise": {"kind": "mask"}})
    model.add_image(np.zeros((7, 8)), name="other")
    dock = open_dock(WatershedDock, model)
    dock.choose("watershed_seeded")
    dock.boxes["seeds"].layer = model.layers["empty"]
    text = finish(dock)
    assert "same size" in text
    assert not text.startswith("step")
    assert len(model.layers) == 2
    assert "ff6b6b" in dock.status.styleSheet()


def test_an_empty_result_says_so(model, open_dock, finish, blobs):
    model.add_image(blobs)
    dock = open_dock(ThresholdDock, model)
    dock.choose("threshold_manual")
    dock.form.show_values({"lower": 60000.0})
    assert "nothing inside" in finish(dock).lower()


# --- axes and channels ---------------------------------------------------------------------------------


def test_axes_are_asked_for_and_remembered(model, open_dock, finish, movie):
    layer = model.add_image(movie, name="movie")
    dock = open_dock(ThresholdDock, model)
    assert not dock.rows.axes.isHidden()
    assert "not known" in dock.understood.text()
    dock.run()
    assert "3 axes" in dock.status.text()
    choose(dock.rows.axes, "tyx")
    assert dock.rows.axes.isHidden()
    assert notes(layer)["axes"] == "tyx"
    assert "t 3, y 60, x 80" in dock.understood.text()
    finish(dock)
    assert calibration.axes_of(model.layers[-1]) == "tyx"


def test_colours_need_a_channel(model, open_dock, finish):
    model.add_image(np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8), rgb=True, name="ihc")
    dock = open_dock(ThresholdDock, model)
    dock.run()
    assert "3 channels" in dock.status.text()
    choose(dock.rows.channel, "green")
    finish(dock)
    np.testing.assert_array_equal(
        model.layers[-1].data, ow.apply("threshold_auto", model.layers[0].data[..., 1])
    )
    assert notes(model.layers[-1])["recipe"].steps[0].inputs == {"image": "ihc[green]"}


def test_a_channel_between_other_axes(model, open_dock, finish, movie, blobs):
    data = np.stack([movie, 2 * movie], axis=1)
    model.add_image(data, axis_labels=("t", "c", "y", "x"), name="two")
    dock = open_dock(ThresholdDock, model)
    choose(dock.rows.channel, "1")
    finish(dock)
    mask = model.layers[-1]
    assert mask.data.shape == (3, 1, 60, 80)
    model.layers.selection.active = mask
    watershed = open_dock(WatershedDock, model)
    watershed.choose("label_components")
    finish(watershed)
    assert model.layers[-1].data.shape == (3, 1, 60, 80)
    np.testing.assert_array_equal(
        model.layers[-1].data[:, 0] > 0, [ow.apply("threshold_auto", 2 * plane) for plane in movie]
    )


def test_filters_take_all_channels(model, open_dock, finish, blobs):
    model.add_image(np.stack([blobs, blobs // 2]), axis_labels=("c", "y", "x"), name="two")
    dock = open_dock(FiltersDock, model)
    finish(dock)
    assert model.layers[-1].data.shape == (2, 60, 80)
    choose(dock.rows.channel, "1")
    finish(dock)
    assert model.layers[-1].data.shape == (60, 80)


def test_several_layers_are_channels(model, open_dock, finish, blobs):
    rng = np.random.default_rng(1)
    first = model.add_image(blobs, name="DAPI", **UM)
    second = model.add_image(rng.normal(size=blobs.shape).astype(np.float32), name="GFP", **UM)
    dock = open_dock(ClusteringDock, model)
    dock.boxes["channels"].layers = [first, second]
    finish(dock)
    layer = model.layers[-1]
    np.testing.assert_array_equal(
        layer.data, ow.apply("cluster_kmeans", np.stack([first.data, second.data]), grid=ow.Grid("cyx"))
    )
    assert notes(layer)["kind"] == "classes"
    assert layer.data.dtype == np.uint8
    choose(dock.rows.output, "Instance (labels)")
    finish(dock)
    assert [step.op for step in notes(model.layers[-1])["recipe"].steps] == [
        "cluster_kmeans",
        "labels_from_classes",
    ]


def test_where_the_threshold_is_found(model, open_dock, finish, movie):
    model.add_image(movie, axis_labels=("t", "y", "x"), name="movie")
    dock = open_dock(ThresholdDock, model)
    assert [dock.rows.scope.itemText(n) for n in range(dock.rows.scope.count())] == [
        "each frame",
        "whole series",
    ]
    finish(dock)
    each = model.layers[-1].data
    choose(dock.rows.scope, "whole series")
    finish(dock)
    whole = model.layers[-1].data
    assert each[1].any()
    assert not np.array_equal(each, whole)
    np.testing.assert_array_equal(
        whole, ow.apply("threshold_auto", movie, grid=ow.Grid("tyx"), scope="series")
    )


def test_volumes_can_be_worked_on_plane_by_plane(model, open_dock, finish, movie):
    model.add_image(movie, axis_labels=("z", "y", "x"), name="volume")
    dock = open_dock(ThresholdDock, model)
    assert not dock.rows.work_on.isHidden()
    assert dock.rows.scope.isHidden()
    choose(dock.rows.work_on, "each plane")
    assert [dock.rows.scope.itemText(n) for n in range(dock.rows.scope.count())] == [
        "whole volume",
        "each plane",
    ]
    choose(dock.rows.scope, "each plane")
    finish(dock)
    np.testing.assert_array_equal(
        model.layers[-1].data, [ow.apply("threshold_auto", plane) for plane in movie]
    )


@pytest.mark.parametrize("lazy", [lambda x: da.from_array(x, chunks=(1, 60, 80)), lambda x: x])
def test_lazy_and_other_arrays_give_the_same(lazy, model, open_dock, finish, movie):
    model.add_image(lazy(movie), axis_labels=("t", "y", "x"), name="movie")
    finish(open_dock(ThresholdDock, model))
    np.testing.assert_array_equal(
        model.layers[-1].data, ow.apply("threshold_auto", movie, grid=ow.Grid("tyx"))
    )


def test_many_resolutions(model, open_dock, finish, blobs):
    model.add_image([blobs, blobs[::2, ::2]], name="pyramid", **UM)
    finish(open_dock(ThresholdDock, model))
    assert model.layers[-1].data.shape == blobs.shape


def test_the_pixel_size_can_be_set_in_the_dock(model, open_dock, blobs):
    first, second = model.add_image(blobs), model.add_image(blobs + 1)
    dock = open_dock(ThresholdDock, model)
    assert not dock.pixel_size.isHidden()
    dock.pixel_size.plane.setValue(0.325)
    dock.pixel_size.button.click()
    assert dock.pixel_size.isHidden()
    for layer in (first, second):
        assert calibration.grid_of(layer) == ow.Grid("yx", (0.325, 0.325), "um")
    dock.choose("threshold_local")
    assert dock.form.values()["diameter"] == pytest.approx(51 * 0.325, rel=0.01)


# --- choosers ------------------------------------------------------------------------------------------


def test_choosers_follow_the_layers(model, open_dock, blobs):
    dock = open_dock(ThresholdDock, model)
    first = model.add_image(blobs, name="first")
    assert dock.boxes["image"].layer is first
    second = model.add_image(blobs, name="second")
    model.add_labels((blobs > 500).astype(int))
    assert dock.boxes["image"].layer is first
    assert dock.boxes["image"].count() == 2
    dock.boxes["image"].layer = second
    second.name = "renamed"
    assert dock.boxes["image"].currentText() == "renamed"
    model.layers.remove(second)
    assert dock.boxes["image"].layer is first
    model.layers.clear()
    assert dock.boxes["image"].layer is None


def test_inputs_start_with_the_kind_that_fits(model, open_dock, blobs):
    mask = (blobs > 500).astype(np.uint8)
    model.add_labels(mask, name="mask", metadata={"objectwise": {"kind": "mask"}})
    model.add_labels(mask.astype(int), name="labels")
    image = model.add_image(blobs, name="image")
    model.layers.selection.active = image
    dock = open_dock(WatershedDock, model)
    assert dock.boxes["mask"].layer.name == "mask"
    dock.choose("watershed_seeded")
    assert dock.boxes["image"].layer is image
    assert dock.boxes["seeds"].layer.name == "labels"
    assert dock.boxes["mask"].layer is None
    assert dock.boxes["mask"].currentText() == "none"


@pytest.mark.parametrize("name", ["nuclei [1]", "Ünïcode µm", "2nd", "a/b", "", "  ", "_x", "C1-DAPI"])
def test_any_layer_name_can_be_an_input(name):
    step = ow.Step("s", "threshold_auto", {"image": input_name(name)})
    assert ow.Recipe.from_toml(ow.Recipe([step]).to_toml()).inputs == (input_name(name),)


# --- measuring -----------------------------------------------------------------------------------------


def test_measuring_several_images(model, open_dock, finish, movie):
    first = model.add_image(
        movie, name="DAPI [1]", axis_labels=("t", "y", "x"), scale=(1, 0.5, 0.5), units=("s", "um", "um")
    )
    second = model.add_image(
        np.stack([movie, movie // 2]),
        name="two",
        axis_labels=("c", "t", "y", "x"),
        scale=(1, 1, 0.5, 0.5),
        units=("pixel", "s", "um", "um"),
    )
    labels = model.add_labels(
        (movie > 500).astype(int) * 7,
        name="cells",
        axis_labels=("t", "y", "x"),
        scale=(1, 0.5, 0.5),
        units=("s", "um", "um"),
    )
    dock = open_dock(MeasureDock, model)
    assert dock.boxes["labels"].layer is labels
    dock.boxes["images"].layers = [first, second]
    assert "of 3 frames" in finish(dock)
    noted = table_of(labels)
    assert list(noted.table.frame["label"].unique()) == [7]
    assert {"intensity_mean_DAPI_1", "intensity_mean_two_0", "intensity_mean_two_1"} <= set(noted.table.frame)
    assert noted.table.units["area"] == "um^2"
    assert noted.grid.axes == "tyx"
    assert [step.op for step in noted.recipe.steps] == ["measure"]


def test_measuring_without_an_image_leaves_out_brightness(model, open_dock, finish, blobs):
    labels = model.add_labels((blobs > 500).astype(int), **UM)
    dock = open_dock(MeasureDock, model)
    dock.form.fields["features"].boxes["shape"].value = False
    finish(dock)
    assert "area" in table_of(labels).table.frame
    assert "solidity" not in table_of(labels).table.frame
    for name in ("size", "position"):
        dock.form.fields["features"].boxes[name].value = False
    dock.run()
    assert "Check an image" in dock.status.text()


def test_classes_are_measured_as_classes_and_objects_as_objects(model, open_dock, finish, blobs):
    notes = {"objectwise": {"kind": "classes"}}
    classes = model.add_labels(np.digitize(blobs, (300, 600)), name="classes", metadata=notes, **UM)
    cells = model.add_labels((blobs > 500).astype(int) * 7, name="cells", **UM)
    model.layers.selection.active = classes
    dock = open_dock(MeasureDock, model)
    assert dock.record.name == "measure_classes"
    assert dock.boxes["classes"].layer is classes
    assert "one for each class" in finish(dock)
    choose(dock.boxes["classes"], "cells")
    assert dock.record.name == "measure"
    assert dock.boxes["labels"].layer is cells
    choose(dock.boxes["labels"], "classes")
    assert dock.record.name == "measure_classes"
    # what is chosen by hand stays
    dock.choose("measure")
    assert dock.record.name == "measure"
    # of two layers that one is taken for objects which holds objects
    dock.choose("measure_classes_in_objects")
    assert dock.boxes["labels"].layer is cells
    assert dock.boxes["classes"].layer is classes


def test_return_sets_the_pixel_size_once_all_of_it_is_given(model, open_dock, blobs):
    model.add_image(np.stack([blobs] * 3), name="volume", axis_labels=("z", "y", "x"))
    dock = open_dock(ThresholdDock, model)
    row = dock.pixel_size
    row.plane.setValue(0.25)
    row.plane.lineEdit().returnPressed.emit()
    assert not row.isHidden()
    row.step.setValue(1.5)
    row.step.lineEdit().returnPressed.emit()
    assert row.isHidden()
    np.testing.assert_allclose(model.layers["volume"].scale, (1.5, 0.25, 0.25))


def test_tables_of_two_layers_frames_and_distances(model, open_dock, finish, blobs):
    movie = np.stack([blobs, blobs])
    axes = {"axis_labels": ("t", "y", "x"), "scale": (1, 0.5, 0.5), "units": ("s", "um", "um")}
    cells = model.add_labels((movie > 300).astype(int) * 4, name="cells", **axes)
    spots = model.add_labels((movie > 500).astype(int) * 7, name="spots", **axes)
    dock = open_dock(MeasureDock, model)
    dock.choose("relate_objects")
    assert {dock.boxes["children"].layer, dock.boxes["parents"].layer} == {spots, cells}
    dock.boxes["children"].layer, dock.boxes["parents"].layer = spots, cells
    finish(dock)
    # the table belongs to the layer that its rows are of
    noted = table_of(spots)
    assert table_of(cells) is None
    assert noted.table.frame[["frame", "label", "parent"]].to_numpy().tolist() == [[0, 7, 4], [1, 7, 4]]
    assert noted.labelled
    assert noted.mark is not None
    assert noted.table.units["parent_centre_distance"] == "um"
    dock.choose("measure_parents")
    dock.boxes["parents"].layer, dock.boxes["children"].layer = cells, spots
    for name in ("shape", "position"):
        dock.form.fields["features"].boxes[name].value = False
    finish(dock)
    assert table_of(cells).table.frame["n_children"].tolist() == [1, 1]
    assert "children_area_sum" in table_of(cells).table.frame
    dock.choose("measure_pattern")
    dock.boxes["labels"].layer = spots
    assert "40 rows, one for each distance" in finish(dock)
    assert table_of(spots).table.units["distance"] == "um"
    # a row of a distance is no object
    assert not table_of(spots).labelled
    dock.choose("summarise_objects")
    assert "2 rows, one for each frame" in finish(dock)


def test_a_mask_cannot_be_measured(model, open_dock, finish, blobs):
    model.add_labels((blobs > 500).astype(np.uint8), metadata={"objectwise": {"kind": "mask"}})
    assert "label_components" in finish(open_dock(MeasureDock, model))


# --- life ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", DOCKS)
def test_a_closed_dock_follows_no_event(kind, model, open_dock, blobs):
    def count():
        groups = (model.layers.events, model.dims.events, model.layers.selection.events, layer.events)
        return sum(len(emitter.callbacks) for group in groups for emitter in group.emitters.values())

    layer = model.add_image(blobs)
    model.add_labels((blobs > 500).astype(int))
    before = count()
    dock = open_dock(kind, model)
    for record in dock.records:
        dock.choose(record.name)
    assert count() > before
    dock.shut_down()
    assert count() == before
    dock.shut_down()


def test_cancel_between_two_blocks(model, open_dock, qtbot, blobs):
    def slow(block):
        import time

        time.sleep(0.02)
        return block

    data = da.stack([da.from_array(blobs, chunks=blobs.shape).map_blocks(slow, dtype=blobs.dtype)] * 200)
    model.add_image(data, axis_labels=("t", "y", "x"), name="long", contrast_limits=(0, 1000))
    dock = open_dock(ThresholdDock, model)
    dock.preview_box.setChecked(False)
    dock.run()
    assert dock.button.text() == "Cancel"
    assert not dock.progress.isHidden()
    qtbot.waitUntil(lambda: dock.progress.value() > 10, timeout=20000)
    dock.button.click()
    qtbot.waitUntil(lambda: dock.worker is None, timeout=20000)
    assert "Cancelled" in dock.status.text()
    assert dock.button.text() == "Run"
    assert dock.progress.isHidden()
    assert len(model.layers) == 1


def test_the_base_dock_offers_nothing(model, open_dock):
    assert OperationDock.families == ()


def test_the_wheel_changes_no_setting(model, open_dock, blobs):
    from qtpy.QtCore import QPoint, QPointF, Qt
    from qtpy.QtGui import QWheelEvent
    from qtpy.QtWidgets import QAbstractSpinBox, QApplication, QComboBox

    model.add_image(blobs)
    dock = open_dock(ThresholdDock, model)
    before = dock.form.values()
    for box in dock.findChildren(QComboBox) + dock.findChildren(QAbstractSpinBox):
        box.clearFocus()
        event = QWheelEvent(
            QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(box, event)
    assert dock.form.values() == before
    assert dock.record.name == "threshold_auto"


def test_what_a_run_has_said_stays(model, open_dock, finish, blobs):
    model.add_image(blobs)
    dock = open_dock(ThresholdDock, model)
    said = finish(dock)
    dock._changed()
    model.add_image(blobs)
    assert dock.status.text() == said


def test_a_colour_picture_becomes_grey(model, open_dock, finish):
    picture = np.random.default_rng(0).integers(0, 255, (12, 14, 3), np.uint8)
    model.add_image(picture, rgb=True, name="tissue", units=("um", "um"), scale=(0.5, 0.5))
    dock = open_dock(FiltersDock, model)
    dock.choose("rgb_to_grey")
    finish(dock)
    result = model.layers[-1]
    assert result.data.shape == (12, 14)
    assert [str(unit) for unit in result.units] == ["micrometer", "micrometer"]
    np.testing.assert_allclose(result.scale, (0.5, 0.5))


@pytest.mark.parametrize("axes", ["yx", "tyx"])
def test_a_result_of_several_channels_is_an_image_layer(axes, model, open_dock, finish, blobs):
    image = blobs if axes == "yx" else np.stack([blobs, blobs // 2, blobs])
    model.add_image(image, name="nuclei", axis_labels=tuple(axes), units=("um",) * len(axes))
    dock = open_dock(ClusteringDock, model)
    dock.choose("cluster_fuzzy_cmeans")
    finish(dock)
    result = model.layers[-1]
    assert result.data.shape == ((3, *image.shape) if axes == "yx" else (3, 3, *blobs.shape))
    assert "c" in result.axis_labels
    np.testing.assert_allclose(np.asarray(result.data).sum(axis=result.axis_labels.index("c")), 1, atol=1e-5)
