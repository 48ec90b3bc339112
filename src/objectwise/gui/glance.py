"""What a run would give in the displayed plane, without running the rest.

Nothing is approximated: the plane of the preview has the same pixels as that plane of the run. A number that
the run computes from the whole frame, volume or series is computed from all of it here too, once, and kept.
An operation that looks a bounded way around each pixel is given as many planes above and below as it looks.
What cannot be shown exactly is not shown, and a sentence says so.

No layer and no widget is touched here, so that it can run on any thread.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from objectwise.core.grid import Grid
from objectwise.core.locality import Components, Halo
from objectwise.core.recipe import Recipe
from objectwise.core.results import Result
from objectwise.core.run import computed_values, run
from objectwise.gui.jobs import Job, count_objects, value_texts
from objectwise.gui.layers import NonZero, Stack

# pixels of a plane beyond which objects are not split or flooded while a slider moves
_LARGE = 1 << 22


@dataclass(frozen=True)
class Glance:
    """A job, and the plane of it that is displayed: its frame ``t`` and plane ``z``."""

    job: Job
    index: Mapping[str, int]


@dataclass(frozen=True)
class Seen:
    """The displayed plane of a result, and what to say about it."""

    array: np.ndarray
    kind: str
    sentence: str
    values: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Memory:
    """What previews have found and read, so that the next one need not.

    Entries hold weak references to the arrays they belong to: a layer that is removed is not kept alive by
    its previews, and an array that takes the place of another in memory is not taken for it.
    """

    values: dict[tuple, tuple[tuple, Any]] = field(default_factory=dict)
    block: tuple[tuple, tuple, np.ndarray] | None = None

    def find(self, key: tuple, arrays: tuple) -> Any:
        """Return what was kept for these arrays, or None."""
        kept = self.values.get(key)
        if kept is not None and all(ref() is array for ref, array in zip(kept[0], arrays, strict=True)):
            return kept[1]
        return None

    def keep(self, key: tuple, arrays: tuple, value: Any) -> None:
        """Keep a value, and forget the oldest where there are many."""
        while len(self.values) > 256:
            self.values.pop(next(iter(self.values)))
        self.values[key] = (tuple(weakref.ref(array) for array in arrays), value)

    def read(self, source: Result, index: Mapping[str, int], box: tuple[slice, ...]) -> np.ndarray:
        """Read a box of an input; that of a lazy array is kept, as reading it again may take long."""
        arrays = _arrays(source.array)
        if all(isinstance(array, np.ndarray) for array in arrays):
            return source.grid.read(source.array, dict(index), box)
        key = (tuple(map(id, arrays)), type(source.array), tuple(sorted(index.items())), str(box))
        kept = self.block
        if (
            kept is not None
            and kept[0] == key
            and all(ref() is array for ref, array in zip(kept[1], arrays, strict=True))
        ):
            return kept[2]
        block = source.grid.read(source.array, dict(index), box)
        self.block = (key, tuple(weakref.ref(array) for array in arrays), block)
        return block


def _arrays(array: Any) -> tuple[Any, ...]:
    """Return the arrays behind an array that is seen through another."""
    if isinstance(array, Stack):
        return array.arrays
    return (array.array,) if isinstance(array, NonZero) else (array,)


def look(glance: Glance, memory: Memory) -> Seen:
    """Return the displayed plane of the result of a job.

    Raises
    ------
    ValueError
        If this method has no exact preview, or the job itself is wrong.
    """
    job = glance.job
    recipe, whole = job.recipe, True
    first = job.inputs[recipe.inputs[0]]
    volume = first.grid.ndim == 3
    by_plane = all(step.by_plane for step in recipe.steps)
    if volume and not by_plane:
        near = [step for step in recipe.steps if isinstance(step.operation.locality, Halo)]
        # all but the step that makes objects of a mask or of classes
        if len(near) < max(1, len(recipe.steps) - 1) or near != list(recipe.steps[: len(near)]):
            raise ValueError("No preview of this method in a volume; choose each plane, or press Run.")
        whole = len(near) == len(recipe.steps)
        recipe = replace(recipe, steps=tuple(near), outputs=(near[-1].id,))
    shape = first.grid.block_shape(first.array.shape)
    slow = any(not isinstance(step.operation.locality, Halo | Components) for step in recipe.steps)
    if slow and shape[-1] * shape[-2] > _LARGE:
        raise ValueError("The plane is too large for a preview of this method; press Run.")
    recipe, values = lock(recipe, job.inputs, glance.index, memory)
    low, high, plane = 0, 1, 0
    if volume:
        z = glance.index["z"]
        reach = 0 if by_plane else _reach(recipe, first.grid)
        low, high = max(0, z - reach), min(shape[0], z + reach + 1)
        plane = z - low
    inputs = {
        name: _cut(source, glance.index, (low, high), by_plane, memory) for name, source in job.inputs.items()
    }
    *_, last = run(recipe, inputs)
    result = last.results[recipe.outputs[-1]]
    # what is found in the result of an earlier step is found on the way
    own = {step.id for step in recipe.steps}
    values += [row for row in result.values if row["step"] in own and row not in values]
    if "c" in result.grid.axes:
        raise ValueError("No preview of several channels; choose one, or press Run.")
    array = result.array if result.array.ndim == 2 else result.array[plane]
    text = _sentence(recipe, array, result.kind, values, whole)
    return Seen(_as_preview(array, result.kind), str(result.kind), text, values)


def _reach(recipe: Recipe, grid: Grid) -> int:
    """Return how many planes above and below the steps look, all together."""
    spacing = grid.block_spacing
    return sum(step.operation.locality.pixels(spacing, step.parameters)[0] for step in recipe.steps)


def _cut(
    source: Result, index: Mapping[str, int], planes: tuple[int, int], flat: bool, memory: Memory
) -> Result:
    """Return the displayed frame of an input, of a volume the planes that are needed."""
    grid, shape = source.grid, source.array.shape
    box = tuple(slice(0, n) for n in grid.block_shape(shape))
    if grid.ndim == 3:
        box = (slice(*planes), *box[1:])
    at = {}
    if "t" in grid.axes:
        at["t"] = min(index.get("t", 0), grid.size("t", shape) - 1)
    block = memory.read(source, at, box)
    spatial = grid.spatial
    if grid.ndim == 3 and flat:
        block, spatial = block[..., 0, :, :], spatial[1:]
    axes = ("c" if "c" in grid.axes else "") + spatial
    spacing = grid.block_spacing[-len(spatial) :]
    return Result(block, Grid(axes, spacing, grid.unit, channels=grid.channels), source.kind)


def _as_preview(array: np.ndarray, kind: str | None) -> np.ndarray:
    """Return a plane as numbers that are fast to draw: 8 bits, 16 for objects."""
    if array.dtype == bool:
        return array.view(np.uint8)
    if kind == "labels":
        if array.size and int(array.max()) > 65535:
            array = np.where(array > 0, (array - 1) % 65535 + 1, 0)
        return array.astype(np.uint16)
    return array


def _sentence(recipe: Recipe, array: np.ndarray, kind: str | None, values: list[dict], whole: bool) -> str:
    parts = []
    if kind == "labels":
        n = int(array.max(initial=0)) if recipe.steps[-1].operation.creates_ids else count_objects(array)
        parts.append(f"{n} object{'' if n == 1 else 's'} in this plane")
    elif kind == "classes":
        n = count_objects(array)
        parts.append(f"{n} class{'' if n == 1 else 'es'} in this plane")
    elif kind == "mask":
        inside = float(np.count_nonzero(array)) / max(1, array.size)
        parts.append("nothing inside" if inside == 0 else f"{100 * inside:.3g} % inside")
    elif array.size:
        parts.append(
            f"brightness {np.fmin.reduce(array, axis=None):.4g} to {np.fmax.reduce(array, axis=None):.4g}"
        )
    parts += value_texts(recipe, values)
    if not whole:
        parts.append("objects are numbered by Run")
    return ", ".join(part for part in parts if part)


# --- numbers of a whole frame, volume or series ----------------------------------------------------------


def lock(
    recipe: Recipe, inputs: Mapping[str, Result], index: Mapping[str, int], memory: Memory
) -> tuple[Recipe, list[dict[str, Any]]]:
    """Return a recipe with the numbers written in that a run would compute for the displayed plane.

    A number that depends on the result of an earlier step is left to the run where the displayed plane is all that
    it is found from.

    Raises
    ------
    ValueError
        If such a number depends on the results of an earlier step in other planes or frames.
    """
    steps, rows = [], []
    flat = all(source.grid.ndim == 2 for source in inputs.values())
    for step in recipe.steps:
        if all(step.parameters[parameter.name] is not None for parameter in step.operation.computed):
            steps.append(step)
            continue
        if not step.needs() <= set(inputs):
            if step.scope != "plane" and not (flat and step.scope == "frame"):
                raise ValueError(
                    "No preview of a number that is found in the result of an earlier step; press Run."
                )
            steps.append(step)
            continue
        found = _computed(replace(recipe, steps=(step,), inputs=(), outputs=()), inputs, index, memory)
        parameters = dict(step.parameters) | {row["parameter"]: row["value"] for row in found}
        steps.append(replace(step, parameters=parameters))
        rows += found
    return replace(recipe, steps=tuple(steps)), rows


def _computed(
    recipe: Recipe, inputs: Mapping[str, Result], index: Mapping[str, int], memory: Memory
) -> list[dict[str, Any]]:
    """Return the numbers that a run of one step would compute, found once for each state of its inputs."""
    step = recipe.steps[0]
    given = {name: inputs[name] for name in recipe.inputs}
    arrays = tuple(array for item in given.values() for array in _arrays(item.array))
    axes = {"plane": "tz", "frame": "t", "series": ""}[step.scope]
    here = {axis: n for axis, n in index.items() if axis in axes}
    key = (tuple(map(id, arrays)), str(here), str(step))
    kept = memory.find(key, arrays)
    if kept is None:
        kept = computed_values(recipe, given, index)
        memory.keep(key, arrays, kept)
    return kept
