"""Zernike moments of objects and of the brightness in them.

The unit disc of the polynomials is the smallest circle around the pixel centres of an object, so the magnitudes depend
neither on its size nor on its direction. The definitions are CellProfiler's, but an image is taken as it is, where
CellProfiler divides it by the largest value of its type, and no pixel is left out: CellProfiler drops those on the
circle that rounding puts outside, so that its moments of a small object change by a tenth when it is mirrored.
"""

from __future__ import annotations

from collections.abc import Collection
from math import factorial

import numpy as np

from objectwise.core.table import Column
from objectwise.measure.family import Block, Family, Found, undefined

DEGREE = 9
ALONE = "the circle around a single pixel has no area"
ORDERS = tuple((n, m) for n in range(DEGREE + 1) for m in range(n % 2, n + 1, 2))
_BOLAND = (
    "Boland MV, Markey MK, Murphy RF (1998) Automated recognition of patterns characteristic of subcellular "
    "structures in fluorescence microscopy images. Cytometry 33(3):366-375."
)

SHAPE_COLUMNS = tuple(
    Column(
        f"zernike_shape_{n}_{m}", "1",
        f"Magnitude of the Zernike polynomial of degree {n} and repetition {m}, added up over the pixels of the "
        "object and divided by the area of the smallest circle around their centres.",
        (2,), "zernike", reference=_BOLAND, cellprofiler=f"AreaShape_Zernike_{n}_{m}",
    )
    for n, m in ORDERS
)  # fmt: skip

INTENSITY_COLUMNS = tuple(
    Column(
        f"zernike_intensity_{n}_{m}", "intensity",
        f"Magnitude of the Zernike polynomial of degree {n} and repetition {m} in the smallest circle around the "
        "object, the mean over its pixels of the polynomial times the value.",
        (2,), "zernike", reference=_BOLAND, cellprofiler=f"RadialDistribution_ZernikeMagnitude_{n}_{m}",
    )
    for n, m in ORDERS
)  # fmt: skip


def measure_shape_moments(block: Block, wanted: set[str]) -> Found:
    """Measure the Zernike moments of all objects."""
    orders = {f"zernike_shape_{n}_{m}": (n, m) for n, m in ORDERS if f"zernike_shape_{n}_{m}" in wanted}
    sums, area, _ = _moments(block, orders.values(), None)
    alone = area == 0
    with np.errstate(invalid="ignore"):
        sums /= np.where(alone, np.nan, area)
    reasons = {name: undefined(block, name, alone, ALONE) for name in orders}
    return dict(zip(orders, sums, strict=True)), reasons


def measure_intensity_moments(block: Block, channel: str, wanted: set[str]) -> Found:
    """Measure the Zernike moments of one image in all objects."""
    orders = {
        f"zernike_intensity_{n}_{m}": (n, m) for n, m in ORDERS if f"zernike_intensity_{n}_{m}" in wanted
    }
    sums, area, n_finite = _moments(block, orders.values(), block.pixels_of(channel))
    alone, missing = area == 0, n_finite == 0
    with np.errstate(invalid="ignore", divide="ignore"):
        sums /= np.where(alone | missing, np.nan, n_finite)
    reasons = {
        name: undefined(block, name, alone, ALONE)
        | undefined(block, name, missing, "every pixel of the object is NaN or infinite")
        for name in orders
    }
    return dict(zip(orders, sums, strict=True)), reasons


def _moments(
    block: Block, orders: Collection[tuple[int, int]], gathered: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the magnitudes of the sums, the areas of the circles in pixels, and the numbers of finite pixels."""
    from objectwise.kernels.circles import enclosing_circles
    from objectwise.measure.pixels import batches

    n = block.ids.size
    table, area, n_finite = np.zeros((len(orders), n)), np.zeros(n), np.zeros(n)
    for pixels in batches(block.scan):
        part, owner = pixels.objects, pixels.owner
        size = len(pixels.extent)
        position = pixels.position[1:] * np.array(block.spacing)[:, None]
        # a circle around the ends of the rows is one around all
        inner = np.diff(pixels.flat, prepend=-2) == 1
        inner &= np.append(inner[1:], False)
        inner[pixels.starts[:-1]] = inner[pixels.starts[1:] - 1] = False
        ends = np.flatnonzero(~inner)
        circles = np.empty((size, 3))
        starts = np.searchsorted(ends, pixels.starts)
        enclosing_circles(np.ascontiguousarray(position[:, ends].T), starts, circles)
        area[part] = np.pi * circles[:, 2] / np.prod(block.spacing)
        values = np.ones(owner.size) if gathered is None else gathered[pixels.span].astype(np.float64)
        present = np.isfinite(values)
        n_finite[part] = np.bincount(owner, present, size)
        # a pixel alone lies in the middle of its circle
        radius = np.sqrt(np.where(circles[:, 2] > 0, circles[:, 2], 1))[owner]
        y, x = (position - circles[owner, :2].T) / radius
        squared = y * y + x * x
        powers = [np.where(present, values, 0).astype(np.complex128)]
        for _ in range(DEGREE):
            powers.append(powers[-1] * (x + 1j * y))
        for row, (order_n, order_m) in enumerate(orders):
            term = np.polynomial.polynomial.polyval(squared, _radial(order_n, order_m)) * powers[order_m]
            real, imaginary = np.bincount(owner, term.real, size), np.bincount(owner, term.imag, size)
            table[row, part] = np.hypot(real, imaginary)
    return table, area, n_finite


def _radial(n: int, m: int) -> list[float]:
    """Return the radial polynomial over the m-th power of the radius, by powers of the squared radius."""
    steps = range((n - m) // 2, -1, -1)
    return [
        (-1) ** s
        * factorial(n - s)
        / factorial(s)
        / factorial((n + m) // 2 - s)
        / factorial((n - m) // 2 - s)
        for s in steps
    ]


SHAPE_FAMILY = Family(SHAPE_COLUMNS, measure_shape_moments, on_request=True, by_runs=True)
INTENSITY_FAMILY = Family(
    INTENSITY_COLUMNS, measure_intensity_moments, of="channel", on_request=True, by_runs=True
)
