"""Run a recipe: the one executor behind napari, the command line, a batch and a notebook.

`run` is a generator. It yields after every tile, plane, frame or channel that it has finished, so that a
caller shows progress, takes finished blocks, or stops by no longer asking. Frames are worked on one after
another with all steps, so that of the intermediate results only one frame is held; a lazy input is read
block by block. Numbers computed from a whole plane, frame or series are found first, and kept beside the
result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from objectwise.core import kinds
from objectwise.core.grid import Grid, plain_grid, unit_factor
from objectwise.core.locality import Components, Halo, Objects
from objectwise.core.operation import Input, Operation, Parameter, find, nearest
from objectwise.core.recipe import From, Recipe, Source, Step
from objectwise.core.statistics import Place
from objectwise.core.table import Table
from objectwise.core.tiles import Box, boxes, run_tiles

# pixels that a statistic looks at in one go
_PIECE = 1 << 22


@dataclass
class Result:
    """An array with all that belongs to it; what a run is given and what it returns.

    Attributes
    ----------
    array : array, Table or float
        The pixels in the order of ``grid.axes``; a `Table` where the kind is ``"table"``, an array with
        one number for each frame where it is ``"value"``.
    grid : Grid
        Axes and pixel size of the array.
    kind : str or None
        Image, mask, labels, classes, table ...; None where it is not known.
    recipe : Recipe or None
        The steps that made it.
    values : list of dict
        The numbers that were computed on the way: ``step``, ``parameter``, ``value``, and the ``t``, ``c``
        and ``z`` that they were computed for.
    """

    array: Any
    grid: Grid
    kind: str | None = None
    recipe: Recipe | None = None
    values: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Progress:
    """How far a run is, and what has just been finished.

    Attributes
    ----------
    done, total : int
        Units of work; ``done == total`` at the last yield.
    step : str
        The step that is being worked on.
    index : dict
        Its frame, channel and plane.
    finished : str or None
        The output of which a block has just been finished.
    block : ndarray, Table, float or None
        That block, in the order ``(c,) (z,) y, x``.
    results : dict of str to Result
        All outputs so far; whole at the last yield.
    """

    done: int
    total: int
    step: str
    index: Mapping[str, int]
    results: Mapping[str, Result]
    finished: str | None = None
    block: Any = None

    @property
    def fraction(self) -> float:
        """How much is done, 0 to 1."""
        return self.done / self.total if self.total else 1.0


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
    >>> recipe = ow.Recipe([ow.Step("mask", "threshold_manual", {"image": "nuclei"}, {"threshold": 3.0})])
    >>> for progress in ow.run(recipe, {"nuclei": np.arange(6.0).reshape(2, 3)}):
    ...     pass
    >>> progress.results["mask"].array
    array([[False, False, False],
           [False,  True,  True]])
    """
    return _Run(recipe, _inputs(recipe, inputs, grid), dict(into or {}), tile).execute()


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
    *_, last = run(Recipe([step], unit=grid.unit if grid else "pixel"), fitted)
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
                f"the recipe has no input {name!r}{nearest(name, recipe.inputs)}; it has {', '.join(recipe.inputs)}"
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


@dataclass
class _Slot:
    """Where the array of an input or a step is, and what is known of it."""

    name: str
    grid: Grid
    shape: tuple[int, ...]
    kind: str | None
    array: Any = None
    kept: bool = False
    dtype: Any = None
    frames: int = 1

    def __post_init__(self) -> None:
        self.frames = self.grid.size("t", self.shape)

    @property
    def timed(self) -> bool:
        return "t" in self.grid.axes

    def index(self, where: Mapping[str, int]) -> dict[str, int]:
        return {axis: where[axis] for axis in "tc" if axis in self.grid.axes and axis in where}


