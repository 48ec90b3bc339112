"""Gaussian mixtures: classes that may be of unlike width, as k-means cannot have them."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from objectwise.core.locality import Halo
from objectwise.core.operation import Channels, Classes, Computed, operation
from objectwise.ops.centres import Colours, brightness_order, condensed, find_centres, thinned

Mixture = tuple[tuple[float, ...], ...]


def find_mixture(
    colours: np.ndarray, weights: np.ndarray, n_classes: int, n_iterations: int, seed: int
) -> Mixture:
    """Return share, mean and covariance of each class, one flat row for each, the darkest first."""
    from objectwise.kernels.clusters import mixture_sums

    n = colours.shape[1]
    if len(colours) == 0:
        return ()
    colours, weights = condensed(colours, weights)
    means = np.array(find_centres(colours, weights, n_classes, "deviation", 2, seed))
    # sums of numbers around zero lose the least
    middle = np.average(colours, axis=0, weights=weights)
    colours, means = colours - middle, means - middle
    spread = np.average(colours**2, axis=0, weights=weights)
    # a class of a single colour still has a width
    floor = np.diag(np.where(spread > 0, 1e-6 * spread, 1.0))
    total, means, covariances = _apart(colours, weights, means, floor)
    for few in thinned(colours):
        points, share = colours[few], weights[few] / weights[few].sum()
        previous = -np.inf
        for _ in range(n_iterations):
            scalings, offsets = _measures(total, covariances)
            total, first, second, likelihood = mixture_sums(points, share, means, scalings, offsets)
            total = np.maximum(total, 1e-300)
            step = first / total[:, np.newaxis]
            means = means + step
            lower = np.tril(second / total[:, np.newaxis, np.newaxis])
            products = lower + np.tril(lower, -1).swapaxes(1, 2)
            covariances = products - step[:, :, np.newaxis] * step[:, np.newaxis] + floor
            if likelihood - previous < 1e-6:
                break
            previous = likelihood
    means = means + middle
    order = brightness_order(means)
    rows = np.column_stack([total, means, covariances.reshape(-1, n * n)])[order]
    return tuple(tuple(float(value) for value in row) for row in rows)


def _apart(
    colours: np.ndarray, weights: np.ndarray, means: np.ndarray, floor: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return share, mean and covariance of classes that each have the colours nearest to their mean."""
    from objectwise.kernels.classes import nearest_class

    scalings = np.tile(np.diag(1 / np.sqrt(np.diag(floor))), (len(means), 1, 1))
    nearest = nearest_class(np.ascontiguousarray(colours.T), means, scalings, np.zeros(len(means))) - 1
    share = np.maximum(np.bincount(nearest, weights, len(means)) / weights.sum(), 1e-300)
    found = []
    for number, mean in enumerate(means):
        away = colours[nearest == number] - mean
        weight = weights[nearest == number] / weights.sum() / share[number]
        found.append((away.T * weight) @ away + floor)
    return share, means, np.array(found)


def _measures(shares: np.ndarray, covariances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how distances to each mean are scaled, and what is added to their squares: -2 log density."""
    scalings = np.linalg.inv(np.linalg.cholesky(covariances)) if len(covariances) else covariances
    diagonal = np.diagonal(scalings, axis1=1, axis2=2)
    return scalings, -2 * (np.log(shares) + np.log(diagonal).sum(axis=1))


@operation(locality=Halo(), tiny={"n_classes": 2})
def cluster_gaussian_mixture(
    channels: Channels,
    *,
    n_classes: Annotated[int, Ge(2), Le(255)] = 3,
    n_iterations: Annotated[int, Ge(1), Le(10_000)] = 200,
    seed: Annotated[int, Ge(0)] = 0,
    mixture: Annotated[Computed[Mixture], Colours(find_mixture)] = None,
) -> Classes:
    """Put pixels into classes of brightness or colour, each a normal distribution of its own width.

    Suits classes that spread unlike each other, such as a sharp background and objects of many shades.

    Parameters
    ----------
    channels : (C, Y, X) or (C, Z, Y, X) array of any real dtype
        One or several channels.
    n_classes : int
        Number of classes, background included. An image with fewer distinct colours gets fewer classes.
    n_iterations : int
        Largest number of steps of the search. A larger value comes nearer to the end and takes longer.
    seed : int
        Seed of the start for several channels; see `cluster_kmeans`.
    mixture : tuple of tuple of float, optional
        One row for each class: its share of the pixels, its mean in each channel, and its covariance matrix
        row by row. Left out, it is found from the image.

    Returns
    -------
    uint8 array
        Classes 1, 2, 3 ... from the darkest to the brightest mean over the channels; 0 where a pixel is NaN
        or infinite in any channel.

    Notes
    -----
    Expectation and maximisation from the clusters of k-means, with full covariances, until the mean log likelihood
    grows by less than 1e-6: in the histogram of a single channel, in up to 4,096 groups of levels, or in at most
    1,048,576 pixels of several. Every pixel then belongs to the class that it most likely comes from. As a wide class
    reaches beyond a narrow one, a class need not be one range of brightness.

    References
    ----------
    .. [1] A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum likelihood from incomplete data via the EM
       algorithm", J. Royal Statistical Society B 39 (1977).

    Examples
    --------
    >>> import numpy as np
    >>> cluster_gaussian_mixture(np.array([[[1, 2, 1, 50, 70, 90]]]), n_classes=2)
    array([[1, 1, 1, 2, 2, 2]], dtype=uint8)
    """
    if mixture is None:
        # called as a plain function: the block is all there is
        values = {"n_classes": n_classes, "n_iterations": n_iterations, "seed": seed}
        mixture = Colours(find_mixture).of_block(channels, channels.ndim - 1, **values)
    n = len(channels)
    if any(len(row) != 1 + n + n * n for row in mixture):
        raise ValueError(
            f"mixture needs rows of {1 + n + n * n} numbers for {n} channels: share, means, covariances; "
            f"found {mixture}"
        )
    rows = np.asarray(mixture, float).reshape(-1, 1 + n + n * n)
    scalings, offsets = _measures(rows[:, 0], rows[:, 1 + n :].reshape(-1, n, n))
    from objectwise.kernels.classes import nearest_class

    return nearest_class(channels, rows[:, 1 : 1 + n], scalings, offsets)
