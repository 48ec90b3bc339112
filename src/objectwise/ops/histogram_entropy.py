"""Thresholds found by how much a histogram tells: entropies of both sides, and the fuzziness of the split.

All of them look at every threshold there is, on at most 256 bins.
"""

from __future__ import annotations

import numpy as np


def grouped(counts: np.ndarray, values: np.ndarray, n: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """Return a histogram of at most ``n`` equal bins, each with the highest brightness that is in it.

    Entropies and peaks depend on how fine a histogram is: over thousands of sparse levels they measure noise.
    """
    if len(counts) <= n:
        return counts, values
    groups = np.arange(len(counts)) * n // len(counts)
    last = np.append(np.flatnonzero(np.diff(groups)), len(counts) - 1)
    return np.bincount(groups, counts), values[last]


def max_entropy(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the threshold with the largest sum of the entropies of both sides; of equals the lowest."""
    counts, values = grouped(counts, values)
    return values[_largest_entropy(counts / counts.sum(), 1.0)]


def _largest_entropy(share: np.ndarray, order: float) -> int:
    """Return the bin at which the Rényi entropies of this order of both sides have the largest sum."""
    below = np.cumsum(share)[:-1]
    above = np.cumsum(share[::-1])[::-1][1:]
    if order == 1:
        parts = share * np.log(share, out=np.zeros(len(share)), where=share > 0)
    else:
        parts = share**order
    sum_below = np.cumsum(parts)[:-1]
    sum_above = np.cumsum(parts[::-1])[::-1][1:]
    if order == 1:
        entropy = np.log(below) - sum_below / below + np.log(above) - sum_above / above
    else:
        entropy = (np.log(sum_below / below**order) + np.log(sum_above / above**order)) / (1 - order)
    return int(np.argmax(entropy))


def renyi_entropy(counts: np.ndarray, values: np.ndarray) -> float:
    """Return a mean of the thresholds by entropies of order 1/2, 1 and 2, weighted by where they agree."""
    counts, values = grouped(counts, values)
    share = counts / counts.sum()
    below = np.cumsum(share)
    low, middle, high = sorted(_largest_entropy(share, order) for order in (0.5, 1.0, 2.0))
    # thresholds nearer than this are taken to agree
    near = 5
    if (middle - low <= near) == (high - middle <= near):
        weights = (1, 2, 1)
    else:
        weights = (0, 1, 3) if middle - low <= near else (3, 1, 0)
    between = (below[high] - below[low]) / 4
    mean = (
        low * (below[low] + between * weights[0])
        + middle * between * weights[1]
        + high * (1 - below[high] + between * weights[2])
    )
    return values[int(mean)]


def shanbhag(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the threshold at which both sides, as fuzzy sets, hold the same information."""
    counts, values = grouped(counts, values)
    share = counts / counts.sum()
    below = np.cumsum(share)
    best, level = np.inf, 0
    for split in range(len(share) - 1):
        dark, bright = below[split], 1 - below[split]
        if bright <= np.finfo(float).eps:
            break
        # how much each bin belongs to its side: wholly at the end of the histogram, half at the threshold
        in_dark = 1 - (below[:split] / dark) / 2
        in_bright = 1 - ((1 - below[split + 1 :]) / bright) / 2
        information_dark = -np.sum(share[1 : split + 1] * np.log(in_dark)) / dark
        information_bright = -np.sum(share[split + 1 :] * np.log(in_bright)) / bright
        difference = abs(information_dark - information_bright)
        if difference < best:
            best, level = difference, split
    return values[level]


def huang(counts: np.ndarray, values: np.ndarray) -> float:
    """Return the threshold with the least fuzziness: levels are near the mean of their side."""
    counts, values = grouped(counts, values)
    n = len(counts)
    bins = np.arange(n)
    number = np.cumsum(counts, dtype=float)
    weight = np.cumsum(counts * bins, dtype=float)
    mean_below = weight[:-1] / number[:-1]
    mean_above = (weight[-1] - weight[:-1]) / (number[-1] - number[:-1])
    own = np.where(bins <= bins[:-1, np.newaxis], mean_below[:, np.newaxis], mean_above[:, np.newaxis])
    membership = 1 / (1 + np.abs(bins - own) / (n - 1))
    other = 1 - membership
    fuzziness = -membership * np.log(membership) - other * np.log(
        other, out=np.zeros_like(other), where=other > 0
    )
    return values[np.argmin(fuzziness @ counts)]
