"""The pages of the operations, made from their records, and the list of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from examples import EXAMPLES, before_and_after, example

import objectwise as ow
from objectwise.core.composition import steps_of
from objectwise.core.method import KINDS, Method, methods
from objectwise.core.operation import Operation
from objectwise.reference import LOCALITIES, sections, table, text, word

SEE_SCOPE = "See [why preview, tiles and the whole agree](../../explanation/threshold-and-tiles.md)."


def page(record: Method) -> str:
    return f"reference/operations/{record.name}.md"


def picture_of(record: Method) -> str:
    return f"pictures/operations/{record.name}.png"


def describe(method: Method) -> tuple[str, np.ndarray]:
    """Return the page of a method and its picture."""
    inputs, result = example(method)
    values = EXAMPLES.get(method.name, {})
    parts = sections(method)
    parts[""] += f"\n\n![Before and after](../../{picture_of(method)})\n\n{caption(method, values, result)}"
    if method.output == "table":
        parts[""] += f"\n\n{rows_of(result)}"
    parts["Result"] = parts["Result"].replace("(`scope`).", "(`scope`). " + SEE_SCOPE)
    parts["Example"] = used(method, inputs, values)
    if isinstance(method, Operation) and method.doc.examples:
        snippets = [f"{item.snippet or ''}\n{item.description or ''}".strip() for item in method.doc.examples]
        where = f"`from {method.function.__module__} import {method.name}`"
        parts["Example"] += f"\n\nOn a few pixels, as a plain function ({where}):\n\n"
        parts["Example"] += "```pycon\n" + "\n".join(snippets) + "\n```"
    # what was read comes last
    if "References" in parts:
        parts["References"] = parts.pop("References")
    text = "\n\n".join(f"## {head}\n\n{body}" if head else body for head, body in parts.items())
    return text + "\n", before_and_after(method, inputs, result)


def caption(record: Method, values: Mapping[str, Any], result: Any) -> str:
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
    frame = result.frame.head(n)
    heads = [f"`{name}`" + (f" [{unit}]" if (unit := result.units[name]) else "") for name in frame]
    texts = [
        [value if isinstance(value, str) else f"{value:.4g}" for value in row] for row in frame.to_numpy()
    ]
    return table(heads, texts)


def used(record: Method, inputs: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Return the example from Python, on the command line and in a recipe."""
    names = {
        name: {"brightness": "coins"} if isinstance(value, Mapping) else name
        for name, value in inputs.items()
    }
    first = record.inputs[0]
    if first.kind in ("image", "channels"):
        names[first.name] = "coins"
    toml = ow.Recipe(steps_of(record, "result", names, values)).to_toml()
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
    images = [name for name, value in inputs.items() if isinstance(value, Mapping)]
    others = [name for name in list(inputs)[1:] if name not in images]
    files = "".join(f" --{name.replace('_', '-')} {names[name]}.ome.tif" for name in others)
    files += " --image brightness=coins.tif" * len(images)
    options = "".join(f" --{name.replace('_', '-')} {word(value)}" for name, value in values.items())
    end = ".csv" if record.output in ("value", "table") else ".ome.tif"
    what = "measure" if record.name == "measure" else f"apply {record.name}"
    command = f"objectwise {what} {names[first.name]}.tif{files} -o result{end}{options}"
    parts.append(f'=== "Command line"\n\n    ```sh\n    {command}\n    ```')
    indented = "\n".join(f"    {line}" if line else "" for line in toml.splitlines())
    parts.append(f'=== "Recipe"\n\n    ```toml\n{indented}\n    ```')
    return "\n\n".join(parts)


def written(value: Any) -> str:
    """Return a value as Python writes it, texts in double quotes."""
    return json.dumps(value) if isinstance(value, str) else repr(value).replace("'", '"')


def list_of_operations() -> str:
    parts = [
        "# Operations",
        "Each operation is a plain function on arrays. Its page is made from the function itself, and so are the "
        "form in napari, the options of the command line and the keys of a recipe: what you read here is what they do.",
    ]
    families: dict[str, list[Method]] = {}
    for record in methods.values():
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
    kinds = {item.kind for record in methods.values() for item in record.inputs}
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
