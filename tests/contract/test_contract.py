"""The promises that every operation keeps, asked of each of them in the same words."""

from __future__ import annotations

import doctest
import inspect
import sys
from collections.abc import Mapping

import numpy as np
import pytest

import objectwise as ow
from objectwise.core.operation import KINDS, Operation
from tests.contract import cases
from tests.contract.conftest import OPERATIONS

DTYPES = {"mask": "?", "labels": "i", "classes": "B", "image": "f", "channels": "f"}


def test_defaults_are_within_bounds(record: Operation) -> None:
    values = record.check({})
    assert set(values) == set(record.parameters)
    for parameter in record.parameters.values():
        if not parameter.optional:
            assert values[parameter.name] is not None, f"{parameter.name} has no default"


def test_is_documented(record: Operation) -> None:
    assert record.summary.endswith(".")
    assert "\n" not in record.summary
    assert len(record.summary) <= 110
    for item in record.inputs:
        assert item.description, f"{item.name} is not described"
        assert item.kind in KINDS
    for parameter in record.parameters.values():
        assert parameter.description, f"{parameter.name} is not described"
    assert record.doc.returns is not None
    assert record.doc.returns.description


def test_says_everything_in_its_signature(record: Operation) -> None:
    parameters = inspect.signature(record.function).parameters.values()
    arrays = [item for item in parameters if item.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert [item.name for item in arrays] == [item.name for item in record.inputs]
    assert not any(item.kind in (item.VAR_KEYWORD, item.VAR_POSITIONAL) for item in parameters)


def test_example_in_the_docstring_runs(record: Operation) -> None:
    function = record.function
    finder = doctest.DocTestFinder(recurse=False)
    tests = finder.find(function, function.__name__, globs=dict(vars(sys.modules[function.__module__])))
    assert tests
    assert tests[0].examples, f"{record.name} has no example"
    result = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE).run(tests[0])
    assert result.failed == 0


def test_leaves_read_only_input_as_it_is(record: Operation, ndim: int) -> None:
    inputs = cases.arrays(record, ndim, optional=True)
    for value in _flat(inputs):
        value.flags.writeable = False
    before = [value.copy() for value in _flat(inputs)]
    cases.apply(record, inputs)
    result = record.function(**inputs, **_plain_values(record, ndim))
    for value, copy in zip(_flat(inputs), before, strict=True):
        np.testing.assert_array_equal(value, copy)
        if isinstance(result, np.ndarray):
            assert not np.shares_memory(result, value)


def test_returns_the_declared_kind(record: Operation, ndim: int) -> None:
    result = cases.apply(record, cases.arrays(record, ndim))
    if record.output == "value":
        assert isinstance(result, float)
    elif record.output == "table":
        assert list(result.frame.columns[:2]) == ["frame", "label"]
    else:
        kind = record.output_kind({item.name: "labels" for item in record.inputs})
        assert result.dtype.char in DTYPES[kind] or result.dtype.kind == DTYPES[kind]
        outer = (len(record.channels(**record.check(dict(record.tiny)))),) if record.channels else ()
        assert result.shape == outer + cases.SHAPES[ndim]


def test_gives_the_same_twice(record: Operation, ndim: int) -> None:
    inputs = cases.arrays(record, ndim)
    cases.same(cases.apply(record, inputs), cases.apply(record, inputs))


def test_does_something_on_the_test_image(record: Operation, ndim: int) -> None:
    inputs = cases.arrays(record, ndim)
    result = cases.apply(record, inputs)
    if isinstance(result, np.ndarray):
        assert len(np.unique(result)) > 1
        first = inputs[record.inputs[0].name]
        assert result.shape != first.shape or not np.array_equal(result, first)
    elif record.output == "value":
        assert result > 0
    else:
        assert len(result.frame) > (3 if record.rows.each == "object" else 0)


@pytest.mark.parametrize("what", ["blank", "constant", "one pixel", "nan", "empty"])
def test_takes_images_without_content(record: Operation, ndim: int, what: str) -> None:
    shape = {"one pixel": (1,) * ndim, "empty": (0, *cases.SHAPES[ndim][1:])}.get(what, cases.SHAPES[ndim])
    fill = {"blank": 0, "constant": 7, "one pixel": 3, "nan": np.nan, "empty": 0}[what]

    def plain(value: np.ndarray, kind: str) -> np.ndarray:
        full = (len(value), *shape) if kind == "channels" else shape
        if value.dtype.kind == "f":
            return np.full(full, fill, value.dtype)
        return np.full(
            full, 0 if what == "nan" else bool(fill) if value.dtype == bool else min(fill, 1), value.dtype
        )

    inputs = {}
    for item in record.inputs:
        value = cases.arrays(record, ndim, optional=True)[item.name]
        if isinstance(value, Mapping):
            inputs[item.name] = {name: plain(each, "image") for name, each in value.items()}
        else:
            inputs[item.name] = plain(value, item.kind)
    result = cases.apply(record, inputs)
    if isinstance(result, np.ndarray):
        assert result.shape[-ndim:] == shape
        # what is the same everywhere stays the same everywhere
        for channel in result if record.output == "channels" else [result]:
            if result.size:
                np.testing.assert_array_equal(channel, np.full(shape, channel.flat[0]))
    elif record.output == "value":
        assert result >= 0
    elif record.rows.labelled:
        assert len(result.frame) == (what in ("constant", "one pixel"))
    else:
        # there is a row for a frame without objects too
        assert len(result.frame) == len(cases.apply(record, cases.arrays(record, ndim)).frame)


