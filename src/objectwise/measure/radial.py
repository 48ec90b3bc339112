"""How an image is spread between the middle and the border of objects.

After CellProfiler, with three guards. The distance from the middle is straight, so it is exact, takes unequal pixel
sizes and three dimensions, and is there for each piece of an object. Where several pixels are the middle, all of them
are, instead of the first one. And a ring without pixels is undefined, instead of 0.
"""

from __future__ import annotations

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.measure.family import Block, Family, Found, undefined

_RINGS = (
    "Rings are numbered from the middle, the deepest pixel of the object; a pixel's place between middle and border "
    "is its distance from the middle, divided by that and its distance to the nearest pixel outside together."
)


def columns(n_rings: int) -> tuple[Column, ...]:
    """Return the columns: three for each ring."""
    numbers = range(1, n_rings + 1)
    return (
        *(
            Column(
                f"radial_fraction_{k}", "1",
                f"Sum of the values in ring {k} of {n_rings}, as a fraction of that in the object. {_RINGS}",
                group="radial",
            )
            for k in numbers
        ),
        *(
            Column(
                f"radial_mean_fraction_{k}", "1",
                f"Mean value in ring {k} of {n_rings}, as a fraction of that in the object.",
                group="radial",
            )
            for k in numbers
        ),
        *(
            Column(
                f"radial_cv_{k}", "1",
                f"Standard deviation of the means of the eight wedges of ring {k} of {n_rings}, as a fraction of "
                "their mean. Wedges are sectors of 45 degrees about the middle, in 3-D octants.",
                group="radial",
            )
            for k in numbers
        ),
    )  # fmt: skip


def measure_radial(block: Block, channel: str, wanted: set[str], n_rings: int) -> Found:
    """Measure how one image is spread in all objects."""
    import edt

    from objectwise.kernels import rings
    from objectwise.kernels.runs import prepare_image, prepare_labels
    from objectwise.kernels.threads import in_threads, n_threads, strips

    n = block.ids.size
    table = np.zeros((n, n_rings, rings.N_OF_RING))
    if n:
        depth = edt.edt(block.clean, block.spacing, black_border=True, parallel=n_threads())
        labels = prepare_labels(block.clean)
        image = prepare_image(block.images[channel])
        size = np.array((1.0, *block.spacing)[-3:]) if block.ndim == 2 else np.array(block.spacing)
        if block.ndim == 2:
            # the axis that is not there must not be the smallest
            size[0] = size.max()
        common = labels, depth.reshape(labels.shape), image, block.scan.record, size, block.ndim == 2, n_rings
        in_threads(rings.describe_rings, [(*common, *strip, table) for strip in strips(n, 64)])
    pixels, sums, deviation, mean = np.moveaxis(table, 2, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        fraction = sums / sums.sum(axis=1, keepdims=True)
        mean_fraction = fraction / (pixels / pixels.sum(axis=1, keepdims=True))
        variation = deviation / mean
    found: dict[str, np.ndarray] = {}
    reasons: Reasons = {}
    dark = ~(sums.sum(axis=1) > 0)
    for ring in range(n_rings):
        empty = pixels[:, ring] == 0
        for name, values, unmeasured in (
            (f"radial_fraction_{ring + 1}", fraction, np.zeros_like(empty)),
            (f"radial_mean_fraction_{ring + 1}", mean_fraction, empty),
            (f"radial_cv_{ring + 1}", variation, empty),
        ):
            no_sum = ~(mean[:, ring] > 0) & ~empty if values is variation else dark
            found[name] = np.where(unmeasured | no_sum, np.nan, values[:, ring])
            where = "ring" if values is variation else "object"
            reasons[name] = undefined(
                block, name, no_sum, f"the values in the {where} do not add up to more than 0"
            )
            reasons[name] |= undefined(block, name, unmeasured, "the ring has no pixel")
    return found, reasons


FAMILY = Family(columns, measure_radial, of="channel", on_request=True)
