"""The random walker: regions that end at edges, also at weak and broken ones.

Written on SciPy's sparse solver: scikit-image's weights change with the unit of brightness and of length, and its
warnings about seeds that cannot be reached are errors here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge

from objectwise.core.locality import Whole
from objectwise.core.operation import Image, Labels, Mask, operation
from objectwise.ops.pieces import of_mask


@operation(locality=Whole("a random walk may go anywhere in the image"))
def segment_random_walker(
    image: Image,
    seeds: Labels,
    mask: Mask | None = None,
    *,
    beta: Annotated[float, Ge(0)] = 500.0,
    spacing: tuple[float, ...] | None = None,
) -> Labels:
    """Give each pixel the seed that a random walker from it most likely meets first.

    Walkers seldom cross edges, so that regions end at edges, also at weak and broken ones.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    seeds : (Y, X) or (Z, Y, X) array of int
        One id for each region, 0 elsewhere. Seed the background too.
    mask : (Y, X) or (Z, Y, X) bool array, optional
        Where walkers may go. Left out, anywhere.
    beta : float
        How much edges hold walkers back. A larger value follows weaker edges, and noise; with a small one regions
        end midway between seeds.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out. Edges between pixels that are further apart, as planes
        often are, hold back less.

    Returns
    -------
    array of int
        The regions, with the ids of their seeds; 0 where no seed can be reached.

    Notes
    -----
    A walker goes to a neighbour that shares a face with the weight ``exp(-beta * difference ** 2)``, where the
    difference is a fraction of the range of the image. In 2-D the equations are solved at once for all seeds: 2 s
    for 512 x 512 pixels, 15 s for 1024 x 1024, minutes and several GB for 2048 x 2048. In 3-D they are solved by
    conjugate gradients to 1e-4, seed by seed: about 1 s for each with 24 x 96 x 96 pixels. For large images or many
    seeds take `watershed_seeded`. NaN and infinite pixels are not entered. Of equally likely
    seeds that with the lower id has the pixel.

    References
    ----------
    .. [1] L. Grady, "Random walks for image segmentation", IEEE Trans. PAMI 28 (2006).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[1, 1, 1, 9, 9], [1, 1, 1, 9, 9]])
    >>> seeds = np.array([[2, 0, 0, 0, 5], [0, 0, 0, 0, 0]])
    >>> segment_random_walker(image, seeds)
    array([[2, 2, 2, 5, 5],
           [2, 2, 2, 5, 5]], dtype=int32)
    """
    free = np.isfinite(image)
    if mask is not None:
        free &= mask
    pieces = of_mask(free, connectivity="face")
    parts = pieces.parts
    seeded = np.flatnonzero(free & (seeds > 0))
    part, seed = parts.ravel()[seeded], seeds.ravel()[seeded].astype(np.int64)
    lowest, highest = np.full(pieces.n + 1, np.iinfo(np.int64).max), np.zeros(pieces.n + 1, np.int64)
    np.minimum.at(lowest, part, seed)
    np.maximum.at(highest, part, seed)
    # a piece with one kind of seed needs no walk, and one without has nowhere to go
    result = np.where(lowest == highest, highest, 0)[parts].astype(np.int32)
    walked = (lowest < highest)[parts]
    if walked.any():
        values = image.astype(np.float64)
        extent = np.ptp(values[free])
        result[walked] = _walk(values / (extent or 1.0), np.where(walked, seeds, 0), walked, beta, spacing)
    return result


def _walk(values: np.ndarray, seeds: np.ndarray, walked: np.ndarray, beta: float, spacing: Any) -> np.ndarray:
    """Return the most likely seed of each walked pixel, in raster order."""
    from scipy import sparse

    steps = np.asarray(spacing or (1.0,) * values.ndim)
    steps = steps / steps.min()
    number = np.full(values.shape, -1, np.int64)
    number[walked] = np.arange(np.count_nonzero(walked))
    first, second, weight = [], [], []
    for axis, step in enumerate(steps):
        here, there = np.moveaxis(number, axis, 0)[:-1], np.moveaxis(number, axis, 0)[1:]
        joined = (here >= 0) & (there >= 0)
        difference = np.diff(np.moveaxis(values, axis, 0), axis=0)[joined] / step
        first.append(here[joined])
        second.append(there[joined])
        # an edge that nobody crosses would leave what lies beyond without any answer
        weight.append(np.exp(-beta * difference**2) + 1e-8)
    ends, others, weights = np.concatenate(first), np.concatenate(second), np.concatenate(weight)
    n = int(number.max()) + 1
    graph = sparse.coo_matrix((weights, (ends, others)), (n, n)).tocsr()
    graph = graph + graph.T
    total = np.asarray(graph.sum(axis=1)).ravel()
    own = seeds[walked]
    known = own > 0
    ids = np.unique(own[known])
    unknown = np.flatnonzero(~known)
    result = own.astype(np.int32)
    if unknown.size == 0:
        return result
    rows = graph[unknown]
    system = (sparse.diags(total[unknown]) - rows[:, unknown]).tocsr()
    toward = rows[:, np.flatnonzero(known)]
    solve = _direct(system) if values.ndim == 2 else _iterated(system)
    best, chosen = np.full(unknown.size, -1.0), np.zeros(unknown.size, np.int32)
    rest = np.ones(unknown.size)
    for item in ids:
        if item == ids[-1]:
            likely = rest
        else:
            likely = solve(toward @ (own[known] == item).astype(np.float64))
            rest = rest - likely
        nearer = likely > best + 1e-9
        best[nearer], chosen[nearer] = likely[nearer], item
    result[unknown] = chosen
    return result


def _direct(system: Any) -> Callable[[np.ndarray], np.ndarray]:
    """Return what solves the equations of a plane: factors of them, which stay sparse there."""
    from scipy.sparse.linalg import splu

    options = {"SymmetricMode": True}
    factors = splu(system.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
    return factors.solve


def _iterated(system: Any) -> Callable[[np.ndarray], np.ndarray]:
    """Return what solves the equations of a volume: conjugate gradients, which are few where paths are short."""
    from scipy.sparse.linalg import LinearOperator, cg

    inverse = 1 / system.diagonal()
    scaled = LinearOperator(system.shape, matvec=lambda vector: inverse * vector, dtype=np.float64)
    return lambda source: cg(system, source, rtol=1e-4, atol=0.0, maxiter=10_000, M=scaled)[0]
