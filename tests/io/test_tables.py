"""Tables leave with their units, and with nothing that a spreadsheet would run."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from objectwise.core.table import Table
from objectwise.io.tables import as_text, part_of, write_table


@pytest.fixture
def table():
    frame = pd.DataFrame(
        {
            "frame": [0, 0, 1],
            "label": [3, 9, 3],
            "area": [1.5, np.nan, np.inf],
            "touches": [True, False, True],
            "=name": ["=1+1", "DAPI", "-3"],
        }
    )
    return Table(frame, {"area": "um^2"}, {"area": "What it covers."})


@pytest.mark.parametrize(("ending", "sep"), [(".csv", ","), (".tsv", "\t")])
def test_text_files(table, tmp_path, ending, sep):
    path = write_table(table, tmp_path / f"cells{ending}")
    assert sorted(item.name for item in tmp_path.iterdir()) == sorted([f"cells{ending}", "cells_columns.csv"])
    read = pd.read_csv(path, sep=sep)
    assert read["'=name"].tolist() == ["'=1+1", "DAPI", "-3"]
    assert read["area"].isna().tolist() == [False, True, False]
    dictionary = pd.read_csv(tmp_path / "cells_columns.csv", keep_default_na=False)
    assert dictionary.loc[dictionary["name"] == "area", "unit"].tolist() == ["um^2"]


def test_excel(table, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(write_table(table, tmp_path / "cells.xlsx"))
    rows = [list(row) for row in book["table"].iter_rows(values_only=True)]
    assert rows[0] == ["frame", "label", "area", "touches", "'=name"]
    assert rows[1] == [0, 3, 1.5, True, "'=1+1"]
    assert rows[2][2] is None
    assert rows[3][2] is None
    assert ["area", "um^2", "What it covers."] in [
        list(row) for row in book["columns"].iter_rows(values_only=True)
    ]


def test_parquet(table, tmp_path):
    pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = write_table(table, tmp_path / "cells.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(path), table.frame, check_dtype=False)
    assert parquet.read_schema(path).field("area").metadata[b"unit"] == b"um^2"


@pytest.mark.parametrize(("ending", "package"), [("xlsx", "openpyxl"), ("parquet", "pyarrow")])
def test_what_is_missing_is_named(table, tmp_path, monkeypatch, ending, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ValueError, match=rf"need the package {package}.*pip install"):
        write_table(table, tmp_path / f"cells.{ending}")
    assert not list(tmp_path.iterdir())


def test_what_is_refused(table, tmp_path):
    with pytest.raises(ValueError, match="must end in"):
        write_table(table, tmp_path / "cells.doc")
    with pytest.raises(ValueError, match="there is no folder"):
        write_table(table, tmp_path / "no" / "cells.csv")


def test_parts(table):
    part = part_of(table, np.array([2, 0]), ["area"])
    assert part.frame.columns.tolist() == ["frame", "label", "area"]
    assert part.frame["label"].tolist() == [3, 3]
    assert part.units["area"] == "um^2"
    assert as_text(part, ["label", "area"]) == "label\tarea\n3\tinf\n3\t1.5\n"
    assert as_text(table).splitlines()[1].endswith("'=1+1")
