"""Which part of a large plane a preview computes, so that what is seen has the pixels of the run.

A plane of moderate size is taken whole. Of a larger one the part on the screen is taken, with as many pixels around it
as the steps look; and with a margin where they work on objects, so that most objects at the edge of the view lie
wholly inside. An object that reaches from the view beyond all of this may become another one in the run: such objects
are counted, and a sentence says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from objectwise.core.grid import Grid
from objectwise.core.locality import Components, Halo, Objects
from objectwise.core.recipe import From, Recipe, Step
from objectwise.core.results import Result

Box = tuple[slice, slice]

# pixels of a plane that is taken whole, and of which objects are split or flooded while a slider moves
MODERATE = 1 << 22
# pixels of a view in which each pixel, or each piece, is decided about
LARGE = 1 << 24
_MARGIN = 128
# the part that is shown starts and ends at multiples of this, so that a small move of the view shows no more
_STEP = 64


@dataclass(frozen=True)
class Region:
    """The part of a plane that is shown, and the larger one that is computed for it."""

    shown: Box
    computed: Box
    shape: tuple[int, int]

    @property
    def whole(self) -> bool:
        """Whether it is the whole plane."""
        return self.computed == tuple(slice(0, n) for n in self.shape)

    @property
    def crop(self) -> Box:
        """Where what is shown lies in what is computed."""
        (y, x), (top, left) = self.shown, (side.start for side in self.computed)
        return slice(y.start - top, y.stop - top), slice(x.start - left, x.stop - left)

    def open_edges(self) -> np.ndarray:
        """Return which pixels of the computed part have neighbours that were not computed."""
        edges = np.zeros([side.stop - side.start for side in self.computed], bool)
        for axis, (side, n) in enumerate(zip(self.computed, self.shape, strict=True)):
            lines = np.moveaxis(edges, axis, 0)
            lines[: int(side.start > 0)] = True
            lines[len(lines) - int(side.stop < n) :] = True
        return edges


def region_of(recipe: Recipe, shape: tuple[int, int], view: Box | None, reach: tuple[int, int]) -> Region:
    """Return which part of a plane is shown and computed.

    Parameters
    ----------
    recipe : Recipe
        The steps.
    shape : tuple of int
        Size of the plane.
    view : tuple of slice or None
        The part on the screen.
    reach : tuple of int
        How many pixels the steps look, all together.

    Raises
    ------
    ValueError
        If the plane is too large for these steps, or too much of it is on the screen.
    """
    everything = (slice(0, shape[0]), slice(0, shape[1]))
    if shape[0] * shape[1] <= MODERATE:
        return Region(everything, everything, shape)
    operations = [step.operation for step in recipe.steps]
    if any(not item.locality.tiles or "start" in item.given for item in operations):
        raise ValueError("The plane is too large for a preview of this method; press Run.")
    view = view or everything
    height, width = (side.stop - side.start for side in view)
    slow = any(isinstance(item.locality, Objects) for item in operations)
    if height * width > (MODERATE if slow else LARGE):
        raise ValueError(
            f"Zoom in for a preview: {width:,} x {height:,} pixels are in view, too many for it."
        )
    shown = tuple(
        slice(side.start // _STEP * _STEP, min(n, -(-side.stop // _STEP) * _STEP))
        for side, n in zip(view, shape, strict=True)
    )
    pieces = any(isinstance(item.locality, Objects | Components) for item in operations)
    wide = [n + _MARGIN * pieces for n in reach]
    computed = tuple(
        slice(max(0, side.start - more), min(n, side.stop + more))
        for side, more, n in zip(shown, wide, shape, strict=True)
    )
    return Region(shown, computed, shape)


def reach_of(recipe: Recipe, grid: Grid, flat: bool) -> tuple[int, ...]:
    """Return how many pixels along each axis the steps look, all together.

    Where a step looks as far as an earlier one finds, that is not known yet and left out.
    """
    spacing = grid.block_spacing[-2:] if flat else grid.block_spacing
    reach = np.zeros(len(spacing), int)
    for step in recipe.steps:
        if isinstance(step.operation.locality, Halo) and not depends(step):
            reach += step.operation.locality.pixels(spacing, step.parameters)
    return tuple(int(n) for n in reach)


def depends(step: Step) -> bool:
    """Whether a step has a parameter that an earlier step finds."""
    return any(isinstance(value, From) for value in step.parameters.values())


def domains(recipe: Recipe) -> dict[str, str]:
    """Return the array in which each step that works on pieces finds them."""
    found = {}
    for step in recipe.steps:
        locality = step.operation.locality
        if isinstance(locality, Objects | Components):
            name = locality.domain if isinstance(locality, Objects) else step.operation.inputs[0].name
            if step.sources().get(name):
                found[step.id] = step.sources()[name][0][1].name
    return found


def n_cut(
    recipe: Recipe, region: Region, arrays: Mapping[str, Result], given: Mapping[str, Mapping[str, Any]]
) -> int:
    """Return how many objects reach from what is shown to the edge of what was computed.

    Parameters
    ----------
    recipe : Recipe
    region : Region
    arrays : mapping of str to Result
        The computed part of the inputs and of the steps of `domains`.
    given : mapping of str to mapping
        The parameters of each step.
    """
    from objectwise.core import kinds

    edges, most = region.open_edges(), 0
    for name, source in domains(recipe).items():
        step = recipe.step(name)
        locality = step.operation.locality
        assert isinstance(locality, Objects | Components)
        item = next(item for item in step.operation.inputs if step.sources()[item.name][0][1].name == source)
        block = kinds.prepare(arrays[source].array, item.kind, f"step {name!r}")
        block = block if block.ndim == 2 else block[0]
        parts = locality.split(block, **given[name]).parts
        # the background, in which holes are found, reaches everywhere
        foreground = parts[region.crop][block[region.crop] != 0]
        cut = np.zeros(int(parts.max(initial=0)) + 1, bool)
        cut[parts[edges]] = True
        cut[0] = False
        seen = np.zeros_like(cut)
        seen[foreground] = True
        most = max(most, int(np.count_nonzero(cut & seen)))
    return most
