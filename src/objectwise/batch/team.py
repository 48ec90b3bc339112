"""Who works on the images: this process, or several of our own.

Processes are started as any program is and spoken to in lines of text. So they need nothing of the script that
called us, nothing is forked out of a process with threads and windows, and nothing is unpickled. A process may die at
any moment: for lack of memory, of a fault in a library, by a person. Then another takes its place, and its image goes
back to the end of the line, where it has the memory to itself; only an image that kills again and again is given up.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from queue import Empty, Queue
from typing import IO, Any

from objectwise.batch.planning import Plan, Row
from objectwise.batch.work import Job
from objectwise.batch.worker import written
from objectwise.core.recipe import Recipe
from objectwise.kernels.threads import n_threads

# after so many deaths an image is given up
MOST_ATTEMPTS = 3
_THREADS = (
    "OBJECTWISE_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "DASK_NUM_WORKERS",
)

# what a process holds for itself, and how much an image may need for each byte of its files
_OWN_MEMORY, _TIMES_FILES = 400e6, 40

Answer = dict[str, Any]


def known_elsewhere(recipe: Recipe) -> bool:
    """Tell whether all operations of a recipe come with the package, so that another process knows them, too."""
    return all(step.operation.function.__module__.startswith("objectwise.") for step in recipe.steps)


def fitting_workers(planned: Plan) -> int:
    """Return how many processes suit a plan: one for each core, as far as there are images and memory for them.

    None, for a recipe with operations of somebody else, which only the process knows that has registered them.
    """
    if not known_elsewhere(planned.recipe):
        return 0
    largest = max((sum(files.size for files in row.inputs.values()) for row in planned.waiting), default=0)
    fitting = _free_memory() / (_OWN_MEMORY + _TIMES_FILES * largest)
    return max(1, int(min(n_threads(), len(planned.waiting), fitting)))


def _free_memory() -> float:
    """Return the bytes of memory that are free; where the system does not tell, as many as one may ask for."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return math.inf
    return next(
        (int(line.split()[1]) * 1024.0 for line in text.splitlines() if line.startswith("MemAvailable")),
        math.inf,
    )


def task_of(planned: Plan, row: Row) -> dict[str, Any]:
    """Return what there is to be known to work on an image."""
    return {
        "name": row.name,
        "inputs": {name: asdict(files) for name, files in row.inputs.items()},
        "outputs": planned.files_of(row),
    }


def work_here(
    planned: Plan, rows: Iterable[Row], say: Callable[[str], None], write: bool = True
) -> Iterator[tuple[Row, Answer]]:
    """Work in this process, one image after another."""
    job = Job(planned.recipe, planned.reading, planned.folder)
    for row in rows:
        yield row, job.work(task_of(planned, row), say, write=write)


class Team:
    """Several processes, to be used in a ``with`` statement, at whose end they are gone.

    Parameters
    ----------
    planned : Plan
    workers : int
        How many. They share the cores.
    say : callable
        Told what an image says before it starts.
    share : int, optional
        Among how many the cores are shared; among these processes, where it is left out.
    """

    def __init__(
        self, planned: Plan, workers: int, say: Callable[[str], None], share: int | None = None
    ) -> None:
        self.planned = planned
        self.say = say
        self.first = json.dumps(written(Job(planned.recipe, planned.reading, planned.folder)))
        threads = str(max(1, n_threads() // (share or workers)))
        self.environment = {
            **os.environ,
            **dict.fromkeys(_THREADS, threads),
            # the same packages as here, wherever they come from
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        self.heard: Queue[tuple[_Process, dict[str, Any] | None]] = Queue()
        self.processes = [_Process(self) for _ in range(workers)]

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.stop()

    def work(self, rows: Iterable[Row], write: bool = True) -> Iterator[tuple[Row, Answer]]:
        """Work on images, and give each answer as it comes.

        Raises
        ------
        OSError
            If no process can be started.
        """
        waiting = deque(rows)
        idle = [process for process in self.processes if process.ready]
        failed_starts = 0
        while waiting or any(process.row for process in self.processes):
            while idle and waiting:
                idle.pop().give(waiting.popleft(), write)
            process, said = self._next()
            if said is None:
                self.processes.remove(process)
                process.stop()
                if not process.ready:
                    failed_starts += 1
                    if failed_starts > MOST_ATTEMPTS * (len(self.processes) + 1):
                        raise OSError("the processes that are to do the work end as soon as they are started")
                self.processes.append(_Process(self))
                idle = [other for other in idle if other is not process]
                if (row := process.row) is None:
                    continue
                row.attempts += 1
                if row.attempts < MOST_ATTEMPTS:
                    waiting.append(row)
                    continue
                error = (
                    f"the process that worked on it has died {row.attempts} times, perhaps for lack of memory"
                )
                yield row, {"error": error}
            elif "say" in said:
                self.say(said["say"])
            elif "ready" in said:
                process.ready = True
                failed_starts = 0
                idle.append(process)
            else:
                row, process.row = process.row, None
                assert row is not None
                # the next one first: who waits for the disk need not wait for work
                if waiting:
                    process.give(waiting.popleft(), write)
                else:
                    idle.append(process)
                yield row, said["done"]

    def _next(self) -> tuple[_Process, dict[str, Any] | None]:
        """Return what is heard next."""
        while True:
            try:
                # Windows lets nobody stop a wait that has no end
                return self.heard.get(timeout=1)
            except Empty:
                continue


class _Process:
    """One process of a team, and the image that it works on."""

    def __init__(self, team: Team) -> None:
        self.planned = team.planned
        self.ready = False
        self.row: Row | None = None
        self.process = subprocess.Popen(
            [sys.executable, "-m", "objectwise.batch.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=team.environment,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.input: IO[bytes] = self.process.stdin
        self.listener = threading.Thread(
            target=self._listen, args=(self.process.stdout, team.heard), daemon=True
        )
        self.listener.start()
        self._tell(team.first)

    def _listen(self, output: IO[bytes], heard: Queue[tuple[_Process, dict[str, Any] | None]]) -> None:
        with output:
            for line in output:
                # of a process that was killed, the last line may be half a one
                if line.endswith(b"\n"):
                    heard.put((self, json.loads(line)))
        heard.put((self, None))

    def give(self, row: Row, write: bool) -> None:
        """Let it work on an image."""
        self.row = row
        self._tell(json.dumps({**task_of(self.planned, row), "write": write}))

    def _tell(self, line: str) -> None:
        # one that has died is heard of
        with suppress(OSError):
            self.input.write(line.encode() + b"\n")
            self.input.flush()

    def stop(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()
        self.listener.join()
        with suppress(OSError):
            self.input.close()
