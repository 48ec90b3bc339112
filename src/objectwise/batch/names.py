"""Names of images and of their results: sorted as a person sorts them, and short enough for a file system."""

from __future__ import annotations

import re
from hashlib import blake2b
from pathlib import Path

# bytes that a file name may have nearly everywhere
LONGEST = 255


def natural(name: str) -> list[tuple[bool, int, str]]:
    """Return what sorts names as a person does: numbers by their size.

    Examples
    --------
    >>> sorted(["field 10", "field 9"], key=natural)
    ['field 9', 'field 10']
    """
    parts = re.split(r"(\d+)", name)
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def result_name(name: str, rest: str) -> str:
    """Return the name of a file of results: that of the image and the rest, the former shortened where needed.

    Examples
    --------
    >>> result_name("nuclei", "_labels.ome.tif")
    'nuclei_labels.ome.tif'
    """
    # beside a table lies the dictionary of its columns
    room = LONGEST - len(rest.encode()) - len("_columns")
    if len(name.encode()) <= room:
        return name + rest
    digest = "~" + blake2b(name.encode(), digest_size=5).hexdigest()
    return name.encode()[: room - len(digest)].decode(errors="ignore") + digest + rest


def readable(name: str) -> str:
    """Return a name that every program can read, where a file of another time has letters of another code."""
    return name.encode(errors="replace").decode()


def plain(name: str) -> bool:
    """Tell whether a name is that of a file in a folder, and leads nowhere else."""
    return name not in ("", ".", "..") and "\0" not in name and Path(name).name == name
