"""Pixels joined to regions along their edges, the weakest edge first.

scikit-image sorts all edges with everything that belongs to them, which takes more than a gigabyte for an image of a
camera. Here an edge is one number, and its cost is worked out anew from its two pixels whenever it is needed.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from objectwise.kernels import compiled, prepared
from objectwise.kernels.threads import in_threads

_N_BUCKETS = 1 << 20


def joined(values: np.ndarray, scale: float, min_size: int) -> np.ndarray:
    """Return a region for each pixel: the number of one of its pixels.

    Parameters
    ----------
    values : ndarray of float64
        ``(C, Y, X)``, without NaN.
    scale : float
        How much an edge may cost, divided by the size of a region, beyond what the region has cost.
    min_size : int
        Smaller regions are joined to the neighbour behind their weakest edge.

    Notes
    -----
    Of edges of equal cost the one that comes first in reading order comes first. Buckets and a sort in each, then a
    forest of sets: about linear in the number of pixels.
    """
    height, width = values.shape[1:]
    flat = prepared(values, np.float64).reshape(len(values), -1)
    most = _highest(flat, height, width)
    factor = (_N_BUCKETS - 1) / most if most > 0 else 0.0
    starts = np.zeros(_N_BUCKETS + 1, np.int64)
    order = _into_buckets(flat, height, width, factor, starts)
    # every thread has about as many edges
    edges = np.searchsorted(starts, np.linspace(0, order.size, 9).astype(np.int64))
    pieces = [(int(first), int(last)) for first, last in pairwise(edges)]
    in_threads(lambda first, last: _sort(flat, width, order, starts, first, last), pieces)
    return _join(flat, width, order, scale, min_size).reshape(height, width)


@compiled
def _ends(edge, width):
    """Return the two pixels of an edge: to the right, down, down to the right and down to the left."""
    pixel = np.int64(edge) >> 2
    side = edge & 3
    if side == 0:
        return pixel, pixel + 1
    if side == 1:
        return pixel, pixel + width
    if side == 2:
        return pixel, pixel + width + 1
    return pixel + 1, pixel + width


@compiled
def _cost(flat, first, second):
    total = 0.0
    for channel in range(flat.shape[0]):
        change = flat[channel, first] - flat[channel, second]
        total += change * change
    return np.sqrt(total)


@compiled
def _is_edge(side, y, x, height, width):
    return (side == 1 or x + 1 < width) and (side == 0 or y + 1 < height)


@compiled
def _highest(flat, height, width):
    most = 0.0
    for y in range(height):
        for x in range(width):
            for side in range(4):
                if _is_edge(side, y, x, height, width):
                    first, second = _ends((y * width + x) * 4 + side, width)
                    most = max(most, _cost(flat, first, second))
    return most


@compiled
def _into_buckets(flat, height, width, factor, starts):
    """Return the edges by bucket; where each bucket starts is counted on the way."""
    for turn in range(2):
        if turn == 1:
            for bucket in range(1, starts.size):
                starts[bucket] += starts[bucket - 1]
            order = np.empty(starts[-1], np.int64)
            place = starts[:-1].copy()
        for y in range(height):
            for x in range(width):
                for side in range(4):
                    if _is_edge(side, y, x, height, width):
                        edge = (y * width + x) * 4 + side
                        first, second = _ends(edge, width)
                        bucket = int(_cost(flat, first, second) * factor)
                        if turn == 0:
                            starts[bucket + 1] += 1
                        else:
                            order[place[bucket]] = edge
                            place[bucket] += 1
    return order


@compiled
def _sort(flat, width, order, starts, first_bucket, last_bucket):
    """Sort the edges in each of some buckets by their cost."""
    for bucket in range(first_bucket, last_bucket):
        inside = order[starts[bucket] : starts[bucket + 1]]
        if inside.size < 2:
            continue
        costs = np.empty(inside.size)
        for item in range(inside.size):
            first, second = _ends(inside[item], width)
            costs[item] = _cost(flat, first, second)
        if inside.size <= 32:
            for item in range(1, inside.size):
                cost, edge = costs[item], inside[item]
                place = item
                while place > 0 and costs[place - 1] > cost:
                    costs[place], inside[place] = costs[place - 1], inside[place - 1]
                    place -= 1
                costs[place], inside[place] = cost, edge
        else:
            inside[:] = inside[np.argsort(costs, kind="mergesort")]


@compiled
def _root(parent, item):
    while parent[item] != item:
        parent[item] = parent[parent[item]]
        item = parent[item]
    return item


@compiled
def _join(flat, width, order, scale, min_size):
    parent = np.arange(flat.shape[1]).astype(np.int32)
    size = np.ones(parent.size, np.int32)
    inner = np.full(parent.size, scale)  # what an edge must be below for the region to take it
    for turn in range(2):
        for edge in order:
            first, second = _ends(edge, width)
            one, other = _root(parent, first), _root(parent, second)
            if one == other:
                continue
            if turn == 0:
                cost = _cost(flat, first, second)
                if not (cost < inner[one] and cost < inner[other]):
                    continue
            elif size[one] >= min_size and size[other] >= min_size:
                continue
            if other < one:
                one, other = other, one
            parent[other] = one
            size[one] += size[other]
            if turn == 0:
                inner[one] = cost + scale / size[one]
    for item in range(parent.size):
        parent[item] = _root(parent, item)
    return parent
