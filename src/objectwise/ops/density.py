"""Objects as a map of how densely they lie."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Gt

from objectwise.core.locality import Whole
from objectwise.core.operation import Image, Labels, Length, operation
from objectwise.core.parameter import DENSITY


@operation(
    locality=Whole("the centre of an object that crosses tiles is not known in one of them"),
    tiny={"sigma": 4.0},
    exceptions={
        "takes_images_without_content": "one object that fills the frame lies densest at its centre, so that "
        "the map is not the same everywhere"
    },
)
def map_density(
    labels: Labels,
    *,
    sigma: Annotated[Length, Gt(0)] = 20.0,
    spacing: tuple[float, ...] | None = None,
) -> Annotated[Image, DENSITY]:
    """Map how many objects there are per area or volume.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background. Each counts as one point, its centroid.
    sigma : float
        Standard deviation of the Gaussian by which each object is spread, in the unit of the pixel size. Larger
        makes a smoother map.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    array of float32
        Objects per area (2-D) or volume (3-D), in the unit of the pixel size.

    Notes
    -----
    What the Gaussian of a pixel has beyond the border does not count, so that objects that lie evenly have an even
    density up to the border. The Gaussian ends at four standard deviations.

    References
    ----------
    .. [1] P. Diggle, "A kernel method for smoothing point process data", Applied Statistics 34 (1985).

    Examples
    --------
    >>> import numpy as np
    >>> map_density(np.array([[1, 2, 3, 4, 5, 6]]), sigma=1.0, spacing=(2.0, 0.5)).round(3)
    array([[1., 1., 1., 1., 1., 1.]], dtype=float32)
    """
    from scipy import ndimage

    from objectwise.measure.scan import scan_labels

    steps = (1.0,) * labels.ndim if spacing is None else spacing
    points = np.zeros(labels.shape)
    _spread(scan_labels(labels).centroid, points)
    result = points / np.prod(steps)
    for axis, step in enumerate(steps):
        length = labels.shape[axis]
        if not length:
            continue
        # how much of the Gaussian around each pixel lies within the frame
        kept = ndimage.gaussian_filter1d(np.ones(length), sigma / step, mode="constant")
        result = ndimage.gaussian_filter1d(result, sigma / step, axis=axis, mode="constant")
        result /= kept.reshape([-1 if other == axis else 1 for other in range(labels.ndim)])
    return result.astype(np.float32)


def _spread(centres: np.ndarray, points: np.ndarray) -> None:
    """Add 1 for each centre, shared by the pixels around it in proportion to how near they lie."""
    low = np.floor(centres).astype(np.intp)
    part = centres - low
    for corner in np.ndindex((2,) * points.ndim):
        share = np.prod(np.where(corner, part, 1 - part), axis=1)
        where = np.minimum(low + corner, np.array(points.shape) - 1)
        np.add.at(points, tuple(where.T), share)
