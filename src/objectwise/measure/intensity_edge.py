"""The values of images along the edges of objects.

The edge is what CellProfiler takes: the pixels of an object of which a neighbour across a face is in the image and
not in the object. Where the border of the image cuts an object off, there is no edge of it to be seen.
"""

from __future__ import annotations

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.measure.family import Block, Family, Found
from objectwise.measure.intensity import MISSING, describe, mark_missing, note, of_all
from objectwise.measure.scan import Scan, scan_labels

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
    edges = block.once("edges", lambda: find_edges(block))
    described = describe(*edges.gather(block.images[channel]))
    found = {f"intensity_edge_{name}": of_all(block, edges, values) for name, values in described.items()}
    reasons: Reasons = {}
    n_pixels = of_all(block, edges, edges.n_pixels, 0)
    empty = np.isnan(found["intensity_edge_mean"])
    note(block, found, reasons, empty & (n_pixels > 0), "every pixel of the edge is NaN or infinite")
    note(block, found, reasons, n_pixels == 0, "the object has no edge in the image")
    mark_missing(block, channel, found, reasons, missing)
    return found, reasons


def find_edges(block: Block) -> Scan:
    """Return the edges of all objects, with the ids of `Block.clean`."""
    edge = np.zeros(block.clean.shape, dtype=np.bool_)
    for axis in range(block.ndim):
        labels, inside = block.clean.swapaxes(0, axis), edge.swapaxes(0, axis)
        changes = labels[1:] != labels[:-1]
        inside[1:] |= changes
        inside[:-1] |= changes
    return scan_labels(np.where(edge, block.clean, 0))


FAMILY = Family(COLUMNS, measure_edge, of="channel", on_request=True, occasional=(MISSING,))
