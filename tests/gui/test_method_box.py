"""A method is found under the name that a person knows."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from objectwise.core.method import methods
from objectwise.gui.forms.method_box import MethodBox

RECORDS = [item for item in methods.values() if item.family in ("threshold", "morphology")]


@pytest.fixture
def box(qtbot):
    box = MethodBox(RECORDS)
    qtbot.addWidget(box)
    box.name = "threshold_auto"
    return box


def typed(qtbot, box, text):
    box.lineEdit().selectAll()
    qtbot.keyClicks(box.lineEdit(), text)
    box.completer().popup().hide()
    qtbot.keyClick(box.lineEdit(), Qt.Key.Key_Return)


def test_a_part_of_a_name_finds_a_method(qtbot, box):
    with qtbot.waitSignal(box.chosen) as heard:
        typed(qtbot, box, "sauv")
    assert heard.args == ["threshold_sauvola"]
    assert box.lineEdit().text() == "Threshold sauvola"


def test_a_choice_within_a_method_is_found_and_set(qtbot, box):
    with qtbot.waitSignal(box.found) as heard:
        typed(qtbot, box, "Yen (Threshold auto, method)")
    assert heard.args == ["method", "yen"]
    assert box.name == "threshold_auto"


@pytest.mark.parametrize("text", ["no such method", "", "th"])
def test_what_is_not_there_or_not_clear_changes_nothing(qtbot, box, text):
    with qtbot.assertNotEmitted(box.chosen):
        typed(qtbot, box, text)
    assert box.lineEdit().text() == "Threshold auto"


def test_headings_cannot_be_chosen(qtbot):
    from dataclasses import replace

    records = [replace(RECORDS[0], group="first"), replace(RECORDS[1], group="second")]
    box = MethodBox(records)
    qtbot.addWidget(box)
    texts = [box.itemText(number) for number in range(box.count())]
    assert texts == ["FIRST", RECORDS[0].label, "SECOND", RECORDS[1].label]
    assert not box.model().item(0).isEnabled()
    box.name = RECORDS[1].name
    box._on_activated(0)
    assert box.name == RECORDS[1].name
