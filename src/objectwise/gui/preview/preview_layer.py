"""The preview in the viewer: one layer that follows the form and its histogram, computed off the GUI thread.

Throttled, not delayed: the preview that is being computed is finished and shown, then the newest request is
taken and those between are dropped. So something moves while a line is dragged, and what is shown at last
is what is set. The layer holds 8 or 16 bits and is never selected, as napari takes several times as long for
anything else.

Of a large plane only what is on the screen is computed, and again when the view has moved. The preview also finds the
brightness of the image for the histogram of the dock, from the same counts, and alone while no preview is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer
from qtpy.QtCore import QTimer
from superqt.utils import create_worker

from objectwise.gui.layers.calibration import KEY, data_of
from objectwise.gui.preview.glance import Glance, Seen, look
from objectwise.gui.preview.memory import Memory
from objectwise.gui.preview.region import Box
from objectwise.gui.runs.jobs import Job

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


def visible_box(layer: Layer) -> Box | None:
    """Return which part of the plane of a layer is on the screen; None where that is not known."""
    corners = np.asarray(layer.corner_pixels)[:, -2:].astype(float)
    if (corners[1] <= corners[0]).any():
        return None
    corners[1] += 1
    if getattr(layer, "multiscale", False):
        # napari counts in pixels of the resolution that it shows
        corners *= np.asarray(layer.downsample_factors[layer.data_level])[-2:]
    low, high = np.maximum(corners[0], 0), np.minimum(np.ceil(corners[1]), data_of(layer).shape[-2:])
    return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))


class ViewTimer:
    """Tells that the view has moved, some times a second while it does and once when it stands still.

    napari notes what is on the screen when it draws, which is later than when it says that the camera has moved.
    """

    def __init__(self, act: Callable[[], None]) -> None:
        self._soon, self._late = QTimer(), QTimer()
        for timer, wait in ((self._soon, 60), (self._late, 250)):
            timer.setSingleShot(True)
            timer.setInterval(wait)
            timer.timeout.connect(act)

    def moved(self, _event: Any = None) -> None:
        """Take note that the camera has moved."""
        if not self._soon.isActive():
            self._soon.start()
        self._late.start()

    def stop(self) -> None:
        """Tell nothing any more."""
        self._soon.stop()
        self._late.stop()


def limits_of(span: tuple[float, float], source: Layer) -> tuple[float, float]:
    """Return the contrast of a preview: that of its source where the brightness is alike, its own range elsewhere."""
    low, high = span
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


def fill(layer: Layer, array: np.ndarray) -> None:
    """Show other pixels in a preview, which has an array of its own for them."""
    if layer.data.shape != array.shape or layer.data.dtype != array.dtype:
        layer.data = array.copy()
        return
    # for a new array napari looks at the extent of all layers, and compiles its shaders, again
    np.copyto(layer.data, array)
    layer.refresh(extent=False, highlight=False, thumbnail=False)


class Preview:
    """The preview of one dock.

    Parameters
    ----------
    viewer : Viewer
    say : callable
        ``say(sentence, wrong)`` shows what the preview found.
    found : callable
        ``found(name, value)`` is told each number that was computed for the preview.
    drawn : callable
        ``drawn(seen, layer)`` is told what was found, and the layer that shows it where one does.
    """

    look = staticmethod(look)

    def __init__(
        self,
        viewer: Any,
        say: Callable[[str, bool], None],
        found: Callable[[str, Any], None],
        drawn: Callable[[Seen, Layer | None], None],
    ) -> None:
        self.viewer, self.say, self.found, self.drawn = viewer, say, found, drawn
        self.memory = Memory()
        self.on = False
        self.shown = 0
        self._layer: Layer | None = None
        self._look: dict[str, Any] = {}
        self._worker: Any = None
        self._lasts = False
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

    def request(
        self,
        job: Job,
        layer: Layer,
        covered: Sequence[Layer] = (),
        picture: bool = True,
        levels: bool = False,
    ) -> None:
        """Show the displayed plane of a job, as soon as the one before is done.

        Parameters
        ----------
        job : Job
        layer : Layer
            The layer that tells which plane is displayed.
        covered : sequence of Layer
            Layers that would hide what has changed: hidden while there is a preview.
        picture, levels : bool
            Whether the preview is wanted, and whether the brightness of the image is.
        """
        try:
            if picture and not job.space.is_apart("yx"):
                raise ValueError("No preview of a layer that is turned out of its plane; press Run.")
            index = displayed_index(self.viewer, layer, job.space.axes)
            glance = Glance(job, index, visible_box(layer), picture, levels)
        except ValueError as error:
            self.remove()
            if picture:
                self.say(str(error), False)
            if not levels:
                return
            glance = Glance(job, {}, None, False, True)
        self.on = True
        self._next = (glance, layer, tuple(covered))
        if self._worker is None:
            self._start()
        elif self._lasts:
            # a long pass over the image; what it has counted is taken up again
            self._worker.quit()

    def remove(self) -> None:
        """Take the preview away, and drop what is being computed."""
        self.on, self._next = False, None
        if self._worker is not None:
            self._worker.quit()
        self._take_away()

    def _take_away(self) -> None:
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
        worker.yielded.connect(lambda seen: self._on_yield(worker, seen, glance, source, covered))
        worker.returned.connect(lambda seen: self._show(seen, glance, source, covered))
        worker.errored.connect(self._fail)
        worker.finished.connect(self._finish)
        self._worker, self._lasts = worker, False
        worker.start()

    def _on_yield(self, worker: Any, seen: Seen | str, *place: Any) -> None:
        """Show what can be shown before a long pass over the image is at its end."""
        if worker is not self._worker or not self.on:
            return
        self._lasts = True
        if isinstance(seen, Seen):
            self._show(seen, *place)
        else:
            self.say(seen, False)
        if self._next is not None:
            worker.quit()

    def _finish(self) -> None:
        self._worker = None
        if self._next is not None:
            self._start()
        elif not self.on:
            self.memory.unfinished.clear()

    def _fail(self, error: Exception) -> None:
        if self.on:
            self._take_away()
            self.say(
                str(error), not str(error).startswith(("No preview", "The plane is too large", "Zoom in"))
            )

    def _show(self, seen: Seen, glance: Glance, source: Layer, covered: Sequence[Layer]) -> None:
        if not self.on or source not in self.viewer.layers:
            return
        if seen.array is None:
            if self.layer is not None:
                self._take_away()
            self.drawn(seen, None)
            return
        arguments = glance.job.space.along("yx")
        here = {"kind": seen.kind == "image", "place": str(arguments)}
        # placed by the corner of the part that is shown
        linear = arguments["rotate"] @ arguments["shear"] @ np.diag(arguments["scale"])
        arguments["translate"] = arguments["translate"] + linear @ np.array(seen.corner, float)
        layer = self.layer
        if layer is not None and here == self._look:
            if not np.array_equal(layer.translate, arguments["translate"]):
                layer.translate = arguments["translate"]
            fill(layer, seen.array)
        else:
            self.on, on = False, self.on
            if layer is not None:
                self.viewer.layers.remove(layer)
            self._look = here
            self._layer = self._add(seen, source, arguments)
            self.on = on
        if isinstance(self._layer, Image) and seen.span is not None:
            limits = limits_of(seen.span, source)
            if tuple(self._layer.contrast_limits) != limits:
                self._layer.contrast_limits = limits
        self._cover(covered)
        self.shown += 1
        for row in seen.values:
            self.found(row["parameter"], row["value"])
        self.say(seen.sentence, False)
        self.drawn(seen, self._layer)

    def _add(self, seen: Seen, source: Layer, arguments: dict[str, Any]) -> Layer:
        metadata = {KEY: {"preview": True}}
        if seen.kind == "image":
            layer: Layer = Image(seen.array.copy(), name=NAME, metadata=metadata, **arguments)
            if isinstance(source, Image) and not source.rgb:
                layer.colormap = source.colormap
        else:
            layer = Labels(seen.array.copy(), name=NAME, metadata=metadata, opacity=0.5, **arguments)
            layer.editable = False
        selected, active = set(self.viewer.layers.selection), self.viewer.layers.selection.active
        self.viewer.add_layer(layer)
        # a selected preview is drawn several times as slowly, and the user has not chosen it
        self.viewer.layers.selection = selected
        self.viewer.layers.selection.active = active
        return layer
