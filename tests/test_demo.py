"""The demo tells true numbers, and its files hold what it says."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from objectwise.core.grid import Grid
from objectwise.core.recipe import Recipe
from objectwise.core.results import Result
from objectwise.core.run import run
from objectwise.core.table import Table
from objectwise.demo import coins, run_demo
from objectwise.io.images import read_image
from objectwise.io.results import write_result
from objectwise.recipes import shipped


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made new") / "demo"
    return folder, list(run_demo(folder))


def test_it_says_why_the_threshold_is_chosen_by_eye(demo):
    first = demo[1][0]
    assert "Otsu's method puts the threshold at 107" in first
    assert "21 objects" in first
    assert first.endswith("chosen by eye: 120.")


def test_it_counts_24_coins_before_and_after_glueing(demo):
    _, measured, classes, split, _ = demo[1]
    assert "24 coins" in measured
    assert "area [pixel^2]" in measured
    assert "class 3: mean brightness 173, 25% of the image" in classes
    assert "10 pieces" in split
    assert "into 24 coins again" in split


def test_three_coins_are_lost_with_otsu():
    recipe, image = shipped("coins"), coins()
    *_, by_eye = run(recipe, image)
    *_, by_otsu = run(recipe.with_value("mask", "lower", 107), image)
    chosen, found = by_eye.results["labels"].array, by_otsu.results["labels"].array
    lost = [label for label in range(1, 25) if not found[chosen == label].any()]
    assert len(lost) == 3
    rows, columns = np.nonzero(np.isin(chosen, lost))
    # in the bright upper left corner, as the demo says
    assert rows.max() < 80
    assert columns.max() < 200


def test_its_files_are_whole(demo):
    folder, paragraphs = demo
    names = sorted(item.name for item in folder.iterdir())
    assert all(f"  {name}" in paragraphs[-1] for name in names)
    assert len(names) == 9
    labels = read_image(folder / "coins_labels.ome.tif")
    assert labels.grid == Grid("yx")
    assert labels.array.dtype == np.int32
    assert labels.array.max() == 24
    table = Table.read_csv(folder / "coins_table.csv")
    assert len(table) == 24
    assert table.units["area"] == "pixel^2"
    np.testing.assert_array_equal(table["area"], np.bincount(labels.array.ravel())[1:])
    assert np.unique(tifffile.imread(folder / "coins_classes.ome.tif")).tolist() == [1, 2, 3]
    assert tifffile.imread(folder / "coins_split.ome.tif").max() == 24
    assert Recipe.read(folder / "coins_recipe.toml") == shipped("coins")
    for name in ("coins_objects.png", "coins_classes.png", "coins_split.png"):
        with Image.open(folder / name) as picture:
            assert picture.size[0] >= 384


def test_coins_with_a_pixel_size_keep_it(tmp_path):
    image = coins()
    image.grid = Grid("yx", (0.1, 0.1), "mm")
    *_, last = run(shipped("coins"), image)
    path = write_result(tmp_path / "coins.ome.tif", last.results["labels"])
    again = read_image(path)
    assert again.grid == image.grid
    with tifffile.TiffFile(path) as file:
        assert 'PhysicalSizeX="0.1" PhysicalSizeXUnit="mm"' in file.ome_metadata
    table = last.results["table"].array
    assert table.units["area"] == "mm^2"
    np.testing.assert_allclose(table["area"], np.bincount(again.array.ravel())[1:] * 0.01)


def test_again_into_the_same_folder(demo, tmp_path):
    folder, paragraphs = demo
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    assert list(run_demo(folder)) == paragraphs
    assert (folder / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_the_image_is_uncalibrated():
    image = coins()
    assert isinstance(image, Result)
    assert not image.grid.calibrated
    assert image.array.shape == (303, 384)
