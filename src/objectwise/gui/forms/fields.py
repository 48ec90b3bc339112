"""The widget of one parameter, which keeps what magicgui alone would lose.

A parameter that may be left out stays left out: a check box beside the number says so, instead of a 0 that
stands for it. A number that came from a recipe stays the same number to the last bit, though the box shows
fewer digits. A length is shown in the unit of the layer, and starts at so many pixels of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from magicgui.widgets import CheckBox, ComboBox, Container, FloatSpinBox, Label, SpinBox
from psygnal import Signal
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QToolButton, QWidget

from objectwise.core.grid import Grid, unit_factor
from objectwise.core.operation import Parameter
from objectwise.gui.forms.wheel import pass_wheel

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


def _unit_factor(unit: str, wanted: str) -> float:
    """Return by what a number is multiplied that is given in a power of one unit and wanted in that of another."""
    (unit, _, power), (wanted, _, wanted_power) = unit.partition("^"), wanted.partition("^")
    if power != wanted_power:
        raise ValueError(f"{unit}^{power} is no {wanted}^{wanted_power}")
    return unit_factor(unit, wanted) ** int(power or 1)


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

    @property
    def start(self) -> Any:
        """The value that the field starts with, and that a reset gives."""
        return self.parameter.default

    @property
    def noted(self) -> Any:
        """The value as it can be written into a file."""
        return _plain(self.value)

    def recall(self, noted: Any) -> None:
        """Take a value from a file; one that is not allowed any more is left."""
        with suppress(ValueError):
            self.value = self.parameter.check(noted, self.name)
            self.touched = True

    def reset(self) -> None:
        """Show again what the field started with."""
        self.value = self.start
        self.touched = False

    def calibrate(self, grid: Grid | None) -> None:
        """Show the unit of a grid, where the parameter has one."""

    def show_pixels(self, on: bool) -> None:
        """Let a length be typed in pixels, or in the unit of the grid."""


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return "none" if value is None else value


class Number(Field):
    """A number, with a check box beside it where it may be left out."""

    def __init__(self, parameter: Parameter, title: str = "") -> None:
        self._exact: float | int | None = None
        self._found: float | None = None
        self._factor = 1.0
        self._unit = ""
        self._power = 0
        self._in_pixels = False
        self._recalled: tuple[float, str] | None = None
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
        return shown * self._shown_in

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

    @property
    def _shown_in(self) -> float:
        """How much of the unit of the value is 1 in the box."""
        return self._factor if self._in_pixels and self._power else 1

    def _shows(self, value: float) -> float:
        if self.parameter.type is int:
            return value
        if not math.isfinite(value):
            return math.copysign(_FAR, value) if math.isinf(value) else 0.0
        return round(value / self._shown_in, self.widget.native.decimals())

    @property
    def start(self) -> Any:
        """The default: of a length, so many pixels."""
        default = self.parameter.default
        return default if default is None or not self._power else rounded(default * self._factor)

    @property
    def noted(self) -> Any:
        """The value, with its unit where it has one."""
        value = self.value
        return {"value": value, "unit": self._unit} if self._power and value is not None else _plain(value)

    def recall(self, noted: Any) -> None:
        """Take a value from a file, now or as soon as there is a layer whose unit it can be given in."""
        if not isinstance(noted, Mapping):
            super().recall(noted)
            return
        with suppress(ValueError, TypeError, KeyError):
            self._recalled = self.parameter.check(noted["value"], self.name), str(noted["unit"])
            self._take_recalled()

    def _take_recalled(self) -> bool:
        """Show a length that was used before, in the unit of now; return whether that is possible."""
        if self._recalled is None:
            return False
        recalled = self._recalled
        try:
            self.value = recalled[0] * _unit_factor(recalled[1], self._unit)
        except ValueError:
            return False
        self.touched, self._recalled = True, recalled
        return True

    def _on_change(self) -> None:
        # what somebody types takes the place of what was used before
        self._recalled = None
        super()._on_change()

    def reset(self) -> None:
        """Show the default again."""
        self._recalled = None
        super().reset()

    def show_pixels(self, on: bool) -> None:
        """Let a length be typed in pixels, or in the unit of the grid."""
        value, touched = self.value, self.touched
        if on == self._in_pixels:
            return
        self._in_pixels = on
        if not self._power:
            return
        with self.widget.changed.blocked():
            self._set_step(self.widget, rounded(self._factor / self._shown_in, 1))
            shown = value if value is not None else self._found
            if shown is not None:
                self._exact = value
                self.widget.value = self._shows(shown)
        self.touched = touched
        self._show_unit()

    def _show_unit(self) -> None:
        """Say in what the number is, and how large a pixel is."""
        pixels = "pixels" if self._power > 0 else "per pixel"
        self.title.value = f"{self.name} ({pixels if self._in_pixels else self._unit})"
        tooltip = self.parameter.description
        if self._power > 0 and self._unit.partition("^")[0] != "pixel":
            along = " along y" if self._power == 1 else ""
            tooltip += f"\n\nA pixel is {self._factor:.4g} {self._unit}{along}."
        self.widget.tooltip = tooltip

    def calibrate(self, grid: Grid | None) -> None:
        """Show the unit of a grid, and start at so many of its pixels.

        A number that a person has typed stays while the unit stays.
        """
        unit = self.parameter.unit
        if unit is None or unit.name == "intensity":
            return
        ndim = grid.ndim if grid is not None else 2
        text = unit.text(grid.unit if grid is not None else "pixel", ndim)
        power = unit.exponent(ndim)
        if not power:
            self.title.value = f"{self.name} ({text})"
            return
        pixel = grid.spacing_along("y") if grid is not None else 1.0
        size = float(np.prod(grid.block_spacing)) if grid is not None else 1.0
        factor = pixel if power == 1 else size
        same = factor == self._factor and text == self._unit
        kept = self.touched and text == self._unit
        typed, default, recalled = self.value, self.parameter.default, self._recalled
        self._factor, self._unit, self._power = factor, text, power
        self._show_unit()
        if same:
            return
        self._set_step(self.widget, rounded(factor / self._shown_in, 1))
        if kept:
            self.value = typed
        elif not self._take_recalled():
            self.value = self.start
            if default is None:
                # what the box shows once the check is taken away
                self.widget.value = self._shows(rounded(64 * factor if power > 1 else 10 * factor))
            self.touched, self._recalled = False, recalled


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
        # beside many rows a title in the middle is not found
        self.row.native.layout().setAlignment(self.title.native, Qt.AlignmentFlag.AlignTop)

    def _make(self) -> Any:
        from objectwise.measure.groups import WORDS

        tips = {name: words.text.replace("`", "") for name, words in WORDS.items()}
        self.boxes = {
            name: CheckBox(
                value=checked, text=name.replace("_", " ").capitalize(), tooltip=tips.get(name, "")
            )
            for name, checked in self.groups.items()
        }
        self.rare = QWidget()
        self.more = QToolButton()
        self.more.setText("more ...")
        self.more.setCheckable(True)
        self.more.setAutoRaise(True)
        self.more.setToolTip("What else there is to measure")
        self.more.toggled.connect(self.rare.setVisible)
        holder = Container(widgets=list(self.boxes.values()), labels=False)
        holder.margins = (0, 0, 0, 0)
        usual, rare = QGridLayout(), QGridLayout(self.rare)
        column = holder.native.layout()
        column.addLayout(usual)
        column.addWidget(self.more)
        column.addWidget(self.rare)
        for grid in (usual, rare):
            grid.setContentsMargins(0, 0, 0, 0)
            grid.setVerticalSpacing(2)
        for name, box in self.boxes.items():
            first = name in self.usual
            grid, n_columns = (usual, 2) if first else (rare, 1)
            grid.addWidget(box.native, *divmod(grid.count(), n_columns))
        self._show_more()
        return holder

    def _show_more(self) -> None:
        """Open the list where something in it is checked."""
        on = any(box.value for name, box in self.boxes.items() if name not in self.usual)
        self.more.setChecked(on or self.more.isChecked())
        self.rare.setVisible(self.more.isChecked())
        self.more.setVisible(len(self.boxes) > len(self.usual))

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
        self._show_more()
        # names of single columns have no box, but are not lost
        self._exact = None if value is None or set(names) <= set(self.groups) else names
