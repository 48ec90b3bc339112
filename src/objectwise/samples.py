"""Images of nuclei that look like microscopy, of which everything is known.

A tutorial, a bug report and a test need the same thing: an image that anyone can have, small and always the
same, together with the answer. Real images come without an answer, or with a hand-drawn one. So these are
drawn: ellipses and ellipsoids in micrometres, placed without overlap, some of them touching; then textured,
blurred by the optics, lit unevenly, and counted as photons by a camera with an offset and read noise.

The truth is the geometry before blur and noise. Its areas and volumes are closed forms, not counts of
pixels, so that a measurement can be checked against something it did not itself produce. A value that has
no closed form, such as the area of a nucleus cut by the edge of the image, is NaN.

Everything follows from ``seed``. No file is read and nothing but NumPy and SciPy is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from objectwise.core.grid import Grid

# what the camera adds before any light falls on it, and the spread of its reading, in grey values
OFFSET = 100.0
READ_NOISE = 4.0


@dataclass(frozen=True, eq=False)
class Sample:
    """A synthetic image and what is known of it.

    Parameters
    ----------
    name : str
        Name of the function that made it.
    image : ndarray of uint16
        The image.
    grid : Grid
        Axes, pixel size, interval and channel names of the image.
    truth : ndarray of int32
        The objects, with the axes of the image but for ``c``, numbered by the raster order of each
        object's first pixel. In a movie a number is one nucleus through all frames.
    truth_grid : Grid
        Axes and pixel size of the truth.
    table : dict of str to ndarray
        One row for each object and frame: ``frame``, ``label``, and what is known: ``area`` or ``volume`` in
        the unit of the grid, ``intensity_mean...`` in grey values without noise, ``touches_border``.
    """

    name: str
    image: np.ndarray
    grid: Grid
    truth: np.ndarray
    truth_grid: Grid
    table: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass
class _Nucleus:
    """An ellipse or ellipsoid: centre and half axes in micrometres, turned in the plane by an angle."""

    centre: np.ndarray
    axes: np.ndarray
    angle: float
    brightness: float

    @property
    def size(self) -> float:
        """Area or volume."""
        return float(np.prod(self.axes) * (np.pi if self.axes.size == 2 else 4 / 3 * np.pi))

    def box(self, shape: tuple[int, ...], spacing: np.ndarray, margin: float = 0.0) -> tuple[slice, ...]:
        """Return the part of an image that holds it."""
        reach = self.axes.copy()
        reach[-2:] = self.axes[-2:].max()
        low = np.floor((self.centre - reach - margin) / spacing).astype(int)
        high = np.ceil((self.centre + reach + margin) / spacing).astype(int) + 1
        return tuple(
            slice(max(0, start), max(0, min(n, stop)))
            for start, stop, n in zip(low, high, shape, strict=True)
        )

    def radius(self, box: tuple[slice, ...], spacing: np.ndarray) -> np.ndarray:
        """Return how far each pixel is from the centre: below 1 inside, 1 on the edge."""
        away = [
            (np.arange(part.start, part.stop) * step - middle).reshape(
                [-1 if i == k else 1 for i in range(len(box))]
            )
            for k, (part, step, middle) in enumerate(zip(box, spacing, self.centre, strict=True))
        ]
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        turned = [*away[:-2], cos * away[-2] - sin * away[-1], sin * away[-2] + cos * away[-1]]
        return np.sqrt(sum((part / axis) ** 2 for part, axis in zip(turned, self.axes, strict=True)))


def nuclei_2d(seed: int = 0) -> Sample:
    """Draw a field of about fifty fluorescent nuclei, some of them touching.

    Parameters
    ----------
    seed : int, 0 or more, optional
        Another number gives another field.

    Returns
    -------
    Sample
        512 x 512 pixels of 0.325 um, uint16. The table has ``area`` (closed form; NaN where the nucleus is
        cut by the edge of the image), ``intensity_mean`` and ``touches_border``.

    Examples
    --------
    >>> sample = nuclei_2d()
    >>> sample.image.shape, sample.grid.spacing, sample.grid.unit
    ((512, 512), (0.325, 0.325), 'um')
    """
    random = np.random.default_rng(seed)
    shape, spacing = (512, 512), np.array([0.325, 0.325])

    def one(centre: np.ndarray) -> _Nucleus:
        long = float(np.clip(random.lognormal(np.log(8.0), 0.18), 5.0, 12.0))
        axes = np.array([long * random.uniform(0.68, 0.95), long])
        return _Nucleus(
            centre, axes, random.uniform(0, np.pi), float(np.clip(random.lognormal(0, 0.3), 0.55, 2))
        )

    nuclei, truth = _placed(random, shape, spacing, one, n=40, n_pairs=9, gap=1.0, keep_inside=False)
    truth, nuclei = _in_reading_order(truth, nuclei)
    light = _fluorescence(random, nuclei, shape, spacing, sharpness=(0.35, 0.35))
    light = 900 * light + _background(random, shape, level=240)
    image = _camera(random, light)
    border = _touches_border(truth)
    n = len(nuclei)
    sizes = np.array([nucleus.size for nucleus in nuclei])
    table = {
        "frame": np.zeros(n, int),
        "label": np.arange(1, n + 1),
        "area": np.where(border, np.nan, sizes),
        "intensity_mean": _means(light + OFFSET, truth, n),
        "touches_border": border,
    }
    grid = Grid("yx", tuple(spacing), "um")
    return Sample("nuclei_2d", image, grid, truth, grid, table)


def nuclei_3d(seed: int = 0) -> Sample:
    """Draw a stack of about twenty fluorescent nuclei, sampled more coarsely in depth.

    Parameters
    ----------
    seed : int, 0 or more, optional
        Another number gives another stack.

    Returns
    -------
    Sample
        24 planes of 192 x 192 pixels, 1.0 x 0.3 x 0.3 um, uint16. All nuclei lie inside. The table has
        ``volume`` (closed form) and ``intensity_mean``.

    Examples
    --------
    >>> sample = nuclei_3d()
    >>> sample.image.shape, sample.grid.block_spacing
    ((24, 192, 192), (1.0, 0.3, 0.3))
    """
    random = np.random.default_rng(seed)
    shape, spacing = (24, 192, 192), np.array([1.0, 0.3, 0.3])

    def one(centre: np.ndarray) -> _Nucleus:
        long = random.uniform(4.3, 6.2)
        axes = np.array([random.uniform(3.6, 4.8), long * random.uniform(0.75, 0.95), long])
        return _Nucleus(
            centre, axes, random.uniform(0, np.pi), float(np.clip(random.lognormal(0, 0.25), 0.6, 1.8))
        )

    nuclei, truth = _placed(random, shape, spacing, one, n=15, n_pairs=3, gap=1.0, keep_inside=True)
    truth, nuclei = _in_reading_order(truth, nuclei)
    light = _fluorescence(random, nuclei, shape, spacing, sharpness=(1.1, 0.3, 0.3))
    # deeper planes are dimmer: light is scattered on its way
    depth = np.exp(-np.arange(shape[0]) * spacing[0] / 60).reshape(-1, 1, 1)
    light = 1000 * light * depth + 0.8 * _background(random, shape[1:], level=130)
    image = _camera(random, light)
    n = len(nuclei)
    table = {
        "frame": np.zeros(n, int),
        "label": np.arange(1, n + 1),
        "volume": np.array([nucleus.size for nucleus in nuclei]),
        "intensity_mean": _means(light + OFFSET, truth, n),
        "touches_border": np.zeros(n, bool),
    }
    grid = Grid("zyx", tuple(spacing), "um")
    return Sample("nuclei_3d", image, grid, truth, grid, table)


def nuclei_timelapse(seed: int = 0) -> Sample:
    """Draw a movie of nuclei that move, grow and divide, with a marker that changes in each cell.

    Parameters
    ----------
    seed : int, 0 or more, optional
        Another number gives another movie.

    Returns
    -------
    Sample
        8 frames 5 min apart, 2 channels, 256 x 256 pixels of 0.5 um, uint16, axes ``tcyx``. Channel
        ``nuclei`` shows the nuclei. Channel ``marker`` fills the whole cell evenly, and in each cell its
        level rises, falls or stays. The table has, for each nucleus and frame, ``area`` (closed form),
        ``intensity_mean_nuclei``, ``intensity_mean_marker`` (the level that was set, with background and
        offset) and ``parent`` (the label of the nucleus that divided, or 0).

    Notes
    -----
    The marker is even over nucleus and cytoplasm, so the optics do not change its mean over a nucleus.

    Examples
    --------
    >>> sample = nuclei_timelapse()
    >>> sample.image.shape, sample.grid.axes, sample.grid.interval, sample.grid.channels
    ((8, 2, 256, 256), 'tcyx', 5.0, ('nuclei', 'marker'))
    """
    random = np.random.default_rng(seed)
    n_frames, shape, spacing = 8, (256, 256), np.array([0.5, 0.5])
    frames, parents, levels = _lives(random, n_frames, np.array(shape) * spacing)

    truth = np.zeros((n_frames, *shape), np.int32)
    for frame, alive in enumerate(frames):
        for key, nucleus in alive.items():
            box = nucleus.box(shape, spacing)
            truth[frame][box][nucleus.radius(box, spacing) <= 1] = key + 1
    order = _reading_order(truth)
    number = np.zeros(len(parents) + 1, np.int32)
    number[order] = np.arange(1, len(order) + 1)
    truth = number[truth]

    background = _background(random, shape, level=90)
    image = np.zeros((n_frames, 2, *shape), np.uint16)
    rows: dict[str, list[float]] = {
        name: []
        for name in ("frame", "label", "area", "intensity_mean_nuclei", "intensity_mean_marker", "parent")
    }
    haze = 60.0
    for frame, alive in enumerate(frames):
        nuclei = (
            900 * _fluorescence(random, list(alive.values()), shape, spacing, sharpness=(0.45, 0.45))
            + background
        )
        marker = haze + _cells(alive, {key: levels[key][frame] for key in alive}, shape, spacing)
        image[frame, 0], image[frame, 1] = _camera(random, nuclei), _camera(random, marker)
        labels = [int(number[key + 1]) for key in alive]
        means = _means(nuclei + OFFSET, truth[frame], len(order))
        for key, label in sorted(zip(alive, labels, strict=True), key=lambda pair: pair[1]):
            values = (
                frame,
                label,
                alive[key].size,
                means[label - 1],
                OFFSET + haze + levels[key][frame],
                number[parents[key] + 1] if parents[key] >= 0 else 0,
            )
            for name, value in zip(rows, values, strict=True):
                rows[name].append(value)
    table = {name: np.array(values) for name, values in rows.items()}
    for name in ("frame", "label", "parent"):
        table[name] = table[name].astype(int)
    table["touches_border"] = np.zeros(len(table["frame"]), bool)
    truth_grid = Grid("tyx", tuple(spacing), "um", interval=5.0, interval_unit="min")
    grid = replace(truth_grid, axes="tcyx", channels=("nuclei", "marker"))
    return Sample("nuclei_timelapse", image, grid, truth, truth_grid, table)


SAMPLES: dict[str, Callable[..., Sample]] = {
    "nuclei_2d": nuclei_2d,
    "nuclei_3d": nuclei_3d,
    "nuclei_timelapse": nuclei_timelapse,
}


def _placed(
    random: np.random.Generator,
    shape: tuple[int, ...],
    spacing: np.ndarray,
    one: Callable[[np.ndarray], _Nucleus],
    *,
    n: int,
    n_pairs: int,
    gap: float,
    keep_inside: bool,
) -> tuple[list[_Nucleus], np.ndarray]:
    """Place nuclei apart from each other, and a few of them against a first one."""
    extent = np.array(shape) * spacing
    nuclei: list[_Nucleus] = []
    truth = np.zeros(shape, np.int32)
    for _ in range(40 * n):
        if len(nuclei) == n:
            break
        nucleus = one(np.zeros(len(shape)))
        reach = nucleus.axes.copy()
        reach[-2:] = nucleus.axes.max()
        inset = reach + 2 * spacing if keep_inside else np.zeros(len(shape))
        nucleus.centre = inset + random.uniform(0, 1, len(shape)) * (extent - spacing - 2 * inset)
        if _free(truth, nucleus, spacing, gap):
            _mark(truth, nucleus, spacing, len(nuclei) + 1)
            nuclei.append(nucleus)
    made = 0
    for first in list(nuclei):
        if made == n_pairs:
            break
        second = one(first.centre)
        if _against(random, truth, first, second, spacing, extent, gap):
            nuclei.append(second)
            _mark(truth, second, spacing, len(nuclei))
            made += 1
    return nuclei, truth


def _free(truth: np.ndarray, nucleus: _Nucleus, spacing: np.ndarray, gap: float, but: int = 0) -> bool:
    box = nucleus.box(truth.shape, spacing, margin=gap)
    wider = _Nucleus(nucleus.centre, nucleus.axes + gap, nucleus.angle, 1.0)
    there = truth[box][wider.radius(box, spacing) <= 1]
    return there.size > 0 and not ((there > 0) & (there != but)).any()


def _mark(truth: np.ndarray, nucleus: _Nucleus, spacing: np.ndarray, label: int) -> None:
    box = nucleus.box(truth.shape, spacing)
    truth[box][nucleus.radius(box, spacing) <= 1] = label


def _against(
    random: np.random.Generator,
    truth: np.ndarray,
    first: _Nucleus,
    second: _Nucleus,
    spacing: np.ndarray,
    extent: np.ndarray,
    gap: float,
) -> bool:
    """Move the second nucleus towards the first until they touch; tell whether there was room for it."""
    label = int(truth[tuple(np.clip(first.centre / spacing, 0, np.array(truth.shape) - 1).astype(int))])
    if label == 0:
        return False
    for _ in range(8):
        angle = random.uniform(0, 2 * np.pi)
        towards = np.zeros(len(spacing))
        towards[-2:] = np.sin(angle), np.cos(angle)
        found = None
        for distance in np.arange(first.axes.max() + second.axes.max(), 0, -spacing[-1] / 2):
            second.centre = first.centre + distance * towards
            box = second.box(truth.shape, spacing)
            if (truth[box][second.radius(box, spacing) <= 1] == label).any():
                break
            found = second.centre
        if found is None:
            continue
        second.centre = found
        reach = second.axes.copy()
        reach[-2:] = second.axes.max()
        inside = (found > reach + 2 * spacing).all() and (found < extent - reach - 3 * spacing).all()
        if inside and _free(truth, second, spacing, gap, but=label):
            return True
    return False


def _lives(
    random: np.random.Generator, n_frames: int, extent: np.ndarray
) -> tuple[list[dict[int, _Nucleus]], list[int], list[np.ndarray]]:
    """Let nuclei move, grow and divide; return them frame by frame, their parents and marker levels."""
    radius, n, inset = 6.5, 14, 11.0
    alive: dict[int, _Nucleus] = {}
    for _ in range(2000):
        if len(alive) == n:
            break
        centre = random.uniform(inset, extent - inset)
        if all(np.hypot(*(centre - other.centre)) > 2.7 * radius for other in alive.values()):
            size = radius * random.uniform(0.85, 1.15)
            squeeze = random.uniform(0.85, 1.0)
            brightness = random.uniform(0.7, 1.3)
            alive[len(alive)] = _Nucleus(
                centre, size * np.array([squeeze, 1.0]), random.uniform(0, np.pi), brightness
            )
    parents = [-1] * len(alive)
    start = random.uniform(150, 500, len(alive))
    kinds = random.permutation(np.arange(len(alive)) % 3)
    time = np.arange(n_frames) / (n_frames - 1)
    courses = (1 + 1.5 * time, 1 - 0.6 * time, np.ones(n_frames))
    levels = [first * courses[kind] for first, kind in zip(start, kinds, strict=True)]
    dividing = {int(key): 2 + 2 * i for i, key in enumerate(random.choice(len(alive), 2, replace=False))}
    drift = {key: random.normal(0, 0.5, 2) for key in alive}

    frames = []
    for frame in range(n_frames):
        for key in [key for key, when in dividing.items() if when == frame]:
            mother = alive.pop(key)
            along = np.array([np.sin(mother.angle), np.cos(mother.angle)])
            for side in (-1, 1):
                child = len(parents)
                size = mother.axes.max() / np.sqrt(2)
                alive[child] = _Nucleus(
                    mother.centre + side * 1.15 * size * along,
                    size * np.array([0.85, 1.0]),
                    mother.angle,
                    mother.brightness,
                )
                parents.append(key)
                levels.append(levels[key] * (1 + 0.15 * side))
                drift[child] = side * 0.8 * along
        if frame:
            for key, nucleus in alive.items():
                nucleus.centre = nucleus.centre + drift[key] + random.normal(0, 0.25, 2)
                nucleus.axes = nucleus.axes * 1.012
                nucleus.angle += random.normal(0, 0.05)
        _pushed_apart(list(alive.values()), extent, inset=9.0)
        frames.append(
            {
                key: _Nucleus(each.centre.copy(), each.axes.copy(), each.angle, each.brightness)
                for key, each in alive.items()
            }
        )
    return frames, parents, levels


def _pushed_apart(nuclei: list[_Nucleus], extent: np.ndarray, inset: float) -> None:
    for _ in range(60):
        moved = False
        for i, one in enumerate(nuclei):
            for other in nuclei[i + 1 :]:
                between = other.centre - one.centre
                distance = float(np.hypot(*between))
                missing = one.axes.max() + other.axes.max() + 1.2 - distance
                if missing > 1e-6:
                    step = between / distance * (missing / 2 + 0.01)
                    one.centre, other.centre = one.centre - step, other.centre + step
                    moved = True
        for nucleus in nuclei:
            nucleus.centre = np.clip(nucleus.centre, inset, extent - inset)
        if not moved:
            return


def _fluorescence(
    random: np.random.Generator,
    nuclei: list[_Nucleus],
    shape: tuple[int, ...],
    spacing: np.ndarray,
    sharpness: tuple[float, ...],
) -> np.ndarray:
    """Draw textured nuclei as the optics show them; about 1 in a nucleus of brightness 1."""
    from scipy import ndimage

    light = np.zeros(shape, np.float32)
    noise = random.standard_normal(shape, dtype=np.float32)
    # chromatin: grains of two sizes, in micrometres
    grains = np.zeros(shape, np.float32)
    for weight, size in ((0.12, 0.45), (0.10, 1.3)):
        grains += weight * _unit(ndimage.gaussian_filter(noise, size / spacing, mode="reflect", truncate=3))
    for nucleus in nuclei:
        box = nucleus.box(shape, spacing)
        radius = nucleus.radius(box, spacing)
        body = np.float32(nucleus.brightness) * (1 + grains[box]) * (1.08 - 0.16 * radius**2)
        for _ in range(int(random.integers(1, 4))):
            # nucleoli hold no DNA
            at = nucleus.centre + random.uniform(-0.45, 0.45, len(shape)) * nucleus.axes.min()
            hole = _Nucleus(
                at, np.full(len(shape), nucleus.axes.min() * random.uniform(0.14, 0.24)), 0.0, 1.0
            )
            body = body * (1 - 0.45 * np.exp(-0.7 * hole.radius(box, spacing) ** 4))
        inside = radius <= 1
        light[box][inside] = np.maximum(body, 0.1)[inside]
    sigma = np.array(sharpness) / spacing
    seen = ndimage.gaussian_filter(light, sigma, truncate=3.5)
    # out-of-focus light reaches much farther than the sharp image
    coarse = light[..., ::4, ::4]
    far = ndimage.gaussian_filter(coarse, [*(sigma[:-2] * 2), *(3.5 / spacing[-2:] / 4)], truncate=3)
    haze = ndimage.zoom(far, [*([1] * (len(shape) - 2)), 4, 4], order=1, mode="nearest", grid_mode=True)
    return 0.85 * seen + 0.15 * haze[tuple(slice(0, n) for n in shape)]


def _unit(values: np.ndarray) -> np.ndarray:
    return values / values.std()


def _background(random: np.random.Generator, shape: tuple[int, ...], level: float) -> np.ndarray:
    # lit more in one place than in another, as by a lamp that is not centred
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    cy, cx = random.uniform(-0.5, 0.5, 2)
    slope = random.uniform(-0.15, 0.15, 2)
    return (level * (1.1 - 0.35 * ((y - cy) ** 2 + (x - cx) ** 2) + slope[0] * y + slope[1] * x)).astype(
        np.float32
    )


def _cells(
    alive: dict[int, _Nucleus], levels: dict[int, float], shape: tuple[int, ...], spacing: np.ndarray
) -> np.ndarray:
    """Fill each cell, the nucleus and up to 4.5 um around it, evenly with its marker."""
    from scipy import ndimage

    nearest = np.full(shape, 4.5, np.float32)
    light = np.zeros(shape, np.float32)
    for key, nucleus in alive.items():
        box = nucleus.box(shape, spacing, margin=5.0)
        # distance from the edge of the nucleus, near enough for these round ones
        away = (nucleus.radius(box, spacing) - 1) * nucleus.axes.min()
        closer = away < nearest[box]
        nearest[box][closer] = away[closer]
        light[box][closer] = levels[key]
    return ndimage.gaussian_filter(light, 0.45 / spacing, truncate=3.5)


def _camera(random: np.random.Generator, light: np.ndarray) -> np.ndarray:
    """Count photons, two grey values each, and add offset and read noise."""
    counted = 2.0 * random.poisson(np.maximum(light, 0) / 2.0)
    read = random.standard_normal(light.shape, dtype=np.float32) * READ_NOISE
    return np.clip(np.rint(counted + read + OFFSET), 0, 65_535).astype(np.uint16)


def _reading_order(truth: np.ndarray) -> np.ndarray:
    """Return the labels in the order in which their first pixels come."""
    labels, first = np.unique(truth, return_index=True)
    order = labels[np.argsort(first, kind="stable")]
    return order[order > 0]


def _in_reading_order(truth: np.ndarray, nuclei: list[_Nucleus]) -> tuple[np.ndarray, list[_Nucleus]]:
    order = _reading_order(truth)
    number = np.zeros(len(nuclei) + 1, np.int32)
    number[order] = np.arange(1, len(order) + 1)
    return number[truth], [nuclei[label - 1] for label in order]


def _means(values: np.ndarray, truth: np.ndarray, n: int) -> np.ndarray:
    # labels that are not in this frame have no mean, and no row either
    count = np.bincount(truth.ravel(), minlength=n + 1)[1:]
    total = np.bincount(truth.ravel(), weights=values.ravel(), minlength=n + 1)[1:]
    return total / np.maximum(count, 1)


def _touches_border(truth: np.ndarray) -> np.ndarray:
    border = np.zeros(int(truth.max()) + 1, bool)
    for axis in range(truth.ndim):
        for end in (0, -1):
            border[np.take(truth, end, axis=axis)] = True
    return border[1:]
