"""Facts about pieces are those that counting by hand gives."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import objectwise as ow
from objectwise.core.locality import Components, Facts, Halo, Pieces, Whole, gather

parts = hnp.arrays(
    np.int32, hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=5), elements=st.integers(0, 4)
)


@given(parts=parts, start=st.integers(0, 3), extra=st.integers(0, 2))
def test_facts_are_counted_by_hand(parts: np.ndarray, start: int, extra: int) -> None:
    """A box that starts somewhere in a larger block."""
    block = parts.astype(np.int64) * 1000 + 7
    begin = (start,) * parts.ndim
    shape = tuple(start + n + extra for n in parts.shape)
    facts = gather(block, Pieces(parts, 4), begin, shape)
    assert facts.n == 4
    for number in range(5):
        where = np.argwhere(parts == number) + start
        assert facts.size[number] == len(where)
        if not len(where):
            continue
        assert facts.first[number] == min(np.ravel_multi_index(tuple(pixel), shape) for pixel in where)
        assert facts.ids[number] == number * 1000 + 7
        for axis in range(parts.ndim):
            assert bool(facts.faces[number] & (1 << (2 * axis))) == bool((where[:, axis] == 0).any())
            assert bool(facts.faces[number] & (2 << (2 * axis))) == bool(
                (where[:, axis] == shape[axis] - 1).any()
            )


def test_pieces_are_ordered_by_their_first_pixels() -> None:
    zeros = np.zeros(4, np.int64)
    facts = Facts(zeros, np.array([0, 30, 2, 11]), zeros.astype(np.uint8), zeros, zeros, zeros)
    assert facts.order().tolist() == [0, 3, 1, 2]


def test_components_paint_what_was_decided() -> None:
    def split(block: np.ndarray, **_: object) -> Pieces:
        return Pieces(block.astype(np.int32), 3)

    block = np.array([[1, 1, 2, 0, 3, 3, 3]])
    assert Components(split, lambda facts: facts.size).whole(block).tolist() == [[2, 2, 1, 1, 3, 3, 3]]
    kept = Components(split, lambda facts: np.where(facts.size > 1, facts.ids, 0))
    assert kept.whole(block).tolist() == [[1, 1, 0, 0, 3, 3, 3]]


def test_a_reach_is_in_whole_pixels() -> None:
    assert Halo().pixels((1.0, 1.0), {}) == (0, 0)
    assert Halo(lambda spacing, radius: tuple(radius / step for step in spacing)).pixels(
        (0.5, 0.2), {"radius": 1}
    ) == (2, 5)


def test_localities_have_the_names_of_the_documentation() -> None:
    assert {record.locality.name for record in ow.operations.values()} == {
        "halo",
        "components",
        "objects",
        "parts",
        "whole",
    }
    assert Whole("why").tiles is False
    assert Halo().tiles
