"""What may enter where an image, a mask, labels or classes are asked for: the border of the numerics.

Operations assume clean arrays: real numbers, masks of bool, labels of int32 with the ids 1 .. n. Files and
viewers hold whatever they hold. The functions here turn one into the other, once, or say in a sentence why
not; and they give the ids back afterwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np

DTYPES = {"mask": np.dtype(bool), "labels": np.dtype(np.int32), "classes": np.dtype(np.uint8)}


def prepare(block: np.ndarray, kind: str, where: str) -> np.ndarray:
    """Return a block as operations expect this kind; refuse what it cannot be.

    Parameters
    ----------
    block : ndarray
        One block as it was read.
    kind : str
        One of `objectwise.core.operation.KINDS`.
    where : str
        What the sentence of a refusal starts with: step and input.

    Raises
    ------
    ValueError
        If the dtype or the values do not fit.
    """
    kind_of_number = block.dtype.kind
    if kind_of_number not in "biuf":
        raise ValueError(f"{where} must hold real numbers; found {block.dtype}")
    if not block.dtype.isnative:
        block = block.astype(block.dtype.newbyteorder("="))
    if kind in ("image", "channels", "images"):
        if kind_of_number == "b":
            return block.view(np.uint8)
        return block.astype(np.float32) if block.dtype == np.float16 else block
    if kind_of_number == "f":
        raise ValueError(
            f"{where} must be {'True or False' if kind == 'mask' else 'whole numbers'}; found {block.dtype}: "
            + ("threshold it first" if kind in ("mask", "objects") else "convert it to integers first")
        )
    if kind == "mask":
        return block if kind_of_number == "b" else block != 0
    if kind == "objects" and kind_of_number == "b":
        return block
    if kind == "labels" and kind_of_number == "b":
        raise ValueError(
            f"{where} must give each object an id; found a mask of bool: use label_components first"
        )
    if kind_of_number == "i" and block.size and block.min() < 0:
        raise ValueError(f"{where} must not hold negative ids; found {block.min()}")
    if kind == "classes":
        if block.size and block.max() > 255:
            raise ValueError(f"{where} can hold the classes 0 to 255; found {block.max()}")
        return block.astype(np.uint8, copy=False)
    if kind_of_number == "b":
        return block.view(np.uint8)
    return block


def compact(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return labels with the ids 1 .. n in int32, and the id that each of them had.

    Parameters
    ----------
    labels : ndarray of non-negative int
        Any integer dtype, with any gaps.

    Returns
    -------
    clean : ndarray of int32
        The same objects in the same order of ids.
    ids : ndarray
        ``ids[clean]`` equals ``labels``.

    Examples
    --------
    >>> clean, ids = compact(np.array([0, 7, 7, 4000000000], np.uint32))
    >>> clean.tolist(), ids.tolist()
    ([0, 1, 1, 2], [0, 7, 4000000000])
    """
    highest = int(labels.max()) if labels.size else 0
    if highest <= max(labels.size, 1 << 16):
        present = np.bincount(labels.ravel(), minlength=highest + 1) > 0
        present[0] = True
        ids = np.flatnonzero(present)
        if len(ids) == highest + 1:
            return labels.astype(np.int32, copy=False), ids.astype(labels.dtype)
        number = np.zeros(highest + 1, np.int32)
        number[ids] = np.arange(len(ids), dtype=np.int32)
        return number[labels], ids.astype(labels.dtype)
    ids, clean = np.unique(labels, return_inverse=True)
    clean = clean.reshape(labels.shape).astype(np.int32)
    if ids[0] != 0:
        ids = np.concatenate([np.zeros(1, ids.dtype), ids])
        clean += 1
    return clean, ids


def label_dtype(dtype: Any) -> np.dtype:
    """Return the dtype of labels that keep the ids of labels of another dtype."""
    dtype = np.dtype(dtype)
    return dtype if dtype.itemsize > 4 or dtype == np.uint32 else np.dtype(np.int32)
