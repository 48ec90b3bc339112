"""How blocks are cut into tiles, and sets of numbers joined."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from objectwise.core.tiles import Union, boxes, grow

sizes = st.integers(1, 3).flatmap(
    lambda n: st.tuples(st.tuples(*[st.integers(1, 9)] * n), st.tuples(*[st.integers(1, 10)] * n))
)


@given(sizes)
def test_tiles_cover_a_block_once(pair: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    shape, tile = pair
    covered = np.zeros(shape, int)
    for box in boxes(shape, tile):
        covered[box] += 1
        assert all(0 < side.stop - side.start <= step for side, step in zip(box, tile, strict=True))
    assert (covered == 1).all()


def test_tiles_come_in_reading_order() -> None:
    starts = [tuple(side.start for side in box) for box in boxes((4, 5, 6), (3, 3, 4))]
    assert starts == sorted(starts)
    assert len(starts) == 8


def test_an_empty_block_has_no_tiles() -> None:
    assert boxes((0, 5), (3, 3)) == []


@given(sizes, st.integers(0, 3), st.integers(0, 3))
def test_a_grown_tile_holds_the_tile(
    pair: tuple[tuple[int, ...], tuple[int, ...]], low: int, high: int
) -> None:
    shape, tile = pair
    block = np.arange(np.prod(shape)).reshape(shape)
    for box in boxes(shape, tile):
        outer, inner = grow(box, (low,) * len(shape), (high,) * len(shape), shape)
        np.testing.assert_array_equal(block[outer][inner], block[box])
        for side, out, n in zip(box, outer, shape, strict=True):
            assert out.start == max(0, side.start - low)
            assert out.stop == min(n, side.stop + high)


@given(n=st.integers(1, 20), data=st.data())
def test_joined_sets_are_known_by_their_smallest_number(n: int, data) -> None:
    pairs = data.draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=30))
    union = Union(n)
    union.join(np.array(pairs, int).reshape(-1, 2))
    first, second = np.array(pairs, int).reshape(-1, 2).T
    _, part = connected_components(
        coo_array((np.ones(len(first)), (first, second)), shape=(n, n)), directed=False
    )
    expected = [int(np.flatnonzero(part == number)[0]) for number in part]
    assert [union.root(item) for item in range(n)] == expected
    assert union.roots().tolist() == expected
