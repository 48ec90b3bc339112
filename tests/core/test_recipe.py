"""Recipes: written and read again, every mistake a sentence, histories put together."""

from __future__ import annotations

import json
import math
import tomllib
from importlib.resources import files

import jsonschema
import pytest

import objectwise as ow
from objectwise.core import recipe_file
from objectwise.core.recipe import From, Recipe, Step
from objectwise.core.recipe_file import schema
from objectwise.core.step import Source
from objectwise.recipes import shipped

SHIPPED = sorted(
    item.name.removesuffix(".toml")
    for item in files("objectwise.recipes").iterdir()
    if item.name.endswith(".toml")
)


def everything() -> Recipe:
    """Return a recipe with all that a recipe can hold."""
    return Recipe(
        [
            Step("smooth", "smooth_gaussian", {"image": "cells[DAPI]"}, {"sigma": 0.5}),
            Step("mask", "threshold_auto", {"image": "smooth"}, {"method": "li"}, scope="series"),
            Step("range", "threshold_manual", {"image": "cells[0]"}, {"lower": -math.inf, "upper": 7.5}),
            Step("filled", "fill_holes", {"mask": "mask"}, by_plane=True),
            Step("size", "estimate_diameter", {"mask": "filled"}),
            Step("nuclei", "split_touching", {"mask": "filled"}, {"min_diameter": From("size", 0.5)}),
            Step(
                "grown",
                "watershed_seeded",
                {"image": "smooth", "seeds": "nuclei", "mask": "range"},
                {"lines": True},
            ),
            Step(
                "kinds",
                "cluster_kmeans",
                {"channels": "cells"},
                {"centres": ((1, 2), (3, 4.5)), "scales": (1, 1)},
            ),
            Step(
                "table",
                "measure",
                {"labels": "grown", "images": {"dna": "cells[DAPI]", "smooth one": "smooth"}},
            ),
        ],
        unit="µm",
        notes={"objectwise": "0.1", "edited": {"cells": "0f3a"}},
    )


def toml(step: str = "", head: str = "recipe = 1") -> str:
    step = step or 'id = "mask"\nop = "threshold_auto"\nimage = "nuclei"'
    return f"{head}\n\n[[step]]\n{step}\n"


# --- files ---------------------------------------------------------------------------------------------


def test_a_recipe_is_read_as_it_was_written(tmp_path) -> None:
    recipe = everything()
    recipe.write(tmp_path / "cells.toml")
    again = Recipe.read(tmp_path / "cells.toml")
    assert again == recipe
    assert again.to_toml() == recipe.to_toml()
    assert again.inputs == ("cells",)
    assert again.unit == "um"
    assert again.outputs == ("grown", "kinds", "table")


def test_every_value_is_written_out() -> None:
    data = tomllib.loads(everything().to_toml())
    assert data["step"][0] == {"id": "smooth", "op": "smooth_gaussian", "image": "cells[DAPI]", "sigma": 0.5}
    assert data["step"][1]["objects"] == "bright"
    assert data["step"][1]["scope"] == "series"
    assert "threshold" not in data["step"][1]
    assert data["step"][5]["min_diameter"] == {"from": "size", "times": 0.5}
    assert data["step"][5]["min_neck"] == 0.15
    assert data["step"][3]["by_plane"] is True
    assert "by_plane" not in data["step"][4]


