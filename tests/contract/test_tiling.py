"""A tiled run equals an untiled one to the pixel, on images made to be hard to tile."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import objectwise as ow
from objectwise.core.operation import Operation
from tests.contract import cases


def hard_mask(ndim: int) -> np.ndarray:
    """Return an object longer than three tiles with a hole, a border object, a spiral, and diagonal contacts."""
    shape = (64, 70) if ndim == 2 else (20, 40, 44)
    mask = np.zeros(shape, bool)
    plane = mask if ndim == 2 else mask[4:9]
    plane[..., 5:15, 4 : shape[-1] - 4] = True  # long
    plane[..., 8:12, 10:-12] = False  # with a long hole
    plane[..., 9, 20] = True  # and an island in it
    plane[..., 20:34, 0:30] = True  # at the border
    plane[..., 24:28, 3:25] = False
    for step in range(min(shape[-1], 30)):  # diagonal contact only
        plane[..., shape[-2] - 1 - step % 20, step + 8] = True
    two = np.indices(shape[-2:])
    for centre in ((26, 40), (27, 50), (shape[-2] - 8, shape[-1] - 9), (shape[-2] - 8, shape[-1] - 17)):
        plane[..., ((two[0] - centre[0]) ** 2 + (two[1] - centre[1]) ** 2) <= 30] = True
    if ndim == 3:
        mask[9:18, 14:17, 10:40] = True
        mask[:, 22, 36] = True
    return mask


def inputs_for(record: Operation, ndim: int) -> dict:
    mask = hard_mask(ndim)
    random = np.random.default_rng(1)
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(mask.astype(float), 1.5) * 200 + random.random(mask.shape) * 9
    seeds = np.zeros(mask.shape, np.int32)
    where = np.flatnonzero(mask)[:: max(1, mask.sum() // 25)]
    seeds.ravel()[where] = random.permutation(len(where)) + 1
    # every piece in strips that touch, with ids in no order; one of them a few pieces far apart
    strips = ndimage.label(mask)[0] * 7 + np.arange(mask.shape[-1]) // 11
    touching = np.where(mask, random.permutation(int(strips.max()) + 1)[strips] + 1, 0).astype(np.int32)
    made = {
        "image": smooth.astype(np.float32),
        "mask": mask,
        "labels": touching,
        "objects": mask,
        "classes": np.digitize(smooth, [20, 90, 150]).astype(np.uint8),
        "channels": np.stack([smooth, smooth[..., ::-1], smooth[..., ::-1, :]]).astype(np.float32),
        "images": smooth.astype(np.float32),
    }
    if record.inputs[0].kind == "labels":
        # a region beside labels is not their own
        made["mask"] = np.roll(mask, 5, axis=-1)
    return {
        item.name: seeds if item.name == "seeds" else made[item.kind]
        for item in record.inputs
        if item.kind in made
    }


def tiled_and_whole(record: Operation, inputs: Mapping, tile, **values):
    kinds = {item.name: item.kind for item in record.inputs}
    wired = {name: name + "_in" for name in inputs}
    step = ow.Step("result", record.name, wired, {**record.tiny, **values})
    first = inputs[record.inputs[0].name]
    ndim = first.ndim - (record.inputs[0].kind == "channels")
    sources = {
        name + "_in": (
            value,
            ow.Grid(("c" if kinds[name] == "channels" else "") + "zyx"[-ndim:], (0.5, 0.25, 0.25)[-ndim:]),
        )
        for name, value in inputs.items()
    }
    results = []
    for size in (None, tile):
        *_, last = ow.run(ow.Recipe([step]), sources, tile=size)
        assert last.done == last.total
        results.append(last.results["result"])
    return results


def in_pixels(record: Operation, ndim: int) -> dict:
    """Return the lengths of the test values for the pixel size used here."""
    return {
        name: record.tiny[name] * 0.25 ** record.parameters[name].unit.exponent(ndim)
        for name in record.tiny
        if record.parameters[name].unit is not None
    }


@pytest.mark.parametrize("size", [7, 16, 33, 1000])
def test_tiled_equals_whole(record: Operation, ndim: int, size: int) -> None:
    if not record.locality.tiles:
        with pytest.raises(ValueError, match="cannot be run in tiles"):
            tiled_and_whole(record, inputs_for(record, ndim), size)
        return
    if ndim == 3 and size == 7:
        size = 9
    whole, tiled = tiled_and_whole(record, inputs_for(record, ndim), size, **in_pixels(record, ndim))
    if whole.kind == "table":
        import pandas as pd

        assert len(whole.array) > 1
        pd.testing.assert_frame_equal(whole.array.frame, tiled.array.frame, check_exact=True)
        assert whole.array.reasons == tiled.array.reasons
        return
    assert len(np.unique(whole.array)) > 1
    np.testing.assert_array_equal(whole.array, tiled.array)
    assert whole.array.dtype == tiled.array.dtype
    assert whole.values == tiled.values


def test_labels_are_tiled_by_id() -> None:
    labels = cases.labels(2).astype(np.int64) * 1_000_003
    for name in ("remove_small", "clear_border"):
        whole, tiled = tiled_and_whole(ow.operations[name], {"objects": labels}, 8)
        np.testing.assert_array_equal(whole.array, tiled.array)
        assert 0 < len(np.unique(whole.array)) < len(np.unique(labels))


masks = hnp.arrays(
    bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14), elements=st.booleans()
)


@settings(max_examples=60, deadline=None)
@given(
    mask=masks,
    tile=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    connectivity=st.sampled_from(["full", "face"]),
)
@pytest.mark.parametrize("name", ["label_components", "fill_holes", "clear_border", "remove_small"])
def test_components_of_any_mask_in_any_tiles(
    name: str, mask: np.ndarray, tile: tuple[int, int], connectivity: str
) -> None:
    values = {"min_size": 0.25} if name == "remove_small" else {}
    record = ow.operations[name]
    whole, tiled = tiled_and_whole(
        record, {record.inputs[0].name: mask}, tile, connectivity=connectivity, **values
    )
    np.testing.assert_array_equal(whole.array, tiled.array)


@settings(max_examples=100, deadline=None)
@given(
    labels=hnp.arrays(
        np.uint32,
        hnp.array_shapes(min_dims=2, max_dims=2, min_side=3, max_side=12),
        elements=st.integers(0, 2),
    ),
    tile=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    connectivity=st.sampled_from(["full", "face"]),
)
def test_holes_of_any_labels_in_any_tiles(
    labels: np.ndarray, tile: tuple[int, int], connectivity: str
) -> None:
    ids = np.array([0, 9, 4_000_000_000], np.uint32)[labels]
    whole, tiled = tiled_and_whole(
        ow.operations["fill_label_holes"], {"labels": ids}, tile, connectivity=connectivity, max_size=None
    )
    np.testing.assert_array_equal(whole.array, tiled.array)


@settings(max_examples=40, deadline=None)
@given(mask=masks, tile=st.tuples(st.integers(1, 6), st.integers(1, 6)))
def test_splitting_any_mask_in_any_tiles(mask: np.ndarray, tile: tuple[int, int]) -> None:
    whole, tiled = tiled_and_whole(ow.operations["split_touching"], {"mask": mask}, tile, min_diameter=0.25)
    np.testing.assert_array_equal(whole.array, tiled.array)


def test_pieces_do_not_see_each_other() -> None:
    """What an operation on objects makes of a piece does not depend on the others."""
    from scipy import ndimage

    mask = hard_mask(2)
    parts, n = ndimage.label(mask, np.ones((3, 3)))
    together = ow.apply("split_touching", mask, min_diameter=4)
    for number in range(1, n + 1):
        alone = ow.apply("split_touching", parts == number, min_diameter=4)
        here = np.where(parts == number, together, 0)
        pairs = np.unique(np.stack([here.ravel(), alone.ravel()]), axis=1)
        assert pairs.shape[1] == len(np.unique(alone))


def test_an_object_above_the_budget_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    record = ow.operations["split_touching"]
    monkeypatch.setitem(
        ow.operations, "split_touching", replace(record, locality=replace(record.locality, budget=50))
    )
    with pytest.raises(ValueError, match="above the 50"):
        tiled_and_whole(ow.operations["split_touching"], {"mask": hard_mask(2)}, 16)


def test_a_chain_of_steps_is_tiled(tmp_path) -> None:
    import zarr

    image = inputs_for(ow.operations["smooth_gaussian"], 2)["image"]
    recipe = ow.Recipe(
        [
            ow.Step("smooth", "smooth_gaussian", {"image": "nuclei"}, {"sigma": 1.0}),
            ow.Step("mask", "threshold_auto", {"image": "smooth"}, {"method": "li"}),
            ow.Step("filled", "fill_holes", {"mask": "mask"}),
            ow.Step("cells", "split_touching", {"mask": "filled"}, {"min_diameter": 5}),
            ow.Step("kept", "clear_border", {"objects": "cells"}),
        ]
    )
    lazy = zarr.create_array(store=str(tmp_path / "in.zarr"), data=image, chunks=(16, 16))
    out = zarr.create_array(
        store=str(tmp_path / "out.zarr"), shape=image.shape, dtype="int32", chunks=(16, 16)
    )
    *_, whole = ow.run(recipe, image)
    list(ow.run(recipe, {"nuclei": (lazy, ow.Grid("yx"))}, into={"kept": out}, tile=20))
    np.testing.assert_array_equal(whole.results["kept"].array, out[:])
    assert out[:].max() > 2
