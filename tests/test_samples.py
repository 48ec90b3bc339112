"""The synthetic samples are what they say: areas and volumes of closed form, known means, always the same."""

from __future__ import annotations

import numpy as np
import pytest

from objectwise.samples import OFFSET, SAMPLES, nuclei_2d, nuclei_3d, nuclei_timelapse


@pytest.fixture(scope="module")
def samples():
    return {name: make() for name, make in SAMPLES.items()}


def counts(truth: np.ndarray, n: int) -> np.ndarray:
    return np.bincount(truth.ravel(), minlength=n + 1)[1:]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_the_same_every_time_and_another_with_another_seed(samples, name):
    again, other = SAMPLES[name](), SAMPLES[name](seed=1)
    np.testing.assert_array_equal(samples[name].image, again.image)
    np.testing.assert_array_equal(samples[name].truth, again.truth)
    assert not np.array_equal(samples[name].truth, other.truth)


@pytest.mark.parametrize("name", SAMPLES)
def test_types_and_grids(samples, name):
    sample = samples[name]
    assert sample.name == name
    assert sample.image.dtype == np.uint16
    assert sample.truth.dtype == np.int32
    assert sample.image.max() < 65_535
    sample.grid.check(sample.image)
    sample.truth_grid.check(sample.truth)
    assert sample.grid.without("c") == sample.truth_grid
    assert sample.grid.unit == "um"
    assert {len(column) for column in sample.table.values()} == {len(sample.table["frame"])}


@pytest.mark.parametrize("name", SAMPLES)
def test_objects_are_numbered_by_their_first_pixel(samples, name):
    labels, first = np.unique(samples[name].truth, return_index=True)
    first = first[labels > 0]
    assert labels[labels > 0].tolist() == list(range(1, first.size + 1))
    assert (np.diff(first) > 0).all()


@pytest.mark.parametrize("name", SAMPLES)
def test_there_is_one_row_for_each_object_in_each_frame(samples, name):
    sample = samples[name]
    truth = sample.truth if "t" in sample.truth_grid.axes else sample.truth[None]
    seen = [(frame, label) for frame in range(len(truth)) for label in np.unique(truth[frame]) if label]
    assert list(zip(sample.table["frame"], sample.table["label"], strict=True)) == seen


@pytest.mark.parametrize("seed", range(4))
def test_areas_are_those_of_ellipses(seed):
    sample = nuclei_2d(seed)
    n = len(sample.table["label"])
    whole = ~sample.table["touches_border"]
    pixel = np.prod(sample.grid.spacing)
    assert 40 <= n <= 52
    assert 0 < np.count_nonzero(~whole) < n / 3
    assert np.isnan(sample.table["area"][~whole]).all()
    ratio = counts(sample.truth, n)[whole] * pixel / sample.table["area"][whole]
    np.testing.assert_allclose(ratio, 1, atol=0.02)


@pytest.mark.parametrize("seed", range(4))
def test_volumes_are_those_of_ellipsoids(seed):
    sample = nuclei_3d(seed)
    n = len(sample.table["label"])
    voxel = np.prod(sample.grid.spacing)
    assert 12 <= n <= 20
    ratio = counts(sample.truth, n) * voxel / sample.table["volume"]
    np.testing.assert_allclose(ratio, 1, atol=0.03)
    for axis in range(3):
        assert not np.take(sample.truth, (0, -1), axis=axis).any()


def test_some_nuclei_touch(samples):
    from scipy import ndimage

    for name in ("nuclei_2d", "nuclei_3d"):
        truth = samples[name].truth
        pieces = ndimage.label(truth > 0, np.ones((3,) * truth.ndim))[1]
        assert 2 <= truth.max() - pieces <= 10


def test_means_are_those_of_the_image_without_noise(samples):
    for name in ("nuclei_2d", "nuclei_3d"):
        sample = samples[name]
        n = len(sample.table["label"])
        total = np.bincount(sample.truth.ravel(), weights=sample.image.ravel(), minlength=n + 1)[1:]
        np.testing.assert_allclose(total / counts(sample.truth, n), sample.table["intensity_mean"], rtol=0.02)


def test_nuclei_are_brighter_than_what_is_around_them(samples):
    for name in ("nuclei_2d", "nuclei_3d"):
        sample = samples[name]
        background = np.median(sample.image[sample.truth == 0])
        assert background > OFFSET
        assert (sample.table["intensity_mean"] > 1.4 * background).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_movie_is_known(seed):
    sample = nuclei_timelapse(seed)
    table, pixel = sample.table, np.prod(sample.grid.spacing)
    assert (sample.grid.interval, sample.grid.interval_unit) == (5.0, "min")
    for row in range(len(table["frame"])):
        frame, label = table["frame"][row], table["label"][row]
        inside = sample.truth[frame] == label
        assert inside.sum() * pixel == pytest.approx(table["area"][row], rel=0.04)
        nuclei, marker = (sample.image[frame, channel][inside].mean() for channel in (0, 1))
        assert nuclei == pytest.approx(table["intensity_mean_nuclei"][row], rel=0.03)
        assert marker == pytest.approx(table["intensity_mean_marker"][row], rel=0.03)
    for axis in (1, 2):
        assert not np.take(sample.truth, (0, -1), axis=axis).any()


def test_nuclei_divide_and_markers_change(samples):
    table = samples["nuclei_timelapse"].table
    number = [np.count_nonzero(table["frame"] == frame) for frame in range(8)]
    assert number[-1] == number[0] + 2
    children = {
        parent: set(table["label"][table["parent"] == parent]) for parent in set(table["parent"]) - {0}
    }
    assert [len(labels) for labels in children.values()] == [2, 2]
    for parent, labels in children.items():
        last = table["frame"][table["label"] == parent].max()
        assert {table["frame"][table["label"] == label].min() for label in labels} == {last + 1}
    change = []
    for label in set(table["label"][table["frame"] == 0]) - set(children):
        level = table["intensity_mean_marker"][table["label"] == label]
        change.append(level[-1] / level[0])
    assert min(change) < 0.8
    assert max(change) > 1.5
