"""The steps of a plan worked through: frame by frame, channel by channel, plane by plane, tile by tile.

What is generic in a run is here once: where a block is read and written, how a number that was left out is
computed and kept, how ids go in clean and come out as they were, and what is yielded when.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from objectwise.core import kinds
from objectwise.core.locality import Components
from objectwise.core.operation import Operation
from objectwise.core.parameter import as_unit
from objectwise.core.plan import Plan, Slot
from objectwise.core.recipe import From, Step
from objectwise.core.results import Progress, Result
from objectwise.core.statistics import Place, Statistic
from objectwise.core.table import Table
from objectwise.core.tiles import Box, boxes, run_tiles

# pixels that a statistic looks at in one go
_PIECE = 1 << 22


class Execution:
    """The steps of a plan worked through, frame by frame."""

    def __init__(
        self, plan: Plan, inputs: Mapping[str, Result], parts: MutableMapping[Any, Any] | None = None
    ) -> None:
        self.plan, self.inputs, self.parts = plan, inputs, parts
        self.done = 0
        self.values: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.series: dict[tuple[Any, ...], Any] = {}
        self.numbers: dict[tuple[str, int], float] = {}
        self.tables: dict[str, list[Table]] = {}
        self.renamed: dict[str, dict[str | None, dict[str, str]]] = {}
        self.results = {name: self._result(name) for name in plan.recipe.outputs}

    def _result(self, name: str) -> Result:
        """Return the result of an output, with its history, still without what it will hold."""
        slot = self.plan.slots[name]
        own = self.plan.recipe.leading_to(name)
        histories = {key: self.inputs[key].recipe for key in own.inputs}
        known = {key: item for key, item in histories.items() if item is not None}
        history, self.renamed[name] = own.joined(known)
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
                self._let_go(step, frame)
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
        # the rows name the steps as the history does
        sources: list[tuple[str | None, Iterable[dict[str, Any]]]] = [(None, self.values.values())]
        sources += [(key, item.values) for key, item in self.inputs.items()]
        rows: dict[str, dict[str, Any]] = {}
        for key, found in reversed(sources):
            names = self.renamed[name].get(key, {})
            for row in found:
                if row["step"] in names:
                    row = {**row, "step": names[row["step"]]}
                    rows[str(row)] = row
        result.values = list(rows.values())

    def _block_of(self, name: str, frame: int) -> Any:
        slot = self.plan.slots[name]
        if slot.kind == "table":
            return self.tables[name][-1]
        if slot.kind == "value":
            return self.numbers[name, frame]
        self.results[name].array = slot.filled()
        return slot.read({"t": frame})

    def _let_go(self, step: Step, frame: int) -> None:
        """Drop intermediate results that neither a later step of this frame nor a later frame looks at."""
        steps, last = self.plan.recipe.steps, frame == self.plan.n_frames - 1
        later = steps[steps.index(step) + 1 :]
        needed = {source.name for item in later for pairs in item.sources().values() for _, source in pairs}
        for name, slot in self.plan.slots.items():
            if not slot.kept and name not in needed and (last or slot.frames == self.plan.n_frames):
                slot.array = None

    # --- one step --------------------------------------------------------------------------------------

    def _step(self, step: Step, frame: int, count: bool = True) -> Iterator[Progress]:
        """Work on one frame of one step: its channels, planes and tiles."""
        slot, start = self.plan.slots[step.id], self.done
        units = self.plan.units(step) if count else 0
        highest = 0
        for channel in self.plan.channels(step):
            where = {"t": frame, **channel}
            with _naming(step):
                shared = {}
                if step.scope != "plane":
                    shared = yield from self._telling(self._computed(step, where, None), step, where)
                for plane in self.plan.planes(step):
                    here = where if plane is None else {**where, "z": plane}
                    own = shared
                    if step.scope == "plane":
                        own = yield from self._telling(self._computed(step, where, plane), step, here)
                    target = _Target(slot, where, plane, highest if step.operation.creates_ids else 0)
                    for _ in self._work(step, where, plane, self._values(step, frame, own), target):
                        self.done = min(self.done + 1, start + units)
                        yield self._progress(step, here)
                    highest = max(highest, target.highest)
        self.done = start + units

    def _telling(
        self, work: Generator[float, None, Any], step: Step, where: Mapping[str, int]
    ) -> Generator[Progress, None, Any]:
        """Yield progress, so that a caller can stop, whenever some work pauses; return what it returns."""
        while True:
            try:
                next(work)
            except StopIteration as end:
                return end.value
            yield self._progress(step, where)

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
        offered = {"spacing": spacing, "grid": slot.grid.without("tc"), "start": (0,) * len(shape)}
        given = {name: offered[name] for name in record.given}
        read = self._readers(step, where, plane)
        call = _restoring(record)
        if self.plan.tile is not None and 0 not in shape:
            tile = self.plan.tile_shape(shape)
            table = yield from run_tiles(record, call, read, target, values, given, shape, spacing, tile)
            if table is not None:
                self._add_table(step, where, table)
            return
        box, own = tuple(slice(0, n) for n in shape), False
        if 0 not in shape or record.output == "table":
            blocks = {name: get(box) for name, get in read.items()}
            result = call(**blocks, **values, **given)
            own = not any(
                np.may_share_memory(result, block)
                for block in blocks.values()
                if isinstance(block, np.ndarray) and isinstance(result, np.ndarray)
            )
        elif record.output == "value":
            result = 0.0
        else:
            outer = (slot.n_channels,) if record.output == "channels" else ()
            result = np.zeros(outer + shape, slot.dtype or np.float32)
        if record.output == "table":
            self._add_table(step, where, result)
        elif record.output == "value":
            self.numbers[step.id, where["t"]] = float(result)
        else:
            target.write(box, result, own)
        yield box

    def _add_table(self, step: Step, where: Mapping[str, int], table: Table) -> None:
        self.tables.setdefault(step.id, []).append(table.at_frame(where["t"]))

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
                readers[item.name] = _Images(named)
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

    def _computed(
        self, step: Step, where: Mapping[str, int], plane: int | None
    ) -> Generator[float, None, dict[str, Any]]:
        """Return the parameters that are computed from this plane, frame or series."""
        found = {}
        # numbers that are found in the same counts take one pass together
        parts: MutableMapping[Any, Any] = {} if self.parts is None else self.parts
        for name, statistic in _pending(step):
            if step.scope == "series":
                found[name] = self.series[step.id, name, where.get("c")]
                continue
            value = yield from self._find(step, statistic, where, plane, parts)
            self._keep(step, name, value, where if plane is None else {**where, "z": plane})
            found[name] = value
        return found

    def values_at(self, index: Mapping[str, int]) -> Generator[float, None, list[dict[str, Any]]]:
        """Return the numbers that are computed for one frame, channel and plane."""
        for step in self.plan.recipe.steps:
            for name, statistic in _pending(step):
                where, value = yield from self._value_at(step, statistic, index)
                self._keep(step, name, value, where)
        return list(self.values.values())

    def statistic_at(self, statistic: Statistic, index: Mapping[str, int]) -> Generator[float, None, Any]:
        """Return what a statistic finds in an input, over the scope of the first step that is given it."""
        for step in self.plan.recipe.steps:
            for _, source in step.sources().get(statistic.source, ()):
                if source.name in self.inputs:
                    _, value = yield from self._value_at(step, statistic, index)
                    return value
        raise ValueError(f"no step is given an input as {statistic.source}")

    def _value_at(
        self, step: Step, statistic: Statistic, index: Mapping[str, int]
    ) -> Generator[float, None, tuple[dict[str, int], Any]]:
        """Return what a statistic finds for one frame, channel and plane, and what it was found for."""
        slot = self.plan.slots[step.id]
        if step.sources()[statistic.source][0][1].name not in self.inputs:
            raise ValueError(f"step {step.id!r}: a number is found in the result of an earlier step")
        parts: MutableMapping[Any, Any] = {} if self.parts is None else self.parts
        channel = {"c": index.get("c", 0)} if step.operation.by_channel and "c" in slot.grid.axes else {}
        if step.scope == "series":
            return channel, (yield from self._find(step, statistic, channel, None, parts))
        where = {"t": min(index.get("t", 0), slot.frames - 1), **channel}
        plane = index.get("z", 0) if step.scope == "plane" and step.by_plane else None
        value = yield from self._find(step, statistic, where, plane, parts)
        return (where if plane is None else {**where, "z": plane}), value

    def _find(
        self,
        step: Step,
        statistic: Statistic,
        where: Mapping[str, int],
        plane: int | None,
        parts: MutableMapping[Any, Any],
    ) -> Generator[float, None, Any]:
        """Return what a statistic finds in a plane, a frame, or, without ``t``, in all frames."""
        source, known = str(step.sources()[statistic.source]), None
        while True:
            key = (source, tuple(where.items()), plane, statistic.passes, known)
            if key not in parts:
                parts[key] = yield from self._collect(step, statistic, where, plane, known)
            part = parts[key]
            known = statistic.refine(part, known)
            if known is None:
                with _naming(step):
                    return statistic.finish(part, step.parameters)

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
                    where = {"t": frame, **channel}
                    with _naming(step):
                        collected = self._collect_block(step, statistic, where, None, known, part)
                        part = yield from self._telling(collected, step, where)
                    yield self._progress(step, {"t": frame})
                known = statistic.refine(part, known)
                if known is None:
                    break
            with _naming(step):
                value = statistic.finish(part, step.parameters)
            self.series[step.id, name, channel.get("c")] = value
            self._keep(step, name, value, channel)

    def _collect(
        self, step: Step, statistic: Statistic, where: Mapping[str, int], plane: int | None, known: Any
    ) -> Generator[float, None, Any]:
        """Return what a plane, a frame, or, without ``t``, all frames contribute to a statistic."""
        if "t" in where:
            return (yield from self._collect_block(step, statistic, where, plane, known))
        part, frames = None, self.plan.slots[step.id].frames
        for frame in range(frames):
            here = {"t": frame, **where}
            part = yield from self._collect_block(step, statistic, here, None, known, part, frames)
        return part

    def _collect_block(
        self,
        step: Step,
        statistic: Statistic,
        where: Mapping[str, int],
        plane: int | None,
        known: Any,
        part: Any = None,
        frames: int = 1,
    ) -> Generator[float, None, Any]:
        """Add one plane or frame to a statistic, pausing between pieces to tell how much is done of the frames."""
        before = where["t"] if frames > 1 else 0
        item = next(item for item in step.operation.inputs if item.name == statistic.source)
        read = self.plan.reader(step, item, where, plane)
        shape = self.plan.slots[step.id].block_shape[0 if plane is None else 1 :]
        if self.plan.tile is None:
            rows = max(1, _PIECE // max(1, math.prod(shape[1:])))
            cut = boxes(shape, (rows, *(max(1, n) for n in shape[1:])))
        else:
            cut = self.plan.cut(shape)
        for number, box in enumerate(cut or [tuple(slice(0, n) for n in shape)]):
            if number or before:
                yield (before + number / max(1, len(cut))) / frames
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


@contextmanager
def _naming(step: Step) -> Iterator[None]:
    """Put the name of the step before what an operation refuses."""
    try:
        yield
    except ValueError as error:
        text = str(error)
        raise ValueError(text if text.startswith("step ") else f"step {step.id!r}: {text}") from error


def _pending(step: Step) -> list[tuple[str, Statistic]]:
    """Return the parameters that have to be computed, and how."""
    return [
        (item.name, item.statistic)
        for item in step.operation.computed
        if item.statistic is not None and step.parameters[item.name] is None
    ]


class _Images(dict[str, Callable[[Box], np.ndarray]]):
    """What reads a box of each of some images, or of all of them at once."""

    def __call__(self, box: Box) -> dict[str, np.ndarray]:
        return {name: read(box) for name, read in self.items()}


class _Target:
    """Writes boxes of one block into the array of a slot, which is made when its dtype is known."""

    def __init__(self, slot: Slot, where: Mapping[str, int], plane: int | None, offset: int) -> None:
        self.slot, self.where, self.plane, self.offset = slot, where, plane, offset
        self.highest = offset

    def _box(self, box: Box) -> Box:
        return box if self.plane is None else (slice(self.plane, self.plane + 1), *box)

    def write(self, box: Box, result: np.ndarray, own: bool = False) -> None:
        """Store the result of one box, its ids above those of the planes before; ``own`` if it may be kept."""
        slot = self.slot
        slot.dtype = slot.dtype or result.dtype
        if self.offset:
            result = np.where(result > 0, result + self.offset, 0).astype(result.dtype)
        if slot.kind == "labels" and (self.plane is not None or not np.can_cast(result.dtype, slot.dtype)):
            self.highest = max(self.highest, int(result.max(initial=0)))
            if self.highest > np.iinfo(slot.dtype).max:
                raise ValueError(
                    f"into[{slot.name!r}] holds {slot.dtype}, and the ids go up to {self.highest}"
                )
        if self.plane is not None:
            result = result[..., np.newaxis, :, :]
        slot.write(self.where, result, self._box(box), own)

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
        if ids is None or record.creates_ids or record.output not in ("labels", "objects"):
            return result
        n_added = int(result.max(initial=0)) + 1 - len(ids)
        if n_added > 0:
            # objects that are new beside those that keep their ids come after the highest
            ids = ids.astype(kinds.label_dtype(ids.dtype))
            ids = np.concatenate([ids, ids[-1] + np.arange(1, n_added + 1, dtype=ids.dtype)])
        return ids[result]

    return call
