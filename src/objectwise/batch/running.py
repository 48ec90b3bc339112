"""The one process that decides what counts: it hands out work, moves results to their place, and keeps the books.

The order is the promise. Before anything is done, the images that are to be done lose their rows. A result is made in
a hidden folder, and is on the disk, before it is moved; it is in its place before its row is written. Killed between
any two of these, a run has either the whole image with its row, or none, and does it again.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

from objectwise.batch.joining import join
from objectwise.batch.lock import Lock
from objectwise.batch.manifest import MANIFEST, Manifest, ManifestError, Row
from objectwise.batch.planning import LOCK, RECIPE, Plan, stamp_of
from objectwise.batch.team import Team, known_elsewhere, work_here
from objectwise.io.results import on_disk, remove_unfinished


def run_batch(planned: Plan, workers: int = 0, say: Callable[[str], None] | None = None) -> Iterator[Row]:
    """Work through a plan, yielding each row when it is done or has failed.

    Parameters
    ----------
    planned : Plan
        From `plan`.
    workers : int, optional
        How many processes do the work; 0 for this one. Stop iterating and they stop.
    say : callable, optional
        Told, before an image is started, if it will take minutes, and what was set aside.

    Raises
    ------
    ValueError
        If another run is working in the folder; at the end, if the tables of the images cannot be put into one.
    OSError
        If the folder cannot be written to. What is finished is kept.
    """
    if workers and not known_elsewhere(planned.recipe):
        raise ValueError(
            "the recipe has operations of your own, which other processes do not know; work in this one, with 0 workers"
        )
    say = say or (lambda _: None)
    folder = planned.folder
    folder.mkdir(parents=True, exist_ok=True)
    with Lock(folder / LOCK):
        if stamp_of(folder) != planned.stamp:
            raise ValueError(f"another run has worked in {folder} since the plan was made; start again")
        remove_unfinished(folder)
        try:
            with ExitStack() as stack:
                waiting = planned.waiting
                # the processes start while the folder is made ready
                count = min(workers, len(waiting))
                team = stack.enter_context(Team(planned, count, say)) if count else None
                manifest = stack.enter_context(_opened(planned))
                about = _begin(planned, manifest, say)
                for row, answer in team.work(waiting) if team else work_here(planned, waiting, say):
                    if answer.get("stop"):
                        raise OSError(answer["error"])
                    _keep(planned, manifest, row, answer | about)
                    yield row
        finally:
            # a process of an earlier run that was killed may have written until it noticed
            remove_unfinished(folder)
        join(folder)


def _opened(planned: Plan) -> Manifest:
    """Return the manifest; a new one where all is to be done anew, the old one beside it where it is damaged."""
    path = planned.folder / MANIFEST
    if not planned.anew:
        return Manifest(path)
    try:
        with Manifest(path):
            pass
    except ManifestError:
        number = 1
        while (aside := path.with_name(f"objectwise damaged {number}.sqlite")).exists():
            number += 1
        path.replace(aside)
        return Manifest(path)
    path.unlink()
    return Manifest(path)


def _begin(planned: Plan, manifest: Manifest, say: Callable[[str], None]) -> dict[str, Any]:
    """Write what holds for all images, and take away the rows of what is to be done."""
    versions = versions_used()
    text = planned.recipe.to_toml()
    kept = {row.name for row in planned.rows}
    for row in planned.waiting:
        for name in row.changed:
            aside = _set_aside(planned.folder / name)
            say(f"{name} is not what was written here; it is kept as {aside.name}")
    with manifest.writing():
        manifest.set(recipe=text, reading=asdict(planned.reading), version=versions["objectwise"])
        manifest.forget(name for name, row in manifest.rows().items() if name not in kept and not row.done)
        manifest.store(planned.rows)
    planned.recipe.write(planned.folder / RECIPE)
    return {"recipe_hash": blake2b(text.encode(), digest_size=16).hexdigest(), "versions": versions}


def _set_aside(path: Path) -> Path:
    """Rename what somebody has changed by hand, so that the result that is made again does not replace it."""
    number = 1
    while (aside := path.with_name(f"changed {number} {path.name}")).exists():
        number += 1
    return path.replace(aside)


def _keep(planned: Plan, manifest: Manifest, row: Row, answer: dict[str, Any]) -> None:
    """Move the results of an image to their place, and write its row."""
    folder = planned.folder
    if draft := answer.pop("folder", None):
        # tables last: their dictionaries are there when they are
        # whoever made them works on the next image while this one waits for the disk
        for name in sorted(answer["written"], key=lambda name: name in answer["outputs"].values()):
            on_disk(folder / draft / name)
            (folder / draft / name).replace(folder / name)
        on_disk(folder)
        shutil.rmtree(folder / draft, ignore_errors=True)
    answer.pop("stop", None)
    columns = answer.pop("columns", {})
    for name, value in answer.items():
        setattr(row, name, value)
    row.status = "failed" if row.error else "done"
    row.finished = datetime.now(UTC).isoformat(timespec="seconds")
    with manifest.writing():
        for key, items in columns.items():
            manifest.store_columns(key, items)
        manifest.store([row])


def versions_used() -> dict[str, str]:
    """Return the versions of all that decides about the numbers."""
    from objectwise import __version__

    names = ("numpy", "scipy", "numba", "scikit-image", "scikit-learn", "edt", "tifffile")
    return {
        "objectwise": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{name: version(name) for name in names},
    }
