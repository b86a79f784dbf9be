"""A fault around a program hides none in it, and keeps the analytic from running."""

from __future__ import annotations

from pathlib import Path

import pytest

import carlang
from carlang.analytic import load
from carlang.errors import CompileError


def test_a_date_that_is_none_hides_no_fault_of_the_program_and_nothing_runs(tmp_path: Path) -> None:
    file = tmp_path / "a.car"
    file.write_text("---\nid: X-1\ntitle: t\nsubmission_date: 2020-13-45\n---\np = search Process:Create\noutput q\n")
    assert {d.code.name for d in load(file).diagnostics} >= {"CL202", "CL503"}
    file.write_text(file.read_text().replace("output q", "output p"))
    with pytest.raises(CompileError, match="CL503"):
        carlang.load(file).run()
