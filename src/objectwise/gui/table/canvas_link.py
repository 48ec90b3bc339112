"""Between the selected rows of a layer and the canvas: clicks select, selected objects are shown and gone to.

One link serves all docks that show something of a layer, and ends with the last of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from napari.layers import Labels

from objectwise.gui.layers.calibration import axes_of, data_of
from objectwise.gui.runs.newest import Newest
from objectwise.gui.table.features import displayed_frame
from objectwise.gui.table.highlight import Highlight
from objectwise.gui.table.noted_table import NotedTable, table_of
from objectwise.gui.table.selection import keys_of, selection_of

# pixels of the screen that a pointer may move during a click
_STILL = 4
# share of the canvas that an object fills after zooming, and the sizes on the screen that need no zooming
_SMALL, _LARGE = 0.15, 0.6
_SMALLEST, _LARGEST = 12, 0.9

_PAINTING = ("paint", "erase", "fill", "polygon")

# first and last pixel along each axis of space, and the middle
Box = dict[str, tuple[float, float, float]]

_links: WeakValueDictionary[tuple[int, int], CanvasLink] = WeakValueDictionary()


def link_canvas(viewer: Any, layer: Labels) -> CanvasLink:
    """Return the link between a layer and a viewer; to be released after use."""
    link = _links.get((id(viewer), id(layer)))
    if link is None:
        link = _links[id(viewer), id(layer)] = CanvasLink(viewer, layer)
    link.users += 1
    return link


class CanvasLink:
    """The selection of one layer in one viewer; see `link_canvas`."""

    def __init__(self, viewer: Any, layer: Labels) -> None:
        self.viewer, self.layer = viewer, layer
        self.users = 0
        self.selection = selection_of(layer)
        self.highlight = Highlight(viewer, layer, self.selection)
        self._search = Newest(self._on_found)
        self._pressed = self._leading = False
        self._label = int(layer.selected_label)
        viewer.mouse_drag_callbacks.append(self._on_mouse)
        layer.events.selected_label.connect(self._on_label)
        self.selection.changed.connect(self._on_selection)

    def release(self) -> None:
        """Say that this is needed no more; the last one to do so ends it."""
        self.users -= 1
        if self.users:
            return
        _links.pop((id(self.viewer), id(self.layer)), None)
        if self._on_mouse in self.viewer.mouse_drag_callbacks:
            self.viewer.mouse_drag_callbacks.remove(self._on_mouse)
        self.layer.events.selected_label.disconnect(self._on_label)
        self.selection.changed.disconnect(self._on_selection)
        self._search.drop()
        self.highlight.close()

    @property
    def frame(self) -> int:
        """The displayed frame; 0 where there is no time."""
        return displayed_frame(self.viewer, self.layer, axes_of(self.layer) or "") or 0

    # --- from the canvas -------------------------------------------------------------------------------

    def _takes_clicks(self) -> bool:
        """Whether a click means an object of this layer, and not paint or something of another layer."""
        noted, active = table_of(self.layer), self.viewer.layers.selection.active
        if not self.layer.visible or (noted is not None and not noted.labelled):
            return False
        mode = str(getattr(active, "mode", "pan_zoom"))
        if active is self.layer:
            return mode not in _PAINTING
        return not isinstance(active, Labels) and mode == "pan_zoom"

    def _on_mouse(self, _viewer: Any, event: Any) -> Iterator[None]:
        if event.button != 1 or not self._takes_clicks():
            return
        start, moved = np.array(event.pos, float), False
        self._pressed = True
        yield
        while event.type == "mouse_move":
            moved |= bool(np.abs(np.array(event.pos) - start).max() > _STILL)
            yield
        self._pressed = False
        # a pick of napari has changed it meanwhile
        self._label = int(self.layer.selected_label)
        if moved:
            return
        found = self.layer.get_value(
            event.position,
            view_direction=event.view_direction,
            dims_displayed=list(event.dims_displayed),
            world=True,
        )
        label = int((found[1] if self.layer.multiscale else found) or 0) if found is not None else 0
        more = {"Shift", "Control", "Meta"} & {str(getattr(key, "name", key)) for key in event.modifiers}
        if label > 0:
            self.selection.choose(keys_of([self.frame], [label]), "toggle" if more else "replace")
        elif not more:
            self.selection.clear()

    def _on_label(self, _event: Any = None) -> None:
        """Select the object of napari's selected label; it announces other things by the same event."""
        label = int(self.layer.selected_label)
        if self._leading or self._pressed or label == self._label:
            return
        self._label = label
        noted = table_of(self.layer)
        if noted is None or noted.labelled:
            self.selection.choose(keys_of([self.frame], [label]) if label else ())

    # --- to the canvas ---------------------------------------------------------------------------------

    def _on_selection(self) -> None:
        current = self.selection.current
        noted = table_of(self.layer)
        if current is None or not current[1] or noted is None or not noted.labelled:
            return
        self._leading = True
        try:
            self.layer.selected_label = self._label = current[1]
        finally:
            self._leading = False

    def go_to(self, frame: int, label: int) -> None:
        """Show an object: its frame and plane, itself in the middle, large enough to be seen."""
        noted = table_of(self.layer)
        axes = axes_of(self.layer)
        if noted is None or axes is None or not noted.labelled:
            return
        self._search.drop()
        box = box_in(noted, frame, label)
        if box is None:
            index = tuple(frame if axis == "t" else slice(None) for axis in axes)
            self._search.request(_box_of, data_of(self.layer), index, axes, frame, label)
        else:
            self._show(axes, frame, box)

    def _on_found(self, found: tuple[str, int, Box | None]) -> None:
        axes, frame, box = found
        if box is not None and self.layer in self.viewer.layers:
            self._show(axes, frame, box)

    def _show(self, axes: str, frame: int, box: Box) -> None:
        """Show a box, given in pixels along the axes of space."""
        ends = {"t": (frame,) * 3, "c": (0,) * 3, **box}
        low, high, middle = (np.array([ends[axis][side] for axis in axes], float) for side in range(3))
        world = np.array(self.layer.data_to_world(middle))
        dims, offset = self.viewer.dims, self.viewer.dims.ndim - len(world)
        for number, position in enumerate(world):
            if number + offset not in dims.displayed:
                dims.set_point(number + offset, position)
        # napari 0.9 has put the camera into the scene
        camera = getattr(self.viewer, "scene", self.viewer).camera
        displayed = [number - offset for number in dims.displayed if number >= offset]
        centre = list(camera.center)
        centre[-len(displayed) :] = [float(world[number]) for number in displayed]
        camera.center = tuple(centre)
        if dims.ndisplay == 2 and len(displayed) == 2:
            camera.zoom = self._zoom(camera.zoom, low, high, displayed)

    def _zoom(self, zoom: float, low: np.ndarray, high: np.ndarray, displayed: list[int]) -> float:
        """Return the zoom at which a box can be seen: the one there is, unless it is far too small or large."""
        first, second = displayed
        corners = []
        for ends in ((low, low), (low, high), (high, low), (high, high)):
            corner = (low + high) / 2
            corner[first], corner[second] = ends[0][first], ends[1][second]
            corners.append(np.array(self.layer.data_to_world(corner))[displayed])
        size = float(np.ptp(corners, axis=0).max())
        canvas = getattr(getattr(self.viewer, "canvas", None), "size", None) or self.viewer._canvas_size
        room = float(min(canvas))
        if size <= 0 or room <= 0 or _SMALLEST <= size * zoom <= _LARGEST * room:
            return zoom
        return (_SMALL if size * zoom < _SMALLEST else _LARGE) * room / size


