"""How kernels are compiled: without a cache folder too, and anew when any of their files has changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import objectwise.kernels
from objectwise.kernels import compiled, prepared

FOLDER = Path(objectwise.kernels.__file__).parent


def test_a_change_in_any_file_compiles_anew(tmp_path):
    """A kernel may use constants and loops of another file; a cached one must not outlive a change there."""
    package = tmp_path / "objectwise"
    (package / "kernels").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    shutil.copy(FOLDER / "__init__.py", package / "kernels" / "__init__.py")
    (package / "kernels" / "first.py").write_text("STEP = 1\n")
    (package / "kernels" / "second.py").write_text(
        "from objectwise.kernels import compiled\n"
        "from objectwise.kernels.first import STEP\n"
        "@compiled\n"
        "def add(value):\n"
        "    return value + STEP\n"
    )
    code = (
        "from objectwise.kernels.second import add\n"
        "print(add(1), sum(add.stats.cache_misses.values()), sum(add.stats.cache_hits.values()))\n"
    )

    def run() -> str:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA_")}
        environment |= {"PYTHONPATH": str(tmp_path)}
        command = [sys.executable, "-c", code]
        return subprocess.run(
            command, env=environment, check=True, cwd=tmp_path, capture_output=True, text=True
        ).stdout

    assert run().split() == ["2", "1", "0"]
    assert run().split() == ["2", "0", "1"]
    (package / "kernels" / "first.py").write_text("STEP = 10\n")
    assert run().split() == ["11", "1", "0"]


def test_kernels_work_where_no_cache_can_be_written(tmp_path):
    """A container: the package is read-only, and so is every place in which Numba would cache."""
    package = tmp_path / "objectwise"
    shutil.copytree(FOLDER.parent / "core", package / "core", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__init__.py").write_text("")
    (package / "kernels").mkdir()
    for name in ("__init__.py", "connected.py", "hills.py", "islands.py", "threads.py"):
        shutil.copy(FOLDER / name, package / "kernels" / name)
    (package / "kernels" / "__pycache__").write_text(
        "a file, so that no folder can be made: root may write anywhere"
    )
    home = tmp_path / "home"
    home.write_text("no folder either")
    code = (
        "import numpy as np\n"
        "from objectwise.kernels import compiled\n"
        "assert compiled(lambda x: x + 1)(1) == 2\n"
        "from objectwise.kernels.hills import _root\n"
        "assert _root(np.array([0, 0, 1]), 2) == 0\n"
        "assert type(_root._cache).__name__ == 'NullCache', _root._cache\n"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("NUMBA_", "XDG_"))}
    environment |= {"PYTHONPATH": str(tmp_path), "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, cwd=tmp_path)


def test_kernels_are_cached_where_that_is_possible():
    from objectwise.kernels.hills import _root

    assert type(_root._cache).__name__ != "NullCache"


def test_compiled_code_does_what_the_loop_does():
    def total(values):
        result = 0.0
        for value in values:
            result += value
        return result

    values = np.arange(9.0)
    fast = compiled(total)
    assert fast(values) == total(values) == 36
    assert fast.targetoptions["nogil"]


@pytest.mark.parametrize("layout", ["fortran", "strided", "read-only", "other dtype", "as it is"])
def test_prepared_arrays_have_one_form(layout):
    plain = np.arange(12, dtype=np.float64).reshape(3, 4)
    array = {
        "fortran": np.asfortranarray(plain),
        "strided": np.repeat(plain, 2, axis=1)[:, ::2],
        "read-only": plain.copy(),
        "other dtype": plain.astype(np.int16),
        "as it is": plain,
    }[layout]
    if layout == "read-only":
        array.flags.writeable = False
    found = prepared(array, np.float64)
    assert found.dtype == np.float64
    assert found.flags.c_contiguous
    assert found.flags.writeable
    np.testing.assert_array_equal(found, plain)
    assert np.shares_memory(found, array) == (layout == "as it is")
