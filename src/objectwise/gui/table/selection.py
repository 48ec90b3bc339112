"""Which rows of a layer's table are selected, and which are shown: one answer for all that show them.

The table, the plots, the canvas and whatever acts on rows share this object, so that none has a selection of its own
that could disagree. It belongs to the layer, yet is no part of what napari saves of it, and it goes when the layer
goes. A row is named by frame and label; a million of them are kept as sorted numbers, not as Python objects.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Layer
from psygnal import Signal

from objectwise.core.conditions import matching
from objectwise.core.table import Table

# more objects than any frame has
_STRIDE = 1 << 40


def keys_of(frames: Any, labels: Any) -> np.ndarray:
    """Return rows as numbers that sort by frame, then by label."""
    return np.asarray(frames, np.int64) * _STRIDE + np.asarray(labels, np.int64)


class Selection:
    """The selected rows of the table of one layer, and the condition for rows to be shown.

    Attributes
    ----------
    keys : (n,) array of int
        The selected rows as numbers, sorted; see `keys_of`.
    current : tuple of int, optional
        Frame and label of the row that was selected last.
    condition : str
        What must be true of a row to be shown; empty for all.
    frame_only : bool
        Whether only the rows of the displayed frame are shown.
    changed : Signal
        Other rows are selected.
    filtered : Signal
        Another condition holds.
    measured : Signal
        The layer has another table.
    """

    changed = Signal()
    filtered = Signal()
    measured = Signal()

    def __init__(self) -> None:
        self.keys = np.zeros(0, np.int64)
        self.current: tuple[int, int] | None = None
        self.condition = ""
        self.frame_only = False

    # --- rows ------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Return how many rows are selected."""
        return len(self.keys)

    def rows(self) -> list[tuple[int, int]]:
        """Return frame and label of the selected rows."""
        return list(zip((self.keys // _STRIDE).tolist(), (self.keys % _STRIDE).tolist(), strict=True))

    def labels_at(self, frame: int) -> np.ndarray:
        """Return the selected labels of a frame, sorted."""
        first, last = np.searchsorted(self.keys, keys_of([frame, frame + 1], [0, 0]))
        return self.keys[first:last] % _STRIDE

    def holds(self, keys: np.ndarray) -> np.ndarray:
        """Return which of some rows are selected."""
        if not len(self.keys):
            return np.zeros(len(keys), bool)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return self.keys[places] == keys

    def choose(
        self,
        keys: Iterable[int] | np.ndarray,
        how: Literal["replace", "add", "toggle"] = "replace",
        current: tuple[int, int] | None = None,
    ) -> None:
        """Select rows.

        Parameters
        ----------
        keys : array of int
            Rows; see `keys_of`.
        how : {'replace', 'add', 'toggle'}
            Select these alone, these too, or turn each of them over.
        current : tuple of int, optional
            Frame and label of the one that counts as the last; the only one where there is one alone.
        """
        new = np.unique(np.asarray(keys, np.int64))
        if how == "add":
            new = np.union1d(self.keys, new)
        elif how == "toggle":
            new = np.setxor1d(self.keys, new, assume_unique=True)
        if len(new) == 1:
            current = (int(new[0] // _STRIDE), int(new[0] % _STRIDE))
        elif current is None or not np.isin(keys_of(*current), new):
            current = None
        same = np.array_equal(new, self.keys)
        self.keys, self.current = new, current
        if not same:
            self.changed.emit()

    def clear(self) -> None:
        """Select nothing."""
        self.choose(())

    # --- what is shown ---------------------------------------------------------------------------------

    def show_where(self, condition: str) -> None:
        """Show only rows of which a condition is true."""
        if condition.strip() != self.condition:
            self.condition = condition.strip()
            self.filtered.emit()

    def show_frame_only(self, only: bool) -> None:
        """Show only rows of the displayed frame, or those of all."""
        if only != self.frame_only:
            self.frame_only = only
            self.filtered.emit()

    def shown(self, table: Table, frame: int | None) -> tuple[np.ndarray, str]:
        """Return which rows of a table are shown, and what is wrong with the condition.

        Parameters
        ----------
        table : Table
        frame : int, optional
            The displayed frame; None where there is no time.

        Returns
        -------
        array of int
            Places in the table. All of them where the condition cannot be read.
        str
            One sentence; empty where nothing is wrong.
        """
        columns = {str(name): table.frame[name].to_numpy() for name in table.frame.columns}
        keep, sentence = np.ones(len(table), bool), ""
        if self.condition:
            try:
                keep = matching(self.condition, columns)
            except ValueError as error:
                sentence = str(error)
        if self.frame_only and frame is not None:
            keep = keep & (columns["frame"] == frame)
        return np.flatnonzero(keep), sentence


_kept: WeakKeyDictionary[Layer, Selection] = WeakKeyDictionary()


def selection_of(layer: Layer) -> Selection:
    """Return the selection of a layer: always the same for the same layer."""
    return _kept.setdefault(layer, Selection())
