"""What happens in a night: killed, full, read-only, changed under our hands. Nothing of it costs a result."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from objectwise.batch import run_batch
from objectwise.batch import team as teams
from objectwise.batch import work as working
from objectwise.batch.lock import FolderInUseError, Lock
from objectwise.batch.manifest import MANIFEST, Manifest
from objectwise.batch.planning import LOCK
from objectwise.core import recipe_file
from objectwise.core.recipe import Recipe
from objectwise.io import writing
from objectwise.io.images import read_image, write_image
from tests.batch.scenes import GRID, RECIPE, picture, planned, results, rows, work, write

needs_proc = pytest.mark.skipif(
    not Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists(),
    reason="processes are found by /proc",
)

# --- killed --------------------------------------------------------------------------------------------


def started(recipe, images, out, workers=2):
    """Start a run as a person does."""
    return subprocess.Popen(
        [sys.executable, "-m", "objectwise", "run", recipe, images, "-o", out, "--workers", str(workers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def workers_of(pid):
    """Return the processes that work for a run."""
    found = []
    for item in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            words = Path(f"/proc/{item}/cmdline").read_bytes()
        except OSError:
            continue
        if b"objectwise.batch.worker" in words:
            found.append(int(item))
    return found


def alive(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@needs_proc
def test_killed_twenty_times_nothing_is_lost_and_nothing_twice(tmp_path):
    random.seed(0)
    images, out, undisturbed = (tmp_path / name for name in ("images", "out", "undisturbed"))
    images.mkdir()
    n = 150
    for number in range(n):
        write(images / f"{number}.ome.tif", 1 + number % 6)
    recipe = tmp_path / "recipe.toml"
    RECIPE.write(recipe)
    work(images, undisturbed)
    finished = [0]
    for turn in range(10):
        process = started(recipe, images, out)
        if turn % 5:
            # a line says that an image is done; now and then it is killed before there is any
            for _ in range(random.randint(1, 3)):
                process.stdout.readline()
        time.sleep(random.uniform(0, 0.05))
        if workers := workers_of(process.pid):
            os.kill(random.choice(workers), signal.SIGKILL)
        time.sleep(random.uniform(0, 0.05))
        process.kill()
        process.communicate()
        if (out / MANIFEST).exists():
            finished.append(sum(row.done for row in rows(out).values()))
    # what was finished has stayed finished, and every time there was something left to kill
    assert finished == sorted(finished)
    assert 0 < finished[-1] < n
    process = started(recipe, images, out)
    said, error = process.communicate()
    assert process.returncode == 0, said + error
    assert results(out) == results(undisturbed)
    assert [row.status for row in rows(out).values()] == ["done"] * n
    counts = pd.read_csv(out / "all_table.csv").groupby("file").size().to_dict()
    assert counts == {number: 1 + number % 6 for number in range(n)}
    assert not list(out.glob(".*unfinished"))


@needs_proc
def test_process_that_dies_is_replaced_and_its_image_done_again(images, out):
    for number in range(12):
        write(images / f"more {number}.ome.tif", 2)
    running = run_batch(planned(images, out), workers=2)
    done = [next(running)]
    os.kill(workers_of(os.getpid())[0], signal.SIGKILL)
    done += running
    assert sorted(row.name for row in done) == sorted(rows(out))
    assert {row.status for row in done} == {"done"}


def test_image_that_kills_is_given_up(images, out, monkeypatch):
    give = teams._Process.give

    def deadly(self, row, write):
        give(self, row, write)
        if row.name == "b":
            self.process.kill()

    monkeypatch.setattr(teams._Process, "give", deadly)
    found = work(images, out, workers=2)
    assert found["b"].error == "the process that worked on it has died 3 times, perhaps for lack of memory"
    assert (found["a"].status, found["c"].status) == ("done", "done")
    assert rows(out)["b"].attempts == 3
    monkeypatch.undo()
    assert [row.attempts for row in work(images, out).values()] == [0]


def test_operation_of_ones_own_stays_in_this_process(images, out, monkeypatch):
    function = RECIPE.step("labels").operation.function
    monkeypatch.setattr(function, "__module__", "mine")
    assert teams.fitting_workers(planned(images, out)) == 0
    with pytest.raises(ValueError, match="operations of your own"):
        work(images, out, workers=1)
    assert len(work(images, out)) == 3


def test_processes_that_cannot_start_are_an_error(images, out, monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(OSError, match="end as soon as they are started"):
        work(images, out, workers=1)


@needs_proc
def test_processes_end_with_whoever_stops(images, out):
    running = run_batch(planned(images, out), workers=2)
    next(running)
    workers = workers_of(os.getpid())
    assert len(workers) == 2
    running.close()
    assert not any(map(alive, workers))
    assert sum(row.done for row in rows(out).values()) == 1
    assert len(work(images, out, workers=1)) == 2


@needs_proc
def test_ctrl_c_stops_cleanly(tmp_path, images, out):
    for number in range(40):
        write(images / f"more {number}.ome.tif", 2)
    recipe = tmp_path / "recipe.toml"
    RECIPE.write(recipe)
    process = started(recipe, images, out)
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    said, error = process.communicate()
    assert process.returncode == 130
    assert error == "stopped\n"
    assert "of 43 images" in said
    assert not list(out.glob(".*unfinished"))
    done = sum(row.done for row in rows(out).values())
    assert len(work(images, out)) == 43 - done


def test_processes_share_the_cores(images, out, monkeypatch):
    monkeypatch.setenv("OBJECTWISE_THREADS", "8")
    with teams.Team(planned(images, out), 2, print) as team:
        assert team.environment["OBJECTWISE_THREADS"] == team.environment["OMP_NUM_THREADS"] == "4"


def test_same_results_in_processes(images, out, tmp_path):
    work(images, out)
    work(images, tmp_path / "two", workers=2)
    assert results(out) == results(tmp_path / "two")


# --- disks ---------------------------------------------------------------------------------------------


def broken(error, after):
    """Return a writer that fails when it has written a part."""
    count = iter(range(10**6))

    def write_image(path, array, grid, **options):
        if next(count) < after:
            return writing.write_image(path, array, grid, **options)
        path.write_bytes(b"half a fi")
        raise error

    return write_image


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_disk_that_is_full_ends_the_run_and_keeps_what_is_done(images, out, monkeypatch, number):
    from objectwise.io import results as files

    monkeypatch.setattr(files, "write_image", broken(OSError(number, os.strerror(number)), 1))
    with pytest.raises(
        OSError, match=rf"cannot be written to \({os.strerror(number)}\); what is finished is kept"
    ):
        work(images, out)
    assert [row.status for row in rows(out).values()] == ["done", "waiting", "waiting"]
    assert not list(out.glob(".*unfinished"))
    monkeypatch.undo()
    assert list(work(images, out)) == ["b", "c"]


def test_disk_that_is_really_full(images, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(small)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be made here")
    try:
        for number in range(60):
            noise = np.random.default_rng(number).integers(0, 2, (96, 96)).astype(np.uint8) * 200
            write_image(images / f"noise {number}.ome.tif", noise, GRID)
        out = small / "out"
        with pytest.raises(OSError, match=r"No space left|disk is full|cannot be written"):
            work(images, out)
        done = {name: row for name, row in rows(out).items() if row.done}
        before = {file: (out / file).read_bytes() for row in done.values() for file in row.written}
        assert 0 < len(done) < 63
        subprocess.run(["mount", "-o", "remount,size=20m", str(small)], check=True)
        assert not set(done) & set(work(images, out))
        assert {row.status for row in rows(out).values()} == {"done"}
        assert {file: (out / file).read_bytes() for file in before} == before
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_manifest_that_cannot_be_written_ends_the_run(images, out, monkeypatch):
    def full(self, rows):
        raise sqlite3.OperationalError("database or disk is full")

    running = run_batch(planned(images, out))
    next(running)
    monkeypatch.setattr(Manifest, "store", full)
    with pytest.raises(OSError, match=r"objectwise\.sqlite: database or disk is full"):
        next(running)
    monkeypatch.undo()
    assert list(work(images, out)) == ["b", "c"]


def test_folder_that_cannot_be_made(images, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        work(images, tmp_path / "file" / "out")


# --- inputs that change --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda path: path.unlink(), "there is no such file"),
        (lambda path: path.write_bytes(path.read_bytes()[:200]), "the file is cut off"),
        (lambda path: path.write_bytes(b""), "the file is empty"),
    ],
    ids=["deleted", "truncated", "emptied"],
)
def test_input_that_goes_while_others_are_worked_on(images, out, change, sentence):
    running = run_batch(planned(images, out))
    next(running)
    change(images / "b.ome.tif")
    found = {row.name: row for row in running}
    assert sentence in found["b"].error
    assert found["c"].status == "done"
    write(images / "b.ome.tif", 2, overwrite=True)
    assert list(work(images, out)) == ["b"]


def test_input_that_changes_while_it_is_worked_on(images, out, monkeypatch):
    real = working.run

    def slow(recipe, inputs):
        yield from real(recipe, inputs)
        if not (out / "a_table.csv").exists():
            write(images / "a.ome.tif", 5, overwrite=True)

    monkeypatch.setattr(working, "run", slow)
    assert "has changed while it was worked on" in work(images, out)["a"].error
    monkeypatch.undo()
    assert list(work(images, out)) == ["a"]
    assert len(pd.read_csv(out / "a_table.csv")) == 5


def test_images_with_nothing_in_them(tmp_path, out):
    (tmp_path / "empty.tif").touch()
    write_image(tmp_path / "dark.ome.tif", np.zeros((16, 16), np.uint8), GRID)
    write_image(tmp_path / "one.ome.tif", np.zeros((1, 1), np.uint8), GRID)
    found = work(tmp_path, out)
    assert found["empty"].error == "empty.tif: the file is empty"
    assert [found[name].status for name in ("dark", "one")] == ["done", "done"]
    assert read_image(out / "dark_labels.ome.tif").array.max() == 0
    assert pd.read_csv(out / "all_table.csv").columns.tolist() == ["file", "frame", "label", "area"]


# --- folders of results --------------------------------------------------------------------------------


def test_second_run_in_one_folder_is_refused(images, out):
    out.mkdir()
    with Lock(out / LOCK), pytest.raises(FolderInUseError, match="another run is working in"):
        work(images, out)
    # a process that is gone keeps nobody out
    code = (
        "import os, pathlib, sys; from objectwise.batch.lock import Lock; "
        "Lock(pathlib.Path(sys.argv[1])).__enter__(); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, out / LOCK], check=False).returncode == 9
    assert len(work(images, out)) == 3


@pytest.mark.parametrize("damage", ["text", "cut", "bytes", "foreign", "later"])
def test_damaged_manifest_is_refused_and_kept(images, out, damage):
    work(images, out)
    path = out / MANIFEST
    data = path.read_bytes()
    if damage in ("text", "cut", "bytes"):
        middle = len(data) // 2
        path.write_bytes(
            {"text": b"{}" * 400, "cut": data[:middle], "bytes": data[:200] + b"\xff" * 9000 + data[9200:]}[
                damage
            ]
        )
    else:
        path.unlink(missing_ok=damage == "foreign") if damage == "foreign" else None
        with sqlite3.connect(path) as database:
            change = (
                "CREATE TABLE mine (a)"
                if damage == "foreign"
                else "UPDATE settings SET value = 9 WHERE name = 'format'"
            )
            database.execute(change)
        database.close()
    before = path.read_bytes()
    with pytest.raises(
        ValueError, match=r"is damaged .*: nothing was changed; choose another folder, or add"
    ):
        work(images, out)
    assert path.read_bytes() == before
    assert len(work(images, out, overwrite=True)) == 3
    assert (out / "objectwise damaged 1.sqlite").read_bytes() == before
    assert work(images, out) == {}


@pytest.mark.parametrize("name", ["核 ü é 1", "x" * 240, "ü" * 110, "a b'c\"d;e=1", "-1", "=1+1"])
def test_odd_and_long_names(tmp_path, out, name):
    write(tmp_path / f"{name}.tif".replace(".tif", ".ome.tif"), 2)
    row = work(tmp_path, out)[name]
    assert (row.status, row.name) == ("done", name)
    assert all(len(item.name.encode()) <= 255 for item in out.iterdir())
    table = pd.read_csv(out / "all_table.csv", dtype={"file": str})
    assert table["file"].tolist() == ["'" + name if name.startswith("=") else name] * 2
    assert work(tmp_path, out) == {}


def test_long_names_that_begin_alike_are_kept_apart(tmp_path, out):
    for end in "ab":
        write(tmp_path / f"{'x' * 240}{end}.ome.tif", 1)
    assert len(work(tmp_path, out)) == 2
    assert len(list(out.glob("*_labels.ome.tif"))) == 2


def test_recipe_of_another_format_is_refused(tmp_path):
    for number in (0, 2):
        path = tmp_path / "recipe.toml"
        path.write_text(RECIPE.to_toml().replace("recipe = 1", f"recipe = {number}"), "utf-8")
        with pytest.raises(ValueError, match="not a recipe of format 1"):
            Recipe.read(path)


def test_results_of_a_version_that_called_a_parameter_otherwise_are_resumed(images, out, monkeypatch):
    work(images, out)
    with Manifest(out / MANIFEST) as manifest, manifest.writing():
        text = manifest.settings()["recipe"]
        assert 'connectivity = "' in text
        manifest.set(recipe=text.replace("connectivity", "neighbourhood"))
    with pytest.raises(ValueError, match="whose recipe this version cannot read"):
        work(images, out)
    monkeypatch.setitem(recipe_file.MIGRATIONS, ("label_components", "neighbourhood"), "connectivity")
    assert work(images, out) == {}


# --- strangers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../mine.csv", "/tmp/mine.csv", "..", "a/../../b.csv"])
def test_manifest_that_names_files_elsewhere_is_refused(images, out, name):
    work(images, out)
    with Manifest(out / MANIFEST) as manifest, manifest.writing():
        row = manifest.rows()["a"]
        row.outputs["table"] = name
        manifest.store([row])
    with pytest.raises(ValueError, match="is no file in this folder"):
        work(images, out)


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "a\\b"])
def test_recipe_cannot_name_results_elsewhere(name):
    from objectwise.core.recipe import Step

    with pytest.raises(ValueError, match="cannot be a name"):
        Recipe([Step(name, "threshold_auto", {"image": "cells"})])


@pytest.mark.parametrize("name", ["../secret.ome.tif", "/etc/passwd", "more/../../secret.ome.tif"])
def test_list_cannot_name_files_elsewhere(images, tmp_path, out, name):
    write(tmp_path / "secret.ome.tif", 1)
    (images / "list.csv").write_text(f"file\n{name}\n", "utf-8")
    with pytest.raises(ValueError, match=r"lies outside of .*; if that is meant, name the folder"):
        work(images / "list.csv", out)
    if name.startswith("../"):
        (images / "list.csv").write_text("file\nsecret.ome.tif\n", "utf-8")
        assert list(work(images / "list.csv", out, root=tmp_path)) == ["secret"]


def test_nothing_is_unpickled_or_evaluated():
    import ast

    import objectwise.batch

    forbidden = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "yaml"}
    for path in Path(objectwise.batch.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
                assert not {name.split(".")[0] for name in names} & forbidden
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec", "compile", "__import__")


def test_cells_that_a_spreadsheet_would_execute_are_text(images, out):
    (images / "=cmd|' C'!A0.ome.tif").write_bytes((images / "a.ome.tif").read_bytes())
    (images / "list.csv").write_text(
        "file,=dose,site\n=cmd|' C'!A0.ome.tif,@SUM(1),\ta\nb.ome.tif,-5,+x\n", "utf-8"
    )
    work(images / "list.csv", out)
    lines = (out / "all_table.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "file,'=dose,site,frame,label,area"
    assert lines[1] == "b,-5,'+x,0,1,4.0" or lines[1].startswith("'=cmd|' C'!A0,'@SUM(1),")
    assert not any(line.startswith(("=", "+", "@")) for line in lines)
    assert picture(1).any()
