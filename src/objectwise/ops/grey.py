"""Grey morphology: the darkest and the brightest around each pixel, and what is made of them.

Erosion and dilation of an image take the least and the greatest value in an element. NaN pixels are left out and
stay NaN. Nothing here adds up, so that results are exact and tiles agree with the whole.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Ge

from objectwise.core.locality import Halo
from objectwise.core.operation import Image, Length, operation
from objectwise.ops.elements import Shape, extreme, reach_of_one, reach_of_two


@operation(locality=Halo(reach_of_one), tiny={"radius": 2.0}, also=({"shape": "box"}, {"shape": "cross"}))
def erode_grey(
    image: Image,
    *,
    radius: Annotated[Length, Ge(0)] = 1.0,
    shape: Shape = "ball",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Take the darkest value around each pixel: bright objects shrink, dark ones grow.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    radius : float
        Radius of the element, in the unit of the pixel size. A larger value removes larger bright
        spots. 0 changes nothing.
    shape : {'ball', 'box', 'cross'}
        A disc or ball, round in physical space; a square or box with this half-width, which is faster; or lines
        of this half-length along the axes.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array of the same dtype
        The eroded image, of the same dtype; NaN stays NaN.

    Notes
    -----
    The element holds the pixels whose centre is at most ``radius`` from its own. Pixels beyond the border
    of the image have no part. With a box or cross the cost does not depend on the radius; with a
    ball it grows with the radius in 2-D and its square in 3-D.

    References
    ----------
    .. [1] E. R. Urbach and M. H. F. Wilkinson, "Efficient 2-D grayscale morphological transformations with
       arbitrary flat structuring elements", IEEE Transactions on Image Processing 17 (2008).

    Examples
    --------
    >>> import numpy as np
    >>> erode_grey(np.array([[5, 9, 9, 9, 7]]), radius=1)
    array([[5, 5, 9, 7, 7]])
    """
    return least(image, radius, shape, spacing)


