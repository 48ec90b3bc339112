"""From an image to labels and a table in one panel, for whoever does not know yet what an operation is.

It is a dock for `find_objects` with fewer and plainer controls, and with measuring behind it: one recipe makes the
labels and the table. Nothing is understood or computed here in a way of its own. What a control means comes from the
record of the composition; everything that is not shown has its default, and can be set in the full dock, which opens
with the same values.

A run that gives the same objects again adds no layer. One that gives others adds a new layer and hides the one before,
which may hold work by hand and is never overwritten.
"""

from dataclasses import replace
from typing import Any

import napari.viewer
import numpy as np
from napari.layers import Labels, Layer
from qtpy.QtCore import QSize, QTimer
from qtpy.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout

from objectwise.core.method import Method, methods
from objectwise.gui.curate.undo import undo_stack
from objectwise.gui.dock import OperationDock
from objectwise.gui.docks import FindDock
from objectwise.gui.find.diameter import DrawnDiameter
from objectwise.gui.find.find_form import FindForm
from objectwise.gui.find.finding import Found, draw_circle, said_of, understood, with_table
from objectwise.gui.find.measure_rows import MeasureRows
from objectwise.gui.find.outlines import Outlines
from objectwise.gui.find.saving import SaveRow
from objectwise.gui.forms.fields import Number
from objectwise.gui.forms.rows import CHOOSE
from objectwise.gui.layers.calibration import KEY, axes_of, data_of, grid_of, lacks_unit, notes_of, shape_of
from objectwise.gui.layers.conversion import make_layer, space_of
from objectwise.gui.measuring import keep_measured, layers_of, lies_on
from objectwise.gui.preview.preview_layer import Preview
from objectwise.gui.runs.jobs import Job, Outcome
from objectwise.gui.runs.run_bar import text_label

_YELLOW = {False: "#e5b93c", True: "#8a5a00"}
# until the outlines are there, in milliseconds, before it is said that they take long
_PATIENCE = 1500


