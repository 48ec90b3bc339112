"""Compiled loops that measure all objects of a labels block in one pass over its pixels.

scikit-image visits one object after the other and, for each, builds a Python object, a cropped mask and a
dozen small arrays; with thousands of small objects that overhead is all of the time. Here the labels are
read once and written down as runs (a run is a stretch of one label along x). All that concerns shape then
works on runs, of which there are far fewer than pixels: sums of positions have closed forms, and neighbours
are found by comparing the ends of runs in adjacent lines. These sums are integers, so that they are exact.

A 2-D image has one plane: one compiled version serves both numbers of axes. Only the loops that touch the values of
an image are compiled for more than one type, since converting an image takes longer than measuring it.

Functions write into arrays that the caller made. None of them is parallel: they are given the runs of some objects
and write to the rows of these alone, so that a caller runs them side by side on threads.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled

# columns of a run
LABEL, LINE, START, STOP = 0, 1, 2, 3

# columns of the record of an object: number of pixels, sums of positions, of their products, and the box
N_PIXELS = 0
SUM_Z, SUM_Y, SUM_X = 1, 2, 3
SUM_ZZ, SUM_YY, SUM_XX, SUM_ZY, SUM_ZX, SUM_YX = 4, 5, 6, 7, 8, 9
MIN_Z, MIN_Y, MIN_X, MAX_Z, MAX_Y, MAX_X = 10, 11, 12, 13, 14, 15
N_RECORD = 16

# columns of the crossing numbers of an object
ALONG_X, ALONG_Y, DIAGONAL = 0, 1, 2
N_CROSSINGS = 3

# the first column of a line that holds no pixel of the object; its last column is -1
NOWHERE = 2**31 - 1


def prepare_image(image: np.ndarray) -> np.ndarray:
    """Return an image as the loops want it: one of four types, 3-D, C order, read-only.

    Parameters
    ----------
    image : ndarray, shape ([Z,] Y, X)
        Any real dtype.

    Returns
    -------
    ndarray of uint8, uint16, float32 or float64, shape (Z, Y, X)
        A view where the input has this type and order already. Other types become float32 where that
        holds them exactly, and float64 else.
    """
    dtype = image.dtype.newbyteorder("=")
    if dtype not in (np.uint8, np.uint16, np.float32, np.float64):
        dtype = np.dtype(np.float32 if np.can_cast(dtype, np.float32, casting="safe") else np.float64)
    prepared = _as_volume(np.ascontiguousarray(image, dtype=dtype))
    prepared.flags.writeable = False
    return prepared


def _as_volume(block: np.ndarray) -> np.ndarray:
    """Return a new view of a block, with a first axis of one plane where it is 2-D."""
    return block[None] if block.ndim == 2 else block.view()


@compiled
def group_runs(runs, ends, grouped):
    """Put the runs of each object next to each other.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        With the row of the object in place of its label.
    ends : ndarray of int64, shape (n,)
        Where the runs of each object begin; written: where they end.
    grouped : ndarray of int32, shape (n_runs, 4)
        Written: the runs object after object, those of one in raster order.
    """
    for index in range(runs.shape[0]):
        place = ends[runs[index, LABEL]]
        for column in range(4):
            grouped[place, column] = runs[index, column]
        ends[runs[index, LABEL]] = place + 1


@compiled
def accumulate_geometry(runs, n_y, record):
    """Add up the positions of the pixels of each object, and find its box.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        With the row of the object in place of its label.
    n_y : int
        Number of rows of a plane.
    record : ndarray of int64, shape (n, 16)
        Zeros; written. Positions are counted from the corner of the image; the box is half-open.
    """
    for index in range(runs.shape[0]):
        line = np.int64(runs[index, LINE])
        start = np.int64(runs[index, START])
        stop = np.int64(runs[index, STOP])
        z = line // n_y
        y = line - z * n_y
        length = stop - start
        # the sums of x and x * x over start .. stop - 1
        sum_x = (start + stop - 1) * length // 2
        sum_xx = ((stop - 1) * stop * (2 * stop - 1) - (start - 1) * start * (2 * start - 1)) // 6
        entry = record[runs[index, LABEL]]
        if entry[N_PIXELS] == 0:
            entry[MIN_Z] = z
            entry[MIN_Y] = y
            entry[MIN_X] = start
        entry[MAX_Z] = z + 1
        entry[MIN_Y] = min(entry[MIN_Y], y)
        entry[MAX_Y] = max(entry[MAX_Y], y + 1)
        entry[MIN_X] = min(entry[MIN_X], start)
        entry[MAX_X] = max(entry[MAX_X], stop)
        entry[N_PIXELS] += length
        entry[SUM_Z] += z * length
        entry[SUM_Y] += y * length
        entry[SUM_X] += sum_x
        entry[SUM_ZZ] += z * z * length
        entry[SUM_YY] += y * y * length
        entry[SUM_XX] += sum_xx
        entry[SUM_ZY] += z * y * length
        entry[SUM_ZX] += z * sum_x
        entry[SUM_YX] += y * sum_x


@compiled
def count_crossings(runs, crossings):
    """Count how often the lattice lines of each direction cross the border of each object, in 2-D.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        Object after object, with the row of the object in place of its label.
    crossings : ndarray of int64, shape (n, 3)
        Zeros; written: pairs of neighbours of which one is in the object and the other is not, along x,
        along y, and along both diagonals together. What lies outside of the image is not in the object.

    Notes
    -----
    Every pixel has two neighbours in each direction. So there are twice as many crossings as pixels, less
    two for each pair of neighbours that are both in the object.
    """
    n = runs.shape[0]
    below = 0
    for index in range(n):
        label = runs[index, LABEL]
        line = runs[index, LINE] + 1
        start = runs[index, START]
        stop = runs[index, STOP]
        entry = crossings[label]
        length = stop - start
        entry[ALONG_X] += 2
        entry[ALONG_Y] += 2 * length
        entry[DIAGONAL] += 4 * length
        below = max(below, index + 1)
        # a diagonal neighbour lies one column beside
        while (
            below < n
            and runs[below, LABEL] == label
            and (runs[below, LINE] < line or (runs[below, LINE] == line and runs[below, STOP] < start))
        ):
            below += 1
        other = below
        while (
            other < n
            and runs[other, LABEL] == label
            and runs[other, LINE] == line
            and runs[other, START] <= stop
        ):
            first = runs[other, START]
            last = runs[other, STOP]
            entry[ALONG_Y] -= 2 * max(0, min(stop, last) - max(start, first))
            entry[DIAGONAL] -= 2 * max(0, min(stop + 1, last) - max(start + 1, first))
            entry[DIAGONAL] -= 2 * max(0, min(stop - 1, last) - max(start - 1, first))
            other += 1


@compiled
def find_line_ends(runs, n_y, record, low, offsets, first, last):
    """Find the first and the last column of each object in each line along x of its box.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        Those of the objects to look at, with the row of the object in place of its label.
    n_y : int
        Number of rows of a plane.
    record : ndarray of int64, shape (n, 16)
    low : int
        The first of the objects.
    offsets : ndarray of int64, shape (number of objects to look at,)
        Where the lines of each of them begin in the arrays below; plane after plane of its box.
    first, last : ndarray of int32, shape (total number of lines,)
        Written; `NOWHERE` and -1 for a line without a pixel of the object.
    """
    first[:] = NOWHERE
    last[:] = -1
    for index in range(runs.shape[0]):
        label = runs[index, LABEL]
        z = runs[index, LINE] // n_y
        y = runs[index, LINE] - z * n_y
        entry = record[label]
        height = entry[MAX_Y] - entry[MIN_Y]
        line = offsets[label - low] + (z - entry[MIN_Z]) * height + y - entry[MIN_Y]
        first[line] = min(first[line], runs[index, START])
        last[line] = max(last[line], runs[index, STOP] - 1)
