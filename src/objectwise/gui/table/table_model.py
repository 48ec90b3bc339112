"""The rows of a table for Qt, in any order and as many as are to be shown; and what they are all together.

Its own model over the columns of the table, since the ready-made ones copy every cell into a widget or sort in
Python: a hundred thousand rows then take seconds to open and half a minute to sort.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QBrush, QColor, QFont

from objectwise.core.table import KEYS, Table
from objectwise.gui.table.selection import keys_of

_ROOT = QModelIndex()

# the mark of rows that are from before an edit
STALE = 1

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def unit_sign(unit: str) -> str:
    """Return a unit as it is printed.

    Examples
    --------
    >>> unit_sign("um^2"), unit_sign("pixel"), unit_sign("nm^-3")
    ('µm²', 'pixel', 'nm⁻³')
    """
    name, _, power = unit.partition("^")
    name = f"µ{name[1:]}" if name in ("um", "us", "ul") else name
    return name + power.translate(_RAISED)


def title_of(table: Table, name: str) -> str:
    """Return the name of a column with its unit: ``area (µm²)``."""
    unit = table.units.get(name, "")
    return f"{name} ({unit_sign(unit)})" if unit else name


class TableModel(QAbstractTableModel):
    """The rows of a table, in any order and as many as are to be shown.

    Attributes
    ----------
    table : Table or None
    names : list of str
        Its columns.
    keys : (n,) array of int
        Its rows as numbers; see `keys_of`.
    order : (m,) array of int
        Which of them are shown, from top to bottom.
    rearranging : Signal
        Emitted before other rows are shown, or in another order, and before Qt takes note of what it has to follow.
    """

    rearranging = Signal()

    def __init__(self, table: Table | None = None) -> None:
        super().__init__()
        self._slanted = QFont()
        self._slanted.setItalic(True)
        self.set_table(table)

    def set_table(self, table: Table | None) -> None:
        """Show another table."""
        self.beginResetModel()
        self.table = table
        self.names = [] if table is None else [str(name) for name in table.frame.columns]
        self.columns = [] if table is None else [table.frame[name].to_numpy() for name in table.frame.columns]
        n = 0 if table is None else len(table)
        self._sorted: tuple[int, bool] | None = None
        self._coloured: np.ndarray | None = None
        self._colour: Any = None
        # what is said of a row beside its values: nothing, or 1 + its place in `mark`
        self._marked = np.zeros(n, np.uint8)
        self._marks: list[tuple[QBrush, str]] = []
        self._shown = np.arange(n)
        self.order = self._shown
        self.keys = keys_of(*(self.column(name) for name in KEYS)) if n else np.zeros(0, np.int64)
        self._by_key = np.argsort(self.keys, kind="stable")
        self._locate()
        self.endResetModel()

    def _locate(self) -> None:
        """Prepare the way from a place in the table to the row."""
        self._row_of = np.full(len(self.keys), -1)
        self._row_of[self.order] = np.arange(len(self.order))

    def column(self, name: str) -> np.ndarray:
        """Return the values of a column, in the order of the table."""
        return self.columns[self.names.index(name)]

    def rows_of(self, keys: np.ndarray) -> np.ndarray:
        """Return in which rows some objects stand now, sorted; those that are not shown are left out."""
        if not len(self.keys) or not len(keys):
            return np.zeros(0, int)
        places = np.minimum(np.searchsorted(self.keys, keys, sorter=self._by_key), len(self.keys) - 1)
        items = self._by_key[places]
        rows = self._row_of[items[self.keys[items] == keys]]
        return np.sort(rows[rows >= 0])

    def row_of(self, label: int, frame: int) -> int | None:
        """Return in which row an object stands now; None where it has none."""
        rows = self.rows_of(keys_of([frame], [label]))
        return int(rows[0]) if len(rows) else None

    def object_at(self, row: int) -> tuple[int, int]:
        """Return the label and the frame of a row."""
        item = self.order[row]
        return int(self.column("label")[item]), int(self.column("frame")[item])

    def value_at(self, row: int, name: str) -> Any:
        """Return the value of a column in a row; None where there is no such column."""
        return self.column(name)[self.order[row]] if name in self.names else None

    def show_rows(self, places: np.ndarray) -> None:
        """Show these rows of the table, in the order that is set."""
        if not np.array_equal(places, self._shown):
            self._shown = places
            self._rearrange()

    def colour(self, rows: np.ndarray | None, colour: Any) -> None:
        """Give these of the rows that are shown a colour; none where there are none."""
        self._coloured, self._colour = None, colour
        if rows is not None:
            self._coloured = np.zeros(len(self.order), bool)
            self._coloured[rows] = True

    def mark(self, stale: tuple[np.ndarray, str], again: tuple[np.ndarray, str]) -> None:
        """Mark rows in a colour: those that are from before an edit, and those measured again after one."""
        self._marked[:] = 0
        texts = ("From before an edit", "Measured again after an edit")
        self._marks = [
            (QBrush(QColor(colour)), text) for (_, colour), text in zip((stale, again), texts, strict=True)
        ]
        for number, (keys, _) in reversed(list(enumerate((stale, again), 1))):
            self._marked[np.isin(self.keys, keys)] = number

    def sort(self, column: int, order: Any = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; equal rows keep their order, and what is not defined comes last."""
        self._sorted = (column, order == Qt.SortOrder.DescendingOrder) if column >= 0 else None
        self._rearrange()

    def _rearrange(self) -> None:
        if self.table is None:
            return
        self._coloured = None
        self.rearranging.emit()
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        objects = [(self.object_at(index.row()), index.column()) for index in old]
        self.order = self._shown
        if self._sorted is not None and self._sorted[0] < len(self.columns):
            values = self.columns[self._sorted[0]][self._shown]
            if values.dtype.kind not in "biuf":
                values = np.unique(values.astype(str), return_inverse=True)[1]
            if self._sorted[1]:
                values = -values.astype(float)
            self.order = self._shown[np.argsort(values, kind="stable")]
        self._locate()
        new = []
        for (label, frame), column in objects:
            row = self.row_of(label, frame)
            new.append(QModelIndex() if row is None else self.index(row, column))
        self.changePersistentIndexList(old, new)
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
        mark = self._marked[self.order[index.row()]]
        if mark and role == Qt.ItemDataRole.ForegroundRole:
            return self._marks[mark - 1][0]
        if mark == STALE and role == Qt.ItemDataRole.FontRole:
            return self._slanted
        if mark and role == Qt.ItemDataRole.ToolTipRole and self.names[index.column()] in KEYS:
            return self._marks[mark - 1][1]
        if role == Qt.ItemDataRole.BackgroundRole and self._coloured is not None:
            return self._colour if self._coloured[index.row()] else None
        if role == Qt.ItemDataRole.ToolTipRole and self.table is not None:
            value = self.columns[index.column()][self.order[index.row()]]
            if isinstance(value, float | np.floating) and math.isnan(value):
                label, frame = self.object_at(index.row())
                return self.table.reason(label, self.names[index.column()], frame)
            return str(value)
        return None

    def headerData(self, section: int, orientation: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        """Return the name of a column with its unit, and its definition as tooltip."""
        if orientation != Qt.Orientation.Horizontal or self.table is None or section >= len(self.names):
            return None
        name = self.names[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return title_of(self.table, name)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"<p>{self.table.descriptions.get(name, '')}</p>"
        return None


# the order is that of the rows
STATISTICS: dict[str, tuple[str, Callable[[np.ndarray], float]]] = {
    "n": ("How many values are defined", lambda values: float(values.size)),
    "mean": ("Arithmetic mean", lambda values: float(values.mean())),
    "median": ("Middle value", lambda values: float(np.median(values))),
    "sd": (
        "Standard deviation of a sample (n - 1)",
        lambda values: float(values.std(ddof=1)) if values.size > 1 else math.nan,
    ),
    "min": ("Smallest value", lambda values: float(values.min())),
    "max": ("Largest value", lambda values: float(values.max())),
}


def summarised(values: np.ndarray) -> dict[str, float]:
    """Return n, mean, median, sd, min and max of the values that are defined; texts have n alone.

    Examples
    --------
    >>> summarised(np.array([1.0, 3.0, np.nan]))["mean"]
    2.0
    """
    if values.dtype.kind not in "biuf":
        return {"n": float(len(values))}
    values = values.astype(float)
    values = values[~np.isnan(values)]
    names = STATISTICS if values.size else ("n",)
    return {name: STATISTICS[name][1](values) for name in names}


class SummaryModel(QAbstractTableModel):
    """Statistics of the columns of a table, over some of its rows; a column is worked out when it is looked at.

    Parameters
    ----------
    source : TableModel

    Attributes
    ----------
    places : array of int
        The rows of the table that are summed up.
    names : tuple of str
        The statistics, one for each row.
    """

    def __init__(self, source: TableModel) -> None:
        super().__init__()
        self.source = source
        self.names: tuple[str, ...] = ("mean",)
        self.places = np.zeros(0, int)
        self._known: dict[int, dict[str, float]] = {}
        source.modelAboutToBeReset.connect(self.beginResetModel)
        source.modelReset.connect(self._reset)

    def _reset(self) -> None:
        self.places, self._known = self.source.order, {}
        self.endResetModel()

    def show(self, places: np.ndarray, names: tuple[str, ...] | None = None) -> None:
        """Sum up these rows of the table, by these statistics."""
        self.beginResetModel()
        self.places, self._known = places, {}
        self.names = names or self.names
        self.endResetModel()

    def values_of(self, column: int) -> dict[str, float]:
        """Return the statistics of a column by their names."""
        if column not in self._known:
            name = self.source.names[column]
            values = self.source.columns[column][self.places]
            self._known[column] = summarised(values) if name not in KEYS else {"n": float(len(values))}
        return self._known[column]

    def rowCount(self, parent: QModelIndex = _ROOT) -> int:  # noqa: N802 - Qt's name
        """Return the number of statistics."""
        return 0 if parent.isValid() else len(self.names)

    def columnCount(self, parent: QModelIndex = _ROOT) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return 0 if parent.isValid() else self.source.columnCount()

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a statistic; the tooltip names all of the column."""
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            name = self.names[index.row()]
            if self.source.names[index.column()] == "label":
                # an id has no mean, so there is room for what the row is
                return name
            values = self.values_of(index.column())
            return _count(values[name]) if name == "n" else _cell(values[name]) if name in values else ""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole:
            values = self.values_of(index.column())
            lines = [
                f"{name}: {_count(value) if name == 'n' else f'{value:.6g}'}"
                for name, value in values.items()
            ]
            return "\n".join([self.source.names[index.column()], *lines])
        return None


def _count(value: float) -> str:
    return str(int(value))


def _cell(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return str(value)
    if isinstance(value, float | np.floating):
        return "" if math.isnan(value) else f"{value:.5g}"
    return str(value)
