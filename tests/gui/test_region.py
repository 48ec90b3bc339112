"""A part of a large plane has the pixels that the run gives there."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Labels

import objectwise
from objectwise.core.method import methods
from objectwise.core.run import run
from objectwise.gui.preview import glance, region
from objectwise.gui.preview.glance import Glance, Seen, look
from objectwise.gui.preview.memory import Memory
from objectwise.gui.runs.wiring import Choice, make_job

VIEW = (slice(130, 260), slice(70, 250))


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch):
    monkeypatch.setattr(region, "MODERATE", 1 << 15)
    monkeypatch.setattr(region, "_MARGIN", 24)
    monkeypatch.setattr(region, "_STEP", 16)


@pytest.fixture(scope="module")
def discs() -> np.ndarray:
    """Discs that touch here and there on 400 x 420 pixels, and one long bar."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:400, :420]
    image = rng.normal(100, 6, y.shape)
    for row, column in rng.uniform(0, 400, (160, 2)):
        image[(y - row) ** 2 + (x - column) ** 2 <= 64] = 400
    image[200:206, 20:] = 400
    return image.clip(0, 1000).astype(np.uint16)


def seen_of(job, view=VIEW, memory=None, **more) -> list:
    """Return all that a look yields, and what it returns last."""
    work, found = look(Glance(job, {}, view, **more), memory or Memory()), []
    while True:
        try:
            found.append(next(work))
        except StopIteration as end:
            return [*found, end.value]


def job_of(name, image, values=None, **more):
    record = methods[name]
    layer = Image(image, axis_labels=("y", "x"), contrast_limits=(0, 500))
    given = {key: item.default for key, item in record.parameters.items()} | (values or {})
    return make_job(Choice(record, {"image": [layer]}, given, **more))


@pytest.mark.parametrize(
    ("name", "values", "instances"),
    [
        ("threshold_auto", {}, False),
        ("threshold_hysteresis", {"low": 200.0, "high": 300.0}, False),
        ("threshold_local", {"diameter": 15.0}, False),
        ("smooth_gaussian", {"sigma": 3.0}, False),
        ("threshold_manual", {"lower": 250.0}, True),
        ("threshold_multi_otsu", {}, False),
    ],
)
def test_a_part_is_that_of_the_whole(name, values, instances, discs):
    job = job_of(name, discs, values, instances=instances)
    seen = seen_of(job)[-1]
    *_, last = run(job.recipe, job.inputs)
    whole = last.results[job.recipe.outputs[-1]].array
    top, left = seen.corner
    here = whole[top : top + seen.array.shape[0], left : left + seen.array.shape[1]]
    assert seen.array.size < whole.size / 2
    assert (top, left) <= (VIEW[0].start, VIEW[1].start)
    assert seen.array.shape >= (130, 180)
    if seen.kind != "labels":
        np.testing.assert_array_equal(seen.array, here)
        return
    # ids are counted by the run; each object is the same one
    pairs = np.unique(np.stack([seen.array.ravel(), here.ravel()]), axis=1)
    assert len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]
    assert f"{pairs.shape[1] - 1} objects in view" in seen.sentence


def test_split_objects_within_the_view_are_those_of_the_run(discs):
    mask = (discs > 250).astype(np.uint8)
    record = methods["split_touching"]
    layer = Labels(mask, metadata={"objectwise": {"kind": "mask"}})
    values = {key: item.default for key, item in record.parameters.items()}
    job = make_job(Choice(record, {"mask": [layer]}, values))
    seen = seen_of(job)[-1]
    *_, last = run(job.recipe, job.inputs)
    whole = last.results[job.recipe.outputs[-1]].array
    top, left = seen.corner
    here = tuple(slice(a, a + n) for a, n in zip(seen.corner, seen.array.shape, strict=True))
    # pieces of the mask that reach beyond the margin around the view
    pieces = objectwise.apply("label_components", mask > 0)
    inner = np.zeros(mask.shape, bool)
    inner[top - 23 : here[0].stop + 23, left - 23 : here[1].stop + 23] = True
    cut = np.isin(pieces, np.setdiff1d(pieces[~inner], [0]))
    n_cut = len(np.unique(pieces[here][cut[here]]))
    assert n_cut >= 1
    assert f"; {n_cut} cut by the edge of the view may change" in seen.sentence
    kept = ~cut[here]
    pairs = np.unique(np.stack([seen.array[kept], whole[here][kept]]), axis=1)
    assert len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1] > 10


