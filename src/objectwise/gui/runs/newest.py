"""Work in another thread of which only the newest request matters.

What is running is finished and shown, then the newest request is taken, and those between are dropped: something
moves while a slider is dragged, and what is shown at last is what was asked for last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from superqt.utils import create_worker


@dataclass(frozen=True)
class Failure:
    """What work returns that has failed: why, as a sentence."""

    reason: str


def attempt(work: Callable[..., Any]) -> Callable[..., Any]:
    """Return work that tells by a `Failure` what goes wrong, as a thread would lose it."""

    @wraps(work)
    def call(*arguments: Any) -> Any:
        try:
            return work(*arguments)
        except (ValueError, KeyError, IndexError) as error:
            return Failure(str(error))
        except MemoryError:
            return Failure("There is not enough memory for this.")

    return call


class Newest:
    """One thread for one kind of work.

    Parameters
    ----------
    done : callable
        Given what the work returned, in the thread of the window.
    """

    def __init__(self, done: Callable[[Any], None]) -> None:
        self._done = done
        self._worker: Any = None
        self._next: tuple[Callable[..., Any], tuple[Any, ...]] | None = None
        self._dropped = False

    @property
    def busy(self) -> bool:
        """Whether something is being computed or waits."""
        return self._worker is not None or self._next is not None

    def request(self, work: Callable[..., Any], *arguments: Any) -> None:
        """Do this as soon as what is running is done."""
        self._next = (work, arguments)
        if self._worker is None:
            self._start()

    def drop(self) -> None:
        """Forget what waits, and what is running will return."""
        self._next, self._dropped = None, self._worker is not None

    def _start(self) -> None:
        assert self._next is not None
        (work, arguments), self._next = self._next, None
        worker = create_worker(work, *arguments, _start_thread=False, _ignore_errors=True)
        worker.returned.connect(self._on_returned)
        worker.finished.connect(self._on_finished)
        self._worker, self._dropped = worker, False
        worker.start()

    def _on_returned(self, found: Any) -> None:
        if not self._dropped:
            self._done(found)

    def _on_finished(self) -> None:
        self._worker = None
        if self._next is not None:
            self._start()
