"""Values of objects against slow twins: sorted, counted and added up the plain way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from objectwise.kernels import runs as lines
from objectwise.kernels import values as contents
from objectwise.measure.scan import scan_labels

TYPES = (np.uint8, np.uint16, np.float32, np.float64)


@st.composite
def stretches(draw):
    """Return values in a few stretches with room between them, and where those begin and end."""
    dtype = np.dtype(draw(st.sampled_from(TYPES)))
    if dtype.kind == "u":
        elements = st.integers(0, np.iinfo(dtype).max) | st.integers(0, 3)
    else:
        limit = float(np.float32(1e30))
        elements = st.floats(-limit, limit, width=8 * dtype.itemsize) | st.sampled_from([0.0, 1.0, 2.0])
    lengths = draw(st.lists(st.integers(0, 40), min_size=1, max_size=4))
    starts = np.cumsum([0, *(length + 2 for length in lengths)])[:-1]
    values = draw(hnp.arrays(dtype, int(starts[-1] + lengths[-1]), elements=elements))
    return values, starts.astype(np.int64), (starts + lengths).astype(np.int64)


@settings(max_examples=200, deadline=None)
@given(stretches(), st.lists(st.floats(0, 1), min_size=1, max_size=3))
def test_percentiles(case, fractions):
    values, starts, ends = case
    found = np.full((starts.size, len(fractions)), np.nan)
    before = values.copy()
    contents.find_percentiles(values, starts, ends, np.asarray(fractions), found)
    np.testing.assert_array_equal(values, before)
    for row, start, end in zip(found, starts, ends, strict=True):
        ordered = np.sort(values[start:end].astype(float))
        if not ordered.size:
            assert np.isnan(row).all()
            continue
        for value, fraction in zip(row, fractions, strict=True):
            rank = int(fraction * (ordered.size - 1))
            share = fraction * (ordered.size - 1) - rank
            pair = ordered[[rank, min(rank + 1, ordered.size - 1)]]
            assert pair[0] <= value <= pair[1]
            expected = (1 - share) * pair[0] + share * pair[1]
            assert value == pytest.approx(expected, rel=1e-12, abs=1e-300)


@settings(max_examples=200, deadline=None)
@given(stretches())
def test_distributions(case):
    values, starts, ends = case
    found = np.full((starts.size, contents.N_SHAPE), np.nan)
    contents.describe_distributions(values, starts, ends, found)
    for row, start, end in zip(found, starts, ends, strict=True):
        inside = values[start:end].astype(float)
        if not inside.size or np.ptp(inside) == 0:
            assert np.isnan(row[[contents.SKEWNESS, contents.KURTOSIS]]).all()
            assert row[contents.MODE] == inside[0] if inside.size else np.isnan(row[contents.MODE])
            continue
        assert inside.min() <= row[contents.MODE] <= inside.max()
        assert -1e-12 <= row[contents.ENTROPY] <= 8 + 1e-12
        if np.ptp(inside) < 256 and (inside == np.rint(inside)).all():
            numbers, counts = np.unique(inside, return_counts=True)
            assert row[contents.MODE] == numbers[counts.argmax()]
            part = counts / counts.sum()
            assert row[contents.ENTROPY] == pytest.approx(-(part * np.log2(part)).sum(), rel=1e-12)
            about = inside - inside.mean()
            deviation = np.sqrt((about**2).mean())
            assert row[contents.SKEWNESS] == pytest.approx((about**3).mean() / deviation**3, 1e-9, 1e-9)
            assert row[contents.KURTOSIS] == pytest.approx((about**4).mean() / deviation**4 - 3, 1e-9, 1e-9)


@settings(deadline=None)
@given(stretches(), st.floats(-10, 10))
def test_deviations(case, centre):
    values, starts, ends = case
    found = np.zeros(values.size)
    contents.find_deviations(values, starts, ends, np.full(starts.size, centre), found)
    inside = np.zeros(values.size, bool)
    for start, end in zip(starts, ends, strict=True):
        inside[start:end] = True
    np.testing.assert_array_equal(found, np.where(inside, np.abs(values.astype(float) - centre), 0))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(13, 17), (5, 7, 9)])
def test_positions(dtype, shape):
    random = np.random.default_rng(2)
    labels = random.integers(0, 6, shape)
    image = random.integers(0, 50, shape).astype(dtype)
    if image.dtype.kind == "f":
        image[random.random(shape) < 0.2] = np.nan
    scan = scan_labels(labels)
    corners = np.ascontiguousarray(scan.record[:, lines.MIN_Z : lines.MIN_Z + 3])
    found = np.zeros((scan.ids.size, contents.N_WEIGHED))
    weigh = contents.weigh_counted_positions if np.dtype(dtype).kind == "u" else contents.weigh_positions
    weigh(scan.grouped, shape[-2], scan.gather(image), 0, corners, found)
    volume, image = labels.reshape((-1, *shape[-2:])), image.reshape((-1, *shape[-2:]))
    for row, corner, label in zip(found, corners, scan.ids, strict=True):
        where = np.argwhere((volume == label) & np.isfinite(image))
        values = image[tuple(where.T)].astype(float)
        where = where - corner
        first = values.argmax()
        expected = [
            len(where), *where.sum(0), values.sum(), *(values[:, None] * where).sum(0), values[first], *where[first],
        ]  # fmt: skip
        np.testing.assert_allclose(row, expected, rtol=1e-12)
