"""Which objects the buttons of Curate work on: those that are selected or those that the filter shows.

A person has to read this before pressing Delete, so the row says how many they are; and all that asks for objects asks
here, so that no button means others than the row tells of.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QWidget

from objectwise.gui.curate.button_rows import column, row
from objectwise.gui.curate.curating import in_all_frames, rows_by_frame
from objectwise.gui.layers.calibration import axes_of
from objectwise.gui.table.features import displayed_frame
from objectwise.gui.table.noted_table import table_of
from objectwise.gui.table.selection import Selection, keys_of, selection_of


class ChosenRow(QWidget):
    """The objects of a layer that are chosen.

    Parameters
    ----------
    viewer : Viewer

    Attributes
    ----------
    changed : Signal
        Others are chosen by this row itself; what changes the selection or the filter tells of it too.
    """

    changed = Signal()

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self.viewer = viewer
        self.layer: Labels | None = None
        self.target = QComboBox()
        self.target.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.target.setMinimumContentsLength(8)
        self.target.setToolTip(
            "<p>Which objects the buttons below work on. Select them in the table, in a plot or by clicking on the "
            "canvas; Shift adds one.</p>"
        )
        self.target.addItems(["", ""])
        self.target.currentIndexChanged.connect(self.changed)
        self.everywhere = QCheckBox("All frames")
        self.everywhere.setToolTip("Do it to the same ids in every frame, and not in theirs alone")
        self.everywhere.toggled.connect(self.changed)
        column(self, row(self.target, self.everywhere))

    @property
    def selection(self) -> Selection | None:
        """The selected rows of the layer, and the filter."""
        return None if self.layer is None else selection_of(self.layer)

    @property
    def in_every_frame(self) -> bool:
        """Whether the same ids are meant in all frames."""
        return self.everywhere.isChecked()

    @property
    def by_filter(self) -> bool:
        """Whether those that the filter shows are meant."""
        return self.target.currentIndex() == 1

    def show_for(self, layer: Labels | None) -> None:
        """Serve another layer."""
        self.layer = layer

    def refresh(self) -> None:
        """Say how many objects there are to choose."""
        chosen = 0 if self.selection is None else len(self.selection)
        filtered = len(self._filtered())
        self.target.setItemText(0, f"{counted(chosen, 'object')} selected")
        self.target.setItemText(
            1, f"{counted(filtered, 'row')} shown by the filter" if filtered else "rows shown by the filter"
        )
        self.target.model().item(1).setEnabled(bool(filtered))
        if not filtered and self.by_filter:
            self.target.setCurrentIndex(0)
        self.everywhere.setVisible(self._time() is not None)

    def keys(self) -> np.ndarray:
        """Return the rows that are chosen; see `keys_of`."""
        selection = self.selection
        if selection is None:
            return np.zeros(0, np.int64)
        return self._filtered() if self.by_filter else selection.keys[selection.keys % keys_of(1, 0) > 0]

    def rows(self) -> dict[int, list[int]]:
        """Return the objects that are chosen, frame by frame."""
        assert self.layer is not None
        found = rows_by_frame(self.keys())
        return in_all_frames(self.layer, found) if self.in_every_frame and found else found

    def _filtered(self) -> np.ndarray:
        noted, selection = table_of(self.layer), self.selection
        if noted is None or selection is None or not (selection.condition or selection.frame_only):
            return np.zeros(0, np.int64)
        places, problem = selection.shown(noted.table, self._time())
        if problem:
            return np.zeros(0, np.int64)
        frame = noted.table.frame.iloc[places]
        return keys_of(frame["frame"].to_numpy(), frame["label"].to_numpy())

    def _time(self) -> int | None:
        layer = self.layer
        return None if layer is None else displayed_frame(self.viewer, layer, axes_of(layer) or "")


def counted(n: int, what: str) -> str:
    """Return a number of things in words.

    Examples
    --------
    >>> counted(1, "object"), counted(3, "object")
    ('1 object', '3 objects')
    """
    return f"{n} {what}{'' if n == 1 else 's'}"
