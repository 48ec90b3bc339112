"""What a run is given and what it gives: arrays with all that belongs to them, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from objectwise.core.grid import Grid
from objectwise.core.recipe import Recipe


@dataclass
class Result:
    """An array with all that belongs to it; what a run is given and what it returns.

    Attributes
    ----------
    array : array, Table or float
        The pixels in the order of ``grid.axes``; a `Table` where the kind is ``"table"``, an array with
        one number for each frame where it is ``"value"``.
    grid : Grid
        Axes and pixel size of the array.
    kind : str or None
        Image, mask, labels, classes, table ...; None where it is not known.
    recipe : Recipe or None
        The steps that made it.
    values : list of dict
        The numbers that were computed on the way: ``step``, ``parameter``, ``value``, and the ``t``, ``c``
        and ``z`` that they were computed for.
    """

    array: Any
    grid: Grid
    kind: str | None = None
    recipe: Recipe | None = None
    values: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Progress:
    """How far a run is, and what has just been finished.

    Attributes
    ----------
    done, total : int
        Units of work; ``done == total`` at the last yield.
    step : str
        The step that is being worked on.
    index : dict
        Its frame, channel and plane.
    finished : str or None
        The output of which a block has just been finished.
    block : ndarray, Table, float or None
        That block, in the order ``(c,) (z,) y, x``.
    results : dict of str to Result
        All outputs so far; whole at the last yield.
    """

    done: int
    total: int
    step: str
    index: Mapping[str, int]
    results: Mapping[str, Result]
    finished: str | None = None
    block: Any = None

    @property
    def fraction(self) -> float:
        """How much is done, 0 to 1."""
        return self.done / self.total if self.total else 1.0
