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
from objectwise.ops.binary import (
    close_by_reconstruction,
    dilate,
    erode,
    fill_convex_hull,
    open_by_reconstruction,
    skeletonize,
    smooth_mask,
    thin,
)
from objectwise.ops.class_thresholds import recolour_by_class, threshold_multi_otsu
from objectwise.ops.classics import (
    gauss_otsu_labelling,
    local_minima_seeded_watershed,
    segment_elevation,
    segment_membranes,
    segment_sure_foreground,
    voronoi_otsu_labelling,
)
from objectwise.ops.cluster import cluster_kmeans, cluster_kmeans_minibatch, labels_from_classes
from objectwise.ops.colour import rgb_to_grey, rgb_to_lab, separate_stains
from objectwise.ops.compositions import find_classes_fuzzy, find_enclosed, find_objects
from objectwise.ops.contours import fit_contour_chan_vese
from objectwise.ops.denoise import denoise_nlm, denoise_tv
from objectwise.ops.density import map_density
from objectwise.ops.edges import detect_edges_canny, detect_edges_log, link_edges, thin_edges
from objectwise.ops.enhance import (
    enhance_blobs_dog,
    enhance_blobs_hessian,
    enhance_blobs_log,
    enhance_corners,
)
from objectwise.ops.features import pixel_features
from objectwise.ops.filters import local_deviation, local_entropy, smooth_gaussian, smooth_median
from objectwise.ops.flooding import grow_against_background, watershed_compact
from objectwise.ops.fuzzy import blend_neighbours, classes_from_memberships, cluster_fuzzy_cmeans
from objectwise.ops.grey import (
    bottomhat_grey,
    close_grey,
    dilate_grey,
    erode_grey,
    gradient_grey,
    open_grey,
    tophat_grey,
)
from objectwise.ops.growth import grow_by_distance, grow_by_propagation, make_rings, subtract_objects
from objectwise.ops.identity import (
    merge_touching,
    relabel_sequential,
    split_disconnected,
    split_labels_by_lines,
    split_labels_by_points,
    transfer_ids,
)
from objectwise.ops.intensity import equalise_clahe, invert_image, normalise_percentile
from objectwise.ops.labels import (
    expand_labels,
    fill_label_holes,
    label_boundaries,
    labels_to_mask,
    mask_labels,
    shrink_labels,
    smooth_labels,
)
from objectwise.ops.local_thresholds import (
    threshold_adaptive,
    threshold_niblack,
    threshold_phansalkar,
    threshold_sauvola,
)
from objectwise.ops.mixtures import cluster_gaussian_mixture
from objectwise.ops.morphology import (
    bottomhat,
    clear_border,
    close,
    fill_holes,
    gradient,
    open,
    remove_small,
    tophat,
)
from objectwise.ops.object_classes import cluster_objects
from objectwise.ops.outlines import threshold_each_object
from objectwise.ops.pixel_size import find_pixel_size
from objectwise.ops.random_walker import segment_random_walker
from objectwise.ops.reconstruction import (
    close_grey_by_reconstruction,
    fill_holes_grey,
    hdome_grey,
    open_grey_by_reconstruction,
    reconstruct_grey,
)
from objectwise.ops.regions import flood_similar, grow_regions, merge_similar_regions, split_and_merge
from objectwise.ops.ridges import enhance_ridges_frangi, enhance_ridges_meijering, enhance_ridges_sato
from objectwise.ops.seeds import distance_map, find_h_maxima, find_local_maxima, find_sure_foreground
from objectwise.ops.selection import (
    clear_faces,
    filter_labels_by_column,
    filter_labels_by_overlap,
    filter_labels_by_size,
    filter_objects_by_diameter,
    keep_largest,
    remove_large,
)
from objectwise.ops.slopes import enhance_edges, enhance_edges_kirsch, enhance_edges_roberts
from objectwise.ops.splitting import split_touching_by_intensity, split_touching_combined
from objectwise.ops.superpixels import superpixels_felzenszwalb, superpixels_slic
from objectwise.ops.threshold import (
    threshold_auto,
    threshold_hysteresis,
    threshold_local,
    threshold_manual,
    threshold_robust_background,
)
from objectwise.ops.watershed import estimate_diameter, label_components, split_touching, watershed_seeded

