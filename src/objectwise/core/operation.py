"""What an operation is, read from a plain function.

A segmentation or measurement method is written once, as a pure function on arrays with a typed signature
and a docstring. `operation` marks it and says the one thing that a signature cannot say: how the function
behaves when an image is cut into tiles. Everything else that a form, the command line, a recipe, a
reference page or a test needs is read from the function into an `Operation` record.

The annotations below are the vocabulary of signatures::

    def remove_small(objects: Objects, *, min_size: Annotated[Size, Ge(0)] = 0.0, spacing=None) -> Objects:

Arrays come first; every parameter is keyword-only. ``spacing`` is not a parameter of the step: a function
that names it is given the pixel size of the block. A parameter of type `Length` or `Size` is in the unit
of that spacing.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import numpy as np

from objectwise.core.locality import Locality
from objectwise.core.parameter import (
    Computed,
    Intensity,
    Length,
    Parameter,
    Size,
    Unit,
    nearest,
    read_parameter,
)

__all__ = [
    "Channels",
    "Classes",
    "Computed",
    "Image",
    "Images",
    "Intensity",
    "Labels",
    "Length",
    "Mask",
    "Model",
    "Objects",
    "Operation",
    "Parameter",
    "Points",
    "Size",
    "Table",
    "Value",
    "find",
    "operation",
    "operations",
    "register",
]

# --- the kinds of arrays -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """What an array means: which numbers it holds and which axes a block of it has."""

    name: str
    description: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind("image", "one channel of brightness, any real dtype"),
        Kind("channels", "several channels, the channel first"),
        Kind("images", "named channels of one size"),
        Kind("mask", "True inside the objects"),
        Kind("labels", "an id for each object, 0 is background"),
        Kind("classes", "a class for each pixel, 0 is background"),
        Kind("objects", "a mask or labels; the result is of the same kind"),
        Kind("points", "one row of coordinates for each point"),
        Kind("value", "one number"),
        Kind("model", "a trained model in a file"),
        Kind("table", "one row for each object"),
    )
}

Image = Annotated[np.ndarray, KINDS["image"]]
Channels = Annotated[np.ndarray, KINDS["channels"]]
Images = Annotated[Mapping[str, np.ndarray], KINDS["images"]]
Mask = Annotated[np.ndarray, KINDS["mask"]]
Labels = Annotated[np.ndarray, KINDS["labels"]]
Classes = Annotated[np.ndarray, KINDS["classes"]]
Objects = Annotated[np.ndarray, KINDS["objects"]]
Points = Annotated[np.ndarray, KINDS["points"]]
Value = Annotated[float, KINDS["value"]]
Model = Annotated[str, KINDS["model"]]
Table = Annotated[Any, KINDS["table"]]

# which kinds may be given where a kind is asked for; a mask is drawn from labels by "not 0"
ACCEPTS = {
    "image": {"image", "mask"},
    "channels": {"channels", "image"},
    "images": {"image", "mask", "channels"},
    "mask": {"mask", "labels", "classes"},
    "labels": {"labels"},
    "classes": {"classes", "mask"},
    "objects": {"mask", "labels"},
    "points": {"points"},
    "value": {"value"},
    "model": {"model"},
    "table": {"table"},
}

# --- the record ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Input:
    """One array that an operation is given."""

    name: str
    kind: str
    description: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Operation:
    """All that is known of an operation.

    Made by `register` from a function that `operation` has marked; read by the forms, the command line,
    the recipes, the reference pages and the tests.
    """

    function: Callable[..., Any]
    family: str
    locality: Locality
    dimensions: tuple[int, ...] = (2, 3)
    tiny: Mapping[str, Any] = field(default_factory=dict)
    exceptions: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    new_ids: bool = False
    channels: Callable[..., Sequence[str]] | None = None
    cost: float | Callable[..., float] = 0.0

    @property
    def name(self) -> str:
        """The name under which recipes and the command line know it."""
        return self.function.__name__

    @property
    def label(self) -> str:
        """The name as a person reads it in a menu."""
        return self.title or self.name.replace("_", " ").capitalize()

    @cached_property
    def doc(self) -> Any:
        """The parsed docstring."""
        import docstring_parser

        return docstring_parser.parse(
            inspect.getdoc(self.function) or "", docstring_parser.DocstringStyle.NUMPYDOC
        )

    @cached_property
    def summary(self) -> str:
        """The first sentence of the docstring."""
        return (self.doc.short_description or "").strip()

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return typing.get_type_hints(self.function, include_extras=True)

    @cached_property
    def _signature(self) -> inspect.Signature:
        return inspect.signature(self.function)

    @cached_property
    def _descriptions(self) -> dict[str, str]:
        # numpydoc describes parameters that belong together under one head, "min_class, max_class : int"
        return {
            name.strip(): " ".join((item.description or "").split())
            for item in self.doc.params
            for name in item.arg_name.split(",")
        }

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """The arrays that it is given, in order."""
        found = []
        for name, item in self._signature.parameters.items():
            kind, optional = _kind(self._hints[name]) if name in self._hints else (None, False)
            if kind is not None and item.kind is not inspect.Parameter.KEYWORD_ONLY:
                found.append(Input(name, kind, self._descriptions.get(name, ""), optional))
        return tuple(found)

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """The parameters of a step, by name; ``spacing`` is not among them."""
        found = {
            name: read_parameter(name, self._hints.get(name), item.default, self._descriptions.get(name, ""))
            for name, item in self._signature.parameters.items()
            if item.kind is inspect.Parameter.KEYWORD_ONLY and name not in GIVEN
        }
        return types.MappingProxyType(found)

    @cached_property
    def given(self) -> frozenset[str]:
        """What the function asks for by name and the run provides: ``spacing``."""
        return frozenset(GIVEN & self._signature.parameters.keys())

    @cached_property
    def output(self) -> str:
        """The kind of its result."""
        return _kind(self._hints["return"])[0] or "table"

    @cached_property
    def output_unit(self) -> Unit | None:
        """The unit of a number that it finds."""
        marks = getattr(self._hints["return"], "__metadata__", ())
        return next((mark for mark in marks if isinstance(mark, Unit)), None)

    @cached_property
    def computed(self) -> tuple[Parameter, ...]:
        """The parameters that are computed from the whole scope where they are left out."""
        return tuple(item for item in self.parameters.values() if item.statistic is not None)

    @property
    def by_channel(self) -> bool:
        """Whether a run may loop over channels: only image to image does."""
        return self.output == "image" and self.inputs[0].kind == "image"

    @property
    def creates_ids(self) -> bool:
        """Whether it makes new object ids, rather than keeping those it is given."""
        given = any(item.kind in ("labels", "objects") for item in self.inputs)
        return self.output == "labels" and (self.new_ids or not given)

    def nanoseconds(self, spacing: Sequence[float], values: Mapping[str, Any]) -> float:
        """Return about how long it takes for each pixel; 0 where it does not say."""
        return float(self.cost(spacing, **values) if callable(self.cost) else self.cost)

    def output_kind(self, kinds: Mapping[str, str | None]) -> str | None:
        """Return the kind of the result for inputs of these kinds; None where that depends on one not known."""
        if self.output != "objects":
            return self.output
        return kinds.get(next(item.name for item in self.inputs if item.kind == "objects"))

    def check(self, values: Mapping[str, Any], where: str = "") -> dict[str, Any]:
        """Return all parameters of a step, those left out with their defaults; refuse what is wrong."""
        where = where or self.name
        for name in values:
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                raise ValueError(
                    f"{where}: {self.name} has no parameter {name!r}{nearest(name, self.parameters)}; "
                    f"it has {known}"
                )
        return {
            name: item.check(values.get(name, item.default), where) for name, item in self.parameters.items()
        }

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself."""
        return self.function(*args, **kwargs)


