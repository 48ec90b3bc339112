"""Measuring where not all is at hand, or not all has changed: tile by tile, and some objects again.

The runs of objects say all of their shape, and where their values lie in an image. So the runs of tiles, or of the
boxes of a few objects, put together are the scan of a block, and everything behind it is none the wiser: a tiled
table, and a row that is measured again, equal those of a full measurement to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from objectwise.core.grid import Grid
from objectwise.core.table import Reasons, Table
from objectwise.measure.families import Chosen, all_columns, choose, defaults
from objectwise.measure.family import Block
from objectwise.measure.objects import check, check_spacing, make_table, measure_chosen
from objectwise.measure.scan import join_scans, scan_labels

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
    verb = "looks" if len(groups) == 1 else "look"
    return f"{' and '.join(groups)} {verb} at more than each object alone; leave it out, or run without tiles"


def _in_order(
    values: Mapping[str, np.ndarray], channels: Sequence[str], settings: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """Return columns in the order of a table."""
    order = ["label", *(item.column.name for item in all_columns(channels, settings))]
    return {name: values[name] for name in order if name in values}


def measure_some(
    labels: np.ndarray,
    ids: Sequence[int],
    boxes: Sequence[Box],
    images: Mapping[str, np.ndarray] | None = None,
    spacing: Sequence[float] | None = None,
    features: Iterable[str] | str | None = None,
    **settings: Any,
) -> tuple[dict[str, np.ndarray], Reasons]:
    """Measure some objects of a block, looking at their boxes alone.

    Parameters
    ----------
    labels : ndarray of int, shape ([Z,] Y, X)
    ids : sequence of int
        The objects to measure, each once.
    boxes : sequence of tuple of slice
        For each of them a box that holds it. After an edit: what holds both its old box and that of the edit.
    images, spacing, features, **settings
        As for `objectwise.measure.objects.measure_block`.

    Returns
    -------
    values, reasons
        The rows that `measure_block` would give these objects; no row for one that has no pixel left.

    Notes
    -----
    Families that look at more than an object's own pixels, such as at its neighbours, are measured in full.

    Examples
    --------
    >>> labels = np.array([[0, 2, 2], [1, 2, 2]])
    >>> values, _ = measure_some(labels, [2], [(slice(0, 2), slice(1, 3))], features=["area"])
    >>> values["label"], values["area"]
    (array([2]), array([4.]))
    """
    block = Block(*check(labels, images or {}, spacing))
    settings = {**defaults(), **settings}
    chosen = choose(block.ndim, list(block.images), features, settings)
    found = [
        (scan_labels(np.where(block.labels[box] == label, block.labels[box], 0)), box)
        for label, box in zip(ids, boxes, strict=True)
    ]
    block.scan = join_scans(found, block.labels.shape)
    alone = [item for item in chosen if item.family.by_runs]
    values, reasons = measure_chosen(block, alone, settings)
    if len(alone) < len(chosen):
        whole = Block(block.labels, block.images, block.spacing)
        others, why = measure_chosen(whole, [item for item in chosen if not item.family.by_runs], settings)
        rows = np.searchsorted(others.pop("label"), block.ids)
        values |= {name: column[rows] for name, column in others.items()}
        kept = {None, *block.ids.tolist()}
        reasons |= {
            name: {label: text for label, text in entries.items() if label in kept}
            for name, entries in why.items()
        }
    values = _in_order(values, list(block.images), settings)
    return values, {name: entries for name, entries in reasons.items() if entries}
