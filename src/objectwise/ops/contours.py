"""Active contours: the outline of a mask moved until it lies where the image says."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt

from objectwise.core.locality import Whole
from objectwise.core.operation import Image, Mask, operation


@operation(
    locality=Whole("it compares each pixel with the mean brightness of all inside, and of all outside")
)
def fit_contour_chan_vese(
    image: Image,
    mask: Mask,
    *,
    n_iterations: Annotated[int, Ge(0)] = 50,
    smoothing: Annotated[int, Ge(0)] = 1,
    weight_inside: Annotated[float, Gt(0)] = 1.0,
    weight_outside: Annotated[float, Gt(0)] = 1.0,
) -> Mask:
    """Move the outline of a mask until inside and outside are as uniform as can be (Chan and Vese).

    Finds objects without sharp edges; the outline stays smooth.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    mask : (Y, X) or (Z, Y, X) bool array
        Where the outline starts: a rough mask of the objects.
    n_iterations : int
        Largest number of steps; each moves the outline by at most a pixel. It ends earlier when nothing moves.
    smoothing : int
        How often the outline is smoothed in each step. A larger value makes it rounder and drops small objects.
    weight_inside : float
        How much it matters that the inside is uniform. A larger value makes objects smaller and more uniform.
    weight_outside : float
        How much it matters that the outside is uniform. A larger value takes more into the objects.

    Returns
    -------
    bool array
        True inside the outline.

    Notes
    -----
    The morphological form of the method: pixels at the outline change sides if they are more like the other one, and
    straight pieces of line smooth the outline. It always starts with the same smoothing, unlike scikit-image, where it
    depends on the calls before. An empty mask stays empty, a full one full. NaN pixels do not count, and are left out
    of the result. About 0.3 s for each step of 2048 x 2048 pixels.

    References
    ----------
    .. [1] P. Márquez-Neila, L. Baumela, L. Alvarez, "A morphological approach to curvature-based evolution of curves
       and surfaces", IEEE Trans. PAMI 36 (2014).
    .. [2] T. F. Chan and L. A. Vese, "Active contours without edges", IEEE Trans. Image Processing 10 (2001).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[1, 1, 8, 9, 8, 1, 1]])
    >>> mask = np.array([[0, 0, 1, 1, 0, 0, 0]], bool)
    >>> fit_contour_chan_vese(image, mask, smoothing=0).astype(int)
    array([[0, 0, 1, 1, 1, 0, 0]])
    """
    finite = np.isfinite(image)
    values = np.where(finite, image, 0).astype(np.float64)
    inside = mask.copy()
    before: list[np.ndarray] = []
    n_smoothed = 0
    for _ in range(n_iterations):
        n_inside = np.count_nonzero(inside & finite)
        n_outside = np.count_nonzero(~inside & finite)
        if n_inside == 0 or n_outside == 0:
            break
        mean_inside = values[inside & finite].sum() / n_inside
        mean_outside = values[~inside & finite].sum() / n_outside
        force = weight_inside * (values - mean_inside) ** 2 - weight_outside * (values - mean_outside) ** 2
        force = np.where(finite, force, 0)
        outline = _outline(inside)
        following = np.where(outline & (force < 0), True, np.where(outline & (force > 0), False, inside))
        for _ in range(smoothing):
            first, second = (_opened, _closed) if n_smoothed % 2 == 0 else (_closed, _opened)
            following = second(first(following))
            n_smoothed += 1
        # two states that take turns are as good as one that stays
        if any(np.array_equal(following, earlier) for earlier in (inside, *before)):
            inside = following
            break
        before = [inside]
        inside = following
    return inside & finite


def _outline(inside: np.ndarray) -> np.ndarray:
    """Return the pixels with a neighbour, sharing a face, on the other side."""
    outline = np.zeros(inside.shape, bool)
    for axis in range(inside.ndim):
        line, marks = np.moveaxis(inside, axis, 0), np.moveaxis(outline, axis, 0)
        # a difference of the two neighbours, as in the gradient of the outline
        marks[1:-1] |= line[2:] != line[:-2]
        if len(line) > 1:
            marks[0] |= line[1] != line[0]
            marks[-1] |= line[-1] != line[-2]
    return outline


def _lines(ndim: int) -> list[list[tuple[int, ...]]]:
    """Return all straight pieces of line (2-D) or of plane (3-D) through a pixel, as steps to its neighbours."""
    steps = [step for step in product((-1, 0, 1), repeat=ndim) if any(step)]
    if ndim == 2:
        return [[step, (-step[0], -step[1])] for step in ((0, 1), (1, 0), (1, 1), (1, -1))]
    normals = [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    normals += [(1, 1, 0), (1, -1, 0), (1, 0, 1), (1, 0, -1), (0, 1, 1), (0, 1, -1)]
    return [[step for step in steps if np.dot(step, normal) == 0] for normal in normals]


def _along(inside: np.ndarray, join: Callable[..., np.ndarray]) -> list[np.ndarray]:
    """Return, for each straight piece, what its pixels have in common, the border pixels repeated."""
    padded = np.pad(inside, 1, mode="edge")
    found = []
    for line in _lines(inside.ndim):
        joined = inside
        for step in line:
            where = tuple(slice(1 + d, 1 + d + n) for d, n in zip(step, inside.shape, strict=True))
            joined = join(joined, padded[where])
        found.append(joined)
    return found


def _opened(inside: np.ndarray) -> np.ndarray:
    """Return the pixels of which some straight piece lies inside."""
    return np.logical_or.reduce(_along(inside, np.logical_and))


def _closed(inside: np.ndarray) -> np.ndarray:
    """Return the pixels of which no straight piece lies wholly outside."""
    return np.logical_and.reduce(_along(inside, np.logical_or))
