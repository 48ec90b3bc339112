"""A line to type a condition on rows into: names are completed, and what is wrong is said while typing goes on."""

from __future__ import annotations

from qtpy.QtCore import QStringListModel, Qt, QTimer, Signal
from qtpy.QtWidgets import QCompleter, QLineEdit

from objectwise.core.conditions import FUNCTIONS, completions, word_at

_WAIT = 250


class FilterLine(QLineEdit):
    """A line for a condition.

    Attributes
    ----------
    changed : Signal
        Emitted with the text when typing has paused.
    names : list of str
        What can be named: the columns.
    """

    changed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.setPlaceholderText("Show rows where ...  such as  area > 50 and solidity < 0.9")
        self.setClearButtonEnabled(True)
        functions = ", ".join(FUNCTIONS)
        self.setToolTip(
            "<p>Only rows of which this is true are shown, here and in the plots.</p>"
            "<p>Compare columns by &lt; &lt;= &gt; &gt;= == !=, join by and, or, not, and calculate by + - * / ** and "
            f"{functions}. For example: area &gt; 2 * median(area) and frame == 0</p>"
        )
        self._words = QStringListModel()
        self._completer = QCompleter(self._words)
        self._completer.setWidget(self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer.activated[str].connect(self._take)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_WAIT)
        self._soon.timeout.connect(self._tell)
        self.textEdited.connect(self._offer)
        self.textChanged.connect(lambda _text: self._soon.start())
        self.returnPressed.connect(self._tell)

    def dress(self, style: str) -> None:
        """Give the list of names the look of the window, which it lies outside of."""
        self._completer.popup().setStyleSheet(style)

    def _tell(self) -> None:
        if self._completer.popup().isVisible():
            # a name that is being chosen is not wrong yet
            self._soon.start()
            return
        self._soon.stop()
        self.changed.emit(self.text())

    def _offer(self, text: str) -> None:
        _, word = word_at(text, self.cursorPosition())
        words = completions(word, self.names)
        popup = self._completer.popup()
        if not words or words == [word]:
            popup.hide()
            return
        self._words.setStringList(words)
        area = self.cursorRect()
        area.setWidth(min(self.width(), popup.sizeHintForColumn(0) + 40))
        self._completer.complete(area)
        popup.setCurrentIndex(self._completer.completionModel().index(0, 0))

    def _take(self, completed: str) -> None:
        text, position = self.text(), self.cursorPosition()
        start, _ = word_at(text, position)
        self.setText(text[:start] + completed + text[position:])
        self.setCursorPosition(start + len(completed))

    def add(self, name: str) -> None:
        """Start a comparison with a column at the end."""
        text = self.text().strip()
        self.setText(f"{text} and {name} > " if text else f"{name} > ")
        self.setFocus()
