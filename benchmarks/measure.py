"""Side by side with scikit-image, DIPlib and cp_measure: all objects of a large image measured.

The columns are those that both have. DIPlib and cp_measure are compared with where they are installed; objectwise
does not need them. What has no peer comes last: memory, a million objects, compiling, and the first call.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import find_objects
from side_by_side import THREADS, Pair, asked, large_scenes, show
from skimage.measure import regionprops_table

import objectwise as ow
from objectwise.measure import update_table

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


# groups of ours, and the measurements of cp_measure that have the same columns, or nearly
CP_MEASURE = {
    "brightness": (("intensity", "intensity_edge", "intensity_position"), "intensity"),
    "texture": (("texture",), "texture"),
    "radial": (("radial",), "radial_distribution"),
    "zernike": (("zernike",), "zernike", "radial_zernikes"),
    "granularity": (("granularity",), "granularity"),
}

FIRST = """
import time
start = time.perf_counter()
import numpy as np
import objectwise as ow
for shape in {shapes}:
    labels = np.zeros(shape, np.int32)
    labels[..., 5:15, 5:15], labels[..., 20:30, 3:9] = 1, 2
    ow.measure(labels, {{"DNA": labels.astype(np.uint16)}}, grid=ow.Grid("zyx"[-labels.ndim:]))
print(time.perf_counter() - start)
"""


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
    table, (some, boxes) = ours(), labels_of_some(labels)
    yield Pair(
        "measure, 10 edited objects again",
        "measure, all of them",
        lambda: update_table(
            table, labels, {"DNA": image}, edits=boxes, ids=some, grid=grid, features=features
        ),
        ours,
        lambda one, other: f"{'the same' if one.frame.equals(other.frame) else 'other'} rows",
    )
    bright = ("intensity",)
    yield Pair(
        "measure, one channel, its brightness",
        "ten channels",
        lambda: ours(1, bright),
        lambda: ours(10, bright),
        lambda one, other: f"{len(one.units)} and {len(other.units)} columns",
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


def labels_of_some(labels: np.ndarray) -> tuple[list[int], list[tuple[slice, ...]]]:
    """Return ten ids and their boxes."""
    ids = np.linspace(1, labels.max(), 10).astype(int).tolist()
    boxes = find_objects(labels)
    return ids, [boxes[number - 1] for number in ids]


def with_cp_measure(image: np.ndarray, mask: np.ndarray, smallest: float) -> Iterator[Pair]:
    """Give what is compared with cp_measure, on a part that it gets through."""
    from cp_measure.bulk import get_core_measurements

    grid = ow.Grid("yx")
    labels = ow.apply("split_touching", mask, grid=grid, min_diameter=smallest)
    pixels = image / 65535
    for name, (features, *peers) in CP_MEASURE.items():
        theirs = [get_core_measurements()[peer] for peer in peers]
        yield Pair(
            f"measure, {name}",
            f"cp_measure, {' and '.join(peers)}",
            lambda features=features: ow.measure(labels, {"DNA": image}, grid=grid, features=features),
            lambda theirs=theirs: [name for function in theirs for name in function(labels, pixels)],
            lambda one, other: f"{len(one.units) - 2} and {len(other)} columns",
        )


def million() -> tuple[np.ndarray, np.ndarray]:
    """Return labels of a million discs of 13 pixels, and an image."""
    steps = np.arange(16) - 7.5
    disc = steps[:, None] ** 2 + steps**2 <= 6.5**2
    labels = np.arange(1, 1_000_001, dtype=np.int32).reshape(1000, 1000).repeat(16, 0).repeat(16, 1)
    labels *= np.tile(disc, (1000, 1000))
    return labels, np.random.default_rng(0).integers(0, 4096, labels.shape, dtype=np.uint16)


def measured(scene: str, quick: bool) -> str:
    """Return seconds and the peak of memory above the inputs, in MB for each million pixels; in this process."""
    if scene == "million":
        labels, image = million()
    else:
        _, image, mask, smallest = large_scenes(quick)[int(scene)]
        labels = ow.apply("split_touching", mask, grid=ow.Grid("zyx"[-image.ndim :]), min_diameter=smallest)
        del mask
    features = tuple(name for group in both(image.ndim).values() for name in group)
    # first a small one, which imports and compiles all there is
    part = (slice(0, 64),) * image.ndim
    grid = ow.Grid("zyx"[-image.ndim :])
    ow.measure(labels[part], {"DNA": image[part]}, grid=grid, features=features)
    # what was freed is given back, so that it does not count as there already; the peak starts anew
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = _resident("VmRSS")
    start = time.perf_counter()
    table = ow.measure(labels, {"DNA": image}, grid=grid, features=features)
    seconds = time.perf_counter() - start
    memory = (_resident("VmHWM") - before) / 1e3 / (image.size / 1e6)
    return f"{len(table.frame)} objects, {seconds:.1f} s, {memory:.1f} MB per megapixel"


def _resident(name: str) -> float:
    """Return a size of the memory of this process in kB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(name)))


def first_call(shapes: tuple[tuple[int, ...], ...], cache: str) -> str:
    """Return the seconds that import and first call take in a fresh process, with compiled code kept in a folder."""
    command = [sys.executable, "-c", FIRST.format(shapes=shapes)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | {"NUMBA_CACHE_DIR": cache}
    )
    return f"{float(done.stdout):.1f} s"


def show_numbers(options: Any) -> None:
    """Print a table of what has no peer."""
    print("\n| What | Measured | Goal |\n| --- | --- | --- |")
    quick = ["--quick"] if options.quick else []
    scenes = {"memory in 2-D": "0", "memory in 3-D": "1", "a million objects, 16000 x 16000": "million"}
    for name, scene in scenes.items():
        if options.quick and scene == "million":
            continue
        command = [sys.executable, __file__, "--memory", scene, *quick]
        found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        print(f"| {name} | {found} | 6 MB per megapixel |", flush=True)
    with tempfile.TemporaryDirectory() as cache:
        cold = first_call(((64, 64), (16, 32, 32)), cache)
        print(f"| import and first calls in 2-D and 3-D, nothing compiled yet | {cold} | 25 s |", flush=True)
        warm = min(first_call(((64, 64),), cache) for _ in range(options.n))
        print(f"| import and first call in 2-D, compiled before | {warm} | 1 s |", flush=True)


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
    os.environ["OBJECTWISE_THREADS"] = str(THREADS)
    if "--memory" in sys.argv:
        print(measured(sys.argv[sys.argv.index("--memory") + 1], "--quick" in sys.argv))
        return
    options = asked(__doc__)
    for title, image, mask, smallest in large_scenes(options.quick):
        show(title, pairs(image, mask, smallest), options)
        if image.ndim == 2 and find_spec("cp_measure"):
            part = (slice(0, 1024), slice(0, 1024))
            show("1024 x 1024 of it", with_cp_measure(image[part], mask[part], smallest), options)
    if not options.k:
        show_numbers(options)


if __name__ == "__main__":
    main()
