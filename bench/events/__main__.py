"""Write a store of made-up events, or a log of Sysmon's records of them.

    python -m bench.events FOLDER --events 3_000_000
    python -m bench.events FOLDER --events 3_000_000 --mixed
    python -m bench.events LOG.json --events 100_000 --mixed --log

All events are process starts, or with `--mixed` of five classes. One in a thousand is a row of an attack: from the
tests of the catalogue, or from the store of recordings that `--attacks` names. The same seed and the same DuckDB give
the same events. The memory that it takes does not grow with their number.

Of a million process starts 28 % have a command line that no other has before them, and 3 % stand in the output of some
analytic of the catalogue; of more events fewer are new.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.events.attacks import catalogue_attacks, recorded_attacks
from bench.events.write import write_log, write_store


def main() -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--mixed", action="store_true", help="events of five classes")
    parser.add_argument("--log", action="store_true", help="a log instead of a store")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--attacks", type=Path, metavar="STORE", help="a store of recordings")
    options = parser.parse_args()
    attacks = recorded_attacks(options.attacks) if options.attacks else catalogue_attacks()
    write = write_log if options.log else write_store
    written = write(options.target, options.events, attacks, seed=options.seed, mixed=options.mixed)
    for name, count in written.items():
        print(f"{name} {count:,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
