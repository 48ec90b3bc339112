"""What the axes of a layer mean, and how large its pixels are.

Nothing here is guessed. What an axis means comes from ``layer.axis_labels`` or from the user, and is then
remembered on the layer; the pixel size is that in the world, whatever scale, rotation or affine made it. Where
lengths have no meaning (no unit, or a sheared layer) they are in pixels, and a sentence says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from napari.layers import Labels, Layer

from objectwise.core.grid import SPATIAL, Grid, unit_factor, unit_name

KEY = "objectwise"

_WORDS = {
    "t": ("t", "time", "frame", "frames", "timepoint"),
    "c": ("c", "ch", "channel", "channels"),
    "z": ("z", "depth", "plane", "slice"),
    "y": ("y", "row", "rows"),
    "x": ("x", "column", "columns", "col"),
}
_ROLES = {word: role for role, words in _WORDS.items() for word in words}

# how far from a right angle two axes may stand before a layer counts as sheared
SQUARE = 1e-6


# --- axes ----------------------------------------------------------------------------------------------


def notes_of(layer: Layer) -> dict[str, Any]:
    """Return what this package has noted on a layer; empty for a layer of another origin."""
    found = layer.metadata.get(KEY)
    return dict(found) if isinstance(found, dict) else {}


def is_preview(layer: Layer) -> bool:
    """Whether a layer is a preview, which is no input and no result."""
    return bool(notes_of(layer).get("preview"))


def is_rgb(layer: Layer) -> bool:
    """Whether the last axis of a layer's data holds red, green and blue."""
    return bool(getattr(layer, "rgb", False))


def data_of(layer: Layer) -> Any:
    """Return the array of a layer in full resolution, lazy where it is lazy."""
    return layer.data[0] if getattr(layer, "multiscale", False) else layer.data


def shape_of(layer: Layer, axes: str | None = None) -> tuple[int, ...]:
    """Return the shape of the array that `source_of` gives."""
    shape, across = tuple(data_of(layer).shape), channel_across(layer, axes or axes_of(layer))
    return shape if across is None else shape[:across] + shape[across + 1 :]


def channel_across(layer: Layer, axes: str | None) -> int | None:
    """Return which axis of a labels layer is a channel axis of one pixel that lies across all channels."""
    if axes is None or "c" not in axes or not isinstance(layer, Labels):
        return None
    number = axes.index("c")
    return number if data_of(layer).shape[number] == 1 else None


def axes_of(layer: Layer) -> str | None:
    """Return one letter for each axis of a layer, or None where that has to be asked.

    Parameters
    ----------
    layer : Layer
        An Image or Labels layer.

    Returns
    -------
    str or None
        Letters out of ``"tczyx"`` in the order of ``layer.ndim``. The colour axis of an RGB layer, which
        napari does not count, is not among them.
    """
    named = [_ROLES.get(str(label).strip().lower()) for label in layer.axis_labels]
    if all(named) and _possible("".join(map(str, named)), layer):
        return "".join(map(str, named))
    kept = notes_of(layer).get("axes")
    if isinstance(kept, str) and _possible(kept, layer):
        return kept
    return "yx" if layer.ndim == 2 else None


def _possible(axes: str, layer: Layer) -> bool:
    return (
        len(axes) == layer.ndim == len(set(axes))
        and {"y", "x"} <= set(axes)
        and not (is_rgb(layer) and "c" in axes)
    )


def possible_axes(layer: Layer) -> list[str]:
    """Return what the axes of a layer without names can be, the usual ones first."""
    free = "tz" if is_rgb(layer) else "tzc"
    return ["".join(order) + "yx" for order in permutations(free, layer.ndim - 2)]


def remember_axes(layer: Layer, axes: str) -> None:
    """Note on a layer what its axes are."""
    if not _possible(axes, layer):
        raise ValueError(f"{layer.name}: {axes!r} does not name its {layer.ndim} axes")
    layer.metadata[KEY] = {**notes_of(layer), "axes": axes}


# --- pixel size ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Calibration:
    spacing: tuple[float, ...]
    unit: str
    origin: tuple[float, ...]
    sentence: str = ""


