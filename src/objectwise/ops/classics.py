"""Segmentations that the field knows by a name, as lists of steps.

Their parameters have the names and defaults of the tools that made them known, so that what is in a protocol or a
tutorial can be typed in as it stands; and each can be opened where one of its steps does not fit.
"""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le

from objectwise.core.composition import ImageName, LabelsSteps, composition
from objectwise.core.parameter import Computed, Intensity, Length, Level, Size
from objectwise.core.step import Step


@composition()
def voronoi_otsu_labelling(
    image: ImageName = "image",
    *,
    spot_sigma: Annotated[Length, Ge(0)] = 2.0,
    outline_sigma: Annotated[Length, Ge(0)] = 2.0,
) -> LabelsSteps:
    """Label objects by Voronoi-Otsu: a spot in each object, and an outline by Otsu's threshold.

    Parameters
    ----------
    image : str, optional
        Name of the input: one channel with bright blobs.
    spot_sigma : float, optional
        How much the image is smoothed before the spots are looked for, in the unit of the recipe. A larger value
        splits less.
    outline_sigma : float, optional
        How much it is smoothed before the threshold. A larger value makes rounder outlines.

    Returns
    -------
    list of Step
        The last one makes the labels.

    Notes
    -----
    The spots are the local maxima that lie above the threshold; each pixel above it goes to the spot that is fewest
    pixels away within the mask. Known from clEsperanto and napari-segment-blobs-and-things-with-membranes.

    References
    ----------
    .. [1] R. Haase et al., "CLIJ: GPU-accelerated image processing for everyone", Nature Methods 17 (2020).

    Examples
    --------
    >>> [step.id for step in voronoi_otsu_labelling()]
    ['spots', 'outlines', 'mask', 'seeds', 'objects']
    """
    return [
        Step("spots", "smooth_gaussian", {"image": image}, {"sigma": spot_sigma}),
        Step("outlines", "smooth_gaussian", {"image": image}, {"sigma": outline_sigma}),
        Step("mask", "threshold_auto", {"image": "outlines"}, {"method": "otsu"}),
        Step("seeds", "find_local_maxima", {"image": "spots", "mask": "mask"}, {"min_distance": 0.0}),
        Step("objects", "watershed_seeded", {"image": "mask", "seeds": "seeds", "mask": "mask"}),
    ]


@composition()
def gauss_otsu_labelling(
    image: ImageName = "image", *, outline_sigma: Annotated[Length, Ge(0)] = 2.0
) -> LabelsSteps:
    """Label objects by Gauss-Otsu: smooth, Otsu's threshold, connected components.

    Parameters
    ----------
    image : str, optional
        Name of the input: one channel with bright objects that do not touch.
    outline_sigma : float, optional
        How much the image is smoothed first, in the unit of the recipe. A larger value makes rounder outlines and
        leaves fewer specks.

    Returns
    -------
    list of Step
        The last one makes the labels.

    Examples
    --------
    >>> [step.op for step in gauss_otsu_labelling()]
    ['smooth_gaussian', 'threshold_auto', 'label_components']
    """
    return [
        Step("smooth", "smooth_gaussian", {"image": image}, {"sigma": outline_sigma}),
        Step("mask", "threshold_auto", {"image": "smooth"}, {"method": "otsu"}),
        Step("objects", "label_components", {"mask": "mask"}),
    ]


