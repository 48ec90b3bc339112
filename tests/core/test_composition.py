"""A composition is offered like an operation, and does what its steps do."""

from __future__ import annotations

import doctest
import inspect
import sys

import numpy as np
import pytest

import objectwise as ow
from objectwise.core.composition import Composition, composition, steps_of
from objectwise.core.method import find_method, methods
from objectwise.core.operation import register
from tests.contract import cases

COMPOSITIONS = [method for method in methods.values() if isinstance(method, Composition)]
each = pytest.mark.parametrize("method", COMPOSITIONS, ids=lambda method: method.name)
BOTH = [(method, n) for method in COMPOSITIONS for n in method.dimensions]
each_in_2d_and_3d = pytest.mark.parametrize(
    ("method", "ndim"), BOTH, ids=lambda item: getattr(item, "name", item)
)


def blobs(ndim: int) -> np.ndarray:
    """Return bright balls on a noisy background."""
    shape = cases.SHAPES[ndim]
    position = np.indices(shape).reshape(ndim, -1).T
    centres = np.array([[n * part for n in shape] for part in (0.25, 0.5, 0.75)])
    centres[1, -1] = 0.8 * shape[-1]
    away = np.sqrt(((position[:, None] - centres) ** 2).sum(axis=2)).min(axis=1).reshape(shape)
    noise = np.random.default_rng(0).normal(0, 2, shape)
    return (100 + 80 * np.clip(5 - away, 0, 1) + noise).astype(np.float32)


# the waves of the contract's image are noise to what looks for objects that stand out
SCENES = {"find_objects": blobs}
MAKE = {"image": cases.image, "mask": cases.mask, "labels": cases.labels, "channels": cases.channels}


def inputs_of(method: Composition, ndim: int) -> list[np.ndarray]:
    scene = SCENES.get(method.name)
    return [(scene or MAKE[item.kind])(ndim) for item in method.inputs if not item.optional]


def grid(ndim: int, spacing: float = 1.0) -> ow.Grid:
    return ow.Grid("zyx"[-ndim:], (spacing,) * ndim)


def test_there_are_some() -> None:
    assert {"find_objects", "find_enclosed", "find_classes_fuzzy"} <= {item.name for item in COMPOSITIONS}
    assert not {item.name for item in COMPOSITIONS} & set(ow.operations)


@each
def test_is_documented(method: Composition) -> None:
    assert method.summary.endswith(".")
    assert len(method.summary) <= 110
    assert all(item.description for item in (*method.inputs, *method.parameters.values()))
    function = method.function
    tests = doctest.DocTestFinder(recurse=False).find(
        function, function.__name__, globs=dict(vars(sys.modules[function.__module__]))
    )
    assert tests[0].examples
    assert (
        doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE).run(tests[0]).failed
        == 0
    )


@each
def test_says_what_it_is_given_and_makes(method: Composition) -> None:
    parameters = inspect.signature(method.function).parameters.values()
    given = [item.name for item in parameters if item.kind is not item.KEYWORD_ONLY]
    assert given == [item.name for item in method.inputs]
    kinds: dict[str, str | None] = {item.name: item.kind for item in method.inputs}
    for step in method.steps:
        sources = {name: kinds.get(pairs[0][1].name) for name, pairs in step.sources().items()}
        kinds[step.id] = step.operation.output_kind(sources)
    assert kinds[method.steps[-1].id] == method.output
    recipe = ow.Recipe(method.steps)
    assert set(recipe.inputs) == {item.name for item in method.inputs if not item.optional}
    assert recipe.outputs[-1] == method.steps[-1].id


@each_in_2d_and_3d
def test_finds_something_and_leaves_its_input_as_it_is(method: Composition, ndim: int) -> None:
    arrays = inputs_of(method, ndim)
    before = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    first, second = (ow.apply(method.name, *arrays, grid=grid(ndim)) for _ in range(2))
    assert first.shape == cases.SHAPES[ndim]
    assert len(np.unique(first)) > 1
    cases.same(first, second)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@each_in_2d_and_3d
def test_default_lengths_count_pixels(method: Composition, ndim: int) -> None:
    arrays = inputs_of(method, ndim)
    plain, fine = (ow.apply(method.name, *arrays, grid=grid(ndim, size)) for size in (1.0, 0.25))
    cases.same(plain, fine)


@each_in_2d_and_3d
@pytest.mark.parametrize("fill", [0.0, 7.0, np.nan])
def test_takes_images_without_content(method: Composition, ndim: int, fill: float) -> None:
    arrays = [
        np.full_like(array, 0 if array.dtype.kind != "f" else fill) for array in inputs_of(method, ndim)
    ]
    found = ow.apply(method.name, *arrays, grid=grid(ndim))
    np.testing.assert_array_equal(found, np.full(found.shape, found.flat[0]))


@each
def test_a_time_lapse_gives_that_of_each_frame(method: Composition) -> None:
    movie = [
        np.stack([array, array[:, ::-1]]) if array.ndim == 2 else array for array in inputs_of(method, 2)
    ]
    if any(item.kind == "channels" for item in method.inputs):
        pytest.skip("a series of channels has other axes")
    found = ow.apply(method.name, *movie, grid=ow.Grid("tyx"))
    for number, frame in enumerate(found):
        cases.same(frame, ow.apply(method.name, *(array[number] for array in movie)))


@each
def test_planes_of_a_volume_can_be_worked_on_alone(method: Composition) -> None:
    arrays = inputs_of(method, 3)
    found = ow.apply(method.name, *arrays, grid=grid(3), by_plane=True)
    assert found.shape == arrays[0].shape


def test_ids_of_steps_make_room_for_names_of_layers() -> None:
    sources = {"image": "mask"}
    steps = steps_of(find_method("find_objects"), "result", sources, {})
    recipe = ow.Recipe(steps)
    assert recipe.inputs == ("mask",)
    assert len({step.id for step in steps}) == len(steps)
    channel = steps_of(find_method("find_objects"), "result", {"image": "cells[DNA]"}, {})
    assert channel[0].inputs["image"] == "cells[DNA]"


def test_a_wrong_value_is_refused() -> None:
    with pytest.raises(ValueError, match="diameter must be above 0"):
        ow.apply("find_objects", cases.image(2), diameter=-1.0)
    with pytest.raises(ValueError, match="did you mean 'diameter'"):
        ow.apply("find_objects", cases.image(2), diametre=3.0)
    with pytest.raises(ValueError, match="did you mean 'find_objects'"):
        ow.apply("find_object", cases.image(2))
    with pytest.raises(ValueError, match="there is no operation 'find_objects'"):
        ow.Recipe([ow.Step("a", "find_objects", {"image": "image"})])


def test_a_function_has_to_be_marked() -> None:
    def nothing() -> None: ...

    with pytest.raises(TypeError, match="nothing is not marked"):
        register("tests", nothing)
    with pytest.raises(ValueError, match="there already"):
        register("tests", composition()(methods["find_objects"].function))
