"""Points that a person has set, as seeds: each becomes one pixel of a labels array, with an id of its own."""

from __future__ import annotations

import numpy as np
from napari.layers import Layer, Points

from objectwise.core.results import Result
from objectwise.gui.layers.calibration import axes_of, grid_of, shape_of


def seeds_of(points: Points, layer: Layer) -> Result:
    """Return the points as labels on the pixels of another layer.

    Parameters
    ----------
    points : Points
        The id of a point is its place in the layer, counted from 1.
    layer : Layer
        An Image or Labels layer of which the axes are known. A time axis that the points do not have is left out: they
        are the same in every frame.

    Returns
    -------
    Result
        Labels; points beyond the border are left out.

    Raises
    ------
    ValueError
        If no point lies in the layer, or the points have no place along an axis of space.
    """
    axes, grid = str(axes_of(layer)), grid_of(layer)
    sizes = dict(zip(grid.axes, shape_of(layer), strict=True))
    known = axes[-points.ndim :]
    if not set(grid.spatial) <= set(known):
        raise ValueError(
            f"{points.name} has points with {points.ndim} axes; {layer.name} needs one for each of {grid.spatial}."
        )
    kept = [axis for axis in axes if axis in known and axis != "c"]
    places = np.array([layer.world_to_data(points.data_to_world(point)) for point in points.data])
    index = np.round(places.reshape(-1, layer.ndim)[:, [axes.index(axis) for axis in kept]]).astype(int)
    shape = tuple(sizes[axis] for axis in kept)
    inside = np.all((index >= 0) & (index < shape), axis=1)
    if not inside.any():
        raise ValueError(f"No point of {points.name} lies in {layer.name}.")
    labels = np.zeros(shape, np.int32)
    labels[tuple(index[inside].T)] = np.flatnonzero(inside) + 1
    return Result(labels, grid.without("".join(set(grid.axes) - set(kept))), "labels")
