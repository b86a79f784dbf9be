# ruff: noqa: INP001  # a folder of commands, not a package
"""Make small changes to a copy of the package, one at a time, and show which test fails of each.

    python -m bench.mutants [--only NAME] [--list]

Each change is of the kind that a slip of the pen makes, and once made no test fail. It is found by a pattern, in
whichever file it stands. Ends with status 1 where a change fails no test, or where a pattern matches nothing or more
than it should: then the code has changed, and the pattern wants to be written anew.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
_COPIED = ("carlang", "tests", "grammar", "analytics", "docs", "pyproject.toml")
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+(?:\[.*?\])?)", re.MULTILINE)
_LONGEST = 600.0


@dataclass(frozen=True)
class Mutant:
    """A change: what is replaced, in how many places of the package, and the tests that are there to see it."""

    name: str
    pattern: str
    replacement: str
    tests: tuple[str, ...]
    places: int = 1


MUTANTS = (
    Mutant(
        "less is less or equal on addresses",
        r'"<": \(0, address - 1\)',
        '"<": (0, address)',
        ("tests/boundaries/test_address_boundaries.py",),
    ),
    Mutant(
        "more is more or equal on addresses",
        r'">": \(address \+ 1,',
        '">": (address,',
        ("tests/boundaries/test_address_boundaries.py",),
    ),
    Mutant(
        "a file that ends at since is not read",
        r"last_time >= since\b",
        "last_time > since",
        ("tests/store/test_store_pruning.py", "tests/boundaries/test_spans_of_time.py"),
    ),
    Mutant(
        "a file that begins at until is read",
        r"first_time < until\b",
        "first_time <= until",
        ("tests/store/test_store_pruning.py",),
    ),
    Mutant(
        "archives are opened one deeper",
        r"depth >= ([\w.]*DEEPEST\w*)",
        r"depth > \1",
        ("tests/readers/test_bounds.py",),
    ),
    Mutant(
        "a line that is too long is not counted",
        r"(yield ReadFault\([^\n]*, number\)\n\s+)number \+= 1",
        r"\1number += 0",
        ("tests/readers/test_bounds.py",),
        places=2,
    ),
    Mutant(
        "the window goes beyond the end of its line",
        r"max\(0, min\((mark\.start[^,]*), len\(line\) - (\w+)\)\)",
        r"max(0, \1)",
        ("tests/diagnostics/test_snippet_window.py",),
    ),
    Mutant(
        "the window begins before its line",
        r"max\(0, (min\(mark\.start[^,]*, len\(line\) - \w+\))\)",
        r"\1",
        ("tests/diagnostics/test_snippet_window.py",),
    ),
    Mutant(
        "a whole object is judged by each of its actions",
        r"if absent and not _is_whole\(\w+, \w+\)",
        "if absent",
        ("tests/api/test_api_absence.py",),
    ),
    Mutant(
        "absent actions are never judged",
        r"if absent and not _is_whole\(\w+, \w+\)",
        "if False",
        ("tests/api/test_api_absence.py",),
    ),
    Mutant(
        "a query is interrupted once",
        r"while not over\.wait\((\w+)\)",
        r"if not over.wait(\1)",
        ("tests/engine/test_time_limit.py",),
    ),
    Mutant(
        "a naive now is local time",
        r"return moment\.replace\(tzinfo=UTC\) if moment\.tzinfo is None else moment\.astimezone\(UTC\)",
        "return moment.astimezone(UTC)",
        ("tests/boundaries/test_time_zones.py",),
        places=2,
    ),
)


class PatternError(Exception):
    """A pattern does not match as often as it should."""


def change(package: Path, mutant: Mutant) -> dict[Path, str]:
    """Make a change in a package; return the texts of the changed files as they were."""
    before: dict[Path, str] = {}
    places = 0
    for file in sorted(package.rglob("*.py")):
        text = file.read_text("utf-8")
        changed, count = re.subn(mutant.pattern, mutant.replacement, text)
        if count:
            before[file] = text
            file.write_text(changed, "utf-8")
        places += count
    if places != mutant.places:
        restore(before)
        raise PatternError(f"`{mutant.pattern}` is in {places} places of the package, expected {mutant.places}")
    return before


def restore(before: dict[Path, str]) -> None:
    """Write files as they were."""
    for file, text in before.items():
        file.write_text(text, "utf-8")


def failing_test(copy: Path, tests: tuple[str, ...]) -> str | None:
    """Run tests in a copy up to the first that fails, and return its name."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    # The copy comes before what is installed; without `CI`, folders of facts that are not beside a copy are no failure.
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "CI": ""}
    done = subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, text=True, timeout=_LONGEST, check=False
    )
    if done.returncode == 0:
        return None
    failed = _FAILED.search(done.stdout)
    if failed is None:
        raise RuntimeError(f"the tests did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return failed[1]


def _copied(folder: Path) -> Path:
    copy = folder / "copy"
    copy.mkdir()
    for name in _COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    return copy


def _killed(copy: Path, mutant: Mutant) -> bool:
    try:
        before = change(copy / "carlang", mutant)
    except PatternError as error:
        print(f"NOT MADE  {mutant.name}: {error}", flush=True)
        return False
    try:
        killer = failing_test(copy, mutant.tests)
    finally:
        restore(before)
    print(f"{'killed' if killer else 'SURVIVES'}  {mutant.name}: {killer or ' '.join(mutant.tests)}", flush=True)
    return killer is not None


def main() -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="make the changes alone whose name has this text in it")
    parser.add_argument("--list", action="store_true", help="name the changes and make none")
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if options.only in mutant.name]
    if options.list:
        print("\n".join(mutant.name for mutant in chosen))
        return 0
    with tempfile.TemporaryDirectory(prefix="carlang-mutants-") as name:
        copy = _copied(Path(name))
        tests = tuple(sorted({test for mutant in chosen for test in mutant.tests}))
        if chosen and (failing := failing_test(copy, tests)):
            print(f"without any change {failing} fails")
            return 1
        killed = [_killed(copy, mutant) for mutant in chosen]
    print(f"{sum(killed)} of {len(killed)} killed")
    return 0 if chosen and all(killed) else 1


if __name__ == "__main__":
    sys.exit(main())
