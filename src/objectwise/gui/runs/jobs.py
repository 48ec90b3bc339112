"""A run as it was submitted: recipe, arrays and place, held apart from whatever the user does next.

A dock makes a `Job` on the GUI thread, from the layers and values of that moment. From then on nothing
looks at a combo box or a layer again: the worker thread has all it needs, and the result is placed where
the source lay when Run was pressed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from objectwise.core.recipe import Recipe
from objectwise.core.results import Progress, Result
from objectwise.core.run import memory_needed, run
from objectwise.core.table import Rows
from objectwise.gui.layers.conversion import Space, fingerprint, is_lazy, shown

# pixels of a plane that is worked on at once, and along each axis of a tile of a larger one
_AT_ONCE, _TILE = 1 << 26, 4096
# bytes of memory that a run of a lazy layer is not started for without asking
_MUCH = 4_000_000_000


@dataclass(frozen=True)
class Job:
    """What is to be done.

    Parameters
    ----------
    recipe : Recipe
        The steps.
    inputs : mapping of str to Result
        The inputs of the recipe.
    space : Space
        Where the results are placed.
    title : str
        What the results are called after.
    marks : mapping of str to (array, str or None), optional
        The array of an input as its layer holds it, and the fingerprint that it had when this package made it.
        Where the two no longer fit, it was edited by hand.
    origins : mapping of str to sequence of str, optional
        For each input, and each input of what made it, the layers that it was.
    shortcut : Job, optional
        Gives the same from results that are there already, as long as nobody has edited those by hand.
    """

    recipe: Recipe
    inputs: Mapping[str, Result]
    space: Space
    title: str
    marks: Mapping[str, tuple[Any, str | None]] = field(default_factory=dict)
    origins: Mapping[str, Sequence[str]] = field(default_factory=dict)
    shortcut: Job | None = None

    @property
    def edited(self) -> bool:
        """Whether an input is known to be no longer what its history says."""
        return any(mark is not None and fingerprint(array) != mark for array, mark in self.marks.values())

    def with_honest_history(self) -> Job:
        """Return this job without the histories of inputs that were edited by hand.

        The edited array then counts as an input of its own. The steps that came before the edit, and the
        fingerprint of what it has become, are kept in the notes of the recipe.
        """
        inputs, notes = dict(self.inputs), dict(self.recipe.notes)
        edited = dict(notes.get("edited", {}))
        for item in self.inputs.values():
            if item.recipe is not None:
                edited |= item.recipe.notes.get("edited", {})
        for name, (array, mark) in self.marks.items():
            if mark is None:
                continue
            now = fingerprint(array)
            if now != mark:
                before = inputs[name].recipe
                edited[name] = {"fingerprint": now} | (
                    {"before": before.to_toml()} if before is not None else {}
                )
                inputs[name] = replace(inputs[name], recipe=None, values=[])
        if edited:
            notes["edited"] = edited
        return replace(self, inputs=inputs, recipe=replace(self.recipe, notes=notes))


def tile_of(job: Job) -> int | None:
    """Return in which tiles a job is done; None for blocks of a size that is done at once.

    The result is the same. A large plane in tiles takes less memory, and the run can be cancelled in the middle.
    """
    largest = max(prod(item.grid.block_shape(item.array.shape)[-2:]) for item in job.inputs.values())
    tiles = all(step.operation.locality.tiles for step in job.recipe.steps)
    return _TILE if largest > _AT_ONCE and tiles else None


def question(job: Job, free: int) -> str:
    """Return what to ask before a job, where it reads an image that is not in memory and takes much of it.

    Parameters
    ----------
    job : Job
    free : int
        How many bytes of memory are free.

    Returns
    -------
    str
        Empty where there is nothing to ask.
    """
    lazy = [item for item in job.inputs.values() if is_lazy(item.array)]
    needed = memory_needed(job.recipe, job.inputs, tile=tile_of(job))
    if not lazy or (needed < _MUCH and needed < free / 2):
        return ""
    read = sum(prod(item.array.shape) * item.array.dtype.itemsize for item in lazy)
    much = " This is more than there is." if needed > free else ""
    return f"This reads {as_size(read)} and needs about {as_size(needed)} of memory; {as_size(free)} are free.{much}"


def as_size(n_bytes: float) -> str:
    """Return a number of bytes as a person reads it.

    Examples
    --------
    >>> as_size(3_400_000), as_size(25_300_000_000)
    ('3.4 MB', '25 GB')
    """
    for unit in ("kB", "MB", "GB"):
        n_bytes /= 1000
        if n_bytes < 1000 or unit == "GB":
            break
    return f"{n_bytes:.2g} {unit}" if n_bytes < 100 else f"{n_bytes:.0f} {unit}"


def time_left(seconds: float, fraction: float) -> str:
    """Return how long a run will still take, once that can be told; a few seconds are not worth a word.

    Examples
    --------
    >>> time_left(30.0, 0.25), time_left(120.0, 0.25), time_left(2.0, 0.5)
    ('about 90 s left', 'about 6 min left', '')
    """
    if seconds < 3 or fraction < 0.02:
        return ""
    left = seconds * (1 - fraction) / fraction
    if left < 3:
        return ""
    return f"about {left:.0f} s left" if left < 100 else f"about {left / 60:.0f} min left"


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    Attributes
    ----------
    job : Job
    results : dict of str to Result
    marks : dict of str to str
        The fingerprint of each result as its layer will show it.
    seconds : float
    sentence : str
        What was found, for the status line.
    """

    job: Job
    results: Mapping[str, Result]
    marks: Mapping[str, str]
    seconds: float
    sentence: str

    def values(self) -> Iterator[tuple[str, str, Any]]:
        """Give the step, the parameter and the value of each number that this job has computed once."""
        own = {step.id for step in self.job.recipe.steps}
        found: dict[tuple[str, str], list[Any]] = {}
        for result in self.results.values():
            for row in result.values:
                if row["step"] in own:
                    found.setdefault((row["step"], row["parameter"]), []).append(row["value"])
        for (step, name), values in found.items():
            if len(values) == 1:
                yield step, name, values[0]