def box_in(noted: NotedTable, frame: int, label: int) -> Box | None:
    """Return where an object is, as far as its table tells.

    Where the table has no boxes, the centre is all there is; None where it has no centres either, or no such row.
    """
    table = noted.table.frame
    rows = np.flatnonzero((table["frame"].to_numpy() == frame) & (table["label"].to_numpy() == label))
    if not len(rows):
        return None
    box: Box = {}
    for axis in noted.grid.spatial:
        names = [f"bbox_min_{axis}", f"bbox_max_{axis}", f"centroid_{axis}"]
        low, high, centre = (
            float(table[name].iloc[rows[0]]) if name in table else float("nan") for name in names
        )
        centre /= noted.grid.spacing_along(axis)
        if not np.isfinite(low + high):
            low, high = centre, centre + 1
        if not np.isfinite(low):
            return None
        box[axis] = (low, high - 1, centre if np.isfinite(centre) else (low + high - 1) / 2)
    return box


def _box_of(
    array: Any, index: tuple[Any, ...], axes: str, frame: int, label: int
) -> tuple[str, int, Box | None]:
    """Find the box of an object in the pixels."""
    inside = np.asarray(array[index]) == label
    space = [axis for axis in axes if axis != "t"]
    box: Box = {}
    for number, axis in enumerate(space):
        others = tuple(other for other in range(inside.ndim) if other != number)
        found = np.flatnonzero(inside.any(axis=others))
        if not len(found):
            return axes, frame, None
        box[axis] = (float(found[0]), float(found[-1]), float(found[0] + found[-1]) / 2)
    return axes, frame, box
