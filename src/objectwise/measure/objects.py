"""Measure all objects of one spatial block: the way in, which checks what it is given.

Here labels, images and pixel size meet; the families behind it (`shape`, `intensity`) may take for granted
that they fit together. The result is plain arrays, so that a block can be measured on another thread or
machine and put into a table where the frames come together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from objectwise.core.table import Reasons, Table
from objectwise.measure.families import Chosen, all_columns, choose, defaults
from objectwise.measure.family import Block


def measure_block(
    labels: np.ndarray,
    images: Mapping[str, np.ndarray] | None = None,
    spacing: Sequence[float] | None = None,
    features: Iterable[str] | str | None = None,
    **settings: Any,
) -> tuple[dict[str, np.ndarray], Reasons]:
    """Measure the objects of one 2-D or 3-D block.

    Parameters
    ----------
    labels : ndarray of int, shape ([Z,] Y, X)
        Ids of objects, 0 is background. Gaps are allowed, and objects in several pieces.
    images : dict of str to ndarray, optional
        Named images of the shape of the labels, any real dtype.
    spacing : sequence of float, optional
        Pixel size along each axis; 1 where left out.
    features : iterable of str, optional
        Groups or columns; see `objectwise.measure.families.choose`. None for all that is not measured on
        request alone.
    **settings
        Parameters of `objectwise.measure.measure`.

    Returns
    -------
    values : dict of str to ndarray, shape (n,)
        ``"label"`` (int64, increasing) and the columns of `objectwise.measure.families.columns_for`, in its
        order; among them ``intensity_n_missing_<channel>`` if a pixel of any object is NaN or infinite there.
    reasons : dict
        ``{column: {label: sentence}}`` for the values that are NaN; the label None stands for all objects.

    Raises
    ------
    ValueError
        If the arrays, the spacing or the features do not fit.

    Notes
    -----
    The labels are read once, each image once for its channel. The rest is work on runs and values of objects, on
    threads (``OBJECTWISE_THREADS``), with the same result to the last bit however many there are.

    Examples
    --------
    >>> labels = np.array([[0, 2, 2], [0, 2, 2]])
    >>> values, reasons = measure_block(labels, spacing=(0.5, 0.5), features=["area"])
    >>> values["label"], values["area"]
    (array([2]), array([1.]))
    """
    block = Block(*check(labels, images or {}, spacing))
    settings = {**defaults(), **settings}
    return measure_chosen(block, choose(block.ndim, list(block.images), features, settings), settings)


def measure_chosen(
    block: Block, chosen: Sequence[Chosen], settings: Mapping[str, Any]
) -> tuple[dict[str, np.ndarray], Reasons]:
    """Measure what is chosen of a block that has been checked; see `measure_block`."""
    ndim, channels = block.ndim, list(block.images)
    found: dict[str, np.ndarray] = {}
    reasons: Reasons = {}
    for family in dict.fromkeys(item.family for item in chosen):
        family.check_installed()
    # channel after channel, so that what is put together for one serves all families
    calls = dict.fromkeys((item.family, item.target) for item in chosen)
    for family, target in sorted(calls, key=lambda call: [channels.index(name) for name in call[1]]):
        mine = [item for item in chosen if (item.family, item.target) == (family, target)]
        wanted = {item.name for item in mine if ndim in item.column.dimensions}
        if not wanted:
            continue
        values, why = family.found(block, target, wanted, settings)
        wanted |= {column.name for column in family.occasional} & values.keys()
        for name in wanted:
            full = "_".join((name, *target))
            found[full] = values[name]
            if why.get(name):
                reasons[full] = {label: full + text.removeprefix(name) for label, text in why[name].items()}
    for item in chosen:
        if ndim not in item.column.dimensions:
            name = item.column.name
            found[name] = np.full(block.ids.size, np.nan)
            reasons[name] = {None: f"{name}: not defined in {ndim}-D"}
    order = [item.column.name for item in all_columns(channels, settings)]
    return {"label": block.ids} | {name: found[name] for name in order if name in found}, reasons


def make_table(
    blocks: Iterable[tuple[int, Mapping[str, np.ndarray], Reasons]],
    ndim: int,
    channels: Sequence[str] = (),
    features: Iterable[str] | str | None = None,
    unit: str = "pixel",
    **settings: Any,
) -> Table:
    """Put measured blocks into one table.

    Parameters
    ----------
    blocks : iterable of (int, dict, dict)
        The frame, and what `measure_block` returned for it.
    ndim, channels, features, **settings
        What the blocks were measured with; see `measure_block`.
    unit : str, optional
        Unit of the spacing.

    Returns
    -------
    Table
        With the right columns and no rows where there is no block or no object.
    """
    settings = {**defaults(), **settings}
    columns = [item.column for item in choose(ndim, channels, features, settings)]
    offered = {item.column.name: item.column for item in all_columns(channels, settings)}
    offered |= {column.name: column for column in columns}
    tables = [
        Table.from_columns(
            values,
            [offered[name] for name in values if name != "label"],
            frame=frame,
            unit=unit,
            ndim=ndim,
            reasons=reasons,
        )
        for frame, values, reasons in blocks
    ]
    return Table.concat(tables) if tables else Table.empty(columns, unit=unit, ndim=ndim)


def check(
    labels: np.ndarray, images: Mapping[str, np.ndarray], spacing: Sequence[float] | None
) -> tuple[np.ndarray, dict[str, np.ndarray], tuple[float, ...]]:
    """Return what fits together, or refuse what does not."""
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be whole numbers; found the type {labels.dtype}")
    if labels.ndim not in (2, 3):
        raise ValueError(f"labels must have 2 or 3 spatial axes; found {labels.ndim}")
    return labels, _check_images(images, labels.shape), check_spacing(spacing, labels.ndim)


def _check_images(images: Mapping[str, np.ndarray], shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Return the images as arrays, or refuse one that does not fit the labels."""
    checked = {}
    for name, image in images.items():
        image = np.asarray(image)
        if image.shape != shape:
            raise ValueError(f"image {name!r} must have the shape {shape} of the labels; found {image.shape}")
        if image.dtype.kind not in "biuf":
            raise ValueError(f"image {name!r} must hold real numbers; found the type {image.dtype}")
        checked[str(name)] = image
    return checked


def check_spacing(spacing: Sequence[float] | None, ndim: int) -> tuple[float, ...]:
    """Return the pixel size along each axis, or refuse it."""
    if spacing is None:
        return (1.0,) * ndim
    checked = tuple(float(length) for length in spacing)
    if len(checked) != ndim:
        raise ValueError(f"spacing must have a length for each of {ndim} axes; found {checked}")
    if not all(math.isfinite(length) and length > 0 for length in checked):
        raise ValueError(f"spacing must be positive; found {checked}")
    return checked
