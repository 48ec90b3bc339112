"""Counts and thresholds that others published for their own images; the images are not part of this package."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
import tifffile

import objectwise as ow
from objectwise.ops.classics import (
    gauss_otsu_labelling,
    local_minima_seeded_watershed,
    segment_membranes,
)
from objectwise.ops.histogram import find_threshold, of_block


@pytest.fixture(scope="module")
def data() -> Path:
    folder = os.environ.get("OBJECTWISE_DATA")
    if not folder:
        pytest.skip("OBJECTWISE_DATA does not name the folder of public test images")
    return Path(folder)


def image_of(data: Path, name: str) -> np.ndarray:
    return tifffile.imread(data / "peer_cases" / "images" / f"{name}.tif")


def expected(data: Path, case: str, column: str = "computed_by_us") -> list[float]:
    """Return the numbers that a table of published results gives for a case."""
    with (data / "peer_cases" / "tables" / "expected.csv").open(newline="", encoding="utf-8") as lines:
        text = next(row[column] for row in csv.DictReader(lines) if row["case"] == case)
    return [float(item) for item in text.replace(";", "/").replace(",", "/").split("/")]


def otsu(image: np.ndarray) -> float:
    return of_block(find_threshold, image, method="otsu")


def count(mask: np.ndarray, connectivity: str) -> int:
    grid = ow.Grid("zyx"[-mask.ndim :])
    return int(ow.apply("label_components", mask, grid=grid, connectivity=connectivity).max())


@pytest.mark.parametrize("name", ["NB_cc_binary_nuclei", "BIAN_blobs_imagej", "odd many_vesicles"])
def test_components_by_faces_and_by_corners(data: Path, name: str) -> None:
    if name.startswith("odd"):
        image = tifffile.imread(data / "odd_inputs" / "images" / "many_vesicles_binary.tif")
        wanted = expected(data, name)
    else:
        image = image_of(data, name)
        # the table tells 8 neighbours first for the blobs, and both are the same there
        wanted = expected(data, name) if name.startswith("NB") else [64, 64]
    mask = ow.apply("threshold_auto", image)
    assert [count(mask, "face"), count(mask, "full")] == wanted


def test_components_in_three_dimensions(data: Path) -> None:
    mask = image_of(data, "NB_cc_binary_spots_3d") > 0
    by_faces, _, by_corners = expected(data, "NB_cc_binary_spots_3d")
    assert [count(mask, "face"), count(mask, "full")] == [by_faces, by_corners]


def test_an_offset_does_not_change_what_otsu_finds(data: Path) -> None:
    first, second, share_first, share_second = expected(data, "NB_autothr_a/b")
    images = [image_of(data, f"NB_autothr_{name}") for name in "ab"]
    assert [otsu(image) for image in images] == [first, second]
    shares = [ow.apply("threshold_auto", image).mean() for image in images]
    np.testing.assert_allclose(shares, [share_first, share_second], atol=5e-5)


def test_labels_at_the_border_are_removed(data: Path) -> None:
    labels = tifffile.imread(data / "peer_cases" / "labels" / "NB_border_noisy_labels.tif")
    before, after = expected(data, "NB_border_noisy_labels")
    assert len(np.unique(labels)) - 1 == before
    assert len(np.unique(ow.apply("clear_border", labels))) - 1 == after


def test_two_nuclei_of_one_brightness_are_split_at_their_neck(data: Path) -> None:
    mask = ow.apply("threshold_auto", image_of(data, "NB_ws_same_intensity"))
    assert count(mask, "full") == 1
    labels = ow.apply("split_touching", mask)
    assert labels.max() == expected(data, "NB_ws_same_intensity", "published")[0]
    sizes = np.bincount(labels.ravel())[1:]
    assert sizes.min() > 0.3 * sizes.sum()


@pytest.mark.parametrize("name", ["NB_ws_touching", "NB_ws_noisy"])
def test_two_nuclei_of_different_size_are_split_at_their_neck(data: Path, name: str) -> None:
    """The exercise counts three regions: two nuclei, each with a marker, and the background with one."""
    mask = ow.apply("threshold_auto", image_of(data, name))
    assert count(mask, "full") == 1
    markers = ow.apply("label_components", image_of(data, "NB_ws_noisy_markers"))
    inside = np.unique(markers[mask & (markers > 0)])
    assert len(inside) == markers.max() - 1 == expected(data, name, "published")[0] - 1
    for min_diameter in (5, 10, 20):
        labels = ow.apply("split_touching", mask, min_diameter=min_diameter, min_neck=0.1)
        assert labels.max() == len(inside)
        # each with the marker of one nucleus
        assert len({labels[markers == marker].max() for marker in inside}) == len(inside)


def test_markers_are_grown_into_as_many_regions_as_published(data: Path) -> None:
    image = ow.apply("smooth_gaussian", image_of(data, "NB_ws_noisy"), sigma=1.0)
    markers = ow.apply("label_components", image_of(data, "NB_ws_noisy_markers"))
    regions = ow.apply("watershed_seeded", image, markers, relief="gradient")
    assert sorted(np.unique(regions)) == [1, 2, expected(data, "NB_ws_noisy", "published")[0]]
    nuclei = ow.apply("threshold_auto", image)
    # the background's marker keeps out of the nuclei, and theirs out of the background
    assert np.mean((regions == 3) == ~nuclei) > 0.9


def labels_of(data: Path, name: str) -> np.ndarray:
    return tifffile.imread(data / "peer_cases" / "labels" / f"{name}.tif").astype(int)


def last_of(steps: list[ow.Step], image: np.ndarray) -> np.ndarray:
    *_, last = ow.run(ow.Recipe(steps), {"image": image})
    return last.results[steps[-1].id].array


def matched(reference: np.ndarray, labels: np.ndarray, iou: float) -> int:
    """Return how many objects of a reference have a partner that overlaps them more than this."""
    common = np.zeros((int(reference.max()) + 1, int(labels.max()) + 1))
    np.add.at(common, (reference.ravel(), labels.ravel()), 1)
    both = common.sum(axis=1, keepdims=True) + common.sum(axis=0) - common
    return int((common > iou * np.maximum(both, 1)).sum())


@pytest.mark.parametrize(("name", "sigma", "iou"), [("CLE_membranes", 9.0, 0.9), ("EPI_projected", 4.0, 0.5)])
def test_cells_with_membranes_are_as_many_as_published(
    data: Path, name: str, sigma: float, iou: float
) -> None:
    image = image_of(data, name)
    labels = last_of(local_minima_seeded_watershed(spot_sigma=sigma), image)
    assert labels.max() == expected(data, name)[0]
    assert matched(labels_of(data, name), labels, iou) == labels.max()
    # and by the depth of the hollows, without a size: none is missing that is not at the border or tiny
    by_depth = last_of(segment_membranes(sigma=1.0), image)
    assert matched(labels_of(data, name), by_depth, 0.5) > 0.9 * labels.max()


def test_grains_are_as_many_as_published(data: Path) -> None:
    """The name of the reference tells how it was made: median, white top hat, labels."""
    steps = [
        ow.Step("median", "smooth_median", {"image": "image"}, {"radius": 1.5}),
        ow.Step("flat", "tophat_grey", {"image": "median"}, {"radius": 20.0}),
        ow.Step("mask", "threshold_auto", {"image": "flat"}),
        ow.Step("grains", "label_components", {"mask": "mask"}, {"connectivity": "face"}),
    ]
    labels = last_of(steps, image_of(data, "MLJ_grains"))
    assert labels.max() == expected(data, "MLJ_grains")[0]


def test_blobs_of_both_peers(data: Path) -> None:
    image = image_of(data, "BIAN_blobs_imagej")
    assert last_of(gauss_otsu_labelling(outline_sigma=0.0), image).max() == 64
    assert last_of(gauss_otsu_labelling(outline_sigma=0.5), image).max() == 63


@pytest.mark.parametrize("name", ["split_touching_by_intensity", "split_touching_combined"])
@pytest.mark.parametrize("case", ["NB_ws_touching", "NB_ws_noisy"])
def test_two_nuclei_of_different_brightness_are_split(data: Path, case: str, name: str) -> None:
    """The exercise counts the background as a third region."""
    image = ow.apply("smooth_gaussian", image_of(data, case), sigma=2.0)
    mask = ow.apply("threshold_auto", image)
    labels = ow.apply(name, image, mask)
    assert labels.max() == expected(data, case, "published")[0] - 1
    markers = ow.apply("label_components", image_of(data, "NB_ws_noisy_markers"))
    inside = np.unique(markers[mask & (markers > 0)])
    assert len({labels[markers == marker].max() for marker in inside}) == len(inside) == 2


def test_even_brightness_is_split_by_the_shape_in_it(data: Path) -> None:
    image = image_of(data, "NB_ws_same_intensity")
    mask = ow.apply("threshold_auto", image)
    assert ow.apply("split_touching_by_intensity", image, mask).max() == 1
    labels = ow.apply("split_touching_combined", image, mask)
    assert labels.max() == expected(data, "NB_ws_same_intensity", "published")[0]


@pytest.mark.parametrize("relief", ["image", "inverted", "gradient"])
def test_each_nucleus_grows_into_a_cell(data: Path, relief: str) -> None:
    image, nuclei = image_of(data, "NB_ws_tubulin"), labels_of(data, "NB_ws_tubulin")
    mask = image_of(data, "NB_ws_tubulin_mask") > 0
    ids = np.unique(nuclei[nuclei > 0])
    assert len(ids) == 11
    for cells in (
        ow.apply("watershed_seeded", image, nuclei, mask, relief=relief),
        ow.apply("watershed_compact", image, nuclei, mask, relief=relief),
        ow.apply("grow_by_propagation", image, nuclei, mask),
        ow.apply("grow_by_distance", nuclei, mask, distance=300.0),
    ):
        np.testing.assert_array_equal(np.unique(cells[cells > 0]), ids)
        np.testing.assert_array_equal(cells[(nuclei > 0) & mask], nuclei[(nuclei > 0) & mask])
        cytoplasm = ow.apply("subtract_objects", cells, nuclei > 0)
        np.testing.assert_array_equal(cytoplasm, np.where(nuclei > 0, 0, cells))
