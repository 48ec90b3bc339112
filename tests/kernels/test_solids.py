"""Convex hulls in 3-D against SciPy, whose faces are in floating point, and against all pairs of points."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from objectwise.measure import shape
from objectwise.measure.scan import scan_labels

STEPS = np.concatenate([np.eye(3), -np.eye(3)]) / 2


def slow_hull(mask, spacing):
    """Return the voxels in the hull of the middles of all faces, and the largest distance of those of the hull."""
    middles = (np.argwhere(mask)[:, None] + STEPS).reshape(-1, 3)
    faces = ConvexHull(middles).equations
    centres = np.argwhere(np.ones(mask.shape, bool))
    inside = (centres @ faces[:, :3].T + faces[:, 3] <= 1e-9).all(axis=1)
    filled = (centres[inside][:, None] + STEPS).reshape(-1, 3) * spacing
    if len(filled) > 50:
        filled = filled[ConvexHull(filled).vertices]
    diameter = max(np.linalg.norm(one - other) for one, other in itertools.combinations(filled, 2))
    return inside.reshape(mask.shape), diameter


def masks():
    random = np.random.default_rng(3)
    z, y, x = np.indices((9, 11, 12)) - np.array([4, 5, 5.5])[:, None, None, None]
    yield "ball", z**2 + y**2 + x**2 < 4.2**2
    yield "tilted", (z + 0.4 * y) ** 2 * 3 + (y - 0.5 * x) ** 2 + 0.3 * x**2 < 9
    yield "shell", (np.abs(z) == 4) | (np.abs(y) == 5)
    yield "diagonal", (z == np.round(x)) & (z == y)
    yield "one voxel", (z == 0) & (y == 0) & (x == 0.5)
    yield "line", (z == 0) & (y == 2)
    yield "plane", (y == 2) & (x > 1)
    for part in (0.01, 0.03, 0.1, 0.4, 0.9):
        for number in range(4):
            yield f"random {part} {number}", random.random(z.shape) < part


@pytest.mark.parametrize("many", [500, 0])
@pytest.mark.parametrize(("name", "mask"), [pytest.param(*item, id=item[0]) for item in masks()])
def test_hulls_are_those_of_scipy(name, mask, many, monkeypatch):
    monkeypatch.setattr(shape, "MANY_POINTS", many)
    if not mask.any():
        pytest.skip("nothing drawn")
    spacing = (0.9, 0.4, 0.3)
    # away from the corner, where positions are large
    labels = np.zeros((12, 15, 1000), np.int32)
    labels[2:11, 3:14, 980:992] = 7 * mask
    inside, diameter = slow_hull(mask, spacing)
    n_convex, found = shape.convex_hulls(scan_labels(labels), spacing)
    assert n_convex.tolist() == [inside.sum()]
    assert found[0] == pytest.approx(diameter, rel=1e-12)
    ((box, hull),) = shape.hull_boxes(labels)
    whole = np.zeros(labels.shape, bool)
    whole[box] = hull
    np.testing.assert_array_equal(whole[2:11, 3:14, 980:992], inside)
    assert whole.sum() == inside.sum()


def test_many_objects_each_have_their_own_hull():
    random = np.random.default_rng(5)
    labels = random.integers(0, 40, (14, 15, 16)) * (random.random((14, 15, 16)) < 0.2)
    n_convex, found = shape.convex_hulls(scan_labels(labels), (1.0, 0.5, 0.25))
    for index, label in enumerate(np.unique(labels)[1:]):
        inside, diameter = slow_hull(labels == label, (1.0, 0.5, 0.25))
        assert n_convex[index] == inside.sum()
        assert found[index] == pytest.approx(diameter, rel=1e-12)
