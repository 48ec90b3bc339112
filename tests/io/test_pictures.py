"""Pictures: every object has its outline and a number inside it, and the picture is always the same."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from objectwise.core.grid import Grid
from objectwise.io.pictures import (
    OUTLINES,
    draw_classes,
    draw_objects,
    number_places,
    outline_colours,
    scale_bar_length,
    side_by_side,
    stretch,
)


def three_objects() -> np.ndarray:
    labels = np.zeros((40, 60), np.int32)
    labels[5:15, 5:25] = 3
    labels[5:15, 25:35] = 9
    # a horseshoe, whose centroid lies outside of it
    labels[20:38, 10:40] = 500
    labels[20:32, 16:34] = 0
    return labels


def has_colour(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return (picture == np.array(colour, np.uint8)).all(axis=-1)


def test_numbers_stand_inside_their_objects():
    labels = three_objects()
    ids, places, depths = number_places(labels)
    assert ids.tolist() == [3, 9, 500]
    assert labels[tuple(places.T)].tolist() == [3, 9, 500]
    assert (depths >= 3).all()
    # the middle of a long rectangle, not one end of its ridge
    assert abs(places[0][1] - 14.5) <= 1


def test_number_places_without_background_or_objects():
    assert number_places(np.full((5, 7), 4))[1].tolist() == [[2, 3]]
    assert number_places(np.zeros((5, 7), int))[0].size == 0


def test_outlines_lie_on_the_edge_pixels_of_their_objects():
    labels = three_objects()
    picture = draw_objects(np.zeros(labels.shape), labels, numbers=False, zoom=1)
    drawn = picture.any(axis=-1)
    assert picture.shape == (*labels.shape, 3)
    assert not drawn[labels == 0].any()
    assert drawn[5, 5:35].all()
    assert drawn[5:15, 24:26].all()
    assert not drawn[7:13, 7:20].any()


def test_objects_that_touch_have_different_colours():
    labels = np.arange(1, 101).reshape(10, 10).repeat(6, 0).repeat(6, 1)
    colours = outline_colours(labels, np.arange(1, 101)).reshape(10, 10)
    assert (np.diff(colours, axis=0) != 0).all()
    assert (np.diff(colours, axis=1) != 0).all()


def test_numbers_are_drawn_and_small_images_enlarged():
    labels = three_objects()
    image = np.full(labels.shape, 100.0)
    without, with_numbers = (
        draw_objects(image, labels, numbers=numbers, zoom=10) for numbers in (False, True)
    )
    changed = (without != with_numbers).any(axis=-1)
    large = labels.repeat(10, 0).repeat(10, 1)
    assert all(changed[large == label].any() for label in (3, 9, 500))
    assert not changed[large == 0].any()
    assert draw_objects(image, labels).shape[1] >= 900


def test_a_picture_is_written_and_can_be_written_again(tmp_path):
    labels = three_objects()
    for _ in range(2):
        picture = draw_objects(labels, labels, path=tmp_path / "a.png")
        np.testing.assert_array_equal(np.array(Image.open(tmp_path / "a.png")), picture)


def test_a_scale_bar_is_drawn_where_the_pixel_size_is_known():
    labels = three_objects()
    plain = draw_objects(labels, labels, zoom=10)
    np.testing.assert_array_equal(draw_objects(labels, labels, zoom=10, grid=Grid("yx")), plain)
    barred = draw_objects(labels, labels, zoom=10, grid=Grid("yx", (0.5, 0.5), "um"))
    # 30 um wide: a bar of 5 um is 100 pixels here
    changed = (barred != plain).any(axis=-1) & has_colour(barred, (255, 255, 255))
    assert changed.sum(axis=1).max() == 100
    assert scale_bar_length(30.0) == 5.0
    assert scale_bar_length(0.0123) == 0.002


def test_no_objects_and_odd_images():
    empty = np.zeros((30, 40), int)
    for image in (
        np.full((30, 40), np.nan),
        np.zeros((30, 40), bool),
        np.full((30, 40), 7, np.uint16),
        np.zeros((30, 40, 3), np.uint8),
    ):
        assert draw_objects(image, empty, zoom=2).shape == (60, 80, 3)
    one = draw_objects(np.zeros((1, 1)), np.ones((1, 1), int))
    assert one.shape[2] == 3
    with pytest.raises(ValueError, match="one plane"):
        draw_objects(np.zeros((3, 30, 40)), np.zeros((3, 30, 40), int))
    with pytest.raises(ValueError, match="same size"):
        draw_objects(np.zeros((30, 41)), empty)
    with pytest.raises(ValueError, match="whole numbers"):
        draw_objects(np.zeros((30, 40)), np.zeros((30, 40)))


def test_stretch_leaves_out_what_is_not_finite():
    image = np.linspace(0, 1000, 10_000).reshape(100, 100)
    image[0, :3] = np.nan, np.inf, -np.inf
    grey = stretch(image)
    assert grey.dtype == np.uint8
    assert grey[0, 0].tolist() == [0, 0, 0]
    assert grey[-1, -1].tolist() == [255, 255, 255]
    assert abs(int(grey[50, 0, 0]) - 127) <= 2
    few = np.zeros((100, 100), bool)
    few[0, 0] = True
    assert stretch(few).max() == 255


def test_classes_have_a_legend_below(tmp_path):
    classes = np.zeros((40, 60), np.uint8)
    classes[:, 20:40], classes[:, 40:] = 1, 2
    picture = draw_classes(
        np.zeros((40, 60)), classes, names=["cell µ", "nucleus"], zoom=10, path=tmp_path / "a.png"
    )
    assert picture.shape[0] > 400
    assert picture.shape[1:] == (600, 3)
    assert not picture[:400, :190].any()
    assert picture[200, 300].tolist() != picture[200, 500].tolist()
    assert has_colour(picture[400:], (230, 159, 0)).any()
    assert has_colour(picture[400:], (86, 180, 233)).any()
    assert draw_classes(np.zeros((4, 6)), np.zeros((4, 6), int), zoom=1).shape == (4, 6, 3)


def test_pictures_side_by_side(tmp_path):
    one, two = np.zeros((100, 50, 3), np.uint8), np.zeros((50, 80), np.float32)
    sheet = side_by_side(
        [one, two, one], ["raw", "a title that is far too long for this", "c"], path=tmp_path / "a.png"
    )
    assert sheet.shape[1] >= 50 + 160 + 50
    assert sheet.shape[0] > 100
    assert side_by_side([one, two, one], columns=2).shape[0] > 200
    with pytest.raises(ValueError, match="2 titles"):
        side_by_side([one], ["a", "b"])
    with pytest.raises(ValueError, match="at least one"):
        side_by_side([])
    with pytest.raises(ValueError, match="a picture must be"):
        side_by_side([np.zeros((3, 4, 5))])


def test_colours_stay_apart_for_the_colour_blind():
    # Viénot, Brettel and Mollon (1999): what those without red or green cones see, in linear light
    red_blind = np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]])
    green_blind = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
    light = (np.array(OUTLINES) / 255) ** 2.2
    for seen in (red_blind, green_blind):
        colours = np.clip(light @ seen.T, 0, 1) ** (1 / 2.2) * 255
        away = np.linalg.norm(colours[:, None] - colours[None], axis=-1)
        assert away[~np.eye(len(colours), dtype=bool)].min() > 40
