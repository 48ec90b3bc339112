"""Which measurements there are: the list of families, and the columns that a choice of features gives.

The order here is the order of the columns in a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from objectwise.core.parameter import nearest
from objectwise.core.table import Column
from objectwise.measure import (
    axes,
    background,
    colocalisation,
    feret,
    granularity,
    intensity,
    intensity_distribution,
    intensity_edge,
    intensity_position,
    interior,
    moments,
    neighbours,
    outline,
    radial,
    shape,
    skeleton,
    texture,
    zernike,
)
from objectwise.measure.family import Family

FAMILIES: tuple[Family, ...] = (
    shape.FAMILY,
    outline.FAMILY,
    interior.FAMILY,
    axes.FAMILY,
    feret.FAMILY,
    moments.FAMILY,
    intensity.FAMILY,
    intensity_distribution.FAMILY,
    intensity_edge.FAMILY,
    intensity_position.FAMILY,
    background.FAMILY,
    colocalisation.FAMILY,
    neighbours.FAMILY,
    texture.FAMILY,
    granularity.FAMILY,
    radial.FAMILY,
    zernike.SHAPE_FAMILY,
    zernike.INTENSITY_FAMILY,
    skeleton.FAMILY,
)


@dataclass(frozen=True)
class Chosen:
    """A column of a table: which family fills it, under which name, from which channels."""

    column: Column
    family: Family
    name: str
    target: tuple[str, ...]
    occasional: bool = False


def groups() -> tuple[str, ...]:
    """Return the groups of columns, in order."""
    return tuple(
        dict.fromkeys(column.group for family in FAMILIES for column in family.columns_with(defaults()))
    )


def groups_by_default() -> tuple[str, ...]:
    """Return the groups that are measured where nothing is asked for."""
    return tuple(
        dict.fromkeys(
            column.group
            for family in FAMILIES
            if not family.on_request
            for column in family.columns_with(defaults())
        )
    )


def defaults() -> dict[str, Any]:
    """Return the settings of `objectwise.measure.measure` with their defaults."""
    from objectwise.core.operation import operations

    parameters = operations["measure"].parameters
    return {name: item.default for name, item in parameters.items() if name != "features"}


def all_columns(channels: Sequence[str], settings: Mapping[str, Any]) -> list[Chosen]:
    """Return all columns that there could be, in order, whatever the number of axes."""
    found: dict[str, Chosen] = {}
    for family in FAMILIES:
        columns = family.columns_with(settings)
        for target in family.targets(channels):
            for column in (*columns, *family.occasional):
                named = replace(column, name="_".join((column.name, *target)))
                # what several families may have to tell belongs to the first of them
                found.setdefault(
                    named.name, Chosen(named, family, column.name, target, column in family.occasional)
                )
    return list(found.values())


def choose(
    ndim: int,
    channels: Sequence[str] = (),
    features: Iterable[str] | str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> list[Chosen]:
    """Return the columns that measuring gives, without ``frame`` and ``label``, and where they come from.

    Parameters
    ----------
    ndim : {2, 3}
        Number of spatial axes.
    channels : sequence of str, optional
        Names of the images.
    features : iterable of str, optional
        What to measure: groups (``"size"``, ``"shape"``, ``"position"``, ``"intensity"``), columns
        (``"area"``), measurements of all images (``"intensity_mean"``) or of one
        (``"intensity_mean_DAPI"``). None for all families that are not measured on request alone.
    settings : mapping, optional
        The parameters of `objectwise.measure.measure`; the defaults where left out.

    Returns
    -------
    list of Chosen
        In the order of a table, whatever the order asked for. A column asked for by name that is not
        defined for this number of axes is among them; its values are NaN.

    Raises
    ------
    ValueError
        If a feature is not known; the nearest known one is named.
    """
    settings = {**defaults(), **(settings or {})}
    offered = all_columns(list(channels), settings)
    if features is None:
        return [
            item
            for item in offered
            if ndim in item.column.dimensions and not item.family.on_request and not item.occasional
        ]
    wanted = [features] if isinstance(features, str) else list(features)
    names = {
        column.name: family
        for family in FAMILIES
        for column in (*family.columns_with(settings), *family.occasional)
    }
    by_group: dict[str, Family] = {}
    for family in FAMILIES:
        for column in family.columns_with(settings):
            by_group.setdefault(column.group, family)
    known = [*by_group, *names, *(item.column.name for item in offered)]
    for name in wanted:
        if name not in known:
            raise ValueError(
                f"features: there is no measurement {name!r}{nearest(name, known)}; "
                f"allowed are {', '.join(by_group)} and the names of columns"
            )
        of = (names.get(name) or by_group.get(name) or FAMILIES[0]).of
        if of == "channel" and not channels:
            raise ValueError(f"features: {name!r} needs an image; found labels alone")
        if of == "pair" and len(channels) < 2:
            raise ValueError(f"features: {name!r} needs two images; found {len(channels)}")
    chosen = []
    for item in offered:
        if item.name in wanted or item.column.name in wanted:
            if ndim not in item.column.dimensions:
                # what is not defined for this number of axes is NaN, which only floats can be
                item = replace(item, column=replace(item.column, kind="float"))
            chosen.append(item)
        elif item.column.group in wanted and ndim in item.column.dimensions and not item.occasional:
            chosen.append(item)
    return chosen


def columns_for(
    ndim: int,
    channels: Sequence[str] = (),
    features: Iterable[str] | str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> list[Column]:
    """Return the columns that measuring gives, as `choose` does, without where they come from.

    Examples
    --------
    >>> [column.name for column in columns_for(2, ["DAPI"], ["area", "intensity_mean"])]
    ['area', 'intensity_mean_DAPI']
    """
    return [item.column for item in choose(ndim, channels, features, settings)]
