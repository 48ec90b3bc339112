"""What previews have found and read, so that the next one need not.

Entries hold weak references to the arrays they belong to: a layer that is removed is not kept alive by its previews,
and an array that takes the place of another in memory is not taken for it. A pass over a large image that was given up
for a newer request is kept too, as the generator that it is, and taken up where it stopped.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from objectwise.core.results import Result
from objectwise.gui.layers.conversion import arrays_of, is_lazy

# of each kind of entry; the counts of a 16-bit image take half a megabyte
_MOST = 48


@dataclass
class Memory:
    """Values, counts, passes that are not at their end, the last block read and the last volume made."""

    values: dict[tuple, tuple[tuple, Any]] = field(default_factory=dict)
    parts: dict[tuple, tuple[tuple, dict]] = field(default_factory=dict)
    unfinished: dict[tuple, Generator[float, None, Any]] = field(default_factory=dict)
    block: tuple[tuple, tuple, np.ndarray] | None = None
    volume: tuple[tuple, tuple, Any] | None = None

    def find(self, key: tuple, arrays: tuple) -> Any:
        """Return what was kept for these arrays, or None."""
        kept = self.values.get(key)
        return kept[1] if kept is not None and _same(kept[0], arrays) else None

    def keep(self, key: tuple, arrays: tuple, value: Any) -> None:
        """Keep a value, and forget the oldest where there are many."""
        _shorten(self.values)
        self.values[key] = (_refer(arrays), value)

    def counts(self, arrays: tuple) -> dict:
        """Return what was counted in these arrays, to be added to."""
        key = tuple(map(id, arrays))
        kept = self.parts.get(key)
        if kept is None or not _same(kept[0], arrays):
            while len(self.parts) >= 4:
                self.parts.pop(next(iter(self.parts)))
            kept = self.parts[key] = (_refer(arrays), {})
        _shorten(kept[1])
        return kept[1]

    def get(
        self, key: tuple, arrays: tuple, make: Callable[[], Generator[float, None, Any]]
    ) -> Generator[float, None, Any]:
        """Return what is kept, or else what a generator returns; one that was left is taken up again."""
        while True:
            kept = self.find(key, arrays)
            if kept is not None:
                return kept
            if key not in self.unfinished:
                _shorten(self.unfinished, 4)
                self.unfinished[key] = make()
            try:
                fraction = next(self.unfinished[key])
            except StopIteration as end:
                self.unfinished.pop(key, None)
                self.keep(key, arrays, end.value)
                return end.value
            except Exception:
                self.unfinished.pop(key, None)
                raise
            yield fraction

    def read(self, source: Result, index: Mapping[str, int], box: tuple[slice, ...]) -> np.ndarray:
        """Read a box of an input; that of a lazy array is kept, as reading it again may take long."""
        arrays = arrays_of(source.array)
        if not is_lazy(source.array):
            return source.grid.read(source.array, dict(index), box)
        key = (tuple(map(id, arrays)), type(source.array), tuple(sorted(index.items())), str(box))
        kept = self.block
        if kept is not None and kept[0] == key and _same(kept[1], arrays):
            return kept[2]
        block = source.grid.read(source.array, dict(index), box)
        self.block = (key, _refer(arrays), block)
        return block

    def kept_volume(self, key: tuple, arrays: tuple) -> Any:
        """Return the last volume, if it was made of these."""
        kept = self.volume
        return kept[2] if kept is not None and kept[0] == key and _same(kept[1], arrays) else None

    def keep_volume(self, key: tuple, arrays: tuple, value: Any) -> None:
        """Keep one volume, in place of the last."""
        self.volume = (key, _refer(arrays), value)


def _refer(arrays: tuple) -> tuple:
    return tuple(weakref.ref(array) for array in arrays)


def _same(references: tuple, arrays: tuple) -> bool:
    return len(references) == len(arrays) and all(
        reference() is array for reference, array in zip(references, arrays, strict=True)
    )


def _shorten(kept: dict, most: int = _MOST) -> None:
    while len(kept) >= most:
        kept.pop(next(iter(kept)))
