"""Measurements as a tidy table, with the unit of each column and the reason for each gap.

A number without its unit is wrong sooner or later, and the usual cure, writing the unit into the name of
the column, breaks every script when the unit changes. So a column keeps one plain name, and a `Table`
carries beside its pandas frame the unit and the definition of each column; they go into the printed
header and into a data dictionary beside an exported file.

A table has one row for each object, whatever the object looks like. What is not defined for it is NaN,
and `Table.reason` says why: a NaN without a reason can be told apart from one with a reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

KEYS = ("frame", "label")

# column -> label -> why the value is NaN; the label None stands for every object
Reasons = dict[str, dict[int | None, str]]

_KEY_DESCRIPTIONS = {
    "frame": "Time point, counted from 0; 0 where there is no time axis.",
    "label": "Id of the object: its pixel value in the labels.",
}
_LABELS = {
    "object": _KEY_DESCRIPTIONS["label"],
    "class": "Number of the class: its pixel value.",
    "frame": "Always 0, as the row is of a whole frame.",
    "distance": "Number of the distance, from 1.",
}
_DTYPES = {"float": np.float64, "integer": np.int64, "boolean": np.bool_, "text": np.object_}
_LENGTH_POWER = re.compile(r"length(?:\^(-?(?:[1-9]|n)))?")


@dataclass(frozen=True)
class Column:
    """What one column of a table holds.

    Parameters
    ----------
    name : str
        Thing first, qualifier after, without a unit: ``axis_major_length``.
    unit : str
        The dimension of the values: ``"1"`` (a pure number), ``"pixel"`` (a position or a number of
        pixels), ``"length"``, ``"length^2"``, ``"length^3"``, ``"length^n"`` (n the number of spatial
        axes: an area or a volume), ``"length^-n"`` and the like (a density), ``"angle"`` (radian) or
        ``"intensity"``.
    description : str
        The definition, in one or a few sentences.
    dimensions : tuple of int, optional
        For which numbers of spatial axes it is defined.
    group : str, optional
        What it is asked for with: ``"size"``, ``"shape"``, ``"position"``, ``"intensity"`` ...
    kind : {"float", "integer", "boolean", "text"}, optional
        The type of the values.
    reference : str, optional
        The paper or book that defines it.
    scikit_image, cellprofiler : str, optional
        Its name there, where the definition is the same.
    """

    name: str
    unit: str
    description: str
    dimensions: tuple[int, ...] = (2, 3)
    group: str = "shape"
    kind: Literal["float", "integer", "boolean", "text"] = "float"
    reference: str = ""
    scikit_image: str = ""
    cellprofiler: str = ""

    def __post_init__(self) -> None:
        """Refuse a unit outside the vocabulary."""
        if self.unit not in ("1", "pixel", "angle", "intensity") and not _LENGTH_POWER.fullmatch(self.unit):
            raise ValueError(
                f"{self.name}: the unit must be 1, pixel, length, length^2, length^3, length^n, angle or "
                f"intensity; found {self.unit!r}"
            )

    @property
    def aliases(self) -> dict[str, str]:
        """Its names in other programs."""
        names = {"scikit-image": self.scikit_image, "CellProfiler": self.cellprofiler}
        return {program: name for program, name in names.items() if name}

    @property
    def dtype(self) -> np.dtype:
        """The NumPy type of the values."""
        return np.dtype(_DTYPES[self.kind])

    def power(self, ndim: int) -> int:
        """Return the power of the pixel size that the values scale with.

        Parameters
        ----------
        ndim : int
            Number of spatial axes.

        Returns
        -------
        int
            0 for what does not depend on the pixel size.

        Examples
        --------
        >>> Column("volume", "length^n", "Volume.").power(3)
        3
        """
        match = _LENGTH_POWER.fullmatch(self.unit)
        if match is None:
            return 0
        return int((match[1] or "1").replace("n", str(ndim)))

    def unit_text(self, grid_unit: str, ndim: int) -> str:
        """Return the unit as a person reads it.

        Parameters
        ----------
        grid_unit : str
            Unit of the pixel size, such as ``"um"``; ``"pixel"`` for an image without calibration.
        ndim : int
            Number of spatial axes.

        Returns
        -------
        str
            Empty for a pure number.

        Examples
        --------
        >>> Column("area", "length^n", "Area.").unit_text("um", 2)
        'um^2'
        """
        power = self.power(ndim)
        if power:
            return grid_unit if power == 1 else f"{grid_unit}^{power}"
        return {"1": "", "angle": "rad"}.get(self.unit, self.unit)


@dataclass(frozen=True)
class Rows:
    """What the rows of the tables of an operation are, and the columns that it always gives them.

    Parameters
    ----------
    each : {"object", "class", "frame", "distance"}, optional
        What a row is of. An object or a class is named by its pixel value in the first input.
    columns : tuple of Column, optional
        Those beside the columns of the families, which are in `objectwise.measure.families`.
    """

    each: Literal["object", "class", "frame", "distance"] = "object"
    columns: tuple[Column, ...] = ()

    @property
    def labelled(self) -> bool:
        """Whether the label of a row is a pixel value, so that a row can be found in the image."""
        return self.each in ("object", "class")

    def table(
        self,
        values: Mapping[str, np.ndarray],
        columns: Sequence[Column] = (),
        *,
        unit: str = "pixel",
        ndim: int = 2,
        reasons: Reasons | None = None,
    ) -> Table:
        """Make the table of one frame: its own columns that there are in so many axes, and others."""
        own = [column for column in self.columns if ndim in column.dimensions]
        table = Table.from_columns(values, [*own, *columns], unit=unit, ndim=ndim, reasons=reasons)
        table.descriptions["label"] = _LABELS[self.each]
        return table


class Table:
    """Measurements of objects: a tidy pandas frame, and what each of its columns means.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row for each object. Must have a column ``label``; a column ``frame`` of zeros is added where
        there is none. The two are put first. Together they name a row, and no two rows may share them.
    units : dict of str to str, optional
        Unit of each column as a person reads it; empty for a pure number and for what is not named.
    descriptions : dict of str to str, optional
        Definition of each column.
    reasons : dict, optional
        Why values are NaN: ``{(frame, column): {label: sentence}}``; the label None stands for all.
    references : dict of str to str, optional
        Paper or book that defines each column, where there is one.

    Attributes
    ----------
    frame : pandas.DataFrame
    units, descriptions, reasons, references : dict

    Examples
    --------
    >>> import pandas as pd
    >>> table = Table(pd.DataFrame({"label": [1, 2], "area": [4.0, 9.0]}), units={"area": "um^2"})
    >>> print(table)
    Table: 2 objects, 1 column (area [um^2])
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        units: Mapping[str, str] | None = None,
        descriptions: Mapping[str, str] | None = None,
        reasons: Mapping[tuple[int, str], Mapping[int | None, str]] | None = None,
        references: Mapping[str, str] | None = None,
    ) -> None:
        if "label" not in frame.columns:
            found = ", ".join(map(str, frame.columns)) or "none"
            raise ValueError(f"a table needs a column 'label'; found {found}")
        if "frame" not in frame.columns:
            frame = frame.assign(frame=np.zeros(len(frame), dtype=np.int64))
        names = [*KEYS, *(name for name in frame.columns if name not in KEYS)]
        frame = (frame if names == list(frame.columns) else frame[names]).reset_index(drop=True)
        if not _rises(*(frame[name].to_numpy() for name in KEYS)) and frame.duplicated(list(KEYS)).any():
            repeated = frame.duplicated(list(KEYS))
            first = frame.loc[repeated.idxmax(), list(KEYS)]
            raise ValueError(
                f"a table has one row for each object; found label {first['label']} of frame "
                f"{first['frame']} more than once"
            )
        self.frame = frame
        self.units = {name: (units or {}).get(name, "") for name in frame.columns}
        self.descriptions = {
            name: (descriptions or {}).get(name, _KEY_DESCRIPTIONS.get(name, "")) for name in frame.columns
        }
        self.reasons = {key: dict(value) for key, value in (reasons or {}).items() if value}
        self.references = {name: (references or {}).get(name, "") for name in frame.columns}

    @classmethod
    def from_columns(
        cls,
        values: Mapping[str, np.ndarray],
        columns: Sequence[Column],
        *,
        frame: int = 0,
        unit: str = "pixel",
        ndim: int = 2,
        reasons: Reasons | None = None,
    ) -> Table:
        """Make the table of one frame from arrays.

        Parameters
        ----------
        values : dict of str to ndarray, shape (n,)
            ``"label"`` and the values of each column.
        columns : sequence of Column
            What to take from ``values``, in this order.
        frame : int, optional
            The time point.
        unit : str, optional
            Unit of the pixel size.
        ndim : int, optional
            Number of spatial axes.
        reasons : dict, optional
            Why values are NaN: ``{column: {label: sentence}}``; the label None stands for all.

        Returns
        -------
        Table
        """
        import pandas as pd

        labels = np.asarray(values["label"], dtype=np.int64)
        data: dict[str, Any] = {"frame": np.full(labels.size, frame, dtype=np.int64), "label": labels}
        for column in columns:
            data[column.name] = values[column.name]
        return cls(
            pd.DataFrame(data),
            {column.name: column.unit_text(unit, ndim) for column in columns},
            {column.name: column.description for column in columns},
            {(int(frame), name): entries for name, entries in (reasons or {}).items()},
            {column.name: column.reference for column in columns},
        )

    @classmethod
    def empty(cls, columns: Sequence[Column], *, unit: str = "pixel", ndim: int = 2) -> Table:
        """Make a table without rows that has the right columns, types and units."""
        values = {column.name: np.zeros(0, dtype=column.dtype) for column in columns}
        values["label"] = np.zeros(0, dtype=np.int64)
        return cls.from_columns(values, columns, unit=unit, ndim=ndim)

    @classmethod
    def concat(cls, tables: Iterable[Table]) -> Table:
        """Put tables below each other, the rows in the order given.

        Parameters
        ----------
        tables : iterable of Table
            At least one. A column that some of them lack is NaN there, and 0 where it counts something.

        Returns
        -------
        Table

        Raises
        ------
        ValueError
            If a column has different units, if two rows have the same frame and label, or if no table
            is given.
        """
        import pandas as pd

        tables = list(tables)
        if not tables:
            raise ValueError("there is no table to put together; give at least one")
        units: dict[str, str] = {}
        descriptions: dict[str, str] = {}
        references: dict[str, str] = {}
        reasons: dict[tuple[int, str], dict[int | None, str]] = {}
        for table in tables:
            for name, unit in table.units.items():
                if units.setdefault(name, unit) != unit:
                    raise ValueError(
                        f"{name}: tables to be put together must agree in unit; "
                        f"found {units[name]!r} and {unit!r}"
                    )
            for name, text in table.descriptions.items():
                descriptions[name] = descriptions.get(name) or text
                references[name] = references.get(name) or table.references[name]
            for (time, name), entries in table.reasons.items():
                if None in entries:
                    # the sentence was said of all objects of its own table, not of those that join now
                    rows = table.frame.loc[table.frame["frame"] == time, "label"]
                    everyone: dict[int | None, str] = {int(label): entries[None] for label in rows}
                    entries = everyone | {label: text for label, text in entries.items() if label is not None}
                reasons.setdefault((time, name), {}).update(entries)
        order: list[str] = []
        for table in tables:
            # a column that the tables before lack comes after the one that it comes after here
            place = 0
            for name in table.frame.columns:
                if name not in order:
                    order.insert(place, name)
                place = order.index(name) + 1
        frame = pd.concat([table.frame for table in tables], ignore_index=True)[order]
        for name in units:
            dtypes = [table.frame[name].dtype for table in tables if name in table.frame]
            if len(dtypes) < len(tables) and all(dtype.kind in "iu" for dtype in dtypes):
                frame[name] = frame[name].fillna(0).astype(np.int64)
        return cls(frame, units, descriptions, reasons, references)

    def at_frame(self, frame: int) -> Table:
        """Return this table of one frame as that of another time point."""
        reasons = {(frame, name): entries for (_, name), entries in self.reasons.items()}
        moved = self.frame.assign(frame=np.int64(frame))
        return Table(moved, self.units, self.descriptions, reasons, self.references)

    def reason(self, label: int, column: str, frame: int = 0) -> str:
        """Say why a value is NaN.

        Parameters
        ----------
        label : int
            The object.
        column : str
            The column.
        frame : int, optional
            The time point.

        Returns
        -------
        str
            One sentence; empty where the value is defined.

        Raises
        ------
        KeyError
            If there is no such column or object.
        """
        if column not in self.frame.columns:
            known = ", ".join(map(str, self.frame.columns))
            raise KeyError(f"the table has no column {column!r}; it has {known}")
        rows = self.frame.index[(self.frame["frame"] == frame) & (self.frame["label"] == label)]
        if len(rows) == 0:
            raise KeyError(f"the table has no label {label} in frame {frame}")
        value = self.frame.at[rows[0], column]
        if not (isinstance(value, float) and math.isnan(value)):
            return ""
        entries = self.reasons.get((frame, column), {})
        return entries.get(int(label), entries.get(None, f"{column}: the reason was not recorded"))

    def to_csv(self, path: str | Path) -> Path:
        """Write the table, and beside it a data dictionary.

        Parameters
        ----------
        path : str or Path
            Where to write, such as ``nuclei.csv``. The header row has the plain names. The dictionary is
            written as ``nuclei_columns.csv``: a row ``name, unit, description, reference`` for each column.

        Returns
        -------
        Path
            The path of the table.

        Notes
        -----
        Numbers are written such that reading gives the same bits. A text that a spreadsheet would take for a formula
        has an apostrophe put before it (`safe_cell`). NaN is an empty field; the reasons
        stay behind, and the description of a column says where it is not defined.
        """
        path = Path(path)
        safe_frame(self.frame).to_csv(path, index=False)
        safe_frame(self.dictionary()).to_csv(dictionary_path(path), index=False)
        return path

    def dictionary(self) -> pd.DataFrame:
        """Return the data dictionary: name, unit, description and reference of each column."""
        import pandas as pd

        names = list(map(str, self.frame.columns))
        known = {"unit": self.units, "description": self.descriptions, "reference": self.references}
        return pd.DataFrame(
            {"name": names}
            | {key: [entries.get(name, "") for name in names] for key, entries in known.items()},
            dtype=str,
        )

    @classmethod
    def read_csv(cls, path: str | Path) -> Table:
        """Read a table, and the data dictionary beside it where there is one.

        Parameters
        ----------
        path : str or Path
            A file that `to_csv` wrote, or any CSV with a column ``label``.

        Returns
        -------
        Table
        """
        import pandas as pd

        path = Path(path)
        # from pandas 3.1 on, reading is exact by itself, and the argument is refused
        exact = tuple(int(part) for part in pd.__version__.split(".")[:2]) >= (3, 1)
        frame = pd.read_csv(path) if exact else pd.read_csv(path, float_precision="round_trip")
        units: dict[str, str] = {}
        descriptions: dict[str, str] = {}
        references: dict[str, str] = {}
        beside = dictionary_path(path)
        if beside.exists():
            dictionary = pd.read_csv(beside, dtype=str, keep_default_na=False)
            units = dict(zip(dictionary["name"], dictionary["unit"], strict=True))
            descriptions = dict(zip(dictionary["name"], dictionary["description"], strict=True))
            if "reference" in dictionary:
                references = dict(zip(dictionary["name"], dictionary["reference"], strict=True))
        return cls(frame, units, descriptions, references=references)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.frame)

    def __getitem__(self, column: str) -> pd.Series:
        """Return one column."""
        return self.frame[column]

    def __str__(self) -> str:
        """Return the size and the first columns, with units."""
        names = [self._titled(name) for name in self.frame.columns if name not in KEYS]
        shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        n_objects = f"{len(self)} object{'' if len(self) == 1 else 's'}"
        n_columns = f"{len(names)} column{'' if len(names) == 1 else 's'}"
        return f"Table: {n_objects}, {n_columns}" + (f" ({shown})" if shown else "")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the first and last rows as HTML, the units in the header."""
        titled = self.frame.rename(columns={name: self._titled(name) for name in self.frame.columns})
        return titled.to_html(max_rows=20, index=False, na_rep="")

    def _titled(self, name: str) -> str:
        return f"{name} [{self.units[name]}]" if self.units[name] else name


def _rises(frames: np.ndarray, labels: np.ndarray) -> bool:
    """Whether rows go frame by frame with increasing labels, as almost all do, so that none comes twice."""
    same = frames[1:] == frames[:-1]
    return bool(((frames[1:] > frames[:-1]) | (same & (labels[1:] > labels[:-1]))).all())


def safe_cell(value: Any) -> Any:
    """Return a text such that no spreadsheet takes it for a formula; a number, and all else, as it is.

    A name of a file or a treatment may come from a stranger, and a cell such as ``=HYPERLINK(...)`` does things when
    the table is opened. An apostrophe before it makes it text.

    Examples
    --------
    >>> safe_cell("=1+1"), safe_cell("-0.5"), safe_cell("nuclei")
    ("'=1+1", '-0.5', 'nuclei')
    """
    if isinstance(value, str) and value.lstrip(" ")[:1] in tuple("=+-@\t\r\n"):
        try:
            float(value)
        except ValueError:
            return "'" + value
    return value


def safe_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose texts and names of columns no spreadsheet takes for formulas; see `safe_cell`."""
    texts = [name for name in frame.columns if frame[name].dtype.kind not in "biuf"]
    return frame.assign(**{name: frame[name].map(safe_cell) for name in texts}).rename(columns=safe_cell)


def dictionary_path(path: str | Path) -> Path:
    """Return where the data dictionary of an exported table lies.

    Examples
    --------
    >>> dictionary_path("nuclei.csv").name
    'nuclei_columns.csv'
    """
    path = Path(path)
    return path.with_name(f"{path.stem}_columns.csv")
