"""Objects chosen, against scikit-image and the table of measurements."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.measure import regionprops_table

import objectwise as ow
from objectwise.ops import selection
from tests.contract import cases


def ids(labels):
    return set(np.unique(labels).tolist()) - {0}


@pytest.mark.parametrize("ndim", [2, 3])
def test_sizes_are_those_of_scikit_image(ndim):
    labels = cases.labels(ndim)
    table = regionprops_table(labels, properties=("label", "num_pixels"))
    size = dict(zip(table["label"], table["num_pixels"], strict=True))
    spacing = (0.5,) * ndim
    unit = 0.5**ndim
    low, high = np.quantile(list(size.values()), [0.3, 0.7])
    found = selection.filter_labels_by_size(
        labels, min_size=low * unit, max_size=high * unit, spacing=spacing
    )
    assert ids(found) == {label for label, n in size.items() if low <= n <= high}
    np.testing.assert_array_equal(found[found > 0], labels[found > 0])
    found = selection.remove_large(labels, max_size=low * unit, spacing=spacing)
    assert ids(found) == {label for label, n in size.items() if n <= low}
    ranked = sorted(size, key=lambda label: (-size[label], label))
    for n in (0, 1, 3, 500):
        assert ids(selection.keep_largest(labels, n_objects=n)) == set(ranked[:n])


def test_limits_belong_to_the_range():
    labels = np.array([[3, 0, 5, 5, 0, 7, 7, 7]])
    # 0.1 * 3 is a little more than 0.3
    found = selection.filter_labels_by_size(labels, min_size=0.2, max_size=0.3, spacing=(1.0, 0.1))
    assert ids(found) == {5, 7}
    np.testing.assert_array_equal(
        selection.filter_labels_by_size(labels, min_size=None, max_size=None), labels
    )


def test_the_largest_piece_of_a_mask():
    mask = np.zeros((9, 9), bool)
    mask[1:3, 1:3] = mask[5:8, 5:8] = mask[0, 8] = True
    kept = selection.keep_largest(mask)
    assert kept.dtype == bool
    assert kept.sum() == 9
    assert selection.keep_largest(mask, n_objects=2).sum() == 13


@pytest.mark.parametrize("ndim", [2, 3])
def test_faces_one_by_one(ndim):
    shape = (7, 8, 9)[-ndim:]
    labels = np.zeros(shape, int)
    middle = tuple(n // 2 for n in shape)
    faces = ["first_plane", "last_plane", "top", "bottom", "left", "right"][-2 * ndim :]
    for number, _ in enumerate(faces):
        place = list(middle)
        place[number // 2] = 0 if number % 2 == 0 else shape[number // 2] - 1
        labels[tuple(place)] = number + 1
    labels[middle] = 99
    for number, face in enumerate(faces):
        none = dict.fromkeys(["first_plane", "last_plane", "top", "bottom", "left", "right"], False)
        found = selection.clear_faces(labels, **{**none, face: True})
        assert ids(labels) - ids(found) == {number + 1}
    sides = {number + 1 for number, face in enumerate(faces) if "plane" not in face}
    assert ids(labels) - ids(selection.clear_faces(labels)) == sides


def test_columns_are_those_of_the_table():
    labels, image = cases.labels(2), cases.image(2)
    grid = ow.Grid("yx", (0.5, 0.25), "um")
    frame = ow.measure(labels, {"DAPI": image, "GFP": -image}, grid=grid).frame
    for column in ("area", "circularity", "intensity_mean_DAPI", "intensity_max_GFP"):
        low, high = frame[column].quantile([0.25, 0.8])
        found = ow.apply(
            "filter_labels_by_column",
            labels,
            {"DAPI": image, "GFP": -image},
            grid=grid,
            column=column,
            lower=low,
            upper=high,
        )
        assert ids(found) == set(frame["label"][frame[column].between(low, high)])
    found = selection.filter_labels_by_column(labels, {"DAPI": image}, column="intensity_mean", lower=100)
    frame = frame[frame["intensity_mean_DAPI"] >= 100]
    assert ids(found) == set(frame["label"])


def test_columns_that_are_not_there_are_refused():
    labels = cases.labels(2)
    with pytest.raises(ValueError, match="did you mean 'solidity'"):
        selection.filter_labels_by_column(labels, column="soliditty")
    with pytest.raises(ValueError, match="needs an image"):
        selection.filter_labels_by_column(labels, column="intensity_mean")
    images = {"a": cases.image(2), "b": cases.image(2)}
    with pytest.raises(ValueError, match="must name one image"):
        selection.filter_labels_by_column(labels, images, column="intensity_mean")
    with pytest.raises(ValueError, match="the group 'size'"):
        selection.filter_labels_by_column(labels, column="size")


def test_what_is_not_defined_stays_only_without_limits():
    labels = np.array([[4, 0, 9, 9]])
    np.testing.assert_array_equal(selection.filter_labels_by_column(labels, column="eccentricity"), labels)
    found = selection.filter_labels_by_column(labels, column="eccentricity", lower=0)
    assert ids(found) == {9}


def test_overlap_with_a_region():
    labels, mask = cases.labels(2), cases.mask(2, 4)
    part = {label: mask[labels == label].mean() for label in ids(labels)}
    for low, high in ((0.3, 1), (0, 0), (1, 1), (0.2, 0.7)):
        found = selection.filter_labels_by_overlap(labels, mask, min_fraction=low, max_fraction=high)
        assert ids(found) == {label for label, value in part.items() if low <= value <= high}
