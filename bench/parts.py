# ruff: noqa: INP001  # a folder of commands, not a package
"""The parts of what is measured; each makes its tables of some stores and a way to measure."""

from __future__ import annotations

import compileall
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.events.attacks import Attacks, catalogue_attacks, recorded_attacks
from bench.events.write import write_log, write_store
from bench.measure import Cost, Measure, process, told
from bench.rules import rules
from bench.tables import Plot, Table
from bench.tasks import HAND_SQL


@dataclass(frozen=True)
class Bench:
    """What is measured on: numbers of events, how it is measured, and where stores and logs are kept meanwhile.

    `peers` is the interpreter that has the other `engines`, which run `peer_rules`, `zircolite` the program of that
    name.
    `recordings` is a store of recordings that rows of attacks are taken from, `only` what the ids of the catalogue's
    analytics begin with.
    """

    folder: Path
    sizes: Sequence[int]
    programs: Sequence[int]
    measure: Measure
    logged: Sequence[int] = (40_000,)
    peers: str | None = None
    zircolite: str | None = None
    engines: Sequence[str] = ("eql", "sqlite")
    peer_rules: Sequence[int] = (100,)
    recordings: Path | None = None
    only: str = ""

    @cached_property
    def _attacks(self) -> Attacks:
        return recorded_attacks(self.recordings) if self.recordings else catalogue_attacks()

    def store(self, events: int, *, mixed: bool = False) -> str:
        """Return the store of so many events, written when it is first asked for."""
        path = self.folder / f"{'mixed' if mixed else 'process'}-{events}"
        if not path.exists():
            write_store(path, events, self._attacks, mixed=mixed)
        return str(path)

    def log(self, events: int, *, mixed: bool) -> Path:
        """Return the log of so many records, written when it is first asked for."""
        path = self.folder / f"{'mixed' if mixed else 'process'}-{events}.json"
        if not path.exists():
            write_log(path, events, self._attacks, mixed=mixed)
        return path


_COSTS = ("CPU s", "wall s", "peak MiB")


def _costs(cost: Cost) -> list[str]:
    return [f"{cost.cpu:.2f}", f"{cost.wall:.2f}", f"{cost.peak:,.0f}"]


def _ratio(cost: Cost, base: Cost) -> str:
    return f"{cost.cpu / base.cpu:.2f}"


def one(bench: Bench) -> Iterator[Table]:
    """One analytic against SQL by hand over the same files."""
    rows = []
    for events in bench.sizes:
        store = bench.store(events)
        for analytic in HAND_SQL:
            hand, ours = (bench.measure(task, store=store, analytic=analytic) for task in ("hand_sql", "one"))
            if hand.rows != ours.rows:
                raise RuntimeError(f"{analytic} has {ours.rows} rows, SQL by hand {hand.rows}")
            rows.append([
                f"{analytic}, {events:,} events", f"{ours.rows:,}", f"{hand.cpu:.2f}", f"{ours.cpu:.2f}",
                _ratio(ours, hand), f"{ours.wall:.2f}", f"{ours.peak:,.0f}",
            ])  # fmt: skip
    header = ["analytic", "rows", "SQL CPU s", "carlang CPU s", "ratio", "wall s", "peak MiB"]
    note = "Both read all columns of the rows into an Arrow table, in the order of time. carlang sorts by all columns,"
    yield Table(
        "One analytic", header, rows, f"{note} judges by host what the store can answer, and has the analytic compiled."
    )


def catalogue(bench: Bench) -> Iterator[Table]:
    """The catalogue against a bare scan, together and, on the smallest store, one by one."""
    rows = []
    for mixed in (False, True):
        for events in bench.sizes:
            store = bench.store(events, mixed=mixed)
            name = f"{events:,} {'of five classes' if mixed else 'process starts'}"
            scan = bench.measure("scan", store=store)
            rows.append([f"scan, {name}", f"{scan.rows:,}", *_costs(scan), "1"])
            costs = {"together": bench.measure("together", store=store, only=bench.only)}
            if events == min(bench.sizes):
                costs["one by one"] = bench.measure("apart", store=store, only=bench.only)
            rows += [[f"{how}, {name}", f"{c.rows:,}", *_costs(c), _ratio(c, scan)] for how, c in costs.items()]
    note = (
        "The scan adds up the lengths of the columns of texts that analytics ask about. The catalogue is compiled"
        " before; its rows are read, batch by batch."
    )
    yield Table("The catalogue", ["what", "rows", *_COSTS, "ratio to the scan"], rows, note)


