"""Every kind of layer that napari shows goes through every dock, and what comes out lies where it came from."""

from __future__ import annotations

import time

import dask.array as da
import numpy as np
import pytest
import zarr
from napari.layers import Image, Labels

import objectwise as ow
from objectwise.core.method import methods
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
from objectwise.gui.layers.calibration import axes_of, data_of, grid_of
from objectwise.gui.layers.conversion import kind_of
from objectwise.gui.measuring import MeasureDock
from objectwise.gui.runs.jobs import Outcome, work
from objectwise.gui.runs.wiring import Choice, make_job
from objectwise.gui.table.noted_table import table_of

# one operation of each dock, and the kind of what comes of it
ON_IMAGES = {
    FindDock: ("gauss_otsu_labelling", "labels"),
    FiltersDock: ("smooth_gaussian", "image"),
    BackgroundDock: ("subtract_background_tophat", "image"),
    EnhanceDock: ("enhance_edges", "image"),
    ThresholdDock: ("threshold_auto", "mask"),
    EdgesDock: ("detect_edges_canny", "mask"),
    RegionsDock: ("split_and_merge", "labels"),
    ClusteringDock: ("cluster_kmeans", "classes"),
}
ON_LABELS = {
    MorphologyDock: ("remove_small", "labels"),
    WatershedDock: ("grow_by_distance", "labels"),
    LabelsDock: ("expand_labels", "labels"),
}
UNITS = {"t": "s", "c": "pixel", "z": "um", "y": "um", "x": "um"}
SCALE = {"t": 30.0, "c": 1.0, "z": 2.0, "y": 0.5, "x": 0.5}


def placed(axes, **more):
    """Return what tells where a layer with these axes lies."""
    return {
        "axis_labels": tuple(axes),
        "scale": [SCALE[axis] for axis in axes],
        "units": [UNITS[axis] for axis in axes],
        **more,
    }


def turned(axes):
    """Return the rotation of the plane of y and x by 20 degrees."""
    rotation, angle = np.eye(len(axes)), np.deg2rad(20)
    rotation[-2:, -2:] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return rotation


def with_nan(image):
    image = image.astype(np.float32)
    image[..., :3, :5] = np.nan
    return image


def on_disk(image, folder):
    """Write an OME-Zarr of two resolutions, and open it without reading it."""
    root = zarr.open_group(str(folder / "image.ome.zarr"), mode="w")
    for level in (0, 1):
        part = image[..., :: 2**level, :: 2**level]
        root.create_array(str(level), data=part, chunks=(*(1,) * (part.ndim - 2), 32, 32))
    axes = [{"name": name, "type": "time" if name == "t" else "space"} for name in "tzyx"[-image.ndim :]]
    sizes = [[{"type": "scale", "scale": [1.0] * (image.ndim - 2) + [2.0**n] * 2}] for n in (0, 1)]
    root.attrs["multiscales"] = [
        {
            "version": "0.4",
            "axes": axes,
            "datasets": [{"path": str(n), "coordinateTransformations": size} for n, size in enumerate(sizes)],
        }
    ]
    return [da.from_zarr(str(folder / "image.ome.zarr"), component=str(n)) for n in (0, 1)]


