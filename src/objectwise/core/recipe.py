"""A list of steps with all their values: what was done once, to be done again anywhere.

A recipe is the one form of history, provenance, batch file and macro. It is written as TOML that a person
can read and change: one flat table for each step, every value written out, the unit of its lengths stated.
Reading checks every name and every value against the operations, so that a mistake is found before
anything runs.

What a step is given is named by the id of an earlier step or by an input of the recipe. ``cells[DAPI]`` or
``cells[0]`` names one channel of it. A parameter may take the number that an earlier step has found:
``min_diameter = {from = "size", times = 0.5}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from objectwise.core import recipe_file
from objectwise.core.comparison import differences
from objectwise.core.grid import unit_name
from objectwise.core.parameter import nearest
from objectwise.core.step import From, Source, Step, free_name

__all__ = ["From", "Recipe", "Source", "Step"]

_NAME = re.compile(r"^[A-Za-z_][\w\- ]*$")


@dataclass(frozen=True)
class Recipe:
    """Named inputs, the steps that are done with them, and the results that are kept.

    Parameters
    ----------
    steps : sequence of Step
        In the order in which they run.
    inputs : sequence of str, optional
        Names of what a run is given; those that the steps name and no step makes, where it is left out.
    outputs : sequence of str, optional
        Ids of the steps whose results are kept; where it is left out, those that no later step uses, and
        the labels that a table belongs to.
    unit : str, optional
        Unit of all lengths in the recipe. ``"pixel"`` stands for the size of a pixel along y.
    notes : mapping, optional
        Where it comes from: version of the package, fingerprints of inputs edited by hand.

    Examples
    --------
    >>> import objectwise
    >>> recipe = Recipe([Step("mask", "threshold_auto", {"image": "nuclei"}, {"method": "li"})])
    >>> recipe.inputs, recipe.outputs
    (('nuclei',), ('mask',))
    """

    steps: Sequence[Step]
    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    unit: str = "pixel"
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check every name and value."""
        made = [step.id for step in self.steps]
        if not made:
            raise ValueError("a recipe needs at least one step")
        needed = [name for step in self.steps for name in _ordered(step) if name not in made]
        inputs = tuple(self.inputs) or tuple(dict.fromkeys(needed))
        for name in [*inputs, *made]:
            if not _NAME.match(name):
                raise ValueError(
                    f"{name!r} cannot be a name: use letters, digits, _, - and spaces, a letter first"
                )
        twice = [name for name in [*inputs, *made] if [*inputs, *made].count(name) > 1]
        if twice:
            raise ValueError(f"the name {twice[0]!r} stands twice; each input and step has a name of its own")
        kinds: dict[str, str | None] = dict.fromkeys(inputs)
        steps = []
        for step in self.steps:
            step = step.checked(kinds)
            steps.append(step)
            given = {name: kinds[pairs[0][1].name] for name, pairs in step.sources().items() if pairs}
            kinds[step.id] = step.operation.output_kind(given)
        outputs = tuple(self.outputs) or _leaves(steps)
        for name in outputs:
            if name not in made:
                raise ValueError(f"outputs names {name!r}, which is no step{nearest(name, made)}")
        object.__setattr__(self, "steps", tuple(steps))
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "outputs", outputs)
        object.__setattr__(self, "unit", unit_name(self.unit))
        object.__setattr__(self, "notes", dict(self.notes))

    # --- looking ---------------------------------------------------------------------------------------

    def step(self, name: str) -> Step:
        """Return the step of this id."""
        for step in self.steps:
            if step.id == name:
                return step
        raise ValueError(f"there is no step {name!r}{nearest(name, [step.id for step in self.steps])}")

    def leading_to(self, *outputs: str) -> Recipe:
        """Return the recipe that makes only these results."""
        wanted, kept = {self.step(name).id for name in outputs}, []
        for step in reversed(self.steps):
            if step.id in wanted:
                kept.append(step)
                wanted |= step.needs()
        return replace(
            self,
            steps=tuple(reversed(kept)),
            inputs=tuple(name for name in self.inputs if name in wanted),
            outputs=outputs,
        )

    def input_kinds(self) -> dict[str, str]:
        """Return for each input the kind of array that the first step to take it asks for."""
        found: dict[str, str] = {}
        for step in self.steps:
            for item in step.operation.inputs:
                for _, source in step.sources().get(item.name, ()):
                    if source.name in self.inputs:
                        found.setdefault(source.name, "image" if item.kind == "images" else item.kind)
        return {name: found.get(name, "image") for name in self.inputs}

    def with_inputs(self, names: Mapping[str, str]) -> Recipe:
        """Return this recipe with other names for its inputs; two of one name become one.

        Examples
        --------
        >>> recipe = Recipe([Step("mask", "threshold_auto", {"image": "nuclei"})])
        >>> recipe.with_inputs({"nuclei": "cells"}).inputs
        ('cells',)
        """
        inputs = tuple(dict.fromkeys(names.get(name, name) for name in self.inputs))
        return replace(self, steps=[step.renamed(names) for step in self.steps], inputs=inputs)

    def with_value(self, step: str, parameter: str, value: Any) -> Recipe:
        """Return this recipe with another value of one parameter."""
        chosen = self.step(step)
        changed = replace(chosen, parameters={**chosen.parameters, parameter: value})
        return replace(self, steps=[changed if item.id == step else item for item in self.steps])

    def lengths(self) -> list[str]:
        """Return ``step.parameter`` for every value that is a length or a size and is not zero."""
        return [
            f"{step.id}.{name}"
            for step in self.steps
            for name, value in step.parameters.items()
            if value and (unit := step.operation.parameters[name].unit) and unit.exponent(2)
        ]

    def after(self, histories: Mapping[str, Recipe]) -> Recipe:
        """Return this recipe with the recipes that made its inputs put before it.

        Parameters
        ----------
        histories : mapping of str to Recipe
            For an input of this recipe, the recipe whose last output it is. A recipe in another unit is
            kept out, as its numbers would mean something else; its input then stays an input.
        """
        return self.joined(histories)[0]

    def joined(self, histories: Mapping[str, Recipe]) -> tuple[Recipe, dict[str | None, dict[str, str]]]:
        """Return this recipe after others, as `after` does, and the new names of their steps.

        Returns
        -------
        recipe : Recipe
            The notes are those of all of them; a note of this recipe comes before one of the others.
        names : dict
            For each input with a history, and for None (this recipe), the new name of each step.
        """
        histories = {name: histories[name] for name in self.inputs if name in histories}
        unit = next((item.unit for item in (self, *histories.values()) if item.lengths()), self.unit)
        histories = {
            name: item for name, item in histories.items() if item.unit == unit or not item.lengths()
        }
        needed = [histories[name].inputs if name in histories else (name,) for name in self.inputs]
        inputs = tuple(dict.fromkeys(item for names in needed for item in names))
        steps: list[Step] = []
        renamed: dict[str, str] = {}
        names: dict[str | None, dict[str, str]] = {}
        for name, history in histories.items():
            fresh = names[name] = {}
            for step in history.steps:
                step = step.renamed(fresh)
                same = next((item for item in steps if replace(item, id="") == replace(step, id="")), None)
                if same is not None:
                    fresh[step.id] = same.id
                    continue
                taken = {item.id for item in steps} | {item.id for item in self.steps} | set(inputs)
                unique = free_name(step.id, taken)
                fresh[step.id] = unique
                steps.append(replace(step, id=unique))
            renamed[name] = fresh[history.outputs[-1]]
        taken = set(inputs) | {item.id for item in steps}
        own = names[None] = {}
        for step in self.steps:
            step = step.renamed(renamed)
            own[step.id] = renamed[step.id] = free_name(step.id, taken)
            taken.add(own[step.id])
            steps.append(replace(step, id=own[step.id]))
        outputs = tuple(renamed[name] for name in self.outputs)
        notes = {key: value for item in histories.values() for key, value in item.notes.items()} | dict(
            self.notes
        )
        joined = replace(self, steps=tuple(steps), inputs=inputs, outputs=outputs, unit=unit, notes=notes)
        return joined, names

    def lock(self, values: Iterable[Mapping[str, Any]], by: str | None = None) -> Recipe:
        """Return this recipe with the values that a run has computed written into its steps.

        Parameters
        ----------
        values : iterable of mapping
            The ``values`` of a result: step, parameter, t, z, c and value.
        by : {'median', 'first'}, optional
            How one value is made of several of different frames, planes or channels. Has to be said
            where there are several.

        Raises
        ------
        ValueError
            If there are several different values and ``by`` does not say which to take.
        """
        found: dict[tuple[str, str], list[Any]] = {}
        for row in values:
            found.setdefault((row["step"], row["parameter"]), []).append(row["value"])
        steps = []
        for step in self.steps:
            parameters = dict(step.parameters)
            for name in parameters:
                several = found.get((step.id, name))
                if not several or parameters[name] is not None:
                    continue
                # a frame of one brightness has no threshold, and no say in that of the others
                several = [item for item in several if item == item] or several[:1]
                value = several[0]
                if any(item != value for item in several[1:]) and by != "first":
                    if by != "median" or len({np.shape(item) for item in several}) > 1:
                        raise ValueError(
                            f"step {step.id!r}: {name} has {len(several)} values from {min(several)} to "
                            f"{max(several)}; say which to lock: by='median' or by='first'"
                        )
                    value = np.median(np.asarray(several, float), axis=0).tolist()
                parameters[name] = value
            steps.append(replace(step, parameters=parameters))
        return replace(self, steps=tuple(steps))

    def diff(self, other: Recipe) -> list[str]:
        """Return in words what changes from this recipe to another, such as ``mask: method otsu -> li``."""
        return differences(self, other)

    # --- files -----------------------------------------------------------------------------------------

    @classmethod
    def read(cls, path: str | Path) -> Recipe:
        """Read a recipe from a TOML file, and check all of it.

        Raises
        ------
        ValueError
            If the file is not a recipe, or anything in it is unknown or out of bounds.
        """
        path = Path(path)
        try:
            # some editors put a mark before the first letter
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise ValueError(f"there is no recipe {path}") from None
        except UnicodeDecodeError:
            raise ValueError(f"{path.name} is not a recipe: it is not a text file") from None
        try:
            return cls.from_toml(text)
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from None

    def write(self, path: str | Path) -> None:
        """Write this recipe to a TOML file; whoever stops it leaves the old file or none, but no half one."""
        path = Path(path)
        unfinished = path.with_name(f".{path.name}.unfinished")
        try:
            unfinished.write_text(self.to_toml(), encoding="utf-8")
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    @classmethod
    def from_toml(cls, text: str) -> Recipe:
        """Read a recipe from TOML text."""
        return cls(**recipe_file.parse(text))

    def to_toml(self) -> str:
        """Return this recipe as TOML text, every value written out.

        Notes
        -----
        A parameter that is left to be computed is not written. One that is switched off is written as
        ``"none"``, as TOML has no word for it.
        """
        return recipe_file.written(self.steps, self.inputs, self.outputs, self.unit, self.notes)


def _ordered(step: Step) -> list[str]:
    names = [source.name for pairs in step.sources().values() for _, source in pairs]
    return list(dict.fromkeys([*names, *sorted(step.needs())]))


def _leaves(steps: Sequence[Step]) -> tuple[str, ...]:
    used = {name for step in steps for name in step.needs()}
    measured = {
        source.name
        for step in steps
        if step.operation.output == "table"
        for pairs in step.sources().values()
        for _, source in pairs
    }
    kinds = {step.id: step.operation.output for step in steps}
    return tuple(
        step.id
        for step in steps
        if step.id not in used or (step.id in measured and kinds[step.id] in ("labels", "classes", "objects"))
    )
