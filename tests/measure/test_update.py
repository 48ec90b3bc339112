"""A table whose touched rows are measured again is that of a full measurement to the last bit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import objectwise as ow
from objectwise.measure import parts, update_table
from objectwise.measure.scan import scan_labels
from tests.measure.conftest import blobs

SHAPES = {"yx": (60, 70), "zyx": (9, 30, 34), "tyx": (3, 40, 44), "tzyx": (2, 7, 22, 24)}
MORE = ("intensity_distribution", "intensity_edge", "intensity_position", "moments", "texture")


def assert_same(found, expected):
    pd.testing.assert_frame_equal(found.frame, expected.frame, check_exact=True)
    assert found.units == expected.units
    assert found.descriptions == expected.descriptions
    assert found.reasons == expected.reasons


def scene(axes, seed):
    """Return labels, images and a grid; one image has pixels that are missing, in some frames only."""
    shape, spacing = SHAPES[axes], (0.7, 0.5, 0.3)[-len(axes.replace("t", "")) :]
    n_frames = shape[0] if "t" in axes else 1
    frames = [blobs(shape[-len(spacing) :], seed + number, 1.6) for number in range(n_frames)]
    labels = np.stack([frame[0] for frame in frames]).reshape(shape)
    image = np.stack([frame[1] for frame in frames]).reshape(shape).astype(np.float32)
    (image[-1] if "t" in axes else image)[..., ::5, ::7] = np.nan
    images = {"a": image, "b": np.nan_to_num(image[0] if "t" in axes else image).astype(np.uint16)}
    return labels, images, ow.Grid(axes, spacing, "um")


def box_of(mask):
    return tuple(slice(int(where.min()), int(where.max()) + 1) for where in np.nonzero(mask))


def edit(labels, random):
    """Change one frame as people do; return a box that holds what has changed, and the ids before and after."""
    before, ids = labels.copy(), np.unique(labels)[1:]
    kind = random.choice(["paint", "erase", "merge", "split", "delete", "new"])
    one, other = (int(random.choice(ids)) if ids.size else 5 for _ in range(2))
    start = [int(random.integers(0, n - 2)) for n in labels.shape]
    brush = tuple(slice(a, a + int(random.integers(1, 7))) for a in start)
    if kind == "paint":
        labels[brush] = one
    elif kind == "erase":
        labels[brush] = 0
    elif kind == "new":
        labels[brush] = int(ids.max(initial=0)) + 3
    elif kind == "merge":
        labels[labels == one] = other
    elif kind == "delete":
        labels[labels == one] = 0
    else:
        half = labels == one
        half[..., : labels.shape[-1] // 2] = False
        labels[half] = 2 * int(ids.max(initial=1))
    changed = before != labels
    if not changed.any():
        return (slice(0, 1),) * labels.ndim, []
    touched = np.union1d(before[changed], labels[changed])
    return box_of(changed), touched[touched > 0].tolist()


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("axes", SHAPES)
def test_edits(axes, seed, told):
    labels, images, grid = scene(axes, 10 * seed)
    random = np.random.default_rng(seed)
    features = None if seed == 1 else ("size", "shape", "position", "intensity", *MORE)
    given = {"grid": grid, "features": features, "texture_scale": 1}
    table = ow.measure(labels, images, **given)
    for _ in range(6):
        frame = int(random.integers(0, len(labels))) if "t" in axes else 0
        box, ids = edit(labels[frame] if "t" in axes else labels, random)
        earlier = table.frame.copy()
        updated = update_table(
            table, labels, images, edits=[box], ids=ids if told else None, frame=frame, **given
        )
        pd.testing.assert_frame_equal(table.frame, earlier)
        table = updated
        assert_same(table, ow.measure(labels, images, **given))


@pytest.mark.parametrize("features", [("area", "neighbours", "intensity"), ("area", "n_pieces"), None])
def test_what_looks_around_and_what_has_no_boxes(features):
    labels, images, grid = scene("tyx", 4)
    random = np.random.default_rng(5)
    given = {"grid": grid, "features": features, "neighbour_distance": 3.0}
    table = ow.measure(labels, images, **given)
    for number in range(5):
        boxes = [edit(labels[1], random)[0] for _ in range(number)]
        table = update_table(table, labels, images, edits=boxes, frame=1, **given)
        assert_same(table, ow.measure(labels, images, **given))


def test_neighbours_are_measured_in_full_where_objects_are_not():
    labels, images, grid = scene("yx", 4)
    given = {"grid": grid, "features": ("position", "neighbours", "intensity_background"), "ring_width": 1.0}
    table = ow.measure(labels, images, **given)
    label = int(labels.max())
    box = box_of(labels == label)
    labels[labels == label] = 0
    assert_same(
        update_table(table, labels, images, edits=[box], **given), ow.measure(labels, images, **given)
    )
    with pytest.raises(ValueError, match="objects have come or gone outside of the edits"):
        update_table(table, labels * (labels != np.unique(labels)[1]), images, edits=[box], **given)


def test_the_labels_are_read_in_the_boxes_of_what_is_touched(monkeypatch, flat_blobs):
    labels, image = flat_blobs[0].copy(), flat_blobs[1]
    table = ow.measure(labels, {"a": image})
    read = []

    def watched(part):
        read.append(part.size)
        return scan_labels(part)

    monkeypatch.setattr(parts, "scan_labels", watched)
    edits = []
    for row in table.frame["n_pixels"].argsort()[[0, 2]]:
        y, x = table.frame.loc[row, ["bbox_min_y", "bbox_min_x"]].astype(int)
        edits.append((slice(y, y + 2), slice(x, x + 3)))
        labels[edits[-1]] = 0
    found = update_table(table, labels, {"a": image}, edits=edits)
    assert 0 < sum(read) < labels.size / 10
    assert_same(found, ow.measure(labels, {"a": image}))


def test_all_objects_of_a_frame_go_and_come():
    labels, images, grid = scene("tyx", 9)
    table = ow.measure(labels, images, grid=grid)
    everything = [(slice(None), slice(None))]
    kept = labels[1].copy()
    labels[1] = 0
    table = update_table(table, labels, images, edits=everything, frame=1, grid=grid)
    assert_same(table, ow.measure(labels, images, grid=grid))
    labels[1] = kept
    table = update_table(table, labels, images, edits=everything, frame=1, grid=grid)
    assert_same(table, ow.measure(labels, images, grid=grid))


def test_what_does_not_fit_is_refused():
    labels, images, grid = scene("yx", 2)
    table = ow.measure(labels, images, grid=grid, features=["area"])
    box = (slice(0, 2), slice(0, 2))
    for given, sentence in (
        ({"features": ["area", "perimeter"], "grid": grid}, "the table has no column 'perimeter'"),
        ({"features": ["n_pixels"], "grid": grid}, "the table has no column 'n_pixels'"),
        ({"features": ["area"]}, r"area: the table is in 'um\^2', and the grid in 'pixel\^2'"),
    ):
        with pytest.raises(ValueError, match=sentence):
            update_table(table, labels, images, edits=[box], **given)
    changed = ow.Table(table.frame.assign(mine=1), table.units)
    with pytest.raises(ValueError, match="they do not give the column 'mine' of the table"):
        update_table(changed, labels, images, edits=[box], grid=grid, features=["area"])