def test_a_scope_without_a_computed_value_survives_too() -> None:
    recipe = Recipe([Step("a", "smooth_gaussian", {"image": "b"}, scope="series")])
    assert Recipe.from_toml(recipe.to_toml()) == recipe


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_recipes_are_written_as_they_would_be(name: str) -> None:
    recipe = shipped(name)
    assert Recipe.from_toml(recipe.to_toml()) == recipe
    text = (files("objectwise.recipes") / f"{name}.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text) == tomllib.loads(recipe.to_toml())


def test_an_unknown_shipped_recipe_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no recipe 'coin' ships with the package \(did you mean 'coins"):
        shipped("coin")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("recipe = ", "not a recipe, as it is not TOML"),
        ("", "not a recipe of format 1: the line 'recipe = 1' is needed, found None"),
        ("recipe = 2", "not a recipe of format 1.*found 2"),
        (
            toml(head="recipe = 1\nsteps = 3"),
            r"unknown key 'steps' \(did you mean 'step'\?\); allowed are recipe, unit",
        ),
        ("recipe = 1", "a recipe needs at least one step"),
        ("recipe = 1\nstep = 3", r"steps are written as \[\[step\]\] tables"),
        (toml(head='recipe = 1\ninputs = "nuclei"'), "inputs must be a list of names; found 'nuclei'"),
        (toml(head="recipe = 1\noutputs = [1]"), r"outputs must be a list of names; found \[1\]"),
        (toml(head="recipe = 1\nnotes = 1"), "notes must be a table; found 1"),
        (toml(head="recipe = 1\nunit = 1"), "unit must be a text; found 1"),
        (
            toml(head='recipe = 1\noutputs = ["maks"]'),
            r"outputs names 'maks', which is no step \(did you mean 'mask'\?\)",
        ),
        (toml('op = "open"'), "step 1: id must be a text; found None"),
        (toml('id = 7\nop = "open"'), "id must be a text; found 7"),
        (toml('id = "a[b"\nop = "open"\nmask = "m"'), r"'a\[b' cannot be a name: use letters"),
        (toml('id = "mask"'), "step 'mask': op, the name of an operation, is missing"),
        (
            toml('id = "mask"\nop = "treshold_auto"'),
            r"step 'mask': there is no operation 'treshold_auto' \(did you mean 'threshold_auto'",
        ),
        (
            toml('id = "mask"\nop = "threshold_auto"'),
            "step 'mask': threshold_auto needs image, one channel of brightness",
        ),
        (
            toml('id = "mask"\nop = "threshold_auto"\nimage = "a"\nmethd = "li"'),
            r"has no parameter 'methd' \(did you mean 'method'\?\)",
        ),
        (
            toml('id = "mask"\nop = "threshold_auto"\nimgae = "a"'),
            r"has no parameter 'imgae' \(did you mean 'image'\?\)",
        ),
        (
            toml('id = "mask"\nop = "threshold_auto"\nimage = "a"\nscop = "plane"'),
            r"no parameter 'scop' \(did you mean 'scope'\?\)",
        ),
        (
            toml('id = "mask"\nop = "threshold_auto"\nimage = "a"\nscope = "movie"'),
            "scope must be one of plane, frame, series; found 'movie'",
        ),
        (
            toml('id = "mask"\nop = "threshold_auto"\nimage = "a"\nby_plane = 1'),
            "by_plane must be true or false; found 1",
        ),
        (
            toml('id = "mask"\nop = "threshold_auto"\nimage = "a"\nmethod = "otzu"'),
            r"method must be one of otsu, .*; found 'otzu' \(did you mean 'otsu'\?\)",
        ),
        (
            toml('id = "a"\nop = "smooth_gaussian"\nimage = "b"\nsigma = -1'),
            "step 'a': sigma must be at least 0; found -1",
        ),
        (
            toml('id = "a"\nop = "smooth_gaussian"\nimage = {red = "b"}'),
            "step 'a': image is one array, a name; found",
        ),
        (toml('id = "a"\nop = "smooth_gaussian"\nimage = "b[0"'), r"'b\[0' names no array"),
        (
            toml('id = "a"\nop = "smooth_gaussian"\nimage = "b"\nsigma = {from = "b", tims = 2}'),
            r"sigma must be a value or \{from = ",
        ),
        (
            toml('id = "a"\nop = "smooth_gaussian"\nimage = "b"\nsigma = {from = "b", times = "x"}'),
            r"sigma must be a value or \{from = ",
        ),
        (
            toml('id = "a"\nop = "smooth_gaussian"\nimage = "b"\nsigma = {from = "b"}'),
            "sigma is taken from 'b', which is not an earlier step that finds a number",
        ),
    ],
)
def test_a_mistake_in_a_file_is_one_sentence(tmp_path, text: str, sentence: str) -> None:
    (tmp_path / "bad.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=sentence) as error:
        Recipe.read(tmp_path / "bad.toml")
    assert str(error.value).startswith("bad.toml: ")
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path) -> None:
    (tmp_path / "image.toml").write_bytes(b"\xff\xfe\x00recipe")
    with pytest.raises(ValueError, match=r"image\.toml is not a recipe: it is not a text file"):
        Recipe.read(tmp_path / "image.toml")
    with pytest.raises(ValueError, match=r"there is no recipe .*nowhere\.toml"):
        Recipe.read(tmp_path / "nowhere.toml")


