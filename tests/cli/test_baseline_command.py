"""`carlang baseline make`, `--baseline` of run and hunt, and the tests of baselines, as a user gives them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from carlang.analytic import load
from tests.cli.commands import carlang, process_record, write_log
from tests.judgement.fleets import store_of
from tests.triage.runs import ANALYTICS, start

DAY = 24 * 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of analytics, and a store of a quiet day and a loud one."""
    folder = tmp_path_factory.mktemp("baselines")
    (folder / "ours").mkdir()
    for name in ("cmd", "net"):
        (folder / "ours" / f"{name}.car").write_text(ANALYTICS[name], encoding="utf-8")
    quiet = [start(n, "cmd.exe", "it's\x1b[2J.exe") for n in range(3)]
    store_of(folder / "store", process__create=[*quiet, start(DAY, "cmd.exe", "evil.exe"), *_later(quiet)])
    (folder / "carlang.toml").write_text('store = "store"\n[catalogue]\npath = ["ours"]\n', encoding="utf-8")
    return folder


def _later(events: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{**event, "time": start(DAY + 1, "x")["time"]} for event in events]


def make(folder: Path, *options: str | Path) -> tuple[int, str, str]:
    done = carlang("baseline", "make", folder / "ours", "--until", "2024-03-06", *options, cwd=folder)
    return done.status, done.out, done.err


@pytest.fixture(scope="module")
def quiet(folder: Path) -> Path:
    """The baseline of the quiet day."""
    status, out, err = make(folder, "--output", "quiet.yaml")
    assert (status, out, err) == (0, "", "quiet.yaml: 1 exclusion of 3 rows\n")
    return folder / "quiet.yaml"


def test_a_baseline_is_the_same_twice_and_stays_where_somebody_worked_on_it(folder: Path, quiet: Path) -> None:
    text = quiet.read_bytes()
    assert make(folder)[1].encode() == text, "on standard output as in a file"
    assert make(folder, "--output", quiet)[0] == 0
    mended = folder / "mended.yaml"
    mended.write_bytes(text + b"# looked at\n")
    status, _, err = make(folder, "--output", mended)
    assert (status, mended.read_bytes()) == (2, text + b"# looked at\n")
    assert err.endswith("mended.yaml is there already and says something else; --force writes over it\n")
    assert make(folder, "--output", mended, "--force")[0] == 0
    assert mended.read_bytes() == text


def test_the_quiet_time_may_be_told_from_its_end(folder: Path) -> None:
    told = carlang("baseline", "make", "cmd", "--since", "-1d", "--until", "2024-03-06", cwd=folder)
    assert "  since: '2024-03-05T00:00:00Z'\n  until: '2024-03-06T00:00:00Z'\n" in told.out
    ended = carlang("baseline", "make", "cmd", "--until", "yesterday", "-q", cwd=folder)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert f"  until: '{yesterday:%Y-%m-%d}T00:00:00Z'\n" in ended.out
    assert ended.err == ""


