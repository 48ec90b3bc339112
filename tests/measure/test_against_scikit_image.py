"""Agreement with scikit-image, object by object, wherever it has the same quantity.

Tolerance 1e-9 relative; what scikit-image derives from floating-point moments, 1e-6.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import regionprops_table

from objectwise.measure.families import FAMILIES, columns_for, defaults
from objectwise.measure.objects import measure_block
from tests.measure.conftest import blobs
from tests.measure.truths import truth

SAME = {
    "num_pixels": "n_pixels",
    "equivalent_diameter_area": "equivalent_diameter",
    "perimeter_crofton": "perimeter",
}
MOMENTS = ("axis_", "eccentricity", "orientation")
INTENSITY = ("intensity_min", "intensity_max", "intensity_mean", "intensity_std", "intensity_median")
BOTH = (
    "label", "num_pixels", "area", "centroid", "bbox", "equivalent_diameter_area", "axis_major_length",
    "axis_minor_length", "area_convex", "solidity", "feret_diameter_max", *INTENSITY,
)  # fmt: skip


def our_name(name, ndim):
    axes = "zyx"[3 - ndim :]
    if name.startswith("centroid-"):
        return f"centroid_{axes[int(name[-1])]}"
    if name.startswith("bbox-"):
        number = int(name[-1])
        return f"bbox_{'min' if number < ndim else 'max'}_{axes[number % ndim]}"
    if name.startswith("intensity"):
        return f"{name}_a"
    if ndim == 3 and name.startswith("area"):
        return name.replace("area", "volume")
    return SAME.get(name, name)


def compare(labels, image, spacing, names):
    values, reasons = measure_block(labels, {"a": image}, spacing)
    expected = regionprops_table(labels, image, properties=names, spacing=spacing)
    for name, theirs in expected.items():
        ours = values[our_name(name, labels.ndim)].astype(float)
        undefined = np.isin(values["label"], list(reasons.get(name, {})))
        np.testing.assert_array_equal(np.isnan(ours), undefined, err_msg=name)
        difference = np.abs(ours - theirs)[~undefined]
        if name == "orientation":
            # pi/2 and -pi/2 are one direction
            difference = np.minimum(difference, math.pi - difference)
        tolerance = 1e-6 if name.startswith(MOMENTS) else 1e-9
        scale = np.maximum(np.abs(theirs[~undefined]), 1e-6 if name.startswith(MOMENTS) else 0)
        assert (difference <= tolerance * scale).all(), (name, difference.max())


@truth(
    "area",
    "equivalent_diameter",
    "axis_major_length",
    "axis_minor_length",
    "feret_diameter_max",
    "area_convex",
    "solidity",
    "centroid_y",
    "centroid_x",
    "bbox_min_y",
    "bbox_min_x",
    "bbox_max_y",
    "bbox_max_x",
    "intensity_min",
    "intensity_max",
    "intensity_mean",
    "intensity_std",
    "intensity_median",
    "eccentricity",
    "orientation",
    "perimeter",
    by="scikit-image",
    tolerance="1e-9 relative, 1e-6 for moments",
)
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.3, 0.3), (0.7, 0.2)])
def test_random_blobs(flat_blobs, spacing):
    names = [*BOTH, "eccentricity", "orientation"]
    if spacing[0] == spacing[1]:
        names.append("perimeter_crofton")
    compare(*flat_blobs, spacing, names)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.31, 0.31)])
def test_scattered_pixels(spacing):
    random = np.random.default_rng(8)
    labels = random.integers(0, 9, (30, 25)) * (random.random((30, 25)) < 0.3)
    compare(
        labels,
        random.random(labels.shape),
        spacing,
        [*BOTH, "eccentricity", "orientation", "perimeter_crofton"],
    )


@truth(
    "volume",
    "volume_convex",
    "centroid_z",
    "axis_major_length",
    "axis_minor_length",
    "feret_diameter_max",
    by="scikit-image",
    tolerance="1e-9 relative, 1e-6 for moments",
)
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 0.2, 0.2), (0.7, 0.2, 0.3)])
def test_solid_random_blobs(solid_blobs, spacing):
    labels, image = solid_blobs
    # scikit-image raises on flat objects
    boxes = ndimage.find_objects(labels)
    thick = [i for i, box in enumerate(boxes, 1) if box and min(part.stop - part.start for part in box) > 1]
    labels = np.where(np.isin(labels, thick) & (np.bincount(labels.ravel())[labels] > 8), labels, 0)
    assert len(np.unique(labels)) > 6
    compare(labels, image, spacing, BOTH)


def test_solid_scattered_voxels():
    random = np.random.default_rng(9)
    labels = random.integers(0, 5, (9, 12, 10)) * (random.random((9, 12, 10)) < 0.2)
    compare(labels, random.random(labels.shape), (1.0, 0.5, 0.25), BOTH)


@pytest.mark.parametrize(
    "dtype", [bool, np.uint8, np.int8, np.uint16, np.int16, np.int32, np.uint32, np.float32, ">u2"]
)
def test_types_of_images(flat_blobs, dtype):
    labels, _ = flat_blobs
    random = np.random.default_rng(4)
    image = random.integers(0, 2 if dtype is bool else 120, labels.shape).astype(dtype)
    values, _ = measure_block(labels, {"a": image}, features="intensity")
    expected = regionprops_table(labels, image.astype(float), properties=INTENSITY)
    for name in INTENSITY:
        np.testing.assert_allclose(values[f"{name}_a"], expected[name], rtol=1e-12, atol=1e-12)
    total = ndimage.sum_labels(image.astype(np.int64), labels, values["label"])
    np.testing.assert_array_equal(values["intensity_sum_a"], total)


# Every column that says that scikit-image has it too.

ALIKE = tuple(
    dict.fromkeys(
        column.name
        for family in FAMILIES
        for column in family.columns_with(defaults())
        if column.scikit_image and family.of != "pair"
    )
)
# what scikit-image refuses, and where it deliberately differs; the docs say why, in explanation/other-programs.md
SQUARE_ONLY = ("perimeter", "perimeter_4_neighbour")
PIXELS_ONLY = ("moment_hu_",)
NOT_PHYSICAL = ("moment_normalized_",)


def their_values(column, labels, image, spacing):
    """Return what scikit-image has for a column."""
    base = column.scikit_image.split("-")[0]
    found = regionprops_table(labels, image, properties=[base], spacing=spacing)
    if column.scikit_image in found:
        return found[column.scikit_image]
    axis = "zyx"[3 - labels.ndim :].index(column.name.removesuffix("_a")[-1])
    return found[f"{base}-{axis + (labels.ndim if column.name.startswith('bbox_max') else 0)}"]


def scattered(shape, seed):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 7, shape) * (random.random(shape) < 0.3)
    return labels, random.normal(100, 20, shape)


@pytest.mark.parametrize(
    ("draw", "shape", "spacing"),
    [
        (blobs, (120, 140), (1.0, 1.0)),
        (blobs, (120, 140), (0.3, 0.3)),
        (blobs, (120, 140), (0.7, 0.2)),
        (scattered, (30, 25), (0.2, 0.2)),
        (scattered, (30, 25), (0.2, 0.9)),
        (blobs, (22, 40, 44), (1.0, 1.0, 1.0)),
        (blobs, (22, 40, 44), (0.7, 0.2, 0.3)),
        (scattered, (9, 12, 10), (1.0, 0.5, 0.25)),
    ],
)
def test_every_column_that_it_has(draw, shape, spacing):
    labels, image = draw(shape, 5)
    if labels.ndim == 3:
        # it raises on flat objects
        boxes = ndimage.find_objects(labels)
        flat = [i for i, box in enumerate(boxes, 1) if box and min(s.stop - s.start for s in box) == 1]
        labels = np.where(np.isin(labels, flat), 0, labels)
    values, reasons = measure_block(labels, {"a": image}, spacing, ALIKE)
    square = len(set(spacing)) == 1
    compared = set()
    for column in columns_for(labels.ndim, ["a"], ALIKE):
        name = column.name
        if labels.ndim not in column.dimensions:
            continue
        if (name in SQUARE_ONLY and not square) or (name.startswith(PIXELS_ONLY) and set(spacing) != {1.0}):
            with pytest.raises(NotImplementedError):
                their_values(column, labels, image, spacing)
            continue
        theirs = their_values(column, labels, image, spacing)
        known = ~np.isin(values["label"], list(reasons.get(name, {})))
        difference = np.abs(values[name] - theirs)[known]
        if name.startswith(NOT_PHYSICAL) and not square:
            assert np.mean(difference > 0.1 * np.abs(theirs[known])) > 0.8
            continue
        compared.add(name)
        if name == "orientation":
            difference = np.minimum(difference, math.pi - difference)
        scale = np.abs(theirs[known])
        if name.startswith(("moment_", "orientation")):
            # sums that cancel: of the largest
            scale = np.maximum(scale, scale.max())
        assert (difference <= 1e-9 * scale).all(), name
    assert len(compared) > 30
