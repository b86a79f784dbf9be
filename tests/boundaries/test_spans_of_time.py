"""Windows, pauses and lengths of time, at their borders and a microsecond beyond."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import carlang
from tests.boundaries.tables import START, TICK, store_of
from tests.cli.commands import carlang as command

PROCESS = "process/create"
LENGTH = timedelta(seconds=2)
BORDER = "2024-02-29T23:59:59Z"
"""The literal of `START`."""


def _timed(folder: Path, *offsets: timedelta | None, name: str = "events", first: int = 0) -> Path:
    events = [
        {"record_id": first + number, "time": None if offset is None else START + offset, "exe": "x"}
        for number, offset in enumerate(offsets)
    ]
    return store_of(folder, PROCESS, events, name)


def _numbers(rows: list[dict[str, Any]]) -> list[int]:
    return [int(row["record_id"]) for row in rows]


ZERO = timedelta()


def test_since_is_inclusive_until_exclusive_and_events_without_a_time_stay(tmp_path: Path) -> None:
    store = carlang.open_store(_timed(tmp_path, -TICK, ZERO, TICK, None))
    everything = "search Process:Create"
    assert _numbers(carlang.run(everything, store, since=START)["result"].rows()) == [1, 2, 3]
    assert _numbers(carlang.run(everything, store, until=START)["result"].rows()) == [0, 3]
    assert _numbers(carlang.run(everything, store, since=START, until=START + TICK)["result"].rows()) == [1, 3]
    assert _numbers(carlang.run(everything, store, since=START, until=START)["result"].rows()) == [3]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (["--since", BORDER], [1, 2, 3]),
        (["--until", BORDER], [0, 3]),
        (["--since", BORDER, "--until", "2024-02-29T23:59:59.000001Z"], [1, 3]),
        (["--since", "2024-02-29T23:59:59.000001Z"], [2, 3]),
        (["--since", "2024-03-01T05:29:59+05:30"], [1, 2, 3]),
    ],
)
def test_the_command_has_the_same_borders(options: list[str], numbers: list[int], tmp_path: Path) -> None:
    _timed(tmp_path, -TICK, ZERO, TICK, None)
    arguments = ["run", "-e", "search Process:Create", "--store", str(tmp_path), "--format", "ndjson", *options]
    done = command(*arguments)
    assert done.status == 0, done.err
    assert [int(json.loads(line)["record_id"]) for line in done.out.splitlines()] == numbers


def test_a_file_whose_last_event_is_at_since_is_read_and_one_whose_first_is_at_until_is_not(tmp_path: Path) -> None:
    _timed(tmp_path, -LENGTH, ZERO, name="early")
    _timed(tmp_path, LENGTH, 2 * LENGTH, name="late", first=2)
    everything = "search Process:Create"
    assert _numbers(carlang.run(everything, carlang.open_store(tmp_path), since=START)["result"].rows()) == [1, 2, 3]
    until = carlang.run(everything, carlang.open_store(tmp_path), until=START + LENGTH)
    assert _numbers(until["result"].rows()) == [0, 1]


@pytest.mark.parametrize(
    ("pause", "counts"), [(LENGTH - TICK, [2]), (LENGTH, [2]), (LENGTH + TICK, [1, 1]), (ZERO, [2])]
)
@pytest.mark.parametrize("form", ["within 2 seconds", "where(max time between two events is 2 seconds)"])
def test_a_pause_of_exactly_the_length_does_not_begin_a_session(
    pause: timedelta, counts: list[int], form: str, tmp_path: Path
) -> None:
    store = carlang.open_store(_timed(tmp_path, ZERO, pause))
    text = f"p = search Process:Create\ng = group p by exe {form}\noutput g"
    assert [row["count"] for row in carlang.run(text, store)["g"].rows()] == counts


def test_a_session_may_last_longer_than_the_pause_that_ends_it(tmp_path: Path) -> None:
    store = carlang.open_store(_timed(tmp_path, ZERO, LENGTH, 2 * LENGTH, 3 * LENGTH, 4 * LENGTH + TICK))
    text = "p = search Process:Create\ng = group p by exe within 2 seconds\noutput g"
    rows = carlang.run(text, store)["g"].rows()
    assert [(row["count"], row["first_time"], row["last_time"]) for row in rows] == [
        (1, START + 4 * LENGTH + TICK, START + 4 * LENGTH + TICK),
        (4, START, START + 3 * LENGTH),
    ]


@pytest.mark.parametrize(
    ("second", "third", "runs"),
    [
        (TICK, LENGTH, 1),  # exactly that long is inside
        (TICK, LENGTH - TICK, 1),
        (TICK, LENGTH + TICK, 0),
        (ZERO, LENGTH, 0),  # at one instant is not later
        (LENGTH, LENGTH, 0),
        (LENGTH - TICK, LENGTH, 1),
        (-TICK, LENGTH, 0),
    ],
)
def test_a_sequence_ends_at_the_latest_exactly_its_length_after_its_first_event(
    second: timedelta, third: timedelta, runs: int, tmp_path: Path
) -> None:
    events = [{"time": START + offset, "exe": exe} for exe, offset in (("a", ZERO), ("b", second), ("c", third))]
    store = carlang.open_store(store_of(tmp_path, PROCESS, events))
    steps = [f'{name} = search Process:Create where (exe == "{name}")' for name in "abc"]
    text = "\n".join([*steps, "s = sequence (a, b, c) within 2 seconds", "output s"])
    assert carlang.run(text, store)["s"].total == runs


@pytest.mark.parametrize(("end", "runs"), [(TICK, 1), (ZERO, 0), (-TICK, 0), (-LENGTH, 1), (-LENGTH - TICK, 1)])
def test_an_event_of_until_ends_the_runs_that_have_begun_before_it(end: timedelta, runs: int, tmp_path: Path) -> None:
    # `a` is at -2 s, `b` at 0. At one instant `until` comes before the steps.
    events = [{"time": START + o, "exe": e} for e, o in (("a", -LENGTH), ("b", ZERO), ("u", end))]
    store = carlang.open_store(store_of(tmp_path, PROCESS, events))
    steps = [f'{name} = search Process:Create where (exe == "{name}")' for name in "abu"]
    text = "\n".join([*steps, "s = sequence (a, b) until u", "output s"])
    assert carlang.run(text, store)["s"].total == runs


def test_now_minus_a_length_is_that_instant_to_the_microsecond(tmp_path: Path) -> None:
    store = carlang.open_store(_timed(tmp_path, -TICK, ZERO, TICK))
    for operator, numbers in (("<", [0]), ("<=", [0, 1]), (">", [2]), (">=", [1, 2]), ("==", [1])):
        text = f"search Process:Create | filter time {operator} now - 2 seconds"
        assert _numbers(carlang.run(text, store, now=START + LENGTH)["result"].rows()) == numbers
