"""Keys of a dock, which hold while something in it has the focus.

napari takes no note of keys that a plugin declares, so each dock has its own, and its tooltips name them.
"""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QWidget


def add_shortcut(dock: QWidget, keys: str, act: Callable[[], object], widget: QWidget | None = None) -> None:
    """Do something at a key, and say so in the tooltip of the widget that does the same."""
    sequence = QKeySequence(keys)
    shortcut = QShortcut(sequence, dock)
    shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    shortcut.activated.connect(act)
    if widget is not None:
        words = sequence.toString(QKeySequence.SequenceFormat.NativeText)
        widget.setToolTip(f"{widget.toolTip()} ({words})".strip())
