"""The tables of all images in one, with what is known of each image in front: the file that a figure is made from.

It can be made at any time, of what is finished by then. The rows go from file to file as the text that they are, one
image after another, so that a table of a hundred million objects needs no more memory than one of a hundred, and a
number in it is to the last digit that of its own table. Beside the CSV lies the same as Parquet, where the package
pyarrow is installed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from objectwise.batch.manifest import MANIFEST, Manifest, Row
from objectwise.batch.planning import tables_of
from objectwise.core.recipe import Recipe
from objectwise.core.table import dictionary_path, safe_cell
from objectwise.io.results import made_whole

_FILE = "Name of the image, as its results are named."
_KNOWN = "What was said of the image where it was named."


def join(folder: str | Path) -> list[Path]:
    """Write one table over all images that are finished in a folder of results, for each table of the recipe.

    Parameters
    ----------
    folder : path
        A folder of results, be it one in which a run is going on.

    Returns
    -------
    list of path
        What was written.

    Raises
    ------
    ValueError
        If it is no folder of results, or a column has different units in different images.
    """
    folder = Path(folder)
    path = folder / MANIFEST
    if not path.is_file():
        raise ValueError(f"{folder} holds no results of ours: there is no {MANIFEST}")
    with Manifest(path) as manifest:
        settings, rows, columns = manifest.settings(), manifest.rows(), manifest.columns()
    done = [row for row in rows.values() if row.done]
    if not done:
        return []
    recipe = Recipe.from_toml(settings["recipe"])
    written: list[Path] = []
    problems = []
    for name, table in tables_of(recipe, folder).items():
        try:
            _refuse_missing(folder, done, name, columns)
            written += _write(table, [row for row in done if name in row.tables], name, columns)
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError("; ".join(problems))
    return written


def _refuse_missing(folder: Path, rows: Sequence[Row], name: str, columns: Mapping[str, Any]) -> None:
    """Refuse to leave out an image whose table has gone, as nobody would see that it is not there."""
    for row in rows:
        if name in row.tables and not (
            row.tables[name][0] in columns and (folder / row.outputs.get(name, "")).is_file()
        ):
            raise ValueError(
                f"{row.outputs.get(name, name)} is missing in {folder}: run {row.name} again, with the same command "
                "that made it"
            )


class _Columns:
    """The columns of a table over many: all that there are anywhere, in the order in which they come first."""

    def __init__(
        self, path: Path, rows: Sequence[Row], name: str, columns: Mapping[str, list[list[str]]]
    ) -> None:
        self.kinds: dict[str, str] = {}
        self.units: dict[str, str] = {}
        self.descriptions: dict[str, str] = {}
        self.references: dict[str, str] = {}
        first: dict[str, str] = {}
        known = dict.fromkeys(key for row in rows for key in row.metadata)
        # one image for each set of columns, and the number of its rows wherever it has any
        examples: dict[str, Row] = {}
        for row in rows:
            example = examples.setdefault(row.tables[name][0], row)
            if not example.tables[name][1]:
                examples[row.tables[name][0]] = row
        unsure: set[str] = set()
        for key, row in examples.items():
            for column, kind, unit, description, reference in columns[key]:
                if not row.tables[name][1]:
                    # the type of a column without any row says nothing
                    if self.kinds.setdefault(column, kind) == kind:
                        unsure.add(column)
                elif column in unsure or column not in self.kinds:
                    self.kinds[column] = kind
                    unsure.discard(column)
                elif self.kinds[column] != kind:
                    self.kinds[column] = "f" if {self.kinds[column], kind} <= set("iuf") else "O"
                file = first.setdefault(column, row.name)
                if self.units.setdefault(column, unit) != unit:
                    raise ValueError(
                        f"{path.name} is not written, as {column} is in {self.units[column]} in {file} "
                        f"and in {unit} in {row.name}: give all files a pixel size in one unit, or run them into "
                        "different folders"
                    )
                self.descriptions.setdefault(column, description)
                self.references.setdefault(column, reference)
        # what is known of an image makes way for what was measured
        self.known = {key: f"{key}_given" if key in self.kinds else key for key in known}
        self.names = ["file", *self.known.values(), *self.kinds]

    def lines(self, path: Path, rows: Sequence[Row], name: str) -> Iterator[list[str]]:
        """Give the cells of every row."""
        missing = {column: "0" if kind in "iu" else "" for column, kind in self.kinds.items()}
        for row in rows:
            front = [safe_cell(row.name), *(safe_cell(row.metadata.get(key, "")) for key in self.known)]
            with path.with_name(row.outputs[name]).open(encoding="utf-8", newline="") as file:
                reader = csv.reader(file)
                own = next(reader)
                places = [own.index(column) if column in own else None for column in self.kinds]
                if places == list(range(len(own))):
                    for cells in reader:
                        yield front + cells
                else:
                    fill = list(missing.values())
                    for cells in reader:
                        yield front + [
                            fill[n] if place is None else cells[place] for n, place in enumerate(places)
                        ]

    def dictionary(self) -> Iterator[list[str]]:
        """Give the name, unit, description and reference of every column."""
        yield ["name", "unit", "description", "reference"]
        yield ["file", "", _FILE, ""]
        for column in self.known.values():
            yield [safe_cell(column), "", _KNOWN, ""]
        for column in self.kinds:
            yield [column, self.units[column], self.descriptions[column], self.references[column]]


def _write(path: Path, rows: Sequence[Row], name: str, columns: Mapping[str, list[list[str]]]) -> list[Path]:
    if not rows:
        return []
    joined = _Columns(path, rows, name, columns)
    with made_whole(path) as draft:
        with draft.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([safe_cell(column) for column in joined.names])
            writer.writerows(joined.lines(path, rows, name))
        with dictionary_path(draft).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(joined.dictionary())
    parquet = path.with_suffix(".parquet")
    if _has_arrow():
        _write_parquet(path, parquet, joined)
        return [path, parquet]
    # one of an earlier state would be taken for the same
    parquet.unlink(missing_ok=True)
    return [path]


def _has_arrow() -> bool:
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None


def _write_parquet(path: Path, parquet: Path, joined: _Columns) -> None:
    """Write the CSV again as Parquet, a part at a time; the units go with the columns."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    arrow = {"b": pa.bool_(), "i": pa.int64(), "u": pa.int64(), "f": pa.float64()}
    types: dict[str, Any] = dict.fromkeys(joined.names, pa.string())
    types |= {name: arrow.get(kind, pa.string()) for name, kind in joined.kinds.items()}
    about = {
        name: {"unit": joined.units[name], "description": joined.descriptions[name]} for name in joined.kinds
    }
    schema = pa.schema([pa.field(name, kind, metadata=about.get(name)) for name, kind in types.items()])
    convert = pyarrow.csv.ConvertOptions(
        column_types=types, null_values=[""], true_values=["True"], false_values=["False"]
    )
    read = pyarrow.csv.ReadOptions(column_names=list(types), skip_rows=1, block_size=1 << 24)
    parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
    with (
        made_whole(parquet) as draft,
        pyarrow.csv.open_csv(path, read, parse, convert) as reader,
        pyarrow.parquet.ParquetWriter(draft, schema) as writer,
    ):
        for batch in reader:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
