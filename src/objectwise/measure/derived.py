"""Columns that are made of measured columns: means, sums and ratios over objects that belong together.

What is added up or averaged are the columns of the families. Angles and positions are left out, as the mean of two
angles is none, and the sum of two places is no place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from objectwise.core.grid import Grid
from objectwise.core.table import Column, Reasons
from objectwise.measure.families import columns_for
from objectwise.measure.family import Block
from objectwise.measure.objects import measure_block


@dataclass(frozen=True)
class Place:
    """What the pixel size of a block is: one where nothing is known of it."""

    spacing: tuple[float, ...]
    unit: str

    @property
    def pixel(self) -> float:
        """Area or volume of a pixel."""
        return float(np.prod(self.spacing))


def place_of(grid: Grid | None, ndim: int) -> Place:
    """Return the pixel size and unit of a block."""
    return Place((1.0,) * ndim, "pixel") if grid is None else Place(tuple(grid.block_spacing), grid.unit)


def amounts(
    labels: np.ndarray,
    images: Mapping[str, np.ndarray] | None,
    place: Place,
    features: Iterable[str] | None,
) -> tuple[dict[str, np.ndarray], list[Column]]:
    """Measure what can be averaged: all as floats, by the names of the columns.

    Returns
    -------
    values : dict of str to ndarray of float64
    columns : list of Column
    """
    images = dict(images or {})
    found, _ = measure_block(labels, images, place.spacing, features)
    columns = [
        column
        for column in columns_for(labels.ndim, list(images), features)
        if column.unit != "angle" and column.group != "position" and column.kind != "text"
    ]
    return {column.name: found[column.name].astype(np.float64) for column in columns}, columns


def totals(values: np.ndarray, rows: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return for each of n rows the sum of the values that are its, and their number; what is NaN is passed over."""
    counted = (rows >= 0) & np.isfinite(values)
    number = np.bincount(rows[counted], minlength=n)
    return np.bincount(rows[counted], values[counted], minlength=n), number


def ratio(one: ArrayLike, other: ArrayLike) -> np.ndarray:
    """Return one over the other, NaN where that is nothing."""
    one, other = np.broadcast_arrays(np.asarray(one, np.float64), np.asarray(other, np.float64))
    return np.divide(one, other, out=np.full(one.shape, np.nan), where=other != 0)


def why_not(ids: np.ndarray, values: Mapping[str, np.ndarray], texts: Mapping[str, str]) -> Reasons:
    """Return a reason for each value that is NaN: the sentence of its column."""
    return {
        name: dict.fromkeys(ids[np.isnan(values[name])].tolist(), f"{name}: {text}")
        for name, text in texts.items()
        if name in values and np.isnan(values[name]).any()
    }


def block_of(labels: np.ndarray, place: Place) -> Block:
    """Return labels as the families look at them."""
    return Block(np.asarray(labels), {}, place.spacing)
