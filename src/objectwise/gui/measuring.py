"""Measure objects: a labels layer and any number of images in, a table that is linked to the layer out."""

from typing import Any

import napari.viewer
import numpy as np
from napari.layers import Layer

from objectwise.core.method import Input, Method
from objectwise.core.results import Result
from objectwise.gui.calibration import notes_of
from objectwise.gui.choosers import LayerBox, LayerList
from objectwise.gui.dock import OperationDock
from objectwise.gui.forms import Form
from objectwise.gui.jobs import Outcome, measured
from objectwise.gui.noted_table import note_table, table_of
from objectwise.gui.remeasure import Origin
from objectwise.gui.table import show_table
from objectwise.gui.undo import history_of
from objectwise.measure.families import groups, groups_by_default


class MeasureDock(OperationDock):
    """Measure the objects of a labels layer: size, shape, brightness, relations, pattern."""

    families = ("measure",)
    run_text = "Measure"

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self._target: Any = None
        self._layers: list[Layer] = []
        super().__init__(viewer)
        self.preview_box.hide()

    @property
    def _measured_layer(self) -> Layer | None:
        """The layer that the rows are of: that of the first input."""
        box = self.boxes[self.record.inputs[0].name]
        return box.layer if isinstance(box, LayerBox) else None

    def _make_box(self, item: Input) -> LayerBox | LayerList:
        if item.kind == "images":
            return LayerList(item.kind, self._is_of_the_labels)
        return super()._make_box(item)

    def _is_of_the_labels(self, layer: Layer) -> bool:
        """Whether an image shows what the labels lie upon, and is not made of another here."""
        labels = self._measured_layer
        if labels is None or notes_of(layer).get("kind") is not None:
            return False
        ours, theirs = (item.extent.world[:, -2:] for item in (labels, layer))
        return bool(np.allclose(ours, theirs))

    def _make_form(self, record: Method) -> Form:
        usual = groups_by_default()
        form = Form(record, {"features": {name: name in usual for name in groups()}})
        form.edited.connect(self._changed)
        return form

    def values(self) -> dict[str, Any]:
        """Return what is to be measured; brightness is left out where no image is checked."""
        values = super().values()
        names = values.get("features")
        if names == ():
            raise ValueError("Check what to measure.")
        if names is not None and not self.chosen().get("images"):
            names = tuple(name for name in names if not name.startswith("intensity"))
            if not names:
                raise ValueError("Check an image to measure brightness, or measure something else.")
            values["features"] = names
        return values

    def run(self) -> None:
        """Measure, in another thread."""
        if self.worker is None:
            self._target = self._measured_layer
            self._layers = [layer for layers in self.chosen().values() for layer in layers]
        super().run()

    def _done(self, outcome: Outcome) -> None:
        layer, self._target = self._target, None
        for name, result in outcome.results.items():
            if result.kind == "table" and layer is not None and layer in self.viewer.layers:
                job = outcome.job
                # the inputs of a recipe are named in the order in which the layers were chosen
                given = dict(zip(job.inputs, self._layers, strict=True))
                origin = Origin.of(self.viewer, job.recipe, name, given)
                before = table_of(layer)
                note_table(layer, _with_grid(result, outcome), outcome.marks.get(name), origin)
                history_of(self.viewer).add_table("measure", layer, before)
                show_table(self.viewer, layer)


def _with_grid(result: Result, outcome: Outcome) -> Result:
    """Return a table with the grid of the labels, whose time axis tells whether frames mean anything."""
    labels = outcome.job.inputs[measured(outcome.job.recipe, outcome.job.recipe.steps[-1].id)]
    return Result(result.array, labels.grid, "table", result.recipe, result.values)
