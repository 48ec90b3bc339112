"""Measurements of objects: one file for each family, and here the operations that recipes and forms name.

Measuring is a step like any other: it is given labels and named images, and makes a table.
"""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from objectwise.core.grid import Grid
from objectwise.core.locality import Parts
from objectwise.core.operation import Images, Labels, Length, Table, operation, register
from objectwise.measure.frames import measure_classes, summarise_objects
from objectwise.measure.parts import needs_whole, table_of_tiles
from objectwise.measure.pattern import measure_dispersion, measure_pattern
from objectwise.measure.relations import compare_compartments, measure_parents, relate_objects


@operation(locality=Parts(table_of_tiles, needs_whole))
def measure(
    labels: Labels,
    images: Images | None = None,
    *,
    features: tuple[str, ...] | None = None,
    missing: Literal["ignore", "propagate"] = "ignore",
    percentiles: tuple[float, ...] = (5.0, 25.0, 75.0, 95.0),
    ring_gap: Annotated[Length, Ge(0)] = 2.0,
    ring_width: Annotated[Length, Gt(0)] = 5.0,
    colocalisation_threshold: Literal["otsu", "costes"] = "otsu",
    neighbour_distance: Annotated[Length, Gt(0)] = 10.0,
    n_neighbours: Annotated[int, Ge(1)] = 2,
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
        (``area``, ``intensity_mean``). Left out, all groups but those that are measured on request alone, which the
        list of measurements tells.
    missing : {"ignore", "propagate"}
        What pixels that are NaN or infinite do: they are left out, or make all that is measured of their object in
        this image NaN. They are counted either way.
    percentiles : tuple of float
        Which percentiles of the brightness the group ``intensity_distribution`` has, from 0 to 100.
    ring_gap : float
        Distance between an object and the ring in which ``intensity_background`` is measured, in the unit of the
        pixel size. A larger value keeps more of the object's own light out.
    ring_width : float
        Width of that ring. A larger value takes more background, from farther away.
    colocalisation_threshold : {'otsu', 'costes'}, optional
        Which pixels of a channel are signal, for Manders' coefficients: those above the threshold of Otsu of the
        frame, or above that of Costes, below which the two channels of a pair are not correlated. Costes' is the
        lower one where little of the frame is signal.
    neighbour_distance : float, optional
        How far from an object others are its neighbours, in the unit of the pixel size. With a larger one more are
        counted, and the density is an average over a wider surrounding.
    n_neighbours : int, optional
        How many of the nearest neighbours get columns of their own, at least 1.
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
    A column counts the NaN and infinite pixels of an image in objects, where there are any.

    In tiles all is measured but what looks at more than the pixels of each object: neighbours, the background around
    objects, and colocalisation, whose thresholds are those of the frame.

    Examples
    --------
    >>> import numpy as np
    >>> table = measure(np.array([[0, 1, 1], [0, 0, 4]]), features=("area",))
    >>> table.frame["area"].tolist()
    [2.0, 1.0]
    """
    given = dict(locals())
    from objectwise.measure.families import defaults
    from objectwise.measure.objects import make_table, measure_block

    spacing = grid.block_spacing if grid is not None else None
    unit = grid.unit if grid is not None else "pixel"
    images = dict(images or {})
    settings = {name: given[name] for name in defaults()}
    found = measure_block(labels, images, spacing, features, **settings)
    return make_table([(0, *found)], labels.ndim, list(images), features, unit, **settings)


register("measure", measure)
register("measure", relate_objects, measure_parents, compare_compartments)
register("measure", summarise_objects, measure_classes, measure_pattern, measure_dispersion)
