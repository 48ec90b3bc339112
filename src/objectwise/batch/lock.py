"""One run at a time in a folder: a lock that the operating system keeps, and lets go when the process is gone.

A file that says "in use" outlives the process that was killed, and then keeps everybody out. A lock on a file does
not: however the process ends, it is free again.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO


class FolderInUseError(ValueError):
    """Another run is working in this folder."""


class Lock:
    """A lock on a file, to be used in a ``with`` statement; the file stays.

    Raises
    ------
    FolderInUseError
        If another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: IO[bytes] | None = None

    def __enter__(self) -> Lock:
        file = self.path.open("a+b")
        try:
            _lock(file)
        except OSError:
            file.seek(0)
            who = file.read(100).decode(errors="replace").strip() if os.name != "nt" else ""
            file.close()
            raise FolderInUseError(
                f"another run is working in {self.path.parent}{f' ({who})' if who else ''}: wait for its end, stop it, "
                "or choose another folder"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()}".encode())
        file.flush()
        self.file = file
        return self

    def __exit__(self, *_: object) -> None:
        assert self.file is not None
        self.file.close()


def _lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
