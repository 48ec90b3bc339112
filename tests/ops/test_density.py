"""The map of density against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

import objectwise as ow
from tests.measure.test_pattern import dots


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_sum_is_the_number_of_objects(ndim):
    # far enough from the border
    labels = np.pad(dots((40, 50) if ndim == 2 else (8, 20, 22), 30, 1), 17)
    spacing = (1.0, 0.5, 0.25)[-ndim:]
    density = ow.apply("map_density", labels, grid=ow.Grid("zyx"[-ndim:], spacing, "um"), sigma=1.0)
    assert density.sum() * math.prod(spacing) == pytest.approx(30, rel=1e-3)


def test_one_object_is_a_gaussian_about_its_centroid():
    labels = np.zeros((101, 101), int)
    labels[50:52, 50:53] = 9
    density = ow.apply("map_density", labels, grid=ow.Grid("yx", (0.5, 0.5), "um"), sigma=4.0)
    y, x = np.indices(labels.shape) * 0.5
    expected = np.exp(-((y - 25.25) ** 2 + (x - 25.5) ** 2) / 32) / (2 * math.pi * 16)
    assert density == pytest.approx(expected, abs=0.002 * expected.max())


def test_evenly_spread_objects_have_an_even_density():
    labels = np.zeros((100, 100), int)
    labels[2::5, 2::5] = np.arange(1, 401).reshape(20, 20)
    density = ow.apply("map_density", labels, sigma=10.0)
    assert density == pytest.approx(np.full((100, 100), 1 / 25), rel=0.02)
