"""What is read from a signature, what is refused, and in which words."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np
import pytest
from annotated_types import Ge, Gt, Interval, Le, Lt

import objectwise as ow
from objectwise.core.locality import Halo
from objectwise.core.operation import (
    Computed,
    Image,
    Intensity,
    Labels,
    Length,
    Mask,
    Objects,
    Operation,
    Size,
    Value,
    operation,
)
from objectwise.core.parameter import Parameter, nearest
from objectwise.core.statistics import Histogram


def record_of(function) -> Operation:
    return Operation(function=operation(locality=Halo())(function), family="tests", locality=Halo())


def parameter(hint, default=None) -> Parameter:
    def act(image: Image, *, value=default) -> Image:
        return image

    act.__annotations__["value"] = hint
    return record_of(act).parameters["value"]


def find_middle(counts: np.ndarray, values: np.ndarray, share: float) -> float:
    return float(values[0] + share * (values[-1] - values[0])) if len(values) else math.nan


@operation(locality=Halo(), tiny={"radius": 2.0}, title="Do everything")
def everything(
    image: Image,
    objects: Objects,
    seeds: Labels | None = None,
    *,
    radius: Annotated[Length, Ge(0), Lt(50)] = 3.0,
    min_size: Annotated[Size, Gt(0)] = 10.0,
    level: Intensity | None = None,
    n_rounds: Annotated[int, Interval(ge=1, le=9)] = 2,
    share: Annotated[float, Ge(0), Le(1)] = 0.5,
    method: Literal["quick", "slow"] = "quick",
    keep: bool = True,
    name: str = "a",
    weights: tuple[float, ...] = (1.0, 2.0),
    middle: Annotated[Computed[Intensity], Histogram(find_middle)] = None,
    spacing: tuple[float, ...] | None = None,
) -> Objects:
    """Do everything that a signature can say.

    Parameters
    ----------
    image : array
        One channel.
    objects : array
        A mask or
        labels.
    seeds : array, optional
        Ids.
    radius, min_size : float
        Two lengths
        together.
    """
    return objects


RECORD = Operation(function=everything, family="tests", **everything.__method__.keywords)


def test_a_record_is_read_from_the_signature() -> None:
    assert RECORD.name == "everything"
    assert RECORD.label == "Do everything"
    assert RECORD.summary == "Do everything that a signature can say."
    assert [(item.name, item.kind, item.optional) for item in RECORD.inputs] == [
        ("image", "image", False),
        ("objects", "objects", False),
        ("seeds", "labels", True),
    ]
    assert RECORD.inputs[1].description == "A mask or labels."
    assert RECORD.given == {"spacing"}
    assert "spacing" not in RECORD.parameters
    assert (
        RECORD.parameters["radius"].description
        == RECORD.parameters["min_size"].description
        == "Two lengths together."
    )
    assert RECORD.output == "objects"
    assert not RECORD.creates_ids
    assert not RECORD.by_channel
    assert [item.name for item in RECORD.computed] == ["middle"]
    assert RECORD(1, objects=2) == 2


def test_bounds_types_and_units_are_read_from_annotations() -> None:
    found = {name: (item.type, item.bounds) for name, item in RECORD.parameters.items()}
    assert found == {
        "radius": (float, "at least 0 and below 50"),
        "min_size": (float, "above 0"),
        "level": (float, ""),
        "n_rounds": (int, "at least 1 and at most 9"),
        "share": (float, "at least 0 and at most 1"),
        "method": (str, "one of quick, slow"),
        "keep": (bool, ""),
        "name": (str, ""),
        "weights": (tuple, ""),
        "middle": (float, ""),
    }
    units = {name: item.unit.text("um", 3) for name, item in RECORD.parameters.items() if item.unit}
    assert units == {"radius": "um", "min_size": "um^3", "level": "intensity", "middle": "intensity"}
    assert [name for name, item in RECORD.parameters.items() if item.optional] == ["level", "middle"]


def test_the_kind_of_the_result_may_be_that_of_an_input() -> None:
    assert RECORD.output_kind({"objects": "labels"}) == "labels"
    assert RECORD.output_kind({"objects": "mask", "image": "image"}) == "mask"
    assert RECORD.output_kind({"objects": None}) is None
    assert ow.operations["label_components"].output_kind({}) == "labels"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("radius", -1, "here: radius must be at least 0 and below 50; found -1"),
        ("radius", 50, "below 50; found 50"),
        ("radius", "wide", "radius must be a number; found 'wide'"),
        ("radius", True, "radius must be a number; found True"),
        ("radius", [1], r"radius must be a number; found \[1\]"),
        ("radius", math.nan, "radius must be a number; found nan"),
        ("radius", math.inf, "radius must be a number; found inf"),
        ("radius", None, "radius must be given; allowed is at least 0"),
        ("min_size", 0, "min_size must be above 0; found 0"),
        ("level", math.nan, "level must be a number; found nan"),
        ("n_rounds", 2.5, "n_rounds must be a whole number; found 2.5"),
        ("n_rounds", math.inf, "n_rounds must be a whole number; found inf"),
        ("n_rounds", 10, "at most 9; found 10"),
        ("method", "slwo", r"method must be one of quick, slow; found 'slwo' \(did you mean 'slow'\?\)"),
        ("method", 3, "method must be a text; found 3"),
        ("keep", "maybe", "keep must be true or false; found 'maybe'"),
        ("keep", 2, "keep must be true or false; found 2"),
        ("name", 7, "name must be a text; found 7"),
        ("weights", 3, "weights must be a list of numbers; found 3"),
        ("weights", "1, two", "weights must be a list of numbers; found 1, two"),
        ("weights", [[1, 2], [3]], "weights must be a list"),
        ("weights", [{}], "weights must be a list"),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(name: str, value: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as error:
        RECORD.check({name: value}, "here")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("radius", "2.5", 2.5),
        ("radius", 3, 3.0),
        ("radius", np.float32(0.5), 0.5),
        ("level", None, None),
        ("level", "none", None),
        ("level", -math.inf, -math.inf),
        ("n_rounds", "3", 3),
        ("n_rounds", 3.0, 3),
        ("n_rounds", np.uint8(4), 4),
        ("keep", "No", False),
        ("keep", "true", True),
        ("keep", np.True_, True),
        ("keep", 0, False),
        ("weights", [1, 2], (1, 2)),
        ("weights", "0.5, 2", (0.5, 2)),
        ("weights", "[[1, 2], [3, 4]]", ((1, 2), (3, 4))),
        ("weights", np.array([[1.0], [2.0]]), ((1.0,), (2.0,))),
        ("weights", "1, .5,", (1, 0.5)),
        ("weights", (), ()),
        ("middle", math.nan, math.nan),
        ("middle", None, None),
    ],
)
def test_a_value_is_taken_from_python_a_file_or_the_command_line(
    name: str, value: object, meant: object
) -> None:
    found = RECORD.check({name: value})[name]
    assert type(found) is type(meant)
    assert found == meant or (math.isnan(found) and math.isnan(meant))


def test_what_is_left_out_has_its_default() -> None:
    values = RECORD.check({})
    assert values == {
        "radius": 3.0,
        "min_size": 10.0,
        "level": None,
        "n_rounds": 2,
        "share": 0.5,
        "method": "quick",
        "keep": True,
        "name": "a",
        "weights": (1.0, 2.0),
        "middle": None,
    }


def test_an_unknown_parameter_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        ValueError, match=r"step 'a': everything has no parameter 'raduis' \(did you mean 'radius'\?\)"
    ):
        RECORD.check({"raduis": 1}, "step 'a'")
    with pytest.raises(ValueError, match="it has connectivity"):
        ow.operations["label_components"].check({"zzz": 1})


def test_an_unknown_operation_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        ValueError, match=r"there is no operation 'split_touchign' \(did you mean 'split_touching'\?\)"
    ):
        ow.apply("split_touchign", np.zeros((3, 3)))
    assert nearest("xyzzy", ["open", "close"]) == ""


@pytest.mark.parametrize(
    ("name", "spacing", "default"),
    [
        ("radius", (0.5, 0.5), 1.5),
        ("radius", (2.0, 0.25, 0.5), 0.75),
        ("min_size", (0.5, 0.2), 1.0),
        ("min_size", (2.0, 0.5, 0.5), 5.0),
        ("radius", (1 / 3, 1 / 3), 1.0),
        ("level", (0.5, 0.5), None),
        ("n_rounds", (0.5, 0.5), 2),
        ("weights", (0.5, 0.5), (1.0, 2.0)),
    ],
)
def test_the_default_of_a_length_is_in_pixels_of_the_image(
    name: str, spacing: tuple, default: object
) -> None:
    assert RECORD.parameters[name].default_at(spacing) == default


@pytest.mark.parametrize("name", ["id", "op", "scope", "by_plane"])
def test_the_keys_of_a_step_are_no_parameters(name: str) -> None:
    namespace: dict = {"Image": Image}
    exec(f"def act(image: Image, *, {name}: float = 1.0) -> Image:\n    return image", namespace)
    with pytest.raises(TypeError, match=f"{name} is a key of a step"):
        _ = record_of(namespace["act"]).parameters


@pytest.mark.parametrize("hint", [list, dict[str, float], np.ndarray, complex])
def test_a_parameter_of_another_type_is_refused(hint: type) -> None:
    with pytest.raises(TypeError, match="a parameter is a float, int, bool, str, Literal or tuple"):
        parameter(hint)


def test_a_parameter_has_one_type() -> None:
    with pytest.raises(TypeError, match="has one type"):
        parameter(int | str | None)


def test_a_parameter_without_a_type_is_refused() -> None:
    def act(image: Image, *, value=1.0) -> Image:
        return image

    with pytest.raises(TypeError, match="value has no type"):
        _ = record_of(act).parameters


def test_a_number_that_is_found_has_a_unit() -> None:
    def measure_it(mask: Mask) -> Value:
        return 1.0

    assert record_of(measure_it).output == "value"
    assert record_of(measure_it).output_unit is None
    assert ow.operations["estimate_diameter"].output_unit.name == "length"


def test_only_marked_functions_are_registered_once(registered) -> None:
    with pytest.raises(TypeError, match="nearest is not marked with @operation"):
        ow.register("tests", nearest)
    ow.register("tests", everything)
    assert registered["everything"].family == "tests"
    with pytest.raises(ValueError, match="'everything' is there already"):
        ow.register("tests", everything)


def test_marking_returns_the_function_itself() -> None:
    def act(image: Image) -> Image:
        return image

    assert operation(locality=Halo())(act) is act
    assert act(3) == 3


def test_an_optional_parameter_that_is_switched_off_is_written(registered) -> None:
    @operation(locality=Halo())
    def cut(image: Image, *, upper: Intensity | None = 9.0) -> Mask:
        """Cut."""
        return image <= upper if upper is not None else np.ones(image.shape, bool)

    ow.register("tests", cut)
    for value in (None, 5.0):
        recipe = ow.Recipe([ow.Step("mask", "cut", {"image": "a"}, {"upper": value})])
        assert ow.Recipe.from_toml(recipe.to_toml()).steps[0].parameters == {"upper": value}
