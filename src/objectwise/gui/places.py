"""Where a dock lies in the window: as a tab beside the others of this package, not stacked below them.

napari puts every new dock under the last one. Three of them leave none enough room to be read, and what does
not fit is cut off below the screen.
"""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from objectwise.gui.closing import ClosingDock


def holder_of(widget: QWidget) -> QDockWidget | None:
    """Return the dock widget around a widget."""
    parent = widget.parent()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parent()
    return parent


def open_dock(viewer: Any, kind: type[QWidget], title: str, area: str = "right", height: int = 0) -> Any:
    """Show the dock of a kind in the window of a viewer, which is opened if need be; None without a window."""
    window = getattr(viewer, "window", None)
    if window is None:
        return None
    dock = next((widget for widget in window.dock_widgets.values() if isinstance(widget, kind)), None)
    if dock is None:
        dock = kind(viewer)
        window.add_dock_widget(dock, name=title, area=area)
        if height and (holder := holder_of(dock)) is not None:
            # a bottom dock starts with the height of two rows
            holder.parent().resizeDocks([holder], [height], Qt.Orientation.Vertical)
    if (holder := holder_of(dock)) is not None:
        holder.show()
        holder.raise_()
    return dock


def share_place(widget: QWidget) -> None:
    """Put a dock behind the same tab bar as another of this package in the same area, and bring it to the front."""
    holder = holder_of(widget)
    window = holder.parent() if holder is not None else None
    if holder is None or not isinstance(window, QMainWindow) or holder.isFloating():
        return
    area = window.dockWidgetArea(holder)
    for other in window.findChildren(QDockWidget):
        inner = other.widget()
        if (
            other is not holder
            and isinstance(inner, ClosingDock)
            and other.isVisible()
            and window.dockWidgetArea(other) == area
            and holder not in window.tabifiedDockWidgets(other)
        ):
            window.tabifyDockWidget(other, holder)
            # the tab bar is made when the event loop is next idle
            QTimer.singleShot(0, holder.raise_)
            return
