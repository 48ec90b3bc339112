"""The numerics: one file for each family of operations, and here the list of all of them.

An operation is there once its name stands in this list; the order is that of the menus.
"""

from objectwise.core.operation import operations, register
from objectwise.ops.background import (
    subtract_background_gaussian,
    subtract_background_reconstruction,
    subtract_background_rolling_ball,
    subtract_background_tophat,
)
from objectwise.ops.cluster import cluster_kmeans, labels_from_classes
from objectwise.ops.colour import rgb_to_grey, rgb_to_lab, separate_stains
from objectwise.ops.denoise import denoise_nlm, denoise_tv
from objectwise.ops.enhance import (
    enhance_blobs_dog,
    enhance_blobs_hessian,
    enhance_blobs_log,
    enhance_corners,
)
from objectwise.ops.filters import local_deviation, local_entropy, smooth_gaussian, smooth_median
from objectwise.ops.intensity import equalise_clahe, invert_image, normalise_percentile
from objectwise.ops.morphology import clear_border, close, fill_holes, open, remove_small
from objectwise.ops.ridges import enhance_ridges_frangi, enhance_ridges_meijering, enhance_ridges_sato
from objectwise.ops.slopes import enhance_edges
from objectwise.ops.threshold import threshold_auto, threshold_local, threshold_manual
from objectwise.ops.watershed import estimate_diameter, label_components, split_touching, watershed_seeded

register(
    "filters",
    smooth_gaussian,
    smooth_median,
    denoise_tv,
    denoise_nlm,
    local_deviation,
    local_entropy,
    normalise_percentile,
    equalise_clahe,
    invert_image,
)
register(
    "background",
    subtract_background_tophat,
    subtract_background_rolling_ball,
    subtract_background_gaussian,
    subtract_background_reconstruction,
)
register(
    "enhance",
    enhance_blobs_log,
    enhance_blobs_dog,
    enhance_blobs_hessian,
    enhance_corners,
    enhance_ridges_sato,
    enhance_ridges_frangi,
    enhance_ridges_meijering,
    enhance_edges,
)
register("colour", rgb_to_grey, rgb_to_lab, separate_stains)
register("threshold", threshold_auto, threshold_manual, threshold_local)
register("morphology", open, close, fill_holes, remove_small, clear_border)
register("watershed", label_components, split_touching, watershed_seeded, estimate_diameter)
register("cluster", cluster_kmeans, labels_from_classes)

__all__ = ["operations"]
