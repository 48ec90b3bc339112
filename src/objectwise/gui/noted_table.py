"""The table of a labels layer, kept on the layer with what is needed to find its objects again."""

from __future__ import annotations

from dataclasses import dataclass

from napari.layers import Labels, Layer

from objectwise.core.grid import Grid
from objectwise.core.recipe import Recipe
from objectwise.core.results import Result
from objectwise.core.table import Table
from objectwise.gui.calibration import KEY, notes_of
from objectwise.gui.selection import selection_of


@dataclass(frozen=True)
class NotedTable:
    """The table of a layer, as it is kept on it."""

    table: Table
    grid: Grid
    recipe: Recipe | None
    mark: str | None

    @property
    def labelled(self) -> bool:
        """Whether its rows are of what the layer shows, rather than of frames or distances."""
        return self.recipe is None or self.recipe.steps[-1].operation.rows.labelled


def note_table(layer: Layer, result: Result, mark: str | None) -> None:
    """Keep a table on the layer that it was measured from."""
    noted = NotedTable(result.array, result.grid, result.recipe, mark)
    layer.metadata[KEY] = {**notes_of(layer), "table": noted}
    selection_of(layer).measured.emit()


def table_of(layer: Layer | None) -> NotedTable | None:
    """Return the table that is kept on a layer."""
    return notes_of(layer).get("table") if isinstance(layer, Labels) else None
