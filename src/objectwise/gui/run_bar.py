"""The foot of a dock: a button that runs and cancels, how far the run is, and one sentence about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from napari.qt.threading import create_worker
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from objectwise.gui.details import DetailsButton, details_of
from objectwise.gui.jobs import Job, Outcome, Tally, reason, work, work_each

# red and grey, on a dark and on a light ground
_COLORS = {False: ("#ff6b6b", "#9a9fa8"), True: ("#c62828", "#5f6570")}


def colors(viewer: Any) -> tuple[str, str]:
    """Return a red and a grey that can be read in the theme of a viewer."""
    return _COLORS["light" in str(getattr(viewer, "theme", "dark"))]


def text_label() -> QLabel:
    """Return a label for sentences, which can be selected and copied."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


class RunBar(QWidget):
    """Button, progress and status line; one run at a time, in another thread.

    Parameters
    ----------
    viewer : Viewer
    text : str
        What the button says when nothing runs.

    Attributes
    ----------
    pressed : Signal
        Emitted when Run is pressed.
    done : Signal
        Emitted with the `Outcome` of a run.
    rested : Signal
        Emitted when nothing runs any more.
    worker : object or None
        The running worker.
    said_of : callable
        Gives the sentence for an `Outcome`.
    """

    pressed = Signal()
    done = Signal(object)
    rested = Signal()

    def __init__(self, viewer: Any, text: str) -> None:
        super().__init__()
        self.viewer, self._run_text = viewer, text
        self.worker: Any = None
        self.said_of: Callable[[Outcome], str] = lambda outcome: outcome.sentence
        self._closed = self._wrong = False
        self._n_done = 0
        self.button = QPushButton(text)
        self.button.setToolTip("Do this for all planes, volumes and frames; while it runs, Escape cancels it")
        self.button.clicked.connect(self._on_button)
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(10)
        self.progress.hide()
        self.expected, self.status = text_label(), text_label()
        self.expected.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 0, 6, 6)
        column.addWidget(self.button)
        column.addWidget(self.expected)
        column.addWidget(self.progress)
        self.details = DetailsButton()
        foot = QHBoxLayout()
        foot.addWidget(self.status, 1)
        foot.addWidget(self.details, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(foot)
        self.paint()

    def say(self, sentence: str, wrong: bool = False) -> None:
        """Show a sentence, red where something is wrong."""
        if self._closed:
            return
        if wrong != self._wrong:
            self._wrong = wrong
            self.paint()
        self.status.setText(sentence)
        self.details.offer("")

    def expect(self, sentence: str) -> None:
        """Show, before a run, that it will take long; nothing where it will not."""
        self.expected.setText(sentence)
        self.expected.setVisible(bool(sentence))

    def paint(self) -> None:
        """Colour the sentence so that it can be read in napari's theme."""
        red, grey = colors(self.viewer)
        self.status.setStyleSheet(f"color: {red if self._wrong else grey};")
        self.expected.setStyleSheet(f"color: {grey};")

    def name(self, text: str) -> None:
        """Say something else on the button."""
        self._run_text = text
        if self.worker is None:
            self.button.setText(text)

    def start(self, *jobs: Job, failed: Sequence[str] = ()) -> None:
        """Do a job; or several, of which those that fail, as well as what has failed before, are told of at the end."""
        self.say("")
        self._n_done = 0
        each = len(jobs) > 1 or failed
        worker = create_worker(
            *((work_each, list(jobs), failed) if each else (work, list(jobs))),
            _start_thread=False,
            _ignore_errors=True,
        )
        worker.yielded.connect(self._on_yield)
        worker.errored.connect(self._on_error)
        worker.aborted.connect(self._on_abort)
        worker.finished.connect(self._on_finish)
        self.worker = worker
        self.button.setText("Cancel")
        self.progress.setValue(0)
        self.progress.show()
        worker.start()

    def cancel(self) -> None:
        """Stop the run at its next block."""
        if self.worker is not None:
            self.say("Stopping ...")
            self.worker.quit()

    def close_down(self) -> None:
        """Stop the run, and say and show nothing any more."""
        self.cancel()
        self._closed = True

    def _on_button(self) -> None:
        if self.worker is None:
            self.pressed.emit()
        else:
            self.cancel()

    def _on_yield(self, found: tuple[float, str] | Outcome | Tally) -> None:
        if self._closed:
            return
        if isinstance(found, Tally):
            self.say(found.sentence, found.wrong)
        elif isinstance(found, Outcome):
            self._n_done += 1
            # the sentence last, as whatever the result sets off may say something too
            self.done.emit(found)
            self.say(self.said_of(found))
        else:
            self.progress.setValue(round(1000 * found[0]))
            if found[1] and self.worker is not None and not self.worker.abort_requested:
                self.say(found[1][:1].upper() + found[1][1:])

    def _on_error(self, error: Exception) -> None:
        self.say(reason(error), wrong=True)
        if not self._closed:
            self.details.offer(details_of(error))

    def _on_abort(self) -> None:
        before = f"{self._n_done} of the results were there already" if self._n_done else "nothing was added"
        self.say(f"Cancelled; {before}.")

    def _on_finish(self) -> None:
        self.worker = None
        if not self._closed:
            self.button.setText(self._run_text)
            self.progress.hide()
            self.rested.emit()