def test_one_that_is_interrupted_while_it_is_written_leaves_what_was_there(folder: Path, quiet: Path) -> None:
    target = folder / "interrupted.yaml"
    target.write_text("exclusions: []\n", encoding="utf-8")
    with patch("os.fdopen", side_effect=KeyboardInterrupt):
        assert make(folder, "--output", target, "--force")[0] == 130
    assert target.read_text(encoding="utf-8") == "exclusions: []\n"
    assert {path.name for path in folder.iterdir() if path.name.startswith(".")} == set()
    assert quiet.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["baseline", "make"], "--until: say when the quiet time ended"),
        (["baseline", "make", "--until", "noon"], "--until: 'noon' is not a time"),
        (["baseline", "make", "--until", "2024", "--output", "no/quiet.yaml"], "there is no folder no"),
        (["baseline", "make", "--until", "2024-01-01", "--since", "2025-01-01"], "--since"),
        (["run", "--baseline", "none.yaml"], "`none.yaml` cannot be read: No such file or directory"),
        (["run", "--baseline", ""], "the path is empty"),
        (["run", "--baseline", "faulty.yaml"], "error[CL703]: the exclusion would hide all rows of `cmd`"),
        (["hunt", "x.json", "--baseline", "faulty.yaml"], "faulty.yaml:1:38"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(folder: Path, options: list[str], said: str) -> None:
    (folder / "faulty.yaml").write_text("exclusions: [{analytic: cmd, fields: {exe: '*'}}]\n", encoding="utf-8")
    done = carlang(*options, cwd=folder)
    assert done.status == 2, done.err
    assert said in done.err


def test_run_takes_away_what_was_there_before_and_shows_what_is_new(folder: Path, quiet: Path) -> None:
    options = ("run", folder / "ours", "--now", "2024-04-01", "--baseline", quiet)
    done = carlang(*options, "--format", "csv", "--fail-on-hit", cwd=folder)
    assert (done.status, done.out.count("evil.exe"), len(done.out.splitlines())) == (4, 1, 2)
    assert "took away 6 rows of 1 output, by 1 exclusion\n" in done.err
    before = carlang(*options, "--until", "2024-03-06", "--format", "json", "--fail-on-hit", cwd=folder)
    assert before.status == 0, "all that was found then is excluded"
    document = json.loads(before.out)
    assert [each["count"] for each in document["results"]] == [0, 0]
    assert document["baseline"]["rows"] == 3


def test_settings_name_the_baseline_which_an_option_leaves_out(folder: Path, quiet: Path, tmp_path: Path) -> None:
    settings = f'store = "{folder / "store"}"\nbaseline = "{quiet}"\n[catalogue]\npath = ["{folder / "ours"}"]\n'
    (tmp_path / "carlang.toml").write_text(settings, encoding="utf-8")
    run = ("run", "cmd", "--limit", "0")
    assert "took away 6 rows" in carlang(*run, cwd=tmp_path).out
    assert "took away" not in carlang(*run, "--no-baseline", cwd=tmp_path).out
    assert carlang(*run, "--no-baseline", "--baseline", quiet, cwd=tmp_path).status == 2
    assert "took away" not in carlang("baseline", "make", "cmd", "--until", "2025", cwd=tmp_path).out
    (tmp_path / "carlang.toml").write_text("baseline = 3\n", encoding="utf-8")
    assert "`baseline` is a path" in carlang(*run, cwd=tmp_path).err


def test_what_took_nothing_away_and_what_there_is_not_is_said(folder: Path) -> None:
    text = "exclusions:\n- {analytic: cmd, fields: {exe: none.exe}}\n- {analytic: cdm, fields: {exe: b}}\n"
    text += "- {analytic: cmd, output: hit, fields: {exe: b}}\n- {analytic: '*', fields: {pid: a, exee: b}}\n"
    (folder / "stale.yaml").write_text(text, encoding="utf-8")
    run = ("run", "cmd", "--baseline", "stale.yaml")
    loud, usual = carlang(*run, "-v", cwd=folder), carlang(*run, cwd=folder)
    assert "took nothing away: stale.yaml:2: cmd: exe none.exe" in loud.err
    assert "took nothing away: stale.yaml" not in usual.err
    assert "warning[CL704]: there is no analytic `cdm`" in usual.err
    assert "warning[CL704]: `cmd` has no output `hit`" in usual.err
    assert "warning[CL705]: `pid` is an integer, which is never any of these" in usual.err
    assert "did you mean `exe`?" in usual.err
    assert "took away 0 rows" in usual.out


def test_hunt_says_first_what_was_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # All of the catalogue takes some seconds, and what is said does not hang on it.
    monkeypatch.setattr("carlang.cli.hunt.catalogue_analytics", lambda _: [load("CAR-2013-05-004")])
    log = write_log(tmp_path / "log.json", *(process_record(n, "at.exe") for n in range(1, 4)))
    text = "exclusions:\n- {analytic: CAR-2013-05-004, fields: {command_line: 'at.exe *'}}\n"
    text += "- {analytic: a, fields: {exe: b}}\n"
    (tmp_path / "quiet.yaml").write_text(text, encoding="utf-8")
    done = carlang("hunt", log, "--baseline", "quiet.yaml", cwd=tmp_path)
    assert done.out.splitlines()[1].startswith("Baseline quiet.yaml took away 3 rows of 1 output, by 1 exclusion")
    assert "Execution with AT" not in done.out
    assert "there is no analytic `a`" in done.err


def test_check_says_what_is_wrong_with_a_baseline(folder: Path, quiet: Path) -> None:
    stale = folder / "checked.yaml"
    text = "exclusions:\n- {analytic: cdm, fields: {exe: b}}\n- {analytic: cmd, fields: {exee: b}}\n"
    stale.write_text(text, encoding="utf-8")
    both = carlang("check", quiet, stale, "cmd", cwd=folder)
    assert (both.status, both.err.splitlines()[-1]) == (0, "1 program, 2 baselines checked: 2 warnings")
    assert [line for line in both.out.splitlines() if "[CL" in line] == [
        "warning[CL704]: there is no analytic `cdm`",
        "warning[CL705]: no output that it is for has a column `exee`",
    ]
    assert carlang("check", stale, "--strict", cwd=folder).status == 1
    told = carlang("check", quiet, stale, "--format", "json", cwd=folder).json()
    assert [(each["valid"], len(each["diagnostics"])) for each in told["baselines"]] == [(True, 0), (True, 2)]
    assert carlang("check", quiet, cwd=folder).err == "1 baseline checked: no faults\n"


TESTS = """tests:
- name: one is usual
  analytic: cmd
  events: &both
  - {object: process, action: create, exe: cmd.exe, parent_exe: a.exe}
  - {object: process, action: create, exe: cmd.exe, parent_exe: b.exe}
  expect: {hits: [{parent_exe: b.exe}]}
"""
RULES = "exclusions: [{analytic: cmd, fields: {parent_exe: a.exe}}]\n"


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        (RULES + TESTS, 0, "1 baseline, 1 test: 1 passed, 0 failed"),
        (RULES.replace("a.exe", "'*.exe'") + TESTS, 1, "output hits: 1 rows expected, 0 found"),
        (RULES.replace("a.exe}", "a.exe}, review: true") + TESTS, 1, "parent_exe"),
        (RULES + TESTS.replace("exe: cmd.exe", "exe: x.exe"), 1, "`cmd` finds nothing in these events"),
        (RULES + TESTS.replace("analytic: cmd", "analytic: cdm"), 1, "there is no analytic `cdm`; did you mean `cmd`?"),
        (RULES + TESTS.replace("{hits:", "{hit:"), 1, "the program has no output `hit`; did you mean `hits`?"),
        (RULES + TESTS.replace("exe: b.exe}\n", "exxe: b.exe}\n"), 1, "Process has no field"),
        (RULES, 1, "it carries no tests"),
        ("exclusions: [{analytic: cmd, fields: {}}]\n" + TESTS, 1, "CL703"),
    ],
)
def test_exclusions_are_tested_as_analytics_are(folder: Path, text: str, status: int, said: str) -> None:
    (folder / "tested.yaml").write_text(text, encoding="utf-8")
    done = carlang("test", "tested.yaml", cwd=folder)
    assert (done.status, said in done.out) == (status, True), done.out + done.err
