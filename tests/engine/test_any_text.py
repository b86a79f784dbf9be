"""A test of every text of an event, run by the engine: records at any depth, texts that are no JSON, other streams."""

from __future__ import annotations

from tests.reference.cases import Case, compare, compiled, session_over
from tests.reference.chooser import seeded
from tests.reference.drawn_events import START, Event

DATA = (
    '{"a": {"b": ["X", 1.5, true, null, {"c": "at.exe"}]}, "d": ""}',
    '["at.exe", {"e": "%x_"}]',
    '"at.exe"',
    "no json",
    '{"k": "AT.EXE", "k2": "two\\nlines"}',
    None,
)
TESTS = (
    'any == "at.exe"',
    "any == max(p.exe)",
    "any != max(p.exe)",
    "any in [max(p.exe), min(p.user), log_name]",
    "max(p.exe) in any",
    "any contains max(p.user)",
    'any contains ["%x", "e\\nl"]',
    'any match "^true$|^1[.]5$"',
    'any startswith "{" or any endswith "]"',
    'any == ""',
    "log_name in any and not (any == log_name)",
    "(if any contains \"k\" then event_data.k == 'at.exe' else any match 'X')",
)


def test_every_text_of_an_event_is_tested_by_itself() -> None:
    events: list[Event] = [
        {"object": "event", "action": "log", "time": START, "record_id": str(n), "event_data": data, "log_name": "e"}
        for n, data in enumerate(DATA)
    ]
    events += [{"object": "process", "action": "create", "time": START, "exe": "AT.EXE", "user": "x", "record_id": "9"}]
    choose = seeded(1)
    with session_over(tuple(events), choose) as session:
        outputs = "".join(f"q{n} = filter e where ({test})\n" for n, test in enumerate(TESTS))
        named = ", ".join(f"q{n}" for n in range(len(TESTS)))
        text = f"p = search Process:Create\ne = search Event:Log\n{outputs}output {named}"
        assert compare(session, compiled(text), Case(text, tuple(events), {})) > len(TESTS)
