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

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from objectwise.core import operation as contract
from objectwise.core.operation import ACCEPTS, Operation, nearest

FORMAT = 1
SCOPES = ("plane", "frame", "series")
STEP_KEYS = ("id", "op", "scope", "by_plane")
_NAME = re.compile(r"^[A-Za-z_][\w\- ]*$")
_SOURCE = re.compile(r"^(?P<name>[^\[\]]+)(\[(?P<channel>[^\[\]]+)\])?$")

# renamed parameters: (operation, old name) -> new name, or None where it has gone
MIGRATIONS: dict[tuple[str, str], str | None] = {}


@dataclass(frozen=True)
class From:
    """The number that an earlier step has found, times a factor, as the value of a parameter."""

    step: str
    times: float = 1.0

    def __str__(self) -> str:
        """Return it as a recipe writes it."""
        return f"{{from = {self.step!r}, times = {self.times:g}}}"


@dataclass(frozen=True)
class Source:
    """Where the array of a step comes from: an input or an earlier step, and which channel of it."""

    name: str
    channel: str | None = None

    @classmethod
    def parse(cls, text: str) -> Source:
        """Read ``"cells"`` or ``"cells[DAPI]"``."""
        match = _SOURCE.match(str(text).strip())
        if match is None:
            raise ValueError(f"{text!r} names no array; write the name of an input or step, or name[channel]")
        return cls(match["name"].strip(), match["channel"])

    def __str__(self) -> str:
        """Return it as a recipe writes it."""
        return self.name if self.channel is None else f"{self.name}[{self.channel}]"


@dataclass(frozen=True)
class Step:
    """One operation, what it is given, and the values of its parameters.

    Parameters
    ----------
    id : str
        The name by which later steps know its result.
    op : str
        The name of the operation.
    inputs : mapping of str to str, or to a mapping
        For each array of the operation, what it is; for named channels, a mapping of names.
    parameters : mapping, optional
        The values; those left out have their defaults.
    scope : {'plane', 'frame', 'series'}, optional
        Over what a parameter that is left out is computed.
    by_plane : bool, optional
        Whether each plane of a volume is worked on alone.
    """

    id: str
    op: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    scope: str = "frame"
    by_plane: bool = False

    @property
    def operation(self) -> Operation:
        """The record of the operation."""
        return contract.find(self.op, f"step {self.id!r}")

    def sources(self) -> dict[str, list[tuple[str, Source]]]:
        """Return for each input its ``(name, source)`` pairs: one pair, or one for each named channel."""
        found = {}
        for name, value in self.inputs.items():
            if isinstance(value, Mapping):
                found[name] = [(str(key), Source.parse(item)) for key, item in value.items()]
            elif value is not None:
                found[name] = [(name, Source.parse(value))]
        return found

    def needs(self) -> set[str]:
        """Return the names of the inputs and steps that this step depends on."""
        names = {source.name for pairs in self.sources().values() for _, source in pairs}
        return names | {value.step for value in self.parameters.values() if isinstance(value, From)}

    def checked(self, known: Mapping[str, str | None]) -> Step:
        """Return this step with every value written out; refuse what is wrong.

        Parameters
        ----------
        known : mapping of str to str or None
            The kind of each input and earlier step; None where it is not known.
        """
        where = f"step {self.id!r}"
        record = self.operation
        if self.scope not in SCOPES:
            raise ValueError(f"{where}: scope must be one of {', '.join(SCOPES)}; found {self.scope!r}")
        if not isinstance(self.by_plane, bool):
            raise ValueError(f"{where}: by_plane must be true or false; found {self.by_plane!r}")
        names = [item.name for item in record.inputs]
        for name in self.inputs:
            if name not in names:
                raise ValueError(
                    f"{where}: {self.op} is given {', '.join(names)}, not {name!r}{nearest(name, names)}"
                )
        sources = self.sources()
        for item in record.inputs:
            pairs = sources.get(item.name)
            if not pairs:
                if not item.optional:
                    raise ValueError(
                        f"{where}: {self.op} needs {item.name}, {contract.KINDS[item.kind].description}"
                    )
                continue
            for _, source in pairs:
                if source.name not in known:
                    raise ValueError(
                        f"{where}: {item.name} names {source.name!r}, which is neither an input nor an earlier step"
                        f"{nearest(source.name, known)}"
                    )
                kind = known[source.name]
                if kind is not None and kind not in ACCEPTS[item.kind]:
                    raise ValueError(
                        f"{where}: {item.name} must be {item.kind} ({contract.KINDS[item.kind].description}); "
                        f"{source.name!r} is {kind}"
                    )
        late = {name: value for name, value in self.parameters.items() if isinstance(value, From)}
        for name, value in late.items():
            if known.get(value.step) != "value":
                raise ValueError(
                    f"{where}: {name} is taken from {value.step!r}, which is not an earlier step that finds a number"
                )
        values = record.check(
            {name: value for name, value in self.parameters.items() if name not in late}
            | {name: _placeholder(record, name, where) for name in late},
            where,
        )
        return replace(
            self,
            inputs={name: self.inputs[name] for name in names if self.inputs.get(name) is not None},
            parameters={name: late.get(name, value) for name, value in values.items()},
        )


