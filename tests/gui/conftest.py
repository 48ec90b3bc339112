"""A viewer without a window for most tests, and small images of every kind of layer."""

from __future__ import annotations

import os

# read before napari is imported: a test must not write into the settings of whoever runs it
os.environ.setdefault("NAPARI_CONFIG", "")

import numpy as np
import pytest


@pytest.fixture
def model(qapp):
    """Return the model of a viewer, without a window."""
    from napari.components import ViewerModel

    return ViewerModel()


@pytest.fixture
def blobs() -> np.ndarray:
    """Three bright discs on a dark ground, 60 x 80 pixels, uint16."""
    y, x = np.mgrid[:60, :80]
    image = np.full((60, 80), 100, np.uint16)
    for row, column, radius in ((15, 15, 8), (40, 30, 10), (25, 60, 9)):
        image[(y - row) ** 2 + (x - column) ** 2 <= radius**2] = 900 + 10 * radius
    return image + ((y * 7 + x * 3) % 11).astype(np.uint16)


@pytest.fixture
def open_dock(qtbot):
    """Open a dock on a viewer without a window, and close it after the test."""
    docks = []

    def make(kind, viewer):
        dock = kind(viewer)
        qtbot.addWidget(dock)
        dock.show()
        docks.append(dock)
        return dock

    yield make
    for dock in docks:
        worker = getattr(dock, "worker", None)
        dock.shut_down()
        if worker is not None:
            qtbot.waitUntil(lambda dock=dock: dock.worker is None, timeout=20000)
        if hasattr(dock, "preview"):
            qtbot.waitUntil(lambda dock=dock: not dock.preview.busy, timeout=20000)


@pytest.fixture
def finish(qtbot):
    """Run a dock and wait for it."""

    def run(dock):
        dock.run()
        qtbot.waitUntil(lambda: dock.worker is None, timeout=30000)
        return dock.status.text()

    return run


@pytest.fixture
def seen(qtbot):
    """Wait for the next preview of a dock."""

    def wait(dock, change=None):
        before = dock.preview.shown
        if change is not None:
            change()
        qtbot.waitUntil(lambda: dock.preview.shown > before and not dock.preview.busy, timeout=20000)
        return dock.preview.layer

    return wait