@pytest.mark.parametrize("layout", ["fortran", "strided", "reversed", "big-endian"])
def test_does_not_care_for_the_layout(record: Operation, ndim: int, layout: str) -> None:
    def changed(value: np.ndarray) -> np.ndarray:
        if layout == "fortran":
            return np.asfortranarray(value)
        if layout == "strided":
            return np.repeat(value, 2, axis=-1)[..., ::2]
        if layout == "reversed":
            return value[..., ::-1].copy()[..., ::-1]
        return value.astype(value.dtype.newbyteorder(">"))

    inputs = cases.arrays(record, ndim, optional=True)
    cases.same(cases.apply(record, inputs), cases.apply(record, _mapped(inputs, changed)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32, np.float64])
def test_integers_and_floats_agree(record: Operation, ndim: int, dtype: type) -> None:
    inputs = {
        name: _mapped_one(value, lambda a: np.round(a) if a.dtype.kind == "f" else a)
        for name, value in cases.arrays(record, ndim).items()
    }
    other = {
        name: _mapped_one(value, lambda a: a.astype(dtype) if a.dtype.kind == "f" else a)
        for name, value in inputs.items()
    }
    # what is computed from floats comes from 65,536 bins, so both are given the same
    locked = cases.computed(record, inputs)
    cases.same(cases.apply(record, inputs, **locked), cases.apply(record, other, **locked), 1e-6)


def test_keeps_ids_with_gaps(record: Operation, ndim: int) -> None:
    names = [item.name for item in record.inputs if item.kind in ("labels", "objects")]
    if not names:
        pytest.skip("is given no labels")
    inputs = cases.arrays(record, ndim)
    n = int(inputs[names[0]].max())
    ids = np.concatenate(
        [[0], np.sort(np.random.default_rng(5).choice(2**31 - 1, n, replace=False)) + 2**30]
    ).astype(np.uint32)
    plain = cases.apply(record, inputs)
    gaps = cases.apply(record, {**inputs, names[0]: ids[inputs[names[0]]]})
    if record.output == "table" and record.rows.each == "object":
        np.testing.assert_array_equal(gaps.frame["label"], ids[plain.frame["label"].to_numpy()])
    elif record.creates_ids:
        cases.same(plain, gaps)
    elif record.output in ("labels", "objects"):
        # what is new beside objects that keep their ids comes after the highest
        n_new = max(0, int(plain.max()) - n)
        ids = np.concatenate([ids, ids[-1] + np.arange(1, n_new + 1, dtype=ids.dtype)])
        np.testing.assert_array_equal(gaps, ids[plain])
    else:
        cases.same(plain, gaps)


def test_refuses_other_dimensions(record: Operation) -> None:
    one = {item.name: np.zeros(5) for item in record.inputs if not item.optional}
    with pytest.raises(ValueError, match="axes"):
        ow.apply(record.name, **one)
    if record.dimensions == (2,):
        with pytest.raises(ValueError, match="by_plane"):
            cases.apply(record, cases.arrays(record, 3))


@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_lengths_are_physical(record: Operation, ndim: int, factor: float) -> None:
    spacing = (1.5, 0.5, 0.5)[-ndim:]
    scaled, values = {}, record.check(dict(record.tiny))
    for name, parameter in record.parameters.items():
        power = parameter.unit.exponent(ndim) if parameter.unit else 0
        if power and values[name] is not None:
            scaled[name] = values[name] * factor**power
    inputs = cases.arrays(record, ndim, optional=True)
    plain = cases.apply(record, inputs, spacing, **{name: values[name] for name in scaled})
    larger = cases.apply(record, inputs, tuple(step * factor for step in spacing), **scaled)
    if record.output == "value":
        assert larger == pytest.approx(plain * factor)
    elif record.output_unit is not None:
        cases.same(plain * factor ** record.output_unit.exponent(ndim), larger)
    elif record.output != "table":
        cases.same(plain, larger)


@pytest.mark.parametrize("move", ["mirror", "swap"])
def test_mirrored_inputs_give_mirrored_results(record: Operation, ndim: int, move: str) -> None:
    def moved(value: np.ndarray) -> np.ndarray:
        return value[..., ::-1].copy() if move == "mirror" else np.swapaxes(value, -1, -2).copy()

    inputs = cases.arrays(record, ndim)
    plain, other = cases.apply(record, inputs), cases.apply(record, _mapped(inputs, moved))
    if record.output == "table":
        assert len(plain.frame) == len(other.frame)
    elif record.output == "value":
        assert other == pytest.approx(plain, rel=1e-5)
    elif record.creates_ids:
        _same_partition(moved(plain), other)
    else:
        cases.same(moved(plain), other, 1e-6)


