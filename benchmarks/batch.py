"""A folder of small images: what two processes bring, what the books cost, and how soon there is something to see.

The bare operations are those of a script that somebody writes for one folder: read, run the recipe, write the labels
and the table, one image after another in one process, with no name, hash or row of anything. It is timed as a
process of its own, and so is each run: starting is part of it. Beside the time stands that of the processors, which
says the same on a machine that does other things, too.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from side_by_side import asked

import objectwise as ow
from objectwise.io.images import read_image, write_image
from objectwise.samples import nuclei_2d

SIZE = 512


def recipe() -> ow.Recipe:
    return ow.Recipe(
        [
            ow.Step("smooth", "smooth_gaussian", {"image": "nuclei"}, {"sigma": 0.4}),
            ow.Step("mask", "threshold_auto", {"image": "smooth"}, {"method": "otsu"}),
            ow.Step("split", "split_touching", {"mask": "mask"}, {"min_diameter": 5.0}),
            ow.Step("table", "measure", {"labels": "split", "images": {"DNA": "nuclei"}}),
        ],
        unit="um",
    )


def write_images(folder: Path, n: int) -> None:
    """Write images of nuclei, each its own piece of a larger one under light of its own."""
    folder.mkdir()
    samples = [nuclei_2d(seed) for seed in range(2)]
    random = np.random.default_rng(0)
    for number in range(n):
        sample = samples[number % 2]
        image = np.tile(sample.image, [-(-2 * SIZE // length) for length in sample.image.shape])
        y, x = random.integers(0, image.shape[0] - SIZE), random.integers(0, image.shape[1] - SIZE)
        piece = image[y : y + SIZE, x : x + SIZE].astype(np.float32) * random.uniform(0.7, 1)
        write_image(folder / f"field {number:05}.ome.tif", piece.astype(sample.image.dtype), sample.grid)


def bare(images: str, out: str, recipe_file: str) -> None:
    """Do the work and nothing else."""
    plan = ow.Recipe.read(recipe_file)
    Path(out).mkdir()
    for path in sorted(Path(images).iterdir()):
        image = read_image(path)
        *_, last = ow.run(plan, {"nuclei": (image.array, image.grid)})
        labels, table = last.results["split"], last.results["table"]
        write_image(Path(out) / f"{image.name}_split.ome.tif", labels.array, labels.grid, kind="labels")
        table.array.to_csv(Path(out) / f"{image.name}_table.csv")


def timed(command: list[str]) -> tuple[float, float, float]:
    """Return how long a process takes, its processors with those that it starts, and when its first line comes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = 0.0
        for line in process.stdout:
            if not first and line.startswith("1/"):
                first = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    taken = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return taken, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, first


def main() -> None:
    if sys.argv[1:2] == ["--bare"]:
        bare(*sys.argv[2:])
        return
    options = asked(__doc__)
    n = 100 if options.quick else 2000
    folder = Path(tempfile.mkdtemp(prefix="objectwise-batch-"))
    try:
        write_images(folder / "images", n)
        recipe().write(folder / "recipe.toml")
        run = [
            sys.executable,
            "-m",
            "objectwise",
            "run",
            str(folder / "recipe.toml"),
            str(folder / "images"),
            "-o",
        ]
        # everything is compiled, and the files are in memory
        timed([*run, str(folder / "warm")])
        shutil.rmtree(folder / "warm")
        script = [sys.executable, __file__, "--bare", str(folder / "images"), str(folder / "bare")]
        alone, alone_processors, _ = timed([*script, str(folder / "recipe.toml")])
        one, one_processors, first = timed([*run, str(folder / "one"), "--workers", "1"])
        two, two_processors, first_of_two = timed([*run, str(folder / "two"), "--workers", "2"])
        again, again_processors, _ = timed([*run, str(folder / "two"), "--workers", "2"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n{n} images of {SIZE} x {SIZE}: smooth, threshold, split, measure\n")
    print("| | Time | Processors | For each image | First result after |")
    print("| --- | --: | --: | --: | --: |")
    for name, time_taken, processors, first_line in (
        ("The bare operations, one process", alone, alone_processors, 0),
        ("`objectwise run --workers 1`", one, one_processors, first),
        ("`objectwise run --workers 2`", two, two_processors, first_of_two),
        ("The same command again", again, again_processors, 0),
    ):
        shown = f"{first_line:.1f} s" if first_line else ""
        print(
            f"| {name} | {time_taken:.1f} s | {processors:.1f} s | {1e3 * time_taken / n:.0f} ms | {shown} |"
        )
    print(
        f"\nTwo processes are {one / two:.2f} times as fast as one. The books cost {one / alone - 1:+.0%} of time "
        f"and {one_processors / alone_processors - 1:+.0%} of processors."
    )


if __name__ == "__main__":
    main()
