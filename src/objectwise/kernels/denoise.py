"""Total variation and non-local means: denoising that keeps edges.

scikit-image stops its total variation once the whole image changes little, and adds up patches of non-local
means along whole lines of floats; both make a tile differ from the whole. Here the number of steps is fixed, and
every sum is taken in the order of a window.
"""

from __future__ import annotations

from math import exp, sqrt

import numpy as np

from objectwise.kernels import compiled, prepared


def total_variation(image: np.ndarray, strength: float, weights: np.ndarray, n_steps: int) -> np.ndarray:
    """Return the image that is near to the one given and has little total variation.

    Parameters
    ----------
    image : ndarray of float
        2-D or 3-D; NaN pixels are cut out, and stay.
    strength : float
        Above 0, in the unit of the image.
    weights : ndarray of float
        What a difference counts along each axis.
    n_steps : int

    Notes
    -----
    The fast gradient projection of Beck and Teboulle. Each step looks one pixel further.
    """
    block = prepared(image, image.dtype).reshape((-1, *image.shape[-2:]))
    weights = np.concatenate([np.zeros(3 - image.ndim), weights])
    valid = ~np.isnan(block)
    given = np.where(valid, block, 0).astype(block.dtype)
    dual = np.zeros((3, *block.shape), block.dtype)
    ahead = np.zeros((3, *block.shape), block.dtype)
    result = np.empty_like(given)
    kind = block.dtype.type
    factors = [kind(strength), kind(1 / (4 * strength * (weights**2).sum()))]
    age = 1.0
    for _ in range(n_steps):
        _primal(given, ahead, factors[0], weights.astype(kind), result)
        following = (1 + sqrt(1 + 4 * age * age)) / 2
        _dual(result, valid, dual, ahead, factors[1], kind((age - 1) / following), weights.astype(kind))
        age = following
    _primal(given, dual, factors[0], weights.astype(kind), result)
    result[~valid] = np.nan
    return result.reshape(image.shape)


@compiled
def _primal(given, dual, strength, weights, result):
    depth, height, width = given.shape
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                change = -dual[2, z, y, x]
                if x > 0:
                    change += dual[2, z, y, x - 1]
                change *= weights[2]
                other = -dual[1, z, y, x]
                if y > 0:
                    other += dual[1, z, y - 1, x]
                change += weights[1] * other
                if depth > 1:
                    other = -dual[0, z, y, x]
                    if z > 0:
                        other += dual[0, z - 1, y, x]
                    change += weights[0] * other
                result[z, y, x] = given[z, y, x] - strength * change


@compiled
def _dual(image, valid, dual, ahead, step, pace, weights):
    """One projected step; there is no difference across the border, nor to a pixel that is not valid."""
    depth, height, width = image.shape
    one = step / step
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                own = image[z, y, x]
                here = valid[z, y, x]
                p2 = ahead[2, z, y, x]
                p1 = ahead[1, z, y, x]
                p0 = ahead[0, z, y, x]
                if here and x + 1 < width and valid[z, y, x + 1]:
                    p2 += step * weights[2] * (image[z, y, x + 1] - own)
                if here and y + 1 < height and valid[z, y + 1, x]:
                    p1 += step * weights[1] * (image[z, y + 1, x] - own)
                if here and z + 1 < depth and valid[z + 1, y, x]:
                    p0 += step * weights[0] * (image[z + 1, y, x] - own)
                norm = np.sqrt(p2 * p2 + p1 * p1 + p0 * p0)
                if norm > one:
                    p2, p1, p0 = p2 / norm, p1 / norm, p0 / norm
                ahead[2, z, y, x] = p2 + pace * (p2 - dual[2, z, y, x])
                ahead[1, z, y, x] = p1 + pace * (p1 - dual[1, z, y, x])
                ahead[0, z, y, x] = p0 + pace * (p0 - dual[0, z, y, x])
                dual[2, z, y, x] = p2
                dual[1, z, y, x] = p1
                dual[0, z, y, x] = p0