@composition()
def local_minima_seeded_watershed(
    image: ImageName = "image",
    *,
    spot_sigma: Annotated[Length, Ge(0)] = 10.0,
    outline_sigma: Annotated[Length, Ge(0)] = 0.0,
) -> LabelsSteps:
    """Flood from local minima: cells with bright membranes, told apart by their size.

    Parameters
    ----------
    image : str, optional
        Name of the input: one channel with stained membranes.
    spot_sigma : float, optional
        How much the image is smoothed before the minima are looked for, in the unit of the recipe; about a
        quarter of a cell. A larger value splits less.
    outline_sigma : float, optional
        How much it is smoothed before it is flooded. A larger value makes smoother outlines.

    Returns
    -------
    list of Step
        The last one makes the labels, which fill the whole image.

    Notes
    -----
    Known from napari-segment-blobs-and-things-with-membranes. See segment_membranes for cells of different sizes.

    Examples
    --------
    >>> [step.id for step in local_minima_seeded_watershed()]
    ['spots', 'seeds', 'outlines', 'cells']
    """
    return [
        Step("spots", "smooth_gaussian", {"image": image}, {"sigma": spot_sigma}),
        Step("seeds", "find_local_maxima", {"image": "spots"}, {"objects": "dark", "min_distance": 0.0}),
        Step("outlines", "smooth_gaussian", {"image": image}, {"sigma": outline_sigma}),
        Step("cells", "watershed_seeded", {"image": "outlines", "seeds": "seeds"}),
    ]


@composition()
def segment_membranes(
    image: ImageName = "image",
    *,
    sigma: Annotated[Length, Ge(0)] = 1.0,
    h: Annotated[Computed[Intensity], Ge(0)] = None,
    lines: bool = False,
    keep_border: bool = True,
    max_size: Annotated[Size, Ge(0)] | None = None,
) -> LabelsSteps:
    """Find the cells that bright membranes enclose: smooth, h-minima, flood.

    Parameters
    ----------
    image : str, optional
        Name of the input: one channel with stained membranes, or a boundary probability.
    sigma : float, optional
        How much noise is smoothed away first, in the unit of the recipe. A larger value also closes gaps in
        membranes.
    h : float, optional
        How much darker the inside of a cell must be than the weakest place of the membrane around it. A larger value
        splits less. Left out, a tenth of the range of brightness.
    lines : bool, optional
        Whether a line of background, one pixel wide, is left between cells.
    keep_border : bool, optional
        Whether cells that touch the border of the image stay; the background around a tissue goes with them.
    max_size : float, optional
        A region larger than this area or volume is background, in the unit of the recipe. Left out, none is.

    Returns
    -------
    list of Step
        The last one makes the labels.

    Notes
    -----
    The morphological segmentation of MorphoLibJ, whose tolerance ``h`` is. Small and large cells are found alike.

    References
    ----------
    .. [1] D. Legland, I. Arganda-Carreras and P. Andrey, "MorphoLibJ: integrated library and plugins for mathematical
       morphology with ImageJ", Bioinformatics 32 (2016).

    Examples
    --------
    >>> [step.op for step in segment_membranes(h=12)]
    ['smooth_gaussian', 'find_h_maxima', 'watershed_seeded']
    """
    rise = {} if h is None else {"h": h}
    steps = [
        Step("smooth", "smooth_gaussian", {"image": image}, {"sigma": sigma}),
        Step(
            "seeds", "find_h_maxima", {"image": "smooth"}, {"objects": "dark", "connectivity": "face", **rise}
        ),
        Step("cells", "watershed_seeded", {"image": "smooth", "seeds": "seeds"}, {"lines": lines}),
    ]
    if max_size is not None:
        steps.append(Step("smaller", "remove_large", {"objects": "cells"}, {"max_size": max_size}))
    if not keep_border:
        steps.append(Step("inside", "clear_border", {"objects": steps[-1].id}))
    return steps


