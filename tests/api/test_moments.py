"""Instants that options name relative to `now`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from carlang.analytic import OptionError, RunOptions

NOW = datetime(2024, 3, 5, 9, 30, 15, 250, UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("-7d", datetime(2024, 2, 27, 9, 30, 15, 250, UTC)),
        ("-2W", datetime(2024, 2, 20, 9, 30, 15, 250, UTC)),
        (" - 36 h ", datetime(2024, 3, 3, 21, 30, 15, 250, UTC)),
        ("-90m", datetime(2024, 3, 5, 8, 0, 15, 250, UTC)),
        ("-15s", datetime(2024, 3, 5, 9, 30, 0, 250, UTC)),
        ("-0d", NOW),
        ("Now", NOW),
        ("today", datetime(2024, 3, 5, tzinfo=UTC)),
        ("Yesterday", datetime(2024, 3, 4, tzinfo=UTC)),
        ("2024-03-01", datetime(2024, 3, 1, tzinfo=UTC)),
    ],
)
def test_times_are_relative_to_now(text: str, moment: datetime) -> None:
    assert RunOptions.of(now=NOW, since=text).since == moment


def test_days_are_those_of_utc() -> None:
    now = datetime(2024, 3, 5, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert RunOptions.of(now=now, until="today").until == datetime(2024, 3, 4, tzinfo=UTC)


def test_now_itself_is_relative_to_the_clock() -> None:
    before = datetime.now(UTC)
    assert timedelta() <= RunOptions.of(now="-1h").now - before + timedelta(hours=1) < timedelta(minutes=1)


@pytest.mark.parametrize("text", ["7d", "-7", "-7y", "+7d", "--7d", "-1.5d", "tomorrow", "-999999999d", "-"])
def test_what_names_no_instant_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match=r"is not a time; .* yesterday or -7d"):
        RunOptions.of(now=NOW, since=text)


def test_a_window_is_checked_after_its_ends_are_known() -> None:
    with pytest.raises(OptionError, match="is after"):
        RunOptions.of(now=NOW, since="-1d", until="-2d")
