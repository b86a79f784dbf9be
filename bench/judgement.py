# ruff: noqa: INP001  # a folder of commands, not a package
"""Measure what it costs to judge the catalogue over a store, against a bare scan of its events.

    python -m bench.judgement --store STORE [--rounds 3]

The scan reads the values of every column of every class, in one thread. The inventory is what a judgement is made of,
and is counted once for a store; the judging is that of all outputs of the catalogue, which is compiled before. Each is
measured in turn, and the best of the rounds counts. The ratio of processor time is the one to go by on a machine that
others use too.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from carlang.analytic import CompiledAnalytic, RunOptions, judge_analytics
from carlang.database import open_memory, text_literal
from carlang.model import builtin_model
from carlang.project import shipped_catalogue
from carlang.store import Store, open_store


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
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    analytics = catalogue()
    run = RunOptions.of()
    store = open_store(options.store)
    store.files()

    def judged() -> object:
        return judge_analytics(analytics, store, run, {})

    inventory = best(lambda: open_store(options.store).inventory(), options.rounds)
    first = best(judged, 1)  # the inventory is counted here, and hosts are told apart, once for a store
    judging, scanning = best(judged, options.rounds), best(lambda: scan(store), options.rounds)
    rows = sum(file.rows for file in store.files())
    print(f"{rows:,} events; {len(analytics)} analytics")
    print(f"once: inventory {inventory:.3f} s, first judging with that and the tables of hosts {first:.3f} s")
    print(f"then: judging {judging:.3f} s, scan {scanning:.3f} s, all of processor time")
    print(f"judging / scan {judging / scanning:.2f}")


if __name__ == "__main__":
    main()
