"""What is drawn around in a plot is what is selected, and the plot shows what is selected elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import QPointF, Qt

from objectwise.core.grid import Grid
from objectwise.core.results import Result
from objectwise.core.table import Table
from objectwise.gui.table.noted_table import note_table
from objectwise.gui.table.plot_view import PlotView
from objectwise.gui.table.plots import PlotsDock
from objectwise.gui.table.selection import keys_of, selection_of

NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def view(qtbot):
    view = PlotView()
    qtbot.addWidget(view)
    view.show()
    return view


@pytest.fixture
def cells(model):
    layer = model.add_labels(np.zeros((2, 9, 9), np.int32), name="cells", axis_labels=("t", "y", "x"))
    model.dims.set_current_step(0, 0)
    frame = pd.DataFrame(
        {
            "frame": [0, 0, 0, 1, 1],
            "label": [1, 2, 3, 1, 2],
            "n_pixels": 1,
            "area": [1.0, 2.0, 3.0, 4.0, np.nan],
            "mean": [10.0, 20.0, 0.0, 40.0, 50.0],
        }
    )
    note_table(layer, Result(Table(frame, {"area": "um^2"}), Grid("tyx", (1.0, 1.0)), "table"), None)
    return layer


def drag(view, *path, keys=NONE):
    start = QPointF(*path[0])
    for number, place in enumerate(path[1:]):
        view.draw_around(start, QPointF(*place), number == 0, number == len(path) - 2, keys)


def chosen(layer):
    return selection_of(layer).rows()


def test_a_lasso_against_an_ellipse(view):
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-2, 2, (2, 100_000)) * np.array([[1.0], [1e-6]])
    view.show_points(x, y, None, ("x", "y"), (False, False))
    angles = np.linspace(0, 2 * np.pi, 1000)
    inside = view.inside(np.stack([np.cos(angles), 1.5e-6 * np.sin(angles)], axis=1))
    expected = x**2 + (y / 1.5e-6) ** 2 < 1
    found = np.zeros(len(x), bool)
    found[inside] = True
    # the lasso is thinned out to some 200 corners
    assert np.mean(found != expected) < 1e-3


def test_histograms_count(view):
    values = np.array([0.0, 1, 1, 2, 4, np.nan])
    view.show_histogram(values, 4, "x", (False, False))
    assert view.bars.getData()[1].tolist() == [1, 2, 1, 1]
    view.show_chosen(np.array([True, True, False, False, True, True]))
    assert view.chosen_bars.getData()[1].tolist() == [1, 1, 0, 1]
    assert view.inside(np.array([[0.5, 0], [2.5, 9]])).tolist() == [1, 2, 3]


@pytest.mark.parametrize("values", [[], [3.0], [np.nan, np.nan], [2.0, 2.0, 2.0], [-1.0, 0.0]])
def test_odd_values(view, values):
    values = np.array(values)
    for log in (False, True):
        view.show_histogram(values, 10, "x", (log, log))
        placed = np.isfinite(values) & ((values > 0) | (not log))
        assert view.n_placed == placed.sum()
        view.show_points(values, values, np.zeros((len(values), 4), np.uint8), ("x", "y"), (log, log))
        view.show_chosen(np.ones(len(values), bool))
        assert len(view.chosen_points.getData()[0]) == placed.sum()


def test_drawing_selects_in_every_frame(model, cells, open_dock):
    dock = open_dock(PlotsDock, model)
    assert dock.across.name == "area"
    assert dock.up.name is None
    drag(dock.view, (1.5, 0), (4.5, 1))
    assert chosen(cells) == [(0, 2), (0, 3), (1, 1)]
    dock.up.choose("mean")
    dock.draw()
    dock.tool.setCurrentText("Rectangle")
    drag(dock.view, (0, 5), (1.5, 15))
    assert chosen(cells) == [(0, 1)]
    drag(dock.view, (3.5, 35), (4.5, 45), keys=SHIFT)
    assert chosen(cells) == [(0, 1), (1, 1)]
    dock.tool.setCurrentText("Lasso")
    drag(dock.view, (2.5, -5), (3.5, -5), (3.5, 5), (2.5, 5))
    assert chosen(cells) == [(0, 3)]
    drag(dock.view, (90, 90), (91, 91), (92, 90))
    assert chosen(cells) == []


def test_the_filter_and_the_frame_are_respected(model, cells, open_dock):
    dock = open_dock(PlotsDock, model)
    selection_of(cells).show_where("mean > 5")
    assert dock.view.n_placed == 3
    assert "1 without a place here" in dock.says.text()
    dock.only_frame.setChecked(True)
    assert dock.view.xs.tolist() == [1, 2]
    model.dims.set_current_step(0, 1)
    assert dock.view.xs[:1].tolist() == [4]
    drag(dock.view, (-100, 0), (100, 1))
    assert chosen(cells) == [(1, 1)]


def test_a_click_goes_to_the_object(model, cells, open_dock):
    dock = open_dock(PlotsDock, model)
    dock.up.choose("mean")
    dock.draw()
    gone = []
    dock.link.go_to = lambda frame, label: gone.append((frame, label))
    dock.view.click_at(QPointF(4, 40), NONE)
    assert chosen(cells) == gone == [(1, 1)]
    dock.view.click_at(QPointF(3, 0), SHIFT)
    assert chosen(cells) == [(0, 3), (1, 1)]
    dock.view.click_at(QPointF(2.5, 30), NONE)
    assert chosen(cells) == []


def test_selected_elsewhere_is_seen_here(model, cells, open_dock):
    dock = open_dock(PlotsDock, model)
    dock.up.choose("mean")
    dock.by.choose("area")
    dock.draw()
    selection_of(cells).choose(keys_of([0, 1], [2, 1]))
    assert dock.view.chosen_points.getData()[0].tolist() == [2, 4]
    assert "2 selected" in dock.says.text()


def test_pictures_and_numbers(model, cells, open_dock, tmp_path):
    dock = open_dock(PlotsDock, model)
    for name in ("plot.png", "plot.svg"):
        dock.save_picture(str(tmp_path / name))
        assert (tmp_path / name).stat().st_size > 500
    selection_of(cells).show_where("frame == 0")
    dock.save_numbers(str(tmp_path / "plot.csv"))
    assert pd.read_csv(tmp_path / "plot.csv").columns.tolist() == ["frame", "label", "area"]
    assert len(pd.read_csv(tmp_path / "plot.csv")) == 3
    dock.save_numbers(str(tmp_path / "no" / "plot.csv"))
    assert dock.says.text().startswith("Not saved: there is no folder")


def test_a_closed_plot_follows_nothing(model, cells, open_dock):
    dock = open_dock(PlotsDock, model)
    dock.shut_down()
    assert not len(selection_of(cells).changed)
    assert not len(selection_of(cells).filtered)
    model.layers.remove(cells)
