"""Whether the rows of a layer's table are those of its pixels: followed for as long as the layer has a table.

This belongs to the layer and not to a dock, as a table grows old whether it is looked at or not, and what napari
itself shows of it (`layer.features`) must not stay on pixels that are other ones. Where little has changed the rows
are measured again by themselves as soon as nobody edits; else they are marked until somebody asks for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from napari.layers import Labels, Layer
from psygnal import Signal
from qtpy.QtCore import QTimer

from objectwise.core.table import KEYS, Table
from objectwise.gui.layers.calibration import data_of, grid_of
from objectwise.gui.layers.conversion import fingerprint, source_of
from objectwise.gui.runs.newest import Failure, Newest, attempt
from objectwise.gui.table.features import publish_again
from objectwise.gui.table.noted_table import NotedTable, keep_table, table_of
from objectwise.gui.table.remeasure import Boxes, different_rows, effort, look, measure_again, stale_rows
from objectwise.gui.table.selection import keys_of, selection_of

# after the last sign of an edit, in milliseconds
_PAUSE = 300
# pixels up to which is measured without asking: less than a second
_CHEAP = 1 << 22

_EVENTS = ("set_data", "data", "paint", "labels_update", "scale", "units", "affine")


class Freshness:
    """What is known of the age of a layer's table.

    Attributes
    ----------
    stale : (n,) array of int
        The rows that are from before an edit, sorted; see `keys_of`.
    again : (n,) array of int
        The rows that were measured again after one, sorted.
    outdated : bool
        Whether the labels are other than those that were measured.
    problem : str
        Why the rows cannot be measured again; empty where they can.
    changed : Signal
        Any of this is other than it was.
    """

    changed = Signal()

    def __init__(self, layer: Labels) -> None:
        self._layer = ref(layer)
        self._of: Any = None
        self._grid: Any = None
        self._numbers: list[np.ndarray] | None = None
        self._boxes: Boxes = {}
        self._dirty = False
        self.stale = self.again = np.zeros(0, np.int64)
        self.outdated, self.problem = False, ""
        self._look, self._measure = Newest(self._on_looked), Newest(self._on_measured)
        self._soon = QTimer()
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PAUSE)
        self._soon.timeout.connect(self.look)
        for name in _EVENTS:
            getattr(layer.events, name).connect(self._on_event)
        selection_of(layer).measured.connect(self.look)

    @property
    def busy(self) -> bool:
        """Whether something is looked for or measured."""
        return self._look.busy or self._measure.busy or self._soon.isActive()

    @property
    def measuring(self) -> bool:
        """Whether rows are being measured again."""
        return self._measure.busy

    def _on_event(self, _event: Any = None) -> None:
        # painting, undo, and no more than another slice all arrive here; which it was is told by the pixels
        if self._layer() is not None:
            self._soon.start()

    # --- what has changed ------------------------------------------------------------------------------

    def look(self) -> None:
        """Look for what has changed, in another thread."""
        layer = self._layer()
        noted = table_of(layer)
        if layer is None or noted is None or not noted.labelled:
            return
        if self._measure.busy:
            self._dirty = True
            return
        if noted.measured is not self._of:
            self._of, self._numbers, self._boxes = noted.measured, None, {}
            self._grid = grid_of(layer)
            self.again = np.zeros(0, np.int64)
            self._tell(np.zeros(0, np.int64), False)
        source = source_of(layer)
        self._look.request(_look, noted, source, self._numbers, data_of(layer))

    def _on_looked(self, found: tuple[NotedTable, list[np.ndarray], Boxes] | Failure) -> None:
        layer = self._layer()
        if layer is None or isinstance(found, Failure):
            return
        noted, numbers, boxes = found
        now = table_of(layer)
        if now is None or noted.measured is not now.measured or self._measure.busy:
            self._soon.start()
            return
        origin = noted.origin
        if self._grid != grid_of(layer) or (origin is not None and origin.replaced(layer)):
            boxes = None
        if self._numbers is None and boxes is not None:
            # from now on these are what was measured
            self._numbers = numbers
        self._boxes, outdated = boxes, boxes is None or bool(boxes)
        step = origin.step if origin is not None else None
        keys = _keys(noted.table)
        self._tell(np.sort(keys[stale_rows(noted.table, noted.grid, boxes, step)]), outdated)
        if outdated and not self.problem and origin is not None:
            lazy = not all(isinstance(data_of(item), np.ndarray) for item, _ in _alive(origin))
            if not lazy and effort(boxes, source_of(layer), origin.step) <= _CHEAP:
                self.measure_again()

    def _tell(self, stale: np.ndarray, outdated: bool) -> None:
        """Say which rows are old, and take them out of what napari shows."""
        layer = self._layer()
        noted = table_of(layer)
        if layer is None or noted is None:
            return
        problem = self._why_not(noted) if outdated else ""
        before = (self.outdated, self.problem)
        if before == (outdated, problem) and np.array_equal(stale, self.stale):
            return
        self.stale, self.outdated, self.problem = stale, outdated, problem
        publish_again(layer, self.fresh_frame(), id(noted))
        self.changed.emit()

    def _why_not(self, noted: NotedTable) -> str:
        """Say why nothing can be measured again."""
        if noted.origin is None:
            return "Measure again in the dock that made the table."
        names = noted.origin.missing()
        if names:
            gone = " and ".join(names)
            return (
                f"They cannot be measured again, as {gone} {'is' if len(names) == 1 else 'are'} no more here."
            )
        return ""

    def fresh_frame(self) -> Any:
        """Return the rows of the table that are not stale."""
        noted = table_of(self._layer())
        assert noted is not None
        frame = noted.table.frame
        if not len(self.stale):
            return frame
        return frame[~np.isin(_keys(noted.table), self.stale)]

    # --- measuring again -------------------------------------------------------------------------------

    def measure_again(self) -> None:
        """Measure what has changed, in another thread."""
        layer = self._layer()
        noted = table_of(layer)
        if layer is None or noted is None or not self.outdated or self._measure.busy:
            return
        self.problem = self._why_not(noted)
        if self.problem or noted.origin is None:
            self.changed.emit()
            return
        sources = noted.origin.sources()
        labels = next(name for name, (held, _) in noted.origin.layers.items() if held() is layer)
        arguments = (sources, self._boxes, self._numbers, data_of(layer))
        self._measure.request(_measure, noted, labels, *arguments)
        self.changed.emit()

    def _on_measured(self, found: tuple[NotedTable, Any, Any, str] | Failure) -> None:
        layer = self._layer()
        if layer is None:
            return
        if isinstance(found, Failure):
            # pixels that change while they are measured; what is there now is looked at again
            self.problem = f"They could not be measured again: {found.reason}"
            self.changed.emit()
            return
        before, table, numbers, mark = found
        now = table_of(layer)
        if now is None or before.measured is not now.measured:
            self._soon.start()
            return
        again = different_rows(before.measured, table)
        kept = _keys(table)
        gone = np.setdiff1d(_keys(before.measured), kept)
        self.again = np.union1d(self.again[np.isin(self.again, kept)], again)
        self.stale, self.outdated, self.problem = np.zeros(0, np.int64), False, ""
        self._of, self._numbers, self._boxes = table, numbers, {}
        self._grid = grid_of(layer)
        origin = now.origin.renewed() if now.origin is not None else None
        grid = source_of(layer).grid
        keep_table(layer, replace(now, measured=table, grid=grid, mark=mark, origin=origin))
        publish_again(layer, self.fresh_frame(), id(table_of(layer)))
        # what there is no more is not selected
        selection_of(layer).choose(np.setdiff1d(selection_of(layer).keys, gone))
        self.changed.emit()
        if self._dirty:
            self._dirty = False
            self._soon.start()


def _keys(table: Table) -> np.ndarray:
    return keys_of(*(table.frame[name].to_numpy() for name in KEYS))


def _alive(origin: Any) -> list[tuple[Layer, Any]]:
    return [(layer, array) for held, array in origin.layers.values() if (layer := held()) is not None]


@attempt
def _look(noted: NotedTable, source: Any, before: Any, array: Any) -> Any:
    return noted, *look(source, before, array, noted.mark)


@attempt
def _measure(noted: NotedTable, labels: str, sources: Any, boxes: Boxes, before: Any, array: Any) -> Any:
    # first the numbers: an edit meanwhile then is one that came later
    numbers, now = look(sources[labels], before)
    mark = fingerprint(array)
    changed = None if boxes is None else now
    table = measure_again(noted.measured, labels, noted.origin, sources, changed)
    return noted, table, numbers, mark


_kept: WeakKeyDictionary[Layer, Freshness] = WeakKeyDictionary()


def freshness_of(layer: Labels) -> Freshness:
    """Return what is known of the age of a layer's table: always the same for the same layer."""
    if layer not in _kept:
        _kept[layer] = Freshness(layer)
    return _kept[layer]
