"""Colours show the column, frame by frame, and go without a trace."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pandas as pd
import pytest
from napari.utils.colormaps import DirectLabelColormap

from objectwise.core.grid import Grid
from objectwise.core.results import Result
from objectwise.core.table import Table
from objectwise.gui.table.colouring import Look, colour_by, colouring_of, restore_colours
from objectwise.gui.table.colours import ColoursDock
from objectwise.gui.table.noted_table import note_table
from objectwise.gui.table.palette import GREY, N_COLOURS, is_of_kinds, palette_of


@pytest.fixture
def movie(model):
    """Add a movie of two frames with the ids 1 to 4 in each, id 4 without a value."""
    labels = np.zeros((2, 8, 8), np.int32)
    labels[:, 1, 1:5] = [1, 2, 3, 4]
    layer = model.add_labels(labels, name="cells", axis_labels=("t", "y", "x"))
    model.dims.set_current_step(0, 0)
    frame = pd.DataFrame(
        {
            "frame": np.repeat([0, 1], 4),
            "label": [1, 2, 3, 4] * 2,
            "area": [0.0, 5.0, 10.0, np.nan, 10.0, 5.0, 0.0, np.nan],
            "flag": [True, False, True, False] * 2,
        }
    )
    note_table(layer, Result(Table(frame, {"area": "um^2"}), Grid("tyx", (1.0, 1.0)), "table"), None)
    return layer


def shown(layer):
    return np.array([layer.get_color(label) for label in (1, 2, 3, 4)])


FULL = Look("area", percentiles=(0, 100))


def test_colours_follow_the_frame(model, movie):
    colour_by(model, movie, FULL)
    first = shown(movie)
    expected = palette_of(np.array([0.0, 5, 10])).of(np.array([0.0, 5, 10, np.nan])) / 255
    np.testing.assert_allclose(first, expected, atol=1e-6)
    np.testing.assert_allclose(first[3], np.array(GREY) / 255, atol=1e-6)
    model.dims.set_current_step(0, 1)
    np.testing.assert_allclose(shown(movie)[:3], expected[:3][::-1], atol=1e-6)
    movie.name = "other"
    model.dims.set_current_step(0, 0)
    np.testing.assert_allclose(shown(movie), first)
    assert np.all(movie.get_color(0) == 0) or movie.get_color(0) is None


@pytest.mark.parametrize("direct", [False, True])
def test_the_original_colours_come_back_exactly(model, movie, direct):
    if direct:
        movie.colormap = DirectLabelColormap(color_dict={1: "red", 2: "blue", None: "green"})
    else:
        movie.new_colormap()
    before = movie.colormap, shown(movie)
    for look in (FULL, Look("flag"), Look("area", "magma")):
        colour_by(model, movie, look)
    assert not np.allclose(shown(movie), before[1])
    model.dims.set_current_step(0, 1)
    restore_colours(movie)
    assert movie.colormap is before[0]
    assert np.array_equal(shown(movie), before[1])
    assert colouring_of(movie) is None
    model.dims.set_current_step(0, 0)
    assert np.array_equal(shown(movie), before[1])


def test_colours_that_somebody_else_gives_stay(model, movie):
    colour_by(model, movie, FULL)
    mine = DirectLabelColormap(color_dict={1: "red", None: "green"})
    movie.colormap = mine
    model.dims.set_current_step(0, 1)
    assert movie.colormap is mine
    assert colouring_of(movie) is None


def test_measuring_again_colours_again(model, movie):
    colour_by(model, movie, FULL)
    table = movie.metadata["objectwise"]["table"].table
    turned = Table(table.frame.assign(area=10 - table.frame["area"]))
    before = shown(movie)
    note_table(movie, Result(turned, Grid("tyx", (1.0, 1.0)), "table"), None)
    np.testing.assert_allclose(shown(movie)[:3], before[:3][::-1], atol=1e-6)
    without = Table(table.frame.drop(columns="area"))
    note_table(movie, Result(without, Grid("tyx", (1.0, 1.0)), "table"), None)
    assert colouring_of(movie) is None


def test_a_removed_layer_is_let_go(model, movie):
    colouring = weakref.ref(colour_by(model, movie, FULL))
    n = len(model.dims.events.current_step.callbacks)
    model.layers.remove(movie)
    assert len(model.dims.events.current_step.callbacks) == n - 1
    gc.collect()
    assert colouring() is None


def test_limits_are_percentiles():
    values = np.arange(101.0)
    palette = palette_of(values, percentiles=(10, 90))
    assert (palette.low, palette.high) == (10, 90)
    assert palette.places(np.array([-5, 10, 50, 90, 200, np.nan])).tolist()[0::5] == [0, -1]
    assert len(palette.colours) + 2 <= N_COLOURS
    assert palette.places(np.array([200.0]))[0] == len(palette.colours) - 1


def test_a_constant_column_and_an_empty_one():
    assert np.isfinite(palette_of(np.full(3, 2.5)).of(np.full(3, 2.5))).all()
    assert palette_of(np.zeros(0)).of(np.zeros(0)).shape == (0, 4)
    assert palette_of(np.full(2, np.nan)).of(np.full(2, np.nan)).tolist() == [list(GREY)] * 2


def test_kinds():
    assert is_of_kinds(np.array([True, False]))
    assert is_of_kinds(np.array([1.0, 3, np.nan]))
    assert not is_of_kinds(np.array([1.5, 2]))
    assert not is_of_kinds(np.arange(100))
    colours = palette_of(np.array([2, 5, 7])).of(np.array([2, 5, 7, 5]))
    assert len(np.unique(colours, axis=0)) == 3
    assert np.array_equal(colours[1], colours[3])


# --- the dock ------------------------------------------------------------------------------------------


def test_the_dock_colours_and_restores(model, movie, open_dock):
    original = shown(movie)
    dock = open_dock(ColoursDock, model)
    assert dock.by.name is None
    assert np.array_equal(shown(movie), original)
    dock.choose("area")
    assert not np.array_equal(shown(movie), original)
    assert dock.legend_title.text() == "area (µm²)"
    assert dock.legend.undefined
    dock.choose("flag")
    assert dock.kinds.isChecked()
    assert [text for text, _ in dock.legend._kinds()] == ["no", "yes"]
    dock.back.click()
    assert np.array_equal(shown(movie), original)


def test_a_dock_that_opens_later_shows_what_is_set(model, movie, open_dock):
    first = open_dock(ColoursDock, model)
    first.choose("area")
    first.shut_down()
    assert colouring_of(movie).look.column == "area"
    second = open_dock(ColoursDock, model)
    assert second.by.name == "area"
    second.back.click()
    assert colouring_of(movie) is None
