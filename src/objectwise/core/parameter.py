"""One parameter of an operation: its type, unit, bounds and choices, and the check of a value.

The annotations in the first half are the vocabulary of parameters in a signature; `read_parameter` turns a
parameter of a signature into a record. A value from Python, a recipe file, the command line or a form goes
through the same `Parameter.check`.
"""

from __future__ import annotations

import contextlib
import difflib
import inspect
import json
import math
import re
import types
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import annotated_types
import numpy as np

from objectwise.core.statistics import Statistic

RESERVED = frozenset({"id", "op", "scope", "by_plane"})


@dataclass(frozen=True)
class Unit:
    """The power of a length in which a parameter is given, or the name of another unit."""

    name: str
    power: int | None = None

    def text(self, unit: str, ndim: int) -> str:
        """Return the unit as a person reads it, such as ``um`` or ``um^3``."""
        if self.name == "length":
            return unit
        power = self.exponent(ndim)
        return f"{unit}^{power}" if power else self.name

    def exponent(self, ndim: int) -> int:
        """Return the power of a length that the parameter scales with."""
        return {"length": 1, "size": ndim, "density": -ndim}.get(self.name, 0)


def as_unit(number: float, found: Unit | None, wanted: Unit | None, ndim: int) -> float:
    """Return a number as a parameter wants it: of a diameter, the area of the disc or volume of the ball.

    Examples
    --------
    >>> round(as_unit(2.0, Unit("length"), Unit("size"), 2), 3)
    3.142
    """
    if found == Unit("length") and wanted == Unit("size"):
        return math.pi / (4 if ndim == 2 else 6) * number**ndim
    return number


T = TypeVar("T")

Length = Annotated[float, Unit("length")]
Size = Annotated[float, Unit("size")]
Pixels = Annotated[int, Unit("pixels")]
Intensity = Annotated[float, Unit("intensity")]
DENSITY = Unit("density")


@dataclass(frozen=True)
class _Mark:
    """A mark on an annotation that carries no data of its own."""

    name: str


LEVEL = _Mark("level")
"""Marks a brightness of the image that an operation is given: what a line in its histogram can show."""

Level = Annotated[float, Unit("intensity"), LEVEL]

