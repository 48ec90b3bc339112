"""A recipe as a Python script: run by itself, it gives the same pixels and the same table."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import objectwise as ow
from objectwise.cli import main
from objectwise.io import read_image, write_image
from objectwise.recipes import shipped
from objectwise.script import File, python_script


def blobs(*shape: int) -> np.ndarray:
    random = np.random.default_rng(0)
    image = random.normal(100, 4, shape).clip(0, 255)
    y, x = np.mgrid[: shape[-2], : shape[-1]]
    for row, column, radius in ((15, 18, 8), (20, 30, 7), (45, 50, 9)):
        image[..., (y - row) ** 2 + (x - column) ** 2 <= radius**2] += 90
    return image.astype(np.uint8)


def run_script(text, folder):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-"],
        input=text,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


FLAT = ow.Grid("yx", (0.5, 0.5), "um")
MOVIE = ow.Grid("tyx", (0.5, 0.5), "um", interval=3.0, interval_unit="s")
VOLUME = ow.Grid("zyx", (1.0, 0.5, 0.5), "um")
MEASURED = ow.Step("table", "measure", {"labels": "split", "images": {"DNA": "my nuclei"}})
THRESHOLD = ow.Step(
    "mask",
    "threshold_auto",
    {"image": "my nuclei"},
    {"method": "li", "upper_bound": float("inf")},
    scope="series",
)
SPLIT = ow.Step("split", "split_touching", {"mask": "mask"}, {"min_diameter": 4})


@pytest.mark.parametrize(
    ("grid", "steps"),
    [
        (FLAT, [THRESHOLD, SPLIT, MEASURED]),
        (MOVIE, [THRESHOLD, SPLIT, MEASURED]),
        (FLAT, [*ow.find_objects("my nuclei"), MEASURED]),
        (VOLUME, [ow.Step("split", "label_components", {"mask": "my nuclei"}, by_plane=True)]),
    ],
    ids=["plane", "movie", "composition", "mask of a volume"],
)
def test_a_script_gives_the_same(grid, steps, tmp_path):
    image = blobs(*(2,) * (len(grid.axes) - 2), 64, 70)
    kind = "mask" if steps[0].op == "label_components" else None
    image = (image > 150).view(np.uint8) if kind else image
    np.save(tmp_path / "nuclei.npy", image)
    recipe = ow.Recipe(steps, unit="um")
    run_script(python_script(recipe, {"my nuclei": File("nuclei.npy", grid, kind)}), tmp_path)
    *_, last = ow.run(recipe, {"my nuclei": (image != 0 if kind else image, grid)})
    written = read_image(tmp_path / "split.ome.tif")
    np.testing.assert_array_equal(written.array, last.results["split"].array)
    assert written.grid.spacing == grid.spacing
    if "table" in recipe.outputs:
        table = pd.read_csv(tmp_path / "table.csv")
        pd.testing.assert_frame_equal(table, last.results["table"].array.frame, check_dtype=False)


def test_the_script_of_a_shipped_recipe_from_the_command_line(capsys, tmp_path):
    from skimage import data

    write_image(tmp_path / "coins.tif", data.coins())
    assert main(["script", "coins"]) == 0
    run_script(capsys.readouterr().out, tmp_path)
    assert len(pd.read_csv(tmp_path / "table.csv")) == 24
    assert len(shipped("coins").outputs) == 2
