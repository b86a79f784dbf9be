"""The built wheel, in an environment of its own and a folder outside the checkout, runs the at.exe analytic."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
AT_RUNS = ["at 10:00 calc.exe", "at 1 /delete", "AT.EXE 22:30 /every:M,T,W,Th,F C:\\Windows\\Temp\\backup.cmd"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, install it with its dependencies into an empty environment, return its `carlang` command."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder / "dist"), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, cwd=folder)
    (wheel,) = (folder / "dist").glob("carlang-*.whl")
    venv.create(folder / "env", with_pip=True)
    scripts = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    pip = [str(scripts / "python"), "-m", "pip", "install", "-q", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True, cwd=folder, env=environment())
    return scripts / "carlang"


def environment() -> dict[str, str]:
    """Return the environment without what would lead to the checkout: pip would take its carlang for installed."""
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "CARLANG_STORE")}


def commands_found(carlang: Path, target: str, folder: Path) -> list[str]:
    arguments = [str(carlang), "run", target, "--format", "json"]
    done = subprocess.run(arguments, check=True, capture_output=True, text=True, cwd=folder, env=environment())
    (result,) = json.loads(done.stdout)["results"]
    return [row["command_line"] for row in result["rows"]]


def test_the_wheel_runs_the_analytic_by_id_and_by_file(installed: Path, tmp_path: Path) -> None:
    assert commands_found(installed, "CAR-2013-05-004", tmp_path) == AT_RUNS
    copy = tmp_path / "mine.car"
    copy.write_text((ROOT / "analytics" / "CAR-2013-05-004.car").read_text(encoding="utf-8"), encoding="utf-8")
    assert commands_found(installed, "mine.car", tmp_path) == AT_RUNS


def test_the_wheel_explains_a_code_by_its_page(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(installed), "explain", "CL201"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(),
    )
    assert done.stdout.startswith("# CL201: ")


def test_the_wheel_carries_its_data(installed: Path, tmp_path: Path) -> None:
    program = (
        "import carlang, carlang.grammar, carlang.analytics\n"
        "from importlib.resources import files\n"
        "assert files('carlang.grammar').joinpath('car.lark').is_file()\n"
        "assert files('carlang.analytics').joinpath('CAR-2013-05-004.car').is_file()\n"
        "assert files('carlang').joinpath('py.typed').is_file()\n"
        "print(len(carlang.builtin_model().objects))\n"
    )
    python = str(installed.with_name("python"))
    done = subprocess.run(
        [python, "-c", program], check=True, capture_output=True, text=True, cwd=tmp_path, env=environment()
    )
    assert int(done.stdout) >= 14
