"""Buttons beside each other in a narrow dock: all that are in a row share its width, and none is cut."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)


def button(text: str, tip: str, pressed: Callable[[], None] | None = None) -> QPushButton:
    """Make a button that may become as narrow as a third of a dock."""
    made = QPushButton(text)
    # three of them have room beside each other
    made.setMinimumWidth(40)
    made.setToolTip(tip)
    if pressed is not None:
        made.clicked.connect(lambda _checked: pressed())
    return made


def row(*widgets: QWidget) -> QHBoxLayout:
    """Lay widgets beside each other; boxes of numbers and check boxes stay as wide as they are."""
    line = QHBoxLayout()
    line.setSpacing(4)
    for widget in widgets:
        line.addWidget(widget, int(isinstance(widget, QPushButton | QComboBox | QLineEdit | QLabel)))
    return line


def column(widget: QWidget, *rows: QLayout) -> None:
    """Lay rows below each other in a widget, as close as those around it."""
    lines = QVBoxLayout(widget)
    lines.setContentsMargins(0, 0, 0, 0)
    lines.setSpacing(5)
    for line in rows:
        lines.addLayout(line)


def heading(text: str) -> QLabel:
    """Make the title above rows that belong together."""
    label = QLabel(f"<b>{text}</b>")
    label.setContentsMargins(0, 6, 0, 0)
    return label
