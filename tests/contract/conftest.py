"""Every test of this folder that asks for ``record`` runs once for every operation."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

import objectwise as ow
from objectwise.core.operation import Operation

OPERATIONS = list(ow.operations.values())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = metafunc.fixturenames
    if "record" in names and "ndim" in names:
        pairs = [(record, n) for record in OPERATIONS for n in record.dimensions]
        metafunc.parametrize(("record", "ndim"), pairs, ids=[f"{record.name}-{n}d" for record, n in pairs])
    elif "record" in names:
        metafunc.parametrize("record", OPERATIONS, ids=[record.name for record in OPERATIONS])


@pytest.fixture(autouse=True)
def known_exception(request: pytest.FixtureRequest) -> None:
    """Skip a promise that an operation declares not to keep, with its reason."""
    if "record" in request.fixturenames:
        record: Operation = request.getfixturevalue("record")
        test: Callable = request.function
        promise = test.__name__.removeprefix("test_")
        assert inspect.isfunction(test)
        if promise in record.exceptions:
            pytest.skip(f"{record.name}: {record.exceptions[promise]}")
