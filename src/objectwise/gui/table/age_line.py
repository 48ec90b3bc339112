"""One line above a table: how many rows are older than the pixels, and a button that measures them again."""

from __future__ import annotations

from typing import Any

from napari.layers import Labels
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from objectwise.gui.runs.run_bar import text_label
from objectwise.gui.table.freshness import Freshness, freshness_of
from objectwise.gui.table.noted_table import table_of

# what is from before an edit, and what was measured after one: on a dark and on a light ground
_COLORS = {False: ("#f0a33c", "#5cc8a8"), True: ("#a85800", "#00705a")}


def age_colors(viewer: Any) -> tuple[str, str]:
    """Return the colours of old rows, and of those measured again, for the theme of a viewer."""
    return _COLORS["light" in str(getattr(viewer, "theme", "dark"))]


class AgeLine(QWidget):
    """Says of one layer at a time how old its table is; hidden where there is nothing to say.

    Parameters
    ----------
    viewer : Viewer
    brief : bool, optional
        Whether nothing is said of rows that were measured again.
    """

    def __init__(self, viewer: Any, brief: bool = False) -> None:
        super().__init__()
        self.viewer, self.brief = viewer, brief
        self._layer: Labels | None = None
        self.text = text_label()
        self.button = QPushButton("Measure again")
        self.button.setToolTip("Measure what was edited, and nothing else")
        self.button.clicked.connect(self._on_button)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.text, 1)
        row.addWidget(self.button)
        self.hide()

    @property
    def freshness(self) -> Freshness | None:
        """What is known of the age of the table."""
        return None if self._layer is None else freshness_of(self._layer)

    def show_for(self, layer: Labels | None) -> None:
        """Follow the table of a layer, and of no other any more."""
        if self.freshness is not None:
            self.freshness.changed.disconnect(self.show_age)
        self._layer = layer
        if self.freshness is not None:
            self.freshness.changed.connect(self.show_age)
        self.show_age()

    def show_age(self) -> None:
        """Say how old the table is."""
        freshness, noted = self.freshness, table_of(self._layer)
        again = freshness is not None and len(freshness.again) and not self.brief
        if freshness is None or noted is None or not (freshness.outdated or again):
            self.hide()
            return
        old, new = age_colors(self.viewer)
        self.text.setText(sentence(freshness, len(noted.table)))
        self.text.setStyleSheet(f"color: {old if freshness.outdated else new};")
        self.button.setVisible(freshness.outdated and noted.origin is not None)
        self.button.setEnabled(not freshness.measuring)
        self.show()

    def _on_button(self) -> None:
        if self.freshness is not None:
            self.freshness.measure_again()


def sentence(freshness: Freshness, n_rows: int) -> str:
    """Say how old a table is."""
    n = len(freshness.stale)
    if not freshness.outdated:
        return f"{_rows(len(freshness.again))} measured again after edits; marked in the table."
    if freshness.measuring:
        return f"Measuring {_rows(n)} again ..." if n else "Measuring what was edited ..."
    if not n:
        text = "Objects that are new after an edit have no rows yet."
    elif n == n_rows:
        text = "All rows are from before an edit."
    else:
        text = f"{_rows(n)} {'is' if n == 1 else 'are'} from before an edit."
    return f"{text} {freshness.problem}".rstrip()


def _rows(n: int) -> str:
    return f"{n} row{'' if n == 1 else 's'}"
