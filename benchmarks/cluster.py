"""Side by side with scikit-learn and scikit-image: clusterings and the thresholds of a histogram, on large images.

Both put every pixel into a class. The last column compares what each search is for: the sum of squared distances to the
centres (k-means), or that weighted by memberships (fuzzy c-means).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy import ndimage
from side_by_side import Pair, asked, large_scenes, show
from skimage import data, filters
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.mixture import GaussianMixture

import objectwise as ow

PIECE = 1 << 20


def one_channel(image: np.ndarray) -> Iterator[Pair]:
    """Give what is compared on one channel."""
    grid = ow.Grid("zyx"[-image.ndim :])
    rows = image.reshape(-1, 1).astype(np.float32)
    smooth = ndimage.gaussian_filter(image.astype(np.float32), 2)

    def ours(name: str, array: np.ndarray = image, **values: Any) -> Callable[[], np.ndarray]:
        return lambda: ow.apply(name, array, grid=grid, **values)

    for n in (2, 3, 5):
        yield Pair(
            f"cluster_kmeans, one channel, {n} classes",
            "KMeans, one start",
            ours("cluster_kmeans", n_classes=n),
            partial(by_kmeans, rows, n),
            partial(tightness, rows),
        )
    yield Pair(
        "cluster_kmeans_minibatch, one channel, 3 classes",
        "MiniBatchKMeans, one start",
        ours("cluster_kmeans_minibatch"),
        partial(by_batches, rows, 3),
        partial(tightness, rows),
    )
    yield Pair(
        "cluster_gaussian_mixture, one channel, 3 classes",
        "GaussianMixture, fitted to every 16th pixel",
        ours("cluster_gaussian_mixture"),
        partial(by_mixture, rows, 3, 16),
        same_classes,
    )
    yield Pair(
        "cluster_fuzzy_cmeans, one channel, 3 classes",
        "the definition, in NumPy",
        ours("cluster_fuzzy_cmeans"),
        partial(by_memberships, rows, 3),
        partial(fuzzy_tightness, rows),
    )
    yield Pair(
        "threshold_multi_otsu, 3 classes",
        "filters.threshold_multiotsu",
        ours("threshold_multi_otsu"),
        lambda: 1 + np.digitize(image, filters.threshold_multiotsu(image, 3), right=True),
        same_classes,
    )
    for kind, array in (("uint16", image), ("float32", smooth)):
        yield Pair(
            f"threshold_auto, Otsu, {kind}",
            "filters.threshold_otsu",
            ours("threshold_auto", array),
            lambda array=array: array > filters.threshold_otsu(array),
        )


def three_channels(channels: np.ndarray, numbers: tuple[int, ...]) -> Iterator[Pair]:
    """Give what is compared on several channels, as they are."""
    grid = ow.Grid("cyx")
    rows = np.ascontiguousarray(channels.reshape(len(channels), -1).T, np.float32)

    def ours(name: str, **values: Any) -> Callable[[], np.ndarray]:
        return lambda: ow.apply(name, channels, grid=grid, **values)

    for n in numbers:
        yield Pair(
            f"cluster_kmeans, {n} classes",
            "KMeans, one start",
            ours("cluster_kmeans", n_classes=n, scaling="none"),
            partial(by_kmeans, rows, n),
            partial(tightness, rows),
        )
    yield Pair(
        "cluster_kmeans_minibatch, 3 classes",
        "MiniBatchKMeans, one start",
        ours("cluster_kmeans_minibatch", scaling="none"),
        partial(by_batches, rows, 3),
        partial(tightness, rows),
    )
    yield Pair(
        "cluster_gaussian_mixture, 3 classes",
        "GaussianMixture, fitted to every 16th pixel",
        ours("cluster_gaussian_mixture"),
        partial(by_mixture, rows, 3, 16),
        same_classes,
    )
    yield Pair(
        "cluster_fuzzy_cmeans, 3 classes",
        "the definition, in NumPy",
        ours("cluster_fuzzy_cmeans", scaling="none"),
        partial(by_memberships, rows, 3),
        partial(fuzzy_tightness, rows),
    )


def by_kmeans(rows: np.ndarray, n: int) -> np.ndarray:
    return KMeans(n, n_init=1, random_state=0).fit_predict(rows)


def by_batches(rows: np.ndarray, n: int) -> np.ndarray:
    return MiniBatchKMeans(n, n_init=1, batch_size=4096, random_state=0).fit_predict(rows)


def by_mixture(rows: np.ndarray, n: int, every: int) -> np.ndarray:
    # as near to the end as ours
    model = GaussianMixture(n, tol=1e-6, max_iter=200, random_state=0).fit(rows[::every])
    order = np.argsort(np.argsort(model.means_.mean(axis=1)))
    return (
        1 + order[np.concatenate([model.predict(rows[at : at + PIECE]) for at in range(0, len(rows), PIECE)])]
    )


def by_memberships(rows: np.ndarray, n: int) -> np.ndarray:
    """Fuzzy c-means with the exponent 2, as the definition says, a piece of the image at a time."""
    centres = np.quantile(rows, (np.arange(n) + 0.5) / n, axis=0).astype(np.float32)
    result = np.empty((n, len(rows)), np.float32)
    small = 1e-5 * np.ptp(rows)
    moved = np.inf
    while moved > small:
        weight, total = np.zeros((n, 1)), np.zeros(centres.shape)
        for at in range(0, len(rows), PIECE):
            pixels = rows[at : at + PIECE]
            near = np.stack([1 / np.maximum(((pixels - c) ** 2).sum(axis=1), 1e-9) for c in centres])
            near /= near.sum(axis=0)
            result[:, at : at + PIECE] = near
            near **= 2
            weight += near.sum(axis=1, dtype=np.float64)[:, np.newaxis]
            total += near @ pixels
        following = (total / weight).astype(np.float32)
        moved = np.abs(following - centres).max()
        centres = following
    return result[np.argsort(centres.mean(axis=1))]


def tightness(rows: np.ndarray, one: np.ndarray, other: np.ndarray) -> str:
    """Compare the sums of squared distances to the means of the classes."""
    sums = []
    for classes in (one.ravel(), other.ravel()):
        number = np.bincount(classes).astype(float)
        squares = sum(float(np.square(channel, dtype=np.float64).sum()) for channel in rows.T)
        total = np.array([np.bincount(classes, channel) for channel in rows.T])
        sums.append(squares - (total**2 / np.maximum(number, 1)).sum())
    return f"inertia {sums[0] / sums[1] - 1:+.1e} of theirs"


def same_classes(one: np.ndarray, other: np.ndarray) -> str:
    return f"{(one.ravel() != other.ravel()).mean():.2%} of the pixels differ"


def fuzzy_tightness(rows: np.ndarray, one: np.ndarray, other: np.ndarray) -> str:
    """Compare the sums of squared distances, weighted by the squares of the memberships, to the means so weighted."""
    sums = []
    for memberships in (one.reshape(len(one), -1), other):
        found = 0.0
        for part in memberships:
            weight = np.square(part, dtype=np.float64)
            for channel in rows.T:
                found += weight @ np.square(channel - weight @ channel / weight.sum())
        sums.append(found)
    return f"objective {sums[0] / sums[1] - 1:+.1e} of theirs"


def tissue(size: int) -> np.ndarray:
    """Return a stained section in red, green and blue, as large as that."""
    small = data.immunohistochemistry()
    factor = -(-size // min(small.shape[:2]))
    large = [ndimage.zoom(small[..., c], factor, order=1)[:size, :size] for c in range(3)]
    return np.stack(large)


def stained(image: np.ndarray) -> np.ndarray:
    """Return a scene in three channels: the same objects, shifted and unlike in brightness."""
    random = np.random.default_rng(0)
    return np.stack(
        [
            np.clip(
                factor * np.roll(image, shift, axis=1) + 40 * random.standard_normal(image.shape), 0, 65535
            )
            for factor, shift in ((1.0, 0), (0.6, 7), (1.5, 15))
        ]
    ).astype(np.uint16)


def main() -> None:
    options = asked(__doc__)
    scenes = large_scenes(options.quick)
    size = 512 if options.quick else 4096
    for title, image, _, _ in scenes:
        show(title, one_channel(image), options)
    show(
        f"{size} x {size} tissue, red, green and blue, uint8",
        three_channels(tissue(size), (3, 6)),
        options,
    )
    show(f"{size} x {size}, three channels, uint16", three_channels(stained(scenes[0][1]), (3, 6)), options)


if __name__ == "__main__":
    main()
