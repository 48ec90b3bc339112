"""Measuring where not all is at hand, or not all has changed: tile by tile, and some objects again.

The runs of objects say all of their shape, and where their values lie in an image. So the runs of tiles, or of the
boxes of a few objects, put together are the scan of a block, and everything behind it is none the wiser: a tiled
table, and a row that is measured again, equal those of a full measurement to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from objectwise.core.grid import Grid, plain_grid
from objectwise.core.table import KEYS, Column, Reasons, Table
from objectwise.measure.families import Chosen, all_columns, choose, defaults
from objectwise.measure.family import Block
from objectwise.measure.objects import check, check_spacing, make_table, measure_chosen
from objectwise.measure.scan import Scan, join_scans, scan_labels

Box = tuple[slice, ...]
Read = Callable[[Box], np.ndarray]
Found = tuple[dict[str, np.ndarray], Reasons]


def measure_tiles(
    read_labels: Read,
    read_images: Mapping[str, Read],
    boxes: Sequence[Box],
    shape: Sequence[int],
    spacing: Sequence[float] | None = None,
    features: Iterable[str] | str | None = None,
    **settings: Any,
) -> Generator[Box, None, Found]:
    """Measure a block that is read tile by tile, and never as a whole.

    Parameters
    ----------
    read_labels : callable
        ``read_labels(box)`` returns the labels of a tile.
    read_images : mapping of str to callable
        For each image what returns a tile of it.
    boxes : sequence of tuple of slice
        The tiles, which do not overlap.
    shape : sequence of int
        Shape of the block.
    spacing, features, **settings
        As for `objectwise.measure.objects.measure_block`.

    Yields
    ------
    tuple of slice
        The tile that has just been read: of the labels, then of each image that is measured.

    Returns
    -------
    values, reasons
        What `measure_block` returns for the whole block.

    Raises
    ------
    ValueError
        If a feature needs more than the runs of the objects and their values.

    Notes
    -----
    Held are the runs of the objects, and the values in objects of two channels at most.
    """
    shape, channels = tuple(int(n) for n in shape), list(read_images)
    settings = {**defaults(), **settings}
    chosen = choose(len(shape), channels, features, settings)
    why = _needs_whole(chosen)
    if why:
        raise ValueError(f"features: {why}")
    nothing = np.broadcast_to(np.int32(0), shape)
    block = Block(nothing, dict.fromkeys(channels, nothing), check_spacing(spacing, len(shape)))
    scans = []
    for box in boxes:
        scans.append((scan_labels(read_labels(box)), box))
        yield box
    block.scan = join_scans(scans, shape)
    values, reasons = measure_chosen(block, [item for item in chosen if not item.target], settings)
    for channel, read in read_images.items():
        mine = [item for item in chosen if item.target == (channel,)]
        if not mine:
            continue
        pixels = None
        for box in boxes:
            pixels = block.scan.gather_box(read(box), box, pixels)
            yield box
        block.keep_pixels(channel, np.empty(0, np.uint8) if pixels is None else pixels)
        found, why_not = measure_chosen(block, mine, settings)
        values |= found
        reasons |= why_not
    return _in_order(values, channels, settings), reasons


def table_of_tiles(
    read: Mapping[str, Any],
    cut: Sequence[Box],
    shape: Sequence[int],
    grid: Grid,
    features: Iterable[str] | None,
    **settings: Any,
) -> Generator[Box, None, Table]:
    """Measure a block tile by tile, as `objectwise.core.locality.Parts` asks for it."""
    images = read.get("images", {})
    found = yield from measure_tiles(
        read["labels"], images, cut, shape, grid.block_spacing, features, **settings
    )
    return make_table([(0, *found)], len(shape), list(images), features, grid.unit, **settings)


def needs_whole(ndim: int, channels: Sequence[str], features: Iterable[str] | None, **settings: Any) -> str:
    """Say which features need a whole block; empty where none does, and for features that there are not."""
    try:
        return _needs_whole(choose(ndim, channels, features, settings))
    except ValueError:
        # that is said when they are measured
        return ""


def _needs_whole(chosen: Iterable[Chosen]) -> str:
    """Say which of some columns need a whole block."""
    groups = dict.fromkeys(item.column.group for item in chosen if not item.family.by_runs)
    if not groups:
        return ""
    one = len(groups) == 1
    return (
        f"{' and '.join(groups)} {'looks' if one else 'look'} at more than each object alone; "
        f"leave {'it' if one else 'them'} out, or run without tiles"
    )


def _in_order(
    values: Mapping[str, np.ndarray], channels: Sequence[str], settings: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """Return columns in the order of a table."""
    order = ["label", *(item.column.name for item in all_columns(channels, settings))]
    return {name: values[name] for name in order if name in values}


def update_table(
    table: Table,
    labels: Any,
    images: Mapping[str, Any] | None = None,
    *,
    edits: Sequence[Box],
    ids: Iterable[int] | None = None,
    frame: int = 0,
    grid: Grid | None = None,
    features: Iterable[str] | str | None = None,
    **settings: Any,
) -> Table:
    """Measure again what an edit of labels has touched, and nothing else.

    Parameters
    ----------
    table : Table
        What `objectwise.measure` made of the labels before the edit, all frames of it.
    labels : array of int
        The labels after the edit.
    images : mapping of str to array, optional
        The images by name, of the axes of the labels or without their time axis.
    edits : sequence of tuple of slice
        Boxes of the block, ``(z,) y, x``, that hold all pixels that have changed; small ones where changes lie far
        apart.
    ids : iterable of int, optional
        The objects that have lost or got pixels, if that is known; else all that the boxes may have held or hold.
    frame : int, optional
        The time point of the edit.
    grid : Grid, optional
        Axes and pixel size of the labels; not needed for a plain 2-D array.
    features, **settings
        As the table was measured with.

    Returns
    -------
    Table
        Equal to that of a full measurement to the last bit; the table that was given stays as it is.

    Raises
    ------
    ValueError
        If the features do not give the columns of the table, or if objects have come or gone that were not told of.

    Notes
    -----
    Where the table has the boxes of objects (``bbox_min_y`` ...), the labels are read in the boxes of touched objects
    alone. Without them, or where these boxes are as large as the block, the frame is measured as a whole. Columns of
    families that look at more than each object alone, such as at neighbours, are measured in full.

    Examples
    --------
    >>> import objectwise as ow
    >>> labels = np.array([[0, 2, 2], [1, 2, 2]])
    >>> table = ow.measure(labels)
    >>> labels[0, 1] = 1
    >>> update_table(table, labels, edits=[(slice(0, 1), slice(1, 2))])["area"].tolist()
    [2.0, 3.0]
    """
    import pandas as pd

    grid = plain_grid(labels.shape, "labels") if grid is None else grid.without("c")
    block = Block(
        *check(
            _block_at(frame, labels, grid),
            {name: _block_at(frame, image, grid) for name, image in (images or {}).items()},
            grid.block_spacing,
        )
    )
    settings = {**defaults(), **settings}
    chosen = choose(block.ndim, list(block.images), features, settings)
    offered = {item.column.name: item.column for item in all_columns(list(block.images), settings)}
    offered |= {item.column.name: item.column for item in chosen}
    asked = {*KEYS, *(item.column.name for item in chosen)}
    _check_columns(table, asked, offered, grid)

    old = {name: column.to_numpy() for name, column in table.frame.items()}
    here = np.flatnonzero(old["frame"] == frame)
    placed = {
        name: column[here] for name, column in old.items() if name == "label" or name.startswith("bbox_m")
    }
    boxes = _touched(placed, block.labels, edits, ids)
    alone = [item for item in chosen if item.family.by_runs or boxes is None]
    around = [item for item in chosen if not item.family.by_runs and boxes is not None]
    some = block
    if boxes is not None:
        some = Block(block.labels, block.images, block.spacing)
        some.scan = _scan_boxes(block.labels, boxes)
        here = here[np.isin(old["label"][here], list(boxes))]
    found, reasons = measure_chosen(some, alone, settings)
    why = {(frame, name): _said_of(found["label"], entries) for name, entries in reasons.items()}
    gone = old["label"][here].tolist()
    kept = np.delete(np.arange(old["label"].size), here)
    whole: dict[str, np.ndarray] = {}
    if around:
        whole, reasons = measure_chosen(block, around, settings)
        everyone, mine = whole.pop("label"), kept[old["frame"][kept] == frame]
        if not np.array_equal(everyone, np.union1d(old["label"][mine], found["label"])):
            raise ValueError("labels: objects have come or gone outside of the edits and ids that are told")
        for name, column in whole.items():
            found[name] = column[np.searchsorted(everyone, found["label"])]
            old[name] = old[name].copy() if name in old else np.zeros(old["label"].size, column.dtype)
            old[name][mine] = column[np.searchsorted(everyone, old["label"][mine])]
        why |= {(frame, name): _said_of(everyone, entries) for name, entries in reasons.items()}

    found["frame"] = np.full(found["label"].size, frame, np.int64)
    taken = np.concatenate([kept, old["label"].size + np.arange(found["label"].size)])
    keys = [np.concatenate([old[name], found[name]])[taken] for name in ("label", "frame")]
    taken = taken[np.lexsort(keys)]
    rows: dict[str, np.ndarray] = {}
    for name in (*KEYS, *offered):
        if name in old or name in found:
            # a column that only one of them has counts what is missing
            columns = [part[name] if name in part else 0 * part["label"] for part in (old, found)]
            rows[name] = np.concatenate(columns)[taken]
    rows = {name: column for name, column in rows.items() if name in asked or column.any()}
    for (time, name), entries in table.reasons.items():
        if time != frame:
            why[time, name] = entries
        elif name not in whole:
            still = dict(entries)
            for label in gone:
                still.pop(label, None)
            still.update(why.get((time, name), {}))
            why[time, name] = still
    described = [offered[name] for name in rows if name in offered]
    units = {column.name: column.unit_text(grid.unit, block.ndim) for column in described}
    descriptions = {column.name: column.description for column in described} | table.descriptions
    return Table(pd.DataFrame(rows, copy=False), units, descriptions, why)


def _block_at(frame: int, array: Any, grid: Grid) -> np.ndarray:
    """Return one frame of an array; what has no time axis stands beside every frame."""
    own = grid if len(array.shape) == len(grid.axes) else grid.without("t")
    return own.read(array, {"t": frame} if "t" in own.axes else {})


def _check_columns(table: Table, asked: Collection[str], offered: Mapping[str, Column], grid: Grid) -> None:
    """Refuse a table whose columns are not those that are going to be measured."""
    for name, unit in table.units.items():
        if name in KEYS:
            continue
        if name not in offered:
            raise ValueError(f"features: they do not give the column {name!r} of the table")
        wanted = offered[name].unit_text(grid.unit, grid.ndim)
        if unit != wanted:
            raise ValueError(f"{name}: the table is in {unit!r}, and the grid in {wanted!r}")
    for name in asked:
        if name not in table.frame.columns:
            raise ValueError(f"features: the table has no column {name!r}")


def _touched(
    old: Mapping[str, np.ndarray],
    labels: np.ndarray,
    edits: Sequence[Box],
    ids: Iterable[int] | None,
) -> dict[int, Box] | None:
    """Return for each object that may have changed a box that holds it; None if that is all there is to know."""
    axes = "zyx"[3 - labels.ndim :]
    if not {f"bbox_min_{axis}" for axis in axes} | {f"bbox_max_{axis}" for axis in axes} <= old.keys():
        return None
    low, high = ([old[f"bbox_{end}_{axis}"] for axis in axes] for end in ("min", "max"))
    told = None if ids is None else np.unique(np.fromiter(ids, np.int64))
    touched = np.zeros(low[0].size, bool) if told is None else np.isin(old["label"], told)
    spans: dict[int, np.ndarray] = {}
    for edit in edits:
        span = np.array([part.indices(n)[:2] for part, n in zip(edit, labels.shape, strict=True)])
        now = np.unique(labels[edit])
        for label in now[(now > 0) if told is None else np.isin(now, told)].tolist():
            spans[label] = _around(span, spans.get(label, span))
        if told is None:
            near = [(a < stop) & (b > start) for a, b, (start, stop) in zip(low, high, span, strict=True)]
            touched |= np.logical_and.reduce(near)
    touched |= np.isin(old["label"], list(spans))
    for row in np.flatnonzero(touched):
        own = np.array([(a[row], b[row]) for a, b in zip(low, high, strict=True)])
        label = int(old["label"][row])
        spans[label] = _around(own, spans.get(label, own))
    if sum(int(np.prod(span[:, 1] - span[:, 0])) for span in spans.values()) > labels.size:
        return None
    return {label: tuple(slice(*ends) for ends in span.tolist()) for label, span in spans.items()}


def _around(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the box that holds two: int, shape (ndim, 2)."""
    return np.stack([np.minimum(one[:, 0], other[:, 0]), np.maximum(one[:, 1], other[:, 1])], axis=1)


def _scan_boxes(labels: np.ndarray, boxes: Mapping[int, Box]) -> Scan:
    """Return the scan of some objects, each of which lies in a box."""
    parts = [
        (scan_labels(np.where(labels[box] == label, labels[box], 0)), box) for label, box in boxes.items()
    ]
    return join_scans(parts, labels.shape)


def _said_of(ids: np.ndarray, entries: Mapping[int | None, str]) -> dict[int | None, str]:
    """Return reasons label by label, those of all objects too."""
    everyone = dict.fromkeys(ids.tolist(), entries[None]) if None in entries else {}
    return everyone | {label: text for label, text in entries.items() if label is not None}
