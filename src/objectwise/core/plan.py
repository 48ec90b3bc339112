"""What a run is going to do, and whether it can: found out before anything starts.

A plan goes once through the steps of a recipe with the shapes and grids of the inputs in hand, and gives
each step a slot: the axes, shape, kind and dtype of its result, and in time the array itself. Whatever does
not fit is refused here, in a sentence that names the step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from objectwise.core import kinds
from objectwise.core.grid import Grid, unit_factor
from objectwise.core.locality import Components, Halo, Objects, Parts
from objectwise.core.operation import Input
from objectwise.core.parameter import nearest
from objectwise.core.recipe import From, Recipe, Source, Step
from objectwise.core.results import Result
from objectwise.core.tiles import Box, boxes

# how many times a tile is yielded for, by the locality of the operation
_PASSES = {Halo: 1, Components: 2, Objects: 3}


@dataclass
class Slot:
    """The array of an input or a step, and what is known of it.

    Attributes
    ----------
    name : str
        The input or step.
    grid, shape : Grid, tuple of int
        Axes and size.
    kind, dtype
        What it holds; None where that is not known yet.
    array : array or None
        None as long as nothing is written.
    kept : bool
        Whether all frames are held; of an intermediate result there is only one at a time.
    """

    name: str
    grid: Grid
    shape: tuple[int, ...]
    kind: str | None = None
    dtype: Any = None
    array: Any = None
    kept: bool = True

    @property
    def frames(self) -> int:
        """Number of frames that are worked on."""
        return self.grid.size("t", self.shape)

    @property
    def block_shape(self) -> tuple[int, ...]:
        """Shape of one spatial block."""
        return self.grid.block_shape(self.shape)

    @property
    def n_channels(self) -> int:
        """Number of channels, 1 where there is no such axis."""
        return self.grid.size("c", self.shape)

    @property
    def held(self) -> Grid:
        """The axes of the array."""
        return self.grid if self.kept else self.grid.without("t")

    def index(self, where: Mapping[str, int]) -> dict[str, int]:
        """Return the part of an index that the array has axes for; its only frame stands for all."""
        index = {axis: where[axis] for axis in "tc" if axis in self.held.axes and axis in where}
        if "t" in index and self.frames == 1:
            index["t"] = 0
        return index

    @property
    def held_shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return tuple(n for axis, n in zip(self.grid.axes, self.shape, strict=True) if axis in self.held.axes)

    def filled(self) -> Any:
        """Return the array, made of zeros where nothing has been written."""
        if self.array is None:
            self.array = np.zeros(self.held_shape, self.dtype or np.float32)
        return self.array

    def write(self, where: Mapping[str, int], block: np.ndarray, box: Box, own: bool) -> None:
        """Store a box of one block; a whole one that nobody else holds becomes the array itself."""
        index = self.index(where)
        if (
            own
            and self.array is None
            and not index
            and self.held.axes == "c" * (block.ndim - len(box)) + self.held.spatial
            and block.shape[-len(box) :] == self.block_shape
            and block.dtype == self.dtype
            and block.flags.c_contiguous
            and block.flags.writeable
            and (block.base is None or getattr(block.base, "nbytes", np.inf) <= block.nbytes)
        ):
            self.array = block
        else:
            self.held.place(self.filled(), index, block, box)

    def read(self, where: Mapping[str, int], box: Box | None = None) -> np.ndarray:
        """Return a box of one block."""
        return self.held.read(self.filled(), self.index(where), box)


class Plan:
    """The slots of a run and the questions about its steps; see the module."""

    def __init__(
        self,
        recipe: Recipe,
        inputs: Mapping[str, Result],
        into: Mapping[str, Any],
        tile: int | Sequence[int] | None,
    ) -> None:
        self.recipe = recipe
        self.tile = tile
        self.slots: dict[str, Slot] = {}
        for name, item in inputs.items():
            self.slots[name] = Slot(
                name, item.grid, tuple(item.array.shape), item.kind, item.array.dtype, item.array
            )
        for name in into:
            if name not in recipe.outputs:
                raise ValueError(f"into names {name!r}, which is no output{nearest(name, recipe.outputs)}")
        for step in recipe.steps:
            self.slots[step.id] = self._slot(step, into.get(step.id))
        self.n_frames = max(1, *(slot.frames for slot in self.slots.values()))
        self.total = sum(self.units(step) * self.slots[step.id].frames for step in recipe.steps)

    # --- questions -------------------------------------------------------------------------------------

    def sources(self, step: Step, item: Input) -> list[tuple[str, Source]]:
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
            names = slot.grid.channels
            if len(set(names)) != slot.n_channels:
                # without names, or with one name for several
                names = tuple(f"{title}_{number}" for number in range(slot.n_channels))
            found += [(names[number], Source(source.name, str(number))) for number in range(slot.n_channels)]
        return found

    def channel(self, step: Step, name: str, source: Source) -> int | None:
        """Return the number of the channel that a source names, None where it names none."""
        if source.channel is None:
            return None
        slot, where = self.slots[source.name], f"step {step.id!r}: {name}"
        if "c" not in slot.grid.axes:
            raise ValueError(
                f"{where} names the channel {source.channel!r}, but {source.name!r} has no channels"
            )
        if source.channel in slot.grid.channels:
            return slot.grid.channels.index(source.channel)
        if source.channel.isdigit() and int(source.channel) < slot.n_channels:
            return int(source.channel)
        names = ", ".join(slot.grid.channels) or f"0 to {slot.n_channels - 1}"
        raise ValueError(f"{where}: {source.name!r} has no channel {source.channel!r}; it has {names}")

    def spacing(self, grid: Grid) -> tuple[float, ...]:
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
            # the plan has seen that no length depends on it
            factor = 1.0
        return tuple(step * factor for step in spacing)

    def channels(self, step: Step) -> list[dict[str, int]]:
        """Return where along ``c`` a step works one channel after another; one empty place where it does not."""
        slot = self.slots[step.id]
        return list(slot.grid.indices(slot.shape, "c")) if step.operation.by_channel else [{}]

    def planes(self, step: Step) -> Sequence[int | None]:
        """Return the planes that are worked on alone, or None for the block as a whole."""
        shape = self.slots[step.id].block_shape
        return range(shape[0]) if step.by_plane and len(shape) == 3 else [None]

    def worked_shape(self, step: Step) -> tuple[int, ...]:
        """Return the shape that the function of a step is given: a block or a plane."""
        return self.slots[step.id].block_shape[-2 if step.by_plane else -3 :]

    def cut(self, shape: Sequence[int]) -> list[Box]:
        """Return the tiles of a block or plane; the whole of it where the run is not tiled."""
        if self.tile is None:
            return [tuple(slice(0, n) for n in shape)]
        return boxes(shape, self.tile_shape(shape))

    def tile_shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return the shape of a tile of a block of this shape."""
        tile = (self.tile,) * len(shape) if isinstance(self.tile, int) else tuple(self.tile or shape)
        if len(tile) != len(shape) or min(tile, default=1) < 1:
            raise ValueError(
                f"tile needs one size of at least 1 for each of {len(shape)} axes; found {self.tile}"
            )
        return tile

    def images(self, step: Step) -> list[str]:
        """Return the names of the images that a step is given by name."""
        named = [item for item in step.operation.inputs if item.kind == "images"]
        return [name for item in named for name, _ in self.sources(step, item)]

    def units(self, step: Step) -> int:
        """Return how many yields one frame of a step takes."""
        n = len(self.channels(step)) * len(self.planes(step))
        if self.tile is None:
            return n
        locality = step.operation.locality
        passes = 1 + len(self.images(step)) if isinstance(locality, Parts) else _PASSES[type(locality)]
        return n * len(self.cut(self.worked_shape(step))) * passes

    def seconds(self, step: Step) -> float:
        """Return about how long a step takes; 0 where its operation does not say."""
        slot, shape = self.slots[step.id], self.worked_shape(step)
        each = step.operation.nanoseconds(self.spacing(slot.grid)[-len(shape) :], _known(step))
        n_blocks = slot.frames * len(self.channels(step)) * len(self.planes(step))
        return 1e-9 * each * math.prod(shape) * n_blocks

    def n_bytes(self) -> int:
        """Return about how much memory a run takes: the whole of each result, and a frame of all between.

        Of an input that is not in memory a frame is read; of a run in tiles, one tile. What a function needs for
        itself is not known, and counted as three numbers of 8 bytes for each pixel that it is given.
        """
        total = working = 0
        for slot in self.slots.values():
            size = np.dtype(slot.dtype or np.float32).itemsize
            block = slot.block_shape
            given = (
                math.prod(block) if self.tile is None else math.prod(map(min, self.tile_shape(block), block))
            )
            working = max(working, 24 * given)
            if slot.name in self.recipe.inputs:
                total += 0 if isinstance(slot.array, np.ndarray) else size * given
            elif slot.kind not in ("table", "value") and slot.array is None:
                total += size * math.prod(slot.held_shape)
        return total + working

    def expectation(self) -> str:
        """Say about how long a run takes, and what for; nothing where that is less than a minute."""
        seconds = {step.id: self.seconds(step) for step in self.recipe.steps}
        total = sum(seconds.values())
        if total < 60:
            return ""
        minutes = round(total / 60)
        text = f"about {minutes} minute{'' if minutes == 1 else 's'}"
        if minutes >= 100:
            text = f"about {round(total / 3600)} hours"
        slowest = max(self.recipe.steps, key=lambda step: seconds[step.id])
        return text if len(seconds) == 1 else f"{text}, most of it for {slowest.id}"

    def reader(
        self,
        step: Step,
        item: Input,
        where: Mapping[str, int],
        plane: int | None = None,
        source: Source | None = None,
    ) -> Callable[[Box], np.ndarray]:
        """Return what reads a box of an input of a step, as the operation expects it."""
        source = source or step.sources()[item.name][0][1]
        slot = self.slots[source.name]
        channel = self.channel(step, item.name, source)
        if channel is not None:
            where = {**where, "c": channel}
        elif item.kind != "image":
            where = {axis: n for axis, n in where.items() if axis != "c"}
        one_of_many = item.kind == "channels" and ("c" not in slot.grid.axes or channel is not None)
        title = f"step {step.id!r}: {item.name}"

        def read(box: Box) -> np.ndarray:
            if plane is not None:
                box = (slice(plane, plane + 1), *box)
            block = slot.read(where, box)
            if plane is not None:
                block = block[..., 0, :, :]
            block = kinds.prepare(block, item.kind, title)
            return block[np.newaxis] if one_of_many else block

        return read

    # --- checks ----------------------------------------------------------------------------------------

    def _slot(self, step: Step, array: Any) -> Slot:
        """Return the slot of a step's result; refuse inputs that do not fit each other or the operation."""
        record, where = step.operation, f"step {step.id!r}"
        given = [(item, source) for item in record.inputs for _, source in self.sources(step, item)]
        if not given:
            raise ValueError(f"{where}: {step.op} is given nothing")
        first = self.slots[given[0][1].name]
        by_channel = False
        for item, source in given:
            slot = self.slots[source.name]
            channel = self.channel(step, item.name, source)
            if "c" in slot.grid.axes and channel is None:
                if item.kind == "image" and record.by_channel:
                    by_channel = True
                elif item.kind != "channels":
                    raise ValueError(_one_channel(where, item.name, slot))
            if slot is not first:
                _check_agreement(where, first, slot)
        self._check_dimensions(where, step, first.grid)
        self._check_unit(where, step, first.grid)
        if self.tile is not None:
            ndim = 2 if step.by_plane else first.grid.ndim
            why = record.locality.why_whole(ndim, self.images(step), _known(step))
            if why:
                raise ValueError(f"{where}: {step.op} cannot be run in tiles: {why}")

        grid = first.grid if by_channel else first.grid.without("c")
        shape = [n for axis, n in zip(first.grid.axes, first.shape, strict=True) if axis in grid.axes]
        longest = max((self.slots[source.name] for _, source in given), key=lambda slot: slot.frames)
        if longest.frames > first.frames:
            # what has no time, or a single frame, stands beside every frame
            if "t" not in grid.axes:
                grid = replace(grid, axes="t" + grid.axes)
                shape = [1, *shape]
            grid = replace(grid, interval=longest.grid.interval, interval_unit=longest.grid.interval_unit)
            shape[grid.axes.index("t")] = longest.frames
        if record.channels is not None:
            if any(
                isinstance(value, From) and name.startswith("n_") for name, value in step.parameters.items()
            ):
                raise ValueError(f"{where}: the number of channels of the result must be given as a number")
            # channels stand before the axes of space
            at = next(n for n, axis in enumerate(grid.axes) if axis in grid.spatial)
            names = tuple(record.channels(**step.parameters))
            grid = replace(grid, axes=grid.axes[:at] + "c" + grid.axes[at:], channels=names)
            shape.insert(at, len(names))

        kept = {item.name: self.slots[s.name] for item, s in given if item.kind in ("labels", "objects")}
        kind = record.output_kind({name: slot.kind or _guess(slot) for name, slot in kept.items()})
        dtype = kinds.DTYPES.get(kind or "")
        if kind == "labels" and kept:
            dtype = kinds.label_dtype(next(iter(kept.values())).dtype)
        if array is not None:
            if kind in ("table", "value"):
                raise ValueError(f"into[{step.id!r}] cannot hold a {kind}; it is in the results")
            if tuple(array.shape) != tuple(shape):
                raise ValueError(
                    f"into[{step.id!r}] must have the shape {tuple(shape)}; found {tuple(array.shape)}"
                )
            dtype = array.dtype
        return Slot(step.id, grid, tuple(shape), kind, dtype, array, step.id in self.recipe.outputs)

    @staticmethod
    def _check_dimensions(where: str, step: Step, grid: Grid) -> None:
        record = step.operation
        if (2 if step.by_plane else grid.ndim) not in record.dimensions:
            allowed = " or ".join(f"{n}-D" for n in record.dimensions)
            hint = "; choose by_plane = true to work on each plane alone" if 2 in record.dimensions else ""
            raise ValueError(f"{where}: {step.op} works on {allowed} blocks; found {grid.spatial}{hint}")
        if step.by_plane and grid.ndim == 3 and record.output in ("table", "value"):
            raise ValueError(
                f"{where}: {step.op} finds one {record.output} for a volume; by_plane is for pixels"
            )
        if step.scope == "plane" and grid.ndim == 3 and not step.by_plane:
            raise ValueError(f"{where}: the scope 'plane' of a volume needs by_plane = true")

    def _check_unit(self, where: str, step: Step, grid: Grid) -> None:
        """Refuse lengths in a unit that the image cannot give."""
        unit = self.recipe.unit
        if unit in (grid.unit, "pixel"):
            return
        lengths = any(name.startswith(f"{step.id}.") for name in self.recipe.lengths())
        if not lengths and not any(isinstance(value, From) for value in step.parameters.values()):
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


