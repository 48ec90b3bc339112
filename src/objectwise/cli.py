"""The command line: what each command does. What it understands is in `arguments`.

An error is one sentence and an exit code: 1 for something that does not fit, 2 for a wrong command.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from objectwise.arguments import as_options, described, listed, parse, short
from objectwise.core.method import Method, find_method

if TYPE_CHECKING:
    from objectwise.core.recipe import Recipe
    from objectwise.core.results import Result
    from objectwise.core.step import Step
    from objectwise.io.opening import Reading


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    if hasattr(sys.stdout, "reconfigure"):
        # a file name that the terminal cannot show is no reason to stop
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
        code = _COMMANDS[options.command](options)
        sys.stdout.flush()
        return code or 0
    except BrokenPipeError:
        # whoever read the output has gone; Python would complain once more when it closes it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except MemoryError:
        return _complain("there is not enough memory for this image")
    except OSError as error:
        return _complain(f"{error.filename}: {error.strerror}" if error.strerror else str(error))
    except ValueError as error:
        return _complain(str(error))


def _complain(sentence: str) -> int:
    print(f"objectwise: {as_options(sentence)}", file=sys.stderr)
    return 1


def _demo(options: argparse.Namespace) -> None:
    from objectwise.demo import run_demo

    for paragraph in run_demo(options.output):
        print(paragraph, end="\n\n", flush=True)
    if not options.view:
        print(f"Open {options.output / 'coins_objects.png'}, or see it all in napari: objectwise demo --view")
        return
    from importlib.util import find_spec

    if find_spec("napari") is None:
        raise ValueError("napari is not installed: pip install 'napari-objectwise[gui]'")
    from npe2 import PluginManager

    # the window is reached as napari reaches it, through the manifest
    plugins = PluginManager.instance()
    plugins.discover()
    plugins.commands.execute("napari-objectwise.demo")


def _ops(options: argparse.Namespace) -> None:
    if options.name is not None:
        print(described(find_method(options.name)))
        return
    print(
        f"{listed()}\n\nobjectwise ops NAME describes one of them, objectwise apply NAME --help tells its options."
    )


def _schema(_: argparse.Namespace) -> None:
    from objectwise.core.recipe_file import schema

    print(json.dumps(schema(), indent=1))


def _apply(options: argparse.Namespace) -> None:
    from objectwise.core.composition import steps_of
    from objectwise.io.results import check_output, write_result

    record: Method = options.record
    check_output(options.output, record.output, overwrite=options.overwrite)
    first, *others = record.inputs
    inputs = {first.name: _open(options.input, options, first.kind)}
    sources: dict[str, Any] = {first.name: first.name}
    for item in others:
        given = getattr(options, f"input_{item.name}")
        if item.kind == "images":
            if images := _open_images(given, options, inputs):
                sources[item.name] = images
        elif given is not None:
            inputs[item.name] = _open(given, options, item.kind, beside=True)
            sources[item.name] = item.name
    _calibrate(inputs[first.name], inputs)
    grid = inputs[first.name].grid
    spacing = grid.block_spacing[-2:] if options.by_plane else grid.block_spacing
    values = {name: item.default_at(spacing) for name, item in record.parameters.items()} | options.values
    if options.channel is not None:
        sources[first.name] += f"[{options.channel}]"
    scope = getattr(options, "scope", "frame")
    steps = steps_of(record, record.name, sources, values, scope=scope, by_plane=options.by_plane)
    try:
        result = _result(steps, inputs, grid.unit)
    except ValueError as error:
        # where a recipe has brackets, the command line has an option
        raise ValueError(re.sub(rf'"{first.name}\[([^\]]+)\]"', r"--channel \1", str(error))) from error
    write_result(options.output, result, overwrite=options.overwrite)
    for line in _findings(result):
        print(line)
    print(f"written to {options.output}")


def _open_images(
    given: Sequence[str], options: argparse.Namespace, inputs: dict[str, Result]
) -> dict[str, str]:
    """Add images to the inputs, and return how a step names them."""
    images: dict[str, str] = {}
    for item in given:
        name, file = (Path(item).stem, item) if Path(item).exists() else item.partition("=")[::2]
        if not file:
            raise ValueError(f"--image must be NAME=FILE, or a file that is there; found {item!r}")
        if name in images:
            raise ValueError(f"--image: the name {name!r} stands twice; each image needs a name of its own")
        images[name] = _unused("image " + re.sub(r"[^\w -]", "_", name), inputs)
        inputs[images[name]] = _open(Path(file), options, "image", beside=True)
    return images


def _calibrate(labels: Result, inputs: Mapping[str, Result]) -> None:
    """Give labels without a pixel size that of the image that they were drawn on, which lies beside them."""
    from objectwise.io.opening import with_pixel_size_of

    if not labels.grid.calibrated:
        known = next((item.grid for item in inputs.values() if item.grid.calibrated), None)
        if known is not None and known.spatial == labels.grid.spatial:
            labels.grid = with_pixel_size_of(labels.grid, known)


def _findings(result: Result) -> list[str]:
    """Return what a person wants to know of a result before opening it."""
    lines = []
    for name in dict.fromkeys(row["parameter"] for row in result.values):
        rows = [row for row in result.values if row["parameter"] == name]
        # where several steps look for the same thing, the last one has decided
        rows = [row for row in rows if row["step"] == rows[-1]["step"]]
        numbers = ", ".join(short(row["value"]) for row in rows[:6]) + (", ..." if len(rows) > 6 else "")
        ends = ((axis, rows[0].get(axis), rows[-1].get(axis)) for axis in "tcz")
        where = ", ".join(f"{axis} {start} to {end}" for axis, start, end in ends if start != end)
        lines.append(f"{name}: {numbers}" + (f" ({where})" if where else ""))
    if result.kind == "labels":
        lines.append(_count(result))
    elif result.kind == "mask":
        lines.append(f"{result.array.mean():.1%} of the pixels are inside")
    elif result.kind == "table":
        lines.append(_rows(result))
    elif result.kind == "value":
        lines.append(", ".join(short(float(value)) for value in result.array))
    return lines


def _count(result: Result) -> str:
    """Return in words how many objects there are in labels."""
    from objectwise.core.kinds import compact

    blocks = [result.grid.read(result.array, index) for index in result.grid.indices(result.array.shape)]
    return _counted(sum(len(compact(block)[1]) - 1 for block in blocks), len(blocks))


def _rows(result: Result) -> str:
    """Return in words how many objects, or what else the rows are of, there are in a table."""
    assert result.recipe is not None
    table, rows = result.array, result.recipe.steps[-1].operation.rows
    if rows.each == "object":
        return _counted(len(table), table.frame["frame"].nunique())
    return f"{len(table)} row{'' if len(table) == 1 else 's'}, one for each {rows.each}"


def _counted(n_objects: int, n_frames: int) -> str:
    frames = f" in {n_frames} frames" if n_frames > 1 else ""
    return f"{n_objects} object{'' if n_objects == 1 else 's'}{frames}"


def _score(options: argparse.Namespace) -> None:
    from objectwise.match import score

    reference, labels = (_open(path, options, "labels") for path in (options.reference, options.labels))
    if reference.grid.axes != labels.grid.axes:
        raise ValueError(
            f"the files must have the same axes; found {reference.grid.axes} and {labels.grid.axes}"
        )
    found = score(reference.array, labels.array, grid=reference.grid)
    print(
        f"{'IoU':>5}{'matched':>9}{'missed':>8}{'wrong':>7}{'precision':>11}{'recall':>8}{'F1':>7}{'AP':>7}{'PQ':>7}"
    )
    for item in found:
        print(
            f"{item.iou:5.2f}{item.n_matched:9}{item.false_negatives:8}{item.false_positives:7}"
            f"{item.precision:11.3f}{item.recall:8.3f}{item.f1:7.3f}{item.average_precision:7.3f}"
            f"{item.panoptic_quality:7.3f}"
        )
    mean = sum(item.average_precision for item in found) / len(found)
    print(f"mean average precision from IoU 0.5 to 0.95: {mean:.3f}")


def _unused(name: str, taken: Mapping[str, Result]) -> str:
    while name in taken:
        name += "_"
    return name


def _run(options: argparse.Namespace) -> int:
    from objectwise.batch import plan, run_batch
    from objectwise.io.opening import find_files

    recipe = _recipe(options.recipe)
    named = {recipe.inputs[0]: options.files}
    for item in options.input:
        name, _, pattern = item.partition("=")
        if name not in recipe.inputs or not pattern:
            raise ValueError(
                f"--input must be NAME=GLOB, NAME one of {', '.join(recipe.inputs)}; found {item!r}"
            )
        named.setdefault(name, []).append(pattern)
    files = {}
    for name, patterns in named.items():
        files[name], left_out = find_files(patterns)
        if left_out:
            shown = ", ".join(path.name for path in left_out[:3]) + (", ..." if len(left_out) > 3 else "")
            print(
                f"left out, as no image by {'its name' if len(left_out) == 1 else 'their names'}: {shown}",
                file=sys.stderr,
            )
    kinds = recipe.input_kinds()
    planned = plan(recipe, files, options.output, _reading(options), options.overwrite)
    ready = sum(row.done for row in planned.rows)
    if ready:
        print(f"{ready} of {len(planned.rows)} files are done already", flush=True)

    def say(sentence: str) -> None:
        print(sentence, file=sys.stderr, flush=True)

    for row in run_batch(planned, lambda path, name: _open(path, options, kinds[name]), say):
        print(
            f"{row.name}: " + (f"failed, {as_options(row.error)}" if row.error else f"{row.seconds:.2f} s"),
            flush=True,
        )
    done = sum(row.done for row in planned.rows)
    failed = len(planned.rows) - done
    counts = f"{done} of {len(planned.rows)} files are done" + (f", {failed} failed" if failed else "")
    print(f"{counts}; results in {options.output}")
    return 1 if failed else 0


def _script(options: argparse.Namespace) -> None:
    from objectwise.script import python_script

    print(python_script(_recipe(options.recipe)), end="")


def _methods(options: argparse.Namespace) -> None:
    from objectwise.prose import methods_text

    print(methods_text(_recipe(options.recipe)))


def _diff(options: argparse.Namespace) -> None:
    lines = _recipe(options.recipe).diff(_recipe(options.other))
    print("\n".join(lines) or "the recipes do the same")


def _recipe(name: str) -> Recipe:
    """Return the recipe of a file, or one that ships with the package."""
    from objectwise.core.recipe import Recipe
    from objectwise.recipes import shipped

    if Path(name).exists() or Path(name).name != Path(name).stem:
        return Recipe.read(name)
    return shipped(name)


# --- for several commands ------------------------------------------------------------------------------


def _reading(options: argparse.Namespace) -> Reading:
    from objectwise.io.opening import Reading

    return Reading(options.axes, options.spacing, options.unit, options.scene)


def _open(path: Path, options: argparse.Namespace, kind: str, beside: bool = False) -> Result:
    from objectwise.io.opening import open_input

    as_mask = getattr(options, "as_mask", False)
    result, notes = open_input(path, kind, _reading(options), as_mask=as_mask, beside=beside)
    for note in notes:
        print(f"{path.name}: {as_options(note)}", file=sys.stderr)
    return result


def _result(steps: Sequence[Step], inputs: Mapping[str, Result], unit: str) -> Result:
    """Run the steps, with a bar on a terminal, and return the result of the last."""
    from objectwise.core.recipe import Recipe
    from objectwise.core.run import expectation, run

    shown = sys.stderr.isatty()
    recipe = Recipe(steps, outputs=(steps[-1].id,), unit=unit)
    try:
        if expected := expectation(recipe, inputs):
            print(f"{steps[-1].op} takes {expected}", file=sys.stderr, flush=True)
        for progress in run(recipe, inputs):
            if shown and progress.total > 1:
                bar = "#" * round(30 * progress.fraction)
                print(f"\r[{bar:.<30}] {progress.fraction:4.0%}", end="", file=sys.stderr, flush=True)
    except ValueError as error:
        # nobody has named the steps
        text = str(error)
        for step in steps:
            text = text.replace(f"step {step.id!r}", step.op)
        raise ValueError(text) from error
    finally:
        if shown:
            print("\r" + " " * 40, end="\r", file=sys.stderr, flush=True)
    return progress.results[steps[-1].id]


_COMMANDS = {
    "demo": _demo,
    "ops": _ops,
    "apply": _apply,
    "run": _run,
    "measure": _apply,
    "score": _score,
    "script": _script,
    "methods": _methods,
    "diff": _diff,
    "schema": _schema,
}
