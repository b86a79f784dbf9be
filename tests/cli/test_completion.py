"""What a shell completes to, what the help says of values, and programs that can be copied from the screen."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class

import carlang.cli.catalog_show as catalog_module
from carlang.project import shipped_catalogue
from carlang.report.screen import Look, console_for
from tests.cli.commands import carlang


def _completed(line: str, cwd: Path) -> list[str]:
    """Return what click tells a shell of the last word of a line: a kind and a text each."""
    words = line.split(" ")
    env = {"_CARLANG_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    return carlang(cwd=cwd, env=env).out.split()


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("carlang hu", ["plain,hunt"]),
        ("carlang run ou", ["plain,OUR-1", "plain,OUR-2"]),
        ("carlang catalog show OTHER-1", ["plain,OTHER-1"]),
        ("carlang run logs", ["file,logs"]),
        ("carlang hunt logs", ["file,logs"]),
        ("carlang run --store ev", ["file,ev"]),
        ("carlang run --technique t1569.00", ["plain,T1569.001", "plain,T1569.002", "plain,T1569.003"]),
        ("carlang run --technique nothing", []),
        ("carlang run --tactic TA0040", ["plain,TA0040"]),
        ("carlang hunt --format p", ["plain,parquet"]),
        ("carlang run --level h", ["plain,high"]),
        ("carlang run --group-by h", ["plain,host"]),
    ],
)
def test_a_shell_completes_to_what_there_is(line: str, completed: list[str], small_project: Path) -> None:
    assert _completed(line, small_project) == completed


def test_a_faulty_settings_file_does_not_get_into_the_line(small_project: Path) -> None:
    (small_project / "carlang.toml").write_text("flurb")
    assert _completed("carlang run OUR", small_project) == ["file,OUR"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_each_shell(shell: str, tmp_path: Path) -> None:
    assert get_completion_class(shell)
    done = carlang(cwd=tmp_path, env={"_CARLANG_COMPLETE": f"{shell}_source"})
    assert "_CARLANG_COMPLETE" in done.out


def test_the_help_names_no_types(tmp_path: Path) -> None:
    out = carlang("run", "--help", cwd=tmp_path).out
    assert re.search(r"--limit N +Rows an output shows at most\.\n", out)
    assert not re.search(r"x>=|INTEGER|TEXT\.\.\.|PARSER|FUNC", out)


def test_a_program_on_the_screen_is_never_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    console = console_for(screen, Look(width=30, colour=True))
    monkeypatch.setattr(catalog_module, "report_console", lambda: console)
    analytic = shipped_catalogue().find("CAR-2014-11-002")
    assert analytic
    program = analytic.sources[0].text.strip()
    assert max(map(len, program.splitlines())) > console.width
    assert carlang("catalog", "show", analytic.id).status == 0
    assert f"\n{program}\n" in re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue())
