"""Outlines of objects moved, against scikit-image, brute force and geometry."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage import segmentation

from objectwise.kernels.majority import commonest
from objectwise.kernels.nearest import nearest_labels
from objectwise.ops import labels as ops
from objectwise.ops.elements import offsets_within
from tests.contract import cases


def brute_nearest(labels, spacing, distance):
    """Return the nearest object of every pixel: all pairs of pixels."""
    where = np.argwhere(labels > 0)
    result = np.zeros(labels.size, np.int32)
    weights = (np.array(spacing) / min(spacing)) ** 2
    for index, pixel in enumerate(np.argwhere(np.ones(labels.shape))):
        squared = ((where - pixel) ** 2 * weights).sum(axis=1)
        ids = labels[tuple(where.T)]
        best = np.lexsort((ids, squared))[0]
        if squared[best] <= (distance / min(spacing)) ** 2 * (1 + 1e-6):
            result[index] = ids[best]
    return result.reshape(labels.shape)


@pytest.mark.parametrize(
    ("shape", "spacing"), [((17, 21), (1.0, 1.0)), ((17, 21), (0.3, 0.1)), ((6, 9, 8), (2.0, 1.0, 0.5))]
)
@pytest.mark.parametrize("distance", [1.0, 2.0, 3.5])
def test_expand_is_the_nearest_object_and_the_smaller_id(shape, spacing, distance):
    random = np.random.default_rng(4)
    labels = np.where(random.random(shape) < 0.04, random.integers(1, 9, shape), 0).astype(np.int32)
    labels[(2,) * len(shape)] = 1
    found = ops.expand_labels(labels, distance=distance, spacing=spacing)
    np.testing.assert_array_equal(found, brute_nearest(labels, spacing, distance))


@pytest.mark.parametrize("ndim", [2, 3])
def test_expand_covers_what_scikit_image_covers(ndim):
    labels = cases.labels(ndim)
    spacing = (3.0, 1.0, 0.5)[-ndim:]
    ours = ops.expand_labels(labels, distance=2.2, spacing=spacing)
    theirs = segmentation.expand_labels(labels, distance=2.2, spacing=spacing)
    np.testing.assert_array_equal(ours > 0, theirs > 0)
    # only pixels that are equally near to two objects may differ
    assert (ours != theirs).mean() < 0.02
    np.testing.assert_array_equal(ours[labels > 0], labels[labels > 0])


def test_nearest_gives_the_distance():
    labels = cases.labels(3)
    spacing = (2.0, 1.0, 0.7)
    _, distance = nearest_labels(labels, spacing)
    truth = ndimage.distance_transform_edt(labels == 0, sampling=spacing)
    np.testing.assert_allclose(distance, truth, rtol=1e-12)


def test_an_expanded_point_is_a_disc_or_an_ellipsoid():
    labels = np.zeros((41, 41), int)
    labels[20, 20] = 6
    y, x = np.mgrid[-20:21, -20:21]
    np.testing.assert_array_equal(ops.expand_labels(labels, distance=15) > 0, y**2 + x**2 <= 225)
    volume = np.zeros((21, 41, 41), int)
    volume[10, 20, 20] = 6
    z, y, x = np.mgrid[-10:11, -20:21, -20:21]
    grown = ops.expand_labels(volume, distance=8, spacing=(2, 1, 1))
    np.testing.assert_array_equal(grown > 0, (2 * z) ** 2 + y**2 + x**2 <= 64)


def test_shrink_takes_away_what_is_near_another():
    labels = cases.labels(2)
    spacing = (0.5, 0.25)
    truth = np.zeros_like(labels)
    for label in np.unique(labels)[1:]:
        depth = ndimage.distance_transform_edt(labels == label, sampling=spacing)
        truth[depth > 0.6] = label
    # scipy measures to the border of an image that has no background, ours never does
    inside = (slice(3, -3),) * 2
    np.testing.assert_array_equal(
        ops.shrink_labels(labels, distance=0.6, spacing=spacing)[inside], truth[inside]
    )


def test_shrink_undoes_expand_for_an_object_alone():
    y, x = np.mgrid[:60, :60]
    labels = np.where((y - 30) ** 2 + (x - 30) ** 2 <= 144, 5, 0)
    grown = ops.expand_labels(labels, distance=6)
    shrunken = ops.shrink_labels(grown, distance=6)
    assert np.all(shrunken[labels > 0] == 5)
    assert abs((shrunken > 0).sum() - (labels > 0).sum()) < 0.05 * (labels > 0).sum()


def slow_commonest(labels, offsets):
    result = labels.copy()
    for index in np.ndindex(labels.shape):
        places = np.array(index) + offsets
        inside = ((places >= 0) & (places < labels.shape)).all(axis=1)
        ids, counts = np.unique(labels[tuple(places[inside].T)], return_counts=True)
        best = ids[counts == counts.max()]
        result[index] = labels[index] if labels[index] in best else best.min()
    return result


@pytest.mark.parametrize(("ndim", "radius"), [(2, 1.0), (2, 2.5), (3, 1.0)])
def test_commonest_against_its_slow_twin(ndim, radius):
    labels = np.random.default_rng(1).integers(0, 4, (13, 15) if ndim == 2 else (5, 6, 7)).astype(np.int32)
    spacing = (1.0, 0.5) if ndim == 2 else (2.0, 1.0, 1.0)
    offsets = offsets_within(radius, spacing)
    truth = slow_commonest(labels, offsets)
    np.testing.assert_array_equal(commonest(labels, np.arange(labels.size), offsets), truth)
    np.testing.assert_array_equal(ops.smooth_labels(labels, radius=radius, spacing=spacing), truth)


def test_smoothing_keeps_discs_and_takes_spikes():
    y, x = np.mgrid[:60, :100]
    discs = ((y - 30) ** 2 + (x - 30) ** 2 <= 400) * 3 + ((y - 30) ** 2 + (x - 72) ** 2 <= 400) * 8
    spiked = discs.copy()
    spiked[30, 51] = 3
    spiked[5:11, 30] = 3
    spiked[28:30, 70] = 0
    smooth = ops.smooth_labels(spiked, radius=3)
    assert (smooth != discs).sum() <= 24
    assert smooth[29, 70] == 8
    assert smooth[6, 30] == 0


def test_a_hole_belongs_to_the_object_around_it():
    labels = np.zeros((20, 30), int)
    labels[2:16, 2:16] = 4
    labels[4:14, 4:14] = 0  # a wide hole
    labels[6:12, 6:12] = 9  # with an object inside, which has a hole itself
    labels[8:10, 8:10] = 0
    labels[2:8, 18:24] = 5
    labels[4, 20] = 0
    labels[10:16, 24:30] = 7
    labels[12, 29] = 0  # open to the border
    filled = ops.fill_label_holes(labels)
    truth = labels.copy()
    truth[8:10, 8:10] = 9
    truth[4, 20] = 5
    np.testing.assert_array_equal(filled, truth)
    truth[8:10, 8:10] = 0
    np.testing.assert_array_equal(ops.fill_label_holes(labels, max_size=1), truth)


def test_filling_object_by_object_is_what_scipy_fills():
    labels = cases.labels(2)
    labels[ndimage.distance_transform_edt(labels > 0) > 3.5] = 0
    truth = labels.copy()
    for label in np.unique(labels)[1:]:
        truth[ndimage.binary_fill_holes(labels == label) & (labels == 0)] = label
    np.testing.assert_array_equal(ops.fill_label_holes(labels), truth)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("connectivity", ["face", "full"])
def test_boundaries_are_those_of_scikit_image(ndim, connectivity):
    labels = cases.labels(ndim)
    n = 1 if connectivity == "face" else ndim
    both = ops.label_boundaries(labels, side="both", connectivity=connectivity)
    np.testing.assert_array_equal(both, segmentation.find_boundaries(labels, n, mode="thick"))
    inner = ops.label_boundaries(labels, side="inner", connectivity=connectivity)
    np.testing.assert_array_equal(inner, segmentation.find_boundaries(labels, n, mode="inner"))
    outer = ops.label_boundaries(labels, side="outer", connectivity=connectivity)
    np.testing.assert_array_equal(inner | outer, both)
    assert not outer[labels > 0].any()


def test_cutting_off_and_masks():
    labels, mask = cases.labels(3), cases.mask(3, 5)
    inside = ops.mask_labels(labels, mask)
    outside = ops.mask_labels(labels, mask, keep="outside")
    np.testing.assert_array_equal(inside + outside, labels)
    np.testing.assert_array_equal(ops.labels_to_mask(inside), (labels > 0) & mask)