def _placeholder(record: Operation, name: str, where: str) -> Any:
    """Return a value that passes the bounds of a parameter whose number is not known yet."""
    if name not in record.parameters:
        return record.check({name: None}, where)
    item = record.parameters[name]
    for value in (item.default, item.minimum, item.maximum, 1.0):
        if value is not None:
            return value
    return None


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
        from objectwise.core.grid import unit_name

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
            given = {name: kinds[pairs[0][1].name] or "" for name, pairs in step.sources().items()}
            kinds[step.id] = step.operation.output_kind({name: kind for name, kind in given.items() if kind})
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
        wanted, kept = set(outputs), []
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
        steps: list[Step] = []
        inputs: list[str] = []
        renamed: dict[str, str] = {}
        for name in self.inputs:
            history = histories.get(name)
            if history is None or (history.unit != self.unit and history.lengths() and self.lengths()):
                renamed[name] = name
                if name not in inputs:
                    inputs.append(name)
                continue
            fresh: dict[str, str] = {}
            for step in history.steps:
                step = _rename(step, fresh)
                same = next((item for item in steps if replace(item, id="") == replace(step, id="")), None)
                if same is not None:
                    fresh[step.id] = same.id
                    continue
                taken = {item.id for item in steps} | {item.id for item in self.steps} | set(inputs)
                unique = _free(step.id, taken)
                fresh[step.id] = unique
                steps.append(replace(step, id=unique))
            inputs.extend(item for item in history.inputs if item not in inputs)
            renamed[name] = fresh.get(history.outputs[-1], history.outputs[-1])
        taken = set(inputs) | {item.id for item in steps}
        for step in self.steps:
            step = _rename(step, renamed)
            unique = _free(step.id, taken)
            renamed[step.id] = unique
            taken.add(unique)
            steps.append(replace(step, id=unique))
        unit = (
            self.unit
            if self.lengths()
            else next((h.unit for h in histories.values() if h.lengths()), self.unit)
        )
        outputs = tuple(renamed.get(name, name) for name in self.outputs)
        return replace(self, steps=tuple(steps), inputs=tuple(inputs), outputs=outputs, unit=unit)

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
        import numpy as np

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
                value = several[0]
                if any(item != value for item in several[1:]) and by != "first":
                    if by != "median":
                        raise ValueError(
                            f"step {step.id!r}: {name} has {len(several)} values from {min(several)} to {max(several)}; "
                            "say which to lock: by='median' or by='first'"
                        )
                    value = _listed(np.median(np.asarray(several, float), axis=0))
                parameters[name] = value
            steps.append(replace(step, parameters=parameters))
        return replace(self, steps=tuple(steps))

    def diff(self, other: Recipe) -> list[str]:
        """Return the lines in which another recipe differs, ``-`` for this one and ``+`` for the other."""
        ours, theirs = (item.to_toml().splitlines() for item in (self, other))
        lines = difflib.unified_diff(ours, theirs, lineterm="", n=0)
        return [
            line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---") and line[1:].strip()
        ]

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
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise ValueError(f"there is no recipe {path}") from None
        except UnicodeDecodeError:
            raise ValueError(f"{path.name} is not a recipe: it is not a text file") from None
        try:
            return cls.from_toml(text)
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from None

    def write(self, path: str | Path) -> None:
        """Write this recipe to a TOML file."""
        Path(path).write_text(self.to_toml(), encoding="utf-8")

    @classmethod
    def from_toml(cls, text: str) -> Recipe:
        """Read a recipe from TOML text."""
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        try:
            data = tomlkit.parse(text).unwrap()
        except TOMLKitError as error:
            raise ValueError(f"not a recipe, as it is not TOML: {error}") from None
        if data.get("recipe") != FORMAT:
            raise ValueError(
                f"not a recipe of format {FORMAT}: the line 'recipe = {FORMAT}' is needed, found {data.get('recipe')!r}"
            )
        allowed = ("recipe", "unit", "inputs", "outputs", "notes", "step")
        for name in data:
            if name not in allowed:
                raise ValueError(
                    f"unknown key {name!r}{nearest(name, allowed)}; allowed are {', '.join(allowed)}"
                )
        tables = data.get("step", [])
        if not isinstance(tables, list) or not all(isinstance(item, dict) for item in tables):
            raise ValueError("steps are written as [[step]] tables")
        return cls(
            steps=[_step(item, number) for number, item in enumerate(tables, 1)],
            inputs=tuple(data.get("inputs", ())),
            outputs=tuple(data.get("outputs", ())),
            unit=data.get("unit", "pixel"),
            notes=data.get("notes", {}),
        )

    def to_toml(self) -> str:
        """Return this recipe as TOML text, every value written out.

        Notes
        -----
        A parameter that is left to be computed, or that is not used, is not written: TOML has no None.
        """
        import tomlkit

        document = tomlkit.document()
        document["recipe"] = FORMAT
        document["unit"] = self.unit
        document["inputs"] = list(self.inputs)
        document["outputs"] = list(self.outputs)
        if self.notes:
            document["notes"] = dict(self.notes)
        array = tomlkit.aot()
        for step in self.steps:
            table = tomlkit.table()
            table["id"] = step.id
            table["op"] = step.op
            for name, value in step.inputs.items():
                table[name] = _inline(value) if isinstance(value, Mapping) else str(value)
            for name, value in step.parameters.items():
                if value is None:
                    continue
                if isinstance(value, From):
                    value = _inline({"from": value.step, "times": value.times})
                table[name] = _listed(value)
            if step.operation.computed:
                table["scope"] = step.scope
            if step.by_plane:
                table["by_plane"] = True
            array.append(table)
        document["step"] = array
        return tomlkit.dumps(document)


