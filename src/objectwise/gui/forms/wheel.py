"""The wheel scrolls a dock, and changes no setting that happens to lie under the pointer."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QWidget


class _Passing(QObject):
    """Passes the wheel on to what lies around a widget, unless the widget has the focus."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        if event is None or event.type() != QEvent.Type.Wheel:
            return False
        if isinstance(watched, QWidget) and watched.hasFocus():
            return False
        event.ignore()
        return True


def pass_wheel(widget: QWidget) -> None:
    """Let the wheel scroll what lies around a box; a click into the box gives the wheel to it."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_Passing(widget))
