"""Labels to measure: random blobs with gaps in their ids, and drawn shapes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage


def blobs(shape, seed, sigma=2.5):
    """Return labels of irregular objects, their ids spread out, and an image."""
    random = np.random.default_rng(seed)
    mask = ndimage.gaussian_filter(random.normal(size=shape), sigma) > 0.25 / sigma ** (len(shape) / 2)
    labels, n = ndimage.label(mask)
    ids = np.sort(random.choice(np.arange(1, 20 * n), n, replace=False))
    labels = np.concatenate([[0], ids])[labels].astype(np.int32)
    # one object in two pieces
    labels[labels == ids[1]] = ids[n // 2]
    return labels, random.normal(100, 20, shape)


@pytest.fixture(scope="session")
def flat_blobs():
    return blobs((120, 140), 1)


@pytest.fixture(scope="session")
def solid_blobs():
    return blobs((22, 40, 44), 2)


@pytest.fixture
def solid_shape():
    """Draw where a function of physical coordinates about the centre is true."""

    def draw(inside, half, spacing, shift=None):
        """Return labels with one object; ``half`` is half the size of the image in each axis."""
        shape = [2 * int(np.ceil(h / s)) + 5 for h, s in zip(half, spacing, strict=True)]
        shift = np.zeros(len(shape)) if shift is None else np.asarray(shift)
        grid = np.indices(shape).reshape(len(shape), -1).T
        position = (grid - (np.asarray(shape) - 1) / 2 - shift) * spacing
        return inside(position).reshape(shape).astype(np.int32)

    return draw
