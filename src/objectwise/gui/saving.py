"""What came of the panel as files: the table, the labels, and the recipe that makes both again.

Writing a large table or volume takes seconds, so it is done in another thread; what is written is what the layer holds
then, edits by hand included.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from napari.layers import Labels, Layer
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QWidget
from superqt.utils import create_worker

from objectwise.core.recipe import Recipe
from objectwise.gui.layers import source_of
from objectwise.gui.table import table_of
from objectwise.gui.wiring import input_name


class SaveRow(QWidget):
    """Buttons that save what was found; enabled once there is something.

    Parameters
    ----------
    parent : QWidget
        Over which the dialogs open.
    say : callable
        ``say(sentence, wrong)`` tells what was saved.
    """

    def __init__(self, parent: QWidget, say: Callable[..., None]) -> None:
        super().__init__(parent)
        self._say = say
        self._layer: Labels | None = None
        self._recipe: Recipe | None = None
        self._image = "image"
        self._folder = ""
        self._worker: Any = None
        self.table = self._button(
            "Table ...", "Save the table (CSV), and beside it the meaning of its columns"
        )
        self.labels = self._button("Labels ...", "Save the labels (OME-TIFF), with pixel size and unit")
        self.recipe = self._button("Recipe ...", "Save the steps, to do the same to other images")
        self.table.clicked.connect(lambda: self.save("table"))
        self.labels.clicked.connect(lambda: self.save("labels"))
        self.recipe.clicked.connect(lambda: self.save("recipe"))
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 6, 6)
        row.addWidget(QLabel("Save"))
        for button in (self.table, self.labels, self.recipe):
            row.addWidget(button, 1)

    @staticmethod
    def _button(text: str, tooltip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tooltip)
        button.setEnabled(False)
        return button

    def offer(self, layer: Labels | None, recipe: Recipe | None = None, image: Layer | None = None) -> None:
        """Offer to save a layer, its table, and the recipe of both."""
        self._layer, self._recipe = layer, recipe
        if image is not None:
            self._image = input_name(image.name).replace(" ", "_")
            path = getattr(image.source, "path", None)
            if path and not self._folder:
                self._folder = str(Path(path).parent)
        for button in (self.table, self.labels, self.recipe):
            button.setEnabled(layer is not None)

    def save(self, what: str) -> None:
        """Ask for a name, and write the ``"table"``, the ``"labels"`` or the ``"recipe"``."""
        layer = self._layer
        ending, kinds = _FILES[what]
        if layer is None or self._worker is not None:
            return
        start = Path(self._folder) / f"{self._image}_objects{ending}"
        chosen, _ = QFileDialog.getSaveFileName(self, f"Save the {what}", str(start), f"{kinds} (*{ending})")
        if not chosen:
            return
        path = Path(chosen if chosen.lower().endswith(ending) else f"{chosen}{ending}")
        self._folder = str(path.parent)
        if what == "recipe":
            write: Callable[[Path], Any] = _writing_recipe(self._recipe)
        else:
            write = _writing_table(layer) if what == "table" else _writing_labels(layer)
        worker = create_worker(write, path, _start_thread=False, _ignore_errors=True)
        worker.returned.connect(lambda _: self._say(f"Saved {path.name}"))
        worker.errored.connect(lambda error: self._say(f"Not saved: {error}", True))
        worker.finished.connect(self._on_finish)
        self._worker = worker
        worker.start()

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self._worker is not None

    def _on_finish(self) -> None:
        self._worker = None

    def let_go(self) -> None:
        """Hold no layer any more."""
        self.offer(None)


_FILES = {
    "table": (".csv", "Table"),
    "labels": (".ome.tif", "OME-TIFF"),
    "recipe": (".toml", "Recipe"),
}


def _writing_table(layer: Labels) -> Callable[[Path], Any]:
    from objectwise.core.results import Result
    from objectwise.io.results import write_result

    noted = table_of(layer)
    if noted is None:
        raise ValueError("the layer has no table")
    result = Result(noted.table, noted.grid, "table")
    return lambda path: write_result(path, result, overwrite=True)


def _writing_labels(layer: Labels) -> Callable[[Path], Any]:
    from objectwise.io.results import write_result

    result = source_of(layer)
    return lambda path: write_result(path, result, overwrite=True)


def _writing_recipe(recipe: Recipe | None) -> Callable[[Path], Any]:
    if recipe is None:
        raise ValueError("there is no recipe")
    return lambda path: recipe.write(path)
