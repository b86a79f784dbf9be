# ruff: noqa: INP001  # a folder of commands, not a package
"""Sigma rules here beside the queries that pySigma's SQLite backend makes of them, on the same records.

    python -m bench.sigma_counts --rules ../shared/sigma ../shared/data ../shared/sigma/regression
    python -m bench.sigma_counts --rules ../shared/sigma --drawn 6 --seed 2 --source file_event ../shared/data

The logs, EVTX files and lines of JSON in archives, are read twice: by an ingest, and by a parser alone, whose records
are put into a table with the members' own names. Every rule of the log sources is asked of both, and has to find the
same records; of lines of JSON, which have no numbers, as many of each file. Of each source it is said how many rules
find the same, how many of these find something, and then which differ, with how many records each side finds, and
which could not be compared. The status is 1 where one differs, unless it is decided so: docs/decisions/sigma.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import sqlite3
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from evtx import PyEvtxParser
from sigma.backends.sqlite import sqliteBackend  # type: ignore[attr-defined]
from sigma.exceptions import SigmaError
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule
from sigma.rule.base import SigmaYAMLLoader
from sigma.types import SigmaFieldReference

import carlang
from bench.sigma_drawn import drawn
from carlang.results import AnalyticOutput

SYSMON, POWERSHELL = "Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-PowerShell/Operational"
LOG_SOURCES: Mapping[str, tuple[str, Sequence[int]]] = {
    "process_creation": (SYSMON, [1]),
    "registry_set": (SYSMON, [13]),
    # The class holds the streams of 15 and the executables of 29 as well.
    "file_event": (SYSMON, [11, 15, 29]),
    "image_load": (SYSMON, [7]),
    "network_connection": (SYSMON, [3]),
    "registry_event": (SYSMON, [12, 13, 14]),
    "process_access": (SYSMON, [10]),
    "create_remote_thread": (SYSMON, [8]),
    "driver_load": (SYSMON, [6]),
    "pipe_created": (SYSMON, [17, 18]),
    "dns_query": (SYSMON, [22]),
    "file_delete": (SYSMON, [23, 26]),
    "ps_script": (POWERSHELL, [4104]),
    "ps_module": (POWERSHELL, [4103]),
    "security": ("Security", []),
    "system": ("System", []),
    "application": ("Application", []),
    "windefend": ("Microsoft-Windows-Windows Defender/Operational", []),
    "taskscheduler": ("Microsoft-Windows-TaskScheduler/Operational", []),
    "bits-client": ("Microsoft-Windows-Bits-Client/Operational", []),
    "codeintegrity-operational": ("Microsoft-Windows-CodeIntegrity/Operational", []),
}
"""Categories and services; the channel of their records, and the numbers of these, all without any."""

SENSORS = {SYSMON: "sysmon", POWERSHELL: "windows_powershell"}
LARGEST_ARCHIVE = 200_000
"""How many bytes an archive may have that is read: the table is held in memory."""

Key = tuple[str, str]
"""A record: its file and its number in there, none in JSON."""
Found = Counter[Key]


@dataclass(frozen=True)
class Rule:
    """A rule of a log source, as pySigma reads it."""

    file: Path
    sigma: SigmaRule


def main() -> int:
    """Compare, and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", nargs="+", type=Path, help="folders of EVTX files")
    parser.add_argument("--rules", type=Path, required=True, help="a folder of rules")
    parser.add_argument(
        "--drawn", type=int, default=0, metavar="N", help="also N records drawn from each rule's values"
    )
    parser.add_argument("--seed", type=int, default=1, help="what the drawn records are drawn from")
    parser.add_argument(
        "--source", action="append", choices=LOG_SOURCES, help="a category or service; several times for several"
    )
    arguments = parser.parse_args()
    names = arguments.source or list(LOG_SOURCES)
    rules = {name: of_source for name, of_source in rules_by_source(arguments.rules).items() if name in names}
    with tempfile.TemporaryDirectory() as folder:
        files = list(_files([*arguments.logs, *_unpacked(arguments.logs, Path(folder, "unpacked"))]))
        if arguments.drawn:
            files += drawn_files(rules, Path(folder, "drawn"), arguments.drawn, arguments.seed)
        compared = list(comparisons(rules, files, Path(folder, "store")))
    return int(any(each.differ for each in compared))


