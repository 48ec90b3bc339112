"""What the groups of columns are, in words: for the list of measurements, and for whoever chooses among them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from objectwise.core.table import Column
from objectwise.measure.families import FAMILIES, defaults
from objectwise.measure.family import Family


@dataclass(frozen=True)
class Words:
    """The heading of a group, and what it is in a sentence or two."""

    title: str
    text: str


WORDS = {
    "size": Words("Size", "How large an object is: area or volume, diameters, perimeters, boxes."),
    "shape": Words(
        "Shape",
        "Numbers without a unit that tell a round object from a long or ragged one, and the directions of its axes.",
    ),
    "position": Words("Position", "Where an object lies, and whether the border of the image cuts it."),
    "moments": Words(
        "Moments",
        "Central moments up to the third order, normalised ones, and in 2-D those of Hu: shape as numbers for a "
        "classifier.",
    ),
    "intensity": Words("Brightness", "Mean, extremes, spread and sum of the values in an object."),
    "intensity_distribution": Words(
        "Distribution of the brightness",
        "Percentiles of your choice (`percentiles`), and other numbers that describe the histogram of an object.",
    ),
    "intensity_edge": Words("Brightness at the edge", "The values of the outermost pixels of an object."),
    "intensity_position": Words(
        "Where the brightness lies",
        "The centre of mass, how far it is from the centroid, and the brightest pixel.",
    ),
    "intensity_background": Words(
        "Background around an object",
        "The values in a ring around each object (`ring_gap`, `ring_width`), and the brightness of the object above "
        "them. The operation `make_rings` shows the rings.",
    ),
    "colocalisation": Words(
        "Colocalisation",
        "How two channels go together within an object. For a whole image, measure one object that fills it.",
    ),
    "neighbours": Words(
        "Neighbours",
        "Which objects are next to an object, how near (`n_neighbours`), and how many within a distance "
        "(`neighbour_distance`). All objects of the frame count, also those at its border.",
    ),
    "texture": Words(
        "Texture",
        "Haralick's 13 numbers: how the grey levels (`n_grey_levels`) of pixels that lie a step apart "
        "(`texture_scale`) go together.",
    ),
    "granularity": Words(
        "Granularity", "Which part of the brightness is in spots of each size (`n_granularity_steps`)."
    ),
    "radial": Words(
        "Radial distribution",
        "How brightness is spread over rings between the middle and the border of an object (`n_rings`).",
    ),
    "zernike": Words(
        "Zernike moments",
        "Shape and brightness in the smallest circle around an object, as 30 patterns that do not change when the "
        "object is turned.",
    ),
    "skeleton": Words("Skeleton", "Length, branches and ends of the line in the middle of an object."),
}


def families_of(group: str) -> tuple[Family, ...]:
    """Return the families that have columns of a group."""
    return tuple(
        family
        for family in FAMILIES
        if any(column.group == group for column in family.columns_with(defaults()))
    )


def columns_of(group: str) -> tuple[list[Column], list[Column]]:
    """Return the columns of a group without the names of channels, and those that it has on occasion."""
    families = families_of(group)
    usual = [
        column for family in families for column in family.columns_with(defaults()) if column.group == group
    ]
    return usual, _once(
        column for family in families for column in family.occasional if column.group == group
    )


def _once(columns: Iterable[Column]) -> list[Column]:
    return list({column.name: column for column in columns}.values())
