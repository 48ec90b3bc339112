"""What an operation is, read from a plain function.

A segmentation or measurement method is written once, as a pure function on arrays with a typed signature
and a docstring. `operation` marks it and says the one thing that a signature cannot say: how the function
behaves when an image is cut into tiles. Everything else that a form, the command line, a recipe, a
reference page or a test needs is read from the function into an `Operation` record.

The annotations below are the vocabulary of signatures::

    def remove_small(objects: Objects, *, min_size: Annotated[Size, Ge(0)] = 0.0, spacing=None) -> Objects:

Arrays come first; every parameter is keyword-only. ``spacing`` is not a parameter of the step: a function
that names it is given the pixel size of the block, and one that names ``start`` the index of the block's first pixel
in the whole, where it is a tile. A parameter of type `Length` or `Size` is in the unit
of that spacing.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeVar

from objectwise.core.locality import Locality
from objectwise.core.method import (
    GIVEN,
    KINDS,
    Channels,
    Classes,
    Image,
    Images,
    Input,
    Labels,
    Mask,
    Method,
    Model,
    Objects,
    Points,
    Table,
    Value,
    methods,
)
from objectwise.core.parameter import (
    Computed,
    Intensity,
    Length,
    Level,
    Parameter,
    Size,
    Unit,
    nearest,
)
from objectwise.core.table import Rows

__all__ = [
    "KINDS",
    "Channels",
    "Classes",
    "Computed",
    "Image",
    "Images",
    "Input",
    "Intensity",
    "Labels",
    "Length",
    "Level",
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

_ROWS = Rows()

# --- the record ----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Operation(Method):
    """All that is known of an operation.

    Made by `register` from a function that `operation` has marked; read by the forms, the command line,
    the recipes, the reference pages and the tests.
    """

    locality: Locality
    tiny: Mapping[str, Any] = field(default_factory=dict)
    also: tuple[Mapping[str, Any], ...] = ()
    exceptions: Mapping[str, str] = field(default_factory=dict)
    new_ids: bool = False
    channels: Callable[..., Sequence[str]] | None = None
    cost: float | Callable[..., float] = 0.0
    rows: Rows = _ROWS

    @cached_property
    def given(self) -> frozenset[str]:
        """What the function asks for by name and the run provides, such as ``spacing``."""
        return frozenset(GIVEN & self._signature.parameters.keys())

    @cached_property
    def output_unit(self) -> Unit | None:
        """The unit of a number that it finds."""
        marks = getattr(self._hints["return"], "__metadata__", ())
        return next((mark for mark in marks if isinstance(mark, Unit)), None)

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


# --- marking and registering ---------------------------------------------------------------------------

F = TypeVar("F", bound=Callable[..., Any])

operations: dict[str, Operation] = {}


def operation(
    *,
    locality: Locality,
    dimensions: tuple[int, ...] = (2, 3),
    tiny: Mapping[str, Any] | None = None,
    also: Sequence[Mapping[str, Any]] = (),
    exceptions: Mapping[str, str] | None = None,
    title: str = "",
    new_ids: bool = False,
    channels: Callable[..., Sequence[str]] | None = None,
    cost: float | Callable[..., float] = 0.0,
    rows: Rows = _ROWS,
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
    also : sequence of dict, optional
        Choices beside these under which it acts by other code, so that the promises are asked of each.
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
    rows : Rows, optional
        What a row is of, and which columns there always are, for an operation that returns a `Table`.
    """

    def mark(function: F) -> F:
        function.__method__ = partial(  # type: ignore[attr-defined]
            Operation,
            locality=locality,
            dimensions=tuple(dimensions),
            tiny=types.MappingProxyType(dict(tiny or {})),
            also=tuple(types.MappingProxyType(dict(choices)) for choices in also),
            exceptions=types.MappingProxyType(dict(exceptions or {})),
            title=title,
            new_ids=new_ids,
            channels=channels,
            cost=cost,
            rows=rows,
        )
        return function

    return mark


def register(family: str, *functions: Callable[..., Any], group: str = "") -> None:
    """Add functions that `operation` or `composition` has marked to those that are offered.

    Parameters
    ----------
    family : str
        What they belong to: the dock that offers them.
    *functions : callable
        In the order of the menus.
    group : str, optional
        The heading under which they stand there.

    Raises
    ------
    TypeError
        If a function is not marked.
    ValueError
        If the name is taken.
    """
    for function in functions:
        record = getattr(function, "__method__", None)
        if record is None:
            raise TypeError(f"{function.__name__} is not marked with @operation")
        if function.__name__ in methods:
            raise ValueError(f"an operation named {function.__name__!r} is there already")
        method = methods[function.__name__] = record(function=function, family=family, group=group)
        if isinstance(method, Operation):
            operations[method.name] = method


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
