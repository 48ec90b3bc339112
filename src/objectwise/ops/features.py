"""What a pixel and its surroundings look like: channels for a clustering to work on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Gt

from objectwise.core.locality import Halo
from objectwise.core.operation import Channels, Image, Length, operation
from objectwise.ops.windows import gaussian_reach, gaussian_smooth


def _reach(spacing: Sequence[float], sigma: float, **_: Any) -> tuple[int, ...]:
    return tuple(n + 1 for n in gaussian_reach(spacing, sigma))


def _names(smoothed: bool, gradient: bool, deviation: bool, position: str, **_: Any) -> Sequence[str]:
    chosen = {"smoothed": smoothed, "gradient": gradient, "deviation": deviation}
    names = [name for name, wanted in chosen.items() if wanted]
    if position != "none":
        names += list(position)
    if not names:
        raise ValueError("pixel_features needs at least one of smoothed, gradient, deviation and position")
    return names


@operation(locality=Halo(_reach), channels=_names, tiny={"sigma": 1.0})
def pixel_features(
    image: Image,
    *,
    sigma: Annotated[Length, Gt(0)] = 1.0,
    smoothed: bool = True,
    gradient: bool = True,
    deviation: bool = True,
    position: Literal["none", "yx", "zyx"] = "none",
    spacing: tuple[float, ...] | None = None,
    start: tuple[int, ...] | None = None,
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
    position : {'none', 'yx', 'zyx'}
        Which coordinates of the pixel are, so that classes are compact in space too; a plane has no z. A clustering
        says in its ``channel_weights`` how much they count.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.
    start : tuple of int, optional
        Index of the first pixel, where the image is a part of a larger one; 0 where it is left out.

    Returns
    -------
    float32 array
        The chosen channels in this order, in the unit of brightness: the gradient is that over one ``sigma``; and
        the chosen coordinates, counted from the first pixel, in the unit of the pixel size.

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

    names = _names(smoothed, gradient, deviation, position)
    if len(position) > image.ndim and position != "none":
        raise ValueError("position must be none or yx for a plane; found zyx")
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
    features = np.empty((len(names), *image.shape), np.float32)
    for feature, values in zip(features, found, strict=False):
        feature[:] = values
    start = start or (0,) * image.ndim
    for axis in range(1, 1 + len(names) - len(found)):
        # the last coordinates are those along the last axes
        along = (start[-axis] + np.arange(image.shape[-axis])) * spacing[-axis]
        features[-axis] = along.reshape((-1,) + (1,) * (axis - 1))
    return features
