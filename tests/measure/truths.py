"""Where the truth of each column comes from: tests say so, and a report and a test read it.

A test that holds columns to a truth is marked with it::

    @truth("area", "perimeter", by="closed form", tolerance="6 % of a disc's circumference")
    def test_discs(): ...

Run ``python -m tests.measure.truths`` for the report.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

Source = Literal[
    "closed form", "scikit-image", "SimpleITK", "DIPlib", "cp_measure", "skan", "SciPy", "pandas", "published"
]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Truth:
    """One test of one column."""

    column: str
    by: str
    tolerance: str
    test: str


_FOUND: list[Truth] = []


def truth(*columns: str, by: Source, tolerance: str) -> Callable[[F], F]:
    """Mark a test with the columns that it holds to a truth, where that comes from, and how closely."""

    def mark(test: F) -> F:
        _FOUND.extend(
            Truth(column, by, tolerance, f"{test.__module__}.{test.__name__}") for column in columns
        )
        return test

    return mark


def all_truths() -> list[Truth]:
    """Return what the tests of this folder say."""
    import tests.measure as folder

    for module in pkgutil.iter_modules(folder.__path__):
        if module.name.startswith("test_"):
            importlib.import_module(f"{folder.__name__}.{module.name}")
    return list(dict.fromkeys(_FOUND))


def report() -> str:
    """Return a Markdown table: each column, and what it was held to."""
    import objectwise
    from objectwise.measure.families import FAMILIES, defaults

    lines = ["| Column | Truth | Tolerance |", "| --- | --- | --- |"]
    found = all_truths()
    columns = [
        column for family in FAMILIES for column in (*family.columns_with(defaults()), *family.occasional)
    ]
    columns += [column for record in objectwise.operations.values() for column in record.rows.columns]
    for name in dict.fromkeys(column.name for column in columns):
        mine = [item for item in found if item.column == name]
        by = "<br>".join(item.by for item in mine) or "none"
        lines.append(f"| `{name}` | {by} | {'<br>'.join(item.tolerance for item in mine)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    # run as a module it is another one than that which the tests import
    from tests.measure import truths

    sys.stdout.write(truths.report() + "\n")
