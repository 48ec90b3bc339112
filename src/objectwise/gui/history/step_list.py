"""The lines of a history as a list, of which the steps can be chosen."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QListWidget, QListWidgetItem

from objectwise.gui.history.retrace import Entry

# height in pixels from which it scrolls
_HIGHEST = 260


class StepList(QListWidget):
    """From the inputs to the result, a line or two for each.

    Attributes
    ----------
    lines : list of Entry
        What is shown.
    wanted : str
        The step that was chosen last: whoever tries one value after the other stays at it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Entry] = []
        self.wanted = ""
        self.setWordWrap(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setToolTip("The steps from the input to the result; choose one to change its values")

    @property
    def step(self) -> str | None:
        """The chosen step."""
        row = self.currentRow()
        return self.lines[row].step if 0 <= row < len(self.lines) else None

    def show_lines(self, lines: Sequence[Entry], changed: Collection[str], colors: tuple[str, str]) -> None:
        """Show the lines of a history.

        Parameters
        ----------
        lines : sequence of Entry
        changed : collection of str
            The steps with values that have not been run yet.
        colors : tuple of str
            For what is missing, and for what cannot be chosen.
        """
        self.blockSignals(True)
        self.clear()
        self.lines = list(lines)
        for line in self.lines:
            title = f"{line.title}{' (changed)' if line.step in changed else ''}"
            item = QListWidgetItem(f"{title}\n    {line.details}" if line.details else title)
            item.setToolTip(line.details)
            if line.step is None:
                item.setFlags(Qt.ItemFlag.ItemIsEnabled)
                item.setForeground(QColor(colors[0 if line.missing else 1]))
            self.addItem(item)
        steps = [line.step for line in self.lines]
        self.setCurrentRow(steps.index(self.wanted) if self.wanted in steps else -1)
        self.blockSignals(False)
        height = sum(self.sizeHintForRow(number) for number in range(self.count()))
        self.setFixedHeight(min(_HIGHEST, height + 8))
