"""Total variation and non-local means: denoising that keeps edges.

scikit-image stops its total variation once the whole image changes little, and adds up patches of non-local
means along whole lines of floats; both make a tile differ from the whole. Here the number of steps is fixed, and
every sum is taken in the order of a window.
"""

from __future__ import annotations

from math import log, sqrt

import numpy as np

from objectwise.kernels import compiled, prepared
from objectwise.kernels.threads import in_threads, strips


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
    valid = ~np.isnan(block)
    given = np.where(valid, block, 0).astype(block.dtype)
    # along x, y and, in a volume, z
    dual = np.zeros((image.ndim, *block.shape), block.dtype)
    ahead = np.zeros_like(dual)
    result = np.empty_like(given)
    kind = block.dtype.type
    strength, step = kind(strength), kind(1 / (4 * strength * (weights**2).sum()))
    weights = weights[::-1].astype(kind)
    rows = strips(block.shape[0] * block.shape[1], least=64)

    def primal(moved: np.ndarray) -> None:
        in_threads(lambda *part: _primal(given, moved, strength, weights, *part, result), rows)

    age = 1.0
    for _ in range(n_steps):
        primal(ahead)
        following = (1 + sqrt(1 + 4 * age * age)) / 2
        pace = kind((age - 1) / following)
        in_threads(lambda *part: _dual(result, valid, dual, ahead, step, pace, weights, *part), rows)  # noqa: B023
        age = following
    primal(dual)
    result[~valid] = np.nan
    return result.reshape(image.shape)


@compiled
def _primal(given, dual, strength, weights, start, stop, result):
    """Work on some rows, counted through all planes; the loops along a row do several pixels at once."""
    height, width = given.shape[1:]
    change = np.empty(width, given.dtype)
    for row in range(start, stop):
        z = row // height
        y = row - z * height
        along = dual[0, z, y]
        change[0] = -along[0]
        for x in range(1, width):
            change[x] = -along[x] + along[x - 1]
        for x in range(width):
            change[x] *= weights[0]
        if y > 0:
            _add_difference(dual[1, z, y - 1], dual[1, z, y], weights[1], change)
        else:
            _add_difference(None, dual[1, z, y], weights[1], change)
        if dual.shape[0] > 2:
            if z > 0:
                _add_difference(dual[2, z - 1, y], dual[2, z, y], weights[2], change)
            else:
                _add_difference(None, dual[2, z, y], weights[2], change)
        own = given[z, y]
        target = result[z, y]
        for x in range(width):
            target[x] = own[x] - strength * change[x]


@compiled
def _add_difference(before, here, weight, change):
    if before is None:
        for x in range(change.size):
            change[x] += weight * -here[x]
    else:
        for x in range(change.size):
            change[x] += weight * (-here[x] + before[x])


@compiled
def _dual(image, valid, dual, ahead, step, pace, weights, start, stop):
    """One projected step; there is no difference across the border, nor to a pixel that is not valid."""
    depth, height, width = image.shape
    norm = np.empty(width, image.dtype)
    one = step / step
    for row in range(start, stop):
        z = row // height
        y = row - z * height
        _step(image[z, y, 1:], image[z, y], valid[z, y, 1:], valid[z, y], step * weights[0], ahead[0, z, y])
        if y + 1 < height:
            _step(
                image[z, y + 1], image[z, y], valid[z, y + 1], valid[z, y], step * weights[1], ahead[1, z, y]
            )
        if z + 1 < depth:
            _step(
                image[z + 1, y], image[z, y], valid[z + 1, y], valid[z, y], step * weights[2], ahead[2, z, y]
            )
        norm[:] = 0
        for axis in range(dual.shape[0]):
            moved = ahead[axis, z, y]
            for x in range(width):
                norm[x] += moved[x] * moved[x]
        for x in range(width):
            norm[x] = max(np.sqrt(norm[x]), one)
        for axis in range(dual.shape[0]):
            moved = ahead[axis, z, y]
            kept = dual[axis, z, y]
            for x in range(width):
                new = moved[x] / norm[x]
                moved[x] = new + pace * (new - kept[x])
                kept[x] = new


