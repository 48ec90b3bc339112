"""Side by side with SciPy, scikit-image, cc3d and fill_voids: pieces labelled, holes filled, objects chosen.

cc3d and fill_voids are compared with where they are installed; objectwise does not need them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy import ndimage
from side_by_side import Pair, asked, large_scenes, show
from skimage import measure, morphology, segmentation

import objectwise as ow


def pairs(mask: np.ndarray) -> Iterator[Pair]:
    """Give what is compared."""
    ndim = mask.ndim
    grid = ow.Grid("zyx"[-ndim:])
    full = np.ones((3,) * ndim, bool)
    holed = mask & ~ndimage.binary_erosion(mask, full, iterations=2)
    labels = measure.label(mask, connectivity=ndim).astype(np.int32)
    # a size that some are below of
    smallest = int(np.percentile(np.bincount(labels.ravel())[1:], 20))

    def ours(name: str, *arrays: Any, **values: Any) -> Callable[[], Any]:
        return lambda: ow.apply(name, *arrays, grid=grid, **values)

    labelled = ours("label_components", mask)
    yield Pair("label_components", "measure.label", labelled, lambda: measure.label(mask, connectivity=ndim))
    yield Pair("label_components", "ndimage.label", labelled, lambda: ndimage.label(mask, full)[0])
    if find_spec("cc3d"):
        import cc3d

        yield Pair(
            "label_components",
            "cc3d.connected_components",
            labelled,
            lambda: cc3d.connected_components(mask, connectivity=26 if ndim == 3 else 8),
        )
    filled = ours("fill_holes", holed)
    yield Pair("fill_holes", "ndimage.binary_fill_holes", filled, lambda: ndimage.binary_fill_holes(holed))
    if find_spec("fill_voids"):
        import fill_voids

        yield Pair("fill_holes", "fill_voids.fill", filled, lambda: fill_voids.fill(holed))
    yield Pair(
        "remove_small, of a mask",
        "morphology.remove_small_objects",
        ours("remove_small", mask, min_size=smallest),
        lambda: morphology.remove_small_objects(mask, max_size=smallest - 1, connectivity=ndim),
    )
    yield Pair(
        "filter_labels_by_size",
        "morphology.remove_small_objects",
        ours("filter_labels_by_size", labels, min_size=smallest),
        lambda: morphology.remove_small_objects(labels, max_size=smallest - 1),
    )
    yield Pair(
        "clear_border",
        "segmentation.clear_border",
        ours("clear_border", labels),
        lambda: segmentation.clear_border(labels),
    )
    yield Pair(
        "relabel_sequential",
        "segmentation.relabel_sequential",
        ours("relabel_sequential", labels),
        lambda: segmentation.relabel_sequential(labels)[0],
    )
    recipe = ow.Recipe(
        [
            ow.Step("sized", "filter_labels_by_size", {"labels": "labels"}, {"min_size": float(smallest)}),
            ow.Step("inside", "clear_border", {"objects": "sized"}),
            ow.Step("numbered", "relabel_sequential", {"labels": "inside"}),
        ]
    )
    yield Pair(
        "recipe of these three",
        "these three",
        lambda: by_recipe(recipe, labels, grid),
        lambda: segmentation.relabel_sequential(
            segmentation.clear_border(morphology.remove_small_objects(labels, max_size=smallest - 1))
        )[0],
    )


def by_recipe(recipe: ow.Recipe, labels: np.ndarray, grid: ow.Grid) -> np.ndarray:
    *_, progress = ow.run(recipe, labels, grid=grid)
    return progress.results["numbered"].array


def main() -> None:
    options = asked(__doc__)
    for title, _, mask, _ in large_scenes(options.quick):
        show(title, pairs(mask), options)


if __name__ == "__main__":
    main()
