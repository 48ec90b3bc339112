"""The numerics: one file for each family of operations, and here the list of all of them.

An operation is there once its name stands in this list; the order is that of the menus.
"""

from objectwise.core.operation import operations, register
from objectwise.ops.cluster import cluster_kmeans, labels_from_classes
from objectwise.ops.filters import smooth_gaussian
from objectwise.ops.morphology import clear_border, close, fill_holes, open, remove_small
from objectwise.ops.threshold import (
    threshold_auto,
    threshold_hysteresis,
    threshold_local,
    threshold_manual,
    threshold_robust_background,
)
from objectwise.ops.local_thresholds import (
    threshold_adaptive,
    threshold_niblack,
    threshold_phansalkar,
    threshold_sauvola,
)
from objectwise.ops.watershed import estimate_diameter, label_components, split_touching, watershed_seeded

register("filters", smooth_gaussian)
register(
    "threshold",
    threshold_auto,
    threshold_manual,
    threshold_hysteresis,
    threshold_robust_background,
    threshold_local,
    threshold_adaptive,
    threshold_niblack,
    threshold_sauvola,
    threshold_phansalkar,
)
register("morphology", open, close, fill_holes, remove_small, clear_border)
register("watershed", label_components, split_touching, watershed_seeded, estimate_diameter)
register("cluster", cluster_kmeans, labels_from_classes)

__all__ = ["operations"]
