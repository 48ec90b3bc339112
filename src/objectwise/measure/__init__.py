"""Measurements of objects: one file for each family, and here the operations that recipes and forms name.

Measuring is a step like any other: it is given labels and named images, and makes a table.
"""

from __future__ import annotations

from objectwise.core.grid import Grid
from objectwise.core.locality import Whole
from objectwise.core.operation import Images, Labels, Table, operation, register
from objectwise.measure.frames import measure_classes, summarise_objects
from objectwise.measure.pattern import measure_dispersion, measure_pattern
from objectwise.measure.relations import compare_compartments, measure_parents, relate_objects


@operation(locality=Whole("the rows of an object that crosses tiles are not joined yet"))
def measure(
    labels: Labels,
    images: Images | None = None,
    *,
    features: tuple[str, ...] | None = None,
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
        (``area``, ``intensity_mean``). Left out, everything.
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
    found = measure_block(labels, images, spacing, features)
    return make_table([(0, *found)], labels.ndim, list(images), features, unit)


register("measure", measure)
register("measure", relate_objects, measure_parents, compare_compartments)
register("measure", summarise_objects, measure_classes, measure_pattern, measure_dispersion)
