"""Starts of processes that somebody asks for, by guid or by pid and host: what trees of processes are made of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa

from carlang.database import quoted, text_literal
from carlang.store.lookup import Lookup
from carlang.store.statistics import Class

STARTS: Class = ("process", "create")

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
# Plain trees are made by others: a column may have another type there, and infinity is no instant.
_TIME = 'CASE WHEN isfinite(TRY_CAST("time" AS TIMESTAMPTZ)) THEN epoch_us(TRY_CAST("time" AS TIMESTAMPTZ)) END'


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


def process_starts(lookup: Lookup, guids: Collection[str], pids: Collection[tuple[str, int]]) -> list[Start]:
    """Return the starts that have one of some guids, or one of some pids on its host, in an order of their own.

    Guids and hosts are compared without regard to case; give them in lower case. Raises `EngineError` where the limits
    are passed.
    """
    files = [file for file in lookup.store.files(STARTS[0], [STARTS[1]]) if file.rows]
    if not files or not (guids or pids):
        return []
    present = set().union(*(file.filled for file in files))
    paths = ", ".join(text_literal(str(file.path)) for file in files)
    columns = [
        f"TRY_CAST({quoted(name) if name in present else 'NULL'} AS {type_}) AS {quoted(name)}"
        for name, type_ in _COLUMNS.items()
    ]
    time = _TIME if "time" in present else "CAST(NULL AS BIGINT)"
    rows = f"read_parquet([{paths}], union_by_name = true, hive_partitioning = false)"
    query = (
        f'SELECT coalesce("hostname", \'\'), moment, "pid", "ppid", "guid", "parent_guid", "exe", "parent_exe", '  # noqa: S608
        f'"command_line" FROM (SELECT {", ".join(columns)}, {time} AS moment FROM {rows}) '
        'WHERE lower("guid") IN (SELECT guid FROM guids) OR (lower(coalesce("hostname", \'\')), "pid") IN '
        "(SELECT (host, pid) FROM pids) ORDER BY ALL"
    )
    of_pids = sorted(pids)
    hosts, numbers = [host for host, _ in of_pids], [pid for _, pid in of_pids]
    tables = {
        "guids": pa.table({"guid": pa.array(sorted(guids), pa.string())}),
        "pids": pa.table({"host": pa.array(hosts, pa.string()), "pid": pa.array(numbers, pa.int64())}),
    }
    return [Start(*row) for row in lookup.rows(query, tables)]
