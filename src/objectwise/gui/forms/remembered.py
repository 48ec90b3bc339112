"""The values that were used last, and those that were given a name: kept in a file that a person can read.

It lies beside napari's own settings and holds, for each operation, only what differs from its defaults. What is found
from the image stays to be found, and a brightness belongs to one image, so neither is among the values used last; a
name keeps everything. Layers are never noted. A length is noted with its unit and comes back in that of the layer.

The file is read whenever it is needed and replaced as a whole, so that several windows can use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from objectwise.gui.forms.preferences import folder

NAME = "objectwise-values.toml"
_HEAD = "The values of Objectwise: those used last, and those with a name. May be edited or deleted."
_LAST, _NAMED = "used last", "named"

Noted = dict[str, Any]


def used_last(operation: str) -> Noted:
    """Return the values that an operation was run with last, as far as they differ from its defaults."""
    return dict(_read().get(operation, {}).get(_LAST, {}))


def note_used(operation: str, values: Mapping[str, Any]) -> None:
    """Note what an operation was run with."""
    content = _read()
    content.setdefault(operation, {})[_LAST] = dict(values)
    _write(content)


def named(operation: str) -> dict[str, Noted]:
    """Return the sets of values that were given a name."""
    return {name: dict(values) for name, values in _read().get(operation, {}).get(_NAMED, {}).items()}


def give_name(operation: str, name: str, values: Mapping[str, Any]) -> None:
    """Keep values under a name, in place of what had it before."""
    content = _read()
    content.setdefault(operation, {}).setdefault(_NAMED, {})[name] = dict(values)
    _write(content)


def delete_name(operation: str, name: str) -> None:
    """Forget the values with a name."""
    content = _read()
    if content.get(operation, {}).get(_NAMED, {}).pop(name, None) is not None:
        _write(content)


def _path() -> Path | None:
    where = folder()
    return where / NAME if where is not None else None


def _read() -> dict[str, Any]:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    path = _path()
    if path is None:
        return {}
    try:
        content = tomlkit.parse(path.read_text("utf-8")).unwrap()
    except OSError:
        return {}
    except (TOMLKitError, UnicodeDecodeError):
        # somebody has edited it; what they wrote is not overwritten
        with suppress(OSError):
            path.replace(path.with_suffix(".unreadable.toml"))
        return {}
    return {name: entry for name, entry in content.items() if isinstance(entry, dict)}


def _write(content: Mapping[str, Any]) -> None:
    """Replace the file; where that is not possible nothing is remembered, and the run goes on."""
    import tomlkit

    path = _path()
    if path is None:
        return
    document = tomlkit.document()
    document.add(tomlkit.comment(_HEAD))
    for operation in sorted(content):
        parts = {key: part for key, part in content[operation].items() if part}
        if parts:
            document[operation] = parts
    part = path.with_name(f"{path.name}.{uuid4().hex[:8]}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(tomlkit.dumps(document), "utf-8")
        part.replace(path)
