"""Masks shaped, against SciPy and scikit-image with elements drawn pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage import morphology
from skimage.filters import median

import objectwise as ow
from objectwise.ops import binary
from tests.contract import cases
from tests.ops.shapes import footprint


@pytest.mark.parametrize(("ndim", "spacing"), [(2, (1.0, 1.0)), (2, (1.0, 0.5)), (3, (2.0, 1.0, 1.0))])
@pytest.mark.parametrize("shape", ["ball", "box", "cross"])
@pytest.mark.parametrize("radius", [0.0, 1.0, 2.0, 3.0])
def test_erode_and_dilate_are_those_of_scipy(ndim, spacing, shape, radius):
    mask = cases.mask(ndim)
    near = footprint(radius, shape, spacing)
    values = {"radius": radius, "shape": shape, "spacing": spacing}
    truth = ndimage.binary_erosion(mask, near, border_value=1)
    np.testing.assert_array_equal(binary.erode(mask, **values), truth)
    truth = ndimage.binary_dilation(mask, near)
    np.testing.assert_array_equal(binary.dilate(mask, **values), truth)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("radius", [1.0, 2.0])
def test_reconstruction_is_that_of_scikit_image(ndim, radius):
    mask = cases.mask(ndim)
    full = np.ones((3,) * ndim)
    eroded = ndimage.binary_erosion(mask, footprint(radius, "ball", (1.0,) * ndim), border_value=1)
    truth = morphology.reconstruction(eroded.astype(float), mask.astype(float), footprint=full)
    opened = binary.open_by_reconstruction(mask, radius=radius)
    np.testing.assert_array_equal(opened, truth.astype(bool))
    face = ndimage.generate_binary_structure(ndim, 1)
    grown = ndimage.binary_dilation(mask, footprint(radius, "ball", (1.0,) * ndim))
    truth = morphology.reconstruction(grown.astype(float), mask.astype(float), "erosion", footprint=face)
    closed = binary.close_by_reconstruction(mask, radius=radius)
    np.testing.assert_array_equal(closed, truth.astype(bool))
    assert 0 < opened.sum() < mask.sum() < closed.sum()


def test_smoothing_is_a_median():
    mask = cases.mask(2)
    near = footprint(3, "ball", (1.0, 1.0))
    found = binary.smooth_mask(mask, radius=3)
    truth = median(mask.view(np.uint8), near, mode="nearest").astype(bool)
    inside = (slice(3, -3),) * 2
    np.testing.assert_array_equal(found[inside], truth[inside])


def topology(mask):
    objects = ndimage.label(mask, np.ones((3,) * mask.ndim))[1]
    return objects, ndimage.label(np.pad(~mask, 1, constant_values=True))[1]


def test_skeletons_keep_pieces_and_holes():
    mask = ndimage.gaussian_filter(np.random.default_rng(3).random((70, 90)), 2) > 0.5
    for lines in (binary.skeletonize(mask), binary.thin(mask)):
        assert topology(lines) == topology(mask)
        assert not (lines & ~mask).any()
        # nowhere two pixels wide in both directions
        assert ndimage.binary_erosion(lines, np.ones((3, 3))).sum() == 0
    np.testing.assert_array_equal(binary.skeletonize(mask), morphology.skeletonize(mask))
    np.testing.assert_array_equal(binary.thin(mask, n_iterations=2), morphology.thin(mask, 2))


def test_the_skeleton_of_a_rod_is_its_axis():
    rod = np.zeros((21, 21, 60), bool)
    z, y, _ = np.mgrid[:21, :21, :60]
    rod[((z - 10) ** 2 + (y - 10) ** 2 <= 25)] = True
    rod[..., :10] = rod[..., 50:] = False
    where = np.argwhere(binary.skeletonize(rod))
    assert np.abs(where[:, :2] - 10).max() <= 1
    assert 30 <= len(where) <= 40


@pytest.mark.parametrize("ndim", [2, 3])
def test_hulls_are_those_of_scikit_image_where_no_other_object_lies(ndim):
    labels = cases.labels(ndim)
    found = binary.fill_convex_hull(labels)
    np.testing.assert_array_equal(found[labels > 0], labels[labels > 0])
    for label in np.unique(labels)[1:]:
        if (labels == label).sum() < 30:
            continue  # scikit-image fails on flat objects in 3-D
        hull = morphology.convex_hull_image(labels == label)
        assert not ((found == label) & ~hull).any()
        alone = binary.fill_convex_hull(np.where(labels == label, label, 0)) > 0
        # in 3-D a centre on a face of the hull is told by rounding there, exactly here
        assert (alone != hull).sum() <= (0 if ndim == 2 else 0.01 * hull.sum())
        # what is missing of the hull has gone to another object, and background to a smaller id
        others = found[hull & (labels == 0) & (found != label)]
        assert (others > 0).all() or ndim == 3
        assert (others < label).all()


@pytest.mark.parametrize("ndim", [2, 3])
def test_hulls_have_the_size_that_is_measured(ndim):
    labels = cases.labels(ndim)
    labels[labels != 5] = 0
    size = "area_convex" if ndim == 2 else "volume_convex"
    table = ow.measure(labels, grid=ow.Grid("zyx"[-ndim:]), features=[size]).frame
    assert (binary.fill_convex_hull(labels) == 5).sum() == table[size].item() > (labels == 5).sum()


def test_huge_elements_do_not_hang():
    mask = cases.mask(2)
    assert not binary.erode(mask, radius=1e6).any()
    assert binary.dilate(mask, radius=1e6, shape="box").all()
