# ruff: noqa: INP001  # a folder of commands, not a package
"""Measure what it costs to judge the catalogue over a store, against a bare scan of its events.

    python -m bench.judgement --store STORE [--rounds 3]
    python -m bench.judgement --hosts 50000

The scan reads the values of every column of every class, in one thread. A judgement opens no event: it reads the
inventory from the files' footers, makes tables of hosts of it, and judges all outputs of the catalogue, which is
compiled before. It is measured on a store that was just opened, and a second time, when the tables are there. The best
of the rounds counts. The ratio of processor time is the one to go by on a machine that others use too.

With `--hosts` a store of so many hosts is made up, a file for each of ten classes, and the size of its footers is
measured as well: hosts of a fleet come and go, fill some fields now and then, and are of three kinds.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from carlang.analytic import CompiledAnalytic, RunOptions, judge_analytics
from carlang.database import open_memory, text_literal
from carlang.model import builtin_model
from carlang.project import shipped_catalogue
from carlang.store import Store, open_store, parquet_options
from carlang.store.footer import statistics
from carlang.store.statistics import SCHEMA, packed

CLASSES = [
    ("process", "create"), ("process", "terminate"), ("flow", "start"), ("file", "create"), ("registry", "value_edit"),
    ("module", "load"), ("user_session", "login"), ("event", "log"), ("dns", "query"), ("service", "create"),
]  # fmt: skip


def scan(store: Store) -> None:
    """Read all columns of all events."""
    classes: dict[tuple[str, str], list[str]] = {}
    for file in store.files():
        if file.rows:
            classes.setdefault((file.object, file.action), []).append(text_literal(str(file.path)))
    with open_memory(threads=1) as connection:
        for paths in classes.values():
            query = f"SELECT bit_xor(hash(COLUMNS(*))) FROM read_parquet([{', '.join(paths)}], union_by_name = true)"  # noqa: S608  # quoted
            connection.execute(query).fetchall()


def catalogue() -> list[CompiledAnalytic]:
    """Return the catalogue, compiled."""
    analytics = [CompiledAnalytic(file, builtin_model(), shipped_catalogue()) for file in shipped_catalogue().all()]
    for analytic in analytics:
        analytic.outputs()
    return analytics


def made_up(hosts: int, path: Path) -> Store:
    """Write the files of a fleet: of the events of each host one, and in the footer what a thousand would say."""
    draw = random.Random(7)  # noqa: S311  # nothing secret
    names = [f"{draw.choice(('ber', 'muc', 'nyc'))}-{number:05}.corp.example.com" for number in range(hosts)]
    kinds = [draw.choice(("sysmon", "windows_security", "auditd")) for _ in names]
    for name in CLASSES:
        here = [each for each in zip(names, kinds, strict=True) if draw.randrange(10)]  # one in ten is off
        rows = [_made_up(draw, host, kind, name) for host, kind in here]
        folder = path / name[0] / name[1]
        folder.mkdir(parents=True)
        with open_memory() as connection:
            connection.register("rows", pa.table({"hostname": [row["host"] for row in rows]}))
            options = parquet_options(None, pa.Table.from_pylist(rows, SCHEMA))
            connection.execute(f"COPY (FROM rows) TO {text_literal(str(folder / 'events.parquet'))} {options}")
    return open_store(path)


def _made_up(draw: random.Random, host: str, kind: str, name: tuple[str, str]) -> dict[str, Any]:
    fields = [field for field in builtin_model().objects[name[0]].fields if field not in ("object", "action")][:22]
    start = datetime(2024, 3, 5, tzinfo=UTC) + timedelta(seconds=draw.randrange(86_400))
    first_hour = int(start.timestamp()) // 3600
    return {
        "host": host, "object": name[0], "action": name[1], "sensor": kind, "rows": 1, "hollow": 0, "timed": 1,
        "first_time": start, "last_time": start + timedelta(days=7, seconds=draw.randrange(86_400)),
        "filled": [(f, 1 if n < len(fields) // 2 else draw.randrange(1, 1000)) for n, f in enumerate(sorted(fields))
                   if n < len(fields) // 2 or draw.random() < 0.95],  # noqa: PLR2004  # a field that is rare
        "hours": [{"start": first_hour + 24 * day, "end": first_hour + 24 * day + draw.randrange(6, 12)}
                  for day in range(draw.choice((1, 7)))],
    }  # fmt: skip


def best(work: Callable[[], object], rounds: int) -> float:
    """Return the least processor time of some rounds, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, help="the sample where none is named")
    parser.add_argument("--hosts", type=int, help="make up a store of so many hosts")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="carlang-") as folder:
        path = made_up(options.hosts, Path(folder) / "store").path if options.hosts else options.store
        _measure(path, options.rounds, scanned=not options.hosts)


def _measure(path: Path | None, rounds: int, *, scanned: bool) -> None:
    analytics = catalogue()
    run = RunOptions.of()
    stores = [open_store(path) for _ in range(rounds + 1)]
    for store in stores:
        store.files()
    judge_analytics(analytics, stores.pop(), run, {})  # what is cached of programs and mappings is not the store's
    fresh = iter(stores)
    first = best(lambda: judge_analytics(analytics, next(fresh), run, {}), rounds)
    again = best(lambda: judge_analytics(analytics, stores[0], run, {}), rounds)
    unread = [open_store(path) for _ in range(rounds)]
    for store in unread:
        store.files()
    silent = iter(unread)
    inventory = best(lambda: next(silent).inventory(), rounds)
    files = stores[0].files()
    sizes = [len(packed(statistics([file])[0])) for file in files]
    print(f"{sum(file.rows for file in files):,} events in {len(files)} files; {len(analytics)} analytics")
    print(
        f"inventory: {len(stores[0].inventory()):,} rows, {sum(sizes):,} bytes in footers, the largest {max(sizes):,}"
    )
    print(f"judging {first:.3f} s, of it {inventory:.3f} s to read the inventory; again {again:.3f} s")
    if scanned:
        scanning = best(lambda: scan(stores[0]), rounds)
        print(f"scan {scanning:.3f} s; judging / scan {first / scanning:.2f}, again {again / scanning:.2f}")


if __name__ == "__main__":
    main()
