"""Classes by brightness and colour, against scikit-learn, against slow twins, and on made images."""

from __future__ import annotations

import numpy as np
import pytest

import objectwise as ow
from objectwise.core.statistics import Place
from objectwise.kernels import clusters
from objectwise.kernels.classes import look_up, nearest_class
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


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_colours_of_a_large_image_are_those_of_a_sample_in_any_tiles(
    dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(centres, "SAMPLE", 5000)
    image = np.random.default_rng(0).integers(0, 20, (2, 200, 210)).astype(dtype)
    statistic = centres.Colours(lambda colours, weights: (colours, weights))
    whole = statistic.finish(statistic.collect(image, Place(3, (0, 0), (200, 210)), None), {})
    parts = [
        statistic.collect(image[:, y : y + 71, x : x + 90], Place(3, (y, x), (200, 210)), None)
        for y in range(0, 200, 71)
        for x in range(0, 210, 90)
    ]
    joined = parts[0]
    for part in parts[1:]:
        joined = statistic.merge(part, joined)
    colours, weights = statistic.finish(joined, {})
    np.testing.assert_array_equal(colours, whole[0])
    np.testing.assert_array_equal(weights, whole[1])
    assert weights.sum() == 5000
    rows, counts = np.unique(joined.values, axis=0, return_counts=True)
    order = np.lexsort(colours.T[::-1])
    np.testing.assert_array_equal(colours[order], rows)
    np.testing.assert_array_equal(weights[order], counts)


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


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16])
def test_tables_are_looked_up_as_by_numpy(dtype: type) -> None:
    limits = np.iinfo(dtype)
    values = np.random.default_rng(0).integers(limits.min, limits.max + 1, (500, 700)).astype(dtype)
    tables = np.random.default_rng(1).random((2, limits.max - limits.min + 1)).astype(np.float32)
    wanted = tables[:, values.astype(int) - limits.min]
    np.testing.assert_array_equal(look_up(values, tables), wanted)


def test_steps_over_many_points_are_those_of_the_definitions() -> None:
    random = np.random.default_rng(0)
    points, weights = random.random((20_000, 3)), random.random(20_000)
    means = random.random((4, 3))
    away = points[:, np.newaxis] - means
    squares = (away**2).sum(axis=2)
    nearest = np.eye(4)[squares.argmin(axis=1)] * weights[:, np.newaxis]
    number, total, left = clusters.hard_sums(points, weights, means)
    np.testing.assert_allclose(number, nearest.sum(axis=0))
    np.testing.assert_allclose(total, nearest.T @ points)
    assert left == pytest.approx((weights * squares.min(axis=1)).sum())

    near = squares ** (-1 / 1.5)
    parts = weights[:, np.newaxis] * (near / near.sum(axis=1, keepdims=True)) ** 2.5
    number, total = clusters.fuzzy_sums(points, weights, means, 2.5)
    np.testing.assert_allclose(number, parts.sum(axis=0))
    np.testing.assert_allclose(total, parts.T @ points)

    scalings = np.tril(random.random((4, 3, 3)) + np.eye(3))
    offsets = random.random(4)
    log = -((np.einsum("kij,nkj->nki", scalings, away) ** 2).sum(axis=2) + offsets) / 2
    belongs = np.exp(log) / np.exp(log).sum(axis=1, keepdims=True) * weights[:, np.newaxis]
    share, first, second, likelihood = clusters.mixture_sums(points, weights, means, scalings, offsets)
    np.testing.assert_allclose(share, belongs.sum(axis=0))
    np.testing.assert_allclose(first, np.einsum("nk,nki->ki", belongs, away))
    wanted = np.tril(np.einsum("nk,nki,nkj->kij", belongs, away, away))
    np.testing.assert_allclose(second, wanted, atol=1e-9)
    assert likelihood == pytest.approx((weights * np.log(np.exp(log).sum(axis=1))).sum())


