"""The pixel size as a number that later steps of a recipe can be set by."""

from __future__ import annotations

import math
from typing import Annotated

from objectwise.core.locality import Whole
from objectwise.core.operation import Image, Value, operation
from objectwise.core.parameter import Unit


@operation(locality=Whole("it is one number for the whole image"))
def find_pixel_size(
    image: Image,  # noqa: ARG001 - what the size is asked of
    *,
    spacing: tuple[float, ...] | None = None,
) -> Annotated[Value, Unit("length")]:
    """Find the width of a pixel, to set the lengths of later steps in pixels.

    Noise lives on pixels: how much to smooth it away is a matter of so many pixels, whatever the unit of the recipe.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float
        The edge of a square or cube as large as a pixel, in the unit of the pixel size: where planes are far apart,
        more than the pixel size within a plane.

    Examples
    --------
    >>> import numpy as np
    >>> find_pixel_size(np.zeros((4, 4)), spacing=(0.5, 0.5))
    0.5
    """
    if not spacing:
        return 1.0
    # as ratios, so that square pixels keep their size to the last bit
    width = float(spacing[-1])
    return width * math.prod(step / width for step in spacing) ** (1 / len(spacing))
