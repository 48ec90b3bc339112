"""The button that saves a table: all of it, what is shown, or what is selected; in another thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget
from superqt.utils import create_worker

from objectwise.core.table import Table
from objectwise.io.tables import FORMATS, part_of, write_table

# rows by their place and columns by their name, by the words of the menu; None for all of them
Parts = dict[str, tuple[Any, list[str] | None]]


class SaveButton(QToolButton):
    """A button with a menu of what can be saved.

    Parameters
    ----------
    parent : QWidget
    offer : callable
        Returns the table, the name of its file, and the parts of it to choose from.

    Attributes
    ----------
    said : Signal
        Emitted with a sentence about what is done.
    failed : Signal
        Emitted with a sentence about why it was not done.
    """

    said = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QWidget, offer: Callable[[], tuple[Table | None, str, Parts]]) -> None:
        super().__init__(parent)
        self.offer = offer
        self._worker: Any = None
        self.setText("Save ▾")
        self.setToolTip("As CSV, Excel or Parquet, with the unit and the definition of each column")
        # the theme would draw it over the text
        self.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        menu = QMenu(self)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    @property
    def busy(self) -> bool:
        """Whether a table is being written."""
        return self._worker is not None

    def _fill(self) -> None:
        self.menu().clear()
        for text, part in self.offer()[2].items():
            self.menu().addAction(text).triggered.connect(partial(self._on_chosen, part))

    def _on_chosen(self, part: tuple[Any, list[str] | None], _checked: bool = False) -> None:
        kinds = ";;".join(f"{name} (*{ending})" for ending, name in FORMATS.items())
        start = "".join(letter if letter.isalnum() or letter in "_-. " else "_" for letter in self.offer()[1])
        path, chosen = QFileDialog.getSaveFileName(self, "Save the table", f"{start}.csv", kinds)
        if path:
            ending = chosen.partition("(*")[2].rstrip(")")
            # the kind that is chosen counts, whatever the name that was proposed ends in
            known = Path(path).suffix.lower() in FORMATS
            self.write(str(Path(path).with_suffix(ending)) if known else path + ending, *part)

    def write(self, path: str, places: Any = None, names: list[str] | None = None) -> None:
        """Write rows to a file, in another thread.

        Parameters
        ----------
        path : str
            The ending says what it is; CSV where it has none that is known.
        places : array of int, optional
            Rows of the table in the order wanted; all where left out.
        names : list of str, optional
            Columns; all where left out.
        """
        table = self.offer()[0]
        if table is None or self.busy:
            return
        target = Path(path if Path(path).suffix.lower() in FORMATS else f"{path}.csv")
        self.said.emit(f"Saving {target.name} ...")
        worker = create_worker(_saved, table, target, places, names, _start_thread=False, _ignore_errors=True)
        worker.returned.connect(self.said.emit)
        worker.errored.connect(self._on_error)
        worker.finished.connect(self._on_done)
        self._worker = worker
        worker.start()

    def _on_error(self, error: Exception) -> None:
        self.failed.emit(f"Not saved: {getattr(error, 'strerror', None) or error}")

    def _on_done(self) -> None:
        self._worker = None


def counted(n: int, word: str) -> str:
    """Return a number with its word.

    Examples
    --------
    >>> counted(1, "row"), counted(2, "row")
    ('1 row', '2 rows')
    """
    return f"{n} {word}{'' if n == 1 else 's'}"


def _saved(table: Table, path: Path, places: Any, names: list[str] | None) -> str:
    part = part_of(table, places, names)
    write_table(part, path)
    return f"Saved {counted(len(part), 'row')} to {path.name}"
