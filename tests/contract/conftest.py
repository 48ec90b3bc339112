"""Every test of this folder that asks for ``record`` runs once for every operation, and for its choices."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace

import pytest

import objectwise as ow
from objectwise.core.operation import Operation

OPERATIONS = list(ow.operations.values())


def _cases() -> dict[str, Operation]:
    """Return every operation, and again with each of the choices that it declares to act by other code."""
    found = {}
    for record in OPERATIONS:
        found[record.name] = record
        for choices in record.also:
            name = f"{record.name}-{'-'.join(map(str, choices.values()))}"
            found[name] = replace(record, tiny={**record.tiny, **choices})
    return found


CASES = _cases()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = metafunc.fixturenames
    if "record" in names and "ndim" in names:
        pairs = {f"{name}-{n}d": (record, n) for name, record in CASES.items() for n in record.dimensions}
        metafunc.parametrize(("record", "ndim"), pairs.values(), ids=pairs)
    elif "record" in names:
        metafunc.parametrize("record", CASES.values(), ids=CASES)


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
