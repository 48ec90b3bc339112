"""The first thing a newcomer runs: coins counted, measured, put into classes and split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from objectwise.core.grid import Grid
from objectwise.core.recipe import Recipe
from objectwise.core.run import Result, apply, run
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
    image = coins()
    otsu = of_block(find_threshold, image.array, method="otsu")
    recipe = shipped("coins")
    by_otsu = _results(recipe.with_value("mask", "lower", otsu), image)["labels"].array.max()
    yield (
        f"Coins: {image.grid.describe(image.array.shape)}.\n"
        f"Otsu's threshold is {otsu:g} and gives {by_otsu} objects: the bright upper left corner runs into some of the coins.\n"
        f"So the threshold is chosen by eye, as the teaching recipe does: {recipe.step('mask').parameters['lower']:g}."
    )

    results = _results(recipe, image)
    labels, table = results["labels"], results["table"]
    write_result(folder / "coins_labels.ome.tif", labels, overwrite=True)
    write_result(folder / "coins_table.csv", table, overwrite=True)
    recipe.write(folder / "coins_recipe.toml")
    draw_objects(image.array, labels.array, grid=image.grid, path=folder / "coins_objects.png")
    columns = ["label", "area", "equivalent_diameter", "circularity", "intensity_mean_brightness"]
    units = [f"{name} [{unit}]" if (unit := table.array.units.get(name)) else name for name in columns]
    rows = table.array.frame[columns].head(5).round(3)
    yield (
        " > ".join(step.operation.label for step in recipe.steps)
        + f"\n{labels.array.max()} coins\n\n"
        + rows.to_string(index=False, header=units)
        + f"\n... {len(table.array)} rows in all"
    )

    classes = _results(shipped("coins_classes"), image)["classes"]
    centres = next(row["value"] for row in classes.values if row["parameter"] == "centres")
    shares = np.bincount(classes.array.ravel(), minlength=4)[1:] / classes.array.size
    write_result(folder / "coins_classes.ome.tif", classes, overwrite=True)
    draw_classes(image.array, classes.array, path=folder / "coins_classes.png")
    yield "Semantic output, a class for each pixel (k-means, 3 classes):\n" + "\n".join(
        f"  class {number}: brightness {centre[0]:.0f}, {share:.0%} of the image"
        for number, (centre, share) in enumerate(zip(centres, shares, strict=True), 1)
    )

    split = _results(shipped("coins_split"), image)
    pieces = apply("label_components", split["glued"].array).max()
    write_result(folder / "coins_split.ome.tif", split["split"], overwrite=True)
    draw_objects(image.array, split["split"].array, path=folder / "coins_split.png")
    yield (
        "Instance output, an id for each object (watershed split): the coins are glued together on purpose\n"
        f"into {pieces} pieces, and splitting them at their necks gives {split['split'].array.max()} coins again."
    )
    names = sorted(path.name for path in folder.iterdir() if path.name.startswith("coins_"))
    yield f"Written to {folder}:\n  " + "\n  ".join(names)


def _results(recipe: Recipe, image: Result) -> Mapping[str, Result]:
    *_, last = run(recipe, image)
    return last.results