@compiled
def _step(following, here, one, other, step, moved):
    for x in range(following.size):
        difference = step * (following[x] - here[x])
        moved[x] += difference if one[x] and other[x] else difference - difference


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
    Every pair of pixels is compared once for each thread; the squares in a patch are added up along x, then y,
    then z.
    """
    ndim = image.ndim
    # a plane lies on edge, so that strips run across the first axis in any case
    shape = image.shape if ndim == 3 else (image.shape[0], 1, image.shape[1])
    patch, search = (each if ndim == 3 else (each[0], 0, each[1]) for each in (patch, search))
    block = prepared(image, image.dtype).reshape(shape)
    present = ~np.isnan(block)
    border = [(p + s, p + s) for p, s in zip(patch, search, strict=True)]
    values = np.pad(np.where(present, block, 0), border, mode="edge")
    valid = np.pad(present, border, mode="edge")
    total = np.where(present, block, 0).astype(np.float64)
    weight = present.astype(np.float64)
    pace = 1 / (log(2) * float(strength) ** 2)
    some_missing = not bool(present.all())
    boxes = np.array([patch, search], np.int64)
    in_threads(
        lambda start, stop: _average(
            values, valid, some_missing, boxes, pace, _POWERS, start, stop, total, weight
        ),
        strips(shape[0], least=search[0] + 1),
    )
    with np.errstate(invalid="ignore"):
        return (total / weight).astype(image.dtype).reshape(image.shape)


# 2 ** x for x from -0.5 to 0.5, as a polynomial: a call of exp for each pixel would take most of the time
_POWERS = (
    np.polynomial.chebyshev.Chebyshev.interpolate(np.exp2, 8, domain=[-0.5, 0.5])
    .convert(kind=np.polynomial.Polynomial)
    .coef
)
_WHOLE = 1.5 * 2.0**52  # adding this leaves the nearest whole number in the last bits


@compiled
def _average(values, valid, some_missing, boxes, pace, p, start, stop, total, weight):
    """Add to the averages of some planes, from ``start`` to ``stop``, what all pairs give them."""
    depth, height, width = total.shape
    patch, search = boxes
    z0, y0, x0 = patch[0] + search[0], patch[1] + search[1], patch[2] + search[2]
    n_planes = 2 * patch[0] + 1
    lines = np.empty((height + 2 * patch[1], width), values.dtype)
    line = np.empty(width + 2 * patch[2], values.dtype)
    squares = np.empty((n_planes, height, width), values.dtype)
    counts = np.empty((n_planes if some_missing else 0, height, width), values.dtype)
    factor = np.full(width, -pace / (n_planes * (2 * patch[1] + 1) * (2 * patch[2] + 1)))
    alike = np.empty(width)
    rounded = np.empty(width)
    bits = rounded.view(np.int64)
    for dz in range(search[0] + 1):
        for dy in range(-search[1], search[1] + 1):
            for dx in range(-search[2], search[2] + 1):
                # the half of the pairs in which the other pixel comes later
                if dz == 0 and (dy < 0 or (dy == 0 and dx <= 0)):
                    continue
                first = max(0, start - dz)
                low, high = max(0, -dx), width - max(0, dx)
                for plane in range(first - patch[0], min(stop, depth - dz) + patch[0]):
                    kept = (plane + patch[0]) % n_planes
                    _box_sums(
                        values, valid, some_missing, z0 + plane, dz, dy, dx, boxes, line, lines, squares[kept]
                    )
                    if some_missing:
                        _box_counts(valid, z0 + plane, dz, dy, dx, boxes, line, lines, counts[kept])
                    z = plane - patch[0]
                    if z < first:
                        continue
                    for y in range(max(0, -dy), height - max(0, dy)):
                        alike[:] = 0
                        for item in range(n_planes):
                            near = squares[(z + item) % n_planes, y]
                            for x in range(width):
                                alike[x] += near[x]
                        if some_missing:
                            factor[:] = 0
                            for item in range(n_planes):
                                near = counts[(z + item) % n_planes, y]
                                for x in range(width):
                                    factor[x] += near[x]
                            for x in range(width):
                                factor[x] = -pace / max(factor[x], 1.0)
                        _negative_exponential(alike, factor, rounded, bits, p)
                        here = values[z0 + z, y0 + y, x0 + low : x0 + high]
                        there = values[z0 + z + dz, y0 + y + dy, x0 + dx + low : x0 + dx + high]
                        kept_alike = alike[low:high]
                        if some_missing:
                            one = valid[z0 + z, y0 + y, x0 + low : x0 + high]
                            other = valid[z0 + z + dz, y0 + y + dy, x0 + dx + low : x0 + dx + high]
                            for x in range(high - low):
                                kept_alike[x] *= one[x] and other[x]
                        if start <= z + dz < stop:
                            _add(
                                total[z + dz, y + dy, low + dx : high + dx],
                                weight[z + dz, y + dy, low + dx : high + dx],
                                kept_alike,
                                here,
                            )
                        if z >= start:
                            _add(total[z, y, low:high], weight[z, y, low:high], kept_alike, there)


@compiled
def _add(total, weight, alike, values):
    for x in range(total.size):
        total[x] += alike[x] * values[x]
    for x in range(total.size):
        weight[x] += alike[x]


@compiled
def _negative_exponential(values, factor, rounded, bits, p):
    """Replace each value by 2 ** (value * factor); every loop does several pixels at once."""
    p0, p1, p2, p3, p4, p5, p6, p7, p8 = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]
    for x in range(values.size):
        power = max(values[x] * factor[x], -1000.0)
        near = power + _WHOLE
        rounded[x] = near
        values[x] = power - (near - _WHOLE)
    for x in range(values.size):
        v = values[x]
        high = p4 + v * (p5 + v * (p6 + v * (p7 + v * p8)))
        values[x] = p0 + v * (p1 + v * (p2 + v * (p3 + v * high)))
    for x in range(values.size):
        # the whole number becomes the exponent of a float
        bits[x] = (bits[x] + 1023) << 52
    for x in range(values.size):
        values[x] *= rounded[x]


@compiled
def _box_sums(values, valid, some_missing, z, dz, dy, dx, boxes, line, lines, sums):
    """Add up the squared differences to the pixels one step away, over a box in one plane."""
    search = boxes[1]
    for row in range(lines.shape[0]):
        y = row + search[1]
        here = values[z, y, search[2] : search[2] + line.size]
        there = values[z + dz, y + dy, search[2] + dx : search[2] + dx + line.size]
        if some_missing:
            one = valid[z, y, search[2] : search[2] + line.size]
            other = valid[z + dz, y + dy, search[2] + dx : search[2] + dx + line.size]
            for i in range(line.size):
                change = here[i] - there[i] if one[i] and other[i] else here[i] - here[i]
                line[i] = change * change
        else:
            for i in range(line.size):
                change = here[i] - there[i]
                line[i] = change * change
        _along_x(line, lines[row], boxes[0][2])
    _along_y(lines, sums, boxes[0][1])


@compiled
def _box_counts(valid, z, dz, dy, dx, boxes, line, lines, counts):
    """Count the pixels that take part in `_box_sums`."""
    search = boxes[1]
    for row in range(lines.shape[0]):
        y = row + search[1]
        one = valid[z, y, search[2] : search[2] + line.size]
        other = valid[z + dz, y + dy, search[2] + dx : search[2] + dx + line.size]
        for i in range(line.size):
            line[i] = one[i] and other[i]
        _along_x(line, lines[row], boxes[0][2])
    _along_y(lines, counts, boxes[0][1])


@compiled
def _along_x(line, sums, reach):
    sums[:] = line[: sums.size]
    for i in range(1, 2 * reach + 1):
        for x in range(sums.size):
            sums[x] += line[x + i]


@compiled
def _along_y(lines, sums, reach):
    for y in range(sums.shape[0]):
        sums[y] = lines[y]
        for j in range(1, 2 * reach + 1):
            for x in range(sums.shape[1]):
                sums[y, x] += lines[y + j, x]
