"""The values of images in objects.

The values of each object are first put next to each other, which makes all that follows a walk through
consecutive memory, the median included. Sums are in float64: exact for integers up to 2^53, and for any
image of up to 16 bits. A NaN or infinite pixel is passed over and counted, because one broken pixel must
not take the measurement of its object away, and must not go unnoticed either.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from objectwise.core.table import Reasons
    from objectwise.measure.scan import Scan


def measure_intensity(
    scan: Scan, channel: str, image: np.ndarray, wanted: Collection[str]
) -> tuple[dict[str, np.ndarray], Reasons]:
    """Measure the values of one image in all objects.

    Parameters
    ----------
    scan : Scan
        The objects of a block.
    channel : str
        Name of the image, the last part of the names of the columns.
    image : ndarray, shape ([Z,] Y, X)
        Any real dtype.
    wanted : collection of str
        Names of columns.

    Returns
    -------
    values : dict of str to ndarray, shape (n,)
        The columns asked for; also ``intensity_n_missing_<channel>`` where any pixel of an object is NaN
        or infinite.
    reasons : dict
        Why values are NaN.

    Notes
    -----
    The memory needed is that of the image, for the pixels in objects.
    """
    from objectwise.kernels import runs as lines
    from objectwise.kernels import values as contents

    table = np.full((scan.ids.size, contents.N_STATISTICS), np.nan)
    n_missing = np.zeros(scan.ids.size, dtype=np.int64)
    if scan.ids.size:
        prepared = lines.prepare_image(image)
        stops = np.cumsum(scan.n_pixels)
        starts = stops - scan.n_pixels
        ends = starts.copy()
        values = np.empty(stops[-1], dtype=prepared.dtype)
        contents.gather_values(scan.runs, prepared.reshape(-1, image.shape[-1]), ends, values)
        n_missing = stops - ends
        contents.describe_values(values, starts, ends, table)
        if f"intensity_median_{channel}" in wanted:
            find = contents.count_medians if values.dtype.kind == "u" else contents.find_medians
            find(values, starts, ends, table)

    columns = {
        f"intensity_{name}_{channel}": table[:, column].copy()
        for name, column in (
            ("min", contents.MINIMUM),
            ("max", contents.MAXIMUM),
            ("mean", contents.MEAN),
            ("std", contents.DEVIATION),
            ("median", contents.MEDIAN),
            ("sum", contents.SUM),
        )
    }
    reasons: Reasons = {}
    empty = scan.ids[n_missing == scan.n_pixels].tolist()
    if empty:
        for name in columns:
            reasons[name] = dict.fromkeys(empty, f"{name}: every pixel of the object is NaN or infinite")
    missing = f"intensity_n_missing_{channel}"
    chosen = {name: column for name, column in columns.items() if name in wanted}
    if n_missing.any() or missing in wanted:
        chosen[missing] = n_missing
    return chosen, {name: entries for name, entries in reasons.items() if name in wanted}