def test_axes_may_stand_in_any_order(record: Operation, ndim: int) -> None:
    inputs = cases.arrays(record, ndim)
    plain = cases.apply(record, inputs, (1.0, 0.5, 0.25)[-ndim:])
    turned = {name: _mapped_one(value, lambda a: np.swapaxes(a, -1, -2)) for name, value in inputs.items()}
    axes = "zxy"[-ndim:] if ndim == 3 else "xy"
    other = cases.apply(record, turned, (1.0, 0.25, 0.5)[-ndim:], axes=axes)
    cases.same(plain, np.swapaxes(other, -1, -2) if isinstance(other, np.ndarray) else other)


def test_a_series_is_its_frames(record: Operation, ndim: int) -> None:
    frames = [cases.arrays(record, ndim, seed) for seed in (0, 3)]
    series = {
        name: {key: np.stack([f[name][key] for f in frames]) for key in value}
        if isinstance(value, Mapping)
        else np.stack([f[name] for f in frames])
        for name, value in frames[0].items()
    }
    channel = "c" if record.inputs[0].kind == "channels" else ""
    grid = ow.Grid("t" + channel + "zyx"[-ndim:])
    together = ow.apply(record.name, grid=grid, **series, **record.tiny)
    for number, inputs in enumerate(frames):
        alone = cases.apply(record, inputs)
        if record.output == "table":
            rows = (
                together.frame[together.frame["frame"] == number].drop(columns="frame").reset_index(drop=True)
            )
            assert rows.equals(alone.frame.drop(columns="frame").reset_index(drop=True))
        else:
            cases.same(alone, together[number])


def test_reads_a_lazy_series_block_by_block(record: Operation) -> None:
    class Counted:
        """An array that counts what is read of it."""

        def __init__(self, array: np.ndarray) -> None:
            self.array, self.shape, self.dtype, self.ndim = array, array.shape, array.dtype, array.ndim
            self.largest = self.reads = 0

        def __getitem__(self, where: object) -> np.ndarray:
            part = self.array[where]
            self.largest, self.reads = max(self.largest, part.size), self.reads + 1
            return part

    frame = cases.arrays(record, 2)
    channel = record.inputs[0].kind == "channels"
    grid = ow.Grid("tcyx" if channel else "tyx")
    sources = {}
    for name, value in frame.items():
        if isinstance(value, Mapping):
            sources[name] = {
                key: (Counted(np.stack([each] * 3)), ow.Grid("tyx")) for key, each in value.items()
            }
        else:
            sources[name] = (Counted(np.stack([value] * 3)), grid)
    ow.apply(record.name, **sources, **record.tiny)
    for value in sources.values():
        for counted, _ in value.values() if isinstance(value, Mapping) else [value]:
            assert counted.largest <= counted.array[0].size
            # once for the result, and once for each number that is computed first
            assert counted.reads <= 3 * (1 + 2 * len(record.computed))


def test_values_survive_a_recipe(record: Operation) -> None:
    wired = {
        item.name: {"a": "in_a"} if item.kind == "images" else f"in_{item.name}"
        for item in record.inputs
        if not item.optional
    }
    off = {name: None for name, parameter in record.parameters.items() if parameter.optional}
    for values in ({}, dict(record.tiny), off):
        recipe = ow.Recipe([ow.Step("result", record.name, wired, values)], unit="um")
        again = ow.Recipe.from_toml(recipe.to_toml())
        assert again == recipe
        assert again.steps[0].parameters == record.check(values)


def test_exceptions_are_few_and_explained() -> None:
    promises = [name for name in globals() if name.startswith("test_")]
    declared = [(record.name, promise) for record in OPERATIONS for promise in record.exceptions]
    for name, promise in declared:
        assert f"test_{promise}" in promises or promise == "tiled_equals_whole", (
            f"{name} excepts an unknown promise {promise}"
        )
        assert len(ow.operations[name].exceptions[promise]) > 20
    assert len(declared) <= 0.15 * len(OPERATIONS) * len(promises)


def _flat(inputs: Mapping) -> list[np.ndarray]:
    return [
        each
        for value in inputs.values()
        for each in (value.values() if isinstance(value, Mapping) else [value])
    ]


def _mapped_one(value, function):
    return (
        {key: function(each) for key, each in value.items()}
        if isinstance(value, Mapping)
        else function(value)
    )


def _mapped(inputs: Mapping, function) -> dict:
    return {name: _mapped_one(value, function) for name, value in inputs.items()}


def _plain_values(record: Operation, ndim: int) -> dict:
    given = {"grid": ow.Grid("zyx"[-ndim:])} if "grid" in record.given else {}
    return {**record.check(dict(record.tiny)), **given}


def _same_partition(first: np.ndarray, second: np.ndarray) -> None:
    """Assert that two labels images hold the same objects, whatever their ids."""
    np.testing.assert_array_equal(first > 0, second > 0)
    pairs = np.unique(np.stack([first.ravel(), second.ravel()]), axis=1)
    assert len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]
