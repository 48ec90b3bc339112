"""Which rows of a table are older than the pixels, and how they are measured again.

Undo, redo and other plugins tell that something of a layer has changed, but neither what nor where. So labels are
known by a number for each small block of pixels: blocks whose number has changed give the boxes in which to look for
objects, and those objects alone are measured again. All of it is work for another thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import ref

import numpy as np
from napari.layers import Layer

from objectwise.core.grid import Grid
from objectwise.core.recipe import Recipe
from objectwise.core.results import Result
from objectwise.core.run import run
from objectwise.core.step import Step
from objectwise.core.table import Table
from objectwise.gui.layers.calibration import data_of
from objectwise.gui.layers.conversion import fingerprint, source_of
from objectwise.gui.table.selection import keys_of
from objectwise.kernels.fingerprints import SIDE, block_fingerprints
from objectwise.measure import update_table
from objectwise.measure.parts import needs_whole

Box = tuple[slice, ...]
# for each frame the boxes of a block in which pixels have changed; None where all may have
Boxes = dict[int, list[Box]] | None

# boxes of a frame, above which the one around them is taken
_MOST = 200


@dataclass(frozen=True)
class Origin:
    """What a table was made by, and of which layers.

    Parameters
    ----------
    step : Step
        The step of the table.
    unit : str
        Of its lengths.
    layers : mapping of str to tuple of weakref.ref
        For each name that the step is given its layer, and the array that the layer had.
    viewer : weakref.ref
        Where the layers are.
    """

    step: Step
    unit: str
    layers: Mapping[str, tuple[ref[Layer], ref[Any]]]
    viewer: ref[Any]

    @classmethod
    def of(cls, viewer: Any, recipe: Recipe, name: str, layers: Mapping[str, Layer]) -> Origin:
        """Return the origin of the table that a step of a recipe has made of layers."""
        held = {key: (ref(layer), ref(data_of(layer))) for key, layer in layers.items()}
        return cls(recipe.step(name), recipe.unit, held, ref(viewer))

    def missing(self) -> list[str]:
        """Return the names of what was measured and is no more in the viewer."""
        viewer = self.viewer()
        layers = {name: layer() for name, (layer, _) in self.layers.items()}
        return [name for name, layer in layers.items() if viewer is None or layer not in viewer.layers]

    def replaced(self, labels: Layer) -> bool:
        """Whether an image has other pixels than those that were measured."""
        held = ((layer(), array()) for layer, array in self.layers.values())
        return any(
            layer is not None and layer is not labels and data_of(layer) is not array for layer, array in held
        )

    def renewed(self) -> Origin:
        """Return this origin with the arrays that the layers have now."""
        held = {
            name: (layer, ref(data_of(alive)) if (alive := layer()) is not None else array)
            for name, (layer, array) in self.layers.items()
        }
        return replace(self, layers=held)

    def sources(self) -> dict[str, Result]:
        """Return what the step is given, as the layers hold it now."""
        return {
            name: source_of(layer) for name, (held, _) in self.layers.items() if (layer := held()) is not None
        }


# --- what has changed ----------------------------------------------------------------------------------


def look(
    source: Result, before: Sequence[np.ndarray] | None, array: Any = None, mark: str | None = None
) -> tuple[list[np.ndarray], Boxes]:
    """Return the numbers of all blocks, and where they are not those from before.

    Parameters
    ----------
    source : Result
        Labels.
    before : sequence of ndarray, optional
        The numbers from before, a frame each. Where there are none, the fingerprint tells.
    array, mark : array and str, optional
        The array of the layer, and the fingerprint that it had.

    Returns
    -------
    numbers : list of ndarray
    boxes : dict of int to list of tuple of slice
        Empty where nothing has changed; None where all may have.
    """
    grid, shape = source.grid, tuple(source.array.shape)
    numbers = [block_fingerprints(grid.read(source.array, index)) for index in grid.indices(shape, "t")]
    if before is None:
        return numbers, {} if mark is None or fingerprint(array) == mark else None
    if [item.shape for item in before] != [item.shape for item in numbers]:
        return numbers, None
    block = grid.block_shape(shape)
    found = {
        frame: changed_boxes(*pair, block) for frame, pair in enumerate(zip(before, numbers, strict=True))
    }
    return numbers, {frame: boxes for frame, boxes in found.items() if boxes}


def changed_boxes(before: np.ndarray, now: np.ndarray, shape: Sequence[int]) -> list[Box]:
    """Return boxes of a block that hold all of its pixels that have changed."""
    from scipy import ndimage

    differs = before != now
    if not differs.any():
        return []
    boxes = ndimage.find_objects(ndimage.label(differs, np.ones((3, 3, 3)))[0])
    if len(boxes) > _MOST:
        boxes = ndimage.find_objects(differs.astype(np.uint8))
    steps = (1, SIDE, SIDE)
    sizes = (1, *shape)[-3:]
    return [
        tuple(
            slice(part.start * step, min(part.stop * step, size))
            for part, step, size in zip(box, steps, sizes, strict=True)
        )[-len(shape) :]
        for box in boxes
    ]


def stale_rows(table: Table, grid: Grid, boxes: Boxes, step: Step | None) -> np.ndarray:
    """Return which rows may be other than what would be measured now, as a mask.

    Of a table whose columns look at more than each object alone, all rows of a frame are.
    """
    columns = {name: table.frame[name].to_numpy() for name in table.frame.columns}
    stale = np.zeros(len(table), bool)
    if boxes is None or (step is not None and step.op != "measure"):
        stale[:] = boxes is None or bool(boxes)
        return stale
    placed = {f"bbox_{end}_{axis}" for end in ("min", "max") for axis in grid.spatial} <= columns.keys()
    alone = placed and not (step is not None and _looks_around(step, grid))
    for frame, edits in boxes.items():
        here = columns["frame"] == frame
        near = np.full(len(table), not alone)
        for edit in edits if alone else ():
            near |= np.logical_and.reduce(
                [
                    (columns[f"bbox_min_{axis}"] < part.stop) & (columns[f"bbox_max_{axis}"] > part.start)
                    for axis, part in zip(grid.spatial, edit, strict=True)
                ]
            )
        stale |= here & near
    return stale


def _looks_around(step: Step, grid: Grid) -> bool:
    """Whether a change of one object may change what is measured of another."""
    settings = dict(step.parameters)
    channels = [column for column, _ in step.sources().get("images", [])]
    return bool(needs_whole(grid.ndim, channels, settings.pop("features", None), **settings))


def effort(boxes: Boxes, source: Result, step: Step) -> int:
    """Return about how many pixels have to be looked at to measure again."""
    shape = tuple(source.array.shape)
    if boxes is None or step.op != "measure":
        return int(np.prod(shape))
    if _looks_around(step, source.grid):
        return len(boxes) * int(np.prod(source.grid.block_shape(shape)))
    return sum(
        int(np.prod([part.stop - part.start for part in box])) for items in boxes.values() for box in items
    )


# --- measuring again -----------------------------------------------------------------------------------


def measure_again(
    table: Table, labels: str, origin: Origin, sources: Mapping[str, Result], boxes: Boxes
) -> Table:
    """Return the table of what the layers hold now, without a column of classes.

    Parameters
    ----------
    table : Table
        What was measured before.
    labels : str
        The name of the labels in the step.
    origin : Origin
    sources : mapping of str to Result
        What the step is given.
    boxes : dict of int to list of tuple of slice, optional
        Where the labels have changed; all is measured where that is not known.
    """
    step, source = origin.step, sources[labels]
    if boxes is None or step.op != "measure" or origin.unit != source.grid.unit:
        *_, last = run(Recipe([step], inputs=tuple(sources), unit=origin.unit), sources)
        return last.results[step.id].array
    settings, grid = dict(step.parameters), source.grid
    features = settings.pop("features", None)
    block = replace(
        grid.without("tc"), axes=grid.spatial, spacing=grid.block_spacing, origin=grid.block_origin
    )
    for frame, edits in boxes.items():
        images = {
            column: _block(sources[item.name], frame, item.channel)
            for column, item in step.sources().get("images", [])
        }
        table = update_table(
            table,
            _block(source, frame),
            images,
            edits=edits,
            frame=frame,
            grid=block,
            features=features,
            **settings,
        )
    return table


def _block(source: Result, frame: int, channel: str | None = None) -> np.ndarray:
    """Return one frame of one channel."""
    grid, index = source.grid, {}
    if "t" in grid.axes:
        index["t"] = frame
    if channel is not None:
        index["c"] = grid.channels.index(channel) if channel in grid.channels else int(channel)
    return grid.read(source.array, index)


def different_rows(before: Table, now: Table) -> np.ndarray:
    """Return the rows that are new or have other values, as sorted numbers; see `keys_of`."""
    old, new = ({str(name): item.to_numpy() for name, item in table.frame.items()} for table in (before, now))
    old_keys, new_keys = (keys_of(item.pop("frame"), item.pop("label")) for item in (old, new))
    order = np.argsort(old_keys, kind="stable")
    places = (
        order[np.minimum(np.searchsorted(old_keys, new_keys, sorter=order), max(0, len(order) - 1))]
        if len(order)
        else np.zeros(len(new_keys), int)
    )
    differs = old_keys[places] != new_keys if len(order) else np.ones(len(new_keys), bool)
    for name, values in new.items():
        if name not in old or not len(order):
            continue
        others = old[name][places]
        unequal = values != others
        if values.dtype.kind == "f":
            unequal &= ~(np.isnan(values) & np.isnan(others.astype(float)))
        differs |= unequal
    return np.sort(new_keys[differs])
