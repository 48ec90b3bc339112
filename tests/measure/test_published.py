"""Numbers that others published for their own images; the images are not part of this package.

Of ``expected.csv`` all that can be measured is here. Not here: the numbers of objects that a course asks its readers
to find by a watershed (NB_ws_*), which depend on a threshold of their own choice, and those of labels that are merely
counted. Of CellProfiler's table it is the shape of one nucleus. Cells and cytoplasms are missing in the published mask,
which tells cells from background but not from each other, and brightness was measured in images that were corrected for
illumination, which are not published.
"""

from __future__ import annotations

import csv
import math
import os
import re
from pathlib import Path

import numpy as np
import pytest
from skimage.filters import gaussian, threshold_otsu
from skimage.measure import label

import objectwise as ow
from objectwise.measure.families import columns_for
from objectwise.measure.objects import measure_block
from tests.measure.truths import truth

tifffile = pytest.importorskip("tifffile")


@pytest.fixture(scope="module")
def cases():
    folder = os.environ.get("OBJECTWISE_DATA")
    if not folder:
        pytest.skip("OBJECTWISE_DATA does not name the folder of public test images")
    return Path(folder) / "peer_cases"


def published(cases, name):
    with (cases / "tables" / "expected.csv").open(newline="") as lines:
        row = next(row for row in csv.DictReader(lines) if row["case"] == name)
    return row["quantity"], [[float(part) for part in item.split("/")] for item in row["published"].split()]


def read(cases, name):
    return tifffile.imread(cases / "labels" / f"{name}.tif"), tifffile.imread(
        cases / "images" / f"{name}.tif"
    )


@truth("area", by="published", tolerance="1e-9 relative")
@pytest.mark.parametrize("name", ["NB_mitocheck_t1", "NB_mitocheck_t70"])
def test_areas_by_morpholibj(cases, name):
    quantity, expected = published(cases, name)
    assert quantity.startswith("area um2")
    labels, image = read(cases, name)
    values, _ = measure_block(labels, {"a": image}, (0.1, 0.1), ["area"])
    # printed with three decimals
    np.testing.assert_allclose(values["area"], np.ravel(expected), atol=5e-4)


@truth("intensity_mean", by="published", tolerance="as printed")
def test_means_by_morpholibj(cases):
    quantity, expected = published(cases, "NB_nup")
    assert re.match("mean intensity / n pixels", quantity)
    labels, image = read(cases, "NB_nup")
    values, _ = measure_block(labels, {"a": image}, features=["n_pixels", "intensity_mean"])
    mean, n_pixels = np.transpose(expected)
    np.testing.assert_array_equal(values["n_pixels"], n_pixels)
    # printed with four decimals
    np.testing.assert_allclose(values["intensity_mean_a"], mean, atol=5e-5)


