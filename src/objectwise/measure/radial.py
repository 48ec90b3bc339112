"""How an image is spread between the middle and the border of objects.

After CellProfiler, with three guards. The distance from the middle is straight, so it is exact, takes unequal pixel
sizes and three dimensions, and is there for each piece of an object. Where several pixels are the middle, all of them
are, instead of the first one. And a ring without pixels is undefined, instead of 0.
"""

from __future__ import annotations

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.measure.family import Block, Family, Found, undefined
from objectwise.measure.interior import find_depths
from objectwise.measure.pixels import Pixels

CLOSE = 1e-6  # how far two lengths may differ by rounding, relative to them

_RINGS = (
    "Rings are numbered from the middle, the deepest pixel of the object; a pixel's place between middle and border "
    "is its distance from the middle, divided by that and its distance to the nearest pixel outside together."
)


def columns(n_rings: int) -> tuple[Column, ...]:
    """Return the columns: three for each ring."""
    numbers = range(1, n_rings + 1)
    return (
        *(
            Column(
                f"radial_fraction_{k}", "1",
                f"Sum of the values in ring {k} of {n_rings}, as a fraction of that in the object. {_RINGS}",
                group="radial",
            )
            for k in numbers
        ),
        *(
            Column(
                f"radial_mean_fraction_{k}", "1",
                f"Mean value in ring {k} of {n_rings}, as a fraction of that in the object.",
                group="radial",
            )
            for k in numbers
        ),
        *(
            Column(
                f"radial_cv_{k}", "1",
                f"Standard deviation of the means of the eight wedges of ring {k} of {n_rings}, as a fraction of "
                "their mean. Wedges are sectors of 45 degrees about the middle, in 3-D octants.",
                group="radial",
            )
            for k in numbers
        ),
    )  # fmt: skip


