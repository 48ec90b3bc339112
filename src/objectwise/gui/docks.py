"""One dock for each family of operations, so that each has its own entry in napari's menus."""

from collections.abc import Mapping
from typing import Any

import napari.viewer
import numpy as np
from superqt.utils import create_worker

from objectwise.core.method import Method
from objectwise.core.results import Result
from objectwise.gui.calibration import axes_of, data_of
from objectwise.gui.dock import OperationDock
from objectwise.gui.forms import Form
from objectwise.gui.layers import source_of
from objectwise.gui.preview import displayed_index
from objectwise.ops import histogram


class FindDock(OperationDock):
    """From an image to objects in one go."""

    families = ("find",)
    preview_at_start = True

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class FiltersDock(OperationDock):
    """Filters: an image in, an image out."""

    families = ("filters", "colour")

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class BackgroundDock(OperationDock):
    """Uneven background taken away."""

    families = ("background",)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class EnhanceDock(OperationDock):
    """Blobs, ridges, corners and edges brought out."""

    families = ("enhance",)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class MorphologyDock(OperationDock):
    """Morphology: masks and labels cleaned by shape, size and position."""

    families = ("morphology",)
    first = "remove_small"

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class WatershedDock(OperationDock):
    """From masks to objects: components, touching objects split, seeds grown."""

    families = ("watershed",)
    first = "split_touching"

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class EdgesDock(OperationDock):
    """Objects from their edges: edges found, closed and fitted."""

    families = ("edges",)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class RegionsDock(OperationDock):
    """Regions grown, flooded, split, merged and walked."""

    families = ("regions",)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class LabelsDock(OperationDock):
    """Labels changed: grown, filtered, merged, split and renumbered."""

    families = ("labels",)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class ClusteringDock(OperationDock):
    """Clustering: pixels put into classes by brightness or colour."""

    families = ("cluster",)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class ThresholdDock(OperationDock):
    """Thresholds, with a slider over the brightness of the image.

    Notes
    -----
    The slider spans the displayed plane, and starts at the threshold that Otsu's method finds there. Both are
    found in another thread, as reading a plane of a lazy image may take long.
    """

    families = ("threshold",)
    preview_at_start = True
    sliders = ("lower",)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self._range_worker: Any = None
        self._range_of: tuple[int, str | None] | None = None
        super().__init__(viewer)

    def _make_form(self, record: Method) -> Form:
        form = super()._make_form(record)
        for name in self.sliders:
            if name in form.fields:
                form.add_slider(name)
        return form

    def _changed(self, *arguments: object) -> None:
        super()._changed(*arguments)
        self._ask_for_range()

    def _ask_for_range(self) -> None:
        layer, form = self.main_layer, self.form
        if (
            form is None
            or not form.sliders
            or layer is None
            or self._closed
            or self._range_worker is not None
        ):
            return
        axes, channel = axes_of(layer), self.rows.channel_name
        if axes is None or channel == "":
            return
        wanted = (id(data_of(layer)), channel)
        if wanted == self._range_of:
            return
        try:
            index = displayed_index(self.viewer, layer, axes)
        except ValueError:
            index = {}
        source = source_of(layer)
        self._range_of = wanted
        worker = create_worker(brightness, source, index, channel, _start_thread=False, _ignore_errors=True)
        worker.returned.connect(lambda found: self._set_range(form, *found))
        worker.finished.connect(self._range_found)
        self._range_worker = worker
        worker.start()

    def _range_found(self) -> None:
        self._range_worker = None

    def _set_range(self, form: Form, low: float, high: float, start: float, whole: bool) -> None:
        if self._closed:
            return
        with self.quiet():
            for name in form.sliders:
                form.set_range(name, low, high, whole)
                field = form.fields[name]
                if not field.touched and np.isfinite(start):
                    field.value = start
                    field.touched = False
        self._changed()


def brightness(
    source: Result, index: Mapping[str, int], channel: str | None
) -> tuple[float, float, float, bool]:
    """Return the range of a plane, Otsu's threshold in it, and whether its values are whole numbers."""
    grid, shape = source.grid, source.array.shape
    at = {"t": index.get("t", 0)} if "t" in grid.axes else {}
    if channel is not None:
        at["c"] = grid.channels.index(channel) if channel in grid.channels else int(channel)
    box = [slice(0, n) for n in grid.block_shape(shape)]
    if grid.ndim == 3:
        z = index.get("z", box[0].stop // 2)
        box[0] = slice(z, z + 1)
    plane = grid.read(source.array, at, tuple(box))
    finite = plane[np.isfinite(plane)] if plane.dtype.kind == "f" else plane
    whole = plane.dtype.kind in "iu"
    if finite.size == 0:
        return 0.0, 1.0, float("nan"), whole
    start = histogram.of_block(histogram.find_threshold, plane, method="otsu")
    start = float(np.floor(start)) if whole and np.isfinite(start) else float(start)
    return float(finite.min()), float(finite.max()), start, whole
