"""Whether a layer was edited by hand since it was made: told by its pixels, off the GUI thread."""

from __future__ import annotations

from typing import Any

from napari.layers import Layer
from qtpy.QtCore import QObject, QTimer, Signal
from superqt.utils import create_worker

from objectwise.gui.layers.calibration import data_of, notes_of
from objectwise.gui.layers.conversion import fingerprint


class HandEdits(QObject):
    """Follows one layer at a time.

    Attributes
    ----------
    found : Signal
        Emitted with whether the layer differs from what was made.
    """

    found = Signal(bool)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._layer: Layer | None = None
        self._worker: Any = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(400)
        self._soon.timeout.connect(self._check)

    def follow(self, layer: Layer | None) -> None:
        """Follow a layer, and no other any more."""
        for event in _edits(self._layer):
            event.disconnect(self._on_edit)
        self._layer = layer
        for event in _edits(layer):
            event.connect(self._on_edit)
        if layer is None:
            self._soon.stop()
        else:
            self._check()

    def _on_edit(self, _event: Any = None) -> None:
        self._soon.start()

    def _check(self) -> None:
        layer = self._layer
        mark = notes_of(layer).get("fingerprint") if layer is not None else None
        if layer is None or mark is None:
            return
        if self._worker is not None:
            self._soon.start()
            return
        worker = create_worker(fingerprint, data_of(layer), _start_thread=False, _ignore_errors=True)
        worker.returned.connect(lambda now: self._on_checked(layer, now != mark))
        worker.finished.connect(self._on_done)
        self._worker = worker
        worker.start()

    def _on_checked(self, layer: Layer, edited: bool) -> None:
        if layer is self._layer:
            self.found.emit(edited)

    def _on_done(self) -> None:
        self._worker = None


def _edits(layer: Layer | None) -> list[Any]:
    """Return what a layer announces an edit by: painting, another plugin, undo."""
    names = ("set_data", "paint", "labels_update")
    return [
        getattr(layer.events, name) for name in names if layer is not None and hasattr(layer.events, name)
    ]
