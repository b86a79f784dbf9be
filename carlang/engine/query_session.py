"""What sessions over any events have in common: programs in, results out, one query an output."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from carlang.deadline import TimeUpError, task
from carlang.engine.planned import Decision
from carlang.engine.protocol import Answer, Engine
from carlang.engine.selections import Request
from carlang.engine.tied import classes_with_ties, make_tables
from carlang.errors import EngineError
from carlang.model.schema import Class, Model, Tie
from carlang.model.types import Column, Kind
from carlang.resolve import Given
from carlang.resolve.bound import BoundExpr, BoundOutput, BoundStream, Events, streams_below
from carlang.results import CastRows, Output, Rows, table_of
from carlang.sql import (
    Window,
    lower_nothing,
    lower_schema,
    shown_columns,
    tied_objects,
)

if TYPE_CHECKING:
    from carlang.sql import Dialect


class QuerySession(ABC):
    """Runs bound programs on an engine, one query an output; use it as a context manager, which closes the engine.

    The tables of events are made when a program first reads them. Safe to use from several threads, which take turns.
    """

    def __init__(self, engine: Engine, model: Model, *, records_apart: bool = False) -> None:
        self._engine = engine
        self._model = model
        self.records_apart = records_apart
        self._window = Window()
        self._occurrences: dict[str, frozenset[Class]] = {}
        self._ties: dict[int, frozenset[Class]] = {}
        """What is known of outputs that are planned together, by identity."""
        self._empty: dict[tuple[Column, ...], Answer] = {}
        # An engine runs one query at a time, and no table may be made while one that needs it is on its way.
        self._lock = threading.Lock()
        self._engine.execute(engine.dialect.text_of(lower_schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()

    def run(
        self,
        output: BoundOutput,
        now: datetime,
        limit: int | None = None,
        given: Given | None = None,
        exclusions: Sequence[BoundExpr] = (),
    ) -> Output:
        """Return the rows of an output; `limit` cuts the table, not the count, `given` are the values of inputs.

        Records of one occurrence are one row, unless the session has records apart. `exclusions` are conditions on the
        rows; those for which one holds are counted and let go.
        Raises `EngineError` where the query fails or goes beyond the session's limits.
        """
        if self._finds_nothing(output, given):
            return self._nothing(output)
        with self._lock:
            answer = None if exclusions else self._answered(output, given, Request(now, limit))
            if answer is not None:
                return _output(output, answer, self._tied(output))
        query, tied = self._query(output, now, given, exclusions)
        with self._lock:
            self._provide_tables(output, tied)
            self._show(output, given)
            if exclusions:
                answer = self._engine.query_without(query, len(exclusions), limit)
            else:
                answer = self._engine.query(query, limit)
        return _output(output, answer, tied)

    def ask(
        self,
        stream: BoundStream,
        lowering: Callable[[Dialect, frozenset[Class]], Any],
        columns: Sequence[Column] = (),
    ) -> pa.Table:
        """Return what a query says of all that a stream reads; `lowering` makes it for the classes that are tied.

        `columns` are those of the answer, where values of their types are shown. Raises `EngineError` as `run` does.
        """
        asked = BoundOutput("asked", stream)
        dialect = self._engine.dialect
        with self._lock:
            tied = self._tied(asked)
        query = _in_time(lambda: dialect.text(lowering(dialect, tied)))
        with self._lock:
            self._provide_tables(asked, tied)
            self._show(asked, None)
            return table_of(_typed(self._engine.query(query).rows, columns))

    def _provide_tables(self, output: BoundOutput, tied: frozenset[Class]) -> None:
        """Make the tables that an output reads, where they are not there."""
        for name in objects_of(output):
            self._provide(name)
        for name in sorted(tied_objects(output, tied) - self._occurrences.keys()):
            self._provide_occurrences(name)

    def prepare(self, asked: Sequence[tuple[BoundOutput, Given]], alone: Collection[int] = ()) -> Sequence[Decision]:
        """Plan outputs together that will be run with these values of their inputs, and say what was decided of each.

        Each is run as ever, with the same rows, and those that share what they look at take less time. Those that are
        run with exclusions, by identity in `alone`, have a query of their own.
        """
        del asked, alone
        return ()

    @property
    def unplanned(self) -> tuple[str, ...]:
        """Why outputs of which objects could not be planned together, where that failed."""
        return ()

    def _show(self, output: BoundOutput, given: Given | None) -> None:
        """Have the tables of events show what an output is to see of them, which are all unless it was planned."""
        del output, given

    def _finds_nothing(self, output: BoundOutput, given: Given | None) -> bool:
        """Tell whether it is known already that an output has no rows, and what its columns are."""
        del output, given
        return False

    def _answered(self, output: BoundOutput, given: Given | None, request: Request) -> Answer | None:
        """Return the answer of an output that is asked for together with others."""
        del output, given, request
        return None

    def _nothing(self, output: BoundOutput) -> Output:
        """Return an output without rows."""
        with self._lock:
            tied = self._tied(output)
            columns = shown_columns(output, tied)
            if columns not in self._empty:  # most outputs of a catalogue have the columns of one of few classes
                dialect = self._engine.dialect
                self._empty[columns] = self._engine.query(dialect.text_of(lower_nothing, dialect, columns))
            return _output(output, self._empty[columns], tied)

    def sql(self, output: BoundOutput, now: datetime, given: Given | None = None) -> str:
        """Return the query that `run` asks of the engine; raises as it does."""
        return self._query(output, now, given)[0]

    def _query(
        self, output: BoundOutput, now: datetime, given: Given | None, exclusions: Sequence[BoundExpr] = ()
    ) -> tuple[str, frozenset[Class]]:
        """Return an output's query, and the classes of its events of which records are tied."""
        dialect = self._engine.dialect
        with self._lock:
            tied = self._tied(output)
        # Lowered outside the lock: one thread can do so while another's query runs.
        return _in_time(lambda: dialect.query_of(output, now, given or {}, tied, exclusions)), tied

    def _tied(self, output: BoundOutput) -> frozenset[Class]:
        """Return the classes of an output's events of which records are tied, their tables made."""
        known = self._ties.get(id(output))
        if known is not None:
            return known
        asked = frozenset() if self.records_apart else classes_with_ties(output, self._model)
        shared = asked & self._shared_classes() if asked else asked
        for name in sorted({name for name, _ in shared} - self._occurrences.keys()):
            if not self._is_untied(name) and name not in self._occurrences:
                self._provide_occurrences(name)
        return frozenset(c for c in shared if c in self._occurrences.get(c[0], ()))

    def _is_untied(self, name: str) -> bool:
        """Tell whether it is known that no records of an object are tied; its tables need not be made then."""
        del name
        return False

    def _provide_occurrences(self, name: str) -> None:
        """Make the tables of an object's tied records and occurrences, and remember of which classes there are some."""
        self._provide_numbered(name)
        owner, all_have_ids = self._model.objects[name], self._all_have_ids(name)
        ties = self._ties_of(name)
        self._occurrences[name] = make_tables(self._engine, owner, ties, self._window, all_have_ids=all_have_ids)

    def _ties_of(self, name: str) -> list[Tie]:
        """Return the ties of an object's classes that two sensors of one host tell of."""
        return [tie for tie in self._model.ties if tie.object == name and tie.event_class in self._shared_classes()]

    @abstractmethod
    def _provide(self, name: str) -> None:
        """Make the table of an object's events, where it is not there."""

    @abstractmethod
    def _provide_numbered(self, name: str) -> None:
        """Make the table of an object's events with numbers, those around the window among them."""

    @abstractmethod
    def _all_have_ids(self, name: str) -> bool:
        """Tell whether each record of an object has an id."""

    @abstractmethod
    def _shared_classes(self) -> frozenset[Class]:
        """Return the classes that two sensors of one host tell of."""


