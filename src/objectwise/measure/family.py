"""What a family of measurements is: columns, and the function that fills them for all objects of a block.

A family lies in a file of its own and is listed in `families`. Its function is given the `Block`, which holds what
several families need and finds it once, and the names of the columns that are wanted. It knows nothing of channels'
names: a measurement of an image is written once, and gets a column for each channel, the name of the channel last.
"""

from __future__ import annotations

import importlib.util
import inspect
import itertools
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np

from objectwise.core.table import Column, Reasons
from objectwise.measure.pieces import Pieces, find_pieces
from objectwise.measure.scan import Scan, scan_labels

T = TypeVar("T")

Found = tuple[dict[str, np.ndarray], Reasons]


@dataclass
class Block:
    """The labels and images of one spatial block, checked, and what is found of them once.

    Parameters
    ----------
    labels : ndarray of int, shape ([Z,] Y, X)
    images : dict of str to ndarray of the same shape
    spacing : tuple of float
        Pixel size along each axis.
    """

    labels: np.ndarray
    images: Mapping[str, np.ndarray]
    spacing: tuple[float, ...]
    _pixels: dict[str, np.ndarray] = field(default_factory=dict)
    _values: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=dict)
    _kept: dict[Hashable, Any] = field(default_factory=dict)

    @cached_property
    def scan(self) -> Scan:
        """The runs of the labels, and their sums."""
        return scan_labels(self.labels)

    @property
    def ids(self) -> np.ndarray:
        """The ids, increasing: int64, shape (n,). The order of every column."""
        return self.scan.ids

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.labels.ndim

    @cached_property
    def pieces(self) -> Pieces:
        """The pieces of the objects, and their pairs of neighbours."""
        return find_pieces(self.scan)

    @cached_property
    def clean(self) -> np.ndarray:
        """The labels with the ids 1, 2, 3 ... in the order of `ids`: int32."""
        from objectwise.core.kinds import compact

        return compact(self.labels)[0]

    def pixels_of(self, channel: str) -> np.ndarray:
        """Return the values of a channel, object after object; see `Scan.gather`."""
        found = self._pixels.pop(channel, None)
        self.keep_pixels(channel, self.scan.gather(self.images[channel]) if found is None else found)
        return self._pixels[channel]

    def keep_pixels(self, channel: str, pixels: np.ndarray) -> None:
        """Keep what `pixels_of` returns for a channel."""
        # two are enough for a pair of channels; the values of all of them would fill the memory
        while len(self._pixels) > 1:
            first = next(iter(self._pixels))
            del self._pixels[first]
            self._values.pop(first, None)
        self._pixels[channel] = pixels

    def values_of(self, channel: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the finite values of a channel, object after object, and where those of each begin and end."""
        pixels = self.pixels_of(channel)
        if channel not in self._values:
            self._values[channel] = self.scan.finite(pixels)
        return self._values[channel]

    def once(self, key: Hashable, find: Callable[[], T]) -> T:
        """Return what a function finds, such as the rings around all objects; found once for all channels."""
        if key not in self._kept:
            self._kept[key] = find()
        found: T = self._kept[key]
        return found


@dataclass(frozen=True)
class Family:
    """Columns that are measured together.

    Parameters
    ----------
    columns : tuple of Column, or callable
        In the order of the table; the function ``columns(**settings)`` returns them where they depend on settings.
    measure : callable
        ``measure(block, wanted)`` for a measurement of objects, ``measure(block, channel, wanted)`` for one of an
        image, ``measure(block, first, second, wanted)`` for one of two. It returns an array for each of the columns
        named in ``wanted``, more if it likes, and why values are NaN. Settings that it names are given to it.
    of : {'objects', 'channel', 'pair'}, optional
        Whether there is a column for each channel, or for each pair.
    on_request : bool, optional
        Whether it is left out unless it is asked for: what takes long, or is many columns.
    occasional : tuple of Column, optional
        Columns that stand in the table only where the function returns them, or where they are asked for.
    needs : str, optional
        A package of the optional extra ``measure`` that it works with.
    by_runs : bool, optional
        Whether it looks at nothing but `Block.scan` (of which `Block.pieces` is made), `Block.pixels_of` and
        `Block.values_of`, and at each object alone. Then it can be measured tile by tile, and for some objects again
        without a look at the others; see `parts`.
    """

    columns: tuple[Column, ...] | Callable[..., tuple[Column, ...]]
    measure: Callable[..., Found]
    of: Literal["objects", "channel", "pair"] = "objects"
    on_request: bool = False
    occasional: tuple[Column, ...] = ()
    needs: str = ""
    by_runs: bool = False

    def check_installed(self) -> None:
        """Refuse to go on without the package that it works with."""
        if self.needs and importlib.util.find_spec(self.needs) is None:
            group = self.columns_with({})[0].group
            raise ValueError(
                f"features: {group!r} needs the package {self.needs}, which is not installed: "
                "pip install 'napari-objectwise[measure]'"
            )

    def columns_with(self, settings: Mapping[str, Any]) -> tuple[Column, ...]:
        """Return the columns for some settings."""
        if not callable(self.columns):
            return self.columns
        return self.columns(**_asked(self.columns, settings))

    def targets(self, channels: Sequence[str]) -> list[tuple[str, ...]]:
        """Return the channels of each call: none, one, or two."""
        if self.of == "objects":
            return [()]
        return list(itertools.combinations(channels, 1 if self.of == "channel" else 2))

    def found(
        self, block: Block, target: tuple[str, ...], wanted: Collection[str], settings: Mapping[str, Any]
    ) -> Found:
        """Measure for one target."""
        return self.measure(block, *target, set(wanted), **_asked(self.measure, settings))


def _asked(function: Callable[..., Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    names = inspect.signature(function).parameters
    return {name: value for name, value in settings.items() if name in names}


def undefined(block: Block, column: str, where: np.ndarray, why: str) -> dict[int | None, str]:
    """Return the reasons for a column that is NaN where a mask over the objects says so."""
    return dict.fromkeys(block.ids[where].tolist(), f"{column}: {why}")
