"""Side by side with SciPy and scikit-image on large images: from masks to objects that no longer touch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage
from segmentation import by_hills, by_peaks
from side_by_side import Pair, asked, large_scenes, show
from skimage import feature, measure, morphology, segmentation

import objectwise as ow
from objectwise.kernels.distance import squared_distances
from objectwise.kernels.hills import downhill, hill_tops
from objectwise.kernels.islands import paint


def pairs(mask: np.ndarray, min_diameter: float) -> Iterator[Pair]:
    """Give what is compared."""
    grid = ow.Grid("zyx"[-mask.ndim :])
    distance = ndimage.distance_transform_edt(mask).astype(np.float32)
    squared = squared_distances(mask)
    yield Pair(
        "distance inside the mask",
        "ndimage.distance_transform_edt",
        lambda: distances(mask),
        lambda: ndimage.distance_transform_edt(mask),
    )
    yield Pair(
        "hills of the distance",
        "morphology.h_maxima, measure.label",
        lambda: tops(squared, mask),
        lambda: measure.label(morphology.h_maxima(distance, 1.0), connectivity=mask.ndim),
    )
    seeds = ow.apply("label_components", tops(squared, mask) > 0, grid=grid)
    smooth = ndimage.gaussian_filter(distance, 1)
    for name, relief, within in (
        ("watershed_seeded on smooth distances", smooth, mask),
        ("watershed_seeded on distances", distance, mask),
        ("watershed_seeded, no mask", smooth, None),
    ):
        yield Pair(
            name,
            "segmentation.watershed",
            lambda relief=relief, within=within: ow.apply(
                "watershed_seeded", relief, seeds, within, grid=grid, relief="inverted"
            ),
            lambda relief=relief, within=within: segmentation.watershed(-relief, seeds, mask=within),
        )
    chains = {"peak_local_max": lambda: by_peaks(mask, min_diameter), "h_maxima": lambda: by_hills(mask)}
    for name, chain in chains.items():
        yield Pair(
            "split_touching",
            f"distance, {name}, label, watershed",
            lambda: ow.apply("split_touching", mask, grid=grid, min_diameter=min_diameter),
            chain,
        )
    yield Pair(
        "estimate_diameter",
        "distance, peak_local_max",
        lambda: np.array([0.0, ow.apply("estimate_diameter", mask, grid=grid)]),
        lambda: np.array([0.0, by_widths(mask)]),
    )


def distances(mask: np.ndarray) -> np.ndarray:
    squared = squared_distances(mask)
    return np.sqrt(squared, out=squared)


def tops(squared: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return an image of the tops of hills, each with an id."""
    order = downhill(squared, mask)
    places = hill_tops(order, 0.0, 0.15)
    values, image = np.zeros(len(order.pixel), np.int32), np.zeros(mask.shape, np.int32)
    values[places] = np.arange(1, len(places) + 1)
    paint(order, values, image)
    return image


def by_widths(mask: np.ndarray) -> float:
    distance = ndimage.distance_transform_edt(mask)
    peaks = feature.peak_local_max(distance, min_distance=3, labels=measure.label(mask))
    return float(2 * np.median(distance[tuple(peaks.T)]) - 1)


def main() -> None:
    options = asked(__doc__)
    for title, _, mask, min_diameter in large_scenes(options.quick):
        show(title, pairs(mask, min_diameter), options)


if __name__ == "__main__":
    main()
