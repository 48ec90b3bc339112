"""The rows of a table for Qt, in any order and of all frames or one.

Its own model over the columns of the table, since the ready-made ones copy every cell into a widget or sort in
Python: a hundred thousand rows then take seconds to open and half a minute to sort.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt

from objectwise.core.table import Table

_ROOT = QModelIndex()


class TableModel(QAbstractTableModel):
    """The rows of a table, in any order and of all frames or one."""

    def __init__(self, table: Table | None = None) -> None:
        super().__init__()
        self.set_table(table)

    def set_table(self, table: Table | None) -> None:
        """Show another table."""
        self.beginResetModel()
        self.table = table
        self.names = [] if table is None else [str(name) for name in table.frame.columns]
        self.columns = [] if table is None else [table.frame[name].to_numpy() for name in table.frame.columns]
        n = 0 if table is None else len(table)
        self._sorted: tuple[int, bool] | None = None
        self._frame: int | None = None
        self.order = np.arange(n)
        self._locate()
        self.endResetModel()

    def _locate(self) -> None:
        """Prepare the way from frame and label to the row."""
        n = len(self.columns[0]) if self.columns else 0
        self._row_of = np.full(n, -1)
        self._row_of[self.order] = np.arange(len(self.order))
        if n:
            self._keys = self._key(self.column("frame"), self.column("label"))
            self._by_key = np.argsort(self._keys, kind="stable")

    @staticmethod
    def _key(frame: Any, label: Any) -> Any:
        return np.asarray(frame, np.int64) * (1 << 40) + np.asarray(label, np.int64)

    def column(self, name: str) -> np.ndarray:
        """Return the values of a column, in the order of the table."""
        return self.columns[self.names.index(name)]

    def row_of(self, label: int, frame: int) -> int | None:
        """Return in which row an object stands now; None where it has none."""
        if not len(self._row_of):
            return None
        key = self._key(frame, label)
        position = np.searchsorted(self._keys, key, sorter=self._by_key)
        if position == len(self._keys) or self._keys[self._by_key[position]] != key:
            return None
        row = int(self._row_of[self._by_key[position]])
        return row if row >= 0 else None

    def object_at(self, row: int) -> tuple[int, int]:
        """Return the label and the frame of a row."""
        item = self.order[row]
        return int(self.column("label")[item]), int(self.column("frame")[item])

    def value_at(self, row: int, name: str) -> Any:
        """Return the value of a column in a row; None where there is no such column."""
        return self.column(name)[self.order[row]] if name in self.names else None

    def show_frame(self, frame: int | None) -> None:
        """Show the rows of one frame, or of all."""
        if frame != self._frame:
            self._frame = frame
            self._rearrange()

    def sort(self, column: int, order: Any = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; equal rows keep their order, and what is not defined comes last."""
        self._sorted = (column, order == Qt.SortOrder.DescendingOrder) if column >= 0 else None
        self._rearrange()

    def _rearrange(self) -> None:
        if self.table is None:
            return
        self.layoutAboutToBeChanged.emit()
        kept = np.arange(len(self.table))
        if self._frame is not None:
            kept = np.flatnonzero(self.column("frame") == self._frame)
        if self._sorted is not None and self._sorted[0] < len(self.columns):
            values = self.columns[self._sorted[0]][kept]
            if self._sorted[1]:
                values = -values.astype(float) if values.dtype.kind in "biuf" else values
            kept = kept[np.argsort(values, kind="stable")]
        old = self.persistentIndexList()
        objects = [
            (self.object_at(index.row()), index.column()) for index in old if index.row() < len(self.order)
        ]
        self.order = kept
        self._locate()
        new = []
        for (label, frame), column in objects:
            row = self.row_of(label, frame)
            new.append(QModelIndex() if row is None else self.index(row, column))
        self.changePersistentIndexList(old[: len(new)], new)
        self.layoutChanged.emit()

    def rowCount(self, parent: QModelIndex = _ROOT) -> int:  # noqa: N802 - Qt's name
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self.order)

    def columnCount(self, parent: QModelIndex = _ROOT) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell; its tooltip is the whole number, or why there is none."""
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _cell(self.columns[index.column()][self.order[index.row()]])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole and self.table is not None:
            value = self.columns[index.column()][self.order[index.row()]]
            if isinstance(value, float | np.floating) and math.isnan(value):
                label, frame = self.object_at(index.row())
                return self.table.reason(label, self.names[index.column()], frame)
            return str(value)
        return None

    def headerData(self, section: int, orientation: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        """Return the name of a column with its unit, and its definition as tooltip."""
        if orientation != Qt.Orientation.Horizontal or self.table is None:
            return None
        name = self.names[section]
        if role == Qt.ItemDataRole.DisplayRole:
            unit = self.table.units.get(name, "")
            return f"{name} ({unit})" if unit else name
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.table.descriptions.get(name, "")
        return None

    def text(self, rows: list[int] | None = None) -> str:
        """Return rows, or all that are shown, as tab-separated text with a header."""
        if self.table is None:
            return ""
        chosen = self.order if rows is None else self.order[np.asarray(rows, int)]
        return str(self.table.frame.iloc[chosen].to_csv(sep="\t", index=False))


def _cell(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return str(value)
    if isinstance(value, float | np.floating):
        return "" if math.isnan(value) else f"{value:.5g}"
    return str(value)
