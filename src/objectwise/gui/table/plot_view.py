"""A plot in which rows are selected by drawing around them: histogram or points, lasso or rectangle.

It knows arrays and places in them alone, and nothing of tables and layers. A hundred thousand points are one item
with one kind of mark, as anything drawn one by one would stand still.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from pyqtgraph import exporters
from qtpy.QtCore import QPointF, Qt, Signal
from qtpy.QtGui import QColor, QPainter
from qtpy.QtSvg import QSvgGenerator
from skimage.measure import points_in_poly

_SELECTED = "#ffb000"
_MARK = {False: "#8fb8ff", True: "#2456a8"}
_GROUND = {False: ("#262930", "#d8dbe0"), True: ("#ffffff", "#303338")}
# pixels of the screen around a point that a click may miss it by
_REACH = 8
# a lasso is made of as many corners at most: a drag across the screen has thousands
_CORNERS = 200


class _SelectBox(pg.ViewBox):
    """The area of a plot, in which the left button draws around points, and the middle one or the wheel moves."""

    def __init__(self, view: PlotView) -> None:
        super().__init__(enableMenu=False)
        self.view = view

    def mouseDragEvent(self, event: Any, axis: Any = None) -> None:  # noqa: N802 - pyqtgraph's name
        if event.button() != Qt.MouseButton.LeftButton or axis is not None:
            super().mouseDragEvent(event, axis)
            return
        event.accept()
        start = self.mapToView(event.buttonDownPos())
        self.view.draw_around(
            start, self.mapToView(event.pos()), event.isStart(), event.isFinish(), event.modifiers()
        )

    def mouseClickEvent(self, event: Any) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            if event.double():
                self.autoRange()
            else:
                self.view.click_at(self.mapToView(event.pos()), event.modifiers())
        else:
            super().mouseClickEvent(event)


class _Points(pg.ScatterPlotItem):
    """Points that leave clicks to the plot, which asks for the nearest rather than for all below the pointer."""

    def mouseClickEvent(self, event: Any) -> None:  # noqa: N802 - pyqtgraph's name
        event.ignore()


class PlotView(pg.PlotWidget):
    """Points, or a histogram of one of their values.

    Attributes
    ----------
    drawn_around : Signal
        Places of the points that were drawn around, and the keys that were held.
    clicked : Signal
        Place of the point that was clicked, or those of the bar; and the keys that were held.
    lasso : bool
        Whether a drag draws freely, rather than a rectangle.
    """

    drawn_around = Signal(object, object)
    clicked = Signal(object, object)

    def __init__(self) -> None:
        super().__init__(viewBox=_SelectBox(self))
        self.lasso = True
        self.xs = self.ys = np.zeros(0)
        self.edges = np.zeros(0)
        self.bars = pg.PlotCurveItem([0, 0], [0], stepMode="center", fillLevel=0)
        self.chosen_bars = pg.PlotCurveItem([0, 0], [0], stepMode="center", fillLevel=0)
        self.points = _Points(size=5, pen=None, pxMode=True)
        self.chosen_points = _Points(size=9, pxMode=True)
        self.outline = pg.PlotCurveItem(pen=pg.mkPen(_SELECTED, width=2))
        for item in (self.bars, self.chosen_bars, self.points, self.chosen_points, self.outline):
            self.addItem(item, ignoreBounds=item is self.outline)
        self.chosen_points.setZValue(10)
        for side in ("left", "bottom"):
            self.getAxis(side).enableAutoSIPrefix(False)
        self.hideButtons()
        self.getPlotItem().setContentsMargins(0, 6, 10, 6)
        self.setMinimumHeight(150)
        self.setToolTip(
            "Drag around objects to select them, click one to go to it; Shift adds. The wheel zooms, the middle button "
            "moves, a double click shows all."
        )
        self._path: list[tuple[float, float]] = []
        self._bins = np.zeros(0, int)
        self.light = False

    # --- what is shown ---------------------------------------------------------------------------------

    def dress(self, light: bool) -> None:
        """Take the colours of a light or a dark theme."""
        self.light = light
        ground, text = _GROUND[light]
        self.setBackground(ground)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(text)
            axis.setTextPen(text)
        mark = QColor(_MARK[light])
        self.points.setBrush(mark)
        self.bars.setPen(mark)
        mark.setAlpha(110)
        self.bars.setBrush(mark)
        chosen = QColor(_SELECTED)
        self.chosen_bars.setPen(chosen)
        # a ring, as the colour of the point may mean something
        self.chosen_points.setPen(pg.mkPen(chosen, width=2))
        self.chosen_points.setBrush(None)
        chosen.setAlpha(170)
        self.chosen_bars.setBrush(chosen)

    def show_points(
        self,
        x: np.ndarray,
        y: np.ndarray,
        colours: np.ndarray | None,
        names: tuple[str, str],
        log: tuple[bool, bool],
    ) -> None:
        """Show points; those without a place, or without a logarithm, are left out.

        Parameters
        ----------
        x, y : (n,) array
        colours : (n, 4) array of uint8, optional
            A colour for each.
        names : tuple of str
            What stands at the axes.
        log : tuple of bool
            Whether an axis is logarithmic.
        """
        self.xs, self.ys = _scaled(x, log[0]), _scaled(y, log[1])
        self.edges = np.zeros(0)
        here = np.isfinite(self.xs) & np.isfinite(self.ys)
        brush: Any = QColor(_MARK[self.light])
        if colours is not None:
            kinds, which = np.unique(colours[here], axis=0, return_inverse=True)
            brushes = np.array([pg.mkBrush(*kind.tolist()) for kind in kinds], object)
            brush = list(brushes[which.ravel()]) if len(kinds) else brush
        self.points.setData(x=self.xs[here], y=self.ys[here], brush=brush, pen=None)
        self.bars.setData([0, 0], [0])
        self.chosen_bars.setData([0, 0], [0])
        for item, on in ((self.bars, False), (self.chosen_bars, False), (self.points, True)):
            item.setVisible(on)
        self._name(names, log)

    def show_histogram(self, values: np.ndarray, n_bins: int, name: str, log: tuple[bool, bool]) -> None:
        """Show how many values lie in each of some ranges of the same width."""
        self.xs = self.ys = _scaled(values, log[0])
        here = self.xs[np.isfinite(self.xs)]
        low, high = (float(here.min()), float(here.max())) if len(here) else (0.0, 1.0)
        if low == high:
            low, high = low - 0.5, high + 0.5
        self.edges = np.linspace(low, high, n_bins + 1)
        with np.errstate(invalid="ignore"):
            bins = np.floor((self.xs - low) / (high - low) * n_bins)
        bins = np.where(np.isfinite(bins), np.clip(bins, 0, n_bins - 1), -1)
        self._bins, self._log_count = bins.astype(int), log[1]
        self.bars.setData(self.edges, self._heights(np.ones(len(values), bool)))
        for item, on in (
            (self.bars, True),
            (self.chosen_bars, True),
            (self.points, False),
            (self.chosen_points, False),
        ):
            item.setVisible(on)
        self._name((name, "number"), log)

    def _heights(self, chosen: np.ndarray) -> np.ndarray:
        counts = np.bincount(self._bins[chosen & (self._bins >= 0)], minlength=len(self.edges) - 1).astype(
            float
        )
        return np.log10(counts + 1) if self._log_count else counts

    def _name(self, names: tuple[str, str], log: tuple[bool, bool]) -> None:
        for side, name, scaled in zip(("bottom", "left"), names, log, strict=True):
            counted = side == "left" and len(self.edges) > 0
            self.getAxis(side).setLogMode(scaled and not counted)
            self.setLabel(side, "log₁₀ of (number + 1)" if scaled and counted else name)
        # bars stand on the axis
        self.getViewBox().setLimits(yMin=0 if len(self.edges) else -1e307)
        self.getPlotItem().autoRange()

    def show_chosen(self, chosen: np.ndarray) -> None:
        """Show which of the points are selected; a truth value for each."""
        if len(self.edges):
            self.chosen_bars.setData(self.edges, self._heights(chosen))
            return
        here = chosen & np.isfinite(self.xs) & np.isfinite(self.ys)
        self.chosen_points.setData(x=self.xs[here], y=self.ys[here])
        self.chosen_points.setVisible(True)

    @property
    def n_placed(self) -> int:
        """How many of the points have a place."""
        return int(np.count_nonzero(np.isfinite(self.xs) & np.isfinite(self.ys)))

    # --- what is drawn ---------------------------------------------------------------------------------

    def draw_around(self, start: QPointF, now: QPointF, first: bool, last: bool, keys: Any) -> None:
        """Go on with a line around points; at its end, tell which are inside."""
        if first:
            self._path = [(start.x(), start.y())]
        a, b = (start.x(), start.y()), (now.x(), now.y())
        if len(self.edges):
            low, high = self.getViewBox().viewRange()[1]
            path = [(a[0], low), (b[0], low), (b[0], high), (a[0], high)]
        elif self.lasso:
            self._path.append(b)
            path = self._path
        else:
            path = [a, (b[0], a[1]), b, (a[0], b[1])]
        corners = np.array([*path, path[0]])
        self.outline.setData(corners[:, 0], corners[:, 1])
        if last:
            self.outline.setData([], [])
            self.drawn_around.emit(self.inside(np.array(path)), keys)

    def inside(self, path: np.ndarray) -> np.ndarray:
        """Return the places of the points inside a line."""
        low, high = path.min(axis=0), path.max(axis=0)
        inside = (self.xs >= low[0]) & (self.xs <= high[0])
        if not len(self.edges):
            inside &= (self.ys >= low[1]) & (self.ys <= high[1])
        places = np.flatnonzero(inside)
        if len(self.edges) or not len(places):
            return places
        step = max(1, len(path) // _CORNERS)
        scale = np.where(high > low, high - low, 1)
        points = np.stack([self.xs[places], self.ys[places]], axis=1)
        return places[points_in_poly((points - low) / scale, (path[::step] - low) / scale)]

    def click_at(self, place: QPointF, keys: Any) -> None:
        """Tell which point or bar was clicked; nothing where there is none."""
        if len(self.edges):
            number = int(np.searchsorted(self.edges, place.x(), side="right")) - 1
            inside = 0 <= number < len(self.edges) - 1
            self.clicked.emit(np.flatnonzero(self._bins == number) if inside else np.zeros(0, int), keys)
            return
        pixel = self.getViewBox().viewPixelSize()
        with np.errstate(invalid="ignore"):
            distance = ((self.xs - place.x()) / pixel[0]) ** 2 + ((self.ys - place.y()) / pixel[1]) ** 2
        distance = np.where(np.isfinite(distance), distance, np.inf)
        hit = len(distance) and distance.min() <= _REACH**2
        self.clicked.emit(np.array([distance.argmin()]) if hit else np.zeros(0, int), keys)

    # --- out -------------------------------------------------------------------------------------------

    def write_picture(self, path: str) -> None:
        """Write the plot as PNG, or as SVG where the name ends so."""
        if not path.lower().endswith(".svg"):
            exporter = exporters.ImageExporter(self.getPlotItem())
            exporter.parameters()["width"] = 1600
            exporter.export(path)
            return
        # pyqtgraph's own writer of SVG fails at bars
        generator = QSvgGenerator()
        generator.setFileName(path)
        generator.setSize(self.size())
        generator.setViewBox(self.rect())
        exporter = exporters.Exporter(self.getPlotItem())
        painter = QPainter(generator)
        options = {"antialias": True, "background": None, "painter": painter, "resolutionScale": 1.0}
        exporter.setExportMode(True, options)
        try:
            self.render(painter)
        finally:
            exporter.setExportMode(False)
            painter.end()


def _scaled(values: np.ndarray, log: bool) -> np.ndarray:
    values = np.asarray(values, float)
    if not log:
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, np.log10(values), np.nan)
