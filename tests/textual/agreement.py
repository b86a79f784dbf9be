"""A program over events, run by carlang as anybody runs it and by the textual reference, and compared."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import carlang
from tests.textual.model_file import columns_of, objects, plain
from tests.textual.programs import Table, run

Row = dict[str, Any]

_ARROW = {
    **dict.fromkeys(("integer", "port"), pa.int64()),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us", "UTC"),
}


class DisagreementError(AssertionError):
    """carlang and the reference differ."""


@contextmanager
def store_of(events: Sequence[Row]) -> Iterator[carlang.Store]:
    """Give a store of its own that holds these events, a file a class."""
    with TemporaryDirectory() as name:
        classes: dict[tuple[str, str], list[Row]] = {} if events else {("process", "create"): []}
        for event in events:
            classes.setdefault((event["object"], event["action"]), []).append(event)
        for (object_, action), rows in classes.items():
            types = columns_of([objects()[plain(object_)]])
            names = dict.fromkeys(column for row in rows for column in row if column not in ("object", "action"))
            arrays = {n: pa.array([row.get(n) for row in rows], _ARROW.get(types[n], pa.string())) for n in names}
            folder = Path(name) / object_ / action
            folder.mkdir(parents=True)
            pq.write_table(pa.table(arrays or {"hostname": pa.array([], pa.string())}), folder / "events.parquet")
        yield carlang.open_store(name)


def compare(
    store: carlang.Store, text: str, events: Sequence[Row], now: datetime, params: Mapping[str, Any]
) -> int | None:
    """Return on how many rows both agree, None where the program has errors; raises `DisagreementError`."""
    analytic = carlang.load_text(text)
    if any(diagnostic.severity is carlang.Severity.ERROR for diagnostic in analytic.check()):
        return None
    shown = "\n".join(f"    {_short(event)}," for event in events)
    told = f"--- program\n{text}\n--- params {dict(params)}\n--- events\n{shown}"
    try:
        outputs = analytic.run(store, params=params, now=now)
        expected = run(text, events, now, params)
    except Exception as error:
        raise DisagreementError(f"{type(error).__name__}: {error}\n{told}") from error
    if list(outputs) != list(expected):
        raise DisagreementError(f"outputs {list(outputs)}, expected {list(expected)}\n{told}")
    for name, table in expected.items():
        if fault := difference(list(outputs[name].columns), outputs[name].rows(), table):
            raise DisagreementError(f"`{name}`: {fault}\n{told}")
    return sum(len(table.rows) for table in expected.values())


def difference(columns: Sequence[Any], got: Sequence[Row], table: Table) -> str | None:
    """Say how the rows of an output differ from those of the reference, None where they do not."""
    # Lists of records' ids, behind what the program names, are no part of it.
    names = [column.name for column in columns if column.name.rpartition(".")[2] != "record_ids"]
    got = [{name: row[name] for name in names} for row in got] if len(names) < len(columns) else got
    if names != list(table.columns):
        return f"columns {names}, expected {list(table.columns)}"
    expected = [{c: _as_result(v, table.columns[c]) for c, v in row.items()} for row in table.rows]
    if len(got) == len(expected) and all(map(_equal, got, expected)):
        return None
    missing = [row for row in expected if not any(_equal(row, other) for other in got)]
    beyond = [row for row in got if not any(_equal(row, other) for other in expected)]
    lines = [f"got {len(got)} rows, expected {len(expected)}"]
    lines += [f"  - expected {_short(row)}" for row in missing[:4]] + [f"  + got {_short(row)}" for row in beyond[:4]]
    return "\n".join(lines if missing or beyond else [*lines, "in another order"])


def _as_result(value: Any, kind: str) -> Any:
    if isinstance(value, list):
        return [_as_result(item, kind.removeprefix("list:")) for item in value]
    return timedelta(microseconds=value) if kind == "duration" and value is not None else value


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
