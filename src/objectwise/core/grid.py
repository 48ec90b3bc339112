"""Where the pixels are: what each axis means, how large a pixel is, and in which unit.

An array alone does not say whether its first axis is time, depth or a channel, and nothing in this
package guesses it. A `Grid` travels beside every array instead. It is small, immutable and comparable,
so that it can be kept with a result, written into a file and checked against the grid of another input.

Operations work on one *block*: the spatial axes of one time point and one channel, in the order
``(z,) y, x``. The functions here cut an array of any order of axes into such blocks and put results
back; lazy arrays (dask, zarr) are read one block at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np

ROLES = "tczyx"
SPATIAL = "zyx"

_UNIT_NAMES = {
    "": "pixel",
    "px": "pixel",
    "pixels": "pixel",
    "µm": "um",
    "μm": "um",
    "\\u00b5m": "um",
    "micron": "um",
    "microns": "um",
    "micrometer": "um",
    "micrometre": "um",
    "nanometer": "nm",
    "nanometre": "nm",
    "millimeter": "mm",
    "millimetre": "mm",
    "centimeter": "cm",
    "meter": "m",
    "metre": "m",
    "inch": "in",
    "angstrom": "Å",
    "second": "s",
    "sec": "s",
    "seconds": "s",
    "minute": "min",
    "minutes": "min",
    "hour": "h",
    "hours": "h",
    "millisecond": "ms",
}

# metres per unit, and seconds per unit: what can be converted into each other
LENGTHS = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "nm": 1e-9, "pm": 1e-12, "Å": 1e-10, "in": 0.0254}
TIMES = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0, "h": 3600.0, "d": 86400.0}


def unit_name(unit: str) -> str:
    """Return the short name of a unit as this package writes it.

    Parameters
    ----------
    unit : str
        A name found in a file or in a viewer, such as ``"micrometer"`` or ``"µm"``.

    Returns
    -------
    str
        ``"um"``, ``"nm"``, ``"pixel"`` ...; a name that is not known is returned as it is.

    Examples
    --------
    >>> unit_name("micrometer"), unit_name("µm"), unit_name("furlong")
    ('um', 'um', 'furlong')
    """
    unit = str(unit).strip()
    return _UNIT_NAMES.get(unit, _UNIT_NAMES.get(unit.lower(), unit))


def unit_factor(found: str, wanted: str) -> float:
    """Return the number by which a length or time in one unit is multiplied to be in another.

    Raises
    ------
    ValueError
        If the two units cannot be converted into each other.

    Examples
    --------
    >>> unit_factor("nm", "um")
    0.001
    """
    if found == wanted:
        return 1.0
    for table in (LENGTHS, TIMES):
        if found in table and wanted in table:
            return float(f"{table[found] / table[wanted]:.15g}")
    raise ValueError(f"a length in {found!r} cannot be given in {wanted!r}")


@dataclass(frozen=True)
class Grid:
    """The meaning and the size of the axes of an array.

    Parameters
    ----------
    axes : str
        One letter for each axis of the array, in the order of the array: ``t`` time, ``c`` channel,
        ``z`` depth, ``y`` row, ``x`` column. ``y`` and ``x`` are always there.
    spacing : tuple of float, optional
        Distance between neighbouring pixels along each *spatial* axis, in the order in which the
        spatial axes stand in ``axes``. Ones where it is left out.
    unit : str, optional
        Unit of ``spacing``; ``"pixel"`` for an image without calibration.
    interval : float, optional
        Time between two frames, in ``interval_unit``.
    interval_unit : str, optional
        Unit of ``interval``; ``"frame"`` where it is not known.
    origin : tuple of float, optional
        Position of the centre of the first pixel along each spatial axis, in ``unit``.
    channels : tuple of str, optional
        Names of the channels, where they are known.

    Examples
    --------
    >>> grid = Grid(axes="tzyx", spacing=(0.5, 0.2, 0.2), unit="um")
    >>> grid.spatial, grid.ndim, grid.calibrated
    ('zyx', 3, True)
    """

    axes: str
    spacing: tuple[float, ...] = ()
    unit: str = "pixel"
    interval: float = 1.0
    interval_unit: str = "frame"
    origin: tuple[float, ...] = ()
    channels: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Complete what was left out and refuse what cannot be."""
        axes = str(self.axes).lower()
        unknown = [axis for axis in axes if axis not in ROLES]
        if unknown or len(set(axes)) != len(axes):
            raise ValueError(f"axes must be different letters out of {ROLES!r}; found {self.axes!r}")
        if "y" not in axes or "x" not in axes:
            raise ValueError(f"axes must name y and x; found {self.axes!r}")
        n = sum(axis in SPATIAL for axis in axes)
        spacing = tuple(float(step) for step in self.spacing) or (1.0,) * n
        origin = tuple(float(start) for start in self.origin) or (0.0,) * n
        names = " and ".join(axis for axis in axes if axis in SPATIAL)
        for name, found in (("spacing", spacing), ("origin", origin)):
            if len(found) != n:
                raise ValueError(f"{name} needs one number for each of {names}; found {found}")
        if not all(step > 0 and math.isfinite(step) for step in spacing):
            raise ValueError(f"spacing must be above 0 along {names}; found {spacing}")
        if not (float(self.interval) > 0 and math.isfinite(self.interval)):
            raise ValueError(f"interval must be above 0; found {self.interval}")
        values = {
            "axes": axes,
            "spacing": spacing,
            "origin": origin,
            "unit": unit_name(self.unit),
            "interval": float(self.interval),
            "interval_unit": unit_name(self.interval_unit),
            "channels": tuple(str(name) for name in self.channels),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def spatial(self) -> str:
        """The spatial axes in the order of a block: ``"yx"`` or ``"zyx"``."""
        return "".join(axis for axis in SPATIAL if axis in self.axes)

    @property
    def ndim(self) -> int:
        """Number of spatial axes: 2 or 3."""
        return len(self.spatial)

    @property
    def calibrated(self) -> bool:
        """Whether the pixel size is known."""
        return self.unit != "pixel"

    @property
    def block_spacing(self) -> tuple[float, ...]:
        """Pixel size in the order of a block, ``(z,) y, x``."""
        return tuple(self.spacing_along(axis) for axis in self.spatial)

    @property
    def block_origin(self) -> tuple[float, ...]:
        """Position of the first pixel in the order of a block."""
        order = [axis for axis in self.axes if axis in SPATIAL]
        return tuple(self.origin[order.index(axis)] for axis in self.spatial)

    def spacing_along(self, axis: str) -> float:
        """Return the pixel size along one spatial axis."""
        return self.spacing[[name for name in self.axes if name in SPATIAL].index(axis)]

    def size(self, axis: str, shape: Sequence[int]) -> int:
        """Return the length of an axis in an array of this shape, 1 where the axis is not there."""
        return int(shape[self.axes.index(axis)]) if axis in self.axes else 1

    def block_shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return the shape of one block of an array of this shape."""
        return tuple(self.size(axis, shape) for axis in self.spatial)

    def check(self, array: Any, name: str = "image") -> None:
        """Refuse an array that has not as many axes, or channels, as this grid names."""
        if len(array.shape) != len(self.axes):
            raise ValueError(
                f"{name}: the axes {self.axes!r} name {len(self.axes)} axes, "
                f"but the array has {len(array.shape)} (shape {tuple(array.shape)})"
            )
        if "c" in self.axes and self.channels and len(self.channels) != self.size("c", array.shape):
            raise ValueError(
                f"{name}: the grid names {len(self.channels)} channels ({', '.join(self.channels)}), "
                f"but the array has {self.size('c', array.shape)}"
            )

    def without(self, roles: str) -> Grid:
        """Return this grid without the axes named."""
        axes = "".join(axis for axis in self.axes if axis not in roles)
        kept = [axis for axis in self.axes if axis in SPATIAL]
        return replace(
            self,
            axes=axes,
            spacing=tuple(step for axis, step in zip(kept, self.spacing, strict=True) if axis in axes),
            origin=tuple(start for axis, start in zip(kept, self.origin, strict=True) if axis in axes),
            channels=self.channels if "c" in axes else (),
        )

    def to_unit(self, unit: str) -> Grid:
        """Return this grid with its lengths given in another unit."""
        factor = unit_factor(self.unit, unit_name(unit))
        return replace(
            self,
            unit=unit,
            spacing=tuple(step * factor for step in self.spacing),
            origin=tuple(start * factor for start in self.origin),
        )

    def indices(self, shape: Sequence[int], roles: str = "tc") -> Iterator[dict[str, int]]:
        """Give ``{"t": 0, "c": 0}`` ... for every block of an array of this shape, time first."""
        present = [axis for axis in roles if axis in self.axes]
        for index in product(*(range(self.size(axis, shape)) for axis in present)):
            yield dict(zip(present, index, strict=True))

    def read(self, array: Any, index: dict[str, int], box: tuple[slice, ...] | None = None) -> np.ndarray:
        """Read one block, or a box of it, as a NumPy array in the order ``(c,) (z,) y, x``.

        Parameters
        ----------
        array : array
            NumPy, dask or zarr array whose axes this grid names. Only the part asked for is read.
        index : dict
            Index along ``t`` and ``c``. A ``c`` that is left out is kept as the first axis.
        box : tuple of slice, optional
            Part of the spatial block, in block order.

        Returns
        -------
        ndarray
            For a NumPy array a view where that is possible.
        """
        where = self.locate(index, box)
        block = np.asarray(array[where])
        left = [axis for axis, item in zip(self.axes, where, strict=True) if isinstance(item, slice)]
        order = [axis for axis in "t" + "c" + self.spatial if axis in left]
        return block.transpose([left.index(axis) for axis in order])

    def place(
        self, array: Any, index: dict[str, int], block: np.ndarray, box: tuple[slice, ...] | None = None
    ) -> None:
        """Write one block, or a box of it, into an array whose axes this grid names."""
        where = self.locate(index, box)
        left = [axis for axis, item in zip(self.axes, where, strict=True) if isinstance(item, slice)]
        order = [axis for axis in "t" + "c" + self.spatial if axis in left]
        array[where] = block.transpose([order.index(axis) for axis in left])

    def locate(self, index: dict[str, int], box: tuple[slice, ...] | None = None) -> tuple[int | slice, ...]:
        """Return what to put between the brackets of an array to reach a block or a box of it."""
        boxes = dict(zip(self.spatial, box, strict=True)) if box is not None else {}
        return tuple(index[axis] if axis in index else boxes.get(axis, slice(None)) for axis in self.axes)

    def matches(self, other: Grid) -> bool:
        """Whether two grids have the same pixel size, in whatever unit they are written."""
        if self.spatial != other.spatial:
            return False
        try:
            factor = unit_factor(other.unit, self.unit)
        except ValueError:
            return False
        return all(
            math.isclose(a, b * factor, rel_tol=1e-4)
            for a, b in zip(self.block_spacing, other.block_spacing, strict=True)
        )

    def describe(self, shape: Sequence[int]) -> str:
        """Say in words what an array of this shape is.

        Examples
        --------
        >>> Grid("tyx", (0.5, 0.5), "um").describe((6, 520, 696))
        't 6, y 520, x 696; 0.5 x 0.5 um per pixel'
        """
        sizes = ", ".join(f"{axis} {n}" for axis, n in zip(self.axes, shape, strict=True))
        steps = " x ".join(f"{step:g}" for step in self.block_spacing)
        return f"{sizes}; " + (
            f"{steps} {self.unit} per pixel" if self.calibrated else "pixel size not known"
        )


def plain_grid(shape: Sequence[int], name: str = "image") -> Grid:
    """Return the grid of a plain 2-D array; refuse what cannot be told from the shape alone.

    Raises
    ------
    ValueError
        If the array has not two axes: whether the third is time, depth or a channel has to be said.
    """
    if len(shape) == 2:
        return Grid("yx")
    raise ValueError(
        f"{name} has {len(shape)} axes (shape {tuple(shape)}), and what they mean cannot be told from "
        f"the shape: name them, for example grid=Grid(axes={ {3: 'zyx', 4: 'tzyx'}.get(len(shape), 'tczyx')!r}) "
        "or --axes on the command line"
    )
