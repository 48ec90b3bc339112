"""The steps behind a layer, and the jobs that do them again: with another value, or with other layers.

What a result remembers is a recipe, so there is nothing to record here: the steps are read from the notes on the
layer, and doing them again is a run like any other, whose result is a new layer with a history of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari.layers import Image, Labels, Layer, Points

from objectwise.core.recipe import Recipe
from objectwise.core.step import free_name
from objectwise.gui.layers.calibration import axes_of, data_of, grid_of, is_preview, notes_of
from objectwise.gui.layers.conversion import identity, kind_of, source_of, space_of
from objectwise.gui.layers.points import seeds_of
from objectwise.gui.runs.jobs import Job
from objectwise.gui.runs.wiring import input_name, origins_of, unnamed, wire_stack
from objectwise.prose import facts
from objectwise.script import File

# for each input its layers
Layers = Mapping[str, Sequence[Layer]]


@dataclass(frozen=True)
class History:
    """Steps that were done, or that a file says how to do.

    Parameters
    ----------
    title : str
        What they have made, or the name of the file.
    recipe : Recipe
    values : sequence of mapping, optional
        The numbers that were found on the way.
    layer : Layer, optional
        What they have made; None for a file.
    """

    title: str
    recipe: Recipe
    values: Sequence[Mapping[str, Any]] = ()
    layer: Layer | None = None

    @property
    def origins(self) -> dict[str, tuple[str, ...]]:
        """For each input the layers that it was."""
        return dict(notes_of(self.layer).get("origins", {})) if self.layer is not None else {}

    @property
    def made(self) -> str:
        """What the layer was called after."""
        return str(notes_of(self.layer).get("title", "")) if self.layer is not None else ""

    @property
    def edits(self) -> dict[str, Any]:
        """The inputs that were edited by hand, with the recipe before."""
        return dict(self.recipe.notes.get("edited", {}))


@dataclass(frozen=True)
class Entry:
    """A line of a history.

    Parameters
    ----------
    title, details : str
    step : str, optional
        The step whose values can be changed.
    missing : bool, optional
        Whether it is an input that is not open.
    """

    title: str
    details: str = ""
    step: str | None = None
    missing: bool = False


def history_of(layer: Layer | None) -> History | None:
    """Return the steps behind a layer, with those of its table; None where nothing is known.

    Examples
    --------
    >>> import numpy as np
    >>> history_of(Image(np.zeros((3, 3)))) is None
    True
    """
    if layer is None or is_preview(layer):
        return None
    notes = notes_of(layer)
    recipe, values, table = notes.get("recipe"), list(notes.get("values", ())), notes.get("table")
    measured = table.recipe if table is not None else None
    if measured is not None:
        own = recipe.steps if recipe is not None else ()
        # where the labels were edited before they were measured, they are an input
        shown = recipe.outputs if own and all(step in measured.steps for step in own) else ()
        recipe = replace(measured, outputs=tuple(dict.fromkeys([*shown, *measured.outputs])))
    return None if recipe is None else History(layer.name, recipe, values, layer)


def entries(history: History, found: Layers, edited_since: bool = False) -> list[Entry]:
    """Return the lines of a history, from the inputs to the result.

    Parameters
    ----------
    history : History
    found : mapping of str to sequence of Layer
        For each input the layers that stand for it.
    edited_since : bool, optional
        Whether the result was edited by hand after it was made.
    """
    lines = []
    recipe, ndim = history.recipe, ndim_of(found)
    for name, kind in recipe.input_kinds().items():
        edit = history.edits.get(name)
        if edit and "before" in edit:
            before = Recipe.from_toml(edit["before"])
            lines += [Entry(f"{_title(before, step.id)} (before the edit)") for step in before.steps]
        what = "edited by hand" if edit else kind
        layers = found.get(name, ())
        details = "" if layers else "Not open: choose a layer for it below"
        lines.append(Entry(f"{name} ({what})", details, missing=not layers))
    for step in recipe.steps:
        told = facts(recipe, step, history.values, ndim)
        # later steps name the number by the step that finds it
        told += [f"gives “{step.id.replace('_', ' ')}”"] if step.operation.output == "value" else []
        lines.append(Entry(_title(recipe, step.id), ", ".join(told), step.id))
    if edited_since:
        lines.append(Entry("Edited by hand", "A new run starts without it"))
    return lines


def _title(recipe: Recipe, name: str) -> str:
    return recipe.step(name).operation.label


def ndim_of(found: Layers) -> int:
    """Return the number of spatial axes of the first input that is open; 2 where none is."""
    for layers in found.values():
        for layer in layers:
            if not isinstance(layer, Points) and axes_of(layer) is not None:
                return grid_of(layer).ndim
    return 2


def layers_for(history: History, layers: Iterable[Layer]) -> dict[str, list[Layer]]:
    """Return for each input the layers that it was, or those of its name: one, several channels, or none."""
    open_ones = [
        item for item in layers if isinstance(item, Image | Labels | Points) and not is_preview(item)
    ]
    known = {identity(layer): layer for layer in open_ones}
    named = {input_name(layer.name): layer for layer in reversed(open_ones)}

    def find(name: str) -> list[Layer]:
        origin = history.origins.get(name, ())
        if origin and all(item in known for item in origin):
            return [known[item] for item in origin]
        parts = [name] if name in named else name.split(" and ")
        return [named[part] for part in parts] if all(part in named for part in parts) else []

    return {name: find(name) for name in history.recipe.inputs}


def fitting(layers: Iterable[Layer], like: Layer | None) -> list[Layer]:
    """Return the images with the axes of a layer, to do the same with; all whose axes are known without one."""
    images = [layer for layer in layers if isinstance(layer, Image) and not is_preview(layer)]
    if like is None:
        return [layer for layer in images if axes_of(layer) is not None]
    return [
        layer
        for layer in images
        if layer is not like and axes_of(layer) == axes_of(like) and layer.rgb == getattr(like, "rgb", False)
    ]


def job_of(
    recipe: Recipe,
    chosen: Layers,
    origins: Mapping[str, Sequence[str]] | None = None,
    title: str = "",
) -> Job:
    """Return the job that does a recipe with layers.

    Parameters
    ----------
    recipe : Recipe
    chosen : mapping of str to sequence of Layer
        For each input its layers.
    origins : mapping of str to sequence of str, optional
        Which layers the inputs were before; one that is the same again keeps its name.
    title : str, optional
        What the result is called after; the last step where it is left out.

    Raises
    ------
    ValueError
        One sentence about what is missing.
    """
    for name, kind in recipe.input_kinds().items():
        if not chosen.get(name):
            raise ValueError(f"Choose a layer for “{name}”: {kind}.")
    pixels = [layer for layers in chosen.values() for layer in layers if not isinstance(layer, Points)]
    if not pixels:
        raise ValueError("Points need an image that they lie on.")
    layer = unnamed(pixels)
    if layer is not None:
        raise ValueError(f"{layer.name}: choose what its {layer.ndim} axes are, in the dock of a method.")
    inputs: dict[str, Any] = {}
    marks: dict[str, tuple[Any, str | None]] = {}
    names: dict[str, str] = {}
    given: dict[str, Layer] = {}
    made = {step.id for step in recipe.steps}
    for name, layers in chosen.items():
        if len(layers) > 1:
            names[name] = wire_stack(layers, inputs)
            continue
        (layer,) = layers
        known = next((own for own, source in given.items() if source is layer), None)
        if known is not None:
            names[name] = known
            continue
        same = (origins or {}).get(name) == (identity(layer),) and name not in inputs
        own = names[name] = name if same else free_name(input_name(layer.name), {*made, *inputs})
        given[own] = layer
        inputs[own] = seeds_of(layer, pixels[0]) if isinstance(layer, Points) else source_of(layer)
        if isinstance(layer, Labels):
            marks[own] = (data_of(layer), notes_of(layer).get("fingerprint"))
    spaces = [space_of(layer) for layer in pixels]
    space = next((item for item in spaces if "t" in item.axes), spaces[0])
    # what was edited by hand is found anew, and told of what is chosen now
    notes = {key: value for key, value in recipe.notes.items() if key != "edited"}
    again = replace(recipe.with_inputs(names), notes=notes)
    shown = [name for name in again.outputs if again.step(name).operation.output not in ("table", "value")]
    title = title or again.step((shown or again.outputs)[0]).operation.label.lower()
    traced = origins_of(names, {name: list(layers) for name, layers in chosen.items()})
    return Job(again, inputs, replace(space, source=spaces[0].source), title, marks, traced)


def done_anew(recipe: Recipe, changed: Iterable[str]) -> set[str]:
    """Return the steps that other values of some steps concern: these, and what follows from them."""
    anew = set(changed)
    for step in recipe.steps:
        if step.needs() & anew:
            anew.add(step.id)
    return anew


def with_shortcut(job: Job, changed: Iterable[str], layers: Iterable[Layer]) -> Job:
    """Return a job that may start from intermediate results which are open as layers.

    Parameters
    ----------
    job : Job
    changed : iterable of str
        The steps with other values than before: they and what follows are done anew.
    layers : iterable of Layer
        Those that are open.
    """
    recipe = job.recipe
    anew = done_anew(recipe, changed)
    there: dict[str, Layer] = {}
    for layer in layers:
        notes = notes_of(layer)
        past = notes.get("recipe")
        if past is None or is_preview(layer) or notes.get("fingerprint") is None:
            continue
        before = notes.get("origins", {})
        if any(before.get(name) != job.origins.get(name) for name in past.inputs) or not before:
            continue
        for step in recipe.steps:
            if step.id not in anew and _alike(past, recipe.leading_to(step.id)):
                there[step.id] = layer
    needed: set[str] = set(recipe.outputs) - set(there)
    kept = []
    for step in reversed(recipe.steps):
        if step.id in needed:
            kept.append(step)
            needed |= step.needs() - set(there)
    used = {name for step in kept for name in step.needs()} & set(there)
    if not used or set(there) & set(recipe.outputs):
        return job
    names = {
        name: free_name(input_name(there[name].name), {*job.inputs, *(s.id for s in kept)}) for name in used
    }
    short = Recipe(
        [step.renamed(names) for step in reversed(kept)],
        outputs=recipe.outputs,
        unit=recipe.unit,
        notes=recipe.notes,
    )
    inputs = {name: job.inputs[name] for name in short.inputs if name in job.inputs}
    inputs |= {names[name]: source_of(there[name]) for name in used}
    marks = {name: mark for name, mark in job.marks.items() if name in inputs}
    marks |= {names[name]: (data_of(there[name]), notes_of(there[name])["fingerprint"]) for name in used}
    return replace(job, shortcut=replace(job, recipe=short, inputs=inputs, marks=marks))


def _alike(ours: Recipe, theirs: Recipe) -> bool:
    """Whether two recipes do the same with the same inputs, whatever the steps are called."""
    return len(ours.steps) == len(theirs.steps) and ours.inputs == theirs.inputs and not ours.diff(theirs)


def files_of(chosen: Layers) -> dict[str, File]:
    """Return where a script finds the inputs: the files that the layers came from, or a made-up name."""
    files = {}
    for name, layers in chosen.items():
        if len(layers) != 1 or isinstance(layers[0], Points) or axes_of(layers[0]) is None:
            continue
        (layer,) = layers
        path = layer.source.path
        place = Path(path).as_posix() if path else f"{name}.tif"
        files[name] = File(place, grid_of(layer), kind_of(layer) if isinstance(layer, Labels) else None)
    return files
