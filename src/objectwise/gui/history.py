"""The history of a result: the steps behind it, done again with another value, or with other images.

Nothing is replaced. A new run gives a new layer, and the one before is kept below it, hidden; so two results can
be compared, and what differs between them is said.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import napari.viewer
from napari.layers import Layer
from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QApplication,
    QFileDialog,
    QGridLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import create_worker

from objectwise.core.recipe import Recipe
from objectwise.gui.calibration import data_of, grid_of, notes_of
from objectwise.gui.choosers import LayerBox, LayerList
from objectwise.gui.closing import ClosingDock
from objectwise.gui.jobs import Job, Outcome, measured
from objectwise.gui.layers import fingerprint, place
from objectwise.gui.measuring import with_grid
from objectwise.gui.places import share_place
from objectwise.gui.retrace import (
    Entry,
    History,
    entries,
    files_of,
    fitting,
    history_of,
    job_of,
    layers_for,
    ndim_of,
    with_shortcut,
)
from objectwise.gui.rows import row_label, row_layout
from objectwise.gui.run_bar import RunBar, colors, text_label
from objectwise.gui.step_panel import StepPanel
from objectwise.gui.table import note_table, show_table
from objectwise.prose import SOFTWARE, methods_text
from objectwise.script import python_script

_NOTHING = (
    "No steps are known behind this layer: it was opened or drawn, not made here. "
    "Select a result, or open a recipe."
)
# width of the names of inputs, in pixels
_LABEL = 110
_FILES = "Recipe (*.toml)"


class HistoryDock(ClosingDock):
    """The steps behind the selected layer.

    Parameters
    ----------
    viewer : Viewer
    """

    shares_place = True

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self.history: History | None = None
        self.changes: dict[str, dict[str, Any]] = {}
        self.boxes: dict[str, LayerBox | LayerList] = {}
        self._edited_since = False
        self._checking: Any = None
        self._hidden: list[Layer] = []
        self._watched: Layer | None = None
        self._wanted = ""
        self.lines: list[Entry] = []
        self._build()
        self._check_soon = QTimer(self)
        self._check_soon.setSingleShot(True)
        self._check_soon.setInterval(400)
        self._check_soon.timeout.connect(self._check)
        layers, selection = viewer.layers.events, viewer.layers.selection.events
        self.follow(self._on_selection, selection.active, selection.changed)
        self.follow(self._on_layers, layers.inserted, layers.removed, layers.renamed)
        self.follow(self._paint, viewer.events.theme)
        self._paint()
        self.show_history(history_of(viewer.layers.selection.active))

    # --- widgets ---------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.title, self.difference = text_label(), text_label()
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setToolTip("The steps from the input to the result; choose one to change its values")
        self.list.currentRowChanged.connect(self._on_row)
        self.panel = StepPanel()
        self.panel.edited.connect(self._on_edited)
        self.panel.hide()
        self.undo = QPushButton("Take back changes")
        self.undo.setToolTip("Show the values again that were used")
        self.undo.clicked.connect(self.take_back)
        self.undo.hide()
        self.input_rows = row_layout()
        self.repeat = QToolButton()
        self.repeat.setText("Repeat on other images")
        self.repeat.setToolTip(
            "Do the same steps with other images that are open; each gets a result of its own"
        )
        self.repeat.setCheckable(True)
        self.repeat.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.repeat.setArrowType(Qt.ArrowType.RightArrow)
        self.repeat.toggled.connect(self._on_repeat)
        self.others = LayerList("image")
        self.others.setToolTip("Images with the same axes")
        self.others.chosen.connect(self._name_button)
        self.others.hide()
        buttons = QGridLayout()
        self.buttons: dict[str, QPushButton] = {}
        for number, (name, tooltip, slot) in enumerate(
            (
                (
                    "Save recipe ...",
                    "The steps as a file that runs here, on a folder and from Python",
                    self.save,
                ),
                ("Open recipe ...", "The steps of a file, to be run with layers that are open", self.open),
                ("Copy as Python", "A script that gives the same result", self.copy_script),
                ("Copy methods", "Text for the methods section of a paper, with versions", self.copy_methods),
            )
        ):
            button = self.buttons[name] = QPushButton(name)
            button.setToolTip(tooltip)
            button.clicked.connect(_without_argument(slot))
            buttons.addWidget(button, number // 2, number % 2)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(6)
        for widget in (self.title, self.difference, self.list, self.panel, self.undo):
            column.addWidget(widget)
        column.addLayout(self.input_rows)
        column.addWidget(self.repeat)
        column.addWidget(self.others)
        column.addLayout(buttons)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.bar = RunBar(self.viewer, "Run again")
        self.bar.pressed.connect(self.run)
        self.bar.done.connect(self._done)
        self.button, self.progress, self.status = self.bar.button, self.bar.progress, self.bar.status
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(4)
        outer.addWidget(area, 1)
        outer.addWidget(self.bar)
        self.setMinimumWidth(260)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Narrow, and as high as a small screen allows."""
        return QSize(330, 620)

    # --- what is shown ---------------------------------------------------------------------------------

    def show_history(self, history: History | None) -> None:
        """Show the steps behind a layer, or those of a recipe file."""
        self.history, self.changes, self._edited_since = history, {}, False
        self._watch(history.layer if history is not None else None)
        self._make_boxes()
        self._fill()
        self._on_row(self.list.currentRow())
        self._offer()
        for name in ("Save recipe ...", "Copy as Python", "Copy methods"):
            self.buttons[name].setEnabled(history is not None)
        self.button.setEnabled(history is not None)
        self.repeat.setVisible(history is not None)
        self.list.setVisible(history is not None)
        self._check()

    def recipe(self) -> Recipe:
        """Return the steps with the values as they are set now."""
        assert self.history is not None
        recipe = self.history.recipe
        for name, values in self.changes.items():
            for key, value in values.items():
                recipe = recipe.with_value(name, key, value)
        return recipe

    def chosen(self) -> dict[str, list[Layer]]:
        """Return for each input the chosen layers."""
        return {
            name: box.layers if isinstance(box, LayerList) else [box.layer] if box.layer is not None else []
            for name, box in self.boxes.items()
        }

    def _make_boxes(self) -> None:
        while self.input_rows.rowCount():
            self.input_rows.removeRow(0)
        self.boxes = {}
        if self.history is None:
            return
        recipe = self.history.recipe
        found = layers_for(self.history, self.viewer.layers)
        seeds = {str(step.inputs["seeds"]) for step in recipe.steps if "seeds" in step.inputs}
        for name, kind in recipe.input_kinds().items():
            layers = found[name]
            box: LayerBox | LayerList
            if len(layers) > 1:
                box = LayerList("channels", layers.__contains__)
            else:
                box = LayerBox(kind, points=name in seeds)
            box.setToolTip(f"What stands for “{name}” in a new run: {kind}")
            self.boxes[name] = box
            label = row_label(name, box.toolTip())
            label.setText(label.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, _LABEL))
            label.setFixedWidth(_LABEL)
            self.input_rows.addRow(label, box)
            box.offer(list(self.viewer.layers), self.viewer.layers.selection.active)
            if isinstance(box, LayerBox):
                if layers:
                    box.layer = layers[0]
                elif self.history.layer is not None:
                    # what a result was made from is not guessed
                    box.setCurrentIndex(-1)
            box.chosen.connect(self._on_input)

    def _fill(self) -> None:
        """Write the lines of the history."""
        history = self.history
        self.list.blockSignals(True)
        self.list.clear()
        self.lines = []
        if history is None:
            self.title.setText(_NOTHING)
        else:
            what = f"Steps behind {history.title}" if history.layer is not None else f"Recipe {history.title}"
            self.title.setText(f"{what}:")
            now = self._safe_recipe()
            shown = replace(history, recipe=now) if now is not None else history
            self.lines = entries(shown, self.chosen(), self._edited_since)
            for line in self.lines:
                changed = line.step is not None and bool(self.changes.get(line.step))
                item = QListWidgetItem(
                    f"{line.title}{' (changed)' if changed else ''}"
                    + (f"\n    {line.details}" if line.details else "")
                )
                item.setToolTip(line.details)
                if line.step is None:
                    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
                    color = colors(self.viewer)[0 if line.missing else 1]
                    item.setForeground(QColor(color))
                self.list.addItem(item)
            # whoever tries one value after the other stays at that step
            steps = [line.step for line in self.lines]
            self.list.setCurrentRow(steps.index(self._wanted) if self._wanted in steps else -1)
        self.list.blockSignals(False)
        height = sum(self.list.sizeHintForRow(number) for number in range(self.list.count()))
        self.list.setFixedHeight(min(260, height + 8))

    def _safe_recipe(self) -> Recipe | None:
        try:
            return self.recipe()
        except ValueError as error:
            self.bar.say(str(error), wrong=True)
            return None

    def _offer(self) -> None:
        """Offer the images with which the same can be done."""
        first = next((layer for layers in self.chosen().values() for layer in layers), None)
        self.others.offer(fitting(self.viewer.layers, first) if self.history is not None else [])
        self._name_button()

    def _name_button(self) -> None:
        n = len(self.others.layers) if self.repeat.isChecked() else 0
        changed = any(self.changes.values())
        words = "Run" if self.history is not None and self.history.layer is None else "Run again"
        if n:
            words = f"Run on {n} other image{'' if n == 1 else 's'}"
        elif changed:
            words = "Run with the changes"
        self.bar.name(words)
        self.undo.setVisible(changed)

    # --- reactions -------------------------------------------------------------------------------------

    def _on_selection(self, _event: Any = None) -> None:
        selection = self.viewer.layers.selection
        self._compare(list(selection))
        layer = selection.active
        if layer is None or (self.history is not None and layer is self.history.layer):
            return
        history = history_of(layer)
        if history is None and self.history is not None and self.history.layer is None:
            # a recipe that was opened waits for the layers that it shall run with
            kinds = self.history.recipe.input_kinds()
            box = next((box for box in self.boxes.values() if isinstance(box, LayerBox)), None)
            if box is not None and len(kinds) == 1:
                box.layer = layer
            return
        self.show_history(history)

    def _compare(self, layers: Sequence[Layer]) -> None:
        """Say in what two selected results differ."""
        self.difference.hide()
        if len(layers) != 2:
            return
        shown = self.history.layer if self.history is not None else None
        ours, theirs = sorted((history_of(layer) for layer in layers), key=lambda item: _is(item, shown))
        if ours is None or theirs is None:
            return
        lines = ours.recipe.diff(theirs.recipe)
        self.difference.setText(
            f"{theirs.title} differs from {ours.title} in: {'; '.join(lines).replace('_', ' ')}."
            if lines
            else f"{theirs.title} and {ours.title} were made by the same steps with the same values."
        )
        self.difference.show()

    def _on_layers(self, _event: Any = None) -> None:
        if self.history is not None and self.history.layer not in (None, *self.viewer.layers):
            self.show_history(None)
            return
        if self.history is not None and self.history.layer is not None:
            self.history = replace(self.history, title=self.history.layer.name)
        active = self.viewer.layers.selection.active
        for box in self.boxes.values():
            box.blockSignals(True)
            chosen = box.layer if isinstance(box, LayerBox) else None
            box.offer(list(self.viewer.layers), active)
            if isinstance(box, LayerBox) and chosen is None and self._is_of_a_layer:
                box.setCurrentIndex(-1)
            box.blockSignals(False)
        self._fill()
        self._offer()

    @property
    def _is_of_a_layer(self) -> bool:
        return self.history is not None and self.history.layer is not None

    def _on_input(self) -> None:
        self._fill()
        self._offer()

    def _on_row(self, row: int) -> None:
        """Show the values of a step."""
        name = self.lines[row].step if 0 <= row < len(self.lines) else None
        if name is None or self.history is None:
            self.panel.clear()
            return
        recipe = self._safe_recipe()
        if recipe is None:
            return
        first = next((layer for layers in self.chosen().values() for layer in layers), None)
        try:
            grid = grid_of(first) if first is not None else None
        except ValueError:
            grid = None
        self.panel.show_step(recipe, name, grid, self.history.values)
        self._wanted, self._start = name, dict(self.changes.get(name, {}))

    def _on_edited(self) -> None:
        assert self.history is not None
        used = self.history.recipe.step(self._wanted).parameters
        values = {**self._start, **self.panel.changes()}
        self.changes[self._wanted] = {key: value for key, value in values.items() if value != used[key]}
        self.bar.say("")
        self._fill()
        self._name_button()

    def take_back(self) -> None:
        """Go back to the values that were used."""
        self.changes = {}
        self.bar.say("")
        self._fill()
        self._on_row(self.list.currentRow())
        self._name_button()

    def _on_repeat(self, on: bool) -> None:
        self.repeat.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.others.setVisible(on)
        if on and not self.others.count():
            self.bar.say("No other image with the same axes is open.")
        self._name_button()

    # --- edited since ----------------------------------------------------------------------------------

    def _watch(self, layer: Layer | None) -> None:
        for event in _edits(self._watched):
            event.disconnect(self._on_data)
        self._watched = layer
        for event in _edits(layer):
            event.connect(self._on_data)

    def _on_data(self, _event: Any = None) -> None:
        self._check_soon.start()

    def _check(self) -> None:
        """Look, in another thread, whether the layer was edited by hand."""
        layer = self.history.layer if self.history is not None else None
        mark = notes_of(layer).get("fingerprint") if layer is not None else None
        if layer is None or mark is None or self._checking is not None or self._closed:
            return
        worker = create_worker(fingerprint, data_of(layer), _start_thread=False, _ignore_errors=True)
        worker.returned.connect(lambda now: self._on_checked(layer, now != mark))
        worker.finished.connect(self._on_check_done)
        self._checking = worker
        worker.start()

    def _on_check_done(self) -> None:
        self._checking = None

    def _on_checked(self, layer: Layer, edited: bool) -> None:
        if self._closed or self.history is None:
            return
        if layer is not self.history.layer:
            self._check_soon.start()
        elif edited != self._edited_since:
            self._edited_since = edited
            self._fill()

    # --- run -------------------------------------------------------------------------------------------

    def jobs(self) -> tuple[list[Job], list[str]]:
        """Return what Run would do now, and why an image is left out.

        Raises
        ------
        ValueError
            One sentence about what is missing, where there is one job.
        """
        assert self.history is not None
        recipe, chosen = self.recipe(), self.chosen()
        others = self.others.layers if self.repeat.isChecked() else []
        if not others:
            job = job_of(recipe, chosen, self.history.origins)
            changed = [name for name, values in self.changes.items() if values]
            return [with_shortcut(job, changed, self.viewer.layers)], []
        first = next(name for name, kind in recipe.input_kinds().items() if kind in ("image", "channels"))
        jobs, failed = [], []
        for layer in others:
            try:
                jobs.append(job_of(recipe, {**chosen, first: [layer]}, self.history.origins))
            except ValueError as error:
                failed.append(f"{layer.name}: {error}")
        return jobs, failed

    def run(self) -> None:
        """Do the steps again, in another thread."""
        try:
            jobs, failed = self.jobs()
        except (ValueError, StopIteration) as error:
            self.bar.say(str(error) or "These steps start from labels, not from an image.", wrong=True)
            return
        again = self.history is not None and not (self.repeat.isChecked() and self.others.layers)
        layer = self.history.layer if again and self.history is not None else None
        self._hidden = [layer] if layer is not None else []
        if jobs:
            self.bar.start(*jobs, failed=failed)
        else:
            self.bar.say(". ".join(failed), wrong=True)

    def _done(self, outcome: Outcome) -> None:
        """Place what came of a run."""
        job, placed = outcome.job, {}
        for name, result in outcome.results.items():
            if result.kind not in ("table", "value"):
                title = job.recipe.step(name).operation.label.lower()
                placed[name] = place(
                    self.viewer, job.space, result, title, outcome.marks.get(name), job.origins
                )
                # below the new layer the old one would hide what has changed
                for layer in self._hidden:
                    layer.visible = False
        for name, result in outcome.results.items():
            if result.kind == "table":
                source = measured(job.recipe, name)
                layer = placed.get(source) or next(iter(self._layers_named(source, job)), None)
                if layer is not None:
                    note_table(layer, with_grid(result, outcome, name), outcome.marks.get(name))
                    show_table(self.viewer, layer)
                    self.show_history(history_of(layer))

    def _layers_named(self, name: str, job: Job) -> list[Layer]:
        """Return the layer that an input of a job was, where it is still open."""
        wanted = job.inputs[name].array if name in job.inputs else None
        return [layer for layer in self.viewer.layers if wanted is not None and data_of(layer) is wanted]

    @property
    def worker(self) -> Any:
        """The worker of the run, None where nothing runs."""
        return self.bar.worker

    # --- files and texts -------------------------------------------------------------------------------

    def save(self, path: str | None = None) -> Path | None:
        """Write the recipe to a file; ask for its name where none is given."""
        if self.history is None:
            return None
        if path is None:
            start = "".join(
                letter if letter.isalnum() or letter in "_-. " else "_" for letter in self.history.title
            )
            path, _ = QFileDialog.getSaveFileName(self, "Save the recipe", f"{start}.toml", _FILES)
            if not path:
                return None
        target = Path(path if path.lower().endswith(".toml") else f"{path}.toml")
        try:
            self.recipe().write(target)
        except (OSError, ValueError) as error:
            self.bar.say(f"Not saved: {getattr(error, 'strerror', None) or error}", wrong=True)
            return None
        self.bar.say(f"Saved {target.name}.")
        return target

    def open(self, path: str | None = None) -> None:
        """Show a recipe from a file; ask for it where none is given."""
        if path is None:
            path, _ = QFileDialog.getOpenFileName(self, "Open a recipe", "", _FILES)
            if not path:
                return
        try:
            recipe = Recipe.read(path)
        except (OSError, ValueError) as error:
            self.bar.say(str(error), wrong=True)
            return
        self.show_history(History(Path(path).name, recipe))
        self.bar.say("Choose the layers to run it with, and press Run.")

    def copy_script(self) -> None:
        """Copy a Python script that does the same."""
        recipe = self._safe_recipe()
        if recipe is not None:
            QApplication.clipboard().setText(python_script(recipe, files_of(self.chosen())))
            self.bar.say("Copied a Python script; the paths of the images are in its first lines.")

    def copy_methods(self) -> None:
        """Copy a paragraph for the methods section of a paper."""
        recipe = self._safe_recipe()
        if recipe is not None and self.history is not None:
            values = () if any(self.changes.values()) else self.history.values
            text = methods_text(recipe, values, ndim=ndim_of(self.chosen()), software=(*SOFTWARE, "napari"))
            QApplication.clipboard().setText(text)
            self.bar.say("Copied a paragraph for the methods section.")

    # --- life ------------------------------------------------------------------------------------------

    def _paint(self, _event: Any = None) -> None:
        """Colour the texts so that they can be read in napari's theme."""
        for label in (self.difference, self.panel.summary):
            label.setStyleSheet(f"color: {colors(self.viewer)[1]};")
        self.bar.paint()

    def placed(self) -> None:
        """Lie beside the other docks of this package."""
        share_place(self)

    def let_go(self) -> None:
        """Stop the run, and follow no layer any more."""
        self.bar.close_down()
        self._check_soon.stop()
        self._watch(None)
        for box in self.boxes.values():
            box.offer([])
        self.others.offer([])
        self.history, self._hidden = None, []


def _edits(layer: Layer | None) -> list[Any]:
    """Return what a layer announces an edit by: painting, another plugin, undo."""
    names = ("set_data", "paint", "labels_update")
    return [
        getattr(layer.events, name) for name in names if layer is not None and hasattr(layer.events, name)
    ]


def _is(history: History | None, layer: Layer | None) -> bool:
    return history is not None and history.layer is layer


def _without_argument(slot: Callable[[], Any]) -> Callable[[bool], None]:
    def call(_checked: bool = False) -> None:
        slot()

    return call
