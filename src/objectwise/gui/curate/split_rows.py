"""Splitting by drawing: the buttons for it, and the layer that is drawn on while one of them is pressed.

Both live and die together, as a layer to draw on that no button ends would stay for ever. What is drawn becomes an
act, which whoever does the work is asked for.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from objectwise.gui.curate.acts import cutting, points_by_frame, splitting
from objectwise.gui.curate.button_rows import button, column, row
from objectwise.gui.curate.drawing import LINE, POINTS, Drawing
from objectwise.gui.layers.calibration import axes_of
from objectwise.gui.table.features import displayed_frame


class SplitRows(QWidget):
    """Buttons to split objects along lines and between points.

    Parameters
    ----------
    viewer : Viewer

    Attributes
    ----------
    asked : Signal
        An edit that is wanted: its title, the frames, and the act.
    said : Signal
        A sentence to show, and whether something is wrong.
    drawing : Drawing or None
        What is drawn on at the moment.
    """

    asked = Signal(str, object, object)
    said = Signal(str, bool)

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self.viewer = viewer
        self.layer: Labels | None = None
        self.drawing: Drawing | None = None
        self.line = button(
            "Cut by a line",
            "Draw lines across objects; each is cut from side to side, in volumes through all planes",
        )
        self.points = button("Set points", "Set a point in each part of an object, then press Split")
        self._kinds = {LINE: self.line, POINTS: self.points}
        for kind, one in self._kinds.items():
            one.setCheckable(True)
            one.toggled.connect(partial(self._draw, kind))
        self.split = button("Split", "Split objects between their points", self.split_at_points)
        column(self, row(self.line), row(self.points, self.split))

    def show_for(self, layer: Labels | None) -> None:
        """Serve another layer; a drawing on another one ends."""
        if layer is not self.layer:
            self.stop()
        self.layer = layer

    def allow(self, on: bool) -> None:
        """Enable what can be pressed, if objects can be edited."""
        for one in self._kinds.values():
            one.setEnabled(on)
        self.split.setEnabled(on and self.points.isChecked())

    def _draw(self, kind: str, on: bool) -> None:
        """Begin or end drawing."""
        self.stop(kind if on else "")
        if on and self.layer is not None:
            if self.viewer.dims.ndisplay != 2:
                self.said.emit("Show planes instead of the volume to draw on them (Ctrl+Y).", True)
                self._kinds[kind].setChecked(False)
                return
            self.drawing = Drawing(self.viewer, self.layer, kind, self.cut, self.stop)
            text = (
                "Draw lines across objects; press the button again when done."
                if kind == LINE
                else "Click into each part of an object, then press Split."
            )
            self.said.emit(text, False)
            self.split.setEnabled(kind == POINTS)

    def stop(self, stays: str = "") -> None:
        """End drawing, and leave no button pressed but that of the kind named."""
        drawing, self.drawing = self.drawing, None
        if drawing is not None:
            drawing.close()
        for kind, one in self._kinds.items():
            if kind != stays:
                one.blockSignals(True)
                one.setChecked(False)
                one.blockSignals(False)
        self.split.setEnabled(False)

    def cut(self, line: np.ndarray) -> None:
        """Cut the objects that a line crosses; its places in pixels of the layer."""
        assert self.layer is not None
        if self.drawing is not None:
            self.drawing.clear()
        dims = self.viewer.dims
        displayed = [number - (dims.ndim - self.layer.ndim) for number in dims.displayed]
        try:
            act = cutting(self.layer, line, displayed)
        except ValueError as error:
            self.said.emit(str(error), True)
            return
        frame = displayed_frame(self.viewer, self.layer, axes_of(self.layer) or "") or 0
        self.asked.emit("cut by a line", {frame: []}, act)

    def split_at_points(self) -> None:
        """Split objects between the points that were set."""
        if self.layer is None or self.drawing is None:
            return
        points = points_by_frame(self.layer, self.drawing.points())
        if not points:
            self.said.emit("Click into each part of an object first.", True)
            return
        self.drawing.clear()
        self.asked.emit("split at points", {frame: [] for frame in points}, splitting(self.layer, points))
