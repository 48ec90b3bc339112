"""A walk through all docks in a real window: nothing is printed, and nothing is left behind."""

from __future__ import annotations

import gc
import tracemalloc
import weakref

import numpy as np
import pytest
from npe2 import PluginManifest
from qtpy.QtWidgets import QApplication

from objectwise.gui.dock import OperationDock
from objectwise.gui.docks import ThresholdDock, WatershedDock
from objectwise.gui.measuring import MeasureDock
from objectwise.gui.places import holder_of
from objectwise.gui.table.freshness import freshness_of
from objectwise.gui.table.table_dock import TITLE

from .test_manifest import PATH, found


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


def docks():
    """Return the docks of the manifest."""
    contributions = PluginManifest.from_file(PATH).contributions
    commands = {command.id: found(command) for command in contributions.commands}
    return [commands[widget.command] for widget in contributions.widgets]


def ours():
    """Return the widgets of this package that are alive."""
    return [
        widget for widget in QApplication.allWidgets() if type(widget).__module__.startswith("objectwise")
    ]


def connections(viewer):
    """Return how many slots hang on the events of a viewer and its layers."""
    camera = getattr(viewer, "scene", viewer).camera
    sources = [viewer, viewer.layers, viewer.layers.selection, viewer.dims, camera, *viewer.layers]
    return sum(len(emitter.callbacks) for source in sources for emitter in source.events.emitters.values())


def test_every_dock_opened_used_and_closed_leaves_nothing(viewer, qtbot, blobs, capfd):
    layer = viewer.add_image(blobs, name="nuclei", scale=(0.5, 0.5), units="um")
    labels = viewer.add_labels((blobs > 500).astype(np.int32), scale=(0.5, 0.5), units="um")
    QApplication.processEvents()
    # the age of a table is followed by its layer, and outlives all docks
    freshness_of(labels)
    before = connections(viewer)
    capfd.readouterr()
    for kind in docks():
        viewer.layers.selection.active = layer
        dock = kind(viewer)
        viewer.window.add_dock_widget(dock, name=f"{kind.__name__} (Objectwise)")
        qtbot.waitUntil(dock.isVisible)
        if isinstance(dock, OperationDock):
            dock.preview_box.setChecked(True)
            qtbot.waitUntil(lambda dock=dock: not dock.preview.busy, timeout=60000)
            dock.show_reference()
            dock.presets.fill()
            dock.run()
            qtbot.waitUntil(lambda dock=dock: dock.worker is None, timeout=60000)
        reference = weakref.ref(dock)
        viewer.window.remove_dock_widget(holder_of(dock))
        del dock
        for other in list(viewer.window.dock_widgets):
            if other == TITLE:
                viewer.window.remove_dock_widget(holder_of(viewer.window.dock_widgets[other]))
        qtbot.waitUntil(lambda: not ours(), timeout=10000)
        qtbot.waitUntil(lambda reference=reference: (gc.collect(), reference() is None)[1], timeout=10000)
        assert reference() is None, kind
        for result in list(viewer.layers)[2:]:
            viewer.layers.remove(result)
        assert list(viewer.layers) == [layer, labels]
        assert connections(viewer) == before, kind
    assert capfd.readouterr() == ("", ""), "something was printed"


@pytest.mark.parametrize("kind", [ThresholdDock, WatershedDock, MeasureDock])
def test_no_array_is_kept(kind, model, open_dock, finish, qtbot, blobs):
    # with names, as napari else looks for one among the variables here, and keeps them
    held = [
        weakref.ref(model.add_image(blobs.copy(), name="image").data),
        weakref.ref(model.add_labels((blobs > 500).astype(np.int32), name="labels").data),
    ]
    dock = open_dock(kind, model)
    dock.preview_box.setChecked(True)
    qtbot.waitUntil(lambda: not dock.preview.busy, timeout=60000)
    finish(dock)
    qtbot.waitUntil(lambda: not dock.preview.busy, timeout=60000)
    model.layers.clear()
    # napari keeps the layer that was selected last
    model.add_image(blobs, name="another")
    # while the dock is still open
    qtbot.waitUntil(lambda: (gc.collect(), not any(item() is not None for item in held))[1], timeout=10000)


def test_memory_is_flat_over_200_previews(viewer, qtbot, blobs):
    large = np.tile(blobs, (6, 5))
    viewer.add_image(large)
    dock = ThresholdDock(viewer)
    viewer.window.add_dock_widget(dock, name="Threshold (Objectwise)")
    dock.choose("threshold_manual")

    def previews(n):
        for number in range(n):
            shown = dock.preview.shown
            dock.form.show_values({"lower": 200.0 + number % 50})
            qtbot.waitUntil(
                lambda shown=shown: dock.preview.shown > shown and not dock.preview.busy, timeout=20000
            )
        gc.collect()

    qtbot.waitUntil(lambda: dock.preview.shown > 0 and not dock.preview.busy, timeout=60000)
    previews(10)
    tracemalloc.start()
    previews(10)
    first = tracemalloc.get_traced_memory()[0]
    previews(200)
    grown = tracemalloc.get_traced_memory()[0] - first
    tracemalloc.stop()
    # that of some previews, of which each has as many bytes as the image has pixels
    assert grown < 10 * large.size
    viewer.window.remove_dock_widget(holder_of(dock))
