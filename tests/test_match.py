"""Objects are matched as the published rules say."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

import objectwise as ow
from objectwise.cli import main
from objectwise.match import score


def squares(*corners: tuple[int, int], side: int = 4) -> np.ndarray:
    labels = np.zeros((20, 20), np.int32)
    for number, (y, x) in enumerate(corners, start=1):
        labels[y : y + side, x : x + side] = number
    return labels


def test_by_hand() -> None:
    # one exact, one moved by a quarter (12 of 20 pixels), one missed, one that is none
    reference = squares((0, 0), (0, 8), (8, 0))
    labels = squares((0, 0), (0, 9), (14, 14))
    found = ow.match(reference, labels)
    assert (found.n_matched, found.false_positives, found.false_negatives) == (2, 1, 1)
    assert found.precision == found.recall == found.f1 == pytest.approx(2 / 3)
    assert found.average_precision == 0.5
    assert found.mean_iou == pytest.approx(0.8)
    assert found.panoptic_quality == pytest.approx(2 / 3 * 0.8)
    np.testing.assert_array_equal(found.pairs, [[0, 1, 1], [0, 2, 2]])
    assert [item.n_matched for item in score(reference, labels)] == [2, 2, 2, 1, 1, 1, 1, 1, 1, 1]
    assert "2 of 3 objects" in str(found)


def test_ids_do_not_matter() -> None:
    reference = squares((0, 0), (0, 8))
    labels = np.where(reference == 1, 2**31 + 5, np.where(reference == 2, 7, 0)).astype(np.uint32)
    found = ow.match(reference, labels, iou=1.0)
    assert found.average_precision == 1
    np.testing.assert_array_equal(found.pairs[:, 1:], [[1, 2**31 + 5], [2, 7]])


def test_below_a_half_an_object_is_used_once() -> None:
    # a long reference covered by two halves, and beside it one that shares a half
    reference = np.array([[1, 1, 1, 1, 2, 2]])
    labels = np.array([[1, 1, 2, 2, 2, 2]])
    found = ow.match(reference, labels, iou=0.3)
    assert found.n_matched == 2
    np.testing.assert_array_equal(found.pairs[:, 1:], [[1, 1], [2, 2]])


@pytest.mark.parametrize("iou", [0.2, 0.5, 0.75])
def test_against_all_pairs(iou: float) -> None:
    from scipy.optimize import linear_sum_assignment

    random = np.random.default_rng(0)
    for _ in range(20):
        one, other = random.integers(0, 6, (2, 5, 6))
        n = [np.unique(item[item > 0]).size for item in (one, other)]
        table = np.array(
            [
                [
                    np.sum((one == i) & (other == j)) / max(1, np.sum((one == i) | (other == j)))
                    for j in range(1, 6)
                ]
                for i in range(1, 6)
            ]
        )
        rows, columns = linear_sum_assignment(-((table >= iou) + table / 10 * (table >= iou)))
        expected = table[rows, columns]
        found = ow.match(one, other, iou=iou)
        assert (found.n_reference, found.n_labels) == tuple(n)
        assert found.n_matched == (expected >= iou).sum()
        assert found.overlaps.sum() == pytest.approx(expected[expected >= iou].sum())


def test_nothing_to_find() -> None:
    empty, some = np.zeros((4, 4), int), squares((0, 0))[:4, :4]
    assert ow.match(empty, empty).average_precision == 1
    assert np.isnan(ow.match(empty, empty).precision)
    assert ow.match(empty, some).average_precision == 0
    assert ow.match(some, empty).recall == 0


def test_frames_are_matched_on_their_own() -> None:
    reference = np.stack([squares((0, 0)), squares((8, 8))])
    found = ow.match(reference, reference[::-1], grid=ow.Grid("tyx"))
    assert found.n_matched == 0
    found = ow.match(reference, reference, grid=ow.Grid("tyx"))
    np.testing.assert_array_equal(found.pairs, [[0, 1, 1], [1, 1, 1]])
    assert ow.match(reference, reference[::-1], grid=ow.Grid("zyx"), iou=0.01).n_matched == 0


@pytest.mark.parametrize(
    ("reference", "labels", "options", "sentence"),
    [
        (np.zeros((2, 2)), np.zeros((2, 2), int), {}, "reference must be whole numbers; found float64"),
        (np.zeros((2, 3), int), np.zeros((2, 2), int), {}, r"one shape; found \(2, 3\) and \(2, 2\)"),
        (np.zeros((2, 2), int), np.zeros((2, 2), int), {"iou": 0}, "iou must be above 0"),
        (np.zeros((2, 2, 2), int), np.zeros((2, 2, 2), int), {}, "axes"),
    ],
)
def test_bad_input(reference, labels, options, sentence) -> None:
    with pytest.raises(ValueError, match=sentence):
        ow.match(reference, labels, **options)


def test_on_the_command_line(tmp_path, capsys) -> None:
    for name, labels in (("a", squares((0, 0), (0, 8))), ("b", squares((0, 0), (0, 9)))):
        tifffile.imwrite(tmp_path / f"{name}.tif", labels.astype(np.uint16))
    assert main(["score", str(tmp_path / "a.tif"), str(tmp_path / "b.tif"), "--axes", "yx"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["IoU", "matched", "missed", "wrong", "precision", "recall", "F1", "AP", "PQ"]
    assert lines[1].split()[:4] == ["0.50", "2", "0", "0"]
    assert lines[-2].split()[:4] == ["0.95", "1", "1", "1"]
