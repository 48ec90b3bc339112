"""A table that is measured in parts, or on threads, is the table of the whole to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from objectwise.core.tiles import boxes
from objectwise.measure.objects import measure_block
from objectwise.measure.parts import measure_some, measure_tiles
from objectwise.measure.scan import join_scans, scan_labels


@pytest.fixture(params=[2, 3])
def case(request, flat_blobs, solid_blobs):
    labels, image = flat_blobs if request.param == 2 else solid_blobs
    image = image.astype(np.float32)
    image[labels == np.unique(labels)[3]] = np.nan
    image.ravel()[::97] = np.nan
    return (
        labels,
        {"a": image, "b": np.nan_to_num(image, nan=7.0).astype(np.uint16)},
        (0.7, 0.5, 0.3)[-labels.ndim :],
    )


def by_runs(labels, images):
    """Return the columns that this is about: whatever families there are."""
    from objectwise.measure.families import choose, groups

    chosen = choose(labels.ndim, list(images), groups())
    return [item.column.name for item in chosen if item.family.by_runs]


def in_tiles(labels, images, cut, spacing, features=None):
    """Measure tile by tile, and return what was found."""
    work = measure_tiles(
        lambda box: labels[box],
        {name: image.__getitem__ for name, image in images.items()},
        cut,
        labels.shape,
        spacing,
        features,
    )
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def assert_same(found, expected):
    assert found[1] == expected[1]
    assert list(found[0]) == list(expected[0])
    for name, column in expected[0].items():
        np.testing.assert_array_equal(found[0][name], column, err_msg=name)
        assert found[0][name].dtype == column.dtype


@pytest.mark.parametrize("tile", [(7, 16, 9), (64, 64, 5), (3, 200, 200)])
def test_tiles(case, tile):
    labels, images, spacing = case
    features = by_runs(labels, images)
    cut = boxes(labels.shape, tile[-labels.ndim :])
    found = in_tiles(labels, images, cut[::-1], spacing, features)
    assert_same(found, measure_block(labels, images, spacing, features))


def test_the_scan_of_tiles_is_that_of_the_block(case):
    labels, _, _ = case
    cut = boxes(labels.shape, (5, 11, 13)[-labels.ndim :])
    joined = join_scans([(scan_labels(labels[box]), box) for box in cut], labels.shape)
    whole = scan_labels(labels)
    for name in ("ids", "runs", "line_starts", "record"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name), err_msg=name)


def test_what_is_not_measured_in_tiles_is_said(monkeypatch):
    from dataclasses import replace

    from objectwise.measure import families

    changed = tuple(replace(family, by_runs=False) for family in families.FAMILIES)
    monkeypatch.setattr(families, "FAMILIES", changed)
    with pytest.raises(ValueError, match=r"features: size looks at more than each object alone"):
        next(measure_tiles(np.empty, {}, [], (5, 5), features=["area"]))


def test_some_objects_again_after_an_edit(case):
    labels, images, spacing = case
    old = ndimage.find_objects(labels)
    edited = labels.copy()
    edit = tuple(slice(n // 3, n // 2) for n in labels.shape)
    edited[edit] = np.where(edited[edit] > 0, 0, np.unique(labels)[-1])
    touched = np.unique(np.concatenate([labels[edit].ravel(), edited[edit].ravel()]))
    touched = touched[touched > 0]
    around = [
        tuple(
            slice(min(one.start, other.start), max(one.stop, other.stop))
            for one, other in zip(old[label - 1], edit, strict=True)
        )
        for label in touched
    ]
    values, reasons = measure_some(edited, touched[::-1], around[::-1], images, spacing)
    expected, why = measure_block(edited, images, spacing)
    rows = np.flatnonzero(np.isin(expected["label"], touched))
    assert 1 < rows.size < expected["label"].size
    for name, column in expected.items():
        if name in values:
            np.testing.assert_array_equal(values[name], column[rows], err_msg=name)
        else:
            assert name.startswith("intensity_n_missing")
    kept = {None, *expected["label"][rows].tolist()}
    some = {
        name: {label: text for label, text in item.items() if label in kept} for name, item in why.items()
    }
    assert reasons == {name: item for name, item in some.items() if item}


def test_some_objects_of_families_that_look_around(case, monkeypatch):
    from dataclasses import replace

    from objectwise.measure import families

    labels, images, spacing = case
    expected, _ = measure_block(labels, images, spacing)
    first, *others = families.FAMILIES
    monkeypatch.setattr(families, "FAMILIES", (replace(first, by_runs=False), *others))
    chosen = expected["label"][[1, 4]]
    found = [ndimage.find_objects(labels)[label - 1] for label in chosen]
    values, _ = measure_some(labels, chosen, found, images, spacing)
    assert list(values) == [name for name in expected if name in values]
    for name, column in values.items():
        np.testing.assert_array_equal(column, expected[name][[1, 4]], err_msg=name)


def test_no_object_is_left(case):
    labels, images, spacing = case
    values, reasons = measure_some(
        labels * 0, [3], [tuple(slice(0, 5) for _ in labels.shape)], images, spacing
    )
    assert all(column.size == 0 for column in values.values())
    # what is said of all objects is true of none, too
    assert all(set(entries) == {None} for entries in reasons.values())


@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_threads_make_no_difference(case, threads, monkeypatch):
    from objectwise.measure import scan

    labels, images, spacing = case
    expected = measure_block(labels, images, spacing)
    monkeypatch.setattr(scan, "FEW_RUNS", 3)
    monkeypatch.setenv("OBJECTWISE_THREADS", threads)
    assert_same(measure_block(labels, images, spacing), expected)
