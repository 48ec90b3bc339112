"""The manifest is written by hand; here it is held to what there is."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from napari._app_model.constants import MenuId
from npe2 import PluginManifest

import objectwise
from objectwise.core.operation import operations
from objectwise.gui.dock import OperationDock
from objectwise.gui.layers import samples
from objectwise.gui.table.table_dock import TableDock

PATH = Path(objectwise.__file__).parent / "napari.yaml"


@pytest.fixture(scope="module")
def manifest():
    return PluginManifest.from_file(PATH)


def found(command):
    module, _, name = command.python_name.partition(":")
    return getattr(importlib.import_module(module), name)


def test_every_family_has_a_dock_in_the_menus(manifest):
    commands = {command.id: found(command) for command in manifest.contributions.commands}
    docks = {widget.command: commands[widget.command] for widget in manifest.contributions.widgets}
    offered = {
        family for dock in docks.values() if issubclass(dock, OperationDock) for family in dock.families
    }
    assert {record.family for record in operations.values()} <= offered
    in_menus = {item.command for items in manifest.contributions.menus.values() for item in items}
    assert set(docks) <= in_menus
    assert TableDock in docks.values()


def test_every_dock_is_in_the_manifest(manifest):
    commands = {found(command) for command in manifest.contributions.commands}
    assert set(OperationDock.__subclasses__()) <= commands


def test_menus_are_those_that_napari_lets_plugins_fill(manifest):
    assert set(manifest.contributions.menus) <= MenuId.contributables()


def test_names(manifest):
    ids = [command.id for command in manifest.contributions.commands]
    assert len(set(ids)) == len(ids)
    assert all(name.startswith("napari-objectwise.") for name in ids)
    titles = [widget.display_name for widget in manifest.contributions.widgets]
    assert len(set(titles)) == len(titles)
    assert max(map(len, titles)) <= len("Find and measure objects")
    assert not manifest.contributions.keybindings


def test_napari_can_hand_over_the_viewer(manifest):
    import napari

    for widget in manifest.contributions.widgets:
        command = next(item for item in manifest.contributions.commands if item.id == widget.command)
        (parameter,) = list(inspect.signature(found(command)).parameters.values())
        assert parameter.name == "viewer"
        assert parameter.annotation is napari.viewer.Viewer


def test_the_file_at_the_top_is_the_same():
    top = PATH.parents[2] / "napari.yaml"
    if top.exists():
        assert top.read_text() == PATH.read_text()


@pytest.mark.parametrize("name", ["nuclei_2d", "nuclei_3d", "nuclei_timelapse"])
def test_samples_open_with_units_and_truth(name, model, manifest):
    from napari.layers import Layer

    assert name in {sample.key for sample in manifest.contributions.sample_data}
    for data in getattr(samples, name)():
        model.add_layer(Layer.create(*data))
    assert model.layers.extent.units is not None
    assert {type(layer).__name__ for layer in model.layers} == {"Image", "Labels"}
    assert all(set(layer.axis_labels) <= set("tzyx") for layer in model.layers)
    from objectwise.gui.layers.conversion import grid_of

    assert all(grid_of(layer).calibrated for layer in model.layers)


def test_npe2_finds_nothing_wrong_and_can_import_everything():
    path = Path(objectwise.__file__).parent / "napari.yaml"
    command = [sys.executable, "-m", "npe2", "validate", "--imports", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "valid" in done.stdout
