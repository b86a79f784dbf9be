"""Starts and ends of processes that somebody asks for, by guid or by pid and host: what trees are made of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from carlang.database import quoted, text_literal
from carlang.store.lookup import Lookup
from carlang.store.statistics import Class

STARTS: Class = ("process", "create")
ENDS: Class = ("process", "terminate")

_COLUMNS = {
    "hostname": "VARCHAR",
    "pid": "BIGINT",
    "ppid": "BIGINT",
    "guid": "VARCHAR",
    "parent_guid": "VARCHAR",
    "exe": "VARCHAR",
    "parent_exe": "VARCHAR",
    "command_line": "VARCHAR",
}
_START = ("hostname", "moment", "pid", "ppid", "guid", "parent_guid", "exe", "parent_exe", "command_line")
MOMENT = 'CASE WHEN isfinite(TRY_CAST("time" AS TIMESTAMPTZ)) THEN epoch_us(TRY_CAST("time" AS TIMESTAMPTZ)) END'
"""The time of events in microseconds: in plain trees, made by others, it may have another type, or be infinite."""


@dataclass(frozen=True, slots=True)
class Start:
    """A start of a process; the time is in microseconds since 1970, UTC."""

    host: str
    time: int | None
    pid: int | None
    ppid: int | None
    guid: str | None
    parent_guid: str | None
    exe: str | None
    parent_exe: str | None
    command_line: str | None


@dataclass(frozen=True, slots=True)
class End:
    """An end of a process; the time is in microseconds since 1970, UTC."""

    host: str
    time: int
    pid: int | None
    guid: str | None


def process_starts(lookup: Lookup, guids: Collection[str], pids: Collection[tuple[str, int]]) -> list[Start]:
    """Return the starts that have one of some guids, or one of some pids on its host, in an order of their own.

    Guids and hosts are compared without regard to case; give them in lower case. Raises `EngineError` where the limits
    are passed.
    """
    return [Start(*row) for row in _events(lookup, STARTS, _START, guids, pids)]


def child_starts(lookup: Lookup, guids: Collection[str], pids: Collection[tuple[str, int]]) -> list[Start]:
    """Return the starts whose parent has one of some guids, or one of some pids on its host; as `process_starts`.

    A pid is used again: whether it was that parent's is for whoever knows when it lived.
    """
    return [Start(*row) for row in _events(lookup, STARTS, _START, guids, pids, ("parent_guid", "ppid"))]


def process_ends(lookup: Lookup, pids: Collection[tuple[str, int]]) -> list[End]:
    """Return the ends that have one of some pids on its host and a time; as `process_starts`."""
    rows = _events(lookup, ENDS, ("hostname", "moment", "pid", "guid"), (), pids)
    return [End(host, time, pid, guid) for host, time, pid, guid in rows if time is not None]


def _events(  # what is read, and by what
    lookup: Lookup,
    name: Class,
    columns: Sequence[str],
    guids: Collection[str],
    pids: Collection[tuple[str, int]],
    by: tuple[str, str] = ("guid", "pid"),
) -> list[tuple[Any, ...]]:
    files = [file for file in lookup.store.files(name[0], [name[1]]) if file.rows]
    if not files or not (guids or pids):
        return []
    present = set().union(*(file.filled for file in files))
    paths = ", ".join(text_literal(str(file.path)) for file in files)
    read = [
        f"TRY_CAST({quoted(column) if column in present else 'NULL'} AS {type_}) AS {quoted(column)}"
        for column, type_ in _COLUMNS.items()
    ]
    time = MOMENT if "time" in present else "CAST(NULL AS BIGINT)"
    rows = f"read_parquet([{paths}], union_by_name = true, hive_partitioning = false)"
    host = "coalesce(\"hostname\", '')"
    shown = ", ".join(host if column == "hostname" else quoted(column) for column in columns)
    query = (
        f"SELECT {shown} FROM (SELECT {', '.join(read)}, {time} AS moment FROM {rows}) "  # noqa: S608  # quoted
        f"WHERE lower({quoted(by[0])}) IN (SELECT guid FROM guids) "
        f"OR (lower({host}), {quoted(by[1])}) IN (SELECT (host, pid) FROM pids) "
        "ORDER BY ALL"
    )
    of_pids = sorted(pids)
    hosts, numbers = [host for host, _ in of_pids], [pid for _, pid in of_pids]
    tables = {
        "guids": pa.table({"guid": pa.array(sorted(guids), pa.string())}),
        "pids": pa.table({"host": pa.array(hosts, pa.string()), "pid": pa.array(numbers, pa.int64())}),
    }
    return lookup.rows(query, tables)
