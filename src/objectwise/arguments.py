"""What the command line understands, and how it speaks of operations: all of it read from their records.

An operation has its parameters as options, checked by the record itself, so that a wrong value is a wrong command.
Nothing is computed here, and nothing is written about a parameter that its function does not say.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from objectwise.core.composition import Composition
from objectwise.core.method import Input, Method, find_method, methods
from objectwise.core.operation import Operation, operations, plain_text
from objectwise.core.parameter import Parameter, nearest

_NEGATIVE = re.compile(r"-(\d|\.\d|inf)")
_WORDS: dict[type, str] = {
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    str: "a text",
    tuple: "a list",
}


_ENDINGS = {"table": ".csv; what its columns mean is written beside it", "value": ".csv"}


class _Parser(argparse.ArgumentParser):
    """A parser that reports a wrong command in one sentence, and takes no abbreviations."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)
        self.set_defaults(parser=self)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


class _Version(argparse.Action):
    """Look the version up when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        from objectwise import __version__

        sys.stdout.write(f"objectwise {__version__}\n")
        parser.exit()


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what a command line says; for an operation, ``values`` are its parameters, checked.

    Raises
    ------
    SystemExit
        If it is not a command, or asks for help.
    """
    rest = _joined(arguments)
    parser = _parser()
    if rest[:1] == ["apply"] and rest[1:] and not rest[1].startswith("-"):
        try:
            record = find_method(rest[1])
        except ValueError as error:
            parser.error(str(error))
        parser, rest = _operation_parser(record), rest[2:]
    options, unknown = parser.parse_known_args(rest)
    if unknown:
        known = re.findall(r"--[\w-]+", options.parser.format_help())
        what = "option" if unknown[0].startswith("-") else "argument"
        options.parser.error(
            f"there is no {what} {unknown[0]!r} here{nearest(unknown[0].partition('=')[0], known)}"
        )
    if options.command == "apply" and "record" not in options:
        options.parser.error("the name of the operation comes first")
    given = {key: value for key, value in vars(options).items() if key.startswith("value_")}
    options.values = {key.removeprefix("value_"): value for key, value in given.items()}
    return options


