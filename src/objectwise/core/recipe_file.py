"""Recipes as text: TOML that a person can read and change, and the JSON schema that editors check it by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from objectwise.core.operation import find, operations
from objectwise.core.parameter import nearest
from objectwise.core.step import SCOPES, STEP_KEYS, From, Step

FORMAT = 1

# renamed parameters: (operation, old name) -> new name, or None where it has gone
MIGRATIONS: dict[tuple[str, str], str | None] = {}


def parse(text: str) -> dict[str, Any]:
    """Return what a recipe is made of from its TOML text; refuse what is unknown.

    Raises
    ------
    ValueError
        If the text is not a recipe, or names a key, an operation or a parameter that is not there.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        data = tomlkit.parse(text).unwrap()
    except TOMLKitError as error:
        raise ValueError(f"not a recipe, as it is not TOML: {error}") from None
    found = data.get("recipe")
    if found != FORMAT:
        raise ValueError(
            f"not a recipe of format {FORMAT}: the line 'recipe = {FORMAT}' is needed, found {found!r}"
        )
    allowed = ("recipe", "unit", "inputs", "outputs", "notes", "step")
    for name in data:
        if name not in allowed:
            raise ValueError(
                f"unknown key {name!r}{nearest(name, allowed)}; allowed are {', '.join(allowed)}"
            )
    for name in ("inputs", "outputs"):
        if not _is_list_of(data.get(name, []), str):
            raise ValueError(f"{name} must be a list of names; found {data[name]!r}")
    for name, wanted, word in (("unit", str, "a text"), ("notes", dict, "a table")):
        if not isinstance(data.get(name, wanted()), wanted):
            raise ValueError(f"{name} must be {word}; found {data[name]!r}")
    tables = data.get("step", [])
    if not _is_list_of(tables, dict):
        raise ValueError("steps are written as [[step]] tables")
    return {
        "steps": [_step(item, number) for number, item in enumerate(tables, 1)],
        "inputs": tuple(data.get("inputs", ())),
        "outputs": tuple(data.get("outputs", ())),
        "unit": data.get("unit", "pixel"),
        "notes": data.get("notes", {}),
    }


def written(
    steps: Sequence[Step], inputs: Sequence[str], outputs: Sequence[str], unit: str, notes: Mapping[str, Any]
) -> str:
    """Return the TOML text of a recipe from what it is made of; the counterpart of `parse`."""
    import tomlkit

    document = tomlkit.document()
    document["recipe"] = FORMAT
    document["unit"] = unit
    document["inputs"] = list(inputs)
    document["outputs"] = list(outputs)
    if notes:
        document["notes"] = dict(notes)
    array = tomlkit.aot()
    for step in steps:
        record = step.operation
        table = tomlkit.table()
        table["id"] = step.id
        table["op"] = step.op
        for name, value in step.inputs.items():
            table[name] = _inline(value) if isinstance(value, Mapping) else str(value)
        for name, value in step.parameters.items():
            if isinstance(value, From):
                table[name] = _inline({"from": value.step, "times": value.times})
            elif value is not None:
                table[name] = _listed(value)
            elif record.parameters[name].default is not None:
                table[name] = "none"
        if record.computed or step.scope != "frame":
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
    for record in operations.values():
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
    record = find(op, where)
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
                f"{where}: {op} has no parameter {key!r}{nearest(key, allowed)}; "
                f"it has {', '.join(record.parameters) or 'none'}"
            )
        if isinstance(value, Mapping):
            times = value.get("times", 1.0)
            if (
                "from" not in value
                or set(value) - {"from", "times"}
                or isinstance(times, bool)
                or not isinstance(times, int | float)
            ):
                raise ValueError(
                    f'{where}: {key} must be a value or {{from = "STEP", times = NUMBER}}; found {value!r}'
                )
            value = From(str(value["from"]), float(times))
        parameters[key] = value
    return Step(name, op, inputs, parameters, scope, by_plane)


def _is_list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


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
