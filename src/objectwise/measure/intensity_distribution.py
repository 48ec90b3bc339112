"""How the values of an image in an object are distributed: percentiles, spread, peak and shape.

Order statistics are those of the values as they are. Mode and entropy need values that occur more than once, which
those of a float image hardly do, and those of a camera with 16 bits seldom in a small object. So they are counted
into 256 equal bins between the smallest and the largest value of the object: for whole numbers over a range below
256, as of 8 bits, this counts each value by itself, and the type of the image makes no difference.
"""

from __future__ import annotations

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.measure.family import Block, Family, Found
from objectwise.measure.intensity import MISSING, mark_missing, note, percentiles_of

GROUP = "intensity_distribution"

BINS = "counted into 256 equal bins from the smallest to the largest value of the object"

SHAPES = (
    Column(
        "intensity_mad", "intensity",
        "Median absolute deviation: the median of how far the values in the object are from their median. "
        "CellProfiler's MADIntensity is another quantile in 3-D.",
        group=GROUP,
    ),
    Column(
        "intensity_mode", "intensity",
        f"The commonest value in the object, {BINS}: the mean of the values in the fullest bin, the lowest of "
        "several. Whole numbers over a range below 256 are counted one by one.",
        group=GROUP,
    ),
    Column(
        "intensity_entropy", "1",
        f"Shannon entropy in bits of the values in the object, {BINS}: 0 where all are the same, 8 at most. For "
        "8-bit images as shannon_entropy in scikit-image.",
        group=GROUP, reference="Shannon CE (1948) Bell System Technical Journal 27:379-423",
    ),
    Column(
        "intensity_skewness", "1",
        "Third central moment of the values in the object over the cube of their standard deviation, of the "
        "population: above 0 where a few are much brighter than the others. Not defined where all are the same.",
        group=GROUP,
    ),
    Column(
        "intensity_kurtosis", "1",
        "Fourth central moment of the values in the object over the fourth power of their standard deviation, less "
        "3, of the population: 0 for a normal distribution. Not defined where all are the same.",
        group=GROUP,
    ),
)  # fmt: skip


def columns(percentiles: tuple[float, ...]) -> tuple[Column, ...]:
    """Return the columns for chosen percentiles."""
    return (
        *(
            Column(
                name, "intensity",
                f"Value below which {percent:g} percent of the values in the object lie, linear between the two "
                "nearest, as numpy.percentile; CellProfiler's quartiles take another of the two.",
                group=GROUP,
            )
            for name, percent in named(percentiles).items()
        ),
        *SHAPES,
    )  # fmt: skip


def named(percentiles: tuple[float, ...]) -> dict[str, float]:
    """Return the percentiles by the names of their columns, or refuse them."""
    found = {}
    for percent in percentiles:
        if isinstance(percent, str) or not 0 <= percent <= 100:
            raise ValueError(f"percentiles must be numbers from 0 to 100; found {percent!r}")
        found[f"intensity_percentile_{percent:g}"] = float(percent)
    return found


def measure_distribution(
    block: Block, channel: str, wanted: set[str], missing: str, percentiles: tuple[float, ...]
) -> Found:
    """Measure how the values of one image in each object are distributed."""
    from objectwise.kernels import values as contents

    values, starts, ends = block.values_of(channel)
    chosen = {name: percent for name, percent in named(percentiles).items() if name in wanted}
    found: dict[str, np.ndarray] = {}
    reasons: Reasons = {}
    if chosen or "intensity_mad" in wanted:
        table = percentiles_of(values, starts, ends, [*chosen.values(), 50])
        found |= {name: table[:, column].copy() for column, name in enumerate(chosen)}
        if "intensity_mad" in wanted:
            deviations = np.empty(values.size)
            contents.find_deviations(values, starts, ends, table[:, -1].copy(), deviations)
            found["intensity_mad"] = percentiles_of(deviations, starts, ends, [50])[:, 0]
    if wanted & {"intensity_mode", "intensity_entropy", "intensity_skewness", "intensity_kurtosis"}:
        shapes = np.full((block.ids.size, contents.N_SHAPE), np.nan)
        contents.describe_distributions(values, starts, ends, shapes)
        found["intensity_mode"] = shapes[:, contents.MODE].copy()
        found["intensity_entropy"] = shapes[:, contents.ENTROPY].copy()
        moments = {"intensity_skewness": contents.SKEWNESS, "intensity_kurtosis": contents.KURTOSIS}
        found |= {name: shapes[:, column].copy() for name, column in moments.items()}
        constant = np.isnan(shapes[:, contents.SKEWNESS])
        note(block, found, reasons, constant, "all values in the object are the same", *moments)
    mark_missing(block, channel, found, reasons, missing)
    return found, reasons


FAMILY = Family(
    columns, measure_distribution, of="channel", on_request=True, occasional=(MISSING,), by_runs=True
)
