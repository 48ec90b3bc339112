"""What must not change when the image is moved, mirrored, turned, relabelled or given another pixel size."""

from __future__ import annotations

import math
from importlib.util import find_spec

import numpy as np
import pytest

from objectwise.measure.families import columns_for, groups_by_default
from objectwise.measure.objects import measure_block as measure_any
from tests.measure.conftest import blobs

POSITION = (
    "centroid_",
    "bbox_",
    "touches_border",
    "border_fraction",
    "inscribed_centre_",
    "intensity_max_position_",
)
ANGLES = ("orientation", "feret_angle_max", "feret_angle_min", "smallest_box_angle")
DIRECTIONS = (
    "axis_major_direction_",
    "axis_minor_direction_",
    "feret_direction_max_",
    "feret_direction_min_",
)

# what is measured where nothing is asked for, and more
FEATURES = (
    *groups_by_default(),
    "intensity_distribution",
    "intensity_edge",
    "intensity_position",
    "intensity_background",
)

LENGTHS = {"ring_gap": 0.3, "ring_width": 0.7}


def measure_block(labels, images=None, spacing=None, features=None, factor=1):
    """Measure, lengths times a factor."""
    if features is None:
        features = [name for name in FEATURES if images or not name.startswith("intensity")]
    lengths = {name: factor * length for name, length in LENGTHS.items()}
    return measure_any(labels, images, spacing, features, **lengths)


@pytest.fixture(params=[2, 3])
def case(request, flat_blobs, solid_blobs):
    labels, image = flat_blobs if request.param == 2 else solid_blobs
    # away from the border, so that there is room to move; brighter than the background, so that digits are left
    image = image + 50 * (labels > 0)
    return np.pad(labels, 8), np.pad(image, 8), ((0.5, 0.3) if request.param == 2 else (0.7, 0.5, 0.3))


def assert_same(found, expected, *, but=(), relative=0.0):
    assert list(found) == list(expected)
    for name, column in expected.items():
        if not name.startswith(tuple(but)) or not but:
            if relative == 0:
                np.testing.assert_array_equal(found[name], column, err_msg=name)
            else:
                np.testing.assert_allclose(found[name], column, rtol=relative, atol=relative, err_msg=name)


@pytest.mark.parametrize("factor", [2, 0.25, 1024])
def test_pixel_size_scales_every_column_by_its_power(case, factor):
    labels, image, spacing = case
    values, reasons = measure_block(labels, {"a": image}, spacing)
    scaled, again = measure_block(labels, {"a": image}, [factor * length for length in spacing], None, factor)
    assert again == reasons
    for column in columns_for(labels.ndim, ["a"], FEATURES):
        expected = values[column.name] * (
            factor ** column.power(labels.ndim) if column.power(labels.ndim) else 1
        )
        np.testing.assert_array_equal(scaled[column.name], expected, err_msg=column.name)


def test_columns_in_pixels_do_not_depend_on_the_pixel_size(case):
    labels, image, spacing = case
    values, _ = measure_block(labels, {"a": image}, spacing)
    plain, _ = measure_block(labels, {"a": image})
    for column in columns_for(labels.ndim, ["a"], FEATURES):
        # a ring has a physical width
        if column.unit in ("pixel", "intensity") and column.group != "intensity_background":
            np.testing.assert_array_equal(plain[column.name], values[column.name], err_msg=column.name)


def test_moving(case):
    labels, image, spacing = case
    values, _ = measure_block(labels, {"a": image}, spacing)
    shift = (2, -3, 1)[: labels.ndim]
    axes = tuple(range(labels.ndim))
    moved, _ = measure_block(np.roll(labels, shift, axes), {"a": np.roll(image, shift, axes)}, spacing)
    assert_same(moved, values, but=POSITION)
    for axis, steps, length in zip("zyx"[3 - labels.ndim :], shift, spacing, strict=True):
        np.testing.assert_array_equal(moved[f"bbox_min_{axis}"], values[f"bbox_min_{axis}"] + steps)
        names = (
            "centroid_{}",
            "inscribed_centre_{}",
            "centroid_weighted_{}_a",
            "intensity_max_position_{}_a",
        )
        for column in (name.format(axis) for name in names):
            np.testing.assert_allclose(
                moved[column] - values[column], steps * length, rtol=1e-9, err_msg=column
            )


