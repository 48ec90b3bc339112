"""Background: what is wider than the objects, found and taken away.

The four ways differ in what they take for background. A Gaussian is an average, objects included, so that bright
objects dig a dark ring around themselves. A flat ball (top-hat) and a rolling ball pass below the objects; a
reconstruction keeps the outlines of all that is wider than the ball, with no trace of the ball's own shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Gt

from objectwise.core.locality import Halo, Whole
from objectwise.core.operation import Computed, Image, Intensity, Length, operation
from objectwise.ops.balls import (
    difference,
    mirrored,
    opening_reach,
)
from objectwise.ops.derivatives import bright
from objectwise.ops.elements import ball_rows
from objectwise.ops.grey import least, open_grey
from objectwise.ops.levels import a_part_of_spread
from objectwise.ops.reconstruction import rebuilt
from objectwise.ops.windows import gaussian_reach, gaussian_smooth

Brightness = Literal["bright", "dark"]


@operation(locality=Halo(opening_reach), title="Subtract background top-hat", tiny={"radius": 3.0})
def subtract_background_tophat(
    image: Image,
    *,
    radius: Annotated[Length, Ge(0)] = 15.0,
    objects: Brightness = "bright",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Keep what is narrower than a disc or ball, and subtract the rest (white or black top-hat).

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    radius : float
        Radius of the disc or ball, in the unit of the pixel size: a little more than that of the largest
        object. A smaller value eats into large objects; a larger one leaves more of an uneven background. Less
        than a pixel leaves nothing.
    objects : {'bright', 'dark'}
        Whether the objects are brighter or darker than the background. Dark ones become bright.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array
        Height above the background, 0 or more. Floats stay as they are, integers become unsigned.

    Notes
    -----
    The image minus its opening (white top-hat), or its closing minus the image (black top-hat). The ball holds
    the pixels whose centre is at most ``radius`` from its own; beyond the border there is nothing. NaN pixels
    stay NaN and are left out. Noise lifts the result, as the opening follows the darkest pixels: smooth a noisy
    image first. The cost grows with the number of rows in the ball: in 2-D with the radius (a fifth of a second
    for 2048 x 2048 pixels and a radius of 25), in 3-D with its square.

    References
    ----------
    .. [1] F. Meyer, "Contrast feature extraction", in Quantitative Analysis of Microstructures (1978).

    Examples
    --------
    >>> import numpy as np
    >>> subtract_background_tophat(np.array([[10, 11, 60, 12, 13, 14]], np.uint8), radius=1)
    array([[ 0,  0, 48,  0,  0,  1]], dtype=uint8)
    """
    values = image if objects == "bright" else mirrored(image)
    return difference(values, open_grey(values, radius=radius, spacing=spacing))


_BALL = a_part_of_spread(0.2)


def _ball_cost(spacing: Sequence[float], radius: float = 25.0, **_: Any) -> float:
    # of the pixels of the ball, few have to be looked at
    n_pixels = (
        float(np.prod([2 * radius / step for step in spacing])) * np.pi / (4 if len(spacing) == 2 else 6)
    )
    return 100 + 0.02 * n_pixels