def measure_radial(block: Block, channel: str, wanted: set[str], n_rings: int) -> Found:
    """Measure how one image is spread in all objects."""
    from objectwise.measure.pixels import batches

    n = block.ids.size
    # of each ring: number of finite pixels, their sum, and deviation and mean of the means of its wedges
    table = np.full((n, n_rings, 4), np.nan)
    if n:
        depth = block.once("depths", lambda: _depths(block))
        image = block.pixels_of(channel)
        for part in batches(block.scan):
            values = image[part.span].astype(np.float64)
            table[part.objects] = _describe_rings(part, values, depth[part.span], block.spacing, n_rings)
    pixels, sums, deviation, mean = np.moveaxis(table, 2, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        fraction = sums / sums.sum(axis=1, keepdims=True)
        mean_fraction = fraction / (pixels / pixels.sum(axis=1, keepdims=True))
        variation = deviation / mean
    found: dict[str, np.ndarray] = {}
    reasons: Reasons = {}
    dark = ~(sums.sum(axis=1) > 0)
    for ring in range(n_rings):
        empty = pixels[:, ring] == 0
        for name, values, unmeasured in (
            (f"radial_fraction_{ring + 1}", fraction, np.zeros_like(empty)),
            (f"radial_mean_fraction_{ring + 1}", mean_fraction, empty),
            (f"radial_cv_{ring + 1}", variation, empty),
        ):
            if name not in wanted:
                continue
            no_sum = ~(mean[:, ring] > 0) & ~empty if values is variation else dark
            found[name] = np.where(unmeasured | no_sum, np.nan, values[:, ring])
            where = "ring" if values is variation else "object"
            reasons[name] = undefined(
                block, name, no_sum, f"the values in the {where} do not add up to more than 0"
            )
            reasons[name] |= undefined(block, name, unmeasured, "the ring has no pixel")
    return found, reasons


def _depths(block: Block) -> np.ndarray:
    """Return how deep each pixel lies in its object, in the order of `Scan.gather`."""
    from objectwise.kernels.runs import LINE, START, STOP

    depths, _ = find_depths(block)
    # the runs piece after piece, and where they go
    runs = block.pieces.runs
    places = np.empty(len(runs), np.int64)
    places[np.lexsort((runs[:, START], runs[:, LINE]))] = block.scan.places
    lengths = runs[:, STOP] - runs[:, START]
    found = np.empty_like(depths)
    begins = np.cumsum(lengths) - lengths
    found[np.repeat(places - begins, lengths) + np.arange(depths.size)] = depths
    return found * block.spacing[-1]


def _describe_rings(
    pixels: Pixels, values: np.ndarray, depth: np.ndarray, spacing: tuple[float, ...], n_rings: int
) -> np.ndarray:
    """Return number, sum, and deviation and mean of the means of wedges, of each object and ring."""
    n, owner, firsts, ndim = len(pixels.extent), pixels.owner, pixels.starts[:-1], len(spacing)
    margin = CLOSE * min(spacing)
    position = pixels.position[3 - ndim :] * np.array(spacing)[:, None]
    n_pixels = np.diff(pixels.starts)
    centroid = np.array([np.bincount(owner, axis, n) for axis in position]) / n_pixels
    # of the deepest pixels, those nearest to the centroid are the middle
    deepest = np.maximum.reduceat(depth, firsts)[owner]
    away = np.where(depth >= deepest * (1 - CLOSE), _distance(position, centroid[:, owner]), np.inf)
    middle = np.flatnonzero(away <= np.minimum.reduceat(away, firsts)[owner] + margin)
    of = owner[middle]
    n_middle = np.bincount(of, minlength=n)
    order = np.arange(middle.size) - (np.cumsum(n_middle) - n_middle)[of]
    distance = np.full(owner.size, np.inf)
    for number in range(n_middle.max()):
        one = np.zeros(n, np.int64)
        one[of[order == number]] = middle[order == number]
        mine = np.flatnonzero(n_middle[owner] > number)
        near = _distance(position[:, mine], position[:, one[owner[mine]]])
        distance[mine] = np.minimum(distance[mine], near)
    # a pixel on the border of two rings belongs to the inner one
    place = n_rings * (distance / (distance + depth))
    ring = np.clip(np.ceil(place * (1 - CLOSE)) - 1, 0, n_rings - 1).astype(np.int64)
    # on which sides of the middle a pixel lies: 0 or 1, and half on either where it lies between
    centre = np.array([np.bincount(of, axis[middle], n) for axis in position]) / n_middle
    offset = list(position - centre[:, owner])
    if ndim == 2:
        offset.append(np.abs(offset[0]) - np.abs(offset[1]))
    sides = [(np.where(np.abs(side) < margin, 0, np.sign(side)) + 1) / 2 for side in offset]
    present = np.isfinite(values)
    values = np.where(present, values, 0)
    cell = owner * n_rings + ring
    total = np.bincount(cell, values, n * n_rings)
    means = np.empty((8, n * n_rings))
    for wedge in range(8):
        share = present.astype(np.float64)
        for axis, side in enumerate(sides):
            share *= side if wedge >> axis & 1 else 1 - side
        weight = np.bincount(cell, share, n * n_rings)
        with np.errstate(invalid="ignore"):
            means[wedge] = np.bincount(cell, share * values, n * n_rings) / weight
    there = ~np.isnan(means)
    n_wedges = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there, means, 0).sum(axis=0) / n_wedges
    deviation = np.sqrt(np.where(there, (means - mean) ** 2, 0).sum(axis=0) / n_wedges)
    n_finite = np.bincount(cell, present, n * n_rings)
    return np.stack((n_finite, total, deviation, mean), axis=-1).reshape(n, n_rings, 4)


def _distance(position: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the distances of points: arrays of shape (ndim, n)."""
    return np.sqrt(((position - other) ** 2).sum(axis=0))


FAMILY = Family(columns, measure_radial, of="channel", on_request=True, by_runs=True)
