"""How objects are spread over a frame or a region: at random, in clusters, or keeping their distance.

An object counts as a point, its centroid. Near the border of what was looked at an object has neighbours that were
not seen; a pair of points is therefore weighed by how much of the window could have shown a pair that lies so
(translation correction), which holds for windows of any shape, in 2-D and 3-D.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import ArrayLike

from objectwise.core.grid import Grid
from objectwise.core.locality import Whole
from objectwise.core.operation import Labels, Length, Mask, Table, operation
from objectwise.core.table import Column, Rows
from objectwise.measure.derived import Place, block_of, place_of, why_not
from objectwise.measure.scan import scan_labels
from objectwise.measure.shape import crofton_perimeter

_WHOLE = Whole("the distances between all objects of a frame are looked at")

DISTANCES = Rows(
    "distance",
    (
        Column("distance", "length", "The distance r that the row is for.", group="pattern"),
        Column(
            "ripley_k", "length^n", "Ripley's K: mean number of further objects within r of an object, over their "
            "density; the area of a disc or volume of a ball of radius r where objects lie at random.",
            group="pattern", reference="Ripley 1977",
        ),
        Column(
            "ripley_l", "length", "Besag's L: radius of the disc or ball of the size of Ripley's K; r where objects "
            "lie at random.", group="pattern", reference="Besag 1977",
        ),
        Column(
            "pair_correlation", "1", "Density of objects between the distance of the row before and r from an object, "
            "over that where objects lie at random: 1.", group="pattern", reference="Stoyan & Stoyan 1994",
        ),
    ),
)  # fmt: skip

DISPERSION = Rows(
    "frame",
    (
        Column(
            "n_objects", "1", "Number of objects with their centroid in the region.", group="pattern",
            kind="integer",
        ),
        Column("density", "length^-n", "Number of objects over the area or volume of the region.", group="pattern"),
        Column(
            "nearest_distance_mean", "length", "Mean distance from the centroid of an object to the nearest other.",
            group="pattern",
        ),
        Column(
            "nearest_distance_expected", "length", "The same where as many objects lie at random.",
            group="pattern", reference="Clark & Evans 1954, Donnelly 1978",
        ),
        Column(
            "clark_evans_index", "1", "Mean distance to the nearest object over that expected: below 1 in clusters, 1 "
            "at random, above 1 where objects keep their distance, 2.149 at most.",
            group="pattern", reference="Clark & Evans 1954",
        ),
        Column(
            "clark_evans_z", "1", "Difference of mean and expected distance over its standard error; beyond -1.96 and "
            "1.96 in one of twenty random patterns.", group="pattern", reference="Clark & Evans 1954",
        ),
    ),
)  # fmt: skip


def ball(ndim: int, radius: ArrayLike) -> np.ndarray:
    """Return the area of discs, or the volume of balls."""
    return (math.pi if ndim == 2 else 4 / 3 * math.pi) * np.asarray(radius, np.float64) ** ndim


def _points(labels: np.ndarray, region: np.ndarray | None, place: Place) -> tuple[np.ndarray, float]:
    """Return the centroids that lie in the region, in units of length, and its size."""
    points = block_of(labels, place).scan.centroid
    size = labels.size if region is None else int(np.count_nonzero(region))
    if region is not None and len(points):
        points = points[region[tuple(np.floor(points + 0.5).astype(np.intp).T)]]
    return points * place.spacing, size * place.pixel


@operation(
    locality=_WHOLE,
    rows=DISTANCES,
    tiny={"max_distance": 8.0, "n_distances": 4},
    also=[{"correction": "none"}],
)
def measure_pattern(
    labels: Labels,
    region: Mask | None = None,
    *,
    max_distance: Annotated[Length, Gt(0)] | None = None,
    n_distances: Annotated[int, Ge(1), Le(10_000)] = 20,
    correction: Literal["translation", "none"] = "translation",
    grid: Grid | None = None,
) -> Table:
    """Find at which distances objects lie together or apart: Ripley's K and L, and the pair correlation.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background. Each counts as a point, its centroid.
    region : (Y, X) or (Z, Y, X) bool array, optional
        Where objects could lie, such as a tissue. Those with their centroid outside do not count. Left out, the
        whole frame.
    max_distance : float, optional
        Largest distance, in the unit of the pixel size. Beyond half the shortest side of the region few pairs are
        left. Left out, a quarter of the shortest side.
    n_distances : int
        Number of distances, evenly spaced up to the largest.
    correction : {'translation', 'none'}
        Whether pairs are weighed for what is hidden beyond the border. With ``none`` K is too small, the more the
        larger the distance.
    grid : Grid, optional
        Pixel size and unit; pixels where it is left out.

    Returns
    -------
    Table
        One row for each distance; the label is its number, from 1.

    Notes
    -----
    With n objects in a window of size A, K(r) is A^2 / (n (n - 1)) times the sum over all ordered pairs not farther
    apart than r of 1 / w, where w is the size that the window and its copy have in common, the copy being moved by
    the way from one to the other. A region is taken as the union of its pixels, and w is exact for it. Without
    correction w is A. L is the radius of the disc or ball of size K, and the pair correlation the growth of K from
    one distance to the next over that of the disc or ball. A pair at a distance counts within it.

    The time grows with the number of pairs within the largest distance.

    References
    ----------
    .. [1] B. D. Ripley, "Modelling spatial patterns", Journal of the Royal Statistical Society B 39 (1977).
    .. [2] J. Ohser, "On estimators for the reduced second moment measure of point processes",
       Mathematische Operationsforschung und Statistik, Series Statistics 14 (1983).
    .. [3] D. Stoyan and H. Stoyan, "Fractals, Random Shapes and Point Fields", Wiley (1994).

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((1, 8), int)
    >>> labels[0, [0, 3, 6]] = 1, 2, 3
    >>> table = measure_pattern(labels, max_distance=4, n_distances=2, correction="none")
    >>> table.frame[["label", "distance", "ripley_k"]].values.round(3).tolist()
    [[1.0, 2.0, 0.0], [2.0, 4.0, 5.333]]
    """
    from objectwise.kernels.point_pairs import weigh_pairs

    place, ndim = place_of(grid, labels.ndim), labels.ndim
    points, size = _points(labels, region, place)
    box = _box(labels.shape, region)
    sides = tuple((part.stop - part.start) * step for part, step in zip(box, place.spacing, strict=True))
    reach = min(sides) / 4 if max_distance is None else max_distance
    distance = reach * np.arange(1, n_distances + 1) / n_distances
    found = np.full(n_distances, np.nan)
    n = len(points)
    if n > 1 and reach > 0:
        if correction == "none":
            rings = weigh_pairs(points, reach, n_distances) / size
        elif region is None:
            rings = weigh_pairs(points, reach, n_distances, sides=sides)
        else:
            covariance = _covariance(region[box], reach, place)
            rings = weigh_pairs(points, reach, n_distances, covariance, place.spacing)
        found = np.cumsum(rings) * (size / n) * (size / (n - 1))
    disc = ball(ndim, distance)
    grown = np.diff(disc, prepend=0.0)
    values = {
        "label": np.arange(1, n_distances + 1),
        "distance": distance,
        "ripley_k": found,
        "ripley_l": _radius(ndim, found),
        "pair_correlation": np.divide(
            np.diff(found, prepend=0.0), grown, out=np.full(n_distances, np.nan), where=grown > 0
        ),
    }
    why = dict.fromkeys(("ripley_k", "ripley_l", "pair_correlation"), "there are fewer than two objects")
    reasons = why_not(values["label"], values, why)
    return DISTANCES.table(values, unit=place.unit, ndim=ndim, reasons=reasons)


def _radius(ndim: int, size: np.ndarray) -> np.ndarray:
    return np.sqrt(size / math.pi) if ndim == 2 else np.cbrt(size * 3 / (4 * math.pi))


def _box(shape: tuple[int, ...], region: np.ndarray | None) -> tuple[slice, ...]:
    """Return the box around a region, the whole frame where there is none."""
    if region is None:
        return tuple(slice(0, length) for length in shape)
    found = []
    for axis in range(len(shape)):
        lines = np.flatnonzero(region.any(axis=tuple(other for other in range(len(shape)) if other != axis)))
        found.append(slice(int(lines[0]), int(lines[-1]) + 1) if lines.size else slice(0, 0))
    return tuple(found)


def _covariance(region: np.ndarray, reach: float, place: Place) -> np.ndarray:
    """Return the size that a region and its moved copy have in common, for all moves within the reach."""
    from scipy import fft

    most = [math.ceil(reach / step) + 1 for step in place.spacing]
    shape = [fft.next_fast_len(side + n, real=True) for side, n in zip(region.shape, most, strict=True)]
    power = np.abs(fft.rfftn(region.astype(np.float64), shape)) ** 2
    common = np.rint(fft.irfftn(power, shape))
    for axis, n in enumerate(most):
        moves = np.arange(-n, n + 1)
        # moves that the box is too small for have nothing in common
        far = np.abs(moves) >= region.shape[axis]
        common = np.take(common, np.where(far, 0, moves) % shape[axis], axis)
        common[(slice(None),) * axis + (far,)] = 0.0
    return np.asarray(common * place.pixel)


@operation(locality=_WHOLE, rows=DISPERSION, also=[{"correction": "none"}])
def measure_dispersion(
    labels: Labels,
    region: Mask | None = None,
    *,
    correction: Literal["donnelly", "none"] = "donnelly",
    grid: Grid | None = None,
) -> Table:
    """Tell whether objects lie at random, in clusters or apart, by the distance to the nearest other.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background. Each counts as a point, its centroid.
    region : (Y, X) or (Z, Y, X) bool array, optional
        Where objects could lie, such as a tissue. Those with their centroid outside do not count. Left out, the
        whole frame.
    correction : {'donnelly', 'none'}
        Whether what is expected takes into account that objects near the border have neighbours that were not
        seen. In 2-D alone; in 3-D there is no such formula, and the index is a little too large.
    grid : Grid, optional
        Pixel size and unit; pixels where it is left out.

    Returns
    -------
    Table
        One row for each frame, with the label 0. The columns of distances are NaN for fewer than two objects.

    Notes
    -----
    Donnelly's formulas are for rectangles and smooth outlines; the perimeter of a region is Crofton's. The z value
    takes the distances for normally distributed, which their mean is nearly from some ten objects on. Objects
    cannot lie closer than they are wide: crowded ones keep their distance for that alone.

    References
    ----------
    .. [1] P. J. Clark and F. C. Evans, "Distance to nearest neighbor as a measure of spatial relationships in
       populations", Ecology 35 (1954).
    .. [2] K. P. Donnelly, "Simulations to determine the variance and edge effect of total nearest-neighbour
       distance", in: Simulation Studies in Archaeology, Cambridge University Press (1978).

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((9, 9), int)
    >>> labels[1::3, 1::3] = np.arange(1, 10).reshape(3, 3)
    >>> table = measure_dispersion(labels, correction="none")
    >>> round(float(table.frame["clark_evans_index"][0]), 6)
    2.0
    """
    place, ndim = place_of(grid, labels.ndim), labels.ndim
    points, size = _points(labels, region, place)
    n = len(points)
    observed = expected = error = np.nan
    if n > 1:
        from scipy import spatial

        observed = float(spatial.cKDTree(points).query(points, k=2)[0][:, 1].mean())
        # of the powers of the distance to the nearest of randomly placed points the means are known
        each = size / n / float(ball(ndim, 1))
        expected = math.gamma(1 + 1 / ndim) * each ** (1 / ndim)
        spread = (math.gamma(1 + 2 / ndim) - math.gamma(1 + 1 / ndim) ** 2) * each ** (2 / ndim)
        if ndim == 2 and correction == "donnelly":
            border = _perimeter(labels.shape, region, place)
            expected += (0.0514 + 0.041 / math.sqrt(n)) * border / n
            spread = 0.0703 * size / n + 0.037 * border * math.sqrt(size / n**3)
        error = math.sqrt(spread / n)
    values = {
        "label": np.zeros(1, np.int64),
        "n_objects": np.array([n]),
        "density": np.array([n / size if size else np.nan]),
        "nearest_distance_mean": np.array([observed]),
        "nearest_distance_expected": np.array([expected]),
        "clark_evans_index": np.array([observed / expected]),
        "clark_evans_z": np.array([(observed - expected) / error]),
    }
    why = dict.fromkeys(
        [name for name in values if name not in ("label", "n_objects")], "there are fewer than two objects"
    )
    reasons = why_not(values["label"], values, why | {"density": "the region is empty"})
    return DISPERSION.table(values, unit=place.unit, ndim=ndim, reasons=reasons)


def _perimeter(shape: tuple[int, ...], region: np.ndarray | None, place: Place) -> float:
    if region is None:
        return float(2 * np.dot(shape, place.spacing))
    # a pixel of nothing around it, so that the border of the frame counts
    return float(crofton_perimeter(scan_labels(np.pad(region, 1).astype(np.uint8)), place.spacing)[0])
