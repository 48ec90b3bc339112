"""The texture of objects: how often pairs of grey levels lie a given step apart, after Haralick.

Grey levels are what makes two textures comparable, or not. By default each object has all levels between its darkest
and its brightest pixel, so that the numbers tell of the pattern alone, and neither of brightness nor of contrast, nor
of the type of the image; other objects have no part in it. Where contrast is to count, all objects are given the same
levels by ``texture_min`` and ``texture_max``. CellProfiler's is one such choice: 0 and 1 for an image that was divided
by the largest value of its type, which leaves a dim 16-bit image with few levels.
"""

from __future__ import annotations

import itertools

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.measure.family import Block, Family, Found, undefined

_HARALICK = (
    "Haralick RM, Shanmugam K, Dinstein I (1973) Textural features for image classification. IEEE Transactions "
    "on Systems, Man and Cybernetics 3(6):610-621."
)


def _column(name: str, description: str) -> Column:
    return Column(f"texture_{name}", "1", description, group="texture", reference=_HARALICK)


# in Haralick's order, which is that of the kernel
COLUMNS = (
    _column(
        "angular_second_moment",
        "Sum of the squared frequencies of pairs of grey levels a step apart; 1 where all pairs are alike. As all "
        "columns of texture: the mean over 4 directions, in 3-D 13, the step texture_scale pixels along each axis, "
        "a pair counted both ways round, levels counted from 1.",
    ),
    _column("contrast", "Mean squared difference of the grey levels of a pair; 0 where all are equal."),
    _column(
        "correlation", "Correlation of the grey levels of a pair; not defined where all levels are equal."
    ),
    _column("variance", "Variance of the grey levels that take part in pairs."),
    _column(
        "inverse_difference_moment",
        "Mean of 1 / (1 + squared difference of the grey levels of a pair); 1 where all are equal.",
    ),
    _column("sum_average", "Mean sum of the grey levels of a pair."),
    _column("sum_variance", "Variance of the sum of the grey levels of a pair, about its own mean."),
    _column("sum_entropy", "Entropy of the sum of the grey levels of a pair, in bits."),
    _column("entropy", "Entropy of pairs of grey levels, in bits."),
    _column(
        "difference_variance",
        "Variance of the difference of the grey levels of a pair, without its sign. Not that of its frequencies, "
        "which CellProfiler has here.",
    ),
    _column("difference_entropy", "Entropy of that difference, in bits."),
    _column(
        "information_measure_1",
        "Minus the information that one grey level of a pair has of the other, as a fraction of the entropy of "
        "one; -1 where one tells the other. Not defined where all levels are equal.",
    ),
    _column(
        "information_measure_2",
        "The square root of 1 - exp(-2 I), with the information I that one grey level of a pair has of the other, "
        "in natural units; CellProfiler takes I in bits here.",
    ),
)


def measure_texture(
    block: Block,
    channel: str,
    wanted: set[str],
    texture_scale: int,
    n_grey_levels: int,
    texture_min: float | None,
    texture_max: float | None,
) -> Found:
    """Measure the texture of one image in all objects."""
    from objectwise.kernels import cooccurrence
    from objectwise.kernels.threads import in_threads, strips
    from objectwise.measure.pixels import batches

    if texture_min is not None and texture_max is not None and texture_min >= texture_max:
        raise ValueError(
            f"texture_min must be smaller than texture_max; found {texture_min:g} and {texture_max:g}"
        )
    table = np.full((block.ids.size, cooccurrence.N_FEATURES), np.nan)
    steps = np.array(directions(block.ndim)) * texture_scale
    gathered = block.pixels_of(channel)
    for pixels in batches(block.scan):
        values = gathered[pixels.span].astype(np.float64)
        present = np.isfinite(values)
        ends = []
        for given, extreme, far in ((texture_min, np.minimum, np.inf), (texture_max, np.maximum, -np.inf)):
            limit = extreme.reduceat(np.where(present, values, far), pixels.starts[:-1])
            ends.append((np.full_like(limit, given) if given is not None else limit)[pixels.owner])
        low, width = ends[0], ends[1] - ends[0]
        with np.errstate(invalid="ignore", divide="ignore"):
            place = (values - low) * n_grey_levels / width
        levels = np.where(width > 0, np.clip(np.floor(place) + 1, 1, n_grey_levels), 1)
        levels = np.where(present, levels, 0).astype(np.int64)
        # a step that is longer than the boxes leads out of them however long it is
        places, lines = pixels.places(min(texture_scale, int(pixels.extent.max())))
        common = levels, places, pixels.starts, lines
        part = table[pixels.objects]
        if texture_scale < pixels.extent.max():
            in_threads(
                cooccurrence.describe_neighbours,
                [(*common, steps, n_grey_levels, *strip, part) for strip in strips(len(part), 64)],
            )
    reasons: Reasons = {}
    alone = np.isnan(table[:, 0])
    chosen = [(number, column) for number, column in enumerate(COLUMNS) if column.name in wanted]
    for number, column in chosen:
        why = undefined(
            block, column.name, alone, f"no two pixels of the object lie {texture_scale} pixels apart"
        )
        equal = np.isnan(table[:, number]) & ~alone
        why |= undefined(block, column.name, equal, "the grey levels of the object are all equal")
        reasons[column.name] = why
    return {column.name: table[:, number] for number, column in chosen}, reasons


def directions(ndim: int) -> list[tuple[int, int, int]]:
    """Return the steps (z, y, x) to the neighbours of a pixel, one of each pair of opposites.

    Examples
    --------
    >>> directions(2)
    [(0, 0, 1), (0, 1, -1), (0, 1, 0), (0, 1, 1)]
    """
    steps = itertools.product((0, 1) if ndim == 3 else (0,), (-1, 0, 1), (-1, 0, 1))
    return [step for step in steps if step > (0, 0, 0)]


FAMILY = Family(COLUMNS, measure_texture, of="channel", on_request=True, by_runs=True)
