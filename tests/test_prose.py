"""A recipe told in words: for the methods section of a paper, and for whoever compares two results."""

from __future__ import annotations

import re

import pytest

import objectwise as ow
from objectwise.cli import main
from objectwise.core.method import methods
from objectwise.prose import done, methods_text
from objectwise.recipes import shipped


def recipe(**values) -> ow.Recipe:
    steps = [
        ow.Step("smooth", "smooth_gaussian", {"image": "nuclei"}, {"sigma": 0.8}),
        ow.Step("mask", "threshold_auto", {"image": "smooth"}, values),
        ow.Step("clean", "remove_small", {"objects": "mask"}, {"min_size": 14}),
        ow.Step("cells", "split_touching", {"mask": "clean"}, {"min_diameter": 5}),
    ]
    return ow.Recipe(steps, unit="um")


def test_a_paragraph_with_values_units_and_sources():
    found = [{"step": "mask", "parameter": "threshold", "t": 0, "value": 107.0}]
    text, software, sources = methods_text(recipe(method="otsu"), found).split("\n\n")
    assert text == (
        "From “nuclei” we smoothed with a Gaussian (sigma 0.8 µm), then separated objects from background at a "
        "brightness found in the histogram (method otsu, threshold 107) [1], then removed objects below a size "
        "(min size 14 µm²). We split touching objects at their necks, and gave each an id (min diameter 5 µm) "
        "[2, 3]."
    )
    assert re.match(r"Software: objectwise \S+, numpy \S+, scipy \S+, scikit-image \S+", software)
    assert sources.startswith("[1] N. Otsu")
    assert len(sources.splitlines()) == 3


def test_a_number_for_each_frame_is_a_range():
    rows = [{"step": "mask", "parameter": "threshold", "t": t, "value": v} for t, v in enumerate((98.0, 120))]
    assert "threshold 98 to 120, found for each frame" in methods_text(recipe(), rows)
    assert "threshold found from the image" in methods_text(recipe())
    assert "14 µm³" in methods_text(recipe(), ndim=3)


def test_a_hand_edit_is_told():
    before = recipe().to_toml()
    edited = ow.Recipe(
        [ow.Step("grown", "expand_labels", {"labels": "my cells"}, {"distance": 2})],
        notes={"edited": {"my cells": {"fingerprint": "1f", "before": before}}},
    )
    text = methods_text(edited)
    assert text.index("smoothed") < text.index("“my cells”, was then corrected by hand") < text.index("grew")


@pytest.mark.parametrize("name", ["coins", "coins_classes", "coins_split", "found"])
def test_shipped_recipes_read_as_sentences(name):
    found = ow.Recipe(ow.find_objects("nuclei"), unit="um")
    text = methods_text(found if name == "found" else shipped(name), software=()).partition("\n\n")[0]
    for sentence in re.split(r"(?<=\.) (?=[A-Z])", text):
        assert re.match(r"(We|From “[^”]+”.* we) \w+", sentence), sentence
    assert "{" not in text
    assert "None" not in text
    assert "_" not in text


def test_every_summary_has_a_past_tense():
    same = {"put", "cut", "split"}
    for method in methods.values():
        verb = method.summary.split()[0].lower()
        past = done(method.summary).split()[0]
        assert past != verb or verb in same, method.name
        # a verb after "and" as well
        second = re.search(r", and (\w+) ", done(method.summary))
        assert second is None or second[1] not in {"give", "keep", "leave", "subtract", "join", "sum"}, (
            method.name
        )


def test_differences_in_words():
    ours, other = recipe(), recipe(method="li", threshold=90)
    assert ours.diff(other) == ["mask: method otsu -> li", "mask: threshold left out -> 90"]
    shorter = ow.Recipe([step for step in ours.steps if step.id != "clean"][:2], unit="um")
    assert ours.diff(shorter) == ["without clean (remove_small)", "without cells (split_touching)"]
    assert shorter.diff(ours) == ["with clean (remove_small)", "with cells (split_touching)"]
    elsewhere = ow.Recipe.from_toml(ours.to_toml().replace("nuclei", "cytoplasm"))
    assert ours.diff(elsewhere) == ["input nuclei -> cytoplasm"]
    # the same steps under other names
    renamed = ow.Recipe.from_toml(ours.to_toml().replace('"mask"', '"bright"'))
    assert ours.diff(renamed) == []


def test_on_the_command_line(capsys, tmp_path):
    recipe(method="li").write(tmp_path / "mine.toml")
    recipe().write(tmp_path / "other.toml")
    assert main(["methods", str(tmp_path / "mine.toml")]) == 0
    assert "method li" in capsys.readouterr().out
    assert main(["diff", str(tmp_path / "mine.toml"), str(tmp_path / "other.toml")]) == 0
    assert capsys.readouterr().out == "mask: method li -> otsu\n"
    assert main(["diff", "coins", "coins"]) == 0
    assert capsys.readouterr().out == "the recipes do the same\n"
