"""Forms keep every value of every operation, None included."""

from __future__ import annotations

import math

import pytest

import objectwise as ow
from objectwise.core.grid import Grid
from objectwise.core.operation import operations
from objectwise.core.recipe import Step
from objectwise.gui.forms.fields import Groups, Kept, Number, title_of
from objectwise.gui.forms.form import Form
from objectwise.measure.families import groups, groups_by_default

NAMES = sorted(operations)
pytestmark = pytest.mark.usefixtures("qapp")


def other_value(parameter):
    """Return a value that is neither the default nor one that a box would show as it is."""
    if parameter.choices:
        return parameter.choices[-1]
    if parameter.type is bool:
        return not parameter.default
    if parameter.type is tuple:
        return (
            ((1.0, 2.0),)
            if parameter.name == "centres"
            else ("size",)
            if parameter.name == "features"
            else (1.5,)
        )
    if parameter.type is str:
        return "text"
    low = parameter.minimum if parameter.minimum is not None else parameter.above or 0
    limits = [limit for limit in (parameter.maximum, parameter.below) if limit is not None]
    high = min(limits, default=1000)
    return low + 1 if parameter.type is int else low + (high - low) / math.pi


@pytest.mark.parametrize("name", NAMES)
def test_a_new_form_has_the_defaults(name):
    record = operations[name]
    assert Form(record).values() == {key: item.default for key, item in record.parameters.items()}


@pytest.mark.parametrize("name", NAMES)
def test_every_value_survives_the_form(name):
    record = operations[name]
    form = Form(record)
    given = {key: other_value(item) for key, item in record.parameters.items()}
    form.show_step(Step("step", name, {}, given))
    assert form.step("step", {}).parameters == given
    for key, item in record.parameters.items():
        if item.optional:
            form.show_values({key: None})
            assert form.values()[key] is None
            form.show_values({key: given[key]})
            assert form.values()[key] == given[key]


@pytest.mark.parametrize("name", NAMES)
def test_values_of_a_form_are_allowed(name):
    record = operations[name]
    form = Form(record)
    form.calibrate(Grid("yx", (0.3, 0.3), "um"))
    record.check(form.values())


def test_every_parameter_has_a_row_with_its_description():
    for record in operations.values():
        form = Form(record)
        assert list(form.fields) == list(record.parameters)
        for field in form.fields.values():
            assert field.title.value
            assert field.parameter.description
            if not isinstance(field, Kept):
                assert field.widget.tooltip == field.parameter.description


def test_lengths_start_at_pixels_of_the_layer():
    form = Form(operations["smooth_gaussian"])
    form.calibrate(Grid("zyx", (2.0, 0.325, 0.325), "um"))
    assert form.fields["sigma"].title.value == "Sigma (um)"
    assert form.values()["sigma"] == pytest.approx(0.325)
    form.calibrate(Grid("yx", (50.0, 50.0), "nm"))
    assert form.fields["sigma"].title.value == "Sigma (nm)"
    assert form.values()["sigma"] == pytest.approx(50)


def test_sizes_start_at_so_many_pixels():
    form = Form(operations["remove_small"])
    form.calibrate(Grid("zyx", (2.0, 0.5, 0.5), "um"))
    assert form.fields["min_size"].title.value == "Min size (um^3)"
    assert form.values()["min_size"] == pytest.approx(64 * 0.5)
    form.calibrate(Grid("yx", (0.5, 0.5), "um"))
    assert form.fields["min_size"].title.value == "Min size (um^2)"
    assert form.values()["min_size"] == pytest.approx(16)


def test_a_typed_length_stays_while_the_unit_stays():
    form = Form(operations["smooth_gaussian"])
    form.calibrate(Grid("yx", (0.5, 0.5), "um"))
    form.fields["sigma"].widget.value = 1.25
    form.calibrate(Grid("yx", (0.1, 0.1), "um"))
    assert form.values()["sigma"] == 1.25
    form.calibrate(Grid("yx", (100.0, 100.0), "nm"))
    assert form.values()["sigma"] == 100


def test_a_small_pixel_gets_enough_decimals():
    form = Form(operations["smooth_gaussian"])
    form.calibrate(Grid("yx", (0.0004, 0.0004), "mm"))
    assert form.fields["sigma"].widget.value == pytest.approx(0.0004)
    assert 0 < form.fields["sigma"].widget.step <= 0.0004


def test_auto_is_a_box_beside_the_number():
    form = Form(operations["threshold_auto"])
    field = form.fields["threshold"]
    assert isinstance(field, Number)
    assert field.left_out.text == "auto"
    assert not field.widget.enabled
    field.suggest(107.0)
    assert form.values()["threshold"] is None
    field.left_out.value = False
    assert field.widget.enabled
    assert form.values()["threshold"] == 107


def test_zero_is_not_left_out():
    form = Form(operations["threshold_manual"])
    form.show_values({"lower": None, "upper": 0.0})
    assert form.values() == {"lower": None, "upper": 0.0}


def test_an_edit_is_told_once_and_by_the_user_marks_the_field():
    form, heard = Form(operations["threshold_auto"]), []
    form.edited.connect(lambda: heard.append(1))
    form.fields["method"].widget.value = "li"
    assert len(heard) == 1
    assert form.fields["method"].touched


def test_groups_of_measurements():
    form = Form(operations["measure"], {"features": {name: name in groups_by_default() for name in groups()}})
    field = form.fields["features"]
    assert isinstance(field, Groups)
    assert form.values()["features"] is None
    assert not field.boxes["intensity_edge"].value
    field.boxes["intensity_edge"].value = True
    assert form.values()["features"] == (*groups_by_default(), "intensity_edge")
    field.boxes["intensity_edge"].value = False
    assert form.values()["features"] is None
    field.boxes["shape"].value = False
    assert form.values()["features"] == ("size", "position", "intensity")
    form.show_values({"features": ("area", "size")})
    assert form.values()["features"] == ("area", "size")
    field.boxes["shape"].value = True
    assert form.values()["features"] == ("size", "shape")
    # what is measured on request alone is not checked by itself
    form.show_values({"features": None})
    assert not field.boxes["moments"].value
    field.boxes["moments"].value = True
    wanted = {*groups_by_default(), "moments"}
    assert form.values()["features"] == tuple(name for name in groups() if name in wanted)


def test_a_number_keeps_what_was_found_and_takes_what_is_dragged():
    field = Form(operations["threshold_auto"]).fields["threshold"]
    field.span(100, 4000, True)
    field.suggest(1234.5678901)
    assert field.value is None
    assert field.shown == 1234.5678901
    field.left_out.value = False
    assert field.value == 1234.5678901
    field.drag(250.4)
    assert field.value == field.shown == 250
    field.value = None
    assert field.shown == 1234.5678901


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-5.5, 2.5), (1e-7, 3e-7), (30000, 65535), (7, 7), (0, float("nan"))]
)
def test_a_number_fits_any_range(low, high):
    field = Form(operations["threshold_manual"]).fields["lower"]
    field.span(0, 255, True)
    field.span(low, high, False)
    if low < high:
        field.drag((low + high) / 2)
        assert field.value == pytest.approx((low + high) / 2, rel=1e-2)


def test_counts_are_called_numbers():
    assert title_of(ow.operations["cluster_kmeans"].parameters["n_classes"]) == "Number of classes"
