"""The store holds what an independent reading of the same real logs finds, record by record and value by value."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from carlang.loading import IngestReport, Status
from tests.ingesting import load, query
from tests.mapping.expected_events import KEPT, expected_events
from tests.mapping.independent_counts import Kind, RawRecord, records
from tests.mapping.raw_values import MISSING, VALUES

_FEW = (
    "cmd_bitsadmin_download_psh_script.zip",
    "cmd_psexec_lsa_secrets_dump.zip",
    "covenant_persistwmi.tar.gz",
    "empire_invoke_runas.tar.gz",
    "psh_mavinject_dll_notepad.zip",
    "rdp_interactive_taskmanager_lsass_dump.zip",
    "schtask_create.zip",
    "schtask_modification.zip",
    "sh_arp_cache.zip",
)
_SAMPLE = 12  # records of each kind that are compared value by value


@dataclass
class Reading:
    """What the independent reading found, and the report and the store of the ingest of the same files."""

    report: IngestReport
    store: Path
    counts: Counter[Kind] = field(default_factory=Counter)
    events: Counter[tuple[str, ...]] = field(default_factory=Counter)
    unmapped: Counter[Kind] = field(default_factory=Counter)
    by_file: Counter[str] = field(default_factory=Counter)
    sample: dict[Kind, list[RawRecord]] = field(default_factory=dict)


def _logs(real_logs: Path, *, every: bool) -> list[Path]:
    otrf = sorted((real_logs / "otrf").glob("*")) if every else [real_logs / "otrf" / name for name in _FEW]
    zeek, documents = (real_logs / "zeek").glob("*.zip"), (real_logs / "car-true-positives").glob("*.json")
    return [*otrf, *sorted(zeek), *sorted(documents), *sorted((real_logs / "evtx").rglob("*.evtx"))]


@pytest.fixture(scope="module")
def reading(real_logs: Path, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Reading:
    """Some of the logs, with `--all-logs` all of them, read in both ways."""
    paths = _logs(real_logs, every=bool(pytestconfig.getoption("--all-logs", default=False)))
    store = tmp_path_factory.mktemp("counts") / "store"
    found = Reading(load(store, *paths, keep_raw=True), store)
    chance = random.Random(20200901)  # noqa: S311  # the sample is the same every time
    for path in paths:
        for record in records(path):
            _note(found, str(path), record, chance)
    return found


def _note(found: Reading, path: str, record: RawRecord, chance: random.Random) -> None:
    found.by_file[path] += 1
    found.counts[record.kind] += 1
    events = expected_events(record.kind, record.data)
    for event in events:
        found.events[tuple(event.split("/"))] += 1
    if not events:
        found.unmapped[record.kind] += 1
    if not events or record.kind[0] in KEPT or record.kind[0] == "auditd":
        found.events[("event", "log")] += record.data.get("lines", 1) if record.kind[0] == "auditd" else 1
    if record.kind in VALUES and record.text:
        kept = found.sample.setdefault(record.kind, [])
        if len(kept) < _SAMPLE:
            kept.append(record)
        elif (place := chance.randrange(found.counts[record.kind])) < _SAMPLE:
            kept[place] = record


def test_every_record_of_every_file_is_accounted_for(reading: Reading) -> None:
    assert {s.source: s.read for s in reading.report.sources if s.status is Status.INGESTED} == dict(reading.by_file)
    assert all(s.read == s.mapped + s.unmapped + s.rejected for s in reading.report.sources)
    assert reading.report.records == reading.counts.total()
    assert reading.report.rejected == 0


def test_each_kind_of_record_gives_the_events_that_it_should(reading: Reading) -> None:
    assert dict(reading.report.events) == dict(reading.events)
    unmapped: Counter[Kind] = Counter()
    for (channel, event_id), count in reading.report.unmapped.items():
        unmapped[(str(channel).lower(), event_id)] += count
    assert unmapped == reading.unmapped


def test_events_of_each_sensor_are_as_many_as_its_records(reading: Reading) -> None:
    sysmon = sum(count for (channel, _), count in reading.counts.items() if "sysmon" in channel)
    assert query(reading.store, "SELECT count(*) FROM events WHERE sensor = 'sysmon'") == [(sysmon,)]
    kept = sum(count for (channel, _), count in reading.counts.items() if channel in KEPT)
    names = ", ".join(f"'{name}'" for name in KEPT)
    sql = f"SELECT count(*) FROM events WHERE lower(log_name) IN ({names})"  # noqa: S608  # the names stand above
    assert query(reading.store, sql, "event") == [(kept,)]


def test_no_field_is_empty_that_the_record_has_and_no_value_another(reading: Reading) -> None:
    assert len(reading.sample) > len(VALUES) * 0.8
    wrong = [fault for kind, found in reading.sample.items() for fault in _faults(reading.store, kind, found)]
    assert not wrong, "\n".join(map(str, wrong))


def _faults(store: Path, kind: Kind, found: list[RawRecord]) -> Iterator[tuple[Any, ...]]:
    for event, ways in VALUES[kind].items():
        meant = [record for record in found if event in expected_events(record.kind, record.data)]
        fields = list(dict.fromkeys(name for _, name, _ in ways))
        rows = _rows(store, event, fields, [record.text for record in meant]) if meant else {}
        for record in meant:
            for member, name, wanted in ways:
                raw = str(record.data.get(member, ""))
                if raw in MISSING or (raw == "?" and member.startswith("Parent")):
                    continue  # Sysmon writes ? for a parent that it does not know
                values = {row[fields.index(name)] for row in rows.get(record.text, [])}
                if values != {_written(wanted(raw))}:
                    yield kind, event, member, name, raw[:200], values


def _written(value: Any) -> str | None:
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _rows(store: Path, event: str, fields: list[str], texts: list[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the values of the events that records became, as texts, by the records' own text."""
    object_name, action = event.split("/")
    columns = ", ".join(f"regexp_replace(CAST(\"{name}\" AS VARCHAR), '\\+00$', '')" for name in fields)
    quoted = ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
    sql = f"SELECT raw, {columns} FROM events WHERE action = '{action}' AND raw IN ({quoted})"  # noqa: S608
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for raw, *values in query(store, sql, object_name):
        rows.setdefault(raw, []).append(tuple(values))
    return rows
