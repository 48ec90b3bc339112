"""The two buttons that undo and do again, which say what: the stack of a viewer belongs to all docks of it."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from objectwise.gui.curate.button_rows import button, column, row
from objectwise.gui.curate.undo import undo_stack


class UndoButtons(QWidget):
    """Undo and redo of a viewer.

    Parameters
    ----------
    viewer : Viewer

    Attributes
    ----------
    said : Signal
        A sentence about what was undone.
    """

    said = Signal(str)

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self._stack = undo_stack(viewer)
        self.undo_button = button("Undo", "", self.undo)
        self.redo_button = button("Redo", "", self.redo)
        column(self, row(self.undo_button), row(self.redo_button))
        self._stack.changed.connect(self.show_next)
        self.show_next()

    def undo(self) -> None:
        """Undo what was done last."""
        title = self._stack.undo()
        self.said.emit(f"Undone: {title}." if title else "There is nothing to undo.")

    def redo(self) -> None:
        """Do again what was undone last."""
        title = self._stack.redo()
        self.said.emit(f"Done again: {title}." if title else "There is nothing to do again.")

    def show_next(self, _event: Any = None) -> None:
        """Say what would be undone and done again."""
        for one, word, title in (
            (self.undo_button, "Undo", self._stack.next_undo()),
            (self.redo_button, "Redo", self._stack.next_redo()),
        ):
            one.setEnabled(bool(title))
            one.setToolTip(f"{word}: {title}" if title else f"Nothing to {word.lower()}")
            one.setText(_short(f"{word}: {title}" if title else word))

    def close_down(self) -> None:
        """Follow the stack no more."""
        self._stack.changed.disconnect(self.show_next)


def _short(text: str, n: int = 38) -> str:
    return text if len(text) <= n else f"{text[: n - 3]}..."
