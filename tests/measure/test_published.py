"""Numbers that others published for their own images; the images are not part of this package."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import numpy as np
import pytest

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


def test_intensities_by_scikit_image(cases):
    quantity, expected = published(cases, "NB_h2b")
    assert quantity == "area/mean/max"
    labels, image = read(cases, "NB_h2b")
    values, _ = measure_block(labels, {"a": image}, features=["area", "intensity_mean", "intensity_max"])
    area, mean, largest = np.transpose(expected)
    np.testing.assert_array_equal(values["area"], area)
    np.testing.assert_allclose(values["intensity_mean_a"], mean, atol=5e-6)
    np.testing.assert_array_equal(values["intensity_max_a"], largest)
