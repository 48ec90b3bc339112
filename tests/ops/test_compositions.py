"""A composition finds the objects of an image of which everything is known."""

from __future__ import annotations

import numpy as np
import pytest

import objectwise as ow
from objectwise.samples import nuclei_2d
from tests.ops.shapes import ball, overlap


def found(image: np.ndarray, grid: ow.Grid, **choices: object) -> ow.Result:
    *_, last = ow.run(
        ow.Recipe(ow.find_objects("nuclei", **choices), unit=grid.unit), {"nuclei": (image, grid)}
    )
    (result,) = last.results.values()
    return result


def overlaps(truth: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return for each true object the intersection over union with the one that covers most of it."""
    best = []
    for label in range(1, int(truth.max()) + 1):
        covering = np.bincount(labels[truth == label], minlength=1)
        covering[0] = 0
        best.append(overlap(truth == label, labels == covering.argmax()) if covering.any() else 0.0)
    return np.array(best)


@pytest.mark.parametrize("diameter", [None, 10.0])
@pytest.mark.parametrize("seed", range(3))
def test_synthetic_nuclei_are_found(seed: int, diameter: float | None) -> None:
    sample = nuclei_2d(seed)
    labels = found(sample.image, sample.grid, diameter=diameter).array
    n = int(sample.truth.max())
    assert abs(int(labels.max()) - n) <= 0.1 * n
    match = overlaps(sample.truth, labels)
    assert match.mean() > 0.8
    assert (match > 0.5).mean() > 0.9


def test_dark_objects_are_found_as_bright_ones_are() -> None:
    sample = nuclei_2d()
    bright = found(sample.image, sample.grid).array
    dark = found(sample.image.max() - sample.image, sample.grid, objects="dark").array
    assert (bright > 0).sum() == pytest.approx((dark > 0).sum(), rel=0.01)
    assert abs(int(bright.max()) - int(dark.max())) <= 2


def test_objects_at_the_border_may_be_left_out() -> None:
    sample = nuclei_2d()
    all_of_them, inside = (
        found(sample.image, sample.grid, diameter=10.0, keep_border=keep).array for keep in (True, False)
    )
    rim = np.ones(inside.shape, bool)
    rim[1:-1, 1:-1] = False
    assert not inside[rim].any()
    assert all_of_them[rim].any()
    kept = np.unique(inside)
    np.testing.assert_array_equal(inside[inside > 0], all_of_them[inside > 0])
    assert 1 < len(kept) < all_of_them.max()


def test_dirt_is_removed_and_holes_are_filled() -> None:
    image = np.zeros((80, 80))
    image[ball(image.shape, (30, 30), 12)] = 100
    image[ball(image.shape, (30, 30), 4)] = 0
    image[ball(image.shape, (60, 60), 12)] = 100
    image[5, 70] = image[70, 5] = 100
    grid = ow.Grid("yx")
    for diameter in (None, 24.0):
        labels = found(image, grid, sigma=0.0, diameter=diameter).array
        assert labels.max() == 2
        assert labels[30, 30] == 1
        assert labels[5, 70] == 0


def test_holes_may_stay() -> None:
    image = np.zeros((60, 60))
    image[ball(image.shape, (30, 30), 16)] = 100
    image[ball(image.shape, (30, 30), 3)] = 0
    for threshold in ("local", "global"):
        choices = {"sigma": 0.0, "diameter": 32.0, "min_neck": 1.0, "threshold": threshold}
        assert found(image, ow.Grid("yx"), **choices).array[30, 30] == 1
        assert found(image, ow.Grid("yx"), fill_holes=False, **choices).array[30, 30] == 0


@pytest.mark.parametrize("diameter", [None, 20.0])
def test_a_cutoff_is_a_brightness_of_the_image(diameter: float | None) -> None:
    image = np.tile(100.0 + np.arange(120), (80, 1))  # a slope that any automatic threshold would have to do with
    image[ball(image.shape, (40, 30), 10)] = 400
    image[ball(image.shape, (40, 90), 10)] = 300
    grid = ow.Grid("yx")
    both, one, none = (
        found(image, grid, cutoff=value, sigma=0.0, diameter=diameter).array for value in (250, 350, 500)
    )
    np.testing.assert_array_equal(both > 0, image > 250)
    np.testing.assert_array_equal(one > 0, image > 350)
    assert (both.max(), one.max(), none.max()) == (2, 1, 0)
    dark = found(-image, grid, cutoff=-250, objects="dark", sigma=0.0, diameter=diameter).array
    np.testing.assert_array_equal(dark, both)


def test_the_size_is_that_of_the_disc_of_the_diameter() -> None:
    """A number that is a length, taken for an area, stands for a disc of that diameter."""
    mask = ball((60, 60), (30, 20), 10)
    mask |= ball((60, 60), (30, 50), 4.4)
    area_of_small = int(ball((60, 60), (30, 50), 4.4).sum())
    size = ow.apply("estimate_diameter", mask)
    for share in (0.3, 0.4, 0.5, 0.6):
        recipe = ow.Recipe(
            [
                ow.Step("size", "estimate_diameter", {"mask": "a"}),
                ow.Step("clean", "remove_small", {"objects": "a"}, {"min_size": ow.From("size", share)}),
            ]
        )
        *_, last = ow.run(recipe, {"a": mask})
        stays = area_of_small >= np.pi / 4 * (share * size) ** 2
        assert last.results["clean"].array[30, 50] == stays


@pytest.mark.parametrize("kind", ["normal", "Poisson", "uniform", "volume"])
def test_noise_holds_no_objects(kind: str) -> None:
    random = np.random.default_rng(0)
    images = {
        "normal": random.normal(100, 10, (200, 220)).astype(np.float32),
        "Poisson": random.poisson(3, (200, 220)).astype(np.uint16),
        "uniform": random.random((200, 220)),
        "volume": random.normal(100, 10, (20, 50, 60)).astype(np.float32),
    }
    image = images[kind]
    assert found(image, ow.Grid("zyx"[-image.ndim :])).array.max() == 0


def test_the_coins_are_24() -> None:
    from skimage import data

    assert ow.apply("find_objects", data.coins()).max() == 24
