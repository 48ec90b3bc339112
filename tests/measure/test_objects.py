"""The way in: what is asked for, what is refused, and how blocks become a table."""

from __future__ import annotations

import numpy as np
import pytest

from objectwise.measure.families import columns_for, groups_by_default
from objectwise.measure.objects import make_table, measure_block

LABELS = np.array([[0, 1, 1, 0], [0, 1, 1, 3]])
IMAGE = np.arange(8.0).reshape(2, 4)


def names(*args):
    return [column.name for column in columns_for(*args)]


def test_all_columns_in_2d():
    assert names(2, ["DAPI"]) == [
        "n_pixels", "area", "equivalent_diameter", "axis_major_length", "axis_minor_length",
        "feret_diameter_max", "perimeter", "area_convex", "eccentricity", "orientation", "circularity",
        "solidity", "centroid_y", "centroid_x", "bbox_min_y", "bbox_min_x", "bbox_max_y", "bbox_max_x",
        "touches_border",
        "perimeter_4_neighbour", "form_factor", "compactness", "border_fraction",
        "area_filled", "area_bbox", "radius_inscribed", "radius_mean", "radius_median", "extent",
        "euler_number", "n_pieces", "inscribed_centre_y", "inscribed_centre_x",
        "oriented_box_length", "oriented_box_width", "oriented_box_extent", "elongation",
        "feret_diameter_min", "feret_angle_max", "feret_angle_min",
        "smallest_box_length", "smallest_box_width", "smallest_box_angle", "smallest_box_extent",
        "intensity_min_DAPI", "intensity_max_DAPI", "intensity_mean_DAPI",
        "intensity_std_DAPI", "intensity_median_DAPI", "intensity_sum_DAPI",
    ]  # fmt: skip


def test_all_columns_in_3d():
    assert names(3) == [
        "n_pixels", "volume", "equivalent_diameter", "axis_major_length", "axis_middle_length",
        "axis_minor_length", "feret_diameter_max", "volume_convex", "solidity",
        "centroid_z", "centroid_y", "centroid_x", "bbox_min_z", "bbox_min_y", "bbox_min_x",
        "bbox_max_z", "bbox_max_y", "bbox_max_x", "touches_border",
        "surface_area", "compactness", "sphericity", "border_fraction",
        "volume_filled", "volume_bbox", "radius_inscribed", "radius_mean", "radius_median", "extent",
        "euler_number", "n_pieces", "inscribed_centre_z", "inscribed_centre_y", "inscribed_centre_x",
        "oriented_box_length", "oriented_box_width", "oriented_box_height", "oriented_box_extent",
        "elongation", "flatness", "axis_major_direction_z", "axis_major_direction_y",
        "axis_major_direction_x", "axis_minor_direction_z", "axis_minor_direction_y",
        "axis_minor_direction_x", "feret_diameter_min",
        "feret_direction_max_z", "feret_direction_max_y", "feret_direction_max_x",
        "feret_direction_min_z", "feret_direction_min_y", "feret_direction_min_x",
    ]  # fmt: skip


@pytest.mark.parametrize("ndim", [2, 3])
def test_groups_together_are_everything(ndim):
    assert names(ndim, ["a", "b"], groups_by_default()) == names(ndim, ["a", "b"])


def test_the_order_asked_for_does_not_matter():
    assert names(2, ["a"], ["intensity_max", "area", "n_pixels"]) == ["n_pixels", "area", "intensity_max_a"]


def test_nothing_asked_for():
    values, reasons = measure_block(LABELS, {"a": IMAGE}, features=[])
    assert list(values) == ["label"]
    assert reasons == {}


@pytest.mark.parametrize(
    ("feature", "nearest"), [("aera", "area"), ("sizes", "size"), ("intensity_meen_a", "intensity_mean_a")]
)
def test_an_unknown_feature_is_refused_and_the_nearest_named(feature, nearest):
    with pytest.raises(ValueError, match=f"no measurement '{feature}'.*did you mean '{nearest}'"):
        columns_for(2, ["a"], [feature])


@pytest.mark.parametrize("feature", ["intensity", "intensity_mean"])
def test_intensity_without_an_image_is_refused(feature):
    with pytest.raises(ValueError, match="needs an image"):
        measure_block(LABELS, features=[feature])


