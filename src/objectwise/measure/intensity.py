"""The values of images in objects.

The values of each object are first put next to each other, which makes all that follows a walk through
consecutive memory, the median included. Sums are in float64: exact for integers up to 2^53, and for any
image of up to 16 bits. A NaN or infinite pixel is passed over and counted, because one broken pixel must
not take the measurement of its object away, and must not go unnoticed either.
"""

from __future__ import annotations

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.kernels.threads import in_threads
from objectwise.measure.family import Block, Family, Found, undefined

COLUMNS = (
    Column("intensity_min", "intensity", "Smallest value in the object.", group="intensity"),
    Column("intensity_max", "intensity", "Largest value in the object.", group="intensity"),
    Column("intensity_mean", "intensity", "Mean value in the object.", group="intensity"),
    Column(
        "intensity_std", "intensity",
        "Standard deviation of the values in the object, of the population (divided by n).",
        group="intensity",
    ),
    Column(
        "intensity_median", "intensity",
        "Median value in the object; the mean of the two middle ones where their number is even.",
        group="intensity",
    ),
    Column("intensity_sum", "intensity", "Sum of the values in the object.", group="intensity"),
)  # fmt: skip

MISSING = Column(
    "intensity_n_missing", "pixel",
    "Number of pixels of the object that are NaN or infinite; the other measurements of this channel pass "
    "over them.",
    group="intensity", kind="integer",
)  # fmt: skip


def measure_intensity(block: Block, channel: str, wanted: set[str]) -> Found:
    """Measure the values of one image in all objects.

    Notes
    -----
    The memory needed is that of the image, for the pixels in objects.
    """
    from objectwise.kernels import values as contents

    n_pixels = block.scan.n_pixels
    table = np.full((block.ids.size, contents.N_STATISTICS), np.nan)
    n_missing = np.zeros(block.ids.size, dtype=np.int64)
    if block.ids.size:
        values, starts, ends = block.values_of(channel)
        n_missing = n_pixels - (ends - starts)
        parts = [
            (values, starts[low:high], ends[low:high], table[low:high]) for low, high in block.scan.ranges
        ]
        whole_numbers = values.dtype.kind == "u"
        in_threads(contents.describe_counts if whole_numbers else contents.describe_values, parts)
        if "intensity_median" in wanted:
            in_threads(contents.count_medians if whole_numbers else contents.find_medians, parts)
    found = {
        f"intensity_{name}": table[:, column].copy()
        for name, column in (
            ("min", contents.MINIMUM),
            ("max", contents.MAXIMUM),
            ("mean", contents.MEAN),
            ("std", contents.DEVIATION),
            ("median", contents.MEDIAN),
            ("sum", contents.SUM),
        )
    }
    empty = n_missing == n_pixels
    reasons: Reasons = {}
    if empty.any():
        reasons = {
            name: undefined(block, name, empty, "every pixel of the object is NaN or infinite")
            for name in found
        }
    if n_missing.any() or MISSING.name in wanted:
        found[MISSING.name] = n_missing
    return found, reasons


FAMILY = Family(COLUMNS, measure_intensity, of="channel", occasional=(MISSING,), by_runs=True)
