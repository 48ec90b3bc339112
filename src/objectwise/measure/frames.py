"""What a whole frame holds: how many objects, how densely, how large on average; how much there is of each class.

Classes are also counted within objects: how much of a cell is nucleus, of a region tumour.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from objectwise.core.grid import Grid
from objectwise.core.locality import Whole
from objectwise.core.operation import Classes, Images, Labels, Table, operation
from objectwise.core.table import Column, Rows
from objectwise.measure.derived import amounts, block_of, place_of, ratio, totals, why_not
from objectwise.measure.families import columns_for
from objectwise.measure.objects import measure_block

_WHOLE = Whole("a number for a frame is made of all its pixels")


def _fractions(what: str) -> tuple[Column, ...]:
    return (
        Column("area_fraction", "1", f"Part of the area of the frame that {what}.", (2,), "summary"),
        Column("volume_fraction", "1", f"Part of the volume of the frame that {what}.", (3,), "summary"),
    )


SUMMARY = Rows(
    "frame",
    (
        Column("n_objects", "1", "Number of objects in the frame.", group="summary", kind="integer"),
        Column("density", "length^-n", "Number of objects over the area or volume of the frame.", group="summary"),
        *_fractions("lies in objects"),
    ),
)  # fmt: skip

CLASSES = Rows("class", _fractions("belongs to the class"))

IN_OBJECTS = Rows(
    columns=(
        Column(
            "main_class", "1", "Number of the class that most pixels of the object have, the smaller one of several; "
            "0 where none of them has a class.", group="classes", kind="integer",
        ),
        Column(
            "main_class_fraction", "1", "Part of the pixels of the object that have that class; 0 where none has any.",
            group="classes",
        ),
    ),
)  # fmt: skip


@operation(locality=_WHOLE, rows=SUMMARY)
def summarise_objects(
    labels: Labels,
    images: Images | None = None,
    *,
    features: tuple[str, ...] | None = None,
    grid: Grid | None = None,
) -> Table:
    """Count the objects of every frame, and average what is measured of them.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.
    images : mapping of str to (Y, X) or (Z, Y, X) array, optional
        Channels whose brightness is measured, by the names that their columns get.
    features : tuple of str, optional
        What to average: groups (``size``, ``shape``, ``intensity``) or columns (``area``,
        ``intensity_mean_DAPI``). Left out, everything that measure gives by itself.
    grid : Grid, optional
        Pixel size and unit; pixels where it is left out.

    Returns
    -------
    Table
        One row for each frame, with the label 0. Beside its own columns it has the mean over the objects of each
        measured column: of ``area`` it is ``area_mean``.

    Notes
    -----
    Each object counts the same, large or small. What is not defined for an object is passed over. Angles and
    positions are not averaged. For groups of objects, such as those of each region, use measure_parents.

    Examples
    --------
    >>> import numpy as np
    >>> table = summarise_objects(np.array([[0, 1, 1, 4]]), features=("area",))
    >>> table.frame[["n_objects", "density", "area_fraction", "area_mean"]].values.tolist()
    [[2.0, 0.5, 0.75, 1.5]]
    """
    place = place_of(grid, labels.ndim)
    measured, columns = amounts(labels, images, place, features)
    block = block_of(labels, place)
    n = block.ids.size
    fraction = ratio(block.scan.n_pixels.sum(), [labels.size])
    values = {
        "label": np.zeros(1, np.int64),
        "n_objects": np.array([n]),
        "density": ratio(n, [labels.size * place.pixel]),
        "area_fraction": fraction,
        "volume_fraction": fraction,
    }
    empty = "the frame has no pixels"
    why = {"density": empty, "area_fraction": empty, "volume_fraction": empty}
    for name, each in measured.items():
        values[f"{name}_mean"] = ratio(*totals(each, np.zeros(n, np.int64), 1))
        why[f"{name}_mean"] = "there is no object that it is defined for"
    more = [
        replace(
            column,
            name=f"{column.name}_mean",
            description=f"Mean over the objects. {column.description}",
            kind="float",
        )
        for column in columns
    ]
    reasons = why_not(values["label"], values, why)
    return SUMMARY.table(values, more, unit=place.unit, ndim=labels.ndim, reasons=reasons)


@operation(locality=_WHOLE, rows=CLASSES)
def measure_classes(
    classes: Classes,
    images: Images | None = None,
    *,
    features: tuple[str, ...] | None = None,
    grid: Grid | None = None,
) -> Table:
    """Measure how much there is of every class in a frame, and how bright it is.

    Parameters
    ----------
    classes : (Y, X) or (Z, Y, X) array of int
        Number of the class of each pixel, 0 is background.
    images : mapping of str to (Y, X) or (Z, Y, X) array, optional
        Channels whose brightness is measured, by the names that their columns get.
    features : tuple of str, optional
        What to measure of each class as a whole: groups (``size``, ``intensity``) or columns (``area``,
        ``intensity_mean_DAPI``). Left out, size and, of images, intensity.
    grid : Grid, optional
        Pixel size and unit; pixels where it is left out.

    Returns
    -------
    Table
        One row for each class that a frame has. The label is the number of the class.

    Notes
    -----
    All pixels of a class count as one object in as many pieces as there are; the columns are those of measure. A
    class that a frame does not have has no row there.

    Examples
    --------
    >>> import numpy as np
    >>> table = measure_classes(np.array([[0, 1, 1, 3]], np.uint8), features=("area",))
    >>> table.frame[["label", "area_fraction", "area"]].values.tolist()
    [[1.0, 0.5, 2.0], [3.0, 0.25, 1.0]]
    """
    place = place_of(grid, classes.ndim)
    images = dict(images or {})
    if features is None:
        features = ("size", "intensity") if images else ("size",)
    found, reasons = measure_block(classes, images, place.spacing, features)
    fraction = block_of(classes, place).scan.n_pixels / max(1, classes.size)
    values = {"area_fraction": fraction, "volume_fraction": fraction} | found
    columns = columns_for(classes.ndim, list(images), features)
    return CLASSES.table(values, columns, unit=place.unit, ndim=classes.ndim, reasons=reasons)


@operation(locality=Whole("an object may lie in several tiles"), rows=IN_OBJECTS)
def measure_classes_in_objects(
    labels: Labels,
    classes: Classes,
    *,
    n_classes: Annotated[int, Ge(1), Le(255)] | None = None,
    grid: Grid | None = None,
) -> Table:
    """Measure how much there is of every class within every object.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects that get a row, such as cells or regions, 0 is background.
    classes : (Y, X) or (Z, Y, X) array of int
        Number of the class of each pixel, 0 is background.
    n_classes : int, optional
        How many classes get columns, from class 1 on. Left out, up to the largest one of the frame; give it where
        frames or images do not all have every class.
    grid : Grid, optional
        Pixel size and unit; pixels where it is left out.

    Returns
    -------
    Table
        One row for each object. Beside its own columns it has for each class, such as 2, the area (in 3-D the volume)
        of the object that belongs to it, ``class_area_2``, and which part of the object that is, ``class_fraction_2``.

    Notes
    -----
    What of an object belongs to no class is the rest: the fractions of an object add up to 1 or less. For the classes
    of a whole frame use measure_classes.

    Examples
    --------
    >>> import numpy as np
    >>> table = measure_classes_in_objects(np.array([[5, 5, 5, 5, 9]]), np.array([[1, 2, 2, 0, 1]], np.uint8))
    >>> table.frame[["label", "main_class", "class_area_2", "class_fraction_2"]].values.tolist()
    [[5.0, 2.0, 2.0, 0.5], [9.0, 1.0, 0.0, 0.0]]
    """
    place = place_of(grid, labels.ndim)
    block = block_of(labels, place)
    n = n_classes or int(classes.max(initial=0))
    inside = (block.clean > 0) & (classes > 0) & (classes <= n)
    pairs = (block.clean[inside].astype(np.int64) - 1) * n + classes[inside] - 1
    counts = np.bincount(pairs, minlength=block.ids.size * n).reshape(block.ids.size, n)
    fractions = counts / block.scan.n_pixels[:, None]
    most = counts.argmax(axis=1) if n else np.zeros(block.ids.size, np.int64)
    largest = fractions.max(axis=1, initial=0)
    values = {
        "label": block.ids,
        "main_class": np.where(largest > 0, most + 1, 0),
        "main_class_fraction": largest,
    }
    size = "area" if labels.ndim == 2 else "volume"
    more = []
    for number in range(1, n + 1):
        for name, unit, what, found in (
            (size, "length^n", size.capitalize(), counts[:, number - 1] * place.pixel),
            ("fraction", "1", "Part of the pixels", fractions[:, number - 1]),
        ):
            text = f"{what} of the object that {'belongs' if name == size else 'belong'} to class {number}."
            values[f"class_{name}_{number}"] = found
            more.append(Column(f"class_{name}_{number}", unit, text, group="classes"))
    return IN_OBJECTS.table(values, more, unit=place.unit, ndim=labels.ndim)