LAYERS = {
    "numpy": lambda image, _: (image, placed("yx")),
    "dask": lambda image, _: (da.from_array(image, chunks=25), placed("yx")),
    "zarr": lambda image, _: (zarr.array(image, chunks=(20, 20)), placed("yx")),
    "multiscale": lambda image, _: ([image, image[::2, ::2]], placed("yx")),
    "OME-Zarr": lambda image, folder: (on_disk(np.stack([image] * 2), folder), placed("tyx")),
    "bool": lambda image, _: (image > 500, placed("yx")),
    "8 bits": lambda image, _: ((image // 8).astype(np.uint8), placed("yx")),
    "negative": lambda image, _: (image.astype(np.int16) - 800, placed("yx")),
    "64 bits": lambda image, _: (image.astype(np.float64) / 1000, placed("yx")),
    "half": lambda image, _: (image.astype(np.float16), placed("yx")),
    "NaN": lambda image, _: (with_nan(image), placed("yx")),
    "no units": lambda image, _: (image, {}),
    "zyx": lambda image, _: (np.stack([image, image, image // 2]), placed("zyx")),
    "tyx": lambda image, _: (np.stack([image, image[::-1]]), placed("tyx")),
    "tzyx": lambda image, _: (np.stack([np.stack([image] * 2)] * 2), placed("tzyx")),
    "turned": lambda image, _: (image, placed("yx", rotate=20, translate=(7, -3))),
    "turned volume": lambda image, _: (np.stack([image] * 2), placed("zyx", rotate=turned("zyx"))),
    "sheared": lambda image, _: (image, placed("yx", shear=[0.3])),
    "affine": lambda image, _: (image, placed("yx", affine=[[0, 2, 5], [1, 0, -4], [0, 0, 1]])),
    "Fortran": lambda image, _: (np.asfortranarray(image), placed("yx")),
    "read-only": lambda image, _: (np.broadcast_to(image, (2, *image.shape)), placed("tyx")),
}


def outcome_of(job) -> Outcome:
    """Do a job here and now."""
    *_, outcome = work([job])
    return outcome


def corners(layer, like=None):
    """Return where the first and the last pixel of a layer, or of as many axes of another, lie in the world."""
    shape = data_of(like if like is not None else layer).shape[: layer.ndim]
    return [layer.data_to_world([0.0] * layer.ndim), layer.data_to_world([n - 1.0 for n in shape])]


def check_place(result, source, model, before):
    """Hold a result to the place, the units and the names of the axes of its source."""
    assert result.units == source.units
    assert result.axis_labels == source.axis_labels
    assert axes_of(result) == axes_of(source)
    assert data_of(result).shape == data_of(source).shape[: source.ndim]
    np.testing.assert_allclose(corners(result), corners(source), atol=1e-9)
    for name in ("scale", "translate", "rotate", "shear"):
        np.testing.assert_allclose(getattr(result, name), getattr(source, name), atol=1e-12)
    np.testing.assert_allclose(result.affine.affine_matrix, source.affine.affine_matrix)
    assert model.layers.extent.units == before


@pytest.mark.parametrize("kind", LAYERS)
def test_docks_on_every_kind_of_layer(kind, model, open_dock, blobs, tmp_path):
    data, where = LAYERS[kind](blobs, tmp_path)
    source = model.add_image(data, name="nuclei", contrast_limits=(0, 1000), **where)
    before = model.layers.extent.units
    whole = np.asarray(data_of(source))

    def run(dock_kind, name):
        dock = open_dock(dock_kind, model)
        dock.preview_box.setChecked(False)
        dock.choose(name)
        outcome = outcome_of(dock.job())
        dock._done(outcome)
        dock.hide()
        return model.layers[-1]

    for dock_kind, (name, output) in ON_IMAGES.items():
        model.layers.selection.active = source
        result = run(dock_kind, name)
        assert result is not source, name
        assert kind_of(result) == output, name
        assert isinstance(result, Image if output == "image" else Labels)
        check_place(result, source, model, before)
    grid = grid_of(source)
    mask = next(layer for layer in model.layers if kind_of(layer) == "mask" and "threshold" in layer.name)
    expected = ow.apply("threshold_auto", whole, grid=grid)
    np.testing.assert_array_equal(mask.data, expected)
    model.layers.selection.active = mask
    dock = open_dock(WatershedDock, model)
    dock.choose("label_components")
    dock._done(outcome_of(dock.job()))
    labels = model.layers[-1]
    assert labels.data.max() >= 3
    for dock_kind, (name, output) in ON_LABELS.items():
        model.layers.selection.active = labels
        result = run(dock_kind, name)
        assert kind_of(result) == output
        check_place(result, source, model, before)
    dock = open_dock(MeasureDock, model)
    dock.boxes["labels"].layer = labels
    dock.boxes["images"].layers = [source]
    dock._target = labels
    dock._done(outcome_of(dock.job()))
    table = table_of(labels).table
    assert set(table.frame["frame"]) == set(range(grid.size("t", whole.shape) if "t" in grid.axes else 1))
    assert sorted(table.frame.query("frame == 0")["label"]) == list(np.unique(labels_of_first(labels))[1:])
    size = "area" if grid.ndim == 2 else "volume"
    assert table.units[size] == f"{grid.unit}^{grid.ndim}"
    assert np.isfinite(table.frame["intensity_mean_nuclei"]).any()


def labels_of_first(layer):
    return layer.data[0] if "t" in axes_of(layer) else layer.data


# --- every operation -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def movie():
    """Return a lazy movie of turned volumes with NaN in a corner, and what was made of it."""
    y, x = np.mgrid[:24, :28]
    plane = np.zeros((24, 28), np.float32)
    for number, (row, column) in enumerate(((6, 6), (6, 15), (16, 20)), 1):
        plane[(y - row) ** 2 + (x - column) ** 2 <= 16] = number
    labels = np.stack([np.stack([plane] * 5), np.stack([plane[:, ::-1]] * 5)]).astype(np.int32)
    image = 50 + 20.0 * labels + (np.arange(labels.size) % 7).reshape(labels.shape)
    image = with_nan(image)
    where = placed("tzyx", rotate=turned("tzyx"), translate=(0, 1, 2, 3))

    def noted(kind):
        return {"metadata": {"objectwise": {"kind": kind}}, **where}

    return {
        "image": Image(da.from_array(image, chunks=(1, 5, 12, 14)), name="image", **where),
        "labels": Labels(da.from_array(labels * 70_000, chunks=(1, 5, 24, 28)), name="labels", **where),
        "mask": Labels((labels > 0).astype(np.uint8), name="mask", **noted("mask")),
        "classes": Labels((labels > 0).astype(np.uint8) * 2, name="classes", **noted("classes")),
    }


_OF_KIND = {"images": "image", "objects": "labels"}
_OF_RESULT = {"objects": "labels", "channels": "image"}


@pytest.mark.parametrize("name", sorted(methods))
def test_every_operation_on_a_lazy_movie_of_volumes(name, movie):
    record = methods[name]
    chosen = {
        item.name: [movie["image"]] * 3
        if item.kind == "channels"
        else [movie[_OF_KIND.get(item.kind, item.kind)]]
        for item in record.inputs
    }
    grid = grid_of(movie["image"])
    volume = 3 in record.dimensions
    values = {key: item.default_at(grid.block_spacing) for key, item in record.parameters.items()}
    choice = Choice(record, chosen, values, by_plane=not volume)
    outcome = outcome_of(make_job(choice))
    (result,) = outcome.results.values()
    assert result.kind in (record.output, _OF_RESULT.get(record.output), "mask")
    if result.kind in ("table", "value"):
        return
    assert result.grid.without("c").axes == "tzyx"
    assert result.grid.block_spacing == grid.block_spacing


def test_colours_are_taken_as_channels_or_one_of_them_is_asked_for(model, open_dock, blobs):
    picture = np.stack([blobs // 8, blobs // 9, 255 - blobs // 8], -1).astype(np.uint8)
    source = model.add_image(picture, rgb=True, name="tissue", scale=(0.5, 0.5), units="um")
    before = model.layers.extent.units
    for kind, (name, output) in ON_IMAGES.items():
        model.layers.selection.active = source
        dock = open_dock(kind, model)
        dock.choose(name)
        if not any(item.kind == "channels" for item in dock.record.inputs) and not dock.record.by_channel:
            with pytest.raises(ValueError, match="has 3 channels: choose the one to work on"):
                dock.job()
            dock.rows.channel.setCurrentText("green")
        dock._done(outcome_of(dock.job()))
        result = model.layers[-1]
        assert kind_of(result) == output
        assert data_of(result).shape[-2:] == blobs.shape
        np.testing.assert_allclose(result.scale[-2:], 0.5)
        assert model.layers.extent.units[-2:] == before
        dock.hide()


# --- what happens meanwhile ----------------------------------------------------------------------------


def slow(image, n):
    """Return a lazy movie of which each frame takes a moment."""

    def wait(block):
        time.sleep(0.02)
        return block

    return da.stack([da.from_array(image, chunks=image.shape).map_blocks(wait, dtype=image.dtype)] * n)


def test_a_layer_is_renamed_while_a_run_is_on(model, open_dock, qtbot, blobs):
    source = model.add_image(slow(blobs, 10), name="before", contrast_limits=(0, 1000), **placed("tyx"))
    dock = open_dock(ThresholdDock, model)
    dock.preview_box.setChecked(False)
    dock.run()
    source.name = "after"
    qtbot.waitUntil(lambda: dock.worker is None, timeout=20000)
    assert model.layers[-1].name == "before threshold auto"
    assert dock.boxes["image"].currentText() == "after"


def test_a_layer_is_deleted_while_a_run_is_on(model, open_dock, qtbot, blobs):
    source = model.add_image(slow(blobs, 10), name="movie", contrast_limits=(0, 1000), **placed("tyx"))
    units = model.layers.extent.units
    dock = open_dock(ThresholdDock, model)
    dock.preview_box.setChecked(False)
    dock.run()
    model.layers.remove(source)
    qtbot.waitUntil(lambda: dock.worker is None, timeout=20000)
    assert [layer.name for layer in model.layers] == ["movie threshold auto"]
    assert model.layers.extent.units == units
    assert "%" in dock.status.text()


def test_a_labels_layer_is_deleted_while_it_is_measured(model, open_dock, qtbot, blobs):
    labels = model.add_labels((blobs > 500).astype(np.int32), **placed("yx"))
    dock = open_dock(MeasureDock, model)
    dock.run()
    model.layers.remove(labels)
    qtbot.waitUntil(lambda: dock.worker is None, timeout=60000)
    assert not model.layers
    assert table_of(labels) is None


def test_the_same_image_with_another_scale(model, open_dock, blobs):
    fine = model.add_image(blobs, name="fine", **placed("yx"))
    coarse = model.add_image(blobs, name="coarse", scale=(5, 5), units="um", axis_labels=("y", "x"))
    dock = open_dock(MorphologyDock, model)
    sizes = {}
    for layer in (fine, coarse):
        dock.choose("open_grey")
        dock.boxes["image"].layer = layer
        sizes[layer.name] = dock.values()["radius"]
        dock._done(outcome_of(dock.job()))
        np.testing.assert_allclose(model.layers[-1].scale, layer.scale)
    assert sizes["coarse"] == pytest.approx(10 * sizes["fine"])
    np.testing.assert_array_equal(model.layers[-1].data, model.layers[-2].data)
    # two images of which the pixels do not lie upon each other are no pair
    mask = model.add_labels((blobs > 500).astype(np.uint8), name="mask", **placed("yx"))
    watershed = open_dock(WatershedDock, model)
    watershed.choose("split_touching_by_intensity")
    watershed.boxes["image"].layer, watershed.boxes["mask"].layer = coarse, mask
    with pytest.raises(ValueError, match=r"pixel size|spacing"):
        outcome_of(watershed.job())


def test_docks_of_two_viewers_have_nothing_to_do_with_each_other(model, open_dock, blobs):
    from napari.components import ViewerModel

    other = ViewerModel()
    first = model.add_image(blobs, name="here", **placed("yx"))
    here, there = open_dock(ThresholdDock, model), open_dock(ThresholdDock, other)
    assert there.boxes["image"].layer is None
    second = other.add_image(blobs[::-1], name="there")
    assert here.boxes["image"].layer is first
    assert there.boxes["image"].layer is second
    there._done(outcome_of(there.job()))
    here._done(outcome_of(here.job()))
    assert [len(model.layers), len(other.layers)] == [2, 2]
    here.shut_down()
    second.name = "renamed"
    assert there.boxes["image"].currentText() == "renamed"


# --- many objects, and large images --------------------------------------------------------------------


def test_high_ids_with_gaps(model, open_dock, blobs):
    labels = np.zeros(blobs.shape, np.int64)
    labels[5:20, 5:20], labels[25:40, 5:20], labels[25:40, 50:70] = 65_537, 3, 2_000_000
    source = model.add_labels(labels, name="cells", **placed("yx"))
    image = model.add_image(blobs, name="nuclei", **placed("yx"))
    dock = open_dock(MeasureDock, model)
    dock.boxes["labels"].layer, dock._target = source, source
    dock.boxes["images"].layers = [image]
    dock._done(outcome_of(dock.job()))
    frame = table_of(source).table.frame
    assert frame["label"].tolist() == [3, 65_537, 2_000_000]
    assert frame["area"].tolist() == pytest.approx([225 / 4, 225 / 4, 300 / 4])
    dock = open_dock(LabelsDock, model)
    dock.boxes["labels"].layer = source
    dock.choose("expand_labels")
    dock._done(outcome_of(dock.job()))
    assert set(np.unique(model.layers[-1].data)) == {0, 3, 65_537, 2_000_000}


def test_a_hundred_thousand_objects(model, open_dock):
    labels = np.zeros((960, 960), np.int32)
    rows, columns = np.mgrid[0:960:3, 0:960:3]
    labels[rows, columns] = labels[rows + 1, columns] = np.arange(1, rows.size + 1).reshape(rows.shape)
    source = model.add_labels(labels, name="cells", **placed("yx"))
    dock = open_dock(MeasureDock, model)
    for name, box in dock.form.fields["features"].boxes.items():
        box.value = name in ("size", "position")
    dock._target = source
    outcome = outcome_of(dock.job())
    dock._done(outcome)
    assert outcome.sentence.startswith("102400 objects measured")
    assert (table_of(source).table.frame["area"] == 0.5).all()
    dock = open_dock(MorphologyDock, model)
    dock.choose("remove_small")
    dock.form.show_values({"min_size": 0.75})
    dock._done(outcome_of(dock.job()))
    assert not model.layers[-1].data.any()


def test_an_image_of_900_megapixels_is_not_read_to_be_looked_at(make_napari_viewer, qtbot):
    read = []

    def block(block_info=None):
        read.append(block_info[None]["chunk-location"])
        y, x = (slice(*limits) for limits in block_info[None]["array-location"])
        rows, columns = np.ogrid[y, x]
        return ((rows // 8 + columns // 8) % 2 * 200).astype(np.uint8)

    viewer = make_napari_viewer(show=True)
    image = da.map_blocks(block, chunks=((1000,) * 30, (1000,) * 30), dtype=np.uint8)
    pyramid = [image, image[::8, ::8].rechunk(1000), np.zeros((235, 235), np.uint8)]
    layer = viewer.add_image(pyramid, name="slide", contrast_limits=(0, 255), **placed("yx"))
    camera = getattr(viewer, "scene", viewer).camera
    camera.center, camera.zoom = (5000, 5000), 4
    qtbot.waitUntil(lambda: layer.data_level == 0, timeout=20000)
    dock = ThresholdDock(viewer)
    dock.preview_box.setChecked(False)
    viewer.window.add_dock_widget(dock)
    dock.choose("threshold_manual")
    dock.form.show_values({"lower": 100.0})
    read.clear()
    dock.preview_box.setChecked(True)
    qtbot.waitUntil(lambda: dock.preview.layer is not None and dock.preview.shown > 0, timeout=30000)
    preview = dock.preview.layer
    assert preview.data.size <= 2048**2
    # those of the part that is shown, of 900
    assert len(set(read)) <= 16
    assert 0.4 < (preview.data > 0).mean() < 0.6
    assert preview.units == layer.units
    # where it lies is where it was computed
    corner = np.round(layer.world_to_data(preview.data_to_world((0, 0)))).astype(int)
    expected = np.asarray(image[corner[0] : corner[0] + 40, corner[1] : corner[1] + 40]) > 0
    np.testing.assert_array_equal(preview.data[:40, :40] > 0, expected)
    dock.shut_down()
    qtbot.waitUntil(lambda: not dock.preview.busy, timeout=60000)
