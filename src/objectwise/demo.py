"""The first thing a newcomer runs: coins counted, measured, put into classes and split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from objectwise.core.grid import Grid
from objectwise.core.recipe import Recipe
from objectwise.core.results import Result
from objectwise.core.run import apply, run
from objectwise.recipes import shipped


def coins() -> Result:
    """Return the image of coins that scikit-image ships."""
    from skimage import data

    return Result(data.coins(), Grid("yx"), "image")


def run_demo(folder: Path) -> Iterator[str]:
    """Segment and measure the coins, write all results to a folder, and say what happens.

    Parameters
    ----------
    folder : path
        Made where it is not there. Files of an earlier demo are replaced.

    Yields
    ------
    str
        One paragraph for each part.
    """
    from objectwise.io.pictures import draw_classes, draw_objects
    from objectwise.io.results import write_result
    from objectwise.ops.histogram import find_threshold, of_block

    folder.mkdir(parents=True, exist_ok=True)
    image, recipe = coins(), shipped("coins")
    by_hand = recipe.step("mask").parameters["lower"]
    otsu = of_block(find_threshold, image.array, method="otsu")
    by_otsu = _results(recipe.with_value("mask", "lower", otsu), image)["labels"].array.max()
    yield (
        f"The image: 24 coins ({image.grid.describe(image.array.shape)}).\n"
        f"Otsu's method puts the threshold at {otsu:g}, and that gives {by_otsu} objects: the bright background of\n"
        "the upper left corner runs into some of the coins, and is cleared away with them.\n"
        f"So the threshold is chosen by eye: {by_hand:g}."
    )

    results = _results(recipe, image)
    labels, table = results["labels"], results["table"].array
    write_result(folder / "coins_labels.ome.tif", labels, overwrite=True)
    write_result(folder / "coins_table.csv", results["table"], overwrite=True)
    recipe.write(folder / "coins_recipe.toml")
    draw_objects(image.array, labels.array, grid=image.grid, path=folder / "coins_objects.png")
    columns = {
        "label": "coin",
        "area": "area",
        "equivalent_diameter": "diameter",
        "circularity": "circularity",
        "intensity_mean_brightness": "brightness",
    }
    units = [f"{title} [{unit}]" if (unit := table.units[name]) else title for name, title in columns.items()]
    yield (
        "From pixels to objects, step by step:\n  "
        + " > ".join(step.operation.label for step in recipe.steps)
        + f"\n{labels.array.max()} coins. The first five of the table:\n\n"
        + table.frame[list(columns)].head(5).round(2).to_string(index=False, header=units)
    )

    classes = _results(shipped("coins_classes"), image)["classes"]
    centres = next(row["value"] for row in classes.values if row["parameter"] == "centres")
    shares = np.bincount(classes.array.ravel(), minlength=4)[1:] / classes.array.size
    write_result(folder / "coins_classes.ome.tif", classes, overwrite=True)
    draw_classes(image.array, classes.array, path=folder / "coins_classes.png")
    rows = "\n".join(
        f"  class {number}: mean brightness {centre[0]:.0f}, {share:.0%} of the image"
        for number, (centre, share) in enumerate(zip(centres, shares, strict=True), 1)
    )
    yield (
        "Semantic, a class for every pixel (k-means finds 3 classes of brightness):\n"
        f"{rows}\n"
        "A class says what a pixel is like, not which coin it belongs to."
    )

    split = _results(shipped("coins_split"), image)
    n_glued = apply("label_components", split["glued"].array).max()
    write_result(folder / "coins_split.ome.tif", split["split"], overwrite=True)
    draw_objects(image.array, split["split"].array, path=folder / "coins_split.png")
    yield (
        "Instances, an id for every object, where objects touch:\n"
        f"glued together on purpose, the coins are {n_glued} pieces; a watershed splits them at their necks\n"
        f"into {split['split'].array.max()} coins again."
    )
    names = sorted(path.name for path in folder.iterdir() if path.name.startswith("coins_"))
    yield f"Written to {folder}:\n  " + "\n  ".join(names)


def _results(recipe: Recipe, image: Result) -> Mapping[str, Result]:
    *_, last = run(recipe, image)
    return last.results
