"""One step of a recipe: an operation, what it is given, and the values of its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from objectwise.core.method import ACCEPTS, KINDS
from objectwise.core.operation import Operation, find
from objectwise.core.parameter import nearest

SCOPES = ("plane", "frame", "series")
STEP_KEYS = ("id", "op", "scope", "by_plane")
_SOURCE = re.compile(r"^(?P<name>[^\[\]]+)(\[(?P<channel>[^\[\]]+)\])?$")


@dataclass(frozen=True)
class From:
    """The number that an earlier step has found, times a factor, as the value of a parameter.

    A diameter that is taken for an area or a volume stands for the disc or ball of that diameter.
    """

    step: str
    times: float = 1.0

    def __str__(self) -> str:
        """Return it as a recipe writes it."""
        return f"{{from = {self.step!r}, times = {self.times:g}}}"


@dataclass(frozen=True)
class Source:
    """Where the array of a step comes from: an input or an earlier step, and which channel of it."""

    name: str
    channel: str | None = None

    @classmethod
    def parse(cls, text: str) -> Source:
        """Read ``"cells"`` or ``"cells[DAPI]"``."""
        match = _SOURCE.match(str(text).strip())
        if match is None:
            raise ValueError(f"{text!r} names no array; write the name of an input or step, or name[channel]")
        return cls(match["name"].strip(), match["channel"])

    def __str__(self) -> str:
        """Return it as a recipe writes it."""
        return self.name if self.channel is None else f"{self.name}[{self.channel}]"


@dataclass(frozen=True)
class Step:
    """One operation, what it is given, and the values of its parameters.

    Parameters
    ----------
    id : str
        The name by which later steps know its result.
    op : str
        The name of the operation.
    inputs : mapping of str to str, or to a mapping
        For each array of the operation, what it is; for named channels, a mapping of names.
    parameters : mapping, optional
        The values; those left out have their defaults.
    scope : {'plane', 'frame', 'series'}, optional
        Over what a parameter that is left out is computed.
    by_plane : bool, optional
        Whether each plane of a volume is worked on alone.
    """

    id: str
    op: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    scope: str = "frame"
    by_plane: bool = False

    @property
    def operation(self) -> Operation:
        """The record of the operation."""
        return find(self.op, f"step {self.id!r}")

    def sources(self) -> dict[str, list[tuple[str, Source]]]:
        """Return for each input its ``(name, source)`` pairs: one pair, or one for each named channel."""
        found = {}
        for name, value in self.inputs.items():
            if isinstance(value, Mapping):
                found[name] = [(str(key), Source.parse(item)) for key, item in value.items()]
            elif value is not None:
                found[name] = [(name, Source.parse(value))]
        return found

    def needs(self) -> set[str]:
        """Return the names of the inputs and steps that this step depends on."""
        names = {source.name for pairs in self.sources().values() for _, source in pairs}
        return names | {value.step for value in self.parameters.values() if isinstance(value, From)}

    def renamed(self, names: Mapping[str, str]) -> Step:
        """Return this step with other names for the inputs and steps that it depends on."""

        def changed(text: Any) -> str:
            source = Source.parse(text)
            return str(replace(source, name=names.get(source.name, source.name)))

        inputs = {
            key: {name: changed(item) for name, item in value.items()}
            if isinstance(value, Mapping)
            else changed(value)
            for key, value in self.inputs.items()
        }
        parameters = {
            key: replace(value, step=names.get(value.step, value.step)) if isinstance(value, From) else value
            for key, value in self.parameters.items()
        }
        return replace(self, inputs=inputs, parameters=parameters)

    def checked(self, known: Mapping[str, str | None]) -> Step:
        """Return this step with every value written out; refuse what is wrong.

        Parameters
        ----------
        known : mapping of str to str or None
            The kind of each input and earlier step; None where it is not known.
        """
        where = f"step {self.id!r}"
        record = self.operation
        if self.scope not in SCOPES:
            raise ValueError(f"{where}: scope must be one of {', '.join(SCOPES)}; found {self.scope!r}")
        if not isinstance(self.by_plane, bool):
            raise ValueError(f"{where}: by_plane must be true or false; found {self.by_plane!r}")
        names = [item.name for item in record.inputs]
        for name in self.inputs:
            if name not in names:
                raise ValueError(
                    f"{where}: {self.op} is given {', '.join(names)}, not {name!r}{nearest(name, names)}"
                )
        sources = self.sources()
        for item in record.inputs:
            pairs = sources.get(item.name)
            if not pairs:
                if not item.optional:
                    raise ValueError(f"{where}: {self.op} needs {item.name}, {KINDS[item.kind].description}")
                continue
            if isinstance(self.inputs[item.name], Mapping) and item.kind != "images":
                raise ValueError(
                    f"{where}: {item.name} is one array, a name; found {dict(self.inputs[item.name])}"
                )
            for _, source in pairs:
                if source.name not in known:
                    raise ValueError(
                        f"{where}: {item.name} names {source.name!r}, which is neither an input nor an "
                        f"earlier step{nearest(source.name, known)}"
                    )
                kind = known[source.name]
                if kind == "channels" and (source.channel is not None or record.by_channel):
                    # one of several channels is an image, and so is each where a step takes them one by one
                    kind = "image"
                if kind is not None and kind not in ACCEPTS[item.kind]:
                    raise ValueError(
                        f"{where}: {item.name} must be {item.kind} ({KINDS[item.kind].description}); "
                        f"{source.name!r} is {kind}"
                    )
        late = {name: value for name, value in self.parameters.items() if isinstance(value, From)}
        for name, value in late.items():
            if name in record.parameters and record.parameters[name].type not in (float, int):
                raise ValueError(f"{where}: {name} is no number and cannot be taken from {value.step!r}")
            if known.get(value.step) != "value":
                raise ValueError(
                    f"{where}: {name} is taken from {value.step!r}, which is not an earlier step that finds "
                    "a number"
                )
        values = record.check(
            {name: value for name, value in self.parameters.items() if name not in late}
            | {name: _placeholder(record, name, where) for name in late},
            where,
        )
        return replace(
            self,
            inputs={name: self.inputs[name] for name in names if self.inputs.get(name) is not None},
            parameters={name: late.get(name, value) for name, value in values.items()},
        )


def _placeholder(record: Operation, name: str, where: str) -> Any:
    """Return a value that passes the bounds of a parameter whose number is not known yet."""
    if name not in record.parameters:
        return record.check({name: None}, where)
    item = record.parameters[name]
    for value in (item.default, item.minimum, item.maximum, 1.0):
        if value is not None:
            return value
    return None


def free_name(name: str, taken: Iterable[str]) -> str:
    """Return a name that is not taken, with a number behind it where needed.

    Examples
    --------
    >>> free_name("mask", {"mask", "mask_2"})
    'mask_3'
    """
    taken, found, number = set(taken), name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found
