"""How long the table of many objects takes to open, to sort, to filter and to select in, in a real window.

A movie of 100 frames with 1000 objects each, measured in 40 columns; and 1000 selected objects, highlighted on a plane
of 2048 x 2048. Needs a display with OpenGL; on a machine without one::

    xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/table.py
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

CLOCK = [time.perf_counter]


def main() -> None:
    """Measure, and print one row for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=40)
    parser.add_argument("--cpu", action="store_true", help="count the time of this process alone")
    arguments = parser.parse_args()
    CLOCK[0] = time.process_time if arguments.cpu else time.perf_counter
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_CONFIG"] = str(Path(folder) / "settings.yaml")
        rows = [
            *table_rows(arguments.rows, arguments.columns),
            *highlight_rows(),
            *plot_rows(arguments.rows),
        ]
    print("| What | Median | Goal |\n| --- | --: | --: |")
    for name, seconds, goal in rows:
        print(f"| {name} | {1000 * seconds:.0f} ms | {goal} |")


def settle(seconds: float = 0.2) -> None:
    """Let the window work for a while."""
    from qtpy.QtWidgets import QApplication

    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        QApplication.processEvents()


def timed(change: Callable[[], object], until: Callable[[], bool] = lambda: True) -> float:
    """Return how long something takes until the window has been drawn again, and what it was made to wait for is so."""
    from qtpy.QtWidgets import QApplication

    start = CLOCK[0]()
    change()
    QApplication.processEvents()
    while not until():
        QApplication.processEvents()
    return CLOCK[0]() - start


