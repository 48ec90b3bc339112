"""New layers from the objects of another: some of them, their classes as numbers, or a copy of all to edit.

They are made in another thread, as a volume takes seconds, and placed with an undo; the layer that they come from is
hidden, as it would shine through. One that is begun is placed whatever is asked for next.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from napari.layers import Labels

from objectwise.core.results import Result
from objectwise.gui.curate.curating import drawn, rows_by_frame
from objectwise.gui.curate.undo import undo_stack
from objectwise.gui.layers.conversion import make_layer, source_of, space_of
from objectwise.gui.runs.newest import Failure, Newest, attempt
from objectwise.gui.table.noted_table import classes_of
from objectwise.gui.table.selection import keys_of


class NewLayers:
    """What makes and places new layers.

    Parameters
    ----------
    viewer : Viewer
    say : callable
        Shows a sentence, and whether something is wrong.
    """

    def __init__(self, viewer: Any, say: Callable[[str, bool], None]) -> None:
        self.viewer, self._say = viewer, say
        self._work: Newest | None = None
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether one is being made."""
        return self._work is not None and self._work.busy

    def of_objects(self, layer: Labels, title: str, rows: dict[int, list[int]]) -> None:
        """Make a layer with these objects alone, frame by frame."""
        names = {frame: {label: label for label in labels} for frame, labels in rows.items()}
        dtype = source_of(layer).array.dtype
        self._make(layer, title, names, np.int32 if dtype.itemsize <= 4 else dtype, "labels")

    def of_classes(self, layer: Labels, order: list[str]) -> None:
        """Make a layer with a number for each class: its place in an order, those without one behind."""
        classes = classes_of(layer)
        order = [*order, *sorted(set(classes.values()) - set(order))]
        rows = {
            frame: {label: 1 + order.index(classes[int(keys_of(frame, label))]) for label in labels}
            for frame, labels in rows_by_frame(np.array(sorted(classes))).items()
        }
        self._make(layer, "classes", rows, np.uint8, "classes")

    def copy(self, layer: Labels) -> None:
        """Make a copy that can be edited."""
        self._make(layer, "copy", None, np.int32, "labels")

    def _make(self, layer: Labels, title: str, rows: Any, dtype: Any, kind: str) -> None:
        self._say("Making a new layer ...", False)
        self._work = Newest(partial(self._on_made, title, layer, kind))
        self._work.request(attempt(_made), source_of(layer), rows, dtype)

    def _on_made(self, title: str, layer: Labels, kind: str, found: Any) -> None:
        if self._closed:
            return
        if isinstance(found, Failure):
            self._say(found.reason, True)
            return
        new = make_layer(space_of(layer), Result(found, source_of(layer).grid, kind), title)
        new.name = f"{layer.name} {title}"
        self.viewer.add_layer(new)
        hidden = [layer] if layer.visible else []
        layer.visible = False
        undo_stack(self.viewer).add_layers(f"new layer: {new.name}", [new], hidden)
        self._say(f"Placed as {new.name}.", False)

    def close(self) -> None:
        """Place none any more."""
        self._closed = True


def _made(source: Result, rows: Any, dtype: Any) -> np.ndarray:
    if rows is not None:
        return drawn(source, rows, dtype)
    array = np.asarray(source.array[...])
    return array.astype(np.int64 if array.size and array.max() >= 2**31 else dtype)
