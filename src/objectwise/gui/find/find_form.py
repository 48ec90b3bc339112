"""The parameters of `find_objects` as the few controls that a first look needs.

The same record as the full dock, in shorter words: what is not shown keeps its default and is one click away in the
full dock. Beside everything that was changed an arrow leads back to what it was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from magicgui.widgets import CheckBox, Container, Label, RadioButtons, Slider
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractSpinBox, QHBoxLayout, QToolButton, QWidget

from objectwise.core.grid import Grid
from objectwise.core.method import Method
from objectwise.core.operation import Parameter
from objectwise.gui.forms.choosers import NarrowComboBox
from objectwise.gui.forms.fields import Field, Kept, Number
from objectwise.gui.forms.form import Form
from objectwise.gui.forms.rows import row_label

_N_STEPS = 100
# between the widgets of a row, in pixels
_SPACING = 4


class Either(Field):
    """Two choices beside each other."""

    def _make(self) -> Any:
        item = self.parameter
        buttons = RadioButtons(choices=list(item.choices), orientation="horizontal")
        buttons.value = item.default
        buttons.native.setStyleSheet("QGroupBox { border: 0; margin: 0; padding: 0; }")
        return buttons


class Check(Field):
    """A check box with its words behind it."""

    def _make(self) -> Any:
        return CheckBox(value=bool(self.parameter.default), text=self.name)

    def _beside(self) -> list[Any]:
        self.title.visible = False
        return [self.widget]


class LessMore(Field):
    """A fraction that means less the larger it is, as a slider from less to more.

    At its left end, where the fraction is 1, nothing is done. It is the square of the way from the right end, as small
    fractions are those that matter.
    """

    _exact: float | None = None

    def _make(self) -> Any:
        slider = Slider(value=self._place(self.parameter.default), min=0, max=_N_STEPS, readout=False)
        slider.min_width = 60
        return slider

    def _beside(self) -> list[Any]:
        return [Label(value="not"), self.widget, Label(value="more")]

    @staticmethod
    def _place(value: float) -> int:
        return round(_N_STEPS * (1 - math.sqrt(value)))

    @property
    def value(self) -> float:
        """The fraction; the exact one that was set, as long as the slider is not moved."""
        place = self.widget.value
        for exact in (self._exact, self.parameter.default):
            if exact is not None and self._place(exact) == place:
                return float(exact)
        return round((1 - place / _N_STEPS) ** 2, 4)

    @value.setter
    def value(self, value: float) -> None:
        self._exact = value
        self.widget.value = self._place(value)


class FindForm(Form):
    """A short form for `find_objects`.

    Parameters
    ----------
    record : Method
        `find_objects`.
    levels : QWidget
        The histogram with the line of the cut-off.
    """

    def __init__(self, record: Method, levels: QWidget) -> None:
        super().__init__(record)
        self.arrows: dict[str, QToolButton] = {}
        self._cut_offs = self._make_cut_offs()
        self.cut_off = NarrowComboBox()
        self.cut_off.addItems(list(self._cut_offs))
        tooltip = (
            "How bright a pixel must be to belong to an object, found in each frame anew.<br><br>"
            f"local, whole image: {self.fields['threshold'].parameter.description}<br><br>"
            f"by hand: {self.fields['cutoff'].parameter.description}"
        )
        self.cut_off.setToolTip(f"<qt>{tooltip}</qt>")
        self.cut_off_title = row_label("Cut-off", self.cut_off.toolTip())
        cut_off = QWidget()
        beside = QHBoxLayout(cut_off)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(_SPACING)
        beside.addWidget(self.cut_off_title)
        beside.addWidget(self.cut_off, 1)
        for name in _CHECKS:
            self.remove(self.fields[name].row)
        checks = Container(
            layout="horizontal", labels=False, widgets=[self.fields[name].row for name in _CHECKS]
        )
        checks.margins = (0, 0, 0, 0)
        for name in ("objects", "diameter"):
            self.remove(self.fields[name].row)
        for number, name in enumerate(("objects", "diameter")):
            self.insert(number, self.fields[name].row)
        self.append(checks)
        column = self.native.layout()
        column.setSpacing(_SPACING)
        column.insertWidget(2, cut_off)
        column.insertWidget(3, levels)
        self.cut_off.activated.connect(self._on_cut_off)
        for name, field in self.fields.items():
            if name in _SHOWN:
                layout = field.row.native.layout()
                layout.setSpacing(_SPACING)
                layout.addWidget(self._arrow(name, (name,)))
            field.changed.connect(self._follow_fields)
        beside.addWidget(self._arrow("cutoff", _OF_CUT_OFF))

    def _make_field(self, name: str, parameter: Parameter) -> Field:
        if name == "cutoff":
            # set by the line in the histogram
            field: Field = Number(parameter)
            field.row.visible = False
            return field
        if name not in _SHOWN:
            return Kept(parameter)
        field = _SHOWN[name](parameter, _TITLES[name])
        if isinstance(field, Number):
            # the arrows of the theme take the room that the other buttons of the row need
            field.widget.native.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
            field.widget.native.setStyleSheet("QAbstractSpinBox { min-width: 44px; }")
        return field

    def _make_cut_offs(self) -> dict[str, dict[str, Any]]:
        methods = self.record.parameters["method"]
        local = {"threshold": "local", "method": methods.default, "cutoff": None}
        found = {"automatic, local": local}
        for method in methods.choices:
            text = f"{str(method).replace('_', ' ')}, whole image"
            found[text] = {"threshold": "global", "method": method, "cutoff": None}
        return found | {BY_HAND: {}}

    def _on_cut_off(self, _number: int = 0) -> None:
        """Set the three parameters that one choice stands for."""
        values = self._cut_offs[self.cut_off.currentText()]
        if not values and self.fields["cutoff"].value is None:
            # beside what an automatic one would be
            values = {"cutoff": self.fields["cutoff"].shown or 0.0}
        with self.edited.blocked():
            self.show_values(values)
        self.edited.emit()

    def _follow_fields(self) -> None:
        """Show the choice that fits the parameters, and the arrows of what was changed."""
        now = {name: self.fields[name].value for name in _OF_CUT_OFF}
        texts = [text for text, values in self._cut_offs.items() if values == now]
        self.cut_off.setCurrentText(BY_HAND if now["cutoff"] is not None else "".join(texts[:1]))
        for arrow in self.arrows.values():
            arrow.setVisible(any(self._is_changed(name) for name in arrow.property("names")))

    def _is_changed(self, name: str) -> bool:
        return bool(self.fields[name].value != self.record.parameters[name].default)

    def _arrow(self, name: str, names: tuple[str, ...]) -> QToolButton:
        """Return the button that gives parameters their defaults again."""
        arrow = QToolButton()
        arrow.setText("\u21ba")
        arrow.setToolTip("Back to automatic" if name in _FOUND else "Back to the usual value")
        arrow.setAutoRaise(True)
        arrow.setFixedSize(18, 20)
        arrow.setProperty("names", list(names))
        policy = arrow.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        arrow.setSizePolicy(policy)
        arrow.setVisible(False)
        arrow.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        arrow.clicked.connect(lambda: self.reset(names))
        self.arrows[name] = arrow
        return arrow

    def reset(self, names: Sequence[str] = ()) -> None:
        """Give parameters their defaults."""
        with self.edited.blocked():
            self.show_values({name: self.record.parameters[name].default for name in names or self.fields})
        self._follow_fields()
        self.edited.emit()

    def calibrate(self, grid: Grid | None) -> None:
        """Show lengths in the unit of a grid."""
        super().calibrate(grid)
        for field in self.fields.values():
            field.title.value = field.title.value.replace("(um", "(µm")

    def align(self, width: int) -> None:
        """Give all labels one width in pixels."""
        super().align(width)
        self.cut_off_title.setFixedWidth(width)


BY_HAND = "by hand"
_CHECKS = ("keep_border", "fill_holes")
_OF_CUT_OFF = ("threshold", "method", "cutoff")
_FOUND = ("diameter", "min_diameter", "cutoff")
_SHOWN: dict[str, type[Field]] = {
    "objects": Either,
    "diameter": Number,
    "min_neck": LessMore,
    "min_diameter": Number,
    "keep_border": Check,
    "fill_holes": Check,
}
_TITLES = {
    "objects": "Objects are",
    "diameter": "Diameter",
    "min_neck": "Split touching",
    "min_diameter": "Smallest",
    "keep_border": "Keep at the edge",
    "fill_holes": "Fill holes",
}
