"""What napari itself shows of a table: its status bar, tooltips and Features table.

napari finds the row of an object in two ways that disagree: the status bar by a column called ``index``, the
Features table by the position of the row. Both are right only where row and id are the same number, so the
rows that are missing are filled in, up to a size. Of a movie it knows one row for each id and nothing of
frames: it is given those of the displayed frame.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from napari.layers import Labels

from objectwise.gui.table.noted_table import PUBLISHED

# rows up to which missing ids are filled in
LARGEST = 1_000_000


def features_of(frame: pd.DataFrame, time: int | None = None) -> pd.DataFrame:
    """Return the rows of a table as napari's ``layer.features``.

    Parameters
    ----------
    frame : DataFrame
        With the columns ``frame`` and ``label``.
    time : int, optional
        The frame whose rows are taken; all where it is left out.

    Returns
    -------
    DataFrame
        First the columns ``index`` and ``label``; row n is that of object n where ids are at most a million.

    Examples
    --------
    >>> features_of(pd.DataFrame({"frame": [0, 0], "label": [1, 3], "area": [4.0, 5.0]}))
       index  label  area
    0      0      0   NaN
    1      1      1   4.0
    2      2      2   NaN
    3      3      3   5.0
    """
    rows = frame if time is None else frame[frame["frame"] == time]
    rows = rows.drop(columns="frame")
    ids = rows["label"].to_numpy(np.int64)
    highest = int(ids.max(initial=0))
    if highest <= LARGEST:
        everything = np.arange(highest + 1)
        rows = rows.set_index("label").reindex(everything).reset_index(names="label")
        ids = everything
    rows = rows.reset_index(drop=True)
    rows.insert(0, "index", ids)
    return rows


def publish(layer: Labels, frame: pd.DataFrame, time: int | None = None) -> None:
    """Give a layer the rows of a table as its features."""
    layer.features = features_of(frame, time)


def publish_again(layer: Labels, frame: pd.DataFrame, mark: int) -> None:
    """Give a layer other rows as its features, if it has any: those of the same frame."""
    before = layer.metadata.get(PUBLISHED)
    if before is not None:
        layer.metadata[PUBLISHED] = (mark, before[1])
        publish(layer, frame, before[1])


def displayed_frame(viewer: Any, layer: Labels, axes: str) -> int | None:
    """Return the frame of a layer that a viewer displays; None for a layer without time."""
    if "t" not in axes:
        return None
    number = axes.index("t")
    position = float(layer.world_to_data(viewer.dims.point)[number])
    return int(
        np.clip(
            round(position),
            0,
            layer.data.shape[number] - 1 if not layer.multiscale else layer.data[0].shape[number] - 1,
        )
    )
