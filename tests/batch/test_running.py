"""A batch loses nothing: done is done, a failure is a row, and what is not ours is not touched."""

from __future__ import annotations

import json
import sqlite3

import numpy as np
import pandas as pd
import pytest

from objectwise.batch import run_batch
from objectwise.batch import work as working
from objectwise.batch.manifest import MANIFEST
from objectwise.core.recipe import Recipe, Step
from objectwise.io.images import read_image, write_image
from objectwise.io.opening import Reading
from tests.batch.scenes import GRID, RECIPE, contents, picture, planned, rows, work, write

REAL = working.open_files


def opening(monkeypatch, name, error):
    """Let the opening of one image go wrong."""

    def opened(files, *more):
        if files.paths[0].endswith(f"{name}.ome.tif"):
            raise error
        return REAL(files, *more)

    monkeypatch.setattr(working, "open_files", opened)


def test_every_image_gets_its_results_and_all_get_one_table(images, out):
    found = work(images, out)
    assert [row.status for row in found.values()] == ["done"] * 3
    assert found["a"].outputs == {"labels": "a_labels.ome.tif", "table": "a_table.csv"}
    labels = read_image(out / "c_labels.ome.tif")
    assert labels.array.max() == 3
    assert labels.grid == GRID
    joined = pd.read_csv(out / "all_table.csv")
    assert joined.columns.tolist() == ["file", "frame", "label", "area"]
    assert joined["file"].tolist() == ["a", "b", "b", "c", "c", "c"]
    assert joined["area"].tolist() == [4.0] * 6
    columns = pd.read_csv(out / "all_table_columns.csv", keep_default_na=False).set_index("name")
    assert columns.loc["area", "unit"] == "um^2"
    assert columns.index.tolist() == joined.columns.tolist()
    assert Recipe.read(out / "recipe.toml") == RECIPE
    assert [item.name for item in out.iterdir() if item.name.startswith(".")] == [".objectwise.lock"]


def test_manifest_says_what_was_done_and_found(images, out):
    found = work(images, out)
    kept = rows(out)
    assert list(kept) == ["a", "b", "c"]
    row = kept["a"]
    assert row == found["a"]
    assert row.values == [{"step": "mask", "parameter": "threshold", "t": 0, "value": 10.0}]
    assert {"objectwise", "numpy", "numba", "python"} <= set(row.versions)
    assert len({item.input_hash for item in kept.values()}) == 3
    assert len({item.recipe_hash for item in kept.values()}) == 1
    assert row.peak_memory > 1e7
    assert row.finished.endswith("+00:00")
    assert set(row.written) == {"a_labels.ome.tif", "a_table.csv", "a_table_columns.csv"}


def test_value_that_is_not_a_number_leaves_the_manifest_valid(tmp_path, out):
    path = write_image(tmp_path / "flat.ome.tif", np.full((9, 9), 7, np.uint8))
    work(path, out)
    with sqlite3.connect(out / MANIFEST) as database:
        ((text,),) = database.execute('SELECT "values" FROM images').fetchall()
    database.close()
    assert "NaN" not in text
    assert json.loads(text)[0]["value"] is None
    assert pd.read_csv(out / "all_table.csv").empty


def test_failure_is_a_row(images, out):
    (images / "b.ome.tif").write_bytes((images / "b.ome.tif").read_bytes()[:60])
    found = work(images, out)
    assert [row.status for row in found.values()] == ["done", "failed", "done"]
    assert found["b"].error.startswith("b.ome.tif: ")
    assert rows(out)["b"].error == found["b"].error
    assert "\n" not in found["b"].error
    assert pd.read_csv(out / "all_table.csv")["file"].unique().tolist() == ["a", "c"]
    # mended, only that file is worked on
    write(images / "b.ome.tif", 2, overwrite=True)
    assert list(work(images, out)) == ["b"]
    assert rows(out)["b"].error == ""
    assert len(pd.read_csv(out / "all_table.csv")) == 6


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RuntimeError("a bug\nin two lines"), "RuntimeError a bug in two lines"),
        (MemoryError(), "there is not enough memory for this image"),
        (ValueError(), "ValueError"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
    ],
)
def test_no_error_ends_the_batch(images, out, monkeypatch, error, sentence):
    opening(monkeypatch, "a", error)
    found = work(images, out)
    assert [row.status for row in found.values()] == ["failed", "done", "done"]
    assert found["a"].error == sentence


def test_same_command_again_does_nothing(images, out):
    work(images, out)
    before, kept = contents(out), rows(out)
    assert work(images, out) == {}
    assert contents(out) == before
    assert rows(out) == kept


def test_changed_and_missing_and_new_files_are_worked_on(images, out):
    work(images, out)
    (out / "b_table.csv").unlink()
    write(images / "d.ome.tif", 4)
    write(images / "a.ome.tif", 5, overwrite=True)
    assert list(work(images, out)) == ["a", "b", "d"]
    counts = pd.read_csv(out / "all_table.csv").groupby("file").size().to_dict()
    assert counts == {"a": 5, "b": 2, "c": 3, "d": 4}


def test_file_that_was_only_touched_is_not_worked_on(images, out):
    work(images, out)
    (images / "a.ome.tif").touch()
    assert work(images, out) == {}


