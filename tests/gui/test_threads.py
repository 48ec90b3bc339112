"""No compiled loop is called, compiled or loaded on the thread of the window."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import yaml

import objectwise
from objectwise import kernels
from objectwise.gui.dock import OperationDock
from objectwise.gui.find.find_panel import FindPanel
from objectwise.gui.history.history_dock import HistoryDock
from objectwise.gui.table.colours import ColoursDock
from objectwise.gui.table.plots import PlotsDock
from objectwise.gui.table.table_dock import TableDock

_LOOPS = str(Path(kernels.__file__).parent) + os.sep
# these call no loop by themselves
_PLAIN = (kernels.__file__, _LOOPS + "threads.py")


def _docks() -> list[type]:
    manifest = yaml.safe_load((Path(objectwise.__file__).parent / "napari.yaml").read_text())
    names = [item["python_name"].partition(":") for item in manifest["contributions"]["commands"]]
    found = [getattr(import_module(module), name) for module, _, name in names]
    return [item for item in found if isinstance(item, type) and issubclass(item, OperationDock)]


@contextmanager
def watched():
    """Collect where this thread enters a file of kernels, or has Numba compile or load one of their loops."""
    calls: list[str] = []

    def note(frame, event, _argument):
        code = frame.f_code
        if event != "call" or code.co_name == "<module>":
            return
        found = code.co_filename.startswith(_LOOPS) and code.co_filename not in _PLAIN
        if code.co_name == "_compile_for_args":
            # napari has loops of its own
            found = frame.f_locals["self"].py_func.__module__.startswith("objectwise")
        if found:
            own = [line for line in traceback.extract_stack(frame) if "objectwise" in line.filename]
            calls.append(" < ".join(f"{Path(line.filename).name}:{line.lineno}" for line in reversed(own)))

    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize("kind", _docks())
def test_docks_work_on_other_threads(kind, model, open_dock, finish, qtbot, blobs):
    with watched() as calls:
        image = np.tile(blobs, (4, 4))
        model.add_image(image, name="image")
        if kind is not FindPanel:
            model.add_labels((image > 500).astype(np.int32), name="labels")
        dock = open_dock(kind, model)
        dock.preview_box.setChecked(True)
        qtbot.waitUntil(lambda: not dock.preview.busy, timeout=60000)
        finish(dock)
        qtbot.waitUntil(lambda: not dock.preview.busy, timeout=60000)
    assert calls == []


@pytest.mark.parametrize("kind", [TableDock, PlotsDock, ColoursDock, HistoryDock])
def test_what_shows_results_does_so_too(kind, model, open_dock, finish, qtbot, blobs):
    with watched() as calls:
        model.add_image(blobs, name="image")
        finish(open_dock(FindPanel, model))
        model.layers.selection = {model.layers[-1]}
        open_dock(kind, model)
        qtbot.wait(300)
    assert calls == []


def test_a_loop_on_this_thread_would_be_seen(blobs):
    with watched() as calls:
        objectwise.apply("label_components", blobs > 500)
    assert any("connected.py" in call for call in calls)
