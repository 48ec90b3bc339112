"""The manifest of a folder of results: what was done with which image, in a database of one file.

A row is written after the results that it speaks of are in their place, in one transaction, and by one process; so
whatever stops that process, the rows that are there are true. It is SQLite's roll-back journal that is used, which
works on the network drives of institutes, where its other kind does not. A table of results read from here while a
run is going on is a table of what is finished.

What a manifest says may come from a stranger. It is read as text and JSON, and a name in it that leads out of the
folder is refused.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from objectwise.batch.files import Files
from objectwise.batch.names import natural, plain

MANIFEST = "objectwise.sqlite"
FORMAT = 1


class ManifestError(ValueError):
    """A manifest that cannot be read, and the way out, in one sentence."""


@dataclass
class Row:
    """What became of one image.

    Attributes
    ----------
    name : str
        How the names of its results start.
    number : int
        Its place in the order in which the images were named.
    inputs : dict of str to Files
        For each input of the recipe its files.
    metadata : dict of str to str
        What else is known of it: well, treatment ...
    status : {'waiting', 'done', 'failed'}
        ``error`` says why it failed.
    fingerprint, input_hash : str
        Of its files: sizes and times, and what they hold.
    recipe_hash, versions : str and dict
        Of what it was done with.
    seconds, peak_memory : float and int
        How long it took, and how many bytes the process held at most; 0 where that is not known.
    attempts : int
        How many processes have died of it.
    values : list of dict
        The numbers that were computed on the way, such as thresholds.
    notes : list of str
        What a person should know about how its files were understood.
    outputs : dict of str to str
        For each output of the recipe the file in the folder of results.
    written : dict of str to str
        The hash of each file of results.
    tables : dict of str to list
        For each table the key of its columns, and the number of its rows.
    finished : str
        When, in UTC.
    changed : list of str
        Files of results that somebody has changed since; not kept.
    """

    name: str
    number: int
    inputs: dict[str, Files]
    metadata: dict[str, str] = field(default_factory=dict)
    status: str = "waiting"
    error: str = ""
    fingerprint: str = ""
    input_hash: str = ""
    recipe_hash: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    peak_memory: int = 0
    attempts: int = 0
    values: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    tables: dict[str, list[Any]] = field(default_factory=dict)
    finished: str = ""
    changed: list[str] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether the results of this image are there."""
        return self.status == "done"

    def take(self, old: Row) -> None:
        """Take over all that was found before; where its files lie and what is known of it may be new."""
        for item in fields(self):
            if item.name not in ("number", "inputs", "metadata", "fingerprint", "changed"):
                setattr(self, item.name, getattr(old, item.name))


_COLUMNS = [item.name for item in fields(Row) if item.name != "changed"]
_JSON = ("inputs", "metadata", "versions", "values", "notes", "outputs", "written", "tables")