def test_renamed_parameters_are_read_under_their_new_names(monkeypatch) -> None:
    monkeypatch.setitem(recipe_file.MIGRATIONS, ("smooth_gaussian", "width"), "sigma")
    monkeypatch.setitem(recipe_file.MIGRATIONS, ("smooth_gaussian", "colour"), None)
    text = toml('id = "a"\nop = "smooth_gaussian"\nimage = "b"\nwidth = 3.0\ncolour = "red"')
    assert Recipe.from_toml(text).steps[0].parameters == {"sigma": 3.0}


# --- checks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ([Step("a", "open", {"mask": "b"}), Step("a", "open", {"mask": "b"})], "the name 'a' stands twice"),
        (
            [Step("a", "smooth_gaussian", {"image": "b"}), Step("c", "open", {"mask": "a"})],
            r"step 'c': mask must be mask \(True inside the objects\); 'a' is image",
        ),
        (
            [Step("a", "label_components", {"mask": "b"}), Step("c", "threshold_auto", {"image": "a"})],
            "step 'c': image must be image .*; 'a' is labels",
        ),
        (
            [Step("a", "open", {"mask": "b"}), Step("c", "measure", {"labels": "a"})],
            "labels must be labels .*; 'a' is mask",
        ),
        ([Step("a", "open", {"maks": "b"})], r"open is given mask, not 'maks' \(did you mean 'mask'\?\)"),
        (
            [Step("a", "open", {"mask": "c"}), Step("c", "open", {"mask": "b"})],
            "mask names 'c', which is neither an input nor an earlier step",
        ),
        (
            [
                Step("a", "estimate_diameter", {"mask": "b"}),
                Step("c", "threshold_auto", {"image": "d"}, {"method": From("a")}),
            ],
            "step 'c': method is no number and cannot be taken from 'a'",
        ),
        (
            [
                Step("a", "estimate_diameter", {"mask": "b"}),
                Step("c", "open", {"mask": "b"}, {"radus": From("a")}),
            ],
            r"step 'c': open has no parameter 'radus' \(did you mean 'radius'",
        ),
        (
            [Step("a", "open", {"mask": "b"}, {"radius": From("a")})],
            "radius is taken from 'a', which is not an earlier step",
        ),
    ],
)
def test_steps_that_do_not_fit_are_refused(steps: list[Step], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Recipe(steps)


def test_inputs_that_are_listed_are_all_there_are() -> None:
    with pytest.raises(
        ValueError, match=r"image names 'nuclie', which is neither .* \(did you mean 'nuclei'\?\)"
    ):
        Recipe([Step("a", "threshold_auto", {"image": "nuclie"})], inputs=["nuclei"])
    with pytest.raises(ValueError, match="the name 'a' stands twice"):
        Recipe([Step("a", "threshold_auto", {"image": "b"})], inputs=["a", "b"])


def test_an_input_may_be_labels_through_steps_that_take_masks_too() -> None:
    recipe = Recipe(
        [Step("kept", "clear_border", {"objects": "given"}), Step("table", "measure", {"labels": "kept"})]
    )
    assert recipe.outputs == ("kept", "table")


def test_outputs_are_the_ends_and_the_labels_of_tables() -> None:
    steps = [
        Step("mask", "threshold_auto", {"image": "a"}),
        Step("cells", "label_components", {"mask": "mask"}),
        Step("table", "measure", {"labels": "cells", "images": {"a": "a"}}),
    ]
    assert Recipe(steps).outputs == ("cells", "table")
    assert Recipe(steps[:2]).outputs == ("cells",)
    assert Recipe(steps, outputs=["mask"]).outputs == ("mask",)


@pytest.mark.parametrize(
    ("text", "name", "channel"),
    [("cells", "cells", None), ("cells[DAPI]", "cells", "DAPI"), (" my cells[0] ", "my cells", "0")],
)
def test_a_channel_is_named_in_brackets(text: str, name: str, channel: str | None) -> None:
    assert Source.parse(text) == Source(name, channel)
    assert Source.parse(str(Source(name, channel))) == Source(name, channel)


def test_lengths_and_sizes_are_what_depends_on_the_unit() -> None:
    recipe = Recipe([step for step in everything().steps if step.op != "measure"])
    assert recipe.lengths() == ["smooth.sigma", "nuclei.min_diameter"]
    assert Recipe([Step("a", "smooth_gaussian", {"image": "b"}, {"sigma": 0})]).lengths() == []


# --- the schema ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema())
    json.dumps(schema())
    return jsonschema.Draft202012Validator(schema())


@pytest.mark.parametrize(
    "recipe",
    [everything(), Recipe(ow.find_objects()), *map(shipped, SHIPPED)],
    ids=["everything", "find objects", *SHIPPED],
)
def test_recipes_fulfil_their_schema(validator, recipe: Recipe) -> None:
    validator.validate(tomllib.loads(recipe.to_toml()))


@pytest.mark.parametrize(
    "change",
    [
        {"op": "no_such"},
        {"method": "otzu"},
        {"sigma": 1.0},
        {"image": 3},
        {"image": None},
        {"scope": "movie"},
        {"by_plane": "yes"},
        {"threshold": "high"},
        {"threshold": {"from": "size", "time": 2}},
    ],
)
def test_the_schema_refuses_what_a_recipe_refuses(validator, change: dict) -> None:
    data = tomllib.loads(toml())
    validator.validate(data)
    data["step"][0] |= change
    if data["step"][0]["image"] is None:
        del data["step"][0]["image"]
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(data)


# --- changing and putting together ---------------------------------------------------------------------


def test_the_part_of_a_recipe_that_leads_to_a_result() -> None:
    part = everything().leading_to("nuclei")
    assert [step.id for step in part.steps] == ["smooth", "mask", "filled", "size", "nuclei"]
    assert part.outputs == ("nuclei",)
    assert part.inputs == ("cells",)
    assert [step.id for step in everything().leading_to("range", "smooth").steps] == ["smooth", "range"]
    with pytest.raises(ValueError, match=r"there is no step 'nucli' \(did you mean 'nuclei'\?\)"):
        everything().leading_to("nucli")


def test_a_value_is_changed_and_checked() -> None:
    changed = everything().with_value("smooth", "sigma", 2)
    assert changed.step("smooth").parameters["sigma"] == 2.0
    assert everything().diff(changed) == ["smooth: sigma 0.5 -> 2"]
    assert everything().diff(everything()) == []
    with pytest.raises(ValueError, match="sigma must be at least 0"):
        everything().with_value("smooth", "sigma", -2)
    with pytest.raises(ValueError, match=r"there is no step 'smoth' \(did you mean 'smooth'\?\)"):
        everything().with_value("smoth", "sigma", 2)


def threshold(**choices) -> Recipe:
    return Recipe([Step("mask", "threshold_auto", {"image": "raw"}, **choices)])


def values(*found: float) -> list[dict]:
    return [
        {"step": "mask", "parameter": "threshold", "t": frame, "value": value}
        for frame, value in enumerate(found)
    ]


@pytest.mark.parametrize(
    ("found", "by", "locked"),
    [
        ((5.0,), None, 5.0),
        ((5.0, 5.0), None, 5.0),
        ((5.0, 9.0, 6.0), "median", 6.0),
        ((5.0, 9.0, 6.0), "first", 5.0),
        ((math.nan, 9.0, 7.0), "first", 9.0),
        ((math.nan, 9.0, 7.0), "median", 8.0),
        ((math.nan, 9.0), None, 9.0),
    ],
)
def test_values_that_were_found_are_locked(found: tuple, by: str | None, locked: float) -> None:
    recipe = threshold().lock(values(*found), by)
    assert recipe.steps[0].parameters["threshold"] == locked
    assert Recipe.from_toml(recipe.to_toml()) == recipe
    assert threshold().diff(recipe) == [f"mask: threshold left out -> {locked:g}"]


def test_several_values_need_a_choice() -> None:
    with pytest.raises(
        ValueError,
        match=r"step 'mask': threshold has 3 values from 5.0 to 9.0; say which to lock: by='median'",
    ):
        threshold().lock(values(5.0, 9.0, 6.0))


def test_frames_without_a_threshold_lock_none() -> None:
    assert math.isnan(threshold().lock(values(math.nan, math.nan)).steps[0].parameters["threshold"])


def test_a_value_that_was_given_stays() -> None:
    recipe = threshold(parameters={"threshold": 3.0})
    assert recipe.lock(values(5.0)) == recipe
    assert threshold().lock([{"step": "other", "parameter": "threshold", "value": 1.0}]) == threshold()


def test_centres_are_locked_by_their_median() -> None:
    recipe = Recipe([Step("kinds", "cluster_kmeans", {"channels": "raw"})])
    rows = [
        {"step": "kinds", "parameter": "centres", "value": ((first,), (20.0,))} for first in (1.0, 3.0, 2.0)
    ]
    assert recipe.lock(rows, "median").steps[0].parameters["centres"] == ((2.0,), (20.0,))
    rows[0]["value"] = ((1.0,),)
    with pytest.raises(ValueError, match="centres has 3 values"):
        recipe.lock(rows, "median")


def history(*steps: Step, **choices) -> Recipe:
    return Recipe(steps, **choices)


SMOOTH = Step("smooth", "smooth_gaussian", {"image": "raw"}, {"sigma": 2.0})


def test_a_history_is_put_before_a_recipe() -> None:
    whole = threshold().after({"raw": history(SMOOTH)})
    assert [(step.id, dict(step.inputs)) for step in whole.steps] == [
        ("smooth", {"image": "raw"}),
        ("mask", {"image": "smooth"}),
    ]
    assert whole.inputs == ("raw",)
    assert whole.outputs == ("mask",)


def test_equal_names_are_told_apart() -> None:
    first = history(Step("mask", "threshold_auto", {"image": "raw"}))
    again = Recipe(
        [Step("mask", "open", {"mask": "given"}), Step("cells", "label_components", {"mask": "mask"})]
    )
    whole = again.after({"given": first})
    assert [step.op for step in whole.steps] == ["threshold_auto", "open", "label_components"]
    assert len({step.id for step in whole.steps}) == 3
    assert whole.steps[1].inputs["mask"] == whole.steps[0].id
    assert whole.steps[2].inputs["mask"] == whole.steps[1].id


def test_steps_that_two_histories_share_are_done_once() -> None:
    mask = Step("mask", "threshold_auto", {"image": "smooth"})
    cells = Step("cells", "label_components", {"mask": "mask"})
    recipe = Recipe([Step("grown", "watershed_seeded", {"image": "a", "seeds": "b", "mask": "c"})])
    whole = recipe.after(
        {"a": history(SMOOTH), "b": history(SMOOTH, mask, cells), "c": history(SMOOTH, mask)}
    )
    assert [step.id for step in whole.steps] == ["smooth", "mask", "cells", "grown"]
    assert dict(whole.steps[-1].inputs) == {"image": "smooth", "seeds": "cells", "mask": "mask"}


def test_an_input_named_as_a_step_of_another_history_stays_itself() -> None:
    recipe = Recipe([Step("grown", "watershed_seeded", {"image": "a", "seeds": "b"})])
    labels = history(Step("cells", "label_components", {"mask": "smooth"}))
    whole = recipe.after({"a": history(SMOOTH), "b": labels})
    assert set(whole.inputs) == {"raw", "smooth"}
    cells = whole.step("cells")
    assert cells.inputs["mask"] == "smooth"
    assert whole.step("grown").inputs["image"] != "smooth"


def test_a_number_that_is_taken_from_a_step_follows_it() -> None:
    size = Step("size", "estimate_diameter", {"mask": "given"})
    use = Step("mask", "open", {"mask": "given"}, {"radius": From("size", 0.1)})
    whole = Recipe([size, use]).after({"given": history(Step("size", "threshold_auto", {"image": "raw"}))})
    assert whole.steps[-1].parameters["radius"] == From(whole.steps[1].id, 0.1)
    assert whole.steps[1].op == "estimate_diameter"


def test_a_history_in_another_unit_stays_out() -> None:
    recipe = Recipe([Step("opened", "open", {"mask": "mask"}, {"radius": 0.5})], unit="um")
    pixels = history(SMOOTH, Step("mask", "threshold_auto", {"image": "smooth"}))
    assert recipe.after({"mask": pixels}) == recipe
    without = history(Step("mask", "threshold_auto", {"image": "raw"}))
    assert [step.id for step in recipe.after({"mask": without}).steps] == ["mask", "opened"]
    # without lengths of its own the recipe takes the unit of its history
    plain = Recipe([Step("cells", "label_components", {"mask": "mask"})], unit="um")
    assert plain.after({"mask": pixels}).unit == "pixel"


def test_two_histories_in_two_units_are_never_mixed() -> None:
    recipe = Recipe([Step("grown", "watershed_seeded", {"image": "a", "seeds": "b"})])
    cells = Step("cells", "split_touching", {"mask": "raw mask"}, {"min_diameter": 8.0})
    whole = recipe.after({"a": history(SMOOTH, unit="um"), "b": history(cells, unit="pixel")})
    assert whole.unit == "um"
    assert [step.id for step in whole.steps] == ["smooth", "grown"]
    assert whole.inputs == ("raw", "b")
