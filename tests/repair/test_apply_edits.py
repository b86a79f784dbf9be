from __future__ import annotations

from dataclasses import replace

from carlang.diagnostics import Diagnostic, Repair, codes
from carlang.diagnostics.apply import apply_edits, edits_of, repairs_of
from carlang.source import Source, Span

SOURCE = Source.whole("p", "abcdef")


def fault(start: int, end: int, text: str, *, certain: bool = True) -> Diagnostic:
    return Diagnostic(codes.SYNTAX, "m", SOURCE, Span(start, end)).repaired_by(text, certain=certain)


def test_edits_are_applied_to_the_text_as_it_was() -> None:
    repairs = repairs_of([fault(3, 4, "XYZ"), fault(0, 1, ""), fault(6, 6, "!")])
    assert apply_edits(SOURCE.text, edits_of(repairs)) == "bcXYZef!"


def test_of_repairs_that_overlap_the_first_is_taken() -> None:
    first, second = fault(0, 3, "x"), fault(2, 4, "y")
    assert repairs_of([second, first]) == [first]
    assert len(repairs_of([fault(2, 2, "a"), replace(fault(2, 2, "b"), message="n")])) == 1


def test_repairs_that_meet_are_both_taken() -> None:
    assert len(repairs_of([fault(0, 2, "x"), fault(2, 4, "y"), fault(4, 4, "z")])) == 3


def test_what_is_not_certain_or_no_fault_is_left() -> None:
    hint = Diagnostic(codes.LITERAL_CONVERTED, "m", SOURCE, Span(0, 1)).repaired_by("x")
    assert repairs_of([fault(0, 1, "x", certain=False), hint]) == []


def test_a_repair_is_taken_whole_or_not_at_all() -> None:
    edits = (*fault(1, 2, "x").repair.edits, *fault(5, 6, "y").repair.edits)  # type: ignore[union-attr]  # both have one
    double = replace(fault(1, 2, "x"), repair=Repair(edits))
    assert repairs_of([fault(0, 2, "z"), double]) == [fault(0, 2, "z")]
