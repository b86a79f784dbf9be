"""What a process loads that has nothing to compute which an earlier one did not: what it needs, and no more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PATIENCE

AT = 'p = search Process:Create\nat = filter p where (exe == "at.exe")\noutput at\n'

CODE = """
import gc
import sys
from carlang.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
# What was imported is kept from the garbage collector, which works on for everything else.
assert gc.isenabled() and gc.get_freeze_count() > 10_000, gc.get_freeze_count()
print(*sys.modules, file=sys.stderr)
"""

READING = ("yaml", "pydantic", "markdown_it", "carlang.datafile.reading", "carlang.model.assemble")
COMPILING = ("lark", "carlang.syntax.parse", "carlang.syntax.ast", "carlang.resolve.program", "carlang.foreign.names")
WRITING_SQL = ("sqlglot", "carlang.sql.lowering", "carlang.sql.duckdb")
OTHERS = (
    *(
        "typer",
        "jinja2",
        "deltalake",
        "filelock",
        "evtx",
        "ahocorasick_rs",
        "pyarrow.parquet",
        "pyarrow.dataset",
        "xlsxwriter",
    ),
    *("carlang.readers.containers", "carlang.mapping.sensors", "carlang.loading.run", "carlang.report.html"),
    *("rich.progress", "carlang.analytic.whys"),
    *("carlang.testing", "carlang.triage.triage", "carlang.store.delta", "carlang.store.repair"),
)


def loaded_by(cache: Path, *arguments: str) -> set[str]:
    """Return the modules that a process has loaded at the end of a command."""
    environment = {**os.environ, "CARLANG_CACHE": str(cache)}
    command = [sys.executable, "-c", CODE, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=PATIENCE)
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_second_run_loads_nothing_that_the_first_one_has_done_for_it(command: str, tmp_path: Path) -> None:
    program = tmp_path / "at.car"
    program.write_text(AT, encoding="utf-8")
    target = "CAR-2013-05-004" if command == "run" else str(program)
    cold, warm = (loaded_by(tmp_path / "cache", command, target) for _ in range(2))
    assert {"carlang.program", "lark"} <= cold
    assert not warm.intersection((*READING, *COMPILING, *WRITING_SQL, *OTHERS))
