"""One image's numbers for all of them: thresholds found once, and written into the recipe.

Treated and untreated wells have to be cut at the same brightness; a threshold found in each image anew would follow
the effect that is to be measured. What comes out is a recipe like any other, with the numbers in it and the name of
the image that they are of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from objectwise.batch.files import Files, open_files
from objectwise.batch.finding import Found
from objectwise.batch.planning import RECIPE
from objectwise.batch.work import Job
from objectwise.core.recipe import Recipe
from objectwise.core.run import run
from objectwise.io.files import stem
from objectwise.io.opening import Reading

NOTE = "statistics_of"


def lock_statistics(
    recipe: Recipe, which: str, images: Sequence[Found], folder: Path, reading: Reading | None = None
) -> Recipe:
    """Return a recipe with the numbers that one image gives, such as its threshold, in place of those of each image.

    Parameters
    ----------
    recipe : Recipe
    which : str
        ``"first"``, the name of an image, or a file.
    images : sequence of Found
    folder : path
        The folder of results: where it has a first image already, that one stays the first.
    reading : Reading, optional

    Raises
    ------
    ValueError
        If there is no such image, or the recipe computes nothing that could be locked. Of several frames it is the
        median that is taken.
    """
    image = _chosen(recipe, which, images, folder)
    job = Job(recipe, reading or Reading(), folder)
    opened = {name: open_files(image.inputs[name], job.kinds[name], job.reading)[0] for name in recipe.inputs}
    *_, last = run(recipe, opened)
    values = [item for result in last.results.values() for item in result.values]
    locked = recipe.lock(values, by="median")
    if locked == recipe:
        raise ValueError("the recipe computes no number from the images, so that there is nothing to lock")
    return replace(locked, notes={**recipe.notes, NOTE: image.name})


def locked_values(before: Recipe, after: Recipe) -> list[str]:
    """Return in words what was locked."""
    return [
        f"{name} of {step.id} is {step.parameters[name]:g} in all images"
        if isinstance(step.parameters[name], float | int)
        else f"{name} of {step.id} is {step.parameters[name]} in all images"
        for step, old in zip(after.steps, before.steps, strict=True)
        for name in step.parameters
        if step.parameters[name] != old.parameters[name]
    ]


def _chosen(recipe: Recipe, which: str, images: Sequence[Found], folder: Path) -> Found:
    if which == "first":
        try:
            before = Recipe.read(folder / RECIPE).notes.get(NOTE)
        except ValueError:
            before = None
        return next((image for image in images if image.name == before), images[0])
    for image in images:
        paths = [Path(path).resolve() for files in image.inputs.values() for path in files.paths]
        if which == image.name or Path(which).resolve() in paths:
            return image
    if len(recipe.inputs) > 1:
        raise ValueError(f"{which} is none of the images; the recipe needs {', '.join(recipe.inputs)} of it")
    return Found(stem(Path(which)), {recipe.inputs[0]: Files((which,))})
