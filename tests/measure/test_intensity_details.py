"""Distribution, edge and position of the values of images in objects."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from skimage.measure import regionprops_table, shannon_entropy

import objectwise as ow
from objectwise.measure.families import columns_for
from objectwise.measure.objects import measure_block
from tests.measure.truths import truth

GROUPS = ("intensity_distribution", "intensity_edge", "intensity_position")

# what CellProfiler itself takes from another index of the sorted values, or in 3-D from another quantile
SAME_HERE = {
    "intensity_mad": "Intensity_MADIntensity",
    "intensity_median": "Intensity_MedianIntensity",
    "intensity_percentile_25": "Intensity_LowerQuartileIntensity",
    "intensity_percentile_75": "Intensity_UpperQuartileIntensity",
}


def objects_of(labels, image):
    return [image[labels == label].astype(float) for label in np.unique(labels[labels > 0])]


def one(values, feature, dtype=float, **settings):
    """Measure an object that is a row of values."""
    image = np.asarray(values, dtype)[None]
    found, reasons = measure_block(np.ones(image.shape, int), {"a": image}, None, [feature], **settings)
    return found[f"{feature}_a"][0], reasons


@truth(
    "intensity_percentile_5",
    "intensity_percentile_25",
    "intensity_percentile_75",
    "intensity_percentile_95",
    by="closed form",
    tolerance="exact",
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_percentiles_of_a_ramp(dtype):
    labels = np.ones((1, 101), int)
    image = np.random.default_rng(0).permutation(101).astype(dtype)[None]
    found, _ = measure_block(labels, {"a": image}, features="intensity_distribution")
    for percent in (5, 25, 75, 95):
        assert found[f"intensity_percentile_{percent}_a"].tolist() == [percent]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_chosen_percentiles(flat_blobs, dtype):
    labels, image = flat_blobs
    image = (image * (1 if dtype == np.uint8 else 100)).astype(dtype)
    chosen = (0, 1, 2.5, 33, 50, 99, 100)
    found, _ = measure_block(labels, {"a": image}, features="intensity_distribution", percentiles=chosen)
    assert [name for name in found if "percentile" in name] == [
        f"intensity_percentile_{percent:g}_a" for percent in chosen
    ]
    for percent in chosen:
        expected = [np.percentile(inside, percent) for inside in objects_of(labels, image)]
        np.testing.assert_allclose(found[f"intensity_percentile_{percent:g}_a"], expected, rtol=1e-12)


@pytest.mark.parametrize("wrong", [(101.0,), (-1,), (float("nan"),), ("a",)])
def test_percentiles_are_checked(wrong):
    with pytest.raises(ValueError, match="percentiles must be numbers from 0 to 100"):
        measure_block(np.ones((2, 2), int), {"a": np.ones((2, 2))}, percentiles=wrong)


@truth("intensity_mad", by="closed form", tolerance="exact")
def test_median_absolute_deviation_by_hand():
    # the median is 2, the deviations 1, 1, 0, 0, 2, 4 and 7
    assert one([1, 1, 2, 2, 4, 6, 9], "intensity_mad")[0] == 1


@truth(
    "intensity_skewness",
    "intensity_kurtosis",
    "intensity_mode",
    "intensity_entropy",
    by="SciPy",
    tolerance="1e-9 relative",
)
@truth("intensity_entropy", by="scikit-image", tolerance="1e-12 relative, 8-bit images")
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float64])
def test_distribution(flat_blobs, solid_blobs, dtype):
    for labels, image in (flat_blobs, solid_blobs):
        image = image.astype(np.uint8)
        found, reasons = measure_block(labels, {"a": image.astype(dtype)}, features="intensity_distribution")
        inside = objects_of(labels, image)
        np.testing.assert_allclose(found["intensity_mode_a"], [stats.mode(part).mode for part in inside])
        for expected in (
            [shannon_entropy(part) for part in inside],
            [stats.entropy(np.unique(part, return_counts=True)[1], base=2) for part in inside],
        ):
            np.testing.assert_allclose(found["intensity_entropy_a"], expected, rtol=1e-12, atol=1e-12)
        constant = np.array([np.ptp(part) == 0 for part in inside])
        assert (np.isnan(found["intensity_skewness_a"]) == constant).all()
        assert list(reasons.get("intensity_skewness_a", {})) == found["label"][constant].tolist()
        for name, function in (("skewness", stats.skew), ("kurtosis", stats.kurtosis)):
            expected = [function(part) for part in inside if np.ptp(part) > 0]
            np.testing.assert_allclose(
                found[f"intensity_{name}_a"][~constant], expected, rtol=1e-9, atol=1e-12
            )


@pytest.mark.parametrize(
    ("offset", "scale"), [(0, 1), (1e7, 1), (0, 1e-200), (0, 1e200), (-3, 1e-3), (0, 5e-324)]
)
def test_neither_offset_nor_scale_cost_digits(offset, scale):
    # a fifth of the values is 1, the others 0: a Bernoulli distribution
    values = offset + scale * np.repeat([0.0, 1.0], [800, 200])
    assert one(values, "intensity_skewness")[0] == pytest.approx(1.5, rel=1e-9)
    assert one(values, "intensity_kurtosis")[0] == pytest.approx(0.25, rel=1e-9)
    expected = -0.8 * np.log2(0.8) - 0.2 * np.log2(0.2)
    if scale != 5e-324:
        assert one(values, "intensity_entropy")[0] == pytest.approx(expected, rel=1e-12)
    assert one(values, "intensity_mode")[0] == offset


def test_the_whole_range_of_floats():
    largest = np.finfo(float).max
    assert one([-largest, 0, largest], "intensity_percentile_25", percentiles=(25,))[0] == -largest / 2


def test_values_of_a_wide_range_are_counted_into_bins():
    assert one(np.arange(25600), "intensity_entropy", np.uint16)[0] == pytest.approx(8, rel=1e-9)
    # bins are 100 wide, and that from 700 on has one more value
    assert one([*range(0, 25601, 50), 760], "intensity_mode")[0] == (700 + 750 + 760) / 3


@truth("intensity_edge_min", "intensity_edge_max", "intensity_edge_mean", by="closed form", tolerance="exact")
@truth("intensity_edge_std", "intensity_edge_sum", by="closed form", tolerance="exact")
def test_edge_of_a_square():
    labels = np.zeros((9, 9), int)
    labels[2:7, 2:7] = 3
    image = np.full(labels.shape, 50.0)
    image[2:7, 2:7] = 1
    image[3:6, 3:6] = 9
    image[2, 2:7] = 5
    found, _ = measure_block(labels, {"a": image}, features="intensity_edge")
    # of 16 pixels, five are 5
    expected = {"min": 1, "max": 5, "mean": 36 / 16, "std": np.sqrt(55) / 4, "sum": 36}
    assert {name: found[f"intensity_edge_{name}_a"][0] for name in expected} == pytest.approx(expected)


def test_an_object_that_fills_the_image_has_no_edge():
    found, reasons = measure_block(np.full((4, 5), 6), {"a": np.ones((4, 5))}, features="intensity_edge")
    assert np.isnan(found["intensity_edge_mean_a"]).all()
    assert reasons["intensity_edge_sum_a"] == {6: "intensity_edge_sum_a: the object has no edge in the image"}


@truth(
    "intensity_edge_min",
    "intensity_edge_max",
    "intensity_edge_mean",
    "intensity_edge_std",
    "intensity_edge_sum",
    "intensity_min",
    "intensity_max",
    "intensity_mean",
    "intensity_std",
    "intensity_sum",
    "intensity_median",
    "intensity_mad",
    "intensity_percentile_25",
    "intensity_percentile_75",
    "mass_displacement",
    *(f"centroid_weighted_{axis}" for axis in "zyx"),
    *(f"intensity_max_position_{axis}" for axis in "zyx"),
    by="cp_measure",
    tolerance="1e-9 relative",
)
@pytest.mark.parametrize("missing", [False, True])
def test_against_cell_profiler(flat_blobs, solid_blobs, missing):
    theirs = pytest.importorskip("cp_measure.core.measureobjectintensity")
    for labels, image in (flat_blobs, solid_blobs):
        clean = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
        if missing:
            image = np.where(np.random.default_rng(5).random(image.shape) < 0.1, np.nan, image)
        expected = theirs.get_intensity(clean, image)
        found, _ = measure_block(labels, {"a": image}, features=("intensity", *GROUPS))
        for column in columns_for(labels.ndim, ["a"], ("intensity", *GROUPS)):
            name = column.name.removesuffix("_a")
            alias = column.cellprofiler or SAME_HERE.get(name)
            if alias:
                # theirs is 0 where all pixels are missing
                valid = np.isfinite(found[column.name])
                assert valid.mean() > 0.9
                np.testing.assert_allclose(
                    found[column.name][valid], expected[alias][valid], rtol=1e-9, atol=1e-9, err_msg=name
                )


@truth(*(f"centroid_weighted_{axis}" for axis in "zyx"), by="scikit-image", tolerance="1e-9 relative")
@pytest.mark.parametrize("ndim", [2, 3])
def test_weighted_centroid(flat_blobs, solid_blobs, ndim):
    labels, image = flat_blobs if ndim == 2 else solid_blobs
    spacing = (0.5, 0.25) if ndim == 2 else (0.7, 0.5, 0.3)
    found, _ = measure_block(labels, {"a": image}, spacing, "intensity_position")
    expected = regionprops_table(labels, image, properties=["centroid_weighted"], spacing=spacing)
    for axis, name in enumerate("zyx"[3 - ndim :]):
        np.testing.assert_allclose(
            found[f"centroid_weighted_{name}_a"], expected[f"centroid_weighted-{axis}"], rtol=1e-9
        )


@truth(
    "mass_displacement",
    *(f"intensity_max_position_{axis}" for axis in "zyx"),
    by="closed form",
    tolerance="1e-12 relative",
)
def test_displacement_in_physical_units():
    labels = np.zeros((6, 7, 8), int)
    labels[1:4, 1:6, 1:6] = 2
    image = np.ones(labels.shape)
    # 74 more than the others of 149 in all
    image[3, 5, 2] = 75
    found, _ = measure_block(labels, {"a": image}, (2.0, 0.5, 0.25), "intensity_position")
    weight = 74 / 149
    expected = weight * np.hypot(np.hypot(1 * 2.0, 2 * 0.5), 1 * 0.25)
    assert found["mass_displacement_a"][0] == pytest.approx(expected, rel=1e-12)
    assert found["centroid_weighted_z_a"][0] == pytest.approx((2 + weight) * 2.0, rel=1e-12)
    assert [found[f"intensity_max_position_{axis}_a"][0] for axis in "zyx"] == [6.0, 2.5, 0.5]


def test_weightless_objects_have_no_centre_of_mass():
    labels = np.array([[1, 1, 0, 2, 2, 0, 3]])
    image = np.array([[0.0, 0, 9, -4, 1, 9, 5]])
    found, reasons = measure_block(labels, {"a": image}, features="intensity_position")
    assert np.isnan(found["mass_displacement_a"]).tolist() == [True, True, False]
    assert set(reasons) == {"centroid_weighted_y_a", "centroid_weighted_x_a", "mass_displacement_a"}
    assert found["intensity_max_position_x_a"].tolist() == [0, 4, 6]


@pytest.mark.parametrize("shape", [(24, 26), (8, 11, 12)])
@pytest.mark.parametrize("missing", ["ignore", "propagate"])
def test_every_undefined_value_has_a_reason(shape, missing):
    random = np.random.default_rng(7)
    labels = random.integers(0, 90, shape) * (random.random(shape) < 0.6)
    labels[-3:] = 0
    labels[-1, -1] = 99
    image = np.where(random.random(shape) < 0.5, np.nan, random.integers(-1, 2, shape))
    groups = ("intensity", *GROUPS, "intensity_background")
    found, reasons = measure_block(labels, {"a": image}, features=groups, missing=missing)
    n_missing = found["intensity_n_missing_a"]
    for name, column in found.items():
        undefined = found["label"][np.isnan(column.astype(float))].tolist()
        assert undefined == list(reasons.get(name, {})), name
        if missing == "propagate" and column.dtype.kind == "f":
            assert np.isnan(column[n_missing > 0]).all()


def test_missing_pixels_can_be_ignored_or_not():
    labels = np.array([[1, 1, 1, 2, 2, 3]])
    image = np.array([[1, np.nan, 3, 4, 5, np.inf]])
    table = ow.measure(labels, {"a": image}, features=("intensity", "intensity_position"))
    assert table["intensity_mean_a"].tolist()[:2] == [2, 4.5]
    assert table["intensity_n_missing_a"].tolist() == [1, 0, 1]
    assert table["mass_displacement_a"][0] == 0.5
    table = ow.measure(labels, {"a": image}, features=("intensity",), missing="propagate")
    assert np.isnan(table["intensity_mean_a"]).tolist() == [True, False, True]
    assert table.reason(1, "intensity_sum_a") == "intensity_sum_a: a pixel of the object is NaN or infinite"
    assert table["intensity_n_missing_a"].tolist() == [1, 0, 1]


def test_columns_of_an_empty_image():
    labels = np.zeros((5, 6), int)
    groups = (*GROUPS, "intensity_background")
    table = ow.measure(labels, {"a": labels * 1.0}, features=groups, percentiles=(10, 90))
    assert len(table) == 0
    expected = columns_for(2, ["a"], groups, {"percentiles": (10, 90)})
    assert list(table.frame.columns[2:]) == [column.name for column in expected]
    assert "intensity_percentile_90_a" in table.frame
