"""How two channels go together in objects, for every pair of channels.

The names of the coefficients are those of the literature: of two that differ by a number, 1 asks about the first
channel of the pair and 2 about the second, and the channels stand in the name of the column in this order.

What counts as signal is decided for the whole frame, so that all objects are judged by the same measure, and a dim
object without signal is not given some. A pixel that is NaN or infinite in one channel is left out of both.

A whole frame, or what a mask shows of it, is measured as any object: labels that are 1 there give a row for each frame.
"""

from __future__ import annotations

import numpy as np

from objectwise.core.statistics import N_BINS, Histogram
from objectwise.core.table import Column, Reasons
from objectwise.measure.family import Block, Family, Found, undefined

_MANDERS = "Manders EMM, Verbeek FJ, Aten JA (1993) Journal of Microscopy 169:375-382."
_COSTES = f"{_MANDERS} Costes SV et al. (2004) Biophysical Journal 86:3993-4003."
_SINGAN = "Singan VR et al. (2011) BMC Bioinformatics 12:407."
_ABOVE = (
    "Above means above the threshold of the channel in the whole frame, by Otsu or Costes (parameter "
    "colocalisation_threshold); CellProfiler takes 15 % of the maximum of the object. NaN where the object has no "
    "signal in the {} channel."
)
_WEIGHTED = (
    "each pixel above both thresholds weighted by how near its ranks in both channels are, ranks within the object "
    "and equal values sharing one."
)


def _column(
    name: str, description: str, reference: str, scikit_image: str = "", cellprofiler: str = ""
) -> Column:
    return Column(
        f"colocalisation_{name}", "1", description, group="colocalisation", reference=reference,
        scikit_image=scikit_image, cellprofiler=cellprofiler,
    )  # fmt: skip


COLUMNS = (
    _column(
        "pearson",
        "Pearson's correlation of the values of both channels in the object. NaN where a channel is constant.",
        "Manders EMM et al. (1992) Journal of Cell Science 103:857-862.",
        "pearson_corr_coeff", "Correlation_Correlation",
    ),
    _column(
        "spearman",
        "Spearman's correlation: Pearson's of the ranks of the values within the object, equal values having the "
        "mean of their ranks. NaN where a channel is constant.",
        "Spearman C (1904) The American Journal of Psychology 15:72-101.",
    ),
    _column(
        "overlap",
        "Manders' overlap coefficient: sum of the products of both channels over the root of the product of their "
        "sums of squares, of all pixels of the object. CellProfiler leaves out what is below 15 % of the maximum. NaN "
        "where a channel is 0 throughout.",
        _MANDERS, "manders_overlap_coeff",
    ),
    _column(
        "overlap_k1",
        "Manders' k1: sum of the products of both channels over the sum of squares of the first, of all pixels of "
        "the object. NaN where the first is 0 throughout.",
        _MANDERS,
    ),
    _column(
        "overlap_k2",
        "Manders' k2: sum of the products of both channels over the sum of squares of the second, of all pixels of "
        "the object. NaN where the second is 0 throughout.",
        _MANDERS,
    ),
    _column(
        "manders_1",
        "Manders' M1: of the brightness of the first channel above its threshold, the fraction at pixels where the "
        f"second is above its own, too. {_ABOVE.format('first')}",
        _COSTES,
    ),
    _column(
        "manders_2",
        "Manders' M2: of the brightness of the second channel above its threshold, the fraction at pixels where the "
        f"first is above its own, too. {_ABOVE.format('second')}",
        _COSTES,
    ),
    _column(
        "icq",
        "Li's intensity correlation quotient: fraction of the pixels at which both channels lie on the same side of "
        "their means in the object, less 0.5; from -0.5 to 0.5. NaN where a channel is constant.",
        "Li Q et al. (2004) The Journal of Neuroscience 24:4070-4081.",
    ),
    _column(
        "rwc_1",
        f"Rank weighted colocalisation of the first channel: as colocalisation_manders_1, {_WEIGHTED} "
        f"{_ABOVE.format('first')}",
        _SINGAN,
    ),
    _column(
        "rwc_2",
        f"Rank weighted colocalisation of the second channel: as colocalisation_manders_2, {_WEIGHTED} "
        f"{_ABOVE.format('second')}",
        _SINGAN,
    ),
)  # fmt: skip

MISSING = Column(
    "colocalisation_n_missing", "pixel",
    "Number of pixels of the object that are NaN or infinite in one channel or in both; colocalisation passes "
    "over them.",
    group="colocalisation", kind="integer",
)  # fmt: skip


