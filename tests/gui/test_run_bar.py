"""Before much memory is taken it is asked for; a run says how long it will still take."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from objectwise.core.run import memory_needed
from objectwise.gui.docks import ThresholdDock
from objectwise.gui.runs import jobs
from tests.gui.test_docks import choose


@pytest.fixture
def lazy_dock(model, open_dock, blobs, monkeypatch):
    monkeypatch.setattr(jobs, "_MUCH", 1000)
    model.add_image(da.from_array(blobs, chunks=(20, 20)), contrast_limits=(0, 1000), name="lazy")
    dock = open_dock(ThresholdDock, model)
    dock.choose("threshold_manual")
    dock.form.show_values({"lower": 500.0})
    return dock


def test_a_lazy_image_is_asked_about(lazy_dock, model, qtbot):
    lazy_dock.run()
    bar = lazy_dock.bar
    assert bar.worker is None
    assert bar.asking.isVisible()
    assert bar.question.text().startswith("This reads 9.6 kB and needs about ")
    assert " of memory; " in bar.question.text()
    bar.no.click()
    assert not bar.asking.isVisible()
    assert bar.button.isVisible()
    assert len([layer for layer in model.layers if layer.name != "preview"]) == 1
    lazy_dock.run()
    bar.yes.click()
    qtbot.waitUntil(lambda: bar.worker is None, timeout=20000)
    assert model.layers[-1].name == "lazy threshold manual"


def test_a_question_that_is_open_when_the_dock_closes_starts_nothing(lazy_dock):
    lazy_dock.run()
    lazy_dock.shut_down()
    lazy_dock.bar.yes.click()
    assert lazy_dock.worker is None


def test_what_is_in_memory_is_not_asked_about(model, open_dock, blobs, monkeypatch):
    monkeypatch.setattr(jobs, "_MUCH", 1000)
    model.add_image(blobs)
    dock = open_dock(ThresholdDock, model)
    assert jobs.question(dock.job(), 1 << 40) == ""


def test_a_large_plane_is_run_in_tiles_with_the_same_result(lazy_dock, blobs, monkeypatch):
    choose(lazy_dock.rows.output, "Instance (labels)")
    job = lazy_dock.job()
    *_, outcome = jobs.work([job])
    before = memory_needed(job.recipe, job.inputs, tile=jobs.tile_of(job))
    monkeypatch.setattr(jobs, "_AT_ONCE", 1000)
    monkeypatch.setattr(jobs, "_TILE", 16)
    assert memory_needed(job.recipe, job.inputs, tile=jobs.tile_of(job)) < before
    *told, tiled = jobs.work([job])
    assert len(told) > 20
    (name,) = outcome.results
    np.testing.assert_array_equal(outcome.results[name].array, tiled.results[name].array)
    assert tiled.results[name].array.max() == 3


@pytest.mark.parametrize(
    ("seconds", "fraction", "text"),
    [(1.0, 0.1, ""), (10.0, 0.01, ""), (10.0, 0.99, ""), (10.0, 0.1, "about 90 s left")],
)
def test_the_time_left(seconds, fraction, text):
    assert jobs.time_left(seconds, fraction) == text
