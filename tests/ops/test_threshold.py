"""Thresholds equal those of scikit-image and SimpleITK, and direct computations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage import data, filters

import objectwise as ow
from objectwise.ops.histogram import find_threshold, of_block

# scikit-image's minimum smooths as many bins as there are levels; here it is 256 at most
METHODS = ["otsu", "li", "triangle", "yen", "isodata", "mean"]


def found(image: np.ndarray, method: str) -> float:
    return of_block(find_threshold, image, method=method)


def peaks(dtype: str, seed: int = 0) -> np.ndarray:
    """Return an image of two well separated levels with noise, scaled to a dtype."""
    random = np.random.default_rng(seed)
    values = np.concatenate([random.normal(0.25, 0.05, 6000), random.normal(0.7, 0.07, 2100)])
    values = np.clip(values, 0, 1)
    scale = {"uint8": 255, "uint16": 4000, "int16": 3000, "int32": 60_000, "float32": 1, "float64": 1}[dtype]
    shift = {"int16": -1500, "int32": -1_000_000}.get(dtype, 0)
    return (values * scale + shift).astype(dtype).reshape(90, 90)


IMAGES = {
    "coins": data.coins,
    "camera": data.camera,
    "page": data.page,
    "moon": data.moon,
    "cell": data.cell,
    "text": data.text,
    "8 bit": lambda: peaks("uint8"),
    "12 bit": lambda: peaks("uint16"),
    "signed": lambda: peaks("int16"),
    "wide": lambda: peaks("int32"),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", IMAGES)
def test_integer_thresholds_are_those_of_scikit_image(name: str, method: str) -> None:
    image = IMAGES[name]()
    reference = getattr(filters, f"threshold_{method}")(image)
    if method == "li":
        # both iterate until a step is below half a level, scikit-image in single precision
        assert found(image, method) == pytest.approx(reference, abs=0.5)
    elif method == "mean":
        assert found(image, method) == pytest.approx(reference, rel=1e-12)
    else:
        assert found(image, method) == reference
    mask = ow.apply("threshold_auto", image, method=method)
    if method != "li" or np.floor(found(image, method)) == np.floor(reference):
        np.testing.assert_array_equal(mask, image > reference)


def test_the_threshold_of_the_coins_is_that_of_the_textbook() -> None:
    assert found(data.coins(), "otsu") == 107


@pytest.mark.parametrize("name", ["coins", "camera", "moon", "8 bit"])
def test_minimum_of_8_bit_is_that_of_scikit_image(name: str) -> None:
    image = IMAGES[name]()
    try:
        reference = filters.threshold_minimum(image)
    except RuntimeError:
        with pytest.raises(ValueError, match="two peaks"):
            found(image, "minimum")
    else:
        assert found(image, "minimum") == reference


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_minimum_lies_in_the_valley_between_two_peaks(dtype: str) -> None:
    image = peaks(dtype)
    scale = image.max() / peaks("float64").max()
    # empty between 0.45 and 0.5: any threshold there separates the two exactly
    assert 0.4 < found(image, "minimum") / scale < 0.55


@pytest.mark.parametrize("method", METHODS)
def test_float_thresholds_are_within_a_bin_of_scikit_image(method: str) -> None:
    image = peaks("float64")
    reference = getattr(filters, f"threshold_{method}")
    value = reference(image) if method in ("li", "mean") else reference(image, nbins=65536)
    # with as many bins as pixels Yen's and the triangle method are ill-conditioned: of the same bins they
    # find the same
    if method in ("yen", "triangle"):
        counts, edges = np.histogram(image, 65536)
        middles = (edges[1:] + edges[:-1]) / 2
        value = find_threshold(counts, middles, method)
    bin_width = np.ptp(image) / 65536
    assert found(image, method) == pytest.approx(value, abs=1.01 * bin_width)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("factor", [2.0**-20, 2.0**12])
def test_brighter_floats_have_a_brighter_threshold(method: str, factor: float) -> None:
    image = peaks("float32")
    assert found(image * np.float32(factor), method) == pytest.approx(
        found(image, method) * factor, rel=1e-12
    )


@pytest.mark.parametrize("method", [*METHODS, "minimum"])
@pytest.mark.parametrize("shift", [-70_000, 12_345])
def test_an_offset_moves_the_threshold_and_nothing_else(method: str, shift: int) -> None:
    image = peaks("uint8").astype(np.int32)
    assert found(image + shift, method) - shift == pytest.approx(found(image, method), abs=1e-6)
    np.testing.assert_array_equal(
        ow.apply("threshold_auto", image + shift, method=method),
        ow.apply("threshold_auto", image, method=method),
    )


@pytest.mark.parametrize(
    ("method", "filter_name"),
    [("otsu", "Otsu"), ("li", "Li"), ("isodata", "IsoData"), ("yen", "Yen"), ("triangle", "Triangle")],
)
def test_simpleitk_finds_the_same_objects(method: str, filter_name: str) -> None:
    import SimpleITK

    image = peaks("uint8")
    tool = getattr(SimpleITK, f"{filter_name}ThresholdImageFilter")()
    tool.SetNumberOfHistogramBins(256)
    tool.SetInsideValue(0)
    tool.SetOutsideValue(1)
    reference = SimpleITK.GetArrayFromImage(tool.Execute(SimpleITK.GetImageFromArray(image))).astype(bool)
    ours = ow.apply("threshold_auto", image, method=method)
    # SimpleITK spreads 256 bins over the range, so that a threshold differs by a few levels
    assert abs(tool.GetThreshold() - found(image, method)) < (12 if method == "triangle" else 5)
    assert np.count_nonzero(ours != reference) < 0.01 * image.size


def test_wide_integers_are_counted_one_by_one() -> None:
    image = np.array([[0, 0, 5, 65_535]], np.int64) + 2**40
    assert found(image, "otsu") == 2**40 + 5
    assert found(image.astype(np.uint64), "otsu") == 2**40 + 5


def test_integers_that_span_more_than_the_bins_are_binned() -> None:
    random = np.random.default_rng(0)
    low, high = random.integers(0, 10**8, 500), random.integers(9 * 10**8, 10**9, 500)
    image = np.concatenate([low, high]).reshape(20, 50)
    # the level with the best split is the bin of the brightest of the dark pixels
    assert found(image, "otsu") == pytest.approx(low.max(), abs=np.ptp(image) / 65536)
    assert np.count_nonzero(ow.apply("threshold_auto", image) != (image > 5 * 10**8)) <= 1


def test_a_bright_outlier_does_not_empty_the_histogram_of_floats() -> None:
    image = peaks("float32")
    image[0, 0] = 1000.0
    # 8 bits of bins would leave one; the threshold moves, but lies between the peaks still
    assert 0.3 < found(image, "li") < 0.65


def test_many_pixels_of_many_levels_do_not_round() -> None:
    """Counts of a large series: single precision would divide by zero here."""
    levels = np.arange(60_001.0)
    counts = np.where(levels < 400, 100, 0)
    counts[0], counts[-1] = 10**9, 3
    for method in METHODS:
        once, often = (find_threshold(counts * n, levels, method) for n in (1, 64))
        assert once == pytest.approx(often, rel=1e-9)
        assert np.isfinite(once)


@pytest.mark.parametrize("method", METHODS)
def test_counts_decide_and_not_the_number_of_pixels(method: str) -> None:
    image = peaks("uint16")
    counts = np.bincount(image.ravel() - image.min())
    levels = np.arange(len(counts), dtype=float)
    assert find_threshold(counts * 10**6, levels, method) == pytest.approx(
        find_threshold(counts, levels, method), abs=0.5 if method == "li" else 1e-6
    )


def test_otsu_is_the_best_of_all_splits() -> None:
    image = peaks("uint8", seed=3)

    def within(threshold: float) -> float:
        sides = image[image <= threshold].astype(float), image[image > threshold].astype(float)
        return sum(side.size * side.var() for side in sides)

    best = min(range(int(image.min()), int(image.max())), key=within)
    assert found(image, "otsu") == best


def test_isodata_lies_midway_between_the_means_of_both_sides() -> None:
    image = peaks("uint16", seed=3).astype(float)
    threshold = found(image.astype(np.uint16), "isodata")
    middle = (image[image <= threshold].mean() + image[image > threshold].mean()) / 2
    assert 0 <= middle - threshold < 1


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_dark_objects_are_all_that_bright_ones_are_not(dtype: str) -> None:
    image = peaks(dtype)
    bright, dark = (ow.apply("threshold_auto", image, objects=objects) for objects in ("bright", "dark"))
    np.testing.assert_array_equal(bright, ~dark)


def test_nan_pixels_belong_to_neither_side() -> None:
    image = peaks("float32")
    blind = image.copy()
    blind[10:20] = np.nan
    blind[30, 0], blind[30, 1] = np.inf, -np.inf
    bright, dark = (ow.apply("threshold_auto", blind, objects=objects) for objects in ("bright", "dark"))
    assert not (bright | dark)[10:20].any()
    assert bright[30, 0]
    assert dark[30, 1]
    finite = blind[np.isfinite(blind)][None]
    assert found(blind, "otsu") == found(finite, "otsu")


def test_one_brightness_has_no_threshold() -> None:
    image = np.full((4, 5), 77, np.uint8)
    assert np.isnan(found(image, "otsu"))
    for objects in ("bright", "dark"):
        assert not ow.apply("threshold_auto", image, objects=objects).any()


def test_two_brightnesses_are_told_apart_by_every_method() -> None:
    image = np.array([[100, 100, 100, 1100, 1100, 100]], np.uint16)
    for method in METHODS:
        np.testing.assert_array_equal(ow.apply("threshold_auto", image, method=method), image == 1100)


def test_minimum_says_what_it_misses() -> None:
    with pytest.raises(ValueError, match=r"step '.*': method 'minimum' needs a histogram with two peaks"):
        ow.apply("threshold_auto", np.arange(256, dtype=np.uint8).reshape(16, 16), method="minimum")


# --- by hand -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize(
    ("lower", "upper"), [(3, 7), (3.5, None), (None, 6.9), (None, None), (-1e9, 1e9), (8, 2)]
)
def test_limits_are_exclusive_below_and_inclusive_above(
    dtype: type, lower: float | None, upper: float | None
) -> None:
    image = np.arange(12).reshape(3, 4).astype(dtype)
    expected = np.ones(image.shape, bool)
    if lower is not None:
        expected &= image.astype(float) > lower
    if upper is not None:
        expected &= image.astype(float) <= upper
    np.testing.assert_array_equal(ow.apply("threshold_manual", image, lower=lower, upper=upper), expected)


def test_an_upper_limit_alone_keeps_black_pixels_too() -> None:
    image = np.array([[0, 3, 9]], np.uint8)
    assert ow.apply("threshold_manual", image, upper=5).tolist() == [[True, True, False]]
    step = ow.Recipe([ow.Step("mask", "threshold_manual", {"image": "a"}, {"upper": 5})])
    assert ow.Recipe.from_toml(step.to_toml()).steps[0].parameters == {"lower": None, "upper": 5}


def test_limits_may_be_infinite() -> None:
    image = np.array([[-np.inf, 0.0, np.inf, np.nan]])
    assert ow.apply("threshold_manual", image, lower=-np.inf).tolist() == [[False, True, True, False]]
    assert ow.apply("threshold_manual", image, upper=np.inf).tolist() == [[True, True, True, False]]


# --- local ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.25), (2.0, 1.0, 0.5)])
def test_the_local_mean_is_that_of_a_box(spacing: tuple[float, ...]) -> None:
    random = np.random.default_rng(4)
    image = random.integers(0, 4000, (30, 34) if len(spacing) == 2 else (9, 20, 22)).astype(np.uint16)
    size = [max(1, 2 * round((5 / step - 1) / 2) + 1) for step in spacing]
    average = ndimage.uniform_filter(image.astype(float), size, mode="nearest")
    ours = ow.apply(
        "threshold_local",
        image,
        grid=ow.Grid("zyx"[-len(spacing) :], spacing),
        diameter=5,
        method="mean",
        offset=20,
    )
    # a pixel on the very threshold may fall either way
    sure = np.abs(image - average - 20) > 1e-2
    np.testing.assert_array_equal(ours[sure], (image > average + 20)[sure])
    assert sure.mean() > 0.999


@pytest.mark.parametrize("objects", ["bright", "dark"])
def test_the_local_gaussian_is_that_of_scikit_image(objects: str) -> None:
    image = data.page()
    # scikit-image takes a standard deviation of (block_size - 1) / 6
    average = filters.threshold_local(image.astype(float), 31, "gaussian", mode="nearest")
    ours = ow.apply("threshold_local", image, diameter=30, method="gaussian", offset=4.0, objects=objects)
    expected = image > average + 4 if objects == "bright" else image < average - 4
    sure = np.abs(np.abs(image - average) - 4) > 1e-3
    np.testing.assert_array_equal(ours[sure], expected[sure])
    assert sure.mean() > 0.999


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.25), (2.0, 1.0, 0.5)])
def test_the_local_median_is_that_of_scipy(spacing: tuple[float, ...], dtype: type) -> None:
    random = np.random.default_rng(4)
    image = random.integers(0, 200, (30, 34) if len(spacing) == 2 else (9, 20, 22)).astype(dtype)
    size = [max(1, 2 * round((5 / step - 1) / 2) + 1) for step in spacing]
    median = ndimage.median_filter(image, size, mode="nearest").astype(float)
    values = {"diameter": 5, "method": "median", "offset": 9.5}
    grid = ow.Grid("zyx"[-len(spacing) :], spacing)
    bright = ow.apply("threshold_local", image, grid=grid, **values)
    np.testing.assert_array_equal(bright, image > median + 9.5)
    dark = ow.apply("threshold_local", image, grid=grid, objects="dark", **values)
    np.testing.assert_array_equal(dark, image < median - 9.5)


def test_a_local_median_is_not_moved_by_a_few_bright_pixels() -> None:
    image = np.full((40, 40), 100, np.uint16)
    image[10:20, 10:20] = 130
    image[22, 15] = 60_000
    found = {
        method: ow.apply("threshold_local", image, diameter=25, method=method, offset=10)[10:20, 10:20].mean()
        for method in ("mean", "median")
    }
    assert found["median"] == 1
    assert found["mean"] == 0


def test_imagej_knows_the_methods_by_these_names() -> None:
    # all of its menu Image > Adjust > Threshold but Default, which is its own IsoData
    names = (
        "Huang Intermodes IsoData Li MaxEntropy Mean MinError Minimum Moments Otsu Percentile RenyiEntropy "
    )
    names += "Shanbhag Triangle Yen"
    record = ow.operations["threshold_auto"]
    assert len(names.split()) == len(record.parameters["method"].choices)
    image = peaks("uint8")
    for name in names.split():
        step = ow.Step("mask", "threshold_auto", {"image": "a"}, {"method": name})
        known = ow.Recipe([step]).steps[0].parameters["method"]
        assert known in record.parameters["method"].choices
        np.testing.assert_array_equal(
            ow.apply("threshold_auto", image, method=name), ow.apply("threshold_auto", image, method=known)
        )


def test_uneven_light_needs_a_local_threshold() -> None:
    """Spots on a steep slope: no single threshold finds them, a local one finds all."""
    y, x = np.mgrid[:120, :120]
    truth = np.hypot((y % 30) - 15, (x % 30) - 15) < 6
    image = 10.0 * x + 120 * ndimage.gaussian_filter(truth.astype(float), 1)
    everywhere = ow.apply("threshold_auto", image)
    local = ow.apply("threshold_local", image, diameter=30, method="mean", offset=40)
    assert np.mean(local == truth) > 0.97 > 0.8 > np.mean(everywhere == truth)
    assert ow.apply("label_components", local).max() == 16