class _Run:
    """One run: the plan, made before anything starts, and its execution."""

    def __init__(self, recipe: Recipe, inputs: dict[str, Result], into: dict[str, Any], tile: Any) -> None:
        self.recipe, self.inputs, self.tile = recipe, inputs, tile
        self.slots = {
            name: _Slot(
                name, item.grid, tuple(item.array.shape), item.kind, item.array, True, item.array.dtype
            )
            for name, item in inputs.items()
        }
        self.values: dict[tuple, dict[str, Any]] = {}
        self.series: dict[tuple[str, str], Any] = {}
        self.numbers: dict[tuple[str, int], float] = {}
        self.tables: dict[str, list[Table]] = {}
        for name in into:
            if name not in recipe.outputs:
                raise ValueError(f"into names {name!r}, which is no output{nearest(name, recipe.outputs)}")
        for step in recipe.steps:
            self._plan(step, into.get(step.id))
        self.n_frames = max([1, *(slot.grid.size("t", slot.shape) for slot in self.slots.values())])
        self.total = sum(self._units(step) * self._frames(step) for step in recipe.steps)
        self.done = 0
        self.results = {name: self._result(name) for name in recipe.outputs}

    # --- the plan --------------------------------------------------------------------------------------

    def _plan(self, step: Step, array: Any) -> None:
        """Find the grid and shape of a step's result; refuse inputs that do not fit each other."""
        record, where = step.operation, f"step {step.id!r}"
        pairs = [(item, *pair) for item in record.inputs for pair in self._sources(step, item)]
        first: _Slot | None = None
        frames = 1
        channels = False
        for item, _, source in pairs:
            slot = self.slots[source.name]
            if slot.kind == "value":
                raise ValueError(f"{where}: {item.name} must be {item.kind}; {source.name!r} is a number")
            channel = self._channel(step, item.name, source)
            if "c" in slot.grid.axes and channel is None:
                if item.kind == "image" and record.by_channel:
                    channels = True
                elif item.kind != "channels":
                    raise ValueError(self._one_channel(where, item.name, source, slot))
            if first is None:
                first = slot
            else:
                self._agree(where, first, slot)
            frames = max(frames, slot.grid.size("t", slot.shape))
        if first is None:
            raise ValueError(f"{where}: {step.op} is given nothing")
        self._unit(where, step, first.grid)
        ndim = 2 if step.by_plane else first.grid.ndim
        if ndim not in record.dimensions:
            allowed = " or ".join(f"{n}-D" for n in record.dimensions)
            hint = "; choose by_plane = true to work on each plane alone" if 2 in record.dimensions else ""
            raise ValueError(
                f"{where}: {step.op} works on {allowed} blocks; found {first.grid.spatial}{hint}"
            )
        if step.by_plane and first.grid.ndim == 3 and record.output in ("table", "value"):
            raise ValueError(
                f"{where}: {step.op} finds one {record.output} for a volume; by_plane is for pixels"
            )
        if step.scope == "plane" and first.grid.ndim == 3 and not step.by_plane:
            raise ValueError(f"{where}: the scope 'plane' of a volume needs by_plane = true")
        if self.tile is not None and not record.locality.tiles:
            raise ValueError(f"{where}: {step.op} cannot be run in tiles: {record.locality.reason}")  # type: ignore[attr-defined]
        grid = first.grid if channels else first.grid.without("c")
        shape = [n for axis, n in zip(first.grid.axes, first.shape, strict=True) if axis in grid.axes]
        if frames > 1 and "t" not in grid.axes:
            timed = next(s.grid for s in (self.slots[p[2].name] for p in pairs) if "t" in s.grid.axes)
            grid = replace(
                grid, axes="t" + grid.axes, interval=timed.interval, interval_unit=timed.interval_unit
            )
            shape = [frames, *shape]
        kind = record.output_kind(
            {
                item.name: self.slots[s.name].kind or self._guess(s)
                for item, _, s in pairs
                if item.kind == "objects"
            }
        )
        dtype = kinds.DTYPES.get(kind)
        if kind == "labels" and not record.creates_ids:
            keeps = [self.slots[s.name].dtype for item, _, s in pairs if item.kind in ("labels", "objects")]
            dtype = kinds.label_dtype(keeps[0])
        slot = _Slot(step.id, grid, tuple(shape), kind, kept=step.id in self.recipe.outputs, dtype=dtype)
        if array is not None:
            if tuple(array.shape) != slot.shape:
                raise ValueError(
                    f"into[{step.id!r}] must have the shape {slot.shape}; found {tuple(array.shape)}"
                )
            slot.array, slot.dtype = array, array.dtype
        self.slots[step.id] = slot

    def _sources(self, step: Step, item: Input) -> list[tuple[str, Source]]:
        """Return what an input is given; of an array with channels that is given whole, each by its name."""
        found = []
        for name, source in step.sources().get(item.name, ()):
            slot = self.slots[source.name]
            if item.kind != "images":
                found.append((name, source))
                continue
            title = source.name if name == item.name else name
            if "c" not in slot.grid.axes or source.channel is not None:
                found.append((title, source))
                continue
            names = slot.grid.channels or [f"{title}_{n}" for n in range(slot.grid.size("c", slot.shape))]
            found += [(names[n], Source(source.name, str(n))) for n in range(len(names))]
        return found

    def _guess(self, source: Source) -> str:
        """Return the kind of an input that may be a mask or labels: its dtype tells."""
        return "mask" if self.slots[source.name].dtype == bool else "labels"

    def _channel(self, step: Step, name: str, source: Source) -> int | None:
        if source.channel is None:
            return None
        slot, where = self.slots[source.name], f"step {step.id!r}: {name}"
        if "c" not in slot.grid.axes:
            raise ValueError(
                f"{where} names the channel {source.channel!r}, but {source.name!r} has no channels"
            )
        n = slot.grid.size("c", slot.shape)
        if source.channel in slot.grid.channels:
            return slot.grid.channels.index(source.channel)
        if source.channel.isdigit() and int(source.channel) < n:
            return int(source.channel)
        names = ", ".join(slot.grid.channels) or f"0 to {n - 1}"
        raise ValueError(f"{where}: {source.name!r} has no channel {source.channel!r}; it has {names}")

    @staticmethod
    def _one_channel(where: str, name: str, source: Source, slot: _Slot) -> str:
        n = slot.grid.size("c", slot.shape)
        choice = slot.grid.channels[0] if slot.grid.channels else "0"
        return (
            f"{where}: {name} must be one channel, but {source.name!r} has {n}: name one, as in "
            f'"{source.name}[{choice}]", or use an operation that takes several, such as cluster_kmeans'
        )

    @staticmethod
    def _agree(where: str, first: _Slot, other: _Slot) -> None:
        ours, theirs = first.grid.block_shape(first.shape), other.grid.block_shape(other.shape)
        if first.grid.spatial != other.grid.spatial or ours != theirs:
            raise ValueError(
                f"{where}: {first.name!r} and {other.name!r} must have the same size; "
                f"found {_shape(first.grid.spatial, ours)} and {_shape(other.grid.spatial, theirs)}"
            )
        if first.grid.calibrated and other.grid.calibrated and not first.grid.matches(other.grid):
            raise ValueError(
                f"{where}: {first.name!r} and {other.name!r} must have the same pixel size; "
                f"found {first.grid.block_spacing} {first.grid.unit} and {other.grid.block_spacing} {other.grid.unit}"
            )
        frames = {n for n in (first.grid.size("t", first.shape), other.grid.size("t", other.shape)) if n > 1}
        if len(frames) > 1:
            raise ValueError(
                f"{where}: {first.name!r} and {other.name!r} must have the same number of frames; found {sorted(frames)}"
            )

    def _unit(self, where: str, step: Step, grid: Grid) -> None:
        """Refuse lengths in a unit that the image cannot give."""
        unit = self.recipe.unit
        if unit == grid.unit or unit == "pixel":
            return
        lengths = [name for name in self.recipe.lengths() if name.startswith(f"{step.id}.")]
        late = [name for name, value in step.parameters.items() if isinstance(value, From)]
        if not lengths and not late:
            return
        if not grid.calibrated:
            raise ValueError(
                f"{where}: the recipe gives lengths in {unit}, but the image has no pixel size: "
                "set it (grid=, --spacing and --unit, or the layer's scale and units)"
            )
        try:
            unit_factor(grid.unit, unit)
        except ValueError:
            raise ValueError(
                f"{where}: the recipe gives lengths in {unit}, but the pixel size is in {grid.unit}"
            ) from None

    def _frames(self, step: Step) -> int:
        return self.slots[step.id].frames

    def _units(self, step: Step) -> int:
        """Return how many yields one frame of a step is expected to take."""
        slot = self.slots[step.id]
        shape = slot.grid.block_shape(slot.shape)
        n = len(list(slot.grid.indices(slot.shape, "c")))
        if step.by_plane and len(shape) == 3:
            n, shape = n * shape[0], shape[1:]
        if self.tile is None or step.operation.output in ("table", "value"):
            return n
        passes = {Halo: 1, Components: 2, Objects: 3}[type(step.operation.locality)]
        return n * len(boxes(shape, self._tile(shape))) * passes

    def _tile(self, shape: Sequence[int]) -> tuple[int, ...]:
        tile = (self.tile,) * len(shape) if isinstance(self.tile, int) else tuple(self.tile or shape)
        if len(tile) != len(shape) or min(tile) < 1:
            raise ValueError(
                f"tile needs one size of at least 1 for each of {len(shape)} axes; found {self.tile}"
            )
        return tile

    def _result(self, name: str) -> Result:
        slot = self.slots[name]
        own = self.recipe.leading_to(name)
        history = own.after(
            {
                key: item.recipe
                for key, item in self.inputs.items()
                if item.recipe is not None and key in own.inputs
            }
        )
        return Result(slot.array, slot.grid, slot.kind, history)

    # --- the execution ---------------------------------------------------------------------------------

    def execute(self) -> Iterator[Progress]:
        yield from self._series_values()
        for frame in range(self.n_frames):
            for step in self.recipe.steps:
                if frame < self._frames(step):
                    yield from self._step(step, frame)
        self._finish()
        yield Progress(self.total, self.total, self.recipe.steps[-1].id, {}, self.results)

    def _finish(self) -> None:
        for name, result in self.results.items():
            slot = self.slots[name]
            if slot.kind == "table":
                result.array = Table.concat(self.tables[name])
            elif slot.kind == "value":
                result.array = np.array(
                    [self.numbers[name, frame] for frame in range(slot.grid.size("t", slot.shape))]
                )
            else:
                if slot.array is None:
                    slot.array = np.zeros(slot.shape, slot.dtype or np.float32)
                result.array = slot.array
            needed = {step.id for step in self.recipe.leading_to(name).steps}
            upstream = [
                row
                for key, item in self.inputs.items()
                if key in self.recipe.leading_to(name).inputs
                for row in item.values
            ]
            result.values = upstream + [row for row in self.values.values() if row["step"] in needed]

    def _series_values(self) -> Iterator[Progress]:
        """Compute what is computed from the whole series; frames of earlier steps are made on the way."""
        for step in self.recipe.steps:
            for parameter in self._pending(step):
                if step.scope != "series":
                    continue
                statistic = parameter.statistic
                earlier = self.recipe.leading_to(step.id).steps[:-1]
                for channel in self._channels(step, 0):
                    known = None
                    while True:
                        part = None
                        for frame in range(self._frames(step)):
                            for other in earlier:
                                if frame < self._frames(other):
                                    for progress in self._step(other, frame, count=False):
                                        yield replace(progress, finished=None, block=None)
                            read = self._reader(step, statistic.source, channel | {"t": frame})
                            part = self._collect(statistic, read, step, channel | {"t": frame}, known, part)
                            yield Progress(self.done, self.total, step.id, {"t": frame}, self.results)
                        known = statistic.refine(part, known)
                        if known is None:
                            break
                    value = statistic.finish(part, step.parameters)
                    self.series[step.id, parameter.name + str(channel)] = value
                    self._keep(step, parameter, value, channel)

    def _pending(self, step: Step) -> list[Parameter]:
        return [item for item in step.operation.computed if step.parameters[item.name] is None]

    def _channels(self, step: Step, frame: int) -> list[dict[str, int]]:
        slot = self.slots[step.id]
        return list(slot.grid.indices(slot.shape, "c"))

    def _step(self, step: Step, frame: int, count: bool = True) -> Iterator[Progress]:
        """Work on one frame of one step."""
        slot, record = self.slots[step.id], step.operation
        units, done = self._units(step), self.done
        if slot.array is None and not slot.kept:
            slot.grid, slot.shape = _without_time(slot.grid, slot.shape)
        highest = 0
        for channel in self._channels(step, frame):
            where = {"t": frame, **channel}
            shape = slot.grid.block_shape(slot.shape)
            planes = range(shape[0]) if step.by_plane and len(shape) == 3 else [None]
            volume_values = None if step.scope == "plane" else self._computed(step, where, None)
            for plane in planes:
                here = where if plane is None else {**where, "z": plane}
                values = self._values(
                    step,
                    here,
                    volume_values if volume_values is not None else self._computed(step, where, plane),
                )
                target = _Target(slot, where, plane, highest if record.creates_ids else 0)
                try:
                    for _ in self._block(step, where, plane, values, target):
                        self.done = min(self.done + 1, done + units) if count else self.done
                        yield Progress(self.done, self.total, step.id, here, self.results)
                except ValueError as error:
                    text = str(error)
                    raise ValueError(
                        text if text.startswith("step ") else f"step {step.id!r}: {text}"
                    ) from error
                highest = max(highest, target.highest)
        if count:
            self.done = done + units
        if slot.kept and slot.kind not in ("table", "value") and slot.array is not None:
            self.results[step.id].array = slot.array
        if step.id in self.recipe.outputs and count:
            block = self._finished(step.id, frame)
            yield Progress(self.done, self.total, step.id, {"t": frame}, self.results, step.id, block)

    def _finished(self, name: str, frame: int) -> Any:
        slot = self.slots[name]
        if slot.kind == "table":
            return self.tables[name][-1]
        if slot.kind == "value":
            return self.numbers[name, frame]
        if slot.array is None:
            return np.zeros(slot.grid.block_shape(slot.shape), slot.dtype or np.float32)
        return slot.grid.read(slot.array, slot.index({"t": frame}))

    def _block(
        self, step: Step, where: dict[str, int], plane: int | None, values: dict[str, Any], target: _Target
    ) -> Iterator[Any]:
        """Work on one block: at once, or in tiles."""
        record = step.operation
        slot = self.slots[step.id]
        shape = slot.grid.block_shape(slot.shape)[0 if plane is None else 1 :]
        spacing = self._spacing(slot.grid)[0 if plane is None else 1 :]
        given = {name: {"spacing": spacing, "grid": slot.grid.without("tc")}[name] for name in record.given}
        read: dict[str, Callable[[Box], Any]] = {}
        for item in record.inputs:
            pairs = self._sources(step, item)
            if not pairs:
                continue
            if item.kind == "images":
                readers = {
                    name: self._reader(step, item.name, where, plane, source) for name, source in pairs
                }
                read[item.name] = lambda box, readers=readers: {
                    name: get(box) for name, get in readers.items()
                }
            else:
                read[item.name] = self._reader(step, item.name, where, plane)
        call = _restoring(record)
        if record.output in ("table", "value") or self.tile is None:
            box = tuple(slice(0, n) for n in shape)
            arrays = {name: get(box) for name, get in read.items()}
            if record.output == "table":
                table = call(**arrays, **values, **given).at_frame(where["t"])
                self.tables.setdefault(step.id, []).append(table)
            elif record.output == "value":
                self.numbers[step.id, where["t"]] = float(call(**arrays, **values, **given))
            elif 0 not in shape:
                target.write(box, call(**arrays, **values, **given))
            yield box
        else:
            yield from run_tiles(record, call, read, target, values, given, shape, spacing, self._tile(shape))

    def _spacing(self, grid: Grid) -> tuple[float, ...]:
        """Return the pixel size in the unit of the recipe."""
        spacing = grid.block_spacing
        unit = self.recipe.unit
        if unit == grid.unit:
            return spacing
        if unit == "pixel":
            return tuple(step / spacing[-2] for step in spacing)
        try:
            factor = unit_factor(grid.unit, unit)
        except ValueError:
            factor = 1.0
        return tuple(step * factor for step in spacing)

    def _reader(
        self,
        step: Step,
        name: str,
        where: Mapping[str, int],
        plane: int | None = None,
        source: Source | None = None,
    ) -> Callable[[Box], np.ndarray]:
        """Return what reads a box of an input of a step, as the operation expects it."""
        item = next(item for item in step.operation.inputs if item.name == name)
        source = source or step.sources()[name][0][1]
        slot = self.slots[source.name]
        channel = self._channel(step, name, source)
        index = slot.index(where)
        if slot.timed and slot.grid.size("t", slot.shape) == 1:
            index["t"] = 0
        if "c" in slot.grid.axes:
            index.pop("c", None)
            if channel is not None:
                index["c"] = channel
            elif item.kind == "image":
                index["c"] = where["c"]
        title = f"step {step.id!r}: {name}"

        def read(box: Box) -> np.ndarray:
            if plane is not None:
                box = (slice(plane, plane + 1), *box)
            if slot.array is None:
                block = np.zeros([part.stop - part.start for part in box], slot.dtype or np.float32)
            else:
                block = slot.grid.read(slot.array, index, box)
            if plane is not None:
                block = block[..., 0, :, :]
            block = kinds.prepare(block, item.kind, title)
            if (
                item.kind == "channels"
                and "c" not in slot.grid.axes
                or item.kind == "channels"
                and channel is not None
            ):
                block = block[np.newaxis]
            return block

        return read

    def _values(self, step: Step, where: Mapping[str, int], computed: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of a step for one block: given, found by an earlier step, or computed."""
        values = {}
        for name, value in step.parameters.items():
            if isinstance(value, From):
                frame = where["t"] if (value.step, where["t"]) in self.numbers else 0
                number = self.numbers[value.step, frame] * value.times
                value = step.operation.parameters[name].check(number, f"step {step.id!r}")
            values[name] = computed.get(name, value)
        return values

    def _computed(self, step: Step, where: dict[str, int], plane: int | None) -> dict[str, Any]:
        """Return the parameters that are computed from this plane, frame or series."""
        found = {}
        for parameter in self._pending(step):
            channel = {axis: n for axis, n in where.items() if axis == "c"}
            if step.scope == "series":
                found[parameter.name] = self.series[step.id, parameter.name + str(channel)]
                continue
            statistic = parameter.statistic
            read = self._reader(step, statistic.source, where, plane)
            known = None
            while True:
                part = self._collect(statistic, read, step, where, known, None, plane)
                known = statistic.refine(part, known)
                if known is None:
                    break
            value = statistic.finish(part, step.parameters)
            found[parameter.name] = value
            self._keep(step, parameter, value, where if plane is None else {**where, "z": plane})
        return found

    def _keep(self, step: Step, parameter: Parameter, value: Any, where: Mapping[str, int]) -> None:
        row = {"step": step.id, "parameter": parameter.name, **where, "value": value}
        self.values[(step.id, parameter.name, *where.items())] = row

    def _collect(
        self,
        statistic: Any,
        read: Callable[[Box], np.ndarray],
        step: Step,
        where: Mapping[str, int],
        known: Any,
        part: Any,
        plane: int | None = None,
    ) -> Any:
        """Add one plane or frame to a statistic, piece by piece."""
        slot = self.slots[step.id]
        shape = slot.grid.block_shape(slot.shape)[0 if plane is None else 1 :]
        if self.tile is not None:
            tile = self._tile(shape)
        else:
            rows = max(1, _PIECE // max(1, int(np.prod(shape[1:]))))
            tile = (rows, *(max(1, n) for n in shape[1:]))
        cut = boxes(shape, tile) or [tuple(slice(0, n) for n in shape)]
        for box in cut:
            place = Place(where["t"], tuple(part.start for part in box), shape)
            found = statistic.collect(read(box), place, known)
            part = found if part is None else statistic.merge(part, found)
        return part


class _Target:
    """Writes boxes of one block into the array of a slot, which is made when its dtype is known."""

    def __init__(self, slot: _Slot, where: Mapping[str, int], plane: int | None, offset: int) -> None:
        self.slot, self.index, self.plane, self.offset = slot, slot.index(where), plane, offset
        self.highest = offset

    def _box(self, box: Box) -> Box:
        return box if self.plane is None else (slice(self.plane, self.plane + 1), *box)

    def write(self, box: Box, result: np.ndarray) -> None:
        slot = self.slot
        if slot.array is None:
            slot.dtype = slot.dtype or result.dtype
            slot.array = np.zeros(slot.shape, slot.dtype)
        if self.offset:
            result = np.where(result > 0, result + self.offset, 0).astype(result.dtype)
        if slot.kind == "labels":
            self.highest = max(self.highest, int(result.max(initial=0)))
        if self.plane is not None:
            result = result[np.newaxis]
        slot.grid.place(slot.array, self.index, result, self._box(box))

    def read(self, box: Box) -> np.ndarray:
        slot = self.slot
        block = slot.grid.read(slot.array, self.index, self._box(box))
        block = block if self.plane is None else block[0]
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


def _without_time(grid: Grid, shape: tuple[int, ...]) -> tuple[Grid, tuple[int, ...]]:
    left = tuple(n for axis, n in zip(grid.axes, shape, strict=True) if axis != "t")
    return grid.without("t"), left


def _shape(axes: str, shape: Sequence[int]) -> str:
    return " x ".join(f"{axis} {n}" for axis, n in zip(axes, shape, strict=True))