@composition()
def segment_sure_foreground(
    image: ImageName = "image",
    *,
    objects: Literal["bright", "dark"] = "bright",
    radius: Annotated[Length, Ge(0)] = 2.0,
    fraction: Annotated[float, Ge(0), Le(1)] = 0.7,
    margin: Annotated[Length, Ge(0)] = 3.0,
) -> LabelsSteps:
    """Split by OpenCV's watershed recipe: sure foreground, sure background, the unknown zone flooded.

    Parameters
    ----------
    image : str, optional
        Name of the input: one channel.
    objects : {'bright', 'dark'}, optional
        Whether the objects are brighter or darker than the background.
    radius : float, optional
        How much noise and bridges are taken away from the thresholded image, in the unit of the recipe.
    fraction : float, optional
        How far from the background the sure foreground is, as a fraction of the largest distance of each piece. A
        larger value splits more, and loses smaller objects of a group.
    margin : float, optional
        How far around the thresholded objects the background is sure.

    Returns
    -------
    list of Step
        The last one makes the labels.

    Notes
    -----
    OpenCV takes the fraction of the largest distance in the whole image; here a small object that stands alone is
    not lost. The zone is flooded along the edges of the image.

    References
    ----------
    .. [1] OpenCV, "Image Segmentation with Watershed Algorithm", tutorial of imgproc.

    Examples
    --------
    >>> [step.id for step in segment_sure_foreground()]
    ['mask', 'opened', 'seeds', 'possible', 'elevation', 'objects']
    """
    return [
        Step("mask", "threshold_auto", {"image": image}, {"method": "otsu", "objects": objects}),
        Step("opened", "open", {"mask": "mask"}, {"radius": radius}),
        Step("seeds", "find_sure_foreground", {"mask": "opened"}, {"fraction": fraction}),
        Step("possible", "dilate", {"mask": "opened"}, {"radius": margin}),
        *_outlined(image, "possible"),
    ]


@composition()
def segment_elevation(
    image: ImageName = "image", *, low: Computed[Level] = None, high: Computed[Level] = None
) -> LabelsSteps:
    """Segment as the coins tutorial does: markers by brightness, outlines on the Sobel elevation map.

    Parameters
    ----------
    image : str, optional
        Name of the input: one channel with bright objects.
    low : float, optional
        What is at most this bright is surely background. Left out, the lower of two thresholds of Otsu.
    high : float, optional
        What is brighter than this is surely an object. Left out, the higher of two thresholds of Otsu.

    Returns
    -------
    list of Step
        The last one makes the labels.

    Notes
    -----
    The markers of one object need not be one piece: what has grown from them and touches is one object, and its holes
    are filled. Objects that touch each other are not split.

    References
    ----------
    .. [1] S. van der Walt et al., "scikit-image: image processing in Python", PeerJ 2:e453 (2014).

    Examples
    --------
    >>> [step.id for step in segment_elevation(low=29, high=150)]
    ['possible', 'sure', 'seeds', 'elevation', 'grown', 'mask', 'filled', 'objects']
    """
    if (low is None) != (high is None):
        raise ValueError("segment_elevation needs both low and high, or neither")
    if low is None:
        markers = [
            Step("classes", "threshold_multi_otsu", {"image": image}, {"n_classes": 3}),
            Step("possible", "labels_from_classes", {"classes": "classes"}, {"min_class": 2}),
            Step("seeds", "labels_from_classes", {"classes": "classes"}, {"min_class": 3}),
        ]
    else:
        markers = [
            Step("possible", "threshold_manual", {"image": image}, {"lower": low}),
            Step("sure", "threshold_manual", {"image": image}, {"lower": high}),
            Step("seeds", "label_components", {"mask": "sure"}),
        ]
    elevation, grown = _outlined(image, "possible", "grown")
    return [
        *markers,
        elevation,
        grown,
        Step("mask", "labels_to_mask", {"labels": "grown"}),
        Step("filled", "fill_holes", {"mask": "mask"}),
        Step("objects", "label_components", {"mask": "filled"}),
    ]


def _outlined(image: str, possible: str, name: str = "objects") -> list[Step]:
    """Return the steps that find the outlines between seeds and background on the elevation map."""
    wired = {"image": "elevation", "seeds": "seeds", "mask": possible}
    return [
        Step("elevation", "enhance_edges", {"image": image}, {"method": "sobel"}),
        Step(name, "grow_against_background", wired, {"relief": "image"}),
    ]
