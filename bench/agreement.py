# ruff: noqa: INP001  # a folder of commands, not a package
"""Run many drawn cases and tell whether carlang and a reference evaluator agree on all of them.

There are two: one reads the resolved program (`tests/reference`), the other, with `--textual`, the program's text
(`tests/textual`). `python -m bench.agreement --cases 20000` prints how many cases agreed and the seed that draws the
same ones again, and ends with status 1 where one did not.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from tests.reference.cases import Case, DisagreementError, compare, compiled, session_over
from tests.reference.chooser import seeded
from tests.reference.drawn_events import NOW, events
from tests.reference.drawn_programs import program
from tests.textual import agreement as textual

PROGRAMS = 20
"""How many programs run over one store."""

_SHOWN = 3


@dataclass
class Tally:
    """What became of the cases of some stores."""

    agreed: int = 0
    rows: int = 0
    invalid: int = 0
    disagreed: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another tally in."""
        self.agreed += other.agreed
        self.rows += other.rows
        self.invalid += other.invalid
        self.disagreed += other.disagreed

    @property
    def cases(self) -> int:
        """How many cases were run."""
        return self.agreed + len(self.disagreed)


def run_store(seed: int) -> Tally:
    """Draw a store and programs over it from a seed, and run them."""
    choose = seeded(seed)
    drawn = tuple(events(choose))
    tally = Tally()
    with session_over(drawn, choose) as session:
        for number in range(PROGRAMS):
            text, params = program(choose, drawn)
            known = compiled(text)
            if not known.valid:
                tally.invalid += 1
                continue
            try:
                tally.rows += compare(session, known, Case(text, drawn, params))
                tally.agreed += 1
            except DisagreementError as error:
                tally.disagreed.append(f"store {seed}, program {number}: {error}")
    return tally


def run_store_by_text(seed: int) -> Tally:
    """Draw the same store and programs from a seed, and compare with the reference that reads their text."""
    choose = seeded(seed)
    drawn = tuple(events(choose))
    tally = Tally()
    with textual.store_of(drawn) as store:
        for number in range(PROGRAMS):
            text, params = program(choose, drawn)
            try:
                rows = textual.compare(store, text, drawn, NOW, params)
            except textual.DisagreementError as error:
                tally.disagreed.append(f"store {seed}, program {number}: {error}")
                continue
            tally.agreed += rows is not None
            tally.invalid += rows is None
            tally.rows += rows or 0
    return tally


def tallies(run: Callable[[int], Tally], seed: int, stores: int, jobs: int) -> Iterator[Tally]:
    """Yield the tallies of stores, in their order, as they are done."""
    seeds = [seed * 1_000_000 + number for number in range(stores)]
    if jobs == 1:
        yield from map(run, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(run, seeds)


def main() -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000, help="how many programs to draw")
    parser.add_argument("--seed", type=int, default=None, help="draws the same cases again")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument(
        "--store", type=int, default=None, help="run the programs of this one store, as a failure names it"
    )
    parser.add_argument("--textual", action="store_true", help="compare with the reference that reads the text")
    given = parser.parse_args()
    run = run_store_by_text if given.textual else run_store
    seed = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    begun = time.monotonic()
    total = Tally()
    stores = -(-given.cases // PROGRAMS)
    found = [run(given.store)] if given.store is not None else tallies(run, seed, stores, given.jobs)
    for number, tally in enumerate(found, 1):
        for told in tally.disagreed[: max(0, _SHOWN - len(total.disagreed))]:
            sys.stdout.write(f"{told}\n\n")
        total.add(tally)
        if number % 50 == 0:
            sys.stderr.write(f"{total.cases} cases, {len(total.disagreed)} disagree\n")
    sys.stdout.write(
        f"seed {seed}: {total.cases} cases over {stores} stores, {total.rows} rows; {total.agreed} agree, "
        f"{len(total.disagreed)} disagree; {total.invalid} programs drawn with errors were left out; "
        f"{time.monotonic() - begun:.0f} s\n"
    )
    return 1 if total.disagreed else 0


if __name__ == "__main__":
    sys.exit(main())
