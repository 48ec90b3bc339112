"""The values of images along the edges of objects.

The edge is what CellProfiler takes: the pixels of an object of which a neighbour across a face is in the image and
not in the object. Where the border of the image cuts an object off, there is no edge of it to be seen.
"""

from __future__ import annotations

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.measure.family import Block, Family, Found
from objectwise.measure.intensity import MISSING, describe, mark_missing, note
from objectwise.measure.scan import Scan, keep_finite

EDGE = (
    "pixels of the object of which a neighbour (4 in 2-D, 6 in 3-D) is not in it; what lies outside of the image "
    "does not count"
)

COLUMNS = tuple(
    Column(
        f"intensity_edge_{name}", "intensity", f"{what} at the edge of the object: {EDGE}.",
        group="intensity_edge", cellprofiler=f"Intensity_{theirs}IntensityEdge",
    )
    for name, what, theirs in (
        ("min", "Smallest value", "Min"),
        ("max", "Largest value", "Max"),
        ("mean", "Mean value", "Mean"),
        ("std", "Standard deviation (of the population) of the values", "Std"),
        ("sum", "Sum of the values", "Integrated"),
    )
)  # fmt: skip


def measure_edge(
    block: Block,
    channel: str,
    wanted: set[str],  # noqa: ARG001 - they take no longer all together
    missing: str,
) -> Found:
    """Measure the values of one image along the edges of all objects."""
    edge = block.once("edges", lambda: find_edges(block.scan))
    n_all = block.scan.n_pixels
    n_pixels = np.add.reduceat(edge, np.cumsum(n_all) - n_all, dtype=np.int64)
    described = describe(*keep_finite(block.pixels_of(channel)[edge], n_pixels))
    found = {f"intensity_edge_{name}": values for name, values in described.items()}
    reasons: Reasons = {}
    empty = np.isnan(found["intensity_edge_mean"])
    note(block, found, reasons, empty & (n_pixels > 0), "every pixel of the edge is NaN or infinite")
    note(block, found, reasons, n_pixels == 0, "the object has no edge in the image")
    mark_missing(block, channel, found, reasons, missing)
    return found, reasons


def find_edges(scan: Scan) -> np.ndarray:
    """Return which pixels of objects are at an edge, in the order of `Scan.gather`: bool."""
    from objectwise.kernels import interior

    edge = np.zeros(scan.n_pixels.sum(), np.bool_)
    interior.mark_edges(scan.runs, scan.line_starts, scan.shape[-2], scan.shape[-1], scan.places, edge)
    return edge


FAMILY = Family(COLUMNS, measure_edge, of="channel", on_request=True, occasional=(MISSING,), by_runs=True)
