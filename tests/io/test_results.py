"""Results as files: the right format for each kind, refused before the work, and never half written."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

from objectwise.core.grid import Grid
from objectwise.core.results import Result
from objectwise.core.table import Table
from objectwise.io.images import read_image
from objectwise.io.results import check_output, ending, made_whole, remove_unfinished, write_result

GRID = Grid("zyx", (2.0, 0.5, 0.5), "um")
TABLE = Table(pd.DataFrame({"label": [1, 2], "area": [0.1, np.nan]}), {"area": "um^2"}, {"area": "Area."})


def pixels(kind, dtype):
    return Result(np.arange(2 * 3 * 4).reshape(2, 3, 4).astype(dtype), GRID, kind)


@pytest.mark.parametrize(
    ("kind", "dtype", "written"),
    [
        ("image", "float32", "float32"),
        ("image", "uint16", "uint16"),
        ("labels", "int32", "int32"),
        ("objects", "int32", "int32"),
        ("mask", "bool", "uint8"),
        ("classes", "uint8", "uint8"),
        (None, "uint8", "uint8"),
    ],
)
def test_pixels_keep_axes_and_pixel_size(tmp_path, kind, dtype, written):
    result = pixels(kind, dtype)
    path = write_result(tmp_path / f"result{ending(kind)}", result)
    again = read_image(path)
    assert again.grid == GRID
    assert again.array.dtype == written
    expected = result.array * 255 if kind == "mask" else result.array
    np.testing.assert_array_equal(again.array, expected)
    with tifffile.TiffFile(path) as file:
        assert 'PhysicalSizeX="0.5"' in file.ome_metadata
        assert 'PhysicalSizeZ="2.0"' in file.ome_metadata
        assert 'PhysicalSizeXUnit="µm"' in file.ome_metadata


def test_table_is_written_with_what_its_columns_mean(tmp_path):
    path = write_result(tmp_path / f"cells{ending('table')}", Result(TABLE, GRID, "table"))
    again = Table.read_csv(path)
    pd.testing.assert_frame_equal(again.frame, TABLE.frame)
    assert again.units["area"] == "um^2"
    assert sorted(item.name for item in tmp_path.iterdir()) == ["cells.csv", "cells_columns.csv"]


def test_numbers_are_written_one_for_each_frame(tmp_path):
    path = write_result(tmp_path / "size.csv", Result(np.array([0.1, np.nan, 3.0]), GRID, "value"))
    assert path.read_text(encoding="utf-8") == "frame,value\n0,0.10000000000000001\n1,nan\n2,3\n"


@pytest.mark.parametrize("kind", ["labels", "table", "value"])
def test_nothing_is_replaced_unasked(tmp_path, kind):
    path = tmp_path / f"result{ending(kind)}"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match="is there already; choose another name"):
        check_output(path, kind)
    assert check_output(path, kind, overwrite=True) == path
    assert path.read_text(encoding="utf-8") == "mine"


def test_data_dictionary_is_not_replaced_unasked(tmp_path):
    (tmp_path / "cells_columns.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match=r"cells_columns\.csv is there already"):
        write_result(tmp_path / "cells.csv", Result(TABLE, GRID, "table"))
    assert [item.name for item in tmp_path.iterdir()] == ["cells_columns.csv"]


@pytest.mark.parametrize(
    ("name", "kind", "allowed"),
    [
        ("a.jpg", "labels", r"\.ome\.tif, \.tif, \.png, \.npy"),
        ("a.tif", "value", r"a value must end in \.csv"),
        ("a.xlsx", "table", r"a table must end in \.csv"),
        ("a", "image", r"pixels must end in \.ome\.tif"),
    ],
)
def test_name_that_fits_no_format_is_refused(tmp_path, name, kind, allowed):
    with pytest.raises(ValueError, match=allowed):
        check_output(tmp_path / name, kind)


def test_missing_folder_and_folder_of_that_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="there is no folder"):
        check_output(tmp_path / "none" / "a.csv", "table")
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(ValueError, match=r"a\.csv is a folder"):
        check_output(tmp_path / "a.csv", "table", overwrite=True)


def test_stopped_table_leaves_the_old_files(tmp_path, monkeypatch):
    path = write_result(tmp_path / "cells.csv", Result(TABLE, GRID, "table"))
    before = {item.name: item.read_bytes() for item in tmp_path.iterdir()}

    def stopped(self, path):
        path.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr(Table, "to_csv", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_result(path, Result(TABLE, GRID, "table"), overwrite=True)
    assert {item.name: item.read_bytes() for item in tmp_path.iterdir()} == before


def test_files_appear_together_and_the_named_one_last(tmp_path, monkeypatch):
    moved = []
    replace = type(tmp_path).replace
    monkeypatch.setattr(
        type(tmp_path), "replace", lambda self, to: moved.append(to.name) or replace(self, to)
    )
    with made_whole(tmp_path / "a.csv") as draft:
        for name in ("a.csv", "a_columns.csv", "b.csv"):
            draft.with_name(name).write_text(name, encoding="utf-8")
        assert not (tmp_path / "a.csv").exists()
    assert moved[-1] == "a.csv"
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.csv", "a_columns.csv", "b.csv"]


def test_what_a_killed_run_has_left_is_removed(tmp_path):
    (tmp_path / ".a.csv.1f.unfinished").mkdir()
    (tmp_path / ".a.csv.1f.unfinished" / "a.csv").touch()
    (tmp_path / ".a.ome.tif.2e.unfinished").touch()
    (tmp_path / "a.unfinished").touch()
    (tmp_path / ".hidden").touch()
    remove_unfinished(tmp_path)
    assert sorted(item.name for item in tmp_path.iterdir()) == [".hidden", "a.unfinished"]
