"""The zone of the machine changes nothing: times without a zone are UTC, on the way in and on the way out."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import carlang
from tests.boundaries.tables import store_of
from tests.conftest import PATIENCE

ZONES = ["UTC", "America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati"]
NOON = datetime(2024, 7, 1, 12, tzinfo=UTC)
NAIVE = NOON.replace(tzinfo=None)
HOUR = timedelta(hours=1)

needs_zones = pytest.mark.skipif(not hasattr(time, "tzset"), reason="a process cannot change its zone on this system")


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """A time zone that this process is in."""
    before = os.environ["TZ"]
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    os.environ["TZ"] = before
    time.tzset()


@pytest.fixture
def store(tmp_path: Path) -> carlang.Store:
    """Five events, an hour after another, the third at noon."""
    events = [{"time": NOON + number * HOUR, "pid": number} for number in range(-2, 3)]
    return carlang.open_store(store_of(tmp_path, "process/create", events))


def _pids(result: carlang.Result) -> list[int]:
    (output,) = result.values()
    return [row["pid"] for row in output.rows()]


@needs_zones
@pytest.mark.usefixtures("zone")
def test_an_instant_without_a_zone_is_utc_wherever_the_library_takes_one(store: carlang.Store) -> None:
    everything = "search Process:Create"
    assert _pids(carlang.run(f"{everything} | filter time < now", store, now=NAIVE)) == [-2, -1]
    assert _pids(carlang.run(everything, store, since=NAIVE)) == [0, 1, 2]
    assert _pids(carlang.run(everything, store, until=NAIVE)) == [-2, -1]
    program = "input since: time\np = search Process:Create\nq = filter p where (time >= since)\noutput q"
    assert _pids(carlang.run(program, store, params={"since": NAIVE})) == [0, 1, 2]
    report = carlang.run_all([carlang.load_text(everything)], store, now=NAIVE, since=NAIVE, until=NAIVE + HOUR)
    assert (report.now, report.results[0].output.total) == (NOON, 1)
    assert "12:00:00" in carlang.load_text(f"{everything} | filter time < now").sql(now=NAIVE)["result"]


@needs_zones
@pytest.mark.usefixtures("zone")
def test_literals_clocks_and_texts_of_times_are_utc(store: carlang.Store) -> None:
    text = (
        'search Process:Create | filter "2024-07-01 12:00" <= time < "2024-07-01T14:30+01:30"\n'
        "| select time, hour(time) as hour, day_of_week(time) as day, to_string(time) as written"
    )
    (row,) = carlang.run(text, store)["result"].rows()
    assert row["time"] == NOON
    assert row["time"].utcoffset() == timedelta()
    assert (row["hour"], row["day"], row["written"]) == (12, 1, "2024-07-01T12:00:00.000000Z")


# Run in a process of its own: what libraries find out about the zone when they are loaded counts as well.
_EVERYTHING = """
import contextlib, hashlib, io, sys
from pathlib import Path
import carlang
from carlang.cli import main

folder = Path(sys.argv[1])

def command(*arguments):
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    sys.argv[1:] = arguments
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.suppress(SystemExit):
        main()
    out.flush()
    written = out.buffer.getvalue()
    print(arguments, len(written), hashlib.sha256(written).hexdigest())
    print(err.getvalue().replace(str(folder), ""))
    return written

report = carlang.ingest(sorted((folder / "logs").iterdir()), folder / "store")
print(sorted(report.events.items()), report.rejected)
store = carlang.open_store(folder / "store")
for name in sorted({file.object for file in store.files()}):
    for output in carlang.run(f"search {name}", store).values():
        print(name, [{k: str(v) for k, v in row.items() if v is not None and k != "source"} for row in output.rows()])

bounds = ["--now", "2013-05-14", "--since", "2013-05-13 09:58", "--until", "2013-05-13T22:00"]
program = "search Process:Create | filter hour(time) < 16 and time < now - 1 hour | select time, exe, to_string(time)"
for format_ in ("csv", "json", "ndjson", "timesketch", "html", "parquet"):
    written = command("run", "-e", program, "--format", format_, *bounds)
    if format_ == "csv":
        print(written.decode())
"""

_ZEEK = """#separator \\x09
#path\tconn
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration
#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tinterval
1588316619.25\tC9\t10.0.0.1\t1024\t10.0.0.2\t445\ttcp\t1.5
"""

_LOGS = {
    "car.json": '{"object": "process", "action": "create", "time": "2020-07-01T12:00:00", "exe": "a.exe"}\n'
    '{"object": "process", "action": "create", "time": "2020-07-01 12:00:00.5+02:00", "exe": "b.exe"}\n'
    '{"object": "process", "action": "create", "time": "2020-03-08 02:15:00", "exe": "in a gap.exe"}\n',
    "sysmon.json": '{"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Hostname": "H",'
    ' "UtcTime": "2020-11-01 01:30:00.678", "ProcessId": 7, "Image": "C:\\\\at.exe"}\n',
    "security.json": '{"Channel": "Security", "EventID": 4688, "Hostname": "H", "EventTime": "2020-11-01 01:30:00",'
    ' "NewProcessName": "C:\\\\at.exe"}\n',
    "audit.log": "type=SYSCALL msg=audit(1604994497.155:2): arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=3"
    ' uid=0 exe="/bin/nc"\n',
    "conn.log": _ZEEK,
}


def test_logs_stores_and_reports_are_the_same_bytes_in_every_zone(tmp_path: Path) -> None:
    told: dict[str, str] = {}
    for zone in ZONES[:2]:
        folder = tmp_path / zone
        (folder / "logs").mkdir(parents=True)
        for name, text in _LOGS.items():
            (folder / "logs" / name).write_text(text, "utf-8")
        command = [sys.executable, "-c", _EVERYTHING, str(folder)]
        done = subprocess.run(
            command, env=os.environ | {"TZ": zone}, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stderr
        told[zone] = done.stdout
    assert told["UTC"].count("2020-11-01 01:30:00") >= 2
    assert "2013-05-13T09:58:00.000000Z" in told["UTC"]
    assert told["UTC"].splitlines() == told["America/St_Johns"].splitlines()
