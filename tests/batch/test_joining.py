"""One table over all images: every number as it is in its own table, and what is known of the image in front."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from objectwise.batch import join, run_batch
from objectwise.core.recipe import Recipe, Step
from objectwise.core.table import Table
from objectwise.io.images import write_image
from tests.batch.scenes import GRID, RECIPE, contents, picture, planned, work, write


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
    write_image(images / "a.ome.tif", np.zeros((9, 9), np.uint8), GRID, overwrite=True)
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


def test_column_that_only_some_tables_have(images, out):
    # a mean of more than one channel has columns of its own
    recipe = Recipe(
        [
            Step("mask", "threshold_auto", {"image": "cells[0]"}, {"method": "otsu"}),
            Step("labels", "label_components", {"mask": "mask"}),
            Step("table", "measure", {"labels": "labels", "images": {"cells": "cells"}}),
        ]
    )
    from objectwise.core.grid import Grid

    for name, channels in {"a": ("DNA", "actin"), "b": ("DNA", "tubulin")}.items():
        stack = np.stack([picture(2), picture(2)])
        grid = Grid("cyx", (0.5, 0.5), "um", channels=channels)
        write_image(images / f"{name}.ome.tif", stack, grid, overwrite=True)
    (images / "c.ome.tif").unlink()
    work(images, out, recipe)
    joined = pd.read_csv(out / "all_table.csv")
    assert joined["intensity_mean_actin"].isna().tolist() == [False, False, True, True]
    assert joined["intensity_mean_tubulin"].isna().tolist() == [True, True, False, False]
    assert joined["intensity_mean_DNA"].tolist() == [200.0] * 4


def test_images_stand_in_the_order_of_their_numbers(tmp_path, out):
    for number in (10, 9, 1):
        write(tmp_path / f"field {number}.ome.tif", 1)
    work(tmp_path / "field 10.ome.tif", out)
    work(f"{tmp_path}/*.ome.tif", out)
    assert pd.read_csv(out / "all_table.csv")["file"].tolist() == ["field 1", "field 9", "field 10"]


def test_table_of_a_run_that_is_not_through(images, out):
    running = run_batch(planned(images, out))
    next(running)
    next(running)
    assert join(out)[0] == out / "all_table.csv"
    assert pd.read_csv(out / "all_table.csv")["file"].unique().tolist() == ["a", "b"]
    list(running)
    assert pd.read_csv(out / "all_table.csv")["file"].unique().tolist() == ["a", "b", "c"]
    before = contents(out)
    join(out)
    assert contents(out) == before


def test_table_that_has_gone_is_missed(images, out):
    work(images, out)
    (out / "b_table.csv").unlink()
    with pytest.raises(ValueError, match=r"b_table\.csv is missing in .*: run b again"):
        join(out)
    assert list(work(images, out)) == ["b"]


def test_folder_without_results_has_no_table(tmp_path):
    with pytest.raises(ValueError, match=r"holds no results of ours: there is no objectwise\.sqlite"):
        join(tmp_path)


def test_parquet_has_the_same_numbers(images, out):
    parquet = pytest.importorskip("pyarrow.parquet")
    (images / "list.csv").write_text("file,dose\na.ome.tif,0\nb.ome.tif,=1+1\nc.ome.tif,\n", encoding="utf-8")
    work(images / "list.csv", out)
    table = parquet.read_table(out / "all_table.parquet")
    assert table.schema.field("area").metadata[b"unit"] == b"um^2"
    joined = pd.read_csv(out / "all_table.csv", dtype={"dose": str}).fillna({"dose": ""})
    pd.testing.assert_frame_equal(table.to_pandas(), joined, check_dtype=False)
    assert table.schema.field("label").type == "int64"
