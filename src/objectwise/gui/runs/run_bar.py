"""The foot of a dock: a button that runs and cancels, how far the run is, and one sentence about it.

Before an image that is not in memory is worked on whole, and that takes much memory, it asks. The question stands in
the dock and stops nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from napari.qt.threading import create_worker
from psutil import virtual_memory
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from objectwise.gui.runs.details import DetailsButton, details_of
from objectwise.gui.runs.jobs import Job, Outcome, Tally, question, reason, time_left, work, work_each

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
    declined : Signal
        Emitted when a person has not wanted a run that takes much memory.
    worker : object or None
        The running worker.
    said_of : callable
        Gives the sentence for an `Outcome`.
    """

    pressed = Signal()
    done = Signal(object)
    rested = Signal()
    declined = Signal()

    def __init__(self, viewer: Any, text: str) -> None:
        super().__init__()
        self.viewer, self._run_text = viewer, text
        self.worker: Any = None
        self.said_of: Callable[[Outcome], str] = lambda outcome: outcome.sentence
        self._asked: tuple[Sequence[Job], Sequence[str]] | None = None
        self._start = 0.0
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
        self.question, self.yes, self.no = text_label(), QPushButton("Run anyway"), QPushButton("Cancel")
        self.yes.setToolTip("Start, whatever it takes")
        self.no.setToolTip("Do not start")
        self.yes.clicked.connect(lambda: self._answer(True))
        self.no.clicked.connect(lambda: self._answer(False))
        self.asking = QWidget()
        asking = QVBoxLayout(self.asking)
        asking.setContentsMargins(0, 0, 0, 0)
        answers = QHBoxLayout()
        for answer in (self.yes, self.no):
            answers.addWidget(answer)
        asking.addWidget(self.question)
        asking.addLayout(answers)
        self.asking.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 0, 6, 6)
        column.addWidget(self.button)
        column.addWidget(self.asking)
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
        """Do a job, or several; ask before, where one takes much memory.

        Of several those that fail, as well as what has failed before, are told of at the end.
        """
        self.say("")
        text = ""
        for job in jobs:
            # what is wrong is said by the run
            with suppress(ValueError):
                text = text or question(job, virtual_memory().available)
        if text:
            self._asked = (jobs, failed)
            self.question.setText(text)
        self.asking.setVisible(bool(text))
        self.button.setVisible(not text)
        if not text:
            self._do(jobs, failed)

    def _answer(self, yes: bool) -> None:
        asked, self._asked = self._asked, None
        self.asking.hide()
        self.button.show()
        if yes and asked is not None and not self._closed:
            self._do(*asked)
        else:
            self.say("Not started; nothing was read.")
            self.declined.emit()

    def _do(self, jobs: Sequence[Job], failed: Sequence[str]) -> None:
        self._n_done, self._start = 0, time.perf_counter()
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
        self._closed, self._asked = True, None

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
                left = time_left(time.perf_counter() - self._start, found[0])
                where = found[1][:1].upper() + found[1][1:]
                self.say(", ".join(text for text in (where, left) if text))

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
