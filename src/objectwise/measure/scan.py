"""What a labels block holds: which ids, where, and the sums that most measurements start from.

The pixels of labels are looked at once, here, and written down as runs: stretches of one label along x. What
follows works on runs that name their object by its row in the table; ids may have gaps, and an object may
have several pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


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
    def record(self) -> np.ndarray:
        """Number of pixels, sums of positions and of their products, and box: int64, shape (n, 16)."""
        from objectwise.kernels import runs as lines

        record = np.zeros((self.ids.size, lines.N_RECORD), dtype=np.int64)
        if self.ids.size:
            lines.accumulate_geometry(self.runs, self.shape[-2], record)
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

    @cached_property
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
        n = self.n_pixels
        sums = self.record[:, 1:4]
        reference, rest = self.reference
        covariance = np.empty((n.size, 3, 3))
        for column, (i, j) in enumerate(((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)), start=4):
            about = (
                self.record[:, column]
                - reference[:, i] * sums[:, j]
                - reference[:, j] * sums[:, i]
                + n * reference[:, i] * reference[:, j]
            )
            covariance[:, i, j] = covariance[:, j, i] = (about - rest[:, i] * (rest[:, j] / n)) / n
        return covariance[:, 3 - self.ndim :, 3 - self.ndim :]

    def gather(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the finite values of an image, object after object, and where those of each begin and end.

        Parameters
        ----------
        image : ndarray, shape of the labels
            Any real dtype.

        Returns
        -------
        values : ndarray of uint8, uint16, float32 or float64, shape (n_pixels.sum(),)
            In raster order within each object.
        starts, ends : ndarray of int64, shape (n,)
        """
        from objectwise.kernels import runs as lines
        from objectwise.kernels import values as contents

        prepared = lines.prepare_image(image)
        stops = np.cumsum(self.n_pixels)
        starts = stops - self.n_pixels
        ends = starts.copy()
        values = np.empty(stops[-1] if stops.size else 0, dtype=prepared.dtype)
        if stops.size:
            contents.gather_values(self.runs, prepared.reshape(-1, image.shape[-1]), ends, values)
        return values, starts, ends


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

    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be whole numbers; found the type {labels.dtype}")
    if labels.ndim not in (2, 3):
        raise ValueError(f"labels must have 2 or 3 spatial axes; found {labels.ndim}")
    values = None
    if labels.dtype.itemsize >= 4 and labels.dtype != np.int32:
        largest = int(labels.max()) if labels.size else 0
        if largest > np.iinfo(np.int64).max:
            raise ValueError(f"labels must fit 64-bit signed integers; found {largest}")
        if labels.dtype.kind == "i" and labels.size:
            _refuse_negative(int(labels.min()))
        if largest > np.iinfo(np.int32).max:
            values, inverse = np.unique(labels, return_inverse=True)
            values = values.astype(np.int64)
            if values[0] > 0:
                # 0 is kept for the background, even where there is none
                values = np.insert(values, 0, 0)
                inverse = inverse + 1
            labels = inverse.reshape(labels.shape)
    runs, line_starts = lines.encode_runs(lines.prepare_labels(labels))
    found = runs[:, lines.LABEL]
    if found.size:
        _refuse_negative(int(found.min()))
        largest = int(found.max())
    if found.size and largest <= max(labels.size, 1 << 16):
        present = np.zeros(largest + 1, dtype=np.bool_)
        present[found] = True
        ids = np.flatnonzero(present)
        runs[:, lines.LABEL] = (np.cumsum(present) - 1)[found]
    else:
        # a table of the size of the largest id would be larger than the image
        ids, rows = np.unique(found, return_inverse=True)
        runs[:, lines.LABEL] = rows
    ids = ids.astype(np.int64) if values is None else values[ids]
    return Scan(ids, runs, line_starts, labels.shape)


def _refuse_negative(smallest: int) -> None:
    if smallest < 0:
        raise ValueError(f"labels must not be negative; found {smallest}")
