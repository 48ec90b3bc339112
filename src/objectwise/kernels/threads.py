"""Several pieces of work at once, in one process.

Compiled loops release the interpreter lock, so plain threads run them side by side. Compiling a loop as parallel
takes three times as long, and its threads get in the way of those of napari and of a batch. How the work is cut must
not show in the result: no piece of work reads what another one writes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any


def n_threads() -> int:
    """Return how many threads to use: ``OBJECTWISE_THREADS`` where that is set, else one for each core."""
    wanted = os.environ.get("OBJECTWISE_THREADS", "")
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_threads(function: Callable[..., Any], pieces: Iterable[Sequence[Any]]) -> list[Any]:
    """Call a function once for each piece of work, and return the results in order.

    Parameters
    ----------
    function : callable
        Releases the interpreter lock for most of its time.
    pieces : iterable of sequence
        The arguments of each call.

    Examples
    --------
    >>> in_threads(pow, [(2, 3), (2, 4)])
    [8, 16]
    """
    pieces = list(pieces)
    workers = min(n_threads(), len(pieces))
    if workers < 2:
        return [function(*piece) for piece in pieces]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda piece: function(*piece), pieces))


def strips(n: int, least: int = 1) -> list[tuple[int, int]]:
    """Return the start and stop of one strip for each thread, out of ``n`` rows; none shorter than ``least``.

    Examples
    --------
    >>> strips(5, least=4)
    [(0, 5)]
    """
    count = max(1, min(n_threads(), n // max(1, least)))
    edges = [n * number // count for number in range(count + 1)]
    return list(pairwise(edges))
