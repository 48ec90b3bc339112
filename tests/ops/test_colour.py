"""Colour against scikit-image, and stains against mixtures of known amounts."""

from __future__ import annotations

import numpy as np
import pytest

import objectwise as ow
from objectwise.ops.colour import rgb_to_grey, rgb_to_lab, separate_stains
from objectwise.ops.filters import smooth_gaussian

RANDOM = np.random.default_rng(0)
PICTURE = RANDOM.integers(1, 256, (3, 20, 24)).astype(np.uint8)
LAST = np.moveaxis(PICTURE, 0, -1)


def test_grey_agrees_with_scikit_image() -> None:
    from skimage.color import rgb2gray

    np.testing.assert_allclose(rgb_to_grey(PICTURE), rgb2gray(LAST) * 255, rtol=1e-5)
    np.testing.assert_allclose(rgb_to_grey(PICTURE, method="mean"), PICTURE.mean(axis=0), rtol=1e-6)
    np.testing.assert_array_equal(rgb_to_grey(PICTURE, method="maximum"), PICTURE.max(axis=0))
    np.testing.assert_array_equal(rgb_to_grey(PICTURE, method="minimum"), PICTURE.min(axis=0))


def test_lab_agrees_with_scikit_image_in_every_dtype() -> None:
    from skimage.color import rgb2lab

    expected = np.moveaxis(rgb2lab(LAST), -1, 0)
    np.testing.assert_allclose(rgb_to_lab(PICTURE), expected, atol=1e-4)
    sixteen = PICTURE.astype(np.uint16) * 257
    np.testing.assert_allclose(rgb_to_lab(sixteen), expected, atol=1e-4)
    np.testing.assert_allclose(rgb_to_lab(PICTURE / 255), expected, atol=1e-4)


def test_opacity_is_left_out_and_other_numbers_of_channels_are_refused() -> None:
    with_opacity = np.concatenate([PICTURE, np.full((1, 20, 24), 255, np.uint8)])
    for function in (rgb_to_grey, rgb_to_lab, separate_stains):
        np.testing.assert_array_equal(function(with_opacity), function(PICTURE))
        with pytest.raises(ValueError, match="channels red, green and blue; found 2"):
            function(PICTURE[:2])
    with pytest.raises(ValueError, match="found 1"):
        ow.apply("rgb_to_grey", PICTURE[0])


def test_nan_stays_where_it_is() -> None:
    picture = PICTURE.astype(float)
    picture[1, 3, 4] = np.nan
    for function in (rgb_to_grey, rgb_to_lab, separate_stains):
        result = function(picture)
        missing = np.isnan(result)
        assert missing[..., 3, 4].all()
        assert missing.sum() == (1 if result.ndim == 2 else 3)


def mixed(amounts: np.ndarray, vectors: np.ndarray, white: float = 255.0) -> np.ndarray:
    """Return a picture of stains whose light is absorbed by the law of Beer and Lambert."""
    return white * 10 ** -np.tensordot(vectors.T, amounts, 1)


def test_stains_agree_with_scikit_image() -> None:
    from skimage.color import hed_from_rgb
    from skimage.color import separate_stains as peer

    result = separate_stains(PICTURE, stains="haematoxylin_eosin_dab")
    # theirs takes lengths as they were printed, and the logarithm to the base of a millionth
    rows = np.linalg.inv(hed_from_rgb)
    theirs = np.moveaxis(peer(LAST, hed_from_rgb), -1, 0) * 6 * np.linalg.norm(rows, axis=1)[:, None, None]
    np.testing.assert_allclose(np.maximum(result, 0), np.maximum(theirs, 0), atol=1e-4)


def test_amounts_come_back() -> None:
    vectors = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    amounts = RANDOM.random((2, 12, 13))
    picture = mixed(amounts, vectors)
    result = separate_stains(picture, white=255)
    np.testing.assert_allclose(result[:2], amounts, atol=1e-9)
    np.testing.assert_allclose(result[2], 0, atol=1e-9)
    own = np.array([[0.3, 0.6, 0.9], [0.8, 0.5, 0.2], [0.2, 0.9, 0.3]])
    three = RANDOM.random((3, 6, 7))
    given = separate_stains(
        mixed(three, own / np.linalg.norm(own, axis=1, keepdims=True), 1.0),
        white=1,
        vectors=tuple(map(tuple, own)),
    )
    np.testing.assert_allclose(given, three, atol=1e-9)


