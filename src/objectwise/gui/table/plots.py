"""Plots of the table of a labels layer: what is drawn around here is selected in the table and on the canvas."""

from pathlib import Path
from typing import Any, Literal

import napari.viewer
import numpy as np
from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
)

from objectwise.gui.forms.wheel import pass_wheel
from objectwise.gui.runs.run_bar import colors, text_label
from objectwise.gui.table.colours import ColumnBox
from objectwise.gui.table.linked_dock import LinkedDock
from objectwise.gui.table.palette import palette_of
from objectwise.gui.table.plot_view import PlotView
from objectwise.gui.table.selection import keys_of
from objectwise.gui.table.table_model import title_of
from objectwise.io.tables import part_of, write_table

COUNT = "number (histogram)"
PLAIN = "one colour"
TITLE = "Plots (Objectwise)"


class PlotsDock(LinkedDock):
    """Plot the table of the selected labels layer: a histogram of a column, or two columns against each other.

    Parameters
    ----------
    viewer : Viewer
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self.places = np.zeros(0, int)
        super().__init__(viewer)

    def build(self) -> None:
        """Make the widgets."""
        self.view = PlotView()
        self.view.drawn_around.connect(self._on_drawn)
        self.view.clicked.connect(self._on_clicked)
        self.across = ColumnBox("", "The column along the horizontal axis")
        self.up = ColumnBox(COUNT, "The column along the vertical axis, or how many objects have which value")
        self.by = ColumnBox(PLAIN, "The column that the colours of the points show")
        self.log_x, self.log_y = QCheckBox("log"), QCheckBox("log")
        for box in (self.across, self.up, self.by):
            box.picked.connect(self.draw)
        for check in (self.log_x, self.log_y):
            check.setToolTip("Logarithmic axis; values of 0 and below are left out")
            check.clicked.connect(self.draw)
        self.bins = QSpinBox()
        self.bins.setRange(2, 500)
        self.bins.setValue(40)
        self.bins.setSuffix(" bars")
        self.bins.setToolTip("How many bars the histogram has")
        self.bins.valueChanged.connect(self.draw)
        pass_wheel(self.bins)
        self.only_frame = QCheckBox("Displayed frame only")
        self.only_frame.setToolTip("Show the objects of the frame on the canvas, here and in the table")
        self.only_frame.toggled.connect(self._on_only_frame)
        self.tool = QComboBox()
        self.tool.addItems(["Lasso", "Rectangle"])
        self.tool.setToolTip("What a drag over the points draws to select them")
        self.tool.currentTextChanged.connect(self._on_tool)
        pass_wheel(self.tool)
        tools = QHBoxLayout()
        tools.addWidget(self.tool)
        save = QToolButton()
        save.setText("Save ▾")
        save.setToolTip("Save the picture of the plot, or the numbers that it shows")
        save.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        menu = QMenu(self)
        menu.addAction("Picture (PNG, SVG) ...").triggered.connect(lambda: self.save_picture())
        menu.addAction("Numbers (CSV) ...").triggered.connect(lambda: self.save_numbers())
        save.setMenu(menu)
        save.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        tools.addWidget(self.bins)
        tools.addStretch(1)
        tools.addWidget(save)
        self.says = text_label()
        choices = QGridLayout()
        rows = (("X", self.across, self.log_x), ("Y", self.up, self.log_y), ("Colour", self.by, None))
        for number, (text, chooser, log) in enumerate(rows):
            choices.addWidget(QLabel(text), number, 0)
            choices.addWidget(chooser, number, 1)
            if log is not None:
                choices.addWidget(log, number, 2)
        choices.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(4)
        column.addLayout(choices)
        column.addLayout(tools)
        column.addWidget(self.view, 1)
        column.addWidget(self.only_frame)
        column.addWidget(self.says)
        self.setMinimumWidth(305)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Narrow enough to lie at the side."""
        return QSize(340, 420)

    def paint(self, _event: Any = None) -> None:
        """Take the colours of napari's theme."""
        self.view.dress("light" in str(self.viewer.theme))
        self.says.setStyleSheet(f"color: {colors(self.viewer)[1]};")
        if self.layer is not None:
            self.draw()

    # --- what is shown ---------------------------------------------------------------------------------

    def show_table(self) -> None:
        """Offer the columns of another table."""
        noted, selection = self.noted, self.selection
        if noted is None or selection is None:
            return
        self.setEnabled(True)
        names = [name for name in noted.table.frame.columns if name not in ("frame", "label", "n_pixels")]
        self.across.offer(self, str(names[0]) if names else "label")
        self.up.offer(self)
        self.by.offer(self)
        self.only_frame.setVisible("t" in noted.grid.axes)
        self.show_rows()

    def clear(self) -> None:
        """Show that there is no table."""
        super().clear()
        self.places = np.zeros(0, int)
        self.view.show_points(np.zeros(0), np.zeros(0), None, ("", ""), (False, False))
        self.says.setText("Measure a labels layer to plot its objects here.")
        self.setEnabled(False)

    def show_rows(self) -> None:
        """Plot the rows that the filter leaves."""
        noted, selection = self.noted, self.selection
        if noted is None or selection is None:
            return
        self.only_frame.setChecked(selection.frame_only)
        self.places, _ = selection.shown(noted.table, self.time())
        self.draw()

    def draw(self, *_: Any) -> None:
        """Plot what is set."""
        noted = self.noted
        if noted is None or self.across.name is None:
            return
        histogram = self.up.name is None
        for widget in (self.by, self.tool):
            widget.setEnabled(not histogram)
        self.bins.setEnabled(histogram)
        log = (self.log_x.isChecked(), self.log_y.isChecked())
        x = self.column(self.across.name)[self.places].astype(float)
        if self.up.name is None:
            self.view.show_histogram(x, self.bins.value(), title_of(noted.table, self.across.name), log)
        else:
            y = self.column(self.up.name)[self.places].astype(float)
            names = (title_of(noted.table, self.across.name), title_of(noted.table, self.up.name))
            self.view.show_points(x, y, self._colours(), names, log)
        self.show_selection()

    def _colours(self) -> np.ndarray | None:
        """Return the colours of the points, on the scale of the whole table."""
        if self.by.name is None:
            return None
        values = self.column(self.by.name)
        return palette_of(values, percentiles=(1, 99)).of(values[self.places])

    def show_selection(self) -> None:
        """Show which of the points are selected."""
        if self.selection is None or self.layer is None:
            return
        chosen = self.selection.holds(self.keys)
        self.view.show_chosen(chosen)
        undefined = len(self.places) - self.view.n_placed
        text = f"{self.layer.name}: {len(self.places)} objects, {np.count_nonzero(chosen)} selected"
        self.says.setText(f"{text}, {undefined} without a place here" if undefined else text)

    @property
    def keys(self) -> np.ndarray:
        """The rows that are plotted."""
        return keys_of(self.column("frame")[self.places], self.column("label")[self.places])

    # --- what is drawn ---------------------------------------------------------------------------------

    def _choose(self, points: np.ndarray, held: Any) -> None:
        if self.selection is None:
            return
        how: Literal["replace", "add", "toggle"] = "replace"
        if held & Qt.KeyboardModifier.ShiftModifier:
            how = "add"
        elif held & Qt.KeyboardModifier.ControlModifier:
            how = "toggle"
        if len(points) or how == "replace":
            self.selection.choose(self.keys[points], how)

    def _on_drawn(self, points: np.ndarray, held: Any) -> None:
        self._choose(points, held)

    def _on_clicked(self, points: np.ndarray, held: Any) -> None:
        self._choose(points, held)
        if len(points) == 1 and self.link is not None and self.up.name is not None:
            place = self.places[points[0]]
            self.link.go_to(int(self.column("frame")[place]), int(self.column("label")[place]))

    def _on_only_frame(self, on: bool) -> None:
        if self.selection is not None:
            self.selection.show_frame_only(on)

    def _on_tool(self, text: str) -> None:
        self.view.lasso = text == "Lasso"

    # --- out -------------------------------------------------------------------------------------------

    def _ask(self, title: str, ending: str, kinds: str) -> str:
        layer = self.layer.name if self.layer is not None else "plot"
        name = f"{layer} {self.across.name} {self.up.name or 'histogram'}"
        start = "".join(letter if letter.isalnum() or letter in "_-. " else "_" for letter in name)
        return QFileDialog.getSaveFileName(self, title, f"{start}{ending}", kinds)[0]

    def save_picture(self, path: str | None = None) -> None:
        """Write the plot as a picture; ask for its name where none is given."""
        path = path or self._ask("Save the plot", ".png", "PNG (*.png);;SVG (*.svg)")
        if path:
            path = path if Path(path).suffix.lower() in (".png", ".svg") else f"{path}.png"
            self._write(self.view.write_picture, path)

    def save_numbers(self, path: str | None = None) -> None:
        """Write the rows and columns that are plotted as CSV; ask for the name where none is given."""
        path = path or self._ask("Save the numbers of the plot", ".csv", "CSV (*.csv)")
        if path and self.noted is not None:
            path = path if path.lower().endswith(".csv") else f"{path}.csv"
            names = [box.name for box in (self.across, self.up, self.by) if box.name is not None]
            part = part_of(self.noted.table, self.places, names)
            self._write(lambda path: write_table(part, path), path)

    def _write(self, write: Any, path: str) -> None:
        try:
            if not Path(path).parent.is_dir():
                raise ValueError(f"there is no folder {Path(path).parent}")
            write(path)
        except (OSError, ValueError) as error:
            self.says.setText(f"Not saved: {getattr(error, 'strerror', None) or error}")
        else:
            self.says.setText(f"Saved {Path(path).name}")
