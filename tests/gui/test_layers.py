"""Layers become arrays with a grid, and results become layers, without losing anything on the way."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
import zarr
from napari.layers import Image, Labels, Points

import objectwise as ow
from objectwise.core.grid import Grid
from objectwise.core.run import Result
from objectwise.gui.layers import calibration
from objectwise.gui.layers import conversion as convert

UM = {"scale": (0.5, 0.5), "units": "um"}


def finished(recipe, inputs):
    *_, last = ow.run(recipe, inputs)
    return last.results


@pytest.mark.parametrize("lazy", ["numpy", "dask", "zarr", "multiscale"])
def test_every_kind_of_array(lazy, blobs):
    array = {
        "numpy": lambda: blobs,
        "dask": lambda: da.from_array(blobs, chunks=20),
        "zarr": lambda: zarr.array(blobs, chunks=(20, 20)),
        "multiscale": lambda: [blobs, blobs[::2, ::2]],
    }[lazy]()
    source = convert.source_of(Image(array, **UM))
    assert source.grid == Grid("yx", (0.5, 0.5), "um")
    assert source.kind == "image"
    assert lazy != "dask" or isinstance(source.array, da.Array)
    np.testing.assert_array_equal(source.grid.read(source.array, {}), blobs)


@pytest.mark.parametrize(
    ("names", "axes"),
    [
        (("t", "y", "x"), "tyx"),
        (("Time", "Y", "X"), "tyx"),
        (("z", "y", "x"), "zyx"),
        (("Channel", "row", "column"), "cyx"),
        (("t", "z", "y", "x"), "tzyx"),
        (("t", "c", "y", "x"), "tcyx"),
        (("y", "x", "z"), "yxz"),
        (("-3", "-2", "-1"), None),
        (("foo", "y", "x"), None),
        (("y", "y", "x"), None),
    ],
)
def test_axes_come_from_their_names_or_are_asked(names, axes):
    layer = Image(np.zeros((2, 3, 4, 5)[: len(names)]), axis_labels=names)
    assert calibration.axes_of(layer) == axes
    if axes is None:
        with pytest.raises(ValueError, match="choose its axes"):
            convert.source_of(layer)
        assert "zyx" in calibration.possible_axes(layer)


def test_chosen_axes_are_remembered_on_the_layer():
    layer = Image(np.zeros((2, 3, 4, 5)), metadata={"mine": 1})
    assert calibration.axes_of(layer) is None
    calibration.remember_axes(layer, "tzyx")
    assert convert.source_of(layer).grid.axes == "tzyx"
    assert layer.metadata["mine"] == 1
    with pytest.raises(ValueError, match="axes"):
        calibration.remember_axes(layer, "zyx")


def test_a_plane_is_always_y_and_x():
    assert calibration.axes_of(Image(np.zeros((3, 4)))) == "yx"


def test_colours_are_channels():
    layer = Image(np.zeros((4, 5, 3), np.uint8), rgb=True)
    source = convert.source_of(layer)
    assert source.grid.axes == "yxc"
    assert source.grid.channels == ("red", "green", "blue")
    assert source.grid.read(source.array, {}).shape == (3, 4, 5)
    movie = Image(np.zeros((2, 4, 5, 3), np.uint8), rgb=True)
    assert calibration.possible_axes(movie) == ["tyx", "zyx"]


@pytest.mark.parametrize(
    "placed",
    [
        {"scale": (0.25, 0.5)},
        {"scale": (0.25, 0.5), "rotate": 30},
        {"scale": (0.25, 0.5), "rotate": -75, "translate": (4, 5)},
        {"scale": (0.5, 1.0), "affine": [[0.5, 0, 3], [0, 0.5, 4], [0, 0, 1]]},
        {"affine": [[0, 0.5, 0], [0.25, 0, 0], [0, 0, 1]]},
    ],
)
def test_the_pixel_size_is_that_in_the_world(placed):
    grid = calibration.grid_of(Image(np.zeros((4, 5)), units="um", **placed))
    assert grid.spacing == pytest.approx((0.25, 0.5))
    assert grid.unit == "um"


@pytest.mark.parametrize(
    ("unit", "name"),
    [("micrometer", "um"), ("nm", "nm"), ("mm", "mm"), ("pixel", "pixel"), ("angstrom", "Å")],
)
def test_units_have_short_names(unit, name):
    assert calibration.grid_of(Image(np.zeros((4, 5)), units=unit)).unit == name


def test_lengths_of_different_units_are_brought_together():
    layer = Image(
        np.zeros((3, 4, 5)), scale=(300, 0.1, 0.1), units=("nm", "um", "um"), axis_labels=("z", "y", "x")
    )
    assert calibration.grid_of(layer) == Grid("zyx", (0.3, 0.1, 0.1), "um")


def test_a_scale_without_a_unit_says_so():
    layer = Image(np.zeros((3, 4, 5)), scale=(2, 0.5, 0.5), axis_labels=("z", "y", "x"))
    grid = calibration.grid_of(layer)
    assert not grid.calibrated
    assert grid.spacing == (4, 1, 1)
    assert "no unit" in calibration.describe(layer)


def test_a_sheared_layer_is_measured_in_pixels():
    layer = Image(np.zeros((4, 5)), shear=[0.3], **UM)
    assert calibration.grid_of(layer) == Grid("yx")
    assert "sheared" in calibration.describe(layer)


def test_the_interval_of_a_movie():
    layer = Image(
        np.zeros((3, 4, 5)), scale=(30, 0.5, 0.5), units=("s", "um", "um"), axis_labels=("t", "y", "x")
    )
    grid = calibration.grid_of(layer)
    assert (grid.interval, grid.interval_unit, grid.spacing) == (30, "s", (0.5, 0.5))


def test_what_labels_mean():
    labels = np.array([[0, 2], [3, 0]])
    assert convert.kind_of(Labels(labels)) == "labels"
    mask = Labels(labels, metadata={"objectwise": {"kind": "mask"}})
    source = convert.source_of(mask)
    assert source.array.dtype == bool
    np.testing.assert_array_equal(source.grid.read(source.array, {}), labels != 0)


def test_other_layers_are_refused():
    with pytest.raises(ValueError, match="Points"):
        convert.source_of(Points(np.zeros((3, 2))))


# --- placing -------------------------------------------------------------------------------------------


PLACED = [
    {},
    {"scale": (2, 3, 0.5, 0.25), "translate": (1, 2, 3, 4)},
    {"scale": (2, 3, 0.5, 0.25), "rotate": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0.6, -0.8], [0, 0, 0.8, 0.6]]},
    {"scale": (2, 3, 0.5, 0.25), "shear": [0, 0, 0, 0, 0, 0.3], "translate": (0, 1, 2, 3)},
    {"affine": np.diag([1, 2, 0.5, 0.5, 1]) + np.eye(5, k=4)},
]


@pytest.mark.parametrize("placed", PLACED)
@pytest.mark.parametrize("axes", ["tzyx", "tcyx", "czyx"])
def test_a_result_lies_where_its_source_lies(placed, axes, model):
    units = ["s" if axis == "t" else "pixel" if axis == "c" else "um" for axis in axes]
    source = model.add_image(np.zeros((2, 3, 4, 5)), units=units, axis_labels=tuple(axes), **placed)
    result = Result(
        np.ones([n for axis, n in zip(axes, source.data.shape, strict=True) if axis != "c"], bool),
        calibration.grid_of(source).without("c"),
        "mask",
    )
    layer = convert.place(model, convert.space_of(source), result, "threshold auto")
    # napari matches axes from the last: a channel axis between others stays, as one pixel over all channels
    kept = [number for number, axis in enumerate(axes) if axis != "c" or number > 0]
    for point in ([0, 0, 0, 0], [1, 2, 3, 4], [0, 1, 0, 2]):
        there = np.array(source.data_to_world(point))[kept]
        here = np.array(layer.world_to_data(there))
        expected = np.array(point)[kept].astype(float)
        if "c" in axes[1:]:
            assert abs(here[axes.index("c")]) < 0.5
            expected[axes.index("c")] = here[axes.index("c")]
        np.testing.assert_allclose(here, expected, atol=1e-12)
    assert layer.units == tuple(source.units[number] for number in kept)
    assert layer.axis_labels == tuple(source.axis_labels[number] for number in kept)
    assert layer.data.dtype == np.uint8
    assert convert.source_of(layer).grid == result.grid
    assert convert.source_of(layer).array.shape == result.array.shape
    assert model.layers.extent.units is not None


def test_all_layers_keep_their_units_together(model, blobs):
    source = model.add_image(blobs, rotate=20, translate=(3, 4), **UM)
    before = model.layers.extent.units
    recipe = ow.Recipe(
        [
            ow.Step("mask", "threshold_auto", {"image": "a"}),
            ow.Step("objects", "label_components", {"mask": "mask"}),
        ],
        outputs=("mask", "objects"),
        unit="um",
    )
    for result in finished(recipe, {"a": convert.source_of(source)}).values():
        convert.place(model, convert.space_of(source), result, "x")
    assert model.layers.extent.units == before
    assert [type(layer).__name__ for layer in model.layers] == ["Image", "Labels", "Labels"]
    assert [layer.data.dtype for layer in model.layers][1:] == [np.uint8, np.int32]
    np.testing.assert_allclose(model.layers[1].extent.world, source.extent.world)


def test_nothing_is_overwritten(model, blobs):
    source = model.add_image(blobs, name="nuclei")
    result = Result(blobs > 500, calibration.grid_of(source), "mask")
    first = convert.place(model, convert.space_of(source), result, "threshold auto")
    first.data[:] = 0
    second = convert.place(
        model, convert.space_of(source), Result(blobs > 500, result.grid, "mask"), "threshold auto"
    )
    assert first.name == "nuclei threshold auto"
    assert second.name == "nuclei threshold auto [1]"
    assert not first.data.any()


def test_names_do_not_grow(model, blobs):
    source = model.add_image(blobs, name="nuclei")
    first = convert.place(
        model,
        convert.space_of(source),
        Result(blobs > 500, calibration.grid_of(source), "mask"),
        "threshold auto",
    )
    second = convert.place(
        model, convert.space_of(first), Result(blobs > 500, calibration.grid_of(first), "mask"), "open"
    )
    assert second.name == "nuclei open"


def test_an_image_with_channels_gets_them_in_front(model):
    colours = np.random.default_rng(0).integers(0, 255, (4, 5, 3), np.uint8)
    source = model.add_image(colours, rgb=True, **UM)
    smooth = finished(
        ow.Recipe([ow.Step("s", "smooth_gaussian", {"image": "a"})], unit="um"),
        {"a": convert.source_of(source)},
    )["s"]
    layer = convert.place(model, convert.space_of(source), smooth, "smooth")
    assert layer.data.shape == (3, 4, 5)
    assert layer.axis_labels[0] == "c"
    assert convert.source_of(layer).grid.axes == "cyx"
    assert model.layers.extent.units is not None


def test_a_table_is_not_a_layer(blobs):
    with pytest.raises(ValueError, match="not shown as a layer"):
        convert.make_layer(convert.space_of(Image(blobs)), Result(None, Grid("yx"), "table"), "x")


def test_pixel_size_of_several_layers_at_once(model, blobs, recwarn):
    first, second = model.add_image(blobs), model.add_labels((blobs > 500).astype(np.uint8))
    calibration.set_pixel_size([first, second], {"y": 0.5, "x": 0.5}, "um")
    assert calibration.grid_of(first) == calibration.grid_of(second) == Grid("yx", (0.5, 0.5), "um")
    assert str(model.layers.extent.units[0]) == "micrometer"
    assert not [item for item in recwarn if "nconsistent" in str(item.message)]


def test_fingerprints_change_with_any_pixel(blobs):
    mark = convert.fingerprint(blobs)
    assert mark == convert.fingerprint(blobs.copy()) == convert.fingerprint(np.asfortranarray(blobs))
    assert mark == convert.fingerprint(da.from_array(blobs, chunks=7))
    other = blobs.copy()
    other[-1, -1] += 1
    assert mark != convert.fingerprint(other)
    assert convert.fingerprint(np.zeros((2, 3, 4))) != convert.fingerprint(np.zeros((3, 2, 4)))
    assert convert.fingerprint(np.zeros((0, 5))) == convert.fingerprint(np.zeros((0, 5)))
