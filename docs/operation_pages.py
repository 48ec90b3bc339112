"""The pages of the operations, made from their records, and the list of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from examples import EXAMPLES, before_and_after, example
from markup import listed, table, text

import objectwise as ow
from objectwise.core.operation import KINDS, Operation
from objectwise.core.parameter import Parameter

LOCALITIES = {
    "halo": "looks a bounded way around each pixel; tiles give the same pixels as the whole image",
    "components": "decides about whole connected pieces, which are joined across tiles",
    "objects": "works on each connected piece alone; a piece that crosses tiles is worked on in its own box",
    "whole": "needs the whole frame at once, and is refused where tiles are asked for",
}


def page(record: Operation) -> str:
    return f"reference/operations/{record.name}.md"


def picture_of(record: Operation) -> str:
    return f"pictures/operations/{record.name}.png"


def describe(record: Operation) -> tuple[str, np.ndarray]:
    """Return the page of an operation and its picture."""
    inputs, result = example(record)
    values = EXAMPLES.get(record.name, {})
    parts = [f"# {record.label}", f"`{record.name}` &nbsp; {text(record.summary)}"]
    if record.doc.long_description:
        parts.append(text(record.doc.long_description))
    parts.append(f"![Before and after]({'../../'}{picture_of(record)})")
    parts.append(caption(record, values, result))
    if record.output == "table":
        parts.append(rows_of(result))

    parts.append("## What it is given")
    types = {item.arg_name: item.type_name for item in record.doc.params}
    rows = [
        (
            f"`{item.name}`",
            item.kind + (", optional" if item.optional else ""),
            text(types.get(item.name) or ""),
            text(item.description),
        )
        for item in record.inputs
    ]
    parts.append(table(("Input", "Kind", "Array", "What it is"), rows))

    if record.parameters:
        parts.append("## Parameters")
        parts.append(
            table(
                ("Parameter", "Default", "Allowed", "Unit", "What it does"),
                [
                    (f"`{item.name}`", default_of(item), allowed(item), unit_of(item), text(item.description))
                    for item in record.parameters.values()
                ],
            )
        )
    parts.append("## Result")
    returned = record.doc.returns
    what = f"**{record.output if record.output != 'objects' else 'mask or labels'}**"
    if returned:
        what += (
            f", {text(returned.type_name or '')}. {text(returned.description or '')}"
            if returned.type_name
            else f". {text(returned.description)}"
        )
    parts.append(what)
    parts.append(facts(record))
    notes = section(record, "notes")
    if notes:
        parts += ["## Notes", text(notes)]
    if record.exceptions:
        parts.append("## Known exceptions")
        parts += [
            f"- Not always true: *{name.replace('_', ' ')}*. Reason: {text(reason)}."
            for name, reason in record.exceptions.items()
        ]
    parts.append("## Example")
    parts.append(used(record, inputs, values))
    if record.doc.examples:
        parts.append(
            f"On a few pixels, as a plain function (`from {record.function.__module__} import {record.name}`):"
        )
        snippets = [f"{item.snippet or ''}\n{item.description or ''}".strip() for item in record.doc.examples]
        parts.append("```pycon\n" + "\n".join(snippets) + "\n```")
    references = section(record, "references")
    if references:
        parts += ["## References", listed(references)]
    return "\n\n".join(parts) + "\n", before_and_after(record, inputs, result)


def caption(record: Operation, values: Mapping[str, Any], result: Any) -> str:
    given = (
        ", ".join(f"`{name}` {word(value).replace(',', ', ')}" for name, value in values.items())
        or "the defaults"
    )
    what = f"Coins, with {given}."
    if record.output == "value":
        what += (
            f" The result is {result:.1f} pixels."
            if np.ndim(result) == 0
            else f" The result is {np.ravel(result)[0]:.1f} pixels."
        )
    elif record.output == "labels":
        what += f" {np.unique(result[result > 0]).size} objects."
    return what


def rows_of(result: Any, n: int = 4) -> str:
    frame = result.frame.head(n).round(3)
    heads = [f"`{name}`" + (f" [{unit}]" if (unit := result.units[name]) else "") for name in frame]
    return table(heads, [[f"{value:g}" for value in row] for row in frame.to_numpy()])


def facts(record: Operation) -> str:
    by_plane = "; a stack can also be worked on plane by plane" if 2 in record.dimensions else ""
    lines = [f"- **Dimensions:** {' and '.join(f'{n}-D' for n in record.dimensions)}{by_plane}."]
    name = record.locality.name
    reason = getattr(record.locality, "reason", "")
    lines.append(
        f"- **Tiles:** `{name}`: {LOCALITIES.get(name, name)}."
        + (f" Here, because {reason}." if reason else "")
    )
    if record.computed:
        computed = " and ".join(f"`{item.name}`" for item in record.computed)
        lines.append(
            f"- **Found from the image:** {computed}, where left out; once for each frame, or for each plane or the "
            "whole series (`scope`). See [why preview, tiles and the whole "
            "agree](../../explanation/threshold-and-tiles.md)."
        )
    if record.by_channel:
        lines.append("- **Channels:** works on each channel alone.")
    if record.cost:
        values = record.check({})
        found = {n: record.nanoseconds((1.0,) * n, values) / 1000 for n in record.dimensions}
        costs = ", ".join(f"{seconds:.1g} s in {n}-D" for n, seconds in found.items())
        lines.append(f"- **Cost:** about {costs} per megapixel with the defaults, on two cores.")
    return "\n".join(lines)


def used(record: Operation, inputs: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Return the example from Python, on the command line and in a recipe."""
    names = {
        name: {"brightness": "coins"} if isinstance(value, Mapping) else name
        for name, value in inputs.items()
    }
    first = record.inputs[0]
    if first.kind in ("image", "channels"):
        names[first.name] = "coins"
    step = ow.Step("result", record.name, names, values)
    toml = ow.Recipe([step]).to_toml()
    toml = toml[toml.index("[[step]]") :].strip()
    arguments = [
        '{"brightness": coins}' if isinstance(value, Mapping) else value
        for value in (names[name] for name in inputs)
    ]
    if first.kind == "channels":
        arguments.append('grid=ow.Grid("cyx")')
    pieces = [f'"{record.name}"', *arguments, *(f"{name}={written(value)}" for name, value in values.items())]
    call = f"({', '.join(pieces)})"
    if len(call) > 60:
        call = "(\n        " + ",\n        ".join(pieces) + ",\n    )"
    parts = [f'=== "Python"\n\n    ```python\n    result = ow.apply{call}\n    ```']
    if record.output == "table":
        command = "objectwise measure labels.ome.tif --image brightness=coins.tif -o table.csv"
        command += "".join(f" --{name.replace('_', '-')} {word(value)}" for name, value in values.items())
    else:
        files = "".join(f" --{name.replace('_', '-')} {names[name]}.ome.tif" for name in list(inputs)[1:])
        options = "".join(f" --{name.replace('_', '-')} {word(value)}" for name, value in values.items())
        end = ".csv" if record.output == "value" else ".ome.tif"
        command = f"objectwise apply {record.name} {names[first.name]}.tif{files} -o result{end}{options}"
    parts.append(f'=== "Command line"\n\n    ```sh\n    {command}\n    ```')
    indented = "\n".join(f"    {line}" if line else "" for line in toml.splitlines())
    parts.append(f'=== "Recipe"\n\n    ```toml\n{indented}\n    ```')
    return "\n\n".join(parts)


