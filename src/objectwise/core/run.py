"""Run a recipe: the one executor behind napari, the command line, a batch and a notebook.

`run` is a generator. It yields after every tile, plane, frame or channel that it has finished, so that a
caller shows progress, takes finished blocks, or stops by no longer asking. Frames are worked on one after
another with all steps, so that of the intermediate results only one frame is held; a lazy input is read
block by block. Numbers computed from a whole plane, frame or series are found first, and kept beside the
result.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from objectwise.core.composition import steps_of
from objectwise.core.execution import Execution
from objectwise.core.grid import Grid, plain_grid
from objectwise.core.method import find_method
from objectwise.core.operation import Operation
from objectwise.core.parameter import nearest
from objectwise.core.plan import Plan
from objectwise.core.recipe import Recipe
from objectwise.core.results import Progress, Result
from objectwise.core.statistics import Statistic


def run(
    recipe: Recipe,
    inputs: Any,
    into: Mapping[str, Any] | None = None,
    *,
    grid: Grid | None = None,
    tile: int | Sequence[int] | None = None,
) -> Iterator[Progress]:
    """Run a recipe, yielding after every block.

    Parameters
    ----------
    recipe : Recipe
        What to do.
    inputs : array, tuple, Result, or mapping of str to these
        The inputs by name: each an array, an ``(array, grid)`` pair, or a `Result`. NumPy, dask and zarr
        arrays of any real dtype. A single array serves a recipe with a single input.
    into : mapping of str to array, optional
        Writable arrays (NumPy, zarr) for outputs, in the axes that `plan` tells.
    grid : Grid, optional
        The grid of arrays that come without one. A plain 2-D array needs none.
    tile : int or sequence of int, optional
        Work in tiles of this many pixels along each spatial axis; whole blocks where it is left out.

    Yields
    ------
    Progress
        The last one holds all results.

    Raises
    ------
    ValueError
        If something does not fit: an input is missing, shapes or pixel sizes disagree, an operation
        cannot work on so many axes, cannot be tiled, or refuses a value. Checked before anything starts
        as far as that can be.

    Examples
    --------
    >>> import numpy as np, objectwise as ow
    >>> recipe = ow.Recipe([ow.Step("mask", "threshold_manual", {"image": "nuclei"}, {"lower": 3.0})])
    >>> for progress in ow.run(recipe, {"nuclei": np.arange(6.0).reshape(2, 3)}):
    ...     pass
    >>> progress.results["mask"].array
    array([[False, False, False],
           [False,  True,  True]])
    """
    sources = _inputs(recipe, inputs, grid)
    return iter(Execution(Plan(recipe, sources, into or {}, tile), sources))


def expectation(recipe: Recipe, inputs: Any, *, grid: Grid | None = None) -> str:
    """Say before a run about how long it will take on two cores; nothing where that is less than a minute.

    Parameters
    ----------
    recipe, inputs, grid
        As for `run`.

    Returns
    -------
    str
        Such as ``"about 4 minutes"``. Only operations that declare their cost are counted.

    Raises
    ------
    ValueError
        As for `run`.

    Examples
    --------
    >>> import numpy as np, objectwise as ow
    >>> expectation(ow.Recipe([ow.Step("mask", "threshold_auto", {"image": "image"})]), np.zeros((5, 5)))
    ''
    """
    return Plan(recipe, _inputs(recipe, inputs, grid), {}, None).expectation()


def computed_values(
    recipe: Recipe, inputs: Any, index: Mapping[str, int], *, grid: Grid | None = None
) -> list[dict[str, Any]]:
    """Return the numbers that a run would compute for one frame, channel and plane, without running it.

    Parameters
    ----------
    recipe, inputs, grid
        As for `run`.
    index : dict
        The frame ``t``, channel ``c`` and plane ``z``; 0 for what is left out.

    Returns
    -------
    list of dict
        As in `Result.values`: ``step``, ``parameter``, ``value``, and what they were computed for.

    Raises
    ------
    ValueError
        As for `run`, and if a number depends on the result of an earlier step.

    Examples
    --------
    >>> import numpy as np, objectwise as ow
    >>> recipe = ow.Recipe([ow.Step("mask", "threshold_auto", {"image": "image"}, {"method": "mean"})])
    >>> computed_values(recipe, np.array([[1, 2, 3]]), {})[0]["value"]
    2.0
    """
    work = computing_values(recipe, inputs, index, {}, grid=grid)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def computing_values(
    recipe: Recipe,
    inputs: Any,
    index: Mapping[str, int],
    parts: MutableMapping[Any, Any],
    *,
    grid: Grid | None = None,
    statistic: Statistic | None = None,
) -> Generator[float, None, Any]:
    """Compute the numbers of `computed_values`, pausing between pieces of the image.

    Parameters
    ----------
    recipe, inputs, index, grid
        As for `computed_values`.
    parts : mutable mapping
        What was counted before, of the same inputs; what is counted now is added.
    statistic : Statistic, optional
        What to compute instead, from an input and over the scope of the step that is given it.

    Yields
    ------
    float
        How much of a pass over the image is done, 0 to 1.

    Returns
    -------
    list of dict, or what the statistic finds
    """
    sources = _inputs(recipe, inputs, grid)
    execution = Execution(Plan(recipe, sources, {}, None), sources, parts)
    if statistic is not None:
        return (yield from execution.statistic_at(statistic, index))
    return (yield from execution.values_at(index))


def apply(
    name: str,
    *arrays: Any,
    grid: Grid | None = None,
    by_plane: bool = False,
    scope: str = "frame",
    **values: Any,
) -> Any:
    """Run one operation, or a composition of several, on whole arrays of any axes.

    Parameters
    ----------
    name : str
        The name of the operation or composition.
    *arrays : array
        What it is given, in the order of its inputs; None for an optional one that is not used. More
        images, by name, for an input that takes named channels.
    grid : Grid, optional
        The axes and pixel size of the arrays; not needed for a plain 2-D array. An array with as many axes
        as the grid has without ``t`` or ``c`` may stand beside one that has them.
    by_plane : bool, optional
        Work on each plane of a volume alone.
    scope : {'frame', 'plane', 'series'}, optional
        Over what a parameter that is left out is computed.
    **values
        The parameters, and further inputs by name. Lengths of an operation that are left out have its defaults
        in the unit of the grid; those of a composition count pixels, as in a form.

    Returns
    -------
    ndarray or Table or float
        The result; axes as in the first array, without ``c`` unless the operation works by channel.

    Examples
    --------
    >>> import numpy as np, objectwise as ow
    >>> ow.apply("label_components", np.array([[True, False, True]]))
    array([[1, 0, 2]], dtype=int32)
    """
    record = find_method(name)
    slots = [item.name for item in record.inputs]
    if len(arrays) > len(slots):
        raise ValueError(f"{name} is given {', '.join(slots)}; found {len(arrays)} arrays")
    given = dict(zip(slots, arrays, strict=False)) | {
        slot: values.pop(slot) for slot in slots if slot in values
    }
    sources: dict[str, Any] = {}
    wired: dict[str, Any] = {}
    for slot, value in given.items():
        if isinstance(value, Mapping):
            wired[slot] = {key: _free_name(key, sources) for key in value}
            sources |= {wired[slot][key]: item for key, item in value.items()}
        elif value is not None:
            wired[slot] = slot
            sources[slot] = value
    fitted = {
        key: item if grid is None or isinstance(item, Result | tuple) else (item, _fit(grid, item))
        for key, item in sources.items()
    }
    read = {key: _input(key, item, None) for key, item in fitted.items()}
    first = next((item.grid for item in read.values()), Grid("yx"))
    if not isinstance(record, Operation):
        spacing = first.block_spacing[-2:] if by_plane else first.block_spacing
        values = {key: item.default_at(spacing) for key, item in record.parameters.items()} | values
    steps = steps_of(record, f"{name}_result", wired, values, scope=scope, by_plane=by_plane)
    *_, last = run(Recipe(steps, outputs=(steps[-1].id,), unit=first.unit), read)
    result = last.results[steps[-1].id]
    if result.kind == "value" and "t" not in result.grid.axes:
        return float(result.array[0])
    return result.array


def _free_name(key: str, taken: Mapping[str, Any]) -> str:
    name = "image " + "".join(letter if letter.isalnum() or letter in "_- " else "_" for letter in str(key))
    while name in taken:
        name += "_"
    return name


def _fit(grid: Grid, array: Any) -> Grid:
    """Return the grid of an array that has the axes of a grid, or all of them but t or c."""
    n = len(np.shape(array))
    for roles in ("", "c", "t", "tc"):
        fitting = grid.without(roles)
        if len(fitting.axes) == n:
            return fitting
    return grid


def _inputs(recipe: Recipe, inputs: Any, grid: Grid | None) -> dict[str, Result]:
    """Return every input of a recipe as a `Result`, checked."""
    if not isinstance(inputs, Mapping):
        if len(recipe.inputs) != 1:
            raise ValueError(f"the recipe needs the inputs {', '.join(recipe.inputs)}: give them by name")
        inputs = {recipe.inputs[0]: inputs}
    for name in inputs:
        if name not in recipe.inputs:
            raise ValueError(
                f"the recipe has no input {name!r}{nearest(name, recipe.inputs)}; "
                f"it has {', '.join(recipe.inputs)}"
            )
    found = {}
    for name in recipe.inputs:
        if name not in inputs:
            raise ValueError(f"the input {name!r} is missing; the recipe needs {', '.join(recipe.inputs)}")
        found[name] = _input(name, inputs[name], grid)
    return found


def _input(name: str, value: Any, grid: Grid | None) -> Result:
    """Return an array, an array with its grid, or a result as a `Result`, checked."""
    if not isinstance(value, Result):
        array, own = value if isinstance(value, tuple) else (value, grid)
        if not hasattr(array, "shape") or not hasattr(array, "dtype"):
            array = np.asarray(array)
        value = Result(array, own if own is not None else plain_grid(array.shape, name))
    if value.array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold real numbers; found {value.array.dtype}")
    value.grid.check(value.array, name)
    return value
