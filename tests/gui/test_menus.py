"""A new process of napari shows every dock in its menus, at the first launch and at the next."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import objectwise

DOCKS = {
    "Background",
    "Clustering",
    "Edges",
    "Enhance",
    "Filters",
    "History",
    "Labels",
    "Measure",
    "Morphology",
    "Regions",
    "Table",
    "Find and measure objects",
    "Find objects",
    "Threshold",
    "Watershed",
}
SAMPLES = {"Nuclei (2-D)", "Nuclei (3-D)", "Nuclei (time-lapse)"}


def launch(folder: Path) -> dict:
    source = Path(objectwise.__file__).parents[1]
    environment = os.environ | {
        "NAPARI_CONFIG": str(folder / "settings.yaml"),
        "PYTHONPATH": os.pathsep.join([str(source), os.environ.get("PYTHONPATH", "")]),
    }
    script = Path(__file__).with_name("walk_menus.py")
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.usefixtures("qapp")
def test_every_dock_is_in_the_menus_of_two_launches(tmp_path):
    first, second = launch(tmp_path), launch(tmp_path)
    assert first["paths"] == second["paths"]
    for found in (first, second):
        assert set(found["opened"]) == {f"{name} (Objectwise)" for name in DOCKS}
        assert found["layers"] == ["Image", "Labels"]
        plugins = {
            path.split(" > ")[-1].split(" (Obj")[0] for path in found["paths"] if path.startswith("Plugins")
        }
        assert plugins == DOCKS
        layers = {
            path.split(" > ")[-1].split(" (Obj")[0] for path in found["paths"] if path.startswith("Layers")
        }
        assert layers == DOCKS
        assert "Layers > Segment > Threshold (Objectwise)" in found["paths"]
        assert found["segment"][0] == "Find and measure objects (Objectwise)"
        samples = {
            path.split(" > ")[-1].removesuffix(" (Objectwise)")
            for path in found["paths"]
            if path.startswith("File")
        }
        assert samples == SAMPLES
