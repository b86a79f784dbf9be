"""Each walk of CONTRIBUTING.md, walked in a copy of the package: what it adds is there afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.docs.fences import Fence, fences

PAGE = REPOSITORY / "CONTRIBUTING.md"


def walk(heading: str) -> list[Fence]:
    """Return the fences below a heading of the page."""
    lines = PAGE.read_text(encoding="utf-8").split("\n")
    first = lines.index(f"## {heading}") + 1
    last = next((n for n, line in enumerate(lines[first:], first) if line.startswith("## ")), len(lines))
    return [fence for fence in fences(PAGE) if first < fence.line <= last]


class House:
    """A copy of the package that may be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / "carlang", folder / "carlang", ignore=ignored)
        for name in ("grammar", "analytics"):  # they stand beside the package, and in it where it is installed
            shutil.copytree(REPOSITORY / name, folder / "carlang" / name, ignore=ignored)

    def add(self, fence: Fence) -> None:
        """Add a file that a fence names."""
        assert fence.file
        path = self.folder / fence.file
        assert path.parent.is_dir()
        assert not path.exists()
        path.write_text(fence.text + "\n", encoding="utf-8")

    def insert(self, file: str, anchor: str, text: str) -> None:
        """Insert lines behind one that is there once."""
        path = self.folder / file
        source = path.read_text(encoding="utf-8")
        assert source.count(anchor) == 1, f"{file} has {anchor!r} {source.count(anchor)} times"
        path.write_text(source.replace(anchor, f"{anchor}{text}\n"), encoding="utf-8")

    def carlang(self, *arguments: str) -> str:
        """Run the copy's command and return what it wrote, to both streams."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CARLANG_", "PYTHON"))}
        done = subprocess.run(
            [sys.executable, "-c", "from carlang.cli import main; main()", *arguments],
            cwd=self.folder,
            env=kept | {"PYTHONPATH": str(self.folder), "PYTHONUTF8": "1", "COLUMNS": "120"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        return done.stdout


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A copy of the package."""
    return House(tmp_path)


def test_a_sensor_is_found_by_being_there(house: House) -> None:
    (mapping,) = walk("Add a sensor")
    house.add(mapping)
    record = {
        "Channel": "Doors",
        "EventID": 17,
        "Hostname": "GATE",
        "Result": "open",
        "Reader": "north",
        "Holder": "adam",
    }
    (house.folder / "door.json").write_text(json.dumps(record) + "\n", encoding="utf-8")
    assert "user_session/login" in house.carlang("ingest", "door.json", "--store", "events")
    program = "search user_session:login | select sensor, user, src_hostname"
    assert "door,adam,north" in house.carlang("run", "-e", program, "--store", "events", "--format", "csv")


def test_a_function_is_an_entry_and_a_lowering(house: House) -> None:
    entry, lowering = walk("Add a function")
    program = 'search Process:Create | filter exe == "at.exe" | select reverse(exe) as back'
    assert "CL205" in house.carlang("check", "-e", program)
    house.insert("carlang/model/functions.py", "SCALARS: Mapping[str, Function] = _by_name(\n    (\n", f"{entry.text},")
    house.insert("carlang/sql/duckdb/functions.py", "FUNCTIONS: Mapping[str, Lowering] = {\n", lowering.text)
    assert "exe.ta" in house.carlang("run", "-e", program, "--format", "csv")


def test_a_diagnostic_is_a_code_and_a_check(house: House) -> None:
    code, check = walk("Add a diagnostic")
    lints = "carlang/resolve/lints.py"
    house.insert(
        "carlang/diagnostics/codes.py",
        'ID_MISMATCH = _warning("CL504", "id differs from the file\'s name")\n',
        code.text,
    )
    path = house.folder / lints
    source = path.read_text(encoding="utf-8")
    called = "*_windows(ctx)]"
    assert source.count(called) == 1
    path.write_text(
        source.replace(called, "*_windows(ctx), *_long_names(ctx)]") + f"\n\n{check.text}\n", encoding="utf-8"
    )
    name = "processes_of_the_scheduler_at_exe"
    assert f"hint[CL499]: `{name}` has 33 letters" in house.carlang(
        "check", "-e", f"{name} = search Process:Create where (pid > 4)\noutput {name}"
    )


def test_a_format_is_a_function_and_an_entry(house: House) -> None:
    module, entry = walk("Add a format")
    house.add(module)
    formats = "carlang/report/formats.py"
    house.insert(formats, "from carlang.report.screen import Look\n", "from carlang.report.hosts import write_hosts")
    house.insert(formats, "    for fmt in (\n", f"{entry.text},")
    written = house.carlang("run", "CAR-2013-05-004", "--format", "hosts")
    assert "HOST1\nHOST2\n" in written