@operation(locality=Halo(opening_reach), tiny={"radius": 3.0}, cost=_ball_cost)
def subtract_background_rolling_ball(
    image: Image,
    *,
    radius: Annotated[Length, Gt(0)] = 25.0,
    height: Annotated[Computed[Intensity], _BALL] = None,
    objects: Brightness = "bright",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Subtract the background that a ball touches when it is rolled along below the image.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    radius : float
        Radius of the ball in the image, in the unit of the pixel size: larger than that of the largest
        object. A smaller value eats into large objects; a larger one leaves more of an uneven background.
    height : float, optional
        Radius of the ball in brightness. A larger value makes a steeper ball, which follows a steeper
        background and reaches further up into objects; 0 makes it flat, as in a top-hat. Left out, it is a
        fifth of the range of brightness (without the darkest and brightest thousandth). ImageJ takes
        the number of pixels of the radius.
    objects : {'bright', 'dark'}
        Whether the objects are brighter or darker than the background. Dark ones become bright.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        Height above the background, 0 or more.

    Notes
    -----
    The image minus its opening with a ball, without ImageJ's shrinking of the image and without scikit-image's
    restriction to the ball's top. Beyond the border there is nothing. NaN pixels stay NaN and are left out.
    Noise lifts the result: smooth a noisy image first. The cost grows with the number of pixels in the ball, and
    less so on a noisy image, where most of them are too low to matter: 2048 x 2048 pixels take half a second with
    a radius of 25, 32 x 256 x 256 some two and 64 x 512 x 512 half a minute. ``subtract_background_tophat`` is
    faster.

    References
    ----------
    .. [1] S. R. Sternberg, "Biomedical image processing", Computer 16 (1983).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[10, 10, 10, 60, 10, 10, 10]])
    >>> subtract_background_rolling_ball(image, radius=2, height=1).round(1)
    array([[ 0. ,  0. ,  0. , 49.9,  0. ,  0. ,  0. ]], dtype=float32)
    """
    from objectwise.kernels.ball import lowered

    height = _BALL.of_block(image) if height is None else height
    if height < 0:
        raise ValueError(f"height must be at least 0; found {height:g}")
    spacing = spacing or (1.0,) * image.ndim
    values = bright(image, objects)
    rows = ball_rows(radius, spacing)
    drops = []
    for place, half in rows:
        across = sum((p * step) ** 2 for p, step in zip(place, spacing, strict=False))
        distance = (across + (np.arange(half + 1) * spacing[-1]) ** 2) / radius**2
        drops.append((height * (1 - np.sqrt(np.clip(1 - distance, 0, None)))).astype(values.dtype))
    ball = lowered(np.where(np.isnan(values), np.inf, values), rows, drops)
    # what the ball covers is the same, upside down
    background = -lowered(np.where(np.isinf(ball), np.inf, -ball), rows, drops)
    return np.maximum(values - background, 0)


@operation(locality=Halo(gaussian_reach), tiny={"sigma": 3.0})
def subtract_background_gaussian(
    image: Image,
    *,
    sigma: Annotated[Length, Ge(0)] = 25.0,
    objects: Brightness = "bright",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Subtract the average of the surroundings, weighted with a Gaussian.

    Fast, and insensitive to noise. Suits small objects that cover little of the image.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    sigma : float
        Standard deviation of the Gaussian, in the unit of the pixel size: at least the diameter of the
        largest object. A smaller value hollows large objects out; a larger one leaves more of an uneven
        background.
    objects : {'bright', 'dark'}
        Whether the objects are brighter or darker than the background. Dark ones become bright.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        Difference to the background; below 0 where it is darker (brighter for dark objects), as it is next
        to objects.

    Notes
    -----
    The Gaussian ends at four standard deviations. Beyond the border the image continues with its last pixels.
    NaN pixels stay NaN and are left out of the averages.

    Examples
    --------
    >>> import numpy as np
    >>> subtract_background_gaussian(np.array([[5.0, 5, 9, 5, 5]]), sigma=1).round(1)
    array([[-0.2, -1. ,  2.4, -1. , -0.2]])
    """
    values = bright(image, objects)
    return values - gaussian_smooth(values, sigma, spacing)


@operation(
    locality=Whole("what a reconstruction keeps of the background may reach across the whole image"),
    tiny={"radius": 3.0},
)
def subtract_background_reconstruction(
    image: Image,
    *,
    radius: Annotated[Length, Gt(0)] = 15.0,
    objects: Brightness = "bright",
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Subtract what an opening by reconstruction keeps: all that is wider than a disc or ball, in its own shape.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    radius : float
        Radius of the disc or ball, in the unit of the pixel size: more than that of the largest object,
        about twice for touching ones. A larger value takes less for background.
    objects : {'bright', 'dark'}
        Whether the objects are brighter or darker than the background. Dark ones become bright.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array
        Height above the background, 0 or more. Floats stay as they are, integers become unsigned.

    Notes
    -----
    The image is eroded with the ball, and what remains grows back under the image along the faces, edges and
    corners of pixels. Unlike with a top-hat no corner of an object is left behind, but an object that joins
    another one wide enough, even by a bridge, is taken for background up to the height of the bridge. Beyond
    the border there is nothing. NaN pixels stay NaN, and nothing grows through them. 2048 x 2048 pixels take
    about a second.

    References
    ----------
    .. [1] L. Vincent, "Morphological grayscale reconstruction in image analysis: applications and efficient
       algorithms", IEEE Trans. Image Processing 2 (1993).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[10, 11, 60, 12, 13, 14]], np.uint8)
    >>> subtract_background_reconstruction(image, radius=1)
    array([[ 0,  0, 48,  0,  0,  1]], dtype=uint8)
    """
    values = image if objects == "bright" else mirrored(image)
    return difference(values, rebuilt(least(values, radius, "ball", spacing), values))
