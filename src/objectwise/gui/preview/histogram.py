"""The brightness of an image as a histogram, with lines that are dragged.

It knows counts, names and numbers, and nothing of layers, forms or docks: whoever shows it fills it with
`set_histogram` and `set_lines`, and listens to `moved`. Counts may be as fine as one bin for each of
65,536 levels; what is drawn is about one bar for each pixel of the width, added up from them exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyqtgraph
from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

_HEIGHT = 100
_BARS = 256
# parts of the pixels: what lies outside is not shown unless all is asked for
_DARK, _BRIGHT = 0.0005, 0.999

# text, bars and lines, on a dark and on a light ground
_COLORS = {False: ("#c8ccd2", "#8a919c", "#ffb347"), True: ("#40454d", "#9aa0aa", "#c2410c")}


def rebin(counts: np.ndarray, edges: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Add up bins until few enough are left to be drawn between two brightnesses.

    Parameters
    ----------
    counts : (n,) array
    edges : (n + 1,) array
    low, high : float
        What is drawn; bins beyond are left out.

    Returns
    -------
    counts, edges
        At most about 256 bins, of whole bins each, so that the counts are exact.

    Examples
    --------
    >>> rebin(np.ones(1000), np.arange(1001.0), 0.0, 1000.0)[0][:3]
    array([4., 4., 4.])
    """
    first = int(np.clip(np.searchsorted(edges, low, side="right") - 1, 0, len(counts) - 1))
    last = int(np.clip(np.searchsorted(edges, high, side="left"), first + 1, len(counts)))
    step = -(-(last - first) // _BARS)
    starts = np.arange(first, last, step)
    return np.add.reduceat(counts[:last], starts), np.append(edges[starts], edges[last])


def percentiles(counts: np.ndarray, edges: np.ndarray) -> tuple[float, float]:
    """Return between which two brightnesses all but a few of the pixels lie."""
    total = np.cumsum(counts)
    inside = np.searchsorted(total, [_DARK * total[-1], _BRIGHT * total[-1]])
    return float(edges[inside[0]]), float(edges[min(inside[1], len(counts) - 1) + 1])


class Histogram(QWidget):
    """A histogram with lines.

    Attributes
    ----------
    moved : Signal
        ``moved(name, value)`` while a person drags a line; not when `set_lines` moves it.
    """

    moved = Signal(str, float)

    def __init__(self, light: bool = False) -> None:
        super().__init__()
        self.lines: dict[str, pyqtgraph.InfiniteLine] = {}
        self._drawn: tuple[Any, ...] = ()
        self.range = self._pixels = (0.0, 1.0)
        self._counts, self._edges = np.zeros(1), np.array([0.0, 1.0])
        self._limits: tuple[float, ...] = ()
        self._classes: list[pyqtgraph.LinearRegionItem] = []
        self._shades: list[QColor] = []
        self.plot = pyqtgraph.PlotWidget(enableMenu=False)
        self.plot.setFixedHeight(_HEIGHT)
        self.plot.setMouseEnabled(False, False)
        self.plot.hideButtons()
        self.plot.hideAxis("left")
        self.plot.getPlotItem().layout.setContentsMargins(2, 2, 8, 0)
        # the wheel scrolls what the histogram lies in
        self.plot.viewport().installEventFilter(self)
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.plot.setToolTip("How many pixels have which brightness. Drag a line to set its value.")
        self.bars = pyqtgraph.PlotCurveItem([0.0, 1.0], [0.0], stepMode="center", fillLevel=0)
        self.plot.addItem(self.bars)
        self.log = self._button("log", "Few pixels of a brightness are seen as well as many", True)
        self.all = self._button("all", "The whole range of brightness, with the last of its pixels", False)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        for button in (self.log, self.all):
            row.addWidget(button)
        over = QVBoxLayout(self.plot)
        over.setContentsMargins(0, 0, 2, 0)
        over.addLayout(row)
        over.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        self.paint(light)

    def _button(self, text: str, tip: str, on: bool) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setCheckable(True)
        button.setChecked(on)
        button.toggled.connect(self._draw)
        return button

    # --- what is shown ---------------------------------------------------------------------------------

    def set_histogram(self, counts: np.ndarray, edges: np.ndarray) -> None:
        """Show how many pixels lie in each bin; there is one edge more than there are bins."""
        if len(edges) != len(counts) + 1 or len(counts) == 0:
            raise ValueError(f"{len(counts)} counts need {len(counts) + 1} edges; found {len(edges)}")
        self._counts, self._edges = np.asarray(counts, float), np.asarray(edges, float)
        for line in self.lines.values():
            line.setBounds(self._whole_range())
        self._draw()

    def set_lines(self, values: Mapping[str, float], tips: Mapping[str, str] | None = None) -> None:
        """Show a line at each of these values, by name; a name that is left out has none any more."""
        for name in set(self.lines) - set(values):
            self.plot.removeItem(self.lines.pop(name))
        for name, value in values.items():
            line = self.lines.get(name)
            if line is None:
                line = self.lines[name] = self._line(name)
                line.setToolTip(f"{(tips or {}).get(name, name)}\nDrag to set it.")
            if not line.moving:
                line.setValue(value)
            line.label.setVisible(len(values) > 1)
        self._fit()

    def set_classes(self, limits: Sequence[float], colors: Sequence[QColor]) -> None:
        """Shade the classes that lie between limits, one colour more than there are limits; none for none."""
        for item in self._classes:
            self.plot.removeItem(item)
        self._classes, self._limits, self._shades = [], tuple(limits), [QColor(color) for color in colors]
        for shade in self._shades:
            shade.setAlpha(90)
            item = pyqtgraph.LinearRegionItem((0, 0), movable=False, brush=shade, pen=pyqtgraph.mkPen(None))
            item.setZValue(-10)
            self.plot.addItem(item)
            self._classes.append(item)
        self._place_classes()

    def paint(self, light: bool) -> None:
        """Colour everything so that it can be read on a light or a dark ground."""
        text, bars, line = _COLORS[light]
        self.plot.setBackground(None)
        axis = self.plot.getAxis("bottom")
        axis.setPen(text)
        axis.setTextPen(text)
        axis.setStyle(tickLength=3, tickTextOffset=1)
        axis.setHeight(18)
        self.bars.setPen(pyqtgraph.mkPen(None))
        self.bars.setBrush(pyqtgraph.mkBrush(bars))
        for button in (self.log, self.all):
            button.setStyleSheet(
                f"QToolButton {{ color: {bars}; background: transparent; border: none; padding: 1px; }}"
                f"QToolButton:checked {{ color: {line}; font-weight: bold; }}"
            )
        self._line_color, self._text_color = line, text
        for item in self.lines.values():
            self._paint_line(item)

    # --- how -------------------------------------------------------------------------------------------

    def _line(self, name: str) -> pyqtgraph.InfiniteLine:
        line = pyqtgraph.InfiniteLine(
            movable=True,
            label=name.replace("_", " "),
            # the upper right corner has buttons
            labelOpts={"position": 0.9, "movable": False, "anchors": [(0, 0), (1, 0)]},
        )
        line.setCursor(Qt.CursorShape.SizeHorCursor)
        self._paint_line(line)
        line.sigDragged.connect(lambda item: self.moved.emit(name, float(item.value())))
        line.setBounds(self._whole_range())
        self.plot.addItem(line)
        return line

    def _paint_line(self, line: pyqtgraph.InfiniteLine) -> None:
        line.setPen(pyqtgraph.mkPen(self._line_color, width=2))
        line.setHoverPen(pyqtgraph.mkPen(self._line_color, width=4))
        line.label.setColor(self._text_color)

    def _draw(self, *_: object) -> None:
        asked = self._whole_range() if self.all.isChecked() else percentiles(self._counts, self._edges)
        self._pixels = asked
        self._fit()

    def _whole_range(self) -> tuple[float, float]:
        used = np.flatnonzero(self._counts)
        if not used.size:
            return float(self._edges[0]), float(self._edges[-1])
        return float(self._edges[used[0]]), float(self._edges[used[-1] + 1])

    def _fit(self) -> None:
        """Show the range of the pixels, and every line."""
        low, high = self._pixels
        darkest, brightest = self._whole_range()
        for line in self.lines.values():
            # a line beyond all pixels would leave no room for them
            value = min(max(line.value(), darkest), brightest)
            low, high = min(low, value), max(high, value)
        drawn = (low, high, self.log.isChecked(), self._counts)
        if len(self._drawn) == 4 and self._drawn[:3] == drawn[:3] and self._drawn[3] is self._counts:
            # to draw the bars again takes as long as a small preview
            return
        self._drawn = drawn
        room = 0.02 * (high - low)
        self.range = (low - room, high + room)
        counts, edges = rebin(self._counts, self._edges, low, high)
        heights = np.log10(1 + counts) if self.log.isChecked() else counts
        self.bars.setData(edges, heights)
        self.plot.setXRange(*self.range, padding=0)
        self.plot.setYRange(0, 1.05 * max(float(heights.max()), 1e-9), padding=0)
        self._place_classes()

    def _place_classes(self) -> None:
        low, high = self.range
        ends = [low, *self._limits, high]
        for item, first, last in zip(self._classes, ends[:-1], ends[1:], strict=False):
            item.setRegion((min(max(first, low), high), min(max(last, low), high)))

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802 - Qt's name
        """Leave the wheel to what the histogram lies in."""
        if event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return False
