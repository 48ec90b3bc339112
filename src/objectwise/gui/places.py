"""Where a dock lies in the window: as a tab beside the others of this package, not stacked below them.

napari puts every new dock under the last one. Three of them leave none enough room to be read, and what does
not fit is cut off below the screen.
"""

from __future__ import annotations

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget


def holder_of(widget: QWidget) -> QDockWidget | None:
    """Return the dock widget around a widget."""
    parent = widget.parent()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parent()
    return parent


def share_place(widget: QWidget) -> None:
    """Put a dock behind the same tab bar as another of its kind in the same area, and bring it to the front."""
    holder = holder_of(widget)
    window = holder.parent() if holder is not None else None
    if holder is None or not isinstance(window, QMainWindow) or holder.isFloating():
        return
    area = window.dockWidgetArea(holder)
    for other in window.findChildren(QDockWidget):
        inner = other.widget()
        if (
            other is not holder
            and getattr(inner, "shares_place", False)
            and other.isVisible()
            and window.dockWidgetArea(other) == area
            and holder not in window.tabifiedDockWidgets(other)
        ):
            window.tabifyDockWidget(other, holder)
            # the tab bar is made when the event loop is next idle
            QTimer.singleShot(0, holder.raise_)
            return
