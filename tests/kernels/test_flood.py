"""Flooding against its slow twin: a queue of Python's own, in the order of the water's height, then age."""

from __future__ import annotations

import heapq
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import segmentation

from objectwise.kernels.flood import flood, ordered

shapes = hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=5)


def slow_flood(relief, seeds, mask, full, lines):
    """Return what `flood` returns, pixel by pixel."""
    structure = ndimage.generate_binary_structure(relief.ndim, relief.ndim if full else 1)
    labels = np.where(mask, np.maximum(seeds, 0), 0)
    is_line = np.zeros(labels.shape, bool)
    steps = [np.array(step) - 1 for step in np.argwhere(structure) if any(step != 1)]

    def neighbours(pixel):
        for step in steps:
            other = tuple(np.array(pixel) + step)
            if all(0 <= at < n for at, n in zip(other, labels.shape, strict=True)) and mask[other]:
                yield other

    queue = [(relief[tuple(pixel)], age, tuple(pixel)) for age, pixel in enumerate(np.argwhere(labels))]
    owner = {age: labels[pixel] for _, age, pixel in queue}
    n_seeds = age = len(queue)
    heapq.heapify(queue)
    while queue:
        water, number, pixel = heapq.heappop(queue)
        label = owner[number]
        if lines and number >= n_seeds:
            if labels[pixel] or is_line[pixel]:
                continue
            if any(labels[other] not in (0, label) for other in neighbours(pixel)):
                is_line[pixel] = True
                continue
            labels[pixel] = label
        for other in neighbours(pixel):
            if labels[other] or is_line[other]:
                continue
            if not lines:
                labels[other] = label
            owner[age] = label
            heapq.heappush(queue, (max(water, relief[other]), age, other))
            age += 1
    return labels


@pytest.mark.parametrize("lines", [False, True])
@settings(max_examples=80, deadline=None)
@given(
    data=st.data(),
    shape=shapes,
    full=st.booleans(),
    inverted=st.booleans(),
    kind=st.sampled_from(["int16", "float32", "float64"]),
)
def test_flooding_is_that_of_the_twin(lines, data, shape, full, inverted, kind):
    elements = st.integers(-3, 3) if kind == "int16" else st.floats(-2, 2, width=32)
    relief = data.draw(hnp.arrays(kind, shape, elements=elements))
    seeds = data.draw(hnp.arrays(np.int32, shape, elements=st.sampled_from([0, 0, 0, 0, 1, 2, 9])))
    mask = data.draw(hnp.arrays(bool, shape, elements=st.sampled_from([True, True, True, False])))
    expected = slow_flood(-relief if inverted else relief, seeds, mask, full, lines)
    how = {"full": full, "lines": lines, "inverted": inverted}
    np.testing.assert_array_equal(flood(relief, seeds, mask, **how), expected)
    if mask.all():
        np.testing.assert_array_equal(flood(relief, seeds, None, **how), expected)


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("shape", [(70, 75), (12, 13, 14)])
@pytest.mark.parametrize("levels", [2, 30, 10**6])
def test_a_piece_of_thousands_of_pixels_is_flooded_as_by_the_twin(shape, levels, lines):
    random = np.random.default_rng(0)
    relief, seeds = random.integers(levels, size=shape), np.zeros(shape, np.int32)
    seeds.ravel()[random.choice(seeds.size, 30, replace=False)] = np.arange(1, 31)
    expected = slow_flood(relief, seeds, np.ones(shape, bool), True, lines)
    np.testing.assert_array_equal(flood(relief, seeds, None, full=True, lines=lines), expected)


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("levels", [3, 12])
def test_plateaus_are_shared_as_by_scikit_image(n, levels, full):
    """Many pixels are equally high, but no two seeds: then the order is told by height and age alone."""
    random = np.random.default_rng(levels)
    shape = (60, 70) if n == 2 else (14, 22, 24)
    relief = random.integers(levels, size=shape).astype(float)
    mask = random.random(shape) < 0.8
    seeds = np.zeros(shape, np.int32)
    where = random.choice(np.flatnonzero(mask), 40, replace=False)
    seeds.ravel()[where] = np.arange(1, 41)
    relief.ravel()[where] += random.permutation(40) / 100
    found = flood(relief, seeds, mask, full=full, lines=False)
    expected = segmentation.watershed(relief, seeds, n if full else 1, mask=mask)
    np.testing.assert_array_equal(found, expected)


@settings(max_examples=100, deadline=None)
@given(
    values=st.sampled_from(
        ["bool", "uint8", "int8", "uint16", "int32", "int64", "uint64", "float32", "float64"]
    ).flatmap(
        lambda kind: hnp.arrays(
            kind, st.integers(1, 30), elements={"allow_nan": False} if kind.startswith("float") else None
        )
    ),
    inverted=st.booleans(),
)
def test_heights_are_put_in_their_order(values, inverted):
    keys = ordered(values, inverted)
    assert keys.dtype.kind == "u"
    for first, second in product(range(len(values)), repeat=2):
        lower = values[first] > values[second] if inverted else values[first] < values[second]
        assert lower == (keys[first] < keys[second])
        assert (values[first] == values[second]) == (keys[first] == keys[second])


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("inverted", [False, True])
def test_missing_heights_are_the_highest(kind, inverted):
    keys = ordered(np.array([np.nan, -np.inf, 0, np.inf], kind), inverted)
    assert keys[0] == keys.max() == keys[1 if inverted else 3]


def test_one_thread_floods_as_two_do(monkeypatch):
    random = np.random.default_rng(3)
    relief = ndimage.gaussian_filter(random.random((300, 300)), 2)
    seeds = np.where(random.random(relief.shape) < 0.005, np.arange(relief.size).reshape(relief.shape), 0)
    mask = ndimage.gaussian_filter(random.random(relief.shape), 3) > 0.5
    found = []
    for n in ("1", "2"):
        monkeypatch.setenv("OBJECTWISE_THREADS", n)
        found.append(flood(relief, seeds, mask, full=False, lines=True))
    np.testing.assert_array_equal(*found)


def test_a_block_of_too_many_pixels_is_refused():
    huge = np.broadcast_to(np.True_, (1300, 1300, 1300))
    with pytest.raises(ValueError, match="at most about 2147483647 pixels"):
        flood(huge, huge, huge, full=False, lines=False)


def test_inputs_stay_as_they_are():
    relief, seeds = np.zeros((3, 4)), np.array([[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 2]], np.int32)
    for array in (relief, seeds):
        array.flags.writeable = False
    labels = flood(relief, seeds, None, full=True, lines=False)
    assert not np.shares_memory(labels, seeds)
    assert set(np.unique(labels)) == {1, 2}
