"""Zernike moments of sectors of rings, which have a closed form."""

from __future__ import annotations

from math import factorial

import numpy as np
import pytest

from objectwise.measure.objects import measure_block
from objectwise.measure.zernike import INTENSITY_COLUMNS, ORDERS, SHAPE_COLUMNS
from tests.measure.truths import truth

RADIUS, HOLE, ANGLE = 120, 0.5, 0.8


def moment(n, m, ranges, power):
    """Return the magnitude of the integral of a polynomial times r**power over sectors of a ring, over pi."""
    radial = 0.0
    for s in range((n - m) // 2 + 1):
        weight = (-1) ** s * factorial(n - s)
        weight /= factorial(s) * factorial((n + m) // 2 - s) * factorial((n - m) // 2 - s)
        k = n - 2 * s + power + 2
        radial += weight * (1 - HOLE**k) / k
    around = sum(b - a if m == 0 else (np.exp(1j * m * b) - np.exp(1j * m * a)) / (1j * m) for a, b in ranges)
    return abs(radial * around) / np.pi


@truth(*(column.name for column in SHAPE_COLUMNS), by="closed form", tolerance="0.01")
@truth(*(column.name for column in INTENSITY_COLUMNS), by="closed form", tolerance="1 % of the mean")
@pytest.mark.parametrize("repetitions", [0, 1])
@pytest.mark.parametrize("spacing", [(0.5, 0.5), (1.0, 0.5)])
def test_sectors(repetitions, spacing):
    half = int(RADIUS * 0.5 / spacing[0])
    y, x = np.mgrid[-half : half + 1, -RADIUS : RADIUS + 1]
    y = y * spacing[0] / 0.5
    r, angle = np.hypot(y, x) / RADIUS, np.arctan2(y, x) % (2 * np.pi)
    # the circle around each is the whole one; even polynomials cancel out in the one, odd ones in the other
    if repetitions == 1:
        ranges = [(0, np.pi)]
    else:
        ranges = [(0, ANGLE), (np.pi, np.pi + ANGLE)]
    inside = (r <= 1) & (r >= HOLE) & np.any([(angle >= a) & (angle <= b) for a, b in ranges], axis=0)
    values, reasons = measure_block(7 * inside, {"a": 100 * r**2}, spacing, ["zernike"])
    assert reasons == {}
    share = sum(b - a for a, b in ranges) * (1 - HOLE**2) / 2 / np.pi
    for n, m in ORDERS:
        if m % 2 == repetitions or m == 0:
            assert values[f"zernike_shape_{n}_{m}"][0] == pytest.approx(moment(n, m, ranges, 0), abs=0.01)
            expected = 100 * moment(n, m, ranges, 2) / share
            assert values[f"zernike_intensity_{n}_{m}_a"][0] == pytest.approx(expected, abs=1)


def test_missing_pixels_are_passed_over():
    y, x = np.indices((41, 41)) - 20
    labels = (np.hypot(y, x) < 19).astype(int)
    image = np.full(labels.shape, 5.0)
    image[:, 10:12] = np.nan
    values, reasons = measure_block(labels, {"a": image}, None, ["zernike_intensity_0_0"])
    np.testing.assert_allclose(values["zernike_intensity_0_0_a"], 5, rtol=0.05)
    assert reasons == {}
    values, reasons = measure_block(labels, {"a": image * np.nan}, None, ["zernike_intensity_0_0"])
    assert reasons["zernike_intensity_0_0_a"][1].endswith("every pixel of the object is NaN or infinite")


@truth(
    *(column.name for column in SHAPE_COLUMNS),
    by="cp_measure",
    tolerance="1e-9, but for pixels on the circle",
)
@truth(
    *(column.name for column in INTENSITY_COLUMNS),
    by="cp_measure",
    tolerance="1e-9, but for pixels on the circle",
)
def test_cellprofiler(flat_blobs):
    shapes = pytest.importorskip("cp_measure.core.measureobjectsizeshape").get_zernike
    images = pytest.importorskip("cp_measure.core.measureobjectintensitydistribution").get_radial_zernikes
    labels, image = flat_blobs
    values, _ = measure_block(labels, {"a": image}, None, ["zernike"])
    clean = np.searchsorted(values["label"], labels) + (labels > 0)
    clean[labels == 0] = 0
    theirs = shapes(clean, None), images(clean, image)
    # they have dropped no pixel where the first moment is the number of pixels
    n_pixels = np.bincount(clean.ravel())[1:]
    whole = np.isclose(
        theirs[1]["RadialDistribution_ZernikeMagnitude_0_0"], values["zernike_intensity_0_0_a"]
    )
    assert whole.sum() > whole.size / 3
    assert (n_pixels[~whole] < 1000).all()
    for n, m in ORDERS:
        for column, other in (
            (values[f"zernike_shape_{n}_{m}"], theirs[0][f"Zernike_{n}_{m}"]),
            (
                values[f"zernike_intensity_{n}_{m}_a"],
                theirs[1][f"RadialDistribution_ZernikeMagnitude_{n}_{m}"],
            ),
        ):
            np.testing.assert_allclose(column[whole], other[whole], rtol=1e-9, atol=1e-9)


def test_smallest_circles():
    from objectwise.kernels.circles import enclosing_circles

    random = np.random.default_rng(8)
    groups = [random.integers(0, 12, (n, 2)).astype(float) for n in (1, 2, 3, 4, 5, 9, 30, 90)] * 8
    starts = np.concatenate([[0], np.cumsum([len(points) for points in groups])])
    circles = np.empty((len(groups), 3))
    enclosing_circles(np.concatenate(groups), starts, circles)
    for points, (y, x, squared) in zip(groups, circles, strict=True):
        # of all circles through two or three of the points, the smallest that holds all
        middles = [points[:, None] / 2 + points / 2]
        a, b, c = points[:, None, None], points[:, None], points
        (by, bx), (cy, cx) = np.moveaxis(b - a, -1, 0), np.moveaxis(c - a, -1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            turn = 2 * (by * cx - bx * cy)
            b2, c2 = by**2 + bx**2, cy**2 + cx**2
            middles.append(np.stack([(cx * b2 - bx * c2) / turn, (by * c2 - cy * b2) / turn], -1) + a)
        centres = np.concatenate([middle.reshape(-1, 2) for middle in middles])
        centres = np.unique(centres[np.isfinite(centres).all(axis=1)], axis=0)
        reach = ((centres[:, None] - points) ** 2).sum(axis=-1).max(axis=1)
        assert squared == pytest.approx(reach.min(), abs=1e-9)
        np.testing.assert_allclose([y, x], centres[reach.argmin()], atol=1e-6)


def test_three_dimensions_are_not_defined():
    values, _ = measure_block(np.ones((3, 5, 5), int), {}, None, ["zernike"])
    assert list(values) == ["label"]
