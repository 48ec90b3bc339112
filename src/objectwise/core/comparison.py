"""In what two recipes differ, in words: for a person who has two results before them and asks why.

Steps are paired by what they do, in their order, as the names of steps differ between recipes that do the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from objectwise.core.step import Step

if TYPE_CHECKING:
    from objectwise.core.recipe import Recipe


def differences(ours: Recipe, theirs: Recipe) -> list[str]:
    """Return in words what changes from one recipe to another; nothing where they do the same.

    Examples
    --------
    >>> import objectwise as ow
    >>> otsu = ow.Recipe([ow.Step("mask", "threshold_auto", {"image": "nuclei"})])
    >>> differences(otsu, otsu.with_value("mask", "method", "li"))
    ['mask: method otsu -> li']
    """
    found = [f"unit {ours.unit} -> {theirs.unit}"] if ours.unit != theirs.unit else []
    names: dict[str, str] = {}
    pairs = SequenceMatcher(
        None, [step.op for step in ours.steps], [step.op for step in theirs.steps], autojunk=False
    )
    for tag, start, end, other_start, other_end in pairs.get_opcodes():
        if tag == "equal":
            for step, other in zip(ours.steps[start:end], theirs.steps[other_start:other_end], strict=True):
                names[step.id] = other.id
                found += [f"{step.id}: {change}" for change in _changes(step.renamed(names), other)]
            continue
        found += [f"without {_named(step)}" for step in ours.steps[start:end]]
        found += [f"with {_named(step)}" for step in theirs.steps[other_start:other_end]]
    # where both have inputs of other names, it is the same done with another image
    if len(ours.inputs) == len(theirs.inputs):
        moved = [(old, new) for old, new in zip(ours.inputs, theirs.inputs, strict=True) if old != new]
        changes = [f"{old} -> {new}" for old, new in moved]
        found = [f"input {change}" for change in changes] + [
            line for line in found if line.partition(": ")[2].partition(" ")[2] not in changes
        ]
    kept, others = ([names.get(name, name) for name in ours.outputs], list(theirs.outputs))
    if kept != others and not found:
        found.append(f"outputs {', '.join(ours.outputs)} -> {', '.join(others)}")
    return found


def _named(step: Step) -> str:
    return step.op if step.id == step.op else f"{step.id} ({step.op})"


def _changes(ours: Step, theirs: Step) -> Iterator[str]:
    for ours_by_name, theirs_by_name in ((ours.inputs, theirs.inputs), (ours.parameters, theirs.parameters)):
        for name in dict.fromkeys([*ours_by_name, *theirs_by_name]):
            old, new = ours_by_name.get(name), theirs_by_name.get(name)
            if old != new:
                yield f"{name} {in_words(old)} -> {in_words(new)}"
    for name in ("scope", "by_plane"):
        old, new = getattr(ours, name), getattr(theirs, name)
        if old != new:
            yield f"{name} {in_words(old)} -> {in_words(new)}"


def in_words(value: Any) -> str:
    """Return a value of a step as a person reads it.

    Examples
    --------
    >>> in_words(None), in_words(True), in_words(0.30000000000000004), in_words((1.0, 2.0))
    ('left out', 'true', '0.3', '1, 2')
    """
    if value is None:
        return "left out"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {item}" for key, item in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(in_words(item) for item in value)
    return str(value)
