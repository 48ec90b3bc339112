"""Odd images of the real world go through every operation without a crash or silent nonsense."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

import objectwise as ow
from objectwise.core.operation import Operation

NAMES = [
    "all_nan_float32_ZYX",
    "anisotropic_mri_ZYX",
    "float_negative_values",
    "float_probability",
    "float_sum_projection_TYX",
    "hot_pixel_CYX",
    "many_vesicles_binary",
    "narrow_range_uint16",
    "offset_32768_uint16",
    "one_foreground_pixel",
    "rgb_cells_YXS",
    "rgb_uint16_hela_YXS",
    "saturated_12bit",
    "skimage_cell_phase",
    "skimage_checker_bool",
    "skimage_ihc_rgb_YXS",
    "skimage_multipage_rgb_float64",
    "skimage_retina_rgb_YXS",
    "tiny_laplacian",
    "tiny_matlab_binary",
    "two_values_uint16",
    "zcyx_16bit",
]
# operations that give no brightness that is not in the image
WITHIN_THE_RANGE = ("smooth_", "erode_", "dilate_", "open_", "close_")


def opened(name: str) -> tuple[np.ndarray, ow.Grid]:
    """Return an image as the file reader gives it: spatial axes and channels, a part of what is large."""
    folder = os.environ.get("OBJECTWISE_DATA")
    if not folder:
        pytest.skip("OBJECTWISE_DATA does not name the folder of public test images")
    with (Path(folder) / "manifest.csv").open(newline="", encoding="utf-8") as lines:
        row = next(row for row in csv.DictReader(lines) if row["file"] == f"odd_inputs/images/{name}.tif")
    image = tifffile.imread(Path(folder) / row["file"])
    axes = row["axes"].replace("S", "C").replace("Q", "T").lower()
    spacing = tuple(float(item) / 1000 for item in row["voxel_zyx_um"].strip("()").split(",") if item)
    part = tuple(slice(0, {"z": 8, "t": 2}.get(axis, 256)) for axis in axes)
    grid = ow.Grid(axes, spacing, "um" if spacing else "pixel")
    return image[part], grid


def plain(image: np.ndarray, grid: ow.Grid) -> tuple[np.ndarray, ow.Grid]:
    """Return the first channel."""
    return (np.take(image, 0, grid.axes.index("c")), grid.without("c")) if "c" in grid.axes else (image, grid)


def inputs_of(record: Operation, image: np.ndarray, grid: ow.Grid) -> dict:
    one, own = plain(image, grid)
    finite = np.nan_to_num(one.astype(float))
    mask = finite > (finite.min() + finite.max()) / 2
    labels = ow.apply("label_components", mask, grid=own)
    made = {
        "image": one,
        "mask": mask,
        "labels": labels,
        "objects": mask,
        "classes": mask.astype(np.uint8) + 1,
    }
    found = {item.name: (made[item.kind], own) for item in record.inputs if item.kind in made}
    for item in record.inputs:
        if record.family == "colour":
            found[item.name] = (np.stack([one, one, one]), replace(own, axes="c" + own.axes))
        elif item.kind == "channels":
            found[item.name] = (image, grid)
        elif item.kind == "images":
            found[item.name] = {"one": (one, own)}
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_takes_it(name: str) -> None:
    image, grid = opened(name)
    one, own = plain(image, grid)
    spatial = tuple(n for axis, n in zip(own.axes, one.shape, strict=True) if axis != "t")
    for record in ow.operations.values():
        by_plane = grid.ndim not in record.dimensions
        choices = {"n_restarts": 1} if "n_restarts" in record.parameters else {}
        result = ow.apply(record.name, **inputs_of(record, image, grid), by_plane=by_plane, **choices)
        if record.output == "table":
            assert not result.frame.duplicated(["frame", "label"]).any(), record.name
            if "n_pixels" in result.frame:
                assert (result.frame["n_pixels"] > 0).all(), record.name
        elif record.output == "value":
            assert np.all((np.asarray(result) >= 0) & np.isfinite(result)), record.name
        else:
            assert result.shape[-len(spatial) :] == spatial, record.name
            assert result.size == one.size or record.output == "channels", record.name
        if record.output == "image":
            assert np.isfinite(result[np.isfinite(one)]).all(), record.name
        if record.output == "image" and record.name.startswith(WITHIN_THE_RANGE) and np.isfinite(one).any():
            low, high = np.nanmin(one), np.nanmax(one)
            slack = 1e-5 * max(abs(float(low)), abs(float(high)))
            assert low - slack <= np.nanmin(result) <= np.nanmax(result) <= high + slack, record.name
        if record.output == "mask" and record.inputs[0].kind == "image":
            assert not result[np.isnan(one.astype(float))].any(), record.name


@pytest.mark.parametrize("name", [item for item in NAMES if item.endswith("YXS") or item == "hot_pixel_CYX"])
def test_several_channels_are_refused_where_one_is_needed(name: str) -> None:
    image, grid = opened(name)
    with pytest.raises(ValueError, match=r"must be one channel, but 'image' has \d: name one"):
        ow.apply("threshold_auto", image, grid=grid)


@pytest.mark.parametrize(
    "name",
    [
        "narrow_range_uint16",
        "offset_32768_uint16",
        "saturated_12bit",
        "two_values_uint16",
        "float_negative_values",
    ],
)
def test_an_automatic_threshold_parts_dark_from_bright(name: str) -> None:
    image, grid = opened(name)
    mask = ow.apply("threshold_auto", image, grid=grid)
    assert 0 < mask.mean() < 1
    assert image[mask].min() > image[~mask].max()


def test_nan_everywhere_gives_nothing_anywhere() -> None:
    image, grid = opened("all_nan_float32_ZYX")
    assert not ow.apply("threshold_auto", image, grid=grid).any()
    assert not ow.apply("threshold_auto", image, grid=grid, objects="dark").any()
    assert not ow.apply("threshold_local", image, grid=grid).any()


def test_one_pixel_is_one_object() -> None:
    image, grid = opened("one_foreground_pixel")
    mask = ow.apply("threshold_auto", image, grid=grid)
    assert mask.sum() == 1
    assert ow.apply("split_touching", mask, grid=grid).max() == 1
