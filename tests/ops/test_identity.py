"""Objects merged, split, renumbered and recognised."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import label

import objectwise as ow
from objectwise.ops import identity
from tests.contract import cases


def partition(labels):
    return {frozenset(np.flatnonzero(labels == i)) for i in np.unique(labels) if i}


def test_renumbering_goes_in_reading_order():
    labels = cases.labels(3).astype(np.int64) * 10_000_000_019
    found = ow.apply("relabel_sequential", labels, grid=ow.Grid("zyx"))
    assert partition(found) == partition(labels)
    _, first = np.unique(found, return_index=True)
    assert found.max() == len(first) - 1
    assert (np.diff(first[1:]) > 0).all()


@pytest.mark.parametrize("connectivity", ["full", "face"])
def test_pieces_are_those_of_scikit_image(connectivity):
    labels = np.random.default_rng(3).integers(0, 4, (30, 30))
    found = identity.split_disconnected(labels, connectivity=connectivity)
    truth = label(labels, background=0, connectivity=2 if connectivity == "full" else 1)
    np.testing.assert_array_equal(found, truth)


@pytest.mark.parametrize("connectivity", ["full", "face"])
def test_merging_is_labelling_the_mask(connectivity):
    labels = cases.labels(2)
    found = identity.merge_touching(labels, connectivity=connectivity)
    structure = ndimage.generate_binary_structure(2, 2 if connectivity == "full" else 1)
    pieces, n = ndimage.label(labels > 0, structure)
    assert partition(found) == partition(pieces)
    for piece in range(1, n + 1):
        assert set(found[pieces == piece]) == {labels[pieces == piece].min()}


def two_discs(radius=10, apart=16):
    y, x = np.mgrid[:40, :60]
    return ((y - 20) ** 2 + (x - 20) ** 2 <= radius**2) | ((y - 20) ** 2 + (x - 20 - apart) ** 2 <= radius**2)


@pytest.mark.parametrize("points", [((20, 20), (20, 36)), ((14, 14), (27, 37)), ((20, 11), (20, 33))])
def test_points_split_at_the_neck_wherever_they_lie(points):
    labels = two_discs() * 9
    labels[0:3, 0:3] = 4
    seeds = np.zeros_like(labels)
    seeds[points[0]], seeds[points[1]], seeds[1, 1], seeds[39, 0] = 8, 3, 5, 6
    found = identity.split_labels_by_points(labels, seeds)
    np.testing.assert_array_equal(found > 0, labels > 0)
    assert set(np.unique(found)) == {0, 1, 2, 3}
    assert (found[labels == 4] == 1).all()
    left, right = (set(np.unique(part)) - {0} for part in (found[10:, :27], found[10:, 30:]))
    assert len(left) == len(right) == 1
    assert left != right


def test_three_points_one_object_of_two_pieces():
    labels = np.zeros((5, 24), int)
    labels[1:4, 1:16] = 6
    labels[1:4, 20:23] = 6
    seeds = np.zeros_like(labels)
    seeds[2, 2], seeds[2, 8], seeds[2, 14] = 1, 2, 3
    found = identity.split_labels_by_points(labels, seeds)
    assert found.max() == 4
    assert set(found[1:4, 20:23].ravel()) == {4}
    np.testing.assert_array_equal(found > 0, labels > 0)


@pytest.mark.parametrize("slope", [0, 1, -1])
def test_a_line_one_pixel_wide_cuts(slope):
    labels = np.zeros((30, 30), int)
    labels[5:25, 5:25] = 40
    labels[0, 0] = 2
    y, x = np.mgrid[:30, :30]
    line = (y == 12) if slope == 0 else (x - 15 == slope * (y - 15) + 2)
    found = identity.split_labels_by_lines(labels, line)
    np.testing.assert_array_equal(found > 0, labels > 0)
    assert found.max() == 3
    above = labels.astype(bool) & ((y < 12) if slope == 0 else (x - 15 < slope * (y - 15) + 2))
    above[0, 0] = False
    assert len(np.unique(found[above])) == 1
    sizes = np.sort(np.bincount(found.ravel())[2:])
    assert sizes.sum() == 400
    # the pixels under the line go to the larger part
    assert sizes[0] == min(above.sum(), 400 - (above | line).sum() + (line & (labels == 0)).sum())


def test_a_line_that_ends_inside_splits_nothing():
    labels = np.zeros((20, 20), int)
    labels[4:16, 4:16] = 3
    lines = np.zeros((20, 20), bool)
    lines[10, :12] = True
    assert partition(identity.split_labels_by_lines(labels, lines)) == partition(labels)
    lines[10, :] = True
    assert identity.split_labels_by_lines(labels, lines).max() == 2
    assert identity.split_labels_by_lines(labels, lines, min_size=70).max() == 1


def test_ids_come_back_after_a_split():
    before = cases.labels(2).astype(np.int64) * 100
    big = np.bincount(before.ravel())[1:].argmax() + 1
    lines = np.zeros(before.shape, bool)
    lines[:, np.argwhere(before == big)[:, 1].mean().astype(int)] = True
    lines &= before == big
    split = ow.apply("split_labels_by_lines", before, lines)
    after = ow.apply("transfer_ids", before, split)
    np.testing.assert_array_equal(after[before != big], before[before != big])
    new = set(np.unique(after[before == big]))
    assert big in new
    assert new - {big} == set(range(before.max() + 1, before.max() + len(new)))
    assert partition(after) == partition(split)


def test_partners_are_found_one_to_one():
    reference = np.zeros((4, 30), int)
    labels = np.zeros_like(reference)
    reference[:, 0:10], labels[:, 0:6], labels[:, 6:10] = 5, 1, 2  # split
    reference[:, 12:14], reference[:, 14:20], labels[:, 12:20] = 6, 7, 3  # merged
    reference[:, 22:28], labels[:, 27:30] = 8, 4  # a little overlap, 1 of 8 columns
    found = identity.transfer_ids(reference, labels)
    assert [found[0, x] for x in (0, 6, 12, 27)] == [5, 9, 7, 8]
    found = identity.transfer_ids(reference, labels, min_iou=0.2)
    assert [found[0, x] for x in (0, 6, 12, 27)] == [5, 9, 7, 10]
    np.testing.assert_array_equal(identity.transfer_ids(labels, labels), labels)


@pytest.mark.parametrize("tile", [5, 11])
def test_a_split_is_the_same_in_tiles(tile):
    labels = (two_discs() * 9).astype(np.int32)
    seeds = np.zeros_like(labels)
    seeds[14, 14], seeds[27, 37] = 8, 3
    recipe = ow.Recipe([ow.Step("split", "split_labels_by_points", {"labels": "cells", "seeds": "points"})])
    sources = {"cells": (labels, ow.Grid("yx")), "points": (seeds, ow.Grid("yx"))}
    *_, whole = ow.run(recipe, sources)
    *_, tiled = ow.run(recipe, sources, tile=tile)
    np.testing.assert_array_equal(whole.results["split"].array, tiled.results["split"].array)
    assert whole.results["split"].array.max() == 2
