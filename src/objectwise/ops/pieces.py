"""The connected pieces of masks, labels and classes, numbered for the rules that decide about them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np

from objectwise.core.locality import Facts, Pieces

Connectivity = Literal["full", "face"]


def structure(ndim: int, connectivity: str) -> np.ndarray:
    """Return which neighbours belong together: those that share a face, or an edge or corner too."""
    from scipy import ndimage

    return ndimage.generate_binary_structure(ndim, ndim if connectivity == "full" else 1)


def pixel_size(spacing: Sequence[float] | None) -> float:
    """Return the area or volume of a pixel."""
    return float(np.prod(spacing)) if spacing else 1.0


def kept(objects: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Return the objects of a mask or of labels where they are to stay."""
    return objects & keep if objects.dtype == bool else np.where(keep, objects, 0).astype(objects.dtype)


def staying(stays: np.ndarray, facts: Facts) -> np.ndarray:
    """Return what each piece holds after a decision: what it held before, or nothing."""
    held = np.where(stays, facts.ids, 0).astype(facts.ids.dtype)
    held[0] = 0
    return held


class PiecesInRuns(Pieces):
    """Pieces known by their runs; the number of each pixel is written down only if it is asked for."""

    def __init__(
        self, runs: Any, part: np.ndarray, n: int, joined: str = "touch", marks: np.ndarray | None = None
    ) -> None:
        self.runs, self.part, self.n, self.joined, self.marks = runs, part, n, joined, marks

    @cached_property
    def parts(self) -> np.ndarray:  # type: ignore[override]
        """The number of the piece of each pixel."""
        return self.spread(np.arange(self.n + 1, dtype=np.int32))

    def facts(self, block: np.ndarray) -> Facts:
        """Return the facts of the pieces of a whole block."""
        from objectwise.kernels.connected import describe_runs

        size, first, faces = describe_runs(self.runs, self.part, self.n)
        return Facts(size, first, faces, self.ids_at(block, first), *self.extreme_marks())

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Return an image of a value for each piece."""
        from objectwise.kernels.connected import paint_runs

        return paint_runs(self.runs, self.part, values)


def _touching(block: np.ndarray, connectivity: str, besides: int = 0) -> PiecesInRuns:
    """Return the connected pieces of equal value, without those of one value."""
    from objectwise.kernels.connected import find_runs, join_runs

    runs = find_runs(block, besides)
    return PiecesInRuns(runs, *join_runs(runs, connectivity == "full"))


def of_mask(mask: np.ndarray, *, connectivity: str = "full", **_: Any) -> Pieces:
    """Return the connected pieces of a mask."""
    return _touching(mask, connectivity)


def of_background(mask: np.ndarray, *, connectivity: str = "face", **_: Any) -> Pieces:
    """Return the connected pieces of what is not in a mask."""
    return _touching(mask, connectivity, besides=1)


def of_equal(labels: np.ndarray, *, connectivity: str = "full", **_: Any) -> Pieces:
    """Return the connected pieces of each object."""
    return _touching(labels, connectivity)


def of_objects(objects: np.ndarray, *, connectivity: str = "full", **_: Any) -> Pieces:
    """Return the objects: the connected pieces of a mask, or the ids of labels, in one piece or several."""
    from objectwise.kernels.connected import find_runs, number_values

    if objects.dtype == bool:
        return of_mask(objects, connectivity=connectivity)
    runs = find_runs(objects)
    return PiecesInRuns(runs, *number_values(runs), joined="id")


def of_classes(
    classes: np.ndarray, *, min_class: int, max_class: int, connectivity: str = "full", **_: Any
) -> Pieces:
    """Return the connected pieces of equal class, for the classes within a range."""
    return _touching(np.where((classes >= min_class) & (classes <= max_class), classes, 0), connectivity)


def in_reading_order(facts: Facts, **_: Any) -> np.ndarray:
    """Return 1, 2, 3 ... by the raster order of first pixels."""
    return facts.order()
