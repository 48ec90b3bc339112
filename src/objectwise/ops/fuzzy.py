"""Fuzzy clustering: how much each pixel belongs to each class, instead of to which one.

The memberships are images of their own, one for each class. Taking the class with the largest one is another step,
so that the memberships can be looked at, smoothed or thresholded first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Le

from objectwise.core.locality import Halo
from objectwise.core.operation import Channels, Classes, Computed, Image, Length, operation
from objectwise.ops.centres import (
    Centres,
    Colours,
    condensed,
    find_centres,
    find_scales,
    in_order_of_brightness,
    thinned,
)
from objectwise.ops.cluster import Scaling
from objectwise.ops.windows import as_float, box_mean, box_reach, box_size


def find_fuzzy_centres(
    colours: np.ndarray,
    weights: np.ndarray,
    n_classes: int,
    fuzziness: float,
    scaling: str,
    n_iterations: int,
    seed: int,
    channel_weights: Sequence[float] | None = None,
) -> Centres:
    """Return the centres of the clusters of fuzzy c-means, the darkest first."""
    from objectwise.kernels.clusters import fuzzy_sums

    if len(colours) <= n_classes:
        return in_order_of_brightness(colours)
    scales = np.asarray(find_scales(colours, weights, scaling, channel_weights))
    colours, weights = condensed(colours, weights)
    centres = np.array(find_centres(colours, weights, n_classes, scaling, 2, seed, channel_weights)) / scales
    colours = colours / scales
    small = 1e-6 * np.ptp(colours, axis=0).max()
    for few in thinned(colours):
        for _ in range(n_iterations):
            weight, total = fuzzy_sums(colours[few], weights[few], centres, fuzziness)
            following = total / weight[:, np.newaxis]
            shift = np.abs(following - centres).max()
            centres = following
            if shift <= small:
                break
    return in_order_of_brightness(centres * scales)


def _names(n_classes: int, **_: Any) -> Sequence[str]:
    return [f"class {number}" for number in range(1, n_classes + 1)]


@operation(locality=Halo(), channels=_names, title="Cluster fuzzy c-means", tiny={"n_classes": 3})
def cluster_fuzzy_cmeans(
    channels: Channels,
    *,
    n_classes: Annotated[int, Ge(2), Le(255)] = 3,
    fuzziness: Annotated[float, Gt(1), Le(10)] = 2.0,
    scaling: Scaling = "deviation",
    channel_weights: tuple[float, ...] | None = None,
    n_iterations: Annotated[int, Ge(1), Le(10_000)] = 300,
    seed: Annotated[int, Ge(0)] = 0,
    scales: Annotated[Computed[tuple[float, ...]], Colours(find_scales)] = None,
    centres: Annotated[Computed[Centres], Colours(find_fuzzy_centres)] = None,
) -> Channels:
    """Find how much each pixel belongs to each class of brightness or colour with fuzzy c-means.

    Parameters
    ----------
    channels : (C, Y, X) or (C, Z, Y, X) array of any real dtype
        One or several channels.
    n_classes : int
        Number of classes, background included, and of channels in the result. An image with fewer distinct
        colours leaves the last ones empty.
    fuzziness : float
        How much the classes share pixels, above 1. A larger value shares more; near 1 every pixel belongs
        to one class, as with k-means. 2 is usual.
    scaling : {'deviation', 'none'}
        Whether each channel is divided by its standard deviation first. Has no part in a single channel.
    channel_weights : tuple of float, optional
        How much each channel counts, after the scaling; all the same where it is left out. A larger value for a
        channel separates classes along it more.
    n_iterations : int
        Largest number of steps of the search. A larger value comes nearer to the end and takes longer.
    seed : int
        Seed of the start for several channels; see `cluster_kmeans`.
    scales : tuple of float, optional
        By what each channel is divided. Left out, it is found from the image.
    centres : tuple of tuple of float, optional
        The colour of each class, one number for each channel. Left out, they are found from the image.

    Returns
    -------
    float32 array
        One channel for each class, from the darkest to the brightest: memberships from 0 to 1 that add up to 1;
        0 in all where a pixel is NaN or infinite in any channel. `classes_from_memberships` makes classes of it.

    Notes
    -----
    The search starts from the clusters of k-means and ends when no centre moves by more than 1e-6 of the range. It
    works in the histogram of a single channel, in up to 4,096 groups of levels, which does not depend on the
    number of pixels; or in at most 1,048,576 pixels of several. A pixel with the very colour of a centre belongs to
    it alone.

    References
    ----------
    .. [1] J. C. Bezdek, "Pattern Recognition with Fuzzy Objective Function Algorithms", Plenum (1981).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[[1.0, 4, 9]]])
    >>> cluster_fuzzy_cmeans(image, n_classes=2, centres=((1.0,), (9.0,)), scales=(1.0,)).round(2)
    array([[[1.  , 0.74, 0.  ]],
           [[0.  , 0.26, 1.  ]]], dtype=float32)
    """
    # called as a plain function: the block is all there is
    if centres is None:
        values: dict[str, Any] = {"n_classes": n_classes, "fuzziness": fuzziness, "scaling": scaling}
        values |= {"channel_weights": channel_weights, "n_iterations": n_iterations, "seed": seed}
        centres = Colours(find_fuzzy_centres).of_block(channels, channels.ndim - 1, **values)
    if scales is None:
        scales = Colours(find_scales).of_block(
            channels, channels.ndim - 1, scaling=scaling, channel_weights=channel_weights
        )
    n = len(channels)
    if len(centres) > n_classes or any(len(centre) != n for centre in centres) or len(scales) != n:
        raise ValueError(
            f"centres and scales need {n} numbers, one for each channel, and at most {n_classes} centres; "
            f"found {centres}, {scales}"
        )
    from objectwise.kernels.classes import has_few_levels, levels_of, look_up
    from objectwise.kernels.clusters import memberships

    found = np.asarray(centres, float).reshape(-1, n)
    if n == 1 and has_few_levels(channels.dtype) and channels.size > 1 << 16:
        levels = levels_of(channels.dtype)[np.newaxis]
        return look_up(channels[0], memberships(levels, found, scales, n_classes, fuzziness))
    return memberships(channels, found, scales, n_classes, fuzziness)


@operation(locality=Halo())
def classes_from_memberships(
    memberships: Channels, *, min_membership: Annotated[float, Ge(0), Le(1)] = 0.0
) -> Classes:
    """Give each pixel the class that it belongs to most.

    Parameters
    ----------
    memberships : (C, Y, X) or (C, Z, Y, X) array of any real dtype
        One channel for each class: memberships, probabilities or scores, at least 0.
    min_membership : float
        A pixel that belongs to no class by at least this gets none. A larger value leaves more pixels out.

    Returns
    -------
    uint8 array
        1 for the first channel, 2 for the second; of equals the first. 0 where all are 0, below the minimum or NaN.

    Examples
    --------
    >>> import numpy as np
    >>> classes_from_memberships(np.array([[[0.7, 0.2, 0.5]], [[0.3, 0.8, 0.5]]]), min_membership=0.6)
    array([[1, 2, 0]], dtype=uint8)
    """
    if len(memberships) > 255:
        raise ValueError(f"classes_from_memberships knows 255 classes; found {len(memberships)} channels")
    best = np.zeros(memberships.shape[1:], memberships.dtype)
    classes = np.zeros(best.shape, np.uint8)
    for number, channel in enumerate(memberships, 1):
        larger = channel > best
        classes[larger] = number
        np.copyto(best, channel, where=larger)
    classes[best < min_membership] = 0
    return classes


@operation(locality=Halo(box_reach), tiny={"diameter": 3.0})
def blend_neighbours(
    image: Image,
    *,
    diameter: Annotated[Length, Gt(0)] = 3.0,
    weight: Annotated[float, Ge(0)] = 1.0,
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Blend each pixel with the mean of its neighbours, so that clustering follows noise less.

    The first step of the enhanced fuzzy c-means: clustering the blended image takes the neighbourhood into account
    at no further cost.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    diameter : float
        Width of the box of neighbours, in the unit of the pixel size. A larger value smooths more.
    weight : float
        How much all neighbours together count beside the pixel itself. A larger value smooths more; 0 changes
        nothing.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        ``(pixel + weight * mean of its neighbours) / (1 + weight)``.

    Notes
    -----
    Beyond the border the image continues with its last pixels. NaN pixels stay NaN and are left out of the means
    around them.

    References
    ----------
    .. [1] L. Szilágyi et al., "MR brain image segmentation using an enhanced fuzzy C-means algorithm", Proc. 25th
       Int. Conf. IEEE EMBS (2003).

    Examples
    --------
    >>> import numpy as np
    >>> blend_neighbours(np.array([[0.0, 0, 8, 0, 0]]))
    array([[0. , 1.5, 5. , 1.5, 0. ]])
    """
    spacing = spacing or (1.0,) * image.ndim
    n = int(np.prod(box_size(diameter, spacing)))
    values = as_float(image)
    if n == 1 or weight == 0:
        return values.copy()
    missing = np.isnan(values)
    mean = box_mean(image, diameter, spacing)
    if not missing.any():
        # the box holds the pixel itself too
        others = (mean * n - values) / (n - 1)
    else:
        present = np.where(missing, 0, 1).astype(values.dtype)
        counted = n * box_mean(present, diameter, spacing)
        others = np.where(counted > 1.5, (mean * counted - values) / np.maximum(counted - 1, 1), values)
    return ((values + weight * others) / (1 + weight)).astype(values.dtype)
