"""The key `why` of an output in JSON: what conditions left over, what hits met, what came nearest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from carlang.report.values import json_values
from carlang.results import (
    ConditionRows,
    Nearest,
    Reason,
    StreamRows,
    ToldRow,
    ToldRows,
    ValueAt,
    Why,
    WrittenCondition,
    reason_json,
    reasons_text,
)


def why_json(why: Why) -> dict[str, Any]:
    """Return why an output found its rows, or none, as a JSON value."""
    return {
        "streams": [_stream_json(stream) for stream in why.streams],
        "hits": [_hits_json(hits) for hits in why.hits],
        "nearest": [_nearest_json(nearest) for nearest in why.nearest],
        "unsaid": list(why.unsaid),
        **({"error": why.error} if why.error is not None else {}),
    }


def _stream_json(stream: StreamRows) -> dict[str, Any]:
    conditions = [_condition_json(each) for each in stream.conditions]
    return {"stream": stream.stream, **_placed(stream.source, "source"), "rows": stream.rows, "conditions": conditions}


def _condition_json(of: ConditionRows) -> dict[str, Any]:
    return {"stream": of.stream, **_placed(of.condition), "rows": of.rows, **_never(of.never)}


def _placed(written: WrittenCondition, name: str = "condition") -> dict[str, Any]:
    analytic = {"analytic": written.analytic} if written.analytic else {}
    return {name: written.text, "line": written.line, "column": written.column, **analytic}


def _never(reasons: tuple[Reason, ...]) -> dict[str, Any]:
    if not reasons:
        return {}
    return {"never": {"reason": reasons_text(reasons), "reasons": [reason_json(reason) for reason in reasons]}}


def _hits_json(hits: ToldRows) -> dict[str, Any]:
    values = _Values(hits)
    rows = [{"event": values.of(row, hits.identity), "met": _tested_json(row, values)} for row in hits.rows]
    return {"stream": hits.stream, "total": hits.total, "rows": rows}


def _tested_json(row: ToldRow, values: _Values) -> list[dict[str, Any]]:
    return [
        {
            **_placed(each.condition),
            "values": values.of(row, each.values),
            **({"elsewhere": True} if each.elsewhere else {}),
        }
        for each in row.tested
    ]


def _nearest_json(nearest: Nearest) -> dict[str, Any]:
    groups = []
    for group in nearest.groups:
        values, examples = _Values(group.examples), group.examples
        groups.append(
            {
                "failed": [{**_placed(unmet.condition), **_never(unmet.never)} for unmet in group.failed],
                "count": group.count,
                "examples": [
                    {"event": values.of(row, examples.identity), "failed": _tested_json(row, values)}
                    for row in examples.rows
                ],
            }
        )
    return {"stream": nearest.stream, "away": nearest.away, "groups": groups, "more": nearest.more}


class _Values:
    """The values of rows as JSON has them."""

    def __init__(self, rows: ToldRows) -> None:
        self._columns = [json_values(column.combine_chunks()) for column in rows.table.columns]

    def of(self, row: ToldRow, values: Iterable[ValueAt]) -> dict[str, Any]:
        return {value.name: self._columns[value.column][row.row] for value in values}
