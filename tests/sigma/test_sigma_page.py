"""What docs/sigma.md says becomes of SigmaHQ's rules is so: for the log sources of few rules, and some recordings."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY

PAGE = (REPOSITORY / "docs" / "sigma.md").read_text(encoding="utf-8")
STALE = "run `python docs/generate_sigma.py ../shared/sigma`"
# All rules take half a minute to translate and compile, which is too long for every run of the tests.
FEW = 4
EVERY_RECORDING = 36


@pytest.fixture(scope="module")
def generator() -> dict[str, Any]:
    return runpy.run_path(str(REPOSITORY / "docs" / "generate_sigma.py"))


def test_the_page_has_every_log_source_with_what_becomes_of_its_rules(
    generator: dict[str, Any], real_rules: Path
) -> None:
    by_source: dict[str, list[Path]] = {}
    for file in generator["rules"](real_rules):
        by_source.setdefault(generator["log_source"](file), []).append(file)
    named = {line.split(" | ")[0].removeprefix("| ") for line in PAGE.split("\n") if line.count("|") == 6}
    assert set(by_source) == named - {"all", "log source", "|---|---|---|---|---|"}, STALE
    few = [file for files in by_source.values() if len(files) <= FEW for file in files]
    for row in generator["source_rows"](generator["fates"](few)):
        assert f"\n{row}\n" in PAGE, STALE


def test_recordings_are_hit_by_their_rules(generator: dict[str, Any], real_rules: Path) -> None:
    by_id = {_id(file): file for file in generator["rules"](real_rules)}
    chosen = sorted((real_rules / "regression").glob("*.evtx"))[::EVERY_RECORDING]
    assert len(chosen) > 1
    assert [file.stem for file in chosen if not generator["is_hit"](file, by_id[file.stem])] == []


def _id(file: Path) -> str:
    lines = file.read_text(encoding="utf-8").split("\n")
    return next(line.removeprefix("id: ").strip() for line in lines if line.startswith("id: "))
