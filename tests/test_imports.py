"""Imports point one way, and importing the package loads nothing heavy."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import objectwise

PACKAGE = Path(objectwise.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# what each room may import of the package; a file that stands alone is a room of its own
ALLOWED = {
    "core": {"core"},
    "kernels": {"kernels"},
    "ops": {"core", "kernels", "measure", "ops"},
    "measure": {"core", "kernels", "measure"},
    "recipes": {"core"},
    "samples": {"core"},
    "reference": {"core"},
    "match": {"core"},
    "io": {"core", "kernels", "ops", "measure", "io"},
    "": {"core", "match", "ops", "measure"},
}
NUMERICS = {"core", "kernels", "ops", "measure"}
SHELL = {"gui", "napari", "magicgui", "qtpy", "superqt", "pyqtgraph", "PyQt6"}  # npe2 only reads manifests


def room_of(path: Path) -> str:
    """Return the folder or file of the package that a module belongs to; empty for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "" if parts == ("__init__",) else parts[0]


def imported(path: Path, at_the_top: bool = False) -> set[str]:
    """Return the full names of all that a module imports; those on its top level alone, if wanted."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in tree.body if at_the_top else ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                module = ".".join(["objectwise", *path.relative_to(PACKAGE).parent.parts, module]).rstrip(".")
            # "from objectwise import ops" imports a room, too
            names |= (
                {f"{module}.{alias.name}" for alias in node.names} if module == "objectwise" else {module}
            )
    return names


def rooms_imported(path: Path) -> set[str]:
    return {
        name.split(".")[1] if "." in name else ""
        for name in imported(path)
        if name.split(".")[0] == "objectwise"
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_one_way(path: Path) -> None:
    room = room_of(path)
    if room in ALLOWED:
        assert rooms_imported(path) <= ALLOWED[room]
    if room != "gui":
        assert not rooms_imported(path) & {"gui"}
        assert not {name.split(".")[0] for name in imported(path)} & SHELL
    if room in NUMERICS:
        assert not rooms_imported(path) & {"io", "batch", "cli"}


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if room_of(path) in NUMERICS],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_numerics_import_only_numpy_at_the_top(path: Path) -> None:
    """Heavier libraries are imported inside the function, so that a command starts at once."""
    known = {*sys.stdlib_module_names, "numpy", "annotated_types", "objectwise"}
    assert {name.split(".")[0] for name in imported(path, at_the_top=True)} <= known


def test_the_rule_sees_what_it_should(tmp_path: Path) -> None:
    """The rule itself, on modules that break it."""
    module = PACKAGE / "core" / "grid.py"
    assert rooms_imported(PACKAGE / "core" / "run.py") == {"core"}
    assert rooms_imported(PACKAGE / "__init__.py") == {"core", "match", "ops", "measure"}
    assert "numpy" in imported(module, at_the_top=True)
    assert any("scipy" in name for name in imported(PACKAGE / "core" / "tiles.py"))
    assert not any("scipy" in name for name in imported(PACKAGE / "core" / "tiles.py", at_the_top=True))


def run(code: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = [
        "napari",
        "magicgui",
        "qtpy",
        "superqt",
        "skimage",
        "sklearn",
        "numba",
        "pandas",
        "scipy",
        "dask",
        "zarr",
        "tifffile",
        "tomlkit",
        "edt",
    ]
    found = run(f"import sys, objectwise; print(*[name for name in {heavy} if name in sys.modules])")
    assert found.split() == []


def test_importing_the_package_changes_nothing_global() -> None:
    code = """
import logging, os, random, warnings
import numpy as np

def state():
    return (
        list(warnings.filters),
        np.get_printoptions(),
        np.geterr(),
        str(np.random.get_state()),
        random.getstate(),
        logging.getLogger().level,
        list(logging.getLogger().handlers),
        dict(os.environ),
        os.getcwd(),
    )

before = state()
import objectwise
print(*[number for number, pair in enumerate(zip(before, state())) if pair[0] != pair[1]])
"""
    assert run(code).split() == []
