"""Granularity: spots whose size is known, and scikit-image's reconstruction."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import reconstruction

from objectwise.measure.granularity import columns
from objectwise.measure.objects import measure_block
from tests.measure.truths import truth

NAMES = [column.name for column in columns(16)]


def granularity(labels, image, **settings):
    values, _ = measure_block(labels, {"a": image}, None, ["granularity"], **settings)
    return np.array([column for name, column in values.items() if name != "label"])


@truth(*NAMES, by="closed form", tolerance="1e-12")
@pytest.mark.parametrize("ndim", [2, 3])
def test_diamonds(ndim):
    radii = range(16) if ndim == 2 else range(5)
    reach = max(radii) + 1
    shape = (2 * reach + 1,) * (ndim - 1)
    distance = sum(np.abs(axis - reach) for axis in np.indices((*shape, 2 * reach + 1)))
    # a diamond stands until its middle is gone, and then falls as a whole
    spots = [(distance <= radius) * (20.0 - radius) for radius in radii]
    image = np.concatenate(spots, axis=-1) + 100
    sums = np.array([spot.sum() for spot in spots])
    found = granularity(np.ones(image.shape, int), image)[:, 0]
    np.testing.assert_allclose(found[: len(sums)], sums / sums.sum(), atol=1e-12)
    np.testing.assert_allclose(found.sum(), 1, atol=1e-12)


@truth(*NAMES[:6], by="scikit-image", tolerance="1e-12")
@pytest.mark.parametrize("ndim", [2, 3])
def test_one_object_after_the_other(flat_blobs, solid_blobs, ndim):
    labels, image = flat_blobs if ndim == 2 else solid_blobs
    image = ndimage.gaussian_filter(image, 1)
    found = granularity(labels, image, n_granularity_steps=6)
    cross = ndimage.generate_binary_structure(ndim, 1)
    for index, label in enumerate(np.unique(labels[labels > 0])):
        box = tuple(slice(at.min(), at.max() + 1) for at in np.nonzero(labels == label))
        inside = labels[box] == label
        values = np.where(inside, image[box] - image[box][inside].min(), 0)
        sums = [values.sum()]
        eroded = values
        for _ in range(6):
            eroded = ndimage.grey_erosion(np.where(inside, eroded, np.inf), footprint=cross, mode="nearest")
            eroded = np.where(inside, eroded, 0)
            sums.append(reconstruction(eroded, values, footprint=cross).sum())
        if sums[0] > 0:
            np.testing.assert_allclose(found[:, index], -np.diff(sums) / sums[0], atol=1e-12)


def test_why_granularity_is_not_defined():
    labels = np.zeros((9, 9), int)
    labels[1, 1], labels[3:7, 3:7] = 2, 5
    values, reasons = measure_block(labels, {"a": np.full((9, 9), 7)}, None, ["granularity_1"])
    assert np.isnan(values["granularity_1_a"]).all()
    assert list(reasons["granularity_1_a"]) == [2, 5]
