"""What a labels block holds: which ids, where, and the sums that most measurements start from.

The pixels of labels are looked at once, here, and written down as runs: stretches of one label along x. What
follows works on runs that name their object by its row in the table; ids may have gaps, and an object may
have several pieces. Ranges of objects are then measured side by side on threads: what concerns an object is
added up in the order of its own runs, however many threads there are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from objectwise.kernels.threads import in_threads, n_threads, strips

# runs below which a thread of their own is not worth while
FEW_RUNS = 4096


@dataclass(frozen=True)
class Scan:
    """The objects of one labels block.

    Parameters
    ----------
    ids : ndarray of int64, shape (n,)
        The ids, increasing.
    runs : ndarray of int32, shape (n_runs, 4)
        Index of the object in ``ids``, line (plane * Y + row), first column and one past the last column
        of each stretch along x, in raster order.
    line_starts : ndarray of int64, shape (Z * Y + 1,)
        The first run of each line.
    shape : tuple of int
        Shape of the block.
    """

    ids: np.ndarray
    runs: np.ndarray
    line_starts: np.ndarray
    shape: tuple[int, ...]

    @property
    def ndim(self) -> int:
        """Number of axes of the block."""
        return len(self.shape)

    @cached_property
    def run_starts(self) -> np.ndarray:
        """Where the runs of each object begin in `grouped`, and where the last ones end: int64, shape (n + 1,)."""
        counts = np.bincount(self.runs[:, 0], minlength=self.ids.size)
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])

    @cached_property
    def grouped(self) -> np.ndarray:
        """The runs object after object: int32, shape (n_runs, 4)."""
        from objectwise.kernels import runs as lines

        grouped = np.empty_like(self.runs)
        lines.group_runs(self.runs, self.run_starts[:-1].copy(), grouped)
        return grouped

    def runs_of(self, low: int, high: int) -> np.ndarray:
        """Return the runs of the objects ``low`` to ``high``, half-open."""
        return self.grouped[self.run_starts[low] : self.run_starts[high]]

    @cached_property
    def ranges(self) -> list[tuple[int, int]]:
        """Ranges of objects, half-open, with about as many runs each: some for each thread."""
        count = min(4 * n_threads(), len(self.runs) // FEW_RUNS) if n_threads() > 1 else 1
        wanted = np.arange(1, max(1, count)) * len(self.runs) // max(1, count)
        edges = np.unique([0, *np.searchsorted(self.run_starts, wanted), self.ids.size]).tolist()
        return list(pairwise(edges))

    @cached_property
    def record(self) -> np.ndarray:
        """Number of pixels, sums of positions and of their products, and box: int64, shape (n, 16)."""
        from objectwise.kernels import runs as lines

        record = np.zeros((self.ids.size, lines.N_RECORD), dtype=np.int64)
        in_threads(
            lines.accumulate_geometry,
            [(self.runs_of(*part), self.shape[-2], record) for part in self.ranges],
        )
        return record

    @property
    def n_pixels(self) -> np.ndarray:
        """Number of pixels of each object: int64, shape (n,)."""
        return self.record[:, 0]

    @property
    def box_min(self) -> np.ndarray:
        """First pixel of each box along the axes of the block: int64, shape (n, ndim)."""
        return self.record[:, 13 - self.ndim : 13]

    @property
    def box_max(self) -> np.ndarray:
        """One past the last pixel of each box: int64, shape (n, ndim)."""
        return self.record[:, 16 - self.ndim : 16]

    @cached_property
    def centroid(self) -> np.ndarray:
        """Mean position of the pixel centres, in pixels: float64, shape (n, ndim)."""
        return self.record[:, 4 - self.ndim : 4] / self.n_pixels[:, None]

    @property
    def reference(self) -> tuple[np.ndarray, np.ndarray]:
        """A whole pixel near each centroid, and the sums of the positions about it: int64, shape (n, 3) each."""
        sums, n = self.record[:, 1:4], self.n_pixels[:, None]
        # halves are rounded up wherever the object lies
        nearest = (2 * sums + n) // (2 * n)
        return nearest, sums - n * nearest

    @cached_property
    def covariance(self) -> np.ndarray:
        """Mean products of the positions about the centroid, in pixels: float64, shape (n, ndim, ndim).

        Notes
        -----
        The sums are taken about a whole pixel near the centroid first, which integers do exactly. What is
        left to subtract is at most a quarter, so that no digits are lost however far off the object lies.
        """
        n, first = self.n_pixels, 3 - self.ndim
        sums = self.record[:, 1:4]
        reference, rest = self.reference
        covariance = np.empty((n.size, self.ndim, self.ndim))
        for column, (i, j) in enumerate(((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)), start=4):
            if min(i, j) < first:
                continue
            about = (
                self.record[:, column]
                - reference[:, i] * sums[:, j]
                - reference[:, j] * sums[:, i]
                + n * reference[:, i] * reference[:, j]
            )
            mean = (about - rest[:, i] * (rest[:, j] / n)) / n
            covariance[:, i - first, j - first] = covariance[:, j - first, i - first] = mean
        return covariance

    @cached_property
    def places(self) -> np.ndarray:
        """Where the values of each run go in what `gather` returns: int64, shape (n_runs,)."""
        from objectwise.kernels import values as contents

        places = np.empty(len(self.runs), np.int64)
        contents.place_runs(self.runs, np.cumsum(self.n_pixels) - self.n_pixels, places)
        return places

    def gather(self, image: np.ndarray) -> np.ndarray:
        """Return the values of an image in the pixels of objects, object after object.

        Parameters
        ----------
        image : ndarray, shape of the labels
            Any real dtype.

        Returns
        -------
        ndarray of uint8, uint16, float32 or float64, shape (n_pixels.sum(),)
            In raster order within each object.
        """
        return self.gather_box(image, tuple(slice(0, n) for n in self.shape))

    def gather_box(
        self, image: np.ndarray, box: tuple[slice, ...], values: np.ndarray | None = None
    ) -> np.ndarray:
        """Do as `gather` does for a box of an image; the values are those that were found in other boxes."""
        from objectwise.kernels import runs as lines
        from objectwise.kernels import values as contents

        prepared = lines.prepare_image(image)
        found = np.empty(self.n_pixels.sum(), prepared.dtype) if values is None else values
        rows = prepared.reshape(-1, max(1, image.shape[-1]))
        runs, places = self._within(box)
        # the image is read from top to bottom, which is faster than object after object
        in_threads(
            contents.gather_values,
            [(runs[low:high], places[low:high], rows, found) for low, high in strips(len(runs), FEW_RUNS)],
        )
        return found

    def finite(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the finite ones of values that were gathered, and where those of each object begin and end."""
        return keep_finite(values, self.n_pixels)

    def _within(self, box: tuple[slice, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Return the parts of the runs in a box, counted from its corner, and their `places`."""
        if tuple((part.start, part.stop) for part in box) == tuple((0, n) for n in self.shape):
            return self.runs, self.places
        planes, rows, columns = (slice(0, 1), *box) if self.ndim == 2 else box
        height = self.shape[-2]
        chosen = np.concatenate(
            [
                np.arange(*self.line_starts[[z * height + rows.start, z * height + rows.stop]])
                for z in range(planes.start, planes.stop)
            ]
        )
        runs = self.runs[chosen]
        inside = (runs[:, 2] < columns.stop) & (runs[:, 3] > columns.start)
        runs, chosen = runs[inside], chosen[inside]
        z, y = np.divmod(runs[:, 1], height)
        runs[:, 1] = (z - planes.start) * (rows.stop - rows.start) + y - rows.start
        places = self.places[chosen] + np.maximum(columns.start - runs[:, 2], 0)
        runs[:, 2:] = np.clip(runs[:, 2:], columns.start, columns.stop) - columns.start
        return runs, places


def scan_labels(labels: np.ndarray) -> Scan:
    """Find the ids in a labels block.

    Parameters
    ----------
    labels : ndarray of int, shape ([Z,] Y, X)
        Ids of objects, 0 is background. Any integer type, gaps allowed.

    Returns
    -------
    Scan

    Raises
    ------
    ValueError
        If the labels are not integers, are negative, or do not have 2 or 3 axes.

    Notes
    -----
    One pass over the pixels. The memory needed is 16 bytes for each run.
    """
    from objectwise.kernels import runs as lines
    from objectwise.kernels.connected import find_runs

    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be whole numbers; found the type {labels.dtype}")
    if labels.ndim not in (2, 3):
        raise ValueError(f"labels must have 2 or 3 spatial axes; found {labels.ndim}")
    found = find_runs(labels if labels.dtype.isnative else labels.astype(labels.dtype.newbyteorder("=")))
    ids, rows = _number(found.value)
    runs = np.empty((rows.size, 4), dtype=np.int32)
    runs[:, lines.LABEL] = rows
    runs[:, lines.LINE] = np.repeat(np.arange(found.starts.size - 1), np.diff(found.starts))
    runs[:, lines.START] = found.begin
    runs[:, lines.STOP] = found.stop
    return Scan(ids, runs, found.starts, labels.shape)


def _number(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids that runs hold, increasing, and which of them each run has."""
    lowest, largest = (int(value.min()), int(value.max())) if value.size else (0, 0)
    if lowest < 0:
        raise ValueError(f"labels must not be negative; found {lowest}")
    if largest > np.iinfo(np.int64).max:
        raise ValueError(f"labels must fit 64-bit signed integers; found {largest}")
    if largest > max(4 * value.size, 1 << 16):
        # a table of the size of the largest id would be larger than the runs
        ids, rows = np.unique(value, return_inverse=True)
        return ids.astype(np.int64), rows
    present = np.zeros(largest + 1, dtype=np.int32)
    present[value] = 1
    return np.flatnonzero(present), (np.cumsum(present, dtype=np.int32) - 1)[value]


def keep_finite(values: np.ndarray, n_values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return values with the finite ones of each object moved to the front, and where these begin and end.

    Parameters
    ----------
    values : ndarray of uint8, uint16, float32 or float64
        Object after object; not changed.
    n_values : ndarray of int64, shape (n,)
        How many each object has.
    """
    from objectwise.kernels import values as contents

    stops = np.cumsum(n_values)
    starts = stops - n_values
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        values = values.copy()
        in_threads(
            contents.keep_finite,
            [(values, starts[low:high], stops[low:high]) for low, high in strips(starts.size, 64)],
        )
    return values, starts, stops


def join_scans(parts: Iterable[tuple[Scan, tuple[slice, ...]]], shape: tuple[int, ...]) -> Scan:
    """Put the scans of some boxes of a block together: the scan of the block, bit by bit.

    Parameters
    ----------
    parts : iterable of (Scan, tuple of slice)
        What was found in each box. Boxes may lie anywhere, but no pixel of an object may be in two scans.
    shape : tuple of int
        Shape of the block.

    Notes
    -----
    Runs are joined where a box cuts them along x. Where boxes cut objects along other axes there is nothing to
    join, as all that follows is about runs: sums, crossings and hulls know of no boxes.
    """
    label, moved = [np.empty(0, np.int64)], [np.empty((0, 4), np.int32)]
    for scan, box in parts:
        z, y = np.divmod(scan.runs[:, 1], scan.shape[-2])
        first_plane = box[0].start if len(box) == 3 else 0
        runs = scan.runs.copy()
        runs[:, 1] = (z + first_plane) * shape[-2] + y + box[-2].start
        runs[:, 2:] += box[-1].start
        label.append(scan.ids[scan.runs[:, 0]])
        moved.append(runs)
    ids, rows = _number(np.concatenate(label))
    runs = np.concatenate(moved)
    runs[:, 0] = rows
    runs = runs[np.lexsort((runs[:, 2], runs[:, 1]))]
    before, behind = runs[:-1], runs[1:]
    cut = (before[:, :2] != behind[:, :2]).any(axis=1) | (before[:, 3] != behind[:, 2])
    first = np.flatnonzero(np.concatenate([np.ones(min(len(runs), 1), bool), cut]))
    stops = np.append(first[1:], len(runs))[: len(first)] - 1
    joined = runs[first]
    joined[:, 3] = runs[stops, 3]
    line_starts = np.searchsorted(joined[:, 1], np.arange(math.prod(shape[:-1]) + 1))
    return Scan(ids, joined, line_starts, tuple(shape))
