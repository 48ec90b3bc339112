"""Hills against their slow twin: level sets, looked at one after another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import morphology

from objectwise.kernels.hills import downhill, hill_tops
from objectwise.kernels.islands import paint

shapes = hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=5)


def tops_of(height, mask, min_height, min_drop):
    """Return the raster indices of the tops, in raster order."""
    order = downhill((height * height).astype(np.float32), mask)
    tops = np.zeros(len(order.pixel), np.int32)
    tops[hill_tops(order, min_height, min_drop)] = 1
    found = np.zeros(mask.shape, np.int32)
    paint(order, tops, found)
    return np.flatnonzero(found)


def slow_hill_tops(height, mask, min_height, min_drop):
    """Return what `tops_of` returns: for each pixel as a top, how far down a higher one is met."""
    where = np.flatnonzero(mask)
    # of equally high pixels the first in raster order counts as the higher
    order = sorted(where, key=lambda index: (-height.flat[index], index))
    structure = np.ones((3,) * height.ndim)
    tops = []
    for rank, index in enumerate(order):
        top, higher = height.flat[index], set(order[:rank])
        passed = None
        for stop in range(rank, len(order)):
            above = np.zeros(mask.size, bool)
            above[order[: stop + 1]] = True
            parts = ndimage.label(above.reshape(mask.shape), structure)[0].ravel()
            if any(parts[other] == parts[index] for other in higher):
                passed = order[stop]
                break
        if passed is None:
            tops.append(index)  # the highest of its piece
        elif passed != index and top >= min_height and top - height.flat[passed] >= min_drop * top:
            tops.append(index)
    return sorted(tops)


@settings(max_examples=120, deadline=None)
@given(
    data=st.data(),
    shape=shapes,
    min_height=st.sampled_from([0.0, 2.0, 3.5]),
    min_drop=st.sampled_from([0, 0.15, 0.5, 1]),
)
def test_tops_are_those_of_the_twin(data, shape, min_height, min_drop):
    height = data.draw(hnp.arrays(float, shape, elements=st.sampled_from([0.5, 1, 2, 3, 3.5, 5])))
    mask = data.draw(hnp.arrays(bool, shape, elements=st.sampled_from([True, True, True, False])))
    found = tops_of(height, mask, min_height, min_drop)
    assert found.tolist() == slow_hill_tops(height, mask, min_height, min_drop)


@pytest.mark.parametrize("drop", [1.0, 2.0, 4.0])
def test_tops_with_a_constant_drop_are_the_maxima_of_scikit_image(drop):
    """With heights far above zero the drop is nearly the same for all hills: the h-maxima."""
    random = np.random.default_rng(1)
    height = 2000 + np.round(ndimage.gaussian_filter(random.random((60, 60)), 2) * 100)
    mask = np.ones(height.shape, bool)
    # a drop is a whole number, and compared with one that lies between two of them
    tops = tops_of(height, mask, 0.0, (drop - 0.5) / 2050)
    markers, n = ndimage.label(morphology.h_maxima(height, drop), np.ones((3, 3)))
    assert len(tops) == n > 1
    assert sorted(markers.ravel()[tops]) == list(range(1, n + 1))


def test_every_piece_of_the_mask_has_a_top():
    mask = np.random.default_rng(0).random((40, 40)) < 0.3
    parts, n = ndimage.label(mask, np.ones((3, 3)))
    tops = tops_of(np.ones(mask.shape), mask, 1e9, 1.0)
    assert sorted(parts.ravel()[tops]) == list(range(1, n + 1))


def test_no_mask_has_no_tops():
    assert tops_of(np.ones((4, 4)), np.zeros((4, 4), bool), 0, 0).size == 0


def test_one_thread_finds_the_tops_that_two_find(monkeypatch):
    random = np.random.default_rng(0)
    mask = ndimage.gaussian_filter(random.random((300, 300)), 2) > 0.5
    height = ndimage.distance_transform_edt(mask)
    found = []
    for n in ("1", "2"):
        monkeypatch.setenv("OBJECTWISE_THREADS", n)
        found.append(tops_of(height, mask, 2.0, 0.1))
    np.testing.assert_array_equal(*found)
    assert len(found[0]) > 10
