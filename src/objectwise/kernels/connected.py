"""Connected pieces, found and painted by runs: stretches of equal pixels along the last axis.

A library labels every pixel and has every later question read all of them again. A run stands for some twenty pixels,
so that an image is read once and written once, both on threads, and everything between is about runs. The first run
of a piece holds its first pixel, and each joined set is known by its first run: numbers come in reading order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from objectwise.kernels import compiled, prepared
from objectwise.kernels.threads import in_threads, strips

# pixels below which a thread of their own is not worth while
_FEW = 4096

_SIGNED = {1: np.int8, 2: np.int16, 4: np.int32, 8: np.int64}


@dataclass
class Runs:
    """The runs of a block in raster order.

    Attributes
    ----------
    shape : tuple of int
        Of the block.
    starts : ndarray of int64, (number of lines + 1,)
        The first run of each line.
    begin, stop : ndarray of int32, (n,)
        First column, and one past the last.
    value : ndarray, (n,)
        What the pixels of the run hold.
    """

    shape: tuple[int, ...]
    starts: np.ndarray
    begin: np.ndarray
    stop: np.ndarray
    value: np.ndarray


def find_runs(block: np.ndarray, besides: int = 0) -> Runs:
    """Return the runs of a block of bool or integers, without those that hold one value."""
    lines = _lines(block)
    n_lines = len(lines)
    starts = np.zeros(n_lines + 1, np.int64)
    cut = strips(n_lines, least=max(64, _FEW // lines.shape[1]))
    in_threads(_count, [(lines, besides, starts, *part) for part in cut])
    np.cumsum(starts, out=starts)
    begin, stop = np.empty((2, starts[-1]), np.int32)
    value = np.empty(starts[-1], lines.dtype)
    in_threads(_write, [(lines, besides, starts, begin, stop, value, *part) for part in cut])
    return Runs(block.shape, starts, begin, stop, value.view(block.dtype))


def _lines(block: np.ndarray) -> np.ndarray:
    """Return a block as lines of signed integers of its size: as far as equal bits go, they serve all dtypes."""
    signed = np.dtype(_SIGNED[block.dtype.itemsize])
    return prepared(np.ascontiguousarray(block).view(signed), signed).reshape(-1, max(1, block.shape[-1]))


def join_runs(runs: Runs, corners: bool) -> tuple[np.ndarray, int]:
    """Return the number of the piece of each run, and how many pieces there are.

    Parameters
    ----------
    runs : Runs
    corners : bool
        Whether pixels join through edges and corners too. Only runs of one value join.
    """
    n_lines = len(runs.starts) - 1
    height = runs.shape[-2] if len(runs.shape) > 1 else 1
    # the lines before a line that it touches, as steps along z and y
    before = [(0, -1), (-1, -1), (-1, 0), (-1, 1)] if corners else [(0, -1), (-1, 0)]
    flat = n_lines <= height
    steps = np.array(before[:1] if flat else before, np.int64)
    parent = np.arange(len(runs.begin), dtype=np.int32)
    value = runs.value.view(_SIGNED[runs.value.dtype.itemsize])
    given = (runs.starts, runs.begin, runs.stop, value, parent, steps, height, int(corners))
    # lines with about as many runs as a thread is worth while for
    cut = strips(n_lines, least=max(64, _FEW * n_lines // max(1, len(parent))))
    in_threads(_join, [(*given, low, high, low, high) for low, high in cut])
    for low, high in cut[1:]:
        # lines further in touch only lines of their own strip
        _join(*given, low, min(high, low + (1 if flat else height + 1)), 0, low)
    return parent, _number(parent)


def number_values(runs: Runs) -> tuple[np.ndarray, int]:
    """Return a number for each run, the same for runs of the same value, and how many values there are."""
    value = runs.value
    highest = int(value.max(initial=0))
    if highest > max(int(np.prod(runs.shape)), 1 << 16):
        ids, number = np.unique(value, return_inverse=True)
        return number.astype(np.int32) + 1, len(ids)
    part = np.empty(len(value), np.int32)
    return part, _by_table(value.astype(np.int64), np.zeros(highest + 1, np.int32), part)


def describe_runs(runs: Runs, part: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return number of pixels, raster index of the first pixel, and touched faces of each piece.

    Returns
    -------
    size, first : ndarray of int64, (n + 1,)
        Index 0 stands for the pixels without a run.
    faces : ndarray of uint8, (n + 1,)
        Bits ``2 * axis`` for the low side of the block along an axis, the next one for the high side.
    """
    size, first = np.zeros((2, n + 1), np.int64)
    faces = np.zeros(n + 1, np.uint8)
    height = runs.shape[-2] if len(runs.shape) > 1 else 1
    _describe(
        runs.starts, runs.begin, runs.stop, part, height, runs.shape[-1], len(runs.shape), size, first, faces
    )
    size[0] = int(np.prod(runs.shape)) - size.sum()
    return size, first, faces