def test_far_from_the_corner_nothing_is_lost():
    labels = np.zeros((40, 60), np.int32)
    y, x = np.indices((20, 20))
    labels[:20, :20][(y - 9.3) ** 2 + 0.5 * (y - 9) * (x - 10) + 0.6 * (x - 10) ** 2 < 40] = 1
    near, _ = measure_block(labels)
    far, _ = measure_block(np.pad(labels, ((7000, 0), (9000, 0))))
    assert_same(far, near, but=POSITION)


def test_mirroring(case):
    labels, image, spacing = case
    values, _ = measure_block(labels, {"a": image}, spacing)
    for axis in range(labels.ndim):
        mirrored, _ = measure_block(np.flip(labels, axis), {"a": np.flip(image, axis)}, spacing)
        assert_same(mirrored, values, but=(*POSITION, *ANGLES, *DIRECTIONS), relative=1e-11)
        name, span = "zyx"[axis - labels.ndim], (labels.shape[axis] - 1) * spacing[axis]
        for column in (f"centroid_{name}", f"centroid_weighted_{name}_a", f"intensity_max_position_{name}_a"):
            np.testing.assert_allclose(mirrored[column], span - values[column], rtol=1e-11, err_msg=column)
        for angle in ANGLES if labels.ndim == 2 else ():
            # the angle turns round; pi/2 and -pi/2 are one direction
            total = mirrored[angle] + values[angle]
            assert (np.isnan(total) == np.isnan(values[angle])).all()
            total = total[~np.isnan(total)]
            assert (np.minimum(np.abs(total), math.pi - np.abs(total)) < 1e-9).all()
        for direction in DIRECTIONS if labels.ndim == 3 else ():
            before, after = (
                np.array([item[direction + name] for name in "zyx"]) for item in (values, mirrored)
            )
            before[axis] *= -1
            assert (np.isnan(before) == np.isnan(after)).all()
            aligned = np.abs((before * after).sum(axis=0))
            np.testing.assert_allclose(aligned[~np.isnan(aligned)], 1, atol=1e-9)


def test_swapping_axes(case):
    labels, image, spacing = case
    values, _ = measure_block(labels, {"a": image}, spacing)
    order = (1, 0) if labels.ndim == 2 else (2, 0, 1)
    swapped, _ = measure_block(
        labels.transpose(order), {"a": image.transpose(order)}, [spacing[axis] for axis in order]
    )
    assert_same(swapped, values, but=(*POSITION, *ANGLES, *DIRECTIONS), relative=1e-11)
    names = "zyx"[3 - labels.ndim :]
    for new, old in enumerate(order):
        for column in ("centroid_", "bbox_min_", "bbox_max_"):
            np.testing.assert_array_equal(swapped[column + names[new]], values[column + names[old]])
        for column in ("centroid_weighted_{}_a", "intensity_max_position_{}_a"):
            np.testing.assert_allclose(
                swapped[column.format(names[new])], values[column.format(names[old])], rtol=1e-12
            )


def test_relabelling(case):
    labels, image, spacing = case
    values, _ = measure_block(labels, {"a": image}, spacing)
    random = np.random.default_rng(7)
    ids = random.permutation(np.arange(1, 500))[: values["label"].size]
    table = np.zeros(labels.max() + 1, np.int64)
    table[values["label"]] = ids
    renamed, _ = measure_block(table[labels], {"a": image}, spacing)
    order = np.argsort(ids)
    assert_same(renamed, {name: column[order] for name, column in values.items()}, but=("label",))
    np.testing.assert_array_equal(renamed["label"], np.sort(ids))


def test_other_objects_make_no_difference(case):
    labels, image, spacing = case
    values, _ = measure_block(labels, {"a": image}, spacing)
    keep = values["label"][::3]
    alone, _ = measure_block(np.where(np.isin(labels, keep), labels, 0), {"a": image}, spacing)
    # a ring is what others leave
    ring = [column.name for column in columns_for(labels.ndim, ["a"], "intensity_background")]
    assert_same(alone, {name: column[::3] for name, column in values.items()}, but=ring)