@truth("extent", "area_bbox", by="published", tolerance="1e-9 relative")
def test_extents_by_scikit_image(cases):
    """The table of a course; its objects are those of the blobs that it smooths and cuts by Otsu's threshold."""
    with (cases / "tables" / "BIAN_blobs_statistics.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    smooth = gaussian(tifffile.imread(cases / "images" / "BIAN_blobs_imagej.tif"), 2, preserve_range=True)
    values, _ = measure_block(label(smooth > threshold_otsu(smooth)), features=["size", "shape", "position"])
    assert len(rows) == values["label"].size == 61
    box = np.array([[int(row[f"bbox-{number}"]) for number in range(4)] for row in rows])
    for number, name in enumerate(("min_y", "min_x", "max_y", "max_x")):
        np.testing.assert_array_equal(values[f"bbox_{name}"], box[:, number])
    np.testing.assert_array_equal(values["area_bbox"], (box[:, 2:] - box[:, :2]).prod(axis=1))
    for ours, theirs in (("area", "area"), ("extent", "extent"), ("eccentricity", "eccentricity")):
        expected = [float(row[theirs]) for row in rows]
        np.testing.assert_allclose(values[ours], expected, rtol=1e-9 if ours != "eccentricity" else 1e-6)


def test_a_background_by_hand(cases):
    quantity, _ = published(cases, "NB_background")
    x, y, width, height = map(int, re.findall(r"\d+", quantity))
    image = tifffile.imread(cases / "images" / "NB_background.tif")
    labels = np.zeros(image.shape, np.uint8)
    labels[y : y + height, x : x + width] = 1
    values, _ = measure_block(labels, {"a": image}, features=["intensity_mean"])
    # printed with three decimals
    assert values["intensity_mean_a"][0] == pytest.approx(104.182, abs=5e-4)


@pytest.mark.parametrize(
    ("name", "face", "full"),
    [("NB_cc_binary_nuclei", 4, 3), ("NB_cc_binary_spots_3d", 18, 18), ("many_vesicles_binary", 1339, 1319)],
)
def test_numbers_of_components(cases, name, face, full):
    folder = cases if name.startswith("NB") else cases.parent / "odd_inputs"
    mask = tifffile.imread(folder / "images" / f"{name}.tif") > 0
    for connectivity, expected in (("face", face), ("full", full)):
        labels = ow.apply(
            "label_components", mask, grid=ow.Grid("zyx"[-mask.ndim :]), connectivity=connectivity
        )
        assert len(ow.measure(labels, grid=ow.Grid("zyx"[-mask.ndim :]), features=["area"])) == expected


def test_nuclei_above_a_threshold(cases):
    mask = tifffile.imread(cases / "images" / "NB_pcna.tif") >= 5
    assert ow.apply("label_components", ow.apply("remove_small", mask, min_size=100.0)).max() == 2


@pytest.mark.parametrize(("name", "fraction"), [("NB_autothr_a", 0.0770), ("NB_autothr_b", 0.0890)])
def test_fractions_above_an_automatic_threshold(cases, name, fraction):
    mask = ow.apply("threshold_auto", tifffile.imread(cases / "images" / f"{name}.tif"), method="otsu")
    table = ow.apply("summarise_objects", mask.astype(np.uint8), features=("area",))
    assert table.frame["area_fraction"][0] == pytest.approx(fraction, abs=5e-5)


def test_labels_away_from_the_border(cases):
    labels = tifffile.imread(cases / "labels" / "NB_border_noisy_labels.tif")
    before = ow.measure(labels, features=["touches_border"]).frame
    assert (len(before), (~before["touches_border"]).sum()) == (134, 121)


CELLPROFILER = {
    "perimeter_4_neighbour": 1e-9, "form_factor": 0.01, "compactness": 0.01, "radius_inscribed": 0.01,
    "radius_mean": 0.01, "radius_median": 1e-9, "extent": 0.015, "area_bbox": 0.02, "euler_number": 0,
    "area": 0.006, "area_convex": 0.01, "solidity": 0.003, "eccentricity": 0.003, "equivalent_diameter": 0.003,
    "axis_major_length": 0.002, "axis_minor_length": 0.006, "centroid_y": 1e-4, "centroid_x": 1e-4,
    "bbox_min_y": 0, "bbox_min_x": 0, "bbox_max_x": 0,
}  # fmt: skip


@truth(*CELLPROFILER, by="published", tolerance="exact to 2 %, see the test")
def test_a_nucleus_by_cellprofiler(cases):
    """The mask that comes with the table has 4,194 pixels, where CellProfiler measured 4,172, a row less."""
    folder = cases.parent / "multichannel_cp_reference"
    with (folder / "tables" / "NF1_CellProfiler_measurements_transposed.csv").open(newline="") as lines:
        theirs = {
            row[0].removeprefix("Nuclei_"): row[4]
            for row in csv.reader(lines)
            if row[0].startswith("Nuclei_")
        }
    labels = label(tifffile.imread(folder / "labels" / "NF1_D6_01_f2.tif") == 2)
    centre = (round(float(theirs[f"AreaShape_Center_{axis}"])) for axis in "YX")
    nucleus = (labels == labels[tuple(centre)]).astype(np.uint8)
    columns = {column.name: column for column in columns_for(2)}
    values, _ = measure_block(nucleus, features=["size", "shape", "position", "zernike"])
    for name, tolerance in CELLPROFILER.items():
        expected = float(theirs[columns[name].cellprofiler])
        assert values[name][0] == pytest.approx(expected, rel=tolerance), name
    # a row less
    assert values["bbox_max_y"][0] - float(theirs["AreaShape_BoundingBoxMaximum_Y"]) == 1
    assert math.degrees(values["orientation"][0]) == pytest.approx(
        float(theirs["AreaShape_Orientation"]), abs=0.1
    )
    zernike = [column for column in columns_for(2, [], "zernike") if column.name.startswith("zernike_shape")]
    assert len(zernike) == 30
    for column in zernike:
        assert values[column.name][0] == pytest.approx(float(theirs[column.cellprofiler]), abs=0.004)
    # what CellProfiler makes of its own numbers
    area, perimeter = (float(theirs[f"AreaShape_{name}"]) for name in ("Area", "Perimeter"))
    assert float(theirs["AreaShape_FormFactor"]) == pytest.approx(4 * np.pi * area / perimeter**2)
    assert float(theirs["AreaShape_Compactness"]) == pytest.approx(perimeter**2 / (4 * np.pi * area))
    # its pixels are points, ours reach half a pixel farther on both sides
    for size in ("min", "max"):
        more = values[f"feret_diameter_{size}"][0] - float(theirs[f"AreaShape_{size.title()}FeretDiameter"])
        assert 0.7 < more < 2


def test_intensities_by_scikit_image(cases):
    quantity, expected = published(cases, "NB_h2b")
    assert quantity == "area/mean/max"
    labels, image = read(cases, "NB_h2b")
    values, _ = measure_block(labels, {"a": image}, features=["area", "intensity_mean", "intensity_max"])
    area, mean, largest = np.transpose(expected)
    np.testing.assert_array_equal(values["area"], area)
    np.testing.assert_allclose(values["intensity_mean_a"], mean, atol=5e-6)
    np.testing.assert_array_equal(values["intensity_max_a"], largest)
