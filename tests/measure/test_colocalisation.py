"""How two channels go together: closed forms, and SciPy, scikit-image and CellProfiler's definitions."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from skimage import measure

import objectwise as ow
from objectwise.measure.colocalisation import find_costes, find_otsu
from objectwise.measure.objects import measure_block
from tests.measure.truths import truth

ABOVE = tuple(f"colocalisation_{name}" for name in ("manders_1", "manders_2", "rwc_1", "rwc_2"))
ALL = (
    tuple(
        f"colocalisation_{name}"
        for name in ("pearson", "spearman", "overlap", "overlap_k1", "overlap_k2", "icq")
    )
    + ABOVE
)


def measured(labels, first, second, method="otsu"):
    """Return the columns without the names of the channels, and the reasons."""
    values, reasons = measure_block(
        labels, {"a": first, "b": second}, features="colocalisation", colocalisation_threshold=method
    )
    values, reasons = (
        {name.removesuffix("_a_b"): item for name, item in found.items()} for found in (values, reasons)
    )
    return values, reasons


@pytest.fixture(params=[2, 3])
def case(request, flat_blobs, solid_blobs):
    """Labels, and two channels that go together in part."""
    labels, image = flat_blobs if request.param == 2 else solid_blobs
    random = np.random.default_rng(4)
    second = 0.5 * image + random.normal(60, 12, image.shape)
    return labels, np.abs(image) + 1, np.abs(second) + 1


@truth(*ALL, by="closed form", tolerance="1e-12")
@pytest.mark.parametrize("method", ["otsu", "costes"])
def test_identical_channels(case, method):
    labels, image, _ = case
    values, reasons = measured(labels, image, 3 * image, method)
    size = np.array([(labels == i).sum() for i in values["label"]])
    for name in ("pearson", "spearman", "overlap", "manders_1", "manders_2", "rwc_1", "rwc_2"):
        column = values[f"colocalisation_{name}"]
        np.testing.assert_allclose(column[~np.isnan(column)], 1, rtol=1e-12)
    np.testing.assert_allclose(values["colocalisation_overlap_k1"], 3, rtol=1e-12)
    np.testing.assert_allclose(values["colocalisation_overlap_k2"], 1 / 3, rtol=1e-12)
    assert (values["colocalisation_icq"][size > 1] == 0.5).all()
    assert set(reasons) <= set(ALL)


def test_negated_and_shifted_channels(case):
    labels, image, _ = case
    values, _ = measured(labels, image, 500 - image)
    several = np.array([(labels == i).sum() > 1 for i in values["label"]])
    for name in ("pearson", "spearman"):
        np.testing.assert_allclose(values[f"colocalisation_{name}"][several], -1, rtol=1e-12)
    assert (values["colocalisation_icq"][several] == -0.5).all()
    # above both thresholds is nothing
    for name in ABOVE:
        assert set(values[name][~np.isnan(values[name])]) <= {0}
    shifted, _ = measured(labels, image, image + 1000)
    for name in ("pearson", "spearman", "manders_1", "rwc_1"):
        column = shifted[f"colocalisation_{name}"][several]
        np.testing.assert_allclose(column[~np.isnan(column)], 1, rtol=1e-12)


@truth(*ALL, by="closed form", tolerance="exact; 1e-14")
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32])
def test_by_hand(dtype):
    # Otsu's thresholds: 0 to 3 below 8 to 10 in both
    first = np.array([[10, 10, 8, 2, 0, 0]], dtype)
    second = np.array([[9, 2, 10, 10, 0, 1]], dtype)
    values, reasons = measured(np.array([[5, 5, 5, 5, 0, 0]]), first, second)
    products, squares = 90 + 20 + 80 + 20, (100 + 100 + 64 + 4, 81 + 4 + 100 + 100)
    # ranks 3 3 2 1 and 2 1 3 3, with equal ones: 2.5 2.5 1 0 and 1 0 2.5 2.5
    expected = {
        "pearson": np.corrcoef(first[0, :4], second[0, :4])[0, 1],
        "spearman": (1 * -0.5 + 1 * -1.5 + -0.5 * 1 + -1.5 * 1) / (1 + 1 + 0.25 + 2.25),
        "overlap": products / np.sqrt(squares[0] * squares[1]),
        "overlap_k1": products / squares[0],
        "overlap_k2": products / squares[1],
        # means 7.5 and 7.75: both above at the first and the third
        "icq": 2 / 4 - 0.5,
        "manders_1": (10 + 8) / 28,
        "manders_2": (9 + 10) / 29,
        # at the first the ranks differ by one of three, at the third, too
        "rwc_1": 2 / 3 * (10 + 8) / 28,
        "rwc_2": 2 / 3 * (9 + 10) / 29,
    }
    for name, value in expected.items():
        assert values[f"colocalisation_{name}"][0] == pytest.approx(value, abs=1e-14), name
    assert reasons == {}


def test_independent_channels_are_not_correlated():
    random = np.random.default_rng(5)
    first, second = random.random((2, 300, 300))
    values, _ = measured(np.ones((300, 300), int), first, second)
    for name in ("pearson", "spearman", "icq"):
        assert abs(values[f"colocalisation_{name}"][0]) < 0.02
    # half of the pixels of each channel are above, whatever the other is
    for name in ("manders_1", "manders_2"):
        assert values[f"colocalisation_{name}"][0] == pytest.approx(0.5, abs=0.01)


@truth("colocalisation_pearson", "colocalisation_spearman", by="SciPy", tolerance="1e-10")
def test_scipy(case):
    labels, first, second = case
    # with ties
    first, second = np.rint(first / 4), np.rint(second / 4)
    values, _ = measured(labels, first, second)
    for index, label in enumerate(values["label"]):
        one, two = first[labels == label], second[labels == label]
        if np.ptp(one) and np.ptp(two):
            assert values["colocalisation_pearson"][index] == pytest.approx(
                stats.pearsonr(one, two)[0], abs=1e-10
            )
            assert values["colocalisation_spearman"][index] == pytest.approx(
                stats.spearmanr(one, two)[0], abs=1e-10
            )


@truth("colocalisation_pearson", "colocalisation_overlap", by="scikit-image", tolerance="1e-10")
@truth("colocalisation_manders_1", "colocalisation_manders_2", by="scikit-image", tolerance="1e-10")
def test_scikit_image(case):
    labels, first, second = case
    values, _ = measured(labels, first, second)
    threshold_1, threshold_2 = find_otsu(first, second)
    for index, label in enumerate(values["label"][:40]):
        inside = labels == label
        if inside.sum() < 3:
            continue
        assert values["colocalisation_overlap"][index] == pytest.approx(
            measure.manders_overlap_coeff(first, second, inside), abs=1e-10
        )
        assert values["colocalisation_pearson"][index] == pytest.approx(
            measure.pearson_corr_coeff(first, second, inside)[0], abs=1e-10
        )
        for name, one, two in (
            ("manders_1", (first, threshold_1), (second, threshold_2)),
            ("manders_2", (second, threshold_2), (first, threshold_1)),
        ):
            signal = inside & (one[0] > one[1])
            if signal.any():
                expected = measure.manders_coloc_coeff(one[0], two[0] > two[1], signal)
                assert values[f"colocalisation_{name}"][index] == pytest.approx(expected, abs=1e-10)


@truth("colocalisation_overlap_k1", "colocalisation_overlap_k2", *ABOVE, by="cp_measure", tolerance="1e-10")
def test_cellprofiler(case):
    """CellProfiler's threshold is a part of an object's maximum: here of an object that is the whole frame."""
    peer = pytest.importorskip("cp_measure.core.measurecolocalization")
    _, first, second = case
    # two brightnesses far apart and the threshold between them, which any part between them finds
    random = np.random.default_rng(6)
    first, second = (
        np.where(random.random(image.shape) < 0.3, 1000, 0) + 0.1 * image for image in (first, second)
    )
    whole = np.ones(first.shape, int)
    values, _ = measured(whole, first, second)
    for name, expected in (
        ("manders", peer.get_correlation_manders_fold(first, second, whole, 30)),
        ("rwc", peer.get_correlation_rwc(first, second, whole, 30)),
        ("overlap_k", peer.get_correlation_overlap(first, second, whole, 0)),
    ):
        one, two = list(expected.values())[-2:]
        joint = "" if name == "overlap_k" else "_"
        assert values[f"colocalisation_{name}{joint}1"][0] == pytest.approx(one[0], rel=1e-10)
        assert values[f"colocalisation_{name}{joint}2"][0] == pytest.approx(two[0], rel=1e-10)


def correlated(shape=(40, 50), seed=7):
    """Return two channels with signal in common above noise that is not, from 0 to 1."""
    random = np.random.default_rng(seed)
    signal = random.random(shape) ** 4
    return 0.2 + 0.5 * signal + 0.1 * random.random(shape), 0.1 + 0.3 * signal + 0.1 * random.random(shape)


def test_the_threshold_of_costes_is_where_correlation_ends():
    first, second = correlated()
    threshold_1, threshold_2 = find_costes(first, second)
    below = (first <= threshold_1) | (second <= threshold_2)
    assert 0.05 < below.mean() < 0.95
    assert stats.pearsonr(first[below], second[below])[0] <= 0
    slope = (threshold_2 - second.mean()) / (threshold_1 - first.mean())
    # the first axis of the ellipse of both channels
    axis = np.linalg.eigh(np.cov(first.ravel(), second.ravel()))[1][:, 1]
    assert slope == pytest.approx(axis[1] / axis[0], rel=1e-9)
    for step in np.linspace(0.002, 0.4, 30):
        higher = (first <= threshold_1 + step) | (second <= threshold_2 + slope * step)
        assert stats.pearsonr(first[higher], second[higher])[0] > 0


@truth(
    "colocalisation_manders_1", "colocalisation_manders_2", by="cp_measure", tolerance="0.5 %, with Costes"
)
def test_costes_of_cellprofiler():
    peer = pytest.importorskip("cp_measure.core.measurecolocalization")
    first, second = correlated((20, 30))
    expected = peer.linear_costes(None, None, first.ravel(), second.ravel(), 4095, peer.M_ACCURATE)
    # the same pixels lie below, but for the width of a step of the search there
    ours, theirs = ((first < one) | (second < two) for one, two in (find_costes(first, second), expected))
    assert (ours != theirs).sum() <= 2
    values, _ = measured(np.ones(first.shape, int), first, second, "costes")
    found = [values[f"colocalisation_manders_{number}"][0] for number in (1, 2)]
    whole = peer.get_correlation_costes_ind(
        first, second, np.ones(first.shape, bool), peer.M_ACCURATE, scale_max=4095
    )
    np.testing.assert_allclose(found, list(whole.values()), rtol=5e-3)


def test_no_threshold_of_costes_where_the_channels_fall_together():
    first, second = correlated()
    assert np.isnan(find_costes(first, -second)).all()
    labels = np.ones(first.shape, int)
    values, reasons = measured(labels, first, 1 - second, "costes")
    for name in ABOVE:
        assert np.isnan(values[name]).all()
        assert reasons[name][1].endswith("because the channels do not rise together in the frame")
    assert not np.isnan(values["colocalisation_pearson"]).any()


@truth("colocalisation_pearson", by="published", tolerance="0.015")
def test_a_nucleus_by_cellprofiler():
    """The mask that comes with the table has a row more than what CellProfiler measured."""
    if "OBJECTWISE_DATA" not in os.environ:
        pytest.skip("OBJECTWISE_DATA does not name the folder of public test images")
    folder = Path(os.environ["OBJECTWISE_DATA"]) / "multichannel_cp_reference"
    with (folder / "tables" / "NF1_CellProfiler_measurements_transposed.csv").open(newline="") as lines:
        theirs = {row[0]: float(row[4]) for row in csv.reader(lines) if row[0].startswith("Nuclei_")}
    tifffile = pytest.importorskip("tifffile")
    nuclei = measure.label(tifffile.imread(folder / "labels" / "NF1_D6_01_f2.tif") == 2)
    nucleus = nuclei == nuclei[tuple(round(theirs[f"Nuclei_AreaShape_Center_{axis}"]) for axis in "YX")]
    names = ("DAPI", "GFP", "RFP")
    images = dict(zip(names, tifffile.imread(folder / "images" / "NF1_D6_01_f2.tif"), strict=True))
    values, _ = measure_block(nucleus.astype(int), images, features="colocalisation_pearson")
    for pair in ("DAPI_GFP", "DAPI_RFP", "GFP_RFP"):
        expected = theirs[f"Nuclei_Correlation_Correlation_{pair}"]
        assert values[f"colocalisation_pearson_{pair}"][0] == pytest.approx(expected, abs=0.015)


@truth("colocalisation_n_missing", by="closed form", tolerance="exact")
@pytest.mark.parametrize("method", ["otsu", "costes"])
def test_missing_pixels_are_left_out_of_both(case, method):
    labels, first, second = case
    random = np.random.default_rng(8)
    ids = np.unique(labels[labels > 0])
    first, second = first.copy(), second.astype(np.float32)
    first[random.random(labels.shape) < 0.1] = np.nan
    second[random.random(labels.shape) < 0.1] = np.inf
    first[labels == ids[3]] = np.nan
    values, reasons = measured(labels, first, second, method)
    both = np.isfinite(first) & np.isfinite(second)
    missing = [int((~both & (labels == i)).sum()) for i in ids]
    assert values["colocalisation_n_missing"].tolist() == missing
    for name in ALL:
        assert np.isnan(values[name][3])
        assert reasons[name][ids[3]].endswith(
            "every pixel of the object is NaN or infinite in one of both channels"
        )
    alone, _ = measured(np.where(both, labels, 0), first, second, method)
    kept = np.isin(values["label"], alone["label"])
    for name in ALL:
        np.testing.assert_array_equal(values[name][kept], alone[name], err_msg=name)


def test_odd_objects_have_reasons():
    labels = np.array([[1, 2, 2, 3, 3, 3, 4, 4, 0]])
    first = np.array([[5, 1, 2, 0, 0, 0, 7, 9, 100]])
    second = np.array([[3, 4, 4, 1, 2, 3, 8, 5, 200]])
    values, reasons = measured(labels, first, second)
    for name in ("pearson", "spearman", "icq"):
        assert np.isnan(values[f"colocalisation_{name}"]).tolist() == [True, True, True, False]
        assert reasons[f"colocalisation_{name}"][1].endswith("a channel is constant in the object")
    assert np.isnan(values["colocalisation_overlap"]).tolist() == [False, False, True, False]
    assert reasons["colocalisation_overlap"][3].endswith("a channel is 0 in the whole object")
    assert reasons["colocalisation_overlap_k1"][3].endswith("the first channel is 0 in the whole object")
    assert values["colocalisation_overlap_k2"][2] == 0
    for name in ABOVE:
        assert np.isnan(values[name]).all()
        which = "first" if name.endswith("1") else "second"
        assert reasons[name][4].endswith(
            f"the object has no signal above the threshold in the {which} channel"
        )
    values, reasons = measured(labels, np.ones_like(first), second)
    assert "one brightness in the whole frame" in reasons["colocalisation_manders_1"][1]
    values, _ = measured(np.zeros_like(labels), first, second)
    assert all(column.size == 0 for column in values.values())


def test_whole_frames():
    first, second = np.random.default_rng(10).random((2, 3, 20, 30))
    second[1] = first[1] ** 2
    grid = ow.Grid("tyx", (0.5, 0.5), "um")
    whole = np.ones(first.shape, np.uint8)
    table = ow.measure(whole, {"DNA": first, "RNA": second}, grid=grid, features=("colocalisation",)).frame
    assert table[["frame", "label"]].to_numpy().tolist() == [[0, 1], [1, 1], [2, 1]]
    for frame, (one, two) in enumerate(zip(first, second, strict=True)):
        alone, _ = measured(whole[0], one, two)
        for name in ALL:
            assert table[f"{name}_DNA_RNA"][frame] == alone[name][0]
    np.testing.assert_allclose(table["colocalisation_spearman_DNA_RNA"][1], 1, rtol=1e-12)


def test_every_pair_in_order():
    random = np.random.default_rng(9)
    images = dict(zip("cab", random.random((3, 6, 6)), strict=True))
    labels = np.ones((6, 6), int)
    values, _ = measure_block(labels, images, features=["colocalisation_manders_1", "colocalisation_icq_a_b"])
    names = [f"colocalisation_manders_1_{pair}" for pair in ("c_a", "c_b", "a_b")]
    assert list(values) == ["label", *names[:2], names[2], "colocalisation_icq_a_b"]
    with pytest.raises(ValueError, match="needs two images; found 1"):
        measure_block(labels, {"a": images["a"]}, features="colocalisation")


def test_swapped_channels(case):
    labels, first, second = case
    values, _ = measured(labels, first, second)
    swapped, _ = measured(labels, second, first)
    for name, column in values.items():
        other = name[:-1] + {"1": "2", "2": "1"}.get(name[-1], name[-1])
        np.testing.assert_allclose(swapped[other], column, rtol=1e-12, atol=1e-15, err_msg=name)


@pytest.mark.parametrize("method", ["otsu", "costes"])
def test_what_makes_no_difference(case, method):
    labels, first, second = case
    values, _ = measured(labels, first, second, method)
    order = tuple(range(labels.ndim))[::-1]
    shift = (3, -5, 2)[: labels.ndim]
    axes = tuple(range(labels.ndim))
    for name, change in {
        "moved": lambda array: np.roll(array, shift, axes) if array is not labels else array,
        "mirrored": lambda array: array[..., ::-1],
        "swapped": lambda array: array.transpose(order),
    }.items():
        if name == "moved":
            inside = np.pad(labels, 6)
            padded = [np.pad(image, 6, mode="reflect") for image in (first, second)]
            values_here, _ = measured(inside, *padded, method)
            again, _ = measured(*(np.roll(array, shift, axes) for array in (inside, *padded)), method)
        else:
            values_here = values
            again, _ = measured(*(change(array) for array in (labels, first, second)), method)
        for column, expected in values_here.items():
            np.testing.assert_allclose(
                again[column], expected, rtol=1e-9, atol=1e-12, err_msg=f"{name} {column}"
            )
    ids = values["label"]
    table = np.zeros(labels.max() + 1, np.int64)
    table[ids] = 2**33 + np.random.default_rng(1).permutation(ids.size)
    renamed, _ = measured(table[labels], first, second, method)
    rank = np.argsort(table[ids])
    # the thresholds are of the frame, so that other objects make no difference
    alone, _ = measured(np.where(np.isin(labels, ids[::3]), labels, 0), first, second, method)
    for name in ALL:
        np.testing.assert_array_equal(renamed[name], values[name][rank], err_msg=name)
        np.testing.assert_array_equal(alone[name], values[name][::3], err_msg=name)


def test_one_thread_and_two(case, monkeypatch):
    labels, first, second = case
    found = []
    for n in ("1", "2"):
        monkeypatch.setenv("OBJECTWISE_THREADS", n)
        found.append(measured(np.arange(labels.size).reshape(labels.shape) // 7, first, second)[0])
    for name, column in found[0].items():
        np.testing.assert_array_equal(found[1][name], column, err_msg=name)


def test_one_column_alone_is_the_same(case):
    labels, first, second = case
    values, _ = measured(labels, first, second)
    for name in ALL:
        alone, _ = measure_block(labels, {"a": first, "b": second}, features=[name])
        assert list(alone) == ["label", f"{name}_a_b"]
        np.testing.assert_array_equal(alone[f"{name}_a_b"], values[name])