def test_file_of_the_same_size_and_other_content_is_worked_on(tmp_path, out):
    path = write_image(tmp_path / "d.npy", picture(2))
    work(path, out)
    size = path.stat().st_size
    write_image(path, picture(3), overwrite=True)
    assert path.stat().st_size == size
    assert list(work(path, out)) == ["d"]


def test_result_that_somebody_changed_is_kept_beside_a_new_one(images, out):
    work(images, out)
    (out / "b_table.csv").write_text("corrected by hand", encoding="utf-8")
    said = []
    assert list(work(images, out, say=said.append)) == ["b"]
    assert said == ["b_table.csv is not what was written here; it is kept as changed 1 b_table.csv"]
    assert (out / "changed 1 b_table.csv").read_text(encoding="utf-8") == "corrected by hand"
    assert len(pd.read_csv(out / "b_table.csv")) == 2


def test_other_files_join_what_is_there(images, out):
    work(images / "a.ome.tif", out)
    plan = planned(images / "b.ome.tif", out)
    assert plan.others == 1
    assert [row.name for row in run_batch(plan)] == ["b"]
    assert sorted(pd.read_csv(out / "all_table.csv")["file"].unique()) == ["a", "b"]


def test_stopped_batch_goes_on(images, out, monkeypatch):
    opening(monkeypatch, "b", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        work(images, out)
    assert [row.status for row in rows(out).values()] == ["done", "waiting", "waiting"]
    (out / ".12ab.unfinished").mkdir()
    monkeypatch.undo()
    assert list(work(images, out)) == ["b", "c"]
    assert not list(out.glob(".*unfinished"))


def test_batch_that_is_stopped_in_its_first_image_is_known_as_ours(images, out, monkeypatch):
    opening(monkeypatch, "a", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        work(images, out)
    monkeypatch.undo()
    assert list(work(images, out)) == ["a", "b", "c"]


def test_stopped_while_writing_leaves_nothing_half_written(images, out, monkeypatch):
    real = working.write_result

    def stopped(path, result, **options):
        if path.name == "b_table.csv":
            raise KeyboardInterrupt
        return real(path, result, **options)

    monkeypatch.setattr(working, "write_result", stopped)
    with pytest.raises(KeyboardInterrupt):
        work(images, out)
    assert not list(out.glob("b_*"))
    assert not list(out.glob(".*unfinished"))
    monkeypatch.undo()
    assert list(work(images, out)) == ["b", "c"]


def test_another_recipe_is_refused_with_its_difference(images, out):
    work(images, out)
    before = contents(out)
    other = RECIPE.with_value("mask", "method", "li")
    with pytest.raises(
        ValueError, match=r"another recipe \(mask: method otsu -> li\): choose another folder"
    ):
        planned(images, out, other)
    assert contents(out) == before
    assert list(work(images, out, other, overwrite=True)) == ["a", "b", "c"]


def test_another_pixel_size_is_refused(images, out):
    reading = Reading(spacing=(1.0, 1.0), unit="um")
    work(images, out, reading=reading)
    assert work(images, out, reading=reading) == {}
    with pytest.raises(
        ValueError, match=r"read with spacing \(1\.0, 1\.0\) and unit um, not with nothing said"
    ):
        planned(images, out)


def test_folder_without_a_single_result_takes_anything(images, out):
    (images / "a.ome.tif").write_bytes(b"")
    path = images / "a.ome.tif"
    assert work(path, out)["a"].status == "failed"
    assert list(work(path, out, RECIPE.with_value("mask", "method", "li"), reading=Reading(unit="nm")))


def test_folder_that_is_not_ours_is_refused(images, out):
    out.mkdir()
    (out / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"is not empty and holds no results of ours \(thesis\.txt\): choose"
    ):
        planned(images, out)
    work(images, out, overwrite=True)
    assert (out / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_plan_changes_nothing(images, out):
    planned(images, out)
    assert not out.exists()


def test_plan_of_another_time_is_refused(images, out):
    plan = planned(images, out)
    work(images / "a.ome.tif", out)
    with pytest.raises(ValueError, match=r"another run has worked in .* since the plan was made"):
        list(run_batch(plan))


def test_file_of_the_same_name_from_elsewhere_is_refused(images, out, tmp_path):
    work(images, out)
    (tmp_path / "more").mkdir()
    other = write_image(tmp_path / "more" / "a.tif", picture(4))
    with pytest.raises(
        ValueError, match=r"holds the results of .*a\.ome\.tif, and those of .*a\.tif would replace them"
    ):
        planned(other, out)


def test_moved_files_are_known_by_what_they_hold(images, out, tmp_path):
    work(images, out)
    images.rename(tmp_path / "moved")
    assert work(tmp_path / "moved", out) == {}


def test_recipe_of_two_inputs(images, out, tmp_path):
    recipe = Recipe([Step("table", "measure", {"labels": "objects", "images": {"DNA": "cells"}})])
    work(images, out)
    from objectwise.batch import find_images, plan

    found, _ = find_images({"objects": [f"{out}/*_labels.ome.tif"], "cells": [str(images)]})
    again = tmp_path / "again"
    done = list(run_batch(plan(recipe, found, again)))
    assert [row.name for row in done] == ["a_labels", "b_labels", "c_labels"]
    assert pd.read_csv(again / "all_table.csv")["intensity_mean_DNA"].tolist() == [200.0] * 6
