# ruff: noqa: INP001  # a folder of commands, not a package
"""Run the same rules over the same log by another engine; for an interpreter that has it, and needs no carlang.

    PYTHON bench/peers.py eql|sqlite LOG RULES
    PYTHON bench/peers.py zircolite LOG RULES PATH

LOG has Sysmon's records as lines of JSON, RULES is a JSON file with the rules as each engine has them, PATH is the
the script of a checkout of Zircolite 2. The engines are Elastic's own of EQL, in Python, SQLite with the queries
that pySigma writes for it, and Zircolite, a program of its own that runs such queries. It prints JSON: seconds of the
processors for the rules, for reading and for running, seconds on the clock, MiB at the most, and rows.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

_NAMES = {"image_path": "Image", "command_line": "CommandLine", "parent_image_path": "ParentImage"}


def records(log: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a log, the fields that rules ask about under carlang's names as well."""
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            yield record | {name: record.get(other) for name, other in _NAMES.items()}


def by_eql(log: Path, rules: dict[str, Any], lap: Callable[[], None]) -> int:
    """Run the rules by Elastic's engine, an event after the other, and count what they find."""
    import eql  # noqa: PLC0415  # each engine may be missing

    found: list[object] = []
    engine = eql.PythonEngine()
    for text in rules["eql"]:
        engine.add_query(eql.parse_query(text, implied_any=False))
    engine.add_output_hook(found.append)
    lap()
    events = [
        eql.Event("process", number, {**each, "event_type": "process"}) for number, each in enumerate(records(log))
    ]
    lap()
    for event in events:
        engine.stream_event(event)
    engine.finalize()
    lap()
    return len(found)


def by_sqlite(log: Path, rules: dict[str, Any], lap: Callable[[], None]) -> int:
    """Run the rules as queries of SQLite over a table in memory, and fetch what they find."""
    from sigma.backends.sqlite import sqliteBackend  # noqa: PLC0415  # as above
    from sigma.collection import SigmaCollection  # noqa: PLC0415

    queries = sqliteBackend().convert(SigmaCollection.from_dicts(rules["sigma"]))
    lap()
    rows = records(log)
    first = next(rows)
    with sqlite3.connect(":memory:") as connection:
        columns = ", ".join(f'"{name}" TEXT' for name in first)
        connection.execute(f"CREATE TABLE logs ({columns})")
        insert = f"INSERT INTO logs VALUES ({', '.join('?' for _ in first)})"  # noqa: S608  # as many as there are names
        connection.executemany(insert, ([each.get(name) for name in first] for each in [first, *rows]))
        lap()
        count = sum(len(connection.execute(query).fetchall()) for query in queries)
    lap()
    return count


def by_zircolite(log: Path, rules: dict[str, Any], lap: Callable[[], None], program: Path) -> int:
    """Run Zircolite over the log as on a command line, and count what stands in the file that it writes.

    It reads and runs in one process. What it does without a rule counts as reading.
    """
    from sigma.backends.sqlite import sqliteBackend  # noqa: PLC0415  # as above
    from sigma.collection import SigmaCollection  # noqa: PLC0415

    named = [rule | {"level": "medium", "detection": _as_recorded(rule["detection"])} for rule in rules["sigma"]]
    ruleset = sqliteBackend().convert(SigmaCollection.from_dicts(named), "zircolite")
    lap()
    with tempfile.TemporaryDirectory(prefix="carlang-zircolite-") as name:
        folder = Path(name)
        for number, each in enumerate(("[]", ruleset)):
            (folder / "rules.json").write_text(each, "utf-8")
            arguments = ["--evtx", log.absolute(), "--jsonl", "--ruleset", folder / "rules.json"]
            outputs = ["--outfile", folder / f"{number}.json", "--logfile", folder / "log"]
            command = [sys.executable, program.absolute(), *arguments, *outputs]
            # Beside it lies its table of names, `config/fieldMappings.json`.
            subprocess.run(command, cwd=program.absolute().parent, check=True, capture_output=True)
            lap()
        return sum(len(rule["matches"]) for rule in json.loads((folder / "1.json").read_text("utf-8")))


def _as_recorded(detection: dict[str, Any]) -> dict[str, Any]:
    """Return what a rule looks for, with the names that fields have in the records."""

    def renamed(name: str) -> str:
        field, bar, modifiers = name.partition("|")
        return f"{_NAMES[field]}{bar}{modifiers}"

    return {
        name: {renamed(field): texts for field, texts in part.items()} if isinstance(part, dict) else part
        for name, part in detection.items()
    }


def peak() -> float:
    """Return the most memory that this process has had, in MiB; what `getrusage` counts begins with its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        text = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(text.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)  # bytes on macOS


def processors() -> float:
    """Return the seconds of processors that this process and those that it has waited for have taken."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> None:
    """Run one of them and print what it took."""
    engines = {"eql": by_eql, "sqlite": by_sqlite, "zircolite": by_zircolite}
    name, log, path, *program = sys.argv[1:]
    laps = [processors()]
    begun = time.perf_counter()
    rules = json.loads(Path(path).read_text("utf-8"))
    rows = engines[name](Path(log), rules, lambda: laps.append(processors()), *map(Path, program))
    cpu = [later - earlier for earlier, later in pairwise(laps)]
    memory = peak()
    if program:
        # What it takes without rules was done twice.
        cpu[2] -= cpu[1]
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (
            1 << 20 if sys.platform == "darwin" else 1 << 10
        )
    wall = time.perf_counter() - begun
    print(json.dumps({"cpu": cpu, "wall": wall, "peak": memory, "rows": rows}))


if __name__ == "__main__":
    main()
