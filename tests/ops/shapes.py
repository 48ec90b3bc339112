"""Discs, balls and rods, drawn on a grid of pixels: shapes of which everything is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def distances(
    shape: Sequence[int], centre: Sequence[float], spacing: Sequence[float] | None = None
) -> np.ndarray:
    """Return the distance of every pixel to a centre, both in the unit of the pixel size."""
    spacing = spacing or (1.0,) * len(shape)
    axes = np.ogrid[tuple(slice(0, n) for n in shape)]
    return np.sqrt(sum((axis * step - c) ** 2 for axis, step, c in zip(axes, spacing, centre, strict=True)))


def ball(
    shape: Sequence[int], centre: Sequence[float], radius: float, spacing: Sequence[float] | None = None
) -> np.ndarray:
    """Return a disc or ball: the pixels at most a radius away from a centre."""
    return distances(shape, centre, spacing) <= radius


def footprint(radius: float, shape: str, spacing: Sequence[float]) -> np.ndarray:
    """Return the pixels whose centre is at most a radius away, as a structuring element."""
    reach = [int(radius / step + 1e-6) for step in spacing]
    size = [2 * n + 1 for n in reach]
    if shape == "box":
        return np.ones(size, bool)
    if shape == "cross":
        return (np.indices(size) != np.reshape(reach, (-1,) + (1,) * len(size))).sum(axis=0) <= 1
    centre = [n * step for n, step in zip(reach, spacing, strict=True)]
    return ball(size, centre, radius * (1 + 1e-6), spacing)


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Return how much of two masks together belongs to both."""
    return np.count_nonzero(first & second) / np.count_nonzero(first | second)


def same_objects(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two labels images hold the same objects, whatever their ids."""
    pairs = np.unique(np.stack([first.ravel(), second.ravel()]), axis=1)
    background = (pairs == 0).all(axis=0)
    return len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1] and not np.any(
        (pairs[:, ~background] == 0).any(axis=0)
    )


def is_in_reading_order(labels: np.ndarray) -> bool:
    """Whether the ids are 1, 2, 3 ... in the order of the objects' first pixels."""
    ids, first = np.unique(labels, return_index=True)
    ids, first = ids[ids > 0], first[ids > 0]
    return ids.tolist() == list(range(1, len(ids) + 1)) and bool(np.all(np.diff(first) > 0))
