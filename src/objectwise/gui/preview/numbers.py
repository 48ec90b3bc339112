"""The numbers that a run computes from a whole plane, frame, volume or series, for the plane that is displayed.

They are found once for each image and kept. What was counted for one is there for the next: another method of
thresholding takes no further pass over the image.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from objectwise.core.recipe import Recipe
from objectwise.core.results import Result
from objectwise.core.run import computing_values
from objectwise.gui.layers.conversion import arrays_of
from objectwise.gui.preview.memory import Memory
from objectwise.gui.preview.region import depends

_GUESSED = " (provisional: sizes and thresholds are found in the view, and by Run in the whole image)"


def lock(
    recipe: Recipe,
    inputs: Mapping[str, Result],
    index: Mapping[str, int],
    memory: Memory,
    plane: bool,
    volume: bool,
) -> Generator[float, None, tuple[Recipe, list[dict[str, Any]], str]]:
    """Return a recipe with the numbers written in that a run would compute for the displayed plane.

    A number that depends on the result of an earlier step is left to the run of the part that is displayed: exact
    where that is all that it is found from, and otherwise said to be found in the view alone.

    Parameters
    ----------
    recipe, inputs, index, memory
        What is looked at.
    plane, volume : bool
        Whether the whole plane and the whole volume are worked on, and not a part of them.

    Raises
    ------
    ValueError
        If such a number depends on the results of an earlier step in other planes or frames.
    """
    steps, rows, guessed = [], [], False
    flat = all(source.grid.ndim == 2 for source in inputs.values())
    for step in recipe.steps:
        if all(step.parameters[parameter.name] is not None for parameter in step.operation.computed):
            guessed |= depends(step) or step.operation.output == "value"
            steps.append(step)
        elif not step.needs() <= set(inputs):
            if step.scope == "series" or (step.scope == "frame" and not flat and not volume):
                raise ValueError(
                    "No preview of a number that is found in the result of an earlier step; press Run."
                )
            guessed = True
            steps.append(step)
        else:
            one = replace(recipe, steps=(step,), inputs=(), outputs=())
            found = yield from computed(one, inputs, index, memory)
            parameters = dict(step.parameters) | {row["parameter"]: row["value"] for row in found}
            steps.append(replace(step, parameters=parameters))
            rows += found
    note = _GUESSED if guessed and not plane else ""
    return replace(recipe, steps=tuple(steps)), rows, note


def computed(
    recipe: Recipe, inputs: Mapping[str, Result], index: Mapping[str, int], memory: Memory
) -> Generator[float, None, list[dict[str, Any]]]:
    """Return the numbers that a run of one step would compute, found once for each state of its inputs."""
    step = recipe.steps[0]
    given = {name: inputs[name] for name in recipe.inputs}
    arrays = tuple(array for item in given.values() for array in arrays_of(item.array))
    axes = {"plane": "tz", "frame": "t", "series": ""}[step.scope]
    here = {axis: n for axis, n in index.items() if axis in axes}
    key = (tuple(map(id, arrays)), str(here), str(step))
    counts = memory.counts(arrays)
    return (yield from memory.get(key, arrays, lambda: computing_values(recipe, given, index, counts)))
