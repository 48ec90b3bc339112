"""Edits of objects, worked out on arrays."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from objectwise.gui.curate.edits import (
    Change,
    boxes_in,
    fill_holes,
    keep_only,
    pixels_of,
    rename,
    smooth,
    split_along,
    split_at,
    trace_of,
)


def after(block, changes):
    """Return a block after an edit, and check that the edit has left it alone."""
    before = block.copy()
    indices, values = pixels_of(block, changes)
    assert np.array_equal(block, before)
    result = block.copy()
    result[tuple(indices)] = values
    assert np.count_nonzero(result != block) == len(values)
    return result


def disc(shape, centre, radius):
    places = np.meshgrid(*map(np.arange, shape), indexing="ij")
    return sum((axis - at) ** 2 for axis, at in zip(places, centre, strict=True)) <= radius**2


@pytest.fixture
def block():
    labels = np.zeros((40, 60), np.int32)
    labels[disc(labels.shape, (20, 15), 10)] = 5
    labels[disc(labels.shape, (20, 15), 3)] = 0
    labels[disc(labels.shape, (20, 40), 8)] = 70_000
    labels[2:5, 2:5] = 9
    return labels


def test_boxes_are_those_of_the_objects(block):
    boxes = boxes_in(block, [70_000, 5, 77])
    assert set(boxes) == {5, 70_000}
    for label, box in boxes.items():
        places = np.argwhere(block == label)
        assert [(part.start, part.stop) for part in box] == [
            (low, high + 1) for low, high in zip(places.min(axis=0), places.max(axis=0), strict=True)
        ]
    assert boxes_in(block, []) == {}


def test_objects_get_other_names(block):
    boxes = boxes_in(block, [5, 70_000])
    swapped = after(block, rename(block, boxes, {5: 70_000, 70_000: 5}))
    assert np.array_equal(swapped == 5, block == 70_000)
    assert np.array_equal(swapped == 70_000, block == 5)
    assert np.array_equal(swapped == 9, block == 9)
    deleted = after(block, rename(block, boxes, dict.fromkeys(boxes, 0)))
    assert np.unique(deleted).tolist() == [0, 9]


def test_only_some_are_kept(block):
    assert np.unique(after(block, keep_only(block, [9]))).tolist() == [0, 9]
    assert not after(block, keep_only(block, [])).any()


def test_holes_are_filled_but_not_with_others(block):
    block[20, 15] = 33
    filled = after(block, fill_holes(block, boxes_in(block, [5])))
    assert filled[20, 15] == 33
    assert np.array_equal(filled == 5, disc(block.shape, (20, 15), 10) & (block != 33))


def test_smooth_outlines_take_background_alone(block):
    block[20, 48:56] = 70_000
    block[10:30, 31:33] = np.where(block[10:30, 31:33] == 0, 4, block[10:30, 31:33])
    smoothed = after(block, smooth(block, boxes_in(block, [70_000]), (2, 2)))
    assert not (smoothed[:, 52:] == 70_000).any()
    assert np.array_equal(smoothed == 4, block == 4)
    round_one = disc(block.shape, (20, 40), 8)
    assert np.count_nonzero((smoothed == 70_000) != round_one) < 40
    tiny = np.zeros((9, 9), np.int32)
    tiny[4, 4] = 1
    assert np.array_equal(after(tiny, smooth(tiny, boxes_in(tiny, [1]), (3, 3))), tiny)


# --- splitting -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [(0, 60), (39, 8), (0, 20), (30, 60)])
def test_a_line_lets_nothing_through(end):
    line = np.array([(39, 0), end], float)
    pixels = trace_of(line)
    steps = np.zeros((60, 80), bool)
    steps[tuple(pixels.T + 10)] = True
    assert ndimage.label(steps, ndimage.generate_binary_structure(2, 1))[1] == 1


def test_a_line_cuts_from_side_to_side():
    labels = np.zeros((40, 60), np.uint16)
    labels[disc(labels.shape, (20, 20), 12)] = 7
    line = np.array([(0.0, 16.0), (39.0, 17.0)])
    cut = after(labels, split_along(labels, boxes_in(labels, [7]), line, (0, 1), 100, (1, 1)))
    assert np.array_equal(cut > 0, labels > 0)
    assert np.unique(cut).tolist() == [0, 7, 100]
    assert np.count_nonzero(cut == 7) > np.count_nonzero(cut == 100)
    assert all(ndimage.label(cut == label)[1] == 1 for label in (7, 100))
    for short in ([(0, 16), (20, 16)], [(0, 2), (39, 2)], [(20, 15), (22, 18)]):
        assert not split_along(labels, boxes_in(labels, [7]), np.array(short, float), (0, 1), 100, (1, 1))


def test_pieces_that_the_line_misses_keep_their_id():
    labels = np.zeros((30, 60), np.int32)
    labels[5:15, 5:15] = labels[5:15, 30:50] = 3
    line = np.array([(0.0, 38.0), (29.0, 38.0)])
    cut = after(labels, split_along(labels, boxes_in(labels, [3]), line, (0, 1), 4, (1, 1)))
    assert (cut[5:15, 5:15] == 3).all()
    assert np.count_nonzero(cut == 4) in (80, 90)


def test_a_line_cuts_all_planes_of_a_volume():
    ball = disc((20, 30, 30), (10, 15, 15), 9).astype(np.int32) * 6
    line = np.array([(0.0, 12.0), (29.0, 12.0)])
    cut = after(ball, split_along(ball, boxes_in(ball, [6]), line, (1, 2), 7, (2, 1, 1)))
    assert all(set(np.unique(cut[z])) >= {6, 7} for z in range(5, 16))
    assert ndimage.label(cut == 7)[1] == 1
    assert cut[:, :, 13:].max() == 6
    # and along the depth
    line = np.array([(0.0, 12.0), (19.0, 12.0)])
    other = after(ball, split_along(ball, boxes_in(ball, [6]), line, (0, 2), 7, (2, 1, 1)))
    assert np.array_equal(other > 0, ball > 0)
    assert set(np.unique(other)) == {0, 6, 7}


def test_points_split_at_the_neck():
    labels = np.zeros((40, 60), np.int32)
    labels[disc(labels.shape, (20, 18), 11) | disc(labels.shape, (20, 38), 12)] = 2
    labels[0:4, 0:4] = 8
    points = np.array([(20.0, 16.0), (21.0, 40.0), (1.0, 1.0), (-4.0, 3.0)])
    cut = after(labels, split_at(labels, boxes_in(labels, [2, 8]), points, 50, (1, 1)))
    assert np.unique(cut).tolist() == [0, 2, 8, 50]
    assert np.array_equal(cut > 0, labels > 0)
    # the neck is where the discs meet
    assert abs(np.argwhere(cut[20] == 50).max() - 27.5) < 2
    assert cut[20, 40] == 2


def test_a_change_is_small_and_in_the_axes_of_the_array():
    frames = {2: (np.array([[1, 2], [3, 4]]), np.array([7, 8]))}
    change = Change.joined(frames, "tcyx", (4, 1, 50, 60))
    assert [item.tolist() for item in change.indices] == [[2, 2], [0, 0], [1, 2], [3, 4]]
    assert change.indices[0].dtype == np.uint16
    assert change.n_bytes == 2 * (4 * 2 + 2 * 8)
    assert len(Change.joined({}, "yx", (5, 5))) == 0
