"""The rows of all measured layers as napari itself shows them, kept to the frame that is displayed."""

from __future__ import annotations

from typing import Any

from objectwise.gui.layers.calibration import axes_of
from objectwise.gui.table.features import displayed_frame, publish
from objectwise.gui.table.freshness import freshness_of
from objectwise.gui.table.noted_table import PUBLISHED, table_of


def publish_all(viewer: Any) -> None:
    """Give each measured layer of a viewer the rows of the frame that is displayed, but those that are stale."""
    for layer in viewer.layers:
        noted = table_of(layer)
        if noted is None or not noted.labelled:
            continue
        time = displayed_frame(viewer, layer, axes_of(layer) or "")
        wanted = (id(noted), time)
        if layer.metadata.get(PUBLISHED) != wanted:
            layer.metadata[PUBLISHED] = wanted
            publish(layer, freshness_of(layer).fresh_frame(), time)


def withdraw(viewer: Any) -> None:
    """Take the rows of a frame away again, as nobody would change them with the frame."""
    for layer in viewer.layers:
        if layer.metadata.get(PUBLISHED, (0, None))[1] is not None:
            del layer.metadata[PUBLISHED]
            layer.features = {}
