# ruff: noqa: INP001  # a folder of commands, not a package
"""Measure what commands take of memory, beside the limits that they were given.

```console
$ python -m bench.memory --rows 1_000_000 --records 950_000 --limits 128MB 200MB 400MB
```

Each line is a process of its own: what it did, the limit, the peak of its resident memory, that peak less what the same
command takes over an empty store, or an ingest of one record (its base), and how that compares with the limit. An
ingest without a limit is to take the same for an input four times as large.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

_UNITS = {"KB": 1e3, "MB": 1e6, "GB": 1e9}
_CHILD = """
import resource, sys
from carlang.cli import main
try:
    main(sys.argv[1:])
finally:
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}", file=sys.stderr)
"""


def measured(*arguments: str) -> tuple[float, int]:
    """Run a command and return the peak of its memory in MB, and its exit status."""
    done = subprocess.run([sys.executable, "-c", _CHILD, *arguments], capture_output=True, text=True, check=False)
    peak = re.search(r"^peak (\d+)$", done.stderr, re.MULTILINE)
    if peak is None:
        raise RuntimeError(done.stderr)
    return int(peak[1]) * (1 if sys.platform == "darwin" else 1024) / 1e6, done.returncode


def write_store(folder: Path, rows: int) -> Path:
    """Write a store of plain Parquet with events that do not compress well."""
    place = folder / "process" / "create"
    place.mkdir(parents=True)
    query = """
        COPY (SELECT TIMESTAMPTZ '2024-03-05 00:00:00+00' + to_seconds(hash(i) % 1000000) AS time,
                     'process' AS object, 'create' AS action, 'H' AS hostname,
                     md5(i::VARCHAR) || sha256(i::VARCHAR) AS command_line, 'x.exe' AS exe
              FROM range($rows) AS numbers(i))
        TO $file (FORMAT parquet)
    """
    with duckdb.connect() as connection:
        connection.execute(query, {"rows": rows, "file": str(place / "events.parquet")})
    return folder


def write_log(file: Path, records: int) -> Path:
    """Write a log of records of Sysmon."""
    with file.open("w", encoding="utf-8") as stream:
        for number in range(records):
            record = {
                "Channel": "Microsoft-Windows-Sysmon/Operational",
                "EventID": 1,
                "Hostname": "DESK7",
                "UtcTime": f"2024-03-05 08:{number // 60 % 60:02}:{number % 60:02}.000",
                "ProcessId": number,
                "Image": "C:\\Windows\\System32\\at.exe",
                "CommandLine": f"at.exe {number} {hash(number):x}" * 4,
            }
            stream.write(json.dumps(record) + "\n")
    return file


def compared(limit: str, base: float, peak: float, status: int) -> str:
    """Say how a peak in MB compares with a limit."""
    bound = float(limit[:-2]) * _UNITS[limit[-2:]] / 1e6
    said = f"limit {bound:.0f} MB, peak {peak:.0f} MB, base {base:.0f} MB"
    return f"{said}, beyond it {(peak - base) / bound:.2f} of the limit, exit status {status}"


def main() -> None:
    """Print the peaks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--limits", nargs="+", default=["128MB", "200MB", "400MB"])
    parser.add_argument("--records", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store, empty = write_store(folder / "store", options.rows), write_store(folder / "empty", 0)
        for shape, extra in (("all rows sorted, 100 kept", ["--limit", "100"]), ("a filter", [])):
            program = "search Process:Create" + (" | filter command_line contains 'abcd'" if not extra else "")
            run = ["run", "-e", program, "--format", "ndjson", *extra]
            base, _ = measured(*run, "--store", str(empty))
            for limit in options.limits:
                measured_run = measured(*run, "--store", str(store), "--memory-limit", limit)
                print(f"run, {shape}: {compared(limit, base, *measured_run)}")
        for records in (options.records, 4 * options.records):
            log = write_log(folder / f"log{records}.json", records)
            peak, status = measured("ingest", str(log), "--store", str(folder / f"made{records}"))
            print(f"ingest of {log.stat().st_size / 1e6:.0f} MB: peak {peak:.0f} MB, exit status {status}")
        log = folder / f"log{options.records}.json"
        base, _ = measured("ingest", str(write_log(folder / "one.json", 1)), "--store", str(folder / "one"))
        for limit in options.limits:
            into = str(folder / f"made{limit}")
            measured_ingest = measured("ingest", str(log), "--store", into, "--memory-limit", limit)
            print(f"ingest of {log.stat().st_size / 1e6:.0f} MB: {compared(limit, base, *measured_ingest)}")


if __name__ == "__main__":
    main()
