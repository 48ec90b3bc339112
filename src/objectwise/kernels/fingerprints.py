"""A number for each small block of labels that changes with any of its pixels.

An edit of a few pixels is then found by looking at numbers, one for each 64 pixels, and no copy of the labels
is kept. Each step of the sum is one-to-one in what came before, so that a change of one single pixel is never missed.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared

# pixels along y and x
SIDE = 8


def block_fingerprints(labels: np.ndarray) -> np.ndarray:
    """Return a number for each block of `SIDE` x `SIDE` pixels of each plane.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int or bool
        The last blocks of a row and a column may be smaller.

    Returns
    -------
    (Z, n, m) array of uint64
        ``Z`` is 1 for a plane.
    """
    planes = labels.reshape((-1, *labels.shape[-2:]))
    if planes.dtype == bool:
        planes = planes.view(np.uint8)
    n, m = (-(-size // SIDE) for size in planes.shape[1:])
    found = np.zeros((len(planes), n, m), np.uint64)
    for plane, numbers in zip(planes, found, strict=True):
        _add_up(prepared(plane, plane.dtype), numbers)
    return found


@compiled
def _add_up(plane, numbers):
    rows, columns = plane.shape
    prime = np.uint64(0x9E3779B97F4A7C15)
    shift = np.uint64(29)
    for y in range(rows):
        j = y // SIDE
        for i in range(numbers.shape[1]):
            value = numbers[j, i]
            for x in range(i * SIDE, min(columns, (i + 1) * SIDE)):
                value = (value ^ np.uint64(plane[y, x])) * prime
            numbers[j, i] = value ^ (value >> shift)
