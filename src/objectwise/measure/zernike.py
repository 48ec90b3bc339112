"""Zernike moments of objects and of the brightness in them, through cp_measure.

The unit disc of the polynomials is the smallest circle around the pixel centres of an object, so the magnitudes depend
neither on its size nor on its direction. The definitions are CellProfiler's, but an image is taken as it is, where
CellProfiler divides it by the largest value of its type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.measure.family import Block, Family, Found, undefined

DEGREE = 9
ORDERS = tuple((n, m) for n in range(DEGREE + 1) for m in range(n % 2, n + 1, 2))
_BOLAND = (
    "Boland MV, Markey MK, Murphy RF (1998) Automated recognition of patterns characteristic of subcellular "
    "structures in fluorescence microscopy images. Cytometry 33(3):366-375."
)

SHAPE_COLUMNS = tuple(
    Column(
        f"zernike_shape_{n}_{m}", "1",
        f"Magnitude of the Zernike polynomial of degree {n} and repetition {m}, added up over the pixels of the "
        "object and divided by the area of the smallest circle around their centres. For pixels as wide as high.",
        (2,), "zernike", reference=_BOLAND, cellprofiler=f"AreaShape_Zernike_{n}_{m}",
    )
    for n, m in ORDERS
)  # fmt: skip

INTENSITY_COLUMNS = tuple(
    Column(
        f"zernike_intensity_{n}_{m}", "intensity",
        f"Magnitude of the Zernike polynomial of degree {n} and repetition {m} in the smallest circle around the "
        "object, the mean over its pixels of the polynomial times the value. For pixels as wide as high.",
        (2,), "zernike", reference=_BOLAND, cellprofiler=f"RadialDistribution_ZernikeMagnitude_{n}_{m}",
    )
    for n, m in ORDERS
)  # fmt: skip


def measure_shape_moments(block: Block, wanted: set[str]) -> Found:
    """Measure the Zernike moments of all objects."""
    from cp_measure.core.measureobjectsizeshape import get_zernike

    return _measure(block, SHAPE_COLUMNS, lambda labels: get_zernike(labels, None, DEGREE), "Zernike")


def measure_intensity_moments(block: Block, channel: str, wanted: set[str]) -> Found:
    """Measure the Zernike moments of one image in all objects."""
    from cp_measure.core.measureobjectintensitydistribution import get_radial_zernikes

    image = block.images[channel].astype(np.float64)
    missing = ~np.isfinite(image)
    image[missing] = 0
    values, reasons = _measure(
        block,
        INTENSITY_COLUMNS,
        lambda labels: get_radial_zernikes(labels, image, DEGREE),
        "RadialDistribution_ZernikeMagnitude",
    )
    if missing.any():
        n = block.scan.n_pixels
        n_present = n - np.bincount(block.clean[missing], minlength=n.size + 1)[1:]
        with np.errstate(divide="ignore", invalid="ignore"):
            values = {name: column * n / n_present for name, column in values.items()}
        for name in values:
            values[name][n_present == 0] = np.nan
            why = undefined(block, name, n_present == 0, "every pixel of the object is NaN or infinite")
            reasons.setdefault(name, {}).update(why)
    return values, reasons


def _measure(
    block: Block, columns: tuple[Column, ...], measure: Callable[[np.ndarray], dict[str, Any]], theirs: str
) -> Found:
    """Return what cp_measure finds, which is nothing where there is no circle."""
    n = block.ids.size
    extent = (block.scan.box_max - block.scan.box_min).max(axis=1, initial=0)
    height, width = block.spacing
    oblong = max(height, width) > 1.01 * min(height, width)
    alone = extent == 1
    values = np.full((len(columns), n), np.nan)
    reasons: Reasons = {}
    if oblong:
        reasons = {
            column.name: {None: f"{column.name}: defined for pixels as wide as high alone"}
            for column in columns
        }
    elif not alone.all():
        # one pixel alone is left out; the others are numbered anew
        numbers = np.concatenate([[0], np.where(alone, 0, np.cumsum(~alone))]).astype(np.int32)
        found = measure(numbers[block.clean])
        for row, (order_n, order_m) in zip(values, ORDERS, strict=True):
            row[~alone] = found[f"{theirs}_{order_n}_{order_m}"]
    if not oblong and alone.any():
        why = "the circle around a single pixel has no area"
        reasons = {column.name: undefined(block, column.name, alone, why) for column in columns}
    return {column.name: row for column, row in zip(columns, values, strict=True)}, reasons


SHAPE_FAMILY = Family(SHAPE_COLUMNS, measure_shape_moments, on_request=True, needs="cp_measure")
INTENSITY_FAMILY = Family(
    INTENSITY_COLUMNS, measure_intensity_moments, of="channel", on_request=True, needs="cp_measure"
)
