"""Conditions choose the rows that a person means, and a text can do nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from objectwise.core.conditions import completions, matching, quoted, word_at

TABLE = {
    "frame": np.array([0, 0, 1, 1]),
    "label": np.array([1, 2, 1, 7]),
    "area": np.array([10.0, 60.0, np.nan, 80.0]),
    "mean_Cy5 (far)": np.array([1.0, 2.0, 3.0, 4.0]),
    "touches_border": np.array([True, False, False, True]),
    "class": np.array(["a", "b", "b", "a"], object),
}


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("area > 50", [1, 3]),
        ("area > 50 and frame == 1", [3]),
        ("area > 50 AND NOT touches_border", [1]),
        ("10 <= area < 80", [0, 1]),
        ("label = 1", [0, 2]),
        ("not (label == 1) or area < 20", [0, 1, 3]),
        ("area / 2 + label ** 2 > 40", [3]),
        ("-area < -70", [3]),
        ("`mean_Cy5 (far)` >= 3", [2, 3]),
        ("touches_border", [0, 3]),
        ("touches_border == False", [1, 2]),
        ("`class` == 'a' and area > 50", [3]),
        ("area != 10", [1, 3]),
        ("isnan(area)", [2]),
        ("not isnan(area)", [0, 1, 3]),
        ("area >= median(area)", [1, 3]),
        ("area >= percentile(area, 100)", [3]),
        ("area > mean(area) + 0.5 * sd(area)", [3]),
        ("log10(area) > 1.5", [1, 3]),
        ("area / 0 > 5", [0, 1, 3]),
        ("1 > 0", [0, 1, 2, 3]),
        ("area == area", [0, 1, 3]),
    ],
)
def test_conditions(text, rows):
    assert np.flatnonzero(matching(text, TABLE)).tolist() == rows


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("aera > 5", "no column 'aera'.*did you mean 'area'"),
        ("area >", "not a condition yet"),
        ("area", "Say what area is compared with"),
        ("area and label > 3", "Say what area is compared with"),
        ("(area > 3) & (label > 2)", "Write and instead of &"),
        ("area > 'a'", "Texts and numbers"),
        ("`class` + 1 > 2", "Texts and numbers"),
        ("__import__('os').system('true')", "no function"),
        ("area.__class__ > 3", "columns, numbers, comparisons"),
        ("[area > 3 for area in label]", "columns, numbers"),
        ("(lambda: 1)() > 0", "no function"),
        ("area[0] > 3", "columns, numbers"),
        ("area // 2 > 3", "Only"),
        ("f'{area}' == 'a'", "columns, numbers"),
        ("percentile(area, 101) > 3", "from 0 to 100"),
        ("median(area, 3) > 3", "takes 1 value"),
        ("area > 3j", "not a number"),
        ("(" * 300 + "area" + ")" * 300 + " > 3", "not a condition"),
        ("a" * 3000, "too long"),
        ("area in label", "Compare by"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(text, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        matching(text, TABLE)
    assert "\n" not in str(error.value)


def test_a_giant_number_ends_at_once():
    assert matching("area < 9**9**9**9", TABLE).tolist() == [True, True, False, True]


def test_against_pandas():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(500, 3)), columns=["a", "b", "c"])
    text = "a > 0.2 and (b + c) * 2 < a or c ** 2 > 1.5"
    columns = {name: frame[name].to_numpy() for name in frame}
    assert np.array_equal(matching(text, columns), frame.eval(text).to_numpy())


def test_an_empty_table():
    assert matching("area > 3", {"area": np.zeros(0)}).shape == (0,)


def test_completing():
    names = ["area", "area_convex", "intensity_mean_DNA", "mean_Cy5 (far)"]
    assert word_at("area > 3 and inten", 18) == (13, "inten")
    assert completions("inten", names) == ["intensity_mean_DNA"]
    assert completions("mean", names) == ["`mean_Cy5 (far)`", "intensity_mean_DNA", "mean("]
    assert completions("`mean_C", names) == ["`mean_Cy5 (far)`"]
    assert completions("", names) == []
    assert quoted("class") == "`class`"
