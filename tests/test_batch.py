"""A batch loses nothing: done is done, a failure is a row, and what is not ours is not touched."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from objectwise import batch
from objectwise.batch import MANIFEST, plan, run_batch
from objectwise.core.grid import Grid
from objectwise.core.recipe import Recipe, Step
from objectwise.core.table import Table
from objectwise.io.images import read_image, write_image
from objectwise.io.opening import Reading, find_files, open_input

RECIPE = Recipe(
    [
        Step("mask", "threshold_auto", {"image": "cells"}, {"method": "otsu"}),
        Step("labels", "label_components", {"mask": "mask"}),
        Step("table", "measure", {"labels": "labels"}, {"features": ("area",)}),
    ]
)


def picture(n):
    """Return an image of n bright squares of 4 x 4 pixels."""
    image = np.full((40, 60), 10, np.uint8)
    for number in range(n):
        image[4:8, 4 + 8 * number : 8 + 8 * number] = 200
    return image


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number, name in enumerate(("a", "b", "c"), 1):
        write_image(folder / f"{name}.ome.tif", picture(number), Grid("yx", (0.5, 0.5), "um"))
    return folder


@pytest.fixture
def out(tmp_path):
    return tmp_path / "results"


def opened(path, name):
    return open_input(path)[0]


def work(files, out, recipe=RECIPE, open_file=opened, **options):
    """Run a batch and return its rows, by name, in the order in which they were worked on."""
    files = find_files([str(files)])[0] if not isinstance(files, list) else files
    planned = plan(recipe, {recipe.inputs[0]: files}, out, **options)
    return {row.name: row for row in run_batch(planned, open_file)}


def contents(folder):
    return {item.name: item.read_bytes() for item in folder.iterdir()}


def manifest(out):
    return json.loads((out / MANIFEST).read_text(encoding="utf-8"))


def test_every_file_gets_its_results_and_all_get_one_table(images, out):
    rows = work(images, out)
    assert [row.status for row in rows.values()] == ["done"] * 3
    assert rows["a"].outputs == {"labels": "a_labels.ome.tif", "table": "a_table.csv"}
    labels = read_image(out / "c_labels.ome.tif")
    assert labels.array.max() == 3
    assert labels.grid == Grid("yx", (0.5, 0.5), "um")
    joined = pd.read_csv(out / "all_table.csv")
    assert joined.columns.tolist() == ["file", "frame", "label", "area"]
    assert joined["file"].tolist() == ["a", "b", "b", "c", "c", "c"]
    assert joined["area"].tolist() == [4.0] * 6
    columns = pd.read_csv(out / "all_table_columns.csv", keep_default_na=False).set_index("name")
    assert columns.loc["area", "unit"] == "um^2"
    assert columns.index.tolist() == joined.columns.tolist()
    assert Recipe.read(out / "recipe.toml") == RECIPE
    assert not [item for item in out.iterdir() if item.name.startswith(".")]


def test_manifest_says_what_was_found(images, out):
    rows = work(images, out)
    found = manifest(out)
    assert [item["name"] for item in found["files"]] == ["a", "b", "c"]
    assert (
        found["files"][0]["values"]
        == rows["a"].values
        == [{"step": "mask", "parameter": "threshold", "t": 0, "value": 10.0}]
    )


def test_value_that_is_not_a_number_leaves_the_manifest_valid(tmp_path, out):
    path = write_image(tmp_path / "flat.ome.tif", np.full((9, 9), 7, np.uint8))
    work([path], out)
    text = (out / MANIFEST).read_text(encoding="utf-8")
    assert "NaN" not in text
    assert json.loads(text)["files"][0]["values"][0]["value"] is None
    assert pd.read_csv(out / "all_table.csv").empty


def test_failure_is_a_row(images, out):
    (images / "b.ome.tif").write_bytes((images / "b.ome.tif").read_bytes()[:60])
    rows = work(images, out)
    assert [row.status for row in rows.values()] == ["done", "failed", "done"]
    assert rows["b"].error.startswith("b.ome.tif: ")
    assert "\n" not in rows["b"].error
    assert pd.read_csv(out / "all_table.csv")["file"].unique().tolist() == ["a", "c"]
    # mended, only that file is worked on
    write_image(images / "b.ome.tif", picture(2), Grid("yx", (0.5, 0.5), "um"), overwrite=True)
    assert list(work(images, out)) == ["b"]
    assert len(pd.read_csv(out / "all_table.csv")) == 6


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RuntimeError("a bug\nin two lines"), "RuntimeError a bug in two lines"),
        (MemoryError(), "there is not enough memory for this file"),
        (ValueError(), "ValueError"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
    ],
)
def test_no_error_ends_the_batch(images, out, error, sentence):
    def broken(path, name):
        if path.name.startswith("a"):
            raise error
        return opened(path, name)

    rows = work(images, out, open_file=broken)
    assert [row.status for row in rows.values()] == ["failed", "done", "done"]
    assert rows["a"].error == sentence


def test_same_command_again_does_nothing(images, out):
    work(images, out)
    before = contents(out)
    assert work(images, out) == {}
    assert contents(out) == before


def test_changed_and_missing_and_new_files_are_worked_on(images, out):
    work(images, out)
    (out / "b_table.csv").unlink()
    write_image(images / "d.ome.tif", picture(4), Grid("yx", (0.5, 0.5), "um"))
    write_image(images / "a.ome.tif", picture(5), Grid("yx", (0.5, 0.5), "um"), overwrite=True)
    assert list(work(images, out)) == ["a", "b", "d"]
    assert pd.read_csv(out / "all_table.csv").groupby("file").size().to_dict() == {
        "a": 5,
        "b": 2,
        "c": 3,
        "d": 4,
    }


def test_other_files_join_what_is_there(images, out):
    work([images / "a.ome.tif"], out)
    assert list(work([images / "b.ome.tif"], out)) == ["b"]
    assert sorted(pd.read_csv(out / "all_table.csv")["file"].unique()) == ["a", "b"]


def test_stopped_batch_goes_on(images, out):
    def stopped(path, name):
        if path.name.startswith("b"):
            raise KeyboardInterrupt
        return opened(path, name)

    with pytest.raises(KeyboardInterrupt):
        work(images, out, open_file=stopped)
    assert [item["status"] for item in manifest(out)["files"]] == ["done", "waiting", "waiting"]
    (out / ".b_labels.ome.tif.12ab.unfinished").write_bytes(b"half")
    assert list(work(images, out)) == ["b", "c"]
    assert not list(out.glob(".*"))


def test_batch_that_is_stopped_in_its_first_file_is_known_as_ours(images, out):
    def stopped(path, name):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(images, out, open_file=stopped)
    assert list(work(images, out)) == ["a", "b", "c"]


def test_stopped_while_writing_leaves_nothing_half_written(images, out, monkeypatch):
    real = batch.write_result

    def stopped(path, result, **options):
        if path.name == "b_table.csv":
            raise KeyboardInterrupt
        return real(path, result, **options)

    monkeypatch.setattr(batch, "write_result", stopped)
    with pytest.raises(KeyboardInterrupt):
        work(images, out)
    monkeypatch.undo()
    assert list(work(images, out)) == ["b", "c"]


def test_another_recipe_is_refused_with_its_difference(images, out):
    work(images, out)
    before = contents(out)
    other = RECIPE.with_value("mask", "method", "li")
    with pytest.raises(
        ValueError, match=r'another recipe \(mask: method otsu -> li\): choose another folder'
    ):
        plan(other, {"cells": [images / "a.ome.tif"]}, out)
    assert contents(out) == before
    assert list(work(images, out, other, overwrite=True)) == ["a", "b", "c"]


def test_another_pixel_size_is_refused(images, out):
    work(images, out, reading=Reading(spacing=(1.0, 1.0), unit="um"))
    assert work(images, out, reading=Reading(spacing=(1.0, 1.0), unit="um")) == {}
    with pytest.raises(
        ValueError, match=r"read with spacing \(1\.0, 1\.0\) and unit um, not with nothing said"
    ):
        plan(RECIPE, {"cells": [images / "a.ome.tif"]}, out)


def test_folder_without_a_single_result_takes_anything(images, out):
    (images / "a.ome.tif").write_bytes(b"")
    assert work([images / "a.ome.tif"], out)["a"].status == "failed"
    assert list(work(images, out, RECIPE.with_value("mask", "method", "li"), reading=Reading(unit="nm")))


def test_folder_that_is_not_ours_is_refused(images, out):
    out.mkdir()
    (out / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(ValueError, match="is not empty and holds no results of ours: choose another folder"):
        plan(RECIPE, {"cells": [images / "a.ome.tif"]}, out)
    work(images, out, overwrite=True)
    assert (out / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_manifest_that_cannot_be_read_is_refused(images, out):
    out.mkdir()
    (out / MANIFEST).write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match="cannot be read: choose another folder"):
        plan(RECIPE, {"cells": [images / "a.ome.tif"]}, out)


def test_file_of_the_same_name_from_elsewhere_is_refused(images, out, tmp_path):
    work(images, out)
    (tmp_path / "more").mkdir()
    other = write_image(tmp_path / "more" / "a.tif", picture(4))
    with pytest.raises(
        ValueError, match=r"holds the results of .*a\.ome\.tif, and those of .*a\.tif would replace them"
    ):
        plan(RECIPE, {"cells": [other]}, out)


def test_moved_files_are_known_by_what_they_are(images, out, tmp_path):
    work(images, out)
    images.rename(tmp_path / "moved")
    assert work(tmp_path / "moved", out) == {}


@pytest.mark.parametrize(
    "names",
    [("a.tif", "a.png"), ("a.tif", "more/a.tif"), ("all.tif",)],
    ids=["endings", "folders", "the name of the table over all files"],
)
def test_results_of_one_name_are_refused(tmp_path, out, names):
    (tmp_path / "more").mkdir()
    files = [write_image(tmp_path / name, picture(1)) for name in names]
    with pytest.raises(ValueError, match=r"would both be named a.*rename one of the files"):
        plan(RECIPE, {"cells": files}, out)


def test_results_do_not_replace_an_input(tmp_path):
    files = [write_image(tmp_path / name, picture(1)) for name in ("a.ome.tif", "a_labels.ome.tif")]
    with pytest.raises(ValueError, match=r"would both be named a_labels\.ome\.tif"):
        plan(RECIPE, {"cells": files}, tmp_path, overwrite=True)


def test_number_of_files_must_agree(images, out):
    recipe = Recipe(
        [
            Step("mask", "threshold_auto", {"image": "cells"}),
            Step("grown", "watershed_seeded", {"image": "cells", "seeds": "spots", "mask": "mask"}),
        ]
    )
    files = find_files([str(images)])[0]
    with pytest.raises(ValueError, match="the recipe needs files for 'spots'; found none"):
        plan(recipe, {"cells": files}, out)
    with pytest.raises(ValueError, match="found 3 for 'cells', 2 for 'spots'"):
        plan(recipe, {"cells": files, "spots": files[:2]}, out)


def test_tables_in_different_units_are_not_mixed(images, out):
    write_image(images / "b.ome.tif", picture(2), overwrite=True)
    with pytest.raises(
        ValueError, match=r"all_table\.csv is not written, as area is in um\^2 in a and in pixel\^2 in b"
    ):
        work(images, out)
    # what each file gave is there
    assert len(Table.read_csv(out / "b_table.csv")) == 2
    assert not (out / "all_table.csv").exists()


def test_table_without_rows_does_not_change_the_others(images, out):
    write_image(
        images / "a.ome.tif", np.zeros((9, 9), np.uint8), Grid("yx", (0.5, 0.5), "um"), overwrite=True
    )
    work(images, out)
    joined = pd.read_csv(out / "all_table.csv")
    assert joined["file"].tolist() == ["b", "b", "c", "c", "c"]
    assert joined["label"].dtype == np.int64


def test_numbers_in_the_joint_table_are_those_of_the_files(images, out):
    recipe = Recipe(
        [*RECIPE.steps[:2], Step("table", "measure", {"labels": "labels", "images": {"DAPI": "cells"}})]
    )
    work(images, out, recipe)
    lines = (out / "all_table.csv").read_text(encoding="utf-8").splitlines()
    own = {name: (out / f"{name}_table.csv").read_text(encoding="utf-8").splitlines() for name in "abc"}
    assert lines[0] == "file," + own["a"][0]
    assert lines[1:] == [f"{name},{line}" for name, rows in own.items() for line in rows[1:]]
