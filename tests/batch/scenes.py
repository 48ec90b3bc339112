"""Images of bright squares, a recipe that counts them, and batches of them."""

from __future__ import annotations

import numpy as np

from objectwise.batch import find_images, plan, run_batch
from objectwise.batch.manifest import MANIFEST, Manifest
from objectwise.core.grid import Grid
from objectwise.core.recipe import Recipe, Step
from objectwise.io.images import read_image, write_image

GRID = Grid("yx", (0.5, 0.5), "um")
RECIPE = Recipe(
    [
        Step("mask", "threshold_auto", {"image": "cells"}, {"method": "otsu"}),
        Step("labels", "label_components", {"mask": "mask"}),
        Step("table", "measure", {"labels": "labels"}, {"features": ("area",)}),
    ]
)


def picture(n, shape=(40, 60)):
    """Return an image of n bright squares of 4 x 4 pixels."""
    image = np.full(shape, 10, np.uint8)
    for number in range(n):
        image[4:8, 4 + 8 * number : 8 + 8 * number] = 200
    return image


def write(path, n, **options):
    return write_image(path, picture(n), GRID, **options)


def planned(source, out, recipe=RECIPE, *, pattern=None, root=None, reading=None, overwrite=False):
    """Return the plan for what is named for the first input."""
    names = [str(item) for item in (source if isinstance(source, list) else [source])]
    images, left_out = find_images({recipe.inputs[0]: names}, pattern=pattern, root=root, results=out)
    return plan(recipe, images, out, reading, left_out=left_out, overwrite=overwrite)


def work(source, out, recipe=RECIPE, workers=0, say=None, **options):
    """Run a batch and return its rows, by name, in the order in which they were done."""
    return {row.name: row for row in run_batch(planned(source, out, recipe, **options), workers, say)}


def contents(folder):
    """Return the bytes of the files of results; the manifest and the lock tell of times."""
    return {
        item.name: item.read_bytes()
        for item in folder.iterdir()
        if item.name != MANIFEST and not item.name.startswith(".")
    }


def results(folder):
    """Return what the files of results say: their bytes, or pixels, as each OME-TIFF has a number of its own."""
    return {
        name: read_image(folder / name).array.tolist() if name.endswith(".tif") else data
        for name, data in contents(folder).items()
    }


def rows(out):
    with Manifest(out / MANIFEST) as manifest:
        return manifest.rows()
