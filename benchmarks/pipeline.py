"""From an image to a full table, side by side with scikit-image, and how much memory that takes at most.

Memory is that of a fresh process for each: the peak of the resident memory, less what it was when everything
had been imported, compiled and made.
"""

from __future__ import annotations

import resource
import subprocess
import sys

import numpy as np
from scipy import ndimage
from segmentation import by_peaks, by_regionprops
from side_by_side import asked, large_scenes, timed
from skimage import filters, morphology

import objectwise as ow


def recipe(min_size: float, min_diameter: float) -> ow.Recipe:
    return ow.Recipe(
        [
            ow.Step("smooth", "smooth_gaussian", {"image": "DNA"}, {"sigma": 1.0}),
            ow.Step("mask", "threshold_auto", {"image": "smooth"}, {"method": "otsu"}),
            ow.Step("filled", "fill_holes", {"mask": "mask"}),
            ow.Step("large", "remove_small", {"objects": "filled"}, {"min_size": min_size}),
            ow.Step("nuclei", "split_touching", {"mask": "large"}, {"min_diameter": min_diameter}),
            ow.Step("table", "measure", {"labels": "nuclei", "images": {"DNA": "DNA"}}),
        ]
    )


def ours(image: np.ndarray, min_size: float, min_diameter: float) -> int:
    plan = recipe(min_size, min_diameter)
    for progress in ow.run(plan, image, grid=ow.Grid("zyx"[-image.ndim :])):
        pass
    return len(progress.results["table"].array.frame)


def theirs(image: np.ndarray, min_size: float, min_diameter: float) -> int:
    smooth = filters.gaussian(image, 1, preserve_range=True)
    mask = ndimage.binary_fill_holes(smooth > filters.threshold_otsu(smooth))
    mask = morphology.remove_small_objects(mask, max_size=min_size - 1, connectivity=image.ndim)
    return len(by_regionprops(by_peaks(mask, min_diameter), image)["label"])


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
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak starts anew from what is held now
    before = _resident("VmRSS")
    run(image, 20.0, smallest)
    return (_resident("VmHWM") - before) / 1e3 / (image.size / 1e6)


def _resident(name: str) -> float:
    """Return a size of the memory of this process in kB."""
    try:
        with open("/proc/self/status") as file:
            return float(next(line.split()[1] for line in file if line.startswith(name)))
    except OSError:
        return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


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
        ours(image, 20.0, smallest)
        mine, his = [], []
        for _ in range(options.n):
            time, n_mine = timed(lambda: ours(image, 20.0, smallest))
            mine.append(time)
        for _ in range(1):
            time, n_his = timed(lambda: theirs(image, 20.0, smallest))
            his.append(time)
        one, other = np.median(mine), np.median(his)
        memory = [peak(side, number, options.quick) for side in ("ours", "theirs")]
        print(
            f"| {title} | {one:.2f} s | {other:.1f} s | {other / one:.1f} | {n_mine} and {n_his} "
            f"| {memory[0]:.0f} | {memory[1]:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
