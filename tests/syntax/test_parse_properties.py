"""What holds for every text: parsing never raises, and every place lies within the text."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import carlang
from carlang.diagnostics import render_all
from carlang.source import Source
from carlang.syntax import parse
from tests.syntax.reading import nodes

PROGRAM = """process = search Process:Create, Terminate or (File:Create) where (exe == "at.exe")
xs = ["a", 'b', *c*, 10.0.0.0/8, 1.5, -3, null, “d”]
at = filter process where (
    exe in xs and not (command_line.matches("\\\\d+") or pid != 4) # why
    and [parent_exe] does not contain ("*x*", 'y') | filter time > now - 1 day
)
at.len = length(lower(exe)) * 2 + 1 // so
output at, process
"""
FRAGMENTS = [
    "search ", "filter ", " where ", "output ", "return ", "(", ")", "[", "]", '"', "'", "“", "\\", "\n", "\r", " | ",
    " and ", " or ", " not ", " in ", " contains ", " match ", " exists", "==", "!=", "<", "=", ",", ":", ".", "*", "%",
    "+", "-", "/", "//", "#", "{{pipe}}", "Process", "Process:Create", "exe", "pid", "p", "p = ", "10.0.0.0/8", "::1",
    "1", "1.5", "1 hour", "null", "now", "true", "*x*", '"a"', "lower(", "\0", "İ", "\u2028", "\ufeff", "\ud800", "…",
    "join ", "group ", " by ", "from ", " select ", " as ", "input ", "run ", "count(", "within ", "sequence ",
    "within any ", "every ", "having (", "together (",
]  # fmt: skip


def _check(text: str) -> None:
    source = Source.whole("test.car", text)
    parsed = parse(source)
    size = len(text)
    for node in nodes(parsed.program.statements):
        assert 0 <= node.span.start <= node.span.end <= size
    for found in parsed.diagnostics:
        assert 0 <= found.span.start <= found.span.end <= size
        assert found.message
        for edit in found.repair.edits if found.repair else ():
            assert 0 <= edit.span.start <= edit.span.end <= size
    starts = [s.span.start for s in parsed.program.statements]
    assert starts == sorted(starts)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    _check(text)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30))
@settings(max_examples=300)
def test_any_sequence_of_pieces_of_the_language_is_read(pieces: list[str]) -> None:
    _check("".join(pieces))


@given(st.integers(0, len(PROGRAM)), st.integers(0, 12), st.sampled_from(["", *FRAGMENTS]))
@settings(max_examples=300)
def test_a_program_with_a_piece_replaced_is_read(place: int, length: int, piece: str) -> None:
    _check(PROGRAM[:place] + piece + PROGRAM[place + length :])


@given(st.integers(0, len(PROGRAM)), st.integers(0, 12), st.sampled_from(["", *FRAGMENTS]))
@settings(max_examples=100)
def test_a_program_with_a_piece_replaced_is_checked_and_every_fault_can_be_shown(
    place: int, length: int, piece: str
) -> None:
    text = PROGRAM[:place] + piece + PROGRAM[place + length :]
    found = carlang.check(text)
    assert render_all(found).count("--> ") >= len(found)


def _repaired(text: str, found: list[carlang.Diagnostic]) -> str:
    edits = sorted(((e.span, e.text) for d in found if d.repair for e in d.repair.edits), reverse=True)
    end = len(text)
    for span, written in edits:
        if span.end <= end:
            text = text[: span.start] + written + text[span.end :]
            end = span.start
    return text


def test_repairs_lead_to_a_program_without_what_they_repair() -> None:
    text = "P = search Process:Create\nq = filter P where (exe contains (*a*) and command_lin == “x”)\n"
    first = carlang.check(text)
    assert {"CL107", "CL108", "CL201"} <= {d.code.name for d in first}
    again = carlang.check(_repaired(text, first))
    assert {d.code.name for d in again} <= {"CL401"}


def test_the_text_of_this_file_is_no_program_but_is_read() -> None:
    _check(Path(__file__).read_text(encoding="utf-8"))