def test_what_is_found_in_the_view_alone_is_called_provisional(discs):
    values = {"diameter": 16.0, "remove_background": False}
    seen = seen_of(job_of("find_objects", discs, values))[-1]
    assert "provisional: sizes and thresholds are found in the view" in seen.sentence
    assert seen.kind == "labels"
    assert seen.array.max() > 5


def test_too_much_in_view_asks_to_zoom_in(discs):
    job = job_of("threshold_manual", discs, {"lower": 250.0})
    with pytest.raises(ValueError, match=r"Zoom in for a preview: 10,000 x 9,000 pixels are in view"):
        region.region_of(job.recipe, (20000, 20000), (slice(0, 9000), slice(0, 10000)), (0, 0))


def test_a_method_that_needs_the_whole_plane_says_so(discs):
    with pytest.raises(ValueError, match="too large for a preview of this method"):
        seen_of(job_of("split_and_merge", discs))


def test_of_a_lazy_plane_only_the_view_is_read(discs):
    reads = []

    def read(block_info=None):
        reads.append(block_info[None]["chunk-location"])
        (y0, y1), (x0, x1) = block_info[None]["array-location"]
        return discs[y0:y1, x0:x1]

    image = da.map_blocks(
        read, chunks=((50,) * 8, (60,) * 7), dtype=np.uint16, meta=np.zeros((0, 0), np.uint16)
    )
    job, memory = job_of("threshold_manual", image, {"lower": 250.0}), Memory()
    reads.clear()
    seen_of(job, memory=memory)
    assert set(reads) == {(row, column) for row in range(2, 6) for column in range(1, 5)}
    reads.clear()
    seen_of(job_of("threshold_manual", image, {"lower": 300.0}), memory=memory)
    assert not reads


def test_a_number_of_the_whole_is_provisional_while_it_is_computed(discs, monkeypatch):
    monkeypatch.setattr(glance, "_PATIENCE", 0.0)
    monkeypatch.setattr("objectwise.core.execution._PIECE", 10_000)
    image = discs.copy()
    image[300:] //= 3
    job, memory = job_of("threshold_auto", image), Memory()
    first, *told, last = seen_of(job, memory=memory)
    assert isinstance(first, Seen)
    assert first.sentence.endswith("(provisional)")
    assert all("threshold of the whole image is being computed" in text for text in told)
    assert first.values[0]["value"] != last.values[0]["value"]
    *_, end = run(job.recipe, job.inputs)
    top, left = last.corner
    whole = end.results[job.recipe.outputs[-1]].array
    np.testing.assert_array_equal(
        last.array, whole[top : top + last.array.shape[0], left : left + last.array.shape[1]]
    )
    # another way to find it needs no further pass
    assert len(seen_of(job_of("threshold_auto", image, {"method": "li"}), memory=memory)) == 1


def test_a_pass_that_was_left_is_taken_up_again(discs, monkeypatch):
    monkeypatch.setattr(glance, "_PATIENCE", 0.0)
    monkeypatch.setattr("objectwise.core.execution._PIECE", 10_000)
    job, memory = job_of("threshold_auto", discs), Memory()
    left = look(Glance(job, {}, VIEW), memory)
    texts = [next(left) for _ in range(5)]
    again = look(Glance(job, {}, VIEW), memory)
    next(again)
    assert float(next(again).split()[-2]) > float(texts[-1].split()[-2])
