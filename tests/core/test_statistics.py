"""Numbers of a whole image: the same whatever the pieces and their order."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import objectwise as ow
from objectwise.core.statistics import N_BINS, Histogram, Place, Sample, Statistic
from objectwise.core.tiles import boxes
from objectwise.kernels import counting

images = st.sampled_from(
    ["bool", "uint8", "int8", "uint16", "int16", "int32", "uint32", "int64", "float32", "float64"]
).flatmap(
    lambda kind: hnp.arrays(
        kind,
        hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=7),
        # ranges of numbers far from overflow, NaN and infinity among the floats
        elements=st.one_of(st.floats(-1e6, 1e6, width=32), st.sampled_from([math.nan, math.inf, -math.inf]))
        if kind.startswith("float")
        else None,
    )
)


def everything(counts: np.ndarray, values: np.ndarray) -> tuple:
    used = counts > 0
    return counts[used].tolist(), values[used].tolist()


def pixels_of(pixels: np.ndarray) -> list:
    return pixels.tolist()


def found(
    statistic: Statistic,
    image: np.ndarray,
    cut: list,
    order: list[int] | None = None,
    spatial: int | None = None,
):
    """Return the value of a statistic from pieces of an image, in some order."""
    spatial = spatial or image.ndim
    known = None
    while True:
        parts = [
            statistic.collect(
                image[(..., *box)], Place(0, tuple(side.start for side in box), image.shape[-spatial:]), known
            )
            for box in cut
        ]
        part = parts[(order or [0])[0]]
        for number in (order or range(len(parts)))[1:]:
            part = statistic.merge(part, parts[number])
        known = statistic.refine(part, known)
        if known is None:
            return statistic.finish(part, {})


@settings(max_examples=150, deadline=None)
@given(image=images, tile=st.integers(1, 4), shuffle=st.randoms(use_true_random=False))
@pytest.mark.parametrize("kind", ["histogram", "sample", "small sample"])
def test_any_pieces_in_any_order_give_the_same(kind: str, image: np.ndarray, tile: int, shuffle) -> None:
    statistic = {
        "histogram": Histogram(everything),
        "sample": Sample(pixels_of),
        "small sample": Sample(pixels_of, size=5),
    }[kind]
    whole = found(statistic, image, boxes(image.shape, image.shape))
    cut = boxes(image.shape, (tile,) * image.ndim)
    order = list(range(len(cut)))
    shuffle.shuffle(order)
    assert found(statistic, image, cut, order) == whole


@settings(max_examples=100, deadline=None)
@given(image=images)
def test_integers_are_counted_as_they_are_and_floats_within_a_bin(image: np.ndarray) -> None:
    counts, values = found(Histogram(everything), image, boxes(image.shape, image.shape))
    finite = image[np.isfinite(image)].astype(np.float64 if image.dtype.kind == "f" else object).ravel()
    if len(counts) == 1:
        # of an image of one brightness only that is known, where its range has to be found first
        assert values == [float(finite[0])]
        return
    assert sum(counts) == finite.size
    if (
        image.dtype.kind != "f"
        and finite.size
        and int(max(finite)) - int(min(finite)) < N_BINS
        and max(map(abs, map(int, finite))) < 2**53
    ):
        levels, numbers = np.unique(finite.astype(float), return_counts=True)
        assert (counts, values) == (numbers.tolist(), levels.tolist())
    elif finite.size and image.dtype.kind == "f":
        width = (finite.max() - finite.min()) / N_BINS
        np.testing.assert_allclose(
            np.repeat(values, counts), np.sort(finite), atol=width * (0.5 + 1e-6) + 1e-9
        )


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint64"])
@pytest.mark.parametrize("low", [0, 2**31 - 1 - 70_000])
def test_wide_integers_within_the_bins_are_exact(dtype: str, low: int) -> None:
    image = np.array([[0, 1, 65_535, 65_535]]).astype(dtype) + np.array(low, dtype)
    assert found(Histogram(everything), image, boxes(image.shape, image.shape)) == (
        [1, 1, 2],
        [low, low + 1, low + 65_535],
    )


def test_integers_above_those_of_64_signed_bits_are_counted() -> None:
    image = np.array([[2**63 + 5, 2**63 + 9]], np.uint64)
    counts, _ = found(Histogram(everything), image, boxes(image.shape, image.shape))
    assert counts == [1, 1]


def test_a_span_of_one_more_than_the_bins_is_binned() -> None:
    image = np.array([[-N_BINS, -1, 0, 0]], np.int32)
    counts, values = found(Histogram(everything), image, boxes(image.shape, (1, 1)))
    assert counts == [1, 3]
    np.testing.assert_allclose(values, [-N_BINS + 0.5, -0.5])


def test_wider_spans_are_put_into_equal_bins() -> None:
    image = np.arange(0, 10 * N_BINS, dtype=np.int32).reshape(10, N_BINS)
    counts, values = found(Histogram(everything), image, boxes(image.shape, (3, N_BINS)))
    assert len(counts) == N_BINS
    assert set(counts) == {10}
    np.testing.assert_allclose(np.diff(values), 10, rtol=1e-4)


@pytest.mark.parametrize("fill", [math.nan, math.inf, -math.inf])
def test_an_image_without_a_number_has_an_empty_histogram(fill: float) -> None:
    assert found(Histogram(everything), np.full((3, 4), fill), boxes((3, 4), (2, 2))) == ([], [])
    assert found(Sample(pixels_of), np.full((3, 4), fill), boxes((3, 4), (2, 2))) == []


def test_one_brightness_is_one_bin() -> None:
    assert found(Histogram(everything), np.full((3, 4), 0.25), boxes((3, 4), (3, 4))) == ([1], [0.25])
    assert found(Histogram(everything), np.full((3, 4), 7, np.uint16), boxes((3, 4), (3, 4))) == ([12], [7.0])


def test_a_function_is_given_the_values_that_it_names() -> None:
    def scaled(counts: np.ndarray, values: np.ndarray, factor: float) -> float:
        return factor * values[-1]

    statistic = Histogram(scaled)
    part = statistic.collect(np.array([[3]], np.uint8), Place(0, (0, 0), (1, 1)), None)
    assert statistic.finish(part, {"factor": 2.0, "other": 1}) == 6


# --- samples -------------------------------------------------------------------------------------------


def test_a_small_image_is_sampled_whole_in_reading_order() -> None:
    image = np.random.default_rng(0).random((2, 5, 6))
    pixels = found(Sample(pixels_of), image, boxes((5, 6), (2, 4)), spatial=2)
    np.testing.assert_array_equal(pixels, image.reshape(2, -1).T)


def test_a_sample_is_spread_over_the_image() -> None:
    rows = np.repeat(np.arange(100.0), 100).reshape(100, 100)
    pixels = np.ravel(found(Sample(pixels_of, size=2000), rows, boxes(rows.shape, rows.shape)))
    assert len(pixels) == 2000
    counts = np.histogram(pixels, 10, (0, 100))[0]
    # 200 in each tenth; five standard deviations of such a draw
    assert abs(counts - 200).max() < 5 * math.sqrt(200 * 0.9)


def test_frames_have_samples_of_their_own() -> None:
    image = np.arange(400.0).reshape(20, 20)
    statistic = Sample(pixels_of, size=30)
    parts = [statistic.collect(image, Place(frame, (0, 0), (20, 20)), None) for frame in (0, 1)]
    first, second = (statistic.finish(part, {}) for part in parts)
    assert first != second
    both = statistic.finish(statistic.merge(*parts), {})
    assert len(both) == 30
    assert both == statistic.finish(statistic.merge(*reversed(parts)), {})


def test_pixels_missing_in_one_channel_are_left_out() -> None:
    image = np.array([[[1.0, 2, np.nan]], [[4, np.inf, 6]]])
    assert found(Sample(pixels_of), image, boxes((1, 3), (1, 3)), spatial=2) == [[1.0, 4.0]]


def test_the_sample_is_the_pixels_with_the_smallest_keys() -> None:
    image = np.arange(41.0 * 57).reshape(41, 57)
    with np.errstate(over="ignore"):
        key = np.arange(image.size, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    key ^= key >> np.uint64(31)
    pixels = found(Sample(pixels_of, size=100), image, boxes(image.shape, (7, 11)))
    assert np.ravel(pixels).tolist() == np.sort(np.argsort(key)[:100]).tolist()


def test_a_sample_is_full_where_most_pixels_are_missing() -> None:
    image = np.arange(10_000.0).reshape(100, 100)
    image[:, 5:] = np.nan
    pixels = found(Sample(pixels_of, size=300), image, boxes(image.shape, (30, 30)))
    assert len(pixels) == 300


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16])
def test_levels_are_counted_as_by_numpy(dtype: type) -> None:
    limits = np.iinfo(dtype)
    values = np.random.default_rng(0).integers(limits.min, limits.max + 1, 600_001).astype(dtype)
    wanted = np.bincount(values.astype(int) - limits.min, minlength=limits.max - limits.min + 1)
    np.testing.assert_array_equal(counting.count_levels(values), wanted)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bins_and_extremes_are_those_of_numpy(dtype: type) -> None:
    values = np.random.default_rng(0).normal(size=600_001).astype(dtype)
    low, high = counting.extremes(values)
    assert (low, high) == (values.min(), values.max())
    wanted = np.histogram(values, 64, (low, high))[0]
    spoilt = np.concatenate([values, np.array([np.nan, np.inf, -np.inf], dtype)])
    assert counting.extremes(spoilt) == (low, high)
    np.testing.assert_array_equal(counting.count_bins(spoilt, low, high, 64), wanted)


def test_numbers_from_the_same_counts_take_one_pass() -> None:
    class Counted:
        shape, dtype, ndim, reads = (40, 50), np.dtype(np.uint8), 2, 0

        def __getitem__(self, where: object) -> np.ndarray:
            self.reads += 1
            return np.random.default_rng(0).integers(0, 200, self.shape).astype(np.uint8)[where]

    image = Counted()
    ow.apply("threshold_hysteresis", image, grid=ow.Grid("yx"))
    # one for both thresholds, one for the mask
    assert image.reads == 2


def test_a_statistic_must_say_what_it_collects() -> None:
    empty = Statistic()
    for move in (
        lambda: empty.collect(np.zeros(1), Place(0, (0,), (1,)), None),
        lambda: empty.merge(0, 0),
        lambda: empty.finish(0, {}),
    ):
        with pytest.raises(TypeError, match="Statistic"):
            move()
