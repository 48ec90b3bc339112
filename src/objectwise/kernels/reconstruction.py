"""Morphological reconstruction: what grows back under an image from below.

scikit-image sorts all pixels. Two passes over the image, and a queue for the few pixels where these do not suffice,
come to the same result in a fraction of the time.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared


def reconstructed(seed: np.ndarray, ceiling: np.ndarray) -> np.ndarray:
    """Return the seed grown, along faces, edges and corners of pixels, as far as the ceiling lets it.

    Parameters
    ----------
    seed, ceiling : ndarray
        2-D or 3-D, of one dtype; without NaN, and the seed nowhere above the ceiling.

    Notes
    -----
    The hybrid algorithm of Vincent. All values are those of the seed or the ceiling.
    """
    kind, size = ceiling.dtype.kind, ceiling.dtype.itemsize
    if (kind in "iu" and size <= 2) or (kind == "f" and size <= 4):
        dtype: type = np.float32
    else:
        dtype = np.int64 if kind == "i" else np.uint64 if kind == "u" else np.float64
    # nothing grows into the rim
    lowest = -np.inf if dtype in (np.float32, np.float64) else np.iinfo(dtype).min
    grown, limit = (np.pad(prepared(each, dtype), 1, constant_values=lowest) for each in (seed, ceiling))
    strides = np.array([int(np.prod(grown.shape[axis + 1 :])) for axis in range(grown.ndim)])
    steps = (np.argwhere(np.ones((3,) * grown.ndim)) - 1) @ strides
    _reconstruct(grown.ravel(), limit.ravel(), steps[steps < 0], int(strides.sum()))
    return np.ascontiguousarray(grown[(slice(1, -1),) * grown.ndim]).astype(ceiling.dtype)


@compiled
def _reconstruct(grown, limit, earlier, rim):
    for index in range(rim, grown.size - rim):
        highest = grown[index]
        for step in earlier:
            highest = max(highest, grown[index + step])
        grown[index] = min(highest, limit[index])
    queue = np.empty(1024, np.int64)
    start = 0
    n = 0
    for index in range(grown.size - rim - 1, rim - 1, -1):
        highest = grown[index]
        for step in earlier:
            highest = max(highest, grown[index - step])
        own = min(highest, limit[index])
        grown[index] = own
        for step in earlier:
            below = grown[index - step]
            if below < own and below < limit[index - step]:
                if n == queue.size:
                    queue = _longer(queue, start)
                    start = 0
                queue[(start + n) % queue.size] = index
                n += 1
                break
    while n > 0:
        index = queue[start]
        start = (start + 1) % queue.size
        n -= 1
        own = grown[index]
        for side in range(2):
            for step in earlier:
                neighbour = index + (step if side == 0 else -step)
                below = grown[neighbour]
                if below < own and below < limit[neighbour]:
                    grown[neighbour] = min(own, limit[neighbour])
                    if n == queue.size:
                        queue = _longer(queue, start)
                        start = 0
                    queue[(start + n) % queue.size] = neighbour
                    n += 1


@compiled
def _longer(queue, start):
    larger = np.empty(2 * queue.size, queue.dtype)
    larger[: queue.size - start] = queue[start:]
    larger[queue.size - start : queue.size] = queue[:start]
    return larger
