"""The work on one image: from its files to its results, which are left in a hidden folder.

It is given plain values and answers with plain values, so that it is the same in this process, in another one and on
another machine. It moves nothing to its place: whoever gave the work does, and so decides what counts. An error is
part of the answer; only where the folder of results itself cannot be written to is there no use in going on.
"""

from __future__ import annotations

import errno
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from objectwise.batch.files import Files, content_hash, open_files
from objectwise.batch.manifest import as_json
from objectwise.core.recipe import Recipe
from objectwise.core.results import Result
from objectwise.core.run import expectation, run
from objectwise.core.table import dictionary_path
from objectwise.io.opening import Reading
from objectwise.io.results import unfinished_folder, write_result

# errors that the next image would meet, too
_NO_USE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ENOENT}


@dataclass(frozen=True)
class Job:
    """What is the same for all images.

    Attributes
    ----------
    recipe : Recipe
    reading : Reading
    folder : path
        Where the results go.
    kinds : dict of str to str
        What each input is asked to be.
    """

    recipe: Recipe
    reading: Reading
    folder: Path
    kinds: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Find out what each input is asked to be."""
        kinds = {
            source.name: item.kind
            for step in self.recipe.steps
            for item in step.operation.inputs
            for _, source in step.sources().get(item.name, ())
        }
        object.__setattr__(self, "kinds", kinds)

    def work(
        self, task: Mapping[str, Any], say: Callable[[str], None], *, write: bool = True
    ) -> dict[str, Any]:
        """Work on one image.

        Parameters
        ----------
        task : mapping
            ``name``, ``inputs`` and for each output the name of its file in ``outputs``.
        say : callable
            Told, before it starts, if it will take minutes.
        write : bool, optional
            Whether the results are written, or only made to see what that takes.

        Returns
        -------
        dict
            ``error``, or what the manifest keeps, and the hidden ``folder`` that the results lie in.
        """
        answer: dict[str, Any] = {"error": ""}
        start = time.perf_counter()
        with _peak_memory() as peak:
            try:
                inputs = {name: Files.from_plain(item) for name, item in task["inputs"].items()}
                results = self._made(task["name"], inputs, say, answer)
                if write:
                    self._write(results, task["outputs"], answer)
            except Exception as error:  # an error is a row, not the end
                answer["error"] = sentence(error)
                answer["stop"] = isinstance(error, _FolderError)
        answer["seconds"] = round(time.perf_counter() - start, 3)
        answer["peak_memory"] = peak()
        return answer

    def _made(
        self, name: str, inputs: Mapping[str, Files], say: Callable[[str], None], answer: dict[str, Any]
    ) -> Mapping[str, Result]:
        before = {key: files.fingerprint() for key, files in inputs.items()}
        opened = {}
        answer["notes"] = []
        for key, files in inputs.items():
            opened[key], notes = open_files(files, self.kinds[key], self.reading)
            answer["notes"] += [note for note in notes if note not in answer["notes"]]
        answer["input_hash"] = " ".join(
            content_hash(files.paths) + (f"[{files.channel}]" if files.channel is not None else "")
            for files in inputs.values()
        )
        if expected := expectation(self.recipe, opened):
            say(f"{name} takes {expected}")
        *_, last = run(self.recipe, opened)
        for key, files in inputs.items():
            if files.fingerprint() != before[key]:
                raise ValueError(f"{files} has changed while it was worked on; start again when it is whole")
        answer["fingerprint"] = " ".join(before.values())
        values: list[dict[str, Any]] = []
        for result in last.results.values():
            values += [item for item in result.values if item not in values]
        answer["values"] = as_json(values)
        return last.results

    def _write(self, results: Mapping[str, Result], names: Mapping[str, str], answer: dict[str, Any]) -> None:
        answer |= {"outputs": dict(names), "written": {}, "tables": {}, "columns": {}}
        try:
            draft = unfinished_folder(self.folder)
            answer["folder"] = draft.name
            for name, result in results.items():
                path = write_result(draft / names[name], result)
                for file in (path, dictionary_path(path)) if result.kind == "table" else (path,):
                    answer["written"][file.name] = content_hash([file])
                if result.kind == "table":
                    key, columns = described(result.array)
                    answer["columns"][key] = columns
                    answer["tables"][name] = [key, len(result.array)]
        except BaseException as error:
            if "folder" in answer:
                shutil.rmtree(self.folder / answer.pop("folder"), ignore_errors=True)
            if isinstance(error, OSError) and error.errno in _NO_USE:
                raise _FolderError(
                    f"{self.folder} cannot be written to ({error.strerror}); what is finished is kept: "
                    "mend that, and start the same command again"
                ) from error
            raise


class _FolderError(ValueError):
    """The folder of results cannot be written to."""


def described(table: Any) -> tuple[str, list[list[str]]]:
    """Return the columns of a table, name, kind, unit, description and reference of each, and a short key for them."""
    columns = [
        [
            str(name),
            table.frame[name].dtype.kind,
            table.units[name],
            table.descriptions[name],
            table.references.get(name, ""),
        ]
        for name in table.frame.columns
    ]
    return blake2b(repr(columns).encode(), digest_size=12).hexdigest(), columns


def sentence(error: Exception) -> str:
    """Return what an error says, in one line."""
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError):
        return "there is not enough memory for this image"
    known = text and isinstance(error, ValueError | OSError)
    return text if known else f"{type(error).__name__} {text}".strip()


@contextmanager
def _peak_memory() -> Iterator[Callable[[], int]]:
    """Measure the most memory that this process holds meanwhile, where the system tells."""
    if sys.platform == "win32":
        yield lambda: 0
        return
    import resource

    try:
        # Linux alone can start anew
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        scale = 1 if sys.platform == "darwin" else 1024
        yield lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
        return

    def peak() -> int:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)

    yield peak
