"""Diagnostics as text and as JSON."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carlang.diagnostics import (
    CODES,
    Diagnostic,
    Edit,
    Repair,
    Severity,
    diagnostic_json,
    has_errors,
    render,
    render_all,
)
from carlang.diagnostics.codes import NEVER_TRUE, SYNTAX, UNKNOWN_FIELD
from carlang.source import Source, Span

TEXT = 'process = search Process:Create\nat = filter process where (command_lin == "at.exe")\noutput at\n'
SOURCE = Source.whole("analytics/at.car", TEXT)
AT = Span(TEXT.index("command_lin"), TEXT.index(" =="))


def _fault() -> Diagnostic:
    fault = Diagnostic(UNKNOWN_FIELD, "process has no field `command_lin`", SOURCE, AT)
    fault = fault.with_label("did you mean `command_line`?").repaired_by("command_line", certain=False)
    return fault.pointing_to(Span(10, 31), "rows come from here")


def test_a_diagnostic_shows_its_lines_and_underlines_its_places() -> None:
    assert render(_fault().with_note("a note").with_help("a help")) == (
        "error[CL201]: process has no field `command_lin`\n"
        " --> analytics/at.car:2:28\n"
        "  |\n"
        "1 | process = search Process:Create\n"
        "  |           --------------------- rows come from here\n"
        '2 | at = filter process where (command_lin == "at.exe")\n'
        "  |                            ^^^^^^^^^^^ did you mean `command_line`?\n"
        "  = note: a note\n"
        "  = help: a help\n"
        "  = repair: likely, `--fix --likely` applies it"
    )


def test_colour_adds_only_escape_sequences() -> None:
    coloured = render(_fault(), colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == render(_fault())


def test_lines_far_apart_have_a_gap_between_them_and_numbers_are_aligned() -> None:
    text = "\n" * 8 + "a\nb\nc\n"
    shown = render(Diagnostic(SYNTAX, "m", Source.whole("x", text), Span(10, 11)).pointing_to(Span(0, 0), "here"))
    assert "\n...\n" in shown
    assert "\n10 | b\n" in shown
    assert "\n 1 |\n" in shown


def test_a_program_without_a_name_is_called_program() -> None:
    assert "<program>:1:1" in render(Diagnostic(SYNTAX, "m", Source.whole("", "x"), Span(0, 1)))


def test_a_very_long_line_is_cut_around_the_place() -> None:
    text = "x" * 5000 + "HERE" + "y" * 5000
    shown = render(Diagnostic(SYNTAX, "m", Source.whole("a", text), Span(5000, 5004)))
    line, marks = shown.split("\n")[3:5]
    assert len(line) < 200
    assert line[marks.index("^") : marks.rindex("^") + 1] == "HERE"


@pytest.mark.parametrize("span", [Span(0, 0), Span(0, 9), Span(3, 4), Span(9, 9), Span(4, 9)])
def test_places_at_newlines_and_over_several_lines_are_underlined_on_their_first_line(span: Span) -> None:
    shown = render(Diagnostic(SYNTAX, "m", Source.whole("a", "abc\ndef\n\n"), span))
    assert shown.count("^") >= 1
    assert all(line.count("^") <= 5 for line in shown.split("\n"))


@given(st.text(alphabet="ab \t\n\r😀é", max_size=30), st.data())
def test_any_place_of_any_text_can_be_shown(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    source = Source.whole("a.car", text)
    fault = Diagnostic(SYNTAX, "m", source, Span(start, end)).pointing_to(Span(0, start), "x")
    shown = render(fault)
    line, column = source.position(start)
    assert f"a.car:{line}:{column}" in shown
    assert "^" in shown
    assert json.loads(json.dumps(diagnostic_json(fault)))["line"] == line


def test_json_has_the_documented_keys() -> None:
    found = diagnostic_json(_fault())
    wanted = {"code": "CL201", "severity": "error", "file": "analytics/at.car", "line": 2, "column": 28, "end_line": 2}
    assert found.items() >= (wanted | {"end_column": 39, "repair": "command_line", "help": None}).items()
    assert found["labels"] == [
        {"text": "rows come from here", "line": 1, "column": 11, "end_line": 1, "end_column": 32}
    ]
    assert found["edits"] == [{"text": "command_line", "line": 2, "column": 28, "end_line": 2, "end_column": 39}]


def test_a_repair_may_have_several_edits() -> None:
    edits = (Edit(Span(0, 1), "a"), Edit(Span(2, 2), "b"))
    fault = Diagnostic(SYNTAX, "m", SOURCE, Span(0, 1), repair=Repair(edits))
    assert [e["text"] for e in diagnostic_json(fault)["edits"]] == ["a", "b"]


def test_only_errors_stop_a_run() -> None:
    warning = Diagnostic(NEVER_TRUE, "m", SOURCE, AT)
    assert warning.severity is Severity.WARNING
    assert not has_errors([warning])
    assert has_errors([warning, _fault()])
    assert not has_errors([])


def test_all_are_rendered_one_after_another() -> None:
    assert render_all([_fault(), _fault()]) == (render(_fault()) + "\n\n") * 2
    assert render_all([]) == ""


def test_codes_are_unique_and_have_titles() -> None:
    assert all(re.fullmatch(r"CL[0-7]\d\d", name) and code.name == name and code.title for name, code in CODES.items())
    assert len({code.title for code in CODES.values()}) == len(CODES)


def test_building_a_diagnostic_leaves_the_first_as_it_was() -> None:
    first = Diagnostic(SYNTAX, "m", SOURCE, AT)
    first.with_label("x").with_help("y").with_note("z").repaired_by("w").pointing_to(AT, "v")
    assert (first.label, first.help, first.notes, first.repair, first.labels) == ("", None, (), None, ())


def test_nothing_of_a_program_can_steer_a_terminal() -> None:
    text = 'at = filter p where (a == "\x1b[2J\x07\u202e\u2066")  // \x9b31m'
    fault = Diagnostic(UNKNOWN_FIELD, "no \x1b[31m", Source.whole("\x1b]0;a.car", text), Span(21, 22))
    shown = render(fault.with_label("\x1b").with_note("\x9b").with_help("\x07"))
    assert not [char for char in shown if not char.isprintable() and char != "\n"]
    underlined = shown.split("\n")
    assert underlined[4].index("^") == underlined[3].index("a ==")


def test_a_tab_and_a_wide_space_stay_a_column() -> None:
    shown = render(Diagnostic(SYNTAX, "m", Source.whole("a.car", "\ta\u00a0\u3000b"), Span(4, 5)))
    assert shown.split("\n")[3:] == ["1 |  a  b", "  |     ^"]


def test_what_is_underlined_stands_below_its_escapes() -> None:
    text = "a\x1b\u202e b\U000e0041d\tc"
    source = Source.whole("x\ny.car", text)
    fault = Diagnostic(SYNTAX, "a\x9bm\nforged", source, Span(text.index("b"), text.index("d") + 1))
    head, arrow, _, line, marks = render(fault).split("\n")
    assert head == r"error[CL101]: a\x9bm\nforged"
    assert arrow == r" --> x\ny.car:1:5"
    assert line == r"1 | a\x1b\u202e b\U000e0041d c"
    assert marks == "  | " + " " * 12 + "^" * 12
