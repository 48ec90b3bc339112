"""Where in an object the values of an image lie: their centre of mass, how far off it is, and the brightest pixel."""

from __future__ import annotations

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.kernels.threads import in_threads
from objectwise.measure.family import Block, Family, Found
from objectwise.measure.intensity import MISSING, mark_missing, note

GROUP = "intensity_position"

AXES = (("z", (3,)), ("y", (2, 3)), ("x", (2, 3)))

COLUMNS = (
    *(
        Column(
            f"centroid_weighted_{axis}", "length",
            f"Mean {axis} of the pixel centres weighted by their values, the centre of mass; the centre of the first "
            "pixel of the image is 0. Not defined where the values add up to 0 or less.",
            dimensions, GROUP, scikit_image="centroid_weighted",
            cellprofiler=f"Location_CenterMassIntensity_{axis.upper()}",
        )
        for axis, dimensions in AXES
    ),
    Column(
        "mass_displacement", "length",
        "Distance between the centroid of the object and that weighted by its values. Not defined where the values "
        "add up to 0 or less.",
        group=GROUP, cellprofiler="Intensity_MassDisplacement",
    ),
    *(
        Column(
            f"intensity_max_position_{axis}", "length",
            f"{axis} of the brightest pixel, the first in raster order of several; the centre of the first pixel of "
            "the image is 0.",
            dimensions, GROUP, cellprofiler=f"Location_MaxIntensity_{axis.upper()}",
        )
        for axis, dimensions in AXES
    ),
)  # fmt: skip


def measure_position(
    block: Block,
    channel: str,
    wanted: set[str],  # noqa: ARG001 - they take no longer all together
    missing: str,
) -> Found:
    """Measure where the values of one image lie in all objects."""
    from objectwise.kernels import runs as lines
    from objectwise.kernels import values as contents

    scan, pixels = block.scan, block.pixels_of(channel)
    sums = np.zeros((block.ids.size, contents.N_WEIGHED))
    corners = np.ascontiguousarray(scan.record[:, lines.MIN_Z : lines.MIN_Z + 3])
    places = np.cumsum(scan.n_pixels) - scan.n_pixels
    work = contents.weigh_counted_positions if pixels.dtype.kind == "u" else contents.weigh_positions
    in_threads(
        work,
        [
            (scan.runs_of(low, high), scan.shape[-2], pixels, places[low], corners, sums)
            for low, high in scan.ranges
        ],
    )
    names = "zyx"[3 - block.ndim :]

    def positions(first: int) -> np.ndarray:
        return sums[:, first + 3 - block.ndim : first + 3]

    with np.errstate(invalid="ignore", divide="ignore"):
        plain = positions(contents.PLAIN_Z) / sums[:, [contents.COUNT]]
        weighted = positions(contents.WEIGHTED_Z) / sums[:, [contents.WEIGHT]]
    centre = (scan.box_min + weighted) * block.spacing
    peak = (scan.box_min + positions(contents.PEAK_Z)) * block.spacing
    found = {f"centroid_weighted_{name}": centre[:, axis].copy() for axis, name in enumerate(names)}
    found["mass_displacement"] = np.sqrt((((weighted - plain) * block.spacing) ** 2).sum(axis=1))
    weightless = sums[:, contents.WEIGHT] <= 0
    reasons: Reasons = {}
    note(block, found, reasons, weightless, "the values in the object do not add up to more than 0")
    found |= {f"intensity_max_position_{name}": peak[:, axis].copy() for axis, name in enumerate(names)}
    mark_missing(block, channel, found, reasons, missing)
    return found, reasons


FAMILY = Family(COLUMNS, measure_position, of="channel", on_request=True, occasional=(MISSING,), by_runs=True)
