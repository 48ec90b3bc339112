"""One step of a clustering over many weighted points: what each class is given, added up.

The points are worked on in pieces of a fixed size, whose sums are added in order, so that threads do not show in
the result. NumPy would write the distance of every point to every centre into memory several times over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from objectwise.kernels import compiled, prepared
from objectwise.kernels.threads import in_threads, strips

_PIECE = 1 << 13


def _added(loop: Any, points: np.ndarray, weights: np.ndarray, n_sums: int, *arguments: Any) -> np.ndarray:
    """Return the sums of a loop over all pieces, added in the order of the pieces."""
    n = -(-len(points) // _PIECE)
    sums = np.zeros((n, n_sums))
    points, weights = prepared(points, np.float64), prepared(weights, np.float64)
    known = [prepared(item, np.float64) if isinstance(item, np.ndarray) else item for item in arguments]
    in_threads(loop, [(points, weights, sums, *strip, _PIECE, *known) for strip in strips(n, 4)])
    return sums.sum(axis=0)


def hard_sums(
    points: np.ndarray, weights: np.ndarray, centres: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the weight and the weighted sum of the points nearest to each centre, and their squared distances.

    Parameters
    ----------
    points, weights, centres : ndarray of float
        ``(n_points, n_channels)``, ``(n_points,)`` and ``(n, n_channels)``.
    """
    n, n_channels = centres.shape
    sums = _added(_hard, points, weights, n * (1 + n_channels) + 1, centres)
    of_class = sums[:-1].reshape(n, 1 + n_channels)
    return of_class[:, 0], of_class[:, 1:], float(sums[-1])


@compiled
def _hard(points, weights, sums, start, stop, size, centres):
    n, n_channels = centres.shape
    for piece in range(start, stop):
        found = sums[piece]
        for index in range(piece * size, min(len(points), (piece + 1) * size)):
            best = np.inf
            chosen = 0
            for number in range(n):
                distance = 0.0
                for channel in range(n_channels):
                    distance += (points[index, channel] - centres[number, channel]) ** 2
                if distance < best:
                    best = distance
                    chosen = number
            weight = weights[index]
            at = chosen * (1 + n_channels)
            found[at] += weight
            for channel in range(n_channels):
                found[at + 1 + channel] += weight * points[index, channel]
            found[-1] += weight * best


