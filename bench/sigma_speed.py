# ruff: noqa: INP001  # a folder of commands, not a package
"""Put Sigma's rules by carlang beside the same rules by Zircolite 2, on recordings and on more of the same.

    python -m bench.sigma_speed ../shared/data/evtx --rules ../shared/sigma/rules/windows --records 3_180 100_000 \
        --peers peers/bin/python --zircolite ~/Zircolite/zircolite.py --into docs/performance.md

Both read the same lines of JSON, made beforehand of the recordings (`bench/peer_hunt.py`, `bench/repeating.py`), and
each row is whole processes as a user starts them: `carlang ingest` into a new store, `carlang run` with a page of what
was found, first with an empty cache and then with that of the run before; Zircolite with no rules, which is its
reading, and with all of them. Zircolite's ruleset is made beforehand, as it ships ready-made ones. The bare scan adds
up the lengths of all texts in carlang's store. CPU is that of all threads, and the best of some rounds counts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.__main__ import machine
from bench.cost import Cost
from bench.repeating import write_repeated
from bench.tables import Table, write_page

_CARLANG = [sys.executable, "-c", "from carlang.cli import main; main()"]
_PEER_HUNT = str(Path(__file__).with_name("peer_hunt.py"))
NOW = "2024-03-11"
_MOST_STATUS = 1  # some rules cannot be read, which is said and no failure
_SCAN = """
import sys, duckdb
files = duckdb.sql(f"FROM read_parquet('{sys.argv[1]}/**/*.parquet', union_by_name=true)")
texts = [name for name, kind in zip(files.columns, files.types) if str(kind) == "VARCHAR"]
print(files.aggregate(", ".join(f'sum(length("{name}"))' for name in texts)).fetchall())
"""
HEADER = ("what, records", "rows", "CPU s", "wall s", "peak MiB", "ratio to the scan")
NOTE = (
    "What is measured is not quite the same: carlang writes a store, judges what each host could answer, ranks what it "
    "found and writes a page of it; Zircolite writes the records that it found, with all their fields, as JSON."
)


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured with: rules, the peer, a folder for all that is made, and how often."""

    rules: Path
    peers: str
    zircolite: Path
    folder: Path
    rounds: int

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every process, with a cache of its own."""
        return {**os.environ, "CARLANG_CACHE": str(self.folder / "cache")}

    def taken(self, command: Sequence[str], rows: int = 0) -> Cost:
        """Return what a process takes, its own memory at the most and not that of others before it."""
        begun = time.perf_counter()
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=said)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if not 0 <= process.returncode <= _MOST_STATUS:
                said.seek(0)
                raise SystemExit(f"{' '.join(command)}: {said.read().decode(errors='replace')}")
        wall = time.perf_counter() - begun
        return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, rows)

    def best(self, command: Sequence[str]) -> Cost:
        """Return the least that such a process takes."""
        return _least([self.taken(command) for _ in range(self.rounds)])

    def zircolite_command(self, log: Path, ruleset: Path, detected: Path) -> list[str]:
        """Return how Zircolite is started."""
        fields = ["--config", str(self.zircolite.parent / "config" / "fieldMappings.json")]
        outputs = ["--outfile", str(detected), "--logfile", str(self.folder / "zircolite.log")]
        read = ["--evtx", str(log), "--jsonl", "--ruleset", str(ruleset)]
        return [self.peers, str(self.zircolite), *read, *fields, *outputs]


def _least(costs: Sequence[Cost]) -> Cost:
    return Cost(min(c.cpu for c in costs), min(c.wall for c in costs), min(c.peak for c in costs), costs[0].rows)


def by_carlang(case: Case, log: Path) -> list[tuple[str, Cost]]:
    """Return what carlang takes: to read a log, to scan what it has stored, and to run rules over it."""
    store, results = case.folder / "store", case.folder / "results.json"
    ingests = []
    for _ in range(case.rounds):
        shutil.rmtree(store, ignore_errors=True)
        ingests.append(case.taken([*_CARLANG, "ingest", str(log), "--store", str(store)]))
    scan = case.best([sys.executable, "-c", _SCAN, str(store)])
    run = [*_CARLANG, "run", str(case.rules), "--store", str(store), "--now", NOW, "-q"]
    page = [*run, "--output", str(case.folder / "page.html")]
    shutil.rmtree(case.folder / "cache", ignore_errors=True)
    first, later = case.taken(page), case.best(page)
    case.taken([*run, "--output", str(results)])
    rows = sum(each["count"] for each in json.loads(results.read_text("utf-8"))["results"])
    return [
        ("a bare scan of the store", scan),
        ("carlang reads", _least(ingests)),
        ("carlang runs, the first time", Cost(first.cpu, first.wall, first.peak, rows)),
        ("carlang runs", Cost(later.cpu, later.wall, later.peak, rows)),
    ]


def by_zircolite(case: Case, log: Path, ruleset: Path) -> list[tuple[str, Cost]]:
    """Return what Zircolite takes: to read a log, and to read it and run rules over it."""
    none, detected = case.folder / "none.json", case.folder / "detected.json"
    none.write_text("[]", "utf-8")
    reading = case.best(case.zircolite_command(log, none, detected))
    both = case.best(case.zircolite_command(log, ruleset, detected))
    rows = sum(rule["count"] for rule in json.loads(detected.read_text("utf-8")))
    running = Cost(both.cpu - reading.cpu, both.wall - reading.wall, both.peak, rows)
    return [("Zircolite reads", reading), ("Zircolite runs", running)]


def measured(case: Case, recordings: Path, counts: Sequence[int]) -> list[tuple[str, ...]]:
    """Return the rows of the table, the sizes one after the other."""
    ruleset = case.folder / "rules.json"
    made = [case.peers, _PEER_HUNT, "rules", str(case.rules), str(ruleset)]
    subprocess.run(made, check=True, capture_output=True)
    table: list[tuple[str, ...]] = []
    for count in counts:
        log = case.folder / "log.json"
        write_repeated(recordings, log, count)
        costs = [*by_carlang(case, log), *by_zircolite(case, log, ruleset)]
        scan = costs[0][1].cpu
        table += [_row(f"{name}, {count:,}", cost, scan) for name, cost in costs]
        print(*(" | ".join(row) for row in table[-len(costs) :]), sep="\n", file=sys.stderr, flush=True)
    return table


def _row(name: str, cost: Cost, scan: float) -> tuple[str, ...]:
    rows = f"{cost.rows:,}" if cost.rows else ""
    return name, rows, f"{cost.cpu:.1f}", f"{cost.wall:.1f}", f"{cost.peak:,.0f}", f"{cost.cpu / scan:.1f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", type=Path, help="a folder of recordings, .evtx")
    parser.add_argument("--rules", type=Path, required=True, help="a folder of Sigma rules")
    parser.add_argument(
        "--peers", required=True, metavar="PYTHON", help="the interpreter that has what Zircolite needs"
    )
    parser.add_argument("--zircolite", type=Path, required=True, metavar="PATH", help="the zircolite.py of a checkout")
    parser.add_argument("--records", nargs="+", type=int, default=[3_180, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--into", type=Path, metavar="PAGE")
    options = parser.parse_args(arguments)
    about = machine(options.rounds)
    with tempfile.TemporaryDirectory(prefix="carlang-sigma-speed-") as name:
        folder = Path(name)
        case = Case(options.rules.absolute(), options.peers, options.zircolite.absolute(), folder, options.rounds)
        recordings = folder / "recordings"
        recordings.mkdir()
        read = [case.peers, _PEER_HUNT, "read", str(options.logs.absolute()), str(recordings)]
        subprocess.run(read, check=True, capture_output=True)
        table = Table("Sigma's rules", HEADER, measured(case, recordings, options.records), NOTE)
    print(table.markdown())
    if options.into:
        write_page(options.into, about, [table])
    return 0


if __name__ == "__main__":
    sys.exit(main())