def paint_runs(runs: Runs, part: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return an array with, at each pixel, the value of its piece: ``values[0]`` where no run is."""
    bits = values.view(_SIGNED[values.dtype.itemsize])
    result = np.zeros(runs.shape, values.dtype) if bits[0] == 0 else np.full(runs.shape, values[0])
    lines = result.view(bits.dtype).reshape(-1, runs.shape[-1])
    in_threads(
        _paint,
        [
            (lines, runs.starts, runs.begin, runs.stop, part, bits, *cut)
            for cut in strips(len(lines), least=64)
        ],
    )
    return result


@compiled
def _count(lines, besides, starts, low, high):
    width = lines.shape[1]
    for line in range(low, high):
        row = lines[line]
        n = np.int64(row[0] != besides)
        for x in range(1, width):
            n += (row[x] != row[x - 1]) & (row[x] != besides)
        starts[line + 1] = n


@compiled
def _write(lines, besides, starts, begin, stop, value, low, high):
    width = lines.shape[1]
    changes = np.zeros(width + 1, np.int32)
    for line in range(low, high):
        row = lines[line]
        # always a store, and never a branch that depends on a pixel
        n = 1
        for x in range(1, width):
            changes[n] = x
            n += row[x] != row[x - 1]
        changes[n] = width
        run = starts[line]
        for change in range(n):
            own = row[changes[change]]
            if own != besides:
                begin[run] = changes[change]
                stop[run] = changes[change + 1]
                value[run] = own
                run += 1


@compiled
def _root(parent, run):
    while parent[run] != run:
        parent[run] = parent[parent[run]]
        run = parent[run]
    return run


@compiled
def _join(starts, begin, stop, value, parent, steps, height, reach, low, high, lowest, highest):
    """Join the runs of lines ``low`` to ``high`` with those of the lines before that lie in a range."""
    for line in range(low, high):
        z = line // height
        y = line - z * height
        for step in range(steps.shape[0]):
            if z + steps[step, 0] < 0 or not 0 <= y + steps[step, 1] < height:
                continue
            before = line + steps[step, 0] * height + steps[step, 1]
            if before < lowest or before >= highest:
                continue
            near = starts[before]
            end = starts[before + 1]
            for run in range(starts[line], starts[line + 1]):
                first = begin[run] - reach
                last = stop[run] + reach
                while near < end and stop[near] <= first:
                    near += 1
                other = near
                one = parent[run]
                while other < end and begin[other] < last:
                    # most neighbours are of one piece already
                    if parent[other] != one and value[other] == value[run]:
                        one = _root(parent, run)
                        two = _root(parent, other)
                        parent[max(one, two)] = min(one, two)
                        one = min(one, two)
                    other += 1


@compiled
def _number(parent):
    """Replace the parent of each run, which is never after it, by the number of its piece."""
    n = 0
    for run in range(parent.size):
        if parent[run] == run:
            n += 1
            parent[run] = n
        else:
            parent[run] = parent[parent[run]]
    return n


@compiled
def _by_table(value, table, part):
    n = 0
    for run in range(value.size):
        number = table[value[run]]
        if number == 0:
            n += 1
            number = n
            table[value[run]] = n
        part[run] = number
    return n


@compiled
def _describe(starts, begin, stop, part, height, width, ndim, size, first, faces):
    along_x = 2 * ndim - 2
    depth = (starts.size - 1) // height
    for line in range(starts.size - 1):
        z = line // height
        y = line - z * height
        touched = 0
        if ndim > 1:
            touched |= (y == 0) << (along_x - 2) | (y == height - 1) << (along_x - 1)
        if ndim > 2:
            touched |= (z == 0) << (along_x - 4) | (z == depth - 1) << (along_x - 3)
        for run in range(starts[line], starts[line + 1]):
            number = part[run]
            if size[number] == 0:
                first[number] = line * width + begin[run]
            size[number] += stop[run] - begin[run]
            here = touched | (begin[run] == 0) << along_x | (stop[run] == width) << (along_x + 1)
            if here:
                faces[number] |= np.uint8(here)


@compiled
def _paint(lines, starts, begin, stop, part, values, low, high):
    background = values[0]
    for line in range(low, high):
        row = lines[line]
        for run in range(starts[line], starts[line + 1]):
            value = values[part[run]]
            if value != background:
                row[begin[run] : stop[run]] = value