def work(hold: list[Job]) -> Iterator[tuple[float, str] | Outcome]:
    """Do a job, yielding how far it is and what it is at, and the outcome last.

    Parameters
    ----------
    hold : list of Job
        One job, which is taken out: the viewer keeps its finished workers, and must not keep their arrays.
    """
    job = hold.pop()
    start = time.perf_counter()
    yield 0.0, ""
    if job.shortcut is not None and not job.shortcut.edited:
        job = job.shortcut
    job = job.with_honest_history()
    # by this a table knows later whether the labels are still those that were measured; an edit during the run is one
    # that came later
    before = {
        name: fingerprint(job.marks[labels][0])
        for name in job.recipe.outputs
        if job.recipe.step(name).operation.output == "table"
        and (labels := measured(job.recipe, name)) in job.marks
    }
    progress = None
    for progress in run(job.recipe, job.inputs, tile=tile_of(job)):
        yield progress.fraction, _where(job, progress)
    results = dict(progress.results) if progress is not None else {}
    marks, facts = {}, []
    for name, result in results.items():
        if result.kind in ("image", "channels", "mask", "classes", "labels"):
            marks[name] = fingerprint(shown(job.space, result)[1])
        elif name in before:
            marks[name] = before[name]
        elif result.kind == "table" and (labels := measured(job.recipe, name)) in marks:
            marks[name] = marks[labels]
        facts.append(sentence(result))
    seconds = time.perf_counter() - start
    rows = [row for result in results.values() for row in result.values]
    found = ", ".join(dict.fromkeys(fact for fact in [*facts, *value_texts(job.recipe, rows)] if fact))
    yield Outcome(
        job, results, marks, seconds, f"{found}, {seconds:.1f} s" if found else f"Done, {seconds:.1f} s"
    )


def _where(job: Job, progress: Progress) -> str:
    """Say what a run is at: its frame and plane where there are several, and the step."""
    sizes: dict[str, int] = {}
    for item in job.inputs.values():
        for axis, n in zip(item.grid.axes, item.array.shape, strict=True):
            sizes[axis] = max(n, sizes.get(axis, 1))
    parts = [
        f"{_AXES[axis]} {number + 1} of {sizes[axis]}"
        for axis, number in progress.index.items()
        if axis in _AXES and sizes.get(axis, 1) > 1
    ]
    return ", ".join([*parts, progress.step.replace("_", " ")])


_AXES = {"t": "frame", "z": "plane"}


@dataclass(frozen=True)
class Tally:
    """What came of several jobs in one sentence, and whether any of them failed."""

    sentence: str
    wrong: bool = False


def work_each(hold: list[Job], failed: Sequence[str] = ()) -> Iterator[tuple[float, str] | Outcome | Tally]:
    """Do several jobs one after another; one that fails is told of, and the others go on.

    Parameters
    ----------
    hold : list of Job
        They are taken out one by one.
    failed : sequence of str, optional
        What has failed before, a sentence each.
    """
    reasons, n, done = list(failed), len(hold) + len(failed), 0
    for number in range(len(hold)):
        job = hold.pop(0)
        name = job.space.source
        try:
            for found in work([job]):
                if isinstance(found, Outcome):
                    done += 1
                    yield found
                else:
                    yield (number + found[0]) / (n - len(failed)), f"{name}: {found[1]}" if found[1] else ""
        except (ValueError, MemoryError) as error:
            reasons.append(f"{name}: {reason(error)}")
    yield Tally(". ".join([f"{done} of {n} done", *reasons]), bool(reasons))


