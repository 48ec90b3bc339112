"""Compositions: functions that return a list of steps, and hold no pixel code.

What a composition does can be opened part by part: each step has its own form, preview and locality, and any of
them can be replaced.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le

from objectwise.core.composition import ClassesSteps, ImageName, LabelsSteps, MaskSteps, composition
from objectwise.core.parameter import Computed, Intensity, Length, Level
from objectwise.core.step import From, Step
from objectwise.ops.threshold import Brightness, Method


@composition()
def find_objects(
    image: ImageName = "image",
    *,
    diameter: Annotated[Computed[Length], Gt(0)] = None,
    objects: Brightness = "bright",
    sigma: Annotated[Computed[Length], Ge(0)] = None,
    remove_background: bool = True,
    threshold: Literal["local", "global"] = "local",
    method: Method = "otsu",
    correction: Annotated[float, Gt(0)] = 1.0,
    cutoff: Level | None = None,
    min_contrast: Annotated[float, Ge(0)] = 8.0,
    fill_holes: bool = True,
    min_neck: Annotated[float, Ge(0), Le(1)] = 0.15,
    min_diameter: Annotated[Computed[Length], Ge(0)] = None,
    max_diameter: Annotated[Length, Ge(0)] | None = None,
    keep_border: bool = True,
) -> LabelsSteps:
    """Find objects: remove the background, threshold, split, outline each one.

    Parameters
    ----------
    image : str, optional
        Name of the input: one channel.
    diameter : float, optional
        Typical diameter of an object, in the unit of the recipe; all that follows is set by it. A larger value
        looks at wider surroundings, splits less and drops larger dirt. Left out, it is estimated from the image.
    objects : {'bright', 'dark'}, optional
        Whether the objects are brighter or darker than the background.
    sigma : float, optional
        How much noise is smoothed away first, in the unit of the recipe. Left out, a fifteenth of the diameter, or
        one pixel where that is not given.
    remove_background : bool, optional
        Whether what is three times as wide as an object is taken away first: shading, and the glow of what is out
        of focus.
    threshold : {'local', 'global'}, optional
        Whether pixels are compared with what lies around them, and each object then has an outline at its own
        brightness; or one threshold serves all.
    method : {'otsu', 'li', 'triangle', ...}, optional
        How the threshold for the whole image is found, which also guides the local one; see `threshold_auto`.
    correction : float, optional
        What thresholds are multiplied by. A larger value finds fewer and smaller objects.
    cutoff : float, optional
        A threshold given by hand, as a brightness of the image: objects are beyond it, in every frame. A larger value
        finds fewer and smaller bright objects. Given, no background is taken away and no threshold is found.
    min_contrast : float, optional
        By how many times the noise an object must differ from its surroundings. A larger value finds fewer faint
        objects; with 0 noise counts as objects. It goes with the local threshold.
    fill_holes : bool, optional
        Whether what an object encloses belongs to it.
    min_neck : float, optional
        How much narrower than the objects the neck between them must be to split them, as a fraction, 0 to 1. A
        larger value splits less.
    min_diameter, max_diameter : float, optional
        Diameters of the smallest and the largest object that stay, in the unit of the recipe. Left out, the
        smallest is 0.4 of the typical diameter, and there is no largest.
    keep_border : bool, optional
        Whether objects that touch the border of the image stay.

    Returns
    -------
    list of Step
        The last one makes the labels.

    Notes
    -----
    Without a diameter the size is estimated three times: from a global threshold, and then from the local one that
    the last size gives, so that a glow across the image does not count as an object. These steps need the whole
    image; with a diameter all steps run in tiles.

    Examples
    --------
    >>> steps = find_objects(diameter=12, threshold="global", remove_background=False)
    >>> [step.op for step in steps][:4]
    ['smooth_gaussian', 'threshold_auto', 'fill_holes', 'filter_objects_by_diameter']
    >>> [step.op for step in steps][4:]
    ['split_touching', 'filter_objects_by_diameter', 'relabel_sequential']
    """
    steps: list[Step] = []

    def add(name: str, op: str, inputs: dict[str, str], **values: Any) -> str:
        steps.append(Step(name, op, inputs, values))
        return name

    def local(name: str, source: str, width: From | float) -> str:
        limits = {"lowest": 0.5 * correction, "highest": 1000.0, "counted_from": "background"}
        return add(name, "threshold_adaptive", {"image": source}, diameter=width, method=method, **limits)

    def of_size(times: float) -> From | float:
        return From("size", times) if diameter is None else times * diameter

    def without_noise(name: str, mask: str) -> str:
        # holes of noise are filled, and none that a ring of objects encloses
        return add(name, "fill_holes", {"mask": mask}, max_size=From("pixel", 10.0))

    source = image
    by_hand = cutoff is not None
    if objects == "dark" and not by_hand:
        source = add("inverted", "invert_image", {"image": image})
    if diameter is None:
        add("pixel", "find_pixel_size", {"image": source})
    if sigma is None:
        sigma_now: From | float = From("pixel", 1.0) if diameter is None else diameter / 15
    else:
        sigma_now = sigma
    source = add("smooth", "smooth_gaussian", {"image": source}, sigma=sigma_now)
    if by_hand:
        side = "upper" if objects == "dark" else "lower"
        mask = add("mask", "threshold_manual", {"image": source}, **{side: cutoff})
        if diameter is None:
            add("size", "estimate_diameter", {"mask": without_noise("noiseless", mask)})
    else:
        if diameter is None:
            # each round looks at surroundings of the size that the last one has found
            rough = add("rough", "threshold_auto", {"image": source}, method=method)
            add("rough_size", "estimate_diameter", {"mask": without_noise("rough_filled", rough)})
            fine = local("fine", source, From("rough_size", 2.0))
            add("fine_size", "estimate_diameter", {"mask": without_noise("fine_filled", fine)})
            finer = local("finer", source, From("fine_size", 2.0))
            add("size", "estimate_diameter", {"mask": without_noise("finer_filled", finer)})
        if remove_background:
            source = add("flat", "subtract_background_tophat", {"image": source}, radius=of_size(1.5))
        if threshold == "local":
            mask = local("mask", source, of_size(2.0))
        else:
            mask = add("mask", "threshold_auto", {"image": source}, method=method, correction=correction)
    found = mask
    # what a ring of objects encloses is no hole; an area or volume can be set by a diameter that is found
    if fill_holes:
        holes = {"max_size": From("size", 1.0)} if diameter is None else {}
        mask = add("filled", "fill_holes", {"mask": mask}, **holes)
    smallest = of_size(0.4) if min_diameter is None else min_diameter
    mask = add("clean", "filter_objects_by_diameter", {"objects": mask}, min_diameter=smallest)
    # an object narrower than half the typical diameter is no object of its own, and dirt below 0.4 of it
    labels = add("parts", "split_touching", {"mask": mask}, min_diameter=of_size(0.5), min_neck=min_neck)
    if threshold == "local" and not by_hand:
        around = add("around", "expand_labels", {"labels": labels}, distance=of_size(0.3))
        inputs = {"image": source, "labels": around, "mask": labels}
        fraction = min(1.0, 0.4 * correction)
        labels = add(
            "outlined", "threshold_each_object", inputs, fraction=fraction, min_contrast=min_contrast
        )
        if not fill_holes:
            labels = add("open", "mask_labels", {"labels": labels, "mask": found})
    largest = {} if max_diameter is None else {"max_diameter": max_diameter}
    labels = add("sized", "filter_objects_by_diameter", {"objects": labels}, min_diameter=smallest, **largest)
    labels = add("split", "relabel_sequential", {"labels": labels})
    if not keep_border:
        add("inside", "clear_border", {"objects": labels})
    return steps


@composition()
def find_enclosed(
    image: ImageName = "image",
    *,
    sigma: Annotated[Length, Ge(0)] = 1.5,
    low: Computed[Intensity] = None,
    high: Computed[Intensity] = None,
    max_gap: Annotated[Length, Ge(0)] = 4.0,
    min_width: Annotated[Length, Ge(0)] = 4.0,
) -> MaskSteps:
    """Find the regions that edges enclose: edges, linked, closed, filled, loose ones dropped.

    A gap in the edge of something bright or dark is linked from end to end; one in a wall, whose two edges turn round
    at the gap and have no ends, is closed.

    Parameters
    ----------
    image : str, optional
        Name of the input: one channel.
    sigma : float, optional
        How much noise is smoothed away before edges are looked for, in the unit of the recipe.
    low, high : float, optional
        How strong edges are at least, and somewhere. Left out, found from the image.
    max_gap : float, optional
        Widest gap of an outline that is closed, in the unit of the recipe.
    min_width : float, optional
        A region narrower than this is dropped, and so are edges that enclose nothing.

    Returns
    -------
    list of Step
        The last one makes the mask.

    Examples
    --------
    >>> [step.op for step in find_enclosed()]
    ['thin_edges', 'threshold_hysteresis', 'link_edges', 'close', 'fill_holes', 'open']
    """
    limits = {name: value for name, value in (("low", low), ("high", high)) if value is not None}
    return [
        Step("edges", "thin_edges", {"image": image}, {"sigma": sigma}),
        Step("lines", "threshold_hysteresis", {"image": "edges"}, limits),
        Step("linked", "link_edges", {"edges": "lines"}, {"max_gap": max_gap}),
        Step("closed", "close", {"mask": "linked"}, {"radius": max_gap / 2}),
        Step("filled", "fill_holes", {"mask": "closed"}),
        Step("regions", "open", {"mask": "filled"}, {"radius": min_width / 2}),
    ]


@composition()
def find_classes_fuzzy(
    image: ImageName = "image",
    *,
    n_classes: Annotated[int, Ge(2)] = 3,
    diameter: Annotated[Length, Gt(0)] = 3.0,
    weight: Annotated[float, Ge(0)] = 1.0,
    fuzziness: Annotated[float, Gt(1)] = 2.0,
) -> ClassesSteps:
    """Cluster by the enhanced fuzzy c-means: blend neighbours, cluster, take the largest membership.

    Parameters
    ----------
    image : str, optional
        Name of the input: one channel.
    n_classes : int, optional
        Number of classes, background included.
    diameter : float, optional
        Width of the neighbourhood, in the unit of the recipe.
    weight : float, optional
        How much the neighbours count beside a pixel itself.
    fuzziness : float, optional
        How much the classes share pixels, above 1.

    Returns
    -------
    list of Step
        The last one makes the classes.

    Examples
    --------
    >>> [step.op for step in find_classes_fuzzy()]
    ['blend_neighbours', 'cluster_fuzzy_cmeans', 'classes_from_memberships']
    """
    return [
        Step("blended", "blend_neighbours", {"image": image}, {"diameter": diameter, "weight": weight}),
        Step(
            "memberships",
            "cluster_fuzzy_cmeans",
            {"channels": "blended"},
            {"n_classes": n_classes, "fuzziness": fuzziness},
        ),
        Step("classes", "classes_from_memberships", {"memberships": "memberships"}),
    ]
