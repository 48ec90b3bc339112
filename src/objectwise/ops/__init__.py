"""The numerics: one file for each family of operations, and here the list of all of them.

An operation is there once its name stands in this list; the order is that of the menus.
"""

from objectwise.core.operation import operations, register
from objectwise.ops.class_thresholds import recolour_by_class, threshold_multi_otsu
from objectwise.ops.cluster import cluster_kmeans, labels_from_classes
from objectwise.ops.contours import fit_contour_chan_vese
from objectwise.ops.edges import detect_edges_canny, detect_edges_log, thin_edges
from objectwise.ops.features import pixel_features
from objectwise.ops.filters import smooth_gaussian
from objectwise.ops.fuzzy import blend_neighbours, classes_from_memberships, cluster_fuzzy_cmeans
from objectwise.ops.local_thresholds import (
    threshold_adaptive,
    threshold_niblack,
    threshold_phansalkar,
    threshold_sauvola,
)
from objectwise.ops.mixtures import cluster_gaussian_mixture
from objectwise.ops.morphology import clear_border, close, fill_holes, open, remove_small
from objectwise.ops.random_walker import segment_random_walker
from objectwise.ops.regions import flood_similar, grow_regions, merge_similar_regions, split_and_merge
from objectwise.ops.superpixels import superpixels_felzenszwalb, superpixels_slic
from objectwise.ops.threshold import (
    threshold_auto,
    threshold_hysteresis,
    threshold_local,
    threshold_manual,
    threshold_robust_background,
)
from objectwise.ops.watershed import estimate_diameter, label_components, split_touching, watershed_seeded

register("filters", smooth_gaussian)
register(
    "threshold",
    threshold_auto,
    threshold_manual,
    threshold_multi_otsu,
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
register(
    "cluster",
    cluster_kmeans,
    cluster_gaussian_mixture,
    cluster_fuzzy_cmeans,
    classes_from_memberships,
    labels_from_classes,
    recolour_by_class,
    pixel_features,
    blend_neighbours,
)

register("edges", detect_edges_canny, detect_edges_log, thin_edges, fit_contour_chan_vese)
register(
    "regions",
    grow_regions,
    flood_similar,
    split_and_merge,
    merge_similar_regions,
    segment_random_walker,
    superpixels_slic,
    superpixels_felzenszwalb,
)

__all__ = ["operations"]
