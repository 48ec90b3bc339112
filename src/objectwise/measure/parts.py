"""Measuring where not all is at hand, or not all has changed: tile by tile, and some objects again.

The runs of objects say all of their shape, and where their values lie in an image. So the runs of tiles, or of the
boxes of a few objects, put together are the scan of a block, and everything behind it is none the wiser: a tiled
table, and a row that is measured again, equal those of a full measurement to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from objectwise.core.table import Reasons
from objectwise.measure.families import all_columns, choose, defaults
from objectwise.measure.family import Block
from objectwise.measure.objects import check, check_spacing, measure_chosen
from objectwise.measure.scan import join_scans, scan_labels

Box = tuple[slice, ...]


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
    order = ["label", *(item.column.name for item in all_columns(list(block.images), settings))]
    values = {name: values[name] for name in order if name in values}
    return values, {name: entries for name, entries in reasons.items() if entries}


@dataclass
class _TiledBlock(Block):
    """A block whose images are read tile by tile, whenever the values of one are needed."""

    read: Callable[[str, Box], np.ndarray] = field(kw_only=True)
    boxes: Sequence[Box] = field(kw_only=True)

    def _gather(self, channel: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.scan.gather_tiles((box, self.read(channel, box)) for box in self.boxes)


def measure_tiles(
    read_labels: Callable[[Box], np.ndarray],
    read_image: Callable[[str, Box], np.ndarray],
    boxes: Sequence[Box],
    shape: Sequence[int],
    channels: Sequence[str] = (),
    spacing: Sequence[float] | None = None,
    features: Iterable[str] | str | None = None,
    **settings: Any,
) -> tuple[dict[str, np.ndarray], Reasons]:
    """Measure a block that is read tile by tile, and never as a whole.

    Parameters
    ----------
    read_labels : callable
        ``read_labels(box)`` returns the labels of a tile.
    read_image : callable
        ``read_image(channel, box)`` returns a tile of an image.
    boxes : sequence of tuple of slice
        The tiles, which do not overlap.
    shape : sequence of int
        Shape of the block.
    channels : sequence of str, optional
        Names of the images.
    spacing, features, **settings
        As for `objectwise.measure.objects.measure_block`.

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
    shape = tuple(int(n) for n in shape)
    settings = {**defaults(), **settings}
    chosen = choose(len(shape), list(channels), features, settings)
    for item in chosen:
        if not item.family.by_runs:
            raise ValueError(f"features: {item.column.name!r} cannot be measured tile by tile")
    nothing = np.broadcast_to(np.int32(0), shape)
    block = _TiledBlock(
        nothing,
        dict.fromkeys(channels, nothing),
        check_spacing(spacing, len(shape)),
        read=read_image,
        boxes=boxes,
    )
    block.scan = join_scans(((scan_labels(read_labels(box)), box) for box in boxes), shape)
    return measure_chosen(block, chosen, settings)
