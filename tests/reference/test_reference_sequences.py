"""The table of examples in docs/decisions/sequences.md, read from there, holds in the evaluator and in carlang."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from carlang.engine import Session
from tests.reference.cases import Case, compare, compiled, session_over
from tests.reference.chooser import Chooser
from tests.reference.drawn_events import NOW, START, Event
from tests.reference.evaluator import run

PAGE = Path(__file__).parents[2] / "docs" / "decisions" / "sequences.md"
ROW = re.compile(r"\| `(?P<form>\([^|]*?)` \| `(?P<events>[^|]*)` \| (?P<runs>[^|]*) \| (?P<why>[^|]*) \|")
EVENT = re.compile(
    r"(?P<steps>[abcu]+)(?P<number>\d+)@(?P<second>\d+|-)(/(?P<key>\S+?))?(=(?P<pid>\d+)(<(?P<ppid>\d+))?)?"
)


def examples() -> Iterator[tuple[str, str, set[tuple[str, ...]]]]:
    for row in ROW.finditer(PAGE.read_text(encoding="utf-8")):
        yield row["form"], row["events"], {tuple(run.split()) for run in re.findall("`([^`]*)`", row["runs"])}


def event(written: str, example: int) -> Event:
    match = EVENT.fullmatch(written)
    assert match, written
    return {
        "object": "process",
        "action": "create",
        "time": None if match["second"] == "-" else START + timedelta(seconds=int(match["second"])),
        "hostname": None if match["key"] in (None, "-") else match["key"],
        "command_line": f"{match['steps']}{match['number']}",
        "record_id": match["number"],
        "pid": int(match["pid"]) if match["pid"] else None,
        "ppid": int(match["ppid"]) if match["ppid"] else None,
        "source": f"{example}",
    }


def program(form: str, example: int) -> str:
    steps = [f'{step} = filter p where (command_line contains "{step}")' for step in "abcu"]
    search = f'p = search Process:Create where (source == "{example}")'
    return "\n".join([search, *steps, f"found = sequence {form}", "output found"])


EXAMPLES = list(examples())
EVENTS = tuple(event(written, number) for number, (_, events, _) in enumerate(EXAMPLES) for written in events.split())


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with session_over(EVENTS, Chooser(lambda low, _: low)) as session:
        yield session


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) > 80


@pytest.mark.parametrize("number", range(len(EXAMPLES)), ids=[form for form, _, _ in EXAMPLES])
def test_runs(number: int, session: Session) -> None:
    form, _, runs = EXAMPLES[number]
    known = compiled(program(form, number))
    table = run(known.require(), EVENTS, NOW)["found"]
    names = [column.name for column in table.columns if column.name.endswith(".command_line")]
    assert {tuple(row[name] for name in names) for row in table.rows} == runs
    assert len(table.rows) == len(runs)
    assert compare(session, known, Case(program(form, number), EVENTS)) == len(runs)
