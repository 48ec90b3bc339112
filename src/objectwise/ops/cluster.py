"""Clustering: pixels put into classes by their brightness in one or several channels.

The classes are semantic: a number for each pixel that says what kind it is. They are always ordered by
brightness, so that class 1 is the darkest in every image and every run. `labels_from_classes` makes objects of
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le

from objectwise.core.locality import Components, Halo
from objectwise.core.operation import Channels, Classes, Computed, Labels, operation
from objectwise.ops.centres import Centres, Colours, find_batch_centres, find_centres, find_scales
from objectwise.ops.pieces import Connectivity, in_reading_order, of_classes

Scaling = Literal["deviation", "none"]


@operation(locality=Halo(), title="Cluster k-means", tiny={"n_classes": 3})
def cluster_kmeans(
    channels: Channels,
    *,
    n_classes: Annotated[int, Ge(2), Le(255)] = 3,
    scaling: Scaling = "deviation",
    channel_weights: tuple[float, ...] | None = None,
    n_restarts: Annotated[int, Ge(1), Le(100)] = 4,
    seed: Annotated[int, Ge(0)] = 0,
    scales: Annotated[Computed[tuple[float, ...]], Colours(find_scales)] = None,
    centres: Annotated[Computed[Centres], Colours(find_centres)] = None,
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
    channel_weights : tuple of float, optional
        How much each channel counts, after the scaling; all the same where it is left out. A larger value for a
        channel separates classes along it more.
    n_restarts : int
        How often the search is started anew; the best result is taken. A larger value takes longer. Has no
        part in a single channel.
    seed : int
        Seed of the random starts. The same seed gives the same classes. Has no part in a single channel.
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
    The centres of a single channel are found in its histogram, and are the best there are: no start of the usual
    search ends lower [3]_. Floats are counted in 65,536 bins. Several channels are searched from starts of
    k-means++, in all pixels of an image of up to two megapixels, and in 1,048,576 pixels of a larger one, drawn in
    the same way under any tiling. Every pixel then belongs to the nearest centre, of equally near ones the darkest.
    For classes that are compact in space too, cluster the features that pixel_features finds, with the position
    among them.

    References
    ----------
    .. [1] S. Lloyd, "Least squares quantization in PCM", IEEE Trans. Information Theory 28 (1982).
    .. [2] D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA (2007).
    .. [3] H. Wang and M. Song, "Ckmeans.1d.dp: optimal k-means clustering in one dimension by dynamic
       programming", The R Journal 3 (2011).

    Examples
    --------
    >>> import numpy as np
    >>> cluster_kmeans(np.array([[[1, 2, 50, 99]]]), n_classes=3)
    array([[1, 1, 2, 3]], dtype=uint8)
    """
    # called as a plain function: the block is all there is
    if centres is None:
        values = {"n_classes": n_classes, "scaling": scaling, "channel_weights": channel_weights}
        values |= {"n_restarts": n_restarts, "seed": seed}
        centres = Colours(find_centres).of_block(channels, channels.ndim - 1, **values)
    if scales is None:
        scales = Colours(find_scales).of_block(
            channels, channels.ndim - 1, scaling=scaling, channel_weights=channel_weights
        )
    return _nearest(channels, scales, centres)


def _nearest(channels: np.ndarray, scales: Sequence[float], centres: Centres) -> np.ndarray:
    from objectwise.kernels.classes import nearest_class

    n = len(channels)
    if any(np.size(centre) != n for centre in centres) or len(scales) != n:
        raise ValueError(
            f"centres and scales need {n} numbers, one for each channel; found {centres}, {scales}"
        )
    measures = np.tile(np.diag(1 / np.asarray(scales, float)), (len(centres), 1, 1))
    return nearest_class(
        channels, np.asarray(centres, float).reshape(-1, n), measures, np.zeros(len(centres))
    )


@operation(locality=Halo(), title="Cluster mini-batch k-means", tiny={"n_classes": 3})
def cluster_kmeans_minibatch(
    channels: Channels,
    *,
    n_classes: Annotated[int, Ge(2), Le(255)] = 3,
    scaling: Scaling = "deviation",
    channel_weights: tuple[float, ...] | None = None,
    batch_size: Annotated[int, Ge(1), Le(1_000_000)] = 4096,
    n_iterations: Annotated[int, Ge(1), Le(10_000)] = 100,
    seed: Annotated[int, Ge(0)] = 0,
    scales: Annotated[Computed[tuple[float, ...]], Colours(find_scales)] = None,
    centres: Annotated[Computed[Centres], Colours(find_batch_centres)] = None,
) -> Classes:
    """Put pixels into classes of similar brightness or colour with mini-batch k-means.

    Comes near to what `cluster_kmeans` finds from a few pixels at a time; for comparison with work done so elsewhere.

    Parameters
    ----------
    channels : (C, Y, X) or (C, Z, Y, X) array of any real dtype
        One or several channels.
    n_classes : int
        Number of classes, background included. An image with fewer distinct colours gets fewer classes.
    scaling : {'deviation', 'none'}
        Whether each channel is divided by its standard deviation first. Has no part in a single channel.
    channel_weights : tuple of float, optional
        How much each channel counts, after the scaling; all the same where it is left out. A larger value for a
        channel separates classes along it more.
    batch_size : int
        How many pixels are drawn in each step. A larger value comes nearer to k-means and takes longer.
    n_iterations : int
        Number of steps. A larger value comes nearer to k-means and takes longer.
    seed : int
        Seed of the start and of the draws. The same seed gives the same classes.
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
    From one start of k-means++ each centre moves to the mean of all pixels that were ever drawn nearest to it. The
    pixels are drawn, with replacement, from the histogram of a single channel, or from at most 1,048,576 pixels of
    several. `cluster_kmeans` does not take longer on a large image, and ends at tighter classes.

    References
    ----------
    .. [1] D. Sculley, "Web-scale k-means clustering", Proc. 19th Int. Conf. World Wide Web (2010).

    Examples
    --------
    >>> import numpy as np
    >>> cluster_kmeans_minibatch(np.array([[[1, 2, 50, 51, 98, 99]]]), n_classes=3)
    array([[1, 1, 2, 2, 3, 3]], dtype=uint8)
    """
    # called as a plain function: the block is all there is
    if centres is None:
        values = {"n_classes": n_classes, "scaling": scaling, "channel_weights": channel_weights}
        values |= {"batch_size": batch_size, "n_iterations": n_iterations, "seed": seed}
        centres = Colours(find_batch_centres).of_block(channels, channels.ndim - 1, **values)
    if scales is None:
        scales = Colours(find_scales).of_block(
            channels, channels.ndim - 1, scaling=scaling, channel_weights=channel_weights
        )
    return _nearest(channels, scales, centres)


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
