"""The hills of a distance map: where touching objects have their middles.

scikit-image finds maxima that are higher than their surroundings by rebuilding the whole image, which takes
seconds. Walking once over the pixels from the highest to the lowest, and joining neighbours as they come up,
gives every hill with its height and the height of the pass over which it meets a higher one; whether a hill is
an object of its own is then a decision about two numbers.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled
from objectwise.kernels.islands import Order, find_islands, in_order_of_height
from objectwise.kernels.threads import in_threads


def downhill(squared: np.ndarray, mask: np.ndarray) -> Order:
    """Return the pixels of a mask, each piece from its highest pixel down.

    Parameters
    ----------
    squared : ndarray of float32
        2-D or 3-D; the squared height, for example the squared distance to the background. Not negative.
    mask : ndarray of bool
        Where there are hills; pieces join through edges and corners.
    """
    # the bits of floats that are not negative are in their order
    return in_order_of_height(find_islands(mask, full=True), squared.view(np.uint32), descending=True)


def hill_tops(order: Order, min_height: float, min_drop: float) -> np.ndarray:
    """Return the place of the top of every hill that stands for itself.

    Parameters
    ----------
    order : Order
        What `downhill` returns.
    min_height : float
        A hill below this height belongs to the higher one that it meets.
    min_drop : float
        A hill belongs to the higher one that it meets unless the pass between them is lower than its top
        by at least this fraction of the top's height, 0 to 1.

    Returns
    -------
    ndarray of int64
        One for each connected piece of the mask at least. Of equally high tops the first in raster order
        counts as the higher one.

    Notes
    -----
    Linear in the number of pixels. Neighbours are those that share a face, edge or corner.
    """
    stands = np.zeros(len(order.pixel), np.bool_)
    given = (
        order.islands.first,
        order.pixel,
        order.key.view(np.float32),
        order.place,
        order.steps(full=True),
    )
    decide = (min_height, min_drop, stands)
    in_threads(_walk, [(*given, *decide, *part) for part in order.islands.parts()])
    return np.flatnonzero(stands)


@compiled
def _root(parent, item):
    while parent[item] != item:
        parent[item] = parent[parent[item]]
        item = parent[item]
    return item


@compiled
def _walk(first, pixel, squared, place, steps, min_height, min_drop, stands, start, stop):
    """Join the pixels of the islands from start to stop, each from the highest down."""
    largest = 0
    for island in range(start, stop):
        largest = max(largest, first[island + 1] - first[island])
    parent = np.empty(largest, np.int32)  # the root of a hill is its top, which comes first in the order
    for island in range(start, stop):
        begin = first[island]
        for item in range(first[island + 1] - begin):
            own = item
            parent[item] = item
            is_top = True
            for step in steps:
                other = place[pixel[begin + item] + step] - 1 - begin
                if other < 0 or other >= item:
                    continue
                other = _root(parent, other)
                if other == own:
                    continue
                if own == item:
                    is_top = False
                else:
                    low = max(own, other)
                    height = np.float64(np.sqrt(squared[begin + low]))
                    drop = height - np.float64(np.sqrt(squared[begin + item]))
                    if not (height >= min_height and drop >= min_drop * height):
                        stands[begin + low] = False
                parent[max(own, other)] = min(own, other)
                own = min(own, other)
            stands[begin + item] = is_top
