"""Islands against the labels of SciPy, and their order against NumPy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from objectwise.kernels.islands import FEW, at_places, find_islands, in_order_of_height, paint, renumber

shapes = hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=9)


def parts_of(mask, full):
    return ndimage.label(mask, ndimage.generate_binary_structure(mask.ndim, mask.ndim if full else 1))


@settings(max_examples=150, deadline=None)
@given(
    data=st.data(),
    shape=shapes,
    full=st.booleans(),
    kind=st.sampled_from(["uint32", "uint64"]),
    descending=st.booleans(),
)
def test_pixels_are_sorted_within_their_pieces(data, shape, full, kind, descending):
    mask = data.draw(hnp.arrays(bool, shape, elements=st.sampled_from([True, True, False])))
    top = np.iinfo(kind).max
    values = st.sampled_from([0, 1, 2, 1 << 20, top // 2, top - 1, top]) | st.integers(0, top)
    key = data.draw(hnp.arrays(kind, shape, elements=values))
    check_order(mask, key, full, descending)


def check_order(mask, key, full, descending):
    order = in_order_of_height(find_islands(mask, full), key, descending)
    parts, n = parts_of(mask, full)
    index = at_places(order, np.arange(mask.size, dtype=np.int32).reshape(mask.shape))
    # SciPy numbers pieces in reading order too
    expected = [np.flatnonzero(parts == number) for number in range(1, n + 1)]
    turned = ~key.ravel() if descending else key.ravel()
    expected = [pixels[np.argsort(turned[pixels], kind="stable")] for pixels in expected]
    assert index.tolist() == [pixel for pixels in expected for pixel in pixels]
    assert np.diff(order.islands.first).tolist() == [len(pixels) for pixels in expected]
    np.testing.assert_array_equal(order.key, key.ravel()[index])
    image = np.zeros(mask.shape, np.int32)
    paint(order, index, image)
    np.testing.assert_array_equal(image, np.where(mask, np.arange(mask.size).reshape(mask.shape), 0))


def test_large_pieces_are_sorted_too():
    random = np.random.default_rng(0)
    mask = random.random((120, 130)) < 0.7
    for kind, bits in (("uint32", 32), ("uint32", 9), ("uint64", 64), ("uint64", 45)):
        key = random.integers(0, 2**bits - 1, mask.shape, kind, endpoint=True)
        for values in (key, key // 4 * 4, key // 2 * 0 + 7):
            check_order(mask, values, True, False)
            check_order(mask, values, False, True)
    assert parts_of(mask, True)[0].size > FEW


def test_islands_can_be_chosen():
    mask = np.random.default_rng(0).random((20, 20)) < 0.4
    islands = find_islands(mask, False)
    parts, n = parts_of(mask, False)
    keep = np.arange(n) % 3 == 0
    order = in_order_of_height(islands.chosen(keep), np.zeros(mask.shape, np.uint32))
    image = np.zeros(mask.shape, np.int32)
    paint(order, np.ones(len(order.pixel), np.int32), image)
    np.testing.assert_array_equal(image, np.isin(parts, 1 + np.flatnonzero(keep)))


@settings(max_examples=100, deadline=None)
@given(labels=hnp.arrays(np.int32, shapes, elements=st.integers(0, 6)))
def test_ids_come_in_reading_order(labels):
    expected: dict[int, int] = {0: 0}
    for label in labels.ravel().tolist():
        expected.setdefault(label, len(expected))
    found = labels.copy()
    renumber(found, 6)
    assert found.ravel().tolist() == [expected[label] for label in labels.ravel().tolist()]
