"""The command line, built from the operations.

Every operation is a command of ``objectwise apply`` with its parameters as options; nothing about them is written
here. An error is one sentence and an exit code: 1 for something that does not fit, 2 for a wrong command.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from glob import glob
from pathlib import Path
from typing import Any

from objectwise.core.grid import Grid
from objectwise.core.operation import Operation, Parameter, find, operations, plain_text
from objectwise.core.recipe import Recipe, Step
from objectwise.core.recipe_file import schema
from objectwise.core.step import SCOPES
from objectwise.core.run import Result, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options) or 0)
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except (ValueError, OSError) as error:
        print(f"objectwise: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="objectwise", description="From pixels to objects to numbers.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="count and measure coins, and see what the results look like")
    demo.add_argument("-o", "--output", type=Path, default=Path("objectwise-demo"), metavar="DIR", help="where the results go")
    demo.add_argument("--view", action="store_true", help="open the result in napari")
    demo.set_defaults(command=_demo)

    ops = commands.add_parser("ops", help="list the operations, or describe one")
    ops.add_argument("name", nargs="?", metavar="NAME")
    ops.set_defaults(command=_ops)

    apply = commands.add_parser("apply", help="run one operation on a file")
    kinds = apply.add_subparsers(required=True, metavar="OP", dest="op")
    for record in operations.values():
        if record.output != "table":
            _operation_parser(kinds, record)
    apply.set_defaults(command=_apply)

    batch = commands.add_parser("run", help="run a recipe on files")
    batch.add_argument("recipe", type=Path, metavar="RECIPE")
    batch.add_argument("files", nargs="+", metavar="INPUT", help="files, folders or patterns for the first input of the recipe")
    batch.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder for the results")
    batch.add_argument("--input", action="append", default=[], metavar="NAME=GLOB", help="files for another input, in the same order")
    batch.add_argument("--overwrite", action="store_true", help="use the folder even if it holds something else")
    _reading(batch)
    batch.set_defaults(command=_run)

    measure = commands.add_parser("measure", help="measure the objects of a labels file")
    measure.add_argument("labels", type=Path, metavar="LABELS")
    measure.add_argument("--image", action="append", default=[], metavar="NAME=FILE", help="an image to measure, and its name in the columns")
    measure.add_argument("--features", help="groups or columns, with commas between; everything if left out")
    _writing(measure, "TABLE")
    _reading(measure)
    measure.set_defaults(command=_measure)

    written = commands.add_parser("schema", help="print the JSON schema of recipe files")
    written.set_defaults(command=lambda _: print(json.dumps(schema(), indent=1)))
    return parser


def _reading(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what the files hold, where they do not tell it themselves")
    group.add_argument("--axes", metavar="tczyx", help="a letter for each axis: t, c, z, y, x")
    group.add_argument("--spacing", metavar="SIZE", help="pixel size: one number, or one for each spatial axis with commas between")
    group.add_argument("--unit", help="unit of the pixel size, such as um")
    group.add_argument("--scene", type=int, metavar="N", help="which image of a file with several, from 0")


def _writing(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument("-o", "--output", type=Path, required=True, metavar=name)
    parser.add_argument("--overwrite", action="store_true", help="replace the file if it is there")


def _operation_parser(commands: Any, record: Operation) -> None:
    first, *others = record.inputs
    parser = commands.add_parser(record.name, help=_escaped(record.summary), description=_escaped(record.summary))
    parser.add_argument("input", type=Path, metavar="INPUT", help=_escaped(f"{first.name}: {first.description}"))
    for item in others:
        parser.add_argument(_flag(item.name), type=Path, required=not item.optional, metavar="FILE", help=_escaped(item.description))
    for parameter in record.parameters.values():
        parser.add_argument(
            _flag(parameter.name), dest=f"value_{parameter.name}", default=argparse.SUPPRESS,
            metavar=_metavar(parameter), help=_escaped(_help(parameter)),
        )
    parser.add_argument("--channel", metavar="NAME", help="which channel of the input, by name or number")
    parser.add_argument("--by-plane", action="store_true", help="work on each plane of a volume alone")
    if record.computed:
        parser.add_argument("--scope", choices=SCOPES, default="frame", help="over what a value that is left out is found")
    if any(item.kind == "objects" for item in record.inputs):
        parser.add_argument("--mask", action="store_true", help="take the file as a mask: all pixels that are not 0 are objects")
    _writing(parser, "OUTPUT")
    _reading(parser)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _escaped(text: str) -> str:
    return plain_text(text).replace("%", "%%")


def _metavar(parameter: Parameter) -> str:
    if parameter.choices:
        return "{" + ",".join(map(str, parameter.choices)) + "}"
    return {bool: "{true,false}", tuple: "LIST"}.get(parameter.type, "NUMBER" if parameter.type in (int, float) else "TEXT")


def _help(parameter: Parameter) -> str:
    text = parameter.description
    if parameter.bounds and not parameter.choices:
        text += f" ({parameter.bounds})"
    if parameter.default is None:
        return text
    pixels = " pixels" if parameter.unit is not None and parameter.unit.exponent(2) else ""
    return f"{text} [{parameter.default}{pixels}]"


# --- files in and out ----------------------------------------------------------------------------------


def _open(path: Path, options: argparse.Namespace, kind: str | None = None) -> Result:
    from objectwise.io.images import read_image

    spacing = None
    if options.spacing is not None:
        try:
            spacing = [float(item) for item in options.spacing.split(",")]
        except ValueError:
            raise ValueError(f"--spacing must be numbers with commas between; found {options.spacing!r}") from None
        spacing = spacing[0] if len(spacing) == 1 else spacing
    found = read_image(path, axes=options.axes, spacing=spacing, unit=options.unit, lazy=True, scene=options.scene)
    for note in found.notes:
        print(f"{path.name}: {note}", file=sys.stderr)
    array = found.array
    if kind == "objects" and array.dtype.kind in "iu" and (getattr(options, "mask", False) or _is_picture_of_mask(array)):
        array = array != 0
    return Result(array, found.grid, kind if kind in ("image", "labels", "classes") else None)


def _is_picture_of_mask(array: Any) -> bool:
    """Whether a file holds a mask as ImageJ and this package write it: 8 bits, nothing but 0 and 255."""
    import numpy as np

    return array.dtype == np.uint8 and bool(np.isin(np.unique(np.asarray(array)), (0, 255)).all())


def _files(patterns: Sequence[str]) -> list[Path]:
    """Return the files that names, folders and patterns stand for; files of a folder only if they are images."""
    from objectwise.io.images import supported

    found: list[Path] = []
    for pattern in patterns:
        path = Path(pattern)
        if path.is_dir():
            inside = [item for item in sorted(path.iterdir()) if item.is_file() and not item.name.startswith(".")]
            images = [item for item in inside if supported(item)]
            if len(images) < len(inside):
                print(f"{path}: {len(inside) - len(images)} files that are no images are left out", file=sys.stderr)
            found += images
        elif path.exists() or not any(letter in pattern for letter in "*?["):
            found.append(path)
        else:
            found += sorted(Path(item) for item in glob(pattern, recursive=True))
    if not found:
        raise ValueError(f"no file fits {' '.join(patterns)}")
    return list(dict.fromkeys(found))


# --- the commands --------------------------------------------------------------------------------------


def _demo(options: argparse.Namespace) -> int:
    from objectwise.demo import run_demo

    for paragraph in run_demo(options.output):
        print(paragraph, end="\n\n", flush=True)
    if options.view:
        return _view(options.output)
    print(f"Open {options.output / 'coins_objects.png'}, or see it in napari: objectwise demo --view")
    return 0


def _view(folder: Path) -> int:
    from importlib.util import find_spec

    if find_spec("napari") is None:
        raise ValueError("napari is not installed: pip install 'napari-objectwise[gui]'")
    from importlib import import_module

    # the one door from the command line to the window
    import_module("objectwise.gui.demo").show(folder)
    return 0


def _ops(options: argparse.Namespace) -> None:
    if options.name is None:
        family = ""
        for record in operations.values():
            if record.family != family:
                family = record.family
                print(f"\n{family}")
            print(f"  {record.name:<20} {plain_text(record.summary)}")
        return
    record = find(options.name)
    print(f"{record.name}: {plain_text(record.summary)}\n")
    if record.doc.long_description:
        print(f"{plain_text(record.doc.long_description)}\n")
    for item in record.inputs:
        print(f"  {item.name} ({item.kind}{', optional' if item.optional else ''})\n      {plain_text(item.description)}")
    for parameter in record.parameters.values():
        default = "" if parameter.default is None else f", {parameter.default} by default"
        unit = f", in {parameter.unit.text('pixel size unit', 2)}" if parameter.unit and parameter.unit.exponent(2) else ""
        print(f"  {_flag(parameter.name)} ({parameter.bounds or parameter.type.__name__}{unit}{default})")
        print(f"      {plain_text(parameter.description)}")
    dimensions = " and ".join(f"{n}-D" for n in record.dimensions)
    print(f"\n  gives {record.output}; works on {dimensions}; locality: {record.locality.name}")


def _apply(options: argparse.Namespace) -> None:
    from objectwise.io.results import ending, write_result

    record = find(options.op)
    paths = {record.inputs[0].name: options.input}
    paths |= {item.name: path for item in record.inputs[1:] if (path := getattr(options, item.name)) is not None}
    kinds = {item.name: item.kind for item in record.inputs}
    inputs = {name: _open(path, options, kinds[name]) for name, path in paths.items()}
    first = inputs[record.inputs[0].name]
    spacing = first.grid.block_spacing[-2:] if options.by_plane else first.grid.block_spacing
    values = {name: item.default_at(spacing) for name, item in record.parameters.items()}
    values |= {key.removeprefix("value_"): value for key, value in vars(options).items() if key.startswith("value_")}
    wired = {name: name for name in inputs}
    if options.channel is not None:
        wired[record.inputs[0].name] += f"[{options.channel}]"
    step = Step("result", record.name, wired, values, getattr(options, "scope", "frame"), options.by_plane)
    recipe = Recipe([step], unit=first.grid.unit)
    if options.output.exists() and not options.overwrite:
        raise FileExistsError(f"{options.output} is there already; choose another name or add --overwrite")
    result = _last(recipe, inputs)
    if result.kind == "value":
        print(" ".join(f"{value:g}" for value in result.array))
    write_result(options.output, result, overwrite=options.overwrite)
    for row in result.values:
        where = ", ".join(f"{axis} {row[axis]}" for axis in "tcz" if axis in row and result.grid.axes != result.grid.spatial)
        print(f"{row['parameter']}{f' ({where})' if where else ''}: {_short(row['value'])}")
    if result.kind == "labels":
        print(f"{int(result.array.max(initial=0))} objects" if "t" not in result.grid.axes else f"{len(result.array)} frames")
    print(f"written to {options.output}" if result.kind != "table" or ending(result.kind) else "")


def _short(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_short(item) for item in value) + "]"
    return f"{value:g}"


def _last(recipe: Recipe, inputs: dict[str, Result]) -> Result:
    """Run a recipe with a bar on a terminal, and return its result."""
    progress = None
    for progress in run(recipe, inputs):
        _bar(progress.done, progress.total)
    assert progress is not None
    return progress.results[recipe.outputs[-1]]


def _bar(done: int, total: int) -> None:
    if sys.stderr.isatty() and total > 1:
        width = 30 * done // total
        print(f"\r[{'#' * width}{'.' * (30 - width)}] {done}/{total}", end="\n" if done == total else "", file=sys.stderr, flush=True)


def _run(options: argparse.Namespace) -> int:
    from objectwise.batch import plan, run_batch

    recipe = Recipe.read(options.recipe)
    files = {recipe.inputs[0]: _files(options.files)}
    for item in options.input:
        name, mark, pattern = item.partition("=")
        if not mark:
            raise ValueError(f"--input must be NAME=GLOB; found {item!r}")
        if name not in recipe.inputs:
            raise ValueError(f"--input names {name!r}; the recipe needs {', '.join(recipe.inputs)}")
        files[name] = _files([pattern])
    rows = plan(recipe, files, options.output, options.overwrite)
    ready = sum(row.done for row in rows)
    if ready:
        print(f"{ready} of {len(rows)} files are done already")
    for row in run_batch(recipe, rows, options.output, lambda path: _open(path, options)):
        text = f"failed: {row.error}" if row.error else f"{row.seconds:.2f} s"
        print(f"{row.name}: {text}", flush=True)
    failed = [row for row in rows if row.status == "failed"]
    print(f"{sum(row.done for row in rows)} of {len(rows)} files done, {len(failed)} failed; results in {options.output}")
    return 1 if failed else 0


def _measure(options: argparse.Namespace) -> None:
    from objectwise.io.results import write_result

    if options.output.exists() and not options.overwrite:
        raise FileExistsError(f"{options.output} is there already; choose another name or add --overwrite")
    labels = _open(options.labels, options, "labels")
    inputs = {"labels": labels}
    images: dict[str, str] = {}
    for item in options.image:
        name, mark, path = item.partition("=")
        if not mark:
            name, path = Path(item).stem, item
        if name in images:
            raise ValueError(f"--image: the name {name!r} stands twice; each image needs a name of its own")
        images[name] = f"image {len(images) + 1}"
        inputs[images[name]] = _open(Path(path), options, "image")
    if not labels.grid.calibrated:
        # labels without a pixel size take that of an image of the same file set
        known = next((item.grid for item in inputs.values() if item.grid.calibrated), None)
        if known is not None and known.spatial == labels.grid.spatial:
            labels.grid = _calibrated(labels.grid, known)
    step = Step("table", "measure", {"labels": "labels", "images": images or None}, {"features": options.features})
    result = _last(Recipe([step], unit=labels.grid.unit), inputs)
    write_result(options.output, result, overwrite=options.overwrite)
    frames = result.array.frame["frame"].nunique()
    print(f"{len(result.array)} objects{f' in {frames} frames' if frames > 1 else ''}, written to {options.output}")


def _calibrated(grid: Grid, known: Grid) -> Grid:
    from dataclasses import replace

    order = [axis for axis in grid.axes if axis in grid.spatial]
    return replace(grid, spacing=tuple(known.spacing_along(axis) for axis in order), unit=known.unit)
