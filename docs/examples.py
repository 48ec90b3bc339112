"""What the operations do to coins: the example of each page, and the pictures.

An operation needs nothing here to have a page: it is run with its defaults on what coins can offer of the kinds
that it is given. Where that shows little, `EXAMPLES` has better values.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

import objectwise as ow
from objectwise.core.method import Method
from objectwise.io import pictures
from objectwise.recipes import shipped

# Values with which an operation shows on coins what it does; its defaults where it is not named.
EXAMPLES: dict[str, dict[str, Any]] = {
    "smooth_gaussian": {"sigma": 3.0},
    "threshold_manual": {"lower": 120.0},
    "threshold_auto": {"method": "otsu"},
    "threshold_local": {"diameter": 101.0},
    "open": {"radius": 1.5},
    "close": {"radius": 5.0},
    "remove_small": {"min_size": 1500.0},
    "split_touching": {"min_diameter": 20.0},
    "watershed_seeded": {"relief": "inverted"},
    "watershed_compact": {"relief": "gradient", "compactness": 20.0},
    "find_local_maxima": {"min_distance": 10.0},
    "find_h_maxima": {"h": 2.0},
    "segment_membranes": {"h": 1.5},
    "voronoi_otsu_labelling": {"spot_sigma": 8.0, "outline_sigma": 1.0},
    "local_minima_seeded_watershed": {"spot_sigma": 8.0},
    "segment_elevation": {"low": 29.0, "high": 150.0},
    "cluster_kmeans": {"n_classes": 3},
    "labels_from_classes": {"min_class": 3},
    "link_edges": {"max_gap": 12.0},
    "open_grey_by_reconstruction": {"radius": 8.0},
    "close_grey_by_reconstruction": {"radius": 8.0},
    "measure": {"features": ("area", "circularity", "intensity_mean")},
    "measure_parents": {"features": ("area", "intensity_mean")},
    "compare_compartments": {"features": ("area", "intensity_mean")},
    "summarise_objects": {"features": ("area", "intensity_mean")},
    "measure_classes": {"features": ("area", "intensity_mean")},
    "measure_pattern": {"max_distance": 80.0, "n_distances": 8},
    "map_density": {"sigma": 40.0},
}

# Operations whose example takes coins glued together, as their first or only mask, or a mask as a threshold leaves it.
GLUED = (
    "split_touching",
    "split_touching_by_intensity",
    "split_touching_combined",
    "distance_map",
    "find_sure_foreground",
    "watershed_seeded",
    "watershed_compact",
    "estimate_diameter",
)
RAGGED = ("open", "close", "tophat", "bottomhat", "fill_holes", "clear_border", "label_components")


@cache
def coins() -> dict[str, np.ndarray]:
    """Return the image of coins and what can be made of it, by kind of array."""
    from skimage import data

    image = data.coins()
    mask = ow.apply("threshold_manual", image, lower=120.0)
    *_, last = ow.run(shipped("coins"), image)
    labels = last.results["labels"].array
    *_, last = ow.run(shipped("coins_split"), image)
    glued = last.results["glued"].array
    *_, last = ow.run(shipped("coins_classes"), image)
    seeds = np.zeros_like(labels)
    rows, columns = (np.round(ow.measure(labels).frame[f"centroid_{axis}"]).astype(int) for axis in "yx")
    seeds[rows, columns] = np.arange(1, len(rows) + 1)
    return {
        "image": image,
        "marker": ow.apply("erode_grey", image, radius=12.0),
        "edges": ow.apply(
            "threshold_hysteresis", ow.apply("thin_edges", image, sigma=2.0), low=15.0, high=30.0
        ),
        "channels": image[np.newaxis],
        "mask": mask,
        "glued": glued,
        "labels": labels,
        "objects": labels,
        "classes": last.results["classes"].array,
        "seeds": ow.apply("label_components", near(seeds > 0, 3)),
    }


@cache
def tissue() -> np.ndarray:
    """Return a stained tissue section in red, green and blue."""
    from skimage import data

    return np.moveaxis(data.immunohistochemistry()[:303, :384], -1, 0)


def near(mask: np.ndarray, n_pixels: int) -> np.ndarray:
    from scipy import ndimage

    return ndimage.binary_dilation(mask, iterations=n_pixels)


def example_inputs(record: Method) -> dict[str, Any]:
    """Return an array for each input that the example of an operation is given."""
    there = coins()
    found: dict[str, Any] = {}
    for item in record.inputs:
        if item.kind == "images":
            found[item.name] = {"brightness": there["image"]}
        elif item.name in there:
            found[item.name] = there[item.name]
        elif not item.optional or item.kind in ("mask", "image"):
            found[item.name] = there[item.kind]
    first = record.inputs[0].name
    if record.name in ("measure_pattern", "measure_dispersion"):
        found.pop("region", None)
    elif record.name == "compare_compartments":
        found["others"] = ow.apply("make_rings", there["labels"], width=8.0)
    elif record.name in ("relate_objects", "measure_parents"):
        # bright spots of the coins
        bright = ow.apply(
            "threshold_manual", ow.apply("smooth_gaussian", there["image"], sigma=2.0), lower=170.0
        )
        found["children"] = ow.apply("label_components", bright)
    if record.family == "colour":
        found[first] = tissue()
    if record.name in GLUED:
        found[next(item.name for item in record.inputs if item.kind == "mask")] = there["glued"]
    elif record.name in RAGGED:
        found[first] = there["mask"]
    if record.name in ("find_h_maxima", "find_local_maxima"):
        found |= {"image": ow.apply("distance_map", there["glued"]), "mask": there["glued"]}
    elif record.name.startswith("split_touching_"):
        found["image"] = ow.apply("smooth_gaussian", there["image"], sigma=7.0)
    elif record.name in ("segment_membranes", "local_minima_seeded_watershed"):
        found["image"] = ow.apply("smooth_gaussian", ow.apply("enhance_edges", there["image"]), sigma=2.0)
    elif record.name == "grow_against_background":
        found["mask"] = near(there["mask"], 6)
    return found


def example(record: Method) -> tuple[dict[str, Any], Any]:
    """Return the inputs and the result of the example of an operation."""
    inputs = example_inputs(record)
    axes = "cyx" if record.inputs[0].kind == "channels" else "yx"
    arrays = {name: value for name, value in inputs.items() if not isinstance(value, Mapping)}
    images = next((value for value in inputs.values() if isinstance(value, Mapping)), None)
    return inputs, ow.apply(
        record.name,
        *arrays.values(),
        *([images] if images else []),
        grid=ow.Grid(axes),
        **EXAMPLES.get(record.name, {}),
    )


def drawn(array: Any, kind: str) -> np.ndarray:
    """Return a picture of an array, 1 pixel for each of its own."""
    image = coins()["image"]
    if kind == "channels" and len(array) == 3 and array.dtype == np.uint8:
        return np.moveaxis(array, 0, -1)
    if kind == "channels":
        array, kind = array[0], "image"
    if kind == "classes":
        return pictures.draw_classes(image, array, opacity=0.55, zoom=1)[: image.shape[0]]
    if kind in ("labels", "objects") and np.asarray(array).dtype != bool:
        return filled(image, array)
    return pictures.stretch(np.asarray(array, np.float32), 0, 100)


def filled(image: np.ndarray, labels: np.ndarray, numbers: bool = False) -> np.ndarray:
    """Return labels as colours over a dimmed image; neighbours differ."""
    ids = np.unique(labels[labels > 0])
    colours = np.zeros((int(labels.max(initial=0)) + 1, 3), np.uint8)
    colours[ids] = np.array(pictures.OUTLINES, np.uint8)[pictures.outline_colours(labels, ids)]
    grey = pictures.stretch(image)
    inside = (labels > 0)[..., np.newaxis]
    mixed = 0.5 * grey + 0.5 * colours[labels]
    picture = np.where(inside, mixed, 0.6 * grey).astype(np.uint8)
    return pictures.draw_objects(picture, labels, numbers=numbers, zoom=1)


def before_and_after(record: Method, inputs: Mapping[str, Any], result: Any) -> np.ndarray:
    first = record.inputs[0]
    shown = [(first.name, drawn(inputs[first.name], first.kind))]
    shown += [
        (item.name, drawn(inputs[item.name], item.kind))
        for item in record.inputs[1:]
        if item.name in inputs and item.kind in ("labels", "mask")
    ]
    if record.output not in ("value", "table"):
        kind = record.output_kind({first.name: "labels"})
        shown.append(("result", drawn(result, kind)))
    elif record.inputs[0].kind == "labels":
        shown.append(("numbers", pictures.draw_objects(coins()["image"], inputs[first.name], zoom=1)))
    return pictures.side_by_side([picture for _, picture in shown], [title for title, _ in shown], columns=2)


def tutorial_pictures() -> dict[str, np.ndarray]:
    """Return the pictures of the tutorial and of the front page."""
    image = coins()["image"]
    otsu = ow.apply("threshold_auto", image)
    manual = coins()["mask"]
    *_, last = ow.run(shipped("coins"), image)
    labels = last.results["labels"].array
    *_, split = ow.run(shipped("coins_split"), image)
    masks = [pictures.stretch(mask.astype(np.float32), 0, 100) for mask in (otsu, manual)]
    whole = ow.Recipe(
        shipped("coins").steps, inputs=["coins"], outputs=["closed", "inside", "clean", "labels"]
    )
    *_, steps = ow.run(whole, image)
    chain = [
        drawn(steps.results[name].array, kind)
        for name, kind in (("closed", "mask"), ("inside", "mask"), ("clean", "mask"), ("labels", "labels"))
    ]
    side = pictures.side_by_side
    return {
        "pictures/tutorial/coins.png": pictures.stretch(image),
        "pictures/tutorial/thresholds.png": side(masks, ["Otsu finds 107", "120, chosen by eye"]),
        "pictures/tutorial/steps.png": side(
            chain, ["close", "clear_border", "remove_small", "label_components"], columns=2
        ),
        "pictures/tutorial/numbers.png": pictures.draw_objects(image, labels),
        "pictures/tutorial/split.png": side(
            [drawn(split.results["glued"].array, "mask"), drawn(split.results["split"].array, "labels")],
            ["glued together", "split at the necks"],
        ),
    }


def front_picture() -> np.ndarray:
    """Return the picture of the README: image, objects, classes."""
    there = coins()
    return pictures.side_by_side(
        [
            pictures.stretch(there["image"]),
            filled(there["image"], there["labels"], numbers=True),
            drawn(there["classes"], "classes"),
        ],
        ["image", "objects", "classes"],
    )
