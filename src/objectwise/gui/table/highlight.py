"""The selected objects, shown on the canvas: one quiet layer over the plane that is displayed.

napari shows one selected label or all. Here the selected ones are filled faintly and outlined, as 8-bit labels, which
napari draws several times as fast as any other kind. The layer has all axes of the labels and is one pixel thick along
those that are not displayed: so it can only ever be seen in the plane that it was made from, however late it comes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from objectwise.gui.layers.calibration import KEY, axes_of, data_of
from objectwise.gui.layers.conversion import space_of
from objectwise.gui.runs.newest import Newest
from objectwise.gui.table.features import displayed_frame
from objectwise.gui.table.selection import Selection

NAME = "selected objects"

# pixels of a plane that are looked at; of a larger one the part that can be seen, and no finer than the screen
_MOST = 1 << 24
_SIDE = 4096
# ids up to which a look-up table is made
_TABLE = 1 << 24

_COLORS = {None: (0, 0, 0, 0), 0: (0, 0, 0, 0), 1: (1, 1, 1, 0.3), 2: (1, 1, 1, 1)}


@dataclass(frozen=True)
class Part:
    """Which pixels of a layer are looked at: a slice for each axis, one pixel thick where it is not displayed."""

    slices: tuple[slice, ...]
    displayed: tuple[int, ...]

    @property
    def corner(self) -> np.ndarray:
        """The centre of the first pixel, in pixels of the layer."""
        return np.array([item.start + (item.step - 1) / 2 for item in self.slices])

    @property
    def steps(self) -> np.ndarray:
        """How many pixels of the layer make one."""
        return np.array([item.step for item in self.slices])


def displayed_part(viewer: Any, layer: Labels) -> Part | None:
    """Return the plane of a layer that a viewer displays; None where it displays no plane of it."""
    offset = viewer.dims.ndim - layer.ndim
    displayed = tuple(number - offset for number in viewer.dims.displayed)
    if viewer.dims.ndisplay != 2 or min(displayed) < 0:
        return None
    shape = data_of(layer).shape
    position = layer.world_to_data(viewer.dims.point)
    ends = {number: (0, shape[number], 1) for number in displayed}
    if math.prod(shape[number] for number in displayed) > _MOST:
        factors = layer.downsample_factors[layer.data_level] if layer.multiscale else np.ones(layer.ndim)
        low, high = layer.corner_pixels
        for number in displayed:
            start = int(max(0, low[number] * factors[number]))
            stop = int(min(shape[number], (high[number] + 1) * factors[number]))
            ends[number] = (start, max(stop, start + 1), max(1, -(-(stop - start) // _SIDE)))
    slices = []
    for number in range(layer.ndim):
        if number in ends:
            slices.append(slice(*ends[number]))
            continue
        place = round(float(position[number]))
        if not 0 <= place < shape[number]:
            return None
        slices.append(slice(place, place + 1, 1))
    return Part(tuple(slices), displayed)


def marked(array: Any, part: Part, labels: np.ndarray) -> tuple[Part, np.ndarray]:
    """Return which pixels belong to objects: 1 inside, 2 at their outlines.

    Parameters
    ----------
    array : array
        Labels; lazy ones are read here.
    part : Part
        Which pixels of it.
    labels : (n,) array of int
        The objects, sorted.

    Returns
    -------
    Part
        The same.
    array of uint8
    """
    pixels = np.asarray(array[part.slices])
    last = int(labels[-1])
    if last < _TABLE:
        chosen = np.zeros(last + 2, bool)
        chosen[labels] = True
        # one more than the last stands for all above it
        inside = chosen[
            pixels.clip(0, last + 1) if pixels.dtype.kind == "i" else np.minimum(pixels, last + 1)
        ]
    else:
        inside = np.isin(pixels, labels)
    edge = np.zeros(pixels.shape, bool)
    for axis in part.displayed:
        before = (slice(None),) * axis + (slice(None, -1),)
        after = (slice(None),) * axis + (slice(1, None),)
        differs = pixels[before] != pixels[after]
        edge[before] |= differs
        edge[after] |= differs
    edge &= inside
    return part, inside.view(np.uint8) + edge


class Highlight:
    """The layer that shows the selected objects of another.

    Parameters
    ----------
    viewer : Viewer
    source : Labels
        The layer whose objects are selected.
    selection : Selection
    """

    def __init__(self, viewer: Any, source: Labels, selection: Selection) -> None:
        self.viewer, self.source, self.selection = viewer, source, selection
        self._layer: Labels | None = None
        self._newest = Newest(self._show)
        self._large = False
        dims, events = viewer.dims.events, source.events
        self._followed = [
            *(getattr(dims, name) for name in ("current_step", "order", "ndisplay")),
            *(
                getattr(events, name)
                for name in ("set_data", "labels_update", "visible", "scale", "translate", "affine")
            ),
        ]
        for event in self._followed:
            event.connect(self.refresh)
        # napari 0.9 has put the camera into the scene
        self._camera = getattr(viewer, "scene", viewer).camera.events
        self._camera.connect(self._on_camera)
        selection.changed.connect(self.refresh)
        self.refresh()

    @property
    def layer(self) -> Labels | None:
        """The layer, while there is one."""
        return self._layer if self._layer is not None and self._layer in self.viewer.layers else None

    @property
    def busy(self) -> bool:
        """Whether the selected objects are being looked for."""
        return self._newest.busy

    def refresh(self, _event: Any = None) -> None:
        """Show the selected objects of the displayed plane."""
        labels = self._labels()
        part = displayed_part(self.viewer, self.source) if len(labels) and self.source.visible else None
        if part is None:
            self._newest.drop()
            # napari takes many times as long to add a layer and to remove it
            if self.layer is not None:
                self.layer.visible = False
            return
        shape = data_of(self.source).shape
        self._large = math.prod(shape[number] for number in part.displayed) > _MOST
        self._newest.request(marked, data_of(self.source), part, labels)

    def close(self) -> None:
        """Take the layer away, and follow nothing."""
        for event in self._followed:
            event.disconnect(self.refresh)
        self._camera.disconnect(self._on_camera)
        self.selection.changed.disconnect(self.refresh)
        self._newest.drop()
        layer, self._layer = self.layer, None
        if layer is not None:
            self.viewer.layers.remove(layer)

    def _labels(self) -> np.ndarray:
        if self.source not in self.viewer.layers:
            return np.zeros(0, np.int64)
        labels = self.selection.labels_at(
            displayed_frame(self.viewer, self.source, axes_of(self.source) or "") or 0
        )
        return labels[labels > 0]

    def _on_camera(self, _event: Any = None) -> None:
        if self._large:
            self.refresh()

    def _show(self, found: tuple[Part, np.ndarray]) -> None:
        part, marks = found
        if self.source not in self.viewer.layers or not len(self._labels()):
            return
        layer = self.layer
        place = self._placed(part)
        if layer is None:
            layer = Labels(
                marks,
                name=NAME,
                metadata={KEY: {"preview": True}},
                opacity=1,
                colormap=DirectLabelColormap(color_dict=dict(_COLORS)),
                **place,
            )
            layer.editable = False
            self._layer = layer
            selected, active = set(self.viewer.layers.selection), self.viewer.layers.selection.active
            self.viewer.add_layer(layer)
            self.viewer.layers.selection = selected
            self.viewer.layers.selection.active = active
            return
        for name in ("scale", "translate", "affine"):
            if not np.allclose(getattr(layer, name), place[name]):
                setattr(layer, name, place[name])
        layer.data = marks
        layer.visible = True

    def _placed(self, part: Part) -> dict[str, Any]:
        space = space_of(self.source)
        arguments = space.along(space.axes)
        linear = space.rotate @ space.shear @ np.diag(space.scale)
        arguments["scale"] = space.scale * part.steps
        arguments["translate"] = space.translate + linear @ part.corner
        return arguments
