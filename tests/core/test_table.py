"""Tables: units, reasons, joining, and the way to a file and back."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from objectwise.core.table import Column, Table, dictionary_path

COLUMNS = [
    Column("n_pixels", "pixel", "Number of pixels.", group="size", kind="integer"),
    Column("area", "length^n", "Area.", (2,), "size"),
    Column("orientation", "angle", "Direction.", (2,)),
    Column("touches_border", "1", "At the border.", group="position", kind="boolean"),
]


def make(labels, frame=0, unit="um", reasons=None, **more):
    labels = np.asarray(labels)
    values = {
        "label": labels,
        "n_pixels": labels * 2,
        "area": labels / 3,
        "orientation": np.where(labels == 2, np.nan, 0.1),
        "touches_border": labels > 1,
    }
    if reasons is None:
        reasons = {"orientation": {2: "orientation: round"}} if 2 in labels else {}
    return Table.from_columns(values | more, COLUMNS, frame=frame, unit=unit, ndim=2, reasons=reasons)


@pytest.mark.parametrize(
    ("unit", "ndim", "text", "power"),
    [
        ("1", 2, "", 0),
        ("pixel", 2, "pixel", 0),
        ("intensity", 3, "intensity", 0),
        ("angle", 2, "rad", 0),
        ("length", 3, "um", 1),
        ("length^n", 2, "um^2", 2),
        ("length^n", 3, "um^3", 3),
        ("length^2", 3, "um^2", 2),
    ],
)
def test_unit_of_a_column(unit, ndim, text, power):
    column = Column("a", unit, "A.")
    assert column.unit_text("um", ndim) == text
    assert column.power(ndim) == power


def test_unit_without_calibration():
    assert Column("a", "length^n", "A.").unit_text("pixel", 2) == "pixel^2"


@pytest.mark.parametrize("unit", ["um", "length^0", "length^", "", "lengths"])
def test_unit_outside_the_vocabulary_is_refused(unit):
    with pytest.raises(ValueError, match="the unit must be"):
        Column("a", unit, "A.")


def test_frame_and_label_come_first():
    table = Table(pd.DataFrame({"area": [1.0], "label": [3]}))
    assert list(table.frame.columns) == ["frame", "label", "area"]
    assert table.frame["frame"].tolist() == [0]
    assert table.units == {"frame": "", "label": "", "area": ""}
    assert "time" in table.descriptions["frame"].lower()


def test_table_without_labels_is_refused():
    with pytest.raises(ValueError, match="needs a column 'label'; found area"):
        Table(pd.DataFrame({"area": [1.0]}))


def test_two_rows_for_one_object_are_refused():
    with pytest.raises(ValueError, match="label 5 of frame 0 more than once"):
        Table(pd.DataFrame({"label": [4, 5, 5]}))


def test_the_frame_given_is_not_changed():
    frame = pd.DataFrame({"area": [1.0], "label": [3]})
    Table(frame)
    assert list(frame.columns) == ["area", "label"]


def test_units_and_size():
    table = make([1, 2])
    assert table.units == {
        "frame": "",
        "label": "",
        "n_pixels": "pixel",
        "area": "um^2",
        "orientation": "rad",
        "touches_border": "",
    }
    assert len(table) == 2
    assert table["area"].tolist() == [1 / 3, 2 / 3]
    assert str(table) == (
        "Table: 2 objects, 4 columns (n_pixels [pixel], area [um^2], orientation [rad], touches_border)"
    )


def test_html_has_the_units_in_the_header_only():
    table = make([1, 2])
    assert "area [um^2]" in table._repr_html_()
    assert "area" in table.frame.columns


def test_empty_table_has_columns_and_types():
    table = Table.empty(COLUMNS, unit="um", ndim=2)
    assert len(table) == 0
    assert list(table.frame.columns) == ["frame", "label", *(column.name for column in COLUMNS)]
    assert [str(dtype) for dtype in table.frame.dtypes] == [
        "int64",
        "int64",
        "int64",
        "float64",
        "float64",
        "bool",
    ]
    assert str(table).startswith("Table: 0 objects")
    assert table._repr_html_()


def test_reason():
    table = make([1, 2, 7])
    assert table.reason(2, "orientation") == "orientation: round"
    assert table.reason(1, "orientation") == ""
    assert table.reason(7, "touches_border") == ""


def test_reason_for_all_objects():
    table = make([1, 4], area=np.full(2, np.nan), reasons={"area": {None: "area: not defined in 3-D"}})
    assert table.reason(4, "area") == "area: not defined in 3-D"


def test_reason_that_nobody_recorded():
    table = Table(pd.DataFrame({"label": [1], "area": [math.nan]}))
    assert "not recorded" in table.reason(1, "area")


@pytest.mark.parametrize(("label", "column", "frame"), [(1, "volume", 0), (3, "area", 0), (1, "area", 1)])
def test_reason_of_what_is_not_there(label, column, frame):
    with pytest.raises(KeyError, match="the table has no"):
        make([1, 2]).reason(label, column, frame)


def test_concat_keeps_rows_units_types_and_reasons():
    table = Table.concat([make([1, 2], 0), Table.empty(COLUMNS, unit="um"), make([2], 3)])
    assert table.frame[["frame", "label"]].to_numpy().tolist() == [[0, 1], [0, 2], [3, 2]]
    assert table.units["area"] == "um^2"
    assert table.frame["touches_border"].dtype == bool
    assert table.frame["n_pixels"].dtype == np.int64
    assert table.reason(2, "orientation", 3) == "orientation: round"
    assert table.reason(2, "orientation", 0) == "orientation: round"


def test_concat_of_one_frame_keeps_a_reason_for_all_to_its_own_objects():
    nothing = {"area": np.full(1, np.nan), "reasons": {"area": {None: "no"}}}
    table = Table.concat([make([1], **nothing), make([2], area=np.full(1, np.nan), reasons={})])
    assert table.reason(1, "area") == "no"
    assert "not recorded" in table.reason(2, "area")


def test_concat_fills_columns_that_some_lack():
    first = Table(pd.DataFrame({"label": [1], "n_missing": [5], "mean": [1.5]}))
    second = Table(pd.DataFrame({"frame": [1], "label": [1]}))
    table = Table.concat([second, first])
    assert table.frame["n_missing"].tolist() == [0, 5]
    assert table.frame["n_missing"].dtype == np.int64
    assert np.isnan(table.frame["mean"][0])


def test_concat_refuses_different_units():
    with pytest.raises(ValueError, match=r"area: .*'um\^2' and 'nm\^2'"):
        Table.concat([make([1]), make([2], unit="nm")])


def test_concat_refuses_nothing():
    with pytest.raises(ValueError, match="at least one"):
        Table.concat([])


def test_csv_round_trip(tmp_path):
    table = make([1, 2, 9], frame=4)
    path = table.to_csv(tmp_path / "nuclei.csv")
    assert path.read_text().splitlines()[0] == "frame,label,n_pixels,area,orientation,touches_border"
    again = Table.read_csv(path)
    pd.testing.assert_frame_equal(again.frame, table.frame, check_exact=True)
    assert again.units == table.units
    assert again.descriptions == table.descriptions


def test_data_dictionary(tmp_path):
    make([1]).to_csv(tmp_path / "nuclei.csv")
    dictionary = pd.read_csv(tmp_path / "nuclei_columns.csv", keep_default_na=False)
    assert list(dictionary.columns) == ["name", "unit", "description", "reference"]
    assert dictionary.set_index("name").loc["area"].tolist() == ["um^2", "Area.", ""]
    assert dictionary_path("a/b.csv").as_posix() == "a/b_columns.csv"


def test_csv_of_another_program(tmp_path):
    (tmp_path / "other.csv").write_text("label,Area\n1,4.5\n")
    table = Table.read_csv(tmp_path / "other.csv")
    assert table.units["Area"] == ""
    assert table.frame["frame"].tolist() == [0]


def test_empty_csv_round_trip(tmp_path):
    again = Table.read_csv(Table.empty(COLUMNS).to_csv(tmp_path / "none.csv"))
    assert len(again) == 0
    assert again.units["area"] == "pixel^2"


def test_the_source_of_a_column_goes_with_it(tmp_path):
    column = Column("width", "length", "Width.", reference="Houle (1988)")
    table = Table.from_columns({"label": np.array([4]), "width": np.array([2.0])}, [column])
    assert table.references == {"frame": "", "label": "", "width": "Houle (1988)"}
    both = Table.concat([make([1]), table.at_frame(1)])
    assert both.references["width"] == "Houle (1988)"
    assert Table.read_csv(both.to_csv(tmp_path / "both.csv")).references == both.references
