"""Measure all objects of one spatial block: the way in, which checks what it is given.

Here labels, images and pixel size meet; the families behind it (`shape`, `intensity`) may take for granted
that they fit together. The result is plain arrays, so that a block can be measured on another thread or
machine and put into a table where the frames come together.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from objectwise.core.table import Column, Reasons, Table
from objectwise.measure.columns import IMAGE_COLUMNS, MISSING, columns_for, for_channel


def measure_block(
    labels: np.ndarray,
    images: Mapping[str, np.ndarray] | None = None,
    spacing: Sequence[float] | None = None,
    features: Iterable[str] | str | None = None,
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
        Groups or columns; see `columns_for`. None for all.

    Returns
    -------
    values : dict of str to ndarray, shape (n,)
        ``"label"`` (int64, increasing) and the columns of `columns_for`, in its order; after them
        ``intensity_n_missing_<channel>`` if a pixel of any object is NaN or infinite in that channel.
    reasons : dict
        ``{column: {label: sentence}}`` for the values that are NaN; the label None stands for all objects.

    Raises
    ------
    ValueError
        If the arrays, the spacing or the features do not fit.

    Notes
    -----
    In 2-D the time depends on the number of pixels and hardly on the number of objects. In 3-D a hull takes
    about a millisecond for each object; leave out ``volume_convex``, ``solidity`` and
    ``feret_diameter_max`` where many objects are measured and no hull is needed.

    Examples
    --------
    >>> labels = np.array([[0, 2, 2], [0, 2, 2]])
    >>> values, reasons = measure_block(labels, spacing=(0.5, 0.5), features=["area"])
    >>> values["label"], values["area"]
    (array([2]), array([1.]))
    """
    from objectwise.measure.intensity import measure_intensity
    from objectwise.measure.scan import scan_labels
    from objectwise.measure.shape import measure_shape

    scan = scan_labels(labels)
    checked = _check_images(images or {}, scan.shape)
    spacing = _check_spacing(spacing, scan.ndim)
    columns = columns_for(scan.ndim, list(checked), features)
    reasons: Reasons = {}

    defined = [column for column in columns if scan.ndim in column.dimensions]
    names = {column.name for column in defined}
    found, why = measure_shape(scan, spacing, names)
    reasons.update(why)
    for channel, image in checked.items():
        wanted = names & {for_channel(column, channel).name for column in (*IMAGE_COLUMNS, MISSING)}
        if wanted:
            more, why = measure_intensity(scan, channel, image, wanted)
            found.update(more)
            reasons.update(why)

    values = {"label": scan.ids}
    for column in _with_missing(columns, checked, found):
        if scan.ndim in column.dimensions:
            values[column.name] = found[column.name]
        else:
            values[column.name] = np.full(scan.ids.size, np.nan)
            reasons[column.name] = {None: f"{column.name}: not defined in {scan.ndim}-D"}
    return values, reasons


def make_table(
    blocks: Iterable[tuple[int, Mapping[str, np.ndarray], Reasons]],
    ndim: int,
    channels: Sequence[str] = (),
    features: Iterable[str] | str | None = None,
    unit: str = "pixel",
) -> Table:
    """Put measured blocks into one table.

    Parameters
    ----------
    blocks : iterable of (int, dict, dict)
        The frame, and what `measure_block` returned for it.
    ndim, channels, features
        What the blocks were measured with; see `columns_for`.
    unit : str, optional
        Unit of the spacing.

    Returns
    -------
    Table
        With the right columns and no rows where there is no block or no object.
    """
    columns = columns_for(ndim, channels, features)
    tables = [
        Table.from_columns(
            values,
            _with_missing(columns, channels, values),
            frame=frame,
            unit=unit,
            ndim=ndim,
            reasons=reasons,
        )
        for frame, values, reasons in blocks
    ]
    return Table.concat(tables) if tables else Table.empty(columns, unit=unit, ndim=ndim)


def _with_missing(columns: Sequence[Column], channels: Iterable[str], found: Collection[str]) -> list[Column]:
    """Return the columns, and after them those that count missing pixels where there are any."""
    named = {column.name for column in columns}
    added = [for_channel(MISSING, channel) for channel in channels]
    return [*columns, *(column for column in added if column.name in found and column.name not in named)]


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


def _check_spacing(spacing: Sequence[float] | None, ndim: int) -> tuple[float, ...]:
    """Return the pixel size along each axis, or refuse it."""
    if spacing is None:
        return (1.0,) * ndim
    checked = tuple(float(length) for length in spacing)
    if len(checked) != ndim:
        raise ValueError(f"spacing must have a length for each of {ndim} axes; found {checked}")
    if not all(math.isfinite(length) and length > 0 for length in checked):
        raise ValueError(f"spacing must be positive; found {checked}")
    return checked
