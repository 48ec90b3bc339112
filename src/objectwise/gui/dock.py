"""The one dock behind every family: choose a method, see what was understood, preview, run, cancel.

The dock holds no numerics and no list of methods. Methods, fields, units and help come from the operation
records; what Run does is a `Job`, made in `wiring` from the state of the moment and then left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from napari.layers import Labels, Layer
from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from objectwise.core.method import Input, Method, methods
from objectwise.core.run import expectation
from objectwise.gui.closing import ClosingDock
from objectwise.gui.curate.undo import undo_keys, undo_stack
from objectwise.gui.forms.choosers import LayerBox, LayerList, first_choice, suits
from objectwise.gui.forms.fields import Kept, Number
from objectwise.gui.forms.form import Form
from objectwise.gui.forms.levels import Levels
from objectwise.gui.forms.method_box import MethodBox
from objectwise.gui.forms.pixel_size import PixelSizeRow, calibrate_alike
from objectwise.gui.forms.preferences import preferences
from objectwise.gui.forms.presets import PresetsButton
from objectwise.gui.forms.reference_window import ReferenceWindow
from objectwise.gui.forms.remembered import note_used, used_last
from objectwise.gui.forms.rows import DependentRows, row_label, row_layout
from objectwise.gui.forms.shortcuts import add_shortcut
from objectwise.gui.layers.calibration import (
    axes_of,
    data_of,
    describe,
    grid_of,
    is_preview,
    lacks_unit,
)
from objectwise.gui.layers.conversion import place
from objectwise.gui.places import holder_of, share_place
from objectwise.gui.preview.glance import Seen
from objectwise.gui.preview.preview_layer import Preview, ViewTimer
from objectwise.gui.preview.region import MODERATE
from objectwise.gui.runs.jobs import Job, Outcome
from objectwise.gui.runs.run_bar import RunBar, colors, text_label
from objectwise.gui.runs.wiring import Choice, make_job, wire_images

# of the column of labels, in pixels
_WIDEST = 130

_SHOWN = ("image", "channels", "mask", "classes", "labels", "objects")


class OperationDock(ClosingDock):
    """A dock for the operations of a family.

    Parameters
    ----------
    viewer : Viewer
        The viewer whose layers are worked on.

    Attributes
    ----------
    families : tuple of str
        Which operations it offers.
    first : str
        The operation that it opens with; the first of the family where it is empty.
    preview_at_start : bool
        Whether the preview is on when it opens.
    run_text : str
        What the button says.
    widest_label : str
        What labels of rows that come and go may say, for which there is always room.
    """

    families: tuple[str, ...] = ()
    first = ""
    preview_at_start = False
    run_text = "Run"
    widest_label = "Threshold from"

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self.viewer = viewer
        self.records = [record for record in methods.values() if record.family in self.families]
        self.boxes: dict[str, LayerBox | LayerList] = {}
        self.form: Form | None = None
        self.forms: dict[str, Form] = {}
        self.last: Outcome | None = None
        self.reference: ReferenceWindow | None = None
        self._in_pixels = preferences().lengths == "pixels"
        self._quiet = 0
        self._from_preview = False
        self._seen = True
        self._watched: list[Layer] = []
        self._replaced: list[Layer] = []
        self._build()
        self._add_shortcuts()
        self.preview = self._make_preview()
        self.view = ViewTimer(self._on_view)
        undo_keys(self, viewer)
        layers, dims = viewer.layers.events, viewer.dims.events
        self.follow(self._on_layers, layers.inserted, layers.removed, layers.reordered, layers.renamed)
        # older versions of napari have no scene
        camera = getattr(viewer, "scene", viewer).camera.events
        self.follow(self.view.moved, camera.center, camera.zoom)
        self.follow(self._on_dims, dims.current_step, dims.ndisplay, dims.order)
        self.follow(self._paint, viewer.events.theme)
        self._paint()
        names = [record.name for record in self.records]
        self.method.name = self.first if self.first in names else names[0]

    # --- widgets ---------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.method = MethodBox(self.records)
        self.method.chosen.connect(self._on_method)
        self.method.found.connect(self._on_choice_found)
        self.help = QToolButton()
        self.help.setText("?")
        self.help.setToolTip("What this method does, with its formulas, limits and sources")
        self.help.clicked.connect(self.show_reference)
        self.presets = PresetsButton(lambda: self.form, self._show_pixels)
        self.summary, self.understood = text_label(), text_label()
        self.input_rows = row_layout()
        self.pixel_size = PixelSizeRow(self._on_pixel_size)
        self.rows = DependentRows()
        self.rows.chosen.connect(self._changed)
        self.rows.understood.connect(self._on_layer_chosen)
        self.levels = Levels()
        self.form_place = QVBoxLayout()
        self.preview_box = QCheckBox("Preview in the displayed plane")
        self.preview_box.setToolTip("Show in the viewer, with every change, what Run would give there")
        self.preview_box.setChecked(preferences().starts_with_preview(self.preview_at_start))
        self.preview_box.toggled.connect(self._on_preview_box)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(6)
        column.addWidget(self.method)
        about = QHBoxLayout()
        about.addWidget(self.summary, 1)
        for button in (self.help, self.presets):
            button.setAutoRaise(True)
            button.setFixedWidth(22)
        beside = QVBoxLayout()
        beside.setSpacing(2)
        beside.addWidget(self.help)
        beside.addWidget(self.presets)
        beside.addStretch(1)
        about.addLayout(beside)
        column.addLayout(about)
        column.addLayout(self.input_rows)
        column.addWidget(self.understood)
        column.addWidget(self.pixel_size)
        column.addWidget(self.rows)
        column.addWidget(self.levels)
        column.addLayout(self.form_place)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidget(inner)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.inner = inner
        self.bar = RunBar(self.viewer, self.run_text)
        self.bar.pressed.connect(self.run)
        self.bar.done.connect(self._done)
        self.bar.declined.connect(self._changed)
        self.bar.rested.connect(self._on_run_over)
        self.button, self.progress, self.status = self.bar.button, self.bar.progress, self.bar.status
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(4)
        outer.addWidget(self.area, 1)
        # below what may have to be scrolled
        always = QHBoxLayout()
        always.setContentsMargins(6, 0, 6, 0)
        always.addWidget(self.preview_box)
        outer.addLayout(always)
        outer.addWidget(self.bar)
        self.setMinimumWidth(345)

    def _add_shortcuts(self) -> None:
        for keys, act, widget in (
            ("Ctrl+Return", self._on_run_key, self.button),
            ("Ctrl+P", self.preview_box.toggle, self.preview_box),
            ("F1", self.show_reference, self.help),
        ):
            add_shortcut(self, keys, act, widget)
        # naming it would promise something while nothing runs
        add_shortcut(self, "Escape", self.bar.cancel)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Narrow, and as high as its content up to what a small screen has."""
        return QSize(330, min(620, self.inner.sizeHint().height() + 90))

    def _align(self) -> None:
        """Make the column of labels as wide as its widest, so that none is cut."""
        assert self.form is not None
        labels = [field.title.native for field in self.form.fields.values() if not isinstance(field, Kept)]
        always = self.fontMetrics().horizontalAdvance(self.widest_label) + 16
        # a longer one takes two lines
        width = min(_WIDEST, max([always, *(_wanted_width(label) for label in labels)]))
        self.form.align(width)
        self.rows.align(width)
        for number in range(self.input_rows.rowCount()):
            item = self.input_rows.itemAt(number, QFormLayout.ItemRole.LabelRole)
            if item is not None and (label := item.widget()) is not None:
                label.setFixedWidth(width)

    def _make_preview(self) -> Preview:
        return Preview(self.viewer, self._say_preview, self._on_value, self._on_drawn)

    # --- what is chosen --------------------------------------------------------------------------------

    @property
    def record(self) -> Method:
        """The chosen operation or composition."""
        return methods[self.method.name]

    def choose(self, name: str) -> None:
        """Choose an operation by its name."""
        self.method.name = name

    def chosen(self) -> dict[str, list[Layer]]:
        """Return the chosen layers by input."""
        return {name: box.layers for name, box in self.boxes.items()}

    @property
    def main_layer(self) -> Layer | None:
        """The first chosen layer: that whose axes and pixel size are shown."""
        return next((layer for layers in self.chosen().values() for layer in layers), None)

    def values(self) -> dict[str, Any]:
        """Return the parameters as they are set."""
        assert self.form is not None
        return self.form.values()

    def job(self) -> Job:
        """Return what Run would do now.

        Raises
        ------
        ValueError
            One sentence about what is missing.
        """
        rows = self.rows
        return make_job(
            Choice(
                self.record,
                self.chosen(),
                self.values(),
                rows.channel_name,
                rows.scope_name,
                rows.by_plane,
                rows.instances,
            )
        )

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Change widgets without asking for a preview at each."""
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    # --- reactions -------------------------------------------------------------------------------------

    def _on_method(self, _name: str = "") -> None:
        record = self.record
        with self.quiet():
            self.summary.setText(record.summary)
            self._make_boxes(record)
            if self.form is not None:
                self.form.native.hide()
            if record.name not in self.forms:
                form = self._make_form(record)
                form.show_pixels(self._in_pixels)
                if preferences().remember:
                    form.recall(used_last(record.name))
                self.forms[record.name] = form
                self.form_place.addWidget(form.native)
            self.form = self.forms[record.name]
            self.form.native.setVisible(bool(self.form.fields))
            self.levels.serve(record, self.form)
            self._refresh()
        self._changed()

    def _on_choice_found(self, parameter: str, value: Any) -> None:
        """Set the choice that a search has found."""
        if self.form is not None:
            self.form.fields[parameter].value = value

    def show_reference(self) -> None:
        """Show all there is to read about the chosen method."""
        if self.reference is None:
            self.reference = ReferenceWindow(self)
        self.reference.show_method(self.record.name)

    def _show_pixels(self, on: bool) -> None:
        """Let all lengths be typed in pixels, or in the unit of the layer."""
        self._in_pixels = on
        for form in self.forms.values():
            form.show_pixels(on)
        self._align()

    def _make_form(self, record: Method) -> Form:
        form = Form(record)
        form.edited.connect(self._changed)
        return form

    def _make_boxes(self, record: Method) -> None:
        """Make a chooser for each input; a layer chosen for the method before stays chosen."""
        before = {box.kind: box.layer for box in self.boxes.values() if isinstance(box, LayerBox)}
        while self.input_rows.rowCount():
            self.input_rows.removeRow(0)
        self.boxes = {}
        for item in record.inputs:
            box = self._make_box(item)
            box.explain(item.description)
            self.boxes[item.name] = box
            self.input_rows.addRow(row_label(item.name.capitalize(), item.description), box)
            self._offer(box)
            if isinstance(box, LayerBox) and not item.optional:
                taken = [other.layer for other in self._boxes_like(box)]
                layer = before.pop(item.kind, None)
                if layer is None and box.layer in taken:
                    # objects are not related to themselves
                    rest = [one for one in self.viewer.layers if suits(one, item.kind) and one not in taken]
                    layer = first_choice(rest, None, item.kind)
                if layer is not None:
                    box.layer = layer
            box.chosen.connect(self._on_layer_chosen)

    def _boxes_like(self, box: LayerBox) -> list[LayerBox]:
        """Return the other choosers for a layer of the same kind."""
        boxes = [one for one in self.boxes.values() if isinstance(one, LayerBox) and one is not box]
        return [one for one in boxes if one.kind == box.kind]

    def _make_box(self, item: Input) -> LayerBox | LayerList:
        if item.kind == "images":
            return LayerList(item.kind)
        if item.kind == "channels":
            images = [layer for layer in self.viewer.layers if suits(layer, "image")]
            start = first_choice(images, self.viewer.layers.selection.active, "image")
            return LayerList(item.kind, lambda layer: layer is start or start is None)
        # points are placed on the pixels of the first layer
        points = item.name == "seeds" and item is not self.record.inputs[0]
        return LayerBox(item.kind, item.optional, points)

    def _offer(self, box: LayerBox | LayerList) -> None:
        box.offer(list(self.viewer.layers), self.viewer.layers.selection.active)

    def _on_layers(self, event: Any = None) -> None:
        layer = getattr(event, "value", None)
        if isinstance(layer, Layer) and is_preview(layer):
            return
        with self.quiet():
            for box in self.boxes.values():
                self._offer(box)
            self._refresh()
        self._changed()

    def _on_layer_chosen(self, _event: Any = None) -> None:
        if self._quiet or self._closed:
            return
        with self.quiet():
            self._refresh()
        self._changed()

    def _on_dims(self, _event: Any = None) -> None:
        if self.preview_box.isChecked() or self.levels.wanted:
            self._changed()

    def _on_view(self) -> None:
        """Show another part of a large plane, as the view has moved."""
        main = self.main_layer
        if main is not None and np.prod(data_of(main).shape[-2:], dtype=float) > MODERATE:
            self._changed()

    def _on_drawn(self, seen: Seen, layer: Layer | None) -> None:
        """Show in the histogram what the preview has found."""
        with self.quiet():
            started = self.levels.show_seen(seen, layer)
        if started:
            self._changed()

    def _on_pixel_size(self, sizes: dict[str, float], unit: str) -> None:
        """Give the layer its pixel size, and all others of its shape that have none."""
        main = self.main_layer
        if main is None:
            return
        self.preview.remove()
        with self.quiet():
            calibrate_alike(self.viewer, main, sizes, unit)
        self._on_layer_chosen()

    def _on_preview_box(self, on: bool) -> None:
        if not on:
            self.preview.remove()
            self._unsay_preview()
        self._changed()

    def _on_value(self, name: str, value: Any) -> None:
        """Show a number that was found beside its check box "auto", ready to be changed."""
        field = self.form.fields.get(name) if self.form is not None else None
        if isinstance(field, Number):
            with self.quiet():
                field.suggest(value)
            self.levels.place_lines()

    def _say_preview(self, sentence: str, wrong: bool) -> None:
        if self.worker is None:
            self.say(f"Preview: {sentence}" if sentence and not sentence[:1].isupper() else sentence, wrong)
            self._from_preview = True

    def _unsay_preview(self) -> None:
        """Take back what the preview said; what a run has said stays."""
        if self._from_preview and self.worker is None:
            self.say("")

    def _refresh(self) -> None:
        """Say what was understood of the chosen layers, and show the rows that have a meaning for them."""
        self._watch()
        main = self.main_layer
        grid = grid_of(main) if main is not None and axes_of(main) is not None else None
        if main is None:
            kinds = {item.kind for item in self.record.inputs}
            wanted = "an Image layer" if kinds & {"image", "channels"} else "a Labels layer"
            self.understood.setText(f"Open or make {wanted} first.")
        elif grid is None:
            sizes = " x ".join(map(str, data_of(main).shape))
            self.understood.setText(f"{sizes} pixels; which axis is time, depth or channel is not known.")
        else:
            self.understood.setText(describe(main))
        self.pixel_size.show_for(grid if main is not None and lacks_unit(main) else None)
        self.rows.refresh(self.record, self.chosen(), grid)
        if self.form is not None:
            self.form.calibrate(grid)
            with suppress(ValueError):
                self.form.offer_columns(tuple(wire_images(self.chosen().get("images", []), {})))
            self._align()

    # --- preview and run -------------------------------------------------------------------------------

    def _changed(self, *_: Any) -> None:
        """Something was chosen or typed: show what comes of it."""
        if self._quiet or self._closed:
            return
        try:
            job, missing = self.job(), ""
        except ValueError as error:
            job, missing = None, str(error)
        self._expect(job)
        seen = self.isVisible() and self._seen and self.worker is None
        main = self.main_layer
        self.levels.place_lines()
        picture = self.preview_box.isChecked() and self.record.output in _SHOWN
        if not picture:
            self._unsay_preview()
        if not seen or main is None or not (picture or self.levels.wanted):
            self.preview.remove()
        elif job is None:
            self.preview.remove()
            self.levels.clear()
            if picture:
                self._say_preview(missing, False)
        else:
            covered = self._label_inputs() if picture else ()
            self.preview.request(job, main, covered, picture, self.levels.wanted)

    def _expect(self, job: Job | None) -> None:
        """Say beside Run if it would take minutes; what is missing for it is said when Run is pressed."""
        expected = ""
        if job is not None and any(step.operation.cost for step in job.recipe.steps):
            with suppress(ValueError):
                expected = expectation(job.recipe, job.inputs)
        self.bar.expect(f"This will take {expected}." if expected else "")

    def _label_inputs(self) -> list[Layer]:
        """Return the chosen labels layers, which what comes of them lies upon."""
        return [layer for layers in self.chosen().values() for layer in layers if isinstance(layer, Labels)]

    def run(self) -> None:
        """Do what the form says, in another thread."""
        try:
            job = self.job()
        except ValueError as error:
            self.say(str(error), wrong=True)
            return
        self.preview.remove()
        self._replaced = self._label_inputs()
        self._from_preview = False
        self.remember()
        self.bar.start(job)

    def remember(self) -> None:
        """Note the values that are used, for the next time; those that are not shown stay as they were."""
        if self.form is not None and preferences().remember:
            name, fields = self.record.name, self.form.fields
            hidden = {
                key: value for key, value in used_last(name).items() if isinstance(fields.get(key), Kept)
            }
            note_used(name, hidden | self.form.noted())

    def _on_run_key(self) -> None:
        if self.worker is None:
            self.run()

    def _done(self, outcome: Outcome) -> None:
        """Place what came of a run."""
        with self.quiet():
            self.preview_box.setChecked(False)
            job = outcome.job
            placed = [
                place(self.viewer, job.space, result, job.title, outcome.marks.get(name), job.origins)
                for name, result in outcome.results.items()
                if result.kind in _SHOWN
            ]
            # below the new layer the old one would hide what has changed
            hidden = [layer for layer in self._replaced if placed and layer.visible]
            for layer in hidden:
                layer.visible = False
            undo_stack(self.viewer).add_layers(job.title, placed, hidden)
        for step, name, value in outcome.values():
            if step == outcome.job.recipe.steps[0].id:
                self._on_value(name, value)

    def _on_run_over(self) -> None:
        """Keep no layer, whatever became of the run."""
        self._replaced = []

    @property
    def worker(self) -> Any:
        """The worker of the run, None where nothing runs."""
        return self.bar.worker

    def say(self, sentence: str, wrong: bool = False) -> None:
        """Show a sentence below the button, red where something is wrong."""
        self._from_preview = False
        self.bar.say(sentence, wrong)

    def _paint(self, _event: Any = None) -> None:
        """Colour the texts so that they can be read in napari's theme."""
        for label in (self.summary, self.understood):
            label.setStyleSheet(f"color: {colors(self.viewer)[1]};")
        self.bar.paint()
        self.levels.paint("light" in str(getattr(self.viewer, "theme", "dark")))

    # --- life ------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Follow the scale, units and axes of the chosen layers, and what is painted into them."""
        for layer in self._watched:
            for event in _watched_events(layer):
                event.disconnect(self._on_layer_chosen)
            if isinstance(layer, Labels):
                layer.events.paint.disconnect(self._changed)
        self._watched = (
            [layer for layers in self.chosen().values() for layer in layers] if not self._closed else []
        )
        for layer in self._watched:
            for event in _watched_events(layer):
                event.connect(self._on_layer_chosen)
            if isinstance(layer, Labels):
                layer.events.paint.connect(self._changed)

    def hideEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Take the preview away while nobody sees the dock."""
        if not self._closed:
            self.preview.remove()
        super().hideEvent(event)

    def showEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Show the preview again."""
        super().showEvent(event)
        # only now the labels have the font of napari's theme
        self._align()
        self._changed()

    def placed(self) -> None:
        """Lie beside the other docks of this package, and notice when another tab is in front."""
        holder = holder_of(self)
        if holder is not None:
            share_place(self)
            holder.visibilityChanged.connect(self._on_seen)

    def _on_seen(self, seen: bool) -> None:
        """Take note: a dock behind another tab counts as visible for Qt, but nobody sees it."""
        self._seen = seen
        self._changed()

    def let_go(self) -> None:
        """Stop the run, take the preview away, and follow no layer any more."""
        self.bar.close_down()
        self.view.stop()
        self.preview.close()
        for box in self.boxes.values():
            box.offer([])
        self._watch()


def _wanted_width(label: QLabel) -> int:
    # the theme decides about the font, and is applied late
    label.ensurePolished()
    return label.fontMetrics().horizontalAdvance(label.text()) + 16


def _watched_events(layer: Layer) -> list[Any]:
    return [getattr(layer.events, name) for name in ("scale", "units", "axis_labels", "data")]
