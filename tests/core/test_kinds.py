"""The border of the numerics: what may enter as an image, a mask, labels or classes, and what may not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from objectwise.core.kinds import compact, label_dtype, prepare

REAL = [
    "bool",
    "uint8",
    "int8",
    "uint16",
    "int16",
    "uint32",
    "int32",
    "uint64",
    "int64",
    "float16",
    "float32",
    "float64",
]


@pytest.mark.parametrize("dtype", REAL)
def test_any_real_image_enters_with_its_values(dtype: str) -> None:
    image = np.array([[0, 1], [1, 0]], dtype)
    for kind in ("image", "channels", "images"):
        found = prepare(image, kind, "here")
        np.testing.assert_array_equal(found.astype(float), image.astype(float))
        assert found.dtype == {"bool": np.uint8, "float16": np.float32}.get(dtype, np.dtype(dtype))


@pytest.mark.parametrize("dtype", ["complex64", "U3", "datetime64[s]", "O"])
@pytest.mark.parametrize("kind", ["image", "mask", "labels"])
def test_what_is_no_real_number_is_refused(kind: str, dtype: str) -> None:
    with pytest.raises(ValueError, match="here must hold real numbers; found"):
        prepare(np.zeros((2, 2), dtype), kind, "here")


@pytest.mark.parametrize("dtype", [name for name in REAL if not name.startswith("float")])
def test_a_mask_is_where_something_is(dtype: str) -> None:
    found = prepare(np.array([[0, 1, 1, 0]], dtype) * np.array(1, dtype), "mask", "here")
    assert found.dtype == bool
    assert found.tolist() == [[False, True, True, False]]
    assert prepare(np.array([[-3, 0, 255]], np.int16), "mask", "here").tolist() == [[True, False, True]]


@pytest.mark.parametrize(
    ("array", "kind", "sentence"),
    [
        (np.zeros(2), "mask", "here must be True or False; found float64: threshold it first"),
        (np.zeros(2), "objects", "here must be whole numbers; found float64: threshold it first"),
        (np.zeros(2), "labels", "here must be whole numbers; found float64: convert it to integers first"),
        (np.zeros(2), "classes", "convert it to integers first"),
        (
            np.zeros(2, bool),
            "labels",
            "must give each object an id; found a mask of bool: use label_components first",
        ),
        (np.array([-4, 2]), "labels", "must not hold negative ids; found -4"),
        (np.array([-4, 2]), "objects", "must not hold negative ids; found -4"),
        (np.array([3, 256]), "classes", "can hold the classes 0 to 255; found 256"),
    ],
)
def test_what_cannot_be_of_a_kind_is_refused(array: np.ndarray, kind: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        prepare(array, kind, "here")


def test_the_order_of_bytes_has_no_part() -> None:
    for kind, dtype in (("image", ">f4"), ("image", ">u2"), ("labels", ">i4"), ("classes", ">u2")):
        found = prepare(np.array([1, 200], dtype), kind, "here")
        assert found.dtype.isnative
        assert found.tolist() == [1, 200]


def test_what_needs_no_change_is_not_copied() -> None:
    for kind, dtype in (
        ("image", np.float32),
        ("mask", bool),
        ("labels", np.int32),
        ("objects", bool),
        ("classes", np.uint8),
    ):
        array = np.ones((3, 3), dtype)
        assert prepare(array, kind, "here") is array


labels = st.sampled_from(["uint8", "uint16", "int32", "uint32", "int64", "uint64"]).flatmap(
    lambda dtype: hnp.arrays(
        dtype,
        hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5),
        elements=st.one_of(st.integers(0, 4), st.integers(0, int(np.iinfo(dtype).max))),
    )
)


@given(labels)
def test_ids_are_made_dense_and_given_back(given_labels: np.ndarray) -> None:
    clean, ids = compact(given_labels)
    assert clean.dtype == np.int32
    assert clean.shape == given_labels.shape
    np.testing.assert_array_equal(ids[clean], given_labels)
    assert ids.dtype == given_labels.dtype
    assert ids[0] == 0
    assert (ids[1:] > ids[:-1]).all()
    assert set(np.unique(clean)) | {0} == set(range(len(ids)))


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [
        ("uint8", "int32"),
        ("uint16", "int32"),
        ("int32", "int32"),
        ("uint32", "uint32"),
        ("int64", "int64"),
        ("uint64", "uint64"),
    ],
)
def test_labels_are_kept_in_what_holds_their_ids(dtype: str, kept: str) -> None:
    assert label_dtype(dtype) == np.dtype(kept)
