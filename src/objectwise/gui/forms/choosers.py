"""What an operation is given: choosers for layers, which know the kinds that fit and stay narrow.

A layer's name may be longer than any dock is wide. The boxes here show as much of it as there is room for
and the whole of it as a tooltip, and never ask for more room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from napari.layers import Image, Labels, Layer, Points
from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from objectwise.gui.forms.wheel import pass_wheel
from objectwise.gui.layers.calibration import is_preview
from objectwise.gui.layers.conversion import kind_of

NONE = "none"

# which kinds of Labels layers are taken first for an input, where nobody has chosen
_PREFERRED = {
    "mask": ("mask", "classes", "labels"),
    "objects": ("labels", "mask"),
    "labels": ("labels",),
    "classes": ("classes", "mask"),
}


def suits(layer: Layer, kind: str) -> bool:
    """Whether a layer may be offered for an input of a kind."""
    if is_preview(layer):
        return False
    if kind in ("image", "channels", "images"):
        return isinstance(layer, Image)
    return isinstance(layer, Labels)


def first_choice(layers: Sequence[Layer], active: Layer | None, kind: str) -> Layer | None:
    """Return the layer that an input starts with: the selected one, the first image, or the newest labels."""
    preferred = _PREFERRED.get(kind, ())
    if active in layers and (not preferred or kind_of(active) in preferred):
        return active
    if not preferred:
        return layers[0] if layers else None
    for wanted in preferred:
        fitting = [layer for layer in layers if kind_of(layer) == wanted]
        if fitting:
            return fitting[-1]
    return active if active in layers else layers[-1] if layers else None


class NarrowComboBox(QComboBox):
    """A combo box that shortens what it shows instead of growing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.view().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        pass_wheel(self)

    def paintEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Draw the box with its text shortened in the middle."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideMiddle, max(10, field.width() - 6)
        )
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


class LayerBox(NarrowComboBox):
    """One layer out of those that fit an input, where it says so points too."""

    chosen = Signal()

    def __init__(self, kind: str, optional: bool = False, points: bool = False) -> None:
        super().__init__()
        self.kind, self.optional, self.points = kind, optional, points
        self.meaning = ""
        self._layers: list[Layer] = []
        self.activated.connect(self._on_activated)
        self.currentIndexChanged.connect(self._show_tooltip)

    @property
    def layer(self) -> Layer | None:
        """The chosen layer."""
        number = self.currentIndex() - int(self.optional)
        return self._layers[number] if 0 <= number < len(self._layers) else None

    @layer.setter
    def layer(self, layer: Layer | None) -> None:
        number = self._layers.index(layer) if layer in self._layers else -1
        if number < 0 and not self.optional:
            return
        self.setCurrentIndex(number + int(self.optional))
        self.chosen.emit()

    @property
    def layers(self) -> list[Layer]:
        """The chosen layer in a list, as of a `LayerList`; empty where there is none."""
        return [self.layer] if self.layer is not None else []

    def offer(self, layers: Iterable[Layer], active: Layer | None = None) -> None:
        """Offer these layers; what was chosen stays chosen while it is there."""
        old = self.layer
        self._layers = [
            layer
            for layer in layers
            if suits(layer, self.kind) or (self.points and isinstance(layer, Points))
        ]
        self.blockSignals(True)
        self.clear()
        if self.optional:
            self.addItem(NONE)
        self.addItems([layer.name for layer in self._layers])
        if old in self._layers:
            new = old
        else:
            new = None if self.optional else first_choice(self._layers, active, self.kind)
        self.setCurrentIndex((self._layers.index(new) if new is not None else -1) + int(self.optional))
        self.blockSignals(False)
        self._show_tooltip()
        if new is not old:
            self.chosen.emit()

    def _on_activated(self, _number: int) -> None:
        self.chosen.emit()

    def explain(self, meaning: str) -> None:
        """Say what the layer is taken for, below its name."""
        self.meaning = meaning
        self._show_tooltip()

    def _show_tooltip(self, _number: int = 0) -> None:
        name = self.layer.name if self.layer is not None else ""
        self.setToolTip("\n".join(text for text in (name, self.meaning) if text))


class LayerList(QListWidget):
    """Any number of layers, checked in a list."""

    chosen = Signal()

    def __init__(self, kind: str, checked: Callable[[Layer], bool] | None = None) -> None:
        super().__init__()
        self.kind = kind
        self._layers: list[Layer] = []
        self._checked_at_first = checked
        self._known: list[Layer] = []
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.itemChanged.connect(lambda _item: self.chosen.emit())
        self.itemClicked.connect(self._on_click)

    @property
    def layers(self) -> list[Layer]:
        """The checked layers."""
        return [
            layer
            for number, layer in enumerate(self._layers)
            if self.item(number).checkState() == Qt.CheckState.Checked
        ]

    @layers.setter
    def layers(self, layers: Sequence[Layer]) -> None:
        self.blockSignals(True)
        for number, layer in enumerate(self._layers):
            state = Qt.CheckState.Checked if layer in layers else Qt.CheckState.Unchecked
            self.item(number).setCheckState(state)
        self.blockSignals(False)
        self.chosen.emit()

    def offer(self, layers: Iterable[Layer], active: Layer | None = None) -> None:
        """Offer these layers; those that were checked stay so."""
        old = self.layers
        self._layers = [layer for layer in layers if suits(layer, self.kind)]
        self.blockSignals(True)
        self.clear()
        for layer in self._layers:
            item = QListWidgetItem(layer.name)
            item.setToolTip(layer.name)
            item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled)
            on = layer in old or (
                layer not in self._known
                and self._checked_at_first is not None
                and self._checked_at_first(layer)
            )
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            self.addItem(item)
        self._known = list(self._layers)
        self.blockSignals(False)
        self.updateGeometry()
        if self.layers != old:
            self.chosen.emit()

    def explain(self, meaning: str) -> None:
        """Say what the layers are taken for."""
        self.setToolTip(meaning)

    def _on_click(self, item: QListWidgetItem) -> None:
        # a click on the name is as good as one on the box; Qt has handled the box itself already
        position = self.viewport().mapFromGlobal(self.cursor().pos())
        if position.x() > 24:
            on = item.checkState() == Qt.CheckState.Checked
            item.setCheckState(Qt.CheckState.Unchecked if on else Qt.CheckState.Checked)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as two to five layers."""
        row = self.sizeHintForRow(0) if self.count() else 18
        return QSize(160, max(2, min(5, self.count())) * max(18, row) + 8)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Ask for the same height, and hardly any width."""
        return QSize(80, self.sizeHint().height())
