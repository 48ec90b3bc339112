"""Moments of the pixels of objects about their centroid, as scikit-image and CellProfiler have them; on request."""

from __future__ import annotations

import math

import numpy as np

from objectwise.core.table import Column
from objectwise.measure.family import Block, Family, Found

_HU = (
    "Hu MK (1962) Visual pattern recognition by moment invariants. IRE Transactions on Information Theory "
    "8(2):179-187."
)


def _orders(ndim: int) -> list[tuple[int, ...]]:
    """Return the powers of the axes for all moments of second and third order."""
    if ndim == 2:
        return [(y, n - y) for n in (2, 3) for y in range(n, -1, -1)]
    return [(z, y, n - z - y) for n in (2, 3) for z in range(n, -1, -1) for y in range(n - z, -1, -1)]


def _names(ndim: int) -> list[tuple[str, str, int, str]]:
    """Return the digits of each moment, how it is written, its order, and its place in CellProfiler's names."""
    return [
        (
            "".join(map(str, powers)),
            " ".join(
                f"{axis}^{power}" for axis, power in zip("zyx"[3 - ndim :], powers, strict=True) if power
            ),
            sum(powers),
            "_".join(map(str, powers)),
        )
        for powers in _orders(ndim)
    ]


COLUMNS = (
    *(
        Column(
            f"moment_central_{digits}", f"length^{order}",
            f"Sum of {product} over the pixels, positions taken from the centroid. The digits are the powers of "
            f"{'y and x' if ndim == 2 else 'z, y and x'}.",
            (ndim,), "moments", scikit_image=f"moments_central-{alias.replace('_', '-')}",
            cellprofiler=f"AreaShape_CentralMoment_{alias}" if ndim == 2 else "",
        )
        for ndim in (2, 3)
        for digits, product, order, alias in _names(ndim)
    ),
    *(
        Column(
            f"moment_normalized_{digits}", "1",
            f"moment_central_{digits} of the object, each pixel counted by its size, over the "
            f"{'area' if ndim == 2 else 'volume'}^(1 + {order} / {ndim}): it does not depend on the size of an object. "
            "As in scikit-image where pixels are square; else its values depend on how pixels are cut.",
            (ndim,), "moments", scikit_image=f"moments_normalized-{alias.replace('_', '-')}",
            cellprofiler=f"AreaShape_NormalizedMoment_{alias}" if ndim == 2 else "",
        )
        for ndim in (2, 3)
        for digits, product, order, alias in _names(ndim)
    ),
    *(
        Column(
            f"moment_hu_{number}", "1",
            f"Hu's invariant {number} of the normalized moments: the same however an object is turned"
            + (", and of the other sign for its mirror image." if number == 7 else "."),
            (2,), "moments", reference=_HU, scikit_image=f"moments_hu-{number - 1}",
            cellprofiler=f"AreaShape_HuMoment_{number - 1}",
        )
        for number in range(1, 8)
    ),
)  # fmt: skip


def measure_moments(block: Block, wanted: set[str]) -> Found:
    """Measure the moments of all objects."""
    from objectwise.kernels import projections

    scan, ndim = block.scan, block.ndim
    n = scan.n_pixels
    reference, rest = scan.reference
    sums = np.zeros((n.size, len(projections.ORDERS)))
    projections.add_moments(scan.runs, scan.shape[-2], reference, rest / n[:, None], sums)
    columns = {
        tuple(order[3 - ndim :]): k
        for k, order in enumerate(projections.ORDERS.tolist())
        if ndim == 3 or not order[0]
    }
    # powers do not scale exactly, so they are taken of ratios
    relative = [length / min(block.spacing) for length in block.spacing]
    pixel = math.prod(relative)
    values: dict[str, np.ndarray] = {}
    normal: dict[tuple[int, ...], np.ndarray] = {}
    for powers in _orders(ndim):
        digits, order = "".join(map(str, powers)), sum(powers)
        central = sums[:, columns[powers]]
        normalized = central * pixel / (n * pixel) ** (1 + order / ndim)
        for length, ratio, power in zip(block.spacing, relative, powers, strict=True):
            for _ in range(power):
                central = central * length
                normalized = normalized * ratio
        values[f"moment_central_{digits}"] = central
        values[f"moment_normalized_{digits}"] = normal[powers] = normalized
    if ndim == 2:
        for number, value in enumerate(hu_invariants(normal), start=1):
            values[f"moment_hu_{number}"] = value
    return {name: values[name] for name in values if name in wanted}, {}


def hu_invariants(normal: dict[tuple[int, ...], np.ndarray]) -> list[np.ndarray]:
    """Return the seven invariants of Hu.

    Parameters
    ----------
    normal : dict
        The normalized moments by their powers of y and x.

    Returns
    -------
    list of ndarray

    References
    ----------
    Hu MK (1962) Visual pattern recognition by moment invariants. IRE Transactions on Information Theory 8(2):179-187.
    """
    difference = normal[2, 0] - normal[0, 2]
    mixed = 2 * normal[1, 1]
    # the moments of third order as complex numbers that turn once and three times as fast as the object
    once = (normal[3, 0] + normal[1, 2]) + 1j * (normal[2, 1] + normal[0, 3])
    thrice = (normal[3, 0] - 3 * normal[1, 2]) + 1j * (3 * normal[2, 1] - normal[0, 3])
    cubed = thrice * once.conj() ** 3
    return [
        normal[2, 0] + normal[0, 2],
        difference**2 + mixed**2,
        np.abs(thrice) ** 2,
        np.abs(once) ** 2,
        cubed.real,
        ((difference - 1j * mixed) * once**2).real,
        cubed.imag,
    ]


FAMILY = Family(COLUMNS, measure_moments, on_request=True, by_runs=True)