def _in_time(lowered: Callable[[], str]) -> str:
    """Return the text of a query as far as there is time, and depth, to write it; raises `EngineError` beyond."""
    try:
        with task():
            return lowered()
    except TimeUpError as error:
        raise EngineError(f"{error}; give it more with --timeout") from error
    except RecursionError as error:
        raise EngineError("the program is nested too deeply to be run; give parts of it names") from error


def objects_of(output: BoundOutput) -> list[str]:
    """Return the objects whose events an output searches; sorted, so that a fault is always that of the same one."""
    return sorted({s.object for e in streams_below(output.stream) if isinstance(e, Events) for s in e.sets})


def _output(output: BoundOutput, answer: Answer, tied: frozenset[Class]) -> Output:
    columns = shown_columns(output, tied)
    names = tuple(sorted("/".join(event_class) for event_class in tied))
    return Output(
        output.name, columns, _typed(answer.rows, columns), answer.total, tied=names, excluded=answer.excluded
    )


def _typed(rows: Rows, columns: Iterable[Column]) -> Rows:
    """Give durations, which the engine computes as numbers of microseconds, their own type."""
    schema = rows.schema
    for index, column in enumerate(columns):
        kind: pa.DataType | None = None
        if column.type.kind is Kind.DURATION:
            kind = pa.duration("us")
        elif column.type.item is not None and column.type.item.kind is Kind.DURATION:
            kind = pa.list_(pa.duration("us"))
        if kind is not None:
            schema = schema.set(index, pa.field(column.name, kind))
    return rows if schema.equals(rows.schema) else CastRows(rows, schema)