def test_vectors_are_measured() -> None:
    vectors = np.array([[0.55, 0.76, 0.35], [0.15, 0.95, 0.27]])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    random = np.random.default_rng(3)
    amounts = random.random((2, 90, 90))
    # purely stained pixels of both, as nuclei and cytoplasm are
    amounts[1, :30] = 0
    amounts[0, 30:60] = 0
    picture = np.clip(mixed(amounts, vectors) + random.normal(0, 0.5, (3, 90, 90)), 1, 255)
    picture = np.round(picture).astype(np.uint8)
    recipe = ow.Recipe([ow.Step("result", "separate_stains", {"channels": "p"}, {"stains": "measured"})])
    *_, last = ow.run(recipe, {"p": picture}, grid=ow.Grid("cyx"))
    result = last.results["result"]
    found = np.array(next(row["value"] for row in result.values if row["parameter"] == "vectors"))
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    np.testing.assert_allclose(found, vectors, atol=0.03)
    assert result.grid.channels == ("stain_1", "stain_2", "rest")
    assert np.corrcoef(result.array[0].ravel(), amounts[0].ravel())[0, 1] > 0.97
    assert np.corrcoef(result.array[1].ravel(), amounts[1].ravel())[0, 1] > 0.97


def test_an_empty_slide_has_no_stain() -> None:
    empty = np.full((3, 8, 9), 255, np.uint8)
    for stains in ("haematoxylin_eosin", "haematoxylin_dab", "haematoxylin_eosin_dab", "measured"):
        assert np.abs(separate_stains(empty, stains=stains)).max() == 0


@pytest.mark.parametrize(
    "vectors", [((1, 0, 0),), ((1, 0, 0), (2, 0, 0)), ((1, 0), (0, 1)), ((0, 0, 0), (1, 0, 0)), (1.0, 2.0)]
)
def test_vectors_that_tell_nothing_apart_are_refused(vectors) -> None:
    with pytest.raises(ValueError, match="vectors must be two or three different colours"):
        separate_stains(PICTURE, vectors=vectors)


def test_results_with_channels_go_on_through_a_recipe() -> None:
    """Channels have names and a place in the axes, may be picked by name, and are the same in tiles."""
    series = np.stack([PICTURE, PICTURE[:, ::-1]])
    recipe = ow.Recipe(
        [
            ow.Step("lab", "rgb_to_lab", {"channels": "p"}),
            ow.Step("smooth", "smooth_gaussian", {"image": "lab[a]"}),
            ow.Step("red", "threshold_manual", {"image": "smooth"}, {"lower": 0.0}),
            ow.Step("classes", "cluster_kmeans", {"channels": "lab"}, {"n_classes": 2}),
            ow.Step("stains", "separate_stains", {"channels": "p"}),
            ow.Step("each", "smooth_gaussian", {"image": "stains"}),
        ]
    )
    results = []
    for tile in (None, 7):
        *_, last = ow.run(recipe, {"p": (series, ow.Grid("tcyx"))}, tile=tile)
        assert last.done == last.total
        results.append(last.results)
    whole, tiled = results
    assert set(whole) == {"red", "classes", "each"}
    assert whole["each"].grid.axes == "tcyx"
    assert whole["each"].grid.channels == ("haematoxylin", "eosin", "rest")
    for name in whole:
        np.testing.assert_array_equal(whole[name].array, tiled[name].array)
    np.testing.assert_array_equal(whole["red"].array[1], smooth_gaussian(rgb_to_lab(series[1])[1]) > 0)


def test_volumes_are_taken_plane_by_plane_too() -> None:
    volume = RANDOM.integers(0, 256, (3, 4, 10, 11)).astype(np.uint8)
    grid = ow.Grid("czyx")
    whole = ow.apply("rgb_to_lab", volume, grid=grid)
    planes = ow.apply("rgb_to_lab", volume, grid=grid, by_plane=True)
    assert whole.shape == (3, 4, 10, 11)
    np.testing.assert_array_equal(whole, planes)


def test_a_plain_call_measures_the_stains_of_all_three_colours() -> None:
    from skimage import data

    picture = np.moveaxis(data.immunohistochemistry()[:60, :60], -1, 0)
    plain = ow.operations["separate_stains"].function(picture, stains="measured")
    through_a_run = ow.apply("separate_stains", picture, grid=ow.Grid("cyx"), stains="measured")
    np.testing.assert_allclose(plain, through_a_run)
