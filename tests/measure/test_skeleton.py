"""Skeletons that were drawn one pixel wide, so that thinning leaves them as they are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from objectwise.measure.objects import measure_block
from objectwise.measure.skeleton import COLUMNS
from tests.measure.truths import truth

pytest.importorskip("skan")

NAMES = [column.name for column in COLUMNS]


def skeleton(pixels, spacing=(1.0, 1.0), shape=None):
    labels = np.zeros(shape or (30,) * len(spacing), int)
    labels[tuple(np.transpose(pixels))] = 7
    values, _ = measure_block(labels, {}, spacing, ["skeleton"])
    return [values[name][0] for name in NAMES]


def line(start, step, n):
    return [tuple(np.add(start, np.multiply(step, i))) for i in range(n)]


def arms(middle, steps, n):
    return [pixel for step in steps for pixel in line(middle, step, n + 1)]


@truth(*NAMES, by="closed form", tolerance="1e-12")
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.2)])
def test_lines(spacing):
    down, along = spacing
    slant = math.hypot(down, along)
    for step, length in (((0, 1), along), ((1, 0), down), ((1, 1), slant), ((1, -1), slant)):
        whole = 9 * length
        found = skeleton(line((9, 12), step, 10), spacing)
        assert found == pytest.approx([whole, 1, 2, 0, whole, whole], rel=1e-12)
    # a bend is not the end of a branch
    found = skeleton(line((3, 3), (0, 1), 6) + line((3, 8), (1, 1), 5), spacing)
    assert found[:4] == pytest.approx([5 * along + 4 * slant, 1, 2, 0], rel=1e-12)


@truth(*NAMES, by="closed form", tolerance="1e-12")
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.25)])
def test_crossings(spacing):
    down, along = spacing
    found = skeleton(arms((12, 12), [(0, 1), (0, -1), (1, 0), (-1, 0)], 6), spacing)
    assert found == pytest.approx(
        [12 * (down + along), 4, 4, 1, 3 * (down + along), 6 * max(spacing)], rel=1e-12
    )
    slant = math.hypot(down, along)
    found = skeleton(arms((12, 12), [(1, 1), (1, -1), (-1, 0)], 5), spacing)
    assert found == pytest.approx(
        [5 * (2 * slant + down), 3, 3, 1, 5 * (2 * slant + down) / 3, 5 * slant], rel=1e-12
    )


def test_ring():
    # a diamond, all of its steps slanted
    pixels = [(y, x) for y in range(25) for x in range(25) if abs(y - 12) + abs(x - 12) == 8]
    whole = 32 * math.sqrt(2)
    assert skeleton(pixels) == pytest.approx([whole, 1, 0, 0, whole, whole], rel=1e-12)


@truth("skeleton_length", "skeleton_n_ends", by="closed form", tolerance="1e-12")
@pytest.mark.parametrize("step", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), (1, -1, 0)])
def test_line_in_3d(step):
    spacing = (2.0, 0.5, 0.25)
    whole = 7 * math.hypot(*(a * b for a, b in zip(step, spacing, strict=True)))
    found = skeleton(line((4, 11, 4), step, 8), spacing, (20, 20, 20))
    assert found == pytest.approx([whole, 1, 2, 0, whole, whole], rel=1e-12)


def test_objects_that_touch_have_skeletons_of_their_own(monkeypatch):
    from objectwise.measure import skeleton as module

    labels = np.zeros((12, 30), int)
    labels[3, 2:12], labels[4, 2:20], labels[5, 25] = 9, 4, 1
    labels[6:11, 0] = labels[6:11, 28] = 6
    for pixels in (1 << 24, 40):
        monkeypatch.setattr(module, "SHEET", pixels)
        values, reasons = measure_block(labels, {}, None, ["skeleton"])
        assert values["skeleton_length"].tolist() == [0, 17, 8, 9]
        assert values["skeleton_n_branches"].tolist() == [0, 1, 2, 1]
        assert values["skeleton_n_ends"].tolist() == [0, 2, 4, 2]
        assert list(reasons["skeleton_branch_length_max"]) == [1]


def test_a_thick_bar_is_about_as_long_as_its_middle():
    labels = np.zeros((40, 120), int)
    labels[15:22, 10:110] = 1
    values, _ = measure_block(labels, {}, (0.5, 0.5), ["skeleton"])
    assert values["skeleton_length"][0] == pytest.approx(50, abs=5)
