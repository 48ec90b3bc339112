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
    """Return the pieces of a mask as labels."""
    from scipy import ndimage

    values = image(ndim, seed)
    return ndimage.label(values > np.quantile(values, 0.65 if ndim == 2 else 0.9))[0].astype(np.int32)


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


def arrays(record: Operation, ndim: int, seed: int = 0, optional: bool = False) -> dict[str, Any]:
    """Return an array for each input of an operation."""
    make = {
        "image": image,
        "mask": mask,
        "labels": labels,
        "objects": labels,
        "classes": classes,
        "channels": lambda n, s: np.stack([image(n, s), image(n, s + 7)[..., ::-1]]),
        "images": lambda n, s: {"a": image(n, s), "b": image(n, s + 7)},
    }
    named = {"seeds": seeds, "regions": regions}
    return {
        item.name: named.get(item.name, make[item.kind])(ndim, seed)
        for item in record.inputs
        if optional or not item.optional
    }


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
