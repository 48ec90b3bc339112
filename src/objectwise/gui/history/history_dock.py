"""The history of a result: the steps behind it, done again with another value, or with other images.

Nothing is replaced. A new run gives a new layer, and the one before is kept below it, hidden; so two results can
be compared, and what differs between them is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import napari.viewer
from napari.layers import Layer
from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import (
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from objectwise.core.recipe import Recipe
from objectwise.gui.closing import ClosingDock
from objectwise.gui.curate.undo import undo_stack
from objectwise.gui.forms.choosers import LayerBox, LayerList
from objectwise.gui.history.hand_edits import HandEdits
from objectwise.gui.history.input_rows import InputRows
from objectwise.gui.history.recipe_buttons import RecipeButtons
from objectwise.gui.history.retrace import (
    History,
    Layers,
    done_anew,
    entries,
    fitting,
    history_of,
    job_of,
    with_shortcut,
)
from objectwise.gui.history.step_list import StepList
from objectwise.gui.history.step_panel import StepPanel
from objectwise.gui.layers.calibration import is_preview
from objectwise.gui.layers.conversion import place
from objectwise.gui.measuring import keep_measured, layers_of
from objectwise.gui.places import share_place
from objectwise.gui.runs.jobs import Job, Outcome, measured
from objectwise.gui.runs.run_bar import RunBar, colors, text_label

_NOTHING = (
    "No steps are known behind this layer: it was opened or drawn, not made here. "
    "Select a result, or open a recipe."
)


class HistoryDock(ClosingDock):
    """The steps behind the selected layer.

    Parameters
    ----------
    viewer : Viewer
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self.history: History | None = None
        self.changes: dict[str, dict[str, Any]] = {}
        self._edited_since = False
        self._hidden: list[Layer] = []
        self._build()
        self.edits = HandEdits(self)
        self.edits.found.connect(self._on_checked)
        layers, selection = viewer.layers.events, viewer.layers.selection.events
        self.follow(self._on_selection, selection.active, selection.changed)
        self.follow(self._on_layers, layers.inserted, layers.removed, layers.renamed)
        self.follow(self._paint, viewer.events.theme)
        self._paint()
        self.show_history(history_of(viewer.layers.selection.active))

    # --- widgets ---------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.title, self.difference = text_label(), text_label()
        self.list = StepList()
        self.list.currentRowChanged.connect(self._on_row)
        self.panel = StepPanel()
        self.panel.edited.connect(self._on_edited)
        self.panel.hide()
        self.undo = QPushButton("Take back changes")
        self.undo.setToolTip("Show the values again that were used")
        self.undo.clicked.connect(self.take_back)
        self.undo.hide()
        self.rows = InputRows()
        self.rows.chosen.connect(self._on_input)
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
        self.files = RecipeButtons(self.told)
        self.files.said.connect(self.say)
        self.files.opened.connect(self.show_history)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(6)
        for upper in (self.title, self.difference, self.list, self.panel, self.undo):
            column.addWidget(upper)
        for lower in (self.rows, self.repeat, self.others, self.files):
            column.addWidget(lower)
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
        self.setMinimumWidth(330)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Narrow, and as high as a small screen allows."""
        return QSize(330, 620)

    # --- what is shown ---------------------------------------------------------------------------------

    def show_history(self, history: History | None) -> None:
        """Show the steps behind a layer, or those of a recipe file."""
        self.history, self.changes, self._edited_since = history, {}, False
        self.rows.show_for(history, self.viewer.layers, self.viewer.layers.selection.active)
        self._fill()
        self._on_row()
        self._offer()
        for button in self.files.taking:
            button.setEnabled(history is not None)
        self.button.setEnabled(history is not None or self.worker is not None)
        self.repeat.setVisible(history is not None)
        self.list.setVisible(history is not None)
        self.edits.follow(history.layer if history is not None else None)

    def recipe(self) -> Recipe:
        """Return the steps with the values as they are set now."""
        assert self.history is not None
        recipe = self.history.recipe
        for name, values in self.changes.items():
            for key, value in values.items():
                recipe = recipe.with_value(name, key, value)
        return recipe

    def values(self) -> list[Mapping[str, Any]]:
        """Return the numbers that were found, without those that the changes concern."""
        assert self.history is not None
        anew = done_anew(self.history.recipe, self._changed_steps())
        return [row for row in self.history.values if row["step"] not in anew]

    def told(self) -> tuple[History, Layers] | None:
        """Return the history as it would be done now, and the layers of its inputs; None where there is none."""
        recipe = self._safe_recipe() if self.history is not None else None
        if self.history is None or recipe is None:
            return None
        return replace(self.history, recipe=recipe, values=self.values()), self.rows.layers

    def _fill(self) -> None:
        """Write the lines of the history."""
        history, lines = self.history, []
        if history is None:
            self.title.setText(_NOTHING)
        else:
            what = f"Steps behind {history.title}" if history.layer is not None else f"Recipe {history.title}"
            self.title.setText(f"{what}:")
            shown, layers = self.told() or (history, self.rows.layers)
            lines = entries(shown, layers, self._edited_since)
        self.list.show_lines(lines, self._changed_steps(), colors(self.viewer))

    def _changed_steps(self) -> list[str]:
        return [name for name, values in self.changes.items() if values]

    def _safe_recipe(self) -> Recipe | None:
        try:
            return self.recipe()
        except ValueError as error:
            self.bar.say(str(error), wrong=True)
            return None

    def _offer(self) -> None:
        """Offer the images with which the same can be done."""
        self.others.offer(fitting(self.viewer.layers, self.rows.first) if self.history is not None else [])
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
            box = next((box for box in self.rows.boxes.values() if isinstance(box, LayerBox)), None)
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

    def _on_layers(self, event: Any = None) -> None:
        layer = getattr(event, "value", None)
        if isinstance(layer, Layer) and is_preview(layer):
            return
        if self.history is not None and self.history.layer not in (None, *self.viewer.layers):
            self.show_history(None)
            return
        if self.history is not None and self.history.layer is not None:
            self.history = replace(self.history, title=self.history.layer.name)
        self.rows.offer(self.viewer.layers, self.viewer.layers.selection.active)
        self._fill()
        self._offer()

    def _on_input(self) -> None:
        self._fill()
        self._offer()

    def _on_row(self, _row: int = -1) -> None:
        """Show the values of a step."""
        name = self.list.step
        if name is None or self.history is None:
            self.panel.clear()
            return
        recipe = self._safe_recipe()
        if recipe is None:
            return
        self.panel.show_step(recipe, name, self.rows.grid, self.values())
        self.list.wanted, self._start = name, dict(self.changes.get(name, {}))

    def _on_edited(self) -> None:
        assert self.history is not None
        used = self.history.recipe.step(self.list.wanted).parameters
        values = {**self._start, **self.panel.changes()}
        self.changes[self.list.wanted] = {key: value for key, value in values.items() if value != used[key]}
        self.bar.say("")
        self._fill()
        self._name_button()

    def take_back(self) -> None:
        """Go back to the values that were used."""
        self.changes = {}
        self.bar.say("")
        self._fill()
        self._on_row()
        self._name_button()

    def _on_repeat(self, on: bool) -> None:
        self.repeat.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.others.setVisible(on)
        if on and not self.others.count():
            self.bar.say("No other image with the same axes is open.")
        self._name_button()

    def _on_checked(self, edited: bool) -> None:
        if edited != self._edited_since and not self._closed:
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
        recipe, chosen = self.recipe(), self.rows.layers
        others = self.others.layers if self.repeat.isChecked() else []
        if not others:
            job = job_of(recipe, chosen, self.history.origins, self.history.made)
            return [with_shortcut(job, self._changed_steps(), self.viewer.layers)], []
        first = next(name for name, kind in recipe.input_kinds().items() if kind in ("image", "channels"))
        jobs, failed = [], []
        for layer in others:
            try:
                again = {**chosen, first: [layer]}
                jobs.append(job_of(recipe, again, self.history.origins, self.history.made))
            except ValueError as error:
                failed.append(f"{layer.name}: {error}")
        return jobs, failed

    def run(self) -> None:
        """Do the steps again, in another thread."""
        if self.history is None:
            return
        try:
            jobs, failed = self.jobs()
        except (ValueError, StopIteration) as error:
            self.bar.say(str(error) or "These steps start from labels, not from an image.", wrong=True)
            return
        layer = None if self.repeat.isChecked() and self.others.layers else self.history.layer
        self._hidden = [layer] if layer is not None else []
        if jobs:
            self.bar.start(*jobs, failed=failed)
        else:
            self.bar.say(". ".join(failed), wrong=True)

    def _done(self, outcome: Outcome) -> None:
        """Place what came of a run."""
        job, placed = outcome.job, {}
        shown = [name for name, result in outcome.results.items() if result.kind not in ("table", "value")]
        for name, result in outcome.results.items():
            if name in shown:
                label = job.recipe.step(name).operation.label.lower()
                title = job.title if len(shown) == 1 else label
                mark = outcome.marks.get(name)
                placed[name] = place(self.viewer, job.space, result, title, mark, job.origins)
        # below the new layer the old one would hide what has changed
        hidden = [layer for layer in self._hidden if placed and layer.visible]
        for layer in hidden:
            layer.visible = False
        undo_stack(self.viewer).add_layers(job.title, list(placed.values()), hidden)
        for name, result in outcome.results.items():
            if result.kind == "table":
                source = measured(job.recipe, name)
                layer = placed.get(source) or layers_of(job, self.viewer).get(source)
                if layer is not None:
                    before = keep_measured(self.viewer, layer, outcome, name, placed)
                    if layer not in placed.values():
                        undo_stack(self.viewer).add_table(job.title, layer, before)
                    self.show_history(history_of(layer))

    def say(self, sentence: str, wrong: bool = False) -> None:
        """Show a sentence below the button, red where something is wrong."""
        self.bar.say(sentence, wrong)

    @property
    def worker(self) -> Any:
        """The worker of the run, None where nothing runs."""
        return self.bar.worker

    # --- life ------------------------------------------------------------------------------------------

    def _paint(self, _event: Any = None) -> None:
        """Colour the texts so that they can be read in napari's theme."""
        for label in (self.difference, self.panel.summary):
            label.setStyleSheet(f"color: {colors(self.viewer)[1]};")
        self.bar.paint()
        self._fill()

    def placed(self) -> None:
        """Lie beside the other docks of this package."""
        share_place(self)

    def let_go(self) -> None:
        """Stop the run, and follow no layer any more."""
        self.bar.close_down()
        self.edits.follow(None)
        self.rows.offer([])
        self.others.offer([])
        self.history, self._hidden = None, []


def _is(history: History | None, layer: Layer | None) -> bool:
    return history is not None and history.layer is layer
