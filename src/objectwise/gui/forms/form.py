"""A form for an operation, made from its record: one row for each parameter, and nothing written twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from magicgui.widgets import Container
from psygnal import Signal

from objectwise.core.grid import Grid
from objectwise.core.method import Method
from objectwise.core.parameter import Parameter
from objectwise.core.recipe import Step
from objectwise.gui.forms.fields import Field, Groups, Kept, Number
from objectwise.gui.forms.text_fields import COLUMNS, ColumnNames, Listed, columns_of


class Form(Container):
    """The parameters of an operation as a form.

    Parameters
    ----------
    record : Operation
        The operation.
    groups : mapping of str to mapping of str to bool, optional
        For a parameter that takes names, those that get a check box, and whether they are checked at first.

    Examples
    --------
    >>> import objectwise
    >>> form = Form(objectwise.operations["threshold_auto"])
    >>> form.values()
    {'method': 'otsu', 'objects': 'bright', 'threshold': None}
    """

    edited = Signal()

    def __init__(self, record: Method, groups: Mapping[str, Mapping[str, bool]] | None = None) -> None:
        self.record = record
        self.in_pixels = False
        self.fields: dict[str, Field] = {}
        for name, parameter in record.parameters.items():
            if groups and name in groups:
                self.fields[name] = Groups(parameter, groups[name])
            else:
                self.fields[name] = self._make_field(name, parameter)
        super().__init__(widgets=[field.row for field in self.fields.values()], labels=False)
        self.margins = (0, 0, 0, 0)
        for field in self.fields.values():
            field.changed.connect(self.edited.emit)
            if isinstance(field, Kept):
                field.row.visible = False

    def _make_field(self, _name: str, parameter: Parameter) -> Field:
        if parameter.name in COLUMNS:
            return ColumnNames(parameter)
        if parameter.type is tuple or (parameter.type is str and not parameter.choices):
            # what is found in several numbers, such as the centres of clusters, nobody types
            return Kept(parameter) if parameter.found else Listed(parameter)
        if parameter.type is bool or parameter.choices:
            return Field(parameter)
        return Number(parameter)

    def values(self) -> dict[str, Any]:
        """Return all parameters by name."""
        return {name: field.value for name, field in self.fields.items()}

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Fill in parameters; those that are not named stay as they are."""
        for name, value in values.items():
            self.fields[name].value = value

    def noted(self, everything: bool = False) -> dict[str, Any]:
        """Return what differs from the defaults, as it can be written into a file.

        Without ``everything`` only what is shown, and may be of use for another image.
        """
        return {
            name: field.noted
            for name, field in self.fields.items()
            if field.value != field.start
            and (
                everything or not (isinstance(field, Kept) or field.parameter.found or field.parameter.level)
            )
        }

    def recall(self, noted: Mapping[str, Any], everything: bool = False) -> None:
        """Show what `noted` has given, and defaults for the rest; names that there are no more are left out."""
        with self.edited.blocked():
            self.reset()
            for name, value in noted.items():
                field = self.fields.get(name)
                if field is not None and (everything or not isinstance(field, Kept)):
                    field.recall(value)
        self.edited.emit()

    def reset(self, names: Sequence[str] = ()) -> None:
        """Give parameters their defaults: those that are named, or all."""
        with self.edited.blocked():
            for name in names or self.fields:
                self.fields[name].reset()
        self.edited.emit()

    def offer_columns(self, channels: Sequence[str]) -> None:
        """Offer the names of columns, for images that are called like this."""
        for field in self.fields.values():
            if isinstance(field, ColumnNames):
                field.offer(columns_of(channels))

    def show_pixels(self, on: bool) -> None:
        """Let lengths be typed in pixels, or in the unit of the layer; their values stay the same."""
        self.in_pixels = on
        for field in self.fields.values():
            field.show_pixels(on)

    def calibrate(self, grid: Grid | None) -> None:
        """Show lengths in the unit of a grid; see `Number.calibrate`."""
        for field in self.fields.values():
            field.calibrate(grid)

    def step(
        self, name: str, inputs: Mapping[str, Any], scope: str = "frame", by_plane: bool = False
    ) -> Step:
        """Return the step that the form describes."""
        return Step(name, self.record.name, dict(inputs), self.values(), scope, by_plane)

    def show_step(self, step: Step) -> None:
        """Fill in the parameters of a step."""
        self.show_values(dict(step.parameters))

    def align(self, width: int) -> None:
        """Give all labels one width in pixels."""
        for field in self.fields.values():
            field.title.min_width = width
            field.title.max_width = width
            field.title.native.setWordWrap(True)
