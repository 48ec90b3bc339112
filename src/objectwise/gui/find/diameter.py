"""A diameter that is given by a line across one object on the image.

The line is drawn into a Shapes layer that is there only for as long as it is drawn, marked as a preview, so that
nothing takes it for an input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from napari.layers import Layer, Shapes

from objectwise.gui.layers.calibration import KEY, data_of, grid_of
from objectwise.gui.layers.conversion import space_of

LINE = "draw a line across one object"
_COLOR = "#ffb347"


class DrawnDiameter:
    """The line of one panel.

    Parameters
    ----------
    viewer : Viewer
    drawn : callable
        ``drawn(diameter)`` is told the length of a line, in the unit of the layer.
    """

    def __init__(self, viewer: Any, drawn: Callable[[float], None]) -> None:
        self.viewer, self._drawn = viewer, drawn
        self._line: Shapes | None = None
        self._active: Layer | None = None

    @property
    def drawing(self) -> bool:
        """Whether a line is being waited for."""
        return self._line is not None

    def start(self, layer: Layer) -> None:
        """Wait for a line to be drawn on a layer."""
        self.stop()
        self._active = self.viewer.layers.selection.active
        width = max(data_of(layer).shape) / 300
        self._line = Shapes(
            name=LINE,
            ndim=2,
            metadata={KEY: {"preview": True}},
            face_color="transparent",
            **space_of(layer).along("yx"),
        )
        self.viewer.add_layer(self._line)
        self._line.current_edge_width = width
        self._line.current_edge_color = _COLOR
        self.viewer.layers.selection.active = self._line
        self._line.mode = "add_line"
        self._line.mouse_drag_callbacks.append(lambda line, event: self._on_drag(line, event, layer))

    def stop(self) -> None:
        """Wait no longer, and take the line away."""
        line, self._line = self._line, None
        if line is not None and line in self.viewer.layers:
            self.viewer.layers.remove(line)
            if self._active in self.viewer.layers:
                self.viewer.layers.selection.active = self._active

    def _on_drag(self, line: Shapes, event: Any, layer: Layer) -> Iterator[None]:
        start = np.array(line.world_to_data(event.position))
        yield
        while event.type == "mouse_move":
            yield
        across = np.array(line.world_to_data(event.position)) - start
        length = float(np.linalg.norm(across[-2:] * _spacing(layer)))
        if np.abs(across).max() < 1:
            # a click is no line
            return
        self.stop()
        self._drawn(float(f"{length:.3g}"))


def _spacing(layer: Layer) -> np.ndarray:
    grid = grid_of(layer)
    return np.array([grid.spacing_along(axis) for axis in "yx"])