def growth(bench: Bench) -> Iterator[Table]:
    """How cost grows with events, and with programs."""
    rows: list[list[str]] = []
    lines: list[tuple[float, float]] = []
    first: Cost | None = None
    for events in bench.sizes:
        cost = bench.measure("together", store=bench.store(events), only=bench.only)
        first = first or cost
        rows.append([f"{events:,}", f"{cost.rows:,}", *_costs(cost), _ratio(cost, first)])
        lines.append((events, cost.cpu))
    scans = [(events, bench.measure("scan", store=bench.store(events)).cpu) for events in bench.sizes]
    plot = Plot("growth-events", "The catalogue", "events", "CPU s", {"catalogue": lines, "scan": scans})
    yield Table("More events", ["process starts", "rows", *_COSTS, "ratio to the first"], rows, "The catalogue.", plot)
    store = bench.store(min(bench.sizes))
    scan = bench.measure("scan", store=store)
    rows, lines = [], []
    for count in bench.programs:
        cost = bench.measure("together", store=store, programs=count, only=None)
        rows.append(
            [f"{count:,}", f"{cost.rows:,}", *_costs(cost), _ratio(cost, scan), f"{cost.cpu / count * 1000:.1f}"]
        )
        lines.append((count, cost.cpu / scan.cpu))
    plot = Plot("growth-programs", "Made-up programs", "programs", "CPU, scans", {"together": lines})
    header = ["programs", "rows", *_COSTS, "ratio to the scan", "CPU ms a program"]
    note = f"Over {min(bench.sizes):,} process starts, all programs in one run, compiled before."
    yield Table("More programs", header, rows, note, plot)


def ingest(bench: Bench) -> Iterator[Table]:
    """An ingest against DuckDB alone, which reads the same lines and writes them as Parquet."""
    rows = []
    for events in bench.logged:
        log = bench.log(events, mixed=True)
        target = bench.folder / "ingested"
        alone = bench.measure("reading_json", log=str(log), target=f"{target}.parquet")
        ours = bench.measure("ingesting", log=str(log), store=str(target))
        size = log.stat().st_size / 1e6
        for name, cost in (("DuckDB alone", alone), ("carlang", ours)):
            rate = f"{size / cost.cpu:.1f}"
            rows.append([f"{name}, {size:,.0f} MB", f"{cost.rows:,}", *_costs(cost), rate, _ratio(cost, alone)])
    header = ["what", "records", *_COSTS, "MB a CPU s", "ratio"]
    note = "Sysmon's records of five classes as lines of JSON. DuckDB has all members as texts and maps nothing."
    yield Table("Ingest", header, rows, note)


def start(bench: Bench) -> Iterator[Table]:
    """What is paid before the first event: whole processes, and compiling, with an empty cache and with a full one."""
    yield started(bench, commands(bench.programs))


def commands(programs: Sequence[int]) -> Mapping[str, list[str]]:
    """Return the arguments of Python for what is started, the first of which is what the others are compared with."""
    carlang = "import sys; from carlang.cli import main; sys.exit(main(sys.argv[1:]))"
    return {
        "`import duckdb`": ["-c", "import duckdb"],
        "`import carlang`": ["-c", "import carlang"],
        "`carlang run CAR-2013-05-004`": ["-c", carlang, "run", "CAR-2013-05-004"],
        "`carlang check FILE`": ["-c", carlang, "check", str(_CHECKED)],
        "load and compile the catalogue": ["-m", "bench.compiling", "{}"],
        **{
            f"load and compile {count:,} programs": [
                "-m", "bench.compiling", json.dumps({"programs": count, "only": None})
            ]
            for count in programs
        },
    }  # fmt: skip


_CHECKED = Path(__file__).parent.parent / "analytics" / "CAR-2013-05-004.car"


def started(bench: Bench, processes: Mapping[str, list[str]]) -> Table:
    """Start each process with an empty cache and with a full one."""
    # An installation has its modules compiled. A checkout has not where Python is told to write no bytecode, and each
    # process would compile what has changed.
    compileall.compile_dir(_CHECKED.parent.parent / "carlang", quiet=1)
    rows: list[list[str]] = []
    base: Cost | None = None
    rounds = bench.measure.rounds
    measured = [(name, arguments, process) for name, arguments in processes.items()]
    tasks = [(name, arguments, told) for name, arguments in processes.items() if "bench.compiling" in arguments]
    measured += [(f"{name}, without imports", arguments, by) for name, arguments, by in tasks]
    for name, arguments, measure in measured:
        command = [sys.executable, *arguments]
        with tempfile.TemporaryDirectory(prefix="carlang-cache-") as folder:
            caches = [{**os.environ, "CARLANG_CACHE": f"{folder}/{number}"} for number in range(rounds)]
            colds = [measure(command, cache, 1) for cache in caches]
            warm = measure(command, caches[0], rounds)
        cold = Cost(min(c.cpu for c in colds), min(c.wall for c in colds), 0, 0)
        base = base or warm
        cells = [f"{1000 * c.cpu:,.0f}" for c in (cold, warm)] + [f"{1000 * c.wall:,.0f}" for c in (cold, warm)]
        rows.append([name, *cells, _ratio(cold, base), _ratio(warm, base)])
    header = ["process", "CPU ms, cold", "CPU ms, warm", "wall ms, cold", "wall ms, warm", "ratio, cold", "ratio, warm"]
    note = (
        "Whole processes, over the sample store, and the same tasks by themselves; cold means that the user's cache"
        " folder of carlang was empty, not the system's cache of files. Ratios are to `import duckdb`, warm."
    )
    return Table("Start", header, rows, note)


