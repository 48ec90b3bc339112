"""Colours for the values of a column: a scale for quantities, a set of hues for kinds, grey for what is not defined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# how many colours napari draws rightly and quickly
N_COLOURS = 256
# up to how many different whole numbers a column is taken for one of kinds
_MOST_KINDS = 12
GREY = (128, 128, 128, 255)

SCALES = ("viridis", "magma", "plasma", "turbo", "gray", "coolwarm")

# Okabe and Ito's colours for people who see colours differently, and lighter ones of the same hues
_KINDS = (
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#f0e442",
    "#0072b2",
    "#d55e00",
    "#cc79a7",
    "#8c8cff",
    "#ffd38a",
    "#b3e2ff",
    "#7fd8bd",
    "#ff9f6b",
)


@dataclass(frozen=True)
class Palette:
    """How values become colours.

    Attributes
    ----------
    colours : (m, 4) array of uint8
        Those of ascending values; of kinds one for each.
    low, high : float
        What the first and the last colour stand for.
    kinds : tuple of float
        The values, where each has a colour of its own; empty for a scale.
    """

    colours: np.ndarray
    low: float
    high: float
    kinds: tuple[float, ...] = ()

    def places(self, values: np.ndarray) -> np.ndarray:
        """Return which of the colours each value has; -1 where it is not defined."""
        values = np.asarray(values, float)
        if self.kinds:
            found = np.minimum(np.searchsorted(self.kinds, values), len(self.kinds) - 1)
            places = np.where(np.asarray(self.kinds)[found] == values, found % len(self.colours), -1)
        else:
            n = len(self.colours)
            width = self.high - self.low
            with np.errstate(invalid="ignore"):
                places = np.clip(np.floor((values - self.low) / (width or 1) * n), 0, n - 1)
        return np.where(np.isnan(values), -1, places).astype(int)

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return the colours of values, 4 bytes each."""
        return np.concatenate([self.colours, [GREY]]).astype(np.uint8)[self.places(values)]


def is_of_kinds(values: np.ndarray) -> bool:
    """Return whether a column holds few different whole numbers or truth values: kinds rather than quantities."""
    values = np.asarray(values)
    if values.dtype.kind == "b":
        return True
    if values.dtype.kind not in "iuf":
        return False
    defined = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    if not len(defined) or np.any(defined[:1000] != np.round(defined[:1000])):
        return False
    kinds = np.unique(defined)
    return bool(len(kinds) <= _MOST_KINDS and np.all(kinds == np.round(kinds)))


def palette_of(
    values: np.ndarray,
    scale: str = "viridis",
    percentiles: tuple[float, float] = (0, 100),
    kinds: bool | None = None,
) -> Palette:
    """Return the colours for a column.

    Parameters
    ----------
    values : (n,) array
    scale : str
        Name of a scale of napari.
    percentiles : tuple of float
        Of the values, where the scale begins and ends.
    kinds : bool, optional
        Whether each value has a colour of its own; where it is left out, `is_of_kinds` says so.
    """
    from napari.utils.colormaps import ensure_colormap

    defined = np.asarray(values, float)
    defined = defined[np.isfinite(defined)]
    if not len(defined):
        defined = np.zeros(1)
    if is_of_kinds(values) if kinds is None else kinds:
        found = np.unique(defined)
        hues = np.array([[*bytes.fromhex(hue[1:]), 255] for hue in _KINDS], np.uint8)
        return Palette(hues[: max(1, len(found))], float(found[0]), float(found[-1]), tuple(found.tolist()))
    low, high = np.percentile(defined, percentiles)
    # the colours in the middle of as many equal steps
    colours = ensure_colormap(scale).map((np.arange(N_COLOURS - 2) + 0.5) / (N_COLOURS - 2))
    return Palette(np.round(255 * np.asarray(colours)).astype(np.uint8), float(low), float(high))
