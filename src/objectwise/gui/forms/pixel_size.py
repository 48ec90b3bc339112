"""A row that asks for the pixel size of an image that has none.

Most files that a viewer opens arrive without it, and every area measured from them is then a count of pixels.
Asking here, once, is all that most users ever need of calibration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from napari.layers import Image, Labels, Layer
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QLabel, QPushButton, QWidget

from objectwise.core.grid import Grid
from objectwise.gui.forms.wheel import pass_wheel
from objectwise.gui.layers.calibration import axes_of, data_of, lacks_unit, set_pixel_size


class PixelSizeRow(QWidget):
    """Number, unit and button; hidden where the pixel size is known.

    Parameters
    ----------
    use : callable
        ``use({"y": 0.5, "x": 0.5}, "um")`` is called when a person has given it.
    """

    def __init__(self, use: Callable[[dict[str, float], str], None]) -> None:
        super().__init__()
        self._use = use
        self._grid: Grid | None = None
        self.plane, self.step = _number(), _number()
        self.plane.setToolTip("Size of a pixel along y and x")
        self.step.setToolTip("Distance between two planes")
        self.unit = QComboBox()
        self.unit.addItems(["um", "nm", "mm"])
        self.unit.setFixedWidth(66)
        self.unit.setToolTip("Unit of the pixel size")
        self.step_label = QLabel("z")
        self.button = QPushButton("Set")
        self.button.setToolTip("Give the layer, and others of its size, this pixel size")
        self.button.clicked.connect(self._on_click)
        self.plane.lineEdit().returnPressed.connect(self._on_return)
        self.step.lineEdit().returnPressed.connect(self._on_click)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        label = QLabel("Pixel size")
        for widget in (label, self.plane, self.step_label, self.step, self.unit, self.button):
            row.addWidget(widget)
        self.button.setFixedWidth(40)
        row.setStretch(1, 1)
        row.setStretch(3, 1)

    def show_for(self, grid: Grid | None) -> None:
        """Ask for the pixel size of this grid, if it has none."""
        self._grid = grid
        self.setVisible(grid is not None and not grid.calibrated)
        volume = grid is not None and grid.ndim == 3
        self.step.setVisible(volume)
        self.step_label.setVisible(volume)

    def _on_return(self) -> None:
        """Go on to the distance between planes where there are any."""
        if self.step.isHidden():
            self._on_click()
        else:
            self.step.setFocus()
            self.step.selectAll()

    def _on_click(self) -> None:
        if self._grid is None:
            return
        sizes = {
            axis: self.step.value() if axis == "z" else self.plane.value() for axis in self._grid.spatial
        }
        self._use(sizes, self.unit.currentText())


def calibrate_alike(viewer: Any, main: Layer, sizes: Mapping[str, float], unit: str) -> None:
    """Give a layer its pixel size, and all others of its shape and axes that have none."""
    alike = [
        layer
        for layer in viewer.layers
        if isinstance(layer, Image | Labels)
        and lacks_unit(layer)
        and axes_of(layer) == axes_of(main)
        and data_of(layer).shape == data_of(main).shape
    ]
    before = main.world_to_data(viewer.dims.point)
    set_pixel_size(alike, sizes, unit)
    # the sliders stand at positions in the world, which has just changed its size
    offset = viewer.dims.ndim - main.ndim
    for number, position in enumerate(main.data_to_world(before)):
        if number + offset not in viewer.dims.displayed:
            viewer.dims.set_point(number + offset, position)
    viewer.reset_view()


class _Short(QDoubleSpinBox):
    """A number without zeros at its end, of which two fit beside each other."""

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's name
        """Return the text that is shown."""
        return f"{value:.4f}".rstrip("0").rstrip(".")


def _number() -> QDoubleSpinBox:
    box = _Short()
    box.setDecimals(4)
    box.setRange(0.0001, 100000.0)
    box.setValue(1.0)
    box.setSingleStep(0.1)
    # without the buttons of the theme four of these fit beside each other
    box.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
    # the theme's own minimum is wider, and pushed the button out of the dock
    box.setStyleSheet("QDoubleSpinBox { min-width: 34px; }")
    pass_wheel(box)
    return box
