"""A case: a program and a store, run by carlang and by the reference evaluator, and compared."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from carlang.database import Limits
from carlang.engine import Session, Window
from carlang.errors import EngineError
from carlang.model.types import Kind, Type
from carlang.program import CompiledProgram, compile_program
from carlang.resolve import given_values
from carlang.source import Source
from carlang.store import open_store
from tests.reference.chooser import Chooser
from tests.reference.drawn_events import MODEL, NOW, Event
from tests.reference.evaluator import Table, run

Params = Mapping[str, Any]

_ARROW = {
    Kind.INTEGER: pa.int64(),
    Kind.PORT: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.TIME: pa.timestamp("us", "UTC"),
    Kind.DURATION: pa.duration("us"),
}


@dataclass(frozen=True)
class Case:
    """A program over events; `params` are the values of its inputs."""

    text: str
    events: tuple[Event, ...] = ()
    params: Params = field(default_factory=dict)


class DisagreementError(AssertionError):
    """carlang and the evaluator differ."""


def arrow_type(kind: Type) -> pa.DataType:
    """Return the type of a column in a table of results."""
    if kind.kind is Kind.LIST and kind.item is not None:
        return pa.list_(arrow_type(kind.item))
    return _ARROW.get(kind.kind, pa.string())


def write(events: Sequence[Event], folder: Path, choose: Chooser) -> None:
    """Write events as a plain tree: classes split over files, rows shuffled, empty columns left out at times."""
    hive = choose.chance(50)
    classes: dict[tuple[str, str], list[Event]] = {} if events else {("process", "create"): []}
    for event in events:
        classes.setdefault((event["object"], event["action"]), []).append(event)
    for (object_, action), several in classes.items():
        below = folder / (f"object={object_}/action={action}" if hive else f"{object_}/{action}")
        below.mkdir(parents=True)
        piles: list[list[Event]] = [[] for _ in range(choose.integer(1, 3))]
        for event in choose.shuffled(several):
            choose.pick(piles).append(event)
        for number, pile in enumerate(piles):
            pq.write_table(_table(pile, sparse=choose.chance(30)), below / f"{number}.parquet")


def _table(events: Sequence[Event], *, sparse: bool) -> pa.Table:
    names = dict.fromkeys(name for event in events for name in event if name not in ("object", "action"))
    kept = [n for n in names if not sparse or any(event.get(n) is not None for event in events)] or ["hostname"]
    types = {name: arrow_type(MODEL.field_types[name]) for name in kept}
    return pa.table({n: pa.array([event.get(n) for event in events], type=t) for n, t in types.items()})


@contextmanager
def session_over(
    events: Sequence[Event],
    choose: Chooser,
    window: Window = Window(),  # noqa: B008  # it does not change
) -> Iterator[Session]:
    """Give a session over a store of its own that holds these events."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "events"
        folder.mkdir()
        write(events, folder, choose)
        with Session(open_store(folder), MODEL, Limits(None, None), window) as session:
            yield session


def compiled(text: str) -> CompiledProgram:
    """Return a program parsed and resolved."""
    return compile_program(Source.whole("case.car", text), MODEL)


def found(session: Session, program: CompiledProgram, params: Params, now: datetime = NOW) -> dict[str, Table]:
    """Return the outputs of a program as carlang computes them, and check the types of their columns."""
    bound = program.require()
    given = given_values(bound.inputs, params)
    tables: dict[str, Table] = {}
    for output in bound.outputs:
        result = session.run(output, now, None, given)
        schema = result.to_arrow().schema
        # Lists of records' ids stand behind an output's own columns.
        columns = [*output.stream.columns, *result.columns[len(output.stream.columns) :]]
        wanted = pa.schema([(column.name, arrow_type(column.type)) for column in columns])
        if schema.names != wanted.names or schema.types != wanted.types:
            raise DisagreementError(f"columns of `{output.name}`\ngot      {schema}\nexpected {wanted}")
        tables[output.name] = Table(tuple(columns), tuple(result.rows()))
    return tables


def compare(session: Session, program: CompiledProgram, case: Case) -> int:
    """Run a case both ways and return how many rows they agree on; raises `DisagreementError` where they do not."""
    expected = run(program.require(), case.events, NOW, case.params)
    try:
        got = found(session, program, case.params)
    except (EngineError, DisagreementError) as error:
        raise DisagreementError(f"{error}\n{_told(case)}") from error
    if list(got) != list(expected):
        raise DisagreementError(f"outputs {list(got)}, expected {list(expected)}\n{_told(case)}")
    for name, table in expected.items():
        rows = [{k: _as_result(v, t) for k, v, t in _cells(row, table)} for row in table.rows]
        names = [column.name for column in table.columns]
        _same_rows(name, [{n: row[n] for n in names} for row in got[name].rows], rows, case)
    return sum(len(table.rows) for table in expected.values())


def check(text: str, events: Sequence[Event] = (), choose: Chooser | None = None, **params: Any) -> int:
    """Write, run and compare one case."""
    case = Case(text, tuple(events), params)
    with session_over(events, choose or Chooser(lambda low, _: low)) as session:
        return compare(session, compiled(text), case)


def _cells(row: Mapping[str, Any], table: Table) -> Iterator[tuple[str, Any, Type]]:
    return ((column.name, row[column.name], column.type) for column in table.columns)


def _as_result(value: Any, kind: Type) -> Any:
    """Return a value as `Output.rows` gives it: durations are `timedelta`."""
    if isinstance(value, list) and kind.item is not None:
        return [_as_result(item, kind.item) for item in value]
    return timedelta(microseconds=value) if kind.kind is Kind.DURATION and value is not None else value


def _same_rows(name: str, got: list[Any], expected: list[Any], case: Case) -> None:
    if len(got) == len(expected) and all(map(_equal, got, expected)):
        return
    missing = [row for row in expected if not any(_equal(row, other) for other in got)]
    beyond = [row for row in got if not any(_equal(row, other) for other in expected)]
    lines = [f"`{name}`: got {len(got)} rows, expected {len(expected)}"]
    lines += [f"  - expected {_short(row)}" for row in missing[:4]] + [
        f"  + got      {_short(row)}" for row in beyond[:4]
    ]
    if not missing and not beyond:
        lines += ["  in another order or number", *(f"  got {_short(r)}" for r in got[:6])]
        lines += [f"  expected {_short(r)}" for r in expected[:6]]
    raise DisagreementError("\n".join([*lines, _told(case)]))


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(_equal(a[name], b[name]) for name in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_equal, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return type(a) is type(b) and bool(a == b)


def _short(row: Mapping[str, Any]) -> str:
    return str({name: value for name, value in row.items() if value is not None})


def _told(case: Case) -> str:
    events = "\n".join(f"    {_short(event)}," for event in case.events)
    return f"--- program\n{case.text}\n--- params {dict(case.params)}\n--- events\n{events}"
