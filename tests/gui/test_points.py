"""Points as seeds: where they lie, which are left out, and a watershed from them in a dock."""

from __future__ import annotations

import numpy as np
import pytest

import objectwise as ow
from objectwise.gui.docks import WatershedDock
from objectwise.gui.layers.points import seeds_of


def test_points_lie_where_they_are_seen(model):
    image = model.add_image(np.zeros((40, 50)), scale=(0.5, 0.25), translate=(10, 20))
    points = model.add_points(
        [[2, 3], [-30, 0], [19.6, 12.5]], scale=(0.5, 0.5), translate=(10, 20), name="dots"
    )
    found = seeds_of(points, image)
    # pixels of 0.5 and 0.25, points in units of 0.5
    assert np.argwhere(found.array).tolist() == [[2, 6], [20, 25]]
    assert found.array[2, 6] == 1
    assert found.array[20, 25] == 3
    # without a unit the size of a pixel along y is 1
    assert found.grid.spacing == (1.0, 0.5)


def test_points_without_time_are_in_every_frame(model):
    movie = model.add_image(np.zeros((3, 20, 20)), axis_labels=("t", "y", "x"))
    still = seeds_of(model.add_points([[5, 6]]), movie)
    assert still.grid.axes == "yx"
    moving = seeds_of(model.add_points([[1, 5, 6], [2, 7, 8]]), movie)
    assert moving.grid.axes == "tyx"
    assert np.argwhere(moving.array).tolist() == [[1, 5, 6], [2, 7, 8]]


def test_points_that_are_nowhere_are_refused_in_a_sentence(model):
    image = model.add_image(np.zeros((20, 20)))
    with pytest.raises(ValueError, match="No point of dots lies in"):
        seeds_of(model.add_points([[50, 50]], name="dots"), image)
    with pytest.raises(ValueError, match="No point"):
        seeds_of(model.add_points(ndim=2), image)
    volume = model.add_image(np.zeros((5, 20, 20)), axis_labels=("z", "y", "x"))
    with pytest.raises(ValueError, match="needs one for each of zyx"):
        seeds_of(model.add_points([[5, 5]]), volume)


def test_a_watershed_from_points(model, blobs, open_dock, finish):
    model.add_image(blobs, name="blobs")
    places = [[15, 15], [40, 30], [25, 60]]
    points = model.add_points(places, name="middles")
    dock = open_dock(WatershedDock, model)
    dock.choose("watershed_seeded")
    assert dock.boxes["seeds"].layer is points
    dock.form.fields["relief"].value = "inverted"
    seeds = np.zeros(blobs.shape, int)
    seeds[tuple(np.transpose(places))] = [1, 2, 3]
    expected = ow.apply("watershed_seeded", blobs, seeds, relief="inverted")
    finish(dock)
    np.testing.assert_array_equal(model.layers[-1].data, expected)


def test_points_are_offered_for_seeds_alone(model, blobs, open_dock):
    model.add_image(blobs)
    model.add_points([[15, 15]])
    dock = open_dock(WatershedDock, model)
    for name in ("subtract_objects", "grow_by_distance"):
        dock.choose(name)
        assert all(box.layer is None or box.layer.name != "Points" for box in dock.boxes.values())
