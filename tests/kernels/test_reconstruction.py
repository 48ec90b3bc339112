"""The fast reconstruction against its slow twin: one step of growth after another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from objectwise.kernels.reconstruction import grow_under


def slow_grow_under(marker, ceiling, neighbours, beyond=-np.inf):
    level, limit = (np.pad(a.astype(float), 1, constant_values=beyond) for a in (marker, ceiling))
    while True:
        grown = np.minimum(ndimage.grey_dilation(level, footprint=neighbours, mode="nearest"), limit)
        if np.array_equal(grown, level):
            return level[(slice(1, -1),) * ceiling.ndim].astype(ceiling.dtype)
        level = grown


shapes = hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=7)


@settings(max_examples=150, deadline=None)
@given(
    ceiling=hnp.arrays(np.uint8, shapes, elements=st.integers(0, 6)),
    seed=st.integers(0, 2**31),
    full=st.booleans(),
    beyond=st.sampled_from([-np.inf, np.inf]),
)
def test_any_image_is_rebuilt_as_step_by_step(ceiling, seed, full, beyond):
    marker = np.random.default_rng(seed).integers(0, 7, ceiling.shape).astype(np.uint8)
    marker[np.random.default_rng(seed + 1).random(ceiling.shape) < 0.8] = 0
    near = ndimage.generate_binary_structure(ceiling.ndim, ceiling.ndim if full else 1)
    found = grow_under(marker, ceiling, near, beyond)
    np.testing.assert_array_equal(found, slow_grow_under(np.minimum(marker, ceiling), ceiling, near, beyond))


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (1, 1), (0, 3, 4)])
def test_an_empty_image_stays_empty(shape):
    image = np.zeros(shape, np.float32)
    assert grow_under(image, image, np.ones((3,) * len(shape), bool)).shape == shape


def test_the_queue_grows_and_turns_round():
    """A thousand fronts at once, more than the ring holds at first."""
    random = np.random.default_rng(0)
    ceiling = random.random((150, 150))
    ceiling[::2] = 0.99
    marker = np.where(random.random(ceiling.shape) < 0.3, ceiling, 0)[::-1]
    near = np.ones((3, 3), bool)
    np.testing.assert_array_equal(
        grow_under(marker, ceiling, near), slow_grow_under(np.minimum(marker, ceiling), ceiling, near)
    )
