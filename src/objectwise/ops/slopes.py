"""Edges as images: how steeply brightness changes from pixel to pixel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np

from objectwise.core.locality import Halo
from objectwise.core.operation import Image, operation
from objectwise.ops.derivatives import like, separably
from objectwise.ops.windows import in_place_of_nan

# by what each method smooths across the direction of the slope
_ACROSS = {
    "sobel": np.array([1.0, 2.0, 1.0]) / 4,
    "scharr": np.array([3.0, 10.0, 3.0]) / 16,
    "prewitt": np.array([1.0, 1.0, 1.0]) / 3,
}
_ALONG = np.array([-0.5, 0.0, 0.5])


def _next_pixel(spacing: Sequence[float], **_: Any) -> tuple[int, ...]:
    return (1,) * len(spacing)


@operation(
    locality=Halo(_next_pixel), also=({"method": "scharr"}, {"method": "prewitt"}, {"method": "laplace"})
)
def enhance_edges(
    image: Image,
    *,
    method: Literal["sobel", "scharr", "prewitt", "laplace"] = "sobel",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Make edges bright: the steepness of brightness at each pixel.

    The relief in which a watershed finds the outlines of objects. Smooth a noisy image first.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    method : {'sobel', 'scharr', 'prewitt', 'laplace'}
        ``sobel``, ``scharr`` and ``prewitt`` differ in how they smooth along the edge; ``scharr`` is the most
        even in all directions. ``laplace`` is the curvature, whose changes of sign are the edges.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        Change of brightness per pixel, along the axis with the finest pixels: 1 on a ramp that rises by 1 from
        pixel to pixel. Of ``laplace`` the sum of second differences, above 0 on the dark side of an edge and
        below 0 on the bright one.

    Notes
    -----
    The slopes along the axes are weighted with the pixel size and joined as a root of squares. Beyond the border
    the image continues with its last pixels. NaN pixels stay NaN and count as the pixel beside them that is looked
    from.

    References
    ----------
    .. [1] I. Sobel, "History and definition of the Sobel operator" (2014), on a talk of 1968.
    .. [2] H. Scharr, "Optimal operators in digital image processing", thesis, Heidelberg (2000).
    .. [3] J. M. S. Prewitt, "Object enhancement and extraction", in Picture Processing and Psychopictorics (1970).

    Examples
    --------
    >>> import numpy as np
    >>> enhance_edges(np.array([[1.0, 1, 1, 5, 5], [1, 1, 1, 5, 5]]))
    array([[0., 0., 2., 2., 0.],
           [0., 0., 2., 2., 0.]])
    """
    spacing = spacing or (1.0,) * image.ndim
    values = image.astype(np.float64, copy=False)
    weights = [min(spacing) / step for step in spacing]
    if method == "laplace":
        kernel = np.array([1.0, -2.0, 1.0])
        result = _sum(
            _filtered(values, [kernel * weight**2 if a == axis else None for a in range(image.ndim)])
            for axis, weight in enumerate(weights)
        )
    else:
        across = _ACROSS[method]
        result = np.sqrt(
            _sum(
                _filtered(values, [_ALONG * weight if a == axis else across for a in range(image.ndim)]) ** 2
                for axis, weight in enumerate(weights)
            )
        )
    return like(image, result)


def _sum(parts: Any) -> np.ndarray:
    result = None
    for part in parts:
        result = part if result is None else result + part
    return result  # type: ignore[return-value]


def _filtered(values: np.ndarray, kernels: Sequence[np.ndarray | None]) -> np.ndarray:
    """Return an image correlated along its axes; a missing pixel is as bright as the one looked from."""
    used = [np.ones(1) if kernel is None else kernel for kernel in kernels]
    return in_place_of_nan(lambda filled: separably(filled, used), values, lambda: values)


@operation(
    locality=Halo(_next_pixel),
    dimensions=(2,),
    exceptions={
        "mirrored_inputs_give_mirrored_results": "it compares a pixel with those down and right of it, so that its "
        "edges lie half a pixel up and left"
    },
)
def enhance_edges_roberts(image: Image) -> Image:
    """Make edges bright by the differences across 2 x 2 pixels alone (Roberts).

    The sharpest of the edge filters, and the most sensitive to noise.

    Parameters
    ----------
    image : (Y, X) array of any real dtype
        One channel.

    Returns
    -------
    float32 array (float64 for a float64 image)
        Change of brightness per pixel: 1 on a ramp that rises by 1 from pixel to pixel.

    Notes
    -----
    The root of the mean square of both diagonal differences, in pixels whatever their size. Borders and NaN as in
    `enhance_edges`.

    References
    ----------
    .. [1] L. G. Roberts, "Machine perception of three-dimensional solids", thesis, MIT (1963).

    Examples
    --------
    >>> import numpy as np
    >>> enhance_edges_roberts(np.array([[1.0, 1, 1, 5, 5], [1, 1, 1, 5, 5]]))
    array([[0., 0., 4., 0., 0.],
           [0., 0., 4., 0., 0.]])
    """
    falling = np.array([[0, 0, 0], [0, 1.0, 0], [0, 0, -1]])
    rising = np.array([[0, 0, 0], [0, 0, 1.0], [0, -1, 0]])
    return like(image, np.sqrt(_sum(each**2 for each in _correlated(image, (falling, rising))) / 2))


@operation(locality=Halo(_next_pixel), dimensions=(2,))
def enhance_edges_kirsch(image: Image) -> Image:
    """Make edges bright by the steepest of eight directions (Kirsch).

    Parameters
    ----------
    image : (Y, X) array of any real dtype
        One channel.

    Returns
    -------
    float32 array (float64 for a float64 image)
        Change of brightness per pixel: 1 on a ramp that rises by 1 from pixel to pixel.

    Notes
    -----
    Three neighbours in a row weigh 5 and the other five -3, all divided by 24; in pixels whatever their size.
    Borders and NaN as in `enhance_edges`.

    References
    ----------
    .. [1] R. A. Kirsch, "Computer determination of the constituent structure of biological images", Computers and
       Biomedical Research 4 (1971).

    Examples
    --------
    >>> import numpy as np
    >>> enhance_edges_kirsch(np.array([[1.0, 1, 1, 5, 5], [1, 1, 1, 5, 5]])).round(1)
    array([[0. , 0. , 2.5, 1.5, 0. ],
           [0. , 0. , 2.5, 1.5, 0. ]])
    """
    ring = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
    weights = np.array([5.0, 5, 5, -3, -3, -3, -3, -3]) / 24
    kernels = np.zeros((8, 3, 3))
    for turn in range(8):
        for place, weight in zip(ring, np.roll(weights, turn), strict=True):
            kernels[(turn, *place)] = weight
    return like(image, np.maximum.reduce(list(_correlated(image, kernels))))


def _correlated(image: np.ndarray, kernels: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield an image correlated with each kernel; a missing pixel is as bright as the one looked from."""
    from scipy import ndimage

    values = image.astype(np.float64, copy=False)
    for kernel in kernels:
        yield in_place_of_nan(
            lambda filled, kernel=kernel: ndimage.correlate(filled, kernel, mode="nearest"),  # type: ignore[misc]
            values,
            lambda: values,
        )
