"""The class of each pixel: looked up by its level, or that of the nearest centre, each with a measure of its own."""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared
from objectwise.kernels.threads import in_threads, strips

_COMPILED_FOR = ("uint8", "uint16", "float32", "float64")

# pixels below which a second thread is not worth its start
_LEAST = 1 << 17

# pixels whose sums are worked out in one go, so that threads do not show in them
_PIECE = 1 << 16


def has_few_levels(dtype: np.dtype) -> bool:
    """Return whether a table of all values of a dtype is short."""
    return dtype.kind in "iu" and dtype.itemsize <= 2


def levels_of(dtype: np.dtype) -> np.ndarray:
    """Return all values of an integer dtype of at most 16 bits, rising."""
    limits = np.iinfo(dtype)
    return np.arange(limits.min, limits.max + 1)


def look_up(values: np.ndarray, tables: np.ndarray) -> np.ndarray:
    """Return what stands in each table at the level of each pixel.

    Parameters
    ----------
    values : ndarray of int
        Of at most 16 bits.
    tables : ndarray of uint8 or float32
        ``(n, n_levels)``: one row for each result, one column for each of `levels_of` the dtype.

    Returns
    -------
    ndarray
        ``(n, ...)``.
    """
    size = values.dtype.itemsize
    flat = prepared(values, values.dtype).view(f"u{size}").ravel()
    if values.dtype.kind == "i":
        # the negative values are the upper half of the unsigned ones
        tables = np.roll(tables, tables.shape[1] // 2, axis=1)
    tables = prepared(tables, tables.dtype)
    result = np.empty((len(tables), flat.size), tables.dtype)
    in_threads(_look_up, [(flat, tables, result, *strip) for strip in strips(flat.size, _LEAST)])
    return result.reshape(len(tables), *values.shape)


@compiled
def _look_up(flat, tables, result, start, stop):
    for row in range(tables.shape[0]):
        table = tables[row]
        found = result[row]
        for index in range(start, stop):
            found[index] = table[flat[index]]


def sums_by_class(values: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of finite values in each of 256 classes, and their sum.

    The same for any number of threads.
    """
    kind = values.dtype if values.dtype.name in _COMPILED_FOR else np.float64
    flat, of_pixel = prepared(values, kind).ravel(), prepared(classes, np.uint8).ravel()
    n = -(-flat.size // _PIECE)
    number, total = np.zeros((n, 256), np.int64), np.zeros((n, 256))
    in_threads(_sums_by_class, [(flat, of_pixel, number, total, *strip) for strip in strips(n, 4)])
    return number.sum(axis=0), total.sum(axis=0)


@compiled
def _sums_by_class(flat, classes, number, total, start, stop):
    for piece in range(start, stop):
        for index in range(piece * 65536, min(flat.size, (piece + 1) * 65536)):
            value = np.float64(flat[index])
            if np.isfinite(value):
                number[piece, classes[index]] += 1
                total[piece, classes[index]] += value


def nearest_class(
    channels: np.ndarray, centres: np.ndarray, scalings: np.ndarray, offsets: np.ndarray
) -> np.ndarray:
    """Return 1 + the index of the nearest centre of each pixel, 0 where a pixel is not finite.

    Parameters
    ----------
    channels : ndarray of real numbers
        ``(C, ...)``.
    centres : ndarray of float
        ``(n, C)``.
    scalings : ndarray of float
        ``(n, C, C)``, lower triangles: the square of the distance to centre ``k`` is that of
        ``scalings[k] @ (pixel - centres[k])``, plus ``offsets[k]``.
    offsets : ndarray of float
        ``(n,)``.

    Returns
    -------
    ndarray of uint8
        Of equally near centres the first.

    Notes
    -----
    O(pixels * n * C ** 2); one channel of 8 or 16 bits is looked up, O(pixels).
    """
    n_channels, shape = len(channels), channels.shape[1:]
    if len(centres) == 0 or channels.size == 0:
        return np.zeros(shape, np.uint8)
    measures = (prepared(centres, np.float64), prepared(scalings, np.float64), prepared(offsets, np.float64))
    mixed = bool(np.any(scalings != scalings * np.eye(n_channels)))
    if n_channels == 1 and has_few_levels(channels.dtype) and channels.size > 1 << 16:
        levels = levels_of(channels.dtype).astype(np.float64)
        table = np.empty(levels.size, np.uint8)
        _nearest(levels[np.newaxis], *measures, mixed, table, 0, levels.size)
        return look_up(channels[0], table[np.newaxis])[0]
    kind = channels.dtype if channels.dtype.name in _COMPILED_FOR else np.float64
    flat = prepared(channels, kind).reshape(n_channels, -1)
    classes = np.empty(shape, np.uint8)
    lines = strips(flat.shape[1], _LEAST)
    in_threads(_nearest, [(flat, *measures, mixed, classes.ravel(), *strip) for strip in lines])
    return classes


@compiled
def _nearest(channels, centres, scalings, offsets, mixed, classes, begin, end):
    n_channels = channels.shape[0]
    # short runs of pixels, plain loops of fixed length one after another, and choices without branches: what a
    # processor does for several pixels at a time
    length = 1024
    values = np.zeros((n_channels, length))
    part = np.empty(length)
    distance = np.empty(length)
    best = np.empty(length)
    chosen = np.empty(length)
    for start in range(begin, end, length):
        n = min(length, end - start)
        for row in range(n_channels):
            source = channels[row, start : start + n]
            value = values[row]
            for index in range(n):
                value[index] = source[index]
        best[:] = np.inf
        chosen[:] = 0.0
        for number in range(centres.shape[0]):
            distance[:] = offsets[number]
            for row in range(n_channels):
                scaling = scalings[number, row, row]
                centre = centres[number, row]
                value = values[row]
                for index in range(length):
                    part[index] = scaling * (value[index] - centre)
                if mixed:
                    for column in range(row):
                        scaling = scalings[number, row, column]
                        centre = centres[number, column]
                        value = values[column]
                        for index in range(length):
                            part[index] += scaling * (value[index] - centre)
                for index in range(length):
                    distance[index] += part[index] * part[index]
            # what is not finite is nowhere near
            for index in range(length):
                near = distance[index] < best[index]
                best[index] = distance[index] if near else best[index]
                chosen[index] = number + 1.0 if near else chosen[index]
        for index in range(n):
            classes[start + index] = np.uint8(chosen[index])
