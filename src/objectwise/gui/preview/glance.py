"""What a run would give in the displayed plane, without running the rest.

Nothing is approximated in silence: the plane of the preview has the same pixels as that plane of the run. A number that
the run computes from the whole frame, volume or series is computed from all of it here too, once, and kept; where that
takes long, a first picture with the number of what is seen comes before it, and says that it is provisional. An
operation that looks a bounded way around each pixel is given as much around the plane, or the part of it on the screen,
as it looks. A small volume is worked on whole. What cannot be shown exactly is not shown, and a sentence says so.

No layer and no widget is touched here, so that it can run on any thread.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from objectwise.core.grid import Grid
from objectwise.core.locality import Halo
from objectwise.core.recipe import Recipe
from objectwise.core.results import Result
from objectwise.core.run import run
from objectwise.gui.layers.conversion import arrays_of
from objectwise.gui.preview.brightness import Brightness, brightness_of, limits_of_classes
from objectwise.gui.preview.memory import Memory
from objectwise.gui.preview.numbers import lock
from objectwise.gui.preview.region import Box, Region, depends, domains, n_cut, reach_of, region_of
from objectwise.gui.runs.jobs import Job, count_objects, value_texts

# voxels of a volume that is worked on whole
_SMALL = 1 << 23
# seconds until something is shown, and between two sentences about how far it is
_PATIENCE = 0.2


@dataclass(frozen=True)
class Glance:
    """A job, and what of it is displayed: its frame ``t``, its plane ``z`` and the part of it on the screen.

    ``picture`` says whether the result is wanted, ``levels`` whether the brightness of the image is.
    """

    job: Job
    index: Mapping[str, int]
    view: Box | None = None
    picture: bool = True
    levels: bool = False


@dataclass(frozen=True)
class Seen:
    """The displayed plane of a result, and what to say about it.

    ``corner`` is the pixel of the plane at which the array begins; ``classes`` are those of brightness,
    and their limits; ``span`` is the smallest and the largest number of an image.
    """

    array: np.ndarray | None
    kind: str
    sentence: str
    values: list[dict[str, Any]] = field(default_factory=list)
    corner: tuple[int, int] = (0, 0)
    classes: tuple[tuple[int, ...], tuple[float, ...]] | None = None
    brightness: Brightness | None = None
    span: tuple[float, float] | None = None


def look(glance: Glance, memory: Memory) -> Generator[Seen | str, None, Seen]:
    """Return the displayed plane of the result of a job.

    Yields
    ------
    Seen or str
        While a number of a large image is computed: first what can be shown without it, then how far it is.

    Raises
    ------
    ValueError
        If this method has no exact preview, or the job itself is wrong.
    """
    job = glance.job
    if not glance.picture:
        return Seen(None, "", "", brightness=(yield from brightness_of(glance, memory)))
    view = View(glance, memory)
    guess: Seen | None = None
    work = lock(view.recipe, job.inputs, glance.index, memory, view.region.whole, view.in_volume)
    start = said = time.perf_counter()
    while True:
        try:
            fraction = next(work)
        except StopIteration as end:
            recipe, values, guessed = end.value
            break
        now = time.perf_counter()
        if now - start < _PATIENCE or now - said < _PATIENCE:
            continue
        said = now
        if guess is None:
            guess = view.show(view.recipe, [], " (provisional)")
            part = yield from brightness_of(glance, memory, view.region, only_part=True)
            guess = replace(guess, brightness=part)
            yield guess
        yield f"{guess.sentence}: the {view.wanted} is being computed, {100 * fraction:.0f} %"
    seen = view.show(recipe, values, guessed)
    if glance.levels:
        seen = replace(seen, brightness=(yield from brightness_of(glance, memory, view.region)))
    return seen


class View:
    """How the displayed plane of a job is computed: from which part of its inputs, by which of its steps."""

    def __init__(self, glance: Glance, memory: Memory) -> None:
        self.glance, self.memory = glance, memory
        job = glance.job
        self.recipe, self.whole = job.recipe, True
        self.first = job.inputs[job.recipe.inputs[0]]
        self.shape = self.first.grid.block_shape(self.first.array.shape)
        self.volume = self.first.grid.ndim == 3
        self.by_plane = all(step.by_plane for step in self.recipe.steps)
        self.in_volume = False
        if self.volume and not self.by_plane:
            self._choose_steps()
        flat = not self.volume or self.by_plane
        self.reach = (
            (0, 0, 0) if self.in_volume else (0,) * flat + reach_of(self.recipe, self.first.grid, flat)
        )
        plane = (self.shape[-2], self.shape[-1])
        self.region = (
            Region((slice(0, plane[0]), slice(0, plane[1])), (slice(0, plane[0]), slice(0, plane[1])), plane)
            if self.in_volume
            else region_of(self.recipe, plane, glance.view, self.reach[-2:])
        )

    def _choose_steps(self) -> None:
        """Take a small volume whole; of a large one the steps that look a bounded way, before objects are made."""
        recipe = self.recipe
        near = [step for step in recipe.steps if isinstance(step.operation.locality, Halo)]
        if len(near) == len(recipe.steps):
            return
        if np.prod(self.shape) <= _SMALL:
            self.in_volume = True
            return
        if len(near) < max(1, len(recipe.steps) - 1) or near != list(recipe.steps[: len(near)]):
            raise ValueError(
                "No preview of this method in so large a volume; choose each plane, or press Run."
            )
        self.whole = False
        self.recipe = replace(recipe, steps=tuple(near), outputs=(near[-1].id,))

    @property
    def wanted(self) -> str:
        """What is computed from more than is seen, in words."""
        for step in self.recipe.steps:
            for item in step.operation.computed:
                if step.parameters[item.name] is None:
                    scope = {"plane": "plane", "series": "series"}.get(
                        step.scope,
                        "volume" if self.volume else "frame" if "t" in self.first.grid.axes else "image",
                    )
                    return f"{item.title.lower()} of the whole {scope}"
        return "number"

    def show(self, recipe: Recipe, values: list[dict[str, Any]], note: str) -> Seen:
        """Return what is displayed of the result of a recipe."""
        glance, region = self.glance, self.region
        cut = not region.whole and not any(depends(step) for step in recipe.steps)
        extra = set(domains(recipe).values()) - set(recipe.inputs) if cut else set()
        whole_recipe = replace(recipe, outputs=tuple(dict.fromkeys([*extra, *recipe.outputs])))
        inputs, plane = self._inputs()
        results = self._results(whole_recipe, inputs)
        result = results[recipe.outputs[-1]]
        # what is found in the result of an earlier step is found on the way
        own = {step.id for step in recipe.steps}
        values = values + [row for row in result.values if row["step"] in own and row not in values]
        if "c" in result.grid.axes:
            raise ValueError("No preview of several channels; choose one, or press Run.")
        block = result.array if result.array.ndim == 2 else result.array[plane]
        array = block[region.crop]
        found = _found(array, result.kind, region.whole)
        if self.in_volume and result.kind == "labels":
            found += f", {count_objects(result.array)} in the volume"
        text = ", ".join(part for part in [found, *value_texts(recipe, values)] if part) + note
        if not self.whole:
            text += ", objects are numbered by Run"
        if cut and domains(recipe):
            given = self._given(recipe)
            n = n_cut(recipe, region, {**inputs, **results}, given)
            if n:
                text += f"; {n} cut by the edge of the view may change"
        classes = None
        if result.kind == "classes":
            classes = limits_of_classes(
                glance.job, inputs, plane if not self.volume or self.in_volume else 0, block
            )
        corner = (region.shown[0].start, region.shown[1].start)
        span = _span(array) if result.kind == "image" else None
        return Seen(
            _as_preview(array, result.kind), str(result.kind), text, values, corner, classes, span=span
        )

    def _given(self, recipe: Recipe) -> dict[str, dict[str, Any]]:
        """Return what the function of each step is given beside arrays."""
        spacing = self.first.grid.block_spacing[-2:]
        offered = {"spacing": spacing, "grid": self.first.grid}
        return {
            step.id: dict(step.parameters)
            | {name: offered[name] for name in step.operation.given if name in offered}
            for step in recipe.steps
        }

    def _results(self, recipe: Recipe, inputs: Mapping[str, Result]) -> Mapping[str, Result]:
        """Run a recipe; a volume is kept, so that its other planes are there at once."""
        arrays = tuple(array for item in self.glance.job.inputs.values() for array in arrays_of(item.array))
        key = (tuple(map(id, arrays)), self.glance.index.get("t"), recipe.to_toml())
        # labels are painted by hand, and are another array then without being another object
        keeps = self.in_volume and all(item.kind == "image" for item in inputs.values())
        kept = self.memory.kept_volume(key, arrays) if keeps else None
        if kept is None:
            *_, last = run(recipe, inputs)
            kept = dict(last.results)
            if keeps:
                self.memory.keep_volume(key, arrays, kept)
        return kept

    def _inputs(self) -> tuple[dict[str, Result], int]:
        """Return the part of each input that is needed, and which of its planes is displayed."""
        low, high, plane = 0, self.shape[0], self.glance.index.get("z", 0)
        if self.volume and not self.in_volume:
            low, high = max(0, plane - self.reach[0]), min(self.shape[0], plane + self.reach[0] + 1)
        inputs = {name: self._cut(source, (low, high)) for name, source in self.glance.job.inputs.items()}
        return inputs, plane - low

    def _cut(self, source: Result, planes: tuple[int, int]) -> Result:
        grid, shape, index = source.grid, source.array.shape, self.glance.index
        box: tuple[slice, ...] = self.region.computed
        if grid.ndim == 3:
            box = (slice(*planes), *box)
        at = {"t": min(index.get("t", 0), grid.size("t", shape) - 1)} if "t" in grid.axes else {}
        block, spatial = self.memory.read(source, at, box), grid.spatial
        if grid.ndim == 3 and self.by_plane:
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


def _span(array: np.ndarray) -> tuple[float, float]:
    """Return the smallest and the largest number of an array, infinite ones left out."""
    finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def _found(array: np.ndarray, kind: str | None, whole: bool) -> str:
    """Say what is seen: how many objects or classes, how much is inside, or how bright it is."""
    where = "in this plane" if whole else "in view"
    if kind in ("labels", "classes"):
        # of a part of a plane, or of a volume, not every id is there
        n = count_objects(array)
        noun = {"labels": ("object", "objects"), "classes": ("class", "classes")}[kind][n != 1]
        return f"{n} {noun} {where}"
    if kind == "mask":
        inside = float(np.count_nonzero(array)) / max(1, array.size)
        share = "" if whole else "of the view "
        return f"{100 * inside:.3g} % {share}inside" if inside else f"nothing {share}inside"
    if not array.size:
        return ""
    return f"brightness {np.fmin.reduce(array, axis=None):.4g} to {np.fmax.reduce(array, axis=None):.4g}"