def test_a_column_of_the_other_dimension_is_nan_with_a_reason():
    values, reasons = measure_block(LABELS[None], features=["perimeter", "bbox_min_y", "n_pixels"])
    assert np.isnan(values["perimeter"]).all()
    assert reasons == {"perimeter": {None: "perimeter: not defined in 3-D"}}
    values, reasons = measure_block(LABELS, features=["bbox_min_z"])
    assert values["bbox_min_z"].dtype == np.float64
    assert reasons == {"bbox_min_z": {None: "bbox_min_z: not defined in 2-D"}}


@pytest.mark.parametrize(
    ("labels", "images", "spacing", "match"),
    [
        (LABELS.astype(float), {}, None, "whole numbers; found the type float64"),
        (LABELS > 0, {}, None, "whole numbers; found the type bool"),
        (-LABELS, {}, None, "must not be negative; found -3"),
        (LABELS[0], {}, None, "2 or 3 spatial axes; found 1"),
        (LABELS, {"DAPI": IMAGE.T}, None, r"image 'DAPI' must have the shape \(2, 4\)"),
        (LABELS, {"DAPI": IMAGE + 1j}, None, "real numbers; found the type complex128"),
        (LABELS, {}, (1.0,), "a length for each of 2 axes"),
        (LABELS, {}, (1.0, 0.0), "spacing must be positive"),
        (LABELS, {}, (1.0, np.nan), "spacing must be positive"),
    ],
)
def test_what_does_not_fit_is_refused(labels, images, spacing, match):
    with pytest.raises(ValueError, match=match):
        measure_block(labels, images, spacing)


def test_table_of_frames():
    later = LABELS * 2
    gap = np.where(LABELS == 3, np.nan, IMAGE)
    blocks = [
        (0, *measure_block(LABELS, {"a": IMAGE}, (0.5, 0.5))),
        (1, *measure_block(np.zeros_like(LABELS), {"a": IMAGE}, (0.5, 0.5))),
        (2, *measure_block(later, {"a": gap}, (0.5, 0.5))),
    ]
    table = make_table(blocks, 2, ["a"], unit="um")
    assert table.frame[["frame", "label"]].to_numpy().tolist() == [[0, 1], [0, 3], [2, 2], [2, 6]]
    assert list(table.frame.columns) == ["frame", "label", *names(2, ["a"]), "intensity_n_missing_a"]
    assert table.frame["intensity_n_missing_a"].tolist() == [0, 0, 0, 1]
    assert table.frame["n_pixels"].dtype == table.frame["bbox_min_y"].dtype == np.int64
    assert table.frame["touches_border"].dtype == bool
    assert table.units["area"] == "um^2"
    assert table.units["orientation"] == "rad"
    assert table.units["intensity_n_missing_a"] == "pixel"
    assert "every pixel" in table.reason(6, "intensity_mean_a", 2)
    assert "one pixel" in table.reason(3, "eccentricity", 0)
    assert table.reason(1, "area") == ""


@pytest.mark.parametrize(
    "blocks", [[], [(0, *measure_block(np.zeros((2, 3, 4), int), {"a": np.zeros((2, 3, 4))}))]]
)
def test_table_without_objects(blocks):
    table = make_table(blocks, 3, ["a"], unit="nm")
    assert len(table) == 0
    assert list(table.frame.columns) == ["frame", "label", *names(3, ["a"])]
    assert [dtype.kind for dtype in table.frame.dtypes[:4]] == ["i", "i", "i", "f"]
    assert table.units["volume"] == "nm^3"


def test_table_of_one_feature():
    table = make_table([(0, *measure_block(LABELS, features="perimeter"))], 2, features="perimeter")
    assert list(table.frame.columns) == ["frame", "label", "perimeter"]
    assert table.units["perimeter"] == "pixel"


def test_libraries_are_imported_when_they_are_needed():
    import subprocess
    import sys

    code = (
        "import sys, numpy; from objectwise.measure.objects import measure_block; "
        "assert 'numba' not in sys.modules and 'scipy' not in sys.modules; "
        "measure_block(numpy.ones((3, 3), int), features='size'); "
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
