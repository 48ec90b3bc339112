"""The table of a labels layer, linked to its objects by id and frame.

The link goes by the id and the frame that a row names, never by its position, so that sorting, gaps between ids
and an id that lives through many frames change nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import napari.viewer
import numpy as np
from napari.layers import Labels, Layer
from qtpy.QtCore import QModelIndex, QSize, Qt, QTimer
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
)
from superqt.utils import create_worker

from objectwise.core.grid import Grid
from objectwise.core.recipe import Recipe
from objectwise.core.results import Result
from objectwise.core.table import Table
from objectwise.gui.calibration import KEY, axes_of, data_of, notes_of
from objectwise.gui.closing import ClosingDock
from objectwise.gui.features import displayed_frame, publish
from objectwise.gui.layers import fingerprint, source_of
from objectwise.gui.places import holder_of
from objectwise.gui.table_model import TableModel

TITLE = "Table (Objectwise)"


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


def table_of(layer: Layer | None) -> NotedTable | None:
    """Return the table that is kept on a layer."""
    return notes_of(layer).get("table") if isinstance(layer, Labels) else None


def show_table(viewer: Any, layer: Labels) -> "TableDock | None":
    """Show the table of a layer in the table dock, which is opened if need be."""
    window = getattr(viewer, "window", None)
    if window is None:
        return None
    dock = next((widget for widget in window.dock_widgets.values() if isinstance(widget, TableDock)), None)
    if dock is None:
        dock = TableDock(viewer)
        window.add_dock_widget(dock, name=TITLE, area="bottom")
        holder = holder_of(dock)
        if holder is not None:
            # a bottom dock starts with the height of two rows
            holder.parent().resizeDocks([holder], [230], Qt.Orientation.Vertical)
    dock.show_layer(layer)
    holder = holder_of(dock)
    if holder is not None:
        holder.show()
        holder.raise_()
    return dock


class TableDock(ClosingDock):
    """The table of the selected labels layer.

    Parameters
    ----------
    viewer : Viewer
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self.layer: Labels | None = None
        self.model = TableModel()
        self._following = False
        self._worker: Any = None
        self._build()
        self.follow(self._on_active, viewer.layers.selection.events.active)
        self.follow(self._on_removed, viewer.layers.events.removed)
        self.follow(self._on_dims, viewer.dims.events.current_step)
        self._check_soon = QTimer(self)
        self._check_soon.setSingleShot(True)
        self._check_soon.setInterval(400)
        self._check_soon.timeout.connect(self._check)
        layers = [layer for layer in viewer.layers if table_of(layer) is not None]
        active = viewer.layers.selection.active
        if layers:
            self.show_layer(active if active in layers else layers[-1])
        else:
            self._clear()

    def _build(self) -> None:
        self.title = QLabel()
        self.title.setWordWrap(True)
        self.warning = QLabel("The labels were changed after this table was made; measure again.")
        self.warning.setStyleSheet("color: #e08e1b;")
        self.warning.setWordWrap(True)
        self.warning.hide()
        self.only_frame = QCheckBox("Displayed frame only")
        self.only_frame.toggled.connect(self._on_dims)
        self.save = QPushButton("Save CSV ...")
        self.save.setToolTip(
            "The table, and beside it a file with the unit and the definition of each column"
        )
        self.save.clicked.connect(lambda: self.save_csv())
        self.copy = QPushButton("Copy")
        self.copy.setToolTip("The selected rows, or all, as text for a spreadsheet (Ctrl+C)")
        self.copy.clicked.connect(self.copy_rows)
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setSortingEnabled(True)
        self.view.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setDefaultSectionSize(22)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.selectionModel().currentRowChanged.connect(self._on_row)
        shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.view)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.copy_rows)
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        for widget in (self.only_frame, self.copy, self.save):
            top.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.addLayout(top)
        column.addWidget(self.warning)
        column.addWidget(self.view, 1)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Wide and low, to lie below the image."""
        return QSize(600, 190)

    # --- which layer -----------------------------------------------------------------------------------

    def show_layer(self, layer: Labels) -> None:
        """Show the table of a layer."""
        noted = table_of(layer)
        if noted is None:
            return
        self._leave()
        self.layer = layer
        for event, slot in self._layer_events(layer):
            event.connect(slot)
        self.model.set_table(noted.table)
        self._widen()
        self.view.setColumnHidden(self.model.names.index("frame"), "t" not in noted.grid.axes)
        n, frames = len(noted.table), "t" in noted.grid.axes
        self.title.setText(f"{layer.name}: {n} {'row' if n == 1 else 'rows'}")
        self.only_frame.setVisible(frames)
        self.save.setEnabled(True)
        self.copy.setEnabled(True)
        self.warning.hide()
        self._publish()
        self._on_selected_label()

    def _widen(self) -> None:
        """Make the columns as wide as their headers; looking at every cell would take seconds."""
        metrics = self.view.horizontalHeader().fontMetrics()
        for number in range(self.model.columnCount()):
            title = str(self.model.headerData(number, Qt.Orientation.Horizontal))
            self.view.setColumnWidth(number, max(60, metrics.horizontalAdvance(title) + 30))

    def _layer_events(self, layer: Labels) -> list[tuple[Any, Any]]:
        events = layer.events
        return [
            (events.selected_label, self._on_selected_label),
            (events.set_data, self._on_edit),
            (events.data, self._on_edit),
            (events.paint, self._on_edit),
            (events.name, self._on_name),
        ]

    def _leave(self) -> None:
        if self.layer is not None:
            for event, slot in self._layer_events(self.layer):
                event.disconnect(slot)
        self.layer = None

    def _clear(self) -> None:
        self._leave()
        self.model.set_table(None)
        self.title.setText("Measure a labels layer to see its objects here.")
        self.only_frame.hide()
        self.warning.hide()
        self.save.setEnabled(False)
        self.copy.setEnabled(False)

    def _on_active(self, event: Any) -> None:
        layer = event.value
        if layer is not None and layer is not self.layer and table_of(layer) is not None:
            self.show_layer(layer)

    def _on_removed(self, event: Any) -> None:
        if event.value is self.layer:
            self._clear()

    def _on_name(self, _event: Any = None) -> None:
        if self.layer is not None:
            n = len(self.model.order)
            self.title.setText(f"{self.layer.name}: {n} {'row' if n == 1 else 'rows'}")

    # --- rows and objects ------------------------------------------------------------------------------

    @contextmanager
    def _leading(self) -> Iterator[None]:
        """Change the viewer without the table following its own change."""
        self._following = True
        try:
            yield
        finally:
            self._following = False

    def _noted(self) -> NotedTable | None:
        return table_of(self.layer)

    def _axes(self) -> str:
        return (axes_of(self.layer) or "") if self.layer is not None else ""

    def _time(self) -> int:
        if self.layer is None:
            return 0
        return displayed_frame(self.viewer, self.layer, self._axes()) or 0

    def _on_row(self, current: QModelIndex, _before: QModelIndex) -> None:
        """Go to the object of a row."""
        noted = self._noted()
        if self._following or not current.isValid() or self.layer is None or noted is None:
            return
        if not noted.labelled:
            return
        label, frame = self.model.object_at(current.row())
        with self._leading():
            self.layer.selected_label = label
            point = self._pixel_of(current.row(), label, frame)
            if point is not None:
                self._go_to(point)
        self._publish()

    def _pixel_of(self, row: int, label: int, frame: int) -> list[float] | None:
        """Return where the object of a row is, in pixels of the layer's axes."""
        noted = self._noted()
        if noted is None or self.layer is None:
            return None
        found: dict[str, float] = {"t": frame}
        for axis in noted.grid.spatial:
            centre = self.model.value_at(row, f"centroid_{axis}")
            low, high = (self.model.value_at(row, f"bbox_{side}_{axis}") for side in ("min", "max"))
            if centre is not None:
                found[axis] = float(centre) / noted.grid.spacing_along(axis)
            elif low is not None and high is not None:
                found[axis] = (float(low) + float(high) - 1) / 2
        if not set(noted.grid.spatial) <= set(found):
            array = source_of(self.layer).array
            block = noted.grid.read(array, {"t": frame} if "t" in noted.grid.axes else {})
            pixels = np.argwhere(block == label)
            if not len(pixels):
                return None
            found |= dict(zip(noted.grid.spatial, pixels[len(pixels) // 2].astype(float), strict=True))
        return [found.get(axis, 0.0) for axis in axes_of(self.layer) or ""]

    def _go_to(self, point: list[float]) -> None:
        assert self.layer is not None
        world = np.array(self.layer.data_to_world(point))
        dims, offset = self.viewer.dims, self.viewer.dims.ndim - len(world)
        for number, position in enumerate(world):
            if number + offset not in dims.displayed:
                dims.set_point(number + offset, position)
        shown = [float(world[number - offset]) for number in dims.displayed if number >= offset]
        # napari 0.9 has put the camera into the scene
        camera = getattr(self.viewer, "scene", self.viewer).camera
        centre = list(camera.center)
        centre[-len(shown) :] = shown
        camera.center = tuple(centre)

    def _on_selected_label(self, _event: Any = None) -> None:
        """Go to the row of the selected object."""
        noted = self._noted()
        if self._following or self.layer is None or noted is None or not noted.labelled:
            return
        row = self.model.row_of(self.layer.selected_label, self._time())
        with self._leading():
            if row is None:
                self.view.clearSelection()
                self.view.selectionModel().clearCurrentIndex()
            else:
                self.view.selectRow(row)
                self.view.scrollTo(self.model.index(row, 0), QAbstractItemView.ScrollHint.EnsureVisible)

    def _on_dims(self, _event: Any = None) -> None:
        if self.layer is None or "t" not in self._axes():
            return
        self.model.show_frame(self._time() if self.only_frame.isChecked() else None)
        if not self._following:
            self._on_selected_label()
            self._publish()

    def _publish(self) -> None:
        """Give napari's own table and status bar the rows of the displayed frame."""
        noted = self._noted()
        if noted is None or self.layer is None or not noted.labelled:
            return
        time = displayed_frame(self.viewer, self.layer, self._axes())
        wanted = (id(noted), time)
        if self.layer.metadata.get(f"{KEY} features") != wanted:
            self.layer.metadata[f"{KEY} features"] = wanted
            publish(self.layer, noted.table.frame, time)

    # --- staleness -------------------------------------------------------------------------------------

    def _on_edit(self, _event: Any = None) -> None:
        # painting, undo and another slice all arrive here; which it was is told by the pixels
        if self.layer is not None and not self._closed:
            self._check_soon.start()

    def _check(self) -> None:
        noted, layer = self._noted(), self.layer
        if noted is None or noted.mark is None or layer is None or self._worker is not None:
            return
        worker = create_worker(fingerprint, data_of(layer), _start_thread=False, _ignore_errors=True)
        worker.returned.connect(lambda mark: self._on_checked(layer, mark))
        worker.finished.connect(self._on_check_done)
        self._worker = worker
        worker.start()

    def _on_check_done(self) -> None:
        self._worker = None

    def _on_checked(self, layer: Labels, mark: str) -> None:
        noted = table_of(layer)
        if layer is self.layer and noted is not None and not self._closed:
            self.warning.setVisible(mark != noted.mark)

    # --- out -------------------------------------------------------------------------------------------

    def save_csv(self, path: str | None = None) -> Path | None:
        """Write the table to a CSV file; ask for its name where none is given."""
        noted = self._noted()
        if noted is None or self.layer is None:
            return None
        if path is None:
            start = "".join(
                letter if letter.isalnum() or letter in "_-. " else "_" for letter in self.layer.name
            )
            path, _ = QFileDialog.getSaveFileName(self, "Save the table", f"{start}.csv", "CSV (*.csv)")
            if not path:
                return None
        target = Path(path if path.lower().endswith(".csv") else f"{path}.csv")
        try:
            written = noted.table.to_csv(target)
        except OSError as error:
            self.title.setText(f"Not saved: {error.strerror or error}")
            return None
        self.title.setText(f"{self.layer.name}: saved {written.name}")
        return written

    def copy_rows(self) -> None:
        """Copy the selected rows, or all where at most one is selected."""
        if self.model.table is None:
            return
        # ranges, as an index for each of many rows takes seconds
        ranges = self.view.selectionModel().selection()
        rows = sorted({row for part in ranges for row in range(part.top(), part.bottom() + 1)})
        QApplication.clipboard().setText(self.model.text(rows if len(rows) > 1 else None))

    # --- life ------------------------------------------------------------------------------------------

    def let_go(self) -> None:
        """Follow the layer no more."""
        self._check_soon.stop()
        self._leave()