class Manifest:
    """The database in a folder of results; to be used in a ``with`` statement.

    Parameters
    ----------
    path : path
        The file; made where it is not there.

    Raises
    ------
    ManifestError
        If it is damaged, or of a later version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.database = sqlite3.connect(path, timeout=30, isolation_level=None)
        except sqlite3.Error as error:
            raise OSError(f"{path}: {error}") from None
        try:
            if path.stat().st_size == 0:
                self._create()
            (checked,) = self.database.execute("PRAGMA quick_check(1)").fetchone()
            if checked != "ok":
                raise self._damaged(checked)
            found = self.settings().get("format")
            if found != FORMAT:
                raise self._damaged(f"it is of format {found}, and this version reads {FORMAT}")
        except sqlite3.DatabaseError as error:
            self.database.close()
            # a disk that is full or a file that is locked is no damage; a table that is not there is
            if isinstance(error, sqlite3.OperationalError) and "no such" not in str(error):
                raise OSError(f"{path}: {error}") from None
            raise self._damaged(str(error)) from None
        except BaseException:
            self.database.close()
            raise

    def _create(self) -> None:
        types = dict.fromkeys(_COLUMNS, "TEXT") | {"number": "INTEGER", "attempts": "INTEGER"}
        types |= {"seconds": "REAL", "peak_memory": "INTEGER", "name": "TEXT PRIMARY KEY"}
        with self.writing():
            self.database.execute("CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT)")
            self.database.execute("CREATE TABLE columns (key TEXT PRIMARY KEY, columns TEXT)")
            columns = ", ".join(f'"{name}" {types[name]}' for name in _COLUMNS)
            self.database.execute(f"CREATE TABLE images ({columns})")
            self.set(format=FORMAT)

    def _damaged(self, reason: str) -> ManifestError:
        return ManifestError(
            f"{self.path} is damaged ({reason}): nothing was changed; choose another folder, or add --overwrite, which "
            "keeps the damaged file beside a new one and does every image again"
        )

    def __enter__(self) -> Manifest:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    def writing(self) -> _Transaction:
        """Return a ``with`` block whose changes are made together or not at all."""
        return _Transaction(self.database, self.path)

    def settings(self) -> dict[str, Any]:
        """Return what holds for all images: recipe, reading, versions."""
        return {name: json.loads(value) for name, value in self.database.execute("SELECT * FROM settings")}

    def set(self, **settings: Any) -> None:
        """Change what holds for all images."""
        rows = [(name, json.dumps(as_json(value))) for name, value in settings.items()]
        self.database.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", rows)

    def rows(self) -> dict[str, Row]:
        """Return all rows by their names, in the order of the names."""
        try:
            found = self.database.execute(f"SELECT {_quoted()} FROM images").fetchall()
            rows = [self._row(dict(zip(_COLUMNS, item, strict=True))) for item in found]
        except ManifestError:
            raise
        except (sqlite3.DatabaseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._damaged(str(error)) from None
        return {row.name: row for row in sorted(rows, key=lambda row: natural(row.name))}

    def _row(self, data: dict[str, Any]) -> Row:
        data |= {name: json.loads(data[name]) for name in _JSON}
        data["inputs"] = {name: Files.from_plain(item) for name, item in data["inputs"].items()}
        row = Row(**data)
        for name in [*row.outputs.values(), *row.written]:
            if not plain(name):
                raise self._damaged(f"{name} is no file in this folder")
        return row

    def store(self, rows: Iterable[Row]) -> None:
        """Write rows, in place of earlier ones of their names."""
        marks = ", ".join("?" * len(_COLUMNS))
        self.database.executemany(
            f"INSERT OR REPLACE INTO images ({_quoted()}) VALUES ({marks})",
            [_plain_row(row) for row in rows],
        )

    def forget(self, names: Iterable[str]) -> None:
        """Remove rows."""
        self.database.executemany("DELETE FROM images WHERE name = ?", [(name,) for name in names])

    def columns(self) -> dict[str, list[list[str]]]:
        """Return the columns of tables by their keys: name, kind of value, unit and description of each."""
        try:
            return {key: json.loads(text) for key, text in self.database.execute("SELECT * FROM columns")}
        except (sqlite3.DatabaseError, ValueError) as error:
            raise self._damaged(str(error)) from None

    def store_columns(self, key: str, columns: list[list[str]]) -> None:
        """Write the columns of a table, once for all tables that have the same."""
        self.database.execute("INSERT OR IGNORE INTO columns VALUES (?, ?)", (key, json.dumps(columns)))


class _Transaction:
    """Changes that are made together; a disk that is full or a file that is locked is an `OSError`."""

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self.database, self.path = database, path

    def __enter__(self) -> None:
        try:
            self.database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise OSError(f"{self.path}: {error}") from None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        try:
            if kind is None:
                self.database.execute("COMMIT")
        except sqlite3.OperationalError as reason:
            error = reason
        if self.database.in_transaction:
            # where the disk is full, SQLite has done so itself
            self.database.execute("ROLLBACK")
        if isinstance(error, sqlite3.OperationalError):
            raise OSError(f"{self.path}: {error}") from None


def _quoted() -> str:
    return ", ".join(f'"{name}"' for name in _COLUMNS)


def _plain_row(row: Row) -> list[Any]:
    data = asdict(row)
    return [json.dumps(as_json(data[name])) if name in _JSON else data[name] for name in _COLUMNS]


def as_json(value: Any) -> Any:
    """Return a value in what JSON knows; it has no word for what is not a number."""
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if hasattr(value, "tolist"):
        return as_json(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value
