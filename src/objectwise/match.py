"""How well labels agree with a reference: objects matched one to one by their overlap.

Rules as in the Data Science Bowl 2018 and in StarDist: an object is found when the two overlap by at least a part of
what they cover together (intersection over union), each object being used once. Objects are matched within a frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from objectwise.core.grid import Grid, plain_grid
from objectwise.core.kinds import compact


@dataclass(frozen=True)
class Match:
    """What a comparison has found; counts of several frames are added up.

    Attributes
    ----------
    iou : float
        From which intersection over union on two objects match.
    n_reference, n_labels, n_matched : int
        Objects of the reference, of the labels, and pairs of them that match.
    pairs : ndarray of int64, shape (n_matched, 3)
        Frame, label in the reference, label in the labels.
    overlaps : ndarray of float64, shape (n_matched,)
        Intersection over union of each pair.
    """

    iou: float
    n_reference: int
    n_labels: int
    n_matched: int
    pairs: np.ndarray
    overlaps: np.ndarray

    @property
    def false_positives(self) -> int:
        """Objects of the labels that are not in the reference."""
        return self.n_labels - self.n_matched

    @property
    def false_negatives(self) -> int:
        """Objects of the reference that were missed."""
        return self.n_reference - self.n_matched

    @property
    def precision(self) -> float:
        """Part of the labels that is right; NaN where there are none."""
        return _ratio(self.n_matched, self.n_labels)

    @property
    def recall(self) -> float:
        """Part of the reference that was found; NaN where it is empty."""
        return _ratio(self.n_matched, self.n_reference)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where there is nothing to find and nothing was found."""
        return _ratio(2 * self.n_matched, self.n_reference + self.n_labels, 1.0)

    @property
    def average_precision(self) -> float:
        """Matches over matches, false positives and false negatives together; 1 where there is nothing."""
        return _ratio(self.n_matched, self.n_reference + self.n_labels - self.n_matched, 1.0)

    @property
    def mean_iou(self) -> float:
        """Mean intersection over union of the pairs (segmentation quality); NaN where there are none."""
        return _ratio(float(self.overlaps.sum()), self.n_matched)

    @property
    def panoptic_quality(self) -> float:
        """F1 times the mean intersection over union of the pairs; 1 where there is nothing."""
        return _ratio(2 * float(self.overlaps.sum()), self.n_reference + self.n_labels, 1.0)

    def __str__(self) -> str:
        """Return it in a sentence."""
        return (
            f"{self.n_matched} of {self.n_reference} objects found at IoU {self.iou:g}, {self.false_positives} more "
            f"that are none: precision {self.precision:.3f}, recall {self.recall:.3f}, F1 {self.f1:.3f}, "
            f"average precision {self.average_precision:.3f}, panoptic quality {self.panoptic_quality:.3f}"
        )


def _ratio(part: float, whole: float, empty: float = np.nan) -> float:
    return part / whole if whole else empty


def match(reference: Any, labels: Any, *, iou: float = 0.5, grid: Grid | None = None) -> Match:
    """Compare labels with a reference, object by object.

    Parameters
    ----------
    reference, labels : array of int
        Of one shape and any axes; 0 is background. Ids need not agree, and may have gaps.
    iou : float, optional
        From which intersection over union on two objects match, above 0 up to 1.
    grid : Grid, optional
        The axes; needed for more than two. With time, objects are matched in each frame.

    Returns
    -------
    Match

    Raises
    ------
    ValueError
        If the arrays are not whole numbers or differ in shape, or ``iou`` is out of range.

    Notes
    -----
    From 0.5 on an object has at most one partner. Below, the pairs are those that are most, and among these those
    that overlap most.

    References
    ----------
    .. [1] A. Kirillov et al., "Panoptic segmentation", CVPR (2019).
    .. [2] J. C. Caicedo et al., "Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl",
       Nature Methods 16 (2019).

    Examples
    --------
    >>> found = match(np.array([[1, 1, 0, 2]]), np.array([[5, 5, 0, 0]]))
    >>> found.recall, found.precision
    (0.5, 1.0)
    """
    if not 0 < iou <= 1:
        raise ValueError(f"iou must be above 0 and at most 1; found {iou:g}")
    blocks = [np.asarray(item) for item in (reference, labels)]
    for name, block in zip(("reference", "labels"), blocks, strict=True):
        if block.dtype.kind not in "iub":
            raise ValueError(f"{name} must be whole numbers; found {block.dtype}")
    if blocks[0].shape != blocks[1].shape:
        raise ValueError(
            f"reference and labels must have one shape; found {blocks[0].shape} and {blocks[1].shape}"
        )
    grid = plain_grid(blocks[0].shape, "reference") if grid is None else grid
    grid.check(blocks[0], "reference")
    parts = []
    for index in grid.indices(blocks[0].shape):
        one, other = (grid.read(block, index) for block in blocks)
        parts.append(_match_block(one, other, iou, index.get("t", 0)))
    pairs = [part.pairs for part in parts]
    return Match(
        iou,
        sum(part.n_reference for part in parts),
        sum(part.n_labels for part in parts),
        sum(part.n_matched for part in parts),
        np.concatenate(pairs) if pairs else np.zeros((0, 3), np.int64),
        np.concatenate([part.overlaps for part in parts]) if parts else np.zeros(0),
    )


def _match_block(reference: np.ndarray, labels: np.ndarray, iou: float, frame: int) -> Match:
    (one, ids), (other, others) = (
        compact(block.astype(np.uint8) if block.dtype == bool else block) for block in (reference, labels)
    )
    n, m = len(ids) - 1, len(others) - 1
    joint, counts = np.unique(one.astype(np.int64).ravel() * (m + 1) + other.ravel(), return_counts=True)
    i, j = joint // (m + 1), joint % (m + 1)
    sizes = [np.bincount(index, counts, minlength=k + 1) for index, k in ((i, n), (j, m))]
    both = (i > 0) & (j > 0)
    i, j, counts = i[both], j[both], counts[both]
    overlap = counts / (sizes[0][i] + sizes[1][j] - counts)
    good = overlap >= iou
    i, j, overlap = i[good], j[good], overlap[good]
    if iou <= 0.5:
        chosen = _one_to_one(i, j, overlap)
        i, j, overlap = i[chosen], j[chosen], overlap[chosen]
    pairs = np.column_stack([np.full(i.size, frame), ids[i].astype(np.int64), others[j].astype(np.int64)])
    return Match(iou, n, m, i.size, pairs, overlap)


def _one_to_one(i: np.ndarray, j: np.ndarray, overlap: np.ndarray) -> np.ndarray:
    """Return which candidates make the most pairs, and among these overlap most."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = (np.unique(index, return_inverse=True)[1] for index in (i, j))
    if np.unique(rows).size == np.unique(columns).size == i.size:
        return np.arange(i.size)
    value = np.zeros((rows.max() + 1, columns.max() + 1))
    value[rows, columns] = 1 + overlap / (2 * min(value.shape))
    kept = set(zip(*linear_sum_assignment(-value), strict=True))
    return np.array(
        [k for k, pair in enumerate(zip(rows, columns, strict=True)) if pair in kept], dtype=np.intp
    )


def score(
    reference: Any, labels: Any, *, grid: Grid | None = None, ious: Sequence[float] = ()
) -> list[Match]:
    """Return the matches at several overlaps: 0.5, 0.55 ... 0.95 where none are given."""
    steps = ious or [round(0.5 + 0.05 * step, 2) for step in range(10)]
    return [match(reference, labels, iou=iou, grid=grid) for iou in steps]
