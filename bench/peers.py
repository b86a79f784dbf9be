# ruff: noqa: INP001  # a folder of commands, not a package
"""Run the same rules over the same log by another engine; for an interpreter that has it, and needs no carlang.

    PYTHON bench/peers.py eql|sqlite LOG RULES

LOG has Sysmon's records as lines of JSON, RULES is a JSON file with the rules as each engine has them. The engines are
Elastic's own of EQL, in Python, and SQLite with the queries that pySigma writes for it. It prints JSON:
seconds of the processors for the rules, for reading and for running, seconds on the clock, MiB at the most, and rows.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import sys
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


def peak() -> float:
    """Return the most memory that this process has had, in MiB; what `getrusage` counts begins with its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        text = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(text.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)  # bytes on macOS


def main() -> None:
    """Run one of them and print what it took."""
    engine = {"eql": by_eql, "sqlite": by_sqlite}[sys.argv[1]]
    laps = [time.process_time()]
    begun = time.perf_counter()
    rules = json.loads(Path(sys.argv[3]).read_text("utf-8"))
    rows = engine(Path(sys.argv[2]), rules, lambda: laps.append(time.process_time()))
    cpu = [later - earlier for earlier, later in pairwise(laps)]
    wall = time.perf_counter() - begun
    print(json.dumps({"cpu": cpu, "wall": wall, "peak": peak(), "rows": rows}))


if __name__ == "__main__":
    main()
