"""The histogram of a dock: a line for each parameter of the form that is a brightness of the image.

Which parameters these are is marked in the signature of the operation, so that every method that has one gets a line
for it. The plot is made when a method first needs it, as pyqtgraph takes a moment to load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Layer
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QVBoxLayout, QWidget

from objectwise.core.method import Method
from objectwise.gui.forms.fields import Number
from objectwise.gui.forms.form import Form
from objectwise.gui.preview.brightness import levels_of, shows_brightness, starts
from objectwise.gui.preview.glance import Seen

if TYPE_CHECKING:
    from objectwise.gui.preview.histogram import Histogram


class Levels(QWidget):
    """The histogram above the form of a dock, which sets the form and follows it.

    Attributes
    ----------
    wanted : bool
        Whether the chosen method has a histogram.
    histogram : Histogram or None
        None until a method has needed one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.wanted = False
        self.histogram: Histogram | None = None
        self._form: Form | None = None
        self._start: str | None = None
        self._light = False
        self._counts: Any = None
        self._fields: dict[str, Number] = {}
        self._placed: Any = None
        self._shaded: Any = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.hide()

    def serve(self, record: Method, form: Form) -> None:
        """Show the levels of a method and its form."""
        self._form, self._start = form, starts(record)
        self._fields = {
            item.name: field
            for item in levels_of(record)
            if isinstance(field := form.fields[item.name], Number)
        }
        self.wanted = shows_brightness(record)
        if self.histogram is not None:
            self.histogram.set_classes((), ())
            self._shaded = None
        if not self.wanted or self._counts is None:
            self.setVisible(False)
        else:
            self.setVisible(True)
            self._span()
        self.place_lines()

    def clear(self) -> None:
        """Show nothing, as it is not known which image is meant."""
        self._counts = None
        self.hide()

    def show_seen(self, seen: Seen, layer: Layer | None) -> bool:
        """Show what a preview has found; return whether a level was set that had to start somewhere."""
        found = seen.brightness
        if not self.wanted or self._form is None:
            return False
        if found is None:
            self.clear()
            return False
        histogram = self._made()
        histogram.setVisible(True)
        self.show()
        if found.counts is not self._counts:
            self._counts = found.counts
            self._range = (found.edges[0], found.edges[-1], found.whole)
            histogram.set_histogram(found.counts, found.edges)
            self._placed = None
            pixels = "in view" if found.part else "that the method counts"
            histogram.plot.setToolTip(
                f"How many pixels, of those {pixels}, have which brightness. Drag a line to set its value."
            )
            self._span()
        for row in found.values:
            if row["parameter"] in self._fields:
                self._fields[row["parameter"]].suggest(row["value"])
        started = False
        field = self._fields.get(self._start or "")
        if (
            field is not None
            and not field.touched
            and np.isfinite(found.start)
            and field.value != found.start
        ):
            field.value = found.start
            field.touched = False
            started = True
        self._shade(seen, layer)
        self.place_lines()
        return started

    def place_lines(self) -> None:
        """Put each line where the form has its value."""
        if self.histogram is not None and self.wanted:
            shown = {name: field.shown for name, field in self._fields.items()}
            values = {name: value for name, value in shown.items() if value is not None}
            if (self._fields, values) != self._placed:
                self._placed = (self._fields, values)
                tips = {name: field.parameter.description for name, field in self._fields.items()}
                self.histogram.set_lines(values, tips)

    def paint(self, light: bool) -> None:
        """Colour everything so that it can be read on a light or a dark ground."""
        self._light = light
        if self.histogram is not None:
            self.histogram.paint(light)

    def _made(self) -> Histogram:
        if self.histogram is None:
            from objectwise.gui.preview.histogram import Histogram

            self.histogram = Histogram(self._light)
            self.histogram.moved.connect(lambda name, value: self._fields[name].drag(value))
            layout = self.layout()
            assert layout is not None
            layout.addWidget(self.histogram)
        return self.histogram

    def _span(self) -> None:
        for field in self._fields.values():
            field.span(*self._range)

    def _shade(self, seen: Seen, layer: Layer | None) -> None:
        """Shade classes in the colours that the preview gives them."""
        assert self.histogram is not None
        numbers, limits = seen.classes if isinstance(layer, Labels) and seen.classes else ((), ())
        if (numbers, limits) == self._shaded:
            return
        self._shaded = numbers, limits
        self.histogram.set_classes(
            limits, [QColor.fromRgbF(*map(float, layer.get_color(n))) for n in numbers]
        )
