"""A dock that shows something of the table of the selected labels layer, whichever that is."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QSize

from objectwise.gui.closing import ClosingDock
from objectwise.gui.layers.calibration import axes_of
from objectwise.gui.places import share_place
from objectwise.gui.table.canvas_link import CanvasLink, link_canvas
from objectwise.gui.table.features import displayed_frame
from objectwise.gui.table.noted_table import NotedTable, table_of
from objectwise.gui.table.selection import Selection, selection_of


class LinkedDock(ClosingDock):
    """A dock that follows the table, the selection and the filter of a layer.

    What it shows is made in `build`, filled in `show_table`, `show_rows` and `show_selection`, and emptied in `clear`.

    Parameters
    ----------
    viewer : Viewer
    """

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self.viewer = viewer
        self.layer: Labels | None = None
        self.link: CanvasLink | None = None
        self.build()
        self.follow(self._on_active, viewer.layers.selection.events.active)
        self.follow(self._on_removed, viewer.layers.events.removed)
        self.follow(self._on_dims, viewer.dims.events.current_step)
        self.follow(self.paint, viewer.events.theme)
        self.paint()
        layers = [layer for layer in viewer.layers if self.takes(layer)]
        active = viewer.layers.selection.active
        if layers:
            self.show_layer(active if active in layers else layers[-1])
        else:
            self.clear()

    def takes(self, layer: Any) -> bool:
        """Whether something of a layer can be shown here."""
        return table_of(layer) is not None

    # --- to be filled in -------------------------------------------------------------------------------

    def build(self) -> None:
        """Make the widgets."""

    def paint(self, _event: Any = None) -> None:
        """Take the colours of napari's theme."""

    def show_table(self) -> None:
        """Show another table, of the same layer or another."""

    def show_rows(self) -> None:
        """Show the rows that the filter leaves."""

    def show_selection(self) -> None:
        """Show which rows are selected."""

    def clear(self) -> None:
        """Show that there is no table."""
        self.leave()

    # --- which layer -----------------------------------------------------------------------------------

    def show_layer(self, layer: Labels) -> None:
        """Show the table of a layer."""
        if not self.takes(layer) or layer is self.layer:
            return
        self.leave()
        self.layer = layer
        self.link = link_canvas(self.viewer, layer)
        for event, slot in self.layer_events(layer):
            event.connect(slot)
        self.show_table()

    def layer_events(self, layer: Labels) -> list[tuple[Any, Any]]:
        """Return what is followed of a layer, and by what."""
        selection = selection_of(layer)
        return [
            (selection.changed, self.show_selection),
            (selection.filtered, self.show_rows),
            (selection.measured, self._on_measured),
        ]

    def _on_measured(self) -> None:
        if self.takes(self.layer):
            self.show_table()
        else:
            self.clear()

    def leave(self) -> None:
        """Follow the layer no more."""
        if self.layer is not None:
            for event, slot in self.layer_events(self.layer):
                event.disconnect(slot)
        if self.link is not None:
            self.link.release()
        self.layer = self.link = None

    def _on_active(self, event: Any) -> None:
        if event.value is not None:
            self.show_layer(event.value)

    def _on_removed(self, event: Any) -> None:
        if event.value is self.layer:
            self.clear()

    def _on_dims(self, _event: Any = None) -> None:
        if self.selection is not None and self.selection.frame_only and self.time() is not None:
            self.show_rows()

    # --- what is known of it ---------------------------------------------------------------------------

    @property
    def noted(self) -> NotedTable | None:
        """The table of the layer."""
        return table_of(self.layer)

    @property
    def selection(self) -> Selection | None:
        """The selected rows of the layer, and the filter."""
        return None if self.layer is None else selection_of(self.layer)

    def time(self) -> int | None:
        """Return the displayed frame; None where there is no time."""
        if self.layer is None:
            return None
        return displayed_frame(self.viewer, self.layer, axes_of(self.layer) or "")

    def column(self, name: str) -> np.ndarray:
        """Return a column of the table."""
        assert self.noted is not None
        return self.noted.table.frame[name].to_numpy()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Little, as the window would grow for the moment in which docks lie below each other."""
        return QSize(260, 140)

    def placed(self) -> None:
        """Lie beside the other docks of this package, and take on the look of the window."""
        share_place(self)
        self.paint()

    # --- life ------------------------------------------------------------------------------------------

    def let_go(self) -> None:
        """Follow the layer no more."""
        self.leave()