def _matrix(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """Return the linear part and the shift of a layer's data-to-world transform."""
    shift = np.array(layer.data_to_world([0.0] * layer.ndim))
    columns = [np.array(layer.data_to_world(step)) - shift for step in np.eye(layer.ndim)]
    return np.stack(columns, axis=1), shift


def _calibration(layer: Layer, axes: str) -> _Calibration:
    linear, shift = _matrix(layer)
    space = [number for number, axis in enumerate(axes) if axis in SPATIAL]
    others = [number for number in range(layer.ndim) if number not in space]
    columns = linear[:, space]
    lengths = np.linalg.norm(columns, axis=0)
    ones, zeros = (1.0,) * len(space), (0.0,) * len(space)
    if not np.all(lengths > 0):
        return _Calibration(ones, "pixel", zeros, "An axis has the scale 0, so lengths are in pixels.")
    angles = (columns / lengths).T @ (columns / lengths)
    if np.abs(angles - np.eye(len(space))).max() > SQUARE or np.abs(columns[others]).max(initial=0) > SQUARE:
        return _Calibration(ones, "pixel", zeros, "The layer is sheared, so lengths are in pixels.")
    units = [unit_name(str(layer.units[number])) for number in space]
    wanted = units[[axes[number] for number in space].index("y")]
    try:
        factors = np.array([unit_factor(unit, wanted) for unit in units])
    except ValueError:
        sentence = f"The units of its axes ({', '.join(units)}) differ, so lengths are in pixels."
        return _Calibration(ones, "pixel", zeros, sentence)
    spacing = lengths * factors
    if wanted == "pixel":
        # without a unit only the ratio between the axes means something: the step along y is one pixel
        scaled = not np.allclose(spacing, 1.0)
        spacing = spacing / spacing[[axes[number] for number in space].index("y")]
        sentence = "A scale is set but no unit, so lengths are in pixels." if scaled else ""
        return _Calibration(tuple(_short(spacing)), "pixel", zeros, sentence)
    # where the axes are turned, the corner's place is not along them
    straight = np.allclose(columns[space], np.diag(lengths))
    origin = tuple(_short(shift[space] * factors)) if straight else zeros
    return _Calibration(tuple(_short(spacing)), wanted, origin)


def _short(values: np.ndarray) -> list[float]:
    """Return numbers without what rounding added: the norm of 0.1 turned by an angle is 0.1 again."""
    return [float(f"{value:.12g}") for value in values]


def grid_of(layer: Layer, axes: str | None = None) -> Grid:
    """Return the axes and the pixel size of a layer's data.

    Parameters
    ----------
    layer : Layer
        An Image or Labels layer.
    axes : str, optional
        The meaning of its axes; `axes_of` where it is left out.

    Returns
    -------
    Grid
        The colour axis of an RGB layer is ``c``, the last axis.

    Raises
    ------
    ValueError
        If the meaning of the axes is not known.
    """
    roles = axes or axes_of(layer)
    if roles is None:
        raise ValueError(
            f"{layer.name} has {layer.ndim} axes, and what they are is not known: choose its axes"
        )
    if not _possible(roles, layer):
        raise ValueError(f"{layer.name}: the axes {roles!r} do not name its {layer.ndim} axes")
    found = _calibration(layer, roles)
    time: dict[str, Any] = {}
    if "t" in roles:
        number = roles.index("t")
        linear, _ = _matrix(layer)
        unit = unit_name(str(layer.units[number]))
        if unit != "pixel" and linear[number, number] > 0:
            time = {"interval": float(linear[number, number]), "interval_unit": unit}
    channels = ("red", "green", "blue", "alpha")[: data_of(layer).shape[-1]] if is_rgb(layer) else ()
    if channel_across(layer, roles) is not None:
        roles = roles.replace("c", "")
    return Grid(
        roles + ("c" if is_rgb(layer) else ""),
        found.spacing,
        found.unit,
        origin=found.origin,
        channels=channels,
        **time,
    )


def describe(layer: Layer, axes: str | None = None) -> str:
    """Say in words what was understood of a layer."""
    grid = grid_of(layer, axes)
    sentence = _calibration(layer, axes or axes_of(layer) or "").sentence
    return grid.describe(shape_of(layer, axes)) + (f". {sentence}" if sentence else "")


def set_pixel_size(layers: Sequence[Layer], sizes: Mapping[str, float], unit: str) -> None:
    """Give layers without calibration their pixel size.

    Parameters
    ----------
    layers : sequence of Layer
        Their axes are known.
    sizes : mapping of str to float
        Pixel size along ``z``, ``y`` and ``x``.
    unit : str
        Its unit.

    Notes
    -----
    napari compares the units of all layers whenever those of one change, and warns. So it is told only when
    all have changed.
    """
    with ExitStack() as silence:
        for layer in layers:
            silence.enter_context(layer.events.units.blocker())
            axes = axes_of(layer)
            if axes is None:
                raise ValueError(f"{layer.name}: choose its axes first")
            layer.units = [
                unit if axis in sizes else old for axis, old in zip(axes, layer.units, strict=True)
            ]
    for layer in layers:
        layer.events.units()
    for layer in layers:
        layer.scale = [
            sizes.get(axis, old) for axis, old in zip(axes_of(layer) or "", layer.scale, strict=True)
        ]


def lacks_unit(layer: Layer) -> bool:
    """Whether nobody has said how large the pixels of a layer are."""
    axes = axes_of(layer)
    return axes is not None and unit_name(str(layer.units[axes.index("y")])) == "pixel"
