"""Segmentations with a name, each against the plain chain of scikit-image and SciPy that made it known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage import data, filters, measure, morphology, segmentation

import objectwise as ow
from objectwise.core.recipe import Step
from objectwise.ops import classics
from objectwise.samples import nuclei_2d
from tests.ops.shapes import overlap, same_objects


def run(steps: list[Step], image: np.ndarray, spacing: tuple[float, ...] = (), tile: int | None = None):
    recipe = ow.Recipe(steps)
    *_, last = ow.run(recipe, {"image": (image, ow.Grid("zyx"[-image.ndim :], spacing))}, tile=tile)
    return last.results[steps[-1].id].array


@pytest.fixture(scope="module")
def nuclei() -> np.ndarray:
    return nuclei_2d().image


@pytest.mark.parametrize(("spot_sigma", "outline_sigma"), [(2.0, 2.0), (3.5, 1.0)])
def test_voronoi_otsu(nuclei: np.ndarray, spot_sigma: float, outline_sigma: float) -> None:
    outlines = filters.gaussian(nuclei, outline_sigma, preserve_range=True)
    mask = outlines > filters.threshold_otsu(outlines, nbins=65536)
    spots = morphology.local_maxima(filters.gaussian(nuclei, spot_sigma, preserve_range=True))
    expected = segmentation.watershed(mask, measure.label(spots & mask), mask=mask)
    found = run(classics.voronoi_otsu_labelling(spot_sigma=spot_sigma, outline_sigma=outline_sigma), nuclei)
    assert found.max() == expected.max() > 20
    # the threshold of floats is found in 65,536 bins, and pixels that are equally near go either way
    assert np.mean((found > 0) == (expected > 0)) > 0.999
    assert np.mean(found == expected) > 0.99


def test_gauss_otsu(nuclei: np.ndarray) -> None:
    smooth = filters.gaussian(nuclei, 2, preserve_range=True)
    expected = measure.label(smooth > filters.threshold_otsu(smooth, nbins=65536))
    found = run(classics.gauss_otsu_labelling(), nuclei)
    assert found.max() == expected.max() > 10
    assert np.mean((found > 0) == (expected > 0)) > 0.999


def walls(shape: tuple[int, ...], n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return cells around random points, and an image in which what parts them is bright."""
    random = np.random.default_rng(seed)
    points = random.random((4 * n, len(shape))) * shape
    kept: list[np.ndarray] = []
    for point in points:
        if len(kept) < n and all(np.linalg.norm(point - other) > 9 for other in kept):
            kept.append(point)
    places = np.moveaxis(np.indices(shape), 0, -1)
    away = np.stack([np.linalg.norm(places - point, axis=-1) for point in kept])
    first, second = np.sort(away, axis=0)[:2]
    image = 20 + 100 * np.exp(-(((second - first) / 2) ** 2)) + random.normal(0, 3, shape)
    return image, away.argmin(axis=0) + 1


@pytest.mark.parametrize("shape", [(120, 130), (36, 40, 44)])
def test_cells_between_walls_are_found(shape: tuple[int, ...]) -> None:
    image, cells = walls(shape, 30)
    found = run(classics.segment_membranes(), image)
    assert found.max() == cells.max() > 20
    assert (found > 0).all()
    for cell in range(1, cells.max() + 1):
        best = np.bincount(found[cells == cell]).argmax()
        assert overlap(found == best, cells == cell) > 0.8
    by_size = run(classics.local_minima_seeded_watershed(spot_sigma=4.0), image)
    assert by_size.max() == pytest.approx(cells.max(), abs=3)


def test_cells_at_the_border_and_the_background_may_be_left_out() -> None:
    image, _ = walls((120, 130), 40)
    inside = np.hypot(*(np.indices(image.shape) - np.array([60, 65])[:, None, None])) < 50
    # a tissue with a wall around it, on a dark background
    rim = inside & ~ndimage.binary_erosion(inside, iterations=2)
    image = np.where(rim, 120.0, np.where(inside, image, 20.0))
    everything = run(classics.segment_membranes(), image)
    background = everything[0, 0]
    assert overlap(everything == background, ~inside) > 0.9
    assert run(classics.segment_membranes(keep_border=False), image)[0, 0] == 0
    smaller = run(classics.segment_membranes(max_size=3000.0), image)
    np.testing.assert_array_equal(smaller == 0, everything == background)
    lines = run(classics.segment_membranes(lines=True), image)
    assert 0 < np.mean(lines == 0) < 0.3