@pytest.mark.parametrize(
    ("name", "n_channels"),
    [
        ("cluster_kmeans", 1),
        ("cluster_kmeans", 2),
        ("cluster_kmeans_minibatch", 2),
        ("cluster_fuzzy_cmeans", 2),
        ("cluster_fuzzy_cmeans", 1),
        ("cluster_gaussian_mixture", 2),
        ("threshold_multi_otsu", 0),
    ],
)
@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_threads_do_not_show(
    name: str, n_channels: int, dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    shape = (n_channels, 700, 800) if n_channels else (700, 800)
    image = (random.choice([200, 500, 900], shape) + 60 * random.standard_normal(shape)).astype(dtype)
    found = []
    for number in ("1", "2", "3"):
        monkeypatch.setenv("OBJECTWISE_THREADS", number)
        found.append(ow.apply(name, image, grid=MANY if n_channels else ONE))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_threads_do_not_show_in_a_recoloured_image(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    image = random.random((700, 800)).astype(np.float32)
    classes = random.choice(4, image.shape).astype(np.uint8)
    found = []
    for number in ("1", "2"):
        monkeypatch.setenv("OBJECTWISE_THREADS", number)
        found.append(ow.apply("recolour_by_class", image, classes))
    np.testing.assert_array_equal(*found)


def test_mini_batches_come_near_to_k_means() -> None:
    random = np.random.default_rng(1)
    true = random.choice(4, (150, 160))
    colours = np.array([[20, 200], [60, 40], [120, 90], [200, 220]])
    image = np.moveaxis(colours[true], -1, 0) + random.normal(0, 9, (2, 150, 160))
    pixels = image.reshape(2, -1).T
    full = scatter(pixels, ow.apply("cluster_kmeans", image, grid=MANY, n_classes=4).ravel())
    found = ow.apply("cluster_kmeans_minibatch", image, grid=MANY, n_classes=4)
    assert full <= scatter(pixels, found.ravel()) <= 1.01 * full
    again = ow.apply("cluster_kmeans_minibatch", image, grid=MANY, n_classes=4)
    np.testing.assert_array_equal(found, again)
    few = ow.apply("cluster_kmeans_minibatch", image, grid=MANY, n_classes=4, batch_size=1, n_iterations=1)
    assert set(np.unique(few)) <= {1, 2, 3, 4}


@pytest.mark.parametrize(
    "name",
    [
        "cluster_kmeans",
        "cluster_kmeans_minibatch",
        "cluster_gaussian_mixture",
        "cluster_fuzzy_cmeans",
        "threshold_multi_otsu",
    ],
)
@pytest.mark.parametrize("fill", [5, 5.5, np.nan])
def test_one_value_is_one_class_and_no_value_none(name: str, fill: float) -> None:
    image = np.full((300, 300), fill)
    found = ow.apply(name, image.astype(np.uint16) if fill == 5 else image, n_classes=4)
    if found.ndim == 3:
        found = ow.apply("classes_from_memberships", found, grid=MANY)
    assert (found == (0 if np.isnan(fill) else 1)).all()


@pytest.mark.parametrize("name", ["cluster_kmeans", "cluster_kmeans_minibatch", "cluster_gaussian_mixture"])
def test_fewer_colours_than_classes_in_several_channels(name: str) -> None:
    image = np.array([[[1.5, 1.5, 7, np.nan]], [[2, 2, 9, 5]]])
    assert ow.apply(name, image, grid=MANY, n_classes=5).tolist() == [[1, 1, 2, 0]]


@pytest.mark.parametrize("name", ["cluster_kmeans", "cluster_kmeans_minibatch", "cluster_fuzzy_cmeans"])
def test_a_channel_that_counts_more_decides(name: str) -> None:
    random = np.random.default_rng(0)
    halves = random.choice(2, (2, 60, 60))
    image = 100 * halves + random.normal(0, 5, halves.shape)
    for deciding in (0, 1):
        weights = (10.0, 1.0) if deciding == 0 else (1.0, 10.0)
        found = ow.apply(name, image, grid=MANY, n_classes=2, channel_weights=weights)
        if name == "cluster_fuzzy_cmeans":
            found = ow.apply("classes_from_memberships", found, grid=MANY)
        np.testing.assert_array_equal(found, 1 + halves[deciding])
    with pytest.raises(ValueError, match="channel_weights needs 2 numbers above 0"):
        ow.apply(name, image, grid=MANY, channel_weights=(1.0, 0.0))


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


@pytest.mark.parametrize("tile", [None, 9])
@pytest.mark.parametrize("position", ["yx", "zyx"])
def test_positions_are_those_in_the_whole_image(position: str, tile: int | None) -> None:
    image = cases.image(3)
    grid = ow.Grid("zyx", (2.0, 0.5, 0.25), "um")
    step = ow.Step("found", "pixel_features", {"image": "image"}, {"sigma": 1.0, "position": position})
    *_, last = ow.run(ow.Recipe([step], unit="um"), {"image": (image, grid)}, tile=tile)
    found = last.results["found"]
    assert found.grid.channels == ("smoothed", "gradient", "deviation", *position)
    where = np.indices(image.shape) * np.array([2.0, 0.5, 0.25])[:, None, None, None]
    np.testing.assert_array_equal(found.array[3:], where[-len(position) :])
    plain = ow.apply("pixel_features", image, grid=grid, sigma=1.0)
    np.testing.assert_array_equal(found.array[:3], plain)


def test_a_plane_has_no_z() -> None:
    with pytest.raises(ValueError, match="position must be none or yx for a plane"):
        ow.apply("pixel_features", cases.image(2), position="zyx")


def test_classes_are_compact_where_the_position_counts() -> None:
    y, x = np.indices((60, 60))
    first = (y - 15) ** 2 + (x - 15) ** 2 < 80
    second = (y - 45) ** 2 + (x - 42) ** 2 < 80
    image = np.where(first | second, np.random.default_rng(0).normal(200, 10, y.shape), np.nan)
    features = ow.apply("pixel_features", image, sigma=0.5, gradient=False, deviation=False, position="yx")

    def found(weight: float) -> np.ndarray:
        weights = (1.0, weight, weight)
        return ow.apply("cluster_kmeans", features, grid=MANY, n_classes=2, channel_weights=weights)

    # without, each disc is of both classes; with it, each is a class of its own
    assert set(found(1e-6)[first]) == {1, 2}
    assert len(set(found(2.0)[first])) == 1
    assert len(set(found(2.0)[second])) == 1
    assert found(2.0)[15, 15] != found(2.0)[45, 42]


def discs() -> tuple[np.ndarray, np.ndarray]:
    """Return labels of small and large discs, with gaps in the ids, and which of them are large."""
    labels = np.zeros((100, 200), np.int32)
    y, x = np.indices(labels.shape)
    large = np.zeros(200, bool)
    for number in range(12):
        row, column = divmod(number, 6)
        large[7 * number + 3] = number % 3 == 0
        radius = 12 if number % 3 == 0 else 5 + number % 2
        labels[(y - 25 - 50 * row) ** 2 + (x - 16 - 33 * column) ** 2 <= radius**2] = 7 * number + 3
    return labels, large


def test_objects_are_put_into_classes_by_size() -> None:
    labels, large = discs()
    found = ow.apply("cluster_objects", labels)
    np.testing.assert_array_equal(found, np.where(labels > 0, 1 + large[labels], 0))
    assert found.dtype == np.uint8


def test_objects_are_put_into_classes_by_several_columns() -> None:
    from sklearn.cluster import KMeans

    labels, _ = discs()
    image = np.where(np.isin(labels, np.unique(labels)[1::2]), 900.0, 100.0) + np.arange(200) ** 2 / 100
    columns = ("intensity_mean_dye", "area")
    found = ow.apply("cluster_objects", labels, {"dye": image}, columns=columns, n_classes=4)
    table = ow.measure(labels, {"dye": image}, features=list(columns)).frame
    rows = table[list(columns)].to_numpy()
    model = KMeans(4, n_init=20, random_state=0).fit((rows - rows.mean(axis=0)) / rows.std(axis=0))
    order = np.argsort(np.argsort([rows[model.labels_ == k, 0].mean() for k in range(4)]))
    for label, kind in zip(table["label"], order[model.labels_], strict=True):
        assert (found[labels == label] == 1 + kind).all()
    # the name of the only channel may be left out, and its values are as many columns as there are channels
    short = ow.apply(
        "cluster_objects", labels, {"dye": image}, columns=("intensity_mean", "area"), n_classes=4
    )
    np.testing.assert_array_equal(short, found)


def test_objects_that_cannot_be_put_into_classes() -> None:
    labels, _ = discs()
    one = ow.apply("cluster_objects", np.where(labels == 3, labels, 0), n_classes=3)
    np.testing.assert_array_equal(one, labels == 3)
    assert not ow.apply("cluster_objects", np.zeros_like(labels)).any()
    image = np.where(labels == 3, np.nan, labels)
    found = ow.apply("cluster_objects", labels, {"dye": image}, columns=("intensity_mean_dye",), n_classes=2)
    assert (found[labels == 3] == 0).all()
    assert (found[labels > 3] > 0).all()
    with pytest.raises(ValueError, match="at least one measurement"):
        ow.apply("cluster_objects", labels, columns=())
    with pytest.raises(ValueError, match="found the group 'shape'"):
        ow.apply("cluster_objects", labels, columns=("shape",))
    with pytest.raises(ValueError, match="did you mean 'solidity'"):
        ow.apply("cluster_objects", labels, columns=("solidty",))
    with pytest.raises(ValueError, match="perimeter: not defined in 3-D"):
        ow.apply("cluster_objects", labels[np.newaxis], grid=ow.Grid("zyx"), columns=("perimeter",))
