"""The connected pieces of a mask, their pixels sorted by height: what hills and floods are walked along.

A piece is an island: what happens on it depends on no other. So each is sorted for itself, in memory that stays in the
cache, and different threads take different islands. Pieces are found from runs (a run is a stretch of the
mask along x), of which there are far fewer than pixels. From then on a pixel is known by its place in the order
of its island, and the map from pixels to places has a rim of one pixel, which spares the loops every check for the
border.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from objectwise.kernels import compiled
from objectwise.kernels.connected import find_runs, join_runs
from objectwise.kernels.threads import in_threads, n_threads, strips

DIGIT = 11  # bits that are sorted by at once
FEW = 32  # as many are sorted by insertion


class Islands(NamedTuple):
    """The pieces of a mask, in reading order of their first pixels.

    Attributes
    ----------
    shape : tuple of int
        That of the mask, planes first; one plane where it is 2-D.
    runs : ndarray of int32, shape (n_runs, 3)
        Line (plane * Y + row), first column and one past the last; one island after the other.
    first_run, first : ndarray of int64, shape (n + 1,)
        The first run of each island, and its first place.
    """

    shape: tuple[int, int, int]
    runs: np.ndarray
    first_run: np.ndarray
    first: np.ndarray

    def chosen(self, keep: np.ndarray) -> Islands:
        """Return some of the islands."""
        n_runs = np.diff(self.first_run)
        runs = self.runs[np.repeat(keep, n_runs)]
        return Islands(self.shape, runs, _sums(n_runs[keep]), _sums(np.diff(self.first)[keep]))

    def parts(self) -> list[tuple[int, int]]:
        """Return the start and stop of islands that make up about as many pixels, some for each thread."""
        edges = np.searchsorted(self.first, np.linspace(0, self.first[-1], 1 + 4 * n_threads()))
        edges = np.unique(edges)
        return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


class Order(NamedTuple):
    """The pixels of islands, each island sorted by height; of equal heights, in raster order.

    Attributes
    ----------
    islands : Islands
    pixel : ndarray of int32
        The index of the pixel of each place in the map of places.
    key : ndarray of uint32 or uint64
        The height at each place.
    place : ndarray of int32
        The map: one more than the place of each pixel, 0 outside; flat, with a rim.
    """

    islands: Islands
    pixel: np.ndarray
    key: np.ndarray
    place: np.ndarray

    def steps(self, full: bool) -> np.ndarray:
        """Return how far the neighbours of a pixel are in the map of places."""
        planes, rows, columns = self.islands.shape
        z, y, x = np.mgrid[-1:2, -1:2, -1:2].reshape(3, -1)
        far = abs(z) + abs(y) + abs(x)
        near = (far > 0) & (far <= (3 if full else 1)) & ((z == 0) | (planes > 1))
        return ((z * (rows + 2) + y) * (columns + 2) + x)[near]


def find_islands(mask: np.ndarray, full: bool) -> Islands:
    """Return the pieces of a mask, joined through faces, or where full through edges and corners too.

    Raises
    ------
    ValueError
        If the block has more than about 2,147,483,647 pixels.
    """
    shape = (1, *mask.shape) if mask.ndim == 2 else mask.shape
    planes, rows, columns = shape
    if (planes + 2) * (rows + 2) * (columns + 2) >= 2**31:
        raise ValueError(f"a block has at most about {2**31 - 1} pixels here; found {mask.size}")
    runs = find_runs(mask)
    island, n = join_runs(runs, corners=full)
    order = np.argsort(island, kind="stable")
    line = np.repeat(np.arange(planes * rows, dtype=np.int32), np.diff(runs.starts))
    sorted_runs = np.column_stack([line, runs.begin, runs.stop])[order]
    n_runs = np.bincount(island, minlength=n + 1)[1:]
    n_pixels = np.bincount(island, runs.stop - runs.begin, minlength=n + 1)[1:]
    return Islands(shape, sorted_runs, _sums(n_runs), _sums(n_pixels))


def in_order_of_height(islands: Islands, key: np.ndarray, descending: bool = False) -> Order:
    """Return the pixels of islands sorted by the heights of an image of whole numbers without sign.

    Notes
    -----
    Linear in the number of pixels: a radix sort by those bits in which the heights of an island differ.
    """
    planes, rows, columns = islands.shape
    n = int(islands.first[-1])
    pixel, sorted_key = np.empty(n, np.int32), np.empty(n, key.dtype)
    rim = 2 if planes > 1 else 0
    place = np.zeros((planes + rim) * (rows + 2) * (columns + 2), np.int32)
    flip = key.dtype.type(np.iinfo(key.dtype).max * descending)
    order = Order(islands, pixel, sorted_key, place)
    given = (islands.runs, islands.first_run, islands.first, islands.shape, key.ravel(), flip)
    in_threads(_sort, [(*given, pixel, sorted_key, place, *part) for part in islands.parts()])
    return order


def at_places(order: Order, image: np.ndarray) -> np.ndarray:
    """Return the values of an image of int32 at all places."""
    values = np.empty(len(order.pixel), np.int32)
    _carry(order, image, values, True)
    return values


def paint(order: Order, values: np.ndarray, image: np.ndarray) -> None:
    """Give the pixels of an image of int32 the values at their places."""
    _carry(order, image, values, False)


def renumber(labels: np.ndarray, n: int) -> None:
    """Give labels of the ids 1 to n the ids 1, 2, 3 ... in reading order of their first pixels, in place."""
    _renumber(labels.reshape(-1), np.zeros(n + 1, np.int32))


def _carry(order: Order, image: np.ndarray, values: np.ndarray, to_places: bool) -> None:
    """Carry values from the pixels of an image to their places, or back."""
    islands = order.islands
    given = (islands.runs, islands.shape, order.place, image.reshape(-1), values, to_places)
    in_threads(_carried, [(*given, *strip) for strip in strips(len(islands.runs), 1024)])


def _sums(counts: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])


@compiled
def _ashore(line, shape):
    """Return the index of the first pixel of a line in the map of places."""
    planes, rows, columns = shape
    rim = 1 if planes > 1 else 0
    return ((line // rows + rim) * (rows + 2) + line % rows + 1) * (columns + 2) + 1


@compiled
def _carried(runs, shape, place, image, values, to_places, start, stop):
    for run in range(start, stop):
        line = runs[run, 0]
        offset = line * shape[2]
        ashore = _ashore(line, shape)
        for x in range(runs[run, 1], runs[run, 2]):
            if to_places:
                values[place[ashore + x] - 1] = image[offset + x]
            else:
                image[offset + x] = values[place[ashore + x] - 1]


@compiled
def _sort(runs, first_run, first, shape, key, flip, pixel, sorted_key, place, start, stop):
    """Sort the islands from start to stop."""
    largest = 0
    for island in range(start, stop):
        largest = max(largest, first[island + 1] - first[island])
    other_pixel = np.empty(largest, pixel.dtype)
    other_key = np.empty(largest, key.dtype)
    counts = np.empty(1 << DIGIT, np.int64)
    for island in range(start, stop):
        n = first[island]
        for run in range(first_run[island], first_run[island + 1]):
            line = runs[run, 0]
            offset = line * shape[2]
            ashore = _ashore(line, shape)
            for x in range(runs[run, 1], runs[run, 2]):
                pixel[n] = ashore + x
                sorted_key[n] = key[offset + x] ^ flip
                n += 1
        pixels, keys = pixel[first[island] : n], sorted_key[first[island] : n]
        n = len(keys)
        if n <= FEW:
            _insert(pixels, keys)
        else:
            _by_digits(pixels, keys, other_pixel[:n], other_key[:n], counts)
        for item in range(n):
            place[pixels[item]] = first[island] + item + 1
            keys[item] ^= flip


@compiled
def _insert(pixels, keys):
    for item in range(1, len(keys)):
        key, pixel = keys[item], pixels[item]
        at = item
        while at > 0 and keys[at - 1] > key:
            keys[at], pixels[at] = keys[at - 1], pixels[at - 1]
            at -= 1
        keys[at], pixels[at] = key, pixel


@compiled
def _by_digits(pixels, keys, other_pixels, other_keys, counts):
    """Sort in place by those bits of the keys that differ, the lowest first."""
    first, low, high = keys[0], keys[0], keys[0]
    differ = np.int64(0)
    for key in keys:
        low, high = min(low, key), max(high, key)
        differ |= np.int64(key ^ first)
    if differ == 0:
        return
    shift = 0
    while (differ >> shift) & 1 == 0:
        shift += 1
    # a difference of 64 bits is negative here, and its sign is repeated beyond its highest digit
    bits = shift
    while bits < 64 and np.int64(high - low) >> bits != 0:
        bits += 1
    n_digits = (bits - shift + DIGIT - 1) // DIGIT
    width = (bits - shift + n_digits - 1) // n_digits
    size = 1 << width
    for _ in range(n_digits):
        for value in range(size):
            counts[value] = 0
        for key in keys:
            counts[(np.int64(key - low) >> shift) & (size - 1)] += 1
        total = 0
        for value in range(size):
            total, counts[value] = total + counts[value], total
        for item in range(len(keys)):
            digit = (np.int64(keys[item] - low) >> shift) & (size - 1)
            other_keys[counts[digit]], other_pixels[counts[digit]] = keys[item], pixels[item]
            counts[digit] += 1
        keys, other_keys, pixels, other_pixels = other_keys, keys, other_pixels, pixels
        shift += width
    if n_digits % 2:
        for item in range(len(keys)):
            other_keys[item], other_pixels[item] = keys[item], pixels[item]


@compiled
def _renumber(labels, new):
    n = 0
    before = after = 0
    for index in range(len(labels)):
        label = labels[index]
        if label != before:
            before = label
            if label > 0 and new[label] == 0:
                n += 1
                new[label] = n
            after = new[label]
        labels[index] = after