def non_local_means(
    image: np.ndarray, strength: float, patch: tuple[int, ...], search: tuple[int, ...]
) -> np.ndarray:
    """Return each pixel averaged with those nearby whose surroundings look alike.

    Parameters
    ----------
    image : ndarray of float
        2-D or 3-D; NaN pixels are left out, and stay.
    strength : float
        Above 0: the weight of another pixel is ``exp(-d / strength ** 2)`` for the mean squared difference
        ``d`` of both patches.
    patch, search : tuple of int
        Half-width of a patch, and of the box in which others are looked for, along each axis.

    Notes
    -----
    Every pair of pixels is compared once.
    """
    missing = (0,) * (3 - image.ndim)
    patch, search = missing + patch, missing + search
    block = prepared(image, image.dtype).reshape((-1, *image.shape[-2:]))
    present = ~np.isnan(block)
    border = [(p + s, p + s) for p, s in zip(patch, search, strict=True)]
    values = np.pad(np.where(present, block, 0), border, mode="edge")
    valid = np.pad(present, border, mode="edge")
    total = np.where(present, block, 0).astype(np.float64)
    weight = present.astype(np.float64)
    _average(
        values,
        valid,
        not bool(present.all()),
        np.array(patch, np.int64),
        np.array(search, np.int64),
        block.dtype.type(1 / strength**2),
        total,
        weight,
    )
    with np.errstate(invalid="ignore"):
        return (total / weight).astype(image.dtype).reshape(image.shape)


@compiled
def _average(values, valid, some_missing, patch, search, scale, total, weight):
    depth, height, width = total.shape
    z0, y0, x0 = patch[0] + search[0], patch[1] + search[1], patch[2] + search[2]
    n_patch = (2 * patch[0] + 1) * (2 * patch[1] + 1) * (2 * patch[2] + 1)
    columns = width + 2 * patch[2]
    squares = np.empty(columns, values.dtype)
    counts = np.empty(columns, np.int64)
    for dz in range(search[0] + 1):
        for dy in range(-search[1], search[1] + 1):
            for dx in range(-search[2], search[2] + 1):
                # the half of the pairs in which the other pixel comes later
                if dz == 0 and (dy < 0 or (dy == 0 and dx <= 0)):
                    continue
                for z in range(depth - dz):
                    for y in range(max(0, -dy), height - max(0, dy)):
                        squares[:] = 0
                        for pz in range(-patch[0], patch[0] + 1):
                            for py in range(-patch[1], patch[1] + 1):
                                left = x0 - patch[2]
                                here = values[z0 + z + pz, y0 + y + py, left : left + columns]
                                there = values[
                                    z0 + z + pz + dz, y0 + y + py + dy, left + dx : left + dx + columns
                                ]
                                if some_missing:
                                    first = valid[z0 + z + pz, y0 + y + py, left : left + columns]
                                    second = valid[
                                        z0 + z + pz + dz, y0 + y + py + dy, left + dx : left + dx + columns
                                    ]
                                    if pz == -patch[0] and py == -patch[1]:
                                        counts[:] = 0
                                    for i in range(columns):
                                        if first[i] and second[i]:
                                            change = here[i] - there[i]
                                            squares[i] += change * change
                                            counts[i] += 1
                                else:
                                    for i in range(columns):
                                        change = here[i] - there[i]
                                        squares[i] += change * change
                        for x in range(max(0, -dx), width - max(0, dx)):
                            n = n_patch
                            if some_missing:
                                if not (
                                    valid[z0 + z, y0 + y, x0 + x]
                                    and valid[z0 + z + dz, y0 + y + dy, x0 + x + dx]
                                ):
                                    continue
                                n = 0
                                for i in range(2 * patch[2] + 1):
                                    n += counts[x + i]
                            distance = squares[x]
                            for i in range(1, 2 * patch[2] + 1):
                                distance += squares[x + i]
                            alike = exp(-np.float64(distance) / n * scale)
                            total[z, y, x] += alike * values[z0 + z + dz, y0 + y + dy, x0 + x + dx]
                            weight[z, y, x] += alike
                            total[z + dz, y + dy, x + dx] += alike * values[z0 + z, y0 + y, x0 + x]
                            weight[z + dz, y + dy, x + dx] += alike