def test_local_minima_seeded_watershed_is_that_of_scikit_image() -> None:
    image, _ = walls((120, 130), 40, 3)
    spots = filters.gaussian(image, 3, preserve_range=True)
    outline = filters.gaussian(image, 1, preserve_range=True)
    expected = segmentation.watershed(outline, measure.label(morphology.local_minima(spots)))
    found = run(classics.local_minima_seeded_watershed(spot_sigma=3, outline_sigma=1), image)
    assert found.max() == expected.max()
    assert np.mean(found == expected) > 0.99


def test_the_coins_of_the_elevation_map() -> None:
    coins = data.coins()
    markers = np.zeros_like(coins)
    markers[coins < 30], markers[coins > 150] = 1, 2
    grown = segmentation.watershed(filters.sobel(coins), markers)
    expected, n = ndimage.label(ndimage.binary_fill_holes(grown - 1))
    found = run(classics.segment_elevation(low=29, high=150), coins)
    assert found.max() == n
    assert overlap(found > 0, expected > 0) > 0.995
    # 24 coins, and a speck of a few pixels in both
    assert (np.bincount(found.ravel())[1:] > 100).sum() == 24


def test_the_elevation_map_needs_two_levels_or_finds_them(nuclei: np.ndarray) -> None:
    with pytest.raises(ValueError, match="both"):
        classics.segment_elevation(low=3.0)
    found = run(classics.segment_elevation(), nuclei)
    threshold = filters.threshold_otsu(nuclei)
    assert overlap(found > 0, ndimage.gaussian_filter(nuclei, 1) > threshold) > 0.75


def test_opencv_recipe_parts_touching_discs_at_their_edges() -> None:
    y, x = np.indices((90, 130))
    centres = ((30, 30, 16), (30, 56, 15), (65, 90, 18), (60, 30, 9))
    discs = np.any([(y - a) ** 2 + (x - b) ** 2 <= r**2 for a, b, r in centres], axis=0)
    image = ndimage.gaussian_filter(np.where(discs, 150.0, 20.0), 1)
    image += np.random.default_rng(0).normal(0, 3, image.shape)
    found = run(classics.segment_sure_foreground(), image)
    assert found.max() == 4
    assert overlap(found > 0, discs) > 0.95
    assert len({found[a, b] for a, b, _ in centres}) == 4
    dark = run(classics.segment_sure_foreground(objects="dark"), 200 - image)
    assert same_objects(found, dark)


@pytest.mark.parametrize(
    "make",
    [
        classics.voronoi_otsu_labelling,
        classics.gauss_otsu_labelling,
        classics.segment_sure_foreground,
        classics.segment_elevation,
        classics.segment_membranes,
        classics.local_minima_seeded_watershed,
    ],
)
def test_tiles_and_blank_images(make) -> None:
    steps = make()
    assert not run(steps, np.zeros((20, 20))).any()
    coins = data.coins()[:130, :160]
    whole = run(steps, coins)
    assert whole.max() > 1
    np.testing.assert_array_equal(run(steps, coins, tile=48), whole)


@pytest.mark.parametrize("make", [classics.voronoi_otsu_labelling, classics.segment_sure_foreground])
def test_lengths_are_those_of_the_image(make) -> None:
    coins, names = data.coins(), list(make.__kwdefaults__)
    in_pixels = {name: make.__kwdefaults__[name] for name in names}
    halved = {
        name: value / 2 if isinstance(value, float) and name != "fraction" else value
        for name, value in in_pixels.items()
    }
    recipe = ow.Recipe(make(**halved), unit="um")
    *_, last = ow.run(recipe, {"image": (coins, ow.Grid("yx", (0.5, 0.5), "um"))})
    np.testing.assert_array_equal(last.results["objects"].array, run(make(), coins))
