"""The table of a labels layer, kept on the layer with what is needed to find its objects and to measure them again.

Classes that a person gives to objects are kept beside it by frame and id: so they outlast a new measurement, and an
object that comes back by an undo has its class again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels, Layer

from objectwise.core.grid import Grid
from objectwise.core.recipe import Recipe
from objectwise.core.results import Result
from objectwise.core.table import KEYS, Table
from objectwise.gui.layers.calibration import KEY, notes_of
from objectwise.gui.table.selection import keys_of, selection_of

if TYPE_CHECKING:
    from objectwise.gui.table.remeasure import Origin

CLASS = "class"

# where a layer notes which table, and which frame of it, its features are
PUBLISHED = f"{KEY} features"


@dataclass(frozen=True)
class NotedTable:
    """The table of a layer, as it is kept on it.

    Attributes
    ----------
    table : Table
        With the classes that a person has given.
    grid : Grid
        Of the labels.
    recipe : Recipe or None
    mark : str or None
        The fingerprint of the labels that were measured; None where they are taken as they are.
    origin : Origin or None
        By what and of which layers it was made; None where that is not known.
    measured : Table
        The table without the classes.
    """

    table: Table
    grid: Grid
    recipe: Recipe | None
    mark: str | None
    origin: Origin | None
    measured: Table

    @property
    def labelled(self) -> bool:
        """Whether its rows are of what the layer shows, rather than of frames or distances."""
        return self.recipe is None or self.recipe.steps[-1].operation.rows.labelled


def note_table(layer: Labels, result: Result, mark: str | None, origin: Origin | None = None) -> None:
    """Keep a table on the layer that it was measured from, and follow what becomes of the layer."""
    # what follows a layer looks at its table
    from objectwise.gui.table.freshness import freshness_of

    keep_table(
        layer, NotedTable(result.array, result.grid, result.recipe, mark, origin, measured=result.array)
    )
    freshness_of(layer).look()


def keep_table(layer: Layer, noted: NotedTable | None) -> None:
    """Keep a table on a layer, with the classes that there are; none takes it away."""
    notes = notes_of(layer)
    notes.pop("table", None)
    if noted is not None:
        notes["table"] = replace(noted, table=with_classes(noted.measured, classes_of(layer)))
    layer.metadata[KEY] = notes
    if noted is None and layer.metadata.pop(PUBLISHED, None) is not None:
        layer.features = {}
    selection_of(layer).measured.emit()


def table_of(layer: Layer | None) -> NotedTable | None:
    """Return the table that is kept on a layer."""
    return notes_of(layer).get("table") if isinstance(layer, Labels) else None


# --- classes -------------------------------------------------------------------------------------------


def classes_of(layer: Layer) -> dict[int, str]:
    """Return the classes that a person has given to objects, by the numbers of `keys_of`."""
    return dict(notes_of(layer).get("classes", {}))


def give_classes(layer: Layer, classes: Mapping[int, str]) -> None:
    """Give objects these classes, and no others any."""
    layer.metadata[KEY] = {**notes_of(layer), "classes": dict(classes)}
    noted = table_of(layer)
    if noted is not None:
        keep_table(layer, noted)


def with_classes(table: Table, classes: Mapping[int, str]) -> Table:
    """Return a table with a column of classes; without one where there are none.

    Examples
    --------
    >>> import pandas as pd
    >>> table = Table(pd.DataFrame({"label": [3, 5], "area": [4.0, 9.0]}))
    >>> with_classes(table, {5: "mitotic"})["class"].tolist()
    ['', 'mitotic']
    """
    if not classes or CLASS in table.frame:
        return table
    keys = keys_of(table.frame["frame"].to_numpy(), table.frame["label"].to_numpy())
    known, names = np.array(list(classes), np.int64), np.array([*classes.values()], object)
    order = np.argsort(known)
    places = order[np.minimum(np.searchsorted(known, keys, sorter=order), len(known) - 1)]
    values = np.where(known[places] == keys, names[places], "")
    frame = table.frame.copy(deep=False)
    frame.insert(len(KEYS), CLASS, values.astype(object))
    descriptions = {**table.descriptions, CLASS: "Class that a person has given to the object."}
    return Table(frame, table.units, descriptions, table.reasons)
