"""Fields that are typed as text: lists of numbers, and names of columns, which are offered while one types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from magicgui.widgets import LineEdit
from qtpy.QtCore import QStringListModel, Qt
from qtpy.QtWidgets import QCompleter, QLineEdit, QToolButton

from objectwise.core.parameter import Parameter
from objectwise.gui.forms.fields import Field

# parameters that name columns of a table
COLUMNS = ("column", "columns")


def columns_of(channels: Sequence[str]) -> list[str]:
    """Return the names of all columns that can be measured, with those of brightness for each channel.

    Examples
    --------
    >>> [name for name in columns_of(["DAPI"]) if name.startswith(("area", "intensity_me"))][:3]
    ['area', 'area_bbox', 'area_filled']
    """
    from objectwise.measure.families import FAMILIES, defaults

    names = []
    for family in FAMILIES:
        for column in family.columns_with(defaults()):
            if family.of == "objects":
                names.append(column.name)
            elif family.of == "channel":
                names += [f"{column.name}_{channel}" for channel in channels]
    return names


class Listed(Field):
    """Numbers or words with commas between them; a text alone where the parameter is one."""

    def __init__(self, parameter: Parameter, title: str = "") -> None:
        self._exact: Any = parameter.default
        super().__init__(parameter, title)
        edit: QLineEdit = self.widget.native
        edit.setMinimumWidth(70)
        edit.setPlaceholderText("all the same" if parameter.optional else self._text(parameter.default))
        self.value = parameter.default
        self.touched = False

    def _make(self) -> Any:
        return LineEdit(value="")

    def _text(self, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, tuple):
            return ", ".join(f"{item:g}" if isinstance(item, float) else str(item) for item in value)
        return str(value)

    @property
    def value(self) -> Any:
        """What was typed, as a step has it; the default where nothing is.

        What cannot be understood is given as it is, so that the step says what is wrong.
        """
        text = self.widget.value.strip()
        if text == self._text(self._exact):
            return self._exact
        if not text:
            return self.parameter.default
        try:
            return self.parameter.check(text.strip(", "), self.name)
        except ValueError:
            return text

    @value.setter
    def value(self, value: Any) -> None:
        self._exact = value
        self.widget.value = self._text(value)
        self.widget.native.setCursorPosition(0)


class ColumnNames(Listed):
    """Names of columns: any part of a name brings up those that have it."""

    def _make(self) -> Any:
        line = LineEdit(value="")
        self._names = QStringListModel(columns_of(()), line.native)
        completer = _LastName(self._names, line.native)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setMaxVisibleItems(12)
        line.native.setCompleter(completer)
        self._list = QToolButton(line.native)
        self._list.setText("\u25be")
        self._list.setAutoRaise(True)
        self._list.setToolTip("All columns that can be measured; type a part of a name to search")
        self._list.clicked.connect(self._show_all)
        return line

    def __init__(self, parameter: Parameter, title: str = "") -> None:
        super().__init__(parameter, title)
        layout = self.row.native.layout()
        layout.addWidget(self._list)

    def _show_all(self) -> None:
        completer = self.widget.native.completer()
        completer.setCompletionPrefix("")
        completer.complete()

    def offer(self, names: Iterable[str]) -> None:
        """Offer these names."""
        names = list(names)
        if names != self._names.stringList():
            self._names.setStringList(names)


class _LastName(QCompleter):
    """Completes the last of several names."""

    def splitPath(self, path: str | None) -> list[str]:  # noqa: N802 - Qt's name
        """Search by what stands after the last comma."""
        return [(path or "").rpartition(",")[2].strip()]

    def pathFromIndex(self, index: Any) -> str:  # noqa: N802 - Qt's name
        """Keep what stands before the last comma."""
        name = super().pathFromIndex(index)
        edit = self.widget()
        before = edit.text().rpartition(",")[0].strip() if isinstance(edit, QLineEdit) else ""
        return f"{before}, {name}" if before else name