def written(value: Any) -> str:
    """Return a value as Python writes it, texts in double quotes."""
    return json.dumps(value) if isinstance(value, str) else repr(value).replace("'", '"')


def word(value: Any) -> str:
    """Return a value as the command line and a reader take it."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def default_of(item: Parameter) -> str:
    if item.default is None:
        return "found from the image" if item.statistic is not None else "left out"
    pixels = " pixels" if item.unit is not None and item.unit.exponent(2) and item.default else ""
    return f"{word(item.default)}{pixels}"


def allowed(item: Parameter) -> str:
    if item.choices:
        return ", ".join(f"`{choice}`" for choice in item.choices)
    kind = {float: "number", int: "whole number", bool: "true or false", str: "text", tuple: "list"}[
        item.type
    ]
    return f"{kind}, {item.bounds}" if item.bounds else kind


def unit_of(item: Parameter) -> str:
    if item.unit is None:
        return ""
    return {"length": "length", "size": "area or volume"}.get(item.unit.name, item.unit.name)


def section(record: Operation, name: str) -> str:
    return "\n\n".join(item.description or "" for item in record.doc.meta if item.args[:1] == [name])


def list_of_operations() -> str:
    parts = [
        "# Operations",
        "Each operation is a plain function on arrays. Its page is made from the function itself, and so are the "
        "form in napari, the options of the command line and the keys of a recipe: what you read here is what they do.",
    ]
    families: dict[str, list[Operation]] = {}
    for record in ow.operations.values():
        families.setdefault(record.family, []).append(record)
    for family, records in families.items():
        parts.append(f"## {family.capitalize()}")
        rows = []
        for record in records:
            given = ", ".join(item.kind for item in record.inputs if not item.optional)
            result = record.output if record.output != "objects" else "the same"
            rows.append(
                (
                    f"[{record.label}]({record.name}.md)",
                    f"`{record.name}`",
                    given,
                    result,
                    text(record.summary),
                )
            )
        parts.append(table(("Operation", "Name", "Given", "Result", "What it does"), rows))
    parts.append("## Kinds of arrays")
    kinds = {item.kind for record in ow.operations.values() for item in record.inputs}
    kinds |= {record.output for record in ow.operations.values()}
    parts.append(
        table(
            ("Kind", "What it holds"),
            [(f"`{name}`", kind.description) for name, kind in KINDS.items() if name in kinds],
        )
    )
    parts.append("## How an operation tiles")
    parts.append(
        "A large image is worked on in tiles where `tile=` is given to `run`. The result is the same, pixel by pixel; "
        "each operation says how that comes about."
    )
    parts.append(
        table(
            ("Locality", "What it means"), [(f"`{name}`", f"It {what}.") for name, what in LOCALITIES.items()]
        )
    )
    exceptions = [
        (f"[{record.label}]({record.name}.md)", name.replace("_", " "), text(reason) + ".")
        for record in ow.operations.values()
        for name, reason in record.exceptions.items()
    ]
    if exceptions:
        parts.append("## Known exceptions")
        parts.append(
            "One suite of tests holds every operation to the same promises: inputs are not modified, the same input "
            "gives the same result, gaps in ids do not matter, lengths scale with the pixel size, and so on. What does "
            "not keep one of them says so."
        )
        parts.append(table(("Operation", "Promise", "Why it is not kept"), exceptions))
    return "\n\n".join(parts) + "\n"
