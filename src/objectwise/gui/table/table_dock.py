"""The table of a labels layer, linked to its objects by id and frame.

The link goes by the id and the frame that a row names, never by its position, so that sorting, gaps between ids
and an id that lives through many frames change nothing. Which rows are selected and which are shown is kept with the
layer (`selection`), as plots and canvas ask for it too; here it is only seen and changed.
"""

from collections.abc import Callable
from typing import Any

import napari.viewer
import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import (
    QApplication,
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from objectwise.core.conditions import matching, quoted
from objectwise.core.table import Table
from objectwise.gui.curate.undo import undo_keys
from objectwise.gui.layers.calibration import KEY, notes_of
from objectwise.gui.places import open_dock
from objectwise.gui.runs.run_bar import colors, text_label
from objectwise.gui.table.age_line import AgeLine, age_colors
from objectwise.gui.table.column_menu import ColumnMenu
from objectwise.gui.table.filter_line import FilterLine
from objectwise.gui.table.freshness import freshness_of
from objectwise.gui.table.linked_dock import LinkedDock
from objectwise.gui.table.published import publish_all, withdraw
from objectwise.gui.table.save_button import Parts, SaveButton, counted
from objectwise.gui.table.table_model import STATISTICS, TableModel
from objectwise.gui.table.table_view import SummaryView, TableView
from objectwise.io.tables import as_text, part_of

TITLE = "Table (Objectwise)"

# of a dock, in pixels, from which on its controls are in one row
_WIDE = 800


def show_table(viewer: Any, layer: Labels) -> "TableDock | None":
    """Show the table of a layer in the table dock, which is opened if need be."""
    dock = open_dock(viewer, TableDock, TITLE, area="bottom", height=260)
    if dock is not None:
        dock.show_layer(layer)
    return dock


class TableDock(LinkedDock):
    """The table of the selected labels layer.

    Parameters
    ----------
    viewer : Viewer
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        undo_keys(self, viewer)

    # --- widgets ---------------------------------------------------------------------------------------

    def build(self) -> None:
        """Make the widgets."""
        self.model = TableModel()
        self.hidden: set[str] = set()
        self.title = text_label()
        self.title.setWordWrap(False)
        self.age = AgeLine(self.viewer)
        self.problem = text_label()
        self.problem.hide()
        self.only_frame = QCheckBox("Displayed frame only")
        self.only_frame.setToolTip("Show the objects of the frame on the canvas, here and in the plots")
        self.only_frame.toggled.connect(self._on_only_frame)
        self.columns = ColumnMenu(self)
        self.columns.chosen.connect(self._hide)
        column_button = _button("Columns ▾", "Which columns are shown")
        column_button.setMenu(self.columns)
        column_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.statistic = QComboBox()
        self.statistic.addItems(["no summary", *STATISTICS, "all"])
        self.statistic.setCurrentText("mean")
        self.statistic.setToolTip(
            "<p>What is shown below each column: of the selected rows where there are several, of all that are shown "
            "otherwise. The tooltip of a number there names them all.</p>"
        )
        self.statistic.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.copy = _button(
            "Copy", "The selected rows, or all that are shown, as text for a spreadsheet (Ctrl+C)"
        )
        self.copy.clicked.connect(self.copy_rows)
        self.save = SaveButton(self, self._to_save)
        self.save.said.connect(self._on_saved)
        self.save.failed.connect(self._on_not_saved)
        self.filter = FilterLine()
        self.filter.changed.connect(self._on_filter)
        self.finder = QLineEdit()
        self.finder.setPlaceholderText("Find")
        self.finder.setToolTip(
            "The id of an object, or part of the name of a column or of a text; Enter goes to the next"
        )
        self.finder.setMaximumWidth(110)
        self.finder.returnPressed.connect(self.find_next)
        self.view = TableView(self.model)
        self.view.went.connect(self._go_to)
        self.view.horizontalHeader().setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.horizontalHeader().customContextMenuRequested.connect(self._on_header)
        self.summary = SummaryView(self.view)
        self.statistic.currentTextChanged.connect(self._on_statistic)
        shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.view)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.copy_rows)
        plot = _button("Plot", "Histograms and scatter plots of the columns, linked to the rows", self.plot)
        colour = _button("Colour", "Colour the objects on the canvas by a column", self.colour)
        self._needing = [
            plot,
            colour,
            column_button,
            self.statistic,
            self.copy,
            self.save,
            self.filter,
            self.finder,
        ]
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        rows: tuple[tuple[QWidget, ...], ...] = (
            (self.title, self.only_frame),
            (self.filter, self.finder),
            (self.statistic, column_button, plot, colour, self.copy, self.save),
        )
        for widgets in rows:
            row = QHBoxLayout()
            row.setSpacing(4)
            for widget in widgets:
                row.addWidget(widget, int(widget is self.filter))
            self._top.addLayout(row, int(self.filter in widgets))
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.setSpacing(3)
        column.addLayout(self._top)
        column.addWidget(self.age)
        column.addWidget(self.problem)
        column.addWidget(self.view, 1)
        column.addWidget(self.summary)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Wide and low, to lie below the image."""
        return QSize(600, 240)

    def resizeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Put the controls beside each other where there is room: every row of a low dock counts."""
        super().resizeEvent(event)
        wide = self.width() >= _WIDE
        directions = QBoxLayout.Direction
        self._top.setDirection(directions.LeftToRight if wide else directions.TopToBottom)

    def paint(self, _event: Any = None) -> None:
        """Take the colours of napari's theme."""
        red, grey = colors(self.viewer)
        self.problem.setStyleSheet(f"color: {red};")
        self.title.setStyleSheet(f"color: {grey};")
        self.filter.dress(self.window().styleSheet())

    # --- which layer -----------------------------------------------------------------------------------

    def show_table(self) -> None:
        """Show another table."""
        noted, selection = self.noted, self.selection
        if noted is None or selection is None or self.layer is None:
            return
        kept, place = self._sorting(), self.view.verticalScrollBar().value()
        self.model.set_table(noted.table)
        if kept[0] in self.model.names:
            self.view.sortByColumn(self.model.names.index(kept[0]), kept[1])
        self.filter.names = self.model.names
        self._widen()
        for widget in self._needing:
            widget.setEnabled(True)
        self.only_frame.setVisible("t" in noted.grid.axes)
        self.only_frame.setChecked(selection.frame_only)
        if self.filter.text() != selection.condition:
            self.filter.setText(selection.condition)
        hidden = notes_of(self.layer).get("hidden")
        self.hidden = set(hidden) if hidden is not None else self.hidden - {"frame"} | self._without_time()
        self.columns.offer(noted.table, self.hidden)
        self._hide(self.hidden)
        self.view.follow(selection)
        self.age.show_for(self.layer)
        self.show_age()
        self.show_rows()
        self.view.verticalScrollBar().setValue(place)
        publish_all(self.viewer)

    def _sorting(self) -> tuple[str, Any]:
        """Return by which column the rows are sorted, and in which order."""
        header = self.view.horizontalHeader()
        number = header.sortIndicatorSection()
        name = self.model.names[number] if 0 <= number < len(self.model.names) else ""
        return name, header.sortIndicatorOrder()

    def show_age(self) -> None:
        """Show which rows are from before an edit, and which were measured again after one."""
        if self.layer is None:
            return
        freshness = freshness_of(self.layer)
        self.model.mark(*(zip((freshness.stale, freshness.again), age_colors(self.viewer), strict=True)))
        self.view.viewport().update()

    def _without_time(self) -> set[str]:
        noted = self.noted
        return {"frame"} if noted is not None and "t" not in noted.grid.axes else set()

    def _widen(self) -> None:
        """Make the columns as wide as their headers; looking at every cell would take seconds."""
        metrics = self.view.horizontalHeader().fontMetrics()
        for number in range(self.model.columnCount()):
            title = str(self.model.headerData(number, Qt.Orientation.Horizontal))
            self.view.setColumnWidth(number, max(60, metrics.horizontalAdvance(title) + 30))

    def layer_events(self, layer: Labels) -> list[tuple[Any, Any]]:
        """Return what is followed of a layer, and by what."""
        return [
            *super().layer_events(layer),
            (layer.events.name, self._say),
            (freshness_of(layer).changed, self.show_age),
        ]

    def leave(self) -> None:
        """Follow the layer no more."""
        self.view.follow(None)
        self.age.show_for(None)
        super().leave()

    def clear(self) -> None:
        """Show that there is no table."""
        super().clear()
        self.model.set_table(None)
        self.title.setText("Measure a labels layer to see its objects here.")
        for widget in (self.only_frame, self.problem):
            widget.hide()
        for needing in self._needing:
            needing.setEnabled(False)

    # --- rows ------------------------------------------------------------------------------------------

    def _go_to(self, frame: int, label: int) -> None:
        """Go to the object of a row."""
        if self.link is not None:
            self.link.go_to(frame, label)

    def show_selection(self) -> None:
        """Say which rows are selected, and sum them up."""
        self._sum_up()
        self._say()

    def _chosen_rows(self) -> np.ndarray:
        """Return which of the rows that are shown are selected."""
        return self.model.rows_of(self.selection.keys) if self.selection is not None else np.zeros(0, int)

    def _on_only_frame(self, on: bool) -> None:
        if self.selection is not None:
            self.selection.show_frame_only(on)

    def _on_filter(self, text: str) -> None:
        """Show the rows of which a condition is true; while it is wrong, those shown before."""
        if self.selection is None or self.model.table is None:
            return
        try:
            if text.strip():
                matching(text, dict(zip(self.model.names, self.model.columns, strict=True)))
        except ValueError as error:
            self._complain(str(error))
        else:
            self._complain("")
            self.selection.show_where(text)

    def _complain(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def show_rows(self) -> None:
        """Show the rows that the filter leaves."""
        if self.selection is None or self.model.table is None:
            return
        places, problem = self.selection.shown(self.model.table, self.time())
        self._complain(problem)
        self.model.show_rows(places)
        self.show_selection()

    def _on_dims(self, _event: Any = None) -> None:
        publish_all(self.viewer)
        super()._on_dims()

    def _on_statistic(self, text: str) -> None:
        self.summary.show_statistics(tuple(STATISTICS) if text == "all" else (text,))

    def _sum_up(self) -> None:
        """Sum up the selected rows where there are several, or all that are shown."""
        rows = self._chosen_rows()
        self.summary.summary.show(self.model.order[rows] if len(rows) > 1 else self.model.order)

    def _say(self, _event: Any = None) -> None:
        """Say how many rows there are, are shown and are selected."""
        if self.layer is None:
            return
        n, shown = len(self.model.keys), len(self.model.order)
        chosen = 0 if self.selection is None else len(self.selection)
        seen = len(self._chosen_rows())
        text = f"{self.layer.name}: {n} {'row' if n == 1 else 'rows'}"
        text += f", {shown} shown" if shown != n else ""
        text += f", {chosen} selected" if chosen > 1 or chosen != seen else ""
        text += f" ({chosen - seen} of them not shown)" if chosen != seen else ""
        self.title.setText(text)

    def find_next(self) -> bool:
        """Go to the object, column or text that is looked for; say so if there is none."""
        wanted = self.finder.text().strip().casefold()
        if not wanted or self.selection is None or self.model.table is None:
            return False
        if wanted.isdigit():
            frames = np.unique(self.model.column("frame"))
            time = self.time() or 0
            for frame in (time, *frames[frames != time].tolist()):
                row = self.model.row_of(int(wanted), int(frame))
                if row is not None:
                    self.view.setCurrentIndex(self.model.index(row, 0))
                    return True
            self._complain(f"No row that is shown has the id {wanted}.")
            return False
        current = self.view.currentIndex()
        n, start = self.model.columnCount(), current.column() + 1
        for number in [(start + step) % n for step in range(n)]:
            if wanted in self.model.names[number].casefold() and not self.view.isColumnHidden(number):
                index = self.model.index(max(0, current.row()), number)
                self.view.scrollTo(index)
                self.view.horizontalHeader().setFocus()
                with self.view.quiet():
                    self.view.selectionModel().setCurrentIndex(
                        index, self.view.selectionModel().SelectionFlag.NoUpdate
                    )
                return True
        for number, values in enumerate(self.model.columns):
            if values.dtype.kind not in "biuf":
                found = [
                    row for row, item in enumerate(self.model.order) if wanted in str(values[item]).casefold()
                ]
                after = [row for row in found if row > current.row()] or found
                if after:
                    self.view.setCurrentIndex(self.model.index(after[0], number))
                    return True
        self._complain(f"Nothing that is shown here is called {self.finder.text().strip()}.")
        return False

    # --- columns ---------------------------------------------------------------------------------------

    def _hide(self, hidden: set[str]) -> None:
        """Hide these columns, and remember it with the layer."""
        self.hidden = set(hidden)
        for number, name in enumerate(self.model.names):
            self.view.setColumnHidden(number, name in self.hidden)
        if self.layer is not None:
            self.layer.metadata[KEY] = {**notes_of(self.layer), "hidden": sorted(self.hidden)}
        self.summary.align()

    def _on_header(self, place: Any) -> None:
        """Offer what can be done with one column."""
        number = self.view.horizontalHeader().logicalIndexAt(place)
        if number < 0:
            return
        name = self.model.names[number]
        menu = QMenu(self)
        menu.addAction(f"Show rows by {name} ...").triggered.connect(lambda: self.filter.add(quoted(name)))
        numbers = self.model.columns[number].dtype.kind in "biuf"
        if numbers and name != "label":
            menu.addAction(f"Plot {name}").triggered.connect(lambda: self.plot(name))
            menu.addAction(f"Colour objects by {name}").triggered.connect(lambda: self.colour(name))
        if name != "label":
            menu.addAction(f"Hide {name}").triggered.connect(lambda: self._hide_one(name))
        menu.exec(self.view.horizontalHeader().mapToGlobal(place))

    def _hide_one(self, name: str) -> None:
        self._hide(self.hidden | {name})
        self.columns.offer(self.model.table, self.hidden)

    def plot(self, name: str | None = None) -> None:
        """Open the plots, with a column across where one is named."""
        from objectwise.gui.table.plots import TITLE, PlotsDock

        dock = open_dock(self.viewer, PlotsDock, TITLE)
        if dock is not None and self.layer is not None:
            dock.show_layer(self.layer)
            if name:
                dock.across.choose(name)
                dock.draw()

    def colour(self, name: str | None = None) -> None:
        """Open the colours, and colour the objects by a column where one is named."""
        from objectwise.gui.table.colours import TITLE, ColoursDock

        dock = open_dock(self.viewer, ColoursDock, TITLE)
        if dock is not None and self.layer is not None:
            dock.show_layer(self.layer)
            if name:
                dock.choose(name)

    # --- out -------------------------------------------------------------------------------------------

    def _visible_names(self) -> list[str]:
        header = self.view.horizontalHeader()
        ordered = [header.logicalIndex(number) for number in range(self.model.columnCount())]
        return [self.model.names[number] for number in ordered if not self.view.isColumnHidden(number)]

    def parts(self) -> Parts:
        """Return what can be saved: the rows and the columns, by the words of the menu."""
        names, rows = self._visible_names(), self._chosen_rows()
        n, n_columns = len(self.model.keys), len(self.model.names)
        found: Parts = {}
        if len(rows):
            found[f"The {counted(len(rows), 'selected row')} ..."] = (self.model.order[rows], names)
        if len(self.model.order) < n or len(names) + len(self._without_time()) < n_columns:
            text = (
                f"What is shown: {counted(len(self.model.order), 'row')}, {counted(len(names), 'column')} ..."
            )
            found[text] = (self.model.order, names)
        return {
            f"Everything: {counted(n, 'row')}, {counted(n_columns, 'column')} ...": (None, None),
            **found,
        }

    def _to_save(self) -> tuple[Table | None, str, Parts]:
        return self.model.table, "" if self.layer is None else self.layer.name, self.parts()

    def _on_saved(self, sentence: str) -> None:
        stale = 0 if self.layer is None else len(freshness_of(self.layer).stale)
        old = f"; {counted(stale, 'row')} of the table from before an edit" if stale else ""
        self.title.setText(sentence + old)

    def _on_not_saved(self, sentence: str) -> None:
        self._say()
        self._complain(sentence)

    def copy_rows(self) -> None:
        """Copy the selected rows, or all that are shown where at most one is selected."""
        if self.model.table is None:
            return
        rows = self._chosen_rows()
        places = self.model.order[rows] if len(rows) > 1 else self.model.order
        QApplication.clipboard().setText(as_text(part_of(self.model.table, places), self._visible_names()))

    # --- life ------------------------------------------------------------------------------------------

    def let_go(self) -> None:
        """Follow the layer no more."""
        super().let_go()
        withdraw(self.viewer)


def _button(text: str, tip: str, pressed: Callable[[], None] | None = None) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    # the theme would draw it over the text
    button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
    if pressed is not None:
        button.clicked.connect(lambda _checked: pressed())
    return button
