"""What each button of Curate does with the objects of a frame, as functions without widgets.

An edit of several frames is one act, called for each of them in their order. What an act has to know of the layer is
read before, in the thread of the window; what it is given of a frame is all that it touches, as it runs in another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from napari.layers import Labels

from objectwise.gui.curate.curating import Act
from objectwise.gui.curate.edits import (
    After,
    Box,
    boxes_in,
    fill_holes,
    keep_only,
    rename,
    smooth,
    split_along,
    split_at,
    trace_of,
)
from objectwise.gui.layers.calibration import axes_of, grid_of
from objectwise.gui.layers.conversion import source_of


def delete(block: np.ndarray, boxes: dict[int, Box], _next: int) -> list[After]:
    """Delete the objects."""
    return rename(block, boxes, dict.fromkeys(boxes, 0))


def fill(block: np.ndarray, boxes: dict[int, Box], _next: int) -> list[After]:
    """Fill the holes of the objects."""
    return fill_holes(block, boxes)


def smoothing(layer: Labels, pixels: float) -> Act:
    """Smooth outlines by as many pixels of a plane."""
    spacing = np.array(grid_of(layer).block_spacing)
    # as far in all directions, in pixels of the plane
    sigma = pixels * spacing[-1] / spacing
    return lambda block, boxes, _next: smooth(block, boxes, sigma)


def keeping(rows: Mapping[int, Sequence[int]]) -> Act:
    """Delete all objects but these of each frame."""
    kept = iter([list(labels) for labels in rows.values()])
    return lambda block, _boxes, _next: keep_only(block, next(kept))


def merging(target: int, everywhere: bool) -> Act:
    """Give the objects of a frame one id: the one named, or the lowest of a frame that has no such object."""

    def act(block: np.ndarray, boxes: dict[int, Box], _next: int) -> list[After]:
        to = target if target in boxes or everywhere else min(boxes, default=0)
        return rename(block, boxes, dict.fromkeys(boxes, to))

    return act


def relabelling(label: int, wanted: int) -> Act:
    """Give an object another id, the next that is free for 0; none that another object has."""

    def act(block: np.ndarray, boxes: dict[int, Box], free: int) -> list[After]:
        new = wanted or free
        if boxes and wanted and wanted != label and (block == wanted).any():
            raise ValueError(f"There is an object {wanted} already: merge the two, or swap them.")
        return rename(block, boxes, {label: new})

    return act


def swapping(first: int, second: int) -> Act:
    """Exchange two ids."""
    names = {first: second, second: first}
    return lambda block, boxes, _next: rename(block, boxes, names)


# --- along what was drawn ------------------------------------------------------------------------------


def cutting(layer: Labels, line: np.ndarray, displayed: Sequence[int]) -> Act:
    """Cut the objects that a line crosses in the displayed plane.

    Parameters
    ----------
    layer : Labels
    line : ndarray
        Its two places, in pixels of the layer.
    displayed : sequence of int
        The axes of the layer that are displayed.

    Raises
    ------
    ValueError
        If time is one of the axes that are displayed.
    """
    axes = str(axes_of(layer))
    spatial = _space(axes)
    shown = [axes[number] for number in displayed]
    if not set(shown) <= set(spatial):
        raise ValueError("Show a plane of space to draw on it.")
    across = (spatial.index(shown[0]), spatial.index(shown[1]))
    track = line[:, [axes.index(axis) for axis in shown]]
    plane = tuple(slice(None) if axis in shown else round(line[0][axes.index(axis)]) for axis in spatial)
    spacing = source_of(layer).grid.block_spacing

    def act(block: np.ndarray, _boxes: dict[int, Box], free: int) -> list[After]:
        under = crossed(block[plane], track if across[0] < across[1] else track[:, ::-1])
        return split_along(block, boxes_in(block, under), track, across, free, spacing)

    return act


def crossed(plane: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Return the objects of a plane that lie under a line."""
    pixels = trace_of(line)
    pixels = pixels[np.all((pixels >= 0) & (pixels < plane.shape), axis=1)]
    found = np.unique(plane[tuple(pixels.T)])
    return found[found > 0]


def points_by_frame(layer: Labels, points: np.ndarray) -> dict[int, np.ndarray]:
    """Return the places of points along the axes of space, frame by frame."""
    axes = str(axes_of(layer))
    space = [axes.index(axis) for axis in _space(axes)]
    times = np.round(points[:, axes.index("t")]).astype(int) if "t" in axes else np.zeros(len(points), int)
    return {frame: points[times == frame][:, space] for frame in np.unique(times).tolist()}


def splitting(layer: Labels, points: Mapping[int, np.ndarray]) -> Act:
    """Split objects between the points of each frame."""
    spacing = grid_of(layer).block_spacing
    each = iter(points.values())

    def act(block: np.ndarray, _boxes: dict[int, Box], free: int) -> list[After]:
        inside = next(each)
        places = np.round(inside).astype(int)
        places = places[np.all((places >= 0) & (places < block.shape), axis=1)]
        under = np.unique(block[tuple(places.T)])
        return split_at(block, boxes_in(block, under[under > 0]), inside, free, spacing)

    return act


def _space(axes: str) -> str:
    return "".join(axis for axis in "zyx" if axis in axes)