def measure_colocalisation(
    block: Block, first: str, second: str, wanted: set[str], colocalisation_threshold: str
) -> Found:
    """Compare two channels in all objects.

    Notes
    -----
    O(n log n) in the pixels of each object, for the ranks. The memory needed is 16 bytes for each pixel in objects,
    and with Costes' threshold some 60 bytes for each pixel of the frame.
    """
    from objectwise.kernels import pairs, prepared
    from objectwise.kernels.threads import in_threads, strips

    names = [column.name for column in COLUMNS]
    table = np.full((block.ids.size, pairs.N_COMPARISONS), np.nan)
    n_missing = np.zeros(block.ids.size, np.int64)
    thresholds = np.nan, np.nan
    if block.ids.size:
        one, two, starts, ends = _values(block, first, second)
        n_missing = block.scan.n_pixels - (ends - starts)
        if any("manders" in name or "rwc" in name for name in wanted):
            thresholds = THRESHOLDS[colocalisation_threshold](block.images[first], block.images[second])
        ranked = any("spearman" in name or "rwc" in name for name in wanted)
        one, two = prepared(one, np.float64), prepared(two, np.float64)
        in_threads(
            pairs.compare_values,
            [
                (one, two, starts[low:high], ends[low:high], *thresholds, ranked, table[low:high])
                for low, high in strips(block.ids.size, 64)
            ],
        )
    found = {name: table[:, column].copy() for column, name in enumerate(names)}
    reasons: Reasons = {}
    empty = n_missing == block.scan.n_pixels
    for name in wanted & found.keys():
        where = np.isnan(found[name])
        if where.any():
            why = undefined(block, name, where, _why(name, thresholds, colocalisation_threshold))
            reasons[name] = why | undefined(
                block, name, empty, "every pixel of the object is NaN or infinite in one of both channels"
            )
    if n_missing.any() or MISSING.name in wanted:
        found[MISSING.name] = n_missing
    return found, reasons


def _values(block: Block, first: str, second: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the values of the pixels of each object that are finite in both channels, and where they lie."""
    one, starts, ends = block.values_of(first)
    two, _, other_ends = block.values_of(second)
    if (ends - starts != block.scan.n_pixels).any() or (other_ends - starts != block.scan.n_pixels).any():
        images = block.images[first], block.images[second]
        both = np.isfinite(images[0]) & np.isfinite(images[1])
        gather, finite = block.scan.gather, block.scan.finite
        one, starts, ends = finite(gather(np.where(both, images[0], np.nan)))
        two, _, _ = finite(gather(np.where(both, images[1], np.nan)))
    return one, two, starts, ends


def _why(name: str, thresholds: tuple[float, float], method: str) -> str:
    if "manders" in name or "rwc" in name:
        if np.isnan(thresholds).any():
            return (
                "Costes' regression finds no threshold, because the channels do not rise together in the frame"
                if method == "costes"
                else "a channel has one brightness in the whole frame, so that there is no threshold"
            )
        which = "first" if name.endswith("1") else "second"
        return f"the object has no signal above the threshold in the {which} channel"
    if "overlap" in name:
        which = {"k1": "the first", "k2": "the second"}.get(name[-2:], "a")
        return f"{which} channel is 0 in the whole object"
    return "a channel is constant in the object"


def find_otsu(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Return the threshold of Otsu of each of two channels, between two levels; NaN where it is constant."""
    from objectwise.kernels.partition import best_partition

    def find(counts: np.ndarray, values: np.ndarray) -> float:
        used = np.flatnonzero(counts)
        if used.size < 2:
            return float("nan")
        above = best_partition(counts[used], values[used], 2)[1]
        return float(values[used[above - 1]] + values[used[above]]) / 2

    found = Histogram(find)
    return found.of_block(first), found.of_block(second)


def find_costes(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Return the thresholds of two channels below which they are not correlated.

    Parameters
    ----------
    first, second : ndarray of one shape
        Any real dtype.

    Returns
    -------
    float, float
        NaN where the channels do not rise together.

    Notes
    -----
    Both thresholds lie on the line of orthogonal regression and come down together, until the pixels at or below
    one of them or both are no longer correlated [1]_. A pixel is among these as long as the threshold of the first
    channel is not below the smaller of its first value and of what the line says for its second one: so pixels in
    the order of this number, in 65,536 bins, give the correlation for all thresholds at once, without steps that
    may be too wide.

    References
    ----------
    .. [1] S. V. Costes et al., "Automatic and quantitative measurement of protein-protein colocalization in live
       cells", Biophysical Journal 86:3993 (2004).
    """
    nowhere = float("nan"), float("nan")
    both = np.isfinite(first) & np.isfinite(second)
    one, two = first[both].astype(np.float64), second[both].astype(np.float64)
    if one.size < 2:
        return nowhere
    mean_1, mean_2 = one.mean(), two.mean()
    one -= mean_1
    two -= mean_2
    var_1, var_2, covariance = one @ one, two @ two, one @ two
    if not covariance > 1e-12 * np.sqrt(var_1 * var_2):
        return nowhere
    half = (var_2 - var_1) / 2
    slope = (half + np.hypot(half, covariance)) / covariance
    key = np.minimum(one, two / slope)
    low, high = key.min(), key.max()
    bins = np.minimum(((key - low) * (N_BINS / (high - low))).astype(np.int64), N_BINS - 1)
    n, sum_1, sum_2, sum_11, sum_22, sum_12 = (
        np.cumsum(np.bincount(bins, weights, minlength=N_BINS))
        for weights in (None, one, two, one * one, two * two, one * two)
    )
    left_1, left_2 = sum_11 - sum_1**2 / n, sum_22 - sum_2**2 / n
    correlated = (left_1 > 1e-12 * var_1) & (left_2 > 1e-12 * var_2) & (sum_12 - sum_1 * sum_2 / n > 0)
    last = np.flatnonzero(~correlated)[-1] if not correlated.all() else 0
    threshold = key[bins <= last].max()
    return float(threshold + mean_1), float(slope * threshold + mean_2)


THRESHOLDS = {"otsu": find_otsu, "costes": find_costes}

FAMILY = Family(COLUMNS, measure_colocalisation, of="pair", on_request=True, occasional=(MISSING,))
