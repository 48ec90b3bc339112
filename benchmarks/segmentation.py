"""Side by side with scikit-image and SciPy, on images of middle size: the everyday operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import ndimage
from side_by_side import Pair, asked, scene, show
from skimage import feature, filters, measure, morphology, segmentation

import objectwise as ow


def pairs(image: np.ndarray, mask: np.ndarray, min_diameter: float, radii: tuple[int, int]) -> Iterator[Pair]:
    """Give what is compared."""
    ndim = image.ndim
    grid = ow.Grid("zyx"[-ndim:])
    smooth = ndimage.gaussian_filter(image.astype(np.float32), 2)
    full = np.ones((3,) * ndim, bool)
    holed = mask & ~ndimage.binary_erosion(mask, full, iterations=2)
    labels = ow.apply("split_touching", mask, grid=grid, min_diameter=min_diameter)
    seeds = np.where(ndimage.distance_transform_edt(labels > 0) > 0.6 * min_diameter / 2, labels, 0)

    def ours(name: str, *arrays: Any, **values: Any) -> Callable[[], Any]:
        return lambda: ow.apply(name, *arrays, grid=grid, **values)

    yield Pair(
        "threshold_auto, Otsu",
        "filters.threshold_otsu",
        ours("threshold_auto", image),
        lambda: image > filters.threshold_otsu(image),
    )
    yield Pair(
        "smooth_gaussian, sigma 2",
        "ndimage.gaussian_filter",
        ours("smooth_gaussian", image, sigma=2),
        lambda: ndimage.gaussian_filter(image, 2, output=np.float32, mode="nearest"),
    )
    for radius in radii:
        for name in ("open", "close"):
            peer = {"open": morphology.isotropic_opening, "close": morphology.isotropic_closing}[name]
            yield Pair(
                f"{name}, radius {radius}",
                f"morphology.{peer.__name__}",
                ours(name, mask, radius=radius),
                lambda peer=peer, radius=radius: peer(mask, radius),
            )
    element = morphology.disk(radii[0]) if ndim == 2 else morphology.ball(radii[0])
    yield Pair(
        f"open, radius {radii[0]}",
        "ndimage.binary_opening with a disc or ball",
        ours("open", mask, radius=radii[0]),
        lambda: ndimage.binary_opening(mask, element),
    )
    yield Pair(
        "label_components",
        "measure.label",
        ours("label_components", mask),
        lambda: measure.label(mask, connectivity=ndim),
    )
    yield Pair(
        "fill_holes",
        "ndimage.binary_fill_holes",
        ours("fill_holes", holed),
        lambda: ndimage.binary_fill_holes(holed),
    )
    split = ours("split_touching", mask, min_diameter=min_diameter)
    yield Pair(
        "split_touching", "distance, peak_local_max, watershed", split, lambda: by_peaks(mask, min_diameter)
    )
    yield Pair("split_touching", "distance, h_maxima, watershed", split, lambda: by_hills(mask))
    yield Pair(
        "watershed_seeded",
        "segmentation.watershed",
        ours("watershed_seeded", smooth, seeds, mask, relief="inverted"),
        lambda: segmentation.watershed(-smooth, seeds, mask=mask),
    )
    yield Pair(
        "measure, all columns",
        "measure.regionprops_table, the same columns",
        ours("measure", labels, {"DNA": image}),
        lambda: by_regionprops(labels, image),
    )


def by_peaks(mask: np.ndarray, min_diameter: float) -> np.ndarray:
    distance = ndimage.distance_transform_edt(mask)
    peaks = feature.peak_local_max(distance, min_distance=int(min_diameter / 2), labels=measure.label(mask))
    return by_seeds(distance, peaks, mask)


def by_seeds(distance: np.ndarray, peaks: np.ndarray, mask: np.ndarray) -> np.ndarray:
    seeds = np.zeros(mask.shape, np.int32)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return segmentation.watershed(-distance, seeds, mask=mask)


def by_hills(mask: np.ndarray) -> np.ndarray:
    distance = ndimage.distance_transform_edt(mask)
    seeds = measure.label(morphology.h_maxima(distance, 1.0), connectivity=mask.ndim)
    return segmentation.watershed(-distance, seeds, mask=mask)


def by_regionprops(labels: np.ndarray, image: np.ndarray) -> dict[str, np.ndarray]:
    names = [
        "label", "area", "equivalent_diameter_area", "axis_major_length", "axis_minor_length", "feret_diameter_max",
        "area_convex", "solidity", "centroid", "bbox", "intensity_min", "intensity_max", "intensity_mean",
        "intensity_std", "intensity_median",
    ]  # fmt: skip
    if labels.ndim == 2:
        names += ["perimeter_crofton", "eccentricity", "orientation"]
    return measure.regionprops_table(labels, image, properties=names)


def main() -> None:
    options = asked(__doc__)
    for title, image, mask, min_diameter, radii in (
        ("2048 x 2048", *scene((2048, 2048), (67, 67), 13.0), 14.0, (5, 15)),
        ("32 x 256 x 256", *scene((32, 256, 256), (2, 12, 12), 8.5), 9.0, (2, 5)),
    ):
        show(title, pairs(image, mask, min_diameter, radii), options)


if __name__ == "__main__":
    main()
