"""Cells from nuclei, against CellProfiler's own code, a shortest-path solver, and geometry."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

import objectwise as ow
from objectwise.ops import growth
from tests.contract import cases

SEEDS = np.zeros((6, 9), int)
SEEDS[1, 1], SEEDS[4, 2], SEEDS[2, 7] = 3, 1, 2
IMAGE = np.array(
    [
        [0.09, 0.24, 0.8, 0.58, 0.09, 0.43, 0.48, 0.16, 0.73],
        [0.11, 0.39, 0.52, 0.43, 0.59, 0.74, 0.96, 0.28, 0.65],
        [0.7, 0.29, 0.0, 0.97, 0.3, 0.31, 0.89, 0.59, 0.47],
        [0.77, 0.03, 0.71, 0.37, 0.09, 0.66, 0.93, 0.21, 0.63],
        [0.3, 0.74, 0.72, 0.22, 0.83, 0.66, 0.68, 0.82, 0.43],
        [0.76, 0.88, 0.1, 0.85, 0.39, 0.48, 0.15, 0.7, 0.29],
    ]
)


def test_propagation_is_that_of_cellprofiler():
    # made with centrosome.propagate.propagate(IMAGE, SEEDS, all True, 0.05); on a field of Cell Painting of
    # 904 x 1224 pixels the two agree in every pixel too
    truth = [
        [3, 3, 3, 3, 3, 2, 2, 2, 2],
        [3, 3, 3, 3, 1, 2, 2, 2, 2],
        [3, 3, 3, 1, 1, 2, 2, 2, 2],
        [3, 1, 1, 1, 1, 2, 2, 2, 2],
        [1, 1, 1, 1, 1, 2, 2, 2, 2],
        [1, 1, 1, 1, 1, 1, 2, 2, 2],
    ]
    found = growth.grow_by_propagation(IMAGE, SEEDS, contrast=1.0, regularization=0.05)
    np.testing.assert_array_equal(found, truth)


def shortest_paths(image, seeds, mask, spacing, contrast, regularization):
    """Return the cheapest seed of every pixel by SciPy, one seed after the other."""
    padded = np.pad(image.astype(float), 1, mode="edge")
    steps = list(product((-1, 0, 1), repeat=image.ndim))
    index = np.arange(image.size).reshape(image.shape)
    rows, columns, costs = [], [], []

    def value(pixel, step):
        return padded[tuple(p + s + 1 for p, s in zip(pixel, step, strict=True))]

    for pixel in np.argwhere(mask):
        for move in steps:
            other = pixel + move
            if not any(move) or (other < 0).any() or (other >= image.shape).any() or not mask[tuple(other)]:
                continue
            change = sum(abs(value(pixel, step) - value(other, step)) for step in steps)
            change *= 9 / (len(steps) * contrast)
            length = np.linalg.norm(np.array(move) * spacing) / min(spacing)
            rows.append(index[tuple(pixel)])
            columns.append(index[tuple(other)])
            costs.append(np.hypot(change, regularization * length) + 1e-300)
    graph = coo_matrix((costs, (rows, columns)), (image.size,) * 2).tocsr()
    ids = np.unique(seeds[(seeds > 0) & mask])
    paths = [dijkstra(graph, indices=np.flatnonzero((seeds == i) & mask), min_only=True) for i in ids]
    nearest = ids[np.argmin(paths, axis=0)]
    return np.where(np.isfinite(np.min(paths, axis=0)) & mask.ravel(), nearest, 0).reshape(image.shape)


@pytest.mark.parametrize(
    ("shape", "spacing"), [((13, 16), (1.0, 1.0)), ((13, 16), (0.6, 0.2)), ((5, 7, 6), (2.0, 1.0, 1.0))]
)
@pytest.mark.parametrize("regularization", [0.02, 0.5])
def test_propagation_is_the_cheapest_path(shape, spacing, regularization):
    random = np.random.default_rng(2)
    image = ndimage.gaussian_filter(random.random(shape), 1) * 100
    mask = random.random(shape) < 0.85
    seeds = np.zeros(shape, int)
    seeds.ravel()[random.choice(seeds.size, 5, replace=False)] = [4, 1, 3, 2, 6]
    values = {"contrast": 40.0, "regularization": regularization, "spacing": spacing}
    found = growth.grow_by_propagation(image, seeds, mask, **values)
    np.testing.assert_array_equal(found, shortest_paths(image, seeds, mask, spacing, 40.0, regularization))


def test_an_even_image_is_divided_halfway_and_ties_go_to_the_smaller_id():
    seeds = np.zeros((9, 9), int)
    seeds[4, 0], seeds[4, 8] = 5, 2
    found = growth.grow_by_propagation(np.full((9, 9), 7.0), seeds)
    assert (found[:, :4] == 5).all()
    assert (found[:, 4:] == 2).all()
    assert (growth.grow_by_propagation(np.full((9, 9), 7.0), seeds, regularization=0)[4, 0]) == 5


def test_contrast_is_the_range_of_the_image():
    image, seeds = cases.image(2), cases.seeds(2)
    found = ow.apply("grow_by_propagation", image, seeds)
    given = growth.grow_by_propagation(image, seeds, contrast=float(image.max()) - float(image.min()))
    np.testing.assert_array_equal(found, given)
    np.testing.assert_array_equal(found, growth.grow_by_propagation(image * 8, seeds))


def test_missing_pixels_are_no_obstacle():
    image, seeds = np.full((5, 9), 3.0), np.zeros((5, 9), int)
    seeds[2, 0] = 4
    image[:, 4] = np.nan
    image[0, 5] = np.inf
    assert (growth.grow_by_propagation(image, seeds) == 4).all()


def test_growing_by_distance_stays_in_the_mask():
    seeds, mask = cases.labels(3), cases.mask(3, 2)
    spacing = (2.0, 1.0, 0.5)
    found = growth.grow_by_distance(seeds, mask, distance=2.5, spacing=spacing)
    away = ndimage.distance_transform_edt(seeds == 0, sampling=spacing)
    np.testing.assert_array_equal(found > 0, (seeds > 0) | (mask & (away <= 2.5)))
    np.testing.assert_array_equal(found[seeds > 0], seeds[seeds > 0])


def test_cytoplasm_is_the_cell_without_the_nucleus():
    y, x = np.mgrid[:50, :90]
    cells = ((y - 25) ** 2 + (x - 25) ** 2 <= 400) * 7 + ((y - 25) ** 2 + (x - 66) ** 2 <= 400) * 3
    nuclei = ((y - 25) ** 2 + (x - 25) ** 2 <= 49) | ((y - 25) ** 2 + (x - 60) ** 2 <= 49)
    ring = growth.subtract_objects(cells, nuclei)
    np.testing.assert_array_equal(ring, np.where(nuclei, 0, cells))
    away = ndimage.distance_transform_edt(~nuclei, sampling=0.5)
    ring = growth.subtract_objects(cells, nuclei, gap=1.5, spacing=(0.5, 0.5))
    np.testing.assert_array_equal(ring, np.where(away <= 1.5, 0, cells))


def test_rings_have_the_area_of_rings_and_never_overlap():
    y, x = np.mgrid[:90, :120]
    labels = ((y - 45) ** 2 + (x - 40) ** 2 <= 100) * 4 + ((y - 45) ** 2 + (x - 100) ** 2 <= 9) * 2
    ring = growth.make_rings(labels, gap=4, width=8)
    # from pixel to pixel a ring reaches a little less far than from circle to circle
    assert (ring == 4).sum() == pytest.approx(np.pi * (22**2 - 14**2), rel=0.04)
    near = growth.make_rings(labels, gap=0, width=60)
    away = ndimage.distance_transform_edt(labels == 0)
    np.testing.assert_array_equal(near > 0, (labels == 0) & (away <= 60))
    for label in (2, 4):
        own = ndimage.distance_transform_edt(labels != label)
        assert (own[near == label] <= away[near == label]).all()


def test_a_ring_keeps_out_of_the_gap_of_another():
    labels = np.zeros((1, 20), int)
    labels[0, 4], labels[0, 9] = 1, 2
    ring = growth.make_rings(labels, gap=2, width=6)
    np.testing.assert_array_equal(np.flatnonzero(ring[0] == 1), [0, 1])
    np.testing.assert_array_equal(np.flatnonzero(ring[0] == 2), range(12, 18))
