"""Automatic thresholds against SimpleITK, against the published definitions written out, and against theory."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from objectwise.ops import histogram
from objectwise.ops.histogram import find_threshold, of_block
from tests.contract import cases


def two_peaks(share: float = 0.3, seed: int = 0, dtype=np.uint8) -> np.ndarray:
    random = np.random.default_rng(seed)
    bright = random.random((300, 300)) < share
    values = np.where(bright, random.normal(150, 25, bright.shape), random.normal(60, 12, bright.shape))
    return np.clip(values, 0, 255).astype(dtype)


@pytest.mark.parametrize(
    ("method", "other", "within"),
    [
        ("intermodes", "Intermodes", 1),
        ("max_entropy", "MaximumEntropy", 0),
        ("moments", "Moments", 0),
        ("renyi_entropy", "RenyiEntropy", 0),
        ("shanbhag", "Shanbhag", 0),
        ("yen", "Yen", 0),
        # SimpleITK rounds the means, takes log10 in an iteration, or puts the threshold elsewhere in its bin
        ("huang", "Huang", 4),
        ("min_error", "KittlerIllingworth", 6),
        ("otsu", "Otsu", 1),
        ("li", "Li", 3),
        ("isodata", "IsoData", 3),
        ("triangle", "Triangle", 3),
    ],
)
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_thresholds_are_those_of_simpleitk(method: str, other: str, within: float, share: float) -> None:
    import SimpleITK

    image = two_peaks(share)
    found = getattr(SimpleITK, f"{other}ThresholdImageFilter")()
    found.Execute(SimpleITK.GetImageFromArray(image))
    assert abs(of_block(find_threshold, image, method=method) - found.GetThreshold()) <= within


def test_percentile_is_the_median() -> None:
    image = two_peaks(dtype=np.uint16)
    assert of_block(find_threshold, image, method="percentile") == pytest.approx(np.median(image), abs=1)


def test_min_error_finds_where_two_normal_distributions_cross() -> None:
    from scipy.stats import norm

    levels = np.arange(256.0)
    dark, bright = norm(60, 10), norm(130, 25)
    counts = np.round(1e6 * (0.8 * dark.pdf(levels) + 0.2 * bright.pdf(levels)))
    used = np.flatnonzero(counts)
    counts, levels = (values[used[0] : used[-1] + 1] for values in (counts, levels))
    crossing = levels[
        np.argmin(np.abs(0.8 * dark.pdf(levels) - 0.2 * bright.pdf(levels)) + (np.abs(levels - 95) > 35))
    ]
    assert find_threshold(counts, levels, "min_error") == pytest.approx(crossing, abs=2)
    # Otsu's threshold lies between the means, too far into the wider side
    assert find_threshold(counts, levels, "otsu") > crossing + 3


def test_huang_is_least_fuzzy() -> None:
    counts = np.random.default_rng(3).integers(1, 90, 40).astype(float)
    levels = np.arange(40.0)

    def fuzziness(split: int) -> float:
        total = 0.0
        for side in (slice(0, split + 1), slice(split + 1, 40)):
            mean = np.average(levels[side], weights=counts[side])
            u = 1 / (1 + np.abs(levels[side] - mean) / 39)
            with np.errstate(divide="ignore", invalid="ignore"):
                entropy = -u * np.log(u) - np.where(u < 1, (1 - u) * np.log(1 - u), 0)
            total += (entropy * counts[side]).sum()
        return total

    assert find_threshold(counts, levels, "huang") == min(range(39), key=fuzziness)


def test_moments_are_kept() -> None:
    # of an image of two levels, everything below the upper one is dark
    counts = np.array([70, 0, 0, 0, 30])
    assert find_threshold(counts, np.arange(5.0), "moments") in (0, 1, 2, 3)
    image = two_peaks()
    threshold = of_block(find_threshold, image, method="moments")
    # two levels with this share of dark pixels and the same first two moments have the same third one
    values = image / image.max()
    dark = (image <= threshold).mean()
    spread = values.std()
    low = values.mean() - spread * np.sqrt((1 - dark) / dark)
    high = values.mean() + spread * np.sqrt(dark / (1 - dark))
    assert dark * low**3 + (1 - dark) * high**3 == pytest.approx((values**3).mean(), rel=0.01)


@pytest.mark.parametrize("method", histogram._METHODS)
@pytest.mark.parametrize("levels", [(0, 1), (10, 11), (0, 255), (100, 3000)])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_two_levels_are_told_apart_by_every_method(method: str, levels: tuple, share: float) -> None:
    # scikit-image and SimpleITK give the upper one of 0 and 1 for the triangle, and then nothing is above it
    image = np.full((20, 20), levels[0], np.uint16)
    image.ravel()[: int(400 * share)] = levels[1]
    assert levels[0] <= of_block(find_threshold, image, method=method) < levels[1]
    values = image.astype(np.float32)
    assert levels[0] <= of_block(find_threshold, values, method=method) < levels[1]


def test_the_triangle_of_a_tail_without_a_bend_leaves_the_brightest() -> None:
    counts = np.array([9, 9, 1])
    assert find_threshold(counts, np.arange(3.0), "triangle") == 1
    # with a tail it is the bin farthest from the line, as ever
    assert find_threshold(np.array([90, 30, 5, 3, 2, 1]), np.arange(6.0), "triangle") == 2


def test_a_histogram_without_two_peaks_is_refused() -> None:
    with pytest.raises(ValueError, match="two peaks"):
        find_threshold(np.arange(1, 20), np.arange(19.0), "intermodes")


def test_a_shift_of_the_brightness_shifts_the_thresholds() -> None:
    image = two_peaks(dtype=np.uint16)
    for method in histogram._METHODS:
        if method not in ("minimum", "li"):
            plain = of_block(find_threshold, image, method=method)
            assert of_block(find_threshold, image + np.uint16(1000), method=method) == plain + 1000, method


def test_correction_and_bounds() -> None:
    image = two_peaks()
    plain = of_block(find_threshold, image, method="otsu")
    assert of_block(find_threshold, image, method="otsu", correction=1.2) == pytest.approx(1.2 * plain)
    assert of_block(find_threshold, image, method="otsu", lower_bound=140) == 140
    assert of_block(find_threshold, image, method="otsu", correction=2, upper_bound=120) == 120
    with pytest.raises(ValueError, match="at most upper_bound"):
        of_block(find_threshold, image, method="otsu", lower_bound=9, upper_bound=8)


def test_bounds_are_parameters_of_a_step() -> None:
    import objectwise as ow

    image = two_peaks()
    np.testing.assert_array_equal(ow.apply("threshold_auto", image, lower_bound=200.0), image > 200)


@pytest.mark.parametrize("n_classes", [2, 3, 4, 5])
def test_thresholds_between_classes_are_the_best_of_all(n_classes: int) -> None:
    random = np.random.default_rng(n_classes)
    counts = random.integers(0, 50, 24)
    levels = np.sort(random.random(24)) * 100
    used = np.flatnonzero(counts)

    def scatter(cuts: tuple[int, ...]) -> float:
        parts = np.split(used, cuts)
        return sum(
            np.sum(counts[p] * (levels[p] - np.average(levels[p], weights=counts[p])) ** 2) for p in parts
        )

    best = min(combinations(range(1, len(used)), n_classes - 1), key=scatter)
    wanted = [(levels[used[cut - 1]] + levels[used[cut]]) / 2 for cut in best]
    np.testing.assert_allclose(histogram.find_thresholds(counts, levels, n_classes), wanted)


@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_thresholds_between_classes_are_those_of_scikit_image(n_classes: int) -> None:
    from skimage.filters import threshold_multiotsu

    image = cases.image(2, dtype=np.uint8)
    found = of_block(histogram.find_thresholds, image, n_classes=n_classes)
    wanted = threshold_multiotsu(image, n_classes)
    np.testing.assert_array_equal(np.digitize(image, found), np.digitize(image, wanted, right=True))


def test_the_background_is_measured_as_by_sorting() -> None:
    image = np.random.default_rng(0).normal(100, 10, (50, 50)).round().astype(np.uint16)
    image[:3] = 900
    pixels = np.sort(image.ravel())
    chop = round(0.1 * pixels.size)
    pixels = pixels[chop : pixels.size - chop]
    values = {"lower_fraction": 0.1, "upper_fraction": 0.1, "n_deviations": 3.0}
    found = of_block(histogram.find_background, image, average="mean", deviation="standard", **values)
    assert found == pytest.approx(pixels.mean() + 3 * pixels.std())
    found = of_block(histogram.find_background, image, average="median", deviation="median", **values)
    median = np.median(pixels)
    assert found == pytest.approx(median + 3 * np.median(np.abs(pixels - median)))
    found = of_block(histogram.find_background, image, average="mode", deviation="median", **values)
    assert found == pytest.approx(np.bincount(pixels).argmax() + 3 * np.median(np.abs(pixels - median)))
    with pytest.raises(ValueError, match="leave some pixels"):
        of_block(
            histogram.find_background,
            image,
            average="mean",
            deviation="standard",
            **{**values, "upper_fraction": 0.95},
        )
