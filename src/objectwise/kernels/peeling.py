"""Objects peeled layer by layer, down to lines.

scikit-image looks at every pixel of the image for each layer. A pixel whose surroundings have not changed stays as it
was decided before, so that only the neighbours of what has just been peeled off need a look.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from objectwise.kernels import compiled, prepared


def peeled(mask: np.ndarray, n_layers: int | None) -> np.ndarray:
    """Return a mask without its outer layers; objects neither break nor get holes.

    Parameters
    ----------
    mask : ndarray of bool, 2-D
    n_layers : int, optional
        All that can be peeled off where it is left out.

    Notes
    -----
    Each layer has two turns, that at the lower right and that at the upper left. O(n).
    """
    padded = np.pad(prepared(mask, np.uint8), 1)
    steps = np.array([1, -padded.shape[1] + 1, -padded.shape[1], -padded.shape[1] - 1])
    steps = np.concatenate([steps, -steps])
    most = np.iinfo(np.int64).max if n_layers is None else n_layers
    _peel(padded.ravel(), steps, _decisions(), most, int(np.count_nonzero(mask)))
    return padded[1:-1, 1:-1] > 0


@cache
def _decisions() -> np.ndarray:
    """Return, for each turn and each of 256 surroundings, whether a pixel is peeled off."""
    # neighbours from the right, counter-clockwise; the first one again at the end
    bits = (np.arange(256)[:, np.newaxis] >> np.arange(8)) & 1
    x = np.concatenate([bits, bits[:, :1]], axis=1).astype(bool)
    n_sides = sum((~x[:, i] & (x[:, i + 1] | x[:, i + 2])).astype(int) for i in (0, 2, 4, 6))
    first = sum((x[:, i] | x[:, i + 1]).astype(int) for i in (0, 2, 4, 6))
    second = sum((x[:, i + 1] | x[:, i + 2]).astype(int) for i in (0, 2, 4, 6))
    thick = np.isin(np.minimum(first, second), (2, 3))
    turns = [
        ~((x[:, 1] | x[:, 2] | ~x[:, 7]) & x[:, 0]),
        ~((x[:, 5] | x[:, 6] | ~x[:, 3]) & x[:, 4]),
    ]
    return np.stack([(n_sides == 1) & thick & turn for turn in turns])


@compiled
def _peel(values, steps, decisions, n_layers, n):
    waiting = np.zeros(values.size, np.uint8)  # one bit for each turn
    queues = np.empty((2, n), np.int32)
    lengths = np.zeros(2, np.int64)
    gone = np.empty(n, np.int32)
    for index in range(values.size):
        if values[index]:
            around = 0
            for step in steps:
                around += values[index + step]
            if around < 8:
                waiting[index] = 3
                for turn in range(2):
                    queues[turn, lengths[turn]] = index
                    lengths[turn] += 1
    layer = 0
    while layer < n_layers and lengths[0] + lengths[1] > 0:
        layer += 1
        for turn in range(2):
            n_gone = 0
            for item in range(lengths[turn]):
                index = queues[turn, item]
                waiting[index] &= ~np.uint8(1 << turn)
                if values[index]:
                    code = 0
                    for bit in range(8):
                        code |= values[index + steps[bit]] << bit
                    if decisions[turn, code]:
                        gone[n_gone] = index
                        n_gone += 1
            lengths[turn] = 0
            for item in range(n_gone):
                values[gone[item]] = 0
            for item in range(n_gone):
                for step in steps:
                    neighbour = gone[item] + step
                    if values[neighbour]:
                        for other in range(2):
                            if not waiting[neighbour] >> other & 1:
                                waiting[neighbour] |= np.uint8(1 << other)
                                queues[other, lengths[other]] = neighbour
                                lengths[other] += 1
