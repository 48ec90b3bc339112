"""A process that works on images: ``python -m objectwise.batch.worker``, which nobody starts by hand.

It reads tasks and writes answers, a line of JSON each: the first line says what is the same for all. When there is
nothing more to read, whoever gave the work has gone, be it killed, and so does this process, at once and in the
midst of its work: what it was making lies in a hidden folder that nobody will miss.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from objectwise.batch.planning import reading_of
from objectwise.batch.work import Job
from objectwise.core.recipe import Recipe


def written(job: Job) -> dict[str, Any]:
    """Return the first line."""
    return {
        "recipe": job.recipe.to_toml(),
        "reading": asdict(job.reading),
        "folder": str(Path(job.folder).absolute()),
    }


def main() -> None:
    """Work until there is nothing more to read."""
    # whoever gave the work is stopped, and stops this process
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # a library that prints must not be taken for an answer
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    tasks: SimpleQueue[str] = SimpleQueue()

    def listen() -> None:
        for line in sys.stdin.buffer:
            tasks.put(line.decode())
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()

    def answer(**said: Any) -> None:
        answers.write(json.dumps(said) + "\n")
        answers.flush()

    first = json.loads(tasks.get())
    job = Job(Recipe.from_toml(first["recipe"]), reading_of(first["reading"]), Path(first["folder"]))
    answer(ready=True)
    while True:
        task = json.loads(tasks.get())
        done = job.work(task, lambda text: answer(say=text), write=task.get("write", True))
        answer(done=done)


if __name__ == "__main__":
    main()
