# ruff: noqa: INP001  # a folder of commands, not a package
"""Measure what it costs to load carlang: the package, its core, a name that runs analytics, and two commands.

    python bench/imports.py [--rounds 7] [--against PYTHON]

Each line is the fastest of some new processes, less what an empty one takes, and its ratio to `import duckdb`: seconds
are those of one machine, the ratio holds on others too. `--against` names the Python of an environment with another
version of carlang, which is measured in turn with this one, and adds a column with its time and the quotient.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

_LINES = {
    "import duckdb": ("-c", "import duckdb"),
    "import carlang": ("-c", "import carlang"),
    "import carlang.diagnostics": ("-c", "import carlang.diagnostics"),
    "carlang.check(…)": ("-c", "import carlang; carlang.check('search Process:Create')"),
    "carlang.run(…)": ("-c", "import carlang; carlang.run('search Process:Create')"),
    "carlang --version": ("-c", "from carlang.cli import main; main(['--version'])"),
    "carlang run -e …": ("-c", "from carlang.cli import main; main(['run', '-e', 'search Process:Create'])"),
}


def seconds(python: Path, arguments: tuple[str, ...]) -> float:
    """Return how long a new process takes; -P, lest both versions import the one in the current folder."""
    begun = time.perf_counter()
    subprocess.run([python, "-P", *arguments], check=True, capture_output=True, timeout=300)
    return time.perf_counter() - begun


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what it costs to load carlang.")
    parser.add_argument("--rounds", type=int, default=7, help="processes a line, of which the fastest counts")
    parser.add_argument("--against", type=Path, help="the Python of an environment with another version")
    options = parser.parse_args()
    pythons = [Path(sys.executable), *([options.against] if options.against else [])]
    best: dict[tuple[Path, str], float] = {}
    for _ in range(options.rounds):
        # In turn, so that a load of the machine that comes and goes is on all of them.
        for python in pythons:
            for name, arguments in (("", ("-c", "pass")), *_LINES.items()):
                best[python, name] = min(best.get((python, name), 1e9), seconds(python, arguments))
    print(f"{'':28} {'ms':>7} {'÷ duckdb':>9}" + (f" {'other ms':>9} {'quotient':>9}" if options.against else ""))
    for name in _LINES:
        costs = [best[python, name] - best[python, ""] for python in pythons]
        duckdb = best[pythons[0], "import duckdb"] - best[pythons[0], ""]
        line = f"{name:28} {costs[0] * 1000:7.0f} {costs[0] / duckdb:9.2f}"
        print(line + (f" {costs[1] * 1000:9.0f} {costs[0] / costs[1]:9.2f}" if options.against else ""))


if __name__ == "__main__":
    main()
