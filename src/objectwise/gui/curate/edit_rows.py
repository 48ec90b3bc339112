"""The buttons that change whole objects: keep, delete, merge, fill and smooth.

Each turns the objects that are chosen into an act with a title, and asks for it; that the title is what undo will
name is why it counts the objects.
"""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QDoubleSpinBox, QWidget

from objectwise.gui.curate import acts
from objectwise.gui.curate.button_rows import button, column, row
from objectwise.gui.curate.chosen_row import ChosenRow, counted
from objectwise.gui.curate.curating import Act, in_all_frames


class EditRows(QWidget):
    """Buttons to edit the objects that are chosen.

    Parameters
    ----------
    chosen : ChosenRow
        Tells which.

    Attributes
    ----------
    asked : Signal
        An edit that is wanted: its title, the objects by frame, and the act.
    said : Signal
        A sentence to show, and whether something is wrong.
    """

    asked = Signal(str, object, object)
    said = Signal(str, bool)

    def __init__(self, chosen: ChosenRow) -> None:
        super().__init__()
        self._chosen = chosen
        self.keep = button("Keep only", "Delete all other objects of the same frames", self.keep_only)
        self.erase = button("Delete", "Delete these objects", self.delete)
        self.join = button("Merge", "Give objects of a frame one id, the lowest of theirs", self.merge)
        self.fill = button("Fill holes", "Fill the background that they enclose", self.fill_holes)
        self.even = button("Smooth", "Smooth their outlines, over background alone", self.smooth)
        self.even_by = QDoubleSpinBox()
        self.even_by.setRange(0.5, 20.0)
        self.even_by.setSingleStep(0.5)
        self.even_by.setValue(1.5)
        self.even_by.setSuffix(" px")
        self.even_by.setMinimumWidth(60)
        self.even_by.setToolTip("How far: details smaller than this go")
        column(self, row(self.keep, self.erase, self.join), row(self.fill, self.even, self.even_by))

    def allow(self, n: int) -> None:
        """Enable what can be done with a number of objects."""
        for one in (self.keep, self.erase, self.fill, self.even):
            one.setEnabled(n > 0)
        self.join.setEnabled(n > 1)

    def delete(self) -> None:
        """Delete the objects."""
        self._ask("delete", acts.delete)

    def keep_only(self) -> None:
        """Delete all other objects."""
        chosen = self._chosen
        rows, selection = chosen.rows(), chosen.selection
        if (
            chosen.by_filter
            and chosen.layer is not None
            and selection is not None
            and not selection.frame_only
        ):
            # the filter speaks of all frames, and leaves nothing in some
            rows = {frame: rows.get(frame, []) for frame in in_all_frames(chosen.layer, rows)}
        self.asked.emit(f"keep only {counted(len(chosen.keys()), 'object')}", rows, acts.keeping(rows))

    def merge(self) -> None:
        """Give the objects of a frame one id."""
        rows, everywhere = self._chosen.rows(), self._chosen.in_every_frame
        if all(len(labels) < 2 for labels in rows.values()):
            self.said.emit("Select two or more objects of the same frame to merge them.", True)
            return
        target = min(label for labels in rows.values() for label in labels)
        here = {frame: labels for frame, labels in rows.items() if len(labels) > 1 or everywhere}
        title = f"merge {counted(len(self._chosen.keys()), 'object')}"
        self.asked.emit(title, here, acts.merging(target, everywhere))

    def fill_holes(self) -> None:
        """Fill the holes of the objects."""
        self._ask("fill holes of", acts.fill)

    def smooth(self) -> None:
        """Smooth the outlines of the objects."""
        assert self._chosen.layer is not None
        self._ask("smooth", acts.smoothing(self._chosen.layer, self.even_by.value()))

    def _ask(self, verb: str, act: Act) -> None:
        self.asked.emit(f"{verb} {counted(len(self._chosen.keys()), 'object')}", self._chosen.rows(), act)