register("find", find_objects, group="at once")
register(
    "find",
    voronoi_otsu_labelling,
    gauss_otsu_labelling,
    segment_sure_foreground,
    segment_elevation,
    group="known by name",
)
register("find", segment_membranes, local_minima_seeded_watershed, group="outlined by membranes")
register("filters", smooth_gaussian, smooth_median, denoise_tv, denoise_nlm, group="smooth")
register("filters", local_deviation, local_entropy, group="texture")
register("filters", normalise_percentile, equalise_clahe, invert_image, group="contrast")
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
    group="blobs and corners",
)
register(
    "enhance",
    enhance_ridges_sato,
    enhance_ridges_frangi,
    enhance_ridges_meijering,
    group="ridges and membranes",
)
register("enhance", enhance_edges, enhance_edges_roberts, enhance_edges_kirsch, group="edges")
register("colour", rgb_to_grey, rgb_to_lab, separate_stains, group="colour")
register(
    "threshold",
    threshold_auto,
    threshold_manual,
    threshold_hysteresis,
    threshold_robust_background,
    group="one for the image",
)
register("threshold", threshold_multi_otsu, group="several classes")
register(
    "threshold",
    threshold_local,
    threshold_adaptive,
    threshold_niblack,
    threshold_sauvola,
    threshold_phansalkar,
    group="by the surroundings",
)
register("threshold", threshold_each_object, group="by object")
register(
    "morphology",
    open,
    close,
    erode,
    dilate,
    tophat,
    bottomhat,
    gradient,
    open_by_reconstruction,
    close_by_reconstruction,
    group="masks",
)
register(
    "morphology",
    fill_holes,
    remove_small,
    remove_large,
    clear_border,
    clear_faces,
    group="holes, size and border",
)
register("morphology", smooth_mask, fill_convex_hull, skeletonize, thin, group="outlines and lines")
register(
    "morphology",
    erode_grey,
    dilate_grey,
    open_grey,
    close_grey,
    tophat_grey,
    bottomhat_grey,
    gradient_grey,
    hdome_grey,
    fill_holes_grey,
    open_grey_by_reconstruction,
    close_grey_by_reconstruction,
    reconstruct_grey,
    group="images",
)
register("edges", detect_edges_canny, detect_edges_log, thin_edges, group="find")
register("edges", link_edges, find_enclosed, group="close")
register("edges", fit_contour_chan_vese, group="fit")
register("regions", grow_regions, flood_similar, segment_random_walker, group="from seeds")
register("regions", split_and_merge, merge_similar_regions, group="split and merge")
register("regions", superpixels_slic, superpixels_felzenszwalb, group="superpixels")
register(
    "watershed",
    label_components,
    split_touching,
    split_touching_by_intensity,
    split_touching_combined,
    group="objects of a mask",
)
register("watershed", distance_map, find_h_maxima, find_local_maxima, find_sure_foreground, group="seeds")
register("watershed", watershed_seeded, watershed_compact, grow_against_background, group="flood")
register(
    "watershed",
    grow_by_propagation,
    grow_by_distance,
    subtract_objects,
    make_rings,
    group="cells around nuclei",
)
register("watershed", estimate_diameter, find_pixel_size, group="numbers")
register("labels", expand_labels, shrink_labels, smooth_labels, fill_label_holes, group="shape")
register(
    "labels",
    filter_labels_by_size,
    filter_objects_by_diameter,
    filter_labels_by_column,
    filter_labels_by_overlap,
    keep_largest,
    group="choose",
)
register(
    "labels",
    merge_touching,
    split_disconnected,
    split_labels_by_points,
    split_labels_by_lines,
    group="split and merge",
)
register("labels", relabel_sequential, transfer_ids, group="ids")
register("labels", mask_labels, label_boundaries, labels_to_mask, group="with masks")
register("labels", map_density, group="maps")
register(
    "cluster",
    cluster_kmeans,
    cluster_kmeans_minibatch,
    cluster_gaussian_mixture,
    cluster_fuzzy_cmeans,
    find_classes_fuzzy,
    group="pixels",
)
register("cluster", cluster_objects, group="objects")
register("cluster", pixel_features, blend_neighbours, group="before")
register("cluster", classes_from_memberships, labels_from_classes, recolour_by_class, group="after")

__all__ = ["operations"]
