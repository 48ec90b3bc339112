"""No column without a truth."""

from __future__ import annotations

from objectwise.core.operation import operations
from objectwise.measure.families import FAMILIES, defaults, groups
from tests.measure.truths import all_truths

COLUMNS = [
    column.name for family in FAMILIES for column in (*family.columns_with(defaults()), *family.occasional)
]
COLUMNS += [column.name for record in operations.values() for column in record.rows.columns]


def test_every_column_is_held_to_a_truth() -> None:
    known = {item.column for item in all_truths()}
    assert [name for name in COLUMNS if name not in known] == []


def test_no_truth_is_about_a_column_that_is_gone() -> None:
    assert sorted({item.column for item in all_truths()} - set(COLUMNS)) == []


def test_no_column_has_the_name_of_a_group() -> None:
    assert set(COLUMNS) & set(groups()) == set()
