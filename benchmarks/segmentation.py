"""Side by side with scikit-image and SciPy, in one process, on the same arrays.

Ours goes through `objectwise.apply`, as a user calls it. Ours and theirs take turns, and the median of each is
shown. The last column says how far the results agree, as a fast wrong answer is no answer.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from scipy import ndimage
from skimage import feature, filters, measure, morphology, segmentation

import objectwise as ow

LONG = 4.0  # seconds; what takes longer is run once


@dataclass
class Pair:
    """One thing done by both."""

    name: str
    peer: str
    ours: Callable[[], Any]
    theirs: Callable[[], Any]


def scene(shape: tuple[int, ...], n: tuple[int, ...], radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a noisy uint16 image of balls on a shaken lattice, many of them touching, and their mask."""
    random = np.random.default_rng(0)
    step = np.array(shape) / n
    distance = np.full(shape, np.inf, np.float32)
    for index in np.ndindex(*n):
        centre = (np.array(index) + 0.5 + random.uniform(-0.22, 0.22, len(n))) * step
        r = radius * random.uniform(0.8, 1.2)
        low = np.maximum(0, np.floor(centre - r - 2)).astype(int)
        high = np.minimum(shape, np.ceil(centre + r + 3)).astype(int)
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        away = np.zeros([b - a for a, b in zip(low, high, strict=True)], np.float32)
        for axis in range(len(n)):
            along = np.arange(low[axis], high[axis]) - centre[axis]
            away += (along**2).reshape([-1 if i == axis else 1 for i in range(len(n))])
        distance[box] = np.minimum(distance[box], np.sqrt(away) / r)
    light = ndimage.gaussian_filter((distance <= 1).astype(np.float32), 1)
    noisy = 200 + 1500 * light + 60 * random.standard_normal(shape, dtype=np.float32)
    return np.clip(noisy, 0, 65535).astype(np.uint16), distance <= 1


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


def agreement(one: Any, other: Any) -> str:
    """Say how far two results agree."""
    if isinstance(other, dict):
        names = {
            "axis_major_length": "axis_major_length",
            "area_convex": "area_convex",
            "intensity_mean_DNA": "intensity_mean",
        }
        frame = one.frame
        names = {mine: his for mine, his in names.items() if mine in frame}
        worst = max(float(np.nanmax(np.abs(frame[mine] / other[his] - 1))) for mine, his in names.items())
        same = "same" if worst < 1e-9 else f"within {worst:.0e}"
        return f"{len(frame)} and {len(other['label'])} rows; {', '.join(names.values())} {same}"
    one, other = np.asarray(one), np.asarray(other)
    if one.dtype.kind == "f":
        differ = float(np.abs(one - other).max() / np.ptp(other))
        return f"largest difference {differ:.0e} of the range" if differ else "same values"
    if one.dtype == bool:
        differ = int((one != other).sum())
        return "same pixels" if differ == 0 else f"{differ / one.size:.2%} of the pixels differ"
    counts = [np.unique(item[item > 0]).size for item in (one, other)]
    differ = (one != other).mean()
    if counts[0] == counts[1] and differ < 0.1:
        return "same labels" if differ == 0 else f"{counts[0]} objects, {differ:.2%} of the pixels differ"
    return f"{counts[0]} and {counts[1]} objects"


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def compare(pair: Pair, n: int) -> tuple[float, float, str]:
    """Return the medians of both, and how far they agree; the first run of ours, which may compile, does not count."""
    pair.ours()
    (mine, one), (his, other) = timed(pair.ours), timed(pair.theirs)
    ours, theirs = [mine], [his]
    while len(ours) < n and max(mine, his) < LONG:
        ours.append(timed(pair.ours)[0])
        theirs.append(timed(pair.theirs)[0])
    return statistics.median(ours), statistics.median(theirs), agreement(one, other)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=5, help="runs of each [5]")
    parser.add_argument("-k", default="", help="only what has this in its name")
    options = parser.parse_args()
    packages = ", ".join(f"{name} {version(name)}" for name in ("scikit-image", "scipy", "numpy", "numba"))
    print(f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {packages}")
    scenes = [
        ("2048 x 2048", *scene((2048, 2048), (67, 67), 13.0), 14.0, (5, 15)),
        ("32 x 256 x 256", *scene((32, 256, 256), (2, 12, 12), 8.5), 9.0, (2, 5)),
    ]
    for title, image, mask, min_diameter, radii in scenes:
        n_objects = ow.apply(
            "split_touching", mask, grid=ow.Grid("zyx"[-mask.ndim :]), min_diameter=min_diameter
        ).max()
        print(f"\n{title}, {n_objects} objects, {mask.mean():.0%} of the pixels\n")
        print(
            "| Ours | Theirs | Ours | Theirs | Times as fast | Results |\n| --- | --- | --: | --: | --: | --- |"
        )
        for pair in pairs(image, mask, min_diameter, radii):
            if options.k in pair.name:
                ours, theirs, same = compare(pair, options.n)
                print(
                    f"| {pair.name} | {pair.peer} | {1000 * ours:.0f} ms | {1000 * theirs:.0f} ms "
                    f"| {theirs / ours:.1f} | {same} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
