# ruff: noqa: INP001  # a folder of commands, not a package
"""Kill `carlang ingest` at random moments, complete it, and compare the store with that of an undisturbed ingest.

    python bench/kill.py [--runs 100] [--seed 0]

Each run starts the command on the same sources, kills it with SIGKILL at a moment drawn from the time that an
undisturbed one takes once it has begun to write, and runs it again to the end. The events of both stores have to be
the same, byte by byte, in a plain copy. Batches are made small, so that an ingest has many commits.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carlang.errors import StoreError
from carlang.loading import Status, ingest
from carlang.model import builtin_model
from carlang.store import open_store, write_plain

_CHUNK = 40_000
_COMMAND = f"""
from carlang.cli import main
from carlang.readers import tuning

tuning.CHUNK = tuning.COMMIT = {_CHUNK}
main()
"""
_FILES = 24
_LINES = 120
_LONGEST = 300.0


@dataclass(frozen=True)
class Outcome:
    """One run: how long the command was let live, whether it was done before, and what the store held then."""

    seconds: float
    finished: bool
    held: int
    same: bool


def make_sources(folder: Path) -> list[Path]:
    """Write invented logs of several kinds, some of them with lines that are no records."""
    folder.mkdir()
    return [_write(folder / f"{number:02}.json", number) for number in range(_FILES)]


def _write(path: Path, number: int) -> Path:
    lines = [json.dumps(_record(number, line)) for line in range(_LINES)]
    if number % 5 == 0:
        lines.insert(number, '{"cut": ')
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def _record(file: int, line: int) -> dict[str, Any]:
    head = {
        "RecordNumber": file * _LINES + line,
        "Hostname": "HOST1",
        "UtcTime": f"2020-01-01 00:{file:02}:00.{line:03}",
    }
    if line % 4 == 0:
        return {"Channel": "Security", "EventID": 4624 + line, "EventTime": "2020-01-01T00:00:00Z", **head}
    data = {
        "Image": f"C:\\{line}.exe",
        "CommandLine": "x" * 100,
        "ProcessId": str(line),
        "TargetFilename": f"C:\\{line}",
    }
    sysmon = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": (1, 5, 11)[line % 3]}
    return {**sysmon, **data, **head}


def run_once(sources: list[Path], folder: Path, expected: dict[str, bytes], seconds: float) -> Outcome:
    """Kill an ingest after some seconds of writing, complete it and compare."""
    store = folder / "store"
    process = _start(sources, store)
    _wait_for_writing(process, store)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    held = _held(store)
    report = ingest([*map(str, sources)], store, model=builtin_model())
    known = all(source.status in (Status.INGESTED, Status.PRESENT) for source in report.sources)
    return Outcome(seconds, process.returncode >= 0, held, known and plain(store, folder / "plain") == expected)


def plain(store: Path, folder: Path) -> dict[str, bytes]:
    """Return the bytes of a store's plain copy by file."""
    write_plain(open_store(store), folder)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def undisturbed(sources: list[Path], folder: Path) -> tuple[dict[str, bytes], float]:
    """Return what the store holds after an ingest that is let be, and how many seconds it writes."""
    process = _start(sources, folder / "store")
    _wait_for_writing(process, folder / "store")
    begun = time.monotonic()
    process.wait(_LONGEST)
    return plain(folder / "store", folder / "plain"), time.monotonic() - begun


def _start(sources: list[Path], store: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _COMMAND, "ingest", *map(str, sources), "--store", str(store)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))


def _wait_for_writing(process: subprocess.Popen[bytes], store: Path) -> None:
    while process.poll() is None and not (store / "_delta_log").exists():
        time.sleep(0.002)


def _held(store: Path) -> int:
    try:
        return open_store(store).info().rows
    except StoreError:
        return 0  # killed before the first commit of the log was there


def main() -> int:
    """Run, and print the counts."""
    parser = argparse.ArgumentParser(description="Kill ingests at random moments and compare what they leave.")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    drawn = random.Random(options.seed)  # noqa: S311  # moments to kill at, no secrets
    with tempfile.TemporaryDirectory(prefix="carlang-") as name:
        folder = Path(name)
        sources = make_sources(folder / "sources")
        (folder / "whole").mkdir()
        expected, seconds = undisturbed(sources, folder / "whole")
        rows = open_store(folder / "whole" / "store").info().rows
        print(f"seed {options.seed}, {len(sources)} sources, {rows} events, {seconds:.2f} s of writing undisturbed")
        counts: Counter[str] = Counter()
        for number in range(options.runs):
            with tempfile.TemporaryDirectory(prefix="carlang-", dir=folder) as own:
                outcome = run_once(sources, Path(own), expected, drawn.uniform(0, seconds))
            counts["killed" if not outcome.finished else "done before it was killed"] += 1
            counts[
                "with nothing committed" if not outcome.held else "with a part" if outcome.held < rows else "with all"
            ] += 1
            counts["same" if outcome.same else "DIFFERENT"] += 1
            if not outcome.same:
                print(f"run {number}: killed after {outcome.seconds:.3f} s, other events than undisturbed")
        print(", ".join(f"{count} {what}" for what, count in counts.items()))
    return 1 if counts["DIFFERENT"] else 0


if __name__ == "__main__":
    sys.exit(main())
