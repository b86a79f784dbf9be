# ruff: noqa: INP001  # a folder of commands, not a package
"""Ingest records of several kinds, damaged ones among them, split into few and many files, and compare the stores.

    python -m bench.split [--records 200000] [--files 1,7,97] [--seed 0]

The records are lines of JSON, of auditd and of syslog, and events of XML, mixed; one in twenty is damaged. Files are
cut between records at places that are drawn. The stores have to hold the same events, `source` and the position in a
file aside, and as many records have to be rejected.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import duckdb

from carlang.loading import ingest
from carlang.model import builtin_model
from carlang.store import open_store

_DAMAGED = 0.05


def json_line(number: int) -> str:
    """Return a start of a process as Sysmon's record in JSON."""
    record = {
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "EventID": 1,
        "Hostname": f"HOST{number % 7}",
        "RecordNumber": number,
        "UtcTime": f"2024-03-21 10:00:{number % 60:02}.123",
        "Image": f"C:\\Work\\p{number}.exe",
        "CommandLine": f"p{number}.exe [a] \"b\" {{c}} <Event d='e'> 'f'",
    }
    return json.dumps(record)


def event_xml(number: int) -> str:
    """Return a start of a process as Sysmon's record in XML."""
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        "<Provider Name='Microsoft-Windows-Sysmon'/><EventID>1</EventID>"
        f"<EventRecordID>{number}</EventRecordID><Channel>Microsoft-Windows-Sysmon/Operational</Channel>"
        f"<Computer>HOST{number % 7}</Computer></System><EventData>"
        f"<Data Name='UtcTime'>2024-03-21 10:00:{number % 60:02}.123</Data><Data Name='Image'>C:\\p{number}.exe</Data>"
        "</EventData></Event>"
    )


def audit_line(number: int) -> str:
    """Return an event of auditd of a single line."""
    return (
        f"type=SYSCALL msg=audit(1588316619.{number % 1000:03}:{number}): arch=c000003e syscall=59 success=yes exit=0"
        f' ppid=1 pid={number} uid=0 comm="at" exe="/usr/bin/at" key=(null)'
    )


def syslog_line(number: int) -> str:
    """Return a line of syslog."""
    return f"Mar 21 10:00:{number % 60:02} host{number % 7} sshd[{number}]: session opened for user ann [{number}]"


def access_line(number: int) -> str:
    """Return a request as nginx logs it."""
    start = f"203.0.113.{number % 250} - - [21/Mar/2024:10:00:{number % 60:02} +0100]"
    return rf'{start} "GET /{number}?q=<Event \"d\"> HTTP/1.1" 200 {number} "-" "Mozilla/5.0 [a] {{b}} \x22"'


_WRITTEN: tuple[Callable[[int], str], ...] = (json_line, event_xml, audit_line, syslog_line, access_line)


def damaged(line: str, draw: random.Random) -> str:
    """Damage a line such that it is one line still, and no blank one."""
    offset = draw.randrange(1, len(line) - 1)
    match draw.randrange(6):
        case 0:
            return line[:offset]
        case 1:
            return line[offset:].lstrip() or "x"
        case 2:
            return line[:offset] + draw.choice("\0\x01\x1b\"'[]{}<>&,") + line[offset:]
        case 3:
            return line[:offset] + line[offset + 1 :]
        case 4:
            return draw.choice('[{"<') + line
        case _:
            return line[:offset] + "\0" * min(40, len(line) - offset) + line[offset + 40 :]


def records(count: int, seed: int) -> list[str]:
    """Return lines of several kinds, some of them damaged."""
    draw = random.Random(seed)  # noqa: S311  # chance, no secret
    lines = [draw.choice(_WRITTEN)(number) for number in range(1, count + 1)]
    return [damaged(line, draw) if draw.random() < _DAMAGED else line for line in lines]


def write_split(lines: Sequence[str], files: int, folder: Path, seed: int) -> list[Path]:
    """Write lines into so many files, each of which has one at least."""
    draw = random.Random(seed + files)  # noqa: S311  # as above
    cuts = [0, *sorted(draw.sample(range(1, len(lines)), files - 1)), len(lines)]
    folder.mkdir(parents=True)
    paths = []
    for number, (begin, end) in enumerate(pairwise(cuts)):
        paths.append(folder / f"{number:03}.log")
        paths[-1].write_text("".join(f"{line}\n" for line in lines[begin:end]), "utf-8")
    return paths


def digest(store: Path) -> dict[str, tuple[int, str]]:
    """Return, for each object, how many events a store has and a digest of all, in whatever order they stand."""
    result: dict[str, tuple[int, str]] = {}
    opened = open_store(store)
    with duckdb.connect() as connection:
        for name in sorted({file.object for file in opened.files()}):
            files = [str(file.path) for file in opened.files(name)]
            query = """
                SELECT count(*), sum(hash(e)::HUGEINT)::VARCHAR || ' ' || bit_xor(hash(e))::VARCHAR
                FROM (SELECT to_json(t)::VARCHAR AS e FROM (
                  SELECT * EXCLUDE (source)
                  FROM read_parquet($files, hive_partitioning = true, union_by_name = true)) t)
            """
            row = connection.execute(query, {"files": files}).fetchall()[0]
            result[name] = (int(row[0]), str(row[1]))
    return result


def main() -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--files", default="1,7,97")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    lines = records(options.records, options.seed)
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="carlang-split-") as name:
        for count in map(int, options.files.split(",")):
            paths = write_split(lines, count, Path(name) / f"{count} files", options.seed)
            begun = time.monotonic()
            report = ingest(paths, Path(name) / f"{count} store", model=builtin_model())
            events = digest(Path(name) / f"{count} store")
            outcomes.append((report.records, report.rejected, events))
            counts = ", ".join(f"{name} {number}" for name, (number, _) in events.items())
            seconds = time.monotonic() - begun
            print(
                f"{count} files: {report.records} read, {report.rejected} rejected; {counts}; {seconds:.0f} s",
                flush=True,
            )
    same = all(outcome == outcomes[0] for outcome in outcomes)
    print(f"seed {options.seed}: the stores are {'the same' if same else 'NOT the same'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
