"""What a pixel and its surroundings look like: channels for a clustering to work on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from annotated_types import Gt

from objectwise.core.locality import Halo
from objectwise.core.operation import Channels, Image, Length, operation
from objectwise.ops.windows import gaussian_reach, gaussian_smooth


def _reach(spacing: Sequence[float], sigma: float, **_: Any) -> tuple[int, ...]:
    return tuple(n + 1 for n in gaussian_reach(spacing, sigma))


def _names(smoothed: bool, gradient: bool, deviation: bool, **_: Any) -> Sequence[str]:
    chosen = {"smoothed": smoothed, "gradient": gradient, "deviation": deviation}
    if not any(chosen.values()):
        raise ValueError("pixel_features needs at least one of smoothed, gradient and deviation")
    return [name for name, wanted in chosen.items() if wanted]


@operation(locality=Halo(_reach), channels=_names, tiny={"sigma": 1.0})
def pixel_features(
    image: Image,
    *,
    sigma: Annotated[Length, Gt(0)] = 1.0,
    smoothed: bool = True,
    gradient: bool = True,
    deviation: bool = True,
    spacing: tuple[float, ...] | None = None,
) -> Channels:
    """Describe each pixel by its surroundings, for clustering by more than brightness.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    sigma : float
        Standard deviation of the Gaussian that weights the surroundings, in the unit of the pixel size. A larger
        value describes coarser structures.
    smoothed : bool
        Whether the smoothed brightness is among the channels.
    gradient : bool
        Whether the steepness of the smoothed image is: large at edges.
    deviation : bool
        Whether the standard deviation of the surroundings is: large in textures and at edges.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array
        The chosen channels in this order, all in the unit of brightness: the gradient is that over one ``sigma``.

    Notes
    -----
    The kernel ends at four standard deviations. Beyond the border the image continues with its last pixels. NaN
    pixels stay NaN, and the gradient is NaN beside them too.

    References
    ----------
    .. [1] A. K. Jain and F. Farrokhnia, "Unsupervised texture segmentation using Gabor filters", Pattern
       Recognition 24 (1991).

    Examples
    --------
    >>> import numpy as np
    >>> pixel_features(np.array([[0.0, 0, 0, 9, 9, 9]]), sigma=0.3, deviation=False).round(1)
    array([[[0. , 0. , 0. , 9. , 9. , 9. ]],
    <BLANKLINE>
           [[0. , 0. , 1.3, 1.3, 0. , 0. ]]], dtype=float32)
    """
    from scipy import ndimage

    _names(smoothed, gradient, deviation)
    spacing = spacing or (1.0,) * image.ndim
    values = image.astype(np.float64)
    mean = gaussian_smooth(values, sigma, spacing)
    found = [mean] if smoothed else []
    if gradient:
        slopes = [
            ndimage.correlate1d(mean, [-0.5, 0, 0.5], axis, mode="nearest") * (sigma / step)
            for axis, step in enumerate(spacing)
        ]
        found.append(np.sqrt(sum(slope**2 for slope in slopes)))
    if deviation:
        found.append(np.sqrt(np.maximum(gaussian_smooth(values**2, sigma, spacing) - mean**2, 0)))
    return np.stack(found).astype(np.float32)
