"""The values of images in objects.

The values of each object are first put next to each other, which makes all that follows a walk through
consecutive memory, the median included. Sums are in float64: exact for integers up to 2^53, and for any
image of up to 16 bits. A NaN or infinite pixel is passed over and counted, because one broken pixel must
not take the measurement of its object away, and must not go unnoticed either; who wants it to can say so.
"""

from __future__ import annotations

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.kernels.threads import in_threads, strips
from objectwise.measure.family import Block, Family, Found, undefined
from objectwise.measure.scan import Scan

COLUMNS = (
    Column(
        "intensity_min", "intensity", "Smallest value in the object.", group="intensity",
        scikit_image="intensity_min", cellprofiler="Intensity_MinIntensity",
    ),
    Column(
        "intensity_max", "intensity", "Largest value in the object.", group="intensity",
        scikit_image="intensity_max", cellprofiler="Intensity_MaxIntensity",
    ),
    Column(
        "intensity_mean", "intensity", "Mean value in the object.", group="intensity",
        scikit_image="intensity_mean", cellprofiler="Intensity_MeanIntensity",
    ),
    Column(
        "intensity_std", "intensity",
        "Standard deviation of the values in the object, of the population (divided by n).",
        group="intensity", scikit_image="intensity_std", cellprofiler="Intensity_StdIntensity",
    ),
    Column(
        "intensity_median", "intensity",
        "Median value in the object; the mean of the two middle ones where their number is even.",
        group="intensity", scikit_image="intensity_median",
    ),
    Column(
        "intensity_sum", "intensity", "Sum of the values in the object.", group="intensity",
        cellprofiler="Intensity_IntegratedIntensity",
    ),
)  # fmt: skip

MISSING = Column(
    "intensity_n_missing", "pixel",
    "Number of pixels of the object that are NaN or infinite. The other measurements of this channel pass over "
    "them, or are NaN with `missing = \"propagate\"`.",
    group="intensity", kind="integer",
)  # fmt: skip


def measure_intensity(block: Block, channel: str, wanted: set[str], missing: str) -> Found:
    """Measure the values of one image in all objects.

    Notes
    -----
    The memory needed is that of the image, for the pixels in objects.
    """
    values, starts, ends = block.values_of(channel)
    found = {f"intensity_{name}": column for name, column in describe(values, starts, ends).items()}
    if "intensity_median" in wanted:
        found["intensity_median"] = medians_of(values, starts, ends)
    reasons: Reasons = {}
    mark_missing(block, channel, found, reasons, missing)
    if MISSING.name in wanted:
        found.setdefault(MISSING.name, np.zeros(block.ids.size, dtype=np.int64))
    return found, reasons


def describe(values: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> dict[str, np.ndarray]:
    """Return the min, max, mean, std and sum of the values of each object; NaN where it has none."""
    from objectwise.kernels import values as contents

    table = np.full((starts.size, contents.N_STATISTICS), np.nan)
    work = contents.describe_counts if values.dtype.kind == "u" else contents.describe_values
    in_threads(work, _shared_out(values, starts, ends, table))
    columns = {
        "min": contents.MINIMUM,
        "max": contents.MAXIMUM,
        "mean": contents.MEAN,
        "std": contents.DEVIATION,
        "sum": contents.SUM,
    }
    return {name: table[:, column].copy() for name, column in columns.items()}


def percentiles_of(
    values: np.ndarray, starts: np.ndarray, ends: np.ndarray, percentiles: list[float]
) -> np.ndarray:
    """Return percentiles of the values of each object, shape (n, m); NaN where it has none."""
    from objectwise.kernels import values as contents

    found = np.full((starts.size, len(percentiles)), np.nan)
    fractions = np.asarray(percentiles, dtype=float) / 100
    parts = [(*part, fractions, own) for *part, own in _shared_out(values, starts, ends, found)]
    in_threads(contents.find_percentiles, parts)
    return found


def medians_of(values: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the median of the values of each object; NaN where it has none."""
    from objectwise.kernels import values as contents

    if values.dtype.kind != "u":
        return percentiles_of(values, starts, ends, [50.0])[:, 0]
    table = np.full((starts.size, contents.N_STATISTICS), np.nan)
    parts = _shared_out(values, starts, ends, table)
    # the search starts from the smallest and the largest value
    in_threads(contents.describe_counts, parts)
    in_threads(contents.count_medians, parts)
    return table[:, contents.MEDIAN].copy()


def _shared_out(
    values: np.ndarray, starts: np.ndarray, ends: np.ndarray, table: np.ndarray
) -> list[tuple[np.ndarray, ...]]:
    """Return the objects in strips of about as many, each with its part of a table."""
    if not starts.size:
        return []
    cut = strips(starts.size, least=64)
    return [(values, starts[low:high], ends[low:high], table[low:high]) for low, high in cut]


def of_all(block: Block, part: Scan, found: np.ndarray, where_none: float = np.nan) -> np.ndarray:
    """Return values for all objects from those of the objects of which a part is in the image.

    Parameters
    ----------
    block : Block
    part : Scan
        Of labels with the ids of `Block.clean`.
    found : ndarray, shape (part.ids.size, ...)
    where_none : float, optional
        The value of an object without a part.
    """
    full = np.full((block.ids.size, *found.shape[1:]), where_none, dtype=found.dtype)
    full[part.ids - 1] = found
    return full


def mark_missing(
    block: Block, channel: str, found: dict[str, np.ndarray], reasons: Reasons, missing: str
) -> None:
    """Say of which objects pixels are missing, and which measurements are NaN for that; in place."""
    _, starts, ends = block.values_of(channel)
    n_missing = block.scan.n_pixels - (ends - starts)
    if not n_missing.any():
        return
    if missing == "ignore":
        note(
            block,
            found,
            reasons,
            n_missing == block.scan.n_pixels,
            "every pixel of the object is NaN or infinite",
        )
    else:
        note(block, found, reasons, n_missing > 0, "a pixel of the object is NaN or infinite")
    found[MISSING.name] = n_missing


def note(
    block: Block, found: dict[str, np.ndarray], reasons: Reasons, where: np.ndarray, why: str, *names: str
) -> None:
    """Make measurements NaN where a mask over the objects says so, and keep the reason; in place.

    Parameters
    ----------
    block : Block
    found, reasons : dict
        What is measured, and why some of it is NaN; changed.
    where : ndarray of bool, shape (n,)
    why : str
        A reason found later takes the place of one found before.
    *names : str
        The columns; all floats where none is named.
    """
    if not where.any():
        return
    for name in names or [name for name, values in found.items() if values.dtype.kind == "f"]:
        found[name][where] = np.nan
        reasons[name] = dict(sorted((reasons.get(name, {}) | undefined(block, name, where, why)).items()))


FAMILY = Family(COLUMNS, measure_intensity, of="channel", occasional=(MISSING,), by_runs=True)
