"""How two libraries are compared: one process, the same arrays, two threads, taking turns.

Ours goes through `objectwise.apply`, as a user calls it, or through a recipe. The median of each is shown. The last
column says how far the results agree, as a fast wrong answer is no answer.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from scipy import ndimage

THREADS = 2
os.environ.setdefault("OBJECTWISE_THREADS", str(THREADS))

LONG = 4.0  # seconds; what takes longer is run once


@dataclass
class Pair:
    """One thing done by both."""

    name: str
    peer: str
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    agree: Callable[[Any, Any], str] | None = None


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
    return statistics.median(ours), statistics.median(theirs), (pair.agree or agreement)(one, other)


def show(title: str, pairs: Iterable[Pair], options: argparse.Namespace) -> None:
    """Print a table of the pairs whose names hold what is asked for."""
    print(f"\n{title}\n")
    print(
        "| Ours | Theirs | Ours | Theirs | Times as fast | Results |\n| --- | --- | --: | --: | --: | --- |"
    )
    for pair in pairs:
        if options.k in pair.name:
            ours, theirs, same = compare(pair, options.n)
            print(
                f"| {pair.name} | {pair.peer} | {1000 * ours:.0f} ms | {1000 * theirs:.0f} ms "
                f"| {theirs / ours:.1f} | {same} |",
                flush=True,
            )


def asked(description: str | None) -> argparse.Namespace:
    """Read the command line, and print what is compared on what."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("-n", type=int, default=5, help="runs of each [5]")
    parser.add_argument("-k", default="", help="only what has this in its name")
    parser.add_argument("--quick", action="store_true", help="small images, to try the script itself")
    options = parser.parse_args()
    names = ("scikit-image", "scikit-learn", "scipy", "numpy", "numba")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    print(f"{THREADS} threads, {platform.system()}, Python {platform.python_version()}, {packages}")
    return options


def large_scenes(quick: bool = False) -> list[tuple[str, np.ndarray, np.ndarray, float]]:
    """Return title, image, mask and smallest diameter of the two scenes that all speed goals are about."""
    if quick:
        flat, deep = ((512, 512), (17, 17)), ((16, 96, 96), (2, 7, 7))
    else:
        flat, deep = ((4096, 4096), (134, 134)), ((64, 512, 512), (5, 25, 25))
    found = []
    for (shape, n), radius, smallest in ((flat, 13.0, 14.0), (deep, 6.5, 8.0)):
        image, mask = scene(shape, n, radius)
        size = " x ".join(map(str, shape))
        found.append((f"{size} uint16, {int(np.prod(n))} objects", image, mask, smallest))
    return found
