"""A run of tests can be repeated from the seed that it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PATIENCE
from tests.seeds import VARIABLE, drawn_seeds, run_seed

DRAWING = """
from pathlib import Path
from hypothesis import given, settings, strategies as st
from tests.seeds import drawn_seeds

def _note(name, *values):
    with Path("drawn", name).open("a") as file:
        print(*values, file=file)

@settings(max_examples=20)
@given(st.integers())
def test_of_hypothesis(number):
    _note("hypothesis", number)

def test_of_drawn_cases():
    _note("cases", list(drawn_seeds(3)))

def test_that_fails():
    assert not "this one fails"
"""


def _run(folder: Path, seed: str | None, *options: str) -> tuple[str, dict[str, str]]:
    """Run the tests above in a folder of their own; return what is printed, and what was drawn by file."""
    drawn = folder / "drawn"
    drawn.mkdir(parents=True)
    (folder / "test_drawing.py").write_text(DRAWING, "utf-8")
    (folder / "pytest.ini").touch()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", VARIABLE))}
    environment |= {"PYTHONPATH": str(Path(__file__).parent.parent)} | ({VARIABLE: seed} if seed else {})
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", *options, "test_drawing.py"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    return done.stdout + done.stderr, {file.name: file.read_text("utf-8") for file in drawn.iterdir()}


def test_a_printed_seed_repeats_the_run_in_one_process_and_in_several(tmp_path: Path) -> None:
    printed, first = _run(tmp_path / "first", None)
    (seed,) = set(re.findall(rf"{VARIABLE}=(\d+) draws", printed))
    assert seed == str(run_seed()) or VARIABLE in os.environ
    again, second = _run(tmp_path / "second", seed, "-q", "-n", "2")
    assert f"{VARIABLE}={seed} draws" in again
    assert f"{VARIABLE}={seed} pytest 'test_drawing.py::test_that_fails'" in again
    assert first == second
    assert len(first["hypothesis"].split()) >= 20


def test_another_seed_draws_other_cases(tmp_path: Path) -> None:
    drawn = [_run(tmp_path / seed, seed)[1] for seed in ("1", "2")]
    assert drawn[0]["hypothesis"] != drawn[1]["hypothesis"]
    assert drawn[0]["cases"] != drawn[1]["cases"]


def test_a_seed_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    printed, drawn = _run(tmp_path / "x", "today")
    assert "CARLANG_SEED is a number from 0 on, not 'today'" in printed
    assert drawn == {}


def test_drawn_cases_of_two_seeds_are_never_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "7")
    seven = drawn_seeds(1000)
    monkeypatch.setenv(VARIABLE, "8")
    assert not set(seven) & set(drawn_seeds(1000))
