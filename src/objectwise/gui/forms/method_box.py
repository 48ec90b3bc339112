"""The list of methods of a dock: under headings, and found by typing any part of a name.

People know a method by its name in a course or another program, and often that name is a choice within a method:
"Otsu" is one of the ways of an automatic threshold. So the search finds choices, too, and sets them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QEvent, QObject, QStringListModel, Qt, QTimer, Signal
from qtpy.QtWidgets import QComboBox, QCompleter

from objectwise.core.method import Method
from objectwise.gui.forms.choosers import NarrowComboBox


class MethodBox(NarrowComboBox):
    """One of several methods.

    Signals
    -------
    chosen(str)
        The name of the method that was chosen.
    found(str, object)
        The name of a parameter and the value that a search stands for; after ``chosen``.
    """

    chosen = Signal(str)
    found = Signal(str, object)

    def __init__(self, records: Sequence[Method]) -> None:
        super().__init__()
        self._names: list[str] = []
        self._entries: dict[str, tuple[str, str, Any]] = {}
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setMaxVisibleItems(24)
        group = ""
        for record in records:
            if record.group and record.group != group:
                self._add_heading(record.group)
            group = record.group
            self.addItem(record.label, record.name)
            self.setItemData(self.count() - 1, record.summary, Qt.ItemDataRole.ToolTipRole)
            self._entries[record.label] = (record.name, "", None)
        for record in records:
            for parameter in record.parameters.values():
                for choice in parameter.choices if parameter.type is str else ():
                    text = f"{str(choice).replace('_', ' ').capitalize()} ({record.label}, {parameter.title.lower()})"
                    self._entries.setdefault(text, (record.name, parameter.name, choice))
        completer = QCompleter(QStringListModel(list(self._entries), self), self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.setMaxVisibleItems(12)
        self.setCompleter(completer)
        completer.activated[str].connect(self._on_found)
        edit = self.lineEdit()
        edit.setPlaceholderText("Type to search")
        edit.editingFinished.connect(self._on_typed)
        edit.installEventFilter(self)
        self.activated.connect(self._on_activated)
        self._last = ""
        self.setVisible(len(records) > 1)

    def _add_heading(self, text: str) -> None:
        self.addItem(text.upper())
        number = self.count() - 1
        item = self.model().item(number)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)

    @property
    def name(self) -> str:
        """The name of the chosen method."""
        return self._last

    @name.setter
    def name(self, name: str) -> None:
        number = self.findData(name)
        if number < 0:
            raise ValueError(f"there is no {name!r} in this list")
        changed = name != self._last
        self._last = name
        self.setCurrentIndex(number)
        self._show_name()
        if changed:
            self.chosen.emit(name)

    def _show_name(self) -> None:
        """Show the label of what is chosen from its first letter on."""
        self.lineEdit().setText(self.itemText(self.findData(self._last)))
        self.lineEdit().setCursorPosition(0)
        self.setToolTip(self.itemData(self.findData(self._last), Qt.ItemDataRole.ToolTipRole) or "")

    def _on_activated(self, number: int) -> None:
        name = self.itemData(number)
        if name:
            self.name = name
        else:
            self._show_name()

    def _on_found(self, text: str) -> None:
        if text not in self._entries:
            return
        name, parameter, value = self._entries[text]
        self.name = name
        if parameter:
            self.found.emit(parameter, value)
        # the completer writes its own text into the line after this signal
        QTimer.singleShot(0, self._show_name)

    def _on_typed(self) -> None:
        """Take what was typed if it can mean but one thing; else show again what is chosen."""
        text = self.lineEdit().text().strip().lower()
        if text and text != self.itemText(self.findData(self._last)).lower():
            fitting = [item for item in self._entries if text in item.lower()]
            names = [item for item in fitting if not self._entries[item][1]]
            exact = [item for item in fitting if item.lower() == text]
            # the name of a method goes before a choice within one
            for found in (exact, names, fitting):
                if len(found) == 1:
                    self._on_found(found[0])
                    return
        self._show_name()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        """Select all of the name on a click, so that typing starts a search."""
        if event is not None and event.type() == QEvent.Type.FocusIn:
            QTimer.singleShot(0, self.lineEdit().selectAll)
        return super().eventFilter(watched, event)
