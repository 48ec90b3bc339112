"""How long every operation takes on one flat image and one volume, the slowest first.

Each operation runs in a process of its own, first on a corner, so that nothing is compiled while the clock runs, then
once on the whole, with its defaults or the values of its example in the docs. Beside the seconds on the clock stand
those of all processors together, which a busy machine changes less, and the memory needed beside the inputs. One that
takes longer than the limit is stopped. Works where processes can fork.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage
from side_by_side import THREADS, scene

sys.path.insert(0, str(Path(__file__).parent.parent / "docs"))

from examples import EXAMPLES

import objectwise as ow
from objectwise.core.operation import Operation

SCENES = {
    "2048 x 2048": ((2048, 2048), (67, 67), 13.0),
    "32 x 256 x 256": ((32, 256, 256), (3, 12, 12), 6.5),
    "4096 x 4096": ((4096, 4096), (134, 134), 13.0),
    "64 x 512 x 512": ((64, 512, 512), (5, 25, 25), 6.5),
}

# examples in the docs are for coins: a threshold in brightness does not fit another image
VALUES: dict[str, dict[str, Any]] = {
    **EXAMPLES,
    "threshold_manual": {"lower": 900.0},
    "measure": {},
    "split_touching": {},
    "flood_similar": {"tolerance": 500.0},
}


def arrays(shape: tuple[int, ...], n: tuple[int, ...], radius: float) -> dict[str, Any]:
    """Return an array for each kind of input, or for the name of one."""
    image, mask = scene(shape, n, radius)
    labels = ndimage.label(mask)[0].astype(np.int32)
    seeds = np.zeros(shape, np.int32)
    distance = ndimage.distance_transform_edt(mask)
    peaks = np.flatnonzero((distance == ndimage.maximum_filter(distance, 7)) & mask)
    seeds.ravel()[peaks] = np.arange(1, len(peaks) + 1)
    grid = np.indices(shape, np.int32) // 32
    regions = np.ravel_multi_index(tuple(grid), tuple(-(-size // 32) for size in shape)).astype(np.int32) + 1
    return {
        "image": image,
        "images": {"DNA": image},
        "channels": image[np.newaxis],
        "colours": np.stack([image, image // 2, image // 3]).clip(0, 2000).astype(np.uint16),
        "mask": mask,
        "labels": labels,
        "objects": labels,
        "classes": np.digitize(image, [400, 1000]).astype(np.uint8),
        "seeds": seeds,
        "regions": regions,
        "cutters": seeds,
    }


def inputs_of(record: Operation, there: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an operation is given."""
    found = {}
    for item in record.inputs:
        if record.family == "colour":
            found[item.name] = there["colours"]
        elif not item.optional or record.name == "watershed_seeded":
            found[item.name] = there.get(item.name, there[item.kind])
    return found


def corner(value: Any, n: int) -> Any:
    if isinstance(value, Mapping):
        return {name: corner(item, n) for name, item in value.items()}
    return value[(..., *(slice(size) for size in (24, 64, 64)[-n:]))]


def call(record: Operation, inputs: Mapping[str, Any], n: int) -> None:
    axes = ("c" if record.inputs[0].kind == "channels" else "") + "zyx"[-n:]
    ow.apply(record.name, grid=ow.Grid(axes), **inputs, **VALUES.get(record.name, {}))


def worked(record: Operation, inputs: Mapping[str, Any], n: int, answer: Any) -> None:
    """Run one operation and send back seconds, those of all processors together, and megabytes."""
    warnings.simplefilter("ignore")
    try:
        call(record, {name: corner(value, n) for name, value in inputs.items()}, n)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start, used = time.perf_counter(), time.process_time()
        call(record, inputs, n)
        seconds, used = time.perf_counter() - start, time.process_time() - used
        answer.send((seconds, used, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024))
    except Exception as error:
        answer.send(f"{type(error).__name__}: {error}")


def timed(
    record: Operation, inputs: Mapping[str, Any], n: int, limit: float
) -> tuple[float, float, float] | str:
    """Return what `worked` sends back from a process of its own, or why it sends nothing."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=worked, args=(record, inputs, n, theirs))
    process.start()
    theirs.close()
    try:
        return ours.recv() if ours.poll(limit) else f"more than {limit:g} s"
    except EOFError:
        return "ended without an answer"
    finally:
        process.kill()
        process.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-k", default="", help="only operations with one of these, by commas, in their names")
    parser.add_argument("--limit", type=float, default=120, help="seconds after which one is stopped [120]")
    parser.add_argument("--large", action="store_true", help="4096 x 4096 and 64 x 512 x 512")
    parser.add_argument("--only", type=int, choices=(2, 3), help="only the flat image or only the volume")
    options = parser.parse_args()
    print(f"{THREADS} threads")
    for title, (shape, n, radius) in SCENES.items():
        if (shape[-1] in (4096, 512)) != options.large or options.only not in (None, len(shape)):
            continue
        there = arrays(shape, n, radius)
        rows = []
        for record in ow.operations.values():
            if len(shape) in record.dimensions and any(part in record.name for part in options.k.split(",")):
                found = timed(record, inputs_of(record, there), len(shape), options.limit)
                rows.append((record.name, found))
                print(record.name, found, file=sys.stderr, flush=True)
        rows.sort(key=lambda row: row[1][0] if isinstance(row[1], tuple) else np.inf, reverse=True)
        print(f"\n{title} uint16\n\n| Operation | Seconds | of processors | ns per pixel | MB |")
        print("| --- | --: | --: | --: | --: |")
        for name, found in rows:
            if isinstance(found, str):
                print(f"| {name} | {found} | | | |")
            else:
                seconds, used, size = found
                each = seconds / np.prod(shape) * 1e9
                print(f"| {name} | {seconds:.2f} | {used:.2f} | {each:.0f} | {size:.0f} |")


if __name__ == "__main__":
    main()
