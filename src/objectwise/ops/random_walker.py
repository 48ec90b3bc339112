"""The random walker: regions that end at edges, also at weak and broken ones.

Written on SciPy's sparse solver: scikit-image's weights change with the unit of brightness and of length, and its
warnings about seeds that cannot be reached are errors here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge

from objectwise.core.locality import Whole
from objectwise.core.operation import Image, Labels, Mask, operation
from objectwise.ops.pieces import of_mask

_LARGEST_PLANE = 1 << 21  # pixels of one piece, whose factors take some 4 GB
_LARGEST_VOLUME = 1 << 15
_MOST_SOLVED = 1 << 28  # pixels times seeds


def _cost(spacing: Sequence[float], **_: Any) -> float:
    # with a few seeds
    return 15_000.0 if len(spacing) == 2 else 10_000.0


@operation(locality=Whole("a random walk may go anywhere in the image"), cost=_cost)
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
    difference is a fraction of the range of the image. In 2-D, and in 3-D for pieces of up to 32,768 pixels, the
    equations are solved exactly: 2 s for 512 x 512 pixels, 15 s for 1024 x 1024. Larger volumes are solved by conjugate
    gradients to 1e-4, seed by seed, about 1 s for each with 24 x 96 x 96 pixels; there, dark or bright specks that
    walkers hardly get out of may go to another region. Separate pieces of the mask, each with its own seeds, are solved
    together. In 2-D a piece of more than 2,097,152 pixels with several seeds is refused, and so is what comes to more
    than 268,435,456 pixels times seeds: take `watershed_seeded` there. NaN and infinite pixels are not entered. Of
    equally likely seeds that with the lower id has the pixel.

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
    base = int(seeds.max(initial=0)) + 1
    # the seeds of each piece by their ids, piece after piece
    there = np.unique(parts.ravel()[seeded].astype(np.int64) * base + seeds.ravel()[seeded])
    n_seeds = np.bincount(there // base, minlength=pieces.n + 1)
    first = np.cumsum(n_seeds) - n_seeds
    ids = np.append(there % base, 0).astype(np.int32)
    # a piece with one kind of seed needs no walk, and one without has nowhere to go
    result = np.where(n_seeds == 1, ids[np.minimum(first, len(ids) - 1)], 0)[parts].astype(np.int32)
    walked = (n_seeds > 1)[parts]
    if walked.any():
        _check_size(parts[walked], n_seeds, image.ndim)
        values = image.astype(np.float64)
        extent = np.ptp(values[free])
        part = parts[walked]
        keys = part.astype(np.int64) * base + seeds[walked]
        # all pieces are solved at once: first for the first seed of each, then for the second of each, ...
        number = np.where(seeds[walked] > 0, np.searchsorted(there, keys) - first[part] + 1, 0)
        # the factors of a volume do not stay sparse for long
        factored = image.ndim == 2 or int(np.bincount(part).max()) <= _LARGEST_VOLUME
        chosen = _walk(values / (extent or 1.0), number, n_seeds[part], walked, beta, spacing, factored)
        result[walked] = ids[first[part] + chosen - 1]
    return result


def _check_size(part: np.ndarray, n_seeds: np.ndarray, ndim: int) -> None:
    """Refuse what would take hours or all memory."""
    most = int(n_seeds.max())
    largest = int(np.bincount(part).max())
    if part.size * (most - 1) > _MOST_SOLVED:
        raise ValueError(
            f"a random walk solves {part.size} pixels for each of {most} seeds in one connected piece, above the "
            f"{_MOST_SOLVED} in all that are allowed: give a mask of separate pieces or fewer seeds, or take "
            "watershed_seeded"
        )
    if ndim == 2 and largest > _LARGEST_PLANE:
        raise ValueError(
            f"a random walk solves all pixels of a connected piece at once, and one has {largest}, above the "
            f"{_LARGEST_PLANE} that are allowed in 2-D: give a mask, or take watershed_seeded"
        )


def _walk(
    values: np.ndarray,
    own: np.ndarray,
    n_seeds: np.ndarray,
    walked: np.ndarray,
    beta: float,
    spacing: Any,
    factored: bool,
) -> np.ndarray:
    """Return the number of the most likely seed of each walked pixel, in raster order.

    ``own`` is the number of the seed, 1 .. n in its piece, or 0, and ``n_seeds`` is n, for each walked pixel.
    """
    from scipy import sparse

    steps = np.asarray(spacing or (1.0,) * values.ndim)
    steps = steps / steps.min()
    number = np.full(values.shape, -1, np.int64)
    number[walked] = np.arange(own.size)
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
    n = own.size
    graph = sparse.coo_matrix((weights, (ends, others)), (n, n)).tocsr()
    graph = graph + graph.T
    total = np.asarray(graph.sum(axis=1)).ravel()
    known = own > 0
    unknown = np.flatnonzero(~known)
    result = own.astype(np.int32)
    if unknown.size == 0:
        return result
    rows = graph[unknown]
    system = (sparse.diags(total[unknown]) - rows[:, unknown]).tocsr()
    toward = rows[:, np.flatnonzero(known)]
    solve = _direct(system) if factored else _iterated(system)
    best, chosen = np.full(unknown.size, -1.0), np.zeros(unknown.size, np.int32)
    rest = np.ones(unknown.size)
    last, among = n_seeds[unknown], n_seeds[known]
    for item in range(1, int(n_seeds.max()) + 1):
        likely = rest
        sources = (own[known] == item) & (among > item)
        if sources.any():
            # what the last seed of a piece gets is what the others leave
            found = solve(toward @ sources.astype(np.float64))
            likely = np.where(last == item, rest, found)
            rest = rest - found
        nearer = (last >= item) & (likely > best + 1e-9)
        best[nearer], chosen[nearer] = likely[nearer], item
    result[unknown] = chosen
    return result


def _direct(system: Any) -> Callable[[np.ndarray], np.ndarray]:
    """Return what solves the equations: factors of them, which stay sparse in a plane."""
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
