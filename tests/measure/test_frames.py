"""Whole frames summed up, and classes measured."""

from __future__ import annotations

import numpy as np
import pytest

import objectwise as ow
from tests.measure.truths import truth


@truth("n_objects", "density", "area_fraction", by="pandas", tolerance="1e-12")
@truth("volume_fraction", by="pandas", tolerance="1e-12")
@pytest.mark.parametrize("ndim", [2, 3])
def test_summary_of_a_series(ndim, flat_blobs, solid_blobs):
    labels, image = flat_blobs if ndim == 2 else solid_blobs
    labels, image = (np.stack([part, np.flip(part, 0), part]) for part in (labels, image))
    labels[2] = 0
    grid = ow.Grid("tzyx" if ndim == 3 else "tyx", (2.0, 0.5, 0.25)[-ndim:], "um")
    size = "area" if ndim == 2 else "volume"
    features = [size, "intensity_mean", "solidity"]
    table = ow.apply("summarise_objects", labels, {"a": image}, grid=grid, features=features)
    single = ow.measure(labels, {"a": image}, grid=grid, features=features).frame
    assert table.frame["frame"].tolist() == [0, 1, 2]
    assert table.frame["label"].tolist() == [0, 0, 0]
    pixel = np.prod(grid.spacing)
    for row in table.frame.to_dict("records"):
        mine = single[single["frame"] == row["frame"]]
        assert row["n_objects"] == len(mine)
        assert row["density"] == pytest.approx(len(mine) / labels[0].size / pixel)
        assert row[f"{size}_fraction"] == (labels[row["frame"]] > 0).mean()
        for name in (size, "solidity", "intensity_mean_a"):
            np.testing.assert_allclose(row[f"{name}_mean"], mine[name].mean(), rtol=1e-12)
    assert table.units[f"{size}_mean"] == f"um^{ndim}"
    assert table.units["density"] == f"um^-{ndim}"
    assert "no object" in table.reason(0, f"{size}_mean", frame=2)
    assert "whole frame" in table.descriptions["label"]


@truth("area_fraction", "volume_fraction", by="closed form", tolerance="exact")
@pytest.mark.parametrize("ndim", [2, 3])
def test_classes(ndim):
    shape = (4, 6, 10)[-ndim:]
    classes = np.zeros(shape, np.uint8)
    classes[..., :2], classes[..., 5:6] = 1, 200
    image = np.where(classes == 200, 7.0, 3.0)
    table = ow.apply(
        "measure_classes", classes, {"a": image}, grid=ow.Grid("zyx"[-ndim:], (0.5,) * ndim, "um")
    )
    size = "area" if ndim == 2 else "volume"
    assert table.frame["label"].tolist() == [1, 200]
    assert table.frame[f"{size}_fraction"].tolist() == [0.2, 0.1]
    assert table.frame[size].tolist() == [0.2 * classes.size * 0.5**ndim, 0.1 * classes.size * 0.5**ndim]
    assert table.frame["intensity_mean_a"].tolist() == [3, 7]
    # nothing of position or shape of a class as a whole
    assert not any("centroid" in name or "solidity" in name for name in table.units)


@truth("main_class", "main_class_fraction", by="pandas", tolerance="exact")
@pytest.mark.parametrize("ndim", [2, 3])
def test_classes_in_objects(ndim, flat_blobs, solid_blobs):
    import pandas as pd

    labels = (flat_blobs if ndim == 2 else solid_blobs)[0]
    random = np.random.default_rng(3)
    classes = random.integers(0, 4, labels.shape).astype(np.uint8)
    classes[random.choice(np.unique(labels), 5)[0] == labels] = 0
    grid = ow.Grid("zyx"[-ndim:], (0.5, 0.25, 0.25)[-ndim:], "um")
    table = ow.apply("measure_classes_in_objects", labels, classes, grid=grid, n_classes=5)
    rows = table.frame.set_index("label")
    size = "area" if ndim == 2 else "volume"
    pixels = pd.DataFrame({"label": labels.ravel(), "c": classes.ravel()}).query("label > 0")
    counts = pd.crosstab(pixels["label"], pixels["c"]).reindex(columns=range(6), fill_value=0)
    assert rows.index.tolist() == counts.index.tolist()
    total = counts.sum(axis=1)
    for number in range(1, 6):
        area = counts[number] * np.prod(grid.spacing)
        np.testing.assert_array_equal(rows[f"class_{size}_{number}"], area)
        np.testing.assert_array_equal(rows[f"class_fraction_{number}"], counts[number] / total)
    assert table.units[f"class_{size}_5"] == f"um^{ndim}"
    some = counts.loc[:, 1:].max(axis=1) > 0
    assert not some.all()
    np.testing.assert_array_equal(rows["main_class"], counts.loc[:, 1:].idxmax(axis=1).where(some, 0))
    np.testing.assert_array_equal(rows["main_class_fraction"], counts.loc[:, 1:].max(axis=1) / total)


def test_no_class_and_no_object():
    table = ow.apply("measure_classes_in_objects", np.array([[3, 3]]), np.zeros((1, 2), np.uint8))
    assert table.frame.values.tolist() == [[0, 3, 0, 0]]
    none = ow.apply("measure_classes_in_objects", np.zeros((2, 2), int), np.ones((2, 2), np.uint8))
    assert len(none) == 0
    assert "class_area_1" in none.units


def test_a_mask_is_one_class():
    table = ow.apply("measure_classes", np.array([[True, False]]), features=("area",))
    assert table.frame["area_fraction"].tolist() == [0.5]


def test_classes_of_frames_in_one_recipe():
    classes = np.array([[[0, 1, 1, 2]], [[0, 0, 0, 2]]], np.uint8)
    table = ow.apply("measure_classes", classes, grid=ow.Grid("tyx"), features=("area",))
    assert table.frame.to_numpy().tolist() == [[0, 1, 0.5, 2], [0, 2, 0.25, 1], [1, 2, 0.25, 1]]
