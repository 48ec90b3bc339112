"""The preview has the same pixels as the run, wherever it is shown."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from objectwise.core.method import methods
from objectwise.core.operation import operations
from objectwise.gui.docks import (
    BackgroundDock,
    ClusteringDock,
    EdgesDock,
    EnhanceDock,
    FiltersDock,
    FindDock,
    LabelsDock,
    MorphologyDock,
    RegionsDock,
    ThresholdDock,
    WatershedDock,
)
from objectwise.gui.layers import calibration
from objectwise.gui.preview import glance
from objectwise.gui.preview.memory import Memory
from tests.gui.test_docks import choose

DOCKS = (
    FindDock,
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
)
CASES = [
    (dock, name)
    for dock in DOCKS
    for name, record in methods.items()
    # colours need a layer of three channels
    if record.family in dock.families
    and record.output not in ("value", "channels")
    and record.family != "colour"
]


@pytest.fixture
def volume():
    rng = np.random.default_rng(3)
    z, y, x = np.mgrid[:9, :40, :50]
    image = rng.normal(100, 5, z.shape)
    for where, radius in (((4, 12, 12), 8), ((4, 12, 25), 8), ((3, 30, 35), 6)):
        inside = (3 * (z - where[0])) ** 2 + (y - where[1]) ** 2 + (x - where[2]) ** 2 <= radius**2
        image[inside] += 300 + 20 * where[0]
    return image.astype(np.uint16)


def add_inputs(model, image, axes, **more):
    """Add an image, and labels and a mask of the same axes."""
    names = {"axis_labels": tuple(axes), **more}
    labels = (image > 250).astype(np.int32) * (1 + (np.arange(image.shape[-1]) > 18))
    model.add_image(image, name="image", **names)
    model.add_labels(labels, name="labels", **names)
    model.add_labels(
        (image > 250).astype(np.uint8), name="mask", metadata={"objectwise": {"kind": "mask"}}, **names
    )
    model.add_labels(
        (1 + (image > 250)).astype(np.uint8),
        name="classes",
        metadata={"objectwise": {"kind": "classes"}},
        **names,
    )


def plane_of(layer, step):
    data = calibration.data_of(layer)
    return np.asarray(data[tuple(step[: data.ndim - 2])])


@pytest.mark.parametrize(("kind", "name"), CASES)
@pytest.mark.parametrize("axes", ["tyx", "yx"])
def test_planes(kind, name, axes, model, open_dock, seen, finish, volume):
    image = volume if axes == "tyx" else volume[4]
    add_inputs(model, image, axes)
    if axes == "tyx":
        model.dims.set_current_step(0, 4)
    dock = open_dock(kind, model)
    dock.choose(name)
    layer = seen(dock, lambda: dock.preview_box.setChecked(True))
    shown, place = layer.data.copy(), layer.extent.world
    finish(dock)
    result = model.layers[-1]
    assert dock.preview.layer is None
    np.testing.assert_array_equal(shown, plane_of(result, model.dims.current_step))
    np.testing.assert_allclose(place, result.extent.world[:, -2:])


@pytest.mark.parametrize(("kind", "name"), CASES)
@pytest.mark.parametrize("by_plane", [False, True])
def test_volumes(kind, name, by_plane, model, open_dock, qtbot, finish, volume):
    add_inputs(model, volume, "zyx", scale=(3, 1, 1), units="um")
    model.dims.set_current_step(0, 5)
    dock = open_dock(kind, model)
    dock.choose(name)
    by_plane = by_plane or methods[name].dimensions == (2,)
    if by_plane:
        choose(dock.rows.work_on, "each plane")
    dock.preview_box.setChecked(True)
    qtbot.waitUntil(lambda: not dock.preview.busy and dock.status.text() != "", timeout=20000)
    layer = dock.preview.layer
    if layer is None:
        assert dock.status.text().startswith("No preview of ")
        assert name not in operations or (operations[name].locality.name != "halo" and not by_plane)
        return
    shown = layer.data.copy()
    finish(dock)
    expected = plane_of(model.layers[-1], model.dims.current_step)
    if by_plane and methods[name].output == "labels":
        # a run goes on counting over the planes
        shown, expected = shown > 0, expected > 0
    np.testing.assert_array_equal(shown, expected)


@pytest.mark.parametrize("scope", ["frame", "series"])
def test_the_threshold_is_that_of_the_whole_frame_or_series(scope, model, open_dock, seen, finish, volume):
    movie = np.stack([volume, volume // 2, volume * 3])
    model.add_image(movie, axis_labels=("t", "z", "y", "x"), name="image")
    model.dims.set_current_step((0, 1), (1, 1))
    dock = open_dock(ThresholdDock, model)
    dock.rows.scope.setCurrentIndex(dock.rows.scope.findData(scope))
    layer = seen(dock, lambda: dock.rows.scope.activated.emit(0))
    shown, text = layer.data.copy(), dock.status.text()
    finish(dock)
    np.testing.assert_array_equal(shown, plane_of(model.layers[-1], model.dims.current_step))
    values = [
        row["value"] for row in calibration.notes_of(model.layers[-1])["values"] if row.get("t", 1) == 1
    ]
    assert f"threshold {values[0]:.4g}" in text


def test_instances_in_a_large_volume_show_the_mask(model, open_dock, seen, volume, monkeypatch):
    monkeypatch.setattr(glance, "_SMALL", 0)
    model.add_image(volume, axis_labels=("z", "y", "x"))
    model.dims.set_current_step(0, 4)
    dock = open_dock(ThresholdDock, model)
    layer = seen(dock, lambda: choose(dock.rows.output, "Instance (labels)"))
    assert set(np.unique(layer.data)) == {0, 1}
    assert "numbered by Run" in dock.status.text()


def test_a_small_volume_is_worked_on_whole(model, open_dock, seen, finish, volume):
    model.add_image(volume, axis_labels=("z", "y", "x"))
    model.dims.set_current_step(0, 4)
    dock = open_dock(ThresholdDock, model)
    seen(dock, lambda: choose(dock.rows.output, "Instance (labels)"))
    kept = dock.preview.memory.volume
    layer = seen(dock, lambda: model.dims.set_current_step(0, 3))
    assert dock.preview.memory.volume is kept
    shown, text = layer.data.copy(), dock.status.text()
    finish(dock)
    result = model.layers[-1].data
    np.testing.assert_array_equal(shown, result[3])
    assert f"{len(np.unique(result[3])) - 1} objects in this plane" in text
    assert f"{result.max()} in the volume" in text


def test_the_preview_follows_line_and_plane(model, open_dock, seen, blobs):
    model.add_image(np.stack([blobs, blobs[::-1]]), axis_labels=("t", "y", "x"))
    model.dims.set_current_step(0, 0)
    dock = open_dock(ThresholdDock, model)
    seen(dock)
    layer = seen(dock, lambda: dock.choose("threshold_manual"))
    layer = seen(dock, lambda: dock.levels.histogram.moved.emit("lower", 500.4))
    assert dock.form.values()["lower"] == 500
    np.testing.assert_array_equal(layer.data, blobs > 500)
    same = seen(dock, lambda: model.dims.set_current_step(0, 1))
    assert same is layer
    np.testing.assert_array_equal(layer.data, blobs[::-1] > 500)


def test_the_level_starts_at_a_useful_threshold(model, open_dock, qtbot, blobs):
    model.add_image(blobs)
    dock = open_dock(ThresholdDock, model)
    dock.choose("threshold_manual")
    qtbot.waitUntil(lambda: dock.form.values()["lower"] is not None and not dock.preview.busy, timeout=20000)
    assert 110 <= dock.form.values()["lower"] < 900
    assert dock.levels.histogram.lines["lower"].value() == dock.form.values()["lower"]
    low, high = dock.levels.histogram.range
    assert low < blobs.min()
    assert high > blobs.max()


def test_the_newest_request_wins(model, open_dock, seen, blobs):
    model.add_image(blobs)
    dock = open_dock(ThresholdDock, model)
    seen(dock)
    dock.choose("threshold_manual")
    before = dock.preview.shown

    def drag():
        for value in range(200, 900, 7):
            dock.form.show_values({"lower": float(value)})

    layer = seen(dock, drag)
    np.testing.assert_array_equal(layer.data, blobs > 893)
    assert dock.preview.shown - before < 100


def test_the_preview_is_small_and_not_selected(model, open_dock, seen, blobs):
    source = model.add_image(blobs, scale=(0.5, 0.5), units="um", rotate=20)
    dock = open_dock(ThresholdDock, model)
    layer = seen(dock)
    assert layer.data.dtype == np.uint8
    assert layer.contour == 0
    assert model.layers.selection.active is source
    assert layer not in model.layers.selection
    np.testing.assert_allclose(layer.extent.world, source.extent.world)
    assert model.layers.extent.units is not None
    assert layer not in [dock.boxes["image"].layer]
    choose(dock.rows.output, "Instance (labels)")


def test_many_objects_fit_into_16_bits():
    from objectwise.gui.preview.glance import _as_preview

    ids = np.array([0, 1, 65535, 65536, 131070, 131071], np.int32)
    assert _as_preview(ids, "labels").tolist() == [0, 1, 65535, 1, 65535, 1]


def test_the_preview_goes_away(model, open_dock, seen, blobs):
    model.add_image(blobs, name="one")
    dock = open_dock(ThresholdDock, model)
    for leave in (
        lambda: dock.preview_box.setChecked(False),
        lambda: dock.hide(),
        lambda: model.layers.remove("one"),
        lambda: dock.shut_down(),
    ):
        if "one" not in model.layers:
            model.add_image(blobs, name="one")
        dock.preview_box.setChecked(True)
        dock.show()
        seen(dock, dock._changed)
        leave()
        assert not [layer for layer in model.layers if calibration.is_preview(layer)]


def test_a_preview_deleted_by_hand_comes_back(model, open_dock, seen, blobs):
    model.add_image(blobs)
    dock = open_dock(ThresholdDock, model)
    model.layers.remove(seen(dock))
    assert seen(dock, lambda: setattr(dock.form.fields["objects"].widget, "value", "dark")) in model.layers


def test_other_views_have_none(model, open_dock, seen, volume):
    model.add_image(volume, axis_labels=("z", "y", "x"))
    dock = open_dock(ThresholdDock, model)
    seen(dock)
    model.dims.ndisplay = 3
    assert dock.preview.layer is None
    assert "2-D view" in dock.status.text()
    model.dims.ndisplay = 2
    model.dims.order = (1, 0, 2)
    assert "2-D view" in dock.status.text()


def test_a_plane_of_a_lazy_image_is_read_once(model, open_dock, seen, blobs):
    reads = []

    def read(block_info=None):
        reads.append(block_info[None]["chunk-location"])
        return blobs[None]

    image = da.map_blocks(
        read, chunks=((1, 1, 1), (60,), (80,)), dtype=np.uint16, meta=np.zeros((0, 0, 0), np.uint16)
    )
    model.add_image(image, axis_labels=("t", "y", "x"), contrast_limits=(0, 1000))
    model.dims.set_current_step(0, 1)
    dock = open_dock(ThresholdDock, model)
    seen(dock)
    dock.choose("threshold_manual")
    seen(dock, lambda: dock.form.show_values({"lower": 300.0}))
    reads.clear()
    for value in (400.0, 500.0, 600.0):
        seen(dock, lambda value=value: dock.form.show_values({"lower": value}))
    assert len(reads) == 0


def test_what_is_kept_belongs_to_one_array():
    memory, first = Memory(), np.zeros(3)
    memory.keep(("key",), (first,), 7)
    assert memory.find(("key",), (first,)) == 7
    assert memory.find(("key",), (first.copy(),)) is None


def test_what_the_preview_replaces_is_hidden_meanwhile(model, open_dock, seen, finish, volume):
    add_inputs(model, volume[4], "yx")
    mask = model.layers["mask"]
    model.layers.selection.active = mask
    dock = open_dock(MorphologyDock, model)
    seen(dock, lambda: dock.preview_box.setChecked(True))
    assert not mask.visible
    assert model.layers["image"].visible
    dock.preview_box.setChecked(False)
    assert mask.visible
    finish(dock)
    assert not mask.visible
    assert model.layers[-1].visible
    dock.boxes["objects"].layer = model.layers[-1]
    seen(dock, lambda: dock.preview_box.setChecked(True))
    dock.shut_down()
    assert model.layers[-1].visible
    assert not mask.visible
