"""Objects of two labels layers: who belongs to whom, and what is told of parents and partners."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

import objectwise as ow
from objectwise.core.kinds import compact
from objectwise.kernels.faces import distances_to_surface
from tests.measure.conftest import blobs
from tests.measure.truths import truth


def children_in(parents, seed, n=60):
    """Return discs or balls of a few pixels at random places."""
    random = np.random.default_rng(seed)
    labels = np.zeros(parents.shape, np.int32)
    for number in range(1, n + 1):
        centre = [random.uniform(0, side) for side in parents.shape]
        away = sum((axis - c) ** 2 for axis, c in zip(np.indices(parents.shape), centre, strict=True))
        labels[away < random.uniform(1, 9)] = 3 * number
    return labels


@pytest.fixture(params=[2, 3])
def case(request, flat_blobs, solid_blobs):
    parents = (flat_blobs if request.param == 2 else solid_blobs)[0]
    return children_in(parents, 4), parents, (0.5, 0.25) if request.param == 2 else (2.0, 0.5, 0.25)


def grid_of(spacing):
    return ow.Grid("zyx"[-len(spacing) :], spacing, "um")


# --- parents --------------------------------------------------------------------------------------------


@truth("parent", "parent_overlap", by="pandas", tolerance="exact")
def test_parent_is_the_largest_overlap(case):
    import pandas as pd

    children, parents, spacing = case
    found = ow.apply("relate_objects", children, parents, grid=grid_of(spacing)).frame.set_index("label")
    pixels = pd.DataFrame({"child": children.ravel(), "parent": parents.ravel()}).query("child > 0")
    assert found.index.tolist() == sorted(set(pixels["child"]))
    for child, part in pixels.groupby("child"):
        counts = part.query("parent > 0")["parent"].value_counts()
        best = counts[counts == counts.max()].index.min() if len(counts) else 0
        assert found.loc[child, "parent"] == best
        assert found.loc[child, "parent_overlap"] == (counts.max() / len(part) if len(counts) else 0)
    assert (found["parent"] == 0).any()
    assert (found["parent_overlap"] < 1).any()


@truth("parent_centre_distance", by="SciPy", tolerance="1e-12")
def test_distance_of_the_centres(case):
    children, parents, spacing = case
    found = ow.apply("relate_objects", children, parents, grid=grid_of(spacing)).frame
    for row in found.query("parent > 0").itertuples():
        one, other = (
            np.array(ndimage.center_of_mass(labels == label)) * spacing
            for labels, label in ((children, row.label), (parents, row.parent))
        )
        assert row.parent_centre_distance == pytest.approx(np.linalg.norm(one - other), rel=1e-12, abs=1e-12)


@truth("parent_boundary_distance", by="closed form", tolerance="1e-12")
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (2.0, 0.5), (3.0, 2.0, 0.5)])
def test_distance_from_the_faces_of_a_box(spacing):
    shape = (12, 14, 16)[-len(spacing) :]
    parents = np.zeros(shape, np.int32)
    parents[(slice(2, 11),) * len(shape)] = 5
    children = np.zeros(shape, np.int32)
    random = np.random.default_rng(0)
    for number, pixel in enumerate(random.permutation(np.argwhere(parents))[:20], 1):
        children[tuple(pixel)] = number
    found = ow.apply("relate_objects", children, parents, grid=grid_of(spacing)).frame
    for row in found.itertuples():
        pixel = np.argwhere(children == row.label)[0]
        sides = np.minimum(pixel - 1.5, 10.5 - pixel) * spacing
        assert row.parent_boundary_distance == pytest.approx(sides.min(), rel=1e-12)


def test_centroid_outside_its_parent():
    parents = np.ones((5, 12), int)
    parents[:, 4:] = 0
    children = np.zeros((5, 12), int)
    # an arc, whose centroid lies beyond the parent
    children[0, 2:10] = children[4, 2:10] = 8
    table = ow.apply("relate_objects", children, parents)
    assert table.frame["parent"].tolist() == [1]
    assert table.frame["parent_boundary_distance"].tolist() == [3.5 - 5.5]


def slow_distance(labels, point, owner, spacing):
    """Return the distance from the nearest point of the outside, or of the inside for a point outside."""
    padded = np.pad(labels, 1)
    point = np.asarray(point) + 1
    inside = padded[tuple(np.floor(point + 0.5).astype(int))] == owner
    where = np.argwhere((padded == owner) != inside)
    away = np.maximum(np.abs(where - point) - 0.5, 0) * spacing
    return np.sqrt((away**2).sum(axis=1)).min()


@pytest.mark.parametrize("ndim", [2, 3])
def test_distance_equals_its_slow_twin(ndim):
    labels = compact(blobs((30, 40) if ndim == 2 else (9, 14, 16), 5)[0])[0]
    spacing = (2.0, 1.0, 0.5)[-ndim:]
    random = np.random.default_rng(1)
    points = random.uniform(0, np.array(labels.shape) - 1, (40, ndim))
    owners = random.integers(1, labels.max() + 1, 40)
    found = distances_to_surface(labels, points, owners, spacing)
    expected = [slow_distance(labels, *pair, spacing) for pair in zip(points, owners, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_ties_gaps_and_large_ids():
    ids = np.array([0, 3_000_000_000, 4_000_000_000], np.uint32)
    parents = ids[[[2, 2, 1, 1, 0, 0]]]
    children = ids[[[0, 2, 2, 0, 1, 0]]]
    table = ow.apply("relate_objects", children, parents)
    assert table.frame["label"].tolist() == [3_000_000_000, 4_000_000_000]
    # of two that share as much it is the smaller id
    assert table.frame["parent"].tolist() == [0, 3_000_000_000]
    assert table.frame["parent_overlap"].tolist() == [0, 0.5]
    assert table.reason(3_000_000_000, "parent_centre_distance").endswith("lies in no parent")


def test_pixel_size_scales_each_column_by_its_power(case):
    children, parents, spacing = case
    for name, first, second in (
        ("relate_objects", children, parents),
        ("measure_parents", parents, children),
    ):
        features = {} if name == "relate_objects" else {"features": ("area", "volume", "solidity")}
        one = ow.apply(name, first, second, grid=grid_of(spacing), **features)
        other = ow.apply(name, first, second, grid=grid_of(tuple(4 * s for s in spacing)), **features)
        assert one.units == other.units
        for column, unit in one.units.items():
            power = int(unit.removeprefix("um").removeprefix("^") or 1) if unit.startswith("um") else 0
            if column == "children_ids":
                continue
            expected = one.frame[column] * 4.0**power
            np.testing.assert_array_equal(other.frame[column], expected, err_msg=column)


def test_moved_and_mirrored_relations_are_the_same(case):
    children, parents, spacing = case
    plain = ow.apply("relate_objects", children, parents, grid=grid_of(spacing)).frame
    for axis in range(children.ndim):
        other = ow.apply(
            "relate_objects", np.flip(children, axis), np.flip(parents, axis), grid=grid_of(spacing)
        ).frame
        np.testing.assert_allclose(other, plain, rtol=1e-9, atol=1e-9)
    larger = ow.apply(
        "relate_objects", np.pad(children, (0, 30)), np.pad(parents, (0, 30)), grid=grid_of(spacing)
    )
    np.testing.assert_allclose(larger.frame, plain, rtol=1e-9, atol=1e-9)


# --- what is told of parents ----------------------------------------------------------------------------


@truth("n_children", "children_ids", "children_density", by="pandas", tolerance="1e-12")
@truth("children_fraction", by="pandas", tolerance="exact")
def test_parents_sum_up_their_children(case):
    children, parents, spacing = case
    grid = grid_of(spacing)
    image = np.random.default_rng(3).normal(size=parents.shape)
    size = "area" if parents.ndim == 2 else "volume"
    table = ow.apply(
        "measure_parents", parents, children, {"a": image}, grid=grid, features=("size", "intensity_mean")
    )
    related = ow.apply("relate_objects", children, parents, grid=grid).frame
    measured = ow.measure(children, {"a": image}, grid=grid, features=[size, "intensity_mean"]).frame
    joined = measured.merge(related[["label", "parent"]], on="label")
    pixel = np.prod(spacing)
    assert table.frame["label"].tolist() == np.unique(parents[parents > 0]).tolist()
    for row in table.frame.to_dict("records"):
        mine = joined[joined["parent"] == row["label"]]
        assert row["n_children"] == len(mine)
        assert row["children_ids"] == " ".join(map(str, mine["label"]))
        assert row["children_density"] == pytest.approx(len(mine) / (parents == row["label"]).sum() / pixel)
        assert row["children_fraction"] == (children[parents == row["label"]] > 0).mean()
        assert row[f"children_{size}_sum"] == pytest.approx(mine[size].sum())
        if len(mine):
            assert row[f"children_{size}_mean"] == pytest.approx(mine[size].mean())
            assert row["children_intensity_mean_a_mean"] == pytest.approx(mine["intensity_mean_a"].mean())
        else:
            assert np.isnan(row[f"children_{size}_mean"])
            assert "no child" in table.reason(row["label"], f"children_{size}_mean")
    assert table.units[f"children_{size}_sum"] == f"um^{parents.ndim}"
    assert table.units["children_density"] == f"um^-{parents.ndim}"
    assert not any("centroid" in name or "orientation" in name for name in table.units)


def test_what_is_not_defined_for_a_child_is_passed_over():
    parents = np.ones((3, 20), int)
    children = np.zeros((3, 20), int)
    children[0:3, 0:3], children[1, 10] = 1, 2
    image = np.ones((3, 20))
    image[1, 10] = np.nan
    table = ow.apply("measure_parents", parents, children, {"a": image}, features=("intensity_mean",))
    assert table.frame["n_children"].tolist() == [2]
    assert table.frame["children_intensity_mean_a_mean"].tolist() == [1.0]


# --- compartments ---------------------------------------------------------------------------------------


def test_nucleus_over_cytoplasm():
    cells = np.zeros((20, 40), np.uint32)
    cells[2:12, 2:12], cells[2:12, 20:30], cells[14:18, 2:8] = 3_000_000_000, 7, 9
    nuclei = np.where(ow.apply("shrink_labels", cells, distance=3) > 0, cells, 0)
    cytoplasms = np.where(nuclei > 0, 0, cells)
    cytoplasms[cytoplasms == 7] = 0
    image = np.where(nuclei > 0, 30.0, 10.0)
    table = ow.apply(
        "compare_compartments", nuclei, cytoplasms, {"DNA": image}, features=("area", "intensity")
    )
    assert table.frame["label"].tolist() == np.unique(nuclei[nuclei > 0]).tolist()
    rows = table.frame.set_index("label")
    assert rows.loc[3_000_000_000, "intensity_mean_DNA_ratio"] == 3
    n_inside = (nuclei == 3_000_000_000).sum()
    assert rows.loc[3_000_000_000, "area_ratio"] == n_inside / (100 - n_inside)
    assert np.isnan(rows.loc[7, "area_ratio"])
    assert "no object of this id" in table.reason(7, "area_ratio")
    assert "it is 0" in table.reason(3_000_000_000, "intensity_std_DNA_ratio")
    assert table.units["intensity_mean_DNA_ratio"] == ""


def test_recipe_of_nuclei_cytoplasms_and_their_ratio():
    recipe = ow.Recipe(
        [
            ow.Step("nuclei", "label_components", {"mask": "mask"}),
            ow.Step("rings", "make_rings", {"labels": "nuclei"}),
            ow.Step("ratio", "compare_compartments", {"labels": "nuclei", "others": "rings"}, {"features": ("area",)}),
        ]
    )  # fmt: skip
    mask = np.zeros((2, 30, 30), bool)
    mask[:, 10:15, 10:15] = True
    *_, last = ow.run(ow.Recipe.from_toml(recipe.to_toml()), {"mask": mask}, grid=ow.Grid("tyx"))
    frame = last.results["ratio"].array.frame
    assert frame["frame"].tolist() == [0, 1]
    assert (frame["area_ratio"] > 0).all()
