"""Texture: patterns whose pairs can be counted by hand, and mahotas, which cp_measure calls."""

from __future__ import annotations

import numpy as np
import pytest

from objectwise.measure.objects import measure_block
from objectwise.measure.texture import COLUMNS
from tests.measure.truths import truth

NAMES = [column.name for column in COLUMNS]


def texture(labels, image, **settings):
    values, _ = measure_block(labels, {"a": image}, None, ["texture"], **settings)
    return np.array([values[f"{name}_a"] for name in NAMES])


@truth(*(name for name in NAMES if "difference_" not in name), by="closed form", tolerance="1e-12")
def test_checkerboard():
    image = np.indices((9, 9)).sum(axis=0) % 2 * 1000.0
    found = texture(np.ones((9, 9), int), image, texture_scale=1, n_grey_levels=2)[:, 0]
    # along the axes all pairs are of two colours, along the diagonals of one, and half of them of each
    across = [0.5, 1, -1, 0.25, 0.5, 3, 0, 0, 1, 0, 0, -1, np.sqrt(0.75)]
    along = [0.5, 0, 1, 0.25, 1, 3, 1, 1, 1, 0, 0, -1, np.sqrt(0.75)]
    np.testing.assert_allclose(found, np.mean([across, along], axis=0), atol=1e-12)


@truth("texture_contrast", "texture_inverse_difference_moment", by="closed form", tolerance="1e-12")
@truth("texture_difference_variance", "texture_difference_entropy", by="closed form", tolerance="1e-12")
@pytest.mark.parametrize("scale", [1, 3])
def test_ramp(scale):
    image = np.tile(np.arange(16), (20, 1)).astype(np.uint8)
    labels = np.ones(image.shape, int)
    found = dict(zip(NAMES, texture(labels, image, texture_scale=scale, n_grey_levels=16)[:, 0], strict=True))
    # of four directions, one runs along lines of one level
    assert found["texture_contrast"] == pytest.approx(0.75 * scale**2, abs=1e-12)
    assert found["texture_inverse_difference_moment"] == pytest.approx(
        0.75 / (1 + scale**2) + 0.25, abs=1e-12
    )
    assert found["texture_difference_variance"] == pytest.approx(0, abs=1e-12)
    assert found["texture_difference_entropy"] == pytest.approx(0, abs=1e-12)


def test_steps_of_two_heights():
    # of the pairs along x half differ by 1 and half by 2
    image = np.tile([0, 1, 3, 4, 6], (3, 1))
    labels = np.zeros((9, 5), int)
    labels[4] = 1
    found = texture(labels, np.repeat(image, 3, axis=0), texture_scale=1, n_grey_levels=7)[:, 0]
    assert found[NAMES.index("texture_difference_variance")] == pytest.approx(0.25, abs=1e-12)
    assert found[NAMES.index("texture_difference_entropy")] == pytest.approx(1, abs=1e-12)


@truth(*NAMES, by="cp_measure", tolerance="1e-9, mahotas; columns 10 and 13 after its own definitions")
@pytest.mark.parametrize("scale", [1, 2])
def test_mahotas(flat_blobs, solid_blobs, scale):
    haralick = pytest.importorskip("mahotas.features").haralick
    for labels, _ in (flat_blobs, solid_blobs):
        image = np.random.default_rng(4).integers(1, 21, labels.shape).astype(np.uint8)
        settings = {"texture_scale": scale, "n_grey_levels": 20, "texture_min": 1, "texture_max": 20}
        found = texture(labels, image, **settings)
        compared = 0
        for index, label in enumerate(np.unique(labels[labels > 0])):
            inside = np.where(labels == label, image, 0)
            box = tuple(slice(where.min(), where.max() + 1) for where in np.nonzero(inside))
            try:
                theirs = haralick(inside[box], distance=scale, ignore_zeros=True, use_x_minus_y_variance=True)
            except ValueError:
                continue  # a direction without a pair is too much for it
            # the information is in bits there
            theirs[:, 12] = np.sqrt(1 - (1 - theirs[:, 12] ** 2) ** np.log(2))
            if np.isfinite(theirs).all() and (theirs[:, 3] > 0).all():
                np.testing.assert_allclose(found[:, index], theirs.mean(axis=0), rtol=1e-9, atol=1e-9)
                compared += 1
        assert compared > 5


def test_contrast_and_brightness_have_no_part_in_it_unless_the_levels_are_given(flat_blobs):
    labels, image = flat_blobs
    np.testing.assert_allclose(texture(labels, 4 * image + 64), texture(labels, image), rtol=1e-9)
    given = {"texture_min": 0.0, "texture_max": 200.0}
    assert np.nanmedian(texture(labels, image, **given)[1]) < np.nanmedian(texture(labels, image)[1])
    # beyond the ends of the levels all is alike
    far = texture(labels, image, texture_min=1e6, texture_max=2e6)
    assert np.nanmax(far[1]) == 0


def test_why_texture_is_not_defined():
    labels = np.zeros((12, 12), int)
    labels[1, 1] = 3
    labels[4:9, 4:9] = 8
    values, reasons = measure_block(labels, {"a": np.ones((12, 12))}, None, ["texture"], texture_scale=2)
    assert reasons["texture_contrast_a"] == {
        3: "texture_contrast_a: no two pixels of the object lie 2 pixels apart"
    }
    assert reasons["texture_correlation_a"][8].endswith("the grey levels of the object are all equal")
    assert values["texture_angular_second_moment_a"][1] == 1
    assert values["texture_contrast_a"][1] == values["texture_entropy_a"][1] == 0


def test_missing_pixels_are_in_no_pair():
    image = np.tile(np.arange(8.0), (8, 1))
    holed = image.copy()
    holed[:, 4:] = np.nan
    labels = np.ones((8, 8), int)
    half = labels.copy()
    half[:, 4:] = 0
    np.testing.assert_array_equal(texture(labels, holed), texture(half, image))


def test_levels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"texture_min must be smaller than texture_max; found 2 and 1"):
        texture(np.ones((4, 4), int), np.ones((4, 4)), texture_min=2.0, texture_max=1.0)
