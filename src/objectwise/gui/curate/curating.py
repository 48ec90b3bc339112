"""From chosen rows to an edit of a layer: which objects of which frames, worked out in a thread, written by napari."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from napari.layers import Labels

from objectwise.core.results import Result
from objectwise.core.table import Table
from objectwise.gui.curate.edits import After, Box, Change, boxes_in, pixels_of
from objectwise.gui.curate.undo import EDITS_LIMIT, bound_edits, undo_stack
from objectwise.gui.layers.calibration import axes_of, data_of
from objectwise.gui.layers.conversion import NonZero, source_of
from objectwise.gui.table.freshness import freshness_of
from objectwise.gui.table.noted_table import classes_of, table_of
from objectwise.gui.table.selection import keys_of

# of a frame: its block, the boxes of the objects, and the first id that is free
Act = Callable[[np.ndarray, dict[int, Box], int], list[After]]


def why_not(layer: Labels) -> str:
    """Say why the objects of a layer cannot be edited; empty where they can."""
    array = data_of(layer)
    if layer.multiscale:
        return f"{layer.name} has several resolutions, of which napari can edit none."
    if not isinstance(array, np.ndarray):
        return f"{layer.name} is read from its file part by part, and cannot be edited."
    if not array.flags.writeable:
        return f"{layer.name} can only be read, as another program holds it."
    if axes_of(layer) is None:
        return f"What the axes of {layer.name} are is not known; choose them in any other dock of Objectwise."
    if isinstance(source_of(layer).array, NonZero):
        return f"{layer.name} is a mask without objects; number them first (Watershed > Label components)."
    return ""


def rows_by_frame(keys: np.ndarray) -> dict[int, list[int]]:
    """Return the labels of rows, frame by frame."""
    found: dict[int, list[int]] = {}
    stride = int(keys_of(1, 0))
    for key in keys.tolist():
        found.setdefault(key // stride, []).append(key % stride)
    return found


def in_all_frames(layer: Labels, rows: Mapping[int, Iterable[int]]) -> dict[int, list[int]]:
    """Return the same ids in every frame of a layer."""
    source = source_of(layer)
    ids = sorted({label for labels in rows.values() for label in labels})
    n = source.grid.size("t", source.array.shape) if "t" in source.grid.axes else 1
    return dict.fromkeys(range(n), ids)


@dataclass(frozen=True)
class Task:
    """An edit that is asked for.

    Parameters
    ----------
    title : str
        For undo.
    source : Result
        The labels.
    axes : str
        Of the layer.
    shape : tuple of int
        Of the layer.
    rows : mapping of int to list of int
        For each frame the objects.
    act : callable
        What is done with them.
    table : Table, optional
        Tells the boxes of objects; without it they are looked for.
    taken : int
        The highest id that is in use elsewhere, such as that of an object that an undo may bring back.
    """

    title: str
    source: Result
    axes: str
    shape: tuple[int, ...]
    rows: Mapping[int, Sequence[int]]
    act: Act
    table: Table | None = None
    taken: int = 0
    numbers: bool = field(default=False)

    @classmethod
    def on(
        cls, layer: Labels, title: str, rows: Mapping[int, Sequence[int]], act: Act, numbers: bool = False
    ) -> Task:
        """Return the task of doing something with objects of a layer; ``numbers`` if it needs new ids."""
        noted, freshness = table_of(layer), freshness_of(layer)
        sure = noted is not None and noted.mark is not None and noted.labelled
        sure = sure and not freshness.busy and not freshness.outdated
        table = noted.table if noted is not None else None
        named = [key % int(keys_of(1, 0)) for key in classes_of(layer)]
        highest = int(table.frame["label"].max()) if table is not None and len(table) else 0
        return cls(
            title,
            source_of(layer),
            str(axes_of(layer)),
            tuple(data_of(layer).shape),
            rows,
            act,
            table if sure else None,
            max([highest, *named]),
            numbers,
        )


def work_out(task: Task) -> Change:
    """Return the pixels that a task changes.

    Raises
    ------
    ValueError
        If an id is too large for the layer, or too much would have to be kept for undo.
    """
    source = task.source
    grid = source.grid
    next_id = 1 + max(task.taken, int(source.array.max(initial=0))) if task.numbers else 0
    frames: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for frame, labels in task.rows.items():
        block = grid.read(source.array, {"t": frame} if "t" in grid.axes else {})
        boxes = _boxes_told(task.table, grid.spatial, frame, labels) if task.table is not None else None
        if boxes is None:
            boxes = boxes_in(block, labels)
        largest = np.iinfo(block.dtype).max
        if task.numbers and next_id + 1000 > largest:
            raise ValueError(f"The ids of this layer end at {largest}: make a copy with larger ones.")
        frames[frame] = pixels_of(block, task.act(block, boxes, next_id))
        if task.numbers:
            next_id = max(next_id, 1 + int(frames[frame][1].max(initial=0)))
    change = Change.joined(frames, task.axes, task.shape)
    if change.n_bytes > EDITS_LIMIT:
        raise ValueError(
            f"This would change {len(change):,} pixels, too many to be undone: put objects into a new layer instead."
        )
    return change


def _boxes_told(table: Table | None, space: str, frame: int, labels: Sequence[int]) -> dict[int, Box] | None:
    """Return the boxes of objects as their table tells them; None where it does not."""
    assert table is not None
    names = [f"bbox_{end}_{axis}" for axis in space for end in ("min", "max")]
    if not set(names) <= set(table.frame.columns):
        return None
    here = (table.frame["frame"].to_numpy() == frame) & np.isin(table.frame["label"].to_numpy(), labels)
    ends = np.stack([table.frame[name].to_numpy()[here] for name in names], axis=1).astype(int)
    ids = table.frame["label"].to_numpy()[here].tolist()
    return {
        label: tuple(slice(*pair) for pair in row.reshape(-1, 2).tolist())
        for label, row in zip(ids, ends, strict=True)
    }


def write(viewer: Any, layer: Labels, title: str, change: Change) -> str:
    """Write an edit into a layer, on napari's undo stack, and say what was done."""
    if not len(change):
        return "Nothing to change."
    # napari has no slice of a hidden layer to write into, and nobody edits what cannot be seen
    layer.visible = True
    layer.data_setitem(change.indices, change.values)
    undo_stack(viewer).add_edit(title, layer)
    forgotten = bound_edits(layer)
    text = f"{title[:1].upper()}{title[1:]}: done."
    if forgotten:
        text += f" The {forgotten} oldest edits can be undone no more, to spare memory."
    return text


# --- new layers ----------------------------------------------------------------------------------------


def drawn(source: Result, rows: Mapping[int, Mapping[int, int]], dtype: Any) -> np.ndarray:
    """Return an array in which objects have the numbers given, and all else is 0."""
    grid = source.grid
    result = np.zeros(source.array.shape, dtype)
    for frame, names in rows.items():
        index = {"t": frame} if "t" in grid.axes else {}
        block = grid.read(source.array, index)
        ids = np.array(sorted(names), np.int64)
        if not len(ids):
            continue
        places = np.minimum(np.searchsorted(ids, block), len(ids) - 1)
        new = np.array([names[label] for label in ids.tolist()], dtype)
        grid.read(result, index)[...] = np.where(ids[places] == block, new[places], 0)
    return result
