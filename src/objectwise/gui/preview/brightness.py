"""How bright the pixels are that a method decides about: its histogram, and where its classes part.

Which of its parameters are brightnesses of the image is marked in its signature (`objectwise.core.parameter.Level`).
The pixels are those of the plane, frame or series that its numbers are found from; of an image that takes long to read,
and that need not be read for a number, those in view.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from objectwise.core.method import Method
from objectwise.core.parameter import Parameter
from objectwise.core.recipe import Recipe, Source
from objectwise.core.results import Result
from objectwise.core.run import computing_values
from objectwise.core.statistics import Histogram
from objectwise.gui.layers.conversion import arrays_of, is_lazy
from objectwise.gui.preview.memory import Memory
from objectwise.gui.preview.numbers import computed
from objectwise.gui.preview.region import Region
from objectwise.gui.runs.jobs import Job
from objectwise.ops import histogram

if TYPE_CHECKING:
    from objectwise.gui.preview.glance import Glance

# pixels that are counted for the histogram alone
_FEW, _FEW_LAZY = 1 << 27, 1 << 22
# along each axis, of an image of which only a part is counted
_PART = 2048
# pixels in which classes are compared
_SAMPLE = 1 << 17


@dataclass(frozen=True, eq=False)
class Brightness:
    """The histogram of an image.

    Attributes
    ----------
    counts, edges : ndarray
        As in `objectwise.gui.preview.histogram.Histogram.set_histogram`.
    whole : bool
        Whether all values are whole numbers.
    start : float
        Otsu's threshold, for a level that has to start somewhere; NaN where there is none.
    part : bool
        Whether only the pixels in view are counted.
    values : list of dict
        The numbers that the method finds in these pixels.
    """

    counts: np.ndarray
    edges: np.ndarray
    whole: bool
    start: float
    part: bool
    values: list[dict[str, Any]]


def levels_of(record: Method) -> list[Parameter]:
    """Return the parameters of a method that are brightnesses of the image that it is given."""
    return [item for item in record.parameters.values() if item.level]


def shows_brightness(record: Method) -> bool:
    """Whether a histogram says something about a method: it has levels, or makes classes."""
    images = [item for item in record.inputs if item.kind in ("image", "channels")]
    return bool(images and (levels_of(record) or record.output == "classes"))


def starts(record: Method) -> str | None:
    """Return the level that has to start somewhere, as without any the mask would hold everything."""
    levels = levels_of(record)
    needed = record.output == "mask" and levels and not any(item.found for item in levels)
    return levels[0].name if needed else None


def image_of(job: Job) -> tuple[Recipe, str, Source] | None:
    """Return the first step of a job that is given one channel of an input, what it calls that, and which it is."""
    for step in job.recipe.steps:
        for item in step.operation.inputs:
            given = step.sources().get(item.name, ())
            if item.kind not in ("image", "channels") or not given or given[0][1].name not in job.inputs:
                continue
            source = given[0][1]
            if "c" in job.inputs[source.name].grid.axes and source.channel is None:
                return None
            return replace(job.recipe, steps=(step,), inputs=(), outputs=()), item.name, source
    return None


def brightness_of(
    glance: Glance, memory: Memory, region: Region | None = None, only_part: bool = False
) -> Generator[str, None, Brightness | None]:
    """Return the histogram of the image that a job is about; None where there is no such thing."""
    job, found = glance.job, image_of(glance.job)
    if found is None:
        return None
    recipe, name, source = found
    step = recipe.steps[0]
    image = job.inputs[source.name]
    inputs = {key: job.inputs[key] for key in recipe.inputs}
    arrays = tuple(array for item in inputs.values() for array in arrays_of(item.array))
    statistic = Histogram(_as_counted, name)
    pending = [item for item in step.operation.computed if step.parameters[item.name] is None]
    shared = any(item.statistic is not None and item.statistic.passes == statistic.passes for item in pending)
    scope = {"plane": "tz", "frame": "t", "series": ""}[step.scope]
    here = {axis: n for axis, n in glance.index.items() if axis in scope}
    n_pixels = np.prod(
        [n for axis, n in zip(image.grid.axes, image.array.shape, strict=True) if axis not in here]
    )
    lazy = is_lazy(image.array)
    many = n_pixels > (_FEW_LAZY if lazy else _FEW) and not (glance.picture and shared)
    if only_part or many:
        key: tuple = (tuple(map(id, arrays)), str(glance.index), str(source), str(region and region.computed))
        kept = memory.find(key, arrays)
        if kept is None:
            counts_of, values_of = statistic.of_block(_part(image, source, glance, memory, region))
            kept = _made(counts_of, values_of, image, True)
            memory.keep(key, arrays, kept)
        return kept
    counts = memory.counts(arrays)
    key = (tuple(map(id, arrays)), str(here), step.scope, step.by_plane, name, str(source))
    work = memory.get(key, arrays, lambda: _counting(recipe, inputs, glance.index, counts, statistic, image))
    brightness = yield from _said(work)
    if pending and shared:
        values = yield from _said(computed(recipe, inputs, glance.index, memory))
        brightness = _with(brightness, values)
    return brightness


def _said(work: Generator[float, None, Any]) -> Generator[str, None, Any]:
    """Put into words how far a pass over an image is."""
    while True:
        try:
            fraction = next(work)
        except StopIteration as end:
            return end.value
        yield f"the histogram is being computed, {100 * fraction:.0f} %"


def _counting(
    recipe: Recipe,
    inputs: Mapping[str, Result],
    index: Mapping[str, int],
    counts: dict,
    statistic: Histogram,
    image: Result,
) -> Generator[float, None, Brightness]:
    found, values = yield from computing_values(recipe, inputs, index, counts, statistic=statistic)
    return _made(found, values, image, False)


def _made(counts: np.ndarray, values: np.ndarray, image: Result, part: bool) -> Brightness:
    whole = image.array.dtype.kind in "iub"
    if len(counts) == 0:
        counts, values = np.zeros(1), np.zeros(1)
    step = float(values[1] - values[0]) if len(values) > 1 else 1.0
    edges = np.append(values - step / 2, values[-1] + step / 2)
    start = float(histogram.find_threshold(counts, values, method="otsu")) if counts.any() else float("nan")
    start = float(np.floor(start)) if whole and np.isfinite(start) else start
    return Brightness(counts, edges, whole, start, part, [])


def _with(brightness: Brightness, values: list[dict[str, Any]]) -> Brightness:
    if brightness.values == values:
        return brightness
    return replace(brightness, values=values)


def _as_counted(counts: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return counts, values


def _part(image: Result, source: Source, glance: Glance, memory: Memory, region: Region | None) -> np.ndarray:
    """Return the pixels of the displayed plane that are in view, or a part of them."""
    grid, shape = image.grid, image.grid.block_shape(image.array.shape)
    box: tuple[slice, ...]
    if region is not None:
        box = region.computed
    else:
        view = glance.view or tuple(slice(0, n) for n in shape[-2:])
        middle = [(side.start + side.stop) // 2 for side in view]
        box = tuple(
            slice(max(side.start, at - _PART // 2), min(side.stop, at + _PART // 2))
            for side, at in zip(view, middle, strict=True)
        )
    if grid.ndim == 3:
        z = glance.index.get("z", shape[0] // 2)
        box = (slice(z, z + 1), *box)
    at = {"t": glance.index.get("t", 0)} if "t" in grid.axes else {}
    block = memory.read(image, at, box)
    return block[_number(image, source)] if "c" in grid.axes else block


def _number(image: Result, source: Source) -> int:
    names = image.grid.channels
    return names.index(source.channel) if source.channel in names else int(source.channel or 0)


def limits_of_classes(
    job: Job, inputs: Mapping[str, Result], plane: int, classes: np.ndarray
) -> tuple[tuple[int, ...], tuple[float, ...]] | None:
    """Return the classes and the brightness between each and the next; None where they are not parts of the range.

    Read off from the pixels, and so the same for thresholds, centres and mixtures.
    """
    found = image_of(job)
    if found is None:
        return None
    image, source = inputs[found[2].name], found[2]
    block = image.array[_number(image, source)] if "c" in image.grid.axes else image.array
    block = block if block.ndim == 2 else block[plane]
    step = max(1, int(np.sqrt(classes.size / _SAMPLE)))
    values, held = block[::step, ::step].astype(float).ravel(), classes[::step, ::step].ravel()
    spans = []
    for number in range(1, int(held.max(initial=0)) + 1):
        inside = values[held == number]
        if inside.size:
            spans.append((number, float(inside.min()), float(inside.max())))
    if any(first[2] > second[1] for first, second in pairwise(spans)):
        return None
    limits = tuple((first[2] + second[1]) / 2 for first, second in pairwise(spans))
    return tuple(number for number, _, _ in spans), limits
