"""Rules that the catalogue's analytics are as Sigma, asked of raw records in SQLite by pySigma's own queries.

The records are read by `independent_records`, and have their members' own names: no mapping of ours is between.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from carlang.analytic import CompiledAnalytic
from carlang.outgoing import ExportedOutput, Exporter
from carlang.results import RunReport
from tests.catalogue.independent_records import SYSMON, Raw

_SYSMON_IDS: Mapping[str, Sequence[int]] = {
    "process_creation": [1],
    "network_connection": [3],
    "process_termination": [5],
    "driver_load": [6],
    "image_load": [7],
    "create_remote_thread": [8],
    "process_access": [10],
    # The class holds streams and executables that came into being as well.
    "file_event": [11, 15, 29],
    "registry_add": [12],
    "registry_delete": [12],
    "registry_set": [13],
    "registry_rename": [14],
    "registry_event": [12, 13, 14],
    "process_tampering": [25],
}
"""Which records of Sysmon are of a log source, as Sigma's taxonomy has it."""
_LOGS = {"security": "security", "system": "system"}
_ANY_LOG = "logs"
"""The table of the backend for a rule that no step of the pipeline is for: one of logs of Windows, whichever."""
_NAME = re.compile(r"[A-Za-z]\w*")

Rows = Counter[tuple[str, str]]
"""How many rows of a recording's record: several where records have no numbers."""

# Each table is the records of a log source; the backend is told which by the pipeline, as a user's would tell it.
_STEPS = """
  - {{id: {name}, type: set_state, key: table, val: {name},
     rule_conditions: [{{type: logsource, {key}: {name}}}]}}"""
PIPELINE = "name: tables\npriority: 1\ntransformations:" + "".join(
    _STEPS.format(name=name, key=key)
    for key, names in (("category", _SYSMON_IDS), ("service", _LOGS))
    for name in names
)


class Records:
    """Tables of records, one for each log source, in which queries find rows."""

    def __init__(self, records: Iterable[Raw]) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.create_function("REGEXP", 2, _matches, deterministic=True)
        by_source: dict[str, list[Raw]] = {}
        for record in records:
            for name in _sources(record):
                by_source.setdefault(name, []).append(record)
        for name in (*_SYSMON_IDS, *_LOGS, _ANY_LOG):
            self._fill(name, by_source.get(name, ()))

    def _fill(self, name: str, records: Sequence[Raw]) -> None:
        names = {member for record in records for member in record.data if _NAME.fullmatch(member)}
        # SQLite's names of columns have no case.
        columns = list({each.casefold(): each for each in sorted({*names, "EventID", "Channel", "Level"})}.values())
        # As texts: else a text of digits would not equal a number, which a rule may ask for.
        declared = ", ".join(f"{column} TEXT" for column in columns)
        self._database.execute(f"CREATE TABLE {name} (_recording, _record, {declared})")
        places = ", ".join("?" * (len(columns) + 2))
        rows = ((r.recording, r.record, *(_text(r, column) for column in columns)) for r in records)
        self._database.executemany(f"INSERT INTO {name} VALUES ({places})", rows)  # noqa: S608  # question marks alone

    def found(self, query: str) -> Rows:
        """Return the records that a query finds; a field that no record has is missing in all of them."""
        while True:
            try:
                return Counter(self._database.execute(query.replace("SELECT *", "SELECT _recording, _record", 1)))
            except sqlite3.OperationalError as error:
                column = re.fullmatch(r"no such column: (\w+)", str(error))
                table = re.search(r" FROM (\w+) ", query)
                if column is None or table is None:
                    raise
                self._database.execute(f"ALTER TABLE {table[1]} ADD COLUMN {column[1]} TEXT")


def _sources(record: Raw) -> list[str]:
    if record.log != SYSMON:
        return [*(name for name, log in _LOGS.items() if log == record.log), _ANY_LOG]
    if record.id == 12:  # keys and values that came or went, one number for both
        is_gone = str(record.data.get("EventType", "")).startswith("Delete")
        return ["registry_event", "registry_delete" if is_gone else "registry_add"]
    return [name for name, ids in _SYSMON_IDS.items() if record.id in ids]


def _text(record: Raw, member: str) -> str | None:
    value = {"EventID": record.id, "Channel": record.log, "Level": record.level}.get(member, record.data.get(member))
    return None if value is None else str(value)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _matches(pattern: str, text: str | None) -> bool:
    return text is not None and _compiled(pattern).search(text) is not None


def queries(analytics: Iterable[CompiledAnalytic]) -> dict[tuple[str, str], list[ExportedOutput]]:
    """Return the queries of analytics by analytic and output, as far as they go out."""
    exporter = Exporter("sqlite", [("tables", PIPELINE)])
    written: dict[tuple[str, str], list[ExportedOutput]] = {}
    for analytic in analytics:
        for piece in exporter.exported(analytic).pieces:
            written.setdefault((analytic.id, piece.rule.output), []).append(piece)
    return written


def rows_of(report: RunReport, recordings: Iterable[str]) -> dict[tuple[str, str], Rows]:
    """Return the rows of a run by output that are of records of Sysmon, or kept as they were written, in recordings."""
    wanted = set(recordings)
    by_output: dict[tuple[str, str], Rows] = {}
    for result in report.results:
        rows = (_key(row) for row in result.output.rows() if row.get("sensor") in ("sysmon", "windows_event_log"))
        by_output[result.analytic, result.output.name] = Counter(key for key in rows if key[0] in wanted)
    return by_output


def _key(row: Mapping[str, Any]) -> tuple[str, str]:
    # An archive's file stands behind the archive; the recording is the archive.
    return re.split(r"[/\\]", str(row["source"]).split("!")[0])[-1], str(row["record_id"] or "")
