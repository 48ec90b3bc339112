"""The preview in the viewer: one layer that follows the form and the sliders, computed off the GUI thread.

Throttled, not delayed: the preview that is being computed is finished and shown, then the newest request is
taken and those between are dropped. So something moves while a slider is dragged, and what is shown at last
is what is set. The layer holds 8 or 16 bits and is never selected, as napari takes several times as long for
anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer
from superqt.utils import create_worker

from objectwise.gui.calibration import KEY, data_of
from objectwise.gui.glance import Glance, Memory, Seen, look
from objectwise.gui.jobs import Job

NAME = "preview"


def displayed_index(viewer: Any, layer: Layer, axes: str) -> dict[str, int]:
    """Return which frame and plane of a layer the viewer displays.

    Raises
    ------
    ValueError
        If not a plane of y and x is displayed.
    """
    offset = viewer.dims.ndim - layer.ndim
    displayed = [number - offset for number in viewer.dims.displayed]
    if viewer.dims.ndisplay != 2 or displayed != [axes.index("y"), axes.index("x")]:
        raise ValueError("The preview needs the 2-D view of y and x.")
    if axes[-2:] != "yx":
        raise ValueError("No preview where y and x are not the last axes; press Run.")
    shape = data_of(layer).shape
    position = layer.world_to_data(viewer.dims.point)
    return {
        axis: int(np.clip(round(float(position[number])), 0, shape[number] - 1))
        for number, axis in enumerate(axes)
        if axis in "tz"
    }


def limits_of(array: np.ndarray, source: Layer) -> tuple[float, float]:
    """Return the contrast of a preview: that of its source where the brightness is alike, its own range elsewhere."""
    finite = array[np.isfinite(array)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if isinstance(source, Image) and not source.rgb:
        first, last = source.contrast_limits
        # a quarter of the source's range at least is used, and little lies outside
        if (
            high - low > 0.25 * (last - first)
            and low > first - (last - first)
            and high < last + (last - first)
        ):
            return float(first), float(last)
    return low, high if high > low else low + 1


class Preview:
    """The preview of one dock.

    Parameters
    ----------
    viewer : Viewer
    say : callable
        ``say(sentence, wrong)`` shows what the preview found.
    found : callable
        ``found(name, value)`` is told each number that was computed for the preview.
    """

    look = staticmethod(look)

    def __init__(
        self, viewer: Any, say: Callable[[str, bool], None], found: Callable[[str, Any], None]
    ) -> None:
        self.viewer, self.say, self.found = viewer, say, found
        self.memory = Memory()
        self.on = False
        self.shown = 0
        self._layer: Layer | None = None
        self._look: dict[str, Any] = {}
        self._worker: Any = None
        self._next: tuple[Glance, Layer, tuple[Layer, ...]] | None = None
        self._hidden: list[Layer] = []

    @property
    def layer(self) -> Layer | None:
        """The layer of the preview, while there is one."""
        return self._layer if self._layer is not None and self._layer in self.viewer.layers else None

    @property
    def busy(self) -> bool:
        """Whether a preview is being computed or waits."""
        return self._worker is not None or self._next is not None

    def request(self, job: Job, layer: Layer, covered: Sequence[Layer] = ()) -> None:
        """Show the displayed plane of a job, as soon as the one before is done.

        Parameters
        ----------
        job : Job
        layer : Layer
            The layer that tells which plane is displayed.
        covered : sequence of Layer
            Layers that would hide what has changed: hidden while there is a preview.
        """
        try:
            if not job.space.is_apart("yx"):
                raise ValueError("No preview of a layer that is turned out of its plane; press Run.")
            glance = Glance(job, displayed_index(self.viewer, layer, job.space.axes))
        except ValueError as error:
            self.remove()
            self.say(str(error), False)
            return
        self.on = True
        self._next = (glance, layer, tuple(covered))
        if self._worker is None:
            self._start()

    def remove(self) -> None:
        """Take the preview away, and drop what is being computed."""
        self.on, self._next = False, None
        layer, self._layer = self.layer, None
        if layer is not None:
            self.viewer.layers.remove(layer)
        self._cover(())

    def _cover(self, layers: Sequence[Layer]) -> None:
        """Hide these layers, and show those again that were hidden before."""
        for layer in self._hidden:
            if layer not in layers:
                layer.visible = True
        self._hidden = [layer for layer in layers if layer.visible or layer in self._hidden]
        for layer in self._hidden:
            layer.visible = False

    def close(self) -> None:
        """Take the preview away and forget everything."""
        self.remove()
        self.memory = Memory()

    def _start(self) -> None:
        assert self._next is not None
        (glance, source, covered), self._next = self._next, None
        worker = create_worker(self.look, glance, self.memory, _start_thread=False, _ignore_errors=True)
        worker.returned.connect(lambda seen: self._show(seen, glance, source, covered))
        worker.errored.connect(self._fail)
        worker.finished.connect(self._finish)
        self._worker = worker
        worker.start()

    def _finish(self) -> None:
        self._worker = None
        if self._next is not None:
            self._start()

    def _fail(self, error: Exception) -> None:
        if self.on:
            layer, self._layer = self.layer, None
            if layer is not None:
                self.viewer.layers.remove(layer)
            self._cover(())
            self.say(str(error), not str(error).startswith(("No preview", "The plane is too large")))

    def _show(self, seen: Seen, glance: Glance, source: Layer, covered: Sequence[Layer]) -> None:
        if not self.on or source not in self.viewer.layers:
            return
        arguments = glance.job.space.along("yx")
        here = {"kind": seen.kind == "image", "shape": seen.array.shape, "place": str(arguments)}
        layer = self.layer
        if layer is not None and here == self._look:
            layer.data = seen.array
        else:
            self.on, on = False, self.on
            if layer is not None:
                self.viewer.layers.remove(layer)
            self._look = here
            self._layer = self._add(seen, source, arguments)
            self.on = on
        if isinstance(self._layer, Image):
            self._layer.contrast_limits = limits_of(seen.array, source)
        self._cover(covered)
        self.shown += 1
        for row in seen.values:
            self.found(row["parameter"], row["value"])
        self.say(seen.sentence, False)

    def _add(self, seen: Seen, source: Layer, arguments: dict[str, Any]) -> Layer:
        metadata = {KEY: {"preview": True}}
        if seen.kind == "image":
            layer: Layer = Image(seen.array, name=NAME, metadata=metadata, **arguments)
            if isinstance(source, Image) and not source.rgb:
                layer.colormap = source.colormap
        else:
            layer = Labels(seen.array, name=NAME, metadata=metadata, opacity=0.5, **arguments)
            layer.editable = False
        selected, active = set(self.viewer.layers.selection), self.viewer.layers.selection.active
        self.viewer.add_layer(layer)
        # a selected preview is drawn several times as slowly, and the user has not chosen it
        self.viewer.layers.selection = selected
        self.viewer.layers.selection.active = active
        return layer