_PEERS = {"eql": "EQL in Python", "sqlite": "pySigma on SQLite"}


def peers(bench: Bench) -> Iterator[Table]:
    """The same rules over the same logs by other engines."""
    rows: list[list[str]] = []
    lines: dict[str, list[tuple[float, float]]] = {}
    for count in bench.peer_rules:
        path = bench.folder / "rules.json"
        made = rules(count, ascii_only=True)
        path.write_text(json.dumps({"sigma": [r.sigma() for r in made], "eql": [r.eql() for r in made]}), "utf-8")
        for events in bench.logged:
            results = _engines(bench, count, bench.log(events, mixed=False), path)
            ours = sum(results["carlang"][0])
            for name, (cpu, wall, peak, found) in results.items():
                cells = [f"{each:.2f}" for each in (*cpu, sum(cpu), wall)]
                start = [f"{name}, {count:,} rules, {events:,}", f"{found:,}"]
                rows.append([*start, *cells, f"{peak:,.0f}", f"{sum(cpu) / ours:.2f}"])
                line = lines.setdefault(f"{name}, {count:,} rules", [])
                line.append((events, sum(cpu) / events / count * 1e6))
    seconds = [f"{what} CPU s" for what in ("rules", "reading", "running", "all")]
    header = ["engine, rules, process starts", "rows", *seconds, "wall s", "peak MiB", "ratio"]
    plot = Plot("peers", "Rules over logs", "process starts", "CPU µs a rule and event", lines)
    yield Table("Beside other engines", header, rows, _DIFFERENCES, plot)


_DIFFERENCES = (
    "The same made-up rules, of ASCII alone, over the same lines of JSON; each engine's rows were the same in number."
    " What differs: carlang maps each record to its model and writes a store that later runs need not read anew; the"
    " others keep the records in memory as they are. SQLite compares without case in ASCII alone. EQL's engine here is"
    " Elastic's reference in Python, not Elasticsearch. Zircolite writes the records that it finds to a file, as its"
    " users have it do; it is a process of its own, whose start counts as reading. Each of carlang's tasks has a"
    " process whose start counts as nothing, the others one."
)

_Took = tuple[list[float], float, float, int]
"""Seconds of processors for rules, reading and running, seconds on the clock, MiB at the most, and rows."""


def _engines(bench: Bench, count: int, log: Path, path: Path) -> dict[str, _Took]:
    """Run so many rules by each engine that there is; raises `RuntimeError` where they disagree on the rows."""
    results = {"carlang": _carlang(bench, count, log)}
    if bench.peers:
        results |= {_PEERS[peer]: _peer(bench.peers, peer, log, path) for peer in bench.engines}
        if bench.zircolite:
            results["Zircolite"] = _peer(bench.peers, "zircolite", log, path, bench.zircolite)
    if len({row_count for *_, row_count in results.values()}) != 1:
        counts = {name: result[-1] for name, result in results.items()}
        raise RuntimeError(f"the engines disagree on the rows: {counts}")
    return results


def _carlang(bench: Bench, count: int, log: Path) -> _Took:
    store = str(bench.folder / "peers")
    programs = {"programs": count, "only": None, "ascii_only": True}
    costs = [
        bench.measure("compiling", fresh=True, **programs),
        bench.measure("ingesting", log=str(log), store=store),
        bench.measure("together", store=store, **programs),
    ]
    return [c.cpu for c in costs], sum(c.wall for c in costs), max(c.peak for c in costs), costs[-1].rows


def _peer(python: str, peer: str, log: Path, path: Path, *program: str) -> _Took:
    command = [python, str(Path(__file__).with_name("peers.py")), peer, str(log), str(path), *program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    took = json.loads(done.stdout)
    return took["cpu"], took["wall"], took["peak"], took["rows"]


PARTS: Mapping[str, Callable[[Bench], Iterator[Table]]] = {
    part.__name__: part for part in (one, catalogue, growth, ingest, start, peers)
}