def reason(error: Exception) -> str:
    """Return why a job failed as a sentence."""
    if isinstance(error, MemoryError):
        return "There is not enough memory for this; work on each plane, or on a smaller image."
    if not isinstance(error, ValueError | OSError):
        words = " ".join(f"{type(error).__name__}: {error}".split())
        return f"This failed in a way that nobody has foreseen ({words}). Details tells where."
    text = str(error) or type(error).__name__
    # the name of the only step says nothing here
    text = text.partition("': ")[2] if text.startswith("step '") else text
    return text[:1].upper() + text[1:]


def measured(recipe: Recipe, name: str) -> str:
    """Return the name of what the rows of a table are of: the first input of its step."""
    step = recipe.step(name)
    return step.sources()[step.operation.inputs[0].name][0][1].name


def count_objects(labels: np.ndarray) -> int:
    """Return how many different ids other than 0 an array holds."""
    if labels.size == 0:
        return 0
    highest = int(labels.max())
    if highest > 4 * labels.size:
        return len(np.unique(labels[labels > 0]))
    present = np.zeros(highest + 1, bool)
    present[labels] = True
    return int(present[1:].sum())


def sentence(result: Result) -> str:
    """Say in a few words what a result holds."""
    if result.kind == "table":
        n = len(result.array)
        rows = result.recipe.steps[-1].operation.rows if result.recipe is not None else Rows()
        if rows.each != "object":
            return f"{n} row{'' if n == 1 else 's'}, one for each {rows.each}"
        if "t" not in result.grid.axes:
            return f"{n} object{'' if n == 1 else 's'} measured"
        found = result.array.frame["frame"].nunique()
        return f"{n} row{'' if n == 1 else 's'}, of {found} frames"
    if result.kind == "value":
        values = np.ravel(result.array)
        unit = result.grid.unit
        what = f"{result.recipe.steps[-1].operation.label}: " if result.recipe is not None else ""
        numbers = ", ".join(f"{value:.3g}" for value in values[:12])
        return f"{what}{numbers}{' ...' if len(values) > 12 else ''} {unit}"
    if result.kind == "labels":
        frames = list(result.grid.indices(result.array.shape, "t"))
        return counted([count_objects(result.grid.read(result.array, index)) for index in frames])
    if result.kind == "mask":
        inside = float(np.count_nonzero(result.array)) / max(1, result.array.size)
        if inside in (0.0, 1.0):
            return "Nothing inside" if inside == 0 else "every pixel is inside"
        return f"{100 * inside:.3g} % inside"
    if result.kind == "classes":
        n = count_objects(result.array)
        return f"{n} class{'' if n == 1 else 'es'}"
    return ""


def counted(counts: Sequence[int]) -> str:
    """Say how many objects the frames hold.

    Examples
    --------
    >>> counted([7]), counted([2, 1])
    ('7 objects', '3 objects in 2 frames (2, 1)')
    """
    if not sum(counts):
        return "No objects"
    text = f"{sum(counts)} object{'' if sum(counts) == 1 else 's'}"
    return f"{text} in {len(counts)} frames ({_listed(counts)})" if len(counts) > 1 else text


def _listed(counts: Sequence[int]) -> str:
    shown_counts = counts if len(counts) <= 8 else [*counts[:6], "...", counts[-1]]
    return ", ".join(map(str, shown_counts))


def value_texts(recipe: Recipe, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Say which numbers the steps of a recipe have computed, such as ``threshold 107 (otsu)``.

    Where several steps look for the same thing, the last one has decided.
    """
    texts = {
        parameter.name: text
        for step in recipe.steps
        for parameter in step.operation.computed
        if (text := value_text(step, parameter.name, rows))
    }
    return list(texts.values())


def value_text(step: Any, name: str, rows: Sequence[dict[str, Any]]) -> str:
    """Say which number a step has computed, or the range of several."""
    values = [
        float(row["value"])
        for row in rows
        if row["step"] == step.id and row["parameter"] == name and isinstance(row["value"], int | float)
    ]
    finite = [value for value in values if np.isfinite(value)]
    if not values:
        return ""
    method = f" ({step.parameters['method']})" if "method" in step.parameters else ""
    if not finite:
        return f"no {name}: the image has one single brightness"
    low, high = f"{min(finite):.4g}", f"{max(finite):.4g}"
    return f"{name} {low}{'' if low == high else f' to {high}'}{method}"