@dataclass(frozen=True)
class Comparison:
    """What the rules of a log source find here and there.

    `differ` are those that find others than there, `decided` those that do so because of what is no value here, each
    with the numbers of what both sides find; `not_compared` has the reasons.
    """

    source: str
    records: int
    same: Sequence[tuple[Rule, int]]
    decided: Sequence[tuple[Rule, Found, Found]]
    differ: Sequence[tuple[Rule, Found, Found]]
    not_compared: Sequence[tuple[Rule, str]]

    def lines(self) -> Iterator[str]:
        """Yield the comparison as it is printed."""
        rules = len(self.same) + len(self.decided) + len(self.differ)
        counts = [count for _, count in self.same if count]
        yield (
            f"{self.source}: {len(self.same)} of {rules} rules find the same in {self.records} records,"
            f" {len(counts)} of them something, {sum(counts)} rows"
        )
        for rule, ours, theirs in self.decided:
            yield f"  as is decided, an empty text, `-` and `?` are no values: {_counts(rule, ours, theirs)}"
        for rule, ours, theirs in self.differ:
            yield f"  differs: {_counts(rule, ours, theirs)}"
            for only, where in ((ours - theirs, "here alone"), (theirs - ours, "there alone")):
                yield from (f"    {where}: {Path(file).name} {number}" for file, number in sorted(only)[:3])
        for rule, why in self.not_compared:
            yield f"  not compared, {why}: {rule.sigma.id} {rule.file.name}"


def _counts(rule: Rule, ours: Found, theirs: Found) -> str:
    return f"{rule.sigma.id} {rule.file.name}: {ours.total()} here, {theirs.total()} there"


def comparisons(rules: Mapping[str, Sequence[Rule]], files: Sequence[Path], store_folder: Path) -> Iterator[Comparison]:
    """Yield what the rules of each log source find in logs, which are read into a store, and print it."""
    carlang.ingest(files, store_folder)
    store = carlang.open_store(store_folder)
    channels = {channel for channel, _ in LOG_SOURCES.values()}
    records = [record for file in files for record in _records(file) if record[0] in channels]
    for name, of_source in rules.items():
        channel, numbers = LOG_SOURCES[name]
        of_channel = (each for each in records if each[0] == channel and (not numbers or each[1] in numbers))
        table = _table([(key, record) for _, _, key, record in of_channel], of_source)
        compared = _compared(name, of_source, table, _ours(of_source, store, SENSORS.get(channel)))
        print("\n".join(compared.lines()), flush=True)
        yield compared


