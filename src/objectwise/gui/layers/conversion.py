"""Between napari's layers and what a run takes: the one place where either is turned into the other.

Everything that a layer knows about its pixels (the meaning of its axes, their size and unit, the steps that
made them) is read here once, when a run is submitted, and written here once, when a result is placed. So a
result cannot get the scale of another layer that was chosen meanwhile, and units and axis names, without
which napari stops using units for all layers, are never forgotten.

A layer is never changed here, and its ``data`` never replaced.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer

from objectwise.core.results import Result
from objectwise.gui.layers.calibration import KEY, SQUARE, axes_of, channel_across, data_of, grid_of, notes_of


@dataclass(frozen=True)
class NonZero:
    """An array seen as a mask, read part by part."""

    array: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return tuple(self.array.shape)

    @property
    def dtype(self) -> np.dtype:
        """Always bool."""
        return np.dtype(bool)

    def __getitem__(self, index: Any) -> np.ndarray:
        """Read a part."""
        return np.asarray(self.array[index]) != 0


@dataclass(frozen=True)
class Stack:
    """Arrays of one shape seen as the channels of one, the channel first; read part by part."""

    arrays: tuple[Any, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of arrays, and their shape."""
        return (len(self.arrays), *self.arrays[0].shape)

    @property
    def dtype(self) -> np.dtype:
        """A dtype that holds the values of all arrays."""
        return np.result_type(*(array.dtype for array in self.arrays))

    def __getitem__(self, index: Any) -> np.ndarray:
        """Read a part; ``index`` has an entry for each axis."""
        first, rest = index[0], tuple(index[1:])
        if isinstance(first, slice):
            return np.stack([np.asarray(array[rest], self.dtype) for array in self.arrays[first]])
        return np.asarray(self.arrays[first][rest])


def arrays_of(array: Any) -> tuple[Any, ...]:
    """Return the arrays behind an array that is seen through another."""
    if isinstance(array, Stack):
        return array.arrays
    return (array.array,) if isinstance(array, NonZero) else (array,)


def is_lazy(array: Any) -> bool:
    """Whether reading an array may take long."""
    return not all(isinstance(item, np.ndarray) for item in arrays_of(array))


# --- from a layer --------------------------------------------------------------------------------------


def kind_of(layer: Layer) -> str:
    """Return what a layer's numbers mean: image, mask, classes or labels."""
    if not isinstance(layer, Labels):
        return "image"
    kind = notes_of(layer).get("kind")
    return kind if kind in ("mask", "classes", "labels") else "labels"


def source_of(layer: Layer, axes: str | None = None) -> Result:
    """Return the array of a layer with its grid, its kind and the steps that made it.

    Parameters
    ----------
    layer : Layer
        Image or Labels layer over a NumPy, dask or zarr array, with one or several resolutions.
    axes : str, optional
        The meaning of its axes; `axes_of` where it is left out.

    Returns
    -------
    Result
        The array is not copied and not read. Its recipe is the one noted on the layer; whether the layer
        was edited since is told by `fingerprint`.

    Raises
    ------
    ValueError
        If it is another kind of layer, or the meaning of the axes is not known.
    """
    if not isinstance(layer, Image | Labels):
        raise ValueError(
            f"{layer.name} is a {type(layer).__name__} layer; an Image or Labels layer is needed"
        )
    grid = grid_of(layer, axes)
    notes, kind = notes_of(layer), kind_of(layer)
    array = data_of(layer)
    across = channel_across(layer, axes or axes_of(layer))
    if across is not None:
        array = array[(slice(None),) * across + (0,)]
    if kind == "mask":
        array = NonZero(array)
    return Result(array, grid, kind, notes.get("recipe"), list(notes.get("values", ())))


def fingerprint(array: Any) -> str:
    """Return a short text that changes with any pixel of an array.

    Parameters
    ----------
    array : array
        Lazy arrays are read plane by plane.

    Notes
    -----
    About 1 GB in a second; to be called off the GUI thread.
    """
    digest = hashlib.blake2b(f"{np.dtype(array.dtype).str}{tuple(array.shape)}".encode(), digest_size=16)
    planes = np.ndindex(*array.shape[:-2]) if len(array.shape) > 2 else [()]
    for index in planes:
        digest.update(np.ascontiguousarray(array[index] if index else array).view(np.uint8).data)
    return digest.hexdigest()


