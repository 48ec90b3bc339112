"""The rows of a dock that depend on the chosen layer: axes, channel, planes, frames and kind of result.

A row that has no meaning for a layer is not shown, and what it would have said has no part in the run.
"""

from __future__ import annotations

from typing import Any

from napari.layers import Layer
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFormLayout, QLabel, QWidget

from objectwise.core.grid import Grid
from objectwise.core.method import Method
from objectwise.gui.forms.choosers import NarrowComboBox
from objectwise.gui.layers.calibration import axes_of, grid_of, possible_axes, remember_axes, shape_of
from objectwise.gui.runs.wiring import unnamed

CHOOSE = "choose ..."
_ALL = "all channels"
_VOLUME, _PLANE = "volume", "each plane"


class DependentRows(QWidget):
    """The rows; `refresh` shows those that the chosen layers need.

    Attributes
    ----------
    chosen : Signal
        Emitted when a person has chosen something.
    understood : Signal
        Emitted when a person has said what the axes of a layer are.
    """

    chosen = Signal()
    understood = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._layer: Layer | None = None
        self._record: Method | None = None
        self._grid: Grid | None = None
        self.axes, self.channel = NarrowComboBox(), NarrowComboBox()
        self.work_on, self.scope, self.output = NarrowComboBox(), NarrowComboBox(), NarrowComboBox()
        self.fields = (self.axes, self.channel, self.work_on, self.output, self.scope)
        self._labels: dict[NarrowComboBox, QLabel] = {}
        self.form = row_layout()
        self.setLayout(self.form)
        for box, title, tooltip in (
            (self.axes, "Axes", "What the axes of this layer are; remembered on the layer"),
            (self.channel, "Channel", "The channel that is worked on"),
            (
                self.work_on,
                "Work on",
                "Whether a volume is worked on as a whole, or each of its planes alone",
            ),
            (self.output, "Output", "A class for each pixel, or an id for each object"),
            (self.scope, "From", "From which pixels the number is computed"),
        ):
            box.setToolTip(tooltip)
            self._labels[box] = row_label(title, tooltip)
            self.form.addRow(self._labels[box], box)
        self.axes.activated.connect(self._on_axes)
        self.work_on.activated.connect(self._on_work_on)
        for box in (self.channel, self.scope, self.output):
            box.activated.connect(lambda _number: self.chosen.emit())

    def align(self, width: int) -> None:
        """Give all labels one width in pixels."""
        for label in self._labels.values():
            label.setFixedWidth(width)

    # --- what is chosen --------------------------------------------------------------------------------

    def _is_wanted(self, box: NarrowComboBox) -> bool:
        return bool(box.property("wanted"))

    @property
    def by_plane(self) -> bool:
        """Whether each plane of a volume is worked on alone."""
        return self._is_wanted(self.work_on) and self.work_on.currentText() == _PLANE

    @property
    def instances(self) -> bool:
        """Whether the result is to have an id for each object, rather than a class for each pixel."""
        return self._is_wanted(self.output) and self.output.currentIndex() == 1

    @property
    def scope_name(self) -> str:
        """Over what a number is computed, as a step writes it."""
        return str(self.scope.currentData() or "frame")

    @property
    def channel_name(self) -> str | None:
        """The chosen channel; None for all or where there is none, empty where it has to be chosen yet."""
        text = self.channel.currentText()
        if not self._is_wanted(self.channel) or text == _ALL:
            return None
        return "" if text == CHOOSE else text

    # --- reactions -------------------------------------------------------------------------------------

    def _on_axes(self, _number: int) -> None:
        if self._layer is not None and self.axes.currentText() != CHOOSE:
            remember_axes(self._layer, self.axes.currentText())
            self.understood.emit()

    def _on_work_on(self, _number: int) -> None:
        self._refresh_scope()
        self.chosen.emit()

    # --- which rows ------------------------------------------------------------------------------------

    def refresh(self, record: Method, chosen: dict[str, list[Layer]], grid: Grid | None) -> None:
        """Show the rows that an operation needs for these layers.

        Parameters
        ----------
        record : Operation
        chosen : dict
            The layers of each input.
        grid : Grid or None
            That of the first of them; None where it is not known.
        """
        self._record, self._grid = record, grid
        layers = [layer for several in chosen.values() for layer in several]
        self._layer = unnamed(layers)
        self._show(self.axes, self._layer is not None)
        if self._layer is not None:
            first = self._layer is layers[0]
            self._title(self.axes, "Axes" if first else f"Axes of {self._layer.name}")
            _fill(self.axes, [CHOOSE, *possible_axes(self._layer)], CHOOSE)
        self._refresh_channel(record, chosen)
        volume = grid is not None and grid.ndim == 3
        self._show(self.work_on, volume and record.output not in ("table", "value"))
        ways = [name for name, n in ((_VOLUME, 3), (_PLANE, 2)) if n in record.dimensions]
        _fill(self.work_on, ways, self.work_on.currentText())
        self._refresh_scope()
        wanted = record.output in ("mask", "classes") and record.family in ("threshold", "cluster")
        self._show(self.output, wanted)
        if wanted:
            number = max(0, self.output.currentIndex())
            texts = [f"Semantic ({record.output})", "Instance (labels)"]
            _fill(self.output, texts, texts[number])
        self.setVisible(any(self._is_wanted(box) for box in self.fields))

    def _refresh_channel(self, record: Method, chosen: dict[str, list[Layer]]) -> None:
        single = next((item.name for item in record.inputs if item.kind == "image"), None)
        layer = next(iter(chosen.get(single, [])), None) if single is not None else None
        shown = layer is not None and axes_of(layer) is not None and "c" in grid_of(layer).axes
        self._show(self.channel, shown)
        if not shown or layer is None:
            return
        grid = grid_of(layer)
        names = list(grid.channels) or [str(n) for n in range(grid.size("c", shape_of(layer)))]
        first = [_ALL] if record.by_channel else [CHOOSE] if len(names) > 1 else []
        old = self.channel.currentText()
        _fill(self.channel, first + names, old if old in names else (first + names)[0])

    def _refresh_scope(self) -> None:
        options = []
        record, grid = self._record, self._grid
        if record is not None and record.computed and grid is not None:
            timed, planes = "t" in grid.axes, grid.ndim == 3 and self.by_plane
            if timed or planes:
                options.append(("each frame" if timed else "whole volume", "frame"))
            if planes:
                options.append((_PLANE, "plane"))
            if timed:
                options.append(("whole series", "series"))
            self._title(self.scope, f"{record.computed[-1].title} from")
        self._show(self.scope, bool(options))
        old = self.scope.currentData()
        self.scope.blockSignals(True)
        self.scope.clear()
        for text, scope in options:
            self.scope.addItem(text, scope)
        self.scope.setCurrentIndex(max(0, self.scope.findData(old)))
        self.scope.blockSignals(False)

    def _show(self, box: NarrowComboBox, on: bool) -> None:
        box.setProperty("wanted", on)
        box.setVisible(on)
        self._labels[box].setVisible(on)

    def _title(self, box: NarrowComboBox, title: str) -> None:
        label = self._labels[box]
        label.setToolTip(title)
        width = max(80, label.width())
        label.setText(label.fontMetrics().elidedText(title, Qt.TextElideMode.ElideMiddle, width))


def row_layout() -> QFormLayout:
    """Return a layout of rows whose fields take the room there is."""
    rows = QFormLayout()
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return rows


def row_label(title: str, tooltip: str = "") -> QLabel:
    """Return the label of a row."""
    label = QLabel(title)
    label.setToolTip(tooltip)
    return label


def _fill(box: NarrowComboBox, texts: list[str], chosen: Any) -> None:
    """Offer texts without a signal, and choose one of them."""
    box.blockSignals(True)
    if [box.itemText(number) for number in range(box.count())] != texts:
        box.clear()
        box.addItems(texts)
    box.setCurrentIndex(max(0, box.findText(chosen)))
    box.blockSignals(False)
