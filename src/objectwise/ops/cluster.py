"""Clustering: pixels put into classes by their brightness in one or several channels.

The classes are semantic: a number for each pixel that says what kind it is. They are always ordered by
brightness, so that class 1 is the darkest in every image and every run. `labels_from_classes` makes objects of
them.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le

from objectwise.core.locality import Components, Halo
from objectwise.core.operation import Channels, Classes, Computed, Labels, operation
from objectwise.core.statistics import Place, Sample
from objectwise.ops.pieces import Connectivity, in_reading_order, of_classes

Centres = tuple[tuple[float, ...], ...]


def find_centres(pixels: np.ndarray, n_classes: int, scaling: str, n_restarts: int, seed: int) -> Centres:
    """Return the centres of clusters in a ``(n_pixels, n_channels)`` sample, the darkest first."""
    from sklearn.cluster import KMeans

    distinct, counts = np.unique(pixels, axis=0, return_counts=True)
    scales = np.asarray(find_scales(pixels, scaling))
    if len(distinct) > n_classes:
        model = KMeans(n_classes, n_init=n_restarts, random_state=seed)
        distinct = model.fit(distinct / scales, sample_weight=counts.astype(float)).cluster_centers_ * scales
    order = np.lexsort(
        [*distinct.T[::-1], distinct.mean(axis=1) if distinct.size else np.zeros(len(distinct))]
    )
    return tuple(tuple(float(value) for value in centre) for centre in distinct[order])


def find_scales(pixels: np.ndarray, scaling: str) -> tuple[float, ...]:
    """Return by what each channel is divided before distances are taken."""
    n = pixels.shape[1]
    if scaling == "none" or n == 1 or len(pixels) == 0:
        return (1.0,) * n
    deviation = pixels.std(axis=0)
    return tuple(float(value) for value in np.where(deviation > 0, deviation, 1.0))


_SCALING = Literal["deviation", "none"]


@operation(locality=Halo(), title="Cluster k-means", tiny={"n_classes": 3})
def cluster_kmeans(
    channels: Channels,
    *,
    n_classes: Annotated[int, Ge(2), Le(255)] = 3,
    scaling: _SCALING = "deviation",
    n_restarts: Annotated[int, Ge(1), Le(100)] = 4,
    seed: Annotated[int, Ge(0)] = 0,
    scales: Annotated[Computed[tuple[float, ...]], Sample(find_scales)] = None,
    centres: Annotated[Computed[Centres], Sample(find_centres)] = None,
) -> Classes:
    """Put pixels into classes of similar brightness or colour with k-means.

    Parameters
    ----------
    channels : (C, Y, X) or (C, Z, Y, X) array of any real dtype
        One or several channels, such as red, green and blue, or the channels of a fluorescence image.
    n_classes : int
        Number of classes, background included. An image with fewer distinct colours gets fewer classes.
    scaling : {'deviation', 'none'}
        Whether each channel is divided by its standard deviation first, so that a bright channel does not
        outweigh the others, or taken as it is. Has no part in a single channel.
    n_restarts : int
        How often the search is started anew; the best result is taken. A larger value takes longer.
    seed : int
        Seed of the random starts. The same seed gives the same classes.
    scales : tuple of float, optional
        By what each channel is divided. Left out, it is found from the image.
    centres : tuple of tuple of float, optional
        The colour of each class, one number for each channel. Left out, they are found from the image.

    Returns
    -------
    uint8 array
        Classes 1, 2, 3 ... from the darkest to the brightest mean over the channels; 0 where a pixel is NaN
        or infinite in any channel.

    Notes
    -----
    The centres are found from at most 131,072 pixels, drawn in the same way under any tiling; every pixel then
    belongs to the nearest centre. The start is k-means++.

    References
    ----------
    .. [1] S. Lloyd, "Least squares quantization in PCM", IEEE Trans. Information Theory 28 (1982).
    .. [2] D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA (2007).

    Examples
    --------
    >>> import numpy as np
    >>> cluster_kmeans(np.array([[[1, 2, 50, 99]]]), n_classes=3)
    array([[1, 1, 2, 3]], dtype=uint8)
    """
    if centres is None or scales is None:
        # called as a plain function: the block is all there is
        statistic = Sample(find_centres)
        part = statistic.collect(channels, Place(0, (0,) * (channels.ndim - 1), channels.shape[1:]), None)
        values = {"n_classes": n_classes, "scaling": scaling, "n_restarts": n_restarts, "seed": seed}
        centres = statistic.finish(part, values) if centres is None else centres
        scales = Sample(find_scales).finish(part, values) if scales is None else scales
    if any(np.size(centre) != len(channels) for centre in centres) or len(scales) != len(channels):
        raise ValueError(
            f"centres and scales need {len(channels)} numbers, one for each channel; found {centres}, {scales}"
        )
    return _nearest_class(
        channels, np.asarray(centres, float).reshape(-1, len(channels)), np.asarray(scales, float)
    )


def _nearest_class(channels: np.ndarray, centres: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return 1 + the index of the nearest centre of each pixel, 0 where a pixel is not finite."""
    classes = np.zeros(channels.shape[1:], np.uint8)
    best = np.full(classes.shape, np.inf, np.float64)
    for number, centre in enumerate(centres, 1):
        distance = np.zeros(classes.shape, np.float64)
        for channel, value, scale in zip(channels, centre, scales, strict=True):
            distance += ((channel - value) / scale) ** 2
        nearer = distance < best
        classes[nearer] = number
        np.copyto(best, distance, where=nearer)
    return classes


_by_class = Components(of_classes, in_reading_order)


@operation(locality=_by_class, tiny={"min_class": 1})
def labels_from_classes(
    classes: Classes,
    *,
    min_class: Annotated[int, Ge(1), Le(255)] = 2,
    max_class: Annotated[int, Ge(1), Le(255)] = 255,
    connectivity: Connectivity = "full",
) -> Labels:
    """Make an object of each connected piece of a class.

    Parameters
    ----------
    classes : (Y, X) or (Z, Y, X) array of int
        A class for each pixel, 0 for none.
    min_class, max_class : int
        The classes that are objects. With the default the darkest class of a clustering is background.
    connectivity : {'full', 'face'}
        Whether pixels join through edges and corners too, or through faces alone.

    Returns
    -------
    int32 array
        0 is background; the ids are 1, 2, 3 ... in reading order of the first pixels. Pieces of different
        classes are different objects, also where they touch.

    Examples
    --------
    >>> import numpy as np
    >>> labels_from_classes(np.array([[1, 2, 2, 3, 1, 2]], np.uint8))
    array([[0, 1, 1, 2, 0, 3]], dtype=int32)
    """
    return _by_class.whole(classes, min_class=min_class, max_class=max_class, connectivity=connectivity)