@operation(locality=Halo(reach_of_one), tiny={"radius": 2.0})
def dilate_grey(
    image: Image,
    *,
    radius: Annotated[Length, Ge(0)] = 1.0,
    shape: Shape = "ball",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Take the brightest value around each pixel: bright objects grow, dark ones shrink.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    radius : float
        Radius of the element, in the unit of the pixel size. A larger value removes larger dark
        spots. 0 changes nothing.
    shape : {'ball', 'box', 'cross'}
        A disc or ball, round in physical space; a square or box with this half-width, which is faster; or lines
        of this half-length along the axes.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array of the same dtype
        The dilated image, of the same dtype; NaN stays NaN.

    Notes
    -----
    Element, borders and cost as in `erode_grey`.

    Examples
    --------
    >>> import numpy as np
    >>> dilate_grey(np.array([[5, 1, 1, 1, 7]]), radius=1)
    array([[5, 5, 1, 7, 7]])
    """
    return greatest(image, radius, shape, spacing)


@operation(locality=Halo(reach_of_two), tiny={"radius": 2.0}, also=({"shape": "box"}, {"shape": "cross"}))
def open_grey(
    image: Image,
    *,
    radius: Annotated[Length, Ge(0)] = 1.0,
    shape: Shape = "ball",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Remove bright spots and lines that an element of this radius does not fit into.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    radius : float
        Radius of the element, in the unit of the pixel size. A larger value removes larger spots.
        0 changes nothing.
    shape : {'ball', 'box', 'cross'}
        A disc or ball, round in physical space; a square or box with this half-width, which is faster; or lines
        of this half-length along the axes.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array of the same dtype
        The opened image, of the same dtype; NaN stays NaN.

    Notes
    -----
    Erosion, then dilation. Element, borders and cost as in `erode_grey`.

    Examples
    --------
    >>> import numpy as np
    >>> open_grey(np.array([[3, 9, 3, 8, 8, 8]]), radius=1)
    array([[3, 3, 3, 8, 8, 8]])
    """
    return greatest(least(image, radius, shape, spacing), radius, shape, spacing)


@operation(locality=Halo(reach_of_two), tiny={"radius": 2.0})
def close_grey(
    image: Image,
    *,
    radius: Annotated[Length, Ge(0)] = 1.0,
    shape: Shape = "ball",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Fill dark spots and lines that an element of this radius does not fit into.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    radius : float
        Radius of the element, in the unit of the pixel size. A larger value fills larger spots. 0
        changes nothing.
    shape : {'ball', 'box', 'cross'}
        A disc or ball, round in physical space; a square or box with this half-width, which is faster; or lines
        of this half-length along the axes.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array of the same dtype
        The closed image, of the same dtype; NaN stays NaN.

    Notes
    -----
    Dilation, then erosion. Element, borders and cost as in `erode_grey`.

    Examples
    --------
    >>> import numpy as np
    >>> close_grey(np.array([[9, 3, 9, 4, 4, 4]]), radius=1)
    array([[9, 9, 9, 4, 4, 4]])
    """
    return least(greatest(image, radius, shape, spacing), radius, shape, spacing)


@operation(locality=Halo(reach_of_two), tiny={"radius": 2.0})
def tophat_grey(
    image: Image,
    *,
    radius: Annotated[Length, Ge(0)] = 5.0,
    shape: Shape = "ball",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Keep bright spots and lines smaller than an element: the image less its opening.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    radius : float
        Radius of the element, in the unit of the pixel size. A larger value keeps larger spots. 0
        leaves nothing.
    shape : {'ball', 'box', 'cross'}
        A disc or ball, round in physical space; a square or box with this half-width, which is faster; or lines
        of this half-length along the axes.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array of the same dtype, wider where it is signed
        What opening takes away, 0 or more.

    Notes
    -----
    Also known as the white top-hat; it takes an uneven background away. Element, borders and cost as in
    `erode_grey`.

    Examples
    --------
    >>> import numpy as np
    >>> tophat_grey(np.array([[3, 9, 3, 8, 8, 8]]), radius=1)
    array([[0, 6, 0, 0, 0, 0]])
    """
    return _less(image, open_grey(image, radius=radius, shape=shape, spacing=spacing))


@operation(locality=Halo(reach_of_two), tiny={"radius": 2.0})
def bottomhat_grey(
    image: Image,
    *,
    radius: Annotated[Length, Ge(0)] = 5.0,
    shape: Shape = "ball",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Keep dark spots and lines smaller than an element: the closing less the image.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    radius : float
        Radius of the element, in the unit of the pixel size. A larger value keeps larger spots. 0
        leaves nothing.
    shape : {'ball', 'box', 'cross'}
        A disc or ball, round in physical space; a square or box with this half-width, which is faster; or lines
        of this half-length along the axes.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array of the same dtype, wider where it is signed
        What closing adds, 0 or more.

    Notes
    -----
    Also known as the black top-hat. Element, borders and cost as in `erode_grey`.

    Examples
    --------
    >>> import numpy as np
    >>> bottomhat_grey(np.array([[9, 3, 9, 4, 4, 4]]), radius=1)
    array([[0, 6, 0, 0, 0, 0]])
    """
    return _less(close_grey(image, radius=radius, shape=shape, spacing=spacing), image)


@operation(locality=Halo(reach_of_one), tiny={"radius": 2.0})
def gradient_grey(
    image: Image,
    *,
    radius: Annotated[Length, Ge(0)] = 1.0,
    shape: Shape = "ball",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Show edges: the brightest less the darkest value around each pixel.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    radius : float
        Radius of the element, in the unit of the pixel size. A larger value makes thicker lines.
        0 leaves nothing.
    shape : {'ball', 'box', 'cross'}
        A disc or ball, round in physical space; a square or box with this half-width, which is faster; or lines
        of this half-length along the axes.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array of the same dtype, wider where it is signed
        How much the image changes around each pixel, 0 or more.

    Notes
    -----
    Also known as Beucher's gradient: dilation less erosion. Element, borders and cost as in `erode_grey`.

    Examples
    --------
    >>> import numpy as np
    >>> gradient_grey(np.array([[3, 3, 3, 8, 8, 8]]), radius=1)
    array([[0, 0, 5, 5, 0, 0]])
    """
    return _less(greatest(image, radius, shape, spacing), least(image, radius, shape, spacing))


def least(image: np.ndarray, radius: float, shape: str, spacing: tuple[float, ...] | None) -> np.ndarray:
    """Return the darkest value in an element around each pixel; NaN pixels are left out and stay."""
    return _extreme(image, radius, shape, spacing, "lowest", np.inf)


def greatest(image: np.ndarray, radius: float, shape: str, spacing: tuple[float, ...] | None) -> np.ndarray:
    """Return the brightest value in an element around each pixel; NaN pixels are left out and stay."""
    return _extreme(image, radius, shape, spacing, "highest", -np.inf)


def _extreme(
    image: np.ndarray, radius: float, shape: str, spacing: tuple[float, ...] | None, which: str, never: float
) -> np.ndarray:
    spacing = spacing or (1.0,) * image.ndim
    missing = np.isnan(image)
    if not missing.any():
        result = extreme(image, radius, shape, spacing, which)
        return result.copy() if np.may_share_memory(result, image) else result
    result = extreme(np.where(missing, image.dtype.type(never), image), radius, shape, spacing, which)
    result[missing] = np.nan
    return result


def _less(larger: np.ndarray, smaller: np.ndarray) -> np.ndarray:
    if larger.dtype.kind == "i":
        # the difference of two signed numbers may need one bit more
        larger = larger.astype(f"i{min(8, 2 * larger.dtype.itemsize)}")
    with np.errstate(invalid="ignore"):
        return larger - smaller