GIVEN = frozenset({"spacing", "grid"})


def _kind(hint: Any) -> tuple[str | None, bool]:
    """Return the kind named in an annotation, and whether None is allowed beside it."""
    if get_origin(hint) in (Union, types.UnionType):
        options = [item for item in get_args(hint) if item is not type(None)]
        return (_kind(options[0])[0], True) if len(options) == 1 else (None, False)
    if get_origin(hint) is Annotated:
        for mark in hint.__metadata__:
            if isinstance(mark, Kind):
                return mark.name, False
    return None, False


# --- marking and registering ---------------------------------------------------------------------------

F = TypeVar("F", bound=Callable[..., Any])

operations: dict[str, Operation] = {}


def operation(
    *,
    locality: Locality,
    dimensions: tuple[int, ...] = (2, 3),
    tiny: Mapping[str, Any] | None = None,
    exceptions: Mapping[str, str] | None = None,
    title: str = "",
    new_ids: bool = False,
    channels: Callable[..., Sequence[str]] | None = None,
    cost: float | Callable[..., float] = 0.0,
) -> Callable[[F], F]:
    """Mark a function as an operation; the function itself is returned unchanged.

    Parameters
    ----------
    locality : Locality
        How it behaves when the image is cut into tiles.
    dimensions : tuple of int, optional
        For which numbers of spatial axes it is defined.
    tiny : dict, optional
        Values of parameters that do something visible on an image of some 24 pixels, for the tests.
    exceptions : dict, optional
        Promises of the contract that it does not keep, each with its reason; listed in the docs.
    title : str, optional
        Its name in menus, where the function's name in words does not do.
    new_ids : bool, optional
        Whether it numbers the objects of the labels that it is given anew, as renumbering and splitting do.
    channels : callable, optional
        ``channels(**values)`` names the channels of the result, for an operation that returns `Channels`.
    cost : float or callable, optional
        Nanoseconds for each pixel on two cores, or ``cost(spacing, **values)`` that returns them; for an operation
        that is slow enough for a person to be told beforehand, above some 500.
    """

    def mark(function: F) -> F:
        function.__operation__ = {  # type: ignore[attr-defined]
            "locality": locality,
            "dimensions": tuple(dimensions),
            "tiny": types.MappingProxyType(dict(tiny or {})),
            "exceptions": types.MappingProxyType(dict(exceptions or {})),
            "title": title,
            "new_ids": new_ids,
            "channels": channels,
            "cost": cost,
        }
        return function

    return mark


def register(family: str, *functions: Callable[..., Any]) -> None:
    """Add functions that `operation` has marked to the operations that recipes can name.

    Raises
    ------
    TypeError
        If a function is not marked.
    ValueError
        If the name is taken.
    """
    for function in functions:
        declared = getattr(function, "__operation__", None)
        if declared is None:
            raise TypeError(f"{function.__name__} is not marked with @operation")
        if function.__name__ in operations:
            raise ValueError(f"an operation named {function.__name__!r} is there already")
        operations[function.__name__] = Operation(function=function, family=family, **declared)


def find(name: str, where: str = "") -> Operation:
    """Return the operation of this name, or suggest the nearest."""
    try:
        return operations[name]
    except KeyError:
        where = f"{where}: " if where else ""
        raise ValueError(f"{where}there is no operation {name!r}{nearest(name, operations)}") from None


def plain_text(text: str) -> str:
    """Return a docstring's paragraph without its markup."""
    return re.sub(r"`+([^`]*)`+", r"\1", text)
