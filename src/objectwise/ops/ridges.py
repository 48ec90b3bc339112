"""Ridges made bright: membranes, filaments, vessels and neurites.

scikit-image divides by the largest answer in the image, or by half of it, so that a crop, a tile and the next
image have different scales. Here a ridge filter answers with a part of the ridge's height over its surroundings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Gt

from objectwise.core.locality import Halo
from objectwise.core.operation import Computed, Image, Intensity, Length, operation
from objectwise.ops.derivatives import bright, curvatures, derivative_reach, like
from objectwise.ops.levels import a_part_of_spread

Brightness = Literal["bright", "dark"]
Shape = Literal["line", "sheet"]

# the answer to a bar of height 1 at its own scale: 2 / sqrt(2 pi e)
BAR = 2 / math.sqrt(2 * math.pi * math.e)


def _sigmas(width: float, max_width: float | None) -> list[float]:
    """Return the scales for widths up to a largest: at most a factor of the square root of 2 apart."""
    if max_width is None or max_width == width:
        return [width / 2]
    if max_width < width:
        raise ValueError(f"max_width must be at least width, {width:g}; found {max_width:g}")
    n_steps = math.ceil(2 * math.log2(max_width / width) - 1e-9)
    return [width / 2 * (max_width / width) ** (step / n_steps) for step in range(n_steps + 1)]


def _ridge_reach(
    spacing: Sequence[float], width: float, max_width: float | None, **_: Any
) -> tuple[int, ...]:
    return derivative_reach(spacing, _sigmas(width, max_width)[-1])


def _strongest(
    image: np.ndarray,
    width: float,
    max_width: float | None,
    ridges: str,
    spacing: Sequence[float] | None,
    answer: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return the largest answer over the scales; ridges have curvatures below 0."""

    def answers() -> Iterator[np.ndarray]:
        for sigma in _sigmas(width, max_width):
            yield answer(curvatures(bright(image, ridges), sigma, spacing or (1.0,) * image.ndim))

    result = None
    for each in answers():
        result = each if result is None else np.maximum(result, each, out=result)
    assert result is not None
    return like(image, result)


