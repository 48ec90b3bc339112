"""The table as it is seen: rows that are selected here and elsewhere, and a line of statistics below them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from qtpy.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QSize,
    Qt,
    Signal,
)
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QAbstractItemView, QApplication, QFrame, QSizePolicy, QTableView

from objectwise.gui.table.selection import Selection
from objectwise.gui.table.table_model import STATISTICS, SummaryModel, TableModel

_MORE = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
_ROW = 22
# parts of a selection, above which Qt takes seconds to hold it, and it is only coloured
_RANGES = 500


class TableView(QTableView):
    """A table whose selected rows are those of a `Selection`.

    Attributes
    ----------
    went : Signal
        Frame and label of a row that a person went to.
    """

    went = Signal(int, int)

    def __init__(self, model: TableModel) -> None:
        super().__init__()
        self.rows = model
        self.selection: Selection | None = None
        self._leading = self._scattered = False
        self.setModel(model)
        self.setSortingEnabled(True)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.horizontalHeader().setSectionsMovable(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        # a header asks for each column whether all of its cells are selected, which takes seconds where they are
        self._none = QItemSelectionModel(model)
        self.horizontalHeader().setSelectionModel(self._none)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        # the header and a row
        self.setMinimumHeight(2 * _ROW + 8)
        model.rearranging.connect(self._forget)
        model.layoutChanged.connect(self.show_selection)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        self.clicked.connect(self._go)

    def follow(self, selection: Selection | None) -> None:
        """Show the rows of this selection as selected, and none where there is no selection."""
        if self.selection is not None:
            self.selection.changed.disconnect(self._on_selection)
        self.selection = selection
        if selection is not None:
            selection.changed.connect(self._on_selection)
        self.show_selection()

    # --- from here -------------------------------------------------------------------------------------

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Change what is selected or current here, and tell nobody."""
        before, self._leading = self._leading, True
        try:
            yield
        finally:
            self._leading = before

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:  # noqa: N802
        """Select the same rows everywhere."""
        super().selectionChanged(selected, deselected)
        if self._leading or self.selection is None:
            return
        if self._scattered and QApplication.keyboardModifiers() & _MORE:
            rows = _rows_in(selected)
            control = QApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier
            self.selection.choose(self.rows.keys[self.rows.order[rows]], "toggle" if control else "add")
            return
        keys = self.rows.keys[self.rows.order[_rows_in(self.selectionModel().selection())]]
        if QApplication.keyboardModifiers() & _MORE:
            # those that a filter hides are selected still
            shown = self.rows.keys[self.rows.order]
            keys = np.concatenate([keys, np.setdiff1d(self.selection.keys, shown)])
        with self.quiet():
            self.selection.choose(keys, current=self.selection.current)
        self._show_scattered(None)

    def _on_current(self, current: QModelIndex, _before: QModelIndex) -> None:
        if not self._leading:
            self._go(current)

    def _go(self, index: QModelIndex) -> None:
        if not index.isValid() or index.row() >= len(self.rows.order):
            return
        if QApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier:
            return
        label, frame = self.rows.object_at(index.row())
        if self.selection is not None:
            self.selection.current = (frame, label)
        with self.quiet():
            self.went.emit(frame, label)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Select nothing at Escape."""
        if event.key() == Qt.Key.Key_Escape and self.selection is not None:
            self.selection.clear()
        else:
            super().keyPressEvent(event)

    # --- from elsewhere --------------------------------------------------------------------------------

    def _on_selection(self) -> None:
        if self._leading:
            return
        rows = self.show_selection()
        if len(rows):
            current = self.selection.current if self.selection is not None else None
            row = self.rows.row_of(current[1], current[0]) if current is not None else None
            index = self.rows.index(int(rows[0]) if row is None else row, 0)
            with self.quiet():
                self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.scrollTo(index.siblingAtColumn(max(0, self.columnAt(0))))

    def _forget(self) -> None:
        """Let Qt forget which rows are selected, as it would follow each of them through a sorting."""
        with self.quiet():
            self.selectionModel().clearSelection()

    def show_selection(self, *_: Any) -> np.ndarray:
        """Show which rows are selected, and return them."""
        rows = self.rows.rows_of(self.selection.keys) if self.selection is not None else np.zeros(0, int)
        found, last = QItemSelection(), self.rows.columnCount() - 1
        if len(rows):
            breaks = np.flatnonzero(np.diff(rows) > 1)
            tops, bottoms = rows[np.concatenate([[0], breaks + 1])], rows[np.concatenate([breaks, [-1]])]
            if len(tops) > _RANGES:
                self._show_scattered(rows)
                self._forget()
                return rows
            for top, bottom in zip(tops.tolist(), bottoms.tolist(), strict=True):
                found.append(QItemSelectionRange(self.rows.index(top, 0), self.rows.index(bottom, last)))
        self._show_scattered(None)
        with self.quiet():
            self.selectionModel().select(found, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            if not len(rows):
                self.selectionModel().clearCurrentIndex()
        return rows

    def _show_scattered(self, rows: np.ndarray | None) -> None:
        """Colour rows as selected that Qt knows nothing of."""
        if rows is None and not self._scattered:
            return
        self._scattered = rows is not None
        self.rows.colour(rows, self.palette().color(QPalette.ColorRole.Highlight))
        self.viewport().update()


def _rows_in(ranges: QItemSelection) -> np.ndarray:
    # ranges, as an index for each of many rows takes seconds
    parts = [np.arange(part.top(), part.bottom() + 1) for part in ranges]
    return np.unique(np.concatenate(parts)) if parts else np.zeros(0, int)


class SummaryView(QTableView):
    """A few rows below a table, in columns of the same width.

    Parameters
    ----------
    above : TableView
    """

    def __init__(self, above: TableView) -> None:
        super().__init__()
        self.above = above
        self.summary = SummaryModel(above.rows)
        self.setModel(self.summary)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = above.horizontalHeader()
        header.sectionResized.connect(lambda number, _old, new: self.setColumnWidth(number, new))
        header.sectionMoved.connect(lambda _n, old, new: self.horizontalHeader().moveSection(old, new))
        above.horizontalScrollBar().valueChanged.connect(self.horizontalScrollBar().setValue)
        self.horizontalScrollBar().valueChanged.connect(above.horizontalScrollBar().setValue)
        self.show_statistics(("mean",))

    def show_statistics(self, names: tuple[str, ...]) -> None:
        """Show these statistics, one in each row."""
        known = tuple(name for name in STATISTICS if name in names)
        self.setVisible(bool(known))
        # one bar for both, below both
        below = Qt.ScrollBarPolicy.ScrollBarAlwaysOff if known else Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.above.setHorizontalScrollBarPolicy(below)
        self.setMinimumHeight(self._height(1))
        self.setMaximumHeight(self._height(max(1, len(known))))
        self.summary.show(self.summary.places, known or ("mean",))
        self.align()

    def align(self) -> None:
        """Make the columns those of the table above."""
        for number in range(self.summary.columnCount()):
            hidden = self.above.isColumnHidden(number)
            self.setColumnHidden(number, hidden)
            if not hidden:
                self.setColumnWidth(number, self.above.columnWidth(number))

    def _height(self, n: int) -> int:
        return n * _ROW + 2 + self.horizontalScrollBar().sizeHint().height()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as its rows."""
        return QSize(300, self.maximumHeight())
