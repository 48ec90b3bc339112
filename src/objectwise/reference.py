"""What there is to read about a method, made from its record: the text of its page in the docs and in napari.

Nothing is written here about any one method. The site adds pictures and examples; the window shows the same words
where there is no network.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from objectwise.core.composition import Composition
from objectwise.core.method import Method, methods
from objectwise.core.operation import Operation
from objectwise.core.parameter import Parameter

LOCALITIES = {
    "halo": "looks a bounded way around each pixel; tiles give the same pixels as the whole image",
    "components": "decides about whole connected pieces, which are joined across tiles",
    "objects": "works on each connected piece alone; a piece that crosses tiles is worked on in its own box",
    "parts": "makes its table of what it keeps of each tile; what of it needs the whole frame is refused where tiles "
    "are asked for",
    "whole": "needs the whole frame at once, and is refused where tiles are asked for",
}


def sections(method: Method) -> dict[str, str]:
    """Return the parts of the page of a method as Markdown, by heading; the first has none.

    Examples
    --------
    >>> import objectwise
    >>> list(sections(methods["threshold_manual"]))[:3]
    ['', 'What it is given', 'Parameters']
    """
    parts = [f"# {method.label}", f"`{method.name}` &nbsp; {text(method.summary)}"]
    if method.doc.long_description:
        parts.append(text(method.doc.long_description))
    found = {"": "\n\n".join(parts)}
    types = {item.arg_name: item.type_name for item in method.doc.params}
    rows = [
        (
            f"`{item.name}`",
            item.kind + (", optional" if item.optional else ""),
            text(types.get(item.name) or ""),
            text(item.description),
        )
        for item in method.inputs
    ]
    found["What it is given"] = table(("Input", "Kind", "Array", "What it is"), rows)
    if method.parameters:
        described = [
            (f"`{item.name}`", default_of(item), allowed(item), unit_of(item), text(item.description))
            for item in method.parameters.values()
        ]
        heads = ("Parameter", "Default", "Allowed", "Unit", "What it does")
        found["Parameters"] = table(heads, described)
    returned = method.doc.returns
    what = f"**{method.output if method.output != 'objects' else 'mask or labels'}**"
    if isinstance(method, Composition):
        what += "."
    elif returned:
        kind = f", {text(returned.type_name)}" if returned.type_name else ""
        what += f"{kind}. {text(returned.description or '')}"
    found["Result"] = f"{what}\n\n{facts(method)}"
    if isinstance(method, Operation) and method.rows.columns:
        found["Columns"] = columns_of(method)
    if notes := _section(method, "notes"):
        found["Notes"] = text(notes)
    if isinstance(method, Operation) and method.exceptions:
        found["Known exceptions"] = "\n".join(
            f"- Not always true: *{name.replace('_', ' ')}*. Reason: {text(reason)}."
            for name, reason in method.exceptions.items()
        )
    if published := _section(method, "references"):
        found["References"] = listed(published)
    return found


def columns_of(method: Operation) -> str:
    """Return the columns that a table of an operation always has, with units and definitions."""
    rows = [
        (f"`{item.name}`", "" if item.unit == "1" else item.unit, text(item.description),
         item.reference)
        for item in method.rows.columns
    ]  # fmt: skip
    return table(("Column", "Unit", "Definition", "Source"), rows)


def page(method: Method) -> str:
    """Return the page of a method as Markdown."""
    return "\n\n".join(f"## {head}\n\n{text}" if head else text for head, text in sections(method).items())


def facts(method: Method) -> str:
    """Return in a list on which images a method works, and how."""
    by_plane = "; a stack can also be worked on plane by plane" if 2 in method.dimensions else ""
    lines = [f"- **Dimensions:** {' and '.join(f'{n}-D' for n in method.dimensions)}{by_plane}."]
    if isinstance(method, Composition):
        steps = ", ".join(text(f"`{step.op}`") for step in method.steps)
        lines.append(f"- **Steps:** {steps}; a recipe holds them, and any of them can be changed.")
    if isinstance(method, Operation):
        name = method.locality.name
        reason = getattr(method.locality, "reason", "")
        lines.append(
            f"- **Tiles:** `{name}`: {LOCALITIES.get(name, name)}."
            + (f" Here, because {reason}." if reason else "")
        )
    if method.computed:
        computed = " and ".join(f"`{item.name}`" for item in method.computed)
        lines.append(
            f"- **Found from the image:** {computed}, where left out; once for each frame, or for each plane or the "
            "whole series (`scope`)."
        )
    if method.by_channel:
        lines.append("- **Channels:** works on each channel alone.")
    if isinstance(method, Operation) and method.cost:
        values = method.check({})
        found = {n: method.nanoseconds((1.0,) * n, values) / 1000 for n in method.dimensions}
        costs = ", ".join(f"{seconds:.1g} s in {n}-D" for n, seconds in found.items())
        lines.append(f"- **Cost:** about {costs} per megapixel with the defaults, on two cores.")
    return "\n".join(lines)


def _section(method: Method, name: str) -> str:
    return "\n\n".join(item.description or "" for item in method.doc.meta if item.args[:1] == [name])


def word(value: Any) -> str:
    """Return a value as the command line and a reader take it."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def default_of(item: Parameter) -> str:
    """Return the default of a parameter in words."""
    if item.default is None:
        return "found from the image" if item.found else "left out"
    pixels = " pixels" if item.unit is not None and item.unit.exponent(2) and item.default else ""
    return f"{word(item.default)}{pixels}"


