"""Flooding a relief from seeds: the watershed.

The water rises: a pixel is flooded when it stands as high as the pixel and as the way there, and of those flooded at
the same height that which was reached first goes first, as in scikit-image; seeds are of an age in raster order.
scikit-image leaves the order of equally low seeds to the shape of its queue, so that what one object becomes depends on
others far away, and a tile differs from the whole image.

Each piece of the mask is flooded for itself, and only where seeds compete for it. Its pixels have been sorted, so that
the queue need not compare them: there is a line of waiting pixels for each height, and the lines are worked off from
the lowest up.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared
from objectwise.kernels.islands import Order, at_places, find_islands, in_order_of_height, paint
from objectwise.kernels.threads import in_threads, strips

CHUNK = 1 << 16  # pixels whose heights are put in order at once


def flood(
    relief: np.ndarray,
    seeds: np.ndarray,
    mask: np.ndarray | None,
    *,
    full: bool,
    lines: bool,
    inverted: bool = False,
) -> np.ndarray:
    """Return the seeds grown over a relief until they meet.

    Parameters
    ----------
    relief : ndarray of real numbers
        2-D or 3-D; low pixels are flooded first, and NaN last.
    seeds : ndarray of int32
        An id for each seed, 0 elsewhere.
    mask : ndarray of bool, optional
        Where objects may grow.
    full : bool
        Whether a pixel floods its neighbours through edges and corners too, or through faces alone.
    lines : bool
        Whether pixels at which two objects meet stay 0.
    inverted : bool
        Whether high pixels are flooded first instead.

    Returns
    -------
    ndarray of int32

    Raises
    ------
    ValueError
        If the block has more than about 2,147,483,647 pixels.

    Notes
    -----
    Linear in the number of pixels. Connected pieces of the mask do not influence each other.
    """
    islands = find_islands(np.ones(relief.shape, bool) if mask is None else mask, full)
    seeds = prepared(seeds, np.int32)
    labels = np.zeros(relief.shape, np.int32)
    contested = np.zeros(len(islands.first) - 1, bool)
    given = (islands.runs, islands.first_run, islands.shape, seeds.reshape(-1), labels.reshape(-1), contested)
    in_threads(_claim, [(*given, *part) for part in islands.parts()])
    if contested.any():
        order = in_order_of_height(islands.chosen(contested), ordered(relief, inverted))
        owner = at_places(order, seeds)
        flood_in_order(order, owner, full, lines)
        paint(order, owner, labels)
    return labels


def flood_in_order(order: Order, owner: np.ndarray, full: bool, lines: bool = False) -> None:
    """Flood sorted islands from their first places on, in place.

    Parameters
    ----------
    order : Order
    owner : ndarray of int32
        At each place the id of a seed, 0 elsewhere.
    full, lines : bool
        As in `flood`.
    """
    given = (order.islands.first, order.pixel, order.key, order.place, order.steps(full), owner, lines)
    in_threads(_flood, [(*given, *part) for part in order.islands.parts()])


def ordered(values: np.ndarray, inverted: bool = False) -> np.ndarray:
    """Return whole numbers without sign in the order of some values, equal where these are equal.

    Parameters
    ----------
    values : ndarray of real numbers
        NaN counts as the highest, as infinity does.
    inverted : bool
        Whether the order is turned round, but for NaN.

    Returns
    -------
    ndarray of uint32 or uint64

    Examples
    --------
    >>> ordered(np.array([0.5, -1.0, 0.5, np.inf])).argsort(kind="stable").tolist()
    [1, 0, 2, 3]
    """
    small = values.dtype.itemsize <= 4
    keys = np.empty(values.shape, np.uint32 if small else np.uint64)
    if values.dtype.kind == "f":
        values = np.ascontiguousarray(values, np.float32 if small else np.float64)
    flat, out = values.reshape(-1), keys.reshape(-1)
    in_threads(_order, [(flat[a:b], out[a:b], inverted) for a, b in strips(flat.size, CHUNK)])
    return keys


def _order(values: np.ndarray, keys: np.ndarray, inverted: bool) -> None:
    """Put values in order, chunk by chunk: what is written between the steps stays in the cache."""
    highest = 8 * keys.itemsize - 1
    sign = keys.dtype.type(1 << highest)
    for start in range(0, len(values), CHUNK):
        part, key = values[start : start + CHUNK], keys[start : start + CHUNK]
        if values.dtype.kind == "f":
            # adding 0 makes -0 the same as 0
            number = 0 - part if inverted else part + 0
            number[np.isnan(number)] = np.inf
            # the bits of floats of one sign are in their order, those of negative ones the other way round
            bits = number.view(f"i{keys.itemsize}")
            np.bitwise_xor(number.view(keys.dtype), (bits >> highest).view(keys.dtype) | sign, out=key)
        else:
            key[...] = part.astype(keys.dtype)
            if values.dtype.kind == "i":
                key ^= sign
            if inverted:
                np.invert(key, out=key)


@compiled
def _claim(runs, first_run, shape, seeds, labels, contested, start, stop):
    """Give the islands from start to stop that have seeds of one id to it; tell which have more."""
    for island in range(start, stop):
        label = 0
        for run in range(first_run[island], first_run[island + 1]):
            offset = runs[run, 0] * shape[2]
            for index in range(offset + runs[run, 1], offset + runs[run, 2]):
                if seeds[index] > 0:
                    if label > 0 and seeds[index] != label:
                        contested[island] = True
                    label = seeds[index]
            if contested[island]:
                break
        if label > 0 and not contested[island]:
            for run in range(first_run[island], first_run[island + 1]):
                offset = runs[run, 0] * shape[2]
                for index in range(offset + runs[run, 1], offset + runs[run, 2]):
                    labels[index] = label


@compiled
def _flood(first, pixel, key, place, steps, owner, lines, start, stop):
    """Flood the islands from start to stop; an owner of 0 is dry, -1 a line, another negative one waits."""
    largest = 0
    contested = np.zeros(stop - start, np.bool_)
    for island in range(start, stop):
        begin, end = first[island], first[island + 1]
        label = 0
        for item in range(begin, end):
            contested[island - start] |= owner[item] > 0 and label > 0 and owner[item] != label
            label = max(label, owner[item])
        if contested[island - start]:
            largest = max(largest, end - begin)
        elif label > 0:
            for item in range(begin, end):
                owner[item] = label
    level = np.empty(largest, np.int32)  # the first item of the same height
    last = np.empty(largest, np.int32)  # who came last to the line of a level, -1 where there is none
    after = np.empty(largest, np.int32)  # who comes after an item in its line
    for island in range(start, stop):
        if not contested[island - start]:
            continue
        begin = first[island]
        n = first[island + 1] - begin
        for item in range(n):
            same = item > 0 and key[begin + item] == key[begin + item - 1]
            level[item] = level[item - 1] if same else item
            last[item] = -1
            if owner[begin + item] > 0:
                _wait(last, after, level[item], item)
        for water in range(n):
            # the line of this level is a ring, as it grows while it is worked off
            while last[water] >= 0:
                item = after[last[water]]
                if item == last[water]:
                    last[water] = -1
                else:
                    after[last[water]] = after[item]
                index = pixel[begin + item]
                label = owner[begin + item]
                if label < 0:
                    # seeds have their labels from the start, so that a line runs along one not yet flooded from
                    label = -label - 1
                    meets = False
                    for step in steps:
                        other = place[index + step] - 1
                        if other >= 0 and owner[other] > 0 and owner[other] != label:
                            meets = True
                    if meets:
                        owner[begin + item] = -1
                        continue
                    owner[begin + item] = label
                for step in steps:
                    other = place[index + step] - 1
                    if other >= 0 and owner[other] == 0:
                        # whoever comes first to a pixel floods it
                        owner[other] = -label - 1 if lines else label
                        _wait(last, after, max(water, level[other - begin]), other - begin)
        if lines:
            for item in range(n):
                owner[begin + item] = max(0, owner[begin + item])


@compiled
def _wait(last, after, level, item):
    """Put an item at the end of the line of a level."""
    if last[level] < 0:
        after[item] = item
    else:
        after[item] = after[last[level]]
        after[last[level]] = item
    last[level] = item
