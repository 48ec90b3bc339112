"""The sizes of bright spots in objects: what openings of growing size take away.

CellProfiler opens the whole image, shrunk to a quarter, after its background was taken off; an object's numbers then
depend on what lies around it and on the size of the image. Here an object is opened by itself, at full resolution, and
brightness is counted from its darkest pixel: a background that is the same over the object has no part in it.
"""

from __future__ import annotations

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.measure.family import Block, Family, Found, undefined


def columns(n_granularity_steps: int) -> tuple[Column, ...]:
    """Return the columns: one for each size."""
    return tuple(
        Column(
            f"granularity_{step}", "1",
            "Fraction of the brightness above the darkest pixel of the object that goes with spots which "
            f"{step - 1} erosion{'' if step == 2 else 's'} would leave and {step} take away: the opening by "
            "reconstruction with that many erosions, a pixel's neighbours being those that share a face.",
            group="granularity",
            reference="Ravkin I, Temov V (1988) Bit representation techniques and image processing. Applied "
            "Informatics 14:41-90.",
        )
        for step in range(1, n_granularity_steps + 1)
    )  # fmt: skip


def measure_granularity(block: Block, channel: str, wanted: set[str], n_granularity_steps: int) -> Found:
    """Measure the sizes of bright spots of one image in all objects."""
    from objectwise.kernels import granules
    from objectwise.kernels.threads import in_threads, strips
    from objectwise.measure.pixels import batches

    table = np.full((block.ids.size, n_granularity_steps), np.nan)
    gathered = block.pixels_of(channel)
    for pixels in batches(block.scan):
        values = gathered[pixels.span].astype(np.float64)
        places, lines = pixels.places(1)
        common = values, places, pixels.starts, lines
        part = table[pixels.objects]
        in_threads(granules.spectrum, [(*common, *strip, part) for strip in strips(len(part), 64)])
    constant = np.isnan(table[:, 0])
    found = dict(zip([column.name for column in columns(n_granularity_steps)], table.T, strict=True))
    reasons: Reasons = {
        name: undefined(block, name, constant, "no pixel of the object is brighter than another")
        for name in wanted
    }
    return {name: found[name] for name in wanted}, reasons


FAMILY = Family(columns, measure_granularity, of="channel", on_request=True, by_runs=True)
