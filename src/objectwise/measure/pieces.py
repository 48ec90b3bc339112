"""The pieces of the objects of a block: what hangs together by 8 neighbours in 2-D, by 26 in 3-D.

An object may have several pieces far from each other. Whatever asks for the pixels around a pixel works piece by
piece, in boxes that are small then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from objectwise.measure.scan import Scan


@dataclass(frozen=True)
class Pieces:
    """The pieces of the objects of one block.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        The runs of `Scan`, piece after piece, with the number of the piece in place of that of the object. The
        pieces of an object follow each other.
    starts : ndarray of int64, shape (n_pieces + 1,)
        Where the runs of each piece begin.
    first : ndarray of int64, shape (n + 1,)
        Where the pieces of each object begin.
    record : ndarray of int64, shape (n_pieces, 16)
        What `Scan.record` is for objects.
    neighbours : ndarray of int64, shape (n, 13)
        Pairs of neighbours within each object, for each of the `DIRECTIONS` of `objectwise.kernels.pieces`.
    """

    runs: np.ndarray
    starts: np.ndarray
    first: np.ndarray
    record: np.ndarray
    neighbours: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """Number of pieces of each object: int64, shape (n,)."""
        return np.diff(self.first)


def find_pieces(scan: Scan) -> Pieces:
    """Find the pieces of the objects of a block.

    Parameters
    ----------
    scan : Scan

    Returns
    -------
    Pieces
    """
    from objectwise.kernels import pieces as kernels
    from objectwise.kernels import runs as lines
    from objectwise.kernels.connected import Runs, join_runs

    neighbours = np.zeros((scan.ids.size, len(kernels.DIRECTIONS)), dtype=np.int64)
    kernels.count_neighbours(scan.runs, scan.line_starts, scan.shape[-2], neighbours)
    value, _, begin, stop = np.ascontiguousarray(scan.runs.T)
    number, n = join_runs(Runs(scan.shape, scan.line_starts, begin, stop, value), corners=True)
    # the pieces of an object follow each other
    objects = np.empty(n, dtype=np.int32)
    objects[number - 1] = value
    by_object = np.argsort(objects, kind="stable")
    place = np.empty(n + 1, dtype=np.int32)
    place[by_object + 1] = np.arange(n, dtype=np.int32)
    number = place[number]
    order = np.argsort(number, kind="stable")
    runs = scan.runs[order]
    runs[:, lines.LABEL] = number[order]
    record = np.zeros((n, lines.N_RECORD), dtype=np.int64)
    lines.accumulate_geometry(runs, scan.shape[-2], record)
    return Pieces(
        runs=runs,
        starts=_starts(number, n),
        first=_starts(objects, scan.ids.size),
        record=record,
        neighbours=neighbours,
    )


def _starts(numbers: np.ndarray, n: int) -> np.ndarray:
    """Return where each number begins once they are sorted, and the end."""
    starts = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(numbers, minlength=n), out=starts[1:])
    return starts


def runs_by_object(scan: Scan) -> tuple[np.ndarray, np.ndarray]:
    """Return the runs of a block object after object, and where those of each object begin."""
    order = np.argsort(scan.runs[:, 0], kind="stable")
    return scan.runs[order], _starts(scan.runs[:, 0], scan.ids.size)
