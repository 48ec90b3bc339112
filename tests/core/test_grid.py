"""Grids: what cannot be is refused, and any order of axes is cut into blocks and put together again."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import objectwise as ow
from objectwise.core.grid import Grid, plain_grid, unit_factor, unit_name


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"axes": "yyx"}, "different letters"),
        ({"axes": "qyx"}, "different letters out of 'tczyx'; found 'qyx'"),
        ({"axes": "tc"}, "must name y and x"),
        ({"axes": "zy"}, "must name y and x"),
        ({"axes": ""}, "must name y and x"),
        ({"axes": "zyx", "spacing": (1, 1)}, "one number for each of z and y and x"),
        ({"axes": "yx", "spacing": (1, 0)}, "spacing must be above 0"),
        ({"axes": "yx", "spacing": (1, -0.5)}, "spacing must be above 0"),
        ({"axes": "yx", "spacing": (1, np.nan)}, "spacing must be above 0"),
        ({"axes": "yx", "spacing": (1, np.inf)}, "spacing must be above 0"),
        ({"axes": "yx", "origin": (1,)}, "one number for each"),
        ({"axes": "tyx", "interval": 0}, "interval must be above 0"),
        ({"axes": "tyx", "interval": np.nan}, "interval must be above 0"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(choices: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Grid(**choices)


def test_what_is_left_out_is_one_pixel() -> None:
    grid = Grid("TCYX")
    assert (grid.axes, grid.spacing, grid.unit, grid.origin, grid.interval_unit) == (
        "tcyx",
        (1.0, 1.0),
        "pixel",
        (0.0, 0.0),
        "frame",
    )
    assert not grid.calibrated
    assert Grid("yx", unit="um").calibrated


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("µm", "um"),
        ("μm", "um"),
        ("micrometer", "um"),
        ("Micron", "um"),
        ("px", "pixel"),
        ("", "pixel"),
        ("nm", "nm"),
    ],
)
def test_units_have_one_name(name: str, short: str) -> None:
    assert unit_name(name) == short == Grid("yx", unit=name).unit


@pytest.mark.parametrize(
    ("found", "wanted", "factor"),
    [
        ("um", "nm", 1000),
        ("nm", "um", 0.001),
        ("mm", "um", 1000),
        ("in", "mm", 25.4),
        ("min", "s", 60),
        ("pixel", "pixel", 1),
    ],
)
def test_units_are_converted_exactly(found: str, wanted: str, factor: float) -> None:
    assert unit_factor(found, wanted) == factor


@pytest.mark.parametrize(("found", "wanted"), [("pixel", "um"), ("um", "s"), ("furlong", "um")])
def test_units_of_different_kinds_are_not_converted(found: str, wanted: str) -> None:
    with pytest.raises(ValueError, match="cannot be given in"):
        unit_factor(found, wanted)
    assert not Grid("yx", unit=found).matches(Grid("yx", unit=wanted))


def test_a_grid_in_another_unit_is_the_same_grid() -> None:
    grid = Grid("zyx", (0.5, 0.2, 0.2), "um", origin=(1, 2, 3))
    other = grid.to_unit("nm")
    assert other.spacing == (500, 200, 200)
    assert other.origin == (1000, 2000, 3000)
    assert grid.matches(other)
    assert other.matches(grid)
    assert not grid.matches(Grid("zyx", (0.5, 0.2, 0.21), "um"))
    assert not grid.matches(Grid("yx", (0.2, 0.2), "um"))


def test_spacing_follows_the_axes() -> None:
    grid = Grid("xztcy", (0.1, 3.0, 0.2), "um", origin=(1, 2, 3), channels=("a", "b"))
    assert grid.spatial == "zyx"
    assert grid.block_spacing == (3.0, 0.2, 0.1)
    assert grid.block_origin == (2, 3, 1)
    assert [grid.spacing_along(axis) for axis in "xyz"] == [0.1, 0.2, 3.0]
    shape = (5, 4, 3, 2, 6)
    assert grid.block_shape(shape) == (4, 6, 5)
    assert (grid.size("t", shape), grid.size("c", shape)) == (3, 2)
    assert Grid("yx").size("t", (4, 4)) == 1


def test_axes_can_be_left_away() -> None:
    grid = Grid("xztcy", (0.1, 3.0, 0.2), "um", origin=(1, 2, 3), channels=("a", "b"))
    plane = grid.without("tz")
    assert (plane.axes, plane.spacing, plane.origin, plane.channels) == (
        "xcy",
        (0.1, 0.2),
        (1, 3),
        ("a", "b"),
    )
    assert grid.without("c").channels == ()


def test_an_array_must_have_the_axes_and_channels() -> None:
    grid = Grid("cyx", channels=("DAPI", "GFP"))
    grid.check(np.zeros((2, 4, 4)))
    with pytest.raises(
        ValueError, match=r"cells: the axes 'cyx' name 3 axes, but the array has 2 \(shape \(4, 4\)\)"
    ):
        grid.check(np.zeros((4, 4)), "cells")
    with pytest.raises(ValueError, match=r"names 2 channels \(DAPI, GFP\), but the array has 3"):
        grid.check(np.zeros((3, 4, 4)))


@pytest.mark.parametrize(("shape", "axes"), [((2, 3, 4), "zyx"), ((2, 3, 4, 5), "tzyx"), ((7,), "tczyx")])
def test_axes_are_never_guessed(shape: tuple[int, ...], axes: str) -> None:
    assert plain_grid((4, 5)) == Grid("yx")
    with pytest.raises(ValueError, match=f"cannot be told from the shape: name them, .*'{axes}'"):
        plain_grid(shape)


ORDERS = ["".join(axes) for n in (2, 3, 4, 5) for axes in permutations("tczyx", n) if {"y", "x"} <= set(axes)]


@given(axes=st.sampled_from(ORDERS), sizes=st.lists(st.integers(1, 4), min_size=5, max_size=5))
def test_blocks_of_any_order_of_axes_are_read_and_placed(axes: str, sizes: list[int]) -> None:
    grid = Grid(axes)
    shape = tuple(sizes["tczyx".index(axis)] for axis in axes)
    array = np.arange(np.prod(shape)).reshape(shape)
    copy = np.full(shape, -1)
    blocks = list(grid.indices(shape))
    assert len(blocks) == grid.size("t", shape) * grid.size("c", shape)
    for index in blocks:
        block = grid.read(array, index)
        assert block.shape == grid.block_shape(shape)
        grid.place(copy, index, block)
    np.testing.assert_array_equal(copy, array)
    # the last pixel along each axis is where its axes say
    block = grid.read(array, {axis: shape[axes.index(axis)] - 1 for axis in "tc" if axis in axes})
    order = [axes.index(axis) for axis in "tczyx" if axis in axes]
    assert block.flat[-1] == np.transpose(array, order).flat[-1]


@given(axes=st.sampled_from([order for order in ORDERS if "c" in order]))
def test_channels_that_are_not_named_come_first(axes: str) -> None:
    grid = Grid(axes)
    shape = tuple({"t": 2, "c": 3, "z": 4, "y": 5, "x": 6}[axis] for axis in axes)
    array = np.random.default_rng(0).random(shape)
    index = {"t": 1} if "t" in axes else {}
    block = grid.read(array, index)
    assert block.shape == (3, *grid.block_shape(shape))
    for channel in range(3):
        np.testing.assert_array_equal(block[channel], grid.read(array, {**index, "c": channel}))


@given(axes=st.sampled_from(ORDERS), start=st.integers(0, 2), stop=st.integers(3, 5))
def test_boxes_are_parts_of_blocks(axes: str, start: int, stop: int) -> None:
    grid = Grid(axes)
    shape = tuple({"t": 2, "c": 2, "z": 5, "y": 6, "x": 7}[axis] for axis in axes)
    array = np.random.default_rng(0).random(shape)
    index = {axis: 1 for axis in "tc" if axis in axes}
    box = (slice(start, stop),) * grid.ndim
    part = grid.read(array, index, box)
    np.testing.assert_array_equal(part, grid.read(array, index)[box])
    copy = np.zeros(shape)
    grid.place(copy, index, part, box)
    np.testing.assert_array_equal(grid.read(copy, index, box), part)
    assert np.count_nonzero(copy) == part.size


def test_frames_come_before_channels() -> None:
    assert list(Grid("cytx").indices((2, 9, 2, 9))) == [
        {"t": 0, "c": 0},
        {"t": 0, "c": 1},
        {"t": 1, "c": 0},
        {"t": 1, "c": 1},
    ]


def test_a_grid_in_words() -> None:
    assert ow.Grid("cyx").describe((2, 3, 4)) == "c 2, y 3, x 4; pixel size not known"
