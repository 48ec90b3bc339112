"""The background of each object, from a ring around it, and what is left of its brightness above that.

The ring is the one that the operation ``make_rings`` makes, so that it can be looked at: a pixel of the background
belongs to the nearest object, and neither other objects nor the gaps around them are in any ring. A pixel that is as
near to another object is in no ring here, since whose it is would depend on how the objects are numbered. The
background is the median of the ring, which a bit of debris or a neighbour that was not found hardly moves.
"""

from __future__ import annotations

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.measure.family import Block, Family, Found
from objectwise.measure.intensity import MISSING, describe, mark_missing, note, of_all, percentiles_of
from objectwise.measure.scan import Scan, scan_labels

GROUP = "intensity_background"

RING = (
    "the ring around the object: pixels nearer to it than to other objects, more than `ring_gap` and at most "
    "`ring_gap + ring_width` away"
)

COLUMNS = (
    Column(
        "intensity_background_median", "intensity",
        f"Median value in {RING}. Not defined where other objects or the border of the image leave no such pixel.",
        group=GROUP,
    ),
    Column("intensity_background_mean", "intensity", f"Mean value in {RING}.", group=GROUP),
    Column(
        "intensity_background_std", "intensity",
        f"Standard deviation (of the population) of the values in {RING}.", group=GROUP,
    ),
    Column(
        "intensity_background_n_pixels", "pixel", f"Number of pixels with a value in {RING}.", group=GROUP,
        kind="integer",
    ),
    Column(
        "intensity_mean_corrected", "intensity",
        "Mean value in the object less the background, the median value in the ring around it.", group=GROUP,
    ),
    Column(
        "intensity_sum_corrected", "intensity",
        "Sum of the values in the object less as many times the background, the median value in the ring around it.",
        group=GROUP,
    ),
    Column(
        "intensity_contrast", "1",
        "Mean value in the object less the background (the median value in the ring around it), over their sum: from "
        "-1 to 1 for values that are not negative. Not defined where the sum is not above 0.",
        group=GROUP, reference="Michelson AA (1927) Studies in Optics",
    ),
    Column(
        "intensity_signal_to_noise", "1",
        "Mean value in the object less the background (the median value in the ring around it), over the standard "
        "deviation in the ring. Not defined where all values in the ring are the same.",
        group=GROUP,
    ),
)  # fmt: skip

# a pixel whose distance is that of the rim counts, whatever its last bit
SLACK = 1 + 1e-6


def measure_background(
    block: Block,
    channel: str,
    wanted: set[str],  # noqa: ARG001 - they take no longer all together
    missing: str,
    ring_gap: float,
    ring_width: float,
) -> Found:
    """Measure one image in the rings around all objects, and the objects above that."""
    rings = block.once(("rings", ring_gap, ring_width), lambda: find_rings(block, ring_gap, ring_width))
    values, starts, ends = rings.finite(rings.gather(block.images[channel]))
    ring = {name: of_all(block, rings, part) for name, part in describe(values, starts, ends).items()}
    inside = block.values_of(channel)
    mean = describe(*inside)["mean"]
    level = of_all(block, rings, percentiles_of(values, starts, ends, [50])[:, 0])
    n_pixels = of_all(block, rings, ends - starts, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {
            "intensity_background_median": level,
            "intensity_background_mean": ring["mean"],
            "intensity_background_std": ring["std"],
            "intensity_background_n_pixels": n_pixels,
            "intensity_mean_corrected": mean - level,
            "intensity_sum_corrected": (mean - level) * (inside[2] - inside[1]),
            "intensity_contrast": (mean - level) / (mean + level),
            "intensity_signal_to_noise": (mean - level) / ring["std"],
        }
    reasons: Reasons = {}
    for name, where, why in (
        ("intensity_contrast", mean + level <= 0, "object and background do not add up to more than 0"),
        ("intensity_signal_to_noise", ring["max"] == ring["min"], "all values in the ring are the same"),
    ):
        note(block, found, reasons, where, why, name)
    n_all = of_all(block, rings, rings.n_pixels, 0)
    if missing == "propagate":
        note(block, found, reasons, n_pixels < n_all, "a pixel of the ring is NaN or infinite")
    note(block, found, reasons, (n_pixels == 0) & (n_all > 0), "every pixel of the ring is NaN or infinite")
    note(block, found, reasons, n_all == 0, "the ring around the object has no pixel")
    mark_missing(block, channel, found, reasons, missing)
    return found, reasons


def find_rings(block: Block, gap: float, width: float) -> Scan:
    """Return the rings around all objects, with the ids of `Block.clean`."""
    from objectwise.kernels.nearest import nearest_labels
    from objectwise.kernels.threads import in_threads

    # of several objects that are equally near, the first and the last
    backwards = np.where(block.clean > 0, block.ids.size + 1 - block.clean, 0).astype(np.int32)
    reach = (gap + width) * SLACK
    (first, distance), (last, _) = in_threads(
        nearest_labels, [(labels, block.spacing, reach) for labels in (block.clean, backwards)]
    )
    taken = (distance > gap * SLACK) & (block.clean == 0) & (first + last == block.ids.size + 1)
    return scan_labels(np.where(taken, first, 0))


FAMILY = Family(COLUMNS, measure_background, of="channel", on_request=True, occasional=(MISSING,))
