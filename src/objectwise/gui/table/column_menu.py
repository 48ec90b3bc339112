"""Which columns a table shows: a menu with the groups of the measure dock, to be checked one by one or together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from objectwise.core.table import Table
from objectwise.gui.table.table_model import title_of
from objectwise.measure.families import FAMILIES, defaults

OTHER = "others"


def groups_of(names: Sequence[str]) -> dict[str, list[str]]:
    """Return columns by the group that they are measured with.

    Examples
    --------
    >>> groups_of(["area", "intensity_mean_DAPI", "n_children"])
    {'size': ['area'], 'intensity': ['intensity_mean_DAPI'], 'others': ['n_children']}
    """
    known = {
        column.name: column.group
        for family in FAMILIES
        for column in (*family.columns_with(defaults()), *family.occasional)
    }
    by_length = sorted(known, key=len, reverse=True)
    found: dict[str, list[str]] = {}
    for name in names:
        # channels follow the name of what was measured of them
        stem = next((stem for stem in by_length if name == stem or name.startswith(f"{stem}_")), "")
        found.setdefault(known.get(stem, OTHER), []).append(name)
    return found


class ColumnMenu(QMenu):
    """A menu with a check box for each column and each group.

    Attributes
    ----------
    chosen : Signal
        Emitted with the columns that are not to be shown.
    """

    chosen = Signal(set)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        # the theme draws a box only where it is checked
        self.tree.setStyleSheet("QTreeView::indicator:unchecked { border: 1px solid #888; margin: 1px; }")
        self.tree.setMinimumSize(QSize(260, 320))
        self.tree.itemChanged.connect(self._on_item)
        buttons = QHBoxLayout()
        for text, on in (("All", True), ("None", False)):
            button = QPushButton(text)
            button.setToolTip("Show all columns" if on else "Show the id alone")
            button.clicked.connect(lambda _checked=False, on=on: self._set_all(on))
            buttons.addWidget(button)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self.tree)
        column.addLayout(buttons)
        action = QWidgetAction(self)
        action.setDefaultWidget(content)
        self.addAction(action)

    def offer(self, table: Table | None, hidden: set[str]) -> None:
        """Offer the columns of a table; those that are hidden are not checked."""
        self.tree.blockSignals(True)
        self.tree.clear()
        names = [] if table is None else [str(name) for name in table.frame.columns if name != "label"]
        for group, members in groups_of(names).items():
            parent = QTreeWidgetItem([group.replace("_", " ")])
            parent.setFlags(parent.flags() | Qt.ItemFlag.ItemIsAutoTristate | Qt.ItemFlag.ItemIsUserCheckable)
            self.tree.addTopLevelItem(parent)
            for name in members:
                assert table is not None
                item = QTreeWidgetItem(parent, [title_of(table, name)])
                item.setData(0, Qt.ItemDataRole.UserRole, name)
                item.setToolTip(0, f"<p>{table.descriptions.get(name, '')}</p>")
                state = Qt.CheckState.Unchecked if name in hidden else Qt.CheckState.Checked
                item.setCheckState(0, state)
        self.tree.expandAll()
        self.tree.blockSignals(False)

    def _items(self) -> list[QTreeWidgetItem]:
        return [item for group in _children(self.tree.invisibleRootItem()) for item in _children(group)]

    def _set_all(self, on: bool) -> None:
        self.tree.blockSignals(True)
        for item in self._items():
            item.setCheckState(0, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self.tree.blockSignals(False)
        self._on_item()

    def _on_item(self, *_: object) -> None:
        unchecked = [item for item in self._items() if item.checkState(0) == Qt.CheckState.Unchecked]
        self.chosen.emit({item.data(0, Qt.ItemDataRole.UserRole) for item in unchecked})


def _children(item: Any) -> list[Any]:
    return [item.child(number) for number in range(item.childCount())]