def test_memory_layout_and_type_make_no_difference(case):
    labels, image, spacing = case
    values, _ = measure_block(labels, {"a": image}, spacing)
    frozen = labels.copy()
    frozen.flags.writeable = False
    strided = np.repeat(labels, 2, axis=-1)[..., ::2]
    for other in (np.asfortranarray(labels), frozen, strided, labels.astype(np.uint16), labels.astype(">i8")):
        again, _ = measure_block(other, {"a": np.asfortranarray(image)}, spacing)
        assert_same(again, values)


def test_inputs_are_not_changed(case):
    labels, image, spacing = case
    copies = labels.copy(), image.copy()
    measure_block(labels, {"a": image}, spacing)
    np.testing.assert_array_equal(labels, copies[0])
    np.testing.assert_array_equal(image, copies[1])
    assert labels.flags.writeable
    assert image.flags.writeable


def test_the_selection_does_not_change_the_values(case):
    labels, image, spacing = case
    values, _ = measure_block(labels, {"a": image}, spacing)
    for name in values:
        if name != "label":
            chosen, _ = measure_block(labels, {"a": image}, spacing, [name])
            assert_same(chosen, {"label": values["label"], name: values[name]})


def test_parts_of_bounded_memory_make_no_difference(case, monkeypatch):
    from objectwise.measure import shape

    labels, image, spacing = case
    values, _ = measure_block(labels, {"a": image}, spacing)
    monkeypatch.setattr(shape, "MAX_LINES", 30)
    monkeypatch.setattr(shape, "MANY_POINTS", 30)
    again, _ = measure_block(labels, {"a": image}, spacing)
    assert_same(again, values)


def everything(ndim, names):
    """Return all columns, those that take a library that is not installed left out."""
    from objectwise.measure.families import choose, groups

    chosen = choose(ndim, names, groups())
    return [item for item in chosen if not item.family.needs or find_spec(item.family.needs)]


@pytest.fixture(params=[2, 3])
def crowd(request):
    """Many objects, two images with missing pixels, and what work is cut into small enough to be cut."""
    labels, image = blobs((150, 170) if request.param == 2 else (16, 64, 72), 6, 1.5)
    first = np.where(np.random.default_rng(1).random(labels.shape) < 0.01, np.nan, image)
    spacing = (0.5, 0.5) if request.param == 2 else (0.7, 0.5, 0.3)
    assert np.unique(labels).size > 140
    return labels, {"a": first, "b": (50 * np.abs(np.diff(image, append=0))).astype(np.uint16)}, spacing


def test_two_threads_measure_what_one_does(crowd, monkeypatch):
    from objectwise.kernels import connected
    from objectwise.measure import scan

    labels, images, spacing = crowd
    features = [item.column.name for item in everything(labels.ndim, list(images))]
    monkeypatch.setattr(scan, "FEW_RUNS", 20)
    monkeypatch.setattr(connected, "_FEW", 20)
    found = []
    for n_threads in ("1", "2", "3"):
        monkeypatch.setenv("OBJECTWISE_THREADS", n_threads)
        found.append(measure_any(labels, images, spacing, features, **LENGTHS))
    for values, reasons in found[1:]:
        assert_same(values, found[0][0])
        assert reasons == found[0][1]


def test_tiles_measure_what_the_whole_does(crowd):
    from objectwise.core.tiles import boxes
    from objectwise.measure.parts import measure_tiles

    labels, images, spacing = crowd
    chosen = everything(labels.ndim, list(images))
    features = [item.column.name for item in chosen if item.family.by_runs]
    left = {item.column.group for item in chosen if not item.family.by_runs}
    assert left == {"neighbours", "colocalisation", "intensity_background"}
    values, reasons = measure_any(labels, images, spacing, features)
    for tile in ((6, 40, 33), (16, 7, 200)):
        work = measure_tiles(
            labels.__getitem__,
            {name: image.__getitem__ for name, image in images.items()},
            boxes(labels.shape, tile[-labels.ndim :]),
            labels.shape,
            spacing,
            features,
        )
        again, why = last_word(work)
        assert_same(again, values)
        assert why == reasons


def last_word(work):
    """Return what a generator returns at its end."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
