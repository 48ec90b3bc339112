"""Small images on which every operation has something to do, made from what the operation says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import objectwise as ow
from objectwise.core.operation import Operation

SHAPES = {2: (37, 44), 3: (13, 26, 29)}


def image(ndim: int, seed: int = 0, dtype: Any = np.float32) -> np.ndarray:
    """Return bright blobs on a noisy slope; as floats no two pixels are alike."""
    from scipy import ndimage

    random = np.random.default_rng(seed)
    shape = SHAPES[ndim]
    blobs = ndimage.gaussian_filter(random.random(shape), 2.5)
    blobs = (blobs - blobs.min()) / np.ptp(blobs)
    slope = np.linspace(0, 0.2, shape[-1])
    values = 20 + 180 * np.clip(blobs + slope, 0, 1) + random.random(shape)
    return values.astype(dtype)


def mask(ndim: int, seed: int = 0) -> np.ndarray:
    """Return blobs, some touching, some with holes, some at the border, and a few specks."""
    values = image(ndim, seed)
    random = np.random.default_rng(seed + 1)
    result = values > np.median(values)
    result ^= random.random(values.shape) < 0.02
    return result


def labels(ndim: int, seed: int = 0) -> np.ndarray:
    """Return the pieces of a mask as labels, the larger ones cut in two that touch, and one with a hole."""
    from scipy import ndimage

    values = image(ndim, seed)
    result = ndimage.label(values > np.quantile(values, 0.65 if ndim == 2 else 0.9))[0].astype(np.int32)
    n = int(result.max())
    for number, box in enumerate(ndimage.find_objects(result), start=1):
        inside = result[box] == number
        if inside.sum() > 60:
            middle = inside.shape[-1] // 2
            result[box][..., middle:][inside[..., middle:]] = n = n + 1
    largest = result == np.argmax(np.bincount(result.ravel())[1:]) + 1
    depth = ndimage.distance_transform_edt(np.pad(largest, 1))[(slice(1, -1),) * ndim]
    result[np.unravel_index(depth.argmax(), depth.shape)] = 0
    return result


def seeds(ndim: int, seed: int = 0) -> np.ndarray:
    """Return a handful of single pixels with ids."""
    shape = SHAPES[ndim]
    random = np.random.default_rng(seed + 2)
    result = np.zeros(shape, np.int32)
    where = random.choice(result.size, 12, replace=False)
    result.ravel()[where] = np.arange(1, 13)
    return result


def regions(ndim: int, seed: int = 0) -> np.ndarray:
    """Return labels that touch each other: each pixel has the id of the nearest seed."""
    from scipy import ndimage

    points = seeds(ndim, seed)
    nearest = ndimage.distance_transform_edt(points == 0, return_distances=False, return_indices=True)
    return points[tuple(nearest)]


def classes(ndim: int, seed: int = 0) -> np.ndarray:
    """Return three classes and none."""
    return np.digitize(image(ndim, seed), [60, 110, 150]).astype(np.uint8)


def channels(ndim: int, seed: int = 0) -> np.ndarray:
    """Return three channels, as a colour picture has."""
    return np.stack([image(ndim, seed), image(ndim, seed + 7), image(ndim, seed + 11)])


def arrays(record: Operation, ndim: int, seed: int = 0, optional: bool = False) -> dict[str, Any]:
    """Return an array for each input of an operation."""
    make = {
        "image": image,
        "mask": mask,
        "labels": labels,
        "objects": labels,
        "classes": classes,
        "channels": channels,
        "images": lambda n, s: {"a": image(n, s), "b": image(n, s + 7)},
    }
    named = {"seeds": seeds, "regions": regions}
    found: dict[str, Any] = {}
    kinds = [item.kind for item in record.inputs]
    for number, item in enumerate(record.inputs):
        if optional or not item.optional:
            # what stands beside labels or an image, but for seeds, is of another image
            other = seed + 20 * ((kinds[0] == "labels" or item.kind == kinds[0]) and number)
            chosen = named.get(item.name)
            found[item.name] = make[item.kind](ndim, other) if chosen is None else chosen(ndim, seed)
    return found


def apply(
    record: Operation,
    inputs: Mapping[str, Any],
    spacing: tuple[float, ...] = (),
    axes: str = "",
    **options: Any,
) -> Any:
    """Run an operation through the executor on spatial blocks, with the values it declares for tests."""
    first = next(value for value in inputs.values() if not isinstance(value, Mapping))
    n = first.ndim - (record.inputs[0].kind == "channels")
    grid = ow.Grid(("c" if record.inputs[0].kind == "channels" else "") + (axes or "zyx"[-n:]), spacing)
    values = {**record.tiny, **options}
    return ow.apply(record.name, grid=grid, **inputs, **values)


def computed(record: Operation, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are computed from these inputs where they are left out."""
    step = ow.Step("result", record.name, {name: name for name in inputs}, dict(record.tiny))
    found = [item for item in record.computed if item.name not in record.tiny]
    if not found:
        return {}
    n = next(iter(inputs.values())).ndim - (record.inputs[0].kind == "channels")
    grid = ow.Grid(("c" if record.inputs[0].kind == "channels" else "") + "zyx"[-n:])
    *_, last = ow.run(ow.Recipe([step]), inputs, grid=grid)
    return {row["parameter"]: row["value"] for row in last.results["result"].values}


def same(first: Any, second: Any, tolerance: float = 0.0) -> None:
    """Assert that two results are equal, images up to a tolerance relative to their range."""
    if hasattr(first, "frame"):
        import pandas as pd

        pd.testing.assert_frame_equal(
            first.frame, second.frame, check_exact=False, rtol=max(tolerance, 1e-9), check_dtype=False
        )
    elif np.asarray(first).dtype.kind == "f" and tolerance:
        spread = np.nanmax(first) - np.nanmin(first) if np.size(first) else 0
        np.testing.assert_allclose(first, second, rtol=0, atol=tolerance * max(float(spread), 1e-30))
    else:
        np.testing.assert_array_equal(first, second)
