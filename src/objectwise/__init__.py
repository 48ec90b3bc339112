"""Objects and measurements from bioimages: from pixels to objects to numbers.

The public names are here; nothing of napari, magicgui or Qt is imported, and no global state is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# imported for what they register, in the order of the menus; `measure` is then the function below
from objectwise import ops as _ops  # noqa: F401 # isort: skip
from objectwise import measure as _measure  # noqa: F401 # isort: skip
from objectwise.core.grid import Grid
from objectwise.core.operation import Operation, operation, operations, register
from objectwise.core.recipe import From, Recipe, Step
from objectwise.core.results import Progress, Result
from objectwise.core.run import apply, run
from objectwise.core.table import Table
from objectwise.match import Match, match
from objectwise.ops.compositions import find_objects

__all__ = [
    "From",
    "Grid",
    "Match",
    "Operation",
    "Progress",
    "Recipe",
    "Result",
    "Step",
    "Table",
    "apply",
    "find_objects",
    "match",
    "measure",
    "operation",
    "operations",
    "register",
    "run",
]


def measure(
    labels: Any,
    images: Mapping[str, Any] | None = None,
    *,
    grid: Grid | None = None,
    features: Iterable[str] | None = None,
    **settings: Any,
) -> Table:
    """Measure every object of a labels array of any axes, frame by frame.

    Parameters
    ----------
    labels : array of int
        Ids of the objects, 0 is background.
    images : mapping of str to array, optional
        Channels by name, of the size of the labels.
    grid : Grid, optional
        The axes and pixel size; not needed for a plain 2-D array.
    features : iterable of str, optional
        Groups or columns; all but those that are measured on request alone where it is left out.
    **settings
        Further parameters of the operation ``measure``, such as the width of a ring.

    Returns
    -------
    Table
        ``table.frame`` is a tidy pandas frame with one row for each frame and label, ``table.units`` the
        unit of each column.

    Examples
    --------
    >>> import numpy as np, objectwise as ow
    >>> labels = np.array([[0, 1, 1], [0, 0, 4]])
    >>> table = ow.measure(labels, {"DAPI": labels * 10.0}, grid=ow.Grid("yx", (0.5, 0.5), "um"))
    >>> table.frame[["label", "area", "intensity_mean_DAPI"]].values.tolist()
    [[1.0, 0.5, 10.0], [4.0, 0.25, 40.0]]
    >>> table.units["area"]
    'um^2'
    """
    return apply("measure", labels, images, grid=grid, features=features, **settings)


def __getattr__(name: str) -> str:
    """Look up the version only when it is asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("napari-objectwise")
    raise AttributeError(f"module 'objectwise' has no attribute {name!r}")