def _unpacked(folders: Iterable[Path], target: Path) -> list[Path]:
    """Return the folder into which the lines of JSON of archives are unpacked, a folder for each archive."""
    for archive in sorted(file for folder in folders for file in folder.rglob("*.zip")):
        if archive.stat().st_size <= LARGEST_ARCHIVE:
            with zipfile.ZipFile(archive) as opened:
                opened.extractall(target / archive.stem)
    return [target] if target.is_dir() else []


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the logs of folders; of two with the same bytes the first, as an ingest takes them once."""
    seen: set[bytes] = set()
    files = [file for folder in folders for file in folder.rglob("*")]
    for file in sorted(f for f in files if f.suffix == ".evtx" or (f.suffix == ".json" and "unpacked" in f.parts)):
        digest = hashlib.sha256(file.read_bytes()).digest()
        if digest not in seen:
            seen.add(digest)
            yield file


def rules_by_source(folder: Path) -> dict[str, list[Rule]]:
    """Return the rules of the log sources for Windows, by the name of the source."""
    by_source: dict[str, list[Rule]] = {name: [] for name in LOG_SOURCES}
    for file in sorted(folder.rglob("*.yml")):
        data = yaml.load(file.read_text(encoding="utf-8"), Loader=SigmaYAMLLoader)  # noqa: S506  # a safe loader
        source = data.get("logsource", {})
        name = source.get("category") or source.get("service")
        if name in LOG_SOURCES and source.get("product") == "windows":
            by_source[name].append(Rule(file, SigmaRule.from_dict(data)))
    return by_source


def drawn_files(rules: Mapping[str, Sequence[Rule]], folder: Path, each: int, seed: int) -> list[Path]:
    """Write records that are drawn from the rules of each log source, a file a source, and return the files."""
    folder.mkdir()
    files = []
    for name, of_source in rules.items():
        channel, numbers = LOG_SOURCES[name]
        draw = random.Random(f"{seed} {name}")  # noqa: S311  # no secret
        lines = drawn([rule.sigma for rule in of_source], channel, numbers, each, draw)
        file = folder / f"{name}.ndjson"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        files.append(file)
    return files


def _compared(name: str, rules: Sequence[Rule], table: sqlite3.Connection, by_rule: Mapping[Path, Found]) -> Comparison:
    same: list[tuple[Rule, int]] = []
    decided: list[tuple[Rule, Found, Found]] = []
    differ: list[tuple[Rule, Found, Found]] = []
    not_compared: list[tuple[Rule, str]] = []
    for rule in rules:
        ours, theirs = by_rule.get(rule.file), _theirs(rule, table, "records")
        if ours is None or theirs is None:
            why = "pySigma's backend refuses it" if theirs is None else "it does not run here"
            not_compared.append((rule, why))
        elif ours == theirs:
            same.append((rule, ours.total()))
        else:
            as_decided = any(ours == _theirs(rule, table, each) for each in ("dashes", "nothings", "empties"))
            (decided if as_decided else differ).append((rule, ours, theirs))
    (records,) = table.execute("SELECT count(*) FROM records").fetchone()
    return Comparison(name, records, same, decided, differ, not_compared)


def _ours(rules: Sequence[Rule], store: carlang.Store, sensor: str | None) -> Mapping[Path, Found]:
    """Return by rule the records that it finds here of a sensor, without one of those that are as they were written."""
    analytics = {carlang.load(rule.file): rule.file for rule in rules}
    report = carlang.run_all(list(analytics), store, records_apart=True)
    # A rule that no event could meet found nothing, as it does in the table.
    not_run = {each.analytic for each in report.not_run}
    by_rule: dict[Path, Found] = {file: Counter() for analytic, file in analytics.items() if analytic.id in not_run}
    for result in report.results:
        if isinstance(result, AnalyticOutput):
            rows = [row for row in result.output.rows() if row["sensor"] == (sensor or "windows_event_log")]
            by_rule[Path(result.file)] = Counter(_key(str(row["source"]), row["record_id"]) for row in rows)
    return by_rule


def _key(file: str, number: object) -> Key:
    return file, "" if "unpacked" in Path(file).parts else str(number)


# ---- the records and the queries of the other side ------------------------------------------------------------------


def _table(records: Sequence[tuple[Key, dict[str, str]]], rules: Iterable[Rule]) -> sqlite3.Connection:
    """Return a table of records, with a column for each member and for each field that a rule names.

    What sensors write where they have no value, and what they leave out, is in the table `dashes` a dash, in `nothings`
    missing, in `empties` an empty text.
    """
    named = {name for rule in rules for part in rule.sigma.detection.detections.values() for name in _fields(part)}
    columns = sorted({name for _, record in records for name in record} | named, key=str.casefold)
    # SQLite's names of columns have no case.
    unique = list({name.casefold(): name for name in columns}.values())
    table = sqlite3.connect(":memory:")
    table.create_function("REGEXP", 2, _matches, deterministic=True)
    declared = "".join(f', "{name}" TEXT COLLATE NOCASE' for name in unique)
    places = ", ".join("?" * (len(unique) + 2))
    for name in ("records", "dashes", "nothings", "empties"):
        table.execute(f"CREATE TABLE {name} (_file TEXT, _number TEXT{declared})")
    for key, record in records:
        values = [record.get(name) for name in unique]
        for name, instead in (("dashes", "-"), ("nothings", None), ("empties", "")):
            known = [instead if value in (None, "", "-", "?") else value for value in values]
            table.execute(f"INSERT INTO {name} VALUES ({places})", (*key, *known))  # noqa: S608  # question marks alone
        table.execute(f"INSERT INTO records VALUES ({places})", (*key, *values))  # noqa: S608  # the same
    return table


def _records(file: Path) -> Iterator[tuple[str, int, Key, dict[str, str]]]:
    """Yield records by the members' own names, with their channels, and numbers of their kind."""
    if file.suffix == ".ndjson":
        yield from (_of_event(file, json.loads(line)["Event"]) for line in file.read_text("utf-8").split("\n") if line)
        return
    if file.suffix == ".json":
        for line in filter(str.strip, file.read_text(encoding="utf-8").split("\n")):
            data = json.loads(line)
            record = {name: _text(value) for name, value in data.items() if value is not None}
            record["Provider_Name"] = str(data.get("SourceName"))
            yield data.get("Channel", ""), data.get("EventID", 0), _key(str(file), ""), record
        return
    for each in PyEvtxParser(str(file)).records_json():
        yield _of_event(file, json.loads(each["data"])["Event"])  # type: ignore[index]  # None is its end


