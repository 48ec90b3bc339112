"""Operations of the tests' own, taken away again after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from objectwise.core.operation import Operation, operations


@pytest.fixture
def registered() -> Iterator[dict[str, Operation]]:
    """Let a test register operations."""
    before = dict(operations)
    yield operations
    operations.clear()
    operations.update(before)
