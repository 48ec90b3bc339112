"""Classes by brightness and colour, against scikit-learn, against slow twins, and on made images."""

from __future__ import annotations

import numpy as np
import pytest

import objectwise as ow
from objectwise.core.statistics import Place, Sample
from objectwise.kernels.classes import nearest_class
from objectwise.kernels.counting import count_levels
from objectwise.kernels.partition import best_partition
from objectwise.ops import centres
from objectwise.ops.fuzzy import find_fuzzy_centres
from objectwise.ops.mixtures import find_mixture
from tests.contract import cases

ONE = ow.Grid("yx")
MANY = ow.Grid("cyx")


def three_kinds(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return an image of three classes of brightness, and the classes."""
    random = np.random.default_rng(seed)
    classes = random.choice(3, (120, 130), p=[0.6, 0.3, 0.1]) + 1
    values = np.array([200, 500, 1000])[classes - 1] + random.normal(0, 30, classes.shape)
    return values.round().astype(np.uint16), classes.astype(np.uint8)


def scatter(values: np.ndarray, classes: np.ndarray) -> float:
    return sum(
        ((part - part.mean(axis=0)) ** 2).sum() for part in (values[classes == k] for k in np.unique(classes))
    )


def test_k_means_of_one_channel_is_the_best_there_is() -> None:
    from sklearn.cluster import KMeans

    image = cases.image(2).round().astype(np.uint16)
    ours = scatter(image.astype(float), ow.apply("cluster_kmeans", image, n_classes=4))
    for seed in range(5):
        model = KMeans(4, n_init=1, random_state=seed).fit(image.reshape(-1, 1).astype(float))
        theirs = scatter(image.astype(float), model.labels_.reshape(image.shape))
        assert ours <= theirs * (1 + 1e-9)
    assert ours == pytest.approx(theirs, rel=0.01)


def test_k_means_of_one_channel_is_multi_otsu() -> None:
    image, truth = three_kinds()
    by_centres = ow.apply("cluster_kmeans", image, n_classes=3)
    np.testing.assert_array_equal(by_centres, truth)
    np.testing.assert_array_equal(by_centres, ow.apply("threshold_multi_otsu", image, n_classes=3))
    two = ow.apply("threshold_multi_otsu", image, n_classes=2) == 2
    np.testing.assert_array_equal(two, ow.apply("threshold_auto", image, method="otsu"))


def test_k_means_of_colours_is_as_good_as_that_of_scikit_learn() -> None:
    from sklearn.cluster import KMeans

    random = np.random.default_rng(1)
    true = random.choice(4, (90, 100))
    colours = random.random((4, 3)) * 200
    image = np.moveaxis(colours[true], -1, 0) + random.normal(0, 15, (3, 90, 100))
    found = ow.apply("cluster_kmeans", image, grid=MANY, n_classes=4, scaling="none")
    pixels = image.reshape(3, -1).T
    model = KMeans(4, n_init=4, random_state=0).fit(pixels)
    ours = scatter(pixels, found.ravel())
    assert ours <= model.inertia_ * (1 + 1e-4)


def test_the_sample_of_whole_numbers_is_that_of_all() -> None:
    random = np.random.default_rng(0)
    whole = random.integers(0, 200, (2, 600, 700)).astype(np.uint8)
    plain = Sample(lambda pixels: pixels, size=centres.SAMPLE)
    place = Place(3, (0, 0), (600, 700))
    wanted = plain.finish(plain.collect(whole, place, None), {})
    statistic = centres.Colours(lambda colours, weights: (colours, weights))
    parts = [
        statistic.collect(whole[:, y : y + 211, x : x + 300], Place(3, (y, x), (600, 700)), None)
        for y in range(0, 600, 211)
        for x in range(0, 700, 300)
    ]
    joined = parts[0]
    for part in parts[1:]:
        joined = statistic.merge(part, joined)
    np.testing.assert_array_equal(statistic.sample.finish(joined, {}), wanted)
    colours, weights = statistic.finish(joined, {})
    rows, counts = np.unique(wanted, axis=0, return_counts=True)
    np.testing.assert_array_equal(colours, rows)
    np.testing.assert_array_equal(weights, counts)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_levels_are_counted_as_by_numpy(dtype: type) -> None:
    values = np.random.default_rng(0).integers(0, 250, 1003).astype(dtype)
    n = 1 << (8 * values.itemsize)
    np.testing.assert_array_equal(count_levels(values), np.bincount(values, minlength=n))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_the_nearest_class_is_that_of_a_plain_sum(dtype: type, n_channels: int) -> None:
    random = np.random.default_rng(0)
    channels = random.integers(0, 100, (n_channels, 270, 260)).astype(dtype)
    means = random.random((4, n_channels)) * 100
    scalings = np.tril(random.random((4, n_channels, n_channels)) + np.eye(n_channels))
    offsets = random.random(4)
    if channels.dtype.kind == "f":
        channels[0, :2, :2] = np.array([[np.nan, np.inf], [-np.inf, 3]])
    pixels = np.moveaxis(channels, 0, -1).astype(float)
    away = pixels[..., np.newaxis, :] - means
    with np.errstate(invalid="ignore"):
        distance = (np.einsum("kij,yxkj->yxki", scalings, away) ** 2).sum(-1) + offsets
    wanted = 1 + np.argmin(distance, axis=-1)
    wanted[~np.isfinite(pixels).all(-1)] = 0
    np.testing.assert_array_equal(nearest_class(channels, means, scalings, offsets), wanted)


def test_levels_without_weight_are_in_no_part() -> None:
    assert best_partition(np.array([0, 3, 0, 2]), np.arange(4.0), 5).tolist() == [1, 3]


def test_a_mixture_is_that_of_scikit_learn() -> None:
    from sklearn.mixture import GaussianMixture

    random = np.random.default_rng(2)
    pixels = np.concatenate(
        [
            random.multivariate_normal([20, 30], [[9, 4], [4, 9]], 3000),
            random.multivariate_normal([60, 40], [[100, -30], [-30, 50]], 1500),
        ]
    ).round()
    colours, weights = np.unique(pixels, axis=0, return_counts=True)
    ours = np.array(find_mixture(colours, weights.astype(float), 2, 500, 0))
    theirs = GaussianMixture(2, random_state=0, tol=1e-8, max_iter=1000).fit(pixels)
    order = np.argsort(theirs.means_.mean(axis=1))
    np.testing.assert_allclose(ours[:, 0], theirs.weights_[order], rtol=1e-2)
    np.testing.assert_allclose(ours[:, 1:3], theirs.means_[order], rtol=1e-2)
    np.testing.assert_allclose(ours[:, 3:].reshape(2, 2, 2), theirs.covariances_[order], rtol=3e-2)


def test_a_mixture_finds_a_narrow_and_a_wide_class_where_k_means_does_not() -> None:
    random = np.random.default_rng(0)
    truth = 1 + (random.random((200, 200)) < 0.4)
    image = np.where(truth == 1, random.normal(100, 5, truth.shape), random.normal(160, 25, truth.shape))
    image = image.round().astype(np.uint16)
    found = ow.apply("cluster_gaussian_mixture", image, n_classes=2)
    assert (found == truth).mean() > 0.97
    assert (ow.apply("cluster_kmeans", image, n_classes=2) == truth).mean() < 0.95


def slow_fuzzy(values: np.ndarray, weights: np.ndarray, start: np.ndarray, m: float) -> np.ndarray:
    means = start.astype(float)
    for _ in range(400):
        distance = np.abs(values[:, np.newaxis] - means) + 1e-12
        u = 1 / ((distance[:, :, np.newaxis] / distance[:, np.newaxis]) ** (2 / (m - 1))).sum(axis=2)
        parts = weights[:, np.newaxis] * u**m
        means = (parts * values[:, np.newaxis]).sum(axis=0) / parts.sum(axis=0)
    return means


@pytest.mark.parametrize("fuzziness", [1.5, 2.0, 3.0])
def test_fuzzy_centres_are_those_of_the_definition(fuzziness: float) -> None:
    image, _ = three_kinds()
    values, weights = np.unique(image, return_counts=True)
    found = find_fuzzy_centres(
        values[:, np.newaxis].astype(float), weights.astype(float), 3, fuzziness, "none", 1000, 0
    )
    wanted = slow_fuzzy(values.astype(float), weights.astype(float), np.array([200, 500, 1000]), fuzziness)
    np.testing.assert_allclose(np.ravel(found), wanted, rtol=1e-4)


def test_memberships_add_up_and_give_classes() -> None:
    image, truth = three_kinds()
    memberships = ow.apply("cluster_fuzzy_cmeans", image, n_classes=3)
    assert memberships.shape == (3, *image.shape)
    np.testing.assert_allclose(memberships.sum(axis=0), 1, rtol=1e-6)
    classes = ow.apply("classes_from_memberships", memberships, grid=MANY)
    np.testing.assert_array_equal(classes, truth)
    sure = ow.apply("classes_from_memberships", memberships, grid=MANY, min_membership=0.99)
    assert 0 < (sure == 0).mean() < 0.5
    assert ((sure == truth) | (sure == 0)).all()


def test_memberships_of_floats_and_of_few_levels() -> None:
    image = np.array([[1.0, 1, 5, np.nan]])
    found = ow.apply("cluster_fuzzy_cmeans", image, n_classes=3)
    np.testing.assert_allclose(found[:, 0], [[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]], atol=1e-9)


def test_channels_of_a_result_have_names_and_can_be_chosen() -> None:
    image, truth = three_kinds()
    recipe = ow.Recipe(
        [
            ow.Step("parts", "cluster_fuzzy_cmeans", {"channels": "image"}, {"n_classes": 3}),
            ow.Step("bright", "threshold_manual", {"image": "parts[class 3]"}, {"lower": 0.5}),
        ]
    )
    series = np.stack([image, image[::-1]])
    for _progress in ow.run(recipe, {"image": (series, ow.Grid("tyx"))}):
        pass
    np.testing.assert_array_equal(_progress.results["bright"].array[1], truth[::-1] == 3)
    found = ow.run(ow.Recipe(recipe.steps[:1]), {"image": (series, ow.Grid("tyx"))})
    *_, last = found
    assert last.results["parts"].grid.axes == "tcyx"
    assert last.results["parts"].grid.channels == ("class 1", "class 2", "class 3")
    by_plane = ow.apply("cluster_fuzzy_cmeans", series, grid=ow.Grid("zyx"), by_plane=True, scope="plane")
    np.testing.assert_array_equal(by_plane[:, 0], ow.apply("cluster_fuzzy_cmeans", image))


def test_the_neighbourhood_makes_clusters_of_a_noisy_image_better() -> None:
    y, x = np.indices((128, 128))
    truth = 1 + ((y - 60) ** 2 + (x - 64) ** 2 < 1600).astype(np.uint8)
    noisy = 100 + 50 * (truth == 2) + np.random.default_rng(0).normal(0, 25, truth.shape)

    def right(image: np.ndarray) -> float:
        memberships = ow.apply("cluster_fuzzy_cmeans", image, n_classes=2)
        return (ow.apply("classes_from_memberships", memberships, grid=MANY) == truth).mean()

    blended = ow.apply("blend_neighbours", noisy, weight=8.0)
    assert right(noisy) < 0.87
    assert right(blended) > 0.97


def test_blending_is_the_published_weighted_mean() -> None:
    from scipy import ndimage

    image = cases.image(2).astype(np.float64)
    around = np.ones((3, 3))
    around[1, 1] = 0
    mean = ndimage.correlate(image, around / 8, mode="nearest")
    found = ow.apply("blend_neighbours", image, weight=0.7)
    np.testing.assert_allclose(found, (image + 0.7 * mean) / 1.7, rtol=1e-12)
    image[5, 5] = np.nan
    found = ow.apply("blend_neighbours", image, weight=1.0)
    wanted = (image[5, 6] + np.nanmean(np.where(around > 0, image[4:7, 5:8], np.nan))) / 2
    assert found[5, 6] == pytest.approx(wanted)
    assert np.isnan(found[5, 5])


def test_an_image_is_recoloured_by_the_means_of_its_classes() -> None:
    from scipy import ndimage

    image, classes = three_kinds()
    classes[:4] = 0
    found = ow.apply("recolour_by_class", image, classes)
    wanted = ndimage.mean(image, classes, [1, 2, 3])
    np.testing.assert_allclose(found, np.concatenate([[0], wanted])[classes], rtol=1e-6)
    grey = ow.apply("recolour_by_class", np.array([[np.nan, 4.0]]), np.array([[1, 1]], np.uint8))
    np.testing.assert_array_equal(grey, [[4, 4]])


def test_features_are_those_of_scipy() -> None:
    from scipy import ndimage

    image = cases.image(2).astype(np.float64)
    found = ow.apply("pixel_features", image, sigma=1.5)
    smooth = ndimage.gaussian_filter(image, 1.5, mode="nearest")
    np.testing.assert_allclose(found[0], smooth, rtol=1e-6)
    gradient = np.hypot(*np.gradient(smooth)) * 1.5
    np.testing.assert_allclose(found[1, 1:-1, 1:-1], gradient[1:-1, 1:-1], rtol=1e-4)
    deviation = np.sqrt(ndimage.gaussian_filter(image**2, 1.5, mode="nearest") - smooth**2)
    np.testing.assert_allclose(found[2], deviation, rtol=1e-4)
    only = ow.apply("pixel_features", image, sigma=1.5, smoothed=False, gradient=False)
    np.testing.assert_array_equal(only, found[2:])
    with pytest.raises(ValueError, match="at least one"):
        ow.apply("pixel_features", image, smoothed=False, gradient=False, deviation=False)


def test_texture_is_told_apart_by_features_and_not_by_brightness() -> None:
    random = np.random.default_rng(0)
    truth = np.ones((80, 80), np.uint8)
    truth[:, 40:] = 2
    image = 100 + random.normal(0, 1, truth.shape) * np.where(truth == 1, 2, 20)
    features = ow.apply("pixel_features", image, sigma=3.0, smoothed=False, gradient=False)
    found = ow.apply("cluster_kmeans", features, grid=MANY, n_classes=2)
    assert (found == truth).mean() > 0.95
