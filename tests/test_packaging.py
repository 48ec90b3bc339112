"""A wheel, a source archive and an editable install each show the plugin to napari.

The archives are built without isolation and unpacked; a fresh interpreter with the unpacked folder first
on its path stands in for an environment. No network, no virtual environment.
"""

import json
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from build import ProjectBuilder

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "objectwise"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# Prints what npe2 finds with FOLDER as the only place that holds objectwise.
LOOK = """
import json, site, sys
from importlib import metadata
from pathlib import Path

folder, source = sys.argv[1:]
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != Path(source)]
known = len(sys.path)
site.addsitedir(folder)  # reads the .pth file of an editable install, too
sys.path[:] = sys.path[known:] + sys.path[:known]

from npe2 import PluginManifest
import objectwise

manifest = PluginManifest.from_distribution("napari-objectwise")
commands = manifest.contributions.commands or []
scripts = metadata.distribution("napari-objectwise").entry_points.select(group="console_scripts")
print(json.dumps({
    "name": manifest.name,
    "version": manifest.package_version,
    "commands": sorted(command.id for command in commands),
    "script": [(script.name, script.value) for script in scripts],
    "package": str(Path(objectwise.__file__).resolve().parent),
}))
"""


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """Return the folder of an unpacked source archive."""
    folder = tmp_path_factory.mktemp("sdist")
    archive = ProjectBuilder(ROOT, runner=run_quietly).build("sdist", folder)
    with tarfile.open(archive) as tar:
        tar.extraction_filter = getattr(tarfile, "data_filter", None)  # newer than Python 3.11.2
        tar.extractall(folder)
    return Path(archive.removesuffix(".tar.gz"))


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    """Return the folder of an unpacked wheel, built from the source archive as an index would get it."""
    return unpack_wheel(sdist, "wheel", tmp_path_factory.mktemp("wheel"))


def unpack_wheel(source, kind, folder):
    archive = ProjectBuilder(source, runner=run_quietly).build(kind, folder)
    unpacked = folder / "unpacked"
    with zipfile.ZipFile(archive) as archive_file:
        archive_file.extractall(unpacked)
    return unpacked


def run_quietly(command, cwd=None, extra_environ=None):
    environment = os.environ | dict(extra_environ or {})
    subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True)


def look(folder, cwd):
    """Return what a fresh interpreter finds in `folder`."""
    command = [sys.executable, "-c", LOOK, str(folder), str(PACKAGE.parent)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def files_below(folder):
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in {".pyc", ".nbi", ".nbc"}
    }


def check(found, package):
    assert found["name"] == PROJECT["name"]
    assert found["version"] == PROJECT["version"]
    assert found["commands"], "the manifest offers no command"
    assert all(command.startswith(PROJECT["name"] + ".") for command in found["commands"])
    assert found["script"] == [["objectwise", "objectwise.__main__:main"]]
    assert Path(found["package"]) == package.resolve()


def test_wheel_shows_the_plugin(wheel, tmp_path):
    check(look(wheel, tmp_path), wheel / "objectwise")


def test_editable_install_shows_the_plugin(tmp_path):
    unpacked = unpack_wheel(ROOT, "editable", tmp_path)
    check(look(unpacked, tmp_path), PACKAGE)


def test_wheel_holds_the_whole_package_and_nothing_else(wheel):
    assert {path.name for path in wheel.iterdir()} == {
        "objectwise",
        f"napari_objectwise-{PROJECT['version']}.dist-info",
    }
    assert files_below(wheel / "objectwise") == files_below(PACKAGE)


def test_source_archive_holds_what_is_needed_to_test_it(sdist):
    assert files_below(sdist / "src") == files_below(ROOT / "src")
    assert files_below(sdist / "tests") == files_below(ROOT / "tests")
    for name in ("pyproject.toml", "README.md", "LICENSE", "Makefile", "scripts/setup"):
        assert (sdist / name).is_file(), name


def test_manifest_at_the_top_is_the_one_in_the_package():
    top = ROOT / "napari.yaml"
    if not top.is_symlink():
        pytest.skip("this checkout has no symbolic links")
    assert top.resolve() == PACKAGE / "napari.yaml"