def _of_event(file: Path, event: Mapping[str, Any]) -> tuple[str, int, Key, dict[str, str]]:
    """Return a record that stands as EVTX parsers give it."""
    system = event["System"]
    number = system["EventID"]
    number = number["#text"] if isinstance(number, dict) else number
    data = event.get("EventData") or next(iter((event.get("UserData") or {}).values()), None) or {}
    record = {
        name.replace(" ", ""): _text(value)
        for name, value in data.items()
        if name != "#attributes" and value is not None
    }
    provider = system["Provider"]["#attributes"]["Name"]
    record |= {
        "EventID": str(number),
        "Level": str(system.get("Level")),
        "Provider_Name": provider,
        "Channel": system["Channel"],
    }
    return system["Channel"], number, _key(str(file), system["EventRecordID"]), record


def _text(value: Any) -> str:
    if isinstance(value, dict):  # members without names
        value = value.get("#text", value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fields(part: SigmaDetection | SigmaDetectionItem) -> Iterator[str]:
    if isinstance(part, SigmaDetection):
        for item in part.detection_items:
            yield from _fields(item)
        return
    if part.field:
        yield part.field
    yield from (value.field for value in part.value if isinstance(value, SigmaFieldReference))


def _theirs(rule: Rule, table: sqlite3.Connection, name: str) -> Found | None:
    """Return the records that the rule's query finds, or None where the backend has none."""
    try:
        queries: list[str] = sqliteBackend().convert_rule(rule.sigma)  # type: ignore[no-untyped-call]
    except SigmaError:
        return None
    keys: set[tuple[int, Key]] = set()
    for query in queries:
        _, _, condition = query.partition(" WHERE ")
        rows = table.execute(f"SELECT rowid, _file, _number FROM {name} WHERE {condition}")  # noqa: S608  # a bench
        keys.update((row, (file, number)) for row, file, number in rows)
    return Counter(key for _, key in keys)


def _matches(pattern: str, text: str | None) -> bool:
    return text is not None and re.search(pattern, text) is not None


if __name__ == "__main__":
    sys.exit(main())
