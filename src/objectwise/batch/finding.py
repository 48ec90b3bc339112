"""Which images a person means by names, folders, patterns, plates and lists, and what is known of each.

A folder of an experiment holds more than images: notes, thumbnails, files that a computer hides. They are left out,
and said to be. What looks like an image and is none is kept: it will be a row with an error, as an image that
silently is not there would be a wrong result.

What is known of an image, its well or its treatment, comes from where people write it down: the layout of a plate,
the name of a file, or a table of files. It travels with the image into the table over all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from glob import glob, has_magic
from itertools import takewhile
from pathlib import Path

from objectwise.batch.files import Files, stacked
from objectwise.batch.lists import read_list
from objectwise.batch.names import natural, readable
from objectwise.io.files import stem, supported
from objectwise.io.ome_zarr import fields_of, is_zarr

_STACKED = {"channel": "c", "c": "c", "plane": "z", "z": "z", "frame": "t", "time": "t", "t": "t"}
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_CHANNEL = re.compile(r"(?P<name>.+)\[(?P<channel>[^\[\]]+)\]")


@dataclass(frozen=True)
class Found:
    """One image: how its results are named, its files, and what is known of it.

    Parameters
    ----------
    name : str
        How the names of its results start.
    inputs : dict of str to Files
        For each input of the recipe its files.
    metadata : dict of str to str, optional
        What becomes columns of the table over all images.
    """

    name: str
    inputs: dict[str, Files]
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LeftOut:
    """A file that is not read, and why."""

    path: Path
    reason: str


def find_images(
    named: Mapping[str, Sequence[str]],
    *,
    pattern: str | None = None,
    root: str | Path | None = None,
    results: str | Path | None = None,
) -> tuple[list[Found], list[LeftOut]]:
    """Return the images that a person means.

    Parameters
    ----------
    named : mapping of str to sequence of str
        For each input of the recipe, the first one first: files, folders, patterns such as ``plate/*.tif``, OME-Zarr
        images and plates; each may end in ``[DAPI]``, the channel that is meant. For the first input also CSV files
        that name images, with a column for each input and others for what is known of the images.
    pattern : str, optional
        What the names of files say, such as ``"{well}_s{field}_w{channel}.tif"``. Files that differ in ``channel``,
        ``z`` or ``t`` alone are one image; all else becomes columns.
    root : path, optional
        The folder that the files of a CSV lie in; that of the CSV where it is left out.
    results : path, optional
        The folder of results, in which no image is looked for.

    Returns
    -------
    images : list of Found
        The inputs of one image belong together by their names, where these are the same, else by their order.
    left_out : list of LeftOut
        What lies among the images and is not read.

    Raises
    ------
    ValueError
        If nothing is found, or the inputs do not belong together.
    """
    left_out: list[LeftOut] = []
    first = next(iter(named))
    lists = [name for name in named[first] if Path(name).suffix.lower() == ".csv" and Path(name).is_file()]
    if lists:
        if len(lists) < len(named[first]) or len([name for name in named if named[name]]) > 1:
            raise ValueError("a CSV file names all images and all their inputs; give it alone")
        rows = [row for name in lists for row in read_list(Path(name), list(named), root)]
        return [Found(name, files, known) for name, files, known in rows], left_out
    found = {name: _images(texts, pattern, results, left_out) for name, texts in named.items()}
    return _together(found), list(dict.fromkeys(left_out))


def _together(found: Mapping[str, list[tuple[str, Files, dict[str, str]]]]) -> list[Found]:
    """Return images from the files of each input."""
    first, *others = found
    for name, items in found.items():
        if not items:
            raise ValueError(f"the recipe needs files for {name!r}; found none")
    ours = [item[0] for item in found[first]]
    columns = {first: found[first]}
    for other in others:
        theirs = {item[0]: item for item in found[other]}
        if len(theirs) == len(found[other]) and set(theirs) == set(ours):
            columns[other] = [theirs[name] for name in ours]
        else:
            columns[other] = found[other]
    counts = {name: len(items) for name, items in found.items()}
    if len(set(counts.values())) > 1:
        text = ", ".join(f"{n} for {name!r}" for name, n in counts.items())
        raise ValueError(f"each input needs as many files as the others; found {text}")
    return [
        Found(
            group[0][0],
            {name: item[1] for name, item in zip(columns, group, strict=True)},
            {key: text for item in reversed(group) for key, text in item[2].items()},
        )
        for group in zip(*columns.values(), strict=True)
    ]


def _images(
    texts: Sequence[str], pattern: str | None, results: str | Path | None, left_out: list[LeftOut]
) -> list[tuple[str, Files, dict[str, str]]]:
    """Return the name, the files and what is known of each image that names, folders and patterns stand for."""
    images: list[tuple[str, Files, dict[str, str]]] = []
    for text in texts:
        paths, channel, start = _paths(text)
        if not paths:
            raise ValueError(f"there is no image in {text}")
        loose: list[Path] = []
        for path in _kept(paths, start, results, left_out):
            if is_zarr(path):
                images += [
                    (name, Files((str(inside),), channel=channel), known)
                    for name, inside, known in fields_of(path)
                ]
            else:
                loose.append(path)
        if pattern is None:
            images += [(_title(path, start), Files((str(path),), channel=channel), {}) for path in loose]
        elif loose:
            images += _by_pattern(loose, pattern, channel, left_out)
    if texts and not images:
        raise ValueError(f"there is no image in {', '.join(texts)}")
    return list({str(files): (name, files, known) for name, files, known in images}.values())


def _paths(text: str) -> tuple[list[Path], str | None, Path | None]:
    """Return what a name stands for before anything is left out, the channel that it asks for, and where it starts.

    A pattern starts at the last folder before its first star; what was named alone starts nowhere.
    """
    if Path(text).exists():
        return [Path(text)], None, None
    if has_magic(text) and (found := sorted(glob(text, recursive=True), key=natural)):  # noqa: PTH207
        fixed = takewhile(lambda part: not has_magic(part), Path(text).parent.parts)
        return [Path(item) for item in found], None, Path(*fixed)
    if (match := _CHANNEL.fullmatch(text)) and "[" not in match["name"]:
        paths, _, start = _paths(match["name"])
        return paths, match["channel"], start
    return ([] if has_magic(text) else [Path(text)]), None, None


def _title(path: Path, start: Path | None) -> str:
    """Return what to call the image in a file: with the folders that a pattern has found it in."""
    inside = path.parent.relative_to(start).parts if start is not None else ()
    return readable("_".join([*inside, stem(path)]))


def _kept(
    paths: Sequence[Path], start: Path | None, results: str | Path | None, left_out: list[LeftOut]
) -> list[Path]:
    """Return the images among the paths, those in a folder for the folder; a file that was named is kept."""
    named = start is None
    if named and (not paths[0].is_dir() or is_zarr(paths[0])):
        return list(paths)
    inside = sorted(paths[0].iterdir(), key=lambda item: natural(item.name)) if named else paths
    ours = Path(results).resolve() if results is not None else None
    kept = []
    for path in inside:
        if (path.is_dir() and not is_zarr(path)) or (ours is not None and ours in path.resolve().parents):
            continue
        if path.name.startswith("."):
            reason = "a hidden file"
        elif named and "thumb" in path.name.lower():
            reason = "a thumbnail by its name"
        elif not path.is_dir() and not supported(path):
            reason = "no image by its name"
        else:
            kept.append(path)
            continue
        left_out.append(LeftOut(path, reason))
    return kept


def _by_pattern(
    paths: Sequence[Path], pattern: str, channel: str | None, left_out: list[LeftOut]
) -> list[tuple[str, Files, dict[str, str]]]:
    """Return the images that files make up by their names."""
    fits, names = _expression(pattern)
    stack = [name for name in names if name in _STACKED]
    axes = "".join(_STACKED[name] for name in stack)
    if len(set(axes)) < len(axes):
        raise ValueError(f"the pattern {pattern!r} names channels, planes or frames twice")
    groups: dict[tuple[Path, str], dict[tuple[str, ...], str]] = {}
    known: dict[tuple[Path, str], dict[str, str]] = {}
    unfit, other_channel = [], 0
    for path in paths:
        match = fits.fullmatch(path.name)
        if match is None:
            unfit.append(LeftOut(path, f"its name does not fit {pattern}"))
            continue
        said = match.groupdict()
        wanted = stack.index(next(name for name in stack if _STACKED[name] == "c")) if "c" in axes else None
        if wanted is not None and channel is not None and said[stack[wanted]] != channel:
            other_channel += 1
            continue
        name = _name(pattern, {key: text for key, text in said.items() if key not in _STACKED}, path)
        place = tuple(said[key] for key in stack)
        same = groups.setdefault((path.parent, name), {})
        if place in same:
            raise ValueError(f"{path.name} and {Path(same[place]).name} are the same by {pattern!r}")
        same[place] = str(path)
        known[path.parent, name] = {key: text for key, text in said.items() if key not in _STACKED}
    left_out += unfit
    if not groups:
        why = f"none of them is of channel {channel}" if other_channel else f"no name fits {pattern}"
        raise ValueError(f"there is no image among {len(paths)} files: {why}")
    images = []
    for (folder, name), places in groups.items():
        files = stacked(places, axes, name)
        if channel is not None and "c" not in axes:
            files = Files(files.paths, files.axes, files.sizes, files.channels, channel)
        images.append((name, files, known[folder, name]))
    return images


def _expression(pattern: str) -> tuple[re.Pattern[str], list[str]]:
    """Return what tells whether a name fits a pattern, and the names in the pattern."""
    pieces = _PLACEHOLDER.split(pattern)
    names = pieces[1::2]
    if not names or len(set(names)) < len(names) or any(not piece for piece in pieces[2:-1:2]):
        raise ValueError(
            f"a pattern has names in braces, each once and something between them, as in "
            f"'{{well}}_s{{field}}_w{{channel}}.tif'; found {pattern!r}"
        )
    if reserved := {"file", "label"} & set(names):
        raise ValueError(f"{min(reserved)!r} is a column of every table; give it another name in {pattern!r}")
    text = "".join(
        f"(?P<{piece}>.+?)" if number % 2 else re.escape(piece).replace(r"\*", ".*?")
        for number, piece in enumerate(pieces)
    )
    return re.compile(text, re.IGNORECASE), names


def _name(pattern: str, said: Mapping[str, str], path: Path) -> str:
    """Return what to call an image: the pattern without what its files differ in.

    Examples
    --------
    >>> _name("{well}_s{field}_w{channel}.tif", {"well": "A01", "field": "1"}, Path("A01_s1_w1.TIF"))
    'A01_s1'
    """
    text = stem(Path(re.sub(r"[ _.-]*[A-Za-z]*\{(?:" + "|".join(_STACKED) + r")\}", "", pattern)))
    text = _PLACEHOLDER.sub(lambda match: said[match[1]], text.replace("*", "")).strip(" _-.")
    return readable(text or path.parent.name)