def fuzzy_sums(
    points: np.ndarray, weights: np.ndarray, centres: np.ndarray, fuzziness: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum of the memberships, to the power of the fuzziness, of each class, and of them times the points."""
    n, n_channels = centres.shape
    sums = _added(_fuzzy, points, weights, n * (1 + n_channels), centres, float(fuzziness))
    of_class = sums.reshape(n, 1 + n_channels)
    return of_class[:, 0], of_class[:, 1:]


@compiled
def _fuzzy(points, weights, sums, start, stop, size, centres, fuzziness):
    n, n_channels = centres.shape
    power = 1.0 / (fuzziness - 1.0)
    near = np.empty(n)
    for piece in range(start, stop):
        found = sums[piece]
        for index in range(piece * size, min(len(points), (piece + 1) * size)):
            nearest = np.inf
            for number in range(n):
                distance = 0.0
                for channel in range(n_channels):
                    distance += (points[index, channel] - centres[number, channel]) ** 2
                near[number] = distance
                nearest = min(nearest, distance)
            total = 0.0
            for number in range(n):
                # as a share of the nearest, so that nothing grows beyond bounds; a point on a centre is its alone
                if nearest > 0:
                    share = nearest / near[number]
                else:
                    share = 1.0 if near[number] == 0 else 0.0
                near[number] = share if power == 1.0 else share**power
                total += near[number]
            for number in range(n):
                belongs = near[number] / total
                part = weights[index] * (belongs * belongs if fuzziness == 2.0 else belongs**fuzziness)
                at = number * (1 + n_channels)
                found[at] += part
                for channel in range(n_channels):
                    found[at + 1 + channel] += part * points[index, channel]


def memberships(
    channels: np.ndarray, centres: np.ndarray, scales: Sequence[float], n_classes: int, fuzziness: float
) -> np.ndarray:
    """Return how much each pixel belongs to each centre, adding up to 1; 0 where a pixel is not finite.

    Parameters
    ----------
    channels : ndarray of real numbers
        ``(C, ...)``.
    centres : ndarray of float
        ``(n, C)``.
    scales : sequence of float
        By what each channel is divided.
    n_classes : int
        At least ``n``; the last ones are empty where it is more.

    Returns
    -------
    ndarray of float32
        ``(n_classes, ...)``.
    """
    kind = channels.dtype if channels.dtype.name in ("uint8", "uint16", "float32") else np.float64
    flat = prepared(channels, kind).reshape(len(channels), -1)
    result = np.zeros((n_classes, flat.shape[1]), np.float32)
    factors = 1 / np.asarray(scales, float)
    measures = prepared(centres * factors, np.float64), factors, float(fuzziness)
    if len(centres):
        lines = strips(flat.shape[1], 1 << 15)
        in_threads(_memberships, [(flat, result, *strip, *measures) for strip in lines])
    return result.reshape(n_classes, *channels.shape[1:])


@compiled
def _memberships(channels, result, start, stop, centres, factors, fuzziness):
    n, n_channels = centres.shape
    power = 1.0 / (fuzziness - 1.0)
    near = np.empty(n)
    for index in range(start, stop):
        nearest = np.inf
        for number in range(n):
            distance = 0.0
            for channel in range(n_channels):
                distance += (channels[channel, index] * factors[channel] - centres[number, channel]) ** 2
            near[number] = distance
            nearest = min(nearest, distance)
        if not np.isfinite(near[0]):
            continue
        total = 0.0
        for number in range(n):
            if nearest > 0:
                share = nearest / near[number]
            else:
                share = 1.0 if near[number] == 0 else 0.0
            near[number] = share if power == 1.0 else share**power
            total += near[number]
        for number in range(n):
            result[number, index] = near[number] / total


def mixture_sums(
    points: np.ndarray,
    weights: np.ndarray,
    centres: np.ndarray,
    scalings: np.ndarray,
    offsets: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return what each class of a Gaussian mixture is given, and the sum of the log likelihoods.

    Parameters
    ----------
    points, weights, centres : ndarray of float
        As for `hard_sums`.
    scalings, offsets : ndarray of float
        As for `objectwise.kernels.classes.nearest_class`.

    Returns
    -------
    share : ndarray, (n,)
    first : ndarray, (n, n_channels)
        Weighted sums of the points as seen from the centre.
    second : ndarray, (n, n_channels, n_channels)
        Weighted sums of their products; the lower triangles.
    likelihood : float
    """
    n, n_channels = centres.shape
    width = 1 + n_channels + n_channels**2
    sums = _added(_mixture, points, weights, n * width + 1, centres, scalings, offsets)
    of_class = sums[:-1].reshape(n, width)
    second = of_class[:, 1 + n_channels :].reshape(n, n_channels, n_channels)
    return of_class[:, 0], of_class[:, 1 : 1 + n_channels], second, float(sums[-1])


@compiled
def _mixture(points, weights, sums, start, stop, size, centres, scalings, offsets):
    n, n_channels = centres.shape
    width = 1 + n_channels + n_channels**2
    away = np.empty((n, n_channels))
    density = np.empty(n)
    for piece in range(start, stop):
        found = sums[piece]
        for index in range(piece * size, min(len(points), (piece + 1) * size)):
            highest = -np.inf
            for number in range(n):
                log = -0.5 * offsets[number]
                for row in range(n_channels):
                    away[number, row] = points[index, row] - centres[number, row]
                    part = 0.0
                    for column in range(row + 1):
                        part += scalings[number, row, column] * away[number, column]
                    log -= 0.5 * part * part
                density[number] = log
                highest = max(highest, log)
            total = 0.0
            for number in range(n):
                density[number] = np.exp(density[number] - highest)
                total += density[number]
            found[-1] += weights[index] * (highest + np.log(total))
            for number in range(n):
                share = weights[index] * density[number] / total
                at = number * width
                found[at] += share
                for row in range(n_channels):
                    part = share * away[number, row]
                    found[at + 1 + row] += part
                    for column in range(row + 1):
                        found[at + 1 + n_channels + row * n_channels + column] += part * away[number, column]
