"""The same run with the same `now` is the same bytes in every format, whatever of a process is not the run's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from carlang.report import FORMATS
from tests.conftest import PATIENCE

# Joins, groups, sequences and lists among them, on the sample store.
ANALYTICS = ("CAR-2013-02-003", "CAR-2013-03-001", "CAR-2013-05-002", "CAR-2013-05-004", "CAR-2014-11-008")
CODE = """
import hashlib, io, json, os, sys
if sys.argv[1] == "one" and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])  # DuckDB has a thread for each processor
import carlang
from carlang.report import FORMATS, write_report

report = carlang.rank(carlang.run_all(map(carlang.load, sys.argv[2:]), now="2013-06-01"))
written = {}
for name in FORMATS:
    stream = io.BytesIO()
    write_report(report, stream, name)
    written[name] = hashlib.sha256(stream.getvalue()).hexdigest()
print(json.dumps({"seed": hash("a"), "found": report.found, "written": written}))
"""


def started(processors: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CODE, processors, *ANALYTICS]
    return subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> Any:
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    return json.loads(out)


def test_two_processes_write_the_same_bytes_in_every_format() -> None:
    """Their hashes, threads and time zones are not the same, and the clock has gone on."""
    # One after the other, each takes longer than the second in which a clock that is written down would tell.
    first = told(started("one", PYTHONHASHSEED="1", TZ="UTC"))
    second = told(started("all", PYTHONHASHSEED="2", TZ="Asia/Kolkata"))
    assert first["seed"] != second["seed"]
    assert first["found"] == second["found"] > 10
    assert set(first["written"]) == set(FORMATS)
    assert first["written"] == second["written"]