def schema() -> dict[str, Any]:
    """Return the JSON schema of recipe files, made from the operations."""
    steps = []
    words = {float: "number", int: "integer", bool: "boolean", str: "string", tuple: "array"}
    late = {
        "type": "object",
        "properties": {"from": {"type": "string"}, "times": {"type": "number"}},
        "required": ["from"],
        "additionalProperties": False,
    }
    for record in contract.operations.values():
        properties: dict[str, Any] = {"id": {"type": "string"}, "op": {"const": record.name}}
        required = ["id", "op"]
        for item in record.inputs:
            named = {"type": "object", "additionalProperties": {"type": "string"}}
            properties[item.name] = (
                {"anyOf": [{"type": "string"}, named]} if item.kind == "images" else {"type": "string"}
            )
            properties[item.name]["description"] = item.description
            if not item.optional:
                required.append(item.name)
        for parameter in record.parameters.values():
            limits = {
                "minimum": parameter.minimum,
                "maximum": parameter.maximum,
                "exclusiveMinimum": parameter.above,
                "exclusiveMaximum": parameter.below,
                "enum": list(parameter.choices) or None,
            }
            value = {"type": words[parameter.type]} | {
                key: limit for key, limit in limits.items() if limit is not None
            }
            numeric = parameter.type in (float, int)
            properties[parameter.name] = ({"anyOf": [value, late]} if numeric else value) | {
                "description": parameter.description
            }
            if parameter.default is not None:
                properties[parameter.name]["default"] = _listed(parameter.default)
        properties["by_plane"] = {"type": "boolean", "default": False}
        properties["scope"] = {"enum": list(SCOPES), "default": "frame"}
        steps.append(
            {
                "title": record.name,
                "description": record.summary,
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": False,
            }
        )
    names = {"type": "array", "items": {"type": "string"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "objectwise recipe",
        "type": "object",
        "properties": {
            "recipe": {"const": FORMAT},
            "unit": {"type": "string"},
            "inputs": names,
            "outputs": names,
            "notes": {"type": "object"},
            "step": {"type": "array", "minItems": 1, "items": {"oneOf": steps}},
        },
        "required": ["recipe", "step"],
        "additionalProperties": False,
    }


def _step(data: Mapping[str, Any], number: int) -> Step:
    """Return the step that a table of a recipe file describes."""
    data = dict(data)
    name = data.pop("id", None)
    where = f"step {name!r}" if name else f"step {number}"
    if not isinstance(name, str):
        raise ValueError(f"{where}: id must be a text; found {name!r}")
    op = data.pop("op", None)
    if op is None:
        raise ValueError(f"{where}: op, the name of an operation, is missing")
    record = contract.find(op, where)
    scope, by_plane = data.pop("scope", "frame"), data.pop("by_plane", False)
    for old in list(data):
        if (op, old) in MIGRATIONS:
            new, value = MIGRATIONS[(op, old)], data.pop(old)
            if new is not None:
                data[new] = value
    arrays = {item.name for item in record.inputs}
    inputs = {key: value for key, value in data.items() if key in arrays}
    parameters = {}
    for key, value in data.items():
        if key in arrays:
            continue
        if key not in record.parameters:
            allowed = [*arrays, *record.parameters, *STEP_KEYS]
            raise ValueError(
                f"{where}: {op} has no parameter {key!r}{nearest(key, allowed)}; it has {', '.join(record.parameters) or 'none'}"
            )
        if isinstance(value, Mapping):
            if "from" not in value or set(value) - {"from", "times"}:
                raise ValueError(
                    f'{where}: {key} must be a value or {{from = "STEP", times = NUMBER}}; found {value!r}'
                )
            value = From(str(value["from"]), float(value.get("times", 1.0)))
        parameters[key] = value
    return Step(name, op, inputs, parameters, scope, by_plane)


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


def _rename(step: Step, names: Mapping[str, str]) -> Step:
    def changed(text: Any) -> str:
        source = Source.parse(text)
        return str(replace(source, name=names.get(source.name, source.name)))

    inputs = {
        key: {name: changed(item) for name, item in value.items()}
        if isinstance(value, Mapping)
        else changed(value)
        for key, value in step.inputs.items()
    }
    parameters = {
        key: replace(value, step=names.get(value.step, value.step)) if isinstance(value, From) else value
        for key, value in step.parameters.items()
    }
    return replace(step, inputs=inputs, parameters=parameters)


def _free(name: str, taken: set[str]) -> str:
    """Return a name that is not taken, with a number behind it where needed."""
    if name not in taken:
        return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def _inline(value: Mapping[str, Any]) -> Any:
    import tomlkit

    table = tomlkit.inline_table()
    table.update({key: _listed(item) if not isinstance(item, str) else item for key, item in value.items()})
    return table


def _listed(value: Any) -> Any:
    """Return a value in the types that TOML and JSON know."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, tuple | list):
        return [_listed(item) for item in value]
    return value
