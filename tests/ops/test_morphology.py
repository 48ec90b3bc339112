"""Masks cleaned as scikit-image and SciPy clean them, with anisotropic pixels and by the laws of morphology."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import morphology, segmentation

import objectwise as ow
from tests.ops.shapes import ball, distances, footprint

FUNCTIONS = {name: ow.operations[name].function for name in ("open", "close")}
masks = hnp.arrays(
    bool, hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=9), elements=st.booleans()
)


def blobs(n: int, seed: int = 0) -> np.ndarray:
    shape = (60, 64) if n == 2 else (16, 34, 38)
    values = ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), 1.6)
    return values > np.median(values)


# --- open and close ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["ball", "box", "cross"])
@pytest.mark.parametrize(
    ("radius", "spacing"),
    [
        (1.0, (1.0, 1.0)),
        (2.0, (1.0, 1.0)),
        (2.5, (1.0, 1.0)),
        (0.65, (0.325, 0.325)),
        (2.0, (1.0, 0.5)),
        (0.7, (0.3, 0.1)),
        (2.0, (1.0, 1.0, 1.0)),
        (1.0, (2.0, 0.5, 0.5)),
        (2.0, (1.5, 0.7, 0.4)),
    ],
)
@pytest.mark.parametrize("name", ["open", "close"])
def test_open_and_close_are_those_of_scikit_image(
    name: str, radius: float, spacing: tuple[float, ...], shape: str
) -> None:
    mask = blobs(len(spacing))
    element = footprint(radius, shape, spacing)
    function = {"open": morphology.opening, "close": morphology.closing}[name]
    # what lies beyond the border has no part in it
    expected = function(mask, element, mode="ignore")
    grid = ow.Grid("zyx"[-len(spacing) :], spacing, "um")
    np.testing.assert_array_equal(ow.apply(name, mask, grid=grid, radius=radius, shape=shape), expected)
    assert element.size == 1 or (expected != mask).any()
    hat = {"open": "tophat", "close": "bottomhat"}[name]
    np.testing.assert_array_equal(ow.apply(hat, mask, grid=grid, radius=radius, shape=shape), expected ^ mask)


@pytest.mark.parametrize("shape", ["ball", "box", "cross"])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (1.0, 0.4), (2.0, 1.0, 1.0)])
def test_the_gradient_is_dilation_less_erosion(shape: str, spacing: tuple[float, ...]) -> None:
    mask = blobs(len(spacing))
    near = footprint(2.0, shape, spacing)
    expected = ndimage.binary_dilation(mask, near) & ~ndimage.binary_erosion(mask, near, border_value=1)
    found = ow.apply("gradient", mask, grid=ow.Grid("zyx"[-len(spacing) :], spacing), radius=2, shape=shape)
    np.testing.assert_array_equal(found, expected)


@settings(max_examples=60, deadline=None)
@given(
    mask=masks,
    radius=st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0]),
    shape=st.sampled_from(["ball", "box", "cross"]),
)
def test_the_laws_of_open_and_close(mask: np.ndarray, radius: float, shape: str) -> None:
    opened, closed = (function(mask, radius=radius, shape=shape) for function in FUNCTIONS.values())
    assert not (opened & ~mask).any(), "opening adds nothing"
    assert not (mask & ~closed).any(), "closing takes nothing away"
    np.testing.assert_array_equal(FUNCTIONS["open"](opened, radius=radius, shape=shape), opened)
    np.testing.assert_array_equal(FUNCTIONS["close"](closed, radius=radius, shape=shape), closed)
    np.testing.assert_array_equal(FUNCTIONS["close"](~mask, radius=radius, shape=shape), ~opened)


@settings(max_examples=40, deadline=None)
@given(mask=masks, extra=st.integers(0, 2**31))
def test_a_larger_mask_has_a_larger_opening(mask: np.ndarray, extra: int) -> None:
    larger = mask | (np.random.default_rng(extra).random(mask.shape) < 0.3)
    for function in FUNCTIONS.values():
        assert not (function(mask, radius=1.5) & ~function(larger, radius=1.5)).any()


def test_opening_keeps_a_disc_and_removes_a_bridge() -> None:
    two = ball((41, 81), (20, 20), 12) | ball((41, 81), (20, 60), 12)
    bridge = np.zeros_like(two)
    bridge[18:23, 20:60] = True
    opened = ow.apply("open", two | bridge, radius=4)
    assert ow.apply("label_components", opened).max() == 2
    # two discs, and the little that a ball of the radius rounds off where the bridge began
    assert np.count_nonzero(opened != two) < 0.05 * two.sum()


def test_closing_fills_a_crack_as_wide_as_the_element() -> None:
    mask = np.ones((30, 30), bool)
    mask[:, 10:12] = mask[:, 20:25] = False
    closed = ow.apply("close", mask, radius=1, shape="box")
    assert closed[:, 10:12].all()
    assert not closed[:, 20:25].any()


def test_a_ball_is_round_in_physical_space() -> None:
    spacing = (2.0, 0.5, 0.5)
    point = np.zeros((11, 41, 41), bool)
    point[5, 20, 20] = True
    # the closing of a point is the point; its dilation is seen as what remains of a dilated hole
    hole = ~point
    opened = ow.apply("open", hole, grid=ow.Grid("zyx", spacing), radius=4.0)
    away = distances(point.shape, (10.0, 10.0, 10.0), spacing)
    assert not opened[5, 20, 20]
    assert opened[away > 8].all()
    np.testing.assert_array_equal(
        opened, morphology.opening(hole, footprint(4.0, "ball", spacing), mode="ignore")
    )


# --- fill holes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("connectivity", ["face", "full"])
@pytest.mark.parametrize("n", [2, 3])
def test_filled_holes_are_those_of_scipy(n: int, connectivity: str) -> None:
    mask = blobs(n) | (np.random.default_rng(2).random(blobs(n).shape) < 0.3)
    structure = ndimage.generate_binary_structure(n, 1 if connectivity == "face" else n)
    expected = ndimage.binary_fill_holes(mask, structure)
    ours = ow.apply("fill_holes", mask, grid=ow.Grid("zyx"[-n:]), connectivity=connectivity)
    np.testing.assert_array_equal(ours, expected)
    assert (expected != mask).any()


def test_a_hole_may_leak_through_a_corner() -> None:
    mask = np.ones((5, 5), bool)
    mask[2, 2] = mask[1, 1] = mask[0, 0] = False
    assert ow.apply("fill_holes", mask, connectivity="face").sum() == 24
    np.testing.assert_array_equal(ow.apply("fill_holes", mask, connectivity="full"), mask)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.25)])
def test_only_holes_up_to_the_largest_size_are_filled(spacing: tuple[float, float]) -> None:
    mask = np.ones((12, 30), bool)
    mask[2:4, 2:4] = False  # 4 pixels
    mask[2:5, 8:11] = False  # 9
    mask[2:6, 14:18] = False  # 16
    pixel = float(np.prod(spacing))
    for limit, n_filled in [(3.9, 0), (4, 4), (9, 13), (15, 13), (16, 29), (None, 29)]:
        size = None if limit is None else limit * pixel
        filled = ow.apply("fill_holes", mask, grid=ow.Grid("yx", spacing, "um"), max_size=size)
        assert np.count_nonzero(filled & ~mask) == n_filled


def test_a_tube_is_a_hole_in_each_plane_and_none_in_the_volume() -> None:
    tube = np.zeros((6, 12, 12), bool)
    tube[:, 2:10, 2:10] = True
    tube[:, 4:8, 4:8] = False
    grid = ow.Grid("zyx")
    np.testing.assert_array_equal(ow.apply("fill_holes", tube, grid=grid), tube)
    assert ow.apply("fill_holes", tube, grid=grid, by_plane=True)[:, 4:8, 4:8].all()
    tube[0] = tube[-1] = True
    assert ow.apply("fill_holes", tube, grid=grid)[:, 4:8, 4:8].all()


# --- remove small --------------------------------------------------------------------------------------


@pytest.mark.parametrize("connectivity", ["face", "full"])
@pytest.mark.parametrize("n", [2, 3])
def test_small_pieces_are_removed_as_by_scikit_image(n: int, connectivity: str) -> None:
    mask = blobs(n) & (np.random.default_rng(3).random(blobs(n).shape) < 0.6)
    # scikit-image removes up to a size; an object of 12 pixels stays where 12 are asked for
    expected = morphology.remove_small_objects(
        mask, max_size=11, connectivity=1 if connectivity == "face" else n
    )
    ours = ow.apply("remove_small", mask, grid=ow.Grid("zyx"[-n:]), min_size=12, connectivity=connectivity)
    np.testing.assert_array_equal(ours, expected)
    assert 0 < expected.sum() < mask.sum()


def test_a_label_counts_with_all_its_pieces() -> None:
    labels = np.array([[7, 7, 0, 7, 0, 3, 3, 0, 900]], np.uint16)
    kept = ow.apply("remove_small", labels, min_size=3)
    assert kept.tolist() == [[7, 7, 0, 7, 0, 0, 0, 0, 0]]


def test_sizes_are_physical() -> None:
    mask = ball((40, 40), (20, 20), 8)
    area = mask.sum() * 0.3 * 0.2
    grid = ow.Grid("yx", (0.3, 0.2), "um")
    assert ow.apply("remove_small", mask, grid=grid, min_size=area).any()
    assert not ow.apply("remove_small", mask, grid=grid, min_size=area * 1.001).any()


def test_nothing_is_too_small_for_zero() -> None:
    mask = np.random.default_rng(0).random((20, 20)) < 0.3
    np.testing.assert_array_equal(ow.apply("remove_small", mask, min_size=0), mask)


@pytest.mark.parametrize("name", ["remove_small", "clear_border"])
@pytest.mark.parametrize("ids", [[1, 2], [70_000, 4_000_000_000], [3, 2**40]])
def test_ids_of_any_size_stay(name: str, ids: list[int]) -> None:
    labels = np.zeros((7, 9), np.uint64)
    labels[2:5, 2:4], labels[2:5, 5:7] = ids
    np.testing.assert_array_equal(
        ow.apply(name, labels, **({"min_size": 2} if name == "remove_small" else {})), labels
    )


# --- clear border --------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3])
def test_border_objects_are_those_of_scikit_image(n: int) -> None:
    smooth = ndimage.gaussian_filter(np.random.default_rng(n).random(blobs(n).shape), 1.6)
    labels = ndimage.label(smooth > np.quantile(smooth, 0.75 if n == 2 else 0.9))[0] * 3
    ours = ow.apply("clear_border", labels, grid=ow.Grid("zyx"[-n:]))
    np.testing.assert_array_equal(ours, segmentation.clear_border(labels))
    assert 0 < np.count_nonzero(ours) < np.count_nonzero(labels)


@pytest.mark.parametrize("connectivity", ["face", "full"])
def test_border_pieces_of_a_mask_depend_on_how_pixels_join(connectivity: str) -> None:
    mask = np.zeros((6, 6), bool)
    mask[0, 0] = mask[1, 1] = mask[2, 2] = True
    mask[4, 4] = True
    kept = ow.apply("clear_border", mask, connectivity=connectivity)
    expected = np.zeros((6, 6), bool)
    expected[4, 4] = True
    if connectivity == "face":
        expected[1, 1] = expected[2, 2] = True
    np.testing.assert_array_equal(kept, expected)


def test_by_plane_the_first_and_last_plane_are_no_border() -> None:
    labels = np.zeros((3, 6, 6), np.int32)
    labels[:, 2:4, 2:4] = 5
    grid = ow.Grid("zyx")
    assert not ow.apply("clear_border", labels, grid=grid).any()
    np.testing.assert_array_equal(ow.apply("clear_border", labels, grid=grid, by_plane=True), labels)


def test_a_piece_of_an_object_at_the_border_takes_the_whole_object() -> None:
    labels = np.zeros((6, 9), np.int32)
    labels[0, 0] = labels[3, 3] = 4
    labels[3, 6] = 2
    assert np.unique(ow.apply("clear_border", labels)).tolist() == [0, 2]
