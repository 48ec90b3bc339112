"""Seeds, floods and recipes of the field side by side with scikit-image and SciPy, on large images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import ndimage
from side_by_side import Pair, asked, large_scenes, show
from skimage import feature, filters, measure, morphology, segmentation

import objectwise as ow
from objectwise.ops.classics import segment_membranes, voronoi_otsu_labelling


def pairs(image: np.ndarray, mask: np.ndarray, min_diameter: float) -> Iterator[Pair]:
    """Give what is compared."""
    ndim = image.ndim
    grid = ow.Grid("zyx"[-ndim:])
    smooth = ndimage.gaussian_filter(image.astype(np.float32), 2)
    distance = ow.apply("distance_map", mask, grid=grid)
    labels = ow.apply("split_touching", mask, grid=grid, min_diameter=min_diameter)
    seeds = np.where(distance > 0.6 * min_diameter / 2, labels, 0)

    def ours(name: str, *arrays: Any, **values: Any) -> Callable[[], Any]:
        return lambda: ow.apply(name, *arrays, grid=grid, **values)

    def recipe(steps: list[ow.Step], source: np.ndarray) -> Callable[[], Any]:
        def run() -> Any:
            *_, last = ow.run(ow.Recipe(steps), {"image": (source, grid)})
            return last.results[steps[-1].id].array

        return run

    yield Pair(
        "distance_map",
        "ndimage.distance_transform_edt",
        ours("distance_map", mask),
        lambda: ndimage.distance_transform_edt(mask),
    )
    yield Pair(
        "find_h_maxima, of distances",
        "morphology.reconstruction, local_maxima, label",
        ours("find_h_maxima", distance, h=1.0),
        lambda: h_maxima(distance, 1.0),
    )
    yield Pair(
        "find_local_maxima, 5 pixels apart",
        "feature.peak_local_max",
        ours("find_local_maxima", smooth, min_distance=5.0),
        lambda: peaks(smooth, 5),
    )
    yield Pair(
        "find_sure_foreground",
        "distance_transform_edt, label",
        ours("find_sure_foreground", mask),
        lambda: measure.label((d := ndimage.distance_transform_edt(mask)) > 0.7 * d.max()),
    )
    yield Pair(
        "watershed_compact",
        "segmentation.watershed, compactness",
        ours("watershed_compact", smooth, seeds, mask, relief="inverted", compactness=10.0),
        lambda: segmentation.watershed(-smooth, seeds, mask=mask, compactness=10.0),
    )
    yield Pair(
        "split_touching_by_intensity",
        "peak_local_max, watershed",
        ours("split_touching_by_intensity", smooth, mask),
        lambda: segmentation.watershed(-smooth, peaks(smooth, 6, measure.label(mask)), mask=mask),
    )
    yield Pair(
        "split_touching_combined",
        "distance, peak_local_max, watershed",
        ours("split_touching_combined", smooth, mask),
        lambda: by_both(smooth, mask),
    )
    yield Pair(
        "voronoi_otsu_labelling",
        "the same steps",
        recipe(voronoi_otsu_labelling(), image),
        lambda: voronoi_otsu(image),
    )
    walls = np.where(segmentation.find_boundaries(labels), 255, 0).astype(np.uint8)
    walls = ndimage.gaussian_filter(walls, 1)
    yield Pair(
        "segment_membranes",
        "the same steps",
        recipe(segment_membranes(h=20.0), walls),
        lambda: membranes(walls, 20.0),
    )


def h_maxima(image: np.ndarray, h: float) -> np.ndarray:
    full = np.ones((3,) * image.ndim)
    rebuilt = morphology.reconstruction(image - np.float32(h), image, footprint=full)
    return measure.label(morphology.local_maxima(rebuilt))


def peaks(image: np.ndarray, distance: int, pieces: np.ndarray | None = None) -> np.ndarray:
    places = feature.peak_local_max(image, min_distance=distance, labels=pieces, exclude_border=False)
    seeds = np.zeros(image.shape, np.int32)
    seeds[tuple(places.T)] = np.arange(1, len(places) + 1)
    return seeds


def by_both(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    relief = image * ndimage.distance_transform_edt(mask)
    return segmentation.watershed(-relief, peaks(relief, 6, measure.label(mask)), mask=mask)


def voronoi_otsu(image: np.ndarray) -> np.ndarray:
    smooth = filters.gaussian(image, 2, preserve_range=True)
    mask = smooth > filters.threshold_otsu(smooth)
    return segmentation.watershed(mask, measure.label(morphology.local_maxima(smooth) & mask), mask=mask)


def membranes(image: np.ndarray, h: float) -> np.ndarray:
    smooth = filters.gaussian(image, 1, preserve_range=True)
    rebuilt = morphology.reconstruction(smooth + h, smooth, method="erosion")
    return segmentation.watershed(smooth, measure.label(morphology.local_minima(rebuilt, connectivity=1)))


if __name__ == "__main__":
    options = asked(__doc__)
    for title, image, mask, smallest in large_scenes(options.quick):
        show(title, pairs(image, mask, smallest), options)