def allowed(item: Parameter) -> str:
    """Return which values of a parameter are allowed."""
    if item.choices:
        return ", ".join(f"`{choice}`" for choice in item.choices)
    kind = {float: "number", int: "whole number", bool: "true or false", str: "text", tuple: "list"}[
        item.type
    ]
    return f"{kind}, {item.bounds}" if item.bounds else kind


def unit_of(item: Parameter) -> str:
    """Return the unit of a parameter."""
    if item.unit is None:
        return ""
    return {"length": "length", "size": "area or volume"}.get(item.unit.name, item.unit.name)


def text(source: str) -> str:
    """Return a docstring's paragraphs as Markdown; names of operations become links."""

    def name(found: re.Match[str]) -> str:
        inner = (
            found[1].removeprefix("~").rsplit(".", 1)[-1] if found[1].startswith("objectwise.") else found[1]
        )
        return f"[`{inner}`]({inner}.md)" if inner in methods else f"`{inner}`"

    paragraphs = [paragraph.strip() for paragraph in re.split(r"\n\s*\n", source.strip())]
    joined = "\n\n".join(
        item if item.startswith(("- ", "* ")) else " ".join(item.split()) for item in paragraphs
    )
    # code between two marks first, so that what is left between one mark is a name
    parts = re.split(r"``([^`]+)``", joined)
    parts[::2] = [re.sub(r"`([^`]+)`", name, part.replace("<", "&lt;")) for part in parts[::2]]
    parts[1::2] = [f"`{part}`" for part in parts[1::2]]
    return "".join(parts)


def listed(references: str) -> str:
    """Return numpydoc's ``.. [1]`` references as a list."""
    return "\n".join(f"{number}. {item}" for number, item in enumerate(_each(references), 1)).replace(
        "``", "`"
    )


def _each(references: str) -> list[str]:
    items = re.split(r"\.\. \[\d+\]", references)
    return [" ".join(item.split()) for item in items if item.strip()]


def references(method: Method, values: Mapping[str, Any] | None = None) -> list[str]:
    """Return the publications of a method; where values are given, without those of other choices than these.

    Examples
    --------
    >>> import objectwise
    >>> [text[:7] for text in references(methods["threshold_auto"], {"method": "otsu"})]
    ['N. Otsu']
    """
    found = []
    for item in _each(_section(method, "references")):
        # "``minimum``, ``intermodes``: ..." belongs to these choices alone
        choices, _, rest = item.partition("``: ")
        names = re.findall(r"\w+", choices) if rest and choices.startswith("``") else []
        if not names or values is None or set(names) & {str(value) for value in values.values()}:
            found.append(rest if names else item)
    return found


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, without columns that are empty in every row."""
    kept = [i for i in range(len(heads)) if any(row[i] for row in rows)] or list(range(len(heads)))
    lines = [[heads[i] for i in kept], ["---"] * len(kept)]
    lines += [[str(row[i]).replace("|", "\\|").replace("\n", " ") for i in kept] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
