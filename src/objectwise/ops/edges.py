"""Edges: where brightness changes, and the regions that they enclose.

Canny's method is two steps here. Thinning looks a bounded way around each pixel; choosing edges by two thresholds
follows them through the whole image. As two steps they run in tiles, and their thresholds are found over all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Le

from objectwise.core.locality import Halo, Whole
from objectwise.core.operation import Image, Intensity, Length, Mask, operation
from objectwise.ops.elements import half_widths
from objectwise.ops.windows import gaussian_reach, gaussian_smooth

# a change of less than this part of the brightness is one of rounding
_ROUNDING = 1e-10


def _slopes(image: np.ndarray, sigma: float, spacing: Sequence[float]) -> list[np.ndarray]:
    """Return how much the smoothed image rises along each axis over one sigma; 0 beside NaN."""
    from scipy import ndimage

    smooth = gaussian_smooth(image.astype(np.float64), sigma, spacing)
    rises = [
        ndimage.correlate1d(smooth, [-0.5, 0, 0.5], axis, mode="nearest") * (sigma / step)
        for axis, step in enumerate(spacing)
    ]
    return [np.where(np.abs(rise) > _ROUNDING * np.abs(smooth), rise, 0) for rise in rises]


def _thin_reach(spacing: Sequence[float], sigma: float, **_: Any) -> tuple[int, ...]:
    return tuple(n + 2 for n in gaussian_reach(spacing, sigma))


@operation(locality=Halo(_thin_reach), tiny={"sigma": 1.0})
def thin_edges(
    image: Image,
    *,
    sigma: Annotated[Length, Gt(0)] = 1.0,
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Find how steep an image is at its edges, thinned to lines, and 0 elsewhere.

    The first part of Canny's edge detection; `threshold_hysteresis` of the result is the second.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    sigma : float
        Standard deviation of the Gaussian that smooths the image first, in the unit of the pixel size. A larger value
        finds fewer, coarser edges.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array
        At edges the rise of brightness over one ``sigma``, 0 elsewhere.

    Notes
    -----
    A pixel stays if neither neighbour across the edge is steeper; in 3-D edges are surfaces. Where two pixels side by
    side are equally steep both stay. Beyond the border the image continues with its last pixels; there is no edge
    at or beside NaN pixels.

    References
    ----------
    .. [1] J. Canny, "A computational approach to edge detection", IEEE Trans. PAMI 8 (1986).

    Examples
    --------
    >>> import numpy as np
    >>> thin_edges(np.array([[0.0, 0, 0, 0, 4, 8, 8, 8, 8]]), sigma=0.5).round(1)
    array([[0. , 0. , 0. , 0. , 1.8, 0. , 0. , 0. , 0. ]], dtype=float32)
    """
    from objectwise.kernels.thinning import crests

    spacing = spacing or (1.0,) * image.ndim
    slopes = _slopes(image, sigma, spacing)
    magnitude = np.sqrt(sum(slope**2 for slope in slopes))
    across = np.stack([slope / step for slope, step in zip(slopes, spacing, strict=True)])
    return crests(across, magnitude).astype(np.float32)


