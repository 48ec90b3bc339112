"""What a dock does when napari closes it: let go of the viewer.

The x of a dock takes the widget out of the window and leaves it alive, held by the events that it follows. So
the dock itself has to notice, stop following them, and go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QWidget


class ClosingDock(QWidget):
    """A widget that follows events of a viewer until its dock is closed.

    Attributes
    ----------
    shares_place : bool
        Whether it lies behind the same tab bar as others.
    """

    shares_place = False

    def __init__(self) -> None:
        super().__init__()
        self._closed = False
        self._events: list[tuple[Any, Callable[..., None]]] = []

    def follow(self, slot: Callable[..., None], *events: Any) -> None:
        """Call something at events, until the dock is closed."""
        for event in events:
            event.connect(slot)
            self._events.append((event, slot))

    def placed(self) -> None:
        """Take note that the dock has been put into a window."""

    def let_go(self) -> None:
        """Stop what is going on, before the events are left."""

    def shut_down(self) -> None:
        """Let go of the viewer; more than once does no harm."""
        if self._closed:
            return
        self.let_go()
        self._closed = True
        for event, slot in self._events:
            event.disconnect(slot)
        self._events = []

    def changeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Notice that the dock was put into a window, or taken out of it."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ParentChange and not self._closed:
            # on its way from one place to another a widget has no parent for a moment
            QTimer.singleShot(0, self._on_place)

    def _on_place(self) -> None:
        if self._closed:
            return
        if self.parent() is None:
            self.shut_down()
            self.deleteLater()
        else:
            self.placed()

    def closeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Let go of the viewer."""
        self.shut_down()
        super().closeEvent(event)
