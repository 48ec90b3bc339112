"""Filters: an image in, an image out."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge

from objectwise.core.locality import Halo
from objectwise.core.operation import Image, Length, operation
from objectwise.ops.windows import gaussian_reach, gaussian_smooth


@operation(locality=Halo(gaussian_reach), tiny={"sigma": 1.5})
def smooth_gaussian(
    image: Image, *, sigma: Annotated[Length, Ge(0)] = 1.0, spacing: tuple[float, ...] | None = None
) -> Image:
    """Smooth with a Gaussian.

    Averages each pixel with its surroundings, near ones with more weight. Takes away noise before a threshold.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    sigma : float
        Standard deviation of the Gaussian, in the unit of the pixel size and the same in all directions. A
        larger value smooths more; objects smaller than about twice this value fade. 0 changes nothing.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        The smoothed image, of the same shape.

    Notes
    -----
    The kernel ends at four standard deviations. Beyond the border the image continues with its last pixels.
    NaN pixels stay NaN and are left out of the averages around them. Linear in the number of pixels times
    ``sigma``.

    Examples
    --------
    >>> import numpy as np
    >>> smooth_gaussian(np.array([[0.0, 0, 1, 0, 0]]), sigma=0.5).round(2)
    array([[0.  , 0.11, 0.79, 0.11, 0.  ]])
    """
    result = gaussian_smooth(image, sigma, spacing)
    return result.copy() if result is image else result