def table_rows(n: int, n_columns: int) -> list[tuple[str, float, str]]:
    """Return what was measured of a large table."""
    import napari
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QWidget

    from objectwise.core.grid import Grid
    from objectwise.core.results import Result
    from objectwise.core.table import Table
    from objectwise.gui.table.noted_table import note_table
    from objectwise.gui.table.selection import selection_of
    from objectwise.gui.table.table_dock import TableDock, show_table

    rng = np.random.default_rng(0)
    n_frames = max(1, n // 1000)
    data = {f"column_{number}": rng.normal(size=n) for number in range(n_columns - 2)}
    frame = pd.DataFrame({"frame": np.arange(n) % n_frames, "label": np.arange(n) // n_frames + 1, **data})
    viewer = napari.Viewer(show=True)
    layer = viewer.add_labels(
        np.zeros((n_frames, 64, 64), np.int32), axis_labels=("t", "y", "x"), name="cells"
    )
    note_table(layer, Result(Table(frame), Grid("tyx", (1.0, 1.0)), "table"), None)
    settle(1)
    opened, compared = [], []
    for _ in range(5):
        empty = QWidget()
        add = partial(viewer.window.add_dock_widget, empty, name="empty", area="bottom")
        compared.append(timed(add))
        settle()
        viewer.window.remove_dock_widget(empty)
        settle()
        opened.append(timed(lambda: show_table(viewer, layer)))
        settle()
        dock = next(item for item in viewer.window.dock_widgets.values() if isinstance(item, TableDock))
        viewer.window.remove_dock_widget(dock)
        settle()
    dock = show_table(viewer, layer)
    settle()
    again = [
        timed(lambda: (dock.leave(), dock.model.set_table(None), dock.show_layer(layer))) for _ in range(5)
    ]
    orders = (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder)
    sorts = [timed(lambda c=c: dock.view.sortByColumn(c, orders[c % 2])) for c in range(4, 12)]
    conditions = ("column_3 > 0 and column_4 < 1", "column_3 > 0", "")
    filters = [timed(lambda text=text: dock.selection.show_where(text)) for text in conditions * 2]
    selection = selection_of(layer)
    everything = [timed(lambda: (dock.view.clearSelection(), dock.view.selectAll())) for _ in range(5)]
    some = [timed(lambda: selection.choose(rng.choice(dock.model.keys, n // 3))) for _ in range(5)]
    sorted_then = [timed(lambda c=c: dock.view.sortByColumn(c, orders[c % 2])) for c in range(4, 8)]
    selection.clear()
    settle()
    steps = [timed(lambda step=step: viewer.dims.set_current_step(0, step)) for step in range(5, 15)]
    dock.only_frame.setChecked(True)
    only = [timed(lambda step=step: viewer.dims.set_current_step(0, step)) for step in range(5, 15)]
    size = f"{n} x {n_columns}"
    dock.shut_down()
    settle()
    viewer.close()
    median = statistics.median
    return [
        (f"show a table of {size} in its dock", median(again), "200 ms"),
        ("open the dock with it", median(opened), ""),
        ("open an empty dock, to compare", median(compared), ""),
        ("sort it", median(sorts), "100 ms"),
        ("filter it", median(filters), ""),
        ("select all", median(everything), ""),
        ("select a third of the rows, here and there", median(some), ""),
        ("sort it with these selected", median(sorted_then), "100 ms"),
        ("another frame", median(steps), ""),
        ("another frame, the table showing this frame only", median(only), ""),
    ]


def plot_rows(n: int) -> list[tuple[str, float, str]]:
    """Return what was measured of a plot of many points, and of many coloured objects."""
    import napari
    from qtpy.QtCore import Qt

    from objectwise.core.grid import Grid
    from objectwise.core.results import Result
    from objectwise.core.table import Table
    from objectwise.gui.table.colouring import Look, colour_by
    from objectwise.gui.table.noted_table import note_table
    from objectwise.gui.table.plots import PlotsDock
    from objectwise.gui.table.selection import keys_of, selection_of

    rng = np.random.default_rng(0)
    viewer = napari.Viewer(show=True)

    def measured(labels: np.ndarray, n: int) -> object:
        layer = viewer.add_labels(labels)
        values = {name: rng.normal(size=n) for name in ("first", "second", "third")}
        frame = pd.DataFrame({"frame": 0, "label": np.arange(n) + 1, **values})
        note_table(layer, Result(Table(frame), Grid("yx", (1.0, 1.0)), "table"), None)
        return layer

    layer = measured(np.zeros((64, 64), np.int32), n)
    dock = PlotsDock(viewer)
    viewer.window.add_dock_widget(dock, name="plots")
    settle(1)
    histogram = [timed(dock.draw) for _ in range(5)]
    dock.up.choose("second")
    settle()
    points = [timed(dock.draw) for _ in range(5)]
    dock.by.choose("third")
    coloured = [timed(dock.draw) for _ in range(5)]
    no_key = Qt.KeyboardModifier.NoModifier
    angles = np.linspace(0, 2 * np.pi, 300)
    path = np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def draw_around(size: float) -> None:
        dock.view.drawn_around.emit(dock.view.inside(path * size), no_key)

    drawn = [timed(partial(draw_around, size)) for size in (1.0, 1.1, 1.2, 1.3, 1.4)]
    selection_of(layer).choose(keys_of([0], [1]))
    dock.shut_down()
    side = 100
    y, x = np.indices((2000, 2000)) // (2000 // side)
    layer = measured((y * side + x + 1).astype(np.int32), side**2)
    settle()
    looks = [Look(name) for name in ("first", "second", "third")] * 2
    colours = [timed(lambda look=look: colour_by(viewer, layer, look)) for look in looks]
    viewer.close()
    median = statistics.median
    return [
        (f"histogram of {n} rows", median(histogram), ""),
        (f"{n} points", median(points), ""),
        ("the same, coloured by a column", median(coloured), ""),
        ("draw around half of them", median(drawn), ""),
        (f"colour {side**2} objects by a column, 2000 x 2000", median(colours), "200 ms"),
    ]


def highlight_rows() -> list[tuple[str, float, str]]:
    """Return how long it takes until selected objects are shown on a plane."""
    import napari

    from objectwise.gui.table.canvas_link import link_canvas
    from objectwise.gui.table.selection import keys_of, selection_of

    side, n = 2048, 64
    y, x = np.indices((side, side)) // (side // n)
    labels = (y * n + x + 1).astype(np.int32)
    viewer = napari.Viewer(show=True)
    layer = viewer.add_labels(labels)
    link = link_canvas(viewer, layer)
    settle(1)
    rng = np.random.default_rng(0)
    selection = selection_of(layer)
    selection.choose(keys_of([0], [1]))
    settle(1)

    def choose() -> None:
        selection.choose(keys_of(np.zeros(1000, int), rng.choice(n * n, 1000, replace=False) + 1))

    here = [timed(choose) for _ in range(10)]
    settle()
    shown = []
    for _ in range(10):
        shown.append(timed(choose, lambda: not link.highlight.busy))
        settle(0.1)
    link.release()
    viewer.close()
    return [
        ("highlight 1000 of 4096 objects, 2048 x 2048: the window is busy", statistics.median(here), "50 ms"),
        ("the same, until it is shown", statistics.median(shown), ""),
    ]


if __name__ == "__main__":
    main()
