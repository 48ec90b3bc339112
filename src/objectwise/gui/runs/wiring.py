"""From what is chosen in a dock to a job: which array is which input, and which steps are done.

Apart from the widgets, so that what Run does can be read and tested without any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from napari.layers import Labels, Layer, Points

from objectwise.core.composition import steps_of
from objectwise.core.method import Input, Method
from objectwise.core.recipe import Recipe, Step
from objectwise.core.results import Result
from objectwise.core.step import Source, free_name
from objectwise.gui.layers.calibration import axes_of, data_of, grid_of, notes_of
from objectwise.gui.layers.conversion import Stack, identity, source_of, space_of
from objectwise.gui.layers.points import seeds_of
from objectwise.gui.runs.jobs import Job


@dataclass(frozen=True)
class Choice:
    """All that is chosen in a dock.

    Parameters
    ----------
    record : Method
        The operation or composition.
    layers : mapping of str to sequence of Layer
        The layers of each input.
    values : mapping of str
        The parameters.
    channel : str or None
        The channel of the image, None for all of them, empty where it has to be chosen yet.
    scope : {'plane', 'frame', 'series'}
    by_plane : bool
    instances : bool
        Whether a mask or classes are made into objects.
    """

    record: Method
    layers: Mapping[str, Sequence[Layer]]
    values: Mapping[str, Any] = field(default_factory=dict)
    channel: str | None = None
    scope: str = "frame"
    by_plane: bool = False
    instances: bool = False

    @property
    def all_layers(self) -> list[Layer]:
        """The layers of all inputs, in order; points are none, as they have no pixels."""
        return [layer for layers in self.layers.values() for layer in layers if not isinstance(layer, Points)]


def unnamed(layers: Iterable[Layer]) -> Layer | None:
    """Return the first layer whose axes are not known."""
    return next((layer for layer in layers if axes_of(layer) is None), None)


def make_job(choice: Choice) -> Job:
    """Return what Run does with a choice.

    Raises
    ------
    ValueError
        One sentence about what is missing.
    """
    record = choice.record
    for item in record.inputs:
        if not choice.layers.get(item.name) and not item.optional:
            raise ValueError(
                f"Choose a layer as {item.name}: {item.description or item.kind}".rstrip(".") + "."
            )
    layer = unnamed(choice.all_layers)
    if layer is not None:
        raise ValueError(f"Choose what the {layer.ndim} axes are.")
    inputs: dict[str, Result] = {}
    marks: dict[str, tuple[Any, str | None]] = {}
    wired = {
        item.name: _wire(item, choice.layers[item.name], choice, inputs, marks)
        for item in record.inputs
        if choice.layers.get(item.name)
    }
    spaces = [space_of(layer) for layer in choice.all_layers]
    # a still image beside a movie gives a movie
    space = next((item for item in spaces if "t" in item.axes), spaces[0])
    space = replace(space, source=spaces[0].source)
    name = step_name(record.name, inputs)
    values = dict(choice.values)
    steps = steps_of(record, name, wired, values, scope=choice.scope, by_plane=choice.by_plane)
    if choice.instances:
        steps.append(_objects(steps[-1], record))
    recipe = Recipe(
        steps, inputs=tuple(inputs), outputs=(steps[-1].id,), unit=grid_of(choice.all_layers[0]).unit
    )
    title = record.label.lower() + (" objects" if choice.instances else "")
    return Job(recipe, inputs, space, title, marks, origins_of(wired, choice.layers))


def origins_of(wired: Mapping[str, Any], chosen: Mapping[str, Sequence[Layer]]) -> dict[str, tuple[str, ...]]:
    """Return for each input of a recipe, and of those that made its inputs, which layers it was.

    Parameters
    ----------
    wired : mapping of str
        For each array of the step how it names its inputs.
    chosen : mapping of str to sequence of Layer
        For each array of the step its layers, in the same order.
    """
    before: dict[str, tuple[str, ...]] = {}
    own: dict[str, tuple[str, ...]] = {}
    for slot, value in wired.items():
        layers = chosen[slot]
        for layer in layers:
            before |= notes_of(layer).get("origins", {})
        texts = value.values() if isinstance(value, Mapping) else [value]
        names = list(dict.fromkeys(Source.parse(text).name for text in texts))
        parts = [[layer] for layer in layers] if len(names) == len(layers) else [layers]
        own |= {name: tuple(map(identity, part)) for name, part in zip(names, parts, strict=True)}
    return before | own


def _objects(step: Step, record: Method) -> Step:
    """Return the step that makes objects of a mask or of classes."""
    if record.output == "classes":
        return Step("objects", "labels_from_classes", {"classes": step.id}, by_plane=step.by_plane)
    return Step("objects", "label_components", {"mask": step.id}, by_plane=step.by_plane)


def _wire(
    item: Input,
    layers: Sequence[Layer],
    choice: Choice,
    inputs: dict[str, Result],
    marks: dict[str, tuple[Any, str | None]],
) -> Any:
    """Add the layers of an input to the inputs of a recipe, and return how its step names them."""
    if item.kind == "channels" and len(layers) > 1:
        return wire_stack(layers, inputs)
    if item.kind == "images":
        return wire_images(layers, inputs)
    (layer,) = layers
    channel = choice.channel
    source = seeds_of(layer, choice.all_layers[0]) if isinstance(layer, Points) else source_of(layer)
    name = input_name(layer.name, inputs)
    inputs[name] = source
    if isinstance(layer, Labels):
        marks[name] = (data_of(layer), notes_of(layer).get("fingerprint"))
    if item.kind == "image" and "c" in source.grid.axes and channel is not None:
        if not channel:
            n = source.grid.size("c", source.array.shape)
            raise ValueError(f"The image has {n} channels: choose the one to work on.")
        return f"{name}[{channel}]"
    return name


def wire_stack(layers: Sequence[Layer], inputs: dict[str, Result]) -> str:
    """Take several layers as the channels of one image."""
    sources = [source_of(layer) for layer in layers]
    alike = {(source.grid.axes, tuple(source.array.shape)) for source in sources}
    grid = sources[0].grid
    if len(alike) > 1 or "c" in grid.axes:
        raise ValueError(
            "Layers that are taken as channels must have the same size and no channels themselves."
        )
    name = input_name(" and ".join(layer.name for layer in layers), inputs)
    together = replace(grid, axes="c" + grid.axes, channels=tuple(layer.name for layer in layers))
    inputs[name] = Result(Stack(tuple(source.array for source in sources)), together, "channels")
    return name


def wire_images(layers: Sequence[Layer], inputs: dict[str, Result]) -> dict[str, str]:
    """Return a name for each channel of each layer, as the columns of a table are called after it.

    A layer whose array is an input already is not added again.
    """
    wired: dict[str, str] = {}
    for layer in layers:
        source = source_of(layer)
        known = (name for name, item in inputs.items() if item.array is source.array)
        name = next(known, None) or input_name(layer.name, inputs)
        inputs[name] = source
        column = "_".join(name.split())
        if "c" not in source.grid.axes:
            wired[column] = name
            continue
        n = source.grid.size("c", source.array.shape)
        names = source.grid.channels or tuple(map(str, range(n)))
        wired |= {f"{column}_{channel}": f"{name}[{channel}]" for channel in names}
    return wired


def step_name(name: str, inputs: Mapping[str, Result]) -> str:
    """Return an id that no step before has, so that the history of the inputs can stand before it."""
    histories = [item.recipe for item in inputs.values() if item.recipe is not None]
    taken = {*inputs, *(step.id for recipe in histories for step in recipe.steps)}
    taken |= {source for recipe in histories for source in recipe.inputs}
    return free_name(name, taken)


def input_name(name: str, taken: Iterable[str] = ()) -> str:
    """Return the name of a layer as a recipe can write it, different from those that are taken.

    Examples
    --------
    >>> input_name("nuclei [1]"), input_name("2nd"), input_name("a", {"a"})
    ('nuclei 1', 'image 2nd', 'a_2')
    """
    clean = " ".join(
        "".join(letter if letter.isalnum() or letter in "_-" else " " for letter in name).split()
    )
    if not (clean[:1].isascii() and clean[:1].isalpha()):
        clean = f"image {clean}".strip()
    return free_name(clean, taken)
