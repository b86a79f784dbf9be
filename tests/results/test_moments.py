"""A moment is written in one way for each reader, and one beyond the calendar as its number, never cut."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from carlang.results import instant_text, moment_text, second_text, short_moment_text

SECOND = 1_556_367_635_000_000
BEYOND = 2**62


@pytest.mark.parametrize(
    ("moment", "exact", "short", "to_the_second"),
    [
        (SECOND, "2019-04-27T12:20:35.000000Z", "2019-04-27T12:20:35Z", "2019-04-27 12:20:35"),
        (SECOND + 123_000, "2019-04-27T12:20:35.123000Z", "2019-04-27T12:20:35.123000Z", "2019-04-27 12:20:35"),
        (BEYOND, f"{BEYOND} µs", f"{BEYOND} µs", f"{BEYOND} µs"),
        (None, None, None, ""),
    ],
)
def test_a_moment_has_a_text_for_each_reader(
    moment: int | None, exact: str | None, short: str | None, to_the_second: str
) -> None:
    assert moment_text(moment) == exact
    assert short_moment_text(moment) == short
    assert second_text(moment) == to_the_second


def test_an_instant_has_microseconds_where_it_has_some() -> None:
    assert instant_text(datetime(2013, 5, 13, 12, tzinfo=UTC)) == "2013-05-13T12:00:00Z"
    assert instant_text(datetime(2013, 5, 13, 12, 0, 0, 5, tzinfo=UTC)) == "2013-05-13T12:00:00.000005Z"