# --- to a layer ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Space:
    """Where a layer lies in the world and what its axes are called, as they were when this was made."""

    source: str
    axes: str
    scale: np.ndarray
    translate: np.ndarray
    rotate: np.ndarray
    shear: np.ndarray
    affine: np.ndarray
    units: tuple[Any, ...]
    axis_labels: tuple[str, ...]
    n_channels: int = 1

    def along(self, axes: str, across: bool = False) -> dict[str, Any]:
        """Return the arguments that place a layer with these axes, some of this space's and perhaps ``c``.

        With ``across`` the layer has one pixel along ``c``, which is made to reach over all channels.
        """
        picked = [self.axes.index(axis) if axis in self.axes else None for axis in axes]
        n = len(axes)
        known = [number for number in range(n) if picked[number] is not None]
        old = [number for number in picked if number is not None]
        scale, translate = np.ones(n), np.zeros(n)
        scale[known], translate[known] = self.scale[old], self.translate[old]
        if across:
            number = axes.index("c")
            translate[number] += scale[number] * (self.n_channels - 1) / 2
            scale[number] *= self.n_channels
        rotate, shear, affine = np.eye(n), np.eye(n), np.eye(n + 1)
        rotate[np.ix_(known, known)] = self.rotate[np.ix_(old, old)]
        shear[np.ix_(known, known)] = self.shear[np.ix_(old, old)]
        affine[np.ix_([*known, n], [*known, n])] = self.affine[np.ix_([*old, -1], [*old, -1])]
        return {
            "scale": scale,
            "translate": translate,
            "rotate": rotate,
            "shear": shear,
            "affine": affine,
            "units": tuple("pixel" if number is None else self.units[number] for number in picked),
            "axis_labels": tuple(
                axis if number is None else self.axis_labels[number]
                for axis, number in zip(axes, picked, strict=True)
            ),
        }

    def is_apart(self, axes: str) -> bool:
        """Whether these axes are turned among themselves alone, so that a plane of them can be placed."""
        here = [number for number, axis in enumerate(self.axes) if axis in axes]
        other = [number for number in range(len(self.axes)) if number not in here]
        linear = self.affine[:-1, :-1] @ self.rotate @ self.shear @ np.diag(self.scale)
        mixed = np.abs(linear[np.ix_(here, other)]).max(initial=0) + np.abs(linear[np.ix_(other, here)]).max(
            initial=0
        )
        return bool(mixed < SQUARE)


def space_of(layer: Layer, axes: str | None = None) -> Space:
    """Return where a layer lies in the world, to place a result there later."""
    roles = axes or axes_of(layer)
    if roles is None:
        raise ValueError(f"{layer.name}: choose its axes first")
    shear = np.asarray(layer.shear, float)
    if shear.ndim == 1:
        full = np.eye(layer.ndim)
        full[np.triu_indices(layer.ndim, 1)] = shear
        shear = full
    return Space(
        str(notes_of(layer).get("source", layer.name)),
        roles,
        np.array(layer.scale, float),
        np.array(layer.translate, float),
        np.array(layer.rotate, float),
        shear,
        np.array(layer.affine.affine_matrix, float),
        tuple(layer.units),
        tuple(layer.axis_labels),
        data_of(layer).shape[roles.index("c")] if "c" in roles else 1,
    )


def make_layer(
    space: Space,
    result: Result,
    title: str,
    mark: str | None = None,
    origins: Mapping[str, Sequence[str]] | None = None,
) -> Layer:
    """Make the layer of a result.

    Parameters
    ----------
    space : Space
        Of the layer that the result was made from.
    result : Result
        An image, a mask, classes or labels.
    title : str
        What was done; the layer is called by it and by the layer where it all began.
    mark : str, optional
        The fingerprint of the array that the layer will show.
    origins : mapping of str to sequence of str, optional
        For each input of its recipe the layers that it was, by `identity`.

    Returns
    -------
    Layer
        An Image layer, or a Labels layer: int32 ids for instances, uint8 for masks and classes.

    Raises
    ------
    ValueError
        If the result is a table or a number, which no layer can show.
    """
    if result.kind not in ("image", "channels", "mask", "classes", "labels"):
        raise ValueError(f"a {result.kind} is not shown as a layer")
    axes, array = shown(space, result)
    notes: dict[str, Any] = {
        "kind": result.kind,
        "recipe": result.recipe,
        "values": list(result.values),
        "axes": axes,
        "source": space.source,
        "title": title,
    }
    if mark is not None:
        notes["fingerprint"] = mark
    if origins and result.recipe is not None:
        notes["origins"] = {name: tuple(origins[name]) for name in result.recipe.inputs if name in origins}
    arguments = {
        "name": f"{space.source} {title}",
        "metadata": {KEY: notes},
        **space.along(axes, _lies_across(space, result)),
    }
    if result.kind in ("image", "channels"):
        return Image(array, **arguments)
    return Labels(array, **arguments)


def _lies_across(space: Space, result: Result) -> bool:
    return "c" not in result.grid.axes and "c" in space.axes.removeprefix("c")


def shown(space: Space, result: Result) -> tuple[str, np.ndarray]:
    """Return the axes and the array of the layer of a result: ordered as the source, a mask as numbers.

    Notes
    -----
    napari matches the axes of layers from the last to the first. A result of a source with the axes ``tcyx``
    must therefore keep its ``c``, or its time would move with the slider of the channels: it has one pixel
    there, stretched over all of them.
    """
    axes = "".join(axis for axis in space.axes if axis in result.grid.axes)
    if "c" in result.grid.axes and "c" not in axes:
        axes = "c" + axes
    array = result.array.transpose([result.grid.axes.index(axis) for axis in axes])
    if _lies_across(space, result):
        number = space.axes.index("c")
        axes, array = axes[:number] + "c" + axes[number:], np.expand_dims(array, number)
    return axes, array.view(np.uint8) if array.dtype == bool else array


def place(
    viewer: Any,
    space: Space,
    result: Result,
    title: str,
    mark: str | None = None,
    origins: Mapping[str, Sequence[str]] | None = None,
) -> Layer:
    """Add the layer of a result to a viewer; see `make_layer`."""
    return viewer.add_layer(make_layer(space, result, title, mark, origins))


def identity(layer: Layer) -> str:
    """Return what tells a layer from all others, whatever it is called."""
    return str(layer.unique_id)
