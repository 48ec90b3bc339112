"""Curate objects: what a person does to single objects after a method has done its best.

The objects are the rows that are selected, in the table, a plot or on the canvas, or those that the filter of the
table shows. What is done to them is worked out in another thread and written by napari, so that it can be undone.
"""

from typing import Any

import napari.viewer
import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtWidgets import (
    QFrame,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from objectwise.gui.curate import acts
from objectwise.gui.curate.button_rows import button, heading, row
from objectwise.gui.curate.chosen_row import ChosenRow, counted
from objectwise.gui.curate.class_rows import ClassRows
from objectwise.gui.curate.curating import Act, Task, why_not, work_out, write
from objectwise.gui.curate.edit_rows import EditRows
from objectwise.gui.curate.new_layers import NewLayers
from objectwise.gui.curate.split_rows import SplitRows
from objectwise.gui.curate.undo import undo_keys, undo_stack
from objectwise.gui.curate.undo_buttons import UndoButtons
from objectwise.gui.layers.calibration import is_preview
from objectwise.gui.runs.newest import Failure, Newest, attempt
from objectwise.gui.runs.run_bar import colors, text_label
from objectwise.gui.table.age_line import AgeLine
from objectwise.gui.table.linked_dock import LinkedDock
from objectwise.gui.table.noted_table import classes_of
from objectwise.gui.table.selection import keys_of


class CurateDock(LinkedDock):
    """Keep, delete, merge, split, mend and annotate objects, and undo it.

    Parameters
    ----------
    viewer : Viewer
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        undo_keys(self, viewer)

    def takes(self, layer: Any) -> bool:
        """Whether a layer has objects."""
        return isinstance(layer, Labels) and not is_preview(layer)

    # --- widgets ---------------------------------------------------------------------------------------

    def build(self) -> None:
        """Make the widgets."""
        self._work = Newest(self._on_worked)
        self.new_layers = NewLayers(self.viewer, self.say)
        self._wrong = False
        self.title, self.problem, self.status = text_label(), text_label(), text_label()
        self.copy = button(
            "Make a copy to edit", "A copy in memory, with ids up to two billion", self.make_copy
        )
        self.age = AgeLine(self.viewer, brief=True)
        self.chosen = ChosenRow(self.viewer)
        self.chosen.changed.connect(self._refresh)
        self.edits = EditRows(self.chosen)
        self.edits.said.connect(self.say)
        self.edits.asked.connect(self.do)
        self.to_layer = button("To a new layer", "A labels layer with these objects alone", self.to_new_layer)
        self.splitting = SplitRows(self.viewer)
        self.splitting.said.connect(self.say)
        self.splitting.asked.connect(self._on_split)
        self.new_id = QSpinBox()
        self.new_id.setRange(0, 2**31 - 1)
        self.new_id.setSpecialValueText("next free")
        self.new_id.setMinimumWidth(60)
        self.new_id.setToolTip("The id that the object gets")
        self.relabel_button = button("Relabel", "Give the object another id", self.relabel)
        self.swap_button = button("Swap", "Exchange the ids of two objects", self.swap)
        self.classes = ClassRows()
        self.classes.pressed.connect(self._on_class)
        self.classes.keyed.connect(self.give_class)
        self.class_layer = button(
            "Classes to a layer", "A layer with a number for each class", self.classes_to_layer
        )
        self.undoing = UndoButtons(self.viewer)
        self.undoing.said.connect(self.say)
        self._lay_out()

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(5)
        for widget in (self.title, self.problem, self.copy, self.age, self.chosen, self.edits):
            column.addWidget(widget)
        column.addLayout(row(self.to_layer))
        column.addWidget(heading("Split"))
        column.addWidget(self.splitting)
        column.addWidget(heading("Ids"))
        column.addLayout(row(self.new_id, self.relabel_button, self.swap_button))
        column.addWidget(heading("Classes"))
        column.addWidget(self.classes)
        column.addLayout(row(self.class_layer))
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.inner = inner
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 4)
        outer.addWidget(area, 1)
        for below in (self.status, self.undoing):
            line = row(below)
            line.setContentsMargins(8, 0, 8, 0)
            outer.addLayout(line)
        self.setMinimumWidth(260)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Narrow, and as high as its content up to what a small screen has."""
        return QSize(330, min(640, self.inner.sizeHint().height() + 90))

    def paint(self, _event: Any = None) -> None:
        """Take the colours of napari's theme."""
        red, grey = colors(self.viewer)
        self.title.setStyleSheet(f"color: {grey};")
        self.problem.setStyleSheet(f"color: {red};")
        self.status.setStyleSheet(f"color: {red if self._wrong else grey};")

    def say(self, sentence: str, wrong: bool = False) -> None:
        """Show a sentence, red where something is wrong."""
        self._wrong = wrong
        self.status.setText(sentence)
        self.paint()

    # --- which layer and objects -----------------------------------------------------------------------

    @property
    def worker(self) -> Any:
        """What works out an edit or makes a layer at the moment, or None."""
        return next((item for item in (self._work, self.new_layers) if item.busy), None)

    def show_table(self) -> None:
        """Show another layer, or another table of it."""
        assert self.layer is not None
        for part in (self.chosen, self.age, self.classes, self.splitting):
            part.show_for(self.layer)
        self._refresh()

    def show_rows(self) -> None:
        """Offer the rows that the filter leaves."""
        self._refresh()

    def show_selection(self) -> None:
        """Offer the rows that are selected; give them the class that is pressed."""
        held, selection = self.classes.held, self.selection
        if held is not None and selection is not None and len(selection) == 1:
            self.give_class(held)
        self._refresh()

    def leave(self) -> None:
        """Follow the layer no more."""
        for part in (self.classes, self.splitting, self.age, self.chosen):
            part.show_for(None)
        super().leave()

    def clear(self) -> None:
        """Show that there is no layer."""
        super().clear()
        self._refresh()

    def _refresh(self, _event: Any = None) -> None:
        """Say what is chosen, and enable what can be done with it."""
        layer = self.layer
        self.chosen.refresh()
        problem = "" if layer is None else why_not(layer)
        self.title.setText("Open or make a labels layer first." if layer is None else layer.name)
        self.problem.setText(f"{problem} Make a copy to edit." if self._copy_helps(problem) else problem)
        self.problem.setVisible(bool(problem))
        self.copy.setVisible(self._copy_helps(problem))
        n, free = len(self.chosen.keys()), not problem and not self._work.busy and layer is not None
        self.edits.allow(n if free else 0)
        self.splitting.allow(free)
        self.to_layer.setEnabled(layer is not None and n > 0)
        self.relabel_button.setEnabled(free and n == 1)
        self.swap_button.setEnabled(free and n == 2)
        self.class_layer.setEnabled(layer is not None and bool(classes_of(layer)))

    @staticmethod
    def _copy_helps(problem: str) -> bool:
        return any(word in problem for word in ("resolutions", "part by part", "another program"))

    # --- edits -----------------------------------------------------------------------------------------

    def do(self, title: str, rows: dict[int, list[int]], act: Act, numbers: bool = False) -> None:
        """Work an edit out, and write it when it is known."""
        if self.layer is None or self._work.busy:
            return
        self.say(f"{title[:1].upper()}{title[1:]} ...")
        layer = self.layer
        self._work.request(attempt(_worked), layer, title, Task.on(layer, title, rows, act, numbers))
        self._refresh()

    def _on_worked(self, found: Any) -> None:
        if self._closed:
            return
        if isinstance(found, Failure):
            self.say(found.reason, wrong=True)
        else:
            layer, title, change = found
            if layer in self.viewer.layers:
                self.say(
                    write(self.viewer, layer, title, change)
                    if len(change)
                    else _NOTHING.get(title, _NO_CHANGE)
                )
        # the thread counts as busy until it has handed over
        QTimer.singleShot(0, self._after_work)

    def _after_work(self) -> None:
        if self._closed:
            return
        if self._work.busy:
            QTimer.singleShot(10, self._after_work)
        else:
            self._refresh()

    def relabel(self) -> None:
        """Give the object another id."""
        rows, wanted = self.chosen.rows(), self.new_id.value()
        (label,) = {label for labels in rows.values() for label in labels}
        self.do(f"relabel object {label}", rows, acts.relabelling(label, wanted), numbers=wanted == 0)

    def swap(self) -> None:
        """Exchange the ids of two objects."""
        rows = self.chosen.rows()
        ids = sorted({label for labels in rows.values() for label in labels})
        if len(ids) != 2:
            self.say("Select two objects with different ids to swap these.", wrong=True)
            return
        both = dict.fromkeys(sorted(rows), ids)
        self.do(f"swap objects {ids[0]} and {ids[1]}", both, acts.swapping(*ids))

    def _on_split(self, title: str, rows: dict[int, list[int]], act: Act) -> None:
        """Split objects as was drawn; their parts need new ids."""
        self.do(title, rows, act, numbers=True)

    def _on_active(self, event: Any) -> None:
        # the layer that is drawn on stays the one that is curated
        drawing = self.splitting.drawing
        if drawing is None or event.value is not drawing.layer:
            super()._on_active(event)

    # --- classes ---------------------------------------------------------------------------------------

    def _on_class(self, number: int) -> None:
        """Give the selected objects a class, if there are any."""
        if len(self.chosen.keys()):
            self.give_class(number)

    def give_class(self, number: int) -> None:
        """Give the objects a class by its number; 0 takes it away."""
        names = self.classes.listed()
        if self.layer is None or number > len(names):
            return
        keys = self.chosen.keys()
        if not len(keys):
            self.say("Select objects first, in the table or on the canvas.", wrong=True)
            return
        if self.chosen.in_every_frame:
            rows = self.chosen.rows()
            keys = np.concatenate([keys_of(np.full(len(ids), frame), ids) for frame, ids in rows.items()])
        classes = classes_of(self.layer)
        for key in keys.tolist():
            if number:
                classes[key] = names[number - 1]
            else:
                classes.pop(key, None)
        what = f"class {names[number - 1]} for" if number else "no class for"
        title = f"{what} {counted(len(keys), 'object')}"
        if classes != classes_of(self.layer):
            undo_stack(self.viewer).add_classes(title, self.layer, classes)
        self.say(f"{title[:1].upper()}{title[1:]}.")

    # --- new layers ------------------------------------------------------------------------------------

    def to_new_layer(self) -> None:
        """Put the objects alone into a labels layer."""
        if self.layer is not None and not self._work.busy:
            self.new_layers.of_objects(
                self.layer, counted(len(self.chosen.keys()), "object"), self.chosen.rows()
            )

    def classes_to_layer(self) -> None:
        """Make a layer with a number for each class."""
        if self.layer is not None and not self._work.busy:
            self.new_layers.of_classes(self.layer, self.classes.listed())

    def make_copy(self) -> None:
        """Make a copy of the layer that can be edited."""
        if self.layer is not None and not self._work.busy:
            self.new_layers.copy(self.layer)

    # --- life ------------------------------------------------------------------------------------------

    def layer_events(self, layer: Labels) -> list[tuple[Any, Any]]:
        """Return what is followed of a layer, and by what."""
        paint = [(getattr(layer.events, name), self.undoing.show_next) for name in ("paint", "set_data")]
        return [*super().layer_events(layer), *paint, (layer.events.name, self._refresh)]

    def let_go(self) -> None:
        """Follow nothing any more."""
        self.undoing.close_down()
        self.new_layers.close()
        self._work.drop()
        super().let_go()


_NO_CHANGE = "Nothing to change."
_NOTHING = {
    "cut by a line": "The line crosses no object from side to side.",
    "split at points": "No object has two points or more.",
}


def _worked(layer: Labels, title: str, task: Task) -> Any:
    return layer, title, work_out(task)
