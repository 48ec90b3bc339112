"""The classes of a layer: their names, a button for each, and their keys on the canvas.

Which objects get a class is not known here: that a class is wanted is told, and whoever has the selection gives it.
The names are kept with the layer, so that they come back with it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from napari.layers import Labels
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QPushButton, QWidget

from objectwise.gui.curate.button_rows import button, column, row
from objectwise.gui.layers.calibration import KEY, notes_of

# as many as there are keys for
_MOST = 9


class ClassRows(QWidget):
    """Names of classes and a button for each.

    Attributes
    ----------
    pressed : Signal
        The button of a class was pressed: its number, 0 for none.
    keyed : Signal
        The key of a class was pressed on the canvas.
    """

    pressed = Signal(int)
    keyed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.layer: Labels | None = None
        self.names = QLineEdit()
        self.names.setPlaceholderText("classes, such as: dividing, dead")
        self.names.setToolTip("Names of classes, with commas between them; remembered with the layer")
        self.names.editingFinished.connect(self._on_names)
        self.by_click = QCheckBox("Also by keys and clicks on the canvas")
        self.by_click.setToolTip(
            "<p>The keys 1 to 9 give the selected objects a class, 0 takes it away. While a class is pressed, every "
            "object that is clicked gets it.</p>"
        )
        self.by_click.toggled.connect(self._bind)
        self.place = QGridLayout()
        self.buttons: list[QPushButton] = []
        column(self, row(self.names), self.place, row(self.by_click))

    def listed(self) -> list[str]:
        """Return the names of the classes; the number of each is its place, counted from 1."""
        names = [name.strip() for name in self.names.text().split(",")]
        return list(dict.fromkeys(name for name in names if name))[:_MOST]

    @property
    def held(self) -> int | None:
        """The class that clicks on the canvas give, None where they give none."""
        down = [number for number, one in enumerate(self.buttons) if one.isChecked()]
        return down[0] if down and self.by_click.isChecked() else None

    def show_for(self, layer: Labels | None) -> None:
        """Show the classes of a layer, and bind their keys on it; without one they are of no use."""
        self._unbind()
        self.layer = layer
        if layer is not None:
            names = notes_of(layer).get("class names", ())
            if self.listed() != list(names) and not self.names.hasFocus():
                self.names.setText(", ".join(names))
                self._on_names()
            if self.by_click.isChecked():
                self._bind(True)
        for one in self.buttons:
            one.setEnabled(layer is not None)

    def _on_names(self) -> None:
        """Make a button for each class."""
        names = self.listed()
        for one in self.buttons:
            self.place.removeWidget(one)
            one.deleteLater()
        self.buttons = []
        if self.layer is not None:
            self.layer.metadata[KEY] = {**notes_of(self.layer), "class names": tuple(names)}
        for number, name in enumerate(["none", *names] if names else []):
            tip = (
                f"Give the selected objects the class {name} ({number})"
                if number
                else "Take the class away (0)"
            )
            one = button(f"{number} {name}", tip, partial(self._on_button, number))
            one.setCheckable(True)
            one.setEnabled(self.layer is not None)
            self.place.addWidget(one, number // 3, number % 3)
            self.buttons.append(one)

    def _on_button(self, number: int) -> None:
        """Tell of it; while clicks give a class too, its button stays pressed."""
        for other, one in enumerate(self.buttons):
            if other != number or not self.by_click.isChecked():
                one.setChecked(False)
        self.pressed.emit(number)

    def _bind(self, on: bool) -> None:
        self._unbind()
        if not on:
            for one in self.buttons:
                one.setChecked(False)
        elif self.layer is not None:
            for number in range(_MOST + 1):
                self.layer.bind_key(str(number), partial(self._on_key, number), overwrite=True)

    def _unbind(self) -> None:
        if self.layer is not None:
            for number in range(_MOST + 1):
                self.layer.bind_key(str(number), None)

    def _on_key(self, number: int, _layer: Any = None) -> None:
        self.keyed.emit(number)
