"""Edges and active contours, against scikit-image, SimpleITK and geometry."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

import objectwise as ow
from objectwise.ops.compositions import find_classes_fuzzy, find_enclosed
from objectwise.ops.edges import link_edges
from tests.contract import cases


def disc(
    radius: float = 20.0, noise: float = 3.0, shape: tuple[int, ...] = (80, 90)
) -> tuple[np.ndarray, np.ndarray]:
    where = np.indices(shape)
    distance = np.sqrt(sum((axis - n / 2 + 0.3) ** 2 for axis, n in zip(where, shape, strict=True)))
    smooth = 50 + 100 / (1 + np.exp(distance - radius))
    return smooth + np.random.default_rng(0).normal(0, noise, shape), distance


def test_canny_is_that_of_scikit_image() -> None:
    from skimage.feature import canny

    image = cases.image(2).astype(np.float64)
    ours = ow.apply("detect_edges_canny", image, sigma=1.5, low=6.0, high=12.0)
    # its slopes are those of a Sobel filter, four times ours, and thresholds are in them; not for one sigma
    theirs = canny(image, 1.5, 4 * 6 / 1.5, 4 * 12 / 1.5, mode="nearest")
    inner = (slice(3, -3),) * 2
    both = (ours & theirs)[inner].sum() / (ours | theirs)[inner].sum()
    assert ours.sum() > 50
    assert both > 0.75


@pytest.mark.parametrize("name", ["detect_edges_canny", "detect_edges_log"])
@pytest.mark.parametrize("ndim", [2, 3])
def test_the_edge_of_a_ball_lies_at_its_radius(name: str, ndim: int) -> None:
    shape = (80, 90) if ndim == 2 else (30, 40, 42)
    radius = 20.0 if ndim == 2 else 11.0
    image, distance = disc(radius, 0.0, shape)
    values = {"sigma": 2.0} if name == "detect_edges_canny" else {"sigma": 2.0, "min_contrast": 3.0}
    edges = ow.apply(name, image, grid=ow.Grid("zyx"[-ndim:]), **values)
    assert np.abs(distance[edges] - radius).max() < 1.6
    # all around
    extent = 2 * np.pi * radius if ndim == 2 else 4 * np.pi * radius**2
    assert edges.sum() > 0.7 * extent


def test_edges_are_physical() -> None:
    image, _ = disc(noise=0.0)
    coarse = ow.apply("thin_edges", image, sigma=1.0, grid=ow.Grid("yx", (0.5, 0.5), "um"))
    np.testing.assert_array_equal(coarse, ow.apply("thin_edges", image, sigma=2.0))
    # a rise of one per pixel over one sigma
    ramp = np.tile(np.arange(40.0), (20, 1))
    assert ow.apply("thin_edges", ramp, sigma=2.0)[:, 12:28].max() == pytest.approx(2.0)


def test_zero_crossings_are_those_of_simpleitk() -> None:
    import SimpleITK

    image = cases.image(2).astype(np.float64)
    ours = ow.apply("detect_edges_log", image, sigma=2.0)
    curved = SimpleITK.LaplacianRecursiveGaussian(SimpleITK.GetImageFromArray(image), 2.0)
    theirs = SimpleITK.GetArrayFromImage(SimpleITK.ZeroCrossing(curved)) > 0
    inner = (slice(8, -8),) * 2
    both = (ours & theirs)[inner].sum() / (ours | theirs)[inner].sum()
    assert both > 0.8


def test_canny_is_its_two_steps() -> None:
    image, _ = disc()
    thin = ow.apply("thin_edges", image, sigma=2.0)
    np.testing.assert_array_equal(
        ow.apply("detect_edges_canny", image, sigma=2.0), ow.apply("threshold_hysteresis", thin)
    )


def test_nothing_is_an_edge_beside_nan() -> None:
    image = np.full((20, 20), 5.0)
    image[10, 10] = np.nan
    for name in ("detect_edges_canny", "detect_edges_log"):
        assert not ow.apply(name, image).any()


def test_closed_outlines_are_filled_and_open_ones_dropped() -> None:
    y, x = np.indices((90, 120))
    distance = np.hypot(y - 45, x - 40)
    image = np.where(np.abs(distance - 25) < 1.5, 200.0, 20.0)  # a ring
    image[44:47, 60:70] = 20  # with a gap of three
    image[20:70, 100:102] = 200  # and a loose stroke
    *_, last = ow.run(ow.Recipe(find_enclosed(max_gap=6.0)), image)
    found = last.results["regions"].array
    assert found[45, 40]
    assert not found[:, 90:].any()
    assert found.sum() == pytest.approx(np.pi * 27**2, rel=0.1)
    *_, tiled = ow.run(ow.Recipe(find_enclosed(max_gap=6.0)), image, tile=31)
    np.testing.assert_array_equal(tiled.results["regions"].array, found)


def test_fuzzy_classes_run_as_a_composition() -> None:
    image, distance = disc(noise=20.0)
    *_, last = ow.run(ow.Recipe(find_classes_fuzzy(n_classes=2, weight=6.0, diameter=5.0)), image)
    found = last.results["classes"].array
    assert ((found == 2) == (distance < 20)).mean() > 0.97


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_contour_finds_the_object(ndim: int) -> None:
    shape = (80, 90) if ndim == 2 else (24, 36, 38)
    radius = 20.0 if ndim == 2 else 9.0
    image, distance = disc(radius, 25.0, shape)
    start = distance < radius / 2
    found = ow.apply("fit_contour_chan_vese", image, start, grid=ow.Grid("zyx"[-ndim:]), n_iterations=100)
    truth = distance < radius
    assert (found & truth).sum() / (found | truth).sum() > 0.9


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("smoothing", [0, 1, 2])
def test_contours_are_those_of_scikit_image(ndim: int, smoothing: int) -> None:
    from itertools import cycle

    from skimage.segmentation import morphsnakes

    # away from the border, beyond which scikit-image sees nothing
    shape = (80, 90) if ndim == 2 else (24, 36, 38)
    image, distance = disc(20.0 if ndim == 2 else 8.0, 30.0, shape)
    start = distance < (16 if ndim == 2 else 7)
    # scikit-image goes on with the smoothing where the call before ended; here it starts with the first
    turns = cycle(
        [
            lambda u: morphsnakes.sup_inf(morphsnakes.inf_sup(u)),
            lambda u: morphsnakes.inf_sup(morphsnakes.sup_inf(u)),
        ]
    )
    plain = morphsnakes._curvop
    found = {}
    for first in (0, 1):
        if first:
            next(turns)
        morphsnakes._curvop = lambda u, turns=turns: next(turns)(u)
        try:
            found[first] = morphsnakes.morphological_chan_vese(image, 4, start.astype(np.int8), smoothing) > 0
        finally:
            morphsnakes._curvop = plain
        for _ in range((4 * smoothing) % 2):
            next(turns)
    ours = ow.apply(
        "fit_contour_chan_vese",
        image,
        start,
        grid=ow.Grid("zyx"[-ndim:]),
        n_iterations=4,
        smoothing=smoothing,
    )
    agreement = max((ours == theirs).mean() for theirs in found.values())
    assert agreement > 0.98


def test_a_contour_that_has_arrived_stays() -> None:
    image, distance = disc(noise=0.0)
    found = ow.apply("fit_contour_chan_vese", image, distance < 10, n_iterations=200)
    again = ow.apply("fit_contour_chan_vese", image, found, n_iterations=50)
    assert (found != again).sum() < 20
    assert not ow.apply("fit_contour_chan_vese", image, np.zeros(image.shape, bool)).any()
    assert ow.apply("fit_contour_chan_vese", image, np.ones(image.shape, bool)).all()


# --- loose ends ----------------------------------------------------------------------------------------


def broken(gap: float, radius: int = 20, at: tuple[float, ...] = (0.0, 77.0, -130.0)) -> np.ndarray:
    """Return a circle of one pixel with gaps of about so many pixels."""
    from skimage.draw import circle_perimeter

    line = np.zeros((60, 60), bool)
    line[circle_perimeter(30, 30, radius)] = True
    y, x = np.indices(line.shape) - 30
    angle = np.degrees(np.arctan2(y, x))
    for middle in at:
        line &= np.abs(angle - middle) >= np.degrees(gap / radius / 2)
    return line


@pytest.mark.parametrize("gap", [3, 5, 8])
def test_a_broken_circle_is_closed(gap: int) -> None:
    line = broken(gap)
    whole = ndimage.binary_fill_holes(broken(0))
    assert not ndimage.binary_fill_holes(line)[30, 30]
    filled = ndimage.binary_fill_holes(link_edges(line, max_gap=gap + 2))
    # what is missing lies between the arcs and their chords
    assert not (filled & ~whole).any()
    assert filled.sum() > 0.98 * whole.sum()
    # nothing nearer than the gap is found
    np.testing.assert_array_equal(link_edges(line, max_gap=gap - 2), line)
    # a closing of thin lines does not close them
    closed = ndimage.binary_fill_holes(ow.apply("close", line, radius=(gap + 2) / 2))
    assert not closed[30, 30]


def test_an_open_arc_stays_open() -> None:
    line = broken(0)
    line[:, :24] = False
    np.testing.assert_array_equal(link_edges(line, max_gap=8), line)


def test_a_link_goes_ahead_and_not_back_or_aside() -> None:
    line = np.zeros((15, 30), bool)
    line[7, 5:15] = True
    aside, ahead = line.copy(), line.copy()
    aside[3, 0:30] = True  # 4 pixels beside the line, from both ends
    np.testing.assert_array_equal(link_edges(aside, max_gap=4.5), aside)
    assert link_edges(aside, max_gap=4.5, max_turn=100).sum() == aside.sum() + 6
    ahead[5:10, 18] = True
    found = link_edges(ahead, max_gap=4.5)
    assert found[7, 15:18].all()
    assert found.sum() == ahead.sum() + 3


def test_the_nearest_of_several_lines_is_joined() -> None:
    line = np.zeros((21, 21), bool)
    line[10, :5] = line[3:18, 9] = line[0:21, 12] = True
    found = link_edges(line, max_gap=10)
    assert found[10, 5:9].all()
    assert not found[10, 10:12].any()
    # two that are equally near
    line[:, 9:] = False
    line[8, 9:12] = line[12, 9:12] = True
    found = link_edges(line, max_gap=10)
    np.testing.assert_array_equal(found, found[::-1])
    assert ndimage.label(found, np.ones((3, 3)))[1] == 1


def test_a_link_knows_the_pixel_size() -> None:
    line = np.zeros((9, 30), bool)
    line[4, :8] = line[4, 13:] = True  # 6 pixels from end to end
    assert link_edges(line, max_gap=3.0, spacing=(2.0, 0.5))[4, 8:13].all()
    assert not link_edges(line, max_gap=2.9, spacing=(2.0, 0.5))[4, 8:13].any()
    assert not link_edges(line, max_gap=11.0, spacing=(0.5, 2.0))[4, 8:13].any()


def test_a_line_in_space_is_linked_too() -> None:
    line = np.zeros((20, 20, 20), bool)
    step = np.arange(20)
    line[step, step, step] = True
    line[8:11, 8:11, 8:11] = False
    found = link_edges(line, max_gap=8)
    assert found[step, step, step].all()
    assert found.sum() == 20


def test_what_is_not_a_line_has_no_ends() -> None:
    mask = np.zeros((40, 40), bool)
    mask[5:15, 5:15] = mask[5:15, 18:28] = True
    mask[30, 5] = mask[30, 8] = True
    np.testing.assert_array_equal(link_edges(mask, max_gap=6, max_turn=180), mask)
    assert not link_edges(np.zeros((5, 6), bool)).any()


@pytest.mark.parametrize("gap", [3, 6])
def test_regions_with_broken_outlines_are_found_and_open_arcs_are_not(gap: int) -> None:
    """A disc whose edge is nowhere steep in places, and half of one that fades away."""
    y, x = np.indices((70, 150)) - 35.0
    angle = np.degrees(np.arctan2(y, x))
    soft = np.minimum(np.abs(angle), np.abs(angle - 100)) < np.degrees(gap / 20 / 2)
    image = np.full(y.shape, 20.0)
    inside = np.hypot(y, x) < 20
    image[inside] = 120
    # in the gaps the disc fades outward
    fade = soft & (np.hypot(y, x) >= 8) & (np.hypot(y, x) < 34)
    image[fade] = (20 + 100 * (34 - np.hypot(y, x)) / 26)[fade]
    other = (np.hypot(y, x - 85) < 20) & (x < 85)
    fading = (x >= 85) & (np.abs(y) < 20)
    image[other] = 120
    image[fading] = np.maximum(20, 120 - 4 * (x - 85))[fading]
    image += np.random.default_rng(0).normal(0, 1, image.shape)
    values = {"sigma": 1.0, "low": 12.0, "high": 20.0}
    *_, last = ow.run(ow.Recipe(find_enclosed(max_gap=gap + 5.0, **values)), image)
    found = last.results["regions"].array
    assert found[35, 35]
    assert found[:, :75].sum() == pytest.approx(inside.sum(), rel=0.12)
    assert not found[35, 100:].any()
