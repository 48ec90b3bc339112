"""What a person can choose to do, read from a plain function.

A method is written once, as a function with a typed signature and a docstring. Everything that a form, the command
line, a reference page or a test needs is read from the function. There are two sorts: an operation works on arrays,
and a composition returns a list of steps, each of which is an operation.

The annotations below are the vocabulary of signatures. Arrays come first; every parameter is keyword-only.
``spacing`` and ``grid`` are no parameters of a step: a function that names them is given those of the block.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Union, get_args, get_origin

import numpy as np

from objectwise.core.parameter import Parameter, nearest, read_parameter

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


GIVEN = frozenset({"spacing", "grid"})


@dataclass(frozen=True, kw_only=True)
class Method:
    """All that is known of a method; made by `register` from a function that was marked.

    Parameters
    ----------
    function : callable
        What does it.
    family : str
        What it belongs to: the dock that offers it.
    group : str, optional
        Under which heading it stands there.
    title : str, optional
        Its name in menus, where the function's name in words does not do.
    dimensions : tuple of int, optional
        For which numbers of spatial axes it is defined.
    """

    function: Callable[..., Any]
    family: str
    group: str = ""
    title: str = ""
    dimensions: tuple[int, ...] = (2, 3)

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
    def output(self) -> str:
        """The kind of its result."""
        return _kind(self._hints["return"])[0] or "table"

    @cached_property
    def computed(self) -> tuple[Parameter, ...]:
        """The parameters that are computed from the whole scope where they are left out."""
        return tuple(item for item in self.parameters.values() if item.statistic is not None)

    @property
    def by_channel(self) -> bool:
        """Whether a run may loop over channels."""
        return False

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


methods: dict[str, Method] = {}


def find_method(name: str) -> Method:
    """Return the operation or composition of this name, or suggest the nearest."""
    try:
        return methods[name]
    except KeyError:
        raise ValueError(f"there is no operation {name!r}{nearest(name, methods)}") from None
