"""The widget of one parameter, which keeps what magicgui alone would lose.

A parameter that may be left out stays left out: a check box beside the number says so, instead of a 0 that
stands for it. A number that came from a recipe stays the same number to the last bit, though the box shows
fewer digits. A length is shown in the unit of the layer, and starts at so many pixels of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from magicgui.widgets import CheckBox, ComboBox, Container, FloatSpinBox, Label, SpinBox
from psygnal import Signal
from qtpy.QtCore import Qt

from objectwise.core.grid import Grid
from objectwise.core.operation import Parameter
from objectwise.gui.wheel import pass_wheel

# a box cannot be without bounds; these are beyond any image
_FAR = 1e12
_FAR_WHOLE = 2**31 - 1


def title_of(parameter: Parameter) -> str:
    """Return the name of a parameter as a form shows it.

    Examples
    --------
    >>> title_of(Parameter("n_classes", int, 3))
    'Number of classes'
    """
    if parameter.name.startswith("n_"):
        return f"Number of {parameter.name[2:].replace('_', ' ')}"
    return parameter.title


def decimals_for(step: float) -> int:
    """Return how many digits after the point a number needs that changes in steps of this size.

    Examples
    --------
    >>> decimals_for(1.0), decimals_for(0.325), decimals_for(0.002)
    (2, 3, 5)
    """
    return int(min(15, max(2, 2 - math.floor(math.log10(step))))) if step > 0 else 2


def rounded(value: float, digits: int = 3) -> float:
    """Return a number with so many digits in all, as a person would write it."""
    return float(f"{value:.{digits}g}")


class Field:
    """The widget of one parameter, and its value with None kept.

    Parameters
    ----------
    parameter : Parameter
        What is asked for.
    title : str, optional
        What stands before it; `title_of` the parameter where it is left out.

    Attributes
    ----------
    row : Widget
        What the form shows: label and widget.
    changed : Signal
        Emitted when a person, or the program, has changed the value.
    """

    changed = Signal()

    def __init__(self, parameter: Parameter, title: str = "") -> None:
        self.parameter = parameter
        self.touched = False
        self.name = title or title_of(parameter)
        self.title = Label(value=self.name)
        self.title.tooltip = parameter.description
        self.widget = self._make()
        self.widget.tooltip = parameter.description
        pass_wheel(self.widget.native)
        self.widget.changed.connect(self._on_change)
        self.row = Container(
            layout="horizontal", labels=False, widgets=[self.title, *self._beside()], name=parameter.name
        )
        self.row.margins = (0, 0, 0, 0)

    def _make(self) -> Any:
        item = self.parameter
        if item.choices:
            return ComboBox(choices=list(item.choices), value=item.default)
        return CheckBox(value=bool(item.default), text="")

    def _beside(self) -> list[Any]:
        return [self.widget]

    def _on_change(self) -> None:
        self.touched = True
        self.changed.emit()

    @property
    def value(self) -> Any:
        """The value as a step has it."""
        return self.widget.value

    @value.setter
    def value(self, value: Any) -> None:
        self.widget.value = value

    def calibrate(self, grid: Grid | None) -> None:
        """Show the unit of a grid, where the parameter has one."""


class Number(Field):
    """A number, with a check box beside it where it may be left out."""

    def __init__(self, parameter: Parameter, title: str = "") -> None:
        self._exact: float | int | None = None
        self._found: float | None = None
        self._factor = 1.0
        self._unit = ""
        self.left_out: CheckBox | None = None
        super().__init__(parameter, title)
        # a box is else as wide as the longest number that it could hold
        self.widget.native.setMinimumWidth(70)
        self.value = parameter.default
        self.touched = False

    def _make(self) -> Any:
        item = self.parameter
        whole = item.type is int
        low, high = (-_FAR_WHOLE, _FAR_WHOLE) if whole else (-_FAR, _FAR)
        low = item.minimum if item.minimum is not None else low
        high = item.maximum if item.maximum is not None else high
        if whole:
            low = item.above + 1 if item.above is not None else low
            high = item.below - 1 if item.below is not None else high
            return SpinBox(value=int(max(low, min(high, 0))), min=int(low), max=int(high))
        low = item.above + 1e-9 if item.above is not None else low
        high = item.below - 1e-9 if item.below is not None else high
        box = FloatSpinBox(value=max(low, min(high, 0.0)), min=low, max=high, step=1.0)
        bounded = item.minimum is not None and item.maximum is not None and item.maximum - item.minimum <= 1
        self._set_step(box, 0.05 if bounded else 1.0)
        if bounded:
            box.native.setDecimals(2)
        return box

    def _beside(self) -> list[Any]:
        if not self.parameter.optional:
            return [self.widget]
        word = "auto" if self.parameter.found else "none"
        self.left_out = CheckBox(value=False, text=word)
        self.left_out.tooltip = (
            "Found from the image" if word == "auto" else "Left out: there is no such limit"
        )
        self.left_out.changed.connect(self._on_left_out)
        return [self.widget, self.left_out]

    @staticmethod
    def _set_step(box: Any, step: float) -> None:
        box.native.setDecimals(decimals_for(step))
        box.step = step

    def _on_left_out(self) -> None:
        assert self.left_out is not None
        self.widget.enabled = not self.left_out.value
        self._on_change()

    @property
    def value(self) -> Any:
        """The number, None where it is left out."""
        if self.left_out is not None and self.left_out.value:
            return None
        shown = self.widget.value
        if self._exact is not None and self._shows(self._exact) == shown:
            return self._exact
        return shown

    @value.setter
    def value(self, value: Any) -> None:
        if self.left_out is not None:
            self.left_out.value = value is None
        if value is None:
            return
        self._exact = value
        self.widget.value = self._shows(value)

    def suggest(self, value: Any) -> None:
        """Show a number that was found, while the parameter is left out."""
        found = isinstance(value, int | float) and math.isfinite(value)
        self._found = float(value) if found else None
        if self.value is None and found:
            # so that it stays the same number to the last bit when the check is taken away
            self._exact = value
            with self.widget.changed.blocked():
                self.widget.value = self._shows(value)

    def span(self, low: float, high: float, whole: bool) -> None:
        """Show as many digits as the brightness of an image needs, and step by a part of its range."""
        if not (math.isfinite(low) and math.isfinite(high) and low < high) or self.parameter.type is int:
            return
        value, touched = self.value, self.touched
        with self.widget.changed.blocked():
            self.widget.native.setDecimals(0 if whole else decimals_for((high - low) / 1000))
            self.widget.step = 1.0 if whole else rounded((high - low) / 200, 1)
            if value is not None:
                self.widget.value = self._shows(value)
        self.touched = touched

    def drag(self, value: float) -> None:
        """Take a value that a line in a histogram was dragged to."""
        self.value = self._shows(value)

    @property
    def shown(self) -> float | None:
        """The number, or the one that was found while it is left out; None where there is none."""
        if self.value is not None:
            return float(self.value)
        return self._found

    def _shows(self, value: float) -> float:
        if self.parameter.type is int:
            return value
        if not math.isfinite(value):
            return math.copysign(_FAR, value) if math.isinf(value) else 0.0
        return round(value, self.widget.native.decimals())

    def calibrate(self, grid: Grid | None) -> None:
        """Show the unit of a grid, and start at so many of its pixels.

        A number that a person has typed stays while the unit stays.
        """
        unit = self.parameter.unit
        if unit is None or unit.name == "intensity":
            return
        ndim = grid.ndim if grid is not None else 2
        text = unit.text(grid.unit if grid is not None else "pixel", ndim)
        self.title.value = f"{self.name} ({text})"
        power = unit.exponent(ndim)
        if not power:
            return
        pixel = grid.spacing_along("y") if grid is not None else 1.0
        size = float(np.prod(grid.block_spacing)) if grid is not None else 1.0
        factor = pixel if power == 1 else size
        same = factor == self._factor and text == self._unit
        kept = self.touched and text == self._unit
        self._factor, self._unit = factor, text
        if same:
            return
        typed, default = self.value, self.parameter.default
        self._set_step(self.widget, rounded(factor, 1))
        if kept:
            self.value = typed
        else:
            self.value = None if default is None else rounded(default * factor)
            self.touched = False
            if default is None:
                # what the box shows once the check is taken away
                self.widget.value = rounded(64 * factor if power > 1 else 10 * factor)
                self.touched = False


class Kept(Field):
    """A parameter that a form does not show, such as the centres of clusters; it keeps its value."""

    def __init__(self, parameter: Parameter) -> None:
        self._value = parameter.default
        super().__init__(parameter)
        self.row.visible = False

    def _make(self) -> Any:
        return Label(value="")

    @property
    def value(self) -> Any:
        """The value as it was set."""
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        self._value = value
        self.changed.emit()


class Groups(Field):
    """Check boxes for the groups of measurements; None where those are checked that are measured anyway.

    Parameters
    ----------
    parameter : Parameter
        A tuple of names.
    groups : mapping of str to bool
        The names that have a check box, and whether they are measured where nothing is asked for.
    """

    def __init__(self, parameter: Parameter, groups: Mapping[str, bool]) -> None:
        self.groups = groups
        self.usual = tuple(name for name, checked in groups.items() if checked)
        self._exact: tuple[str, ...] | None = None
        super().__init__(parameter)
        self.title.value = "Measure"
        # beside the first of many boxes
        self.title.native.setAlignment(Qt.AlignmentFlag.AlignTop)

    def _make(self) -> Any:
        from objectwise.measure.groups import WORDS

        tips = {name: words.text.replace("`", "") for name, words in WORDS.items()}
        self.boxes = {
            name: CheckBox(
                value=checked, text=name.replace("_", " ").capitalize(), tooltip=tips.get(name, "")
            )
            for name, checked in self.groups.items()
        }
        grid = Container(widgets=list(self.boxes.values()), labels=False)
        grid.margins = (0, 0, 0, 0)
        return grid

    def _on_change(self) -> None:
        self._exact = None
        super()._on_change()

    @property
    def value(self) -> Any:
        """The names of the checked groups; None for the usual ones."""
        if self._exact is not None:
            return self._exact
        chosen = tuple(name for name, box in self.boxes.items() if box.value)
        return None if chosen == self.usual else chosen

    @value.setter
    def value(self, value: Any) -> None:
        names = self.usual if value is None else tuple(value)
        for name, box in self.boxes.items():
            box.value = name in names
        # names of single columns have no box, but are not lost
        self._exact = None if value is None or set(names) <= set(self.groups) else names
