"""Of a line that is too long to be shown, a part of full width is shown, and every place of it can be told."""

from __future__ import annotations

import pytest

from carlang.diagnostics import Diagnostic, render
from carlang.diagnostics.codes import SYNTAX
from carlang.source import Source, Span

WIDTH = 160
LINE = "".join(f"{number:_>5}" for number in range(200))
"""A line of a thousand characters, every five of them different."""


def _shown(start: int, end: int, *others: tuple[int, int], line: str = LINE) -> list[str]:
    """Return the line as it is shown, without the number before it, and what is underlined below it."""
    fault = Diagnostic(SYNTAX, "m", Source.whole("a.car", line), Span(start, end))
    for other in others:
        fault = fault.pointing_to(Span(*other), "here")
    return [row[4:] for row in render(fault).split("\n")[3:]]


@pytest.mark.parametrize("start", [0, 1, 52, 53, 54, 55, 400, 891, 892, 893, 894, 998])
def test_a_long_line_is_shown_in_full_width_wherever_the_place_is(start: int) -> None:
    text, marks = _shown(start, start + 2)
    part = text.strip("…")
    assert len(part) == WIDTH
    assert part in LINE
    assert text.startswith("…") == (not LINE.startswith(part))
    assert text.endswith("…") == (not LINE.endswith(part))
    assert text[marks.index("^") : marks.rindex("^") + 1] == LINE[start : start + 2]


def test_the_end_of_a_long_line_is_shown_with_what_stands_before_it() -> None:
    text, marks = _shown(999, 1000)
    assert text == "…" + LINE[-WIDTH:]
    assert marks == " " * WIDTH + "^"


def test_the_beginning_of_a_long_line_is_shown_with_what_stands_behind_it() -> None:
    text, marks = _shown(0, 1)
    assert text == LINE[:WIDTH] + "…"
    assert marks == "^"


def test_a_line_that_just_fits_is_shown_as_it_is_and_a_longer_one_is_cut() -> None:
    assert _shown(159, 160, line=LINE[:160]) == [LINE[:160], " " * 159 + "^"]
    assert _shown(160, 161, line=LINE[:161]) == ["…" + LINE[1:161], " " * 160 + "^"]


def test_places_behind_what_is_shown_are_marked_behind_it() -> None:
    text, *marks = _shown(500, 502, (0, 2), (990, 999))
    assert text == LINE[:WIDTH] + "…"
    behind = " " * (WIDTH + 1)
    assert marks == ["-- here", f"{behind}^", f"{behind}- here"]


def test_two_places_of_one_line_are_marked_below_it() -> None:
    text, *marks = _shown(995, 997, (996, 999))
    assert text == "…" + LINE[-WIDTH:]
    assert [len(mark) - len(mark.lstrip()) for mark in marks] == [WIDTH - 4, WIDTH - 3]
