# ruff: noqa: INP001  # a script of its own
"""Make the tables of the parser that ship with the package, for the version of Lark that is installed.

Lark takes 0.3 s of CPU to make them, which is a third of what a first run takes to load and compile the catalogue. They
are made anew where the grammar, the names of functions or Lark has changed; whoever has others than these makes them
once, and keeps them in the cache. Lark numbers its states in another order each time, so tables that are right are left
as they are: `python tools/make_tables.py [FILE]`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from carlang.syntax.parse import are_current, written_tables

TABLES = Path(__file__).resolve().parent.parent / "grammar" / "tables.json"


def main(target: Path) -> None:
    """Write the tables where they are not there, or of something else."""
    if not target.is_file() or not are_current(target.read_text(encoding="utf-8")):
        target.write_text(written_tables(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TABLES)
