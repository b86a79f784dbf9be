"""What each stream of an analytic comes to over a store: its columns, rows, time and SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from carlang.analytic.compiled import CompiledAnalytic
from carlang.analytic.options import RunOptions
from carlang.analytic.run import opened_session
from carlang.deadline import limit_time
from carlang.model import Column
from carlang.program import CompiledProgram
from carlang.resolve.bound import BoundOutput, NamedStream
from carlang.store import Store


@dataclass(frozen=True, slots=True)
class ExplainedStream:
    """A stream as it is written at `line` of the analytic's file, and what it comes to; `seconds` are its query's.

    A query is that of the whole way to the stream: the seconds of one are among those of the next. `tied` are the
    classes of its events of which records of two sensors can be one row.
    """

    name: str
    line: int
    columns: tuple[Column, ...]
    rows: int
    seconds: float
    sql: str
    is_output: bool = False
    tied: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {
            "stream": self.name,
            "line": self.line,
            "output": self.is_output,
            "columns": [{"name": column.name, "type": column.type.kind.value} for column in self.columns],
            "rows": self.rows,
            "seconds": round(self.seconds, 6),
            **({"tied": list(self.tied)} if self.tied else {}),
            "sql": self.sql,
        }


def explain(
    analytic: CompiledAnalytic, store: Store, options: RunOptions, params: Mapping[str, Any]
) -> Iterator[ExplainedStream]:
    """Yield the streams that an analytic names, and its outputs that are none of them, as each has been run.

    Raises `CompileError` where it has errors, `ParameterError` where an input lacks its value, `EngineError` where a
    query fails.
    """
    analytic.outputs()  # raises where it has errors
    given = analytic.given(params)
    with limit_time(options.limits.seconds), opened_session(store, analytic.model, options) as session:
        for program in analytic.compiled:
            for stream, is_output in _streams(program):
                begun = monotonic()
                answer = session.run(stream, options.now, 0, given)
                seconds = monotonic() - begun
                sql = session.sql(stream, options.now, given)
                line = program.source.location(stream.span).line if stream.span else 1
                yield ExplainedStream(
                    stream.name, line, answer.columns, answer.total, seconds, sql, is_output, answer.tied
                )


def _streams(program: CompiledProgram) -> Iterator[tuple[BoundOutput, bool]]:
    """Yield the streams of a program, each as if it were an output, and whether it is one."""
    bound = program.require()
    shown = {output.stream.key for output in bound.outputs if isinstance(output.stream, NamedStream)}
    for named in bound.named:
        yield BoundOutput(named.name, named, named.span), named.key in shown
    for output in bound.outputs:
        if not isinstance(output.stream, NamedStream):
            yield output, True
