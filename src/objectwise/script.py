"""A recipe as a Python script that does the same: a way from clicking to programming that loses nothing.

The script holds the steps themselves rather than the path of a recipe file, so that it can be read, changed and
sent to somebody by itself. It uses public names only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from objectwise.core.grid import Grid
from objectwise.core.recipe import From, Recipe, Step

_WIDTH = 100


@dataclass(frozen=True)
class File:
    """Where a script finds an input.

    Parameters
    ----------
    path : str
        The image file; made up where none is known.
    grid : Grid, optional
        Axes and pixel size that count, rather than those in the file.
    kind : str, optional
        A mask is read as that which is not 0.
    """

    path: str
    grid: Grid | None = None
    kind: str | None = None


def python_script(recipe: Recipe, files: Mapping[str, File] | None = None) -> str:
    """Return a Python script that runs a recipe.

    Parameters
    ----------
    recipe : Recipe
        The steps, all values written out.
    files : mapping of str to File, optional
        For each input its file; a name to be replaced where it is left out.

    Examples
    --------
    >>> import objectwise as ow
    >>> step = ow.Step("mask", "threshold_auto", {"image": "nuclei"}, {"method": "li"})
    >>> print(python_script(ow.Recipe([step])).splitlines()[5])
    image = read_image("nuclei.tif")
    """
    given = {name: (files or {}).get(name, File(f"{name}.tif")) for name in recipe.inputs}
    kinds = {step.id: step.operation.output for step in recipe.steps}
    parts = [
        "\n".join(_imports(recipe)),
        "\n".join(["# the images, with their axes and pixel size", "inputs = {}", *_reading(given)]),
        "\n".join(["recipe = ow.Recipe(", *_indented(_recipe(recipe)), ")"]),
        "\n".join(
            [
                "for progress in ow.run(recipe, inputs):",
                '    print(f"{progress.fraction:4.0%} {progress.step}", end="\\r")',
                "results = progress.results",
                "print()",
            ]
        ),
        "\n".join(line for name in recipe.outputs for line in _writing(name, kinds[name])),
    ]
    return "\n\n".join(parts) + "\n"


def _imports(recipe: Recipe) -> list[str]:
    kinds = {recipe.step(name).operation.output for name in recipe.outputs}
    names = "read_image" if kinds <= {"table", "value"} else "read_image, write_image"
    return ["import objectwise as ow", f"from objectwise.io import {names}"]


def _reading(files: Mapping[str, File]) -> Iterator[str]:
    for name, file in files.items():
        grid = file.grid
        axes = f", axes={_written(grid.axes)}" if grid is not None else ""
        yield f"image = read_image({_written(file.path)}{axes})"
        array = "image.array != 0" if file.kind == "mask" else "image.array"
        yield f"inputs[{_written(name)}] = ({array}, {_grid(grid) if grid is not None else 'image.grid'})"


def _grid(grid: Grid) -> str:
    plain = Grid(grid.axes)
    names = ("spacing", "unit", "interval", "interval_unit", "channels")
    changed = [
        f"{name}={_written(getattr(grid, name))}"
        for name in names
        if getattr(grid, name) != getattr(plain, name)
    ]
    return f"ow.Grid({', '.join([_written(grid.axes), *changed])})"


def _recipe(recipe: Recipe) -> Iterator[str]:
    yield "["
    for step in recipe.steps:
        yield from _indented(_step(step))
    yield "],"
    for name in ("inputs", "outputs", "unit"):
        yield f"{name}={_written(getattr(recipe, name))},"


def _step(step: Step) -> Iterator[str]:
    record = step.operation
    # what is found from the image stays left out; what is switched off has to be said
    values = {
        name: value
        for name, value in step.parameters.items()
        if value is not None or record.parameters[name].default is not None
    }
    head = ", ".join(_written(item) for item in (step.id, step.op, dict(step.inputs)))
    settings = [f"scope={_written(step.scope)}"] if step.scope != "frame" else []
    settings += ["by_plane=True"] if step.by_plane else []
    parts = [head, *([_written(values)] if values else []), *settings]
    line = f"ow.Step({', '.join(parts)}),"
    if len(line) <= _WIDTH - 8:
        yield line
        return
    yield "ow.Step("
    yield f"    {head},"
    if values and len(_written(values)) <= _WIDTH - 13:
        yield f"    {_written(values)},"
    elif values:
        yield "    {"
        for name, value in values.items():
            yield f"        {_written(name)}: {_written(value)},"
        yield "    },"
    for setting in settings:
        yield f"    {setting},"
    yield "),"


def _written(value: Any) -> str:
    """Return a value as a person writes it in Python."""
    if isinstance(value, From):
        return f"ow.From({_written(value.step)}, {value.times!r})"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_written(key)}: {_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def _writing(name: str, kind: str) -> list[str]:
    what = f"results[{_written(name)}]"
    if kind == "table":
        return [f"{what}.array.to_csv({_written(f'{name}.csv')})"]
    if kind == "value":
        return [f"print({_written(name)}, {what}.array)"]
    # what works on a mask or labels gives the same
    said = f"{what}.kind" if kind == "objects" else _written("image" if kind == "channels" else kind)
    return [
        "write_image(",
        f"    {_written(f'{name}.ome.tif')}, {what}.array, {what}.grid, kind={said}, overwrite=True",
        ")",
    ]


def _indented(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield f"    {line}"
