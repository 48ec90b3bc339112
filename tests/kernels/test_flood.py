"""Flooding against its slow twin: a queue of Python's own, in the order of height, then age."""

from __future__ import annotations

import heapq
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from objectwise.kernels.flood import flood, ordered

shapes = hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=5)


def slow_flood(relief, seeds, mask, structure, lines):
    """Return what `flood` returns, pixel by pixel."""
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
        _, number, pixel = heapq.heappop(queue)
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
            heapq.heappush(queue, (relief[other], age, other))
            age += 1
    return labels


@pytest.mark.parametrize("lines", [False, True])
@settings(max_examples=80, deadline=None)
@given(
    data=st.data(), shape=shapes, full=st.booleans(), kind=st.sampled_from(["int16", "float32", "float64"])
)
def test_flooding_is_that_of_the_twin(lines, data, shape, full, kind):
    elements = st.integers(-3, 3) if kind == "int16" else st.floats(-2, 2, width=32)
    relief = data.draw(hnp.arrays(kind, shape, elements=elements))
    seeds = data.draw(hnp.arrays(np.int32, shape, elements=st.sampled_from([0, 0, 0, 0, 1, 2, 9])))
    mask = data.draw(hnp.arrays(bool, shape, elements=st.sampled_from([True, True, True, False])))
    structure = ndimage.generate_binary_structure(len(shape), len(shape) if full else 1)
    expected = slow_flood(relief, seeds, mask, structure, lines)
    np.testing.assert_array_equal(flood(relief, seeds, mask, structure, lines), expected)
    if mask.all():
        np.testing.assert_array_equal(flood(relief, seeds, None, structure, lines), expected)


def test_with_lines_the_queue_grows_as_it_must():
    random = np.random.default_rng(0)
    relief, seeds = random.random((12, 13, 14)), np.zeros((12, 13, 14), np.int32)
    seeds.ravel()[random.choice(seeds.size, 30, replace=False)] = np.arange(1, 31)
    structure = np.ones((3, 3, 3), bool)
    expected = slow_flood(relief, seeds, np.ones(seeds.shape, bool), structure, lines=True)
    np.testing.assert_array_equal(flood(relief, seeds, None, structure, lines=True), expected)


@settings(max_examples=100, deadline=None)
@given(
    values=st.sampled_from(["uint8", "int8", "uint16", "int32", "int64", "float32", "float64"]).flatmap(
        lambda kind: hnp.arrays(
            kind, st.integers(1, 30), elements={"allow_nan": False} if kind.startswith("float") else None
        )
    )
)
def test_heights_are_put_in_their_order(values):
    keys = ordered(values)
    assert keys.dtype == np.uint32
    for first, second in product(range(len(values)), repeat=2):
        assert (values[first] < values[second]) == (keys[first] < keys[second])
        assert (values[first] == values[second]) == (keys[first] == keys[second])


def test_inputs_stay_as_they_are():
    relief, seeds = np.zeros((3, 4)), np.array([[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 2]], np.int32)
    for array in (relief, seeds):
        array.flags.writeable = False
    labels = flood(relief, seeds, None, np.ones((3, 3), bool), lines=False)
    assert not np.shares_memory(labels, seeds)
    assert set(np.unique(labels)) == {1, 2}
