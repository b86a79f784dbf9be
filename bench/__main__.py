# ruff: noqa: INP001  # a folder of commands, not a package
"""Measure carlang, and print tables: `just bench` with the parts that are wanted, or none for all of them.

    python -m bench one catalogue growth --events 1_000_000 10_000_000
    python -m bench start
    python -m bench peers --peers /tmp/peers/bin/python --records 10_000 40_000 200_000 --rules 100 1_000
    python -m bench --events 1_000_000 3_000_000 --into docs/performance.md

Parts: `one` analytic against SQL by hand; the `catalogue` against a bare scan; `growth` with events and programs;
`ingest` against DuckDB alone; `start` and compiling against `import duckdb`; `peers`, other engines, of an
environment of their own (`pip install eql pySigma-backend-sqlite`), and with `--zircolite` Zircolite 2, of a
checkout of https://github.com/wagga40/Zircolite whose `requirements.txt` that environment has. Each task is done in
a process of its own, the best of some rounds counts, and CPU is that of all threads. `--into` puts the tables, and
plots of them, into a page, in the place of those of the same titles; it needs `pip install carlang[bench]`. Stores
and logs are made in a folder that goes afterwards, or in that of `--folder`, which stays.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pyarrow as pa

from bench.measure import Measure
from bench.parts import PARTS, Bench
from bench.tables import write_page
from carlang import __version__


def machine(rounds: int) -> str:
    """Say where and when something is measured, and with which versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    model = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} processors {model or platform.machine()}, {memory:.0f} GiB, "
        f"{platform.system()}, load before {load}. carlang {__version__}, DuckDB {duckdb.__version__}, "
        f"PyArrow {pa.__version__}, Python {platform.python_version()}. Best of {rounds}.\n"
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text("utf-8").splitlines() if Path(path).exists() else []


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--events", nargs="+", type=int, default=[1_000_000], help="of each store, ascending")
    parser.add_argument("--programs", nargs="+", type=int, default=[200, 1400])
    parser.add_argument("--records", nargs="+", type=int, default=[40_000], help="of each log")
    parser.add_argument("--rules", nargs="+", type=int, default=[100], help="that peers run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", metavar="PYTHON", help="the interpreter that has the other engines")
    parser.add_argument("--engines", nargs="*", default=["eql", "sqlite"], metavar="ENGINE", help="of eql and sqlite")
    parser.add_argument("--zircolite", metavar="PATH", help="the zircolite.py of a checkout of Zircolite 2")
    parser.add_argument("--attacks", type=Path, metavar="STORE", help="a store of recordings, whose rows are put in")
    parser.add_argument("--only", default="", help="what ids of the catalogue begin with")
    parser.add_argument("--folder", type=Path, help="where stores and logs are made, and found again")
    parser.add_argument("--into", type=Path, metavar="PAGE")
    options = parser.parse_args(arguments)
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"there is no part {unknown[0]}; there are {', '.join(PARTS)}")
    if options.into and find_spec("matplotlib") is None:  # to be known before an hour's work, not after it
        parser.error("--into: plots are drawn with matplotlib, which is not installed")
    said = machine(options.rounds)
    print(said)
    tables = []
    with tempfile.TemporaryDirectory(prefix="carlang-bench-") as name:
        folder = options.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        bench = Bench(
            folder, options.events, options.programs, Measure(options.rounds), options.records,
            options.peers, options.zircolite, options.engines, options.rules, options.attacks, options.only,
        )  # fmt: skip
        for part in options.parts or PARTS:
            for table in PARTS[part](bench):
                print(table.markdown(), flush=True)
                tables.append(table)
    if options.into:
        write_page(options.into, said, tables)
    return 0


if __name__ == "__main__":
    sys.exit(main())
