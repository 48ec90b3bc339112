"""What came of the panel as files: the table, the labels, and the recipe that makes both again.

Writing a large table or volume takes seconds, so it is done in another thread; what is written is what the layer holds
then, edits by hand included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from napari.layers import Labels, Layer
from qtpy.QtWidgets import QApplication, QFileDialog, QGridLayout, QLabel, QPushButton, QWidget
from superqt.utils import create_worker

from objectwise.core.recipe import Recipe
from objectwise.core.results import Result
from objectwise.gui.history.retrace import files_of
from objectwise.gui.layers.conversion import source_of
from objectwise.gui.runs.wiring import input_name
from objectwise.gui.table.noted_table import table_of
from objectwise.io.results import write_result
from objectwise.script import python_script


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
        self._inputs: Mapping[str, Sequence[Layer]] = {}
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
        self.python = self._button("Copy as Python", "Copy a script that does the same, for a notebook")
        self.python.clicked.connect(self.copy_python)
        # what is done with a folder of images will lie beside the last
        grid = QGridLayout(self)
        grid.setContentsMargins(6, 0, 6, 6)
        grid.setSpacing(4)
        grid.addWidget(QLabel("Save"), 0, 0)
        for number, button in enumerate((self.table, self.labels, self.recipe)):
            grid.addWidget(button, 0, number + 1)
            grid.setColumnStretch(number + 1, 1)
        grid.addWidget(self.python, 1, 1, 1, 2)

    @staticmethod
    def _button(text: str, tooltip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tooltip)
        button.setEnabled(False)
        return button

    def offer(
        self,
        layer: Labels | None,
        recipe: Recipe | None = None,
        inputs: Mapping[str, Sequence[Layer]] | None = None,
        image: str = "",
    ) -> None:
        """Offer to save a layer, its table, and the recipe of both.

        Parameters
        ----------
        layer : Labels or None
            None where there is nothing to save.
        recipe : Recipe, optional
        inputs : mapping of str to sequence of Layer, optional
            The layers that the inputs of the recipe were.
        image : str, optional
            What the files are called after.
        """
        self._layer, self._recipe, self._inputs = layer, recipe, inputs or {}
        self._image = input_name(image).replace(" ", "_")
        paths = [item.source.path for layers in self._inputs.values() for item in layers if item.source.path]
        if paths and not self._folder:
            self._folder = str(Path(paths[0]).parent)
        for button in (self.table, self.labels, self.recipe, self.python):
            button.setEnabled(layer is not None)

    def copy_python(self) -> None:
        """Copy a script that does the same."""
        if self._recipe is not None:
            QApplication.clipboard().setText(python_script(self._recipe, files_of(self._inputs)))
            self._say("Copied a Python script; the path of the image is in its first lines.")

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
        write = _writing(what, layer, self._recipe)
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


def _writing(what: str, layer: Labels, recipe: Recipe | None) -> Callable[[Path], Any]:
    """Return what writes one of these; all that it needs of the layer is taken now."""
    if what == "recipe" and recipe is not None:
        return recipe.write
    noted = table_of(layer)
    if what == "table" and noted is not None:
        result = Result(noted.table, noted.grid, "table")
    else:
        result = source_of(layer)
    return lambda path: write_result(path, result, overwrite=True)
