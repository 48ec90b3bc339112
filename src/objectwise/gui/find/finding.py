"""What *Find and measure objects* does, without its widgets: the job, the outlines that it shows, and what it says.

A number of objects alone helps nobody who has none, or far too many. So the steps between are looked at too: the
first of them that is empty tells which control is to be changed.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from napari.layers import Layer

from objectwise.core.grid import Grid
from objectwise.core.parameter import as_unit
from objectwise.core.recipe import Recipe
from objectwise.core.results import Result
from objectwise.core.run import run
from objectwise.core.step import From, Step, free_name
from objectwise.gui.preview.brightness import brightness_of
from objectwise.gui.preview.glance import Glance, Seen
from objectwise.gui.preview.memory import Memory, arrays_of
from objectwise.gui.runs.jobs import Job, Outcome, count_objects, counted, sentence
from objectwise.gui.runs.wiring import origins_of, wire_images
from objectwise.ops.labels import label_boundaries

# pixels of a plane, and voxels of a volume, beyond which a preview would lag too far behind the hand
_LARGE, _LARGE_VOLUME = 1 << 22, 1 << 21

NOTHING_STANDS_OUT = (
    "No objects: nothing stands out from the background - try another cut-off, or dark objects."
)

# --- the job -------------------------------------------------------------------------------------------


def with_table(job: Job, images: Sequence[Layer], features: Sequence[str] | None, as_mask: bool) -> Job:
    """Return a job that measures what it has found, too.

    Parameters
    ----------
    job : Job
        Its last step makes the labels.
    images : sequence of Layer
        Whose brightness is measured.
    features : sequence of str or None
        What is measured.
    as_mask : bool
        Whether the result is a mask of all objects, and the table has one row for it in each frame.

    Returns
    -------
    Job
        Its outputs are the labels or the mask, and the table.
    """
    inputs = dict(job.inputs)
    wired = wire_images(images, inputs)
    recipe = job.recipe
    taken = {*inputs, *(step.id for step in recipe.steps)}
    found = recipe.outputs[-1]
    steps = list(recipe.steps)
    if as_mask:
        steps.append(Step(free_name("all_objects", taken), "labels_to_mask", {"labels": found}))
        found = steps[-1].id
    op, slot = ("measure_classes", "classes") if as_mask else ("measure", "labels")
    sources = {slot: found} | ({"images": wired} if wired else {})
    steps.append(Step(free_name("table", taken), op, sources, {"features": features}))
    recipe = replace(recipe, steps=tuple(steps), inputs=tuple(inputs), outputs=(found, steps[-1].id))
    origins = {**job.origins, **origins_of({"images": wired}, {"images": images})}
    title = "mask of objects" if as_mask else "objects"
    return replace(job, recipe=recipe, inputs=inputs, title=title, origins=origins)


# --- the preview ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found(Seen):
    """Outlines in the displayed plane, how many objects, and the typical diameter that was found.

    ``doubtful`` says that something is to be changed.
    """

    n: int = 0
    doubtful: bool = False
    diameter: float | None = None


def look_for_objects(glance: Glance, memory: Memory) -> Generator[str, None, Found]:
    """Return the outlines of the objects in the displayed plane.

    A volume is worked on whole, as its planes are not apart.

    Raises
    ------
    ValueError
        If it is too large for that, or a number is found from the whole series.
    """
    brightness = yield from brightness_of(glance, memory)
    if not glance.picture:
        return Found(None, "", "", brightness=brightness)
    job, recipe = glance.job, glance.job.recipe
    first = job.inputs[recipe.inputs[0]]
    shape, grid = first.grid.block_shape(first.array.shape), first.grid
    if math.prod(shape) > (_LARGE if len(shape) == 2 else _LARGE_VOLUME):
        what = "plane" if len(shape) == 2 else "volume"
        raise ValueError(f"The {what} is too large to show the outlines at once; press the button below.")
    if "t" in grid.axes and any(step.scope == "series" for step in recipe.steps):
        raise ValueError("No preview of a cut-off for the whole series; press the button below.")
    box = tuple(slice(0, n) for n in shape)
    at = (
        {"t": min(glance.index.get("t", 0), grid.size("t", first.array.shape) - 1)}
        if "t" in grid.axes
        else {}
    )
    still = replace(grid, axes=("c" if "c" in grid.axes else "") + grid.spatial)
    inputs = {
        name: Result(memory.read(source, at, box), still, source.kind) for name, source in job.inputs.items()
    }
    arrays = tuple(array for item in job.inputs.values() for array in arrays_of(item.array))
    key = (tuple(map(id, arrays)), at.get("t"))
    results = _run_on(recipe, inputs, memory.kept_volume(key, arrays))
    memory.keep_volume(key, arrays, (recipe.steps, results))
    labels = np.asarray(results[recipe.outputs[-1]].array)
    diameter = _diameter(recipe, results)
    n, sizes = count_objects(labels), sizes_of(labels)
    text, doubtful = report(n, sizes, labels.size, grid)
    if not n:
        text, doubtful = why_none(recipe, results, inputs), True
    z = glance.index.get("z", 0) if grid.ndim == 3 else None
    plane = labels if z is None else labels[min(z, len(labels) - 1)]
    found = Found(outlined(plane), "labels", text, n=n, doubtful=doubtful, diameter=diameter)
    return replace(found, brightness=brightness)


def _run_on(
    recipe: Recipe, inputs: Mapping[str, Result], kept: tuple[Sequence[Step], Mapping[str, Result]] | None
) -> dict[str, Result]:
    """Return what the steps from the last threshold on gave, done anew from the first that has changed."""
    steps, stages = recipe.steps, stages_of(recipe)
    first = [step.id for step in steps].index(stages[0])
    outputs = {*stages, *_diameters(recipe), *recipe.outputs}
    outputs |= {name for step in steps[first:] for name in step.needs()} - set(inputs)
    before, known = kept or ((), {})
    n = next(
        (k for k, pair in enumerate(zip(steps, before, strict=False)) if pair[0] != pair[1]), len(before)
    )
    n = min(n, len(steps))
    done = {step.id: known[step.id] for step in steps[:n] if step.id in known}
    rest = steps[n:]
    needed = {name for step in rest for name in step.needs()} - {step.id for step in rest} - set(inputs)
    if not needed <= set(done):
        done, rest = {}, steps
    if rest:
        wanted = tuple(step.id for step in rest if step.id in outputs)
        rest = tuple(_with_numbers(step, recipe, done) for step in rest)
        short = Recipe(rest, outputs=wanted, unit=recipe.unit, notes=recipe.notes)
        *_, last = run(short, {name: {**inputs, **done}[name] for name in short.inputs})
        done = {**done, **last.results}
    return {name: done[name] for name in outputs}


def _with_numbers(step: Step, recipe: Recipe, done: Mapping[str, Result]) -> Step:
    """Return a step with the numbers written in that were found before it."""
    values = dict(step.parameters)
    for name, value in values.items():
        if isinstance(value, From) and value.step in done:
            found = done[value.step]
            unit, wanted = recipe.step(value.step).operation.output_unit, step.operation.parameters[name].unit
            number = float(np.ravel(found.array)[0]) * value.times
            values[name] = as_unit(number, unit, wanted, 2 if step.by_plane else found.grid.ndim)
    return replace(step, parameters=values)


def stages_of(recipe: Recipe) -> list[str]:
    """Return the steps from the last threshold on, each of which may be the one that leaves nothing."""
    ids = [step.id for step in recipe.steps if step.operation.output in _OF_OBJECTS]
    last = [step.id for step in recipe.steps if step.op in _CUT_OFFS][-1]
    return ids[ids.index(last) :]


_OF_OBJECTS = ("mask", "labels", "objects")
_CUT_OFFS = ("threshold_manual", "threshold_auto", "threshold_adaptive")


def _diameters(recipe: Recipe) -> list[str]:
    return [step.id for step in recipe.steps if step.op == "estimate_diameter"][-1:]


def _diameter(recipe: Recipe, results: Mapping[str, Result]) -> float | None:
    """Return the typical diameter that was found, None where it was given."""
    for name in _diameters(recipe):
        found = float(np.ravel(results[name].array)[0])
        return found if math.isfinite(found) and found > 0 else None
    return None


def outlined(plane: np.ndarray) -> np.ndarray:
    """Return where the outlines of objects are, as the numbers 0 and 1, wide enough to be seen."""
    edge = label_boundaries(plane)
    # as many pixels of the screen as one of a small image
    for _ in range(1, math.ceil(max(plane.shape) / 500)):
        edge |= label_boundaries(np.where(edge, 0, plane))
    return edge.view(np.uint8)


def draw_circle(plane: np.ndarray, diameters: Sequence[float], corner: Sequence[float]) -> None:
    """Draw a circle of a diameter near a corner of outlines, as the number 2, if it has room there.

    Parameters
    ----------
    plane : (Y, X) array of uint8
        Outlines, which are drawn upon.
    diameters : (float, float)
        In pixels along y and x.
    corner : (float, float)
        The upper left pixel of what is seen.
    """
    shape, size = np.array(plane.shape), np.ceil(1.2 * np.asarray(diameters, float)).astype(int) + 2
    if np.any(2 * size > shape):
        return
    start = np.clip(np.asarray(corner).astype(int) + 2, 0, shape - size)
    y, x = (2 * (np.arange(n) - (n - 1) / 2) / diameter for n, diameter in zip(size, diameters, strict=True))
    inside = np.add.outer(y**2, x**2) <= 1
    box = tuple(slice(first, first + n) for first, n in zip(start, size, strict=True))
    plane[box][outlined(inside).astype(bool)] = 2


# --- what is said --------------------------------------------------------------------------------------


def unit_text(unit: str, power: int = 1) -> str:
    """Return a unit as it is written beside a number.

    Examples
    --------
    >>> unit_text("um", 2), unit_text("pixel"), unit_text("pixel", 3)
    ('µm²', 'pixels', 'voxels')
    """
    if unit == "pixel":
        return "voxels" if power == 3 else "pixels"
    return ("µm" if unit == "um" else unit) + {1: "", 2: "²", 3: "³"}[power]


def number_text(number: float) -> str:
    """Return a number with three digits, as a person would write it.

    Examples
    --------
    >>> number_text(0.012345), number_text(4744.1)
    ('0.0123', '4744')
    """
    return f"{number:.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def understood(grid: Grid, shape: Sequence[int]) -> str:
    """Say in one line what was understood of an image.

    Examples
    --------
    >>> understood(Grid("tyx", (0.5, 0.5), "um"), (6, 520, 696))
    '6 frames, each on its own, 520 x 696, 2-D, 0.5 µm/pixel'
    """
    sizes = dict(zip(grid.axes, shape, strict=True))
    parts = [
        f"{sizes[axis]} {name}"
        for axis, name in (("t", "frames, each on its own"), ("c", "channels"))
        if axis in sizes
    ]
    parts += [" x ".join(str(sizes[axis]) for axis in grid.spatial), f"{grid.ndim}-D"]
    if grid.calibrated:
        steps = [f"{step:.3g}" for step in grid.block_spacing]
        one = steps[:1] if len(set(steps)) == 1 else steps
        parts.append(f"{' x '.join(one)} {unit_text(grid.unit)}/pixel")
    return ", ".join(parts)


def sizes_of(labels: np.ndarray) -> np.ndarray:
    """Return the number of pixels of each object."""
    counts = np.bincount(labels.ravel())[1:] if labels.size else np.zeros(0, int)
    return counts[counts > 0]


def report(n: int, sizes: np.ndarray, n_pixels: int, grid: Grid) -> tuple[str, bool]:
    """Say how many objects there are and how large, and which control to change where that looks wrong.

    Returns
    -------
    sentence : str
    doubtful : bool
        Whether it looks wrong.
    """
    pixel = float(np.prod(grid.block_spacing))
    if not n:
        return "No objects.", True
    median = float(np.median(sizes))
    text = (
        f"{n} object{'' if n == 1 else 's'}{' in this frame' if 't' in grid.axes else ''}, "
        f"median {number_text(median * pixel)} {unit_text(grid.unit, grid.ndim)}"
    )
    warning = ""
    if sizes.sum() > 0.9 * n_pixels:
        warning = "Nearly everything is inside: move the cut-off, or choose dark instead of bright."
    elif sizes.max() > 0.5 * n_pixels:
        warning = "One object fills half of the image: move the cut-off, or choose dark instead of bright."
    elif n > 300 and median < 4**grid.ndim:
        warning = "Most are specks: draw the typical diameter, or raise the smallest object."
    return f"{text}. {warning}" if warning else text, bool(warning)


def why_none(recipe: Recipe, results: Mapping[str, Result], inputs: Mapping[str, Result]) -> str:
    """Say why nothing was found, and which control to change."""
    images = [item.array for item in inputs.values() if item.kind not in ("labels", "classes")]
    if any(
        array.size and np.fmin.reduce(array, axis=None) == np.fmax.reduce(array, axis=None)
        for array in images
    ):
        return "No objects: the whole image has one single brightness."
    empty = next((name for name in stages_of(recipe) if not np.any(results[name].array)), None)
    if empty is None:
        return "No objects."
    step = recipe.step(empty)
    if step.op == "threshold_manual":
        if step.parameters["lower"] is not None:
            return "No objects: the cut-off is above all pixels - lower it."
        return "No objects: the cut-off is below all pixels - raise it."
    if step.op == "filter_objects_by_diameter":
        return "No objects: all are smaller than the smallest object - lower it."
    if step.op == "clear_border":
        return "No objects: all touch the edge of the image - keep those."
    return NOTHING_STANDS_OUT


def said_of(outcome: Outcome) -> str:
    """Say what a run has found, and how long it took."""
    labels, table = (outcome.results[name] for name in outcome.job.recipe.outputs)
    column = "area" if labels.grid.ndim == 2 else "volume"
    frame = table.array.frame
    if labels.kind == "labels":
        # the window waits for this, and to count in the pixels takes long
        n_frames = labels.grid.size("t", labels.array.shape) if "t" in labels.grid.axes else 1
        rows = frame["frame"] if "t" in labels.grid.axes else np.zeros(len(frame), int)
        text = counted(np.bincount(rows, minlength=n_frames).tolist())
    else:
        text = sentence(labels)
    if labels.kind == "labels" and len(frame) and column in frame:
        unit = unit_text(labels.grid.unit, labels.grid.ndim)
        text += f", median {number_text(frame[column].median())} {unit}"
    return f"{text}, {outcome.seconds:.1f} s"
