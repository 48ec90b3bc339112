"""Neighbouring regions joined while they are alike: a forest of sets over sorted pairs."""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled, prepared


def neighbours(labels: np.ndarray) -> np.ndarray:
    """Return each pair of labels above 0 that share the face of a pixel, the lower first, in order."""
    found = [np.zeros(0, np.int64)]
    base = int(labels.max(initial=0)) + 1
    for axis in range(labels.ndim):
        first = np.moveaxis(labels, axis, 0)[:-1]
        second = np.moveaxis(labels, axis, 0)[1:]
        apart = (first != second) & (first > 0) & (second > 0)
        one, other = first[apart].astype(np.int64), second[apart].astype(np.int64)
        found.append(_distinct(np.minimum(one, other) * base + np.maximum(one, other)))
    pairs = _distinct(np.concatenate(found))
    return np.stack([pairs // base, pairs % base], axis=1)


def _distinct(values: np.ndarray) -> np.ndarray:
    """Return the different values in order; `numpy.unique` takes ten times as long where most are different."""
    values = np.sort(values)
    return values[np.concatenate([[True], values[1:] != values[:-1]])[: values.size]]


def merge_similar(labels: np.ndarray, image: np.ndarray, max_difference: float) -> np.ndarray:
    """Return labels whose neighbours of like mean brightness have been joined.

    Parameters
    ----------
    labels : ndarray of int32
        The ids 1 .. n, 0 is background.
    image : ndarray of real numbers
        NaN and infinite pixels do not count.
    max_difference : float
        Largest difference between the means of two regions that are joined.

    Returns
    -------
    ndarray of int32
        Each joined region has the lowest id of its parts.

    Notes
    -----
    Pairs are looked at once, the most alike first, of equals by their ids; what counts is the means of the regions
    as they have become by then. O(n log n) in the number of pairs.
    """
    flat = labels.ravel()
    values = image.ravel().astype(np.float64)
    finite = np.isfinite(values)
    size = int(labels.max(initial=0)) + 1
    number = np.bincount(flat, finite, minlength=size)
    total = np.bincount(flat, np.where(finite, values, 0), minlength=size)
    pairs = neighbours(labels)
    mean = total / np.maximum(number, 1)
    difference = np.abs(mean[pairs[:, 0]] - mean[pairs[:, 1]])
    known = (number[pairs[:, 0]] > 0) & (number[pairs[:, 1]] > 0)
    order = np.argsort(difference[known], kind="stable")
    root = _merge(prepared(pairs[known][order], np.int64), number, total, float(max_difference))
    return root[labels].astype(np.int32)


@compiled
def _merge(pairs, number, total, max_difference):
    parent = np.arange(number.size)
    for item in range(pairs.shape[0]):
        first, second = pairs[item]
        while parent[first] != first:
            parent[first] = parent[parent[first]]
            first = parent[first]
        while parent[second] != second:
            parent[second] = parent[parent[second]]
            second = parent[second]
        if first == second:
            continue
        if abs(total[first] / number[first] - total[second] / number[second]) <= max_difference:
            low, high = min(first, second), max(first, second)
            parent[high] = low
            number[low] += number[high]
            total[low] += total[high]
    for item in range(parent.size):
        parent[item] = parent[parent[item]]
    return parent
