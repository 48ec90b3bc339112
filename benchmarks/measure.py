"""Side by side with scikit-image and DIPlib: all objects of a large image measured.

The columns are those that both have. DIPlib is compared with where it is installed; objectwise does not need it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np
from side_by_side import THREADS, Pair, asked, large_scenes, show
from skimage.measure import regionprops_table

import objectwise as ow

# scikit-image's scalar columns, and ours; lists of them stand for several
SAME = {
    "num_pixels": "n_pixels",
    "area": "area",
    "area_bbox": "area_bbox",
    "area_convex": "area_convex",
    "area_filled": "area_filled",
    "axis_major_length": "axis_major_length",
    "axis_minor_length": "axis_minor_length",
    "bbox": ["bbox_min_y", "bbox_min_x", "bbox_max_y", "bbox_max_x"],
    "centroid": ["centroid_y", "centroid_x"],
    "centroid_weighted": ["centroid_weighted_y", "centroid_weighted_x"],
    "eccentricity": "eccentricity",
    "equivalent_diameter_area": "equivalent_diameter",
    "euler_number": "euler_number",
    "extent": "extent",
    "feret_diameter_max": "feret_diameter_max",
    "intensity_max": "intensity_max",
    "intensity_mean": "intensity_mean",
    "intensity_median": "intensity_median",
    "intensity_min": "intensity_min",
    "intensity_std": "intensity_std",
    "orientation": "orientation",
    "perimeter": "perimeter_4_neighbour",
    "perimeter_crofton": "perimeter",
    "solidity": "solidity",
}
FLAT = {"eccentricity", "orientation", "perimeter", "perimeter_crofton"}

# DIPlib's, and ours
DIPLIB = {
    "Size": "area",
    "Minimum": "bbox_min_x",
    "Maximum": "bbox_max_x",
    "Center": "centroid_x",
    "Mean": "intensity_mean",
    "StandardDeviation": "intensity_std",
    "MinVal": "intensity_min",
    "MaxVal": "intensity_max",
    "Mass": "intensity_sum",
    "Feret": "feret_diameter_max",
    "ConvexArea": "area_convex",
    "Solidity": "solidity",
    "Perimeter": "perimeter",
}


def both(ndim: int) -> dict[str, list[str]]:
    """Return the columns of scikit-image that we have too, by our names."""
    from objectwise.measure.families import all_columns, defaults

    offered = {item.name for item in all_columns(["DNA"], defaults()) if ndim in item.column.dimensions}
    found = {}
    for theirs, mine in SAME.items():
        names = [mine] if isinstance(mine, str) else list(mine)
        if ndim == 3:
            names = [name.replace("area", "volume") for name in names]
            names += [name[:-1] + "z" for name in names if name.endswith("_x")]
        if set(names) <= offered and not (ndim == 3 and theirs in FLAT):
            found[theirs] = names
    return found


def pairs(image: np.ndarray, mask: np.ndarray, smallest: float) -> Iterator[Pair]:
    """Give what is compared."""
    grid = ow.Grid("zyx"[-image.ndim :])
    labels = ow.apply("split_touching", mask, grid=grid, min_diameter=smallest)
    names = both(image.ndim)
    features = tuple(name for group in names.values() for name in group)

    def ours(n: int = 1, features: tuple[str, ...] | None = features) -> Any:
        return ow.measure(labels, {f"DNA{i or ''}": image for i in range(n)}, grid=grid, features=features)

    yield Pair(
        f"measure, {len(names)} properties",
        "regionprops_table",
        ours,
        lambda: regionprops_table(labels, image, properties=["label", *names]),
        lambda one, other: agreement(one.frame, other, names),
    )
    yield Pair(
        "measure, one channel, everything",
        "ten channels",
        lambda: ours(1, None),
        lambda: ours(10, None),
        lambda one, other: f"{len(one.units)} and {len(other.units)} columns",
    )
    if find_spec("diplib"):
        import diplib

        diplib.SetNumberOfThreads(THREADS)
        unsigned = labels.astype(np.uint32)
        flat = {"Feret", "ConvexArea", "Solidity", "Perimeter"} if image.ndim == 3 else set()
        wanted = [name for name in DIPLIB if name not in flat]
        mine = tuple(DIPLIB[name].replace("area", "area" if image.ndim == 2 else "volume") for name in wanted)
        for few in (wanted, [name for name in wanted if name not in ("Feret", "ConvexArea", "Solidity")]):
            yield Pair(
                f"measure, {len(few)} features",
                f"MeasurementTool.Measure: {', '.join(few)}",
                lambda few=few: ours(
                    1, tuple(item for name, item in zip(wanted, mine, strict=True) if name in few)
                ),
                lambda few=few: diplib.MeasurementTool.Measure(unsigned, image, few),
                lambda one, other: mean_agreement(one.frame, other),
            )


def agreement(frame: Any, table: dict[str, np.ndarray], names: dict[str, list[str]]) -> str:
    """Say how far the columns agree at most, relative, where both are defined."""
    worst, where = 0.0, ""
    for theirs, mine in names.items():
        if len(mine) > 1:
            continue
        one, other = frame[_with_channel(mine[0], frame)], table[theirs]
        with np.errstate(all="ignore"):
            apart = np.abs(one - other)
            if theirs == "orientation":
                # pi/2 and -pi/2 are one direction
                apart = np.minimum(apart, np.pi - apart)
            differ = np.nanmax(apart / np.maximum(np.abs(other), 1e-3))
        if differ > worst:
            worst, where = float(differ), theirs
    return f"{len(frame)} and {len(table['label'])} rows; at most {worst:.0e} apart ({where})"


def _with_channel(name: str, frame: Any) -> str:
    return name if name in frame else f"{name}_DNA"


def mean_agreement(frame: Any, found: Any) -> str:
    theirs = np.array(found["Mean"])[:, 0]
    differ = np.abs(frame["intensity_mean_DNA"] / theirs - 1).max()
    return f"{len(frame)} and {len(theirs)} rows; means {differ:.0e} apart"


def main() -> None:
    options = asked(__doc__)
    os.environ["OBJECTWISE_THREADS"] = str(THREADS)
    for title, image, mask, smallest in large_scenes(options.quick):
        show(title, pairs(image, mask, smallest), options)


if __name__ == "__main__":
    main()