@operation(
    locality=Whole(
        "its thresholds are those of the edges of the whole image; in tiles use thin_edges and threshold_hysteresis"
    ),
    tiny={"sigma": 1.0},
)
def detect_edges_canny(
    image: Image,
    *,
    sigma: Annotated[Length, Gt(0)] = 1.0,
    low: Annotated[Intensity, Ge(0)] | None = None,
    high: Annotated[Intensity, Ge(0)] | None = None,
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Find edges as thin lines, weak ones where they go on from strong ones (Canny).

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    sigma : float
        Standard deviation of the Gaussian that smooths the image first, in the unit of the pixel size. A larger value
        finds fewer, coarser edges.
    low : float, optional
        An edge must rise by more than this over one ``sigma``. A larger value breaks edges off earlier. Left out, it is
        found in the histogram of all edges.
    high : float, optional
        An edge must somewhere rise by more than this over one ``sigma``. A larger value keeps fewer edges. Left out, it
        is found.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        True at edges; in 3-D they are surfaces.

    Notes
    -----
    `thin_edges`, and then `threshold_hysteresis` with Otsu's thresholds between three classes.

    References
    ----------
    .. [1] J. Canny, "A computational approach to edge detection", IEEE Trans. PAMI 8 (1986).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0.0, 0, 0, 0, 4, 8, 8, 8, 8]])
    >>> detect_edges_canny(image, sigma=0.5, low=0.5, high=1.0).astype(int)
    array([[0, 0, 0, 0, 1, 0, 0, 0, 0]])
    """
    from objectwise.ops.threshold import threshold_hysteresis

    return threshold_hysteresis(thin_edges(image, sigma=sigma, spacing=spacing), low=low, high=high)


def _log_reach(spacing: Sequence[float], sigma: float, **_: Any) -> tuple[int, ...]:
    return tuple(n + 3 for n in gaussian_reach(spacing, sigma))


@operation(locality=Halo(_log_reach), tiny={"sigma": 1.5, "min_contrast": 2.0})
def detect_edges_log(
    image: Image,
    *,
    sigma: Annotated[Length, Gt(0)] = 2.0,
    min_contrast: Annotated[Intensity, Ge(0)] = 0.0,
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Find edges as the zero crossings of the Laplacian of a Gaussian (Marr and Hildreth).

    Its edges are closed lines, which enclose regions; without a contrast they also surround the noise.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    sigma : float
        Standard deviation of the Gaussian, in the unit of the pixel size. A larger value finds fewer, coarser edges.
    min_contrast : float
        By how much the Laplacian changes at least where it crosses zero, times ``sigma ** 2``. A larger value keeps
        only stronger edges, and opens lines.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        True at edges.

    Notes
    -----
    Of two neighbours that share a face and have opposite signs the one nearer to zero is the edge, both where they
    are equally near; so is a zero between opposite signs. Beyond the border the image continues with its last pixels;
    there is no edge at or beside NaN pixels.

    References
    ----------
    .. [1] D. Marr and E. Hildreth, "Theory of edge detection", Proc. R. Soc. Lond. B 207 (1980).

    Examples
    --------
    >>> import numpy as np
    >>> detect_edges_log(np.array([[0.0, 0, 0, 0, 3, 8, 8, 8, 8]]), sigma=0.5, min_contrast=0.1).astype(int)
    array([[0, 0, 0, 0, 1, 0, 0, 0, 0]])
    """
    from scipy import ndimage

    spacing = spacing or (1.0,) * image.ndim
    smooth = gaussian_smooth(image.astype(np.float64), sigma, spacing)
    curved = np.zeros(image.shape)
    for axis, step in enumerate(spacing):
        curved += ndimage.correlate1d(smooth, [1.0, -2.0, 1.0], axis, mode="nearest") * (sigma / step) ** 2
    curved = np.where(np.abs(curved) > _ROUNDING * np.abs(smooth), curved, 0)
    edges = np.zeros(image.shape, bool)
    for axis in range(image.ndim):
        line, marks = np.moveaxis(curved, axis, 0), np.moveaxis(edges, axis, 0)
        first, second = line[:-1], line[1:]
        crossing = (first * second < 0) & (np.abs(first - second) >= min_contrast)
        marks[:-1] |= crossing & (np.abs(first) <= np.abs(second))
        marks[1:] |= crossing & (np.abs(second) <= np.abs(first))
        before, after = line[:-2], line[2:]
        marks[1:-1] |= (line[1:-1] == 0) & (before * after < 0) & (np.abs(before - after) >= min_contrast)
    return edges


def _link_reach(spacing: Sequence[float], max_gap: float, **_: Any) -> tuple[int, ...]:
    # a link goes so far, to a line that was looked for so far from the end
    return tuple(2 * n + 1 for n in half_widths(max_gap, spacing))


@operation(locality=Halo(_link_reach), tiny={"max_gap": 6.0, "max_turn": 90.0})
def link_edges(
    edges: Mask,
    *,
    max_gap: Annotated[Length, Ge(0)] = 5.0,
    max_turn: Annotated[float, Ge(0), Le(180)] = 60.0,
    spacing: tuple[float, ...] | None = None,
) -> Mask:
    """Close the gaps in thin lines: join each loose end to the nearest line ahead of it.

    Makes outlines of broken edges, which `fill_holes` then fills.

    Parameters
    ----------
    edges : (Y, X) or (Z, Y, X) bool array
        True on lines one pixel wide, as edge detection and skeletonize give them.
    max_gap : float
        How far the next line may be away, in the unit of the pixel size. A larger value closes wider gaps, and
        joins what does not belong together. 0 changes nothing.
    max_turn : float
        By how many degrees the link may turn from the direction of its line, 0 to 180. A larger value bends more
        sharply; 180 joins the end to whatever is nearest.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    bool array
        The lines and, one pixel wide, the links between them.

    Notes
    -----
    An end is a pixel with a single neighbour, or two that touch each other; a line thicker than that has none, and
    a single pixel has no direction. The direction of a line is that from the middle of its last piece, as long as
    ``max_gap``, to its end, and this piece is no target. Of equally near targets all are joined. In a volume edges are
    surfaces, which have no ends: run the step by plane.

    References
    ----------
    .. [1] Q. Zhu, M. Payne, V. Riordan, "Edge linking by a directional potential function", Image and Vision
       Computing 14 (1996).

    Examples
    --------
    >>> import numpy as np
    >>> link_edges(np.array([[1, 1, 1, 0, 0, 0, 1, 1, 0, 0]], bool), max_gap=4).astype(int)
    array([[1, 1, 1, 1, 1, 1, 1, 1, 0, 0]])
    """
    from objectwise.kernels.ends import link_ends

    return link_ends(edges, spacing or (1.0,) * edges.ndim, max_gap, np.deg2rad(max_turn))
