"""Objects coloured by a column of their table, in the labels layer itself.

napari has one colour for each label, whatever the frame; so in a movie the colours are those of the displayed frame,
and are set anew when that changes. What the layer looked like before is kept, to be put back as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from objectwise.gui.layers.calibration import axes_of
from objectwise.gui.table.features import displayed_frame
from objectwise.gui.table.noted_table import NotedTable, table_of
from objectwise.gui.table.palette import GREY, Palette, palette_of
from objectwise.gui.table.selection import selection_of


@dataclass(frozen=True)
class Look:
    """What the colours show, and how.

    Parameters
    ----------
    column : str
    scale : str
        A scale of napari.
    percentiles : tuple of float
        Of all values of the column, where the scale begins and ends.
    kinds : bool, optional
        Whether each value has a colour of its own; found out where it is left out.
    """

    column: str
    scale: str = "viridis"
    percentiles: tuple[float, float] = (1.0, 99.0)
    kinds: bool | None = None

    def palette(self, noted: NotedTable) -> Palette:
        """Return the colours, the same for all frames."""
        values = noted.table.frame[self.column].to_numpy()
        return palette_of(values, self.scale, self.percentiles, self.kinds)


def colormap_of(labels: np.ndarray, values: np.ndarray, palette: Palette) -> DirectLabelColormap:
    """Return napari's colours for labels by their values; grey for all others and for what is not defined."""
    grey = np.array(GREY, np.float32) / 255
    # one array for each colour, not for each object
    colours = [*(palette.colours / np.float32(255)), grey]
    places = palette.places(values).tolist()
    found = {label: colours[place] for label, place in zip(labels.tolist(), places, strict=True)}
    colormap = DirectLabelColormap(color_dict={None: grey, 0: np.zeros(4)})
    # filled in here, as napari would check every one of them for being a colour, which takes longer than all the rest
    colormap.color_dict.update(found)
    return colormap


class Colouring:
    """The colours of one layer, kept right until they are taken away; see `colour_by`."""

    def __init__(self, viewer: Any, layer: Labels) -> None:
        self._layer = ref(layer)
        self.viewer = viewer
        self.original = layer.colormap
        self.look: Look | None = None
        self._colormap: DirectLabelColormap | None = None
        viewer.dims.events.current_step.connect(self._on_dims)
        viewer.layers.events.removed.connect(self._on_removed)
        selection_of(layer).measured.connect(self._on_measured)
        self._frame: int | None = None

    def show(self, look: Look | None = None) -> None:
        """Colour the objects of the displayed frame."""
        layer = self._layer()
        noted = table_of(layer)
        self.look = look or self.look
        if layer is None or noted is None or self.look is None:
            return
        if self.look.column not in noted.table.frame:
            self.restore()
            return
        self._frame = displayed_frame(self.viewer, layer, axes_of(layer) or "")
        rows = noted.table.frame
        here = np.ones(len(rows), bool) if self._frame is None else (rows["frame"] == self._frame).to_numpy()
        values = rows[self.look.column].to_numpy()[here]
        self._colormap = colormap_of(rows["label"].to_numpy()[here], values, self.look.palette(noted))
        layer.colormap = self._colormap

    def restore(self) -> None:
        """Give the layer the colours that it had before, unless it has got others meanwhile."""
        layer = self._layer()
        self.let_go()
        if layer is not None and layer.colormap is self._colormap:
            layer.colormap = self.original

    def let_go(self) -> None:
        """Follow nothing any more, and leave the colours as they are."""
        layer = self._layer()
        self.viewer.dims.events.current_step.disconnect(self._on_dims)
        self.viewer.layers.events.removed.disconnect(self._on_removed)
        if layer is not None:
            selection_of(layer).measured.disconnect(self._on_measured)
            _kept.pop(layer, None)

    def _on_dims(self, _event: Any = None) -> None:
        layer = self._layer()
        if layer is None or layer.colormap is not self._colormap:
            # somebody else has given it other colours
            self.let_go()
        elif displayed_frame(self.viewer, layer, axes_of(layer) or "") != self._frame:
            self.show()

    def _on_measured(self) -> None:
        layer = self._layer()
        if layer is not None and layer.colormap is self._colormap:
            self.show()

    def _on_removed(self, event: Any) -> None:
        if event.value is self._layer():
            self.let_go()


_kept: WeakKeyDictionary[Labels, Colouring] = WeakKeyDictionary()


def colouring_of(layer: Labels | None) -> Colouring | None:
    """Return how a layer is coloured; None where it has colours of its own."""
    return _kept.get(layer) if layer is not None else None


def colour_by(viewer: Any, layer: Labels, look: Look) -> Colouring:
    """Colour the objects of a layer by a column of its table."""
    colouring = _kept.get(layer)
    if colouring is None:
        colouring = _kept[layer] = Colouring(viewer, layer)
    colouring.show(look)
    return colouring


def restore_colours(layer: Labels) -> None:
    """Give a layer the colours that it had before it was coloured by a column."""
    colouring = _kept.get(layer)
    if colouring is not None:
        colouring.restore()
