"""A composition: a function that returns a list of steps, offered under a name of its own.

It holds no pixel code. What it does can be opened part by part: each step has its own form, preview and locality, and
any of them can be replaced. The name is for whoever looks for it; a recipe holds the steps.

The annotations below are those of its signature: what it is given are names of inputs or steps, and what it returns
are steps, of which the last makes a result of the kind that is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, TypeVar

from objectwise.core.method import KINDS, Method
from objectwise.core.operation import Operation
from objectwise.core.step import Source, Step, free_name

ImageName = Annotated[str, KINDS["image"]]
ChannelsName = Annotated[str, KINDS["channels"]]
MaskName = Annotated[str, KINDS["mask"]]
LabelsName = Annotated[str, KINDS["labels"]]
MaskSteps = Annotated[list[Step], KINDS["mask"]]
LabelsSteps = Annotated[list[Step], KINDS["labels"]]
ClassesSteps = Annotated[list[Step], KINDS["classes"]]
ImageSteps = Annotated[list[Step], KINDS["image"]]


@dataclass(frozen=True, kw_only=True)
class Composition(Method):
    """All that is known of a composition; made by `register` from a function that `composition` has marked."""

    @property
    def steps(self) -> list[Step]:
        """Its steps with the defaults."""
        return list(self.function())


F = TypeVar("F", bound=Callable[..., Any])


def composition(*, title: str = "", dimensions: tuple[int, ...] = (2, 3)) -> Callable[[F], F]:
    """Mark a function that returns steps as a composition; the function itself is returned unchanged.

    Parameters
    ----------
    title : str, optional
        Its name in menus, where the function's name in words does not do.
    dimensions : tuple of int, optional
        For which numbers of spatial axes it is defined.
    """

    def mark(function: F) -> F:
        function.__method__ = partial(Composition, title=title, dimensions=dimensions)  # type: ignore[attr-defined]
        return function

    return mark


def steps_of(
    method: Method,
    name: str,
    sources: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    scope: str = "frame",
    by_plane: bool = False,
) -> list[Step]:
    """Return the steps that do what a method says: one for an operation, several for a composition.

    Parameters
    ----------
    method : Method
        What is to be done.
    name : str
        The id of the step of an operation. Steps of a composition have ids of their own, with a number behind where
        a source has the same name.
    sources : mapping of str
        What each input is, as in `Step`.
    values : mapping of str
        The parameters.
    scope : {'plane', 'frame', 'series'}, optional
        Over what parameters that are left out are computed.
    by_plane : bool, optional
        Whether each plane of a volume is worked on alone.
    """
    if isinstance(method, Operation):
        return [Step(name, method.name, sources, values, scope, by_plane)]
    taken = {Source.parse(item).name for item in sources.values()}
    steps: list[Step] = []
    # inputs go by marks of their own, so that the ids of steps and the names of layers are told apart
    marks = {item.name: f"\0{item.name}" for item in method.inputs if item.name in sources}
    names = {mark: str(sources[slot]) for slot, mark in marks.items()}
    for step in method.function(**marks, **method.check(values)):
        own = free_name(step.id, taken)
        # a number is that of a volume, and serves all its planes
        planes = by_plane and step.operation.output not in ("value", "table")
        steps.append(replace(step.renamed(names), id=own, scope=scope, by_plane=planes))
        names[step.id] = own
        taken.add(own)
    return steps
