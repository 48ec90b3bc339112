"""A table that is measured in parts, or on threads, is the table of the whole to the last bit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import objectwise as ow
from objectwise.core.tiles import boxes
from objectwise.measure.objects import measure_block
from objectwise.measure.parts import measure_tiles
from objectwise.measure.scan import join_scans, scan_labels


@pytest.fixture(params=[2, 3])
def case(request, flat_blobs, solid_blobs):
    labels, image = flat_blobs if request.param == 2 else solid_blobs
    image = image.astype(np.float32)
    image[labels == np.unique(labels)[3]] = np.nan
    image.ravel()[::97] = np.nan
    return (
        labels,
        {"a": image, "b": np.nan_to_num(image, nan=7.0).astype(np.uint16)},
        (0.7, 0.5, 0.3)[-labels.ndim :],
    )


def by_runs(labels, images):
    """Return the columns that this is about: whatever families there are."""
    from objectwise.measure.families import choose, groups

    chosen = choose(labels.ndim, list(images), groups())
    return [item.column.name for item in chosen if item.family.by_runs]


def in_tiles(labels, images, cut, spacing, features=None):
    """Measure tile by tile, and return what was found."""
    work = measure_tiles(
        lambda box: labels[box],
        {name: image.__getitem__ for name, image in images.items()},
        cut,
        labels.shape,
        spacing,
        features,
    )
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def assert_same(found, expected):
    assert found[1] == expected[1]
    assert list(found[0]) == list(expected[0])
    for name, column in expected[0].items():
        np.testing.assert_array_equal(found[0][name], column, err_msg=name)
        assert found[0][name].dtype == column.dtype


@pytest.mark.parametrize("tile", [(7, 16, 9), (64, 64, 5), (3, 200, 200)])
def test_tiles(case, tile):
    labels, images, spacing = case
    features = by_runs(labels, images)
    cut = boxes(labels.shape, tile[-labels.ndim :])
    found = in_tiles(labels, images, cut[::-1], spacing, features)
    assert_same(found, measure_block(labels, images, spacing, features))


class Lazy:
    """An array that is read in parts, and remembers how large they were."""

    def __init__(self, array):
        self.array, self.read = array, []
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim

    def __getitem__(self, key):
        part = self.array[key]
        self.read.append(part.size)
        return part


def long_objects(shape, seed):
    """Return objects longer than three tiles, in pieces and rings too, and two images with missing pixels."""
    random = np.random.default_rng(seed)
    labels = np.zeros(shape, np.uint32)
    labels[..., 3:9, 2:-2] = 3_000_000_000
    labels[..., 5:7, 20:-9] = 17
    labels[..., 12:-2, 4:8] = 5
    labels[..., -3:, ::6] = 5
    labels[..., 14:30, 12:30] = 900
    labels[..., 18:26, 15:24] = 0
    labels[..., random.random(shape[-2:]) < 0.02] = 41
    labels[1 if len(shape) == 3 else slice(0, 1), ..., -1] = 77
    images = {"DNA": random.integers(0, 60000, shape).astype(np.uint16), "RNA": random.normal(size=shape)}
    images["RNA"][..., 10:16, ::3] = np.nan
    return labels, images


@pytest.mark.parametrize("tile", [5, 16, (4, 40, 9), 200])
@pytest.mark.parametrize("axes", ["yx", "zyx", "tyx", "tzyx"])
def test_a_run_in_tiles_never_reads_a_frame_as_a_whole(axes, tile):
    solid = "z" in axes
    frames = [
        long_objects((7, 34, 40) if solid else (46, 50), seed) for seed in range(3 if "t" in axes else 1)
    ]
    labels, *channels = (
        np.stack(parts) if "t" in axes else parts[0]
        for parts in zip(*((found, *images.values()) for found, images in frames), strict=True)
    )
    arrays = {"cells": labels, "DNA": channels[0], "RNA": channels[1]}
    grid = ow.Grid(axes, (0.7, 0.5, 0.25)[-2 - solid :], "um")
    features = ("size", "shape", "position", "intensity", "intensity_edge", "texture")
    step = ow.Step(
        "table",
        "measure",
        {"labels": "cells", "images": {"DNA": "DNA", "RNA": "RNA"}},
        {"features": features, "texture_scale": 2},
    )
    recipe = ow.Recipe([step], unit="um")
    *_, whole = ow.run(recipe, {name: (array, grid) for name, array in arrays.items()})
    lazy = {name: Lazy(array) for name, array in arrays.items()}
    size = tile[-2 - solid :] if isinstance(tile, tuple) else tile
    *steps, last = ow.run(recipe, {name: (array, grid) for name, array in lazy.items()}, tile=size)
    expected, found = whole.results["table"].array, last.results["table"].array
    pd.testing.assert_frame_equal(found.frame, expected.frame, check_exact=True)
    assert (found.units, found.reasons) == (expected.units, expected.reasons)
    assert last.done == last.total
    pixels = [
        min(n, m)
        for n, m in zip(grid.block_shape(labels.shape), np.broadcast_to(size, 2 + solid), strict=True)
    ]
    for array in lazy.values():
        assert max(array.read) <= np.prod(pixels)
        assert sum(array.read) == labels.size
        assert len(steps) >= 3 * len(array.read)


def test_what_needs_the_whole_frame_is_refused_before_anything_is_read():
    labels, images = long_objects((46, 50), 1)
    lazy = Lazy(labels)
    features = ("area", "neighbours", "intensity_background", "intensity_mean")
    step = ow.Step("table", "measure", {"labels": "cells", "images": "DNA"}, {"features": features})
    grid = ow.Grid("yx")
    sentence = (
        "step 'table': measure cannot be run in tiles: intensity_background and neighbours look at more than each "
        "object alone; leave them out, or run without tiles"
    )
    with pytest.raises(ValueError, match=sentence):
        ow.run(ow.Recipe([step]), {"cells": (lazy, grid), "DNA": (images["DNA"], grid)}, tile=16)
    assert lazy.read == []
    wrong = ow.Recipe([ow.Step("table", "measure", {"labels": "cells"}, {"features": ("aera",)})])
    with pytest.raises(ValueError, match="there is no measurement 'aera'"):
        list(ow.run(wrong, {"cells": (lazy, grid)}, tile=16))


def test_the_scan_of_tiles_is_that_of_the_block(case):
    labels, _, _ = case
    cut = boxes(labels.shape, (5, 11, 13)[-labels.ndim :])
    joined = join_scans([(scan_labels(labels[box]), box) for box in cut], labels.shape)
    whole = scan_labels(labels)
    for name in ("ids", "runs", "line_starts", "record"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name), err_msg=name)


def test_what_is_not_measured_in_tiles_is_said(monkeypatch):
    from dataclasses import replace

    from objectwise.measure import families

    changed = tuple(replace(family, by_runs=False) for family in families.FAMILIES)
    monkeypatch.setattr(families, "FAMILIES", changed)
    with pytest.raises(ValueError, match=r"features: size looks at more than each object alone"):
        next(measure_tiles(np.empty, {}, [], (5, 5), features=["area"]))


@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_threads_make_no_difference(case, threads, monkeypatch):
    from objectwise.measure import scan

    labels, images, spacing = case
    expected = measure_block(labels, images, spacing)
    monkeypatch.setattr(scan, "FEW_RUNS", 3)
    monkeypatch.setenv("OBJECTWISE_THREADS", threads)
    assert_same(measure_block(labels, images, spacing), expected)
