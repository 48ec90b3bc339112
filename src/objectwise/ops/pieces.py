"""The connected pieces of masks, labels and classes, numbered for the rules that decide about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from objectwise.core.locality import Facts, Pieces

Connectivity = Literal["full", "face"]


def structure(ndim: int, connectivity: str) -> np.ndarray:
    """Return which neighbours belong together: those that share a face, or an edge or corner too."""
    from scipy import ndimage

    return ndimage.generate_binary_structure(ndim, ndim if connectivity == "full" else 1)


def pixel_size(spacing: Sequence[float] | None) -> float:
    """Return the area or volume of a pixel."""
    return float(np.prod(spacing)) if spacing else 1.0


def kept(objects: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Return the objects of a mask or of labels where they are to stay."""
    return objects & keep if objects.dtype == bool else np.where(keep, objects, 0).astype(objects.dtype)


def of_mask(mask: np.ndarray, *, connectivity: str = "full", **_: Any) -> Pieces:
    """Return the connected pieces of a mask."""
    from scipy import ndimage

    parts, n = ndimage.label(mask, structure(mask.ndim, connectivity))
    return Pieces(parts, n)


def of_background(mask: np.ndarray, *, connectivity: str = "face", **_: Any) -> Pieces:
    """Return the connected pieces of what is not in a mask."""
    return of_mask(~mask, connectivity=connectivity)


def of_objects(objects: np.ndarray, *, connectivity: str = "full", **_: Any) -> Pieces:
    """Return the objects: the connected pieces of a mask, or the ids of labels, in one piece or several."""
    from objectwise.core.kinds import compact

    if objects.dtype == bool:
        return of_mask(objects, connectivity=connectivity)
    clean, ids = compact(objects)
    return Pieces(clean, len(ids) - 1, joined="id")


def of_classes(
    classes: np.ndarray, *, min_class: int, max_class: int, connectivity: str = "full", **_: Any
) -> Pieces:
    """Return the connected pieces of equal class, for the classes within a range."""
    from skimage.measure import label

    chosen = np.where((classes >= min_class) & (classes <= max_class), classes, 0)
    parts, n = label(
        chosen, background=0, return_num=True, connectivity=classes.ndim if connectivity == "full" else 1
    )
    return Pieces(parts.astype(np.int32, copy=False), int(n))


def in_reading_order(facts: Facts, **_: Any) -> np.ndarray:
    """Return 1, 2, 3 ... by the raster order of first pixels."""
    return facts.order()
