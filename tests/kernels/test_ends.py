"""Linked ends against their slow twin: every end looked at by itself, with SciPy and exact fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from objectwise.kernels.ends import link_ends


def slow_link_ends(edges, spacing, max_gap, max_turn):
    full = np.ones((3,) * edges.ndim)
    size = np.array(spacing, float)
    pixels = np.argwhere(edges)
    result = edges.copy()
    for end in pixels:
        near = [p for p in pixels if 0 < np.abs(p - end).max() <= 1]
        if len(near) not in (1, 2) or (len(near) == 2 and np.abs(near[0] - near[1]).max() > 1):
            continue
        away = np.sqrt((((np.indices(edges.shape).T - end) * size) ** 2).sum(axis=-1)).T
        window = edges & (away <= max_gap * (1 + 1e-6))
        own = ndimage.label(window, full)[0]
        own = own == own[tuple(end)]
        if not own[tuple(end)]:
            continue
        direction = -((np.argwhere(own) - end) * size).mean(axis=0)
        targets = []
        for target in np.argwhere(window & ~own):
            way = (target - end) * size
            lengths = np.linalg.norm(way) * np.linalg.norm(direction)
            if way @ direction >= (np.cos(max_turn) - 1e-9) * lengths:
                targets.append((np.linalg.norm(way), target))
        for distance, target in targets:
            if distance <= min(d for d, _ in targets) * (1 + 1e-9):
                n = int(np.abs(target - end).max())
                for place in range(n + 1):
                    where = [Fraction(int(step) * place, n) for step in target - end]
                    half = Fraction(1, 2)
                    for step in product(*(range(ceil(w - half), floor(w + half) + 1) for w in where)):
                        result[tuple(end + step)] = True
    return result


shapes = hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=9)


@settings(max_examples=80, deadline=None)
@given(
    shape=shapes,
    seed=st.integers(0, 2**31),
    share=st.sampled_from([0.05, 0.15, 0.3]),
    max_gap=st.sampled_from([0.0, 1.5, 3.0, 4.5, 100.0]),
    degrees=st.sampled_from([0, 45, 60, 90, 180]),
    anisotropic=st.booleans(),
)
def test_any_mask_is_linked_as_by_hand(shape, seed, share, max_gap, degrees, anisotropic):
    edges = np.random.default_rng(seed).random(shape) < share
    spacing = (2.0, 0.5, 1.0)[-len(shape) :] if anisotropic else (1.0,) * len(shape)
    values = (spacing, max_gap, np.deg2rad(degrees))
    np.testing.assert_array_equal(link_ends(edges, *values), slow_link_ends(edges, *values))


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 3, 4)])
def test_nothing_has_no_ends(shape):
    assert link_ends(np.zeros(shape, bool), (1.0,) * len(shape), 5.0, 1.0).shape == shape
