"""What a recipe does as a paragraph for the methods section of a paper, and with which software.

The sentences are those of the operations themselves: the first line of a docstring is an imperative, and what was
done is the same line in the past tense. So nothing is written about an operation a second time, and one that somebody
adds can be told of as well. Values come with their units, those that a run has found as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from objectwise.core.comparison import in_words
from objectwise.core.method import methods
from objectwise.core.operation import plain_text
from objectwise.core.parameter import Parameter
from objectwise.core.recipe import From, Recipe, Step
from objectwise.reference import references

SOFTWARE = ("napari-objectwise", "numpy", "scipy", "scikit-image", "numba")

# verbs whose past tense is not made by -ed
_PAST = {
    "average": "averaged",
    "cut": "cut",
    "draw": "drew",
    "find": "found",
    "fit": "fitted",
    "give": "gave",
    "grow": "grew",
    "keep": "kept",
    "label": "labelled",
    "leave": "left",
    "make": "made",
    "map": "mapped",
    "peel": "peeled",
    "put": "put",
    "rebuild": "rebuilt",
    "set": "set",
    "shrink": "shrank",
    "split": "split",
    "sum": "summed",
    "take": "took",
    "tell": "told",
    "thin": "thinned",
}


def past(verb: str) -> str:
    """Return the past tense of a verb.

    Examples
    --------
    >>> past("smooth"), past("remove"), past("find"), past("denoise"), past("multiply")
    ('smoothed', 'removed', 'found', 'denoised', 'multiplied')
    """
    if verb in _PAST:
        return _PAST[verb]
    if verb.endswith("e"):
        return verb + "d"
    return verb[:-1] + "ied" if re.search(r"[^aeiou]y$", verb) else verb + "ed"


def done(summary: str) -> str:
    """Return what was done, from the sentence that says what a method does.

    Examples
    --------
    >>> done("Split touching objects at their necks, and give each an id.")
    'split touching objects at their necks, and gave each an id'
    >>> done("Smooth with a median: specks and hot pixels go.")
    'smoothed with a median'
    """
    # what comes after a colon explains, for whoever chooses
    sentence = plain_text(summary).partition(": ")[0].rstrip(".")
    first, _, rest = sentence.partition(" ")
    verbs = {method.summary.partition(" ")[0].lower() for method in methods.values()}

    def second(found: re.Match[str]) -> str:
        return f", and {past(found[1])} " if found[1] in verbs | set(_PAST) else found[0]

    rest = re.sub(r", and (\w+) ", second, rest)
    return f"{past(first.lower())} {rest}".strip()


def methods_text(
    recipe: Recipe,
    values: Sequence[Mapping[str, Any]] = (),
    *,
    ndim: int = 2,
    software: Iterable[str] = SOFTWARE,
) -> str:
    """Return a recipe as text for the methods section of a paper.

    Parameters
    ----------
    recipe : Recipe
        What was done.
    values : sequence of mapping, optional
        The numbers that the run has found: the ``values`` of its result.
    ndim : int, optional
        Number of spatial axes, which decides between areas and volumes.
    software : iterable of str, optional
        Packages whose versions are told.

    Returns
    -------
    str
        A paragraph, the software, and the publications of the methods, numbered as in the paragraph.

    Examples
    --------
    >>> import objectwise as ow
    >>> step = ow.Step("mask", "threshold_manual", {"image": "nuclei"}, {"lower": 120})
    >>> print(methods_text(ow.Recipe([step]), software=()))
    From “nuclei” we kept the pixels within a range of brightness that is chosen by hand (lower 120).
    """
    account = _Account(recipe, values, ndim)
    parts = [" ".join([*account.edits(), *account.sentences()])]
    versions = [found for name in software if (found := _version(name))]
    if versions:
        parts.append(f"Software: {', '.join(versions)}.")
    if account.cited:
        parts.append("\n".join(f"[{number}] {text}" for number, text in enumerate(account.cited, 1)))
    return "\n\n".join(parts)


def facts(recipe: Recipe, step: Step, values: Sequence[Mapping[str, Any]] = (), ndim: int = 2) -> list[str]:
    """Return the values of a step that are worth telling, with units, those that a run has found as well."""
    return list(_Account(recipe, values, ndim).facts(step))


def _version(name: str) -> str:
    try:
        return f"{name.removeprefix('napari-')} {version(name)}"
    except PackageNotFoundError:
        return ""


@dataclass
class _Account:
    """The story of one recipe, and the publications that it has cited so far."""

    recipe: Recipe
    values: Sequence[Mapping[str, Any]]
    ndim: int
    cited: list[str] = field(default_factory=list)

    def edits(self) -> Iterator[str]:
        """Tell of inputs that were made before, and then edited by hand."""
        for name, edit in self.recipe.notes.get("edited", {}).items():
            if "before" in edit:
                before = _Account(Recipe.from_toml(edit["before"]), (), self.ndim, self.cited)
                yield from before.sentences()
            yield f"The result, “{name}”, was then corrected by hand."

    def sentences(self) -> Iterator[str]:
        """Give the sentences: a chain of steps is one, up to three of them."""
        clauses: list[str] = []
        before: str | None = None
        searches = self._searches()
        told = self._main() | set(searches)
        for number, step in enumerate(self.recipe.steps):
            if step.id not in told:
                continue
            sources = self._sources(step)
            goes_on = step.operation.output == "value" or (before is not None and sources[:1] == [before])
            if clauses and (not goes_on or len(clauses) == 3):
                yield _sentence(clauses)
                clauses = []
            clause = self._clause(step, searches.get(step.id, ()))
            others = [name for name in sources if name != before] if goes_on else []
            if others and step.operation.output != "value":
                clause += f", using {_listed(others)}"
            if clauses:
                clauses.append(clause)
            else:
                clauses = [f"we {clause}" if goes_on else f"from {_listed(sources)} we {clause}"]
            before = step.id
            if step.id in searches or self._is_named(step, number):
                clauses[-1] += f", giving {_listed([step.id])}"
                yield _sentence(clauses)
                clauses = []
        if clauses:
            yield _sentence(clauses)

    def _main(self) -> set[str]:
        """Return the steps whose pixels become part of a result, rather than just a number found in them."""
        main = set(self.recipe.outputs)
        for step in reversed(self.recipe.steps):
            if step.id in main:
                main |= {source.name for pairs in step.sources().values() for _, source in pairs}
        return main

    def _searches(self) -> dict[str, list[str]]:
        """Return for each step that finds a number for the others the steps that only lead to it."""
        main = self._main()
        told = {
            value.step
            for step in self.recipe.steps
            if step.id in main
            for value in step.parameters.values()
            if isinstance(value, From)
        }
        return {
            name: [
                step.id
                for step in self.recipe.leading_to(name).steps
                if step.id not in main and step.id not in told
            ]
            for name in told
        }

    def _sources(self, step: Step) -> list[str]:
        names = [str(source) for pairs in step.sources().values() for _, source in pairs]
        return list(dict.fromkeys(names))

    def _is_named(self, step: Step, number: int) -> bool:
        """Whether the result needs a name: it is kept, or others than the next step take it up first."""
        later = [item for item in self.recipe.steps[number + 1 :] if step.id in item.needs()]
        follows = self.recipe.steps[number + 1 : number + 2]
        first = [item for item in follows if self._sources(item)[:1] == [step.id]]
        return later != first or bool(follows and step.id in self.recipe.outputs)

    def _clause(self, step: Step, search: Sequence[str]) -> str:
        facts = list(self.facts(step))
        if step.by_plane:
            facts.append("each plane alone")
        text = done(step.operation.summary)
        if search:
            text += f" in {len(search) + 1} steps, which the recipe lists"
        if facts:
            text = f"{text} ({', '.join(facts)})".replace(") (", "; ")
        numbers = [self._cite(item) for item in references(step.operation, step.parameters)]
        return text + (f" [{', '.join(map(str, numbers))}]" if numbers else "")

    def _cite(self, text: str) -> int:
        if text not in self.cited:
            self.cited.append(text)
        return self.cited.index(text) + 1

    def facts(self, step: Step) -> Iterator[str]:
        """Give the values of a step that are worth telling."""
        record, pending = step.operation, []
        for name, value in step.parameters.items():
            parameter = record.parameters[name]
            if isinstance(value, From):
                times = "" if value.times == 1 else f"{in_words(value.times)} times "
                yield f"{_spoken(name)} {times}{_listed([value.step])}"
            elif value is not None and self._tells(record.output, parameter, value):
                unit = self._unit(parameter)
                yield f"{_spoken(name)} {in_words(value)}{f' {unit}' if unit else ''}"
            elif value is None and parameter.statistic is not None:
                found = self._found(step, name)
                pending += [] if found else [_spoken(name)]
                if found:
                    yield f"{_spoken(name)} {found}"
        if pending:
            yield f"{' and '.join(pending)} found from the image"

    def _tells(self, output: str, parameter: Parameter, value: Any) -> bool:
        """Whether a value belongs into the text: a choice of a method, a size, or what is not the default."""
        if output == "table":
            # what is measured and how is documented column by column
            return parameter.name == "features"
        measured = parameter.unit is not None and parameter.unit.name in ("length", "size", "density")
        return (measured and bool(value)) or parameter.name.endswith("method") or value != parameter.default

    def _unit(self, parameter: Parameter) -> str:
        if parameter.unit is None or parameter.unit.name in ("intensity", "pixels"):
            return ""
        power = parameter.unit.exponent(self.ndim)
        if self.recipe.unit == "pixel" and power > 0:
            return "voxels" if power == 3 else "pixels"
        text = re.sub(r"\bum\b", "µm", parameter.unit.text(self.recipe.unit, self.ndim))
        return re.sub(r"\^(-?\d)", lambda power: power[1].translate(_RAISED), text)

    def _found(self, step: Step, name: str) -> str:
        """Return the number that a run has found, or from which to which they reach; nothing where none is known."""
        rows = [row["value"] for row in self.values if row["step"] == step.id and row["parameter"] == name]
        numbers = np.array([row for row in rows if isinstance(row, int | float)], float)
        numbers = numbers[np.isfinite(numbers)]
        if not numbers.size:
            return ", ".join(f"{value:.4g}" for value in np.ravel(rows)) if len(rows) == 1 else ""
        low, high = f"{numbers.min():.4g}", f"{numbers.max():.4g}"
        return low if low == high else f"{low} to {high}, found for each {step.scope}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _listed(names: Sequence[str]) -> str:
    *first, last = [f"“{_spoken(name)}”" for name in names]
    return f"{', '.join(first)} and {last}" if first else last


def _sentence(clauses: Sequence[str]) -> str:
    text = ", then ".join(clauses)
    return text[:1].upper() + text[1:] + "."