class FindPanel(OperationDock):
    """From an image to labels and a table."""

    families = ("find",)
    preview_at_start = True
    run_text = "Find and measure"
    widest_label = "Brightness in"

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self.result: Labels | None = None
        self._resting = self._doubtful = False
        self._patience = QTimer()
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE)
        self._patience.timeout.connect(self._ask_for_patience)
        self.line = DrawnDiameter(viewer, self._on_line)
        super().__init__(viewer)

    # --- widgets ---------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.records = [methods["find_objects"]]
        super()._build()
        for widget in (self.method, self.summary):
            widget.hide()
        column = self.inner.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(3)
        column.setContentsMargins(6, 2, 6, 2)
        self.uncalibrated = text_label()
        self.uncalibrated.setText("Pixel size not set: results are in pixels.")
        column.insertWidget(column.indexOf(self.pixel_size), self.uncalibrated)
        self.found = text_label()
        self.measured = MeasureRows(lambda layer: lies_on(layer, self.main_layer))
        self.preview_box.setText("Show outlines")
        self.preview_box.setToolTip("Outline the objects in the displayed plane, with every change")
        self.advanced = QToolButton()
        self.advanced.setText("all settings ...")
        self.advanced.setAutoRaise(True)
        self.advanced.setToolTip("Open the full dock, with these values")
        self.advanced.clicked.connect(self.open_dock)
        outlines = QHBoxLayout()
        column.removeWidget(self.preview_box)
        outlines.addWidget(self.preview_box)
        outlines.addStretch(1)
        outlines.addWidget(self.advanced)
        outlines.addWidget(self.presets)
        outlines.addWidget(self.help)
        place = column.count() - 1
        for item in (outlines, self.found, self.measured):
            if isinstance(item, QHBoxLayout):
                column.insertLayout(place, item)
            else:
                column.insertWidget(place, item)
            place += 1
        self.button.setToolTip(
            "Find the objects of every frame, add them as a layer, and measure each of them"
        )
        self.bar.said_of = said_of
        self.bar.rested.connect(self._on_rest)
        self.setMinimumWidth(344)
        self.save = SaveRow(self, self.bar.say)
        below = self.layout()
        assert below is not None
        below.addWidget(self.save)

    def _make_form(self, record: Method) -> FindForm:
        form = FindForm(record, self.levels)
        form.edited.connect(self._on_edit)
        self.draw = QToolButton()
        self.draw.setText("draw")
        self.draw.setCheckable(True)
        self.draw.setToolTip("Draw a line across one object on the image, which gives the diameter")
        self.draw.clicked.connect(self._on_draw)
        row = form.fields["diameter"].row.native.layout()
        row.insertWidget(row.count() - 1, self.draw)
        return form

    def _make_preview(self) -> Preview:
        return Outlines(self.viewer, self._say_preview, self._on_value, self._on_drawn, self._on_found)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Narrow, and as high as its content up to what a screen has."""
        return QSize(350, min(800, self.inner.sizeHint().height() + 130))

    def _align(self) -> None:
        super()._align()
        assert isinstance(self.form, FindForm)
        width = self.form.cut_off_title.width()
        self.measured.align(width)

    # --- what is chosen --------------------------------------------------------------------------------

    def measuring_job(self) -> Job:
        """Return what the button does now: find, and measure.

        Raises
        ------
        ValueError
            One sentence about what is missing.
        """
        rows = self.measured
        return with_table(self.job(), rows.images.layers, rows.features(), rows.as_mask)

    # --- reactions -------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        super()._refresh()
        main = self.main_layer
        known = main is not None and axes_of(main) is not None
        if known:
            self.understood.setText(understood(grid_of(main), shape_of(main)))
        elif main is None:
            self.understood.setText("Open an image first: drop a file here, or File > Open Sample.")
        self.uncalibrated.setVisible(known and lacks_unit(main))
        if self.rows.channel.currentText() == CHOOSE and self.rows.channel.count() > 1:
            # the outlines show at once whether the first is meant
            self.rows.channel.setCurrentIndex(1)
        self.measured.offer(list(self.viewer.layers))

    def _on_edit(self) -> None:
        """Show the outlines again that the last run took away."""
        if self._resting and not self._quiet:
            self._resting = False
            self.preview_box.setChecked(True)
        else:
            self._changed()

    def _changed(self, *arguments: Any) -> None:
        super()._changed(*arguments)
        if self.preview.on and self.preview_box.isChecked():
            self._patience.start()

    def _ask_for_patience(self) -> None:
        if self.preview.busy:
            self._say_preview("Looking for objects ... The first time this takes up to a minute.", False)

    def _on_draw(self, on: bool) -> None:
        main = self.main_layer
        if on and main is not None and axes_of(main) is not None:
            self.line.start(main)
            self._say_preview("Draw a line across one object.", False)
        else:
            self.draw.setChecked(False)
            self.line.stop()

    def _on_line(self, diameter: float) -> None:
        self.draw.setChecked(False)
        if self.form is not None:
            self.form.show_values({"diameter": diameter})

    def _on_found(self, found: Found) -> None:
        """Show what the outlines were found with."""
        self._patience.stop()
        self._doubtful = found.doubtful
        form, main = self.form, self.main_layer
        if not isinstance(form, FindForm) or main is None:
            return
        given = form.fields["diameter"].value
        diameter = found.diameter if given is None else given
        with self.quiet():
            for name, value in (("diameter", diameter), ("min_diameter", diameter and 0.4 * diameter)):
                field = form.fields[name]
                if isinstance(field, Number) and value is not None:
                    field.suggest(value)
            cutoff = form.fields["cutoff"]
            if isinstance(cutoff, Number) and found.brightness is not None:
                cutoff.suggest(found.brightness.start)
        if diameter is not None and found.array is not None:
            spacing = [grid_of(main).spacing_along(axis) for axis in "yx"]
            places = [(axes_of(main) or "yx").index(axis) for axis in "yx"]
            draw_circle(found.array, [diameter / step for step in spacing], main.corner_pixels[0][places])

    def _say_preview(self, sentence: str, wrong: bool) -> None:
        self.found.setText(sentence)
        self._color(self.found, wrong or self._doubtful)

    def _unsay_preview(self) -> None:
        self.found.setText("")

    @property
    def _is_light(self) -> bool:
        return "light" in str(getattr(self.viewer, "theme", "dark"))

    def _color(self, label: Any, doubtful: bool) -> None:
        label.setStyleSheet(f"color: {_YELLOW[self._is_light]};" if doubtful else "")

    def _paint(self, _event: Any = None) -> None:
        super()._paint(_event)
        self._color(self.uncalibrated, True)

    # --- run -------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Find and measure, in another thread."""
        try:
            job = self.measuring_job()
        except ValueError as error:
            self.say(str(error), wrong=True)
            return
        self.preview.remove()
        self.remember()
        self.bar.start(job)

    def _label_inputs(self) -> list[Layer]:
        """Return what the outlines would not be seen upon."""
        return [self.result] if self.result in self.viewer.layers else []

    def _on_rest(self) -> None:
        """Show the outlines again, unless there is a result to be seen."""
        if not self._resting:
            self._changed()

    def _done(self, outcome: Outcome) -> None:
        """Place the labels, and show the table."""
        labels, table = (outcome.results[name] for name in outcome.job.recipe.outputs)
        if not np.any(labels.array):
            # the outlines say why there are none
            self.preview_box.setChecked(True)
            return
        mark = outcome.marks[outcome.job.recipe.outputs[0]]
        with self.quiet():
            self._resting = self._resting or self.preview_box.isChecked()
            self.preview_box.setChecked(False)
            layer = make_layer(outcome.job.space, labels, outcome.job.title, mark, outcome.job.origins)
            assert isinstance(layer, Labels)
            old, hidden = self.result if self.result in self.viewer.layers else None, []
            if old is not None and _is_same(old, layer, mark):
                old.metadata[KEY] = {**notes_of(old), "recipe": labels.recipe, "values": labels.values}
                old.visible = True
                layer = old
            else:
                hidden = [item for item in (old,) if item is not None and item.visible]
                for item in hidden:
                    item.visible = False
                self.viewer.add_layer(layer)
            self.result = layer
        self._unsay_preview()
        name, measured = outcome.job.recipe.outputs
        before = keep_measured(self.viewer, layer, outcome, measured, {name: layer})
        if layer is old:
            undo_stack(self.viewer).add_table(outcome.job.title, layer, before)
        else:
            undo_stack(self.viewer).add_layers(outcome.job.title, [layer], hidden)
        recipe = replace(table.recipe or outcome.job.recipe, outputs=outcome.job.recipe.outputs)
        inputs = {name: [one] for name, one in layers_of(outcome.job, self.viewer).items()}
        self.save.offer(layer, recipe, inputs, outcome.job.space.source)

    def open_dock(self) -> None:
        """Open the full dock, with these values."""
        dock = FindDock(self.viewer)
        window = getattr(self.viewer, "window", None)
        if window is not None:
            window.add_dock_widget(dock, name="Find objects (Objectwise)")
        dock.choose("find_objects")
        dock.boxes["image"].layer = self.main_layer
        dock.rows.channel.setCurrentText(self.rows.channel.currentText())
        assert dock.form is not None
        dock.form.show_values(self.values())

    def hideEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Take away everything that lies on the image while nobody sees the panel."""
        self.line.stop()
        super().hideEvent(event)

    def let_go(self) -> None:
        """Take away everything that lies on the image, too."""
        self._patience.stop()
        self.line.stop()
        self.save.let_go()
        self.measured.offer([])
        super().let_go()


def _is_same(old: Labels, new: Labels, mark: str) -> bool:
    """Whether a layer still holds what was found again, in the same place."""
    return (
        notes_of(old).get("fingerprint") == mark
        and str(space_of(old)) == str(space_of(new))
        and np.array_equal(data_of(old), new.data)
    )