Computed = Annotated[Union[T, None], _Mark("computed")]  # noqa: UP007 - a type variable cannot use | at run time


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operation, as the signature and the docstring say it."""

    name: str
    type: type
    default: Any
    description: str = ""
    choices: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    unit: Unit | None = None
    optional: bool = False
    found: bool = False
    """Whether it is found from the image where it is left out."""
    statistic: Statistic | None = None
    level: bool = False
    """Whether it is a brightness of the image that the operation is given, not a difference of two."""
    numbers: bool = False
    """Whether it is a list of numbers, not of words."""

    @property
    def title(self) -> str:
        """The name as a person reads it."""
        return self.name.replace("_", " ").capitalize()

    @property
    def bounds(self) -> str:
        """What is allowed, in words; empty where everything is."""
        if self.choices:
            return "one of " + ", ".join(map(str, self.choices))
        parts = [
            f"{word} {limit:g}"
            for word, limit in (
                ("at least", self.minimum),
                ("above", self.above),
                ("at most", self.maximum),
                ("below", self.below),
            )
            if limit is not None
        ]
        return " and ".join(parts)

    def default_at(self, spacing: Sequence[float]) -> Any:
        """Return the default for an image of this pixel size.

        A length that is 3 by default means three pixels where nothing is known of the image. In a form and on
        the command line, where the image is known, it starts as three times the pixel size along y, and an
        area or volume as so many pixels.

        Examples
        --------
        >>> from objectwise import operations
        >>> operations["remove_small"].parameters["min_size"].default_at((0.5, 0.5))
        16.0
        """
        power = self.unit.exponent(len(spacing)) if self.unit else 0
        if not power or self.default is None or isinstance(self.default, tuple):
            return self.default
        size = float(np.prod(spacing)) if power > 1 else float(spacing[-2])
        return float(f"{self.default * size:.4g}")

    def check(self, value: Any, where: str) -> Any:
        """Return the value in the type of this parameter, or refuse it in one sentence.

        Parameters
        ----------
        value : object
            A value from Python, a recipe, the command line or a form.
        where : str
            What the sentence starts with: the step or the operation.

        Raises
        ------
        ValueError
            If the value is not of the type, or out of the bounds.
        """
        if value is None or (self.optional and isinstance(value, str) and value == "none"):
            if self.optional:
                return None
            raise ValueError(
                f"{where}: {self.name} must be given; allowed is {self.bounds or self.type.__name__}"
            )
        if self.type is tuple:
            return _tuple(value, f"{where}: {self.name}", self.numbers)
        try:
            value = self._convert(value)
        except (TypeError, ValueError, LookupError, OverflowError):
            raise ValueError(f"{where}: {self.name} must be {_WORDS[self.type]}; found {value!r}") from None
        if self.choices:
            # ImageJ's MaxEntropy is max_entropy here
            value = next((choice for choice in self.choices if _bare(choice) == _bare(value)), value)
            if value not in self.choices:
                raise ValueError(
                    f"{where}: {self.name} must be {self.bounds}; found {value!r}"
                    f"{nearest(value, self.choices)}"
                )
        elif isinstance(value, float) and not math.isfinite(value):
            # an image of one brightness has the threshold NaN; a limit of brightness may be infinite
            unlimited = self.unit is not None and self.unit.name == "intensity" and math.isinf(value)
            if self.statistic is None and not unlimited:
                raise ValueError(f"{where}: {self.name} must be a number; found {value!r}")
        elif isinstance(value, int | float) and not self._within(value):
            raise ValueError(f"{where}: {self.name} must be {self.bounds}; found {value:g}")
        return value

    def _convert(self, value: Any) -> Any:
        if self.type is bool:
            if isinstance(value, str):
                return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[
                    value.lower()
                ]
            if value in (0, 1):
                return bool(value)
            raise ValueError
        if self.type is str:
            if not isinstance(value, str):
                raise TypeError
            return str(value)
        if isinstance(value, bool | np.bool_):
            raise TypeError
        if self.type is int:
            if float(value) != int(value):
                raise ValueError
            return int(value)
        return float(value)

    def _within(self, value: float) -> bool:
        return (
            (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


_WORDS = {
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    str: "a text",
    tuple: "a list of numbers",
}


def _bare(choice: Any) -> Any:
    return re.sub(r"[\W_]", "", choice).lower() if isinstance(choice, str) else choice


def _tuple(value: Any, where: str, numbers: bool) -> tuple:
    if isinstance(value, str):
        # as it comes from a command line: a list of JSON, or numbers or words with commas between
        try:
            value = json.loads(value if value.lstrip().startswith("[") else f"[{value}]")
        except ValueError:
            value = [item.strip() for item in value.split(",") if item.strip()]
            with contextlib.suppress(ValueError):
                value = [float(item) for item in value]
    try:
        array = np.asarray(value)
        if array.dtype.kind not in ("iuf" if numbers and array.size else "iufU") or array.ndim == 0:
            raise ValueError
    except ValueError:
        what = "a list of numbers" if numbers else "a list"
        found = ", ".join(map(str, value)) if isinstance(value, list | tuple) else repr(value)
        raise ValueError(f"{where} must be {what}; found {found}") from None
    return _nested(array.tolist())


def _nested(value: Any) -> Any:
    return tuple(_nested(item) for item in value) if isinstance(value, list) else value


def nearest(name: Any, names: Iterable[Any]) -> str:
    """Return a phrase that names the nearest of some names, or nothing.

    Examples
    --------
    >>> nearest("threshold_atuo", ["threshold_auto", "label_components"])
    " (did you mean 'threshold_auto'?)"
    """
    found = difflib.get_close_matches(str(name), [str(item) for item in names], n=1, cutoff=0.5)
    return f" (did you mean {found[0]!r}?)" if found else ""


def _unwrap(hint: Any) -> tuple[Any, list[Any], bool]:
    """Return the plain type, all marks, and whether None is allowed."""
    marks: list[Any] = []
    optional = False
    while True:
        origin = get_origin(hint)
        if origin is Annotated:
            marks.extend(hint.__metadata__)
            hint = hint.__origin__
        elif origin in (Union, types.UnionType):
            options = [item for item in get_args(hint) if item is not type(None)]
            if len(options) != 1:
                raise TypeError(f"a parameter has one type; found {hint}")
            optional, hint = True, options[0]
        else:
            return hint, marks, optional


def read_parameter(name: str, hint: Any, default: Any, description: str) -> Parameter:
    """Return the record of a parameter of a signature."""
    if name in RESERVED:
        raise TypeError(f"{name} is a key of a step and cannot be a parameter")
    if hint is None:
        raise TypeError(f"{name} has no type; a parameter is a float, int, bool, str, Literal or tuple")
    plain, marks, optional = _unwrap(hint)
    choices: tuple[Any, ...] = ()
    if get_origin(plain) is Literal:
        choices = get_args(plain)
        plain = type(choices[0])
    leaf = plain
    while get_origin(leaf) is tuple:
        leaf = get_args(leaf)[0]
    numbers = leaf is not plain and leaf in (int, float)
    if get_origin(plain) is tuple:
        plain = tuple
    limits: dict[str, float] = {}
    unit = statistic = None
    for mark in _expanded(marks):
        if isinstance(mark, Unit):
            unit = mark
        elif isinstance(mark, Statistic):
            statistic = mark
        else:
            for attribute, limit in (("ge", "minimum"), ("gt", "above"), ("le", "maximum"), ("lt", "below")):
                value = getattr(mark, attribute, None)
                if value is not None:
                    limits[limit] = value
    if plain not in _WORDS:
        raise TypeError(
            f"{name} has the type {plain}; a parameter is a float, int, bool, str, Literal or tuple"
        )
    if default is inspect.Parameter.empty:
        default = None
    return Parameter(
        name,
        plain,
        default,
        description,
        choices,
        unit=unit,
        optional=optional,
        found=any(isinstance(mark, _Mark) and mark.name == "computed" for mark in marks),
        level=LEVEL in marks,
        statistic=statistic,
        numbers=numbers,
        **limits,
    )


def _expanded(marks: Iterable[Any]) -> Iterator[Any]:
    for mark in marks:
        if isinstance(mark, annotated_types.GroupedMetadata):
            yield from mark
        else:
            yield mark
