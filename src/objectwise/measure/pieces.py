"""The pieces of the objects of a block: what hangs together by 8 neighbours in 2-D, by 26 in 3-D.

An object may have several pieces far from each other. Whatever asks for the pixels around a pixel works piece by
piece, in boxes that are small then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from objectwise.kernels.threads import in_threads
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
    neighbours : ndarray of int64, shape (n, 13), or (n, 4) in 2-D
        Pairs of neighbours within each object, for each of the `DIRECTIONS` of `objectwise.kernels.pieces`; in 2-D
        for those in a plane, which come first.
    contacts : ndarray of int64, shape (n,)
        Pairs of runs of each object in adjacent rows of a plane that touch.
    """

    runs: np.ndarray
    starts: np.ndarray
    first: np.ndarray
    record: np.ndarray
    neighbours: np.ndarray
    contacts: np.ndarray

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

    n = scan.ids.size
    runs, starts = scan.grouped, scan.run_starts
    parent = np.empty(len(runs), dtype=np.int32)
    neighbours = np.zeros((n, 13 if scan.ndim == 3 else 4), dtype=np.int64)
    contacts = np.zeros(n, dtype=np.int64)
    given = (scan.shape[-2], scan.ndim == 3, parent, neighbours, contacts)
    in_threads(kernels.count_neighbours, [(runs, starts, *part, *given) for part in scan.ranges])
    roots = parent == np.arange(parent.size, dtype=np.int32)
    first = np.searchsorted(np.flatnonzero(roots), starts)
    record = scan.record
    if first[-1] > n:
        # pieces are numbered by object and first run
        numbered = runs.copy()
        numbered[:, lines.LABEL] = (np.cumsum(roots) - 1)[parent]
        starts = _starts(numbered[:, lines.LABEL], first[-1])
        runs = np.empty_like(numbered)
        lines.group_runs(numbered, starts[:-1].copy(), runs)
        record = np.zeros((first[-1], lines.N_RECORD), dtype=np.int64)
        lines.accumulate_geometry(runs, scan.shape[-2], record)
    return Pieces(runs, starts, first, record, neighbours, contacts)


def _starts(numbers: np.ndarray, n: int) -> np.ndarray:
    """Return where each number begins once they are sorted, and the end."""
    starts = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(numbers, minlength=n), out=starts[1:])
    return starts


def runs_by_object(scan: Scan) -> tuple[np.ndarray, np.ndarray]:
    """Return the runs of a block object after object, and where those of each object begin, and the last ones end."""
    return scan.grouped, scan.run_starts
