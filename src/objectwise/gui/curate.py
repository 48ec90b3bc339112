"""Curate objects: what a person does to single objects after a method has done its best.

The objects are the rows that are selected, in the table, a plot or on the canvas, or those that the filter of the
table shows. What is done to them is worked out in another thread and written by napari, so that it can be undone.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import napari.viewer
import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from objectwise.core.results import Result
from objectwise.gui.age_line import AgeLine
from objectwise.gui.calibration import KEY, axes_of, grid_of, is_preview, notes_of
from objectwise.gui.curating import Act, Task, drawn, in_all_frames, rows_by_frame, why_not, work_out, write
from objectwise.gui.drawing import LINE, POINTS, Drawing
from objectwise.gui.edits import (
    After,
    Box,
    boxes_in,
    fill_holes,
    keep_only,
    rename,
    smooth,
    split_along,
    split_at,
    trace_of,
)
from objectwise.gui.layers import make_layer, source_of, space_of
from objectwise.gui.linked_dock import LinkedDock
from objectwise.gui.newest import Failure, Newest, attempt
from objectwise.gui.noted_table import classes_of
from objectwise.gui.run_bar import colors, text_label
from objectwise.gui.selection import keys_of
from objectwise.gui.undo import undo_keys, undo_stack

_CLASSES = 9


class CurateDock(LinkedDock):
    """Keep, delete, merge, split, mend and annotate objects, and undo it.

    Parameters
    ----------
    viewer : Viewer
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        undo_keys(self, viewer)
        self._undo.changed.connect(self._show_undo)
        # napari's own undo changes what can be undone here
        self._show_undo()

    def takes(self, layer: Any) -> bool:
        """Whether a layer has objects."""
        return isinstance(layer, Labels) and not is_preview(layer)

    # --- widgets ---------------------------------------------------------------------------------------

    def build(self) -> None:
        """Make the widgets."""
        self._undo = undo_stack(self.viewer)
        self._work = Newest(self._on_worked)
        self._make: Newest | None = None
        self._drawing: Drawing | None = None
        self._wrong = False
        self.title, self.problem, self.status = text_label(), text_label(), text_label()
        self.copy = _button(
            "Make a copy to edit", "A copy in memory, with ids up to two billion", self.make_copy
        )
        self.age = AgeLine(self.viewer, brief=True)
        self.target = QComboBox()
        self.target.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.target.setMinimumContentsLength(8)
        self.target.setToolTip(
            "<p>Which objects the buttons below work on. Select them in the table, in a plot or by clicking on the "
            "canvas; Shift adds one.</p>"
        )
        self.target.addItems(["", ""])
        self.target.currentIndexChanged.connect(self._refresh)
        self.everywhere = QCheckBox("All frames")
        self.everywhere.setToolTip("Do it to the same ids in every frame, and not in theirs alone")
        self.everywhere.toggled.connect(self._refresh)
        self.keep = _button("Keep only", "Delete all other objects of the same frames", self.keep_only)
        self.erase = _button("Delete", "Delete these objects", self.delete)
        self.join = _button("Merge", "Give objects of a frame one id, the lowest of theirs", self.merge)
        self.fill = _button("Fill holes", "Fill the background that they enclose", self.fill_holes)
        self.even = _button("Smooth", "Smooth their outlines, over background alone", self.smooth)
        self.even_by = QDoubleSpinBox()
        self.even_by.setRange(0.5, 20.0)
        self.even_by.setSingleStep(0.5)
        self.even_by.setValue(1.5)
        self.even_by.setSuffix(" px")
        self.even_by.setMinimumWidth(60)
        self.even_by.setToolTip("How far: details smaller than this go")
        self.to_layer = _button(
            "To a new layer", "A labels layer with these objects alone", self.to_new_layer
        )
        self.line = _button(
            "Cut by a line",
            "Draw lines across objects; each is cut from side to side, in volumes through all planes",
        )
        self.line.setCheckable(True)
        self.line.toggled.connect(partial(self._draw, LINE))
        self.points = _button("Set points", "Set a point in each part of an object, then press Split")
        self.points.setCheckable(True)
        self.points.toggled.connect(partial(self._draw, POINTS))
        self.split = _button("Split", "Split objects between their points", self.split_at_points)
        self.new_id = QSpinBox()
        self.new_id.setRange(0, 2**31 - 1)
        self.new_id.setSpecialValueText("next free")
        self.new_id.setMinimumWidth(60)
        self.new_id.setToolTip("The id that the object gets")
        self.relabel_button = _button("Relabel", "Give the object another id", self.relabel)
        self.swap_button = _button("Swap", "Exchange the ids of two objects", self.swap)
        self.names = QLineEdit()
        self.names.setPlaceholderText("classes, such as: dividing, dead")
        self.names.setToolTip("Names of classes, with commas between them; remembered with the layer")
        self.names.editingFinished.connect(self._on_names)
        self.by_click = QCheckBox("Also by keys and clicks on the canvas")
        self.by_click.setToolTip(
            "<p>The keys 1 to 9 give the selected objects a class, 0 takes it away. While a class is pressed, every "
            "object that is clicked gets it.</p>"
        )
        self.by_click.toggled.connect(self._bind)
        self.class_place = QGridLayout()
        self.class_buttons: list[QPushButton] = []
        self.class_layer = _button(
            "Classes to a layer", "A layer with a number for each class", self.classes_to_layer
        )
        self.undo_button = _button("Undo", "", self.undo)
        self.redo_button = _button("Redo", "", self.redo)
        self._needing = [self.keep, self.erase, self.join, self.fill, self.even, self.to_layer]
        self._editing = [*self._needing[:-1], self.line, self.points, self.split]
        self._editing += [self.relabel_button, self.swap_button]
        self._lay_out()

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(5)
        for widget in (self.title, self.problem, self.copy, self.age):
            column.addWidget(widget)
        column.addLayout(_row(self.target, self.everywhere))
        column.addLayout(_row(self.keep, self.erase, self.join))
        column.addLayout(_row(self.fill, self.even, self.even_by))
        column.addLayout(_row(self.to_layer))
        for title, rows in (
            ("Split", [_row(self.line), _row(self.points, self.split)]),
            ("Ids", [_row(self.new_id, self.relabel_button, self.swap_button)]),
            ("Classes", [_row(self.names), self.class_place, _row(self.by_click), _row(self.class_layer)]),
        ):
            column.addWidget(_heading(title))
            for row in rows:
                column.addLayout(row)
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
        for widget in (self.status, self.undo_button, self.redo_button):
            line = _row(widget)
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
        return next((item for item in (self._work, self._make) if item is not None and item.busy), None)

    def show_table(self) -> None:
        """Show another layer, or another table of it."""
        assert self.layer is not None
        self.age.show_for(self.layer)
        names = notes_of(self.layer).get("class names", ())
        if self._class_names() != list(names) and not self.names.hasFocus():
            self.names.setText(", ".join(names))
            self._on_names()
        if self.by_click.isChecked():
            self._bind(True)
        self._refresh()

    def show_rows(self) -> None:
        """Offer the rows that the filter leaves."""
        self._refresh()

    def show_selection(self) -> None:
        """Offer the rows that are selected; give them the class that is pressed."""
        selection = self.selection
        pressed = next(
            (number for number, button in enumerate(self.class_buttons) if button.isChecked()), None
        )
        if (
            self.by_click.isChecked()
            and pressed is not None
            and selection is not None
            and len(selection) == 1
        ):
            self.give_class(pressed)
        self._refresh()

    def leave(self) -> None:
        """Follow the layer no more."""
        if self.layer is not None:
            self._unbind()
        self._stop_drawing()
        self.age.show_for(None)
        super().leave()

    def clear(self) -> None:
        """Show that there is no layer."""
        super().clear()
        self._refresh()

    def keys(self) -> np.ndarray:
        """Return the rows that the buttons work on; see `keys_of`."""
        selection = self.selection
        if selection is None:
            return np.zeros(0, np.int64)
        return (
            self._filtered()
            if self.target.currentIndex() == 1
            else selection.keys[selection.keys % keys_of(1, 0) > 0]
        )

    def _filtered(self) -> np.ndarray:
        noted, selection = self.noted, self.selection
        if noted is None or selection is None or not (selection.condition or selection.frame_only):
            return np.zeros(0, np.int64)
        places, problem = selection.shown(noted.table, self.time())
        if problem:
            return np.zeros(0, np.int64)
        frame = noted.table.frame.iloc[places]
        return keys_of(frame["frame"].to_numpy(), frame["label"].to_numpy())

    def rows(self) -> dict[int, list[int]]:
        """Return the objects that the buttons work on, frame by frame."""
        assert self.layer is not None
        found = rows_by_frame(self.keys())
        return in_all_frames(self.layer, found) if self.everywhere.isChecked() and found else found

    def _refresh(self, _event: Any = None) -> None:
        """Say what is chosen, and enable what can be done with it."""
        layer, selection = self.layer, self.selection
        chosen = 0 if selection is None else len(selection)
        filtered = len(self._filtered())
        self.target.setItemText(0, f"{_objects(chosen)} selected")
        self.target.setItemText(
            1, f"{_rows(filtered)} shown by the filter" if filtered else "rows shown by the filter"
        )
        self.target.model().item(1).setEnabled(bool(filtered))
        if not filtered and self.target.currentIndex() == 1:
            self.target.setCurrentIndex(0)
        problem = "" if layer is None else why_not(layer)
        self.title.setText("Open or make a labels layer first." if layer is None else layer.name)
        self.problem.setText(f"{problem} Make a copy to edit." if self._copy_helps(problem) else problem)
        self.problem.setVisible(bool(problem))
        self.copy.setVisible(self._copy_helps(problem))
        self.everywhere.setVisible(self.time() is not None)
        n, free = len(self.keys()), not problem and not self._work.busy and layer is not None
        for button in self._needing:
            button.setEnabled(free and n > 0)
        self.join.setEnabled(free and n > 1)
        for widget in (self.line, self.points):
            widget.setEnabled(free)
        self.split.setEnabled(free and self.points.isChecked())
        self.to_layer.setEnabled(layer is not None and n > 0)
        self.relabel_button.setEnabled(free and n == 1)
        self.swap_button.setEnabled(free and n == 2)
        for button in self.class_buttons:
            button.setEnabled(layer is not None)
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

    def _edit(self, verb: str, act: Act) -> None:
        rows = self.rows()
        n = sum(map(len, rows.values())) if not self.everywhere.isChecked() else len(self.keys())
        self.do(f"{verb} {_objects(n)}", rows, act)

    def delete(self) -> None:
        """Delete the objects."""
        self._edit("delete", lambda block, boxes, _next: rename(block, boxes, dict.fromkeys(boxes, 0)))

    def keep_only(self) -> None:
        """Delete all other objects."""
        rows, title = self.rows(), f"keep only {_objects(len(self.keys()))}"
        if self.target.currentIndex() == 1 and self.layer is not None and not self._of_one_frame():
            # the filter speaks of all frames, and leaves nothing in some
            rows = {frame: rows.get(frame, []) for frame in in_all_frames(self.layer, rows)}
        kept = iter([list(labels) for labels in rows.values()])
        self.do(title, rows, lambda block, _boxes, _next: keep_only(block, next(kept)))

    def _of_one_frame(self) -> bool:
        return self.selection is not None and self.selection.frame_only

    def merge(self) -> None:
        """Give the objects of a frame one id."""
        rows = self.rows()
        if all(len(labels) < 2 for labels in rows.values()):
            self.say("Select two or more objects of the same frame to merge them.", wrong=True)
            return
        target = min(label for labels in rows.values() for label in labels)
        here = {
            frame: labels for frame, labels in rows.items() if len(labels) > 1 or self.everywhere.isChecked()
        }

        everywhere = self.everywhere.isChecked()

        def act(block: np.ndarray, boxes: dict[int, Box], _next: int) -> list[After]:
            to = target if target in boxes or everywhere else min(boxes, default=0)
            return rename(block, boxes, dict.fromkeys(boxes, to))

        self.do(f"merge {_objects(len(self.keys()))}", here, act)

    def fill_holes(self) -> None:
        """Fill the holes of the objects."""
        self._edit("fill holes of", lambda block, boxes, _next: fill_holes(block, boxes))

    def smooth(self) -> None:
        """Smooth the outlines of the objects."""
        assert self.layer is not None
        spacing = np.array(grid_of(self.layer).block_spacing)
        # as far in all directions, in pixels of the plane
        sigma = self.even_by.value() * spacing[-1] / spacing
        self._edit("smooth", lambda block, boxes, _next: smooth(block, boxes, sigma))

    def relabel(self) -> None:
        """Give the object another id."""
        rows, wanted = self.rows(), self.new_id.value()
        (label,) = {label for labels in rows.values() for label in labels}

        def act(block: np.ndarray, boxes: dict[int, Box], free: int) -> list[After]:
            new = wanted or free
            if boxes and wanted and wanted != label and (block == wanted).any():
                raise ValueError(f"There is an object {wanted} already: merge the two, or swap them.")
            return rename(block, boxes, {label: new})

        self.do(f"relabel object {label}", rows, act, numbers=wanted == 0)

    def swap(self) -> None:
        """Exchange the ids of two objects."""
        rows = self.rows()
        ids = sorted({label for labels in rows.values() for label in labels})
        if len(ids) != 2:
            self.say("Select two objects with different ids to swap these.", wrong=True)
            return
        frames = sorted(rows)
        both = dict.fromkeys(frames, ids)
        names = dict(zip(ids, reversed(ids), strict=True))
        self.do(
            f"swap objects {ids[0]} and {ids[1]}",
            both,
            lambda block, boxes, _next: rename(block, boxes, names),
        )

    # --- splitting -------------------------------------------------------------------------------------

    def _draw(self, kind: str, on: bool) -> None:
        """Begin or end drawing."""
        for button, other in ((self.line, LINE), (self.points, POINTS)):
            if on and other != kind and button.isChecked():
                button.setChecked(False)
        self._stop_drawing(uncheck=not on)
        if on and self.layer is not None:
            if self.viewer.dims.ndisplay != 2:
                self.say("Show planes instead of the volume to draw on them (Ctrl+Y).", wrong=True)
                (self.line if kind == LINE else self.points).setChecked(False)
                return
            self._drawing = Drawing(self.viewer, self.layer, kind, self.cut, self._on_drawing_gone)
            self.say(
                "Draw lines across objects; press the button again when done."
                if kind == LINE
                else "Click into each part of an object, then press Split."
            )
        self._refresh()

    def _stop_drawing(self, uncheck: bool = True) -> None:
        drawing, self._drawing = self._drawing, None
        if drawing is not None:
            drawing.close()
        if uncheck:
            for button in (self.line, self.points):
                button.blockSignals(True)
                button.setChecked(False)
                button.blockSignals(False)

    def _on_drawing_gone(self) -> None:
        self._stop_drawing()
        self._refresh()

    def _on_active(self, event: Any) -> None:
        # the layer that is drawn on stays the one that is curated
        if self._drawing is None or event.value is not self._drawing.layer:
            super()._on_active(event)

    def cut(self, line: np.ndarray) -> None:
        """Cut the objects that a line crosses; its places in pixels of the layer."""
        assert self.layer is not None
        if self._drawing is not None:
            self._drawing.clear()
        axes = str(axes_of(self.layer))
        grid = source_of(self.layer).grid
        spatial = "".join(axis for axis in "zyx" if axis in axes)
        displayed = [
            axes[number - (self.viewer.dims.ndim - self.layer.ndim)] for number in self.viewer.dims.displayed
        ]
        if not set(displayed) <= set(spatial):
            self.say("Show a plane of space to draw on it.", wrong=True)
            return
        across = (spatial.index(displayed[0]), spatial.index(displayed[1]))
        track = line[:, [axes.index(axis) for axis in displayed]]
        plane = [slice(None) if axis in displayed else round(line[0][axes.index(axis)]) for axis in spatial]
        spacing = grid.block_spacing

        def act(block: np.ndarray, _boxes: dict[int, Box], free: int) -> list[After]:
            under = crossed(block[tuple(plane)], track if across[0] < across[1] else track[:, ::-1])
            return split_along(block, boxes_in(block, under), track, across, free, spacing)

        self.do("cut by a line", {self.time() or 0: []}, act, numbers=True)

    def split_at_points(self) -> None:
        """Split objects between the points that were set."""
        if self.layer is None or self._drawing is None:
            return
        axes = str(axes_of(self.layer))
        points = self._drawing.points()
        space = [axes.index(axis) for axis in "zyx" if axis in axes]
        spacing = grid_of(self.layer).block_spacing
        frames: dict[int, np.ndarray] = {}
        times = (
            np.round(points[:, axes.index("t")]).astype(int) if "t" in axes else np.zeros(len(points), int)
        )
        for frame in np.unique(times).tolist():
            frames[frame] = points[times == frame][:, space]
        if not frames:
            self.say("Click into each part of an object first.", wrong=True)
            return
        each = iter(frames.values())

        def act(block: np.ndarray, _boxes: dict[int, Box], free: int) -> list[After]:
            inside = next(each)
            places = np.round(inside).astype(int)
            places = places[np.all((places >= 0) & (places < block.shape), axis=1)]
            under = np.unique(block[tuple(places.T)])
            return split_at(block, boxes_in(block, under[under > 0]), inside, free, spacing)

        self._drawing.clear()
        self.do("split at points", {frame: [] for frame in frames}, act, numbers=True)

    # --- classes ---------------------------------------------------------------------------------------

    def _class_names(self) -> list[str]:
        names = [name.strip() for name in self.names.text().split(",")]
        return list(dict.fromkeys(name for name in names if name))[:_CLASSES]

    def _on_names(self) -> None:
        """Make a button for each class."""
        names = self._class_names()
        for button in self.class_buttons:
            self.class_place.removeWidget(button)
            button.deleteLater()
        self.class_buttons = []
        if self.layer is not None:
            self.layer.metadata[KEY] = {**notes_of(self.layer), "class names": tuple(names)}
        for number, name in enumerate(["none", *names] if names else []):
            tip = (
                f"Give the selected objects the class {name} ({number})"
                if number
                else "Take the class away (0)"
            )
            button = _button(f"{number} {name}", tip, partial(self._on_class, number))
            button.setCheckable(True)
            self.class_place.addWidget(button, number // 3, number % 3)
            self.class_buttons.append(button)
        self._refresh()

    def _on_class(self, number: int) -> None:
        """Give the selected objects a class; while clicks give it too, the button stays pressed."""
        for other, button in enumerate(self.class_buttons):
            if other != number or not self.by_click.isChecked():
                button.setChecked(False)
        if len(self.keys()):
            self.give_class(number)

    def give_class(self, number: int) -> None:
        """Give the objects a class by its number; 0 takes it away."""
        names = self._class_names()
        if self.layer is None or number > len(names):
            return
        keys = self.keys()
        if self.everywhere.isChecked():
            rows = self.rows()
            keys = np.concatenate([keys_of(np.full(len(ids), frame), ids) for frame, ids in rows.items()])
        if not len(keys):
            self.say("Select objects first, in the table or on the canvas.", wrong=True)
            return
        classes = classes_of(self.layer)
        for key in keys.tolist():
            if number:
                classes[key] = names[number - 1]
            else:
                classes.pop(key, None)
        what = f"class {names[number - 1]} for" if number else "no class for"
        title = f"{what} {_objects(len(keys))}"
        if classes != classes_of(self.layer):
            self._undo.add_classes(title, self.layer, classes)
        self.say(f"{title[:1].upper()}{title[1:]}.")

    def _bind(self, on: bool) -> None:
        self._unbind()
        if not on:
            for button in self.class_buttons:
                button.setChecked(False)
        elif self.layer is not None:
            for number in range(_CLASSES + 1):
                self.layer.bind_key(str(number), partial(self._on_key, number), overwrite=True)

    def _unbind(self) -> None:
        if self.layer is not None:
            for number in range(_CLASSES + 1):
                self.layer.bind_key(str(number), None)

    def _on_key(self, number: int, _layer: Any = None) -> None:
        self.give_class(number)

    # --- new layers ------------------------------------------------------------------------------------

    def to_new_layer(self) -> None:
        """Put the objects alone into a labels layer."""
        if self.layer is not None:
            rows = {frame: {label: label for label in labels} for frame, labels in self.rows().items()}
            dtype = source_of(self.layer).array.dtype
            self._place(
                f"{_objects(len(self.keys()))}", rows, np.int32 if dtype.itemsize <= 4 else dtype, "labels"
            )

    def classes_to_layer(self) -> None:
        """Make a layer with a number for each class."""
        if self.layer is None:
            return
        classes = classes_of(self.layer)
        names = self._class_names()
        names += sorted(set(classes.values()) - set(names))
        rows = {
            frame: {label: 1 + names.index(classes[int(keys_of(frame, label))]) for label in labels}
            for frame, labels in rows_by_frame(np.array(sorted(classes))).items()
        }
        self._place("classes", rows, np.uint8, "classes")

    def make_copy(self) -> None:
        """Make a copy of the layer that can be edited."""
        if self.layer is not None:
            self._place("copy", None, np.int32, "labels")

    def _place(self, title: str, rows: Any, dtype: Any, kind: str) -> None:
        """Make an array in another thread, and place it as a layer."""
        if self.layer is None or self._work.busy:
            return
        self.say("Making a new layer ...")
        self._work.drop()
        self._make = Newest(partial(self._on_made, title, self.layer, kind))
        self._make.request(attempt(_made), source_of(self.layer), rows, dtype)

    def _on_made(self, title: str, layer: Labels, kind: str, found: Any) -> None:
        if self._closed:
            return
        if isinstance(found, Failure):
            self.say(found.reason, wrong=True)
            return
        grid = source_of(layer).grid
        new = make_layer(space_of(layer), Result(found, grid, kind), title)
        new.name = f"{layer.name} {title}"
        self.viewer.add_layer(new)
        hidden = [layer] if layer.visible else []
        layer.visible = False
        self._undo.add_layers(f"new layer: {new.name}", [new], hidden)
        self.say(f"Placed as {new.name}.")

    # --- undo ------------------------------------------------------------------------------------------

    def undo(self) -> None:
        """Undo what was done last."""
        title = self._undo.undo()
        self.say(f"Undone: {title}." if title else "There is nothing to undo.")

    def redo(self) -> None:
        """Do again what was undone last."""
        title = self._undo.redo()
        self.say(f"Done again: {title}." if title else "There is nothing to do again.")

    def _show_undo(self) -> None:
        for button, word, title in (
            (self.undo_button, "Undo", self._undo.next_undo()),
            (self.redo_button, "Redo", self._undo.next_redo()),
        ):
            button.setEnabled(bool(title))
            button.setToolTip(f"{word}: {title}" if title else f"Nothing to {word.lower()}")
            button.setText(_short(f"{word}: {title}" if title else word))

    def layer_events(self, layer: Labels) -> list[tuple[Any, Any]]:
        """Return what is followed of a layer, and by what."""
        paint = [(getattr(layer.events, name), self._on_paint) for name in ("paint", "set_data")]
        return [*super().layer_events(layer), *paint, (layer.events.name, self._refresh)]

    def _on_paint(self, _event: Any = None) -> None:
        self._show_undo()

    def let_go(self) -> None:
        """Follow nothing any more."""
        self._undo.changed.disconnect(self._show_undo)
        self._work.drop()
        super().let_go()


_NO_CHANGE = "Nothing to change."
_NOTHING = {
    "cut by a line": "The line crosses no object from side to side.",
    "split at points": "No object has two points or more.",
}


def _worked(layer: Labels, title: str, task: Task) -> Any:
    return layer, title, work_out(task)


def _made(source: Result, rows: Any, dtype: Any) -> np.ndarray:
    if rows is not None:
        return drawn(source, rows, dtype)
    array = np.asarray(source.array[...])
    return array.astype(np.int64 if array.size and array.max() >= 2**31 else dtype)


def crossed(plane: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Return the objects of a plane that lie under a line."""
    pixels = trace_of(line)
    pixels = pixels[np.all((pixels >= 0) & (pixels < plane.shape), axis=1)]
    found = np.unique(plane[tuple(pixels.T)])
    return found[found > 0]


def _button(text: str, tip: str, pressed: Callable[[], None] | None = None) -> QPushButton:
    button = QPushButton(text)
    # three of them have room beside each other
    button.setMinimumWidth(40)
    button.setToolTip(tip)
    if pressed is not None:
        button.clicked.connect(lambda _checked: pressed())
    return button


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(4)
    for widget in widgets:
        row.addWidget(widget, int(isinstance(widget, QPushButton | QComboBox | QLineEdit | QLabel)))
    return row


def _heading(text: str) -> QLabel:
    label = QLabel(f"<b>{text}</b>")
    label.setContentsMargins(0, 6, 0, 0)
    return label


def _short(text: str, n: int = 38) -> str:
    return text if len(text) <= n else f"{text[: n - 3]}..."


def _objects(n: int) -> str:
    return f"{n} object{'' if n == 1 else 's'}"


def _rows(n: int) -> str:
    return f"{n} row{'' if n == 1 else 's'}"
