"""Denoising against scikit-image, a slow twin, and what the minimum of a function must be."""

from __future__ import annotations

import numpy as np
import pytest

import objectwise as ow
from objectwise.ops.denoise import denoise_nlm, denoise_tv


def energy(u: np.ndarray, image: np.ndarray, strength: float, weights: tuple[float, ...]) -> float:
    slopes = [
        weight * np.diff(u, axis=axis, append=np.take(u, [-1], axis)) for axis, weight in enumerate(weights)
    ]
    return float(((u - image) ** 2).sum() / 2 + strength * np.sqrt(sum(s**2 for s in slopes)).sum())


def steps(shape: tuple[int, ...], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    truth = np.full(shape, 20.0)
    truth[tuple(slice(n // 4, 3 * n // 4) for n in shape)] = 80
    return truth, truth + np.random.default_rng(seed).normal(0, 8, shape)


@pytest.mark.parametrize("shape", [(40, 44), (8, 20, 22)])
def test_tv_comes_to_the_minimum_that_scikit_image_finds(shape) -> None:
    from skimage.restoration import denoise_tv_chambolle

    _, image = steps(shape)
    strength = 9.0
    ones = (1.0,) * len(shape)
    # Chambolle's weight is the strength where the image is taken as it is
    peer = denoise_tv_chambolle(image, weight=strength, eps=1e-9, max_num_iter=3000)
    result = denoise_tv(image, strength=strength, n_steps=600)
    ours, theirs = energy(result, image, strength, ones), energy(peer, image, strength, ones)
    assert ours <= theirs * (1 + 1e-6)
    np.testing.assert_allclose(result, peer, atol=1)
    # the default number of steps is near
    near = denoise_tv(image, strength=strength)
    assert energy(near, image, strength, ones) < ours * 1.01


def test_tv_of_a_step_is_known() -> None:
    # the total variation of an interval: each side moves by strength over its length
    image = np.repeat([[10.0] * 8 + [50.0] * 4], 3, axis=0)
    result = denoise_tv(image, strength=4, n_steps=3000)
    np.testing.assert_allclose(result[1], [10 + 4 / 8] * 8 + [50 - 4 / 4] * 4, atol=1e-3)


def test_tv_weighs_differences_with_the_pixel_size() -> None:
    _, image = steps((12, 30, 30))
    spacing = (3.0, 1.0, 1.0)
    result = denoise_tv(image, strength=9, n_steps=300, spacing=spacing)
    weights = (1 / 3, 1.0, 1.0)
    best = energy(result, image, 9, weights)
    random = np.random.default_rng(3)
    for _ in range(20):
        assert energy(result + random.normal(0, 0.3, image.shape), image, 9, weights) > best
    assert best < energy(denoise_tv(image, strength=9, n_steps=300), image, 9, weights)


@pytest.mark.parametrize("name", ["denoise_tv", "denoise_nlm"])
@pytest.mark.parametrize("shape", [(60, 64), (10, 24, 26)])
def test_noise_is_reduced_and_the_edge_is_kept(name, shape) -> None:
    truth, image = steps(shape)
    result = ow.apply(name, image, grid=ow.Grid("zyx"[-len(shape) :]), strength=8.0)
    assert np.abs(result - truth).mean() < 0.45 * np.abs(image - truth).mean()
    inside = truth == 80
    assert result[inside].mean() - result[~inside].mean() > 50


@pytest.mark.parametrize("name", ["denoise_tv", "denoise_nlm"])
def test_nan_stays_and_changes_its_surroundings_little(name) -> None:
    _, image = steps((40, 40))
    holed = image.copy()
    holed[5:8, 30:33] = np.nan
    result, plain = (ow.apply(name, each, strength=8.0) for each in (holed, image))
    np.testing.assert_array_equal(np.isnan(result), np.isnan(holed))
    kept = ~np.isnan(holed)
    assert np.abs(result - plain)[kept].max() < 12
    np.testing.assert_allclose(result[20:, :20], plain[20:, :20], atol=0.05)


def slow_means(image: np.ndarray, strength: float, patch: int, search: int) -> np.ndarray:
    border = patch + search
    padded = np.pad(image, border, mode="edge")
    result = np.zeros(image.shape)
    for place in np.ndindex(image.shape):
        weights = values = 0.0
        centre = np.array(place) + border
        own = padded[tuple(slice(c - patch, c + patch + 1) for c in centre)]
        for step in np.ndindex((2 * search + 1,) * image.ndim):
            other = centre + np.array(step) - search
            if not all(border <= o < border + n for o, n in zip(other, image.shape, strict=True)):
                continue
            patched = padded[tuple(slice(o - patch, o + patch + 1) for o in other)]
            difference = (own - patched) ** 2
            counted = difference[~np.isnan(difference)]
            value = padded[tuple(other)]
            if np.isnan(value) or counted.size == 0:
                continue
            weight = np.exp(-counted.mean() / strength**2)
            weights, values = weights + weight, values + weight * value
        result[place] = np.nan if np.isnan(image[place]) else values / weights
    return result


@pytest.mark.parametrize("shape", [(11, 12), (4, 5, 6)])
@pytest.mark.parametrize("holes", [False, True])
def test_nlm_agrees_with_its_slow_twin(shape, holes) -> None:
    image = np.random.default_rng(4).normal(50, 10, shape)
    if holes:
        image.ravel()[[7, 8, 40]] = np.nan
    result = denoise_nlm(image, strength=12, patch_radius=1, search_radius=2)
    np.testing.assert_allclose(result, slow_means(image, 12, 1, 2), rtol=1e-10)


def test_strength_is_found_and_may_be_zero() -> None:
    image = np.random.default_rng(5).integers(0, 201, (64, 64)).astype(np.uint8)
    *_, last = ow.run(
        ow.Recipe([ow.Step("result", "denoise_tv", {"image": "a"}, {"n_steps": 2})]), {"a": image}
    )
    assert last.results["result"].values[0]["value"] == pytest.approx(10, abs=0.1)
    for function in (denoise_tv, denoise_nlm):
        np.testing.assert_array_equal(function(image, strength=0), image)
        with pytest.raises(ValueError, match="strength must be at least 0"):
            function(image, strength=-1)
