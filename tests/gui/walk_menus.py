"""Open every dock of this package through its menu entry, and print what was found; run by `test_menus`."""

import json
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import napari
from npe2 import PluginManager, PluginManifest
from qtpy.QtWidgets import QApplication

import objectwise

NAME = "napari-objectwise"


def walk(menu, path, found):
    """Collect every entry of a menu that is ours, with its way through the menus."""
    menu.aboutToShow.emit()
    for action in menu.actions():
        here = [*path, action.text().replace("&", "")]
        if action.menu() is not None:
            walk(action.menu(), here, found)
        elif "(Objectwise)" in action.text() or "Objectwise" in path:
            found[" > ".join(here)] = action


def main():
    try:
        distribution(NAME)
    except PackageNotFoundError:
        PluginManager.instance().register(
            PluginManifest.from_file(Path(objectwise.__file__).parent / "napari.yaml")
        )
    viewer = napari.Viewer(show=True)
    QApplication.processEvents()
    found: dict = {}
    for action in viewer.window._qt_window.menuBar().actions():
        if action.menu() is not None:
            walk(action.menu(), [action.text().replace("&", "")], found)
    segment = [path.rpartition(" > ")[2] for path in found if path.startswith("Layers > Segment")]
    opened = []
    for path, action in found.items():
        if path.startswith("Layers"):
            before = set(viewer.window.dock_widgets)
            action.trigger()
            QApplication.processEvents()
            opened += sorted(set(viewer.window.dock_widgets) - before)
    sample = next(action for path, action in found.items() if path.startswith("File") and "2-D" in path)
    sample.trigger()
    QApplication.processEvents()
    layers = [type(layer).__name__ for layer in viewer.layers]
    for name in list(viewer.window.dock_widgets):
        dock = viewer.window.dock_widgets[name]
        if hasattr(dock, "shut_down"):
            dock.shut_down()
    viewer.close()
    seen = {"paths": sorted(found), "opened": opened, "layers": layers, "segment": segment}
    sys.stdout.write(json.dumps(seen) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
