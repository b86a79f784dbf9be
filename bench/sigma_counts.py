# ruff: noqa: INP001  # a folder of commands, not a package
"""Sigma rules here beside the queries that pySigma's SQLite backend makes of them, on the same records.

    python -m bench.sigma_counts --rules ../shared/sigma ../shared/data ../shared/sigma/regression

The logs, EVTX files and lines of JSON in archives, are read twice: by an ingest, and by a parser alone, whose records
are put into a table with the members' own names. Every rule of the log sources is asked of both, and has to find the
same records; of lines of JSON, which have no numbers, as many of each file. What differs is listed with its rule, and
the status is 1, unless it is decided so: docs/decisions/sigma.md. `pip install pysigma-backend-sqlite` first.
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
from typing import Any, cast

import yaml
from evtx import PyEvtxParser
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
    arguments = parser.parse_args()
    rules = list(_rules(arguments.rules))
    status = 0
    with tempfile.TemporaryDirectory() as folder:
        files = list(_files([*arguments.logs, *_unpacked(arguments.logs, Path(folder, "unpacked"))]))
        if arguments.drawn:
            files += drawn_files(rules, Path(folder, "drawn"), arguments.drawn, arguments.seed)
        carlang.ingest(files, Path(folder, "store"))
        store = carlang.open_store(Path(folder, "store"))
        channels = {channel for channel, _ in LOG_SOURCES.values()}
        records = [record for file in files for record in _records(file) if record[0] in channels]
        for name, (channel, numbers) in LOG_SOURCES.items():
            of_source = [
                rule for rule in rules if name in (rule.sigma.logsource.category, rule.sigma.logsource.service)
            ]
            of_channel = (each for each in records if each[0] == channel and (not numbers or each[1] in numbers))
            table = _table([(key, record) for _, _, key, record in of_channel], of_source)
            status |= _compare(name, of_source, table, _ours(of_source, store, SENSORS.get(channel)))
    return status


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
    found = [file for folder in folders for file in folder.rglob("*")]
    for file in sorted(f for f in found if f.suffix == ".evtx" or (f.suffix == ".json" and "unpacked" in f.parts)):
        digest = hashlib.sha256(file.read_bytes()).digest()
        if digest not in seen:
            seen.add(digest)
            yield file


def _rules(folder: Path) -> Iterator[Rule]:
    """Yield the rules of the log sources for Windows."""
    for file in sorted(folder.rglob("*.yml")):
        data = yaml.load(file.read_text(encoding="utf-8"), Loader=SigmaYAMLLoader)  # noqa: S506  # a safe loader
        source = data.get("logsource", {})
        if (source.get("category") or source.get("service")) in LOG_SOURCES and source.get("product") == "windows":
            yield Rule(file, SigmaRule.from_dict(data))


def drawn_files(rules: Sequence[Rule], folder: Path, each: int, seed: int) -> list[Path]:
    """Write records that are drawn from the rules of each log source, a file a source, and return the files."""
    folder.mkdir()
    files = []
    for name, (channel, numbers) in LOG_SOURCES.items():
        of_source = [r.sigma for r in rules if name in (r.sigma.logsource.category, r.sigma.logsource.service)]
        lines = drawn(of_source, channel, numbers, each, random.Random(f"{seed} {name}"))  # noqa: S311  # no secret
        file = folder / f"{name}.ndjson"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        files.append(file)
    return files


def _compare(name: str, rules: Sequence[Rule], table: sqlite3.Connection, ours: Mapping[Path, Found]) -> int:
    """Print how many rules of a log source find the same, and which do not; return 1 where one does not."""
    compared = agreed = decided = rows = 0
    (records,) = table.execute("SELECT count(*) FROM records").fetchone()
    for rule in rules:
        theirs = _theirs(rule, table, "records")
        if theirs is None or rule.file not in ours:
            why = "pySigma's backend refuses it" if theirs is None else "it does not run here"
            print(f"  not compared, {why}: {rule.file.name}")
            continue
        compared += 1
        rows += theirs.total()
        if ours[rule.file] == theirs:
            agreed += 1
        elif any(ours[rule.file] == _theirs(rule, table, name) for name in ("dashes", "nothings", "empties")):
            decided += 1
            print(f"  {rule.sigma.id} {rule.file.name}: as is decided, an empty text, `-` and `?` are no values")
        else:
            _say(rule, ours[rule.file], theirs)
    print(f"{name}: {agreed} of {compared} rules find the same, {rows} rows, in {records} records", flush=True)
    return int(agreed + decided < compared)


def _say(rule: Rule, ours: Found, theirs: Found) -> None:
    print(f"  {rule.sigma.id} {rule.file.name}: {ours.total()} here, {theirs.total()} there")
    for found, where in ((ours - theirs, "here alone"), (theirs - ours, "there alone")):
        print("".join(f"    {where}: {Path(file).name} {number}\n" for file, number in sorted(found)[:3]), end="")


def _ours(rules: Sequence[Rule], store: carlang.Store, sensor: str | None) -> Mapping[Path, Found]:
    """Return by rule the records that it finds here of a sensor, without one of those that are as they were written."""
    analytics = {carlang.load(rule.file): rule.file for rule in rules}
    report = carlang.run_all(list(analytics), store, records_apart=True)
    # A rule that no event could meet found nothing, as it does in the table.
    not_run = {each.analytic for each in report.not_run}
    found: dict[Path, Found] = {file: Counter() for analytic, file in analytics.items() if analytic.id in not_run}
    for result in report.results:
        if isinstance(result, AnalyticOutput):
            rows = [row for row in result.output.rows() if row["sensor"] == (sensor or "windows_event_log")]
            found[Path(result.file)] = Counter(_key(str(row["source"]), row["record_id"]) for row in rows)
    return found


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
        yield _of_event(file, json.loads(each["data"])["Event"])


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
    from sigma.backends.sqlite import sqliteBackend  # noqa: PLC0415  # the tests' environment has not got it

    try:
        queries = cast("list[str]", sqliteBackend().convert_rule(rule.sigma))
    except SigmaError:
        return None
    found: set[tuple[int, Key]] = set()
    for query in queries:
        _, _, condition = query.partition(" WHERE ")
        rows = table.execute(f"SELECT rowid, _file, _number FROM {name} WHERE {condition}")  # noqa: S608  # a bench
        found.update((row, (file, number)) for row, file, number in rows)
    return Counter(key for _, key in found)


def _matches(pattern: str, text: str | None) -> bool:
    return text is not None and re.search(pattern, text) is not None


if __name__ == "__main__":
    sys.exit(main())
