"""Compiled loops: what a library does not have, or not fast enough.

Every kernel releases the GIL and is cached on disk where a folder can be written; in a read-only container
it is compiled anew in each process. Numba notices that a kernel is out of date by its own file alone, so no
file in this folder calls compiled code of another. Each kernel has a slow twin in the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a loop with Numba on its first call, without the GIL, cached where that is possible."""
    import numba

    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        # no folder for the cache can be written
        return numba.njit(nogil=True)(function)


def prepared(array: np.ndarray, dtype: Any) -> np.ndarray:
    """Return an array in the one form that loops are compiled for: this dtype, C order, writable.

    Notes
    -----
    A read-only array is another type to Numba, so it is copied rather than compiled for.
    """
    array = np.ascontiguousarray(array, dtype=dtype)
    return array if array.flags.writeable else array.copy()