def _joined(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with ``--lower -1e-3`` as ``--lower=-1e-3``, which argparse takes for two options."""
    joined: list[str] = []
    for item in arguments:
        if joined and _NEGATIVE.match(item) and re.fullmatch(r"--[\w-]+", joined[-1]):
            joined[-1] += f"={item}"
        else:
            joined.append(item)
    return joined


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="objectwise", description="From pixels to objects to numbers.")
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    def add(name: str, summary: str, **more: Any) -> argparse.ArgumentParser:
        description = summary[0].upper() + summary[1:] + "."
        return commands.add_parser(name, help=summary, description=description, **more)

    demo = add("demo", "count, measure and split coins, and see what the results look like")
    demo.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("objectwise-demo"),
        metavar="DIR",
        help="where the results go, those of an earlier demo are replaced [objectwise-demo]",
    )
    demo.add_argument("--view", action="store_true", help="open the results in napari")

    ops = add("ops", "list the operations, or describe one")
    ops.add_argument("name", nargs="?", metavar="NAME", help="the operation to describe")

    apply = add(
        "apply",
        "run one operation on a file",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="operations, each with a help of its own (objectwise apply OP --help):\n" + _escaped(listed()),
    )
    apply.add_argument("op", metavar="OP", help="name of the operation; its input, output and options follow")

    batch = add("run", "run a recipe on files")
    batch.add_argument(
        "recipe", metavar="RECIPE", help="a recipe file, or the name of a recipe that ships with the package"
    )
    batch.add_argument(
        "files",
        nargs="+",
        metavar="INPUT",
        help="files, folders or patterns for the first input of the recipe",
    )
    batch.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for the results; the same command again goes on where it stopped",
    )
    batch.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="NAME=GLOB",
        help="files for another input of the recipe, as many and in the same order",
    )
    batch.add_argument(
        "--overwrite",
        action="store_true",
        help="use the folder even if it holds something else, and do all anew",
    )
    _add_reading(batch)

    record = operations["measure"]
    measure = add("measure", "measure the objects of a labels file")
    # the same as apply measure
    measure.set_defaults(record=record, channel=None, by_plane=False)
    measure.add_argument("input", type=Path, metavar="LABELS", help=_escaped(_described(record.inputs[0])))
    _add_images(measure, record.inputs[1])
    _add_parameters(measure, record)
    _add_output(measure, "TABLE", _ENDINGS["table"])
    _add_reading(measure)

    score = add("score", "compare labels with a reference, object by object")
    score.add_argument("reference", type=Path, metavar="REFERENCE", help="labels that are known to be right")
    score.add_argument("labels", type=Path, metavar="LABELS", help="labels to be judged, of the same shape")
    _add_reading(score)

    for name, summary in (
        ("script", "print a recipe as a Python script"),
        ("methods", "print a recipe as text for the methods section of a paper"),
        ("diff", "say in what two recipes differ"),
    ):
        text = add(name, summary)
        for item in ("recipe", "other")[: 2 if name == "diff" else 1]:
            text.add_argument(
                item,
                metavar=item.upper(),
                help="a recipe file, or the name of a recipe that ships with the package",
            )

    add("schema", "print the JSON schema of recipe files, by which an editor checks them")
    return parser


def _operation_parser(record: Method) -> argparse.ArgumentParser:
    first, *others = record.inputs
    parser = _Parser(prog=f"objectwise apply {record.name}", description=_escaped(record.summary))
    parser.set_defaults(command="apply", record=record)
    parser.add_argument("input", type=Path, metavar="INPUT", help=_escaped(_described(first)))
    for item in others:
        if item.kind == "images":
            _add_images(parser, item)
            continue
        parser.add_argument(
            _flag(item.name),
            dest=f"input_{item.name}",
            type=Path,
            required=not item.optional,
            metavar="FILE",
            help=_escaped(item.description),
        )
    _add_parameters(parser, record)
    _add_output(parser, "OUTPUT", _ENDINGS.get(record.output, ".ome.tif, .tif, .png or .npy"))
    group = parser.add_argument_group("what is worked on at a time")
    if record.computed:
        group.add_argument(
            "--scope",
            choices=("plane", "frame", "series"),
            default="frame",
            help="over what a value that is left out is found [frame]",
        )
    group.add_argument(
        "--channel", metavar="NAME", help="which channel of the input, by name or number from 0"
    )
    parser.set_defaults(by_plane=False)
    if record.output not in ("table", "value"):
        group.add_argument("--by-plane", action="store_true", help="work on each plane of a volume alone")
    if first.kind == "objects":
        group.add_argument(
            "--as-mask",
            action="store_true",
            help="all pixels that are not 0 are objects, as they are where a file holds but 0 and 255",
        )
    _add_reading(parser)
    return parser


def _add_images(parser: argparse.ArgumentParser, item: Input) -> None:
    parser.add_argument(
        "--image",
        dest=f"input_{item.name}",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="an image whose brightness is measured, and its name in the columns; may be given again",
    )


def _add_parameters(parser: argparse.ArgumentParser, record: Method) -> None:
    for parameter in record.parameters.values():
        bounds = f" ({parameter.bounds})" if parameter.bounds and not parameter.choices else ""
        default = f" [{_default(parameter)}]" if parameter.default is not None else ""
        parser.add_argument(
            _flag(parameter.name),
            dest=f"value_{parameter.name}",
            default=argparse.SUPPRESS,
            type=_checked(parameter),
            metavar=_metavar(parameter),
            help=_escaped(parameter.description + bounds + default),
        )


def _add_output(parser: argparse.ArgumentParser, name: str, endings: str) -> None:
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar=name, help=f"file for the result: {endings}"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the file if it is there")


def _add_reading(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what the files hold, where they do not tell it themselves")
    group.add_argument("--axes", metavar="tczyx", help="a letter for each axis: t, c, z, y, x")
    group.add_argument(
        "--spacing",
        metavar="SIZE",
        type=_sizes,
        help="pixel size: one number, or one for each spatial axis with commas between, as in 2,0.5,0.5",
    )
    group.add_argument("--unit", help="unit of the pixel size, such as um")
    group.add_argument("--scene", type=int, metavar="N", help="which image of a file with several, from 0")


def _sizes(text: str) -> float | tuple[float, ...]:
    try:
        sizes = tuple(float(item) for item in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be numbers with commas between; found {text!r}") from None
    return sizes[0] if len(sizes) == 1 else sizes


def _checked(parameter: Parameter) -> Callable[[str], Any]:
    """Return what reads the text of an option as the record of the operation says."""

    def read(text: str) -> Any:
        try:
            return parameter.check(text, "")
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error).removeprefix(f": {parameter.name} ")) from None

    return read


def _metavar(parameter: Parameter) -> str:
    if parameter.choices:
        return "{" + ",".join(map(str, parameter.choices)) + "}"
    words: dict[type, str] = {bool: "{true,false}", tuple: "LIST", str: "TEXT"}
    return words.get(parameter.type, "NUMBER")


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _described(item: Input) -> str:
    return f"{item.name}: {item.description}"


def _escaped(text: str) -> str:
    return plain_text(text).replace("%", "%%")


# --- words ---------------------------------------------------------------------------------------------


def listed() -> str:
    """Return the operations with their first sentences, by family."""
    width = max(map(len, methods)) + 2
    lines: list[str] = []
    for record in methods.values():
        if record.family not in lines:
            lines += ["", record.family] if lines else [record.family]
        lines.append(f"  {record.name:<{width}}{plain_text(record.summary)}")
    return "\n".join(lines)


def described(record: Method) -> str:
    """Return what there is to know of an operation before it is used."""
    lines = [_wrapped(f"{record.name}: {record.summary}"), ""]
    for paragraph in filter(None, (record.doc.long_description or "").split("\n\n")):
        lines += [_wrapped(paragraph), ""]
    lines.append("inputs")
    for item in record.inputs:
        lines.append(f"  {item.name}: {item.kind}{', may be left out' if item.optional else ''}")
        lines.append(_wrapped(item.description, 6))
    lines += ["", "parameters"] if record.parameters else []
    for parameter in record.parameters.values():
        default = "" if parameter.default is None else f" [{_default(parameter)}]"
        lines.append(_wrapped(f"{parameter.name}: {parameter.bounds or _WORDS[parameter.type]}{default}", 2))
        lines.append(_wrapped(parameter.description, 6))
    dimensions = " and ".join(f"{n}-D" for n in record.dimensions)
    facts = f"gives {record.output}; works on {dimensions} images"
    if isinstance(record, Operation):
        facts += "" if record.locality.tiles else f"; not in tiles: {getattr(record.locality, 'reason', '')}"
    elif isinstance(record, Composition):
        facts += f"; its steps are {', '.join(step.op for step in record.steps)}"
    return "\n".join([*lines, "", _wrapped(facts)])


def short(value: Any) -> str:
    """Return a value, or a list of values, as a person reads it.

    Examples
    --------
    >>> short([(0.123456789, 2.0), float("nan")])
    '[[0.123457, 2], not defined]'
    """
    if isinstance(value, tuple | list):
        return "[" + ", ".join(short(item) for item in value) + "]"
    if isinstance(value, str):
        return value
    return "not defined" if value != value else f"{value:g}"


def as_options(text: str) -> str:
    """Return a sentence that names arguments of functions in the words of the command line.

    Examples
    --------
    >>> as_options("name them with axes=, for example axes='zyx'")
    'name them with --axes, for example --axes zyx'
    """
    pattern = r"\b(axes|spacing|unit|scene|overwrite)=(?:'([^']*)'|True)?"
    return re.sub(pattern, lambda found: f"--{found[1]} {found[2] or ''}".rstrip(), text)


def _default(parameter: Parameter) -> str:
    power = parameter.unit.exponent(2) if parameter.unit else 0
    text = str(parameter.default).lower() if parameter.type is bool else short(parameter.default)
    return text + {0: "", 1: " pixels"}.get(power, " pixels in area or volume")


def _wrapped(text: str, indent: int = 0) -> str:
    width = min(100, shutil.get_terminal_size().columns)
    space = " " * indent
    return textwrap.fill(
        " ".join(plain_text(text).split()), width, initial_indent=space, subsequent_indent=space
    )
