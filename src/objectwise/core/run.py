"""Run a recipe: the one executor behind napari, the command line, a batch and a notebook.

`run` is a generator. It yields after every tile, plane, frame or channel that it has finished, so that a
caller shows progress, takes finished blocks, or stops by no longer asking. Frames are worked on one after
another with all steps, so that of the intermediate results only one frame is held; a lazy input is read
block by block. Numbers computed from a whole plane, frame or series are found first, and kept beside the
result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from objectwise.core import kinds
from objectwise.core.grid import Grid, plain_grid
from objectwise.core.locality import Components
from objectwise.core.operation import Operation, find
from objectwise.core.parameter import as_unit, nearest
from objectwise.core.plan import Plan, Slot
from objectwise.core.recipe import From, Recipe, Step
from objectwise.core.results import Progress, Result
from objectwise.core.statistics import Place, Statistic
from objectwise.core.table import Table
from objectwise.core.tiles import Box, boxes, run_tiles

# pixels that a statistic looks at in one go
_PIECE = 1 << 22


def run(
    recipe: Recipe,
    inputs: Any,
    into: Mapping[str, Any] | None = None,
    *,
    grid: Grid | None = None,
    tile: int | Sequence[int] | None = None,
) -> Iterator[Progress]:
    """Run a recipe, yielding after every block.

    Parameters
    ----------
    recipe : Recipe
        What to do.
    inputs : array, tuple, Result, or mapping of str to these
        The inputs by name: each an array, an ``(array, grid)`` pair, or a `Result`. NumPy, dask and zarr
        arrays of any real dtype. A single array serves a recipe with a single input.
    into : mapping of str to array, optional
        Writable arrays (NumPy, zarr) for outputs, in the axes that `plan` tells.
    grid : Grid, optional
        The grid of arrays that come without one. A plain 2-D array needs none.
    tile : int or sequence of int, optional
        Work in tiles of this many pixels along each spatial axis; whole blocks where it is left out.

    Yields
    ------
    Progress
        The last one holds all results.

    Raises
    ------
    ValueError
        If something does not fit: an input is missing, shapes or pixel sizes disagree, an operation
        cannot work on so many axes, cannot be tiled, or refuses a value. Checked before anything starts
        as far as that can be.

    Examples
    --------
    >>> import numpy as np, objectwise as ow
    >>> recipe = ow.Recipe([ow.Step("mask", "threshold_manual", {"image": "nuclei"}, {"lower": 2.0})])
    >>> for progress in ow.run(recipe, {"nuclei": np.arange(6.0).reshape(2, 3)}):
    ...     pass
    >>> progress.results["mask"].array
    array([[False, False, False],
           [False,  True,  True]])
    """
    sources = _inputs(recipe, inputs, grid)
    return iter(_Execution(Plan(recipe, sources, into or {}, tile), sources))


def apply(
    name: str,
    *arrays: Any,
    grid: Grid | None = None,
    by_plane: bool = False,
    scope: str = "frame",
    **values: Any,
) -> Any:
    """Run one operation on whole arrays of any axes.

    Parameters
    ----------
    name : str
        The name of the operation.
    *arrays : array
        What it is given, in the order of its inputs; None for an optional one that is not used. More
        images, by name, for an input that takes named channels.
    grid : Grid, optional
        The axes and pixel size of the arrays; not needed for a plain 2-D array. An array with as many axes
        as the grid has without ``t`` or ``c`` may stand beside one that has them.
    by_plane : bool, optional
        Work on each plane of a volume alone.
    scope : {'frame', 'plane', 'series'}, optional
        Over what a parameter that is left out is computed.
    **values
        The parameters of the operation, and further inputs by name.

    Returns
    -------
    ndarray or Table or float
        The result; axes as in the first array, without ``c`` unless the operation works by channel.

    Examples
    --------
    >>> import numpy as np, objectwise as ow
    >>> ow.apply("label_components", np.array([[True, False, True]]))
    array([[1, 0, 2]], dtype=int32)
    """
    record = find(name)
    slots = [item.name for item in record.inputs]
    if len(arrays) > len(slots):
        raise ValueError(f"{name} is given {', '.join(slots)}; found {len(arrays)} arrays")
    given = dict(zip(slots, arrays, strict=False)) | {
        slot: values.pop(slot) for slot in slots if slot in values
    }
    sources: dict[str, Any] = {}
    wired: dict[str, Any] = {}
    for slot, value in given.items():
        if isinstance(value, Mapping):
            wired[slot] = {key: _free_name(key, sources) for key in value}
            sources |= {wired[slot][key]: item for key, item in value.items()}
        elif value is not None:
            wired[slot] = slot
            sources[slot] = value
    step = Step(f"{name}_result", name, wired, values, scope, by_plane)
    fitted = {
        key: item if grid is None or isinstance(item, Result | tuple) else (item, _fit(grid, item))
        for key, item in sources.items()
    }
    recipe = Recipe([step])
    first = next(iter(_inputs(recipe, fitted, None).values()))
    *_, last = run(replace(recipe, unit=first.grid.unit), fitted)
    result = last.results[step.id]
    if result.kind == "value" and "t" not in result.grid.axes:
        return float(result.array[0])
    return result.array


def _free_name(key: str, taken: Mapping[str, Any]) -> str:
    name = "image " + "".join(letter if letter.isalnum() or letter in "_- " else "_" for letter in str(key))
    while name in taken:
        name += "_"
    return name


def _fit(grid: Grid, array: Any) -> Grid:
    """Return the grid of an array that has the axes of a grid, or all of them but t or c."""
    n = len(np.shape(array))
    for roles in ("", "c", "t", "tc"):
        fitting = grid.without(roles)
        if len(fitting.axes) == n:
            return fitting
    return grid


def _inputs(recipe: Recipe, inputs: Any, grid: Grid | None) -> dict[str, Result]:
    """Return every input of a recipe as a `Result`, checked."""
    if not isinstance(inputs, Mapping):
        if len(recipe.inputs) != 1:
            raise ValueError(f"the recipe needs the inputs {', '.join(recipe.inputs)}: give them by name")
        inputs = {recipe.inputs[0]: inputs}
    for name in inputs:
        if name not in recipe.inputs:
            raise ValueError(
                f"the recipe has no input {name!r}{nearest(name, recipe.inputs)}; "
                f"it has {', '.join(recipe.inputs)}"
            )
    found = {}
    for name in recipe.inputs:
        if name not in inputs:
            raise ValueError(f"the input {name!r} is missing; the recipe needs {', '.join(recipe.inputs)}")
        value = inputs[name]
        if not isinstance(value, Result):
            array, own = value if isinstance(value, tuple) else (value, grid)
            if not hasattr(array, "shape") or not hasattr(array, "dtype"):
                array = np.asarray(array)
            value = Result(array, own if own is not None else plain_grid(array.shape, name))
        if value.array.dtype.kind not in "biuf":
            raise ValueError(f"{name} must hold real numbers; found {value.array.dtype}")
        value.grid.check(value.array, name)
        found[name] = value
    return found


class _Execution:
    """The steps of a plan worked through, frame by frame."""

    def __init__(self, plan: Plan, inputs: Mapping[str, Result]) -> None:
        self.plan, self.inputs = plan, inputs
        self.done = 0
        self.values: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.series: dict[tuple[Any, ...], Any] = {}
        self.numbers: dict[tuple[str, int], float] = {}
        self.tables: dict[str, list[Table]] = {}
        self.results = {name: self._result(name) for name in plan.recipe.outputs}

    def _result(self, name: str) -> Result:
        """Return the result of an output, with its history, still without what it will hold."""
        slot = self.plan.slots[name]
        own = self.plan.recipe.leading_to(name)
        histories = {key: self.inputs[key].recipe for key in own.inputs}
        history = own.after({key: item for key, item in histories.items() if item is not None})
        return Result(slot.array, slot.grid, slot.kind, history)

    def __iter__(self) -> Iterator[Progress]:
        steps = self.plan.recipe.steps
        for step in steps:
            for name, statistic in _pending(step):
                if step.scope == "series":
                    yield from self._compute_over_series(step, name, statistic)
        for frame in range(self.plan.n_frames):
            for step in steps:
                if frame < self.plan.slots[step.id].frames:
                    yield from self._step(step, frame)
                    if step.id in self.results:
                        block = self._block_of(step.id, frame)
                        yield self._progress(step, {"t": frame}, finished=step.id, block=block)
        for name, result in self.results.items():
            self._complete(name, result)
        yield self._progress(steps[-1], {})

    def _progress(self, step: Step, where: Mapping[str, int], **news: Any) -> Progress:
        return Progress(self.done, self.plan.total, step.id, where, self.results, **news)

    def _complete(self, name: str, result: Result) -> None:
        """Put everything into a result that it holds at the end."""
        slot = self.plan.slots[name]
        if slot.kind == "table":
            result.array = Table.concat(self.tables[name])
        elif slot.kind == "value":
            result.array = np.array([self.numbers[name, frame] for frame in range(slot.frames)])
        else:
            result.array = slot.filled()
        own = self.plan.recipe.leading_to(name)
        made = {step.id for step in own.steps}
        before = [row for key in own.inputs for row in self.inputs[key].values]
        result.values = before + [row for row in self.values.values() if row["step"] in made]

    def _block_of(self, name: str, frame: int) -> Any:
        slot = self.plan.slots[name]
        if slot.kind == "table":
            return self.tables[name][-1]
        if slot.kind == "value":
            return self.numbers[name, frame]
        self.results[name].array = slot.filled()
        return slot.read({"t": frame})

    # --- one step --------------------------------------------------------------------------------------

    def _step(self, step: Step, frame: int, count: bool = True) -> Iterator[Progress]:
        """Work on one frame of one step: its channels, planes and tiles."""
        slot, start = self.plan.slots[step.id], self.done
        units = self.plan.units(step) if count else 0
        highest = 0
        for channel in self.plan.channels(step):
            where = {"t": frame, **channel}
            try:
                shared = {} if step.scope == "plane" else self._computed(step, where, None)
                for plane in self.plan.planes(step):
                    own = self._computed(step, where, plane) if step.scope == "plane" else shared
                    target = _Target(slot, where, plane, highest if step.operation.creates_ids else 0)
                    here = where if plane is None else {**where, "z": plane}
                    for _ in self._work(step, where, plane, self._values(step, frame, own), target):
                        self.done = min(self.done + 1, start + units)
                        yield self._progress(step, here)
                    highest = max(highest, target.highest)
            except ValueError as error:
                text = str(error)
                raise ValueError(text if text.startswith("step ") else f"step {step.id!r}: {text}") from error
        self.done = start + units

    def _work(
        self,
        step: Step,
        where: Mapping[str, int],
        plane: int | None,
        values: Mapping[str, Any],
        target: _Target,
    ) -> Iterator[Box]:
        """Work on one block or plane: at once, or in tiles."""
        record, slot = step.operation, self.plan.slots[step.id]
        shape = self.plan.worked_shape(step)
        spacing = self.plan.spacing(slot.grid)[-len(shape) :]
        offered = {"spacing": spacing, "grid": slot.grid.without("tc")}
        given = {name: offered[name] for name in record.given}
        read = self._readers(step, where, plane)
        call = _restoring(record)
        if self.plan.in_tiles(step) and 0 not in shape:
            tile = self.plan.tile_shape(shape)
            yield from run_tiles(record, call, read, target, values, given, shape, spacing, tile)
            return
        box = tuple(slice(0, n) for n in shape)
        if 0 not in shape or record.output == "table":
            result = call(**{name: get(box) for name, get in read.items()}, **values, **given)
        elif record.output == "value":
            result = 0.0
        else:
            outer = (slot.n_channels,) if record.output == "channels" else ()
            result = np.zeros(outer + shape, slot.dtype or np.float32)
        if record.output == "table":
            self.tables.setdefault(step.id, []).append(result.at_frame(where["t"]))
        elif record.output == "value":
            self.numbers[step.id, where["t"]] = float(result)
        else:
            target.write(box, result)
        yield box

    def _readers(
        self, step: Step, where: Mapping[str, int], plane: int | None
    ) -> dict[str, Callable[[Box], Any]]:
        """Return what reads a box of each input that the step is given."""
        readers: dict[str, Callable[[Box], Any]] = {}
        for item in step.operation.inputs:
            named = {
                name: self.plan.reader(step, item, where, plane, source)
                for name, source in self.plan.sources(step, item)
            }
            if item.kind == "images":
                readers[item.name] = partial(_read_all, named)
            elif named:
                readers[item.name] = next(iter(named.values()))
        return readers

    # --- the values of parameters ----------------------------------------------------------------------

    def _values(self, step: Step, frame: int, computed: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of a step for one block: given, found by an earlier step, or computed."""
        values = {}
        for name, value in step.parameters.items():
            if isinstance(value, From):
                # a step that has only one frame has found its number for all
                number = self.numbers.get((value.step, frame), self.numbers.get((value.step, 0), np.nan))
                parameter = step.operation.parameters[name]
                ndim = len(self.plan.worked_shape(step))
                found = self.plan.recipe.step(value.step).operation.output_unit
                number = as_unit(number * value.times, found, parameter.unit, ndim)
                value = parameter.check(number, f"step {step.id!r}")
            values[name] = computed.get(name, value)
        return values

    def _computed(self, step: Step, where: Mapping[str, int], plane: int | None) -> dict[str, Any]:
        """Return the parameters that are computed from this plane, frame or series."""
        found = {}
        for name, statistic in _pending(step):
            if step.scope == "series":
                found[name] = self.series[step.id, name, where.get("c")]
                continue
            known = None
            while True:
                part = self._collect(step, statistic, where, plane, known, None)
                known = statistic.refine(part, known)
                if known is None:
                    break
            value = statistic.finish(part, step.parameters)
            self._keep(step, name, value, where if plane is None else {**where, "z": plane})
            found[name] = value
        return found

    def _compute_over_series(self, step: Step, name: str, statistic: Statistic) -> Iterator[Progress]:
        """Compute a parameter from all frames; those of earlier steps are made on the way."""
        slot = self.plan.slots[step.id]
        earlier = self.plan.recipe.leading_to(step.id).steps[:-1]
        for channel in self.plan.channels(step):
            known = None
            while True:
                part = None
                for frame in range(slot.frames):
                    for other in earlier:
                        if frame < self.plan.slots[other.id].frames:
                            yield from self._step(other, frame, count=False)
                    part = self._collect(step, statistic, {"t": frame, **channel}, None, known, part)
                    yield self._progress(step, {"t": frame})
                known = statistic.refine(part, known)
                if known is None:
                    break
            value = statistic.finish(part, step.parameters)
            self.series[step.id, name, channel.get("c")] = value
            self._keep(step, name, value, channel)

    def _collect(
        self,
        step: Step,
        statistic: Statistic,
        where: Mapping[str, int],
        plane: int | None,
        known: Any,
        part: Any,
    ) -> Any:
        """Add one plane or frame to a statistic, piece by piece."""
        item = next(item for item in step.operation.inputs if item.name == statistic.source)
        read = self.plan.reader(step, item, where, plane)
        shape = self.plan.slots[step.id].block_shape[0 if plane is None else 1 :]
        if self.plan.tile is None:
            rows = max(1, _PIECE // max(1, math.prod(shape[1:])))
            cut = boxes(shape, (rows, *(max(1, n) for n in shape[1:])))
        else:
            cut = self.plan.cut(shape)
        for box in cut or [tuple(slice(0, n) for n in shape)]:
            # a frame or plane draws the same sample wherever it stands in a series
            place = Place(
                where["t"] if step.scope == "series" else 0, tuple(side.start for side in box), shape
            )
            found = statistic.collect(read(box), place, known)
            part = found if part is None else statistic.merge(part, found)
        return part

    def _keep(self, step: Step, name: str, value: Any, where: Mapping[str, int]) -> None:
        row = {"step": step.id, "parameter": name, **where, "value": value}
        self.values[(step.id, name, *where.items())] = row


def _pending(step: Step) -> list[tuple[str, Statistic]]:
    """Return the parameters that have to be computed, and how."""
    return [
        (item.name, item.statistic)
        for item in step.operation.computed
        if item.statistic is not None and step.parameters[item.name] is None
    ]


def _read_all(readers: Mapping[str, Callable[[Box], np.ndarray]], box: Box) -> dict[str, np.ndarray]:
    return {name: read(box) for name, read in readers.items()}


class _Target:
    """Writes boxes of one block into the array of a slot, which is made when its dtype is known."""

    def __init__(self, slot: Slot, where: Mapping[str, int], plane: int | None, offset: int) -> None:
        self.slot, self.where, self.plane, self.offset = slot, where, plane, offset
        self.highest = offset

    def _box(self, box: Box) -> Box:
        return box if self.plane is None else (slice(self.plane, self.plane + 1), *box)

    def write(self, box: Box, result: np.ndarray) -> None:
        """Store the result of one box, its ids above those of the planes before."""
        slot = self.slot
        slot.dtype = slot.dtype or result.dtype
        if self.offset:
            result = np.where(result > 0, result + self.offset, 0).astype(result.dtype)
        if slot.kind == "labels":
            self.highest = max(self.highest, int(result.max(initial=0)))
            if self.highest > np.iinfo(slot.dtype).max:
                raise ValueError(
                    f"into[{slot.name!r}] holds {slot.dtype}, and the ids go up to {self.highest}"
                )
        if self.plane is not None:
            result = result[..., np.newaxis, :, :]
        slot.held.place(slot.filled(), slot.index(self.where), result, self._box(box))

    def read(self, box: Box) -> np.ndarray:
        """Return what has been stored."""
        block = self.slot.read(self.where, self._box(box))
        block = block if self.plane is None else block[..., 0, :, :]
        return np.where(block > 0, block - self.offset, 0) if self.offset else block.copy()


def _restoring(record: Operation) -> Callable[..., Any]:
    """Return the function of an operation, given labels with clean ids and giving back those they had."""
    given_ids = any(item.kind in ("labels", "objects") for item in record.inputs)
    if not given_ids or isinstance(record.locality, Components) or record.output == "table":
        # rules about pieces and measurements take any ids as they are
        return record.function
    first = next(item.name for item in record.inputs if item.kind in ("labels", "objects"))

    def call(**arrays: Any) -> Any:
        ids = None
        for item in record.inputs:
            block = arrays.get(item.name)
            if item.kind in ("labels", "objects") and block is not None and block.dtype != bool:
                arrays[item.name], own = kinds.compact(block)
                ids = own if item.name == first else ids
        result = record.function(**arrays)
        return result if ids is None or record.output not in ("labels", "objects") else ids[result]

    return call
