"""Distances to the background against SciPy, and against the slow definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from objectwise.kernels import distance
from objectwise.kernels.distance import FAR, squared_distances

shapes = hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=9)


def slow_squares(mask, spacing):
    """Return what `squared_distances` returns, pixel by pixel."""
    if mask.all():
        outer = np.pad(mask, 1)
        return slow_squares(outer, spacing)[(slice(1, -1),) * mask.ndim]
    unit = np.array(spacing) / min(spacing)
    away = np.argwhere(~mask)
    squares = np.zeros(mask.shape)
    for pixel in np.argwhere(mask):
        squares[tuple(pixel)] = (((away - pixel) * unit) ** 2).sum(1).min()
    return squares


@settings(max_examples=150, deadline=None)
@given(
    data=st.data(),
    mask=hnp.arrays(bool, shapes, elements=st.sampled_from([True, True, True, False]))
    | hnp.arrays(bool, shapes),
)
def test_distances_are_those_of_the_twin(data, mask):
    spacing = data.draw(
        st.lists(st.sampled_from([0.5, 1.0, 1.5, 2.0]), min_size=mask.ndim, max_size=mask.ndim)
    )
    np.testing.assert_allclose(squared_distances(mask, spacing), slow_squares(mask, spacing), rtol=1e-6)


@pytest.mark.parametrize("spacing", [None, (1.0, 1.0), (2.0, 1.0), (0.3, 0.7)])
@pytest.mark.parametrize("padded", [False, True])
def test_large_objects_too_have_the_distances_of_scipy(spacing, padded):
    """Objects so wide that the envelope takes over, beside small ones, and cut by the border or not."""
    smooth = ndimage.gaussian_filter(np.random.default_rng(2).random((420, 350)), 25)
    mask = smooth > np.median(smooth)
    mask[::50, ::40] = False
    mask = np.pad(mask[:, :-1], 1) if padded else mask
    mask[:, -3:-1] = True
    expected = ndimage.distance_transform_edt(mask, spacing) / min(spacing or (1,))
    found = squared_distances(mask, spacing)
    np.testing.assert_allclose(np.sqrt(found), expected, rtol=1e-6)
    if spacing is None:
        np.testing.assert_array_equal(found, np.rint(expected**2))


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (3.0, 1.0), (1.0, 2.0)])
def test_both_ways_give_the_same(spacing, monkeypatch):
    mask = np.random.default_rng(0).random((90, 80)) < 0.995
    assert distance.FAR == FAR
    steps = squared_distances(mask, spacing)
    np.testing.assert_array_equal(steps, np.rint(slow_squares(mask, spacing)))
    wide = np.zeros((4 * FAR, 80), bool)
    wide[1:-1, 1:-1] = True
    wide[2 * FAR, ::9] = False
    np.testing.assert_array_equal(squared_distances(wide, spacing), np.rint(slow_squares(wide, spacing)))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (300, 7), (1, 1, 1), (5, 6, 7), (3, 0)])
def test_an_image_without_background_is_measured_to_its_border(shape):
    mask = np.ones(shape, bool)
    index = np.indices(shape)
    expected = np.full(shape, np.inf)
    for axis, n in enumerate(shape):
        expected = np.minimum(expected, np.minimum(index[axis] + 1, n - index[axis]))
    np.testing.assert_array_equal(squared_distances(mask), expected**2)
    np.testing.assert_array_equal(squared_distances(~mask), np.zeros(shape))


@pytest.mark.parametrize("shape", [(200, 200), (20, 70, 80)])
def test_one_thread_measures_as_two_do(shape, monkeypatch):
    mask = ndimage.gaussian_filter(np.random.default_rng(0).random(shape), 2) > 0.49
    found = []
    for n in ("1", "2"):
        monkeypatch.setenv("OBJECTWISE_THREADS", n)
        found.append(squared_distances(mask, (1.5, 0.7, 0.7)[-len(shape) :]))
    np.testing.assert_array_equal(*found)


def test_a_read_only_mask_in_any_order_is_measured():
    mask = np.asfortranarray(np.random.default_rng(0).random((30, 40)) < 0.9)
    mask.flags.writeable = False
    np.testing.assert_array_equal(squared_distances(mask), np.rint(ndimage.distance_transform_edt(mask) ** 2))
