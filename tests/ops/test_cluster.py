"""Clusters found again where they were put, and at least as tight as scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data, measure

import objectwise as ow
from objectwise.ops.centres import distinct, find_centres, find_scales
from tests.ops.shapes import is_in_reading_order, same_objects

CENTRES = np.array([[20.0, 200.0], [60.0, 40.0], [120.0, 90.0], [200.0, 220.0]])


def mixture(seed: int = 0, spread: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    """Return two channels with four kinds of pixels, and the kind of each; ordered by their mean brightness."""
    random = np.random.default_rng(seed)
    centres = CENTRES[np.argsort(CENTRES.mean(axis=1))]
    kind = random.choice(4, (60, 70), p=[0.5, 0.3, 0.15, 0.05])
    return np.moveaxis(centres[kind] + random.normal(0, spread, (60, 70, 2)), -1, 0), kind + 1


def inertia(pixels: np.ndarray, centres: np.ndarray) -> float:
    return float(((pixels[:, None] - np.asarray(centres)[None]) ** 2).sum(axis=2).min(axis=1).sum())


@pytest.mark.parametrize("scaling", ["deviation", "none"])
@pytest.mark.parametrize("seed", [0, 1])
def test_known_clusters_are_found_in_order(seed: int, scaling: str) -> None:
    channels, kind = mixture(seed)
    classes = ow.apply(
        "cluster_kmeans", channels, grid=ow.Grid("cyx"), n_classes=4, scaling=scaling, seed=seed
    )
    assert classes.dtype == np.uint8
    np.testing.assert_array_equal(classes, kind)


def test_centres_are_where_they_were_put() -> None:
    channels, _ = mixture()
    found = find_centres(*distinct(channels.reshape(2, -1).T), 4, "deviation", 4, 0)
    np.testing.assert_allclose(found, CENTRES[np.argsort(CENTRES.mean(axis=1))], atol=1.0)
    means = np.mean(found, axis=1)
    assert (np.diff(means) > 0).all()


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("name", ["coins", "camera"])
def test_clusters_are_as_tight_as_those_of_scikit_learn(name: str, n_classes: int) -> None:
    from sklearn.cluster import KMeans

    image = getattr(data, name)()[::3, ::3].astype(float)
    pixels = image.reshape(-1, 1)
    found = find_centres(*distinct(pixels), n_classes, "none", 4, 0)
    reference = KMeans(n_classes, n_init=10, random_state=1).fit(pixels)
    # both are searches from random starts, with 4 and 10 of them
    assert inertia(pixels, found) <= reference.inertia_ * 1.02
    classes = ow.apply("cluster_kmeans", image, n_classes=n_classes)
    nearest = np.abs(image[..., None] - np.ravel(found)).argmin(axis=-1) + 1
    np.testing.assert_array_equal(classes, nearest)


def test_a_colour_image_of_tissue() -> None:
    from sklearn.cluster import KMeans

    image = np.moveaxis(data.immunohistochemistry()[::8, ::8], -1, 0)
    pixels = image.reshape(3, -1).T.astype(float)
    scales = np.array(find_scales(*distinct(pixels), "deviation"))
    np.testing.assert_allclose(scales, pixels.std(axis=0))
    found = np.array(find_centres(*distinct(pixels), 4, "deviation", 4, 0))
    reference = KMeans(4, n_init=10, random_state=1).fit(pixels / scales)
    assert inertia(pixels / scales, found / scales) <= reference.inertia_ * 1.001


def test_a_channel_in_other_units_changes_nothing_when_scaled_by_its_deviation() -> None:
    channels, kind = mixture()
    louder = channels * np.array([1000.0, 1.0])[:, None, None]
    scaled = ow.apply("cluster_kmeans", louder, grid=ow.Grid("cyx"), n_classes=4)
    assert same_objects(scaled, kind)
    plain = ow.apply("cluster_kmeans", louder, grid=ow.Grid("cyx"), n_classes=4, scaling="none")
    # without it the loud channel alone decides: its distances are a thousand times the other's
    loud = find_centres(*distinct(louder[0].reshape(-1, 1)), 4, "none", 4, 0)
    nearest = np.abs(louder[0][..., None] - np.ravel(loud)).argmin(axis=-1) + 1
    assert (plain == nearest).mean() > 0.99


def test_fewer_colours_than_classes_give_as_many_classes_as_colours() -> None:
    image = np.array([[10, 10, 30, 30, 20]], np.uint8)
    assert ow.apply("cluster_kmeans", image, n_classes=5).tolist() == [[1, 1, 3, 3, 2]]


def test_pixels_missing_in_one_channel_have_no_class() -> None:
    channels, kind = mixture()
    channels[1, :5] = np.nan
    channels[0, 7, 7] = np.inf
    classes = ow.apply("cluster_kmeans", channels, grid=ow.Grid("cyx"), n_classes=4)
    missing = ~np.isfinite(channels).all(axis=0)
    assert (classes[missing] == 0).all()
    np.testing.assert_array_equal(classes[~missing], kind[~missing])


def test_given_centres_are_used_as_they_are() -> None:
    image = np.array([[0, 4, 6, 100]], np.uint8)
    assert ow.apply("cluster_kmeans", image, centres=((0,), (10,)), scales=(1,)).tolist() == [[1, 1, 2, 2]]
    again = ow.apply("cluster_kmeans", image, centres=np.array([[0.0], [10.0]]), scales="1")
    assert again.tolist() == [[1, 1, 2, 2]]
    with pytest.raises(ValueError, match="need 1 numbers, one for each channel"):
        ow.apply("cluster_kmeans", image, centres=((0, 1), (10, 2)))


def test_a_large_image_is_sampled_and_classified_alike() -> None:
    random = np.random.default_rng(0)
    kind = random.choice(3, (500, 600))
    image = (kind * 80 + random.normal(40, 8, kind.shape)).clip(0, 255).astype(np.uint8)
    assert image.size > 1 << 17
    classes = ow.apply("cluster_kmeans", image, n_classes=3)
    assert (classes == kind + 1).mean() > 0.999


@pytest.mark.parametrize("connectivity", ["face", "full"])
@pytest.mark.parametrize("n", [2, 3])
def test_objects_of_classes_are_those_of_scikit_image(n: int, connectivity: str) -> None:
    classes = np.random.default_rng(n).choice(5, (24, 30) if n == 2 else (8, 12, 14)).astype(np.uint8)
    kept = np.where((classes >= 2) & (classes <= 3), classes, 0)
    expected = measure.label(kept, background=0, connectivity=n if connectivity == "full" else 1)
    labels = ow.apply(
        "labels_from_classes",
        classes,
        grid=ow.Grid("zyx"[-n:]),
        min_class=2,
        max_class=3,
        connectivity=connectivity,
    )
    assert same_objects(labels, expected)
    assert is_in_reading_order(labels)
