"""Measure objects: a labels layer and any number of images in, a table that is linked to the layer out."""

from collections.abc import Mapping, Sequence
from typing import Any

import napari.viewer
import numpy as np
from napari.layers import Labels, Layer

from objectwise.core.method import Input, Method
from objectwise.core.results import Result
from objectwise.gui.curate.undo import undo_stack
from objectwise.gui.dock import OperationDock
from objectwise.gui.forms.choosers import LayerBox, LayerList
from objectwise.gui.forms.form import Form
from objectwise.gui.layers.calibration import data_of, notes_of
from objectwise.gui.layers.conversion import identity, kind_of
from objectwise.gui.runs.jobs import Job, Outcome, measured
from objectwise.gui.table.noted_table import NotedTable, note_table, table_of
from objectwise.gui.table.remeasure import Origin
from objectwise.gui.table.table_dock import show_table
from objectwise.measure.families import FAMILIES, defaults, groups, groups_by_default

# what is measured of a layer, by what its numbers mean
_METHODS = {"labels": "measure", "classes": "measure_classes"}


class MeasureDock(OperationDock):
    """Measure the objects of a labels layer: size, shape, brightness, relations, pattern."""

    families = ("measure",)
    run_text = "Measure"

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self._target: Any = None
        super().__init__(viewer)
        self.preview_box.hide()
        active = viewer.layers.selection.active
        if isinstance(active, Labels):
            self._suit_layer(active)

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
        return lies_on(layer, self._measured_layer)

    def _on_layer_chosen(self, event: Any = None) -> None:
        super()._on_layer_chosen(event)
        if not self._quiet and not self._closed:
            self._suit_layer(self._measured_layer)

    def _suit_layer(self, layer: Layer | None) -> None:
        """Take classes for classes, and objects for objects, as soon as such a layer is chosen.

        A method that is chosen afterwards stays.
        """
        kind = kind_of(layer) if layer is not None else ""
        wanted = _METHODS.get(kind)
        if wanted is None or self.record.name == wanted or self.record.name not in _METHODS.values():
            return
        self.choose(wanted)
        with self.quiet():
            box = self.boxes[self.record.inputs[0].name]
            assert isinstance(box, LayerBox)
            box.layer = layer
        super()._on_layer_chosen()
        if kind == "classes":
            self.say("The layer holds classes: one row for each class in each frame.")

    def _make_form(self, record: Method) -> Form:
        form = Form(record, feature_boxes())
        form.edited.connect(self._changed)
        return form

    def values(self) -> dict[str, Any]:
        """Return what is to be measured; brightness is left out where no image is checked."""
        values = super().values()
        if "features" in values:
            values["features"] = checked_features(values["features"], bool(self.chosen().get("images")))
        return values

    def run(self) -> None:
        """Measure, in another thread."""
        if self.worker is None:
            self._target = self._measured_layer
        super().run()

    def _done(self, outcome: Outcome) -> None:
        layer, self._target = self._target, None
        for name, result in outcome.results.items():
            if result.kind == "table" and layer is not None and layer in self.viewer.layers:
                before = keep_measured(self.viewer, layer, outcome, name)
                undo_stack(self.viewer).add_table("measure", layer, before)


def lies_on(image: Layer, layer: Layer | None) -> bool:
    """Whether an image shows what a layer lies upon, and is not made of another here."""
    if layer is None or notes_of(image).get("kind") is not None:
        return False
    ours, theirs = (item.extent.world[:, -2:] for item in (layer, image))
    return bool(np.allclose(ours, theirs))


def checked_features(names: Sequence[str] | None, with_images: bool) -> tuple[str, ...] | None:
    """Return what is to be measured; brightness is left out where there is no image to measure it in.

    Raises
    ------
    ValueError
        If nothing is left.
    """
    if names is None or with_images:
        if names == ():
            raise ValueError("Check what to measure.")
        return None if names is None else tuple(names)
    kept = tuple(name for name in names if not name.startswith("intensity"))
    if not kept:
        raise ValueError(
            "Check an image to measure brightness, or measure something else."
            if names
            else "Check what to measure."
        )
    return kept


def meaning(group: str) -> str:
    """Return what a group of measurements holds, for whoever hovers over its name."""
    columns = [
        column for family in FAMILIES for column in family.columns_with(defaults()) if column.group == group
    ]
    lines = [f"{column.name.replace('_', ' ')}: {column.description}" for column in columns[:5]]
    more = len(columns) - len(lines)
    return "\n".join(lines + [f"and {more} more"] * (more > 0))


def feature_boxes() -> dict[str, dict[str, bool]]:
    """Return the groups of measurements that a form has a check box for."""
    usual = groups_by_default()
    return {"features": {name: name in usual for name in groups()}}


def with_grid(result: Result, outcome: Outcome, name: str = "") -> Result:
    """Return a table with the grid of the labels, whose time axis tells whether frames mean anything."""
    job = outcome.job
    source = measured(job.recipe, name or job.recipe.steps[-1].id)
    labels = job.inputs[source] if source in job.inputs else outcome.results[source]
    return Result(result.array, labels.grid, "table", result.recipe, result.values)


def keep_measured(
    viewer: Any, layer: Labels, outcome: Outcome, name: str, made: Mapping[str, Layer] | None = None
) -> NotedTable | None:
    """Keep a table of an outcome on the layer that its rows are of, and show it.

    Parameters
    ----------
    viewer : Viewer
    layer : Labels
    outcome : Outcome
    name : str
        Of the table.
    made : mapping of str to Layer, optional
        The layers that other results of the outcome have become.

    Returns
    -------
    NotedTable or None
        The table that the layer had before.
    """
    job = outcome.job
    layers = {**layers_of(job, viewer), **(made or {})}
    sources = {item.name for items in job.recipe.step(name).sources().values() for _, item in items}
    known = {source: layers[source] for source in sources if source in layers}
    origin = Origin.of(viewer, job.recipe, name, known) if len(known) == len(sources) else None
    before = table_of(layer)
    note_table(layer, with_grid(outcome.results[name], outcome, name), outcome.marks.get(name), origin)
    show_table(viewer, layer)
    return before


def layers_of(job: Job, viewer: Any) -> dict[str, Layer]:
    """Return for each input of a job the layer that it was, where that is still open."""
    known = {identity(layer): layer for layer in viewer.layers}
    found = {}
    for name, source in job.inputs.items():
        (one, *more) = job.origins.get(name, ()) or ("",)
        same = [layer for layer in viewer.layers if data_of(layer) is source.array]
        if one in known and not more:
            found[name] = known[one]
        elif same:
            found[name] = same[0]
    return found
