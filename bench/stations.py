# ruff: noqa: INP001  # a folder of commands, not a package
"""How often a condition's way from text to SQL comes back to a file that it had left.

The at.exe program is compiled once with every call traced. A stay is a run of calls into one file of the package; a
return is a stay in a file that was left before. Constructors and comprehensions do not count: they are values being
made, not the way going somewhere. `--package` names another checkout, so that two states of the code can be compared:

    python -m bench.stations
    python -m bench.stations --package ../another-checkout
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

_FOLLOW = r"""
import sys
from datetime import UTC, datetime
from pathlib import Path

import carlang
from carlang.model import builtin_model
from carlang.program import compile_program
from carlang.source import Source

TEXT = 'process = search Process:Create\nat = filter process where (exe == "at.exe")\noutput at\n'
package = str(Path(carlang.__file__).parent)
values = {"__init__", "__post_init__", "<genexpr>", "<lambda>", "<listcomp>", "<dictcomp>", "<setcomp>"}
model, now = builtin_model(), datetime(2026, 1, 1, tzinfo=UTC)

def compile_once():
    compile_program(Source.whole("at.car", TEXT), model).sql(now)

def note(frame, event, argument):
    code = frame.f_code
    if event == "call" and code.co_filename.startswith(package) and code.co_name not in values:
        calls.append(code.co_filename[len(package) + 1 :])

calls = []
compile_once()  # what is read and cached at first use is not part of the way
sys.setprofile(note)
compile_once()
sys.setprofile(None)
print("\n".join(calls))
"""


def stays(files: Sequence[str]) -> list[str]:
    """Return the files of the calls with repetitions in a row left out."""
    return [file for file, _ in groupby(files)]


def report(title: str, files: Sequence[str]) -> str:
    """Return one line of figures."""
    way = stays(files)
    entered = len(set(way))
    return f"{title:22} {len(way):4} stays in {entered:3}, {len(way) - entered:4} returns"


def main() -> None:
    """Print the figures of this checkout, or of another one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, default=Path(__file__).parent.parent, help="a checkout of carlang")
    checkout = parser.parse_args().package.resolve()
    python = checkout / ".venv" / "bin" / "python"  # another checkout has its own installation of the grammar
    traced = subprocess.run(
        [str(python) if python.is_file() else sys.executable, "-c", _FOLLOW],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    print(report("files, text to SQL", traced))
    for room in ("syntax", "resolve", "sql"):
        print(report(f"files of {room}", [file for file in traced if file.startswith(f"{room}{os.sep}")]))
    print(report("rooms, text to SQL", [Path(file).parts[0] for file in traced]))


if __name__ == "__main__":
    main()
