"""The class of each pixel: that of the nearest centre, each with a measure of its own."""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared

_COMPILED_FOR = ("uint8", "uint16", "float32", "float64")


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
    kind = channels.dtype
    mixed = bool(np.any(scalings != scalings * np.eye(n_channels)))
    if n_channels == 1 and kind.kind in "iu" and kind.itemsize <= 2 and channels.size > 1 << 16:
        return np.take(
            _nearest(levels_of(kind)[np.newaxis].astype(np.float64), *measures, mixed), index_of(channels[0])
        )
    known = kind if kind.name in _COMPILED_FOR else np.float64
    return _nearest(prepared(channels, known).reshape(n_channels, -1), *measures, mixed).reshape(shape)


def levels_of(dtype: np.dtype) -> np.ndarray:
    """Return all values of an integer dtype of at most 16 bits, rising."""
    limits = np.iinfo(dtype)
    return np.arange(limits.min, limits.max + 1)


def index_of(values: np.ndarray) -> np.ndarray:
    """Return where each value stands in the levels of its dtype."""
    lowest = int(np.iinfo(values.dtype).min)
    return values if lowest == 0 else values.astype(np.int32) - lowest


@compiled
def _nearest(channels, centres, scalings, offsets, mixed):
    n_channels, n_pixels = channels.shape
    classes = np.zeros(n_pixels, np.uint8)
    # short runs of pixels, plain loops of fixed length one after another, and choices without branches: what a
    # processor does for several pixels at a time
    length = 1024
    values = np.zeros((n_channels, length))
    part = np.empty(length)
    distance = np.empty(length)
    best = np.empty(length)
    chosen = np.empty(length)
    for start in range(0, n_pixels, length):
        n = min(length, n_pixels - start)
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
    return classes
