"""The other pages made from the code: measurements, the command line, the Python names."""

from __future__ import annotations

import inspect
import io
import os
import re
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from measurement_pictures import PICTURES, path_of

import objectwise as ow
from objectwise.reference import table, text

OF = {
    "channel": "Once for each image that is given; the name of the image comes last, as in `intensity_mean_DAPI`.",
    "pair": "Once for each pair of images that are given; their names come last, as in `pearson_DAPI_GFP`.",
}


# groups of many columns that are much alike
FOLDED = ("moments", "granularity", "zernike")


def list_of_measurements() -> str:
    from objectwise.measure.families import groups
    from objectwise.measure.groups import WORDS

    parts = [
        # tables of six columns need the width of the page
        "---\nhide: [navigation]\n---",
        "# Measurements",
        "A table has one row for each object and frame, and no object is left out. `label` is the value that the "
        "object has in the labels, `frame` the time point, counted from 0 (0 where there is no time). A value that "
        "is not defined for an object is empty (NaN), and the table can tell the reason: "
        "`table.reason(label, column)`.",
        "Lengths are in the unit of the pixel size; without one they are in pixels, and the table says so. A unit is "
        "never part of a column's name: it is in `table.units`, and with the definition and the source in the file "
        "`NAME_columns.csv` that is written beside a table.",
        "Names of columns in scikit-image and CellProfiler are given where the definition is the same; "
        "[where numbers differ](../explanation/other-programs.md) is told elsewhere. In the pictures a pixel is "
        "a square, the pixel size is 1, and every number is what `ow.measure` gives for what is drawn.",
        table(
            ("Group", "Measured", "Of", "What it is"),
            [
                (
                    f"[{WORDS[group].title}](#{group})",
                    "by default" if not on_request(group) else "on request",
                    " and ".join(dict.fromkeys(GIVEN[family.of] for family in families(group))),
                    text(WORDS[group].text),
                )
                for group in groups()
            ],
        ),
        'Groups and columns are chosen by name: `features=["size", "neighbours", "intensity_mean"]` in Python, '
        "`--features size,neighbours,intensity_mean` on the command line, the boxes of the dock in napari.",
    ]
    for group in groups():
        parts += section(group)
    parts += tables_of_operations()
    return beside_operations("\n\n".join(parts) + "\n")


GIVEN = {"objects": "labels", "channel": "each image", "pair": "each pair of images"}


def families(group: str) -> Sequence[Any]:
    from objectwise.measure.groups import families_of

    return families_of(group)


def on_request(group: str) -> bool:
    return any(family.on_request for family in families(group))


def section(group: str) -> list[str]:
    """Return the parts about one group: words, what it needs, pictures, columns and sources."""
    from objectwise.measure.groups import WORDS, columns_of

    usual, occasional = columns_of(group)
    found = families(group)
    dimensions = sorted({n for column in usual for n in column.dimensions})
    needs = [
        f'Measured on request: `features=["{group}"]`, or columns by name.'
        if on_request(group)
        else "Measured by default.",
        f"In {' and '.join(f'{n}-D' for n in dimensions)}{'' if len(dimensions) > 1 else ' only'}.",
        *(OF[family.of] for family in found if family.of != "objects"),
        *('Needs `pip install "napari-objectwise[measure]"`.' for family in found if family.needs),
    ]
    if {family.of for family in found} == {"objects"}:
        needs.insert(2, "Needs no image.")
    parts = [f"## {WORDS[group].title} {{ #{group} }}", text(WORDS[group].text), " ".join(needs)]
    for caption, draw in PICTURES.get(group, ()):
        parts.append(f"![{caption}](../{path_of(draw)})\n\n*{caption}.*")
    sources = list(dict.fromkeys(column.reference for column in (*usual, *occasional) if column.reference))
    rows = rows_of(usual, sources)
    if group in FOLDED:
        folded = "\n".join(f"    {line}" for line in table(HEADS, rows).splitlines())
        parts.append(f'??? abstract "The {len(rows)} columns"\n\n{folded}')
    else:
        parts.append(table(HEADS, rows))
    if occasional:
        parts.append("In the table where there is something to tell, or where it is asked for by name:")
        parts.append(table(HEADS, rows_of(occasional, sources)))
    if sources:
        parts.append("\n".join(f"{number}. {text(source)}" for number, source in enumerate(sources, 1)))
    return parts


HEADS = ("Column", "Unit", "For", "Definition", "Known as", "Source")


def rows_of(columns: Sequence[Any], sources: Sequence[str]) -> list[tuple[str, ...]]:
    return [
        (
            f"`{item.name}`{{ #{item.name} }}",
            column_unit(item),
            ", ".join(f"{n}&#8209;D" for n in item.dimensions),
            text(item.description),
            "<br>".join(f"{program}: `{alias}`" for program, alias in item.aliases.items()),
            f"[{sources.index(item.reference) + 1}]" if item.reference else "",
        )
        for item in columns
    ]


def tables_of_operations() -> list[str]:
    """Return the columns of the tables that other operations make, with links to their pages."""
    parts = [
        "## Tables of other operations { #operations }",
        "Relations between labels, whole frames, classes and patterns have operations of their own. Beside the columns "
        "here, their tables have those above for children, frames or classes; their pages tell.",
    ]
    for record in ow.operations.values():
        if record.rows.columns:
            rows = [
                (f"`{item.name}`{{ #{record.name}-{item.name} }}", column_unit(item), text(item.description))
                for item in record.rows.columns
            ]
            parts.append(f"### [{record.label}](operations/{record.name}.md) {{ #{record.name} }}")
            parts += [text(record.summary), table(("Column", "Unit", "Definition"), rows)]
    return parts


def column_unit(column: Any) -> str:
    if column.unit == "length^n":
        return " or ".join({2: "length²", 3: "length³"}[n] for n in column.dimensions)
    powers = {"length^2": "length²", "length^3": "length³", "length^-n": "1 / length² or 1 / length³"}
    return {"1": "", "angle": "rad", **powers}.get(column.unit, column.unit)


def speed() -> str:
    """Return what the README of the benchmarks tells of measuring."""
    path = Path(__file__).parents[1] / "benchmarks" / "README.md"
    first, *sections = re.split(r"^(?=## )", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    how = next(part for part in first.split("\n\n") if part.startswith("Two libraries"))
    wanted = [part for part in sections if re.match(r"## .*(measur|to the table)", part, re.IGNORECASE)]
    intro = "From `benchmarks/README.md`, where all other benchmarks are; `benchmarks/measure.py` makes these tables."
    return "\n\n".join(["# How fast measuring is", intro, how, *(part.strip() for part in wanted)]) + "\n"


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
    return beside_operations("\n\n".join(parts) + "\n")


def beside_operations(page: str) -> str:
    """Return a page that lies beside the folder of the operations, its links leading into that."""
    return re.sub(
        r"\]\((\w+)\.md\)",
        lambda found: f"](operations/{found[1]}.md)" if found[1] in ow.operations else found[0],
        page,
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
