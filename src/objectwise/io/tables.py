"""Tables as files and as text for other programs: CSV, TSV, Excel, Parquet.

A cell that starts like a formula is run as one by a spreadsheet that opens it, and the names of channels and files,
which end up in cells, come from elsewhere. So such texts are marked as texts wherever a spreadsheet may read them.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from objectwise.core.table import Table, dictionary_path
from objectwise.io.results import made_whole

if TYPE_CHECKING:
    import pandas as pd

# ending -> what it is called in a list of formats
FORMATS = {".csv": "CSV", ".tsv": "TSV", ".xlsx": "Excel", ".parquet": "Parquet"}
# what a format needs beyond what is always there, and the extra that brings it
_NEEDS = {".xlsx": ("openpyxl", "excel"), ".parquet": ("pyarrow", "parquet")}
# of a sheet in Excel
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(value: Any) -> Any:
    """Return a text such that no spreadsheet runs it; numbers, and texts that are numbers, stay as they are.

    Examples
    --------
    >>> harmless("=1+1"), harmless("DAPI"), harmless("-3.5"), harmless(-3.5)
    ("'=1+1", 'DAPI', '-3.5', -3.5)
    """
    if not isinstance(value, str) or not value.startswith(_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def part_of(table: Table, places: Any = None, names: Sequence[str] | None = None) -> Table:
    """Return some rows and columns of a table.

    Parameters
    ----------
    table : Table
    places : array of int, optional
        Rows by their place, in the order wanted; all where it is left out.
    names : sequence of str, optional
        Columns; all where it is left out. ``frame`` and ``label`` are always among them.
    """
    frame = table.frame if places is None else table.frame.iloc[places]
    if names is not None:
        wanted = {"frame", "label", *names}
        frame = frame[[name for name in frame.columns if name in wanted]]
    return Table(frame, table.units, table.descriptions, table.reasons)


def as_text(table: Table, names: Sequence[str] | None = None) -> str:
    """Return a table as tab-separated text with a header, for a spreadsheet to paste."""
    frame = _harmless(table.frame if names is None else table.frame[list(names)])
    return str(frame.to_csv(sep="\t", index=False, lineterminator="\n"))


def write_table(table: Table, path: str | Path) -> Path:
    """Write a table to a file; what the file is, its ending says.

    Parameters
    ----------
    table : Table
    path : path
        Ends in ``.csv``, ``.tsv``, ``.xlsx`` or ``.parquet``. A file that is there is replaced.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If the ending is another one, the table is too large for the format, or a package is missing.

    Notes
    -----
    Units and definitions of the columns go with it: for CSV and TSV into a second file, ``..._columns.csv``; for
    Excel onto a second sheet; for Parquet into the metadata of the columns.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise ValueError(f"{path.name}: the name of a table must end in {', '.join(FORMATS)}")
    if not path.parent.is_dir():
        raise ValueError(f"there is no folder {path.parent}")
    if ending in _NEEDS:
        package, extra = _NEEDS[ending]
        try:
            importlib.import_module(package)
        except ImportError:
            raise ValueError(
                f"{FORMATS[ending]} files need the package {package}, which is not installed: "
                f'pip install "napari-objectwise[{extra}]"'
            ) from None
    with made_whole(path) as draft:
        _WRITERS[ending](table, draft)
    return path


def dictionary_of(table: Table) -> pd.DataFrame:
    """Return the data dictionary: a row with name, unit and definition for each column."""
    import pandas as pd

    names = list(map(str, table.frame.columns))
    columns = {
        "name": names,
        "unit": [table.units.get(name, "") for name in names],
        "description": [table.descriptions.get(name, "") for name in names],
    }
    return pd.DataFrame(columns)


def _harmless(frame: pd.DataFrame) -> pd.DataFrame:
    texts = [name for name in frame.columns if frame[name].dtype.kind not in "biuf"]
    safe = frame.assign(**{name: frame[name].map(harmless) for name in texts})
    return safe.rename(columns=harmless)


def _write_csv(table: Table, path: Path) -> None:
    _harmless(table.frame).to_csv(path, index=False)
    _harmless(dictionary_of(table)).to_csv(dictionary_path(path), index=False)


def _write_tsv(table: Table, path: Path) -> None:
    _harmless(table.frame).to_csv(path, sep="\t", index=False)
    _harmless(dictionary_of(table)).to_csv(dictionary_path(path), index=False)


def _write_excel(table: Table, path: Path) -> None:
    from openpyxl import Workbook

    frame = table.frame
    if len(frame) >= _MOST_ROWS or len(frame.columns) > _MOST_COLUMNS:
        raise ValueError(
            f"a sheet in Excel has {_MOST_ROWS - 1} rows at most; found {len(frame)}: save as CSV or Parquet"
        )
    book = Workbook(write_only=True)
    for title, content in (("table", frame), ("columns", dictionary_of(table))):
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        sheet.append([harmless(str(name)) for name in content.columns])
        columns = [_cells(content[name]) for name in content.columns]
        for row in zip(*columns, strict=True):
            sheet.append(row)
    book.save(path)


def _cells(values: pd.Series) -> list[Any]:
    """Return what Excel can hold: an empty cell for what is not defined."""
    if values.dtype.kind in "biu":
        return list(values.to_numpy().tolist())
    if values.dtype.kind == "f":
        return [value if value - value == 0 else None for value in values.to_numpy().tolist()]
    return [harmless(value) if isinstance(value, str) else None for value in values]


def _write_parquet(table: Table, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    content = pa.Table.from_pandas(table.frame, preserve_index=False)
    fields = [
        field.with_metadata({"unit": table.units.get(field.name, ""),
                             "description": table.descriptions.get(field.name, "")})
        for field in content.schema
    ]  # fmt: skip
    schema = pa.schema(fields, metadata=content.schema.metadata)
    parquet.write_table(content.cast(schema), path)


_WRITERS = {".csv": _write_csv, ".tsv": _write_tsv, ".xlsx": _write_excel, ".parquet": _write_parquet}
