"""One step of a recipe as a form: the values that were used, ready to be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from objectwise.core.comparison import in_words
from objectwise.core.grid import Grid
from objectwise.core.recipe import From, Recipe
from objectwise.gui.forms.fields import Kept, Number
from objectwise.gui.forms.form import Form
from objectwise.gui.measuring import feature_boxes
from objectwise.gui.runs.run_bar import text_label

# of the column of labels, in pixels
_WIDTH = 120


class StepPanel(QWidget):
    """What a step does, and its values.

    Attributes
    ----------
    edited : Signal
        Emitted when a person has changed a value.
    """

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.summary = text_label()
        self.form: Form | None = None
        self.links: dict[str, QCheckBox] = {}
        self._before: dict[str, Any] = {}
        self._place = QVBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.summary)
        column.addLayout(self._place)

    def show_step(
        self, recipe: Recipe, name: str, grid: Grid | None, values: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Show the values of a step.

        Parameters
        ----------
        recipe : Recipe
        name : str
            The id of the step.
        grid : Grid or None
            Of the image, by whose pixels numbers go up and down.
        values : sequence of mapping, optional
            The numbers that were found, which are shown beside "auto".
        """
        self.clear()
        step = recipe.step(name)
        record = step.operation
        self.summary.setText(f"{record.label}: {record.summary[:1].lower()}{record.summary[1:]}")
        form = self.form = Form(record, feature_boxes() if record.family == "measure" else None)
        form.calibrate(_grid(recipe, grid))
        linked = {key: value for key, value in step.parameters.items() if isinstance(value, From)}
        form.show_values({key: value for key, value in step.parameters.items() if key not in linked})
        for row in values:
            field = form.fields.get(row["parameter"]) if row["step"] == name else None
            if isinstance(field, Number):
                field.suggest(row["value"])
        form.align(_WIDTH)
        self._place.addWidget(form.native)
        for key, value in linked.items():
            self._link(key, value)
        self._before = form.values()
        form.edited.connect(self.edited.emit)
        form.native.setVisible(any(not isinstance(field, Kept) for field in form.fields.values()))
        self.setVisible(True)

    def _link(self, key: str, value: From) -> None:
        """Hide a number that an earlier step finds, until a person wants to give it."""
        assert self.form is not None
        field = self.form.fields[key]
        field.row.visible = False
        times = "" if value.times == 1 else f"{in_words(value.times)} x "
        box = self.links[key] = QCheckBox(f"{field.title.value}: {times}{value.step.replace('_', ' ')}")
        box.setToolTip(f"Found by the step “{value.step}”. Take the check away to give the number yourself.")
        box.setChecked(True)
        box.toggled.connect(lambda on: self._on_link(key, on))
        self._place.addWidget(box)

    def _on_link(self, key: str, on: bool) -> None:
        assert self.form is not None
        self.form.fields[key].row.visible = not on
        self.edited.emit()

    def changes(self) -> dict[str, Any]:
        """Return the values that a person has changed."""
        if self.form is None:
            return {}
        return {
            key: value
            for key, value in self.form.values().items()
            if (not self.links[key].isChecked() if key in self.links else value != self._before[key])
        }

    def clear(self) -> None:
        """Show no step."""
        if self.form is not None:
            self.form.native.hide()
            self._place.removeWidget(self.form.native)
            self.form.native.deleteLater()
        for box in self.links.values():
            self._place.removeWidget(box)
            box.deleteLater()
        self.form, self.links, self._before = None, {}, {}
        self.setVisible(False)


def _grid(recipe: Recipe, grid: Grid | None) -> Grid:
    """Return a grid in the unit of a recipe."""
    if grid is not None and grid.unit == recipe.unit:
        return grid
    return Grid("yx" if grid is None else grid.spatial, unit=recipe.unit)
