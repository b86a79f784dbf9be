"""The table of examples in docs/decisions/sequences.md, read from there, holds in the evaluator and in carlang."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.reference.cases import check, compiled
from tests.reference.drawn_events import NOW, START, Event
from tests.reference.evaluator import run

PAGE = Path(__file__).parents[2] / "docs" / "decisions" / "sequences.md"
ROW = re.compile(r"\| `(?P<form>\([^|]*)` \| `(?P<events>[^|]*)` \| (?P<runs>[^|]*) \| (?P<why>[^|]*) \|")
EVENT = re.compile(r"(?P<steps>[abcu]+)(?P<number>\d+)@(?P<second>\d+|-)(/(?P<key>\S+))?")


def examples() -> Iterator[tuple[str, str, set[tuple[str, ...]]]]:
    for row in ROW.finditer(PAGE.read_text(encoding="utf-8")):
        yield row["form"], row["events"], {tuple(run.split()) for run in re.findall("`([^`]*)`", row["runs"])}


def event(written: str) -> Event:
    match = EVENT.fullmatch(written)
    assert match, written
    return {
        "object": "process",
        "action": "create",
        "time": None if match["second"] == "-" else START + timedelta(seconds=int(match["second"])),
        "hostname": None if match["key"] in (None, "-") else match["key"],
        "command_line": f"{match['steps']}{match['number']}",
        "record_id": match["number"],
    }


def program(form: str) -> str:
    steps = [f'{step} = filter p where (command_line contains "{step}")' for step in "abcu"]
    return "\n".join(["p = search Process:Create", *steps, f"found = sequence {form}", "output found"])


def test_the_page_has_examples() -> None:
    assert len(list(examples())) > 35


@pytest.mark.parametrize(("form", "events", "runs"), list(examples()))
def test_runs(form: str, events: str, runs: set[tuple[str, ...]]) -> None:
    drawn = [event(written) for written in events.split()]
    table = run(compiled(program(form)).require(), drawn, NOW)["found"]
    names = [column.name for column in table.columns if column.name.endswith(".command_line")]
    assert {tuple(row[name] for name in names) for row in table.rows} == runs
    assert len(table.rows) == len(runs)
    assert check(program(form), drawn) == len(runs)
