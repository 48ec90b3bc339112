"""A line or points that a person draws on labels: a layer of napari for it, which goes with the drawing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.layers import Labels, Points, Shapes
from qtpy.QtCore import QTimer

from objectwise.gui.layers.calibration import KEY, axes_of
from objectwise.gui.layers.conversion import space_of

LINE, POINTS = "line to cut along", "points to split at"


class Drawing:
    """A layer on top of labels to draw on, until it is closed.

    Parameters
    ----------
    viewer : Viewer
    labels : Labels
    kind : str
        `LINE` or `POINTS`.
    drawn : callable
        Given a line as soon as it is drawn: shape (2, ndim), in pixels of the labels.
    gone : callable
        Called when somebody else has taken the layer away.
    """

    def __init__(
        self,
        viewer: Any,
        labels: Labels,
        kind: str,
        drawn: Callable[[np.ndarray], None],
        gone: Callable[[], None],
    ) -> None:
        self.viewer, self.labels = viewer, labels
        self._drawn, self._gone = drawn, gone
        place = space_of(labels).along(str(axes_of(labels)))
        place["metadata"] = {KEY: {"preview": True}}
        width = float(min(np.abs(place["scale"][-2:])))
        self.layer: Shapes | Points
        if kind == LINE:
            self.layer = Shapes(
                name=LINE,
                ndim=labels.ndim,
                edge_color="white",
                edge_width=1.5,
                face_color="transparent",
                **place,
            )
        else:
            self.layer = Points(
                name=POINTS,
                ndim=labels.ndim,
                size=max(6.0, 4 * width / max(width, 1e-12)),
                face_color="white",
                **place,
            )
        viewer.add_layer(self.layer)
        viewer.layers.selection.active = self.layer
        self.layer.mode = "add_line" if kind == LINE else "add"
        if kind == LINE:
            self.layer.events.data.connect(self._on_data)
        viewer.layers.events.removed.connect(self._on_removed)

    def _on_data(self, event: Any) -> None:
        # napari tells of a shape when it is begun and when it is done
        if str(getattr(event, "action", "")).lower().endswith("added") and len(self.layer.data):
            line = self.pixels(self.layer.data[-1])
            if np.abs(line[0] - line[-1]).max() >= 1:
                # napari is not done with it yet
                QTimer.singleShot(0, lambda: self._drawn(line))

    def pixels(self, vertices: Any) -> np.ndarray:
        """Return places on the layer in pixels of the labels."""
        return np.array([self.labels.world_to_data(self.layer.data_to_world(place)) for place in vertices])

    def points(self) -> np.ndarray:
        """Return the points that were set, in pixels of the labels."""
        return self.pixels(self.layer.data).reshape(-1, self.labels.ndim)

    def clear(self) -> None:
        """Take away what was drawn."""
        with self.layer.events.data.blocker():
            self.layer.data = [] if isinstance(self.layer, Shapes) else np.zeros((0, self.labels.ndim))

    def _on_removed(self, event: Any) -> None:
        if event.value is self.layer:
            self.close()
            self._gone()

    def close(self) -> None:
        """Take the layer away, and select the labels again."""
        self.viewer.layers.events.removed.disconnect(self._on_removed)
        if self.labels in self.viewer.layers:
            self.viewer.layers.selection.active = self.labels
        if self.layer in self.viewer.layers:
            self.viewer.layers.remove(self.layer)
