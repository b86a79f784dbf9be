"""carlang and the reference that reads programs from their text agree."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

import carlang
from tests.reference.chooser import Chooser, choosers, seeded
from tests.reference.drawn_events import ACTIONS, COMMON, FIELDS, NOW, Event, events, path, value
from tests.reference.drawn_programs import program
from tests.seeds import drawn_seeds
from tests.textual.agreement import DisagreementError, compare, difference, store_of
from tests.textual.programs import run

STORES, PROGRAMS = 25, 4
HERE = Path(__file__).parent
SHARED = {"tests.textual.agreement", "tests.textual.test_textual_agreement", "tests.textual.test_textual_ties"}
"""What runs carlang, and so is no part of the reference."""


@settings(
    max_examples=STORES,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(choosers())
def test_drawn_programs_mean_what_their_text_says(choose: Chooser) -> None:
    drawn = tuple(events(choose, 10))
    with store_of(drawn) as store:
        for _ in range(PROGRAMS):
            text, params = program(choose, drawn)
            compare(store, text, drawn, NOW, params)


WRITTEN = (HERE / "written.txt").read_text("utf-8").rstrip().split("\n\n")[1:]


def events_of_every_class(choose: Chooser) -> tuple[Event, ...]:
    """Return events of all objects, a third of them again at another time, by another process, of another action.

    Some texts are paths, also in fields that are none: only there it shows whether a field's type was heeded.
    """
    classes = [(object_, action) for object_, actions in ACTIONS.items() for action in actions]
    drawn: list[Event] = []
    for _ in range(90):
        object_, action = choose.pick(classes)
        fields = {name: value(choose, name) for name in (*FIELDS[object_], *COMMON)}
        for name in ("user", "command_line", "sid"):
            if name in fields and choose.chance(25):
                fields[name] = path(choose)
        drawn.append({"object": object_, "action": action, **fields})
    for event in choose.some(drawn, 30, 30):
        other = {name: value(choose, name) for name in event if name in ("time", "record_id", "source", "pid", "guid")}
        drawn.append(event | other | {"action": choose.pick(ACTIONS[event["object"]])})
    return tuple(drawn)


def test_written_programs_mean_what_their_text_says() -> None:
    for seed in drawn_seeds(1):
        drawn = events_of_every_class(seeded(seed))
        with store_of(drawn) as store:
            agreed = {text: compare(store, text, drawn, NOW, {}) for text in WRITTEN}
        assert None not in agreed.values(), "a program has errors"
        assert sum(rows == 0 for rows in agreed.values()) < len(WRITTEN) // 4, "too many programs find nothing"


def test_shipped_analytics_find_what_their_text_says_on_the_sample_store() -> None:
    sample = HERE.parents[1] / "carlang" / "sample"
    drawn = [
        {**row, "object": file.parts[-3], "action": file.parts[-2]}
        for file in sorted(sample.rglob("*.parquet"))
        for row in pq.read_table(file, partitioning=None).to_pylist()
    ]
    analytics = [carlang.load(file) for file in sorted((HERE.parents[1] / "analytics").glob("*.car"))]
    programs = {analytic.id: analytic.program for analytic in analytics}
    now = datetime(2013, 5, 14, tzinfo=UTC)
    given = {"target_host": "HOST1", "event_time": datetime(2013, 5, 13, 12, tzinfo=UTC)}
    agreed = 0
    for analytic in analytics:
        params = {name: value for name, value in given.items() if f"input {name}" in analytic.program}
        outputs = analytic.run(now=now, params=params)
        expected = run(analytic.program, drawn, now, params, programs)
        assert list(outputs) == list(expected), analytic.id
        for name, table in expected.items():
            fault = difference(list(outputs[name].columns), outputs[name].rows(), table)
            assert fault is None, f"{analytic.id}, {name}: {fault}"
            agreed += 1
    assert agreed > len(analytics) > 90


def test_a_difference_is_told_with_the_program_and_the_events() -> None:
    event = {"object": "process", "action": "create", "record_id": "7", "exe": "at.exe"}
    with store_of([event]) as store, pytest.raises(DisagreementError) as raised:
        compare(store, "search Process", [{**event, "exe": "cmd.exe"}], NOW, {})
    for piece in ("expected {'exe': 'cmd.exe'", "got {'exe': 'at.exe'", "search Process"):
        assert piece in str(raised.value)


def test_the_reference_reads_a_program_by_hand() -> None:
    rows = [
        {"object": "process", "action": "create", "record_id": str(n), "exe": exe, "pid": n}
        for n, exe in enumerate(("AT.EXE", None, "cat.exe"), 1)
    ]
    text = (
        'p = search Process:Create\nq = filter p where (exe != "at.exe" and pid > "1")\nr = from q select pid\noutput r'
    )
    assert [row["pid"] for row in run(text, rows, NOW)["r"].rows] == [2, 3]


def test_the_reference_imports_nothing_of_what_it_judges_and_nothing_of_the_other_reference() -> None:
    allowed = ("carlang.source.", "carlang.syntax.")
    for file in sorted(HERE.glob("*.py")):
        if f"tests.textual.{file.stem}" in SHARED:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names += [f"{node.module}.{alias.name}" for alias in node.names]
            for name in names:
                ours = name.startswith(("carlang", "tests"))
                inside = name.startswith("tests.textual.") and not name.startswith(tuple(SHARED))
                assert not ours or inside or name.startswith(allowed), f"{file.name} imports {name}"
