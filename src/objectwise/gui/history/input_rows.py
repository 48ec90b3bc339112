"""Which layers stand for the inputs of a recipe: a chooser for each, filled with those that they were."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from napari.layers import Layer
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QWidget

from objectwise.core.grid import Grid
from objectwise.gui.forms.choosers import LayerBox, LayerList
from objectwise.gui.forms.rows import row_label, row_layout
from objectwise.gui.history.retrace import History, layers_for
from objectwise.gui.layers.calibration import axes_of, grid_of

# width of the names, in pixels
_WIDTH = 110


class InputRows(QWidget):
    """A row for each input of a recipe.

    Attributes
    ----------
    chosen : Signal
        Emitted when a person has chosen another layer.
    """

    chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.boxes: dict[str, LayerBox | LayerList] = {}
        self._guesses = False
        self.form = row_layout()
        self.setLayout(self.form)

    @property
    def layers(self) -> dict[str, list[Layer]]:
        """For each input the chosen layers."""
        return {name: box.layers for name, box in self.boxes.items()}

    @property
    def first(self) -> Layer | None:
        """The first of all chosen layers."""
        return next((layer for layers in self.layers.values() for layer in layers), None)

    @property
    def grid(self) -> Grid | None:
        """The grid of the first layer, None where its axes are not known."""
        first = self.first
        return grid_of(first) if first is not None and axes_of(first) is not None else None

    def show_for(self, history: History | None, layers: Iterable[Layer], active: Layer | None) -> None:
        """Make the rows for a history, with the layers that its inputs were."""
        while self.form.rowCount():
            self.form.removeRow(0)
        self.boxes, layers = {}, list(layers)
        if history is None:
            return
        found = layers_for(history, layers)
        # what a result was made from is not guessed
        self._guesses = history.layer is None
        seeds = {str(step.inputs["seeds"]) for step in history.recipe.steps if "seeds" in step.inputs}
        for name, kind in history.recipe.input_kinds().items():
            box = self.boxes[name] = (
                LayerList("channels", found[name].__contains__)
                if len(found[name]) > 1
                else LayerBox(kind, points=name in seeds)
            )
            box.setToolTip(f"What stands for “{name}” in a new run: {kind}")
            label = row_label(name, box.toolTip())
            # the font of the theme comes later and is wider
            label.ensurePolished()
            label.setText(label.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, _WIDTH - 24))
            label.setFixedWidth(_WIDTH)
            self.form.addRow(label, box)
            self._offer(box, layers, active)
            if isinstance(box, LayerBox) and found[name]:
                box.layer = found[name][0]
            box.chosen.connect(self.chosen.emit)

    def offer(self, layers: Iterable[Layer], active: Layer | None = None) -> None:
        """Offer other layers; what was chosen stays chosen while it is there."""
        layers = list(layers)
        for box in self.boxes.values():
            self._offer(box, layers, active)

    def _offer(self, box: LayerBox | LayerList, layers: list[Any], active: Layer | None) -> None:
        box.blockSignals(True)
        before = box.layer if isinstance(box, LayerBox) else None
        box.offer(layers, active)
        if isinstance(box, LayerBox) and not self._guesses and box.layer is not before:
            box.setCurrentIndex(-1)
        box.blockSignals(False)
