"""From an image to a full table, side by side with scikit-image, and how much memory that takes at most.

Memory is that of a fresh process for each: the peak of the resident memory, less what it was when everything
had been imported, compiled and made.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
from measure import both
from scipy import ndimage
from segmentation import by_peaks
from side_by_side import asked, large_scenes, timed
from skimage import filters, morphology
from skimage import measure as skimage_measure

import objectwise as ow


def recipe(ndim: int, min_size: float, min_diameter: float) -> ow.Recipe:
    features = tuple(name for group in both(ndim).values() for name in group)
    return ow.Recipe(
        [
            ow.Step("smooth", "smooth_gaussian", {"image": "DNA"}, {"sigma": 1.0}),
            ow.Step("mask", "threshold_auto", {"image": "smooth"}, {"method": "otsu"}),
            ow.Step("filled", "fill_holes", {"mask": "mask"}),
            ow.Step("large", "remove_small", {"objects": "filled"}, {"min_size": min_size}),
            ow.Step("nuclei", "split_touching", {"mask": "large"}, {"min_diameter": min_diameter}),
            ow.Step(
                "table", "measure", {"labels": "nuclei", "images": {"DNA": "DNA"}}, {"features": features}
            ),
        ]
    )


def ours(image: np.ndarray, min_size: float, min_diameter: float) -> int:
    plan = recipe(image.ndim, min_size, min_diameter)
    *_, progress = ow.run(plan, image, grid=ow.Grid("zyx"[-image.ndim :]))
    return len(progress.results["table"].array.frame)


def theirs(image: np.ndarray, min_size: float, min_diameter: float) -> int:
    smooth = filters.gaussian(image, 1, preserve_range=True)
    mask = ndimage.binary_fill_holes(smooth > filters.threshold_otsu(smooth))
    mask = morphology.remove_small_objects(mask, max_size=min_size - 1, connectivity=image.ndim)
    properties = ["label", *both(image.ndim)]
    return len(
        skimage_measure.regionprops_table(by_peaks(mask, min_diameter), image, properties=properties)["label"]
    )


def peak(side: str, number: int, quick: bool) -> float:
    """Return the peak of memory in MB for each million pixels, in a process of its own."""
    command = [sys.executable, __file__, "--memory", side, str(number), *(["--quick"] if quick else [])]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measured(side: str, number: int, quick: bool) -> float:
    run = {"ours": ours, "theirs": theirs}[side]
    # first a small one, which imports and compiles all there is
    _, small, _, smallest = large_scenes(True)[number]
    run(small, 20.0, smallest)
    _, image, mask, smallest = large_scenes(quick)[number]
    del mask
    # the peak starts anew from what is held now
    Path("/proc/self/clear_refs").write_text("5")
    before = _resident("VmRSS")
    run(image, 20.0, smallest)
    return (_resident("VmHWM") - before) / 1e3 / (image.size / 1e6)


def _resident(name: str) -> float:
    """Return a size of the memory of this process in kB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(name)))


def main() -> None:
    if "--memory" in sys.argv:
        side, number = sys.argv[sys.argv.index("--memory") + 1 :][:2]
        print(measured(side, int(number), "--quick" in sys.argv))
        return
    options = asked(__doc__)
    print(
        "\n| Scene | Ours | scikit-image | Times as fast | Objects | Ours, MB per megapixel | scikit-image |"
    )
    print("| --- | --: | --: | --: | --- | --: | --: |")
    for number, (title, image, _, smallest) in enumerate(large_scenes(options.quick)):
        one, other, rows = compared(image, smallest, options.n)
        memory = [peak(side, number, options.quick) for side in ("ours", "theirs")]
        print(
            f"| {title} | {one:.2f} s | {other:.1f} s | {other / one:.1f} | {rows} "
            f"| {memory[0]:.0f} | {memory[1]:.0f} |",
            flush=True,
        )


def compared(image: np.ndarray, smallest: float, n: int) -> tuple[float, float, str]:
    """Return the medians of both, and how many objects each finds."""
    ours(image, 20.0, smallest)
    times = {ours: [], theirs: []}
    found = {}
    for turn in range(n):
        for side in (ours, theirs) if turn == 0 else (ours,):
            time, found[side] = timed(lambda side=side: side(image, 20.0, smallest))
            times[side].append(time)
    one, other = (statistics.median(times[side]) for side in (ours, theirs))
    return one, other, f"{found[ours]} and {found[theirs]}"


if __name__ == "__main__":
    main()