@operation(
    locality=Halo(_ridge_reach),
    title="Enhance ridges Sato",
    tiny={"width": 2.0, "max_width": 3.0},
    also=({"shape": "sheet"},),
)
def enhance_ridges_sato(
    image: Image,
    *,
    width: Annotated[Length, Gt(0)] = 3.0,
    max_width: Annotated[Length, Gt(0)] | None = None,
    ridges: Brightness = "bright",
    shape: Shape = "line",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Make lines, tubes or sheets of a width bright with the filter of Sato (tubeness).

    Suits membranes and filaments of even brightness. In a volume choose ``sheet`` for membranes.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    width : float
        Width of the ridges, in the unit of the pixel size. Larger and smaller ones answer too, but less.
    max_width : float, optional
        Largest width; all between this and ``width`` are looked for. Left out, ``width`` is the only one.
    ridges : {'bright', 'dark'}
        Whether the ridges are brighter or darker than their surroundings.
    shape : {'line', 'sheet'}
        What is looked for in a volume: tubes, which are narrow in two directions, or sheets, which are narrow
        in one. In a plane both are lines.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        In the unit of the image: 0.48 of its height for a bar of this width. 0 or more.

    Notes
    -----
    From the curvatures at the scale ``sigma = width / 2``, times ``sigma**2``: the strongest of them in a plane
    and for sheets, the geometric mean of the two strongest for tubes, the largest over all widths. Widths in
    between are a factor of 1.4 apart. Beyond the border the image continues with its last pixels. NaN pixels stay
    NaN and count as the average around them.
    Linear in the number of pixels times the largest width.

    References
    ----------
    .. [1] Y. Sato et al., "Three-dimensional multi-scale line filter for segmentation and visualization of
       curvilinear structures in medical images", Medical Image Analysis 2 (1998).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((9, 9))
    >>> image[:, 3:6] = 10
    >>> enhance_ridges_sato(image, width=3)[4].round(1)
    array([0., 0., 0., 3., 5., 3., 0., 0., 0.])
    """

    def answer(curvature: np.ndarray) -> np.ndarray:
        strongest = np.maximum(-curvature[0], 0)
        if image.ndim == 2 or shape == "sheet":
            return strongest
        return np.sqrt(strongest * np.maximum(-curvature[1], 0))

    return _strongest(image, width, max_width, ridges, spacing, answer)


@operation(
    locality=Halo(_ridge_reach), title="Enhance ridges Meijering", tiny={"width": 2.0, "max_width": 3.0}
)
def enhance_ridges_meijering(
    image: Image,
    *,
    width: Annotated[Length, Gt(0)] = 3.0,
    max_width: Annotated[Length, Gt(0)] | None = None,
    ridges: Brightness = "bright",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Make thin lines of a width bright with the filter of Meijering (neuriteness).

    Made for neurites: follows faint lines, and answers less to blobs. In a volume sheets answer too, by a third more
    than tubes; to tell them apart use enhance_ridges_sato or enhance_ridges_frangi.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    width : float
        Width of the ridges, in the unit of the pixel size. Larger and smaller ones answer too, but less.
    max_width : float, optional
        Largest width; all between this and ``width`` are looked for. Left out, ``width`` is the only one.
    ridges : {'bright', 'dark'}
        Whether the ridges are brighter or darker than their surroundings.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        In the unit of the image: 0.48 of its height for a bar of this width. 0 or more.

    Notes
    -----
    From the curvatures at the scale ``sigma = width / 2``, times ``sigma**2``: to each is added ``-1 / (n + 1)``
    of the others in n dimensions, which makes the filter as flat as can be along a line; the one that is
    strongest then is taken, if it is that of a ridge. (scikit-image adds ``1 / (n + 1)`` by default, and divides
    by the largest answer of the image.) Widths in between are a factor of 1.4 apart. Beyond the border the image
    continues with its last pixels. NaN pixels stay NaN and count as the average around them. Linear in the
    number of pixels times the largest width.

    References
    ----------
    .. [1] E. Meijering et al., "Design and validation of a tool for neurite tracing and analysis in fluorescence
       microscopy images", Cytometry A 58 (2004).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((9, 9))
    >>> image[:, 3:6] = 10
    >>> enhance_ridges_meijering(image, width=3)[4].round(1)
    array([0., 0., 0., 3., 5., 3., 0., 0., 0.])
    """
    alpha = -1 / (image.ndim + 1)

    def answer(curvature: np.ndarray) -> np.ndarray:
        changed = (1 - alpha) * curvature + alpha * curvature.sum(axis=0)
        # their order stays, so that the strongest is the first or the last
        low, high = changed[0], changed[-1]
        return np.where(np.isnan(low), low, np.where(-low >= np.abs(high), np.maximum(-low, 0), 0))

    return _strongest(image, width, max_width, ridges, spacing, answer)


_CONTRAST = a_part_of_spread(0.5)


@operation(
    locality=Halo(_ridge_reach),
    title="Enhance ridges Frangi",
    tiny={"width": 2.0, "max_width": 3.0},
    also=({"shape": "sheet"},),
)
def enhance_ridges_frangi(
    image: Image,
    *,
    width: Annotated[Length, Gt(0)] = 3.0,
    max_width: Annotated[Length, Gt(0)] | None = None,
    ridges: Brightness = "bright",
    shape: Shape = "line",
    contrast: Annotated[Computed[Intensity], _CONTRAST] = None,
    plate: Annotated[float, Gt(0)] = 0.5,
    blob: Annotated[float, Gt(0)] = 0.5,
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Make lines, tubes or sheets of a width bright with the filter of Frangi (vesselness).

    Answers to the shape more than to the brightness, and suppresses what has another: blobs, and in a volume sheets
    beside tubes or tubes beside sheets. In a volume choose ``sheet`` for membranes.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    width : float
        Width of the ridges, in the unit of the pixel size. Larger and smaller ones answer too, but less.
    max_width : float, optional
        Largest width; all between this and ``width`` are looked for. Left out, ``width`` is the only one.
    ridges : {'bright', 'dark'}
        Whether the ridges are brighter or darker than their surroundings.
    shape : {'line', 'sheet'}
        What is looked for in a volume: tubes, which are narrow in two directions, or sheets, which are narrow
        in one. In a plane both are lines.
    contrast : float, optional
        Height of a ridge over its surroundings that is answered to with 0.39; fainter ones less. A larger value
        suppresses more noise. Left out, it is half the range of brightness (without the darkest and brightest
        thousandth).
    plate : float
        How flat a tube may be in a volume; the ``alpha`` of the paper. A larger value suppresses sheets more.
        Has no part in a plane, nor for sheets.
    blob : float
        How round a ridge may be; the ``beta`` of the paper. A larger value lets blobs answer more, and where
        sheets are looked for tubes too.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        0 to 1.

    Notes
    -----
    From the curvatures at the scale ``sigma = width / 2``, times ``sigma**2``; the constant of the paper that
    their norm is compared with (its ``c``) is the answer to a bar of the height ``contrast``, 0.48 of it. For sheets
    the two strongest curvatures of a volume take the place of the two of a plane, as in ITK. Widths in
    between are a factor of 1.4 apart. Beyond the border the image continues with its last pixels. NaN pixels stay
    NaN and count as the average around them.
    Linear in the number of pixels times the largest width.

    References
    ----------
    .. [1] A. F. Frangi, W. J. Niessen, K. L. Vincken, M. A. Viergever, "Multiscale vessel enhancement filtering",
       MICCAI (1998).
    .. [2] L. Antiga, "Generalizing vesselness with respect to dimensionality and shape", Insight Journal (2007).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((9, 9))
    >>> image[:, 3:6] = 10
    >>> enhance_ridges_frangi(image, width=3, contrast=5)[4].round(2)
    array([0.  , 0.  , 0.  , 0.54, 0.89, 0.54, 0.  , 0.  , 0.  ])
    """
    contrast = _CONTRAST.of_block(image) if contrast is None else contrast
    if contrast < 0:
        raise ValueError(f"contrast must be at least 0; found {contrast:g}")

    def answer(curvature: np.ndarray) -> np.ndarray:
        by_size = np.take_along_axis(curvature, np.argsort(np.abs(curvature), axis=0, kind="stable"), 0)
        # the curvatures along a sheet are both weak, and the stronger of them tells it from a tube
        first = 2 if shape == "sheet" and image.ndim == 3 else 1
        weak, strong = by_size[first - 1], by_size[first:]
        norm = (curvature**2).sum(axis=0)
        # whatever has no contrast is no ridge
        threshold = max(2 * (BAR * contrast) ** 2, np.finfo(np.float64).tiny)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            roundness = weak**2 / np.abs(strong.prod(axis=0)) ** (2 / len(strong))
            tube = 1.0 if len(strong) == 1 else 1 - np.exp(-((strong[0] / strong[1]) ** 2) / (2 * plate**2))
            result = tube * np.exp(-roundness / (2 * blob**2)) * -np.expm1(-norm / threshold)
        return np.where(np.isnan(norm), np.nan, np.where((strong < 0).all(axis=0), result, 0.0))

    return _strongest(image, width, max_width, ridges, spacing, answer)
