"""Compositions: functions that return a list of steps, and hold no pixel code.

What a composition does can be opened part by part: each step has its own form, preview and locality, and any of
them can be replaced.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from annotated_types import Ge, Gt

from objectwise.core.composition import ClassesSteps, ImageName, LabelsSteps, MaskSteps, composition
from objectwise.core.parameter import Computed, Intensity, Length
from objectwise.core.step import From, Step
from objectwise.ops.threshold import Method


@composition()
def find_objects(
    image: ImageName = "image",
    *,
    objects: Literal["bright", "dark"] = "bright",
    sigma: Annotated[Length, Ge(0)] = 1.0,
    method: Method = "otsu",
    diameter: Annotated[Computed[Length], Gt(0)] = None,
    keep_border: bool = True,
) -> LabelsSteps:
    """Return the steps that find and split objects: smooth, threshold, fill, clean, split.

    Parameters
    ----------
    image : str, optional
        Name of the input: one channel.
    objects : {'bright', 'dark'}, optional
        Whether the objects are brighter or darker than the background.
    sigma : float, optional
        How much noise is smoothed away first, in the unit of the recipe.
    method : str, optional
        How the threshold is found; a method of `threshold_auto`.
    diameter : float, optional
        Typical diameter of an object, in the unit of the recipe. Left out, it is estimated from the image.
    keep_border : bool, optional
        Whether objects that touch the border of the image stay.

    Returns
    -------
    list of Step
        The last one makes the labels.

    Examples
    --------
    >>> [step.op for step in find_objects(diameter=12)]
    ['smooth_gaussian', 'threshold_auto', 'fill_holes', 'remove_small', 'split_touching']
    """
    # an object narrower than half the typical diameter is no object of its own, and dirt below 0.4 of it
    if diameter is None:
        size = [Step("size", "estimate_diameter", {"mask": "filled"})]
        narrowest: From | float = From("size", 0.5)
        smallest: From | float = From("size", 0.4)
    else:
        size = []
        narrowest, smallest = 0.5 * diameter, math.pi / 4 * (0.4 * diameter) ** 2
    steps = [
        Step("smooth", "smooth_gaussian", {"image": image}, {"sigma": sigma}),
        Step("mask", "threshold_auto", {"image": "smooth"}, {"method": method, "objects": objects}),
        Step("filled", "fill_holes", {"mask": "mask"}),
        *size,
        Step("clean", "remove_small", {"objects": "filled"}, {"min_size": smallest}),
        Step("split", "split_touching", {"mask": "clean"}, {"min_diameter": narrowest}),
    ]
    return steps if keep_border else [*steps, Step("inside", "clear_border", {"objects": "split"})]


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
    """Return the steps that find the regions which edges enclose: edges, linked, closed, filled, loose ones dropped.

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
    """Return the steps of the enhanced fuzzy c-means: blend neighbours, cluster, take the largest membership.

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
