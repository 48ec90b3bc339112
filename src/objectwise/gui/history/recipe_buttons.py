"""What can be taken away from a history: a recipe file, a Python script, a paragraph; and a recipe file brought in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QApplication, QFileDialog, QGridLayout, QPushButton, QWidget

from objectwise.core.recipe import Recipe
from objectwise.gui.history.retrace import History, Layers, files_of, ndim_of
from objectwise.prose import SOFTWARE, methods_text
from objectwise.script import python_script

_FILES = "Recipe (*.toml)"


class RecipeButtons(QWidget):
    """Save, open, copy as Python, copy as text.

    Parameters
    ----------
    told : callable
        Gives the history as it would be done now, and the layers of its inputs.

    Attributes
    ----------
    said : Signal
        Emitted with a sentence, and whether something is wrong.
    opened : Signal
        Emitted with the `History` of a file.
    """

    said = Signal(str, bool)
    opened = Signal(object)

    def __init__(self, told: Callable[[], tuple[History, Layers] | None]) -> None:
        super().__init__()
        self._told = told
        self.taking: list[QPushButton] = []
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        for number, (name, tooltip, slot) in enumerate(
            (
                ("Save recipe ...", "As a file that runs here, on a folder and from Python", self.save),
                ("Open recipe ...", "The steps of a file, to be run with layers that are open", self.open),
                ("Copy as Python", "A script that gives the same result", self.copy_script),
                ("Copy methods", "Text for the methods section of a paper, with versions", self.copy_methods),
            )
        ):
            button = QPushButton(name)
            button.setToolTip(tooltip)
            button.clicked.connect(partial(_press, slot))
            grid.addWidget(button, number // 2, number % 2)
            if slot != self.open:
                self.taking.append(button)

    def save(self, path: str | None = None) -> Path | None:
        """Write the recipe to a file; ask for its name where none is given."""
        told = self._told()
        if told is None:
            return None
        history, asked = told[0], path is None
        if path is None:
            name = "".join(
                letter if letter.isalnum() or letter in "_-. " else "_" for letter in history.title
            )
            name = name.removesuffix(".toml")
            path, _ = QFileDialog.getSaveFileName(self, "Save the recipe", f"{name}.toml", _FILES)
            if not path:
                return None
        target = Path(path if path.lower().endswith(".toml") else f"{path}.toml")
        if asked and target != Path(path) and target.exists():
            # the dialog has asked about another name
            self.said.emit(f"Not saved: {target.name} is there already; choose it by its full name.", True)
            return None
        try:
            history.recipe.write(target)
        except OSError as error:
            self.said.emit(f"Not saved: {error.strerror or error}", True)
            return None
        self.said.emit(f"Saved {target.name}.", False)
        return target

    def open(self, path: str | None = None) -> None:
        """Show a recipe from a file; ask for it where none is given."""
        if path is None:
            path, _ = QFileDialog.getOpenFileName(self, "Open a recipe", "", _FILES)
            if not path:
                return
        try:
            recipe = Recipe.read(path)
        except (OSError, ValueError) as error:
            self.said.emit(str(error), True)
            return
        self.opened.emit(History(Path(path).name, recipe))
        self.said.emit("Choose the layers to run it with, and press Run.", False)

    def copy_script(self) -> None:
        """Copy a Python script that does the same."""
        if told := self._told():
            QApplication.clipboard().setText(python_script(told[0].recipe, files_of(told[1])))
            self.said.emit("Copied a Python script; the paths of the images are in its first lines.", False)

    def copy_methods(self) -> None:
        """Copy a paragraph for the methods section of a paper."""
        if told := self._told():
            history, ndim = told[0], ndim_of(told[1])
            text = methods_text(history.recipe, history.values, ndim=ndim, software=(*SOFTWARE, "napari"))
            QApplication.clipboard().setText(text)
            self.said.emit("Copied a paragraph for the methods section.", False)


def _press(slot: Callable[[], object], _checked: bool = False) -> None:
    slot()
