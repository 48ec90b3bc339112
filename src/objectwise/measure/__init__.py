"""Measurements of objects: one file for each family, and here the operation that recipes and forms name.

Measuring is a step like any other: it is given labels and named images, and makes a table.
"""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Le

from objectwise.core.grid import Grid
from objectwise.core.locality import Whole
from objectwise.core.operation import Images, Labels, Table, operation, register


@operation(locality=Whole("the rows of an object that crosses tiles are not joined yet"))
def measure(
    labels: Labels,
    images: Images | None = None,
    *,
    features: tuple[str, ...] | None = None,
    texture_scale: Annotated[int, Ge(1), Le(1000)] = 3,
    n_grey_levels: Annotated[int, Ge(2), Le(256)] = 32,
    texture_min: float | None = None,
    texture_max: float | None = None,
    n_granularity_steps: Annotated[int, Ge(1), Le(64)] = 16,
    n_rings: Annotated[int, Ge(1), Le(64)] = 4,
    grid: Grid | None = None,
) -> Table:
    """Measure the size, shape, position and brightness of every object.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background. Gaps are allowed, and objects in several pieces.
    images : mapping of str to (Y, X) or (Z, Y, X) array, optional
        Channels whose brightness is measured, by the names that their columns get.
    features : tuple of str, optional
        What to measure: groups (``size``, ``shape``, ``position``, ``intensity``) or columns
        (``area``, ``intensity_mean``). Left out, all groups but those that take long or are
        many columns: ``texture``, ``granularity``, ``radial``, ``zernike`` and ``skeleton``.
    texture_scale : int, optional
        How many pixels along each axis the two pixels of a pair lie apart, for ``texture``. A larger step sees
        coarser patterns, and must fit into the objects.
    n_grey_levels : int, optional
        Number of grey levels for ``texture``. More tell finer differences apart, but leave fewer pairs for each.
    texture_min, texture_max : float, optional
        The values at which the grey levels begin and end, for ``texture``. Left out, the darkest and the brightest
        pixel of each object, so that its contrast has no part in it.
    n_granularity_steps : int, optional
        Number of sizes of spots for ``granularity``, in pixels.
    n_rings : int, optional
        Number of rings between the middle and the border of an object, for ``radial``.
    grid : Grid, optional
        Pixel size and unit; pixels where it is left out.

    Returns
    -------
    Table
        One row for each object, with the unit of each column. What is not defined for an object is NaN,
        and the table tells the reason.

    Notes
    -----
    NaN and infinite pixels of an image are left out; a column counts them where there are any.

    Examples
    --------
    >>> import numpy as np
    >>> table = measure(np.array([[0, 1, 1], [0, 0, 4]]), features=("area",))
    >>> table.frame["area"].tolist()
    [2.0, 1.0]
    """
    from objectwise.measure.objects import make_table, measure_block

    spacing = grid.block_spacing if grid is not None else None
    unit = grid.unit if grid is not None else "pixel"
    images = dict(images or {})
    settings = {
        "texture_scale": texture_scale,
        "n_grey_levels": n_grey_levels,
        "texture_min": texture_min,
        "texture_max": texture_max,
        "n_granularity_steps": n_granularity_steps,
        "n_rings": n_rings,
    }
    found = measure_block(labels, images, spacing, features, **settings)
    return make_table([(0, *found)], labels.ndim, list(images), features, unit, **settings)


register("measure", measure)
