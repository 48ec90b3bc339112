"""What holds for all that is measured of patterns: texture, granularity, radial spread, Zernike moments, skeletons."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from objectwise.measure.families import FAMILIES, columns_for, groups_by_default
from objectwise.measure.objects import measure_block

GROUPS = ("texture", "granularity", "radial", "zernike", "skeleton")
SETTINGS = {"texture_scale": 1, "n_rings": 3, "n_granularity_steps": 5}
# thinning takes pixels away from one side first
ONE_SIDED = "skeleton_"


def measure(labels, image, spacing=None, features=GROUPS):
    if labels.ndim == 3:
        # Zernike moments are of planes
        features = [name for name in features if name != "zernike"]
    return measure_block(labels, {"a": image}, spacing, features, **SETTINGS)


@pytest.fixture(scope="module", params=[2, 3])
def case(request, flat_blobs, solid_blobs):
    pytest.importorskip("skan")
    labels, image = flat_blobs if request.param == 2 else solid_blobs
    labels, image = np.pad(labels, 3), np.pad(image, 3)
    spacing = (0.3, 0.3) if request.param == 2 else (0.7, 0.5, 0.3)
    return labels, image, spacing, measure(labels, image, spacing)


def assert_same(found, expected, *, but=(), relative=1e-9):
    assert list(found) == list(expected)
    for name, column in expected.items():
        if not name.startswith(but):
            np.testing.assert_allclose(found[name], column, rtol=relative, atol=relative, err_msg=name)


def test_they_are_measured_on_request_alone():
    assert not {column.group for column in columns_for(2, ["a"])} & set(GROUPS)
    assert not set(GROUPS) & set(groups_by_default())


@pytest.mark.parametrize("factor", [4, 0.5])
def test_pixel_size_scales_every_column_by_its_power(case, factor):
    labels, image, spacing, (values, reasons) = case
    scaled, again = measure(labels, image, [factor * length for length in spacing])
    assert again == reasons
    offered = {column.name: column for column in columns_for(labels.ndim, ["a"], GROUPS, SETTINGS)}
    for name in values:
        power = offered[name].power(labels.ndim) if name != "label" else 0
        expected = values[name] * factor**power if power else values[name]
        np.testing.assert_array_equal(scaled[name], expected, err_msg=name)


def test_moving_and_a_larger_image(case):
    labels, image, spacing, (values, _) = case
    around = [(5, 2), (0, 7), (3, 4)][-labels.ndim :]
    larger = measure(np.pad(labels, around), np.pad(image, around), spacing)[0]
    assert_same(larger, values)
    # as far as the box, to the border of the image
    tight = tuple(slice(at.min(), at.max() + 1) for at in np.nonzero(labels))
    assert_same(measure(labels[tight], image[tight], spacing)[0], values)


def test_mirroring(case):
    labels, image, spacing, (values, _) = case
    for axis in range(labels.ndim):
        mirrored, _ = measure(np.flip(labels, axis), np.flip(image, axis), spacing)
        assert_same(mirrored, values, but=(ONE_SIDED,))


def test_swapping_axes(case):
    labels, image, spacing, (values, _) = case
    order = (1, 0) if labels.ndim == 2 else (2, 0, 1)
    swapped, _ = measure(labels.transpose(order), image.transpose(order), [spacing[axis] for axis in order])
    assert_same(swapped, values, but=(ONE_SIDED,))


def test_relabelling(case):
    labels, image, spacing, (values, _) = case
    ids = np.random.default_rng(7).permutation(np.arange(1, 500))[: values["label"].size] * 10**7
    table = np.zeros(labels.max() + 1, np.int64)
    table[values["label"]] = ids
    renamed, _ = measure(table[labels], image, spacing)
    order = np.argsort(ids)
    assert_same(renamed, {name: column[order] for name, column in values.items()}, but=("label",))
    np.testing.assert_array_equal(renamed["label"], np.sort(ids))


def test_other_objects_make_no_difference(case):
    labels, image, spacing, (values, _) = case
    keep = values["label"][::3]
    alone, _ = measure(np.where(np.isin(labels, keep), labels, 0), image, spacing)
    assert_same(alone, {name: column[::3] for name, column in values.items()})


def test_memory_layout_and_type_make_no_difference(case, monkeypatch):
    labels, image, spacing, (values, _) = case
    frozen = labels.copy()
    frozen.flags.writeable = False
    monkeypatch.setenv("OBJECTWISE_THREADS", "1")
    for other, same in ((frozen, np.asfortranarray(image)), (labels.astype(">i8"), image.astype(">f8"))):
        assert_same(measure(other, same, spacing)[0], values, relative=0)
    copies = labels.copy(), image.copy()
    measure(labels, image, spacing)
    np.testing.assert_array_equal(labels, copies[0])
    np.testing.assert_array_equal(image, copies[1])


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, bool])
def test_every_type_of_image(flat_blobs, dtype):
    labels, image = flat_blobs
    image = (image > 100) if dtype is bool else image.astype(dtype)
    assert_same(measure(labels, image)[0], measure(labels, image.astype(np.float64))[0], relative=0)


@pytest.mark.parametrize("ndim", [2, 3])
def test_odd_objects(ndim):
    pytest.importorskip("skan")
    labels = np.zeros((7,) * (ndim - 2) + (40, 50), np.int32)
    plane = labels[3] if ndim == 3 else labels
    plane[0, 0] = 3
    plane[0, 4:6] = 5
    plane[3, 3:15] = 8
    for step in range(8):
        plane[6 + step, 3 + step] = 9
    plane[20:23, 3:6] = plane[30:35, 40:45] = 12
    plane[20:26, 20:26] = 13
    plane[20:26, 26:32] = 14
    plane[38:, 10:20] = 10**9
    image = np.random.default_rng(2).normal(5, 1, labels.shape)
    image[labels == 13] = np.nan
    image[labels == 14] = 2
    image[labels == 12] *= -1
    image[labels == 10**9] = np.where(np.arange(20) % 2, np.inf, 1)
    for these in (labels, np.where(labels == 3, 3, 0), np.where(labels == 13, 13, 0)):
        values, reasons = measure(these, image, (0.5,) * ndim)
        for name, column in values.items():
            assert column.shape == values["label"].shape
            undefined = set(values["label"][np.isnan(column.astype(float))].tolist())
            assert undefined == set(reasons.get(name, {})), name
            for label, text in reasons.get(name, {}).items():
                assert text.startswith(f"{name}: "), label


@pytest.mark.parametrize("shape", [(5, 6), (3, 5, 6), (0, 5)])
def test_no_objects(shape):
    values, reasons = measure(np.zeros(shape, np.uint8), np.zeros(shape))
    assert all(column.shape == (0,) for column in values.values())
    assert not any(reasons.values())


@pytest.mark.parametrize(("feature", "package"), [("skeleton", "skan"), ("skeleton_length", "skan")])
def test_what_is_not_installed_is_refused_before_anything_is_measured(feature, package, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    measured = []
    for family in FAMILIES:
        monkeypatch.setattr(type(family), "found", lambda *args: measured.append(args))
    with pytest.raises(ValueError, match=rf"{package}.*pip install 'napari-objectwise\[measure\]'"):
        measure_block(np.ones((4, 4), int), {"a": np.ones((4, 4))}, None, ["area", feature])
    assert measured == []
