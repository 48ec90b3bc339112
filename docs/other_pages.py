"""The other pages made from the code: measurements, the command line, the Python names."""

from __future__ import annotations

import inspect
import io
import os
import re
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any

import objectwise as ow
from objectwise.reference import table, text

OF = {
    "channel": "Once for each image that is given; the name of the image comes last, as in `intensity_mean_DAPI`.",
    "pair": "Once for each pair of images that are given; their names come last, as in `pearson_DAPI_GFP`.",
}


def list_of_measurements() -> str:
    from objectwise.measure.families import FAMILIES, defaults

    def rows(items: Sequence[Any]) -> list[tuple[str, ...]]:
        return [
            (
                f"`{item.name}`",
                column_unit(item),
                ", ".join(f"{n}&#8209;D" for n in item.dimensions),
                text(item.description),
                ", ".join(f"{name}: `{alias}`" for name, alias in item.aliases.items()),
                item.reference,
            )
            for item in items
        ]

    heads = ("Column", "Unit", "For", "Definition", "Known as", "Source")
    parts = [
        "# Measurements",
        "A table has one row for each object and frame, and no object is left out. `label` is the value that the "
        "object has in the labels, `frame` the time point, counted from 0 (0 where there is no time). A value that "
        "is not defined for an object is empty (NaN), and the table can tell the reason: "
        "`table.reason(label, column)`.",
        "Lengths are in the unit of the pixel size; without one they are in pixels, and the table says so. A unit is "
        "never part of a column's name: it is in `table.units`, and in the file `NAME_columns.csv` that is written "
        "beside a table.",
    ]
    for family in FAMILIES:
        columns = family.columns_with(defaults())
        for group in dict.fromkeys(column.group for column in columns):
            parts.append(f"## {group.capitalize()}")
            if family.of != "objects":
                parts.append(OF[family.of])
            if family.on_request:
                parts.append(f'Measured where it is asked for: `features = ["{group}"]`, or columns by name.')
            parts.append(table(heads, rows([column for column in columns if column.group == group])))
        if family.occasional:
            parts.append("In the table where there is something to tell, or where it is asked for by name:")
            parts.append(table(heads, rows(family.occasional)))
    return "\n\n".join(parts) + "\n"


def column_unit(column: Any) -> str:
    if column.unit == "length^n":
        return " or ".join({2: "length²", 3: "length³"}[n] for n in column.dimensions)
    return {"1": "", "angle": "rad"}.get(column.unit, column.unit)


def command_line() -> str:
    parts = [
        "# Command line",
        "`objectwise ops NAME` describes an operation, `objectwise apply NAME --help` lists its options; both are also "
        "on [its page](operations/index.md). Exit codes: 0 for success, 1 for something that does not fit, 2 for a "
        "wrong command, 3 for a folder with images that failed, 130 where it was stopped.",
        "```text\n" + help_of() + "```",
    ]
    commands = re.findall(r"^    (\w+) ", help_of(), re.MULTILINE)
    for command in commands:
        parts.append(f"## objectwise {command}")
        shown = help_of(command)
        if command == "apply":
            # every operation has its own page; here one of them stands for all
            shown = help_of(command, "threshold_auto")
            parts.append("The options are those of the operation. For example:")
        parts.append("```text\n" + shown + "```")
    return "\n\n".join(parts) + "\n"


def help_of(*command: str) -> str:
    from objectwise.cli import main

    before = {name: os.environ.get(name) for name in ("COLUMNS", "NO_COLOR")}
    os.environ |= {"COLUMNS": "82", "NO_COLOR": "1"}
    out = io.StringIO()
    try:
        with redirect_stdout(out):
            main([*command, "--help"])
    except SystemExit:
        pass
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return out.getvalue()


def python_names() -> str:
    """Return the page of the public names, from their docstrings."""
    import docstring_parser

    parts = ["# Python", "`import objectwise as ow` gives these names, and imports nothing of napari or Qt."]
    for name in ow.__all__:
        thing = getattr(ow, name)
        parts.append(f"## ow.{name}")
        if name == "operations":
            parts.append("Mapping from the name of each [operation](operations/index.md) to its `Operation`.")
            continue
        doc = docstring_parser.parse(inspect.getdoc(thing) or "", docstring_parser.DocstringStyle.NUMPYDOC)
        if callable(thing):
            parts.append(f"```python\n{signature(name, thing)}\n```")
        parts.append(text(doc.short_description or ""))
        if doc.long_description:
            parts.append(text(doc.long_description))
        fields = [item for item in doc.params if item.args[0] in ("param", "attribute")]
        if fields:
            parts.append(
                table(
                    ("", "Type", ""),
                    [
                        (
                            f"`{item.arg_name}`",
                            (item.type_name or "").replace("<", "&lt;"),
                            text(item.description or ""),
                        )
                        for item in fields
                    ],
                )
            )
        if doc.returns is not None and not isinstance(thing, type):
            many = doc.many_returns[0]
            verb = "Yields" if many.is_generator else "Returns"
            parts.append(f"**{verb}** {many.type_name or ''}. {text(many.description or '')}")
        if isinstance(thing, type):
            methods = [
                (f"`{key}`", text((inspect.getdoc(member) or "").split("\n\n")[0]))
                for key, member in vars(thing).items()
                if not key.startswith("_")
                and (callable(getattr(thing, key)) or isinstance(member, property | classmethod))
            ]
            if methods:
                parts.append(table(("Method or property", ""), methods))
        parts += [
            f"```pycon\n{item.snippet or ''}\n{item.description or ''}".rstrip() + "\n```"
            for item in doc.examples
        ]
    result = "\n\n".join(parts) + "\n"
    # this page lies beside the folder of the operations
    return re.sub(
        r"\]\((\w+)\.md\)",
        lambda found: f"](operations/{found[1]}.md)" if found[1] in ow.operations else found[0],
        result,
    )


def signature(name: str, thing: Any) -> str:
    def one(item: inspect.Parameter) -> str:
        mark = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}.get(item.kind, "")
        if item.default is inspect.Parameter.empty:
            return mark + item.name
        default = item.default if isinstance(item.default, str | int | float | bool | tuple | None) else "..."
        return f"{item.name}={default!r}".replace("'...'", "...")

    parts, keyword = [], False
    for item in inspect.signature(thing).parameters.values():
        if item.kind is inspect.Parameter.VAR_POSITIONAL:
            keyword = True
        if item.kind is inspect.Parameter.KEYWORD_ONLY and not keyword:
            parts.append("*")
            keyword = True
        parts.append(one(item))
    line = f"{name}({', '.join(parts)})"
    return line if len(line) < 90 else f"{name}(\n    " + ",\n    ".join(parts) + ",\n)"
