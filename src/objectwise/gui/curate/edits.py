"""What an edit makes of the pixels of a few objects: worked out in their boxes, and handed over as a list of pixels.

An edit here changes nothing. It tells which pixels become what, so that napari can write them by itself and keep what
it needs to take them back; and how large that will be is known before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

Box = tuple[slice, ...]
# what a box of pixels becomes
After = tuple[Box, np.ndarray]

# parts of a cut object that are no more than splinters: pixels, and share of the object
_SPLINTER = (9, 0.05)


@dataclass(frozen=True)
class Change:
    """Pixels of an array, and what they become.

    Parameters
    ----------
    indices : tuple of (n,) array of int
        For each axis.
    values : (n,) array of int
    """

    indices: tuple[np.ndarray, ...]
    values: np.ndarray

    def __len__(self) -> int:
        """Return the number of pixels."""
        return len(self.values)

    @property
    def n_bytes(self) -> int:
        """How much is kept of it, so that it can be taken back: places, and values before and after."""
        return sum(item.nbytes for item in self.indices) + 2 * self.values.nbytes

    @classmethod
    def joined(
        cls, frames: Mapping[int, tuple[np.ndarray, np.ndarray]], axes: str, shape: Sequence[int]
    ) -> Change:
        """Put the pixels of frames together.

        Parameters
        ----------
        frames : mapping of int to (indices, values)
            For each frame the pixels of its block, shape ``(ndim, n)``, and what they become.
        axes : str
            Of the array: a letter each.
        shape : sequence of int
            Of the array; the places are as small numbers as it allows.
        """
        small = np.uint16 if max(shape, default=0) < 1 << 16 else np.int32
        space = [axis for axis in "zyx" if axis in axes]
        parts: list[list[np.ndarray]] = [[] for _ in axes]
        for frame, (indices, _) in frames.items():
            for number, axis in enumerate(axes):
                if axis in space:
                    parts[number].append(indices[space.index(axis)].astype(small))
                else:
                    parts[number].append(np.full(indices.shape[1], frame if axis == "t" else 0, small))
        values = [values for _, values in frames.values()]
        nothing = np.zeros(0, small)
        return cls(
            tuple(np.concatenate(item) if item else nothing for item in parts),
            np.concatenate(values) if values else np.zeros(0, np.int64),
        )


def pixels_of(block: np.ndarray, changes: Iterable[After]) -> tuple[np.ndarray, np.ndarray]:
    """Return which pixels of a block are changed, shape (ndim, n), and what they become; the first change counts."""
    places, values = [], []
    for box, after in changes:
        inside = np.nonzero(after != block[box])
        corner = [part.start for part in box]
        shifted = [axis + start for axis, start in zip(inside, corner, strict=True)]
        places.append(np.ravel_multi_index(shifted, block.shape))
        values.append(after[inside])
    if not places:
        return np.zeros((block.ndim, 0), np.int64), np.zeros(0, block.dtype)
    flat, first = np.unique(np.concatenate(places), return_index=True)
    return np.stack(np.unravel_index(flat, block.shape)), np.concatenate(values)[first]


def boxes_in(block: np.ndarray, labels: Sequence[int]) -> dict[int, Box]:
    """Return the boxes of objects, which are looked for in all pixels; those that are not there are left out."""
    from scipy import ndimage

    ids = np.unique(np.asarray(labels, np.int64))
    if not len(ids):
        return {}
    places = np.minimum(np.searchsorted(ids, block), len(ids) - 1).astype(np.int32)
    places += 1
    places[ids[places - 1] != block] = 0
    found = ndimage.find_objects(places, len(ids))
    return {int(label): box for label, box in zip(ids, found, strict=True) if box is not None}


def padded(box: Box, shape: Sequence[int], margin: Sequence[int]) -> Box:
    """Return a larger box, within the block."""
    return tuple(
        slice(max(0, part.start - by), min(size, part.stop + by))
        for part, size, by in zip(box, shape, margin, strict=True)
    )


# --- the edits -----------------------------------------------------------------------------------------


def rename(block: np.ndarray, boxes: Mapping[int, Box], names: Mapping[int, int]) -> list[After]:
    """Give objects other ids; 0 deletes them, and one that another has joins them."""
    return [
        (box, np.where(block[box] == label, names[label], block[box]).astype(block.dtype))
        for label, box in boxes.items()
    ]


def keep_only(block: np.ndarray, labels: Sequence[int]) -> list[After]:
    """Delete all objects but some."""
    kept = np.isin(block, np.asarray(labels, np.int64))
    return [(tuple(slice(0, size) for size in block.shape), np.where(kept, block, 0).astype(block.dtype))]


def fill_holes(block: np.ndarray, boxes: Mapping[int, Box]) -> list[After]:
    """Fill the background that objects enclose; other objects inside stay."""
    from scipy import ndimage

    changes = []
    for label, box in boxes.items():
        here = block[box]
        filled = ndimage.binary_fill_holes(here == label) & (here == 0)
        changes.append((box, np.where(filled, label, here).astype(block.dtype)))
    return changes


def smooth(block: np.ndarray, boxes: Mapping[int, Box], sigma: Sequence[float]) -> list[After]:
    """Smooth the outlines of objects, over background alone; an object that would vanish stays as it is.

    Parameters
    ----------
    block : array of int
    boxes : mapping of int to tuple of slice
    sigma : sequence of float
        Standard deviation of the Gaussian along each axis, in pixels.
    """
    from scipy import ndimage

    margin = [int(np.ceil(3 * item)) for item in sigma]
    changes = []
    for label, box in boxes.items():
        box = padded(box, block.shape, margin)
        here = block[box]
        mask = here == label
        soft = ndimage.gaussian_filter(mask.astype(np.float32), sigma, mode="nearest") >= 0.5
        soft &= mask | (here == 0)
        if soft.any():
            after = np.where(soft, label, np.where(mask, 0, here))
            changes.append((box, after.astype(block.dtype)))
    return changes


def split_along(
    block: np.ndarray,
    boxes: Mapping[int, Box],
    line: np.ndarray,
    across: tuple[int, int],
    next_id: int,
    spacing: Sequence[float],
) -> list[After]:
    """Cut objects along a line, through all planes of a volume.

    Parameters
    ----------
    block : array of int
    boxes : mapping of int to tuple of slice
        The objects that may be cut.
    line : (n, 2) array of float
        Its corners, in pixels.
    across : tuple of int
        The two axes of the block along which the line runs.
    next_id : int
        The first of the ids that new objects get; the largest part keeps its own.
    spacing : sequence of float
        Pixel size along each axis.

    Returns
    -------
    list
        Objects that the line does not cross from side to side are left out.
    """
    from scipy import ndimage

    full = np.ones((3,) * block.ndim)
    trace = trace_of(line)
    changes = []
    for label, box in boxes.items():
        mask = block[box] == label
        cut = np.zeros([mask.shape[axis] for axis in across], bool)
        local = trace - [box[axis].start for axis in across]
        local = local[np.all((local >= 0) & (local < cut.shape), axis=1)]
        cut[tuple(local.T)] = True
        others = [axis for axis in range(block.ndim) if axis not in across]
        sheet = np.expand_dims(cut if across[0] < across[1] else cut.T, others) & mask
        if not sheet.any():
            continue
        whole, n_whole = ndimage.label(mask, full)
        parts, n_parts = ndimage.label(mask & ~sheet, full)
        sizes = np.bincount(parts.ravel(), minlength=n_parts + 1)
        small = sizes < min(_SPLINTER[0], _SPLINTER[1] * np.count_nonzero(mask))
        # a piece that the line has not touched is no part of the cut, however small
        touched = np.zeros(n_whole + 1, bool)
        touched[whole[sheet]] = True
        owner = np.zeros(n_parts + 1, int)
        owner[parts[parts > 0]] = whole[parts > 0]
        parts[(small & touched[owner])[parts]] = 0
        fresh = _new_parts(parts, owner, touched)
        if not len(fresh):
            continue
        nearest = ndimage.distance_transform_edt(
            parts == 0, sampling=spacing, return_distances=False, return_indices=True
        )
        parts = parts[tuple(nearest)]
        after = block[box].copy()
        for part in fresh:
            after[mask & (parts == part)] = next_id
            next_id += 1
        changes.append((box, after))
    return changes


def split_at(
    block: np.ndarray, boxes: Mapping[int, Box], points: np.ndarray, next_id: int, spacing: Sequence[float]
) -> list[After]:
    """Split objects into as many as there are points in them, by a watershed of the distance to their border.

    Parameters
    ----------
    block : array of int
    boxes : mapping of int to tuple of slice
    points : (n, ndim) array of float
        In pixels.
    next_id : int
        The first of the ids that new objects get; the largest part keeps its own.
    spacing : sequence of float
        Pixel size along each axis.

    Returns
    -------
    list
        Objects with fewer than two points are left out.
    """
    from objectwise.kernels.distance import squared_distances
    from objectwise.kernels.flood import flood

    pixels = np.round(points).astype(int)
    pixels = pixels[np.all((pixels >= 0) & (pixels < block.shape), axis=1)]
    changes = []
    for label, box in boxes.items():
        # a frame of background, so that a border of the image counts as one of the object
        mask = np.pad(block[box] == label, 1)
        local = pixels - [part.start - 1 for part in box]
        local = local[np.all((local >= 0) & (local < mask.shape), axis=1)]
        local = np.unique(local[mask[tuple(local.T)]], axis=0)
        if len(local) < 2:
            continue
        seeds = np.zeros(mask.shape, np.int32)
        seeds[tuple(local.T)] = np.arange(1, len(local) + 1)
        height = np.sqrt(squared_distances(mask, spacing))
        grown = flood(height, seeds, mask, full=False, lines=False, inverted=True)
        parts = grown[(slice(1, -1),) * block.ndim]
        sizes = np.bincount(parts.ravel(), minlength=len(local) + 1)[1:]
        after = block[box].copy()
        for part in 1 + np.delete(np.arange(len(local)), int(np.argmax(sizes))):
            after[parts == part] = next_id
            next_id += 1
        changes.append((box, after))
    return changes


def _new_parts(parts: np.ndarray, owner: np.ndarray, touched: np.ndarray) -> np.ndarray:
    """Return the parts that become objects of their own: of each piece that was cut, all but the largest."""
    sizes = np.bincount(parts.ravel(), minlength=len(owner))
    sizes[0] = 0
    found = []
    for piece in np.flatnonzero(touched):
        mine = np.flatnonzero((owner == piece) & (sizes > 0))
        if len(mine) > 1:
            found += np.delete(mine, int(np.argmax(sizes[mine]))).tolist()
    return np.array(found, int)


def trace_of(line: np.ndarray) -> np.ndarray:
    """Return the pixels under a line, each of which shares a side with the next: nothing slips through diagonally."""
    pieces = [line[:1]]
    for start, stop in pairwise(line):
        n = max(2, int(np.ceil(4 * np.abs(stop - start).max())))
        pieces.append(start + (stop - start) * np.linspace(0, 1, n)[:, np.newaxis])
    pixels = np.round(np.concatenate(pieces)).astype(int)
    pixels = pixels[np.concatenate([[True], np.any(np.diff(pixels, axis=0) != 0, axis=1)])]
    corners = pixels[1:].copy()
    corners[:, 0] = pixels[:-1, 0]
    return np.unique(np.concatenate([pixels, corners]), axis=0)
