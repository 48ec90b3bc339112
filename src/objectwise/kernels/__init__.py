"""Compiled loops: what a library does not have, or not fast enough.

Every kernel releases the GIL and is cached on disk where a folder can be written; in a read-only container
it is compiled anew in each process. Numba by itself notices a change in the file of a kernel, but not in another
file whose constants or loops the kernel uses; here all files of the folder count as one, so that an edit
anywhere compiles everything anew. Each kernel has a slow twin in the tests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a loop with Numba on its first call, without the GIL, cached where that is possible."""
    import numba

    try:
        loop = numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        # no folder for the cache can be written
        return numba.njit(nogil=True)(function)
    kept = getattr(getattr(loop, "_cache", None), "_cache_file", None)
    if kept is not None:
        kept._source_stamp = _stamp()
    return loop


@cache
def _stamp() -> str:
    """Return a fingerprint of all files of this folder."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def prepared(array: np.ndarray, dtype: Any) -> np.ndarray:
    """Return an array in the one form that loops are compiled for: this dtype, C order, writable.

    Notes
    -----
    A read-only array is another type to Numba, so it is copied rather than compiled for.
    """
    array = np.ascontiguousarray(array, dtype=dtype)
    return array if array.flags.writeable else array.copy()
