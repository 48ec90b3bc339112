"""The pixels of objects, object after object, some objects at a time so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from objectwise.measure.scan import Scan

MAX_PIXELS = 1 << 18  # in a batch, unless one object has more


@dataclass(frozen=True)
class Pixels:
    """The pixels of some objects.

    Parameters
    ----------
    objects : slice
        Which objects, in the order of the ids.
    span : slice
        Where these pixels lie in what `Scan.gather` returns; in raster order within each object.
    flat : ndarray of int64, shape (n,)
        Where each lies in the block, seen as one line.
    owner : ndarray of int64, shape (n,)
        The object of each, counted from the first of these.
    starts : ndarray of int64, shape (n_objects + 1,)
        Where the pixels of each object begin, and the last ones end.
    position : ndarray of int64, shape (3, n)
        Steps along z, y and x from the corner of the box of the object.
    extent : ndarray of int64, shape (n_objects, 3)
        Size of each box.
    ndim : int
        Number of axes of the block.
    """

    objects: slice
    span: slice
    flat: np.ndarray
    owner: np.ndarray
    starts: np.ndarray
    position: np.ndarray
    extent: np.ndarray
    ndim: int

    def places(self, gap: int) -> tuple[np.ndarray, np.ndarray]:
        """Return where each pixel lies in the box of its object as one line, and the steps along z, y and x there.

        Parameters
        ----------
        gap : int
            Empty pixels after each line and plane and before the first, such that a step of up to this many
            pixels along each axis that leaves the box does not come back into it.

        Returns
        -------
        place : ndarray of int64, shape (n,)
        steps : ndarray of int64, shape (n_objects, 4)
            The last is the length of the line; in 2-D, the step along z is 0.
        """
        steps = np.empty((len(self.extent), 4), np.int64)
        steps[:, 2] = 1
        steps[:, 1] = self.extent[:, 2] + gap
        plane = steps[:, 1] * (self.extent[:, 1] + gap)
        steps[:, 0] = plane if self.ndim == 3 else 0
        before = gap * steps[:, :3].sum(axis=1)
        steps[:, 3] = plane * self.extent[:, 0] + 2 * before
        place = before[self.owner]
        for axis in range(3):
            place += self.position[axis] * steps[self.owner, axis]
        return place, steps


def batches(scan: Scan) -> Iterator[Pixels]:
    """Yield the pixels of all objects, some objects at a time."""
    from objectwise.kernels import runs as lines

    runs = scan.runs[np.argsort(scan.runs[:, lines.LABEL], kind="stable")].astype(np.int64)
    first_runs = np.searchsorted(runs[:, lines.LABEL], np.arange(scan.ids.size + 1))
    stops = np.cumsum(scan.n_pixels)
    start = 0
    while start < scan.ids.size:
        before = stops[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(stops, before + MAX_PIXELS, side="right")))
        part = runs[first_runs[start] : first_runs[stop]]
        lengths = part[:, lines.STOP] - part[:, lines.START]
        ends = np.cumsum(lengths)
        x = np.repeat(part[:, lines.START] - (ends - lengths), lengths) + np.arange(ends[-1])
        line = np.repeat(part[:, lines.LINE], lengths)
        owner = np.repeat(part[:, lines.LABEL] - start, lengths)
        corner = scan.record[start:stop, lines.MIN_Z : lines.MAX_Z]
        position = np.stack((*np.divmod(line, scan.shape[-2]), x)) - corner[owner].T
        starts = np.concatenate([[0], np.cumsum(scan.n_pixels[start:stop])])
        extent = scan.record[start:stop, lines.MAX_Z :] - corner
        flat = line * scan.shape[-1] + x
        span = slice(int(before), int(before + ends[-1]))
        yield Pixels(slice(start, stop), span, flat, owner, starts, position, extent, scan.ndim)
        start = stop
