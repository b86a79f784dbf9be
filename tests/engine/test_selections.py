"""Outputs that filter one search are answered together, with the rows that each has alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from carlang.database import Limits
from carlang.engine import Session, duckdb_engine, selections
from carlang.errors import EngineError
from carlang.model import builtin_model
from carlang.plan import literals, objects
from carlang.program import compile_program
from carlang.resolve import Given
from carlang.resolve.bound import BoundOutput
from carlang.results import Output
from carlang.source import Source
from carlang.sql import selection_of
from carlang.store import Store, open_store

ENDLESS = "SELECT count(*) FROM range(1000000000000), range(1000000)"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
COUNT = 3000
EXES = ("cmd.exe", "AT.exe", None, "powershell.exe", "", "whoami.exe", "Łódź.exe")
Asked = Sequence[tuple[BoundOutput, Given]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Return a plain tree of process starts, in no order of time, some with the same time and id of a record."""
    folder = tmp_path_factory.mktemp("events")
    (folder / "process" / "create").mkdir(parents=True)
    numbers = [(n * 7919) % COUNT for n in range(COUNT)]
    times = [NOW + timedelta(seconds=n // 3) if n % 11 else None for n in numbers]
    table = pa.table({
        "time": pa.array(times, pa.timestamp("us", "UTC")),
        "record_id": [None if n % 5 == 0 else str(n // 3) for n in numbers],
        "exe": [EXES[n % len(EXES)] for n in numbers],
        "pid": pa.array([n % 97 for n in numbers], pa.int64()),
        "command_line": [f"run {n % 13} {'x' * (n % 50)}" for n in numbers],
    })  # fmt: skip
    for part in range(3):
        pq.write_table(table.slice(part * 1000, 1000), folder / "process" / "create" / f"{part}.parquet")
    return open_store(folder)


@pytest.fixture(params=["guarded", "unguarded"])
def planning(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have outputs take what guards let pass, or all events."""
    if request.param == "guarded":
        monkeypatch.setattr(literals, "SHORTEST", 1)
        monkeypatch.setattr(objects, "LEAST_WORK", 0)
        for name in ("LARGEST_SHARE", "LARGEST_SUM"):
            monkeypatch.setattr(objects, name, 1000.0)
    return str(request.param)


def outputs(*conditions: str) -> Asked:
    lines = [f"o{number} = filter p where {condition}" for number, condition in enumerate(conditions)]
    text = "\n".join(["p = search Process:Create", *lines, f"output {', '.join(f'o{n}' for n in range(len(lines)))}"])
    return [(output, {}) for output in compile_program(Source.whole("x.car", text), builtin_model()).require().outputs]


MANY = (
    'exe == "cmd.exe"', 'exe == "at.exe" or exe == "łódź.exe"', 'command_line contains "run 1" and pid > 50',
    'exe == "nothing.exe"', 'not (exe == "cmd.exe") and command_line contains "xxxx"', 'exe == "whoami.exe"',
    "pid == 7", 'exe == ""', 'command_line contains "run 3" or exe == "powershell.exe"',
)  # fmt: skip


def ran(session: Session, asked: Asked, limit: int | None = None) -> list[Output]:
    return [session.run(output, NOW, limit, given) for output, given in asked]


def alike(left: Sequence[Output], right: Sequence[Output]) -> bool:
    assert [each.total for each in left] == [each.total for each in right]
    return all(a.to_arrow().equals(b.to_arrow()) and a.columns == b.columns for a, b in zip(left, right, strict=True))


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is asked for outputs alone."""
    texts: list[str] = []
    query = duckdb_engine.DuckDBEngine.query

    def noted(self: duckdb_engine.DuckDBEngine, text: str, limit: int | None = None) -> object:
        if text.startswith("WITH"):  # other queries are of what is kept
            texts.append(text)
        return query(self, text, limit)

    monkeypatch.setattr(duckdb_engine.DuckDBEngine, "query", noted)
    return texts


@pytest.mark.usefixtures("planning")
@pytest.mark.parametrize("limit", [None, 0, 7])
def test_outputs_have_the_rows_that_they_have_alone(store: Store, queries: list[str], limit: int | None) -> None:
    asked = outputs(*MANY)
    with Session(store, builtin_model()) as session:
        alone = ran(session, asked, limit)
        assert sum(each.total for each in alone) > 1000
        count = len(queries)
        assert count >= len(MANY)
        session.prepare(asked)
        assert alike(ran(session, asked, limit), alone)
        assert alike(ran(session, asked, limit), alone)  # once more
        assert len(queries) == count
        assert alike(ran(session, asked, 3), ran(session, outputs(*MANY), 3))  # asked for otherwise


@pytest.mark.usefixtures("planning")
def test_rows_that_are_too_many_for_memory_are_dealt(
    store: Store, queries: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = outputs(*MANY)
    with Session(store, builtin_model()) as session:
        alone = ran(session, asked)
    monkeypatch.setattr(duckdb_engine, "_MOST_HELD", 20_000)
    monkeypatch.setattr(duckdb_engine, "_BATCH", 100)
    monkeypatch.setattr(selections, "FETCHED", 500)
    with Session(store, builtin_model()) as session:
        session.prepare(asked)
        before = len(queries)
        together = ran(session, asked)
        assert len(queries) == before
    assert alike(together, alone)


@pytest.mark.usefixtures("planning")
def test_more_outputs_than_a_mask_has_bits_share_a_guard(store: Store, queries: list[str]) -> None:
    asked = outputs(*(f'exe == "cmd.exe" and pid != {number}' for number in range(130)))
    with Session(store, builtin_model()) as session:
        session.prepare(asked)
        together = ran(session, asked)
        assert not queries
        assert alike(
            together[::13], ran(session, outputs(*(f'exe == "cmd.exe" and pid != {n}' for n in range(0, 130, 13))))
        )


@pytest.mark.usefixtures("planning")
def test_one_that_fails_stops_no_other(store: Store, queries: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The language has no operation that fails; an engine may."""
    read, query = duckdb_engine.DuckDBEngine.read, duckdb_engine.DuckDBEngine.query

    def failing(of: Callable[..., object]) -> Callable[..., object]:
        def checked(self: duckdb_engine.DuckDBEngine, text: str, *others: object) -> object:
            return of(self, text.replace("'faulty'", "CAST('faulty' AS INTEGER)::TEXT"), *others)

        return checked

    monkeypatch.setattr(duckdb_engine.DuckDBEngine, "read", failing(read))
    monkeypatch.setattr(duckdb_engine.DuckDBEngine, "query", failing(query))
    asked = outputs(*MANY[:5], 'exe == "cmd.exe" and not (command_line contains "faulty")', *MANY[5:])
    with Session(store, builtin_model()) as session:
        alone = ran(session, outputs(*MANY))
        session.prepare(asked)
        before = len(queries)
        with pytest.raises(EngineError, match=r"the query failed.*faulty"):
            session.run(asked[5][0], NOW, None, asked[5][1])
        assert alike(ran(session, [*asked[:5], *asked[6:]]), alone)
        assert len(queries) - before == 1  # that which fails


@pytest.mark.usefixtures("planning")
def test_where_there_is_no_time_for_all_each_has_its_own(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read, asks = duckdb_engine.DuckDBEngine.read, 0

    def late(
        self: duckdb_engine.DuckDBEngine, text: str, take: Callable[[pa.RecordBatch], object], tables: object = None
    ) -> object:
        nonlocal asks
        asks += 1
        del text, take, tables
        return read(self, ENDLESS, print)

    asked = outputs(*MANY)
    with Session(store, builtin_model(), Limits(seconds=0.5)) as session:
        alone = ran(session, asked)
        session.prepare(asked)
        monkeypatch.setattr(duckdb_engine.DuckDBEngine, "read", late)
        monkeypatch.setattr(selections, "_MOST_FAILURES", 2)
        assert alike(ran(session, asked), alone)
    assert asks == 2


def test_an_interrupt_ends_the_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> object:
        raise KeyboardInterrupt(threading.current_thread().name, len(arguments))

    asked = outputs(*MANY)
    with Session(store, builtin_model()) as session:
        session.prepare(asked)
        monkeypatch.setattr(duckdb_engine.DuckDBEngine, "read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ran(session, asked)


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ('p = search Process:Create\na = filter p where exe == "a"\nb = filter a where pid > 1\noutput b', 2),
        ("p = search Process:Create\noutput p", None),
        ("p = search Process:Create or File:Create\na = filter p where pid > 1\noutput a", None),
        ("p = search Process:Create\na = filter p where pid > avg(p.pid)\noutput a", None),
        ("p = search Process:Create\na = sort p by pid\nb = filter a where pid > 1\noutput b", None),
    ],
)
def test_a_selection_filters_one_search_by_what_its_rows_say(text: str, conditions: int | None) -> None:
    (output,) = compile_program(Source.whole("x.car", text), builtin_model()).require().outputs
    selection = selection_of(output.stream)
    assert (selection and len(selection.conditions)) == conditions


RECORDS = (
    '{"Data":"alpha","Target_User Name":"beta"}', '{"DATA":"Alpha","targetusername":"gamma","a~/b":"beta"}',
    '{"data":null,"TargetUserName":"beta"}', '{"Data":["alpha"],"data":"beta"}', '{"nested":{"Data":"alpha"}}',
    "[1, 2]", '"alpha"', "{}", "alpha", "{", "", None,
)  # fmt: skip
OF_MEMBERS = (
    'event_data.data == "alpha"', 'event_data.target_user_name contains "BETA"', "event_data.data not exists",
    'not (event_data.data == "alpha")', 'event_data["a~/b"] == "beta"', 'event_data.nested contains "alpha"',
    'event_data.data startswith "al" and event_data.Target_UserName exists', 'event_data["no such"] exists',
)  # fmt: skip


@pytest.mark.usefixtures("planning")
def test_members_of_records_are_the_same_together_as_alone(tmp_path: Path, queries: list[str]) -> None:
    """However a record writes their names, and whatever stands there that is no record."""
    (tmp_path / "event" / "log").mkdir(parents=True)
    codes = pa.array([7] * len(RECORDS) + [8] * 20, pa.int64())
    table = pa.table({"event_code": codes, "event_data": pa.array([*RECORDS, *[RECORDS[0]] * 20], pa.string())})
    pq.write_table(table, tmp_path / "event" / "log" / "0.parquet")
    lines = [f"o{number} = filter e where event_code == 7 and {test}" for number, test in enumerate(OF_MEMBERS)]
    text = "\n".join(["e = search Event:Log", *lines, f"output {', '.join(f'o{n}' for n in range(len(lines)))}"])
    bound = compile_program(Source.whole("x.car", text), builtin_model()).require()
    asked: Asked = [(output, {}) for output in bound.outputs]
    with Session(open_store(tmp_path), builtin_model()) as session:
        alone = ran(session, asked)
        assert 0 in [each.total for each in alone]
        assert sum(each.total > 0 for each in alone) >= len(OF_MEMBERS) - 2
        before = len(queries)
        session.prepare(asked)
        assert alike(ran(session, asked), alone)
        assert len(queries) == before