def _known(step: Step) -> dict[str, Any]:
    """Return the parameters that are known before a run: not those that an earlier step will find."""
    return {name: value for name, value in step.parameters.items() if not isinstance(value, From)}


def _guess(slot: Slot) -> str:
    """Return whether an input of no known kind is a mask or labels: its dtype tells."""
    return "mask" if slot.dtype == bool else "labels"


def _one_channel(where: str, name: str, slot: Slot) -> str:
    choice = slot.grid.channels[0] if slot.grid.channels else "0"
    return (
        f"{where}: {name} must be one channel, but {slot.name!r} has {slot.n_channels}: name one, as in "
        f'"{slot.name}[{choice}]", or use an operation that takes several, such as cluster_kmeans'
    )


def _check_agreement(where: str, first: Slot, other: Slot) -> None:
    """Refuse two inputs of one step that differ in size, pixel size or number of frames."""
    pair = f"{where}: {first.name!r} and {other.name!r}"
    if first.grid.spatial != other.grid.spatial or first.block_shape != other.block_shape:
        sizes = " and ".join(
            " x ".join(f"{axis} {n}" for axis, n in zip(slot.grid.spatial, slot.block_shape, strict=True))
            for slot in (first, other)
        )
        raise ValueError(f"{pair} must have the same size; found {sizes}")
    if first.grid.calibrated and other.grid.calibrated and not first.grid.matches(other.grid):
        sizes = " and ".join(f"{slot.grid.block_spacing} {slot.grid.unit}" for slot in (first, other))
        raise ValueError(f"{pair} must have the same pixel size; found {sizes}")
    frames = sorted({first.frames, other.frames} - {1})
    if len(frames) > 1:
        raise ValueError(f"{pair} must have the same number of frames; found {frames[0]} and {frames[1]}")
