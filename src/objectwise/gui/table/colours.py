"""Colour objects by a column of their table: the dock with its legend."""

from typing import Any

import napari.viewer
import numpy as np
from qtpy.QtCore import QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QImage, QPainter
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from objectwise.gui.forms.wheel import pass_wheel
from objectwise.gui.runs.run_bar import colors, text_label
from objectwise.gui.table.colouring import Look, colour_by, colouring_of, restore_colours
from objectwise.gui.table.linked_dock import LinkedDock
from objectwise.gui.table.palette import GREY, SCALES, Palette, is_of_kinds
from objectwise.gui.table.table_model import title_of

TITLE = "Colours (Objectwise)"
NONE = "their own colours"


class ColumnBox(QComboBox):
    """A chooser for a column with numbers; the first entry is something else.

    Attributes
    ----------
    picked : Signal
        Emitted when a person has chosen.
    """

    picked = Signal()

    def __init__(self, first: str, tip: str) -> None:
        super().__init__()
        self.first = first
        self.setToolTip(tip)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)
        self.activated.connect(lambda _index: self.picked.emit())
        pass_wheel(self)

    @property
    def name(self) -> str | None:
        """The column; None for the first entry."""
        return self.currentData()

    def choose(self, name: str | None) -> None:
        """Choose a column, or the first entry."""
        self.setCurrentIndex(max(0, self.findData(name)) if name is not None else 0)

    def offer(self, dock: LinkedDock, wanted: str | None = None) -> None:
        """Offer the columns of the table of a dock; the one chosen before stays chosen where there is one like it."""
        before = self.name or wanted
        self.clear()
        if self.first:
            self.addItem(self.first, None)
        if dock.noted is None:
            return
        table = dock.noted.table
        for name in table.frame.columns:
            if dock.column(name).dtype.kind in "biuf":
                self.addItem(title_of(table, str(name)), str(name))
                tip = f"<p>{table.descriptions.get(str(name), '')}</p>"
                self.setItemData(self.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.choose(before)


class Legend(QWidget):
    """The colours of a palette and what they stand for."""

    def __init__(self) -> None:
        super().__init__()
        self.palette_shown: Palette | None = None
        self.undefined = self.truth = False
        self.setMinimumHeight(44)

    def show_palette(self, palette: Palette | None, undefined: bool = False, truth: bool = False) -> None:
        """Show a palette, and grey where there are values that are not defined; of truth values no and yes."""
        self.palette_shown, self.undefined, self.truth = palette, undefined, truth
        n = len(self._kinds())
        self.setMinimumHeight(18 * n + 4 if n else 44)
        self.setVisible(palette is not None)
        self.update()

    def _kinds(self) -> list[tuple[str, tuple[int, ...]]]:
        palette = self.palette_shown
        if palette is None:
            return []
        hues = palette.colours.tolist()
        names = {0.0: "no", 1.0: "yes"} if self.truth else {}
        found = [
            (names.get(kind, f"{kind:.6g}"), tuple(hues[n % len(hues)]))
            for n, kind in enumerate(palette.kinds)
        ]
        return [*found, *([("not defined", GREY)] if self.undefined and found else [])]

    def paintEvent(self, _event: Any) -> None:  # noqa: N802 - Qt's name
        """Draw a bar with its ends, or a square for each kind."""
        palette = self.palette_shown
        if palette is None:
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        kinds = self._kinds()
        for row, (text, colour) in enumerate(kinds):
            painter.fillRect(QRectF(2, 18 * row + 3, 12, 12), QColor(*colour))
            painter.drawText(QRectF(22, 18 * row, self.width() - 22, 18), Qt.AlignmentFlag.AlignVCenter, text)
        if not kinds:
            pixels = np.ascontiguousarray(palette.colours[None])
            image = QImage(pixels.tobytes(), pixels.shape[1], 1, QImage.Format.Format_RGBA8888)
            wide = self.width() - (78 if self.undefined else 4)
            painter.drawImage(QRectF(2, 4, wide, 16), image)
            below = QRectF(2, 22, wide, 18)
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft, f"{palette.low:.4g}")
            painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{palette.high:.4g}")
            middle = (palette.low + palette.high) / 2
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, f"{middle:.4g}")
            if self.undefined:
                painter.fillRect(QRectF(wide + 10, 4, 16, 16), QColor(*GREY))
                painter.drawText(QRectF(wide + 10, 22, 70, 18), Qt.AlignmentFlag.AlignLeft, "undefined")
        painter.end()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as there is room."""
        return QSize(200, self.minimumHeight())


class ColoursDock(LinkedDock):
    """Colour the objects of the selected labels layer by a column of its table.

    Parameters
    ----------
    viewer : Viewer
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)

    def build(self) -> None:
        """Make the widgets."""
        self.title = text_label()
        self.by = ColumnBox(NONE, "The column that the colours of the objects show")
        self.by.picked.connect(self._on_column)
        self.scale = QComboBox()
        self.scale.addItems(list(SCALES))
        self.scale.setToolTip("The colours from the smallest to the largest value")
        self.scale.activated.connect(lambda _index: self.colour())
        self.limits = QDoubleSpinBox(), QDoubleSpinBox()
        for box, value, tip in zip(self.limits, (1, 99), ("begins", "ends"), strict=True):
            box.setRange(0, 100)
            box.setDecimals(1)
            box.setValue(value)
            box.setSuffix(" %")
            box.setToolTip(
                f"Percentile of all values at which the scale {tip}: those beyond have its last colour"
            )
            box.editingFinished.connect(self.colour)
            pass_wheel(box)
        self.kinds = QCheckBox("A colour for each value")
        self.kinds.setToolTip("For columns of few different values, such as classes or numbers of neighbours")
        self.kinds.clicked.connect(lambda _checked: self.colour())
        self.back = QPushButton("Restore original colours")
        self.back.setToolTip("Give the layer the colours that it had before")
        self.back.clicked.connect(self.restore)
        self.legend = Legend()
        self.legend_title = QLabel()
        self.legend_title.setWordWrap(True)
        between = QHBoxLayout()
        between.addWidget(self.limits[0])
        between.addWidget(QLabel("to"))
        between.addWidget(self.limits[1])
        form = QFormLayout()
        form.addRow("Colour by", self.by)
        form.addRow("Colours", self.scale)
        form.addRow("Limits", between)
        form.addRow("", self.kinds)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(self.title)
        column.addLayout(form)
        column.addWidget(self.legend_title)
        column.addWidget(self.legend)
        column.addWidget(self.back)
        column.addStretch(1)
        self.setMinimumWidth(315)

    def paint(self, _event: Any = None) -> None:
        """Take the colours of napari's theme."""
        self.title.setStyleSheet(f"color: {colors(self.viewer)[1]};")

    def layer_events(self, layer: Any) -> list[tuple[Any, Any]]:
        """Return what is followed of a layer, and by what."""
        return [*super().layer_events(layer), (layer.events.name, self._on_name)]

    def _on_name(self, _event: Any = None) -> None:
        if self.layer is not None:
            self.title.setText(f"Objects of {self.layer.name}")

    def show_table(self) -> None:
        """Offer the columns of another table, and show how its layer is coloured."""
        self.setEnabled(self.noted is not None and self.noted.labelled)
        self._on_name()
        self.by.offer(self)
        colouring = colouring_of(self.layer)
        look = colouring.look if colouring is not None else None
        self.by.choose(look.column if look is not None else None)
        if look is not None:
            self.scale.setCurrentText(look.scale)
            for box, value in zip(self.limits, look.percentiles, strict=True):
                box.setValue(value)
            self.kinds.setChecked(bool(look.kinds))
        self._show_legend()

    def clear(self) -> None:
        """Show that there is no table."""
        super().clear()
        self.title.setText("Measure a labels layer to colour its objects by what was measured.")
        self.by.offer(self)
        self.setEnabled(False)
        self._show_legend()

    def choose(self, name: str) -> None:
        """Colour the objects by a column."""
        self.by.choose(name)
        self._on_column()

    def _on_column(self) -> None:
        if self.by.name is not None:
            self.kinds.setChecked(is_of_kinds(self.column(self.by.name)))
        self.colour()

    @property
    def look(self) -> Look | None:
        """What is set; None for the colours of the layer itself."""
        if self.by.name is None:
            return None
        low, high = sorted(box.value() for box in self.limits)
        return Look(self.by.name, self.scale.currentText(), (low, high), self.kinds.isChecked())

    def colour(self) -> None:
        """Colour the objects as it is set."""
        look = self.look
        if self.layer is not None:
            if look is None:
                restore_colours(self.layer)
            else:
                colour_by(self.viewer, self.layer, look)
        self._show_legend()

    def restore(self) -> None:
        """Give the layer the colours that it had before."""
        self.by.choose(None)
        self.colour()

    def _show_legend(self) -> None:
        look, noted = self.look, self.noted
        shown = look is not None and noted is not None
        for widget in (self.legend_title, self.back):
            widget.setVisible(shown)
        for control in (self.scale, *self.limits):
            control.setEnabled(shown and not self.kinds.isChecked())
        self.kinds.setEnabled(shown)
        if look is None or noted is None:
            self.legend.show_palette(None)
            return
        values = self.column(look.column)
        undefined = bool(np.isnan(values.astype(float)).any())
        self.legend.show_palette(look.palette(noted), undefined, values.dtype.kind == "b")
        self.legend_title.setText(title_of(noted.table, look.column))
